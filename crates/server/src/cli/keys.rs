//! `trama keys`: the first keys, and making, listing and revoking others.

mod dkim;
mod webhook;

use super::DataDir;
use super::place::Place;
use crate::keys::{Created, FirstKeys, Holder, Key, Keys, Scope};
use crate::limits::{KEY_NAME_BYTES_MAX, KEYS_MAX};
use anyhow::bail;
use clap::Subcommand;
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Show the first keys, or make, list and revoke others
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Directory of the installation: its log, keys and settings
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print {"write_key": …, "admin_token": …}
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key; its token is shown this once
    Create {
        #[command(flatten)]
        data: DataDir,
        /// Name of the key; of a write key, the name of its source
        #[arg(long)]
        name: String,
        /// What its holder may do
        #[arg(long)]
        scope: Scope,
    },
    /// List all keys, without their tokens
    List {
        #[command(flatten)]
        data: DataDir,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key, at once
    Revoke {
        #[command(flatten)]
        data: DataDir,
        /// Its id or its name
        key: String,
    },
    /// Make, show and remove the keys that sign email for a domain (DKIM)
    #[command(subcommand)]
    Dkim(dkim::Command),
    /// Show and change the secrets that sign what webhooks are told
    Webhook(webhook::Args),
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    match (args.command, args.data) {
        (Some(Command::Create { data, name, scope }), _) => create(&data.data, &name, scope),
        (Some(Command::List { data, json }), _) => list(&data.data, json),
        (Some(Command::Revoke { data, key }), _) => revoke(&data.data, &key),
        (Some(Command::Dkim(command)), _) => dkim::run(command),
        (Some(Command::Webhook(args)), _) => webhook::run(&args),
        (None, Some(data)) => show_first(&data, args.json),
        (None, None) => bail!("say which installation: trama keys --data DIR"),
    }
}

/// Who changes the keys of a server that does not run; its next start tells of it.
const BY: &str = "trama keys";

fn show_first(data: &Path, as_json: bool) -> anyhow::Result<()> {
    let keys = keys(data)?.first();
    if as_json {
        println!("{}", serde_json::to_string(&keys)?);
        return Ok(());
    }
    let FirstKeys { write_key, admin_token, identity_secret } = keys;
    let or_gone = |key: Option<String>| key.unwrap_or_else(|| "revoked".to_owned());
    println!("write key    {}\nadmin token  {}", or_gone(write_key), or_gone(admin_token));
    println!("identity     {}", or_gone(identity_secret));
    Ok(())
}

fn create(data: &Path, name: &str, scope: Scope) -> anyhow::Result<()> {
    let token = match Place::open(data)? {
        Place::Live(client) => {
            let wanted = json!({"name": name, "scope": scope});
            let made = client.call(&Method::POST, "/api/v1/keys", &wanted)?;
            made["token"].as_str().unwrap_or_default().to_owned()
        }
        Place::Stopped(_held) => match keys(data)?.create(name, scope, &Holder::server(BY))? {
            Created::Key { token, .. } => token,
            Created::NameTaken => bail!("there is a key named \"{name}\" already"),
            Created::NameUnusable => {
                bail!("a name has 1 to {KEY_NAME_BYTES_MAX} bytes and no control characters")
            }
            Created::TooMany => bail!("there are {KEYS_MAX} keys; revoke one that is no longer used"),
        },
    };
    println!("{token}");
    eprintln!("This token is shown once; Trama keeps only its hash.");
    Ok(())
}

fn list(data: &Path, as_json: bool) -> anyhow::Result<()> {
    let listed: Vec<Key> = match Place::open(data)? {
        Place::Live(client) => serde_json::from_value(client.get("/api/v1/keys")?["keys"].take())?,
        Place::Stopped(_held) => keys(data)?.list(),
    };
    if as_json {
        println!("{}", json!({"keys": listed}));
        return Ok(());
    }
    for key in listed {
        println!("{}  {:5}  {}  {}", key.id, key.scope.name(), key.created_at, key.name);
    }
    Ok(())
}

fn revoke(data: &Path, key: &str) -> anyhow::Result<()> {
    let revoked = match Place::open(data)? {
        Place::Live(client) => client.delete(&format!("/api/v1/keys/{}", escaped(key))).map(|()| true)?,
        Place::Stopped(_held) => keys(data)?.revoke(key, &Holder::server(BY))?,
    };
    if revoked { Ok(()) } else { bail!("there is no key \"{key}\"") }
}

/// The keys of a directory, made when there are none yet.
fn keys(data: &Path) -> anyhow::Result<Keys> {
    if !data.is_dir() {
        bail!("there is no directory {}; `trama serve --data {0}` makes it", data.display());
    }
    Keys::open(data)
}

/// A name as it may stand in a path.
pub(super) fn escaped(name: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_escaped_for_a_path() {
        assert_eq!(escaped("first admin/è"), "first%20admin%2F%C3%A8");
    }
}
