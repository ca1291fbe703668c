//! Which send of one programme is which of the other.

use crate::limits::LIKE_WITHIN;
use engine::SendId;
use engine::at::At;
use engine::effect::{Effect, Prepare};
use engine::programme::Channel;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_128;

/// A message on its way to an address, in a few bytes: two sends with the same one look the same in the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Likeness(u128);

impl Likeness {
    pub(super) fn of(message: &str, channel: Channel, address: &str) -> Self {
        Self(xxh3_128([message, channel.name(), address].join("\0").as_bytes()))
    }

    fn of_prepare(prepare: &Prepare) -> Self {
        Self::of(&prepare.message, prepare.channel, &prepare.address)
    }
}

/// What the engine that was live asked of the world in a batch, to be looked up.
#[derive(Default)]
pub(super) struct Asked<'a> {
    prepares: BTreeMap<SendId, &'a Prepare>,
    alike: BTreeMap<Likeness, Vec<SendId>>,
    hand_overs: BTreeSet<SendId>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(effects: &'a [Effect]) -> Self {
        let mut asked = Self::default();
        for effect in effects {
            match effect {
                Effect::Prepare(prepare) => {
                    asked.prepares.insert(prepare.send, prepare);
                    asked.alike.entry(Likeness::of_prepare(prepare)).or_default().push(prepare.send);
                }
                Effect::HandOver { send, .. } => _ = asked.hand_overs.insert(*send),
                Effect::Release { .. } | Effect::Call { .. } => {}
            }
        }
        asked
    }
}

/// Pairs of sends, one of each programme. A send has one twin at most, and keeps it.
pub(super) struct Twins {
    /// Sends below this number are of before there were two: each is its own twin.
    first: SendId,
    of_live: BTreeMap<SendId, SendId>,
    of_dry: BTreeMap<SendId, SendId>,
    /// Sends of the dry engine that went a way of their own, with the instants of their decisions.
    alone: BTreeMap<Likeness, Vec<(At, SendId)>>,
}

impl Twins {
    pub(super) fn new(first: SendId) -> Self {
        Self { first, of_live: BTreeMap::new(), of_dry: BTreeMap::new(), alone: BTreeMap::new() }
    }

    /// The dry engine's twin of a send of history.
    pub(super) fn of_live(&self, live: SendId) -> Option<SendId> {
        if live < self.first { Some(live) } else { self.of_live.get(&live).copied() }
    }

    fn of_dry(&self, dry: SendId) -> Option<SendId> {
        if dry < self.first { Some(dry) } else { self.of_dry.get(&dry).copied() }
    }

    fn pair(&mut self, live: SendId, dry: SendId) {
        self.of_live.insert(live, dry);
        self.of_dry.insert(dry, live);
    }

    /// Whether history prepared the same message in the same batch, so that it also says what came of it.
    pub(super) fn prepares(&mut self, dry: &Prepare, asked: &Asked<'_>) -> bool {
        if let Some(live) = self.of_dry(dry.send) {
            return asked.prepares.contains_key(&live);
        }
        let likeness = Likeness::of_prepare(dry);
        let alike = asked.alike.get(&likeness).into_iter().flatten().map(|live| asked.prepares[live]);
        let free = alike.filter(|live| self.of_live(live.send).is_none() && live.attempt == dry.attempt);
        // Two journeys may send the same thing at once.
        match free.min_by_key(|live| live.journey != dry.journey).map(|live| live.send) {
            Some(live) => self.pair(live, dry.send),
            None => {
                let alone = self.alone.entry(likeness).or_default();
                if alone.last().is_none_or(|(_, last)| *last != dry.send) {
                    alone.push((dry.decided_at, dry.send));
                }
                return false;
            }
        }
        true
    }

    /// Whether history handed over the same message in the same batch.
    pub(super) fn hands_over(&self, dry: SendId, asked: &Asked<'_>) -> bool {
        self.of_dry(dry).is_some_and(|live| asked.hand_overs.contains(&live))
    }

    /// The dry engine's send that a reaction to one of history is taken to be to: its twin, or the nearest in time that looks
    /// the same and has no twin.
    pub(super) fn like(&mut self, live: SendId, likeness: Likeness, decided_at: At) -> Option<SendId> {
        if let Some(dry) = self.of_live(live) {
            return Some(dry);
        }
        let distance = |at: At| at.max(decided_at).since(at.min(decided_at));
        let alone = self.alone.get(&likeness).into_iter().flatten();
        let free = alone.filter(|(at, dry)| distance(*at) <= LIKE_WITHIN && self.of_dry(*dry).is_none());
        let dry = free.min_by_key(|(at, dry)| (distance(*at), *dry)).map(|(_, dry)| *dry)?;
        self.pair(live, dry);
        Some(dry)
    }
}
