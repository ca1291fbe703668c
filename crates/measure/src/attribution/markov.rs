//! Markov attribution: people's paths as a chain, and for each channel what would be lost without it.
//!
//! A state is the last so many touches, and one that repeats itself is one; a path that is shorter than that is a state
//! by itself. How often each state followed another gives the chain. The *removal effect* of a channel is the share of
//! conversions whose way leads through a state with the channel in it, and credit is in proportion to it.
//!
//! That share is the solution of linear equations and not of a simulation, so there is one answer. Small chains are solved
//! by [`elimination`], large ones by the [`flow`] of people through them; whichever is cheaper.

mod chain;
mod elimination;
mod flow;

use super::limits::{ELIMINATED_STATES_MAX, SWEEPS_USUAL};
use super::{Credit, Paths, Removal};
use chain::Chain;

/// A chain so large, and in which people go round so long, that neither solver comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    pub order: u8,
    pub states: usize,
}

impl std::fmt::Display for Unsettled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { order, states } = self;
        write!(
            f,
            "a chain of order {order} has {states} states here, and some paths go round in it nearly without end; \
             choose a lower order, or leave out such paths"
        )
    }
}

impl std::error::Error for Unsettled {}

/// What is lost without each channel, of one person's expected conversions and of their value.
#[derive(Clone, Debug, PartialEq)]
struct Lost {
    conversions: Vec<f64>,
    value: Vec<f64>,
}

pub(super) fn credit(paths: &Paths, order: u8) -> Result<Credit, Unsettled> {
    let total = paths.total();
    let walked = total.conversions + total.nulls;
    if total.conversions <= 0.0 {
        return Ok(Credit::none(paths.channels()));
    }
    let chain = Chain::of(paths, order);
    let lost = lost(&chain)?;
    let share = |lost: &[f64], whole: f64| match whole > 0.0 {
        true => lost.iter().map(|one| one / whole).collect(),
        false => vec![0.0; lost.len()],
    };
    // Of all who set out, so many convert: what flows into a state flows out of it, so the chain keeps what was counted.
    let removal = Removal {
        conversions: share(&lost.conversions, total.conversions / walked),
        value: share(&lost.value, total.value / walked),
    };
    let part = |removal: &[f64], whole: f64| {
        let sum: f64 = removal.iter().sum();
        let scale = if sum > 0.0 { whole / sum } else { 0.0 };
        removal.iter().map(|one| one * scale).collect()
    };
    Ok(Credit {
        conversions: part(&removal.conversions, total.conversions),
        value: part(&removal.value, total.value),
        removal: Some(removal),
    })
}

fn lost(chain: &Chain) -> Result<Lost, Unsettled> {
    let states = chain.states();
    // Elimination and one solution a state, against a sweep over every edge for each channel at once.
    let by_elimination = states.saturating_mul(states).saturating_mul(states).saturating_mul(7) / 3;
    let by_flow = SWEEPS_USUAL.saturating_mul(chain.edges()).saturating_mul(chain.channels());
    if by_elimination <= by_flow {
        return Ok(elimination::lost(chain));
    }
    match flow::lost(chain) {
        Some(lost) => Ok(lost),
        None if states <= ELIMINATED_STATES_MAX => Ok(elimination::lost(chain)),
        None => Err(Unsettled { order: chain.order(), states }),
    }
}

#[cfg(test)]
mod tests;
