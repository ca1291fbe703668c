//! Broadcasts: scheduled with their programme, started by a timer, sent slice by slice, and told of.

use super::Engine;
use crate::SendId;
use crate::at::At;
use crate::broadcast::{BroadcastState, Phase};
use crate::governor::ZONE;
use crate::journey::{RunState, Standing};
use crate::local::zone_of;
use crate::outbox::Status;
use crate::programme::{Broadcast, Mistake, Place, Programme};
use crate::roll::{Call, Roll};
use crate::segment::parse::of_programme;
use crate::state::JourneyVersion;
use crate::timer::TimerKey;
use crate::turn::Turn;
use std::collections::BTreeMap;

/// A broadcast that the programme has, or had and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastView<'a> {
    pub name: &'a str,
    pub phase: Phase,
    pub is_paused: bool,
    pub started_at: Option<At>,
    pub ended_at: Option<At>,
    /// Those whom it was for when it started.
    pub audience: u64,
    /// Those of them who are still to be called.
    pub waiting: u64,
    /// Those who were not called when it was cancelled.
    pub cancelled: u64,
    /// Those who were called and had become one with somebody called before, or had been erased.
    pub skipped: u64,
    /// Those for whom a send was decided, as it was.
    pub begun: u64,
    pub held_out: u64,
}

impl BroadcastView<'_> {
    /// Its phase, or that it is paused.
    pub fn state(&self) -> &'static str {
        if self.is_paused { "paused" } else { self.phase.name() }
    }
}

impl Engine {
    /// Started broadcasts that a programme would change.
    pub(super) fn changes_broadcasts(&self, programme: &Programme) -> Vec<Mistake> {
        let changed = programme.broadcasts.iter().filter(|(name, broadcast)| {
            let known = self.state.broadcasts.get(*name).filter(|known| known.phase.has_started());
            known.is_some_and(|known| known.definition != json(broadcast))
        });
        let mistake = |(name, _): (&String, &Broadcast)| Mistake {
            place: Place("broadcasts".to_owned()).field(name),
            offset: None,
            message: format!("the broadcast \"{name}\" has started, and cannot be another one"),
            suggestion: Some("give the new one another name".to_owned()),
        };
        changed.map(mistake).collect()
    }

    /// Versions of the journeys that people of broadcasts go through. Comes after those of journeys.
    pub(super) fn place_broadcasts(&mut self) {
        let programme = self.programme.clone();
        for (name, known) in &mut self.state.broadcasts {
            if known.phase == Phase::Sending && !programme.broadcasts.contains_key(name) {
                (known.phase, known.ended_at) = (Phase::Cancelled, Some(self.state.at));
            }
        }
        self.state
            .broadcasts
            .retain(|name, known| known.phase.has_started() || programme.broadcasts.contains_key(name));
        for (name, broadcast) in &programme.broadcasts {
            let definition =
                serde_json::to_string(&broadcast.journey()).expect("invariant: it is plain JSON");
            let versions = &mut self.state.versions;
            let of_name = |version: &&JourneyVersion| version.is_broadcast && version.name == *name;
            if versions.iter().filter(of_name).any(|version| version.live && version.definition == definition)
            {
                continue;
            }
            let number = versions.iter().filter(of_name).count() as u32 + 1;
            versions
                .iter_mut()
                .filter(|version| version.is_broadcast && version.name == *name)
                .for_each(|one| one.live = false);
            versions.push(JourneyVersion::new(name, number, definition, true));
        }
        for version in self.state.versions.iter_mut().filter(|version| version.is_broadcast) {
            version.live &= programme.broadcasts.contains_key(&version.name);
        }
    }

    /// Lets each broadcast that is new, or another one than before, wait for its time; ends those that were taken out.
    pub(super) fn schedule_broadcasts(&mut self) {
        let programme = self.programme.clone();
        let zone = programme.timezone();
        for (name, broadcast) in &programme.broadcasts {
            let definition = json(broadcast);
            if self.state.broadcasts.get(name).is_some_and(|known| known.definition == definition) {
                continue;
            }
            let (time, _) = broadcast.plan();
            let at = time.starts().max(self.state.at);
            let phase = if time.of(&zone) < self.state.at { Phase::Missed } else { Phase::Scheduled { at } };
            let journey = self.index.plans[self.index.live[name.as_str()] as usize].journey;
            let state = BroadcastState {
                definition,
                journey,
                phase,
                started_at: None,
                ended_at: None,
                audience: 0,
                called: 0,
                roll: None,
                sends_before: 0,
            };
            self.state.broadcasts.insert(name.clone(), state);
            if phase != Phase::Missed {
                self.state.timers.set(at, TimerKey::Schedule { journey });
            }
        }
        let gone: Vec<String> = self
            .state
            .broadcasts
            .iter()
            .filter(|(_, known)| known.phase == Phase::Cancelled && known.roll.is_some())
            .map(|(name, _)| name.clone())
            .collect();
        gone.iter().for_each(|name| self.end_broadcast(name, Phase::Cancelled));
    }

    /// Finds the people of a broadcast whose time has come, and begins to call them.
    pub(super) fn start_broadcast(&mut self, journey: u32, due: At) {
        let programme = self.programme.clone();
        let known = self.state.broadcasts.iter().find(|(_, known)| known.journey == journey);
        let Some((name, _)) = known.filter(|(_, known)| known.phase == Phase::Scheduled { at: due }) else {
            return;
        };
        let (name, Some(broadcast)) = (name.clone(), programme.broadcasts.get(name)) else { return };
        let (time, pace) = broadcast.plan();
        let names = &mut self.state.names.clone();
        let asked = self.compile(of_programme(&broadcast.to), &self.state.cutoffs, names);
        let people = self.all_for_whom(Some(&asked.rule));
        let zone = programme.timezone();
        let mut zones: BTreeMap<String, At> = BTreeMap::new();
        let mut timed = Vec::with_capacity(people.len());
        for id in people {
            let value = self.state.profiles[id.0 as usize].trait_value(ZONE);
            let named = value.and_then(|value| value.text()).unwrap_or_default();
            let at = match zones.get(named) {
                Some(at) => *at,
                None => *zones.entry(named.to_owned()).or_insert(time.of(&zone_of(value, &zone))),
            };
            timed.push((at, id));
        }
        let (at, sends_before) = (self.state.at, self.state.sends.next().0);
        let known = self.state.broadcasts.get_mut(&name).expect("invariant: just seen");
        (known.started_at, known.audience) = (Some(at), timed.len() as u64);
        known.sends_before = sends_before;
        if timed.is_empty() {
            (known.phase, known.ended_at) = (Phase::Done, Some(at));
            self.stand(&name, Standing::Open);
            return;
        }
        known.phase = Phase::Sending;
        let roll = self.begin_roll(Roll::timed(Call::Enter { journey }, timed, pace));
        if self.standing_of(&name) == Standing::Paused {
            self.hold_roll(roll);
        }
        self.state.broadcasts.entry(name).and_modify(|known| known.roll = Some(roll));
    }

    /// All have been called, or those who were not are not called any more.
    pub(super) fn end_broadcast(&mut self, name: &str, phase: Phase) {
        let at = self.state.at;
        let Some(known) = self.state.broadcasts.get_mut(name) else { return };
        let Some(number) = known.roll.take() else { return };
        (known.phase, known.ended_at) = (phase, Some(at));
        let (journey, roll) = (known.journey, self.state.rolls.remove(&number));
        let Some(roll) = roll else { return };
        known.called = roll.called();
        self.stand(name, Standing::Open);
        if phase == Phase::Cancelled {
            for id in roll.people_called() {
                if let Some(id) = self.state.standing(*id) {
                    Turn::begin(self, id, &mut Vec::new()).end_run(journey, RunState::Exited);
                }
            }
        }
    }

    /// The broadcast whose people are on a list.
    pub(super) fn broadcast_of_roll(&self, number: u32) -> Option<String> {
        let mut known = self.state.broadcasts.iter();
        known.find(|(_, known)| known.roll == Some(number)).map(|(name, _)| name.clone())
    }

    /// Every broadcast of the programme, and each that was sent, by name.
    pub fn broadcasts(&self) -> Vec<BroadcastView<'_>> {
        self.state.broadcasts.iter().map(|(name, known)| self.broadcast_view(name, known)).collect()
    }

    pub fn broadcast(&self, name: &str) -> Option<BroadcastView<'_>> {
        let (name, known) = self.state.broadcasts.get_key_value(name)?;
        Some(self.broadcast_view(name, known))
    }

    fn broadcast_view<'a>(&'a self, name: &'a str, known: &'a BroadcastState) -> BroadcastView<'a> {
        let roll = known.roll.and_then(|number| self.state.rolls.get(&number));
        let called = roll.map_or(known.called, Roll::called);
        let left = known.audience - called;
        let of_name = self.state.versions.iter().filter(|one| one.is_broadcast && one.name == name);
        let (begun, held_out) = of_name.fold((0, 0), |(begun, held_out), version| {
            (begun + version.active + version.finished, held_out + version.held_out)
        });
        let is_over = matches!(known.phase, Phase::Cancelled);
        BroadcastView {
            name,
            phase: known.phase,
            is_paused: self.state.standings.get(name) == Some(&Standing::Paused),
            started_at: known.started_at,
            ended_at: known.ended_at,
            audience: known.audience,
            waiting: if is_over { 0 } else { left },
            cancelled: if is_over { left } else { 0 },
            skipped: called - begun,
            begun,
            held_out,
        }
    }

    /// How many sends of a broadcast are in each status, by reading its part of the ledger.
    pub fn sends_of_broadcast(&self, name: &str) -> [u64; Status::ALL.len()] {
        let mut counts = [0; Status::ALL.len()];
        let first = self.state.broadcasts.get(name).map_or(u64::MAX, |known| known.sends_before);
        self.state.sends.statuses_of(name, SendId(first)).for_each(|status| counts[status as usize] += 1);
        counts
    }
}

fn json(broadcast: &Broadcast) -> String {
    serde_json::to_string(broadcast).expect("invariant: a broadcast is plain JSON")
}
