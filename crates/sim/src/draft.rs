//! What somebody outside wants to tell, before the door has made records of it.

use engine::at::{At, Span};
use engine::identifier::{HashKey, IdentifierKind};
use engine::record::{
    CodesAdded, Command, Commandable, Commanded, ConsentSource, ConsentStated, CutoffsStated, Engaged,
    Engagement, Event, EventFlags, EventKind, Identifier, MergeUndone, OfferRedeemed, OperatorActed,
    Preference, PreferenceStated, ProfileErased, ProfilesMerged, ProgrammeApplied, Record, RegisterChecked,
    RegisterListed, Rejected, Returned, RunRequested, Subject, SuppressionStated, Verdict,
};
use engine::segment::cutoff::Cutoff;
use engine::value::OwnedMap;
use engine::{MergeId, ProfileId, SendId};
use sha2::{Digest, Sha256};

use crate::clusters::Searched;
use crate::programme::{GIFT, OFFERS};

/// The one source of the simulated shop.
const SOURCE: &str = "shop";

#[derive(Clone, Debug)]
pub(crate) enum Draft {
    Event(EventDraft),
    Consent {
        subject: SubjectDraft,
        channel: &'static str,
        granted: bool,
        source: ConsentSource,
        stated_at: At,
    },
    /// A pause that the recipient of a send asks for, or ends.
    Pause {
        send: SendId,
        until: At,
        stated_at: At,
    },
    Suppression {
        email: String,
        lifted: bool,
        stated_at: At,
    },
    Programme(String),
    /// Found out by ranking everybody at an instant.
    Cutoffs {
        stated_at: At,
        cutoffs: Vec<Cutoff>,
    },
    Clusters(Searched),
    Merge {
        from: (IdentifierKind, String),
        into: (IdentifierKind, String),
        merged_at: At,
    },
    Undo {
        merge: MergeId,
        undone_at: At,
    },
    Erase {
        profile: ProfileId,
        erased_at: At,
    },
    /// Somebody is to begin a journey.
    Request {
        journey: &'static str,
        who: (IdentifierKind, String),
        total: u64,
        requested_at: At,
    },
    /// A journey or a broadcast is stopped, or goes on.
    Command {
        what: Commandable,
        name: &'static str,
        command: Command,
        commanded_at: At,
    },
    /// A slice of a look at an opt-out register.
    Listed {
        register: &'static str,
        edition: u32,
        channels: &'static [&'static str],
        emails: Vec<String>,
        /// Nothing is known of an address but its SHA-256.
        hashed: bool,
    },
    /// All slices have come.
    Checked {
        register: &'static str,
        edition: u32,
        channels: &'static [&'static str],
        checked_at: At,
    },
    /// Codes for the offer, from a list.
    Codes {
        codes: Vec<String>,
        added_at: At,
    },
    /// A code of the offer is taken at a till.
    Redeemed {
        code: String,
        who: Option<(IdentifierKind, String)>,
        redeemed_at: At,
    },
    /// An event that the door refused.
    Rejected,
    Engaged {
        send: SendId,
        engagement: Engagement,
        machine: bool,
        occurred_at: At,
    },
    /// A send that was accepted comes back: its address does not exist.
    Returned {
        send: SendId,
        returned_at: At,
    },
    /// Bytes that are no record.
    Garbage(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(crate) struct EventDraft {
    pub(crate) kind: EventKind,
    pub(crate) flags: EventFlags,
    pub(crate) occurred_at: At,
    pub(crate) name: &'static str,
    pub(crate) message_id: String,
    pub(crate) identifiers: Vec<(IdentifierKind, String)>,
    pub(crate) properties: serde_json::Value,
    pub(crate) traits: serde_json::Value,
    pub(crate) context: serde_json::Value,
}

#[derive(Clone, Debug)]
pub(crate) enum SubjectDraft {
    Email(String),
    Send(SendId),
}

/// What the preference centre makes of a pause that somebody asks for.
fn pause(send: SendId, until: At, stated_at: At) -> Record<'static> {
    Record::PreferenceStated(PreferenceStated {
        subject: Subject::Send(send),
        preference: Preference::PausedUntil(until),
        source: ConsentSource::PreferenceCentre,
        stated_at,
        proof: "a page",
    })
}

impl Draft {
    /// The record's bytes, as the door makes them of a request that comes in at `received_at`.
    pub(crate) fn encode(&self, key: &HashKey, received_at: At) -> Vec<u8> {
        let mut bytes = Vec::new();
        let identify = |kind, value| Identifier { kind, hash: key.identifier(kind, value), value };
        match self {
            Self::Event(event) => event.encode(key, received_at, &mut bytes),
            Self::Consent { subject, channel, granted, source, stated_at } => {
                let subject = match subject {
                    SubjectDraft::Email(email) => Subject::Identifier(identify(IdentifierKind::Email, email)),
                    SubjectDraft::Send(send) => Subject::Send(*send),
                };
                let stated = ConsentStated {
                    subject,
                    purpose: OFFERS,
                    channel,
                    granted: *granted,
                    source: *source,
                    stated_at: *stated_at,
                    wording: "1",
                    language: "",
                    proof: "a page",
                };
                Record::ConsentStated(stated).encode(&mut bytes);
            }
            Self::Pause { send, until, stated_at } => {
                pause(*send, *until, *stated_at).encode(&mut bytes);
            }
            Self::Suppression { email, lifted, stated_at } => {
                let identifier = identify(IdentifierKind::Email, email);
                let stated =
                    SuppressionStated { identifier, lifted: *lifted, stated_at: *stated_at, reason: "asked" };
                Record::SuppressionStated(stated).encode(&mut bytes);
            }
            Self::Programme(definition) => {
                let applied = ProgrammeApplied { applied_at: received_at, operator: "ada", definition };
                Record::ProgrammeApplied(applied).encode(&mut bytes);
            }
            Self::Cutoffs { stated_at, cutoffs } => {
                let cutoffs = cutoffs.iter().map(Cutoff::as_stated).collect();
                Record::CutoffsStated(CutoffsStated { stated_at: *stated_at, cutoffs }).encode(&mut bytes);
            }
            Self::Clusters(searched) => searched.record().encode(&mut bytes),
            Self::Merge { from, into, merged_at } => {
                let [from, into] = [from, into].map(|(kind, value)| identify(*kind, value));
                let merged = ProfilesMerged { from, into, merged_at: *merged_at, operator: "ada" };
                Record::ProfilesMerged(merged).encode(&mut bytes);
            }
            Self::Undo { merge, undone_at } => {
                let undone = MergeUndone { merge: *merge, undone_at: *undone_at, operator: "ada" };
                Record::MergeUndone(undone).encode(&mut bytes);
            }
            Self::Erase { profile, erased_at } => {
                let erased = ProfileErased { profile: *profile, erased_at: *erased_at, operator: "ada" };
                Record::ProfileErased(erased).encode(&mut bytes);
            }
            Self::Request { journey, who, total, requested_at } => {
                let data = OwnedMap::from_json(&serde_json::json!({ "total": total })).expect("an object");
                let requested = RunRequested {
                    journey,
                    identifier: identify(who.0, &who.1),
                    requested_at: *requested_at,
                    operator: "ada",
                    data: data.as_map(),
                };
                Record::RunRequested(requested).encode(&mut bytes);
            }
            Self::Command { what, name, command, commanded_at } => {
                let (what, command, commanded_at) = (*what, *command, *commanded_at);
                Record::Commanded(Commanded { what, name, command, commanded_at, operator: "ada" })
                    .encode(&mut bytes);
            }
            Self::Listed { .. } | Self::Checked { .. } | Self::Codes { .. } | Self::Redeemed { .. } => {
                self.encode_list(key, &mut bytes);
            }
            Self::Rejected => {
                Record::Rejected(rejected(received_at)).encode(&mut bytes);
            }
            Self::Engaged { send, engagement, machine, occurred_at } => {
                let (send, engagement, machine, occurred_at) = (*send, *engagement, *machine, *occurred_at);
                let engaged =
                    Engaged { send, engagement, machine, occurred_at, url: "https://shop.example/a" };
                Record::Engaged(engaged).encode(&mut bytes);
            }
            Self::Returned { send, returned_at } => {
                let (send, returned_at, verdict) = (*send, *returned_at, Verdict::HardBounce);
                Record::Returned(Returned { send, verdict, returned_at, reply: "5.1.1" }).encode(&mut bytes);
            }
            Self::Garbage(garbage) => bytes.extend_from_slice(garbage),
        }
        bytes
    }

    /// The record of who did it, which the door puts behind what an operator does to people.
    pub(crate) fn act(&self, key: &HashKey, received_at: At) -> Option<Vec<u8>> {
        let email = |email: &String| (IdentifierKind::Email, email.clone());
        let (act, people) = match self {
            Self::Suppression { email: whose, .. } => ("address.suppress", vec![email(whose)]),
            Self::Consent { subject: SubjectDraft::Email(whose), .. } => {
                ("consent.state", vec![email(whose)])
            }
            Self::Merge { from, into, .. } => ("profile.merge", vec![from.clone(), into.clone()]),
            Self::Request { who, .. } => ("run.request", vec![who.clone()]),
            _ => return None,
        };
        let after =
            serde_json::json!({ "people": people.iter().map(|one| &one.1).collect::<Vec<_>>() }).to_string();
        let acted = OperatorActed {
            acted_at: received_at,
            operator: "ada",
            role: "marketer",
            act,
            subject: "",
            people: people
                .iter()
                .map(|(kind, value)| Identifier { kind: *kind, hash: key.identifier(*kind, value), value })
                .collect(),
            before: "",
            after: &after,
        };
        let mut bytes = Vec::new();
        Record::OperatorActed(acted).encode(&mut bytes);
        Some(bytes)
    }

    /// The same of what comes in lists and from tills.
    fn encode_list(&self, key: &HashKey, bytes: &mut Vec<u8>) {
        let identify = |kind, value| Identifier { kind, hash: key.identifier(kind, value), value };
        match self {
            Self::Listed { register, edition, channels, emails, hashed } => {
                let hash = |email: &String| match hashed {
                    true => key.digest(&Sha256::digest(email.as_bytes()).into()),
                    false => key.identifier(IdentifierKind::Email, email),
                };
                let (edition, channels) = (*edition, channels.to_vec());
                let hashes = emails.iter().map(hash).collect();
                Record::RegisterListed(RegisterListed { register, edition, channels, hashes }).encode(bytes);
            }
            Self::Checked { register, edition, channels, checked_at } => {
                let (edition, channels, checked_at) = (*edition, channels.to_vec(), *checked_at);
                let (valid_for, operator) = (Span::DAY, "ada");
                let checked =
                    RegisterChecked { register, edition, channels, checked_at, valid_for, operator };
                Record::RegisterChecked(checked).encode(bytes);
            }
            Self::Codes { codes, added_at } => {
                let codes = codes.iter().map(String::as_str).collect();
                let (offer, added_at, operator) = (GIFT, *added_at, "ada");
                Record::CodesAdded(CodesAdded { offer, added_at, operator, codes }).encode(bytes);
            }
            Self::Redeemed { code, who, redeemed_at } => {
                let identifier = who.as_ref().map(|(kind, value)| identify(*kind, value));
                let (offer, redeemed_at, operator) = (GIFT, *redeemed_at, "till");
                let redeemed = OfferRedeemed { offer, identifier, redeemed_at, operator, code };
                Record::OfferRedeemed(redeemed).encode(bytes);
            }
            _ => unreachable!("invariant: only lists are asked for here"),
        }
    }
}

fn rejected(received_at: At) -> Rejected<'static> {
    Rejected {
        received_at,
        source: SOURCE,
        code: "missing_identifier",
        field: "userId",
        message: "an event names somebody",
        payload: "{}",
    }
}

impl EventDraft {
    fn encode(&self, key: &HashKey, received_at: At, bytes: &mut Vec<u8>) {
        let map = |json| OwnedMap::from_json(json).expect("drafts hold objects");
        let (properties, traits, context) = (map(&self.properties), map(&self.traits), map(&self.context));
        let identifiers = self.identifiers.iter().map(|(kind, value)| Identifier {
            kind: *kind,
            hash: key.identifier(*kind, value),
            value,
        });
        let event = Event {
            kind: self.kind,
            flags: self.flags,
            occurred_at: self.occurred_at,
            received_at,
            source: SOURCE,
            name: self.name,
            message_id: key.message_id(SOURCE, &self.message_id),
            identifiers: identifiers.collect(),
            message_id_text: &self.message_id,
            properties: properties.as_map(),
            traits: traits.as_map(),
            context: context.as_map(),
        };
        Record::Event(event).encode(bytes);
    }
}
