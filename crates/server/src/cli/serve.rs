//! `trama serve`: runs the server until it is told to stop.

use super::DataDir;
use crate::config::{Config, Flags};
use crate::server::Server;
use anyhow::Context;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Run the server
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataDir,
    /// Folder with the programme, made live when it differs from the one that is
    #[arg(long, value_name = "DIR")]
    programme: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// This server's address as browsers and mail clients reach it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let flags = Flags { listen: args.listen, programme: args.programme, public_url: args.public_url };
    let config = Config::read(&args.data.data, &flags)?;
    trace(&config.trace)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the threads for connections")?;
    runtime.block_on(serve(&config))?;
    // A client that never ends its request must not keep the process.
    runtime.shutdown_background();
    Ok(())
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let stop = StopSignals::expect()?;
    let server = Server::start(config).await?;
    let address = server.address();
    tracing::info!("listening on http://{address}, where a page asks for the admin token");
    if !address.ip().is_loopback() {
        tracing::warn!(
            "reachable from other machines without encryption: put a proxy with TLS in front of it"
        );
    }
    if let Some(token) = server.hub().operators.first_token() {
        let url = &server.hub().public_url;
        // Whoever reads the trace of a start may make the first owner, as whoever reads the directory may.
        tracing::info!(
            "nobody can sign in yet. Make the first owner here, once: {url}/sign-in#first={token}"
        );
    }
    tracing::info!("the keys: trama keys --data {}", config.data.display());
    // Outside the macro, which evaluates nothing while its level is off.
    let word = stop.wait().await;
    tracing::info!("stopping after {word}");
    server.stop().await;
    tracing::info!("stopped; everything acknowledged is on the disk");
    Ok(())
}

/// The ways in which a process is told to stop. Expected before the start, so that none gets lost during it.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn expect() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the first of them, and gives its name.
    pub(super) async fn wait(mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// What the server tells of itself goes to standard error, so that standard output stays free.
pub(super) fn trace(filter: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .with_context(|| format!("the setting trace cannot be read: {filter:?}"))?;
    let colours = std::io::stderr().is_terminal();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    subscriber.try_init().map_err(|error| anyhow::anyhow!("cannot set up the trace: {error}"))
}
