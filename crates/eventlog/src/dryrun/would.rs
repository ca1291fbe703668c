//! The side of a dry run on which the other programme is live: history as that one lives it, and a world that takes at once
//! whatever history knows nothing of.

use super::live::{About, Past, Spoken, To, records};
use super::twins::{Asked, Twins};
use super::{LeftOut, Listener, Side, Watch};
use crate::error::Error;
use crate::limits::FORESEEN_RECORDS;
use engine::SendId;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::{Engine, Outcome};
use engine::governor::address_kind;
use engine::identifier::IdentifierKind;
use engine::record::{
    Attempted, ConsentStated, CutoffsStated, DeliveryOutcome, Engaged, Identifier, PreferenceStated,
    ProfileErased, Record, Returned, Settled, Subject, SuppressionStated, Verdict, WebhookAnswered,
    WebhookAttempt,
};
use engine::segment::cutoff::Cutoff;
use std::collections::BTreeSet;

pub(super) struct Would<'a> {
    engine: Engine,
    /// The instant of what happens now.
    at: At,
    /// Asked, and not answered yet.
    effects: Vec<Effect>,
    twins: Twins,
    watch: Watch<'a>,
    left_out: LeftOut,
    /// Whether it asks for shares of people that history did not rank.
    ranks: bool,
    same_people: bool,
}

impl<'w> Would<'w> {
    /// `ranked` are the shares that history ranked when the two began to differ.
    pub(super) fn new(
        engine: Engine,
        listener: Option<Listener<'w>>,
        first: SendId,
        ranked: &BTreeSet<String>,
        same_people: bool,
    ) -> Self {
        let ranks = engine.shares().any(|share| !ranked.contains(share));
        Self {
            at: engine.at(),
            effects: Vec::new(),
            twins: Twins::new(first),
            watch: Watch::from(&engine, listener),
            left_out: LeftOut::default(),
            ranks,
            same_people,
            engine,
        }
    }

    /// The programme has just been made live.
    pub(super) fn begin(&mut self, at: At) {
        self.at = self.at.max(at);
        self.answer(&[]);
        self.rank();
    }

    pub(super) fn end(self) -> (Side, LeftOut) {
        (Side { engine: self.engine, waits: self.watch.waits }, self.left_out)
    }

    /// Lives the next batch of history.
    pub(super) fn take(&mut self, past: &Past) -> Result<(), Error> {
        self.pass_time(past.batch.at, past.due);
        self.at = past.batch.at;
        let records = records(&past.batch)?;
        let mut about = past.about.iter();
        for ahead in records.chunks(FORESEEN_RECORDS) {
            self.engine.foresee(ahead.iter().map(|(_, record)| record));
            for (_, record) in ahead {
                self.hear(record, &mut about);
            }
        }
        self.answer(&past.asked);
        self.rank();
        Ok(())
    }

    /// Whatever is due before an instant, or at it, happens when it is due. `live` is when time alone had the next thing to do in
    /// history: from then on, things happen together with that.
    pub(super) fn pass_time(&mut self, until: At, live: Option<At>) {
        let together = live.filter(|live| *live <= until);
        while let Some(due) = self.engine.next_due() {
            if due > until || together.is_some_and(|together| together <= due) {
                return;
            }
            self.at = self.at.max(due);
            self.apply(&Record::Tick);
            self.answer(&[]);
            self.rank();
        }
    }

    /// A record of history, in this engine's own numbers.
    fn hear<'p>(&mut self, record: &Record<'_>, about: &mut impl Iterator<Item = &'p About>) {
        match record {
            // They follow anew.
            Record::MembershipChanged(_) => {}
            Record::ProgrammeApplied(_) => self.left_out.programmes += 1,
            // It ranks everybody by itself.
            Record::CutoffsStated(_) if self.ranks => {}
            Record::Attempted(attempted) => self.hear_attempt(attempted, spoken(about)),
            Record::Settled(settled) => self.hear_receipt(settled, spoken(about)),
            Record::Returned(returned) => self.hear_return(returned, spoken(about)),
            Record::Engaged(engaged) => self.hear_reaction(engaged, spoken(about)),
            Record::ConsentStated(stated @ ConsentStated { subject: Subject::Send(_), .. }) => {
                self.hear_consent(stated, spoken(about));
            }
            Record::PreferenceStated(stated @ PreferenceStated { subject: Subject::Send(_), .. }) => {
                self.hear_preference(stated, spoken(about));
            }
            Record::WebhookAnswered(answered) => {
                let Some(About::Call(name, journey)) = about.next() else {
                    unreachable!("invariant: told in order")
                };
                self.hear_answer(answered, name.as_ref(), journey);
            }
            // What other programs were told is no part of the dry run, and names records of history.
            Record::WebhookDelivered(_) | Record::WebhookFollowed(_) | Record::DeliveryRequested(_) => {
                self.apply(record);
            }
            Record::ProfileErased(erased) => {
                let Some(About::Person(name)) = about.next() else {
                    unreachable!("invariant: told in order")
                };
                let found = name.as_ref().and_then(|(kind, value)| self.engine.find(*kind, value));
                let profile = if self.same_people { Some(erased.profile) } else { found };
                match profile {
                    Some(profile) => {
                        let erased = ProfileErased { profile, ..*erased };
                        self.pass_on(&Record::ProfileErased(erased));
                    }
                    None => self.left_out.refused += 1,
                }
            }
            // The number is that of a merge of history.
            Record::MergeUndone(_) if !self.same_people => self.left_out.refused += 1,
            _ => self.pass_on(record),
        }
    }

    fn pass_on(&mut self, record: &Record<'_>) {
        if self.apply(record) != Outcome::Applied {
            self.left_out.refused += 1;
        }
    }

    fn hear_attempt(&mut self, attempted: &Attempted, of: &Spoken) {
        let Some(send) = self.twins.of_live(of.id) else { return };
        self.attempt(send, attempted.attempted_at);
    }

    fn attempt(&mut self, send: SendId, attempted_at: At) {
        let attempt = self.attempts(send) + 1;
        self.apply(&Record::Attempted(Attempted { send, attempt, attempted_at }));
    }

    /// How often a send was handed over.
    fn attempts(&self, send: SendId) -> u8 {
        self.engine.send(send).map_or(0, |send| send.attempts)
    }

    fn hear_receipt(&mut self, settled: &Settled<'_>, of: &Spoken) {
        let heard = self.twins.of_live(of.id).is_some_and(|send| {
            let settled = Settled { send, attempt: self.attempts(send), ..settled.clone() };
            self.apply(&Record::Settled(settled)) == Outcome::Applied
        });
        if !heard && settled.outcome == DeliveryOutcome::InvalidRecipient {
            self.suppress(of, settled.settled_at);
        }
    }

    fn hear_return(&mut self, returned: &Returned<'_>, of: &Spoken) {
        let heard = self.handed_over(of).is_some_and(|send| {
            self.apply(&Record::Returned(Returned { send, ..returned.clone() })) == Outcome::Applied
        });
        if !heard && returned.verdict == Verdict::HardBounce {
            self.suppress(of, returned.returned_at);
        } else if !heard {
            self.left_out.returns += 1;
        }
    }

    fn hear_reaction(&mut self, engaged: &Engaged<'_>, of: &Spoken) {
        match self.handed_over(of) {
            Some(send) => self.pass_on(&Record::Engaged(Engaged { send, ..engaged.clone() })),
            None => self.left_out.reactions += 1,
        }
    }

    fn hear_consent(&mut self, stated: &ConsentStated<'_>, of: &Spoken) {
        if let Some(send) = self.handed_over(of) {
            return self.pass_on(&Record::ConsentStated(ConsentStated {
                subject: Subject::Send(send),
                ..stated.clone()
            }));
        }
        match of.to.as_ref().and_then(|to| self.identifier(to)) {
            Some(identifier) => self.pass_on(&Record::ConsentStated(ConsentStated {
                subject: Subject::Identifier(identifier),
                ..stated.clone()
            })),
            None => self.left_out.refused += 1,
        }
    }

    fn hear_preference(&mut self, stated: &PreferenceStated<'_>, of: &Spoken) {
        let subject = match self.handed_over(of) {
            Some(send) => Some(Subject::Send(send)),
            None => of.to.as_ref().and_then(|to| self.identifier(to)).map(Subject::Identifier),
        };
        match subject {
            Some(subject) => {
                self.pass_on(&Record::PreferenceStated(PreferenceStated { subject, ..stated.clone() }));
            }
            None => self.left_out.refused += 1,
        }
    }

    /// A webhook's answer holds for whoever waits for one in the same journey.
    fn hear_answer(
        &mut self,
        answered: &WebhookAnswered<'_>,
        name: Option<&(IdentifierKind, Box<str>)>,
        journey: &str,
    ) {
        let found = name.and_then(|(kind, value)| self.engine.find(*kind, value));
        let profile = if self.same_people { Some(answered.profile) } else { found };
        let call = profile.and_then(|profile| Some((profile, self.engine.open_call(profile, journey)?)));
        let Some((profile, (run, asked, number))) = call else {
            return self.left_out.reactions += 1;
        };
        let attempt = WebhookAttempt { attempt: number, ..answered.attempt };
        self.pass_on(&Record::WebhookAnswered(WebhookAnswered {
            profile,
            run,
            asked,
            attempt,
            ..answered.clone()
        }));
    }

    /// The send of this engine that a reaction is taken to be to, if it was handed over.
    fn handed_over(&mut self, of: &Spoken) -> Option<SendId> {
        let send = match &of.to {
            Some(to) => self.twins.like(of.id, to.likeness, of.decided_at),
            None => self.twins.of_live(of.id),
        };
        send.filter(|send| self.attempts(*send) > 0)
    }

    /// History found out that an address does not exist.
    fn suppress(&mut self, of: &Spoken, stated_at: At) {
        let Some(identifier) = of.to.as_ref().and_then(|to| self.identifier(to)) else { return };
        let reason = "another message bounced";
        self.apply(&Record::SuppressionStated(SuppressionStated {
            identifier,
            lifted: false,
            stated_at,
            reason,
        }));
    }

    fn identifier<'t>(&self, to: &'t To) -> Option<Identifier<'t>> {
        let (kind, value) = (address_kind(to.channel)?, to.address.as_str());
        let key = self.engine.installed()?.hash_key;
        Some(Identifier { kind, hash: key.identifier(kind, value), value })
    }

    fn apply(&mut self, record: &Record<'_>) -> Outcome {
        self.engine.apply(self.engine.seq().next(), self.at, record, &mut self.effects)
    }

    /// Adds what follows, as the sequencer does at the end of a batch, and has the world answer what was asked of it, unless
    /// history asked the same and answers in its own time.
    fn answer(&mut self, asked: &[Effect]) {
        self.derive();
        let mut asked = if self.effects.is_empty() { Asked::default() } else { Asked::of(asked) };
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    Effect::Prepare(prepare) => {
                        if !self.twins.prepares(&prepare, &asked) {
                            self.attempt(prepare.send, self.at);
                        }
                    }
                    Effect::HandOver { send, attempt } => {
                        if !self.twins.hands_over(send, &asked) {
                            let (outcome, settled_at) = (DeliveryOutcome::Accepted, self.at);
                            let settled = Settled { send, attempt, outcome, settled_at, reply: "" };
                            self.apply(&Record::Settled(settled));
                        }
                    }
                    // Nobody can be asked now what they would have said then.
                    Effect::Call { .. } => {}
                    Effect::Release { send, .. } => self.watch.look_at(&self.engine, send),
                }
            }
            self.derive();
            asked = Asked::default();
        }
    }

    fn derive(&mut self) {
        let mut bytes = Vec::new();
        while let Some(derived) = self.engine.derived() {
            bytes.clear();
            derived.encode(&mut bytes);
            let record = Record::decode(&bytes).expect("invariant: what was encoded can be decoded");
            let outcome = self.apply(&record);
            assert_eq!(outcome, Outcome::Applied, "invariant: what follows is taken");
        }
        self.watch.look(&mut self.engine);
    }

    /// States cut-offs when they are due, as the server does, where history has none for it.
    fn rank(&mut self) {
        if self.ranks && self.engine.cutoffs_due().is_some_and(|due| due <= self.at) {
            let ranked = self.engine.ranking(self.at).all();
            let cutoffs = ranked.iter().map(Cutoff::as_stated).collect();
            self.apply(&Record::CutoffsStated(CutoffsStated { stated_at: self.at, cutoffs }));
            self.answer(&[]);
        }
    }
}

/// What the record in hand is about.
fn spoken<'p>(about: &mut impl Iterator<Item = &'p About>) -> &'p Spoken {
    match about.next() {
        Some(About::Send(spoken)) => spoken,
        Some(About::Person(_) | About::Call(..)) | None => {
            unreachable!("invariant: told in order, one for each")
        }
    }
}
