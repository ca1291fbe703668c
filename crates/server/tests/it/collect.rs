//! The tracking API: against the in-process router with a log in memory, and against the pure door.

mod events;
mod http;
mod people;
mod random;
mod sdks;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use engine::Seq;
use engine::at::At;
use engine::codec::Reader;
use engine::identifier::HashKey;
use engine::record::Record;
use http_body_util::BodyExt;
use serde_json::Value;
use server::collect::door::{Arrival, Door, Reading};
use server::collect::endpoint::Endpoint;
use server::collect::envelope::Envelope;
use server::collect::intake::{Intake, Outcome, Overloaded};
use server::collect::routes::{Collect, routes};
use server::collect::visitor::Peer;
use server::wire::record_json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// 2026-11-23T12:00:00Z, the present of every test here.
pub(crate) const NOW: At = At(1_795_435_200_000);

/// The only write key, of the source `shop`.
pub(crate) const KEY: &str = "wk_test_123";

/// A log in memory that keeps the JSON of what it was given.
#[derive(Default)]
pub(crate) struct Memory {
    records: Mutex<Vec<Value>>,
    full: AtomicBool,
    /// The engine refuses events of this name.
    refused: Mutex<Option<&'static str>>,
}

impl Intake for Memory {
    fn is_overloaded(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    async fn submit(&self, framed: Vec<u8>, count: u32) -> Result<Vec<Outcome>, Overloaded> {
        let records = decoded(&framed);
        assert_eq!(records.len(), count as usize, "as many records as announced");
        let refused = self.refused.lock().unwrap().unwrap_or("nothing");
        let outcome = |record: &Value| match record["name"] == refused {
            true => Outcome::Refused(format!("`{refused}` is refused")),
            false => Outcome::Applied,
        };
        let outcomes = records.iter().map(outcome).collect();
        self.records.lock().unwrap().extend(records);
        Ok(outcomes)
    }
}

/// The router, and the log behind it.
pub(crate) struct Shop {
    router: Router,
    pub(crate) memory: Arc<Memory>,
}

/// What a sender was told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let memory = Arc::new(Memory::default());
        let source_of = |key: &str| (key == KEY).then(|| Arc::from("shop"));
        let collect = Collect::new(door(), Arc::clone(&memory), Box::new(source_of), || NOW);
        Self { router: routes(Arc::new(collect)), memory }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, json }
    }

    /// Posts a body with headers, the write key not among them unless given.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// Takes the records out of the log.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.memory.records.lock().unwrap())
    }
}

pub(crate) fn door() -> Door {
    Door::new(HashKey([7; 16]))
}

/// The JSON of each framed record.
pub(crate) fn decoded(framed: &[u8]) -> Vec<Value> {
    let mut reader = Reader::new(framed);
    let mut records = Vec::new();
    while !reader.is_empty() {
        let record = Record::decode(reader.bytes().expect("a framed record")).expect("a record");
        records.push(record_json(Seq(0), NOW, &record));
    }
    records
}

/// What the door makes of a body, with a browser at the other end.
pub(crate) fn read(endpoint: Endpoint, json: &Value) -> (Reading, Vec<Value>) {
    let body = json.to_string();
    let envelope = Envelope::read(body.as_bytes(), endpoint).unwrap();
    let peer = Peer {
        ip: Some([203, 0, 113, 9].into()),
        user_agent: BROWSER,
        prefetch: false,
        privacy_signal: false,
    };
    let reading = door().read(&envelope, &Arrival { source: "shop", received_at: NOW, serial: 1, peer });
    let records = decoded(&reading.records);
    (reading, records)
}

/// The one record that a batch of one call makes.
pub(crate) fn one(call: &Value) -> Value {
    let (_, mut records) = read(Endpoint::Batch, &serde_json::json!({ "batch": [call] }));
    assert_eq!(records.len(), 1);
    records.remove(0)
}

pub(crate) const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
