//! `trama simulate`: a dry run of a programme over the history of an installation.

use super::check::show;
use crate::dryrun::{Report, told};
use crate::programme::{SourceMap, load};
use anyhow::{Context, bail};
use engine::at::At;
use engine::engine::Refusal;
use engine::programme::timezone;
use eventlog::dryrun::{Failure, Window};
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// Run a programme dry: what would have been sent, had it been live from a day of the past on
///
/// The log is read, and nothing is changed or sent; a server may run on the directory. What people did is what they did under
/// the programme as it was. The answer compares who would have entered which journey and what would have been sent, held
/// back or dropped with what was.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    programme: PathBuf,
    /// Directory of the installation whose history is told again
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: PathBuf,
    /// When the programme is taken to be made live: 2026-01-31, where the programme is, or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Up to when, written in the same way [default: the end of the log]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Name so many people for whom it makes the most difference, with what they get and why
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "20", default_value_t = 0, hide_default_value = true)]
    people: usize,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (programme, sources) = match load(&args.programme) {
        Ok(loaded) => loaded,
        Err(findings) => {
            show(&findings)?;
            bail!("the programme in {} has mistakes", args.programme.display())
        }
    };
    let zone = timezone(&programme.timezone).unwrap_or(TimeZone::UTC);
    let definition = serde_json::to_string(&programme).context("the programme as JSON")?;
    if !eventlog::sqlite::exists(&args.data) {
        let data = args.data.display();
        bail!(
            "there is no installation in {data}, and so no history; `trama import --data {data}` can bring one in"
        );
    }
    let log = SqliteReader::open(&args.data)?;
    let window = args.window(&log, &zone)?;
    let snapshots = Snapshots::open(&args.data)?;
    let begin = recover_as_of(window.from, &snapshots, |from| Ok(Box::new(log.read(from)?)))
        .map_err(|error| args.untold(error))?;
    if begin.installed().is_none() {
        bail!("the log begins after {}: --from must lie after its first record", window.from);
    }
    let ran = eventlog::dryrun::run(begin, &definition, window, |from| Ok(Box::new(log.read(from)?)));
    let ran = ran.map_err(|failure| args.failed(failure, &sources))?;
    let report = Report::of(&ran, window, args.people);
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", told(&report));
    }
    Ok(())
}

impl Args {
    fn window(&self, log: &SqliteReader, zone: &TimeZone) -> anyhow::Result<Window> {
        let from = instant("--from", &self.from, zone)?;
        let (_, end) =
            log.last()?.context("the log is empty: there is no history to run the programme over")?;
        let to = self.to.as_deref().map(|to| instant("--to", to, zone)).transpose()?.unwrap_or(end);
        if from >= end {
            bail!(
                "--from {from} is not before the end of the log, {end}: what people do after that is not known"
            );
        }
        if to <= from {
            bail!("--to {to} is not after --from {from}");
        }
        if to > end {
            bail!("--to {to} is after the end of the log, {end}: what people do after that is not known");
        }
        Ok(Window { from, to })
    }

    /// Why history cannot be told again from then on.
    fn untold(&self, error: eventlog::Error) -> anyhow::Error {
        let way_out = match error {
            eventlog::Error::Redacted { .. } => {
                "somebody was erased, and the log before that cannot be replayed any more; choose a later --from"
            }
            eventlog::Error::Trimmed { .. } => "the log was trimmed; choose a later --from",
            _ => "the log cannot be read up to --from",
        };
        anyhow::Error::new(error).context(format!("{way_out} (--from {})", self.from))
    }

    fn failed(&self, failure: Failure, sources: &SourceMap) -> anyhow::Error {
        match failure {
            Failure::Refused(Refusal::Programme(mistakes)) => {
                let findings: Vec<_> = mistakes.iter().map(|mistake| sources.locate(mistake)).collect();
                let shown = show(&findings);
                let folder = Path::display(&self.programme);
                shown.err().map_or_else(
                    || anyhow::anyhow!("the programme in {folder} could not have been applied then"),
                    Into::into,
                )
            }
            Failure::Log(error @ (eventlog::Error::Redacted { .. } | eventlog::Error::Trimmed { .. })) => {
                self.untold(error)
            }
            other => other.into(),
        }
    }
}

/// An instant, or the beginning of a day where the programme is.
fn instant(flag: &str, text: &str, zone: &TimeZone) -> anyhow::Result<At> {
    let day = || text.parse::<Date>().ok()?.to_zoned(zone.clone()).ok();
    let begins = || day().map(|begin| At(begin.timestamp().as_millisecond()));
    At::parse(text).or_else(begins).with_context(|| {
        format!("{flag} {text} is no time: write a day as 2026-01-31, or an instant as 2026-01-31T12:00:00Z")
    })
}
