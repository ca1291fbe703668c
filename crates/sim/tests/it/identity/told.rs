//! A story told to the real engine and to the model, and the comparison of the two.

use std::collections::{BTreeMap, BTreeSet};

use engine::at::{At, Span};
use engine::engine::{Engine, MergeRefusal, Outcome, Refusal};
use engine::identifier::{HashKey, IdentifierKind};
use engine::journey::RunState;
use engine::programme::{
    Channel, Choices, EmailMessage, EmailTemplate, IdentifierLimit, Identity, Journey, Message, Programme,
    Purpose, Reenter, Step, timezone,
};
use engine::record::{
    ConsentSource, ConsentState, ConsentStated, Event, EventFlags, EventKind, Identifier, Installed,
    MergeUndone, ProfileErased, ProfilesMerged, ProgrammeApplied, Record, Subject,
};
use engine::segment::parse::parse;
use engine::value::OwnedMap;
use engine::{MergeId, ProfileId, SendId, Seq};
use serde_json::json;
use sim::naive::{self, Moment, Person};

use super::deed::{Deed, Name, Prefer};
use super::model::Model;

const KEY: HashKey = HashKey([7; 16]);

const SEGMENTS: [(&str, &str); 8] = [
    ("recent", r#"did "A" within 2 days"#),
    ("third", r#"did "A" (n = 3) within 5 days"#),
    ("often", r#"did "A" at least 2 times"#),
    ("pro", r#"trait.plan = "pro""#),
    ("new", "first seen within 3 days"),
    ("gone", "not last seen within 1 day"),
    ("left", r#"did "A" then not "B" within 6 hours"#),
    ("allows", r#"consented to "offers" by email and not in segment "gone""#),
];

pub(super) struct Told {
    engine: Engine,
    model: Model,
    now: At,
    log: Vec<(At, Vec<u8>)>,
    /// Instants given to statements: of two, which is the newer is never a matter of taste.
    stated: BTreeSet<At>,
    nameless: u64,
    erased: u64,
}

impl Told {
    /// A shop that says nothing of identity, or one with tight limits.
    pub(super) fn begin(is_tight: bool) -> Self {
        let mut told = Self {
            engine: Engine::new(),
            model: Model::default(),
            now: At(1_767_600_000_000),
            log: Vec::new(),
            stated: BTreeSet::new(),
            nameless: 0,
            erased: 0,
        };
        let identity = if is_tight { told.tighten() } else { Identity::default() };
        let installed = Installed { installation: 1, hash_key: KEY, seed: 42, link_key: [9; 32] };
        told.apply(&Record::Installed(installed));
        let definition = serde_json::to_string(&programme(identity)).expect("a programme is plain JSON");
        let applied = ProgrammeApplied { applied_at: told.now, operator: "test", definition: &definition };
        told.apply(&Record::ProgrammeApplied(applied));
        told
    }

    /// Gives the model limits and a blocked name, and says them as a programme does.
    fn tighten(&mut self) -> Identity {
        use IdentifierKind::{AnonymousId, Email};
        let limits = [(Email, 2, None), (AnonymousId, 3, Some(Span::DAY.times(2)))];
        self.model.limits = limits.map(|(kind, most, within)| (kind, (most as usize, within))).into();
        self.model.blocked.insert((AnonymousId, "a5".to_owned()));
        let limit = |(kind, at_most, within): (IdentifierKind, u32, _)| {
            (kind.name().to_owned(), IdentifierLimit { at_most, within })
        };
        Identity { limits: limits.map(limit).into(), blocked: vec!["a5".to_owned()] }
    }

    pub(super) fn tell(&mut self, deed: &Deed) -> Result<(), String> {
        match deed {
            Deed::Event { names, name, ago, plan, prefer } => {
                let at = self.unique(*ago);
                self.event(names, name, at, *plan, *prefer);
            }
            Deed::Consent { name, prefer, ago } => {
                let at = self.unique(*ago);
                let known = self.model.owner(name);
                if self.model.blocked.contains(name) && known.is_none() {
                    let outcome = self.consent(Subject::Identifier(identifier(name)), *prefer, at);
                    return same("a consent of nobody", &outcome, &Outcome::Refused(Refusal::Nobody));
                }
                let outcome = self.consent(Subject::Identifier(identifier(name)), *prefer, at);
                same("a consent", &outcome, &Outcome::Applied)?;
                let root = self.model.meet(std::slice::from_ref(name), at).or(known).expect("it is known");
                if known.is_none() {
                    self.model.parts[root].seen.push(at);
                }
                self.model.state(std::slice::from_ref(name), root, at, self.engine.seq().0, *prefer);
            }
            Deed::Link { send, granted } => {
                let sends = self.engine.sends().len();
                if sends > 0 {
                    let send = self.engine.send(SendId((send % sends) as u64)).expect("it is there");
                    let (at, prefer) = (self.unique(Span(0)), Prefer { by_email: false, granted: *granted });
                    let outcome = self.consent(Subject::Send(send.id), prefer, at);
                    if self.model.parts[send.profile.0 as usize].erased {
                        let refused = Outcome::Refused(Refusal::Erased);
                        return same("a consent by a link of somebody erased", &outcome, &refused);
                    }
                    same("a consent by a link", &outcome, &Outcome::Applied)?;
                    let address = (IdentifierKind::Email, send.address.to_string());
                    let part = send.profile.0 as usize;
                    self.model.state(&[address], part, at, self.engine.seq().0, prefer);
                }
            }
            Deed::Merge { from, into } => self.merge(from, into)?,
            Deed::Undo { merge } => self.undo(*merge)?,
            Deed::Erase { name } => self.erase(name)?,
            Deed::Wait(span) => {
                let until = self.now.plus(*span);
                while let Some(due) = self.engine.next_due().filter(|due| *due <= until) {
                    self.now = self.now.max(due);
                    self.apply(&Record::Tick);
                }
                self.now = until;
            }
            Deed::Restart => {
                self.engine = Engine::restore(&self.engine.snapshot()).expect("its own snapshot");
            }
        }
        Ok(())
    }

    fn event(&mut self, names: &[Name], name: &str, at: At, plan: Option<&str>, prefer: Option<Prefer>) {
        let (message_id, said) = (self.log.len().to_string(), json!({ "n": self.log.len() % 7 }));
        let traits = plan.map_or(json!({}), |plan| json!({ "plan": plan }));
        let context = prefer.map_or(json!({}), |prefer| {
            let purpose = if prefer.by_email { "offers.email" } else { "offers" };
            json!({ "consent": { "categoryPreferences": { purpose: prefer.granted } } })
        });
        let [properties, traits, context] =
            [said.clone(), traits, context].map(|json| OwnedMap::from_json(&json).unwrap());
        self.apply(&Record::Event(Event {
            kind: EventKind::Track,
            flags: EventFlags::default(),
            occurred_at: at,
            received_at: self.now,
            source: "test",
            name,
            message_id: KEY.message_id("test", &message_id),
            identifiers: names.iter().map(identifier).collect(),
            message_id_text: &message_id,
            properties: properties.as_map(),
            traits: traits.as_map(),
            context: context.as_map(),
        }));
        let place = self.engine.seq().0;
        let Some(root) = self.model.meet(names, at) else {
            self.nameless += 1;
            let owners: BTreeSet<usize> = names.iter().filter_map(|name| self.model.owner(name)).collect();
            if let Some(prefer) = prefer.filter(|prefer| !prefer.granted) {
                owners.into_iter().for_each(|owner| self.model.state(&[], owner, at, place, prefer));
            }
            return;
        };
        let part = &mut self.model.parts[root];
        let second = at.0.div_euclid(1_000);
        part.events.push(naive::Event { name: name.to_owned(), second, place, properties: said });
        part.seen.push(at);
        part.plans.extend(plan.map(|plan| (at, plan.to_owned())));
        if let Some(prefer) = prefer {
            self.model.state(names, root, at, place, prefer);
        }
    }

    fn consent(&mut self, subject: Subject<'_>, prefer: Prefer, stated_at: At) -> Outcome {
        self.try_apply(&Record::ConsentStated(ConsentStated {
            subject,
            purpose: "offers",
            channel: if prefer.by_email { "email" } else { "" },
            granted: prefer.granted,
            source: ConsentSource::Api,
            stated_at,
            wording: "",
            language: "",
            proof: "",
        }))
    }

    fn merge(&mut self, from: &Name, into: &Name) -> Result<(), String> {
        let before = self.states();
        let merged = ProfilesMerged {
            from: identifier(from),
            into: identifier(into),
            merged_at: self.now,
            operator: "ada",
        };
        let outcome = self.try_apply(&Record::ProfilesMerged(merged));
        let expected = match (self.model.owner(from), self.model.owner(into)) {
            (None, _) => Outcome::Refused(Refusal::Merge(MergeRefusal::Unknown("from"))),
            (_, None) => Outcome::Refused(Refusal::Merge(MergeRefusal::Unknown("into"))),
            (Some(from), Some(into)) if from == into => Outcome::Refused(Refusal::Merge(MergeRefusal::Same)),
            (Some(from), Some(into)) => {
                self.model.merge(from, into, true);
                let [one, two] = [from, into].map(|root| before[&root]);
                let granted = self.state(into) == Some(ConsentState::Granted);
                let widened = granted
                    && ([one, two].contains(&Some(ConsentState::Withdrawn))
                        || ![one, two].contains(&Some(ConsentState::Granted)));
                if widened {
                    return Err(format!("{one:?} and {two:?} became granted"));
                }
                Outcome::Applied
            }
        };
        (outcome == expected).then_some(()).ok_or_else(|| format!("{outcome:?}, should be {expected:?}"))
    }

    fn undo(&mut self, place: usize) -> Result<(), String> {
        let merges = self.model.merges.len();
        // The place after the last is one that is not there.
        let number = place % (merges + 1);
        let undone = MergeUndone { merge: MergeId(number as u32), undone_at: self.now, operator: "ada" };
        let outcome = self.try_apply(&Record::MergeUndone(undone));
        let refused = |refusal| Outcome::Refused(Refusal::Merge(refusal));
        let expected = match self.model.merges.get(number) {
            None => refused(MergeRefusal::NoSuchMerge),
            Some(merge) if merge.undone => refused(MergeRefusal::UndoneBefore),
            Some(merge) if self.model.parts[merge.into].erased => refused(MergeRefusal::Erased),
            Some(merge) if self.model.root(merge.into) != merge.into => {
                let into = merge.into;
                let outer = self.model.merges.iter().position(|one| one.from == into && !one.undone);
                refused(MergeRefusal::MergedOn(MergeId(outer.expect("there is one") as u32)))
            }
            Some(_) => {
                self.model.undo(number);
                Outcome::Applied
            }
        };
        (outcome == expected).then_some(()).ok_or_else(|| format!("{outcome:?}, should be {expected:?}"))
    }

    fn erase(&mut self, name: &Name) -> Result<(), String> {
        let Some(root) = self.model.owner(name) else { return Ok(()) };
        let erased = ProfileErased { profile: ProfileId(root as u32), erased_at: self.now, operator: "ada" };
        let outcomes = [(); 2].map(|()| self.try_apply(&Record::ProfileErased(erased)));
        same("an erasure, and once more", &outcomes, &[Outcome::Applied, Outcome::Refused(Refusal::Erased)])?;
        self.model.erase(root);
        self.erased += 1;
        same("erased", &self.engine.counts().erased, &self.erased)
    }

    fn unique(&mut self, ago: Span) -> At {
        let mut at = self.now.minus(ago);
        while !self.stated.insert(at) {
            at = at.minus(Span(1));
        }
        at
    }

    fn apply(&mut self, record: &Record<'_>) {
        let outcome = self.try_apply(record);
        assert_eq!(outcome, Outcome::Applied);
    }

    fn try_apply(&mut self, record: &Record<'_>) -> Outcome {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let decoded = Record::decode(&bytes).expect("what was encoded can be decoded");
        let outcome = self.engine.apply(self.engine.seq().next(), self.now, &decoded, &mut Vec::new());
        if outcome == Outcome::Applied {
            self.log.push((self.now, bytes));
        }
        outcome
    }

    fn state(&self, root: usize) -> Option<ConsentState> {
        let profile = self.engine.profile(ProfileId(root as u32)).expect("it is known");
        profile.consent("offers", Channel::Email)
    }

    fn states(&self) -> BTreeMap<usize, Option<ConsentState>> {
        self.model.roots().into_iter().map(|root| (root, self.state(root))).collect()
    }

    /// Compares everything.
    pub(super) fn check(&self) -> Result<(), String> {
        let roots = self.model.roots();
        let known: Vec<usize> = self.engine.profiles().map(|(id, _)| id.0 as usize).collect();
        same("profiles", &known, &roots)?;
        let mut people = Vec::new();
        for root in &roots {
            self.check_person(*root)?;
            people.push((ProfileId(*root as u32), self.person(*root)));
        }
        self.check_segments(&people)?;
        self.check_sends_and_runs(&roots)?;
        let counts = self.engine.counts();
        same("nameless events", &counts.nameless, &self.nameless)?;
        let blocked = self.engine.blocked_identifiers().map(|one| (one.kind, one.value.clone()));
        let blocked: BTreeSet<Name> = blocked.collect();
        let expected =
            self.model.blocked.iter().filter(|name| name.1 != "a5" || self.model.limits.is_empty());
        let shown = |name: &Name| match self.model.hidden.contains(name) {
            true => (name.0, String::new()),
            false => name.clone(),
        };
        same("blocked", &blocked, &expected.map(shown).collect())?;
        same("profiles counted", &counts.profiles, &(roots.len() as u64))?;
        let named = |root: &&usize| {
            let names = self.model.names(**root);
            names.iter().any(|name| matches!(name.0, IdentifierKind::UserId | IdentifierKind::Email))
        };
        same("identified", &counts.identified, &(roots.iter().filter(named).count() as u64))
    }

    fn check_person(&self, root: usize) -> Result<(), String> {
        let id = ProfileId(root as u32);
        let (model, profile) = (&self.model, self.engine.profile(id).expect("it is known"));
        let whole = model.whole(root);
        let parts = || whole.iter().map(|part| &model.parts[*part]);
        let names = profile.identifiers().iter().map(|one| (one.kind, one.value.to_string()));
        let (found, names): (Vec<Name>, _) = (names.clone().collect(), names.collect::<BTreeSet<Name>>());
        same("names", &names, &model.names(root))?;
        same("each name once", &found.len(), &names.len())?;
        for name in &names {
            same("who is found by a name", &self.engine.find(name.0, &name.1), &Some(id))?;
        }
        let users = names.iter().filter(|name| name.0 == IdentifierKind::UserId).count();
        let by_operator = model
            .merges
            .iter()
            .any(|merge| merge.by_operator && !merge.undone && whole.contains(&merge.from));
        same("users without an operator's word", &(users > 1 && !by_operator), &false)?;

        let timeline = self.engine.timeline(id, usize::MAX);
        let mut events: Vec<_> =
            timeline.iter().map(|one| (one.seq, one.name, i64::from(one.second))).collect();
        let mut expected: Vec<_> = parts()
            .flat_map(|part| part.events.iter().map(|one| (Seq(one.place), one.name.as_str(), one.second)))
            .collect();
        events.sort();
        expected.sort();
        same("events", &events, &expected)?;

        let plan = profile.traits().find(|(name, _)| *name == "plan").and_then(|(_, value)| value.text());
        let stated = parts().flat_map(|part| &part.plans).max_by_key(|(at, _)| *at);
        same("the trait", &plan, &stated.map(|(_, plan)| plan.as_str()))?;
        let seen = || parts().flat_map(|part| part.seen.iter().copied());
        let seen = (seen().min().expect("it was seen"), seen().max().expect("it was seen"));
        same("seen", &(profile.first_seen(), profile.last_seen()), &seen)?;

        let (state, said) = (self.state(root), whole.iter().map(|part| model.by_email(*part)));
        match whole.as_slice() {
            [alone] => same("consent", &state, &model.by_email(*alone)),
            _ => {
                let anybody = said.clone().any(|said| said == Some(ConsentState::Granted));
                let wider = state == Some(ConsentState::Granted) && !anybody;
                same(
                    &format!("{state:?} is wider than all of {:?}", said.collect::<Vec<_>>()),
                    &wider,
                    &false,
                )
            }
        }
    }

    fn person(&self, root: usize) -> Person {
        let profile = self.engine.profile(ProfileId(root as u32)).expect("it is known");
        let whole = self.model.whole(root);
        let parts = || whole.iter().map(|part| &self.model.parts[*part]);
        let second = |at: At| at.0.div_euclid(1_000);
        let plan = parts().flat_map(|part| &part.plans).max_by_key(|(at, _)| *at);
        let granted = Channel::ALL
            .into_iter()
            .filter(|channel| profile.consent("offers", *channel) == Some(ConsentState::Granted));
        let mut events: Vec<naive::Event> = parts().flat_map(|part| part.events.clone()).collect();
        events.sort_by_key(|event| event.place);
        Person {
            events,
            traits: plan.map_or(json!({}), |(_, plan)| json!({ "plan": plan })),
            granted: granted.map(|channel| ("offers".to_owned(), channel)).collect(),
            reachable: BTreeSet::new(),
            offers: BTreeSet::new(),
            first_seen: second(profile.first_seen()),
            last_seen: second(profile.last_seen()),
        }
    }

    fn check_segments(&self, people: &[(ProfileId, Person)]) -> Result<(), String> {
        let mut moment = Moment::new(self.now, timezone("UTC").expect("a bundled zone"));
        let trees = SEGMENTS.map(|(name, text)| (name.to_owned(), parse(text).expect("an expression")));
        moment.segments = trees.into_iter().collect();
        for (name, text) in SEGMENTS {
            let members =
                people.iter().filter(|(_, person)| naive::holds(&moment.segments[name], person, &moment));
            let expected: Vec<ProfileId> = members.map(|(id, _)| *id).collect();
            let is_member = |id: &&ProfileId| self.engine.memberships(**id).contains(&name);
            let found: Vec<ProfileId> = people.iter().map(|(id, _)| id).filter(is_member).copied().collect();
            same(&format!("{name}: {text} at {}", self.now), &found, &expected)?;
            let counted = self.engine.segment(name).expect("it is in the programme").count;
            same(&format!("counted in {name}"), &counted, &(expected.len() as u64))?;
            let preview = self.engine.preview_at(text, self.now).map_err(|wrong| format!("{wrong:?}"))?;
            same(&format!("a scan of {name}"), &preview.count, &(expected.len() as u64))?;
        }
        Ok(())
    }

    /// Every send is in one person's ledger, that of the part it was decided for; runs are counted where they are.
    fn check_sends_and_runs(&self, roots: &[usize]) -> Result<(), String> {
        let mut active = 0;
        for root in roots {
            let id = ProfileId(*root as u32);
            let found: Vec<SendId> = self.engine.sends_of(id).map(|send| send.id).collect();
            let theirs = self.engine.sends().filter(|send| self.model.root(send.profile.0 as usize) == *root);
            same("sends", &found, &theirs.map(|send| send.id).collect())?;
            let runs = self.engine.runs_of(id);
            let now = runs.iter().filter(|run| run.state == RunState::Active);
            same("one run at a time", &(now.clone().count() > 1), &false)?;
            for run in now {
                let due = run.due.expect("this journey only waits");
                same("a run is woken in time", &(due > self.engine.at()), &true)?;
                active += 1;
            }
        }
        same("active runs", &self.engine.journeys()[0].active, &active)
    }

    /// A replay of the log, and a snapshot of it in the middle with the rest, give the same state.
    pub(super) fn finish(&self) -> Result<(), String> {
        let replay = |mut engine: Engine, from: usize| {
            for (at, bytes) in &self.log[from..] {
                let record = Record::decode(bytes).expect("it was read before");
                engine.apply(engine.seq().next(), *at, &record, &mut Vec::new());
            }
            engine.hash()
        };
        same("replayed", &replay(Engine::new(), 0), &self.engine.hash())?;
        let middle = self.log.len() / 2;
        let mut engine = Engine::new();
        for (at, bytes) in &self.log[..middle] {
            let record = Record::decode(bytes).expect("it was read before");
            engine.apply(engine.seq().next(), *at, &record, &mut Vec::new());
        }
        let restored = Engine::restore(&engine.snapshot()).expect("its own snapshot");
        same("snapshot and tail", &replay(restored, middle), &self.engine.hash())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    (found == expected).then_some(()).ok_or_else(|| format!("{what}: {found:?}, should be {expected:?}"))
}

fn identifier(name: &Name) -> Identifier<'_> {
    Identifier { kind: name.0, hash: KEY.identifier(name.0, &name.1), value: &name.1 }
}

fn programme(identity: Identity) -> Programme {
    let template = EmailTemplate { text: Some("hello".to_owned()), ..EmailTemplate::default() };
    let email = EmailMessage {
        from: "Shop <shop@example.com>".to_owned(),
        subject: [("en".to_owned(), "Hello".to_owned())].into(),
        templates: [("en".to_owned(), template)].into(),
        ..EmailMessage::default()
    };
    let hello =
        || Step::Send { message: "hello".to_owned(), channels: Vec::new(), choices: Choices::default() };
    let journey = Journey {
        purpose: "offers".to_owned(),
        enter: r#"did "A""#.to_owned(),
        reenter: Reenter::Always,
        exit: Some(r#"did "B""#.to_owned()),
        steps: vec![Step::Wait(Span::HOUR), hello(), Step::Wait(Span::DAY), hello()],
        ..Journey::default()
    };
    let purpose = Purpose { channels: Channel::ALL.to_vec(), ..Purpose::default() };
    Programme {
        name: "test".to_owned(),
        timezone: "UTC".to_owned(),
        languages: vec!["en".to_owned()],
        purposes: [("offers".to_owned(), purpose)].into(),
        segments: SEGMENTS.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        messages: [("hello".to_owned(), Message { email: Some(email), ..Message::default() })].into(),
        journeys: [("greet".to_owned(), journey)].into(),
        identity,
        ..Programme::default()
    }
}
