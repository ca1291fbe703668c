//! The contact policy as it is written for people, against every hand-over: whoever has the address that a message went to
//! is whom it was sent to, and their messages are counted one by one.

use std::collections::BTreeMap;

use engine::SendId;
use engine::at::{At, Span};
use engine::effect::Prepare;
use engine::identifier::IdentifierKind;
use engine::programme::{Cap, ContactPolicy, OptIn, Programme, QuietHours};
use engine::record::{DeliveryOutcome, Record, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use super::model::Model;
use super::people::{People, Person};
use crate::invariant::{Invariant, Violation};

#[derive(Default)]
pub(crate) struct Letters {
    all: BTreeMap<SendId, Letter>,
}

/// A message that was handed over at least once, or was seen on a page.
pub(super) struct Letter {
    address: String,
    /// The part of a person that saw it on a page.
    pub(super) part: Option<usize>,
    pub(super) message: String,
    purpose: String,
    is_confirmation: bool,
    /// The last time.
    at: At,
    /// It is known that it did not arrive.
    lost: bool,
    answered: bool,
}

impl Letter {
    /// Who sees something is there, and so has answered.
    pub(super) fn on_page(part: usize, message: String, purpose: String, at: At) -> Self {
        let (address, is_confirmation, lost) = (String::new(), false, false);
        Self { address, part: Some(part), message, purpose, is_confirmation, at, lost, answered: true }
    }

    pub(super) fn is_under_policy(&self, programme: &Programme) -> bool {
        is_under_policy(self, programme)
    }
}

impl Letters {
    pub(crate) fn apply(&mut self, record: &Record<'_>) {
        match record {
            Record::Settled(settled) => {
                if let Some(letter) = self.all.get_mut(&settled.send) {
                    let arrived = [DeliveryOutcome::Accepted, DeliveryOutcome::Unknown];
                    letter.lost = !arrived.contains(&settled.outcome);
                }
            }
            Record::Returned(returned) if returned.verdict != Verdict::Complaint => {
                if let Some(letter) = self.all.get_mut(&returned.send) {
                    letter.lost = true;
                }
            }
            Record::Engaged(engaged) if !engaged.machine => {
                if let Some(letter) = self.all.get_mut(&engaged.send) {
                    letter.answered = true;
                }
            }
            _ => {}
        }
    }

    /// A message is handed over now.
    pub(crate) fn hand_over(&mut self, at: At, prepare: &Prepare, model: &Model) -> Result<(), Violation> {
        let answered = self.all.get(&prepare.send).is_some_and(|letter| letter.answered);
        let letter = Letter {
            address: prepare.address.clone(),
            part: None,
            message: prepare.message.clone(),
            purpose: prepare.purpose.clone(),
            is_confirmation: prepare.journey.is_empty(),
            at,
            lost: false,
            answered,
        };
        self.all.insert(prepare.send, letter);
        let letter = &self.all[&prepare.send];
        if !is_under_policy(letter, &model.programme) {
            return Ok(());
        }
        let policy = &model.programme.contact_policy;
        Invariant::G6.check(policy.holdout_permille < 1_000, || {
            format!("send {} goes out, and everybody is withheld", prepare.send)
        })?;
        if let Some(hours) = &policy.quiet_hours {
            check_hours(at, hours, letter, model)?;
        }
        self.check_windows(&format!("send {}", prepare.send), letter, policy, model)
    }

    /// Whether a message may be seen on a page now, besides all that has gone out.
    pub(super) fn check_one_more(
        &self,
        letter: &Letter,
        policy: &ContactPolicy,
        model: &Model,
    ) -> Result<(), Violation> {
        self.check_windows("a page", letter, policy, model)
    }

    /// A window that ends now, for each cap, exclusion and fatigue.
    fn check_windows(
        &self,
        id: &str,
        letter: &Letter,
        policy: &ContactPolicy,
        model: &Model,
    ) -> Result<(), Violation> {
        let theirs = self.of_person(letter, model);
        let within = |span: Span| theirs.iter().filter(move |one| one.at > letter.at.minus(span));
        for cap in &policy.caps {
            let counted: Vec<_> = within(cap.within).filter(|one| counts(cap, one)).collect();
            let fits = counted.len() <= cap.at_most as usize || !counts(cap, letter);
            Invariant::G4.check(fits, || {
                let addresses: Vec<_> = counted.iter().map(|one| (&one.address, one.at)).collect();
                format!(
                    "{id} to {} is one too many of {cap:?} at {}: {addresses:?}",
                    letter.address, letter.at
                )
            })?;
        }
        for exclusion in &policy.exclusions {
            let names = |message: &String| exclusion.only_one_of.contains(message);
            let other =
                within(exclusion.within).find(|one| one.message != letter.message && names(&one.message));
            let clash = other.filter(|_| names(&letter.message)).map(|other| &other.message);
            Invariant::G6
                .check(clash.is_none(), || format!("{id} is {} and comes after {clash:?}", letter.message))?;
        }
        if let Some(fatigue) = &policy.fatigue {
            let before: Vec<_> = within(fatigue.within).filter(|one| !std::ptr::eq(**one, letter)).collect();
            let answered = theirs.iter().filter(|one| one.answered).map(|one| one.at).max();
            let seen = last_seen(letter, model).max(answered.unwrap_or(At::MIN));
            let silent = before.iter().filter(|one| one.at > seen).count();
            let count = within(fatigue.then.within).filter(|one| counts(&fatigue.then, one)).count();
            let is_tired = silent >= fatigue.after as usize && counts(&fatigue.then, letter);
            Invariant::G6.check(!is_tired || count <= fatigue.then.at_most as usize, || {
                format!("{id} is number {count} to somebody silent for {silent}, {fatigue:?}")
            })?;
        }
        Ok(())
    }

    /// Everything under the policy that has reached, or may have, whom a message goes to; that message too. What somebody got
    /// who was erased since is nobody's: whoever has the address again is a stranger.
    fn of_person<'a>(&'a self, letter: &'a Letter, model: &'a Model) -> Vec<&'a Letter> {
        let person = person(&model.people, letter);
        let known = self.all.iter().filter(|(send, one)| !one.lost && !model.anonymous.contains(send));
        let known = known.map(|(_, one)| one).chain(model.pages.letters());
        // One that has not gone out yet counts too.
        let new = letter.part.map(|_| letter);
        let theirs = known.filter(|one| person == self::person(&model.people, one)).chain(new);
        theirs.filter(|one| is_under_policy(one, &model.programme)).collect()
    }
}

fn person(people: &People, letter: &Letter) -> Option<usize> {
    if let Some(part) = letter.part {
        return (!people.is_erased(part)).then(|| people.root(part));
    }
    people.named(&(IdentifierKind::Email, letter.address.clone()))
}

fn last_seen(letter: &Letter, model: &Model) -> At {
    let root = person(&model.people, letter).expect("somebody is written to");
    model.people.person(root).last_seen()
}

fn is_under_policy(letter: &Letter, programme: &Programme) -> bool {
    let says = |purpose: &engine::programme::Purpose| match purpose.contact_policy {
        Some(applies) => applies,
        None => purpose.opt_in != OptIn::None,
    };
    !letter.is_confirmation && programme.purposes.get(&letter.purpose).is_none_or(says)
}

/// Every message of the simulator is an email, or on a page, where it counts only if a cap says so.
fn counts(cap: &Cap, letter: &Letter) -> bool {
    let channel = if letter.part.is_some() { "onsite" } else { "email" };
    let named = cap.channels.iter().any(|one| one.name() == channel);
    let on_channel = named || (cap.channels.is_empty() && letter.part.is_none());
    on_channel && (cap.purposes.is_empty() || cap.purposes.contains(&letter.purpose))
}

fn check_hours(at: At, hours: &QuietHours, letter: &Letter, model: &Model) -> Result<(), Violation> {
    let root = person(&model.people, letter).expect("somebody is written to");
    check_hours_at(at, hours, &model.people.person(root), model).map_err(|minute| {
        Invariant::G5.broken(format!("{} is sent to {} {minute}", letter.message, letter.address))
    })
}

/// When it is night for somebody, in whatever place they may be in: the time there.
pub(super) fn check_hours_at(
    at: At,
    hours: &QuietHours,
    person: &Person,
    model: &Model,
) -> Result<(), String> {
    let zones = TimeZoneDatabase::bundled();
    let stated = person.trait_value("timezone").cloned();
    let own = stated.as_ref().and_then(|name| name.as_str()).filter(|name| zones.get(name).is_ok());
    let asked: Vec<&str> = match own {
        Some(own) => vec![own],
        None if hours.unknown_zone.is_empty() => vec![&model.programme.timezone],
        None => hours.unknown_zone.iter().map(String::as_str).collect(),
    };
    for name in asked {
        let zone = zones.get(name).expect("the programme was checked");
        let time = Timestamp::from_millisecond(at.0).expect("in our time").to_zoned(zone).time();
        let minute = time.hour() as u16 * 60 + time.minute() as u16;
        let mut quiet = hours.from;
        while quiet != hours.to {
            if quiet == minute {
                return Err(format!("at {time} in {name}"));
            }
            quiet = (quiet + 1) % 1_440;
        }
    }
    Ok(())
}
