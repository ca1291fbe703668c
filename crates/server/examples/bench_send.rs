//! From an event at the door to the email at the relay, ledger included, on the real server and a real relay.
//!
//! Two figures: how long one order waits for its email while orders come at a steady pace, with nothing else and while other
//! events come in at half the rate that the door is to take; and how many emails leave in a second when they are all due at
//! once: as they are, signed by Ed25519, signed by RSA. The peer of the second is `smtp-source -d -s 8` of Postfix, sending
//! messages of 4 KB to the same `smtp-sink`, before and after; where RSA signs, it is what `openssl speed` signs on as many
//! cores.
//!
//! `cargo run --release -p server --example bench_send -- [emails]`, with the release binary built.

mod live;

use live::Server;
use live::load::{self, Load};
use serde_json::json;
use server::mailbox::{Mailbox, MailboxSettings};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Orders whose email is timed.
const TIMED: usize = 500;
/// Between two timed orders.
const PACE: Duration = Duration::from_millis(10);
/// Events a second that come in beside them: half of what the door is to take. One in four is the order of somebody who has no
/// address.
const BESIDE: u64 = 150_000;
const CONNECTIONS: u64 = 8;
/// For how long they come.
const BUSY: Duration = Duration::from_secs(20);
/// Orders in one request when they all come at once.
const BATCH: usize = 500;
/// Domain of the message's sender.
const SENDER: &str = "example.com";

fn main() {
    let emails = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");
    let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/receipt");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    latency(&runtime, &folder.path().join("latency"), &programme, None);
    latency(&runtime, &folder.path().join("busy"), &programme, Some(BESIDE));

    let sink = Sink::start(folder.path());
    let mut before = sink.smtp_source(emails);
    println!("smtp-source -d -s 8           {before:>8.0} emails/s");
    for signed in [None, Some("ed25519"), Some("rsa")] {
        let name = signed.unwrap_or("unsigned");
        let ours = throughput(&runtime, &folder.path().join(name), &programme, (&sink, signed), emails);
        let after = sink.smtp_source(emails);
        println!("smtp-source -d -s 8           {after:>8.0} emails/s");
        println!(
            "event to relay, {name:<8}      {ours:>8.0} emails/s ({:.2} of smtp-source)",
            ours * 2.0 / (before + after)
        );
        if signed == Some("rsa") {
            let signatures = openssl_speed();
            println!(
                "openssl speed rsa2048         {signatures:>8.0} signatures/s ({:.2})",
                ours / signatures
            );
        }
        before = after;
    }
}

/// Signatures a second on all cores.
fn openssl_speed() -> f64 {
    let cores = std::thread::available_parallelism().expect("cores").to_string();
    let mut command = Command::new("openssl");
    command.args(["speed", "-mr", "-seconds", "3", "-multi", &cores, "rsa2048"]).stderr(Stdio::null());
    let output = command.output().expect("openssl");
    let text = String::from_utf8(output.stdout).expect("text");
    // `+F2:`, the number of the key, its bits, signatures a second, verifications a second.
    let line = text.lines().rfind(|line| line.starts_with("+F2:")).expect("a line of RSA");
    line.split(':').nth(3).and_then(|rate| rate.parse().ok()).expect("a rate")
}

/// How long orders wait for their email, while so many other events a second come in.
fn latency(runtime: &tokio::runtime::Runtime, folder: &Path, programme: &Path, beside: Option<u64>) {
    let settings = MailboxSettings::open(([127, 0, 0, 1], 0).into());
    let mailbox = runtime.block_on(Mailbox::start_with(settings)).expect("a mailbox");
    let server = Server::start(folder, programme, Some(mailbox.addr));
    let Some(rate) = beside else { return runtime.block_on(waits(&server, &mailbox)) };
    let pace = Duration::from_nanos(1_000_000_000 * CONNECTIONS * load::EVENTS_A_BODY as u64 / rate);
    std::thread::scope(|scope| {
        let posting = scope.spawn(|| load::post(&server, Load { pace, ..Load::of(CONNECTIONS) }, BUSY));
        std::thread::sleep(Duration::from_secs(1));
        runtime.block_on(waits(&server, &mailbox));
        assert!(!posting.is_finished(), "the load ended before the last order was timed");
        println!("  beside {:.0} events/s", posting.join().expect("no panic").rate());
    });
}

/// Posts orders one by one and looks when each email is at the relay.
async fn waits(server: &Server, mailbox: &Mailbox) {
    let client = reqwest::Client::new();
    let mut waits = Vec::new();
    for number in 0..TIMED {
        let posted = Instant::now();
        post(&client, server, number..number + 1).await;
        mailbox.wait_for(number as u64 + 1).await;
        waits.push(posted.elapsed());
        tokio::time::sleep(PACE).await;
    }
    waits.sort();
    let at = |share: f64| waits[((TIMED - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!("event to relay, one at a time: p50 {:.1} ms, p99 {:.1} ms, {TIMED} emails", at(0.50), at(0.99));
}

/// Emails a second from the first order posted to the last email accepted.
fn throughput(
    runtime: &tokio::runtime::Runtime,
    folder: &Path,
    programme: &Path,
    (sink, signed): (&Sink, Option<&str>),
    emails: usize,
) -> f64 {
    if let Some(algorithm) = signed {
        // Only a server makes the folder that a key goes into.
        drop(Server::start(folder, programme, None));
        sign(folder, algorithm);
    }
    let server = Server::start(folder, programme, Some(sink.address));
    let begun = Instant::now();
    runtime.block_on(async {
        let client = reqwest::Client::new();
        for first in (0..emails).step_by(BATCH) {
            post(&client, &server, first..(first + BATCH).min(emails)).await;
        }
    });
    loop {
        let sends = server.status()["counts"]["sends"].clone();
        if sends["accepted"] == json!(emails) {
            return emails as f64 / begun.elapsed().as_secs_f64();
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "not all emails left: {sends}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Makes the key by which the server that starts in this folder signs.
fn sign(folder: &Path, algorithm: &str) {
    let mut command = Command::new(live::binary());
    command.args(["keys", "dkim", "create", "--domain", SENDER, "--algorithm", algorithm, "--data"]);
    let made = command.arg(folder.join("data")).stdout(Stdio::null()).status();
    assert!(made.expect("the binary").success(), "a key of {algorithm}");
}

async fn post(client: &reqwest::Client, server: &Server, numbers: std::ops::Range<usize>) {
    let order = |number: usize| {
        json!({
            "type": "track", "event": "Order Completed", "messageId": format!("m-{number}"),
            "userId": format!("buyer-{number}"), "properties": { "order": number, "total": 12.5 },
            "context": { "traits": { "email": format!("buyer-{number}@example.com"), "first_name": "Ada" } },
        })
    };
    let body = json!({ "batch": numbers.map(order).collect::<Vec<_>>() });
    let request = client.post(format!("http://{}/v1/batch", server.address));
    let reply = request.basic_auth(&server.write_key, Some("")).json(&body).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
}

/// `smtp-sink` of Postfix, which takes everything and keeps nothing.
struct Sink {
    process: Child,
    address: SocketAddr,
}

impl Sink {
    fn start(folder: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port");
        std::fs::write(folder.join("main.cf"), "compatibility_level = 3.6\n").expect("a file");
        let mut command = Command::new("/usr/sbin/smtp-sink");
        command.args(["-u", "nobody", &address.to_string(), "128"]).env("MAIL_CONFIG", folder);
        let process = command.stdin(Stdio::null()).spawn().expect("smtp-sink: cargo xtask setup installs it");
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { process, address }
    }

    /// Emails a second that Postfix's own load generator reaches.
    fn smtp_source(&self, emails: usize) -> f64 {
        let begun = Instant::now();
        let mut command = Command::new("/usr/sbin/smtp-source");
        command.args(["-d", "-s", "8", "-l", "4096", "-m", &emails.to_string(), &self.address.to_string()]);
        assert!(command.status().expect("smtp-source comes with smtp-sink").success());
        emails as f64 / begun.elapsed().as_secs_f64()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
