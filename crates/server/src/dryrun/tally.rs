//! The figures of one side of a dry run, counted from its engine at the end. They add up: who entered has finished, left or is
//! inside; what was wished for was sent, dropped or waits.

use super::people::name;
use crate::limits::ENTERED_NAMED;
use engine::at::{At, Span};
use engine::engine::{Engine, RunView};
use engine::journey::RunState;
use engine::outbox::{Decision, Send};
use engine::programme::{Journey, timezone};
use engine::{ProfileId, SendId};
use eventlog::dryrun::{Ran, Side, Window};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use measure::steps::{Counted, Step};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers by day, as days are where the programme is.
pub(super) type ByDay = BTreeMap<Date, u64>;
/// Numbers by reason.
pub(super) type ByReason = BTreeMap<&'static str, u64>;

/// How people went through a journey, or were called by a broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passages {
    pub entered: u64,
    pub finished: u64,
    /// By the exit rule.
    pub exited: u64,
    /// Ended since the person proved to be another one too, or the journey was changed.
    pub ended: u64,
    pub inside: u64,
    /// Of those who entered.
    pub held_out: u64,
    pub reached_goal: u64,
    pub entered_by_day: ByDay,
    /// Some of those who entered, by name.
    pub people: Vec<String>,
    /// By the places of the steps; what happened there within the window, in all versions together.
    pub steps: BTreeMap<String, StepTally>,
}

/// What happened at one step of a journey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepTally {
    pub came_in: u64,
    /// By the step that they went on to.
    pub went_on: BTreeMap<String, u64>,
    /// Runs that ended here, by why.
    pub left: BTreeMap<&'static str, u64>,
    pub reached_goal: u64,
    /// Who is there at the end, since whenever.
    pub inside: u64,
    /// Of a step that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<Sends>,
}

/// What became of the wishes to send a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sends {
    /// Wished for in the window.
    pub wished: u64,
    /// Wished for before it, and not decided then.
    pub carried: u64,
    pub sent: u64,
    pub waiting: u64,
    pub dropped: ByReason,
    /// Those that had to wait, whatever became of them, by what made them wait first.
    pub deferred: ByReason,
    /// By channel and day.
    pub sent_by_day: BTreeMap<&'static str, ByDay>,
    /// By reason and day.
    pub dropped_by_day: BTreeMap<&'static str, ByDay>,
    /// By the reason that made them wait first, and the day on which they were wished for.
    pub deferred_by_day: BTreeMap<&'static str, ByDay>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub journeys: BTreeMap<String, Passages>,
    pub broadcasts: BTreeMap<String, Passages>,
    pub messages: BTreeMap<String, Sends>,
    /// How many people something was held back from, at least once, by reason: a cap, the night, no consent.
    pub held_back: ByReason,
    /// How many people got so many messages in the week in which they got most.
    pub busiest_week: BTreeMap<u64, u64>,
    /// How many people are in each segment at the end.
    pub segments: BTreeMap<String, u64>,
    /// How many messages each person got.
    #[serde(skip)]
    pub(super) by_person: BTreeMap<ProfileId, u64>,
}

/// Counts one side.
pub(super) fn tally(side: &Side, ran: &Ran, window: Window, counted: &Counted) -> Tally {
    let engine = &side.engine;
    let zone = timezone(&engine.programme().timezone).unwrap_or(TimeZone::UTC);
    let mut tally = Tally::default();
    for view in engine.segments() {
        tally.segments.insert(view.name.to_owned(), view.count);
    }
    tally.passages(engine, window, &zone);
    tally.steps(engine, counted);
    tally.sends(side, ran, window, &zone);
    tally
}

impl Tally {
    fn passages(&mut self, engine: &Engine, window: Window, zone: &TimeZone) {
        let journeys: BTreeSet<&str> = engine.journeys().into_iter().map(|view| view.name).collect();
        let live = engine.programme();
        let named =
            |names: Vec<&String>| names.into_iter().map(|name| (name.clone(), Passages::default())).collect();
        self.journeys = named(live.journeys.keys().collect());
        self.broadcasts = named(live.broadcasts.keys().collect());
        for (id, _) in engine.profiles() {
            for run in engine.runs_of(id).iter().filter(|run| run.entered_at > window.from) {
                let is_journey = journeys.contains(run.journey);
                let all = if is_journey { &mut self.journeys } else { &mut self.broadcasts };
                let passages = match all.get_mut(run.journey) {
                    Some(passages) => passages,
                    None => all.entry(run.journey.to_owned()).or_default(),
                };
                passages.add(run, zone);
                // Whoever entered several times is named once: their runs come one after another.
                let person = name(engine, id);
                if passages.people.len() < ENTERED_NAMED && passages.people.last() != Some(&person) {
                    passages.people.push(person);
                }
            }
        }
    }

    fn steps(&mut self, engine: &Engine, counted: &Counted) {
        for (journey, passages) in &mut self.journeys {
            let all = &mut passages.steps;
            let newest = engine.definitions_of(journey).last().map(|(_, definition)| definition);
            all.extend(newest.iter().flat_map(Journey::places).map(|place| (place, StepTally::default())));
            for place in newest.iter().flat_map(Journey::sending) {
                all.entry(place).or_default().sends = Some(Sends::default());
            }
            for (place, step) in counted.of(journey).flat_map(|(_, version)| &version.steps) {
                all.entry(place.to_string()).or_default().add(step);
            }
            for (place, people) in engine.versions_of(journey).into_iter().flat_map(|one| one.positions) {
                all.entry(place.to_string()).or_default().inside += people;
            }
        }
    }

    /// The step that wished for a send.
    fn step_of(&mut self, send: &Send, sending: &BTreeMap<String, Vec<String>>) -> Option<&mut Sends> {
        let place = sending.get(&*send.journey)?.get(usize::from(send.step))?;
        self.journeys.get_mut(&*send.journey)?.steps.get_mut(place)?.sends.as_mut()
    }

    fn sends(&mut self, side: &Side, ran: &Ran, window: Window, zone: &TimeZone) {
        let engine = &side.engine;
        let carried = ran.carried.iter().filter_map(|id| engine.send(*id));
        let new = (ran.first_send.0..engine.sends().len() as u64).filter_map(|id| engine.send(SendId(id)));
        let mut held_back: BTreeMap<&'static str, BTreeSet<ProfileId>> = BTreeMap::new();
        let mut by_week: BTreeMap<(ProfileId, i64), u64> = BTreeMap::new();
        let newest = |journey: &String| engine.definitions_of(journey).last().map(|(_, one)| one.sending());
        let sending = self.journeys.keys().map(|name| (name.clone(), newest(name).unwrap_or_default()));
        let sending: BTreeMap<String, Vec<String>> = sending.collect();
        for send in carried.chain(new) {
            let person = engine.canonical(send.profile);
            let waited = side.waits.get(&send.id).map(|reason| reason.name());
            let of_message = self.messages.entry(send.message.to_string()).or_default();
            of_message.add(&send, waited, ran.first_send, zone);
            if let Some(of_step) = self.step_of(&send, &sending) {
                of_step.add(&send, waited, ran.first_send, zone);
            }
            if send.decision == Decision::Send {
                *self.by_person.entry(person).or_default() += 1;
                let week = send.decided_at.since(window.from).0 / (7 * Span::DAY.0);
                *by_week.entry((person, week)).or_default() += 1;
            }
            for reason in send.decision.reason().map(|reason| reason.name()).into_iter().chain(waited) {
                held_back.entry(reason).or_default().insert(person);
            }
        }
        self.held_back =
            held_back.into_iter().map(|(reason, people)| (reason, people.len() as u64)).collect();
        let mut most: BTreeMap<ProfileId, u64> = BTreeMap::new();
        for ((person, _), sends) in by_week {
            let most = most.entry(person).or_default();
            *most = sends.max(*most);
        }
        for sends in most.into_values() {
            *self.busiest_week.entry(sends).or_default() += 1;
        }
    }

    /// How many messages there were.
    pub fn sent(&self) -> u64 {
        self.messages.values().map(|sends| sends.sent).sum()
    }
}

impl Passages {
    fn add(&mut self, run: &RunView<'_>, zone: &TimeZone) {
        self.entered += 1;
        *self.entered_by_day.entry(day(run.entered_at, zone)).or_default() += 1;
        self.held_out += u64::from(run.held_out);
        self.reached_goal += u64::from(run.reached_goal);
        *match run.state {
            RunState::Active => &mut self.inside,
            RunState::Completed => &mut self.finished,
            RunState::Exited => &mut self.exited,
            RunState::Merged | RunState::Replaced => &mut self.ended,
        } += 1;
    }
}

impl StepTally {
    fn add(&mut self, step: &Step) {
        self.came_in += step.came_in;
        self.reached_goal += step.reached_goal;
        for (to, people) in &step.went_on {
            *self.went_on.entry(to.to_string()).or_default() += people;
        }
        for (by, people) in &step.left {
            *self.left.entry(by.name()).or_default() += people;
        }
    }
}

impl Sends {
    fn add(&mut self, send: &Send, waited: Option<&'static str>, first: SendId, zone: &TimeZone) {
        *if send.id < first { &mut self.carried } else { &mut self.wished } += 1;
        if let Some(reason) = waited {
            *self.deferred.entry(reason).or_default() += 1;
            let days = self.deferred_by_day.entry(reason).or_default();
            *days.entry(day(send.wished_at, zone)).or_default() += 1;
        }
        match send.decision {
            Decision::Send => {
                self.sent += 1;
                let channel = send.channel.map_or("none", |channel| channel.name());
                let days = self.sent_by_day.entry(channel).or_default();
                *days.entry(day(send.decided_at, zone)).or_default() += 1;
            }
            Decision::Defer { .. } => self.waiting += 1,
            Decision::Drop { reason } => {
                *self.dropped.entry(reason.name()).or_default() += 1;
                let days = self.dropped_by_day.entry(reason.name()).or_default();
                *days.entry(day(send.decided_at, zone)).or_default() += 1;
            }
        }
    }

    /// Sent on a channel.
    pub fn sent_by(&self, channel: &str) -> u64 {
        self.sent_by_day.get(channel).map_or(0, |days| days.values().sum())
    }
}

/// The day of an instant.
pub(super) fn day(at: At, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone()).date()
}
