//! What we count of ourselves, in the form that Prometheus reads. Counters are kept here; what the engine counts
//! anyway is asked of it when somebody looks.

use crate::runtime::Progress;
use engine::engine::Engine;
use engine::outbox::{Decisions, Reason, Status};
use engine::record::{DeliveryOutcome, WebhookOutcome};
use eventlog::log::Batch;
use eventlog::sequencer::Outcome;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// The figures of one server.
pub struct Metrics {
    registry: Registry,
    records: Family<OutcomeLabel, Counter>,
    commit_seconds: Histogram,
    batch_records: Histogram,
    settlements: Family<OutcomeLabel, Counter>,
    decisions: Family<DecisionLabel, Gauge>,
    webhook_attempts: Family<WebhookLabel, Counter>,
    webhook_waiting: Family<NameLabel, Gauge>,
    webhook_off: Family<NameLabel, Gauge>,
    sends: Family<StatusLabel, Gauge>,
    /// In the order of [`looked_at`].
    gauges: Vec<Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabel {
    webhook: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NameLabel {
    webhook: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabel {
    decision: &'static str,
    /// Empty where the decision is not to drop.
    reason: &'static str,
}

/// What is read off the engine and the runtime: name, help, figure.
fn looked_at(engine: &Engine, progress: Progress) -> [(&'static str, &'static str, u64); 13] {
    let counts = engine.counts();
    [
        ("events", "Events taken", counts.events),
        ("bot_events", "Events of bots, kept out of profiles", counts.bot_events),
        ("rejects", "Events refused at the door", counts.rejected),
        ("profiles", "People known", counts.profiles),
        ("identified", "People known with a user_id or an email", counts.identified),
        ("merges", "Profiles found to be one person", counts.merges),
        ("nameless_events", "Events all of whose identifiers are blocked", counts.nameless),
        ("timers", "Timers set", engine.timers() as u64),
        ("timer_fires", "Timers fired", counts.timer_fires),
        ("durable_seq", "Place of the newest record on the disk", progress.durable.0),
        ("applied_seq", "Place of the newest record applied", progress.applied.0),
        ("lag", "Records applied and not yet on the disk", progress.lag()),
        ("queue_bytes", "Bytes of records that wait for the engine", progress.waiting_bytes as u64),
    ]
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("trama");
        let (records, settlements, decisions, sends) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        // 0.1 ms to 1.6 s: from a fast disk's sync to one that is in trouble.
        let commit_seconds = Histogram::new(exponential_buckets(0.0001, 2.0, 15));
        let batch_records = Histogram::new(exponential_buckets(1.0, 4.0, 10));
        registry.register("records", "Submitted records by what became of them", Family::clone(&records));
        registry.register_with_unit(
            "commit",
            "Time to make batches durable",
            Unit::Seconds,
            commit_seconds.clone(),
        );
        registry.register("batch_records", "Records in a batch", batch_records.clone());
        registry.register("settlements", "Providers' answers by outcome", Family::clone(&settlements));
        registry.register(
            "decisions",
            "Sends by how the governor decided them, and why",
            Family::clone(&decisions),
        );
        registry.register("sends", "Sends by status", Family::clone(&sends));
        let (webhook_attempts, webhook_waiting, webhook_off) = webhooks(&mut registry);
        let nothing = Progress { durable: engine::Seq(0), applied: engine::Seq(0), waiting_bytes: 0 };
        let gauges = looked_at(&Engine::new(), nothing).map(|(name, help, _)| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        });
        Self {
            registry,
            records,
            commit_seconds,
            batch_records,
            settlements,
            decisions,
            webhook_attempts,
            webhook_waiting,
            webhook_off,
            sends,
            gauges: gauges.into(),
        }
    }
}

impl Metrics {
    /// Batches became durable together.
    pub fn committed(&self, batches: &[Batch], took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        for batch in batches {
            self.batch_records.observe(f64::from(batch.count));
        }
    }

    /// The answers of one submission leave.
    pub fn answered(&self, outcomes: &[Outcome]) {
        let (mut applied, mut duplicates, mut refused) = (0, 0, 0);
        for outcome in outcomes {
            match outcome {
                Outcome::Applied(_) => applied += 1,
                Outcome::Duplicate => duplicates += 1,
                Outcome::Refused(_) | Outcome::Malformed(_) => refused += 1,
            }
        }
        for (outcome, count) in [("applied", applied), ("duplicate", duplicates), ("refused", refused)] {
            if count > 0 {
                self.records.get_or_create(&OutcomeLabel { outcome }).inc_by(count);
            }
        }
    }

    /// An attempt got its answer.
    pub fn settled(&self, outcome: DeliveryOutcome) {
        self.settlements.get_or_create(&OutcomeLabel { outcome: outcome.name() }).inc();
    }

    /// A webhook was told or asked something.
    pub fn webhook(&self, webhook: &str, outcome: WebhookOutcome) {
        let label = WebhookLabel { webhook: webhook.to_owned(), outcome: outcome.name() };
        self.webhook_attempts.get_or_create(&label).inc();
    }

    /// Everything as text, in the format of OpenMetrics 1.0.
    pub fn text(&self, engine: &Engine, progress: Progress) -> String {
        self.look(engine, progress);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("invariant: a string takes every write");
        text
    }

    fn look(&self, engine: &Engine, progress: Progress) {
        for (gauge, (_, _, figure)) in self.gauges.iter().zip(looked_at(engine, progress)) {
            gauge.set(figure.cast_signed());
        }
        for status in Status::ALL {
            let label = StatusLabel { status: status.name() };
            self.sends.get_or_create(&label).set(engine.counts().sends(status).cast_signed());
        }
        // Those that the programme has no more go.
        self.webhook_waiting.clear();
        self.webhook_off.clear();
        for (name, webhook) in engine.webhooks() {
            let label = NameLabel { webhook: name.to_owned() };
            self.webhook_waiting.get_or_create(&label).set(webhook.waiting.len() as i64);
            self.webhook_off.get_or_create(&label).set(i64::from(webhook.off.is_some()));
        }
        let total =
            |figure: &dyn Fn(&Decisions) -> u64| engine.decisions().map(|(_, of)| figure(of)).sum::<u64>();
        let set = |decision, reason, count: u64| {
            self.decisions.get_or_create(&DecisionLabel { decision, reason }).set(count.cast_signed());
        };
        set("send", "", total(&|of| of.send));
        set("defer", "", total(&|of| of.defer));
        for reason in Reason::ALL {
            set("drop", reason.name(), total(&|of| of.dropped(reason)));
        }
    }
}

type WebhookFigures = (Family<WebhookLabel, Counter>, Family<NameLabel, Gauge>, Family<NameLabel, Gauge>);

fn webhooks(registry: &mut Registry) -> WebhookFigures {
    let (attempts, waiting, off) = (Family::default(), Family::default(), Family::default());
    registry.register(
        "webhook_attempts",
        "Attempts to tell or ask webhooks, by outcome",
        Family::clone(&attempts),
    );
    registry.register("webhook_waiting", "Deliveries that wait for another attempt", Family::clone(&waiting));
    registry.register(
        "webhook_off",
        "Webhooks that are told nothing: 1 where one is off",
        Family::clone(&off),
    );
    (attempts, waiting, off)
}
