//! The built-in mailbox: a small, real SMTP server (RFC 5321) that keeps what it is sent and delivers nothing.
//!
//! The demonstration owns one to show what was sent, and tests own one to see that it was. It is strict on
//! purpose, so that a mistake of our client is a refusal and not a habit. Connections wake it.

mod login;
pub mod mail;
pub mod rule;
mod session;
mod store;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::rustls::ServerConfig;

use crate::limits::{MAILBOX_CONNECTIONS, MAILBOX_KEPT, MAILBOX_MESSAGE_BYTES};
use mail::Mail;
use rule::{Rule, Rules};
use session::Session;
use store::Store;

/// How a mailbox behaves.
#[derive(Clone)]
pub struct MailboxSettings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Messages kept in memory; the oldest make room.
    pub keep: usize,
    /// Every message is also written here, as `000001.eml` and so on.
    pub folder: Option<PathBuf>,
    pub security: MailboxSecurity,
    /// Who may send; everybody if `None`.
    pub login: Option<MailboxLogin>,
    /// Whether it takes commands in groups (RFC 2920). If not, whoever sends them so is refused.
    pub pipelining: bool,
    /// Whether it takes messages that are not ASCII (RFC 6152).
    pub eight_bit: bool,
    /// Whether it takes addresses that are not ASCII (RFC 6531).
    pub utf8: bool,
    /// The largest message, in bytes.
    pub size_max: usize,
}

/// When TLS begins.
#[derive(Clone)]
pub enum MailboxSecurity {
    Plain,
    /// With STARTTLS; nothing else is taken before.
    StartTls(Arc<ServerConfig>),
    /// With the first byte.
    Tls(Arc<ServerConfig>),
}

/// The one account.
#[derive(Clone)]
pub struct MailboxLogin {
    pub user: String,
    pub password: String,
    /// The mechanisms it offers, out of `PLAIN` and `LOGIN`.
    pub mechanisms: Vec<&'static str>,
}

/// Whoever decides about each message itself, instead of having it kept.
pub trait Taker: Send + Sync {
    /// The reply that refuses a recipient, if one does.
    fn refusal(&self, recipient: &str) -> Option<String>;

    /// Takes a message; the reply to its end.
    fn take(&self, recipients: Vec<String>, raw: Vec<u8>) -> Pin<Box<dyn Future<Output = String> + Send>>;
}

/// A running mailbox; dropping it ends it and all its connections.
pub struct Mailbox {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What all connections of a mailbox share.
struct Shared {
    settings: MailboxSettings,
    rules: Mutex<Rules>,
    store: Store,
    taker: Option<Arc<dyn Taker>>,
}

impl MailboxSettings {
    /// An open mailbox with everything that SMTP offers except TLS.
    pub fn open(listen: SocketAddr) -> Self {
        Self {
            listen,
            keep: MAILBOX_KEPT,
            folder: None,
            security: MailboxSecurity::Plain,
            login: None,
            pipelining: true,
            eight_bit: true,
            utf8: true,
            size_max: MAILBOX_MESSAGE_BYTES,
        }
    }
}

impl Mailbox {
    /// Starts an open mailbox on the current tokio runtime.
    pub async fn start(listen: SocketAddr) -> io::Result<Self> {
        Self::start_with(MailboxSettings::open(listen)).await
    }

    /// Starts a mailbox on the current tokio runtime.
    pub async fn start_with(settings: MailboxSettings) -> io::Result<Self> {
        Self::begin(settings, None).await
    }

    /// Starts one that keeps nothing and hands all to a taker.
    pub async fn start_taking(settings: MailboxSettings, taker: Arc<dyn Taker>) -> io::Result<Self> {
        Self::begin(settings, Some(taker)).await
    }

    async fn begin(settings: MailboxSettings, taker: Option<Arc<dyn Taker>>) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let addr = listener.local_addr()?;
        let store = Store::new(settings.keep, settings.folder.clone())?;
        let shared = Arc::new(Shared { settings, rules: Mutex::default(), store, taker });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { addr, shared, task })
    }

    /// Replaces the script; it counts from the next command on, also on open connections.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        self.shared.rules.lock().expect("no holder panics").replace(rules);
    }

    /// The messages that are kept, in the order of arrival.
    pub fn messages(&self) -> Vec<Arc<Mail>> {
        self.shared.store.mails()
    }

    /// How many messages have come in all, also those no longer kept.
    pub fn received(&self) -> u64 {
        *self.shared.store.received.borrow()
    }

    /// Waits until at least so many have come in all, and gives those that are kept.
    pub async fn wait_for(&self, count: u64) -> Vec<Arc<Mail>> {
        let mut received = self.shared.store.received.subscribe();
        received.wait_for(|&received| received >= count).await.expect("the store lives as long as we do");
        self.messages()
    }

    /// Forgets the messages in memory; the count of those received goes on.
    pub fn clear(&self) {
        self.shared.store.clear();
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections for ever. The set ends them all when this task is ended.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(MAILBOX_CONNECTIONS));
    let mut sessions = JoinSet::new();
    loop {
        let place = room.clone().acquire_owned().await.expect("the semaphore is never closed");
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(why) => {
                // Out of file descriptors, or the peer was gone already: the next one may do better.
                tracing::warn!(%why, "the mailbox could not take a connection");
                tokio::task::yield_now().await;
                continue;
            }
        };
        let shared = shared.clone();
        sessions.spawn(async move {
            if let Err(why) = Session::serve(tcp, shared).await {
                tracing::debug!(%why, "a connection to the mailbox broke");
            }
            drop(place);
        });
        while sessions.try_join_next().is_some() {}
    }
}
