//! Clusters: known groups are found again, in round numbers, under names that stay; and what cannot be found is said.

use engine::segment::cluster::{Clusters, Finding, Lack};
use engine::segment::feature::Feature;
use engine::segment::parse::parse_feature;
use engine::segment::survey::Numbers;
use measure::clusters::{Asked, find};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const ONE: i64 = 1_000_000;

fn rfm() -> Vec<(String, Feature)> {
    let features = [
        ("idle", "days since \"Order Completed\""),
        ("orders", "count of \"Order Completed\""),
        ("spent", "sum(total) of \"Order Completed\""),
    ];
    features.map(|(name, text)| (name.to_owned(), parse_feature(text).unwrap())).to_vec()
}

fn asked(features: &[(String, Feature)], at_least: u8, at_most: u8) -> Asked<'_> {
    Asked { features, at_least, at_most, seed: 7, people: 1_000, before: None }
}

/// A number that is drawn between 0 and 1.
fn drawn(seed: u64, number: u64) -> f64 {
    xxh3_64_with_seed(&number.to_le_bytes(), seed) as f64 / u64::MAX as f64
}

/// Customers of four kinds, a draw apart from what is usual for their kind, and the kind of each.
fn customers(count: u64, seed: u64) -> (Vec<Numbers>, Vec<u8>) {
    // Days since the last order, orders, money for each.
    let usual = [(10.0, 24.0, 60.0), (20.0, 3.0, 30.0), (200.0, 12.0, 55.0), (300.0, 1.0, 25.0)];
    let customer = |number: u64| {
        let kind = (drawn(seed, number * 10) * 4.0) as usize % 4;
        let (idle, orders, each) = usual[kind];
        let around = |middle: f64, lot: u64| {
            let lots = (0..4).map(|more| drawn(seed, number * 10 + lot * 4 + more + 1)).sum::<f64>();
            middle * (1.0 + (lots / 4.0 - 0.5) * 0.9)
        };
        let orders = around(orders, 0).round().max(1.0);
        let days = (around(idle, 1) * ONE as f64) as i64;
        let spent = (orders * around(each, 2) * 100.0).round() as i64 * ONE / 100;
        (vec![Some(days), Some(orders as i64 * ONE), Some(spent)], kind as u8)
    };
    (0..count).map(customer).unzip()
}

/// How well two ways to divide people agree: 1 where they are the same, 0 where they agree as by chance.
fn adjusted_rand_index(one: &[u8], two: &[u8]) -> f64 {
    let pairs = |count: usize| (count * count.saturating_sub(1) / 2) as f64;
    let count = |which: &dyn Fn(usize) -> bool| (0..one.len()).filter(|place| which(*place)).count();
    let all = 0..=u8::MAX;
    let of_one: f64 = all.clone().map(|a| pairs(count(&|place| one[place] == a))).sum();
    let of_two: f64 = all.map(|b| pairs(count(&|place| two[place] == b))).sum();
    let of_both: f64 = (0..12)
        .flat_map(|a| (0..12).map(move |b| (a, b)))
        .map(|(a, b)| pairs(count(&|place| (one[place], two[place]) == (a, b))))
        .sum();
    let by_chance = of_one * of_two / pairs(one.len());
    (of_both - by_chance) / ((of_one + of_two) / 2.0 - by_chance)
}

fn found(finding: Finding) -> Clusters {
    match finding {
        Finding::Found(clusters) => clusters,
        Finding::NotFound(lack) => panic!("nothing found: {lack}"),
    }
}

fn ends(clusters: &Clusters, features: &[(String, Feature)], sample: &[Numbers]) -> Vec<u8> {
    sample.iter().map(|numbers| clusters.tree.cluster_of(features, numbers)).collect()
}

#[test]
fn customers_of_four_kinds_are_told_apart_again() {
    let features = rfm();
    for seed in [1, 2, 3] {
        let (sample, kinds) = customers(1_000, seed);
        let clusters = found(find(&asked(&features, 2, 6), &sample));
        let index = adjusted_rand_index(&ends(&clusters, &features, &sample), &kinds);
        assert!(index > 0.9, "of seed {seed} only {index}: {clusters:?}");
        assert_eq!(clusters.clusters.len(), 4, "the silhouette finds out how many there are: {clusters:?}");
        assert!(clusters.fidelity_permyriad > 9_500, "{clusters:?}");
        let names: Vec<&str> = clusters.clusters.iter().map(|one| one.name.as_str()).collect();
        let is_numbered = |name: &&str| name.ends_with(|last: char| last.is_ascii_digit());
        assert!(
            !names.iter().any(is_numbered),
            "each has something that tells it from the others: {names:?}"
        );
        // Who was not looked at is told apart by the same tree.
        let (others, kinds) = customers(1_000, seed + 100);
        let index = adjusted_rand_index(&ends(&clusters, &features, &others), &kinds);
        assert!(index > 0.9, "of others of seed {seed} only {index}");
    }
}

#[test]
fn a_search_can_be_repeated() {
    let features = rfm();
    let (sample, _) = customers(500, 1);
    let [one, two] = [(), ()].map(|()| find(&asked(&features, 3, 6), &sample));
    assert_eq!(one, two);
}

#[test]
fn what_leads_to_a_cluster_is_said_in_round_numbers() {
    let features = rfm();
    let order = |days: i64, orders: i64, spent: i64| -> Numbers {
        vec![Some(days * ONE + 123_456), Some(orders * ONE), Some(spent * ONE + 4_321)]
    };
    let mut sample = Vec::new();
    for more in 0..50 {
        sample.push(order(3 + more % 5, 10 + more % 4, 1_000 + more * 7));
        sample.push(order(200 + more % 60, 1 + more % 2, 20 + more % 17));
    }
    let clusters = found(find(&asked(&features, 2, 2), &sample));
    let clustering = engine::segment::cluster::Clustering {
        features,
        of: engine::segment::parse::parse("did \"Order Completed\"").unwrap(),
    };
    let words = [0, 1].map(|cluster| clustering.describe(&clusters.tree, cluster));
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_unstable();
    assert_eq!(words, ["idle 100 or more", "idle below 100"], "{clusters:?}");
    let names: Vec<&str> = clusters.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with("high-") || name.starts_with("low-")), "{names:?}");
}

#[test]
fn who_has_no_number_is_somewhere_too() {
    let features = vec![
        ("idle".to_owned(), parse_feature("days since \"A\"").unwrap()),
        ("age".to_owned(), parse_feature("trait.age").unwrap()),
    ];
    let mut sample: Vec<Numbers> = Vec::new();
    for more in 0..20 {
        sample.push(vec![None, Some((30 + more % 3) * ONE)]);
        sample.push(vec![Some(more % 5 * ONE), None]);
    }
    let clusters = found(find(&asked(&features, 2, 2), &sample));
    let ends = ends(&clusters, &features, &sample);
    let apart: Vec<u8> = (0..sample.len()).map(|place| u8::from(ends[place] != ends[0])).collect();
    let kinds: Vec<u8> = (0..sample.len()).map(|place| (place % 2) as u8).collect();
    assert_eq!(apart, kinds, "{clusters:?}");
    let centres: Vec<&Numbers> = clusters.clusters.iter().map(|cluster| &cluster.centre).collect();
    assert_eq!(centres[usize::from(ends[0])], &vec![None, Some(30_950_000)]);
    assert_eq!(centres[usize::from(ends[1])], &vec![Some(2_000_000), None]);
}

#[test]
fn a_cluster_keeps_its_name_while_it_is_near_where_it_was() {
    let features = rfm();
    let (sample, _) = customers(1_000, 1);
    let mut before = found(find(&asked(&features, 4, 4), &sample));
    for (number, cluster) in before.clusters.iter_mut().enumerate() {
        cluster.name = format!("old-{number}");
    }
    let (others, _) = customers(1_000, 9);
    // In another order, since the lots fall otherwise.
    let asked = Asked { seed: 99, before: Some(&before), ..asked(&features, 4, 4) };
    let after = found(find(&asked, &others));
    for cluster in &after.clusters {
        let old = before.clusters.iter().find(|one| one.name == cluster.name).expect("each is kept");
        let orders = |numbers: &Numbers| numbers[1].unwrap() as f64;
        let ratio = orders(&old.centre) / orders(&cluster.centre);
        assert!(
            (0.8..1.25).contains(&ratio),
            "{} was {:?} and is {:?}",
            cluster.name,
            old.centre,
            cluster.centre
        );
    }
    let fewer = found(find(&Asked { at_least: 2, at_most: 2, ..asked }, &others));
    let mut names: Vec<&str> = fewer.clusters.iter().map(|one| one.name.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn what_cannot_be_found_is_said() {
    let features = rfm();
    let alike: Numbers = vec![Some(ONE), Some(ONE), Some(ONE)];
    let lack = |sample: &[Numbers]| match find(&asked(&features, 3, 6), sample) {
        Finding::Found(clusters) => panic!("found {clusters:?}"),
        Finding::NotFound(lack) => lack,
    };
    let few = |different| Lack::TooFew { people: 1_000, different, asked: 3 };
    assert_eq!(lack(&[]), few(0));
    assert_eq!(lack(&vec![alike.clone(); 50]), few(1));
    let other = vec![None, None, None];
    assert_eq!(lack(&[alike, other]), few(2));
    // What is the same for everybody, or nobody has, is no hindrance beside what differs.
    let one_differs: Vec<Numbers> =
        (0..60).map(|person| vec![None, Some(ONE), Some((person % 3 * 100 + person % 2) * ONE)]).collect();
    let clusters = found(find(&asked(&features, 3, 3), &one_differs));
    let expected: Vec<u64> = vec![20, 20, 20];
    assert_eq!(clusters.clusters.iter().map(|one| one.sampled).collect::<Vec<_>>(), expected);
    assert!(clusters.clusters.iter().all(|one| one.name.ends_with("spent") || one.name == "middle"));
    // The ends of what a number can be.
    let extreme: Vec<Numbers> = (0..30)
        .map(|person| match person % 3 {
            0 => vec![Some(0), Some(i64::from(u32::MAX) * ONE), Some(i64::MAX)],
            1 => vec![None, None, Some(i64::MIN)],
            _ => vec![Some(20_000 * ONE), Some(ONE), Some(0)],
        })
        .collect();
    assert_eq!(found(find(&asked(&features, 3, 3), &extreme)).clusters.len(), 3);
}
