//! From the disk to the engine as it was.

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::{Engine, Refusal};
use engine::record::{Installed, Record};
use engine::value::OwnedMap;
use eventlog::Error;
use eventlog::backfill::fill;
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder, MemoryLog};
use eventlog::recovery::{Recovered, recover, recover_as_of, retell};
use eventlog::sequencer::{Outcome, stage};
use eventlog::snapshots::Snapshots;
use std::collections::BTreeSet;

use crate::records::{asking_programme, installed, programme, seen, seen_with};

struct House(MemoryDisk);

impl House {
    fn new() -> Self {
        Self(MemoryDisk::default())
    }

    fn log(&self) -> MemoryLog {
        MemoryLog::open(&self.0).unwrap()
    }

    fn snapshots(&self) -> Snapshots {
        Snapshots::new(MemoryFolder::open(&self.0))
    }

    fn recover(&self) -> Result<Recovered, Error> {
        recover(&mut self.log(), &mut self.snapshots(), &installed(), At(1_000))
    }

    /// Damages the manifest.
    fn damage(&self, seq: u64) {
        self.0.damage(&format!("snapshot-{seq:020}.trama"), 60);
    }

    /// Damages a section that the snapshot refers to.
    fn damage_section(&self, seq: u64) {
        self.0.damage(&format!("sections-{seq:020}.trama"), 60);
    }

    /// A few days of one person, with a snapshot after the fifth and the ninth record.
    fn lived_in(&self) -> Engine {
        let mut engine = self.recover().unwrap().engine;
        let mut log = self.log();
        let live = |engine: &mut Engine, log: &mut MemoryLog, at: i64, submission: &[u8]| {
            log.append(&stage(engine, At(at), &[submission]).batches).unwrap();
        };
        live(&mut engine, &mut log, 1_000, &programme());
        for number in 0..5 {
            let at = 2_000 + number * Span::HOUR.0 * 7;
            live(&mut engine, &mut log, at, &seen("ada", &format!("m{number}"), at));
            if [5, 9].contains(&engine.seq().0) {
                self.snapshots().write(engine.sections()).unwrap();
            }
        }
        assert_eq!(engine.seq(), Seq(11), "installed, programme, five events, four ticks");
        engine
    }
}

#[test]
fn an_empty_log_begins_with_the_installation() {
    let house = House::new();
    let recovered = house.recover().unwrap();
    assert_eq!(recovered.engine.installed(), Some(&installed()));
    assert_eq!((recovered.engine.seq(), recovered.engine.at()), (Seq(1), At(1_000)));

    let other = Installed { seed: 77, ..installed() };
    let again = recover(&mut house.log(), &mut house.snapshots(), &other, At(9_000)).unwrap();
    assert_eq!(again.engine.hash(), recovered.engine.hash(), "the log says who it is");
}

#[test]
fn snapshot_and_tail_equal_a_replay_from_zero() {
    for damage in [House::damage, House::damage_section] {
        let house = House::new();
        let live = house.lived_in();
        for (snapshot, replayed, discarded) in [(Some(9), 2, 0), (Some(5), 6, 1), (None, 11, 1)] {
            let recovered = house.recover().unwrap();
            assert_eq!(recovered.engine.hash(), live.hash(), "from {snapshot:?}");
            assert_eq!((recovered.snapshot, recovered.replayed), (snapshot.map(Seq), replayed));
            assert_eq!(recovered.discarded.len(), discarded);
            snapshot.into_iter().for_each(|seq| damage(&house, seq));
        }
    }
}

#[test]
fn a_trimmed_log_needs_a_snapshot() {
    let house = House::new();
    let live = house.lived_in();
    house.log().trim(house.snapshots().trim_to().unwrap().unwrap()).unwrap();
    house.damage_section(9);
    let recovered = house.recover().unwrap();
    assert_eq!((recovered.snapshot, recovered.engine.hash()), (Some(Seq(5)), live.hash()));
    house.damage_section(5);
    let refusal = house.recover().err();
    assert!(matches!(refusal, Some(Error::Trimmed { from: Seq(1), .. })), "{refusal:?}");
}

#[test]
fn a_damaged_snapshot_is_no_reason_to_give_up_a_good_one() {
    let house = House::new();
    let live = house.lived_in();
    house.damage(9);
    house.recover().unwrap();
    assert_eq!(house.snapshots().trim_to().unwrap(), None, "one good snapshot is not enough to trim by");
    house.snapshots().write(live.sections()).unwrap();
    assert_eq!(house.snapshots().trim_to().unwrap(), Some(Seq(5)));
    house.damage(11);
    let recovered = house.recover().unwrap();
    assert_eq!((recovered.snapshot, recovered.engine.hash()), (Some(Seq(5)), live.hash()));
}

#[test]
fn a_snapshot_without_its_log_is_refused() {
    let house = House::new();
    house.lived_in();
    let other = MemoryDisk::default();
    let mut log = MemoryLog::open(&other).unwrap();
    let refusal = recover(&mut log, &mut house.snapshots(), &installed(), At(0)).err().expect("refused");
    assert_eq!(
        refusal.to_string(),
        "the snapshot is at seq 9, but the log ends at seq 0: records are missing"
    );
    assert_eq!(log.last(), None, "and nothing is written over it");
}

#[test]
fn a_record_that_the_engine_no_longer_takes_is_named() {
    let house = House::new();
    let engine = house.lived_in();
    let body = seen("ada", "m0", 1);
    house.log().append(&[Batch { first: engine.seq().next(), at: engine.at(), count: 1, body }]).unwrap();
    let refusal = house.recover().err().expect("refused");
    assert_eq!(refusal.to_string(), "the log is damaged at seq 12: a record that was taken is now Duplicate");
}

#[test]
fn a_power_cut_during_the_first_start_is_a_first_start_again() {
    for countdown in 0..2 {
        for kept in 0..2 {
            let house = House::new();
            house.0.lose_power_after(countdown);
            assert!(house.recover().is_err());
            house.0.crash(&mut |bound| kept % bound);
            assert_eq!(house.recover().unwrap().engine.seq(), Seq(1));
        }
    }
}

#[test]
fn the_past_is_as_it_was_from_any_snapshot_and_from_none() {
    let house = House::new();
    let live = house.lived_in();
    let batches: Vec<Batch> = house.log().read(Seq(1)).unwrap().map(Result::unwrap).collect();
    let then = |at: At| {
        let log = house.log();
        recover_as_of(at, &house.snapshots(), |from| log.read(from)).unwrap()
    };
    // A plain replay of everything taken in by an instant.
    let naive = |at: At| {
        let mut engine = Engine::new();
        for batch in batches.iter().filter(|batch| batch.at <= at) {
            for (seq, record) in (batch.first.0..).zip(batch.records()) {
                let record = Record::decode(record.unwrap()).unwrap();
                engine.apply(Seq(seq), batch.at, &record, &mut Vec::new());
            }
        }
        engine
    };
    for damaged in [None, Some(9), Some(5)] {
        damaged.into_iter().for_each(|seq| house.damage(seq));
        for at in batches.iter().flat_map(|batch| [At(batch.at.0 - 1), batch.at, At(batch.at.0 + 1)]) {
            assert_eq!(then(at).hash(), naive(at).hash(), "{at} without {damaged:?}");
        }
        assert_eq!(then(At::MAX).hash(), live.hash());
    }
    // Told once for all instants, each of which is what it is by itself, once time alone has changed what it does.
    let instants: BTreeSet<At> = batches.iter().flat_map(|batch| [At(batch.at.0 - 1), batch.at]).collect();
    let instants = Vec::from_iter(instants);
    let (mut told, log) = (Vec::new(), house.log());
    retell(&instants, &house.snapshots(), |from| log.read(from), |at, engine| told.push((at, engine.hash())))
        .unwrap();
    let ticked = |at: At| {
        let mut engine = naive(at);
        if engine.installed().is_some() {
            engine.apply(engine.seq().next(), at, &Record::Tick, &mut Vec::new());
        }
        (at, engine.hash())
    };
    assert_eq!(told, instants.iter().map(|at| ticked(*at)).collect::<Vec<_>>());
    house.log().trim(Seq(5)).unwrap();
    let log = house.log();
    let refusal = recover_as_of(At(0), &house.snapshots(), |from| log.read(from)).err();
    assert!(matches!(refusal, Some(Error::Trimmed { from: Seq(1), .. })), "{refusal:?}");
}

#[test]
fn a_replay_brings_in_what_a_programme_asked_of_the_past() {
    let house = House::new();
    let mut engine = house.recover().unwrap().engine;
    let mut log = house.log();
    for n in 0..5_u8 {
        let at = At(60_000 * (i64::from(n) + 1));
        let properties = OwnedMap::from_json(&serde_json::json!({ "n": n })).unwrap();
        let event = seen_with(&format!("u{n}"), &format!("m{n}"), at.0, properties.as_map());
        log.append(&stage(&mut engine, at, &[&event]).batches).unwrap();
    }
    let at = At(600_000);
    let refused = stage(&mut engine, at, &[&asking_programme()]);
    let [[Outcome::Refused(Refusal::Unkept(properties))]] =
        refused.outcomes.iter().map(Vec::as_slice).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", refused.outcomes)
    };
    fill(&mut engine, properties.clone(), |from| log.read(from)).unwrap();
    log.append(&stage(&mut engine, at, &[&asking_programme()]).batches).unwrap();
    let replayed = house.recover().unwrap().engine;
    for engine in [&engine, &replayed] {
        assert_eq!(engine.segment("often").unwrap().count, 3);
    }
    assert_eq!(replayed.hash(), engine.hash());
}

/// A thousand people, of whom a few come by at each step: every snapshot gives the engine as it was, also where the newest is
/// damaged, and writes little besides what they touched.
#[test]
fn every_snapshot_of_a_long_history_comes_back_and_writes_what_has_changed() {
    let house = House::new();
    let mut engine = house.recover().unwrap().engine;
    let mut number = 0_u64;
    let mut come = |engine: &mut Engine, count: u64| {
        let mut events = Vec::new();
        for _ in 0..count {
            number += 1;
            let draw = xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes());
            let user = if number <= 1_200 { number } else { draw % 1_400 };
            events.extend(seen(&format!("u{user}"), &format!("m{number}"), number.cast_signed() * 60_000));
        }
        let at = At(number.cast_signed() * 60_000);
        house.log().append(&stage(engine, at, &[&events]).batches).unwrap();
    };
    house.log().append(&stage(&mut engine, At(1_000), &[&programme()]).batches).unwrap();
    come(&mut engine, 1_200);
    let mut before = None;
    for step in 0..14 {
        come(&mut engine, 1 + step % 3);
        let written = house.snapshots().write(engine.sections()).unwrap();
        assert!(written.sections > 500, "{written:?}");
        assert_eq!(written.new == written.sections, step < 2, "{written:?} at {step}");
        assert!(step < 2 || written.new < 80, "{written:?} at {step}");
        let log = house.log();
        let then = |at| recover_as_of(at, &house.snapshots(), |from| log.read(from)).unwrap();
        let recovered = house.recover().unwrap();
        assert_eq!((recovered.snapshot, recovered.replayed), (Some(engine.seq()), 0));
        assert_eq!(recovered.engine.hash(), engine.hash(), "at {step}");
        assert_eq!(recovered.engine.snapshot(), engine.snapshot(), "equal states give equal sections");
        if let Some((at, hash)) = before.replace((engine.at(), engine.hash())) {
            assert_eq!(then(at).hash(), hash, "the one before");
        }
        if step == 9 {
            house.damage_section(engine.seq().0);
            let recovered = house.recover().unwrap();
            assert_eq!((recovered.discarded.len(), recovered.engine.hash()), (1, engine.hash()));
            let written = house.snapshots().write(engine.sections()).unwrap();
            assert_eq!(
                written.new, written.sections,
                "the next one shares nothing with the one that is left"
            );
        }
        // The process may be another one by now.
        engine = if step % 4 == 3 { recovered.engine } else { engine };
    }
}
