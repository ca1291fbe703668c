//! What templates render to. Each row is a template and its output, in the context of [`CONTEXT`].

mod conformance;
mod filters;
mod limits;
mod mistakes;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use server::liquid::{Context, Error, Escape, Map, Template};

const CONTEXT: &str = r#"{
    "name": "Ada", "full": "Ada <b>Lovelace</b> & \"Co\"", "empty": "", "space": "  ", "zero": 0, "no": false, "yes": true,
    "n": 7, "price": 19.9, "whole": 4.0, "digits": "42", "decimal": "3.5", "key": "city", "nothing": null,
    "place": {"city": "Torino", "zip": "10121", "size": 3},
    "list": [3, 1, 2], "words": ["pera", "Mela", "uva"], "none": [], "nested": [[1, 2], [3, [4]]],
    "items": [
        {"title": "Vaso", "price": 12.5, "qty": 2, "new": true, "tag": "casa"},
        {"title": "Tazza", "price": 8, "qty": 1, "new": false, "tag": "casa"},
        {"title": "Lume", "price": 30.25, "qty": 1, "tag": "luce"}
    ],
    "when": "2026-03-05T22:30:15Z", "day": "2026-03-05", "epoch": 1772749815, "millis": 1772749815000,
    "lines": "one\ntwo\r\nthree", "html": "<p>Ciao <b>Ada</b></p><script>x()</script><!-- c -->!", "safe?": "yes",
    "hyphen-name": "kept", "url": "https://a.example/?x=1&y=è b"
}"#;

fn values() -> Map {
    let Json::Object(object) = serde_json::from_str(CONTEXT).expect("the context is JSON") else {
        panic!("the context is an object")
    };
    Map::from(&object)
}

fn render_as(escape: Escape, language: &str, zone: &str, source: &str) -> Result<String, Error> {
    let values = values();
    let time_zone = TimeZone::get(zone).expect("a time zone");
    let now: Timestamp = "2026-11-23T09:05:00Z".parse().expect("an instant");
    let context = Context { values: &values, escape, now, time_zone: &time_zone, language, links: None };
    Template::parse(source)?.render(&context)
}

/// Tells all rows that fail, not only the first.
fn check_as(escape: Escape, language: &str, zone: &str, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(source, expected)| match render_as(escape, language, zone, source) {
            Ok(output) if output == *expected => None,
            Ok(output) => Some(format!("{source}\n  gives   {output:?}\n  but not {expected:?}")),
            Err(error) => Some(format!("{source}\n  fails: {error}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{} rows of {} fail:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn check(rows: &[(&str, &str)]) {
    check_as(Escape::Plain, "en", "UTC", rows);
}
