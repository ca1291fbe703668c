//! Identifiers: typed values that point to a profile, and the keyed hash under which the engine looks them up.

use crate::limits::IDENTIFIER_BYTES_MAX;
use borsh::{BorshDeserialize, BorshSerialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// What sort of name an identifier is. The order is that of trust: a lower one wins a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum IdentifierKind {
    /// The company's own name for a registered person. Two of them never share a profile.
    UserId,
    Email,
    Phone,
    DeviceToken,
    /// A type of the company's own; its value is `type:value`.
    External,
    /// A browser's or installation's name for somebody not known yet.
    AnonymousId,
}

/// A keyed 128-bit hash of an identifier: what records carry in the clear and tables are keyed by.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct KeyedHash(pub u128);

/// The installation's key for identifiers and message ids. Keyed, so that nobody outside can aim for a collision;
/// in the log, so that a replay agrees. SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HashKey(pub [u8; 16]);

/// Why a value cannot name anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Null, empty or only white space: the same as not being there.
    Absent,
    /// A placeholder such as `anonymous` or `00000000`, which would join strangers.
    Blocked,
    /// Longer than an identifier may be.
    TooLong,
    /// Not of the form that its kind asks for, such as an email without `@`.
    Malformed,
}

impl IdentifierKind {
    pub const ALL: [Self; 6] =
        [Self::UserId, Self::Email, Self::Phone, Self::DeviceToken, Self::External, Self::AnonymousId];

    /// Its name in the API, in files and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::DeviceToken => "device_token",
            Self::External => "external",
            Self::AnonymousId => "anonymous_id",
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// Reads `user_id:u1` or `email:ada@example.com`; a type of the company's own keeps its name in the value.
pub fn parse_address(address: &str) -> Option<(IdentifierKind, &str)> {
    let (name, value) = address.split_once(':')?;
    let known = IdentifierKind::ALL.into_iter().find(|kind| kind.name() == name);
    Some(match known {
        Some(kind) => (kind, value),
        None => (IdentifierKind::External, address),
    })
}

/// The form in which an identifier is stored and hashed, or why it is unusable.
///
/// White space around it goes; emails become lower case; phones keep `+` and digits.
pub fn normalise(kind: IdentifierKind, raw: &str) -> Result<String, Unusable> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Err(Unusable::Absent);
    }
    if trimmed.len() > IDENTIFIER_BYTES_MAX {
        return Err(Unusable::TooLong);
    }
    if is_placeholder(trimmed) {
        return Err(Unusable::Blocked);
    }
    let value: String = match kind {
        IdentifierKind::Email => trimmed.to_lowercase(),
        IdentifierKind::Phone => trimmed.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        _ if trimmed.contains('\0') => trimmed.replace('\0', ""),
        _ => trimmed.to_owned(),
    };
    let well_formed = match kind {
        IdentifierKind::Email => is_email(&value),
        IdentifierKind::Phone => (6..=20).contains(&value.len()) && value.rfind('+').is_none_or(|at| at == 0),
        _ => !value.is_empty(),
    };
    if well_formed { Ok(value) } else { Err(Unusable::Malformed) }
}

/// One `@` with something on both sides, a dot or `localhost` after it, and nothing that could break a mail header.
fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>,;:\"()[]\\@".contains(c);
    let host = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty() && local.chars().all(plain) && domain.chars().all(plain) && domain.split('.').all(host)
}

/// Values that buggy senders put where a name belongs. The union of the lists that Segment and PostHog publish, and
/// of the constants that SDK bugs have sent.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "-1",
        "0",
        "anonymous",
        "anonymousid",
        "anonymous_id",
        "distinct_id",
        "distinctid",
        "email",
        "false",
        "guest",
        "id",
        "n/a",
        "nan",
        "none",
        "not_authenticated",
        "null",
        "[object object]",
        "true",
        "undefined",
        "unknown",
        "user_id",
        "void",
    ];
    let unquoted = value.trim_matches(['"', '\'']);
    unquoted.is_empty()
        || unquoted.bytes().all(|byte| byte == b'0' || byte == b'-')
        || WORDS.iter().any(|word| unquoted.eq_ignore_ascii_case(word))
}

impl HashKey {
    /// The hash of an identifier in normalised form.
    pub fn identifier(&self, kind: IdentifierKind, normalised: &str) -> KeyedHash {
        self.hash(kind.code(), &[normalised.as_bytes()])
    }

    /// The hash of an address of which nothing is known but its SHA-256, as the keepers of some opt-out registers hand it out.
    pub fn digest(&self, sha256: &[u8; 32]) -> KeyedHash {
        self.hash(0xfd, &[sha256])
    }

    /// The hash of a message id, scoped to the source that sent it.
    pub fn message_id(&self, source: &str, message_id: &str) -> KeyedHash {
        self.hash(0xff, &[source.as_bytes(), message_id.as_bytes()])
    }

    /// Bits for the codes of an offer.
    pub(crate) fn code(&self, offer: &str, of: &[u8], number: u64) -> u64 {
        self.hash(0xfe, &[offer.as_bytes(), of, &number.to_le_bytes()]).0 as u64
    }

    fn hash(&self, domain: u8, parts: &[&[u8]]) -> KeyedHash {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&[domain]);
        for part in parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        KeyedHash(hasher.finish128().as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_normalised_or_refused_with_a_reason() {
        use IdentifierKind::{AnonymousId, Email, Phone, UserId};
        for (kind, raw, expected) in [
            (UserId, " u1 ", Ok("u1")),
            (UserId, "42", Ok("42")),
            (UserId, "", Err(Unusable::Absent)),
            (UserId, "  ", Err(Unusable::Absent)),
            (UserId, "null", Err(Unusable::Blocked)),
            (UserId, "'Undefined'", Err(Unusable::Blocked)),
            (UserId, "00000000-0000-0000", Err(Unusable::Blocked)),
            (AnonymousId, "anonymousId", Err(Unusable::Blocked)),
            (Email, "Ada@Example.COM", Ok("ada@example.com")),
            (Email, "ada", Err(Unusable::Malformed)),
            (Email, "ada@example.com\r\nBcc: eve@example.com", Err(Unusable::Malformed)),
            (Email, "a@b@c", Err(Unusable::Malformed)),
            (Phone, "+39 02 1234-567", Ok("+39021234567")),
            (Phone, "12", Err(Unusable::Malformed)),
        ] {
            assert_eq!(normalise(kind, raw), expected.map(str::to_owned), "{raw:?}");
        }
        assert_eq!(normalise(UserId, &"x".repeat(257)), Err(Unusable::TooLong));
    }

    #[test]
    fn addresses_name_a_kind_or_a_type_of_ones_own() {
        assert_eq!(parse_address("user_id:a:b"), Some((IdentifierKind::UserId, "a:b")));
        assert_eq!(parse_address("shop:7"), Some((IdentifierKind::External, "shop:7")));
        assert_eq!(parse_address("u1"), None);
    }

    #[test]
    fn hashes_differ_by_key_kind_and_source() {
        let (one, two) = (HashKey([1; 16]), HashKey([2; 16]));
        let hash = one.identifier(IdentifierKind::UserId, "u1");
        assert_eq!(hash, one.identifier(IdentifierKind::UserId, "u1"));
        assert_ne!(hash, two.identifier(IdentifierKind::UserId, "u1"));
        assert_ne!(hash, one.identifier(IdentifierKind::AnonymousId, "u1"));
        assert_ne!(one.message_id("ab", "c"), one.message_id("a", "bc"));
    }
}
