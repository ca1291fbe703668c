//! The programmes that the simulated operators apply: variants of one small shop.

use std::collections::BTreeMap;

use engine::at::Span;
use engine::programme::{
    Arm, Channel, EmailMessage, EmailTemplate, Journey, Message, OptIn, Programme, Purchase, Purpose,
    Reenter, Step, Tracking,
};

use crate::auditor::segments::{SEGMENTS, TIMEZONE};
use crate::clusters;
use crate::random::Random;

/// The purpose that people consent to.
pub(crate) const OFFERS: &str = "offers";
/// The purpose that is part of a contract, and asks for no consent.
pub(crate) const ORDERS: &str = "orders";
/// The journey from which everybody is withheld.
pub(crate) const WITHHELD: &str = "withheld";
/// The message that asks to confirm a consent.
pub(crate) const CONFIRM: &str = "confirm";

/// The first programme. Of a log that will be trimmed it asks at once for everything that any later one may ask for, since
/// what is gone from the log cannot be brought in from there.
pub(crate) fn draw_first(random: &mut Random, trims: bool) -> String {
    draw_with(random, if trims { 1_000 } else { 800 })
}

/// A programme like the last one, with some of it changed.
pub(crate) fn draw(random: &mut Random) -> String {
    draw_with(random, 800)
}

fn draw_with(random: &mut Random, segment_permille: u64) -> String {
    let double = random.happens(400);
    let segments = SEGMENTS.iter().filter(|segment| segment.is_base || random.happens(segment_permille));
    let segments: Vec<_> = segments.collect();
    let listened_permille = *random.pick(&[0, 100, 500]);
    let recorded: Vec<_> = segments.iter().filter(|_| random.happens(listened_permille)).collect();
    let programme = Programme {
        name: "shop".to_owned(),
        timezone: TIMEZONE.to_owned(),
        languages: vec!["it".to_owned(), "en".to_owned()],
        tracking: Tracking::default(),
        purposes: BTreeMap::from([
            (OFFERS.to_owned(), purpose(if double { OptIn::Double } else { OptIn::Single })),
            (ORDERS.to_owned(), purpose(OptIn::None)),
        ]),
        purchase: Purchase::default(),
        clusters: clusters::set(double),
        segments: segments.iter().map(|one| (one.name.to_owned(), one.expression.to_owned())).collect(),
        recorded: recorded.iter().map(|one| one.name.to_owned()).collect(),
        messages: [CONFIRM, "welcome", "nudge", "cart", "back", "receipt"]
            .map(|name| (name.to_owned(), message(name)))
            .into(),
        journeys: journeys(random),
        ..Programme::default()
    };
    let mistakes = programme.mistakes();
    assert!(mistakes.is_empty(), "the simulated programme is a programme: {mistakes:?}");
    serde_json::to_string(&programme).expect("a programme is plain JSON")
}

fn purpose(opt_in: OptIn) -> Purpose {
    let confirm = (opt_in == OptIn::Double).then(|| CONFIRM.to_owned());
    Purpose { channels: vec![Channel::Email], opt_in, confirm, ..Purpose::default() }
}

fn message(name: &str) -> Message {
    let template = EmailTemplate { text: Some(format!("{name}!")), ..EmailTemplate::default() };
    let email = EmailMessage {
        from: "Shop <shop@shop.example>".to_owned(),
        subject: BTreeMap::from([("it".to_owned(), name.to_owned())]),
        templates: BTreeMap::from([("it".to_owned(), template)]),
        ..EmailMessage::default()
    };
    Message { email: Some(email), ..Message::default() }
}

fn journeys(random: &mut Random) -> BTreeMap<String, Journey> {
    let wait = |span: Span| Step::Wait(span);
    let all = [
        (
            "welcome",
            Journey {
                purpose: OFFERS.to_owned(),
                enter: "did \"Signed Up\"".to_owned(),
                holdout_permille: *random.pick(&[0, 0, 200]),
                steps: vec![
                    send("welcome"),
                    wait(Span::DAY),
                    Step::Branch(vec![
                        Arm { when: Some("trait.plan = \"pro\"".to_owned()), then: vec![] },
                        Arm { when: None, then: vec![send("nudge")] },
                    ]),
                ],
                ..Journey::default()
            },
        ),
        (
            "cart",
            Journey {
                purpose: OFFERS.to_owned(),
                enter: "did \"Product Added\"".to_owned(),
                reenter: Reenter::After(Span::DAY.times(1 + random.below(7) as i64)),
                exit: Some("did \"Order Completed\"".to_owned()),
                steps: vec![
                    wait(Span::HOUR),
                    send("cart"),
                    Step::WaitUntil { until: "did \"Message Clicked\"".to_owned(), at_most: Span::DAY },
                    send("cart"),
                ],
                ..Journey::default()
            },
        ),
        (
            "back",
            Journey {
                purpose: OFFERS.to_owned(),
                enter: "in segment \"lapsed\"".to_owned(),
                reenter: Reenter::Always,
                steps: vec![send("back")],
                ..Journey::default()
            },
        ),
        (
            WITHHELD,
            Journey {
                purpose: ORDERS.to_owned(),
                enter: "did \"Order Completed\"".to_owned(),
                reenter: Reenter::Always,
                holdout_permille: 1_000,
                steps: vec![send("receipt")],
                ..Journey::default()
            },
        ),
        (
            "receipt",
            Journey {
                purpose: ORDERS.to_owned(),
                enter: "did \"Order Completed\" (total > 50)".to_owned(),
                reenter: Reenter::Always,
                steps: vec![send("receipt"), wait(Span::MINUTE)],
                ..Journey::default()
            },
        ),
    ];
    let kept = all.into_iter().chain(listening()).filter(|_| random.happens(850));
    kept.map(|(name, journey)| (name.to_owned(), journey)).collect()
}

fn send(message: &str) -> Step {
    Step::Send { message: message.to_owned(), channels: vec![] }
}

/// Journeys that begin with the change of a segment.
fn listening() -> [(&'static str, Journey); 2] {
    [
        (
            "parted",
            Journey {
                purpose: OFFERS.to_owned(),
                enter: "left segment \"buyers\"".to_owned(),
                reenter: Reenter::Always,
                steps: vec![Step::Wait(Span::HOUR), send("back")],
                ..Journey::default()
            },
        ),
        (
            "raised",
            Journey {
                purpose: OFFERS.to_owned(),
                enter: "entered segment \"pro\"".to_owned(),
                steps: vec![send("nudge")],
                ..Journey::default()
            },
        ),
    ]
}
