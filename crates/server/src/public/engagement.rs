//! Opens and clicks, with a verdict on who is behind them: machines open and click more than people do.

use super::page::Page;
use crate::clock;
use crate::collect::bot::is_bot;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::MACHINE_HASTE;
use crate::runtime::Entrance;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::SendId;
use engine::at::At;
use engine::record::{Engaged, Engagement, Record};
use std::sync::Arc;

/// The smallest picture there is: one transparent pixel, GIF89a.
const PIXEL: [u8; 43] = [
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9, 4, 1,
    0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// Gives the pixel, whatever is asked for: a broken picture in a message helps nobody.
pub(super) async fn opened(
    State(hub): State<Arc<Hub>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let token = file.strip_suffix(".gif").unwrap_or(&file);
    if let Some(Token::Open { send }) = hub.links.key().verify(token) {
        note(&hub, send, Engagement::Opened, "", &method, &headers).await;
    }
    let headers = [(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-store")];
    (headers, PIXEL).into_response()
}

/// Leads to the target that was signed, and to no other.
pub(super) async fn clicked(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some(Token::Click { send, url, .. }) = hub.links.key().verify(&token) else {
        return Page::unknown_link().into_response();
    };
    note(&hub, send, Engagement::Clicked, &url, &method, &headers).await;
    let headers = [
        (header::LOCATION, url.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// What is known of the message that somebody reacts to.
struct Reacted {
    settled_at: Option<At>,
    opened: bool,
}

/// Submits the reaction and does not wait: nobody is kept from a page for our books, and under overload it is lost.
async fn note(
    hub: &Hub,
    send: SendId,
    engagement: Engagement,
    url: &str,
    method: &Method,
    headers: &HeaderMap,
) {
    let read = move |engine: &engine::engine::Engine| {
        engine
            .send(send)
            .map(|send| Reacted { settled_at: send.settled_at, opened: send.opened_at.is_some() })
    };
    let Some(reacted) = hub.runtime.read(read).await else { return };
    // One open is as good as many, and a pixel in a list of messages is fetched again and again.
    if engagement == Engagement::Opened && reacted.opened {
        return;
    }
    let occurred_at = clock::now();
    let machine = is_machine(method, headers, occurred_at, reacted.settled_at);
    let record = Record::Engaged(Engaged { send, engagement, machine, occurred_at, url });
    drop(hub.runtime.submit_record(Entrance::Outside, &record));
}

/// Whether a scanner or a prefetching proxy is behind a request, and not a person.
fn is_machine(method: &Method, headers: &HeaderMap, at: At, settled_at: Option<At>) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = text("user-agent");
    method == Method::HEAD
        || ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| text(name).contains("prefetch"))
        || agent.is_empty()
        || is_bot(agent)
        // Before the relay has answered, or a moment later, no person has the message on a screen.
        || settled_at.is_none_or(|settled_at| at.since(settled_at) < MACHINE_HASTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    #[test]
    fn people_and_machines_are_told_apart() {
        let person = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";
        for (method, name, value, after_ms, machine) in [
            (Method::GET, "user-agent", person, Some(60_000), false),
            (Method::HEAD, "user-agent", person, Some(60_000), true),
            (Method::GET, "user-agent", person, Some(500), true),
            (Method::GET, "user-agent", person, None, true),
            (Method::GET, "user-agent", "Barracuda Sentinel bot", Some(60_000), true),
            (Method::GET, "sec-purpose", "prefetch;prerender", Some(60_000), true),
            (Method::GET, "accept", "*/*", Some(60_000), true),
        ] {
            let name = HeaderName::from_static(name);
            let headers = HeaderMap::from_iter([(name.clone(), value.parse().unwrap())]);
            let settled_at = after_ms.map(|ms| At(1_000_000 - ms));
            let verdict = is_machine(&method, &headers, At(1_000_000), settled_at);
            assert_eq!(verdict, machine, "{method} {name}: {value} after {after_ms:?}");
        }
    }
}
