//! A made-up shop of ninety days: people come in visits of several pages, some order, few give back; and what ads cost each day.

use engine::at::{At, Span};
use engine::day::Day;
use engine::engine::Engine;
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{CostKind, Programme};
use engine::record::{
    Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record, SpendCounts, SpendRecorded,
};
use engine::value::OwnedMap;
use eventlog::frame::push_record;
use eventlog::log::Log as _;
use eventlog::sequencer::stage;
use eventlog::sqlite::SqliteLog;
use serde_json::{Value, json};
use std::path::Path;

const KEY: HashKey = HashKey([5; 16]);
const BEGIN: At = At(1_750_000_000_000);
const DAYS: i64 = 90;
/// Records of a batch.
const BATCH: usize = 4_096;
/// Visits that go on at the same time.
const VISITS: u64 = 256;

/// Somebody who is here.
#[derive(Clone, Copy, Default)]
struct Visit {
    person: u64,
    /// Pages that are yet to come.
    left: u64,
    is_new: bool,
    context: usize,
}

/// A log in a folder with the events of the shop, and the engine at its end.
pub(crate) fn open(folder: &Path, people: u64, events: u64) -> Engine {
    let mut shop = Shop::new(folder);
    shop.found();
    let step = DAYS * Span::DAY.0 / events as i64;
    let contexts = contexts();
    let mut visits = vec![Visit::default(); VISITS as usize];
    for number in 0..events {
        let at = BEGIN.plus(Span(step * number as i64));
        let place = shop.draw(VISITS) as usize;
        if visits[place].left == 0 {
            // Few come often and many seldom.
            let person = shop.draw(people).min(shop.draw(people));
            visits[place] =
                Visit { person, left: 1 + shop.draw(15), is_new: true, context: shop.draw(6) as usize };
        }
        let visit = visits[place];
        visits[place] = Visit { left: visit.left - 1, is_new: false, ..visit };
        shop.event(number, at, visit, &contexts);
    }
    shop.flush();
    shop.engine
}

/// How people come: half of them directly.
fn contexts() -> Vec<OwnedMap> {
    let page = |more: Value| {
        let mut context = json!({"page": {"url": "https://shop.example/oil", "title": "Oil"}});
        context.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        OwnedMap::from_json(&context).expect("a context")
    };
    let search = json!({"page": {"url": "https://shop.example/", "referrer": "https://www.google.com/"}});
    vec![
        page(json!({"campaign": {"source": "google", "medium": "cpc", "name": "oil"}})),
        page(json!({"campaign": {"source": "facebook", "medium": "paid-social", "name": "oil"}})),
        page(search),
        page(json!({})),
    ]
}

struct Shop {
    engine: Engine,
    log: SqliteLog,
    body: Vec<u8>,
    bytes: Vec<u8>,
    held: usize,
    at: At,
    state: u64,
}

impl Shop {
    fn new(folder: &Path) -> Self {
        let log = SqliteLog::open(folder).expect("a log");
        let (body, bytes) = (Vec::new(), Vec::new());
        Self { engine: Engine::new(), log, body, bytes, held: 0, at: BEGIN, state: 7 }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn push(&mut self, at: At, record: &Record<'_>) {
        self.bytes.clear();
        record.encode(&mut self.bytes);
        push_record(&mut self.body, &self.bytes);
        (self.at, self.held) = (at, self.held + 1);
        if self.held == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let staged = stage(&mut self.engine, self.at, &[&self.body]);
        self.log.append(&staged.batches).expect("the batch is written");
        self.body.clear();
        self.held = 0;
    }

    /// What is there before anybody comes: the programme, and what every day's ads cost.
    fn found(&mut self) {
        let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
        self.push(BEGIN, &Record::Installed(installed));
        self.flush();
        let programme = Programme {
            name: "bench".into(),
            timezone: "Europe/Rome".into(),
            languages: vec!["en".into()],
            currency: Some("EUR".into()),
            ..Programme::default()
        };
        let definition = serde_json::to_string(&programme).expect("plain JSON");
        let applied = ProgrammeApplied { applied_at: BEGIN, operator: "bench", definition: &definition };
        self.push(BEGIN, &Record::ProgrammeApplied(applied));
        let timezone = programme.timezone();
        for day in 0..DAYS {
            let day = Day::of(BEGIN.plus(Span(day * Span::DAY.0)), &timezone);
            for channel in ["paid-search", "paid-social", "display"] {
                let (impressions, clicks) = (Some(10_000 + self.draw(9_000)), Some(self.draw(900)));
                let millionths = 1_000_000 * (10 + self.draw(90)) as i64;
                self.push(
                    BEGIN,
                    &Record::SpendRecorded(SpendRecorded {
                        key: &format!("{day} {channel}"),
                        campaign: "oil",
                        channel,
                        kind: CostKind::Media,
                        from: day,
                        until: day,
                        millionths,
                        currency: "EUR",
                        counts: SpendCounts { impressions, clicks, reach: None, minutes: None },
                        source: "",
                        recorded_at: BEGIN,
                        operator: "",
                    }),
                );
            }
        }
        self.flush();
    }

    fn event(&mut self, number: u64, at: At, visit: Visit, contexts: &[OwnedMap]) {
        let (kind, name) = match self.draw(100) {
            0 | 1 => (EventKind::Track, "Order Completed"),
            2 if number.is_multiple_of(4) => (EventKind::Track, "Order Refunded"),
            3..=20 => (EventKind::Track, "Product Viewed"),
            _ => (EventKind::Page, "Page Viewed"),
        };
        let properties = match name {
            "Page Viewed" | "Product Viewed" => json!({"section": self.draw(20)}),
            _ => json!({"total": self.draw(20_000) as f64 / 100.0, "currency": "EUR"}),
        };
        let properties = OwnedMap::from_json(&properties).expect("properties");
        // The first page of a visit says where it came from; those who order tell who they are.
        let context =
            if visit.is_new { contexts.get(visit.context).unwrap_or(&contexts[3]) } else { &contexts[3] };
        let (cookie, user) = (format!("cookie-{}", visit.person), format!("user-{}", visit.person));
        let named = |kind, value| Identifier { kind, hash: KEY.identifier(kind, value), value };
        let mut identifiers = Vec::new();
        if name == "Order Completed" || name == "Order Refunded" {
            identifiers.push(named(IdentifierKind::UserId, user.as_str()));
        }
        identifiers.push(named(IdentifierKind::AnonymousId, cookie.as_str()));
        let (message_id, nothing) = (number.to_string(), OwnedMap::default());
        self.push(
            at,
            &Record::Event(Event {
                kind,
                flags: EventFlags::default(),
                occurred_at: at,
                received_at: at,
                source: "bench",
                name,
                message_id: KEY.message_id("bench", &message_id),
                identifiers,
                message_id_text: &message_id,
                properties: properties.as_map(),
                traits: nothing.as_map(),
                context: context.as_map(),
            }),
        );
    }
}
