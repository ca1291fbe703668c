//! Keys that sign for a domain, as they lie in `dkim.json`, which only its owner can read, and the DNS record under
//! which receivers find their public halves. Made by `trama keys dkim`, read at the start.

use crate::keys::file;
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name of the file in a data directory.
const FILE: &str = "dkim.json";
/// One string of a DNS record holds no more (RFC 1035 3.3.14).
const DNS_STRING_BYTES: usize = 255;

/// All keys, the newest last.
#[derive(Default, Serialize, Deserialize)]
pub struct DkimKeys {
    pub keys: Vec<StoredKey>,
}

/// One key in the file.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredKey {
    pub domain: String,
    /// What makes its DNS name: `selector._domainkey.domain`.
    pub selector: String,
    pub algorithm: Algorithm,
    pub created_at: String,
    /// PKCS #8, in base64.
    private_key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// RSA with 2048 bits: what every receiver verifies.
    Rsa,
    /// RFC 8463.
    Ed25519,
}

/// A key that can sign.
pub struct DkimKey {
    domain: String,
    selector: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a key cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("{0:?} is not a domain name")]
    Domain(String),
    #[error("{0:?} is not a selector: letters, digits, dashes and dots")]
    Selector(String),
    #[error(
        "the private key of {0} cannot be read: it must be PKCS #8, RSA with at least 2048 bits or Ed25519"
    )]
    Unreadable(String),
    #[error(
        "there is a key {0} already; choose another --selector, and publish both until the old one is unused"
    )]
    Taken(String),
}

impl Algorithm {
    pub const ALL: [Self; 2] = [Self::Rsa, Self::Ed25519];

    /// The tag `a=` of a signature.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }

    /// The tag `k=` of a DNS record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl DkimKeys {
    /// The keys of a data directory; none where nobody made any.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        Ok(file::read(&data.join(FILE))?.unwrap_or_default())
    }

    pub fn save(&self, data: &Path) -> anyhow::Result<()> {
        file::write(&data.join(FILE), self)
    }

    /// Adds a key, new or read from PEM.
    pub fn add(
        &mut self,
        domain: &str,
        selector: &str,
        algorithm: Algorithm,
        created_at: String,
        pem: Option<&str>,
    ) -> Result<&StoredKey, KeyError> {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        if !is_name(&domain) || !domain.contains('.') {
            return Err(KeyError::Domain(domain));
        }
        if !is_name(selector) {
            return Err(KeyError::Selector(selector.to_owned()));
        }
        let private_key = match pem {
            Some(pem) => base64_of(pem),
            None => BASE64_STANDARD.encode(made(algorithm)),
        };
        let stored = StoredKey { domain, selector: selector.to_owned(), algorithm, created_at, private_key };
        let taken = self.keys.iter().any(|one| one.dns_name() == stored.dns_name());
        if taken {
            return Err(KeyError::Taken(stored.dns_name()));
        }
        DkimKey::read(&stored)?;
        self.keys.push(stored);
        Ok(self.keys.last().expect("invariant: it was just added"))
    }

    /// Takes a key out; false when there is none of that name.
    pub fn remove(&mut self, dns_name: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|one| one.dns_name() != dns_name.trim_end_matches('.'));
        self.keys.len() < before
    }
}

impl StoredKey {
    pub fn dns_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The text of the DNS record, in one piece.
    pub fn dns_text(&self) -> Result<String, KeyError> {
        let public = BASE64_STANDARD.encode(DkimKey::read(self)?.public());
        Ok(format!("v=DKIM1; k={}; p={public}", self.algorithm.name()))
    }

    /// The record as a line of a zone file, in strings that are short enough.
    pub fn zone_line(&self) -> Result<String, KeyError> {
        let text = self.dns_text()?;
        let strings =
            text.as_bytes().chunks(DNS_STRING_BYTES).map(|piece| format!("\"{}\"", piece.escape_ascii()));
        Ok(format!("{}. IN TXT ( {} )", self.dns_name(), strings.collect::<Vec<_>>().join(" ")))
    }
}

impl DkimKey {
    pub fn read(stored: &StoredKey) -> Result<Self, KeyError> {
        let unreadable = || KeyError::Unreadable(stored.dns_name());
        let der = BASE64_STANDARD.decode(&stored.private_key).map_err(|_| unreadable())?;
        let pair = match stored.algorithm {
            Algorithm::Rsa => RsaKeyPair::from_pkcs8(&der).ok().map(Pair::Rsa),
            // OpenSSL writes the form without the public half.
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().map(Pair::Ed25519),
        };
        let (domain, selector) = (stored.domain.clone(), stored.selector.clone());
        Ok(Self { domain, selector, pair: pair.ok_or_else(unreadable)? })
    }

    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The public half as DNS has it: of RSA with its wrapping, of Ed25519 bare (RFC 8463 4.2).
    pub(super) fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().expect("invariant: the key was read");
                der.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .expect("invariant: the room is as large as the key");
                signature
            }
            // It signs the hash of the text, unlike Ed25519 elsewhere (RFC 8463 3).
            Pair::Ed25519(pair) => {
                pair.sign(digest::digest(&digest::SHA256, text).as_ref()).as_ref().to_vec()
            }
        }
    }
}

/// The keys stay out of traces.
impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DkimKey")
            .field("domain", &self.domain)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

/// A new private key, as PKCS #8.
fn made(algorithm: Algorithm) -> Vec<u8> {
    let made: Result<Pkcs8V1Der<'_>, _> = match algorithm {
        Algorithm::Rsa => RsaKeyPair::generate(KeySize::Rsa2048).and_then(|pair| pair.as_der()),
        Algorithm::Ed25519 => Ed25519KeyPair::generate().and_then(|pair| pair.as_der()),
    };
    made.expect("the system gives random numbers").as_ref().to_vec()
}

/// What stands between the lines of a PEM file.
fn base64_of(pem: &str) -> String {
    pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect()
}

fn is_name(name: &str) -> bool {
    let fits = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(fits)
}
