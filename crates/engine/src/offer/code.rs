//! Codes that lead from a word to a person, without a table: the person's number, masked and vouched for with the
//! installation's key.
//!
//! Twelve letters and digits are sixty bits. The first 28 are a keyed hash of the offer and the number; the other 32 are
//! the number under a mask made of those. So a code is the same whenever it is asked for, nobody without the key can make
//! one or see whose it is, and of two hundred million guesses one is a code at all, of a person who hardly exists.

use crate::ProfileId;
use crate::identifier::HashKey;

/// Crockford's alphabet: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 12;
const NUMBER_BITS: u32 = 32;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;
const VOUCHER_MASK: u64 = (1 << 28) - 1;

/// A person's own code for an offer: `7K3M-0QPX-91ZD`.
pub(crate) fn own(key: &HashKey, offer: &str, person: ProfileId) -> String {
    let voucher = voucher(key, offer, person);
    let bits = (voucher << NUMBER_BITS) | (u64::from(person.0) ^ mask(key, offer, voucher));
    let mut code = String::with_capacity(LETTERS + 2);
    for place in 0..LETTERS {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        let letter = (bits >> (5 * (LETTERS - 1 - place))) & 31;
        code.push(char::from(ALPHABET[letter as usize]));
    }
    code
}

/// Whose code it is, if it is one of the offer's.
pub(crate) fn owner(key: &HashKey, offer: &str, code: &str) -> Option<ProfileId> {
    let mut bits = 0;
    let mut letters = 0;
    for letter in code.bytes().filter(|letter| !matches!(letter, b'-' | b' ')) {
        let letter = match letter.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            letter => letter,
        };
        letters += 1;
        if letters > LETTERS {
            return None;
        }
        bits = (bits << 5) | ALPHABET.iter().position(|one| *one == letter)? as u64;
    }
    let voucher = (bits >> NUMBER_BITS) & VOUCHER_MASK;
    let number = (bits & NUMBER_MASK) ^ mask(key, offer, voucher);
    let person = ProfileId(number as u32);
    (letters == LETTERS && self::voucher(key, offer, person) == voucher).then_some(person)
}

/// A code as it is compared: whatever the case of its letters, and without the space around it.
pub(crate) fn tidied(code: &str) -> String {
    code.trim().to_uppercase()
}

fn voucher(key: &HashKey, offer: &str, person: ProfileId) -> u64 {
    key.code(offer, b"voucher", u64::from(person.0)) & VOUCHER_MASK
}

fn mask(key: &HashKey, offer: &str, voucher: u64) -> u64 {
    key.code(offer, b"mask", voucher) & NUMBER_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_to_its_person_and_to_nobody_elsewhere() {
        let (key, other) = (HashKey([7; 16]), HashKey([8; 16]));
        for number in [0, 1, 2, 77, 65_536, u32::MAX] {
            let person = ProfileId(number);
            let code = own(&key, "gift", person);
            assert_eq!(owner(&key, "gift", &code), Some(person), "{code}");
            let spoken = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            assert_eq!(owner(&key, "gift", &spoken), Some(person), "as somebody types it");
            assert_eq!(owner(&key, "voucher", &code), None, "of another offer");
            assert_eq!(owner(&other, "gift", &code), None, "of another installation");
            assert_eq!(owner(&key, "gift", &code[1..]), None);
            assert_eq!(owner(&key, "gift", &format!("{code}0")), None);
        }
        assert_eq!(owner(&key, "gift", ""), None);
        assert_eq!(owner(&key, "gift", "WELCOME10"), None);
    }

    #[test]
    fn one_letter_that_is_wrong_makes_it_no_code() {
        let key = HashKey([7; 16]);
        let code = own(&key, "gift", ProfileId(5));
        for place in (0..code.len()).filter(|place| code.as_bytes()[*place] != b'-') {
            for letter in ALPHABET.iter().filter(|letter| **letter != code.as_bytes()[place]) {
                let mut wrong = code.clone().into_bytes();
                wrong[place] = *letter;
                let wrong = String::from_utf8(wrong).expect("it is plain");
                assert_eq!(owner(&key, "gift", &wrong), None, "{wrong} for {code}");
            }
        }
    }
}
