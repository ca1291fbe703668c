//! One connection to a relay, up to the point where letters can be sent: TCP, greeting, EHLO, TLS, sign-in.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::reply::{Reply, ReplyError};
use super::stream::{Broken, Stream};
use super::url::{Login, Route, Security};
use crate::limits;

/// How long we wait for the relay.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    pub greeting: Duration,
    pub command: Duration,
    pub data: Duration,
    pub block: Duration,
    pub dot: Duration,
}

impl Timeouts {
    /// What RFC 5321 4.5.3.2 asks of a client; the reasons stand beside the limits.
    pub const RFC_5321: Self = Self {
        connect: limits::SMTP_CONNECT,
        greeting: limits::SMTP_GREETING,
        command: limits::SMTP_COMMAND,
        data: limits::SMTP_DATA,
        block: limits::SMTP_BLOCK,
        dot: limits::SMTP_DOT,
    };
}

/// What the relay said in EHLO that it can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    pub pipelining: bool,
    pub eight_bit: bool,
    pub utf8: bool,
    /// SIZE was named.
    pub size: bool,
    /// The largest message it takes, in bytes, when it said so.
    pub size_max: Option<u64>,
    pub start_tls: bool,
    pub auth_plain: bool,
    pub auth_login: bool,
}

/// Why the conversation cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the relay closed the connection")]
    Closed,
    #[error("the relay did not answer within {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Reply(#[from] ReplyError),
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Io(broken.why)
    }
}

pub(super) struct Connection {
    pub stream: Stream,
    pub abilities: Abilities,
    pub timeouts: Timeouts,
    /// Read, but not yet understood as a reply.
    unread: Vec<u8>,
}

impl Connection {
    /// Connects, secures and signs in. The error is for people: nothing was handed over.
    pub(super) async fn open(route: &Route) -> anyhow::Result<Self> {
        let patience = route.timeouts.connect;
        let connected = timeout(patience, connect(route)).await;
        let stream = connected.unwrap_or_else(|_| Err(Fault::Silent(patience).into()));
        let stream = stream.with_context(|| format!("connecting to {route}"))?;
        let mut connection =
            Self { stream, abilities: Abilities::default(), timeouts: route.timeouts, unread: Vec::new() };
        let greeting = connection.reply(route.timeouts.greeting).await.context("waiting for the greeting")?;
        ensure!(greeting.code == 220, "the relay greets with {greeting}");
        let name = connection.own_name(route)?;
        connection.hello(&name).await?;
        if let Security::StartTls(settings) = &route.security {
            ensure!(connection.abilities.start_tls, "the relay {route} offers no STARTTLS");
            let reply = connection.ask("STARTTLS").await?;
            ensure!(reply.code == 220, "STARTTLS refused: {reply}");
            // What came in the clear behind that reply was put there by somebody in between (CVE-2011-0411).
            connection.unread.clear();
            let secured = timeout(patience, connection.stream.secured(settings.clone(), &route.host)).await;
            connection.stream = secured.map_err(|_| Fault::Silent(patience))?.context("beginning TLS")?;
            connection.hello(&name).await?;
        }
        if let Some(login) = &route.login {
            connection.sign_in(login).await?;
        }
        Ok(connection)
    }

    /// Reads one reply.
    pub(super) async fn reply(&mut self, patience: Duration) -> Result<Reply, Fault> {
        loop {
            if let Some((reply, used)) = Reply::parse(&self.unread)? {
                self.unread.drain(..used);
                return Ok(reply);
            }
            let read = timeout(patience, self.stream.read(&mut self.unread)).await;
            if read.map_err(|_| Fault::Silent(patience))?? == 0 {
                return Err(Fault::Closed);
            }
        }
    }

    /// Sends one command and reads its reply.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Reply, Fault> {
        assert!(!command.contains(['\r', '\n']), "a command is one line");
        self.stream.write(format!("{command}\r\n").as_bytes(), self.timeouts.command).await?;
        self.reply(self.timeouts.command).await
    }

    /// Says goodbye and waits a moment for the answer, so that the relay sees an orderly end.
    pub(super) async fn quit(mut self) {
        if timeout(limits::SMTP_QUIT, self.ask("QUIT")).await.is_err() {
            tracing::debug!("the relay did not answer QUIT");
        }
    }

    /// Greets the relay; what it can do is what it says now, and not what it may have said before TLS.
    async fn hello(&mut self, name: &str) -> anyhow::Result<()> {
        self.abilities = Abilities::default();
        let reply = self.ask(&format!("EHLO {name}")).await?;
        if reply.is_positive() {
            self.abilities = Abilities::read(&reply.text);
            return Ok(());
        }
        ensure!((500..=504).contains(&reply.code), "EHLO refused: {reply}");
        // A relay from before 1995: RFC 5321 3.2 has us greet it the old way.
        let reply = self.ask(&format!("HELO {name}")).await?;
        ensure!(reply.is_positive(), "HELO refused: {reply}");
        Ok(())
    }

    async fn sign_in(&mut self, Login { user, password }: &Login) -> anyhow::Result<()> {
        let reply = if self.abilities.auth_plain {
            let secret = BASE64.encode(format!("\0{user}\0{password}"));
            self.ask(&format!("AUTH PLAIN {secret}")).await?
        } else if self.abilities.auth_login {
            let mut reply = self.ask("AUTH LOGIN").await?;
            for secret in [user, password] {
                if reply.code == 334 {
                    reply = self.ask(&BASE64.encode(secret)).await?;
                }
            }
            reply
        } else {
            bail!("the relay offers neither AUTH PLAIN nor AUTH LOGIN");
        };
        ensure!(reply.code == 235, "sign-in as {user} refused: {reply}");
        Ok(())
    }

    /// Our name for EHLO: as set, or else our own address, which RFC 5321 4.1.4 allows to whoever has no name.
    fn own_name(&self, route: &Route) -> std::io::Result<String> {
        if let Some(name) = &route.name {
            return Ok(name.clone());
        }
        Ok(match self.stream.local_addr()?.ip() {
            IpAddr::V4(address) => format!("[{address}]"),
            IpAddr::V6(address) => format!("[IPv6:{address}]"),
        })
    }
}

async fn connect(route: &Route) -> anyhow::Result<Stream> {
    let tcp = TcpStream::connect((route.host.as_str(), route.port)).await?;
    // Commands and final dots are small writes: with Nagle's algorithm each would wait for the acknowledgement
    // of the one before, some 40 ms a message.
    tcp.set_nodelay(true)?;
    let stream = Stream::Plain(tcp);
    match &route.security {
        Security::Tls(settings) => {
            stream.secured(settings.clone(), &route.host).await.context("beginning TLS")
        }
        Security::Plain | Security::StartTls(_) => Ok(stream),
    }
}

impl Abilities {
    /// Reads the lines of an EHLO reply; the first is the relay's greeting.
    fn read(lines: &str) -> Self {
        let mut abilities = Self::default();
        for line in lines.lines().skip(1) {
            let line = line.to_ascii_uppercase();
            // "AUTH=" is how some old servers write it.
            let mut words = line.split([' ', '=']);
            match words.next().unwrap_or_default() {
                "PIPELINING" => abilities.pipelining = true,
                "8BITMIME" => abilities.eight_bit = true,
                "SMTPUTF8" => abilities.utf8 = true,
                "STARTTLS" => abilities.start_tls = true,
                "SIZE" => {
                    abilities.size = true;
                    // RFC 1870: 0 is no bound.
                    abilities.size_max =
                        words.next().and_then(|size| size.parse().ok()).filter(|&size| size > 0);
                }
                "AUTH" => {
                    for way in words {
                        abilities.auth_plain |= way == "PLAIN";
                        abilities.auth_login |= way == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        abilities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_as_relays_write_them() {
        let said = "mx.example.com greets you\nPIPELINING\nSIZE 10240000\nsmtputf8\nAUTH CRAM-MD5 LOGIN\nAUTH=plain\nX";
        let read = Abilities::read(said);
        let expected = Abilities {
            pipelining: true,
            eight_bit: false,
            utf8: true,
            size: true,
            size_max: Some(10_240_000),
            start_tls: false,
            auth_plain: true,
            auth_login: true,
        };
        assert_eq!(read, expected);
        assert_eq!(Abilities::read("PIPELINING"), Abilities::default(), "the first line is the greeting");
        assert_eq!(Abilities::read("x\nSIZE 0\nSTARTTLS").size_max, None);
        assert_eq!(Abilities::read("x\nSIZE\n8BITMIME").size_max, None);
    }
}
