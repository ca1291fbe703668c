//! When reports are due, and that each time of a schedule is taken once.

use crate::story::{Story, programme};
use engine::at::{At, Span};
use engine::engine::{Engine, Outcome, Refusal};
use engine::programme::{Programme, Report, ReportSection};
use engine::record::{Record, ReportProgress, ReportSent};

fn reporting(when: &str) -> Programme {
    let report = Report {
        from: "Shop <shop@shop.example>".into(),
        to: vec!["lina@shop.example".into()],
        when: when.into(),
        ..Report::default()
    };
    Programme {
        timezone: "Europe/Rome".into(),
        reports: [("weekly".to_owned(), report)].into(),
        ..programme()
    }
}

fn sent(due_at: At, progress: ReportProgress) -> Record<'static> {
    Record::ReportSent(ReportSent { report: "weekly", due_at, progress, told_at: due_at, taken: 1 })
}

fn at(text: &str) -> At {
    At::parse(text).unwrap()
}

/// The story begins on Monday, 5 January 2026, at 08:00 UTC.
#[test]
fn a_report_is_due_at_the_hour_of_its_zone_and_leaves_once() {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&reporting("every monday at 09:00")), Outcome::Applied);
    assert_eq!(story.now(), at("2026-01-05T08:00:00Z"));
    let due = |engine: &Engine| engine.reports_due().map(|at| at.to_string());
    assert_eq!(
        due(&story.engine).as_deref(),
        Some("2026-01-12T08:00:00.000Z"),
        "none for the moment at which it came into the programme"
    );
    let missed = |engine: &Engine, until: &str| engine.report_missed("weekly", at(until));
    assert_eq!(missed(&story.engine, "2026-01-12T07:59:59Z"), None);
    assert_eq!(missed(&story.engine, "2026-01-12T08:00:00Z"), Some(at("2026-01-12T08:00:00Z")));
    // Three Mondays without a server are one report.
    let newest = at("2026-01-26T08:00:00Z");
    assert_eq!(missed(&story.engine, "2026-01-30T08:00:00Z"), Some(newest));

    assert_eq!(story.apply(&sent(newest, ReportProgress::Begun)), Outcome::Applied);
    for again in [newest, at("2026-01-12T08:00:00Z")] {
        assert_eq!(
            story.apply(&sent(again, ReportProgress::Begun)),
            Outcome::Refused(Refusal::ReportNotDue),
            "{again}"
        );
    }
    assert_eq!(missed(&story.engine, "2026-01-30T08:00:00Z"), None);
    assert_eq!(due(&story.engine).as_deref(), Some("2026-02-02T08:00:00.000Z"));
    assert_eq!(story.engine.report("weekly").unwrap().progress, Some(ReportProgress::Begun));
    assert_eq!(story.apply(&sent(newest, ReportProgress::Sent)), Outcome::Applied);
    assert_eq!(
        story.apply(&sent(newest, ReportProgress::Failed)),
        Outcome::Refused(Refusal::ReportNotDue),
        "what has left has left"
    );

    // Another time of day goes on from there; in summer the hour is another one in UTC.
    story.wait_until(at("2026-06-01T00:00:00Z"));
    assert_eq!(story.apply_programme(&reporting("every month on day 31 at 09:00")), Outcome::Applied);
    assert_eq!(missed(&story.engine, "2026-06-30T07:00:00Z"), Some(at("2026-06-30T07:00:00Z")));
    assert_eq!(story.apply_programme(&programme()), Outcome::Applied);
    assert_eq!((story.engine.report("weekly"), due(&story.engine)), (None, None));
    let unknown = sent(At(story.now().0 + Span::DAY.0), ReportProgress::Begun);
    assert_eq!(story.apply(&unknown), Outcome::Refused(Refusal::ReportNotDue));
}

#[test]
fn what_is_wrong_with_a_report_is_said_at_its_place() {
    let mut wrong = reporting("when it rains");
    let report = wrong.reports.get_mut("weekly").unwrap();
    report.to = vec!["nobody".into()];
    report.from = String::new();
    report.days = 0;
    report.language = "de".into();
    report.sections = Vec::<ReportSection>::new();
    let places: Vec<String> = wrong.mistakes().into_iter().map(|mistake| mistake.place.0).collect();
    assert_eq!(
        places,
        ["from", "to[0]", "when", "days", "language", "sections"]
            .map(|field| format!("reports.weekly.{field}"))
    );
    assert_eq!(reporting("every weekday at 07:30").mistakes(), []);
}
