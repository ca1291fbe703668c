//! What an SMTP server says: one or more lines with a three-digit code (RFC 5321 4.2), perhaps with an
//! enhanced code in front of the text (RFC 2034, RFC 3463).

use std::fmt;

use crate::limits::SMTP_REPLY_BYTES;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The enhanced code, when the text begins with one of the same class as `code`.
    pub enhanced: Option<Enhanced>,
    /// The text of all lines without the codes, joined by newlines; control characters are blanks.
    pub text: String,
}

/// An enhanced status code such as 5.1.1: class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enhanced(pub u8, pub u16, pub u16);

/// Why bytes are not a reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    #[error("the reply does not begin with a code: {0:?}")]
    NoCode(String),
    #[error("the lines of one reply have the codes {0} and {1}")]
    MixedCodes(u16, u16),
    #[error("the reply is longer than {SMTP_REPLY_BYTES} bytes")]
    TooLong,
}

impl Reply {
    /// Takes one reply from the front of `bytes` and says how many bytes it used; `None` when more must be read.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        let mut reply: Option<Self> = None;
        let mut used = 0;
        while let Some(end) = memchr::memchr(b'\n', &bytes[used..]) {
            let line = &bytes[used..used + end];
            used += end + 1;
            if used > SMTP_REPLY_BYTES {
                return Err(ReplyError::TooLong);
            }
            let (code, last, text) = split_line(line.strip_suffix(b"\r").unwrap_or(line))?;
            let mut whole = match reply.take() {
                None => Self { code, enhanced: None, text: String::new() },
                Some(begun) if begun.code != code => return Err(ReplyError::MixedCodes(begun.code, code)),
                Some(mut begun) => {
                    begun.text.push('\n');
                    begun
                }
            };
            whole.take_text(text);
            if last {
                return Ok(Some((whole, used)));
            }
            reply = Some(whole);
        }
        if bytes.len() > SMTP_REPLY_BYTES { Err(ReplyError::TooLong) } else { Ok(None) }
    }

    /// 2xx.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// The server closes the connection after this reply (RFC 5321 3.8).
    pub fn is_closing(&self) -> bool {
        self.code == 421
    }

    fn take_text(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let mut text = line.trim();
        if let Some((enhanced, rest)) = Enhanced::split(text)
            && u16::from(enhanced.0) == self.code / 100
        {
            self.enhanced.get_or_insert(enhanced);
            text = rest;
        }
        self.text.extend(text.chars().map(|character| if character.is_control() { ' ' } else { character }));
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text.replace('\n', " ")) }
    }
}

impl Enhanced {
    /// Reads an enhanced code at the start of a text; gives the rest of the text.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut numbers = code.split('.');
        let class = numbers.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let (subject, detail) = (short_number(numbers.next()?)?, short_number(numbers.next()?)?);
        numbers.next().is_none().then(|| (Self(class, subject, detail), rest.trim_start()))
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// RFC 3463: subject and detail have one to three digits.
fn short_number(digits: &str) -> Option<u16> {
    let short = (1..=3).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    short.then(|| digits.parse().ok()).flatten()
}

fn split_line(line: &[u8]) -> Result<(u16, bool, &[u8]), ReplyError> {
    let no_code = || ReplyError::NoCode(String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned());
    let (digits, rest) = line.split_at_checked(3).ok_or_else(no_code)?;
    let code = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    let code = code.filter(|code| (200..600).contains(code)).ok_or_else(no_code)?;
    match rest {
        [] => Ok((code, true, rest)),
        [b' ', text @ ..] => Ok((code, true, text)),
        [b'-', text @ ..] => Ok((code, false, text)),
        _ => Err(no_code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &str) -> Result<Option<(Reply, usize)>, ReplyError> {
        Reply::parse(bytes.as_bytes())
    }

    #[test]
    fn replies_of_real_servers() {
        let table: [(&str, u16, Option<Enhanced>, &str); 7] = [
            ("250 ok\r\n", 250, None, "ok"),
            ("250\r\n", 250, None, ""),
            ("250 2.0.0 Ok: queued as 4F2\r\n", 250, Some(Enhanced(2, 0, 0)), "Ok: queued as 4F2"),
            ("250 bare line feed\n", 250, None, "bare line feed"),
            (
                "550-5.1.1 No such account.\r\n550 5.1.1 Check the address. g12\r\n",
                550,
                Some(Enhanced(5, 1, 1)),
                "No such account.\nCheck the address. g12",
            ),
            // An enhanced code of another class is text: it would contradict the code.
            ("550 4.1.1 confused\r\n", 550, None, "4.1.1 confused"),
            ("421 4.7.0 bye\x07bye\r\n", 421, Some(Enhanced(4, 7, 0)), "bye bye"),
        ];
        for (bytes, code, enhanced, text) in table {
            let (reply, used) = parse(bytes).unwrap().unwrap();
            assert_eq!(
                (reply.code, reply.enhanced, reply.text.as_str()),
                (code, enhanced, text),
                "{bytes:?}"
            );
            assert_eq!(used, bytes.len());
        }
    }

    #[test]
    fn a_reply_is_taken_only_when_whole_and_leaves_what_follows() {
        let bytes = "250-mx\r\n250 SIZE 10\r\n354 go\r\n";
        let whole = "250-mx\r\n250 SIZE 10\r\n".len();
        for cut in 0..whole {
            assert_eq!(parse(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(parse(bytes).unwrap().unwrap().1, whole);
    }

    #[test]
    fn what_is_not_a_reply() {
        assert!(matches!(parse("SSH-2.0-x\r\n"), Err(ReplyError::NoCode(_))));
        assert!(matches!(parse("25\r\n"), Err(ReplyError::NoCode(_))));
        assert!(matches!(parse("2500 x\r\n"), Err(ReplyError::NoCode(_))));
        assert!(matches!(parse("999 x\r\n"), Err(ReplyError::NoCode(_))));
        assert_eq!(parse("250-a\r\n251 b\r\n"), Err(ReplyError::MixedCodes(250, 251)));
        assert_eq!(parse(&"250-x\r\n".repeat(SMTP_REPLY_BYTES)), Err(ReplyError::TooLong));
        assert_eq!(parse(&"2".repeat(SMTP_REPLY_BYTES + 1)), Err(ReplyError::TooLong));
    }

    #[test]
    fn an_enhanced_code_is_three_short_numbers() {
        for text in ["5.1", "5.1.1.1 x", "5.1.1000 x", "3.1.1 x", "5.x.1", "10.0.0.1 ", "5.1.1: x"] {
            assert_eq!(Enhanced::split(text), None, "{text}");
        }
        assert_eq!(Enhanced::split("5.1.10  null MX"), Some((Enhanced(5, 1, 10), "null MX")));
    }
}
