//! A chain solved by letting people flow through it until nearly nobody is on the way.
//!
//! They flow once for each channel, with its states taken out, all channels side by side. Nobody is lost or made on the
//! way, so those who are still in the chain are the most by which the answer can be wrong: the flow ends when they are
//! fewer than the rounding of a sum. States pass on what they have in turn, so that many go several steps in one sweep.

use super::super::limits::{REST_MAX, SWEEPS_MAX};
use super::Lost;
use super::chain::Chain;

/// `None` where people go round too long.
pub(super) fn lost(chain: &Chain) -> Option<Lost> {
    // One lane more than channels: the chain as it is, so that both sides of the difference are made in the same way.
    let (lanes, whole) = (chain.channels() + 1, chain.channels());
    let mut on_way = vec![0.0; chain.states() * lanes];
    for (state, start) in chain.starts().iter().enumerate() {
        on_way[state * lanes..(state + 1) * lanes].fill(*start);
    }
    let (mut converted, mut brought, mut here) = (Sums::new(lanes), Sums::new(lanes), vec![0.0; lanes]);
    let mut sweeps = 0;
    loop {
        let mut rest = 0.0;
        for state in 0..chain.states() {
            let place = &mut on_way[state * lanes..(state + 1) * lanes];
            chain.members(state).iter().for_each(|channel| place[usize::from(*channel)] = 0.0);
            // The whole chain has the most in every state.
            rest += place[whole];
            if place[whole] == 0.0 {
                continue;
            }
            here.copy_from_slice(place);
            place.fill(0.0);
            converted.add(&here, chain.converts()[state]);
            brought.add(&here, chain.brings()[state]);
            for (target, share) in chain.row(state) {
                add(&mut on_way[target * lanes..(target + 1) * lanes], &here, share);
            }
        }
        sweeps += 1;
        if rest <= REST_MAX {
            break;
        }
        if sweeps == SWEEPS_MAX {
            return None;
        }
    }
    let less = |of: &[f64]| of[..whole].iter().map(|without| (of[whole] - without).max(0.0)).collect();
    Some(Lost { conversions: less(&converted.sums), value: less(&brought.sums) })
}

fn add(to: &mut [f64], people: &[f64], share: f64) {
    to.iter_mut().zip(people).for_each(|(to, people)| *to += people * share);
}

/// Sums of very many small numbers, each with what rounding took from it, as Kahan does it: a removal effect is the
/// difference of two of them.
struct Sums {
    sums: Vec<f64>,
    taken: Vec<f64>,
}

impl Sums {
    fn new(lanes: usize) -> Self {
        Self { sums: vec![0.0; lanes], taken: vec![0.0; lanes] }
    }

    fn add(&mut self, people: &[f64], share: f64) {
        if share == 0.0 {
            return;
        }
        for ((sum, taken), people) in self.sums.iter_mut().zip(&mut self.taken).zip(people) {
            let more = people * share - *taken;
            let whole = *sum + more;
            *taken = (whole - *sum) - more;
            *sum = whole;
        }
    }
}
