//! Watches from outside and says when an invariant is broken. It reads the durable log, keeps its own copy, a model of
//! its own and a second engine that only ever replays, and compares them with what the installation says and does.

mod best;
mod consent;
mod journeys;
mod ledger;
mod letter;
mod model;
mod offers;
mod pages;
mod people;
mod registers;
pub(crate) mod segments;

use std::collections::{BTreeMap, BTreeSet};

use engine::at::At;
use engine::change::ChangeKind;
use engine::effect::Effect;
use engine::engine::{Engine, Outcome as Applied, Refusal};
use engine::identifier::IdentifierKind;
use engine::record::{Malformed, MembershipChanged, Record};
use engine::{ProfileId, Seq};
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder};
use eventlog::sequencer::Outcome;
use eventlog::snapshots::Snapshots;

use crate::clusters;
use crate::installation::Unwritten;
use crate::invariant::{Invariant, Violation};
use crate::provider::HandedOver;
use crate::trace::Trace;
use best::Learned;
use ledger::Ledger;
use letter::Letters;
use model::Model;
use people::{Name, Person};
use segments::SEGMENTS;

#[derive(Default)]
pub(crate) struct Auditor {
    /// Every record that was ever seen durable, from the first on, whatever the log has trimmed since.
    history: Vec<(At, Vec<u8>)>,
    /// The same, in batches.
    batches: Vec<Batch>,
    /// Replays the history as it grows.
    replica: Engine,
    /// What the replica asked for, by record.
    effects: Vec<Vec<Effect>>,
    model: Model,
    ledger: Ledger,
    letters: Letters,
    learned: Learned,
    /// Up to here the log may have been redacted: the newest erasure.
    erased: Seq,
    /// Who is inside by what the records of changes tell, by the segment's name.
    told: BTreeMap<String, BTreeSet<ProfileId>>,
}

impl Auditor {
    /// Place of the last record known to be durable.
    pub(crate) fn durable(&self) -> Seq {
        Seq(self.history.len() as u64)
    }

    /// All that was ever seen durable.
    pub(crate) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// Reads what the log holds beyond what is known.
    pub(crate) fn absorb(&mut self, log: &dyn Log, trace: &mut Trace) -> Result<(), Violation> {
        let from = self.durable().next();
        for batch in log.read(from).map_err(|error| Invariant::L1.broken(error.to_string()))? {
            let batch = batch.map_err(|error| Invariant::L2.broken(error.to_string()))?;
            let expected = self.durable().next();
            Invariant::L2.check(batch.first == expected, || {
                format!("a batch begins at seq {}, expected {expected}", batch.first)
            })?;
            let last = self.history.last().map_or(At::MIN, |(at, _)| *at);
            Invariant::L2.check(batch.at >= last, || format!("{} after {last}", batch.at))?;
            for bytes in batch.records() {
                let bytes = bytes.map_err(|malformed| Invariant::L2.broken(malformed.to_string()))?;
                self.take_in(batch.at, bytes, trace)?;
            }
            self.compare_told()?;
            self.batches.push(batch);
        }
        Ok(())
    }

    fn take_in(&mut self, at: At, bytes: &[u8], trace: &mut Trace) -> Result<(), Violation> {
        let seq = self.durable().next();
        let record =
            Record::decode(bytes).map_err(|malformed| Invariant::L2.broken(malformed.to_string()))?;
        trace.note(at, &format!("{seq:>5}  {}", line(&record)));
        if matches!(record, Record::ProfileErased(_)) {
            self.erased = seq;
        }
        let mut effects = Vec::new();
        let applied = apply(&mut self.replica, &self.history, (at, &record), &mut effects);
        Invariant::D1.check(applied == Applied::Applied, || format!("seq {seq} in a replay: {applied:?}"))?;
        // A reaction to a send needs to know it; a decision needs the record first.
        self.model.apply(at, seq, &record, &self.ledger)?;
        if let Record::MembershipChanged(changed) = &record {
            self.tell(changed, seq)?;
        }
        self.ledger.apply(&record, &effects)?;
        self.model.offer(at, &record, &effects, &self.ledger)?;
        self.letters.apply(&record);
        self.learned.apply(at, &record, &effects, (&self.ledger, &self.replica));
        self.hold_paused(at, &effects)?;
        for effect in &effects {
            if let Effect::HandOver { send, .. } = effect {
                let prepare = self.ledger.prepare(*send).expect("the ledger asked for it");
                let is_confirmation = prepare.journey.is_empty();
                self.model.may_hand_over(at, &prepare.address, &prepare.purpose, is_confirmation)?;
                if !is_confirmation {
                    self.model.may_disturb(at, &prepare.address, &prepare.purpose)?;
                }
                self.letters.hand_over(at, prepare, &self.model)?;
            }
        }
        self.history.push((at, bytes.to_vec()));
        self.effects.push(effects);
        Ok(())
    }

    /// Takes in what a record of changes tells, as whoever listens does.
    fn tell(&mut self, changed: &MembershipChanged<'_>, seq: Seq) -> Result<(), Violation> {
        let inside = self.told.entry(changed.segment.to_owned()).or_default();
        for change in changed.changes.iter() {
            let differs = match change.kind {
                ChangeKind::Entered => inside.insert(change.profile),
                ChangeKind::Left | ChangeKind::Merged | ChangeKind::Erased => inside.remove(&change.profile),
            };
            Invariant::S2.check(differs && change.cause < seq, || {
                format!("at seq {seq} {change:?} of \"{}\" tells nothing new", changed.segment)
            })?;
        }
        Ok(())
    }

    /// Between two batches, what was told of each segment is what is so.
    fn compare_told(&self) -> Result<(), Violation> {
        let mut inside: BTreeMap<&str, BTreeSet<ProfileId>> = BTreeMap::new();
        for (id, _) in self.replica.profiles() {
            for name in self.replica.memberships(id) {
                inside.entry(name).or_default().insert(id);
            }
        }
        let listened = self.model.programme.listened();
        for name in SEGMENTS.map(|segment| segment.name) {
            let expected = inside.remove(name).filter(|_| listened.contains(name)).unwrap_or_default();
            let told = self.told.get(name).cloned().unwrap_or_default();
            Invariant::S2.check(told == expected, || {
                format!("at seq {} the changes have {told:?} in \"{name}\", not {expected:?}", self.durable())
            })?;
        }
        Ok(())
    }

    /// A staged batch is about to be released: what it answers must be durable, what it asks for must be what a replay
    /// asks for.
    pub(crate) fn released(&self, unwritten: &Unwritten) -> Result<(), Violation> {
        for (submission, outcomes) in unwritten.answers() {
            for (bytes, outcome) in submission.records.iter().zip(outcomes) {
                self.answered(bytes, outcome)?;
            }
        }
        let batches = &unwritten.staged.batches;
        let expected: &[Vec<Effect>] = match (batches.first(), batches.last()) {
            (Some(first), Some(last)) => {
                let records = first.first.0 as usize - 1..last.last().0 as usize;
                self.effects.get(records).unwrap_or_default()
            }
            _ => &[],
        };
        Invariant::D2.check(unwritten.staged.effects == expected.concat(), || {
            format!("live {:?}, replayed {expected:?}", unwritten.staged.effects)
        })
    }

    /// A sender was told what became of a record.
    pub(crate) fn answered(&self, bytes: &[u8], outcome: &Outcome) -> Result<(), Violation> {
        match outcome {
            Outcome::Applied(seq) => {
                let stored = self.history.get(seq.0 as usize - 1).map(|(_, bytes)| bytes.as_slice());
                Invariant::L1.check(stored == Some(bytes), || {
                    format!("acknowledged at seq {seq}, durable up to {}", self.durable())
                })
            }
            Outcome::Duplicate => {
                let Ok(Record::Event(event)) = Record::decode(bytes) else { return Ok(()) };
                let known = self.model.knows_message(event.message_id_text);
                Invariant::L1.check(known, || {
                    format!("{} was called a repetition, and is not in the log", event.message_id_text)
                })
            }
            Outcome::Refused(_) | Outcome::Malformed(_) => Ok(()),
        }
    }

    pub(crate) fn handed_over(&mut self, seen: &HandedOver) -> Result<(), Violation> {
        self.ledger.handed_over(seen)
    }

    /// A process has started again: nothing that was durable may be gone, and the state must be that of the log.
    pub(crate) fn recovered(
        &mut self,
        log: &dyn Log,
        engine: &Engine,
        trace: &mut Trace,
    ) -> Result<(), Violation> {
        self.compare_history(log)?;
        self.absorb(log, trace)?;
        self.ledger.recovered(&engine.outstanding())?;
        self.compare(engine)
    }

    /// What the log still holds is what was durable, record by record.
    fn compare_history(&self, log: &dyn Log) -> Result<(), Violation> {
        let lost = |error: eventlog::Error| Invariant::L1.broken(error.to_string());
        let end = log.last().map_or(Seq(0), |(seq, _)| seq);
        Invariant::L1.check(end >= self.durable(), || {
            format!("the log ends at seq {end}, and was durable up to {}", self.durable())
        })?;
        let Some(first) = log.first().map_err(lost)? else { return Ok(()) };
        let mut known = self.history.iter().skip(first.0 as usize - 1);
        for batch in log.read(first).map_err(lost)? {
            let batch = batch.map_err(lost)?;
            let places = (batch.first.0..).map(Seq);
            for ((seq, record), known) in places.zip(batch.records()).zip(&mut known) {
                let is_redacted = |bytes| match Record::decode(bytes) {
                    Ok(record) => record.is_redacted(),
                    Err(malformed) => malformed == Malformed::Sealed,
                };
                let is_known =
                    record == Ok(known.1.as_slice()) || (seq < self.erased && record.is_ok_and(is_redacted));
                Invariant::L1.check(is_known, || {
                    format!("a record from seq {} on is another than the durable one", batch.first)
                })?;
            }
        }
        Ok(())
    }

    /// The live engine, when it holds nothing that is not durable, against the replica and the model.
    pub(crate) fn compare(&self, engine: &Engine) -> Result<(), Violation> {
        Invariant::D1.check(engine.hash() == self.replica.hash(), || {
            format!("at seq {} the live state is not that of a replay", engine.seq())
        })?;
        let events = engine.counts().events;
        Invariant::I1.check(events == self.model.events, || {
            format!("the engine counts {events} events, the log holds {}", self.model.events)
        })?;
        self.compare_people(engine)?;
        journeys::compare(engine)?;
        self.model.gifts.compare(engine, &self.model.programme, &self.model.people)?;
        self.model.pages.compare(engine, &self.model.people)?;
        pages::compare(engine, &self.model, &self.letters)?;
        let sections = engine.snapshot().into_iter().filter_map(|section| section.bytes);
        sections.into_iter().try_for_each(|bytes| self.look_for_erased(&bytes, "in the state"))
    }

    /// Where the log was last known to have been redacted, or may have been: before that nothing is replayed.
    pub(crate) fn redacted_to(&self) -> Seq {
        self.erased
    }

    /// The disk has been made to forget: nothing on it may name whoever was erased, for as long as nobody spoke of them
    /// again.
    pub(crate) fn redacted(&self, disk: &MemoryDisk, log: &dyn Log) -> Result<(), Violation> {
        self.compare_history(log)?;
        let snapshots = Snapshots::new(MemoryFolder::open(disk));
        // Whether a snapshot refers to them or not.
        let files = snapshots.contents().map_err(|error| Invariant::E1.broken(error.to_string()))?;
        let files = files.filter_map(|(_, content)| content.ok());
        let first = log.first().ok().flatten().unwrap_or(Seq(1));
        let batches = log.read(first).map_err(|error| Invariant::E1.broken(error.to_string()))?;
        let bodies = batches.filter_map(Result::ok).map(|batch| batch.body);
        for bytes in files.chain(bodies) {
            self.look_for_erased(&bytes, "on the disk")?;
        }
        Ok(())
    }

    /// Nothing in the state may name whoever was erased, for as long as nobody spoke of them again.
    fn look_for_erased(&self, bytes: &[u8], place: &str) -> Result<(), Violation> {
        for (_, name) in self.model.gone.iter().filter(|name| name.0 != IdentifierKind::UserId) {
            let found = bytes.windows(name.len()).any(|bytes| bytes == name.as_bytes());
            Invariant::E1.check(!found, || format!("{name} is {place} at seq {}", self.durable()))?;
        }
        Ok(())
    }

    fn compare_people(&self, engine: &Engine) -> Result<(), Violation> {
        let people = &self.model.people;
        let (profiles, roots): (Vec<usize>, _) =
            (engine.profiles().map(|(id, _)| id.0 as usize).collect(), people.roots());
        Invariant::I2.check(profiles == roots, || format!("profiles {profiles:?}, people {roots:?}"))?;
        let counts = engine.counts();
        let persons: Vec<Person> = roots.iter().map(|root| people.person(*root)).collect();
        let identified = persons.iter().filter(|person| person.is_identified()).count() as u64;
        Invariant::I2.check(
            (counts.profiles, counts.identified) == (roots.len() as u64, identified),
            || {
                format!(
                    "{} profiles, {} identified, should be {} and {identified}",
                    counts.profiles,
                    counts.identified,
                    roots.len()
                )
            },
        )?;
        let live: Vec<_> = SEGMENTS
            .iter()
            .filter(|segment| self.model.programme.segments.contains_key(segment.name))
            .collect();
        let moment = segments::moment(engine.at(), &self.model.cut_offs);
        for ((id, profile), person) in engine.profiles().zip(&persons) {
            let name = |identifier: &engine::profile::StoredIdentifier| -> Name {
                (identifier.kind, identifier.value.to_string())
            };
            let names: BTreeSet<Name> = profile.identifiers().iter().map(name).collect();
            Invariant::I2.check(person.names == names, || {
                format!("profile {id:?} has {names:?}, the rules give {:?}", person.names)
            })?;
            let (found, told) = (engine.memberships(id), person.told());
            let cluster = self.model.clusters.segment_of(&told, &moment);
            let in_set = found.iter().filter(|name| name.starts_with(clusters::SET)).copied();
            Invariant::S1.check(in_set.clone().eq(cluster.as_deref()), || {
                let in_set: Vec<&str> = in_set.collect();
                format!("{names:?} at {}: in {in_set:?}, should be {cluster:?}", engine.at())
            })?;
            for segment in &live {
                let is_member = found.contains(&segment.name);
                let opinions = segment.opinions(person, &told, &moment);
                Invariant::S1.check(opinions.iter().all(|expected| *expected == is_member), || {
                    let name = segment.name;
                    format!("{names:?} at {}: in \"{name}\" {is_member}, should be {opinions:?}", engine.at())
                })?;
            }
        }
        Ok(())
    }

    /// When everything is quiet and nothing goes wrong any more.
    pub(crate) fn finish(&self, engine: &Engine) -> Result<(), Violation> {
        self.compare(engine)?;
        let mut replayed = Engine::new();
        for (index, (at, bytes)) in self.history.iter().enumerate() {
            let record = Record::decode(bytes).expect("it was read before");
            apply(&mut replayed, &self.history[..index], (*at, &record), &mut Vec::new());
        }
        Invariant::D1.check(engine.hash() == replayed.hash(), || "a replay from zero differs".to_owned())?;
        journeys::finish(engine)?;
        self.learned.finish(engine)?;
        self.ledger.finish(engine)
    }

    /// The history's effect on whoever asks for a digest of the run.
    pub(crate) fn hash(&self) -> u128 {
        self.replica.hash()
    }
}

/// Applies the next record; what a programme asks of the past is brought in from the history.
fn apply(
    engine: &mut Engine,
    history: &[(At, Vec<u8>)],
    (at, record): (At, &Record<'_>),
    effects: &mut Vec<Effect>,
) -> Applied {
    let seq = engine.seq().next();
    match engine.apply(seq, at, record, effects) {
        Applied::Refused(Refusal::Unkept(properties)) => {
            engine.fill(properties, history.iter().map(|(at, bytes)| (*at, bytes.as_slice())));
            engine.apply(seq, at, record, effects)
        }
        outcome => outcome,
    }
}

/// A record in a few words.
fn line(record: &Record<'_>) -> String {
    match record {
        Record::Event(event) => {
            let names: Vec<&str> = event.identifiers.iter().map(|one| one.value).collect();
            let consent = event.context.to_json();
            format!("{} {} {} by {names:?} {consent}", event.name, event.message_id_text, event.occurred_at)
        }
        Record::ProgrammeApplied(_) => "a programme is applied".to_owned(),
        other => format!("{other:?}"),
    }
}
