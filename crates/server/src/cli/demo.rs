//! `trama demo`: a sample shop with living traffic, until Ctrl-C.

use super::serve::{StopSignals, trace};
use crate::demo::{Demo, Pace, Settings};
use crate::limits::DEMO_PEOPLE_MAX;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Play a sample shop with living traffic, and show it
#[derive(clap::Args)]
pub(super) struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep the installation in this directory [default: a new one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many times faster than life: every span of the programme is divided by it. With 240 an hour takes 15 seconds
    #[arg(long, value_name = "N", default_value_t = Pace::USUAL, value_parser = clap::value_parser!(u32).range(1..=i64::from(Pace::MAX)))]
    pace: u32,
    /// Open a shop that has known so many people for more than a year, with all that they did and were sent. It then goes
    /// on as fast as life. A million people take some minutes to tell; with --data they are told once
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "pace", value_parser = clap::value_parser!(u32).range(..=i64::from(DEMO_PEOPLE_MAX)))]
    people: u32,
    /// Do not open a browser
    #[arg(long)]
    no_browser: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    trace("warn")?;
    // Removed when it goes out of scope, after the server has stopped.
    let fresh = match args.data {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("trama-demo-")
                .tempdir()
                .context("no room for the demonstration")?,
        ),
    };
    let data = args.data.clone().or_else(|| fresh.as_ref().map(|dir| dir.path().to_owned()));
    let data = data.expect("invariant: one of the two is there");
    let pace = Pace::new(if args.people > 0 { Pace::LIFE } else { args.pace });
    let settings = Settings { listen: args.listen, data, pace, people: args.people };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the threads for connections")?;
    runtime.block_on(play(settings, !args.no_browser))?;
    runtime.shutdown_background();
    Ok(())
}

async fn play(settings: Settings, browser: bool) -> anyhow::Result<()> {
    let (pace, data, elsewhere) = (settings.pace, settings.data.clone(), !settings.listen.ip().is_loopback());
    let stop = StopSignals::expect()?;
    let bar = ProgressBar::new(0).with_message("The past of the shop");
    let style = ProgressStyle::with_template("{msg} {wide_bar} day {pos} of {len}, {eta}");
    bar.set_style(style.expect("invariant: the template is ours"));
    let shown = bar.clone();
    let demo = Demo::start_telling(settings, move |day, of| {
        shown.set_length(of);
        shown.set_position(day);
    });
    let demo = demo.await?;
    bar.finish_and_clear();
    let url = demo.url();
    println!("The shop is open: {url}");
    if elsewhere {
        println!(
            "From another machine: http://ITS-ADDRESS:{}/#token={}",
            demo.server().address().port(),
            demo.page_token()
        );
    }
    println!(
        "One hour passes in {} seconds. Programme, log and keys: {}. Ctrl-C closes the shop.",
        pace.hour().as_secs_f64(),
        data.display()
    );
    if browser {
        open(&format!("{url}/#token={}", demo.page_token()));
    }
    stop.wait().await;
    println!("\nClosing the shop: the last letters are on their way.");
    demo.stop().await;
    Ok(())
}

/// Shows the page, where there is a screen. A machine without one is none the worse for it.
fn open(url: &str) {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let opener = match (cfg!(target_os = "macos"), has_screen) {
        (true, _) => "open",
        (false, true) => "xdg-open",
        (false, false) => return,
    };
    let quiet = || Stdio::null();
    let started = Command::new(opener).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if let Err(error) = started {
        tracing::debug!(%error, opener, "no browser could be opened");
    }
}
