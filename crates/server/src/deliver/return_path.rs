//! The addresses at which messages come back: each send has its own, so that whatever comes back needs no guessing, and
//! each is signed, so that nobody can make a bounce up.
//!
//! `b-…@domain` is the envelope's sender, where bounces go; `u-…@domain` is in `List-Unsubscribe`, and whoever writes to
//! it wants no more. The letters stand for the number of the send and a tag of 64 bits, in base32, since mail servers
//! may change capitals. Complaints come to `feedback@domain`, which operators give to the feedback loops; what they are
//! about is read from the signed addresses in them.

use super::smtp::letter::Address;
use engine::SendId;
use engine::codec::{Reader, put_varint};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TAG_BYTES: usize = 8;
/// Sets these tags apart from whatever else is signed with the same key.
const LABEL: &[u8] = b"return path 1";
/// RFC 4648, in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Where feedback loops send complaints.
const FEEDBACK: &str = "feedback";

/// The return paths of an installation.
#[derive(Clone)]
pub struct ReturnPaths {
    domain: String,
    key: Hmac<Sha256>,
}

/// What an address of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnPath {
    Bounce(SendId),
    Unsubscribe(SendId),
    Feedback,
}

impl ReturnPaths {
    /// `link_key` is the one of the record `Installed`.
    pub fn new(domain: &str, link_key: &[u8; 32]) -> Self {
        let key = Hmac::new_from_slice(link_key).expect("invariant: HMAC takes keys of any length");
        Self { domain: domain.to_ascii_lowercase(), key }
    }

    /// The envelope's sender for a send.
    pub fn bounce(&self, send: SendId) -> Address {
        self.address('b', send)
    }

    /// Where to write to in order to get no more.
    pub fn unsubscribe(&self, send: SendId) -> Address {
        self.address('u', send)
    }

    fn address(&self, kind: char, send: SendId) -> Address {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, send.0);
        let tag = self.mac(kind, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG_BYTES]);
        let address = format!("{kind}-{}@{}", base32(&bytes), self.domain);
        Address::parse(&address).expect("invariant: the domain was checked, and letters and digits are safe")
    }

    /// What an address is for; `None` for one that is not ours, or that we never signed.
    pub fn read(&self, address: &str) -> Option<ReturnPath> {
        let (name, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        if name == FEEDBACK {
            return Some(ReturnPath::Feedback);
        }
        let (kind, written) = name.split_once('-')?;
        let bytes = from_base32(written)?;
        let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        let letter = kind.chars().next().filter(|_| kind.len() == 1)?;
        self.mac(letter, content).verify_truncated_left(tag).ok()?;
        let send = SendId(Reader::new(content).varint()?);
        match letter {
            'b' => Some(ReturnPath::Bounce(send)),
            'u' => Some(ReturnPath::Unsubscribe(send)),
            _ => None,
        }
    }

    /// The send that a text speaks of, by the first of our signed addresses in it.
    pub fn find(&self, text: &str) -> Option<SendId> {
        let ends = text.match_indices('@').filter_map(|(at, _)| {
            let name = text[..at].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next()?;
            let domain = text[at + 1..]
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
                .next()?;
            match self.read(&format!("{name}@{}", domain.trim_end_matches('.')))? {
                ReturnPath::Bounce(send) | ReturnPath::Unsubscribe(send) => Some(send),
                ReturnPath::Feedback => None,
            }
        });
        ends.into_iter().next()
    }

    fn mac(&self, kind: char, content: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(LABEL);
        mac.update(&[u8::try_from(kind).unwrap_or(0)]);
        mac.update(content);
        mac
    }
}

/// The key stays out of traces.
impl std::fmt::Debug for ReturnPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReturnPaths").field("domain", &self.domain).finish_non_exhaustive()
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        (held, bits) = (held << 8 | u32::from(*byte), bits + 8);
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    out
}

/// The bytes, if this is the one way to write them.
fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let value = BASE32.iter().position(|one| *one == letter)?;
        (held, bits) = (held << 5 | u32::try_from(value).ok()?, bits + 5);
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 255) as u8);
        }
    }
    (base32(&out) == text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths() -> ReturnPaths {
        ReturnPaths::new("Return.bottega.example", &[7; 32])
    }

    #[test]
    fn each_send_has_addresses_that_only_we_can_make() {
        let paths = paths();
        for send in [0, 1, 300, u64::MAX].map(SendId) {
            let (bounce, unsubscribe) = (paths.bounce(send), paths.unsubscribe(send));
            assert_eq!(paths.read(bounce.as_str()), Some(ReturnPath::Bounce(send)));
            assert_eq!(paths.read(unsubscribe.as_str()), Some(ReturnPath::Unsubscribe(send)));
            assert_eq!(paths.read(&bounce.as_str().to_uppercase()), Some(ReturnPath::Bounce(send)));
            assert!(bounce.as_str().split('@').next().unwrap().len() <= 64, "RFC 5321 4.5.3.1.1: {bounce}");
            let other = ReturnPaths::new("return.bottega.example", &[8; 32]);
            assert_eq!(other.read(bounce.as_str()), None, "another installation's key");
            let swapped = bounce.as_str().replacen('b', "u", 1);
            assert_eq!(paths.read(&swapped), None, "a bounce is no wish to get no more");
        }
        assert_eq!(paths.read("feedback@return.bottega.example"), Some(ReturnPath::Feedback));
        for stranger in
            ["", "b-@return.bottega.example", "b-aaaaaaaaaaaaaaaa@return.bottega.example", "postmaster"]
        {
            assert_eq!(paths.read(stranger), None, "{stranger}");
        }
        assert_eq!(paths.read(&paths.bounce(SendId(1)).as_str().replace("return", "elsewhere")), None);
    }

    #[test]
    fn a_signed_address_is_found_in_a_text() {
        let (paths, send) = (paths(), SendId(17));
        for text in [
            format!("Original-Mail-From: <{}>\r\n", paths.bounce(send)),
            format!("List-Unsubscribe: <https://x.example/u>, <mailto:{}>", paths.unsubscribe(send)),
            format!("From: a@b.example\r\nReturn-Path: {}.", paths.bounce(send)),
        ] {
            assert_eq!(paths.find(&text), Some(send), "{text}");
        }
        assert_eq!(paths.find("<b-aaaa@return.bottega.example> feedback@return.bottega.example @ @@"), None);
    }

    proptest! {
        #[test]
        fn an_altered_or_invented_address_is_nobody_s(send: u64, place in 0_usize..40, letter in "[a-z2-7]", invented in "[a-z2-7]{0,40}") {
            let paths = paths();
            let own = paths.bounce(SendId(send)).to_string();
            let (name, domain) = own.split_once('@').unwrap();
            let at = 2 + place % (name.len() - 2);
            let altered = format!("{}{letter}{}@{domain}", &name[..at], &name[at + 1..]);
            if altered != own {
                prop_assert_eq!(paths.read(&altered), None);
            }
            prop_assert_eq!(paths.read(&format!("b-{invented}@{domain}")), None);
            prop_assert_eq!(paths.read(&format!("{}@{domain}", &name[..name.len() - 1])), None);
        }
    }
}
