//! The programme, ready to run: every condition once, the segments made of them, and who is to be asked when something
//! happens.
//!
//! Derived from the state alone, so that a snapshot need not hold it.

use crate::at::At;
use crate::basis::{SoftOptIns, SoftRule};
use crate::journey::{Entry, Plan, entry_segment};
use crate::limits::CUTOFF_DAYS;
use crate::name::NameId;
use crate::offer::OfferPlan;
use crate::programme::{Journey, Programme};
use crate::segment::cluster::ClusterState;
use crate::segment::cutoff::{Cutoffs, Share};
use crate::segment::day::next_beginning;
use crate::segment::kernel::Kernel;
use crate::segment::parse::of_programme;
use crate::segment::rule::{Condition, Mentions, Node, Rule, Scope};
use crate::state::State;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Default)]
pub(crate) struct Index {
    pub(crate) conditions: Vec<Condition>,
    /// By condition: what evaluates it for an event, where there is something quicker than the general way.
    pub(crate) kernels: Vec<Option<Kernel>>,
    /// The instant that the kernels are set to.
    now: At,
    /// By condition: the segments made of it.
    pub(crate) made_of: Vec<Vec<u16>>,
    /// By slot; `None` for a segment that the programme no longer has.
    pub(crate) gates: Vec<Option<Gate>>,
    /// By slot: its place in an order in which every segment comes after those it is built on.
    pub(crate) rank: Vec<u16>,
    /// Slots in that order.
    pub(crate) order: Vec<u16>,
    /// By slot: whether somebody listens, so that its changes become records.
    recorded: Vec<bool>,
    /// By slot: the slots built on it.
    pub(crate) built_on: Vec<Vec<u16>>,
    /// By name: the conditions that an event of it can change.
    pub(crate) by_event: Vec<Vec<u32>>,
    by_trait: BTreeMap<String, Vec<u32>>,
    pub(crate) by_consent: Vec<u32>,
    pub(crate) by_seen: Vec<u32>,
    pub(crate) by_offer: Vec<u32>,
    /// Conditions that the clock changes and no event.
    pub(crate) by_clock: Vec<u32>,
    /// Those of the programme, its first one first.
    pub(crate) languages: Vec<Arc<str>>,
    /// The shares that segments and running journeys ask for, by their text.
    pub(crate) wanted: BTreeMap<String, Share>,
    /// When cut-offs of them are to be stated: at once where one is not, and otherwise with the next day.
    pub(crate) cutoffs_due: Option<At>,
    /// By set of clusters: when they are to be looked for.
    pub(crate) clusters_due: BTreeMap<String, At>,
    /// Those of the programme, by name.
    pub(crate) offers: BTreeMap<String, OfferPlan>,
    /// By event: the offers that it redeems.
    pub(crate) redeemed_by: BTreeMap<String, Vec<Redeeming>>,
    /// By version.
    pub(crate) plans: Vec<Plan>,
    /// All that can end, move or fulfil a run of any of them.
    pub(crate) followed: Mentions,
    /// The live version of each journey, by name.
    pub(crate) live: BTreeMap<Arc<str>, u32>,
    /// Journeys that begin with a date, by the trait that has it; each with its live version.
    pub(crate) dated: BTreeMap<String, Vec<(u32, u32)>>,
    /// Of each message on a page, who may see it now; in the order of names.
    pub(crate) onsite: Vec<(Arc<str>, Rule)>,
    /// By page and number: who may see a block of it.
    pub(crate) blocks: BTreeMap<(String, usize), Rule>,
    entries_by_event: Vec<Vec<u32>>,
    pub(crate) soft_opt_ins: SoftOptIns,
    /// By slot, and whether it is entering that begins a run, or leaving.
    entries_by_slot: BTreeMap<(u16, bool), Vec<u32>>,
}

/// An offer that an event redeems, and the property of the event that has the code.
#[derive(Clone, Debug)]
pub(crate) struct Redeeming {
    pub(crate) offer: String,
    pub(crate) code: Option<Vec<String>>,
}

/// How a segment is made of conditions and of other segments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Gate {
    And(Vec<Gate>),
    Or(Vec<Gate>),
    Not(Box<Gate>),
    Condition(u32),
    Segment(u16),
    Never,
}

impl Gate {
    pub(crate) fn holds(&self, condition: &impl Fn(u32) -> bool, segment: &impl Fn(u16) -> bool) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(condition, segment)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(condition, segment)),
            Self::Not(inner) => !inner.holds(condition, segment),
            Self::Condition(number) => condition(*number),
            Self::Segment(slot) => segment(*slot),
            Self::Never => false,
        }
    }
}

impl Index {
    pub(crate) fn build(state: &mut State, programme: &Programme) -> Self {
        let State { names, history, segments, versions, cutoffs, standings, broadcasts, offers, .. } = state;
        let (timezone, purchase) = (&programme.timezone(), &programme.purchase);
        let slots: BTreeMap<&str, u16> =
            segments.iter().enumerate().map(|(slot, segment)| (segment.name.as_str(), slot as u16)).collect();
        let slot_of = |name: &str| slots.get(name).copied().filter(|slot| segments[usize::from(*slot)].live);
        let languages = programme.languages.iter().map(|language| language.as_str().into()).collect();
        let mut index = Self { built_on: vec![Vec::new(); segments.len()], languages, ..Self::default() };
        let mut built_of = Vec::new();
        let wanted = &mut BTreeMap::new();
        let listened = programme.listened();
        for (slot, segment) in segments.iter().enumerate() {
            index.recorded.push(segment.live && listened.contains(&segment.name));
            let rule = segment.live.then(|| {
                let expression = of_programme(&segment.expression);
                let scope = &mut Scope { names, history, timezone, cutoffs, purchase, wanted, slot_of };
                Rule::compile(&expression, scope)
            });
            let gate = rule.as_ref().map(|rule| index.gate(&rule.node, slot as u16));
            index.gates.push(gate);
            let bases = rule.map(|rule| rule.mentions.segments).unwrap_or_default();
            for base in &bases {
                index.built_on[usize::from(*base)].push(slot as u16);
            }
            built_of.push(bases.len());
        }
        index.sort(built_of);
        // A version that is no longer live may have lost the slot of its entry; it keeps the one it had.
        let any_slot = |name: &str| slots.get(name).copied();
        for (number, version) in versions.iter().enumerate() {
            let journey: Journey = serde_json::from_str(&version.definition)
                .expect("invariant: a definition was written by this program");
            let entry = entry_segment(&version.name);
            let slot_of = |name: &str| if name == entry { any_slot(name) } else { slot_of(name) };
            // Of a version that nobody is in and nobody comes into, no share need be known.
            let is_over = !version.live && version.active == 0;
            let wanted = if is_over { &mut BTreeMap::new() } else { &mut *wanted };
            let mut scope = Scope { names, history, timezone, cutoffs, purchase, wanted, slot_of };
            let mut plan = Plan::compile(&version.name, &journey, &mut scope);
            let first = versions
                .iter()
                .position(|one| (&one.name, one.is_broadcast) == (&version.name, version.is_broadcast));
            plan.journey = first.unwrap_or(number) as u32;
            plan.standing = standings.get(&version.name).copied().unwrap_or_default();
            if version.live {
                index.enter(number as u32, &plan);
                index.live.insert(Arc::clone(&plan.name), number as u32);
            }
            index.followed.traits.extend(plan.clocks().map(str::to_owned));
            for rule in plan.rules() {
                index.followed.extend(&rule.mentions);
            }
            index.plans.push(plan);
        }
        let scope = &mut Scope { names, history, timezone, cutoffs, purchase, wanted, slot_of };
        // Before a set has clusters, what says who takes part is asked for already.
        for (_, clustering) in programme.clusterings() {
            Rule::compile(&clustering.of, scope);
        }
        // Whom a broadcast is for is asked when it starts.
        for (name, broadcast) in &programme.broadcasts {
            if !broadcasts.get(name).is_some_and(|known| known.phase.has_started()) {
                Rule::compile(&of_programme(&broadcast.to), scope);
            }
        }
        for (name, soft) in programme.soft_opt_ins() {
            let did = scope.did(&soft.did().expect("invariant: a programme with mistakes is refused"));
            index.soft_opt_ins.0.insert(name.to_owned(), SoftRule { did, channels: soft.channels.clone() });
        }
        for (name, offer) in &programme.offers {
            let eligible = offer.eligible.as_deref().map(|text| Rule::compile(&of_programme(text), scope));
            let slot = offers.place(name).expect("invariant: offers have places before plans");
            let (begins, ends) = (offer.begins(timezone), offer.ends(timezone));
            let plan = OfferPlan { slot, definition: offer.clone(), eligible, begins, ends };
            if let Some(by) = offer.redeemed_by() {
                let code = by.code.map(|path| path.split('.').map(str::to_owned).collect());
                index.redeemed_by.entry(by.event).or_default().push(Redeeming { offer: name.clone(), code });
            }
            index.offers.insert(name.clone(), plan);
        }
        // A page asks who may see what.
        let mut rule = |text: &str| Rule::compile(&of_programme(text), scope);
        index.onsite.extend(programme.onsite_rules().map(|(name, text)| (name.into(), rule(&text))));
        let blocks = programme.block_rules();
        index.blocks = blocks.map(|(page, at, text)| ((page.to_owned(), at), rule(text))).collect();
        index.wanted = std::mem::take(wanted);
        index.note_due(state, programme);
        index
    }

    /// Works out when cut-offs and clusters are to be stated next.
    pub(crate) fn note_due(&mut self, state: &State, programme: &Programme) {
        let timezone = &programme.timezone();
        self.note_cutoffs(&state.cutoffs, timezone);
        // Who takes part may be a matter of cut-offs.
        let can_begin = self.cutoffs_due != Some(At::MIN);
        let sets = programme.clusters.iter().filter(|_| can_begin);
        let due = sets.map(|(name, set)| {
            let known = state.clusters.get(name);
            let known = known.filter(|known| (known.least, known.most) == (set.at_least, set.at_most));
            let next = |known: &ClusterState| next_beginning(known.tried_at, set.refresh.days(), timezone);
            (name.clone(), known.map_or(At::MIN, next))
        });
        self.clusters_due = due.collect();
    }

    /// Works out when cut-offs are to be stated next.
    fn note_cutoffs(&mut self, stated: &Cutoffs, timezone: &TimeZone) {
        let is_whole = self.wanted.keys().all(|share| stated.by_share.contains_key(share));
        self.cutoffs_due = (!self.wanted.is_empty()).then(|| match is_whole {
            true => next_beginning(stated.stated_at, CUTOFF_DAYS, timezone),
            false => At::MIN,
        });
    }

    /// The gate of a rule, its conditions numbered: one that several rules ask has one number.
    fn gate(&mut self, node: &Node, slot: u16) -> Gate {
        match node {
            Node::And(parts) => Gate::And(parts.iter().map(|part| self.gate(part, slot)).collect()),
            Node::Or(parts) => Gate::Or(parts.iter().map(|part| self.gate(part, slot)).collect()),
            Node::Not(inner) => Gate::Not(Box::new(self.gate(inner, slot))),
            Node::InSegment(base) => base.map_or(Gate::Never, Gate::Segment),
            Node::Condition(condition) => {
                let number = self.number(condition);
                let slots = &mut self.made_of[number as usize];
                if slots.last() != Some(&slot) {
                    slots.push(slot);
                }
                Gate::Condition(number)
            }
        }
    }

    fn number(&mut self, condition: &Condition) -> u32 {
        if let Some(known) = self.condition(condition) {
            return known;
        }
        let number = u32::try_from(self.conditions.len()).expect("invariant: expressions have bounds");
        self.conditions.push(condition.clone());
        self.made_of.push(Vec::new());
        let Condition::Did(rule) = condition else {
            return self.mention(number, condition, None);
        };
        self.mention(number, condition, Kernel::new(rule))
    }

    /// Notes who is to be asked about a condition; its number.
    fn mention(&mut self, number: u32, condition: &Condition, kernel: Option<Kernel>) -> u32 {
        self.kernels.push(kernel);
        let mut mentions = Mentions::default();
        condition.mention(&mut mentions);
        for event in mentions.events {
            at(&mut self.by_event, event).push(number);
        }
        for name in mentions.traits {
            self.by_trait.entry(name).or_default().push(number);
        }
        if mentions.consent {
            self.by_consent.push(number);
        }
        if mentions.seen {
            self.by_seen.push(number);
        }
        if mentions.offers {
            self.by_offer.push(number);
        }
        if condition.goes_by_the_clock() {
            self.by_clock.push(number);
        }
        number
    }

    /// The conditions that took the place of others, where that is all that is new: segments are made of conditions as
    /// they were.
    pub(crate) fn replaced(&self, before: &Self) -> Option<Vec<u32>> {
        let is_same = self.conditions.len() == before.conditions.len() && self.gates == before.gates;
        let pairs = self.conditions.iter().zip(&before.conditions).enumerate();
        let replaced = pairs.filter(|(_, (new, old))| new != old).map(|(number, _)| number as u32);
        is_same.then(|| replaced.collect())
    }

    /// Moves every window to an instant.
    pub(crate) fn set_now(&mut self, now: At) {
        if self.now != now {
            self.now = now;
            for kernel in self.kernels.iter_mut().flatten() {
                kernel.set_now(now);
            }
        }
    }

    /// The number of a condition that some segment asks.
    pub(crate) fn condition(&self, condition: &Condition) -> Option<u32> {
        self.conditions.iter().position(|known| known == condition).map(|number| number as u32)
    }

    fn enter(&mut self, version: u32, plan: &Plan) {
        match &plan.entry {
            Entry::Event { event, .. } => at(&mut self.entries_by_event, *event).push(version),
            Entry::Segment { slot, is_in } => {
                self.entries_by_slot.entry((*slot, *is_in)).or_default().push(version);
            }
            Entry::Date(date) => {
                let named = self.dated.entry(date.path[0].clone()).or_default();
                named.push((plan.journey, version));
            }
            Entry::Schedule(_) | Entry::Never => {}
        }
    }

    /// The live version of a journey, whatever its number.
    pub(crate) fn live_of(&self, journey: u32) -> Option<u32> {
        let plan = self.plans.get(journey as usize)?;
        self.live.get(&plan.name).copied()
    }

    /// Puts every segment after those it is built on. The programme has no cycles.
    fn sort(&mut self, mut waits: Vec<usize>) {
        let count = self.gates.len();
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

    /// Conditions that an event of this name can change.
    pub(crate) fn by_event(&self, name: NameId) -> &[u32] {
        self.by_event.get(name.0 as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn by_trait(&self, name: &str) -> &[u32] {
        self.by_trait.get(name).map_or(&[], Vec::as_slice)
    }

    /// Live journeys that an event of this name may enter.
    pub(crate) fn entries_by_event(&self, name: NameId) -> &[u32] {
        self.entries_by_event.get(name.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Live journeys that becoming a member of this segment enters, or ceasing to be one.
    pub(crate) fn entries_by_slot(&self, slot: u16, is_in: bool) -> &[u32] {
        self.entries_by_slot.get(&(slot, is_in)).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody listens to a segment. One that came with a later programme is not known here.
    pub(crate) fn is_recorded(&self, slot: u16) -> bool {
        self.recorded.get(usize::from(slot)).copied().unwrap_or_default()
    }
}

/// The entry of a list by name, made where the list does not reach so far.
fn at<T: Default>(list: &mut Vec<T>, name: NameId) -> &mut T {
    let index = name.0 as usize;
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}
