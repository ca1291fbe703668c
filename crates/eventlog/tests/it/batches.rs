//! Batches for the tests: their records tell their own places, so that a reader can be checked.

use engine::at::At;
use engine::identifier::KeyedHash;
use engine::record::{Attempted, Event, EventFlags, EventKind, Record};
use engine::value::Map;
use engine::{SendId, Seq};
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};

/// `count` small records from `first` on, taken in at `at`.
pub(crate) fn batch(first: u64, at: i64, count: u32) -> Batch {
    let mut body = Vec::new();
    for seq in first..first + u64::from(count) {
        let attempted = Attempted { send: SendId(seq), attempt: 1, attempted_at: At(at) };
        push(&mut body, &Record::Attempted(attempted));
    }
    Batch { first: Seq(first), at: At(at), count, body }
}

/// One record of some more than `length` bytes that do not compress.
pub(crate) fn bulky(first: u64, at: i64, length: usize) -> Batch {
    let mut state = first.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
    .collect();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: At(at),
        received_at: At(at),
        source: "shop",
        name: "Noise Heard",
        message_id: KeyedHash(u128::from(first)),
        identifiers: vec![],
        message_id_text: "",
        properties: Map::from_bytes(&noise),
        traits: Map::default(),
        context: Map::default(),
    };
    let mut body = Vec::new();
    push(&mut body, &Record::Event(event));
    Batch { first: Seq(first), at: At(at), count: 1, body }
}

fn push(body: &mut Vec<u8>, record: &Record<'_>) {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    push_record(body, &bytes);
}

/// Everything that a log gives from a place on.
pub(crate) fn read(log: &dyn Log, from: u64) -> Vec<Batch> {
    log.read(Seq(from)).unwrap().map(Result::unwrap).collect()
}
