//! The runtime under a real server: durable means durable, once means once, and a stop is a stop.

use crate::house::{House, answer, config};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::Seq;
use engine::engine::Engine;
use eventlog::sequencer::Outcome;
use eventlog::sqlite::SqliteReader;
use serde_json::{Value, json};
use server::collect::endpoint::Endpoint;
use server::limits::{BODY_BYTES_MAX, WAITING_BYTES_MAX};
use server::runtime::Entrance;
use server::server::Server;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[tokio::test]
async fn what_was_taken_is_there_after_a_restart_and_counts_once() {
    let house = House::start().await;
    let order = json!({"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m1",
        "properties": {"total": 20}});
    house.track(json!([order, order])).await;
    house.track(json!([order])).await;
    let before = house.get("/api/v1/status").await;
    assert_eq!(before["counts"]["events"], 1);
    let house = house.restart().await;
    let after = house.get("/api/v1/status").await;
    assert_eq!(after["counts"], before["counts"]);
    assert_eq!((&after["durable_seq"], &after["lag"]), (&before["durable_seq"], &json!(0)));
    house.track(json!([order])).await;
    assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 1);
    house.server.stop().await;
}

#[tokio::test]
async fn one_directory_has_one_server_and_one_port_too() {
    let house = House::start().await;
    let again = Server::start(&config(house.dir.path())).await.err().unwrap();
    assert!(format!("{again:#}").contains("in use by another process"), "{again:#}");
    let other = tempfile::tempdir().unwrap();
    let mut taken = config(other.path());
    taken.listen = house.server.address();
    let taken = Server::start(&taken).await.err().unwrap();
    assert!(format!("{taken:#}").contains("is taken by another program"), "{taken:#}");
    house.server.stop().await;
}

#[tokio::test]
async fn many_senders_at_once_are_each_answered_and_all_there() {
    let house = Arc::new(House::start().await);
    let senders = (0..20).map(|sender| {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            for batch in 0..5 {
                let events: Vec<_> = (0..10)
                    .map(|n| {
                        json!({"type": "track", "userId": format!("u{sender}"), "event": "Seen",
                        "messageId": format!("{sender}-{batch}-{n}")})
                    })
                    .collect();
                house.track(json!(events)).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let status = house.get("/api/v1/status").await;
    assert_eq!(status["counts"]["events"], 1_000);
    assert_eq!(status["counts"]["profiles"], 20);
    assert_eq!(status["durable_seq"], 1_001, "the installation and every event, once");
}

/// Somebody who reads the engine and so keeps it from taking anything more.
struct Reader {
    let_go: mpsc::Sender<()>,
    reading: std::thread::JoinHandle<()>,
}

impl Reader {
    fn begin(house: &House) -> Self {
        let runtime = house.server.hub().runtime.clone();
        let ((let_go, held), (begins, begun)) = (mpsc::channel(), mpsc::channel());
        let reading = std::thread::spawn(move || {
            runtime.read_blocking(|_| {
                begins.send(()).unwrap();
                held.recv().unwrap();
            });
        });
        begun.recv().unwrap();
        Self { let_go, reading }
    }

    fn end(self) {
        self.let_go.send(()).unwrap();
        self.reading.join().unwrap();
    }
}

#[tokio::test]
async fn who_walks_over_everybody_keeps_nobody_waiting() {
    let house = House::start().await;
    let ((let_go, held), (begins, begun)) = (mpsc::channel(), oneshot::channel());
    let runtime = house.server.hub().runtime.clone();
    let walk = move |engine: &Engine| {
        begins.send(()).unwrap();
        held.recv().unwrap();
        engine.counts().events
    };
    let walking = tokio::spawn(async move { runtime.walk(walk).await });
    begun.await.unwrap();
    house.track(json!([{"type": "track", "userId": "u1", "event": "Seen", "messageId": "m1"}])).await;
    assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 1);
    let_go.send(()).unwrap();
    assert_eq!(walking.await.unwrap(), 0, "as it was when it was asked");
    house.server.stop().await;
}

#[tokio::test]
async fn the_log_is_read_for_nobody_who_has_gone() {
    let house = House::start().await;
    let ((let_go, held), (begins, begun)) = (mpsc::channel(), oneshot::channel());
    let (ends, ended) = oneshot::channel();
    let hub = Arc::clone(house.server.hub());
    let ask = move |_: &Engine, log: &SqliteReader| {
        begins.send(()).unwrap();
        held.recv().unwrap();
        let read = log.read(Seq(1)).unwrap().next().unwrap();
        ends.send(matches!(read, Err(eventlog::Error::Unwanted))).unwrap();
    };
    let asking = tokio::spawn(async move { hub.read_log(ask).await });
    begun.await.unwrap();
    asking.abort();
    asking.await.unwrap_err();
    let_go.send(()).unwrap();
    assert!(ended.await.unwrap(), "nothing is read any more");
    let next = |_: &Engine, log: &SqliteReader| log.read(Seq(1)).unwrap().all(|batch| batch.is_ok());
    assert!(house.server.hub().read_log(next).await, "whoever asks next has their turn");
    house.server.stop().await;
}

#[tokio::test]
async fn what_waits_together_becomes_durable_together() {
    let house = House::start().await;
    let reader = Reader::begin(&house);
    let submit = |number: usize| {
        let event = json!({"type": "page", "userId": "u1", "messageId": number.to_string()});
        let (reading, _) = crate::collect::read(Endpoint::Batch, &json!({"batch": [event]}));
        let runtime = &house.server.hub().runtime;
        runtime.submit(Entrance::Outside, reading.records, reading.count).unwrap()
    };
    let answers: Vec<_> = (0..20).map(submit).collect();
    reader.end();
    for answer in answers {
        assert!(matches!(answer.await.unwrap()[..], [Outcome::Applied(_)]));
    }
    let batches = house.server.hub().log.read(Seq(1)).unwrap().count();
    assert!(batches <= 3, "the installation, what the engine had in hand, and the rest: {batches}");
    house.server.stop().await;
}

#[tokio::test]
async fn a_stop_answers_what_came_in_before_it() {
    let house = House::start().await;
    let address = house.server.address();
    let reader = Reader::begin(&house);
    let mut sender = TcpStream::connect(address).await.unwrap();
    let body = r#"{"batch":[{"type":"page","userId":"u1"}]}"#;
    let authorization = BASE64_STANDARD.encode(format!("{}:", house.write_key));
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {authorization}\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    sender.write_all(head.as_bytes()).await.unwrap();
    let mut heard = [0; 25];
    sender.read_exact(&mut heard).await.unwrap();
    assert_eq!(str::from_utf8(&heard), Ok("HTTP/1.1 100 Continue\r\n\r\n"), "the server waits for the body");
    let House { dir, server, .. } = house;
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    sender.write_all(body.as_bytes()).await.unwrap();
    reader.end();
    let mut told = String::new();
    sender.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.contains("\"accepted\":1"), "{told}");
    stopping.await.unwrap();
    let house = House::start_in(dir, "").await;
    assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 1);
    house.server.stop().await;
}

#[tokio::test]
async fn a_full_server_says_when_to_come_back_and_takes_nothing_of_what_it_refuses() {
    const EVENTS: usize = 200;
    let house = House::start().await;
    let post = |body: String| {
        let request = house.bare("POST", "/v1/batch").basic_auth(&house.write_key, Some(""));
        tokio::spawn(answer(request.body(body)))
    };
    let reader = Reader::begin(&house);
    // What the engine has in hand, what may wait, and one more.
    let event =
        json!({"type": "track", "userId": "u1", "event": "Seen", "properties": {"text": "x".repeat(30_000)}});
    let large = json!({"batch": vec![event; EVENTS]}).to_string();
    assert!(large.len() < BODY_BYTES_MAX);
    let senders: Vec<_> = (0..WAITING_BYTES_MAX / large.len() + 3).map(|_| post(large.clone())).collect();
    let mut ready = answer(house.bare("GET", "/readyz")).await;
    for _ in 0..3_000 {
        if ready.status == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        ready = answer(house.bare("GET", "/readyz")).await;
    }
    assert_eq!((ready.status, ready.text.as_str()), (503, "overloaded\n"));
    let small = json!({"batch": [{"type": "page", "userId": "u2", "messageId": "m1"}]}).to_string();
    let told = post(small.clone()).await.unwrap();
    assert_eq!((told.status, &told.json()["code"]), (429, &json!("overloaded")));
    assert!(told.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1, "{told:?}");

    reader.end();
    let mut taken = 0;
    for sender in senders {
        let told = sender.await.unwrap();
        assert!(matches!(told.status, 200 | 429), "{told:?}");
        taken += usize::from(told.status == 200) * EVENTS;
    }
    assert_eq!(house.get("/api/v1/status").await["counts"]["events"], taken, "all of a body or nothing");
    assert_eq!(post(small).await.unwrap().status, 200);
    let seen: Value = house.get("/api/v1/profiles/user_id:u2/timeline").await;
    assert_eq!(seen["events"].as_array().unwrap().len(), 1, "{seen}");
    house.server.stop().await;
}

#[tokio::test]
async fn a_snapshot_shortens_recovery_and_changes_nothing() {
    let house = House::start().await;
    house.track(json!([{"type": "identify", "userId": "u1", "traits": {"plan": "gold"}}])).await;
    let profile = house.get("/api/v1/profiles/user_id:u1").await;
    let house = house.restart().await;
    let snapshots = std::fs::read_dir(house.dir.path().join("state")).unwrap().count();
    assert_eq!(snapshots, 2, "a manifest and its sections: a stop leaves a snapshot");
    assert_eq!(house.get("/api/v1/profiles/user_id:u1").await, profile);
    let house = house.restart().await;
    let again = std::fs::read_dir(house.dir.path().join("state")).unwrap().count();
    assert_eq!(again, 2, "with nothing new in the log there is nothing new to write");
    house.server.stop().await;
}
