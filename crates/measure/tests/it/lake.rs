//! The lake beside the figures: over a small shop whose answers are worked out by hand, and over the histories of simulated
//! worlds, in which people merge, are parted, are erased, buy, and are written to.

use crate::reconcile::{Draw, Told, equals_figures, with_money};
use crate::shop::Shop;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::programme::Programme;
use engine::record::{EventKind, MergeUndone, ProfileErased, Record};
use engine::{MergeId, Seq};
use eventlog::log::{Batch, Batches};
use eventlog::memory::{MemoryDisk, MemoryFolder};
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use measure::kpi::people::Gathered;
use measure::kpi::question::Days;
use measure::kpi::table::DEFINITIONS;
use measure::lake::{Answer, Check, Counted, Lake, SqlError, verify};
use measure::limits::{SQL_BYTES_MAX, SQL_STACK_BYTES};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use serde_json::{Value, json};
use sim::world::World;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Worlds whose histories are told.
const SEEDS: u64 = 4;

fn threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).thread_stack_size(SQL_STACK_BYTES).enable_time().build().unwrap()
}

/// Everything that a log holds up to where an engine stands, with its places and instants.
type Log<'l> = &'l [(Seq, At, &'l [u8])];

async fn refresh(lake: &Lake, engine: &Engine, log: Log<'_>) {
    let mut refresh = lake.begin(engine).await.unwrap();
    let from = refresh.from();
    for (seq, at, bytes) in log.iter().filter(|(seq, ..)| from.is_some_and(|from| *seq >= from)) {
        refresh.observe(*seq, *at, bytes);
        if refresh.is_full() {
            refresh.flush().await.unwrap();
        }
    }
    refresh.finish().await.unwrap();
}

async fn checks(lake: &Lake, engine: &Engine, log: Log<'_>) -> Vec<Check> {
    let mut counted = Counted::new(engine);
    log.iter().for_each(|(seq, at, bytes)| counted.observe(*seq, *at, bytes));
    verify(lake, counted).await.unwrap()
}

pub(crate) async fn ask(lake: &Lake, question: &str) -> Answer {
    lake.ask(question, None).await.unwrap_or_else(|error| panic!("{question}: {error}"))
}

/// The one figure of an answer.
async fn figure(lake: &Lake, question: &str) -> Value {
    ask(lake, question).await.rows.remove(0).remove(0)
}

/// Every row of every table, as text; of events the person, whichever of their profiles it was told of.
async fn everything(lake: &Lake) -> Vec<String> {
    let mut rows = Vec::new();
    for table in measure::lake::schema::TABLES {
        let names = table.columns.iter().map(|column| match (table.name, column.name) {
            ("events", "profile") => "people.person".to_owned(),
            (table, name) => format!("{table}.{name}"),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let people =
            if table.name == "events" { "LEFT JOIN people ON events.profile = people.profile" } else { "" };
        let question = format!("SELECT {names} FROM {} {people}", table.name);
        let answer = lake.ask(&question, Some(1_000_000)).await.unwrap();
        let mut told: Vec<String> = answer.rows.iter().map(|row| format!("{} {row:?}", table.name)).collect();
        told.sort();
        rows.extend(told);
    }
    rows
}

impl Shop {
    fn told(&self) -> Vec<(Seq, At, &[u8])> {
        (1..).map(Seq).zip(&self.log).map(|(seq, (at, bytes))| (seq, *at, bytes.as_slice())).collect()
    }
}

async fn refresh_shop(lake: &Lake, shop: &Shop) {
    refresh(lake, &shop.engine, &shop.told()).await;
}

fn shop() -> Shop {
    let languages = vec!["en".into()];
    let (name, timezone) = ("shop".into(), "Europe/Rome".into());
    Shop::new(&Programme { name, timezone, languages, ..Programme::default() })
}

const ADA: &[&str] = &["email:ada@example.com"];
const BOB: &[&str] = &["user_id:bob", "anonymous_id:b"];

/// Ada buys twice and gives back, Bob comes by a cookie first, a bot looks around.
fn with_orders() -> Shop {
    let mut shop = shop();
    shop.page("2026-01-05T23:30:00Z", &["anonymous_id:b"], &json!({"source": "google", "medium": "cpc"}));
    shop.order(
        "2026-01-05T10:00:00Z",
        ADA,
        &json!({"total": 40.5, "currency": "EUR", "order_id": "1", "gift": {"wrapped": true}}),
    );
    shop.order("2026-01-06T10:00:00Z", ADA, &json!({"total": 30, "currency": "EUR", "order_id": "2"}));
    shop.order("2026-01-06T11:00:00Z", BOB, &json!({"total": 9, "currency": "USD"}));
    let back = json!({"total": 10.25, "currency": "EUR", "order_id": "1"});
    shop.event("2026-01-07T10:00:00Z", EventKind::Track, "Order Refunded", ADA, &back, &json!({}));
    let all = json!({"order_id": "2"});
    shop.event("2026-01-07T11:00:00Z", EventKind::Track, "Order Refunded", ADA, &all, &json!({}));
    shop
}

async fn empty() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let lake = Lake::open(Arc::new(store)).await.unwrap();
    (folder, lake)
}

#[test]
fn a_small_shop_is_told_as_by_hand() {
    threads().block_on(async {
        let (_folder, lake) = empty().await;
        let shop = with_orders();
        refresh_shop(&lake, &shop).await;
        let cases = [
            ("SELECT count(*) FROM events", json!(6)),
            ("SELECT day FROM events WHERE name = 'Page Viewed'", json!("2026-01-06")),
            ("SELECT occurred_at FROM events WHERE name = 'Page Viewed'", json!("2026-01-05T23:30:00.000Z")),
            ("SELECT utm_medium FROM events WHERE utm_source = 'google'", json!("cpc")),
            ("SELECT sum(net) FROM orders WHERE currency = 'EUR'", json!(30.25)),
            ("SELECT sum(amount) FROM orders WHERE currency = 'EUR'", json!(70.5)),
            ("SELECT count(*) FROM orders WHERE NOT is_returned", json!(2)),
            ("SELECT count(DISTINCT person) FROM people", json!(2)),
            ("SELECT count(*) FROM people WHERE known_at IS NOT NULL", json!(2)),
            (
                "SELECT properties ->> 'total' FROM events WHERE order_key IS NOT NULL ORDER BY seq LIMIT 1",
                json!("40.5"),
            ),
            (
                "SELECT count(*) FROM events WHERE properties ->> 'gift.wrapped' = 'true' AND counts_as = 'order'",
                json!(1),
            ),
            (
                "SELECT name FROM events JOIN people USING (profile) WHERE person = 0 ORDER BY occurred_at LIMIT 1",
                json!("Page Viewed"),
            ),
            ("SELECT count(*) FROM sends", json!(0)),
        ];
        for (question, expected) in cases {
            assert_eq!(figure(&lake, question).await, expected, "{question}");
        }
        let columns = ask(&lake, "SELECT * FROM orders").await.columns;
        let kinds: Vec<&str> = columns.iter().map(|column| column.kind.as_str()).collect();
        let expected = [
            "bigint", "date", "timestamp", "bigint", "decimal", "decimal", "decimal", "text", "decimal",
            "text", "boolean",
        ];
        assert_eq!(kinds, expected);
    });
}

#[test]
fn what_is_no_question_is_told_so_with_a_way_out() {
    threads().block_on(async {
        let (_folder, lake) = empty().await;
        assert!(matches!(lake.ask("SELECT 1", None).await, Err(SqlError::Empty)));
        refresh_shop(&lake, &with_orders()).await;
        let cases = [
            ("SELECT * FROM event", "did you mean events?"),
            ("SELECT * FROM weather", "there are events, engagements, visits"),
            ("SELECT nam FROM events", "nam"),
            ("SELEC 1", "Expected"),
            ("SELECT 1; SELECT 2", "a single SQL statement"),
            ("COPY events TO '/tmp/events.parquet'", "only read"),
            ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "only read"),
            ("CREATE VIEW v AS SELECT 1", "only read"),
            ("INSERT INTO events SELECT * FROM events", "only read"),
            ("EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events", "only read"),
            ("DROP TABLE events", "only read"),
            ("SET datafusion.execution.batch_size = 1", "only read"),
            ("SELECT * FROM '/etc/passwd'", "there is no table"),
        ];
        for (question, expected) in cases {
            let error = lake.ask(question, None).await.expect_err(question).to_string();
            assert!(error.contains(expected), "{question}: {error}");
        }
        for question in [
            "SHOW TABLES",
            "DESCRIBE events",
            "EXPLAIN SELECT * FROM events",
            "WITH a AS (SELECT 1) SELECT * FROM a",
        ] {
            assert!(!ask(&lake, question).await.rows.is_empty(), "{question}");
        }
        let answer = lake.ask("SELECT * FROM generate_series(1, 1000000000)", Some(3)).await.unwrap();
        assert_eq!((answer.rows.len(), answer.truncated), (3, true));
    });
}

#[test]
fn who_is_erased_is_in_no_file() {
    threads().block_on(async {
        let (folder, lake) = empty().await;
        let mut shop = with_orders();
        refresh_shop(&lake, &shop).await;
        let ada = shop.engine.find(engine::identifier::IdentifierKind::Email, "ada@example.com").unwrap();
        let (profile, erased_at) = (ada, shop.now);
        shop.apply(&Record::ProfileErased(ProfileErased { profile, erased_at, operator: "" }));
        refresh_shop(&lake, &shop).await;
        assert_eq!(figure(&lake, "SELECT count(*) FROM events").await, json!(2), "those of Bob");
        assert_eq!(figure(&lake, "SELECT sum(net) FROM orders").await, json!(9));
        assert_eq!(figure(&lake, "SELECT count(*) FROM people").await, json!(1));
        let mut files: Vec<String> = Vec::new();
        walk(folder.path(), &mut files);
        let named: Vec<&String> = files.iter().filter(|path| path.contains("day=2026-01-07")).collect();
        assert!(named.is_empty(), "the day of her refunds alone has no file any more: {named:?}");
        assert_eq!(
            files.len(),
            lake.manifest().all_files().count() + 1,
            "no file is left but the manifest's"
        );
    });
}

#[test]
fn no_question_is_too_deep_for_the_threads_that_plan_it() {
    let threads = threads();
    let lake = threads.block_on(async {
        let (folder, lake) = empty().await;
        refresh_shop(&lake, &with_orders()).await;
        (folder, lake)
    });
    let nested = "(".repeat(SQL_BYTES_MAX - 10);
    let deep = [format!("SELECT {nested}"), format!("SELECT seq{} FROM events", "+seq".repeat(400))];
    let asking = threads.spawn(async move {
        for question in deep {
            // An answer or a sentence: the process lives.
            _ = lake.1.ask(&question, None).await;
        }
        figure(&lake.1, "SELECT 1").await
    });
    assert_eq!(threads.block_on(asking).unwrap(), json!(1));
}

fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path.display().to_string()),
        }
    }
}

#[test]
fn a_merge_that_is_undone_gives_events_back() {
    threads().block_on(async {
        let (_folder, lake) = empty().await;
        let mut shop = shop();
        shop.page("2026-01-05T10:00:00Z", &["anonymous_id:a"], &json!({}));
        shop.page("2026-01-05T10:00:00Z", ADA, &json!({}));
        refresh_shop(&lake, &shop).await;
        let people = "SELECT count(DISTINCT person) FROM events JOIN people USING (profile)";
        assert_eq!(figure(&lake, people).await, json!(2));
        shop.page("2026-01-05T11:00:00Z", &["email:ada@example.com", "anonymous_id:a"], &json!({}));
        refresh_shop(&lake, &shop).await;
        assert_eq!(figure(&lake, people).await, json!(1));
        let merges: Vec<MergeId> = shop.engine.merges().map(|(id, _)| id).collect();
        let undone = MergeUndone { merge: merges[0], undone_at: shop.now, operator: "" };
        shop.apply(&Record::MergeUndone(undone));
        refresh_shop(&lake, &shop).await;
        assert_eq!(figure(&lake, people).await, json!(2));
        let of_each = ask(&lake, "SELECT count(*) FROM events GROUP BY profile ORDER BY 1").await.rows;
        assert_eq!(of_each, [[json!(1)], [json!(2)]]);
    });
}

#[test]
fn a_visit_goes_on_over_midnight_and_is_of_the_day_on_which_it_began() {
    threads().block_on(async {
        let (_folder, lake) = empty().await;
        let mut shop = shop();
        let cookie = &["anonymous_id:a"];
        // Midnight in Rome is at 23:00.
        shop.page("2026-01-05T22:50:00Z", cookie, &json!({}));
        shop.page("2026-01-05T23:10:00Z", cookie, &json!({}));
        shop.page("2026-01-05T23:20:00Z", &["anonymous_id:b"], &json!({}));
        shop.page("2026-01-05T23:30:00Z", cookie, &json!({"source": "google", "medium": "cpc"}));
        shop.page("2026-01-06T00:00:00Z", cookie, &json!({}));
        refresh_shop(&lake, &shop).await;
        let told = ask(&lake, "SELECT day, profile, channel, is_paid FROM visits ORDER BY occurred_at").await;
        let expected = [
            json!(["2026-01-05", 0, "direct", false]),
            json!(["2026-01-06", 1, "direct", false]),
            json!(["2026-01-06", 0, "paid-search", true]),
            json!(["2026-01-06", 0, "direct", false]),
        ];
        assert_eq!(told.rows.into_iter().map(Value::from).collect::<Vec<_>>(), expected);
    });
}

#[test]
fn small_files_of_a_day_become_one_and_nothing_is_left_or_lost() {
    threads().block_on(async {
        let (folder, lake) = empty().await;
        let mut shop = shop();
        for minute in 0..20 {
            shop.page(&format!("2026-01-05T10:{minute:02}:00Z"), ADA, &json!({}));
            refresh_shop(&lake, &shop).await;
        }
        assert!(lake.manifest().files("events").len() < 8, "{:?}", lake.manifest().files("events"));
        assert_eq!(figure(&lake, "SELECT count(*) FROM events").await, json!(20));
        // What a crash left: a file that no manifest names.
        let stray = folder.path().join("events/day=2026-01-05/000000000999-000000000999.parquet");
        std::fs::write(&stray, "half a file").unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let lake = Lake::open(Arc::new(store)).await.unwrap();
        refresh_shop(&lake, &shop).await;
        assert!(!stray.exists());
        // A file that is not as the manifest says: the lake is made again.
        let first = folder.path().join(&lake.manifest().files("events")[0].path);
        std::fs::write(&first, "half a file").unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let lake = Lake::open(Arc::new(store)).await.unwrap();
        assert!(!lake.manifest().is_whole());
        refresh_shop(&lake, &shop).await;
        assert_eq!(figure(&lake, "SELECT count(*) FROM events").await, json!(20));
    });
}

fn history(seed: u64) -> Vec<Batch> {
    let mut world = World::new(seed, None);
    world.options.redacts = 0;
    world.options.trims = false;
    world.run().unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
    let batches = world.history().iter().cloned();
    // What the log had of the erased was taken out of it there, and here it is as it was.
    batches.take_while(|batch| !holds_redaction(batch)).collect()
}

fn holds_redaction(batch: &Batch) -> bool {
    let mut records = batch.records();
    records.any(|bytes| matches!(Record::decode(bytes.unwrap()), Ok(Record::LogRedacted(_))))
}

fn as_of(history: &[Batch], at: At) -> Engine {
    let nothing = Snapshots::new(MemoryFolder::open(&MemoryDisk::default()));
    let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> {
        Ok(Box::new(history.iter().filter(move |batch| batch.last() >= from).cloned().map(Ok)))
    };
    recover_as_of(at, &nothing, read).unwrap()
}

fn log_of(history: &[Batch], to: Seq) -> Vec<(Seq, At, &[u8])> {
    let records = history.iter().flat_map(|batch| {
        (batch.first.0..).map(Seq).zip(batch.records()).map(|(seq, bytes)| (seq, batch.at, bytes.unwrap()))
    });
    records.take_while(|(seq, ..)| *seq <= to).collect()
}

#[test]
fn the_lake_says_what_the_log_says_over_the_histories_of_worlds() {
    threads().block_on(async {
        let (mut erased, mut parted, mut sent) = (0, 0, 0);
        let mut told = Told::new();
        for seed in 0..SEEDS {
            let history = history(seed);
            let history = with_money(&history, as_of(&history, history.last().unwrap().at), seed);
            let (begin, end) = (history[0].at, history.last().unwrap().at);
            let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let lake = Lake::open(Arc::clone(&store)).await.unwrap();
            for part in 1..=3 {
                let at = begin.plus(Span(end.since(begin).0 / 3 * part));
                let engine = as_of(&history, if part == 3 { end } else { at });
                let log = log_of(&history, engine.seq());
                refresh(&lake, &engine, &log).await;
                let checks = checks(&lake, &engine, &log).await;
                let differing: Vec<&Check> = checks.iter().filter(|check| !check.is_equal).collect();
                assert!(differing.is_empty(), "seed {seed}, part {part}: {differing:#?}");
                assert!(checks.len() > 10, "{checks:?}");
                let gathered = gathered(&engine, &log);
                let mut draw = Draw(seed * 3 + part as u64);
                // At the end of the history there is most to tell.
                let mut asked = vec![draw.days((begin, engine.at()), &engine)];
                if part == 3 {
                    asked.extend([Days::EVER, draw.days((begin, end), &engine)]);
                }
                for days in asked {
                    let about = format!("seed {seed}, part {part}");
                    equals_figures(&lake, &gathered, days, &mut told, &about).await;
                }
                let counts = engine.counts();
                (erased, parted) = (erased + counts.erased, parted + counts.merges_undone);
                sent += engine.sends().len();
                if part == 3 {
                    let anew = Lake::open(Arc::new(InMemory::new())).await.unwrap();
                    refresh(&anew, &engine, &log).await;
                    assert_eq!(
                        everything(&lake).await,
                        everything(&anew).await,
                        "seed {seed}: step by step and at once"
                    );
                }
            }
        }
        assert!(erased > 0 && parted > 0 && sent > 0, "{erased} {parted} {sent}: the worlds show too little");
        let seldom: Vec<&str> =
            DEFINITIONS.iter().map(|one| one.name).filter(|name| told[name] < 2).collect();
        assert!(seldom.is_empty(), "of these the worlds show too little: {seldom:?} of {told:?}");
    });
}

/// What people did, as the log will say it once what it has of the erased is taken out.
fn gathered<'e>(engine: &'e Engine, log: Log<'_>) -> Gathered<'e> {
    let mut gathered = Gathered::new(engine);
    let redaction = engine.redaction();
    for (seq, at, bytes) in log {
        let record = Record::decode(bytes).unwrap();
        let left = redaction.as_ref().and_then(|redaction| redaction.redact(*seq, &record));
        match left.as_deref().map(Record::decode) {
            None => gathered.observe(*seq, *at, &record),
            Some(Ok(left)) => gathered.observe(*seq, *at, &left),
            Some(Err(_)) => {}
        }
    }
    gathered.finish();
    gathered
}
