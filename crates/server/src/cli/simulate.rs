//! `trama simulate`: a dry run of a programme over the history of an installation.

use super::check::show;
use super::client::Client;
use super::place::{Installation, Named};
use crate::dryrun::{Asked, Unrun, told};
use crate::programme::{SourceMap, load};
use anyhow::{Context, anyhow, bail};
use engine::identifier::{normalise, parse_address};
use engine::programme::Programme;
use eventlog::sqlite::SqliteReader;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Run a programme dry: what would have been sent, had it been live from a day of the past on
///
/// The log is read, and nothing is changed or sent; a server may run on the directory, or be asked to do it. What people did is
/// what they did under the programme as it was. The answer compares who would have entered which journey and what would have
/// been sent, held back or dropped with what was.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    programme: PathBuf,
    #[command(flatten)]
    installation: Installation,
    /// When the programme is taken to be made live: 2026-01-31, where the programme is, or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Up to when, written in the same way [default: the end of the log]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Name so many people for whom it makes the most difference, with what they get and why
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "20", default_value_t = 0, hide_default_value = true)]
    people: usize,
    /// Tell of one person step by step, as email:ada@example.com or user_id:u1
    #[arg(long, value_name = "TYPE:VALUE")]
    follow: Option<String>,
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
    match args.installation.named()? {
        Named::Server(client) => args.ask(&client, &programme),
        Named::Directory(data) => args.run(data, &programme, &sources),
    }
}

impl Args {
    /// Has a server do it, one at a time, beside all else that it does.
    fn ask(&self, client: &Client, programme: &Programme) -> anyhow::Result<()> {
        let asked = json!({
            "programme": programme, "from": self.from, "to": self.to, "people": self.people,
            "follow": self.follow,
            "as": if self.json { "json" } else { "text" },
        });
        print!("{}", client.text("/api/v1/simulate", &asked)?);
        Ok(())
    }

    fn run(&self, data: &Path, programme: &Programme, sources: &SourceMap) -> anyhow::Result<()> {
        if !eventlog::sqlite::exists(data) {
            let data = data.display();
            bail!(
                "there is no installation in {data}, and so no history; `trama import --data {data}` can bring one in"
            );
        }
        let log = SqliteReader::open(data)?;
        let (from, to, people) = (self.from.as_str(), self.to.as_deref(), self.people);
        let named = |text: &String| {
            let (kind, raw) =
                parse_address(text).context("name a person as type:value, such as email:ada@example.com")?;
            let value = normalise(kind, raw).map_err(|_| anyhow!("{text} names nobody"))?;
            anyhow::Ok((kind, value))
        };
        let follow = self.follow.as_ref().map(named).transpose()?;
        let report = Asked { programme, from, to, people, follow: follow.as_ref() }.run(&log, data);
        let report = report.map_err(|unrun| self.failed(unrun, sources))?;
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print!("{}", told(&report));
        }
        Ok(())
    }

    fn failed(&self, unrun: Unrun, sources: &SourceMap) -> anyhow::Error {
        match unrun {
            Unrun::Asked { field, message } => anyhow!("--{field} {message}"),
            Unrun::Programme(mistakes) => {
                let findings: Vec<_> = mistakes.iter().map(|mistake| sources.locate(mistake)).collect();
                let folder = self.programme.display();
                let failed = || anyhow!("the programme in {folder} could not have been applied then");
                show(&findings).err().map_or_else(failed, Into::into)
            }
            other => other.into(),
        }
    }
}
