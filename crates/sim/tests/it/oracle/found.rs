//! Stories that random ones came to, and that the engine once told otherwise; each is held to the naive evaluation
//! after every deed.

use engine::at::Span;
use engine::identifier::IdentifierKind;
use engine::record::EventFlags;
use engine::segment::parse::parse;
use serde_json::{Value as Json, json};

use super::deed::{Deed, Wait};
use super::story::Story;
use super::tree::Said;
use super::words::{Name, Start, Words};

const ADA: Name = (IdentifierKind::UserId, "u1");
const BOB: Name = (IdentifierKind::UserId, "u2");
const EMAIL: Name = (IdentifierKind::Email, "a@example.com");
const TOKEN: Name = (IdentifierKind::DeviceToken, "token-1");
const DEVICE: Name = (IdentifierKind::AnonymousId, "device-1");

pub(super) fn said(expression: &str) -> Said {
    Said(parse(expression).unwrap_or_else(|wrong| panic!("{expression}: {wrong:?}")))
}

fn holds_in(zone: &'static str, segments: &[&str], deeds: &[Deed]) {
    let start = Start { zone, at: "2026-02-26T12:00:00Z" };
    let segments: Vec<Said> = segments.iter().map(|text| said(text)).collect();
    let mut story = Story::begin(start, Words::everything(start.today()), &segments);
    for (place, deed) in deeds.iter().enumerate() {
        story.tell(deed);
        story.check(&[]).unwrap_or_else(|wrong| panic!("after deed {place}: {wrong}"));
    }
}

fn holds(segments: &[&str], deeds: &[Deed]) {
    holds_in("UTC", segments, deeds);
}

/// An event so many milliseconds ago.
fn track(who: &[Name], name: &str, ago: i64, properties: Json) -> Deed {
    Deed::Track {
        who: who.to_vec(),
        name: name.to_owned(),
        ago: Span(ago),
        properties,
        flags: EventFlags::default(),
    }
}

fn did(who: &[Name], name: &str) -> Deed {
    track(who, name, 0, json!({}))
}

fn identify(who: &[Name], ago: i64, traits: Json) -> Deed {
    Deed::Identify { who: who.to_vec(), ago: Span(ago), traits }
}

fn suppress(address: Name) -> Deed {
    Deed::Suppress { address, lifted: false }
}

fn wait(ms: i64) -> Deed {
    Deed::Wait(Wait::For(Span(ms)))
}

#[test]
fn a_figure_changes_when_the_oldest_event_in_it_leaves() {
    let n = |n: i64| track(&[ADA], "A", 0, json!({ "n": n }));
    let later = [n(1), wait(1_000), n(1), wait(1_000), n(1), wait(1_000), wait(1_000), wait(1_000)];
    holds(&[r#"did "A" with sum(n) >= 2 within 3 seconds"#], &later);
}

#[test]
fn an_identifier_that_is_added_may_make_somebody_reachable() {
    for (name, channel) in [(EMAIL, "email"), (TOKEN, "push"), (TOKEN, "web_push")] {
        holds(&[&format!("reachable by {channel}")], &[did(&[DEVICE], "A"), did(&[name, DEVICE], "A")]);
    }
}

#[test]
fn an_address_among_the_traits_is_reached_until_it_is_suppressed() {
    let email = || identify(&[ADA], 0, json!({ "email": "A@example.com " }));
    let lifted = Deed::Suppress { address: EMAIL, lifted: true };
    holds(&["reachable by email"], &[email(), suppress(EMAIL), lifted.clone()]);
    // It is the identifier of somebody else, from before or from then on.
    holds(&["reachable by email"], &[did(&[BOB, EMAIL], "A"), email(), suppress(EMAIL), lifted.clone()]);
    holds(&["reachable by email"], &[email(), did(&[BOB, EMAIL], "A"), suppress(EMAIL), lifted.clone()]);
    // Whoever had it became another profile.
    let deeds = [
        identify(&[DEVICE], 0, json!({ "email": "a@example.com" })),
        did(&[ADA, DEVICE], "A"),
        suppress(EMAIL),
        lifted,
    ];
    holds(&["reachable by email"], &deeds);
}

#[test]
fn a_device_token_among_the_traits_is_an_address() {
    let token = |token: Json| identify(&[ADA], 0, json!({ "device_token": token }));
    holds(
        &["reachable by push"],
        &[token(json!(null)), token(json!("token-1")), suppress(TOKEN), token(json!("x"))],
    );
}

#[test]
fn a_trait_that_was_taken_away_does_not_come_back_late() {
    let red = |ago| identify(&[ADA], ago, json!({ "colour": "red" }));
    let none = |ago| identify(&[ADA], ago, json!({ "colour": null }));
    holds(&["trait.colour exists"], &[red(5_000), none(1_000), red(3_000), red(0)]);
    holds(&["trait.colour exists"], &[none(1_000), red(3_000), red(0)]);
    let merged =
        [none(1_000), identify(&[DEVICE], 3_000, json!({ "colour": "red" })), did(&[ADA, DEVICE], "A")];
    holds(&["trait.colour exists"], &merged);
}

#[test]
fn a_date_is_what_it_is_to_the_millisecond() {
    let segments = [
        r#"trait.day before "2026-02-26""#,
        r#"trait.day after "2026-02-26T12:00:00.400Z""#,
        r#"trait.day on "1970-01-01""#,
        r#"trait.day after "9999-12-30""#,
        r#"trait.day on "9999-12-31""#,
        r#"trait.day after "2261-01-01T00:00:00Z""#,
        r#"trait.day before "1969-12-31T23:59:59.9Z""#,
        "trait.day in the next 1 day",
        "trait.day in the last 1 day",
    ];
    let values = [
        json!(" 2026-02-25"),
        json!("2026-02-25"),
        json!(1_772_107_200.5),
        json!(1_772_107_200_500_i64),
        json!(-0.5),
        json!(-0.000_5),
        json!("9999-12-31"),
        json!("9999-12-31T00:00:00Z"),
        json!("9999-12-30T23:59:59Z"),
        json!(9_300_000_000_000_i64),
        json!(9_300_000_000_000.5),
        json!(99_999_999_999_i64),
        json!(100_000_000_000_i64),
        json!(-100_000_000_000_i64),
        json!("0000-01-01T00:00:00+01:00"),
        json!(["x", "2026-02-26", "2026-02-25"]),
    ];
    let deeds: Vec<Deed> = values.map(|day| identify(&[ADA], 0, json!({ "day": day }))).into();
    for zone in ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"] {
        holds_in(zone, &segments, &deeds);
    }
}
