//! Everybody's events: for each event name, each person's *strand*, their events in order of time.
//!
//! Owned by the state; a turn adds to it and evaluation reads it. Profiles are cut into blocks of [`BLOCK`], and the
//! unit of everything (growth, scan) is one name in one block. Times count in whole seconds: windows are asked for in
//! minutes and days, and four bytes an event is what lets a hundred million of them stay in memory.

mod block;
mod cell;
mod codes;
mod dictionary;
mod entries;
mod newest;
mod part;
mod sections;
mod strand;

pub(crate) use block::{BLOCK, Block, WORDS};
pub(crate) use codes::CodeSlice;
pub(crate) use dictionary::{Dictionary, Told};
pub(crate) use entries::Entries;
pub(crate) use strand::{Since, View};

use crate::name::NameId;
use crate::unshared::to_write;
use crate::value::Map;
use crate::{ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use newest::Newest;
use std::sync::Arc;

/// No timer.
pub(crate) const NEVER: u32 = u32::MAX;

/// All events of an installation.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct History {
    /// By the number of the name.
    names: Vec<Arc<NameHistory>>,
    /// The codes of an event that is being added; kept for its room.
    #[borsh(skip)]
    codes: Vec<u32>,
    /// Profiles that events moved to while a column of them was not whole.
    #[borsh(skip)]
    moved: Vec<ProfileId>,
    /// Made again from the blocks when a state is read.
    #[borsh(skip)]
    newest: Newest,
}

/// The events of one name.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct NameHistory {
    /// The properties that rules ask for, kept beside the times.
    columns: Vec<Column>,
    /// By the profile's number divided by [`BLOCK`].
    #[borsh(serialize_with = "sections::tell_number", deserialize_with = "sections::read_blank")]
    blocks: Vec<Block>,
}

/// A property that is kept. All of it can be made again from the log.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
struct Column {
    dictionary: Arc<Dictionary>,
    /// Events up to this place in the log have no code yet: the column is not whole, and no rule may ask for it.
    since: Seq,
}

/// An event to be added.
#[derive(Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    pub(crate) second: u32,
    pub(crate) seq: Seq,
    pub(crate) properties: Map<'a>,
}

impl History {
    /// Adds an event where it falls in time, after those of the same second; a late one is not an exception.
    pub(crate) fn insert(&mut self, name: NameId, profile: ProfileId, occurrence: &Occurrence<'_>) {
        let mut codes = std::mem::take(&mut self.codes);
        codes.clear();
        let NameHistory { columns, blocks } = self.of_name(name);
        codes.extend(columns.iter_mut().map(|Column { dictionary, .. }| {
            let found = dictionary.find(occurrence.properties);
            found.unwrap_or_else(|| to_write(dictionary, Arc::make_mut).code_of(occurrence.properties))
        }));
        let (block, local) = place(profile);
        block_mut(blocks, block).insert(local, occurrence.second, occurrence.seq, &codes);
        self.codes = codes;
        self.note_newest(name, profile);
    }

    /// A person's events of one name.
    pub(crate) fn of(&self, name: NameId, profile: ProfileId) -> View<'_> {
        let (block, local) = place(profile);
        self.block(name, block).map_or(View::EMPTY, |block| block.view(local))
    }

    /// What the column of a name holds, by code.
    pub(crate) fn dictionary(&self, name: NameId, column: u16) -> &Dictionary {
        &self.names[name.0 as usize].columns[usize::from(column)].dictionary
    }

    /// The names a profile has events of, each with them.
    pub(crate) fn of_profile(&self, profile: ProfileId) -> impl Iterator<Item = (NameId, View<'_>)> {
        let names = (0..self.names.len() as u32).map(NameId);
        names.map(move |name| (name, self.of(name, profile))).filter(|(_, view)| !view.is_empty())
    }

    /// One name in one block; `None` where nobody there has such an event.
    pub(crate) fn block(&self, name: NameId, block: usize) -> Option<&Block> {
        self.names.get(name.0 as usize)?.blocks.get(block).filter(|block| !block.is_empty())
    }

    /// Those of a block who have an event after a second, one bit each.
    pub(crate) fn later(&self, name: NameId, block: usize, second: u32) -> [u64; WORDS] {
        let kept = self.newest.later(name, block, second);
        kept.or_else(|| Some(self.block(name, block)?.later(second))).unwrap_or([0; WORDS])
    }

    /// After every change of a strand.
    fn note_newest(&mut self, name: NameId, profile: ProfileId) {
        let (number, local) = place(profile);
        if let Some(block) = self.names.get(name.0 as usize).and_then(|history| history.blocks.get(number)) {
            self.newest.note(name, number, block, local);
        }
    }

    /// The most columns that a name has.
    pub(crate) fn columns_most(&self) -> usize {
        self.names.iter().map(|history| history.columns.len()).max().unwrap_or(0)
    }

    /// The column of a property that is kept and whole.
    pub(crate) fn column(&self, name: NameId, path: &[String]) -> Option<u16> {
        let columns = &self.names.get(name.0 as usize)?.columns;
        let whole = |column: &Column| column.dictionary.path() == path && column.since == Seq(0);
        columns.iter().position(whole).map(|column| column as u16)
    }

    /// The properties of a name that are kept and whole.
    pub(crate) fn kept(&self, name: NameId) -> impl Iterator<Item = (u16, &[String])> {
        let columns = self
            .names
            .get(name.0 as usize)
            .into_iter()
            .flat_map(|history| history.columns.iter().enumerate());
        let whole = columns.filter(|(_, column)| column.since == Seq(0));
        whole.map(|(number, column)| (number as u16, column.dictionary.path()))
    }

    /// Whether anybody ever did it.
    pub(crate) fn has_events(&self, name: NameId) -> bool {
        let known = self.names.get(name.0 as usize);
        known.is_some_and(|history| history.blocks.iter().any(|block| !block.is_empty()))
    }

    /// Keeps a property of the events that come after a place in the log beside their times. Gives the column, and up to
    /// where it is still to be filled: nowhere, where nobody did such a thing yet.
    pub(crate) fn keep(&mut self, name: NameId, path: &[String], now: Seq) -> (u16, Seq) {
        let since = if self.has_events(name) { now } else { Seq(0) };
        let columns = &mut self.of_name(name).columns;
        let found = columns.iter().position(|column| column.dictionary.path() == path);
        let number = found.unwrap_or(columns.len());
        if found.is_none() {
            columns.push(Column { dictionary: Arc::new(Dictionary::new(path)), since });
        }
        let number = u16::try_from(number).expect("invariant: a programme that asks for more is refused");
        (number, self.names[name.0 as usize].columns[usize::from(number)].since)
    }

    /// How many blocks a name has.
    pub(crate) fn blocks(&self, name: NameId) -> usize {
        self.names.get(name.0 as usize).map_or(0, |history| history.blocks.len())
    }

    /// Gives the events of some profiles of a block, from before the column was kept, their codes: those that `entries`
    /// has for their places in the log.
    pub(crate) fn fill(
        &mut self,
        (name, column): (NameId, u16),
        (block, locals): (usize, std::ops::Range<usize>),
        entries: &mut Entries,
    ) {
        let NameHistory { columns, blocks } = to_write(&mut self.names[name.0 as usize], Arc::make_mut);
        let Column { dictionary, since } = &mut columns[usize::from(column)];
        let Some(block) = blocks.get_mut(block) else { return };
        let mut code_of = |seq: Seq| (seq <= *since).then(|| entries.code(seq, dictionary));
        block.fill(&locals, usize::from(column), &mut code_of);
    }

    /// The same for one profile, wherever it is.
    pub(crate) fn fill_profile(&mut self, kept: (NameId, u16), profile: ProfileId, entries: &mut Entries) {
        let (block, local) = place(profile);
        let local = usize::from(local);
        self.fill(kept, (block, local..local + 1), entries);
    }

    /// Says that every event has its code in a column.
    pub(crate) fn complete(&mut self, name: NameId, column: u16) {
        to_write(&mut self.names[name.0 as usize], Arc::make_mut).columns[usize::from(column)].since = Seq(0);
    }

    /// Takes the profiles that events moved to while a column was not whole.
    pub(crate) fn take_moved(&mut self) -> Vec<ProfileId> {
        std::mem::take(&mut self.moved)
    }

    /// Forgets what can be made again from the log, so that what remains is what the records alone decide.
    pub(crate) fn forget_columns(&mut self) {
        for history in &mut self.names {
            let NameHistory { columns, blocks } = Arc::make_mut(history);
            columns.clear();
            blocks.iter_mut().filter(|block| !block.is_empty()).for_each(Block::forget_columns);
        }
    }

    /// Takes all events of a profile away, and out of the dictionaries whatever only they had.
    pub(crate) fn forget(&mut self, profile: ProfileId) {
        let (number, local) = place(profile);
        for history in &mut self.names {
            if history.blocks.get(number).is_none_or(|block| block.view(local).is_empty()) {
                continue;
            }
            let NameHistory { columns, blocks } = Arc::make_mut(history);
            let taken = blocks[number].take(local);
            for (column, Column { dictionary, .. }) in columns.iter_mut().enumerate() {
                let mut codes = taken.codes(column);
                blocks.iter().for_each(|block| block.leave_out_used(column, &mut codes));
                if !codes.is_empty() {
                    to_write(dictionary, Arc::make_mut).blank(&codes);
                }
            }
        }
        self.note_newest_of_all(&[profile]);
    }

    fn note_newest_of_all(&mut self, profiles: &[ProfileId]) {
        for name in (0..self.names.len() as u32).map(NameId) {
            profiles.iter().for_each(|profile| self.note_newest(name, *profile));
        }
    }

    /// Moves all events of one profile to another.
    pub(crate) fn absorb(&mut self, from: ProfileId, into: ProfileId) {
        self.note_moved(&[into]);
        let ((from_block, from_local), (into_block, into_local)) = (place(from), place(into));
        for history in &mut self.names {
            let block = history.blocks.get(from_block);
            if block.is_none_or(|block| block.view(from_local).is_empty()) {
                continue;
            }
            let blocks = &mut Arc::make_mut(history).blocks;
            let taken = block_mut(blocks, from_block).take(from_local);
            block_mut(blocks, into_block).join(into_local, &taken);
        }
        self.note_newest_of_all(&[from, into]);
    }

    /// Remembers to whom events move, while a column of them is filled.
    fn note_moved(&mut self, profiles: &[ProfileId]) {
        if self.names.iter().flat_map(|history| &history.columns).any(|column| column.since > Seq(0)) {
            self.moved.extend_from_slice(profiles);
        }
    }

    /// The instant for which a timer of this name and profile waits, in seconds; [`NEVER`] for none.
    pub(crate) fn due(&self, name: NameId, profile: ProfileId) -> u32 {
        let (block, local) = place(profile);
        self.block(name, block).and_then(|block| block.due(local)).unwrap_or(NEVER)
    }

    /// Sets what [`Self::due`] gives. The profile has events of the name: without one, time changes nothing.
    pub(crate) fn set_due(&mut self, name: NameId, profile: ProfileId, due: u32) {
        let (block, local) = place(profile);
        let history = to_write(&mut self.names[name.0 as usize], Arc::make_mut);
        block_mut(&mut history.blocks, block).set_due(local, due);
    }

    /// Brings near where a strand is.
    pub(crate) fn prefetch_place(&self, name: NameId, profile: ProfileId) {
        let (block, local) = place(profile);
        if let Some(block) = self.block(name, block) {
            block.prefetch_place(local);
        }
    }

    /// Brings a strand near, before it is read; where it is is near already.
    pub(crate) fn prefetch_strand(&self, name: NameId, profile: ProfileId) {
        let (block, local) = place(profile);
        if let Some(block) = self.block(name, block) {
            block.prefetch_strand(local);
        }
        self.newest.prefetch(name, block, local);
    }

    /// Brings the newest events of a strand near; the strand is near already.
    pub(crate) fn prefetch_tail(&self, name: NameId, profile: ProfileId) {
        let (block, local) = place(profile);
        if let Some(block) = self.block(name, block) {
            block.prefetch_tail(local);
        }
    }

    fn of_name(&mut self, name: NameId) -> &mut NameHistory {
        let index = name.0 as usize;
        if self.names.len() <= index {
            self.names.resize_with(index + 1, Arc::default);
        }
        to_write(&mut self.names[index], Arc::make_mut)
    }
}

/// A block to be written to, made where there is none.
fn block_mut(blocks: &mut Vec<Block>, block: usize) -> &mut Block {
    if blocks.len() <= block {
        blocks.resize_with(block + 1, Block::default);
    }
    &mut blocks[block]
}

fn place(profile: ProfileId) -> (usize, u16) {
    (profile.0 as usize / BLOCK, (profile.0 as usize % BLOCK) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{OwnedMap, Value};
    use serde_json::json;

    const NAME: NameId = NameId(3);

    fn insert(history: &mut History, profile: u32, second: u32, seq: u64) {
        let properties = properties(seq);
        let properties = properties.as_map();
        history.insert(NAME, ProfileId(profile), &Occurrence { second, seq: Seq(seq), properties });
    }

    /// Every third has no `m`.
    fn properties(seq: u64) -> OwnedMap {
        let m = seq % 1_000;
        let json = if seq.is_multiple_of(3) { json!({ "n": seq }) } else { json!({ "n": seq, "m": m }) };
        OwnedMap::from_json(&json).unwrap()
    }

    fn seqs(history: &History, profile: u32) -> Vec<u64> {
        let view = history.of(NAME, ProfileId(profile));
        (0..view.len()).map(|index| view.seq(index).0).collect()
    }

    #[test]
    fn a_late_event_falls_where_it_happened() {
        let mut history = History::default();
        for (second, seq) in [(10, 1), (30, 2), (20, 3), (20, 4)] {
            insert(&mut history, 7, second, seq);
        }
        assert_eq!(seqs(&history, 7), [1, 3, 4, 2]);
        assert_eq!(history.of(NAME, ProfileId(7)).times(), [10, 20, 20, 30]);
        assert!(history.of(NAME, ProfileId(8)).is_empty());
    }

    #[test]
    fn strands_grow_side_by_side_and_are_what_a_plain_list_would_be() {
        let mut history = History::default();
        let mut plain: Vec<Vec<(u32, u64)>> = vec![Vec::new(); 5_000];
        let (column, _) = history.keep(NAME, &["n".to_owned()], Seq(0));
        let m = ["m".to_owned()];
        let mut entries = Entries::new(&m);
        for seq in 1..60_000_u64 {
            if seq == 30_000 {
                assert_eq!(history.keep(NAME, &m, Seq(seq - 1)), (1, Seq(seq - 1)));
            }
            if seq < 30_000 {
                entries.add(Seq(seq), properties(seq).as_map());
            }
            let draw = xxhash_rust::xxh3::xxh3_64(&seq.to_le_bytes());
            let (profile, second) = ((draw % 5_000) as u32, (draw >> 32) as u32 % 900 + seq as u32 / 100);
            let profile = profile * profile / 5_000;
            insert(&mut history, profile * 5, second, seq);
            plain[profile as usize].push((second, seq));
        }
        assert_eq!(history.column(NAME, &m), None, "it is not whole");
        entries.close();
        for block in 0..history.blocks(NAME) {
            history.fill((NAME, 1), (block, 0..BLOCK), &mut entries);
        }
        history.complete(NAME, 1);
        assert_eq!(history.column(NAME, &m), Some(1));
        for (profile, events) in plain.iter_mut().enumerate() {
            events.sort_unstable();
            let view = history.of(NAME, ProfileId(profile as u32 * 5));
            let found: Vec<(u32, u64)> =
                (0..view.len()).map(|index| (view.times()[index], view.seq(index).0)).collect();
            assert_eq!(found, *events);
            for (index, (_, seq)) in events.iter().enumerate() {
                let code = view.code(column, index);
                let number = history.dictionary(NAME, column).numbers(code)[0];
                assert_eq!(number, *seq as i64 * 1_000_000);
                let code = view.code(1, index);
                let values: Vec<_> =
                    history.dictionary(NAME, 1).values(code).map(|value| value.millionths()).collect();
                let late = properties(*seq);
                let expected: Vec<_> = late.as_map().get("m").iter().map(Value::millionths).collect();
                assert_eq!(values, expected, "{seq}");
            }
        }
    }

    /// Where most cells of a block are in use, the newest seconds are kept beside them.
    #[test]
    fn whoever_has_an_event_after_a_second_is_found_whatever_moved() {
        let mut history = History::default();
        let check = |history: &History, what: &str| {
            assert!(history.newest.later(NAME, 0, 0).is_some(), "the seconds are kept");
            for second in [0, 500, 900] {
                let found = history.later(NAME, 0, second);
                for profile in 0..BLOCK {
                    let times = history.of(NAME, ProfileId(profile as u32)).times();
                    let is_found = found[profile / 64] >> (profile % 64) & 1 == 1;
                    assert_eq!(is_found, times.last() > Some(&second), "{profile} after {second}: {what}");
                }
            }
        };
        for seq in 1..6_000_u64 {
            let draw = xxhash_rust::xxh3::xxh3_64(&seq.to_le_bytes());
            insert(&mut history, (draw % BLOCK as u64) as u32, (draw >> 32) as u32 % 1_000, seq);
        }
        check(&history, "inserted");
        let given: Vec<Seq> = seqs(&history, 7).into_iter().map(Seq).collect();
        history.absorb(ProfileId(7), ProfileId(8));
        check(&history, "joined");
        let mut given = given;
        given.sort_unstable();
        history.part(NAME, ProfileId(8), ProfileId(7), &given);
        check(&history, "parted");
        history.forget(ProfileId(9));
        check(&history, "forgotten");
        history.newest = Newest::default();
        history.complete_newest();
        check(&history, "read again");
    }

    #[test]
    fn two_strands_become_one_in_order() {
        let mut history = History::default();
        history.keep(NAME, &["n".to_owned()], Seq(0));
        for (profile, second, seq) in
            [(1, 10, 1), (20_000, 5, 2), (20_000, 10, 3), (20_000, 40, 4), (1, 30, 5)]
        {
            insert(&mut history, profile, second, seq);
        }
        history.absorb(ProfileId(20_000), ProfileId(1));
        assert_eq!(seqs(&history, 1), [2, 1, 3, 5, 4]);
        assert!(history.of(NAME, ProfileId(20_000)).is_empty());
        let view = history.of(NAME, ProfileId(1));
        assert_eq!(history.dictionary(NAME, 0).numbers(view.code(0, 4)), [4_000_000]);
    }

    #[test]
    fn an_event_that_moves_past_the_filling_has_its_code_in_the_end() {
        let mut history = History::default();
        insert(&mut history, 1, 10, 1);
        insert(&mut history, 2_000, 20, 2);
        let path = ["n".to_owned()];
        let kept = (NAME, history.keep(NAME, &path, Seq(2)).0);
        let mut entries = Entries::new(&path);
        [1, 2].into_iter().for_each(|seq| entries.add(Seq(seq), properties(seq).as_map()));
        entries.close();
        history.fill(kept, (0, 0..1_024), &mut entries);
        history.absorb(ProfileId(2_000), ProfileId(1));
        history.fill(kept, (0, 1_024..BLOCK), &mut entries);
        for moved in history.take_moved() {
            history.fill_profile(kept, moved, &mut entries);
        }
        let view = history.of(NAME, ProfileId(1));
        let numbers = |index| history.dictionary(NAME, kept.1).numbers(view.code(kept.1, index));
        assert_eq!((numbers(0), numbers(1)), ([1_000_000].as_slice(), [2_000_000].as_slice()));
    }

    #[test]
    fn whoever_gave_their_events_away_has_no_newest_one() {
        let mut history = History::default();
        insert(&mut history, 1, 50, 1);
        history.absorb(ProfileId(1), ProfileId(2));
        insert(&mut history, 1, 10, 2);
        let later = |second| history.block(NAME, 0).unwrap().later(second)[0];
        assert_eq!([9, 10, 49, 50].map(later), [0b110, 0b100, 0b100, 0]);
    }
}
