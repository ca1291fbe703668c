//! `trama correct`: what is known of a person is put right, through the API of a server that runs.

use super::keys::escaped;
use super::place::Running;
use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::io::{Write, stdout};

/// Correct the traits of a person, or take some away
#[derive(clap::Args)]
pub(super) struct Args {
    /// Any of the person's identifiers: type:value, such as email:ada@example.com
    address: String,
    /// What is right: name=value. A value that is JSON counts as such, anything else as a text
    #[arg(value_name = "NAME=VALUE")]
    traits: Vec<String>,
    /// A trait to take away; may be given several times
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    #[command(flatten)]
    running: Running,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let traits = traits(args)?;
    let path = format!("/api/v1/profiles/{}", escaped(&args.address));
    args.running.client()?.call(&Method::PATCH, &path, &json!({ "traits": traits }))?;
    writeln!(stdout(), "{} is corrected: {}", args.address, Value::Object(traits))?;
    Ok(())
}

fn traits(args: &Args) -> anyhow::Result<Map<String, Value>> {
    let mut traits = Map::new();
    for pair in &args.traits {
        let (name, value) = pair.split_once('=').with_context(|| format!("write {pair} as name=value"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        traits.insert(name.to_owned(), value);
    }
    for name in &args.remove {
        if traits.insert(name.clone(), Value::Null).is_some() {
            bail!("{name} is to be set and to be taken away; say one of them");
        }
    }
    if traits.is_empty() {
        bail!("say what is right, as name=value, or what to take away, with --remove NAME");
    }
    Ok(traits)
}
