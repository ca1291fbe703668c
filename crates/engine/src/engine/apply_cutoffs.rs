//! Cut-offs: when they are to be stated, who is to be ranked for that, and what follows when they are.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::effect::Effect;
use crate::index::Index;
use crate::record::CutoffsStated;
use crate::segment::cutoff::{Cutoffs, Share};
use crate::segment::ranking::{RankedBy, Ranking};
use crate::turn::Turn;
use std::collections::BTreeMap;

impl Engine {
    /// When cut-offs are to be stated next: at once where the programme asks for one that is not stated, and otherwise
    /// with the day after the last ones, where the programme is. None where it ranks nobody.
    pub fn cutoffs_due(&self) -> Option<At> {
        self.index.cutoffs_due
    }

    /// The shares of all people that the programme asks for, as the language writes them.
    pub fn shares(&self) -> impl Iterator<Item = &str> {
        self.index.wanted.keys().map(String::as_str)
    }

    /// Everybody, to be ranked for the cut-offs that the programme asks for, at an instant that is not before the
    /// engine's own.
    pub fn ranking(&self, now: At) -> Ranking<'_> {
        Ranking::new(self, self.ranked_by(&self.index.wanted), now)
    }

    /// The figures of shares, each with those that are asked of it.
    pub(super) fn ranked_by(&self, wanted: &BTreeMap<String, Share>) -> Vec<RankedBy> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let names = &mut self.state.names.clone();
        let mut figures: Vec<RankedBy> = Vec::new();
        for share in wanted.values() {
            match figures.iter_mut().find(|figure| figure.shares[0].by == share.by) {
                Some(figure) => figure.shares.push(share.clone()),
                None => {
                    let rule = self.in_scope(names, &self.state.cutoffs, &mut BTreeMap::new(), |scope| {
                        scope.figure(&share.by)
                    });
                    figures.push(RankedBy { rule, shares: vec![share.clone()] });
                }
            }
        }
        figures
    }

    /// Whom other cut-offs put inside or outside is found by asking everybody what the cut-offs changed; where they are
    /// the same, nobody is asked.
    pub(super) fn apply_cutoffs(&mut self, stated: &CutoffsStated<'_>, effects: &mut Vec<Effect>) {
        let by_share = stated.cutoffs.iter().map(|cutoff| (cutoff.share.to_owned(), cutoff.value));
        let cutoffs =
            Cutoffs { stated_at: stated.stated_at.min(self.state.at), by_share: by_share.collect() };
        let before = std::mem::replace(&mut self.state.cutoffs, cutoffs);
        if before.by_share == self.state.cutoffs.by_share {
            self.index.note_due(&self.state, &self.programme);
            return;
        }
        let before = self.build_index();
        self.refresh_stated(&before, effects);
    }

    /// Brings everybody up to what was stated and the index was built by.
    pub(super) fn refresh_stated(&mut self, before: &Index, effects: &mut Vec<Effect>) {
        match self.index.replaced(before) {
            Some(conditions) => self.refresh_replaced(&conditions, effects),
            None => self.refresh_everybody(before, true, effects),
        }
    }

    fn refresh_replaced(&mut self, conditions: &[u32], effects: &mut Vec<Effect>) {
        for number in 0..self.state.profiles.len() as u32 {
            if self.state.profiles[number as usize].stands() {
                let mut turn = Turn::begin(self, ProfileId(number), effects);
                turn.refresh_replaced(conditions);
                turn.follow_cutoffs();
            }
        }
    }
}
