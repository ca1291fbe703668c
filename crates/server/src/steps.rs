//! How people went through the steps of journeys, by day: counted from the log, which is told again to an engine that is
//! watched, since no record says that a run went on.
//!
//! Part of the hub. What was counted is kept until the process ends, so that the next question reads on from where the last
//! one came to. Where somebody was erased, the log cannot be told again from before; what was counted by then stands, and
//! what was not is a gap.

use engine::Seq;
use engine::at::{At, Span};
use engine::moves::Moved;
use engine::programme::timezone;
use eventlog::Error;
use eventlog::recovery::{recover_as_of, recover_earliest, watch_runs};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use measure::steps::Counted;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// What is known of steps so far.
#[derive(Debug, Default)]
pub struct Steps(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    /// Where days are those of this zone.
    zone: String,
    /// Up to and with this record, of a batch of this instant.
    upto: (Seq, At),
    gaps: Vec<Gap>,
    days: BTreeMap<Date, Counted>,
}

/// A time in which nothing could be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: At,
    pub to: At,
}

/// What was counted of some days.
#[derive(Debug)]
pub struct Told {
    pub counted: Counted,
    /// Up to which place and instant the log was read.
    pub seq: Seq,
    pub at: At,
    /// Those that touch the days.
    pub gaps: Vec<Gap>,
}

impl Steps {
    /// Counts from one day up to and with another, where the programme is; from the first record on, and to the end of the log,
    /// where there is none. Reads the log: whoever asks has a thread that may block.
    pub fn of(
        &self,
        (log, data): (&SqliteReader, &Path),
        zone: &str,
        (from, until): (Option<Date>, Option<Date>),
    ) -> Result<Told, Error> {
        let time_zone = timezone(zone).unwrap_or(TimeZone::UTC);
        let begins = |day: Date| day.to_zoned(time_zone.clone()).ok();
        let begins = |day: Date| begins(day).map_or(At::MIN, |begin| At(begin.timestamp().as_millisecond()));
        let (begin, end) =
            (from.map_or(At::MIN, begins), until.and_then(|day| day.tomorrow().ok()).map(begins));
        let mut known = self.0.lock().expect("invariant: nobody panics while counting");
        if known.as_ref().is_none_or(|known| known.zone != zone) {
            *known = Some(Known::nothing(zone));
        }
        let counting = known.as_mut().expect("invariant: it was just made");
        counting.go_on((log, data), &time_zone)?;
        let mut counted = Counted::default();
        let days = counting.days.range(from.unwrap_or(Date::MIN)..=until.unwrap_or(Date::MAX));
        days.for_each(|(_, day)| counted.add_all(day));
        let touches = |gap: &&Gap| gap.to > begin && end.is_none_or(|end| gap.from < end);
        let (gaps, (seq, at)) = (counting.gaps.iter().filter(touches).copied().collect(), counting.upto);
        Ok(Told { counted, seq, at, gaps })
    }
}

impl Known {
    fn nothing(zone: &str) -> Self {
        let upto = (Seq(0), At(0));
        Self { zone: zone.to_owned(), upto, gaps: Vec::new(), days: BTreeMap::new() }
    }

    /// Counts what came since.
    fn go_on(&mut self, (log, data): (&SqliteReader, &Path), zone: &TimeZone) -> Result<(), Error> {
        let snapshots = Snapshots::open(data)?;
        let read = |from| -> Result<_, Error> { Ok(Box::new(log.read(from)?) as Box<_>) };
        // Of a batch of the very instant some may have been read and some not.
        let begun = recover_as_of(self.upto.1.minus(Span(1)), &snapshots, read);
        let mut engine = match begun {
            Err(error) if is_gone(&error) => recover_earliest(&snapshots)?,
            begun => begun?,
        };
        loop {
            if engine.seq() > self.upto.0 {
                self.gaps.push(Gap { from: self.upto.1, to: engine.at() });
            }
            let (seen, days) = (self.upto.0, &mut self.days);
            let told = watch_runs(&mut engine, read, |seq, moved: Moved| {
                if seq > seen {
                    days.entry(day(moved.at, zone)).or_default().add(&moved);
                }
            });
            if engine.seq() > seen {
                self.upto = (engine.seq(), engine.at());
            }
            match told {
                Err(error) if is_gone(&error) => {
                    let later = recover_earliest(&snapshots)?;
                    if later.seq() <= engine.seq() {
                        return Err(error);
                    }
                    engine = later;
                }
                told => return told,
            }
        }
    }
}

/// Whether history cannot be told from there any more, and only from a snapshot on.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Redacted { .. } | Error::Trimmed { .. })
}

fn day(at: At, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone()).date()
}
