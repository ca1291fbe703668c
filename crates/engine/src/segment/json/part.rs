//! One part of a JSON with the path that led to it, so that whoever reads it can say where it is wrong.

use super::super::Owner;
use super::super::fault::Fault;
use super::super::number::signed;
use crate::programme::{Mistake, Place, nearest};
use crate::value::SCALE;
use serde_json::{Map, Value as Json};

pub(super) type Read<T> = Result<T, Mistake>;

pub(super) struct Part<'a> {
    pub(super) json: &'a Json,
    pub(super) place: Place,
    pub(super) owner: Owner,
}

/// An object whose keys are known.
pub(super) struct Fields<'a> {
    part: &'a Part<'a>,
    map: &'a Map<String, Json>,
}

impl<'a> Part<'a> {
    pub(super) fn mistake(&self, fault: Fault) -> Mistake {
        Mistake {
            place: self.place.clone(),
            offset: None,
            message: fault.message,
            suggestion: fault.suggestion,
        }
    }

    pub(super) fn sound<T>(&self, read: Result<T, Fault>) -> Read<T> {
        read.map_err(|fault| self.mistake(fault))
    }

    fn inside(&self, json: &'a Json, place: Place) -> Self {
        Self { json, place, owner: self.owner }
    }

    fn expected<T>(&self, what: &str) -> Read<T> {
        let found = match self.json {
            Json::Null => "null".to_owned(),
            Json::Bool(value) => value.to_string(),
            Json::Number(number) => format!("the number {number}"),
            Json::String(text) => format!("the text \"{text}\""),
            Json::Array(_) => "a list".to_owned(),
            Json::Object(_) => "an object".to_owned(),
        };
        Err(self.mistake(Fault::new(format!("expected {what}, found {found}"))))
    }

    /// The one key of an object, which says what it is, and what stands under it.
    pub(super) fn tagged(&self, what: &str, known: &[&'static str]) -> Read<(&'static str, Part<'a>)> {
        let Json::Object(map) = self.json else {
            return self.expected(&format!("{what} as an object such as {{\"{}\": …}}", known[0]));
        };
        let mut keys = map.iter();
        let (Some((key, json)), None) = (keys.next(), keys.next()) else {
            let fault = Fault::new(format!("{what} is an object with one key, which says what it is"));
            return Err(self.mistake(fault.or_rather(format!("one of: {}", known.join(", ")))));
        };
        match known.iter().find(|one| *one == key) {
            Some(known) => Ok((known, self.inside(json, self.place.field(key)))),
            None => Err(self.unknown(key, known)),
        }
    }

    pub(super) fn fields(&'a self, what: &str, known: &[&str]) -> Read<Fields<'a>> {
        let Json::Object(map) = self.json else { return self.expected(what) };
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(self.unknown(key, known)),
            None => Ok(Fields { part: self, map }),
        }
    }

    fn unknown(&self, key: &str, known: &[&str]) -> Mistake {
        let fault = Fault::new(format!("there is no key \"{key}\" here"));
        let place = self.place.field(key);
        let suggestion = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of: {}", known.join(", ")),
        };
        Mistake { place, ..self.mistake(fault.or_rather(suggestion)) }
    }

    pub(super) fn list(&self) -> Read<Vec<Part<'a>>> {
        let Json::Array(list) = self.json else { return self.expected("a list") };
        let inside = |(index, json)| self.inside(json, self.place.index(index));
        Ok(list.iter().enumerate().map(inside).collect())
    }

    pub(super) fn text(&self, what: &str) -> Read<&'a str> {
        match self.json {
            Json::String(text) => Ok(text),
            _ => self.expected(what),
        }
    }

    /// A number in millionths: a JSON number, or its digits as `{"decimal": "…"}`.
    pub(super) fn number(&self, what: &str) -> Read<i64> {
        let (part, digits) = match self.json {
            Json::Number(number) => (None, digits(number)),
            Json::Object(map) if map.contains_key("decimal") => {
                let (_, part) = self.tagged("a number", &["decimal"])?;
                let digits = part.text("the digits of a number as a text")?.to_owned();
                (Some(part), digits)
            }
            _ => return self.expected(what),
        };
        signed(&digits).ok_or_else(|| {
            let fault = Fault::new("a number has at most six decimals and thirteen digits before them");
            part.as_ref().unwrap_or(self).mistake(fault)
        })
    }

    /// A key that says all, and whose value can only be true.
    pub(super) fn yes(&self) -> Read<()> {
        match self.json {
            Json::Bool(true) => Ok(()),
            _ => self.expected("true"),
        }
    }
}

/// A whole number as it is; another one without an exponent.
fn digits(number: &serde_json::Number) -> String {
    match number.as_i64() {
        Some(whole) => whole.to_string(),
        None => number.as_f64().map_or_else(|| number.to_string(), |double| double.to_string()),
    }
}

impl<'a> Fields<'a> {
    pub(super) fn needed(&self, key: &str) -> Read<Part<'a>> {
        self.optional(key).ok_or_else(|| {
            let fault = Fault::new(format!("\"{key}\" is missing"));
            Mistake { place: self.part.place.field(key), ..self.part.mistake(fault) }
        })
    }

    /// What is null is absent.
    pub(super) fn optional(&self, key: &str) -> Option<Part<'a>> {
        let json = self.map.get(key).filter(|json| !json.is_null())?;
        Some(self.part.inside(json, self.part.place.field(key)))
    }
}

const _: () = assert!(SCALE == 1_000_000, "six decimals are millionths");
