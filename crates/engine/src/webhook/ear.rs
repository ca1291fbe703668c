//! What a webhook hears of in a record.

use super::Delivery;
use crate::Seq;
use crate::at::At;
use crate::change::Change;
use crate::change::ChangeKind;
use crate::engine::{preferences, split_preference};
use crate::programme::{Channel, Enter, Hears, Webhook};
use crate::record::{DeliveryOutcome, Engagement, Event, EventFlags, Record, Subject, Verdict};
use crate::segment::day::Trial;
use crate::{ProfileId, SendId};
use jiff::tz::TimeZone;

/// What one webhook hears of, ready to be held against records.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    /// By name of the event, what must be true of its properties.
    events: Vec<(String, Trials)>,
    /// Segments, each with whether it is their being entered.
    changes: Vec<(String, bool)>,
    sends: bool,
    engagement: bool,
    consents: bool,
    erasures: bool,
}

/// What must be true of properties, by path.
type Trials = Vec<(Vec<String>, Trial)>;

/// Something that a record tells.
#[derive(Clone, Debug)]
pub enum Heard<'a> {
    Event(Event<'a>),
    Change {
        segment: &'a str,
        change: Change,
    },
    /// What became of a send: an outcome, a verdict, or an engagement.
    Send {
        send: SendId,
        what: &'static str,
        at: At,
    },
    Consent {
        whose: Whose<'a>,
        purpose: &'a str,
        channel: &'a str,
        granted: bool,
        at: At,
    },
    Erased {
        profile: ProfileId,
        at: At,
    },
}

/// Whom a consent is of.
#[derive(Clone, Debug)]
pub enum Whose<'a> {
    Subject(Subject<'a>),
    /// The person of an event that carried it.
    Event(Event<'a>),
}

impl Ear {
    /// The ear of a webhook that was checked.
    pub fn new(webhook: &Webhook, timezone: &TimeZone) -> Self {
        let mut ear = Self::default();
        for text in &webhook.hears {
            match Hears::parse(text) {
                Ok(Hears::Happening(Enter::Event(did))) => {
                    let trials = did.deed.filters.iter();
                    let trials = trials.map(|one| (one.path.clone(), Trial::new(&one.test, timezone)));
                    ear.events.push((did.deed.event.clone(), trials.collect()));
                }
                Ok(Hears::Happening(Enter::Change { segment, is_in })) => ear.changes.push((segment, is_in)),
                Ok(Hears::Sends) => ear.sends = true,
                Ok(Hears::Engagement) => ear.engagement = true,
                Ok(Hears::Consents) => ear.consents = true,
                Ok(Hears::Erasures) => ear.erasures = true,
                Ok(Hears::Happening(_)) | Err(_) => {
                    unreachable!("invariant: a programme with mistakes is refused")
                }
            }
        }
        ear
    }

    /// What it hears of in a record, in order.
    pub fn hear<'a>(&self, seq: Seq, record: &Record<'a>) -> Vec<(Delivery, Heard<'a>)> {
        let mut heard = Vec::new();
        let mut add = |place: usize, one| {
            let place = u32::try_from(place).expect("invariant: a record tells fewer than 2^32 things");
            heard.push((Delivery { seq, place }, one));
        };
        match record {
            Record::Event(event) => self.hear_event(event, &mut add),
            Record::MembershipChanged(changed) => {
                let asked =
                    |is_in: bool| self.changes.iter().any(|one| one.0 == changed.segment && one.1 == is_in);
                let (entering, leaving) = (asked(true), asked(false));
                for (place, change) in changed.changes.iter().enumerate() {
                    if if change.kind == ChangeKind::Entered { entering } else { leaving } {
                        add(place, Heard::Change { segment: changed.segment, change });
                    }
                }
            }
            Record::Settled(settled) if self.sends && settled.outcome != DeliveryOutcome::Transient => {
                add(
                    0,
                    Heard::Send { send: settled.send, what: settled.outcome.name(), at: settled.settled_at },
                );
            }
            Record::Returned(returned) if self.sends => {
                let what = match returned.verdict {
                    Verdict::Refused => "returned",
                    other => other.name(),
                };
                add(0, Heard::Send { send: returned.send, what, at: returned.returned_at });
            }
            Record::Engaged(engaged) if self.engagement && !engaged.machine => {
                let what = match engaged.engagement {
                    Engagement::Opened => "opened",
                    Engagement::Clicked => "clicked",
                    Engagement::Dismissed => "dismissed",
                };
                add(0, Heard::Send { send: engaged.send, what, at: engaged.occurred_at });
            }
            Record::ConsentStated(stated) if self.consents => {
                let whose = Whose::Subject(stated.subject);
                let (purpose, channel) = (stated.purpose, stated.channel);
                let (granted, at) = (stated.granted, stated.stated_at);
                add(0, Heard::Consent { whose, purpose, channel, granted, at });
            }
            Record::ProfileErased(erased) if self.erasures => {
                add(0, Heard::Erased { profile: erased.profile, at: erased.erased_at });
            }
            _ => {}
        }
        heard
    }

    /// An event, and the consents that it carries. Nobody wants to hear of last year's orders since they were imported.
    fn hear_event<'a>(&self, event: &Event<'a>, add: &mut impl FnMut(usize, Heard<'a>)) {
        if event.flags.has(EventFlags::BOT) || event.flags.has(EventFlags::IMPORTED) {
            return;
        }
        let passes = |trials: &[(Vec<String>, Trial)]| {
            trials.iter().all(|(path, trial)| trial.passes(event.properties, path, event.received_at))
        };
        if self.events.iter().any(|(name, trials)| name == event.name && passes(trials)) {
            add(0, Heard::Event(event.clone()));
        }
        if self.consents {
            for (place, (name, granted)) in preferences(event.context).enumerate() {
                let (purpose, channel) = split_preference(name);
                let (whose, at) = (Whose::Event(event.clone()), event.occurred_at);
                let channel = channel.map_or("", Channel::name);
                add(place + 1, Heard::Consent { whose, purpose, channel, granted, at });
            }
        }
    }
}
