//! Random expressions: every construct of the language, with texts and numbers at their edges.

use engine::at::{At, Span};
use engine::offer::OfferPhase;
use engine::programme::Channel;
use engine::segment::date::Date;
use engine::segment::{
    Aggregate, Comparison, DayTest, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Rank, RankEnd,
    Score, ScoreOf, Sequence, Test, Then, Window,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// An expression as a journey's rule may say it.
pub(crate) fn expression() -> impl Strategy<Value = Expression> {
    condition().prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}

fn condition() -> impl Strategy<Value = Expression> {
    let channel = || select(Channel::ALL.to_vec());
    prop_oneof![
        4 => (deed(), quantity(), option::of(window()))
            .prop_map(|(deed, quantity, window)| Expression::Did(Did { deed, quantity, window })),
        3 => sequence().prop_map(Expression::Sequence),
        4 => filter().prop_map(Expression::Trait),
        1 => name().prop_map(Expression::InSegment),
        1 => (name(), option::of(channel()))
            .prop_map(|(purpose, channel)| Expression::ConsentedTo { purpose, channel }),
        1 => channel().prop_map(Expression::ReachableBy),
        1 => (name(), select(OfferPhase::ALL.to_vec()))
            .prop_map(|(name, phase)| Expression::Offer { name, phase }),
        1 => window().prop_map(Expression::FirstSeen),
        1 => window().prop_map(Expression::LastSeen),
        1 => (select(ScoreOf::ALL.to_vec()), comparison(), 1..=5u8)
            .prop_map(|(of, comparison, score)| Expression::Score(Score { of, comparison, score })),
        2 => (select(RankEnd::ALL.to_vec()), 1..10_000u16, figure())
            .prop_map(|(end, share_permyriad, by)| Expression::Rank(Rank { end, share_permyriad, by })),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    (name(), vec(filter(), 0..3)).prop_map(|(event, filters)| Deed { event, filters })
}

fn sequence() -> impl Strategy<Value = Sequence> {
    let then = || (deed(), option::of(span())).prop_map(|(deed, within)| Then { deed, within });
    let parts = (deed(), option::of(window()), vec(then(), 0..3), option::of(then()), then());
    parts.prop_map(|(first, window, then, then_not, at_least)| match (then.is_empty(), &then_not) {
        (true, None) => Sequence { first, window, then: vec![at_least], then_not },
        _ => Sequence { first, window, then, then_not },
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let count = || prop_oneof![0..4u32, Just(u32::MAX)];
    prop_oneof![
        count().prop_map(Quantity::AtLeast),
        count().prop_map(Quantity::AtMost),
        count().prop_map(Quantity::Exactly),
        (aggregate(), path(), comparison(), number()).prop_map(
            |(aggregate, path, comparison, millionths)| Quantity::Aggregate {
                aggregate,
                path,
                comparison,
                millionths
            }
        ),
    ]
}

fn figure() -> impl Strategy<Value = Figure> {
    let window = option::of(window().prop_filter("ranks are of one time", |one| *one != Window::SinceEntry));
    (option::of((aggregate(), path())), deed(), window).prop_map(|(aggregate, deed, window)| Figure {
        aggregate,
        deed,
        window,
    })
}

fn window() -> impl Strategy<Value = Window> {
    let ordered = |(one, two): (i32, i32), date: fn(i32) -> Date| {
        Window::Between(date(one.min(two)), date(one.max(two).max(one.min(two) + 1)))
    };
    let days = || (0..30_000i32, 0..30_000i32);
    prop_oneof![
        2 => span().prop_map(Window::Within),
        1 => date().prop_map(Window::Since),
        1 => date().prop_map(Window::Before),
        1 => days().prop_map(move |pair| ordered(pair, |days| Date::Day(day(days)))),
        1 => days().prop_map(move |pair| ordered(pair, |days| Date::Instant(At(i64::from(days) * 86_400_123)))),
        1 => days().prop_map(|(from, to)| Window::Between(Date::Day(day(from)), Date::Instant(At(i64::from(to))))),
        1 => Just(Window::SinceEntry),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    (path(), test()).prop_map(|(path, test)| Filter { path, test })
}

fn test() -> impl Strategy<Value = Test> {
    let days = || prop_oneof![1..10u32, Just(36_525)];
    let day_test = prop_oneof![
        date().prop_map(DayTest::Before),
        date().prop_map(DayTest::After),
        (0..30_000i32).prop_map(|days| DayTest::On(day(days))),
        days().prop_map(|days| DayTest::InTheNext { days }),
        days().prop_map(|days| DayTest::InTheLast { days }),
        days().prop_map(|days| DayTest::AnniversaryInTheNext { days }),
    ];
    prop_oneof![
        4 => (comparison(), literal()).prop_map(|(comparison, literal)| Test::Compare(comparison, literal)),
        1 => vec(literal(), 0..3).prop_map(Test::In),
        1 => literal().prop_map(Test::Contains),
        1 => text().prop_map(Test::StartsWith),
        1 => text().prop_map(Test::EndsWith),
        1 => Just(Test::Exists),
        3 => day_test.prop_map(Test::Day),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        number().prop_map(Literal::Number),
        text().prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Bool),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    select(Comparison::ALL.to_vec())
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    select(Aggregate::ALL.to_vec())
}

/// Millionths: small ones, money, and what no double holds.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        -5_000_000..5_000_000i64,
        (-100_000..100_000i64).prop_map(|cents| cents * 10_000),
        (-1_000..1_000i64).prop_map(|whole| whole * 1_000_000),
        -i64::MAX..=i64::MAX,
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let units = [Span::SECOND, Span::MINUTE, Span::HOUR, Span::DAY, Span::DAY.times(7)];
    prop_oneof![
        (select(units.to_vec()), 1..100i64).prop_map(|(unit, count)| unit.times(count)),
        Just(Span::DAY.times(36_525)),
        Just(Span(Span::DAY.times(36_525).0 - 1_000)),
    ]
}

fn date() -> impl Strategy<Value = Date> {
    prop_oneof![
        (-700_000..2_900_000i32).prop_map(|days| Date::Day(day(days))),
        (-62_167_219_200_000..250_000_000_000_000i64).prop_map(|ms| Date::Instant(At(ms))),
        (0..2_000_000_000i64).prop_map(|seconds| Date::Instant(At(seconds * 1_000))),
    ]
}

/// A day by its distance from 1970.
fn day(days: i32) -> jiff::civil::Date {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(days))
        .expect("between the years 0 and 9999")
}

/// Names that are words of the language, and texts that try to end themselves.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[A-Z][a-z]{1,5}( [A-Z][a-z]{1,5})?",
        1 => select(vec!["and", "not", "since entry", "\"", "\\", "\\\"", "it's", "a) or (b", "è", "🎁", "x\ny"])
            .prop_map(str::to_owned),
        1 => "\\PC{1,8}".prop_filter("a name is not empty", |name| !name.trim().is_empty()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => name(), 1 => Just(String::new()), 1 => Just(" ".to_owned())]
}

fn path() -> impl Strategy<Value = Vec<String>> {
    let step = prop_oneof![
        3 => "[a-z_$][a-z0-9_$-]{0,6}",
        1 => select(vec!["in", "exists", "true", "2nd", "-", "first name", "\"", "città", "then", "%"])
            .prop_map(str::to_owned),
        1 => "\\PC{1,4}".prop_map(|step| step.replace('.', "_")),
    ];
    vec(step, 1..4)
}
