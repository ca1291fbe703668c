//! `trama measure path`: the ways that people take to a conversion.

use crate::cli::client::Client;
use crate::cli::keys::escaped;
use crate::cli::place::live;
use crate::credit::{self, Question};
use anyhow::{Context, bail};
use engine::at::At;
use engine::engine::Engine;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use serde_json::Value;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Show the paths that people take to a conversion, how long they are and how many days they take
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfInstallation,
    /// How many of the most frequent paths
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    #[arg(long)]
    json: bool,
}

/// Which conversions of which installation.
#[derive(clap::Args)]
pub(super) struct OfInstallation {
    /// Directory of the installation: its log is read, or the server that runs on it asked
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of a server to ask; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The event that is a conversion [default: the programme's purchase]
    #[arg(long, value_name = "EVENT")]
    conversion: Option<String>,
    /// The property that says what a conversion is worth [default: that of the purchase]
    #[arg(long, value_name = "PROPERTY")]
    value: Option<String>,
    /// How long before a conversion a touch may be [default: 30 days]; of a file, how many of the last touches count
    #[arg(long, value_name = "LENGTH")]
    pub(super) lookback: Option<String>,
    /// Conversions from then on: 2026-01-31, or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Conversions before then
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Count messages that were sent as touches, beside those that were clicked
    #[arg(long)]
    sends: bool,
}

impl OfInstallation {
    /// As parameters of the API.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let Self { conversion, value, lookback, from, to, sends, .. } = self;
        let stated = [
            ("conversion", conversion),
            ("value", value),
            ("lookback", lookback),
            ("from", from),
            ("to", to),
        ];
        let mut query: Vec<_> =
            stated.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect();
        if *sends {
            query.push(("sends", "true".to_owned()));
        }
        query
    }

    pub(super) fn question(&self) -> anyhow::Result<Question> {
        let Self { conversion, value, lookback, from, to, sends, .. } = self;
        let text = |text: &Option<String>| text.clone();
        let question = Question::parse(
            text(conversion),
            text(value),
            lookback.as_deref(),
            from.as_deref(),
            to.as_deref(),
            *sends,
        );
        question.map_err(|(field, message)| anyhow::anyhow!("--{field}: {message}"))
    }

    /// Asks a server, or makes the answer from the log.
    pub(super) fn ask(
        &self,
        path: &str,
        query: &[(&'static str, String)],
        answer: impl Fn(&Engine, &SqliteReader) -> anyhow::Result<Value>,
    ) -> anyhow::Result<Value> {
        let client = match (&self.server, &self.data) {
            (Some(server), _) => Some(Client::new(server, &crate::cli::client::token()?)?),
            (None, Some(data)) => live(data)?,
            (None, None) => bail!("say what is measured: --data DIR, --server URL, or a file"),
        };
        if let Some(client) = client {
            let pairs: Vec<String> =
                query.iter().map(|(name, text)| format!("{name}={}", escaped(text))).collect();
            return client.get(&format!("{path}?{}", pairs.join("&")));
        }
        let data: &Path = self.data.as_deref().context("invariant: it was there")?;
        let log = SqliteReader::open(data)?;
        let snapshots = Snapshots::open(data)?;
        let engine = recover_as_of(At::MAX, &snapshots, |from| Ok(Box::new(log.read(from)?)))
            .context("the log cannot be read")?;
        answer(&engine, &log)
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let mut query = args.of.query();
    query.push(("limit", args.limit.to_string()));
    let answer = args.of.ask("/api/v1/measure/paths", &query, |engine, log| {
        let walked = credit::walked(engine, log, &args.of.question()?)?;
        Ok(serde_json::to_value(credit::told(&walked, args.limit))?)
    })?;
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{answer}")?;
        return Ok(());
    }
    let (people, conversions) = (&answer["people"], &answer["conversions"]);
    writeln!(out, "{conversions} conversions of {people} people who were touched")?;
    for (name, unit) in [("touches", "touches before a conversion"), ("days", "days from the first touch")] {
        let spread = &answer[name];
        if let (Some(mean), Some(median), Some(most)) =
            (spread["mean"].as_f64(), spread["median"].as_f64(), spread["p90"].as_f64())
        {
            writeln!(
                out,
                "{mean:.1} {unit} on average, {median:.1} in the middle, {most:.1} or fewer for nine in ten"
            )?;
        }
    }
    writeln!(out, "{:>11} {:>12} {:>9}  path", "conversions", "value", "nothing")?;
    for path in answer["paths"].as_array().into_iter().flatten() {
        let number = |name: &str| path[name].as_f64().unwrap_or_default();
        let (conversions, value, nulls) = (number("conversions"), number("value"), number("nulls"));
        writeln!(
            out,
            "{conversions:>11} {value:>12.2} {nulls:>9}  {}",
            path["path"].as_str().unwrap_or_default()
        )?;
    }
    Ok(())
}
