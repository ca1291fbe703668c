//! An email as bytes (RFC 5322, RFC 2045): headers and the message as text and as HTML.
//!
//! The same email gives the same bytes, so a retry sends what the first attempt sent: the date, the Message-ID and
//! even the boundary come from what is given, never from a clock or from chance.

use std::fmt;

use engine::at::At;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as AddressHeader;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId as MessageIdHeader;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;
use xxhash_rust::xxh3::xxh3_128;

use super::smtp::letter::Address;
use crate::limits::EMAIL_HEADER_WORD_BYTES;

/// What an email is made of.
#[derive(Clone, Debug)]
pub struct Email<'a> {
    pub message_id: &'a MessageId,
    pub date: At,
    pub from: Party<'a>,
    pub to: Party<'a>,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<Party<'a>>,
    pub subject: &'a str,
    pub text: &'a str,
    /// Without it the email is plain text.
    pub html: Option<&'a str>,
    /// Marketing email carries it; transactional email does not.
    pub unsubscribe: Option<Unsubscribe<'a>>,
    /// The name of what was subscribed to, as `news.shop.example` (RFC 2919), without angle brackets.
    pub list_id: Option<&'a str>,
    /// Up to four fields, `campaign:customer:type:sender`, by which Gmail counts complaints.
    pub feedback_id: Option<&'a str>,
}

/// A name, which may be empty, and an address.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    pub name: &'a str,
    pub address: &'a Address,
}

/// The ways out that a mail program offers beside the message.
#[derive(Clone, Copy, Debug)]
pub struct Unsubscribe<'a> {
    /// Takes a POST without cookies or questions (RFC 8058).
    pub url: &'a str,
    /// For programs that write a mail instead (RFC 2369).
    pub mailto: Option<&'a Address>,
}

/// The `Message-ID` of a send: `send.installation@domain` (without angle brackets). Every attempt of a send has the
/// same one, so whatever a receiver sends back about the message finds the send, and a receiver that got it twice
/// can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// Why something cannot stand in an email. The field is named as the header or part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MimeError {
    #[error("{field} holds a line break or another control character, which could begin a header of its own")]
    ControlCharacter { field: &'static str },
    #[error("{field} is not an http or https URL without blanks and brackets")]
    NotAUrl { field: &'static str },
    #[error("{field} holds characters that cannot stand there")]
    NotAnId { field: &'static str },
    #[error("{field} is longer than {EMAIL_HEADER_WORD_BYTES} bytes and cannot be folded")]
    TooLong { field: &'static str },
}

impl Email<'_> {
    /// Builds the bytes; lines end in CRLF and are ASCII, except for addresses that are not.
    pub fn build(&self) -> Result<Vec<u8>, MimeError> {
        let mut message = MessageBuilder::new()
            .header("From", self.from.checked("From")?)
            .header("To", self.to.checked("To")?)
            .header("Subject", Text::new(one_line("Subject", self.subject)?))
            .header("Date", Date::new(self.date.0.div_euclid(1000)))
            .header("Message-ID", MessageIdHeader::new(self.message_id.0.as_str()))
            .header("MIME-Version", Raw::new("1.0"))
            // Some providers put a Message-ID of their own, and tell these back: of the second, Postmark.
            .header("X-Trama-Send", Raw::new(self.message_id.local()))
            .header("X-PM-Metadata-trama-send", Raw::new(self.message_id.local()));
        if let Some(reply_to) = self.reply_to {
            message = message.header("Reply-To", reply_to.checked("Reply-To")?);
        }
        if let Some(unsubscribe) = self.unsubscribe {
            message = message
                .header("List-Unsubscribe", Raw::new(unsubscribe.checked()?))
                .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
        }
        if let Some(list_id) = self.list_id {
            let list_id = word("List-Id", list_id, "")?;
            message = message.header("List-Id", Raw::new(format!("<{list_id}>")));
        }
        if let Some(feedback_id) = self.feedback_id {
            message = message.header("Feedback-ID", Raw::new(word("Feedback-ID", feedback_id, ":")?));
        }
        let text = MimePart::new("text/plain", self.text);
        let body = match self.html {
            None => text,
            Some(html) => {
                // The hash of the Message-ID is nothing that a body holds by chance, and nobody who writes one knows it.
                let boundary = format!("=_{:032x}", xxh3_128(self.message_id.0.as_bytes()));
                let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
                // The last part is the one that mail programs prefer (RFC 2046 5.1.4).
                MimePart::new(kind, vec![text, MimePart::new("text/html", html)])
            }
        };
        let mut bytes = Vec::new();
        message.body(body).serialize(&mut bytes);
        Ok(bytes)
    }
}

impl<'a> Party<'a> {
    fn checked(self, field: &'static str) -> Result<AddressHeader<'a>, MimeError> {
        let name = Some(one_line(field, self.name)?).filter(|name| !name.is_empty());
        Ok(AddressHeader::new_address(name, self.address.as_str()))
    }
}

impl Unsubscribe<'_> {
    fn checked(self) -> Result<String, MimeError> {
        let field = "List-Unsubscribe";
        let url = one_line(field, self.url)?;
        let fits = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\",".contains(&byte));
        if !fits || !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(MimeError::NotAUrl { field });
        }
        if url.len() > EMAIL_HEADER_WORD_BYTES {
            return Err(MimeError::TooLong { field });
        }
        // RFC 8058 wants one HTTPS URI; the first is the one that counts.
        Ok(match self.mailto {
            None => format!("<{url}>"),
            Some(address) => format!("<{url}>, <mailto:{address}>"),
        })
    }
}

impl MessageId {
    /// The Message-ID of a send of this installation, in the domain of the sender.
    pub fn of(send: impl fmt::Display, installation: &str, from: &Address) -> Result<Self, MimeError> {
        let field = "Message-ID";
        let domain = from.as_str().rsplit_once('@').expect("an address has an @").1;
        let id =
            format!("{}.{}@{domain}", word(field, &send.to_string(), "")?, word(field, installation, "")?);
        if id.len() > EMAIL_HEADER_WORD_BYTES { Err(MimeError::TooLong { field }) } else { Ok(Self(id)) }
    }

    /// What stands before the domain: `send.installation`.
    fn local(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    /// Without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn one_line<'a>(field: &'static str, text: &'a str) -> Result<&'a str, MimeError> {
    if text.contains(char::is_control) { Err(MimeError::ControlCharacter { field }) } else { Ok(text) }
}

/// A word of letters, digits, dots, dashes, underlines and what else is allowed here.
fn word<'a>(field: &'static str, text: &'a str, also: &str) -> Result<&'a str, MimeError> {
    let text = one_line(field, text)?;
    let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if text.is_empty() || !text.chars().all(|character| fits(character) || also.contains(character)) {
        return Err(MimeError::NotAnId { field });
    }
    if text.len() > EMAIL_HEADER_WORD_BYTES { Err(MimeError::TooLong { field }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::mailbox::mail::{Mail, View};

    struct Parts {
        from: Address,
        to: Address,
        id: MessageId,
    }

    impl Parts {
        fn new() -> Self {
            let from = Address::parse("ciao@bottega.example").unwrap();
            let id = MessageId::of(17, "k3x9", &from).unwrap();
            Self { to: Address::parse("ada@example.com").unwrap(), from, id }
        }

        fn email(&self) -> Email<'_> {
            Email {
                message_id: &self.id,
                date: At(1_767_225_600_999),
                from: Party { name: "Bottega \"Caffè\"", address: &self.from },
                to: Party { name: "Ada Lovelace", address: &self.to },
                reply_to: None,
                subject: "È pronto: il tuo caffè ti aspetta, e questa riga è più lunga di quanto stia in una riga sola",
                text: "Ciao Ada,\nil caffè è pronto.\n.\n",
                html: Some("<p>Ciao Ada,</p>\n<p>il caffè è pronto.</p>\n"),
                unsubscribe: Some(Unsubscribe { url: "https://u.example/o/8f3", mailto: Some(&self.from) }),
                list_id: Some("news.bottega.example"),
                feedback_id: Some("spring:shop:news:bottega"),
            }
        }
    }

    fn view(raw: Vec<u8>) -> View {
        let (sender, recipients) = (String::new(), Vec::new());
        Mail { number: 1, received_at: SystemTime::UNIX_EPOCH, sender, recipients, raw }.view()
    }

    #[test]
    fn what_goes_in_is_what_a_mail_program_shows() {
        let parts = Parts::new();
        let shown = view(parts.email().build().unwrap());
        assert_eq!(shown.from, "Bottega \"Caffè\" <ciao@bottega.example>");
        assert_eq!(shown.to, "Ada Lovelace <ada@example.com>");
        assert_eq!(shown.subject, parts.email().subject);
        assert_eq!(shown.text.as_deref(), Some("Ciao Ada,\r\nil caffè è pronto.\r\n.\r\n"));
        assert_eq!(shown.html.as_deref(), Some("<p>Ciao Ada,</p>\r\n<p>il caffè è pronto.</p>\r\n"));
        for (name, value) in [
            ("Message-ID", "<17.k3x9@bottega.example>"),
            ("Date", "Thu, 1 Jan 2026 00:00:00 +0000"),
            ("MIME-Version", "1.0"),
            ("X-Trama-Send", "17.k3x9"),
            ("X-PM-Metadata-trama-send", "17.k3x9"),
            ("List-Unsubscribe", "<https://u.example/o/8f3>, <mailto:ciao@bottega.example>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("List-Id", "<news.bottega.example>"),
            ("Feedback-ID", "spring:shop:news:bottega"),
        ] {
            let named = shown.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            let values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
            assert_eq!(values, [value], "{name}");
        }
        assert!(shown.header("Content-Type").unwrap().starts_with("multipart/alternative"));
    }

    #[test]
    fn the_bytes_are_the_same_each_time_and_fit_any_relay() {
        let parts = Parts::new();
        let long = format!("<p>{}</p>\n", "una riga di tremila byte ".repeat(120));
        let email = Email { html: Some(&long), ..parts.email() };
        let bytes = email.build().unwrap();
        assert_eq!(bytes, email.build().unwrap());
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n'])), "{text}");
    }

    #[test]
    fn a_plain_email_has_one_part_and_no_way_out() {
        let parts = Parts::new();
        let bare = Email { html: None, unsubscribe: None, list_id: None, feedback_id: None, ..parts.email() };
        let shown = view(bare.build().unwrap());
        assert_eq!((shown.text.is_some(), shown.html.is_some()), (true, false));
        for name in ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Reply-To"] {
            assert_eq!(shown.header(name), None);
        }
    }

    #[test]
    fn headers_cannot_be_smuggled_in() {
        let parts = Parts::new();
        let evil = "x\r\nBcc: all@example.com";
        let (from, to) = (parts.email().from, parts.email().to);
        let table = [
            ("Subject", Email { subject: evil, ..parts.email() }),
            ("Subject", Email { subject: "x\nBcc: y", ..parts.email() }),
            ("Subject", Email { subject: "x\0", ..parts.email() }),
            ("From", Email { from: Party { name: evil, ..from }, ..parts.email() }),
            ("To", Email { to: Party { name: evil, ..to }, ..parts.email() }),
            ("Reply-To", Email { reply_to: Some(Party { name: evil, ..to }), ..parts.email() }),
            ("List-Id", Email { list_id: Some(evil), ..parts.email() }),
            ("Feedback-ID", Email { feedback_id: Some(evil), ..parts.email() }),
            (
                "List-Unsubscribe",
                Email { unsubscribe: Some(Unsubscribe { url: evil, mailto: None }), ..parts.email() },
            ),
        ];
        for (field, email) in table {
            assert_eq!(email.build(), Err(MimeError::ControlCharacter { field }));
        }
        // Text that only looks like structure stays text.
        let sly = "=?utf-8?Q?=0D=0ABcc:_x?= <evil@example.com>, Bcc: y";
        let email = Email { subject: sly, to: Party { name: sly, ..to }, ..parts.email() };
        let shown = view(email.build().unwrap());
        assert_eq!(shown.header("Bcc"), None);
        assert!(shown.to.ends_with("<ada@example.com>"), "{}", shown.to);
    }

    #[test]
    fn ids_and_urls_are_checked() {
        let parts = Parts::new();
        let with_url = |url: &str| {
            Email { unsubscribe: Some(Unsubscribe { url, mailto: None }), ..parts.email() }.build().map(drop)
        };
        let field = "List-Unsubscribe";
        for url in [
            "",
            "u.example",
            "ftp://u.example",
            "https://u.example/a b",
            "https://u.example/>,<x",
            "https://ü",
        ] {
            assert_eq!(with_url(url), Err(MimeError::NotAUrl { field }), "{url}");
        }
        let long = format!("https://u.example/{}", "x".repeat(EMAIL_HEADER_WORD_BYTES));
        assert_eq!(with_url(&long), Err(MimeError::TooLong { field }));
        for id in ["", "a b", "a>b", "a@b", "é"] {
            let field = "Message-ID";
            assert_eq!(MessageId::of(1, id, &parts.from), Err(MimeError::NotAnId { field }), "{id}");
        }
        assert_eq!(MessageId::of("s-1", "k", &parts.from).unwrap().as_str(), "s-1.k@bottega.example");
    }
}
