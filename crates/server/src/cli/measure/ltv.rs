//! `trama measure ltv`: how often customers will buy, whether they still do, and what that is worth.

use super::table::{Column, Table};
use super::{OfInstallation, text};
use crate::clock;
use crate::ltv::log::{Which, buyers};
use crate::ltv::{Answer, Buyer, Buyers, Question, Wrong, answer, date_of};
use anyhow::{Context, anyhow, bail};
use csv::Writer;
use measure::value::customer::Customer;
use measure::value::summary::{Purchase, summarise};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Tell what customers are worth: purchases to come, who still buys, and the margin of both
///
/// From a table of transactions or of summaries, or from the orders of an installation. Models are fitted to the highest
/// likelihood; where the customers do not tell enough, it is said what is missing.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A table with the columns customer_id and date, and perhaps amount and channel
    #[arg(long, value_name = "FILE", conflicts_with_all = ["summary", "data", "server"])]
    transactions: Option<PathBuf>,
    /// A table with the columns customer_id, frequency, recency and T, and perhaps monetary_value and channel
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "server"])]
    summary: Option<PathBuf>,
    #[command(flatten)]
    of: OfInstallation,
    /// Unit of time: day, week or month [default: week]
    #[arg(long, value_name = "UNIT")]
    period: Option<String>,
    /// bg-nbd, mbg-nbd, pareto-nbd, or several with commas; the first of them foretells [default: bg-nbd]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The share of what customers pay that is earned [default: 1]
    #[arg(long, value_name = "SHARE")]
    margin: Option<f64>,
    /// What money loses in a year: 0.1 is ten percent [default: 0]
    #[arg(long, value_name = "RATE")]
    discount: Option<f64>,
    /// How far to look ahead, in periods [default: a year]
    #[arg(long, value_name = "PERIODS")]
    horizon: Option<f64>,
    /// The last day that the models know of [default: of a table its last day, of an installation today]
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Score the forecast of so many periods after that day; where no day is given they are the last ones
    #[arg(long, value_name = "PERIODS")]
    holdout: Option<f64>,
    /// What winning the customers of a channel cost altogether, as newsletter=1200; can be repeated
    #[arg(long = "cost", value_name = "CHANNEL=AMOUNT")]
    costs: Vec<String>,
    /// Of an installation: the event that is an order [default: the programme's purchase]
    #[arg(long, value_name = "EVENT")]
    order: Option<String>,
    /// Of an installation: the property that says for how much [default: that of the purchase]
    #[arg(long, value_name = "PROPERTY")]
    amount: Option<String>,
    /// Of an installation: the event that gives an order back [default: Order Refunded]
    #[arg(long, value_name = "EVENT")]
    refund: Option<String>,
    /// Of an installation: the currency of orders that count [default: that of most]
    #[arg(long, value_name = "CURRENCY")]
    currency: Option<String>,
    /// Of an installation: the trait that says by which channel somebody came
    #[arg(long, value_name = "TRAIT")]
    channel: Option<String>,
    /// Of an installation: tell people apart by the channel of their first touch, and put what was spent on it beside them
    #[arg(long, value_name = "WHAT", conflicts_with = "channel")]
    by: Option<String>,
    /// Of a running server: state predicted.value, predicted.purchases and predicted.alive as traits of everybody
    #[arg(long, conflicts_with_all = ["transactions", "summary"])]
    write_traits: bool,
    /// Of a table: write a row for each customer to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "server"])]
    out: Option<PathBuf>,
    /// Print {"bg_nbd": {"r": …}, "gamma_gamma": {"p": …}, …}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let told = match (&args.transactions, &args.summary) {
        (Some(file), _) => args.of_table(&args.of_transactions(file)?)?,
        (None, Some(file)) => args.of_table(&of_summary(file, args)?)?,
        (None, None) if args.write_traits => return args.write(),
        (None, None) => args.of.ask("/api/v1/measure/ltv", &args.query(), |engine, read| {
            let question = args.question()?;
            let buyers = buyers(engine, read, &args.which()?, &question, clock::now())?;
            Ok(serde_json::to_value(answer(&buyers, &question, &args.costs()?)?)?)
        })?,
    };
    if args.json {
        writeln!(stdout(), "{told}")?;
        return Ok(());
    }
    print(&told)
}

fn flag((field, message): Wrong) -> anyhow::Error {
    anyhow!("--{}: {message}", field.replace('_', "-"))
}

impl Args {
    fn question(&self) -> anyhow::Result<Question> {
        let (period, model) = (self.period.as_deref(), self.model.as_deref());
        Question::parse(period, model, self.margin, self.discount, self.horizon).map_err(flag)
    }

    fn which(&self) -> anyhow::Result<Which> {
        Ok(Which {
            order: self.order.clone(),
            amount: self.amount.clone(),
            refund: self.refund.clone(),
            currency: self.currency.clone(),
            channel: self.channel.clone(),
            by_channel: Which::by(self.by.as_deref()).map_err(flag)?,
            as_of: Which::as_of(self.as_of.as_deref()).map_err(flag)?,
            holdout: self.holdout,
        })
    }

    fn query(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("period", text(&self.period)),
            ("model", text(&self.model)),
            ("margin", text(&self.margin)),
            ("discount", text(&self.discount)),
            ("horizon", text(&self.horizon)),
            ("as_of", text(&self.as_of)),
            ("holdout", text(&self.holdout)),
            ("order", text(&self.order)),
            ("amount", text(&self.amount)),
            ("refund", text(&self.refund)),
            ("currency", text(&self.currency)),
            ("channel", text(&self.channel)),
            ("by", text(&self.by)),
            ("costs", Some(self.costs.join(",")).filter(|costs| !costs.is_empty())),
        ]
    }

    fn costs(&self) -> anyhow::Result<BTreeMap<String, f64>> {
        crate::ltv::costs(&self.costs.join(",")).map_err(flag)
    }

    fn of_table(&self, buyers: &Buyers) -> anyhow::Result<Value> {
        let answer = answer(buyers, &self.question()?, &self.costs()?)?;
        if let Some(file) = &self.out {
            write_out(file, buyers, &answer)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        Ok(serde_json::to_value(answer)?)
    }

    /// Has a server state what it foretells as traits.
    fn write(&self) -> anyhow::Result<()> {
        let Some(client) = self.of.client()? else {
            bail!("--write-traits asks a running server: start it with `trama serve`");
        };
        let given = self.query().into_iter().filter_map(|(name, text)| Some((name, text?)));
        let pairs: Vec<String> =
            given.map(|(name, text)| format!("{name}={}", crate::cli::keys::escaped(&text))).collect();
        let path = format!("/api/v1/measure/ltv/traits?{}", pairs.join("&"));
        let told = client.call(&Method::POST, &path, &json!(null))?;
        writeln!(stdout(), "stated of {} people", told["people"])?;
        Ok(())
    }

    fn of_transactions(&self, file: &Path) -> anyhow::Result<Buyers> {
        let question = self.question()?;
        let mut table = Table::open(file)?;
        let (customer, date) = (table.need("customer_id")?, table.need("date")?);
        let (amount, channel) = (table.find("amount"), table.find("channel"));
        let mut people = People::default();
        let mut purchases = Vec::new();
        while table.advance()? {
            let number = people.number(&table, customer, channel)?;
            let amount = amount.map(|amount| table.number(amount)).transpose()?.unwrap_or(0.0);
            let amount_millionths = (amount * 1e6).round() as i64;
            purchases.push(Purchase { customer: number, day: table.day(date)?, amount_millionths });
        }
        let Some(newest) = purchases.iter().map(|purchase| purchase.day).max() else {
            bail!("{}: there are no transactions", file.display());
        };
        let stated = self.which()?.as_of;
        let left_out = self.holdout.map_or(0, |length| (length * question.unit.days()).round() as i32);
        let as_of = stated.unwrap_or(newest - left_out);
        let until = as_of.saturating_add(left_out);
        if until > newest && self.holdout.is_some() {
            bail!(
                "--holdout: the table ends on {}, and so many periods after {} are not there",
                date_of(newest),
                date_of(as_of)
            );
        }
        let has_amounts = amount.is_some();
        let summaries = summarise(purchases, as_of, until, question.unit);
        let buyers = summaries.into_iter().map(|one| Buyer {
            id: std::mem::take(&mut people.ids[one.number as usize]),
            customer: one.customer,
            paid: has_amounts.then_some(one.total_millionths as f64 / 1e6),
            bought_later: one.bought_later,
            channel: people.channel_of[one.number as usize],
        });
        let buyers = buyers.collect();
        Ok(Buyers {
            buyers,
            channels: people.channels.names,
            as_of: Some(as_of),
            holdout: self.holdout,
            ..Buyers::default()
        })
    }
}

/// Customers of a table, in the order in which they first come.
#[derive(Default)]
struct People {
    numbers: HashMap<String, u32>,
    ids: Vec<String>,
    channels: Channels,
    channel_of: Vec<Option<u32>>,
}

#[derive(Default)]
struct Channels {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl People {
    fn number(&mut self, table: &Table<'_>, id: Column, channel: Option<Column>) -> anyhow::Result<u32> {
        let name = table.cell(id);
        if name.is_empty() {
            return table.wrong(id, "a customer needs an id");
        }
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(self.ids.len()).context("too many customers")?;
        self.numbers.insert(name.to_owned(), number);
        self.ids.push(name.to_owned());
        let channel = channel.map(|channel| table.cell(channel)).filter(|channel| !channel.is_empty());
        self.channel_of.push(channel.map(|channel| self.channels.number(channel)));
        Ok(number)
    }
}

impl Channels {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }
}

fn of_summary(file: &Path, args: &Args) -> anyhow::Result<Buyers> {
    if args.holdout.is_some() || args.as_of.is_some() {
        bail!("--holdout and --as-of need the days of --transactions: a summary has none");
    }
    let mut table = Table::open(file)?;
    let id = table.need("customer_id")?;
    let (frequency, recency, age) = (table.need("frequency")?, table.need("recency")?, table.need("T")?);
    let (monetary, channel) = (table.find("monetary_value"), table.find("channel"));
    let mut people = People::default();
    let mut buyers = Vec::new();
    while table.advance()? {
        let customer = Customer {
            frequency: table.count(frequency)?,
            recency: table.number(recency)?,
            age: table.number(age)?,
            monetary: monetary.map(|monetary| table.number(monetary)).transpose()?.unwrap_or(0.0),
        };
        if let Err(flaw) = customer.check() {
            bail!("{}: {flaw}", table.place());
        }
        let number = people.number(&table, id, channel)?;
        if number as usize != buyers.len() {
            return table.wrong(id, "this customer stands in the table twice");
        }
        let (id, channel) = (people.ids[number as usize].clone(), people.channel_of[number as usize]);
        buyers.push(Buyer { id, customer, paid: None, bought_later: 0, channel });
    }
    Ok(Buyers { buyers, channels: people.channels.names, ..Buyers::default() })
}

/// One row a customer.
fn write_out(file: &Path, buyers: &Buyers, answer: &Answer) -> anyhow::Result<()> {
    let mut out = Writer::from_path(file)?;
    let head = [
        "customer_id",
        "frequency",
        "recency",
        "T",
        "monetary_value",
        "alive",
        "purchases",
        "spend",
        "value",
    ];
    out.write_record(head)?;
    for (buyer, prospect) in buyers.buyers.iter().zip(&answer.prospects) {
        let Customer { frequency, recency, age, monetary } = buyer.customer;
        let numbers =
            [recency, age, monetary, prospect.alive, prospect.purchases, prospect.spend, prospect.value];
        let cells = [buyer.id.clone(), frequency.to_string()].into_iter();
        out.write_record(cells.chain(numbers.map(|number| number.to_string())))?;
    }
    Ok(out.flush()?)
}

fn print(told: &Value) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let unit = text(&told["period"]);
    let until = told["as_of"].as_str().map(|day| format!(" up to {day}")).unwrap_or_default();
    writeln!(out, "{} customers{until}, {} bought more than once", told["customers"], told["repeaters"])?;
    let models = [
        ("bg_nbd", "BG/NBD", &["r", "alpha", "a", "b"][..]),
        ("mbg_nbd", "MBG/NBD", &["r", "alpha", "a", "b"]),
        ("pareto_nbd", "Pareto/NBD", &["r", "alpha", "s", "beta"]),
        ("gamma_gamma", "Gamma-Gamma", &["p", "q", "v"]),
    ];
    for (key, name, parameters) in models {
        let model = &told[key];
        if model.is_null() {
            continue;
        }
        let parameter = |parameter: &&str| {
            let error = number(&model["standard_errors"][*parameter]);
            format!("{parameter} {:.4} ±{error:.4}", number(&model[*parameter]))
        };
        let parameters: Vec<String> = parameters.iter().map(parameter).collect();
        let likelihood = number(&model["log_likelihood"]);
        writeln!(out, "{name:<12} {}  log-likelihood {likelihood:.4}", parameters.join("  "))?;
    }
    let expected = &told["expected"];
    let worth = match expected["value"].as_f64() {
        Some(value) => {
            let currency = expected["currency"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
            format!(", worth {value:.2}{currency}")
        }
        None => String::new(),
    };
    let (horizon, alive) = (number(&expected["horizon"]), number(&expected["alive"]));
    let purchases = number(&expected["purchases"]);
    writeln!(out, "In the next {horizon:.1} {unit}s: {alive:.0} still buy, {purchases:.1} purchases{worth}")?;
    print_channels(&mut out, told)?;
    print_scores(&mut out, &told["holdout"], &unit)?;
    for note in told["notes"].as_array().into_iter().flatten() {
        writeln!(out, "{}", text(note))?;
    }
    Ok(())
}

fn print_channels(out: &mut impl Write, told: &Value) -> anyhow::Result<()> {
    let channels: Vec<&Value> = told["channels"].as_array().into_iter().flatten().collect();
    if channels.is_empty() {
        return Ok(());
    }
    let name = |channel: &Value| match channel["channel"].as_str() {
        Some("") | None => "(not known)".to_owned(),
        Some(name) => name.to_owned(),
    };
    let width = channels.iter().map(|channel| name(channel).chars().count()).max().unwrap_or(0).max(7);
    let heads = ["customers", "alive", "purchases", "ltv", "cost", "ltv/cost", "payback"];
    let heads: String = heads.iter().map(|head| format!(" {head:>10}")).collect();
    writeln!(out, "{:width$}{heads}", "channel")?;
    for channel in channels {
        let cell = |key: &str, decimals: usize| match channel[key].as_f64() {
            Some(number) => format!(" {number:>10.decimals$}"),
            None => format!(" {:>10}", "-"),
        };
        let cells = [
            cell("customers", 0),
            cell("alive", 1),
            cell("purchases", 1),
            cell("lifetime_value", 2),
            cell("acquisition_cost", 2),
            cell("value_to_cost", 2),
            cell("payback", 1),
        ];
        writeln!(out, "{:width$}{}", name(channel), cells.concat())?;
    }
    Ok(())
}

fn print_scores(out: &mut impl Write, scores: &Value, unit: &str) -> anyhow::Result<()> {
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    if scores.is_null() {
        return Ok(());
    }
    writeln!(
        out,
        "In the {:.1} {unit}s left out: {:.1} purchases foretold, {} came; mean error {:.4}, root mean square {:.4}",
        number(&scores["length"]),
        number(&scores["predicted"]),
        number(&scores["actual"]),
        number(&scores["mae"]),
        number(&scores["rmse"])
    )?;
    writeln!(out, "{:>10} {:>10} {:>10} {:>10}", "frequency", "customers", "foretold", "came")?;
    for row in scores["by_frequency"].as_array().into_iter().flatten() {
        let (foretold, came) = (number(&row["predicted"]), number(&row["actual"]));
        writeln!(out, "{:>10} {:>10} {foretold:>10.4} {came:>10.4}", row["frequency"], row["customers"])?;
    }
    Ok(())
}
