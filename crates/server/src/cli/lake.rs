//! `trama sql` and `trama lake`: the lake of an installation, asked by the server that keeps it, or here where none runs.

use super::client::{self, Client};
use super::place::{Place, engine};
use crate::api::lake::{text, told, told_checks};
use crate::config::{Config, Flags};
use crate::lake::place::LakePlace;
use crate::lake::{compared, tell, threads};
use crate::patience::PatientThreads;
use anyhow::{Context, bail};
use clap::Subcommand;
use engine::engine::Engine;
use eventlog::sqlite::{SqliteLog, SqliteReader};
use measure::lake::Lake;
use measure::limits::SQL_ROWS_MAX;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Ask the lake in SQL: events, orders, sends, people and more, as docs/reference/lake.md describes them
///
/// A server that runs on the directory is asked; without one the lake is brought up to the log first, and asked here.
#[derive(clap::Args)]
pub(super) struct Sql {
    /// The question, such as 'SELECT name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC'
    question: String,
    #[command(flatten)]
    whose: Whose,
    /// At most so many rows
    #[arg(long, value_name = "ROWS", default_value_t = SQL_ROWS_MAX)]
    limit: usize,
    /// Print JSON: {"columns": …, "rows": …, "truncated": …}
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// See how far the lake is, and whether it says what the log says
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the lake up to the log, and say what it holds
    Refresh {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare counts and sums of every table with the log; ends with 1 where they differ
    Verify {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Whose lake.
#[derive(clap::Args)]
struct Whose {
    /// Directory of the installation: its log, keys and settings
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present = "server"
    )]
    data: Option<PathBuf>,
    /// Address of a server to ask; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

/// Who answers.
enum Answerer {
    Server(Client),
    Here(Box<Opened>),
}

/// A lake that no server keeps, while nobody else can begin to.
pub(super) struct Opened {
    _log: Box<SqliteLog>,
    reader: SqliteReader,
    engine: Engine,
    lake: Lake,
    threads: PatientThreads,
}

impl Whose {
    fn answerer(&self) -> anyhow::Result<Answerer> {
        match (&self.server, &self.data) {
            (Some(server), _) => Ok(Answerer::Server(Client::new(server, &client::token()?)?)),
            (None, Some(data)) => match Place::open(data)? {
                Place::Live(client) => Ok(Answerer::Server(client)),
                Place::Stopped(mut log) => {
                    let engine = engine(data, &mut log)?;
                    let place = Config::read(data, &Flags::default())?.lake;
                    if place == LakePlace::Off {
                        bail!("the lake is switched off; `lake = \"local\"` in trama.toml switches it on");
                    }
                    Ok(Answerer::Here(Box::new(Opened::open(data, log, engine, &place)?)))
                }
            },
            (None, None) => bail!("say which installation: --data DIR or --server URL"),
        }
    }
}

impl Opened {
    fn open(data: &Path, log: Box<SqliteLog>, engine: Engine, place: &LakePlace) -> anyhow::Result<Self> {
        let threads = threads()?;
        let reader = SqliteReader::open(data)?;
        let lake = threads.handle().block_on(Lake::open(place.store()?))?;
        tell::refresh(&lake, &engine, &reader, threads.handle(), |_| true)?;
        Ok(Self { _log: log, reader, engine, lake, threads })
    }
}

/// Takes whoever was erased out of the lake of a directory that no server runs on, if there is one.
pub(super) fn forget(data: &Path, engine: &Engine) -> anyhow::Result<()> {
    let place = Config::read(data, &Flags::default())?.lake;
    if place == LakePlace::Off {
        return Ok(());
    }
    let threads = threads()?;
    let lake = threads.handle().block_on(Lake::open(place.store()?))?;
    if lake.manifest().seq == 0 {
        return Ok(());
    }
    Ok(tell::refresh(&lake, engine, &SqliteReader::open(data)?, threads.handle(), |_| true)?)
}

pub(super) fn sql(args: &Sql) -> anyhow::Result<()> {
    let begun = Instant::now();
    let answer = match args.whose.answerer()? {
        Answerer::Server(client) => {
            let asked = json!({"sql": args.question, "limit": args.limit});
            client.call(&Method::POST, "/api/v1/sql", &asked)?
        }
        Answerer::Here(opened) => {
            let Opened { lake, threads, .. } = *opened;
            let (question, most) = (args.question.clone(), args.limit);
            // On one of the lake's threads, which have the room that planning takes.
            let asking = threads.handle().spawn(async move { lake.ask(&question, Some(most)).await });
            let answer = threads.handle().block_on(asking).context("a bug is in the way (see above)")??;
            told(answer, begun.elapsed().as_secs_f64() * 1_000.0)
        }
    };
    if args.json {
        return Ok(writeln!(stdout(), "{answer}")?);
    }
    let (names, rows) = lines(&answer);
    if args.csv {
        let mut writer = csv::Writer::from_writer(stdout());
        writer.write_record(&names)?;
        rows.iter().try_for_each(|row| writer.write_record(row))?;
        return Ok(writer.flush()?);
    }
    table(&answer, &names, &rows)
}

/// The names of the columns, and the cells of the rows.
fn lines(answer: &Value) -> (Vec<String>, Vec<Vec<String>>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let names = list(&answer["columns"]).iter().map(|column| text(&column["name"])).collect();
    let rows = list(&answer["rows"]).iter().map(|row| list(row).iter().map(text).collect()).collect();
    (names, rows)
}

/// Columns for people: as wide as they must be, numbers to the right.
fn table(answer: &Value, names: &[String], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let width = |text: &String| text.chars().count();
    let widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(place, name)| rows.iter().map(|row| width(&row[place])).max().unwrap_or(0).max(width(name)))
        .collect();
    let is_number = |place: usize| {
        matches!(answer["columns"][place]["type"].as_str(), Some("bigint" | "double" | "decimal"))
    };
    let line = |cells: &[String]| {
        let cells = cells.iter().enumerate().map(|(place, cell)| match is_number(place) {
            true => format!("{cell:>0$}", widths[place]),
            false => format!("{cell:<0$}", widths[place]),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut out = stdout().lock();
    writeln!(out, "{}", line(names))?;
    writeln!(out, "{}", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "))?;
    for row in rows {
        writeln!(out, "{}", line(row))?;
    }
    let more = if answer["truncated"] == true {
        ", and there are more: --limit, or a question for fewer"
    } else {
        ""
    };
    let count = match rows.len() {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    };
    eprintln!("{count}{more}; as of {}, record {}", text(&answer["as_of"]), answer["seq"]);
    Ok(())
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Refresh { whose, json } => refresh(whose, *json).map(|()| ExitCode::SUCCESS),
        Command::Verify { whose, json } => verify(whose, *json),
    }
}

fn refresh(whose: &Whose, json: bool) -> anyhow::Result<()> {
    let status = match whose.answerer()? {
        Answerer::Server(client) => {
            // A question brings it up to the log.
            client.call(&Method::POST, "/api/v1/sql", &json!({"sql": "SELECT 1"}))?;
            let mut status = client.get("/api/v1/lake")?;
            status.as_object_mut().map(|status| status.remove("tables"));
            status
        }
        Answerer::Here(opened) => {
            let manifest = opened.lake.manifest();
            let rows: u64 = manifest.all_files().map(|file| file.rows).sum();
            json!({
                "seq": manifest.stated_seq, "as_of": manifest.as_of, "rows": rows, "bytes": manifest.bytes(),
                "files": manifest.all_files().count(),
            })
        }
    };
    if json {
        return Ok(writeln!(stdout(), "{status}")?);
    }
    let (seq, as_of) = (&status["seq"], text(&status["as_of"]));
    let (rows, bytes, files) = (&status["rows"], &status["bytes"], &status["files"]);
    Ok(writeln!(stdout(), "as of {as_of}, record {seq}: {rows} rows in {files} files of {bytes} bytes")?)
}

fn verify(whose: &Whose, json: bool) -> anyhow::Result<ExitCode> {
    let verified = match whose.answerer()? {
        Answerer::Server(client) => client.get("/api/v1/lake/verify")?,
        Answerer::Here(opened) => {
            let Opened { reader, engine, lake, threads, .. } = opened.as_ref();
            told_checks(compared(lake, engine, reader, threads.handle())?)
        }
    };
    let is_equal = verified["equal"].as_bool().context("no word in the answer on whether they are equal")?;
    if json {
        writeln!(stdout(), "{verified}")?;
    } else {
        for check in verified["checks"].as_array().into_iter().flatten() {
            let said = |field: &str| text(&check[field]);
            let word = if check["equal"] == true { "equal    " } else { "DIFFERENT" };
            let (table, what, lake, log) = (said("table"), said("what"), said("lake"), said("log"));
            writeln!(stdout(), "{word}  {table:<12} {what:<40} lake {lake}, log {log}")?;
        }
    }
    Ok(if is_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
