//! One send in the ledger: fifty-two bytes for what every send has, a third of them where it is closed, and notes for what
//! few have.

use super::NONE;
use super::forms::Form;
use crate::at::{At, Span};
use crate::codec::{Reader, put_varint, put_zigzag};
use crate::layout::is_since;
use crate::limits::ATTEMPTS_MAX;
use crate::outbox::{Decision, Reason, Send, Status};
use crate::record::Verdict;
use crate::value::OwnedMap;
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Read, Result};
use std::sync::Arc;

/// Instants are milliseconds: the wish's since 1970, the others' since the wish.
#[derive(Clone, Copy, Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Row {
    pub(super) profile: ProfileId,
    pub(super) form: u32,
    /// Number of the address; [`NONE`] without one.
    pub(super) address: u32,
    /// The person's send before this one; [`NONE`] for the first.
    pub(super) before: u32,
    decided: u32,
    attempted: u32,
    settled: u32,
    opened: [u8; 5],
    clicked: [u8; 5],
    wished_at: [u8; 6],
    run: [u8; 5],
    decision: u8,
    pub(super) status: Status,
    /// Hand-overs begun, and above them the hour of a trial.
    #[borsh(deserialize_with = "read_attempts")]
    attempts: u8,
}

/// Bits of the number of hand-overs.
const ATTEMPT_BITS: u32 = 3;
/// In place of an hour, where the send is no trial.
const NO_HOUR: u8 = (1 << (u8::BITS - ATTEMPT_BITS)) - 1;
const _: () = assert!(ATTEMPTS_MAX < 1 << ATTEMPT_BITS && NO_HOUR >= 24);
const _: () = assert!(size_of::<Row>() == 52);

/// What the rows of a sheet are near to: the first one's wish and run.
#[derive(Clone, Copy)]
pub(super) struct Near {
    wished_at: i64,
    run: i64,
}

/// What a closed row says first: which of what only some rows have follows.
const HAS_ADDRESS: u8 = 1;
const HAS_BEFORE: u8 = 1 << 1;
const IS_DECIDED_LATER: u8 = 1 << 2;
const IS_ATTEMPTED: u8 = 1 << 3;
const IS_SETTLED: u8 = 1 << 4;
const IS_OPENED: u8 = 1 << 5;
const IS_CLICKED: u8 = 1 << 6;

/// Before layout 8 no hour was told.
fn read_attempts<R: Read>(reader: &mut R) -> Result<u8> {
    let attempts = u8::deserialize_reader(reader)?;
    Ok(if is_since(8) { attempts } else { attempts | NO_HOUR << ATTEMPT_BITS })
}

/// What only sends have that are not settled, or not well.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub(super) struct Notes {
    /// Until when it is deferred.
    until: Option<At>,
    retry_at: Option<At>,
    /// Those of these that come so long after the wish that the row has no room for them.
    decided_at: Option<At>,
    attempted_at: Option<At>,
    settled_at: Option<At>,
    reply: String,
    returned: Option<(Verdict, At)>,
    event: OwnedMap,
}

/// Decisions as numbers: a reason is added to the one or the other.
const SEND: u8 = 0;
const DROP: u8 = 1;
const DEFER: u8 = 128;
const _: () = assert!(Reason::ALL.len() < (DEFER - DROP) as usize);

impl Row {
    pub(super) fn of(send: &Send, form: u32, address: u32, before: u32) -> (Self, Notes) {
        let (decision, until) = match send.decision {
            Decision::Send => (SEND, None),
            Decision::Drop { reason } => (DROP + reason as u8, None),
            Decision::Defer { until, reason } => (DEFER + reason as u8, Some(until)),
        };
        let since = |at: At| at.since(send.wished_at).0;
        let soon = |at: Option<At>| {
            at.map_or(NONE, |at| u32::try_from(since(at)).ok().filter(|soon| *soon < NONE).unwrap_or(NONE))
        };
        let row = Self {
            profile: send.profile,
            form,
            address,
            before,
            decided: soon(Some(send.decided_at)),
            attempted: soon(send.attempted_at),
            settled: soon(send.settled_at),
            opened: send.opened_at.map_or(NEVER, |at| bytes(since(at))),
            clicked: send.clicked_at.map_or(NEVER, |at| bytes(since(at))),
            wished_at: bytes(send.wished_at.0),
            run: bytes(send.run.cast_signed()),
            decision,
            status: send.status,
            attempts: send.attempts | send.hour.unwrap_or(NO_HOUR) << ATTEMPT_BITS,
        };
        let late = |told: u32, at: Option<At>| at.filter(|_| told == NONE);
        let notes = Notes {
            until,
            retry_at: send.retry_at,
            decided_at: late(row.decided, Some(send.decided_at)),
            attempted_at: late(row.attempted, send.attempted_at),
            settled_at: late(row.settled, send.settled_at),
            reply: send.reply.clone(),
            returned: send.returned,
            event: send.event.clone(),
        };
        (row, notes)
    }

    pub(super) fn near(&self) -> Near {
        Near { wished_at: signed(self.wished_at), run: signed(self.run) }
    }

    /// Appends the row as a closed one.
    pub(super) fn put(&self, near: Near, out: &mut Vec<u8>) {
        let has = self.has();
        out.extend([has, self.decision, self.status as u8, self.attempts]);
        put_varint(out, self.profile.0.into());
        put_varint(out, self.form.into());
        put_zigzag(out, signed(self.wished_at) - near.wished_at);
        put_zigzag(out, signed(self.run) - near.run);
        // Each time is told by how long after the one before it comes: mostly a few milliseconds.
        let numbers = [
            (HAS_ADDRESS, self.address),
            (HAS_BEFORE, self.before),
            (IS_DECIDED_LATER, self.decided),
            (IS_ATTEMPTED, self.attempted.wrapping_sub(self.decided)),
            (IS_SETTLED, self.settled.wrapping_sub(self.attempted)),
        ];
        for (_, number) in numbers.iter().filter(|(what, _)| has & what > 0) {
            put_varint(out, (*number).into());
        }
        for (_, after) in
            [(IS_OPENED, self.opened), (IS_CLICKED, self.clicked)].iter().filter(|(what, _)| has & what > 0)
        {
            put_varint(out, signed(*after).cast_unsigned());
        }
    }

    /// Reads a closed row.
    pub(super) fn read(near: Near, reader: &mut Reader<'_>) -> Option<Self> {
        let [has, decision, status, attempts] = reader.array()?;
        let profile = ProfileId(u32::try_from(reader.varint()?).ok()?);
        let form = u32::try_from(reader.varint()?).ok()?;
        let wished_at = bytes(near.wished_at + reader.zigzag()?);
        let run = bytes(near.run + reader.zigzag()?);
        let mut number = |what: u8, other: u32| match has & what > 0 {
            true => u32::try_from(reader.varint()?).ok(),
            false => Some(other),
        };
        let (address, before) = (number(HAS_ADDRESS, NONE)?, number(HAS_BEFORE, NONE)?);
        let decided = number(IS_DECIDED_LATER, 0)?;
        let attempted = number(IS_ATTEMPTED, NONE.wrapping_sub(decided))?.wrapping_add(decided);
        let settled = number(IS_SETTLED, NONE.wrapping_sub(attempted))?.wrapping_add(attempted);
        let mut after = |what: u8| match has & what > 0 {
            true => Some(bytes(reader.varint()?.cast_signed())),
            false => Some(NEVER),
        };
        let (opened, clicked) = (after(IS_OPENED)?, after(IS_CLICKED)?);
        let status = *Status::ALL.get(usize::from(status))?;
        Some(Self {
            profile,
            form,
            address,
            before,
            decided,
            attempted,
            settled,
            opened,
            clicked,
            wished_at,
            run,
            decision,
            status,
            attempts,
        })
    }

    /// Which of what only some rows have this one has.
    fn has(&self) -> u8 {
        let all = [
            (HAS_ADDRESS, self.address != NONE),
            (HAS_BEFORE, self.before != NONE),
            (IS_DECIDED_LATER, self.decided != 0),
            (IS_ATTEMPTED, self.attempted != NONE),
            (IS_SETTLED, self.settled != NONE),
            (IS_OPENED, self.opened != NEVER),
            (IS_CLICKED, self.clicked != NEVER),
        ];
        all.iter().filter(|(_, is)| *is).fold(0, |has, (what, _)| has | what)
    }

    /// The hour under which it counts as a trial, where it does.
    pub(super) fn hour(&self) -> Option<u8> {
        Some(self.attempts >> ATTEMPT_BITS).filter(|hour| *hour != NO_HOUR)
    }

    pub(super) fn decision(&self, notes: Option<&Notes>) -> Decision {
        let reason = |from: u8| Reason::ALL[usize::from(self.decision - from)];
        match self.decision {
            SEND => Decision::Send,
            DROP..DEFER => Decision::Drop { reason: reason(DROP) },
            DEFER.. => Decision::Defer {
                until: notes
                    .and_then(|notes| notes.until)
                    .expect("invariant: what is deferred has its notes"),
                reason: reason(DEFER),
            },
        }
    }

    pub(super) fn wished_at(&self) -> At {
        At(signed(self.wished_at))
    }

    pub(super) fn decided_at(&self, notes: Option<&Notes>) -> At {
        let late = || notes.and_then(|notes| notes.decided_at).expect("invariant: every send was decided");
        self.soon(self.decided).unwrap_or_else(late)
    }

    pub(super) fn attempted_at(&self, notes: Option<&Notes>) -> Option<At> {
        self.soon(self.attempted).or_else(|| notes?.attempted_at)
    }

    pub(super) fn settled_at(&self, notes: Option<&Notes>) -> Option<At> {
        self.soon(self.settled).or_else(|| notes?.settled_at)
    }

    pub(super) fn is_clicked(&self) -> bool {
        self.clicked != NEVER
    }

    /// An instant that is told by how long after the wish it came.
    fn soon(&self, after: u32) -> Option<At> {
        (after != NONE).then(|| self.wished_at().plus(Span(after.into())))
    }

    pub(super) fn send(&self, id: SendId, form: &Form, address: Arc<str>, notes: Option<&Notes>) -> Send {
        let none = Notes::default();
        let (decision, wished_at, decided_at) =
            (self.decision(notes), self.wished_at(), self.decided_at(notes));
        let (attempted_at, settled_at) = (self.attempted_at(notes), self.settled_at(notes));
        let notes = notes.unwrap_or(&none);
        let late = |after: [u8; 5]| (after != NEVER).then(|| wished_at.plus(Span(signed(after))));
        let Form {
            message,
            purpose,
            journey,
            language,
            step,
            channel,
            confirms,
            basis,
            variant,
            chosen,
            responded,
        } = form.clone();
        Send {
            id,
            profile: self.profile,
            message,
            purpose,
            journey,
            step,
            run: signed(self.run).cast_unsigned(),
            confirms,
            basis,
            channel,
            language,
            variant,
            chosen,
            address,
            decision,
            status: self.status,
            wished_at,
            decided_at,
            attempts: self.attempts & ((1 << ATTEMPT_BITS) - 1),
            attempted_at,
            settled_at,
            retry_at: notes.retry_at,
            reply: notes.reply.clone(),
            opened_at: late(self.opened),
            clicked_at: late(self.clicked),
            hour: self.hour(),
            responded,
            returned: notes.returned,
            event: notes.event.clone(),
        }
    }
}

impl Notes {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// In place of five bytes, where there is nothing.
const NEVER: [u8; 5] = [u8::MAX; 5];

/// The lowest bytes of a number that is not below 0 and has no more.
fn bytes<const N: usize>(number: i64) -> [u8; N] {
    let all = number.to_le_bytes();
    let fits =
        number >= 0 && all[N..].iter().all(|byte| *byte == 0) && all[..N].iter().any(|byte| *byte < u8::MAX);
    assert!(fits, "invariant: instants after a wish, and numbers of runs, have a bound");
    all[..N].try_into().expect("invariant: eight bytes are enough")
}

fn signed<const N: usize>(bytes: [u8; N]) -> i64 {
    let mut all = [0; 8];
    all[..N].copy_from_slice(&bytes);
    i64::from_le_bytes(all)
}
