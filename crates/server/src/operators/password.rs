//! Passwords, as a slow hash that needs memory: argon2id. People can guess passwords, so every guess has to cost.

use crate::limits::{
    PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PASSWORD_LANES, PASSWORD_MEMORY_KIB, PASSWORD_PASSES,
};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// With the cost that it was made at, so that a later version may ask for more of new ones.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PasswordHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// In base64.
    salt: String,
    /// The same.
    hash: String,
}

impl PasswordHash {
    /// Takes tens of milliseconds of a core, on purpose.
    pub(super) fn of(password: &str) -> Self {
        Self::at_cost(password, PASSWORD_MEMORY_KIB, PASSWORD_PASSES)
    }

    /// For tests of what has a hash.
    #[cfg(test)]
    pub(super) fn quick(password: &str) -> Self {
        Self::at_cost(password, Params::MIN_M_COST, 1)
    }

    fn at_cost(password: &str, memory_kib: u32, passes: u32) -> Self {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).expect("invariant: the operating system gives random bytes");
        let salt = BASE64_STANDARD_NO_PAD.encode(salt);
        let mut made = Self { memory_kib, passes, lanes: PASSWORD_LANES, salt, hash: String::new() };
        let hash = made.run(password).expect("invariant: our own cost is within argon2's bounds");
        made.hash = BASE64_STANDARD_NO_PAD.encode(hash);
        made
    }

    /// Also takes that long.
    pub(super) fn is_of(&self, password: &str) -> bool {
        let hash = BASE64_STANDARD_NO_PAD.decode(&self.hash).unwrap_or_default();
        self.run(password).is_some_and(|run| run[..].ct_eq(&hash[..]).into())
    }

    /// `None` where somebody wrote a cost or a salt into the file that cannot be.
    fn run(&self, password: &str) -> Option<[u8; HASH_BYTES]> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES)).ok()?;
        let salt = BASE64_STANDARD_NO_PAD.decode(&self.salt).ok()?;
        let mut hash = [0; HASH_BYTES];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(password.as_bytes(), &salt, &mut hash).ok()?;
        Some(hash)
    }
}

/// Why it is no password for an operator of a name.
pub(super) fn wrong(name: &str, password: &str) -> Option<String> {
    let is_short = password.chars().count() < PASSWORD_CHARS_MIN;
    let is_name = super::roster::folded(password) == super::roster::folded(name);
    if is_short {
        Some(format!("a password has at least {PASSWORD_CHARS_MIN} characters; a few words are easy to keep"))
    } else if password.len() > PASSWORD_BYTES_MAX {
        Some(format!("a password has at most {PASSWORD_BYTES_MAX} bytes"))
    } else if is_name {
        Some("the name is no password".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = PasswordHash::of("the olive press is open");
        let kept = serde_json::to_string(&hash).unwrap();
        assert!(!kept.contains("olive"), "{kept}");
        let read: PasswordHash = serde_json::from_str(&kept).unwrap();
        assert!(read.is_of("the olive press is open"));
        assert!(!read.is_of("the olive press is shut") && !read.is_of(""));
        assert!(hash.salt != PasswordHash::quick("x").salt);
        let broken = PasswordHash { memory_kib: 0, ..hash };
        assert!(!broken.is_of("the olive press is open"));
    }

    /// The published vector for argon2id cannot be had without a secret; this one is from the reference program:
    /// `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32`.
    #[test]
    fn it_is_argon2id_as_others_compute_it() {
        let hash = PasswordHash {
            memory_kib: 65_536,
            passes: 2,
            lanes: 1,
            salt: BASE64_STANDARD_NO_PAD.encode("somesalt"),
            hash: String::new(),
        };
        let hex: String = hash.run("password").unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn short_ones_and_names_are_no_passwords() {
        for (name, password, fits) in [
            ("ada", "eleven char", false),
            ("ada", "twelve chars", true),
            ("ada", "perché così", false),
            ("ada lovelace", " Ada Lovelace", false),
            ("ada", &"x".repeat(PASSWORD_BYTES_MAX + 1), false),
        ] {
            assert_eq!(wrong(name, password).is_none(), fits, "{password}");
        }
    }
}
