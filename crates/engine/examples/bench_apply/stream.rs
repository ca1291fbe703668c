//! The events that the benchmarks of the engine apply, and the programme that is live meanwhile.

use engine::at::{At, Span};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{
    Channel, Choices, EmailMessage, Journey, Message, Programme, Purpose, Reenter, Step,
};
use engine::record::{Event, EventFlags, EventKind, Identifier, Record};
use engine::value::{Map, ValueWriter};

const NAMES: [&str; 8] = [
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Email Opened",
    "Search",
    "Login",
    "Share",
];
pub(crate) const KEY: HashKey = HashKey([5; 16]);
pub(crate) const START: At = At(1_767_600_000_000);

/// A small linear generator: the same events on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() as usize) % bound
    }
}

/// The events of 37 days, most of them of few people.
pub(crate) struct Stream {
    draw: Draw,
    number: i64,
    step: Span,
    profiles: usize,
}

impl Stream {
    pub(crate) fn new(events: usize, profiles: usize) -> Self {
        Self { draw: Draw(1), number: 0, step: Span(Span::DAY.times(37).0 / events as i64), profiles }
    }

    /// Adds the bytes of the next event's record, and gives its instant.
    pub(crate) fn next(&mut self, bytes: &mut Vec<u8>) -> At {
        let draw = &mut self.draw;
        let uniform = (draw.next() % 1_000_000) as f64 / 1_000_000.0;
        let person = ((uniform * uniform) * self.profiles as f64) as usize;
        let user = format!("user-{person}");
        let hash = KEY.identifier(IdentifierKind::UserId, &user);
        let mut properties = ValueWriter::new();
        properties.key("total");
        properties.decimal(draw.below(20_000) as i64 * 10_000);
        properties.key("currency");
        properties.text("EUR");
        properties.key("sku");
        properties.text(["A1", "B2", "C3", "D4"][draw.below(4)]);
        let properties = properties.into_bytes();
        let at = START.plus(Span(self.step.0 * self.number));
        let message_id = self.number.to_string();
        let event = Event {
            kind: EventKind::Track,
            flags: EventFlags::default(),
            occurred_at: at,
            received_at: at,
            source: "bench",
            name: NAMES[draw.below(NAMES.len())],
            message_id: KEY.message_id("bench", &message_id),
            identifiers: vec![Identifier { kind: IdentifierKind::UserId, hash, value: &user }],
            message_id_text: &message_id,
            properties: Map::from_bytes(&properties),
            traits: Map::default(),
            context: Map::default(),
        };
        Record::Event(event).encode(bytes);
        self.number += 1;
        at
    }
}

/// 50 segments over 8 event names, and 10 journeys.
pub(crate) fn programme(segments: usize, journeys: usize) -> Programme {
    let mut programme = Programme {
        name: "bench".into(),
        timezone: "UTC".into(),
        languages: vec!["en".into()],
        ..Default::default()
    };
    let offers = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".into(), offers);
    programme
        .messages
        .insert("hello".into(), Message { email: Some(EmailMessage::default()), ..Message::default() });
    for number in 0..segments {
        let name = NAMES[number % NAMES.len()];
        let days = [1, 3, 7, 14, 30][number % 5];
        let text = match number % 6 {
            0 => format!("did \"{name}\" within {days} days"),
            1 => format!("did \"{name}\" at least 2 times within {days} days"),
            2 => format!("did \"{name}\" and not did \"{}\" within {days} days", NAMES[(number + 3) % 8]),
            3 => format!("did \"{name}\" (total > 100) within {days} days"),
            4 => format!("did \"{name}\" with sum(total) > 300 within {days} days"),
            _ => format!("not did \"{name}\" within {days} days"),
        };
        programme.segments.insert(format!("segment {number}"), text);
    }
    for number in 0..journeys {
        let journey = Journey {
            purpose: "offers".into(),
            enter: format!("did \"{}\"", NAMES[number % NAMES.len()]),
            reenter: Reenter::After(Span::DAY.times(7)),
            exit: Some("did \"Order Completed\"".into()),
            steps: vec![
                Step::Wait(Span::HOUR.times(number as i64 + 1)),
                Step::Send { message: "hello".into(), channels: vec![], choices: Choices::default() },
            ],
            ..Journey::default()
        };
        programme.journeys.insert(format!("journey {number}"), journey);
    }
    programme
}
