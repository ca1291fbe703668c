//! The models that go by the place of a touch in its path. A touch that is repeated counts as often as it is there.

use super::decay::half_to;
use super::{Came, Credit, HalfLife, Paths};

pub(super) fn first(paths: &Paths) -> Credit {
    each(paths, |credit, path, came| credit.give(path[0], 1.0, came))
}

pub(super) fn last(paths: &Paths) -> Credit {
    each(paths, |credit, path, came| credit.give(path[path.len() - 1], 1.0, came))
}

pub(super) fn linear(paths: &Paths) -> Credit {
    each(paths, |credit, path, came| {
        let share = 1.0 / path.len() as f64;
        path.iter().for_each(|touch| credit.give(*touch, share, came));
    })
}

pub(super) fn position(paths: &Paths, weights: [f64; 3]) -> Credit {
    each(paths, |credit, path, came| {
        let [first, middle, last] = weights;
        let between = path.len().saturating_sub(2);
        let whole = first + last + if between > 0 { middle } else { 0.0 };
        let [begin, .., end] = path else { return credit.give(path[0], 1.0, came) };
        // Weights for the middle alone leave a path of two touches without any: then both are the same.
        if whole <= 0.0 {
            return [begin, end].into_iter().for_each(|touch| credit.give(*touch, 0.5, came));
        }
        credit.give(*begin, first / whole, came);
        for touch in &path[1..=between] {
            credit.give(*touch, middle / whole / between as f64, came);
        }
        credit.give(*end, last / whole, came);
    })
}

pub(super) fn time_decay(paths: &Paths, half_life: HalfLife) -> Credit {
    let mut credit = Credit::none(paths.channels());
    let mut weights = Vec::new();
    for ((path, came), ages) in paths.iter().zip(paths.ages()).filter(|((_, came), _)| converted(came)) {
        weights.clear();
        match half_life {
            HalfLife::Touches(touches) => {
                weights.extend((0..path.len()).rev().map(|distance| half_to(distance as f64 / touches)));
            }
            HalfLife::Seconds(seconds) => {
                // From the last touch on, since only proportions matter and powers of long ago vanish.
                let newest = ages.iter().min().copied().unwrap_or(0);
                weights.extend(ages.iter().map(|age| half_to(f64::from(age - newest) / seconds)));
            }
        }
        assert_eq!(weights.len(), path.len(), "a half-life in seconds needs the times of touches");
        let whole: f64 = weights.iter().sum();
        for (touch, weight) in path.iter().zip(&weights) {
            credit.give(*touch, weight / whole, came);
        }
    }
    credit
}

fn each(paths: &Paths, share: impl Fn(&mut Credit, &[u16], &Came)) -> Credit {
    let mut credit = Credit::none(paths.channels());
    paths.iter().filter(|(_, came)| converted(came)).for_each(|(path, came)| share(&mut credit, path, came));
    credit
}

fn converted(came: &Came) -> bool {
    came.conversions > 0.0
}
