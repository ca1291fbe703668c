//! `trama apply`: makes a folder's programme live on a server.

use super::client::{Client, token};
use super::plan::{Target, live, plan, whole};
use reqwest::Method;
use std::io::{Write, stdout};

/// Make a programme live
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Target { programme: folder, server } = &args.target;
    let programme = whole(folder)?;
    let client = Client::new(server, &token()?)?;
    let changes = plan(&client, &live(&client)?, &programme);
    let answer = client.call(&Method::PUT, "/api/v1/programme", &serde_json::to_value(&programme)?)?;
    let mut out = stdout();
    out.write_all(changes.as_bytes())?;
    let revision = &answer["revision"];
    let name = &programme.name;
    let told = match answer["changed"].as_bool() {
        Some(true) => format!("{name} is live as revision {revision}, in the log at seq {}", answer["seq"]),
        _ => format!("{name} was live already, as revision {revision}"),
    };
    writeln!(out, "{told}")?;
    Ok(())
}
