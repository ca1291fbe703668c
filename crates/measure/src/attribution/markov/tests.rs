//! Both solvers against each other and against one that only knows fractions.

use super::chain::Chain;
use super::{Lost, elimination, flow};
use crate::attribution::{Came, Paths};
use proptest::prelude::*;

/// A path and, as often as it was walked, conversions, their value and how often it ended in nothing.
type Row = (Vec<u16>, u8, u8, u8);

fn paths(rows: &[Row]) -> Paths {
    let mut paths = Paths::new(true, true);
    for name in ["a", "b", "c", "d", "e"] {
        paths.channel(name.as_bytes()).unwrap();
    }
    for (path, conversions, value, nulls) in rows {
        path.iter().for_each(|touch| paths.touch(*touch));
        let (conversions, nulls) = (f64::from(*conversions), f64::from(*nulls));
        let value = if conversions > 0.0 { f64::from(*value) } else { 0.0 };
        paths.end(Came { conversions, value, nulls });
    }
    paths
}

fn rows(channels: u16, longest: usize) -> impl Strategy<Value = Vec<Row>> {
    let path = prop::collection::vec(0..channels, 1..=longest);
    prop::collection::vec((path, 0_u8..4, 0_u8..9, 0_u8..3), 1..12)
}

fn close(one: &Lost, other: &Lost) -> bool {
    let same = |one: &[f64], other: &[f64]| {
        one.len() == other.len()
            && one.iter().zip(other).all(|(one, other)| (one - other).abs() <= 1e-13 * (1.0 + one))
    };
    same(&one.conversions, &other.conversions) && same(&one.value, &other.value)
}

/// A fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fraction(i128, i128);

impl Fraction {
    fn new(over: i128, under: i128) -> Self {
        let (mut a, mut b) = (over.abs(), under.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let sign = if under < 0 { -1 } else { 1 };
        Self(sign * over / a.max(1), sign * under / a.max(1))
    }

    fn plus(self, other: Self) -> Self {
        Self::new(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    fn times(self, other: Self) -> Self {
        let (one, two) = (Self::new(self.0, other.1), Self::new(other.0, self.1));
        Self::new(one.0 * two.0, one.1 * two.1)
    }

    fn over(self, other: Self) -> Self {
        self.times(Self::new(other.1, other.0))
    }

    fn less(self, other: Self) -> Self {
        self.plus(Self(-other.0, other.1))
    }

    fn float(self) -> f64 {
        self.0 as f64 / self.1 as f64
    }
}

/// What one person is expected to bring in a chain of order 1 from which channels may be taken, by Gauss in fractions. `ends`
/// are conversions or values by the last channel; `leaves[from][to]` counts, with the start as the last row.
fn expected(leaves: &[Vec<i128>], ends: &[i128], whole: &[i128], without: Option<usize>) -> Fraction {
    let count = ends.len();
    let zero = Fraction(0, 1);
    let is_gone = |state: usize| without == Some(state);
    let mut rows: Vec<Vec<Fraction>> = (0..count)
        .map(|from| {
            let share = |to: usize| match whole[from] == 0 || is_gone(from) || is_gone(to) {
                true => zero,
                false => Fraction::new(leaves[from][to], whole[from]),
            };
            let unit = |to: usize| if to == from { Fraction(1, 1) } else { zero };
            let end =
                if whole[from] == 0 || is_gone(from) { zero } else { Fraction::new(ends[from], whole[from]) };
            (0..count).map(|to| unit(to).less(share(to))).chain([end]).collect()
        })
        .collect();
    for place in 0..count {
        let pivot = (place..count).find(|row| rows[*row][place].0 != 0).expect("every path ends");
        rows.swap(place, pivot);
        let chosen = rows[place].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(row, _)| *row != place) {
            let factor = row[place].over(chosen[place]);
            for (one, other) in row.iter_mut().zip(&chosen).skip(place) {
                *one = one.less(factor.times(*other));
            }
        }
    }
    (0..count).filter(|state| !is_gone(*state)).fold(zero, |sum, state| {
        let start = Fraction::new(leaves[count][state], whole[count]);
        sum.plus(start.times(rows[state][count].over(rows[state][state])))
    })
}

/// What is lost without each channel in a chain of order 1.
fn lost_in_fractions(rows: &[Row], channels: usize) -> Lost {
    let mut leaves = vec![vec![0; channels]; channels + 1];
    let (mut converted, mut worth, mut whole) = (vec![0; channels], vec![0; channels], vec![0; channels + 1]);
    for (path, conversions, value, nulls) in rows {
        let (conversions, value, nulls) = (i128::from(*conversions), i128::from(*value), i128::from(*nulls));
        let walked = conversions + nulls;
        let mut short: Vec<usize> = path.iter().map(|touch| usize::from(*touch)).collect();
        short.dedup();
        for (from, to) in std::iter::once(&channels).chain(&short).zip(&short) {
            leaves[*from][*to] += walked;
            whole[*from] += walked;
        }
        let last = *short.last().unwrap();
        whole[last] += walked;
        converted[last] += conversions;
        worth[last] += if conversions > 0 { value } else { 0 };
    }
    let lost = |ends: &[i128]| {
        let all = expected(&leaves, ends, &whole, None);
        (0..channels).map(|one| all.less(expected(&leaves, ends, &whole, Some(one))).float()).collect()
    };
    Lost { conversions: lost(&converted), value: lost(&worth) }
}

proptest! {
    #[test]
    fn elimination_and_flow_agree_at_every_order(rows in rows(5, 9), order in 1_u8..=3) {
        prop_assume!(rows.iter().any(|(_, conversions, ..)| *conversions > 0));
        let chain = Chain::of(&paths(&rows), order);
        let (one, other) = (elimination::lost(&chain), flow::lost(&chain).expect("it ends"));
        prop_assert!(close(&one, &other), "{one:?}\n{other:?}");
    }

    #[test]
    fn both_are_what_fractions_say(rows in rows(4, 6)) {
        prop_assume!(rows.iter().any(|(_, conversions, ..)| *conversions > 0));
        let mut expected = lost_in_fractions(&rows, 4);
        expected.conversions.push(0.0);
        expected.value.push(0.0);
        let chain = Chain::of(&paths(&rows), 1);
        for lost in [elimination::lost(&chain), flow::lost(&chain).expect("it ends")] {
            prop_assert!(close(&lost, &expected), "{lost:?}\n{expected:?}");
        }
    }

    /// Somebody converts by a way of so many states, or does not; lost is whoever met the channel on it.
    #[test]
    fn with_paths_that_never_meet_each_state_is_a_path(order in 2_u8..=3, came in prop::collection::vec((1_u8..5, 0_u8..5), 2..4)) {
        // No two paths share a channel, so the chain of any order is the paths themselves.
        let (mut rows, mut expected) = (Vec::new(), vec![0.0; 5]);
        let all: f64 = came.iter().map(|(conversions, nulls)| f64::from(conversions + nulls)).sum();
        for (number, (conversions, nulls)) in came.iter().enumerate() {
            let path = if number == 0 { vec![0, 1, 0, 1] } else { vec![number as u16 + 1] };
            path.iter().for_each(|touch| expected[usize::from(*touch)] = f64::from(*conversions) / all);
            rows.push((path, *conversions, 0, *nulls));
        }
        let lost = super::lost(&Chain::of(&paths(&rows), order)).unwrap();
        for (lost, expected) in lost.conversions.iter().zip(&expected) {
            prop_assert!((lost - expected).abs() < 1e-14, "{lost} {expected}");
        }
    }
}

/// Two channels between which somebody went to and fro for ever: the flow gives up, and elimination answers.
#[test]
fn a_path_nearly_without_end_is_solved_all_the_same() {
    let long: Vec<u16> = [0, 1].repeat(200_000);
    let rows = vec![(long, 1, 1, 0), (vec![2], 1, 1, 1), (vec![0, 2], 0, 0, 3)];
    let chain = Chain::of(&paths(&rows), 1);
    assert_eq!(flow::lost(&chain), None);
    let lost = super::lost(&chain).unwrap();
    // Of six people two convert, one of them in `c`. Four begin in `a`, of whom as many convert as of all six less the fifth
    // of the other two whom `c` keeps: two of five.
    assert!((lost.conversions[0] - 4.0 / 15.0).abs() < 1e-12, "{lost:?}");
    assert!((lost.conversions[2] - 1.0 / 6.0).abs() < 1e-12, "{lost:?}");
}
