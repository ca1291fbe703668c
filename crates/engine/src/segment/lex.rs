//! Words, numbers and marks of the expression language, each with its place.

use super::fault::Fault;
use super::number::{decimal, millionths};

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
            Self::Number(number) => format!("the number {}", decimal(*number)),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A character that cannot be read.
pub(super) struct Unreadable {
    pub(super) offset: usize,
    pub(super) fault: Fault,
}

/// Longer ones first. The last line is of other languages: nothing asks for them, and so a message can name them.
const MARKS: [&str; 18] = [
    "!=", "<=", ">=", "==", "<>", "=", "<", ">", "(", ")", "[", "]", ",", "-", "%", //
    "&&", "||", "!",
];

/// What is meant by a mark of another language.
pub(super) fn instead_of(mark: &str) -> Option<&'static str> {
    Some(match mark {
        "==" => "=",
        "<>" => "!=",
        "&&" => "and",
        "||" => "or",
        "!" => "not",
        _ => return None,
    })
}

pub(super) fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || "_.$-".contains(c)
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(first) = text[offset..].chars().next() {
        let rest = &text[offset..];
        if first.is_whitespace() {
            offset += first.len_utf8();
            continue;
        }
        let (kind, length) = token(rest, first).map_err(|fault| Unreadable { offset, fault })?;
        tokens.push(Token { kind, offset });
        offset += length;
    }
    tokens.push(Token { kind: TokenKind::End, offset });
    Ok(tokens)
}

/// The token at the front and its length in bytes.
fn token(rest: &str, first: char) -> Result<(TokenKind, usize), Fault> {
    if first == '"' || first == '\'' {
        return quoted(rest, first);
    }
    if first.is_ascii_digit() {
        return number(rest);
    }
    if is_word_start(first) {
        let length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        return Ok((TokenKind::Word(rest[..length].to_owned()), length));
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return Ok((TokenKind::Mark(mark), mark.len()));
    }
    let fault = Fault::new(format!("`{first}` means nothing here"));
    Err(match first {
        '“' | '”' | '„' | '«' | '»' | '‘' | '’' => fault.or_rather("use straight quotes: \"…\""),
        '≤' => fault.or_rather("write `<=`"),
        '≥' => fault.or_rather("write `>=`"),
        '≠' => fault.or_rather("write `!=`"),
        _ => fault,
    })
}

fn quoted(rest: &str, quote: char) -> Result<(TokenKind, usize), Fault> {
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
    let fault = Fault::new(format!("the text that begins here has no closing {quote}"));
    Err(fault.or_rather(format!("close it with {quote}")))
}

fn number(rest: &str) -> Result<(TokenKind, usize), Fault> {
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
    let number = millionths(&rest[..length]).ok_or_else(|| {
        Fault::new("a number has at most six decimals and thirteen digits before them")
            .or_rather("write it as `1000` or `19.90`")
    })?;
    Ok((TokenKind::Number(number), length))
}
