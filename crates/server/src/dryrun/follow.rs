//! One person through a dry run: what happened to them, step by step, when, and why.

use super::listen::Heard;
use engine::ProfileId;
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::moves::{Leaving, Move, Moved};
use engine::outbox::{Decision, Send};
use engine::programme::Journey;
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
    pub why: Option<String>,
    /// Withheld by the holdout, so that nothing is done with them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held_out: bool,
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
        let said = |text: fn(&Journey) -> Option<String>| journey.and_then(text);
        let place = |place: &str| Some(place.to_owned());
        let (what, step, to, why) = match &moved.what {
            Move::In { to, is_new: true } => {
                ("entered", None, place(to), said(|journey| Some(journey.enter.clone())))
            }
            Move::In { to, is_new: false } => ("entered", None, place(to), Some(CHANGED.to_owned())),
            Move::On { from, to } => {
                let led = journey.and_then(|journey| journey.led(from, to));
                ("went_on", place(from), place(to), led)
            }
            Move::Out { from, by } => ("left", place(from), None, why_left(*by, journey)),
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
        let moment = |at: At, what, why: Option<String>| {
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
        let waited = side.waits.get(&send.id).map(|reason| reason.sentence().to_owned());
        let waited = waited.map(|why| moment(send.wished_at, "waited", Some(why)));
        let ended = match send.decision {
            Decision::Send => Some(moment(send.decided_at, "sent", None)),
            Decision::Drop { reason } => {
                Some(moment(send.decided_at, "dropped", Some(reason.sentence().to_owned())))
            }
            Decision::Defer { .. } => None,
        };
        [Some(wished), waited, ended].into_iter().flatten().collect()
    }
}

const CHANGED: &str = "the journey was changed, and they go on in its newer version";

fn why_left(by: Leaving, journey: Option<&Journey>) -> Option<String> {
    match by {
        Leaving::End => Some("the steps are over".to_owned()),
        Leaving::ExitRule => journey.and_then(|journey| journey.exit.clone()),
        Leaving::Merged => Some("the person was inside on another profile as well".to_owned()),
        Leaving::Changed => Some("the journey was changed".to_owned()),
        Leaving::Newer => Some(CHANGED.to_owned()),
        Leaving::Erased => Some("the person was erased".to_owned()),
    }
}
