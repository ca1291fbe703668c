//! What the company's visitors reach at this server itself: short links, QR codes, pages, forms, and what is behind them.
//!
//! A request wakes this code and it keeps nothing but how many forms came of late. What visitors do are events, told through
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

use crate::hub::Hub;
use crate::limits::PUBLIC_FORM_BYTES_MAX;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use rates::Rates;
use std::sync::Arc;

/// Every route of links, pages and forms.
pub(super) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/l/{slug}", get(link::linked))
        .route("/q/{slug}", get(link::scanned))
        .route("/p/{page}", get(landing::show))
        .route("/s/{token}", get(share::pass_on).post(share::address))
        .route("/f/{form}", get(form::show).post(submission::take).options(embed::preflight))
        .route("/f/{form}/thanks", get(form::thanks))
        .route("/g/{token}", get(guide::download))
        .layer(DefaultBodyLimit::max(PUBLIC_FORM_BYTES_MAX))
}

/// What is remembered between two requests.
#[derive(Default)]
pub struct Hosted {
    rates: Rates,
}
