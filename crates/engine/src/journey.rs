//! Journeys: versioned definitions of steps, and the runs of people through them.
//!
//! A definition is compiled into a flat list of operations with jumps, so that where a run stands is one number. A
//! run finishes on the version that it began on. [`crate::engine`] moves runs; this file says what they are.

use crate::SendId;
use crate::at::{At, Span};
use crate::history::Since;
use crate::name::NameId;
use crate::programme::{self, Channel, Enter, Step};
use crate::segment::Filter;
use crate::segment::day::Trial;
use crate::segment::parse::of_programme;
use crate::segment::rule::{Rule, Scope};
use crate::value::OwnedMap;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// One profile's passage through one journey version, as far as it matters for good.
#[derive(Clone, Copy, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Passage {
    /// The run's number.
    pub(crate) id: u64,
    /// Index of the journey version in the engine.
    pub(crate) version: u32,
    pub(crate) entered_at: At,
    /// What "since the run began" means.
    pub(crate) began: Since,
    pub(crate) state: RunState,
    /// Withheld by the holdout: it passes every step, and every send in it is dropped.
    pub(crate) held_out: bool,
    pub(crate) reached_goal: bool,
}

/// A passage that goes on.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Run {
    pub(crate) passage: Passage,
    /// Index of the operation it stands at.
    pub(crate) position: u16,
    /// Where the run came to that operation.
    pub(crate) arrived: Since,
    /// When its wait is over; `At::MAX` outside waits.
    pub(crate) wait_ends: At,
    /// The timer that it waits for.
    pub(crate) due: At,
    /// Properties of the event that started it.
    pub(crate) event: OwnedMap,
    /// The send that is to be decided before it goes on.
    pub(crate) waits_for: Option<SendId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum RunState {
    Active,
    /// Came to the end of its steps.
    Completed,
    /// Ended early by the exit rule.
    Exited,
    /// Ended since the same person was in the same journey on a merged profile.
    Merged,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Exited => "exited",
            Self::Merged => "merged",
        }
    }
}

/// A journey version, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The same number for all versions of one journey.
    pub(crate) journey: u32,
    pub(crate) name: Arc<str>,
    pub(crate) purpose: Arc<str>,
    pub(crate) entry: Entry,
    pub(crate) reenter: programme::Reenter,
    pub(crate) exit: Option<Rule>,
    pub(crate) goal: Option<(Rule, Span)>,
    pub(crate) holdout_permille: u16,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// At each event of the name whose properties, by path, pass the trials.
    Event { event: NameId, trials: Vec<(Vec<String>, Trial)> },
    /// When somebody enters the segment of this slot, which may be a hidden one, or leaves it.
    Segment { slot: u16, is_in: bool },
    /// By a segment that the programme no longer has; only a version that is not live any more.
    Never,
}

/// A step, flattened.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Wait(Span),
    WaitUntil {
        until: Rule,
        at_most: Span,
    },
    /// `step` counts the sends of the journey, and names this one in the ledger.
    Send {
        message: Arc<str>,
        channels: Arc<[Channel]>,
        step: u16,
    },
    /// Goes to the next operation if the rule holds, otherwise to `or`.
    If {
        rule: Rule,
        or: u16,
    },
    Jump(u16),
    Exit,
}

/// How the names of hidden segments begin.
pub(crate) const ENTRY_PREFIX: &str = "journey ";

/// The name of the hidden segment behind an entry rule that is more than one event.
pub(crate) fn entry_segment(journey: &str) -> String {
    format!("{ENTRY_PREFIX}{journey} enter")
}

impl Plan {
    /// Compiles a definition that [`programme::Programme::mistakes`] found nothing wrong with.
    pub(crate) fn compile<S: Fn(&str) -> Option<u16>>(
        name: &str,
        journey: &programme::Journey,
        scope: &mut Scope<'_, S>,
    ) -> Self {
        let mut compiler = Compiler { scope, operations: Vec::new(), sends: 0 };
        compiler.steps(&journey.steps);
        compiler.operations.push(Operation::Exit);
        let operations = std::mem::take(&mut compiler.operations);
        let exit = journey.exit.as_deref().map(|text| compiler.rule(text));
        let goal = journey.goal.as_ref().map(|goal| (compiler.rule(&goal.did), goal.within));
        let entry = match Enter::of_programme(&journey.enter) {
            Enter::Change { segment, is_in } => {
                (scope.slot_of)(&segment).map_or(Entry::Never, |slot| Entry::Segment { slot, is_in })
            }
            Enter::Event(did) => {
                let trials = did.deed.filters.iter();
                let trial = |filter: &Filter| (filter.path.clone(), Trial::new(&filter.test, scope.timezone));
                Entry::Event {
                    event: scope.names.number(&did.deed.event),
                    trials: trials.map(trial).collect(),
                }
            }
            Enter::Truth(_) => Entry::Segment {
                slot: (scope.slot_of)(&entry_segment(name))
                    .expect("invariant: entry segments have slots before plans"),
                is_in: true,
            },
        };
        Self {
            journey: 0,
            name: name.into(),
            purpose: journey.purpose.as_str().into(),
            entry,
            reenter: journey.reenter,
            exit,
            goal,
            holdout_permille: journey.holdout_permille,
            operations,
        }
    }
}

impl Plan {
    /// The rules that are asked again when something happens. A branch is asked when a run comes to it.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let waits = self.operations.iter().filter_map(|operation| match operation {
            Operation::WaitUntil { until, .. } => Some(until),
            _ => None,
        });
        self.exit.iter().chain(self.goal.iter().map(|(rule, _)| rule)).chain(waits)
    }
}

struct Compiler<'a, 'b, S> {
    scope: &'a mut Scope<'b, S>,
    operations: Vec<Operation>,
    sends: u16,
}

impl<S: Fn(&str) -> Option<u16>> Compiler<'_, '_, S> {
    fn rule(&mut self, text: &str) -> Rule {
        Rule::compile(&of_programme(text), self.scope)
    }

    fn here(&self) -> u16 {
        u16::try_from(self.operations.len()).expect("invariant: a journey has fewer than 65536 operations")
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Wait(span) => self.operations.push(Operation::Wait(*span)),
                Step::WaitUntil { until, at_most } => {
                    let until = self.rule(until);
                    self.operations.push(Operation::WaitUntil { until, at_most: *at_most });
                }
                Step::Send { message, channels } => {
                    let (message, channels) = (message.as_str().into(), channels.as_slice().into());
                    self.operations.push(Operation::Send { message, channels, step: self.sends });
                    self.sends += 1;
                }
                Step::Branch(arms) => self.branch(arms),
                Step::Exit => self.operations.push(Operation::Exit),
            }
        }
    }

    /// Each arm: `If` to the next arm, its steps, and a jump to the end of the branch.
    fn branch(&mut self, arms: &[programme::Arm]) {
        let mut jumps = Vec::new();
        for arm in arms {
            let condition = arm.when.as_deref().map(|when| {
                let rule = self.rule(when);
                self.operations.push(Operation::If { rule, or: 0 });
                self.operations.len() - 1
            });
            self.steps(&arm.then);
            jumps.push(self.operations.len());
            self.operations.push(Operation::Jump(0));
            let next = self.here();
            if let Some(index) = condition
                && let Operation::If { or, .. } = &mut self.operations[index]
            {
                *or = next;
            }
        }
        let end = self.here();
        for index in jumps {
            self.operations[index] = Operation::Jump(end);
        }
    }
}
