//! Who is behind a browser, and how sure that is.

use crate::hub::Hub;
use crate::problem::Problem;
use axum::http::StatusCode;
use engine::ProfileId;
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, normalise};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// What a browser says of the person in front of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Stated {
    #[serde(default)]
    pub(super) anonymous_id: Option<String>,
    #[serde(default)]
    pub(super) user_id: Option<String>,
    /// The hexadecimal HMAC-SHA256 of the user's id under the identity secret, made by the company's own server.
    #[serde(default)]
    pub(super) user_hash: Option<String>,
}

/// The identifier that what the person does is told by.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) kind: IdentifierKind,
    pub(super) value: String,
    /// It was proved that the browser speaks for this user.
    pub(super) is_proved: bool,
}

impl Stated {
    /// A user's id counts only with its proof: anybody can write one into a page.
    pub(super) fn named(&self, hub: &Hub) -> Result<Named, Problem> {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        if let (Some(user), Some(hash)) = (some(&self.user_id), some(&self.user_hash)) {
            let refused = || {
                let message = "this is not the hash of this user under the identity secret; `trama keys --json` shows it";
                Problem {
                    field: Some("user_hash".into()),
                    ..Problem::new(StatusCode::FORBIDDEN, "bad_user_hash", message)
                }
            };
            let secret = hub.keys.first().identity_secret.ok_or_else(refused)?;
            if !is_hash_of(&user, &secret, &hash) {
                return Err(refused());
            }
            return named(IdentifierKind::UserId, "user_id", &user, true);
        }
        let anonymous = some(&self.anonymous_id).ok_or_else(|| {
            Problem::bad_request(
                "missing_identifier",
                "anonymous_id",
                "say whose browser it is: `anonymous_id`",
            )
        })?;
        named(IdentifierKind::AnonymousId, "anonymous_id", &anonymous, false)
    }
}

fn named(kind: IdentifierKind, field: &str, raw: &str, is_proved: bool) -> Result<Named, Problem> {
    let value = normalise(kind, raw).map_err(|_| {
        Problem::bad_request("bad_identifier", field, "this is a placeholder, or too long for a name")
    })?;
    Ok(Named { kind, value, is_proved })
}

impl Named {
    pub(super) fn profile(&self, engine: &Engine) -> Option<ProfileId> {
        engine.find(self.kind, &self.value)
    }

    /// Whether what is known of the person may be told to the browser: it was proved whose it is, or all of it came from
    /// browsers that nobody put a name to.
    pub(super) fn may_read(&self, engine: &Engine, id: ProfileId) -> bool {
        let is_nameless = |kind| kind == IdentifierKind::AnonymousId;
        let identifiers = engine.profile(id).map(|profile| profile.identifiers());
        self.is_proved || identifiers.is_some_and(|all| all.iter().all(|one| is_nameless(one.kind)))
    }
}

/// Takes as long for a hash that is nearly right as for a wrong one.
fn is_hash_of(user: &str, secret: &str, hash: &str) -> bool {
    let digits = |at: usize| u8::from_str_radix(hash.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(digits).collect();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("invariant: any length of key will do");
    mac.update(user.as_bytes());
    bytes.is_some_and(|bytes| hash.len() == 64 && mac.verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_hmac_that_other_languages_make() {
        // printf u1 | openssl dgst -sha256 -hmac secret
        let made = "8a629605d37d74d6c872140bed892da5f3739914899fdd6171dfe43031786151";
        assert!(is_hash_of("u1", "secret", made) && is_hash_of("u1", "secret", &made.to_uppercase()));
        for (user, secret, hash) in [
            ("u2", "secret", made),
            ("u1", "other", made),
            ("u1", "secret", &made[..62]),
            ("u1", "secret", ""),
        ] {
            assert!(!is_hash_of(user, secret, hash), "{user} {secret} {hash}");
        }
    }
}
