//! A message in the mailbox: its envelope, its bytes, and how a mail program would show it.

use std::time::SystemTime;

use mail_parser::{Address, MessageParser, PartType};

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Counted from 1 in the order of arrival.
    pub number: u64,
    pub received_at: SystemTime,
    /// From the envelope; empty for the null sender.
    pub sender: String,
    /// From the envelope.
    pub recipients: Vec<String>,
    /// The message after DATA, dots unstuffed.
    pub raw: Vec<u8>,
}

/// How a mail program shows a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// `Name <address>`, or the address alone.
    pub from: String,
    /// Likewise; more than one are separated by commas.
    pub to: String,
    pub subject: String,
    /// The part of type text/plain, if there is one.
    pub text: Option<String>,
    /// The part of type text/html, if there is one.
    pub html: Option<String>,
    /// All headers in order: names in their usual spelling, values unfolded and otherwise as they were sent.
    pub headers: Vec<(String, String)>,
}

impl Mail {
    /// Parses the message. What is missing or broken is empty: this never fails.
    pub fn view(&self) -> View {
        let Some(message) = MessageParser::default().parse(&self.raw) else { return View::default() };
        let headers = message.headers_raw().map(|(name, value)| (name.to_owned(), unfolded(value)));
        let text = message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        });
        let html = message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        });
        View {
            from: shown(message.from()),
            to: shown(message.to()),
            subject: message.subject().unwrap_or_default().to_owned(),
            text,
            html,
            headers: headers.collect(),
        }
    }
}

impl View {
    /// The first header of this name; case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }
}

fn shown(addresses: Option<&Address<'_>>) -> String {
    let addresses = addresses.into_iter().flat_map(Address::iter).map(|address| {
        let place = address.address().unwrap_or_default();
        address.name().map_or_else(|| place.to_owned(), |name| format!("{name} <{place}>"))
    });
    addresses.collect::<Vec<_>>().join(", ")
}

/// RFC 5322 2.2.3: a line break before a blank is no part of the value.
fn unfolded(value: &str) -> String {
    value.trim().replace("\r\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(raw: &str) -> Mail {
        let raw = raw.replace('\n', "\r\n").into_bytes();
        Mail {
            number: 1,
            received_at: SystemTime::UNIX_EPOCH,
            sender: String::new(),
            recipients: Vec::new(),
            raw,
        }
    }

    #[test]
    fn a_message_of_two_parts() {
        let view = mail(
            "From: =?utf-8?Q?Caff=C3=A8?= <shop@example.com>\nTo: ada@example.com, Bob <bob@example.com>\n\
             Subject: =?utf-8?B?w6g=?= pronto\nX-Long: one\n two\nMIME-Version: 1.0\n\
             Content-Type: multipart/alternative; boundary=b\n\n\
             --b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
             perch=C3=A9=\n no\n--b\nContent-Type: text/html\n\n<p>si</p>\n--b--\n",
        )
        .view();
        assert_eq!(view.from, "Caffè <shop@example.com>");
        assert_eq!(view.to, "ada@example.com, Bob <bob@example.com>");
        assert_eq!(view.subject, "è pronto");
        assert_eq!(view.text.as_deref(), Some("perché no"));
        assert_eq!(view.html.as_deref(), Some("<p>si</p>"));
        assert_eq!(view.header("x-long"), Some("one two"));
        assert_eq!(view.header("x-none"), None);
    }

    #[test]
    fn a_message_of_one_part_has_only_that() {
        let view = mail("Subject: x\n\nhello\n").view();
        assert_eq!((view.text.as_deref(), view.html), (Some("hello\r\n"), None));
        let view = mail("Content-Type: text/html\n\n<b>x</b>").view();
        assert_eq!((view.text, view.html.as_deref()), (None, Some("<b>x</b>")));
    }

    #[test]
    fn garbage_is_shown_as_far_as_it_goes() {
        assert_eq!(mail("").view(), View::default());
        assert_eq!(mail("\u{1}\n\n").view().subject, "");
    }
}
