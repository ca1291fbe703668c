//! `trama spend`: what was spent, from the files of ad platforms and from simple forms.

use super::client::Client;
use super::place::{self, Installation, Named, Running};
use crate::amount::Decimal;
use crate::deliver::backlog::Backlog;
use crate::keys::Holder;
use crate::limits::SPEND_LINES_AT_ONCE_MAX;
use crate::metrics::Metrics;
use crate::runtime::{self, NotTaken, Runtime, Threads};
use crate::spend::entry::SpendEntry;
use crate::spend::flight::FlightEntry;
use crate::spend::intake::{self, LinesTaken};
use crate::spend::table::{Reader, Told};
use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Refused lines that are named one by one.
const REFUSED_SHOWN: usize = 50;

/// Bring in what was spent, or tell it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take what was spent from a file: an export of Google Ads, Meta, LinkedIn or TikTok by day, or a simple form
    ///
    /// The simple form has the columns date, channel, campaign, amount, currency, and perhaps impressions, clicks, reach, for
    /// (media, content, people, other), key, or hours and rate in place of an amount. A file that is brought in again counts
    /// once, and lines that were corrected since take the place of the wrong ones. Lines that cannot be read are named, and
    /// the rest is taken.
    Import {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        says: Says,
        #[command(flatten)]
        installation: Installation,
    },
    /// Take spots, advertisements, rounds of flyers and fairs from a file
    ///
    /// Columns are medium (tv, radio, press, outdoor, flyer, door-to-door, fair, call), place, from, until, campaign, amount,
    /// currency, contacts (or grp and universe), pieces and codes. Times without an offset are those of the programme's place.
    Flights {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        says: Says,
        #[command(flatten)]
        installation: Installation,
    },
    /// Tell what was spent
    List {
        /// Of this campaign alone
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        /// Of this channel alone
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// From this day on, as 2026-01-31
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Up to this day
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What the file does not say of itself.
#[derive(clap::Args)]
struct Says {
    /// Channel of lines that name none [default: paid-search or paid-social, as the platform is]
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Campaign of lines that name none
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Currency of lines that name none [default: the programme's own]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// What stands before decimals [default: a comma where semicolons stand between the cells]
    #[arg(long, value_name = "SIGN")]
    decimal: Option<DecimalSign>,
    /// What comes first in dates such as 5/1/2026 [default: as the file shows]
    #[arg(long, value_name = "ORDER")]
    dates: Option<DateOrder>,
}

#[derive(Clone, Copy, ValueEnum)]
enum DecimalSign {
    Point,
    Comma,
}

#[derive(Clone, Copy, ValueEnum)]
enum DateOrder {
    DayFirst,
    MonthFirst,
}

impl Says {
    fn reader(&self, file: &Path) -> Reader {
        Reader {
            channel: self.channel.clone(),
            campaign: self.campaign.clone(),
            currency: self.currency.clone(),
            decimal: self.decimal.map(|sign| match sign {
                DecimalSign::Point => Decimal::Point,
                DecimalSign::Comma => Decimal::Comma,
            }),
            day_first: self.dates.map(|order| matches!(order, DateOrder::DayFirst)),
            source: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Import { file, says, installation } => {
            let told = says.reader(file).spend(&read(file)?).with_context(|| file.display().to_string())?;
            import(installation, told)
        }
        Command::Flights { file, says, installation } => {
            let told = says.reader(file).flights(&read(file)?).with_context(|| file.display().to_string())?;
            import(installation, told)
        }
        Command::List { campaign, channel, from, until, running, json } => {
            let asked = [("campaign", campaign), ("channel", channel), ("from", from), ("until", until)];
            let asked = asked.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
            let list = running.client()?.get(&format!("/api/v1/spend?limit=1000&{query}"))?;
            if *json {
                writeln!(stdout(), "{list}")?;
            } else {
                show(&list)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Where it goes.
enum Destination {
    Server(Client),
    /// A stopped server's directory, in this process.
    Directory(Box<(Runtime, Threads)>),
}

impl Destination {
    fn open(installation: &Installation) -> anyhow::Result<Self> {
        match installation.named()? {
            Named::Server(client) => Ok(Self::Server(client)),
            Named::Directory(data) => match place::live(data)? {
                Some(client) => Ok(Self::Server(client)),
                None => {
                    // What it asks of the world stays owed, and the server does it when it starts.
                    let backlog = Arc::new(Backlog::new(0));
                    let (runtime, threads, _) = runtime::start(data, Arc::new(Metrics::default()), backlog)?;
                    Ok(Self::Directory(Box::new((runtime, threads))))
                }
            },
        }
    }

    fn send<T: Entry>(&self, entries: &[T]) -> anyhow::Result<Value> {
        match self {
            Self::Server(client) => client.call(&Method::POST, T::PATH, &json!({ T::FIELD: entries })),
            Self::Directory(open) => {
                let inside = tokio::runtime::Builder::new_current_thread().build()?;
                let taken = inside.block_on(T::take(&open.0, entries));
                let taken = taken.map_err(|_| anyhow::anyhow!("the directory is being closed"))?;
                Ok(serde_json::to_value(taken)?)
            }
        }
    }

    fn close(self) {
        if let Self::Directory(open) = self {
            open.1.stop();
        }
    }
}

/// What a line of a file becomes.
trait Entry: Serialize + Sized {
    const PATH: &'static str;
    const FIELD: &'static str;

    async fn take(runtime: &Runtime, entries: &[Self]) -> Result<LinesTaken, NotTaken>;
}

/// Who told it, where no key did.
const OPERATOR: &str = "command line";

impl Entry for SpendEntry {
    const PATH: &'static str = "/api/v1/spend";
    const FIELD: &'static str = "lines";

    async fn take(runtime: &Runtime, entries: &[Self]) -> Result<LinesTaken, NotTaken> {
        intake::lines(runtime, entries, &Holder::server(OPERATOR)).await
    }
}

impl Entry for FlightEntry {
    const PATH: &'static str = "/api/v1/flights";
    const FIELD: &'static str = "flights";

    async fn take(runtime: &Runtime, entries: &[Self]) -> Result<LinesTaken, NotTaken> {
        intake::flights(runtime, entries, &Holder::server(OPERATOR)).await
    }
}

/// Sends what a file tells, and says what became of it.
fn import<T: Entry>(installation: &Installation, told: Told<T>) -> anyhow::Result<ExitCode> {
    let destination = Destination::open(installation)?;
    let mut refused: Vec<(u64, String)> = told
        .refused
        .iter()
        .map(|(line, fault)| (*line, format!("{}: {}", fault.field, fault.reason)))
        .collect();
    let (mut taken, mut repeated) = (0, 0);
    let (lines, entries): (Vec<u64>, Vec<T>) = told.entries.into_iter().unzip();
    for (lines, entries) in lines.chunks(SPEND_LINES_AT_ONCE_MAX).zip(entries.chunks(SPEND_LINES_AT_ONCE_MAX))
    {
        let answer = destination.send(entries)?;
        taken += answer["taken"].as_u64().unwrap_or_default();
        repeated += answer["repeated"].as_u64().unwrap_or_default();
        for one in answer["refused"].as_array().into_iter().flatten() {
            let line = one["index"].as_u64().and_then(|index| lines.get(index as usize));
            let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
            refused.push((line.copied().unwrap_or(0), format!("{}: {}", text("field"), text("reason"))));
        }
    }
    destination.close();
    refused.sort();
    for (line, reason) in refused.iter().take(REFUSED_SHOWN) {
        eprintln!("line {line}: {reason}");
    }
    if refused.len() > REFUSED_SHOWN {
        eprintln!("and {} further lines", refused.len() - REFUSED_SHOWN);
    }
    let mut said = format!("{}: {taken} taken, {repeated} known already", told.form.name());
    let rest = [
        (told.added, "added to one about the same"),
        (told.totals, "sums left out"),
        (refused.len() as u64, "refused"),
    ];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        said += &format!(", {count} {what}");
    }
    writeln!(stdout(), "{said}")?;
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(list: &Value) -> anyhow::Result<()> {
    for line in list["lines"].as_array().into_iter().flatten() {
        let text = |field: &str| line[field].as_str().unwrap_or_default();
        let days = match text("date") {
            "" => format!("{}..{}", text("from"), text("until")),
            day => day.to_owned(),
        };
        let (channel, campaign, kind) = (text("channel"), text("campaign"), text("for"));
        let amount = format!("{} {}", text("amount"), text("currency"));
        writeln!(stdout(), "{days:<22} {channel:<16} {campaign:<20} {kind:<8} {amount:>18}")?;
    }
    let totals = list["totals"].as_object().into_iter().flatten();
    let totals: Vec<String> = totals
        .map(|(currency, total)| format!("{} {currency}", total.as_str().unwrap_or_default()))
        .collect();
    writeln!(stdout(), "{} lines: {}", list["count"], totals.join(", "))?;
    Ok(())
}
