//! Text to [`Expression`], by recursive descent. A mistake gives its place and, where it can, what to write instead.

use super::lex::{Token, TokenKind, tokens};
use super::{Aggregate, Comparison, Did, Expression, Filter, Literal, Quantity, Test};
use crate::at::Span;
use crate::limits::EXPRESSION_DEPTH_MAX;
use crate::programme::{Channel, nearest};
use crate::value::SCALE;

/// Where an expression goes wrong, why, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Byte in the text.
    pub offset: usize,
    pub message: String,
    pub suggestion: Option<String>,
}

type Parsed<T> = Result<T, Wrong>;

const STARTS: [&str; 8] = ["did", "not", "trait.", "in", "consented", "reachable", "first", "last"];

/// Reads an expression from end to end.
pub fn parse(text: &str) -> Parsed<Expression> {
    let tokens = tokens(text).map_err(|unreadable| Wrong {
        offset: unreadable.offset,
        message: unreadable.message,
        suggestion: None,
    })?;
    let mut parser = Parser { tokens, next: 0, depth: 0 };
    let expression = parser.or()?;
    match parser.peek() {
        TokenKind::End => Ok(expression),
        _ => Err(parser.unexpected("`and`, `or` or the end", &["and", "or", "within", "at"])),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn or(&mut self) -> Parsed<Expression> {
        self.chain("or", Expression::Or, Self::and)
    }

    fn and(&mut self) -> Parsed<Expression> {
        self.chain("and", Expression::And, Self::unary)
    }

    fn chain(
        &mut self,
        word: &str,
        join: fn(Vec<Expression>) -> Expression,
        part: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut parts = vec![part(self)?];
        while self.word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn unary(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err(self.wrong("this expression is nested too deeply", None));
        }
        let expression = if self.word("not") {
            Expression::Not(Box::new(self.unary()?))
        } else if self.mark("(") {
            let inner = self.or()?;
            self.expect(")")?;
            inner
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn predicate(&mut self) -> Parsed<Expression> {
        if self.word("did") {
            return Ok(Expression::Did(self.did()?));
        }
        if let TokenKind::Word(word) = self.peek()
            && let Some(path) = word.strip_prefix("trait.")
        {
            let path = self.path(path)?;
            self.next += 1;
            return Ok(Expression::Trait(Filter { path, test: self.test()? }));
        }
        if self.words(&["in", "segment"]) {
            return Ok(Expression::InSegment(self.text("the segment's name in quotes")?));
        }
        if self.words(&["consented", "to"]) {
            let purpose = self.text("the purpose's name in quotes")?;
            let channel = if self.word("by") { Some(self.channel()?) } else { None };
            return Ok(Expression::ConsentedTo { purpose, channel });
        }
        if self.words(&["reachable", "by"]) {
            return Ok(Expression::ReachableBy(self.channel()?));
        }
        if self.words(&["first", "seen", "within"]) {
            return Ok(Expression::FirstSeen { within: self.span()? });
        }
        if self.words(&["last", "seen", "within"]) {
            return Ok(Expression::LastSeen { within: self.span()? });
        }
        Err(self
            .unexpected("a condition such as `did \"Order Completed\"` or `trait.plan = \"pro\"`", &STARTS))
    }

    fn did(&mut self) -> Parsed<Did> {
        let event = self.text("the event's name in quotes")?;
        let mut filters = Vec::new();
        if self.mark("(") {
            loop {
                filters.push(self.filter()?);
                if !self.mark(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let quantity = self.quantity()?;
        let within = if self.word("within") { Some(self.span()?) } else { None };
        Ok(Did { event, filters, quantity, within })
    }

    fn filter(&mut self) -> Parsed<Filter> {
        let written = match self.peek() {
            TokenKind::Word(word) | TokenKind::Text(word) => word.clone(),
            _ => return Err(self.unexpected("the name of a property", &[])),
        };
        let path = self.path(&written)?;
        self.next += 1;
        Ok(Filter { path, test: self.test()? })
    }

    fn path(&self, written: &str) -> Parsed<Vec<String>> {
        let path: Vec<String> = written.split('.').map(str::to_owned).collect();
        match path.iter().any(String::is_empty) {
            true => Err(self.wrong("a name is missing beside a dot", None)),
            false => Ok(path),
        }
    }

    fn quantity(&mut self) -> Parsed<Quantity> {
        let bound: fn(u32) -> Quantity = if self.words(&["at", "least"]) {
            Quantity::AtLeast
        } else if self.words(&["at", "most"]) {
            Quantity::AtMost
        } else if self.word("exactly") {
            Quantity::Exactly
        } else if self.word("with") {
            return self.aggregate();
        } else {
            return Ok(Quantity::AtLeast(1));
        };
        let count = self.count()?;
        if !self.word("times") && !self.word("time") {
            return Err(self.unexpected("`times`", &["times"]));
        }
        Ok(bound(count))
    }

    fn aggregate(&mut self) -> Parsed<Quantity> {
        let known = [
            ("sum", Aggregate::Sum),
            ("avg", Aggregate::Average),
            ("min", Aggregate::Least),
            ("max", Aggregate::Greatest),
        ];
        let found = known.into_iter().find(|(word, _)| self.word(word));
        let Some((_, aggregate)) = found else {
            return Err(self.unexpected("`sum`, `avg`, `min` or `max`", &known.map(|(word, _)| word)));
        };
        self.expect("(")?;
        let TokenKind::Word(written) = self.peek().clone() else {
            return Err(self.unexpected("the name of a property", &[]));
        };
        let path = self.path(&written)?;
        self.next += 1;
        self.expect(")")?;
        let comparison = self.comparison()?;
        let Literal::Number(millionths) = self.literal()? else {
            self.next -= 1;
            return Err(self.unexpected("a number", &[]));
        };
        Ok(Quantity::Aggregate { aggregate, path, comparison, millionths })
    }

    fn test(&mut self) -> Parsed<Test> {
        if self.word("exists") {
            return Ok(Test::Exists);
        }
        if self.word("contains") {
            return Ok(Test::Contains(self.literal()?));
        }
        if self.word("in") {
            self.expect("[")?;
            let mut literals = Vec::new();
            while !self.mark("]") {
                literals.push(self.literal()?);
                if !self.mark(",") {
                    self.expect("]")?;
                    break;
                }
            }
            return Ok(Test::In(literals));
        }
        Ok(Test::Compare(self.comparison()?, self.literal()?))
    }

    fn comparison(&mut self) -> Parsed<Comparison> {
        let marks = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        match marks.into_iter().find(|(mark, _)| self.mark(mark)) {
            Some((_, comparison)) => Ok(comparison),
            None => Err(self.unexpected(
                "a comparison: = != < <= > >= in contains exists",
                &["in", "contains", "exists"],
            )),
        }
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let negative = self.mark("-");
        let literal = match self.peek() {
            TokenKind::Number(millionths) => {
                Literal::Number(if negative { -millionths } else { *millionths })
            }
            TokenKind::Text(text) if !negative => Literal::Text(text.clone()),
            TokenKind::Word(word) if word == "true" && !negative => Literal::Bool(true),
            TokenKind::Word(word) if word == "false" && !negative => Literal::Bool(false),
            TokenKind::Word(word) => {
                let suggestion = Some(format!("put texts in quotes: \"{word}\""));
                return Err(self.wrong("a value is needed here", suggestion));
            }
            _ => return Err(self.unexpected("a value", &[])),
        };
        self.next += 1;
        Ok(literal)
    }

    fn count(&mut self) -> Parsed<u32> {
        let TokenKind::Number(millionths) = *self.peek() else {
            return Err(self.unexpected("a whole number", &[]));
        };
        let whole = (millionths % SCALE == 0).then(|| u32::try_from(millionths / SCALE).ok()).flatten();
        let count = whole.ok_or_else(|| self.wrong("how many times is a whole number", None))?;
        self.next += 1;
        Ok(count)
    }

    fn span(&mut self) -> Parsed<Span> {
        let count = i64::from(self.count()?);
        let TokenKind::Word(unit) = self.peek() else {
            return Err(self.unexpected("a unit such as `days`", &[]));
        };
        match Span::unit(unit).map(|unit| unit.times(count)) {
            Some(span) if span.0 > 0 => {
                self.next += 1;
                Ok(span)
            }
            Some(_) => Err(self.wrong("a window is longer than nothing", None)),
            None => Err(self.unexpected("a unit of time", &["minutes", "hours", "days", "weeks", "seconds"])),
        }
    }

    fn channel(&mut self) -> Parsed<Channel> {
        let TokenKind::Word(word) = self.peek() else {
            return Err(self.unexpected("a channel such as `email`", &[]));
        };
        match Channel::parse(word) {
            Some(channel) => {
                self.next += 1;
                Ok(channel)
            }
            None => Err(self.unexpected("a channel", &Channel::ALL.map(Channel::name))),
        }
    }

    fn text(&mut self, what: &str) -> Parsed<String> {
        match self.peek().clone() {
            TokenKind::Text(text) if !text.trim().is_empty() => {
                self.next += 1;
                Ok(text)
            }
            TokenKind::Word(word) => {
                Err(self.wrong(&format!("expected {what}"), Some(format!("write \"{word}\""))))
            }
            _ => Err(self.unexpected(what, &[])),
        }
    }

    fn peek(&self) -> &TokenKind {
        &self.tokens[self.next].kind
    }

    fn word(&mut self, word: &str) -> bool {
        self.words(&[word])
    }

    /// Takes the words if all of them come next.
    fn words(&mut self, words: &[&str]) -> bool {
        let come = words.iter().enumerate().all(|(index, word)| {
            let token = self.tokens.get(self.next + index).map(|token| &token.kind);
            matches!(token, Some(TokenKind::Word(found)) if found == word)
        });
        if come {
            self.next += words.len();
        }
        come
    }

    fn mark(&mut self, mark: &str) -> bool {
        let comes = matches!(self.peek(), TokenKind::Mark(found) if *found == mark);
        if comes {
            self.next += 1;
        }
        comes
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"), &[])) }
    }

    fn wrong(&self, message: &str, suggestion: Option<String>) -> Wrong {
        Wrong { offset: self.tokens[self.next].offset, message: message.to_owned(), suggestion }
    }

    fn unexpected(&self, expected: &str, words: &[&str]) -> Wrong {
        let found = self.peek();
        let near = match found {
            TokenKind::Word(word) => nearest(word, words.iter().copied()),
            _ => None,
        };
        let suggestion = near.map(|word| format!("did you mean `{word}`?"));
        self.wrong(&format!("expected {expected}, found {}", found.describe()), suggestion)
    }
}
