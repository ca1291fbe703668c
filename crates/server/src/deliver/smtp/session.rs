//! Letters over one connection: envelope, message, final dot (RFC 5321 3.3), grouped into few writes when the
//! relay takes pipelined commands (RFC 2920).
//!
//! With pipelining, MAIL, RCPT and DATA of a letter are one write, and the message of a letter and the envelope
//! of the next are one write too (RFC 2920 3.1 allows both), so a letter costs one round trip. Without it, every
//! command waits for its reply.

use super::answer::Answer;
use super::connection::{Connection, Fault};
use super::letter::Letter;
use super::reply::{Enhanced, Reply};
use crate::deliver::bounce::{Class, Stage};
use crate::limits::SMTP_BUFFER_KEPT;

/// What the relay made of an envelope.
pub(super) enum Offer {
    /// It waits for the message.
    Ready,
    /// It will not have it; the connection goes on.
    Refused(Answer),
}

/// The connection is over. The answer is for the letter that was under way, unless it gets another chance, which
/// it must not when the final dot may have been sent.
pub(super) struct Over {
    pub answer: Answer,
    pub handed_over: bool,
}

pub(super) struct Session {
    connection: Connection,
    /// A refused envelope left a transaction open: RSET goes before the next.
    reset_due: bool,
    /// What is about to be written; kept for its memory.
    out: Vec<u8>,
}

impl Session {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, reset_due: false, out: Vec::new() }
    }

    /// Whether the envelope of the next letter may go out with the message of this one.
    pub(super) fn pipelines(&self) -> bool {
        self.connection.abilities.pipelining
    }

    pub(super) async fn quit(self) {
        self.connection.quit().await;
    }

    /// What the relay has already said makes this letter impossible here.
    pub(super) fn objection(&self, letter: &Letter) -> Option<Answer> {
        let able = &self.connection.abilities;
        let size = letter.message.len() as u64;
        let (code, enhanced, class, text) = if let Some(max) = able.size_max.filter(|&max| size > max) {
            (
                552,
                Enhanced(5, 3, 4),
                Class::TooLarge,
                format!("{size} bytes, and the relay takes {max} at most"),
            )
        } else if !able.utf8 && !letter.addresses().all(str::is_ascii) {
            let text =
                "the address is not ASCII, and the relay takes no such addresses (SMTPUTF8)".to_owned();
            (553, Enhanced(5, 6, 7), Class::Other, text)
        } else if !able.eight_bit && !letter.message.is_ascii() {
            let text = "the message is not ASCII, and the relay takes ASCII only (8BITMIME)".to_owned();
            (554, Enhanced(5, 6, 3), Class::Other, text)
        } else {
            return None;
        };
        Some(Answer::Permanent {
            code,
            enhanced: Some(enhanced),
            class,
            text: format!("not offered: {text}"),
        })
    }

    /// Sends the envelope. Nothing of the message leaves before the relay is `Ready` for it.
    pub(super) async fn offer(&mut self, letter: &Letter) -> Result<Offer, Over> {
        if !self.pipelines() {
            return self.offer_in_steps(letter).await;
        }
        self.out.clear();
        self.push_envelope(letter);
        let patience = self.connection.timeouts.command;
        self.connection
            .stream
            .write(&self.out, patience)
            .await
            .map_err(|broken| unreachable(&broken.into()))?;
        self.offered().await
    }

    /// Reads the replies to an envelope that was written with the message before it.
    pub(super) async fn offered(&mut self) -> Result<Offer, Over> {
        if std::mem::take(&mut self.reset_due) {
            expect_reset(&self.reply_to_command().await?)?;
        }
        let mail = self.reply_to_command().await?;
        going_on(Stage::Sender, &mail)?;
        let rcpt = self.reply_to_command().await?;
        going_on(Stage::Recipient, &rcpt)?;
        let data = self
            .connection
            .reply(self.connection.timeouts.data)
            .await
            .map_err(|fault| unreachable(&fault))?;
        let refused = refusal(Stage::Sender, &mail).or_else(|| refusal(Stage::Recipient, &rcpt));
        match (refused, data.code) {
            (None, 354) => Ok(Offer::Ready),
            // The relay waits for a message although it has nobody to give it to: RFC 2920 3.1 has us send an
            // empty one, which also ends the transaction.
            (Some(answer), 354) => {
                let written = self.connection.stream.write(b".\r\n", self.connection.timeouts.block).await;
                written.map_err(|broken| unreachable(&broken.into()))?;
                let end = self.connection.reply(self.connection.timeouts.dot).await;
                end.map_err(|fault| unreachable(&fault))?;
                Ok(Offer::Refused(answer))
            }
            (refused, _) => {
                going_on(Stage::Message, &data)?;
                self.reset_due = true;
                match refused.or_else(|| refusal(Stage::Message, &data)) {
                    Some(answer) => Ok(Offer::Refused(answer)),
                    None => Err(before_the_message(Answer::refused(Stage::Message, &data))),
                }
            }
        }
    }

    /// Sends the message of a letter whose envelope was found `Ready`, and with it the envelope of `next`.
    pub(super) async fn hand_over(&mut self, letter: &Letter, next: Option<&Letter>) -> Result<Answer, Over> {
        self.out.clear();
        push_message(&mut self.out, &letter.message);
        let dot = self.out.len();
        if let Some(next) = next {
            self.push_envelope(next);
        }
        let timeouts = self.connection.timeouts;
        let written = self.connection.stream.write(&self.out, timeouts.block).await;
        self.out.shrink_to(SMTP_BUFFER_KEPT);
        if let Err(broken) = written {
            let why = format!("the connection broke while the message was sent: {}", broken.why);
            let handed_over = broken.may_have_left >= dot;
            let answer = if handed_over { Answer::Unknown { why } } else { Answer::Unreachable { why } };
            return Err(Over { answer, handed_over });
        }
        match self.connection.reply(timeouts.dot).await {
            Ok(reply) if reply.is_positive() => Ok(Answer::accepted(&reply)),
            Ok(reply) if reply.is_closing() => {
                Err(after_the_message(Answer::refused(Stage::Message, &reply)))
            }
            Ok(reply) => refusal(Stage::Message, &reply).ok_or_else(|| {
                after_the_message(Answer::Unknown {
                    why: format!("the relay answered the message with {reply}"),
                })
            }),
            Err(fault) => Err(after_the_message(Answer::Unknown {
                why: format!("after the message was sent: {fault}"),
            })),
        }
    }

    async fn offer_in_steps(&mut self, letter: &Letter) -> Result<Offer, Over> {
        if std::mem::take(&mut self.reset_due) {
            expect_reset(&self.ask("RSET").await?)?;
        }
        let mail = self.mail_command(letter);
        let steps = [
            (Stage::Sender, mail.as_str()),
            (Stage::Recipient, &format!("RCPT TO:<{}>", letter.to)),
            (Stage::Message, "DATA"),
        ];
        for (stage, command) in steps {
            let reply = self.ask(command).await?;
            going_on(stage, &reply)?;
            if let Some(answer) = refusal(stage, &reply) {
                self.reset_due = stage != Stage::Sender;
                return Ok(Offer::Refused(answer));
            }
            if stage == Stage::Message && reply.code != 354 {
                return Err(before_the_message(Answer::refused(stage, &reply)));
            }
        }
        Ok(Offer::Ready)
    }

    async fn ask(&mut self, command: &str) -> Result<Reply, Over> {
        self.connection.ask(command).await.map_err(|fault| unreachable(&fault))
    }

    async fn reply_to_command(&mut self) -> Result<Reply, Over> {
        self.connection.reply(self.connection.timeouts.command).await.map_err(|fault| unreachable(&fault))
    }

    fn push_envelope(&mut self, letter: &Letter) {
        if self.reset_due {
            self.out.extend_from_slice(b"RSET\r\n");
        }
        let mail = self.mail_command(letter);
        for part in [&mail, "\r\nRCPT TO:<", letter.to.as_str(), ">\r\nDATA\r\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    fn mail_command(&self, letter: &Letter) -> String {
        let able = &self.connection.abilities;
        let mut command = format!("MAIL FROM:<{}>", letter.from.as_ref().map_or("", |from| from.as_str()));
        if able.size {
            command.push_str(&format!(" SIZE={}", letter.message.len()));
        }
        if able.eight_bit && !letter.message.is_ascii() {
            command.push_str(" BODY=8BITMIME");
        }
        if !letter.addresses().all(str::is_ascii) {
            command.push_str(" SMTPUTF8");
        }
        command
    }
}

fn before_the_message(answer: Answer) -> Over {
    Over { answer, handed_over: false }
}

fn after_the_message(answer: Answer) -> Over {
    Over { answer, handed_over: true }
}

fn unreachable(fault: &Fault) -> Over {
    before_the_message(Answer::Unreachable { why: format!("before the message was sent: {fault}") })
}

fn expect_reset(reply: &Reply) -> Result<(), Over> {
    if reply.is_positive() { Ok(()) } else { Err(before_the_message(Answer::refused(Stage::Sender, reply))) }
}

/// 421 ends the connection whatever it answers.
fn going_on(stage: Stage, reply: &Reply) -> Result<(), Over> {
    if reply.is_closing() { Err(before_the_message(Answer::refused(stage, reply))) } else { Ok(()) }
}

fn refusal(stage: Stage, reply: &Reply) -> Option<Answer> {
    (reply.code >= 400).then(|| Answer::refused(stage, reply))
}

/// Writes a message as DATA wants it (RFC 5321 4.5.2): a dot doubled at the start of a line, CRLF at the end of
/// each, a lone dot behind the last.
///
/// Stray CR and LF become CRLF: some servers take a bare LF for the end of a line and some do not, and whoever
/// can make the two disagree can smuggle a second message behind `<LF>.<LF>`.
fn push_message(out: &mut Vec<u8>, message: &[u8]) {
    out.reserve(message.len() + message.len() / 64 + 5);
    let mut rest = message;
    while !rest.is_empty() {
        if rest[0] == b'.' {
            out.push(b'.');
        }
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(b"\r\n");
        rest = match &rest[end..] {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => &[],
        };
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_as_data_wants_them() {
        let table: [(&[u8], &[u8]); 9] = [
            (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
            (b"no end of line", b"no end of line\r\n.\r\n"),
            (b"", b".\r\n"),
            (b".\r\n..\r\n.x\r\ny.z\r\n", b"..\r\n...\r\n..x\r\ny.z\r\n.\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\r\nb", b"a\r\n\r\nb\r\n.\r\n"),
            (b"\r\n\r\n", b"\r\n\r\n.\r\n"),
            (b"a\n.\r\nMAIL FROM:<x@y>", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"),
        ];
        for (message, expected) in table {
            let mut out = Vec::new();
            push_message(&mut out, message);
            assert_eq!(out, expected, "{:?}", String::from_utf8_lossy(message));
        }
    }
}
