//! Noting who entered and left which segment, and since when. Part of a profile's turn.

use super::Turn;
use crate::at::At;
use crate::change::ChangeKind;
use crate::index::Gate;
use crate::limits::CHANGE_LOOKS_MAX;
use crate::segment::eval::{Moment, Verdict, condition};

impl Turn<'_> {
    /// Notes that the profile entered or left a segment, where somebody listens to it.
    pub(super) fn note_change(&mut self, slot: u16, entered: bool) {
        if self.engine.index.is_recorded(slot) {
            let at = self.since(slot, entered);
            self.engine.note_change(self.id, slot, kind(entered), at);
        }
    }

    /// The same where a programme changed, and with it perhaps what is listened to.
    pub(super) fn note_told(&mut self, slot: u16, was_told: bool, holds: bool) {
        let is_told = holds && self.engine.index.is_recorded(slot);
        if was_told != is_told {
            let at = self.now();
            self.engine.note_change(self.id, slot, kind(is_told), at);
        }
    }

    /// Since when it is so. A tick may come long after its timer was due: what time alone changed is then looked at again
    /// from that instant on.
    fn since(&self, slot: u16, holds: bool) -> At {
        let now = self.now();
        let (mut since, mut was) = (now, !holds);
        let mut at = self.touched.timer.map_or(At::MAX, |(due, _)| due);
        for _ in 0..CHANGE_LOOKS_MAX {
            if at > now {
                break;
            }
            let verdict = self.look(slot, at);
            if verdict.holds == holds && was != holds {
                since = at;
            }
            (was, at) = (verdict.holds, verdict.until);
        }
        since
    }

    /// Whether the profile was inside at an instant between the record before this one and now.
    fn look(&self, slot: u16, at: At) -> Verdict {
        let moment = Moment::of(&self.engine.state, &self.engine.programme, self.id);
        let gate = self.engine.index.gates[usize::from(slot)].as_ref();
        gate.map_or(Verdict { holds: false, until: At::MAX }, |gate| {
            self.pass(gate, &Moment { now: at, ..moment })
        })
    }

    fn pass(&self, gate: &Gate, moment: &Moment<'_>) -> Verdict {
        let all = |parts: &[Gate], join: fn(bool, bool) -> bool, none| {
            parts.iter().fold(Verdict { holds: none, until: At::MAX }, |all, part| {
                let one = self.pass(part, moment);
                Verdict { holds: join(all.holds, one.holds), until: all.until.min(one.until) }
            })
        };
        match gate {
            Gate::And(parts) => all(parts, |one, two| one && two, true),
            Gate::Or(parts) => all(parts, |one, two| one || two, false),
            Gate::Not(inner) => {
                let verdict = self.pass(inner, moment);
                Verdict { holds: !verdict.holds, ..verdict }
            }
            Gate::Condition(number) => condition(&self.engine.index.conditions[*number as usize], moment),
            Gate::Segment(slot) => self.look(*slot, moment.now),
            Gate::Never => Verdict { holds: false, until: At::MAX },
        }
    }
}

fn kind(entered: bool) -> ChangeKind {
    if entered { ChangeKind::Entered } else { ChangeKind::Left }
}
