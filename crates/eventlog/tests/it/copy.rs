//! A second data directory, made of one that somebody may be writing.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use engine::Seq;
use engine::at::At;
use engine::section::Section;
use eventlog::Error;
use eventlog::copy::copy;
use eventlog::log::Log;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use eventlog::verify::verify;

use crate::batches::{batch, bulky, read};
use crate::told::Told;

/// Two sections, one of which is as it always was.
fn some_state(number: u64) -> Vec<Section> {
    [(1, 0), (2, number)].map(|(key, number)| Section::new(key, number.to_le_bytes().repeat(2_000))).into()
}

/// Ends the writer also where a check fails, so that the test does.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn a_copy_of_a_log_that_grows_has_all_that_was_there_when_it_began() {
    let (from, house) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut log = SqliteLog::open(from.path()).unwrap();
    let mut snapshots = Snapshots::open(from.path()).unwrap();
    log.append(&[batch(1, 5, 3)]).unwrap();
    let (stop, appended) = (AtomicBool::new(false), AtomicU64::new(3));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut next = 4;
            while !stop.load(Ordering::Acquire) {
                log.append(&[batch(next, 7, 2), bulky(next + 2, 7, 2_000)]).unwrap();
                next += 3;
                appended.store(next - 1, Ordering::Release);
                if next % 5 == 0 {
                    snapshots.write(Told::new(next - 1, &some_state(next))).unwrap();
                }
            }
        });
        let _stopped_in_any_case = Stop(&stop);
        for number in 0..20 {
            let before = appended.load(Ordering::Acquire);
            let to = house.path().join(number.to_string());
            let copied = copy(from.path(), &to).unwrap();
            let log = SqliteLog::open(&to).unwrap();
            let report = verify(&log);
            assert!(report.fault.is_none(), "{report:?}");
            assert_eq!(
                (copied.first, copied.last, copied.batches),
                (report.first, report.last, report.batches)
            );
            assert_eq!(log.last(), copied.last);
            let (last, _) = copied.last.unwrap();
            assert!(last.0 >= before, "the copy ends at seq {last}, and {before} records were there");
            assert_eq!(read(&log, 1).last().unwrap().last(), last);
            for (seq, snapshot) in Snapshots::open(&to).unwrap().newest_first().unwrap() {
                let snapshot = snapshot.unwrap();
                let sections: Vec<Section> = snapshot.sections().map(Result::unwrap).collect();
                assert!(seq <= last && sections == some_state(seq.0 + 1), "the snapshot at seq {seq}");
            }
        }
    });
    assert_eq!(read(&log, 1)[..3], read(&SqliteLog::open(&house.path().join("19")).unwrap(), 1)[..3]);
}

#[test]
fn a_copy_of_an_empty_log_is_empty() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(SqliteLog::open(from.path()).unwrap());
    let copied = copy(from.path(), to.path()).unwrap();
    assert_eq!((copied.first, copied.last, copied.batches), (None, None, 0));
    assert_eq!(SqliteLog::open(to.path()).unwrap().last(), None);
}

#[test]
fn damage_is_not_copied() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let batches = [batch(1, 5, 3), bulky(4, 5, 3_000), batch(5, 5, 1)];
    SqliteLog::open(from.path()).unwrap().append(&batches).unwrap();
    let path = from.path().join("log.db");
    let mut bytes = fs::read(&path).unwrap();
    let needle = &batches[1].body[1_000..1_032];
    let place = bytes.windows(32).position(|window| window == needle).expect("stored as it is");
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refusal = copy(from.path(), to.path()).unwrap_err().to_string();
    assert_eq!(refusal, "the log is damaged at seq 4: the checksum of its batch does not match");
}

#[test]
fn a_trimmed_log_is_copied_with_the_snapshot_that_stands_for_what_is_gone() {
    let (from, house) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut log = SqliteLog::open(from.path()).unwrap();
    log.append(&[batch(1, 5, 3), batch(4, 5, 3), batch(7, 5, 1)]).unwrap();
    log.trim(Seq(6)).unwrap();
    let refusal = copy(from.path(), &house.path().join("1")).unwrap_err();
    assert!(matches!(refusal, Error::Trimmed { first: Seq(7), .. }), "{refusal}");
    Snapshots::open(from.path()).unwrap().write(Told::new(6, &some_state(6))).unwrap();
    let copied = copy(from.path(), &house.path().join("2")).unwrap();
    assert_eq!((copied.first, copied.last), (Some(Seq(7)), Some((Seq(7), At(5)))));
}
