//! `trama suppressions`: opt-out registers, brought in from the files that their keepers give out.

use super::client::Client;
use super::keys::escaped;
use super::place::Running;
use anyhow::{Context, bail};
use clap::Subcommand;
use engine::limits::REGISTER_SLICE_MAX;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, Write, stdout};
use std::path::{Path, PathBuf};

/// Refused lines that are named one by one.
const REFUSED_SHOWN: u64 = 20;

/// Bring in an opt-out register, or list those that there are
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take a register from a file: whoever is in it is listed, and whoever was and is not any more is free
    ///
    /// The file has a phone number with its country, or an email address, in the first column of each line; a first line
    /// with titles is passed over.
    Import {
        /// The file, CSV or one value a line
        file: PathBuf,
        /// Name of the register, such as rpo
        #[arg(long, value_name = "NAME")]
        register: String,
        /// What it speaks of: call, sms, email, …
        #[arg(long, value_delimiter = ',', default_value = "call")]
        channels: Vec<String>,
        /// How long this look may be relied on
        #[arg(long, value_name = "SPAN", default_value = "15 days")]
        valid_for: String,
        /// When the register was looked at, as 2026-01-31T12:00:00Z [default: now]
        #[arg(long, value_name = "TIME")]
        checked_at: Option<String>,
        /// The file has no addresses, but the hash of each: sha256, of addresses in lower case and of numbers as +390212345678
        ///
        /// Whether somebody is listed is found out when a message to them is decided and handed over. Segments that ask who
        /// can be reached do not know of it.
        #[arg(long, value_name = "HOW", value_parser = ["sha256"])]
        hashed: Option<String>,
        #[command(flatten)]
        running: Running,
    },
    /// List the registers, with the last look at each
    Registers {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Import { file, register, channels, valid_for, checked_at, hashed, running } => {
            let mut import = Import {
                client: running.client()?,
                path: format!("/api/v1/registers/{}", escaped(register)),
                channels,
                hashed: hashed.as_deref(),
                edition: None,
                slice: Vec::new(),
                listed: 0,
                refused: 0,
            };
            import.file(file)?;
            let look = json!({
                "edition": import.edition, "channels": channels, "valid_for": valid_for, "checked_at": checked_at,
            });
            let checked = import.client.call(&Method::POST, &format!("{}/checked", import.path), &look)?;
            let (listed, refused) = (checked["listed"].to_string(), import.refused);
            let until = checked["valid_until"].as_str().unwrap_or_default();
            writeln!(stdout(), "{register}: {listed} listed, {refused} lines refused, good until {until}")?;
            Ok(())
        }
        Command::Registers { running, json } => {
            let list = running.client()?.get("/api/v1/registers")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            for one in list["registers"].as_array().into_iter().flatten() {
                let text = |field: &str| one[field].as_str().unwrap_or("never").to_owned();
                let stale = if one["stale"] == true { "  time to look again" } else { "" };
                let (name, checked) = (text("name"), text("checked_at"));
                writeln!(stdout(), "{:>9}  {name}, looked at {checked}{stale}", one["listed"].to_string())?;
            }
            Ok(())
        }
    }
}

/// A look that is on its way to the server.
struct Import<'a> {
    client: Client,
    path: String,
    channels: &'a [String],
    hashed: Option<&'a str>,
    edition: Option<u64>,
    /// Values with their lines.
    slice: Vec<(u64, String)>,
    listed: u64,
    refused: u64,
}

impl Import<'_> {
    fn file(&mut self, file: &Path) -> anyhow::Result<()> {
        let open = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let bar = ProgressBar::new(open.metadata()?.len());
        bar.set_style(ProgressStyle::with_template("{wide_bar} {percent} %  {bytes}").context("a template")?);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(BufReader::new(open));
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).with_context(|| format!("{} is no CSV", file.display()))? {
            let line = row.position().map_or(0, csv::Position::line);
            bar.set_position(row.position().map_or(0, csv::Position::byte));
            let value = row.get(0).unwrap_or_default().trim();
            let is_title = line == 1 && !value.contains('@') && !value.contains(|c: char| c.is_ascii_digit());
            if value.is_empty() || is_title {
                continue;
            }
            self.slice.push((line, value.to_owned()));
            if self.slice.len() == REGISTER_SLICE_MAX {
                self.send()?;
            }
        }
        if !self.slice.is_empty() || self.edition.is_none() {
            self.send()?;
        }
        bar.finish_and_clear();
        // An empty list would free everybody: a file that was cut off, or another than was meant, looks like that.
        if self.listed == 0 {
            bail!(
                "nothing in {} is {}; the register is left as it was",
                file.display(),
                if self.hashed.is_some() { "a SHA-256" } else { "a phone number or an address" }
            );
        }
        Ok(())
    }

    fn send(&mut self) -> anyhow::Result<()> {
        let slice = std::mem::take(&mut self.slice);
        let values: Vec<&str> = slice.iter().map(|(_, value)| value.as_str()).collect();
        let (edition, channels, hashed) = (self.edition, self.channels, self.hashed);
        let asked = json!({ "edition": edition, "channels": channels, "values": values, "hashed": hashed });
        let taken = self.client.call(&Method::POST, &self.path, &asked)?;
        self.edition = taken["edition"].as_u64();
        self.listed += taken["listed"].as_u64().unwrap_or_default();
        for refused in taken["refused"].as_array().into_iter().flatten() {
            self.refused += 1;
            if self.refused <= REFUSED_SHOWN {
                let line = refused["index"].as_u64().and_then(|index| slice.get(index as usize));
                let line = line.map_or(0, |(line, _)| *line);
                eprintln!("line {line}: {}", refused["reason"].as_str().unwrap_or_default());
            } else if self.refused == REFUSED_SHOWN + 1 {
                eprintln!("further lines are counted only");
            }
        }
        Ok(())
    }
}
