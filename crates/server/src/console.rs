//! The console: the files that its build made, compiled in, and the one page that all of its addresses lead to.
//!
//! The page holds no secret and may be seen by everybody; what it shows comes through the API, from an operator's session or
//! with a key. The demonstration, where all people are invented, gives a key that only reads to browsers on its own machine.

use crate::access::is_local;
use crate::hub::Hub;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// By name, in its order; each text a second time with `.br` at the end, compressed.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// First words of the console's addresses. All of them lead to the same page, which draws what the address says.
pub const SCREENS: [&str; 13] = [
    "people",
    "segments",
    "journeys",
    "broadcasts",
    "messages",
    "slots",
    "offers",
    "campaigns",
    "results",
    "governor",
    "mailbox",
    "settings",
    "sign-in",
];

/// The languages that the console speaks; the first where none fits.
const LANGUAGES: [&str; 3] = ["en", "it", "fr"];

/// No request leaves for elsewhere, and no script runs but our own. Letters stand in frames that inherit this, and
/// bring their styles with them; their pictures stay out, since to load a pixel would count as an open.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What stands where the console would be, in a binary that was built without it.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Trama</title>\n\
    <p>This binary was built without its console. <code>cargo xtask build</code> makes one that has it; so does \
    <code>npm ci &amp;&amp; npm run build</code> in the folder <code>console</code>, and then any build.\n\
    <p>The API is here: <a href=\"/api/openapi.json\">/api/openapi.json</a>.\n";

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
    let screens = SCREENS.iter().fold(Router::new().route("/", get(page)), |router, word| {
        router.route(&format!("/{word}"), get(page)).route(&format!("/{word}/{{*rest}}"), get(page))
    });
    screens.route("/console/greeting.json", get(greeting)).route("/console/{file}", get(file))
}

/// The page, dressed as this browser likes it, so that the first thing it paints is right already.
async fn page(request: HeaderMap) -> Response {
    let text = match find("index.html") {
        Some(page) => {
            dressed(std::str::from_utf8(page).expect("invariant: the build writes UTF-8"), &request)
        }
        None => NOT_BUILT.to_owned(),
    };
    let etag = format!("\"{:016x}\"", xxh3_64(text.as_bytes()));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        // Another binary has another page at the same address.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, "cookie, accept-language".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    if text_of(&request, header::IF_NONE_MATCH) == Some(&etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, text).into_response()
}

/// A file has another name as soon as it has other bytes, so browsers may keep it for ever.
async fn file(Path(name): Path<String>, request: HeaderMap) -> Response {
    let name = format!("console/{name}");
    let takes_brotli = text_of(&request, header::ACCEPT_ENCODING)
        .is_some_and(|accepted| accepted.split(',').any(|one| one.trim().split(';').next() == Some("br")));
    let packed = find(&format!("{name}.br")).filter(|_| takes_brotli);
    let Some(bytes) = packed.or_else(|| find(&name)).filter(|_| !name.ends_with(".br")) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let mut response = bytes.into_response();
    let mut say =
        |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
    say(header::CONTENT_TYPE, kind(&name));
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    say(header::VARY, "accept-encoding");
    if packed.is_some() {
        say(header::CONTENT_ENCODING, "br");
    }
    response
}

fn find(name: &str) -> Option<&'static [u8]> {
    FILES.binary_search_by_key(&name, |(name, _)| *name).ok().map(|at| FILES[at].1)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// The page with the language, the theme and the size of text that cookies of this browser say.
fn dressed(page: &str, request: &HeaderMap) -> String {
    let accepted = text_of(request, header::ACCEPT_LANGUAGE).unwrap_or_default().split(',');
    let wanted = cookie(request, "trama_language").into_iter().chain(accepted);
    let language = wanted
        .filter_map(|one| one.trim().get(..2))
        .find_map(|one| LANGUAGES.into_iter().find(|ours| one.eq_ignore_ascii_case(ours)));
    let theme = match cookie(request, "trama_theme") {
        Some("light") => " class=\"light\"",
        Some("dark") => " class=\"dark\"",
        _ => "",
    };
    let size = match cookie(request, "trama_text") {
        Some("112") => " data-text=\"112\"",
        Some("125") => " data-text=\"125\"",
        _ => "",
    };
    let language = language.unwrap_or(LANGUAGES[0]);
    page.replacen("<html lang=\"en\">", &format!("<html lang=\"{language}\"{theme}{size}>"), 1)
}

fn cookie<'a>(request: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = request.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn text_of(request: &HeaderMap, name: HeaderName) -> Option<&str> {
    request.get(name).and_then(|value| value.to_str().ok())
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

/// Whether the browser looks for us under a name of this machine. A site elsewhere whose name leads here could
/// otherwise read, in a browser on this machine, what is meant for that browser alone.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(url) = url::Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_at_home() {
        let rows = [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("[::1]:8080", true),
            ("127.0.0.1.evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:8080", false),
        ];
        for (host, at_home) in rows {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a header"))]);
            assert_eq!(names_this_machine(&headers), at_home, "{host}");
        }
        assert!(!names_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn the_page_is_dressed_as_cookies_say_and_by_nothing_else_that_they_hold() {
        let rows = [
            ("", "", "<html lang=\"en\">"),
            ("", "de-DE, fr-CA;q=0.9, it", "<html lang=\"fr\">"),
            ("trama_language=it", "fr", "<html lang=\"it\">"),
            ("trama_language=xx", "it-IT", "<html lang=\"it\">"),
            (
                "a=b; trama_theme=dark; trama_text=125",
                "",
                "<html lang=\"en\" class=\"dark\" data-text=\"125\">",
            ),
            ("trama_theme=\"><script>; trama_text=7", "", "<html lang=\"en\">"),
        ];
        for (cookies, accepted, begins) in rows {
            let headers = HeaderMap::from_iter([
                (header::COOKIE, cookies.parse().expect("a header")),
                (header::ACCEPT_LANGUAGE, accepted.parse().expect("a header")),
            ]);
            assert_eq!(dressed("<html lang=\"en\">", &headers), begins, "{cookies} {accepted}");
        }
    }
}
