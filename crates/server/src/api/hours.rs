//! Today by half hours: what came in, what went out, and what was not sent, each with its reason.
//!
//! What came and went is told by the log and kept as far as it was read, so that asking each second is cheap; what was not
//! sent is in the ledger alone.

use crate::clock;
use crate::hub::Hub;
use crate::limits::LEDGER_LOOKED_THROUGH_MAX;
use crate::problem::Problem;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use engine::Seq;
use engine::at::{At, Span};
use engine::day::Day;
use engine::engine::Engine;
use engine::outbox::Decision;
use engine::record::Record;
use eventlog::sqlite::SqliteReader;
use jiff::tz::TimeZone;
use measure::hours::{Frame, Hours};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Of a send that waited for the contact policy before it was let go or dropped, the wish may be older than today.
const WAIT: Span = Span(2 * Span::DAY.0);

/// Columns of a day, and how many.
const COLUMN: Span = Span(Span::HOUR.0 / 2);
const COLUMNS: i64 = 48;

/// Today, where the programme is. Of the demonstration, whose hours are short, as much time as a day of the shop takes.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HoursView {
    /// When the first column begins.
    begins: String,
    /// How long each column is: half an hour, or what half an hour takes in the demonstration.
    seconds: f64,
    timezone: String,
    /// The instant of this answer, and its column.
    at: String,
    column: usize,
    /// Place in the log up to which this was read.
    seq: u64,
    /// What people did, by when they did it; programs that browse are not among them.
    inbound: Vec<u64>,
    /// Messages that a provider took.
    sent: Vec<u64>,
    /// Messages that were decided not to be sent.
    withheld: Vec<u64>,
    /// How many were withheld for each reason.
    reasons: BTreeMap<&'static str, u64>,
    /// How many wait for a better hour, by reason.
    deferred: BTreeMap<&'static str, u64>,
}

/// The day as far as it was read.
#[derive(Default)]
pub struct Told(Mutex<Option<Hours>>);

/// Today by half hours.
#[utoipa::path(get, path = "/api/v1/hours", responses((status = 200, body = HoursView)))]
pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Result<Json<HoursView>, Problem> {
    let now = clock::now();
    let read = move || {
        let timezone = hub.runtime.read_blocking(|engine| engine.programme().timezone());
        let frame = match &hub.stage {
            Some(stage) => lately(now, Span(COLUMN.0 / i64::from(stage.pace.factor()))),
            None => today(now, &timezone),
        };
        let hours = hub.told.upto(&hub.log, frame)?;
        let engine = hub.runtime.read_blocking(Engine::clone);
        Ok(view(&engine, &hours, &timezone, now))
    };
    let reading = tokio::task::spawn_blocking(read).await;
    let told: anyhow::Result<HoursView> = reading.expect("invariant: a reader of the log does not panic");
    told.map(Json).map_err(|error| Problem::internal(&error))
}

fn today(now: At, timezone: &TimeZone) -> Frame {
    let day = Day::of(now, timezone);
    Frame { begins: day.begin(timezone), ends: day.plus(1).begin(timezone), column: COLUMN }
}

/// The last columns, the one that is not over among them.
fn lately(now: At, column: Span) -> Frame {
    let ends = At((now.0 / column.0 + 1) * column.0);
    Frame { begins: At(ends.0 - COLUMNS * column.0), ends, column }
}

impl Told {
    /// The stretch up to the newest record on the disk.
    fn upto(&self, log: &SqliteReader, frame: Frame) -> anyhow::Result<Hours> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.take().and_then(|mut hours| hours.go_on(frame).then_some(hours));
        let mut hours = match known {
            Some(hours) => hours,
            None => {
                Hours::of(frame, log.before(frame.begins).context("the beginning of today was not found")?)
            }
        };
        tell(log, &mut hours).context("the log could not be read for today's events")?;
        *kept = Some(hours.clone());
        Ok(hours)
    }
}

/// Reads on to the end. A record that an erasure sealed tells nothing any more.
fn tell(log: &SqliteReader, hours: &mut Hours) -> Result<(), eventlog::Error> {
    let Some((last, _)) = log.last()?.filter(|(last, _)| *last > hours.seq) else { return Ok(()) };
    for batch in log.read(Seq(hours.seq.0 + 1))? {
        let batch = batch?;
        for (seq, bytes) in (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok)) {
            if let Ok(record) = Record::decode(bytes) {
                hours.observe(seq, &record);
            }
        }
        hours.seq = batch.last();
        if hours.seq >= last {
            break;
        }
    }
    Ok(())
}

fn view(engine: &Engine, hours: &Hours, timezone: &TimeZone, now: At) -> HoursView {
    let frame = hours.frame;
    let mut withheld = vec![0; hours.inbound.len()];
    let (mut reasons, mut deferred) = (BTreeMap::new(), BTreeMap::new());
    let since = At(frame.begins.0 - WAIT.0);
    let newest = engine.fates().take(LEDGER_LOOKED_THROUGH_MAX);
    for fate in newest.take_while(|fate| fate.wished_at >= since) {
        let Some(reason) = fate.decision.reason() else { continue };
        match (fate.decision, frame.column_of(fate.decided_at)) {
            (Decision::Drop { .. }, Some(column)) => {
                withheld[column] += 1;
                *reasons.entry(reason.name()).or_default() += 1;
            }
            (Decision::Defer { .. }, _) => *deferred.entry(reason.name()).or_default() += 1,
            _ => {}
        }
    }
    HoursView {
        begins: frame.begins.to_string(),
        seconds: frame.column.0 as f64 / 1000.0,
        timezone: timezone.iana_name().unwrap_or("UTC").to_owned(),
        at: now.to_string(),
        column: frame.column_of(now).unwrap_or(0),
        seq: hours.seq.0,
        inbound: hours.inbound.clone(),
        sent: hours.sent.clone(),
        withheld,
        reasons,
        deferred,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::SendId;
    use engine::record::{Engaged, Engagement};
    use eventlog::log::{Batch, Log};

    #[test]
    fn a_day_in_which_the_clock_goes_back_has_two_columns_more() {
        let rome = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Rome").expect("it is bundled");
        let at = |text: &str| At(text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond());
        let frame = today(at("2026-10-25T11:40:00Z"), &rome);
        assert_eq!(frame.column_of(at("2026-10-24T21:59:59Z")), None, "still the day before, in Rome");
        assert_eq!(frame.column_of(at("2026-10-24T22:00:00Z")), Some(0));
        assert_eq!(frame.column_of(at("2026-10-25T22:59:59Z")), Some(49));
        assert_eq!(frame.column_of(at("2026-10-25T23:00:00Z")), None);
    }

    #[test]
    fn the_last_columns_end_with_the_one_that_is_not_over() {
        let frame = lately(At(100_001), Span(7_500));
        assert_eq!(frame.column_of(At(100_001)), Some(47));
        assert_eq!((frame.ends.0 - frame.begins.0) / 7_500, 48);
    }

    #[test]
    fn a_stretch_begins_at_the_first_batch_in_it_wherever_that_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut log = eventlog::sqlite::SqliteLog::open(dir.path()).expect("a log");
        let reader = log.reader();
        assert_eq!(reader.before(At(0)).expect("it reads"), Seq(0), "an empty log");
        // Three records at each full hundred.
        for (first, at) in (1..).step_by(3).map(Seq).zip([100, 200, 300, 400, 500].map(At)) {
            let (send, engagement) = (SendId(1), Engagement::Clicked);
            let click =
                Record::Engaged(Engaged { send, engagement, machine: false, occurred_at: at, url: "" });
            let (mut one, mut body) = (Vec::new(), Vec::new());
            click.encode(&mut one);
            (0..3).for_each(|_| eventlog::frame::push_record(&mut body, &one));
            log.append(&[Batch { first, at, count: 3, body }]).expect("it appends");
        }
        for (at, place) in [(0, 0), (100, 0), (101, 3), (300, 6), (500, 12), (501, 15)] {
            assert_eq!(reader.before(At(at)).expect("it reads"), Seq(place), "{at}");
        }
    }
}
