//! How somebody wants to be written to, besides whether: not for a while, or less often.
//!
//! Owned by the profile. The governor honours both, under reasons of their own; a pause ends by itself.

use crate::Seq;
use crate::at::At;
use crate::record::Preference;
use borsh::{BorshDeserialize, BorshSerialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Preferences {
    pub(crate) paused_until: At,
    pub(crate) fewer: bool,
    /// When the newest of them was said, and by which record.
    pub(crate) said: (At, Seq),
}

/// Of somebody who never said anything.
impl Default for Preferences {
    fn default() -> Self {
        Self { paused_until: At::MIN, fewer: false, said: (At::MIN, Seq(0)) }
    }
}

impl Preferences {
    /// Until when nothing is to be sent that asks for a consent; `None` where it may.
    pub fn paused_until(&self, now: At) -> Option<At> {
        Some(self.paused_until).filter(|until| *until > now)
    }

    pub fn fewer(&self) -> bool {
        self.fewer
    }

    /// Notes what the person said.
    pub(crate) fn state(&mut self, preference: Preference, said: (At, Seq)) {
        match preference {
            Preference::PausedUntil(until) => self.paused_until = until,
            Preference::Fewer(fewer) => self.fewer = fewer,
        }
        self.said = self.said.max(said);
    }

    /// Two people are one: what is the stricter of the two holds, until something else is said.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.paused_until = self.paused_until.max(other.paused_until);
        self.fewer |= other.fewer;
        self.said = self.said.max(other.said);
    }

    /// Two people are two again: to the one who goes, what was said since a place holds as well.
    pub(crate) fn part(&mut self, whole: &Self, since: Seq) {
        if whole.said.1 >= since {
            *self = *whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_takes_the_stricter_and_its_end_keeps_what_was_said_since() {
        let mut one = Preferences::default();
        one.state(Preference::PausedUntil(At(50)), (At(1), Seq(1)));
        assert_eq!(one.paused_until(At(49)), Some(At(50)));
        assert_eq!(one.paused_until(At(50)), None, "it ends by itself");
        let mut two = Preferences::default();
        two.state(Preference::Fewer(true), (At(2), Seq(2)));
        let mut whole = two;
        whole.absorb(&one);
        assert_eq!((whole.paused_until, whole.fewer, whole.said.1), (At(50), true, Seq(2)));
        let mut parted = one;
        parted.part(&whole, Seq(3));
        assert_eq!(parted, one, "nothing was said while they were one");
        whole.state(Preference::PausedUntil(At::MIN), (At(9), Seq(9)));
        parted.part(&whole, Seq(3));
        assert_eq!(parted, whole);
    }
}
