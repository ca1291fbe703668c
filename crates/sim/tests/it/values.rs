//! Values of every kind under every test: the engine, which walks its own encoding, and the naive evaluation, which
//! walks JSON, say the same.

use engine::at::At;
use engine::segment::{Comparison, Expression, Filter, Literal, Test};
use engine::value::OwnedMap;
use jiff::tz::TimeZone;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use sim::naive::{Moment, Person, holds};

const WORDS: [&str; 7] = ["", "a", "A", "ab", "è", "10", "true"];
const KEYS: [&str; 3] = ["a", "b", "c d"];

/// Whole numbers, cents, and numbers that have more digits than millionths hold.
fn number() -> impl Strategy<Value = Json> {
    prop_oneof![
        (-3..4i64).prop_map(Json::from),
        (-300..300i64).prop_map(|cents| Json::from(cents as f64 / 100.0)),
        select(vec![
            json!(1e-9),
            json!(-1e-9),
            json!(1e300),
            json!(i64::MIN),
            json!(1.0000001),
            json!(0.1 + 0.2)
        ]),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        3 => number(),
        3 => select(WORDS.to_vec()).prop_map(Json::from),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Json::from), object(inner)]
    })
}

fn object(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    btree_map(select(KEYS.to_vec()), value, 0..3).prop_map(|fields| json!(fields))
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        (-3..4i64).prop_map(|whole| Literal::Number(whole * 1_000_000)),
        (-300..300i64).prop_map(|cents| Literal::Number(cents * 10_000)),
        (-2..3i64).prop_map(Literal::Number),
        select(WORDS.to_vec()).prop_map(|word| Literal::Text(word.to_owned())),
        any::<bool>().prop_map(Literal::Bool),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        6 => (select(Comparison::ALL.to_vec()), literal())
            .prop_map(|(comparison, literal)| Test::Compare(comparison, literal)),
        2 => vec(literal(), 0..3).prop_map(Test::In),
        2 => literal().prop_map(Test::Contains),
        1 => Just(Test::Exists),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn a_test_says_the_same_of_both_forms_of_a_value(
        traits in object(value()),
        path in vec(select(KEYS.to_vec()).prop_map(str::to_owned), 1..4),
        test in test(),
    ) {
        let filter = Filter { path, test };
        let map = OwnedMap::from_json(&traits).unwrap();
        let engine = filter.matches(map.as_map(), At(0), &TimeZone::UTC);
        let person = Person { traits: traits.clone(), ..Person::default() };
        let moment = Moment::new(At(0), TimeZone::UTC);
        let naive = holds(&Expression::Trait(filter.clone()), &person, &moment);
        prop_assert_eq!(naive, engine, "{} of {}", Expression::Trait(filter), traits);
    }
}
