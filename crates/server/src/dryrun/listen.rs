//! Hears what runs do while a dry run lasts: counts it, and keeps it where somebody is followed.

use crate::limits::FOLLOWED_MOVES_MAX;
use engine::moves::Moved;
use measure::steps::Counted;

/// What was heard of one side.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) counted: Counted,
    /// Of everybody: only at the end it is known who somebody was all the time.
    pub(super) moves: Vec<Moved>,
    /// Some are not kept, since there were too many.
    pub(super) is_cut: bool,
}

impl Heard {
    pub(super) fn hear(&mut self, moved: Moved, is_kept: bool) {
        self.counted.add(&moved);
        if is_kept && self.moves.len() < FOLLOWED_MOVES_MAX {
            self.moves.push(moved);
        } else {
            self.is_cut |= is_kept;
        }
    }
}
