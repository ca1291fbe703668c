//! Short links of the live programme, and their QR codes for print.

use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::qr::{Correction, QrError, Size, Symbol};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::programme::{Link, LinkCampaign, Programme};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Dots an inch of printed matter, where nobody says.
const DPI_USUAL: u32 = 300;

/// A short link.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LinkView {
    name: String,
    /// Where it leads.
    url: String,
    /// The address that is posted or said.
    short_url: String,
    /// The address in its QR code, whose visits are told apart.
    qr_url: String,
    /// The address with its second name.
    #[serde(skip_serializing_if = "Option::is_none")]
    vanity_url: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    campaign: CampaignView,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// Whether it leads nowhere any more.
    expired: bool,
}

/// As what its visits count.
#[derive(Serialize, utoipa::ToSchema)]
struct CampaignView {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    medium: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    term: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct LinkList {
    links: Vec<LinkView>,
}

/// How a QR code is to be drawn.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Print {
    /// `30mm`, `3cm`, `1.2in` or `600px`, the quiet zone included.
    size: Option<String>,
    /// Dots an inch; 300, when absent.
    dpi: Option<u32>,
    /// `L`, `M`, `Q` or `H`; `M`, when absent.
    error_correction: Option<String>,
}

/// Every short link of the programme.
#[utoipa::path(get, path = "/api/v1/links", responses((status = 200, body = LinkList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<LinkList> {
    let programme = hub.runtime.programme();
    let links = programme.links.iter().map(|(name, link)| view(&hub, &programme, name, link));
    Json(LinkList { links: links.collect() })
}

/// One short link.
#[utoipa::path(
    get,
    path = "/api/v1/links/{slug}",
    params(("slug" = String, Path, description = "Its name, or its second name")),
    responses((status = 200, body = LinkView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(slug): Path<String>,
) -> Result<Json<LinkView>, Problem> {
    let programme = hub.runtime.programme();
    let (name, link) = programme.link(&slug).ok_or_else(|| unknown(&slug))?;
    Ok(Json(view(&hub, &programme, name, link)))
}

/// Its QR code as SVG.
#[utoipa::path(
    get,
    path = "/api/v1/links/{slug}/qr.svg",
    params(("slug" = String, Path, description = "The link's name"), Print),
    responses((status = 200, body = String, content_type = "image/svg+xml"), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn svg(
    State(hub): State<Arc<Hub>>,
    Path(slug): Path<String>,
    Query(print): Query<Print>,
) -> Result<Response, Problem> {
    let symbol = symbol(&hub, &slug, &print)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], symbol.svg()).into_response())
}

/// Its QR code as PNG, in black and white.
#[utoipa::path(
    get,
    path = "/api/v1/links/{slug}/qr.png",
    params(("slug" = String, Path, description = "The link's name"), Print),
    responses((status = 200, body = Vec<u8>, content_type = "image/png"), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn png(
    State(hub): State<Arc<Hub>>,
    Path(slug): Path<String>,
    Query(print): Query<Print>,
) -> Result<Response, Problem> {
    let symbol = symbol(&hub, &slug, &print)?;
    let drawn = tokio::task::spawn_blocking(move || symbol.png()).await;
    let png = drawn.expect("invariant: drawing does not panic").map_err(|error| no(&error))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

fn symbol(hub: &Hub, slug: &str, print: &Print) -> Result<Symbol, Problem> {
    let programme = hub.runtime.programme();
    let _is_known = programme.link(slug).ok_or_else(|| unknown(slug))?;
    let size = print.size.as_deref().map(|text| {
        let wrong = "a size is written as 30mm, 3cm, 1.2in or 600px";
        Size::parse(text).ok_or_else(|| Problem::bad_request("bad_size", "size", wrong))
    });
    let correction = print.error_correction.as_deref().map(|text| {
        let wrong = "error correction is L, M, Q or H";
        Correction::parse(text)
            .ok_or_else(|| Problem::bad_request("bad_correction", "error_correction", wrong))
    });
    let dpi = print.dpi.unwrap_or(DPI_USUAL).clamp(1, 4_800);
    let address = format!("{}/q/{slug}", hub.public_url);
    let correction = correction.transpose()?.unwrap_or_default();
    Symbol::new(&address, correction, size.transpose()?, dpi).map_err(|error| no(&error))
}

fn no(error: &QrError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cannot_be_drawn", error.to_string())
}

fn unknown(slug: &str) -> Problem {
    Problem::not_found(format!("the programme has no link \"{slug}\""))
}

fn view(hub: &Hub, programme: &Programme, name: &str, link: &Link) -> LinkView {
    let Link { url, campaign, channel, place, expires, vanity, joins: _ } = link;
    let LinkCampaign { name: campaign, source, medium, content, term } = campaign.clone();
    LinkView {
        name: name.to_owned(),
        url: url.clone(),
        short_url: format!("{}/l/{name}", hub.public_url),
        qr_url: format!("{}/q/{name}", hub.public_url),
        vanity_url: vanity.as_ref().map(|vanity| format!("{}/l/{vanity}", hub.public_url)),
        channel: channel.clone(),
        place: place.clone(),
        campaign: CampaignView { name: campaign, source, medium, content, term },
        expires: expires.clone(),
        expired: programme.link_ends(link) <= clock::now(),
    }
}
