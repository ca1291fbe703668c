//! The world around the engine in a story: a clock that jumps, people who act, and providers that answer as told.
//!
//! It drives the very engine that the server runs, record by record, and ticks at each instant that is due, so that
//! what happens in a story is what happens live, and when.

use super::happen;
use super::story::{Fate, HandOver, Happens, PersonId, Story, WebhookAnswer};
use crate::site::decide;
use crate::webhooks::body;
use engine::at::At;
use engine::best::Chosen;
use engine::change::Change;
use engine::effect::Effect;
use engine::engine::{Engine, Outcome, Preview, Refusal, Unanswered};
use engine::identifier::{HashKey, IdentifierKind};
use engine::outbox::{Decision, Send, Status};
use engine::programme::{Channel, Mistake, Programme, timezone};
use engine::record::{
    Attempted, CutoffsStated, Installed, ProgrammeApplied, Record, Settled, WebhookAnswered, WebhookAttempt,
};
use engine::segment::cutoff::Cutoff;
use engine::segment::survey::Survey;
use engine::value::OwnedMap;
use engine::webhook::Ear;
use engine::{ProfileId, SendId, Seq};
use jiff::tz::TimeZone;
use measure::clusters::Search;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// Key of the identifier hashes of every story; nothing secret is in one.
pub(super) const HASH_KEY: HashKey = HashKey([7; 16]);

/// Name of the source that every event of a story comes from.
pub(super) const SOURCE: &str = "story";

pub(super) struct World<'s> {
    pub(super) engine: Engine,
    pub(super) story: &'s Story,
    pub(super) now: At,
    /// By person: what an SDK on their device would put on each call, `user_id` and `anonymous_id`.
    pub(super) known: Vec<BTreeMap<IdentifierKind, String>>,
    hand_overs: BTreeMap<PersonId, HandOver>,
    /// What providers still have to do, in the order of time.
    pending: VecDeque<(At, Pending)>,
    /// What became of messages, in the order in which it did.
    pub(super) fates: Vec<Observation>,
    /// For each send, what was last seen of it.
    seen: Vec<Seen>,
    effects: Vec<Effect>,
    /// Who entered and left the segments that somebody listens to, by the segment's name.
    pub(super) changes: Vec<(Rc<str>, Change)>,
    /// How webhooks answer questions about people; not at all where nothing is said.
    webhook_answers: BTreeMap<(PersonId, String), WebhookAnswer>,
    /// What webhooks were told and asked.
    pub(super) told: Vec<WebhookTold>,
    /// Every record applied, with its instant.
    log: Vec<(At, Vec<u8>)>,
    pub(super) events: u64,
    /// How many times a page has shown something, and what each message was last shown to somebody by.
    pub(super) decisions: u64,
    pub(super) shown: BTreeMap<(PersonId, String), decide::Decision>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Attempt { send: SendId, attempt: u8 },
    Settle { send: SendId, attempt: u8 },
    Webhook { profile: ProfileId, run: u64 },
}

/// A webhook heard of somebody, or was asked about them.
#[derive(Clone, Debug)]
pub(super) struct WebhookTold {
    pub(super) at: At,
    pub(super) webhook: String,
    pub(super) profile: ProfileId,
    pub(super) is_question: bool,
}

/// What is due in a story besides its lines.
#[derive(Clone, Copy)]
enum Next {
    Tick,
    Rank,
    Search,
    Answer,
}

/// What was last seen of a send.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    status: Status,
    until: Option<At>,
    opened: bool,
    clicked: bool,
}

/// Something that became of a message.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    pub(super) at: At,
    pub(super) send: SendId,
    pub(super) fate: Fate,
    pub(super) message: String,
    pub(super) journey: String,
    pub(super) channel: Option<Channel>,
    pub(super) language: String,
    pub(super) variant: String,
    pub(super) chosen: Chosen,
    /// Of one that waits.
    pub(super) until: Option<At>,
    /// Code and sentence of why it was not sent.
    pub(super) reason: Option<(&'static str, &'static str)>,
}

impl<'s> World<'s> {
    /// An installation at the start of the story, with a programme live.
    pub(super) fn new(story: &'s Story, programme: &Programme) -> Result<Self, String> {
        let start = story.happenings.first().map_or(At(0), |happening| happening.at);
        let known = story
            .people
            .iter()
            .map(|person| BTreeMap::from([(person.kind(), person.name.clone())]))
            .collect();
        let mut world = Self {
            engine: Engine::new(),
            story,
            now: start,
            known,
            hand_overs: BTreeMap::new(),
            pending: VecDeque::new(),
            fates: Vec::new(),
            seen: Vec::new(),
            effects: Vec::new(),
            changes: Vec::new(),
            webhook_answers: BTreeMap::new(),
            told: Vec::new(),
            log: Vec::new(),
            events: 0,
            decisions: 0,
            shown: BTreeMap::new(),
        };
        let installed =
            Installed { installation: 1, hash_key: HASH_KEY, seed: story.seed, link_key: [7; 32] };
        world.apply(&Record::Installed(installed))?;
        world.apply_programme(programme)?;
        Ok(world)
    }

    pub(super) fn apply_programme(&mut self, programme: &Programme) -> Result<(), String> {
        let definition = serde_json::to_string(programme).map_err(|error| error.to_string())?;
        let (applied_at, operator) = (self.now, "story");
        self.apply(&Record::ProgrammeApplied(ProgrammeApplied {
            applied_at,
            operator,
            definition: &definition,
        }))
    }

    /// Everything that is due up to and at an instant happens, and then it is that instant.
    pub(super) fn advance(&mut self, to: At) -> Result<(), String> {
        while let Some((at, next)) = self.next(to) {
            self.now = self.now.max(at);
            match next {
                Next::Tick => self.apply(&Record::Tick)?,
                Next::Rank => self.rank()?,
                Next::Search => self.search()?,
                Next::Answer => {
                    let (_, pending) = self.pending.pop_front().expect("invariant: just seen");
                    self.answer(pending)?;
                }
            }
        }
        self.now = self.now.max(to);
        Ok(())
    }

    /// What is due first, up to an instant. As in the sequencer, time comes before what the world has to say.
    fn next(&self, to: At) -> Option<(At, Next)> {
        let timer = self.engine.next_due().map(|at| (at, Next::Tick));
        let ranking = self.engine.cutoffs_due().map(|at| (at.max(self.now), Next::Rank));
        let provider = self.pending.front().map(|(at, _)| (*at, Next::Answer));
        let search = self.engine.clusters_due().map(|at| (at.max(self.now), Next::Search));
        let all = [timer, ranking, search, provider].into_iter().flatten();
        all.filter(|(at, _)| *at <= to).min_by_key(|(at, _)| *at)
    }

    /// States cut-offs, as the server does.
    fn rank(&mut self) -> Result<(), String> {
        let ranked = self.engine.ranking(self.now).all();
        let cutoffs = ranked.iter().map(Cutoff::as_stated).collect();
        self.apply(&Record::CutoffsStated(CutoffsStated { stated_at: self.now, cutoffs }))
    }

    /// States the clusters that are due, as the server does.
    fn search(&mut self) -> Result<(), String> {
        for set in self.engine.cluster_sets_due(self.now) {
            let ask = |survey: &Survey<'_>, most| survey.all(most);
            let search = Search::begin(&self.engine, &set, self.now, ask).expect("invariant: it is due");
            self.apply(&search.stated(search.end()))?;
        }
        Ok(())
    }

    /// Plays one line, with everything that follows from it at once.
    pub(super) fn play(&mut self, at: At, what: &Happens) -> Result<(), String> {
        self.advance(at)?;
        match what {
            Happens::HandOver { person, hand_over } => {
                self.hand_overs.insert(*person, *hand_over);
            }
            Happens::Webhook { person, webhook, answer } => {
                let whose = (*person, webhook.clone());
                match answer {
                    Some(answer) => _ = self.webhook_answers.insert(whose, answer.clone()),
                    None => _ = self.webhook_answers.remove(&whose),
                }
            }
            _ => happen::happen(self, what)?,
        }
        self.advance(at)
    }

    /// Who matches an expression now. Asks a copy of the engine, into which what it asks of the past is brought first.
    pub(super) fn preview(&self, expression: &str) -> Result<Preview, Mistake> {
        let mut engine = self.engine.clone();
        loop {
            match engine.preview_at(expression, self.now) {
                Ok(preview) => return Ok(preview),
                Err(Unanswered::Mistake(mistake)) => return Err(mistake),
                Err(Unanswered::Unkept(properties)) => engine.fill(properties, self.past()),
            }
        }
    }

    fn past(&self) -> impl Iterator<Item = (At, &[u8])> {
        self.log.iter().map(|(at, bytes)| (*at, bytes.as_slice()))
    }

    /// Applies a record now. One that the engine refuses is a mistake of the story; a duplicate is not.
    pub(super) fn apply(&mut self, record: &Record<'_>) -> Result<(), String> {
        let mut effects = std::mem::take(&mut self.effects);
        let seq = self.engine.seq().next();
        let mut outcome = self.engine.apply(seq, self.now, record, &mut effects);
        if let Outcome::Refused(Refusal::Unkept(properties)) = outcome {
            let past = self.log.iter().map(|(at, bytes)| (*at, bytes.as_slice()));
            self.engine.fill(properties, past);
            outcome = self.engine.apply(seq, self.now, record, &mut effects);
        }
        if outcome == Outcome::Applied {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            self.log.push((self.now, bytes));
            self.tell(seq, record);
            self.derive(&mut effects);
        }
        for effect in effects.drain(..) {
            self.take(&effect);
        }
        self.effects = effects;
        self.watch();
        match outcome {
            Outcome::Applied | Outcome::Duplicate => Ok(()),
            Outcome::Refused(refusal) => Err(refusal.to_string()),
        }
    }

    /// Adds what follows from a record, as the sequencer does.
    fn derive(&mut self, effects: &mut Vec<Effect>) {
        while let Some(derived) = self.engine.derived() {
            let mut bytes = Vec::new();
            derived.encode(&mut bytes);
            let record = Record::decode(&bytes).expect("invariant: what was encoded can be decoded");
            self.note_changes(&record);
            let outcome = self.engine.apply(self.engine.seq().next(), self.now, &record, effects);
            assert_eq!(outcome, Outcome::Applied, "invariant: what follows is taken");
            self.tell(self.engine.seq(), &record);
            self.log.push((self.now, bytes));
        }
    }

    /// Notes who entered and left which segment.
    fn note_changes(&mut self, record: &Record<'_>) {
        let Record::MembershipChanged(changed) = record else { return };
        let segment: Rc<str> = changed.segment.into();
        self.changes.extend(changed.changes.iter().map(|change| (Rc::clone(&segment), change)));
    }

    /// Notes which webhooks hear of a record.
    fn tell(&mut self, seq: Seq, record: &Record<'_>) {
        let programme = Arc::clone(self.engine.programme());
        let zone = timezone(&programme.timezone).unwrap_or(TimeZone::UTC);
        for (name, webhook) in &programme.webhooks {
            for (_, heard) in Ear::new(webhook, &zone).hear(seq, record) {
                if let Some(profile) = body::whose(&self.engine, &heard) {
                    let (at, webhook, is_question) = (self.now, name.clone(), false);
                    self.told.push(WebhookTold { at, webhook, profile, is_question });
                }
            }
        }
    }

    /// Asks a webhook what a run asks, where it still does.
    fn ask(&mut self, profile: ProfileId, run: u64) -> Result<(), String> {
        let Some(asked) = self.engine.asked_webhook(profile, run) else { return Ok(()) };
        let (at, webhook, is_question) = (self.now, asked.webhook.clone(), true);
        self.told.push(WebhookTold { at, webhook, profile: asked.profile, is_question });
        let mut answers = self.webhook_answers.iter();
        let answer = answers.find(|((person, webhook), _)| {
            *webhook == asked.webhook && self.profile(*person) == Some(asked.profile)
        });
        let Some((_, WebhookAnswer { outcome, content })) = answer else { return Ok(()) };
        let content = OwnedMap::from_json(&content.clone().into()).expect("invariant: it is an object");
        let attempt = WebhookAttempt {
            attempt: asked.attempt,
            outcome: *outcome,
            status: 0,
            ended_at: self.now,
            took_ms: 0,
            not_before: At(0),
            reason: "a story",
        };
        let (profile, run, asked) = (asked.profile, asked.run, asked.asked);
        let answer = content.as_map();
        self.apply(&Record::WebhookAnswered(WebhookAnswered { profile, run, asked, attempt, answer }))
    }

    fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Prepare(prepare) => {
                let after = self.hand_over(prepare.profile).after;
                let attempt = Pending::Attempt { send: prepare.send, attempt: prepare.attempt };
                self.expect_answer(self.now.plus(after), attempt);
            }
            Effect::HandOver { send, attempt } => {
                let fate = if *attempt == 1 { Fate::Send } else { Fate::Retry };
                self.observe(*send, fate);
                self.expect_answer(self.now, Pending::Settle { send: *send, attempt: *attempt });
            }
            Effect::Call { profile, run } => {
                self.expect_answer(self.now, Pending::Webhook { profile: *profile, run: *run });
            }
            Effect::Release { .. } => {}
        }
    }

    fn expect_answer(&mut self, at: At, pending: Pending) {
        let place = self.pending.partition_point(|(other, _)| *other <= at);
        self.pending.insert(place, (at, pending));
    }

    fn answer(&mut self, pending: Pending) -> Result<(), String> {
        match pending {
            // Whom it was for has been erased since.
            Pending::Attempt { send, .. }
                if self.engine.send(send).is_some_and(|send| send.status == Status::Dropped) =>
            {
                Ok(())
            }
            Pending::Webhook { profile, run } => self.ask(profile, run),
            Pending::Attempt { send, attempt } => {
                self.apply(&Record::Attempted(Attempted { send, attempt, attempted_at: self.now }))
            }
            Pending::Settle { send, attempt } => {
                let profile = self.engine.send(send).map(|send| send.profile);
                let profile = profile.expect("invariant: it was handed over");
                let outcome = self.hand_over(profile).outcome;
                let reply = self.engine.profile(profile).map_or("", |_| outcome.name());
                self.apply(&Record::Settled(Settled { send, attempt, outcome, settled_at: self.now, reply }))
            }
        }
    }

    /// How hand_overs to a profile end, as the story last said.
    fn hand_over(&self, profile: ProfileId) -> HandOver {
        let profile = self.engine.canonical(profile);
        let told = self.hand_overs.iter().rev().find(|(person, _)| self.profile(**person) == Some(profile));
        told.map(|(_, hand_over)| *hand_over).unwrap_or_default()
    }

    /// Notes whatever changed about messages.
    fn watch(&mut self) {
        let sends = self.engine.sends().len();
        for index in 0..sends {
            let send = self.engine.send(SendId(index as u64)).expect("a send below their number");
            let (id, status) = (send.id, send.status);
            let (opened, clicked) = (send.opened_at.is_some(), send.clicked_at.is_some());
            let now = Seen { status, until: until(&send), opened, clicked };
            let new = Seen { status: Status::Queued, until: None, opened: false, clicked: false };
            let before = self.seen.get(index).copied().unwrap_or(new);
            if index == self.seen.len() {
                self.seen.push(now);
            }
            self.seen[index] = now;
            if (status, now.until) != (before.status, before.until) {
                match status {
                    Status::Deferred => self.observe(id, Fate::Defer),
                    Status::Dropped => self.observe(id, Fate::Drop),
                    Status::Accepted => self.observe(id, Fate::Accepted),
                    Status::Bounced => self.observe(id, Fate::Bounced),
                    Status::Failed => self.observe(id, Fate::Failed),
                    Status::Unknown => self.observe(id, Fate::Unknown),
                    Status::Complained => self.observe(id, Fate::Complained),
                    Status::Queued | Status::Attempted | Status::Dismissed => {}
                }
            }
            if now.opened && !before.opened {
                self.observe(id, Fate::Opened);
            }
            if now.clicked && !before.clicked {
                self.observe(id, Fate::Clicked);
            }
        }
    }

    fn observe(&mut self, id: SendId, fate: Fate) {
        let send = self.engine.send(id).expect("invariant: the engine spoke of it");
        self.fates.push(Observation {
            at: self.now,
            send: id,
            fate,
            message: send.message.to_string(),
            journey: send.journey.to_string(),
            channel: send.channel,
            language: send.language.to_string(),
            variant: send.variant.to_string(),
            chosen: send.chosen,
            until: until(&send),
            reason: send.decision.reason().map(|reason| (reason.name(), reason.sentence())),
        });
    }

    /// The profile behind somebody in the story, once there is one.
    pub(super) fn profile(&self, person: PersonId) -> Option<ProfileId> {
        let person = &self.story.people[person];
        self.engine.find(person.kind(), &person.name)
    }

    /// The newest send of a message to somebody that was handed over.
    pub(super) fn newest(&self, person: PersonId, message: &str) -> Result<Send, String> {
        let sends = self.profile(person).into_iter().flat_map(|id| self.engine.sends_of(id).rev());
        let mut handed_over = sends.filter(|send| send.attempts > 0 && *send.message == *message);
        let name = &self.story.people[person].name;
        handed_over.next().ok_or_else(|| format!("{name} has not been sent {message} by then"))
    }
}

/// Until when a send waits for the contact policy.
fn until(send: &Send) -> Option<At> {
    match send.decision {
        Decision::Defer { until, .. } => Some(until),
        Decision::Send | Decision::Drop { .. } => None,
    }
}
