//! The segments of the simulated programmes, each as an expression for the engine and as plain code that looks at
//! everything a person ever did.

use engine::at::{At, Span};

use super::people::{Happening, Person};

pub(crate) struct Segment {
    pub(crate) name: &'static str,
    pub(crate) expression: &'static str,
    /// Other definitions mention it, so every programme has it.
    pub(crate) is_base: bool,
    pub(crate) holds: fn(&Person, At) -> bool,
}

const ORDER: &str = "Order Completed";
const PAGE: &str = "Page Viewed";

pub(crate) const SEGMENTS: [Segment; 11] = [
    Segment {
        name: "buyers",
        expression: "did \"Order Completed\" at least 2 times within 30 days",
        is_base: true,
        holds: is_buyer,
    },
    Segment { name: "pro", expression: "trait.plan = \"pro\"", is_base: true, holds: is_pro },
    Segment {
        name: "lapsed",
        expression: "did \"Page Viewed\" and not did \"Page Viewed\" within 7 days",
        is_base: true,
        holds: |person, now| {
            count(person, PAGE, None, now) > 0 && count(person, PAGE, Some(Span::DAY.times(7)), now) == 0
        },
    },
    Segment {
        name: "big",
        expression: "did \"Order Completed\" with sum(total) > 300 within 60 days",
        is_base: false,
        holds: |person, now| {
            let totals = totals(person, Span::DAY.times(60), now);
            !totals.is_empty() && totals.iter().sum::<i64>() > 300_000_000
        },
    },
    Segment {
        name: "generous",
        expression: "did \"Order Completed\" with avg(total) >= 100 within 20 days",
        is_base: false,
        holds: |person, now| {
            let totals = totals(person, Span::DAY.times(20), now);
            !totals.is_empty() && totals.iter().sum::<i64>() >= 100_000_000 * totals.len() as i64
        },
    },
    Segment {
        name: "thrifty",
        expression: "did \"Order Completed\" (total > 150, currency = \"EUR\") at most 1 times within 10 days",
        is_base: false,
        holds: |person, now| {
            let dear = within(person, ORDER, Some(Span::DAY.times(10)), now).filter(|order| {
                order.total.is_some_and(|total| total > 150_000_000)
                    && order.currency.as_deref() == Some("EUR")
            });
            dear.count() <= 1
        },
    },
    Segment {
        name: "left behind",
        expression: "did \"Product Added\" within 3 days and not did \"Order Completed\" within 1 hour",
        is_base: false,
        holds: |person, now| {
            count(person, "Product Added", Some(Span::DAY.times(3)), now) > 0
                && count(person, ORDER, Some(Span::HOUR), now) == 0
        },
    },
    Segment {
        name: "thrice",
        expression: "did \"Page Viewed\" exactly 3 times within 1 day",
        is_base: false,
        holds: |person, now| count(person, PAGE, Some(Span::DAY), now) == 3,
    },
    Segment {
        name: "clickers",
        expression: "did \"Message Clicked\" within 2 days or did \"Message Unsubscribed\"",
        is_base: false,
        holds: |person, now| {
            count(person, "Message Clicked", Some(Span::DAY.times(2)), now) > 0
                || count(person, "Message Unsubscribed", None, now) > 0
        },
    },
    Segment {
        name: "new",
        expression: "first seen within 7 days",
        is_base: false,
        holds: |person, now| second(person.first_seen) > now.minus(Span::DAY.times(7)),
    },
    Segment {
        name: "plain buyers",
        expression: "in segment \"buyers\" and not in segment \"pro\"",
        is_base: false,
        holds: |person, now| is_buyer(person, now) && !is_pro(person, now),
    },
];

fn is_buyer(person: &Person, now: At) -> bool {
    count(person, ORDER, Some(Span::DAY.times(30)), now) >= 2
}

fn is_pro(person: &Person, _: At) -> bool {
    person.plan.as_ref().is_some_and(|(_, plan)| plan == "pro")
}

fn count(person: &Person, name: &str, span: Option<Span>, now: At) -> usize {
    within(person, name, span, now).count()
}

fn totals(person: &Person, span: Span, now: At) -> Vec<i64> {
    within(person, ORDER, Some(span), now).filter_map(|order| order.total).collect()
}

/// Windows count in whole seconds.
fn second(at: At) -> At {
    At(at.0.div_euclid(1_000) * 1_000)
}

/// What happened after `now - span` and not after `now`.
fn within<'a>(
    person: &'a Person,
    name: &str,
    span: Option<Span>,
    now: At,
) -> impl Iterator<Item = &'a Happening> {
    let name = name.to_owned();
    let in_window = move |at: At| at <= now && span.is_none_or(|span| at > now.minus(span));
    person.happenings.iter().filter(move |one| one.name == name && in_window(second(one.at)))
}
