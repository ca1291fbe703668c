//! Clusters: what a set asks for, what is stated for it, and who is then in which.

use crate::story::{Story, programme};
use engine::at::{At, Span};
use engine::engine::{ClustersRefusal, Engine, Outcome, Refusal};
use engine::programme::{Channel, ClusterSet, Journey, OptIn, Programme, Purpose, Refresh, Step};
use engine::record::{ClustersStated, Record};
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};
use engine::segment::parse::parse_feature;
use serde_json::json;

const ONE: i64 = 1_000_000;

fn set() -> ClusterSet {
    let features = [
        ("idle", "days since \"Order\""),
        ("orders", "count of \"Order\" within 365 days"),
        ("spent", "sum(total) of \"Order\""),
    ];
    let features = features.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    ClusterSet { features, refresh: Refresh::Daily, ..ClusterSet::default() }
}

fn with_set(set: ClusterSet) -> Programme {
    let mut programme = programme();
    programme.clusters.insert("shoppers".to_owned(), set);
    programme
        .segments
        .insert("loved".to_owned(), "in segment \"shoppers/good\" or trait.vip = true".to_owned());
    programme
}

fn purpose() -> Purpose {
    Purpose { channels: vec![Channel::Email], opt_in: OptIn::None, ..Purpose::default() }
}

fn fork(feature: u8, at: i64, below: Tree, reached: Tree) -> Tree {
    Tree::Fork { feature, at: at * ONE, below: Box::new(below), reached: Box::new(reached) }
}

fn found(names: &[&str], tree: Tree) -> Finding {
    let cluster =
        |name: &&str| Cluster { name: (*name).to_owned(), sampled: 5, centre: vec![Some(1), None, Some(-1)] };
    let clusters = names.iter().map(cluster).collect();
    Finding::Found(Clusters {
        seed: 9,
        people: 10,
        sampled: 10,
        fidelity_permyriad: 9_900,
        silhouette_permyriad: 5_000,
        clusters,
        tree,
    })
}

/// By orders in a year, and of few orders by the days since.
fn usual() -> Finding {
    let few = fork(0, 90, Tree::Leaf(1), Tree::Leaf(2));
    found(&["good", "new", "gone"], fork(1, 3, few, Tree::Leaf(0)))
}

fn state(story: &mut Story, finding: Finding) -> Outcome {
    let question = &story.engine.cluster_set("shoppers").unwrap().clustering.text();
    let (set, stated_at, at_least, at_most) = ("shoppers", story.now(), 3, 6);
    story.apply(&Record::ClustersStated(ClustersStated {
        set,
        stated_at,
        question,
        at_least,
        at_most,
        finding,
    }))
}

fn segments_of(engine: &Engine, person: &str) -> Vec<String> {
    let id = engine.find(engine::identifier::IdentifierKind::UserId, person).unwrap();
    engine.memberships(id).into_iter().map(str::to_owned).collect()
}

/// Ada ordered four times, bob once, cleo once and long ago; dan only looked around.
fn shop(programme: &Programme) -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(programme), Outcome::Applied);
    let now = story.now();
    for (person, days) in [("ada", 1), ("ada", 2), ("ada", 3), ("ada", 4), ("bob", 5), ("cleo", 100)] {
        story.track(person, "Order", now.minus(Span::DAY.times(days)), &json!({ "total": 10 }));
    }
    story.track("dan", "Seen", now, &json!({}));
    story
}

#[test]
fn clusters_are_segments_as_soon_as_they_are_stated() {
    let mut story = shop(&with_set(set()));
    assert_eq!(story.engine.clusters_due(), Some(At::MIN), "at once");
    assert_eq!(segments_of(&story.engine, "ada"), [""; 0], "what was not found holds for nobody");
    assert_eq!(state(&mut story, usual()), Outcome::Applied);
    for (person, expected) in [
        ("ada", &["loved", "shoppers/good"][..]),
        ("bob", &["shoppers/new"]),
        ("cleo", &["shoppers/gone"]),
        ("dan", &[]),
    ] {
        assert_eq!(segments_of(&story.engine, person), expected, "{person}");
    }
    let expressions =
        story.engine.segments().into_iter().map(|view| (view.name, view.expression, view.count));
    let clusters: Vec<_> = expressions.filter(|(name, ..)| name.contains('/')).collect();
    let expected = [
        (
            "shoppers/gone",
            "did \"Order\" and not did \"Order\" within 90 days and did \"Order\" at most 2 times within 365 days",
            1,
        ),
        ("shoppers/good", "did \"Order\" and did \"Order\" at least 3 times within 365 days", 1),
        (
            "shoppers/new",
            "did \"Order\" and did \"Order\" within 90 days and did \"Order\" at most 2 times within 365 days",
            1,
        ),
    ];
    assert_eq!(clusters, expected);

    // With an event, and with time alone.
    let now = story.now();
    story.track("bob", "Order", now, &json!({ "total": 5 }));
    story.track("bob", "Order", now, &json!({ "total": 5 }));
    assert_eq!(segments_of(&story.engine, "bob"), ["loved", "shoppers/good"]);
    story.wait_until(now.plus(Span::DAY.times(365)));
    assert_eq!(segments_of(&story.engine, "bob"), ["shoppers/gone"]);
    let restored = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(restored.hash(), story.engine.hash());
    assert_eq!(restored.clusters_due(), story.engine.clusters_due());
    assert_eq!(segments_of(&restored, "ada"), ["shoppers/gone"]);
}

#[test]
fn other_clusters_take_the_place_of_those_before() {
    let mut story = shop(&with_set(set()));
    state(&mut story, usual());
    let view = story.engine.cluster_set("shoppers").unwrap();
    assert!(view.due.is_some_and(|due| due > story.now() && due <= story.now().plus(Span::DAY)), "{view:?}");

    // Nothing found: what stands stands, and the reason is known.
    let lack = Lack::TooFew { people: 2, different: 1, asked: 3 };
    assert_eq!(state(&mut story, Finding::NotFound(lack)), Outcome::Applied);
    let view = story.engine.cluster_set("shoppers").unwrap();
    assert_eq!((view.lack, view.found.unwrap().1.clusters.len()), (Some(lack), 3));
    assert_eq!(segments_of(&story.engine, "ada"), ["loved", "shoppers/good"]);

    assert_eq!(
        state(&mut story, found(&["good", "rest"], fork(2, 10, Tree::Leaf(1), Tree::Leaf(0)))),
        Outcome::Applied
    );
    assert_eq!(segments_of(&story.engine, "bob"), ["loved", "shoppers/good"]);
    assert_eq!(story.engine.segment("shoppers/new"), None);
    assert_eq!(story.engine.segment("shoppers/rest").unwrap().count, 0);
    assert_eq!(story.engine.cluster_set("shoppers").unwrap().lack, None);

    // A set that asks the same keeps them, one that asks for another number is searched at once, and one that asks
    // something else begins anew.
    let same = ClusterSet { refresh: Refresh::Weekly, ..set() };
    story.apply_programme(&with_set(same));
    assert_eq!(segments_of(&story.engine, "bob"), ["loved", "shoppers/good"]);
    assert!(story.engine.clusters_due().unwrap() > story.now().plus(Span::DAY.times(5)));
    story.apply_programme(&with_set(ClusterSet { at_least: 2, ..set() }));
    assert_eq!(segments_of(&story.engine, "bob"), ["loved", "shoppers/good"]);
    assert_eq!(story.engine.clusters_due(), Some(At::MIN));
    let other = ClusterSet { of: Some("did \"Seen\"".to_owned()), ..set() };
    story.apply_programme(&with_set(other));
    assert_eq!(segments_of(&story.engine, "bob"), [""; 0]);
    assert_eq!(story.engine.cluster_set("shoppers").unwrap().found, None);
    let mut without = programme();
    without.segments.insert("all".to_owned(), "did \"Order\"".to_owned());
    story.apply_programme(&without);
    assert_eq!((story.engine.clusters_due(), story.engine.cluster_sets().len()), (None, 0));
}

#[test]
fn clusters_of_another_question_or_of_none_are_refused() {
    let mut story = shop(&with_set(set()));
    let question = story.engine.cluster_set("shoppers").unwrap().clustering.text();
    let refusal = |engine: &Engine, question: &str, (at_least, at_most), finding| {
        let (set, stated_at) = ("shoppers", At(0));
        let stated = ClustersStated { set, stated_at, question, at_least, at_most, finding };
        match engine.check(&Record::ClustersStated(stated)) {
            Err(Refusal::Clusters(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    };
    for (asked, question) in [((3, 6), "of: did \"Order\""), ((3, 5), &question), ((2, 6), &question)] {
        let refusal = refusal(&story.engine, question, asked, usual());
        assert_eq!(refusal, ClustersRefusal::AskedOtherwise);
    }
    let leaf = Tree::Leaf;
    let deep = (0..6).fold(leaf(0), |tree, more| fork(2, more, leaf(1), tree));
    for (finding, fault) in [
        (found(&[], leaf(0)), "too many clusters, or none"),
        (found(&["one", "one"], fork(1, 3, leaf(0), leaf(1))), "name is none, or that of another"),
        (found(&["one", "a/b"], fork(1, 3, leaf(0), leaf(1))), "name is none, or that of another"),
        (found(&["one", "two"], deep), "too deep"),
        (found(&["one", "two"], fork(3, 3, leaf(0), leaf(1))), "names a feature"),
        (found(&["one", "two"], fork(1, 0, leaf(0), leaf(1))), "names a feature"),
        (found(&["one", "two"], fork(0, 50_000, leaf(0), leaf(1))), "names a feature"),
        (found(&["one", "two"], fork(1, 3, leaf(0), leaf(2))), "names a feature"),
        (found(&["one", "two"], leaf(0)), "no way leads"),
        (found(&["one", "two"], fork(1, 3, fork(1, 5, leaf(0), leaf(1)), leaf(0))), "no way leads"),
    ] {
        match refusal(&story.engine, &question, (3, 6), finding.clone()) {
            ClustersRefusal::Unsound(why) => assert!(why.contains(fault), "{finding:?}: {why}"),
            other => panic!("{finding:?}: {other:?}"),
        }
    }
    story.apply_programme(&programme());
    assert_eq!(refusal(&story.engine, &question, (3, 6), usual()), ClustersRefusal::NoSuchSet);
}

#[test]
fn ways_that_differ_in_nothing_are_said_once() {
    let (good, bad) = (Tree::Leaf(0), Tree::Leaf(1));
    // Good from 3 orders on, whatever the days: the two ways there are one.
    let tree = fork(0, 30, fork(1, 3, bad.clone(), good.clone()), fork(1, 3, bad.clone(), good.clone()));
    let mut story = shop(&with_set(set()));
    state(&mut story, found(&["good", "bad"], tree));
    let view = story.engine.cluster_set("shoppers").unwrap();
    let described = |number| view.clustering.describe(&view.found.unwrap().1.tree, number);
    assert_eq!([described(0), described(1)], ["orders 3 or more", "orders below 3"]);
    // One that is said in two ways, since it is in two places.
    let tree = fork(0, 30, fork(1, 3, bad.clone(), good.clone()), fork(2, 100, good, bad));
    state(&mut story, found(&["good", "bad"], tree));
    let expression = story.engine.segment("shoppers/good").unwrap().expression.to_owned();
    let expected = "did \"Order\" and (did \"Order\" within 30 days and did \"Order\" at least 3 times within 365 days \
                    or not did \"Order\" within 30 days and not did \"Order\" with sum(total) >= 100)";
    assert_eq!(expression, expected);
}

#[test]
fn a_journey_follows_clusters_and_is_not_begun_by_a_search() {
    let mut programme = with_set(set());
    programme.purposes.insert("orders".to_owned(), purpose());
    programme.journeys.insert(
        "thanks".to_owned(),
        Journey {
            purpose: "orders".to_owned(),
            enter: "in segment \"shoppers/good\"".to_owned(),
            exit: Some("in segment \"shoppers/gone\"".to_owned()),
            steps: vec![Step::Wait(Span::DAY.times(1_000))],
            ..Journey::default()
        },
    );
    let mut story = shop(&programme);
    state(&mut story, usual());
    let active = |story: &Story| story.engine.journeys()[0].active;
    assert_eq!(
        (active(&story), segments_of(&story.engine, "ada")),
        (0, vec!["loved".to_owned(), "shoppers/good".to_owned()])
    );
    // What a person does begins it; what is stated of everybody may end it.
    let now = story.now();
    story.track("bob", "Order", now, &json!({}));
    story.track("bob", "Order", now, &json!({}));
    assert_eq!(active(&story), 1);
    state(&mut story, found(&["good", "gone"], fork(1, 50, Tree::Leaf(1), Tree::Leaf(0))));
    assert_eq!(active(&story), 0);
}

#[test]
fn who_takes_part_by_rank_is_ranked_first() {
    let of = Some("rfm.frequency >= 4".to_owned());
    let mut story = shop(&with_set(ClusterSet { of, ..set() }));
    assert_eq!(story.engine.clusters_due(), None);
    assert_eq!(story.engine.cutoffs_due(), Some(At::MIN));
    let cutoffs = story.engine.ranking(story.now()).all();
    let cutoffs = cutoffs.iter().map(engine::segment::cutoff::Cutoff::as_stated).collect();
    let stated_at = story.now();
    story.apply(&Record::CutoffsStated(engine::record::CutoffsStated { stated_at, cutoffs }));
    assert_eq!(story.engine.clusters_due(), Some(At::MIN));
}

#[test]
fn a_survey_looks_at_about_as_many_as_it_may() {
    let mut story = Story::new();
    story.apply_programme(&with_set(set()));
    for person in 0..1_000 {
        story.track(&format!("u{person}"), "Order", story.now(), &json!({ "total": person }));
    }
    let survey = story.engine.survey("shoppers", story.now()).unwrap();
    let (people, everybody) = survey.all(1_000);
    assert_eq!((people, everybody.len()), (1_000, 1_000));
    assert_eq!(everybody[7], [Some(0), Some(ONE), Some(7 * ONE)]);
    let (people, some) = survey.all(100);
    assert_eq!(people, 1_000);
    assert!((70..130).contains(&some.len()), "{}", some.len());
    assert_eq!(survey.all(100).1, some, "the lot falls on the same ones again");
    assert_eq!(story.engine.survey("nobody", story.now()).map(|_| ()), None);
}

#[test]
fn features_are_written_in_one_way() {
    for text in [
        "count of \"A\"",
        "count of \"A\" (n > 3, s = \"x\") within 30 days",
        "sum(p.n) of \"A\" since \"2026-01-01\"",
        "avg(n) of \"A\"",
        "days since \"A\"",
        "days since \"A\" (n > 3)",
        "trait.age",
        "trait.home.rooms",
    ] {
        assert_eq!(parse_feature(text).unwrap().to_string(), text);
    }
    for (text, offset, message) in [
        ("", 0, "expected `count`, `sum`, `avg`, `min` or `max`"),
        ("total of \"A\"", 0, "found `total`"),
        ("days since A", 11, "name in quotes"),
        ("days since \"A\" within 3 days", 15, "expected the end"),
        ("count of \"A\" at least 2 times", 13, "expected the end"),
        ("trait.age > 3", 10, "expected the end"),
        ("count of \"A\" since entry", 13, "rules inside a journey"),
    ] {
        let wrong = parse_feature(text).unwrap_err();
        assert_eq!(wrong.offset, offset, "{text}: {wrong:?}");
        assert!(wrong.message.contains(message), "{text}: {wrong:?}");
    }
}

#[test]
fn mistakes_in_a_set_have_their_place() {
    let feature = |text: &str| ClusterSet { features: [("one".to_owned(), text.to_owned())].into(), ..set() };
    let named =
        |name: &str| ClusterSet { features: [(name.to_owned(), "trait.age".to_owned())].into(), ..set() };
    let of = |text: &str| ClusterSet { of: Some(text.to_owned()), ..set() };
    for (set, place, message) in [
        (feature("cont of \"A\""), "clusters.shoppers.features.one", "found `cont`"),
        (named("Big Spender"), "clusters.shoppers.features.Big Spender", "no name of a feature"),
        (ClusterSet { features: [].into(), ..set() }, "clusters.shoppers.features", "1 to 8 features"),
        (of("did"), "clusters.shoppers.of", "name in quotes"),
        (of("in segment \"nobody\""), "clusters.shoppers.of", "there is no segment \"nobody\""),
        (of("in segment \"crowd/x\""), "clusters.shoppers.of", "there is no set of clusters \"crowd\""),
        (of("in segment \"loved\""), "clusters.shoppers.of", "the set of clusters is built on itself"),
        (of("in segment \"shoppers/x\""), "clusters.shoppers.of", "the set of clusters is built on itself"),
        (of(&format!("{}did \"A\"", "not ".repeat(24))), "clusters.shoppers.of", "nested too deeply"),
        (ClusterSet { at_least: 1, ..set() }, "clusters.shoppers.count", "2 to 12 clusters"),
        (ClusterSet { at_most: 13, ..set() }, "clusters.shoppers.count", "2 to 12 clusters"),
        (ClusterSet { at_least: 5, at_most: 4, ..set() }, "clusters.shoppers.count", "2 to 12 clusters"),
    ] {
        let mistakes = with_set(set).mistakes();
        let is_it = |one: &engine::programme::Mistake| one.place.0 == place && one.message.contains(message);
        assert!(mistakes.iter().any(is_it), "{place}: {mistakes:?}");
    }
    assert_eq!(with_set(set()).mistakes(), []);
    let mut taken = with_set(set());
    taken.segments.insert("shoppers/good".to_owned(), "did \"A\"".to_owned());
    assert!(taken.mistakes()[0].message.contains("named like a cluster"));
    // A name with a slash is one like others where there is no such set.
    let mut circle = programme();
    for (name, text) in [("a/b", "in segment \"a/c\""), ("a/c", "in segment \"a/b\"")] {
        circle.segments.insert(name.to_owned(), text.to_owned());
    }
    assert!(circle.mistakes()[0].message.contains("built on itself"));
}
