//! What commands about journeys, broadcasts, offers, webhooks and their like share: a list or one of them, for people or as
//! JSON, and a command to one.

use super::keys::escaped;
use super::place::Running;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// What a server tells, for people or as it comes.
#[derive(clap::Args)]
pub(super) struct Look {
    #[command(flatten)]
    running: Running,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Look {
    /// Prints what there is at a path, in words or as it came.
    pub(super) fn show(&self, path: &str, told: impl FnOnce(&Value) -> String) -> anyhow::Result<()> {
        let found = self.running.client()?.get(path)?;
        let text = if self.json { format!("{found}\n") } else { told(&found) };
        Ok(stdout().write_all(text.as_bytes())?)
    }

    /// Prints the rows of a list, each in a line of its own.
    pub(super) fn list(&self, path: &str, rows: &str, line: fn(&Value) -> String) -> anyhow::Result<()> {
        let lines = |list: &Value| {
            list[rows].as_array().into_iter().flatten().map(|row| line(row) + "\n").collect::<String>()
        };
        self.show(path, lines)
    }
}

/// One of them, by its name in the programme.
#[derive(clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    running: Running,
    /// Its name in the programme
    pub(super) name: String,
}

impl One {
    /// What the server tells of it; it is among its like, such as `journeys`.
    pub(super) fn get(&self, noun: &str) -> anyhow::Result<Value> {
        self.get_below(noun, "")
    }

    /// What it tells at an address below its own, with its slash.
    pub(super) fn get_below(&self, noun: &str, below: &str) -> anyhow::Result<Value> {
        self.running.client()?.get(&(path(noun, &self.name) + below))
    }

    /// Tells the server something about it, at an address below its own.
    pub(super) fn post(&self, noun: &str, below: &str, body: &Value) -> anyhow::Result<Value> {
        let path = format!("{}/{below}", path(noun, &self.name));
        self.running.client()?.call(&Method::POST, &path, body)
    }

    /// Gives it a command, and says what it does since.
    pub(super) fn command(&self, noun: &str, command: &str, done: &str) -> anyhow::Result<()> {
        self.post(noun, command, &json!(null))?;
        Ok(writeln!(stdout(), "{} {done}", self.name)?)
    }
}

/// Where one of them is found, by its name.
pub(super) fn path(noun: &str, name: &str) -> String {
    format!("/api/v1/{noun}/{}", escaped(name))
}
