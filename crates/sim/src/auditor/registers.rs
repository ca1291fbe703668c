//! Opt-out registers as they were brought: for each a list of entries and the look that each was in last. Whether an address is
//! on one is found out by hashing it as the keeper of the register did.

use std::collections::{BTreeMap, BTreeSet};

use engine::identifier::{HashKey, IdentifierKind, KeyedHash};
use engine::record::{RegisterChecked, RegisterListed};
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(crate) struct Registers {
    pub(super) key: HashKey,
    all: BTreeMap<String, Register>,
}

#[derive(Default)]
struct Register {
    channels: BTreeSet<String>,
    listed: BTreeMap<KeyedHash, u32>,
}

impl Registers {
    pub(super) fn listed(&mut self, stated: &RegisterListed<'_>) {
        let register = self.all.entry(stated.register.to_owned()).or_default();
        register.channels.extend(stated.channels.iter().map(|channel| (*channel).to_owned()));
        register.listed.extend(stated.hashes.iter().map(|hash| (*hash, stated.edition)));
    }

    pub(super) fn checked(&mut self, stated: &RegisterChecked<'_>) {
        let register = self.all.entry(stated.register.to_owned()).or_default();
        register.channels = stated.channels.iter().map(|channel| (*channel).to_owned()).collect();
        register.listed.retain(|_, edition| *edition >= stated.edition);
    }

    /// The register that forbids to write to an address, if one does.
    pub(super) fn barring(&self, address: &str) -> Option<&str> {
        let plain = self.key.identifier(IdentifierKind::Email, address);
        let hashed = self.key.digest(&Sha256::digest(address.as_bytes()).into());
        let bars = |one: &Register| {
            one.channels.contains("email") && [plain, hashed].iter().any(|hash| one.listed.contains_key(hash))
        };
        self.all.iter().find(|(_, one)| bars(one)).map(|(name, _)| name.as_str())
    }
}
