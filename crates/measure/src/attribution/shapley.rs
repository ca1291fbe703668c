//! Shapley values of the coverage game: a set of channels is worth the conversions of all paths that need no other.
//!
//! In that game the average over every order in which channels could join has a closed form: each path gives the same to
//! each *different* channel in it. So no number of channels is too large. The game of conversion rates is another one, with
//! other values.

use super::{Credit, Paths};

pub(super) fn credit(paths: &Paths) -> Credit {
    let mut credit = Credit::none(paths.channels());
    let mut different: Vec<u16> = Vec::new();
    for (path, came) in paths.iter().filter(|(_, came)| came.conversions > 0.0) {
        different.clear();
        different.extend_from_slice(path);
        different.sort_unstable();
        different.dedup();
        let share = 1.0 / different.len() as f64;
        different.iter().for_each(|channel| credit.give(*channel, share, came));
    }
    credit
}
