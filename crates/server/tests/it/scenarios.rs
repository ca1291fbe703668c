//! Trama's own behaviour, told in the language in which its users test their journeys: every folder under
//! `tests/scenarios/` is a programme with stories, and the examples are as good as tested.

use server::programme::check;
use server::scenario::{Failure, Programmes, parse, run, test};
use std::path::{Path, PathBuf};

fn folders(parent: &str) -> Vec<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join(parent);
    let listing = std::fs::read_dir(&parent).unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
    let mut folders: Vec<PathBuf> =
        listing.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no programme in {}", parent.display());
    folders
}

/// Plays every story of a programme that has no mistake; gives their number.
fn play(folder: &Path) -> usize {
    let findings: Vec<String> = check(folder).findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let report = test(folder, update).unwrap();
    assert_eq!(report.failed, 0, "\n{}", report.text);
    report.passed
}

#[test]
fn the_engine_behaves_as_its_stories_tell() {
    let played: usize = folders("tests/scenarios").iter().map(|folder| play(folder)).sum();
    assert!(played >= 40, "only {played} stories were found");
}

#[test]
fn the_examples_work_as_they_tell() {
    folders("../../examples")
        .iter()
        .for_each(|folder| assert!(play(folder) > 0, "{} has no story", folder.display()));
}

/// A story on the smallest of our programmes, as if it lay among its tests.
fn tell(story: &str) -> Result<Vec<Failure>, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/change");
    let path = folder.join("tests/told.txt");
    let story = parse(&path, &folder, story).map_err(|findings| {
        findings.iter().map(|one| format!("{}:{} {}", one.line, one.column, one.message)).collect::<Vec<_>>()
    })?;
    Ok(run(&story, &mut Programmes::default()).failures)
}

#[test]
fn an_expectation_that_does_not_hold_fails_and_says_what_happened() {
    let head = "profile ada email=ada@shop.example consent=offers spent=7\nprofile bob\n2026-01-05T10:00Z ada \"Signed Up\"\n";
    for (expectation, why) in [
        (
            "expect 10:30Z ada send hello",
            "it was by email in en at 2026-01-05T11:00Z and not at 2026-01-05T10:30Z",
        ),
        ("expect never ada send", "this happened to ada once"),
        ("expect 2 times ada send hello", "this happened to ada once, and not 2 times"),
        ("expect ada send goodbye", "this did not happen to ada"),
        ("expect bob send hello", "this did not happen to bob"),
        ("expect ada drop hello reason=no_consent", "this did not happen to ada"),
        ("expect ada in segment big", "ada is not in the segment at 2026-01-05T10:00Z"),
        ("expect segment big count=1", "the segment has 0 people"),
        ("expect segment bigg count=0", "the programme has no segment bigg (did you mean big?)"),
        ("expect 11:00Z ada in journey hello", "ada is not in the journey at 2026-01-05T11:00Z"),
        ("expect journey hello entered=2", "entered is 1"),
        ("expect ada is bob", "ada and bob are two profiles"),
        ("expect ada has spent=8", "spent is 7"),
        ("expect ada consent offers.email withdrawn", "it is granted"),
        ("expect match 'trait.spent >= 7' count=0", "1 people match"),
        ("+1h bob clicks hello", "bob has not been sent hello by then"),
        ("state ada\n    nothing\n", "the state is another; with UPDATE_EXPECT=1 the file is rewritten"),
    ] {
        let failures = tell(&format!("{head}{expectation}\n")).unwrap();
        assert_eq!(
            failures.iter().map(|failure| failure.why.as_str()).collect::<Vec<_>>(),
            [why],
            "{expectation}"
        );
        assert_eq!(failures[0].line, 4, "{expectation}");
    }
}

#[test]
fn a_failure_tells_the_persons_story() {
    let story = "2026-01-05T10:00Z ada \"Signed Up\"\nexpect 11:00Z ada send hello\n";
    let failures = tell(story).unwrap();
    assert_eq!(
        failures[0].why,
        "hello was dropped at 2026-01-05T11:00Z: No address is known for this person on the channels of the message. (unreachable)"
    );
    let expected = [
        "2026-01-05T10:00Z  line 1: 2026-01-05T10:00Z ada \"Signed Up\"",
        "2026-01-05T10:00Z  enters the journey hello (now completed)",
        "2026-01-05T11:00Z  drop hello of hello in en: No address is known for this person on the channels of the \
         message. (unreachable)",
    ];
    assert_eq!(failures[0].instead, expected);
}

#[test]
fn a_line_that_is_not_understood_has_its_place() {
    let head = "2026-01-05T10:00Z ada \"Signed Up\"\n";
    for (line, expected) in [
        ("2026-01-04T10:00Z ada page", "2:1 this is before the line above it"),
        ("25:00Z ada page", "2:1 this is no time of day"),
        ("ada signs up", "2:5 this is nothing that can happen"),
        ("ada \"Signed Up\" @late=1", "2:17 unknown `@late`"),
        ("ada page name=\"Home", "2:15 the quotation has no closing \""),
        ("ada hand-over maybe", "2:15 unknown outcome"),
        ("profile ada", "2:9 ada was in the story before"),
        ("expect adda send hello", "2:8 nobody of this name is in the story so far"),
        ("expect ada sends hello", "2:12 this is nothing that can be expected"),
        ("expect ada send hello by mail", "2:26 unknown channel"),
        ("expect ada send hello becaus=x", "2:23 unknown `becaus`"),
        (
            "expect never ada in segment big",
            "2:14 only what becomes of messages, and who enters and leaves, can be counted",
        ),
        ("expect journey hello lost=1", "2:22 `lost` is no figure of a journey"),
        ("expect ada", "2:11 what is expected of them is missing here"),
        ("expect segment big", "2:19 `count=` and a number is missing here"),
    ] {
        assert_eq!(tell(&format!("{head}{line}\n")).unwrap_err(), [expected], "{line}");
    }
    assert_eq!(tell("# nothing\n").unwrap_err(), ["1:1 nothing in this story has a time"]);
}

#[test]
fn what_somebody_sees_is_what_they_would_see_and_a_slip_in_a_name_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bottega");
    for (expected, why) in [
        ("ada sees new-oil-strip in top", None),
        ("ada sees vip-strip in top", Some("ada sees new-oil-strip in top at 2026-01-05T10:00Z")),
        ("ada sees nothing in top", Some("ada sees new-oil-strip in top")),
        ("ada sees vip-note in inbox", Some("ada sees nothing in inbox")),
        ("ada sees vip-stripe in top", Some("no message vip-stripe (did you mean vip-strip?)")),
        ("ada sees nothing in tops", Some("no slot tops (did you mean top?)")),
    ] {
        let text = format!("profile ada\n2026-01-05T10:00Z ada page path=/\nexpect {expected}\n");
        let story = parse(&folder.join("tests/told.txt"), &folder, &text).expect("it is a story");
        let failures = run(&story, &mut Programmes::default()).failures;
        let told = failures.first().map(|failure| failure.why.as_str());
        let fits = why.map_or(told.is_none(), |why| told.is_some_and(|told| told.contains(why)));
        assert!(fits, "{expected}: {told:?}");
    }
}
