//! A ranking of everybody: the figures of all people, slice by slice, and the cut-offs that they give.
//!
//! Whoever owns the threads hands out the slices of one figure after the other, as for a scan; the order of what they give
//! does not matter.

use super::cutoff::{Cutoff, FigureRule, Ranked, Share};
use super::eval::Moment;
use super::scan::standing;
use crate::at::At;
use crate::engine::Engine;
use crate::history::BLOCK;

/// People to be ranked, by one figure or several.
pub struct Ranking<'a> {
    engine: &'a Engine,
    now: At,
    figures: Vec<RankedBy>,
}

/// A figure, and the shares that are asked of it.
pub(crate) struct RankedBy {
    pub(crate) rule: FigureRule,
    pub(crate) shares: Vec<Share>,
}

impl<'a> Ranking<'a> {
    pub(crate) fn new(engine: &'a Engine, figures: Vec<RankedBy>, now: At) -> Self {
        Self { engine, now, figures }
    }

    /// Number of figures.
    pub fn figures(&self) -> usize {
        self.figures.len()
    }

    /// Number of slices, of which each is asked once for a figure.
    pub fn slices(&self) -> usize {
        self.engine.state.profiles.len().div_ceil(BLOCK)
    }

    /// A figure of everybody in a slice who has it.
    pub fn slice(&self, figure: usize, slice: usize) -> Vec<Ranked> {
        let (state, rule) = (&self.engine.state, &self.figures[figure].rule);
        let figure_of = |id| {
            let moment = Moment::of(state, &self.engine.programme, id);
            rule.of(&Moment { now: self.now, ..moment })
        };
        standing(state, slice).iter().filter_map(figure_of).collect()
    }

    /// The cut-offs of the shares of a figure, of which all slices gave theirs.
    pub fn cutoffs(&self, figure: usize, mut everybody: Vec<Ranked>) -> Vec<Cutoff> {
        let shares = self.figures[figure].shares.iter();
        shares.map(|share| Cutoff { share: share.to_string(), value: share.cutoff(&mut everybody) }).collect()
    }

    /// All of it on this thread.
    pub fn all(&self) -> Vec<Cutoff> {
        let figures = 0..self.figures();
        let everybody = |figure| (0..self.slices()).flat_map(|slice| self.slice(figure, slice)).collect();
        figures.flat_map(|figure| self.cutoffs(figure, everybody(figure))).collect()
    }
}
