//! `smtp-sink` of Postfix, started for a test and ended with it.

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

pub(crate) struct Sink {
    pub(crate) addr: SocketAddr,
    process: Child,
    home: TempDir,
}

impl Sink {
    /// Starts a sink with these options and waits until it listens.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        // It gives up being root before it writes, and it wants a main.cf, if only an empty one.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::write(folder.join("main.cf"), "compatibility_level = 3.6\n").unwrap();
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(program());
        if std::fs::metadata(folder).unwrap().uid() == 0 {
            command.args(["-u", "nobody"]);
        }
        command.arg("-d").arg(folder.join("mail.")).args(options).arg(addr.to_string()).arg("128");
        command.env("MAIL_CONFIG", folder).stdin(Stdio::null());
        let process = command.spawn().unwrap();
        let mut sink = Self { addr, process, home };
        // It says nothing when it is ready, so we knock.
        let begun = Instant::now();
        while TcpStream::connect(addr).await.is_err() {
            assert!(sink.process.try_wait().unwrap().is_none(), "smtp-sink ended at once");
            assert!(begun.elapsed() < Duration::from_secs(20), "smtp-sink does not listen");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(sink.process.try_wait().unwrap().is_none(), "somebody else listens at {addr}");
        sink
    }

    /// Everything it was sent, one message after another, with the envelope as `X-Mail-Args` and `X-Rcpt-Args`. A
    /// message that broke off is there as far as it came.
    pub(crate) fn dump(&self) -> String {
        self.mails().concat()
    }

    /// The same, message by message, in no order.
    pub(crate) fn mails(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_mail = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"mail."))
        };
        entries.filter(is_mail).map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A port that nobody listens at, below those that the kernel hands out: one of these could become the near end of
/// another test's connection, or even of our own knocking, before the sink has it.
pub(crate) fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    loop {
        let port = 20_000 + start.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let port = u16::try_from(port).expect("it is below 32,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Where `smtp-sink` is. A machine without it fails the test: a skipped test holds nothing.
fn program() -> PathBuf {
    let set = std::env::var_os("TRAMA_SMTP_SINK").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("smtp-sink"));
    let places = set.into_iter().chain(on_path).chain([PathBuf::from("/usr/sbin/smtp-sink")]);
    places.into_iter().find(|place| place.is_file()).expect(
        "smtp-sink is missing: install Postfix (on Debian: apt-get install --no-install-recommends postfix), \
         or name the program in TRAMA_SMTP_SINK",
    )
}
