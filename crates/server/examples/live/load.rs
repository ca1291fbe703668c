//! The load of the benchmarks: bodies of 100 events of about 600 bytes that happen now, each event with an id of its own,
//! so none is a duplicate.

use super::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const EVENTS_A_BODY: usize = 100;
/// People that do something, unless a benchmark says otherwise.
pub(crate) const PEOPLE: u64 = 200_000;
/// The number of the first of them.
pub(crate) const PERSON_FIRST: u64 = 1_000_000;

/// Who posts how fast.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: u64,
    pub(crate) people: u64,
    /// A connection begins a body in so long a time at most.
    pub(crate) pace: Duration,
}

impl Load {
    /// As fast as it is taken.
    pub(crate) fn of(connections: u64) -> Self {
        Self { connections, people: PEOPLE, pace: Duration::ZERO }
    }
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) events: u64,
    took: Duration,
    /// Of each body, sorted.
    latencies: Vec<Duration>,
}

impl Run {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let index = ((self.latencies.len() - 1) as f64 * share) as usize;
        self.latencies[index].as_secs_f64() * 1_000.0
    }
}

/// Runs `turn` on as many threads as there are connections until the time is over.
pub(crate) fn run(connections: u64, length: Duration, turn: impl Fn(u64) -> Box<dyn FnMut()> + Sync) -> Run {
    let latencies = Mutex::new(Vec::new());
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for connection in 0..connections {
            let (latencies, turn) = (&latencies, &turn);
            scope.spawn(move || {
                let mut turn = turn(connection);
                let mut mine = Vec::new();
                while begin.elapsed() < length {
                    let sent = Instant::now();
                    turn();
                    mine.push(sent.elapsed());
                }
                latencies.lock().expect("no panic").extend(mine);
            });
        }
    });
    let took = begin.elapsed();
    let mut latencies = latencies.into_inner().expect("no panic");
    latencies.sort();
    Run { events: (latencies.len() * EVENTS_A_BODY) as u64, took, latencies }
}

/// A request whose ids are replaced in place, so that making the load costs next to nothing.
pub(crate) struct Body {
    bytes: Vec<u8>,
    /// Where each event's message id, user id and instant begin.
    places: Vec<[usize; 3]>,
    people: u64,
    next: u64,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);
pub(crate) const DIGITS: usize = 12;
const INSTANT: &str = "2026-01-05T20:30:00.000Z";

impl Body {
    pub(crate) fn new(head: &str, people: u64) -> Self {
        let blank = "0".repeat(DIGITS);
        let mut json = String::from("{\"batch\":[");
        let mut places = Vec::new();
        for number in 0..EVENTS_A_BODY {
            let name = ["Page Viewed", "Product Viewed", "Product Added", "Order Completed"][number % 4];
            if number > 0 {
                json.push(',');
            }
            json.push_str("{\"type\":\"track\",\"messageId\":\"");
            let message = json.len();
            json.push_str(&format!("{blank}\",\"userId\":\""));
            let user = json.len();
            json.push_str(&format!("{blank}\",\"event\":\"{name}\",\"timestamp\":\""));
            let instant = json.len();
            json.push_str(&format!(
                "{INSTANT}\",\"properties\":{{\"total\":{}.90,\"currency\":\"EUR\",\"sku\":\"SKU-{number}\",\
                 \"category\":\"ceramics\",\"url\":\"https://bottega.example/products/tazza-{number}\",\"quantity\":{}}},\"context\":{{\
                 \"ip\":\"203.0.113.7\",\"locale\":\"it-IT\",\"page\":{{\"path\":\"/products/tazza-{number}\",\
                 \"title\":\"Tazza fatta a mano\",\"referrer\":\"https://www.google.com/\"}},\
                 \"library\":{{\"name\":\"bench\",\"version\":\"1\"}},\"userAgent\":\"Mozilla/5.0 (X11; Linux \
                 x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36\"}},\"integrations\":{{}}}}",
                number * 3,
                number % 5 + 1,
            ));
            places.push([message, user, instant]);
        }
        json.push_str("]}");
        let head = head.replace("LENGTH", &json.len().to_string());
        let places = places.iter().map(|places| places.map(|one| one + head.len())).collect();
        Self { bytes: [head.as_bytes(), json.as_bytes()].concat(), places, people, next: 0 }
    }

    /// The next request: new message ids, other people, another instant.
    pub(crate) fn renew(&mut self) -> &[u8] {
        let first = NEXT_ID.fetch_add(EVENTS_A_BODY as u64, Ordering::Relaxed);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        for (index, [message, user, instant]) in self.places.iter().enumerate() {
            let id = first + index as u64;
            self.next = self.next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(id | 1);
            digits(&mut self.bytes[*message..message + DIGITS], id);
            digits(&mut self.bytes[*user..user + DIGITS], PERSON_FIRST + (self.next >> 33) % self.people);
            self.bytes[*instant..instant + INSTANT.len()].copy_from_slice(now.as_bytes());
        }
        &self.bytes
    }
}

fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Posts bodies for a while.
pub(crate) fn post(server: &Server, load: Load, length: Duration) -> Run {
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {}\r\nContent-Type: application/json\r\n\
         Content-Length: LENGTH\r\n\r\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{}:", server.write_key)),
    );
    run(load.connections, length, |_| {
        let mut body = Body::new(&head, load.people);
        let mut stream = TcpStream::connect(server.address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        let mut reply = vec![0; 65_536];
        let mut due = Instant::now();
        Box::new(move || {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due += load.pace;
            stream.write_all(body.renew()).expect("the server reads");
            let mut filled = 0;
            loop {
                filled += stream.read(&mut reply[filled..]).expect("the server answers");
                let text = &reply[..filled];
                if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
                    let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
                    assert!(head.starts_with("http/1.1 200"), "{}", String::from_utf8_lossy(text));
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
                    if filled >= end + 4 + length {
                        break;
                    }
                }
            }
        })
    })
}
