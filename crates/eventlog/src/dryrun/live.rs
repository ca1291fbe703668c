//! The side of a dry run that lives history as it was, and tells the other what it needs to know of it.

use super::twins::Likeness;
use super::{Listener, Side, Watch};
use crate::error::Error;
use crate::limits::FORESEEN_RECORDS;
use crate::log::{Batch, Batches};
use crate::recovery::{decoded, take};
use engine::at::At;
use engine::effect::Effect;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::programme::Channel;
use engine::record::{ConsentStated, PreferenceStated, Record, Subject};
use engine::{ProfileId, SendId, Seq};

/// A batch, and what the engine that was live had to do with it.
pub(super) struct Past {
    pub(super) batch: Batch,
    /// When time alone had the next thing to do before it.
    pub(super) due: Option<At>,
    /// What its records are about, for each of those that say so by a number, in order.
    pub(super) about: Vec<About>,
    /// What it asked of the world.
    pub(super) asked: Vec<Effect>,
}

/// What a record is about, in words that another engine understands.
pub(super) enum About {
    Send(Spoken),
    /// A person, by one of their identifiers.
    Person(Option<(IdentifierKind, Box<str>)>),
    /// A person and the journey in which they wait for a webhook's answer.
    Call(Option<(IdentifierKind, Box<str>)>, String),
}

/// A send that a record speaks of.
pub(super) struct Spoken {
    pub(super) id: SendId,
    /// Nothing where it went nowhere, or to somebody who was erased.
    pub(super) to: Option<To>,
    pub(super) decided_at: At,
}

pub(super) struct To {
    pub(super) channel: Channel,
    pub(super) address: String,
    pub(super) likeness: Likeness,
}

pub(super) struct Live<'a> {
    engine: Engine,
    watch: Watch<'a>,
}

impl<'a> Live<'a> {
    pub(super) fn new(engine: Engine, listener: Option<Listener<'a>>) -> Self {
        Self { watch: Watch::from(&engine, listener), engine }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn end(self) -> Side {
        Side { engine: self.engine, waits: self.watch.waits }
    }

    /// Applies the next batch.
    pub(super) fn take<'l>(
        &mut self,
        batch: Batch,
        read: &impl Fn(Seq) -> Result<Batches<'l>, Error>,
    ) -> Result<Past, Error> {
        let (due, mut about, mut asked) = (self.engine.next_due(), Vec::new(), Vec::new());
        let records = records(&batch)?;
        for ahead in records.chunks(FORESEEN_RECORDS) {
            self.engine.foresee(ahead.iter().map(|(_, record)| record));
            for (seq, record) in ahead {
                about.extend(self.about(record));
                take(&mut self.engine, (*seq, batch.at), record, &mut asked, read)?;
            }
        }
        self.watch.look(&mut self.engine);
        for effect in &asked {
            if let Effect::Release { send, .. } = effect {
                self.watch.look_at(&self.engine, *send);
            }
        }
        drop(records);
        Ok(Past { batch, due, about, asked })
    }

    fn about(&self, record: &Record<'_>) -> Option<About> {
        match record {
            Record::ProfileErased(erased) => Some(About::Person(self.name(erased.profile))),
            Record::WebhookAnswered(answered) => {
                let journey =
                    self.engine.journey_that_asks(answered.profile, answered.run).unwrap_or_default();
                Some(About::Call(self.name(answered.profile), journey.to_owned()))
            }
            _ => spoken_of(record).map(|send| About::Send(self.spoken(send))),
        }
    }

    fn name(&self, profile: ProfileId) -> Option<(IdentifierKind, Box<str>)> {
        let first = self.engine.profile(profile)?.identifiers().first()?;
        Some((first.kind, first.value.clone()))
    }

    fn spoken(&self, id: SendId) -> Spoken {
        let send = self.engine.send(id);
        let decided_at = send.as_ref().map_or(At::MIN, |send| send.decided_at);
        let to = send.filter(|send| !send.address.is_empty()).and_then(|send| {
            let channel = send.channel?;
            let likeness = Likeness::of(&send.message, channel, &send.address);
            Some(To { channel, address: send.address.to_string(), likeness })
        });
        Spoken { id, to, decided_at }
    }
}

/// The send that a record speaks of.
pub(super) fn spoken_of(record: &Record<'_>) -> Option<SendId> {
    match record {
        Record::Attempted(attempted) => Some(attempted.send),
        Record::Settled(settled) => Some(settled.send),
        Record::Returned(returned) => Some(returned.send),
        Record::Engaged(engaged) => Some(engaged.send),
        Record::ConsentStated(ConsentStated { subject: Subject::Send(send), .. })
        | Record::PreferenceStated(PreferenceStated { subject: Subject::Send(send), .. }) => Some(*send),
        _ => None,
    }
}

/// The records of a batch with their places.
pub(super) fn records(batch: &Batch) -> Result<Vec<(Seq, Record<'_>)>, Error> {
    let mut seq = batch.first;
    let mut records = Vec::with_capacity(batch.count as usize);
    for bytes in batch.records() {
        let bytes = bytes.map_err(|malformed| Error::damaged(seq, malformed.to_string()))?;
        records.push((seq, decoded(seq, bytes)?));
        seq = seq.next();
    }
    Ok(records)
}
