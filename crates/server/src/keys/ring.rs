//! The set of keys in memory: drawing, finding and revoking them. Pure but for the draw of random bits.

use super::Created;
use super::token::{TokenHash, random_text};
use crate::access::Rights;
use crate::audit::Untold;
use crate::limits::{KEY_NAME_BYTES_MAX, KEYS_MAX};
use engine::at::At;
use serde::{Deserialize, Serialize};

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send events; the key's name is the name of their source.
    Write,
    /// Read all that the management API shows.
    Read,
    /// Read and change everything.
    Admin,
    /// Tell what came back of sends, as a provider's webhook does.
    Returns,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Admin => "admin",
            Self::Returns => "returns",
        }
    }
}

/// A key as it is listed: never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Key {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    /// RFC 3339.
    pub created_at: String,
}

/// Who stands behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub name: String,
    pub rights: Rights,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ring {
    /// The first write key in the clear.
    pub(super) write_key: Option<String>,
    /// The first admin token in the clear.
    pub(super) admin_token: Option<String>,
    /// With which a company's own server proves who is signed in on its pages; absent in files of before.
    #[serde(default)]
    pub(super) identity_secret: Option<String>,
    pub(super) keys: Vec<StoredKey>,
    /// Changes that are not in the log yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) untold: Vec<Untold>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredKey {
    #[serde(flatten)]
    pub(super) key: Key,
    hash: TokenHash,
}

impl Ring {
    /// The keys of a first start.
    pub(super) fn first(at: At) -> Self {
        let mut ring = Self {
            write_key: None,
            admin_token: None,
            identity_secret: None,
            keys: Vec::new(),
            untold: Vec::new(),
        };
        ring.draw_identity_secret();
        for (name, scope) in [("default", Scope::Write), ("first admin", Scope::Admin)] {
            let Created::Key { token, .. } = ring.create(name, scope, at) else {
                unreachable!("invariant: an empty ring has room for both names")
            };
            match scope {
                Scope::Write => ring.write_key = Some(token),
                _ => ring.admin_token = Some(token),
            }
        }
        ring
    }

    pub(super) fn draw_identity_secret(&mut self) {
        self.identity_secret = Some(format!("trama_identity_{}", random_text::<32>()));
    }

    pub(super) fn create(&mut self, name: &str, scope: Scope, at: At) -> Created {
        let name = name.trim();
        if name.is_empty() || name.len() > KEY_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Created::NameUnusable;
        }
        if self.keys.iter().any(|stored| stored.key.name == name) {
            return Created::NameTaken;
        }
        if self.keys.len() >= KEYS_MAX {
            return Created::TooMany;
        }
        let token = format!("trama_{}_{}", scope.name(), random_text::<32>());
        let key = Key { id: random_text::<9>(), name: name.to_owned(), scope, created_at: at.to_string() };
        self.keys.push(StoredKey { key: key.clone(), hash: TokenHash::of(&token) });
        Created::Key { key, token }
    }

    /// Gives the key that it was.
    pub(super) fn revoke(&mut self, id: &str) -> Option<Key> {
        let place = self.keys.iter().position(|stored| stored.key.id == id || stored.key.name == id)?;
        let revoked = self.keys.remove(place);
        for first in [&mut self.write_key, &mut self.admin_token] {
            if first.as_ref().is_some_and(|token| TokenHash::of(token) == revoked.hash) {
                *first = None;
            }
        }
        Some(revoked.key)
    }

    /// Looks at every key and compares without an early end, so that the time taken tells nothing about the hashes.
    pub(super) fn holder(&self, token: &str) -> Option<Holder> {
        let presented = TokenHash::of(token);
        let mut found = None;
        for stored in &self.keys {
            if stored.hash.is(&presented) {
                found = Some(&stored.key);
            }
        }
        found.map(|key| Holder { name: key.name.clone(), rights: Rights::Key(key.scope) })
    }
}
