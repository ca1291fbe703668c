//! Giving back events that a merge brought: one strand becomes two again.

use super::{History, block_mut, place};
use crate::name::NameId;
use crate::{ProfileId, Seq};
use std::sync::Arc;

impl History {
    /// Moves the events of a name at these places in the log, which are in order, from one profile to another.
    pub(crate) fn part(&mut self, name: NameId, from: ProfileId, to: ProfileId, places: &[Seq]) {
        self.note_moved(&[from, to]);
        let ((from_block, from), (to_block, to)) = (place(from), place(to));
        let Some(history) = self.names.get_mut(name.0 as usize) else { return };
        let columns = history.columns.len();
        let Some(block) = history.blocks.get_mut(from_block).and_then(Option::as_mut) else { return };
        let (gone, kept) = Arc::make_mut(block).take(from).split(places);
        block_mut(&mut history.blocks, from_block).join(from, &kept, columns);
        block_mut(&mut history.blocks, to_block).join(to, &gone, columns);
    }
}
