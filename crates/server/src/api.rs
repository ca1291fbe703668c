//! The management API. This file is its table: method, path, permission, handler; a noun has a file of its own below.
//!
//! Handlers read the engine under its lock and build their answer there, since what is shown must be of one instant.
//! What they change goes through the log as a record, and is answered when it is durable.

mod activity;
mod address;
mod best;
mod broadcasts;
mod calls;
mod changes;
mod clusters;
mod consents;
mod description;
mod editorial;
pub(crate) mod erasures;
pub(crate) mod evidence;
pub(crate) mod explanations;
mod expressions;
mod extract;
mod figures;
mod hours;
mod identifiers;
mod journeys;
mod keys;
mod links;
mod ltv;
mod mailbox;
mod measure;
mod merges;
mod offers;
mod person;
mod previews;
pub(crate) mod profiles;
pub(crate) mod programme;
mod registers;
mod rejects;
mod returns;
mod segments;
pub(crate) mod sends;
mod simulate;
mod spend;
mod status;
mod suppressions;
pub(crate) mod timeline;
mod webhooks;

pub use description::openapi;
pub use hours::Told;

use crate::access::{Permission, guard};
use crate::hub::Hub;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use std::sync::Arc;

/// One row of the table.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub permission: Permission,
    handler: MethodRouter<Arc<Hub>>,
}

/// Every route of the management API.
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    use Permission::{Admin, Public, Read, Returns};
    let mut table = vec![
        row(Method::GET,    "/api/openapi.json",                    Public, description::show),
        row(Method::GET,    "/api/v1/status",                       Read,   status::show),
        row(Method::GET,    "/api/v1/activity",                     Read,   activity::list),
        row(Method::GET,    "/api/v1/hours",                        Read,   hours::show),
        row(Method::GET,    "/api/v1/profiles",                     Read,   profiles::list),
        row(Method::GET,    "/api/v1/profiles/{address}",           Read,   profiles::show),
        row(Method::DELETE, "/api/v1/profiles/{address}",           Admin,  erasures::erase),
        row(Method::GET,    "/api/v1/profiles/{address}/timeline",  Read,   timeline::show),
        row(Method::GET,    "/api/v1/profiles/{address}/consents",  Read,   evidence::show),
        row(Method::GET,    "/api/v1/profiles/{address}/segments/{name}", Read, explanations::show),
        row(Method::POST,   "/api/v1/profiles/{address}/explain",   Read,   explanations::explain),
        row(Method::GET,    "/api/v1/segments",                     Read,   segments::list),
        row(Method::GET,    "/api/v1/segments/preview",             Read,   segments::preview_query),
        row(Method::POST,   "/api/v1/segments/preview",             Read,   segments::preview_body),
        row(Method::POST,   "/api/v1/segments/parse",               Read,   expressions::parse),
        row(Method::GET,    "/api/v1/segments/{name}",              Read,   segments::show),
        row(Method::GET,    "/api/v1/segments/{name}/changes",      Read,   changes::list),
        row(Method::GET,    "/api/v1/segments/changes/stream",      Read,   changes::follow),
        row(Method::GET,    "/api/v1/clusters",                     Read,   clusters::list),
        row(Method::GET,    "/api/v1/clusters/{name}",              Read,   clusters::show),
        row(Method::POST,   "/api/v1/clusters/{name}/refresh",      Admin,  clusters::refresh),
        row(Method::GET,    "/api/v1/journeys",                     Read,   journeys::list),
        row(Method::GET,    "/api/v1/journeys/{name}",              Read,   journeys::show),
        row(Method::GET,    "/api/v1/messages/{name}/preview",      Read,   previews::show),
        row(Method::POST,   "/api/v1/journeys/{name}/runs",         Admin,  journeys::request),
        row(Method::POST,   "/api/v1/journeys/{name}/pause",        Admin,  journeys::pause),
        row(Method::POST,   "/api/v1/journeys/{name}/resume",       Admin,  journeys::resume),
        row(Method::POST,   "/api/v1/journeys/{name}/drain",        Admin,  journeys::drain),
        row(Method::GET,    "/api/v1/broadcasts",                   Read,   broadcasts::list),
        row(Method::GET,    "/api/v1/broadcasts/{name}",            Read,   broadcasts::show),
        row(Method::POST,   "/api/v1/broadcasts/{name}/pause",      Admin,  broadcasts::pause),
        row(Method::POST,   "/api/v1/broadcasts/{name}/resume",     Admin,  broadcasts::resume),
        row(Method::POST,   "/api/v1/broadcasts/{name}/cancel",     Admin,  broadcasts::cancel),
        row(Method::GET,    "/api/v1/best",                         Read,   best::list),
        row(Method::GET,    "/api/v1/offers",                       Read,   offers::list),
        row(Method::GET,    "/api/v1/offers/{name}",                Read,   offers::show),
        row(Method::POST,   "/api/v1/offers/{name}/redemptions",    Admin,  offers::redeem),
        row(Method::POST,   "/api/v1/offers/{name}/people",         Admin,  offers::give),
        row(Method::POST,   "/api/v1/offers/{name}/codes",          Admin,  offers::add_codes),
        row(Method::GET,    "/api/v1/profiles/{address}/offers",    Read,   offers::of_profile),
        row(Method::GET,    "/api/v1/links",                        Read,   links::list),
        row(Method::GET,    "/api/v1/links/{slug}",                 Read,   links::show),
        row(Method::GET,    "/api/v1/links/{slug}/qr.svg",          Read,   links::svg),
        row(Method::GET,    "/api/v1/links/{slug}/qr.png",          Read,   links::png),
        row(Method::GET,    "/api/v1/sends",                        Read,   sends::list),
        row(Method::GET,    "/api/v1/rejects",                      Read,   rejects::list),
        row(Method::POST,   "/api/v1/returns",                      Returns, returns::take),
        row(Method::POST,   "/api/v1/returns/{provider}",           Returns, returns::take_from),
        row(Method::GET,    "/api/v1/mailbox",                      Read,   mailbox::list),
        row(Method::GET,    "/api/v1/mailbox/{number}",             Read,   mailbox::show),
        row(Method::POST,   "/api/v1/consents",                     Admin,  consents::state),
        row(Method::GET,    "/api/v1/suppressions",                 Read,   suppressions::list),
        row(Method::POST,   "/api/v1/suppressions",                 Admin,  suppressions::suppress),
        row(Method::DELETE, "/api/v1/suppressions/{address}",       Admin,  suppressions::lift),
        row(Method::GET,    "/api/v1/registers",                    Read,   registers::list),
        row(Method::GET,    "/api/v1/registers/listing/{address}",  Read,   registers::listing),
        row(Method::POST,   "/api/v1/registers/{name}",             Admin,  registers::take),
        row(Method::POST,   "/api/v1/registers/{name}/checked",     Admin,  registers::check),
        row(Method::GET,    "/api/v1/merges",                       Read,   merges::list),
        row(Method::POST,   "/api/v1/merges",                       Admin,  merges::merge),
        row(Method::POST,   "/api/v1/merges/{number}/undo",         Admin,  merges::undo),
        row(Method::GET,    "/api/v1/identifiers/blocked",          Read,   identifiers::list),
        row(Method::DELETE, "/api/v1/identifiers/blocked/{address}", Admin, identifiers::lift),
        row(Method::GET,    "/api/v1/webhooks",                     Read,   webhooks::list),
        row(Method::GET,    "/api/v1/webhooks/{name}/deliveries",   Read,   webhooks::deliveries),
        row(Method::POST,   "/api/v1/webhooks/{name}/deliveries/{delivery}/retry", Admin, webhooks::retry),
        row(Method::POST,   "/api/v1/webhooks/{name}/pause",        Admin,  webhooks::pause),
        row(Method::POST,   "/api/v1/webhooks/{name}/resume",       Admin,  webhooks::resume),
        row(Method::POST,   "/api/v1/webhooks/{name}/test",         Admin,  webhooks::test),
        row(Method::GET,    "/api/v1/programme",                    Read,   programme::show),
        row(Method::PUT,    "/api/v1/programme",                    Admin,  programme::apply),
        row(Method::POST,   "/api/v1/simulate",                     Admin,  simulate::run),
        row(Method::GET,    "/api/v1/keys",                         Admin,  keys::list),
        row(Method::POST,   "/api/v1/keys",                         Admin,  keys::create),
        row(Method::DELETE, "/api/v1/keys/{id}",                    Admin,  keys::revoke),
    ];
    table.extend(figures_table());
    table
}

/// Those that tell and take figures.
#[rustfmt::skip]
fn figures_table() -> Vec<Route> {
    use Permission::{Admin, Read};
    vec![
        row(Method::GET,    "/api/v1/profiles/{address}/touchpoints", Read, measure::of_profile),
        row(Method::GET,    "/api/v1/measure/attribution",          Read,   measure::attribution),
        row(Method::GET,    "/api/v1/measure/paths",                Read,   measure::paths),
        row(Method::GET,    "/api/v1/editorial",                    Read,   editorial::show),
        row(Method::GET,    "/api/v1/measure/ltv",                  Read,   ltv::show),
        row(Method::POST,   "/api/v1/measure/ltv/traits",           Admin,  ltv::state),
        row(Method::GET,    "/api/v1/measure/forecast",             Read,   ltv::forecast),
        row(Method::GET,    "/api/v1/calls",                        Read,   calls::list),
        row(Method::GET,    "/api/v1/spend",                        Read,   spend::list),
        row(Method::POST,   "/api/v1/spend",                        Admin,  spend::take),
        row(Method::GET,    "/api/v1/flights",                      Read,   spend::list_flights),
        row(Method::POST,   "/api/v1/flights",                      Admin,  spend::take_flights),
        row(Method::GET,    "/api/v1/measure/kpis",                 Read,   figures::kpis),
        row(Method::GET,    "/api/v1/measure/funnel",               Read,   figures::funnel),
        row(Method::GET,    "/api/v1/measure/retention",            Read,   figures::retention),
        row(Method::GET,    "/api/v1/measure/uplift",               Read,   figures::uplift),
    ]
}

/// The table as a router, each route behind its permission.
pub fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    routes().into_iter().fold(Router::new(), |router, route| {
        let guard = middleware::from_fn_with_state((Arc::clone(hub), route.permission), guard);
        router.route(route.path, route.handler.route_layer(guard))
    })
}

fn row<H, T>(method: Method, path: &'static str, permission: Permission, handler: H) -> Route
where
    H: Handler<T, Arc<Hub>>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("invariant: the table has ordinary methods");
    Route { method, path, permission, handler: on(filter, handler) }
}
