//! The API described in OpenAPI 3.1, from the same types and handlers that answer.

use super::{
    activity, best, broadcasts, calls, changes, clusters, consents, editorial, erasures, evidence,
    explanations, expressions, figures, hours, identifiers, journeys, keys, links, ltv, mailbox, measure,
    merges, offers, previews, profiles, programme, registers, rejects, returns, segments, sends, simulate,
    spend, status, suppressions, timeline, webhooks,
};
use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, openapi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Trama", description = "The management API of Trama."),
    paths(
        status::show,
        activity::list,
        hours::show,
        profiles::list,
        profiles::show,
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
        clusters::list,
        clusters::show,
        clusters::refresh,
        journeys::list,
        journeys::show,
        previews::show,
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
        calls::list,
        spend::list,
        spend::take,
        spend::list_flights,
        spend::take_flights,
        figures::kpis,
        figures::funnel,
        figures::retention,
        figures::uplift,
        programme::show,
        programme::apply,
        simulate::run,
        keys::list,
        keys::create,
        keys::revoke
    ),
    security(("token" = [])),
    modifiers(&Token, &Operations)
)]
struct Description;

/// The bearer token that every route asks for.
struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// Names of operations that are unique, as the standard asks: `sends_list` and not `list`.
struct Operations;

impl Modify for Operations {
    fn modify(&self, description: &mut openapi::OpenApi) {
        for path in description.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete];
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
