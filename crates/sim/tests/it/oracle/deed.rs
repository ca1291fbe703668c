//! What random people do and say, and how the clock goes on.

use engine::at::Span;
use engine::identifier::IdentifierKind;
use engine::record::EventFlags;
use jiff::civil::Date;
use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

use super::tree::{PURPOSES, Said, event, instant, plus, segments, span, weighted};
use super::words::{Name, Words};

pub(super) const ZONES: [&str; 4] = ["Europe/Rome", "UTC", "America/Santiago", "Pacific/Auckland"];

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Track {
        who: Vec<Name>,
        name: String,
        ago: Span,
        properties: Json,
        flags: EventFlags,
    },
    Identify {
        who: Vec<Name>,
        ago: Span,
        traits: Json,
    },
    /// Preferences inside an event.
    Prefer {
        who: Vec<Name>,
        ago: Span,
        preferences: Json,
    },
    Consent {
        who: Name,
        purpose: &'static str,
        channel: &'static str,
        granted: bool,
        ago: Span,
    },
    Suppress {
        address: Name,
        lifted: bool,
    },
    Wait(Wait),
    Redefine {
        segments: Vec<Said>,
        zone: &'static str,
    },
    /// Everybody is ranked; the cut-offs that are stated lie a little beside what was found.
    State {
        off: i64,
    },
    /// Whoever has the name is erased.
    Erase {
        who: Name,
    },
    /// The process starts again from a snapshot.
    Restart,
}

#[derive(Clone, Debug)]
pub(super) enum Wait {
    For(Span),
    /// To one of the next instants at which something could change, or a little beside it.
    Turn {
        place: usize,
        off: i64,
    },
    /// To one of the next midnights and quarters of a day.
    Quarter {
        place: usize,
        off: i64,
    },
    /// To the next timer, or to just before it.
    Timer {
        off: i64,
    },
}

pub(super) fn deed(words: Words) -> impl Strategy<Value = Deed> {
    let flags = select(vec![
        EventFlags::default(),
        EventFlags::default(),
        EventFlags::default(),
        EventFlags::LATE,
        EventFlags::IMPORTED,
        EventFlags::BOT,
    ]);
    let track = (who(words), event(words), ago(words), properties(words), flags);
    let consent = (
        select(words.names),
        select(PURPOSES.to_vec()),
        select(vec!["", "email", "sms"]),
        any::<bool>(),
        ago(words),
    );
    let address = select(words.names).prop_filter("an address", |name| {
        matches!(name.0, IdentifierKind::Email | IdentifierKind::Phone | IdentifierKind::DeviceToken)
    });
    let often = words.deeds;
    let others = [often.track, often.identify, often.consent, often.suppress, often.redefine, often.restart];
    let off = select(vec![0, 0, 0, 0, 1, -1, 1_000_000, -1_500_000]);
    weighted(vec![
        (
            often.track,
            track
                .prop_map(|(who, name, ago, properties, flags)| Deed::Track {
                    who,
                    name,
                    ago,
                    properties,
                    flags,
                })
                .boxed(),
        ),
        (
            often.identify,
            (who(words), ago(words), traits(words))
                .prop_map(|(who, ago, traits)| Deed::Identify { who, ago, traits })
                .boxed(),
        ),
        (
            often.consent,
            (who(words), ago(words), preferences())
                .prop_map(|(who, ago, preferences)| Deed::Prefer { who, ago, preferences })
                .boxed(),
        ),
        (
            often.consent,
            consent
                .prop_map(|(who, purpose, channel, granted, ago)| Deed::Consent {
                    who,
                    purpose,
                    channel,
                    granted,
                    ago,
                })
                .boxed(),
        ),
        (
            often.suppress,
            (address, any::<bool>()).prop_map(|(address, lifted)| Deed::Suppress { address, lifted }).boxed(),
        ),
        (others.iter().sum(), wait(words).prop_map(Deed::Wait).boxed()),
        (
            often.redefine,
            (segments(words), select(ZONES.to_vec()))
                .prop_map(|(segments, zone)| Deed::Redefine { segments, zone })
                .boxed(),
        ),
        (often.erase, select(words.names).prop_map(|who| Deed::Erase { who }).boxed()),
        (often.restart, Just(Deed::Restart).boxed()),
        (often.state, off.prop_map(|off| Deed::State { off }).boxed()),
    ])
}

fn wait(words: Words) -> impl Strategy<Value = Wait> {
    let off = || select(vec![0, 0, 0, 0, -1, 1, 499, 999]);
    prop_oneof![
        2 => ago(words).prop_map(Wait::For),
        4 => (0..8usize, off()).prop_map(|(place, off)| Wait::Turn { place, off }),
        2 => (0..8usize, off()).prop_map(|(place, off)| Wait::Quarter { place, off }),
        2 => off().prop_map(|off| Wait::Timer { off }),
    ]
}

/// One identifier of a kind, the most trusted first.
fn who(words: Words) -> impl Strategy<Value = Vec<Name>> {
    let one = select(words.names).prop_map(|name| vec![name]);
    let most = words.names.len().min(3);
    let some = btree_set(select(words.names), 1..=most).prop_map(|names| {
        let by_kind: BTreeMap<IdentifierKind, &str> = names.into_iter().collect();
        by_kind.into_iter().collect()
    });
    prop_oneof![3 => one, 1 => some]
}

/// Up to the length of the longest window, often nothing.
fn ago(words: Words) -> impl Strategy<Value = Span> {
    let off = select(vec![0, 0, 0, 1, 500, 999]);
    prop_oneof![
        2 => Just(Span(0)),
        3 => (span(words), off).prop_map(|(span, off)| Span(span.0 + off)),
    ]
}

fn properties(words: Words) -> impl Strategy<Value = Json> {
    let sure = |json: Json| json;
    let dates = 2 + words.conditions.today_percent / 5;
    prop_oneof![
        3 => Just(json!({})),
        3 => number().prop_map(|number| json!({ "n": number })),
        1 => (number(), text()).prop_map(|(number, text)| json!({ "n": number, "s": text })),
        1 => (number(), number()).prop_map(|(one, two)| json!({ "n": [one, two, "red"], "s": null })),
        1 => (number(), number()).prop_map(|(one, two)| json!({ "p": [{ "n": one }, { "n": two }, 3] })),
        1 => number().prop_map(move |number| sure(json!({ "p": { "n": number }, "s": ["blue", "Red"] }))),
        dates => (date(words), number()).prop_map(|(date, number)| json!({ "at": date, "n": number })),
    ]
}

fn traits(words: Words) -> impl Strategy<Value = Json> {
    prop_oneof![
        2 => text().prop_map(|text| json!({ "colour": text })),
        1 => number().prop_map(|number| json!({ "age": number })),
        1 => select(vec![json!(null), json!(["red", "blue"]), json!([]), json!("Red")]).prop_map(|tags| json!({ "tags": tags })),
        1 => text().prop_map(|text| json!({ "home": { "city": text }, "colour": null })),
        1 => select(vec![json!(null), json!("red"), json!([{ "city": "red" }, { "city": 3 }])]).prop_map(|home| json!({ "home": home })),
        6 => date(words).prop_map(|date| json!({ "day": date })),
        2 => address().prop_map(|(name, value)| json!({ name: value })),
    ]
}

fn address() -> impl Strategy<Value = (&'static str, Json)> {
    prop_oneof![
        select(vec![json!("a@example.com"), json!("B@Example.com "), json!("nobody"), json!(null)])
            .prop_map(|value| ("email", value)),
        select(vec![json!("+39 123456"), json!(null)]).prop_map(|value| ("phone", value)),
        select(vec![json!("token-1"), json!("token-2"), json!(null)])
            .prop_map(|value| ("device_token", value)),
    ]
}

fn preferences() -> impl Strategy<Value = Json> {
    (any::<bool>(), any::<bool>(), 0..4u8).prop_map(|(one, two, which)| match which {
        0 => json!({ "offers": one }),
        1 => json!({ "offers.email": one, "news": two }),
        2 => json!({ "news.sms": one, "offers": two }),
        _ => json!({ "offers.push": one, "offers": two, "news": null }),
    })
}

fn number() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => (-1..5i64).prop_map(Json::from),
        2 => select(vec![json!(2.5), json!(0.1), json!(-0.5), json!(1e15)]),
        1 => select(vec![json!("3"), json!(null), json!(true)]),
    ]
}

fn text() -> impl Strategy<Value = Json> {
    select(vec![json!("red"), json!("Reds"), json!("blue"), json!(""), json!(3), json!(true), json!(null)])
}

/// A date in every form that a value may have, and some that are none.
fn date(words: Words) -> impl Strategy<Value = Json> {
    let near = || -words.days..=words.days;
    let one = prop_oneof![
        4 => near().prop_map(move |days| json!(plus(words.today, days).to_string())),
        4 => (near(), select(vec![1990, 1996, 2000, 2027])).prop_filter_map("29 February", move |(days, year)| {
            let day = plus(words.today, days);
            let then = Date::new(year, day.month(), day.day()).ok()?;
            Some(json!(then.to_string()))
        }),
        2 => Just(json!("2000-02-29")),
        1 => select(vec!["9999-12-31", "9999-12-30", "0000-01-01", "1969-12-31"]).prop_map(Json::from),
        3 => instant(words).prop_map(|at| json!(at.to_string())),
        1 => instant(words).prop_map(|at| json!(at.to_string().replace('Z', "+00:00"))),
        2 => instant(words).prop_map(|at| json!(at.0)),
        2 => instant(words).prop_map(|at| json!(at.0 as f64 / 1_000.0)),
        1 => select(vec![
            json!(" 2026-03-29"),
            json!("2026-02-30"),
            json!("soon"),
            json!(true),
            json!(null),
            json!(-100_000_000_000i64),
            json!(99_999_999_999i64),
            json!(10_000_000_000_000i64),
            json!(1e18),
            json!(-0.5),
            json!("2026-03-29T10:00"),
        ]),
    ];
    let one = one.boxed();
    prop_oneof![4 => one.clone(), 1 => (one.clone(), one).prop_map(|(one, two)| json!([one, "x", two]))]
}
