//! The world as the records tell it, held by plain lists and rebuilt from nothing but them. Independent of the engine:
//! slow, obvious, and sharing no rule with it.

use std::collections::{BTreeMap, BTreeSet};

use engine::at::{At, Span};
use engine::effect::Effect;
use engine::identifier::IdentifierKind;
use engine::programme::{Channel, OptIn, Programme, Purpose};
use engine::record::{
    Command, ConsentSource, ConsentStated, DeliveryOutcome, Engagement, Event, EventFlags, EventKind,
    Identifier, Preference, Record, Subject,
};
use engine::value::Map;
use engine::{SendId, Seq};

use serde_json::json;

use super::consent::{Stated, Statement};
use super::ledger::Ledger;
use super::offers::Gifts;
use super::pages::Pages;
use super::people::{Happening, Name, People};
use super::registers::Registers;
use super::segments;
use crate::clusters::Known;
use crate::invariant::{Invariant, Violation};
use crate::naive::CutOffs;

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) people: People,
    pub(crate) programme: Programme,
    pub(crate) events: u64,
    pub(crate) cut_offs: CutOffs,
    /// Names of people who were erased, until somebody speaks of them again.
    pub(crate) gone: BTreeSet<Name>,
    /// Sends to them.
    pub(super) anonymous: BTreeSet<SendId>,
    pub(crate) clusters: Known,
    pub(crate) gifts: Gifts,
    pub(crate) pages: Pages,
    registers: Registers,
    suppressed: BTreeSet<String>,
    /// Until when the readers of an address asked for a pause.
    resting: BTreeMap<String, At>,
    /// Journeys and broadcasts that are paused.
    pub(crate) paused: BTreeSet<String>,
    /// When each message id was last counted.
    message_ids: BTreeMap<String, At>,
}

impl Model {
    pub(crate) fn knows_message(&self, message_id: &str) -> bool {
        self.message_ids.contains_key(message_id)
    }

    /// Takes in a record of the log.
    pub(crate) fn apply(
        &mut self,
        at: At,
        seq: Seq,
        record: &Record<'_>,
        ledger: &Ledger,
    ) -> Result<(), Violation> {
        names(record).iter().for_each(|name| _ = self.gone.remove(name));
        match record {
            Record::Settled(settled) if self.anonymous.contains(&settled.send) => {}
            Record::ProfileErased(erased) => {
                let root = self.people.root(erased.profile.0 as usize);
                self.gifts.erase(&self.people.whole_of(root));
                let names = self.people.erase(erased.profile.0 as usize);
                let emails = names.iter().filter(|name| name.0 == IdentifierKind::Email);
                emails.clone().for_each(|email| _ = self.resting.remove(&email.1));
                self.anonymous.extend(emails.flat_map(|email| ledger.sends_to(&email.1)));
                self.gone.extend(names);
            }
            Record::Event(event) => self.event(event, at, seq)?,
            Record::ConsentStated(consent) => self.consent(consent, at, seq, ledger),
            Record::PreferenceStated(stated) => {
                if let (Subject::Send(send), Preference::PausedUntil(until)) =
                    (stated.subject, stated.preference)
                {
                    self.rest(ledger.address(send), until);
                }
            }
            Record::SuppressionStated(stated) if stated.lifted => {
                self.suppressed.remove(stated.identifier.value);
            }
            Record::SuppressionStated(stated) => {
                self.suppressed.insert(stated.identifier.value.to_owned());
            }
            Record::ProgrammeApplied(applied) => {
                self.programme = serde_json::from_str(applied.definition).expect("the engine took it");
                self.clusters.programme(&self.programme);
            }
            Record::ClustersStated(stated) => self.clusters.stated(stated),
            Record::CutoffsStated(stated) => self.cut_offs = segments::cut_offs(stated),
            Record::Settled(settled) if settled.outcome == DeliveryOutcome::InvalidRecipient => {
                self.suppressed.insert(ledger.address(settled.send).to_owned());
                self.happen(settled.send, "Message Bounced", (at, seq), ledger);
            }
            Record::Settled(settled) if settled.outcome == DeliveryOutcome::Accepted => {
                self.happen(settled.send, "Message Sent", (at, seq), ledger);
            }
            Record::Returned(returned) if self.anonymous.contains(&returned.send) => {}
            Record::Returned(returned) => {
                self.suppressed.insert(ledger.address(returned.send).to_owned());
                self.happen(returned.send, "Message Bounced", (at, seq), ledger);
            }
            Record::Engaged(engaged) if !engaged.machine => {
                let name = match engaged.engagement {
                    Engagement::Opened => "Message Opened",
                    Engagement::Clicked => "Message Clicked",
                    Engagement::Dismissed => "Message Dismissed",
                };
                self.happen(engaged.send, name, (at, seq), ledger);
            }
            Record::ProfilesMerged(one) => self.people.merge(&name(&one.from), &name(&one.into), seq),
            Record::Commanded(commanded) => {
                let (paused, name) = (&mut self.paused, commanded.name.to_owned());
                _ = match commanded.command {
                    Command::Pause => paused.insert(name),
                    _ => paused.remove(&name),
                };
            }
            Record::MergeUndone(undone) => self.people.undo(undone.merge.0 as usize),
            Record::Installed(installed) => self.registers.key = installed.hash_key,
            Record::RegisterListed(_)
            | Record::RegisterChecked(_)
            | Record::CodesAdded(_)
            | Record::OfferRedeemed(_) => self.list(record, at)?,
            Record::WebhookDelivered(_)
            | Record::WebhookAnswered(_)
            | Record::WebhookFollowed(_)
            | Record::DeliveryRequested(_)
            | Record::Rejected(_)
            | Record::Attempted(_)
            | Record::Settled(_)
            | Record::Engaged(_)
            | Record::IdentifierLifted(_)
            | Record::LogRedacted(_)
            | Record::MembershipChanged(_)
            | Record::Viewed(_)
            | Record::OfferNoted(_)
            | Record::SpendRecorded(_)
            | Record::FlightRecorded(_)
            | Record::ReportSent(_)
            | Record::OperatorActed(_)
            | Record::RunRequested(_)
            | Record::Tick => {}
        }
        Ok(())
    }

    /// What came in a list, or from a till.
    fn list(&mut self, record: &Record<'_>, at: At) -> Result<(), Violation> {
        match record {
            Record::RegisterListed(stated) => self.registers.listed(stated),
            Record::RegisterChecked(stated) => self.registers.checked(stated),
            Record::CodesAdded(added) => self.gifts.add_codes(added),
            Record::OfferRedeemed(redeemed) => {
                self.gifts.taken_at_a_till(redeemed, &self.programme, &self.people, at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, at: At, seq: Seq) -> Result<(), Violation> {
        let counted = self.message_ids.insert(event.message_id_text.to_owned(), at);
        let again = counted.is_none_or(|before| at.since(before) >= Span::DAY.times(7));
        Invariant::I1.check(again, || {
            format!("{} is counted at seq {seq}, and was at {counted:?}", event.message_id_text)
        })?;
        self.events += 1;
        if event.flags.has(EventFlags::BOT) {
            return Ok(());
        }
        let occurred_at = event.occurred_at.min(at);
        let double = self.is_double();
        let names: Vec<Name> = event.identifiers.iter().map(name).collect();
        let met = self.people.meet(&names, occurred_at, seq);
        let met = met.map(|root| (root, self.people.about(&names, root)));
        // Whose code it is, where nobody is named.
        let whose =
            || Some(self.gifts.owner(event, &self.programme)?).map(|part| (self.people.root(part), part));
        let Some((root, about)) = met.or_else(whose) else { return Ok(()) };
        if event.kind == EventKind::Track {
            self.gifts.ordered(event, &self.programme, &self.people, (root, about), at);
        }
        if event.flags.has(EventFlags::ONSITE) {
            self.gifts.on_page(event, &self.programme, &self.people, (root, about), at);
            self.pages.told(event, &self.people, root, at);
        }
        let person = self.people.part_mut(root);
        // Whoever is corrected was not there.
        if !event.flags.has(EventFlags::ABSENT) {
            person.seen.push(occurred_at);
        }
        let traits = event.traits.iter().map(|(name, value)| (name.to_owned(), occurred_at, value.to_json()));
        person.traits.extend(traits);
        for (preference, granted) in preferences(event.context) {
            let stated = stated(granted, ConsentSource::Event, double);
            self.people.state(root, &names, statement(preference, stated, occurred_at, seq));
        }
        if matches!(event.kind, EventKind::Track | EventKind::Page | EventKind::Screen) {
            self.people.part_mut(root).happenings.push(Happening {
                name: event.name.to_owned(),
                at: occurred_at,
                seq,
                total: event.properties.get("total").and_then(|value| value.millionths()),
                currency: event.properties.get("currency").and_then(|value| Some(value.text()?.to_owned())),
                properties: event.properties.to_json(),
            });
        }
        Ok(())
    }

    /// Offers that messages give and show, and then those that a link gives: by then all else of the record has happened.
    pub(crate) fn offer(
        &mut self,
        at: At,
        record: &Record<'_>,
        effects: &[Effect],
        ledger: &Ledger,
    ) -> Result<(), Violation> {
        let sent = |send| {
            let prepare = ledger.prepare(send).expect("what is handed over was prepared");
            (prepare.message.clone(), prepare.address.clone())
        };
        self.gifts.shown_by(effects, &self.programme, &self.people, sent, at)?;
        self.gifts.met(record, &self.programme, &self.people, at);
        Ok(())
    }

    fn consent(&mut self, consent: &ConsentStated<'_>, at: At, seq: Seq, ledger: &Ledger) {
        let stated_at = consent.stated_at.min(at);
        let stated = stated(consent.granted, consent.source, self.is_double());
        let (part, name) = match consent.subject {
            Subject::Identifier(identifier) => {
                let name = name(&identifier);
                let met = self.people.meet(std::slice::from_ref(&name), stated_at, seq);
                (met.or_else(|| self.people.named(&name)), name)
            }
            Subject::Send(send) => {
                let name = email(ledger.address(send));
                (self.people.named(&name), name)
            }
        };
        let preference = match consent.channel {
            "" => consent.purpose.to_owned(),
            channel => format!("{}.{channel}", consent.purpose),
        };
        if let Some(part) = part {
            self.people.state(part, &[name], statement(&preference, stated, stated_at, seq));
        }
        if let Subject::Send(send) = consent.subject
            && consent.source == ConsentSource::OneClick
        {
            self.happen(send, "Message Unsubscribed", (at, seq), ledger);
        }
    }

    fn happen(&mut self, send: SendId, name: &str, (at, seq): (At, Seq), ledger: &Ledger) {
        if let Some(root) = self.people.named(&email(ledger.address(send))) {
            self.people.part_mut(root).happenings.push(Happening {
                name: name.to_owned(),
                at,
                seq,
                total: None,
                currency: None,
                properties: json!({}),
            });
        }
    }

    /// Somebody asks for a pause, or ends it: under every address that they have now.
    fn rest(&mut self, address: &str, until: At) {
        let root = self.people.named(&email(address));
        let names = root.map(|root| self.people.person(root).names).unwrap_or_default();
        self.resting.insert(address.to_owned(), until);
        for (_, name) in names.into_iter().filter(|(kind, _)| *kind == IdentifierKind::Email) {
            self.resting.insert(name, until);
        }
    }

    /// Whether nobody who reads an address wants a pause now.
    pub(crate) fn may_disturb(&self, at: At, address: &str, purpose: &str) -> Result<(), Violation> {
        let is_asked = self.programme.purposes.get(purpose).is_none_or(|one| one.opt_in != OptIn::None);
        let until = self.resting.get(address).filter(|until| is_asked && **until > at);
        Invariant::G7.check(until.is_none(), || format!("{address} wanted a pause until {until:?}"))
    }

    /// Whether a grant of the shop's one consented purpose waits for a confirmation.
    fn is_double(&self) -> bool {
        self.programme.purposes.get(crate::programme::OFFERS).is_some_and(|one| one.opt_in == OptIn::Double)
    }

    /// What speaks against handing a message to an address now.
    pub(crate) fn may_hand_over(
        &self,
        at: At,
        address: &str,
        purpose: &str,
        is_confirmation: bool,
    ) -> Result<(), Violation> {
        Invariant::G2.check(!self.suppressed.contains(address), || format!("{address} is suppressed"))?;
        let barring = self.registers.barring(address);
        Invariant::G2.check(barring.is_none(), || format!("{address} is listed in {barring:?}"))?;
        let Some(definition) = self.programme.purposes.get(purpose) else {
            return Err(Invariant::G1.broken(format!("the programme has no purpose {purpose}")));
        };
        if definition.opt_in == OptIn::None {
            return Ok(());
        }
        let offered = definition.channels.contains(&Channel::Email);
        let said = self.people.named(&email(address)).map(|root| self.people.statements(root));
        let held = said.as_ref().and_then(|said| said.on("email", purpose));
        let is_customer = || self.is_customer(definition, address, at);
        let refused = said.as_ref().is_some_and(|said| said.was_refused("email", purpose));
        let allows = match held {
            Some(Stated::Granted) => offered || is_confirmation,
            Some(Stated::Pending) => is_confirmation || (offered && !refused && is_customer()),
            None => !is_confirmation && offered && !refused && is_customer(),
            Some(Stated::Withdrawn) => false,
        };
        Invariant::G1.check(allows, || {
            format!(
                "to {address} for {purpose}, to be confirmed {is_confirmation}: held {held:?} by {said:?}"
            )
        })
    }
}

impl Model {
    /// Whether whoever has the address bought something so lately that the programme lets them be written to for that.
    fn is_customer(&self, purpose: &Purpose, address: &str, now: At) -> bool {
        let Some(soft) = &purpose.soft_opt_in else { return false };
        let Some(root) = self.people.named(&email(address)) else { return false };
        let second = |at: At| at.0.div_euclid(1_000);
        let begins = second(now) - soft.within.0 / 1_000;
        let is_lately = |at| (begins + 1..=second(now)).contains(&second(at));
        let bought = self.people.person(root).happenings;
        bought.iter().any(|one| one.name == "Order Completed" && is_lately(one.at))
    }
}

/// The names that a record has in it.
fn names(record: &Record<'_>) -> Vec<Name> {
    match record {
        Record::Event(event) => event.identifiers.iter().map(name).collect(),
        Record::ConsentStated(ConsentStated { subject: Subject::Identifier(one), .. }) => vec![name(one)],
        Record::SuppressionStated(stated) => vec![name(&stated.identifier)],
        Record::RunRequested(requested) => vec![name(&requested.identifier)],
        Record::OfferNoted(noted) => vec![name(&noted.identifier)],
        Record::OfferRedeemed(redeemed) => redeemed.identifier.iter().map(name).collect(),
        Record::ProfilesMerged(merged) => vec![name(&merged.from), name(&merged.into)],
        Record::OperatorActed(acted) => acted.people.iter().map(name).collect(),
        _ => Vec::new(),
    }
}

/// A preference such as `offers` or `offers.email`.
fn statement(preference: &str, stated: Stated, at: At, seq: Seq) -> Statement {
    let (purpose, channel) = match preference.split_once('.') {
        Some((purpose, channel)) => (purpose.to_owned(), Some(channel.to_owned())),
        None => (preference.to_owned(), None),
    };
    Statement { purpose, channel, stated, at, seq, by_merge: false }
}

fn stated(granted: bool, source: ConsentSource, double: bool) -> Stated {
    match (granted, double && source != ConsentSource::DoubleOptIn) {
        (false, _) => Stated::Withdrawn,
        (true, true) => Stated::Pending,
        (true, false) => Stated::Granted,
    }
}

fn preferences(context: Map<'_>) -> Vec<(&str, bool)> {
    let consent = context.get("consent").and_then(|value| value.map()).unwrap_or_default();
    let preferences = consent.get("categoryPreferences").and_then(|value| value.map()).unwrap_or_default();
    let boolean = |value| match value {
        engine::value::Value::Bool(granted) => Some(granted),
        _ => None,
    };
    preferences.iter().filter_map(|(name, value)| Some((name, boolean(value)?))).collect()
}

fn name(identifier: &Identifier<'_>) -> Name {
    (identifier.kind, identifier.value.to_owned())
}

fn email(address: &str) -> Name {
    (IdentifierKind::Email, address.to_owned())
}
