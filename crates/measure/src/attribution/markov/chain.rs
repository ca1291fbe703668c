//! The chain that paths make: states, and how often each leads where.

use super::super::Paths;
use super::super::limits::PAIRED_CHANNELS_MAX;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A chain in rows. All numbers are shares of those who are in a state.
pub(super) struct Chain {
    order: u8,
    channels: usize,
    /// The different channels in each state.
    members: Vec<Vec<u16>>,
    /// Where each row begins in `targets` and `shares`.
    rows: Vec<usize>,
    targets: Vec<u32>,
    shares: Vec<f64>,
    /// The share of all people that sets out in each state.
    starts: Vec<f64>,
    /// The share that converts there, the value that it brings to each who is there, and the share that ends in nothing.
    converts: Vec<f64>,
    brings: Vec<f64>,
    vanishes: Vec<f64>,
}

impl Chain {
    pub(super) fn of(paths: &Paths, order: u8) -> Self {
        let mut counts = Counts::new(order, paths.channels());
        for (path, came) in paths.iter() {
            let walked = came.conversions + came.nulls;
            if walked > 0.0 {
                let end = counts.walk(path, usize::from(order), walked);
                let [converted, value, vanished] = &mut counts.ends[end as usize];
                *converted += came.conversions;
                *value += came.value;
                *vanished += came.nulls;
            }
        }
        counts.into_chain(order, paths.channels())
    }

    pub(super) fn order(&self) -> u8 {
        self.order
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn states(&self) -> usize {
        self.members.len()
    }

    pub(super) fn edges(&self) -> usize {
        self.targets.len()
    }

    pub(super) fn members(&self, state: usize) -> &[u16] {
        &self.members[state]
    }

    pub(super) fn starts(&self) -> &[f64] {
        &self.starts
    }

    pub(super) fn converts(&self) -> &[f64] {
        &self.converts
    }

    pub(super) fn brings(&self) -> &[f64] {
        &self.brings
    }

    pub(super) fn vanishes(&self) -> &[f64] {
        &self.vanishes
    }

    /// Where people go from a state, and which share of them.
    pub(super) fn row(&self, state: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.rows[state]..self.rows[state + 1];
        self.targets[range.clone()]
            .iter()
            .map(|target| *target as usize)
            .zip(self.shares[range].iter().copied())
    }
}

struct Counts {
    /// By channel, the number of its state plus one, where each channel is a state.
    single: Vec<u32>,
    /// Numbers of all other states by the touches in them.
    numbers: HashMap<u64, u32, BuildHasherDefault<Mixed>>,
    touches: Vec<u64>,
    /// Of each state: conversions, their value, paths that ended in nothing.
    ends: Vec<[f64; 3]>,
    starts: Vec<f64>,
    follows: Follows,
}

/// By the numbers of two states: how often the second followed the first.
enum Follows {
    /// Of few states, a table of all pairs, so wide.
    Paired(usize, Vec<f64>),
    Met(HashMap<u64, f64, BuildHasherDefault<Mixed>>),
}

impl Follows {
    fn add(&mut self, before: u32, state: u32, walked: f64) {
        match self {
            Self::Paired(width, table) => table[before as usize * *width + state as usize] += walked,
            Self::Met(met) => *met.entry(u64::from(before) << 32 | u64::from(state)).or_default() += walked,
        }
    }

    /// In the order of the first state and then of the second.
    fn sorted(self) -> Vec<(u64, f64)> {
        let mut sorted: Vec<(u64, f64)> = match self {
            Self::Paired(width, table) => {
                let pairs = table.into_iter().enumerate().filter(|(_, count)| *count > 0.0);
                pairs
                    .map(|(pair, count)| ((pair / width) as u64 * (1 << 32) + (pair % width) as u64, count))
                    .collect()
            }
            Self::Met(met) => met.into_iter().collect(),
        };
        sorted.sort_unstable_by_key(|(states, _)| *states);
        sorted
    }
}

impl Counts {
    fn new(order: u8, channels: usize) -> Self {
        let is_paired = order == 1 && channels <= PAIRED_CHANNELS_MAX;
        Self {
            single: vec![0; channels],
            numbers: HashMap::default(),
            touches: Vec::new(),
            ends: Vec::new(),
            starts: Vec::new(),
            follows: match is_paired {
                true => Follows::Paired(channels, vec![0.0; channels * channels]),
                false => Follows::Met(HashMap::default()),
            },
        }
    }

    /// Counts a path, and says in which state it ended.
    fn walk(&mut self, path: &[u16], order: usize, walked: f64) -> u32 {
        let mut at: Option<u32> = None;
        for window in path.windows(order.min(path.len())) {
            let state = self.number(window);
            match at {
                None => self.starts[state as usize] += walked,
                Some(before) if before == state => continue,
                Some(before) => self.follows.add(before, state, walked),
            }
            at = Some(state);
        }
        at.expect("invariant: a path has a touch")
    }

    fn number(&mut self, window: &[u16]) -> u32 {
        // A number more than the channel's, so that a short path is no long one that begins with the first channel.
        let key = window.iter().fold(0, |key, touch| key << 16 | (u64::from(*touch) + 1));
        let next = self.touches.len() as u32;
        let number = match window {
            [touch] => {
                let single = &mut self.single[usize::from(*touch)];
                if *single == 0 {
                    *single = next + 1;
                }
                *single - 1
            }
            _ => *self.numbers.entry(key).or_insert(next),
        };
        if number < next {
            return number;
        }
        self.touches.push(key);
        self.ends.push([0.0; 3]);
        self.starts.push(0.0);
        number
    }

    fn into_chain(self, order: u8, channels: usize) -> Chain {
        let Self { touches, ends, mut starts, follows, .. } = self;
        let follows = follows.sorted();
        let mut whole: Vec<f64> = ends.iter().map(|[converted, _, vanished]| converted + vanished).collect();
        follows.iter().for_each(|(states, count)| whole[(states >> 32) as usize] += count);
        let mut rows = vec![0; touches.len() + 1];
        follows.iter().for_each(|(states, _)| rows[(states >> 32) as usize + 1] += 1);
        for row in 1..rows.len() {
            rows[row] += rows[row - 1];
        }
        let all: f64 = starts.iter().sum();
        starts.iter_mut().for_each(|start| *start /= all);
        let of_end = |place: usize| ends.iter().zip(&whole).map(|(end, whole)| end[place] / whole).collect();
        Chain {
            order,
            channels,
            members: touches.iter().map(|key| members(*key)).collect(),
            rows,
            targets: follows.iter().map(|(states, _)| *states as u32).collect(),
            shares: follows.iter().map(|(states, count)| count / whole[(states >> 32) as usize]).collect(),
            starts,
            converts: of_end(0),
            brings: of_end(1),
            vanishes: of_end(2),
        }
    }
}

/// The different channels of a state.
fn members(key: u64) -> Vec<u16> {
    let touches = (0..4).map(|place| (key >> (16 * place)) as u16).filter(|touch| *touch > 0);
    let mut members: Vec<u16> = touches.map(|touch| touch - 1).collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// Spreads numbers that are made of small ones; nobody from outside chooses them one by one.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("invariant: keys are numbers");
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
