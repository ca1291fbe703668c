//! All that the engine remembers: one value, made of records alone, and told to a snapshot in sections.

mod sections;

use crate::acts::Acts;
use crate::at::At;
use crate::best::Learned;
use crate::broadcast::BroadcastState;
use crate::chunked::Chunked;
use crate::directory::Directory;
use crate::erasure::Erasure;
use crate::governor::Suppressions;
use crate::history::History;
use crate::identifier::KeyedHash;
use crate::journey::Standing;
use crate::layout::since;
use crate::ledger::Ledger;
use crate::limits::REJECTS_LISTED_MAX;
use crate::merge::Merges;
use crate::name::Names;
use crate::offer::Offers;
use crate::outbox::{Decision, Decisions, Reason, Send, Status};
use crate::owed::Owed;
use crate::parts::Parts;
use crate::profile::Profile;
use crate::programme::Programme;
use crate::record::{Installed, Rejected};
use crate::register::Registers;
use crate::report::ReportState;
use crate::roll::Roll;
use crate::seen::MessageIds;
use crate::segment::cluster::ClusterState;
use crate::segment::cutoff::Cutoffs;
use crate::shared::Shared;
use crate::spend::Spend;
use crate::timer::Timers;
use crate::truths::Truths;
use crate::webhook::Webhooks;
use crate::wordings::Wordings;
use crate::{ProfileId, SendId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Profiles that are copied together when one is written to while a copy of the state holds them.
const PROFILES_IN_CHUNK: usize = 16;
/// The addresses that traits name are cut into so many parts.
const ADDRESS_PARTS: usize = 1 << 12;

/// Addresses, each with a profile whose traits name it.
type Named = BTreeSet<(KeyedHash, ProfileId)>;

/// What is not skipped is small, and told in the head; `state/sections.rs` tells the rest.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct State {
    pub(crate) seq: Seq,
    pub(crate) at: At,
    pub(crate) installed: Option<Installed>,
    /// JSON of the programme that is live.
    pub(crate) definition: Option<String>,
    /// How many programmes were applied.
    pub(crate) revision: u32,
    /// Where the log has them, the newest last.
    #[borsh(deserialize_with = "since::<9, _, _>")]
    pub(crate) revisions: VecDeque<Seq>,
    pub(crate) names: Names,
    #[borsh(skip)]
    pub(crate) profiles: Chunked<Profile, PROFILES_IN_CHUNK>,
    pub(crate) history: History,
    pub(crate) truths: Truths,
    #[borsh(skip)]
    pub(crate) directory: Directory,
    pub(crate) shared: Shared,
    /// Addresses that a profile's traits name and that were not its identifiers.
    #[borsh(skip)]
    pub(crate) addresses: Parts<Arc<Named>, ADDRESS_PARTS>,
    #[borsh(skip)]
    pub(crate) message_ids: MessageIds,
    #[borsh(skip)]
    pub(crate) suppressions: Suppressions,
    pub(crate) wordings: Wordings,
    pub(crate) registers: Registers,
    pub(crate) segments: Vec<SegmentState>,
    pub(crate) versions: Vec<JourneyVersion>,
    /// Of journeys that are not open, by name.
    pub(crate) standings: BTreeMap<String, Standing>,
    /// Those that the programme has, and those that were sent, by name.
    pub(crate) broadcasts: BTreeMap<String, BroadcastState>,
    /// People who are called one after the other, by the number of the list.
    pub(crate) rolls: BTreeMap<u32, Roll>,
    /// How many lists there were.
    pub(crate) rolls_made: u32,
    pub(crate) offers: Offers,
    pub(crate) cutoffs: Cutoffs,
    /// By set.
    pub(crate) clusters: BTreeMap<String, ClusterState>,
    pub(crate) sends: Ledger,
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(crate) learned: Learned,
    /// Sends that are queued or attempted.
    #[borsh(skip)]
    pub(crate) owed: Owed,
    /// By journey; under no name those of confirmations.
    pub(crate) decisions: BTreeMap<Arc<str>, Decisions>,
    pub(crate) timers: Timers,
    pub(crate) runs: u64,
    pub(crate) rejects: VecDeque<Arc<Reject>>,
    pub(crate) merges: Merges,
    /// Those of whom the log still has something, in the order in which they were erased.
    pub(crate) erasures: Vec<Erasure>,
    /// Those of the programme, by name.
    pub(crate) webhooks: Webhooks,
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(crate) spend: Spend,
    /// Those of the programme, by name.
    #[borsh(deserialize_with = "since::<9, _, _>")]
    pub(crate) reports: BTreeMap<String, ReportState>,
    #[borsh(skip)]
    pub(crate) acts: Acts,
    pub(crate) counts: Counts,
}

/// A segment of the programme, or one that it once had: slots are never given away, so that an old journey version
/// cannot come to mean another segment.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct SegmentState {
    pub(crate) name: String,
    pub(crate) expression: String,
    pub(crate) live: bool,
    /// False for the entry rules of journeys.
    pub(crate) visible: bool,
    pub(crate) count: u64,
}

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct JourneyVersion {
    pub(crate) name: String,
    /// Of a broadcast, each of whose people goes through a journey of one step.
    pub(crate) is_broadcast: bool,
    /// 1 for the first of that name.
    pub(crate) version: u32,
    pub(crate) live: bool,
    /// JSON.
    pub(crate) definition: String,
    pub(crate) active: u64,
    pub(crate) finished: u64,
    pub(crate) held_out: u64,
    pub(crate) reached_goal: u64,
}

impl JourneyVersion {
    pub(crate) fn new(name: &str, version: u32, definition: String, is_broadcast: bool) -> Self {
        let name = name.to_owned();
        Self {
            name,
            is_broadcast,
            version,
            live: true,
            definition,
            active: 0,
            finished: 0,
            held_out: 0,
            reached_goal: 0,
        }
    }
}

/// An event that was refused at the door.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Reject {
    pub seq: Seq,
    pub received_at: At,
    pub source: String,
    pub code: String,
    pub field: String,
    pub message: String,
    pub payload: String,
}

/// Figures of the whole installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Counts {
    pub events: u64,
    pub bot_events: u64,
    /// Events all of whose identifiers are blocked: they are in the log, and nobody's.
    pub nameless: u64,
    pub rejected: u64,
    /// Profiles that stand for a person, merged ones left out.
    pub profiles: u64,
    /// Those of them with a `user_id` or an email.
    pub identified: u64,
    /// Profiles ever found to be one person.
    pub merges: u64,
    /// Those that an operator took apart again.
    pub merges_undone: u64,
    /// People who were erased.
    pub erased: u64,
    pub timer_fires: u64,
    pub membership_changes: u64,
    sends: [u64; Status::ALL.len()],
}

impl Status {
    /// Whether a send with it is still owed to the world.
    fn is_owed(self) -> bool {
        matches!(self, Self::Queued | Self::Attempted)
    }
}

impl Counts {
    pub fn sends(&self, status: Status) -> u64 {
        self.sends[status as usize]
    }
}

impl State {
    pub(crate) fn send(&self, id: SendId) -> Option<Send> {
        self.sends.get(id)
    }

    /// Notes what becomes of a send.
    pub(crate) fn change_send<T>(&mut self, id: SendId, change: impl FnOnce(&mut Send) -> T) -> T {
        let mut send = self.sends.get(id).expect("invariant: only known sends change");
        let answer = change(&mut send);
        self.sends.set(&send);
        answer
    }

    /// Adds the newest send of a person who stands.
    pub(crate) fn add_send(&mut self, send: &Send) {
        self.counts.sends[send.status as usize] += 1;
        if send.status == Status::Queued {
            self.owed.insert(send.id);
        }
        match self.decisions.get_mut(&send.journey) {
            Some(decisions) => decisions.add(send.decision),
            None => self.decisions.entry(Arc::clone(&send.journey)).or_default().add(send.decision),
        }
        let newest = &mut self.profiles[send.profile.0 as usize].newest_send;
        self.sends.push(send, *newest);
        *newest = Some(send.id);
    }

    /// Decides a send anew.
    pub(crate) fn decide(&mut self, id: SendId, decision: Decision) {
        let (before, journey) = self.change_send(id, |send| {
            (std::mem::replace(&mut send.decision, decision), Arc::clone(&send.journey))
        });
        let decisions = self.decisions.get_mut(&journey).expect("invariant: it was counted when it came");
        decisions.change(before, decision);
    }

    pub(crate) fn drop_send(&mut self, id: SendId, reason: Reason) {
        self.decide(id, Decision::Drop { reason });
        self.change_send(id, |send| send.retry_at = None);
        self.set_status(id, Status::Dropped);
    }

    pub(crate) fn set_status(&mut self, id: SendId, status: Status) {
        let before = self.change_send(id, |send| std::mem::replace(&mut send.status, status));
        self.counts.sends[before as usize] -= 1;
        self.counts.sends[status as usize] += 1;
        if status.is_owed() {
            self.owed.insert(id);
        } else {
            self.owed.remove(id);
        }
    }

    /// The profile that stands for this one after merges.
    pub(crate) fn canonical(&self, mut id: ProfileId) -> ProfileId {
        while let Some(into) = self.profiles[id.0 as usize].merged_into {
            id = into;
        }
        id
    }

    /// The profile that stands for this one after merges, unless it was erased.
    pub(crate) fn standing(&self, id: ProfileId) -> Option<ProfileId> {
        Some(self.canonical(id)).filter(|id| self.profiles[id.0 as usize].stands())
    }

    /// Whether a profile is another, or has been merged into it on whatever way.
    pub(crate) fn is_part(&self, mut id: ProfileId, of: ProfileId) -> bool {
        while id != of {
            match self.profiles[id.0 as usize].merged_into {
                Some(into) => id = into,
                None => return false,
            }
        }
        true
    }

    /// A profile and all that it has taken in, on whatever way.
    pub(crate) fn parts(&self, id: ProfileId) -> Vec<ProfileId> {
        let mut parts = vec![id];
        let mut next = 0;
        while let Some(part) = parts.get(next) {
            let own = self.profiles[part.0 as usize].own.as_ref();
            let merges = own.map_or(&[][..], |own| &own.merges);
            parts.extend(merges.iter().map(|merge| self.merges.get(*merge).from));
            next += 1;
        }
        parts
    }

    /// The profiles that an address may reach: whose identifier it is, and whose traits name it.
    pub(crate) fn reached_at(&self, address: KeyedHash) -> BTreeSet<ProfileId> {
        let of_traits = (address, ProfileId(0))..=(address, ProfileId(u32::MAX));
        let named = self.addresses.of(address).range(of_traits).map(|(_, id)| *id);
        named.chain(self.directory.get(address)).map(|id| self.canonical(id)).collect()
    }

    pub(crate) fn reject(&mut self, seq: Seq, rejected: &Rejected<'_>) {
        self.counts.rejected += 1;
        if self.rejects.len() == REJECTS_LISTED_MAX {
            self.rejects.pop_front();
        }
        self.rejects.push_back(Arc::new(Reject {
            seq,
            received_at: rejected.received_at,
            source: rejected.source.to_owned(),
            code: rejected.code.to_owned(),
            field: rejected.field.to_owned(),
            message: rejected.message.to_owned(),
            payload: rejected.payload.to_owned(),
        }));
    }

    pub(crate) fn parsed_programme(&self) -> Option<Programme> {
        let definition = self.definition.as_deref()?;
        Some(
            serde_json::from_str(definition)
                .expect("invariant: a definition was checked when it was applied"),
        )
    }
}
