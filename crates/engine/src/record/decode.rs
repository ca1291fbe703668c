//! Bytes to records. Never panics: the bytes may come from a damaged disk or a newer Trama.

use super::acts;
use super::encode::{SEAL_NONE, code};
use super::report;
use super::spend;
use super::webhooks;
use super::{
    Attempted, ClustersStated, CodesAdded, Command, Commandable, Commanded, ConsentSource, ConsentStated,
    CutoffStated, CutoffsStated, DeliveryOutcome, Engaged, Engagement, Event, EventFlags, EventKind,
    Identifier, IdentifierLifted, Installed, LogRedacted, MembershipChanged, MergeUndone, OfferNoted,
    OfferRedeemed, Preference, PreferenceStated, ProfileErased, ProfilesMerged, ProgrammeApplied, Record,
    RegisterChecked, RegisterListed, Rejected, Returned, RunRequested, Settled, Subject, SuppressionStated,
    VERSION, Verdict, Viewed,
};
use crate::at::{At, Span};
use crate::change::Changes;
use crate::codec::Reader;
use crate::identifier::{HashKey, IdentifierKind, KeyedHash};
use crate::limits::{
    CODES_IN_RECORD_MAX, CUTOFFS_MAX, RECORD_IDENTIFIERS_MAX, REGISTER_CHANNELS_MAX, REGISTER_SLICE_MAX,
};
use crate::offer::OfferPhase;
use crate::value::Map;
use crate::{MergeId, ProfileId, SendId, Seq};

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Written by a newer Trama, in a version that this one does not know.
    Version(u8),
    /// A kind that this version does not have.
    Kind(u8),
    /// There is no personal part to be read: whom the record was about has been erased.
    Sealed,
    /// The bytes end early, go on too long, or hold what cannot be.
    Bytes,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(version) => write!(f, "record version {version} is newer than this program knows"),
            Self::Kind(kind) => write!(f, "record kind {kind} is unknown"),
            Self::Sealed => write!(f, "the record is about somebody who was erased"),
            Self::Bytes => write!(f, "the record's bytes are damaged"),
        }
    }
}

impl std::error::Error for Malformed {}

impl<'a> Record<'a> {
    /// Reads a record that fills `bytes` from end to end.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte().ok_or(Malformed::Bytes)?;
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        let kind = reader.byte().ok_or(Malformed::Bytes)?;
        let envelope = reader.bytes().ok_or(Malformed::Bytes)?;
        match reader.byte() {
            Some(SEAL_NONE) => {}
            Some(_) => return Err(Malformed::Sealed),
            None => return Err(Malformed::Bytes),
        }
        let mut parts = Parts { envelope: Reader::new(envelope), personal: reader };
        let is_known = matches!(
            kind,
            code::INSTALLED
                ..=code::MEMBERSHIP_CHANGED
                    | code::RUN_REQUESTED
                    | code::COMMANDED
                    | code::RETURNED
                    | code::VIEWED
                    | webhooks::code::DELIVERED..=webhooks::code::REQUESTED
                    | code::CONSENT_STATED_IN
                    | code::PREFERENCE_STATED
                    | code::REGISTER_LISTED
                    | code::REGISTER_CHECKED
                    | code::CODES_ADDED
                    | code::OFFER_REDEEMED
                    | code::OFFER_NOTED
                    | spend::code::SPEND..=spend::code::FLIGHT
                    | acts::CODE
                    | report::code::REPORT_SENT
        );
        if !is_known {
            return Err(Malformed::Kind(kind));
        }
        let record = match kind {
            webhooks::code::DELIVERED..=webhooks::code::REQUESTED => {
                webhooks::read(kind, &mut parts.envelope, &mut parts.personal)
            }
            spend::code::SPEND..=spend::code::FLIGHT => spend::read(kind, &mut parts.envelope),
            acts::CODE => acts::read(&mut parts.envelope, &mut parts.personal),
            report::code::REPORT_SENT => report::read(&mut parts.envelope),
            _ => parts.record(kind),
        };
        let record = record.ok_or(Malformed::Bytes)?;
        let whole = parts.envelope.is_empty() && parts.personal.is_empty();
        if whole { Ok(record) } else { Err(Malformed::Bytes) }
    }
}

struct Parts<'a> {
    envelope: Reader<'a>,
    personal: Reader<'a>,
}

impl<'a> Parts<'a> {
    fn record(&mut self, kind: u8) -> Option<Record<'a>> {
        Some(match kind {
            code::INSTALLED => Record::Installed(Installed {
                installation: u64::from_le_bytes(self.envelope.array()?),
                hash_key: HashKey(self.envelope.array()?),
                seed: u64::from_le_bytes(self.envelope.array()?),
                link_key: self.envelope.array()?,
            }),
            code::EVENT => Record::Event(self.event()?),
            code::REJECTED => Record::Rejected(Rejected {
                received_at: self.at()?,
                source: self.envelope.text()?,
                code: self.envelope.text()?,
                field: self.envelope.text()?,
                message: self.personal.text()?,
                payload: self.personal.text()?,
            }),
            code::CONSENT_STATED | code::CONSENT_STATED_IN | code::PREFERENCE_STATED => {
                self.permission(kind)?
            }
            code::SUPPRESSION_STATED => Record::SuppressionStated(SuppressionStated {
                identifier: self.identifier()?,
                lifted: self.flag()?,
                stated_at: self.at()?,
                reason: self.envelope.text()?,
            }),
            code::REGISTER_LISTED | code::REGISTER_CHECKED => self.register(kind)?,
            code::PROGRAMME_APPLIED => Record::ProgrammeApplied(ProgrammeApplied {
                applied_at: self.at()?,
                operator: self.envelope.text()?,
                definition: self.envelope.text()?,
            }),
            code::ATTEMPTED => Record::Attempted(Attempted {
                send: self.send()?,
                attempt: self.envelope.byte()?,
                attempted_at: self.at()?,
            }),
            code::SETTLED => Record::Settled(Settled {
                send: self.send()?,
                attempt: self.envelope.byte()?,
                outcome: self.one_of(&DeliveryOutcome::ALL)?,
                settled_at: self.at()?,
                reply: self.personal.text()?,
            }),
            code::ENGAGED => Record::Engaged(Engaged {
                send: self.send()?,
                engagement: self.one_of(&[Engagement::Opened, Engagement::Clicked, Engagement::Dismissed])?,
                machine: self.flag()?,
                occurred_at: self.at()?,
                url: self.personal.text()?,
            }),
            code::RETURNED => Record::Returned(Returned {
                send: self.send()?,
                verdict: self.one_of(&Verdict::ALL)?,
                returned_at: self.at()?,
                reply: self.personal.text()?,
            }),
            code::VIEWED => {
                Record::Viewed(Viewed { message: self.envelope.text()?, occurred_at: self.at()? })
            }
            code::CUTOFFS_STATED => Record::CutoffsStated(self.cutoffs()?),
            code::CLUSTERS_STATED => Record::ClustersStated(ClustersStated::read(&mut self.envelope)?),
            code::PROFILES_MERGED..=code::LOG_REDACTED => self.identity(kind)?,
            code::MEMBERSHIP_CHANGED => Record::MembershipChanged(MembershipChanged {
                segment: self.envelope.text()?,
                changes: Changes::read(&mut self.envelope)?,
            }),
            code::RUN_REQUESTED => Record::RunRequested(RunRequested {
                journey: self.envelope.text()?,
                identifier: self.identifier()?,
                requested_at: self.at()?,
                operator: self.envelope.text()?,
                data: Map::from_bytes(self.personal.bytes()?),
            }),
            code::COMMANDED => Record::Commanded(Commanded {
                what: self.one_of(&Commandable::ALL)?,
                name: self.envelope.text()?,
                command: self.one_of(&Command::ALL)?,
                commanded_at: self.at()?,
                operator: self.envelope.text()?,
            }),
            code::CODES_ADDED..=code::OFFER_NOTED => self.offer(kind)?,
            _ => Record::Tick,
        })
    }

    /// An offer's codes, a redemption, or how far it came.
    fn offer(&mut self, kind: u8) -> Option<Record<'a>> {
        Some(match kind {
            code::CODES_ADDED => Record::CodesAdded(self.codes()?),
            code::OFFER_REDEEMED => Record::OfferRedeemed(OfferRedeemed {
                offer: self.envelope.text()?,
                identifier: if self.flag()? { Some(self.identifier()?) } else { None },
                redeemed_at: self.at()?,
                operator: self.envelope.text()?,
                code: self.personal.text()?,
            }),
            _ => Record::OfferNoted(OfferNoted {
                offer: self.envelope.text()?,
                identifier: self.identifier()?,
                phase: self.one_of(&[OfferPhase::Given, OfferPhase::Seen, OfferPhase::Clicked])?,
                place: self.envelope.text()?,
                noted_at: self.at()?,
                operator: self.envelope.text()?,
            }),
        })
    }

    /// What somebody allows, and how.
    fn permission(&mut self, kind: u8) -> Option<Record<'a>> {
        Some(match kind {
            code::CONSENT_STATED | code::CONSENT_STATED_IN => Record::ConsentStated(ConsentStated {
                subject: self.subject()?,
                purpose: self.envelope.text()?,
                channel: self.envelope.text()?,
                granted: self.flag()?,
                source: self.one_of(&ConsentSource::ALL)?,
                stated_at: self.at()?,
                wording: self.envelope.text()?,
                proof: self.personal.text()?,
                language: if kind == code::CONSENT_STATED_IN { self.envelope.text()? } else { "" },
            }),
            _ => Record::PreferenceStated(PreferenceStated {
                subject: self.subject()?,
                preference: match self.envelope.byte()? {
                    0 => Preference::PausedUntil(self.at()?),
                    1 => Preference::Fewer(self.flag()?),
                    _ => return None,
                },
                source: self.one_of(&ConsentSource::ALL)?,
                stated_at: self.at()?,
                proof: self.personal.text()?,
            }),
        })
    }

    fn register(&mut self, kind: u8) -> Option<Record<'a>> {
        let (register, edition) = (self.envelope.text()?, self.small()?);
        let count =
            usize::try_from(self.envelope.varint()?).ok().filter(|count| *count <= REGISTER_CHANNELS_MAX)?;
        let channels = (0..count).map(|_| self.envelope.text()).collect::<Option<Vec<&str>>>()?;
        if kind == code::REGISTER_CHECKED {
            let (checked_at, valid_for) = (self.at()?, Span(self.envelope.zigzag()?));
            let operator = self.envelope.text()?;
            let checked = RegisterChecked { register, edition, channels, checked_at, valid_for, operator };
            return Some(Record::RegisterChecked(checked));
        }
        let count =
            usize::try_from(self.envelope.varint()?).ok().filter(|count| *count <= REGISTER_SLICE_MAX)?;
        let hashes = (0..count).map(|_| self.envelope.u128().map(KeyedHash)).collect::<Option<Vec<_>>>()?;
        Some(Record::RegisterListed(RegisterListed { register, edition, channels, hashes }))
    }

    /// What says who is who.
    fn identity(&mut self, kind: u8) -> Option<Record<'a>> {
        Some(match kind {
            code::PROFILES_MERGED => Record::ProfilesMerged(ProfilesMerged {
                from: self.identifier()?,
                into: self.identifier()?,
                merged_at: self.at()?,
                operator: self.envelope.text()?,
            }),
            code::MERGE_UNDONE => Record::MergeUndone(MergeUndone {
                merge: self.small().map(MergeId)?,
                undone_at: self.at()?,
                operator: self.envelope.text()?,
            }),
            code::IDENTIFIER_LIFTED => Record::IdentifierLifted(IdentifierLifted {
                identifier: self.identifier()?,
                lifted_at: self.at()?,
                operator: self.envelope.text()?,
            }),
            code::PROFILE_ERASED => Record::ProfileErased(ProfileErased {
                profile: self.small().map(ProfileId)?,
                erased_at: self.at()?,
                operator: self.envelope.text()?,
            }),
            _ => Record::LogRedacted(LogRedacted {
                to: self.envelope.varint().map(Seq)?,
                redacted_at: self.at()?,
            }),
        })
    }

    fn codes(&mut self) -> Option<CodesAdded<'a>> {
        let (offer, added_at, operator) = (self.envelope.text()?, self.at()?, self.envelope.text()?);
        let count =
            usize::try_from(self.envelope.varint()?).ok().filter(|count| *count <= CODES_IN_RECORD_MAX)?;
        let codes = (0..count).map(|_| self.personal.text()).collect::<Option<Vec<_>>>()?;
        Some(CodesAdded { offer, added_at, operator, codes })
    }

    fn cutoffs(&mut self) -> Option<CutoffsStated<'a>> {
        let stated_at = self.at()?;
        let count = usize::try_from(self.envelope.varint()?).ok().filter(|count| *count <= CUTOFFS_MAX)?;
        let mut cutoffs = Vec::new();
        for _ in 0..count {
            let share = self.envelope.text()?;
            let value = if self.flag()? { Some(self.envelope.u128()?.cast_signed()) } else { None };
            cutoffs.push(CutoffStated { share, value });
        }
        Some(CutoffsStated { stated_at, cutoffs })
    }

    fn event(&mut self) -> Option<Event<'a>> {
        let kind = self.one_of(&EventKind::ALL)?;
        let flags = EventFlags(self.envelope.byte()?);
        let received_at = self.at()?;
        let age = i64::try_from(self.envelope.varint()?).ok()?;
        let source = self.envelope.text()?;
        let name = self.envelope.text()?;
        let message_id = KeyedHash(self.envelope.u128()?);
        let count = usize::try_from(self.envelope.varint()?).ok()?;
        if count > RECORD_IDENTIFIERS_MAX {
            return None;
        }
        let mut identifiers = Vec::with_capacity(count);
        for _ in 0..count {
            identifiers.push(self.identifier()?);
        }
        Some(Event {
            kind,
            flags,
            occurred_at: At(received_at.0.checked_sub(age)?),
            received_at,
            source,
            name,
            message_id,
            identifiers,
            message_id_text: self.personal.text()?,
            properties: Map::from_bytes(self.personal.bytes()?),
            traits: Map::from_bytes(self.personal.bytes()?),
            context: Map::from_bytes(self.personal.bytes()?),
        })
    }

    fn at(&mut self) -> Option<At> {
        self.envelope.zigzag().map(At)
    }

    fn small(&mut self) -> Option<u32> {
        self.envelope.varint().and_then(|number| u32::try_from(number).ok())
    }

    fn flag(&mut self) -> Option<bool> {
        match self.envelope.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn send(&mut self) -> Option<SendId> {
        self.envelope.varint().map(SendId)
    }

    /// The element of `all` whose place is the next byte: the order of such lists is part of the format.
    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.envelope.byte()?)).copied()
    }

    fn identifier(&mut self) -> Option<Identifier<'a>> {
        Some(Identifier {
            kind: IdentifierKind::from_code(self.envelope.byte()?)?,
            hash: KeyedHash(self.envelope.u128()?),
            value: self.personal.text()?,
        })
    }

    fn subject(&mut self) -> Option<Subject<'a>> {
        match self.envelope.byte()? {
            0 => self.identifier().map(Subject::Identifier),
            1 => self.send().map(Subject::Send),
            _ => None,
        }
    }
}
