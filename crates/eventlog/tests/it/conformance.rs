//! What every log must do, told as stories. Each implementation gives a house to open its log in.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::Seq;
use engine::at::At;
use eventlog::Error;
use eventlog::log::{Batch, Log};
use eventlog::verify::verify;

use crate::batches::{batch, bulky, read};

/// A place that holds one log.
pub(crate) trait House {
    fn open(&self) -> Box<dyn Log>;

    /// The process dies with the log open, and the machine with it. What is on the disk stays.
    fn crash(&mut self, log: Box<dyn Log>);
}

/// Runs every story, each in a new house.
pub(crate) fn holds<H: House>(new: impl Fn() -> H) {
    an_empty_log_has_no_end(&new());
    what_was_appended_is_read_again(&new());
    a_reader_starts_in_the_middle_of_a_batch(&new());
    several_batches_are_one_append(&new());
    a_large_batch_is_a_batch(&new());
    a_reader_does_not_stop_the_writer(&new());
    trimming_drops_whole_batches_and_keeps_the_newest(&new());
    what_is_rewritten_lies_where_it_lay(new());
    what_does_not_continue_the_log_is_refused(&new());
    a_crash_takes_nothing_that_was_acknowledged(new());
    a_walk_finds_nothing_wrong(&new());
}

fn an_empty_log_has_no_end(house: &impl House) {
    let mut log = house.open();
    assert_eq!(log.last(), None);
    assert_eq!(log.first().unwrap(), None);
    assert_eq!(read(&*log, 1), vec![]);
    log.append(&[]).unwrap();
    log.trim(Seq(10)).unwrap();
    assert_eq!(log.last(), None);
    assert!(verify(&*log).fault.is_none());
}

fn what_was_appended_is_read_again(house: &impl House) {
    let batches = [batch(1, 10, 3), batch(4, 10, 1), batch(5, 25, 2)];
    let mut log = house.open();
    for (index, batch) in batches.iter().enumerate() {
        log.append(std::slice::from_ref(batch)).unwrap();
        assert_eq!(log.last(), Some((batch.last(), batch.at)));
        assert_eq!(read(&*log, 1), batches[..=index]);
    }
    drop(log);
    let log = house.open();
    assert_eq!(log.last(), Some((Seq(6), At(25))));
    assert_eq!(log.first().unwrap(), Some(Seq(1)));
    assert_eq!(read(&*log, 1), batches);
    assert!(log.bytes().unwrap() > 0);
}

fn a_reader_starts_in_the_middle_of_a_batch(house: &impl House) {
    let batches = [batch(1, 10, 3), batch(4, 10, 3), batch(7, 11, 3)];
    let mut log = house.open();
    log.append(&batches).unwrap();
    for (from, first) in [(0, 1), (1, 1), (3, 1), (4, 4), (5, 4), (6, 4), (7, 7), (9, 7)] {
        assert_eq!(read(&*log, from)[0].first, Seq(first), "from {from}");
        assert_eq!(read(&*log, from).last(), Some(&batches[2]));
    }
    assert_eq!(read(&*log, 10), vec![], "not written yet");
    assert_eq!(read(&*log, 99), vec![], "not written yet");
}

fn several_batches_are_one_append(house: &impl House) {
    let batches: Vec<Batch> = (0..50).map(|index| batch(1 + 4 * index, 7, 4)).collect();
    let mut log = house.open();
    log.append(&batches).unwrap();
    assert_eq!(read(&*log, 1), batches);
    assert_eq!(log.last(), Some((Seq(200), At(7))));
}

fn a_large_batch_is_a_batch(house: &impl House) {
    let batches = [bulky(1, 1, 5 << 20), batch(2, 1, 1), bulky(3, 2, 100_000)];
    let mut log = house.open();
    log.append(&batches).unwrap();
    drop(log);
    assert!(read(&*house.open(), 1) == batches);
}

fn a_reader_does_not_stop_the_writer(house: &impl House) {
    let mut log = house.open();
    log.append(&[batch(1, 1, 2), batch(3, 1, 2)]).unwrap();
    let mut reader = log.read(Seq(1)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), batch(1, 1, 2));
    drop(reader);
    log.append(&[batch(5, 2, 1)]).unwrap();
    let mut reader = log.read(Seq(3)).unwrap().map(Result::unwrap);
    assert_eq!(reader.next().unwrap(), batch(3, 1, 2));
    assert_eq!(reader.next().unwrap(), batch(5, 2, 1));
    assert_eq!(reader.next(), None);
    assert_eq!(reader.next(), None, "an end stays an end");
}

fn trimming_drops_whole_batches_and_keeps_the_newest(house: &impl House) {
    let batches: Vec<Batch> = (0..400).map(|index| batch(1 + 3 * index, 7, 3)).collect();
    let mut log = house.open();
    log.append(&batches).unwrap();
    for (to, first) in [(0, 1), (2, 1), (3, 4), (4, 4), (1_000, 1_000), (1_001, 1_000), (5_000, 1_198)] {
        log.trim(Seq(to)).unwrap();
        assert_eq!(log.first().unwrap(), Some(Seq(first)), "trimmed to {to}");
        assert_eq!(read(&*log, first)[0].first, Seq(first));
        assert_eq!(log.last(), Some((Seq(1_200), At(7))));
    }
    let refusal = log.read(Seq(1_197)).err();
    assert!(matches!(refusal, Some(Error::Trimmed { from: Seq(1_197), first: Seq(1_198) })), "{refusal:?}");
    drop(log);
    let mut log = house.open();
    log.append(&[batch(1_201, 8, 1)]).unwrap();
    assert_eq!(read(&*log, 1_198).len(), 2);
}

fn what_is_rewritten_lies_where_it_lay(mut house: impl House) {
    let mut log = house.open();
    let before = [batch(1, 10, 2), bulky(3, 10, 200_000), batch(4, 25, 2)];
    log.append(&before).unwrap();
    log.append(&[batch(6, 30, 1)]).unwrap();
    let short = Batch { body: batch(1, 77, 1).body, ..before[1] };
    let other = Batch { body: batch(40, 25, 2).body, ..before[2] };
    log.rewrite(&[]).unwrap();
    log.rewrite(&[short.clone(), other.clone()]).unwrap();
    assert!(log.scrub().unwrap());
    let after = [before[0].clone(), short, other, batch(6, 30, 1)];
    assert_eq!(read(&*log, 1), after);
    assert!(verify(&*log).fault.is_none());
    let moved = Batch { at: At(11), ..before[0].clone() };
    for wrong in [batch(7, 30, 1), batch(2, 10, 1), moved] {
        let rewrite = || log.rewrite(std::slice::from_ref(&wrong));
        assert!(catch_unwind(AssertUnwindSafe(rewrite)).is_err(), "{wrong:?} lies nowhere");
    }
    house.crash(log);
    let mut log = house.open();
    assert_eq!(read(&*log, 1), after);
    log.append(&[batch(7, 30, 1)]).unwrap();
    assert_eq!(log.last(), Some((Seq(7), At(30))));
}

fn what_does_not_continue_the_log_is_refused(house: &impl House) {
    let mut log = house.open();
    log.append(&[batch(1, 10, 3)]).unwrap();
    let empty = Batch { first: Seq(4), at: At(10), count: 0, body: vec![] };
    for (why, wrong) in [
        ("a gap", vec![batch(5, 10, 1)]),
        ("an overlap", vec![batch(3, 10, 1)]),
        ("the same again", vec![batch(1, 10, 3)]),
        ("time runs backwards", vec![batch(4, 9, 1)]),
        ("no records", vec![empty]),
        ("a gap inside", vec![batch(4, 10, 1), batch(6, 10, 1)]),
    ] {
        let refused = catch_unwind(AssertUnwindSafe(|| log.append(&wrong)));
        assert!(refused.is_err(), "{why}");
        assert_eq!(log.last(), Some((Seq(3), At(10))), "{why}");
    }
    log.append(&[batch(4, 10, 1)]).unwrap();
    assert_eq!(read(&*log, 1), [batch(1, 10, 3), batch(4, 10, 1)]);
}

fn a_crash_takes_nothing_that_was_acknowledged(mut house: impl House) {
    let mut written = Vec::new();
    for round in 0..5 {
        let mut log = house.open();
        assert_eq!(read(&*log, 1), written, "after {round} crashes");
        let first = log.last().map_or(1, |(seq, _)| seq.0 + 1);
        let batches = [batch(first, round, 2), bulky(first + 2, round, 20_000)];
        log.append(&batches).unwrap();
        written.extend(batches);
        house.crash(log);
    }
    assert_eq!(read(&*house.open(), 1), written);
}

fn a_walk_finds_nothing_wrong(house: &impl House) {
    let mut log = house.open();
    log.append(&[batch(1, 10, 3), batch(4, 10, 5), batch(9, 12, 1)]).unwrap();
    log.trim(Seq(3)).unwrap();
    let report = verify(&*log);
    assert!(report.fault.is_none(), "{:?}", report.fault);
    assert_eq!((report.batches, report.records), (2, 6));
    assert_eq!((report.first, report.last), (Some(Seq(4)), Some((Seq(9), At(12)))));
    assert_eq!(report.bytes_raw, read(&*log, 4).iter().map(|batch| batch.body.len() as u64).sum::<u64>());
    assert!(report.bytes_stored > 0);
}
