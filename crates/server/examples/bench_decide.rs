//! Decisions for pages at a steady rate, beside `/healthz` at the same rate on the same server in the same run.
//!
//! The load is open: each request has its instant, and waits count from it, so a server that stalls is not asked less.
//! `cargo run --release -p server --example bench_decide -- [profiles] [requests a second] [seconds]`, with the release
//! binary built.

mod live;

use live::Server;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
const EVENTS_A_BODY: u64 = 2_000;

const PROGRAMME: [(&str, &str); 4] = [
    (
        "programme.yaml",
        "programme: bench\nlanguages: [en]\npurposes:\n  offers: { title: Offers, channels: [onsite] }\ncontact_policy:\n  caps: [{ at most: 20, within: 7 days, channels: [onsite] }]\n",
    ),
    ("segments.yaml", "segments:\n  buyers: 'did \"Order Completed\" within 30 days'\n"),
    (
        "messages/vip/message.yaml",
        "message: vip\npriority: 5\nonsite:\n  format: inline\n  slot: top\n  purpose: offers\n  for: in segment \"buyers\"\n  title: 'Hi {{ profile.first_name | default: \"you\" }}'\n",
    ),
    (
        "messages/hello/message.yaml",
        "message: hello\nonsite: { format: inline, slot: top, title: Welcome, button: { text: Look, url: /spring } }\n",
    ),
];

fn main() {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let mut next = |usual| given.next().unwrap_or(usual);
    let (profiles, rate, seconds) = (next(1_000_000), next(2_000), next(20));
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");
    for (file, text) in PROGRAMME {
        let path = folder.path().join("programme").join(file);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let server = Server::start(folder.path(), &folder.path().join("programme"), None);
    fill(&server, profiles);
    let known = server.status();
    println!("{} profiles, {rate} requests/s for {seconds} s", known["counts"]["profiles"]);

    let healthz = |_: u64| "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n".to_owned();
    let key = server.write_key.clone();
    let decide = move |number: u64| {
        // Far from the one before, so that no cache holds the next.
        let person = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % profiles;
        let body = format!(
            "{{\"writeKey\":\"{key}\",\"anonymous_id\":\"a-{person}\",\"slots\":[\"top\",\"site\"]}}"
        );
        format!(
            "POST /decide HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let wanted = ["ok\n", "\"decision\""];
    let mut told = Vec::new();
    for (name, is_decision) in
        [("/healthz", false), ("/decide", true), ("/healthz", false), ("/decide", true)]
    {
        let took = match is_decision {
            true => steady(server.address, rate, seconds, wanted[1], &decide),
            false => steady(server.address, rate, seconds, wanted[0], &healthz),
        };
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        println!(
            "  {name:9} {} answers, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms",
            took.len(),
            at(0.5),
            at(0.99),
            at(0.999)
        );
        told.push(at(0.99));
    }
    println!(
        "p99 of decisions: {:.2} ms, {:.1} times that of /healthz",
        f64::midpoint(told[1], told[3]),
        (told[1] + told[3]) / (told[0] + told[2])
    );
}

/// A person with a name, a consent and an order, each.
fn fill(server: &Server, profiles: u64) {
    let mut stream = connect(server.address);
    for first in (0..profiles).step_by(EVENTS_A_BODY as usize / 2) {
        let mut body = format!("{{\"writeKey\":\"{}\",\"batch\":[", server.write_key);
        for person in first..(first + EVENTS_A_BODY / 2).min(profiles) {
            let comma = if person == first { "" } else { "," };
            let _ = write!(
                body,
                "{comma}{{\"type\":\"identify\",\"anonymousId\":\"a-{person}\",\"traits\":{{\"first_name\":\"P{person}\"}},\"context\":{{\"consent\":{{\"categoryPreferences\":{{\"offers\":true}}}}}}}}"
            );
            if person % 2 == 0 {
                let _ = write!(
                    body,
                    ",{{\"type\":\"track\",\"anonymousId\":\"a-{person}\",\"event\":\"Order Completed\",\"properties\":{{\"total\":30}}}}"
                );
            }
        }
        body.push_str("]}");
        let head =
            format!("POST /v1/batch HTTP/1.1\r\nHost: bench\r\nContent-Length: {}\r\n\r\n", body.len());
        let answer = ask(&mut stream, &[head, body].concat());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// Waits from the instant at which a request was due to its answer, sorted.
fn steady(
    address: SocketAddr,
    rate: u64,
    seconds: u64,
    wanted: &str,
    request: &(dyn Fn(u64) -> String + Sync),
) -> Vec<Duration> {
    let begin = Instant::now() + Duration::from_millis(100);
    let mut all: Vec<Duration> = std::thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS as u64)
            .map(|connection| {
                scope.spawn(move || {
                    let mut stream = connect(address);
                    let mut took = Vec::new();
                    for number in (connection..rate * seconds).step_by(CONNECTIONS) {
                        let due = begin + Duration::from_nanos(1_000_000_000 / rate * number);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let answer = ask(&mut stream, &request(number));
                        assert!(answer.contains(wanted), "{answer}");
                        took.push(due.elapsed());
                    }
                    took
                })
            })
            .collect();
        connections.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    all.sort_unstable();
    all
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// One request and its answer, of which the length is announced.
fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("the server takes it");
    let (mut answer, mut room) = (Vec::new(), [0; 16 << 10]);
    loop {
        let read = stream.read(&mut room).expect("the server answers");
        assert!(read > 0, "the server hung up");
        answer.extend_from_slice(&room[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
        });
        if body.len() >= length.expect("a length") {
            return text.into_owned();
        }
    }
}
