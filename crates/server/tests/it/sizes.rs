//! How large segments were, day by day, from a log with days in it.

use crate::house::House;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::{HashKey, IdentifierKind};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::Map;
use eventlog::frame::push_record;
use eventlog::log::Log;
use eventlog::recovery::recover;
use eventlog::sequencer::stage;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

/// Its days all have as many hours.
const ZONE: &str = "Asia/Kolkata";
const KEY: HashKey = HashKey([9; 16]);

/// An installation whose clock is moved by hand.
struct Past {
    data: TempDir,
    log: SqliteLog,
    engine: Engine,
    today: Zoned,
}

impl Past {
    fn open() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut log = SqliteLog::open(data.path()).unwrap();
        let today = Timestamp::now().in_tz(ZONE).unwrap().start_of_day().unwrap();
        let installed = Installed { installation: 1, hash_key: KEY, seed: 3, link_key: [1; 32] };
        let mut snapshots = Snapshots::open(data.path()).unwrap();
        let begun = ago(&today, 20, "12:00");
        let engine = recover(&mut log, &mut snapshots, &installed, begun).unwrap().engine;
        Self { data, log, engine, today }
    }

    fn take(&mut self, at: At, record: &Record<'_>) {
        let (mut bytes, mut body) = (Vec::new(), Vec::new());
        record.encode(&mut bytes);
        push_record(&mut body, &bytes);
        self.log.append(&stage(&mut self.engine, at, &[&body]).batches).unwrap();
    }

    fn applies(&mut self, days: i64, segments: &Value) {
        let programme = json!({"name": "past", "languages": ["it"], "timezone": ZONE, "segments": segments});
        let (applied_at, definition) = (ago(&self.today, days, "13:00"), &programme.to_string());
        self.take(
            applied_at,
            &Record::ProgrammeApplied(ProgrammeApplied { applied_at, operator: "lina", definition }),
        );
    }

    fn orders(&mut self, days: i64, time: &str, user: &str) {
        let at = ago(&self.today, days, time);
        let id = &*format!("{user} {at}");
        let identifiers = vec![Identifier {
            kind: IdentifierKind::UserId,
            hash: KEY.identifier(IdentifierKind::UserId, user),
            value: user,
        }];
        self.take(
            at,
            &Record::Event(Event {
                kind: EventKind::Track,
                flags: EventFlags::default(),
                occurred_at: at,
                received_at: at,
                source: "shop",
                name: "Order Completed",
                message_id: KEY.message_id("shop", id),
                identifiers,
                message_id_text: id,
                properties: Map::default(),
                traits: Map::default(),
                context: Map::default(),
            }),
        );
    }
}

/// A time of the clock there, so many days ago.
fn ago(today: &Zoned, days: i64, time: &str) -> At {
    let day = today.checked_sub(days.days()).unwrap();
    let local = day.date().to_datetime(time.parse().unwrap()).in_tz(ZONE).unwrap();
    At(local.timestamp().as_millisecond())
}

/// Ten days of a shop: two segments, one of which time alone leaves, and one that came later.
fn ten_days() -> Past {
    let mut past = Past::open();
    past.applies(
        9,
        &json!({"buyers": "did \"Order Completed\"", "lately": "did \"Order Completed\" within 2 days"}),
    );
    past.orders(8, "23:59:59.999", "a");
    past.orders(7, "00:00", "b");
    past.orders(5, "10:00", "c");
    past.applies(4, &json!({
        "buyers": "did \"Order Completed\" at least 2 times", "lately": "did \"Order Completed\" within 2 days",
        "late": "did \"Order Completed\"",
    }));
    past.orders(2, "08:00", "a");
    past
}

fn sizes(told: &Value) -> Vec<Option<u64>> {
    told["days"].as_array().unwrap().iter().map(|day| day["size"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_size_of_a_segment_is_told_as_it_was_at_the_end_of_each_day() {
    let Past { data, log, today, .. } = ten_days();
    drop(log);
    let house = House::start_in(data, "").await;
    let path = |name: &str, days: usize| format!("/api/v1/segments/{name}/sizes?days={days}");
    // Ten days ago nobody had defined it; it is another one since the fourth day before today.
    let buyers =
        [None, Some(0), Some(1), Some(2), Some(2), Some(3), Some(0), Some(0), Some(1), Some(1), Some(1)];
    let lately =
        [None, Some(0), Some(1), Some(2), Some(1), Some(1), Some(1), Some(0), Some(1), Some(1), Some(0)];
    let late = [None, None, None, None, None, None, Some(3), Some(3), Some(3), Some(3), Some(3)];
    for (name, expected) in [("buyers", &buyers), ("lately", &lately), ("late", &late)] {
        let told = house.get(&path(name, 11)).await;
        assert_eq!(sizes(&told)[..10], expected[..10], "{name}: {told}");
        assert_eq!(told["timezone"], ZONE);
        assert_eq!(told["days"][10]["day"], today.date().to_string());
    }
    assert_eq!(sizes(&house.get(&path("buyers", 11)).await)[10], Some(1), "today, as it is now");
    assert_eq!(sizes(&house.get(&path("late", 90)).await)[79..], late);

    // What is known is not told from the log again, also by the next start.
    let file = house.dir.path().join("sizes.json");
    let kept = std::fs::metadata(&file).unwrap().modified().unwrap();
    let house = house.restart().await;
    assert_eq!(sizes(&house.get(&path("buyers", 11)).await)[..10], buyers[..10]);
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), kept);

    // Once somebody was erased, what is kept stays, and what is not cannot be told any more.
    assert_eq!(house.ask("DELETE", "/api/v1/profiles/user_id:c", None).await.json()["disk"], "done");
    assert_eq!(sizes(&house.get(&path("buyers", 11)).await)[..10], buyers[..10]);
    let house = house.restart().await;
    std::fs::remove_file(&file).unwrap();
    let house = house.restart().await;
    let untold = sizes(&house.get(&path("late", 11)).await);
    assert_eq!((&untold[..10], untold[10]), (&[None; 10][..], Some(2)));

    for (wrong, status) in [("/sizes?days=0", 400), ("/sizes?days=367", 400)] {
        assert_eq!(house.ask("GET", &format!("/api/v1/segments/late{wrong}"), None).await.status, status);
    }
    assert_eq!(house.ask("GET", "/api/v1/segments/none/sizes", None).await.status, 404);
    house.server.stop().await;
}

/// The same as `trama query --at` finds, which looks at everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_size_is_what_a_question_about_its_end_finds() {
    let Past { data, log, today, .. } = ten_days();
    drop(log);
    let house = House::start_in(data, "").await;
    let told = sizes(&house.get("/api/v1/segments/lately/sizes?days=9").await);
    for (days, size) in [8, 6, 3, 2, 1].map(|days| (days, told[8 - days as usize])) {
        let at = At(ago(&today, days - 1, "00:00").0).minus(Span(1)).to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command
            .args(["query", "in segment \"lately\"", "--json", "--at", &at, "--data"])
            .arg(house.dir.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["count"].as_u64(), size, "{days} days ago");
    }
    house.server.stop().await;
}
