//! What was gathered, kept from one question to the next: of the log only what came since is read, and those whose history it
//! changed are told again from their own records. So a question does not wait for the whole log, and its answer is of the
//! instant at which it is asked.
//!
//! It follows from the log and from the engine alone, and [`Gathered::new`] over the whole log gives the same; where something
//! changed that may change what anybody did before, it does not stand any more and is gathered anew. Owned by whoever asks.

use super::arrival::Arrival;
use super::people::{Entry, Gathered, Order, Person, codes};
use crate::channel::names;
use crate::touchpoint::Owners;
use engine::at::At;
use engine::engine::Engine;
use engine::programme::{Campaign, ChannelRules, Purchase};
use engine::record::Record;
use engine::{ProfileId, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// What was gathered up to a place in the log.
pub struct Kept {
    upto: Seq,
    ground: Ground,
    entries: Vec<Entry>,
    arrivals: Vec<Arrival>,
    numbers: BTreeMap<Arrival, usize>,
    people: BTreeMap<ProfileId, Person>,
    nameless: Vec<Order>,
}

/// What all of it rests on: where this changes, people may have done something else all along.
#[derive(PartialEq, Eq)]
struct Ground {
    /// Of the programme, all by which a visit gets its channel and campaign, and by which an event is an order.
    channels: ChannelRules,
    names: BTreeMap<String, String>,
    purchase: Purchase,
    campaigns: BTreeMap<String, Campaign>,
    /// Parted again, erased, and names that name nobody any more.
    undone: u64,
    erased: u64,
    blocked: usize,
    codes: BTreeMap<String, Arrival>,
}

impl Ground {
    fn of(engine: &Engine) -> Self {
        let (counts, programme) = (engine.counts(), engine.programme());
        Self {
            channels: programme.channels.clone(),
            names: names(programme),
            purchase: programme.purchase.clone(),
            campaigns: programme.campaigns.clone(),
            undone: counts.merges_undone,
            erased: counts.erased,
            blocked: engine.blocked_identifiers().count(),
            codes: codes(engine),
        }
    }
}

/// Whose history the records since have changed.
pub struct Since {
    upto: Seq,
    people: BTreeSet<ProfileId>,
    /// Those of the events that are in somebody's history.
    events: Vec<Seq>,
    /// Something came of which it is not known whom it changed.
    is_unknown: bool,
}

impl Kept {
    /// The place up to which it was gathered.
    pub fn upto(&self) -> Seq {
        self.upto
    }

    /// Begins to look at what came since; `None` where what is kept does not stand any more.
    pub fn since(&self, engine: &Engine) -> Option<Since> {
        if self.upto > engine.seq() || self.ground != Ground::of(engine) {
            return None;
        }
        let merged = self.merged(engine).map(|(_, into)| into);
        Some(Since { upto: self.upto, people: merged.collect(), events: Vec::new(), is_unknown: false })
    }

    /// Who was taken in since, and by whom who stands now; the newest first.
    fn merged<'e>(&self, engine: &'e Engine) -> impl Iterator<Item = (ProfileId, ProfileId)> + 'e {
        let upto = self.upto;
        let since = engine.merges().rev().map(|(_, merge)| merge).take_while(move |merge| merge.seq > upto);
        since.map(|merge| (merge.from, engine.canonical(merge.into)))
    }
}

impl Since {
    /// Takes in the record at a place that came since, of a batch that was applied at an instant.
    pub fn observe(&mut self, engine: &Engine, seq: Seq, at: At, record: &Record<'_>) {
        match record {
            Record::Event(event) => {
                let named = event.identifiers.iter().filter_map(|one| engine.named(one));
                let by_code = engine.owner_by_code(event.name, event.properties);
                let mut named = named.chain(by_code.map(|id| engine.canonical(id))).peekable();
                if named.peek().is_some() && record.happening(at).is_some() {
                    self.events.push(seq);
                }
                self.people.extend(named);
            }
            Record::Engaged(engaged) => {
                let send = engine.send(engaged.send);
                self.people.extend(send.map(|send| engine.canonical(send.profile)));
            }
            Record::IdentifierLifted(_) => self.is_unknown = true,
            _ => {}
        }
    }

    /// The places of the log that are to be observed once more, in order: all that those did whose history has changed, and
    /// what came since. `None` where the whole log is to be read instead.
    pub fn again(self, engine: &Engine) -> Option<Again> {
        if self.is_unknown {
            return None;
        }
        let stand = |people: &BTreeSet<ProfileId>| -> Vec<ProfileId> {
            people.iter().copied().filter(|id| engine.profile(*id).is_some()).collect()
        };
        let mut named = self.people;
        let mut people = stand(&named);
        let mut owners = Owners::some(engine, people.iter().copied());
        // A browser that was one person's when it told of something may be another's by now, who signed in on it.
        if self.events.iter().any(|seq| owners.of(*seq).is_none()) {
            let everybody = Owners::everybody(engine);
            named.extend(self.events.iter().filter_map(|seq| everybody.of(*seq)));
            people = stand(&named);
            owners = Owners::some(engine, people.iter().copied());
        }
        let mut places: BTreeSet<Seq> = owners.places().collect();
        places.extend((self.upto.0 + 1..=engine.seq().0).map(Seq));
        Some(Again { people, owners, places })
    }
}

/// What is to be observed once more.
pub struct Again {
    people: Vec<ProfileId>,
    owners: Owners,
    pub places: BTreeSet<Seq>,
}

impl<'a> Gathered<'a> {
    /// Goes on with what was kept. Observe the places of `again`, then finish.
    pub fn going_on(engine: &'a Engine, mut kept: Kept, again: Again) -> Self {
        let merged: Vec<(ProfileId, ProfileId)> = kept.merged(engine).collect();
        for (from, into) in merged {
            if let Some(known_at) = kept.people.remove(&from).and_then(|person| person.known_at) {
                let person = kept.people.entry(into).or_default();
                person.known_at = Some(person.known_at.map_or(known_at, |known| known.min(known_at)));
            }
        }
        for id in &again.people {
            if let Some(person) = kept.people.get_mut(id) {
                person.visits.clear();
                person.orders.clear();
            }
        }
        let mut gathered = Self::with(engine, again.owners);
        gathered.entries = kept.entries;
        gathered.arrivals = kept.arrivals;
        gathered.numbers = kept.numbers;
        gathered.people = kept.people;
        gathered.nameless = kept.nameless;
        gathered
    }

    /// What is kept of it for the next question, once it is finished.
    pub fn keep(self) -> Kept {
        Kept {
            upto: self.engine.seq(),
            ground: Ground::of(self.engine),
            entries: self.entries,
            arrivals: self.arrivals,
            numbers: self.numbers,
            people: self.people,
            nameless: self.nameless,
        }
    }
}
