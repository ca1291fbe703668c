//! Records to bytes: version, kind, envelope with its length, seal, personal part to the end.

use super::acts;
use super::report;
use super::spend;
use super::webhooks;
use super::{
    Commanded, ConsentStated, CutoffsStated, Event, Identifier, IdentifierLifted, OfferNoted, OfferRedeemed,
    Preference, PreferenceStated, Record, RunRequested, Subject, VERSION,
};
use crate::at::At;
use crate::codec::{put_bytes, put_varint, put_zigzag};
use crate::identifier::KeyedHash;

/// Codes of the kinds on disk. A code is never given to another kind.
pub(super) mod code {
    pub(in crate::record) const INSTALLED: u8 = 1;
    pub(in crate::record) const EVENT: u8 = 2;
    pub(in crate::record) const REJECTED: u8 = 3;
    pub(in crate::record) const CONSENT_STATED: u8 = 4;
    pub(in crate::record) const SUPPRESSION_STATED: u8 = 5;
    pub(in crate::record) const PROGRAMME_APPLIED: u8 = 6;
    pub(in crate::record) const ATTEMPTED: u8 = 7;
    pub(in crate::record) const SETTLED: u8 = 8;
    pub(in crate::record) const ENGAGED: u8 = 9;
    pub(in crate::record) const TICK: u8 = 10;
    pub(in crate::record) const CUTOFFS_STATED: u8 = 11;
    pub(in crate::record) const PROFILES_MERGED: u8 = 12;
    pub(in crate::record) const MERGE_UNDONE: u8 = 13;
    pub(in crate::record) const IDENTIFIER_LIFTED: u8 = 14;
    pub(in crate::record) const PROFILE_ERASED: u8 = 15;
    pub(in crate::record) const LOG_REDACTED: u8 = 16;
    pub(in crate::record) const MEMBERSHIP_CHANGED: u8 = 18;
    pub(in crate::record) const CLUSTERS_STATED: u8 = 17;
    pub(in crate::record) const RUN_REQUESTED: u8 = 20;
    pub(in crate::record) const COMMANDED: u8 = 21;
    pub(in crate::record) const RETURNED: u8 = 23;
    pub(in crate::record) const VIEWED: u8 = 24;
    /// As `CONSENT_STATED`, with the language of the wording.
    pub(in crate::record) const CONSENT_STATED_IN: u8 = 35;
    pub(in crate::record) const PREFERENCE_STATED: u8 = 36;
    pub(in crate::record) const REGISTER_LISTED: u8 = 37;
    pub(in crate::record) const REGISTER_CHECKED: u8 = 38;
    pub(in crate::record) const CODES_ADDED: u8 = 30;
    pub(in crate::record) const OFFER_REDEEMED: u8 = 31;
    pub(in crate::record) const OFFER_NOTED: u8 = 32;
}

/// Room that most events fit into, so that making a record does not grow its parts step by step.
const ENVELOPE_BYTES_USUAL: usize = 128;
const PERSONAL_BYTES_USUAL: usize = 1_024;

/// The personal part is readable as it stands.
pub(super) const SEAL_NONE: u8 = 0;
/// There is no personal part: whom the record was about has been erased.
const SEAL_ERASED: u8 = 1;

impl Record<'_> {
    /// Appends the record's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut parts = Parts::new();
        let kind = parts.fill(self);
        parts.put(kind, SEAL_NONE, out);
    }

    /// Appends what stays of the record when whom it is about has been erased: an envelope that names nobody.
    pub fn encode_erased(&self, out: &mut Vec<u8>) {
        let mut parts = Parts::new();
        let kind = parts.fill(&self.nameless());
        parts.personal.clear();
        parts.put(kind, SEAL_ERASED, out);
    }

    /// The record with an envelope that leads to nobody.
    fn nameless(&self) -> Self {
        let mut record = self.clone();
        match &mut record {
            Self::Event(event) => {
                event.message_id = KeyedHash(0);
                event.identifiers.iter_mut().for_each(Identifier::blank);
            }
            Self::ConsentStated(ConsentStated { subject: Subject::Identifier(one), .. })
            | Self::IdentifierLifted(IdentifierLifted { identifier: one, .. })
            | Self::PreferenceStated(PreferenceStated { subject: Subject::Identifier(one), .. })
            | Self::RunRequested(RunRequested { identifier: one, .. })
            | Self::OfferRedeemed(OfferRedeemed { identifier: Some(one), .. })
            | Self::OfferNoted(OfferNoted { identifier: one, .. }) => one.blank(),
            Self::OperatorActed(acted) => acted.blank(),
            Self::SuppressionStated(stated) => {
                stated.identifier.blank();
                stated.reason = "";
            }
            Self::ProfilesMerged(merged) => {
                [&mut merged.from, &mut merged.into].into_iter().for_each(Identifier::blank);
            }
            _ => {}
        }
        record
    }
}

struct Parts {
    envelope: Vec<u8>,
    personal: Vec<u8>,
}

impl Parts {
    fn new() -> Self {
        Self {
            envelope: Vec::with_capacity(ENVELOPE_BYTES_USUAL),
            personal: Vec::with_capacity(PERSONAL_BYTES_USUAL),
        }
    }

    fn put(&self, kind: u8, seal: u8, out: &mut Vec<u8>) {
        out.reserve(self.envelope.len() + self.personal.len() + 8);
        out.extend_from_slice(&[VERSION, kind]);
        put_bytes(out, &self.envelope);
        out.push(seal);
        out.extend_from_slice(&self.personal);
    }

    /// Writes both parts and gives the kind's code.
    fn fill(&mut self, record: &Record<'_>) -> u8 {
        match record {
            Record::Installed(installed) => {
                self.envelope.extend_from_slice(&installed.installation.to_le_bytes());
                self.envelope.extend_from_slice(&installed.hash_key.0);
                self.envelope.extend_from_slice(&installed.seed.to_le_bytes());
                self.envelope.extend_from_slice(&installed.link_key);
                code::INSTALLED
            }
            Record::Event(event) => self.fill_event(event),
            Record::Rejected(rejected) => {
                self.at(rejected.received_at);
                self.clear(rejected.source);
                self.clear(rejected.code);
                self.clear(rejected.field);
                self.private(rejected.message);
                self.private(rejected.payload);
                code::REJECTED
            }
            Record::ConsentStated(consent) => self.fill_consent(consent),
            Record::PreferenceStated(stated) => self.fill_preference(stated),
            Record::RegisterListed(_) | Record::RegisterChecked(_) => self.fill_register(record),
            Record::SuppressionStated(suppression) => {
                self.identifier(&suppression.identifier);
                self.envelope.push(u8::from(suppression.lifted));
                self.at(suppression.stated_at);
                self.clear(suppression.reason);
                code::SUPPRESSION_STATED
            }
            Record::ProgrammeApplied(applied) => {
                self.at(applied.applied_at);
                self.clear(applied.operator);
                self.clear(applied.definition);
                code::PROGRAMME_APPLIED
            }
            Record::Attempted(attempted) => {
                put_varint(&mut self.envelope, attempted.send.0);
                self.envelope.push(attempted.attempt);
                self.at(attempted.attempted_at);
                code::ATTEMPTED
            }
            Record::Settled(settled) => {
                put_varint(&mut self.envelope, settled.send.0);
                self.envelope.extend_from_slice(&[settled.attempt, settled.outcome as u8]);
                self.at(settled.settled_at);
                self.private(settled.reply);
                code::SETTLED
            }
            Record::Engaged(engaged) => {
                put_varint(&mut self.envelope, engaged.send.0);
                self.envelope.extend_from_slice(&[engaged.engagement as u8, u8::from(engaged.machine)]);
                self.at(engaged.occurred_at);
                self.private(engaged.url);
                code::ENGAGED
            }
            Record::Returned(_) | Record::Viewed(_) => self.fill_later(record),
            Record::CutoffsStated(stated) => self.fill_cutoffs(stated),
            Record::MembershipChanged(changed) => {
                self.clear(changed.segment);
                changed.changes.put(&mut self.envelope);
                code::MEMBERSHIP_CHANGED
            }
            Record::ClustersStated(stated) => {
                stated.put(&mut self.envelope);
                code::CLUSTERS_STATED
            }
            Record::RunRequested(requested) => self.fill_requested(requested),
            Record::Commanded(commanded) => self.fill_commanded(commanded),
            Record::WebhookDelivered(_)
            | Record::WebhookAnswered(_)
            | Record::WebhookFollowed(_)
            | Record::DeliveryRequested(_) => webhooks::put(record, &mut self.envelope, &mut self.personal),
            Record::CodesAdded(_) | Record::OfferRedeemed(_) | Record::OfferNoted(_) => {
                self.fill_offer(record)
            }
            Record::SpendRecorded(_) | Record::FlightRecorded(_) => spend::put(record, &mut self.envelope),
            Record::OperatorActed(acted) => acts::put(acted, &mut self.envelope, &mut self.personal),
            Record::ReportSent(sent) => report::put(sent, &mut self.envelope),
            Record::Tick => code::TICK,
            Record::ProfilesMerged(_)
            | Record::MergeUndone(_)
            | Record::IdentifierLifted(_)
            | Record::ProfileErased(_)
            | Record::LogRedacted(_) => self.fill_identity(record),
        }
    }

    fn fill_consent(&mut self, consent: &ConsentStated<'_>) -> u8 {
        self.subject(&consent.subject);
        self.clear(consent.purpose);
        self.clear(consent.channel);
        self.envelope.extend_from_slice(&[u8::from(consent.granted), consent.source as u8]);
        self.at(consent.stated_at);
        self.clear(consent.wording);
        self.private(consent.proof);
        if consent.language.is_empty() {
            return code::CONSENT_STATED;
        }
        self.clear(consent.language);
        code::CONSENT_STATED_IN
    }

    fn fill_event(&mut self, event: &Event<'_>) -> u8 {
        self.envelope.extend_from_slice(&[event.kind as u8, event.flags.0]);
        self.at(event.received_at);
        put_varint(&mut self.envelope, event.received_at.since(event.occurred_at).0.max(0) as u64);
        self.clear(event.source);
        self.clear(event.name);
        self.envelope.extend_from_slice(&event.message_id.0.to_le_bytes());
        put_varint(&mut self.envelope, event.identifiers.len() as u64);
        event.identifiers.iter().for_each(|identifier| self.identifier(identifier));
        self.private(event.message_id_text);
        put_bytes(&mut self.personal, event.properties.bytes());
        put_bytes(&mut self.personal, event.traits.bytes());
        put_bytes(&mut self.personal, event.context.bytes());
        code::EVENT
    }

    fn fill_preference(&mut self, stated: &PreferenceStated<'_>) -> u8 {
        self.subject(&stated.subject);
        match stated.preference {
            Preference::PausedUntil(until) => {
                self.envelope.push(0);
                self.at(until);
            }
            Preference::Fewer(fewer) => self.envelope.extend_from_slice(&[1, u8::from(fewer)]),
        }
        self.envelope.push(stated.source as u8);
        self.at(stated.stated_at);
        self.private(stated.proof);
        code::PREFERENCE_STATED
    }

    fn fill_register(&mut self, record: &Record<'_>) -> u8 {
        let (register, edition, channels) = match record {
            Record::RegisterListed(stated) => (stated.register, stated.edition, &stated.channels),
            Record::RegisterChecked(checked) => (checked.register, checked.edition, &checked.channels),
            _ => unreachable!("invariant: every other kind is written above"),
        };
        self.clear(register);
        put_varint(&mut self.envelope, u64::from(edition));
        put_varint(&mut self.envelope, channels.len() as u64);
        channels.iter().for_each(|channel| self.clear(channel));
        match record {
            Record::RegisterChecked(checked) => {
                self.at(checked.checked_at);
                put_zigzag(&mut self.envelope, checked.valid_for.0);
                self.clear(checked.operator);
                code::REGISTER_CHECKED
            }
            Record::RegisterListed(stated) => {
                put_varint(&mut self.envelope, stated.hashes.len() as u64);
                self.envelope.extend(stated.hashes.iter().flat_map(|hash| hash.0.to_le_bytes()));
                code::REGISTER_LISTED
            }
            _ => unreachable!("invariant: it was one of these above"),
        }
    }

    fn fill_requested(&mut self, requested: &RunRequested<'_>) -> u8 {
        self.clear(requested.journey);
        self.identifier(&requested.identifier);
        self.at(requested.requested_at);
        self.clear(requested.operator);
        put_bytes(&mut self.personal, requested.data.bytes());
        code::RUN_REQUESTED
    }

    fn fill_commanded(&mut self, commanded: &Commanded<'_>) -> u8 {
        self.envelope.push(commanded.what as u8);
        self.clear(commanded.name);
        self.envelope.push(commanded.command as u8);
        self.at(commanded.commanded_at);
        self.clear(commanded.operator);
        code::COMMANDED
    }

    fn fill_cutoffs(&mut self, stated: &CutoffsStated<'_>) -> u8 {
        self.at(stated.stated_at);
        put_varint(&mut self.envelope, stated.cutoffs.len() as u64);
        for cutoff in &stated.cutoffs {
            self.clear(cutoff.share);
            self.envelope.push(u8::from(cutoff.value.is_some()));
            self.envelope.extend(cutoff.value.iter().flat_map(|value| value.to_le_bytes()));
        }
        code::CUTOFFS_STATED
    }

    /// What is told of messages after their receipts.
    fn fill_later(&mut self, record: &Record<'_>) -> u8 {
        match record {
            Record::Returned(returned) => {
                put_varint(&mut self.envelope, returned.send.0);
                self.envelope.push(returned.verdict as u8);
                self.at(returned.returned_at);
                self.private(returned.reply);
                code::RETURNED
            }
            Record::Viewed(viewed) => {
                self.clear(viewed.message);
                self.at(viewed.occurred_at);
                code::VIEWED
            }
            _ => unreachable!("invariant: every other kind is written above"),
        }
    }

    /// What is told of offers.
    fn fill_offer(&mut self, record: &Record<'_>) -> u8 {
        match record {
            Record::CodesAdded(added) => {
                self.clear(added.offer);
                self.at(added.added_at);
                self.clear(added.operator);
                put_varint(&mut self.envelope, added.codes.len() as u64);
                added.codes.iter().for_each(|code| self.private(code));
                code::CODES_ADDED
            }
            Record::OfferRedeemed(redeemed) => {
                self.clear(redeemed.offer);
                self.envelope.push(u8::from(redeemed.identifier.is_some()));
                redeemed.identifier.iter().for_each(|one| self.identifier(one));
                self.at(redeemed.redeemed_at);
                self.clear(redeemed.operator);
                self.private(redeemed.code);
                code::OFFER_REDEEMED
            }
            Record::OfferNoted(noted) => {
                self.clear(noted.offer);
                self.identifier(&noted.identifier);
                self.envelope.push(noted.phase as u8);
                self.clear(noted.place);
                self.at(noted.noted_at);
                self.clear(noted.operator);
                code::OFFER_NOTED
            }
            _ => unreachable!("invariant: every other kind is written above"),
        }
    }

    /// What operators say of who is who, and who is nobody any more.
    fn fill_identity(&mut self, record: &Record<'_>) -> u8 {
        match record {
            Record::ProfilesMerged(merged) => {
                self.identifier(&merged.from);
                self.identifier(&merged.into);
                self.at(merged.merged_at);
                self.clear(merged.operator);
                code::PROFILES_MERGED
            }
            Record::MergeUndone(undone) => {
                put_varint(&mut self.envelope, u64::from(undone.merge.0));
                self.at(undone.undone_at);
                self.clear(undone.operator);
                code::MERGE_UNDONE
            }
            Record::IdentifierLifted(lifted) => {
                self.identifier(&lifted.identifier);
                self.at(lifted.lifted_at);
                self.clear(lifted.operator);
                code::IDENTIFIER_LIFTED
            }
            Record::ProfileErased(erased) => {
                put_varint(&mut self.envelope, u64::from(erased.profile.0));
                self.at(erased.erased_at);
                self.clear(erased.operator);
                code::PROFILE_ERASED
            }
            Record::LogRedacted(redacted) => {
                put_varint(&mut self.envelope, redacted.to.0);
                self.at(redacted.redacted_at);
                code::LOG_REDACTED
            }
            _ => unreachable!("invariant: every other kind is written above"),
        }
    }

    fn at(&mut self, at: At) {
        put_zigzag(&mut self.envelope, at.0);
    }

    fn clear(&mut self, text: &str) {
        put_bytes(&mut self.envelope, text.as_bytes());
    }

    fn private(&mut self, text: &str) {
        put_bytes(&mut self.personal, text.as_bytes());
    }

    fn identifier(&mut self, identifier: &Identifier<'_>) {
        self.envelope.push(identifier.kind.code());
        self.envelope.extend_from_slice(&identifier.hash.0.to_le_bytes());
        self.private(identifier.value);
    }

    fn subject(&mut self, subject: &Subject<'_>) {
        match subject {
            Subject::Identifier(identifier) => {
                self.envelope.push(0);
                self.identifier(identifier);
            }
            Subject::Send(send) => {
                self.envelope.push(1);
                put_varint(&mut self.envelope, send.0);
            }
        }
    }
}
