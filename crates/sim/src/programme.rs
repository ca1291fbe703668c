//! The programmes that the simulated operators apply: variants of one small shop.

use std::collections::BTreeMap;

use engine::at::Span;
use engine::programme::{
    Arm, Best, Broadcast, Cap, Channel, Choices, Codes, ContactPolicy, Draw, EmailMessage, EmailTemplate,
    Exclusion, Fatigue, Format, Journey, Message, Offer, OfferContent, OnChange, OnsiteMessage, OptIn,
    Programme, Purchase, Purpose, QuietHours, Reenter, Response, SoftOptIn, Step, Stock, Tracking, Variant,
    VariantChoice, Way, Webhook, WebhookStep,
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

/// The trait that journeys state and nobody else.
pub(crate) const STAGE: &str = "stage";
/// The webhook that runs ask.
const WEBHOOK: &str = "score";
/// The segment of those in whose trait there is a certain value.
pub(crate) const STAGED: &str = "staged";
/// The journey that has all kinds of steps.
pub(crate) const STAGES: &str = "stages";
/// The one offer, the code that is everybody's, the segment of those who may redeem it, and an address that leads to it.
pub(crate) const GIFT: &str = "gift";
pub(crate) const GIFT_CODE: &str = "GIFT-10";
pub(crate) const HOLDERS: &str = "holders";
pub(crate) const MET_BY: &str = "https://shop.example/?utm_source=ad&trama_offer=gift";
/// Places on the shop's pages, and the messages there: one for everybody, and two for whoever wants offers.
pub(crate) const SLOTS: [&str; 2] = ["top", "over"];
const STRIP: &str = "strip";
const BANNER: &str = "banner";
const POPUP: &str = "popup";
/// Journeys that others begin, and so are in every programme.
const STARTED: [&str; 2] = [STAGES, "daily"];
/// The one broadcast: what has started cannot be another one.
pub(crate) const NEWS: &str = "news";

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
    let mut programme = Programme {
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
        segments: segments
            .iter()
            .map(|one| (one.name.to_owned(), one.expression.to_owned()))
            .chain([(STAGED.to_owned(), format!("trait.{STAGE} = \"b\""))])
            .collect(),
        recorded: recorded.iter().map(|one| one.name.to_owned()).collect(),
        messages: [CONFIRM, "welcome", "nudge", "cart", "back", "receipt"]
            .map(|name| (name.to_owned(), message(name)))
            .into(),
        journeys: journeys(random),
        webhooks: BTreeMap::from([(WEBHOOK.to_owned(), webhook())]),
        broadcasts: if random.happens(800) { broadcasts() } else { BTreeMap::new() },
        ..Programme::default()
    };
    draw_contact(&mut programme);
    draw_offer(&mut programme);
    draw_best(&mut programme);
    draw_pages(&mut programme, segment_permille == 1_000);
    let mistakes = programme.mistakes();
    assert!(mistakes.is_empty(), "the simulated programme is a programme: {mistakes:?}");
    serde_json::to_string(&programme).expect("a programme is plain JSON")
}

fn webhook() -> Webhook {
    let url = "https://score.example/".to_owned();
    Webhook { url, hears: vec!["did \"Order Completed\"".to_owned()], fields: Vec::new() }
}

fn purpose(opt_in: OptIn) -> Purpose {
    let confirm = (opt_in == OptIn::Double).then(|| CONFIRM.to_owned());
    Purpose { channels: vec![Channel::Email], opt_in, confirm, ..Purpose::default() }
}

/// A contact policy, or none. Its chance comes from what was drawn before, so that the rest of a world is as it would be
/// without.
fn draw_contact(programme: &mut Programme) {
    let text = serde_json::to_string(programme).expect("a programme is plain JSON");
    let seed = text.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let random = &mut Random::new(seed);
    if random.happens(350) {
        return;
    }
    let hours = |random: &mut Random, most| Span::HOUR.times(1 + random.below(most) as i64);
    let cap = |random: &mut Random| {
        let purposes = if random.happens(400) { vec![OFFERS.to_owned()] } else { vec![] };
        let channels = if random.happens(300) { vec![Channel::Email] } else { vec![] };
        let (at_most, within) = (1 + random.below(2) as u32, hours(random, 200));
        Cap { at_most, within, channels, purposes }
    };
    let mut policy = ContactPolicy {
        holdout_permille: *random.pick(&[0, 0, 0, 0, 200, 1_000]),
        ..ContactPolicy::default()
    };
    policy.caps = (0..random.below(4)).map(|_| cap(random)).collect();
    if random.happens(400) {
        let (from, hours) = (random.below(1_440) as u16, random.between(60, 900) as u16);
        let unknown_zone = match random.below(3) {
            0 => vec!["Europe/Rome".to_owned(), "Asia/Tokyo".to_owned()],
            _ => vec![],
        };
        let hours = if unknown_zone.is_empty() { hours } else { hours.min(600) };
        policy.quiet_hours =
            Some(QuietHours { from, to: (from + hours) % 1_440, channels: vec![], unknown_zone });
    }
    if policy.caps.is_empty() && random.happens(500) {
        let (after, within) = (1 + random.below(3) as u32, hours(random, 300));
        policy.fatigue =
            Some(Fatigue { after, within, then: Cap { channels: vec![], purposes: vec![], ..cap(random) } });
    }
    if random.happens(300) {
        let only_one_of = ["cart", "welcome", "back"].map(str::to_owned).to_vec();
        policy.exclusions = vec![Exclusion { only_one_of, within: hours(random, 100) }];
    }
    if random.happens(500) {
        policy.patience = Some(hours(random, 100));
    }
    let under = random.happens(200).then_some(true);
    let orders = programme.purposes.get_mut(ORDERS).expect("it is there");
    orders.contact_policy = under;
    for message in programme.messages.values_mut() {
        message.priority = random.below(3) as u8;
    }
    programme.contact_policy = policy;
}

/// An offer, or none, and which messages show it. Its chance comes from what was drawn before, as that of the contact policy.
fn draw_offer(programme: &mut Programme) {
    let text = serde_json::to_string(programme).expect("a programme is plain JSON");
    let seed = text.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let random = &mut Random::new(seed);
    if random.happens(200) {
        return;
    }
    let content = OfferContent { title: "A gift".to_owned(), ..OfferContent::default() };
    let offer = Offer {
        content: ["it", "en"].map(|language| (language.to_owned(), content.clone())).into(),
        until: random.happens(200).then(|| "2026-10-10T12:00:00Z".to_owned()),
        lasts: random.happens(500).then(|| Span::HOUR.times(1 + random.below(300) as i64)),
        stock: Stock {
            given: *random.pick(&[None, Some(1), Some(3), Some(6)]),
            redeemed: *random.pick(&[None, Some(1), Some(3)]),
        },
        per_person: *random.pick(&[1, 1, 2]),
        ..Offer::default()
    };
    // Whose code it is can be redeemed by it once.
    let (codes, per_person) = match random.below(4) {
        0 => (Codes::Own, 1),
        1 => (Codes::Listed, 1),
        _ => (Codes::Shared(GIFT_CODE.to_owned()), offer.per_person),
    };
    let offer = Offer { codes, per_person, ..offer };
    programme.offers.insert(GIFT.to_owned(), offer);
    programme.segments.insert(HOLDERS.to_owned(), format!("offer \"{GIFT}\" open"));
    for name in ["cart", "nudge", "receipt", "back"] {
        if random.happens(500) {
            programme.messages.get_mut(name).expect("it is there").offer = Some(GIFT.to_owned());
        }
    }
}

/// What sends leave open, or nothing. Its chance comes from what was drawn before, too.
fn draw_best(programme: &mut Programme) {
    let text = serde_json::to_string(programme).expect("a programme is plain JSON");
    let seed = text.bytes().fold(11, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let random = &mut Random::new(seed);
    if random.happens(400) {
        return;
    }
    let choices: [&[Response]; 2] = [&[Response::Click], &[Response::Click, Response::Open]];
    let responses = *random.pick(&choices);
    programme.best = Best {
        responses: responses.iter().copied().collect(),
        within: Span::HOUR.times(1 + random.below(100) as i64),
        explore_permille: *random.pick(&[10, 100, 500]),
        after: 1 + random.below(3) as u32,
    };
    for name in ["cart", "nudge", "back"] {
        let subject = BTreeMap::from([("it".to_owned(), "short".to_owned())]);
        let share_permille = random.happens(500).then_some(300);
        let variant = Variant { share_permille, subject, ..Variant::default() };
        let message = programme.messages.get_mut(name).expect("it is there");
        message.variants.insert("short".to_owned(), variant);
    }
    for journey in programme.journeys.values_mut() {
        journey.steps.iter_mut().for_each(|step| leave_open(step, random));
    }
}

fn leave_open(step: &mut Step, random: &mut Random) {
    match step {
        Step::Send { message, choices, .. } => {
            choices.channel = random.happens(500);
            if ["cart", "nudge", "back"].contains(&message.as_str()) {
                let named = VariantChoice::Named("short".to_owned());
                choices.variant = random.pick(&[VariantChoice::Best, VariantChoice::Split, named]).clone();
            }
            choices.hour_within = random.happens(300).then(|| Span::HOUR.times(2 + random.below(20) as i64));
        }
        Step::Branch(arms) => {
            let steps = arms.iter_mut().flat_map(|arm| &mut arm.then);
            steps.for_each(|step| leave_open(step, random));
        }
        Step::Named { step, .. } => leave_open(step, random),
        _ => {}
    }
}

/// Messages on pages with caps of their own and of the contact policy, and customers who are written to without a consent;
/// each of it or nothing; `is_whole` wants all that asks of the past. Its chance comes from what was drawn before, as that of the
/// contact policy.
fn draw_pages(programme: &mut Programme, is_whole: bool) {
    let text = serde_json::to_string(programme).expect("a programme is plain JSON");
    let seed = text.bytes().fold(11, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let random = &mut Random::new(seed);
    let offers = programme.purposes.get_mut(OFFERS).expect("it is there");
    if random.happens(300) {
        let within = Span::DAY.times(random.between(2, 40) as i64);
        let after = "did \"Order Completed\"".to_owned();
        offers.soft_opt_in = Some(SoftOptIn { after, channels: vec![Channel::Email], within });
    }
    if random.happens(300) && !is_whole {
        return;
    }
    offers.channels.push(Channel::Onsite);
    let hours = |random: &mut Random, most| Span::HOUR.times(random.between(1, most) as i64);
    for (name, format, slot, purpose) in [
        (STRIP, Format::Banner, SLOTS[0], None),
        (BANNER, Format::Banner, SLOTS[0], Some(OFFERS)),
        (POPUP, Format::Popup, SLOTS[1], Some(OFFERS)),
    ] {
        let audience = match random.below(3) {
            0 => Some("in segment \"buyers\"".to_owned()),
            1 => Some("trait.plan = \"pro\" or did \"Page Viewed\" within 2 days".to_owned()),
            _ => None,
        };
        let mut onsite = OnsiteMessage {
            slot: slot.to_owned(),
            purpose: purpose.map(str::to_owned),
            audience: audience.filter(|_| purpose.is_some()),
            at_most: random.between(1, 3) as u32,
            within: hours(random, 200),
            silent: if random.happens(300) && !is_whole { Span(0) } else { hours(random, 200) },
            ..OnsiteMessage::of(format)
        };
        onsite.blocks.title.insert("it".to_owned(), name.to_owned());
        let offer = programme.offers.contains_key(GIFT) && random.happens(300);
        let offer = offer.then(|| GIFT.to_owned());
        let priority = random.below(3) as u8;
        let message = Message { onsite: Some(onsite), offer, priority, ..Message::default() };
        programme.messages.insert(name.to_owned(), message);
    }
    draw_contact_on_pages(programme, random);
}

/// What the contact policy, if there is one, says of pages.
fn draw_contact_on_pages(programme: &mut Programme, random: &mut Random) {
    let policy = &mut programme.contact_policy;
    if !policy.caps.is_empty() && random.happens(600) {
        let both = [Channel::Onsite, Channel::Email];
        let channels = if random.happens(500) { both.to_vec() } else { vec![Channel::Onsite] };
        let (at_most, within) =
            (random.between(1, 2) as u32, Span::HOUR.times(random.between(1, 150) as i64));
        policy.caps.push(Cap { at_most, within, channels, purposes: vec![] });
    }
    if let Some(hours) = policy.quiet_hours.as_mut().filter(|_| random.happens(400)) {
        hours.channels = vec![Channel::Email, Channel::Onsite];
    }
    if let Some(exclusion) = policy.exclusions.first_mut().filter(|_| random.happens(500)) {
        exclusion.only_one_of.push(POPUP.to_owned());
    }
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
                // Its steps never change, so that whoever moves is sent nothing twice.
                on_change: *random.pick(&OnChange::ALL),
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
    let clockwork = clockwork(random);
    let kept = all
        .into_iter()
        .chain(listening())
        .chain(clockwork)
        .filter(|(name, _)| random.happens(850) || STARTED.contains(name));
    kept.map(|(name, journey)| (name.to_owned(), journey)).collect()
}

fn send(message: &str) -> Step {
    Step::Send { message: message.to_owned(), channels: vec![], choices: Choices::default() }
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

fn journey(enter: &str, steps: Vec<Step>) -> Journey {
    let (purpose, enter) = (OFFERS.to_owned(), enter.to_owned());
    Journey { purpose, enter, reenter: Reenter::Always, steps, ..Journey::default() }
}

/// Journeys that begin by the calendar, by each other and by request, with all kinds of steps.
fn clockwork(random: &mut Random) -> Vec<(&'static str, Journey)> {
    let before = *random.pick(&["", " before 3 days"]);
    let schedule = *random.pick(&[
        "every day at 02:30",
        "every sunday and monday at 09:00",
        "every month on day 31 at 23:59",
    ]);
    let stages = Journey {
        exit: random.happens(300).then(|| "event.total < 20".to_owned()),
        audience: random.happens(300).then(|| "not did \"Order Completed\" at least 3 times".to_owned()),
        holdout_permille: *random.pick(&[0, 0, 500]),
        on_change: *random.pick(&[OnChange::Finish, OnChange::Exit]),
        ..journey("did \"Signed Up\"", steps(random, 2))
    };
    vec![
        (STAGES, stages),
        ("birthday", journey(&format!("on trait.born yearly at 09:00{before}"), vec![send("nudge")])),
        (
            "renewal",
            journey(
                "on trait.renewal at 18:00 before 2 days",
                vec![send("back"), Step::Start("daily".to_owned())],
            ),
        ),
        (
            "daily",
            Journey {
                audience: Some("last seen within 2 days".to_owned()),
                // It is in every programme, and so is an answer for others to look at.
                ..journey(schedule, [vec![ask(random)], steps(random, 1)].concat())
            },
        ),
        (
            "promoted",
            journey(
                &format!("in segment \"{STAGED}\""),
                vec![send("cart"), update(random), Step::Start(STAGES.to_owned())],
            ),
        ),
    ]
}

fn update(random: &mut Random) -> Step {
    let value =
        random.pick(&[serde_json::json!("a"), serde_json::json!("b"), serde_json::json!(null)]).clone();
    Step::Update([(STAGE.to_owned(), value)].into())
}

fn ask(random: &mut Random) -> Step {
    Step::Webhook(WebhookStep {
        webhook: WEBHOOK.to_owned(),
        name: "score".to_owned(),
        at_most: Span::HOUR.times(random.between(1, 30) as i64),
        otherwise: if random.happens(500) { vec![update(random)] } else { vec![] },
        ..WebhookStep::default()
    })
}

fn steps(random: &mut Random, depth: u32) -> Vec<Step> {
    (0..random.between(1, 4)).map(|_| step(random, depth)).collect()
}

fn step(random: &mut Random, depth: u32) -> Step {
    let days = ["monday", "wednesday", "saturday"];
    match random.below(if depth > 0 { 11 } else { 9 }) {
        0 => Step::Wait(Span::HOUR.times(random.between(1, 60) as i64)),
        1 => Step::WaitDate(
            (*random.pick(&["trait.renewal - 1 day", "trait.born", "2026-10-01", "event.total"])).to_owned(),
        ),
        2 => Step::WaitLocal { time: Some((*random.pick(&["02:30", "09:00"])).to_owned()), weekdays: vec![] },
        3 => Step::WaitLocal { time: None, weekdays: vec![(*random.pick(&days)).to_owned()] },
        4 => update(random),
        5 => Step::WaitUntil { until: format!("in segment \"{STAGED}\""), at_most: Span::DAY },
        6 | 7 => send(random.pick::<&str>(&["nudge", "welcome", "back"])),
        8 => ask(random),
        9 => Step::Named {
            name: "lots".to_owned(),
            step: Box::new(Step::Split {
                draw: *random.pick(&[Draw::Person, Draw::Run]),
                ways: vec![
                    Way { share_permille: 300, then: steps(random, depth - 1) },
                    Way { share_permille: 700, then: vec![] },
                ],
            }),
        },
        _ => Step::Branch(vec![
            Arm {
                when: Some(format!("event.total > 50 or trait.{STAGE} = \"a\" or webhook.score.points > 50")),
                then: steps(random, depth - 1),
            },
            Arm { when: None, then: vec![update(random)] },
        ]),
    }
}

fn broadcasts() -> BTreeMap<String, Broadcast> {
    let news = Broadcast {
        message: "nudge".to_owned(),
        purpose: OFFERS.to_owned(),
        to: "last seen within 30 days".to_owned(),
        at: "2026-09-24 09:00".to_owned(),
        pace: Some("1 an hour".to_owned()),
        holdout_permille: 200,
        ..Broadcast::default()
    };
    [(NEWS.to_owned(), news)].into()
}
