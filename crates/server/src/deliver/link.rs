//! The links of a message: our own, which are signed, and the author's, which lead through us when clicks are
//! tracked.
//!
//! When a template is compiled, each target of a link becomes a slot; when it is rendered, the slot decides what
//! to write. So links that are made by Liquid are tracked like any other, and nothing reads HTML for each send.
//! A redirect only ever goes where a token says that we signed, and a link is signed only if it leads to a host
//! that the author wrote out somewhere in the message: a trait or an event, which strangers can send, cannot make
//! our domain lead to theirs.

use std::collections::BTreeSet;
use std::fmt::Write;

use engine::SendId;

use super::html::{Kind, Piece, liquid_length};
use super::token::{Token, TokenKey};
use crate::limits::LINK_BYTES_MAX;
use crate::liquid::{Links, Template, unescape_html};

/// Makes the addresses under which this installation is reached from messages.
#[derive(Debug, Clone)]
pub struct SignedLinks {
    /// Scheme and host, without a slash at the end.
    base: String,
    key: TokenKey,
}

impl SignedLinks {
    /// `base` is the public address of the installation; `link_key` that of the record `Installed`.
    pub fn new(base: &str, link_key: &[u8; 32]) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), key: TokenKey::new(link_key) }
    }

    pub fn key(&self) -> &TokenKey {
        &self.key
    }

    pub fn open_pixel(&self, send: SendId) -> String {
        format!("{}/o/{}.gif", self.base, self.key.sign(&Token::Open { send }))
    }

    /// The picture that is the same for everybody who gets a message.
    pub fn view_pixel(&self, message: &str) -> String {
        format!("{}/o/{}.gif", self.base, self.key.sign(&Token::View { message: message.to_owned() }))
    }

    pub fn click(&self, send: SendId, link: u32, url: String) -> String {
        format!("{}/c/{}", self.base, self.key.sign(&Token::Click { send, link, url }))
    }

    pub fn unsubscribe(&self, send: SendId, purpose: &str) -> String {
        let token = Token::Unsubscribe { send, purpose: purpose.to_owned() };
        format!("{}/unsubscribe/{}", self.base, self.key.sign(&token))
    }

    pub fn preferences(&self, send: SendId) -> String {
        format!("{}/preferences/{}", self.base, self.key.sign(&Token::Preferences { send }))
    }

    pub fn confirm(&self, send: SendId, purpose: &str) -> String {
        let token = Token::Confirm { send, purpose: purpose.to_owned() };
        format!("{}/confirm/{}", self.base, self.key.sign(&token))
    }
}

/// A template whose links have become slots.
pub(super) struct Slotted {
    pub(super) source: String,
    /// The hosts that the author wrote out.
    pub(super) hosts: BTreeSet<String>,
}

/// Puts a slot around each target that may be a web address, and one for the pixel at the end of the body.
pub(super) fn slotted(html: &str, pieces: &[Piece<'_>], pixel: &str) -> Slotted {
    let mut out = Slotted { source: String::with_capacity(html.len() * 2), hosts: BTreeSet::new() };
    let body_end = pieces.iter().rev().find(|piece| is_body_end(piece)).map_or(html.len(), |piece| piece.at);
    let mut written = 0;
    let mut count = 0;
    for target in pieces.iter().flat_map(targets) {
        if !may_be_web(target.value) || Template::parse(target.value).is_err() {
            continue;
        }
        out.hosts.extend(written_host(target.value));
        let end = target.at + target.value.len();
        out.source.push_str(&html[written..target.at]);
        write!(out.source, "{{% link {count} %}}{}{{% endlink %}}", target.value)
            .expect("writing to a string");
        (written, count) = (end, count + 1);
    }
    // A target cannot reach over the end of the body, so the pixel comes after all of them.
    let pixel_at = body_end.max(written);
    out.source.push_str(&html[written..pixel_at]);
    out.source.push_str(pixel);
    out.source.push_str(&html[pixel_at..]);
    out
}

fn is_body_end(piece: &Piece<'_>) -> bool {
    matches!(piece.kind, Kind::Close { name } if name.eq_ignore_ascii_case("body"))
}

/// The targets of links. An element may have several, with Liquid choosing between them.
fn targets<'p, 's>(piece: &'p Piece<'s>) -> impl Iterator<Item = &'p super::html::HtmlAttribute<'s>> {
    let element = match &piece.kind {
        Kind::Open(element) if element.is("a") || element.is("area") => Some(element),
        _ => None,
    };
    let attributes = element.into_iter().flat_map(|element| &element.attributes);
    attributes.filter(|attribute| attribute.name.eq_ignore_ascii_case("href"))
}

/// Anchors, `mailto:`, `tel:` and the like are known by how they begin; what Liquid begins is seen when rendering.
fn may_be_web(target: &str) -> bool {
    let target = target.trim_start();
    liquid_length(target).is_some() || is_web(target)
}

pub(super) fn is_web(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.as_bytes().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

/// The host of a target whose beginning is written out, up to and with the end of its host.
fn written_host(target: &str) -> Option<String> {
    let static_length = target.find("{{").into_iter().chain(target.find("{%")).min();
    let start = unescape_html(target[..static_length.unwrap_or(target.len())].trim_start());
    let host_ends = static_length.is_none() || after_scheme(&start)?.contains(['/', '?', '#']);
    if host_ends { host(&safe_url(&start)) } else { None }
}

fn after_scheme(url: &str) -> Option<&str> {
    is_web(url).then(|| url.split_once("://").map(|(_, rest)| rest))?
}

/// The host of a web address, in lower case: without user, password and port.
fn host(url: &str) -> Option<String> {
    let authority = after_scheme(url)?.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// The address with everything percent-encoded that may not stand in one: white space, quotes, line breaks, the
/// backslash that browsers read as a slash, and what is not ASCII. Percent signs are taken for encoding.
fn safe_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => write!(out, "%{byte:02X}"),
            b'!'..=b'~' => out.write_char(char::from(byte)),
            _ => write!(out, "%{byte:02X}"),
        }
        .expect("writing to a string");
    }
    out
}

/// Decides where the links of one send lead.
pub(super) struct SendLinks<'a> {
    pub(super) signed: &'a SignedLinks,
    pub(super) send: SendId,
    /// The hosts that clicks may be led to.
    pub(super) hosts: &'a BTreeSet<String>,
    pub(super) track: bool,
}

impl Links for SendLinks<'_> {
    fn target(&self, index: u32, written: &str) -> String {
        let url = safe_url(written.trim());
        if !is_web(&url) {
            return if is_code(&url) { "#".to_owned() } else { url };
        }
        let is_ours =
            url.strip_prefix(&self.signed.base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let may_lead = host(&url).is_some_and(|host| self.hosts.contains(&host));
        // Our short links, pages and forms are led to through us as well, so that they know who comes.
        let is_hosted = is_ours && {
            let path = &url[self.signed.base.len()..];
            ["/l/", "/q/", "/p/", "/f/"].iter().any(|start| path.starts_with(start))
        };
        let may_lead = if is_ours { is_hosted } else { may_lead };
        // An address too long for a token is better untracked than broken.
        if !self.track || !may_lead || url.len() > LINK_BYTES_MAX {
            return url;
        }
        self.signed.click(self.send, index, url)
    }
}

/// Schemes that run what follows them: no message needs one, so one can only have come in with a value.
fn is_code(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    // Browsers skip encoded and real white space inside a scheme.
    let letters: String = scheme.chars().filter(char::is_ascii_alphabetic).collect();
    url.contains(':') && ["javascript", "vbscript", "data"].iter().any(|code| letters.ends_with(code))
}

#[cfg(test)]
mod tests {
    use super::super::html::scan;
    use super::*;

    #[test]
    fn each_target_that_may_be_web_becomes_a_slot() {
        let rows = [
            (
                "<a href=\"https://x.example/a\">",
                "<a href=\"{% link 0 %}https://x.example/a{% endlink %}\">PIXEL",
            ),
            ("<A HREF='HTTP://x.example'>", "<A HREF='{% link 0 %}HTTP://x.example{% endlink %}'>PIXEL"),
            ("<a href={{ u }}>", "<a href={% link 0 %}{{ u }}{% endlink %}>PIXEL"),
            (
                "<a href='{{ a }}'></a><area href='{{ b }}'>",
                "<a href='{% link 0 %}{{ a }}{% endlink %}'></a><area href='{% link 1 %}{{ b }}{% endlink %}'>PIXEL",
            ),
            ("<a href='mailto:a@b.example'>", "<a href='mailto:a@b.example'>PIXEL"),
            (
                "<a href='#top'><a href='tel:1'><a href=''><a>",
                "<a href='#top'><a href='tel:1'><a href=''><a>PIXEL",
            ),
            ("<link href='https://x.example/a.css'>", "<link href='https://x.example/a.css'>PIXEL"),
            ("<a href='{% if x %}https://a.example'>", "<a href='{% if x %}https://a.example'>PIXEL"),
            ("<!-- <a href='https://x.example'> -->", "<!-- <a href='https://x.example'> -->PIXEL"),
            ("<body>a</body></html>", "<body>aPIXEL</body></html>"),
        ];
        for (html, expected) in rows {
            assert_eq!(slotted(html, &scan(html), "PIXEL").source, expected);
        }
    }

    #[test]
    fn a_host_counts_as_written_only_if_no_value_can_change_it() {
        let rows = [
            ("https://Shop.example/a?b={{ c }}", Some("shop.example")),
            ("https://shop.example", Some("shop.example")),
            ("https://shop.example:8443?x", Some("shop.example")),
            ("https://shop.example{{ path }}", None),
            ("https://{{ shop }}.example/", None),
            ("https://user{{ x }}@shop.example/", None),
            ("https://shop.example\\{{ x }}/", None),
            ("{{ url }}", None),
        ];
        for (target, expected) in rows {
            assert_eq!(written_host(target).as_deref(), expected, "of {target}");
        }
        for (url, expected) in [
            ("https://good.example@evil.example/", "evil.example"),
            ("https://good.example%5C@evil.example/", "evil.example"),
            ("https://EVIL.example?good.example/", "evil.example"),
        ] {
            assert_eq!(host(url).as_deref(), Some(expected), "of {url}");
        }
    }
}
