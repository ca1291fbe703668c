//! The program itself: serving until it is told to stop, and the commands that read a directory.

use crate::house::House;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn trama(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN").output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs a command while the server of this test goes on.
async fn beside(arguments: &'static [&'static str], data: &Path) -> Output {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || trama(arguments, &data)).await.unwrap()
}

#[tokio::test]
async fn a_directory_reads_the_same_while_its_server_runs_and_when_it_is_stopped() {
    let house = House::start().await;
    house
        .track(json!([
            {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}},
            {"type": "track", "userId": "ada", "event": "Seen"},
            {"type": "track", "userId": "bob", "event": "Seen"},
            {"type": "track", "userId": "bob"}
        ]))
        .await;
    let data = house.dir.path().to_owned();
    let count =
        |output: &Output| -> Value { serde_json::from_str::<Value>(&said(output)).unwrap()["count"].clone() };
    let ask: &[&str] = &["query", "did \"Seen\"", "--json"];
    let live = [beside(ask, &data).await, beside(&["log", "export"], &data).await];
    let explain: &[&str] =
        &["explain", "did \"Seen\" within 1 hour or trait.plan exists", "--profile", "email:Ada@example.com"];
    let explained_live = said(&beside(explain, &data).await);
    let verified_live = said(&beside(&["log", "verify"], &data).await);
    assert!(said(&beside(&["status"], &data).await).contains("\"events\": 3"));
    house.server.stop().await;

    assert_eq!((count(&live[0]), count(&trama(ask, &data))), (json!(2), json!(2)));
    // The same words of a directory in use and of one that is not, an hour after she was seen at the latest.
    let explained = said(&trama(explain, &data));
    assert_eq!(explained, explained_live);
    let lines: Vec<&str> = explained.lines().collect();
    assert_eq!(lines[0], "yes did \"Seen\" within 1 hour or trait.plan exists");
    assert!(lines[1].starts_with("      1 of 2 parts hold, one must; drops out 2"), "{explained}");
    assert!(
        lines[3].starts_with("        1 of at least 1 \"Seen\" within 1 hour; drops out 2"),
        "{explained}"
    );
    assert_eq!(lines[4..], ["  no  trait.plan exists", "        trait.plan is not there"]);
    let nobody = trama(&["explain", "did \"Seen\"", "--profile", "user_id:eve"], &data);
    assert!(String::from_utf8(nobody.stderr).unwrap().contains("nobody is known as user_id:eve"));

    let exported = said(&trama(&["log", "export"], &data));
    assert_eq!(said(&live[1]), exported);
    let records: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["installed", "event", "event", "event", "rejected"]);
    assert_eq!(records[1]["identifiers"][1], json!({"type": "email", "value": "ada@example.com"}));
    let installed: Vec<&String> = records[0].as_object().unwrap().keys().collect();
    assert_eq!(installed, ["at", "installation", "kind", "seq"], "the keys and the seed stay inside");

    let tail = said(&trama(&["log", "tail", "-n", "2", "--no-follow"], &data));
    assert_eq!(tail.lines().collect::<Vec<_>>(), exported.lines().skip(3).collect::<Vec<_>>());
    let verified = said(&trama(&["log", "verify"], &data));
    for verified in [verified_live, verified] {
        assert!(verified.contains("5 records") && verified.ends_with("whole\n"), "{verified}");
    }

    // Before anything happened, and in a time to come.
    for (at, expected) in [("2020-01-01T00:00:00Z", 0), ("2100-01-01T00:00:00Z", 2)] {
        let asked = trama(&["query", "did \"Seen\"", "--json", "--at", at], &data);
        assert_eq!(count(&asked), json!(expected), "{at}");
    }
    let mistake = trama(&["query", "did \"Seen\" whithin 3 days"], &data);
    let shown = String::from_utf8(mistake.stderr).unwrap();
    assert!(shown.contains("           ^\ndid you mean `within`?"), "{shown}");
    let tree = r#"{"did": {"event": "Seen"}}"#;
    assert_eq!(count(&trama(&["query", tree, "--json"], &data)), json!(2), "the other form");
    let mistake = trama(&["query", r#"{"did": {"evnt": "Seen"}}"#], &data);
    let shown = String::from_utf8(mistake.stderr).unwrap();
    assert!(
        shown.contains("tree.did.evnt: there is no key \"evnt\" here (did you mean \"event\"?)"),
        "{shown}"
    );
}

#[tokio::test]
async fn who_is_who_is_told_on_the_command_line() {
    let house = House::start().await;
    house
        .track(json!([
            {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}},
            {"type": "track", "anonymousId": "a1", "event": "Seen"},
            {"type": "track", "userId": "bob", "event": "Seen"}
        ]))
        .await;
    let data = house.dir.path().to_owned();
    said(&beside(&["merges", "join", "anonymous_id:a1", "user_id:bob"], &data).await);
    said(&beside(&["merges", "join", "user_id:bob", "email:ada@example.com"], &data).await);
    let listed = said(&beside(&["merges", "list", "--profile", "user_id:ada"], &data).await);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[0].starts_with("1  20")
            && lines[0].contains("profile 2 into 0  user_id:bob, anonymous_id:a1  by first admin  2 events"),
        "{listed}"
    );
    assert!(
        lines[1].starts_with("0  20") && lines[1].contains("profile 1 into 2  anonymous_id:a1"),
        "{listed}"
    );
    let refused = beside(&["merges", "undo", "0"], &data).await;
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("by merge 1; undo that first"), "{told}");
    assert_eq!(said(&beside(&["merges", "undo", "1"], &data).await), "merge 1 is undone\n");
    let listed: Value =
        serde_json::from_str(&said(&beside(&["merges", "list", "--json", "--limit", "1"], &data).await))
            .unwrap();
    assert_eq!(
        (&listed["merges"][0]["undone"]["operator"], &listed["merges"][1]),
        (&json!("first admin"), &json!(null))
    );
    assert_eq!(said(&beside(&["identifiers", "blocked"], &data).await), "");
    let refused = beside(&["identifiers", "lift", "anonymous_id:a1"], &data).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not blocked"));
    let at_the_till = |number| json!({"type": "track", "userId": format!("u{number}"), "anonymousId": "till", "event": "Paid"});
    house.track(Value::from_iter((0..11).map(at_the_till))).await;
    let blocked = said(&beside(&["identifiers", "blocked"], &data).await);
    assert!(blocked.starts_with("anonymous_id:till  11 users  20"), "{blocked}");
    said(&beside(&["identifiers", "lift", "anonymous_id:till"], &data).await);
    assert_eq!(said(&beside(&["identifiers", "blocked"], &data).await), "");
    house.server.stop().await;
    let refused = trama(&["merges", "list"], &data);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no server runs on"));
}

#[tokio::test]
async fn the_past_is_asked_of_the_log_while_the_server_runs_and_when_it_is_stopped() {
    let mut house = House::start().await;
    let mut instants = Vec::new();
    for number in 0..4 {
        let seen = json!([{"type": "track", "userId": format!("u{number}"), "event": "Seen"}]);
        house.track(seen).await;
        let now = server::clock::now();
        instants.push(now.to_string());
        // The next batch has a later instant.
        while server::clock::now() <= now {
            std::hint::spin_loop();
        }
        if number == 1 {
            // It leaves a snapshot, which knows too much for what was before.
            house = house.restart().await;
        }
    }
    let counts = async |house: &House| {
        let mut counts = Vec::new();
        for at in instants.iter().map(String::as_str).chain(["2020-01-01T00:00:00Z"]) {
            let arguments = ["query", "did \"Seen\" within 1 hour", "--json", "--at", at].map(str::to_owned);
            let data = house.dir.path().to_owned();
            let asked =
                tokio::task::spawn_blocking(move || trama(&arguments.each_ref().map(|one| &**one), &data));
            let answer: Value = serde_json::from_str(&said(&asked.await.unwrap())).unwrap();
            assert!(answer["took_ms"].is_f64(), "{answer}");
            counts.push(answer["count"].as_u64().unwrap());
        }
        counts
    };
    assert_eq!(counts(&house).await, [1, 2, 3, 4, 0]);

    // A server is asked by its address too, and says where an expression goes wrong.
    let (url, token) = (house.url(""), house.admin_token.clone());
    let ask = async |expression: &'static str, more: &'static [&'static str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command.args(["query", expression, "--server", &url]).args(more).env("TRAMA_TOKEN", &token);
        command.env_remove("TRAMA_DATA");
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    assert!(said(&ask("did \"Seen\"", &[]).await).starts_with("4 people ("));
    let shown = String::from_utf8(ask("did \"Seen\" whithin 3 days", &[]).await.stderr).unwrap();
    assert!(shown.contains("           ^\ndid you mean `within`?"), "{shown}");
    let shown = String::from_utf8(ask("did \"Seen\"", &["--at", "2026-01-01"]).await.stderr).unwrap();
    assert!(shown.contains("it needs the directory: --data DIR"), "{shown}");
    let shown = String::from_utf8(ask("did \"Seen\"", &["--at", "today"]).await.stderr).unwrap();
    assert!(shown.contains("a time is written as 2026-01-31T12:00:00Z"), "{shown}");

    let House { dir, server, .. } = house;
    server.stop().await;
    for (at, expected) in instants.iter().zip([1, 2, 3, 4]) {
        let asked = trama(&["query", "did \"Seen\" within 1 hour", "--json", "--at", at], dir.path());
        let answer: Value = serde_json::from_str(&said(&asked)).unwrap();
        assert_eq!(answer["count"], expected, "{at}");
    }
}

#[tokio::test]
async fn a_tail_prints_what_comes_while_it_runs() {
    let house = House::start().await;
    let mut tail = Command::new(env!("CARGO_BIN_EXE_trama"))
        .args(["log", "tail", "-n", "1", "--data"])
        .arg(house.dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let printed = BufReader::new(tail.stdout.take().unwrap()).lines();
    let (line, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || printed.map_while(Result::ok).try_for_each(|one| line.send(one)));
    for event in ["", "Seen", "Bought"] {
        if !event.is_empty() {
            house.track(json!([{"type": "track", "userId": "ada", "event": event}])).await;
        }
        let next = tokio::time::timeout(Duration::from_secs(30), lines.recv()).await.unwrap().unwrap();
        let record: Value = serde_json::from_str(&next).unwrap();
        assert_eq!(record["name"].as_str().unwrap_or_default(), event, "{record}");
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    house.server.stop().await;
}

#[test]
fn a_directory_without_an_installation_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("typo");
    for arguments in
        [&["query", "did \"X\""][..], &["status"], &["log", "export"], &["log", "verify"], &["keys"]]
    {
        let output = trama(arguments, &data);
        assert!(!output.status.success(), "{arguments:?}");
    }
    assert!(!data.exists(), "reading makes nothing");
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(eventlog::sqlite::SqliteLog::open(dir.path()).unwrap());
    let path = dir.path().join("log.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The place of SQLite's `user_version` in the first page.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    for arguments in [&["serve"][..], &["query", "did \"X\""], &["log", "export"]] {
        let output = trama(arguments, dir.path());
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(shown.contains("has format 99; this version reads up to format 1"), "{arguments:?}: {shown}");
    }
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_finishes_and_ends_with_0() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_trama"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = announced(dir.path(), &mut process).await;
        let ready = reqwest::get(format!("{url}/readyz")).await.unwrap().text().await.unwrap();
        assert_eq!(ready, "ready\n");
        Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        let ended = tokio::task::spawn_blocking(move || process.wait().unwrap()).await.unwrap();
        assert_eq!(ended.code(), Some(0), "{signal}");
        assert!(!dir.path().join("address").exists(), "nobody looks for it any more");
        assert_eq!(std::fs::read_dir(dir.path().join("state")).unwrap().count(), 2, "it leaves a snapshot");
    }
}

/// The address of a server that has just been started.
async fn announced(data: &Path, process: &mut Child) -> String {
    for _ in 0..1_000 {
        let address = std::fs::read_to_string(data.join("address")).unwrap_or_default();
        if let Some(url) = address.strip_suffix('\n') {
            return url.to_owned();
        }
        assert!(process.try_wait().unwrap().is_none(), "it ended at once");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server does not come");
}
