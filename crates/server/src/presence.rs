//! How commands find the server that runs on a data directory: a file with its address, there while it runs.

use anyhow::Context;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The announcement of a running server. A crash leaves it behind, so it counts only while the directory is locked.
pub struct Presence {
    file: PathBuf,
}

/// Name of the file in the data directory.
const FILE: &str = "address";

impl Presence {
    pub fn announce(data: &Path, address: SocketAddr) -> anyhow::Result<Self> {
        let file = data.join(FILE);
        // A server that listens on every address is reached on loopback.
        let reachable = match address {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                (std::net::Ipv6Addr::LOCALHOST, v6.port()).into()
            }
            address => address,
        };
        fs::write(&file, format!("http://{reachable}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { file })
    }

    pub fn withdraw(self) {
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::warn!(%error, file = %self.file.display(), "the announcement stays");
        }
    }
}

/// The address of the server that runs, or ran last and crashed, on a data directory.
pub fn find(data: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(data.join(FILE)) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", data.join(FILE).display())),
    }
}
