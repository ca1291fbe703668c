//! The SQLite log: the common suite, then its files torn, flipped, shared, and full.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Seq;
use engine::at::At;
use eventlog::Error;
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};
use eventlog::sqlite::{SqliteLog, SqliteOptions};
use eventlog::verify::{verify, verify_beside};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::batches::{batch, bulky, read};
use crate::conformance::{House, holds};

/// A data directory, and after a crash the copy that the disk held at that moment.
struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn log(&self) -> SqliteLog {
        SqliteLog::open(self.0.path()).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is on the disk now, in a directory of its own.
    fn image(&self) -> Self {
        let image = Self::new();
        for name in ["log.db", "log.db-wal"] {
            if self.file(name).exists() {
                fs::copy(self.file(name), image.file(name)).unwrap();
            }
        }
        image
    }
}

impl House for Directory {
    fn open(&self) -> Box<dyn Log> {
        Box::new(self.log())
    }

    fn crash(&mut self, log: Box<dyn Log>) {
        *self = self.image();
        drop(log);
    }
}

#[test]
fn it_conforms() {
    holds(Directory::new);
}

#[test]
fn a_write_ahead_log_cut_anywhere_keeps_whole_appends() {
    let directory = Directory::new();
    let mut log = directory.log();
    let appends = [vec![batch(1, 1, 2)], vec![batch(3, 1, 1), bulky(4, 2, 30_000)], vec![batch(5, 3, 2)]];
    // The table itself must be in the database before the cut, as it is in any log that has lived a moment.
    drop(log);
    log = directory.log();
    for append in &appends {
        log.append(append).unwrap();
    }
    let image = directory.image();
    drop(log);
    let wal = fs::read(image.file("log.db-wal")).unwrap();
    let mut seen = [0; 4];
    for length in (0..=wal.len()).step_by(4_093).chain([wal.len()]) {
        let cut = image.image();
        fs::write(cut.file("log.db-wal"), &wal[..length]).unwrap();
        let log = cut.log();
        let whole = appends.iter().take_while(|append| append.last().unwrap().last() <= ended(&log)).count();
        assert_eq!(read(&log, 1), appends[..whole].concat(), "cut at {length}");
        assert_eq!(ended(&log).0, [0, 2, 4, 6][whole]);
        assert!(verify(&log).fault.is_none());
        seen[whole] += 1;
    }
    assert!(seen.iter().all(|&times| times > 0), "{seen:?}: every prefix was met");
}

fn ended(log: &SqliteLog) -> Seq {
    log.last().map_or(Seq(0), |(seq, _)| seq)
}

#[test]
fn a_flipped_byte_is_named_by_its_seq() {
    let directory = Directory::new();
    let mut log = directory.log();
    let batches: Vec<Batch> = (1..=20).map(|seq| bulky(seq, 1, 3_000)).collect();
    log.append(&batches).unwrap();
    drop(log);
    let path = directory.file("log.db");
    let mut bytes = fs::read(&path).unwrap();
    let needle = &batches[6].body[1_000..1_032];
    let place = bytes.windows(32).position(|window| window == needle).expect("stored as it is");
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let log = directory.log();
    let report = verify(&log);
    assert_eq!((report.batches, report.records), (6, 6));
    let fault = report.fault.expect("a fault");
    assert!(matches!(fault, Error::Damaged { seq: Seq(7), .. }), "{fault}");
    assert_eq!(fault.to_string(), "the log is damaged at seq 7: the checksum of its batch does not match");
    let after: Vec<Seq> = log.read(Seq(8)).unwrap().map(|batch| batch.unwrap().first).collect();
    assert_eq!(after, (8..=20).map(Seq).collect::<Vec<_>>(), "what lies behind can still be read");
}

#[test]
fn what_somebody_else_did_to_the_rows_is_found() {
    for (statement, seq, what) in [
        ("DELETE FROM batches WHERE first_seq = 3", 3, "begins at seq 5"),
        ("UPDATE batches SET first_seq = 4 WHERE first_seq = 3", 3, "begins at seq 4"),
        ("UPDATE batches SET at = 0 WHERE first_seq = 5", 5, "checksum"),
        ("UPDATE batches SET count = 1 WHERE first_seq = 1", 1, "checksum"),
        ("UPDATE batches SET body = x'00' WHERE first_seq = 1", 1, "checksum"),
        ("UPDATE batches SET body = x'00' WHERE first_seq = 7", 7, "checksum"),
        ("UPDATE batches SET body = x'00' WHERE first_seq IN (5, 7)", 5, "checksum"),
    ] {
        let directory = Directory::new();
        let mut log = directory.log();
        log.append(&[batch(1, 5, 2), batch(3, 5, 2), batch(5, 5, 2), batch(7, 5, 2)]).unwrap();
        let changed = Connection::open(directory.file("log.db")).unwrap().execute(statement, []).unwrap();
        assert!(changed > 0, "{statement}");
        for report in [verify(&log), verify_beside(&log.reader())] {
            let fault = report.fault.expect(statement);
            assert!(
                matches!(fault, Error::Damaged { seq: found, .. } if found == Seq(seq)),
                "{statement}: {fault}"
            );
            assert!(fault.to_string().contains(what), "{statement}: {fault}");
        }
    }
}

#[test]
fn a_batch_that_lies_about_its_records_is_found() {
    let directory = Directory::new();
    let mut log = directory.log();
    let mut lying = batch(3, 1, 2);
    lying.count = 3;
    log.append(&[batch(1, 1, 2), lying]).unwrap();
    let fault = verify(&log).fault.unwrap().to_string();
    assert_eq!(fault, "the log is damaged at seq 3: the batch says 3 records and holds 2");
}

#[test]
fn a_record_that_nobody_can_read_is_found() {
    let directory = Directory::new();
    let mut log = directory.log();
    let mut body = batch(1, 1, 2).body;
    push_record(&mut body, &[99, 2, 0, 0]);
    log.append(&[Batch { first: Seq(1), at: At(1), count: 3, body }]).unwrap();
    let fault = verify(&log).fault.unwrap().to_string();
    assert_eq!(fault, "the log is damaged at seq 3: record version 99 is newer than this program knows");
}

#[test]
fn one_directory_has_one_owner() {
    let directory = Directory::new();
    let log = directory.log();
    let refusal = SqliteLog::open(directory.0.path()).err().expect("refused");
    assert!(matches!(refusal, Error::InUse { .. }), "{refusal}");
    assert!(refusal.to_string().contains(directory.0.path().to_str().unwrap()), "{refusal}");
    drop(log);
    directory.log();
}

#[test]
fn another_process_is_refused_as_well() {
    let directory = Directory::new();
    let locked = directory.file("trama.lock");
    drop(directory.log());
    // `flock` is the same lock by other means: it holds the file until its standard input ends.
    let mut holder = Command::new("flock")
        .args([locked.as_os_str(), "sh".as_ref(), "-c".as_ref(), "echo held; cat".as_ref()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut said).unwrap();
    let refusal = SqliteLog::open(directory.0.path()).err();
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(matches!(refusal, Some(Error::InUse { .. })), "{refusal:?}");
    directory.log();
}

#[test]
fn a_newer_format_and_a_foreign_file_are_refused() {
    let directory = Directory::new();
    let mut log = directory.log();
    log.append(&[batch(1, 1, 1)]).unwrap();
    drop(log);
    let execute = |sql: &str| Connection::open(directory.file("log.db")).unwrap().execute_batch(sql).unwrap();
    let refusal = || SqliteLog::open(directory.0.path()).err().expect("refused");
    execute("PRAGMA user_version = 2");
    assert!(matches!(refusal(), Error::NewerFormat { found: 2, supported: 1, .. }));
    execute("PRAGMA user_version = 1; PRAGMA application_id = 7");
    assert!(matches!(refusal(), Error::Foreign { .. }));
    fs::write(directory.file("log.db"), "a letter to my aunt, long enough to be no empty file".repeat(99))
        .unwrap();
    assert!(matches!(refusal(), Error::Foreign { .. }));
}

#[test]
fn the_write_ahead_log_keeps_to_its_bound() {
    const BOUND: u64 = 1 << 20;
    let directory = Directory::new();
    let options = SqliteOptions { wal_bytes_max: BOUND };
    let mut log = SqliteLog::open_with(directory.0.path(), options).unwrap();
    let mut largest = 0;
    for seq in 1..=400 {
        log.append(&[bulky(seq, 1, 20_000)]).unwrap();
        largest = largest.max(directory.file("log.db-wal").metadata().unwrap().len());
    }
    assert!(largest <= BOUND + 100_000, "8 MB went through a write-ahead log of {largest} bytes");
    assert!(log.restarts() > 0 || largest < BOUND, "and when it came to the bound it started over");
    drop(log);
    let log = directory.log();
    assert_eq!(read(&log, 1).len(), 400);
    assert!(verify(&log).fault.is_none());
}

#[test]
fn a_reader_that_holds_on_makes_the_write_ahead_log_grow_and_stops_nobody() {
    const BOUND: u64 = 1 << 20;
    let directory = Directory::new();
    let options = SqliteOptions { wal_bytes_max: BOUND };
    let mut log = SqliteLog::open_with(directory.0.path(), options).unwrap();
    log.append(&[batch(1, 1, 1)]).unwrap();
    let holder = Connection::open(directory.file("log.db")).unwrap();
    holder.execute_batch("BEGIN; SELECT * FROM batches").unwrap();
    for seq in 2..=101 {
        log.append(&[bulky(seq, 1, 20_000)]).unwrap();
    }
    assert!(directory.file("log.db-wal").metadata().unwrap().len() > BOUND + BOUND / 2);
    assert_eq!(log.restarts(), 0);
    holder.execute_batch("COMMIT").unwrap();
    for seq in 102..=201 {
        log.append(&[bulky(seq, 1, 20_000)]).unwrap();
    }
    assert!(log.restarts() > 0, "once the reader has gone it starts over");
    assert_eq!(read(&log, 1).len(), 201);
}

#[test]
fn readers_follow_a_writer_that_never_rests() {
    let directory = Directory::new();
    let mut log = SqliteLog::open_with(directory.0.path(), SqliteOptions { wal_bytes_max: 1 << 20 }).unwrap();
    let reader = log.reader();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let mut next = Seq(1);
            loop {
                let last_round = stop.load(Ordering::Acquire);
                for batch in reader.read(next).unwrap() {
                    let batch = batch.unwrap();
                    assert_eq!(batch.first, next);
                    next = batch.last().next();
                }
                if last_round {
                    return next;
                }
            }
        });
        for seq in 1..=300 {
            log.append(&[bulky(seq, 1, 9_000)]).unwrap();
        }
        stop.store(true, Ordering::Release);
        assert_eq!(follower.join().unwrap(), Seq(301));
    });
}

#[test]
fn nothing_more_is_read_for_one_who_waits_no_longer() {
    let directory = Directory::new();
    let mut log = directory.log();
    (1..=3).for_each(|seq| log.append(&[batch(seq, 1, 1)]).unwrap());
    let (asker, other) = (Arc::new(()), Arc::new(()));
    let mut left = log.reader().asked_by(&asker).read(Seq(1)).unwrap();
    assert_eq!(left.next().unwrap().unwrap(), batch(1, 1, 1));
    drop(asker);
    assert!(matches!(left.next(), Some(Err(Error::Unwanted))));
    assert!(left.next().is_none());
    let waited_for = log.reader().asked_by(&other).read(Seq(1)).unwrap();
    assert_eq!(waited_for.map(Result::unwrap).count(), 3);
}

#[test]
fn after_an_append_that_failed_the_log_takes_no_more() {
    let directory = Directory::new();
    let mut log = directory.log();
    log.append(&[batch(1, 1, 1)]).unwrap();
    let intruder = Connection::open(directory.file("log.db")).unwrap();
    intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failure = log.append(&[batch(2, 1, 1), batch(3, 1, 1)]).expect_err("somebody else is writing");
    assert!(matches!(failure, Error::Sqlite { .. }), "{failure}");
    intruder.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(log.append(&[batch(2, 1, 1)]), Err(Error::Broken)));
    drop(log);
    let mut log = directory.log();
    assert_eq!(ended(&log), Seq(1));
    log.append(&[batch(2, 1, 1)]).unwrap();
}

#[test]
fn places_are_found_in_their_batches_each_read_once() {
    let directory = Directory::new();
    let mut log = directory.log();
    log.append(&[batch(1, 1, 3), batch(4, 2, 1), batch(5, 3, 4), batch(9, 4, 2)]).unwrap();
    let found = |places: &[u64]| -> Vec<u64> {
        let batches = log.reader().holding(places.iter().map(|place| Seq(*place))).unwrap();
        batches.iter().map(|batch| batch.first.0).collect()
    };
    assert_eq!(found(&[1, 3, 6, 8, 10]), [1, 5, 9]);
    assert_eq!(found(&[4, 5]), [4, 5]);
    assert_eq!(found(&[0, 11, 40]), [0; 0], "what is not there has no batch");
}

#[test]
fn the_log_is_read_backwards_from_any_place_to_where_it_begins() {
    let directory = Directory::new();
    let mut log = directory.log();
    let back = |log: &SqliteLog, from: u64| -> Vec<u64> {
        log.reader().read_back(Seq(from)).unwrap().map(|batch| batch.unwrap().first.0).collect()
    };
    assert_eq!(back(&log, 9), [0; 0], "an empty log");
    log.append(&[batch(1, 1, 3), batch(4, 2, 1), batch(5, 3, 4), batch(9, 4, 2)]).unwrap();
    for (from, expected) in [(0, &[][..]), (1, &[1]), (4, &[4, 1]), (7, &[5, 4, 1]), (40, &[9, 5, 4, 1])] {
        assert_eq!(back(&log, from), expected, "from {from}");
    }
    log.trim(Seq(4)).unwrap();
    assert_eq!((back(&log, 40), back(&log, 3)), (vec![9, 5], vec![]));
}

#[test]
fn the_pages_that_a_rewriting_leaves_hold_nothing() {
    let house = Directory::new();
    let mut log = house.log();
    let secret = bulky(2, 10, 100_000);
    log.append(&[batch(1, 10, 1), secret.clone(), batch(3, 10, 1)]).unwrap();
    let noise = &secret.body[50_000..50_064];
    let is_there = |name: &str| {
        let bytes = fs::read(house.file(name)).unwrap_or_default();
        bytes.windows(noise.len()).any(|window| window == noise)
    };
    assert!(is_there("log.db-wal") || is_there("log.db"), "a look that finds nothing proves nothing");
    assert!(log.scrub().unwrap() && is_there("log.db"));
    log.rewrite(&[Batch { body: batch(2, 10, 1).body, ..secret.clone() }]).unwrap();
    assert!(log.scrub().unwrap());
    assert!(!is_there("log.db") && !is_there("log.db-wal"));
    assert_eq!(fs::metadata(house.file("log.db-wal")).unwrap().len(), 0);
}
