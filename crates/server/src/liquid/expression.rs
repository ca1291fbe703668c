//! Parses what stands inside tags and outputs: values, paths, ranges, filters and conditions.

use std::sync::Arc;

use engine::programme::nearest;

use super::error::{Error, Limit, Problem};
use super::filters;
use super::lex::{Piece, Source};
use super::limits::NESTING_MAX;
use super::template::{Comparison, Condition, Expr, FilterCall, Join, Key, Path, Pipeline, Root, Test};
use super::value::Value;

/// Reads one piece from left to right.
pub(super) struct Cursor<'c, 's> {
    source: &'c Source<'s>,
    piece: Piece<'s>,
    /// Bytes of the piece that are read.
    read: usize,
    depth: usize,
}

impl<'c, 's> Cursor<'c, 's> {
    pub(super) fn new(source: &'c Source<'s>, piece: Piece<'s>) -> Self {
        Self { source, piece, read: 0, depth: 0 }
    }

    fn rest(&self) -> &'s str {
        &self.piece.text[self.read..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        self.read += self.rest().len() - self.rest().trim_start().len();
    }

    /// What was read since `from`, for names that repeat the source.
    pub(super) fn written_since(&self, from: usize) -> &'s str {
        self.piece.text[from..self.read].trim()
    }

    pub(super) fn offset(&self) -> usize {
        self.read
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::syntax(self.source.place(self.piece.at + self.read), message)
    }

    /// Takes a punctuation mark or operator, with the space before it.
    pub(super) fn take(&mut self, mark: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(mark);
        if found {
            self.read += mark.len();
        }
        found
    }

    /// Takes a word, but not the beginning of a longer one.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let found = name_length(self.rest()) == word.len() && self.rest().starts_with(word);
        if found {
            self.read += word.len();
        }
        found
    }

    /// Takes `name:`, which begins a named argument.
    pub(super) fn take_label(&mut self) -> Option<&'s str> {
        self.skip_space();
        let rest = self.rest();
        let length = name_length(rest);
        let after = &rest[length..];
        let colon = after.len() - after.trim_start().len();
        if length == 0 || !after[colon..].starts_with(':') {
            return None;
        }
        self.read += length + colon + 1;
        Some(&rest[..length])
    }

    pub(super) fn name(&mut self) -> Result<&'s str, Error> {
        self.skip_space();
        let rest = self.rest();
        let length = name_length(rest);
        if length == 0 {
            return Err(self.expected("a name"));
        }
        self.read += length;
        Ok(&rest[..length])
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        if self.at_end() {
            return Ok(());
        }
        if self.rest().starts_with('|') {
            return Err(
                self.error("filters cannot be used here; `assign` the filtered value to a name first")
            );
        }
        Err(self.expected("the end of the tag"))
    }

    fn expected(&self, what: &str) -> Error {
        match self.peek() {
            Some(letter) => self.error(format!("expected {what}, found `{letter}`")),
            None => self.error(format!("expected {what}, found nothing")),
        }
    }

    /// A value and its filters, up to the end of the piece.
    pub(super) fn pipeline(&mut self) -> Result<Pipeline, Error> {
        let value = self.expr()?;
        let mut filters = Vec::new();
        while self.take("|") {
            filters.push(self.filter()?);
        }
        if !self.at_end() {
            return Err(self.expected("`|` or the end"));
        }
        Ok(Pipeline { value, filters })
    }

    fn filter(&mut self) -> Result<FilterCall, Error> {
        self.skip_space();
        let place = self.source.place(self.piece.at + self.read);
        let name = self.name()?;
        let Some(filter) = filters::find(name) else {
            let nearest = nearest(name, filters::names());
            return Err(Error { place, problem: Problem::UnknownFilter { name: name.to_owned(), nearest } });
        };
        let mut arguments = Vec::new();
        let mut named = Vec::new();
        if self.take(":") {
            loop {
                match self.take_label() {
                    Some(label) if filter.named.contains(&label) => named.push((label.into(), self.expr()?)),
                    Some(label) => {
                        let message = format!("filter `{}` has no argument named `{label}`", filter.name);
                        return Err(Error::syntax(place, message));
                    }
                    None => arguments.push(self.expr()?),
                }
                if !self.take(",") {
                    break;
                }
            }
        }
        if !filter.arguments.contains(&arguments.len()) {
            let takes = filter.takes();
            let problem = Problem::Arguments { filter: filter.name, takes, given: arguments.len() };
            return Err(Error { place, problem });
        }
        Ok(FilterCall { filter, arguments, named, place })
    }

    pub(super) fn condition(&mut self) -> Result<Condition, Error> {
        let first = self.test()?;
        let mut rest = Vec::new();
        loop {
            let join = if self.take_word("and") {
                Join::And
            } else if self.take_word("or") {
                Join::Or
            } else {
                break;
            };
            rest.push((join, self.test()?));
        }
        self.end()?;
        Ok(Condition { first, rest })
    }

    fn test(&mut self) -> Result<Test, Error> {
        let left = self.expr()?;
        let comparison = if self.take("==") {
            Comparison::Equal
        } else if self.take("!=") || self.take("<>") {
            Comparison::Unequal
        } else if self.take("<=") {
            Comparison::AtMost
        } else if self.take(">=") {
            Comparison::AtLeast
        } else if self.take("<") {
            Comparison::Less
        } else if self.take(">") {
            Comparison::Greater
        } else if self.take_word("contains") {
            Comparison::Contains
        } else if self.take("=") {
            return Err(self.error("`=` compares nothing; write `==`"));
        } else if self.take("&&") {
            return Err(self.error("write `and`"));
        } else if self.take("||") {
            return Err(self.error("write `or`"));
        } else {
            return Ok(Test { left, right: None });
        };
        Ok(Test { left, right: Some((comparison, self.expr()?)) })
    }

    pub(super) fn expr(&mut self) -> Result<Expr, Error> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(Error::limit(self.source.place(self.piece.at), Limit::Nesting(NESTING_MAX)));
        }
        self.skip_space();
        let expr = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            Some('0'..='9' | '-') => self.number(),
            Some('(') => self.range(),
            Some('[') => self.path(),
            Some(letter) if is_name_start(letter) => self.word(),
            _ => Err(self.expected("a value")),
        };
        self.depth -= 1;
        expr
    }

    fn quoted(&mut self, quote: char) -> Result<Expr, Error> {
        let inner = &self.rest()[1..];
        let Some(length) = inner.find(quote) else {
            return Err(self.error("this quote is never closed"));
        };
        self.read += length + 2;
        Ok(Expr::Literal(Value::text(&inner[..length])))
    }

    fn number(&mut self) -> Result<Expr, Error> {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let sign = usize::from(rest.starts_with('-'));
        let mut length = sign + digits(&rest[sign..]);
        if length == sign {
            return Err(self.expected("a value"));
        }
        // The dots of a range are not decimals: `(1..3)`.
        let fraction = rest[length..].strip_prefix('.').map_or(0, digits);
        if fraction > 0 {
            length += 1 + fraction;
        }
        self.read += length;
        let text = &rest[..length];
        let value = match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => text.parse().map_or(Value::Nil, Value::float),
        };
        Ok(Expr::Literal(value))
    }

    fn range(&mut self) -> Result<Expr, Error> {
        self.take("(");
        let from = self.expr()?;
        if !self.take("..") {
            return Err(self.error("expected a range such as `(1..5)`; Liquid has no other parentheses"));
        }
        let to = self.expr()?;
        if !self.take(")") {
            return Err(self.expected("`)`"));
        }
        Ok(Expr::Range(Box::new((from, to))))
    }

    fn word(&mut self) -> Result<Expr, Error> {
        let rest = self.rest();
        let word = &rest[..name_length(rest)];
        let literal = match word {
            "nil" | "null" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "empty" => Value::Empty,
            "blank" => Value::Blank,
            _ => return self.path(),
        };
        if rest[word.len()..].starts_with(['.', '[']) {
            return self.path();
        }
        self.read += word.len();
        Ok(Expr::Literal(literal))
    }

    fn path(&mut self) -> Result<Expr, Error> {
        let place = self.source.place(self.piece.at + self.read);
        let root = match self.peek() {
            Some('[') => Root::Computed(Box::new(self.bracket()?)),
            _ => Root::Name(Arc::from(self.name()?)),
        };
        let mut keys = Vec::new();
        loop {
            if self.rest().starts_with('[') {
                keys.push(match self.bracket()? {
                    Expr::Literal(Value::Text(name)) => Key::Name(name),
                    index => Key::Index(index),
                });
            } else if self.rest().starts_with('.') && !self.rest().starts_with("..") {
                self.read += 1;
                keys.push(self.dotted()?);
            } else {
                return Ok(Expr::Path(Path { root, keys, place }));
            }
        }
    }

    fn bracket(&mut self) -> Result<Expr, Error> {
        self.take("[");
        let index = self.expr()?;
        if self.take("]") { Ok(index) } else { Err(self.expected("`]`")) }
    }

    /// After a dot. Digits are an index, as those who come from Django's templates write it: `items.0.name`.
    fn dotted(&mut self) -> Result<Key, Error> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return self.name().map(|name| Key::Name(Arc::from(name)));
        }
        let index = self.rest()[..digits].parse().map_or(Value::Nil, Value::Int);
        self.read += digits;
        Ok(Key::Index(Expr::Literal(index)))
    }
}

fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

/// Names may hold hyphens and end in a question mark. Nothing is subtracted in Liquid, so a hyphen is never a minus.
fn name_length(text: &str) -> usize {
    if !text.starts_with(is_name_start) {
        return 0;
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-');
    let end = end.unwrap_or(text.len());
    end + usize::from(text[end..].starts_with('?'))
}
