//! One connection to the mailbox: commands in, replies out (RFC 5321 4.1), several at once if the client sends
//! them so (RFC 2920).

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::rule::{Act, Moment};
use super::{MailboxSecurity, Shared};
use crate::limits::{MAILBOX_IDLE, MAILBOX_LINE_BYTES, MAILBOX_RECIPIENTS};

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Whether the connection goes on after a command.
#[derive(PartialEq)]
enum Then {
    Go,
    Close,
}

pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    input: BufReader<Box<dyn Io>>,
    /// Replies not yet sent; they leave together when there is nothing left to read.
    out: Vec<u8>,
    secure: bool,
    greeted: bool,
    pub(super) signed_in: bool,
    envelope: Option<Envelope>,
}

#[derive(Default)]
struct Envelope {
    sender: String,
    recipients: Vec<String>,
    eight_bit: bool,
    utf8: bool,
}

impl Session {
    /// Serves one client until it leaves.
    pub(super) async fn serve(tcp: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let (io, secure): (Box<dyn Io>, bool) = match &shared.settings.security {
            MailboxSecurity::Tls(tls) => (Box::new(TlsAcceptor::from(tls.clone()).accept(tcp).await?), true),
            MailboxSecurity::Plain | MailboxSecurity::StartTls(_) => (Box::new(tcp), false),
        };
        let mut session = Self {
            shared,
            input: BufReader::new(io),
            out: Vec::new(),
            secure,
            greeted: false,
            signed_in: false,
            envelope: None,
        };
        if session.scripted(Moment::Connect, "").await == Some(Then::Close) {
            return session.flush().await;
        }
        session.say("220 trama-mailbox ESMTP");
        while let Some(line) = session.line().await? {
            if session.command(&line).await? == Then::Close {
                break;
            }
        }
        session.flush().await
    }

    async fn command(&mut self, line: &str) -> io::Result<Then> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        if !self.shared.settings.pipelining && !self.input.buffer().is_empty() {
            self.say("554 5.5.0 commands in groups were not offered");
            return Ok(Then::Close);
        }
        match verb.as_str() {
            "EHLO" => self.hello(rest),
            "HELO" => {
                self.greeted = true;
                self.envelope = None;
                self.say("250 trama-mailbox");
            }
            "STARTTLS" => return self.start_tls().await,
            "NOOP" => self.say("250 2.0.0 nothing done"),
            "RSET" => {
                self.envelope = None;
                self.say("250 2.0.0 forgotten");
            }
            "QUIT" => {
                self.say("221 2.0.0 goodbye");
                return Ok(Then::Close);
            }
            _ if self.must_secure() => self.say("530 5.7.0 say STARTTLS first"),
            "AUTH" => self.sign_in(rest).await?,
            "MAIL" => return Ok(self.mail(rest).await),
            "RCPT" => return Ok(self.recipient(rest).await),
            "DATA" => return self.message().await,
            _ => self.say("500 5.5.2 no such command"),
        }
        Ok(Then::Go)
    }

    fn must_secure(&self) -> bool {
        matches!(self.shared.settings.security, MailboxSecurity::StartTls(_)) && !self.secure
    }

    fn hello(&mut self, name: &str) {
        if name.trim().is_empty() {
            return self.say("501 5.5.4 EHLO wants a name");
        }
        self.greeted = true;
        self.envelope = None;
        let settings = &self.shared.settings;
        let mut lines = vec!["trama-mailbox".to_owned(), "ENHANCEDSTATUSCODES".to_owned()];
        lines.push(format!("SIZE {}", settings.size_max));
        let offers = [
            (settings.pipelining, "PIPELINING"),
            (settings.eight_bit, "8BITMIME"),
            (settings.utf8, "SMTPUTF8"),
        ];
        lines.extend(offers.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned()));
        if self.must_secure() {
            lines.push("STARTTLS".to_owned());
        } else if let Some(login) = &settings.login {
            lines.push(format!("AUTH {}", login.mechanisms.join(" ")));
        }
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            self.say(&format!("250{}{line}", if at == last { ' ' } else { '-' }));
        }
    }

    async fn start_tls(&mut self) -> io::Result<Then> {
        let tls = match &self.shared.settings.security {
            MailboxSecurity::StartTls(tls) if !self.secure => tls.clone(),
            _ => {
                self.say("502 5.5.1 not offered");
                return Ok(Then::Go);
            }
        };
        self.say("220 2.0.0 go ahead");
        self.flush().await?;
        // Taking the stream out of its buffer throws away what came in the clear behind STARTTLS.
        let nothing: Box<dyn Io> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.input, BufReader::new(nothing)).into_inner();
        self.input = BufReader::new(Box::new(TlsAcceptor::from(tls).accept(plain).await?));
        (self.secure, self.greeted, self.envelope) = (true, false, None);
        Ok(Then::Go)
    }

    async fn mail(&mut self, rest: &str) -> Then {
        let Some((sender, parameters)) = path(rest, "FROM:") else {
            self.say("501 5.5.4 MAIL FROM:<address> is the form");
            return Then::Go;
        };
        if !self.greeted || self.envelope.is_some() {
            self.say("503 5.5.1 not now");
            return Then::Go;
        }
        if self.shared.settings.login.is_some() && !self.signed_in {
            self.say("530 5.7.0 sign in first");
            return Then::Go;
        }
        let mut envelope = Envelope { sender: sender.to_owned(), ..Envelope::default() };
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let settings = &self.shared.settings;
            match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
                ("SIZE", size) if size.parse::<usize>().is_ok_and(|size| size > settings.size_max) => {
                    self.say("552 5.3.4 too large for this mailbox");
                    return Then::Go;
                }
                ("SIZE", _) | ("BODY", "7BIT") => {}
                ("BODY", "8BITMIME") if settings.eight_bit => envelope.eight_bit = true,
                ("SMTPUTF8", "") if settings.utf8 => envelope.utf8 = true,
                _ => {
                    self.say("555 5.5.4 no such parameter");
                    return Then::Go;
                }
            }
        }
        if !envelope.utf8 && !sender.is_ascii() {
            self.say("553 5.6.7 SMTPUTF8 was not asked for");
            return Then::Go;
        }
        if let Some(then) = self.scripted(Moment::Mail, sender).await {
            return then;
        }
        self.envelope = Some(envelope);
        self.say("250 2.1.0 sender ok");
        Then::Go
    }

    async fn recipient(&mut self, rest: &str) -> Then {
        let reply = match (path(rest, "TO:"), &self.envelope) {
            (Some(("", _)) | None, _) => "501 5.5.4 RCPT TO:<address> is the form",
            (_, None) => "503 5.5.1 MAIL comes first",
            (Some((_, parameters)), _) if !parameters.trim().is_empty() => "555 5.5.4 no such parameter",
            (Some((to, _)), Some(envelope)) if !to.is_ascii() && !envelope.utf8 => {
                "553 5.6.7 SMTPUTF8 was not asked for"
            }
            (_, Some(envelope)) if envelope.recipients.len() >= MAILBOX_RECIPIENTS => {
                "452 4.5.3 too many recipients"
            }
            (Some((to, _)), Some(_)) => {
                if let Some(then) = self.scripted(Moment::Recipient, to).await {
                    return then;
                }
                if let Some(refusal) = self.shared.taker.as_ref().and_then(|taker| taker.refusal(to)) {
                    return self.say_scripted(&refusal);
                }
                let envelope = self.envelope.as_mut().expect("it was there a moment ago");
                envelope.recipients.push(to.to_owned());
                "250 2.1.5 recipient ok"
            }
        };
        self.say(reply);
        Then::Go
    }

    async fn message(&mut self) -> io::Result<Then> {
        let Some(first) = self.envelope.as_ref().and_then(|envelope| envelope.recipients.first()).cloned()
        else {
            self.say("503 5.5.1 no recipient");
            return Ok(Then::Go);
        };
        if let Some(then) = self.scripted(Moment::Data, &first).await {
            return Ok(then);
        }
        self.say("354 go on, and end with a lone dot");
        let raw = self.read_message().await?;
        let envelope = self.envelope.take().expect("it was there a moment ago");
        let act = self.act(Moment::Message, &first);
        if let Some(Act::Delay(time)) = act {
            sleep(time).await;
        }
        match (act, raw) {
            (Some(Act::Reply(line)), _) => return Ok(self.say_scripted(&line)),
            (Some(Act::Drop), _) => return Ok(Then::Close),
            (_, None) => self.say("552 5.3.4 too large for this mailbox"),
            (_, Some(raw)) if !envelope.eight_bit && !raw.is_ascii() => {
                self.say("554 5.6.1 BODY=8BITMIME was not asked for");
            }
            (_, Some(raw)) if self.shared.taker.is_some() => {
                let taker = self.shared.taker.clone().expect("invariant: asked a moment ago");
                let reply = taker.take(envelope.recipients, raw).await;
                self.say(&reply);
            }
            (act, Some(raw)) => {
                let number = self.shared.store.keep(envelope.sender, envelope.recipients, raw).await?;
                if matches!(act, Some(Act::KeepAndDrop)) {
                    return Ok(Then::Close);
                }
                self.say(&format!("250 2.0.0 kept as {number}"));
            }
        }
        Ok(Then::Go)
    }

    /// Reads up to the lone dot; `None` when the message is larger than allowed.
    async fn read_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        let size_max = self.shared.settings.size_max;
        loop {
            let begin = message.len();
            self.read_line(&mut message, size_max + b".\r\n".len()).await?;
            if &message[begin..] == b".\r\n" {
                message.truncate(begin);
                return Ok((message.len() <= size_max).then_some(message));
            }
            if message[begin] == b'.' {
                message.remove(begin);
            }
            // Past the bound the rest is read and forgotten, one byte over kept as the sign of it.
            message.truncate(size_max + 1);
        }
    }

    /// A command line without its end; `None` when the client has left.
    pub(super) async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        match self.read_line(&mut line, MAILBOX_LINE_BYTES).await {
            Ok(()) => {}
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof && line.is_empty() => return Ok(None),
            Err(why) => return Err(why),
        }
        let text = line.strip_suffix(b"\r\n").ok_or_else(|| io::Error::other("a line ended in a bare LF"))?;
        let text = std::str::from_utf8(text).map_err(io::Error::other)?;
        Ok(Some(text.to_owned()))
    }

    /// Adds a line with its end, of `max` bytes at most. Replies leave before we wait for more.
    async fn read_line(&mut self, line: &mut Vec<u8>, max: usize) -> io::Result<()> {
        let end_max = line.len() + max;
        loop {
            if self.input.buffer().is_empty() {
                self.flush().await?;
            }
            let bytes = timeout(MAILBOX_IDLE, self.input.fill_buf()).await??;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let end = memchr::memchr(b'\n', bytes);
            let used = end.map_or(bytes.len(), |end| end + 1);
            line.extend_from_slice(&bytes[..used]);
            self.input.consume(used);
            if line.len() > end_max {
                return Err(io::Error::other("a line too long"));
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }

    pub(super) fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.input.write_all(&self.out).await?;
            self.input.flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    fn act(&self, moment: Moment, who: &str) -> Option<Act> {
        self.shared.rules.lock().expect("no holder panics").act(moment, who)
    }

    /// Plays the script for a command; `None` when what is usual should follow.
    async fn scripted(&mut self, moment: Moment, who: &str) -> Option<Then> {
        match self.act(moment, who)? {
            Act::Reply(line) => Some(self.say_scripted(&line)),
            Act::Drop | Act::KeepAndDrop => Some(Then::Close),
            Act::Delay(time) => {
                sleep(time).await;
                None
            }
        }
    }

    fn say_scripted(&mut self, line: &str) -> Then {
        self.say(line);
        if line.starts_with("421") { Then::Close } else { Then::Go }
    }
}

/// Splits `FROM:<a@b> SIZE=1` into the address and what follows.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (head, rest) = rest.split_at_checked(keyword.len())?;
    let rest = head.eq_ignore_ascii_case(keyword).then_some(rest)?.trim_start();
    rest.strip_prefix('<')?.split_once('>')
}
