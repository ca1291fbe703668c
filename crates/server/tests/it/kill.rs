//! The promise, on the real thing: the server is killed with SIGKILL at 100 random moments while events pour in over
//! HTTP and emails go out to a real SMTP server. Every acknowledged event is in the log once; every due email
//! arrived once, except those that were in flight at a kill, which the ledger lists as unknown. Webhooks are told and asked
//! all the while: nothing of it is lost, and what comes twice since a kill came between comes under the same name.

mod told;

use crate::smtp::sink::{Sink, free_port};
use crate::webhooks::Receiver;
use engine::ProfileId;
use engine::change::ChangeKind;
use engine::outbox::Status;
use engine::record::{Installed, Record};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify};

const KILLS: u32 = 100;
/// Senders that each have one batch on the way.
const SENDERS: u64 = 4;
const EVENTS_A_BATCH: u64 = 5;
/// Between two batches of one sender. Each start replays everything from the first event on, so that more events
/// would make fewer of the moments those in which something happens.
const BREATH: Duration = Duration::from_millis(20);
/// Longest life of the server between its first answer and its kill; or, one time in four, between its start and its
/// kill, so that it is killed while it recovers too.
const LIFE_MS_MAX: u64 = 400;
/// Events acknowledged after the last kill. What went wrong before it shows as unknown; of these nothing may.
const EVENTS_IN_PEACE: usize = 500;
/// Nothing that works takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_and_send_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(&[]).await;
    let receivers = [Receiver::start(&[]).await, Receiver::start(&[]).await];
    let shop = Shop::new(folder.path(), sink.addr);
    told::describe(&shop.programme, receivers.each_ref().map(|one| one.addr));
    let mut server = shop.start();
    shop.wait_until_ready(&mut server).await;
    let senders = Senders::new(shop.address, shop.write_key());
    let pouring: Vec<_> = (0..SENDERS).map(|_| tokio::spawn(Arc::clone(&senders).pour())).collect();

    let mut random = 0x5eed_u64;
    for kill in 1..=KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis((random >> 33) % LIFE_MS_MAX)).await;
        if kill % 4 == 2 {
            // The instant at which somebody was told yes is the worst: what is not on the disk by then never will be.
            let told = tokio::time::timeout(PATIENCE, senders.acknowledgement.notified());
            told.await.expect("somebody is acknowledged something");
        }
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        server = shop.start();
        if kill % 4 != 0 {
            shop.wait_until_ready(&mut server).await;
        }
    }

    shop.wait_until_ready(&mut server).await;
    let first_in_peace = senders.next.load(Ordering::Relaxed);
    let peace = senders.acknowledged.lock().await.len();
    let begun = Instant::now();
    while senders.acknowledged.lock().await.len() < peace + EVENTS_IN_PEACE {
        assert!(begun.elapsed() < PATIENCE, "nothing is acknowledged any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    senders.stop.store(true, Ordering::Relaxed);
    for sender in pouring {
        sender.await.unwrap();
    }
    shop.wait_until_nothing_is_owed().await;
    told::wait_until_all_is_told(&shop).await;
    stop(&mut server);
    let acknowledged = senders.acknowledged.lock().await.clone();
    let unknown = audit(&shop, &acknowledged, &sink, first_in_peace);
    let twice = told::audit(&shop, &receivers);
    println!("{} things told twice, {} questions asked twice", twice[0], twice[1]);
    println!("{} events acknowledged, {KILLS} kills, {unknown} sends unknown", acknowledged.len());
}

/// Holds the log, the ledger and the mailbox against each other. Gives the number of unknown sends.
fn audit(shop: &Shop, acknowledged: &BTreeSet<u64>, sink: &Sink, first_in_peace: u64) -> usize {
    let mut log = eventlog::sqlite::SqliteLog::open(&shop.data).unwrap();
    let report = eventlog::verify::verify(&log);
    assert!(report.fault.is_none(), "{report:?}");

    let mut times: BTreeMap<u64, u32> = BTreeMap::new();
    let mut changes = Changes::new();
    for batch in eventlog::log::Log::read(&log, engine::Seq(1)).unwrap() {
        for bytes in batch.unwrap().records() {
            match Record::decode(bytes.unwrap()).unwrap() {
                Record::Event(event) => {
                    *times.entry(event.message_id_text.parse().unwrap()).or_default() += 1;
                }
                Record::MembershipChanged(changed) => {
                    let moves = changes.entry(changed.segment.to_owned()).or_default();
                    for change in changed.changes.iter() {
                        moves.entry(change.profile).or_default().push(change.kind);
                    }
                }
                _ => {}
            }
        }
    }
    audit_changes(&changes, times.len());
    assert!(acknowledged.len() > KILLS as usize, "too little went on: {}", acknowledged.len());
    for id in acknowledged {
        assert_eq!(times.get(id), Some(&1), "event {id} was acknowledged");
    }
    assert!(times.values().all(|count| *count == 1), "an event is in the log twice");

    let mut snapshots = eventlog::snapshots::Snapshots::open(&shop.data).unwrap();
    let none = Installed { installation: 0, hash_key: Default::default(), seed: 0, link_key: [0; 32] };
    let engine =
        eventlog::recovery::recover(&mut log, &mut snapshots, &none, engine::at::At(0)).unwrap().engine;
    let arrived = arrivals(sink);
    assert_eq!(engine.sends().len(), times.len(), "one send for each order");
    let (mut unknown, mut accepted_before) = (0, 0);
    for send in engine.sends() {
        let count = arrived.get(&*send.address).copied().unwrap_or(0);
        match send.status {
            Status::Accepted => {
                assert_eq!(count, 1, "{send:?}");
                accepted_before += usize::from(order_of(&send) < first_in_peace);
            }
            Status::Unknown => {
                assert!(count <= 1, "an unknown send arrived {count} times: {send:?}");
                assert!(order_of(&send) < first_in_peace, "nothing was killed since: {send:?}");
                unknown += 1;
            }
            _ => panic!("a send is not settled: {send:?}"),
        }
    }
    let most = KILLS as usize * server::limits::SENDS_IN_HAND_MAX;
    assert!(unknown <= most, "{unknown} unknown, and no more than {most} can have been in flight");
    assert!(accepted_before > unknown, "{accepted_before} accepted among the kills, {unknown} unknown");
    let known: BTreeSet<String> = engine.sends().map(|send| send.address.to_string()).collect();
    assert!(arrived.keys().all(|address| known.contains(address.as_str())), "mail that nobody decided");
    unknown
}

/// By segment and person, what is told of them.
type Changes = BTreeMap<String, BTreeMap<ProfileId, Vec<ChangeKind>>>;

/// Each buyer entered once, and whoever has just bought left at most once after that, whatever was killed in between.
fn audit_changes(changes: &Changes, buyers: usize) {
    let (entered, left) = (ChangeKind::Entered, ChangeKind::Left);
    assert_eq!(changes["buyers"].len(), buyers);
    assert!(changes["buyers"].values().all(|moves| *moves == [entered]));
    assert!(changes["just-now"].values().all(|moves| *moves == [entered] || *moves == [entered, left]));
    assert!(changes["just-now"].values().any(|moves| moves.len() == 2), "nobody left by time");
}

/// The number of the order that a send is about.
fn order_of(send: &engine::outbox::Send) -> u64 {
    send.address.trim_start_matches("order-").split('@').next().unwrap_or_default().parse().unwrap()
}

/// How often a whole message arrived, by recipient: each order has a recipient of its own.
fn arrivals(sink: &Sink) -> BTreeMap<String, u32> {
    let mut arrived = BTreeMap::new();
    for mail in sink.mails() {
        let number = mail.lines().find_map(|line| line.trim().strip_prefix("That was order "));
        // A message that broke off has no last line, and was not delivered.
        if let Some(number) = number.and_then(|rest| rest.strip_suffix(" in full.")) {
            *arrived.entry(format!("order-{number}@example.com")).or_default() += 1;
        }
    }
    arrived
}

/// Somebody listens to who buys, and to who has just bought and leaves by time alone.
const SEGMENTS: &str = "\
segments:
  buyers: { is: 'did \"Order Completed\"', record: changes }
  just-now: { is: 'did \"Order Completed\" within 2 seconds', record: changes }
";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// The data directory and the programme of the server under test.
struct Shop {
    data: PathBuf,
    programme: PathBuf,
    address: SocketAddr,
    smtp: SocketAddr,
}

impl Shop {
    fn new(folder: &Path, smtp: SocketAddr) -> Self {
        let programme = folder.join("programme");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/receipt"), &programme);
        std::fs::write(programme.join("segments.yaml"), SEGMENTS).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self { data: folder.join("data"), programme, address, smtp }
    }

    fn start(&self) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command
            .args(["serve", "--listen", &self.address.to_string(), "--data"])
            .arg(&self.data)
            .arg("--programme")
            .arg(&self.programme)
            .env("TRAMA_SMTP_URL", format!("smtp://{}", self.smtp))
            .env("TRAMA_WEBHOOK_ALLOW", "127.0.0.1")
            .env("TRAMA_TRACE", "warn")
            .stdin(Stdio::null());
        Running(command.spawn().unwrap())
    }

    async fn wait_until_ready(&self, server: &mut Running) {
        let client = reqwest::Client::new();
        let begun = Instant::now();
        loop {
            let ready = client.get(format!("http://{}/readyz", self.address)).send().await;
            if ready.is_ok_and(|reply| reply.status() == 200) {
                return;
            }
            assert!(server.0.try_wait().unwrap().is_none(), "the server ended by itself");
            assert!(begun.elapsed() < PATIENCE, "the server does not get ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn keys(&self) -> serde_json::Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        let output = command.args(["keys", "--json", "--data"]).arg(&self.data).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn write_key(&self) -> String {
        self.keys()["write_key"].as_str().unwrap().to_owned()
    }

    async fn wait_until_nothing_is_owed(&self) {
        let token = self.keys()["admin_token"].as_str().unwrap().to_owned();
        let client = reqwest::Client::new();
        let begun = Instant::now();
        loop {
            let request = client.get(format!("http://{}/api/v1/status", self.address)).bearer_auth(&token);
            let status: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
            let sends = &status["counts"]["sends"];
            if sends["queued"] == json!(0) && sends["attempted"] == json!(0) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "sends are still owed: {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A server that does not outlive a test that failed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Asks the server to stop, and waits until it has.
fn stop(server: &mut Running) {
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.0.wait().unwrap().success(), "a stop that was asked for ends well");
}

/// Posts orders one batch after another; a batch goes on being sent until it is acknowledged, as an SDK does.
struct Senders {
    address: SocketAddr,
    write_key: String,
    next: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    /// Somebody was told yes just now.
    acknowledgement: Notify,
    stop: AtomicBool,
}

impl Senders {
    fn new(address: SocketAddr, write_key: String) -> Arc<Self> {
        Arc::new(Self {
            address,
            write_key,
            next: AtomicU64::new(1),
            acknowledged: Mutex::default(),
            acknowledgement: Notify::new(),
            stop: AtomicBool::new(false),
        })
    }

    async fn pour(self: Arc<Self>) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        while !self.stop.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(EVENTS_A_BATCH, Ordering::Relaxed);
            let ids: Vec<u64> = (first..first + EVENTS_A_BATCH).collect();
            let body = json!({ "batch": ids.iter().map(|id| order(*id)).collect::<Vec<_>>() }).to_string();
            loop {
                let request = client.post(format!("http://{}/v1/batch", self.address));
                let reply = request.basic_auth(&self.write_key, Some("")).body(body.clone()).send().await;
                // A reply that breaks off half-way is no acknowledgement, even if its head said 200.
                if let Ok(reply) = reply {
                    let (status, text) = (reply.status(), reply.text().await);
                    assert!(status == 200 || status == 503 || status == 429, "{status} {text:?}");
                    if status == 200 && text.is_ok() {
                        self.acknowledgement.notify_waiters();
                        break;
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.acknowledged.lock().await.extend(ids);
            tokio::time::sleep(BREATH).await;
        }
    }
}

fn order(id: u64) -> serde_json::Value {
    json!({
        "type": "track",
        "event": "Order Completed",
        "messageId": id.to_string(),
        "userId": format!("buyer-{id}"),
        "properties": { "order": id.to_string(), "total": 12.50, "currency": "EUR", "tenth": id.is_multiple_of(10) },
        "context": { "traits": { "email": format!("order-{id}@example.com") } },
    })
}
