//! A question put to everybody at once: an expression that nobody asked before, over slices of profiles.
//!
//! A slice is a block of profiles and its answer a bitmap. Each condition first throws out whom the newest event of a
//! name already decides, in one pass over that name's strands, and looks at the events of the rest only. Whoever owns
//! the threads hands out the slices; the order does not matter, since what is added up are counts.

use super::eval::{Moment, condition, did};
use super::rule::{Condition, DeedRule, DidRule, Measure, Node, Property, Rule, SequenceRule};
use super::sequence::sequence;
use crate::ProfileId;
use crate::at::At;
use crate::engine::Engine;
use crate::history::{BLOCK, Block, History, View};

const WORDS: usize = BLOCK / 64;

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

type Bits = Box<[u64; WORDS]>;

/// A rule with what is the same for everybody worked out.
enum Probe<'a> {
    And(Vec<Probe<'a>>),
    Or(Vec<Probe<'a>>),
    Not(Box<Probe<'a>>),
    Segment(u16),
    Never,
    Each(&'a Condition),
    Did(DidProbe<'a>),
    Sequence(&'a SequenceRule),
}

struct DidProbe<'a> {
    rule: &'a DidRule,
    /// Events count after this second.
    start: u32,
    /// Whether it holds for somebody without an event in the window.
    empty_holds: bool,
    /// By check: the codes of its column that pass, one bit each; `None` where the property is not kept.
    passing: Vec<Option<Vec<u64>>>,
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
        let mut everybody = none();
        let profiles = &self.engine.state.profiles;
        let numbers = slice * BLOCK..profiles.len().min((slice + 1) * BLOCK);
        for (local, number) in numbers.enumerate() {
            let profile = &profiles[number];
            everybody[local / 64] |= u64::from(profile.merged_into.is_none()) << (local % 64);
        }
        Members { slice, bits: self.holds(&self.probe, slice, &everybody) }
    }

    /// Those of the candidates for whom a probe holds.
    fn holds(&self, probe: &Probe<'_>, slice: usize, candidates: &Bits) -> Bits {
        match probe {
            Probe::And(parts) => {
                let mut left = candidates.clone();
                for part in parts {
                    left = self.holds(part, slice, &left);
                }
                left
            }
            Probe::Or(parts) => {
                let (mut found, mut left) = (none(), candidates.clone());
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
            Probe::Each(one) => self.each(slice, candidates, |id| condition(one, &self.moment(id)).holds),
            Probe::Did(probe) => match self.block(&probe.rule.deed, slice) {
                Some(block) => probe.holds(block, candidates, &|local| self.moment(id(slice, local))),
                None if probe.empty_holds => candidates.clone(),
                None => none(),
            },
            Probe::Sequence(rule) => match self.block(&rule.first, slice) {
                Some(block) => {
                    let recent = recent(block, rule.bounds.start(self.now), candidates);
                    self.each(slice, &recent, |id| sequence(rule, &self.moment(id)).holds)
                }
                None => none(),
            },
        }
    }

    fn block(&self, deed: &DeedRule, slice: usize) -> Option<&'a Block> {
        self.engine.state.history.blocks(deed.event).get(slice).map(|block| &**block)
    }

    fn each(&self, slice: usize, candidates: &Bits, holds: impl Fn(ProfileId) -> bool) -> Bits {
        let mut found = none();
        for local in ones(candidates) {
            found[local / 64] |= u64::from(holds(id(slice, local))) << (local % 64);
        }
        found
    }

    fn moment(&self, id: ProfileId) -> Moment<'_> {
        Moment { now: self.now, ..Moment::of(&self.engine.state, &self.engine.programme, id) }
    }
}

fn probe<'a>(node: &'a Node, history: &History, now: At) -> Probe<'a> {
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
        Node::Condition(Condition::Sequence(rule)) => Probe::Sequence(rule),
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
            Self::Did(_) => 2,
            Self::Each(_) | Self::Sequence(_) => 3,
            Self::Not(inner) => inner.cost(),
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).max().unwrap_or(0),
        }
    }
}

impl<'a> DidProbe<'a> {
    fn new(rule: &'a DidRule, history: &History, now: At) -> Self {
        let passing = rule.deed.checks.iter().map(|check| match check.property {
            Property::Path(_) => None,
            Property::Column(column) => {
                let dictionary = history.dictionary(rule.deed.event, column);
                let mut bits = vec![0u64; dictionary.len().div_ceil(64)];
                for code in 0..dictionary.len() {
                    let passes = dictionary.values(code as u32).any(|value| check.trial.holds(value));
                    bits[code / 64] |= u64::from(passes) << (code % 64);
                }
                Some(bits)
            }
        });
        let empty_holds = match rule.quantity {
            Measure::AtLeast(count) | Measure::Exactly(count) => count == 0,
            Measure::AtMost(_) => true,
            Measure::Aggregate { .. } => false,
        };
        Self { start: rule.bounds.start(now), empty_holds, passing: passing.collect(), rule }
    }

    /// Whether the newest event alone decides.
    fn is_about_the_newest(&self) -> bool {
        self.rule.deed.checks.is_empty()
            && self.rule.bounds.before == u32::MAX
            && matches!(self.rule.quantity, Measure::AtLeast(1) | Measure::AtMost(0))
    }

    fn holds<'m>(&self, block: &Block, candidates: &Bits, moment: &impl Fn(usize) -> Moment<'m>) -> Bits {
        let recent = recent(block, self.start, candidates);
        let mut found = none();
        if self.empty_holds {
            for ((found, recent), candidates) in found.iter_mut().zip(recent.iter()).zip(candidates.iter()) {
                *found = candidates & !recent;
            }
        }
        if !self.is_about_the_newest() {
            for local in ones(&recent) {
                let holds = self.holds_for(block.view(local as u16), || moment(local));
                found[local / 64] |= u64::from(holds) << (local % 64);
            }
        } else if !self.empty_holds {
            for (found, recent) in found.iter_mut().zip(recent.iter()) {
                *found |= recent;
            }
        }
        found
    }

    fn holds_for<'m>(&self, view: View<'_>, moment: impl Fn() -> Moment<'m>) -> bool {
        match self.rule.quantity {
            _ if self.rule.bounds.before != u32::MAX => self.looked_at(moment),
            Measure::AtLeast(count) => self.reaches(view, count),
            Measure::AtMost(count) => !self.reaches(view, count.saturating_add(1)),
            Measure::Exactly(count) => {
                self.reaches(view, count) && !self.reaches(view, count.saturating_add(1))
            }
            Measure::Aggregate { .. } => self.looked_at(moment),
        }
    }

    fn looked_at<'m>(&self, moment: impl Fn() -> Moment<'m>) -> bool {
        let moment = moment();
        did(self.rule, moment.history.of(self.rule.deed.event, moment.id), &moment).holds
    }

    /// Whether `count` events of the window pass, the newest looked at first.
    fn reaches(&self, view: View<'_>, count: u32) -> bool {
        let (times, count) = (view.times(), count as usize);
        if self.rule.deed.checks.is_empty() {
            return count == 0 || (times.len() >= count && times[times.len() - count] > self.start);
        }
        let mut left = count;
        for index in (0..times.len()).rev() {
            if left == 0 || times[index] <= self.start {
                break;
            }
            left -= usize::from(self.passes(view, index));
        }
        left == 0
    }

    fn passes(&self, view: View<'_>, index: usize) -> bool {
        self.rule.deed.checks.iter().zip(&self.passing).all(|(check, passing)| {
            match (&check.property, passing) {
                (Property::Column(column), Some(bits)) => {
                    let code = view.code(*column, index) as usize;
                    bits[code / 64] >> (code % 64) & 1 == 1
                }
                (Property::Column(_), None) => unreachable!("invariant: the codes of a column were asked"),
                (Property::Path(path), _) => {
                    let mut found = false;
                    view.fact(index).properties.find(path, &mut |value| found |= check.trial.holds(value));
                    found
                }
            }
        })
    }
}

/// The candidates who have an event of the block's name after a second.
fn recent(block: &Block, start: u32, candidates: &Bits) -> Bits {
    let mut recent = none();
    let Some(strands) = block.dense_strands() else {
        for (local, strand) in block.sparse_strands() {
            let local = usize::from(local);
            recent[local / 64] |= u64::from(strand.last > start) << (local % 64);
        }
        for (recent, candidates) in recent.iter_mut().zip(candidates.iter()) {
            *recent &= candidates;
        }
        return recent;
    };
    for (word, strands) in strands.chunks_exact(64).enumerate() {
        if candidates[word] != 0 {
            let bits = strands.iter().rev().fold(0, |bits, one| (bits << 1) | u64::from(one.last > start));
            recent[word] = bits & candidates[word];
        }
    }
    recent
}

fn id(slice: usize, local: usize) -> ProfileId {
    ProfileId((slice * BLOCK + local) as u32)
}

fn none() -> Bits {
    Box::new([0; WORDS])
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
