//! Opt-out registers: lists that others keep of people who want no calls or messages, as they were when a company last
//! looked.
//!
//! Owned by the state. A look at a register comes in slices, each of which lists from its record on; when all have come, who
//! is listed no longer is free. Of an entry nothing is known but a keyed hash, so a register can name people whom nobody
//! here knows.
//!
//! Some registers are handed out as the SHA-256 of each address. Nobody can tell from that whom they list, so whether somebody
//! is among them is asked where the address is at hand: by the governor, at the decision and at the hand-over.

use crate::at::{At, Span};
use crate::effect::Effect;
use crate::engine::{Engine, Refusal};
use crate::identifier::{HashKey, KeyedHash};
use crate::limits::REGISTERS_MAX;
use crate::parts::Parts;
use crate::programme::Channel;
use crate::record::{RegisterChecked, RegisterListed};
use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One register, and the newest look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Register {
    pub name: String,
    /// Names of channels.
    pub channels: BTreeSet<String>,
    /// The number of the last look that was whole; 0 before the first.
    pub edition: u32,
    /// The number of the newest one, whole or not.
    pub latest: u32,
    /// When the company looked.
    pub checked_at: At,
    /// How long a look is good for.
    pub valid_for: Span,
    /// How many it lists.
    pub listed: u64,
}

impl Register {
    /// Whether the last look is too old to rely on, or there was none.
    pub fn is_stale(&self, now: At) -> bool {
        self.edition == 0 || self.checked_at.plus(self.valid_for) <= now
    }
}

/// By hash: the registers that list it, by their numbers, each with the newest look that did.
type Listed = BTreeMap<KeyedHash, BTreeMap<u16, u32>>;

/// Registers by their numbers, in the order in which they came.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Registers {
    pub(crate) all: Vec<Register>,
    #[borsh(skip)]
    pub(crate) listed: Entries,
}

/// Entries of all registers, by their hashes.
pub(crate) type Entries = Parts<Arc<Listed>, 1024>;

impl Registers {
    fn number(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|one| one.name == name)
    }

    /// Registers that list an identifier now.
    pub(crate) fn listing(&self, hash: KeyedHash) -> impl Iterator<Item = &Register> {
        let entry = self.listed.of(hash).get(&hash);
        // Who was in none of the slices of a whole look has no entry any more.
        entry.into_iter().flatten().filter_map(|(number, _)| self.all.get(usize::from(*number)))
    }

    /// Whether a register forbids a channel.
    pub(crate) fn forbids(&self, hash: KeyedHash, channel: Channel) -> bool {
        self.listing(hash).any(|register| register.channels.contains(channel.name()))
    }

    /// Whether one that was handed out hashed does.
    pub(crate) fn forbids_hashed(&self, key: &HashKey, address: &str, channel: Channel) -> bool {
        !self.all.is_empty() && self.forbids(hashed(key, address), channel)
    }
}

/// The entry that an address in normalised form has in a register that is handed out hashed.
fn hashed(key: &HashKey, address: &str) -> KeyedHash {
    key.digest(&Sha256::digest(address.as_bytes()).into())
}

impl Engine {
    pub(crate) fn check_listed(&self, stated: &RegisterListed<'_>) -> Result<(), Refusal> {
        match self.state.registers.number(stated.register) {
            None if self.state.registers.all.len() >= REGISTERS_MAX => Err(Refusal::TooManyRegisters),
            None if stated.edition != 1 => Err(Refusal::OutOfTurn),
            None => Ok(()),
            Some(number) => {
                let known = &self.state.registers.all[number];
                let is_next = [known.latest, known.latest + 1].contains(&stated.edition);
                let is_open = is_next && stated.edition > known.edition;
                if is_open { Ok(()) } else { Err(Refusal::OutOfTurn) }
            }
        }
    }

    pub(crate) fn check_checked(&self, checked: &RegisterChecked<'_>) -> Result<(), Refusal> {
        let number = self.state.registers.number(checked.register);
        let register = number.map(|number| &self.state.registers.all[number]);
        let is_open = register.is_some_and(|one| one.latest == checked.edition && one.edition < one.latest);
        if is_open { Ok(()) } else { Err(Refusal::OutOfTurn) }
    }

    /// A slice of a look: who is in it is listed from now on.
    pub(crate) fn apply_listed(&mut self, stated: &RegisterListed<'_>, effects: &mut Vec<Effect>) {
        let registers = &mut self.state.registers;
        let number = registers.number(stated.register).unwrap_or_else(|| {
            registers.all.push(Register { name: stated.register.to_owned(), ..Register::default() });
            registers.all.len() - 1
        });
        let register = &mut registers.all[number];
        register.latest = stated.edition;
        register.channels.extend(stated.channels.iter().map(|channel| (*channel).to_owned()));
        let (edition, number) = (register.edition, number as u16);
        let mut new = Vec::new();
        for hash in &stated.hashes {
            let entry = Arc::make_mut(registers.listed.of_mut(*hash)).entry(*hash).or_default();
            let before = entry.insert(number, stated.edition);
            if before.is_none_or(|before| before < edition) {
                new.push(*hash);
            }
        }
        registers.all[usize::from(number)].listed += new.len() as u64;
        new.into_iter().for_each(|hash| self.reconsider(hash, effects));
    }

    /// All slices have come: whoever is in none of them is free.
    pub(crate) fn apply_checked(&mut self, checked: &RegisterChecked<'_>, effects: &mut Vec<Effect>) {
        let registers = &mut self.state.registers;
        let number = registers.number(checked.register).expect("invariant: checked");
        let register = &mut registers.all[number];
        register.edition = checked.edition;
        register.channels = checked.channels.iter().map(|channel| (*channel).to_owned()).collect();
        (register.checked_at, register.valid_for) = (checked.checked_at, checked.valid_for);
        let number = number as u16;
        let is_free =
            |entry: &BTreeMap<u16, u32>| entry.get(&number).is_some_and(|one| *one < checked.edition);
        let mut freed = Vec::new();
        registers.listed.change(
            |part| part.values().any(is_free),
            |part| {
                let part = Arc::make_mut(part);
                for (hash, entry) in part.iter_mut().filter(|(_, entry)| is_free(entry)) {
                    entry.remove(&number);
                    freed.push(*hash);
                }
                part.retain(|_, entry| !entry.is_empty());
            },
        );
        let listed = registers.listed.iter().flat_map(|part| part.values());
        registers.all[usize::from(number)].listed =
            listed.filter(|entry| entry.contains_key(&number)).count() as u64;
        freed.into_iter().for_each(|hash| self.reconsider(hash, effects));
    }

    /// Registers, in the order in which they came.
    pub fn registers(&self) -> &[Register] {
        &self.state.registers.all
    }

    /// Registers that list an identifier now; the value is in normalised form.
    pub fn registers_with(
        &self,
        kind: crate::identifier::IdentifierKind,
        normalised: &str,
    ) -> impl Iterator<Item = &Register> {
        let key = self.hash_key();
        let hashes = [key.identifier(kind, normalised), hashed(&key, normalised)];
        let numbered = self.state.registers.all.iter();
        numbered.filter(move |one| {
            hashes.iter().any(|hash| self.state.registers.listing(*hash).any(|with| with.name == one.name))
        })
    }
}
