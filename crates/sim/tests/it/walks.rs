//! Random journeys against a slow model of a walk through them: who is sent what at which instant, and who still waits.
//!
//! The model goes through the steps as they are written, and looks at every minute of a person's clock. It shares nothing
//! with the engine but the types of a programme.

mod clock;
mod walk;

use std::collections::BTreeMap;

use engine::at::{At, Span};
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::journey::RunState;
use engine::programme::{
    Arm, Channel, Choices, Draw, Journey, OptIn, Programme, Purpose, Reenter, Step, Way,
};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::OwnedMap;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use walk::Walk;

const ZONES: [&str; 7] = [
    "Europe/Rome",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "Middle-earth/Shire",
];
const DATES: [&str; 7] = [
    "2026-03-29",
    "2026-04-01",
    "2026-10-25",
    "2026-11-01",
    "2026-03-30T02:30:00+02:00",
    "2020-02-29",
    "soon",
];
/// Days before the clocks of one zone or another change.
const STARTS: [i64; 4] = [1_774_605_600_000, 1_775_210_400_000, 1_792_749_600_000, 1_793_354_400_000];

/// Something that a person does, or says of themselves, so long after what was before.
#[derive(Clone, Debug)]
enum Deed {
    Go { total: i64, day: Option<&'static str> },
    State { name: &'static str, value: Json },
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    let times = select(vec!["00:00", "02:30", "02:15", "09:00", "23:59"]);
    let days = select(vec!["monday", "tuesday", "sunday"]);
    let wait = (0..200i64).prop_map(|hours| Step::Wait(Span::MINUTE.times(1 + hours * 17)));
    let date = select(vec![
        "trait.renewal",
        "trait.renewal - 1 day",
        "trait.renewal + 90 minutes",
        "event.day - 2 days",
        "2026-04-02",
        "2026-10-26",
    ]);
    let update = (select(vec!["stage", "plan"]), select(vec![json!("a"), json!("b"), Json::Null]));
    let leaf = prop_oneof![
        3 => select(vec!["one", "two", "three"]).prop_map(|message: &str| Step::Send { message: message.to_owned(), channels: vec![], choices: Choices::default() }),
        2 => wait,
        3 => date.prop_map(|until: &str| Step::WaitDate(until.to_owned())),
        4 => (option::of(times), vec(days, 0..2)).prop_filter_map("a wait for nothing", |(time, weekdays)| {
            let wait = Step::WaitLocal {
                time: time.map(str::to_owned),
                weekdays: weekdays.into_iter().map(str::to_owned).collect(),
            };
            (wait != Step::WaitLocal { time: None, weekdays: vec![] }).then_some(wait)
        }),
        2 => update.prop_map(|(name, value)| Step::Update(BTreeMap::from([(name.to_owned(), value)]))),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        let rule = select(vec![
            "event.total > 5",
            "trait.plan = \"a\"",
            "in segment \"staged\"",
            "trait.stage = \"b\"",
        ]);
        (rule, vec(inner.clone(), 0..4), vec(inner, 0..4)).prop_map(|(when, yes, no)| {
            Step::Branch(vec![Arm { when: Some(when.to_owned()), then: yes }, Arm { when: None, then: no }])
        })
    })
}

fn deed() -> impl Strategy<Value = (i64, Deed)> {
    let state = prop_oneof![
        select(ZONES.to_vec()).prop_map(|zone| Deed::State { name: "timezone", value: json!(zone) }),
        select(DATES.to_vec()).prop_map(|date| Deed::State { name: "renewal", value: json!(date) }),
        select(vec!["a", "b"]).prop_map(|plan| Deed::State { name: "plan", value: json!(plan) }),
    ];
    let go = (0..10i64, option::of(select(DATES.to_vec()))).prop_map(|(total, day)| Deed::Go { total, day });
    let minutes = prop_oneof![Just(0), 1..90i64, 60..3_000i64];
    (minutes, prop_oneof![3 => state, 3 => go, 1 => Just(Deed::Rest)])
}

fn programme(steps: Vec<Step>) -> Programme {
    let purpose = Purpose { channels: vec![Channel::Email], opt_in: OptIn::None, ..Purpose::default() };
    let journey = Journey {
        purpose: "orders".to_owned(),
        enter: "did \"Go\"".to_owned(),
        reenter: Reenter::Always,
        steps,
        ..Journey::default()
    };
    Programme {
        name: "walks".to_owned(),
        timezone: "Europe/Rome".to_owned(),
        languages: vec!["en".to_owned()],
        purposes: [("orders".to_owned(), purpose)].into(),
        segments: [("staged".to_owned(), "trait.stage = \"b\" and not trait.plan = \"a\"".to_owned())].into(),
        messages: ["one", "two", "three"].map(|name| (name.to_owned(), Default::default())).into(),
        journeys: [("walk".to_owned(), journey)].into(),
        ..Programme::default()
    }
}

const KEY: HashKey = HashKey([5; 16]);

struct Log {
    engine: Engine,
    now: At,
    records: Vec<(At, Vec<u8>)>,
}

impl Log {
    fn new(start: At, programme: &Programme) -> Self {
        let mut log = Self { engine: Engine::new(), now: start, records: Vec::new() };
        log.apply(&Record::Installed(Installed {
            installation: 1,
            hash_key: KEY,
            seed: 9,
            link_key: [0; 32],
        }));
        let definition = serde_json::to_string(programme).expect("plain JSON");
        log.apply(&Record::ProgrammeApplied(ProgrammeApplied {
            applied_at: start,
            operator: "test",
            definition: &definition,
        }));
        log
    }

    fn apply(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let outcome = self.engine.apply(self.engine.seq().next(), self.now, record, &mut Vec::new());
        assert_eq!(outcome, Outcome::Applied);
        self.records.push((self.now, bytes));
    }

    fn wait_until(&mut self, until: At) {
        while let Some(due) = self.engine.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.apply(&Record::Tick);
        }
        self.now = until;
    }

    fn event(&mut self, who: &str, name: &str, properties: &Json, traits: &Json) {
        let map = |json| OwnedMap::from_json(json).expect("an object");
        let (properties, traits, number) = (map(properties), map(traits), self.records.len().to_string());
        let kind = IdentifierKind::UserId;
        self.apply(&Record::Event(Event {
            kind: if name == "Go" { EventKind::Track } else { EventKind::Identify },
            flags: EventFlags::default(),
            occurred_at: self.now,
            received_at: self.now,
            source: "test",
            name,
            message_id: KEY.message_id("test", &number),
            identifiers: vec![Identifier { kind, hash: KEY.identifier(kind, who), value: who }],
            message_id_text: &number,
            properties: properties.as_map(),
            traits: traits.as_map(),
            context: OwnedMap::default().as_map(),
        }));
    }
}

fn hold(start: i64, steps: Vec<Step>, deeds: &[(i64, Deed)]) -> Result<(), TestCaseError> {
    let programme = programme(steps);
    prop_assert_eq!(programme.mistakes(), vec![]);
    let mut log = Log::new(At(start), &programme);
    let mut walk = Walk::new(&programme.journeys["walk"].steps);
    log.event("ada", "Identified", &json!({}), &json!({}));
    for (minutes, deed) in deeds {
        let at = log.now.plus(Span::MINUTE.times(*minutes));
        log.wait_until(at);
        walk.wait_until(at);
        match deed {
            Deed::Go { total, day } => {
                let said = json!({ "total": total, "day": day });
                log.event("ada", "Go", &said, &json!({}));
                walk.go(at, &said);
            }
            Deed::State { name, value } => {
                log.event("ada", "Identified", &json!({}), &json!({ *name: value }));
                walk.state(at, name, value);
            }
            Deed::Rest => {}
        }
        compare(&log, &walk)?;
    }
    let end = log.now.plus(Span::DAY.times(20));
    log.wait_until(end);
    walk.wait_until(end);
    compare(&log, &walk)?;
    let mut replayed = Engine::new();
    for (at, bytes) in &log.records {
        let record = Record::decode(bytes).expect("it was just encoded");
        replayed.apply(replayed.seq().next(), *at, &record, &mut Vec::new());
    }
    prop_assert_eq!(replayed.hash(), log.engine.hash(), "a replay comes to the same");
    let restored = Engine::restore(&log.engine.snapshot()).expect("its own snapshot");
    prop_assert_eq!(restored.hash(), log.engine.hash(), "and so does a snapshot");
    Ok(())
}

fn compare(log: &Log, walk: &Walk<'_>) -> Result<(), TestCaseError> {
    let sends = log.engine.sends().map(|send| (send.decided_at.to_string(), send.message.to_string()));
    let expected = walk.sent.iter().map(|(at, message)| (at.to_string(), message.clone()));
    prop_assert_eq!(sends.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let id = log.engine.find(IdentifierKind::UserId, "ada").expect("she was told of");
    let runs = log.engine.runs_of(id);
    let waits =
        runs.iter().find(|run| run.state == RunState::Active).map(|run| run.due.map(|due| due.to_string()));
    prop_assert_eq!(waits, walk.waits().map(|until| Some(until.to_string())));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_is_that_of_the_slow_model(
        start in select(STARTS.to_vec()),
        steps in vec(step(), 1..7),
        deeds in vec(deed(), 1..14),
    ) {
        hold(start, steps, &deeds)?;
    }
}

/// The shares of a split over many people, and who gets which way: the same in another journey and after a replay, and not the
/// same by another name.
#[test]
fn a_split_keeps_its_shares_and_its_people() {
    let ways = |names: [&str; 3]| {
        let send = |message: &str| {
            vec![Step::Send { message: message.to_owned(), channels: vec![], choices: Choices::default() }]
        };
        let shares = [500, 300, 200].into_iter().zip(names);
        shares.map(|(share_permille, name)| Way { share_permille, then: send(name) }).collect()
    };
    let split = |name: &str, draw| Step::Named {
        name: name.to_owned(),
        step: Box::new(Step::Split { draw, ways: ways(["one", "two", "three"]) }),
    };
    let mut programme = programme(vec![
        split("gift", Draw::Person),
        split("gift", Draw::Person),
        split("other", Draw::Person),
        split("gift", Draw::Run),
    ]);
    let again = Journey {
        enter: "did \"Go\" (total > 0)".to_owned(),
        steps: vec![split("gift", Draw::Person)],
        ..programme.journeys["walk"].clone()
    };
    programme.journeys.insert("again".to_owned(), again);
    let mut log = Log::new(At(STARTS[0]), &programme);
    let people = 2_000;
    for number in 0..people {
        log.event(&format!("u{number}"), "Go", &json!({ "total": 1 }), &json!({}));
    }
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let (mut same_other, mut same_run) = (0, 0);
    for number in 0..people {
        let id = log.engine.find(IdentifierKind::UserId, &format!("u{number}")).expect("they were told of");
        let of = |journey: &str| -> Vec<String> {
            let sends = log.engine.sends_of(id).filter(|send| *send.journey == *journey);
            sends.map(|send| send.message.to_string()).collect()
        };
        let (walk, again) = (of("walk"), of("again"));
        assert_eq!((walk.len(), &walk[0]), (4, &walk[1]), "twice the same");
        assert_eq!(again, walk[..1], "and in the other journey");
        *counts.entry(walk[0].clone()).or_default() += 1;
        same_other += u32::from(walk[0] == walk[2]);
        same_run += u32::from(walk[0] == walk[3]);
    }
    // Four times the deviation of a fair draw.
    for (message, share) in [("one", 0.5), ("two", 0.3), ("three", 0.2)] {
        let (expected, found) = (f64::from(people) * share, f64::from(counts[message]));
        let deviation = (f64::from(people) * share * (1.0 - share)).sqrt();
        assert!((found - expected).abs() < 4.0 * deviation, "{found} got {message}, of about {expected}");
    }
    // Draws that have nothing to do with each other agree for 38 % of people.
    for same in [same_other, same_run] {
        assert!((660..860).contains(&same), "{same} agree");
    }
    let mut replayed = Engine::new();
    for (at, bytes) in &log.records {
        let record = Record::decode(bytes).expect("it was just encoded");
        replayed.apply(replayed.seq().next(), *at, &record, &mut Vec::new());
    }
    assert_eq!(replayed.hash(), log.engine.hash());
}
