//! The loop: a clock, chance, the people outside, the process inside, a disk that may lose its power. One thread, one
//! seed; every wait is a round.

use std::collections::BTreeMap;

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::Refusal;
use engine::identifier::HashKey;
use engine::outbox::Status;
use engine::record::Installed;
use eventlog::Error;
use eventlog::folder::Folder;
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder, MemoryLog};
use eventlog::sequencer::Outcome;
use eventlog::snapshots::{Snapshot, Snapshots};

use crate::auditor::Auditor;
use crate::canary::Canary;
use crate::clusters::Searched;
use crate::deliver::{self, Deliver};
use crate::draft::Draft;
use crate::installation::{Installation, Sender, Unwritten};
use crate::invariant::{Invariant, Violation};
use crate::lists::Lists;
use crate::options::Options;
use crate::pages::Pages;
use crate::provider::Provider;
use crate::random::Random;
use crate::trace::Trace;
use crate::workload::Workload;

/// When every world begins.
const BEGINNING: At = At(1_790_000_000_000);

/// Rounds without faults after which everything must be quiet.
const ROUNDS_TO_REST: u64 = 600;

/// The request that brings the first programme.
const FIRST_PROGRAMME: u64 = 1;

/// How a run ended that broke nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub records: u64,
    pub crashes: u64,
    pub handed_over: u64,
    /// Of the final state and of everything noted on the way.
    pub digest: u128,
}

pub struct World {
    random: Random,
    searches: Random,
    pub options: Options,
    canary: Option<Canary>,
    pub trace: Trace,
    now: At,
    disk: MemoryDisk,
    installed: Installed,
    installation: Installation,
    deliver: Deliver,
    provider: Provider,
    workload: Workload,
    pages: Pages,
    lists: Lists,
    /// Whether all is kept that any programme may ask of the past: the first one, which asks for it, was taken.
    keeps_all: bool,
    /// Requests that were not answered yet, by number.
    open: BTreeMap<u64, Vec<Draft>>,
    requests: u64,
    crashes: u64,
    auditor: Auditor,
}

/// The power is gone: whatever was being done is not done.
struct PowerLost;

/// Why a round did not come to its end.
enum Stop {
    PowerLost,
    Violation(Violation),
}

impl From<PowerLost> for Stop {
    fn from(_: PowerLost) -> Self {
        Self::PowerLost
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl World {
    pub fn new(seed: u64, canary: Option<Canary>) -> Self {
        let mut random = Random::new(seed);
        let mut operators = Random::new(!seed);
        let mut shop = Random::new((!seed).rotate_left(16));
        let mut options = Options::draw(&mut random, &mut operators, &mut shop);
        let installed = Installed {
            installation: random.draw(),
            hash_key: HashKey((u128::from(random.draw()) << 64 | u128::from(random.draw())).to_le_bytes()),
            seed: random.draw(),
            link_key: [7; 32],
        };
        let disk = MemoryDisk::default();
        let started = Installation::start(&disk, &installed, BEGINNING);
        let (installation, _) = started.expect("an empty disk takes its first record");
        if canary == Some(Canary::LyingDisk) {
            disk.lie_about_sync();
            // The log itself would notice that it rewrites what is not durable, and the auditor is to be the one.
            options.redacts = 0;
        }
        Self {
            workload: Workload::new(random.fork(), operators, &options),
            provider: Provider::new(random.fork()),
            pages: Pages::new(shop.fork()),
            lists: Lists::new(shop.fork()),
            // Of its own, so that the rest of a world is as it would be without.
            searches: Random::new(seed.rotate_left(32)),
            random,
            options,
            canary,
            trace: Trace::default(),
            now: BEGINNING,
            disk,
            installed,
            installation,
            deliver: Deliver::default(),
            keeps_all: false,
            open: BTreeMap::new(),
            requests: 0,
            crashes: 0,
            auditor: Auditor::default(),
        }
    }

    /// Lives the whole life of this world.
    pub fn run(&mut self) -> Result<Summary, Violation> {
        self.trace.note(self.now, &format!("{:?}", self.options));
        let first = Draft::Programme(crate::programme::draw_first(&mut self.random, self.options.trims));
        self.ask(vec![first]);
        for _ in 0..self.options.rounds {
            self.pass_time();
            self.people_act();
            if self.random.happens(self.options.power_cut) {
                self.disk.lose_power_after(self.random.below(12));
            }
            self.round()?;
            if self.random.happens(self.options.kill) {
                self.crash()?;
            }
        }
        self.rest()?;
        Ok(Summary {
            records: self.auditor.durable().0,
            crashes: self.crashes,
            handed_over: self.provider.seen.len() as u64,
            digest: self.auditor.hash() ^ u128::from(self.trace.digest()),
        })
    }

    /// All that was taken in, as it was when it was.
    pub fn history(&self) -> &[Batch] {
        self.auditor.batches()
    }

    fn pass_time(&mut self) {
        let random = &mut self.random;
        let span = if random.happens(self.options.long_pause) {
            random.between(1, 3 * 86_400_000)
        } else {
            random.below(60_000)
        };
        self.now = self.now.plus(Span(span as i64));
    }

    fn people_act(&mut self) {
        for _ in 0..self.random.below(self.options.requests_per_round + 1) {
            let drafts = self.workload.request(&self.options, self.now);
            self.ask(drafts);
        }
        for draft in self.workload.operators(&self.options, self.now) {
            self.ask(vec![draft]);
        }
        self.rank_people();
        self.search_clusters();
        let engine = &self.installation.engine;
        let mut drafts = self.pages.round(&self.options, engine, self.now);
        drafts.extend(self.lists.round(&self.options, engine, &self.deliver.codes, self.now));
        for draft in drafts {
            self.ask(vec![draft]);
        }
        if let Some(seen) = self.provider.seen.iter().rev().take(5).find(|seen| seen.accepted) {
            let send = seen.send;
            if let Some(draft) = self.workload.reaction(&self.options, send, self.now) {
                self.ask(vec![draft]);
            }
        }
        let impatient: Vec<u64> = self.open.keys().copied().collect();
        for number in impatient {
            if self.random.happens(self.options.impatient) {
                self.send_request(number);
            }
        }
    }

    /// Cut-offs are stated when they are due, and now and then besides.
    fn rank_people(&mut self) {
        let engine = &self.installation.engine;
        let Some(due) = engine.cutoffs_due() else { return };
        if due <= self.now || self.random.happens(self.options.states_cutoffs) {
            let stated_at = self.now.max(engine.at());
            let cutoffs = engine.ranking(stated_at).all();
            self.ask(vec![Draft::Cutoffs { stated_at, cutoffs }]);
        }
    }

    /// Clusters are stated when they are due, and now and then besides.
    fn search_clusters(&mut self) {
        let (engine, random) = (&self.installation.engine, &mut self.searches);
        let Some(due) = engine.clusters_due() else { return };
        if due <= self.now || random.happens(self.options.states_cutoffs) {
            let searched = Searched::draw(engine, self.now.max(engine.at()), random);
            self.ask(searched.into_iter().map(Draft::Clusters).collect());
        }
    }

    /// A new request from outside.
    fn ask(&mut self, drafts: Vec<Draft>) {
        self.requests += 1;
        self.open.insert(self.requests, drafts);
        self.send_request(self.requests);
    }

    /// Sends an open request, for the first time or again.
    fn send_request(&mut self, number: u64) {
        let key = &self.installed.hash_key;
        let drafts = &self.open[&number];
        let told =
            |draft: &Draft| std::iter::once(draft.encode(key, self.now)).chain(draft.act(key, self.now));
        let records = drafts.iter().flat_map(told).collect();
        self.installation.submit(Sender::Client(number), records);
    }

    /// One round of the process; a lost power ends in a crash and a new start.
    fn round(&mut self) -> Result<(), Violation> {
        match self.work() {
            Ok(()) => Ok(()),
            Err(Stop::PowerLost) => self.crash(),
            Err(Stop::Violation(violation)) => Err(violation),
        }
    }

    fn work(&mut self) -> Result<(), Stop> {
        let mut records =
            self.deliver.step(&mut self.random, &self.options, &mut self.provider, self.now, self.canary);
        self.audit_hand_overs()?;
        let engine = &self.installation.engine;
        records.extend(self.deliver.ask(&mut self.random, &self.options, engine, self.now));
        if !records.is_empty() {
            self.installation.submit(Sender::Deliver, records);
        }
        self.stage()?;
        if !self.random.happens(self.options.writer_rests) {
            self.write()?;
        }
        if self.installation.is_durable() {
            if self.random.happens(150) {
                self.auditor.compare(&self.installation.engine)?;
            }
            if !self.installation.engine.erasures().is_empty() && self.random.happens(self.options.redacts) {
                self.redact()?;
            }
            if self.random.happens(self.options.snapshots) {
                power(self.installation.snapshot(self.options.trims && self.keeps_all))?;
                self.trace.note(self.now, &format!("snapshot at seq {}", self.installation.engine.seq()));
            }
        }
        Ok(())
    }

    /// The disk forgets whoever was erased; the power may go at any step of that.
    fn redact(&mut self) -> Result<(), Stop> {
        let effects = power(self.installation.redact(self.now))?;
        self.trace.note(self.now, "the log is redacted");
        self.auditor.absorb(&self.installation.log, &mut self.trace)?;
        self.deliver.receive(effects);
        self.auditor.redacted(&self.disk, &self.installation.log)?;
        Ok(())
    }

    fn audit_hand_overs(&mut self) -> Result<(), Violation> {
        for seen in self.provider.unaudited() {
            self.trace.note(self.now, &format!("{seen:?}"));
            self.auditor.handed_over(&seen)?;
        }
        Ok(())
    }

    fn stage(&mut self) -> Result<(), Violation> {
        let mut clock = self.now;
        if !self.installation.has_client_requests() && self.random.happens(self.options.clock_back) {
            clock = clock.minus(Span(self.random.below(7_200_000) as i64));
        }
        let staged = self.installation.stage(clock);
        if self.canary == Some(Canary::EarlyAcknowledgement) {
            self.auditor.released(staged)?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Stop> {
        let durable = power(self.installation.write())?;
        self.auditor.absorb(&self.installation.log, &mut self.trace)?;
        for unwritten in durable {
            self.auditor.released(&unwritten)?;
            self.release(unwritten);
        }
        Ok(())
    }

    /// Lets answers and effects go.
    fn release(&mut self, unwritten: Unwritten) {
        let mut wordless = Vec::new();
        for (submission, outcomes) in unwritten.answers() {
            match submission.from {
                Sender::Client(number) => {
                    self.keeps_all |= number == FIRST_PROGRAMME
                        && matches!(outcomes[0], Outcome::Applied(_) | Outcome::Duplicate);
                    self.open.remove(&number);
                }
                Sender::Deliver => {
                    let answered = submission.records.iter().zip(outcomes);
                    let refused =
                        answered.filter(|(_, outcome)| **outcome == Outcome::Refused(Refusal::Erased));
                    wordless.extend(refused.filter_map(|(record, _)| deliver::without_words(record)));
                }
            }
        }
        if !wordless.is_empty() {
            self.installation.submit(Sender::Deliver, wordless);
        }
        self.deliver.receive(unwritten.staged.effects);
    }

    /// The process dies, and the machine with it; then it starts again, if need be more than once.
    fn crash(&mut self) -> Result<(), Violation> {
        loop {
            self.crashes += 1;
            let random = &mut self.random;
            self.disk.crash(&mut |bound| random.below(bound));
            self.trace.note(self.now, "crash");
            self.damage_snapshot();
            if self.random.happens(self.options.power_cut) {
                self.disk.lose_power_after(self.random.below(3));
            }
            match self.start() {
                Ok(()) => return Ok(()),
                Err(Stop::PowerLost) => {}
                Err(Stop::Violation(violation)) => return Err(violation),
            }
        }
    }

    /// The newest snapshot rots somewhere, where there is another way back: one disk fault is to be borne, not two.
    fn damage_snapshot(&mut self) {
        let folder = MemoryFolder::open(&self.disk);
        let snapshots = Snapshots::new(MemoryFolder::open(&self.disk));
        let all: Vec<_> = snapshots.newest_first().expect("the power is back").collect();
        let first = MemoryLog::open(&self.disk).and_then(|log| log.first()).ok().flatten().unwrap_or(Seq(1));
        let redacted = self.auditor.redacted_to();
        let leads_back = |place: Seq| place.next() >= first && place >= redacted;
        let is_whole = first == Seq(1) && redacted == Seq(0);
        // A section that an older one has too may have been damaged before.
        let can_be_read = |one: &Result<Snapshot<'_>, Error>| {
            one.as_ref().is_ok_and(|one| one.sections().all(|section| section.is_ok()))
        };
        let has_other_way =
            is_whole || all.iter().skip(1).any(|(place, one)| leads_back(*place) && can_be_read(one));
        let Some((_, Ok(newest))) = all.first().filter(|_| has_other_way) else { return };
        if self.random.happens(self.options.snapshot_damaged) {
            let files = newest.files();
            let name = &files[self.random.below(files.len() as u64) as usize];
            let length = folder.read(name).expect("the newest is whole").len() as u64;
            self.disk.damage(name, self.random.below(length) as usize);
            self.trace.note(self.now, &format!("{name} is damaged"));
        }
    }

    fn start(&mut self) -> Result<(), Stop> {
        let started = Installation::start(&self.disk, &self.installed, self.now);
        let (installation, recovered) = match started {
            Err(error) if !self.disk.power_lost() => {
                return Err(Invariant::L1.broken(format!("the process cannot start again: {error}")).into());
            }
            started => power(started)?,
        };
        self.trace.note(
            self.now,
            &format!("started from snapshot {:?} and {} records", recovered.snapshot, recovered.replayed),
        );
        self.installation = installation;
        self.auditor.recovered(&self.installation.log, &self.installation.engine, &mut self.trace)?;
        let outstanding = self.installation.engine.outstanding();
        let (deliver, records) = Deliver::resume(outstanding, self.now, self.canary);
        self.deliver = deliver;
        self.deliver.ask_again(&self.installation.engine);
        if !records.is_empty() {
            self.installation.submit(Sender::Deliver, records);
        }
        Ok(())
    }

    /// Faults stop; everything must come to an end.
    fn rest(&mut self) -> Result<(), Violation> {
        self.trace.note(self.now, "faults stop");
        let options = &mut self.options;
        (options.kill, options.power_cut, options.writer_rests, options.deliver_rests) = (0, 0, 0, 0);
        (options.transient, options.time_out, options.contradicts, options.clock_back) = (0, 0, 0, 0);
        self.crash()?;
        for _ in 0..ROUNDS_TO_REST {
            self.now = match self.installation.engine.next_due() {
                Some(due) if self.is_owed() => self.now.plus(Span::SECOND).max(due),
                _ => self.now.plus(Span::SECOND),
            };
            let open: Vec<u64> = self.open.keys().copied().collect();
            open.into_iter().for_each(|number| self.send_request(number));
            self.round()?;
            if self.open.is_empty()
                && self.installation.is_idle()
                && self.deliver.is_idle()
                && !self.is_owed()
                && !self.is_due()
            {
                break;
            }
        }
        let open: Vec<&u64> = self.open.keys().collect();
        Invariant::L3.check(open.is_empty(), || format!("requests {open:?} were never answered"))?;
        self.auditor.finish(&self.installation.engine)?;
        self.crash()?;
        self.auditor.finish(&self.installation.engine)
    }

    /// Whether the last batch left something to the next tick: applying a programme sends nothing by itself.
    fn is_due(&self) -> bool {
        let engine = &self.installation.engine;
        engine.next_due().is_some_and(|due| due <= engine.at())
    }

    fn is_owed(&self) -> bool {
        let owed = |status| matches!(status, Status::Queued | Status::Attempted);
        self.installation.engine.sends().any(|send| owed(send.status))
    }
}

/// An error of the disk in the middle of work is the end of the process; the only one it has is a lost power.
fn power<T>(result: Result<T, Error>) -> Result<T, PowerLost> {
    result.map_err(|error| match error {
        Error::PowerLost => PowerLost,
        other => panic!("the memory disk fails in one way only: {other}"),
    })
}
