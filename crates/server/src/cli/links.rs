//! `trama links`: the short links of a running server, and their QR codes as files.

use super::keys::escaped;
use super::named::Look;
use super::place::Running;
use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde_json::Value;
use std::io::{Write, stdout};
use std::path::PathBuf;

/// List short links, or draw the QR code of one
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every short link with where it leads
    List(Look),
    /// Draw the QR code of a link
    Qr(Qr),
}

#[derive(clap::Args)]
struct Qr {
    /// Name of the link in the programme
    link: String,
    #[command(flatten)]
    running: Running,
    /// Draw lines, for a printer or a page (the default)
    #[arg(long)]
    svg: bool,
    /// Draw dots
    #[arg(long, conflicts_with = "svg")]
    png: bool,
    /// How large it is on paper or on a screen: 30mm, 3cm, 1.2in or 600px
    #[arg(long)]
    size: Option<String>,
    /// Dots an inch
    #[arg(long, default_value_t = 300)]
    dpi: u32,
    /// How much of it may be dirty or torn: 7, 15, 25 or 30 %
    #[arg(long, value_enum, ignore_case = true, default_value = "M")]
    error_correction: Correction,
    /// The file to write, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Correction {
    L,
    M,
    Q,
    H,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/links", "links", line),
        Command::Qr(qr) => qr.draw(),
    }
}

impl Qr {
    fn draw(&self) -> anyhow::Result<()> {
        let kind = if self.png { "png" } else { "svg" };
        let correction = match self.error_correction {
            Correction::L => "L",
            Correction::M => "M",
            Correction::Q => "Q",
            Correction::H => "H",
        };
        let mut path = format!(
            "/api/v1/links/{}/qr.{kind}?dpi={}&error_correction={correction}",
            escaped(&self.link),
            self.dpi
        );
        if let Some(size) = &self.size {
            path += &format!("&size={}", escaped(size));
        }
        let drawn = self.running.client()?.open(&path)?.bytes().context("the answer broke off")?;
        match &self.out {
            Some(file) => {
                std::fs::write(file, &drawn).with_context(|| format!("cannot write {}", file.display()))?;
            }
            None => stdout().write_all(&drawn)?,
        }
        Ok(())
    }
}

/// `market-flyer  https://trama.example/l/market-flyer → /p/market  flyer at sant-ambrogio`
fn line(link: &Value) -> String {
    let text = |name: &str| link[name].as_str().unwrap_or_default();
    let mut line = format!("{}  {} → {}", text("name"), text("short_url"), text("url"));
    if !text("channel").is_empty() {
        line += &format!("  {}", text("channel"));
    }
    if !text("place").is_empty() {
        line += &format!(" at {}", text("place"));
    }
    if link["expired"] == true {
        line += "  (expired)";
    }
    line
}
