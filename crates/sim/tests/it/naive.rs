//! The naive evaluation of the segment language: each line of the language's reference, at its edges, as a table.

use engine::at::At;
use engine::programme::Channel;
use engine::segment::date::Date;
use engine::segment::parse::parse;
use engine::segment::{Expression, Rank};
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use sim::naive::{CutOffs, Event, Moment, Person, ScoreCutOffs, holds};

/// A Sunday, 12:00:00.500 in London, on which the clocks of Rome went from 2 to 3 in the morning.
const NOW: &str = "2026-03-29T11:00:00.500Z";

/// The rule of Rome, and one of a place whose clocks jump over midnight.
const ROME: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const SANTIAGO: &str = "<-04>4<-03>,M9.1.6/24,M4.1.6/24";

fn at(text: &str) -> At {
    At::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn moment(now: &str, zone: &str) -> Moment {
    Moment::new(at(now), TimeZone::posix(zone).unwrap())
}

fn asked(expression: &str) -> Expression {
    parse(expression).unwrap_or_else(|wrong| panic!("{expression}: {wrong:?}"))
}

/// Events told as `B A@-10 A@-10`: names with the seconds before or after the second of now, 0 where none is given, in the
/// order of the log. `A(3)` has the property `n`.
fn told(events: &str) -> Person {
    let second = at(NOW).0.div_euclid(1_000);
    let event = |(place, told): (usize, &str)| {
        let (name, offset) = told.split_once('@').unwrap_or((told, "0"));
        let (name, n) = name.split_once('(').unwrap_or((name, ""));
        let n = n.trim_end_matches(')');
        let properties =
            if n.is_empty() { json!({}) } else { serde_json::from_str(&format!("{{\"n\":{n}}}")).unwrap() };
        let second = second + offset.parse::<i64>().unwrap();
        Event { name: name.to_owned(), second, place: place as u64 + 1, properties }
    };
    Person { events: events.split_whitespace().enumerate().map(event).collect(), ..Person::default() }
}

fn check(expression: &str, person: &Person, moment: &Moment, expected: bool, told: &str) {
    assert_eq!(holds(&asked(expression), person, moment), expected, "{expression} of {told}");
}

/// Rows: an expression, events for which it holds, and events for which it does not.
type Rows = &'static [(&'static str, &'static [&'static str], &'static [&'static str])];

fn check_all(rows: Rows, moment: &Moment) {
    for (expression, yes, no) in rows {
        for (events, expected) in yes.iter().map(|one| (one, true)).chain(no.iter().map(|one| (one, false))) {
            check(expression, &told(events), moment, expected, events);
        }
    }
}

#[test]
fn events_are_counted_in_windows_of_whole_seconds() {
    let rows: Rows = &[
        (r#"did "A""#, &["A", "A@-999999"], &["", "B", "A@1"]),
        (r#"did "A" at least 2 times"#, &["A A", "A B A A"], &["A", "A B"]),
        (r#"did "A" at least 0 times"#, &["", "A"], &[]),
        (r#"did "A" at most 1 times"#, &["", "A", "A B B", "A A@1"], &["A A"]),
        (r#"did "A" exactly 2 times"#, &["A A"], &["A", "A A A"]),
        (r#"did "A" exactly 0 times"#, &["", "B"], &["A"]),
        // Now is half a second after second 0: (now - 10 s, now] holds the seconds -9 to 0.
        (r#"did "A" within 10 seconds"#, &["A", "A@-9"], &["A@-10", "A@1"]),
        (r#"did "A" at least 2 times within 10 seconds"#, &["A@-9 A"], &["A@-10 A"]),
        (r#"did "A" (n > 2) exactly 1 time within 10 seconds"#, &["A(3) A(2) A(3)@-10"], &["A(3) A(3)"]),
    ];
    check_all(rows, &moment(NOW, "UTC0"));
    // At a whole second the second D ago is outside, the half-open window.
    let rows: Rows = &[(r#"did "A" within 10 seconds"#, &["A@-9"], &["A@-10"])];
    check_all(rows, &moment("2026-03-29T11:00:00Z", "UTC0"));
}

#[test]
fn numbers_of_events_are_summed_exactly() {
    let rows: Rows = &[
        (r#"did "A" with sum(n) > 0.3"#, &["A(0.1) A(0.2) A(0.000001)"], &["A(0.1) A(0.2)", "A", ""]),
        (
            r#"did "A" with sum(n) < 100"#,
            &["A(1)", "A(1) A", r#"A("x") A(1)"#, "A(-3)"],
            &["", "A", r#"A("1")"#, "A(100)"],
        ),
        (r#"did "A" with avg(n) = 0.5"#, &["A(0.25) A(0.75)", "A A(0.5)"], &["A(0) A(0.75)", "A"]),
        (r#"did "A" with avg(n) >= 0.333333"#, &["A(1) A(0) A(0)"], &[]),
        (r#"did "A" with avg(n) > 0.333333"#, &["A(1) A(0) A(0)"], &["A(0.333333)"]),
        (r#"did "A" with min(n) <= 2"#, &["A(9) A(2)", "A([9,1])"], &["A(9)", "A(9) B(1)"]),
        (r#"did "A" with max(n) != 9"#, &["A(8)", "A(9) A(10)"], &["A(9)", "A(9) A(1)", ""]),
        (
            r#"did "A" with sum(n) >= 6 within 10 seconds"#,
            &["A(3)@-9 A(3)", "A([1,[2,3]])"],
            &["A(3)@-10 A(3)"],
        ),
        (r#"did "A" (n > 1) with sum(n) = 2"#, &["A(1) A(2)"], &["A(2) A(2)"]),
    ];
    check_all(rows, &moment(NOW, "UTC0"));
}

#[test]
fn windows_begin_and_end_at_dates() {
    // Second 0 is 2026-03-29 11:00:00 UTC, 13:00:00 in Rome, where this day began at 23:00 UTC: 12 hours ago.
    let rows: Rows = &[
        (r#"did "A" since "2026-03-29""#, &["A", "A@-43200"], &["A@-43201"]),
        (r#"did "A" before "2026-03-29""#, &["A@-43201"], &["A", "A@-43200"]),
        // The next day begins at 22:00 UTC, since an hour is missing from this one.
        (r#"not did "A" since "2026-03-30""#, &["A"], &[]),
        (
            r#"did "A" between "2026-03-28" and "2026-03-29""#,
            &["A@-43201", "A@-129600"],
            &["A@-43200", "A@-129601"],
        ),
        (r#"did "A" since "2026-03-29T11:00:00Z""#, &["A"], &["A@-1"]),
        (r#"did "A" since "2026-03-29T10:59:59.500Z""#, &["A"], &["A@-1"]),
        (r#"did "A" before "2026-03-29T11:00:00Z""#, &["A@-1"], &["A"]),
        (
            r#"did "A" between "2026-03-29" and "2026-03-29T11:00:00Z""#,
            &["A@-1", "A@-43200"],
            &["A", "A@-43201"],
        ),
        (r#"did "A" exactly 1 time before "2026-03-29""#, &["A@-50000 A"], &["A@-50000 A@-60000"]),
    ];
    check_all(rows, &moment(NOW, ROME));
    let later = moment("2026-03-30T00:00:00Z", ROME);
    let rows: Rows = &[(r#"did "A" since "2026-03-30""#, &["A@39600"], &["A@39599"])];
    check_all(rows, &later);
    // In this place 2026-09-06 begins at one o'clock, 04:00 UTC.
    let day = engine::segment::date::Date::parse("2026-09-06");
    assert!(matches!(day, Some(Date::Day(_))));
    let spring = moment("2026-09-06T12:00:00Z", SANTIAGO);
    let second = at("2026-09-06T04:00:00Z").0 / 1_000;
    for (second, expected) in [(second, true), (second - 1, false)] {
        let event = Event { name: "A".to_owned(), second, place: 1, properties: json!({}) };
        let person = Person { events: vec![event], ..Person::default() };
        check(r#"did "A" since "2026-09-06""#, &person, &spring, expected, &second.to_string());
    }
}

#[test]
fn since_entry_is_after_the_run_began() {
    let mut moment = moment(NOW, "UTC0");
    // The run began at second -10, with the second record.
    moment.since_entry = Some((at(NOW).0 / 1_000 - 10, 2));
    let rows: Rows = &[
        (r#"did "A" since entry"#, &["A@-9", "B B A@-10"], &["A@-10", "B A@-10", "B B A@-11"]),
        (r#"did "A" at least 2 times since entry"#, &["A A"], &["A A@-10"]),
        (r#"did "A" since entry then "B""#, &["A@-9 B@-9"], &["A@-11 B"]),
        (r#"did "A""#, &["A@-11"], &[]),
    ];
    check_all(rows, &moment);
    for (ago, expected) in [(9, true), (10, false)] {
        let last_seen = at(NOW).0 / 1_000 - ago;
        let person = Person { last_seen, ..Person::default() };
        check("last seen since entry", &person, &moment, expected, "last seen");
    }
}

#[test]
fn deeds_follow_each_other() {
    let rows: Rows = &[
        (
            r#"did "A" then "B""#,
            &["A@-5 B@-1", "B@-1 A@-5", "A B", "B A B"],
            &["B A", "A@-1 B@-5", "A", "B", ""],
        ),
        (r#"did "A" then "A""#, &["A A", "A@-1 A"], &["A"]),
        (
            r#"did "A" then "B" within 4 seconds"#,
            &["A@-5 B@-1", "A@-5 B@-5", "A@-9 A@-5 B@-1"],
            &["A@-5 B", "B@-5 A@-5", "A@-9 B@-4"],
        ),
        // The window is that of the first event alone.
        (r#"did "A" within 10 seconds then "B""#, &["A@-9 B"], &["A@-10 B", "A@-10 B@-9"]),
        (r#"did "A" before "2026-03-29T10:00:00Z" then "B""#, &["A@-3601 B"], &["A@-3600 B"]),
        (
            r#"did "A" (n = 1) then "B" (n = 2)"#,
            &["A(1) B(2)", "A(1) B(1) B(2)"],
            &["A(2) B(2)", "A(1) B(1)"],
        ),
        // A chain goes on from the event that was found, and any choice may be the one that works.
        (
            r#"did "A" then "B" within 2 seconds then "C" within 2 seconds"#,
            &["A@-9 B@-7 C@-5", "A@-9 B@-8 B@-7 C@-5", "A@-9 A@-8 B@-7 C@-5"],
            &["A@-9 B@-8 C@-5", "A@-9 C@-8 B@-7", "A@-9 B@-6 C@-5"],
        ),
        (r#"did "A" then "B" then "B""#, &["A B B"], &["A B", "B A B"]),
        (r#"not did "A" then "B""#, &["B A"], &["A B"]),
        // What has not happened yet is not there.
        (r#"did "A" then "B""#, &[], &["A B@1"]),
    ];
    check_all(rows, &moment(NOW, "UTC0"));
}

#[test]
fn deeds_fail_to_follow_once_their_time_is_over() {
    let rows: Rows = &[
        (r#"did "A" then not "B""#, &["A", "B A", "A@-5 B@-9"], &["A B", "A@-5 B", "", "B"]),
        // Any A without a B will do: the last one.
        (r#"did "A" then not "B""#, &["A@-9 B@-5 A@-1"], &["A@-9 A@-8 B@-5"]),
        // time(A) + D <= now, and now is half a second after second 0.
        (r#"did "A" then not "B" within 5 seconds"#, &["A@-5"], &["A@-4"]),
        // Up to time(A) + D, that second included.
        (
            r#"did "A" then not "B" within 3 seconds"#,
            &["A@-9 B@-5", "B@-9 A@-9"],
            &["A@-9 B@-6", "A@-9 B@-9"],
        ),
        (
            r#"did "A" then not "B" within 3 seconds"#,
            &["A@-9 B@-8 A@-5"],
            &["A@-9 B@-8 A@-2", "A@-9 B@-8 A@-5 B@-4"],
        ),
        (r#"did "A" within 10 seconds then not "B""#, &["A@-9"], &["A@-10"]),
        (
            r#"did "A" then "B" then not "C" within 2 seconds"#,
            &["A@-9 B@-5", "A@-9 B@-8 C@-7 B@-4", "A@-9 C@-8 B@-5"],
            &["A@-9 B@-5 C@-3", "A@-9 B@-1", "A@-9"],
        ),
        (r#"not did "A" then not "B" within 5 seconds"#, &["A@-4", ""], &["A@-5"]),
    ];
    check_all(rows, &moment(NOW, "UTC0"));
}

#[test]
fn values_are_tested_by_their_kind() {
    let traits = json!({
        "country": "IT", "age": 18, "height": 1.8, "huge": 1e300, "debt": -5, "vip": true, "none": null, "empty": [], "first name": "Ada",
        "tags": ["Gift", "red", 7], "address": {"city": "Roma", "geo": {"lat": 41.9}},
        "orders": [{"sku": "a", "lines": [{"n": 1}, {"n": 2}]}, {"sku": "b"}],
    });
    let person = Person { traits, ..Person::default() };
    #[rustfmt::skip]
    let rows: &[(&str, bool)] = &[
        (r#"trait.country = "IT""#, true), (r#"trait.country = "it""#, false), (r#"trait.country != "FR""#, true),
        (r#"trait.country < "ITA""#, true), (r#"trait.country > "I""#, true), (r#"trait.country >= "IT""#, true),
        (r#"trait.age = 18"#, true), ("trait.age = 18.0", true), (r#"trait.age = "18""#, false), (r#"trait.age != "18""#, false),
        ("trait.age > 17.999999", true), ("trait.age >= 18.000001", false), ("trait.age > -20", true),
        ("trait.debt > -6", true), ("trait.debt > -4.5", false), ("trait.debt < 1", true), ("trait.debt = -5.0", true),
        ("trait.height = 1.80", true), ("trait.height < 1.800001", true), ("trait.height > 1.8", false),
        ("trait.huge > 9000000000000", true), ("trait.huge < -9000000000000", false),
        ("trait.vip = true", true), ("trait.vip != false", true), ("trait.vip = 1", false),
        ("trait.none exists", false), ("trait.none != 3", false), ("trait.empty exists", false), ("trait.missing exists", false),
        ("trait.missing != 3", false), ("not trait.missing = 3", true), ("trait.address exists", true), ("trait.tags exists", true),
        (r#"trait."first name" = "Ada""#, true),
        (r#"trait.country in ["FR", "IT"]"#, true), (r#"trait.country in []"#, false), (r#"trait.age in ["18", 18]"#, true),
        (r#"trait.tags = "red""#, true), (r#"trait.tags != "red""#, true), ("trait.tags > 6", true),
        (r#"trait.tags contains "gif""#, true), ("trait.tags contains 7", true), (r#"trait.tags contains "7""#, false),
        (r#"trait.country contains "t""#, true), (r#"trait.country contains """#, true), (r#"trait.age contains "1""#, false),
        (r#"trait.address.city starts with "ro""#, true), (r#"trait.address.city starts with "om""#, false),
        (r#"trait.address.city ends with "MA""#, true), (r#"trait.address.city ends with "Rom""#, false),
        (r#"trait.tags ends with "ed""#, true), (r#"trait.age starts with "1""#, false),
        ("trait.address.geo.lat > 41", true), ("trait.address.geo.lat.x exists", false), ("trait.country.x exists", false),
        (r#"trait.orders.sku = "b""#, true), ("trait.orders.lines.n = 2", true), ("trait.orders.lines.n = 3", false),
    ];
    for (expression, expected) in rows {
        check(expression, &person, &moment(NOW, "UTC0"), *expected, "the traits");
    }
}

/// A value, an expression about the trait `day`, and whether it holds on the day of [`NOW`], 2026-03-29.
#[rustfmt::skip]
fn days() -> Vec<(Json, &'static str, bool)> {
    vec![
        (json!("2026-03-28"), r#"trait.day before "2026-03-29""#, true),
        (json!("2026-03-29"), r#"trait.day before "2026-03-29""#, false),
        (json!("2026-03-29"), r#"trait.day on "2026-03-29""#, true),
        (json!("2026-03-29"), r#"trait.day after "2026-03-29""#, false),
        (json!("2026-03-30"), r#"trait.day after "2026-03-29""#, true),
        // An instant is of the day that it is in Rome.
        (json!("2026-03-28T23:00:00Z"), r#"trait.day on "2026-03-29""#, true),
        (json!("2026-03-28T22:59:59Z"), r#"trait.day on "2026-03-28""#, true),
        (json!("2026-03-29T22:00:00Z"), r#"trait.day on "2026-03-30""#, true),
        (json!("2026-03-30T00:30:00+02:00"), r#"trait.day on "2026-03-30""#, true),
        // Against an instant, a day is where it begins in Rome.
        (json!("2026-03-29"), r#"trait.day before "2026-03-28T23:00:00Z""#, false),
        (json!("2026-03-29"), r#"trait.day before "2026-03-28T23:00:01Z""#, true),
        (json!("2026-03-29"), r#"trait.day after "2026-03-28T22:59:59Z""#, true),
        (json!("2026-03-29T10:00:00Z"), r#"trait.day after "2026-03-29T10:00:00Z""#, false),
        (json!("2026-03-29T10:00:00.001Z"), r#"trait.day after "2026-03-29T10:00:00Z""#, true),
        // Seconds, and milliseconds from 1e11 on.
        (json!(1_774_738_800), r#"trait.day on "2026-03-29""#, true),
        (json!(1_774_738_799), r#"trait.day on "2026-03-28""#, true),
        (json!(1_774_738_800_000i64), r#"trait.day on "2026-03-29""#, true),
        (json!(1_774_738_799_999i64), r#"trait.day on "2026-03-28""#, true),
        (json!(99_999_999_999i64), r#"trait.day on "5138-11-16""#, true),
        (json!(100_000_000_000i64), r#"trait.day on "1973-03-03""#, true),
        (json!(0), r#"trait.day on "1970-01-01""#, true),
        (json!(-1.5), r#"trait.day on "1970-01-01""#, true),
        (json!(-3_601), r#"trait.day on "1969-12-31""#, true),
        (json!(-3_600.000_5), r#"trait.day on "1969-12-31""#, true),
        // Anything else fails every test.
        (json!("29/03/2026"), r#"trait.day before "9999-12-31""#, false),
        (json!("2026-02-30"), r#"trait.day before "9999-12-31""#, false),
        (json!("2026-03-29T10:00:00"), r#"trait.day before "9999-12-31""#, false),
        (json!("20260329"), r#"trait.day before "9999-12-31""#, false),
        (json!(" 2026-03-29"), r#"trait.day before "9999-12-31""#, false),
        (json!(true), r#"trait.day before "9999-12-31""#, false),
        (json!(1e18), r#"trait.day after "1970-01-01""#, false),
        (json!({"day": "2026-03-29"}), r#"trait.day before "9999-12-31""#, false),
        (json!(["x", "2026-03-29"]), r#"trait.day on "2026-03-29""#, true),
        // t <= d < t + N.
        (json!("2026-03-28"), "trait.day in the next 3 days", false),
        (json!("2026-03-29"), "trait.day in the next 3 days", true),
        (json!("2026-03-31"), "trait.day in the next 3 days", true),
        (json!("2026-04-01"), "trait.day in the next 3 days", false),
        (json!("2026-04-04"), "trait.day in the next 1 week", true),
        // t - N < d <= t.
        (json!("2026-03-26"), "trait.day in the last 3 days", false),
        (json!("2026-03-27"), "trait.day in the last 3 days", true),
        (json!("2026-03-29"), "trait.day in the last 3 days", true),
        (json!("2026-03-30"), "trait.day in the last 3 days", false),
        // Month and day, on t or after it.
        (json!("1990-03-29"), "trait.day anniversary today", true),
        (json!("1990-03-30"), "trait.day anniversary today", false),
        (json!("1990-03-28"), "trait.day anniversary today", false),
        (json!("1990-03-31"), "trait.day anniversary in the next 3 days", true),
        (json!("1990-04-01"), "trait.day anniversary in the next 3 days", false),
        (json!("1990-03-28"), "trait.day anniversary in the next 364 days", false),
        (json!("1990-03-28"), "trait.day anniversary in the next 365 days", true),
        (json!("2031-03-29"), "trait.day anniversary today", true),
    ]
}

#[test]
fn dates_are_days_in_the_time_zone_of_the_programme() {
    for (value, expression, expected) in days() {
        let traits = json!({ "day": value });
        let told = traits.to_string();
        check(expression, &Person { traits, ..Person::default() }, &moment(NOW, ROME), expected, &told);
    }
    // Today is the day of the programme's time zone, whatever it is elsewhere.
    for (now, today) in [("2026-03-29T21:59:59Z", "2026-03-29"), ("2026-03-29T22:00:00Z", "2026-03-30")] {
        let person = Person { traits: json!({ "day": today }), ..Person::default() };
        check("trait.day in the next 1 day", &person, &moment(now, ROME), true, today);
        check("trait.day in the last 1 day", &person, &moment(now, ROME), true, today);
    }
    let booked =
        Event { name: "A".to_owned(), second: 0, place: 1, properties: json!({"from": "2026-03-30"}) };
    let person = Person { events: vec![booked], ..Person::default() };
    check(r#"did "A" (from in the next 2 days)"#, &person, &moment(NOW, ROME), true, "a booking");
}

#[test]
fn the_29_of_february_comes_round_on_the_1_of_march() {
    let person = Person { traits: json!({"born": "2000-02-29"}), ..Person::default() };
    for (today, expression, expected) in [
        ("2026-02-28", "trait.born anniversary today", false),
        ("2026-02-28", "trait.born anniversary in the next 2 days", true),
        ("2026-03-01", "trait.born anniversary today", true),
        ("2026-03-02", "trait.born anniversary in the next 364 days", false),
        ("2026-03-02", "trait.born anniversary in the next 365 days", true),
        ("2028-02-28", "trait.born anniversary today", false),
        ("2028-02-29", "trait.born anniversary today", true),
        ("2028-03-01", "trait.born anniversary today", false),
        ("2027-03-02", "trait.born anniversary in the next 364 days", false),
        ("2027-03-02", "trait.born anniversary in the next 365 days", true),
        ("2100-03-01", "trait.born anniversary today", true),
    ] {
        let moment = moment(&format!("{today}T12:00:00Z"), "UTC0");
        check(expression, &person, &moment, expected, today);
    }
    let born = Person { traits: json!({"born": "2001-03-01"}), ..Person::default() };
    check("trait.born anniversary today", &born, &moment("2028-02-29T12:00:00Z", "UTC0"), false, "1 March");
}

#[test]
fn consents_addresses_segments_and_being_seen() {
    let second = at(NOW).0 / 1_000;
    let person = Person {
        granted: [("offers".to_owned(), Channel::Email)].into(),
        reachable: [Channel::Sms].into(),
        first_seen: second - 100,
        last_seen: second - 10,
        traits: json!({"plan": "pro"}),
        ..Person::default()
    };
    let mut moment = moment(NOW, "UTC0");
    moment.segments.insert("pro".to_owned(), asked(r#"trait.plan = "pro""#));
    moment.segments.insert("others".to_owned(), asked(r#"not in segment "pro""#));
    #[rustfmt::skip]
    let rows: &[(&str, bool)] = &[
        (r#"consented to "offers""#, true), (r#"consented to "offers" by email"#, true),
        (r#"consented to "offers" by sms"#, false), (r#"consented to "newsletter""#, false),
        ("reachable by sms", true), ("reachable by email", false),
        (r#"in segment "pro""#, true), (r#"in segment "others""#, false), (r#"in segment "nobody""#, false),
        ("first seen within 100 seconds", false), ("first seen within 101 seconds", true),
        ("last seen within 10 seconds", false), ("last seen within 11 seconds", true),
        (r#"last seen since "2026-03-29T10:59:50Z""#, true), (r#"last seen since "2026-03-29T10:59:51Z""#, false),
        (r#"first seen before "2026-03-29T10:58:21Z""#, true), (r#"first seen before "2026-03-29T10:58:20Z""#, false),
        (r#"first seen between "2026-03-29" and "2026-03-30""#, true),
        ("reachable by sms and reachable by email", false), ("reachable by sms or reachable by email", true),
        ("not reachable by email and reachable by sms", true), ("not (reachable by email or reachable by sms)", false),
    ];
    for (expression, expected) in rows {
        check(expression, &person, &moment, *expected, "a person");
    }
    let tomorrow = Person { last_seen: second + 86_400, ..person };
    check("last seen within 1 day", &tomorrow, &moment, false, "somebody of tomorrow");
}

#[test]
fn scores_and_shares_are_against_cut_offs_that_were_stated() {
    let second = at(NOW).0 / 1_000;
    let rank = |text: &str| match asked(text) {
        Expression::Rank(rank) => rank,
        other => panic!("{other:?}"),
    };
    let ranks: Vec<(Rank, i128)> = vec![
        (rank(r#"top 10% by sum(n) of "Buy""#), 100_000_000),
        (rank(r#"bottom 10% by sum(n) of "Buy""#), 5_000_000),
        (rank(r#"top 10% by count of "Buy" (n > 1) within 10 seconds"#), 2_000_000),
        (rank(r#"bottom 50% by avg(n) of "Buy""#), 2_500_000),
        (rank(r#"bottom 50% by count of "Buy""#), 1_000_000),
    ];
    let scores = ScoreCutOffs {
        purchase: "Buy".to_owned(),
        amount: vec!["n".to_owned()],
        recency: Some([40, 30, 20, 10].map(|ago| i128::from(second - ago) * 1_000_000)),
        frequency: Some([2_000_000, 3_000_000, 4_000_000, 5_000_000]),
        monetary: Some([10_000_000, 20_000_000, 30_000_000, 40_000_000]),
    };
    let nothing_stated = moment(NOW, "UTC0");
    let moment = Moment { cut_offs: CutOffs { scores: Some(scores), ranks }, ..nothing_stated.clone() };
    let rows: Rows = &[
        ("rfm.recency = 5", &["Buy@-10", "Buy@-99 Buy"], &["Buy@-11", "", "Buy@-99 A", "Buy@1"]),
        ("rfm.recency = 1", &["Buy@-41"], &["Buy@-40", ""]),
        ("rfm.recency >= 4", &["Buy@-20"], &["Buy@-21"]),
        ("rfm.frequency = 2", &["Buy Buy"], &["Buy", "Buy Buy Buy"]),
        ("rfm.frequency != 5", &["Buy"], &["Buy Buy Buy Buy Buy", ""]),
        ("rfm.monetary < 3", &["Buy(19.99)"], &["Buy(20)", "Buy(10) Buy(10)", "Buy", ""]),
        (r#"top 10% by sum(n) of "Buy""#, &["Buy(100)", "Buy(60) Buy(60)"], &["Buy(99.99)", "", "Buy"]),
        (r#"bottom 10% by sum(n) of "Buy""#, &["Buy(5)", "Buy(-1)"], &["Buy(5.000001)", "", "Buy"]),
        (
            r#"top 10% by count of "Buy" (n > 1) within 10 seconds"#,
            &["Buy(2) Buy(2)"],
            &["Buy(2)", "Buy(2) Buy(1)", "Buy(2) Buy(2)@-10"],
        ),
        (r#"bottom 50% by avg(n) of "Buy""#, &["Buy(2) Buy(3)"], &["Buy(2) Buy(3.000002)", ""]),
        (r#"bottom 50% by count of "Buy""#, &["Buy"], &["Buy Buy", "", "A"]),
        (r#"top 20% by sum(n) of "Buy""#, &[], &["Buy(100)"]),
    ];
    check_all(rows, &moment);
    for expression in ["rfm.recency >= 1", r#"top 10% by sum(n) of "Buy""#] {
        check(expression, &told("Buy(100)"), &nothing_stated, false, "whom nobody ranked");
    }
}
