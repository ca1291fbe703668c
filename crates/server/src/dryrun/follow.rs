//! One person through a dry run: what happened to them, step by step, when, and why.

use super::listen::Heard;
use engine::ProfileId;
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::moves::{Leaving, Move, Moved};
use engine::outbox::{Decision, Reason, Send};
use engine::programme::{Journey, Led};
use eventlog::dryrun::{Ran, Side};
use serde::Serialize;
use std::collections::BTreeMap;

/// A person on both sides.
#[derive(Debug, Serialize)]
pub struct Followed {
    /// As they were asked for.
    pub person: String,
    /// Nobody was known by that name at the end of the window.
    pub is_known: bool,
    pub was: Vec<Moment>,
    pub would: Vec<Moment>,
}

/// One thing that happened to the person in a journey.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: String,
    pub journey: String,
    /// `entered`, `went_on`, `left`, `reached_goal`, `wished`, `sent`, `waited` or `dropped`.
    pub what: &'static str,
    /// Where they were: the step's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Where they went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Withheld by the holdout, so that nothing is done with them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held_out: bool,
}

/// Why something happened: a word that stays the same, and the rule of the programme that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Of what went on: `rule` (it held), `otherwise` (no other rule of the branch did), `drawn`, `until` (the rule held, or the
    /// time was over), `waited`, `no_answer`. Of what came in or left: `rule`, `steps_over`, `merged`, `changed`, `newer` (the
    /// journey was changed, and they go on in the newer version), `person_erased`. Of what waited or was dropped: the reason of
    /// the decision, as sends have it.
    pub code: &'static str,
    /// An expression, or how a journey is entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The same in words, for a table that people read.
    #[serde(skip)]
    pub sentence: &'static str,
}

impl Why {
    fn plain(code: &'static str, sentence: &'static str) -> Self {
        Self { code, rule: None, sentence }
    }

    /// A rule held.
    fn rule(rule: String) -> Self {
        Self { code: "rule", rule: Some(rule), sentence: "" }
    }

    fn decided(reason: Reason) -> Self {
        Self::plain(reason.name(), reason.sentence())
    }

    fn led(led: Led) -> Self {
        match led {
            Led::Rule(rule) => Self::rule(rule),
            Led::Until(rule) => Self { code: "until", rule: Some(rule), sentence: ", or the time is over" },
            Led::Otherwise => {
                Self::plain("otherwise", "no condition of the branch that leads elsewhere holds")
            }
            Led::Draw => Self::plain("drawn", "the split drew it"),
            Led::Waited => Self::plain("waited", "the wait is over"),
            Led::NoAnswer => Self::plain("no_answer", "no answer came in time"),
        }
    }

    fn left(by: Leaving, journey: Option<&Journey>) -> Option<Self> {
        match by {
            Leaving::End => Some(Self::plain("steps_over", "the steps are over")),
            Leaving::ExitRule => journey.and_then(|journey| journey.exit.clone()).map(Self::rule),
            Leaving::Merged => {
                Some(Self::plain("merged", "the person was inside on another profile as well"))
            }
            Leaving::Changed => Some(Self::plain("changed", "the journey was changed")),
            Leaving::Newer => Some(Self::newer()),
            Leaving::Erased => Some(Self::plain("person_erased", "the person was erased")),
        }
    }

    fn newer() -> Self {
        Self::plain("newer", "the journey was changed, and they go on in its newer version")
    }
}

/// In words: the rule, and what is to be said of it.
impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.rule.as_deref().unwrap_or_default(), self.sentence)
    }
}

/// Somebody, as they are asked for.
pub type Person = (IdentifierKind, String);

pub(super) fn followed(ran: &Ran, (kind, value): &Person, heard: [&Heard; 2]) -> Followed {
    let person = match kind {
        IdentifierKind::External => value.clone(),
        kind => format!("{}:{value}", kind.name()),
    };
    let side = |side: &Side, heard: &Heard| {
        side.engine.find(*kind, value).map(|id| moments(side, ran, heard, id)).unwrap_or_default()
    };
    Followed {
        person,
        is_known: ran.would.engine.find(*kind, value).is_some(),
        was: side(&ran.was, heard[0]),
        would: side(&ran.would, heard[1]),
    }
}

/// In order of time; of one instant the moves of runs first, as they lead to what is sent.
fn moments(side: &Side, ran: &Ran, heard: &Heard, id: ProfileId) -> Vec<Moment> {
    let engine = &side.engine;
    let mut journeys = Journeys { engine, known: BTreeMap::new() };
    let own = heard.moves.iter().filter(|moved| engine.canonical(moved.profile) == id);
    let mut all: Vec<(At, Moment)> = own.map(|moved| (moved.at, journeys.moment(moved))).collect();
    let is_new = |send: &Send| send.id >= ran.first_send || ran.carried.contains(&send.id);
    for send in side.engine.sends_of(id).filter(is_new) {
        all.extend(journeys.sent(side, &send));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, moment)| moment).collect()
}

/// Definitions of journeys, each read once.
struct Journeys<'e> {
    engine: &'e Engine,
    known: BTreeMap<String, BTreeMap<u32, Journey>>,
}

impl Journeys<'_> {
    fn versions(&mut self, name: &str) -> &BTreeMap<u32, Journey> {
        let read = || self.engine.definitions_of(name).collect();
        self.known.entry(name.to_owned()).or_insert_with(read)
    }

    fn moment(&mut self, moved: &Moved) -> Moment {
        let journey = self.versions(&moved.journey).get(&moved.version);
        let said = |text: fn(&Journey) -> Option<String>| journey.and_then(text).map(Why::rule);
        let place = |place: &str| Some(place.to_owned());
        let (what, step, to, why) = match &moved.what {
            Move::In { to, is_new: true } => {
                ("entered", None, place(to), said(|journey| Some(journey.enter.clone())))
            }
            Move::In { to, is_new: false } => ("entered", None, place(to), Some(Why::newer())),
            Move::On { from, to } => {
                let led = journey.and_then(|journey| journey.led(from, to)).map(Why::led);
                ("went_on", place(from), place(to), led)
            }
            Move::Out { from, by } => ("left", place(from), None, Why::left(*by, journey)),
            Move::Goal { at } => {
                let goal = said(|journey| journey.goal.as_ref().map(|goal| goal.did.clone()));
                ("reached_goal", at.as_deref().map(str::to_owned), None, goal)
            }
        };
        Moment {
            at: moved.at.to_string(),
            journey: moved.journey.to_string(),
            what,
            step,
            to,
            message: None,
            channel: None,
            why,
            held_out: moved.held_out,
        }
    }

    /// The wish, and what came of it.
    fn sent(&mut self, side: &Side, send: &Send) -> Vec<(At, Moment)> {
        let newest = self.versions(&send.journey).last_key_value().map(|(_, journey)| journey);
        let step = newest.and_then(|journey| journey.sending().into_iter().nth(usize::from(send.step)));
        let moment = |at: At, what, why: Option<Why>| {
            let moment = Moment {
                at: at.to_string(),
                journey: send.journey.to_string(),
                what,
                step: step.clone(),
                to: None,
                message: Some(send.message.to_string()),
                channel: send.channel.map(|channel| channel.name()),
                why,
                held_out: false,
            };
            (at, moment)
        };
        let wished = moment(send.wished_at, "wished", None);
        let waited = side.waits.get(&send.id).map(|reason| Why::decided(*reason));
        let waited = waited.map(|why| moment(send.wished_at, "waited", Some(why)));
        let ended = match send.decision {
            Decision::Send => Some(moment(send.decided_at, "sent", None)),
            Decision::Drop { reason } => Some(moment(send.decided_at, "dropped", Some(Why::decided(reason)))),
            Decision::Defer { .. } => None,
        };
        [Some(wished), waited, ended].into_iter().flatten().collect()
    }
}
