//! The steps of the parser through the words, and how it says what it found instead.

use super::super::fault::{self, Fault};
use super::super::lex::{TokenKind, instead_of};
use super::{Parsed, Parser, Wrong};
use crate::programme::{Channel, nearest};

/// Numbers that people write as words.
const NUMBERS: [&str; 11] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

impl Parser<'_> {
    pub(super) fn peek(&self) -> &TokenKind {
        &self.tokens[self.next].kind
    }

    pub(super) fn peek_word(&self) -> Option<&str> {
        match self.peek() {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Takes the word if it comes next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.words(&[word])
    }

    /// Takes the words if all of them come next.
    pub(super) fn words(&mut self, words: &[&str]) -> bool {
        let come = words.iter().enumerate().all(|(index, word)| {
            let token = self.tokens.get(self.next + index).map(|token| &token.kind);
            matches!(token, Some(TokenKind::Word(found)) if found == word)
        });
        if come {
            self.next += words.len();
        }
        come
    }

    pub(super) fn mark(&mut self, mark: &str) -> bool {
        let comes = matches!(self.peek(), TokenKind::Mark(found) if *found == mark);
        if comes {
            self.next += 1;
        }
        comes
    }

    pub(super) fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"), &[])) }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"), &[word])) }
    }

    /// A name in quotes.
    pub(super) fn text(&mut self, what: &str) -> Parsed<String> {
        match self.peek() {
            TokenKind::Text(text) => {
                let name = fault::name(text).map_err(|fault| self.fault(fault))?;
                self.next += 1;
                Ok(name)
            }
            TokenKind::Word(word) => {
                let fault = Fault::new(format!("expected {what}, found `{word}`"));
                Err(self.fault(fault.or_rather(format!("write \"{word}\""))))
            }
            _ => Err(self.unexpected(what, &[])),
        }
    }

    /// A number in millionths.
    pub(super) fn number(&mut self, what: &str) -> Parsed<i64> {
        let begin = self.next;
        let negative = self.mark("-");
        let TokenKind::Number(number) = *self.peek() else {
            let wrong = self.unexpected(what, &[]);
            let written = self.peek_word().and_then(|word| NUMBERS.iter().position(|one| *one == word));
            self.next = begin;
            return Err(match written {
                Some(number) => Wrong { suggestion: Some(format!("write `{number}`")), ..wrong },
                None => wrong,
            });
        };
        self.next += 1;
        Ok(if negative { -number } else { number })
    }

    pub(super) fn count(&mut self) -> Parsed<u32> {
        let begin = self.next;
        let number = self.number("a whole number")?;
        fault::count(number).map_err(|fault| self.fault_at(begin, fault))
    }

    pub(super) fn channel(&mut self) -> Parsed<Channel> {
        let channel = self.peek_word().and_then(Channel::parse);
        let channel = channel.ok_or_else(|| {
            let known = Channel::ALL.map(Channel::name);
            let wrong = self.unexpected("a channel", &known);
            let suggestion = wrong.suggestion.or_else(|| Some(format!("known: {}", known.join(", "))));
            Wrong { suggestion, ..wrong }
        })?;
        self.next += 1;
        Ok(channel)
    }

    pub(super) fn fault(&self, fault: Fault) -> Wrong {
        self.fault_at(self.next, fault)
    }

    pub(super) fn fault_at(&self, token: usize, fault: Fault) -> Wrong {
        Wrong { offset: self.tokens[token].offset, message: fault.message, suggestion: fault.suggestion }
    }

    /// Something else stands here; `words` are those that may have been meant.
    pub(super) fn unexpected(&self, expected: &str, words: &[&str]) -> Wrong {
        let found = self.peek();
        let suggestion = match found {
            TokenKind::Word(word) => {
                nearest(word, words.iter().copied()).map(|word| format!("did you mean `{word}`?"))
            }
            TokenKind::Mark(mark) => instead_of(mark).map(|meant| format!("write `{meant}`")),
            _ => None,
        };
        let fault = Fault::new(format!("expected {expected}, found {}", found.describe()));
        self.fault(Fault { suggestion, ..fault })
    }
}
