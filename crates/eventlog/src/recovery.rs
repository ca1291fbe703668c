//! From what is on the disk to the engine as it was: the newest usable snapshot, then the records after it.
//!
//! Runs once, when a process starts, and whenever somebody asks about the past. Effects of the replay are dropped: they
//! left before, or what they stood for is still owed, and the engine's `outstanding` lists it.

use engine::Seq;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::{Engine, Outcome, Refusal};
use engine::moves::Moved;
use engine::record::{Installed, Malformed, Record};
use engine::section::{Head, Read, RestoreError};

use crate::backfill;
use crate::error::Error;
use crate::frame::push_record;
use crate::limits::{BATCHES_AHEAD, FORESEEN_RECORDS, READ_THREADS};
use crate::log::{Batch, Batches, Log};
use crate::snapshots::{Snapshot, Snapshots};
use std::sync::mpsc::sync_channel;
use std::thread;

/// The engine at the end of the log, and how it got there.
pub struct Recovered {
    pub engine: Engine,
    /// Where the replay began: the snapshot's place, or `None` for the beginning of the log.
    pub snapshot: Option<Seq>,
    /// Records applied after it.
    pub replayed: u64,
    /// Snapshots that could not be used and were set aside, newest first.
    pub discarded: Vec<(Seq, Error)>,
}

/// Brings back the engine. An empty log gets its first record, `installed`, durable on return; on any other log
/// `installed` is not looked at, since keys and seed are what the log says.
pub fn recover(
    log: &mut dyn Log,
    snapshots: &mut Snapshots,
    installed: &Installed,
    now: At,
) -> Result<Recovered, Error> {
    let mut recovered = restore(snapshots)?;
    let end = log.last().map_or(Seq(0), |(seq, _)| seq);
    if recovered.engine.seq() > end {
        return Err(Error::SnapshotAhead { snapshot: recovered.engine.seq(), end });
    }
    if end == Seq(0) {
        log.append(&[first_batch(installed, now)])?;
    }
    recovered.replayed = replay(&*log, &mut recovered.engine)?;
    for (seq, _) in &recovered.discarded {
        snapshots.set_aside(*seq)?;
    }
    Ok(recovered)
}

/// Applies everything after the engine's place, and tells how many records that was.
pub fn replay(log: &dyn Log, engine: &mut Engine) -> Result<u64, Error> {
    let begin = engine.seq();
    let batches = log.read(begin.next())?;
    // Reading and inflating goes on while the engine takes what was read.
    thread::scope(|scope| {
        let (pass_on, ahead) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || batches.map(|batch| pass_on.send(batch)).find(Result::is_err));
        ahead.into_iter().try_for_each(|batch| apply(engine, &batch?, &|from| log.read(from)))
    })?;
    match engine.derived() {
        None => Ok(engine.seq().0 - begin.0),
        Some(_) => Err(untold(engine.seq().next())),
    }
}

/// The engine as it was at an instant, after everything that the log had taken in by then. Reads and changes nothing,
/// so that the log may be another process's.
pub fn recover_as_of<'l>(
    at: At,
    snapshots: &Snapshots,
    read: impl Fn(Seq) -> Result<Batches<'l>, Error>,
) -> Result<Engine, Error> {
    let mut engine = restore_as_of(at, snapshots)?;
    for batch in read(engine.seq().next())? {
        let batch = batch?;
        if batch.at > at {
            break;
        }
        apply(&mut engine, &batch, &read)?;
    }
    Ok(engine)
}

/// Tells the log once again, and hands out the engine as it was at each of some instants, which come in order: after all that
/// the log had taken in by then, and with all that time alone had changed. Reads and changes nothing.
pub fn retell<'l>(
    instants: &[At],
    snapshots: &Snapshots,
    read: impl Fn(Seq) -> Result<Batches<'l>, Error>,
    mut told: impl FnMut(At, &Engine),
) -> Result<(), Error> {
    let mut instants = instants.iter().copied().peekable();
    let Some(first) = instants.peek() else { return Ok(()) };
    let mut engine = restore_as_of(*first, snapshots)?;
    for batch in read(engine.seq().next())? {
        let batch = batch?;
        while let Some(instant) = instants.next_if(|instant| *instant < batch.at) {
            told(instant, &as_of(&engine, instant));
        }
        if instants.peek().is_none() {
            return Ok(());
        }
        apply(&mut engine, &batch, &read)?;
    }
    instants.for_each(|instant| told(instant, &as_of(&engine, instant)));
    Ok(())
}

/// From when on the engine can be brought back where the log tells its beginning no longer: the instant of the oldest snapshot
/// that can be used.
pub fn earliest(snapshots: &Snapshots) -> Result<Option<At>, Error> {
    let usable = snapshots.newest_first()?.filter_map(|(_, snapshot)| snapshot.ok());
    Ok(usable.filter(|snapshot| engine_of(snapshot).is_ok()).map(|snapshot| snapshot.at).last())
}

/// The newest usable snapshot of an instant or before, or an engine that knows nothing yet. One that cannot be used is for
/// the next start to set aside; here it is only passed over.
fn restore_as_of(at: At, snapshots: &Snapshots) -> Result<Engine, Error> {
    let then = snapshots.newest_first()?.filter_map(|(_, snapshot)| snapshot.ok());
    let usable = then.filter(|snapshot| snapshot.at <= at).find_map(|snapshot| engine_of(&snapshot).ok());
    Ok(usable.unwrap_or_default())
}

/// The engine with what time alone changes up to an instant.
fn as_of(engine: &Engine, at: At) -> Engine {
    let mut then = engine.clone();
    if then.installed().is_some() {
        then.apply(then.seq().next(), at.max(then.at()), &Record::Tick, &mut Vec::new());
    }
    then
}

/// The engine as early as it can be had without the log: at the oldest snapshot, and new where there is none.
pub fn recover_earliest(snapshots: &Snapshots) -> Result<Engine, Error> {
    let usable = snapshots.newest_first()?.filter_map(|(_, snapshot)| engine_of(&snapshot.ok()?).ok());
    Ok(usable.last().unwrap_or_else(Engine::new))
}

/// Has an engine live on to the end of the log, and tells what runs do, each time with the last place of the batch.
pub fn watch_runs<'l>(
    engine: &mut Engine,
    read: impl Fn(Seq) -> Result<Batches<'l>, Error>,
    mut hear: impl FnMut(Seq, Moved),
) -> Result<(), Error> {
    engine.watch_runs();
    for batch in read(engine.seq().next())? {
        apply(engine, &batch?, &read)?;
        engine.take_moves().into_iter().for_each(|moved| hear(engine.seq(), moved));
    }
    Ok(())
}

/// Applies those records of a batch that come after the engine's place. `read` gives the log from a place on.
fn apply<'l>(
    engine: &mut Engine,
    batch: &Batch,
    read: &impl Fn(Seq) -> Result<Batches<'l>, Error>,
) -> Result<(), Error> {
    let (mut effects, known) = (Vec::new(), engine.seq());
    let places = (batch.first.0..).map(Seq);
    let missing = places.zip(batch.records()).filter(|(seq, bytes)| *seq > known || bytes.is_err());
    let mut records = missing.map(|(seq, bytes)| {
        let bytes = bytes.map_err(|malformed| Error::damaged(seq, malformed.to_string()));
        (seq, bytes.and_then(|bytes| decoded(seq, bytes)))
    });
    loop {
        let ahead: Vec<_> = records.by_ref().take(FORESEEN_RECORDS).collect();
        if ahead.is_empty() {
            return Ok(());
        }
        engine.foresee(ahead.iter().filter_map(|(_, record)| record.as_ref().ok()));
        for (seq, record) in ahead {
            let record = record?;
            if seq == batch.first && engine.derived().is_some() && !is_derived(&record) {
                return Err(untold(seq));
            }
            take(engine, (seq, batch.at), &record, &mut effects, read)?;
            effects.clear();
        }
    }
}

/// A record as it was when it was taken; an error where it is so no longer.
pub(crate) fn decoded(seq: Seq, bytes: &[u8]) -> Result<Record<'_>, Error> {
    match Record::decode(bytes) {
        Ok(record) if !record.is_redacted() => Ok(record),
        Ok(_) | Err(Malformed::Sealed) => Err(Error::Redacted { seq }),
        Err(malformed) => Err(Error::damaged(seq, malformed.to_string())),
    }
}

/// Applies a record that was taken once. What a programme asks of the past is read first.
pub(crate) fn take<'l>(
    engine: &mut Engine,
    (seq, at): (Seq, At),
    record: &Record<'_>,
    effects: &mut Vec<Effect>,
    read: &impl Fn(Seq) -> Result<Batches<'l>, Error>,
) -> Result<(), Error> {
    let mut outcome = engine.apply(seq, at, record, effects);
    if let Outcome::Refused(Refusal::Unkept(properties)) = outcome {
        backfill::fill(engine, properties, read)?;
        outcome = engine.apply(seq, at, record, effects);
    }
    match outcome {
        Outcome::Applied => Ok(()),
        refused => Err(Error::damaged(seq, format!("a record that was taken is now {refused:?}"))),
    }
}

/// Whether a record follows from those before it, as the sequencer adds them.
fn is_derived(record: &Record<'_>) -> bool {
    matches!(record, Record::MembershipChanged(_))
}

/// What was staged together tells of every change that it brings.
fn untold(seq: Seq) -> Error {
    Error::damaged(seq, "the membership changes that follow from the records before are missing".to_owned())
}

fn restore(snapshots: &Snapshots) -> Result<Recovered, Error> {
    let mut recovered =
        Recovered { engine: Engine::new(), snapshot: None, replayed: 0, discarded: Vec::new() };
    for (seq, snapshot) in snapshots.newest_first()? {
        match snapshot.and_then(|snapshot| engine_of(&snapshot)) {
            Ok(engine) => {
                recovered.snapshot = Some(engine.seq());
                recovered.engine = engine;
                break;
            }
            Err(error) => recovered.discarded.push((seq, error)),
        }
    }
    Ok(recovered)
}

/// The engine of a snapshot. The head is read first, since it says whether the rest can be; that, several threads read.
fn engine_of(snapshot: &Snapshot<'_>) -> Result<Engine, Error> {
    let unusable =
        |error: RestoreError| Error::UnusableSnapshot { seq: snapshot.seq, what: error.to_string() };
    if snapshot.count() == 0 {
        return Err(Error::UnusableSnapshot { seq: snapshot.seq, what: "it is empty".to_owned() });
    }
    let head = Head::read(&snapshot.section(0)?).map_err(unusable)?;
    let read = |number| head.section(&snapshot.section(number)?).map_err(unusable);
    let read_each = |first: usize| -> Result<Vec<Read>, Error> {
        (1 + first..snapshot.count()).step_by(READ_THREADS).map(read).collect()
    };
    let mut lanes = thread::scope(|scope| {
        let reading: Vec<_> = (0..READ_THREADS).map(|first| scope.spawn(move || read_each(first))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().expect("invariant: a reader does not panic")
        };
        reading.into_iter().map(|thread| join(thread).map(Vec::into_iter)).collect::<Result<Vec<_>, Error>>()
    })?;
    // By turns, as they were dealt out.
    let rest = (1..snapshot.count()).map_while(|number| lanes[(number - 1) % READ_THREADS].next());
    Engine::assemble(head, rest).map_err(unusable)
}

fn first_batch(installed: &Installed, at: At) -> Batch {
    let mut record = Vec::new();
    Record::Installed(installed.clone()).encode(&mut record);
    let mut body = Vec::new();
    push_record(&mut body, &record);
    Batch { first: Seq(1), at, count: 1, body }
}
