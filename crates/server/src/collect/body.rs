//! From a request's body to JSON text: read to a bound, decompressed to a bound, mended where senders write what is
//! almost JSON.

use super::envelope::EnvelopeError;
use crate::limits::{BODY_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX};
use axum::body::{Body, Bytes};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io::Read;

/// What every gzip stream begins with, and no JSON does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads the body to its end. Whether its length was announced does not matter, nor what its content type is.
pub(super) async fn read(body: Body) -> Result<Bytes, EnvelopeError> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(EnvelopeError::TooLarge { limit: BODY_BYTES_MAX })
        }
        Err(error) => Err(EnvelopeError::Interrupted(error.to_string())),
    }
}

/// Decompresses what begins as gzip does. `Content-Encoding` is not asked: SDKs forget it, and proxies keep it after
/// they decompressed.
pub(super) fn decompressed(body: Bytes) -> Result<Bytes, EnvelopeError> {
    if !body.starts_with(&GZIP) {
        return Ok(body);
    }
    let limit = body.len().saturating_mul(RATIO_MAX).clamp(RATIO_FREE_BYTES, BODY_BYTES_MAX);
    let mut out = Vec::with_capacity(body.len().saturating_mul(8).min(limit));
    let mut decoder = MultiGzDecoder::new(&*body).take(limit as u64 + 1);
    decoder.read_to_end(&mut out).map_err(|error| EnvelopeError::Encoding(error.to_string()))?;
    if out.len() > limit { Err(EnvelopeError::TooLarge { limit }) } else { Ok(out.into()) }
}

/// The text with `null` for the bare words `NaN` and `Infinity`, which Python and others write and JSON does not have.
/// `None` where there are none, so that a body without them is not read again.
pub(super) fn mended(json: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
    let mut out = Vec::with_capacity(json.len() + 16);
    let (mut in_text, mut found) = (false, false);
    let mut rest = json;
    while let [byte, tail @ ..] = rest {
        if !in_text
            && matches!(byte, b'N' | b'I' | b'-')
            && let Some(word) = WORDS.into_iter().find(|word| rest.starts_with(word))
        {
            out.extend_from_slice(b"null");
            rest = &rest[word.len()..];
            found = true;
            continue;
        }
        out.push(*byte);
        rest = tail;
        match (byte, rest) {
            (b'"', _) => in_text = !in_text,
            (b'\\', [escaped, tail @ ..]) => {
                out.push(*escaped);
                rest = tail;
            }
            _ => {}
        }
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn bodies_are_decompressed_within_bounds() {
        let json = Bytes::from_static(b"{\"batch\":[]}");
        assert_eq!(decompressed(json.clone()), Ok(json.clone()));
        assert_eq!(decompressed(gzip(&json)), Ok(json.clone()));
        let torn = gzip(&json);
        assert!(matches!(decompressed(torn.slice(..torn.len() - 9)), Err(EnvelopeError::Encoding(_))));
        let spaces = vec![b' '; RATIO_FREE_BYTES];
        assert_eq!(decompressed(gzip(&spaces)).map(|body| body.len()), Ok(RATIO_FREE_BYTES));
        let bomb = gzip(&vec![b' '; 2 * RATIO_FREE_BYTES]);
        assert_eq!(decompressed(bomb), Err(EnvelopeError::TooLarge { limit: RATIO_FREE_BYTES }));
    }

    #[test]
    fn bare_words_become_null_outside_texts_only() {
        let mended = |json: &str| mended(json.as_bytes()).map(|out| String::from_utf8(out).unwrap());
        assert_eq!(
            mended(r#"{"a":NaN,"b":-Infinity,"c":[Infinity,-1]}"#).as_deref(),
            Some(r#"{"a":null,"b":null,"c":[null,-1]}"#)
        );
        assert_eq!(
            mended(r#"{"a\"NaN":"NaN","b":"\\","c":NaN}"#).as_deref(),
            Some(r#"{"a\"NaN":"NaN","b":"\\","c":null}"#)
        );
        assert_eq!(mended(r#"{"a":"NaN \" Infinity"}"#), None);
        assert_eq!(mended("\\"), None);
    }
}
