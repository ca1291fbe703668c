//! Emails a second of our pool against `smtp-source -d` of Postfix, on the same `smtp-sink`, in one run.
//!
//! `cargo run --release -p server --example bench_smtp [messages]`
//!
//! The order is theirs, ours, theirs, twice over: client and sink share the cores and the machine drifts, so only
//! neighbours in time compare. `smtp-source` sends the same few bytes over and over; our letters are all different.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::letter::{Address, Letter};
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::deliver::smtp::url::{Route, SmtpSettings};
use tempfile::TempDir;

/// What `smtp-source` is asked for: sessions, and bytes a message.
const SESSIONS: usize = 8;
const BYTES: usize = 4096;
const ROUNDS: usize = 2;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let messages: usize = std::env::args().nth(1).map_or(Ok(40_000), |text| text.parse())?;
    let sink = Sink::start()?;
    let addr = sink.addr.clone();
    println!("{messages} messages of {BYTES} bytes; messages a second");
    println!("{:>18} {:>12} {:>18} {:>8}", "smtp-source -d", "our pool", "smtp-source -d", "ratio");
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let before = theirs(&addr, messages)?;
        let ours = ours(&addr, messages).await?;
        let after = theirs(&addr, messages)?;
        let ratio = ours / ((before + after) / 2.0);
        println!("{before:>18.0} {ours:>12.0} {after:>18.0} {ratio:>8.2}");
        ratios.push(ratio);
    }
    println!("ratio of all rounds: {:.2}", ratios.iter().sum::<f64>() / ratios.len() as f64);
    Ok(())
}

/// Messages a second of `smtp-source`, reusing its connections as we do.
fn theirs(addr: &str, messages: usize) -> Result<f64> {
    let begun = Instant::now();
    let (sessions, bytes, count) = (SESSIONS.to_string(), BYTES.to_string(), messages.to_string());
    let arguments = ["-d", "-s", &sessions, "-l", &bytes, "-m", &count, addr];
    let config = config()?;
    let mut command = Command::new(program("smtp-source")?);
    let status = command.args(arguments).env("MAIL_CONFIG", config.path()).status()?;
    ensure!(status.success(), "smtp-source ended with {status}");
    Ok(messages as f64 / begun.elapsed().as_secs_f64())
}

/// Messages a second of our pool, from the first letter put into the queue to the last answer.
async fn ours(addr: &str, messages: usize) -> Result<f64> {
    let route = Route::new(&SmtpSettings { url: format!("smtp://{addr}"), ..SmtpSettings::default() })?;
    let pool = Pool::start(route, PoolSize { per_connection: u32::MAX, ..PoolSize::USUAL });
    let from = Address::parse("bounces@shop.example")?;
    let begun = Instant::now();
    let mut receipts = Vec::with_capacity(messages);
    for number in 0..messages {
        let to = Address::parse(&format!("person{number}@example.com"))?;
        receipts.push(pool.submit(Letter { from: Some(from.clone()), to, message: message(number) }).await);
    }
    for receipt in receipts {
        match receipt.await {
            Answer::Accepted { .. } => {}
            other => bail!("the sink did not take a letter: {other}"),
        }
    }
    let speed = messages as f64 / begun.elapsed().as_secs_f64();
    pool.stop().await;
    Ok(speed)
}

fn message(number: usize) -> Vec<u8> {
    let mut message =
        format!("Message-ID: <{number}.bench@shop.example>\r\nSubject: letter {number}\r\n\r\n");
    while message.len() < BYTES {
        message.push_str("A line of a letter that is as long as lines of letters usually are, or so.\r\n");
    }
    message.into_bytes()
}

struct Sink {
    addr: String,
    process: Child,
    _config: TempDir,
}

impl Sink {
    fn start() -> Result<Self> {
        let config = config()?;
        let addr = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(program("smtp-sink")?);
        let is_root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
        if is_root {
            // It gives up being root, and insists on being told for whom.
            command.args(["-u", "nobody"]);
        }
        command.args([&addr, "1000"]).env("MAIL_CONFIG", config.path()).stdin(Stdio::null());
        let sink = Self { process: command.spawn()?, addr, _config: config };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&sink.addr).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(sink)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A folder with a `main.cf`, which the programs of Postfix want to read.
fn config() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
    std::fs::write(folder.path().join("main.cf"), "compatibility_level = 3.6\n")?;
    Ok(folder)
}

fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places =
        std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|folder| folder.join(name));
    places.find(|place| place.is_file()).with_context(|| {
        format!(
            "{name} is missing: install Postfix (on Debian: apt-get install --no-install-recommends postfix)"
        )
    })
}
