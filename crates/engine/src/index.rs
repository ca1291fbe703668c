//! The programme, ready to run: every rule compiled, and who is to be asked when something happens.
//!
//! Derived from the state alone, so that a snapshot need not hold it.

use crate::journey::{Entry, Plan, entry_segment};
use crate::name::{NameId, Names};
use crate::programme::Journey;
use crate::segment::parse;
use crate::segment::rule::Rule;
use crate::state::{JourneyVersion, SegmentState};
use crate::table::Table;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub(crate) struct Index {
    /// By slot; `None` for a segment that the programme no longer has.
    pub(crate) rules: Vec<Option<Rule>>,
    /// By slot: its place in an order in which every segment comes after those it is built on.
    pub(crate) rank: Vec<u16>,
    /// Slots in that order.
    pub(crate) order: Vec<u16>,
    by_event: Table<NameId, Vec<u16>>,
    by_trait: BTreeMap<String, Vec<u16>>,
    /// By slot: the slots built on it.
    pub(crate) built_on: Vec<Vec<u16>>,
    pub(crate) by_consent: Vec<u16>,
    pub(crate) by_seen: Vec<u16>,
    /// By version.
    pub(crate) plans: Vec<Plan>,
    entries_by_event: Table<NameId, Vec<u32>>,
    entries_by_slot: BTreeMap<u16, u32>,
}

impl Index {
    pub(crate) fn build(names: &mut Names, segments: &[SegmentState], versions: &[JourneyVersion]) -> Self {
        let slots: BTreeMap<&str, u16> =
            segments.iter().enumerate().map(|(slot, segment)| (segment.name.as_str(), slot as u16)).collect();
        let slot_of = |name: &str| slots.get(name).copied().filter(|slot| segments[usize::from(*slot)].live);
        let mut index = Self { built_on: vec![Vec::new(); segments.len()], ..Self::default() };
        for (slot, segment) in segments.iter().enumerate() {
            let rule = segment.live.then(|| {
                let expression = parse::parse(&segment.expression)
                    .expect("invariant: a programme with mistakes is refused before it is compiled");
                Rule::compile(&expression, names, &slot_of)
            });
            if let Some(rule) = &rule {
                index.mention(slot as u16, rule);
            }
            index.rules.push(rule);
        }
        index.sort();
        // A version that is no longer live may have lost the slot of its entry; it keeps the one it had.
        let any_slot = |name: &str| slots.get(name).copied();
        for (number, version) in versions.iter().enumerate() {
            let journey: Journey = serde_json::from_str(&version.definition)
                .expect("invariant: a definition was written by this program");
            let entry = entry_segment(&version.name);
            let slot_of = |name: &str| if name == entry { any_slot(name) } else { slot_of(name) };
            let plan = Plan::compile(&version.name, &journey, names, &slot_of);
            if version.live {
                index.enter(number as u32, &plan);
            }
            index.plans.push(plan);
        }
        index
    }

    fn mention(&mut self, slot: u16, rule: &Rule) {
        let mentions = &rule.mentions;
        for event in &mentions.events {
            self.by_event.entry(*event).push(slot);
        }
        for name in &mentions.traits {
            self.by_trait.entry(name.clone()).or_default().push(slot);
        }
        for base in &mentions.segments {
            self.built_on[usize::from(*base)].push(slot);
        }
        if mentions.consent {
            self.by_consent.push(slot);
        }
        if mentions.seen {
            self.by_seen.push(slot);
        }
    }

    fn enter(&mut self, version: u32, plan: &Plan) {
        match &plan.entry {
            Entry::Event(did) => self.entries_by_event.entry(did.event).push(version),
            Entry::Segment(slot) => {
                self.entries_by_slot.insert(*slot, version);
            }
        }
    }

    /// Puts every segment after those it is built on. The programme has no cycles.
    fn sort(&mut self) {
        let count = self.rules.len();
        let mut waits: Vec<usize> = self
            .rules
            .iter()
            .map(|rule| rule.as_ref().map_or(0, |rule| rule.mentions.segments.len()))
            .collect();
        let mut ready: Vec<u16> =
            (0..count as u16).rev().filter(|slot| waits[usize::from(*slot)] == 0).collect();
        self.rank = vec![0; count];
        while let Some(slot) = ready.pop() {
            self.rank[usize::from(slot)] = self.order.len() as u16;
            self.order.push(slot);
            for next in &self.built_on[usize::from(slot)] {
                waits[usize::from(*next)] -= 1;
                if waits[usize::from(*next)] == 0 {
                    ready.push(*next);
                }
            }
        }
        assert_eq!(self.order.len(), count, "invariant: segments have no cycle");
    }

    pub(crate) fn by_event(&self, name: NameId) -> &[u16] {
        self.by_event.get(&name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn by_trait(&self, name: &str) -> &[u16] {
        self.by_trait.get(name).map_or(&[], Vec::as_slice)
    }

    /// Live journeys that an event of this name may enter.
    pub(crate) fn entries_by_event(&self, name: NameId) -> &[u32] {
        self.entries_by_event.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The live journey that becoming a member of this hidden segment enters.
    pub(crate) fn entry_by_slot(&self, slot: u16) -> Option<u32> {
        self.entries_by_slot.get(&slot).copied()
    }
}
