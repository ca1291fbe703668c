//! Small paths whose credit was worked out by hand, in fractions.

use measure::attribution::{HalfLife, Model, credit, read};

/// Paths with conversions, value and nulls; then for each model what each channel gets of conversions and of value.
const TABLE: &str = "
# One way that most take, and two that are short. Of five people two convert; nobody does without b, half do without a.
paths  a > b 1 10 1 | b 1 5 1 | a 0 0 1
first        a 1 10      b 1 5
last         a 0 0       b 2 15
linear       a 1/2 5     b 3/2 10
position     a 1/2 5     b 3/2 10
shapley      a 1/2 5     b 3/2 10
markov 1     a 2/3 5     b 4/3 10
markov 2     a 2/3 6     b 4/3 9

# A repeated touch counts again for its place, and once for Shapley and for the chain.
paths  a > a > b > a > c 1 1 0
first        a 1 1       b 0 0       c 0 0
last         a 0 0       b 0 0       c 1 1
linear       a 3/5 3/5   b 1/5 1/5   c 1/5 1/5
position     a 8/15 8/15 b 1/15 1/15 c 2/5 2/5
shapley      a 1/3 1/3   b 1/3 1/3   c 1/3 1/3
markov 1     a 2/5 2/5   b 1/5 1/5   c 2/5 2/5
markov 2     a 1/3 1/3   b 1/3 1/3   c 1/3 1/3

# One touch gets all, two get the same of the position model's ends.
paths  a 2 8 0 | a > b 1 3 0
position     a 5/2 19/2  b 1/2 3/2
time-decay 1 a 7/3 9     b 2/3 2
markov 1     a 9/4 121/14 b 3/4 33/14

# A touch that was two half-lives before another one gets a quarter of what that gets.
paths  a > b > c 1 7 0
time-decay 1 a 1/7 1     b 2/7 2     c 4/7 4
time-decay 2 a 0.2265409196609864 1.585786437626905 b 0.3203772410170408 2.242640687119285 c 0.4530818393219729 3.171572875253810

# What paths that did not convert say of a channel: everybody goes through a, c is on the worse of two ways.
paths  a > b 2 4 1 | a > c 1 2 5
markov 1     a 3/2 3     b 1 2       c 1/2 1
markov 3     a 3/2 3     b 1 2       c 1/2 1
shapley      a 3/2 3     b 1 2       c 1/2 1
linear       a 3/2 3     b 1 2       c 1/2 1

# Without the paths that did not convert a chain may lead on from one path to another, and round.
paths  a > b > a > c 1 1 0 | b 1 2 0
markov 1     a 3/4 12/11 b 3/4 15/11 c 1/2 6/11

# Nothing was converted: there is nothing to share out.
paths  a > b 0 0 3
linear       a 0 0       b 0 0
markov 1     a 0 0       b 0 0
";

#[test]
fn credit_is_what_was_worked_out_by_hand() {
    let (mut checked, mut paths) = (0, None);
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(rows) = line.strip_prefix("paths") {
            let table: String = rows.split('|').map(|row| format!("{}\n", columns(row))).collect();
            let head = "path,total_conversions,total_conversion_value,total_null\n";
            paths = Some(read(format!("{head}{table}").as_bytes()).unwrap());
            continue;
        }
        let paths = paths.as_ref().expect("paths come first");
        let (model, expected) = line.split_at(13);
        let given = credit(paths, parsed(model)).unwrap();
        let words: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(words.len(), 3 * paths.channels(), "{line}");
        for one in words.chunks(3) {
            let channel =
                (0..paths.channels()).find(|channel| paths.name(*channel) == one[0]).expect("a channel");
            for (given, expected) in [(given.conversions[channel], one[1]), (given.value[channel], one[2])] {
                assert!((given - fraction(expected)).abs() < 1e-13, "{line}: {} {given}", one[0]);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 132);
}

/// `a > b 1 10 1` as a row of a table.
fn columns(row: &str) -> String {
    let mut words: Vec<&str> = row.trim().rsplitn(4, ' ').collect();
    words.reverse();
    words.join(",")
}

fn parsed(model: &str) -> Model {
    let (name, number) = model.trim().split_once(' ').unwrap_or((model.trim(), "0"));
    let number: u8 = number.trim().parse().unwrap();
    let half_life = HalfLife::Touches(f64::from(number));
    let models = Model::all(half_life, Model::POSITION_WEIGHTS, number);
    models.into_iter().find(|model| model.name() == name).unwrap_or_else(|| panic!("no model {name}"))
}

fn fraction(text: &str) -> f64 {
    match text.split_once('/') {
        Some((over, under)) => over.parse::<f64>().unwrap() / under.parse::<f64>().unwrap(),
        None => text.parse().unwrap(),
    }
}
