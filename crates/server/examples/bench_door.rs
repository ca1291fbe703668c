//! How long the door takes for an event: a body of 100 events, some 61 KB, from JSON to records, beside two peers that
//! only parse it. Medians over the same run; run it with `cargo run --release -p server --example bench_door`.

use engine::at::At;
use engine::identifier::HashKey;
use engine::record::EventKind;
use server::collect::door::{Arrival, Door};
use server::collect::endpoint::Endpoint;
use server::collect::envelope::Envelope;
use server::collect::visitor::Peer;
use std::hint::black_box;
use std::time::Instant;

const EVENTS: usize = 100;
const BODIES: usize = 64;
const ROUNDS: usize = 61;

fn main() {
    let bodies: Vec<Vec<u8>> = (0..BODIES).map(body).collect();
    let bytes: usize = bodies.iter().map(Vec::len).sum::<usize>() / BODIES;
    println!("{BODIES} bodies of {EVENTS} events, {bytes} bytes each; medians of {ROUNDS} rounds");
    let door = Door::new(HashKey([7; 16]));
    let arrival = Arrival {
        source: "shop",
        received_at: At(1_795_435_200_000),
        serial: 1,
        peer: Peer {
            ip: Some([203, 0, 113, 9].into()),
            user_agent: "Mozilla/5.0",
            prefetch: false,
            privacy_signal: false,
        },
    };
    let (mut parse, mut whole, mut sonic, mut peer) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        peer.push(time(&bodies, |body| {
            let value: serde_json::Value = serde_json::from_slice(body).expect("our own JSON");
            black_box(value["batch"].as_array().map_or(0, Vec::len))
        }));
        sonic.push(time(&bodies, |body| {
            let value: sonic_rs::Value = sonic_rs::from_slice(body).expect("our own JSON");
            black_box(usize::from(sonic_rs::JsonValueTrait::is_object(&value)) * EVENTS)
        }));
        parse.push(time(&bodies, |body| {
            let envelope = Envelope::read(body, Endpoint::Batch).expect("our own JSON");
            black_box(&envelope);
            EVENTS
        }));
        whole.push(time(&bodies, |body| {
            let envelope = Envelope::read(body, Endpoint::Batch).expect("our own JSON");
            let reading = black_box(door.read(&envelope, &arrival));
            assert!(reading.rejections.is_empty(), "{:?}", reading.rejections);
            reading.accepted
        }));
    }
    let envelope = Envelope::read(&bodies[0], Endpoint::Batch).expect("our own JSON");
    let record = door.read(&envelope, &arrival).records.len() / EVENTS;
    let (peer, whole) = (median(peer), median(whole));
    println!("serde_json to its Value     {peer:7.0} ns/event   the peer");
    println!("sonic-rs to its Value       {:7.0} ns/event", median(sonic));
    println!("door: JSON taken apart      {:7.0} ns/event", median(parse));
    println!("door: JSON to records       {whole:7.0} ns/event   {record} bytes a record");
    println!("ratio of the peer           {:7.2}", peer / whole);
}

/// Nanoseconds for one event: the median body, so that whatever else the machine does in between does not count.
fn time(bodies: &[Vec<u8>], mut work: impl FnMut(&[u8]) -> usize) -> f64 {
    let times = bodies.iter().map(|body| {
        let start = Instant::now();
        assert_eq!(work(body), EVENTS);
        start.elapsed().as_nanos() as f64 / EVENTS as f64
    });
    median(times.collect())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What a shop sends from its server: seven calls in ten are `track`.
fn body(seed: usize) -> Vec<u8> {
    let events: Vec<String> = (0..EVENTS).map(|index| event(seed * EVENTS + index)).collect();
    format!(r#"{{"batch":[{}],"writeKey":"wk_bench","sentAt":"2026-11-23T12:00:00.123Z"}}"#, events.join(","))
        .into_bytes()
}

fn event(number: usize) -> String {
    let user = number * 7919 % 100_000;
    let (kind, own) = match number % 10 {
        0 => (
            EventKind::Identify,
            format!(
                r#""traits":{{"email":"user{user}@example.com","firstName":"Zoë","country":"IT","age":{}}}"#,
                18 + user % 60
            ),
        ),
        1 | 2 => (
            EventKind::Page,
            format!(
                r#""name":"Product","properties":{{"title":"A thing of beauty","path":"/p/{user}","url":"https://shop.example/p/{user}"}}"#
            ),
        ),
        _ => (
            EventKind::Track,
            format!(
                r#""event":"Product Added","properties":{{"product_id":"p{user}","name":"A thing of beauty","price":{}.{:02},"quantity":{},"currency":"EUR","category":"things"}}"#,
                user % 90,
                user % 100,
                1 + user % 3
            ),
        ),
    };
    format!(
        r#"{{"timestamp":"2026-11-23T11:59:{:02}.{:03}Z","integrations":{{}},"type":"{}","userId":"u{user}",{own},"context":{{"page":{{"path":"/p/{user}","referrer":"https://www.google.com/","search":"?utm_source=google","title":"A thing","url":"https://shop.example/p/{user}?utm_source=google"}},"locale":"it-IT","library":{{"name":"@segment/analytics-node","version":"3.1.0"}},"campaign":{{"source":"google","medium":"cpc"}}}},"anonymousId":"a5ec58bc-57f2-4bbc-97e3-{number:012}","messageId":"node-next-1795395550339-{number:08}-5758-4bbc-97e3-e53d6c0aaa44","_metadata":{{"nodeVersion":"v20.20.2"}}}}"#,
        number % 60,
        number % 1000,
        kind.name(),
    )
}
