//! Exactness: at every instant, membership, counts and previews equal a naive evaluation of the expression over
//! everything that was ever said.
//!
//! Each case draws a programme of random expressions, tells a random story on the real engine, and moves the clock timer
//! by timer to the instants at which something could change. Some stories have everything in them; others are about one
//! part of the language in few words, so that what is rare meets. They play where days are hard to tell.

mod clusters;
mod crowd;
mod deed;
mod explained;
mod found;
mod runs;
mod story;
mod tree;
mod words;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use deed::{Deed, deed};
use story::Story;
use tree::{Said, expressions, segments};
use words::{Start, Words};

/// Steps towards a smaller failing case, enough to come to one that can be read.
const SHRINK_ITERS_MAX: u32 = 20_000;

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

fn case(words: Words) -> impl Strategy<Value = Case> {
    let parts = (segments(words), expressions(words, 0..3), vec(deed(words), 1..40));
    parts.prop_map(|(segments, questions, deeds)| Case { segments, questions, deeds })
}

/// Tells so many stories, or as many as `PROPTEST_CASES` says.
fn hold<C: std::fmt::Debug>(
    start: Start,
    cases: u32,
    case: &impl Strategy<Value = C>,
    tell: impl Fn(&C) -> Result<(), String>,
) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: SHRINK_ITERS_MAX,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let outcome = TestRunner::new(config).run(case, |case| tell(&case).map_err(TestCaseError::fail));
    if let Err(wrong) = outcome {
        panic!("from {start:?}: {wrong}");
    }
}

fn memberships_hold(start: Start, words: Words, cases: u32) {
    hold(start, cases, &case(words), |case| {
        let mut story = Story::begin(start, words, &case.segments);
        case.deeds.iter().try_for_each(|deed| {
            story.tell(deed);
            story.check(&case.questions)
        })?;
        explained::check(&story, &case.questions)
    });
}

/// A test for each place and season, of stories with everything in them.
macro_rules! everything {
    ($($name:ident: $zone:literal, $at:literal;)*) => {
        $(#[test]
        fn $name() {
            let start = Start { zone: $zone, at: $at };
            memberships_hold(start, Words::everything(start.today()), 30);
        })*
    };
}

everything! {
    in_rome_when_the_clocks_go_forward: "Europe/Rome", "2026-03-27T22:10:00.400Z";
    in_rome_when_the_clocks_go_back: "Europe/Rome", "2026-10-24T09:00:00Z";
    in_santiago_where_the_clocks_jump_over_midnight: "America/Santiago", "2026-09-04T20:00:00Z";
    in_santiago_where_the_clocks_go_back_at_midnight: "America/Santiago", "2026-04-03T20:00:00.999Z";
    in_kathmandu_at_the_end_of_a_leap_year_february: "Asia/Kathmandu", "2028-02-27T12:00:00Z";
    in_utc_at_the_end_of_a_plain_february: "UTC", "2026-02-26T23:59:59Z";
    in_new_york_at_the_turn_of_the_year: "America/New_York", "2026-12-30T03:00:00.001Z";
}

const ROME: Start = Start { zone: "Europe/Rome", at: "2026-03-27T22:10:00.400Z" };
const UTC: Start = Start { zone: "UTC", at: "2026-02-26T23:59:59Z" };
const SANTIAGO: Start = Start { zone: "America/Santiago", at: "2026-09-04T20:00:00Z" };

#[test]
fn of_what_was_done_in_which_order() {
    memberships_hold(ROME, Words::order(ROME.today()), 400);
}

#[test]
fn of_what_was_done_between_dates() {
    memberships_hold(SANTIAGO, Words::dates(SANTIAGO.today()), 200);
}

#[test]
fn of_days_that_come_nearer() {
    for start in [ROME, UTC, SANTIAGO] {
        memberships_hold(start, Words::days(start.today()), 80);
    }
}

#[test]
fn of_properties_and_figures() {
    memberships_hold(UTC, Words::properties(UTC.today()), 200);
}

#[test]
fn of_where_people_stand_among_each_other() {
    memberships_hold(ROME, Words::ranks(ROME.today()), 120);
}

#[test]
fn of_events_that_are_compared_with_today() {
    for start in [ROME, SANTIAGO] {
        memberships_hold(start, Words::daily(start.today()), 40);
    }
}

#[test]
fn of_who_may_be_reached() {
    memberships_hold(UTC, Words::people(UTC.today()), 200);
}

#[test]
fn of_what_was_done_since_a_run_began() {
    let words = Words::runs(ROME.today());
    hold(ROME, 300, &runs::case(words), |case| runs::hold(ROME, words, case));
}
