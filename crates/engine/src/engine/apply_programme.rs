//! A programme made live: segments get slots, journeys get versions, and memberships are brought up to date.

use super::Engine;
use crate::backfill::Property;
use crate::effect::Effect;
use crate::identity::Rules;
use crate::index::Index;
use crate::journey::{RunState, entry_segment};
use crate::limits::{CONDITIONS_MAX, NAMES_MAX, REVISIONS_KEPT_MAX};
use crate::policy::Policy;
use crate::programme::{Enter, Journey, Mistake, OnChange, Place, Programme};
use crate::segment::parse::of_programme;
use crate::segment::rule::each_property;
use crate::state::{JourneyVersion, SegmentState, State};
use crate::truths::Truths;
use crate::turn::Turn;
use crate::{ProfileId, Seq};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Engine {
    /// What a programme without mistakes asks for beyond what the engine can number. Names, segments and columns keep
    /// their numbers for ever, so the programmes of the past count too.
    pub(super) fn no_room_for(&self, programme: &Programme) -> Option<Mistake> {
        let state = &self.state;
        let known: BTreeSet<&str> = state.segments.iter().map(|segment| segment.name.as_str()).collect();
        let entries = programme.journeys.keys().map(|name| entry_segment(name));
        let named = programme.segments.keys().cloned().chain(entries);
        let slots = state.segments.len() + named.filter(|name| !known.contains(name.as_str())).count();
        let names = state.names.len() + CONDITIONS_MAX;
        let columns = state.history.columns_most() + CONDITIONS_MAX;
        let versions = state.versions.len() + programme.journeys.len() + programme.broadcasts.len();
        let what = if versions > NAMES_MAX {
            "journeys and broadcasts"
        } else if slots > usize::from(u16::MAX) {
            "segments and journeys"
        } else if names > NAMES_MAX || columns > usize::from(u16::MAX) {
            "event names and properties"
        } else {
            return None;
        };
        Some(Mistake {
            place: Place("segments".to_owned()),
            offset: None,
            message: format!("over the years, the programmes of this installation had too many {what}"),
            suggestion: Some("give new things the names that old ones had".to_owned()),
        })
    }

    /// Applies a definition that was checked. People who already match an entry rule do not enter by it: a run
    /// starts with something that happens.
    pub(super) fn apply_programme(&mut self, definition: &str) {
        let programme: Programme = serde_json::from_str(definition).expect("invariant: checked");
        self.rules = Rules::of(&programme.identity, &self.hash_key());
        let is_moved = programme.timezone != self.programme.timezone;
        self.state.wordings.keep(&programme, self.state.seq);
        self.programme = Arc::new(programme);
        self.set_policy();
        self.state.definition = Some(definition.to_owned());
        self.state.revision += 1;
        self.state.revisions.push_back(self.state.seq);
        if self.state.revisions.len() > REVISIONS_KEPT_MAX {
            self.state.revisions.pop_front();
        }
        self.keep_clusters();
        self.keep_webhooks();
        self.keep_reports();
        self.state.offers.take_in(&self.programme);
        self.place_segments();
        let known = self.state.versions.len() as u32;
        self.place_journeys();
        self.place_broadcasts();
        self.keep_properties();
        let before = self.build_index();
        let effects = &mut Vec::new();
        self.refresh_everybody(&before, false, effects);
        self.begin_calendar(&before, is_moved);
        self.schedule_broadcasts();
        self.change_runs(known);
        assert!(effects.is_empty(), "invariant: a programme sends nothing by being applied");
    }

    /// Everybody's claims follow the policy that is live; without one there are none.
    fn set_policy(&mut self) {
        let policy = Policy::of(&self.programme);
        let is_none = policy.is_empty() && self.policy.is_empty();
        self.policy = Arc::new(policy);
        if !is_none {
            for id in (0..self.state.profiles.len() as u32).map(ProfileId) {
                self.reclaim(id);
            }
        }
    }

    /// Gives each segment its slot.
    pub(super) fn place_segments(&mut self) {
        let programme = self.programme.clone();
        let named = programme.segments.iter().map(|(name, text)| (name.clone(), text.clone(), true));
        let entries = programme.journeys.iter().filter_map(|(name, journey)| {
            let by_truth = matches!(Enter::of_programme(&journey.enter), Enter::Truth(_));
            by_truth.then(|| (entry_segment(name), journey.enter.clone(), false))
        });
        let clusters = self.cluster_segments().into_iter().map(|(name, text)| (name, text, true));
        let wanted: Vec<(String, String, bool)> = named.chain(entries).chain(clusters).collect();
        let segments = &mut self.state.segments;
        let mut kept = BTreeSet::new();
        for (name, expression, visible) in wanted {
            let found = segments.iter().position(|segment| segment.name == name);
            let slot = found.unwrap_or(segments.len());
            if found.is_none() {
                let expression = String::new();
                segments.push(SegmentState { name, expression, live: false, visible, count: 0 });
            }
            let segment = &mut segments[slot];
            segment.live = true;
            segment.expression = expression;
            kept.insert(slot);
        }
        for (slot, segment) in segments.iter_mut().enumerate() {
            segment.live = kept.contains(&slot);
        }
    }

    /// A changed journey becomes a new version; runs finish on the one they began on.
    fn place_journeys(&mut self) {
        let programme = self.programme.clone();
        for version in self.state.versions.iter_mut().filter(|version| !version.is_broadcast) {
            let same = programme.journeys.get(&version.name).is_some_and(|journey| {
                serde_json::to_string(journey).is_ok_and(|definition| definition == version.definition)
            });
            version.live &= same;
        }
        for (name, journey) in &programme.journeys {
            let versions = &mut self.state.versions;
            let of_name = |version: &&JourneyVersion| !version.is_broadcast && version.name == *name;
            if versions.iter().filter(of_name).any(|version| version.live) {
                continue;
            }
            let number = versions.iter().filter(of_name).count() as u32 + 1;
            let definition = serde_json::to_string(journey).expect("invariant: a journey is plain JSON");
            versions.push(JourneyVersion::new(name, number, definition, false));
        }
    }

    /// Does with those who are on their way through older versions what the new ones say. Those who move go on with the next
    /// tick: nothing is sent by applying a programme.
    fn change_runs(&mut self, first_new: u32) {
        let new = first_new..self.state.versions.len() as u32;
        for version in new {
            let (journey, on_change) = {
                let plan = &self.index.plans[version as usize];
                (plan.journey, plan.on_change)
            };
            if on_change == OnChange::Finish || journey == version {
                continue;
            }
            let mut moved = Vec::new();
            for id in self.inside(journey) {
                let nothing = &mut Vec::new();
                let mut turn = Turn::begin(self, id, nothing);
                match on_change {
                    OnChange::Exit => turn.end_run(journey, RunState::Replaced),
                    _ if turn.move_run(journey, version) => moved.push(id),
                    _ => {}
                }
            }
            self.wake_runs(moved, journey);
        }
    }

    /// What a programme asks of events that happened already, and the engine does not keep.
    pub(super) fn unkept_by(&self, programme: &Programme) -> Vec<Property> {
        let rules = programme.journeys.values().flat_map(Journey::rules);
        let broadcasts = programme.broadcasts.values().map(|broadcast| broadcast.to.as_str());
        let texts = programme.segments.values().map(String::as_str).chain(rules).chain(broadcasts);
        let texts = texts.chain(programme.soft_rules()).chain(programme.eligibilities());
        let texts = texts.chain(programme.block_rules().map(|(.., text)| text));
        let onsite: Vec<String> = programme.onsite_rules().map(|(_, text)| text).collect();
        let texts = texts.chain(onsite.iter().map(String::as_str));
        let clusters = programme.clusterings().flat_map(|(_, one)| one.asks().collect::<Vec<_>>());
        let asked = texts.map(of_programme).chain(clusters);
        let mut unkept: Vec<Property> =
            asked.flat_map(|expression| self.unkept(&expression, &programme.purchase)).collect();
        unkept.sort();
        unkept.dedup();
        unkept
    }

    /// Keeps from the first event on what the programme asks of events that nobody did yet; the rest is kept already.
    fn keep_properties(&mut self) {
        let segments = self.state.segments.iter().filter(|segment| segment.live);
        let mut texts: Vec<String> = segments.map(|segment| segment.expression.clone()).collect();
        for version in &self.state.versions {
            let journey: Journey = serde_json::from_str(&version.definition)
                .expect("invariant: a definition was written by this program");
            texts.extend(journey.rules().map(str::to_owned));
        }
        texts.extend(self.programme.soft_rules().map(str::to_owned));
        texts.extend(self.programme.broadcasts.values().map(|broadcast| broadcast.to.clone()));
        texts.extend(self.programme.eligibilities().map(str::to_owned));
        texts.extend(self.programme.onsite_rules().map(|(_, text)| text));
        texts.extend(self.programme.block_rules().map(|(.., text)| text.to_owned()));
        let clusters = self.programme.clusterings().flat_map(|(_, one)| one.asks().collect::<Vec<_>>());
        let asked = texts.iter().map(|text| of_programme(text)).chain(clusters);
        let State { names, history, seq, .. } = &mut self.state;
        for expression in asked {
            each_property(&expression, &self.programme.purchase, &mut |event, path| {
                let (_, since) = history.keep(names.number(event), path, *seq);
                assert!(since == Seq(0), "invariant: a programme that asks for what is not kept is refused");
            });
        }
    }

    /// Builds the index anew; the one of before.
    pub(super) fn build_index(&mut self) -> Index {
        let index = Index::build(&mut self.state, &self.programme);
        std::mem::replace(&mut self.index, index)
    }

    /// Gives everybody a row for the new index: what was known of a condition stays known, what is new is evaluated, and
    /// the segments are made of both. Runs may follow what that changes; none is begun by it.
    pub(super) fn refresh_everybody(&mut self, before: &Index, runs_follow: bool, effects: &mut Vec<Effect>) {
        let known: Vec<Option<u32>> =
            self.index.conditions.iter().map(|condition| before.condition(condition)).collect();
        let (conditions, segments) = (self.index.conditions.len(), self.state.segments.len());
        let profiles = self.state.profiles.len();
        let truths = Truths::new(conditions, segments, profiles);
        let old = std::mem::replace(&mut self.state.truths, truths);
        for segment in &mut self.state.segments {
            segment.count = 0;
        }
        for number in 0..profiles as u32 {
            let id = ProfileId(number);
            if self.state.profiles[number as usize].stands() {
                let mut turn = Turn::begin(self, id, effects);
                for (condition, known) in known.iter().enumerate() {
                    let condition = condition as u32;
                    let holds = match known {
                        Some(known) => old.condition(id, *known),
                        None => turn.begin_condition(condition),
                    };
                    turn.engine.state.truths.set_condition(id, condition, holds);
                }
                turn.begin_memberships(before, &old);
                if runs_follow {
                    turn.follow_cutoffs();
                }
            }
        }
    }
}
