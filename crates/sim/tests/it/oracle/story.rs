//! A story told to the real engine, with notes beside it of everything that was said.

use engine::at::{At, Span};
use engine::change::{Change, ChangeKind};
use engine::engine::{Engine, Outcome, Refusal, Unanswered};
use engine::identifier::{HashKey, IdentifierKind, normalise};
use engine::programme::{
    Channel, ClusterSet, EmailMessage, EmailTemplate, Journey, Message, OptIn, Programme, Purchase, Purpose,
    timezone,
};
use engine::record::{
    ConsentSource, ConsentState, ConsentStated, CutoffStated, CutoffsStated, Event, EventFlags, EventKind,
    Identifier, Installed, ProfileErased, ProgrammeApplied, Record, Subject, SuppressionStated,
};
use engine::segment::parse::parse;
use engine::segment::{Expression, ScoreOf};
use engine::value::OwnedMap;
use engine::{ProfileId, Seq};
use serde_json::{Map, Value as Json, json};
use sim::naive::{self, CutOffs, Moment, Person, ScoreCutOffs};
use std::collections::{BTreeMap, BTreeSet};

use super::deed::{Deed, Wait};
use super::tree::{PURPOSES, Said, built_on, segment_name};
use super::words::{Name, Start, Words};

const KEY: HashKey = HashKey([7; 16]);
/// The event of a purchase and its amount.
const PURCHASE: (&str, &str) = ("A", "n");

pub(super) struct Story {
    pub(super) engine: Engine,
    /// Every record applied, with its instant.
    log: Vec<(At, Vec<u8>)>,
    pub(super) now: At,
    journeys: BTreeMap<String, Journey>,
    zone: &'static str,
    /// What ends so long after an event.
    spans: &'static [Span],
    segments: Vec<Said>,
    /// Programmes applied: which segments somebody listens to changes with them.
    programmes: usize,
    /// Who is inside by what the records of changes tell, by the segment's name.
    told: BTreeMap<String, BTreeSet<ProfileId>>,
    /// What was told since the last wait began, the newest of each segment and profile.
    heard: BTreeMap<(String, ProfileId), Change>,
    clusters: BTreeMap<String, ClusterSet>,
    /// By the profile that it was said of, whatever became of that since.
    notes: BTreeMap<ProfileId, Notes>,
    suppressed: BTreeSet<(IdentifierKind, String)>,
    stated: CutOffs,
    /// Instants given to statements: of two, which is the newer is never a matter of taste.
    spoken: BTreeSet<At>,
    messages: u64,
}

/// What was said of somebody.
#[derive(Default)]
struct Notes {
    events: Vec<naive::Event>,
    traits: Vec<(At, String, Json)>,
    seen: Vec<At>,
}

impl Story {
    pub(super) fn begin(start: Start, words: Words, segments: &[Said]) -> Self {
        Self::with_journeys(start, words, segments, BTreeMap::new())
    }

    pub(super) fn with_journeys(
        start: Start,
        words: Words,
        segments: &[Said],
        journeys: BTreeMap<String, Journey>,
    ) -> Self {
        let mut story = Self {
            engine: Engine::new(),
            log: Vec::new(),
            journeys,
            now: start.at(),
            zone: start.zone,
            spans: words.spans,
            segments: segments.to_vec(),
            programmes: 0,
            told: BTreeMap::new(),
            heard: BTreeMap::new(),
            clusters: BTreeMap::new(),
            notes: BTreeMap::new(),
            suppressed: BTreeSet::new(),
            stated: CutOffs::default(),
            spoken: BTreeSet::new(),
            messages: 0,
        };
        let installed = Installed { installation: 1, hash_key: KEY, seed: 42, link_key: [9; 32] };
        story.apply(&Record::Installed(installed));
        story.apply_programme();
        story.derive();
        story
    }

    /// A programme with this set of clusters is live from now on.
    pub(super) fn ask_for_clusters(&mut self, name: &str, set: ClusterSet) {
        self.clusters.insert(name.to_owned(), set);
        self.apply_programme();
    }

    /// The engine that the log alone gives.
    pub(super) fn replayed(&self) -> Engine {
        let mut engine = Engine::new();
        for (place, (at, bytes)) in self.log.iter().enumerate() {
            let record = Record::decode(bytes).expect("it was applied");
            let seq = engine.seq().next();
            let mut outcome = engine.apply(seq, *at, &record, &mut Vec::new());
            if let Outcome::Refused(Refusal::Unkept(properties)) = outcome {
                engine.fill(properties, self.log[..place].iter().map(|(at, bytes)| (*at, bytes.as_slice())));
                outcome = engine.apply(seq, *at, &record, &mut Vec::new());
            }
            assert_eq!(outcome, Outcome::Applied, "as it was");
        }
        engine
    }

    pub(super) fn tell(&mut self, deed: &Deed) {
        self.happen(deed);
        self.derive();
    }

    fn happen(&mut self, deed: &Deed) {
        match deed {
            Deed::Track { who, name, ago, properties, flags } => {
                let at = self.now.minus(*ago);
                let event =
                    Told { kind: EventKind::Track, name, flags: *flags, properties, ..Told::default() };
                let Some(id) = self.event(who, at, &event) else { return };
                let place = self.engine.seq().0;
                self.note(id).events.push(naive::Event {
                    name: name.clone(),
                    second: at.0.div_euclid(1_000),
                    place,
                    properties: properties.clone(),
                });
            }
            Deed::Identify { who, ago, traits } => {
                let at = self.unique(*ago);
                let event = Told { kind: EventKind::Identify, traits, ..Told::default() };
                let Some(id) = self.event(who, at, &event) else { return };
                for (name, value) in traits.as_object().expect("traits are an object") {
                    self.note(id).traits.push((at, name.clone(), value.clone()));
                }
            }
            Deed::Prefer { who, ago, preferences } => {
                let at = self.unique(*ago);
                let context = json!({ "consent": { "categoryPreferences": preferences } });
                let event = Told { kind: EventKind::Identify, context: &context, ..Told::default() };
                self.event(who, at, &event);
            }
            Deed::Consent { who, purpose, channel, granted, ago } => {
                let stated_at = self.unique(*ago);
                let is_new = self.find(who).is_none();
                self.apply(&Record::ConsentStated(ConsentStated {
                    subject: Subject::Identifier(identifier(who)),
                    purpose,
                    channel,
                    granted: *granted,
                    source: ConsentSource::Api,
                    stated_at,
                    wording: "",
                    language: "",
                    proof: "",
                }));
                if let Some(id) = self.find(who).filter(|_| is_new) {
                    self.note(id).seen.push(stated_at);
                }
            }
            Deed::Suppress { address, lifted } => {
                let known = (address.0, address.1.to_owned());
                match lifted {
                    true => self.suppressed.remove(&known),
                    false => self.suppressed.insert(known),
                };
                self.apply(&Record::SuppressionStated(SuppressionStated {
                    identifier: identifier(address),
                    lifted: *lifted,
                    stated_at: self.now,
                    reason: "asked",
                }));
            }
            Deed::Wait(wait) => self.wait(wait),
            Deed::Redefine { segments, zone } => {
                self.segments.clone_from(segments);
                self.zone = zone;
                self.apply_programme();
            }
            Deed::State { off } => self.state_cut_offs(*off),
            Deed::Erase { who } => self.erase(who),
            Deed::Restart => {
                self.engine = Engine::restore(&self.engine.snapshot()).expect("its own snapshot");
            }
        }
    }

    /// Nothing is noted of whoever had the name, whatever other names they had; and nothing that comes later is theirs.
    fn erase(&mut self, who: &Name) {
        let Some(profile) = self.find(who) else { return };
        let engine = &self.engine;
        self.notes.retain(|id, _| engine.canonical(*id) != profile);
        self.apply(&Record::ProfileErased(ProfileErased { profile, erased_at: self.now, operator: "test" }));
    }

    /// An instant so long ago that nobody has spoken at yet.
    fn unique(&mut self, ago: Span) -> At {
        let mut at = self.now.minus(ago);
        while !self.spoken.insert(at) {
            at = at.minus(Span(1));
        }
        at
    }

    fn note(&mut self, id: ProfileId) -> &mut Notes {
        self.notes.entry(id).or_default()
    }

    pub(super) fn find(&self, who: &Name) -> Option<ProfileId> {
        self.engine.find(who.0, who.1)
    }

    /// Tells an event; whose it was, unless it was nobody's.
    fn event(&mut self, who: &[Name], at: At, told: &Told<'_>) -> Option<ProfileId> {
        self.messages += 1;
        let message_id = self.messages.to_string();
        let [properties, traits, context] = [told.properties, told.traits, told.context]
            .map(|json| OwnedMap::from_json(json).expect("deeds have objects"));
        self.apply(&Record::Event(Event {
            kind: told.kind,
            flags: told.flags,
            occurred_at: at,
            received_at: self.now,
            source: "test",
            name: told.name,
            message_id: KEY.message_id("test", &message_id),
            identifiers: who.iter().map(identifier).collect(),
            message_id_text: &message_id,
            properties: properties.as_map(),
            traits: traits.as_map(),
            context: context.as_map(),
        }));
        if told.flags.has(EventFlags::BOT) {
            return None;
        }
        let id = self.find(&who[0]).expect("the first name of a record is known from then on");
        self.note(id).seen.push(at);
        Some(id)
    }

    /// Numbers of the segments that somebody listens to.
    fn listened(&self) -> impl Iterator<Item = usize> + use<> {
        let programmes = self.programmes;
        (0..self.segments.len()).filter(move |number| !(number + programmes).is_multiple_of(3))
    }

    /// Adds what follows from the records before, and takes it in as whoever listens does.
    fn derive(&mut self) {
        let place = Seq(self.log.len() as u64);
        while let Some(derived) = self.engine.derived() {
            let mut bytes = Vec::new();
            derived.encode(&mut bytes);
            let record = Record::decode(&bytes).expect("what was encoded can be decoded");
            let Record::MembershipChanged(changed) = &record else { panic!("{record:?}") };
            let told = self.told.entry(changed.segment.to_owned()).or_default();
            for change in changed.changes.iter() {
                let differs = match change.kind {
                    ChangeKind::Entered => told.insert(change.profile),
                    ChangeKind::Left | ChangeKind::Merged | ChangeKind::Erased => {
                        told.remove(&change.profile)
                    }
                };
                self.heard.insert((changed.segment.to_owned(), change.profile), change);
                assert!(differs, "{change:?} of {} tells nothing new", changed.segment);
                assert!(
                    (change.at, change.cause) == (self.now, place),
                    "{change:?} at {}, {place}",
                    self.now
                );
            }
            self.apply(&record);
        }
    }

    fn apply_programme(&mut self) {
        self.programmes += 1;
        let purpose = |opt_in, confirm: Option<&str>| Purpose {
            channels: Channel::ALL.to_vec(),
            opt_in,
            confirm: confirm.map(str::to_owned),
            ..Purpose::default()
        };
        let template = EmailTemplate { text: Some("confirm".to_owned()), ..EmailTemplate::default() };
        let email = EmailMessage {
            from: "Shop <shop@example.com>".to_owned(),
            subject: [("en".to_owned(), "Confirm".to_owned())].into(),
            templates: [("en".to_owned(), template)].into(),
            ..EmailMessage::default()
        };
        let segments = self.segments.iter().enumerate();
        let programme = Programme {
            name: "test".to_owned(),
            timezone: self.zone.to_owned(),
            languages: vec!["en".to_owned()],
            purposes: [
                ("offers".to_owned(), purpose(OptIn::Single, None)),
                ("news".to_owned(), purpose(OptIn::Double, Some("confirm"))),
            ]
            .into(),
            purchase: Purchase { event: PURCHASE.0.to_owned(), amount: PURCHASE.1.to_owned() },
            segments: segments.map(|(number, said)| (segment_name(number), said.0.to_string())).collect(),
            messages: ["confirm", "yes", "no"]
                .map(|name| (name.to_owned(), Message { email: Some(email.clone()), ..Message::default() }))
                .into(),
            journeys: self.journeys.clone(),
            recorded: self.listened().map(segment_name).collect(),
            clusters: self.clusters.clone(),
            ..Programme::default()
        };
        let definition = serde_json::to_string(&programme).expect("a programme is plain JSON");
        let applied = ProgrammeApplied { applied_at: self.now, operator: "test", definition: &definition };
        self.apply(&Record::ProgrammeApplied(applied));
    }

    /// Ranks everybody, compares that with a naive ranking, and states what it gives or something near.
    fn state_cut_offs(&mut self, off: i64) {
        let off = i128::from(off);
        let people: Vec<Person> = self.people().into_iter().map(|(_, person)| person).collect();
        let asked = self.segments.iter().map(|said| said.0.clone());
        let takes_part = self.clusters.values().filter_map(|set| set.of.as_deref());
        let rules = self.journeys.values().flat_map(Journey::rules).chain(takes_part);
        let rules = rules.map(|text| parse(text).expect("it is one"));
        let wanted: Vec<Expression> = asked.chain(rules).collect();
        let (naive, by_share) = ranked(wanted.iter(), &people, &self.moment(), off);
        let found = self.engine.ranking(self.now).all();
        let found: BTreeMap<String, Option<i128>> =
            found.into_iter().map(|one| (one.share, one.value.map(|value| value + off))).collect();
        assert_eq!(found, by_share, "at {} in {}", self.now, self.zone);
        let cutoffs = found.iter().map(|(share, value)| CutoffStated { share, value: *value });
        self.apply(&Record::CutoffsStated(CutoffsStated { stated_at: self.now, cutoffs: cutoffs.collect() }));
        self.stated = naive;
        let due = self.engine.cutoffs_due();
        assert_eq!(due.is_some(), !found.is_empty(), "cut-offs are stated anew where some are asked for");
        let day = Span(Span::DAY.0 + Span::HOUR.0 * 2);
        assert!(due.is_none_or(|due| self.now < due && due <= self.now.plus(day)), "{due:?} at {}", self.now);
    }

    /// Sends a record through its bytes, as every record goes.
    pub(super) fn apply(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let record = Record::decode(&bytes).expect("what was encoded can be decoded");
        let apply =
            |engine: &mut Engine| engine.apply(engine.seq().next(), self.now, &record, &mut Vec::new());
        let mut outcome = apply(&mut self.engine);
        if let Outcome::Refused(Refusal::Unkept(properties)) = outcome {
            self.engine.fill(properties, self.log.iter().map(|(at, bytes)| (*at, bytes.as_slice())));
            outcome = apply(&mut self.engine);
        }
        if outcome == Outcome::Applied {
            self.log.push((self.now, bytes.clone()));
        }
        let again = matches!((&record, &outcome), (Record::ProgrammeApplied(_), Outcome::Duplicate));
        assert!(again || outcome == Outcome::Applied, "{outcome:?}");
    }

    fn wait(&mut self, wait: &Wait) {
        let until = self.aim(wait);
        let (late, before) = (self.heard_late(until), self.told.clone());
        self.heard.clear();
        while self.tick(until) {}
        self.now = self.now.max(until);
        // Of who is inside at the end and was not at the beginning, or the reverse, it makes no difference since when.
        let was = |(segment, id): &(String, ProfileId)| before.get(segment).is_some_and(|of| of.contains(id));
        let parted = self.heard.iter().filter(|(of, one)| was(of) != (one.kind == ChangeKind::Entered));
        for (of, on_time) in parted {
            let late = late.get(of).map(|one| (one.kind, one.at));
            assert_eq!(late, Some((on_time.kind, on_time.at)), "{of:?} by one tick at {until}");
        }
    }

    /// The newest change of each segment and profile that one tick tells of, where it comes so late.
    fn heard_late(&self, until: At) -> BTreeMap<(String, ProfileId), Change> {
        let mut heard = BTreeMap::new();
        let mut engine = self.engine.clone();
        if engine.next_due().is_some_and(|due| due <= until) {
            engine.apply(engine.seq().next(), until, &Record::Tick, &mut Vec::new());
        }
        while let Some(Record::MembershipChanged(changed)) = engine.derived() {
            let changes = changed.changes.iter();
            heard.extend(changes.map(|one| ((changed.segment.to_owned(), one.profile), one)));
            let mut bytes = Vec::new();
            Record::MembershipChanged(changed).encode(&mut bytes);
            let record = Record::decode(&bytes).expect("what was encoded can be decoded");
            engine.apply(engine.seq().next(), until, &record, &mut Vec::new());
        }
        heard
    }

    /// The instant to which a wait goes.
    pub(super) fn aim(&self, wait: &Wait) -> At {
        match wait {
            Wait::For(span) => self.now.plus(*span),
            Wait::Turn { place, off } => self.one_of(&self.turns(), *place).plus(Span(*off)),
            Wait::Quarter { place, off } => self.one_of(&self.quarters(), *place).plus(Span(*off)),
            Wait::Timer { off } => match self.engine.next_due() {
                Some(due) if due < self.now.plus(Span::DAY.times(1_000)) => due.plus(Span(*off)),
                _ => self.now.plus(Span::HOUR),
            },
        }
    }

    /// Fires the timers of the next instant at which there are some; whether there was one.
    pub(super) fn tick(&mut self, until: At) -> bool {
        let due = self.engine.next_due().filter(|due| *due <= until);
        if let Some(due) = due {
            self.now = self.now.max(due);
            self.apply(&Record::Tick);
            self.derive();
        }
        due.is_some()
    }

    /// Instants to come at which something could change, and some beside them.
    pub(super) fn instants_to_come(&self) -> BTreeSet<At> {
        let turns = self.turns().into_iter().chain(self.quarters());
        let beside = turns.flat_map(|at| [-1, 0].map(|off| at.plus(Span(off))));
        beside.filter(|at| *at > self.now).collect()
    }

    /// One of some instants from now on; an hour from now where there is none.
    fn one_of(&self, instants: &BTreeSet<At>, place: usize) -> At {
        let later: Vec<At> = instants.iter().copied().filter(|at| *at > self.now).collect();
        later.get(place % later.len().max(1)).copied().unwrap_or(self.now.plus(Span::HOUR))
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = (String, &Expression)> {
        let numbered = self.segments.iter().enumerate();
        numbered.map(|(number, said)| (segment_name(number), &said.0))
    }

    /// The ends of every length of time from each event.
    fn turns(&self) -> BTreeSet<At> {
        let seconds = self.notes.values().flat_map(|notes| {
            let seen = notes.seen.iter().map(|at| at.0.div_euclid(1_000));
            notes.events.iter().map(|event| event.second).chain(seen)
        });
        seconds.flat_map(|second| self.spans.iter().map(move |span| At(second * 1_000).plus(*span))).collect()
    }

    /// Midnights where the programme is, and quarters of a day in UTC.
    fn quarters(&self) -> BTreeSet<At> {
        let zone = timezone(self.zone).expect("a bundled zone");
        let now = jiff::Timestamp::from_millisecond(self.now.0).expect("now").to_zoned(zone.clone());
        let midnights = (1..4).map(|days| {
            let day = super::tree::plus(now.date(), days).to_zoned(zone.clone()).expect("near today");
            At(day.start_of_day().expect("near today").timestamp().as_millisecond())
        });
        let quarter = 6 * 3_600_000;
        let quarters = (1..6).map(|count| At((self.now.0.div_euclid(quarter) + count) * quarter));
        midnights.chain(quarters).collect()
    }

    /// Compares everything that the engine says of everybody with what a naive reading of the notes gives.
    pub(super) fn check(&self, questions: &[Said]) -> Result<(), String> {
        let people = self.people();
        let moment = self.moment();
        for (number, said) in self.segments.iter().enumerate() {
            let name = segment_name(number);
            let is_listened = self.listened().any(|one| one == number);
            let told = self.told.get(&name);
            let mut count = 0;
            for (id, person) in &people {
                let expected = naive::holds(&said.0, person, &moment);
                count += u64::from(expected);
                if told.is_some_and(|told| told.contains(id)) != (expected && is_listened) {
                    let what = format!("the changes should have {id:?} in {name}: {expected}, {is_listened}");
                    return Err(self.report(&what, &said.0, &[(*id, person)]));
                }
                if self.engine.memberships(*id).contains(&name.as_str()) != expected {
                    let what = format!("{id:?} should be in {name}: {expected}");
                    return Err(self.report(&what, &said.0, &[(*id, person)]));
                }
            }
            if is_listened && told.map_or(0, |told| told.len() as u64) != count {
                return Err(format!("the changes have {told:?} in {name}, should be {count}"));
            }
            let found = self.engine.segment(&name).expect("it is in the programme").count;
            if found != count {
                return Err(format!("{name} counts {found} people, should be {count}"));
            }
            self.check_question(&said.0, &people, &moment)?;
        }
        for question in questions {
            let question = built_on(question.0.clone(), self.segments.len());
            self.check_question(&question, &people, &moment)?;
        }
        Ok(())
    }

    pub(super) fn moment(&self) -> Moment {
        let mut moment = Moment::new(self.now, timezone(self.zone).expect("a bundled zone"));
        let named = self.segments.iter().enumerate();
        moment.segments = named.map(|(number, said)| (segment_name(number), said.0.clone())).collect();
        moment.cut_offs = self.stated.clone();
        moment
    }

    /// The moment of a question, for which everybody is ranked anew.
    pub(super) fn moment_of(&self, question: &Expression, people: &[(ProfileId, Person)]) -> Moment {
        let people: Vec<Person> = people.iter().map(|(_, person)| person.clone()).collect();
        let moment = self.moment();
        let (cut_offs, _) = ranked([question].into_iter(), &people, &moment, 0);
        let cut_offs_of_segments = Some(moment.cut_offs.clone());
        Moment { cut_offs, cut_offs_of_segments, ..moment }
    }

    fn check_question(
        &self,
        question: &Expression,
        people: &[(ProfileId, Person)],
        moment: &Moment,
    ) -> Result<(), String> {
        let asked = asks_to_rank(question).then(|| self.moment_of(question, people));
        let moment = asked.as_ref().unwrap_or(moment);
        let matching = people.iter().filter(|(_, person)| naive::holds(question, person, moment));
        let expected: Vec<ProfileId> = matching.map(|(id, _)| *id).collect();
        let found = self.ask(|engine| engine.preview_at(&question.to_string(), self.now))?;
        let sample = &expected[..expected.len().min(10)];
        if found.count == expected.len() as u64 && found.sample == sample {
            return Ok(());
        }
        let differs = |id: &ProfileId| found.sample.contains(id) != sample.contains(id);
        let people: Vec<(ProfileId, &Person)> =
            people.iter().filter(|(id, _)| differs(id)).map(|(id, person)| (*id, person)).collect();
        let what = format!("the scan finds {:?}, should find {sample:?}", found.sample);
        Err(self.report(&what, question, &people))
    }

    /// Asks a copy of the engine, into which what the question asks of the past is brought first.
    pub(super) fn ask<T>(&self, ask: impl Fn(&Engine) -> Result<T, Unanswered>) -> Result<T, String> {
        let mut engine = self.engine.clone();
        loop {
            match ask(&engine) {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Mistake(mistake)) => return Err(mistake.to_string()),
                Err(Unanswered::Unkept(properties)) => {
                    engine.fill(properties, self.log.iter().map(|(at, bytes)| (*at, bytes.as_slice())));
                }
            }
        }
    }

    pub(super) fn report(
        &self,
        what: &str,
        expression: &Expression,
        people: &[(ProfileId, &Person)],
    ) -> String {
        let mut text = format!("{what}\n  {expression}\n  at {} in {}\n", self.now, self.zone);
        for (number, said) in self.segments.iter().enumerate() {
            text += &format!("  {}: {said:?}\n", segment_name(number));
        }
        for (id, person) in people {
            text += &format!(
                "  {id:?}: seen {} to {}, {}, granted {:?}, reachable {:?}\n",
                At(person.first_seen * 1_000),
                At(person.last_seen * 1_000),
                person.traits,
                person.granted,
                person.reachable
            );
            for event in &person.events {
                text += &format!(
                    "    {} at {}, seq {}: {}\n",
                    event.name,
                    At(event.second * 1_000),
                    event.place,
                    event.properties
                );
            }
        }
        text
    }

    pub(super) fn people(&self) -> Vec<(ProfileId, Person)> {
        let mut notes: BTreeMap<ProfileId, Vec<&Notes>> = BTreeMap::new();
        for (id, noted) in &self.notes {
            notes.entry(self.engine.canonical(*id)).or_default().push(noted);
        }
        let known = self.engine.profiles();
        known.map(|(id, _)| (id, self.person_of(id, notes.get(&id).map_or(&[], Vec::as_slice)))).collect()
    }

    pub(super) fn person(&self, id: ProfileId) -> Person {
        let people = self.people();
        let found = people.into_iter().find(|(known, _)| *known == id);
        found.expect("it is known").1
    }

    /// All that was said of the profiles that are one person now.
    fn person_of(&self, id: ProfileId, notes: &[&Notes]) -> Person {
        let second = |at: &At| at.0.div_euclid(1_000);
        let seen = || notes.iter().flat_map(|notes| notes.seen.iter().map(second));
        let mut events: Vec<naive::Event> = notes.iter().flat_map(|notes| notes.events.clone()).collect();
        events.sort_by_key(|event| Seq(event.place));
        let traits = traits(notes);
        let reaches = |channel: &Channel| self.reaches(id, *channel, &traits);
        let reachable = Channel::ALL.into_iter().filter(reaches).collect();
        Person {
            events,
            granted: self.granted(id),
            reachable,
            offers: BTreeSet::new(),
            first_seen: seen().min().expect("whoever is known was seen"),
            last_seen: seen().max().expect("whoever is known was seen"),
            traits,
        }
    }

    /// What is granted, as the evidence stands.
    fn granted(&self, id: ProfileId) -> BTreeSet<(String, Channel)> {
        let profile = self.engine.profile(id).expect("it is known");
        let pairs = PURPOSES.iter().flat_map(|purpose| Channel::ALL.map(|channel| (*purpose, channel)));
        pairs
            .filter(|(purpose, channel)| profile.consent(purpose, *channel) == Some(ConsentState::Granted))
            .map(|(purpose, channel)| (purpose.to_owned(), channel))
            .collect()
    }

    /// Whether there is an address that is not suppressed: what the traits say, or else the newest identifier.
    fn reaches(&self, id: ProfileId, channel: Channel, traits: &Json) -> bool {
        let (kind, name) = match channel {
            Channel::Email => (IdentifierKind::Email, "email"),
            Channel::Sms | Channel::Call => (IdentifierKind::Phone, "phone"),
            Channel::Push | Channel::WebPush => (IdentifierKind::DeviceToken, "device_token"),
            Channel::InApp | Channel::Webhook | Channel::Onsite => return false,
        };
        let stated = traits[name].as_str().and_then(|text| normalise(kind, text).ok());
        let identifiers = self.engine.profile(id).expect("it is known").identifiers();
        let known = || identifiers.iter().rfind(|one| one.kind == kind).map(|one| one.value.to_string());
        stated.or_else(known).is_some_and(|address| !self.suppressed.contains(&(kind, address)))
    }
}

/// Whether a score or a share is in it.
pub(super) fn asks_to_rank(expression: &Expression) -> bool {
    let mut asks = false;
    expression.walk(&mut |part| asks |= matches!(part, Expression::Score(_) | Expression::Rank(_)));
    asks
}

/// The cut-offs that expressions ask for, moved a little: for a naive evaluation, and by the texts of their shares.
fn ranked<'a>(
    expressions: impl Iterator<Item = &'a Expression>,
    people: &[Person],
    moment: &Moment,
    off: i128,
) -> (CutOffs, BTreeMap<String, Option<i128>>) {
    let (mut naive, mut by_share) = (CutOffs::default(), BTreeMap::new());
    let mut scores = ScoreCutOffs {
        purchase: PURCHASE.0.to_owned(),
        amount: vec![PURCHASE.1.to_owned()],
        ..ScoreCutOffs::default()
    };
    let mut wanted = Vec::new();
    expressions.for_each(|expression| expression.walk(&mut |part| wanted.push(part)));
    for part in wanted {
        match part {
            Expression::Rank(rank) => {
                let value = naive::cut_off(rank, people, moment).map(|value| value + off);
                by_share.insert(part.to_string(), value);
                naive.ranks.extend(value.map(|value| (rank.clone(), value)));
            }
            Expression::Score(score) => {
                let steps = naive::score_cut_offs(score.of, &scores, people, moment);
                let steps = steps.map(|steps| steps.map(|step| step + off));
                *scores.of(score.of) = steps;
                let figure = match score.of {
                    ScoreOf::Recency => "newest of \"A\"",
                    ScoreOf::Frequency => "count of \"A\"",
                    ScoreOf::Monetary => "sum(n) of \"A\"",
                };
                for (place, percent) in [80, 60, 40, 20].into_iter().enumerate() {
                    by_share.insert(format!("top {percent}% by {figure}"), steps.map(|steps| steps[place]));
                }
            }
            _ => {}
        }
    }
    naive.scores = Some(scores);
    (naive, by_share)
}

/// The newest statement of each trait; null takes it away.
fn traits(notes: &[&Notes]) -> Json {
    let mut said: Vec<&(At, String, Json)> = notes.iter().flat_map(|notes| &notes.traits).collect();
    said.sort_by_key(|(at, _, _)| *at);
    let mut traits = Map::new();
    for (_, name, value) in said {
        match value {
            Json::Null => traits.remove(name),
            value => traits.insert(name.clone(), value.clone()),
        };
    }
    Json::Object(traits)
}

/// An event's parts, most of them empty.
struct Told<'a> {
    kind: EventKind,
    name: &'a str,
    flags: EventFlags,
    properties: &'a Json,
    traits: &'a Json,
    context: &'a Json,
}

impl Default for Told<'_> {
    fn default() -> Self {
        static EMPTY: std::sync::LazyLock<Json> = std::sync::LazyLock::new(|| json!({}));
        let flags = EventFlags::default();
        Self {
            kind: EventKind::Track,
            name: "Identified",
            flags,
            properties: &EMPTY,
            traits: &EMPTY,
            context: &EMPTY,
        }
    }
}

fn identifier(name: &Name) -> Identifier<'static> {
    Identifier { kind: name.0, hash: KEY.identifier(name.0, name.1), value: name.1 }
}
