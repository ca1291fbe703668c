//! `date`: an instant written by a strftime pattern, in the context's time zone and language. `'now'` is the
//! context's now, so that a rendering can be repeated.

use jiff::civil::{Date, DateTime};
use jiff::fmt::{rfc2822, strtime};
use jiff::{Timestamp, Zoned};

use super::Call;
use crate::liquid::error::Limit;
use crate::liquid::value::Value;

/// Numbers from here on are milliseconds, as JavaScript counts, below it seconds, as Liquid does: the year
/// 5138 in the one, 1973 in the other.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Forms besides the ISO ones that people write dates in.
const FORMS: [&str; 8] =
    ["%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%Y/%m/%d", "%A, %B %d, %Y", "%d-%m-%Y"];

const FORMS_WITH_TIME: [&str; 3] = ["%d/%m/%Y %H:%M", "%B %d, %Y %H:%M", "%Y/%m/%d %H:%M:%S"];

const FORMS_WITH_OFFSET: [&str; 2] = ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC%z"];

pub(super) fn date(call: &Call<'_>) -> Result<Value, Limit> {
    let pattern = call.shown(call.argument_or_nil(0))?;
    if pattern.is_empty() {
        return Ok(call.input.clone());
    }
    let Some(instant) = instant(call) else { return Ok(call.input.clone()) };
    let italian = call.context.language == "it" || call.context.language.starts_with("it-");
    let mut out = String::new();
    let mut rest = &*pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let length = directive_length(&rest[at..]);
        let (directive, after) = rest[at..].split_at(length);
        push_directive(&mut out, directive, &instant, italian);
        call.meter.steps(1)?;
        rest = after;
    }
    out.push_str(rest);
    call.plain(out)
}

fn instant(call: &Call<'_>) -> Option<Zoned> {
    let zone = call.context.time_zone;
    match call.input {
        Value::Int(number) => from_number(*number).map(|at| at.to_zoned(zone.clone())),
        Value::Float(number) => from_number(*number as i64).map(|at| at.to_zoned(zone.clone())),
        Value::Text(text) | Value::Safe(text) => from_text(call, text.trim()),
        _ => None,
    }
}

fn from_number(number: i64) -> Option<Timestamp> {
    if number.unsigned_abs() >= MILLISECONDS_FROM.unsigned_abs() {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

/// An instant with an offset is shown in the context's zone; a date or time without one is already there.
fn from_text(call: &Call<'_>, text: &str) -> Option<Zoned> {
    /// No form of a date is longer; strangers' texts are not searched for one.
    const LENGTH_MAX: usize = 64;
    let zone = call.context.time_zone;
    if text.len() > LENGTH_MAX {
        return None;
    }
    if text.eq_ignore_ascii_case("now") || text.eq_ignore_ascii_case("today") {
        return Some(call.context.now.to_zoned(zone.clone()));
    }
    if let Ok(number) = text.parse() {
        return Some(from_number(number)?.to_zoned(zone.clone()));
    }
    let with_offset = || FORMS_WITH_OFFSET.iter().find_map(|form| Timestamp::strptime(form, text).ok());
    let mail = || rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    if let Some(at) = text.parse().ok().or_else(with_offset).or_else(mail) {
        return Some(Timestamp::to_zoned(at, zone.clone()));
    }
    let with_time = || FORMS_WITH_TIME.iter().find_map(|form| DateTime::strptime(form, text).ok());
    let day = || FORMS.iter().find_map(|form| Date::strptime(form, text).ok()).map(DateTime::from);
    let local = text.strip_suffix(" UTC").unwrap_or(text).parse().ok().or_else(with_time).or_else(day)?;
    DateTime::to_zoned(local, zone.clone()).ok()
}

/// `%`, flags, a width and a letter.
fn directive_length(text: &str) -> usize {
    let flags = text[1..].find(|letter: char| !matches!(letter, '-' | '_' | '^' | '#' | ':' | '0'..='9'));
    let letter = 1 + flags.unwrap_or(text.len() - 1);
    letter + text[letter..].chars().next().map_or(0, char::len_utf8)
}

fn push_directive(out: &mut String, directive: &str, at: &Zoned, italian: bool) {
    let letter = directive.chars().last().unwrap_or('%');
    let name = match letter {
        'A' if italian => Some(WEEKDAYS_IT[at.weekday().to_monday_zero_offset() as usize].to_owned()),
        'a' if italian => {
            Some(WEEKDAYS_IT[at.weekday().to_monday_zero_offset() as usize].chars().take(3).collect())
        }
        'B' if italian => Some(MONTHS_IT[at.month() as usize - 1].to_owned()),
        'b' | 'h' if italian => Some(MONTHS_IT[at.month() as usize - 1][..3].to_owned()),
        'L' => Some(format!("{:03}", at.millisecond())),
        _ => None,
    };
    match name {
        Some(name) if directive.contains('^') => out.push_str(&name.to_uppercase()),
        Some(name) => out.push_str(&name),
        // What is no directive stays as written.
        None => out.push_str(&strtime::format(directive, at).unwrap_or_else(|_| directive.to_owned())),
    }
}

const WEEKDAYS_IT: [&str; 7] = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"];

const MONTHS_IT: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];
