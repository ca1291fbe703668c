//! `trama measure`: figures, one file a kind.

mod acquisition;
mod attribution;
mod figures;
mod forecast;
mod ltv;
mod path;
mod spend;
mod table;

use crate::cli::client::Client;
use crate::cli::keys::escaped;
use crate::cli::place::live;
use crate::ltv::log::ReadLog;
use anyhow::{Context, bail};
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use eventlog::log::Batches;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use serde_json::Value;
use std::path::PathBuf;

/// Measure what brought people, what they are worth, and what is to come
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Figures(figures::Command),
    Attribution(attribution::Args),
    Path(path::Args),
    Acquisition(acquisition::Args),
    Ltv(ltv::Args),
    Forecast(forecast::Args),
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Figures(command) => figures::run(command),
        Command::Attribution(args) => attribution::run(args),
        Command::Path(args) => path::run(args),
        Command::Acquisition(args) => acquisition::run(args),
        Command::Ltv(args) => ltv::run(args),
        Command::Forecast(args) => forecast::run(args),
    }
}

/// An installation that figures are made of.
#[derive(clap::Args)]
struct OfInstallation {
    /// Directory of the installation: its log is read, or the server that runs on it asked
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of a server to ask; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

impl OfInstallation {
    /// The server that answers, if one does.
    fn client(&self) -> anyhow::Result<Option<Client>> {
        match (&self.server, &self.data) {
            (Some(server), _) => Ok(Some(Client::new(server, &crate::cli::client::token()?)?)),
            (None, Some(data)) => live(data),
            (None, None) => bail!("say what is measured: --data DIR, --server URL, or a file"),
        }
    }

    /// Asks a server, or makes the answer from the log.
    fn ask(
        &self,
        path: &str,
        query: &[(&'static str, Option<String>)],
        answer: impl FnOnce(&Engine, ReadLog<'_, '_>) -> anyhow::Result<Value>,
    ) -> anyhow::Result<Value> {
        if let Some(client) = self.client()? {
            let given = query.iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
            let pairs: Vec<String> = given.map(|(name, text)| format!("{name}={}", escaped(text))).collect();
            return client.get(&format!("{path}?{}", pairs.join("&")));
        }
        let data = self.data.as_deref().context("invariant: it was there")?;
        let log = SqliteReader::open(data)?;
        let snapshots = Snapshots::open(data)?;
        let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> { Ok(Box::new(log.read(from)?)) };
        let engine = recover_as_of(At::MAX, &snapshots, read).context("the log cannot be read")?;
        answer(&engine, &read)
    }
}

/// A flag as the API's parameter of the same name.
fn text(flag: &Option<impl ToString>) -> Option<String> {
    flag.as_ref().map(ToString::to_string)
}
