//! DKIM signatures (RFC 6376, RFC 8463): what lets a receiver see that a message comes from its sender's domain and
//! that neither its text nor its headers were changed on the way.
//!
//! Owned by the email channel, called by its tasks, never by a thread of the engine. Each domain has a key of either
//! kind, or both, and then a message carries both signatures: Ed25519 is short and fast, and RSA is what everybody can
//! verify. The same message and instant give the same bytes, so that a retry sends what the first attempt sent.
//!
//! The signer is ours because the arithmetic is all there is to a library here, and that comes from `aws-lc-rs`, which
//! TLS brings in any case; `mail-auth` would add a DNS resolver with twenty crates that no signature asks for.

mod canonical;
pub mod key;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use canonical::{Field, Fields};
use engine::at::At;
use key::{DkimKey, DkimKeys};
use std::collections::BTreeMap;

/// Headers that are signed where they stand in a message.
const SIGNED: &[&str] = &[
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
];
/// Of these the signature also says that there is no further one: a second `From` or `Subject`, put in front on the way,
/// is what a mail program would show.
const SIGNED_ONCE_MORE: &[&str] = &[
    "From",
    "To",
    "Subject",
    "Date",
    "Reply-To",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// Characters of a line of the signature: below what mail programs fold.
const LINE_CHARACTERS: usize = 72;

/// The keys of an installation, ready to sign with.
#[derive(Default)]
pub struct Signers {
    /// By domain: the newest key of each kind.
    by_domain: BTreeMap<String, Vec<DkimKey>>,
}

impl Signers {
    /// Takes the newest key of each kind for every domain.
    pub fn new(keys: DkimKeys) -> Result<Self, key::KeyError> {
        let mut by_domain: BTreeMap<String, Vec<DkimKey>> = BTreeMap::new();
        for stored in keys.keys.into_iter().rev() {
            let of_domain = by_domain.entry(stored.domain.clone()).or_default();
            if of_domain.iter().all(|one| one.algorithm() != stored.algorithm) {
                of_domain.push(DkimKey::read(&stored)?);
            }
        }
        // The one that everybody can verify stands in front, where some look no further.
        by_domain.values_mut().for_each(|keys| keys.sort_by_key(DkimKey::algorithm));
        Ok(Self { by_domain })
    }

    /// The domains that have a key.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.by_domain.keys().map(String::as_str)
    }

    /// The keys for a sender's domain: its own, or those of the nearest domain above, whose signature counts for it too
    /// (relaxed alignment, RFC 9989).
    fn keys_of(&self, domain: &str) -> &[DkimKey] {
        let domain = domain.to_ascii_lowercase();
        let mut name = domain.as_str();
        loop {
            if let Some(keys) = self.by_domain.get(name) {
                return keys;
            }
            match name.split_once('.') {
                Some((_, above)) if above.contains('.') => name = above,
                _ => return &[],
            }
        }
    }

    /// Puts the signatures of the sender's domain in front of a message; without a key it stays as it is.
    pub fn sign(&self, from_domain: &str, message: Vec<u8>, at: At) -> Vec<u8> {
        let keys = self.keys_of(from_domain);
        if keys.is_empty() {
            return message;
        }
        let (fields, body) = Fields::split(&message);
        let body_hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &canonical::body(body)));
        let signatures = keys.iter().map(|key| signature(key, &fields, &body_hash, at));
        let mut signed = signatures.collect::<String>().into_bytes();
        signed.extend_from_slice(&message);
        signed
    }
}

/// One header `DKIM-Signature`, with its end of line.
fn signature(key: &DkimKey, fields: &Fields<'_>, body_hash: &str, at: At) -> String {
    let names = names(fields);
    let mut header = format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
        key.algorithm().tag(),
        key.domain(),
        key.selector(),
        at.0.div_euclid(1000),
        folded(&names.join(":"), ':'),
    );
    let mut signed = fields.canonical(&names);
    // The signature's own header is signed last, without its value and without its end of line.
    signed.extend_from_slice(&Field::parse(header.as_bytes()).canonical());
    let value = BASE64_STANDARD.encode(key.sign(&signed));
    for (at, piece) in value.as_bytes().chunks(LINE_CHARACTERS).enumerate() {
        header.push_str(if at > 0 { "\r\n\t" } else { "" });
        header.push_str(std::str::from_utf8(piece).expect("invariant: base64 is ASCII"));
    }
    header.push_str("\r\n");
    header
}

/// The names of the tag `h=`: each as often as it stands in the message, and some once more.
fn names<'a>(fields: &Fields<'_>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for name in SIGNED {
        let once_more = usize::from(SIGNED_ONCE_MORE.contains(name));
        names.extend(std::iter::repeat_n(*name, fields.count(name) + once_more));
    }
    names
}

/// Breaks a list into lines behind its separator.
fn folded(list: &str, separator: char) -> String {
    let mut out = String::with_capacity(list.len() + 16);
    let mut line = 0;
    for part in list.split_inclusive(separator) {
        if line + part.len() > LINE_CHARACTERS {
            out.push_str("\r\n\t ");
            line = 0;
        }
        out.push_str(part);
        line += part.len();
    }
    out
}

#[cfg(test)]
mod tests;
