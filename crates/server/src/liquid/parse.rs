//! Makes the tree of a template from its tokens: which tags there are, and how their blocks nest.

use std::sync::Arc;

use engine::programme::nearest;

use super::error::{Error, Limit, Place, Problem};
use super::expression::Cursor;
use super::lex::{Piece, Source, Token, lex};
use super::limits::{NESTING_MAX, SOURCE_BYTES_MAX};
use super::template::{Arm, CaseArm, Cycle, Expr, For, Node, Offset, Table};

/// The tags an author can write, to suggest one. The lexer has dealt with the last four, and `link` is missing
/// since only we write it.
const TAGS: [&str; 17] = [
    "assign",
    "break",
    "capture",
    "case",
    "continue",
    "cycle",
    "decrement",
    "echo",
    "for",
    "if",
    "increment",
    "tablerow",
    "unless",
    "comment",
    "doc",
    "liquid",
    "raw",
];

/// Tags that are part of a block, with the blocks they belong to.
const PARTS: [(&str, &str); 12] = [
    ("elsif", "if"),
    ("else", "if"),
    ("when", "case"),
    ("endif", "if"),
    ("endunless", "unless"),
    ("endcase", "case"),
    ("endfor", "for"),
    ("endtablerow", "tablerow"),
    ("endcapture", "capture"),
    ("endcomment", "comment"),
    ("enddoc", "doc"),
    ("endraw", "raw"),
];

pub(super) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    if text.len() > SOURCE_BYTES_MAX {
        return Err(Error::limit(Place::START, Limit::Source(SOURCE_BYTES_MAX)));
    }
    let source = Source::new(text);
    let mut parser = Parser { source: &source, tokens: lex(&source)?.into_iter(), open: Vec::new() };
    let (nodes, _) = parser.nodes(&[])?;
    Ok(nodes)
}

struct Parser<'c, 's> {
    source: &'c Source<'s>,
    tokens: std::vec::IntoIter<Token<'s>>,
    /// The blocks around the next token: name and place of their first tag.
    open: Vec<(&'static str, usize)>,
}

/// The tag that ended a body: `else`, `when`, `endif`…
struct End<'s> {
    name: &'s str,
    rest: Piece<'s>,
    at: usize,
}

impl<'c, 's> Parser<'c, 's> {
    fn place(&self, at: usize) -> Place {
        self.source.place(at)
    }

    fn cursor(&self, piece: Piece<'s>) -> Cursor<'c, 's> {
        Cursor::new(self.source, piece)
    }

    /// Reads until one of `ends`, or with no ends to the end of the source.
    fn nodes(&mut self, ends: &[&str]) -> Result<(Vec<Node>, Option<End<'s>>), Error> {
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Text(text) => nodes.push(Node::Text(text.into())),
                Token::Output { at, inner } => {
                    if !inner.text.is_empty() {
                        nodes.push(self.output(at, inner)?);
                    }
                }
                Token::Tag { at, name, rest } if ends.contains(&name) => {
                    return Ok((nodes, Some(End { name, rest, at })));
                }
                Token::Tag { at, name, rest } => nodes.push(self.tag(at, name, rest)?),
            }
        }
        match self.open.last() {
            None => Ok((nodes, None)),
            Some((name, at)) => {
                Err(Error::syntax(self.place(*at), format!("`{name}` is never closed by `end{name}`")))
            }
        }
    }

    /// The body of a block, which cannot end the source.
    fn body(&mut self, ends: &[&str]) -> Result<(Vec<Node>, End<'s>), Error> {
        let (nodes, end) = self.nodes(ends)?;
        Ok((nodes, end.expect("inside an open block, the end of the source is an error")))
    }

    fn open(&mut self, name: &'static str, at: usize) -> Result<(), Error> {
        self.open.push((name, at));
        if self.open.len() > NESTING_MAX {
            return Err(Error::limit(self.place(at), Limit::Nesting(NESTING_MAX)));
        }
        Ok(())
    }

    fn output(&self, at: usize, inner: Piece<'s>) -> Result<Node, Error> {
        Ok(Node::Output { value: self.cursor(inner).pipeline()?, place: self.place(at) })
    }

    fn tag(&mut self, at: usize, name: &'s str, rest: Piece<'s>) -> Result<Node, Error> {
        let mut cursor = self.cursor(rest);
        let place = self.place(at);
        match name {
            "echo" => self.output(at, rest),
            "assign" => {
                let name = Arc::from(cursor.name()?);
                if !cursor.take("=") {
                    return Err(cursor.error("expected `=`: `assign name = value`"));
                }
                Ok(Node::Assign { name, value: cursor.pipeline()?, place })
            }
            "capture" => {
                let name = capture_name(&mut cursor)?;
                self.open("capture", at)?;
                let (body, _) = self.close(&["endcapture"])?;
                Ok(Node::Capture { name, body, place })
            }
            "if" => self.conditional("if", at, rest),
            "unless" => self.conditional("unless", at, rest),
            "case" => self.case(at, rest),
            "for" => self.repeat("for", at, rest),
            "tablerow" => self.repeat("tablerow", at, rest),
            "cycle" => self.cycle(at, rest),
            "increment" => self.lone_name(cursor).map(Node::Increment),
            "decrement" => self.lone_name(cursor).map(Node::Decrement),
            "break" => cursor.end().map(|()| Node::Break),
            "continue" => cursor.end().map(|()| Node::Continue),
            "link" => {
                let index = link_index(rest, &cursor)?;
                self.open("link", at)?;
                let (body, _) = self.close(&["endlink"])?;
                Ok(Node::Link { index, body, place })
            }
            _ => Err(self.unknown(at, name)),
        }
    }

    fn unknown(&self, at: usize, name: &str) -> Error {
        let place = self.place(at);
        let Some((_, block)) = PARTS.iter().find(|(part, _)| *part == name) else {
            let parts = PARTS.iter().map(|(part, _)| *part);
            let nearest = nearest(name, TAGS.into_iter().chain(parts));
            return Error { place, problem: Problem::UnknownTag { name: name.to_owned(), nearest } };
        };
        match self.open.last() {
            Some((open, begun)) => {
                let line = self.place(*begun).line;
                Error::syntax(
                    place,
                    format!("`{name}` cannot stand here: `{open}` of line {line} is still open"),
                )
            }
            None => Error::syntax(place, format!("`{name}` without a `{block}` before it")),
        }
    }

    /// The last body of a block, after which the block is closed.
    fn close(&mut self, ends: &[&str]) -> Result<(Vec<Node>, End<'s>), Error> {
        let (nodes, end) = self.body(ends)?;
        if end.name.starts_with("end") {
            self.open.pop();
        }
        Ok((nodes, end))
    }

    /// `if` and `unless`.
    fn conditional(&mut self, name: &'static str, at: usize, rest: Piece<'s>) -> Result<Node, Error> {
        self.open(name, at)?;
        let end_name = if name == "if" { "endif" } else { "endunless" };
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        let mut negated = name == "unless";
        let mut test = rest;
        loop {
            let condition = self.cursor(test).condition()?;
            let (body, end) = self.close(&["elsif", "else", end_name])?;
            arms.push(Arm { negated, condition, body });
            negated = false;
            match end.name {
                "elsif" => test = end.rest,
                "else" => {
                    self.no_condition(&end)?;
                    (otherwise, _) = self.close(&[end_name])?;
                    break;
                }
                _ => break,
            }
        }
        Ok(Node::If { arms, otherwise, place: self.place(at) })
    }

    fn no_condition(&self, end: &End<'s>) -> Result<(), Error> {
        if end.rest.text.is_empty() {
            return Ok(());
        }
        Err(Error::syntax(self.place(end.at), "`else` takes no condition; write `elsif`"))
    }

    fn case(&mut self, at: usize, rest: Piece<'s>) -> Result<Node, Error> {
        let mut cursor = self.cursor(rest);
        let subject = cursor.expr()?;
        cursor.end()?;
        self.open("case", at)?;
        let ends = ["when", "else", "endcase"];
        // What is written between `case` and its first `when` is never shown.
        let (_, mut end) = self.close(&ends)?;
        let mut arms = Vec::new();
        while end.name != "endcase" {
            let when = if end.name == "when" { Some(self.when(end.rest)?) } else { None };
            let (body, next) = self.close(&ends)?;
            arms.push(CaseArm { when, body });
            end = next;
        }
        Ok(Node::Case { subject, arms, place: self.place(at) })
    }

    fn when(&self, rest: Piece<'s>) -> Result<Vec<Expr>, Error> {
        let mut cursor = self.cursor(rest);
        let mut values = vec![cursor.expr()?];
        while cursor.take(",") || cursor.take_word("or") {
            values.push(cursor.expr()?);
        }
        cursor.end()?;
        Ok(values)
    }

    /// `for` and `tablerow`.
    fn repeat(&mut self, name: &'static str, at: usize, rest: Piece<'s>) -> Result<Node, Error> {
        let mut cursor = self.cursor(rest);
        let item: Arc<str> = Arc::from(cursor.name()?);
        if !cursor.take_word("in") {
            return Err(cursor.error(format!("expected `in`: `{name} item in items`")));
        }
        let from = cursor.offset();
        let over = cursor.expr()?;
        let mut repeat = For {
            name: format!("{item}-{}", cursor.written_since(from)).into(),
            item,
            over,
            limit: None,
            offset: None,
            reversed: false,
            table: (name == "tablerow").then_some(Table { columns: None }),
            body: Vec::new(),
            otherwise: Vec::new(),
            place: self.place(at),
        };
        while !cursor.at_end() {
            loop_option(&mut cursor, &mut repeat)?;
            cursor.take(",");
        }
        self.open(name, at)?;
        if name == "tablerow" {
            (repeat.body, _) = self.close(&["endtablerow"])?;
            return Ok(Node::For(Box::new(repeat)));
        }
        let (body, end) = self.close(&["else", "endfor"])?;
        repeat.body = body;
        if end.name == "else" {
            (repeat.otherwise, _) = self.close(&["endfor"])?;
        }
        Ok(Node::For(Box::new(repeat)))
    }

    fn cycle(&self, at: usize, rest: Piece<'s>) -> Result<Node, Error> {
        let mut cursor = self.cursor(rest);
        let first = cursor.expr()?;
        let (group, mut values) = if cursor.take(":") { (Some(first), vec![]) } else { (None, vec![first]) };
        if group.is_some() {
            values.push(cursor.expr()?);
        }
        while cursor.take(",") {
            values.push(cursor.expr()?);
        }
        cursor.end()?;
        Ok(Node::Cycle(Box::new(Cycle { group, written: rest.text.into(), values, place: self.place(at) })))
    }

    fn lone_name(&self, mut cursor: Cursor<'c, 's>) -> Result<Arc<str>, Error> {
        let name = cursor.name()?;
        cursor.end()?;
        Ok(Arc::from(name))
    }
}

/// `limit: 3`, `offset: 2`, `offset: continue`, `cols: 2` or `reversed`.
fn loop_option(cursor: &mut Cursor<'_, '_>, repeat: &mut For) -> Result<(), Error> {
    match cursor.take_label() {
        Some("limit") => repeat.limit = Some(cursor.expr()?),
        Some("offset") if cursor.take_word("continue") => repeat.offset = Some(Offset::Continue),
        Some("offset") => repeat.offset = Some(Offset::At(cursor.expr()?)),
        Some("cols") if repeat.table.is_some() => {
            repeat.table = Some(Table { columns: Some(cursor.expr()?) });
        }
        None if cursor.take_word("reversed") => repeat.reversed = true,
        _ => {
            return Err(
                cursor.error("a loop takes `limit: n`, `offset: n`, `offset: continue` and `reversed`")
            );
        }
    }
    Ok(())
}

/// A name, with or without quotes.
fn capture_name(cursor: &mut Cursor<'_, '_>) -> Result<Arc<str>, Error> {
    let name = match cursor.take("'") || cursor.take("\"") {
        false => cursor.name()?,
        true => {
            let name = cursor.name()?;
            let _closed = cursor.take("'") || cursor.take("\"");
            name
        }
    };
    cursor.end()?;
    Ok(Arc::from(name))
}

fn link_index(rest: Piece<'_>, cursor: &Cursor<'_, '_>) -> Result<u32, Error> {
    rest.text.parse().map_err(|_| cursor.error("a link has a number"))
}
