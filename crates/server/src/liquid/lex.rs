//! Cuts a source into text, outputs `{{ … }}` and tags `{% … %}`. Whitespace control, comments, `raw` and the
//! lines of a `liquid` tag are dealt with here, so that the parser never sees them.

use std::cell::Cell;

use super::error::{Error, Place};

/// A source with the starts of its lines, to turn byte offsets into places for people.
pub(super) struct Source<'s> {
    pub(super) text: &'s str,
    lines: Vec<usize>,
    /// The last offset asked for, and its column less one. Parsing moves forward, and a long line is counted once.
    last: Cell<(usize, usize)>,
}

impl<'s> Source<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(breaks).collect(), last: Cell::new((0, 0)) }
    }

    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines[line - 1];
        let (from, before) = match self.last.get() {
            (last, before) if (start..=at).contains(&last) => (last, before),
            _ => (start, 0),
        };
        let column = before + self.text[from..at].chars().count();
        self.last.set((at, column));
        Place { line: line as u32, column: column as u32 + 1, offset: at as u32 }
    }
}

/// A piece of the source and where it begins, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'s> {
    pub(super) text: &'s str,
    pub(super) at: usize,
}

impl<'s> Piece<'s> {
    fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { at: self.at + self.text.len() - text.len(), text: text.trim_end() }
    }

    /// The tag's name and what follows it. `#` is the name of a comment in one tag.
    fn name_and_rest(self) -> (&'s str, Self) {
        let piece = self.trimmed();
        let end = match piece.text.as_bytes().first() {
            Some(b'#') => 1,
            _ => piece
                .text
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(piece.text.len()),
        };
        let rest = Self { text: &piece.text[end..], at: piece.at + end };
        (&piece.text[..end], rest.trimmed())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'s> {
    Text(&'s str),
    Output { at: usize, inner: Piece<'s> },
    Tag { at: usize, name: &'s str, rest: Piece<'s> },
}

/// What is between two delimiters, and where the text after them goes on.
struct Delimited<'s> {
    inner: Piece<'s>,
    after: usize,
    trims_before: bool,
    trims_after: bool,
}

pub(super) fn lex<'s>(source: &Source<'s>) -> Result<Vec<Token<'s>>, Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut trims = false;
    while let Some(open) = next_open(source.text, at) {
        let found = delimited(source, open)?;
        push_text(&mut tokens, &source.text[at..open], trims, found.trims_before);
        (at, trims) = (found.after, found.trims_after);
        if source.text[open..].starts_with("{{") {
            tokens.push(Token::Output { at: open, inner: found.inner.trimmed() });
            continue;
        }
        let (name, rest) = found.inner.name_and_rest();
        match name {
            "#" => {}
            "comment" | "doc" => (at, trims) = skip_comment(source, open, name, at)?,
            "raw" => {
                let (text, end) = raw(source, open, at)?;
                push_text(&mut tokens, text, trims, end.trims_before);
                (at, trims) = (end.after, end.trims_after);
            }
            "liquid" => push_lines(source, open, rest, &mut tokens)?,
            _ => tokens.push(Token::Tag { at: open, name, rest }),
        }
    }
    push_text(&mut tokens, &source.text[at..], trims, false);
    Ok(tokens)
}

fn push_text<'s>(tokens: &mut Vec<Token<'s>>, text: &'s str, trims_start: bool, trims_end: bool) {
    let text = if trims_start { text.trim_start() } else { text };
    let text = if trims_end { text.trim_end() } else { text };
    if !text.is_empty() {
        tokens.push(Token::Text(text));
    }
}

fn next_open(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text[at..].find('{')?;
        match text.as_bytes().get(at + 1) {
            Some(b'{' | b'%') => return Some(at),
            _ => at += 1,
        }
    }
}

fn delimited<'s>(source: &Source<'s>, open: usize) -> Result<Delimited<'s>, Error> {
    let (opening, closing) = if source.text[open..].starts_with("{{") { ("{{", "}}") } else { ("{%", "%}") };
    let start = open + 2;
    let Some(length) = source.text[start..].find(closing) else {
        return Err(Error::syntax(source.place(open), format!("`{opening}` is never closed by `{closing}`")));
    };
    let whole = &source.text[start..start + length];
    let inner = whole.strip_prefix('-').unwrap_or(whole);
    let at = start + whole.len() - inner.len();
    let trims_before = inner.len() < whole.len();
    let (inner, trims_after) = inner.strip_suffix('-').map_or((inner, false), |inner| (inner, true));
    Ok(Delimited { inner: Piece { text: inner, at }, after: start + length + 2, trims_before, trims_after })
}

/// Where the text goes on after a comment, which may hold comments. Returns that and whether to trim there.
fn skip_comment(source: &Source<'_>, open: usize, name: &str, from: usize) -> Result<(usize, bool), Error> {
    let mut at = from;
    let mut depth = 1;
    while let Some(tag) = source.text[at..].find("{%").map(|found| at + found) {
        let Ok(found) = delimited(source, tag) else { break };
        at = found.after;
        let (inner, _) = found.inner.name_and_rest();
        if inner == name {
            depth += 1;
        } else if inner.strip_prefix("end") == Some(name) {
            depth -= 1;
        }
        if depth == 0 {
            return Ok((at, found.trims_after));
        }
    }
    Err(unclosed(source, open, name))
}

/// The text of a raw block that begins at `from`, and its end tag.
fn raw<'s>(source: &Source<'s>, open: usize, from: usize) -> Result<(&'s str, Delimited<'s>), Error> {
    let mut at = from;
    while let Some(tag) = source.text[at..].find("{%").map(|found| at + found) {
        let Ok(found) = delimited(source, tag) else { break };
        if found.inner.name_and_rest().0 == "endraw" {
            return Ok((&source.text[from..tag], found));
        }
        at = tag + 2;
    }
    Err(unclosed(source, open, "raw"))
}

/// Each line of a `liquid` tag is a tag of its own.
fn push_lines<'s>(
    source: &Source<'s>,
    open: usize,
    body: Piece<'s>,
    tokens: &mut Vec<Token<'s>>,
) -> Result<(), Error> {
    let mut at = body.at;
    let mut comments = 0_usize;
    for line in body.text.split_inclusive('\n') {
        let piece = Piece { text: line, at }.trimmed();
        at += line.len();
        let (name, rest) = piece.name_and_rest();
        match name {
            "comment" => comments += 1,
            "endcomment" if comments > 0 => comments -= 1,
            _ if comments > 0 || piece.text.is_empty() || name == "#" => {}
            "liquid" | "raw" => {
                let message = format!("`{name}` cannot stand inside a `liquid` tag");
                return Err(Error::syntax(source.place(piece.at), message));
            }
            _ => tokens.push(Token::Tag { at: piece.at, name, rest }),
        }
    }
    if comments > 0 { Err(unclosed(source, open, "comment")) } else { Ok(()) }
}

fn unclosed(source: &Source<'_>, open: usize, name: &str) -> Error {
    Error::syntax(source.place(open), format!("`{name}` is never closed by `end{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let source = Source::new("è{{\nab {% c");
        let error = lex(&source).unwrap_err();
        assert_eq!(error.to_string(), "1:2: `{{` is never closed by `}}`");
        for _ in 0..2 {
            for (letter, expected) in [('%', "2:5"), ('b', "2:2")] {
                let at = source.text.find(letter).unwrap();
                let place = source.place(at);
                assert_eq!((place.to_string().as_str(), place.offset as usize), (expected, at));
            }
        }
    }
}
