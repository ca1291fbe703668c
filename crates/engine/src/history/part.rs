//! Giving back events that a merge brought: one strand becomes two again.

use super::{History, Occurrence, place};
use crate::name::NameId;
use crate::{ProfileId, Seq};
use std::sync::Arc;

/// An event between two strands.
struct Loose {
    second: u32,
    millisecond: u16,
    seq: Seq,
    properties: Vec<u8>,
}

impl History {
    /// Moves the events of a name at these places in the log, which are in order, from one profile to another.
    pub(crate) fn part(&mut self, name: NameId, from: ProfileId, to: ProfileId, places: &[Seq]) {
        let view = self.of(name, from);
        let loose = (0..view.len()).map(|index| {
            let (second, fact) = (view.times()[index], view.fact(index));
            let properties = fact.properties.bytes().to_vec();
            Loose { second, millisecond: fact.millisecond, seq: fact.seq, properties }
        });
        let loose: Vec<Loose> = loose.collect();
        let (block, local) = place(from);
        if let Some(Some(block)) =
            self.names.get_mut(name.0 as usize).and_then(|one| one.blocks.get_mut(block))
        {
            Arc::make_mut(block).take(local);
        }
        // In order of time and place, so that each goes to the end of its strand.
        for event in loose {
            let whose = if places.binary_search(&event.seq).is_ok() { to } else { from };
            let Loose { second, millisecond, seq, properties } = event;
            let properties = crate::value::Map::from_bytes(&properties);
            self.insert(name, whose, &Occurrence { second, millisecond, seq, properties });
        }
    }
}
