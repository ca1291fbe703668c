//! Giving back events that a merge brought: one strand becomes two again.

use super::{Block, History, block_mut, place};
use crate::name::NameId;
use crate::{ProfileId, Seq};
use std::sync::Arc;

impl History {
    /// Moves the events of a name at these places in the log, which are in order, from one profile to another.
    pub(crate) fn part(&mut self, name: NameId, from: ProfileId, to: ProfileId, places: &[Seq]) {
        self.note_moved(&[from, to]);
        let ((from_block, from_local), (to_block, to_local)) = (place(from), place(to));
        let Some(history) = self.names.get_mut(name.0 as usize) else { return };
        if history.blocks.get(from_block).is_none_or(Block::is_empty) {
            return;
        }
        let blocks = &mut Arc::make_mut(history).blocks;
        let (gone, kept) = block_mut(blocks, from_block).take(from_local).split(places);
        block_mut(blocks, from_block).put(from_local, &kept);
        block_mut(blocks, to_block).join(to_local, &gone);
        [from, to].into_iter().for_each(|profile| self.note_newest(name, profile));
    }
}
