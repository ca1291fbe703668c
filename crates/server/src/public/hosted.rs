//! What the company's visitors reach at this server itself: short links, QR codes, pages, forms, and what is behind them.
//!
//! A request wakes this code and it keeps nothing but how many requests and forms came of late. What visitors do are events, told through
//! the same door as those of any SDK ([`tell`]), so that bots, identifiers and consents go by the same rules.
//!
//! Nobody is known again without having agreed to it. A visit has an id of its own, which a signed token carries from a
//! link to the page or the form that it leads to, and to the site of the company ([`visitor`]). A cookie is set only for who
//! gives the consent that the programme names for it. Reading changes nothing that matters to a person: what does is posted.

mod caller;
mod embed;
mod form;
mod guide;
mod html;
mod landing;
mod link;
mod rates;
mod share;
mod stamp;
mod submission;
mod tell;
mod visitor;
mod words;

pub(super) use link::with_parameters;
pub(crate) use tell::join;
pub(super) use visitor::{VISIT, of_recipient};

use super::page::Page;
use super::texts::Language;
use crate::clock;
use crate::collect::access::network;
use crate::hub::Hub;
use crate::limits::{FORM_RATE_SPAN, PUBLIC_FORM_BYTES_MAX, VISIT_PEER_MAX, VISIT_RATE_SPAN};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use caller::Caller;
use engine::at::At;
use rates::{Full, Rates, retry_after};
use std::sync::Arc;

/// Every route of links, pages and forms.
pub(super) fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/l/{slug}", get(link::linked))
        .route("/q/{slug}", get(link::scanned))
        .route("/p/{page}", get(landing::show))
        .route("/s/{token}", get(share::pass_on).post(share::address))
        .route("/f/{form}", get(form::show).post(submission::take).options(embed::preflight))
        .route("/f/{form}/thanks", get(form::thanks))
        .route("/g/{token}", get(guide::download))
        .layer(DefaultBodyLimit::max(PUBLIC_FORM_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(hub), admit))
}

/// Lets a request in, unless too many came from its network of late.
async fn admit(State(hub): State<Arc<Hub>>, caller: Caller, request: Request, next: Next) -> Response {
    let (now, peer) = (clock::now(), caller.ip.map(|ip| (network(ip).to_string(), VISIT_PEER_MAX)));
    match hub.hosted.visits.take(peer.as_slice(), now) {
        Ok(()) => next.run(request).await,
        Err(until) => too_many(&hub, &caller, until, now),
    }
}

fn too_many(hub: &Hub, caller: &Caller, until: At, now: At) -> Response {
    let programme = hub.runtime.programme();
    let language = Language::of(&caller.language(None, &programme.languages));
    let heading = language.say("Un momento, per favore", "One moment, please");
    let words = language.say(
        "Dalla tua rete arrivano troppe richieste: riprova tra poco.",
        "Too many requests come from your network: try again shortly.",
    );
    let page = Page::new(language, &programme.name, heading).words(words);
    let page = Page { status: StatusCode::TOO_MANY_REQUESTS, ..page };
    ([retry_after(until, now)], page).into_response()
}

/// What is remembered between two requests.
pub struct Hosted {
    /// Requests, by the network that they come from.
    visits: Rates,
    /// Forms that were sent.
    forms: Rates,
}

impl Default for Hosted {
    fn default() -> Self {
        Self {
            visits: Rates::new(VISIT_RATE_SPAN, Full::LetsIn),
            forms: Rates::new(FORM_RATE_SPAN, Full::Refuses),
        }
    }
}
