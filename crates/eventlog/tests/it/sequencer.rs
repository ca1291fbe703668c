//! From submissions to batches.

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::{Engine, Refusal};
use engine::record::{Malformed, Record};
use eventlog::frame::push_record;
use eventlog::log::Batch;
use eventlog::sequencer::{Outcome, stage};

use crate::records::{framed, installed, programme, seen};

fn installation(at: i64) -> Engine {
    let mut engine = Engine::new();
    let first = framed(&Record::Installed(installed()));
    stage(&mut engine, At(at), &[&first, &programme()]);
    assert_eq!(engine.seq(), Seq(2));
    engine
}

/// What the records of a batch are called.
fn kinds(batch: &Batch) -> Vec<String> {
    let name = |bytes| match Record::decode(bytes).unwrap() {
        Record::Event(event) => event.message_id_text.to_owned(),
        Record::Tick => "tick".to_owned(),
        other => format!("{other:?}"),
    };
    batch.records().map(|record| name(record.unwrap())).collect()
}

#[test]
fn what_changes_nothing_stays_out_and_the_rest_is_dense() {
    let mut engine = installation(1_000);
    let mut unreadable = Vec::new();
    push_record(&mut unreadable, &[99, 2, 0, 0]);
    let one =
        [seen("ada", "m1", 1_500), unreadable, seen("ada", "m1", 1_500), seen("", "m2", 1_500)].concat();
    let two = [seen("bob", "m3", 1_600), seen("ada", "m4", 1_700)].concat();
    let staged = stage(&mut engine, At(2_000), &[&one, &[], &two]);
    assert_eq!(
        staged.outcomes,
        [
            vec![
                Outcome::Applied(Seq(3)),
                Outcome::Malformed(Malformed::Version(99)),
                Outcome::Duplicate,
                Outcome::Refused(Refusal::NoIdentifier),
            ],
            vec![],
            vec![Outcome::Applied(Seq(4)), Outcome::Applied(Seq(5))],
        ]
    );
    let [batch] = &staged.batches[..] else { panic!("one batch, {staged:?}") };
    assert_eq!((batch.first, batch.last(), batch.at), (Seq(3), Seq(5), At(2_000)));
    assert_eq!(kinds(batch), ["m1", "m3", "m4"]);
    assert_eq!(engine.seq(), Seq(5));
}

#[test]
fn a_batch_of_repetitions_is_no_batch() {
    let mut engine = installation(1_000);
    let event = seen("ada", "m1", 1_500);
    stage(&mut engine, At(2_000), &[&event]);
    let before = engine.hash();
    let staged = stage(&mut engine, At(2_500), &[&event]);
    assert_eq!(staged.outcomes, [[Outcome::Duplicate]]);
    assert!(staged.batches.is_empty());
    assert_eq!(engine.hash(), before, "nothing happened, not even time");
}

#[test]
fn time_passes_first_and_only_when_something_is_due() {
    let mut engine = installation(1_000);
    stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000)]);
    let fresh = |engine: &Engine| engine.segment("fresh").unwrap().count;
    assert_eq!((fresh(&engine), engine.next_due()), (1, Some(At(2_000).plus(Span::HOUR))));

    let early = stage(&mut engine, At(1_999).plus(Span::HOUR), &[]);
    assert!(early.batches.is_empty());

    let staged = stage(&mut engine, At(2_000).plus(Span::HOUR), &[&seen("bob", "m2", 1_800)]);
    assert_eq!(kinds(&staged.batches[0]), ["tick", "m2"]);
    assert_eq!(staged.outcomes, [[Outcome::Applied(Seq(5))]], "a tick is nobody's submission");
    assert_eq!(fresh(&engine), 0);
}

#[test]
fn a_clock_that_goes_back_does_not_take_the_log_with_it() {
    let mut engine = installation(5_000);
    let staged = stage(&mut engine, At(1_000), &[&seen("ada", "m1", 900)]);
    assert_eq!(staged.batches[0].at, At(5_000));
}
