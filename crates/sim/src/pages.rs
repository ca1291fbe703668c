//! Pages of the simulated shop: who looks at one is shown what the engine picks, sees it or not, clicks or closes it. Whether
//! the pick was right is for the auditor to say; here it is only believed.

use engine::at::At;
use engine::engine::{Asked, Engine};
use engine::identifier::IdentifierKind;
use engine::programme::{CLICKED, DISMISSED, SHOWN, WITHHELD};
use engine::record::{EventFlags, EventKind};
use serde_json::json;

use crate::draft::{Draft, EventDraft};
use crate::options::Options;
use crate::programme::SLOTS;
use crate::random::Random;

/// Decisions that a browser may still say something of.
const REMEMBERED: usize = 20;

pub(crate) struct Pages {
    random: Random,
    decisions: u64,
    shown: Vec<Decision>,
}

/// What a browser was told to show.
#[derive(Clone, Debug)]
struct Decision {
    number: u64,
    who: (IdentifierKind, String),
    message: String,
    slot: &'static str,
    purpose: String,
    withheld: bool,
}

impl Pages {
    pub(crate) fn new(random: Random) -> Self {
        Self { random, decisions: 0, shown: Vec::new() }
    }

    /// What pages tell in a round.
    pub(crate) fn round(&mut self, options: &Options, engine: &Engine, now: At) -> Vec<Draft> {
        let mut drafts = Vec::new();
        if self.random.happens(options.visits)
            && let Some(decision) = self.decide(options, engine, now)
        {
            // Decided and not seen: nothing of it is on record.
            if self.random.happens(800) {
                let name = if decision.withheld { WITHHELD } else { SHOWN };
                drafts.push(told(&decision, name, now));
                if self.random.happens(options.repeated) {
                    drafts.push(told(&decision, name, now));
                }
            }
            if self.shown.len() == REMEMBERED {
                self.shown.remove(0);
            }
            self.shown.push(decision);
        }
        if self.random.happens(options.reacts) && !self.shown.is_empty() {
            let decision = self.random.pick(&self.shown).clone();
            let name = *self.random.pick(&[CLICKED, CLICKED, DISMISSED]);
            if !decision.withheld {
                drafts.push(told(&decision, name, now));
            }
        }
        drafts
    }

    fn decide(&mut self, options: &Options, engine: &Engine, now: At) -> Option<Decision> {
        let random = &mut self.random;
        let number = random.below(options.people);
        let who = match random.below(2) {
            0 => (IdentifierKind::UserId, format!("u{number}")),
            _ => (IdentifierKind::AnonymousId, format!("device-{number}-0")),
        };
        let slot = *random.pick(&SLOTS);
        let profile = engine.find(who.0, &who.1);
        let asked = Asked { profile, slot, now: now.max(engine.at()), popups: random.happens(900) };
        let pick = engine.pick(&asked)?;
        self.decisions += 1;
        Some(Decision {
            // As large as numbers drawn at random are, and no two alike in what the ledger keeps of them.
            number: (random.draw() << 40) | self.decisions,
            who,
            message: pick.message.to_owned(),
            slot,
            purpose: pick.onsite.purpose.clone().unwrap_or_default(),
            withheld: pick.withheld,
        })
    }
}

fn told(decision: &Decision, name: &'static str, occurred_at: At) -> Draft {
    let Decision { number, who, message, slot, purpose, .. } = decision;
    let number = number.to_string();
    Draft::Event(EventDraft {
        kind: EventKind::Track,
        flags: EventFlags::ONSITE,
        occurred_at,
        name,
        message_id: format!("onsite-{number}-{name}"),
        identifiers: vec![who.clone()],
        properties: json!({
            "message": message, "slot": slot, "purpose": purpose, "channel": "onsite", "decision": number,
        }),
        traits: json!({}),
        context: json!({}),
    })
}
