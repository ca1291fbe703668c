//! The people and programs outside: visitors who sign up, buy and change their minds, senders that repeat themselves,
//! operators, recipients. It knows what it said, and nothing of what became of it.

use std::collections::BTreeSet;

use engine::at::{At, Span};
use engine::identifier::IdentifierKind;
use engine::limits::EMAILS_MAX;
use engine::record::{Command, Commandable, ConsentSource, Engagement, EventFlags, EventKind};
use engine::{MergeId, ProfileId, SendId};
use serde_json::json;

use crate::draft::{Draft, EventDraft, SubjectDraft};
use crate::options::Options;
use crate::programme;
use crate::random::Random;

/// Where people say that they are; nobody knows the last of these places.
const ZONES: [&str; 5] =
    ["Europe/Rome", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Mars/Olympus"];
/// Events that a sender may still repeat.
const REPEATABLE: usize = 50;
/// Operators take for one person only those whose numbers lie so near, so that nobody comes to have more addresses than the
/// rules of identity allow: the auditor's model has no limits.
const NEIGHBOURS: u64 = EMAILS_MAX as u64 / 2;
/// Of the merges of a world, the first so many are ever undone.
const MERGES_UNDONE: u64 = 20;

pub(crate) struct Workload {
    random: Random,
    /// Of what operators say of who is who.
    operators: Random,
    people: Vec<Person>,
    /// Said of late, and said again by senders that repeat themselves.
    said: Vec<EventDraft>,
    /// Instants given to events. No two are alike, so that which of two is newer is never a matter of taste.
    instants: BTreeSet<At>,
}

struct Person {
    number: u64,
    registered: bool,
    devices: u64,
}

impl Workload {
    pub(crate) fn new(mut random: Random, operators: Random, options: &Options) -> Self {
        let devices = |random: &mut Random| random.between(1, 3);
        let people = (0..options.people)
            .map(|number| Person { number, registered: false, devices: devices(&mut random) })
            .collect();
        Self { random, operators, people, said: Vec::new(), instants: BTreeSet::new() }
    }

    /// What one sender says in one request.
    pub(crate) fn request(&mut self, options: &Options, now: At) -> Vec<Draft> {
        let count = self.random.between(1, options.events_per_request);
        (0..count).map(|_| self.said_by_a_sender(options, now)).collect()
    }

    fn said_by_a_sender(&mut self, options: &Options, now: At) -> Draft {
        if self.random.happens(options.malformed) {
            return match self.random.below(3) {
                0 => Draft::Garbage(vec![99, 2, 0, 0]),
                1 => Draft::Garbage(vec![1, 2, 200]),
                _ => Draft::Rejected,
            };
        }
        if self.random.happens(options.repeated) && !self.said.is_empty() {
            return Draft::Event(self.random.pick(&self.said).clone());
        }
        let mut event = self.event(options, now);
        if self.random.happens(options.malformed) {
            event.identifiers.clear();
        }
        if self.said.len() == REPEATABLE {
            self.said.remove(0);
        }
        self.said.push(event.clone());
        Draft::Event(event)
    }

    fn event(&mut self, options: &Options, now: At) -> EventDraft {
        let index = self.random.below(self.people.len() as u64) as usize;
        let (kind, name, properties) = self.happening(options, index);
        let identifiers = self.identifiers(options, index, kind);
        let late = if self.random.happens(options.late) { self.random.below(20 * 86_400_000) } else { 0 };
        let occurred_at = self.instant(now.minus(Span(late as i64)));
        let traits = match kind {
            EventKind::Identify if self.random.happens(600) => {
                let plan = *self.random.pick(&["pro", "free"]);
                json!({ "plan": plan, "language": "it", "timezone": ZONES[index % ZONES.len()] })
            }
            EventKind::Identify => self.dates(),
            _ => json!({}),
        };
        EventDraft {
            kind,
            flags: if self.random.happens(options.bot) { EventFlags::BOT } else { EventFlags::default() },
            occurred_at,
            name,
            message_id: format!("m{}", self.random.draw()),
            identifiers,
            properties,
            traits,
            context: self.context(options),
        }
    }

    /// A birthday and a day to come, both in the weeks that the world lasts.
    fn dates(&mut self) -> serde_json::Value {
        let (month, day) = (self.random.between(9, 12), self.random.between(1, 29));
        let year = self.random.between(1960, 2015);
        json!({
            "born": format!("{year}-{month:02}-{day:02}"),
            "renewal": format!("2026-{month:02}-{day:02}T2{}:30:00Z", self.random.below(4)),
        })
    }

    fn happening(&mut self, options: &Options, index: usize) -> (EventKind, &'static str, serde_json::Value) {
        let random = &mut self.random;
        let person = &mut self.people[index];
        if !person.registered && random.happens(options.signs_up) {
            person.registered = true;
            return (EventKind::Track, "Signed Up", json!({}));
        }
        if random.happens(options.identifies) {
            return (EventKind::Identify, "Identified", json!({}));
        }
        if random.happens(options.aliases) && person.registered {
            return (EventKind::Alias, "Aliased", json!({}));
        }
        if random.happens(options.buys) {
            let total = match random.below(10) {
                0 => json!("a lot"),
                1 => json!(null),
                _ => json!(random.between(500, 20_000) as f64 / 100.0),
            };
            let coupon = coupon(&total);
            let currency = *random.pick(&["EUR", "EUR", "USD"]);
            return (
                EventKind::Track,
                "Order Completed",
                json!({ "total": total, "currency": currency, "coupon": coupon }),
            );
        }
        match random.below(3) {
            0 => (EventKind::Track, "Product Added", json!({ "sku": "A-1" })),
            1 => (EventKind::Screen, "Screen Viewed", json!({})),
            _ if index.is_multiple_of(3) => {
                (EventKind::Page, "Page Viewed", json!({ "path": "/", "url": programme::MET_BY }))
            }
            _ => (EventKind::Page, "Page Viewed", json!({ "path": "/" })),
        }
    }

    /// Highest trust first, as the door orders them.
    fn identifiers(
        &mut self,
        options: &Options,
        index: usize,
        kind: EventKind,
    ) -> Vec<(IdentifierKind, String)> {
        let random = &mut self.random;
        let borrowed = random.happens(options.shared_device);
        let whose = if borrowed { random.below(options.people) as usize } else { index };
        let device =
            format!("device-{}-{}", self.people[whose].number, random.below(self.people[whose].devices));
        let person = &self.people[index];
        let mut identifiers = Vec::new();
        if person.registered && (kind != EventKind::Page || random.happens(700)) {
            identifiers.push((IdentifierKind::UserId, format!("u{}", person.number)));
        }
        if kind == EventKind::Identify {
            identifiers.push((IdentifierKind::Email, email(person.number)));
        }
        if identifiers.is_empty() || kind != EventKind::Identify || random.happens(800) {
            identifiers.push((IdentifierKind::AnonymousId, device));
        }
        identifiers
    }

    fn context(&mut self, options: &Options) -> serde_json::Value {
        let random = &mut self.random;
        if !random.happens(options.states_consent) {
            return json!({});
        }
        let granted = !random.happens(options.withdraws);
        let preferences = match random.below(5) {
            0 => json!({ "offers.email": granted }),
            1 => json!({ "offers.sms": granted }),
            2 => json!({ "offers": granted, "offers.email": !granted }),
            _ => json!({ "offers": granted }),
        };
        json!({ "consent": { "categoryPreferences": preferences } })
    }

    /// What operators do in a round: mostly nothing.
    pub(crate) fn operators(&mut self, options: &Options, now: At) -> Vec<Draft> {
        let mut drafts = Vec::new();
        if self.random.happens(options.applies_programme) {
            drafts.push(Draft::Programme(programme::draw(&mut self.random)));
        }
        for (permille, lifted) in [(options.suppresses, false), (options.lifts, true)] {
            if self.random.happens(permille) {
                let email = email(self.random.below(options.people));
                drafts.push(Draft::Suppression { email, lifted, stated_at: now });
            }
        }
        if self.random.happens(options.states_consent / 4) {
            let granted = !self.random.happens(options.withdraws);
            let subject = SubjectDraft::Email(email(self.random.below(options.people)));
            let ago = Span(self.random.below(3 * 86_400_000) as i64);
            let (channel, source) = (*self.random.pick(&["", "email", "sms"]), ConsentSource::Api);
            let stated_at = self.instant(now.minus(ago));
            drafts.push(Draft::Consent { subject, channel, granted, source, stated_at });
        }
        drafts.extend(self.who_is_who(options, now));
        drafts.extend(self.correction(options, now));
        drafts.extend(self.what_goes_on(options, now));
        drafts
    }

    /// Which journeys and broadcasts operators stop or let go on, and who is to begin one. It may stand so already, or there
    /// may be no such person.
    fn what_goes_on(&mut self, options: &Options, now: At) -> Vec<Draft> {
        let random = &mut self.operators;
        let mut drafts = Vec::new();
        if random.happens(options.requests_runs) {
            let number = random.below(options.people);
            let who = match random.below(2) {
                0 => (IdentifierKind::UserId, format!("u{number}")),
                _ => (IdentifierKind::Email, email(number)),
            };
            let journey = *random.pick(&[programme::STAGES, "receipt", "birthday"]);
            drafts.push(Draft::Request { journey, who, total: random.below(100), requested_at: now });
        }
        if random.happens(options.commands) {
            let (what, name, commands) = match random.below(4) {
                0 => (
                    Commandable::Broadcast,
                    programme::NEWS,
                    [Command::Pause, Command::Resume, Command::Cancel],
                ),
                1 => (Commandable::Journey, "cart", [Command::Pause, Command::Resume, Command::Drain]),
                2 => (Commandable::Journey, "daily", [Command::Pause, Command::Resume, Command::Drain]),
                _ => (
                    Commandable::Journey,
                    programme::STAGES,
                    [Command::Pause, Command::Resume, Command::Resume],
                ),
            };
            drafts.push(Draft::Command { what, name, command: *random.pick(&commands), commanded_at: now });
        }
        drafts
    }

    /// Who operators think is one person, which merge they think was wrong, and who wants to be forgotten: there may be no
    /// such merge or person, or it may not be one that can be undone.
    fn who_is_who(&mut self, options: &Options, now: At) -> Vec<Draft> {
        let random = &mut self.operators;
        let mut drafts = Vec::new();
        if random.happens(options.merges) {
            let first = random.below(options.people) / NEIGHBOURS * NEIGHBOURS;
            let last = (first + NEIGHBOURS).min(options.people);
            let mut anybody = || match (random.below(2), first + random.below(last - first)) {
                (0, number) => (IdentifierKind::UserId, format!("u{number}")),
                (_, number) => (IdentifierKind::Email, email(number)),
            };
            drafts.push(Draft::Merge { from: anybody(), into: anybody(), merged_at: now });
        }
        if random.happens(options.parts) {
            let merge = MergeId(random.below(MERGES_UNDONE) as u32);
            drafts.push(Draft::Undo { merge, undone_at: now });
        }
        if random.happens(options.erases) {
            let profile = ProfileId(random.below(options.people * 2) as u32);
            drafts.push(Draft::Erase { profile, erased_at: now });
        }
        drafts
    }

    /// Traits of somebody whom operators know better, perhaps. There may be no such person.
    fn correction(&mut self, options: &Options, now: At) -> Option<Draft> {
        let random = &mut self.operators;
        if !random.happens(options.corrects) {
            return None;
        }
        let number = random.below(options.people);
        let name = match random.below(2) {
            0 => (IdentifierKind::UserId, format!("u{number}")),
            _ => (IdentifierKind::Email, email(number)),
        };
        let traits = match random.below(3) {
            0 => json!({ "plan": null }),
            1 => json!({ "plan": random.pick(&["pro", "free"]) }),
            _ => json!({ "born": format!("1984-{:02}-29", random.between(9, 12)) }),
        };
        let message_id = format!("correction-{}", random.draw());
        Some(Draft::Event(EventDraft {
            kind: EventKind::Identify,
            flags: EventFlags::ABSENT,
            occurred_at: self.instant(now),
            name: "Identified",
            message_id,
            identifiers: vec![name],
            properties: json!({}),
            traits,
            context: json!({}),
        }))
    }

    /// What the recipient of a send does with it, perhaps.
    pub(crate) fn reaction(&mut self, options: &Options, send: SendId, now: At) -> Option<Draft> {
        if !self.random.happens(options.reacts) {
            return None;
        }
        let consent = |granted, source, stated_at| Draft::Consent {
            subject: SubjectDraft::Send(send),
            channel: "email",
            granted,
            source,
            stated_at,
        };
        let engaged = |engagement, machine| Draft::Engaged { send, engagement, machine, occurred_at: now };
        Some(match self.random.below(10) {
            0 => consent(false, ConsentSource::OneClick, self.instant(now)),
            1 | 2 => consent(true, ConsentSource::DoubleOptIn, self.instant(now)),
            3 => engaged(Engagement::Opened, true),
            4 => engaged(Engagement::Opened, false),
            9 => {
                let until = now.plus(Span::HOUR.times(self.random.below(100) as i64));
                Draft::Pause { send, until, stated_at: now }
            }
            5 => Draft::Returned { send, returned_at: now },
            _ => engaged(Engagement::Clicked, false),
        })
    }

    fn instant(&mut self, mut at: At) -> At {
        while !self.instants.insert(at) {
            at = at.minus(Span(1));
        }
        at
    }
}

/// Some orders come with the code of the offer, and nothing is drawn for that.
fn coupon(total: &serde_json::Value) -> serde_json::Value {
    let cents = total.as_f64().map(|total| (total * 100.0).round() as u64);
    cents.filter(|cents| cents % 3 == 0).map_or(json!(null), |_| json!(programme::GIFT_CODE))
}

pub(crate) fn email(number: u64) -> String {
    format!("p{number}@example.com")
}
