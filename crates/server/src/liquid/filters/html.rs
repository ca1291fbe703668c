//! Filters that write text for a place: HTML, URLs, scripts, base64. In plain text, where nothing reads HTML, the
//! filters that make it leave their value alone, so that one template serves both parts of a mail.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Call;
use crate::liquid::error::Limit;
use crate::liquid::escape::{Escape, Space, push_html, push_url, reference};
use crate::liquid::value::Value;

/// The author vouches for the value: it is written as it is.
pub(super) fn raw(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Value::Safe(call.text()?.into()))
}

pub(super) fn escape(call: &Call<'_>) -> Result<Value, Limit> {
    if call.is_safe() || is_plain(call) {
        return Ok(call.input.clone());
    }
    let mut out = String::new();
    push_html(&mut out, &call.text()?);
    call.html(out)
}

fn is_plain(call: &Call<'_>) -> bool {
    call.context.escape == Escape::Plain
}

/// Escapes what is not yet an entity.
pub(super) fn escape_once(call: &Call<'_>) -> Result<Value, Limit> {
    if is_plain(call) {
        return Ok(call.input.clone());
    }
    let text = call.text()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('&') {
        push_html(&mut out, &rest[..at]);
        let length = reference(&rest[at..]).map_or(1, |(_, length)| length);
        if length > 1 {
            out.push_str(&rest[at..at + length]);
        } else {
            out.push_str("&amp;");
        }
        rest = &rest[at + length..];
    }
    push_html(&mut out, rest);
    call.html(out)
}

pub(super) fn newline_to_br(call: &Call<'_>) -> Result<Value, Limit> {
    if is_plain(call) {
        return Ok(call.input.clone());
    }
    let text = call.text()?;
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, broken) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
        if call.is_safe() || call.context.escape != Escape::Html {
            out.push_str(line);
        } else {
            push_html(&mut out, line);
        }
        if broken {
            out.push_str("<br />\n");
        }
    }
    call.html(out)
}

/// The text between the tags; comments, scripts and style sheets go with all they hold.
pub(super) fn strip_html(call: &Call<'_>) -> Result<Value, Limit> {
    let text = call.text()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let closing = [("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>")]
            .into_iter()
            .find(|(open, _)| starts_with(rest, open))
            .map_or(">", |(_, close)| close);
        match find(rest, closing) {
            Some(end) => rest = &rest[end + closing.len()..],
            None => break,
        }
    }
    out.push_str(rest);
    call.like_input(out)
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn find(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes().windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

pub(super) fn url_encode(call: &Call<'_>) -> Result<Value, Limit> {
    let mut out = String::new();
    push_url(&mut out, &call.text()?, Space::Plus);
    encoded(call, out)
}

pub(super) fn url_escape(call: &Call<'_>) -> Result<Value, Limit> {
    let mut out = String::new();
    push_url(&mut out, &call.text()?, Space::Percent);
    encoded(call, out)
}

/// Already fit for a URL, where it must not be encoded twice, and harmless in HTML.
fn encoded(call: &Call<'_>, text: String) -> Result<Value, Limit> {
    call.meter.bytes(text.len())?;
    Ok(Value::Safe(text.into()))
}

/// Plain text again, whatever the input was: an encoded `<` must not come back as markup. Bytes that are no
/// text leave the value as it is.
pub(super) fn url_decode(call: &Call<'_>) -> Result<Value, Limit> {
    let text = call.text()?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    call.plain(String::from_utf8(bytes).unwrap_or_else(|_| text.into_owned()))
}

pub(super) fn base64_encode(call: &Call<'_>) -> Result<Value, Limit> {
    call.plain(BASE64_STANDARD.encode(call.text()?.as_bytes()))
}

/// Nil if it is not base64 of a text.
pub(super) fn base64_decode(call: &Call<'_>) -> Result<Value, Limit> {
    let bytes = BASE64_STANDARD.decode(call.text()?.trim());
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or(Ok(Value::Nil), |text| call.plain(text))
}

/// For scripts of pages: no value can end the script element it stands in.
pub(super) fn json(call: &Call<'_>) -> Result<Value, Limit> {
    call.meter.bytes(call.input.weight())?;
    let mut out = String::new();
    call.input.push_json(&mut out);
    call.plain(out)
}
