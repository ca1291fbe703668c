//! Text to [`Expression`], by recursive descent. A mistake gives its place and, where it can, what to write instead.
//!
//! This file is what joins conditions and what a condition can be; [`did`] is everything about events, [`test`] what is
//! asked of a value, [`cursor`] the steps through the words.

mod cursor;
mod did;
mod test;

use super::fault::{self, Fault};
use super::feature::Feature;
use super::lex::{Token, TokenKind, tokens};
use super::{Expression, Filter, Owner, Score, ScoreOf};
use crate::limits::EXPRESSION_DEPTH_MAX;
use crate::offer::OfferPhase;
use crate::programme::{Enter, Mistake, Place};

/// Where an expression goes wrong, why, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Byte in the text.
    pub offset: usize,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Wrong {
    /// The mistake that this is at the place of its text.
    pub fn at(self, place: Place) -> Mistake {
        Mistake { place, offset: Some(self.offset), message: self.message, suggestion: self.suggestion }
    }
}

type Parsed<T> = Result<T, Wrong>;

const STARTS: [&str; 18] = [
    "did",
    "not",
    "trait.",
    "event.",
    "in",
    "consented",
    "reachable",
    "offer",
    "first",
    "last",
    "rfm.recency",
    "rfm.frequency",
    "rfm.monetary",
    "top",
    "bottom",
    "segment",
    "seen",
    "within",
];

/// Reads an expression from end to end, with everything that some owner may say in it.
pub fn parse(text: &str) -> Parsed<Expression> {
    parse_for(text, Owner::Journey)
}

/// Reads an expression of a programme that was checked, or of a segment that is live.
pub(crate) fn of_programme(text: &str) -> Expression {
    parse(text).expect("invariant: a programme with mistakes is refused before it is compiled")
}

/// Reads the expression of a segment or of a journey's rule.
pub fn parse_for(text: &str, owner: Owner) -> Parsed<Expression> {
    Parser::new(text, owner)?.whole()
}

/// Reads how runs of a journey begin: a change of a segment, or an expression.
pub(crate) fn enter(text: &str) -> Parsed<Enter> {
    let mut parser = Parser::new(text, Owner::Segment)?;
    let is_in = parser.word("entered");
    if !is_in && !parser.word("left") {
        let expression = parser.whole()?;
        return Ok(match expression.bare_did() {
            Some(did) => Enter::Event(did.clone()),
            None => Enter::Truth(expression),
        });
    }
    parser.expect_word("segment")?;
    let segment = parser.text("the segment's name in quotes")?;
    match parser.peek() {
        TokenKind::End => Ok(Enter::Change { segment, is_in }),
        _ => {
            let fault = Fault::new(
                "whoever enters or leaves the segment begins a run: nothing more can be asked here",
            );
            Err(parser.fault(fault.or_rather("make a segment of all that is asked, and name that one")))
        }
    }
}

/// Reads a feature from end to end: a figure as in `top 10% by`, `days since "Order Completed"`, or `trait.age`.
pub fn parse_feature(text: &str) -> Parsed<Feature> {
    let mut parser = Parser::new(text, Owner::Segment)?;
    let feature = parser.feature()?;
    match parser.peek() {
        TokenKind::End => Ok(feature),
        _ => Err(parser.unexpected("the end", &["within", "since", "before", "between"])),
    }
}

struct Parser<'a> {
    text: &'a str,
    owner: Owner,
    tokens: Vec<Token>,
    next: usize,
    /// Parentheses and `not`s that are open.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, owner: Owner) -> Parsed<Self> {
        let tokens = tokens(text).map_err(|unreadable| Wrong {
            offset: unreadable.offset,
            message: unreadable.fault.message,
            suggestion: unreadable.fault.suggestion,
        })?;
        Ok(Self { text, owner, tokens, next: 0, depth: 0 })
    }

    /// The expression from here to the end.
    fn whole(&mut self) -> Parsed<Expression> {
        let expression = self.or()?;
        match self.peek() {
            TokenKind::End => Ok(expression),
            _ => Err(self.not_the_end()),
        }
    }
}

impl Parser<'_> {
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
        let begin = self.next;
        let opens = self.word("not") || self.mark("(");
        if !opens {
            return self.predicate();
        }
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            let message = "this expression is nested too deeply";
            return Err(self.fault_at(begin, Fault::new(message).or_rather("make a segment of a part of it")));
        }
        let expression = if self.tokens[begin].kind == TokenKind::Mark("(") {
            let inner = self.or()?;
            self.expect(")")?;
            inner
        } else {
            Expression::Not(Box::new(self.unary()?))
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn predicate(&mut self) -> Parsed<Expression> {
        let TokenKind::Word(word) = self.peek().clone() else {
            return Err(self.no_condition());
        };
        if let Some(path) = word.strip_prefix("trait.") {
            return self.trait_test(path);
        }
        // What a webhook answered lies beside what the event said.
        let answered = word.starts_with("webhook.").then_some(word.as_str());
        if let Some(path) = word.strip_prefix("event.").or(answered) {
            fault::event(self.owner).map_err(|fault| self.fault(fault))?;
            let path = self.trait_path(path)?;
            return Ok(Expression::Event(Filter { path, test: self.test()? }));
        }
        if let Some(of) = word.strip_prefix("rfm.") {
            return self.score(of);
        }
        self.next += 1;
        match word.as_str() {
            "did" => self.did(),
            "in" => {
                self.expect_word("segment")?;
                Ok(Expression::InSegment(self.text("the segment's name in quotes")?))
            }
            "consented" => {
                self.expect_word("to")?;
                let purpose = self.text("the purpose's name in quotes")?;
                let channel = if self.word("by") { Some(self.channel()?) } else { None };
                Ok(Expression::ConsentedTo { purpose, channel })
            }
            "reachable" => {
                self.expect_word("by")?;
                Ok(Expression::ReachableBy(self.channel()?))
            }
            "offer" => {
                let name = self.text("the offer's name in quotes")?;
                let words = OfferPhase::ALL.map(OfferPhase::name);
                let phase = OfferPhase::ALL.into_iter().find(|phase| self.word(phase.name()));
                let phase = phase.ok_or_else(|| {
                    self.unexpected("`given`, `seen`, `clicked`, `redeemed` or `open`", &words)
                })?;
                Ok(Expression::Offer { name, phase })
            }
            "first" => {
                self.expect_word("seen")?;
                Ok(Expression::FirstSeen(self.needed_window()?))
            }
            "last" => {
                self.expect_word("seen")?;
                Ok(Expression::LastSeen(self.needed_window()?))
            }
            "top" | "bottom" => self.rank(&word),
            _ => {
                self.next -= 1;
                Err(self.no_condition())
            }
        }
    }

    fn trait_test(&mut self, path: &str) -> Parsed<Expression> {
        let path = self.trait_path(path)?;
        Ok(Expression::Trait(Filter { path, test: self.test()? }))
    }

    /// What is written behind `trait.` or `event.`, in the word itself or in quotes after it.
    fn trait_path(&mut self, path: &str) -> Parsed<Vec<String>> {
        Ok(match self.tokens.get(self.next + 1).map(|token| &token.kind) {
            Some(TokenKind::Text(quoted)) if path.is_empty() => {
                let path = fault::path(quoted).map_err(|fault| self.fault_at(self.next + 1, fault))?;
                self.next += 2;
                path
            }
            _ => {
                let path = fault::path(path).map_err(|fault| self.fault(fault))?;
                self.next += 1;
                path
            }
        })
    }

    fn feature(&mut self) -> Parsed<Feature> {
        let path = self.peek_word().and_then(|word| word.strip_prefix("trait.")).map(str::to_owned);
        if let Some(path) = path {
            return Ok(Feature::Trait(self.trait_path(&path)?));
        }
        if self.words(&["days", "since"]) {
            return Ok(Feature::DaysSince(self.deed("the event's name in quotes")?));
        }
        Ok(Feature::Figure(self.figure()?))
    }

    fn score(&mut self, of: &str) -> Parsed<Expression> {
        let Some(of) = ScoreOf::ALL.into_iter().find(|one| one.word() == of) else {
            let known = ["rfm.recency", "rfm.frequency", "rfm.monetary"];
            return Err(self.unexpected("`rfm.recency`, `rfm.frequency` or `rfm.monetary`", &known));
        };
        self.next += 1;
        let comparison = self.comparison("a comparison: = != < <= > >=", &[])?;
        let begin = self.next;
        let score = fault::score(self.number("a score from 1 to 5")?);
        let score = score.map_err(|fault| self.fault_at(begin, fault))?;
        Ok(Expression::Score(Score { of, comparison, score }))
    }

    fn no_condition(&self) -> Wrong {
        let wrong = self
            .unexpected("a condition such as `did \"Order Completed\"` or `trait.plan = \"pro\"`", &STARTS);
        let instead = match self.peek() {
            TokenKind::Text(name) => Some(format!("write `did \"{name}\"` or `in segment \"{name}\"`")),
            TokenKind::Word(word) if word == "trait" || word.starts_with("traits") => {
                Some("write `trait.` and its name, such as `trait.country`".to_owned())
            }
            TokenKind::Word(word) if word == "segment" => Some("write `in segment`".to_owned()),
            TokenKind::Word(word) if word == "seen" => Some("write `first seen` or `last seen`".to_owned()),
            _ => None,
        };
        Wrong { suggestion: instead.or(wrong.suggestion), ..wrong }
    }

    /// What is said where a condition is over and something else follows.
    fn not_the_end(&self) -> Wrong {
        let words = ["and", "or", "within", "at", "then", "since", "before", "between", "exactly", "with"];
        let wrong = self.unexpected("`and`, `or` or the end", &words);
        let instead = match self.peek() {
            TokenKind::Number(_) => Some("write `at least 2 times`, or `at most`, or `exactly`".to_owned()),
            TokenKind::Word(word) if word == "once" => Some("write `exactly 1 time`".to_owned()),
            TokenKind::Word(word) if word == "twice" => Some("write `exactly 2 times`".to_owned()),
            TokenKind::Mark(",") => Some("write `and`".to_owned()),
            _ => None,
        };
        Wrong { suggestion: instead.or(wrong.suggestion), ..wrong }
    }
}
