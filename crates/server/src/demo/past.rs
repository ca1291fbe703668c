//! The shop's past: what more people than anybody would wait for did in the months before it is shown, and what they were
//! sent. It is lived by an engine of its own, in the order in which it happened and at the times at which it happened, and
//! written to an empty log, so that the server that opens it afterwards has been there all along.
//!
//! It owns the log until the last day is told. Every call goes through the door of the tracking API, every send has its
//! attempt and its receipt; only the network between them is left out.

mod calls;
mod mail;
mod visits;

use super::dice::Dice;
use crate::clock;
use crate::collect::door::{Arrival, Door};
use crate::collect::envelope::Envelope;
use crate::collect::visitor::Peer;
use crate::runtime::draw_installation;
use anyhow::{Context, bail};
use engine::at::{At, Span};
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::{CostKind, Programme};
use engine::record::{ProgrammeApplied, Record, SpendCounts, SpendRecorded};
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};
use eventlog::recovery::recover;
use eventlog::sequencer::{Outcome, stage};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use jiff::tz::TimeZone;
use mail::Mail;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::Duration;
use visits::Visits;

/// How long the shop has been open: a year to compare with, and a month more.
const DAYS: i64 = 400;
/// So much of it is lived at once: sends are decided and answered with this grain.
const SLICE: Span = Span(10 * Span::MINUTE.0);
const SLICES_A_DAY: i64 = Span::DAY.0 / SLICE.0;
/// Records that become durable together. Each time the disk is waited for.
const DURABLE_TOGETHER: u64 = 20_000;
/// Under this name the programme of the past was made live, and its spend told.
const OPERATOR: &str = "demo";

/// How many people the past knows; without any there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    pub(super) people: u32,
}

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: At,
    /// In which order those of one instant happen; it also numbers the calls.
    number: u64,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Call(visits::Call),
    Answer(mail::Answer),
}

impl Past {
    /// The usual time between two visitors, where the past says it: the shop goes on as it was.
    pub(super) fn gap(self) -> Option<Duration> {
        let visits = 2 * u64::from(self.people);
        (visits > 0).then(|| {
            Duration::from_secs(DAYS as u64 * 24 * 60 * 60) / u32::try_from(visits).unwrap_or(u32::MAX)
        })
    }

    /// Tells it to the log of a data directory up to this moment, and how far it is in days of [`Self::days`]. A log that
    /// holds something already goes on with that.
    pub(super) fn tell(
        self,
        data: &Path,
        programme: &Programme,
        source: &str,
        told: &mut dyn FnMut(u64),
    ) -> anyhow::Result<()> {
        let log = SqliteLog::open(data).context("the log cannot be opened")?;
        if self.people == 0 || log.last().is_some() {
            return Ok(());
        }
        let mut teller = Teller::open(data, log, programme, source, self.people)?;
        for day in 0..DAYS {
            teller.day(day)?;
            told(day as u64 + 1);
        }
        teller.close(data)
    }

    /// How many days there are to tell.
    pub(super) fn days() -> u64 {
        DAYS as u64
    }
}

struct Teller {
    engine: Engine,
    log: SqliteLog,
    door: Door,
    source: String,
    begin: At,
    visits: Visits,
    mail: Mail,
    ahead: BinaryHeap<Reverse<Due>>,
    /// Of everything that ever happens.
    number: u64,
    /// What is staged and not durable yet.
    batches: Vec<Batch>,
    records: u64,
}

impl Teller {
    fn open(
        data: &Path,
        mut log: SqliteLog,
        programme: &Programme,
        source: &str,
        people: u32,
    ) -> anyhow::Result<Self> {
        let begin = clock::now().minus(Span::DAY.times(DAYS));
        let recovered = recover(&mut log, &mut Snapshots::open(data)?, &draw_installation(), begin)?;
        let engine = recovered.engine;
        let hash_key = engine.installed().expect("invariant: the first record installs").hash_key;
        let mut teller = Self {
            engine,
            log,
            door: Door::new(hash_key),
            source: source.to_owned(),
            begin,
            visits: Visits::new(people),
            mail: Mail::new(Dice::new(1748)),
            ahead: BinaryHeap::new(),
            number: 0,
            batches: Vec::new(),
            records: 0,
        };
        let definition = serde_json::to_string(programme).expect("invariant: a programme is plain JSON");
        let applied = ProgrammeApplied { applied_at: begin, operator: OPERATOR, definition: &definition };
        let mut records = Vec::new();
        push(&Record::ProgrammeApplied(applied), &mut records);
        teller.live(begin, &records)?;
        Ok(teller)
    }

    fn day(&mut self, day: i64) -> anyhow::Result<()> {
        for slice in day * SLICES_A_DAY..(day + 1) * SLICES_A_DAY {
            let (from, to) = (self.begin.plus(SLICE.times(slice)), self.begin.plus(SLICE.times(slice + 1)));
            let (ahead, number) = (&mut self.ahead, &mut self.number);
            self.visits.come(slice, from, &mut |at, call| {
                *number += 1;
                ahead.push(Reverse(Due { at, number: *number, act: Act::Call(call) }));
            });
            self.slice(to)?;
        }
        self.spend(day)
    }

    /// Has everything happen that is due by then, and answers what the engine asks for meanwhile.
    fn slice(&mut self, to: At) -> anyhow::Result<()> {
        let mut records = Vec::new();
        while let Some(Reverse(due)) = self.ahead.peek().copied()
            && due.at <= to
        {
            self.ahead.pop();
            match due.act {
                Act::Call(call) => self.knock(&due, call, &mut records)?,
                Act::Answer(answer) => push(&answer.record(due.at), &mut records),
            }
        }
        self.live(to, &records)
    }

    /// Through the door of the tracking API, as the call of a browser.
    fn knock(&self, due: &Due, call: visits::Call, records: &mut Vec<u8>) -> anyhow::Result<()> {
        let (endpoint, body) = calls::body(call, due.number);
        let envelope = Envelope::read(body.as_bytes(), endpoint).with_context(|| body.clone())?;
        let arrival =
            Arrival { source: &self.source, received_at: due.at, serial: due.number, peer: Peer::default() };
        let reading = self.door.read(&envelope, &arrival);
        if let Some(rejection) = reading.rejections.first() {
            bail!("the door will not have {body}: {}", rejection.message);
        }
        records.extend_from_slice(&reading.records);
        Ok(())
    }

    /// Applies records at an instant, and then what the mail answers to their effects, until it is asked for nothing more.
    fn live(&mut self, at: At, records: &[u8]) -> anyhow::Result<()> {
        let mut staged = stage(&mut self.engine, at, &[records]);
        loop {
            for outcome in staged.outcomes.iter().flatten() {
                if let Outcome::Refused(refusal) = outcome {
                    bail!("the engine will not have what happened: {refusal}");
                }
            }
            self.keep(staged.batches)?;
            let mut answers = Vec::new();
            let (ahead, number) = (&mut self.ahead, &mut self.number);
            self.mail.answer(
                &staged.effects,
                at,
                &mut |record| push(&record, &mut answers),
                &mut |at, answer| {
                    *number += 1;
                    ahead.push(Reverse(Due { at, number: *number, act: Act::Answer(answer) }));
                },
            );
            if answers.is_empty() {
                return Ok(());
            }
            staged = stage(&mut self.engine, at, &[&answers]);
        }
    }

    fn keep(&mut self, batches: Vec<Batch>) -> anyhow::Result<()> {
        self.records += batches.iter().map(|batch| u64::from(batch.count)).sum::<u64>();
        self.batches.extend(batches);
        if self.records >= DURABLE_TOGETHER {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.log.append(&self.batches).context("the disk does not take the past")?;
        self.batches.clear();
        self.records = 0;
        Ok(())
    }

    /// What the advertising of a day cost, which its visits decide.
    fn spend(&mut self, day: i64) -> anyhow::Result<()> {
        let at = self.begin.plus(Span::DAY.times(day + 1));
        let on = Day::of(self.begin.plus(Span::DAY.times(day)), &TimeZone::UTC);
        let mut records = Vec::new();
        for (channel, clicks) in self.visits.take_clicks() {
            let key = format!("past-{channel}-{day}");
            // From 20 to 44 cents a click, by the day of the month.
            let millionths = clicks as i64 * (200_000 + 8_000 * (i64::from(on.0) % 31));
            let counts = SpendCounts {
                clicks: Some(clicks),
                impressions: Some(clicks * 41),
                ..SpendCounts::default()
            };
            let spend = SpendRecorded {
                key: &key,
                campaign: "",
                channel,
                kind: CostKind::Media,
                from: on,
                until: on,
                millionths,
                currency: "EUR",
                counts,
                source: OPERATOR,
                recorded_at: at,
                operator: OPERATOR,
            };
            push(&Record::SpendRecorded(spend), &mut records);
        }
        self.live(at, &records)
    }

    /// Leaves a snapshot, so that the server does not live the past a second time.
    fn close(mut self, data: &Path) -> anyhow::Result<()> {
        self.flush()?;
        Snapshots::open(data)?
            .write(self.engine.sections())
            .context("no snapshot of the past could be written")?;
        Ok(())
    }
}

fn push(record: &Record<'_>, records: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    push_record(records, &bytes);
}
