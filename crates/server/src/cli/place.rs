//! A data directory as a command finds it: with a server running on it, or free to be opened.

use super::client::{self, Client, given_token};
use super::expression::told;
use crate::clock;
use crate::keys::Keys;
use crate::presence;
use crate::runtime::recover;
use anyhow::{Context, bail};
use engine::at::At;
use engine::backfill::Property;
use engine::engine::{Engine, Unanswered};
use engine::record::Record;
use eventlog::backfill::fill;
use eventlog::log::Batches;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::{SqliteLog, SqliteReader};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

pub(super) enum Place {
    /// A server runs on it and is asked instead.
    Live(Client),
    /// Nobody uses it; while this is held, nobody can begin to.
    Stopped(Box<SqliteLog>),
}

impl Place {
    /// Looks at a directory that has been used before.
    pub(super) fn open(data: &Path) -> anyhow::Result<Self> {
        if !eventlog::sqlite::exists(data) {
            bail!("there is no installation in {}; `trama serve --data {0}` makes one", data.display());
        }
        match SqliteLog::open(data) {
            Ok(log) => Ok(Self::Stopped(Box::new(log))),
            Err(in_use @ eventlog::Error::InUse { .. }) => {
                let address = presence::find(data)?.ok_or(in_use)?;
                Ok(Self::Live(Client::new(&address, &token(data)?)?))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Which installation a command is about.
#[derive(clap::Args)]
pub(super) struct Installation {
    /// Directory of the installation
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present = "server"
    )]
    data: Option<PathBuf>,
    /// Address of a server; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, env = "TRAMA_SERVER", hide_env_values = true, value_name = "URL")]
    server: Option<String>,
}

/// An installation as it was named.
pub(super) enum Named<'a> {
    Server(Client),
    Directory(&'a Path),
}

/// An installation in hand.
pub(super) enum Held<'a> {
    /// A server is asked.
    Server(Client),
    /// Nobody else uses the directory while its log is held.
    Directory(&'a Path, Box<SqliteLog>),
}

impl Installation {
    /// What was named; a server counts more than a directory.
    pub(super) fn named(&self) -> anyhow::Result<Named<'_>> {
        match (&self.server, &self.data) {
            (Some(server), _) => Ok(Named::Server(Client::new(server, &client::token()?)?)),
            (None, Some(data)) => Ok(Named::Directory(data)),
            (None, None) => bail!("say which installation: --data DIR or --server URL"),
        }
    }

    /// The server that is named or runs on the directory, or else the directory itself.
    pub(super) fn held(&self) -> anyhow::Result<Held<'_>> {
        match self.named()? {
            Named::Server(client) => Ok(Held::Server(client)),
            Named::Directory(data) => match Place::open(data)? {
                Place::Live(client) => Ok(Held::Server(client)),
                Place::Stopped(log) => Ok(Held::Directory(data, log)),
            },
        }
    }
}

/// A server that runs, on a directory of this machine or elsewhere.
#[derive(clap::Args)]
pub(super) struct Running {
    #[command(flatten)]
    installation: Installation,
}

impl Running {
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        match self.installation.named()? {
            Named::Server(client) => Ok(client),
            Named::Directory(data) => live(data)?.with_context(|| {
                let data = data.display();
                format!("no server runs on {data}; `trama serve --data {data}` starts one")
            }),
        }
    }
}

/// The server that runs on a directory, if one does. Takes nothing of a directory that is free.
pub(super) fn live(data: &Path) -> anyhow::Result<Option<Client>> {
    if !eventlog::sqlite::exists(data) {
        bail!("there is no installation in {}; `trama serve --data {0}` makes one", data.display());
    }
    if !eventlog::sqlite::is_in_use(data)? {
        return Ok(None);
    }
    match presence::find(data)? {
        Some(address) => Ok(Some(Client::new(&address, &token(data)?)?)),
        // A command that has it in hand, such as an import.
        None => Ok(None),
    }
}

/// Which installation is asked, and about when.
#[derive(clap::Args)]
pub(super) struct Asked {
    #[command(flatten)]
    installation: Installation,
    /// The instant to ask about, as 2026-01-31T12:00:00Z: what was known then, and what was true then [default: now]
    #[arg(long, value_name = "TIME", value_parser = Asked::instant)]
    pub(super) at: Option<At>,
}

/// Who answers.
pub(super) enum Whom<'a> {
    Server(Client),
    /// Its log is read.
    Directory(&'a Path),
}

impl Asked {
    /// A server that is named, or that runs on the directory; the past is always read from the log of a directory.
    pub(super) fn whom(&self) -> anyhow::Result<Whom<'_>> {
        match (self.at, &self.installation.data) {
            (Some(_), Some(data)) => return Ok(Whom::Directory(data)),
            (Some(_), None) => bail!("--at reads the log again, so it needs the directory: --data DIR"),
            (None, _) => {}
        }
        match self.installation.named()? {
            Named::Server(client) => Ok(Whom::Server(client)),
            Named::Directory(data) => match live(data)? {
                Some(client) => Ok(Whom::Server(client)),
                None => Ok(Whom::Directory(data)),
            },
        }
    }

    fn instant(text: &str) -> Result<At, String> {
        At::parse(text).ok_or_else(|| "a time is written as 2026-01-31T12:00:00Z".to_owned())
    }
}

/// The engine of a stopped server.
pub(super) fn engine(data: &Path, log: &mut SqliteLog) -> anyhow::Result<Engine> {
    Ok(recover(data, log)?.engine)
}

/// The token for a server on this machine: from the environment, or the first one in the directory.
fn token(data: &Path) -> anyhow::Result<String> {
    if let Some(token) = given_token()? {
        return Ok(token);
    }
    let first = Keys::open(data)?.first();
    first.admin_token.context("the first admin token was revoked; give another one in TRAMA_TOKEN")
}

/// Asks the engine as it was at an instant, or as it is at the end of the log; `ask` is also told the instant that it is
/// asked about. What an expression asks of the past and the engine does not keep is read from the log first. Nothing is
/// changed, and a server may run on the directory.
pub(super) fn ask_as_of<T>(
    data: &Path,
    at: Option<At>,
    expression: &str,
    ask: impl Fn(&Engine, At) -> Result<T, Unanswered>,
) -> anyhow::Result<T> {
    let log = SqliteReader::open(data)?;
    let snapshots = Snapshots::open(data)?;
    let until = at.unwrap_or(At::MAX);
    let mut engine = recover_as_of(until, &snapshots, |from| Ok(Box::new(log.read(from)?)))
        .context("the log cannot be read up to that instant")?;
    let now = at.unwrap_or_else(clock::now).max(engine.at());
    // What time alone has changed since the last record: memberships are asked as they are then.
    if engine.installed().is_some() {
        engine.apply(engine.seq().next(), now, &Record::Tick, &mut Vec::new());
    }
    loop {
        match ask(&engine, now) {
            Ok(answer) => return Ok(answer),
            Err(Unanswered::Mistake(wrong)) => {
                return Err(told(expression, &wrong.message, wrong.offset, wrong.suggestion.as_deref()));
            }
            Err(Unanswered::Unkept(properties)) => bring_in(&log, &mut engine, properties)?,
        }
    }
}

fn bring_in(log: &SqliteReader, engine: &mut Engine, properties: Vec<Property>) -> anyhow::Result<()> {
    let bar = ProgressBar::new(engine.seq().0).with_message(format!("reading {}", properties[0]));
    bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {percent} %").context("a template")?);
    let told = bar.clone();
    let read = move |from| {
        let batches = log.read(from)?.inspect(move |batch| {
            if let Ok(batch) = batch {
                told.set_position(batch.last().0);
            }
        });
        Ok(Box::new(batches) as Batches<'_>)
    };
    fill(engine, properties, read).context("the log cannot be read")?;
    bar.finish_and_clear();
    Ok(())
}
