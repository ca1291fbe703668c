//! The form in which a message is signed (RFC 6376 3.4, `relaxed/relaxed`): what relays may change on the way, such as
//! white space and the case of header names, is taken out first.

/// The header fields of a message.
pub(super) struct Fields<'a>(Vec<Field<'a>>);

/// One header field, folded as it stands, without its last end of line.
pub(super) struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a message and its body.
    pub(super) fn split(message: &'a [u8]) -> (Self, &'a [u8]) {
        let mut fields = Vec::new();
        let (mut rest, mut begun) = (message, None);
        loop {
            let (line, next) = line(rest);
            let goes_on = matches!(line.first(), Some(b' ' | b'\t'));
            if let Some(from) = begun
                && !goes_on
            {
                let end = message.len() - rest.len();
                fields.push(Field::parse(&message[from..end]));
                begun = None;
            }
            if line.is_empty() {
                return (Self(fields), next);
            }
            begun.get_or_insert(message.len() - rest.len());
            rest = next;
        }
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|field| field.is(name)).count()
    }

    /// The named fields, from the last of a name upwards, each with an end of line. A name that is not there, or not that
    /// often, adds nothing.
    pub(super) fn canonical(&self, names: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let taken = names[..at].iter().filter(|other| other.eq_ignore_ascii_case(name)).count();
            if let Some(field) = self.0.iter().rev().filter(|field| field.is(name)).nth(taken) {
                out.extend_from_slice(&field.canonical());
                out.extend_from_slice(b"\r\n");
            }
        }
        out
    }
}

impl<'a> Field<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let colon = bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len());
        let value = bytes.get(colon + 1..).unwrap_or_default();
        Self { name: bytes[..colon].trim_ascii_end(), value }
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Name in lower case, no blanks around the colon, one blank for each run of white space.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut out = self.name.to_ascii_lowercase();
        out.push(b':');
        let unfolded: Vec<u8> =
            self.value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        reduce(&mut out, unfolded.trim_ascii());
        out
    }
}

/// The body: no white space at the ends of lines, one blank for each run of it, no empty lines at the end.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let (mut rest, mut empty) = (body, 0);
    while !rest.is_empty() {
        let (line, next) = line(rest);
        rest = next;
        let written = line.trim_ascii_end();
        if written.is_empty() {
            empty += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", std::mem::take(&mut empty)).flatten());
        reduce(&mut out, written);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn reduce(out: &mut Vec<u8>, text: &[u8]) {
    let mut blank = false;
    for byte in text {
        match byte {
            b' ' | b'\t' => blank = true,
            byte => {
                if std::mem::take(&mut blank) {
                    out.push(b' ');
                }
                out.push(*byte);
            }
        }
    }
}

/// The first line without its end, and what comes after it. A bare LF ends a line too, since on the way out it becomes
/// CRLF.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr::memchr(b'\n', text) else { return (text, &[]) };
    let line = &text[..end];
    (line.strip_suffix(b"\r").unwrap_or(line), &text[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_the_standard_and_others() {
        for (body_as_sent, expected) in [
            // RFC 6376 3.4.5.
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("", ""),
            ("\r\n\r\n", ""),
            ("a", "a\r\n"),
            ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
            ("a\nb", "a\r\nb\r\n"),
            (" \t\r\na", "\r\na\r\n"),
        ] {
            let shown = String::from_utf8(body(body_as_sent.as_bytes())).unwrap();
            assert_eq!(shown, expected, "{body_as_sent:?}");
        }
    }

    #[test]
    fn the_fields_of_the_standard_and_others() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\nb: last\r\n\r\n body";
        let (fields, body) = Fields::split(message);
        assert_eq!(body, b" body");
        assert_eq!(fields.count("b"), 2);
        let canonical = fields.canonical(&["a", "B", "b", "B", "c"]);
        assert_eq!(String::from_utf8(canonical).unwrap(), "a:X\r\nb:last\r\nb:Y Z\r\n");
        let (fields, body) = Fields::split(b"A: X");
        assert_eq!((fields.count("a"), body), (1, &b""[..]));
    }
}
