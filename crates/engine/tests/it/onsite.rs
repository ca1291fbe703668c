//! What a page shows whom: the right message, as often as it may, and in the ledger once it was seen.

use crate::story::{Story, Told, apply_filled, programme};
use engine::SendId;
use engine::at::{At, Span};
use engine::engine::{Asked, Engine, Outcome};
use engine::identifier::IdentifierKind::{self, AnonymousId, UserId};
use engine::limits::INBOX_MESSAGES_MAX;
use engine::offer::OfferPhase;
use engine::outbox::{Reason, Status};
use engine::programme::{
    CLICKED, Cap, Channel, Choices, Codes, ContactPolicy, DISMISSED, EmailMessage, Format, InAppMessage,
    Journey, Message, Offer, OfferContent, OnsiteMessage, OptIn, Programme, Purpose, Reenter, SHOWN, Step,
    WITHHELD,
};
use engine::record::{Attempted, DeliveryOutcome, Engaged, Engagement, Event, EventFlags, EventKind};
use engine::record::{ProfilesMerged, Record, Settled};
use engine::value::{Map, OwnedMap};
use serde_json::json;

fn onsite(format: Format, slot: &str, purpose: Option<&str>, audience: Option<&str>) -> OnsiteMessage {
    let mut one = OnsiteMessage::of(format);
    (one.slot, one.purpose) = (slot.into(), purpose.map(str::to_owned));
    one.audience = audience.map(str::to_owned);
    one.blocks.title.insert("en".into(), "Title".into());
    one
}

/// Says hello to everybody at the top of its pages, and more to good customers; a pop-up for whoever wants offers.
fn shop() -> Programme {
    let mut shop = programme();
    let channels = vec![Channel::Onsite, Channel::InApp];
    shop.purposes.insert("offers".into(), Purpose { channels, ..Purpose::default() });
    shop.segments.insert("vip".into(), r#"did "Order Completed""#.into());
    let message = |onsite, priority| Message { onsite: Some(onsite), priority, ..Message::default() };
    let vip = onsite(Format::Banner, "top", Some("offers"), Some(r#"in segment "vip""#));
    shop.messages = [
        ("hello".into(), message(onsite(Format::Banner, "top", None, None), 0)),
        ("vip".into(), message(vip, 5)),
        ("stop".into(), message(onsite(Format::Popup, "popup", Some("offers"), None), 0)),
    ]
    .into();
    shop
}

fn story(shop: &Programme) -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(shop), Outcome::Applied);
    story
}

/// Somebody in a browser of their own says yes to offers.
fn consents(story: &mut Story, person: &str) {
    let told = Told {
        kind: EventKind::Identify,
        name: "Identified",
        occurred_at: story.now(),
        properties: &json!({}),
        traits: &json!({}),
        context: &json!({"consent": {"categoryPreferences": {"offers": true}}}),
    };
    assert_eq!(story.say(&[(UserId, person)], &told), Outcome::Applied);
}

/// What a slot shows somebody now: its name, and `withheld` behind it where it shows nothing for the holdout's sake.
fn sees(story: &Story, person: &str, slot: &str) -> String {
    picks(&story.engine, UserId, person, slot, story.now())
}

fn picks(engine: &Engine, kind: IdentifierKind, person: &str, slot: &str, now: At) -> String {
    let profile = engine.find(kind, person);
    let pick = engine.pick(&Asked { profile, slot, now, popups: true });
    pick.map_or("-".into(), |one| format!("{}{}", one.message, if one.withheld { " withheld" } else { "" }))
}

/// The server tells what became of a decision.
fn tell(story: &mut Story, who: (IdentifierKind, &str), what: &str, message: &str, decision: u64) -> Outcome {
    let id = format!("onsite-{decision}-{what}");
    tell_as(story, who, what, message, (decision, &id))
}

fn tell_as(
    story: &mut Story,
    who: (IdentifierKind, &str),
    what: &str,
    message: &str,
    (decision, id): (u64, &str),
) -> Outcome {
    let purpose = if message == "hello" { "" } else { "offers" };
    let properties = json!({"message": message, "slot": "s", "purpose": purpose, "channel": "onsite", "decision": decision.to_string()});
    let properties = OwnedMap::from_json(&properties).unwrap();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::ONSITE,
        occurred_at: story.now(),
        received_at: story.now(),
        source: "site",
        name: what,
        message_id: story.key.message_id("site", id),
        identifiers: vec![story.identifier(who.0, who.1)],
        message_id_text: id,
        properties: properties.as_map(),
        traits: Map::default(),
        context: Map::default(),
    };
    story.apply(&Record::Event(event))
}

#[test]
fn the_right_message_to_the_right_person() {
    let mut story = story(&shop());
    assert_eq!(
        (sees(&story, "nobody", "top"), sees(&story, "nobody", "popup")),
        ("hello".into(), "-".into())
    );
    story.track("ada", "Order Completed", story.now(), &json!({}));
    assert_eq!(sees(&story, "ada", "top"), "hello", "a good customer who wants no offers");
    consents(&mut story, "ada");
    consents(&mut story, "bob");
    let seen = ["ada", "bob"].map(|one| (sees(&story, one, "top"), sees(&story, one, "popup")));
    assert_eq!(seen, [("vip".into(), "stop".into()), ("hello".into(), "stop".into())]);
    assert_eq!(sees(&story, "ada", "elsewhere"), "-");
    let profile = story.engine.find(UserId, "ada");
    let from_search = Asked { profile, slot: "popup", now: story.now(), popups: false };
    assert_eq!(story.engine.pick(&from_search), None, "nothing covers what was searched for");
}

#[test]
fn caps_count_what_was_seen_and_time_alone_opens_them_again() {
    let mut story = story(&shop());
    consents(&mut story, "ada");
    let start = story.now();
    assert_eq!(sees(&story, "ada", "popup"), "stop", "a decision alone takes up nothing");
    assert_eq!(tell(&mut story, (UserId, "ada"), SHOWN, "stop", 1), Outcome::Applied);
    assert_eq!(tell(&mut story, (UserId, "ada"), SHOWN, "stop", 1), Outcome::Duplicate);
    assert_eq!(sees(&story, "ada", "popup"), "-");
    // Nothing happens for a week, and nothing has to.
    let week = start.plus(Span::DAY.times(7));
    for (at, expected) in [(week.minus(Span::SECOND), "-"), (week, "stop")] {
        assert_eq!(picks(&story.engine, UserId, "ada", "popup", at), expected, "{at}");
    }
    // Somebody closes it, and it stays away for a month.
    tell(&mut story, (UserId, "ada"), DISMISSED, "stop", 1);
    let month = start.plus(Span::DAY.times(30));
    for (at, expected) in [(week, "-"), (month.minus(Span::SECOND), "-"), (month, "stop")] {
        assert_eq!(picks(&story.engine, UserId, "ada", "popup", at), expected, "{at}");
    }
}

#[test]
fn the_contact_policy_spans_pages() {
    let mut shop = shop();
    let cap = Cap { at_most: 1, within: Span::DAY, channels: vec![Channel::Onsite], ..Cap::default() };
    shop.contact_policy = ContactPolicy { caps: vec![cap], ..ContactPolicy::default() };
    let mut story = story(&shop);
    story.track("ada", "Order Completed", story.now(), &json!({}));
    consents(&mut story, "ada");
    assert_eq!((sees(&story, "ada", "top"), sees(&story, "ada", "popup")), ("vip".into(), "stop".into()));
    tell(&mut story, (UserId, "ada"), SHOWN, "stop", 1);
    assert_eq!(
        sees(&story, "ada", "top"),
        "hello",
        "another message of the same policy waits; content for all does not"
    );
    let day = story.now().plus(Span::DAY);
    let seen = [day.minus(Span::SECOND), day].map(|at| picks(&story.engine, UserId, "ada", "top", at));
    assert_eq!(seen, ["hello", "vip"], "asked at its own instant, whatever happened last");
}

#[test]
fn what_was_seen_is_in_the_ledger() {
    let mut story = story(&shop());
    consents(&mut story, "ada");
    tell(&mut story, (UserId, "ada"), SHOWN, "stop", 7);
    tell(&mut story, (UserId, "ada"), CLICKED, "stop", 8);
    assert_eq!(story.engine.send(SendId(0)).unwrap().clicked_at, None, "a click on what was not shown");
    tell(&mut story, (UserId, "ada"), CLICKED, "stop", 7);
    tell(&mut story, (UserId, "ada"), SHOWN, "hello", 9);
    let sends: Vec<_> = story.engine.sends().collect();
    assert_eq!(
        sends.len(),
        1,
        "content for everybody is in nobody's ledger, and nobody clicks what they did not see"
    );
    let (channel, status) = (sends[0].channel, sends[0].status);
    assert_eq!((&*sends[0].message, channel, status), ("stop", Some(Channel::Onsite), Status::Accepted));
    assert!(sends[0].clicked_at.is_some() && sends[0].attempted_at.is_some());
    tell(&mut story, (UserId, "ada"), DISMISSED, "stop", 7);
    assert_eq!(story.engine.send(SendId(0)).unwrap().status, Status::Dismissed);
    let clicked = story.preview(r#"did "Message Clicked" (message = "stop", channel = "onsite")"#).unwrap();
    assert_eq!(clicked.count, 1, "and in the history");
    let mut again = (Engine::new(), Vec::new());
    for (place, (at, bytes)) in story.log.iter().enumerate() {
        apply_filled(&mut again.0, &story.log[..place], (*at, bytes), &mut again.1);
    }
    assert_eq!(again.0.hash(), story.engine.hash());
    assert_eq!(Engine::restore(&story.engine.snapshot()).unwrap().hash(), story.engine.hash());
    assert_eq!(sees(&story, "ada", "popup"), picks(&again.0, UserId, "ada", "popup", story.now()));
}

/// A message id is forgotten in the end; what was clicked was clicked then.
#[test]
fn a_decision_is_known_by_its_number_however_large_and_clicked_when_it_was() {
    let mut story = story(&shop());
    consents(&mut story, "ada");
    let start = story.now();
    let numbers = [u64::MAX, 1 << 40, 3];
    for number in numbers {
        tell(&mut story, (UserId, "ada"), SHOWN, "stop", number);
    }
    story.wait_until(start.plus(Span::SECOND));
    tell(&mut story, (UserId, "ada"), CLICKED, "stop", numbers[0]);
    let clicked = |story: &Story| [0, 1, 2].map(|id| story.engine.send(SendId(id)).unwrap().clicked_at);
    let at = story.now();
    assert_eq!(clicked(&story), [Some(at), None, None]);
    story.wait_until(start.plus(Span::DAY.times(8)));
    let again = tell_as(&mut story, (UserId, "ada"), CLICKED, "stop", (numbers[0], "again"));
    assert_eq!(again, Outcome::Applied);
    assert_eq!(clicked(&story), [Some(at), None, None]);
}

#[test]
fn of_two_messages_that_are_alike_the_first_by_name_is_shown() {
    let mut shop = shop();
    let banner = onsite(Format::Banner, "top", None, None);
    shop.messages.insert("allo".into(), Message { onsite: Some(banner), ..Message::default() });
    let mut story = story(&shop);
    story.track("ada", "Visited", story.now(), &json!({}));
    assert_eq!((sees(&story, "ada", "top"), sees(&story, "nobody", "top")), ("allo".into(), "allo".into()));
}

#[test]
fn an_offer_is_over_by_its_time_alone_on_pages_too() {
    let mut shop = shop();
    let content = OfferContent { title: "A gift".into(), ..OfferContent::default() };
    let ends = "2026-01-07T08:00:00Z";
    let gift =
        Offer { content: [("en".into(), content)].into(), until: Some(ends.into()), ..Offer::default() };
    shop.offers.insert("gift".into(), gift);
    let at_foot = onsite(Format::Banner, "foot", Some("offers"), None);
    let message = Message { onsite: Some(at_foot), offer: Some("gift".into()), ..Message::default() };
    shop.messages.insert("gift".into(), message);
    let mut story = story(&shop);
    consents(&mut story, "ada");
    // Nothing happens until then, and nothing has to.
    let end = At::parse(ends).unwrap();
    let seen = [end.minus(Span::SECOND), end].map(|at| picks(&story.engine, UserId, "ada", "foot", at));
    assert_eq!(seen, ["gift", "-"]);
}

#[test]
fn who_became_somebody_else_is_asked_for_by_any_of_their_numbers_and_never_in_the_past() {
    let mut story = story(&shop());
    consents(&mut story, "ada");
    tell(&mut story, (AnonymousId, "a1"), SHOWN, "hello", 1);
    let before = story.engine.find(AnonymousId, "a1");
    let (now, none) = (story.now(), json!({}));
    let told = Told {
        kind: EventKind::Identify,
        name: "Identified",
        occurred_at: now,
        properties: &none,
        traits: &none,
        context: &none,
    };
    story.say(&[(UserId, "ada"), (AnonymousId, "a1")], &told);
    assert_ne!(story.engine.find(AnonymousId, "a1"), before);
    let pick = |story: &Story, now| {
        let asked = Asked { profile: before, slot: "popup", now, popups: true };
        story.engine.pick(&asked).map(|one| one.message.to_owned())
    };
    assert_eq!(pick(&story, now).as_deref(), Some("stop"), "what the person allowed");
    tell(&mut story, (UserId, "ada"), SHOWN, "stop", 2);
    let earlier = now.minus(Span::DAY.times(30));
    assert_eq!(pick(&story, earlier), None, "whoever asks late asks now");
}

#[test]
fn what_a_browser_saw_its_owner_saw() {
    let mut story = story(&shop());
    consents(&mut story, "ada");
    tell(&mut story, (AnonymousId, "a1"), SHOWN, "stop", 1);
    assert_eq!(sees(&story, "ada", "popup"), "stop");
    let (now, none) = (story.now(), json!({}));
    let told = Told {
        kind: EventKind::Identify,
        name: "Identified",
        occurred_at: now,
        properties: &none,
        traits: &none,
        context: &none,
    };
    story.say(&[(UserId, "ada"), (AnonymousId, "a1")], &told);
    assert_eq!(sees(&story, "ada", "popup"), "-");
}

#[test]
fn who_is_withheld_sees_nothing_and_counts() {
    let mut shop = shop();
    shop.contact_policy = ContactPolicy { holdout_permille: 1_000, ..ContactPolicy::default() };
    let mut story = story(&shop);
    consents(&mut story, "ada");
    story.track("bob", "Order Completed", story.now(), &json!({}));
    assert_eq!(sees(&story, "ada", "popup"), "stop withheld");
    assert_eq!(
        sees(&story, "bob", "popup"),
        "-",
        "without a consent it is not the holdout that withholds it"
    );
    assert_eq!(sees(&story, "ada", "top"), "hello", "what is for everybody is for them too");
    tell(&mut story, (UserId, "ada"), WITHHELD, "stop", 1);
    let send = story.engine.send(SendId(0)).unwrap();
    assert_eq!((send.status, send.decision.reason()), (Status::Dropped, Some(Reason::GlobalHoldout)));
}

#[test]
fn nothing_is_sent_to_a_page() {
    let mut shop = shop();
    let journey = |channels| Journey {
        purpose: "offers".into(),
        enter: r#"did "Visited""#.into(),
        steps: vec![Step::Send { message: "stop".into(), channels, choices: Choices::default() }],
        ..Journey::default()
    };
    shop.journeys.insert("j".into(), journey(vec![Channel::Onsite]));
    let mistakes: Vec<String> = shop.mistakes().iter().map(ToString::to_string).collect();
    assert_eq!(
        mistakes,
        [
            "journeys.j.steps[0].channels: nothing is sent to a page (leave `onsite` out: a page asks for what there is to show)"
        ]
    );
    shop.journeys.insert("j".into(), journey(Vec::new()));
    let mut story = story(&shop);
    consents(&mut story, "ada");
    story.track("ada", "Visited", story.now(), &json!({}));
    let send = story.engine.send(SendId(0)).unwrap();
    assert_eq!((send.status, send.decision.reason()), (Status::Dropped, Some(Reason::NoRendering)));
}

#[test]
fn an_inbox_holds_what_was_handed_over_until_it_is_put_away_or_expires() {
    let mut shop = shop();
    let in_app = InAppMessage { expires: Some(Span::DAY.times(3)), ..InAppMessage::default() };
    let mut news = Message { in_app: Some(in_app), ..Message::default() };
    news.in_app.as_mut().unwrap().blocks.title.insert("en".into(), "News".into());
    shop.messages.insert("news".into(), news);
    shop.journeys.insert(
        "j".into(),
        Journey {
            purpose: "offers".into(),
            enter: r#"did "Visited""#.into(),
            steps: vec![
                Step::Send {
                    message: "news".into(),
                    channels: vec![Channel::InApp],
                    choices: Choices::default(),
                },
                Step::Send {
                    message: "news".into(),
                    channels: vec![Channel::InApp],
                    choices: Choices::default(),
                },
            ],
            ..Journey::default()
        },
    );
    let mut story = story(&shop);
    consents(&mut story, "ada");
    story.track("ada", "Visited", story.now(), &json!({}));
    let ada = story.engine.find(UserId, "ada").unwrap();
    let lies = |engine: &Engine, now| engine.inbox(ada, now).iter().map(|send| send.id.0).collect::<Vec<_>>();
    let start = story.now();
    assert_eq!(lies(&story.engine, start), [0u64; 0], "not handed over yet");
    for id in [0, 1] {
        let (send, attempt) = (SendId(id), 1);
        story.apply(&Record::Attempted(Attempted { send, attempt, attempted_at: start }));
        let outcome = DeliveryOutcome::Accepted;
        story.apply(&Record::Settled(Settled { send, attempt, outcome, settled_at: start, reply: "" }));
    }
    assert_eq!(lies(&story.engine, start), [1, 0], "the newest first");
    let end = start.plus(Span::DAY.times(3));
    assert_eq!(lies(&story.engine, end.minus(Span(1))), [1, 0]);
    assert_eq!(lies(&story.engine, end), [0u64; 0]);
    let away = |send| Engaged {
        send,
        engagement: Engagement::Dismissed,
        machine: false,
        occurred_at: start,
        url: "",
    };
    assert_eq!(story.apply(&Record::Engaged(away(SendId(1)))), Outcome::Applied);
    assert_eq!(lies(&story.engine, start), [0]);
    assert_eq!(story.preview(r#"did "Message Dismissed" (message = "news")"#).unwrap().count, 1);
}

/// As many as there is room for, of those that were handed over in the app, or may have been.
#[test]
fn an_inbox_has_a_bound_and_nothing_of_other_channels() {
    let mut shop = shop();
    shop.purposes.insert(
        "orders".into(),
        Purpose { channels: vec![Channel::Email, Channel::InApp], opt_in: OptIn::None, ..Purpose::default() },
    );
    let mut in_app = InAppMessage::default();
    in_app.blocks.title.insert("en".into(), "News".into());
    let both = Message { in_app: Some(in_app), email: Some(EmailMessage::default()), ..Message::default() };
    shop.messages.insert("news".into(), both);
    let send =
        |channel| Step::Send { message: "news".into(), channels: vec![channel], choices: Choices::default() };
    let journey = Journey {
        purpose: "orders".into(),
        enter: r#"did "Visited""#.into(),
        reenter: Reenter::Always,
        steps: vec![send(Channel::Email), send(Channel::InApp)],
        ..Journey::default()
    };
    shop.journeys.insert("j".into(), journey);
    let mut story = story(&shop);
    story.identify("ada", &json!({ "email": "ada@example.com" }));
    let visits = INBOX_MESSAGES_MAX as u64 + 1;
    for visit in 0..visits {
        story.track("ada", "Visited", story.now(), &json!({}));
        for id in [2 * visit, 2 * visit + 1] {
            let (send, attempt, now) = (SendId(id), 1, story.now());
            story.apply(&Record::Attempted(Attempted { send, attempt, attempted_at: now }));
            let outcome = if visit % 2 == 0 { DeliveryOutcome::Accepted } else { DeliveryOutcome::Unknown };
            story.apply(&Record::Settled(Settled { send, attempt, outcome, settled_at: now, reply: "" }));
        }
    }
    let ada = story.engine.find(UserId, "ada").unwrap();
    let lies: Vec<u64> = story.engine.inbox(ada, story.now()).iter().map(|send| send.id.0).collect();
    let expected: Vec<u64> = (1..visits).rev().map(|visit| 2 * visit + 1).collect();
    assert_eq!(lies, expected);
    let merged = ProfilesMerged {
        from: story.identifier(UserId, "ada"),
        into: story.identifier(UserId, "bob"),
        merged_at: story.now(),
        operator: "op",
    };
    story.track("bob", "Seen", story.now(), &json!({}));
    assert_eq!(story.apply(&Record::ProfilesMerged(merged)), Outcome::Applied);
    assert_eq!(story.engine.inbox(ada, story.now()).len(), INBOX_MESSAGES_MAX, "by the number of before");
}

#[test]
fn mistakes_name_their_place() {
    let mistakes = |change: fn(&mut OnsiteMessage)| {
        let mut shop = shop();
        change(shop.messages.get_mut("vip").unwrap().onsite.as_mut().unwrap());
        shop.mistakes().iter().map(|one| one.place.0.clone()).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(mistakes(|_| {}), none);
    assert_eq!(mistakes(|one| one.slot.clear()), ["messages.vip.onsite.slot"]);
    assert_eq!(mistakes(|one| one.purpose = None), ["messages.vip.onsite.for"]);
    assert_eq!(mistakes(|one| one.purpose = Some("offer".into())), ["messages.vip.onsite.purpose"]);
    assert_eq!(mistakes(|one| one.audience = Some("did".into())), ["messages.vip.onsite.for"]);
    assert_eq!(mistakes(|one| one.audience = Some(r#"in segment "x""#.into())), ["messages.vip.onsite.for"]);
    assert_eq!(mistakes(|one| one.at_most = 0), ["messages.vip.onsite.at_most"]);
    assert_eq!(mistakes(|one| one.within = Span(10)), ["messages.vip.onsite.within"]);
    assert_eq!(mistakes(|one| one.silent = Span(-1)), ["messages.vip.onsite.silent"]);
    assert_eq!(mistakes(|one| one.height = Some(9_000)), ["messages.vip.onsite.height"]);
    assert_eq!(mistakes(|one| one.blocks.title.clear()), ["messages.vip.onsite.title"]);
}

#[test]
fn an_offer_on_a_page_is_given_with_its_exposure_and_gone_once_it_is_redeemed() {
    let mut shop = shop();
    let content = OfferContent { title: "A gift".into(), ..OfferContent::default() };
    let gift = Offer { content: [("en".into(), content)].into(), codes: Codes::Own, ..Offer::default() };
    shop.offers.insert("gift".into(), gift);
    let gift_at_top = onsite(Format::Banner, "top", Some("offers"), None);
    let message =
        Message { onsite: Some(gift_at_top), offer: Some("gift".into()), priority: 9, ..Message::default() };
    shop.messages.insert("gift".into(), message);
    let at_foot = onsite(Format::Banner, "foot", None, None);
    let for_all = Message { onsite: Some(at_foot), offer: Some("gift".into()), ..Message::default() };
    shop.messages.insert("gift for all".into(), for_all);
    let mut story = story(&shop);
    consents(&mut story, "ada");
    let ada = story.engine.find(UserId, "ada").unwrap();
    let code = |story: &Story, proved| story.engine.offer_on_page(Some(ada), "gift", proved).unwrap().code;
    assert_eq!((sees(&story, "ada", "top"), code(&story, true)), ("gift".into(), String::new()));
    tell(&mut story, (UserId, "ada"), SHOWN, "gift", 1);
    let phase = |story: &Story| story.engine.offers_of(ada, story.now()).first().map(|held| held.phase());
    assert_eq!(phase(&story), Some(OfferPhase::Seen), "whoever sees it has it");
    assert_eq!(code(&story, false), "", "a code of one's own is for whoever has proved who they are");
    let coupon = code(&story, true);
    assert!(!coupon.is_empty());
    tell(&mut story, (UserId, "ada"), CLICKED, "gift", 1);
    assert_eq!(phase(&story), Some(OfferPhase::Clicked));
    let seen = ["top", "foot"].map(|slot| sees(&story, "ada", slot));
    assert_eq!(seen, ["gift", "gift for all"], "as long as it is open");
    story.track("ada", "Order Completed", story.now(), &json!({ "coupon": coupon }));
    assert_eq!(phase(&story), Some(OfferPhase::Redeemed));
    let seen = ["top", "foot"].map(|slot| sees(&story, "ada", slot));
    assert_eq!(seen, ["vip", "-"], "redeemed anywhere, it is over everywhere");
}
