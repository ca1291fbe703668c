//! Choosing among arms: by tables, by shares of many choices, and by what is lost while learning.

use super::*;
use crate::at::Span;

fn best() -> Best {
    Best { after: 20, explore_permille: 100, within: Span::DAY, ..Best::default() }
}

fn occasion(run: u64) -> Occasion {
    Occasion { seed: 5, profile: run as u32 % 97, run, step: 0, choice: Choice::Channel }
}

fn hour(hour: u8, all: (u32, u32), own: (u32, u32)) -> Known {
    let tally = |(trials, responses)| Tally { trials, responses };
    Known { arm: Arm::Hour(hour), all: tally(all), own: tally(own) }
}

/// How often each of some arms is chosen, in a thousand choices.
fn shares(known: &[Known], best: &Best) -> Vec<u32> {
    let mut shares = vec![0; known.len()];
    (0..1_000).for_each(|run| shares[choose(known, best, &occasion(run)).0] += 1);
    shares
}

#[test]
fn one_arm_is_no_choice() {
    assert_eq!(choose(&[hour(9, (0, 0), (0, 0))], &best(), &occasion(1)), (0, How::Only));
}

#[test]
fn the_stated_order_counts_until_enough_is_known() {
    let little = [hour(9, (500, 1), (9, 0)), hour(19, (40, 18), (9, 9))];
    assert_eq!(shares(&little, &best()), [1_000, 0], "nineteen responses of twenty");
    let enough = [hour(9, (500, 2), (9, 0)), hour(19, (40, 18), (9, 9))];
    assert!(shares(&enough, &best())[1] > 900, "twenty");
}

#[test]
fn the_worst_arm_is_tried_as_often_as_is_explored() {
    let known = [hour(9, (100_000, 10_000), (0, 0)), hour(19, (100_000, 100), (0, 0))];
    let best = Best { explore_permille: 200, ..best() };
    let worst = shares(&known, &best)[1];
    assert!((70..130).contains(&worst), "half of a fifth: {worst}");
    assert_eq!(shares(&known, &Best { explore_permille: 0, ..best })[1], 0);
}

#[test]
fn what_one_person_answers_counts_more_than_what_all_do() {
    let usual = [hour(9, (10_000, 600), (0, 0)), hour(19, (10_000, 500), (0, 0))];
    assert!(shares(&usual, &best())[0] > 900, "everybody's best hour");
    let own = [hour(9, (10_000, 600), (3, 0)), hour(19, (10_000, 500), (3, 3))];
    assert!(shares(&own, &best())[1] > 900, "three clicks of three at 19");
    assert!(rates(&own)[1] > rates(&own)[0]);
    assert_eq!(rates(&usual), [599, 500], "without own sends it is everybody's rate");
}

#[test]
fn an_arm_that_nobody_tried_is_taken_for_as_good_as_all() {
    let known = [hour(9, (1_000, 50), (0, 0)), hour(19, (0, 0), (0, 0))];
    assert_eq!(rates(&known), [500, 500]);
    let tried = shares(&known, &best())[1];
    assert!((250..600).contains(&tried), "it may be better: {tried}");
}

/// Ten thousand people, one after the other, of whom each arm has a share that answers. Fixed seeds: the same on every run.
fn regret(rates: &[u32], best: &Best, people: u64) -> (f64, Vec<u32>) {
    let mut known: Vec<Known> = (0..).zip(rates).map(|(number, _)| hour(number, (0, 0), (0, 0))).collect();
    let top = *rates.iter().max().expect("arms");
    let mut lost = 0;
    for run in 0..people {
        let (place, _) = choose(&known, best, &occasion(run));
        let answers = beta::Draws::new(run ^ 0xA5A5).below(1_000) < u64::from(rates[place]);
        known[place].all.trials += 1;
        known[place].all.responses += u32::from(answers);
        lost += top - rates[place];
    }
    let average = f64::from(lost) / people as f64;
    (average, known.iter().map(|one| one.all.trials).collect())
}

#[test]
fn what_is_lost_by_learning_is_little() {
    for rates in [&[20, 50, 30][..], &[100, 20], &[30, 30, 30, 60]] {
        let even = rates.iter().map(|rate| f64::from(rates.iter().max().unwrap() - rate)).sum::<f64>();
        let even = even / rates.len() as f64;
        let (lost, trials) = regret(rates, &best(), 10_000);
        let place = rates.iter().position(|rate| rate == rates.iter().max().unwrap()).unwrap();
        assert!(lost < 0.4 * even, "{rates:?}: {lost} of {even} with even shares, {trials:?}");
        assert!(trials[place] > 7_000, "{rates:?}: {trials:?}");
        let floor = 10_000 * 100 / 1_000 / rates.len() as u32 / 2;
        assert!(trials.iter().all(|one| *one > floor), "each is explored: {trials:?}");
    }
}

#[test]
fn a_choice_is_the_same_whenever_it_is_made_again() {
    let known = [hour(9, (900, 40), (1, 0)), hour(12, (800, 41), (0, 0)), hour(19, (30, 2), (2, 1))];
    let all = |seed| -> Vec<_> {
        (0..200).map(|run| choose(&known, &best(), &Occasion { seed, ..occasion(run) })).collect()
    };
    assert_eq!(all(5), all(5));
    assert_ne!(all(5), all(6), "another installation draws otherwise");
}
