//! From what is on the disk to an engine that can go on: a snapshot of many people and events, and a tail of records after
//! it, with the programme of `examples/bottega` live.
//!
//! The peer in the same run is what no recovery can do without: reading the snapshot's bytes, with their checksums, and
//! decoding each record of the tail. `cargo run --release -p server --example bench_recovery -- [profiles] [events] [tail]`.

mod fed;

use engine::Seq;
use engine::at::At;
use engine::record::Record;
use eventlog::log::{Batch, Log};
use eventlog::recovery::recover;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use fed::shop::Shop;
use fed::{BATCH, INSTALLED, installed, take};
use std::path::Path;
use std::time::Instant;

/// Records in a batch that only stands for others.
const STAND_IN: u64 = 1_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let profiles = arguments.next().unwrap_or(1_000_000);
    let events = arguments.next().unwrap_or(100_000_000);
    let tail = arguments.next().unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");

    let mut shop = Shop::new(profiles, events + tail).enumerate().peekable();
    let mut engine = installed(shop.peek().expect("at least one event").1.at);
    (0..events / BATCH).for_each(|_| _ = take(&mut engine, shop.by_ref().take(BATCH)));
    let begin = Instant::now();
    let mut snapshots = Snapshots::open(folder.path()).expect("a folder");
    snapshots.write(engine.sections()).expect("the disk takes it");
    println!("{} profiles, {events} events, {tail} after them", engine.counts().profiles);
    println!("snapshot written in {:.1} s, {:.0} MB on the disk", seconds(begin), megabytes(folder.path()));

    let mut log = SqliteLog::open(folder.path()).expect("a log");
    stand_in(&mut log, engine.seq(), engine.at());
    while shop.peek().is_some() {
        let batches = take(&mut engine, shop.by_ref().take(BATCH));
        log.append(&batches).expect("the disk takes it");
    }
    let (hash, now) = (engine.hash(), engine.at());
    drop(engine);

    let begin = Instant::now();
    let read =
        snapshots.newest_first().expect("a folder").next().expect("a snapshot").1.expect("it is whole");
    let bytes: usize =
        read.sections().map(|one| one.expect("whole").bytes.map_or(0, |bytes| bytes.len())).sum();
    println!("read and checksums   {:.2} s, {:.0} MB", seconds(begin), bytes as f64 / 1e6);
    let from = read.seq.next();
    drop(read);
    let begin = Instant::now();
    let mut count = 0;
    for batch in log.read(from).expect("the tail") {
        let batch = batch.expect("it is whole");
        count += batch.records().filter(|record| Record::decode(record.expect("framed")).is_ok()).count();
    }
    println!("tail read, decoded   {:.2} s, {count} records", seconds(begin));
    let begin = Instant::now();
    let recovered = recover(&mut log, &mut snapshots, &INSTALLED, now).expect("it recovers");
    println!("recovered            {:.2} s, {} records replayed", seconds(begin), recovered.replayed);
    assert_eq!(recovered.engine.hash(), hash, "it is another engine");
}

/// Batches in the place of all records up to one, which nobody will read, and which are trimmed as far as a log can be.
fn stand_in(log: &mut SqliteLog, to: Seq, at: At) {
    let mut first = Seq(1);
    while first <= to {
        let count = (to.0 - first.0 + 1).min(STAND_IN);
        let batch = Batch { first, at, count: count as u32, body: vec![0; count as usize] };
        first = batch.last().next();
        log.append(&[batch]).expect("the disk takes it");
    }
    log.trim(to).expect("the disk takes it");
}

fn seconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64()
}

fn megabytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder.join("state")).expect("a folder");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len() as f64 / 1e6).sum()
}
