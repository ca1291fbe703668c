//! People who were erased and of whom the log still has something: which records are theirs, and what may stay of each.
//!
//! Owned by the state. An erasure adds to it, and the record that the log was redacted takes away again, so that in the end
//! nothing here leads to anybody either. Whoever has the log asks [`Redaction`] about each record.

use crate::at::At;
use crate::engine::Engine;
use crate::identifier::{HashKey, IdentifierKind, KeyedHash, normalise};
use crate::merge::Places;
use crate::record::{Event, EventFlags, EventKind, Identifier, Record, Subject};
use crate::{ProfileId, SendId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who was erased, while the log still has something of them.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub struct Erasure {
    pub profile: ProfileId,
    /// The record that said so. All that the log has of them lies before it.
    pub seq: Seq,
    pub at: At,
    /// Their events.
    pub(crate) places: Places,
    /// Names that they had, each with the record up to which it was theirs.
    pub(crate) names: Vec<(KeyedHash, Seq)>,
    /// Those of them that were theirs to the end, and other addresses that they gave.
    pub(crate) own: BTreeSet<KeyedHash>,
    pub(crate) sends: Vec<SendId>,
    /// The profile and all that it had taken in: runs of theirs were answered by webhooks.
    pub(crate) parts: Vec<ProfileId>,
}

/// What is to be taken out of the log.
pub struct Redaction {
    key: HashKey,
    /// The newest erasure. Everything to be taken out lies before it.
    to: Seq,
    places: BTreeSet<Seq>,
    names: BTreeMap<KeyedHash, Seq>,
    own: BTreeMap<KeyedHash, Seq>,
    sends: BTreeSet<SendId>,
    profiles: BTreeSet<ProfileId>,
}

impl Engine {
    /// Those who were erased and of whom the log still has something, in the order in which they were.
    pub fn erasures(&self) -> &[Erasure] {
        &self.state.erasures
    }

    /// What is to be taken out of the log; `None` where nobody's erasure is pending.
    pub fn redaction(&self) -> Option<Redaction> {
        let erasures = self.erasures();
        let to = erasures.last()?.seq;
        let mut redaction = Redaction {
            key: self.hash_key(),
            to,
            places: BTreeSet::new(),
            names: BTreeMap::new(),
            own: BTreeMap::new(),
            sends: BTreeSet::new(),
            profiles: BTreeSet::new(),
        };
        for erasure in erasures {
            redaction.places.extend(erasure.places.read().into_iter().flat_map(|(_, places)| places));
            redaction.sends.extend(&erasure.sends);
            redaction.profiles.extend(&erasure.parts);
            for (hash, to) in &erasure.names {
                let known = redaction.names.entry(*hash).or_default();
                *known = (*known).max(*to);
            }
            redaction.own.extend(erasure.own.iter().map(|hash| (*hash, erasure.seq)));
        }
        Some(redaction)
    }
}

/// What a record has to do with those who were erased.
enum Part {
    Nothing,
    /// It is about somebody else, and some of its names are theirs.
    Names,
    Whole,
}

impl Redaction {
    /// Up to where the log is to be read.
    pub fn to(&self) -> Seq {
        self.to
    }

    /// What is to lie in the log in a record's stead; `None` where the record stays as it is, as one does that was redacted
    /// before.
    pub fn redact(&self, seq: Seq, record: &Record<'_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.part(seq, record) {
            Part::Nothing => return None,
            Part::Whole => record.encode_erased(&mut bytes),
            Part::Names => {
                let mut record = record.clone();
                match &mut record {
                    Record::Event(event) => event
                        .identifiers
                        .iter_mut()
                        .filter(|one| self.is_own(one, seq))
                        .for_each(Identifier::blank),
                    Record::OperatorActed(acted) => acted.blank(),
                    _ => unreachable!(
                        "invariant: of other records either nothing goes or all that is personal"
                    ),
                }
                record.encode(&mut bytes);
            }
        }
        Some(bytes)
    }

    fn part(&self, seq: Seq, record: &Record<'_>) -> Part {
        let whole = |theirs| if theirs { Part::Whole } else { Part::Nothing };
        match record {
            Record::Event(event) => self.part_of_event(seq, event),
            Record::Rejected(rejected) => whole(
                [rejected.payload, rejected.message].into_iter().any(|text| self.is_named_in(text, seq)),
            ),
            Record::ConsentStated(consent) => match &consent.subject {
                Subject::Identifier(one) => whole(self.is_theirs(one, seq)),
                Subject::Send(send) => whole(self.sends.contains(send) && seq < self.to),
            },
            Record::PreferenceStated(stated) => match &stated.subject {
                Subject::Identifier(one) => whole(self.is_theirs(one, seq)),
                Subject::Send(send) => whole(self.sends.contains(send) && seq < self.to),
            },
            Record::SuppressionStated(stated) => whole(self.is_own(&stated.identifier, seq)),
            Record::Settled(settled) => {
                whole(self.sends.contains(&settled.send) && !settled.reply.is_empty())
            }
            Record::Returned(returned) => {
                whole(self.sends.contains(&returned.send) && !returned.reply.is_empty())
            }
            Record::Engaged(engaged) => whole(self.sends.contains(&engaged.send)),
            Record::ProfilesMerged(merged) => {
                whole([&merged.from, &merged.into].into_iter().any(|one| self.is_own(one, seq)))
            }
            Record::WebhookAnswered(answered) => {
                whole(self.profiles.contains(&answered.profile) && !answered.answer.is_empty())
            }
            Record::RunRequested(requested) => whole(self.is_theirs(&requested.identifier, seq)),
            Record::IdentifierLifted(lifted) => whole(self.is_own(&lifted.identifier, seq)),
            Record::OfferNoted(noted) => whole(self.is_theirs(&noted.identifier, seq)),
            Record::OfferRedeemed(redeemed) => {
                whole(redeemed.identifier.is_some_and(|one| self.is_theirs(&one, seq)))
            }
            // That an operator did it stays known.
            Record::OperatorActed(acted) => {
                let are_named = |text| self.is_named_in(text, seq);
                let is_theirs = |one: &Identifier<'_>| self.is_theirs(one, seq) || self.is_own(one, seq);
                let is_about = acted.people.iter().any(is_theirs);
                match is_about || [acted.before, acted.after].into_iter().any(are_named) {
                    true => Part::Names,
                    false => Part::Nothing,
                }
            }
            Record::Installed(_)
            | Record::ProgrammeApplied(_)
            | Record::Attempted(_)
            | Record::CutoffsStated(_)
            // That an address must not be written to stays known, by its hash alone.
            | Record::RegisterListed(_)
            | Record::RegisterChecked(_)
            | Record::ClustersStated(_)
            | Record::MergeUndone(_)
            | Record::ProfileErased(_)
            | Record::LogRedacted(_)
            | Record::MembershipChanged(_)
            | Record::Viewed(_)
            | Record::Commanded(_)
            | Record::WebhookDelivered(_)
            | Record::WebhookFollowed(_)
            | Record::DeliveryRequested(_)
            | Record::CodesAdded(_)
            | Record::SpendRecorded(_)
            | Record::FlightRecorded(_)
            | Record::ReportSent(_)
            | Record::Tick => Part::Nothing,
        }
    }

    /// An event that is in a history, and not in theirs, is somebody else's. Of any other, its most trusted name decides.
    fn part_of_event(&self, seq: Seq, event: &Event<'_>) -> Part {
        if self.places.contains(&seq) {
            return Part::Whole;
        }
        let is_in_a_history = matches!(event.kind, EventKind::Track | EventKind::Page | EventKind::Screen)
            && !event.flags.has(EventFlags::BOT);
        let first = event.identifiers.first();
        if !is_in_a_history && first.is_some_and(|one| self.is_theirs(one, seq)) {
            Part::Whole
        } else if event.identifiers.iter().any(|one| self.is_own(one, seq)) {
            Part::Names
        } else {
            Part::Nothing
        }
    }

    fn is_theirs(&self, one: &Identifier<'_>, seq: Seq) -> bool {
        self.names.get(&one.hash).is_some_and(|to| seq < *to)
    }

    fn is_own(&self, one: &Identifier<'_>, seq: Seq) -> bool {
        self.own.get(&one.hash).is_some_and(|to| seq < *to)
    }

    fn is_named_in(&self, text: &str, seq: Seq) -> bool {
        is_named_in(text, &self.key, |hash| self.own.get(&hash).is_some_and(|to| seq < *to))
    }
}

/// Whether one of the values in a piece of JSON, or of what was meant to be JSON, is a name that the question knows.
pub(crate) fn is_named_in(text: &str, key: &HashKey, is_known: impl Fn(KeyedHash) -> bool) -> bool {
    let quoted = text.split('"');
    let plain = quoted.clone().flat_map(|piece| piece.split([',', ':', '{', '}', '[', ']', '\\', ' ', '\n']));
    let is_name = |word: &str| {
        !word.is_empty()
            && IdentifierKind::ALL
                .into_iter()
                .any(|kind| normalise(kind, word).is_ok_and(|value| is_known(key.identifier(kind, &value))))
    };
    quoted.clone().any(is_name) || plain.filter(|word| !word.is_empty()).any(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_a_payload_as_its_sender_wrote_it() {
        let key = HashKey([3; 16]);
        let is_ada = |text: &str| {
            let known = [
                key.identifier(IdentifierKind::Email, "ada@example.com"),
                key.identifier(IdentifierKind::Phone, "+39021234567"),
                key.identifier(IdentifierKind::UserId, "42"),
            ];
            is_named_in(text, &key, |hash| known.contains(&hash))
        };
        for text in [
            r#"{"userId":42,"type":"track"}"#,
            r#"{"traits":{"email":"Ada@Example.com"#,
            r#"{"phone":"+39 02 1234567"}"#,
            "ada@example.com is no event",
            r#"{"expression":"trait.email = \"ada@example.com\""}"#,
        ] {
            assert!(is_ada(text), "{text}");
        }
        for text in ["", r#"{"userId":421}"#, r#"{"email":"bob@example.com","total":"4.2"}"#] {
            assert!(!is_ada(text), "{text}");
        }
    }
}
