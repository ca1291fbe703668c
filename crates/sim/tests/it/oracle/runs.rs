//! The same of the rules inside a journey, where what happened since the run began can be asked for: whom a branch sends
//! what, and whom an exit ends.

use engine::ProfileId;
use engine::at::{At, Span};
use engine::journey::RunState;
use engine::programme::{Arm, Journey, Reenter, Step};
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

#[derive(Clone)]
pub(super) struct Case {
    branch: Said,
    exit: Said,
    deeds: Vec<Deed>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n  branch {:?}\n  exit {:?}", self.branch, self.exit)?;
        self.deeds.iter().try_for_each(|deed| write!(f, "\n  {deed:?}"))
    }
}

pub(super) fn case(words: Words) -> impl Strategy<Value = Case> {
    let rule = || expression(words).prop_map(Said);
    (rule(), rule(), vec(deed(words), 1..30)).prop_map(|(branch, exit, deeds)| Case { branch, exit, deeds })
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
    let send = |message: &str| vec![Step::Send { message: message.to_owned(), channels: vec![] }];
    let branch = Step::Branch(vec![
        Arm { when: Some(case.branch.0.to_string()), then: send("yes") },
        Arm { when: None, then: send("no") },
    ]);
    let journeys = [
        (BRANCHES.to_owned(), journey(None, vec![Step::Wait(WAIT), branch])),
        (EXITS.to_owned(), journey(Some(&case.exit), vec![Step::Wait(Span::DAY.times(20_000))])),
    ];
    let story = Story::with_journeys(start, words, &[], journeys.into());
    let mut runs = Runs { story, case, branches: Vec::new(), exits: Vec::new(), sends: 0 };
    case.deeds.iter().try_for_each(|deed| runs.tell(deed))
}

struct Runs<'a> {
    story: Story,
    case: &'a Case,
    /// Runs that may still come to the branch.
    branches: Vec<Begun>,
    /// Runs that the exit has not ended.
    exits: Vec<Begun>,
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
            for runs in [&mut self.branches, &mut self.exits] {
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
        for runs in [&mut self.branches, &mut self.exits] {
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
        let (rule, runs) = (&self.case.exit.0, std::mem::take(&mut self.exits));
        for run in runs {
            let views = self.story.engine.runs_of(run.profile);
            let is_on = views.iter().any(|view| view.journey == EXITS && view.state == RunState::Active);
            // Everything that a person did counts from the beginning of the run on.
            let expected = self.holds(rule, &run, true);
            if is_on == expected {
                return Err(self.report(&format!("{run:?} should be over: {expected}"), &run, rule));
            }
            if !expected {
                self.exits.push(run);
            }
        }
        Ok(())
    }

    fn look_at_sends(&mut self) -> Result<(), String> {
        let sends: Vec<(ProfileId, At, String)> = self
            .story
            .engine
            .sends()
            .skip(self.sends)
            .filter(|send| send.journey == BRANCHES)
            .map(|send| (self.story.engine.canonical(send.profile), send.decided_at, send.message.clone()))
            .collect();
        self.sends = self.story.engine.sends().len();
        for (profile, at, message) in sends {
            let place = self.branches.iter().position(|run| run.profile == profile);
            let run = self.branches.remove(place.ok_or("a run that nobody began")?);
            let late = at.since(run.at);
            let rule = &self.case.branch.0;
            let expected = if self.holds(rule, &run, false) { "yes" } else { "no" };
            if message != expected || !(WAIT.0..WAIT.0 + 1_000).contains(&late.0) {
                let what = format!("{run:?} is sent {message} after {late}, should be {expected}");
                return Err(self.report(&what, &run, rule));
            }
        }
        Ok(())
    }

    fn holds(&self, rule: &Expression, run: &Begun, from_the_beginning: bool) -> bool {
        let mut person: Person = self.story.person(run.profile);
        let mut moment = self.story.moment();
        moment.since_entry = Some((run.second, run.place));
        if from_the_beginning {
            person.events.retain(|event| (event.second, event.place) > (run.second, run.place));
        }
        naive::holds(rule, &person, &moment)
    }

    fn report(&self, what: &str, run: &Begun, rule: &Expression) -> String {
        let person = self.story.person(run.profile);
        self.story.report(what, rule, &[(run.profile, &person)])
    }
}
