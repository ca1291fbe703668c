//! Signatures of Standard Webhooks: HMAC-SHA256 over the message's id, the instant and the bytes that are sent.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// Shortest and longest secret that the standard takes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that both sides know.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_…`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    pub fn draw() -> Self {
        let mut drawn = vec![0; 32];
        getrandom::fill(&mut drawn).expect("invariant: the operating system gives random bytes");
        Self(drawn)
    }

    /// As its holder writes it down.
    pub fn shown(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }
}

/// The header `webhook-signature`: one signature for each secret, so that the receiver may know either of them.
pub fn signature(secrets: &[Secret], id: &str, second: i64, body: &[u8]) -> String {
    let signed = secrets.iter().map(|secret| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&secret.0).expect("invariant: HMAC takes keys of any length");
        mac.update(format!("{id}.{second}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standard_shows() {
        // The example of the specification and of its libraries.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_sign_both_and_what_is_no_secret_is_none() {
        let (one, two) = (Secret::draw(), Secret::draw());
        let each = |secret: &Secret| signature(std::slice::from_ref(secret), "a", 1, b"{}");
        assert_eq!(
            signature(&[one.clone(), two.clone()], "a", 1, b"{}"),
            format!("{} {}", each(&one), each(&two))
        );
        assert_ne!(each(&one), signature(std::slice::from_ref(&one), "a", 2, b"{}"), "the instant is signed");
        assert!(Secret::parse(&one.shown()) == Some(one));
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
