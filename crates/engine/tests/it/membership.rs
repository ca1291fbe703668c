//! Exactness: at every instant, membership equals a naive evaluation of the expression over the whole history.

use crate::story::{Story, programme};
use engine::at::{At, Span};
use engine::identifier::IdentifierKind;
use engine::segment::{
    Aggregate, Comparison, Did, Expression, Filter, Literal, Quantity, Test, Window, parse,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const SEGMENTS: &[(&str, &str)] = &[
    ("bought", r#"did "A""#),
    ("twice in a day", r#"did "A" at least 2 times within 1 day"#),
    ("at most once", r#"did "A" at most 1 times within 6 hours"#),
    ("exactly two", r#"did "B" exactly 2 times within 2 days"#),
    ("big", r#"did "A" (n > 5) within 12 hours"#),
    ("spent", r#"did "A" with sum(n) > 9 within 1 day"#),
    ("average", r#"did "B" with avg(n) >= 5 within 3 days"#),
    ("least", r#"did "B" with min(n) <= 2 within 1 day"#),
    ("lapsed", r#"did "A" and not did "A" within 1 day"#),
    ("either", r#"did "A" within 1 hour or did "B" within 2 hours"#),
    ("new", r#"first seen within 1 day"#),
    ("quiet", r#"not last seen within 5 hours"#),
    ("red", r#"trait.colour = "red" and did "B" within 1 day"#),
    ("nested", r#"in segment "big" or not in segment "either""#),
    ("deeper", r#"not in segment "nested" and in segment "new""#),
];

#[derive(Clone, Debug)]
enum Deed {
    Track { person: usize, name: &'static str, minutes_ago: i64, n: i64 },
    Identify { person: usize, colour: &'static str },
    Wait { minutes: i64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..3usize, prop_oneof![Just("A"), Just("B")], prop_oneof![Just(0i64), 0..3_000i64], 0..10i64)
            .prop_map(|(person, name, minutes_ago, n)| Deed::Track { person, name, minutes_ago, n }),
        1 => (0..3usize, prop_oneof![Just("red"), Just("blue")])
            .prop_map(|(person, colour)| Deed::Identify { person, colour }),
        3 => prop_oneof![0..90i64, 0..3_000i64].prop_map(|minutes| Deed::Wait { minutes }),
    ]
}

/// A person as plain lists: everything ever said about them.
#[derive(Default)]
struct Person {
    events: Vec<(At, &'static str, i64)>,
    colour: Option<&'static str>,
    seen: Vec<At>,
}

impl Person {
    fn matches(&self, expression: &Expression, now: At) -> bool {
        let inside = |at: At, span: Span| at > now.minus(span) && at <= now;
        match expression {
            Expression::And(parts) => parts.iter().all(|part| self.matches(part, now)),
            Expression::Or(parts) => parts.iter().any(|part| self.matches(part, now)),
            Expression::Not(inner) => !self.matches(inner, now),
            Expression::InSegment(name) => {
                let (_, text) = SEGMENTS.iter().find(|(known, _)| known == name).unwrap();
                self.matches(&parse::parse(text).unwrap(), now)
            }
            Expression::FirstSeen(Window::Within(span)) => {
                self.seen.iter().min().is_some_and(|at| inside(*at, *span))
            }
            Expression::LastSeen(Window::Within(span)) => {
                self.seen.iter().max().is_some_and(|at| inside(*at, *span))
            }
            Expression::Trait(Filter {
                test: Test::Compare(Comparison::Equal, Literal::Text(text)), ..
            }) => self.colour == Some(text.as_str()),
            Expression::Did(did) => self.did(did, now),
            other => unreachable!("not in the list above: {other:?}"),
        }
    }

    fn did(&self, did: &Did, now: At) -> bool {
        let inside = |at: At| match &did.window {
            None => true,
            Some(Window::Within(span)) => at > now.minus(*span) && at <= now,
            Some(other) => unreachable!("not in the list above: {other:?}"),
        };
        let counted: Vec<i64> = self
            .events
            .iter()
            .filter(|(at, name, _)| *name == did.deed.event && inside(*at))
            .map(|(_, _, n)| *n)
            .filter(|n| {
                did.deed.filters.iter().all(|filter| match &filter.test {
                    Test::Compare(comparison, Literal::Number(bound)) => {
                        comparison.holds((n * 1_000_000).cmp(bound))
                    }
                    other => unreachable!("not in the list above: {other:?}"),
                })
            })
            .collect();
        let count = counted.len() as u32;
        match &did.quantity {
            Quantity::AtLeast(least) => count >= *least,
            Quantity::AtMost(most) => count <= *most,
            Quantity::Exactly(exactly) => count == *exactly,
            Quantity::Aggregate { aggregate, comparison, millionths, .. } => {
                let bound = *millionths as f64 / 1_000_000.0;
                let figure = match aggregate {
                    _ if counted.is_empty() => return false,
                    Aggregate::Sum => counted.iter().sum::<i64>() as f64,
                    Aggregate::Average => counted.iter().sum::<i64>() as f64 / f64::from(count),
                    Aggregate::Least => *counted.iter().min().unwrap() as f64,
                    Aggregate::Greatest => *counted.iter().max().unwrap() as f64,
                };
                comparison.holds(figure.partial_cmp(&bound).unwrap())
            }
        }
    }
}

const NAMES: [&str; 3] = ["ada", "bob", "cleo"];

struct World {
    story: Story,
    people: [Person; 3],
}

impl World {
    fn tell(&mut self, deed: &Deed) {
        let now = self.story.now();
        match deed {
            Deed::Track { person, name, minutes_ago, n } => {
                let at = now.minus(Span::MINUTE.times(*minutes_ago));
                self.people[*person].events.push((at, name, *n));
                self.people[*person].seen.push(at);
                self.story.track(NAMES[*person], name, at, &json!({ "n": n }));
            }
            Deed::Identify { person, colour } => {
                self.people[*person].colour = Some(colour);
                self.people[*person].seen.push(now);
                self.story.identify(NAMES[*person], &json!({ "colour": colour }));
            }
            Deed::Wait { minutes } => self.story.wait_until(now.plus(Span::MINUTE.times(*minutes))),
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        for (name, text) in SEGMENTS {
            let expression = parse::parse(text).unwrap();
            let mut count = 0;
            for (number, person) in
                self.people.iter().enumerate().filter(|(_, person)| !person.seen.is_empty())
            {
                let expected = person.matches(&expression, self.story.now());
                count += u64::from(expected);
                let id = self.story.engine.find(IdentifierKind::UserId, NAMES[number]).unwrap();
                let member = self.story.engine.memberships(id).contains(name);
                prop_assert_eq!(member, expected, "{} in \"{}\" ({})", NAMES[number], name, text);
            }
            prop_assert_eq!(self.story.engine.segment(name).unwrap().count, count, "count of {}", name);
            let preview = self.story.preview(text).unwrap();
            prop_assert_eq!(preview.count, count, "preview of {}", name);
        }
        Ok(())
    }
}

fn all_segments() -> engine::programme::Programme {
    let mut programme = programme();
    programme.segments =
        SEGMENTS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    programme
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn membership_is_exact_at_every_instant(deeds in proptest::collection::vec(deed(), 1..40)) {
        let mut world = World { story: Story::with_segments(SEGMENTS), people: Default::default() };
        for deed in &deeds {
            world.tell(deed);
            world.check()?;
        }
    }

    #[test]
    fn a_programme_applied_later_finds_the_same_members(
        deeds in proptest::collection::vec(deed(), 1..40),
        before in 0..40usize,
    ) {
        let mut world = World { story: Story::new(), people: Default::default() };
        world.story.apply_programme(&programme());
        for (number, deed) in deeds.iter().enumerate() {
            if number == before.min(deeds.len() - 1) {
                world.story.apply_programme(&all_segments());
            }
            world.tell(deed);
        }
        world.check()?;
    }
}

#[test]
fn a_window_ends_at_its_edge_and_not_a_moment_later() {
    let mut story = Story::with_segments(&[("fresh", r#"did "A" within 1 hour"#)]);
    let bought = story.now();
    story.track("ada", "A", bought, &Json::Object(Default::default()));
    let count = |story: &Story| story.engine.segment("fresh").unwrap().count;
    story.wait_until(At(bought.0 + 3_599_999));
    assert_eq!(count(&story), 1);
    story.wait_until(At(bought.0 + 3_600_000));
    assert_eq!(count(&story), 0, "the window is half open: (now - 1 hour, now]");
}
