//! Asking for a dry run: over which stretch of which log, and why there is none.

use super::Report;
use super::follow::Person;
use super::listen::Heard;
use engine::at::At;
use engine::engine::Refusal;
use engine::programme::{Mistake, Programme, timezone};
use eventlog::Error;
use eventlog::dryrun::{Failure, Listeners, Window};
use eventlog::log::Batches;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::Path;

/// A dry run that is wanted.
pub struct Asked<'a> {
    pub programme: &'a Programme,
    /// When it is taken to be made live: a day where the programme is, or an instant.
    pub from: &'a str,
    /// The end of the log, if absent.
    pub to: Option<&'a str>,
    /// So many people are named at most.
    pub people: usize,
    /// Somebody who is told of step by step.
    pub follow: Option<&'a Person>,
}

/// Why there is no dry run.
#[derive(Debug, thiserror::Error)]
pub enum Unrun {
    /// What was asked does not fit the log, in the field named.
    #[error("{message}")]
    Asked { field: &'static str, message: String },
    #[error("the programme could not have been applied then")]
    Programme(Vec<Mistake>),
    #[error("the programme could not have been applied: {0}")]
    Refused(Refusal),
    #[error(transparent)]
    Log(#[from] Error),
}

fn wrong(field: &'static str, message: String) -> Unrun {
    Unrun::Asked { field, message }
}

impl Asked<'_> {
    /// Runs it over the log and the snapshots of a data directory. Nothing is written.
    pub fn run(&self, log: &SqliteReader, data: &Path) -> Result<Report, Unrun> {
        let zone = timezone(&self.programme.timezone).unwrap_or(TimeZone::UTC);
        let definition = serde_json::to_string(self.programme).expect("invariant: a programme is plain JSON");
        let window = self.window(log, &zone)?;
        let snapshots = Snapshots::open(data)?;
        let begin = recover_as_of(window.from, &snapshots, |from| Ok(Box::new(log.read(from)?)));
        let begin = begin.map_err(|error| self.untold(error))?;
        if begin.installed().is_none() {
            let message =
                format!("must lie after the first record of the log, and {} is before it", window.from);
            return Err(wrong("from", message));
        }
        let (mut was, mut would) = (Heard::default(), Heard::default());
        let is_kept = self.follow.is_some();
        let listeners = Listeners {
            was: &mut |moved| was.hear(moved, is_kept),
            would: &mut |moved| would.hear(moved, is_kept),
        };
        let read = |from| -> Result<Batches<'_>, Error> { Ok(Box::new(log.read(from)?)) };
        let ran = eventlog::dryrun::run(begin, &definition, window, Some(listeners), read);
        let ran = ran.map_err(|failure| match failure {
            Failure::Refused(Refusal::Programme(mistakes)) => Unrun::Programme(mistakes),
            Failure::Refused(refusal) => Unrun::Refused(refusal),
            Failure::Log(error) => self.untold(error),
        })?;
        Ok(Report::of(&ran, window, self.people, self.follow, [&was, &would]))
    }

    fn window(&self, log: &SqliteReader, zone: &TimeZone) -> Result<Window, Unrun> {
        let from = instant("from", self.from, zone)?;
        let Some((_, end)) = log.last()? else {
            let message = "the log is empty: there is no history to run the programme over";
            return Err(wrong("from", message.to_owned()));
        };
        let to = self.to.map(|to| instant("to", to, zone)).transpose()?.unwrap_or(end);
        let unknown = "what people do after that is not known";
        if from >= end {
            return Err(wrong("from", format!("{from} is not before the end of the log, {end}: {unknown}")));
        }
        if to <= from {
            return Err(wrong("to", format!("{to} is not after {from}, from when on it is to run")));
        }
        if to > end {
            return Err(wrong("to", format!("{to} is after the end of the log, {end}: {unknown}")));
        }
        Ok(Window { from, to })
    }

    /// Why history cannot be told again from then on.
    fn untold(&self, error: Error) -> Unrun {
        let why = match error {
            Error::Redacted { .. } => {
                "somebody was erased, and the log before that cannot be replayed any more; choose a later one"
            }
            Error::Trimmed { .. } => "the log was trimmed; choose a later one",
            other => return other.into(),
        };
        wrong("from", format!("{} is too early: {why}", self.from))
    }
}

/// An instant, or the beginning of a day where the programme is.
fn instant(field: &'static str, text: &str, zone: &TimeZone) -> Result<At, Unrun> {
    let day = || text.parse::<Date>().ok()?.to_zoned(zone.clone()).ok();
    let begins = || day().map(|begin| At(begin.timestamp().as_millisecond()));
    At::parse(text).or_else(begins).ok_or_else(|| {
        let message =
            format!("{text} is no time: write a day as 2026-01-31, or an instant as 2026-01-31T12:00:00Z");
        wrong(field, message)
    })
}
