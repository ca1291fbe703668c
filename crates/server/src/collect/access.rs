//! Which write key a request comes with. SDKs have five ways to say it; what a header says outweighs the body, since
//! a browser SDK masks the key that it puts there.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::net::{IpAddr, Ipv6Addr};

/// Base64 as senders write it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key in the head of a request: `X-Write-Key: key:secret`, `Authorization: Basic` of `key:` or of `key`, or
/// `?writeKey=key`. Of a bearer token nothing is taken: it comes with the key in the body.
pub(crate) fn write_key(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let front = |text: &str| text.split(':').next().unwrap_or_default().trim().to_owned();
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let own = text(header::HeaderName::from_static("x-write-key")).map(front);
    let basic = || {
        let (scheme, encoded) = text(header::AUTHORIZATION)?.split_once(' ')?;
        let decoded = BASE64.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        Some(front(str::from_utf8(&decoded).ok()?))
    };
    let asked = || query?.split('&').find_map(|pair| pair.strip_prefix("writeKey=")).map(front);
    let some = |key: &String| !key.is_empty();
    own.filter(some).or_else(|| basic().filter(some)).or_else(|| asked().filter(some))
}

/// The address that a request came from. A proxy beside us, on this machine or in its private network, is believed
/// about whom it speaks for; anybody else could write what they like.
pub(crate) fn client_ip(connection: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let is_near = |ip: &IpAddr| match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    };
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hops = forwarded.split(',').rev().filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
    let believed = hops.take_while({
        let mut near = connection.as_ref().is_some_and(is_near);
        move |hop| std::mem::replace(&mut near, is_near(hop))
    });
    believed.last().or(connection).map(|ip| ip.to_canonical())
}

/// The network that an address stands for where callers are counted: whoever has one IPv6 address has the whole network that it
/// is in.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_wherever_an_sdk_puts_it() {
        for (name, value, query, expected) in [
            ("authorization", "Basic d2tfdGVzdF8xMjM6", None, Some("wk_test_123")),
            ("authorization", "Basic d2tfdGVzdF8xMjM=", None, Some("wk_test_123")),
            ("authorization", "basic d2tfdGVzdF8xMjM", None, Some("wk_test_123")),
            ("authorization", "Bearer abc", None, None),
            ("authorization", "Basic Og==", None, None),
            ("authorization", "Basic !", Some("a=1&writeKey=wk"), Some("wk")),
            ("x-write-key", "key1:secret1", Some("writeKey=wk"), Some("key1")),
            ("x-other", "", Some("writeKey="), None),
        ] {
            let headers = HeaderMap::from_iter([(
                header::HeaderName::from_static(name),
                header::HeaderValue::from_static(value),
            )]);
            assert_eq!(write_key(&headers, query).as_deref(), expected, "{name}: {value} {query:?}");
        }
    }

    #[test]
    fn only_a_proxy_beside_us_is_believed() {
        for (connection, forwarded, expected) in [
            (None, "", None),
            (Some("203.0.113.9"), "", Some("203.0.113.9")),
            (Some("203.0.113.9"), "198.51.100.1", Some("203.0.113.9")),
            (Some("127.0.0.1"), "198.51.100.1", Some("198.51.100.1")),
            (Some("127.0.0.1"), "1.2.3.4, 198.51.100.1", Some("198.51.100.1")),
            (Some("127.0.0.1"), "1.2.3.4, 198.51.100.1, 10.0.0.7", Some("198.51.100.1")),
            (Some("::ffff:10.0.0.1"), "2001:db8::1", Some("2001:db8::1")),
            (Some("::1"), "rubbish", Some("::1")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let connection = connection.map(|ip| ip.parse().unwrap());
            let expected = expected.map(|ip: &str| ip.parse().unwrap());
            assert_eq!(client_ip(connection, &headers), expected, "{connection:?} {forwarded}");
        }
    }
}
