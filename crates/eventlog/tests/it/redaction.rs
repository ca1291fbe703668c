//! Somebody is erased, and then is nowhere on the disk, whatever happens meanwhile.

use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::record::{ProfileErased, Record};
use engine::{ProfileId, Seq};
use eventlog::Error;
use eventlog::copy::copy;
use eventlog::folder::Folder;
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder, MemoryLog};
use eventlog::recovery::{recover, recover_as_of};
use eventlog::redaction::redact;
use eventlog::sequencer::stage;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use eventlog::verify::verify;
use std::path::Path;

use crate::records::{installed, programme, seen};

const ADA: &str = "ada-lovelace";

/// Ada and Bob come by turns, and then Ada is erased.
fn lived_in(log: &mut dyn Log, snapshots: &mut Snapshots) -> Engine {
    let mut engine = recover(log, snapshots, &installed(), At(1_000)).unwrap().engine;
    let mut erased = Vec::new();
    let record = ProfileErased { profile: ProfileId(0), erased_at: At(9_000), operator: "eve" };
    Record::ProfileErased(record).encode(&mut erased);
    let mut body = Vec::new();
    push_record(&mut body, &erased);
    let visits = (0..6).map(|number| {
        let who = if number % 2 == 0 { ADA } else { "bob" };
        seen(who, &format!("m{number}"), 2_000 + number)
    });
    for (number, submission) in [programme()].into_iter().chain(visits).chain([body]).enumerate() {
        let staged = stage(&mut engine, At(2_000 + number as i64), &[&submission]);
        log.append(&staged.batches).unwrap();
        if number == 3 {
            snapshots.write(engine.sections()).unwrap();
        }
    }
    assert_eq!(engine.erasures().len(), 1);
    engine
}

fn find(engine: &Engine, who: &str) -> Option<ProfileId> {
    engine.find(IdentifierKind::UserId, who)
}

fn names(bytes: &[u8]) -> bool {
    bytes.windows(ADA.len()).any(|window| window == ADA.as_bytes())
}

/// Whether Ada is in the log or in a snapshot.
fn is_on_disk(log: &dyn Log, snapshots: &Snapshots) -> bool {
    let mut files = snapshots.contents().unwrap().map(|(_, content)| content.unwrap());
    files.any(|content| names(&content)) || log.read(Seq(1)).unwrap().any(|batch| names(&batch.unwrap().body))
}

struct House(MemoryDisk);

impl House {
    fn log(&self) -> MemoryLog {
        MemoryLog::open(&self.0).unwrap()
    }

    fn snapshots(&self) -> Snapshots {
        Snapshots::new(MemoryFolder::open(&self.0))
    }

    fn recover(&self) -> Result<Engine, Error> {
        Ok(recover(&mut self.log(), &mut self.snapshots(), &installed(), At(0))?.engine)
    }
}

#[test]
fn whatever_step_the_power_goes_at_the_next_start_ends_the_work() {
    let mut cuts = 0;
    for (countdown, kept) in (0..40).flat_map(|countdown| [(countdown, 0), (countdown, 1)]) {
        let house = House(MemoryDisk::default());
        let mut engine = lived_in(&mut house.log(), &mut house.snapshots());
        assert!(is_on_disk(&house.log(), &house.snapshots()));
        house.0.lose_power_after(countdown);
        let cut = redact(&mut house.log(), &mut house.snapshots(), &mut engine, At(9_000)).is_err();
        cuts += u32::from(cut);
        house.0.crash(&mut |bound| kept % bound);
        let mut engine = house.recover().unwrap();
        redact(&mut house.log(), &mut house.snapshots(), &mut engine, At(9_000)).unwrap();
        assert!(!is_on_disk(&house.log(), &house.snapshots()), "cut at {countdown}");
        assert!(engine.erasures().is_empty());
        assert!(verify(&house.log()).fault.is_none());
        let recovered = house.recover().unwrap();
        assert_eq!(recovered.hash(), engine.hash());
        assert_eq!((find(&recovered, ADA), find(&recovered, "bob")), (None, Some(ProfileId(1))));
        assert_eq!(recovered.timeline(ProfileId(1), 10).len(), 3);
    }
    assert!(cuts >= 10, "the power went in the middle {cuts} times");
}

#[test]
fn a_redacted_log_is_replayed_from_a_snapshot_after_it_and_from_nowhere_else() {
    let house = House(MemoryDisk::default());
    let mut engine = lived_in(&mut house.log(), &mut house.snapshots());
    redact(&mut house.log(), &mut house.snapshots(), &mut engine, At(9_000)).unwrap();
    let files = MemoryFolder::open(&house.0).list().unwrap();
    let names: Vec<&str> =
        files.iter().map(String::as_str).filter(|name| name.starts_with("snapshot-")).collect();
    assert_eq!((names.len(), files.len()), (2, 4), "the one of before is gone: {files:?}");
    let then = |at| {
        recover_as_of(At(at), &house.snapshots(), |from| {
            house.log().read(from).map(|all| -> eventlog::log::Batches<'static> {
                Box::new(all.collect::<Vec<_>>().into_iter())
            })
        })
    };
    assert_eq!(then(2_000).unwrap().seq(), Seq(2), "what came before the first of them is as it was");
    assert!(matches!(then(2_003).err(), Some(Error::Redacted { seq: Seq(3) })));
    house.0.damage(names[1], 60);
    assert_eq!(house.recover().unwrap().hash(), engine.hash());
    house.0.damage(names[0], 60);
    let refusal = house.recover().err().expect("refused");
    assert!(
        refusal.to_string().starts_with("the log was redacted at seq 3, where somebody was erased"),
        "{refusal}"
    );
}

/// Whether Ada is in any file of a directory, as its bytes are.
fn is_in_a_file(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { is_in_a_file(&path) } else { names(&std::fs::read(&path).unwrap()) }
    })
}

#[test]
fn no_file_of_the_directory_has_what_was_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = SqliteLog::open(dir.path()).unwrap();
    let mut snapshots = Snapshots::open(dir.path()).unwrap();
    let mut engine = lived_in(&mut log, &mut snapshots);
    assert!(is_in_a_file(dir.path()) && is_on_disk(&log, &snapshots));
    redact(&mut log, &mut snapshots, &mut engine, At(9_000)).unwrap();
    assert!(!is_in_a_file(dir.path()) && !is_on_disk(&log, &snapshots));
    let first: Batch = log.read(Seq(1)).unwrap().next().unwrap().unwrap();
    assert_eq!(first.first, Seq(1));
    drop(log);
    let mut log = SqliteLog::open(dir.path()).unwrap();
    let recovered = recover(&mut log, &mut snapshots, &installed(), At(0)).unwrap();
    assert_eq!(recovered.engine.hash(), engine.hash());
    assert!(!is_in_a_file(dir.path()));
}

#[test]
fn a_copy_of_which_an_erasure_took_the_beginning_is_refused() {
    let (dir, house) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut log = SqliteLog::open(dir.path()).unwrap();
    let mut snapshots = Snapshots::open(dir.path()).unwrap();
    let mut engine = lived_in(&mut log, &mut snapshots);
    let state = dir.path().join("state");
    let files =
        || -> Vec<_> { std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let before: Vec<_> = files().into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    redact(&mut log, &mut snapshots, &mut engine, At(9_000)).unwrap();
    let whole = house.path().join("whole");
    copy(dir.path(), &whole).unwrap();
    let mut copied = SqliteLog::open(&whole).unwrap();
    let recovered = recover(&mut copied, &mut Snapshots::open(&whole).unwrap(), &installed(), At(0)).unwrap();
    assert_eq!(recovered.engine.hash(), engine.hash());
    // As if it had come between the copies of the snapshots and of the log.
    files().iter().for_each(|path| std::fs::remove_file(path).unwrap());
    before.iter().for_each(|(bytes, path)| std::fs::write(path, bytes).unwrap());
    let refusal = copy(dir.path(), &house.path().join("torn")).err();
    assert!(matches!(refusal, Some(Error::Redacted { seq: Seq(7) })), "{refusal:?}");
}

#[test]
fn an_event_that_lost_a_name_is_not_replayed_without_it() {
    let house = House(MemoryDisk::default());
    house.recover().unwrap();
    let record = seen("bob", "m1", 2_000);
    let Ok(Record::Event(mut event)) = Record::decode(&record[1..]) else { panic!("one short record") };
    event.identifiers[0].blank();
    let (mut bytes, mut body) = (Vec::new(), Vec::new());
    Record::Event(event).encode(&mut bytes);
    push_record(&mut body, &bytes);
    house.log().append(&[Batch { first: Seq(2), at: At(2_000), count: 1, body }]).unwrap();
    assert!(verify(&house.log()).fault.is_none());
    assert!(matches!(house.recover().err(), Some(Error::Redacted { seq: Seq(2) })));
}
