//! The mail of the past: every send is attempted and answered at once, and some of the people who get one answer it later.

use super::super::dice::Dice;
use engine::SendId;
use engine::at::{At, Span};
use engine::effect::Effect;
use engine::programme::Channel;
use engine::record::{
    Attempted, ConsentSource, ConsentStated, DeliveryOutcome, Engaged, Engagement, Record, Settled, Subject,
};
use std::collections::BTreeMap;

/// The message that asks for the confirmation of a consent, and that consent.
const CONFIRMS: (&str, &str) = ("confirm-newsletter", "newsletter");
const SHOP: &str = "https://bottega.example/";

/// What somebody does who got a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Confirm(SendId),
    Click(SendId),
    Unsubscribe(SendId),
}

impl Answer {
    pub(super) fn record(self, at: At) -> Record<'static> {
        let stated = |send, purpose, granted, source| {
            Record::ConsentStated(ConsentStated {
                subject: Subject::Send(send),
                purpose,
                channel: "email",
                granted,
                source,
                stated_at: at,
                wording: "",
                language: "",
                proof: "",
            })
        };
        match self {
            Self::Confirm(send) => stated(send, CONFIRMS.1, true, ConsentSource::DoubleOptIn),
            Self::Unsubscribe(send) => stated(send, "offers", false, ConsentSource::OneClick),
            Self::Click(send) => Record::Engaged(Engaged {
                send,
                engagement: Engagement::Clicked,
                machine: false,
                occurred_at: at,
                url: SHOP,
            }),
        }
    }
}

pub(super) struct Mail {
    dice: Dice,
    /// What is on its way: whether it asks for a confirmation, and whether it is about offers; in the app, nothing is
    /// answered.
    sent: BTreeMap<SendId, Option<Kind>>,
}

#[derive(Clone, Copy)]
enum Kind {
    Confirmation,
    Offers,
    Other,
}

impl Mail {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, sent: BTreeMap::new() }
    }

    /// Puts on record what came of the effects, and tells what is to happen later.
    pub(super) fn answer(
        &mut self,
        effects: &[Effect],
        at: At,
        record: &mut dyn FnMut(Record<'_>),
        later: &mut dyn FnMut(At, Answer),
    ) {
        for effect in effects {
            match effect {
                Effect::Prepare(prepare) => {
                    let kind = match (prepare.message.as_str(), prepare.purpose.as_str()) {
                        _ if prepare.channel != Channel::Email => None,
                        (message, _) if message == CONFIRMS.0 => Some(Kind::Confirmation),
                        (_, "offers") => Some(Kind::Offers),
                        _ => Some(Kind::Other),
                    };
                    self.sent.insert(prepare.send, kind);
                    let (send, attempt) = (prepare.send, prepare.attempt);
                    record(Record::Attempted(Attempted { send, attempt, attempted_at: at }));
                }
                Effect::HandOver { send, attempt } => {
                    let kind = self.sent.remove(send).flatten();
                    let bounces = kind.is_some() && self.dice.below(250) == 0;
                    let (outcome, reply) = match bounces {
                        true => {
                            (DeliveryOutcome::InvalidRecipient, "550 5.1.1 There is nobody of this name here")
                        }
                        false => (DeliveryOutcome::Accepted, "250 2.0.0 Taken"),
                    };
                    let (send, attempt) = (*send, *attempt);
                    record(Record::Settled(Settled { send, attempt, outcome, settled_at: at, reply }));
                    if let (Some(kind), false) = (kind, bounces) {
                        self.response(send, kind, at, later);
                    }
                }
                Effect::Release { send, .. } => _ = self.sent.remove(send),
                Effect::Call { .. } => {}
            }
        }
    }

    /// Two of three confirm, one of nine clicks, one of two hundred has had enough.
    fn response(&mut self, send: SendId, kind: Kind, at: At, later: &mut dyn FnMut(At, Answer)) {
        let thrown = self.dice.below(200);
        let when = at.plus(Span(Span::MINUTE.0 * i64::from(2 + self.dice.below(600))));
        match kind {
            Kind::Confirmation if thrown < 132 => later(when, Answer::Confirm(send)),
            Kind::Offers if thrown == 199 => later(when, Answer::Unsubscribe(send)),
            Kind::Offers | Kind::Other if thrown < 22 => later(when, Answer::Click(send)),
            Kind::Confirmation | Kind::Offers | Kind::Other => {}
        }
    }
}
