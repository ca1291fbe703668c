//! The API described in OpenAPI 3.1, from the same types and handlers that answer.

use super::routes;
use super::{
    activity, audit, best, broadcasts, calls, changes, clusters, consents, definitions, editorial, erasures,
    evidence, explanations, expressions, figures, holders, hours, identifiers, journey_steps, journeys, keys,
    lake, links, ltv, mailbox, measure, merges, offers, operators, people, pressure, previews, profiles,
    programme, registers, rejects, reports, returns, search, segments, send_fates, sends, session, simulate,
    sizes, spend, status, stream, suppressions, test_sends, timeline, traits, versions, vocabulary, webhooks,
    wordings,
};
use crate::access::SESSION_COOKIE;
use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, openapi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Trama", description = "The management API of Trama."),
    paths(
        status::show,
        activity::list,
        hours::show,
        people::list,
        profiles::show,
        traits::correct,
        erasures::erase,
        timeline::show,
        evidence::show,
        explanations::show,
        explanations::explain,
        segments::list,
        segments::preview_query,
        segments::preview_body,
        expressions::parse,
        segments::show,
        changes::list,
        changes::follow,
        sizes::list,
        clusters::list,
        clusters::show,
        clusters::refresh,
        journeys::list,
        journeys::show,
        journey_steps::show,
        previews::show,
        previews::draw,
        test_sends::room,
        test_sends::send,
        journeys::request,
        journeys::pause,
        journeys::resume,
        journeys::drain,
        broadcasts::list,
        broadcasts::show,
        broadcasts::pause,
        broadcasts::resume,
        broadcasts::cancel,
        best::list,
        offers::list,
        offers::show,
        offers::redeem,
        holders::list,
        offers::give,
        offers::add_codes,
        offers::of_profile,
        measure::of_profile,
        measure::attribution,
        measure::paths,
        editorial::show,
        links::list,
        links::show,
        links::svg,
        links::png,
        sends::list,
        send_fates::list,
        rejects::list,
        returns::take,
        returns::take_from,
        mailbox::list,
        mailbox::show,
        consents::state,
        suppressions::list,
        suppressions::suppress,
        suppressions::lift,
        registers::list,
        registers::listing,
        registers::take,
        registers::check,
        merges::list,
        merges::merge,
        merges::undo,
        identifiers::list,
        identifiers::lift,
        webhooks::list,
        webhooks::deliveries,
        webhooks::retry,
        webhooks::pause,
        webhooks::resume,
        webhooks::test,
        ltv::show,
        ltv::state,
        ltv::forecast,
        reports::list,
        reports::show,
        reports::send,
        ltv::acquisition,
        ltv::state_acquisition,
        calls::list,
        spend::list,
        spend::take,
        spend::list_flights,
        spend::take_flights,
        lake::ask,
        lake::show,
        lake::verify,
        figures::table,
        figures::kpis,
        figures::defined,
        figures::funnel,
        figures::retention,
        figures::uplift,
        programme::show,
        programme::apply,
        programme::export,
        versions::list,
        versions::show,
        versions::restore,
        definitions::list,
        definitions::show,
        definitions::save,
        definitions::remove,
        stream::follow,
        search::find,
        vocabulary::show,
        pressure::show,
        wordings::list,
        simulate::run,
        keys::list,
        keys::create,
        keys::revoke,
        session::show,
        session::begin,
        session::prefer,
        session::set_password,
        session::end,
        operators::list,
        operators::add,
        operators::add_first,
        operators::change,
        operators::remove,
        audit::list
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Entrances, &Operations, &Permissions)
)]
struct Description;

/// How to show who asks: by the token of a key, or by the cookie of a session.
struct Entrances;

impl Modify for Entrances {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
        let cookie = ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// What each operation asks of its caller, from the table of routes.
struct Permissions;

impl Modify for Permissions {
    fn modify(&self, description: &mut openapi::OpenApi) {
        for route in routes() {
            let Some(path) = description.paths.paths.get_mut(route.path) else { continue };
            let operations = [
                ("GET", &mut path.get),
                ("PUT", &mut path.put),
                ("POST", &mut path.post),
                ("PATCH", &mut path.patch),
                ("DELETE", &mut path.delete),
            ];
            let own = operations.into_iter().find(|(method, _)| *method == route.method.as_str());
            let Some(operation) = own.and_then(|(_, operation)| operation.as_mut()) else { continue };
            let permission = Extensions::builder().add("x-permission", route.permission.name()).build();
            operation.extensions.get_or_insert_default().merge(permission);
        }
    }
}

/// Names of operations that are unique, as the standard asks: `sends_list` and not `list`.
struct Operations;

impl Modify for Operations {
    fn modify(&self, description: &mut openapi::OpenApi) {
        for path in description.paths.paths.values_mut() {
            let operations =
                [&mut path.get, &mut path.put, &mut path.post, &mut path.patch, &mut path.delete];
            for operation in operations.into_iter().flatten() {
                let noun = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
                operation.operation_id = operation.operation_id.take().map(|id| format!("{noun}_{id}"));
            }
        }
    }
}

/// The description as JSON, as `docs/reference/openapi.json` keeps it.
pub fn openapi() -> String {
    let mut text = Description::openapi().to_pretty_json().expect("invariant: a description is plain JSON");
    text.push('\n');
    text
}

/// The description of this API.
pub(super) async fn show() -> Json<openapi::OpenApi> {
    Json(Description::openapi())
}
