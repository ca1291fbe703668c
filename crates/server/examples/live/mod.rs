//! The real server, as its user starts it, for the benchmarks that talk to it.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod load;
pub(crate) mod previews;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it is ready: many millions of people take half a minute.
const START: Duration = Duration::from_secs(180);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) write_key: String,
    admin_token: String,
    data: PathBuf,
}

impl Server {
    /// Starts the release binary on the data directory inside `folder`, a fresh one unless it is there, and waits until it
    /// is ready.
    pub(crate) fn start(folder: &Path, programme: &Path, smtp: Option<SocketAddr>) -> Self {
        let program = binary();
        let address = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port");
        let data = folder.join("data");
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(&data);
        command.arg("--programme").arg(programme).env("TRAMA_TRACE", "error").stdin(Stdio::null());
        if let Some(smtp) = smtp {
            command.env("TRAMA_SMTP_URL", format!("smtp://{smtp}"));
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let begin = Instant::now();
        while get(address, "/readyz", "").is_none_or(|reply| !reply.starts_with("HTTP/1.1 200")) {
            assert!(begin.elapsed() < START, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let keys =
            Command::new(&program).args(["keys", "--json", "--data"]).arg(&data).output().expect("keys");
        let keys: serde_json::Value = serde_json::from_slice(&keys.stdout).expect("JSON");
        let key = |name: &str| keys[name].as_str().expect("a key").to_owned();
        Self { child, address, write_key: key("write_key"), admin_token: key("admin_token"), data }
    }

    /// What `/api/v1/status` says.
    pub(crate) fn status(&self) -> serde_json::Value {
        self.read("/api/v1/status")
    }

    /// What a path of the management API answers.
    pub(crate) fn read(&self, path: &str) -> serde_json::Value {
        let header = format!("Authorization: Bearer {}\r\n", self.admin_token);
        let reply = get(self.address, path, &header).expect("the server answers");
        let body = reply.split_once("\r\n\r\n").expect("a body").1;
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {reply}"))
    }
}

impl Server {
    /// Bytes of memory that the process has now, and the most that it ever had.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let kilobytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of memory");
            line.trim_matches(|one: char| !one.is_ascii_digit()).parse::<u64>().expect("a number")
        };
        (kilobytes("VmRSS") * 1_024, kilobytes("VmHWM") * 1_024)
    }

    /// Snapshots on the disk, by name.
    pub(crate) fn snapshots(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.data.join("state")).expect("a folder of snapshots");
        let names = folder.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("snapshot-")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let folder = here.parent().and_then(Path::parent).expect("examples lie beside the binary");
    let program = folder.join("trama");
    assert!(program.is_file(), "build the binary first: cargo build --release --package server --bin trama");
    program
}

fn get(address: SocketAddr, path: &str, headers: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n{headers}\r\n").ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    Some(reply)
}
