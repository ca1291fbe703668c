//! How much faster than life the demonstration plays.
//!
//! The clock of the server is real, so a day can only pass in minutes if everything that takes time takes less of it:
//! every span of the programme (waits, windows, deadlines) and every pause of the visitors is divided by one factor.
//! What belongs to the mail and not to the programme stays as it is: a retry comes after a real minute.

use engine::at::Span;
use engine::programme::{Arm, Enter, Journey, Programme, Reenter, Step};
use std::time::Duration;

/// The factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(u32);

impl Pace {
    /// One hour in fifteen seconds, a day in six minutes: quick enough to watch, slow enough to follow.
    pub const USUAL: u32 = 240;
    /// As fast as life.
    pub const LIFE: u32 = 1;
    /// One hour in one second. Faster than that, a mail takes longer on its way than a wait takes.
    pub const MAX: u32 = 3_600;

    /// `factor` is from 1 to [`Self::MAX`].
    pub fn new(factor: u32) -> Self {
        assert!((1..=Self::MAX).contains(&factor), "a pace is from 1 to {}", Self::MAX);
        Self(factor)
    }

    pub fn factor(self) -> u32 {
        self.0
    }

    /// How long an hour of the shop takes.
    pub fn hour(self) -> Duration {
        self.minutes(60)
    }

    /// How long so many minutes of the shop take.
    pub(super) fn minutes(self, minutes: u32) -> Duration {
        Duration::from_secs(60) * minutes / self.0
    }

    fn span(self, span: Span) -> Span {
        Span((span.0 / i64::from(self.0)).max(1))
    }

    /// The programme with every span in it divided.
    pub(super) fn programme(self, programme: &Programme) -> Programme {
        let mut quick = programme.clone();
        for expression in quick.segments.values_mut() {
            *expression = self.expression(expression);
        }
        for journey in quick.journeys.values_mut() {
            self.journey(journey);
        }
        quick
    }

    fn journey(self, journey: &mut Journey) {
        if matches!(Enter::parse(&journey.enter), Ok(Enter::Event(_) | Enter::Truth(_))) {
            journey.enter = self.expression(&journey.enter);
        }
        journey.audience = journey.audience.as_deref().map(|audience| self.expression(audience));
        journey.exit = journey.exit.as_deref().map(|exit| self.expression(exit));
        if let Reenter::After(span) = &mut journey.reenter {
            *span = self.span(*span);
        }
        if let Some(goal) = &mut journey.goal {
            goal.did = self.expression(&goal.did);
            goal.within = self.span(goal.within);
        }
        self.steps(&mut journey.steps);
    }

    fn steps(self, steps: &mut [Step]) {
        for step in steps {
            match step {
                Step::Wait(span) => *span = self.span(*span),
                Step::WaitUntil { until, at_most } => {
                    *until = self.expression(until);
                    *at_most = self.span(*at_most);
                }
                Step::Branch(arms) => {
                    for Arm { when, then } in arms {
                        *when = when.as_deref().map(|when| self.expression(when));
                        self.steps(then);
                    }
                }
                Step::Webhook(asked) => {
                    asked.at_most = self.span(asked.at_most);
                    self.steps(&mut asked.otherwise);
                }
                Step::Split { ways, .. } => ways.iter_mut().for_each(|way| self.steps(&mut way.then)),
                Step::Named { step, .. } => self.steps(std::slice::from_mut(&mut **step)),
                // Dates and times of day come when they come.
                Step::WaitDate(_)
                | Step::WaitLocal { .. }
                | Step::Send { .. }
                | Step::Update(_)
                | Step::Start(_)
                | Step::Offer(_)
                | Step::Exit => {}
            }
        }
    }

    /// An expression with every span in it divided: outside quotes, a number before a unit of time is nothing else.
    fn expression(self, text: &str) -> String {
        let mut quick = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' | '\'' => quoted(rest, first),
                '0'..='9' => {
                    if let Some((span, length)) = span(rest) {
                        quick.push_str(&self.span(span).to_string());
                        rest = &rest[length..];
                        continue;
                    }
                    word(rest)
                }
                letter if letter.is_alphanumeric() => word(rest),
                other => other.len_utf8(),
            };
            quick.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        quick
    }
}

/// Length of the quoted text at the beginning.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

/// Length of the word or number at the beginning.
fn word(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && !"_.$-".contains(letter)).unwrap_or(text.len())
}

/// The span at the beginning, such as `3 days`, and its length.
fn span(text: &str) -> Option<(Span, usize)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '_')?;
    let count = text[..digits].replace('_', "").parse().ok()?;
    let after = text[digits..].trim_start();
    let unit = Span::unit(&after[..word(after)])?;
    Some((unit.times(count), text.len() - after.len() + word(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_of_an_expression_is_divided_and_nothing_else() {
        let pace = Pace::new(240);
        let rows = [
            ("did \"Order Completed\" within 1 hour", "did \"Order Completed\" within 15 seconds"),
            (
                "did \"A\" (total > 50) at least 2 times within 30 days",
                "did \"A\" (total > 50) at least 2 times within 3 hours",
            ),
            (
                "did \"in 2 days\" and trait.\u{e8} = 'it\\'s 1 day'",
                "did \"in 2 days\" and trait.\u{e8} = 'it\\'s 1 day'",
            ),
            ("first seen within 7days", "first seen within 42 minutes"),
            (
                "did \"A\" with sum(total) > 500 within 1 week",
                "did \"A\" with sum(total) > 500 within 42 minutes",
            ),
            ("trait.age_3 >= 18", "trait.age_3 >= 18"),
            ("not did \"A\" within 30 seconds", "not did \"A\" within 125 milliseconds"),
        ];
        for (slow, quick) in rows {
            assert_eq!(pace.expression(slow), quick);
        }
        assert_eq!(Pace::new(1).expression("did \"A\" within 90 minutes"), "did \"A\" within 90 minutes");
    }

    #[test]
    fn every_span_of_a_journey_is_divided() {
        let goal = engine::programme::Goal { did: "did \"B\" within 4 hours".to_owned(), within: Span::DAY };
        let wait = Step::WaitUntil { until: "did \"C\" within 4 hours".to_owned(), at_most: Span::HOUR };
        let arm =
            Arm { when: Some("first seen within 4 hours".to_owned()), then: vec![Step::Wait(Span::HOUR)] };
        let journey = Journey {
            enter: "did \"A\" within 4 hours".to_owned(),
            exit: Some("did \"D\" within 4 hours".to_owned()),
            reenter: Reenter::After(Span::HOUR),
            goal: Some(goal),
            steps: vec![wait, Step::Branch(vec![arm]), Step::Exit],
            ..Journey::default()
        };
        let slow = Programme { journeys: [("j".to_owned(), journey)].into(), ..Programme::default() };
        let quick = serde_json::to_string(&Pace::new(3_600).programme(&slow)).expect("plain JSON");
        assert!(!quick.contains("hours") && !quick.contains("3600000"), "{quick}");
        assert_eq!(quick.matches("4 seconds").count(), 5, "{quick}");
        assert_eq!(quick.matches(":1000").count(), 3, "{quick}");
        assert!(quick.contains("24000"), "{quick}");
    }
}
