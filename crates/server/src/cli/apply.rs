//! `trama apply`: makes a folder's programme live on a server.

use super::check::show;
use super::client::{Client, token};
use super::plan::{Target, live, plan, whole};
use crate::limits::WATCH_REST;
use crate::programme::load;
use engine::programme::Programme;
use reqwest::Method;
use std::io::{Write, stdout};

/// Make a programme live
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
    /// Apply it again whenever a file is saved, until it is stopped
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Target { programme: folder, server } = &args.target;
    let client = Client::new(server, &token()?)?;
    if !args.watch {
        return apply(&client, &whole(folder)?);
    }
    let mut seen = None;
    loop {
        let read = load(folder).map(|(programme, _)| programme);
        if seen.as_ref() != Some(&read) {
            // What does not go now may go when the next file is saved.
            let told = match &read {
                Ok(programme) => apply(&client, programme),
                Err(findings) => show(findings).map_err(Into::into),
            };
            if let Err(error) = told {
                writeln!(stdout(), "{error:#}")?;
            }
            seen = Some(read);
        }
        std::thread::sleep(WATCH_REST);
    }
}

fn apply(client: &Client, programme: &Programme) -> anyhow::Result<()> {
    let before = live(client)?;
    let changes = plan(client, &before, programme);
    let answer = client.call(&Method::PUT, "/api/v1/programme", &serde_json::to_value(programme)?)?;
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
