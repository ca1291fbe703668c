//! The segments of the simulated programmes: each an expression for the engine and for the naive evaluation of
//! everything that a person ever did, and some of them as plain code besides.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use engine::at::{At, Span};
use engine::programme::timezone;
use engine::record::CutoffsStated;
use engine::segment::parse::parse;
use engine::segment::{Expression, ScoreOf};

use super::people::{Happening, Person};
use crate::naive::{self, CutOffs, Moment, ScoreCutOffs};

pub(crate) struct Segment {
    pub(crate) name: &'static str,
    pub(crate) expression: &'static str,
    /// Other definitions mention it, so every programme has it.
    pub(crate) is_base: bool,
    by_hand: Option<fn(&Person, At) -> bool>,
}

/// The time zone of the simulated programmes.
pub(crate) const TIMEZONE: &str = "Europe/Rome";

static TREES: LazyLock<BTreeMap<String, Expression>> = LazyLock::new(|| {
    let tree = |segment: &Segment| (segment.name.to_owned(), parse(segment.expression).expect("it is one"));
    SEGMENTS.iter().map(tree).collect()
});

/// What a record states, for a naive evaluation of the segments.
pub(crate) fn cut_offs(stated: &CutoffsStated<'_>) -> CutOffs {
    let value = |share: String| stated.cutoffs.iter().find(|cutoff| cutoff.share == share)?.value;
    let ranks = TREES.values().filter_map(|tree| match tree {
        Expression::Rank(rank) => Some((rank.clone(), value(tree.to_string())?)),
        _ => None,
    });
    let mut scores = ScoreCutOffs {
        purchase: ORDER.to_owned(),
        amount: vec!["total".to_owned()],
        ..ScoreCutOffs::default()
    };
    for (of, figure) in [
        (ScoreOf::Recency, format!("newest of \"{ORDER}\"")),
        (ScoreOf::Frequency, format!("count of \"{ORDER}\"")),
        (ScoreOf::Monetary, format!("sum(total) of \"{ORDER}\"")),
    ] {
        let steps = [80, 60, 40, 20].map(|percent| value(format!("top {percent}% by {figure}")));
        let known: Vec<i128> = steps.into_iter().flatten().collect();
        *scores.of(of) = known.try_into().ok();
    }
    CutOffs { scores: Some(scores), ranks: ranks.collect() }
}

/// The instant of a comparison, with every segment read.
pub(crate) fn moment(now: At, cut_offs: &CutOffs) -> Moment {
    let mut moment = Moment::new(now, timezone(TIMEZONE).expect("a bundled zone"));
    moment.segments = TREES.clone();
    moment.cut_offs = cut_offs.clone();
    moment
}

impl Segment {
    /// Whether a person is in it now, by each of the ways in which that is known.
    pub(crate) fn opinions(&self, person: &Person, told: &naive::Person, moment: &Moment) -> Vec<bool> {
        let naive = naive::holds(&moment.segments[self.name], told, moment);
        let by_hand = self.by_hand.map(|holds| holds(person, moment.now));
        by_hand.into_iter().chain([naive]).collect()
    }
}

const ORDER: &str = "Order Completed";
const PAGE: &str = "Page Viewed";

pub(crate) const SEGMENTS: [Segment; 23] = [
    Segment {
        name: "buyers",
        expression: "did \"Order Completed\" at least 2 times within 30 days",
        is_base: true,
        by_hand: Some(is_buyer),
    },
    Segment { name: "pro", expression: "trait.plan = \"pro\"", is_base: true, by_hand: Some(is_pro) },
    Segment {
        name: "lapsed",
        expression: "did \"Page Viewed\" and not did \"Page Viewed\" within 7 days",
        is_base: true,
        by_hand: Some(|person, now| {
            count(person, PAGE, None, now) > 0 && count(person, PAGE, Some(Span::DAY.times(7)), now) == 0
        }),
    },
    Segment {
        name: "big",
        expression: "did \"Order Completed\" with sum(total) > 300 within 60 days",
        is_base: false,
        by_hand: Some(|person, now| {
            let totals = totals(person, Span::DAY.times(60), now);
            !totals.is_empty() && totals.iter().sum::<i64>() > 300_000_000
        }),
    },
    Segment {
        name: "generous",
        expression: "did \"Order Completed\" with avg(total) >= 100 within 20 days",
        is_base: false,
        by_hand: Some(|person, now| {
            let totals = totals(person, Span::DAY.times(20), now);
            !totals.is_empty() && totals.iter().sum::<i64>() >= 100_000_000 * totals.len() as i64
        }),
    },
    Segment {
        name: "thrifty",
        expression: "did \"Order Completed\" (total > 150, currency = \"EUR\") at most 1 times within 10 days",
        is_base: false,
        by_hand: Some(|person, now| {
            let dear = within(person, ORDER, Some(Span::DAY.times(10)), now).filter(|order| {
                order.total.is_some_and(|total| total > 150_000_000)
                    && order.currency.as_deref() == Some("EUR")
            });
            dear.count() <= 1
        }),
    },
    Segment {
        name: "left behind",
        expression: "did \"Product Added\" within 3 days and not did \"Order Completed\" within 1 hour",
        is_base: false,
        by_hand: Some(|person, now| {
            count(person, "Product Added", Some(Span::DAY.times(3)), now) > 0
                && count(person, ORDER, Some(Span::HOUR), now) == 0
        }),
    },
    Segment {
        name: "thrice",
        expression: "did \"Page Viewed\" exactly 3 times within 1 day",
        is_base: false,
        by_hand: Some(|person, now| count(person, PAGE, Some(Span::DAY), now) == 3),
    },
    Segment {
        name: "clickers",
        expression: "did \"Message Clicked\" within 2 days or did \"Message Unsubscribed\"",
        is_base: false,
        by_hand: Some(|person, now| {
            count(person, "Message Clicked", Some(Span::DAY.times(2)), now) > 0
                || count(person, "Message Unsubscribed", None, now) > 0
        }),
    },
    Segment {
        name: "new",
        expression: "first seen within 7 days",
        is_base: false,
        by_hand: Some(|person, now| second(person.first_seen()) > now.minus(Span::DAY.times(7))),
    },
    Segment {
        name: "plain buyers",
        expression: "in segment \"buyers\" and not in segment \"pro\"",
        is_base: false,
        by_hand: Some(|person, now| is_buyer(person, now) && !is_pro(person, now)),
    },
    Segment {
        name: "gave up",
        expression: r#"did "Product Added" within 5 days then not "Order Completed" within 1 day"#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "came round",
        expression: r#"did "Page Viewed" then "Product Added" within 6 hours then "Order Completed" (total > 50) within 2 days"#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "hesitant",
        expression: r#"did "Product Added" then "Product Added" within 1 hour then not "Order Completed""#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "autumn",
        expression: r#"did "Order Completed" at least 2 times between "2026-09-25" and "2026-10-10""#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "late comers",
        expression: r#"did "Page Viewed" since "2026-10-01" and not did "Order Completed" since "2026-10-25""#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "early birds",
        expression: r#"last seen before "2026-10-05T12:00:00Z" or first seen before "2026-09-23""#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "renewing",
        expression: r#"trait.renewal in the next 7 days and not trait.renewal in the last 2 days"#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "birthday",
        expression: r#"trait.born anniversary in the next 7 days"#,
        is_base: true,
        by_hand: None,
    },
    Segment {
        name: "best",
        expression: r#"top 25% by sum(total) of "Order Completed" within 20 days"#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "quiet",
        expression: r#"bottom 50% by count of "Page Viewed""#,
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "champions",
        expression: "rfm.recency >= 4 and rfm.frequency != 1 or rfm.monetary = 5",
        is_base: false,
        by_hand: None,
    },
    Segment {
        name: "of age",
        expression: r#"trait.born before "2008-10-01" or in segment "birthday""#,
        is_base: false,
        by_hand: None,
    },
];

fn is_buyer(person: &Person, now: At) -> bool {
    count(person, ORDER, Some(Span::DAY.times(30)), now) >= 2
}

fn is_pro(person: &Person, _: At) -> bool {
    person.trait_value("plan").is_some_and(|plan| plan == "pro")
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
