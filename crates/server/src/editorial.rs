//! How the spaces of the editorial plan fare, as commands and the API tell it.
//!
//! Visits are told by the log. The hub keeps those of the days that today asks for, as far as they were read, so that only the
//! first question waits for more than what came since; commands, and whoever asks for another day, read them anew.

use anyhow::Context;
use engine::Seq;
use engine::at::{At, Span};
use engine::programme::{Editorial, Programme, timezone};
use engine::record::Record;
use eventlog::sqlite::SqliteReader;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use measure::editorial::{Balance, Compared, Health, Load, Visits, Warning, balance, health, loads};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// Weeks ahead for which it is said what everybody has to do.
const WEEKS_USUAL: i32 = 8;

/// An editorial plan on a day.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EditorialView {
    /// The day that it is told for: 2026-10-12.
    as_of: String,
    spaces: Vec<SpaceView>,
    /// What each contributor has to do in the weeks that come; weeks with nothing are left out.
    loads: Vec<LoadView>,
    /// Minutes in a week that the beats of all spaces ask for, by what their pieces took.
    wanted_minutes_a_week: u64,
    /// Minutes in a week that all contributors have.
    minutes_a_week: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
struct SpaceView {
    space: String,
    /// Days between one piece and the next, as it is meant to be.
    every_days: u16,
    /// `new`, `alive`, `slowing`, `silent` or `abandoned`.
    stage: &'static str,
    /// Pieces so far.
    published: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Days between the newest pieces, the newest gap first.
    gaps_days: Vec<i32>,
    /// How many of the newest pieces sell, and of how many.
    selling: usize,
    of: usize,
    /// Where the space has pages of ours and the log was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    visits: Option<VisitsView>,
    /// What somebody should do something about, each with what it means.
    warnings: Vec<WarningView>,
}

/// Visits of some days up to yesterday, and of as many before.
#[derive(Serialize, utoipa::ToSchema)]
struct VisitsView {
    days: i32,
    before: u64,
    after: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
struct WarningView {
    /// `fading`, `nothing_planned`, `late` or `selling`.
    code: &'static str,
    message: String,
}

#[derive(Serialize, utoipa::ToSchema)]
struct LoadView {
    contributor: String,
    /// The week's Monday.
    week: String,
    minutes: u32,
    minutes_a_week: u32,
    /// More than there is time for.
    is_over: bool,
}

/// Visits as far as they were read.
#[derive(Default)]
pub struct Readers(Mutex<Option<Read>>);

/// Of a plan whose days begin where the programme is.
struct Read {
    plan: Editorial,
    zone: String,
    visits: Visits,
    upto: Seq,
}

impl Readers {
    /// Those that the plan of a programme asks for today, to the end of the log.
    fn of(&self, log: &SqliteReader, programme: &Programme, today: Date) -> anyhow::Result<Visits> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |kept: &Read| kept.plan == programme.editorial && kept.zone == programme.timezone;
        // What it holds of days before those nobody asks for any more.
        let stands = kept.take().filter(stands);
        let mut read = stands.map_or_else(|| Read::from(log, programme, today), Ok)?;
        read.go_on(log)?;
        Ok(kept.insert(read).visits.clone())
    }
}

impl Read {
    /// Of the days that today asks for: a batch that came before the earliest of them holds only what happened before it.
    fn from(log: &SqliteReader, programme: &Programme, today: Date) -> anyhow::Result<Self> {
        let zone = zone(programme);
        let visits = Visits::new(&programme.editorial, zone.clone());
        let begin = today.to_zoned(zone).map_or(At::MIN, |day| At(day.timestamp().as_millisecond()));
        let begin = begin.minus(Span::DAY.times(i64::from(visits.days_asked())));
        let upto = log.before(begin).context("the log cannot be read")?;
        Ok(Self { plan: programme.editorial.clone(), zone: programme.timezone.clone(), visits, upto })
    }

    fn go_on(&mut self, log: &SqliteReader) -> anyhow::Result<()> {
        let last = log.last().context("the log cannot be read")?;
        let Some((last, _)) = last.filter(|(last, _)| *last > self.upto && !self.visits.is_empty()) else {
            return Ok(());
        };
        for batch in log.read(self.upto.next()).context("the log cannot be read")? {
            let batch = batch.context("the log cannot be read")?;
            // A record that an erasure sealed tells nothing any more.
            let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
            for (_, bytes) in records.filter(|(seq, _)| *seq > self.upto) {
                if let Ok(record) = Record::decode(bytes) {
                    self.visits.observe(&record);
                }
            }
            self.upto = batch.last();
            if self.upto >= last {
                break;
            }
        }
        Ok(())
    }
}

fn zone(programme: &Programme) -> TimeZone {
    timezone(&programme.timezone).unwrap_or(TimeZone::UTC)
}

/// The plan of a programme on a day, with the visits that a log tells of.
pub(crate) fn editorial_view(
    programme: &Programme,
    log: Option<&SqliteReader>,
    today: Date,
) -> anyhow::Result<EditorialView> {
    let visits = log.map(|log| {
        let mut read = Read::from(log, programme, today)?;
        read.go_on(log)?;
        anyhow::Ok(read.visits)
    });
    Ok(view(programme, visits.transpose()?.as_ref(), today))
}

/// The same for today, with the visits that are kept.
pub(crate) fn editorial_today(
    programme: &Programme,
    (log, readers): (&SqliteReader, &Readers),
    today: Date,
) -> anyhow::Result<EditorialView> {
    Ok(view(programme, Some(&readers.of(log, programme, today)?), today))
}

fn view(programme: &Programme, visits: Option<&Visits>, today: Date) -> EditorialView {
    let plan = &programme.editorial;
    let none = Visits::new(plan, zone(programme));
    let spaces = health(plan, visits.unwrap_or(&none), today).into_iter();
    let spaces = spaces.map(|(name, health)| {
        let every_days = plan.spaces[&name].every_days;
        space(name, every_days, health, visits.is_some())
    });
    let Balance { wanted_minutes, minutes } = balance(plan);
    EditorialView {
        as_of: today.to_string(),
        spaces: spaces.collect(),
        loads: loads(plan, today, WEEKS_USUAL).into_iter().map(load).collect(),
        wanted_minutes_a_week: wanted_minutes,
        minutes_a_week: minutes,
    }
}

/// The day that an instant is on, where a programme is.
pub(crate) fn day_of(programme: &Programme, at: At) -> Date {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone(programme)).date()
}

fn space(name: String, every_days: u16, health: Health, is_read: bool) -> SpaceView {
    let Health { stage, published, last, next, gaps_days, selling, of, visits, warnings } = health;
    let visits = visits.filter(|_| is_read);
    let warnings = warnings.iter().map(|warning| WarningView {
        code: code(warning),
        message: message(warning, every_days, selling, of),
    });
    SpaceView {
        every_days,
        stage: stage.name(),
        published,
        last: last.map(|day| day.to_string()),
        next: next.map(|day| day.to_string()),
        gaps_days,
        selling,
        of,
        visits: visits.map(|Compared { days, before, after }| VisitsView { days, before, after }),
        warnings: warnings.collect(),
        space: name,
    }
}

fn code(warning: &Warning) -> &'static str {
    match warning {
        Warning::Fading(_) => "fading",
        Warning::NothingPlanned => "nothing_planned",
        Warning::Late(_) => "late",
        Warning::Selling => "selling",
    }
}

fn message(warning: &Warning, every_days: u16, selling: usize, of: usize) -> String {
    match warning {
        Warning::Fading(Compared { days, before, after }) => format!(
            "{after} visits in {days} days, and {before} in as many before: fewer than chance explains; \
             this comes before the writing slows"
        ),
        Warning::NothingPlanned => {
            format!("nothing is planned for the next {} days, which are two beats", 2 * every_days)
        }
        Warning::Late(pieces) => {
            format!("the day is over and not published: {}; publish or move them", pieces.join(", "))
        }
        Warning::Selling => {
            format!("{selling} of the newest {of} pieces sell, and more than a third drives readers away")
        }
    }
}

fn load(load: Load) -> LoadView {
    LoadView {
        is_over: load.is_over(),
        week: load.monday.to_string(),
        contributor: load.contributor,
        minutes: load.minutes,
        minutes_a_week: load.minutes_a_week,
    }
}

impl EditorialView {
    /// A table for people.
    pub(crate) fn told(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(
            text,
            "{:<20} {:<10} {:>9} {:>12} {:>12} {:>8} {:>16}",
            "space", "stage", "beat", "last", "next", "selling", "visits"
        );
        for one in &self.spaces {
            let visits = one.visits.as_ref();
            let visits =
                visits.map_or("-".to_owned(), |visits| format!("{} → {}", visits.before, visits.after));
            let selling = format!("{}/{}", one.selling, one.of);
            let beat = format!("{} days", one.every_days);
            let (last, next) = (day(&one.last), day(&one.next));
            let _ = writeln!(
                text,
                "{:<20} {:<10} {beat:>9} {last:>12} {next:>12} {selling:>8} {visits:>16}",
                one.space, one.stage
            );
            for warning in &one.warnings {
                let _ = writeln!(text, "  ! {}", warning.message);
            }
        }
        for load in self.loads.iter().filter(|load| load.is_over) {
            let _ = writeln!(
                text,
                "! {} has {} to do in the week of {}, and time for {}",
                load.contributor,
                hours(load.minutes.into()),
                load.week,
                hours(load.minutes_a_week.into()),
            );
        }
        let _ = writeln!(
            text,
            "the beats ask for {} a week; there is time for {}",
            hours(self.wanted_minutes_a_week),
            hours(self.minutes_a_week),
        );
        text
    }
}

fn hours(minutes: u64) -> String {
    format!("{:.1} hours", minutes as f64 / 60.0)
}
