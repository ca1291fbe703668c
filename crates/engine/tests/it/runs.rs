//! Runs that go on, end and begin anew, at the very record that says so.

use crate::story::{Story, programme};
use engine::at::Span;
use engine::engine::Outcome;
use engine::identifier::IdentifierKind::UserId;
use engine::journey::RunState::{self, Active, Exited};
use engine::limits::RUNS_REMEMBERED_MAX;
use engine::programme::{Channel, Journey, Purpose, Reenter, Step};
use serde_json::json;

/// A journey that ends early by a rule, with a wait that nobody sits out.
fn story(exit: &str) -> Story {
    let mut programme = programme();
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".to_owned(), purpose);
    programme.segments.insert("buyers".to_owned(), r#"did "Bought" at least 2 times"#.to_owned());
    let journey = Journey {
        purpose: "offers".to_owned(),
        enter: r#"did "Began""#.to_owned(),
        exit: Some(exit.to_owned()),
        reenter: Reenter::After(Span::DAY.times(7)),
        steps: vec![Step::Wait(Span::DAY.times(30))],
        ..Journey::default()
    };
    programme.journeys.insert("x".to_owned(), journey);
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&programme), Outcome::Applied);
    story
}

fn track(story: &mut Story, name: &str) {
    let now = story.now().plus(Span::SECOND);
    story.wait_until(now);
    story.track("ada", name, now, &json!({}));
}

fn states(story: &Story) -> Vec<RunState> {
    let ada = story.engine.find(UserId, "ada").unwrap();
    story.engine.runs_of(ada).iter().map(|run| run.state).collect()
}

#[test]
fn a_run_ends_with_the_event_that_its_exit_names() {
    let mut story = story(r#"did "Bought""#);
    track(&mut story, "Began");
    assert_eq!(states(&story), [Active]);
    track(&mut story, "Looked");
    assert_eq!(states(&story), [Active]);
    track(&mut story, "Bought");
    assert_eq!(states(&story), [Exited]);
}

#[test]
fn a_run_ends_with_the_segment_that_its_exit_names() {
    let mut story = story(r#"in segment "buyers""#);
    track(&mut story, "Bought");
    track(&mut story, "Began");
    assert_eq!(states(&story), [Active]);
    track(&mut story, "Bought");
    assert_eq!(states(&story), [Exited]);
}

#[test]
fn nobody_begins_anew_before_the_time_is_over() {
    let mut story = story(r#"did "Bought""#);
    for (days, expected) in [(0, &[Exited][..]), (6, &[Exited]), (2, &[Exited, Exited])] {
        story.wait_until(story.now().plus(Span::DAY.times(days)));
        track(&mut story, "Began");
        track(&mut story, "Bought");
        assert_eq!(states(&story), expected, "{days} days later");
    }
}

#[test]
fn so_many_runs_are_remembered_and_the_newest_of_them() {
    let mut story = story(r#"did "Bought""#);
    for number in 1..=2 * RUNS_REMEMBERED_MAX {
        story.wait_until(story.now().plus(Span::DAY.times(8)));
        track(&mut story, "Began");
        assert_eq!(states(&story).len(), number.min(RUNS_REMEMBERED_MAX), "run {number} goes on");
        track(&mut story, "Bought");
        assert_eq!(states(&story).len(), number.min(RUNS_REMEMBERED_MAX), "run {number} has ended");
    }
    let ada = story.engine.find(UserId, "ada").unwrap();
    let oldest = story.now().minus(Span::DAY.times(8 * RUNS_REMEMBERED_MAX as i64));
    assert!(story.engine.runs_of(ada).iter().all(|run| run.entered_at > oldest));
}
