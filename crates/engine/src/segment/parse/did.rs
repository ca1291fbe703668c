//! Everything about events: how often, how much, when, in which order, and who is ahead by it.

use super::super::fault::{self, Fault};
use super::super::lex::TokenKind;
use super::super::number::decimal;
use super::super::{
    Aggregate, Deed, Did, Expression, Figure, Quantity, Rank, RankEnd, Sequence, Then, Window,
};
use super::{Parsed, Parser, Wrong};

impl Parser<'_> {
    /// What follows `did`.
    pub(super) fn did(&mut self) -> Parsed<Expression> {
        let deed = self.deed("the event's name in quotes")?;
        let quantity = self.quantity()?;
        let window = self.window()?;
        if self.peek_word() == Some("then") {
            return match quantity {
                None => self.sequence(deed, window),
                Some(_) => Err(self.fault(
                    Fault::new(
                        "a sequence follows one event at a time, and cannot ask how often or how much",
                    )
                    .or_rather("leave the number out, or ask for it in a condition of its own with `and`"),
                )),
            };
        }
        if window.is_some() && matches!(self.peek_word(), Some("at" | "exactly" | "with")) {
            let fault = Fault::new("how often or how much is said before the window");
            return Err(self.fault(fault.or_rather("write `at least 2 times within 30 days`")));
        }
        Ok(Expression::Did(Did { deed, quantity: quantity.unwrap_or(Quantity::AtLeast(1)), window }))
    }

    fn sequence(&mut self, first: Deed, window: Option<Window>) -> Parsed<Expression> {
        let mut then = Vec::new();
        let mut then_not = None;
        while self.word("then") {
            if then_not.is_some() {
                self.next -= 1;
                let fault = Fault::new("nothing can follow what did not happen: `then not` comes last");
                return Err(self.fault(fault.or_rather("ask for it in a condition of its own with `and`")));
            }
            let not = self.word("not");
            if self.peek_word() == Some("did") {
                let fault = Fault::new("`did` is said once, at the beginning of a sequence");
                return Err(self.fault(fault.or_rather("leave this `did` out")));
            }
            let deed = self.deed("the next event's name in quotes")?;
            let within = if self.word("within") { Some(self.span()?) } else { None };
            self.ends_without_a_window(within.is_some())?;
            match not {
                true => then_not = Some(Then { deed, within }),
                false => then.push(Then { deed, within }),
            }
        }
        Ok(Expression::Sequence(Sequence { first, window, then, then_not }))
    }

    /// A part of a sequence has a length of time behind it and nothing else.
    fn ends_without_a_window(&self, has_within: bool) -> Parsed<()> {
        match self.peek_word() {
            Some("at" | "exactly" | "with") => {
                let fault = Fault::new("a sequence cannot ask how often or how much");
                Err(self.fault(fault.or_rather("ask for it in a condition of its own with `and`")))
            }
            Some("since" | "before" | "between") => {
                let fault = Fault::new("the window of a sequence is that of its first event");
                Err(self.fault(fault.or_rather("write it before the first `then`")))
            }
            Some("within") if has_within => {
                let fault = Fault::new("one `within` is enough: it counts from the event before");
                Err(self.fault(fault.or_rather("write a window before the first `then`")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn deed(&mut self, what: &str) -> Parsed<Deed> {
        let event = self.text(what)?;
        let mut filters = Vec::new();
        if self.mark("(") {
            loop {
                filters.push(self.filter()?);
                if self.mark(",") {
                    continue;
                }
                if matches!(self.peek_word(), Some("and" | "or")) {
                    let fault =
                        Fault::new("conditions in parentheses are separated by commas, and all must hold");
                    return Err(self.fault(fault.or_rather("write `,`")));
                }
                break;
            }
            self.expect(")")?;
        }
        Ok(Deed { event, filters })
    }

    fn quantity(&mut self) -> Parsed<Option<Quantity>> {
        let bound: fn(u32) -> Quantity = if self.word("at") {
            match self.peek_word() {
                Some("least") => Quantity::AtLeast,
                Some("most") => Quantity::AtMost,
                _ => return Err(self.unexpected("`least` or `most`", &["least", "most"])),
            }
        } else if self.peek_word() == Some("exactly") {
            Quantity::Exactly
        } else if self.word("with") {
            return self.aggregate_quantity().map(Some);
        } else {
            return Ok(None);
        };
        self.next += 1;
        let count = self.count()?;
        if !self.word("times") && !self.word("time") {
            let wrong = self.unexpected("`times`", &["times"]);
            let suggestion = wrong.suggestion.or_else(|| Some(format!("write `{count} times`")));
            return Err(Wrong { suggestion, ..wrong });
        }
        Ok(Some(bound(count)))
    }

    fn aggregate_quantity(&mut self) -> Parsed<Quantity> {
        let (aggregate, path) = self.aggregate("`sum`, `avg`, `min` or `max`", &[])?;
        let comparison = self.comparison("a comparison: = != < <= > >=", &[])?;
        let millionths = self.number("a number")?;
        Ok(Quantity::Aggregate { aggregate, path, comparison, millionths })
    }

    /// `sum(total)`.
    fn aggregate(&mut self, expected: &str, more: &[&str]) -> Parsed<(Aggregate, Vec<String>)> {
        let word = self.peek_word();
        let Some(aggregate) = Aggregate::ALL.into_iter().find(|one| Some(one.word()) == word) else {
            let instead = word.and_then(aggregate_instead_of);
            let known = [&Aggregate::ALL.map(Aggregate::word)[..], more].concat();
            let wrong = self.unexpected(expected, &known);
            return Err(Wrong { suggestion: instead.map(str::to_owned).or(wrong.suggestion), ..wrong });
        };
        self.next += 1;
        self.expect("(")?;
        let path = self.path()?;
        self.expect(")")?;
        Ok((aggregate, path))
    }

    /// A window, if one is written.
    pub(super) fn window(&mut self) -> Parsed<Option<Window>> {
        let begin = self.next;
        let window = match self.peek_word() {
            Some("within") => {
                self.next += 1;
                Window::Within(self.span()?)
            }
            Some("since") => {
                self.next += 1;
                if self.word("entry") {
                    fault::since_entry(self.owner).map_err(|fault| self.fault_at(begin, fault))?
                } else {
                    Window::Since(self.date()?)
                }
            }
            Some("before") => {
                self.next += 1;
                Window::Before(self.date()?)
            }
            Some("between") => {
                self.next += 1;
                let from = self.date()?;
                self.expect_word("and")?;
                let to = self.date()?;
                fault::between(from, to).map_err(|fault| self.fault_at(begin, fault))?
            }
            _ => return Ok(None),
        };
        Ok(Some(window))
    }

    pub(super) fn needed_window(&mut self) -> Parsed<Window> {
        let words = ["within", "since", "before", "between"];
        self.window()?.ok_or_else(|| self.unexpected("a window such as `within 7 days`", &words))
    }

    /// What follows `top` or `bottom`.
    pub(super) fn rank(&mut self, end: &str) -> Parsed<Expression> {
        let begin = self.next;
        let percent = self.number("a share such as `10%`")?;
        if !self.mark("%") {
            let wrong = self.unexpected("`%`", &[]);
            let suggestion = Some(format!("write `{}%`", decimal(percent)));
            return Err(Wrong { suggestion, ..wrong });
        }
        let share = fault::share_permyriad(percent);
        let share_permyriad = share.map_err(|fault| self.fault_at(begin, fault))?;
        self.expect_word("by")?;
        let end = if end == "top" { RankEnd::Top } else { RankEnd::Bottom };
        Ok(Expression::Rank(Rank { end, share_permyriad, by: self.figure()? }))
    }

    pub(super) fn figure(&mut self) -> Parsed<Figure> {
        let aggregate = match self.word("count") {
            true => None,
            false => Some(self.aggregate("`count`, `sum`, `avg`, `min` or `max`", &["count"])?),
        };
        self.expect_word("of")?;
        let deed = self.deed("the event's name in quotes")?;
        let begin = self.next;
        let window = self.window()?;
        let window = fault::of_a_rank(window).map_err(|fault| self.fault_at(begin, fault))?;
        Ok(Figure { aggregate, deed, window })
    }

    /// The name of a property, as words with dots or in quotes.
    pub(super) fn path(&mut self) -> Parsed<Vec<String>> {
        let (TokenKind::Word(written) | TokenKind::Text(written)) = self.peek() else {
            return Err(self.unexpected("the name of a property", &[]));
        };
        let path = fault::path(written).map_err(|fault| self.fault(fault))?;
        self.next += 1;
        Ok(path)
    }
}

/// What is meant by a word that people use for an aggregate.
fn aggregate_instead_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "total" => "write `sum`",
        "average" | "mean" => "write `avg`",
        "least" | "lowest" | "minimum" | "smallest" => "write `min`",
        "greatest" | "highest" | "maximum" | "largest" | "most" => "write `max`",
        "count" => "how often is `at least 2 times`",
        _ => return None,
    })
}
