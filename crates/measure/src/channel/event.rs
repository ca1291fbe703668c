//! The visit that an event tells of, as the tracking API writes it.

use super::{Classified, Visit, classify};
use engine::programme::ChannelRules;
use engine::record::Event;
use engine::value::Map;

/// The channel of an event's visit: the page and the campaign of its context, or the page among its properties.
pub(crate) fn of_event(event: &Event<'_>, rules: &ChannelRules) -> Classified {
    let part = |name: &str| event.context.get(name).and_then(|part| part.map()).unwrap_or_default();
    let (page, campaign) = (part("page"), part("campaign"));
    let either = |name: &str| match text(page, name) {
        "" => text(event.properties, name),
        said => said,
    };
    let (url, search) = (either("url"), either("search"));
    let whole = match url.contains('?') || search.is_empty() {
        true => url.to_owned(),
        false => format!("{url}?{}", search.trim_start_matches('?')),
    };
    let visit = Visit {
        source: text(campaign, "source"),
        medium: text(campaign, "medium"),
        campaign: text(campaign, "name"),
        url: &whole,
        referrer: either("referrer"),
        event: event.name,
        own_hosts: &rules.own_hosts,
    };
    classify(&visit, &rules.rules)
}

fn text<'a>(map: Map<'a>, name: &str) -> &'a str {
    map.get(name).and_then(|value| value.text()).unwrap_or_default()
}
