//! What the API, the console and the tests may ask of the engine. Reading changes nothing.

use super::Engine;
use crate::at::At;
use crate::governor::Suppression;
use crate::identifier::IdentifierKind;
use crate::journey::{Passage, RunState, Standing};
use crate::name::NameId;
use crate::outbox::{Decisions, Fate, Send};
use crate::profile::Profile;
use crate::programme::{Channel, Journey, Programme};
use crate::state::{Counts, JourneyVersion, Reject, SegmentState, State};
use crate::wordings::Wordings;
use crate::{ProfileId, SendId, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView<'a> {
    pub name: &'a str,
    pub expression: &'a str,
    pub count: u64,
    /// Whether somebody listens, so that its changes become records.
    pub recorded: bool,
}

/// All versions of one journey together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JourneyView<'a> {
    pub name: &'a str,
    /// The newest.
    pub version: u32,
    /// Whether the programme still has it.
    pub live: bool,
    pub entered: u64,
    pub active: u64,
    pub finished: u64,
    pub held_out: u64,
    pub converted: u64,
    /// What it wanted to send, and how that was decided.
    pub decisions: Decisions,
    pub standing: Standing,
}

/// How many people are where on their way through a version of a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionView {
    pub version: u32,
    pub live: bool,
    pub active: u64,
    /// By the places of steps, in the order of the steps.
    pub positions: Vec<(Arc<str>, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunView<'a> {
    pub journey: &'a str,
    pub version: u32,
    pub entered_at: At,
    pub state: RunState,
    pub held_out: bool,
    pub reached_goal: bool,
    /// When time alone moves it on.
    pub due: Option<At>,
}

/// One event of a profile. All that it was is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineEntry<'a> {
    /// Place in the log.
    pub seq: Seq,
    /// Seconds since 1970.
    pub second: u32,
    pub name: &'a str,
}

impl Engine {
    /// The programme that is live; an empty one before the first.
    pub fn programme(&self) -> &Arc<Programme> {
        &self.programme
    }

    /// How many programmes were applied.
    pub fn programme_revision(&self) -> u32 {
        self.state.revision
    }

    /// Where the log has programmes that were applied, by their number; the newest ones, in order.
    pub fn programme_places(&self) -> impl Iterator<Item = (u32, Seq)> {
        let State { revision, revisions, .. } = &self.state;
        let first = revision + 1 - revisions.len() as u32;
        (first..).take(revisions.len()).zip(revisions.iter().copied())
    }

    /// How many people are inside a segment of the programme and not inside it with another engine, which knows the same
    /// people. Looks at everybody.
    pub fn inside_here_only(&self, other: &Self, segment: &str) -> u64 {
        let slot_of = |engine: &Self| {
            let named = |one: &SegmentState| one.live && one.visible && one.name == segment;
            engine.state.segments.iter().position(named).map(|slot| slot as u16)
        };
        let Some(here) = slot_of(self) else { return 0 };
        let there = slot_of(other);
        let is_alone = |(id, _): &(ProfileId, &Profile)| {
            self.state.truths.is_member(*id, here)
                && !there.is_some_and(|slot| other.state.truths.is_member(*id, slot))
        };
        self.profiles().filter(is_alone).count() as u64
    }

    /// The profile under a number; one that was merged gives the one that it became, and one that was erased none.
    pub fn profile(&self, id: ProfileId) -> Option<&Profile> {
        let known = (id.0 as usize) < self.state.profiles.len();
        known.then(|| self.state.standing(id)).flatten().map(|id| &self.state.profiles[id.0 as usize])
    }

    /// Every profile that stands for a person, oldest first.
    pub fn profiles(&self) -> impl DoubleEndedIterator<Item = (ProfileId, &Profile)> {
        let numbered = self.state.profiles.iter().enumerate();
        numbered
            .filter(|(_, profile)| profile.stands())
            .map(|(number, profile)| (ProfileId(number as u32), profile))
    }

    pub fn canonical(&self, id: ProfileId) -> ProfileId {
        self.state.canonical(id)
    }

    /// Names of the segments that the profile is in.
    pub fn memberships(&self, id: ProfileId) -> Vec<&str> {
        if self.profile(id).is_none() {
            return Vec::new();
        }
        let id = self.canonical(id);
        let named = self.state.segments.iter().enumerate();
        named
            .filter(|(slot, segment)| segment.visible && self.state.truths.is_member(id, *slot as u16))
            .map(|(_, segment)| segment.name.as_str())
            .collect()
    }

    /// The profile's events, newest first.
    pub fn timeline(&self, id: ProfileId, limit: usize) -> Vec<TimelineEntry<'_>> {
        self.timeline_before(id, (u32::MAX, Seq(u64::MAX)), None, limit)
    }

    /// Those before a second and a place in the log, of one name or of all, newest first: what comes meanwhile moves none of
    /// them to another page.
    pub fn timeline_before(
        &self,
        id: ProfileId,
        before: (u32, Seq),
        named: Option<&str>,
        limit: usize,
    ) -> Vec<TimelineEntry<'_>> {
        if self.profile(id).is_none() {
            return Vec::new();
        }
        let mut entries = Vec::new();
        let all = self.state.history.of_profile(self.canonical(id));
        let is_wanted = |name: NameId| named.is_none_or(|named| self.state.names.text(name) == named);
        for (name, events) in all.filter(|(name, _)| is_wanted(*name)) {
            let older = (0..events.after(before.0)).rev().map(|index| TimelineEntry {
                seq: events.seq(index),
                second: events.times()[index],
                name: self.state.names.text(name),
            });
            entries.extend(older.filter(|one| (one.second, one.seq) < before).take(limit));
        }
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.second, entry.seq)));
        entries.truncate(limit);
        entries
    }

    /// Whose the events from a place of the log on are, in no order. A walk over every event that is kept, which looks at
    /// nothing of them but their places.
    pub fn owners_since(&self, from: Seq) -> impl Iterator<Item = (Seq, ProfileId)> {
        let of_profile = move |id: ProfileId| {
            let strands = self.state.history.of_profile(id);
            strands.flat_map(|(_, events)| (0..events.len()).map(move |index| events.seq(index)))
        };
        self.profiles()
            .flat_map(move |(id, _)| of_profile(id).map(move |seq| (seq, id)))
            .filter(move |(seq, _)| *seq >= from)
    }

    /// How many events a profile has.
    pub fn events_of_profile(&self, id: ProfileId) -> u64 {
        let id = self.state.canonical(id);
        self.state.history.of_profile(id).map(|(_, events)| events.len() as u64).sum()
    }

    /// The programme's segments, by name.
    pub fn segments(&self) -> Vec<SegmentView<'_>> {
        let numbered = self.state.segments.iter().enumerate();
        let live = numbered.filter(|(_, segment)| segment.live && segment.visible);
        let mut views: Vec<SegmentView<'_>> = live
            .map(|(slot, segment)| SegmentView {
                name: &segment.name,
                expression: &segment.expression,
                count: segment.count,
                recorded: self.index.is_recorded(slot as u16),
            })
            .collect();
        views.sort_by_key(|view| view.name);
        views
    }

    /// Whether the programme has a segment of this name, or had one once.
    pub fn had_segment(&self, name: &str) -> bool {
        self.state.segments.iter().any(|segment| segment.visible && segment.name == name)
    }

    pub fn segment(&self, name: &str) -> Option<SegmentView<'_>> {
        self.segments().into_iter().find(|view| view.name == name)
    }

    pub fn journeys(&self) -> Vec<JourneyView<'_>> {
        let mut views: Vec<JourneyView<'_>> = Vec::new();
        for version in self.state.versions.iter().filter(|version| !version.is_broadcast) {
            let entered = version.active + version.finished;
            match views.iter_mut().find(|view| view.name == version.name) {
                Some(view) => {
                    view.version = version.version;
                    view.live |= version.live;
                    view.entered += entered;
                    view.active += version.active;
                    view.finished += version.finished;
                    view.held_out += version.held_out;
                    view.converted += version.reached_goal;
                }
                None => views.push(JourneyView {
                    name: &version.name,
                    version: version.version,
                    live: version.live,
                    entered,
                    active: version.active,
                    finished: version.finished,
                    held_out: version.held_out,
                    converted: version.reached_goal,
                    decisions: self.state.decisions.get(&*version.name).cloned().unwrap_or_default(),
                    standing: self.standing_of(&version.name),
                }),
            }
        }
        views.sort_by_key(|view| view.name);
        views
    }

    /// Where people are on their way through a journey, by version; versions that nobody is in are left out, but for the
    /// live one. Looks at everybody.
    pub fn versions_of(&self, journey: &str) -> Vec<VersionView> {
        let versions = self.state.versions.iter();
        let is_its: Vec<bool> = versions.map(|one| !one.is_broadcast && one.name == journey).collect();
        let mut positions: BTreeMap<(u32, u16), u64> = BTreeMap::new();
        for (_, profile) in self.profiles() {
            for run in profile.runs.iter().filter(|run| is_its[run.passage.version as usize]) {
                *positions.entry((run.passage.version, run.position)).or_default() += 1;
            }
        }
        let numbered = self.state.versions.iter().enumerate();
        let shown = numbered
            .filter(|(_, one)| !one.is_broadcast && one.name == journey && (one.live || one.active > 0));
        let view = |(number, version): (usize, &JourneyVersion)| {
            let places = &self.index.plans[number].places;
            let mut by_place: Vec<(Arc<str>, u64)> = Vec::new();
            for ((_, position), people) in positions.range((number as u32, 0)..=(number as u32, u16::MAX)) {
                let place = &places[usize::from(*position)];
                match by_place.last_mut() {
                    Some((last, known)) if last == place => *known += people,
                    _ => by_place.push((Arc::clone(place), *people)),
                }
            }
            let JourneyVersion { version, live, active, .. } = *version;
            VersionView { version, live, active, positions: by_place }
        };
        shown.map(view).collect()
    }

    /// Every version of a journey as it is defined, by their numbers from 1.
    pub fn definitions_of(&self, journey: &str) -> impl Iterator<Item = (u32, Journey)> {
        let versions = self.state.versions.iter();
        let of_name = versions.filter(move |one| !one.is_broadcast && one.name == journey);
        of_name.map(|one| {
            let definition = serde_json::from_str(&one.definition);
            (one.version, definition.expect("invariant: a definition was written by this program"))
        })
    }

    /// The profile's passages through journeys, oldest first.
    pub fn runs_of(&self, id: ProfileId) -> Vec<RunView<'_>> {
        let Some(profile) = self.profile(id) else { return Vec::new() };
        let going = profile.runs.iter().map(|run| (&run.passage, Some(run.due).filter(|due| *due < At::MAX)));
        let mut passages: Vec<_> = profile.past.iter().map(|passage| (passage, None)).chain(going).collect();
        passages.sort_by_key(|(passage, _)| passage.id);
        let view = |(passage, due): (&Passage, Option<At>)| {
            let version = &self.state.versions[passage.version as usize];
            RunView {
                journey: version.name.as_str(),
                version: version.version,
                entered_at: passage.entered_at,
                state: passage.state,
                held_out: passage.held_out,
                reached_goal: passage.reached_goal,
                due,
            }
        };
        passages.into_iter().map(view).collect()
    }

    /// The ledger, in order of decision.
    pub fn sends(&self) -> impl DoubleEndedIterator<Item = Send> + ExactSizeIterator {
        self.state.sends.iter()
    }

    /// What became of each send, the newest first.
    pub fn fates(&self) -> impl Iterator<Item = Fate<'_>> {
        self.state.sends.fates()
    }

    /// The same of some, by their numbers, as far as they are in the ledger.
    pub fn fates_of(&self, sends: impl Iterator<Item = SendId>) -> impl Iterator<Item = Fate<'_>> {
        sends.filter(|id| id.0 < self.state.sends.len() as u64).map(|id| self.state.sends.fate(id))
    }

    pub fn send(&self, id: SendId) -> Option<Send> {
        self.state.send(id)
    }

    /// The profile's part of the ledger, in order of decision.
    pub fn sends_of(&self, id: ProfileId) -> impl DoubleEndedIterator<Item = Send> {
        let newest = self.profile(id).and_then(|profile| profile.newest_send);
        self.state.sends.list(newest).into_iter().filter_map(|id| self.state.send(id))
    }

    /// Whether the person has an address on the channel that is not suppressed.
    pub fn is_reachable(&self, id: ProfileId, channel: Channel) -> bool {
        self.profile(id).is_some_and(|profile| self.governor().reaches(profile, channel))
    }

    /// Every wording that was ever live.
    pub fn wordings(&self) -> &Wordings {
        &self.state.wordings
    }

    /// Until when the profile may be written to as a customer, for a purpose on a channel; `None` where it may not.
    pub fn soft_opt_in(&self, id: ProfileId, purpose: &str, channel: Channel) -> Option<At> {
        let profile = self.profile(id)?;
        let address = crate::governor::address(profile, channel)?;
        let about = (purpose, channel, address.as_str());
        self.index.soft_opt_ins.until(&self.state, &self.programme, self.canonical(id), about)
    }

    /// Blocked addresses, in no order that means anything but always the same.
    pub fn suppressions(&self) -> impl Iterator<Item = &Suppression> {
        self.state.suppressions.iter().flat_map(|part| part.values())
    }

    pub fn suppression(&self, kind: IdentifierKind, normalised: &str) -> Option<&Suppression> {
        let hash = self.hash_key().identifier(kind, normalised);
        self.state.suppressions.of(hash).get(&hash)
    }

    /// Refused events that are still listed, oldest first.
    pub fn rejects(&self) -> impl DoubleEndedIterator<Item = &Reject> {
        self.state.rejects.iter().map(|reject| &**reject)
    }

    /// How sends were decided, by journey; under no name those that ask to confirm a consent.
    pub fn decisions(&self) -> impl Iterator<Item = (&str, &Decisions)> {
        self.state.decisions.iter().map(|(journey, decisions)| (&**journey, decisions))
    }

    pub fn counts(&self) -> &Counts {
        &self.state.counts
    }

    pub fn timers(&self) -> usize {
        self.state.timers.len()
    }
}
