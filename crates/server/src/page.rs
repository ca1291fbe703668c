//! The first page: plain files that are compiled in, and nothing that a browser would have to fetch elsewhere.
//!
//! The page holds no secret and may be seen by everybody; what it shows comes through the API with a key. It asks for
//! that key, or takes it from the address (`#token=…`, which browsers send to nobody). The demonstration, where all
//! people are invented, gives a key that only reads to browsers on its own machine.

use crate::access::{is_local, names_this_machine};
use crate::hub::Hub;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use std::sync::Arc;

/// A file of the page.
pub struct Asset {
    pub name: &'static str,
    pub kind: &'static str,
    pub text: &'static str,
}

/// Every file of the page but the page itself.
pub const ASSETS: [Asset; 9] = [
    Asset { name: "page.css", kind: "text/css; charset=utf-8", text: include_str!("page/page.css") },
    script("app.js", include_str!("page/app.js")),
    script("dom.js", include_str!("page/dom.js")),
    script("letters.js", include_str!("page/letters.js")),
    script("people.js", include_str!("page/people.js")),
    script("server.js", include_str!("page/server.js")),
    script("today.js", include_str!("page/today.js")),
    script("weave.js", include_str!("page/weave.js")),
    script("words.js", include_str!("page/words.js")),
];

pub const INDEX: Asset =
    Asset { name: "", kind: "text/html; charset=utf-8", text: include_str!("page/index.html") };

/// No request leaves for elsewhere, and no script runs but our own. Letters stand in frames that inherit this, and
/// bring their styles with them; their pictures stay out, since to load a pixel would count as an open.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page is told about the server before it has a key.
#[derive(Serialize)]
struct Greeting<'a> {
    /// Absent outside the demonstration.
    demo: Option<DemoGreeting<'a>>,
}

#[derive(Serialize)]
struct DemoGreeting<'a> {
    /// So many times faster than life.
    pace: u32,
    /// Seconds that an hour of the shop takes.
    hour_seconds: f64,
    /// A key that only reads; for browsers on this machine.
    token: Option<&'a str>,
}

pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(async || serve(&INDEX)))
        .route("/page/greeting.json", get(greeting))
        .route("/page/{file}", get(file))
}

const fn script(name: &'static str, text: &'static str) -> Asset {
    Asset { name, kind: "text/javascript; charset=utf-8", text }
}

async fn file(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => serve(asset),
        None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    }
}

/// A new version of the binary has new files under the same names, so browsers ask each time.
fn serve(asset: &'static Asset) -> Response {
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, asset.text).into_response()
}

async fn greeting(State(hub): State<Arc<Hub>>, request: Request) -> Response {
    let at_home = is_local(&request) && names_this_machine(request.headers());
    let demo = hub.stage.as_ref().map(|stage| DemoGreeting {
        pace: stage.pace.factor(),
        hour_seconds: stage.pace.hour().as_secs_f64(),
        token: at_home.then_some(stage.page_token.as_str()),
    });
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(Greeting { demo })).into_response()
}
