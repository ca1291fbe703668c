//! Random expressions of everything that is evaluated, over few names and few lengths of time, so that conditions meet.

use engine::at::{At, Span};
use engine::programme::Channel;
use engine::segment::date::Date;
use engine::segment::{
    Aggregate, Comparison, DayTest, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Rank, RankEnd,
    Score, ScoreOf, Sequence, Test, Then, Window,
};
use jiff::civil;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::words::{Conditions, Words};

pub(super) const PURPOSES: [&str; 2] = ["news", "offers"];

/// An expression that shows itself as text.
#[derive(Clone)]
pub(super) struct Said(pub(super) Expression);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The segments of a programme: each may be built on those before it.
pub(super) fn segments(words: Words) -> impl Strategy<Value = Vec<Said>> {
    // One alone has the timers for itself.
    prop_oneof![expressions(words, 1..2), expressions(words, 1..7)].prop_map(|mut segments| {
        for (place, segment) in segments.iter_mut().enumerate() {
            segment.0 = built_on(segment.0.clone(), place);
        }
        segments
    })
}

pub(super) fn segment_name(number: usize) -> String {
    format!("s{number}")
}

/// The expression with its segments among the first few; without a segment where there is none.
pub(super) fn built_on(expression: Expression, known: usize) -> Expression {
    let each = |parts: Vec<Expression>| parts.into_iter().map(|part| built_on(part, known)).collect();
    match expression {
        Expression::And(parts) => Expression::And(each(parts)),
        Expression::Or(parts) => Expression::Or(each(parts)),
        Expression::Not(inner) => Expression::Not(Box::new(built_on(*inner, known))),
        Expression::InSegment(_) if known == 0 => Expression::ReachableBy(Channel::Email),
        Expression::InSegment(name) => {
            let number: usize = name.parse().expect("a segment is drawn by its number");
            Expression::InSegment(segment_name(number % known))
        }
        condition => condition,
    }
}

pub(super) fn expressions(words: Words, count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Said>> {
    vec(expression(words), count).prop_map(|trees| trees.into_iter().map(Said).collect())
}

pub(super) fn expression(words: Words) -> impl Strategy<Value = Expression> {
    condition(words).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}

/// Any of what is drawn at all.
pub(super) fn weighted<T: std::fmt::Debug>(
    options: Vec<(u32, BoxedStrategy<T>)>,
) -> impl Strategy<Value = T> {
    Union::new_weighted(options.into_iter().filter(|(weight, _)| *weight > 0).collect())
}

fn condition(words: Words) -> impl Strategy<Value = Expression> {
    let often = words.conditions;
    let did = (deed(words), quantity(), option::of(window(words)));
    let consent = (select(PURPOSES.to_vec()), option::of(channel()));
    weighted(vec![
        (
            often.did,
            did.prop_map(|(deed, quantity, window)| Expression::Did(Did { deed, quantity, window })).boxed(),
        ),
        (often.sequence, sequence(words).prop_map(Expression::Sequence).boxed()),
        (often.traits, trait_test(words).prop_map(Expression::Trait).boxed()),
        (often.day, day_test(words).prop_map(Expression::Trait).boxed()),
        (often.segment, (0..7usize).prop_map(|number| Expression::InSegment(number.to_string())).boxed()),
        (
            often.consent,
            consent
                .prop_map(|(purpose, channel)| Expression::ConsentedTo {
                    purpose: purpose.to_owned(),
                    channel,
                })
                .boxed(),
        ),
        (often.reachable, channel().prop_map(Expression::ReachableBy).boxed()),
        (often.ranks, score().prop_map(Expression::Score).boxed()),
        (often.ranks, rank(words).prop_map(Expression::Rank).boxed()),
        (often.seen, window(words).prop_map(Expression::FirstSeen).boxed()),
        (often.seen, window(words).prop_map(Expression::LastSeen).boxed()),
    ])
}

fn score() -> impl Strategy<Value = Score> {
    let parts = (select(ScoreOf::ALL.to_vec()), comparison(), 1..=5u8);
    parts.prop_map(|(of, comparison, score)| Score { of, comparison, score })
}

fn rank(words: Words) -> impl Strategy<Value = Rank> {
    // Everybody is ranked by the same time.
    let conditions = Conditions { entry_percent: 0, ..words.conditions };
    let aggregate = option::of((select(Aggregate::ALL.to_vec()), number_path()));
    let figure = (aggregate, deed(words), option::of(window(Words { conditions, ..words })))
        .prop_map(|(aggregate, deed, window)| Figure { aggregate, deed, window });
    let share = select(vec![1, 1_000, 2_500, 3_333, 5_000, 6_667, 9_999]);
    let parts = (select(RankEnd::ALL.to_vec()), share, figure);
    parts.prop_map(|(end, share_permyriad, by)| Rank { end, share_permyriad, by })
}

fn deed(words: Words) -> impl Strategy<Value = Deed> {
    let percent = words.conditions.filters_percent;
    let filters = weighted(vec![
        (100 - percent, Just(Vec::new()).boxed()),
        (percent, vec(property_test(words), 1..3).boxed()),
    ]);
    (event(words), filters).prop_map(|(event, filters)| Deed { event, filters })
}

pub(super) fn event(words: Words) -> impl Strategy<Value = String> {
    select(words.events).prop_map(str::to_owned)
}

fn sequence(words: Words) -> impl Strategy<Value = Sequence> {
    let then =
        move || (deed(words), option::of(span(words))).prop_map(|(deed, within)| Then { deed, within });
    let parts = (deed(words), option::of(window(words)), vec(then(), 0..3), option::of(then()), then());
    parts.prop_map(|(first, window, then, then_not, at_least)| match (then.is_empty(), &then_not) {
        (true, None) => Sequence { first, window, then: vec![at_least], then_not },
        _ => Sequence { first, window, then, then_not },
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        3 => (0..4u32).prop_map(Quantity::AtLeast),
        2 => (0..3u32).prop_map(Quantity::AtMost),
        1 => (0..3u32).prop_map(Quantity::Exactly),
        2 => (select(Aggregate::ALL.to_vec()), number_path(), comparison(), number()).prop_map(
            |(aggregate, path, comparison, millionths)| Quantity::Aggregate {
                aggregate,
                path,
                comparison,
                millionths
            }
        ),
    ]
}

fn window(words: Words) -> impl Strategy<Value = Window> {
    let between = (date(words), date(words)).prop_filter_map("nothing lies between", |pair| match pair {
        (Date::Day(one), Date::Day(two)) if one == two => None,
        (Date::Instant(one), Date::Instant(two)) if one == two => None,
        (one @ Date::Day(from), two @ Date::Day(to)) if from > to => Some(Window::Between(two, one)),
        (one @ Date::Instant(from), two @ Date::Instant(to)) if from > to => Some(Window::Between(two, one)),
        (one, two) => Some(Window::Between(one, two)),
    });
    let (dates, entry) = (words.conditions.dates_percent, words.conditions.entry_percent);
    weighted(vec![
        (100 - dates - entry, span(words).prop_map(Window::Within).boxed()),
        (entry, Just(Window::SinceEntry).boxed()),
        (
            dates,
            prop_oneof![date(words).prop_map(Window::Since), date(words).prop_map(Window::Before), between]
                .boxed(),
        ),
    ])
}

pub(super) fn span(words: Words) -> impl Strategy<Value = Span> {
    select(words.spans)
}

fn property_test(words: Words) -> impl Strategy<Value = Filter> {
    let percent = words.conditions.today_percent;
    let today = day_test(words).prop_map(|filter| Filter { path: vec!["at".to_owned()], ..filter });
    weighted(vec![(100 - percent, plain_property_test(words).boxed()), (percent, today.boxed())])
}

fn plain_property_test(words: Words) -> impl Strategy<Value = Filter> {
    prop_oneof![
        3 => (number_path(), comparison(), number())
            .prop_map(|(path, comparison, number)| Filter { path, test: Test::Compare(comparison, Literal::Number(number)) }),
        2 => (path(&["s"]), text_test()).prop_map(|(path, test)| Filter { path, test }),
        1 => (select(vec!["n", "s", "p", "at"]).prop_map(|name| vec![name.to_owned()]))
            .prop_map(|path| Filter { path, test: Test::Exists }),
        2 => (path(&["at"]), fixed_day_test(words)).prop_map(|(path, test)| Filter { path, test: Test::Day(test) }),
    ]
}

fn trait_test(words: Words) -> impl Strategy<Value = Filter> {
    prop_oneof![
        2 => (select(vec![vec!["colour"], vec!["tags"], vec!["home", "city"]]), text_test()).prop_map(
            |(path, test)| Filter { path: path.into_iter().map(str::to_owned).collect(), test }
        ),
        2 => (path(&["age"]), comparison(), number())
            .prop_map(|(path, comparison, number)| Filter { path, test: Test::Compare(comparison, Literal::Number(number)) }),
        1 => select(vec!["colour", "age", "home", "day", "tags"])
            .prop_map(|name| Filter { path: vec![name.to_owned()], test: Test::Exists }),
        1 => (path(&["day"]), fixed_day_test(words)).prop_map(|(path, test)| Filter { path, test: Test::Day(test) }),
    ]
}

/// Against today.
fn day_test(words: Words) -> impl Strategy<Value = Filter> {
    let days = || prop_oneof![select(vec![1, 2, 3]), select(vec![7, 364, 365, 366, 36_525])];
    let test = prop_oneof![
        2 => days().prop_map(|days| DayTest::InTheNext { days }),
        2 => days().prop_map(|days| DayTest::InTheLast { days }),
        3 => days().prop_map(|days| DayTest::AnniversaryInTheNext { days }),
        1 => fixed_day_test(words),
    ];
    test.prop_map(|test| Filter { path: vec!["day".to_owned()], test: Test::Day(test) })
}

fn fixed_day_test(words: Words) -> impl Strategy<Value = DayTest> {
    prop_oneof![
        date(words).prop_map(DayTest::Before),
        date(words).prop_map(DayTest::After),
        day(words).prop_map(DayTest::On),
    ]
}

fn text_test() -> impl Strategy<Value = Test> {
    let text = || select(vec!["red", "Re", "d", ""]).prop_map(str::to_owned);
    let literal =
        || prop_oneof![3 => text().prop_map(Literal::Text), 1 => number().prop_map(Literal::Number)];
    prop_oneof![
        2 => (comparison(), literal()).prop_map(|(comparison, literal)| Test::Compare(comparison, literal)),
        1 => vec(literal(), 0..3).prop_map(Test::In),
        1 => literal().prop_map(Test::Contains),
        1 => text().prop_map(Test::StartsWith),
        1 => text().prop_map(Test::EndsWith),
        1 => any::<bool>().prop_map(|bool| Test::Compare(Comparison::Equal, Literal::Bool(bool))),
    ]
}

fn number_path() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![3 => path(&["n"]), 1 => path(&["p", "n"])]
}

fn path(steps: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    Just(steps.iter().map(|step| (*step).to_owned()).collect())
}

fn comparison() -> impl Strategy<Value = Comparison> {
    select(Comparison::ALL.to_vec())
}

fn channel() -> impl Strategy<Value = Channel> {
    prop_oneof![2 => Just(Channel::Email), 2 => select(Channel::ALL.to_vec())]
}

/// Millionths.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![(-1..6i64).prop_map(|whole| whole * 1_000_000), Just(2_500_000)]
}

fn date(words: Words) -> impl Strategy<Value = Date> {
    prop_oneof![
        3 => day(words).prop_map(Date::Day),
        2 => instant(words).prop_map(Date::Instant),
    ]
}

/// Mostly near today.
pub(super) fn day(words: Words) -> impl Strategy<Value = civil::Date> {
    let far = select(vec![
        civil::date(0, 1, 1),
        civil::date(1969, 12, 31),
        civil::date(2000, 2, 29),
        civil::date(9999, 12, 30),
        civil::date(9999, 12, 31),
    ]);
    prop_oneof![6 => (-words.days..=words.days).prop_map(move |days| plus(words.today, days)), 1 => far]
}

pub(super) fn plus(day: civil::Date, days: i64) -> civil::Date {
    day.checked_add(jiff::Span::new().days(days)).expect("near today")
}

/// At or beside the hours of these days, and now and then far away.
pub(super) fn instant(words: Words) -> impl Strategy<Value = At> {
    let midnight = i64::from((words.today - civil::date(1970, 1, 1)).get_days()) * 86_400_000;
    let quarters = -words.days * 2..=words.days * 4;
    let near = (quarters, select(vec![0, 0, 0, 1, 500, 1_000, -1]))
        .prop_map(move |(quarters, off)| At(midnight + quarters * 6 * 3_600_000 + off));
    let far = select(vec![At(-62_167_219_200_000), At(-1), At(0), At(253_402_000_000_000)]);
    prop_oneof![9 => near, 1 => far]
}
