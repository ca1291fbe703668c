//! More people than one block of profiles holds, in strands that are found by search and strands that each have a place,
//! with more values of a property than a byte tells apart.

use engine::at::Span;
use engine::identifier::IdentifierKind;
use engine::record::EventFlags;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

use super::deed::{Deed, Wait};
use super::found::said;
use super::story::Story;
use super::words::{Name, Start, Words};

/// More than one block of profiles, which is 16,384 of them.
const PEOPLE: u64 = 16_500;

const EXPRESSIONS: [&str; 18] = [
    r#"did "A""#,
    r#"not did "B" within 1 day"#,
    r#"did "A" at least 2 times within 2 days"#,
    r#"did "A" exactly 1 time before "2026-02-26T06:00:00Z""#,
    r#"did "A" (n > 500) within 1 day and not did "B""#,
    r#"did "A" (n >= 10, n < 300) at most 1 time"#,
    r#"did "A" with sum(n) > 900 within 2 days"#,
    r#"did "A" with max(n) = 999 or did "B" with min(n) < 3"#,
    r#"did "A" then "B" within 1 day"#,
    r#"did "A" within 2 days then not "B" within 12 hours"#,
    r#"did "B" exactly 0 times and did "A" since "2026-02-26""#,
    r#"trait.colour = "red" and did "A" within 1 day"#,
    r#"in segment "s0" and not in segment "s8""#,
    r#"trait.day in the next 2 days or did "B" at least 2 times"#,
    "last seen within 1 day or not reachable by email",
    "not first seen within 1 day",
    r#"top 10% by avg(n) of "A" within 2 days"#,
    "rfm.recency >= 4 and not rfm.frequency = 1",
];

/// Names that live as long as the test.
fn person(number: u64) -> Name {
    (IdentifierKind::UserId, Box::leak(format!("person {number}").into_boxed_str()))
}

#[test]
fn a_crowd_is_told_apart_as_a_few_are() {
    let start = Start { zone: "Europe/Rome", at: "2026-02-26T12:00:00Z" };
    let segments = EXPRESSIONS.map(said);
    let mut story = Story::begin(start, Words::everything(start.today()), &segments);
    let people: Vec<Name> = (0..PEOPLE).map(person).collect();
    for seq in 0..PEOPLE * 3 / 2 {
        let draw = xxh3_64(&seq.to_le_bytes());
        // Each is met once, and then a few of them often.
        let number = if seq < PEOPLE { seq } else { (draw >> 40) % PEOPLE / (1 + draw % 3) };
        let who = vec![people[number as usize]];
        let ago = Span((draw >> 20) as i64 % (3 * 86_400_000));
        let track = |name: &str| Deed::Track {
            who: who.clone(),
            name: name.to_owned(),
            ago,
            properties: json!({ "n": draw % 1_000, "m": draw % 10 }),
            flags: EventFlags::default(),
        };
        let day = if draw % 7 < 4 { "2026-02-28" } else { "2026-02-27" };
        story.tell(&match draw % 16 {
            0 => track("B"),
            1 => Deed::Identify { who, ago, traits: json!({ "colour": "red", "day": day }) },
            _ => track("A"),
        });
    }
    // Of a property that no segment asks for.
    let questions = [said(r#"did "A" (m in [3, 4]) at least 2 times within 2 days"#)];
    for _ in 0..3 {
        story.check(&questions).unwrap_or_else(|wrong| panic!("{wrong}"));
        story.tell(&Deed::Wait(Wait::For(Span(Span::HOUR.0 * 9))));
        story.tell(&Deed::State { off: 0 });
    }
}
