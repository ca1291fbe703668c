//! How text is made harmless for the place it is written into.

use std::fmt::Write;

/// What the output of a template is. It decides how each value in it is written; the template's own text is
/// never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Values cannot open a tag, an entity or leave a quoted attribute.
    Html,
    /// Values as they are: subjects, text parts, SMS.
    Plain,
    /// Values are one component of a URL.
    Url,
}

impl Escape {
    pub(super) fn push(self, out: &mut String, text: &str) {
        match self {
            Self::Html => push_html(out, text),
            Self::Plain => out.push_str(text),
            Self::Url => push_url(out, text, Space::Percent),
        }
    }
}

pub(super) fn push_html(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// A space inside a path is `%20`; inside a form value, which is what `url_encode` is for, it is `+`.
#[derive(Clone, Copy)]
pub(super) enum Space {
    Percent,
    Plus,
}

/// Everything but the unreserved characters of RFC 3986.
pub(super) fn push_url(out: &mut String, text: &str, space: Space) {
    for byte in text.bytes() {
        match (byte, space) {
            (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~', _) => {
                out.push(char::from(byte));
            }
            (b' ', Space::Plus) => out.push('+'),
            _ => write!(out, "%{byte:02X}").expect("writing to a string"),
        }
    }
}

/// The text that a piece of HTML stands for. Knows numeric references and the names that mail is written with;
/// a name without its semicolon stays, as browsers leave it in links (`?a=1&copy=2`).
pub fn unescape_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((letter, length)) => {
                out.push(letter);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character reference that `text` begins with, and its length.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    /// `&thetasym;` is the longest name of HTML 4; nothing longer is looked for.
    const NAME_MAX: usize = 10;
    let end = text.bytes().take(NAME_MAX + 2).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "zwnj" => '\u{200c}',
        "zwj" => '\u{200d}',
        "shy" => '\u{ad}',
        "euro" => '€',
        "pound" => '£',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "bull" => '•',
        "middot" => '·',
        "rarr" => '→',
        "larr" => '←',
        "times" => '×',
        "deg" => '°',
        "agrave" => 'à',
        "egrave" => 'è',
        "eacute" => 'é',
        "igrave" => 'ì',
        "ograve" => 'ò',
        "ugrave" => 'ù',
        "Egrave" => 'È',
        _ => numeric(name)?,
    };
    Some((letter, end + 1))
}

fn numeric(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code).filter(|letter| *letter != '\0')
}
