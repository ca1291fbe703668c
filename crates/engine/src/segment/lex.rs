//! Words, numbers and marks of the expression language, each with its place.

/// A token and the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) offset: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A keyword, a property or a path with dots.
    Word(String),
    /// Between quotes, double or single.
    Text(String),
    /// Millionths.
    Number(i64),
    Mark(&'static str),
    End,
}

impl TokenKind {
    /// How the token is named in a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Text(text) => format!("the text \"{text}\""),
            Self::Number(_) => "a number".to_owned(),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A character that cannot be read, and why.
pub(super) struct Unreadable {
    pub(super) offset: usize,
    pub(super) message: String,
}

const MARKS: [&str; 12] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", "-"];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(first) = text[offset..].chars().next() {
        let rest = &text[offset..];
        let (kind, length) = if first.is_whitespace() {
            offset += first.len_utf8();
            continue;
        } else if first == '"' || first == '\'' {
            quoted(rest, first, offset)?
        } else if first.is_ascii_digit() {
            number(rest, offset)?
        } else if first.is_alphabetic() || first == '_' {
            let inside = |c: char| c.is_alphanumeric() || "_.$-".contains(c);
            let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            (TokenKind::Word(rest[..length].to_owned()), length)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (TokenKind::Mark(mark), mark.len())
        } else {
            return Err(Unreadable { offset, message: format!("`{first}` means nothing here") });
        };
        tokens.push(Token { kind, offset });
        offset += length;
    }
    tokens.push(Token { kind: TokenKind::End, offset });
    Ok(tokens)
}

fn quoted(rest: &str, quote: char, offset: usize) -> Result<(TokenKind, usize), Unreadable> {
    let mut text = String::new();
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped || (c != quote && c != '\\') {
            text.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else {
            return Ok((TokenKind::Text(text), at + 1));
        }
    }
    Err(Unreadable { offset, message: format!("the text that begins here has no closing {quote}") })
}

fn number(rest: &str, offset: usize) -> Result<(TokenKind, usize), Unreadable> {
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
    let digits = rest[..length].replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let scaled = (fraction.len() <= 6 && fraction.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{whole}{fraction:0<6}").parse().ok())
        .flatten();
    let message = || "a number has at most six decimals and thirteen digits before them".to_owned();
    scaled
        .map(|millionths| (TokenKind::Number(millionths), length))
        .ok_or_else(|| Unreadable { offset, message: message() })
}
