//! What runs do, step by step, told to whoever watches.
//!
//! Nothing of it is state, and nothing is decided by it: an engine that nobody watches notes nothing. A step without a
//! wait is told like any other, so who counts moves knows of every branch that somebody took.

use crate::ProfileId;
use crate::at::At;
use crate::engine::Engine;
use crate::journey::{Operation, Plan, RunState};
use std::sync::Arc;

/// One move of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub profile: ProfileId,
    /// The run's number.
    pub run: u64,
    /// The journey's name, or that of a broadcast.
    pub journey: Arc<str>,
    pub is_broadcast: bool,
    /// Of the journey, from 1.
    pub version: u32,
    pub at: At,
    /// Withheld by the holdout: it passes every step, and nothing is done in them.
    pub held_out: bool,
    pub what: Move,
}

/// What a run did. Steps are named by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is at its first step; or, where it is not new, at the step of a newer version.
    In {
        to: Arc<str>,
        is_new: bool,
    },
    On {
        from: Arc<str>,
        to: Arc<str>,
    },
    /// It ended, at this step.
    Out {
        from: Arc<str>,
        by: Leaving,
    },
    /// It reached the goal; where it was, or nothing once it had ended.
    Goal {
        at: Option<Arc<str>>,
    },
}

/// Why a run is at its step no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaving {
    /// It came to the end of its steps.
    End,
    /// The exit rule holds; or its broadcast was cancelled.
    ExitRule,
    /// The same person was in the same journey on a merged profile.
    Merged,
    /// The journey was changed, and its runs end with that.
    Changed,
    /// It goes on in the same step of a newer version.
    Newer,
    /// The person was erased.
    Erased,
}

impl Leaving {
    pub const ALL: [Self; 6] =
        [Self::End, Self::ExitRule, Self::Merged, Self::Changed, Self::Newer, Self::Erased];

    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::ExitRule => "exit_rule",
            Self::Merged => "merged",
            Self::Changed => "changed",
            Self::Newer => "newer",
            Self::Erased => "erased",
        }
    }

    pub(crate) fn of(state: RunState) -> Self {
        match state {
            RunState::Active | RunState::Completed => Self::End,
            RunState::Exited => Self::ExitRule,
            RunState::Merged => Self::Merged,
            RunState::Replaced => Self::Changed,
        }
    }
}

/// A run, for the time of a note.
#[derive(Clone, Copy)]
pub(crate) struct Mover {
    pub(crate) profile: ProfileId,
    pub(crate) run: u64,
    pub(crate) version: u32,
    pub(crate) held_out: bool,
}

impl Engine {
    /// Notes from here on what runs do.
    pub fn watch_runs(&mut self) {
        self.moves.get_or_insert_default();
    }

    /// What runs did since the last look, in order.
    pub fn take_moves(&mut self) -> Vec<Moved> {
        self.moves.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Notes a move; what it is, is asked where somebody watches.
    pub(crate) fn note_move(&mut self, mover: Mover, what: impl FnOnce(&Plan) -> Option<Move>) {
        let Some(moves) = &mut self.moves else { return };
        let Some(what) = what(&self.index.plans[mover.version as usize]) else { return };
        let Mover { profile, run, version, held_out } = mover;
        let of = &self.state.versions[version as usize];
        moves.push(Moved {
            profile,
            run,
            journey: of.name.as_str().into(),
            is_broadcast: of.is_broadcast,
            version: of.version,
            at: self.state.at,
            held_out,
            what,
        });
    }
}

impl Plan {
    /// The step at which somebody is who was put on an operation: jumps lead on to it.
    pub(crate) fn step_at(&self, mut position: u16) -> Arc<str> {
        while let Operation::Jump(to) = &self.operations[usize::from(position)] {
            position = *to;
        }
        Arc::clone(&self.places[usize::from(position)])
    }

    /// The move from one operation to another, if it is one between steps.
    pub(crate) fn step_on(&self, from: u16, to: u16) -> Option<Move> {
        if matches!(self.operations[usize::from(from)], Operation::Jump(_)) {
            return None;
        }
        let (from, to) = (Arc::clone(&self.places[usize::from(from)]), self.step_at(to));
        (from != to).then_some(Move::On { from, to })
    }
}
