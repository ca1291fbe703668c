//! Secrets in addresses: a page's URL may carry a login token or an email address, which would then lie in the log,
//! in the lake and on operators' screens. They go before anything is stored.

/// Names of query parameters whose values are nobody's business, in lower case.
pub const SECRET_PARAMETERS: [&str; 22] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "auth_token",
    "authorization",
    "client_secret",
    "e-mail",
    "email",
    "id_token",
    "jwt",
    "otp",
    "passwd",
    "password",
    "pwd",
    "refresh_token",
    "reset_token",
    "secret",
    "session_id",
    "sessionid",
    "token",
    "user_email",
];

/// The address without its secret parameters, or `None` where it has none or is no address. Every text passes through
/// here, so the first look is a short one.
pub(super) fn strip(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'h' | b'H' | b'?' | b'/' | b'#')) {
        return None;
    }
    let found = memchr::memchr_iter(b'=', bytes).any(|equals| {
        let start = bytes[..equals].iter().rposition(|byte| matches!(byte, b'?' | b'#' | b'&'));
        start.is_some_and(|start| is_secret(&bytes[start + 1..equals]))
    });
    found.then(|| stripped(text))
}

fn stripped(address: &str) -> String {
    let mut kept = String::with_capacity(address.len());
    let mut rest = address;
    while let Some(start) = rest.find(['?', '#']) {
        let (before, part) = rest.split_at(start);
        kept.push_str(before);
        let (mut separator, parameters) = part.split_at(1);
        let end = parameters.find(['?', '#']).unwrap_or(parameters.len());
        for pair in parameters[..end].split('&') {
            if pair.split_once('=').is_some_and(|(name, _)| is_secret(name.as_bytes())) {
                continue;
            }
            kept.push_str(separator);
            kept.push_str(pair);
            separator = "&";
        }
        rest = &parameters[end..];
    }
    kept + rest
}

fn is_secret(name: &[u8]) -> bool {
    SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_and_the_rest_of_the_address_stays() {
        for (address, expected) in [
            ("https://x.test/a?token=1", Some("https://x.test/a")),
            (
                "https://x.test/a?utm_source=g&Email=ada%40x.test&gclid=1",
                Some("https://x.test/a?utm_source=g&gclid=1"),
            ),
            ("?password=1&b=2", Some("?b=2")),
            ("https://x.test/#access_token=abc&state=1", Some("https://x.test/#state=1")),
            ("https://x.test/?a=1&jwt=2#id_token=3", Some("https://x.test/?a=1")),
            ("https://x.test/?a=1&b=2", None),
            ("https://x.test/email=1", None),
            ("https://x.test/?tokens=1", None),
            ("a sentence about ?token=1", None),
        ] {
            assert_eq!(strip(address).as_deref(), expected, "{address}");
        }
    }
}
