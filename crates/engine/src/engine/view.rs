//! What the API, the console and the tests may ask of the engine. Reading changes nothing.

use super::Engine;
use crate::at::{At, Span};
use crate::governor::Suppression;
use crate::identifier::IdentifierKind;
use crate::journey::RunState;
use crate::name::Names;
use crate::outbox::Send;
use crate::profile::Profile;
use crate::programme::{Mistake, Place, Programme};
use crate::segment::Expression;
use crate::segment::explain::Compiled;
use crate::segment::rule::{Rule, Scope};
use crate::segment::scan::{Members, Scan};
use crate::segment::{Owner, unevaluated};
use crate::state::{Counts, Merge, Reject};
use crate::value::Map;
use crate::{ProfileId, SendId, Seq};
use std::sync::Arc;

/// Profiles that a preview names.
const PREVIEW_SAMPLE: usize = 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView<'a> {
    pub name: &'a str,
    pub expression: &'a str,
    pub count: u64,
}

/// Who would be in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub count: u64,
    /// The first few of them.
    pub sample: Vec<ProfileId>,
}

impl Preview {
    /// Adds up what the slices found, given in order.
    pub fn of(slices: impl Iterator<Item = Members>) -> Self {
        let mut preview = Self { count: 0, sample: Vec::new() };
        for members in slices {
            preview.count += members.count();
            let missing = PREVIEW_SAMPLE - preview.sample.len();
            preview.sample.extend(members.iter().take(missing));
        }
        preview
    }
}

/// An expression with its names resolved.
pub struct Question(pub(super) Compiled);

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

/// One event of a profile.
#[derive(Clone, Copy, Debug)]
pub struct TimelineEntry<'a> {
    pub occurred_at: At,
    pub seq: Seq,
    pub name: &'a str,
    pub properties: Map<'a>,
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

    /// The profile under a number; one that was merged gives the one that it became.
    pub fn profile(&self, id: ProfileId) -> Option<&Profile> {
        let known = (id.0 as usize) < self.state.profiles.len();
        known.then(|| &self.state.profiles[self.state.canonical(id).0 as usize])
    }

    /// Every profile that stands for a person, oldest first.
    pub fn profiles(&self) -> impl DoubleEndedIterator<Item = (ProfileId, &Profile)> {
        let numbered = self.state.profiles.iter().enumerate();
        numbered
            .filter(|(_, profile)| profile.merged_into.is_none())
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
        if self.profile(id).is_none() {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for (name, events) in self.state.history.of_profile(self.canonical(id)) {
            let newest = (0..events.len()).rev().take(limit);
            entries.extend(newest.map(|index| {
                let fact = events.fact(index);
                TimelineEntry {
                    occurred_at: At::of_second(events.times()[index]).plus(Span(fact.millisecond.into())),
                    seq: fact.seq,
                    name: self.state.names.text(name),
                    properties: fact.properties,
                }
            }));
        }
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.occurred_at, entry.seq)));
        entries.truncate(limit);
        entries
    }

    /// The programme's segments, by name.
    pub fn segments(&self) -> Vec<SegmentView<'_>> {
        let live = self.state.segments.iter().filter(|segment| segment.live && segment.visible);
        let mut views: Vec<SegmentView<'_>> = live
            .map(|segment| SegmentView {
                name: &segment.name,
                expression: &segment.expression,
                count: segment.count,
            })
            .collect();
        views.sort_by_key(|view| view.name);
        views
    }

    pub fn segment(&self, name: &str) -> Option<SegmentView<'_>> {
        self.segments().into_iter().find(|view| view.name == name)
    }

    /// Who matches an expression at the engine's instant, by asking everybody.
    pub fn preview(&self, expression: &str) -> Result<Preview, Mistake> {
        self.preview_at(expression, self.state.at)
    }

    /// The same at a later instant: what time alone has changed by then.
    pub fn preview_at(&self, expression: &str, now: At) -> Result<Preview, Mistake> {
        let question = self.question(expression)?;
        let scan = self.scan(&question, now);
        Ok(Preview::of((0..scan.slices()).map(|slice| scan.slice(slice))))
    }

    /// An expression made ready to be asked, any number of times.
    pub fn question(&self, expression: &str) -> Result<Question, Mistake> {
        self.read(expression).map(Question)
    }

    /// Puts a question at an instant that is not before the engine's own. Slices may be asked by several threads.
    pub fn scan<'a>(&'a self, question: &'a Question, now: At) -> Scan<'a> {
        Scan::new(self, &question.0.rule, now)
    }

    fn read(&self, text: &str) -> Result<Compiled, Mistake> {
        let place = Place("expression".to_owned());
        let expression = unevaluated::parse_for(text, Owner::Segment).map_err(|wrong| Mistake {
            place: place.clone(),
            offset: Some(wrong.offset),
            message: wrong.message,
            suggestion: wrong.suggestion,
        })?;
        if let Some(unknown) = expression.segments().into_iter().find(|name| self.live_slot(name).is_none()) {
            let known = self.segments();
            let near = crate::programme::nearest(unknown, known.iter().map(|view| view.name));
            return Err(Mistake {
                place,
                offset: text.find(unknown),
                message: format!("there is no segment \"{unknown}\""),
                suggestion: near.map(|name| format!("did you mean \"{name}\"?")),
            });
        }
        let rule = self.compile(&expression, &mut self.state.names.clone());
        Ok(Compiled { expression, rule })
    }

    /// The slot of a segment of the programme.
    pub(super) fn live_slot(&self, name: &str) -> Option<u16> {
        let found = self.state.segments.iter().position(|one| one.live && one.visible && one.name == name);
        found.map(|slot| slot as u16)
    }

    /// A rule to be asked now. A name that no event ever had gets a number in this copy alone, and so matches nothing.
    pub(super) fn compile(&self, expression: &Expression, names: &mut Names) -> Rule {
        let slot_of = |name: &str| self.live_slot(name);
        let timezone = &self.programme.timezone();
        Rule::compile(expression, &mut Scope { names, history: &self.state.history, timezone, slot_of })
    }

    pub fn journeys(&self) -> Vec<JourneyView<'_>> {
        let mut views: Vec<JourneyView<'_>> = Vec::new();
        for version in &self.state.versions {
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
                }),
            }
        }
        views.sort_by_key(|view| view.name);
        views
    }

    /// The profile's passages through journeys, oldest first.
    pub fn runs_of(&self, id: ProfileId) -> Vec<RunView<'_>> {
        let Some(profile) = self.profile(id) else { return Vec::new() };
        let view = |run: &crate::journey::Run| {
            let version = &self.state.versions[run.version as usize];
            RunView {
                journey: version.name.as_str(),
                version: version.version,
                entered_at: run.entered_at,
                state: run.state,
                held_out: run.held_out,
                reached_goal: run.reached_goal,
                due: (run.due < At::MAX).then_some(run.due),
            }
        };
        profile.runs.iter().map(view).collect()
    }

    /// The ledger, in order of decision.
    pub fn sends(&self) -> impl DoubleEndedIterator<Item = &Send> + ExactSizeIterator {
        self.state.sends.iter()
    }

    pub fn send(&self, id: SendId) -> Option<&Send> {
        self.state.send(id)
    }

    /// The profile's part of the ledger, in order of decision.
    pub fn sends_of(&self, id: ProfileId) -> impl DoubleEndedIterator<Item = &Send> {
        let sends = self.profile(id).map_or(&[][..], |profile| &profile.sends);
        sends.iter().filter_map(|id| self.state.send(*id))
    }

    /// Blocked addresses, in no order that means anything but always the same.
    pub fn suppressions(&self) -> impl Iterator<Item = &Suppression> {
        self.state.suppressions.values()
    }

    pub fn suppression(&self, kind: IdentifierKind, normalised: &str) -> Option<&Suppression> {
        self.state.suppressions.get(&self.hash_key().identifier(kind, normalised))
    }

    /// Refused events that are still listed, oldest first.
    pub fn rejects(&self) -> impl DoubleEndedIterator<Item = &Reject> {
        self.state.rejects.iter()
    }

    pub fn merges(&self) -> &[Merge] {
        &self.state.merges
    }

    pub fn counts(&self) -> &Counts {
        &self.state.counts
    }

    pub fn timers(&self) -> usize {
        self.state.timers.len()
    }
}
