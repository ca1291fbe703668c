//! A programme made live: segments get slots, journeys get versions, and memberships are brought up to date.

use super::Engine;
use crate::ProfileId;
use crate::effect::Effect;
use crate::index::Index;
use crate::journey::entry_segment;
use crate::programme::Programme;
use crate::segment::parse;
use crate::state::{JourneyVersion, SegmentState};
use crate::turn::Turn;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Engine {
    /// Applies a definition that was checked. People who already match an entry rule do not enter by it: a run
    /// starts with something that happens.
    pub(super) fn apply_programme(&mut self, definition: &str) {
        let programme: Programme = serde_json::from_str(definition).expect("invariant: checked");
        self.programme = Arc::new(programme);
        self.state.definition = Some(definition.to_owned());
        self.state.revision += 1;
        let mut dirty = self.place_segments();
        self.place_journeys();
        self.index = Index::build(&mut self.state.names, &self.state.segments, &self.state.versions);
        self.spread(&mut dirty);
        self.refresh_everybody(&dirty);
    }

    /// Gives each segment its slot; the slots whose rule is new, changed or gone.
    fn place_segments(&mut self) -> BTreeSet<u16> {
        let programme = self.programme.clone();
        let named = programme.segments.iter().map(|(name, text)| (name.clone(), text.clone(), true));
        let entries = programme.journeys.iter().filter_map(|(name, journey)| {
            let bare = parse::parse(&journey.enter).is_ok_and(|enter| enter.bare_did().is_some());
            (!bare).then(|| (entry_segment(name), journey.enter.clone(), false))
        });
        let wanted: Vec<(String, String, bool)> = named.chain(entries).collect();
        let segments = &mut self.state.segments;
        let mut dirty = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (name, expression, visible) in wanted {
            let found = segments.iter().position(|segment| segment.name == name);
            let slot = found.unwrap_or(segments.len());
            if found.is_none() {
                let expression = String::new();
                segments.push(SegmentState { name, expression, live: false, visible, count: 0 });
            }
            let segment = &mut segments[slot];
            if !segment.live || segment.expression != expression {
                dirty.insert(slot as u16);
            }
            segment.live = true;
            segment.expression = expression;
            kept.insert(slot);
        }
        for (slot, segment) in segments.iter_mut().enumerate() {
            if segment.live && !kept.contains(&slot) {
                segment.live = false;
                dirty.insert(slot as u16);
            }
        }
        dirty
    }

    /// A changed journey becomes a new version; runs finish on the one they began on.
    fn place_journeys(&mut self) {
        let programme = self.programme.clone();
        for version in &mut self.state.versions {
            let same = programme.journeys.get(&version.name).is_some_and(|journey| {
                serde_json::to_string(journey).is_ok_and(|definition| definition == version.definition)
            });
            version.live &= same;
        }
        for (name, journey) in &programme.journeys {
            let versions = &mut self.state.versions;
            if versions.iter().any(|version| version.live && version.name == *name) {
                continue;
            }
            let number = versions.iter().filter(|version| version.name == *name).count() as u32 + 1;
            versions.push(JourneyVersion {
                name: name.clone(),
                version: number,
                live: true,
                definition: serde_json::to_string(journey).expect("invariant: a journey is plain JSON"),
                active: 0,
                finished: 0,
                held_out: 0,
                reached_goal: 0,
            });
        }
    }

    /// Adds every segment that is built on a dirty one.
    fn spread(&self, dirty: &mut BTreeSet<u16>) {
        let mut queue: Vec<u16> = dirty.iter().copied().collect();
        while let Some(slot) = queue.pop() {
            for next in &self.index.built_on[usize::from(slot)] {
                if dirty.insert(*next) {
                    queue.push(*next);
                }
            }
        }
    }

    /// Brings the dirty segments up to date for every profile, each after those it is built on.
    fn refresh_everybody(&mut self, dirty: &BTreeSet<u16>) {
        let slots: Vec<u16> = self.index.order.iter().copied().filter(|slot| dirty.contains(slot)).collect();
        let (gone, changed): (Vec<u16>, Vec<u16>) =
            slots.into_iter().partition(|slot| self.index.rules[usize::from(*slot)].is_none());
        let mut effects: Vec<Effect> = Vec::new();
        for number in 0..self.state.profiles.len() {
            if self.state.profiles[number].merged_into.is_some() {
                continue;
            }
            let mut turn = Turn::begin(self, ProfileId(number as u32), &mut effects);
            for slot in &gone {
                turn.profile.memberships.set(*slot, false);
                turn.profile.dues.remove(slot);
            }
            for slot in &changed {
                turn.refresh(*slot);
            }
        }
        for slot in gone {
            self.state.segments[usize::from(slot)].count = 0;
        }
        assert!(effects.is_empty(), "invariant: a programme sends nothing by being applied");
    }
}
