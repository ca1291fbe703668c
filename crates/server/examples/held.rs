//! The real server, with its engine held for as long as standard input stays open: so a test can see what a server
//! that has no room tells its senders. What is sent meanwhile waits, and is taken when standard input ends.
//!
//! `held DATA ADDRESS`

use server::config::{Config, Flags};
use server::server::Server;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, address] = &arguments[..] else { anyhow::bail!("usage: held DATA ADDRESS") };
    let flags = Flags { listen: Some(address.parse()?), ..Flags::default() };
    let config = Config::read(Path::new(data), &flags)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let server = Server::start(&config).await?;
        // Whoever reads the engine keeps it from taking anything more.
        let let_go = |_: &_| std::io::stdin().read_to_end(&mut Vec::new());
        server.hub().runtime.read(let_go).await?;
        // It goes on until it is killed.
        loop {
            tokio::time::sleep(Duration::MAX).await;
        }
    })
}
