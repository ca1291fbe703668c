//! Opens and clicks, with a verdict on who is behind them: machines open and click more than people do.

use super::hosted::{VISIT, of_recipient, with_parameters};
use super::page::Page;
use crate::clock;
use crate::collect::bot::is_bot;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{CLICK_HOLD, MACHINE_HASTE};
use crate::runtime::Entrance;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::SendId;
use engine::at::At;
use engine::engine::Engine;
use engine::programme::{Channel, OpenTracking};
use engine::record::{ConsentState, Engaged, Engagement, Record, Viewed};
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
    match hub.links.key().verify(token) {
        Some(Token::Open { send }) => note_open(&hub, send, &method, &headers).await,
        Some(Token::View { message }) => note_view(&hub, &message, &method, &headers),
        _ => {}
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
    let Some(Token::Click { send, link, url }) = hub.links.key().verify(&token) else {
        return Page::unknown_link().into_response();
    };
    note_click(&hub, (send, link), &url, &method, &headers).await;
    // Our own pages are told who comes, and take the rest from there.
    let is_ours = url.strip_prefix(&hub.public_url).is_some_and(|path| path.starts_with('/'));
    let target = match is_ours {
        true => with_parameters(&url, &[(VISIT, &of_recipient(&hub, send, link, clock::now()))]),
        false => url,
    };
    let headers = [
        (header::LOCATION, target.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// What is known of the message that somebody reacts to.
struct Reacted {
    settled_at: Option<At>,
    opened: bool,
    /// Whether the person consents, at this moment, to its being seen when they open a message.
    sees_opens: bool,
}

impl Reacted {
    async fn read(hub: &Hub, send: SendId) -> Option<Self> {
        let programme = hub.runtime.programme();
        let read = move |engine: &Engine| {
            let send = engine.send(send)?;
            let purpose = programme.opens_purpose();
            let purpose =
                purpose.filter(|_| programme.open_tracking(&send.message) == OpenTracking::PerPerson);
            let channel = send.channel.unwrap_or(Channel::Email);
            let consent = purpose.and_then(|purpose| engine.profile(send.profile)?.consent(purpose, channel));
            Some(Self {
                settled_at: send.settled_at,
                opened: send.opened_at.is_some(),
                sees_opens: consent == Some(ConsentState::Granted),
            })
        };
        hub.runtime.read(read).await
    }
}

/// Notes that a person opened a message, if they allow that now, whatever they said when it was sent.
async fn note_open(hub: &Hub, send: SendId, method: &Method, headers: &HeaderMap) {
    let Some(reacted) = Reacted::read(hub, send).await else { return };
    // One open is as good as many, and a pixel in a list of messages is fetched again and again.
    if reacted.opened || !reacted.sees_opens {
        return;
    }
    let occurred_at = clock::now();
    let machine = is_machine(method, headers, occurred_at, reacted.settled_at) || is_privacy_proxy(headers);
    submit(hub, Engaged { send, engagement: Engagement::Opened, machine, occurred_at, url: "" });
}

/// Counts an open of a message, and keeps nothing of who it was.
fn note_view(hub: &Hub, message: &str, method: &Method, headers: &HeaderMap) {
    let is_anonymous = hub.runtime.programme().open_tracking(message) == OpenTracking::Anonymous;
    let occurred_at = clock::now();
    let machine = is_machine(method, headers, occurred_at, Some(At(0))) || is_privacy_proxy(headers);
    if is_anonymous && !machine {
        let record = Record::Viewed(Viewed { message, occurred_at });
        drop(hub.runtime.submit_record(Entrance::Outside, &record));
    }
}

/// Notes a click, a moment later if it looks like a person's: who follows another link at once is a scanner.
async fn note_click(
    hub: &Arc<Hub>,
    (send, link): (SendId, u32),
    url: &str,
    method: &Method,
    headers: &HeaderMap,
) {
    let Some(reacted) = Reacted::read(hub, send).await else { return };
    let occurred_at = clock::now();
    let is_one_of_few = hub.clicks.note(send, link, occurred_at);
    let machine = is_machine(method, headers, occurred_at, reacted.settled_at) || !is_one_of_few;
    let engagement = Engagement::Clicked;
    if machine {
        return submit(hub, Engaged { send, engagement, machine, occurred_at, url });
    }
    let (hub, url) = (Arc::clone(hub), url.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(clock::until(occurred_at.plus(CLICK_HOLD))).await;
        let machine = hub.clicks.is_burst(send, link, occurred_at);
        submit(&hub, Engaged { send, engagement, machine, occurred_at, url: &url });
    });
}

/// Submits the reaction and does not wait: nobody is kept from a page for our books, and under overload it is lost.
fn submit(hub: &Hub, engaged: Engaged<'_>) {
    drop(hub.runtime.submit_record(Entrance::Outside, &Record::Engaged(engaged)));
}

/// Whether it is the proxy of a mail provider that fetches every picture, opened or not: Apple's says only this.
fn is_privacy_proxy(headers: &HeaderMap) -> bool {
    headers.get(header::USER_AGENT).is_some_and(|agent| agent == "Mozilla/5.0")
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
