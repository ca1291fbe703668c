//! What people saw on the shop's pages, in the order of the log, and what may be shown to them: by their consent, by what
//! they saw and closed, by the contact policy, by their offers. From one side, as with emails: the engine may show less.

use std::collections::BTreeMap;

use engine::ProfileId;
use engine::at::{At, Span};
use engine::engine::{Asked, Engine, Pick};
use engine::identifier::IdentifierKind;
use engine::outbox::Status;
use engine::programme::{CLICKED, Channel, DISMISSED, OptIn, SHOWN, WITHHELD};
use engine::record::Event;
use engine::segment::parse::parse;

use super::consent::Stated;
use super::letter::{Letter, Letters, check_hours_at};
use super::model::Model;
use super::people::{People, Person};
use super::segments;
use crate::invariant::{Invariant, Violation};
use crate::naive;
use crate::programme::SLOTS;

/// Everything with a purpose that was seen, or withheld, by the decision's number. What is told again long after is somebody
/// else's where those whom it was told of first are gone, or have come apart.
#[derive(Default)]
pub(crate) struct Pages {
    seen: BTreeMap<String, Vec<Exposure>>,
}

struct Exposure {
    letter: Letter,
    withheld: bool,
    dismissed: bool,
    clicked: bool,
}

impl Pages {
    /// What a page told of a person, who stands as a part.
    pub(super) fn told(&mut self, event: &Event<'_>, people: &People, root: usize, at: At) {
        let text = |name| event.properties.get(name).and_then(|value| value.text()).unwrap_or_default();
        let (number, purpose) = (text("decision").to_owned(), text("purpose").to_owned());
        if purpose.is_empty() {
            return;
        }
        let told = self.seen.entry(number).or_default();
        // Whoever did not see it can do nothing with it.
        let own = told.iter_mut().find(|one| one.letter.part.map(|part| people.root(part)) == Some(root));
        match (event.name, own) {
            (SHOWN | WITHHELD, None) => {
                let letter = Letter::on_page(root, text("message").to_owned(), purpose, at);
                let withheld = event.name == WITHHELD;
                told.push(Exposure { letter, withheld, dismissed: false, clicked: false });
            }
            (CLICKED, Some(exposure)) => exposure.clicked = true,
            (DISMISSED, Some(exposure)) => exposure.dismissed = true,
            _ => {}
        }
    }

    /// What counts under the contact policy.
    pub(super) fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.seen.values().flatten().filter(|one| !one.withheld).map(|one| &one.letter)
    }

    /// The engine's ledger has each of them once, as it was left, and nothing else of pages.
    pub(super) fn compare(&self, engine: &Engine, people: &People) -> Result<(), Violation> {
        let gone = |exposure: &&Exposure| !people.is_erased(exposure.letter.part.unwrap_or_default());
        let mut expected: Vec<(String, Status, bool)> = self
            .seen
            .values()
            .flatten()
            .filter(gone)
            .map(|one| {
                let status = match (one.withheld, one.dismissed) {
                    (true, _) => Status::Dropped,
                    (false, true) => Status::Dismissed,
                    (false, false) => Status::Accepted,
                };
                (one.letter.message.clone(), status, one.clicked)
            })
            .collect();
        let on_pages = engine.sends().filter(|send| send.channel == Some(Channel::Onsite));
        let known = on_pages.filter(|send| !people.is_erased(send.profile.0 as usize));
        let mut found: Vec<(String, Status, bool)> =
            known.map(|send| (send.message.to_string(), send.status, send.clicked_at.is_some())).collect();
        expected.sort();
        found.sort();
        Invariant::P1.check(expected == found, || {
            format!("seen on pages {expected:?}, in the ledger {found:?} at seq {}", engine.seq())
        })
    }
}

/// What every slot would show everybody now.
pub(super) fn compare(engine: &Engine, model: &Model, letters: &Letters) -> Result<(), Violation> {
    let moment = segments::moment(engine.at(), &model.cut_offs);
    for root in model.people.roots() {
        let person = model.people.person(root);
        for slot in SLOTS {
            let profile = Some(ProfileId(root as u32));
            let pick = engine.pick(&Asked { profile, slot, now: engine.at(), popups: true });
            if let Some(pick) = &pick {
                let judge = Judge { engine, model, letters, root, person: &person };
                judge.judge(pick, slot, &moment)?;
            }
            all_shown(engine, model, &person, (slot, pick.is_some()))?;
        }
    }
    Ok(())
}

/// What is for everybody asks for nothing but the person's own eyes: where it may be shown, something is.
fn all_shown(
    engine: &Engine,
    model: &Model,
    person: &Person,
    (slot, is_shown): (&str, bool),
) -> Result<(), Violation> {
    for (name, message) in &model.programme.messages {
        let Some(onsite) = message.onsite.as_ref().filter(|one| one.slot == slot) else { continue };
        if onsite.purpose.is_none() && message.offer.is_none() {
            let (seen, closed) = (
                count(person, SHOWN, name, onsite.within, engine.at()),
                closed(person, name, onsite.silent, engine.at()),
            );
            let may = seen < onsite.at_most as usize && !closed;
            Invariant::P2.check(is_shown || !may, || {
                format!("nothing is shown at {slot} to {:?}, who saw {name} {seen} times", person.names)
            })?;
        }
    }
    Ok(())
}

fn closed(person: &Person, message: &str, silent: Span, now: At) -> bool {
    silent.0 >= 1_000 && count(person, DISMISSED, message, silent, now) > 0
}

/// How often something happened to a message on pages, in the seconds of a window that ends now.
fn count(person: &Person, event: &str, message: &str, within: Span, now: At) -> usize {
    let second = |at: At| at.0.div_euclid(1_000);
    let begins = second(now) - within.0 / 1_000;
    let counts = |one: &&super::people::Happening| {
        one.name == event
            && one.properties["message"] == message
            && one.properties["channel"] == "onsite"
            && (begins + 1..=second(now)).contains(&second(one.at))
    };
    person.happenings.iter().filter(counts).count()
}

struct Judge<'a> {
    engine: &'a Engine,
    model: &'a Model,
    letters: &'a Letters,
    root: usize,
    person: &'a Person,
}

impl Judge<'_> {
    fn judge(&self, pick: &Pick<'_>, slot: &str, moment: &naive::Moment) -> Result<(), Violation> {
        let (now, name, programme) = (self.engine.at(), pick.message, &self.model.programme);
        let wrong = |why: &str| {
            let names = &self.person.names;
            Err(Invariant::P2.broken(format!("{name} at {slot} for {names:?} at {now}: {why}")))
        };
        let Some(onsite) = programme.messages[name].onsite.as_ref().filter(|one| one.slot == slot) else {
            return wrong("it is not for that slot");
        };
        if count(self.person, SHOWN, name, onsite.within, now) >= onsite.at_most as usize {
            return wrong("they have seen it often enough");
        }
        if closed(self.person, name, onsite.silent, now) {
            return wrong("they have closed it");
        }
        if let Some(audience) = &onsite.audience {
            let tree = parse(audience).expect("the programme was checked");
            if !naive::holds(&tree, &self.person.told(), moment) {
                return wrong("it is for others");
            }
        }
        if programme.offer_of(name).is_some()
            && !self.model.gifts.may_see(programme, &self.model.people, self.root, now)
        {
            return wrong("they may not have its offer");
        }
        let Some(purpose) = &onsite.purpose else { return Ok(()) };
        let definition = &programme.purposes[purpose];
        let said = self.model.people.statements(self.root);
        let asks = definition.opt_in != OptIn::None;
        if asks && said.on("onsite", purpose) != Some(Stated::Granted) {
            return wrong("they have not agreed to it");
        }
        let mut emails = self.person.names.iter().filter(|name| name.0 == IdentifierKind::Email);
        if emails.any(|(_, email)| self.model.may_disturb(now, email, purpose).is_err()) {
            return wrong("they want a pause");
        }
        let letter = Letter::on_page(self.root, name.to_owned(), purpose.clone(), now);
        if !letter.is_under_policy(programme) {
            return Ok(());
        }
        let policy = &programme.contact_policy;
        if policy.holdout_permille == 1_000 && !pick.withheld {
            return wrong("everybody is withheld");
        }
        if let Some(hours) =
            policy.quiet_hours.as_ref().filter(|hours| hours.channels.contains(&Channel::Onsite))
        {
            check_hours_at(now, hours, self.person, self.model).or_else(|_| wrong("it is night there"))?;
        }
        self.letters.check_one_more(&letter, policy, self.model)
    }
}
