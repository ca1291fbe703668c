//! A data directory as a command finds it: with a server running on it, or free to be opened.

use super::client::{Client, given_token};
use crate::keys::Keys;
use crate::presence;
use crate::runtime::recover;
use anyhow::{Context, bail};
use engine::engine::Engine;
use eventlog::sqlite::SqliteLog;
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

/// A server that runs, on a directory of this machine or elsewhere.
#[derive(clap::Args)]
pub(super) struct Running {
    /// Directory of the installation that a server runs on
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

impl Running {
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        match (&self.server, &self.data) {
            (Some(server), _) => Client::new(server, &super::client::token()?),
            (None, Some(data)) => live(data)?.with_context(|| {
                let data = data.display();
                format!("no server runs on {data}; `trama serve --data {data}` starts one")
            }),
            (None, None) => bail!("say which server: --data DIR or --server URL"),
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
