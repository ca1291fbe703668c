//! A person's clock, looked at minute by minute.

use std::collections::BTreeSet;

use engine::at::{At, Span};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60_000;

/// Where the person is, by what their trait says; otherwise in Rome.
pub(super) fn zone(named: Option<&str>) -> TimeZone {
    let zone = |name: &str| engine::programme::timezone(name);
    named.and_then(zone).unwrap_or_else(|| zone("Europe/Rome").expect("a zone that is bundled"))
}

fn shown(at: i64, zone: &TimeZone) -> (jiff::civil::Date, String, String) {
    let zoned = Timestamp::from_millisecond(at).expect("an instant").to_zoned(zone.clone());
    (zoned.date(), zoned.strftime("%H:%M").to_string(), zoned.strftime("%A").to_string().to_lowercase())
}

/// The first minute from now on at which a clock that has not yet shown the time on that day shows it, or a later one.
pub(super) fn next(now: At, time: Option<&str>, weekdays: &[String], zone: &TimeZone) -> At {
    let fits = |day: &str| weekdays.is_empty() || weekdays.iter().any(|one| one == day);
    if time.is_none() && fits(&shown(now.0, zone).2) {
        return now;
    }
    let time = time.unwrap_or("00:00");
    let mut seen = BTreeSet::new();
    let begin = (now.0 - Span::HOUR.times(30).0).div_euclid(MINUTE) * MINUTE;
    (0..20 * 24 * 60)
        .map(|minute| begin + minute * MINUTE)
        .find(|at| {
            let (date, clock, day) = shown(*at, zone);
            clock.as_str() >= time && seen.insert(date) && *at >= now.0 && fits(&day)
        })
        .map(At)
        .expect("some day fits")
}

/// The first instant of a day, by the minutes around it.
pub(super) fn begins(date: jiff::civil::Date, zone: &TimeZone) -> At {
    let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("an instant").timestamp().as_millisecond();
    let begin = noon - Span::HOUR.times(40).0;
    let mut minutes = (0..60 * 60).map(|minute| begin + minute * MINUTE);
    minutes.find(|at| shown(*at, zone).0 == date).map(At).expect("every day has a beginning")
}
