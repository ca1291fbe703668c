//! Random expressions of everything that is evaluated, over few names and few lengths of time, so that conditions meet.

use engine::at::{At, Span};
use engine::programme::Channel;
use engine::segment::date::Date;
use engine::segment::{
    Aggregate, Comparison, DayTest, Deed, Did, Expression, Filter, Literal, Quantity, Sequence, Test, Then,
    Window,
};
use jiff::civil;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(super) const EVENTS: [&str; 3] = ["A", "B", "C"];
pub(super) const PURPOSES: [&str; 2] = ["news", "offers"];

/// Lengths of time in windows, between events, and of the clock's moves.
pub(super) const SPANS: [Span; 8] = [
    Span::SECOND,
    Span(2_000),
    Span(10_000),
    Span::MINUTE,
    Span::HOUR,
    Span::DAY,
    Span(2 * 86_400_000),
    Span(7 * 86_400_000),
];

/// An expression that shows itself as text.
#[derive(Clone)]
pub(super) struct Said(pub(super) Expression);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The segments of a programme: each may be built on those before it.
pub(super) fn segments(today: civil::Date) -> impl Strategy<Value = Vec<Said>> {
    expressions(today, 1..7).prop_map(|mut segments| {
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

pub(super) fn expressions(
    today: civil::Date,
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Said>> {
    vec(expression(today), count).prop_map(|trees| trees.into_iter().map(Said).collect())
}

fn expression(today: civil::Date) -> impl Strategy<Value = Expression> {
    condition(today).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}

fn condition(today: civil::Date) -> impl Strategy<Value = Expression> {
    prop_oneof![
        5 => (deed(today), quantity(), option::of(window(today)))
            .prop_map(|(deed, quantity, window)| Expression::Did(Did { deed, quantity, window })),
        5 => sequence(today).prop_map(Expression::Sequence),
        2 => trait_test(today).prop_map(Expression::Trait),
        3 => day_test(today).prop_map(Expression::Trait),
        2 => (0..7usize).prop_map(|number| Expression::InSegment(number.to_string())),
        1 => (select(PURPOSES.to_vec()), option::of(channel()))
            .prop_map(|(purpose, channel)| Expression::ConsentedTo { purpose: purpose.to_owned(), channel }),
        1 => channel().prop_map(Expression::ReachableBy),
        1 => window(today).prop_map(Expression::FirstSeen),
        1 => window(today).prop_map(Expression::LastSeen),
    ]
}

fn deed(today: civil::Date) -> impl Strategy<Value = Deed> {
    let filters = prop_oneof![3 => Just(Vec::new()), 1 => vec(property_test(today), 1..3)];
    (event(), filters).prop_map(|(event, filters)| Deed { event, filters })
}

pub(super) fn event() -> impl Strategy<Value = String> {
    select(EVENTS.to_vec()).prop_map(str::to_owned)
}

fn sequence(today: civil::Date) -> impl Strategy<Value = Sequence> {
    let then = move || (deed(today), option::of(span())).prop_map(|(deed, within)| Then { deed, within });
    let window = prop_oneof![1 => Just(None), 1 => window(today).prop_map(Some)];
    let parts = (deed(today), window, vec(then(), 0..3), option::of(then()), then());
    parts.prop_map(|(first, window, then, then_not, at_least)| match (then.is_empty(), &then_not) {
        (true, None) => Sequence { first, window, then: vec![at_least], then_not },
        _ => Sequence { first, window, then, then_not },
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        3 => (0..4u32).prop_map(Quantity::AtLeast),
        1 => (0..3u32).prop_map(Quantity::AtMost),
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

fn window(today: civil::Date) -> impl Strategy<Value = Window> {
    prop_oneof![
        4 => span().prop_map(Window::Within),
        1 => date(today).prop_map(Window::Since),
        1 => date(today).prop_map(Window::Before),
        1 => (date(today), date(today)).prop_filter_map("nothing lies between", |(one, two)| match (one, two) {
            (Date::Day(one), Date::Day(two)) if one == two => None,
            (Date::Instant(one), Date::Instant(two)) if one == two => None,
            (Date::Day(from), Date::Day(to)) if from > to => Some(Window::Between(two, one)),
            (Date::Instant(from), Date::Instant(to)) if from > to => Some(Window::Between(two, one)),
            _ => Some(Window::Between(one, two)),
        }),
    ]
}

pub(super) fn span() -> impl Strategy<Value = Span> {
    select(SPANS.to_vec())
}

fn property_test(today: civil::Date) -> impl Strategy<Value = Filter> {
    prop_oneof![
        3 => (number_path(), comparison(), number())
            .prop_map(|(path, comparison, number)| Filter { path, test: Test::Compare(comparison, Literal::Number(number)) }),
        2 => (path(&["s"]), text_test()).prop_map(|(path, test)| Filter { path, test }),
        1 => (select(vec!["n", "s", "p", "at"]).prop_map(|name| vec![name.to_owned()]))
            .prop_map(|path| Filter { path, test: Test::Exists }),
        2 => (path(&["at"]), fixed_day_test(today)).prop_map(|(path, test)| Filter { path, test: Test::Day(test) }),
    ]
}

fn trait_test(today: civil::Date) -> impl Strategy<Value = Filter> {
    prop_oneof![
        2 => (select(vec![vec!["colour"], vec!["tags"], vec!["home", "city"]]), text_test()).prop_map(
            |(path, test)| Filter { path: path.into_iter().map(str::to_owned).collect(), test }
        ),
        2 => (path(&["age"]), comparison(), number())
            .prop_map(|(path, comparison, number)| Filter { path, test: Test::Compare(comparison, Literal::Number(number)) }),
        1 => select(vec!["colour", "age", "home", "day", "tags"])
            .prop_map(|name| Filter { path: vec![name.to_owned()], test: Test::Exists }),
        1 => (path(&["day"]), fixed_day_test(today)).prop_map(|(path, test)| Filter { path, test: Test::Day(test) }),
    ]
}

/// Against today.
fn day_test(today: civil::Date) -> impl Strategy<Value = Filter> {
    let days = || select(vec![1, 2, 3, 7, 364, 365, 366, 36_525]);
    let test = prop_oneof![
        2 => days().prop_map(|days| DayTest::InTheNext { days }),
        2 => days().prop_map(|days| DayTest::InTheLast { days }),
        3 => days().prop_map(|days| DayTest::AnniversaryInTheNext { days }),
        1 => fixed_day_test(today),
    ];
    test.prop_map(|test| Filter { path: vec!["day".to_owned()], test: Test::Day(test) })
}

fn fixed_day_test(today: civil::Date) -> impl Strategy<Value = DayTest> {
    prop_oneof![
        date(today).prop_map(DayTest::Before),
        date(today).prop_map(DayTest::After),
        day(today).prop_map(DayTest::On),
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

fn date(today: civil::Date) -> impl Strategy<Value = Date> {
    prop_oneof![
        3 => day(today).prop_map(Date::Day),
        2 => instant(today).prop_map(Date::Instant),
    ]
}

/// Mostly near today.
pub(super) fn day(today: civil::Date) -> impl Strategy<Value = civil::Date> {
    let far = select(vec![
        civil::date(0, 1, 1),
        civil::date(1969, 12, 31),
        civil::date(2000, 2, 29),
        civil::date(9999, 12, 30),
        civil::date(9999, 12, 31),
    ]);
    prop_oneof![6 => (-3..6i64).prop_map(move |days| plus(today, days)), 1 => far]
}

pub(super) fn plus(day: civil::Date, days: i64) -> civil::Date {
    day.checked_add(jiff::Span::new().days(days)).expect("near today")
}

/// At or beside the hours of these days, and now and then far away.
pub(super) fn instant(today: civil::Date) -> impl Strategy<Value = At> {
    let midnight = i64::from((today - civil::date(1970, 1, 1)).get_days()) * 86_400_000;
    let near = (-12..24i64, select(vec![0, 0, 1, 500, 1_000, -1]))
        .prop_map(move |(quarters, off)| At(midnight + quarters * 6 * 3_600_000 + off));
    let far = select(vec![At(-62_167_219_200_000), At(-1), At(0), At(253_402_000_000_000)]);
    prop_oneof![9 => near, 1 => far]
}
