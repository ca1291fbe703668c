//! The ledger of sends, packed: each takes some thirty bytes, whatever is remembered of it once it is settled.
//!
//! What many sends have in common, such as the message and the journey, is kept once, as a *form*; an address is kept once
//! for a person; what only a few need, such as the event of one that may be tried again, lies beside them as *notes*. Sends
//! lie in *sheets* of neighbours: those written to last are open, the others closed up to a third of that. Whoever reads a
//! send gets it whole. Owned by the state.

pub(crate) mod addresses;
mod forms;
mod row;
mod sheet;

use crate::SendId;
use crate::chunked::Chunked;
use crate::limits::{BEST_SENDS_LOOKED_AT_MAX, SHEETS_OPEN_MAX};
use crate::outbox::{Fate, Send, Status};
use crate::programme::Channel;
use crate::section::{Part, Pieces};
use addresses::Addresses;
use borsh::{BorshDeserialize, BorshSerialize};
use forms::Forms;
use row::{Notes, Row};
use sheet::{SENDS_IN_SHEET, Sheet};
use std::collections::VecDeque;
use std::io::Result;
use std::mem::take;
use std::sync::Arc;

/// Of so many of a person's newest sends one may have the same address.
const ADDRESSES_COMPARED: usize = 4;

/// What is not skipped is small, and told in the head.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Ledger {
    forms: Forms,
    #[borsh(skip)]
    sheets: Chunked<Sheet, 1>,
    /// Full sheets that are open, in the order in which they were opened.
    #[borsh(skip)]
    open: VecDeque<u32>,
    #[borsh(skip)]
    addresses: Addresses,
    /// How many sends there are.
    len: u32,
}

impl Ledger {
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// The number of the send that comes next.
    pub(crate) fn next(&self) -> SendId {
        SendId(u64::from(self.len))
    }

    /// Adds a send, after `last`, the newest of the same person.
    pub(crate) fn push(&mut self, send: &Send, last: Option<SendId>) {
        assert_eq!(send.id, self.next(), "invariant: sends are numbered without gaps");
        let (number, place) = place(send.id);
        if place == 0 {
            self.sheets.push(Sheet::default());
        }
        let form = self.forms.intern(send);
        let address = self.address_near(&send.address, last);
        let before = last.map_or(NONE, of_send);
        let (row, notes) = Row::of(send, form, address, before);
        let sheet = &mut self.sheets[number];
        sheet.push(row, notes);
        if sheet.len() == SENDS_IN_SHEET {
            self.note_open(number);
        }
        self.len = self.len.checked_add(1).expect("invariant: sends fit in memory");
    }

    pub(crate) fn get(&self, id: SendId) -> Option<Send> {
        let (row, notes) = self.row(id)?;
        Some(row.send(id, self.forms.get(row.form), self.addresses.get(row.address), notes))
    }

    /// Writes over a send what has become of it.
    pub(crate) fn set(&mut self, send: &Send) {
        let (Row { before, address: old, .. }, _) = self.known(send.id);
        let form = self.forms.intern(send);
        let address = match self.addresses.get(old) == send.address {
            true => old,
            false => {
                self.addresses.release(old);
                self.address_near(&send.address, (before != NONE).then(|| SendId(before.into())))
            }
        };
        let (row, notes) = Row::of(send, form, address, before);
        let place = place(send.id).1;
        self.opened(send.id).set(place, row, notes);
    }

    /// The name of a send's message.
    pub(crate) fn message(&self, id: SendId) -> Option<&str> {
        self.row(id).map(|(row, _)| &*self.forms.get(row.form).message)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Send> + ExactSizeIterator {
        (0..self.len()).map(|number| self.get(SendId(number as u64)).expect("invariant: they are counted"))
    }

    /// Number and status of the sends from one on, in order.
    pub(crate) fn statuses(&self, from: SendId) -> impl Iterator<Item = (SendId, Status)> {
        self.rows(from).map(|(id, row)| (id, row.status))
    }

    /// The statuses of a journey's sends from one on.
    pub(crate) fn statuses_of(&self, journey: &str, from: SendId) -> impl Iterator<Item = Status> {
        let forms = self.forms.of_journey(journey);
        let rows = self.rows(from).map(|(_, row)| row);
        rows.filter(move |row| forms.contains(&row.form)).map(|row| row.status)
    }

    /// What became of all sends, the newest first.
    pub(crate) fn fates(&self) -> impl Iterator<Item = Fate<'_>> {
        (0..self.len as u64).rev().map(|number| self.fate(SendId(number)))
    }

    /// What became of one that is known.
    pub(crate) fn fate(&self, id: SendId) -> Fate<'_> {
        let (row, notes) = self.known(id);
        let form = self.forms.get(row.form);
        Fate {
            send: id,
            profile: row.profile,
            message: &form.message,
            journey: &form.journey,
            step: form.step,
            channel: form.channel,
            decision: row.decision(notes),
            status: row.status,
            wished_at: row.wished_at(),
            decided_at: row.decided_at(notes),
            attempted_at: row.attempted_at(notes),
            settled_at: row.settled_at(notes),
            is_clicked: row.is_clicked(),
        }
    }

    /// A person's sends, given the newest, in order.
    pub(crate) fn list(&self, newest: Option<SendId>) -> Vec<SendId> {
        let mut list: Vec<_> = self.back_from(newest).collect();
        list.reverse();
        list
    }

    /// The same, the newest first.
    pub(crate) fn back_from(&self, newest: Option<SendId>) -> impl Iterator<Item = SendId> {
        std::iter::successors(newest, |id| {
            let (row, _) = self.known(*id);
            (row.before != NONE).then(|| SendId(row.before.into()))
        })
    }

    /// Those among a person's newest sends that count as trials, the newest first.
    pub(crate) fn trials(&self, newest: Option<SendId>) -> impl Iterator<Item = Trial<'_>> {
        self.back_from(newest).take(BEST_SENDS_LOOKED_AT_MAX).filter_map(|id| {
            let (row, _) = self.row(id)?;
            let form = self.forms.get(row.form);
            let (message, variant, responded) = (&form.message, &form.variant, form.responded);
            Some(Trial { message, channel: form.channel?, variant, hour: row.hour()?, responded })
        })
    }

    /// Makes sends one person's, in order. Gives the newest.
    pub(crate) fn link(&mut self, sends: &[SendId]) -> Option<SendId> {
        let mut last = None;
        for id in sends {
            assert!(last < Some(*id), "invariant: a person's sends are in order");
            let before = last.map_or(NONE, of_send);
            if self.known(*id).0.before != before {
                let place = place(*id).1;
                self.opened(*id).link(place, before);
            }
            last = Some(*id);
        }
        last
    }

    /// Takes out what is told in sections of its own.
    pub(crate) fn cut(&mut self, pieces: &mut Pieces) {
        take(&mut self.sheets).cut(pieces, Part::Sends, 0);
        take(&mut self.addresses).cut(pieces);
    }

    /// Adds what the section of a number holds.
    pub(crate) fn append(&mut self, number: u32, section: Section) -> Result<()> {
        self.sheets.append(number, section)
    }

    /// The same of addresses.
    pub(crate) fn append_addresses(&mut self, number: u32, section: addresses::Section) -> Result<()> {
        self.addresses.append(number, section)
    }

    /// Whether all sections are there.
    pub(crate) fn is_complete(&self) -> bool {
        let full = self.len() / SENDS_IN_SHEET;
        let rest = self.len() % SENDS_IN_SHEET;
        let sheets = full + usize::from(rest > 0);
        self.sheets.len() == sheets
            && self
                .sheets
                .iter()
                .enumerate()
                .all(|(number, sheet)| sheet.len() == if number < full { SENDS_IN_SHEET } else { rest })
    }

    /// The rows of the sends from one on, in order. Each sheet is read once, and not once for each of its rows.
    fn rows(&self, from: SendId) -> impl Iterator<Item = (SendId, Row)> {
        let (first, before) = place(from);
        let sheets = self.sheets.iter().enumerate().skip(first);
        let numbered = sheets.flat_map(|(number, sheet)| {
            let sends = (number * SENDS_IN_SHEET..).map(|send| SendId(send as u64));
            sends.zip(sheet.rows())
        });
        numbered.skip(before)
    }

    fn row(&self, id: SendId) -> Option<(Row, Option<&Notes>)> {
        let (sheet, place) = place(id);
        self.sheets.get(sheet)?.get(place)
    }

    fn known(&self, id: SendId) -> (Row, Option<&Notes>) {
        self.row(id).expect("invariant: sends that somebody refers to are known")
    }

    /// The sheet of a send, to be written to.
    fn opened(&mut self, id: SendId) -> &mut Sheet {
        let number = place(id).0;
        if self.sheets[number].is_closed() {
            self.sheets[number].open();
            self.note_open(number);
        }
        &mut self.sheets[number]
    }

    /// Counts a full sheet among the open ones.
    fn note_open(&mut self, number: usize) {
        self.open.push_back(number as u32);
        self.close_but(SHEETS_OPEN_MAX);
    }

    /// Closes open sheets, those first that were opened first, until so many are left.
    fn close_but(&mut self, count: usize) {
        while self.open.len() > count {
            let first = self.open.pop_front().expect("invariant: there are more");
            self.sheets[first as usize].close();
        }
    }

    /// The number of an address: that of the same one among the newest sends of a person, where it is there.
    fn address_near(&mut self, address: &Arc<str>, newest: Option<SendId>) -> u32 {
        if address.is_empty() {
            return NONE;
        }
        let near = self
            .back_from(newest)
            .take(ADDRESSES_COMPARED)
            .map(|id| self.row(id).map_or(NONE, |(row, _)| row.address));
        let known =
            near.into_iter().find(|number| *number != NONE && self.addresses.get(*number) == *address);
        match known {
            Some(number) => self.addresses.keep(number),
            None => self.addresses.push(address),
        }
    }
}

/// A send that arrived, as far as something is learned of it.
pub(crate) struct Trial<'a> {
    pub(crate) message: &'a str,
    pub(crate) channel: Channel,
    pub(crate) variant: &'a str,
    pub(crate) hour: u8,
    pub(crate) responded: bool,
}

/// A piece of the ledger, as it was told.
pub(crate) type Section = Chunked<Sheet, 1>;

/// In place of a number, where there is none.
const NONE: u32 = u32::MAX;

/// A send's sheet and its place there.
fn place(id: SendId) -> (usize, usize) {
    let number = usize::try_from(id.0).unwrap_or(usize::MAX);
    (number / SENDS_IN_SHEET, number % SENDS_IN_SHEET)
}

fn of_send(id: SendId) -> u32 {
    u32::try_from(id.0).expect("invariant: sends fit in memory")
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProfileId;
    use crate::at::{At, Span};
    use crate::basis::Basis;
    use crate::best::{Chosen, How};
    use crate::outbox::{Decision, Reason};
    use crate::record::Verdict;
    use crate::value::OwnedMap;

    /// The ledger as it would be without packing: every send whole, and every person's list.
    #[derive(Default)]
    struct Plain {
        sends: Vec<Send>,
        lists: Vec<Vec<SendId>>,
    }

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(&self.0.to_le_bytes(), 7);
            self.0 % sides
        }
    }

    const PEOPLE: u64 = 7;

    /// Anything that a send can be, whether or not it would make sense.
    fn any_send(dice: &mut Dice, id: SendId, profile: ProfileId) -> Send {
        let wished_at = At(1_700_000_000_000 + dice.roll(1 << 40) as i64);
        let later = |dice: &mut Dice, most: u32| {
            let bits = dice.roll(most.into());
            (dice.roll(3) > 0).then(|| wished_at.plus(Span(dice.roll(1 << bits) as i64)))
        };
        let reason = Reason::ALL[dice.roll(Reason::ALL.len() as u64) as usize];
        let event = match dice.roll(3) {
            0 => OwnedMap::from_json(&serde_json::json!({ "total": dice.roll(100) })).expect("a map"),
            _ => OwnedMap::default(),
        };
        Send {
            id,
            profile,
            message: ["welcome", "cart"][dice.roll(2) as usize].into(),
            purpose: "offers".into(),
            journey: ["", "cart", "welcome"][dice.roll(3) as usize].into(),
            step: dice.roll(3) as u16,
            run: dice.roll(1 << 40).min((1 << 40) - 2),
            confirms: dice.roll(2) == 0,
            channel: [None, Some(Channel::Email), Some(Channel::Push)][dice.roll(3) as usize],
            language: ["it", "en"][dice.roll(2) as usize].into(),
            variant: ["", "short"][dice.roll(2) as usize].into(),
            chosen: Chosen { variant: How::ALL[dice.roll(7) as usize], ..Chosen::default() },
            address: match dice.roll(4) {
                0 => "".into(),
                number => format!("{}.{number}@example.org", profile.0).into(),
            },
            basis: [Basis::None, Basis::SoftOptIn][dice.roll(2) as usize],
            decision: match dice.roll(3) {
                0 => Decision::Send,
                1 => Decision::Drop { reason },
                _ => Decision::Defer { until: At(dice.roll(1 << 42) as i64), reason },
            },
            status: Status::ALL[dice.roll(Status::ALL.len() as u64) as usize],
            wished_at,
            decided_at: later(dice, 36).unwrap_or(wished_at),
            attempts: dice.roll(4) as u8,
            attempted_at: later(dice, 36),
            settled_at: later(dice, 36),
            retry_at: later(dice, 40),
            reply: ["", "450 later", "550 nobody"][dice.roll(3) as usize].to_owned(),
            opened_at: later(dice, 40),
            clicked_at: later(dice, 40),
            hour: (dice.roll(2) == 0).then(|| dice.roll(24) as u8),
            responded: dice.roll(2) == 0,
            returned: later(dice, 40).map(|at| (Verdict::SoftBounce, at)),
            event,
        }
    }

    fn check(ledger: &Ledger, plain: &Plain, newest: &[Option<SendId>]) {
        assert_eq!(ledger.len(), plain.sends.len());
        for send in &plain.sends {
            let found = ledger.get(send.id).expect("a send that was added");
            assert_eq!(format!("{found:?}"), format!("{send:?}"));
            assert_eq!(ledger.message(send.id), Some(&*send.message));
        }
        for (list, newest) in plain.lists.iter().zip(newest) {
            assert_eq!(&ledger.list(*newest), list);
        }
        for (fate, send) in ledger.fates().zip(plain.sends.iter().rev()) {
            let expected = Fate {
                send: send.id,
                profile: send.profile,
                message: &send.message,
                journey: &send.journey,
                step: send.step,
                channel: send.channel,
                decision: send.decision,
                status: send.status,
                wished_at: send.wished_at,
                decided_at: send.decided_at,
                attempted_at: send.attempted_at,
                settled_at: send.settled_at,
                is_clicked: send.clicked_at.is_some(),
            };
            assert_eq!(fate, expected);
        }
        for sheet in ledger.sheets.iter() {
            let told = borsh::to_vec(sheet).unwrap();
            let again: Sheet = borsh::from_slice(&told).unwrap();
            assert_eq!(again.is_closed(), again.len() == SENDS_IN_SHEET);
            assert!(told == borsh::to_vec(&again).unwrap(), "an open sheet and a closed one are told alike");
        }
        let from = SendId(plain.sends.len() as u64 / 2);
        let of_cart = plain.sends.iter().filter(|send| send.id >= from && *send.journey == *"cart");
        assert!(ledger.statuses_of("cart", from).eq(of_cart.map(|send| send.status)));
        let texts: usize = plain.sends.iter().map(|send| usize::from(!send.address.is_empty())).sum();
        assert_eq!(ledger.addresses.sends(), texts, "every address is kept as long as a send went there");
    }

    #[test]
    fn a_send_is_read_as_it_was_written() {
        let mut dice = Dice(11);
        let (mut ledger, mut plain) = (Ledger::default(), Plain::default());
        plain.lists.resize(PEOPLE as usize, Vec::new());
        let mut newest = vec![None; PEOPLE as usize];
        for round in 0..2_000 {
            let person = dice.roll(PEOPLE) as usize;
            match dice.roll(7) {
                0..3 => {
                    let send = any_send(&mut dice, ledger.next(), ProfileId(person as u32));
                    ledger.push(&send, newest[person]);
                    newest[person] = Some(send.id);
                    plain.lists[person].push(send.id);
                    plain.sends.push(send);
                }
                3..5 if !plain.sends.is_empty() => {
                    let place = dice.roll(plain.sends.len() as u64) as usize;
                    let before = &plain.sends[place];
                    let send = any_send(&mut dice, before.id, before.profile);
                    ledger.set(&send);
                    plain.sends[place] = send;
                }
                5 => ledger.close_but(dice.roll(3) as usize),
                _ => {
                    // Two people become one, or some of one's sends another's.
                    let other = dice.roll(PEOPLE) as usize;
                    let mut all = std::mem::take(&mut plain.lists[person]);
                    all.append(&mut plain.lists[other]);
                    all.sort_unstable();
                    let (mine, theirs): (Vec<_>, Vec<_>) =
                        all.into_iter().partition(|_| person == other || dice.roll(2) == 0);
                    (newest[other], plain.lists[other]) = (ledger.link(&theirs), theirs);
                    (newest[person], plain.lists[person]) = (ledger.link(&mine), mine);
                }
            }
            if round % 50 == 0 {
                check(&ledger, &plain, &newest);
            }
        }
        check(&ledger, &plain, &newest);
    }
}
