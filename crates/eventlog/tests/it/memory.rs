//! The memory log: the common suite, then a power cut at every storage call there is.

use engine::Seq;
use eventlog::log::Log;
use eventlog::memory::{MemoryDisk, MemoryLog};

use crate::batches::{batch, read};
use crate::conformance::{House, holds};

impl House for MemoryDisk {
    fn open(&self) -> Box<dyn Log> {
        Box::new(MemoryLog::open(self).unwrap())
    }

    fn crash(&mut self, log: Box<dyn Log>) {
        drop(log);
        Self::crash(self, &mut |bound| bound - 1);
    }
}

#[test]
fn it_conforms() {
    holds(MemoryDisk::default);
}

/// Appends until the power goes, and tells the last place that was acknowledged.
fn append_until_the_end(log: &mut MemoryLog) -> (u64, u64) {
    let mut acknowledged = log.last().map_or(0, |(seq, _)| seq.0);
    for round in 0..10 {
        let next = acknowledged + 1;
        let batches = [batch(next, 1, 2), batch(next + 2, 1, 1), batch(next + 3, 1, 3)];
        let some = &batches[..1 + round % 3];
        if log.append(some).is_err() {
            assert!(log.append(some).is_err(), "after a failed write there is none that succeeds");
            return (acknowledged, some.last().unwrap().last().0);
        }
        acknowledged = log.last().unwrap().0.0;
        if round == 5 && log.trim(Seq(acknowledged / 2)).is_err() {
            break;
        }
    }
    (acknowledged, acknowledged)
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_acknowledged_and_halves_no_append() {
    let calls = {
        let disk = MemoryDisk::default();
        append_until_the_end(&mut MemoryLog::open(&disk).unwrap());
        disk.calls()
    };
    assert!(calls > 25, "the story makes {calls} calls");
    let (mut lost, mut survived) = (0, 0);
    for countdown in 0..calls {
        for seed in 0..20 {
            let disk = MemoryDisk::default();
            let mut log = MemoryLog::open(&disk).unwrap();
            disk.lose_power_after(countdown);
            let (acknowledged, attempted) = append_until_the_end(&mut log);
            assert!(disk.power_lost());
            let mut draw = countdown * 31 + seed;
            disk.crash(&mut |bound| {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (draw >> 33) % bound
            });
            let log = MemoryLog::open(&disk).unwrap();
            let last = log.last().map_or(0, |(seq, _)| seq.0);
            assert!(last == acknowledged || last == attempted, "{acknowledged} or {attempted}, found {last}");
            lost += u64::from(last < attempted);
            survived += u64::from(last > acknowledged);
            assert!(eventlog::verify::verify(&log).fault.is_none());
        }
    }
    assert!(
        lost > 0 && survived > 0,
        "an append that was cut went both ways: {lost} lost, {survived} survived"
    );
}

#[test]
fn a_disk_that_lies_about_syncs_loses_what_was_acknowledged() {
    let disk = MemoryDisk::default();
    disk.lie_about_sync();
    let mut log = MemoryLog::open(&disk).unwrap();
    log.append(&[batch(1, 1, 2)]).unwrap();
    disk.crash(&mut |_| 0);
    assert_eq!(read(&MemoryLog::open(&disk).unwrap(), 1), vec![]);
}
