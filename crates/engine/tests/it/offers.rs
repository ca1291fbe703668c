//! Offers, as stories: who is given one, who comes too late, what redeems it, and what merges and their undoing leave.

use crate::story::{Story, Told, programme};
use engine::at::{At, Span};
use engine::effect::{Effect, Prepare};
use engine::engine::{Engine, HeldAs, Outcome, Refusal};
use engine::identifier::IdentifierKind::{self, AnonymousId, Email, UserId};
use engine::offer::{Denial, OfferPhase};
use engine::outbox::{Reason, Status};
use engine::programme::{
    Channel, Choices, Codes, EmailMessage, EmailTemplate, Exclusion, Journey, Message, Offer, OfferContent,
    Programme, Purpose, Step, Stock,
};
use engine::record::{
    Attempted, CodesAdded, Engaged, Engagement, EventKind, MergeUndone, OfferNoted, OfferRedeemed,
    ProfileErased, ProfilesMerged, Record,
};
use engine::{MergeId, ProfileId, SendId};
use serde_json::{Value as Json, json};

type Name<'a> = (IdentifierKind, &'a str);

fn gift() -> Offer {
    let content = OfferContent { title: "A gift".into(), ..OfferContent::default() };
    Offer { content: [("en".into(), content)].into(), codes: Codes::Own, ..Offer::default() }
}

/// A shop that mails a gift to whoever says hello, and asks no consent.
fn shop(offer: Offer) -> Programme {
    let purpose = Purpose {
        channels: Channel::ALL.to_vec(),
        opt_in: engine::programme::OptIn::None,
        ..Purpose::default()
    };
    let template = EmailTemplate { text: Some("{{ offer.code }}".into()), ..EmailTemplate::default() };
    let email = EmailMessage {
        from: "Shop <shop@example.com>".into(),
        subject: [("en".into(), "A gift".into())].into(),
        templates: [("en".into(), template)].into(),
        ..EmailMessage::default()
    };
    let message = Message { email: Some(email), offer: Some("gift".into()), ..Message::default() };
    let send = |message: &str| Step::Send {
        message: message.into(),
        channels: vec![Channel::Email],
        choices: Choices::default(),
    };
    let journey = |enter: &str, steps| Journey {
        purpose: "gifts".into(),
        enter: format!("did \"{enter}\""),
        reenter: engine::programme::Reenter::Always,
        steps,
        ..Journey::default()
    };
    let segments = OfferPhase::ALL.map(|phase| {
        let name = phase.name();
        (name.to_owned(), format!("offer \"gift\" {name}"))
    });
    Programme {
        purposes: [("gifts".into(), purpose)].into(),
        offers: [("gift".into(), offer)].into(),
        messages: [("gift".into(), message)].into(),
        journeys: [
            ("mail".into(), journey("Hello", vec![send("gift")])),
            ("give".into(), journey("Given", vec![Step::Offer("gift".into())])),
        ]
        .into(),
        segments: segments.into(),
        ..programme()
    }
}

fn story(offer: Offer) -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop(offer)), Outcome::Applied);
    story
}

fn does(story: &mut Story, names: &[Name<'_>], name: &str, properties: &Json) -> Outcome {
    let occurred_at = story.now();
    let (traits, context) = (&json!({}), &json!({}));
    story.say(names, &Told { kind: EventKind::Track, name, occurred_at, properties, traits, context })
}

fn says_hello(story: &mut Story, email: &str) -> Vec<Prepare> {
    let before = story.effects.len();
    assert_eq!(does(story, &[(Email, email)], "Hello", &json!({})), Outcome::Applied);
    let prepares = story.effects[before..].iter().filter_map(|effect| match effect {
        Effect::Prepare(prepare) => Some((**prepare).clone()),
        _ => None,
    });
    prepares.collect()
}

fn person(story: &Story, name: Name<'_>) -> ProfileId {
    story.engine.find(name.0, name.1).unwrap_or_else(|| panic!("{name:?} is not known"))
}

/// What the gift is to somebody: how far it came, and its code.
fn gift_of(story: &Story, name: Name<'_>) -> Option<(OfferPhase, String)> {
    let held = story.engine.offers_of(person(story, name), story.now());
    assert!(held.len() <= 1, "an offer is had once");
    held.first().map(|one| (one.phase(), one.code.clone()))
}

fn is_in(story: &Story, name: Name<'_>, segment: &str) -> bool {
    let inside = story.engine.memberships(person(story, name));
    inside.contains(&segment)
}

fn last_send(story: &Story) -> (Status, Option<Reason>) {
    let (mut last, mut number) = (None, 0);
    while let Some(send) = story.engine.send(SendId(number)) {
        (last, number) = (Some((send.status, send.decision.reason())), number + 1);
    }
    last.expect("something was decided")
}

fn redeem(story: &mut Story, code: &str, name: Option<Name<'_>>) -> Outcome {
    let identifier = name.map(|(kind, value)| story.identifier(kind, value));
    let redeemed_at = story.now();
    story.apply(&Record::OfferRedeemed(OfferRedeemed {
        offer: "gift",
        identifier,
        redeemed_at,
        operator: "till",
        code,
    }))
}

fn denied(denial: Denial) -> Outcome {
    Outcome::Refused(Refusal::Offer(denial))
}

fn wait(story: &mut Story, span: Span) {
    story.wait_until(story.now().plus(span));
}

const ADA: Name<'_> = (Email, "ada@example.com");
const BOB: Name<'_> = (Email, "bob@example.com");

#[test]
fn a_mailed_offer_is_redeemed_at_a_till_that_knows_nobody() {
    let mut story = story(gift());
    let prepared = says_hello(&mut story, ADA.1);
    let shown = prepared[0].offer.clone().expect("the message shows it");
    assert_eq!(gift_of(&story, ADA), Some((OfferPhase::Given, shown.code.clone())));
    assert!(is_in(&story, ADA, "open") && !is_in(&story, ADA, "redeemed"));
    wait(&mut story, Span::HOUR);
    let order = json!({ "coupon": shown.code.to_lowercase(), "total": 12 });
    assert_eq!(does(&mut story, &[], "Order Completed", &order), Outcome::Applied);
    assert_eq!(gift_of(&story, ADA).unwrap().0, OfferPhase::Redeemed);
    assert!(is_in(&story, ADA, "redeemed") && !is_in(&story, ADA, "open"));
    let timeline = story.engine.timeline(person(&story, ADA), 10);
    assert!(timeline.iter().any(|one| one.name == "Order Completed"), "the order is hers");
    // Nobody has such a code, and an event without a name is nobody's.
    let other = json!({ "coupon": "AAAA-BBBB-CCCC" });
    assert_eq!(does(&mut story, &[], "Order Completed", &other), Outcome::Refused(Refusal::NoIdentifier));
    // A till that names itself gives the order to itself, and the redemption to her: a code redeems once.
    assert_eq!(does(&mut story, &[(AnonymousId, "till")], "Order Completed", &order), Outcome::Applied);
    let offer = story.engine.offer("gift").unwrap();
    assert_eq!((offer.given, offer.redeemed, offer.denied), (1, 1, vec![(Denial::Redeemed, 1)]));
    assert_eq!(gift_of(&story, (AnonymousId, "till")), None);
    // And no message shows it any more.
    says_hello(&mut story, ADA.1);
    assert_eq!(last_send(&story), (Status::Dropped, Some(Reason::OfferRedeemed)));
}

#[test]
fn what_was_let_go_is_dropped_at_the_hand_over_once_it_is_redeemed() {
    let mut story = story(gift());
    let prepared = says_hello(&mut story, ADA.1).remove(0);
    let code = prepared.offer.unwrap().code;
    assert_eq!(redeem(&mut story, &code, None), Outcome::Applied);
    let attempted = Attempted { send: prepared.send, attempt: 1, attempted_at: story.now() };
    assert_eq!(story.apply(&Record::Attempted(attempted)), Outcome::Applied);
    assert_eq!(story.effects.last(), Some(&Effect::Release { send: prepared.send, attempt: 1 }));
    assert_eq!(last_send(&story), (Status::Dropped, Some(Reason::OfferRedeemed)));
}

#[test]
fn of_two_for_one_place_the_first_in_the_log_gets_it() {
    let stock = Stock { given: Some(1), redeemed: None };
    let mut story = story(Offer { stock, ..gift() });
    assert_eq!(says_hello(&mut story, ADA.1).len(), 1);
    assert_eq!(says_hello(&mut story, BOB.1).len(), 0);
    assert_eq!(last_send(&story), (Status::Dropped, Some(Reason::OfferOutOfStock)));
    assert_eq!(gift_of(&story, BOB), None);
    // Whoever has it goes on having it.
    assert_eq!(says_hello(&mut story, ADA.1).len(), 1);
    assert_eq!(story.engine.offer("gift").unwrap().given, 1);
}

#[test]
fn the_last_redemption_is_somebodys_and_the_next_is_told_why_not() {
    let stock = Stock { given: None, redeemed: Some(1) };
    let mut story = story(Offer { stock, codes: Codes::Shared("welcome10".into()), ..gift() });
    says_hello(&mut story, ADA.1);
    says_hello(&mut story, BOB.1);
    assert_eq!(
        does(&mut story, &[ADA], "Order Completed", &json!({ "coupon": " Welcome10 " })),
        Outcome::Applied
    );
    assert_eq!(redeem(&mut story, "WELCOME10", Some(BOB)), denied(Denial::OutOfStock));
    assert_eq!(redeem(&mut story, "WELCOME10", None), denied(Denial::WhoIsIt));
    assert_eq!(redeem(&mut story, "WELCOME11", Some(BOB)), denied(Denial::UnknownCode));
    does(&mut story, &[BOB], "Order Completed", &json!({ "coupon": "WELCOME10" }));
    let offer = story.engine.offer("gift").unwrap();
    assert_eq!((offer.redeemed, offer.denied), (1, vec![(Denial::OutOfStock, 1)]));
    assert_eq!(story.engine.live_offers(person(&story, BOB), story.now()), vec![], "and it is shown no more");
}

#[test]
fn an_offer_met_in_a_link_is_found_again() {
    let mut story = story(gift());
    let visitor = [(AnonymousId, "a1")];
    let page = json!({ "url": "https://shop.example/?utm_source=ad&trama_offer=gift#top" });
    does(&mut story, &visitor, "Page Viewed", &page);
    assert_eq!(gift_of(&story, visitor[0]).unwrap().0, OfferPhase::Clicked);
    assert!(is_in(&story, visitor[0], "clicked") && is_in(&story, visitor[0], "seen"));
    let live = story.engine.live_offers(person(&story, visitor[0]), story.now());
    assert_eq!(live.iter().map(|one| one.name).collect::<Vec<_>>(), ["gift"]);
    for page in ["https://shop.example/?trama_offer=other", "https://shop.example/trama_offer=gift"] {
        does(&mut story, &[(AnonymousId, "a2")], "Page Viewed", &json!({ "url": page }));
        let found = gift_of(&story, (AnonymousId, "a2"));
        // Without a question mark it is still a query, as in `search`.
        assert_eq!(found, None, "{page}");
    }
    // The page may say it instead of the event, in its address or in its query alone.
    let pages = [
        json!({ "url": "https://shop.example/?trama_offer=gift" }),
        json!({ "search": "?trama_offer=gift" }),
    ];
    for (who, page) in ["a3", "a4"].into_iter().zip(pages) {
        let (none, context) = (&json!({}), &json!({ "locale": "it", "page": page }));
        let (kind, occurred_at) = (EventKind::Track, story.now());
        let told = Told { kind, name: "Looked", occurred_at, properties: none, traits: none, context };
        story.say(&[(AnonymousId, who)], &told);
        assert_eq!(gift_of(&story, (AnonymousId, who)).unwrap().0, OfferPhase::Clicked, "{context}");
    }
    // It stays theirs when they say who they are, and the same code is in the mail.
    let code = gift_of(&story, visitor[0]).unwrap().1;
    does(&mut story, &[ADA, visitor[0]], "Hello", &json!({}));
    let Some(Effect::Prepare(prepared)) = story.effects.last() else { panic!("a mail is prepared") };
    assert_eq!(prepared.offer.as_ref().unwrap().code, code);
    assert_eq!(story.engine.offer("gift").unwrap().given, 3);
}

#[test]
fn a_click_in_a_mail_and_a_place_on_the_site_say_how_far_it_came() {
    let mut story = story(gift());
    let send = says_hello(&mut story, ADA.1)[0].send;
    let occurred_at = story.now();
    for (engagement, phase) in
        [(Engagement::Opened, OfferPhase::Seen), (Engagement::Clicked, OfferPhase::Clicked)]
    {
        story.apply(&Record::Engaged(Engaged { send, engagement, machine: true, occurred_at, url: "" }));
        assert!(!is_in(&story, ADA, phase.name()), "a scanner sees nothing");
        story.apply(&Record::Engaged(Engaged { send, engagement, machine: false, occurred_at, url: "" }));
        assert!(is_in(&story, ADA, phase.name()));
        assert_eq!(gift_of(&story, ADA).unwrap().0, phase);
    }
    let note = |story: &mut Story, phase| {
        let (identifier, noted_at) = (story.identifier(AnonymousId, "a9"), story.now());
        let noted =
            OfferNoted { offer: "gift", identifier, phase, place: "home", noted_at, operator: "site" };
        story.apply(&Record::OfferNoted(noted))
    };
    assert_eq!(note(&mut story, OfferPhase::Seen), Outcome::Applied, "they become known by it");
    assert_eq!(gift_of(&story, (AnonymousId, "a9")).unwrap().0, OfferPhase::Seen);
    assert!(is_in(&story, (AnonymousId, "a9"), "seen"));
}

#[test]
fn an_offer_is_over_by_its_time_alone() {
    let offer = Offer { lasts: Some(Span::DAY.times(2)), until: Some("2026-01-10".into()), ..gift() };
    let mut story = story(offer);
    does(&mut story, &[ADA], "Given", &json!({}));
    let given_at = story.now();
    let code = gift_of(&story, ADA).unwrap().1;
    wait(&mut story, Span(Span::DAY.times(2).0 - 1));
    assert!(is_in(&story, ADA, "open"));
    wait(&mut story, Span(1));
    assert!(!is_in(&story, ADA, "open") && is_in(&story, ADA, "given"));
    assert_eq!(redeem(&mut story, &code, None), denied(Denial::Expired));
    says_hello(&mut story, ADA.1);
    assert_eq!(last_send(&story).1, Some(Reason::OfferExpired));
    let holders: Vec<_> = story.engine.offer_holders("gift", story.now()).map(|(_, held)| held).collect();
    assert_eq!(holders, [HeldAs::Expired]);
    // What happened in time and is told later counts.
    let (traits, context) = (&json!({}), &json!({}));
    let told = Told {
        kind: EventKind::Track,
        name: "Order Completed",
        occurred_at: given_at.plus(Span::DAY),
        properties: &json!({ "coupon": code }),
        traits,
        context,
    };
    story.say(&[(AnonymousId, "till")], &told);
    assert_eq!(gift_of(&story, ADA).unwrap().0, OfferPhase::Redeemed);
    // The last day is whole, and then nobody is given it.
    story.wait_until(At::parse("2026-01-10T23:59:59Z").unwrap());
    does(&mut story, &[BOB], "Given", &json!({}));
    assert!(gift_of(&story, BOB).is_some());
    story.wait_until(At::parse("2026-01-11T00:00:00Z").unwrap());
    assert!(!is_in(&story, BOB, "open"));
    does(&mut story, &[(UserId, "u3")], "Given", &json!({}));
    assert_eq!(gift_of(&story, (UserId, "u3")), None);
}

#[test]
fn it_is_for_those_alone_who_are_eligible() {
    let mut story = story(Offer { eligible: Some("trait.plan = \"pro\"".into()), ..gift() });
    says_hello(&mut story, ADA.1);
    assert_eq!(last_send(&story).1, Some(Reason::OfferIneligible));
    let (name, properties, occurred_at) = ("Hello", &json!({}), story.now());
    let (traits, context) = (&json!({ "plan": "pro" }), &json!({}));
    let told = Told { kind: EventKind::Track, name, occurred_at, properties, traits, context };
    story.say(&[BOB], &told);
    assert_eq!(last_send(&story), (Status::Queued, None));
}

#[test]
fn two_codes_of_one_person_both_lead_to_them_and_redeem_once() {
    let mut story = story(gift());
    does(&mut story, &[(AnonymousId, "a1")], "Given", &json!({}));
    wait(&mut story, Span::MINUTE);
    does(&mut story, &[(UserId, "u1")], "Given", &json!({}));
    let codes = [(AnonymousId, "a1"), (UserId, "u1")].map(|name| gift_of(&story, name).unwrap().1);
    assert_ne!(codes[0], codes[1]);
    let merged = ProfilesMerged {
        from: story.identifier(AnonymousId, "a1"),
        into: story.identifier(UserId, "u1"),
        merged_at: story.now(),
        operator: "ada",
    };
    assert_eq!(story.apply(&Record::ProfilesMerged(merged)), Outcome::Applied);
    assert_eq!(gift_of(&story, (UserId, "u1")).unwrap().1, codes[0], "the first is shown");
    assert_eq!(redeem(&mut story, &codes[1], None), Outcome::Applied);
    assert!(is_in(&story, (AnonymousId, "a1"), "redeemed"));
    assert_eq!(redeem(&mut story, &codes[0], None), denied(Denial::Redeemed));
    // Two people after all: each is as far as they came themselves.
    let undone = MergeUndone { merge: MergeId(0), undone_at: story.now(), operator: "ada" };
    assert_eq!(story.apply(&Record::MergeUndone(undone)), Outcome::Applied);
    assert_eq!(gift_of(&story, (AnonymousId, "a1")), Some((OfferPhase::Given, codes[0].clone())));
    assert_eq!(gift_of(&story, (UserId, "u1")), Some((OfferPhase::Redeemed, codes[1].clone())));
    assert!(is_in(&story, (AnonymousId, "a1"), "open") && !is_in(&story, (UserId, "u1"), "open"));
    assert_eq!(redeem(&mut story, &codes[0], None), Outcome::Applied);
}

#[test]
fn codes_of_a_list_are_given_in_order_until_none_is_left() {
    let mut story = story(Offer { codes: Codes::Listed, ..gift() });
    says_hello(&mut story, ADA.1);
    assert_eq!(last_send(&story).1, Some(Reason::OfferOutOfStock), "there is no code yet");
    let added_at = story.now();
    let added = CodesAdded { offer: "gift", added_at, operator: "ada", codes: vec!["x-1", "x-2", "X-1"] };
    assert_eq!(story.apply(&Record::CodesAdded(added)), Outcome::Applied);
    assert_eq!(story.engine.offer("gift").unwrap().codes, Some((2, 2)));
    says_hello(&mut story, ADA.1);
    says_hello(&mut story, BOB.1);
    assert_eq!(gift_of(&story, BOB).unwrap().1, "x-2");
    assert_eq!(redeem(&mut story, "X-2", None), Outcome::Applied);
    assert_eq!(gift_of(&story, BOB).unwrap().0, OfferPhase::Redeemed);
    does(&mut story, &[(UserId, "u3")], "Given", &json!({}));
    assert_eq!(gift_of(&story, (UserId, "u3")), None);
    assert_eq!(story.engine.offer("gift").unwrap().denied, vec![(Denial::OutOfCodes, 1)]);
}

#[test]
fn of_whoever_is_erased_nothing_is_left_but_the_count() {
    let mut story =
        story(Offer { codes: Codes::Listed, stock: Stock { given: Some(1), redeemed: None }, ..gift() });
    let added_at = story.now();
    story.apply(&Record::CodesAdded(CodesAdded {
        offer: "gift",
        added_at,
        operator: "ada",
        codes: vec!["x-1", "x-2"],
    }));
    says_hello(&mut story, ADA.1);
    let (profile, erased_at) = (person(&story, ADA), story.now());
    story.apply(&Record::ProfileErased(ProfileErased { profile, erased_at, operator: "ada" }));
    assert_eq!(redeem(&mut story, "x-1", None), denied(Denial::UnknownCode));
    says_hello(&mut story, BOB.1);
    assert_eq!(last_send(&story).1, Some(Reason::OfferOutOfStock), "it was given");
}

#[test]
fn a_snapshot_has_all_of_it() {
    let mut story = story(Offer { codes: Codes::Listed, ..gift() });
    let added_at = story.now();
    story.apply(&Record::CodesAdded(CodesAdded {
        offer: "gift",
        added_at,
        operator: "ada",
        codes: vec!["x-1", "x-2"],
    }));
    says_hello(&mut story, ADA.1);
    let restored = Engine::restore(&story.engine.snapshot()).expect("it was just written");
    assert_eq!(restored.hash(), story.engine.hash());
    story.engine = restored;
    assert_eq!(redeem(&mut story, "x-1", None), Outcome::Applied);
    says_hello(&mut story, BOB.1);
    assert_eq!(gift_of(&story, BOB).unwrap().1, "x-2");
}

#[test]
fn messages_with_offers_of_one_exclusion_do_not_contradict_each_other() {
    let mut programme = shop(gift());
    let mut second = programme.messages["gift"].clone();
    second.offer = Some("other".into());
    programme.messages.insert("second".into(), second);
    let again = Message { offer: Some("gift".into()), ..programme.messages["gift"].clone() };
    programme.messages.insert("again".into(), again);
    programme.offers.insert("other".into(), Offer { codes: Codes::None, ..gift() });
    programme.purposes.get_mut("gifts").unwrap().contact_policy = Some(true);
    let only_one_of = vec!["offer gift".into(), "offer other".into()];
    programme.contact_policy.exclusions = vec![Exclusion { only_one_of, within: Span::DAY.times(7) }];
    let send = |message: &str| Step::Send {
        message: message.into(),
        channels: vec![Channel::Email],
        choices: Choices::default(),
    };
    programme.journeys.get_mut("mail").unwrap().steps = vec![send("gift"), send("again"), send("second")];
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&programme), Outcome::Applied);
    assert_eq!(says_hello(&mut story, ADA.1).len(), 2, "the same offer does not contradict itself");
    assert_eq!(last_send(&story), (Status::Dropped, Some(Reason::Excluded)));
}
