//! `trama send-test`: a message on trial, to an address of one's own.

use super::place::Running;
use anyhow::bail;
use engine::record::DeliveryOutcome;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Send a message on trial, as a person would get it, to an address of your own
///
/// It goes by the route that it would go by, with [Test] before its subject. It is no send: it counts nowhere, and what is done
/// with it changes nothing.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Name of the message
    message: String,
    /// The email address that it goes to
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// The person as whom it is written, as email:ada@example.com or user_id:u1
    #[arg(long, value_name = "TYPE:VALUE", required_unless_present = "traits")]
    profile: Option<String>,
    /// Instead of a person: traits of somebody who is made up, as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "profile")]
    traits: Option<String>,
    /// Language of the message, instead of the person's own
    #[arg(long)]
    language: Option<String>,
    /// File of the message as it is to be, instead of the live one
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    running: Running,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let client = args.running.client()?;
    let traits: Option<Value> = args.traits.as_deref().map(serde_json::from_str).transpose()?;
    let draft = args.draft.as_ref().map(std::fs::read_to_string).transpose()?;
    let body = json!({
        "to": args.to, "profile": args.profile, "traits": traits, "language": args.language,
        "draft": draft.map(|yaml| json!({ "yaml": yaml })),
    });
    let path = format!("/api/v1/messages/{}/test", super::keys::escaped(&args.message));
    let told = client.call(&Method::POST, &path, &body)?;
    let text = |field: &str| told[field].as_str().unwrap_or_default();
    for finding in told["findings"].as_array().into_iter().flatten() {
        eprintln!("warning: {}", finding["message"].as_str().unwrap_or_default());
    }
    if text("outcome") != DeliveryOutcome::Accepted.name() {
        bail!("{} by the route {}", text("reply"), text("route"));
    }
    Ok(writeln!(
        stdout(),
        "\"{}\" to {} by the route {}: {}",
        text("subject"),
        text("to"),
        text("route"),
        text("reply")
    )?)
}
