//! Bringing conditions and segments up to what was touched. Part of a profile's turn.
//!
//! What happened, or a timer that came, says which conditions may have changed; each is evaluated, and where its truth
//! changed, the segments made of it are. A condition also says when time alone could change it. Of those instants the
//! earliest is kept for each name, since one look at the name's events answers for all of its conditions.

use super::Turn;
use crate::ProfileId;
use crate::at::At;
use crate::engine::Engine;
use crate::history::NEVER;
use crate::index::Index;
use crate::name::NameId;
use crate::segment::eval::{Moment, condition};
use crate::segment::rule::Condition;
use crate::state::State;
use crate::timer::{TimerKey, second_of};
use crate::truths::Truths;

/// Segments to be looked at again, by rank: one bit each, so that they come in order and none comes twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranks(Vec<u64>);

impl Ranks {
    fn insert(&mut self, rank: u16) {
        let word = usize::from(rank) / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (rank % 64);
    }

    /// Takes the first rank that is not before `from`.
    fn pop(&mut self, from: u16) -> Option<u16> {
        let mut word = usize::from(from) / 64;
        let mut bits = *self.0.get(word)? & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            bits = *self.0.get(word)?;
        }
        let bit = bits.trailing_zeros();
        self.0[word] &= !(1 << bit);
        Some((word * 64) as u16 + bit as u16)
    }
}

impl Turn<'_> {
    /// Re-evaluates what was touched. Leaves in `touched.slots` the segments whose membership changed.
    pub(super) fn refresh_memberships(&mut self) {
        if (self.touched.whole || !self.touched.traits.is_empty()) && !self.engine.index.dated.is_empty() {
            self.set_dates();
        }
        if self.touched.whole {
            self.refresh_all_conditions();
        } else {
            self.refresh_touched_conditions();
        }
        self.refresh_ranks();
    }

    /// Evaluates conditions that took the place of others.
    pub(crate) fn refresh_replaced(&mut self, conditions: &[u32]) {
        for number in conditions {
            self.refresh_condition(*number);
        }
        self.refresh_ranks();
    }

    /// Brings the segments up to the conditions, each after those that it is built on.
    fn refresh_ranks(&mut self) {
        let mut from = 0;
        while let Some(rank) = self.engine.ranks.pop(from) {
            from = rank;
            let slot = self.engine.index.order[usize::from(rank)];
            if self.refresh_segment(slot) {
                self.touched.slots.push(slot);
                for next in &self.engine.index.built_on[usize::from(slot)] {
                    self.engine.ranks.insert(self.engine.index.rank[usize::from(*next)]);
                }
            }
        }
    }

    fn refresh_all_conditions(&mut self) {
        for number in 0..self.engine.index.conditions.len() as u32 {
            self.refresh_condition(number);
        }
        for rank in 0..self.engine.index.order.len() as u16 {
            self.engine.ranks.insert(rank);
        }
    }

    fn refresh_touched_conditions(&mut self) {
        for place in 0..self.touched.events.len() {
            self.refresh_name(self.touched.events[place].0);
        }
        for place in 0..self.touched.traits.len() {
            for next in 0.. {
                let name = &self.touched.traits[place];
                let Some(number) = self.engine.index.by_trait(name).get(next).copied() else { break };
                self.refresh_condition(number);
            }
        }
        if self.touched.consent {
            for next in 0..self.engine.index.by_consent.len() {
                self.refresh_condition(self.engine.index.by_consent[next]);
            }
        }
        if self.touched.seen {
            for next in 0..self.engine.index.by_seen.len() {
                self.refresh_condition(self.engine.index.by_seen[next]);
            }
        }
        if self.touched.offers {
            for next in 0..self.engine.index.by_offer.len() {
                self.refresh_condition(self.engine.index.by_offer[next]);
            }
        }
        match self.touched.timer {
            Some((_, TimerKey::Name { name, .. })) => self.refresh_name(name),
            Some((_, TimerKey::Profile { .. })) => {
                for next in 0..self.engine.index.by_clock.len() {
                    self.refresh_condition(self.engine.index.by_clock[next]);
                }
            }
            _ => {}
        }
    }

    /// Evaluates every condition that an event of the name can change.
    fn refresh_name(&mut self, name: NameId) {
        self.refresh_kernels(name);
        for next in 0.. {
            let index = &self.engine.index;
            let Some(number) = index.by_event(name).get(next).copied() else { break };
            if index.kernels[number as usize].is_none() {
                self.refresh_condition(number);
            }
        }
    }

    fn refresh_kernels(&mut self, name: NameId) {
        let (id, Engine { state, index, ranks, .. }) = (self.id, &mut *self.engine);
        index.set_now(state.at);
        let view = state.history.of(name, id);
        let mut due = NEVER;
        let Index { conditions, kernels, made_of, rank, by_event, .. } = index;
        for number in by_event.get(name.0 as usize).into_iter().flatten() {
            let number = *number as usize;
            let (Condition::Did(rule), Some(kernel)) = (&conditions[number], &mut kernels[number]) else {
                continue;
            };
            kernel.learn(rule, &state.history);
            let look = kernel.look(rule, view, &state.history);
            due = due.min(look.until);
            if state.truths.set_condition(id, number as u32, look.holds) {
                for slot in &made_of[number] {
                    ranks.insert(rank[usize::from(*slot)]);
                }
            }
        }
        wake_in(state, id, Clock::Name(name), due);
    }

    fn refresh_condition(&mut self, number: u32) {
        let holds = self.begin_condition(number);
        if self.engine.state.truths.set_condition(self.id, number, holds) {
            let index = &self.engine.index;
            for slot in &index.made_of[number as usize] {
                self.engine.ranks.insert(index.rank[usize::from(*slot)]);
            }
        }
    }

    /// Evaluates a condition and sets its timer; its truth.
    pub(crate) fn begin_condition(&mut self, number: u32) -> bool {
        let (id, Engine { state, index, programme, .. }) = (self.id, &mut *self.engine);
        index.set_now(state.at);
        let one = &index.conditions[number as usize];
        if let (Condition::Did(rule), Some(kernel)) = (one, &mut index.kernels[number as usize]) {
            kernel.learn(rule, &state.history);
            let look = kernel.look(rule, state.history.of(rule.deed.event, id), &state.history);
            wake_in(state, id, clock(one), look.until);
            return look.holds;
        }
        let verdict = condition(one, &Moment::of(state, programme, id));
        wake(state, id, clock(one), verdict.until);
        verdict.holds
    }

    /// Takes the profile into a segment or out of it; whether that changed anything.
    fn refresh_segment(&mut self, slot: u16) -> bool {
        let holds = self.is_made_true(slot);
        let state = &mut self.engine.state;
        let changed = state.truths.set_member(self.id, slot, holds);
        if changed {
            let segment = &mut state.segments[usize::from(slot)];
            segment.count = if holds { segment.count + 1 } else { segment.count - 1 };
            state.counts.membership_changes += 1;
            self.note_change(slot, holds);
        }
        changed
    }

    /// What the row's conditions, and the segments before this one, say of it.
    fn is_made_true(&self, slot: u16) -> bool {
        let (id, truths) = (self.id, &self.engine.state.truths);
        let gate = self.engine.index.gates[usize::from(slot)].as_ref();
        gate.is_some_and(|gate| {
            gate.holds(&|number| truths.condition(id, number), &|slot| truths.is_member(id, slot))
        })
    }

    /// Finds out for a new index which segments the profile is in; the row's conditions are known. Leaves in
    /// `touched.slots` those whose membership changed. Who begins to listen hears of everybody inside, and who ceases, that
    /// everybody has left: so the changes alone tell who is inside.
    pub(crate) fn begin_memberships(&mut self, before: &Index, old: &Truths) {
        for place in 0..self.engine.index.order.len() {
            let slot = self.engine.index.order[place];
            let holds = self.is_made_true(slot);
            let state = &mut self.engine.state;
            state.truths.set_member(self.id, slot, holds);
            state.segments[usize::from(slot)].count += u64::from(holds);
            let was = old.has_segment(slot) && old.is_member(self.id, slot);
            if was != holds {
                state.counts.membership_changes += 1;
                self.touched.slots.push(slot);
            }
            self.note_told(slot, was && before.is_recorded(slot), holds);
        }
    }
}

/// Makes sure that a timer comes by an instant. One that comes earlier will do: it looks again, and sets the next.
fn wake(state: &mut State, profile: ProfileId, clock: Clock, until: At) {
    if until == At::MAX {
        return;
    }
    assert!(until > state.at, "invariant: a verdict holds until later than now");
    wake_in(state, profile, clock, second_of(until));
}

/// The same for a second; [`NEVER`] asks for no timer.
fn wake_in(state: &mut State, profile: ProfileId, clock: Clock, due: u32) {
    match clock {
        Clock::Name(name) if due < NEVER && due < state.history.due(name, profile) => {
            state.history.set_due(name, profile, due);
            state.timers.set_second(due, TimerKey::Name { profile, name });
        }
        Clock::Profile if due < state.profiles[profile.0 as usize].due => {
            state.profiles[profile.0 as usize].due = due;
            state.timers.set_second(due, TimerKey::Profile { profile });
        }
        Clock::Name(_) | Clock::Profile | Clock::None => {}
    }
}

/// Whose timer looks at a condition again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Name(NameId),
    Profile,
    None,
}

fn clock(condition: &Condition) -> Clock {
    match condition {
        Condition::Did(rule) => Clock::Name(rule.deed.event),
        Condition::Sequence(rule) => Clock::Name(rule.first.event),
        condition if condition.goes_by_the_clock() => Clock::Profile,
        _ => Clock::None,
    }
}
