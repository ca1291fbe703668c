//! The management API. This file is its table: method, path, permission, handler; a noun has a file of its own below.
//!
//! Handlers read the engine under its lock and build their answer there, since what is shown must be of one instant.
//! What they change goes through the log as a record, and is answered when it is durable.

mod activity;
mod address;
mod audit;
mod best;
mod broadcasts;
mod calls;
mod changes;
mod clusters;
mod commands;
mod consents;
mod definitions;
mod description;
mod drafts;
mod editorial;
pub(crate) mod erasures;
pub(crate) mod evidence;
pub(crate) mod explanations;
mod expressions;
mod extract;
mod figures;
mod holders;
mod hours;
mod identifiers;
mod journey_steps;
mod journeys;
mod keys;
pub(crate) mod lake;
mod links;
mod ltv;
mod mailbox;
mod measure;
mod merges;
mod offers;
mod operators;
mod people;
mod person;
mod plans;
mod pressure;
mod previews;
pub(crate) mod profiles;
pub(crate) mod programme;
mod registers;
mod rejects;
mod reports;
mod returns;
mod search;
mod segments;
mod send_fates;
pub(crate) mod sends;
mod session;
mod simulate;
mod sizes;
mod spend;
mod status;
mod steps;
mod stream;
mod suppressions;
mod test_sends;
pub(crate) mod timeline;
mod traits;
pub(crate) mod versions;
mod vocabulary;
mod webhooks;
mod wordings;

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
    use Permission::{Admin, Analyse, Change, Public, Read, Returns};
    let mut table = vec![
        row(Method::GET,    "/api/openapi.json",                    Public, description::show),
        row(Method::GET,    "/api/v1/status",                       Read,   status::show),
        row(Method::GET,    "/api/v1/activity",                     Read,   activity::list),
        row(Method::GET,    "/api/v1/profiles",                     Read,   people::list),
        row(Method::GET,    "/api/v1/profiles/{address}",           Read,   profiles::show),
        row(Method::PATCH,  "/api/v1/profiles/{address}",           Change, traits::correct),
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
        row(Method::GET,    "/api/v1/segments/{name}/sizes",        Read,   sizes::list),
        row(Method::GET,    "/api/v1/segments/changes/stream",      Read,   changes::follow),
        row(Method::GET,    "/api/v1/clusters",                     Read,   clusters::list),
        row(Method::GET,    "/api/v1/clusters/{name}",              Read,   clusters::show),
        row(Method::POST,   "/api/v1/clusters/{name}/refresh",      Change,  clusters::refresh),
        row(Method::GET,    "/api/v1/journeys",                     Read,   journeys::list),
        row(Method::GET,    "/api/v1/journeys/{name}",              Read,   journeys::show),
        row(Method::GET,    "/api/v1/journeys/{name}/steps",        Read,   journey_steps::show),
        row(Method::GET,    "/api/v1/messages/{name}/preview",      Read,   previews::show),
        row(Method::POST,   "/api/v1/messages/{name}/preview",      Read,   previews::draw),
        row(Method::GET,    "/api/v1/messages/{name}/test",         Read,   test_sends::room),
        row(Method::POST,   "/api/v1/messages/{name}/test",         Change,  test_sends::send),
        row(Method::POST,   "/api/v1/journeys/{name}/runs",         Change,  journeys::request),
        row(Method::POST,   "/api/v1/journeys/{name}/pause",        Change,  journeys::pause),
        row(Method::POST,   "/api/v1/journeys/{name}/resume",       Change,  journeys::resume),
        row(Method::POST,   "/api/v1/journeys/{name}/drain",        Change,  journeys::drain),
        row(Method::GET,    "/api/v1/broadcasts",                   Read,   broadcasts::list),
        row(Method::GET,    "/api/v1/broadcasts/{name}",            Read,   broadcasts::show),
        row(Method::POST,   "/api/v1/broadcasts/{name}/pause",      Change,  broadcasts::pause),
        row(Method::POST,   "/api/v1/broadcasts/{name}/resume",     Change,  broadcasts::resume),
        row(Method::POST,   "/api/v1/broadcasts/{name}/cancel",     Change,  broadcasts::cancel),
        row(Method::GET,    "/api/v1/best",                         Read,   best::list),
        row(Method::GET,    "/api/v1/offers",                       Read,   offers::list),
        row(Method::GET,    "/api/v1/offers/{name}",                Read,   offers::show),
        row(Method::POST,   "/api/v1/offers/{name}/redemptions",    Change,  offers::redeem),
        row(Method::GET,    "/api/v1/offers/{name}/people",         Read,   holders::list),
        row(Method::POST,   "/api/v1/offers/{name}/people",         Change,  offers::give),
        row(Method::POST,   "/api/v1/offers/{name}/codes",          Change,  offers::add_codes),
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
        row(Method::POST,   "/api/v1/consents",                     Change,  consents::state),
        row(Method::GET,    "/api/v1/suppressions",                 Read,   suppressions::list),
        row(Method::POST,   "/api/v1/suppressions",                 Change,  suppressions::suppress),
        row(Method::DELETE, "/api/v1/suppressions/{address}",       Change,  suppressions::lift),
        row(Method::GET,    "/api/v1/registers",                    Read,   registers::list),
        row(Method::GET,    "/api/v1/registers/listing/{address}",  Read,   registers::listing),
        row(Method::POST,   "/api/v1/registers/{name}",             Change,  registers::take),
        row(Method::POST,   "/api/v1/registers/{name}/checked",     Change,  registers::check),
        row(Method::GET,    "/api/v1/merges",                       Read,   merges::list),
        row(Method::POST,   "/api/v1/merges",                       Change,  merges::merge),
        row(Method::POST,   "/api/v1/merges/{number}/undo",         Change,  merges::undo),
        row(Method::GET,    "/api/v1/identifiers/blocked",          Read,   identifiers::list),
        row(Method::DELETE, "/api/v1/identifiers/blocked/{address}", Change, identifiers::lift),
        row(Method::GET,    "/api/v1/webhooks",                     Read,   webhooks::list),
        row(Method::GET,    "/api/v1/webhooks/{name}/deliveries",   Read,   webhooks::deliveries),
        row(Method::POST,   "/api/v1/webhooks/{name}/deliveries/{delivery}/retry", Change, webhooks::retry),
        row(Method::POST,   "/api/v1/webhooks/{name}/pause",        Change,  webhooks::pause),
        row(Method::POST,   "/api/v1/webhooks/{name}/resume",       Change,  webhooks::resume),
        row(Method::POST,   "/api/v1/webhooks/{name}/test",         Change,  webhooks::test),
        row(Method::GET,    "/api/v1/programme",                    Read,   programme::show),
        row(Method::PUT,    "/api/v1/programme",                    Change,  programme::apply),
        row(Method::POST,   "/api/v1/simulate",                     Analyse,  simulate::run),
        row(Method::GET,    "/api/v1/keys",                         Admin,  keys::list),
        row(Method::POST,   "/api/v1/keys",                         Admin,  keys::create),
        row(Method::DELETE, "/api/v1/keys/{id}",                    Admin,  keys::revoke),
    ];
    table.extend(figures_table());
    table.extend(definitions_table());
    table.extend(operators_table());
    table
}

/// Those of people who sign in, and of what they did.
#[rustfmt::skip]
fn operators_table() -> Vec<Route> {
    use Permission::{Admin, Known, Public, Read};
    vec![
        row(Method::GET,    "/api/v1/session",                      Known,  session::show),
        row(Method::POST,   "/api/v1/session",                      Public, session::begin),
        row(Method::PUT,    "/api/v1/session",                      Known,  session::prefer),
        row(Method::POST,   "/api/v1/session/password",             Known,  session::set_password),
        row(Method::DELETE, "/api/v1/session",                      Known,  session::end),
        row(Method::GET,    "/api/v1/operators",                    Admin,  operators::list),
        row(Method::POST,   "/api/v1/operators",                    Admin,  operators::add),
        row(Method::POST,   "/api/v1/operators/first",              Public, operators::add_first),
        row(Method::PUT,    "/api/v1/operators/{name}",             Admin,  operators::change),
        row(Method::DELETE, "/api/v1/operators/{name}",             Admin,  operators::remove),
        row(Method::GET,    "/api/v1/audit",                        Read,   audit::list),
    ]
}

/// Those that tell and take figures.
#[rustfmt::skip]
fn figures_table() -> Vec<Route> {
    use Permission::{Analyse, Change, Read};
    vec![
        row(Method::GET,    "/api/v1/hours",                        Read,   hours::show),
        row(Method::GET,    "/api/v1/sends/channels",               Read,   send_fates::list),
        row(Method::GET,    "/api/v1/profiles/{address}/touchpoints", Read, measure::of_profile),
        row(Method::GET,    "/api/v1/measure/attribution",          Read,   measure::attribution),
        row(Method::GET,    "/api/v1/measure/paths",                Read,   measure::paths),
        row(Method::GET,    "/api/v1/editorial",                    Read,   editorial::show),
        row(Method::GET,    "/api/v1/measure/ltv",                  Read,   ltv::show),
        row(Method::POST,   "/api/v1/measure/ltv/traits",           Analyse,  ltv::state),
        row(Method::GET,    "/api/v1/measure/forecast",             Read,   ltv::forecast),
        row(Method::GET,    "/api/v1/measure/acquisition",          Read,   ltv::acquisition),
        row(Method::POST,   "/api/v1/measure/acquisition/traits",   Analyse, ltv::state_acquisition),
        row(Method::GET,    "/api/v1/reports",                      Read,   reports::list),
        row(Method::GET,    "/api/v1/reports/{name}",               Read,   reports::show),
        row(Method::POST,   "/api/v1/reports/{name}/send",          Change, reports::send),
        row(Method::GET,    "/api/v1/calls",                        Read,   calls::list),
        row(Method::GET,    "/api/v1/spend",                        Read,   spend::list),
        row(Method::POST,   "/api/v1/spend",                        Change,  spend::take),
        row(Method::GET,    "/api/v1/flights",                      Read,   spend::list_flights),
        row(Method::POST,   "/api/v1/flights",                      Change,  spend::take_flights),
        row(Method::GET,    "/api/v1/measure/figures",              Read,   figures::table),
        row(Method::GET,    "/api/v1/measure/figures/{name}",       Read,   figures::defined),
        row(Method::GET,    "/api/v1/measure/kpis",                 Read,   figures::kpis),
        row(Method::GET,    "/api/v1/measure/funnel",               Read,   figures::funnel),
        row(Method::GET,    "/api/v1/measure/retention",            Read,   figures::retention),
        row(Method::GET,    "/api/v1/measure/uplift",               Read,   figures::uplift),
        row(Method::POST,   "/api/v1/sql",                          Analyse, lake::ask),
        row(Method::GET,    "/api/v1/lake",                         Read,   lake::show),
        row(Method::GET,    "/api/v1/lake/verify",                  Read,   lake::verify),
    ]
}

/// Those of definitions, one at a time, and of what consoles ask besides.
#[rustfmt::skip]
fn definitions_table() -> Vec<Route> {
    use Permission::{Change, Read};
    vec![
        row(Method::GET,    "/api/v1/programme/export",             Read,   programme::export),
        row(Method::GET,    "/api/v1/programme/versions",           Read,   versions::list),
        row(Method::GET,    "/api/v1/programme/versions/{number}",  Read,   versions::show),
        row(Method::POST,   "/api/v1/programme/versions/{number}/restore", Change, versions::restore),
        row(Method::GET,    "/api/v1/definitions",                  Read,   definitions::list),
        row(Method::GET,    "/api/v1/definitions/{kind}/{name}",    Read,   definitions::show),
        row(Method::PUT,    "/api/v1/definitions/{kind}/{name}",    Change, definitions::save),
        row(Method::DELETE, "/api/v1/definitions/{kind}/{name}",    Change, definitions::remove),
        row(Method::GET,    "/api/v1/stream",                       Read,   stream::follow),
        row(Method::GET,    "/api/v1/search",                       Read,   search::find),
        row(Method::GET,    "/api/v1/vocabulary",                   Read,   vocabulary::show),
        row(Method::GET,    "/api/v1/governor",                     Read,   pressure::show),
        row(Method::GET,    "/api/v1/wordings",                     Read,   wordings::list),
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
