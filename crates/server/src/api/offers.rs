//! Offers: how each fares, what a person was given, redemptions at a till, and codes from a list.

use super::address::Address;
use super::consents::{Recorded, hash};
use super::extract::Body;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::ProfileId;
use engine::at::At;
use engine::engine::{Engine, HeldAs, HeldOffer, OfferView as Offer};
use engine::limits::{CODES_FEW, CODES_IN_RECORD_MAX, OFFER_CODE_CHARS_MAX};
use engine::offer::OfferPhase;
use engine::programme::{Codes, OfferContent};
use engine::record::{CodesAdded, Identifier, OfferNoted, OfferRedeemed, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An offer of the programme.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OfferView {
    name: String,
    /// In the programme's first language.
    title: String,
    /// What it is worth, in that language: `10%`, `5.00 EUR`, or words.
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    begins: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
    /// `none`, `shared`, `own` or `listed`.
    codes: &'static str,
    /// People who were ever given it.
    given: u64,
    /// Times that it was redeemed.
    redeemed: u64,
    /// People who may still be given it; absent where there is no end of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_to_give: Option<u64>,
    /// Times that it may still be redeemed; absent where there is no end of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_to_redeem: Option<u64>,
    /// Codes of the list that nobody has; absent where its codes come from no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes_left: Option<usize>,
    /// What an operator should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OfferList {
    offers: Vec<OfferView>,
}

/// An offer, and what it is to those who were given it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OfferDetail {
    #[serde(flatten)]
    offer: OfferView,
    /// Those who are known, by how far it came with them: `given`, `seen`, `clicked`, `redeemed`, `expired`.
    people: BTreeMap<&'static str, u64>,
    /// Times that it was to be given or redeemed and was not, by reason.
    denied: BTreeMap<&'static str, u64>,
}

/// An offer that a person was given.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HeldOfferView {
    offer: String,
    /// How far it came: `given`, `seen`, `clicked` or `redeemed`.
    state: &'static str,
    /// Whether it is to be shown to them now.
    live: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    #[serde(flatten)]
    came: HeldTimes,
}

/// When an offer that somebody was given came how far, and how long it lasts.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HeldTimes {
    given_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicked_at: Option<String>,
    /// The first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    redeemed_at: Option<String>,
    redemptions: u32,
    /// Absent where it lasts for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl HeldTimes {
    pub(super) fn of(held: &HeldOffer<'_>) -> Self {
        let shown = |at: Option<At>| at.map(|at| at.to_string());
        Self {
            given_at: held.given_at.to_string(),
            seen_at: shown(held.seen_at),
            clicked_at: shown(held.clicked_at),
            redeemed_at: shown(held.redeemed_at),
            redemptions: held.redemptions,
            until: shown(held.until),
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HeldOfferList {
    offers: Vec<HeldOfferView>,
}

/// A redemption: by a code that is one person's own, or by a person.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedemptionStatement {
    code: Option<String>,
    /// `type:value` of whoever redeems it.
    profile: Option<String>,
    /// RFC 3339; now, when absent.
    redeemed_at: Option<String>,
}

/// Somebody is given an offer, or met it in a place that Trama does not see.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferStatement {
    /// `type:value`; a person not known yet becomes known.
    profile: String,
    /// `given`, which is the usual one, `seen` or `clicked`.
    #[serde(default)]
    state: Option<String>,
    /// Where it was shown.
    #[serde(default)]
    place: String,
}

/// Codes that another system made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeList {
    codes: Vec<String>,
}

/// Every offer of the programme, by name.
#[utoipa::path(get, path = "/api/v1/offers", responses((status = 200, body = OfferList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<OfferList> {
    let read = |engine: &Engine| engine.offers().map(|one| view(engine, &one)).collect();
    Json(OfferList { offers: hub.runtime.read(read).await })
}

/// One offer, and what it is to those who were given it.
#[utoipa::path(
    get,
    path = "/api/v1/offers/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = OfferDetail), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<OfferDetail>, Problem> {
    let read = move |engine: &Engine| {
        let unknown = || Problem::not_found(format!("there is no offer \"{name}\""));
        let found = engine.offer(&name).ok_or_else(unknown)?;
        let mut people: BTreeMap<_, _> = HeldAs::ALL.map(|held| (held.name(), 0)).into();
        for (_, held) in engine.offer_holders(&name, clock::now().max(engine.at())) {
            *people.entry(held.name()).or_default() += 1;
        }
        let denied = found.denied.iter().map(|(denial, count)| (denial.name(), *count)).collect();
        Ok(Json(OfferDetail { offer: view(engine, &found), people, denied }))
    };
    hub.runtime.walk(read).await
}

/// Everything that a person was ever offered, in that order.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/offers",
    params(("address" = String, Path, description = "`type:value`")),
    responses((status = 200, body = HeldOfferList), (status = 404, body = Problem))
)]
pub(super) async fn of_profile(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
) -> Result<Json<HeldOfferList>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let id = person(engine, &address)?;
        let held = engine.offers_of(id, clock::now().max(engine.at()));
        Ok(Json(HeldOfferList { offers: held.iter().map(|one| held_view(engine, id, one)).collect() }))
    };
    hub.runtime.read(read).await
}

/// Redeems an offer where no event tells of it, such as at a till.
#[utoipa::path(
    post,
    path = "/api/v1/offers/{name}/redemptions",
    params(("name" = String, Path, description = "Its name in the programme")),
    request_body = RedemptionStatement,
    responses(
        (status = 200, body = Recorded),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn redeem(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(statement): Body<RedemptionStatement>,
) -> Result<Json<Recorded>, Problem> {
    let code = statement.code.unwrap_or_default();
    if code.trim().is_empty() && statement.profile.is_none() {
        let message = "say what was redeemed: a `code`, or a `profile`";
        return Err(Problem::bad_request("nobody_named", "code", message));
    }
    check_code("code", &code)?;
    let redeemed_at = match &statement.redeemed_at {
        None => clock::now(),
        Some(text) => At::parse(text).ok_or_else(|| {
            Problem::bad_request("bad_time", "redeemed_at", "write the time as 2026-01-31T12:00:00Z")
        })?,
    };
    let address = statement.profile.as_deref().map(|text| Address::parse("profile", text)).transpose()?;
    let identifier = match &address {
        None => None,
        Some(address) => {
            Some(Identifier { kind: address.kind, hash: hash(&hub, address).await, value: &address.value })
        }
    };
    let redeemed =
        OfferRedeemed { offer: &name, identifier, redeemed_at, operator: &holder.name, code: code.trim() };
    Ok(Recorded::at(hub.act(&holder, &Record::OfferRedeemed(redeemed)).await?))
}

/// Gives somebody an offer, or notes that they saw it or clicked on it, in which case they have it from then on.
#[utoipa::path(
    post,
    path = "/api/v1/offers/{name}/people",
    params(("name" = String, Path, description = "Its name in the programme")),
    request_body = OfferStatement,
    responses(
        (status = 200, body = Recorded),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn give(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(statement): Body<OfferStatement>,
) -> Result<Json<Recorded>, Problem> {
    let phase = match statement.state.as_deref() {
        None | Some("given") => OfferPhase::Given,
        Some("seen") => OfferPhase::Seen,
        Some("clicked") => OfferPhase::Clicked,
        Some(other) => {
            let message = format!("\"{other}\" is nothing to note of an offer: write given, seen or clicked");
            return Err(Problem::bad_request("unknown_state", "state", message));
        }
    };
    let address = Address::parse("profile", &statement.profile)?;
    let identifier =
        Identifier { kind: address.kind, hash: hash(&hub, &address).await, value: &address.value };
    let noted_at = clock::now();
    let (offer, place, operator) = (&*name, &*statement.place, &*holder.name);
    let noted = OfferNoted { offer, identifier, phase, place, noted_at, operator };
    Ok(Recorded::at(hub.act(&holder, &Record::OfferNoted(noted)).await?))
}

/// Adds codes to an offer's list, to be given in this order. Those that it has already count for nothing.
#[utoipa::path(
    post,
    path = "/api/v1/offers/{name}/codes",
    params(("name" = String, Path, description = "Its name in the programme")),
    request_body = CodeList,
    responses((status = 200, body = Recorded), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem))
)]
pub(super) async fn add_codes(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(list): Body<CodeList>,
) -> Result<Json<Recorded>, Problem> {
    if list.codes.len() > CODES_IN_RECORD_MAX {
        let message = format!("send at most {CODES_IN_RECORD_MAX} codes at a time");
        return Err(Problem::bad_request("too_many", "codes", message));
    }
    list.codes.iter().try_for_each(|code| check_code("codes", code))?;
    let codes = list.codes.iter().map(|code| code.trim()).filter(|code| !code.is_empty()).collect();
    let added = CodesAdded { offer: &name, added_at: clock::now(), operator: &holder.name, codes };
    Ok(Recorded::at(hub.act(&holder, &Record::CodesAdded(added)).await?))
}

fn check_code(field: &str, code: &str) -> Result<(), Problem> {
    if code.trim().chars().count() <= OFFER_CODE_CHARS_MAX {
        return Ok(());
    }
    let message = format!("a code has at most {OFFER_CODE_CHARS_MAX} letters and digits");
    Err(Problem::bad_request("too_long", field, message))
}

fn person(engine: &Engine, address: &Address) -> Result<ProfileId, Problem> {
    let found = engine.find(address.kind, &address.value);
    found.ok_or_else(|| Problem::not_found("nobody is known by this address".to_owned()))
}

fn words<'a>(engine: &'a Engine, language: &str, offer: &'a engine::programme::Offer) -> (String, String) {
    let languages = &engine.programme().languages;
    let title = offer.content(language, languages).map(|content: &OfferContent| content.title.clone());
    let value = offer.value.as_ref().map(|value| value.text(language, languages));
    (title.unwrap_or_default(), value.unwrap_or_default())
}

fn view(engine: &Engine, offer: &Offer<'_>) -> OfferView {
    let language = engine.programme().languages.first().map_or("", String::as_str);
    let (title, value) = words(engine, language, offer.definition);
    let stock = offer.definition.stock;
    let left = |stock: Option<u64>, used: u64| stock.map(|stock| stock.saturating_sub(used));
    let few = offer.codes.filter(|(_, left)| *left <= CODES_FEW);
    OfferView {
        name: offer.name.to_owned(),
        title,
        value,
        begins: offer.begins.map(|at| at.to_string()),
        ends: offer.ends.map(|at| at.to_string()),
        codes: match offer.definition.codes {
            Codes::None => "none",
            Codes::Shared(_) => "shared",
            Codes::Own => "own",
            Codes::Listed => "listed",
        },
        given: offer.given,
        redeemed: offer.redeemed,
        left_to_give: left(stock.given, offer.given),
        left_to_redeem: left(stock.redeemed, offer.redeemed),
        codes_left: offer.codes.map(|(_, left)| left),
        warning: few.map(|(_, left)| match left {
            0 => "no code is left: nobody is given the offer until more are imported".to_owned(),
            left => format!("only {left} codes are left: import more"),
        }),
    }
}

fn held_view(engine: &Engine, id: ProfileId, held: &HeldOffer<'_>) -> HeldOfferView {
    let spoken = engine.profile(id).map_or("", |profile| profile.language());
    let (title, value) = held.definition.map(|offer| words(engine, spoken, offer)).unwrap_or_default();
    HeldOfferView {
        offer: held.name.to_owned(),
        state: held.phase().name(),
        live: held.denied.is_none(),
        reason: held.denied.map(|denial| denial.name()),
        title,
        value,
        code: held.code.clone(),
        came: HeldTimes::of(held),
    }
}
