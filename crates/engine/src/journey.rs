//! Journeys: versioned definitions of steps, and the runs of people through them.
//!
//! A definition is compiled into a flat list of operations with jumps, so that where a run stands is one number. A
//! run finishes on the version that it began on. [`crate::engine`] moves runs; this file says what they are.

mod call;
mod compile;

pub use call::{AskedWebhook, CALL_ROOT};
pub(crate) use call::{Call, CallState};

use crate::SendId;
use crate::at::{At, Span};
use crate::best::How;
use crate::governor::ZONE;
use crate::history::Since;
use crate::layout::since;
use crate::local::{TimeOfDay, Weekdays};
use crate::name::NameId;
use crate::programme::{
    self, Appointment, Channel, Choices, DateEntry, DateOf, Draw, Enter, OnChange, Schedule, Step,
    WebhookStep,
};
use crate::segment::Filter;
use crate::segment::day::Trial;
use crate::segment::parse::of_programme;
use crate::segment::rule::{Rule, Scope};
use crate::value::{OwnedMap, OwnedValue};
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
    /// How the hour for which it waits was chosen.
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(crate) hour: How,
    /// The send that is to be decided before it goes on.
    pub(crate) waits_for: Option<SendId>,
    /// What it asked a webhook at the operation where it stands.
    pub(crate) call: Option<Box<Call>>,
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
    /// Ended since the journey was changed.
    Replaced,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Exited => "exited",
            Self::Merged => "merged",
            Self::Replaced => "replaced",
        }
    }
}

/// Whether people come into a journey and go on in it. All its versions stand alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Standing {
    #[default]
    Open,
    /// Nobody comes in, and nobody goes on.
    Paused,
    /// Nobody comes in; who is inside goes on to the end.
    Draining,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Draining => "draining",
        }
    }
}

/// Why a run does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunRefusal {
    NoSuchJourney,
    /// Nobody is known by the identifier.
    Unknown,
    Paused,
    Draining,
    /// The person is on the way through the journey.
    Inside,
    /// The person was in the journey, and may not begin again, or not yet.
    NotAgain,
    /// The journey is for others.
    NotForThem,
}

impl std::fmt::Display for RunRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoSuchJourney => "the programme has no such journey",
            Self::Unknown => "nobody is known by the identifier",
            Self::Paused => "the journey is paused: nobody comes in until it is resumed",
            Self::Draining => "the journey is draining: nobody comes in until it is resumed",
            Self::Inside => "the person is on the way through the journey",
            Self::NotAgain => "the person was in the journey, which does not let them in again, or not yet",
            Self::NotForThem => {
                "the journey is for others: what it asks for in `for` does not hold for the person"
            }
        })
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
    pub(crate) standing: Standing,
    /// Only those for whom it holds begin a run.
    pub(crate) audience: Option<Rule>,
    pub(crate) reenter: programme::Reenter,
    pub(crate) on_change: OnChange,
    pub(crate) exit: Option<Rule>,
    pub(crate) goal: Option<(Rule, Span)>,
    pub(crate) holdout_permille: u16,
    pub(crate) operations: Vec<Operation>,
    /// By operation: the step that it belongs to.
    pub(crate) places: Vec<Arc<str>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// At each event of the name whose properties, by path, pass the trials.
    Event { event: NameId, trials: Vec<(Vec<String>, Trial)> },
    /// When somebody enters the segment of this slot, which may be a hidden one, or leaves it.
    Segment { slot: u16, is_in: bool },
    /// Everybody, so often.
    Schedule(Schedule),
    /// Each person on a date of their own.
    Date(DateEntry),
    /// Only by request, or by a segment that the programme no longer has: a version that is not live any more.
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
    Send(Arc<SendStep>),
    /// Goes to the next operation if the rule holds, otherwise to `or`.
    If {
        rule: Rule,
        or: u16,
    },
    Jump(u16),
    Exit,
    WaitDate(Appointment),
    WaitLocal {
        time: Option<TimeOfDay>,
        weekdays: Weekdays,
    },
    /// Draws by the name; takes the first way whose shares and those before it are more than what was drawn.
    Split {
        name: Arc<str>,
        draw: Draw,
        ways: Vec<SplitWay>,
    },
    Update(Arc<[(Box<str>, OwnedValue)]>),
    /// Begins a run of the journey of this name.
    Start(Arc<str>),
    /// Asks a webhook; goes on with the next operation where it answered, and to `or` where it did not.
    Webhook {
        asked: Arc<WebhookStep>,
        or: u16,
    },
    /// Gives the offer of this name.
    Offer(Arc<str>),
}

#[derive(Clone, Debug)]
pub(crate) struct SendStep {
    pub(crate) message: Arc<str>,
    pub(crate) channels: Vec<Channel>,
    /// It counts the sends of the journey, and names this one in the ledger.
    pub(crate) step: u16,
    pub(crate) choices: Choices,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SplitWay {
    /// In thousandths, of this way and those before it.
    pub(crate) below_permille: u16,
    pub(crate) to: u16,
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
        let mut compiler = Compiler::new(name, scope);
        compiler.steps(&journey.steps);
        compiler.place = "end".into();
        compiler.push(Operation::Exit);
        let (operations, places) =
            (std::mem::take(&mut compiler.operations), std::mem::take(&mut compiler.places));
        let exit = journey.exit.as_deref().map(|text| compiler.rule(text));
        let audience = journey.audience.as_deref().map(|text| compiler.rule(text));
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
            Enter::Schedule(schedule) => Entry::Schedule(schedule),
            Enter::Date(date) => Entry::Date(date),
            Enter::Request => Entry::Never,
        };
        Self {
            journey: 0,
            name: name.into(),
            purpose: journey.purpose.as_str().into(),
            entry,
            standing: Standing::default(),
            audience,
            reenter: journey.reenter,
            on_change: journey.on_change,
            exit,
            goal,
            holdout_permille: journey.holdout_permille,
            operations,
            places,
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

    /// The traits that move the end of a wait.
    pub(crate) fn clocks(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().flat_map(|operation| match operation {
            Operation::WaitDate(Appointment { of: DateOf::Trait(path), .. }) => {
                vec![ZONE, path[0].as_str()]
            }
            Operation::WaitDate(_) | Operation::WaitLocal { .. } => vec![ZONE],
            _ => Vec::new(),
        })
    }
}

struct Compiler<'a, 'b, S> {
    journey: &'a str,
    scope: &'a mut Scope<'b, S>,
    operations: Vec<Operation>,
    places: Vec<Arc<str>>,
    /// The step that is being compiled.
    place: Arc<str>,
    sends: u16,
    splits: u16,
}

impl<'a, 'b, S: Fn(&str) -> Option<u16>> Compiler<'a, 'b, S> {
    fn new(journey: &'a str, scope: &'a mut Scope<'b, S>) -> Self {
        Self {
            journey,
            scope,
            operations: Vec::new(),
            places: Vec::new(),
            place: "".into(),
            sends: 0,
            splits: 0,
        }
    }

    fn rule(&mut self, text: &str) -> Rule {
        Rule::compile(&of_programme(text), self.scope)
    }

    fn here(&self) -> u16 {
        u16::try_from(self.operations.len()).expect("invariant: a journey has fewer than 65536 operations")
    }

    fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
        self.places.push(Arc::clone(&self.place));
    }

    /// A step's place is its name, or else its number, with that of the step it lies in before it.
    fn steps(&mut self, steps: &[Step]) {
        let outer = Arc::clone(&self.place);
        for (index, step) in steps.iter().enumerate() {
            let (step, name) = step.named();
            self.place = programme::step_place(&outer, index, name).into();
            self.step(step, name);
        }
        self.place = outer;
    }

    fn step(&mut self, step: &Step, name: Option<&str>) {
        match step {
            Step::Wait(span) => self.push(Operation::Wait(*span)),
            Step::WaitUntil { until, at_most } => {
                let until = self.rule(until);
                self.push(Operation::WaitUntil { until, at_most: *at_most });
            }
            Step::Send { message, channels, choices } => {
                let (message, channels) = (message.as_str().into(), channels.clone());
                let (step, choices) = (self.sends, choices.clone());
                self.push(Operation::Send(Arc::new(SendStep { message, channels, step, choices })));
                self.sends += 1;
            }
            Step::Branch(arms) => self.branch(arms),
            Step::Exit => self.push(Operation::Exit),
            Step::WaitDate(until) => self.wait_date(until),
            Step::WaitLocal { time, weekdays } => self.wait_local(time.as_deref(), weekdays),
            Step::Split { draw, ways } => self.split(name, *draw, ways),
            Step::Update(traits) => self.update(traits),
            Step::Start(journey) => self.push(Operation::Start(journey.as_str().into())),
            Step::Webhook(asked) => self.webhook(asked),
            Step::Offer(offer) => self.push(Operation::Offer(offer.as_str().into())),
            Step::Named { .. } => unreachable!("invariant: the name was taken off"),
        }
    }

    /// Each arm: `If` to the next arm, its steps, and a jump to the end of the branch.
    fn branch(&mut self, arms: &[programme::Arm]) {
        let mut jumps = Vec::new();
        let outer = Arc::clone(&self.place);
        for (number, arm) in arms.iter().enumerate() {
            let condition = arm.when.as_deref().map(|when| {
                let rule = self.rule(when);
                self.push(Operation::If { rule, or: 0 });
                self.operations.len() - 1
            });
            self.place = programme::way_place(&outer, number).into();
            self.steps(&arm.then);
            self.place = Arc::clone(&outer);
            jumps.push(self.operations.len());
            self.push(Operation::Jump(0));
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
