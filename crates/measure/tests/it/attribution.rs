//! Attribution: golden tables worked out by hand in fractions, and the models against slow ones that try everything.

mod golden;

use measure::attribution::{Came, HalfLife, Model, Paths, agreement, credit, read, returns};
use proptest::prelude::*;
use std::collections::BTreeMap;

const HALF_LIFE: HalfLife = HalfLife::Touches(Model::HALF_LIFE);

fn models() -> Vec<Model> {
    let mut models = Model::all(HALF_LIFE, Model::POSITION_WEIGHTS, 1).to_vec();
    models.extend([Model::Markov { order: 2 }, Model::Markov { order: 3 }]);
    models
}

fn built(rows: &[(Vec<u16>, u8, u8, u8)]) -> Paths {
    let mut paths = Paths::new(true, true);
    for channel in 0..6 {
        paths.channel(format!("channel {channel}").as_bytes()).unwrap();
    }
    for (path, conversions, value, nulls) in rows {
        path.iter().for_each(|touch| paths.touch(*touch));
        let value = if *conversions > 0 { f64::from(*value) } else { 0.0 };
        paths.end(Came { conversions: f64::from(*conversions), value, nulls: f64::from(*nulls) });
    }
    paths
}

fn rows() -> impl Strategy<Value = Vec<(Vec<u16>, u8, u8, u8)>> {
    prop::collection::vec((prop::collection::vec(0_u16..6, 1..8), 0_u8..4, 0_u8..9, 0_u8..3), 1..20)
}

/// The average of what a channel adds, over every order in which six channels can join.
fn shapley_by_trying_everything(rows: &[(Vec<u16>, u8, u8, u8)]) -> Vec<f64> {
    let worth = |set: u32| -> f64 {
        let needs = |path: &[u16]| path.iter().fold(0, |needs, touch| needs | 1_u32 << touch);
        let covered = rows.iter().filter(|(path, ..)| needs(path) & !set == 0);
        covered.map(|(_, conversions, ..)| f64::from(*conversions)).sum()
    };
    let factorial = |number: u32| (1..=number).map(f64::from).product::<f64>();
    let of = |channel: u32| {
        let without = (0_u32..64).filter(|set| set & 1 << channel == 0);
        let added = without.map(|set| {
            let size = set.count_ones();
            let weight = factorial(size) * factorial(5 - size) / factorial(6);
            weight * (worth(set | 1 << channel) - worth(set))
        });
        added.sum()
    };
    (0..6).map(of).collect()
}

proptest! {
    #[test]
    fn the_closed_form_is_the_average_over_all_orders(rows in rows()) {
        let closed = credit(&built(&rows), Model::Shapley).unwrap();
        for (closed, tried) in closed.conversions.iter().zip(shapley_by_trying_everything(&rows)) {
            prop_assert!((closed - tried).abs() < 1e-10, "{closed} {tried}");
        }
    }

    /// Every model gives all away, nothing to whom nobody met, and the same bits again.
    #[test]
    fn credit_sums_to_what_was_converted(rows in rows()) {
        let paths = built(&rows);
        let total = paths.total();
        for model in models() {
            let given = credit(&paths, model).unwrap();
            let sums = [given.conversions.iter().sum::<f64>(), given.value.iter().sum()];
            for (sum, whole) in sums.into_iter().zip([total.conversions, total.value]) {
                prop_assert!((sum - whole).abs() <= 1e-12 * (1.0 + whole), "{}: {sum} of {whole}", model.name());
            }
            for channel in 0..6 {
                let converts = |(path, conversions, ..): &(Vec<u16>, u8, u8, u8)| *conversions > 0 && path.contains(&channel);
                let met = rows.iter().any(converts);
                let got = given.conversions[usize::from(channel)];
                // A chain leads people on from one path to another, and rounding stays for whom nobody met.
                let fine = met || got.abs() < 1e-12 || matches!(model, Model::Markov { .. });
                prop_assert!(fine && got >= 0.0, "{} {channel} {got}", model.name());
            }
            let again = credit(&paths, model).unwrap();
            prop_assert_eq!(bits(&given.conversions), bits(&again.conversions));
            prop_assert_eq!(bits(&given.value), bits(&again.value));
        }
    }
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[test]
fn a_table_is_read_with_any_of_three_separators_and_its_quotes() {
    for table in [
        "path,total_conversions,total_conversion_value,total_null\nsearch > e mail,1,2.5,3\n\"a, b\",0,0,1\n",
        "\u{feff}total_null;PATH;total_conversion_value;total_conversions\r\n3;search>e mail;2.5;1\r\n1;a, b;0;0\r\n",
        "path\ttotal_conversions\ttotal_null\ttotal_conversion_value\n search  >  e mail \t1\t3\t25e-1\na, b\t0\t1\t0",
    ] {
        let paths = read(table.as_bytes()).unwrap();
        let told: Vec<_> = paths.iter().map(|(path, came)| (path.to_vec(), *came)).collect();
        let came = |conversions, value, nulls| Came { conversions, value, nulls };
        assert_eq!(told, [(vec![0, 1], came(1.0, 2.5, 3.0)), (vec![2], came(0.0, 0.0, 1.0))], "{table}");
        let names: Vec<&str> = (0..3).map(|channel| paths.name(channel)).collect();
        assert_eq!(names, ["search", "e mail", "a, b"]);
    }
}

#[test]
fn a_table_that_is_not_understood_says_where() {
    let head = "path,total_conversions,total_conversion_value,total_null\n";
    for (table, complaint) in [
        (
            "way,total_conversions\na,1\n",
            "line 1, column path: there is no such column, only: way, total_conversions",
        ),
        ("path\na\n", "line 1, column total_conversions: there is no such column, only: path"),
        ("", "line 1, column path: there is no such column, only: "),
        (
            &format!("{head}a,1,1,0\nb,x,1,0\n"),
            "line 3, column total_conversions: `x` is no number from 0 on, written as 12 or 12.5",
        ),
        (
            &format!("{head}a,1,1,0\n\nb,x,1,0\n").replace('\n', "\r\n"),
            "line 4, column total_conversions: `x` is no number from 0 on, written as 12 or 12.5",
        ),
        (
            &format!("{head}\"a\nb\",1,1,0\nb,x,1,0\n"),
            "line 4, column total_conversions: `x` is no number from 0 on, written as 12 or 12.5",
        ),
        (
            &format!("{head}a,1,-2,0\n"),
            "line 2, column total_conversion_value: `-2` is no number from 0 on, written as 12 or 12.5",
        ),
        (
            &format!("{head}a,1,2,nan\n"),
            "line 2, column total_null: `nan` is no number from 0 on, written as 12 or 12.5",
        ),
        (&format!("{head}a > > b,1,2,0\n"), "line 2, column path: no channel between two `>` in `a > > b`"),
        (&format!("{head}a >,1,2,0\n"), "line 2, column path: no channel between two `>` in `a >`"),
        (&format!("{head} ,1,2,0\n"), "line 2, column path: a path without a touch"),
        (&format!("{head}a,1\n"), "line 2, column total_conversion_value: the line ends before it"),
        (&format!("{head}a,0,3,1\n"), "line 2, column total_conversion_value: a value without a conversion"),
    ] {
        assert_eq!(read(table.as_bytes()).unwrap_err().to_string(), complaint, "{table}");
    }
}

#[test]
fn how_far_models_are_apart_is_said_for_each_channel_and_for_all() {
    let table = "path,total_conversions\na > b,3\nc,1\n";
    let paths = read(table.as_bytes()).unwrap();
    let of = |model| credit(&paths, model).unwrap();
    let credits = [of(Model::First), of(Model::Last), of(Model::Linear)];
    let agreement = agreement(&credits.iter().collect::<Vec<_>>()).unwrap();
    // `a` has 3/4, 0 and 3/8 of all credit, `b` the other way round, `c` always 1/4.
    assert_eq!(agreement.ranges, [0.75, 0.75, 0.0]);
    assert_eq!(agreement.moved, 0.75);
    let nothing = read(b"path,total_conversions\na,0\n").unwrap();
    assert_eq!(measure::attribution::agreement(&[&credit(&nothing, Model::Last).unwrap()]), None);
}

#[test]
fn spend_stands_beside_credit_and_what_is_undefined_is_not_zero() {
    let paths = read(b"path,total_conversions,total_conversion_value\na > b,4,100\nb > c,0,0\n").unwrap();
    let spend = BTreeMap::from([("a", 50.0), ("b", 0.0), ("c", 30.0), ("tv", 9.0)]);
    let spend = spend.into_iter().map(|(name, spend)| (name.to_owned(), spend)).collect();
    let returned = returns(&paths, &credit(&paths, Model::First).unwrap(), &spend);
    let told: Vec<_> =
        returned.iter().map(|(name, one)| (name.as_str(), one.spend, one.cpa, one.roas)).collect();
    assert_eq!(
        told,
        [
            ("a", 50.0, Some(12.5), Some(2.0)),
            ("b", 0.0, None, None),
            ("c", 30.0, None, Some(0.0)),
            ("tv", 9.0, None, Some(0.0)),
        ]
    );
}
