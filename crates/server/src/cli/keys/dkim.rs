//! `trama keys dkim`: the keys that sign email for a domain, and the DNS records to publish for them.

use crate::cli::DataDir;
use crate::cli::place::Place;
use crate::clock;
use crate::deliver::dkim::key::{Algorithm, DkimKeys, StoredKey};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a key for a domain, one of each kind unless told otherwise, and show the DNS records to publish
    Create(Create),
    /// List all keys with the DNS records to publish
    List {
        #[command(flatten)]
        data: DataDir,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a key, so that nothing is signed with it any more
    Remove {
        #[command(flatten)]
        data: DataDir,
        /// Its DNS name, such as trama-rsa._domainkey.shop.example
        key: String,
    },
}

#[derive(clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    data: DataDir,
    /// Domain of the sender, as it stands behind the @; it counts for the domains below it too
    #[arg(long)]
    domain: String,
    /// Name of the key in DNS, before its kind: trama gives trama-rsa and trama-ed25519
    #[arg(long, default_value = "trama")]
    selector: String,
    /// Make only this kind
    #[arg(long)]
    algorithm: Option<Algorithm>,
    /// Take a key that exists, from a PEM file in PKCS #8, instead of making one; its selector is taken as it is
    #[arg(long, value_name = "FILE", requires = "algorithm")]
    private_key: Option<PathBuf>,
}

pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create(create) => create.run(),
        Command::List { data, json } => list(&data.data, json),
        Command::Remove { data, key } => {
            changed(&data.data, |keys| {
                if keys.remove(&key) {
                    Ok(())
                } else {
                    bail!("there is no key {key}; `trama keys dkim list` shows all")
                }
            })?;
            Ok(())
        }
    }
}

impl Create {
    fn run(&self) -> anyhow::Result<()> {
        let pem = self.private_key.as_ref().map(|path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        });
        let pem = pem.transpose()?;
        let algorithms = self.algorithm.map_or(Algorithm::ALL.to_vec(), |algorithm| vec![algorithm]);
        let made = changed(&self.data.data, |keys| {
            let mut made = Vec::new();
            for algorithm in algorithms {
                let selector = match pem {
                    Some(_) => self.selector.clone(),
                    None => format!("{}-{}", self.selector, algorithm.name()),
                };
                let at = clock::now().to_string();
                made.push(keys.add(&self.domain, &selector, algorithm, at, pem.as_deref())?.clone());
            }
            Ok(made)
        })?;
        made.iter().try_for_each(show)?;
        eprintln!("Publish them in DNS first: until then receivers cannot verify what is signed.");
        Ok(())
    }
}

fn list(data: &Path, as_json: bool) -> anyhow::Result<()> {
    let keys = DkimKeys::open(data)?.keys;
    if !as_json {
        return keys.iter().try_for_each(show);
    }
    let views = keys.iter().map(|key| {
        Ok(json!({
            "domain": key.domain,
            "selector": key.selector,
            "algorithm": key.algorithm,
            "created_at": key.created_at,
            "dns_name": key.dns_name(),
            "dns_text": key.dns_text()?,
        }))
    });
    println!("{}", json!({"keys": views.collect::<anyhow::Result<Vec<_>>>()?}));
    Ok(())
}

fn show(key: &StoredKey) -> anyhow::Result<()> {
    println!("{}", key.zone_line()?);
    Ok(())
}

/// Changes the keys of a directory, whether a server is on it or not. It reads them when it starts.
fn changed<T>(data: &Path, change: impl FnOnce(&mut DkimKeys) -> anyhow::Result<T>) -> anyhow::Result<T> {
    if !data.is_dir() {
        bail!("there is no directory {}; `trama serve --data {0}` makes it", data.display());
    }
    let mut keys = DkimKeys::open(data)?;
    let answer = change(&mut keys)?;
    keys.save(data)?;
    // Keys may be made before the first start.
    if matches!(Place::open(data), Ok(Place::Live(_))) {
        eprintln!("The server that is running goes on with the keys it read when it started; restart it.");
    }
    Ok(answer)
}
