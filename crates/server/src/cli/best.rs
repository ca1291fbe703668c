//! `trama best`: what was learned of channels, variants and hours.

use super::place::Running;
use serde_json::Value;
use std::io::{Write, stdout};

/// Show what was learned from responses: the best channels, variants and hours
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    running: Running,
    /// Only those of this message or, of hours, this channel
    of: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let list = args.running.client()?.get("/api/v1/best")?;
    if args.json {
        writeln!(stdout(), "{list}")?;
        return Ok(());
    }
    let mut out = stdout().lock();
    for set in list["best"].as_array().into_iter().flatten() {
        if args.of.as_deref().is_none_or(|of| set["of"] == of) {
            writeln!(out, "{}", table(set))?;
        }
    }
    out.flush()?;
    Ok(())
}

/// `channel of cart-reminder: learned from 63 responses`, and a line for each arm.
fn table(set: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (responses, after) = (set["responses"].as_u64().unwrap_or(0), set["after"].as_u64().unwrap_or(0));
    let state = match responses < after {
        true => format!("the stated order, until there are {after} responses"),
        false => "learned".to_owned(),
    };
    let mut table = format!("{} of {}: {state}\n", text(&set["choice"]), text(&set["of"]));
    for arm in set["arms"].as_array().into_iter().flatten() {
        let rate = 100.0 * arm["rate"].as_f64().unwrap_or_default();
        table += &format!(
            "  {:<16} {:>9} sends {:>9} responses {rate:>6.2}%  chosen {} of the last {}\n",
            text(&arm["arm"]),
            arm["trials"],
            arm["responses"],
            arm["chosen_lately"],
            set["lately"]
        );
    }
    table.trim_end().to_owned()
}
