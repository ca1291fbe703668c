//! Stages, warnings and loads of a small journal, by hand.

use super::*;
use engine::at::At;
use engine::identifier::KeyedHash;
use engine::programme::{Contributor, Expertise};
use engine::record::{Event, EventFlags, EventKind, Record};
use engine::value::{Map, ValueWriter};
use jiff::civil::date;
use jiff::tz::TimeZone;

const URL: &str = "https://shop.example/journal/";

/// A journal with a beat of a week, and pieces so many days before a Thursday; those before 0 days are planned.
fn plan(pieces: &[(i32, Intent)]) -> Editorial {
    let mut plan = Editorial::default();
    plan.spaces.insert("journal".into(), Space { url: URL.into(), every_days: 7 });
    let anna = Contributor { minutes_a_week: 240, expertise: Expertise::Own };
    plan.contributors.insert("anna".into(), anna);
    for (number, (ago, intent)) in pieces.iter().enumerate() {
        let state = if *ago >= 0 { PieceState::Published } else { PieceState::Drafted };
        let on = before(today(), *ago).to_string();
        let (space, by) = ("journal".to_owned(), "anna".to_owned());
        let piece = Piece { space, by, on, minutes: 150, intent: *intent, state, ..Piece::default() };
        plan.pieces.insert(format!("piece-{number}"), piece);
    }
    plan
}

fn today() -> Date {
    date(2026, 3, 5)
}

fn helpful(ago: &[i32]) -> Editorial {
    plan(&ago.iter().map(|ago| (*ago, Intent::Helpful)).collect::<Vec<_>>())
}

fn of(plan: &Editorial, visits: &[(i32, u64)]) -> Health {
    let mut counted = Visits::new(plan, TimeZone::UTC);
    for (ago, count) in visits {
        let noon = before(today(), *ago).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a day");
        for number in 0..*count {
            see(
                &mut counted,
                noon.timestamp().as_millisecond(),
                &format!("{URL}{number}"),
                EventFlags::default(),
            );
        }
    }
    health(plan, &counted, today()).remove("journal").expect("it is in the plan")
}

fn see(visits: &mut Visits, at_ms: i64, url: &str, flags: EventFlags) {
    let mut properties = ValueWriter::new();
    properties.key("url");
    properties.text(url);
    let properties = properties.into_bytes();
    visits.observe(&Record::Event(Event {
        kind: EventKind::Page,
        flags,
        occurred_at: At(at_ms),
        received_at: At(at_ms),
        source: "site",
        name: "Page Viewed",
        message_id: KeyedHash(1),
        identifiers: Vec::new(),
        message_id_text: "m",
        properties: Map::from_bytes(&properties),
        traits: Map::default(),
        context: Map::default(),
    }));
}

#[test]
fn a_space_goes_down_from_alive_to_abandoned() {
    let stages = [
        (&[][..], Stage::New),
        (&[3, 10, 17], Stage::Alive),
        (&[10], Stage::Alive),
        (&[11], Stage::Slowing),
        (&[3, 14, 25], Stage::Slowing),
        (&[3, 14, 20, 27], Stage::Alive),
        (&[21], Stage::Slowing),
        (&[22], Stage::Silent),
        (&[90], Stage::Silent),
        (&[91], Stage::Abandoned),
    ];
    for (ago, stage) in stages {
        assert_eq!(of(&helpful(ago), &[]).stage, stage, "pieces {ago:?} days ago");
    }
}

#[test]
fn one_and_a_half_beats_are_not_too_long_yet() {
    for (ago, stage) in [(15, Stage::Alive), (16, Stage::Slowing)] {
        let mut plan = helpful(&[ago]);
        plan.spaces.get_mut("journal").expect("it is there").every_days = 10;
        assert_eq!(of(&plan, &[]).stage, stage, "{ago} days ago");
    }
}

#[test]
fn a_slow_beat_is_not_abandoned_by_the_calendar_alone() {
    let mut plan = helpful(&[100]);
    plan.spaces.get_mut("journal").expect("it is there").every_days = 30;
    assert_eq!(of(&plan, &[]).stage, Stage::Silent);
}

#[test]
fn fading_visits_warn_while_the_writing_still_keeps_its_beat() {
    let plan = helpful(&[3, 10, 17, -4]);
    let fading = of(&plan, &[(40, 100), (10, 60)]);
    assert_eq!(fading.stage, Stage::Alive);
    assert_eq!(fading.warnings, [Warning::Fading(Compared { days: 28, before: 100, after: 60 })]);
    // As many as chance alone may lack; less than a quarter; too few to say; what is from today is not over.
    for visits in
        [&[(40, 24), (10, 17)][..], &[(40, 1_000), (10, 760)], &[(40, 19)], &[(40, 100), (0, 60), (1, 80)]]
    {
        assert_eq!(of(&plan, visits).warnings, [], "visits {visits:?}");
    }
}

#[test]
fn the_days_that_are_compared_touch_and_do_not_overlap() {
    let compared = of(&helpful(&[3]), &[(57, 1), (56, 2), (29, 4), (28, 8), (1, 16), (0, 32)]).visits;
    assert_eq!(compared, Some(Compared { days: 28, before: 2 + 4, after: 8 + 16 }));
}

#[test]
fn bots_and_other_pages_are_no_visits_and_the_narrower_space_has_its_own() {
    let mut plan = helpful(&[3]);
    plan.spaces.insert("recipes".into(), Space { url: format!("{URL}recipes/"), every_days: 7 });
    plan.spaces.insert("fair".into(), Space { url: String::new(), every_days: 365 });
    let mut visits = Visits::new(&plan, TimeZone::UTC);
    let noon = before(today(), 5).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a day").timestamp();
    for (url, flags) in [
        (format!("{URL}a"), EventFlags::default()),
        (format!("{URL}a"), EventFlags::BOT),
        (format!("{URL}recipes/ribollita"), EventFlags::default()),
        ("https://shop.example/cart".to_owned(), EventFlags::default()),
    ] {
        see(&mut visits, noon.as_millisecond(), &url, flags);
    }
    let found = health(&plan, &visits, today());
    let after = |space: &str| found[space].visits.map(|compared| compared.after);
    assert_eq!([after("journal"), after("recipes"), after("fair")], [Some(1), Some(1), None]);
}

#[test]
fn nothing_planned_late_and_selling_are_said() {
    use Intent::{Helpful, Selling};
    let mut plan = plan(&[(3, Selling), (10, Helpful), (17, Selling), (24, Helpful), (-15, Helpful)]);
    let health = of(&plan, &[]);
    assert_eq!((health.selling, health.of), (2, 4));
    assert_eq!(health.warnings, [Warning::NothingPlanned, Warning::Selling]);
    plan.pieces.get_mut("piece-4").expect("it is there").on = "2026-03-19".into();
    plan.pieces.get_mut("piece-1").expect("it is there").state = PieceState::Ready;
    let health = of(&plan, &[]);
    assert_eq!(health.warnings, [Warning::Late(vec!["piece-1".into()]), Warning::Selling]);
    assert_eq!((health.next, health.published), (Some(date(2026, 3, 19)), 3));
    // What is to be out today is not late yet.
    plan.pieces.get_mut("piece-1").expect("it is there").on = today().to_string();
    let health = of(&plan, &[]);
    assert_eq!((health.warnings, health.next), (vec![Warning::Selling], Some(today())));
}

#[test]
fn a_third_that_sells_is_the_most_that_is_still_inbound() {
    use Intent::{Helpful, Selling};
    let third = plan(&[(3, Selling), (10, Helpful), (17, Helpful), (-1, Helpful)]);
    assert_eq!(of(&third, &[]).warnings, []);
}

#[test]
fn a_week_says_who_has_more_to_do_than_time() {
    // Two pieces in the week of today, which began on a Monday; one on the Monday of the next; one too far away.
    let plan = helpful(&[3, 0, -1, -3, -4, -200]);
    let mut plan = plan;
    plan.pieces.get_mut("piece-1").expect("it is there").state = PieceState::Idea;
    let loads = loads(&plan, today(), 8);
    let found: Vec<_> =
        loads.iter().map(|load| (load.monday, load.minutes, load.minutes_a_week, load.is_over())).collect();
    assert_eq!(found, [(date(2026, 3, 2), 450, 240, true), (date(2026, 3, 9), 150, 240, false)]);
}

#[test]
fn the_beats_of_all_spaces_are_held_against_the_time_of_all() {
    let mut plan = helpful(&[3, 10]);
    plan.spaces.insert("video".into(), Space { url: String::new(), every_days: 14 });
    assert_eq!(balance(&plan), Balance { wanted_minutes: 150, minutes: 240 });
    let film = Piece { space: "video".into(), by: "anna".into(), minutes: 600, ..Piece::default() };
    plan.pieces.insert("film".into(), film);
    assert_eq!(balance(&plan), Balance { wanted_minutes: 450, minutes: 240 });
}
