//! The editorial plan in a folder: as it is written, what is wrong with one, and how its spaces are said to fare.

use super::{Folder, with};
use engine::programme::{Contributor, Expertise, Intent, Piece, PieceState, Space};
use serde_json::{Value, json};
use server::programme::load;
use std::process::Command;

const PLAN: &str = "\
spaces:
  journal: { url: \"https://shop.example/journal/\", every: 7 days }
  letter: { every: 30 days }
contributors:
  anna: { hours a week: 2.5, expertise: own }
  agency: { hours a week: 3 }
pieces:
  clay:
    title: \"Clay: why it is red\"
    space: journal
    by: anna
    expertise: own
    on: 2026-01-12
    hours: 3
    state: published
  table:
    title: The table in spring
    space: letter
    by: agency
    on: 2026-01-13
    hours: 4
    intent: selling
";

#[test]
fn a_plan_comes_out_as_written() {
    let folder = with("editorial", "editorial.yaml", PLAN);
    assert_eq!(folder.findings(), [""; 0]);
    let plan = load(&folder.0).unwrap().0.editorial;
    let journal = Space { url: "https://shop.example/journal/".into(), every_days: 7 };
    assert_eq!(plan.spaces["journal"], journal);
    assert_eq!(plan.spaces["letter"], Space { url: String::new(), every_days: 30 });
    let anna = Contributor { minutes_a_week: 150, expertise: Expertise::Own };
    assert_eq!(plan.contributors["anna"], anna);
    assert_eq!(plan.contributors["agency"].expertise, Expertise::Shared);
    let clay = Piece {
        title: "Clay: why it is red".into(),
        space: "journal".into(),
        by: "anna".into(),
        on: "2026-01-12".into(),
        minutes: 180,
        expertise: Expertise::Own,
        intent: Intent::Helpful,
        state: PieceState::Published,
    };
    assert_eq!(plan.pieces["clay"], clay);
    assert_eq!(
        (plan.pieces["table"].intent, plan.pieces["table"].state),
        (Intent::Selling, PieceState::Idea)
    );
}

#[test]
fn what_is_wrong_with_a_plan_is_said_with_its_line() {
    let wrong = "\
spaces:
  journal: { every: 36 hours }
  Letter: {}
contributors:
  anna: { hours a week: many }
  agency: { expertise: shard }
pieces:
  table: { title: Table, space: journal, by: anna, on: 2026-01-13, state: done }
  empty:
";
    let folder = with("editorial-wrong", "editorial.yaml", wrong);
    insta::assert_snapshot!(folder.findings().join("\n"));
}

#[test]
fn names_and_days_that_are_not_there_are_said_with_their_line() {
    let wrong = "\
spaces:
  journal: { every: 7 days }
contributors:
  anna: { hours a week: 2 }
  agency: {}
pieces:
  clay: { title: Clay, space: jurnal, by: agency, expertise: own, on: 2026-02-30 }
  table: { title: Table, space: journal, by: ann, on: 2026-01-13 }
";
    let folder = with("editorial-names", "editorial.yaml", wrong);
    insta::assert_snapshot!(folder.findings().join("\n"));
}

fn told(folder: &Folder, more: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    let output = command.arg("editorial").arg(&folder.0).args(more).env_clear().output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn how_spaces_fare_is_told_for_a_day() {
    let folder = with("editorial-told", "editorial.yaml", PLAN);
    let (ok, text, _) = told(&folder, &["--as-of", "2026-01-15"]);
    assert!(ok);
    insta::assert_snapshot!(text);
    let (_, text, _) = told(&folder, &["--as-of", "2026-02-04", "--json"]);
    let found: Value = serde_json::from_str(&text).unwrap();
    let journal = &found["spaces"][0];
    assert_eq!([&journal["stage"], &journal["last"]], [&json!("silent"), &json!("2026-01-12")]);
    let codes = |space: &Value| {
        let warnings = space["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(journal), ["nothing_planned"]);
    assert_eq!(codes(&found["spaces"][1]), ["nothing_planned", "late"]);
    assert_eq!(found["loads"], json!([]));
}

#[test]
fn a_programme_without_a_plan_is_told_where_to_write_one() {
    let folder = Folder::new("editorial-none", &super::whole());
    let (ok, _, error) = told(&folder, &[]);
    assert!(!ok && error.contains("no editorial plan; write one in"), "{error}");
    let (ok, _, error) = told(&with("editorial-data", "editorial.yaml", PLAN), &["--data", "/nowhere"]);
    assert!(!ok && error.contains("there is no installation in /nowhere"), "{error}");
}
