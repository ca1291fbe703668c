//! `/t.js`: the web SDK, as `sdk/js` builds it. The built file is in the repository, so whoever has only cargo can build the
//! server; a test builds it again and compares.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const SCRIPT: &str = include_str!("../../../../sdk/js/dist/t.js");

pub(super) async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        // A page must not be stuck with the SDK of last month, nor fetch it with every click.
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, SCRIPT).into_response()
}
