//! The same of the rules inside a journey, where what happened since the run began can be asked for: whom a branch sends
//! what, whom an exit ends, and who waits no longer.

use engine::ProfileId;
use engine::at::{At, Span};
use engine::journey::RunState;
use engine::programme::{Arm, Choices, Journey, Reenter, Step};
use engine::record::EventFlags;
use engine::segment::Expression;
use proptest::collection::vec;
use proptest::prelude::*;
use sim::naive::{self, Person};

use super::deed::{Deed, deed};
use super::story::Story;
use super::tree::{Said, expression};
use super::words::{Start, Words};

/// How long after its beginning a run comes to the branch.
const WAIT: Span = Span(3_000);
const BRANCHES: &str = "branches";
const EXITS: &str = "exits";
const WAITS: &str = "waits";

#[derive(Clone)]
pub(super) struct Case {
    branch: Said,
    exit: Said,
    until: Said,
    deeds: Vec<Deed>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n  branch {:?}\n  exit {:?}\n  until {:?}", self.branch, self.exit, self.until)?;
        self.deeds.iter().try_for_each(|deed| write!(f, "\n  {deed:?}"))
    }
}

pub(super) fn case(words: Words) -> impl Strategy<Value = Case> {
    let rule = || expression(words).prop_map(Said);
    let parts = (rule(), rule(), rule(), vec(deed(words), 1..30));
    parts.prop_map(|(branch, exit, until, deeds)| Case { branch, exit, until, deeds })
}

pub(super) fn hold(start: Start, words: Words, case: &Case) -> Result<(), String> {
    let journey = |exit: Option<&Said>, steps| Journey {
        purpose: "offers".to_owned(),
        enter: "did \"A\"".to_owned(),
        reenter: Reenter::Always,
        exit: exit.map(|said| said.0.to_string()),
        steps,
        ..Journey::default()
    };
    let send = |message: &str| {
        vec![Step::Send { message: message.to_owned(), channels: vec![], choices: Choices::default() }]
    };
    let branch = Step::Branch(vec![
        Arm { when: Some(case.branch.0.to_string()), then: send("yes") },
        Arm { when: None, then: send("no") },
    ]);
    let forever = Span::DAY.times(20_000);
    let until = Step::WaitUntil { until: case.until.0.to_string(), at_most: forever };
    let journeys = [
        (BRANCHES.to_owned(), journey(None, vec![Step::Wait(WAIT), branch])),
        (EXITS.to_owned(), journey(Some(&case.exit), vec![Step::Wait(forever)])),
        (WAITS.to_owned(), journey(None, vec![until])),
    ];
    let story = Story::with_journeys(start, words, &[], journeys.into());
    let mut runs = Runs { story, case, branches: Vec::new(), exits: Vec::new(), waits: Vec::new(), sends: 0 };
    case.deeds.iter().try_for_each(|deed| runs.tell(deed))
}

struct Runs<'a> {
    story: Story,
    case: &'a Case,
    /// Runs that may still come to the branch.
    branches: Vec<Begun>,
    /// Runs that the exit has not ended.
    exits: Vec<Begun>,
    /// Runs that wait.
    waits: Vec<Begun>,
    /// Sends that were looked at.
    sends: usize,
}

/// A run, and where in time and log it began.
#[derive(Clone, Debug)]
struct Begun {
    profile: ProfileId,
    at: At,
    second: i64,
    place: u64,
}

impl Runs<'_> {
    fn tell(&mut self, deed: &Deed) -> Result<(), String> {
        if let Deed::Wait(wait) = deed {
            let until = self.story.aim(wait);
            while self.story.tick(until) {
                self.look()?;
            }
            self.story.now = self.story.now.max(until);
            return self.look();
        }
        self.story.tell(deed);
        self.join();
        if let Deed::Track { who, name, ago, flags, .. } = deed
            && name == "A"
            && *flags == EventFlags::default()
        {
            let profile = self.story.find(&who[0]).expect("it was just told of");
            let at = self.story.now;
            let second = at.minus(*ago).0.div_euclid(1_000);
            let begun = Begun { profile, at, second, place: self.story.engine.seq().0 };
            for runs in [&mut self.branches, &mut self.exits, &mut self.waits] {
                if !runs.iter().any(|run| run.profile == profile) {
                    runs.push(begun.clone());
                }
            }
        }
        self.look()
    }

    /// Of two runs of one person the one that began first goes on.
    fn join(&mut self) {
        let engine = &self.story.engine;
        for runs in [&mut self.branches, &mut self.exits, &mut self.waits] {
            let mut people = Vec::new();
            runs.retain_mut(|run| {
                run.profile = engine.canonical(run.profile);
                let is_first = !people.contains(&run.profile);
                people.push(run.profile);
                is_first
            });
        }
    }

    fn look(&mut self) -> Result<(), String> {
        self.look_at_sends()?;
        let exits = std::mem::take(&mut self.exits);
        // Everything that a person did counts from the beginning of the run on, whenever that was;
        self.exits = self.look_at_runs(EXITS, &self.case.exit.0, exits, |run| run.second)?;
        // of a wait, from when the run came to it.
        let waits = std::mem::take(&mut self.waits);
        self.waits = self.look_at_runs(WAITS, &self.case.until.0, waits, |run| run.at.0.div_euclid(1_000))?;
        Ok(())
    }

    /// Each run is over when its rule has come true; those that are not.
    fn look_at_runs(
        &self,
        journey: &str,
        rule: &Expression,
        runs: Vec<Begun>,
        since: impl Fn(&Begun) -> i64,
    ) -> Result<Vec<Begun>, String> {
        let mut left = Vec::new();
        for run in runs {
            let views = self.story.engine.runs_of(run.profile);
            let is_on = views.iter().any(|view| view.journey == journey && view.state == RunState::Active);
            let expected = self.holds(rule, &run, since(&run));
            if is_on == expected {
                let what = format!("{run:?} of {journey} should be over: {expected}");
                return Err(self.report(&what, &run, rule));
            }
            if !expected {
                left.push(run);
            }
        }
        Ok(left)
    }

    fn look_at_sends(&mut self) -> Result<(), String> {
        let sends: Vec<(ProfileId, At, String)> = self
            .story
            .engine
            .sends()
            .skip(self.sends)
            .filter(|send| &*send.journey == BRANCHES)
            .map(|send| {
                (self.story.engine.canonical(send.profile), send.decided_at, send.message.to_string())
            })
            .collect();
        self.sends = self.story.engine.sends().len();
        for (profile, at, message) in sends {
            let place = self.branches.iter().position(|run| run.profile == profile);
            let run = self.branches.remove(place.ok_or("a run that nobody began")?);
            let late = at.since(run.at);
            let rule = &self.case.branch.0;
            let expected = if self.holds(rule, &run, i64::MIN) { "yes" } else { "no" };
            if message != expected || !(WAIT.0..WAIT.0 + 1_000).contains(&late.0) {
                let what = format!("{run:?} is sent {message} after {late}, should be {expected}");
                return Err(self.report(&what, &run, rule));
            }
        }
        Ok(())
    }

    fn holds(&self, rule: &Expression, run: &Begun, since: i64) -> bool {
        let person: Person = self.story.person(run.profile);
        let mut moment = self.story.moment();
        moment.since_entry = Some((run.second, run.place));
        moment.since = Some((since, run.place));
        naive::holds(rule, &person, &moment)
    }

    fn report(&self, what: &str, run: &Begun, rule: &Expression) -> String {
        let person = self.story.person(run.profile);
        self.story.report(what, rule, &[(run.profile, &person)])
    }
}
