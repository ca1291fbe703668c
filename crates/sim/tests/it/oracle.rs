//! Exactness: at every instant, membership, counts and previews equal a naive evaluation of the expression over
//! everything that was ever said.
//!
//! Each case draws a programme of random expressions, tells a random story on the real engine, and moves the clock timer
//! by timer to the instants at which something could change. The stories play where days are hard to tell.

mod deed;
mod story;
mod tree;

use engine::at::At;
use jiff::civil::Date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use deed::{Deed, deed};
use story::Story;
use tree::{Said, expressions, segments};

/// Cases of each place and season, unless `PROPTEST_CASES` says how many.
const CASES: u32 = 40;
/// Steps towards a smaller failing case, enough to come to one that can be read.
const SHRINK_ITERS_MAX: u32 = 20_000;

/// Where and when a story begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    zone: &'static str,
    at: &'static str,
}

impl Start {
    fn at(self) -> At {
        At::parse(self.at).expect("an instant")
    }

    /// Its day in UTC, around which expressions and values have their dates.
    fn today(self) -> Date {
        self.at[..10].parse().expect("a day")
    }
}

#[derive(Clone)]
struct Case {
    segments: Vec<Said>,
    /// Asked of everybody, and in no programme.
    questions: Vec<Said>,
    deeds: Vec<Deed>,
}

/// A line for each segment, question and deed.
impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, said) in self.segments.iter().enumerate() {
            write!(f, "\n  {} {said:?}", tree::segment_name(number))?;
        }
        self.questions.iter().try_for_each(|said| write!(f, "\n  ? {said:?}"))?;
        self.deeds.iter().try_for_each(|deed| write!(f, "\n  {deed:?}"))
    }
}

fn case(today: Date) -> impl Strategy<Value = Case> {
    let parts = (segments(today), expressions(today, 0..3), vec(deed(today), 1..40));
    parts.prop_map(|(segments, questions, deeds)| Case { segments, questions, deeds })
}

fn holds_at(start: Start) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: SHRINK_ITERS_MAX,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let outcome = TestRunner::new(config).run(&case(start.today()), |case| {
        let mut story = Story::begin(start.at(), start.zone, &case.segments);
        for deed in &case.deeds {
            story.tell(deed);
            story.check(&case.questions).map_err(TestCaseError::fail)?;
        }
        Ok(())
    });
    if let Err(wrong) = outcome {
        panic!("from {start:?}: {wrong}");
    }
}

#[test]
fn in_rome_when_the_clocks_go_forward() {
    holds_at(Start { zone: "Europe/Rome", at: "2026-03-27T22:10:00.400Z" });
}

#[test]
fn in_rome_when_the_clocks_go_back() {
    holds_at(Start { zone: "Europe/Rome", at: "2026-10-24T09:00:00Z" });
}

#[test]
fn in_santiago_where_the_clocks_jump_over_midnight() {
    holds_at(Start { zone: "America/Santiago", at: "2026-09-04T20:00:00Z" });
}

#[test]
fn in_santiago_where_midnight_comes_twice() {
    holds_at(Start { zone: "America/Santiago", at: "2026-04-03T20:00:00.999Z" });
}

#[test]
fn in_kathmandu_at_the_end_of_a_leap_year_february() {
    holds_at(Start { zone: "Asia/Kathmandu", at: "2028-02-27T12:00:00Z" });
}

#[test]
fn in_utc_at_the_end_of_a_plain_february() {
    holds_at(Start { zone: "UTC", at: "2026-02-26T23:59:59Z" });
}

#[test]
fn in_new_york_at_the_turn_of_the_year() {
    holds_at(Start { zone: "America/New_York", at: "2026-12-30T03:00:00.001Z" });
}
