//! Logs and snapshots that a released version wrote are read for ever. Each folder of `tests/fixtures` is a data
//! directory as one version left it.

use std::fs;
use std::path::Path;

use engine::at::At;
use engine::best::Chosen;
use engine::change::{Change, ChangeKind};
use engine::engine::Engine;
use engine::identifier::{HashKey, IdentifierKind};
use engine::record::{
    Attempted, ClustersStated, ConsentSource, ConsentStated, CutoffStated, CutoffsStated, DeliveryOutcome,
    Engaged, Engagement, Event, EventFlags, EventKind, Identifier, Installed, LogRedacted, Malformed,
    ProfileErased, ProgrammeApplied, Record, Rejected, Settled, Subject, SuppressionStated,
};
use engine::section::Section;
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};
use engine::value::{Map, ValueWriter};
use engine::{ProfileId, SendId, Seq};
use eventlog::log::{Batch, Log};
use eventlog::recovery::{recover, replay};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use eventlog::verify::verify;

const KEY: HashKey = HashKey(*b"a key of sixteen");
const NOON: At = At(1_790_000_000_000);

/// One record of each kind, with something in every field: what the fixture of version 1 holds.
fn with_every_record(mut take: impl FnMut(&Record<'_>)) {
    let ada = Identifier {
        kind: IdentifierKind::Email,
        hash: KEY.identifier(IdentifierKind::Email, "ada@example.com"),
        value: "ada@example.com",
    };
    let mut values = ValueWriter::new();
    values.json(&serde_json::json!({
        "null": null, "yes": true, "no": false, "int": -7, "decimal": 19.9, "float": 1e-9, "text": "caffè",
        "list": [1, "two"], "map": {"sku": "A-1"},
    }));
    // A map's own bytes are its entries: without the tag and the length before them.
    let bytes = values.into_bytes();
    let entries = Map::from_bytes(&bytes[5..]);
    take(&Record::Installed(Installed {
        installation: 0x1234_5678_9abc_def0,
        hash_key: KEY,
        seed: 42,
        link_key: [9; 32],
    }));
    take(&Record::Event(Event {
        kind: EventKind::Track,
        flags: EventFlags::LATE.with(EventFlags::IMPORTED),
        occurred_at: At(NOON.0 - 5_000),
        received_at: NOON,
        source: "shop",
        name: "Order Completed",
        message_id: KEY.message_id("shop", "m-1"),
        identifiers: vec![ada],
        message_id_text: "m-1",
        properties: entries,
        traits: entries,
        context: entries,
    }));
    take(&Record::Rejected(Rejected {
        received_at: NOON,
        source: "shop",
        code: "missing_identifier",
        field: "userId",
        message: "an event names somebody",
        payload: "{\"event\":\"x\"}",
    }));
    for subject in [Subject::Identifier(ada), Subject::Send(SendId(7))] {
        take(&Record::ConsentStated(ConsentStated {
            subject,
            purpose: "offers",
            channel: "email",
            granted: true,
            source: ConsentSource::DoubleOptIn,
            stated_at: NOON,
            wording: "2026-01",
            language: "",
            proof: "https://shop.example/form 192.0.2.1",
        }));
    }
    take(&Record::SuppressionStated(SuppressionStated {
        identifier: ada,
        lifted: false,
        stated_at: NOON,
        reason: "bounce",
    }));
    take(&Record::ProgrammeApplied(ProgrammeApplied {
        applied_at: NOON,
        operator: "start",
        definition: "{\"name\":\"bottega\"}",
    }));
    take(&Record::Attempted(Attempted { send: SendId(7), attempt: 1, attempted_at: NOON }));
    take(&Record::Settled(Settled {
        send: SendId(7),
        attempt: 1,
        outcome: DeliveryOutcome::Unknown,
        settled_at: NOON,
        reply: "421 closing",
    }));
    take(&Record::Engaged(Engaged {
        send: SendId(7),
        engagement: Engagement::Clicked,
        machine: false,
        occurred_at: NOON,
        url: "https://shop.example/a",
    }));
    take(&Record::Tick);
}

/// What the fixture of the kind that came after those holds.
fn with_cutoffs(mut take: impl FnMut(&Record<'_>)) {
    take(&Record::CutoffsStated(CutoffsStated {
        stated_at: NOON,
        cutoffs: vec![
            CutoffStated { share: "top 10% by sum(total) of \"Order Completed\"", value: Some(-1 << 80) },
            CutoffStated { share: "bottom 2.5% by count of \"Page Viewed\" within 30 days", value: None },
        ],
    }));
}

/// What the fixture of a log that was redacted holds in the clear; two records of erased people come before.
fn with_erasures(mut take: impl FnMut(&Record<'_>)) {
    let properties = Map::default();
    let bob = Identifier {
        kind: IdentifierKind::UserId,
        hash: KEY.identifier(IdentifierKind::UserId, "bob"),
        value: "bob",
    };
    let mut ada = Identifier {
        kind: IdentifierKind::Email,
        hash: KEY.identifier(IdentifierKind::Email, "a"),
        value: "a",
    };
    ada.blank();
    take(&Record::Event(Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: NOON,
        received_at: NOON,
        source: "shop",
        name: "Order Completed",
        message_id: KEY.message_id("shop", "m-2"),
        identifiers: vec![bob, ada],
        message_id_text: "m-2",
        properties,
        traits: properties,
        context: properties,
    }));
    take(&Record::ProfileErased(ProfileErased { profile: ProfileId(300), erased_at: NOON, operator: "eve" }));
    take(&Record::LogRedacted(LogRedacted { to: Seq(4), redacted_at: NOON }));
}

/// The same of another kind, which came still later.
fn with_clusters(mut take: impl FnMut(&Record<'_>)) {
    let cluster = |name: &str, centre| Cluster { name: name.to_owned(), sampled: 300, centre };
    let fork = |feature, at, below, reached| Tree::Fork {
        feature,
        at,
        below: Box::new(below),
        reached: Box::new(reached),
    };
    let clusters = Clusters {
        seed: u64::MAX - 1,
        people: 700_000,
        sampled: 20_000,
        fidelity_permyriad: 9_750,
        silhouette_permyriad: 6_001,
        clusters: vec![
            cluster("high-spent", vec![Some(i64::MAX), Some(2_500_000)]),
            cluster("low-spent", vec![Some(-1), None]),
        ],
        tree: fork(1, 3_000_000, fork(0, -500_000, Tree::Leaf(1), Tree::Leaf(0)), Tree::Leaf(0)),
    };
    let too_few = Lack::TooFew { people: 300, different: 2, asked: 3 };
    for finding in
        [Finding::Found(clusters), Finding::NotFound(too_few), Finding::NotFound(Lack::Inseparable)]
    {
        take(&Record::ClustersStated(ClustersStated {
            set: "shoppers",
            stated_at: NOON,
            question: "spent: sum(total) of \"Order Completed\"; of: did \"Order Completed\"",
            at_least: 3,
            at_most: 6,
            finding,
        }));
    }
}

/// A copy of a fixture, since opening a log for writing changes its files.
fn opened(version: &str) -> (tempfile::TempDir, SqliteLog) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version);
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("state")).unwrap();
    fs::copy(fixture.join("log.db"), copy.path().join("log.db")).unwrap();
    for file in fs::read_dir(fixture.join("state")).into_iter().flatten() {
        let path = file.unwrap().path();
        fs::copy(&path, copy.path().join("state").join(path.file_name().unwrap())).unwrap();
    }
    let log = SqliteLog::open(copy.path()).unwrap();
    (copy, log)
}

#[test]
fn a_log_of_version_1_holds_what_was_written() {
    let (_copy, log) = opened("v1");
    let report = verify(&log);
    assert!(report.fault.is_none(), "{:?}", report.fault);
    assert_eq!((report.batches, report.last), (2, Some((Seq(11), NOON))));
    let mut compared = Comparison::with(&log);
    with_every_record(|record| compared.next(record));
    compared.end();
}

#[test]
fn a_log_of_version_1_holds_the_kind_that_came_later() {
    let (_copy, log) = opened("v1-cutoffs");
    assert!(verify(&log).fault.is_none());
    let mut compared = Comparison::with(&log);
    with_cutoffs(|record| compared.next(record));
    compared.end();
}

#[test]
fn a_log_of_version_1_that_was_redacted_says_whose_records_are_gone() {
    let (_copy, log) = opened("v1-erased");
    assert!(verify(&log).fault.is_none());
    let mut compared = Comparison::with(&log);
    for kind in [2, 8] {
        let erased = compared.0.next().expect("a record");
        assert_eq!((erased[1], Record::decode(&erased).unwrap_err()), (kind, Malformed::Sealed));
    }
    with_erasures(|record| compared.next(record));
    compared.end();
}

/// Ada and Bob were seen within an hour, Bob was merged into Ada, and the hour ended.
#[test]
fn a_log_of_version_1_replays_the_changes_that_follow_from_it() {
    let (copy, mut log) = opened("v1-changes");
    assert!(verify(&log).fault.is_none());
    let batches: Vec<Batch> = log.read(Seq(1)).unwrap().map(Result::unwrap).collect();
    let records = batches.iter().flat_map(Batch::records).map(Result::unwrap);
    let told = records.filter_map(|bytes| match Record::decode(bytes).unwrap() {
        Record::MembershipChanged(changed) => Some((changed.segment, changed.changes)),
        _ => None,
    });
    let told = told.flat_map(|(segment, changes)| changes.iter().map(move |change| (segment, change)));
    let change = |profile, kind, ms, cause| {
        ("fresh", Change { profile: ProfileId(profile), kind, at: At(NOON.0 + ms), cause: Seq(cause) })
    };
    let expected = [
        change(0, ChangeKind::Entered, 0, 3),
        change(1, ChangeKind::Entered, 0, 4),
        change(1, ChangeKind::Merged, 1_000, 6),
        change(0, ChangeKind::Left, 3_600_000, 8),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let mut snapshots = Snapshots::open(copy.path()).unwrap();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 42, link_key: [9; 32] };
    let recovered = recover(&mut log, &mut snapshots, &installed, NOON).unwrap();
    assert_eq!((recovered.replayed, recovered.engine.segment("fresh").unwrap().count), (9, 0));
}

#[test]
fn a_log_of_version_1_holds_the_clusters_that_came_still_later() {
    let (_copy, log) = opened("v1-clusters");
    assert!(verify(&log).fault.is_none());
    let mut compared = Comparison::with(&log);
    with_clusters(|record| compared.next(record));
    compared.end();
}

/// What a log has, to be held against what was written.
struct Comparison(std::vec::IntoIter<Vec<u8>>);

impl Comparison {
    fn with(log: &SqliteLog) -> Self {
        let batches: Vec<Batch> = log.read(Seq(1)).unwrap().map(Result::unwrap).collect();
        let records = batches.iter().flat_map(Batch::records).map(|record| record.unwrap().to_vec());
        Self(records.collect::<Vec<_>>().into_iter())
    }

    fn next(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let stored = self.0.next().expect("a record");
        assert_eq!(stored, bytes, "{record:?}");
        assert_eq!(format!("{:?}", Record::decode(&stored).unwrap()), format!("{record:?}"));
    }

    fn end(mut self) {
        assert_eq!(self.0.next(), None);
    }
}

#[test]
fn a_snapshot_of_version_1_is_still_whole() {
    let (copy, _log) = opened("v1");
    let snapshots = Snapshots::open(copy.path()).unwrap();
    let (_, snapshot) = snapshots.newest_first().unwrap().next().expect("there is one");
    let snapshot = snapshot.unwrap();
    assert_eq!((snapshot.seq, snapshot.at, snapshot.count()), (Seq(11), NOON, 1));
    let state = snapshot.section(0).unwrap().bytes.unwrap();
    assert_eq!(state, b"a state that only its engine can read".repeat(20));
}

/// The log of a simulated company, and the state that the engine told when it was of layout 7. It goes on from that state
/// without a record told again, and what it holds is what the log says: all but what that layout had no room for, which is how
/// sends came to what they are.
#[test]
fn a_state_of_layout_7_is_what_its_log_says() {
    let (copy, mut log) = opened("v2-layout-7");
    let installed = Installed { installation: 1, hash_key: KEY, seed: 42, link_key: [9; 32] };
    let mut snapshots = Snapshots::open(copy.path()).unwrap();
    let recovered = recover(&mut log, &mut snapshots, &installed, NOON).unwrap();
    let discarded: Vec<_> = recovered.discarded.iter().map(|(seq, why)| format!("{seq:?}: {why}")).collect();
    assert_eq!((recovered.replayed, discarded), (0, Vec::new()));
    let older = recovered.engine;
    let mut told = Engine::new();
    replay(&log, &mut told).unwrap();
    assert!(older.sends().any(|send| send.attempts > 0) && older.journeys().len() > 1);
    for (older, mut told) in older.sends().zip(told.sends()) {
        assert_eq!((older.hour, older.responded, &*older.variant), (None, false, ""));
        (told.hour, told.responded, told.variant, told.chosen) = (None, false, "".into(), Chosen::default());
        assert_eq!(format!("{older:?}"), format!("{told:?}"));
    }
    assert_eq!(in_words(&older), in_words(&told));
    assert_eq!(sections_alike(&older), sections_alike(&told));
    assert_eq!(
        Engine::restore(&older.snapshot()).unwrap().hash(),
        older.hash(),
        "told anew, of today's layout"
    );
}

/// Key and digest of every section but the head, those of profiles, whose consents an engine of today writes down otherwise,
/// and those of sends.
fn sections_alike(engine: &Engine) -> Vec<(u64, u128)> {
    const OTHERWISE: [u64; 3] = [0, 1, 10];
    let sections = engine.snapshot().into_iter().filter(|section| !OTHERWISE.contains(&(section.key >> 56)));
    sections.map(|section| (section.key, section.digest)).collect()
}

/// What else a state holds, as far as it can be asked for.
fn in_words(engine: &Engine) -> String {
    let of_profile = |id| (engine.runs_of(id), engine.memberships(id), engine.events_of_profile(id));
    let people: Vec<_> = engine.profiles().map(|(id, _)| of_profile(id)).collect();
    let rejects: Vec<_> = engine.rejects().collect();
    let decisions: Vec<_> = engine.decisions().collect();
    format!(
        "{:?}\n{:?}\n{:?}\n{people:?}\n{rejects:?}\n{decisions:?}\n{:?}\n{:?}\n{:?}",
        engine.counts(),
        engine.segments(),
        engine.journeys(),
        engine.outstanding(),
        engine.timers(),
        engine.next_due(),
    )
}

/// Of three that were written at 11, 12 and 13, the last goes on from the first.
#[test]
fn snapshots_of_format_2_are_still_whole() {
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v2-snapshots/state");
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("state")).unwrap();
    for file in fs::read_dir(state).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, copy.path().join("state").join(path.file_name().unwrap())).unwrap();
    }
    let snapshots = Snapshots::open(copy.path()).unwrap();
    let mut places = Vec::new();
    for (seq, snapshot) in snapshots.newest_first().unwrap() {
        let snapshot = snapshot.unwrap();
        assert_eq!(snapshot.at, At(seq.0.cast_signed() * 10));
        let sections: Vec<Section> = snapshot.sections().map(Result::unwrap).collect();
        assert_eq!(sections, sections_of_version_2(seq.0));
        places.push((seq, snapshot.files().len()));
    }
    assert_eq!(places, [(Seq(13), 3), (Seq(12), 2)], "a manifest and its files of sections");
}

fn sections_of_version_2(seq: u64) -> Vec<Section> {
    let texts = [format!("the head at {seq}"), "a section that stays as it is".to_owned(), String::new()];
    let keys = [0, 1 << 56, u64::MAX];
    keys.into_iter().zip(texts).map(|(key, text)| Section::new(key, text.repeat(9).into_bytes())).collect()
}
