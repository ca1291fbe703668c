//! Which part of the state is told as which sections. What is not named here is small, and in the head.

use super::{ADDRESS_PARTS, State};
use crate::SendId;
use crate::chunked::Chunked;
use crate::directory;
use crate::governor::Suppressions;
use crate::history::{Block, Told};
use crate::parts::Parts;
use crate::register::Entries;
use crate::section::{Key, Part, Pieces, Put, wrong};
use crate::seen;
use crate::shared;
use crate::spend::section::{Flights, Lines};
use crate::timer::{INSTANTS, SECONDS};
use crate::truths::Truths;
use std::io::Result;
use std::mem::take;

type Addresses = Parts<std::sync::Arc<super::Named>, ADDRESS_PARTS>;

impl State {
    /// Takes out all that is told in sections of its own.
    pub(crate) fn cut(&mut self, pieces: &mut Pieces) {
        take(&mut self.profiles).cut(pieces, Part::Profiles, 0);
        self.history.cut(pieces);
        self.truths.cut(pieces);
        take(&mut self.directory).parts.cut(pieces, Part::Directory);
        take(&mut self.shared.parts).cut(pieces, Part::Shared);
        take(&mut self.addresses).cut(pieces, Part::Addresses);
        take(&mut self.message_ids).parts.cut(pieces, Part::MessageIds);
        take(&mut self.suppressions).cut(pieces, Part::Suppressions);
        take(&mut self.registers.listed).cut(pieces, Part::Registers);
        take(&mut self.spend.lines).cut(pieces, Part::SpendLines);
        take(&mut self.spend.flights).cut(pieces, Part::Flights);
        take(&mut self.acts).cut(pieces, Part::Acts, 0);
        self.sends.cut(pieces);
        take(&mut self.merges.all).cut(pieces, Part::Merges, 0);
        take(&mut self.merges.gone).cut(pieces, Part::Gone, 0);
        self.timers.seconds.cut(pieces, SECONDS);
        self.timers.instants.cut(pieces, INSTANTS);
    }

    /// Reads one of those sections.
    pub(crate) fn read(key: Key, digest: u128, bytes: &[u8]) -> Result<Put> {
        let Key { part, group, number } = key;
        Ok(match part {
            Part::Head => return Err(wrong("a head where there is none")),
            Part::Profiles => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.profiles.append(number, read))
            }
            Part::Strands => {
                let read = Block::read(digest, bytes)?;
                put(move |state| state.history.put_block(group, number, read))
            }
            Part::Dictionary => {
                let read: Told = borsh::from_slice(bytes)?;
                put(move |state| state.history.append_values(group, number, &read))
            }
            Part::Truths => {
                let read = Truths::read(digest, bytes)?;
                put(move |state| state.truths.append(number, read))
            }
            Part::Directory => {
                let read = Parts::<directory::Part, { directory::PARTS }>::read(digest, bytes)?;
                put(move |state| state.directory.parts.put(number, read))
            }
            Part::Shared => {
                let read = Parts::<std::sync::Arc<shared::Part>, { shared::PARTS }>::read(digest, bytes)?;
                put(move |state| state.shared.parts.put(number, read))
            }
            Part::Addresses => {
                let read = Addresses::read(digest, bytes)?;
                put(move |state| state.addresses.put(number, read))
            }
            Part::MessageIds => {
                let read = Parts::<seen::Part, { seen::PARTS }>::read(digest, bytes)?;
                put(move |state| state.message_ids.parts.put(number, read))
            }
            Part::Suppressions => {
                let read = Suppressions::read(digest, bytes)?;
                put(move |state| state.suppressions.put(number, read))
            }
            Part::Registers => {
                let read = Entries::read(digest, bytes)?;
                put(move |state| state.registers.listed.put(number, read))
            }
            Part::SpendLines | Part::Flights => Self::read_spend(key, digest, bytes)?,
            Part::Sends => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.sends.append(number, read))
            }
            Part::SendAddresses => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.sends.append_addresses(number, read))
            }
            Part::Merges | Part::Gone => Self::read_merges(key, digest, bytes)?,
            Part::Acts => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.acts.append(number, read))
            }
            Part::SecondsSorted => {
                let read: Vec<_> = borsh::from_slice(bytes)?;
                put(move |state| state.timers.seconds.append_sorted(number, &read))
            }
            Part::InstantsSorted => {
                let read: Vec<_> = borsh::from_slice(bytes)?;
                put(move |state| state.timers.instants.append_sorted(number, &read))
            }
            Part::SecondsAdded => {
                let read = borsh::from_slice(bytes)?;
                put(move |state| state.timers.seconds.put_added(read))
            }
            Part::InstantsAdded => {
                let read = borsh::from_slice(bytes)?;
                put(move |state| state.timers.instants.put_added(read))
            }
            Part::SecondsLater => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.timers.seconds.append_later(group, number, read))
            }
            Part::InstantsLater => {
                let read = Chunked::read(digest, bytes)?;
                put(move |state| state.timers.instants.append_later(group, number, read))
            }
        })
    }

    /// Reads a section of who was merged into whom.
    fn read_merges(key: Key, digest: u128, bytes: &[u8]) -> Result<Put> {
        let number = key.number;
        if key.part == Part::Gone {
            let read = Chunked::read(digest, bytes)?;
            return Ok(put(move |state| state.merges.gone.append(number, read)));
        }
        let read = Chunked::read(digest, bytes)?;
        Ok(put(move |state| state.merges.all.append(number, read)))
    }

    /// Reads a section of what was spent.
    fn read_spend(key: Key, digest: u128, bytes: &[u8]) -> Result<Put> {
        let number = key.number;
        if key.part == Part::Flights {
            let read = Flights::read(digest, bytes)?;
            return Ok(put(move |state| state.spend.flights.put(number, read)));
        }
        let read = Lines::read(digest, bytes)?;
        Ok(put(move |state| state.spend.lines.put(number, read)))
    }

    /// All sections are there: makes what is derived from them.
    pub(crate) fn complete(&mut self) -> Result<()> {
        let timers = &self.timers;
        if !self.truths.is_complete(self.profiles.len())
            || !timers.seconds.is_complete()
            || !timers.instants.is_complete()
            || !self.sends.is_complete()
        {
            return Err(wrong("its sections do not belong together"));
        }
        self.history.complete_columns();
        let owed = self.sends.statuses(SendId(0)).filter(|(_, status)| status.is_owed());
        owed.for_each(|(send, _)| self.owed.insert(send));
        Ok(())
    }
}

fn put(into: impl FnOnce(&mut State) -> Result<()> + Send + 'static) -> Put {
    Box::new(into)
}
