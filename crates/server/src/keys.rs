//! The keys of an installation: who may send events, read, and change things. Owned by the server, kept in
//! `keys.json`, which only its owner can read.
//!
//! A key is 256 random bits behind a prefix that names its scope. Of later keys the file holds SHA-256 only: a slow
//! password hash exists to protect what people can guess, and nobody guesses 256 bits, while every request pays for
//! the hash. The two keys of the first start stand in the file in the clear, since `trama keys` prints them.

pub(crate) mod file;
mod ring;
pub(crate) mod token;

pub use ring::{Holder, Key, Scope};

use crate::audit::Untold;
use crate::clock;
use anyhow::Context;
use ring::Ring;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::RwLock;

/// The keys as they are now; a revocation counts from the next request on.
pub struct Keys {
    file: PathBuf,
    ring: RwLock<Ring>,
}

/// The keys made at the first start, as `trama keys` prints them; `None` once revoked.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FirstKeys {
    pub write_key: Option<String>,
    pub admin_token: Option<String>,
    /// Signs who is signed in on the company's own pages: the hexadecimal HMAC-SHA256 of the user's id under it.
    pub identity_secret: Option<String>,
}

/// What came of asking for a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Created {
    /// The token is shown this once and not kept.
    Key {
        key: Key,
        token: String,
    },
    NameTaken,
    /// Empty, longer than `KEY_NAME_BYTES_MAX`, or with control characters.
    NameUnusable,
    TooMany,
}

impl Keys {
    /// Reads the keys of a data directory, or makes the first two.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let file = data.join("keys.json");
        let ring = match file::read::<Ring>(&file)? {
            Some(mut ring) => {
                if ring.identity_secret.is_none() {
                    ring.draw_identity_secret();
                    file::write(&file, &ring)?;
                }
                ring
            }
            None => {
                let ring = Ring::first(clock::now());
                file::write(&file, &ring)?;
                ring
            }
        };
        Ok(Self { file, ring: RwLock::new(ring) })
    }

    pub fn first(&self) -> FirstKeys {
        let ring = self.ring.read().expect("invariant: nobody panics with the keys in hand");
        FirstKeys {
            write_key: ring.write_key.clone(),
            admin_token: ring.admin_token.clone(),
            identity_secret: ring.identity_secret.clone(),
        }
    }

    /// Whose token this is, if anybody's.
    pub fn holder(&self, token: &str) -> Option<Holder> {
        self.ring.read().expect("invariant: nobody panics with the keys in hand").holder(token)
    }

    pub fn list(&self) -> Vec<Key> {
        let ring = self.ring.read().expect("invariant: nobody panics with the keys in hand");
        ring.keys.iter().map(|stored| stored.key.clone()).collect()
    }

    /// Makes a key. It counts once it is in the file, and so does what is to be told of it.
    pub fn create(&self, name: &str, scope: Scope, by: &Holder) -> anyhow::Result<Created> {
        self.change(|ring| {
            let created = ring.create(name, scope, clock::now());
            if let Created::Key { key, .. } = &created {
                ring.untold.push(Untold::of(by, "key.create", &key.name, &Value::Null, &said_of(key)));
            }
            created
        })
    }

    /// Revokes a key by its id or its name; false when there is none.
    pub fn revoke(&self, id: &str, by: &Holder) -> anyhow::Result<bool> {
        self.change(|ring| {
            let revoked = ring.revoke(id);
            if let Some(key) = &revoked {
                ring.untold.push(Untold::of(by, "key.revoke", &key.name, &said_of(key), &Value::Null));
            }
            revoked.is_some()
        })
    }

    /// Changes that are not in the log yet.
    pub(crate) fn untold(&self) -> Vec<Untold> {
        self.ring.read().expect("invariant: nobody panics with the keys in hand").untold.clone()
    }

    /// They are in the log.
    pub(crate) fn told(&self, told: &[Untold]) -> anyhow::Result<()> {
        self.change(|ring| ring.untold.retain(|one| !told.contains(one)))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Ring) -> T) -> anyhow::Result<T> {
        let mut ring = self.ring.write().expect("invariant: nobody panics with the keys in hand");
        let mut changed = ring.clone();
        let answer = change(&mut changed);
        if changed != *ring {
            file::write(&self.file, &changed).context("the change of keys was not kept")?;
            *ring = changed;
        }
        Ok(answer)
    }
}

/// What the audit tells of a key.
fn said_of(key: &Key) -> Value {
    json!({ "id": key.id, "scope": key.scope })
}
