//! The figures of one side of a dry run, counted from its engine at the end. They add up: who entered has finished, left or is
//! inside; what was wished for was sent, dropped or waits.

use engine::at::{At, Span};
use engine::engine::{Engine, RunView};
use engine::journey::RunState;
use engine::outbox::{Decision, Send};
use engine::programme::timezone;
use engine::{ProfileId, SendId};
use eventlog::dryrun::{Ran, Side, Window};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
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
pub(super) fn tally(side: &Side, ran: &Ran, window: Window) -> Tally {
    let engine = &side.engine;
    let zone = timezone(&engine.programme().timezone).unwrap_or(TimeZone::UTC);
    let mut tally = Tally::default();
    for view in engine.segments() {
        tally.segments.insert(view.name.to_owned(), view.count);
    }
    tally.passages(engine, window, &zone);
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
                match all.get_mut(run.journey) {
                    Some(passages) => passages.add(run, zone),
                    None => all.entry(run.journey.to_owned()).or_default().add(run, zone),
                }
            }
        }
    }

    fn sends(&mut self, side: &Side, ran: &Ran, window: Window, zone: &TimeZone) {
        let engine = &side.engine;
        let carried = ran.carried.iter().filter_map(|id| engine.send(*id));
        let new = (ran.first_send.0..engine.sends().len() as u64).filter_map(|id| engine.send(SendId(id)));
        let mut held_back: BTreeMap<&'static str, BTreeSet<ProfileId>> = BTreeMap::new();
        let mut by_week: BTreeMap<(ProfileId, i64), u64> = BTreeMap::new();
        for send in carried.chain(new) {
            let person = engine.canonical(send.profile);
            let waited = side.waits.get(&send.id).map(|reason| reason.name());
            self.messages.entry(send.message.to_string()).or_default().add(
                &send,
                waited,
                ran.first_send,
                zone,
            );
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

impl Sends {
    fn add(&mut self, send: &Send, waited: Option<&'static str>, first: SendId, zone: &TimeZone) {
        *if send.id < first { &mut self.carried } else { &mut self.wished } += 1;
        if let Some(reason) = waited {
            *self.deferred.entry(reason).or_default() += 1;
        }
        match send.decision {
            Decision::Send => {
                self.sent += 1;
                let channel = send.channel.map_or("none", |channel| channel.name());
                let days = self.sent_by_day.entry(channel).or_default();
                *days.entry(day(send.decided_at, zone)).or_default() += 1;
            }
            Decision::Defer { .. } => self.waiting += 1,
            Decision::Drop { reason } => *self.dropped.entry(reason.name()).or_default() += 1,
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
