//! A small shop: an engine beside the bytes of its log, told event by event.

use engine::Seq;
use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::Programme;
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::OwnedMap;
use measure::kpi::kept::Kept;
use measure::kpi::people::Gathered;
use measure::kpi::question::Question;
use measure::kpi::report::Report;
use serde_json::{Value, json};

/// An engine and the bytes of its log.
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    /// Each record with the instant at which it was applied.
    pub(crate) log: Vec<(At, Vec<u8>)>,
    pub(crate) key: HashKey,
    pub(crate) now: At,
}

impl Shop {
    pub(crate) fn new(programme: &Programme) -> Self {
        let key = HashKey([1; 16]);
        let now = At::parse("2026-01-01T00:00:00Z").unwrap();
        let mut shop = Self { engine: Engine::new(), log: Vec::new(), key, now };
        shop.apply(&Record::Installed(Installed {
            installation: 1,
            hash_key: key,
            seed: 1,
            link_key: [0; 32],
        }));
        let definition = serde_json::to_string(programme).unwrap();
        shop.apply(&Record::ProgrammeApplied(ProgrammeApplied {
            applied_at: now,
            operator: "",
            definition: &definition,
        }));
        shop
    }

    pub(crate) fn apply(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let seq = self.engine.seq().next();
        assert_eq!(self.engine.apply(seq, self.now, record, &mut Vec::new()), Outcome::Applied, "{record:?}");
        self.log.push((self.now, bytes));
    }

    /// An event at a time of UTC, of whoever has the names `type:value`.
    pub(crate) fn event(
        &mut self,
        at: &str,
        kind: EventKind,
        name: &str,
        who: &[&str],
        properties: &Value,
        context: &Value,
    ) {
        let at = At::parse(at).unwrap();
        self.now = self.now.max(at);
        let (properties, context) =
            (OwnedMap::from_json(properties).unwrap(), OwnedMap::from_json(context).unwrap());
        let names = who.iter().map(|name| {
            let (kind, value) = name.split_once(':').unwrap();
            let kind = IdentifierKind::ALL.into_iter().find(|one| one.name() == kind).unwrap();
            Identifier { kind, hash: self.key.identifier(kind, value), value }
        });
        let (id, nothing) = (format!("{}", self.log.len()), OwnedMap::default());
        let event = Event {
            kind,
            flags: EventFlags::default(),
            occurred_at: at,
            received_at: at,
            source: "shop",
            name,
            message_id: self.key.message_id("shop", &id),
            identifiers: names.collect(),
            message_id_text: &id,
            properties: properties.as_map(),
            traits: nothing.as_map(),
            context: context.as_map(),
        };
        self.apply(&Record::Event(event));
    }

    pub(crate) fn page(&mut self, at: &str, who: &[&str], campaign: &Value) {
        self.event(at, EventKind::Page, "Page Viewed", who, &json!({}), &json!({ "campaign": campaign }));
    }

    pub(crate) fn order(&mut self, at: &str, who: &[&str], order: &Value) {
        self.event(at, EventKind::Track, "Order Completed", who, order, &json!({}));
    }

    pub(crate) fn gathered(&self) -> Gathered<'_> {
        let mut gathered = Gathered::new(&self.engine);
        for (seq, (at, bytes)) in (1..).map(Seq).zip(&self.log) {
            gathered.observe(seq, *at, &Record::decode(bytes).unwrap());
        }
        gathered.finish();
        gathered
    }

    /// What was kept up to a place, brought up to now; `None` where it does not stand any more.
    pub(crate) fn going_on(&self, kept: Kept) -> Option<Gathered<'_>> {
        let mut since = kept.since(&self.engine)?;
        let upto = kept.upto().0;
        for (seq, (at, bytes)) in (upto + 1..).map(Seq).zip(&self.log[upto as usize..]) {
            since.observe(&self.engine, seq, *at, &Record::decode(bytes).unwrap());
        }
        let again = since.again(&self.engine)?;
        let places = again.places.clone();
        let mut gathered = Gathered::going_on(&self.engine, kept, again);
        for seq in places {
            let (at, bytes) = &self.log[seq.0 as usize - 1];
            gathered.observe(seq, *at, &Record::decode(bytes).unwrap());
        }
        gathered.finish();
        Some(gathered)
    }

    pub(crate) fn report(&self, question: &Question) -> Report {
        Report::of(&self.gathered(), question)
    }
}
