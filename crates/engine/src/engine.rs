//! The loop between the two doors: one record in, the new state, the effects out.
//!
//! Nothing wakes the engine but [`Engine::apply`]. Time passes only by a `Tick`, which whoever feeds the engine puts
//! first in a batch whenever [`Engine::next_due`] has come. A record is checked whole before it changes anything.

mod apply_clusters;
mod apply_cutoffs;
mod apply_delivery;
mod apply_erased;
mod apply_programme;
mod apply_returned;
mod best;
mod broadcasts;
mod calls;
mod changes;
mod commands;
mod entries;
mod explain;
mod foresee;
mod merges;
mod offer_views;
mod offers;
mod onsite;
mod question;
mod rolls;
mod view;
mod vocabulary;
mod webhooks;

pub use apply_clusters::{ClusterSetView, ClusterView};
pub use best::{ArmView, ArmsView, ChoiceView, KnownView};
pub use broadcasts::BroadcastView;
pub use calls::{CallList, CallListRefusal, Callee};
pub use commands::CommandRefusal;
pub use offer_views::{HeldAs, HeldOffer, OfferView};
pub use offers::OFFER_IN_LINKS;
pub use onsite::{Asked, Pick};
pub use question::{Preview, Question, Unanswered};
pub use view::{JourneyView, RunView, SegmentView, TimelineEntry, VersionView};
pub use vocabulary::{Purchases, Vocabulary, Word};

use crate::at::At;
use crate::backfill::Property;
use crate::change::Noted;
use crate::effect::{Effect, Prepare};
use crate::governor::{Governor, Suppression};
use crate::happening::{About, Happening};
use crate::history::NEVER;
use crate::identifier::{IdentifierKind, KeyedHash, normalise};
use crate::identity::{Resolved, Rules};
use crate::index::Index;
use crate::journey::RunRefusal;
use crate::limits::{PROFILE_IDENTIFIERS_MAX, PROFILE_MERGES_MAX};
use crate::moves::Moved;
use crate::offer::Denial;
use crate::outbox::{Send, Status};
use crate::policy::Policy;
use crate::programme::{Channel, Mistake, Programme};
use crate::record::{
    ConsentStated, Event, EventFlags, Installed, PreferenceStated, Record, Subject, SuppressionStated,
};
use crate::section::{Head, Read, RestoreError, Section, Sections, wrong};
use crate::spend::SpendRefusal;
use crate::state::State;
use crate::timer::TimerKey;
use crate::turn::{Follows, Ranks};
use crate::turn::{Touched, Turn};
use crate::value::{Map, OwnedMap, Value};
use crate::webhook::WebhookRefusal;
use crate::{MergeId, ProfileId, SendId, Seq};
use std::collections::BTreeSet;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// The deterministic core. Cheap to make; all of it is [`State`] and what derives from it.
#[derive(Clone, Default)]
pub struct Engine {
    pub(crate) state: State,
    pub(crate) index: Index,
    pub(crate) programme: Arc<Programme>,
    pub(crate) rules: Rules,
    pub(crate) policy: Arc<Policy>,
    /// Scratch of a turn; empty between two of them.
    pub(crate) ranks: Ranks,
    /// The same.
    pub(crate) touched: Touched,
    /// The same.
    pub(crate) follows: Follows,
    /// The same, of a batch: membership changes that are to be records before it ends.
    pub(crate) noted: Noted,
    /// The same, of a look ahead.
    foreseen: foresee::Foreseen,
    /// What runs did since the last look, where somebody watches them.
    pub(crate) moves: Option<Vec<Moved>>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// Known already; nothing changed, and nothing is to be logged.
    Duplicate,
    /// Not possible; nothing changed, and nothing is to be logged.
    Refused(Refusal),
}

/// Why a record cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The first record is `Installed`, and no other is.
    NotInstalled,
    /// The definition is not the JSON of a programme.
    Unreadable(String),
    Programme(Vec<Mistake>),
    /// The programme asks for properties of events that are not kept: they are to be brought in from the log first, and
    /// then it can be applied.
    Unkept(Vec<Property>),
    UnknownSend,
    /// The send is not where the record thinks it is: an answer that comes twice, or an attempt that is not due.
    OutOfTurn,
    /// The record has no usable identifier.
    NoIdentifier,
    Merge(MergeRefusal),
    /// The identifier is not blocked for being shared by too many.
    NotBlocked,
    /// The identifier is blocked and belongs to nobody.
    Nobody,
    /// It says something of somebody who was not there, and whom nobody knows.
    NotKnown,
    /// It is about somebody who was erased, or it would tell something of them.
    Erased,
    /// There are as many registers as there may be.
    TooManyRegisters,
    /// Membership changes that do not follow from the records before.
    NotDerived,
    Clusters(ClustersRefusal),
    Run(RunRefusal),
    Command(CommandRefusal),
    Webhook(WebhookRefusal),
    Offer(Denial),
    Spend(SpendRefusal),
    /// There is no such report, or it left for that time already.
    ReportNotDue,
    /// An operator's act of which nothing came.
    NothingDone,
}

/// Why clusters are not those of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClustersRefusal {
    NoSuchSet,
    /// The programme tells other people apart now, or by something else.
    AskedOtherwise,
    /// They are no clusters of the set, for this reason.
    Unsound(&'static str),
    /// Over the years there were too many segments.
    NoRoom,
}

/// Why two profiles cannot become one, or one two again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeRefusal {
    /// Nobody is known by the identifier in the field.
    Unknown(&'static str),
    /// They are one already.
    Same,
    /// Together they would have more identifiers or merges than a profile may have.
    TooLarge,
    NoSuchMerge,
    UndoneBefore,
    /// Who was one person by it has been erased.
    Erased,
    /// The profile that took in the other has itself been taken in since, by this merge, which must be undone first.
    MergedOn(MergeId),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotInstalled => write!(f, "the log does not begin with its installation"),
            Self::Unreadable(why) => write!(f, "the definition is not a programme: {why}"),
            Self::Programme(mistakes) => write!(f, "the programme has {} mistakes", mistakes.len()),
            Self::Unkept(properties) => {
                write!(f, "the programme asks for what is still to be read from the log: ")?;
                properties.iter().enumerate().try_for_each(|(place, property)| {
                    write!(f, "{}{property}", if place == 0 { "" } else { ", " })
                })
            }
            Self::UnknownSend => write!(f, "there is no such send"),
            Self::OutOfTurn => write!(f, "the send is past that point already"),
            Self::NoIdentifier => write!(f, "no usable identifier"),
            Self::Merge(refusal) => refusal.fmt(f),
            Self::ReportNotDue => write!(f, "there is no such report, or it left for that time already"),
            Self::NotBlocked => write!(f, "the identifier is not blocked for being shared"),
            Self::Nobody => write!(f, "the identifier is blocked and names nobody"),
            Self::NotKnown => write!(f, "nobody is known by any of these names"),
            Self::Erased => write!(f, "the person was erased"),
            Self::TooManyRegisters => write!(f, "there are as many registers as there may be"),
            Self::NotDerived => {
                write!(f, "the membership changes are not those that the records before it caused")
            }
            Self::Clusters(refusal) => refusal.fmt(f),
            Self::Run(refusal) => refusal.fmt(f),
            Self::Command(refusal) => refusal.fmt(f),
            Self::Webhook(refusal) => refusal.fmt(f),
            Self::Offer(denial) => denial.fmt(f),
            Self::Spend(refusal) => refusal.fmt(f),
            Self::NothingDone => write!(f, "nothing was done"),
        }
    }
}

impl std::fmt::Display for ClustersRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchSet => write!(f, "the programme has no such set of clusters"),
            Self::AskedOtherwise => write!(f, "the programme asks something else of the set now"),
            Self::Unsound(fault) => write!(f, "these are no clusters of the set: {fault}"),
            Self::NoRoom => {
                write!(f, "over the years, this installation had too many segments, clusters among them")
            }
        }
    }
}

impl std::fmt::Display for MergeRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(field) => write!(f, "nobody is known by the identifier in `{field}`"),
            Self::Same => write!(f, "both identifiers belong to one profile already"),
            Self::TooLarge => write!(
                f,
                "together they would have more than {PROFILE_IDENTIFIERS_MAX} identifiers or {PROFILE_MERGES_MAX} merges"
            ),
            Self::NoSuchMerge => write!(f, "there is no such merge"),
            Self::UndoneBefore => write!(f, "the merge was undone before"),
            Self::Erased => write!(f, "the person was erased, and there is nothing left to be parted"),
            Self::MergedOn(merge) => write!(
                f,
                "the profile that stands has itself been merged into another since, by merge {merge}; undo that first"
            ),
        }
    }
}

/// What is still owed to the world after a recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Decided, never handed over.
    pub prepare: Vec<Prepare>,
    /// Handed over with no answer on record: their outcome is unknown.
    pub in_flight: Vec<(SendId, u8)>,
}

impl Engine {
    pub fn new() -> Self {
        Self::default()
    }

    /// Place of the last record applied.
    pub fn seq(&self) -> Seq {
        self.state.seq
    }

    /// Instant of the last record applied.
    pub fn at(&self) -> At {
        self.state.at
    }

    /// When time alone has the next thing to do.
    pub fn next_due(&self) -> Option<At> {
        self.state.timers.next_due()
    }

    pub fn installed(&self) -> Option<&Installed> {
        self.state.installed.as_ref()
    }

    /// Whether the record can be applied. Changes nothing.
    pub fn check(&self, record: &Record<'_>) -> Result<(), Refusal> {
        let first = matches!(record, Record::Installed(_));
        if first == self.state.installed.is_some() {
            return Err(Refusal::NotInstalled);
        }
        match record {
            Record::ProgrammeApplied(applied) => {
                let programme: Programme = serde_json::from_str(applied.definition)
                    .map_err(|error| Refusal::Unreadable(error.to_string()))?;
                let mut mistakes = programme.mistakes();
                if mistakes.is_empty() {
                    mistakes.extend(self.no_room_for(&programme));
                    mistakes.extend(self.changes_broadcasts(&programme));
                    mistakes.extend(self.state.wordings.changed_by(&programme));
                }
                if !mistakes.is_empty() {
                    return Err(Refusal::Programme(mistakes));
                }
                let unkept = self.unkept_by(&programme);
                if unkept.is_empty() { Ok(()) } else { Err(Refusal::Unkept(unkept)) }
            }
            Record::Attempted(attempted) => self.check_attempt(attempted),
            Record::Settled(settled) => self.check_settled(settled),
            Record::Returned(returned) => self.check_returned(returned),
            Record::Engaged(engaged) => self.check_recipient(engaged.send),
            Record::ConsentStated(ConsentStated { subject: Subject::Send(send), .. })
            | Record::PreferenceStated(PreferenceStated { subject: Subject::Send(send), .. }) => {
                self.check_recipient(*send)
            }
            Record::ConsentStated(ConsentStated { subject: Subject::Identifier(one), .. })
            | Record::PreferenceStated(PreferenceStated { subject: Subject::Identifier(one), .. })
                if self.is_blocked(one.hash) && self.named(one).is_none() =>
            {
                Err(Refusal::Nobody)
            }
            Record::RegisterListed(stated) => self.check_listed(stated),
            Record::RegisterChecked(checked) => self.check_checked(checked),
            Record::Event(event) if event.identifiers.is_empty() && self.owner_of_code(event).is_none() => {
                Err(Refusal::NoIdentifier)
            }
            Record::Event(event) if event.flags.has(EventFlags::ABSENT) && !self.knows_any(event) => {
                Err(Refusal::NotKnown)
            }
            Record::CodesAdded(added) => self.check_codes(added),
            Record::OfferRedeemed(redeemed) => self.check_redeemed(redeemed),
            Record::OfferNoted(noted) => self.check_noted(noted),
            Record::SpendRecorded(spend) => self.check_spend(spend),
            Record::FlightRecorded(flight) => self.check_flight(flight),
            Record::ReportSent(sent) => self.check_report(sent),
            Record::ProfilesMerged(merged) => self.check_merged(merged).map_err(Refusal::Merge),
            Record::MergeUndone(undone) => self.check_undone(undone).map_err(Refusal::Merge),
            Record::ProfileErased(erased) => self.check_erased(erased),
            Record::MembershipChanged(changed) => self.check_changed(changed),
            Record::RunRequested(requested) => self.check_requested(requested).map_err(Refusal::Run),
            Record::Commanded(commanded) => self.check_commanded(commanded).map_err(Refusal::Command),
            Record::WebhookDelivered(_)
            | Record::WebhookAnswered(_)
            | Record::WebhookFollowed(_)
            | Record::DeliveryRequested(_) => self.check_webhook(record).map_err(Refusal::Webhook),
            Record::ClustersStated(stated) => self.check_clusters(stated).map_err(Refusal::Clusters),
            Record::IdentifierLifted(lifted)
                if self.state.shared.blocked(lifted.identifier.hash).is_none() =>
            {
                Err(Refusal::NotBlocked)
            }
            _ => Ok(()),
        }
    }

    /// Applies a record at its place and instant, and appends what it asks of the world to `effects`.
    ///
    /// Panics if the place is not the next one or the instant lies before the last: the log would be damaged.
    pub fn apply(&mut self, seq: Seq, at: At, record: &Record<'_>, effects: &mut Vec<Effect>) -> Outcome {
        assert_eq!(seq, self.state.seq.next(), "invariant: records come in the order of the log");
        assert!(at >= self.state.at, "invariant: the time of the log never goes back");
        if self.is_duplicate(record) {
            return Outcome::Duplicate;
        }
        if let Err(refusal) = self.check(record) {
            return Outcome::Refused(refusal);
        }
        self.state.seq = seq;
        self.state.at = at;
        let happening = record.happening(at);
        match record {
            Record::Installed(installed) => self.state.installed = Some(installed.clone()),
            Record::Event(event) => self.apply_event(event, happening, effects),
            Record::Rejected(rejected) => self.state.reject(seq, rejected),
            Record::ConsentStated(consent) => self.apply_consent(consent, happening, effects),
            Record::PreferenceStated(stated) => self.apply_preference(stated, effects),
            Record::RegisterListed(stated) => self.apply_listed(stated, effects),
            Record::RegisterChecked(checked) => self.apply_checked(checked, effects),
            Record::SuppressionStated(suppression) => self.apply_suppression(suppression, effects),
            Record::ProgrammeApplied(applied) => self.apply_programme(applied.definition),
            Record::Attempted(attempted) => self.apply_attempt(attempted, effects),
            Record::Settled(settled) => self.apply_settled(settled, happening, effects),
            Record::Returned(returned) => self.apply_returned(returned, happening, effects),
            Record::Engaged(engaged) => self.apply_engaged(engaged, happening, effects),
            Record::CutoffsStated(stated) => self.apply_cutoffs(stated, effects),
            Record::ClustersStated(stated) => self.apply_clusters(stated, effects),
            Record::ProfilesMerged(merged) => self.apply_merged(merged, effects),
            Record::MergeUndone(undone) => self.apply_undone(undone, effects),
            Record::IdentifierLifted(lifted) => self.state.shared.lift(lifted.identifier.hash),
            Record::ProfileErased(erased) => self.apply_erased(erased),
            Record::LogRedacted(redacted) => self.apply_redacted(redacted),
            Record::MembershipChanged(_) => self.noted.pop(),
            Record::Viewed(_) => {}
            Record::RunRequested(requested) => self.apply_requested(requested, effects),
            Record::Commanded(commanded) => self.apply_commanded(commanded),
            Record::WebhookAnswered(answered) => self.apply_answered(answered, effects),
            Record::WebhookDelivered(_) | Record::WebhookFollowed(_) | Record::DeliveryRequested(_) => {
                self.apply_webhook(record);
            }
            Record::CodesAdded(added) => self.apply_codes(added),
            Record::OfferRedeemed(redeemed) => self.apply_redeemed(redeemed, effects),
            Record::OfferNoted(noted) => self.apply_noted(noted, effects),
            Record::SpendRecorded(spend) => self.apply_spend(spend),
            Record::FlightRecorded(flight) => self.apply_flight(flight),
            Record::ReportSent(sent) => self.apply_report(sent),
            Record::OperatorActed(_) => self.state.acts.push(seq),
            Record::Tick => self.apply_tick(effects),
        }
        Outcome::Applied
    }

    fn is_duplicate(&self, record: &Record<'_>) -> bool {
        match record {
            Record::Event(event) => self.state.message_ids.contains(event.message_id, self.state.at),
            Record::ProgrammeApplied(applied) => self.state.definition.as_deref() == Some(applied.definition),
            Record::SpendRecorded(spend) => self.is_same_spend(spend),
            Record::FlightRecorded(flight) => self.is_same_flight(flight),
            _ => false,
        }
    }

    fn apply_event(
        &mut self,
        event: &Event<'_>,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let is_new = self.state.message_ids.remember(event.message_id, self.state.at);
        assert!(is_new, "invariant: duplicates were told apart");
        self.state.counts.events += 1;
        if event.flags.has(EventFlags::BOT) {
            self.state.counts.bot_events += 1;
            return;
        }
        let seen_at = event.occurred_at.min(self.state.at);
        let resolved = self.resolve(&event.identifiers, seen_at, effects);
        let Some(resolved) = resolved.or_else(|| self.owner_of_code(event)) else {
            self.state.counts.nameless += 1;
            return self.withdraw_for_owners(event, effects);
        };
        let who = (resolved.profile, resolved.about);
        let redeemed = if happening.is_some() { self.redeem_by(event, who) } else { Vec::new() };
        let mut turn = Turn::begin(self, resolved.profile, effects);
        let occurred_at = event.occurred_at.min(turn.now());
        turn.note_resolved(&resolved);
        turn.touched.past = event.flags.has(EventFlags::IMPORTED) || event.flags.has(EventFlags::LATE);
        turn.state_traits(event.traits, occurred_at);
        turn.state_preferences(event.context, occurred_at, |_| true);
        turn.note_signal(event.context, occurred_at);
        turn.note_language(event.traits, event.context);
        turn.note_zone(event.traits, event.context, occurred_at);
        if !event.flags.has(EventFlags::ABSENT) {
            turn.note_seen(occurred_at);
        }
        if let Some(happening) = happening {
            turn.occur(&happening, event.properties);
        }
        if redeemed.contains(&who.0) {
            (turn.touched.offers, turn.touched.places) = (true, true);
        }
        let is_past = turn.touched.past;
        if event.flags.has(EventFlags::ONSITE) {
            turn.note_onsite(event);
        }
        turn.settle();
        drop(turn);
        for person in redeemed.into_iter().filter(|person| *person != who.0) {
            self.follow_offers(person, is_past, effects);
        }
        if happening.is_some() {
            self.meet_by_link(event, who, effects);
        }
    }

    /// What only blocked identifiers say is nobody's, but a withdrawal holds for whoever has one of them.
    fn withdraw_for_owners(&mut self, event: &Event<'_>, effects: &mut Vec<Effect>) {
        let stated_at = event.occurred_at.min(self.state.at);
        let owners: BTreeSet<ProfileId> =
            event.identifiers.iter().filter_map(|one| self.named(one)).collect();
        for profile in owners {
            let mut turn = Turn::begin(self, profile, effects);
            turn.state_preferences(event.context, stated_at, |granted| !granted);
            turn.note_signal(event.context, stated_at);
            turn.settle();
        }
    }

    fn apply_consent(
        &mut self,
        consent: &ConsentStated<'_>,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let resolved = self.subject(&consent.subject, consent.stated_at, effects);
        let properties = self.properties_of_happening(happening);
        let mut turn = Turn::begin(self, resolved.profile, effects);
        turn.note_resolved(&resolved);
        turn.state_consent(
            consent.purpose,
            Channel::parse(consent.channel),
            consent.granted,
            consent.source,
            consent.stated_at,
            (consent.wording, consent.language, consent.proof),
        );
        if let Some(happening) = happening {
            turn.occur(&happening, properties.as_map());
        }
        turn.settle();
    }

    fn apply_preference(&mut self, stated: &PreferenceStated<'_>, effects: &mut Vec<Effect>) {
        let resolved = self.subject(&stated.subject, stated.stated_at, effects);
        let mut turn = Turn::begin(self, resolved.profile, effects);
        turn.note_resolved(&resolved);
        let said = (stated.stated_at.min(turn.now()), turn.seq());
        turn.profile_mut().preferences.state(stated.preference, said);
        // What waits may go now, or has to wait for longer.
        turn.touched.places = true;
        turn.settle();
    }

    /// The profile that a statement is about.
    fn subject(&mut self, subject: &Subject<'_>, stated_at: At, effects: &mut Vec<Effect>) -> Resolved {
        match *subject {
            Subject::Identifier(identifier) => {
                let seen_at = stated_at.min(self.state.at);
                let resolved = self.resolve(&[identifier], seen_at, effects);
                // A blocked identifier joins nobody, but a consent about it is one about whoever has it.
                resolved.unwrap_or_else(|| {
                    let profile = self.named(&identifier).expect("invariant: checked");
                    let about = self.origin(profile, std::iter::once(identifier.hash)).unwrap_or(profile);
                    Resolved { profile, is_new: false, is_addressed: false, about }
                })
            }
            Subject::Send(send) => {
                let (profile, about) = self.recipient(send);
                Resolved { profile, is_new: false, is_addressed: false, about }
            }
        }
    }

    /// Of something that happened to a send.
    fn properties_of_happening(&self, happening: Option<Happening<'_>>) -> OwnedMap {
        match happening.map(|happening| happening.about) {
            Some(About::Send { send, url }) => {
                self.properties_of(send, url).expect("invariant: a record of an unknown send is refused")
            }
            Some(About::Properties(_)) | None => OwnedMap::default(),
        }
    }

    fn apply_suppression(&mut self, stated: &SuppressionStated<'_>, effects: &mut Vec<Effect>) {
        let identifier = stated.identifier;
        if stated.lifted {
            Arc::make_mut(self.state.suppressions.of_mut(identifier.hash)).remove(&identifier.hash);
        } else {
            let suppression = Suppression {
                kind: identifier.kind,
                value: identifier.value.to_owned(),
                reason: stated.reason.to_owned(),
                stated_at: stated.stated_at,
            };
            Arc::make_mut(self.state.suppressions.of_mut(identifier.hash))
                .insert(identifier.hash, suppression);
        }
        self.reconsider(identifier.hash, effects);
    }

    /// An address was suppressed, or is so no longer: looks again at whom it reaches.
    pub(crate) fn reconsider(&mut self, address: KeyedHash, effects: &mut Vec<Effect>) {
        for id in self.state.reached_at(address) {
            let mut turn = Turn::begin(self, id, effects);
            turn.touched.consent = true;
            turn.settle();
        }
    }

    /// Everything due by now happens, in the order in which it is due.
    fn apply_tick(&mut self, effects: &mut Vec<Effect>) {
        while let Some((due, key)) = self.state.timers.pop(self.state.at) {
            match key {
                TimerKey::Run { .. } => self.foresee_runs(),
                _ => self.foresee_timers(),
            }
            match key {
                TimerKey::Name { profile, name } => {
                    // A merged profile's events went with it, and an earlier timer may have been set since.
                    if self.state.history.due(name, profile) == due.second() {
                        self.state.history.set_due(name, profile, NEVER);
                        self.fire(due, profile, key, effects);
                    }
                }
                TimerKey::Profile { profile } => {
                    if self.state.profiles[profile.0 as usize].due == due.second() {
                        self.state.profiles[profile.0 as usize].due = NEVER;
                        self.fire(due, profile, key, effects);
                    }
                }
                TimerKey::Run { profile, run } => {
                    self.state.counts.timer_fires += 1;
                    let Some(profile) = self.state.standing(profile) else { continue };
                    let mut turn = Turn::begin(self, profile, effects);
                    turn.wake_run(run, due);
                }
                TimerKey::Retry { send } => self.fire_retry(due, send, effects),
                TimerKey::Date { profile, journey } => self.fire_date(due, (profile, journey), effects),
                TimerKey::Schedule { journey } => self.fire_schedule(due, journey),
                TimerKey::Roll { number } => self.fire_roll(due, number, effects),
            }
        }
    }

    fn fire(&mut self, due: At, profile: ProfileId, key: TimerKey, effects: &mut Vec<Effect>) {
        self.state.counts.timer_fires += 1;
        let mut turn = Turn::begin(self, profile, effects);
        turn.touched.timer = Some((due, key));
        turn.settle();
    }

    pub(crate) fn governor(&self) -> Governor<'_> {
        Governor {
            programme: &self.programme,
            hash_key: self.hash_key(),
            suppressions: &self.state.suppressions,
            soft_opt_ins: &self.index.soft_opt_ins,
            registers: &self.state.registers,
            now: self.state.at,
        }
    }

    pub(crate) fn hash_key(&self) -> crate::identifier::HashKey {
        self.state.installed.as_ref().map(|installed| installed.hash_key).unwrap_or_default()
    }

    /// The profile that an identifier points to, merges followed.
    pub fn find(&self, kind: IdentifierKind, raw: &str) -> Option<ProfileId> {
        let value = normalise(kind, raw).ok()?;
        let hash = self.hash_key().identifier(kind, &value);
        Some(self.state.canonical(self.state.directory.get(hash)?))
    }

    /// What a recovery must do before anything else: see [`Outstanding`].
    pub fn outstanding(&self) -> Outstanding {
        Outstanding { prepare: self.to_prepare(SendId(0), usize::MAX).0, in_flight: self.in_flight() }
    }

    /// Sends whose attempt is on record and whose receipt is not.
    pub fn in_flight(&self) -> Vec<(SendId, u8)> {
        let attempted = self.owed(SendId(0)).filter(|send| send.status == Status::Attempted);
        attempted.map(|send| (send.id, send.attempts)).collect()
    }

    /// Sends that wait for being prepared, from a place in the ledger on and in its order. Looks at so many owed sends
    /// at most, and gives the place of the next one, where there is one.
    pub fn to_prepare(&self, from: SendId, looks: usize) -> (Vec<Prepare>, Option<SendId>) {
        let mut owed = self.owed(from);
        let waits = |send: &Send| send.status == Status::Queued && send.retry_at.is_none();
        let prepares = owed.by_ref().take(looks).filter(waits).map(|send| self.prepare(&send)).collect();
        (prepares, owed.next().map(|send| send.id))
    }

    fn owed(&self, from: SendId) -> impl Iterator<Item = Send> {
        let owed = self.state.owed.from(from);
        owed.map(|id| self.state.send(id).expect("invariant: only known sends are owed"))
    }

    /// A copy of the state, to be written down section by section; equal states give equal sections.
    pub fn sections(&self) -> Sections {
        assert!(self.noted.is_empty(), "invariant: a snapshot is taken between two batches");
        Sections::of(self.state.clone())
    }

    /// All of them at once, whole.
    pub fn snapshot(&self) -> Vec<Section> {
        self.sections().all().collect()
    }

    /// The engine that [`Engine::snapshot`] was taken of.
    pub fn restore(sections: &[Section]) -> Result<Self, RestoreError> {
        let (first, rest) = sections.split_first().ok_or_else(|| wrong("it is empty"))?;
        let head = Head::read(first)?;
        let rest = rest.iter().map(|section| head.section(section)).collect::<Result<Vec<_>, _>>()?;
        Self::assemble(head, rest)
    }

    /// The same from sections that were read, in the order in which they were told.
    pub fn assemble(head: Head, rest: impl IntoIterator<Item = Read>) -> Result<Self, RestoreError> {
        let mut state = head.assemble(rest)?;
        state.history.complete_newest();
        let programme = Arc::new(state.parsed_programme().unwrap_or_default());
        let index = Index::build(&mut state, &programme);
        let mut engine = Self { state, index, programme, ..Self::default() };
        engine.rules = Rules::of(&engine.programme.identity, &engine.hash_key());
        engine.policy = Arc::new(Policy::of(&engine.programme));
        Ok(engine)
    }

    /// A digest of all that the records decide: two engines agree if and only if their hashes do. What is kept of events
    /// beyond that can be made again from the log, and is left out.
    pub fn hash(&self) -> u128 {
        let mut state = self.state.clone();
        state.history.forget_columns();
        let mut hasher = Xxh3::new();
        for section in Sections::of(state).all() {
            hasher.update(&section.key.to_le_bytes());
            hasher.update(&section.digest.to_le_bytes());
        }
        hasher.digest128()
    }
}

/// The consent preferences that an event carries: `context.consent.categoryPreferences`.
pub(crate) fn preferences<'a>(context: Map<'a>) -> impl Iterator<Item = (&'a str, bool)> {
    let preferences = context
        .get("consent")
        .and_then(|value| value.map()?.get("categoryPreferences")?.map())
        .unwrap_or_default();
    preferences.iter().filter_map(|(name, value)| match value {
        Value::Bool(granted) => Some((name, granted)),
        _ => None,
    })
}

/// The evidence that comes with them: `context.consent.wording`, the version of the text that was shown, which may be a
/// number, its language, which is that of the page where `context.consent.language` does not say, and
/// `context.consent.proof`.
pub(crate) fn evidence(context: Map<'_>) -> (String, String, String) {
    let consent = context.get("consent").and_then(|value| value.map()).unwrap_or_default();
    let text = |name| match consent.get(name) {
        Some(Value::Text(text)) => text.to_owned(),
        Some(number @ (Value::Int(_) | Value::Decimal(_))) => number.to_json().to_string(),
        _ => String::new(),
    };
    let spoken = || context.get("locale").and_then(|value| value.text()).unwrap_or_default().to_owned();
    let language = Some(text("language")).filter(|said| !said.is_empty()).unwrap_or_else(spoken);
    (text("wording"), language, text("proof"))
}

/// Splits `newsletter.sms` into a purpose and a channel; without a channel's name at the end it is all purpose.
pub(crate) fn split_preference(name: &str) -> (&str, Option<Channel>) {
    match name.rsplit_once('.') {
        Some((purpose, channel)) if Channel::parse(channel).is_some() => (purpose, Channel::parse(channel)),
        _ => (name, None),
    }
}

/// Properties of an event that Trama itself makes about a send.
pub(crate) fn send_properties(send: &crate::outbox::Send, url: &str) -> OwnedMap {
    let mut json = serde_json::json!({
        "message": &*send.message,
        "journey": &*send.journey,
        "purpose": &*send.purpose,
        "channel": send.channel.map_or("", Channel::name),
        "send_id": send.id.to_string(),
    });
    if !url.is_empty() {
        json["url"] = url.into();
    }
    OwnedMap::from_json(&json).expect("invariant: it is an object")
}

impl Touched {
    /// Whether anything happened that a rule could mention.
    pub(crate) fn is_empty(&self) -> bool {
        !self.whole
            && !self.consent
            && !self.seen
            && !self.places
            && !self.offers
            && self.events.is_empty()
            && self.traits.is_empty()
            && self.timer.is_none()
    }
}
