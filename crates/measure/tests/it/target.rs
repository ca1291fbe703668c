//! Figures beside their targets, over the shop whose figures are worked out by hand. Its log ends on Tuesday 2026-01-13 at 11:05
//! in Rome; there were two orders of 50 EUR in the first week and one after it, and 410 EUR were spent.

use crate::kpis::{kpi, programme, stocked};
use engine::day::Day;
use engine::programme::{Programme, Target, TargetPeriod};
use measure::kpi::question::{By, Days, Question};
use measure::kpi::target::Against;

const FIRST_WEEK: (&str, &str) = ("2026-01-05", "2026-01-11");
/// Four weeks but a day, of which eight days and eleven hours and five minutes have passed.
const REST_OF_MONTH: (&str, &str) = ("2026-01-05", "2026-01-31");
const SECOND_WEEK: (&str, &str) = ("2026-01-12", "2026-01-18");
const BEFORE: (&str, &str) = ("2025-12-01", "2025-12-07");
const LATER: (&str, &str) = ("2026-02-02", "2026-02-08");

fn days((from, until): (&str, &str)) -> Days {
    Days { from: Day::parse(from).unwrap(), until: Day::parse(until).unwrap() }
}

fn aiming(name: &str, value: f64, currency: Option<&str>, per: Option<TargetPeriod>) -> Programme {
    let millionths = (value * 1e6).round() as i64;
    let target = Target { millionths, currency: currency.map(str::to_owned), per };
    Programme { targets: [(name.to_owned(), target)].into(), ..programme() }
}

fn held(programme: &Programme, name: &str, question: &Question) -> Option<Against> {
    kpi(&stocked(programme).report(question), "", name).against
}

fn near(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        (found, expected) => found == expected,
    }
}

#[test]
fn a_figure_is_held_against_what_its_days_are_to_come_to() {
    use TargetPeriod::{Month, Quarter, Week};
    let passed = 8.0 + (11.0 + 5.0 / 60.0) / 24.0;
    for (name, value, per, of, due, whole, course) in [
        // One order a day in a month of 31 days.
        ("orders", 31.0, Some(Month), FIRST_WEEK, Some(7.0), Some(7.0), "behind"),
        ("orders", 31.0, Some(Month), REST_OF_MONTH, Some(passed), Some(27.0), "behind"),
        ("orders", 10.85, Some(Month), REST_OF_MONTH, Some(0.35 * passed), Some(9.45), "on_course"),
        ("orders", 3.1, Some(Month), REST_OF_MONTH, Some(0.1 * passed), Some(2.7), "met"),
        ("orders", 2.0, Some(Week), FIRST_WEEK, Some(2.0), Some(2.0), "met"),
        ("orders", 90.0, Some(Quarter), FIRST_WEEK, Some(7.0), Some(7.0), "behind"),
        ("revenue", 50.0, Some(Week), FIRST_WEEK, Some(50.0), Some(50.0), "met"),
        // What goes out stays under its target, and is not there before the days are over.
        ("spend", 400.0, Some(Week), FIRST_WEEK, Some(400.0), Some(400.0), "behind"),
        ("spend", 410.0, Some(Week), FIRST_WEEK, Some(410.0), Some(410.0), "met"),
        ("spend", 1_550.0, Some(Month), REST_OF_MONTH, Some(50.0 * passed), Some(1_350.0), "on_course"),
        // A quotient is the same for any days. Two of three visitors ordered.
        ("landing_conversion", 0.6, None, FIRST_WEEK, Some(0.6), Some(0.6), "met"),
        ("landing_conversion", 0.7, None, FIRST_WEEK, Some(0.7), Some(0.7), "behind"),
        ("landing_conversion", 0.7, None, REST_OF_MONTH, Some(0.7), Some(0.7), "on_course"),
        ("landing_conversion", 0.6, None, REST_OF_MONTH, Some(0.6), Some(0.6), "on_course"),
        ("landing_conversion", 0.8, None, REST_OF_MONTH, Some(0.8), Some(0.8), "behind"),
        ("cpl", 100.0, None, FIRST_WEEK, Some(100.0), Some(100.0), "behind"),
        ("cpl", 150.0, None, FIRST_WEEK, Some(150.0), Some(150.0), "met"),
        // One of the two who ordered in the week before did again.
        ("retention", 0.4, Some(Week), SECOND_WEEK, Some(0.4), Some(0.4), "on_course"),
        // Why there is nothing to say.
        ("retention", 0.4, Some(Week), REST_OF_MONTH, None, None, "this is not as long"),
        ("landing_conversion", 0.6, None, BEFORE, Some(0.6), Some(0.6), "the figure is undefined"),
        ("orders", 7.0, Some(Week), LATER, Some(0.0), Some(7.0), "have not begun"),
    ] {
        let money = matches!(name, "revenue" | "spend" | "cpl").then_some("EUR");
        let question = Question { days: days(of), ..Question::default() };
        let found = held(&aiming(name, value, money, per), name, &question).unwrap();
        let said = found.course.map_or_else(|| found.undefined.unwrap(), |course| course.name());
        assert!(said.contains(course), "{name} {value} {of:?}: {found:?}");
        assert!(near(found.due, due) && near(found.whole, whole), "{name} {value} {of:?}: {found:?}");
    }
}

#[test]
fn the_distance_is_told_in_parts_of_what_is_due() {
    let week = Question { days: days(FIRST_WEEK), ..Question::default() };
    let per = Some(TargetPeriod::Week);
    for (name, value, currency, distance) in [
        ("orders", 8.0, None, Some(-0.75)),
        ("orders", 1.0, None, Some(1.0)),
        ("spend", 328.0, Some("EUR"), Some(0.25)),
        ("spend", 328.0, Some("USD"), None),
    ] {
        let found = held(&aiming(name, value, currency, per), name, &week).unwrap();
        assert!(near(found.distance, distance), "{name} {value}: {found:?}");
        assert_eq!(found.undefined.is_some(), distance.is_none(), "{found:?}");
    }
}

#[test]
fn a_target_is_of_everybody_and_divided_by_nothing_but_time() {
    let shop = stocked(&aiming("orders", 31.0, None, Some(TargetPeriod::Month)));
    let days = days(FIRST_WEEK);
    let asked = Question { days, ..Question::default() };
    let by = |by| shop.report(&Question { by, ..asked.clone() });
    let whole = |by_time, group: &str| kpi(&by(by_time), group, "orders").against.unwrap().whole.unwrap();
    assert_eq!(whole(By::Day, "2026-01-05"), 1.0);
    assert!(near(Some(whole(By::Week, "2026-01-05")), Some(7.0)));
    assert!(near(Some(whole(By::Month, "2026-01")), Some(7.0)), "of the days that were asked for");
    assert_eq!(kpi(&by(By::Direction), "inbound", "orders").against, None);
    let of_some = [
        Question { campaign: Some("oil".into()), ..asked.clone() },
        Question { channel: Some("radio".into()), ..asked.clone() },
    ];
    for question in of_some {
        assert_eq!(kpi(&shop.report(&question), "", "orders").against, None, "{question:?}");
    }
    assert_eq!(kpi(&shop.report(&asked), "", "visits").against, None, "nobody said so");
    let ever = kpi(&shop.report(&Question::default()), "", "orders").against.unwrap();
    assert!(ever.undefined.unwrap().contains("no beginning") && ever.course.is_none(), "{ever:?}");
}
