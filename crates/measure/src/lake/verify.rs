//! Whether the lake says what the log says: counts and sums, told from each by a way of its own.

use super::error::SqlError;
use super::{Lake, LakeError};
use crate::kpi::people::{Gathered, Order};
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use engine::outbox::Status;
use engine::programme::decimal;
use engine::record::{Malformed, Record};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A figure by both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub table: &'static str,
    pub what: String,
    pub lake: String,
    pub log: String,
    pub is_equal: bool,
}

/// Most groups of a figure: as many event names as there can be, and more.
const GROUPS_MAX: usize = 1_000_000;

/// What the log and the engine say, as the lake would have it.
pub struct Counted<'a> {
    engine: &'a Engine,
    gathered: Gathered<'a>,
    redaction: Option<engine::erasure::Redaction>,
    events: BTreeMap<String, u64>,
    engagements: BTreeMap<String, u64>,
}

impl<'a> Counted<'a> {
    pub fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            gathered: Gathered::new(engine),
            redaction: engine.redaction(),
            events: BTreeMap::new(),
            engagements: BTreeMap::new(),
        }
    }

    /// Takes in the bytes of the record at a place, of a batch of an instant; every one, in order.
    pub fn observe(&mut self, seq: Seq, at: At, bytes: &[u8]) {
        let Ok(record) = Record::decode(bytes) else { return };
        let redacted = self.redaction.as_ref().and_then(|redaction| redaction.redact(seq, &record));
        if redacted.is_some_and(|left| matches!(Record::decode(&left), Err(Malformed::Sealed))) {
            return;
        }
        match &record {
            Record::Event(event) => *self.events.entry(event.name.to_owned()).or_default() += 1,
            Record::Engaged(engaged) => {
                *self.engagements.entry(engaged.engagement.name().to_owned()).or_default() += 1;
            }
            _ => {}
        }
        self.gathered.observe(seq, at, &record);
    }
}

/// Compares table by table. The lake has to stand where the engine does.
pub async fn verify(lake: &Lake, mut counted: Counted<'_>) -> Result<Vec<Check>, SqlError> {
    counted.gathered.finish();
    let engine = counted.engine;
    let manifest = lake.manifest();
    if manifest.stated_seq != engine.seq().0 {
        let (lake, log) = (manifest.stated_seq, engine.seq());
        return Err(
            LakeError::Other(format!("the lake goes up to record {lake} and the log to {log}")).into()
        );
    }
    let mut checks = Vec::new();
    let mut compare = |table, what: &str, lake: BTreeMap<String, String>, log: BTreeMap<String, String>| {
        let keys: std::collections::BTreeSet<&String> = lake.keys().chain(log.keys()).collect();
        for key in keys {
            let said = |by: &BTreeMap<String, String>| by.get(key).cloned().unwrap_or_else(|| "0".to_owned());
            let (lake, log) = (said(&lake), said(&log));
            let what = if key.is_empty() { what.to_owned() } else { format!("{what} {key}") };
            checks.push(Check { table, what, is_equal: lake == log, lake, log });
        }
    };
    let by = |text: &'static str| async move { grouped(lake, text).await };
    let counts =
        |by: &BTreeMap<String, u64>| by.iter().map(|(key, count)| (key.clone(), count.to_string())).collect();
    compare(
        "events",
        "events",
        by("SELECT name, count(*) FROM events GROUP BY 1").await?,
        counts(&counted.events),
    );
    let told = by("SELECT kind, count(*) FROM engagements GROUP BY 1").await?;
    compare("engagements", "engagements", told, counts(&counted.engagements));
    let sends =
        Status::ALL.into_iter().map(|status| (status.name().to_owned(), engine.counts().sends(status)));
    let sends: BTreeMap<String, u64> = sends.filter(|(_, count)| *count > 0).collect();
    compare("sends", "sends", by("SELECT status, count(*) FROM sends GROUP BY 1").await?, counts(&sends));
    let mut decided: BTreeMap<String, u64> = BTreeMap::new();
    for send in engine.sends() {
        let reason = send.decision.reason().map_or("none", |reason| reason.name());
        *decided.entry(reason.to_owned()).or_default() += 1;
    }
    let told = by("SELECT coalesce(reason, 'none'), count(*) FROM sends GROUP BY 1").await?;
    compare("sends", "reason", told, counts(&decided));
    let (orders, revenue) = ordered(&counted.gathered);
    let told = by("SELECT currency, count(*) FROM orders WHERE NOT is_returned GROUP BY 1").await?;
    compare("orders", "orders", told, counts(&orders));
    let told = by("SELECT currency, sum(net) FROM orders WHERE NOT is_returned GROUP BY 1").await?;
    compare("orders", "revenue", told, sums(&revenue));
    let told = by("SELECT '', count(*) FROM people WHERE stands").await?;
    compare("people", "people", told, one(engine.profiles().count()));
    let told = by("SELECT '', count(*) FROM people WHERE stands AND known_at IS NOT NULL").await?;
    compare(
        "people",
        "leads",
        told,
        one(counted.gathered.people.values().filter(|one| one.known_at.is_some()).count()),
    );
    let consents = engine.profiles().map(|(_, profile)| profile.consents().len()).sum();
    compare("consents", "consents", by("SELECT '', count(*) FROM consents").await?, one(consents));
    let mut members: BTreeMap<String, u64> = BTreeMap::new();
    for (id, _) in engine.profiles() {
        engine.memberships(id).into_iter().for_each(|name| *members.entry(name.to_owned()).or_default() += 1);
    }
    let told = by("SELECT segment, count(*) FROM memberships GROUP BY 1").await?;
    compare("memberships", "members", told, counts(&members));
    let mut spent: BTreeMap<String, i128> = BTreeMap::new();
    for line in engine.costs() {
        *spent.entry(line.money.currency.clone()).or_default() += i128::from(line.money.millionths);
    }
    let told = by("SELECT currency, sum(amount) FROM spend GROUP BY 1").await?;
    compare("spend", "spend", told, sums(&spent));
    Ok(checks)
}

/// Orders that stand and what they brought, by currency.
fn ordered(gathered: &Gathered<'_>) -> (BTreeMap<String, u64>, BTreeMap<String, i128>) {
    let (mut orders, mut revenue) = (BTreeMap::new(), BTreeMap::new());
    let of_people = gathered.people.values().flat_map(|person| &person.orders);
    for Order { millionths, currency, .. } in of_people.chain(&gathered.nameless) {
        *orders.entry(currency.clone()).or_default() += 1;
        *revenue.entry(currency.clone()).or_default() += i128::from(millionths.unwrap_or(0));
    }
    (orders, revenue)
}

fn one(count: usize) -> BTreeMap<String, String> {
    BTreeMap::from([(String::new(), count.to_string())])
}

fn sums(by: &BTreeMap<String, i128>) -> BTreeMap<String, String> {
    let short = |text: String| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    by.iter().map(|(key, sum)| (key.clone(), short(decimal(*sum)))).collect()
}

/// What a question says by its first column.
async fn grouped(lake: &Lake, question: &str) -> Result<BTreeMap<String, String>, SqlError> {
    let answer = lake.ask(question, Some(GROUPS_MAX)).await?;
    let told = answer.rows.into_iter().map(|row| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (text(&row[0]), text(&row[1]))
    });
    Ok(told.collect())
}
