//! Batches for the tests: their records tell their own places, so that a reader can be checked.

use engine::Seq;
use engine::at::At;
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};

/// `count` small records from `first` on, taken in at `at`.
pub(crate) fn batch(first: u64, at: i64, count: u32) -> Batch {
    let mut body = Vec::new();
    for seq in first..first + u64::from(count) {
        push_record(&mut body, format!("record {seq}").as_bytes());
    }
    Batch { first: Seq(first), at: At(at), count, body }
}

/// One record of `length` bytes that do not compress.
pub(crate) fn bulky(first: u64, at: i64, length: usize) -> Batch {
    let mut state = first.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let record: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
    .collect();
    let mut body = Vec::new();
    push_record(&mut body, &record);
    Batch { first: Seq(first), at: At(at), count: 1, body }
}

/// Everything that a log gives from a place on.
pub(crate) fn read(log: &dyn Log, from: u64) -> Vec<Batch> {
    log.read(Seq(from)).unwrap().map(Result::unwrap).collect()
}
