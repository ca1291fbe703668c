//! The secrets of webhooks: in the environment, or in `webhooks.json`, which only its owner can read. Each webhook has one,
//! made when it is first asked for, and for the time of a change two. Read whenever something is signed, so that a change
//! counts at once.

use super::sign::Secret;
use crate::keys::file;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Name of the file in a data directory.
const FILE: &str = "webhooks.json";
/// Secrets that count at the same time.
const SECRETS_MAX: usize = 2;

/// What lies in the file: by webhook, the oldest first.
type Written = BTreeMap<String, Vec<String>>;

pub struct Secrets {
    file: PathBuf,
    /// Held while the file is changed.
    changing: Mutex<()>,
}

impl Secrets {
    pub fn open(data: &Path) -> Self {
        Self { file: data.join(FILE), changing: Mutex::default() }
    }

    /// The secrets of a webhook, the oldest first; the first one is made where there is none.
    pub fn of(&self, webhook: &str) -> anyhow::Result<Vec<Secret>> {
        let variable = variable(webhook);
        if let Ok(text) = std::env::var(&variable) {
            let secrets = text.split_whitespace().map(|one| {
                Secret::parse(one).with_context(|| format!("{variable} holds no secret of the form whsec_…"))
            });
            return secrets.collect();
        }
        let written = self.change(|written| {
            let own = written.entry(webhook.to_owned()).or_default();
            if own.is_empty() {
                own.push(Secret::draw().shown());
            }
            own.clone()
        })?;
        let read = written
            .iter()
            .map(|one| Secret::parse(one).with_context(|| format!("a secret in {FILE} is none")));
        read.collect()
    }

    /// Adds a second secret, which counts beside the first.
    pub fn add(&self, webhook: &str) -> anyhow::Result<Secret> {
        self.of(webhook)?;
        let added = Secret::draw();
        let fits = self.change(|written| {
            let own = written.entry(webhook.to_owned()).or_default();
            let fits = own.len() < SECRETS_MAX;
            if fits {
                own.push(added.shown());
            }
            fits
        })?;
        if !fits {
            bail!("{webhook} has two secrets already; take the old one away first");
        }
        Ok(added)
    }

    /// Takes the oldest secret away, where there is another.
    pub fn drop_oldest(&self, webhook: &str) -> anyhow::Result<()> {
        let dropped = self.change(|written| {
            let own = written.entry(webhook.to_owned()).or_default();
            let is_one_of_two = own.len() > 1;
            if is_one_of_two {
                own.remove(0);
            }
            is_one_of_two
        })?;
        if dropped { Ok(()) } else { bail!("{webhook} has one secret only; add another first") }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Written) -> T) -> anyhow::Result<T> {
        let _changing = self.changing.lock().expect("invariant: nobody panics with the secrets in hand");
        let before: Written = file::read(&self.file)?.unwrap_or_default();
        let mut written = before.clone();
        let answer = change(&mut written);
        if written != before {
            file::write(&self.file, &written)?;
        }
        Ok(answer)
    }
}

/// The variable of the environment that holds a webhook's secrets: `TRAMA_WEBHOOK_SECRET_ERP`.
fn variable(webhook: &str) -> String {
    format!("TRAMA_WEBHOOK_SECRET_{}", webhook.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_has_one_secret_and_for_a_change_two() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path());
        let shown = |secrets: &Secrets| -> Vec<String> {
            secrets.of("erp").unwrap().iter().map(Secret::shown).collect()
        };
        let first = shown(&secrets);
        assert_eq!((first.len(), shown(&Secrets::open(dir.path()))), (1, first.clone()));
        assert!(secrets.drop_oldest("erp").is_err(), "a webhook is never without a secret");
        let second = secrets.add("erp").unwrap().shown();
        assert_eq!(shown(&secrets), [first[0].clone(), second.clone()]);
        assert!(secrets.add("erp").is_err());
        secrets.drop_oldest("erp").unwrap();
        assert_eq!(shown(&secrets), [second]);
        assert_ne!(secrets.of("other").unwrap()[0].shown(), first[0]);
    }
}
