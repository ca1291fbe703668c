//! The stamp of a form: signed when it is shown and given back when it is sent. It says that the form came from here, when,
//! and which one it was, so that what is sent twice counts once; and a browser may have to work for it.

use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{FORM_AGE_MAX, FORM_HASTE};
use engine::at::At;
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    form: String,
    at: At,
    pub(super) number: u64,
}

impl Stamp {
    pub(super) fn fresh(form: &str, at: At) -> Self {
        let mut number = [0; 8];
        getrandom::fill(&mut number).expect("invariant: the operating system gives random bytes");
        Self { form: form.to_owned(), at, number: u64::from_le_bytes(number) }
    }

    pub(super) fn signed(&self, hub: &Hub) -> String {
        hub.links.key().sign(&Token::Stamp { text: self.written() })
    }

    fn written(&self) -> String {
        format!("{} {} {}", self.form, self.at.0, self.number)
    }

    pub(super) fn read(hub: &Hub, written: &str) -> Option<Self> {
        match hub.links.key().verify(written) {
            Some(Token::Stamp { text }) => Self::parse(&text),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let form = words.next()?.to_owned();
        Some(Self { form, at: At(words.next()?.parse().ok()?), number: words.next()?.parse().ok()? })
    }

    /// Whether a person can have filled in this form since it was shown.
    pub(super) fn is_good(&self, form: &str, now: At) -> bool {
        let age = now.since(self.at);
        self.form == form && (FORM_HASTE..FORM_AGE_MAX).contains(&age)
    }
}

/// Whether the number was found that makes the stamp's hash begin with so many zero bits.
pub(super) fn is_work_done(stamp: &str, found: &str, bits: u8) -> bool {
    if bits == 0 {
        return true;
    }
    let hash = Sha256::digest(format!("{stamp}.{found}").as_bytes());
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(whole).map_or(0, |byte| byte.leading_zeros() as usize);
    whole * 8 + rest >= usize::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_good_for_its_form_and_not_too_soon_nor_too_late() {
        let stamp = Stamp { form: "guide".to_owned(), at: At(10_000), number: 7 };
        assert_eq!(Stamp::parse(&stamp.written()), Some(stamp.clone()));
        for (form, at, expected) in [
            ("guide", 10_000, false),
            ("guide", 10_000 + FORM_HASTE.0 - 1, false),
            ("guide", 10_000 + FORM_HASTE.0, true),
            ("guide", 10_000 + FORM_AGE_MAX.0 - 1, true),
            ("guide", 10_000 + FORM_AGE_MAX.0, false),
            ("guide", 0, false),
            ("other", 10_000 + FORM_HASTE.0, false),
        ] {
            assert_eq!(stamp.is_good(form, At(at)), expected, "{form} {at}");
        }
    }

    #[test]
    fn work_is_as_much_as_was_asked_for() {
        let bits = |found: &str| (0..=64).take_while(|bits| is_work_done("stamp", found, *bits)).count() - 1;
        let found = (0..100_000).map(|n: u32| n.to_string()).find(|found| bits(found) >= 10).unwrap();
        assert!(is_work_done("stamp", &found, 10) && !is_work_done("stamp", &found, 40));
        assert!(!is_work_done("other", &found, 10) || bits(&found) < 10);
        assert!(is_work_done("stamp", "", 0));
    }
}
