//! How people go through the steps of journeys, counted from the moves of their runs.
//!
//! Pure: whoever has moves adds them, and two counts of different times add up to one of both. Of one step, who came in has
//! gone on, has left, or is there.

use engine::moves::{Leaving, Move, Moved};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps by their places.
pub type Steps = BTreeMap<Arc<str>, Step>;

/// What happened at one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    pub came_in: u64,
    /// Of those who came in: withheld by the holdout, so that nothing was done with them.
    pub held_out: u64,
    /// By the step that they went on to.
    pub went_on: BTreeMap<Arc<str>, u64>,
    pub left: BTreeMap<Leaving, u64>,
    /// Reached the goal while they were here.
    pub reached_goal: u64,
}

/// How one version of a journey was gone through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    pub entered: u64,
    /// Of those who entered.
    pub held_out: u64,
    /// Wherever they were, or after their run had ended.
    pub reached_goal: u64,
    pub steps: Steps,
}

/// Every version of every journey in which anybody moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(BTreeMap<(Arc<str>, u32), Version>);

impl Counted {
    /// Counts a move. Those of broadcasts are left out: they have one step.
    pub fn add(&mut self, moved: &Moved) {
        if moved.is_broadcast {
            return;
        }
        let version = self.0.entry((Arc::clone(&moved.journey), moved.version)).or_default();
        let held_out = u64::from(moved.held_out);
        let come = |steps: &mut Steps, to: &Arc<str>| {
            let step = steps.entry(Arc::clone(to)).or_default();
            step.came_in += 1;
            step.held_out += held_out;
        };
        match &moved.what {
            Move::In { to, is_new } => {
                version.entered += u64::from(*is_new);
                version.held_out += u64::from(*is_new) * held_out;
                come(&mut version.steps, to);
            }
            Move::On { from, to } => {
                let step = version.steps.entry(Arc::clone(from)).or_default();
                *step.went_on.entry(Arc::clone(to)).or_default() += 1;
                come(&mut version.steps, to);
            }
            Move::Out { from, by } => {
                let step = version.steps.entry(Arc::clone(from)).or_default();
                *step.left.entry(*by).or_default() += 1;
            }
            Move::Goal { at } => {
                version.reached_goal += 1;
                if let Some(at) = at {
                    version.steps.entry(Arc::clone(at)).or_default().reached_goal += 1;
                }
            }
        }
    }

    /// Adds what was counted at another time.
    pub fn add_all(&mut self, other: &Self) {
        for (of, theirs) in &other.0 {
            let own = self.0.entry(of.clone()).or_default();
            own.entered += theirs.entered;
            own.held_out += theirs.held_out;
            own.reached_goal += theirs.reached_goal;
            for (place, step) in &theirs.steps {
                own.steps.entry(Arc::clone(place)).or_default().add_all(step);
            }
        }
    }

    /// The versions of a journey, by their numbers.
    pub fn of<'a>(&'a self, journey: &str) -> impl Iterator<Item = (u32, &'a Version)> {
        let all = self.0.iter().filter(move |((name, _), _)| **name == *journey);
        all.map(|((_, number), version)| (*number, version))
    }
}

impl Step {
    fn add_all(&mut self, other: &Self) {
        self.came_in += other.came_in;
        self.held_out += other.held_out;
        self.reached_goal += other.reached_goal;
        for (to, people) in &other.went_on {
            *self.went_on.entry(Arc::clone(to)).or_default() += people;
        }
        for (by, people) in &other.left {
            *self.left.entry(*by).or_default() += people;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::ProfileId;
    use engine::at::At;

    fn moved(version: u32, held_out: bool, what: Move) -> Moved {
        let journey = "cart".into();
        Moved {
            profile: ProfileId(1),
            run: 1,
            journey,
            is_broadcast: false,
            version,
            at: At(0),
            held_out,
            what,
        }
    }

    fn moves() -> Vec<Moved> {
        let place = |name: &str| -> Arc<str> { name.into() };
        vec![
            moved(1, false, Move::In { to: place("1"), is_new: true }),
            moved(1, true, Move::In { to: place("1"), is_new: true }),
            moved(1, false, Move::On { from: place("1"), to: place("2a.1") }),
            moved(1, true, Move::On { from: place("1"), to: place("end") }),
            moved(1, false, Move::Goal { at: Some(place("2a.1")) }),
            moved(1, false, Move::Goal { at: None }),
            moved(1, true, Move::Out { from: place("end"), by: Leaving::End }),
            moved(1, false, Move::Out { from: place("2a.1"), by: Leaving::Newer }),
            moved(2, false, Move::In { to: place("2a.1"), is_new: false }),
        ]
    }

    #[test]
    fn who_came_in_went_on_left_or_is_there() {
        let mut counted = Counted::default();
        moves().iter().for_each(|one| counted.add(one));
        let versions: Vec<(u32, &Version)> = counted.of("cart").collect();
        let [(1, first), (2, second)] = versions[..] else { panic!("{versions:?}") };
        assert_eq!((first.entered, first.held_out, first.reached_goal), (2, 1, 2));
        assert_eq!((second.entered, second.steps["2a.1"].came_in), (0, 1), "they were inside already");
        let step = &first.steps["1"];
        assert_eq!((step.came_in, step.held_out, step.went_on.values().sum::<u64>()), (2, 1, 2));
        assert_eq!(first.steps["2a.1"].left, BTreeMap::from([(Leaving::Newer, 1)]));
        assert_eq!(first.steps["2a.1"].reached_goal, 1);
        assert!(counted.of("car").next().is_none());
    }

    #[test]
    fn counts_of_two_times_are_the_count_of_both() {
        let all = moves();
        let mut whole = Counted::default();
        all.iter().for_each(|one| whole.add(one));
        for cut in 0..=all.len() {
            let (mut early, mut late) = (Counted::default(), Counted::default());
            all[..cut].iter().for_each(|one| early.add(one));
            all[cut..].iter().for_each(|one| late.add(one));
            early.add_all(&late);
            assert_eq!(early, whole, "{cut}");
        }
        let broadcast = Moved { is_broadcast: true, ..all[0].clone() };
        whole.add(&broadcast);
        let mut early = Counted::default();
        all.iter().for_each(|one| early.add(one));
        assert_eq!(early, whole);
    }
}
