//! `trama operators`: who can sign in, with which role. On a server that runs through its API, otherwise in the directory.

use super::DataDir;
use super::client::Client;
use super::keys::escaped;
use super::place::Place;
use crate::keys::Holder;
use crate::limits::{OPERATOR_NAME_BYTES_MAX, OPERATORS_MAX};
use crate::operators::{Changed, Operator, Operators, Role};
use anyhow::{Context, bail};
use clap::Subcommand;
use console::Term;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::Path;

/// List, make, change and remove operators: people who sign in
///
/// A password is asked for at the terminal, or read from standard input; it is never an argument, which every process on
/// the machine could read.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List everybody who can sign in
    List {
        #[command(flatten)]
        data: DataDir,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an operator
    Add {
        #[command(flatten)]
        data: DataDir,
        /// The name that they sign in with
        name: String,
        /// What they may do
        #[arg(long)]
        role: Role,
    },
    /// Give an operator another role
    Role {
        #[command(flatten)]
        data: DataDir,
        name: String,
        role: Role,
    },
    /// Set an operator's password, and end all of their sessions
    Password {
        #[command(flatten)]
        data: DataDir,
        name: String,
    },
    /// Remove an operator, and end all of their sessions
    Remove {
        #[command(flatten)]
        data: DataDir,
        name: String,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { data, json } => list(&data.data, *json),
        Command::Add { data, name, role } => {
            let place = Place::open(&data.data)?;
            let password = new_password()?;
            match &place {
                Place::Live(client) => {
                    let wanted = json!({"name": name, "role": role, "password": password});
                    client.call(&Method::POST, PATH, &wanted).map(drop)
                }
                Place::Stopped(_held) => changed(
                    name,
                    async |operators, by| operators.add(name, *role, &password, by).await,
                    &data.data,
                ),
            }
        }
        Command::Role { data, name, role } => match Place::open(&data.data)? {
            Place::Live(client) => put(&client, name, &json!({ "role": role })),
            Place::Stopped(_held) => changed(
                name,
                async |operators, by| operators.set(name, Some(*role), None, by).await,
                &data.data,
            ),
        },
        Command::Password { data, name } => {
            let place = Place::open(&data.data)?;
            let password = new_password()?;
            match &place {
                Place::Live(client) => put(client, name, &json!({ "password": password })),
                Place::Stopped(_held) => changed(
                    name,
                    async |operators, by| operators.set(name, None, Some(&password), by).await,
                    &data.data,
                ),
            }
        }
        Command::Remove { data, name } => match Place::open(&data.data)? {
            Place::Live(client) => client.delete(&path(name)),
            Place::Stopped(_held) => {
                changed(name, async |operators, by| operators.remove(name, by), &data.data)
            }
        },
    }
}

const PATH: &str = "/api/v1/operators";

fn path(name: &str) -> String {
    format!("{PATH}/{}", escaped(name))
}

fn put(client: &Client, name: &str, wanted: &Value) -> anyhow::Result<()> {
    client.call(&Method::PUT, &path(name), wanted).map(drop)
}

fn list(data: &Path, as_json: bool) -> anyhow::Result<()> {
    let listed: Vec<Operator> = match Place::open(data)? {
        Place::Live(client) => serde_json::from_value(client.get(PATH)?["operators"].take())?,
        Place::Stopped(_held) => Operators::open(data)?.list(),
    };
    if as_json {
        writeln!(stdout(), "{}", json!({ "operators": listed }))?;
        return Ok(());
    }
    for operator in listed {
        writeln!(stdout(), "{:8}  {}  {}", operator.role.name(), operator.created_at, operator.name)?;
    }
    Ok(())
}

/// Changes the file of a server that does not run; its next start tells of it.
fn changed(
    name: &str,
    change: impl AsyncFnOnce(&Operators, &Holder) -> anyhow::Result<Changed>,
    data: &Path,
) -> anyhow::Result<()> {
    let operators = Operators::open(data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("cannot start a thread")?;
    match runtime.block_on(change(&operators, &Holder::server("trama operators")))? {
        Changed::Done(_) => Ok(()),
        Changed::NoSuchOperator => bail!("there is no operator \"{name}\""),
        Changed::NameTaken => bail!("there is an operator \"{name}\" already"),
        Changed::NameUnusable => {
            bail!("a name has 1 to {OPERATOR_NAME_BYTES_MAX} bytes and no control characters")
        }
        Changed::PasswordUnusable(why) => bail!("{why}"),
        Changed::TooMany => bail!("there are {OPERATORS_MAX} operators; remove one first"),
        Changed::LastOwner => bail!("{name} is the last owner; make somebody else an owner first"),
        Changed::WrongToken => unreachable!("invariant: no link is used here"),
    }
}

/// Asked twice at a terminal, where nobody sees it; otherwise the first line of standard input.
fn new_password() -> anyhow::Result<String> {
    if !stdin().is_terminal() {
        let mut line = String::new();
        stdin().read_line(&mut line).context("standard input could not be read for the password")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = Term::stderr();
    let ask = |what: &str| {
        terminal.write_str(what)?;
        terminal.read_secure_line()
    };
    let (password, again) = (ask("Password: ")?, ask("Again: ")?);
    if password == again { Ok(password) } else { bail!("the two are not the same; nothing was changed") }
}
