//! What senders are told. SDKs agree on few statuses, so there are few: exactly 200 when the log has the events (one
//! SDK takes 202 for a failure, another 304 for success), 429 to come again, 4xx for what no repetition can mend.

use super::envelope::EnvelopeError;
use super::rejection::Rejection;
use crate::limits::{RETRY_AFTER_JITTER_SECONDS, RETRY_AFTER_SECONDS};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The events were taken, those in `rejected` excepted.
pub(super) fn taken(accepted: usize, rejected: &[Rejection]) -> Response {
    #[derive(Serialize)]
    struct Taken<'a> {
        success: bool,
        accepted: usize,
        rejected: Vec<Rejected<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Rejected<'a> {
        index: usize,
        message_id: Option<&'a str>,
        code: &'a str,
        field: &'a str,
        message: &'a str,
    }
    let rejected = rejected.iter().map(|rejection| Rejected {
        index: rejection.index,
        message_id: rejection.message_id.as_deref(),
        code: rejection.code,
        field: rejection.field,
        message: &rejection.message,
    });
    Json(Taken { success: true, accepted, rejected: rejected.collect() }).into_response()
}

/// Nothing was taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no room now. The number spreads the senders that are told so at once.
    Overloaded(u64),
    MissingKey,
    UnknownKey,
    Unreadable(EnvelopeError),
    /// The body did not come within `BODY_WAIT_MAX`.
    TooSlow,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = match &self {
            Self::Overloaded(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "overloaded",
                "the server has no room for more events; send them again after Retry-After".to_owned(),
            ),
            Self::MissingKey => (
                StatusCode::UNAUTHORIZED,
                "missing_write_key",
                "there is no write key, neither in a header nor in the body".to_owned(),
            ),
            Self::UnknownKey => (
                StatusCode::UNAUTHORIZED,
                "unknown_write_key",
                "no source has this write key; `trama keys` prints the first one".to_owned(),
            ),
            Self::Unreadable(error) => (StatusCode::BAD_REQUEST, error.code(), error.to_string()),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not come in time".to_owned())
            }
        };
        let mut response = mistake(status, code, &message);
        if let Self::Overloaded(spread) = self {
            let seconds = RETRY_AFTER_SECONDS + spread % (RETRY_AFTER_JITTER_SECONDS + 1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error in the form that SDKs can show: `{"code", "message"}`.
pub(super) fn mistake(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(serde_json::json!({ "code": code, "message": message }))).into_response()
}
