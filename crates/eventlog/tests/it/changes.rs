//! Membership changes as records: after what caused them, before their batch ends, and the same again in a replay.

use engine::at::{At, Span};
use engine::change::ChangeKind;
use engine::engine::{Engine, Outcome, Refusal};
use engine::record::{MembershipChanged, ProgrammeApplied, Record};
use engine::{ProfileId, Seq};
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder, MemoryLog};
use eventlog::recovery::{recover, recover_as_of, replay};
use eventlog::sequencer::{self, Staged, stage, stage_within};
use eventlog::snapshots::Snapshots;

use crate::records::{framed, installed, programme, seen};

/// The programme of [`programme`], and somebody who listens to its segment.
fn listened() -> Vec<u8> {
    framed(&Record::ProgrammeApplied(ProgrammeApplied {
        applied_at: At(0),
        operator: "start",
        definition: r#"{"name":"shop","languages":["en"],"segments":{"fresh":"did \"Seen\" within 1 hour"},"recorded":["fresh"]}"#,
    }))
}

fn installation(programme: &[u8]) -> (Engine, Vec<Batch>) {
    let mut engine = Engine::new();
    let first = framed(&Record::Installed(installed()));
    let staged = stage(&mut engine, At(1_000), &[&first, programme]);
    (engine, staged.batches)
}

/// Each record of some batches: of changes who, what, since when and by which record; of others nothing.
fn told(batches: &[Batch]) -> Vec<Vec<(u32, &'static str, i64, u64)>> {
    let records = batches.iter().flat_map(Batch::records).map(Result::unwrap);
    let told = records.map(|bytes| match Record::decode(bytes).unwrap() {
        Record::MembershipChanged(MembershipChanged { segment, changes }) => {
            assert_eq!(segment, "fresh");
            let tuple = |one: engine::change::Change| (one.profile.0, one.kind.name(), one.at.0, one.cause.0);
            changes.iter().map(tuple).collect()
        }
        _ => Vec::new(),
    });
    told.collect()
}

#[test]
fn changes_follow_what_caused_them_in_one_record_of_the_same_batch() {
    let (mut engine, _) = installation(&listened());
    let two = [seen("ada", "m1", 1_900), seen("bob", "m2", 2_000)].concat();
    let staged = stage(&mut engine, At(7_000), &[&two, &seen("ada", "m3", 7_000)]);
    let outcomes = [vec![Seq(3), Seq(4)], vec![Seq(5)]]
        .map(|places| places.into_iter().map(sequencer::Outcome::Applied).collect::<Vec<_>>());
    assert_eq!(staged.outcomes, outcomes);
    let changes = vec![(0, "entered", 7_000, 3), (1, "entered", 7_000, 4)];
    assert_eq!(told(&staged.batches), [vec![], vec![], vec![], changes]);
    assert_eq!((engine.seq(), staged.batches.len()), (Seq(6), 1));

    // A tick that comes late finds out when each hour ended, Ada's by her later event.
    let late = At(9_000).plus(Span::HOUR).plus(Span::MINUTE);
    let staged = stage(&mut engine, late, &[]);
    let ended = |second: i64| At(second * 1_000).plus(Span::HOUR).0;
    assert_eq!(told(&staged.batches), [vec![], vec![(0, "left", ended(7), 7), (1, "left", ended(2), 7)]]);
}

#[test]
fn nobody_listens_and_nothing_is_recorded() {
    let (mut engine, _) = installation(&programme());
    let staged = stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000)]);
    assert_eq!(told(&staged.batches), [vec![]]);
    assert_eq!(engine.segment("fresh").unwrap().count, 1);
}

#[test]
fn whoever_begins_to_listen_hears_of_everybody_inside_and_whoever_ceases_that_they_left() {
    let (mut engine, _) = installation(&programme());
    stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000), &seen("bob", "m2", 2_000)]);
    let staged = stage(&mut engine, At(3_000), &[&listened()]);
    let everybody = |what| vec![(0, what, 3_000, 5), (1, what, 3_000, 5)];
    assert_eq!(told(&staged.batches), [vec![], everybody("entered")]);
    // In one batch: what was heard before the programme is told, and nothing of what comes after.
    let more = [seen("eve", "m3", 4_000), programme(), seen("guy", "m4", 4_000)].concat();
    let staged = stage(&mut engine, At(4_000), &[&more]);
    let left = [0, 1, 2].map(|who| (who, "left", 4_000, 8));
    let changes = [vec![(2, "entered", 4_000, 7)], left.to_vec()].concat();
    assert_eq!(told(&staged.batches), [vec![], vec![], vec![], changes]);
}

#[test]
fn a_record_of_changes_from_outside_is_refused() {
    let (mut engine, _) = installation(&listened());
    let staged = stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000)]);
    let derived = staged.batches[0].records().last().unwrap().unwrap().to_vec();
    let mut body = Vec::new();
    push_record(&mut body, &derived);
    let staged = stage(&mut engine, At(3_000), &[&body]);
    assert_eq!(staged.outcomes, [[sequencer::Outcome::Refused(Refusal::NotDerived)]]);
    assert!(staged.batches.is_empty());
}

/// Many people, and a programme that begins to listen to them: what it stages with small batches.
fn crowd(engine: &mut Engine) -> (Vec<Batch>, Staged) {
    let people: Vec<u8> =
        (0..5_000).flat_map(|who| seen(&who.to_string(), &who.to_string(), 2_000)).collect();
    let before = stage(engine, At(2_000), &[&people]).batches;
    let staged = stage_within(engine, At(3_000), &[&listened()], 1_500);
    (before, staged)
}

#[test]
fn more_than_one_batch_holds_is_told_in_several_that_become_durable_together() {
    let (mut engine, mut batches) = installation(&programme());
    let (before, staged) = crowd(&mut engine);
    assert_eq!(staged.batches.len(), 5, "a thousand changes a record, a record a batch");
    let changes: Vec<_> = told(&staged.batches).concat();
    assert_eq!(changes.len(), 5_000);
    assert!(changes.iter().enumerate().all(|(who, one)| *one == (who as u32, "entered", 3_000, 5_003)));
    let disk = MemoryDisk::default();
    batches.extend(before);
    let mut log = MemoryLog::open(&disk).unwrap();
    log.append(&batches).unwrap();
    log.append(&staged.batches).unwrap();
    let mut replayed = Engine::new();
    assert_eq!(replay(&log, &mut replayed).unwrap(), engine.seq().0);
    assert_eq!(replayed.hash(), engine.hash());
    let whole = recover_as_of(At(3_000), &Snapshots::new(MemoryFolder::open(&disk)), |from| log.read(from));
    assert_eq!(whole.unwrap().hash(), engine.hash());
}

/// Whether the engine comes back from a log with these batches.
fn comes_back(batches: &[Batch]) -> Result<u64, String> {
    let disk = MemoryDisk::default();
    let mut log = MemoryLog::open(&disk).unwrap();
    log.append(batches).unwrap();
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    let recovered = recover(&mut log, &mut snapshots, &installed(), At(1_000));
    recovered.map(|recovered| recovered.replayed).map_err(|error| error.to_string())
}

/// The batch with its records in other hands.
fn rewritten(batch: &Batch, rewrite: impl FnOnce(&mut Vec<Vec<u8>>)) -> Batch {
    let mut records: Vec<Vec<u8>> = batch.records().map(|record| record.unwrap().to_vec()).collect();
    rewrite(&mut records);
    let mut body = Vec::new();
    records.iter().for_each(|record| push_record(&mut body, record));
    Batch { count: records.len() as u32, body, ..batch.clone() }
}

#[test]
fn a_log_whose_changes_are_missing_or_others_is_not_taken_for_whole() {
    let (mut engine, batches) = installation(&listened());
    let second = stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000)]).batches;
    let third = stage(&mut engine, At(3_000), &[&seen("bob", "m2", 3_000)]).batches;
    let whole = [batches.clone(), second.clone(), third.clone()].concat();
    assert_eq!(comes_back(&whole), Ok(6));

    let without = rewritten(&second[0], |records| drop(records.pop()));
    let at_the_end = comes_back(&[batches.clone(), vec![without.clone()]].concat()).unwrap_err();
    assert!(at_the_end.contains("4") && at_the_end.contains("are missing"), "{at_the_end}");
    let moved = Batch { first: Seq(4), ..third[0].clone() };
    let in_between = comes_back(&[batches.clone(), vec![without, moved]].concat()).unwrap_err();
    assert!(in_between.contains("4") && in_between.contains("are missing"), "{in_between}");

    let other = rewritten(&second[0], |records| {
        *records.last_mut().unwrap() = third[0].records().last().unwrap().unwrap().to_vec();
    });
    let other = comes_back(&[batches.clone(), vec![other]].concat()).unwrap_err();
    assert!(other.contains("NotDerived"), "{other}");

    let twice = rewritten(&second[0], |records| records.push(records.last().unwrap().clone()));
    let twice = comes_back(&[batches, vec![twice]].concat()).unwrap_err();
    assert!(twice.contains("NotDerived"), "{twice}");
}

#[test]
fn no_state_is_written_down_between_a_cause_and_what_it_changed() {
    let (mut engine, _) = installation(&listened());
    let event = seen("ada", "m1", 2_000);
    let bytes = eventlog::frame::Records::new(&event).next().unwrap().unwrap();
    let record = Record::decode(bytes).unwrap();
    let outcome = engine.apply(engine.seq().next(), At(2_000), &record, &mut Vec::new());
    assert_eq!(outcome, Outcome::Applied);
    assert!(std::panic::catch_unwind(|| engine.snapshot()).is_err());
}

#[test]
fn a_merge_tells_of_who_was_taken_in() {
    use engine::identifier::IdentifierKind;
    use engine::record::{Identifier, ProfilesMerged};
    let (mut engine, _) = installation(&listened());
    stage(&mut engine, At(2_000), &[&seen("ada", "m1", 2_000), &seen("bob", "m2", 2_000)]);
    let named = |value| Identifier {
        kind: IdentifierKind::UserId,
        hash: crate::records::KEY.identifier(IdentifierKind::UserId, value),
        value,
    };
    let merged =
        ProfilesMerged { from: named("bob"), into: named("ada"), merged_at: At(3_000), operator: "x" };
    let staged = stage(&mut engine, At(3_000), &[&framed(&Record::ProfilesMerged(merged))]);
    assert_eq!(told(&staged.batches), [vec![], vec![(1, ChangeKind::Merged.name(), 3_000, 6)]]);
    assert_eq!(engine.canonical(ProfileId(1)), ProfileId(0));
}
