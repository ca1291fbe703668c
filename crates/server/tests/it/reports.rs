//! Reports leave at their hour by our own route, once, whatever comes between; and say what the figures say.

use crate::house::{Answer, House};
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::HashKey;
use engine::record::{Installed, ProgrammeApplied, Record, ReportProgress, ReportSent};
use eventlog::frame::push_record;
use eventlog::log::Log;
use eventlog::recovery::recover;
use eventlog::sequencer::{Outcome, stage};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use serde_json::{Value, json};
use server::mailbox::Mailbox;
use tempfile::TempDir;

fn now() -> At {
    At(jiff::Timestamp::now().as_millisecond())
}

/// A programme with a report each day, half a day from now, so that no other one comes due while a test looks.
pub(crate) fn programme(language: &str) -> Value {
    let hour = (now().0 / Span::HOUR.0 + 12) % 24;
    json!({
        "name": "bottega", "timezone": "UTC", "languages": ["it"], "currency": "EUR",
        "targets": {
            "revenue": {"millionths": 2_000_000_000, "currency": "EUR", "per": "week"},
            "roas": {"millionths": 2_500_000},
            "cac": {"millionths": 100_000_000, "currency": "EUR"},
        },
        "reports": {"daily": {
            "from": "Bottega <ciao@bottega.example>", "to": ["lina@bottega.example", "ada@bottega.example"],
            "when": format!("every day at {hour:02}:00"), "language": language,
        }},
    })
}

/// A log of two days ago, with the programme and perhaps a report that had begun to leave when the power went.
fn long_ago(begun: bool) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let mut log = SqliteLog::open(data.path()).unwrap();
    let mut snapshots = Snapshots::open(data.path()).unwrap();
    let installed = Installed { installation: 1, hash_key: HashKey([9; 16]), seed: 3, link_key: [1; 32] };
    let then = now().minus(Span::DAY.times(2));
    let mut engine = recover(&mut log, &mut snapshots, &installed, then).unwrap().engine;
    let definition = &serde_json::to_string(
        &serde_json::from_value::<engine::programme::Programme>(programme("it")).unwrap(),
    )
    .unwrap();
    let applied = ProgrammeApplied { applied_at: then, operator: "lina", definition };
    take(&mut log, &mut engine, then, &Record::ProgrammeApplied(applied));
    if begun {
        let due_at = engine.report_missed("daily", now()).unwrap();
        let progress = ReportProgress::Begun;
        let sent = ReportSent { report: "daily", due_at, progress, told_at: due_at, taken: 0 };
        take(&mut log, &mut engine, due_at, &Record::ReportSent(sent));
    }
    data
}

fn take(log: &mut SqliteLog, engine: &mut Engine, at: At, record: &Record<'_>) {
    let (mut bytes, mut body) = (Vec::new(), Vec::new());
    record.encode(&mut bytes);
    push_record(&mut body, &bytes);
    let staged = stage(engine, at, &[&body]);
    staged.outcomes.iter().flatten().for_each(|one| assert!(matches!(one, Outcome::Applied(_)), "{one:?}"));
    log.append(&staged.batches).unwrap();
}

async fn open(data: TempDir, mailbox: &Mailbox) -> House {
    House::start_in(data, &format!("smtp_url = \"smtp://{}\"\n", mailbox.addr)).await
}

/// The only report, once its last sending has come so far.
async fn report(house: &House, progress: &str) -> Value {
    for _ in 0..1_000 {
        let list = house.get("/api/v1/reports").await;
        if list["reports"][0]["progress"] == progress {
            return list["reports"][0].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the report does not come to {progress}: {}", house.get("/api/v1/reports").await);
}

#[tokio::test]
async fn what_two_days_without_a_server_missed_leaves_once_and_no_restart_sends_another() {
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let house = open(long_ago(false), &mailbox).await;
    let mails = mailbox.wait_for(2).await;
    let first = report(&house, "sent").await;
    assert_eq!(first["taken"], 2);
    let to: Vec<String> = mails.iter().map(|mail| mail.view().to).collect();
    assert_eq!(to, ["lina@bottega.example", "ada@bottega.example"]);
    let view = mails[0].view();
    assert!(view.subject.contains("bottega daily: dal "), "{}", view.subject);
    let html = view.html.unwrap();
    assert!(html.contains("<html lang=\"it\">") && html.contains("Costo per contatto"), "{html}");
    assert!(html.contains("non definito"), "undefined is not zero: {html}");
    let house = house.restart().await;
    assert_eq!(report(&house, "sent").await, first);
    // What is sent at once by hand is another mail; nothing came in between.
    let answer = house.ask("POST", "/api/v1/reports/daily/send", Some(json!({}))).await;
    assert_eq!((answer.status, &answer.json()["taken"]), (200, &json!(2)), "{answer:?}");
    assert_eq!(mailbox.wait_for(4).await.len(), 4);
    assert_eq!(report(&house, "sent").await, first, "and its schedule stands");
}

#[tokio::test]
async fn what_a_crash_cut_off_is_not_sent_again() {
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let house = open(long_ago(true), &mailbox).await;
    report(&house, "begun").await;
    // The first mail to come is one that was asked for now.
    let answer = house.ask("POST", "/api/v1/reports/daily/send", Some(json!({}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(mailbox.wait_for(2).await.len(), 2);
    report(&house, "begun").await;
}

#[tokio::test]
async fn a_report_says_what_the_figures_say_in_its_language() {
    let house = House::start().await;
    for language in ["en", "it", "fr"] {
        let put: Answer = house.ask("PUT", "/api/v1/programme", Some(programme(language))).await;
        assert_eq!(put.status, 200, "{put:?}");
        if language == "en" {
            let ago = |hours: i64| At(now().0 - hours * Span::HOUR.0).to_string();
            let order = |hours, total: f64, id: &str| json!({"type": "track", "userId": id, "event": "Order Completed", "timestamp": ago(hours), "properties": {"total": total, "currency": "EUR", "order_id": id}});
            house
                .track(json!([
                    order(30, 1234.5, "a"),
                    order(31, 100.0, "b"),
                    {"type": "track", "userId": "b", "event": "Order Refunded", "properties": {"total": 40, "order_id": "b"}},
                ]))
                .await;
            let day = ago(30)[..10].to_owned();
            let spend =
                json!({"lines": [{"date": day, "channel": "paid-search", "amount": 500, "currency": "EUR"}]});
            assert_eq!(house.ask("POST", "/api/v1/spend", Some(spend)).await.status, 200);
        }
        let shown = house.get("/api/v1/reports/daily").await;
        let text = shown["text"].as_str().unwrap();
        let (revenue, roas) = match language {
            "en" => ("1,294.50\u{a0}EUR", "2.59"),
            "it" => ("1.294,50\u{a0}EUR", "2,59"),
            _ => ("1\u{202f}294,50\u{a0}EUR", "2,59"),
        };
        // 1,234.50 + 100 − 40 over 500.
        assert!(text.contains(revenue) && text.contains(roas), "{text}");
        // 1,294.50 of 2,000; 2.59 of 2.5; 250 where 100 are the most.
        let (title, targets) = match language {
            "en" => (
                "Target",
                ["at least 2,000.00\u{a0}EUR", "35 % under, behind", "4 % over, met", "150 % over, behind"],
            ),
            "it" => (
                "Traguardo",
                [
                    "almeno 2.000,00\u{a0}EUR",
                    "35 % sotto, indietro",
                    "4 % sopra, raggiunto",
                    "150 % sopra, indietro",
                ],
            ),
            _ => (
                "Valeur cible",
                [
                    "au moins 2\u{202f}000,00\u{a0}EUR",
                    "35 % en dessous, en retard",
                    "4 % au-dessus, atteinte",
                    "150 % au-dessus, en retard",
                ],
            ),
        };
        assert!(text.contains(title) && targets.iter().all(|target| text.contains(target)), "{text}");
        let html = shown["html"].as_str().unwrap();
        assert!(
            html.contains("width:100%;height:6px"),
            "the longest bar is as long as there is room: {html}"
        );
        assert!(html.contains("paid-search"), "{html}");
        for never in ["<script", "<img", "<svg", "http://", "https://"] {
            assert!(!html.contains(never), "{never} is shown by no mail program, or asks somebody else");
        }
    }
    assert_eq!(house.ask("GET", "/api/v1/reports/none", None).await.status, 404);
    let nowhere = house.ask("POST", "/api/v1/reports/daily/send", Some(json!({}))).await;
    assert_eq!((nowhere.status, &nowhere.json()["code"]), (409, &json!("no_route")));
}
