//! The other end of a request: what its head says of the person or the program there.

use crate::collect::access::client_ip;
use crate::collect::bot::is_bot;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Whoever asks.
pub(super) struct Caller {
    pub(super) agent: String,
    /// Codes of languages, as the browser names them, the first liked best.
    pub(super) languages: Vec<String>,
    pub(super) referrer: String,
    pub(super) ip: Option<IpAddr>,
    pub(super) prefetch: bool,
    pub(super) privacy_signal: bool,
    pub(super) cookie: String,
    /// Nobody looks at what comes back: nothing of it is told.
    pub(super) is_blind: bool,
}

impl Caller {
    fn of(method: &Method, headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let agent = text(header::USER_AGENT.as_str()).to_owned();
        let names =
            text("accept-language").split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
        let hints = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
        Self {
            languages: names.filter(|name| !name.is_empty()).take(10).map(str::to_owned).collect(),
            referrer: text(header::REFERER.as_str()).chars().take(500).collect(),
            ip: client_ip(peer, headers),
            prefetch: hints.iter().any(|name| text(name).contains("prefetch")),
            privacy_signal: text("sec-gpc").trim() == "1",
            cookie: text(header::COOKIE.as_str()).to_owned(),
            is_blind: *method == Method::HEAD || agent.is_empty(),
            agent,
        }
    }

    /// Nobody who is seen: what is told then was seen elsewhere.
    pub(super) fn unseen() -> Self {
        Self::of(&Method::POST, &HeaderMap::new(), None)
    }

    /// Somebody whose program does not matter for what is told.
    pub(super) fn unseen_of(other: &Self) -> Self {
        let Self { languages, privacy_signal, ip, .. } = other;
        Self { languages: languages.clone(), privacy_signal: *privacy_signal, ip: *ip, ..Self::unseen() }
    }

    /// A program that browses by itself, or a browser that loads ahead.
    pub(super) fn is_machine(&self) -> bool {
        self.is_blind || self.prefetch || is_bot(&self.agent)
    }

    /// The language to speak: one that was asked for, or the first that the browser likes and the programme speaks.
    pub(super) fn language(&self, asked: Option<&str>, spoken: &[String]) -> String {
        let names = asked.into_iter().chain(self.languages.iter().map(String::as_str));
        let known = |name: &str| {
            let bare = name.split(['-', '_']).next().unwrap_or_default();
            spoken
                .iter()
                .find(|one| one.eq_ignore_ascii_case(name) || one.eq_ignore_ascii_case(bare))
                .cloned()
        };
        names.filter_map(known).next().or_else(|| spoken.first().cloned()).unwrap_or_default()
    }

    /// The value of a cookie of ours.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.cookie.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).next()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self::of(&parts.method, &parts.headers, peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(method: &Method, headers: &[(&'static str, &'static str)]) -> Caller {
        let headers = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        });
        Caller::of(method, &headers.collect(), None)
    }

    #[test]
    fn people_and_programs_are_told_apart() {
        let person = ("user-agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1");
        for (method, headers, expected) in [
            (Method::GET, vec![person], false),
            (Method::HEAD, vec![person], true),
            (Method::GET, vec![], true),
            (Method::GET, vec![("user-agent", "WhatsApp/2.23.20.0")], true),
            (Method::GET, vec![person, ("sec-purpose", "prefetch;prerender")], true),
        ] {
            assert_eq!(caller(&method, &headers).is_machine(), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn a_visitor_is_spoken_to_in_the_first_language_that_both_know() {
        let spoken = ["it".to_owned(), "en".to_owned()];
        for (accept, asked, expected) in [
            ("en-GB,en;q=0.9,it;q=0.8", None, "en"),
            ("fr-FR,fr;q=0.9", None, "it"),
            ("fr, it-CH;q=0.7, en;q=0.3", None, "it"),
            ("it", Some("en"), "en"),
            ("en", Some("de"), "en"),
            ("", None, "it"),
        ] {
            let headers = if accept.is_empty() { vec![] } else { vec![("accept-language", accept)] };
            assert_eq!(
                caller(&Method::GET, &headers).language(asked, &spoken),
                expected,
                "{accept} {asked:?}"
            );
        }
    }
}
