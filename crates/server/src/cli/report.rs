//! `trama report`: reports as they would be now, and sending them.

use super::place::Running;
use anyhow::bail;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// Show or send a report of the programme; without a name, list them all
#[derive(clap::Args)]
pub(super) struct Args {
    /// Its name in the programme
    name: Option<String>,
    #[command(flatten)]
    running: Running,
    /// Print it as text, as it would be now; nothing is sent
    #[arg(long, conflicts_with_all = ["html", "now"])]
    print: bool,
    /// Print it as HTML, as it would be now; nothing is sent
    #[arg(long, conflicts_with = "now")]
    html: bool,
    /// Send it now to everybody whom the programme names, beside its schedule
    #[arg(long)]
    now: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let client = args.running.client()?;
    let Some(name) = &args.name else {
        if args.print || args.html || args.now {
            bail!("say which report: `trama report` without flags lists them");
        }
        return list(&client.get("/api/v1/reports")?);
    };
    let path = format!("/api/v1/reports/{}", super::keys::escaped(name));
    if args.now {
        let told = client.call(&Method::POST, &format!("{path}/send"), &json!({}))?;
        writeln!(stdout(), "sent to {} people", told["taken"])?;
        let refused: Vec<&Value> = told["refused"].as_array().into_iter().flatten().collect();
        for one in &refused {
            let text = |field: &str| one[field].as_str().unwrap_or_default();
            eprintln!("{}: {}", text("to"), text("why"));
        }
        if !refused.is_empty() {
            bail!("it did not reach everybody");
        }
        return Ok(());
    }
    let told = client.get(&path)?;
    let field = if args.html { "html" } else { "text" };
    Ok(write!(stdout(), "{}", told[field].as_str().unwrap_or_default())?)
}

fn list(told: &Value) -> anyhow::Result<()> {
    for one in told["reports"].as_array().into_iter().flatten() {
        let text = |field: &str| one[field].as_str().unwrap_or("–");
        let to: Vec<&str> = one["to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        writeln!(
            stdout(),
            "{:<20} {:<28} next {}, last {}  {}",
            text("name"),
            text("when"),
            text("next_at"),
            text("progress"),
            to.join(", ")
        )?;
    }
    Ok(())
}
