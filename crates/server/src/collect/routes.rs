//! HTTP around the door: who sends, what they are told, and that nobody is told yes before the log has it.

use super::access::{client_ip, write_key};
use super::body::{decompressed, mended, read};
use super::door::{Arrival, Door, Reading, unreadable};
use super::endpoint::Endpoint;
use super::envelope::{Envelope, EnvelopeError};
use super::intake::{Intake, Outcome, Overloaded};
use super::rejection::Rejection;
use super::reply::{Refusal, mistake, taken};
use super::settings;
use super::visitor::Peer;
use crate::limits::BODY_WAIT_MAX;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::at::At;
use engine::value::Map;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

/// How long a browser may remember our answer to its question; the longest that they accept is below it.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// Finds the source that a write key belongs to.
pub type SourceOf = Box<dyn Fn(&str) -> Option<Arc<str>> + Send + Sync>;

/// What the routes work with.
pub struct Collect<I> {
    door: Door,
    intake: I,
    source_of: SourceOf,
    now: fn() -> At,
    /// Numbers bodies. Starts at the time of the start, so that two runs of the server do not share numbers.
    serial: AtomicU64,
}

impl<I: Intake> Collect<I> {
    pub fn new(door: Door, intake: I, source_of: SourceOf, now: fn() -> At) -> Self {
        Self { door, intake, source_of, now, serial: AtomicU64::new(now().0.unsigned_abs()) }
    }
}

/// Every route of the tracking API.
pub fn routes<I: Intake>(collect: Arc<Collect<I>>) -> Router {
    let mut router = Router::new();
    for (path, endpoint) in Endpoint::paths() {
        let take = async move |State(collect): State<Arc<Collect<I>>>, request: Request| {
            collect.take(endpoint, request).await.unwrap_or_else(Refusal::into_response)
        };
        router = router.route(&path, post(take));
    }
    router
        .route("/v1/projects/{write_key}/settings", get(segment_settings::<I>))
        .route("/projects/{write_key}/settings", get(segment_settings::<I>))
        .route("/v1/projects/projects/{write_key}/settings", get(segment_settings::<I>))
        .route("/sourceConfig", get(rudderstack_settings::<I>))
        .route("/sourceConfig/", get(rudderstack_settings::<I>))
        .route("/v1/m", post(sdk_metrics))
        .route("/m", post(sdk_metrics))
        .layer(cors())
        .with_state(collect)
}

impl<I: Intake> Collect<I> {
    /// One request, from its head to the moment when the log has its events.
    async fn take(&self, endpoint: Endpoint, request: Request) -> Result<Response, Refusal> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        if self.intake.is_overloaded() {
            return Err(Refusal::Overloaded(serial));
        }
        let received_at = (self.now)();
        let (head, body) = request.into_parts();
        let named = match write_key(&head.headers, head.uri.query()) {
            Some(key) => Some((self.source_of)(&key).ok_or(Refusal::UnknownKey)?),
            None => None,
        };
        let body = tokio::time::timeout(BODY_WAIT_MAX, read(body)).await.map_err(|_| Refusal::TooSlow)?;
        let body = match body.and_then(decompressed) {
            Ok(body) => body,
            Err(error) => return Err(self.unreadable(&[], error, named, received_at).await),
        };
        let room;
        let envelope = match Envelope::read(&body, endpoint) {
            Err(EnvelopeError::Json { .. }) if let Some(mended) = mended(&body) => {
                room = mended;
                Envelope::read(&room, endpoint)
            }
            read => read,
        };
        let envelope = match envelope {
            Ok(envelope) => envelope,
            Err(error) => {
                let source = named.or_else(|| (self.source_of)(&first_key(&body)?));
                return Err(self.unreadable(&body, error, source, received_at).await);
            }
        };
        let source = match named {
            Some(source) => source,
            None => {
                let key = envelope.write_key().ok_or(Refusal::MissingKey)?;
                (self.source_of)(key).ok_or(Refusal::UnknownKey)?
            }
        };
        let connection = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let peer = Peer {
            ip: client_ip(connection, &head.headers),
            user_agent: text(&head.headers, "user-agent"),
            prefetch: ["sec-purpose", "purpose"]
                .iter()
                .any(|name| text(&head.headers, name).contains("prefetch")),
            privacy_signal: text(&head.headers, "sec-gpc").trim() == "1",
        };
        let leads = |event: &str, properties: Map<'_>| self.intake.leads_to_somebody(event, properties);
        let arrival = Arrival { source: &source, received_at, serial, peer };
        let reading = self.door.read_leading(&envelope, &arrival, &leads);
        drop(envelope);
        self.submit(reading, serial).await
    }

    async fn submit(&self, reading: Reading, serial: u64) -> Result<Response, Refusal> {
        let Reading { records, count, mut accepted, mut rejections } = reading;
        if count > 0 {
            let submitted = self.intake.submit(records, count).await;
            let outcomes = submitted.map_err(|Overloaded| Refusal::Overloaded(serial))?;
            let refused = outcomes.into_iter().enumerate().filter_map(|(index, outcome)| match outcome {
                Outcome::Refused(message) => Some((index, message)),
                Outcome::Applied | Outcome::Duplicate => None,
            });
            for (index, message) in refused {
                if rejections.iter().all(|rejection| rejection.index != index) {
                    accepted -= 1;
                    rejections.push(Rejection {
                        index,
                        message_id: None,
                        code: "refused",
                        field: "",
                        message,
                    });
                }
            }
        }
        rejections.sort_by_key(|rejection| rejection.index);
        Ok(taken(accepted, &rejections))
    }

    /// Leaves a record of a body that nobody can read, where it is known whose it is.
    async fn unreadable(
        &self,
        body: &[u8],
        error: EnvelopeError,
        source: Option<Arc<str>>,
        received_at: At,
    ) -> Refusal {
        if let Some(source) = source {
            let record = unreadable(body, &error, &source, received_at);
            // Where there is no room for it, the sender hears of the mistake all the same.
            let _ = self.intake.submit(record, 1).await;
        }
        Refusal::Unreadable(error)
    }
}

/// The write key in the front of a body that breaks off further on.
fn first_key(body: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"writeKey\"";
    let after = &body[memchr::memmem::find(body, NAME)? + NAME.len()..];
    let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let key = &value[..memchr::memchr(b'"', value)?];
    str::from_utf8(key).ok().map(str::to_owned)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn segment_settings<I: Intake>(
    State(collect): State<Arc<Collect<I>>>,
    Path(write_key): Path<String>,
    headers: HeaderMap,
) -> Response {
    if (collect.source_of)(&write_key).is_none() {
        return mistake(StatusCode::NOT_FOUND, "unknown_write_key", "no source has this write key");
    }
    // A proxy knows by which name and protocol the browser reached us.
    let or =
        |name, otherwise| Some(text(&headers, name)).filter(|text| !text.is_empty()).unwrap_or(otherwise);
    let host = or("x-forwarded-host", or("host", "localhost"));
    let protocol = or("x-forwarded-proto", "http");
    cached(settings::segment(&write_key, protocol, host))
}

async fn rudderstack_settings<I: Intake>(
    State(collect): State<Arc<Collect<I>>>,
    request: Request,
) -> Response {
    let Some(key) = write_key(request.headers(), request.uri().query()) else {
        return Refusal::MissingKey.into_response();
    };
    match (collect.source_of)(&key) {
        Some(source) => cached(settings::rudderstack(&key, &source)),
        None => Refusal::UnknownKey.into_response(),
    }
}

/// Settings depend on the key and on our own address: they change as seldom as those do.
fn cached(settings: serde_json::Value) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(settings)).into_response()
}

/// SDKs measure themselves and send the result to the server they know. Nobody here reads it.
async fn sdk_metrics() -> Response {
    Json(serde_json::json!({ "success": true })).into_response()
}

/// Browsers ask before they send, since SDKs set headers of their own; and they hide from the SDK what is not exposed.
pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(AllowMethods::list([Method::GET, Method::POST, Method::OPTIONS]))
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}
