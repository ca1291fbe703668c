//! Where the log tells of what operators did. What it was, the log says, so that an erasure has to look nowhere else.
//!
//! Owned by the state; the record of an act adds to it.

use crate::Seq;
use crate::chunked::Chunked;
use crate::engine::Engine;

/// Places that are copied together when one is added while a snapshot holds them.
const ACTS_IN_CHUNK: usize = 64;

/// In the order of the log.
pub(crate) type Acts = Chunked<Seq, ACTS_IN_CHUNK>;

impl Engine {
    /// Places of what operators did before a place, the newest first.
    pub fn acts_before(&self, before: Seq) -> impl Iterator<Item = Seq> {
        let acts = &self.state.acts;
        let (mut from, mut until) = (0, acts.len());
        while from < until {
            let middle = from.midpoint(until);
            if acts[middle] < before { from = middle + 1 } else { until = middle }
        }
        (0..from).rev().map(|index| acts[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_acts_begins_before_a_place() {
        let mut engine = Engine::new();
        let places = (1..=300).map(|number| Seq(number * 3));
        places.clone().for_each(|seq| engine.state.acts.push(seq));
        for before in [0, 1, 3, 4, 192, 193, 450, 900, 901, u64::MAX] {
            let wanted: Vec<Seq> = places.clone().rev().filter(|seq| seq.0 < before).collect();
            assert_eq!(engine.acts_before(Seq(before)).collect::<Vec<_>>(), wanted, "{before}");
        }
    }
}
