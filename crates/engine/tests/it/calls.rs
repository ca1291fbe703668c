//! Call lists: who is on one, and for which reason somebody is not.

use crate::story::{Story, Told, programme};
use engine::at::{At, Span};
use engine::engine::{CallListRefusal, Outcome};
use engine::identifier::IdentifierKind::{self, Phone, UserId};
use engine::programme::{Channel, ContactPolicy, OptIn, Programme, Purpose};
use engine::record::{
    ConsentSource, ConsentStated, EventKind, Identifier, Preference, PreferenceStated, Record,
    RegisterChecked, RegisterListed, Subject, SuppressionStated,
};
use serde_json::json;

fn shop() -> Programme {
    let purpose = |channels: Vec<Channel>, opt_in| Purpose { channels, opt_in, ..Purpose::default() };
    Programme {
        purposes: [
            ("advice".into(), purpose(vec![Channel::Call, Channel::Email], OptIn::Single)),
            ("service".into(), purpose(vec![Channel::Call], OptIn::None)),
            ("letters".into(), purpose(vec![Channel::Email], OptIn::Single)),
        ]
        .into(),
        segments: [("asked".into(), "did \"Asked\"".into())].into(),
        ..programme()
    }
}

fn event(story: &mut Story, name: &str, names: &[(IdentifierKind, &str)]) {
    let (nothing, occurred_at) = (json!({}), story.now());
    let told = Told {
        kind: EventKind::Track,
        name,
        occurred_at,
        properties: &nothing,
        traits: &nothing,
        context: &nothing,
    };
    assert_eq!(story.say(names, &told), Outcome::Applied);
}

fn named(story: &Story, kind: IdentifierKind, value: &'static str) -> Identifier<'static> {
    Identifier { kind, hash: story.key.identifier(kind, value), value }
}

fn consent(story: &mut Story, who: &'static str, channel: &str, granted: bool) {
    let stated = ConsentStated {
        subject: Subject::Identifier(named(story, UserId, who)),
        purpose: "advice",
        channel,
        granted,
        source: ConsentSource::Api,
        stated_at: story.now(),
        wording: "",
        language: "",
        proof: "",
    };
    assert_eq!(story.apply(&Record::ConsentStated(stated)), Outcome::Applied);
}

fn list(story: &Story, purpose: &str) -> (Vec<String>, Vec<(&'static str, u64)>) {
    let list = story.engine.call_list("asked", purpose, false, story.now()).unwrap();
    (list.callees.into_iter().map(|one| one.phone).collect(), list.held_back.into_iter().collect())
}

const NUMBERS: [(&str, &str); 5] = [
    ("ada", "+39055000001"),
    ("bob", "+39055000002"),
    ("eve", "+39055000003"),
    ("kim", "+39055000004"),
    ("sam", "+39055000005"),
];

fn asked() -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    for (who, phone) in NUMBERS {
        event(&mut story, "Asked", &[(UserId, who), (Phone, phone)]);
    }
    event(&mut story, "Asked", &[(UserId, "lea")]);
    event(&mut story, "Other", &[(UserId, "joe"), (Phone, "+39055000009")]);
    story
}

#[test]
fn who_may_be_telephoned_is_on_the_list_and_everybody_else_has_a_reason() {
    let mut story = asked();
    assert_eq!(list(&story, "advice").1, [("no_consent", 5), ("unreachable", 1)]);
    assert_eq!(list(&story, "service").0.len(), 5, "no consent is asked for what is part of a contract");
    for (who, _) in NUMBERS {
        consent(&mut story, who, "", true);
    }
    consent(&mut story, "bob", "call", false);
    consent(&mut story, "ada", "email", false);
    let phones = |who: &[&str]| -> Vec<String> {
        NUMBERS.iter().filter(|(name, _)| who.contains(name)).map(|(_, phone)| (*phone).to_owned()).collect()
    };
    assert_eq!(
        list(&story, "advice").0,
        phones(&["ada", "eve", "kim", "sam"]),
        "ada withdrew from email alone"
    );
    let suppressed = SuppressionStated {
        identifier: named(&story, Phone, "+39055000003"),
        lifted: false,
        stated_at: story.now(),
        reason: "asked to",
    };
    story.apply(&Record::SuppressionStated(suppressed));
    let paused = PreferenceStated {
        subject: Subject::Identifier(named(&story, UserId, "sam")),
        preference: Preference::PausedUntil(story.now().plus(Span::DAY)),
        source: ConsentSource::Api,
        stated_at: story.now(),
        proof: "",
    };
    story.apply(&Record::PreferenceStated(paused));
    let hashes = vec![story.key.identifier(Phone, "+39055000004")];
    let listed = RegisterListed { register: "rpo", edition: 1, channels: vec!["call"], hashes };
    story.apply(&Record::RegisterListed(listed));
    let refused = story.engine.call_list("asked", "advice", false, story.now());
    assert_eq!(refused, Err(CallListRefusal::Stale(vec!["rpo".into()])), "the look is not whole");
    let checked = RegisterChecked {
        register: "rpo",
        edition: 1,
        channels: vec!["call"],
        checked_at: story.now(),
        valid_for: Span::DAY.times(15),
        operator: "",
    };
    story.apply(&Record::RegisterChecked(checked));
    let expected = vec![("consent_withdrawn", 1), ("paused", 1), ("suppressed", 2), ("unreachable", 1)];
    assert_eq!(list(&story, "advice"), (phones(&["ada"]), expected));
    let later = At(story.now().0 + Span::DAY.times(15).0);
    let stale = story.engine.call_list("asked", "advice", false, later);
    assert_eq!(stale, Err(CallListRefusal::Stale(vec!["rpo".into()])));
    assert_eq!(story.engine.call_list("asked", "advice", true, later).unwrap().callees.len(), 1);
    assert!(story.engine.is_reachable(engine::ProfileId(0), Channel::Call));
    for (segment, purpose, expected) in [
        ("none", "advice", CallListRefusal::NoSuchSegment),
        ("asked", "none", CallListRefusal::NoSuchPurpose),
        ("asked", "letters", CallListRefusal::NotForCalls),
    ] {
        assert_eq!(story.engine.call_list(segment, purpose, true, later), Err(expected));
    }
}

#[test]
fn the_global_holdout_is_not_telephoned_and_a_number_is_there_once() {
    let mut story = asked();
    event(&mut story, "Asked", &[(UserId, "ida")]);
    story.identify("ida", &json!({"phone": "+39055000001"}));
    NUMBERS.iter().for_each(|(who, _)| consent(&mut story, who, "call", true));
    consent(&mut story, "ida", "call", true);
    let whole = story.engine.call_list("asked", "advice", false, story.now()).unwrap();
    assert_eq!((whole.callees.len(), whole.repeated), (5, 1));
    let withheld = ContactPolicy { holdout_permille: 1_000, ..ContactPolicy::default() };
    assert_eq!(story.apply_programme(&Programme { contact_policy: withheld, ..shop() }), Outcome::Applied);
    let list = story.engine.call_list("asked", "advice", false, story.now()).unwrap();
    assert_eq!((list.callees, list.held_back), (vec![], [("global_holdout", 7)].into()));
    let service = story.engine.call_list("asked", "service", false, story.now()).unwrap();
    assert_eq!(service.callees.len(), 5, "what is part of a contract is not under the policy");
}
