//! A story: an engine, a clock that is moved by hand, and short words for records.

use engine::at::At;
use engine::effect::Effect;
use engine::engine::{Engine, Outcome, Preview, Refusal, Unanswered};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{Mistake, Programme};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::OwnedMap;
use serde_json::{Value as Json, json};

pub(crate) struct Story {
    pub(crate) engine: Engine,
    pub(crate) effects: Vec<Effect>,
    /// Bytes of every record applied, with its instant: the log.
    pub(crate) log: Vec<(At, Vec<u8>)>,
    pub(crate) key: HashKey,
    now: At,
    messages: u64,
}

/// What an event says, its names apart.
pub(crate) struct Told<'a> {
    pub(crate) kind: EventKind,
    pub(crate) name: &'a str,
    pub(crate) occurred_at: At,
    pub(crate) properties: &'a Json,
    pub(crate) traits: &'a Json,
    pub(crate) context: &'a Json,
}

impl Story {
    pub(crate) fn new() -> Self {
        let key = HashKey([7; 16]);
        let mut story = Self {
            engine: Engine::new(),
            effects: Vec::new(),
            log: Vec::new(),
            key,
            now: At(1_767_600_000_000),
            messages: 0,
        };
        let installed = Installed { installation: 1, hash_key: key, seed: 42, link_key: [9; 32] };
        story.apply(&Record::Installed(installed));
        story
    }

    pub(crate) fn now(&self) -> At {
        self.now
    }

    pub(crate) fn with_segments(segments: &[(&str, &str)]) -> Self {
        let mut story = Self::new();
        let mut programme = programme();
        programme.segments =
            segments.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(story.apply_programme(&programme), Outcome::Applied);
        story
    }

    pub(crate) fn apply_programme(&mut self, programme: &Programme) -> Outcome {
        let definition = serde_json::to_string(programme).unwrap();
        let applied = ProgrammeApplied { applied_at: self.now, operator: "test", definition: &definition };
        self.apply(&Record::ProgrammeApplied(applied))
    }

    /// Who matches an expression now. What it asks of the past is brought in first.
    pub(crate) fn preview(&mut self, expression: &str) -> Result<Preview, Mistake> {
        loop {
            match self.engine.preview_at(expression, self.now) {
                Ok(preview) => return Ok(preview),
                Err(Unanswered::Mistake(mistake)) => return Err(mistake),
                Err(Unanswered::Unkept(properties)) => {
                    self.engine.fill(properties, self.log.iter().map(|(at, bytes)| (*at, bytes.as_slice())));
                }
            }
        }
    }

    /// Moves the clock, firing every timer at its own instant.
    pub(crate) fn wait_until(&mut self, at: At) {
        while let Some(due) = self.engine.next_due()
            && due <= at
        {
            self.now = due;
            self.apply(&Record::Tick);
        }
        self.now = self.now.max(at);
    }

    pub(crate) fn track(&mut self, person: &str, name: &str, occurred_at: At, properties: &Json) -> Outcome {
        self.event(EventKind::Track, person, name, occurred_at, properties, &json!({}))
    }

    pub(crate) fn identify(&mut self, person: &str, traits: &Json) -> Outcome {
        self.event(EventKind::Identify, person, "Identified", self.now, &json!({}), traits)
    }

    fn event(
        &mut self,
        kind: EventKind,
        person: &str,
        name: &str,
        occurred_at: At,
        properties: &Json,
        traits: &Json,
    ) -> Outcome {
        let told = Told { kind, name, occurred_at, properties, traits, context: &json!({}) };
        self.say(&[(IdentifierKind::UserId, person)], &told)
    }

    /// An event with whatever names.
    pub(crate) fn say(&mut self, names: &[(IdentifierKind, &str)], told: &Told<'_>) -> Outcome {
        self.messages += 1;
        let message_id = self.messages.to_string();
        let Told { kind, name, occurred_at, .. } = *told;
        let map = |json| OwnedMap::from_json(json).unwrap();
        let (properties, traits, context) = (map(told.properties), map(told.traits), map(told.context));
        let event = Event {
            kind,
            flags: EventFlags::default(),
            occurred_at,
            received_at: self.now,
            source: "test",
            name,
            message_id: self.key.message_id("test", &message_id),
            identifiers: names.iter().map(|(kind, value)| self.identifier(*kind, value)).collect(),
            message_id_text: &message_id,
            properties: properties.as_map(),
            traits: traits.as_map(),
            context: context.as_map(),
        };
        self.apply(&Record::Event(event))
    }

    pub(crate) fn identifier<'a>(&self, kind: IdentifierKind, value: &'a str) -> Identifier<'a> {
        Identifier { kind, hash: self.key.identifier(kind, value), value }
    }

    /// Sends the record through its bytes, as every record goes. What a programme asks of the past is brought in.
    pub(crate) fn apply(&mut self, record: &Record<'_>) -> Outcome {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let outcome = apply_filled(&mut self.engine, &self.log, (self.now, &bytes), &mut self.effects);
        if outcome == Outcome::Applied {
            self.log.push((self.now, bytes));
        }
        outcome
    }
}

/// Applies the next record of a log.
pub(crate) fn apply_filled(
    engine: &mut Engine,
    log: &[(At, Vec<u8>)],
    (at, bytes): (At, &[u8]),
    effects: &mut Vec<Effect>,
) -> Outcome {
    let record = Record::decode(bytes).expect("what was encoded can be decoded");
    let seq = engine.seq().next();
    match engine.apply(seq, at, &record, effects) {
        Outcome::Refused(Refusal::Unkept(properties)) => {
            engine.fill(properties, log.iter().map(|(at, bytes)| (*at, bytes.as_slice())));
            engine.apply(seq, at, &record, effects)
        }
        outcome => outcome,
    }
}

/// A programme with nothing in it but what every programme needs.
pub(crate) fn programme() -> Programme {
    Programme {
        name: "test".into(),
        timezone: "UTC".into(),
        languages: vec!["en".into()],
        ..Default::default()
    }
}
