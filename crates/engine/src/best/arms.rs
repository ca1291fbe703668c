//! What is known of all arms, and how the newest choices were made.

use super::{Arm, Choice, How, Tally};
use crate::limits::{BEST_EXPLAINED_MAX, BEST_LATELY};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A copy of the state copies the pointers.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Learned {
    /// By what is chosen and for what: the message, or of hours the channel.
    sets: Arc<BTreeMap<(Choice, Arc<str>), Arms>>,
    /// The newest choices.
    explained: Arc<VecDeque<Explained>>,
}

/// Those that one choice chooses among.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Arms {
    pub(crate) tallies: BTreeMap<Arm, Tally>,
    /// Those that were chosen last.
    pub(crate) lately: VecDeque<Arm>,
}

/// One choice, with what was known when it was made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Explained {
    pub(crate) run: u64,
    pub(crate) step: u16,
    pub(crate) choice: Choice,
    pub(crate) how: How,
    pub(crate) arm: Arm,
    /// Of all arms together, then.
    pub(crate) responses: u64,
    /// How many have to be known before anything is learned.
    pub(crate) after: u32,
    /// With the rate that was expected of each, in ten-thousandths.
    pub(crate) arms: Vec<(Arm, u16)>,
}

impl Learned {
    pub(crate) fn tally(&self, choice: Choice, of: &Arc<str>, arm: &Arm) -> Tally {
        let arms = self.sets.get(&(choice, Arc::clone(of)));
        arms.and_then(|arms| arms.tallies.get(arm)).copied().unwrap_or_default()
    }

    /// Counts a send that arrived, or its response, for each of its arms.
    pub(crate) fn count(
        &mut self,
        arms: impl IntoIterator<Item = (Choice, Arc<str>, Arm)>,
        count: impl Fn(&mut Tally),
    ) {
        let sets = Arc::make_mut(&mut self.sets);
        for (choice, of, arm) in arms {
            count(sets.entry((choice, of)).or_default().tallies.entry(arm).or_default());
        }
    }

    /// Notes a choice; in place of the one of before where it is the same one, made again.
    pub(crate) fn note(&mut self, of: &Arc<str>, explained: Explained, is_new: bool) {
        if is_new {
            let key = (explained.choice, Arc::clone(of));
            let lately = &mut Arc::make_mut(&mut self.sets).entry(key).or_default().lately;
            lately.push_back(explained.arm.clone());
            if lately.len() > BEST_LATELY {
                lately.pop_front();
            }
        }
        let newest = Arc::make_mut(&mut self.explained);
        match newest.iter().rposition(|one| one.is_same(&explained)) {
            Some(place) => newest[place] = explained,
            None => newest.push_back(explained),
        }
        if newest.len() > BEST_EXPLAINED_MAX {
            newest.pop_front();
        }
    }

    pub(crate) fn explained(&self, run: u64, step: u16, choice: Choice) -> Option<&Explained> {
        let mut newest = self.explained.iter().rev();
        newest.find(|one| one.run == run && one.step == step && one.choice == choice)
    }

    pub(crate) fn sets(&self) -> impl Iterator<Item = (Choice, &Arc<str>, &Arms)> {
        self.sets.iter().map(|((choice, of), arms)| (*choice, of, arms))
    }

    /// Forgets why something was chosen in runs of somebody who was erased; what it counted for stays.
    pub(crate) fn forget(&mut self, runs: &BTreeSet<u64>) {
        if self.explained.iter().any(|one| runs.contains(&one.run)) {
            Arc::make_mut(&mut self.explained).retain(|one| !runs.contains(&one.run));
        }
    }
}

impl Explained {
    fn is_same(&self, other: &Self) -> bool {
        (self.run, self.step, self.choice) == (other.run, other.step, other.choice)
    }
}
