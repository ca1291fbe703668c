//! What comes to the simulated shop in lists and from tills: opt-out registers, plain and hashed; codes of an offer; codes that
//! somebody shows who is not named, or who is somebody else.

use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::record::{EventFlags, EventKind};
use serde_json::json;

use crate::draft::{Draft, EventDraft};
use crate::options::Options;
use crate::random::Random;
use crate::workload::email;

/// The registers, and whether each is handed out hashed.
const REGISTERS: [(&str, bool); 2] = [("plain", false), ("hashed", true)];

/// What registers speak of, and most of them of email.
const CHANNELS: [&[&str]; 4] = [&["email"], &["email"], &["call"], &["email", "sms"]];

pub(crate) struct Lists {
    random: Random,
    codes: u64,
    orders: u64,
}

impl Lists {
    pub(crate) fn new(random: Random) -> Self {
        Self { random, codes: 0, orders: 0 }
    }

    /// What is brought in a round, each by itself; `shown` are codes that messages have told.
    pub(crate) fn round(
        &mut self,
        options: &Options,
        engine: &Engine,
        shown: &[String],
        now: At,
    ) -> Vec<Draft> {
        let mut drafts = Vec::new();
        if self.random.happens(options.looks) {
            drafts.extend(self.look(options, engine, now));
        }
        if self.random.happens(options.codes) {
            // Some of them are there already.
            let first = self.codes.saturating_sub(self.random.below(3));
            self.codes = first + self.random.between(1, 4);
            let codes = (first..self.codes).map(|number| format!("code-{number}")).collect();
            drafts.push(Draft::Codes { codes, added_at: now });
        }
        if self.random.happens(options.tills) && !shown.is_empty() {
            let code = self.random.pick(shown).clone();
            drafts.push(self.till(options, code, now));
        }
        drafts
    }

    /// A slice of a look, or its end; which of several comes first is a matter of chance.
    fn look(&mut self, options: &Options, engine: &Engine, now: At) -> Option<Draft> {
        let random = &mut self.random;
        let (register, hashed) = *random.pick(&REGISTERS);
        let known = engine.registers().iter().find(|one| one.name == register);
        let (latest, edition) = known.map_or((0, 0), |one| (one.latest, one.edition));
        let channels = *random.pick(&CHANNELS);
        if latest > edition && random.happens(500) {
            return Some(Draft::Checked { register, edition: latest, channels, checked_at: now });
        }
        let edition = if latest > edition && random.happens(700) { latest } else { latest + 1 };
        let emails = (0..options.people).filter(|_| random.happens(150)).map(email).collect();
        Some(Draft::Listed { register, edition, channels, emails, hashed })
    }

    /// Somebody shows a code that was told to somebody.
    fn till(&mut self, options: &Options, code: String, now: At) -> Draft {
        let number = self.random.below(options.people);
        let who = match self.random.below(3) {
            0 => None,
            1 => Some((IdentifierKind::UserId, format!("u{number}"))),
            _ => Some((IdentifierKind::Email, email(number))),
        };
        let ago = Span(self.random.below(3_600_000) as i64);
        if self.random.happens(300) {
            return Draft::Redeemed { code, who, redeemed_at: now.minus(ago) };
        }
        self.orders += 1;
        Draft::Event(EventDraft {
            kind: EventKind::Track,
            flags: EventFlags::default(),
            occurred_at: now.minus(ago),
            name: "Order Completed",
            message_id: format!("till-{}", self.orders),
            identifiers: who.into_iter().collect(),
            properties: json!({ "total": 12, "currency": "EUR", "coupon": code }),
            traits: json!({}),
            context: json!({}),
        })
    }
}
