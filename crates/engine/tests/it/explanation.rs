//! Explanations: what is said to people of each kind of part, and when time alone changes it.

use crate::story::Story;
use engine::at::Span;
use engine::engine::Engine;
use engine::identifier::IdentifierKind::UserId;
use engine::segment::explain::{Change, Explanation};
use serde_json::json;

/// An expression about ada at 2026-01-05T08:00:00Z, whether it is true of her, and what is said of it.
#[rustfmt::skip]
const SENTENCES: &[(&str, bool, &str)] = &[
    (r#"did "Order Completed" at least 2 times within 30 days"#, true,
        r#"2 of at least 2 "Order Completed" within 30 days; drops out 2026-02-03T08:00:00Z"#),
    (r#"did "Order Completed" (total > 60) within 1 day"#, false, r#"0 of at least 1 "Order Completed" (total > 60) within 1 day"#),
    (r#"did "Order Completed" at most 1 time within 2 days"#, false,
        r#"2 of at most 1 "Order Completed" within 2 days; comes in 2026-01-06T08:00:00Z"#),
    (r#"did "Order Completed" exactly 3 times"#, false, r#"2 of exactly 3 "Order Completed""#),
    (r#"did "Order Completed" with sum(total) > 100 within 365 days"#, true,
        r#"sum(total) of 2 "Order Completed" within 365 days: is 110.5, and must be > 100; drops out 2027-01-04T08:00:00Z"#),
    (r#"did "Order Completed" with avg(total) < 55"#, false, r#"avg(total) of 2 "Order Completed": is 55.25, and must be < 55"#),
    (r#"did "Order Completed" with min(missing) = 1"#, false,
        r#"min(missing) of 2 "Order Completed": there is no number, and must be = 1"#),
    (r#"did "Order Completed" then "Rated" within 1 day"#, false,
        r#"no "Order Completed" went on as the sequence says; the newest was 2026-01-05T08:00:00Z"#),
    (r#"did "Order Completed" then not "Rated" within 1 day"#, true, r#""Order Completed" went on as the sequence says"#),
    (r#"did "Rated" then "Order Completed""#, false, r#"there is no "Rated""#),
    (r#"trait.country = "IT""#, true, r#"trait.country is "IT""#),
    (r#"trait.interests contains "tea""#, false, r#"trait.interests is "wine", "oil", "bread", 1 more"#),
    ("trait.plan exists", false, "trait.plan is not there"),
    ("trait.renewal in the next 3 days", false, r#"trait.renewal is "2026-01-10"; comes in 2026-01-08T00:00:00Z"#),
    (r#"in segment "buyers""#, true, r#"in "buyers"; drops out 2026-01-08T08:00:00Z"#),
    (r#"not in segment "buyers""#, false, "the part holds, and must not; comes in 2026-01-08T08:00:00Z"),
    (r#"did "Rated" or in segment "buyers" and trait.plan exists"#, false, "0 of 2 parts hold, one must"),
    (r#"consented to "offers" by sms"#, false, r#"the consent to "offers" by sms: was never asked"#),
    ("reachable by email", false, "no address for email"),
    ("first seen within 2 days", true, "first seen 2026-01-04T08:00:00Z; drops out 2026-01-06T08:00:00Z"),
    (r#"top 50% by sum(total) of "Order Completed""#, true, r#"sum(total) of "Order Completed" is 110.5; the top 50% is from 110.5"#),
    (r#"bottom 50% by count of "Order Completed""#, false, r#"count of "Order Completed" is 2; the bottom 50% is up to 1"#),
    (r#"top 50% by count of "Rated""#, false, r#"has no count of "Rated""#),
    ("rfm.frequency >= 4", true, "rfm.frequency is 5"),
];

fn story() -> Story {
    let mut story = Story::with_segments(&[
        ("buyers", r#"did "Order Completed" within 3 days"#),
        ("keeps", r#"did "Order Completed" (total > 0) with min(missing) = 1"#),
    ]);
    let now = story.now();
    story.track("ada", "Order Completed", now.minus(Span::DAY), &json!({ "total": 60 }));
    story.track("ada", "Order Completed", now, &json!({ "total": 50.5 }));
    story.track("bob", "Order Completed", now, &json!({ "total": 10 }));
    story.identify(
        "ada",
        &json!({ "country": "IT", "interests": ["wine", "oil", "bread", "jam"], "renewal": "2026-01-10" }),
    );
    story
}

fn explained(story: &Story, expression: &str) -> Explanation {
    let (engine, now): (&Engine, _) = (&story.engine, story.now());
    let question = engine.question(expression).unwrap_or_else(|wrong| panic!("{expression}: {wrong:?}"));
    let cutoffs = engine.ranking_of(&question, now).all();
    let question = engine.with_cutoffs(question, cutoffs);
    engine.explain(engine.find(UserId, "ada").unwrap(), &question, now)
}

#[test]
fn each_part_has_a_sentence() {
    let story = story();
    for (expression, holds, sentence) in SENTENCES {
        let explanation = explained(&story, expression);
        assert_eq!(explanation.whole.text, *expression);
        assert_eq!((explanation.whole.holds, explanation.whole.sentence.as_str()), (*holds, *sentence));
    }
}

#[test]
fn parts_and_what_they_are_built_on_are_in_it() {
    let story = story();
    let explanation = explained(&story, r#"in segment "buyers" and (trait.plan exists or not did "Rated")"#);
    let parts: Vec<&str> = explanation.whole.parts.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(parts, [r#"in segment "buyers""#, r#"trait.plan exists or not did "Rated""#]);
    assert_eq!(explanation.whole.parts[1].parts[1].parts[0].text, r#"did "Rated""#);
    let [(name, base)] = explanation.built_on.as_slice() else { panic!("{explanation:?}") };
    assert_eq!((name.as_str(), base.text.as_str()), ("buyers", r#"did "Order Completed" within 3 days"#));
}

#[test]
fn the_future_is_looked_at_within_bounds() {
    let mut story = Story::with_segments(&[("keeps", r#"did "A" with sum(n) > 1"#)]);
    let begun = story.now();
    for number in 0..300 {
        story.wait_until(begun.plus(Span::SECOND.times(number)));
        story.track("ada", "A", story.now(), &json!({ "n": 1 }));
    }
    // Each event that leaves takes one from the sum: the truth changes with the last but 120.
    let explanation = explained(&story, r#"did "A" with sum(n) > 120 within 1 hour"#);
    let leaves = |number: i64| begun.plus(Span::SECOND.times(number)).plus(Span::HOUR);
    assert_eq!(explanation.whole.change, Change::At(leaves(179)));
    let explanation = explained(&story, r#"did "A" with sum(n) > 20 within 1 hour"#);
    assert_eq!(explanation.whole.change, Change::NotBefore(leaves(200)));
    assert!(explanation.whole.sentence.ends_with("drops out by time not before 2026-01-05T09:03:20Z"));
    // A large expression has less of the future for each of its parts.
    let part = r#"did "A" with sum(n) > 120 within 1 hour"#;
    let many = vec![part; 100].join(" and ");
    let explanation = explained(&story, &many);
    let changes: Vec<Change> = explanation.whole.parts.iter().map(|part| part.change).collect();
    assert_eq!(changes[0], Change::At(leaves(179)));
    assert_eq!(changes[99], Change::NotBefore(leaves(0)));
}
