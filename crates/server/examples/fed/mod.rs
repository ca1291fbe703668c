//! An engine with the programme of `examples/bottega` live, and the records of a shop for it: what the benchmarks of
//! recovery and of the dry run are fed with.

#[path = "../../../engine/examples/bench_segment/shop.rs"]
#[allow(dead_code, reason = "the segments' benchmark uses the rest")]
pub(crate) mod shop;

use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::Programme;
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::{Map, ValueWriter};
use eventlog::frame::push_record;
use eventlog::log::Batch;
use eventlog::sequencer::stage;
use shop::{Happening, NAMES, ORDER_COMPLETED};
use std::path::Path;

const KEY: HashKey = HashKey([5; 16]);
pub(crate) const INSTALLED: Installed =
    Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
/// Records a batch: what thirty-two connections send at once.
pub(crate) const BATCH: usize = 3_200;

pub(crate) fn bottega() -> Programme {
    server::programme::load(Path::new("examples/bottega")).expect("a programme").0
}

/// An engine of which the programme is that of the example.
pub(crate) fn installed(at: At) -> Engine {
    let mut engine = Engine::new();
    let definition = serde_json::to_string(&bottega()).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: at, operator: "bench", definition: &definition };
    for record in [Record::Installed(INSTALLED), Record::ProgrammeApplied(applied)] {
        let seq = engine.seq().next();
        assert_eq!(engine.apply(seq, at, &record, &mut Vec::new()), Outcome::Applied);
    }
    engine
}

/// Applies some events as the server does, and gives what is to be logged.
pub(crate) fn take(engine: &mut Engine, events: impl Iterator<Item = (usize, Happening)>) -> Vec<Batch> {
    let (mut body, mut record, mut at) = (Vec::new(), Vec::new(), At::MIN);
    for (number, happening) in events {
        record.clear();
        encode(number, &happening, &mut record);
        push_record(&mut body, &record);
        at = happening.at;
    }
    stage(engine, at, &[&body]).batches
}

fn encode(number: usize, happening: &Happening, bytes: &mut Vec<u8>) {
    let user = format!("user-{}", happening.person);
    let hash = KEY.identifier(IdentifierKind::UserId, &user);
    let mut properties = ValueWriter::new();
    if happening.name == ORDER_COMPLETED {
        properties.key("total");
        properties.decimal(happening.total as i64 * 10_000);
    }
    let properties = properties.into_bytes();
    let message_id = number.to_string();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: happening.at,
        received_at: happening.at,
        source: "bench",
        name: NAMES[happening.name].0,
        message_id: KEY.message_id("bench", &message_id),
        identifiers: vec![Identifier { kind: IdentifierKind::UserId, hash, value: &user }],
        message_id_text: &message_id,
        properties: Map::from_bytes(&properties),
        traits: Map::default(),
        context: Map::default(),
    };
    Record::Event(event).encode(bytes);
}
