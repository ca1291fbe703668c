//! Membership changes between a turn, which notes them, and the log, which holds them.

use super::{Engine, Refusal};
use crate::ProfileId;
use crate::at::At;
use crate::change::{Change, ChangeKind};
use crate::record::{MembershipChanged, Record};

impl Engine {
    /// The next of the records that follow from those applied so far and are to be applied next, before the batch ends.
    /// A replay finds them in the log, where they have to be the same.
    pub fn derived(&self) -> Option<Record<'_>> {
        let (slot, changes) = self.noted.first()?;
        let segment = &self.state.segments[usize::from(slot)].name;
        Some(Record::MembershipChanged(MembershipChanged { segment, changes }))
    }

    pub(super) fn check_changed(&self, changed: &MembershipChanged<'_>) -> Result<(), Refusal> {
        match self.derived() {
            Some(Record::MembershipChanged(derived)) if derived == *changed => Ok(()),
            _ => Err(Refusal::NotDerived),
        }
    }

    /// Notes a change that follows from the record in hand.
    pub(crate) fn note_change(&mut self, profile: ProfileId, slot: u16, kind: ChangeKind, at: At) {
        self.noted.note(slot, Change { profile, kind, at, cause: self.state.seq });
    }

    /// Takes a profile out of every segment that it is in, and forgets all that was known of its conditions.
    pub(crate) fn leave_segments(&mut self, profile: ProfileId, kind: ChangeKind) {
        for slot in 0..self.state.segments.len() as u16 {
            if self.state.truths.is_member(profile, slot) {
                self.state.segments[usize::from(slot)].count -= 1;
                if self.index.is_recorded(slot) {
                    self.note_change(profile, slot, kind, self.state.at);
                }
            }
        }
        self.state.truths.clear(profile);
    }
}
