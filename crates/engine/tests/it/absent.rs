//! What is said of people who are not there: their traits change, and nobody was seen or becomes known by it.

use crate::story::{Story, programme};
use engine::at::Span;
use engine::engine::{Outcome, Refusal};
use engine::identifier::IdentifierKind;
use engine::identifier::IdentifierKind::{Email, UserId};
use engine::programme::Identity;
use engine::record::{Event, EventFlags, EventKind, Record};
use engine::value::{Map, OwnedMap};
use serde_json::{Value as Json, json};

fn say(story: &mut Story, who: (IdentifierKind, &str), id: &str, traits: &Json) -> Outcome {
    let traits = OwnedMap::from_json(traits).unwrap();
    let event = Event {
        kind: EventKind::Identify,
        flags: EventFlags::ABSENT,
        occurred_at: story.now(),
        received_at: story.now(),
        source: "trama",
        name: "Identified",
        message_id: story.key.message_id("trama", id),
        identifiers: vec![story.identifier(who.0, who.1)],
        message_id_text: id,
        properties: Map::default(),
        traits: traits.as_map(),
        context: Map::default(),
    };
    story.apply(&Record::Event(event))
}

#[test]
fn segments_follow_a_correction_and_nobody_was_seen() {
    let segments = [("here", "last seen within 1 hour"), ("milan", r#"trait.city = "Milano""#)];
    let mut story = Story::with_segments(&segments);
    story.identify("ada", &json!({"city": "Milan", "plan": "pro"}));
    let seen_at = story.now();
    story.wait_until(story.now().plus(Span::HOUR.times(2)));
    let sizes = |story: &Story| ["here", "milan"].map(|name| story.engine.segment(name).unwrap().count);
    assert_eq!(sizes(&story), [0, 0]);
    assert_eq!(
        say(&mut story, (UserId, "ada"), "1", &json!({"city": "Milano", "plan": null})),
        Outcome::Applied
    );
    assert_eq!(sizes(&story), [0, 1]);
    let profile = story.engine.profile(story.engine.find(UserId, "ada").unwrap()).unwrap();
    assert_eq!((profile.first_seen(), profile.last_seen()), (seen_at, seen_at));
    assert_eq!(profile.traits_map().as_map().to_json(), json!({"city": "Milano"}));
}

#[test]
fn whom_nobody_knows_does_not_become_known() {
    let mut story = Story::new();
    let blocked = vec!["email:info@shop.example".to_owned()];
    story.track("ada", "Seen", story.now(), &json!({}));
    let programme =
        engine::programme::Programme { identity: Identity { blocked, ..Identity::default() }, ..programme() };
    assert_eq!(story.apply_programme(&programme), Outcome::Applied);
    let told = json!({"city": "Milano"});
    for who in [(UserId, "eve"), (Email, "info@shop.example")] {
        assert_eq!(say(&mut story, who, who.1, &told), Outcome::Refused(Refusal::NotKnown), "{who:?}");
    }
    assert_eq!(story.engine.counts().profiles, 1);
    assert_eq!(say(&mut story, (UserId, "ada"), "ada", &told), Outcome::Applied);
}
