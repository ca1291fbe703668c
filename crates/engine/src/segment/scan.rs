//! A question put to everybody at once: an expression that nobody asked before, over slices of profiles.
//!
//! A slice is a block of profiles and its answer a bitmap. Each condition first throws out whom the newest event of a
//! name already decides, in one pass over that name's strands, and looks at the events of the rest only. Whoever owns
//! the threads hands out the slices; the order does not matter, since what is added up are counts.

use super::Aggregate;
use super::eval::{Moment, condition, did};
use super::kernel::Kernel;
use super::pair::Pair;
use super::rule::{Condition, DidRule, Measure, Node, Property, Rule, SequenceRule};
use super::sequence::sequence;
use crate::ProfileId;
use crate::at::At;
use crate::engine::Engine;
use crate::history::{BLOCK, Block, CodeSlice, History, View, WORDS};
use crate::name::NameId;
use crate::profile::Profile;
use crate::state::State;
use std::hint::black_box;

/// Events of one person that are looked at together.
const TOGETHER: usize = 8;
/// People whose traits or consents are brought near together.
const PEOPLE_TOGETHER: usize = 32;

/// The members among the profiles of one slice.
pub struct Members {
    slice: usize,
    bits: Bits,
}

/// A question that is ready to be put to slices.
pub struct Scan<'a> {
    engine: &'a Engine,
    now: At,
    probe: Probe<'a>,
}

type Bits = [u64; WORDS];

/// A rule with what is the same for everybody worked out.
enum Probe<'a> {
    And(Vec<Probe<'a>>),
    Or(Vec<Probe<'a>>),
    Not(Box<Probe<'a>>),
    Segment(u16),
    Never,
    Each(&'a Condition),
    Did(DidProbe<'a>),
    Pair(Pair, &'a SequenceRule),
    Sequence(&'a SequenceRule),
}

struct DidProbe<'a> {
    rule: &'a DidRule,
    history: &'a History,
    /// Events count after this second.
    start: u32,
    /// Whether it holds for somebody without an event in the window.
    empty_holds: bool,
    /// What looks at a strand, where the rule has such a thing.
    kernel: Option<Kernel>,
    /// What a plain sum adds, by code less one: where every value of the column is one number.
    numbers: Option<&'a [i64]>,
}

impl Members {
    pub fn count(&self) -> u64 {
        self.bits.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The members, by number.
    pub fn iter(&self) -> impl Iterator<Item = ProfileId> {
        let base = (self.slice * BLOCK) as u32;
        ones(&self.bits).map(move |local| ProfileId(base + local as u32))
    }
}

/// Those of a slice who stand for a person, which is known without looking at them.
pub(super) fn standing(state: &State, slice: usize) -> Members {
    let mut bits = none();
    let here = state.profiles.len().saturating_sub(slice * BLOCK).min(BLOCK);
    bits[..here / 64].fill(u64::MAX);
    if !here.is_multiple_of(64) {
        bits[here / 64] = (1 << (here % 64)) - 1;
    }
    for (word, bits) in bits.iter_mut().enumerate() {
        *bits &= !state.merges.gone(slice * WORDS + word);
    }
    Members { slice, bits }
}

impl<'a> Scan<'a> {
    pub(crate) fn new(engine: &'a Engine, rule: &'a Rule, now: At) -> Self {
        let probe = probe(&rule.node, &engine.state.history, now);
        Self { engine, now, probe }
    }

    /// Number of slices, of which each is asked once.
    pub fn slices(&self) -> usize {
        self.engine.state.profiles.len().div_ceil(BLOCK)
    }

    /// Asks the profiles of one slice.
    pub fn slice(&self, slice: usize) -> Members {
        let everybody = standing(&self.engine.state, slice).bits;
        Members { slice, bits: self.holds(&self.probe, slice, &everybody) }
    }

    /// Those of the candidates for whom a probe holds.
    fn holds(&self, probe: &Probe<'_>, slice: usize, candidates: &Bits) -> Bits {
        match probe {
            Probe::And(parts) => {
                let mut left = *candidates;
                for part in parts {
                    left = self.holds(part, slice, &left);
                }
                left
            }
            Probe::Or(parts) => {
                let (mut found, mut left) = (none(), *candidates);
                for part in parts {
                    let more = self.holds(part, slice, &left);
                    for ((found, left), more) in found.iter_mut().zip(left.iter_mut()).zip(more.iter()) {
                        *found |= more;
                        *left &= !more;
                    }
                }
                found
            }
            Probe::Not(inner) => {
                let mut left = self.holds(inner, slice, candidates);
                for (left, candidates) in left.iter_mut().zip(candidates.iter()) {
                    *left = candidates & !*left;
                }
                left
            }
            Probe::Never => none(),
            Probe::Segment(segment) => {
                self.each(slice, candidates, |id| self.engine.state.truths.is_member(id, *segment))
            }
            Probe::Each(one) => self.each_by(one, slice, candidates),
            Probe::Did(probe) => match self.block(probe.rule.deed.event, slice) {
                Some(block) => {
                    let recent = self.recent(probe.rule.deed.event, slice, probe.start, candidates);
                    probe.holds(block, candidates, &recent, &|local| self.moment(id(slice, local)))
                }
                None if probe.empty_holds => *candidates,
                None => none(),
            },
            Probe::Pair(pair, rule) => match self.block(pair.first, slice) {
                Some(block) => {
                    let seconds = self.block(pair.second, slice);
                    let recent = self.recent(pair.first, slice, pair.start, candidates);
                    // Before the window nothing follows what is in it: most have nothing to be looked at.
                    let who = |seconds| (seconds, self.recent(pair.second, slice, pair.start, &recent));
                    let followed = seconds.map(who);
                    if let Some((seconds, who)) = &followed {
                        seconds.prefetch_rows(who);
                    }
                    let followed = |local: usize| {
                        let (seconds, who) = followed.as_ref()?;
                        (who[local / 64] >> (local % 64) & 1 == 1).then_some(*seconds)
                    };
                    let near = |local| {
                        if let Some(seconds) = followed(local) {
                            seconds.prefetch_newest(local as u16);
                        }
                    };
                    let mut found = none();
                    block.visit(&recent, (1, None), near, |local, view| {
                        let seconds = followed(local).map(|block| block.view(local as u16).times());
                        let holds = pair.holds(view.times(), seconds.unwrap_or_default());
                        let holds =
                            holds.unwrap_or_else(|| sequence(rule, &self.moment(id(slice, local))).holds);
                        found[local / 64] |= u64::from(holds) << (local % 64);
                    });
                    found
                }
                None => none(),
            },
            Probe::Sequence(rule) => match self.block(rule.first.event, slice) {
                Some(_) => {
                    let start = rule.bounds.start(self.now);
                    let recent = self.recent(rule.first.event, slice, start, candidates);
                    self.each(slice, &recent, |id| sequence(rule, &self.moment(id)).holds)
                }
                None => none(),
            },
        }
    }

    fn block(&self, name: NameId, slice: usize) -> Option<&'a Block> {
        self.engine.state.history.block(name, slice)
    }

    /// The candidates who have an event after a second.
    fn recent(&self, name: NameId, slice: usize, start: u32, candidates: &Bits) -> Bits {
        let mut recent = self.engine.state.history.later(name, slice, start);
        recent.iter_mut().zip(candidates).for_each(|(recent, candidates)| *recent &= candidates);
        recent
    }

    fn each_by(&self, one: &Condition, slice: usize, candidates: &Bits) -> Bits {
        let holds = |id| condition(one, &self.moment(id)).holds;
        match one {
            Condition::Trait { .. } => self.each_near(slice, candidates, Profile::touch_traits, holds),
            Condition::ConsentedTo(..) => self.each_near(slice, candidates, Profile::touch_consents, holds),
            _ => self.each(slice, candidates, holds),
        }
    }

    fn each(&self, slice: usize, candidates: &Bits, holds: impl Fn(ProfileId) -> bool) -> Bits {
        let mut found = none();
        for local in ones(candidates) {
            found[local / 64] |= u64::from(holds(id(slice, local))) << (local % 64);
        }
        found
    }

    /// The same where what is asked lies behind several references: they are followed for a few people at once, since the
    /// memory answers many short questions together as fast as one.
    fn each_near(
        &self,
        slice: usize,
        candidates: &Bits,
        touch: impl Fn(&Profile) -> u8,
        holds: impl Fn(ProfileId) -> bool,
    ) -> Bits {
        let mut found = none();
        let mut candidates = ones(candidates);
        let mut people = [0; PEOPLE_TOGETHER];
        loop {
            let mut count = 0;
            for (place, local) in people.iter_mut().zip(candidates.by_ref()) {
                *place = local;
                count += 1;
            }
            let people = &people[..count];
            let touched =
                people.iter().map(|local| touch(&self.engine.state.profiles[id(slice, *local).0 as usize]));
            black_box(touched.fold(0, |sum: u8, byte| sum.wrapping_add(byte)));
            for local in people {
                found[local / 64] |= u64::from(holds(id(slice, *local))) << (local % 64);
            }
            if count < PEOPLE_TOGETHER {
                return found;
            }
        }
    }

    fn moment(&self, id: ProfileId) -> Moment<'_> {
        Moment { now: self.now, ..Moment::of(&self.engine.state, &self.engine.programme, id) }
    }
}

fn probe<'a>(node: &'a Node, history: &'a History, now: At) -> Probe<'a> {
    match node {
        Node::And(parts) => {
            let mut parts: Vec<_> = parts.iter().map(|part| probe(part, history, now)).collect();
            parts.sort_by_key(Probe::cost);
            Probe::And(parts)
        }
        Node::Or(parts) => Probe::Or(parts.iter().map(|part| probe(part, history, now)).collect()),
        Node::Not(inner) => Probe::Not(Box::new(probe(inner, history, now))),
        Node::InSegment(slot) => slot.map_or(Probe::Never, Probe::Segment),
        Node::Condition(Condition::Did(rule)) => Probe::Did(DidProbe::new(rule, history, now)),
        Node::Condition(Condition::Sequence(rule)) => match Pair::new(rule, now) {
            Some(pair) => Probe::Pair(pair, rule),
            None => Probe::Sequence(rule),
        },
        Node::Condition(one) => Probe::Each(one),
    }
}

impl Probe<'_> {
    /// What a part is likely to cost, so that the cheap ones thin out the candidates of the others.
    fn cost(&self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Segment(_) => 1,
            Self::Did(probe) if probe.is_about_the_newest() => 1,
            Self::Did(_) | Self::Pair(..) => 2,
            Self::Each(_) | Self::Sequence(_) => 3,
            Self::Not(inner) => inner.cost(),
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).max().unwrap_or(0),
        }
    }
}

impl<'a> DidProbe<'a> {
    fn new(rule: &'a DidRule, history: &'a History, now: At) -> Self {
        let numbers = match &rule.quantity {
            Measure::Aggregate { aggregate: Aggregate::Sum, property: Property::Column(column), .. }
                if rule.deed.checks.is_empty() =>
            {
                history.dictionary(rule.deed.event, *column).single_numbers()
            }
            _ => None,
        };
        let empty_holds = match rule.quantity {
            Measure::AtLeast(count) | Measure::Exactly(count) => count == 0,
            Measure::AtMost(_) => true,
            Measure::Aggregate { .. } => false,
        };
        let mut kernel = Kernel::new(rule);
        if let Some(kernel) = &mut kernel {
            kernel.set_now(now);
            kernel.learn(rule, history);
        }
        Self { start: rule.bounds.start(now), empty_holds, kernel, numbers, rule, history }
    }

    /// Whether the newest event alone decides.
    fn is_about_the_newest(&self) -> bool {
        self.rule.deed.checks.is_empty()
            && self.rule.bounds.before == u32::MAX
            && matches!(self.rule.quantity, Measure::AtLeast(1) | Measure::AtMost(0))
    }

    fn holds<'m>(
        &self,
        block: &Block,
        candidates: &Bits,
        recent: &Bits,
        moment: &impl Fn(usize) -> Moment<'m>,
    ) -> Bits {
        let mut found = none();
        if self.empty_holds {
            for ((found, recent), candidates) in found.iter_mut().zip(recent.iter()).zip(candidates.iter()) {
                *found = candidates & !recent;
            }
        }
        if !self.is_about_the_newest() {
            block.visit(
                recent,
                self.newest_read(),
                |_| (),
                |local, view| {
                    let holds = self.holds_for(view, || moment(local));
                    found[local / 64] |= u64::from(holds) << (local % 64);
                },
            );
        } else if !self.empty_holds {
            for (found, recent) in found.iter_mut().zip(recent.iter()) {
                *found |= recent;
            }
        }
        found
    }

    /// How many events of all times it takes for the rule to differ from what holds for somebody without one.
    fn events_min(&self) -> u32 {
        match self.rule.quantity {
            Measure::AtLeast(count) | Measure::Exactly(count) if count > 0 => count,
            Measure::AtMost(count) => count.saturating_add(1),
            _ => 1,
        }
    }

    /// Which of the newest events is read first, and a column of which codes are read.
    fn newest_read(&self) -> (u32, Option<u16>) {
        let column = |property: &Property| match property {
            Property::Column(column) => Some(*column),
            Property::Nowhere => None,
        };
        match (&self.rule.quantity, self.rule.deed.checks.first()) {
            (Measure::Aggregate { property, .. }, _) => (1, column(property)),
            (_, Some(check)) => (1, column(&check.property)),
            (_, None) => (self.events_min(), None),
        }
    }

    fn holds_for<'m>(&self, view: View<'_>, moment: impl Fn() -> Moment<'m>) -> bool {
        let Some(kernel) = &self.kernel else {
            let moment = moment();
            return did(self.rule, view, &moment).holds;
        };
        let (times, start) = (view.times(), self.start);
        match (&self.rule.quantity, kernel.only_check(), self.numbers) {
            (Measure::AtLeast(count), Some((column, bits)), _) => match view.codes(column) {
                CodeSlice::Absent => kernel.look(self.rule, view, self.history).holds,
                CodeSlice::Byte(codes) => reaches(times, codes, bits, start, *count as usize),
                CodeSlice::Short(codes) => reaches(times, codes, bits, start, *count as usize),
                CodeSlice::Word(codes) => reaches(times, codes, bits, start, *count as usize),
            },
            (
                Measure::Aggregate { property: Property::Column(column), comparison, millionths, .. },
                _,
                Some(numbers),
            ) => {
                let sum = match view.codes(*column) {
                    CodeSlice::Absent => None,
                    CodeSlice::Byte(codes) => sum(times, codes, numbers, start),
                    CodeSlice::Short(codes) => sum(times, codes, numbers, start),
                    CodeSlice::Word(codes) => sum(times, codes, numbers, start),
                };
                sum.is_some_and(|sum| comparison.holds(sum.cmp(millionths)))
            }
            _ => kernel.look(self.rule, view, self.history).holds,
        }
    }
}

/// Whether `count` of the events after a second have a code whose bit is set.
fn reaches<C: Copy + Into<u32>>(times: &[u32], codes: &[C], bits: &[u64], start: u32, count: usize) -> bool {
    let mut found = 0;
    // Some at a time without a branch among them: where a person's window ends cannot be foretold.
    for (times, codes) in times.rchunks(TOGETHER).zip(codes.rchunks(TOGETHER)) {
        for (time, code) in times.iter().zip(codes) {
            let code: u32 = (*code).into();
            found += (bits[code as usize / 64] >> (code % 64)) as usize & usize::from(*time > start);
        }
        if found >= count || times[0] <= start {
            break;
        }
    }
    found >= count
}

/// The sum of what events after a second have; `None` where there is no such event with a number.
fn sum<C: Copy + Into<u32>>(times: &[u32], codes: &[C], numbers: &[i64], start: u32) -> Option<i128> {
    let (mut sum, mut any) = (0, false);
    for (time, code) in times.iter().zip(codes).rev() {
        if *time <= start {
            break;
        }
        let code: u32 = (*code).into();
        if code > 0 {
            sum += i128::from(numbers[code as usize - 1]);
            any = true;
        }
    }
    any.then_some(sum)
}

fn id(slice: usize, local: usize) -> ProfileId {
    ProfileId((slice * BLOCK + local) as u32)
}

fn none() -> Bits {
    [0; WORDS]
}

fn ones(bits: &Bits) -> impl Iterator<Item = usize> {
    bits.iter().enumerate().flat_map(|(word, bits)| {
        let mut left = *bits;
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                word * 64 + bit
            })
        })
    })
}
