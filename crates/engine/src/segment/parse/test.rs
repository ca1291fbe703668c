//! What is asked of a value: a property of an event, or a trait.

use super::super::date::Date;
use super::super::fault::{self, Fault};
use super::super::lex::TokenKind;
use super::super::{Comparison, DayTest, Filter, Literal, Test};
use super::{Parsed, Parser, Wrong};
use crate::at::Span;

const TESTS: &str = "a comparison: = != < <= > >=, or in, contains, starts with, ends with, exists, before, after, on, \
     anniversary";
const WORDS: [&str; 9] =
    ["in", "contains", "exists", "starts", "ends", "before", "after", "on", "anniversary"];

impl Parser<'_> {
    pub(super) fn filter(&mut self) -> Parsed<Filter> {
        Ok(Filter { path: self.path()?, test: self.test()? })
    }

    pub(super) fn test(&mut self) -> Parsed<Test> {
        let word = self.peek_word().unwrap_or_default().to_owned();
        self.next += 1;
        match word.as_str() {
            "exists" => Ok(Test::Exists),
            "contains" => Ok(Test::Contains(self.literal()?)),
            "starts" => {
                self.expect_word("with")?;
                Ok(Test::StartsWith(self.part()?))
            }
            "ends" => {
                self.expect_word("with")?;
                Ok(Test::EndsWith(self.part()?))
            }
            "in" if self.word("the") => self.near(),
            "in" => self.one_of(),
            "before" => Ok(Test::Day(DayTest::Before(self.date()?))),
            "after" => Ok(Test::Day(DayTest::After(self.date()?))),
            "on" => {
                let written = self.quoted_date()?;
                let day = fault::day(&written).map_err(|fault| self.fault(fault))?;
                self.next += 1;
                Ok(Test::Day(DayTest::On(day)))
            }
            "anniversary" => self.anniversary(),
            _ => {
                self.next -= 1;
                Ok(Test::Compare(self.comparison(TESTS, &WORDS)?, self.literal()?))
            }
        }
    }

    fn one_of(&mut self) -> Parsed<Test> {
        if !self.mark("[") {
            let wrong = self.unexpected("`[`, or `the next` or `the last`", &["the"]);
            let suggestion = match self.peek() {
                TokenKind::Text(text) => Some(format!("write `in [\"{text}\"]`")),
                TokenKind::Mark("(") => Some("write `in [\"a\", \"b\"]`".to_owned()),
                _ => wrong.suggestion,
            };
            return Err(Wrong { suggestion, ..wrong });
        }
        let mut literals = Vec::new();
        while !self.mark("]") {
            literals.push(self.literal()?);
            if !self.mark(",") {
                self.expect("]")?;
                break;
            }
        }
        Ok(Test::In(literals))
    }

    /// What follows `in the`.
    fn near(&mut self) -> Parsed<Test> {
        if self.word("next") {
            return Ok(Test::Day(DayTest::InTheNext { days: self.days()? }));
        }
        if self.word("last") {
            return Ok(Test::Day(DayTest::InTheLast { days: self.days()? }));
        }
        Err(self.unexpected("`next` or `last`", &["next", "last"]))
    }

    fn anniversary(&mut self) -> Parsed<Test> {
        if self.word("today") {
            return Ok(Test::Day(DayTest::AnniversaryInTheNext { days: 1 }));
        }
        if !self.words(&["in", "the", "next"]) {
            return Err(self.unexpected("`today` or `in the next 7 days`", &["today"]));
        }
        Ok(Test::Day(DayTest::AnniversaryInTheNext { days: self.days()? }))
    }

    fn days(&mut self) -> Parsed<u32> {
        let begin = self.next;
        let span = self.span()?;
        fault::days(span).map_err(|fault| self.fault_at(begin, fault))
    }

    pub(super) fn comparison(&mut self, expected: &str, words: &[&str]) -> Parsed<Comparison> {
        let found = Comparison::ALL.into_iter().find(|one| self.mark(one.mark()));
        found.ok_or_else(|| {
            let wrong = self.unexpected(expected, words);
            let instead = match self.peek_word() {
                Some("is" | "equals" | "eq") => Some("write `=`"),
                Some("not" | "isn") if !words.is_empty() => {
                    Some("write `!=`, or `not` before the whole condition")
                }
                Some("like" | "includes" | "matches") if !words.is_empty() => Some("write `contains`"),
                Some("begins") if !words.is_empty() => Some("write `starts with`"),
                _ => None,
            };
            Wrong { suggestion: instead.map(str::to_owned).or(wrong.suggestion), ..wrong }
        })
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let literal = match self.peek() {
            TokenKind::Number(_) | TokenKind::Mark("-") => {
                return Ok(Literal::Number(self.number("a number")?));
            }
            TokenKind::Text(text) => Literal::Text(text.clone()),
            TokenKind::Word(word) if word == "true" => Literal::Bool(true),
            TokenKind::Word(word) if word == "false" => Literal::Bool(false),
            TokenKind::Word(word) => {
                let fault = Fault::new(format!("a value is needed here, and `{word}` is a word"));
                return Err(self.fault(fault.or_rather(format!("put texts in quotes: \"{word}\""))));
            }
            _ => return Err(self.unexpected("a value", &[])),
        };
        self.next += 1;
        Ok(literal)
    }

    /// A text that another one begins or ends with.
    fn part(&mut self) -> Parsed<String> {
        let begin = self.next;
        match self.literal()? {
            Literal::Text(text) => Ok(text),
            Literal::Number(_) | Literal::Bool(_) => {
                self.next = begin;
                Err(self.unexpected("a text in quotes", &[]))
            }
        }
    }

    pub(super) fn date(&mut self) -> Parsed<Date> {
        let written = self.quoted_date()?;
        let date = fault::date(&written).map_err(|fault| self.fault(fault))?;
        self.next += 1;
        Ok(date)
    }

    /// The text of a date, which is left to be taken.
    fn quoted_date(&self) -> Parsed<String> {
        if let TokenKind::Text(text) = self.peek() {
            return Ok(text.clone());
        }
        let wrong = self.unexpected("a date such as \"2026-01-31\"", &[]);
        let bare = self.text[wrong.offset..].split([' ', ')', ',']).next().unwrap_or_default();
        let suggestion = match Date::parse(bare) {
            Some(_) => format!("put dates in quotes: \"{bare}\""),
            None => "write a day as \"2026-01-31\", or an instant as \"2026-01-31T09:30:00Z\"".to_owned(),
        };
        Err(Wrong { suggestion: Some(suggestion), ..wrong })
    }

    /// A length of time.
    pub(super) fn span(&mut self) -> Parsed<Span> {
        let begin = self.next;
        let number = self.number("a length of time such as `30 days`")?;
        let count = fault::whole(number).map_err(|fault| self.fault_at(begin, fault))?;
        let Some(unit) = self.peek_word().and_then(Span::unit) else {
            let wrong = self.unexpected("a unit of time such as `days`", &fault::UNITS);
            let suggestion = match self.peek_word() {
                Some("month" | "months") => Some("months differ in length: write `30 days`".to_owned()),
                Some("year" | "years") => Some("years differ in length: write `365 days`".to_owned()),
                _ => wrong
                    .suggestion
                    .or_else(|| Some("units are seconds, minutes, hours, days and weeks".to_owned())),
            };
            return Err(Wrong { suggestion, ..wrong });
        };
        let span = fault::span(unit, count).map_err(|fault| self.fault_at(begin, fault))?;
        self.next += 1;
        Ok(span)
    }
}
