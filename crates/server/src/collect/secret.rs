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

/// Whether the text looks like an address with parameters. Cheap, since every text passes through it.
pub(super) fn may_hide_in(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'h' | b'H' | b'?' | b'/' | b'#')) && text.contains('=')
}

/// The address without its secret parameters, or `None` where it has none.
pub(super) fn strip(address: &str) -> Option<String> {
    let mut kept = String::with_capacity(address.len());
    let mut found = false;
    let mut rest = address;
    while let Some(start) = rest.find(['?', '#']) {
        kept.push_str(&rest[..start]);
        let mark = &rest[start..=start];
        let parameters = &rest[start + 1..];
        let end = parameters.find(['?', '#']).unwrap_or(parameters.len());
        let mut separator = mark;
        for pair in parameters[..end].split('&') {
            if is_secret(pair) {
                found = true;
                continue;
            }
            kept.push_str(separator);
            kept.push_str(pair);
            separator = "&";
        }
        rest = &parameters[end..];
    }
    kept.push_str(rest);
    found.then_some(kept)
}

fn is_secret(pair: &str) -> bool {
    let Some((name, _)) = pair.split_once('=') else { return false };
    SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
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
        ] {
            assert_eq!(strip(address).as_deref(), expected, "{address}");
        }
        assert!(!may_hide_in("a sentence about token=1"));
    }
}
