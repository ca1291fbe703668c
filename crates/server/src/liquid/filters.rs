//! The filters: what stands after `|`. The table below is the whole list; each entry names its function, how
//! many arguments it takes, and which of them have names.
//!
//! Filters never fail on a value: what cannot be done gives nil or leaves the value as it is. They stop only
//! at a limit.

mod date;
mod html;
mod list;
mod money;
mod number;
mod text;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::error::Limit;
use super::escape::Escape;
use super::render::Context;
use super::scope::Meter;
use super::value::Value;

pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) arguments: RangeInclusive<usize>,
    pub(super) named: &'static [&'static str],
    pub(super) run: fn(&Call<'_>) -> Result<Value, Limit>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Filter {
    /// The arguments it takes, in words.
    pub(super) fn takes(&self) -> String {
        match (self.arguments.start(), self.arguments.end()) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "1 argument".to_owned(),
            (from, to) if from == to => format!("{from} arguments"),
            (from, to) if from + 1 == *to => format!("{from} or {to} arguments"),
            (from, to) => format!("{from} to {to} arguments"),
        }
    }
}

const fn filter(
    name: &'static str,
    arguments: RangeInclusive<usize>,
    run: fn(&Call<'_>) -> Result<Value, Limit>,
) -> Filter {
    Filter { name, arguments, named: &[], run }
}

static FILTERS: [Filter; 68] = [
    filter("abs", 0..=0, number::abs),
    filter("append", 1..=1, text::append),
    filter("at_least", 1..=1, number::at_least),
    filter("at_most", 1..=1, number::at_most),
    filter("base64_decode", 0..=0, html::base64_decode),
    filter("base64_encode", 0..=0, html::base64_encode),
    filter("capitalize", 0..=0, text::capitalize),
    filter("ceil", 0..=0, number::ceil),
    filter("compact", 0..=1, list::compact),
    filter("concat", 1..=1, list::concat),
    filter("date", 0..=1, date::date),
    Filter { name: "default", arguments: 0..=1, named: &["allow_false"], run: text::default },
    filter("divided_by", 1..=1, number::divided_by),
    filter("downcase", 0..=0, text::downcase),
    filter("escape", 0..=0, html::escape),
    filter("escape_once", 0..=0, html::escape_once),
    filter("find", 1..=2, list::find),
    filter("find_index", 1..=2, list::find_index),
    filter("first", 0..=0, list::first),
    filter("floor", 0..=0, number::floor),
    filter("handleize", 0..=0, text::handleize),
    filter("has", 1..=2, list::has),
    filter("join", 0..=1, list::join),
    filter("json", 0..=0, html::json),
    filter("last", 0..=0, list::last),
    filter("lstrip", 0..=0, text::lstrip),
    filter("map", 1..=1, list::map),
    filter("minus", 1..=1, number::minus),
    filter("modulo", 1..=1, number::modulo),
    filter("money", 0..=1, money::money),
    filter("newline_to_br", 0..=0, html::newline_to_br),
    filter("pluralize", 2..=2, text::pluralize),
    filter("plus", 1..=1, number::plus),
    filter("prepend", 1..=1, text::prepend),
    filter("raw", 0..=0, html::raw),
    filter("reject", 1..=2, list::reject),
    filter("remove", 1..=1, text::remove),
    filter("remove_first", 1..=1, text::remove_first),
    filter("remove_last", 1..=1, text::remove_last),
    filter("replace", 1..=2, text::replace),
    filter("replace_first", 1..=2, text::replace_first),
    filter("replace_last", 1..=2, text::replace_last),
    filter("reverse", 0..=0, list::reverse),
    filter("round", 0..=1, number::round),
    filter("rstrip", 0..=0, text::rstrip),
    filter("size", 0..=0, list::size),
    filter("slice", 1..=2, text::slice),
    filter("sort", 0..=1, list::sort),
    filter("sort_natural", 0..=1, list::sort_natural),
    filter("split", 1..=1, text::split),
    filter("squish", 0..=0, text::squish),
    filter("strip", 0..=0, text::strip),
    filter("strip_html", 0..=0, html::strip_html),
    filter("strip_newlines", 0..=0, text::strip_newlines),
    filter("sum", 0..=1, list::sum),
    filter("times", 1..=1, number::times),
    filter("to_number", 0..=0, number::to_number),
    filter("truncate", 0..=2, text::truncate),
    filter("truncatewords", 0..=2, text::truncatewords),
    filter("uniq", 0..=1, list::uniq),
    filter("upcase", 0..=0, text::upcase),
    filter("url_decode", 0..=0, html::url_decode),
    filter("url_encode", 0..=0, html::url_encode),
    filter("url_escape", 0..=0, html::url_escape),
    filter("where", 1..=2, list::where_),
    filter("xml_escape", 0..=0, html::escape),
    filter("handle", 0..=0, text::handleize),
    filter("safe", 0..=0, html::raw),
];

pub(super) fn find(name: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| filter.name == name)
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|filter| filter.name)
}

static NIL: Value = Value::Nil;

/// One application of a filter.
pub(super) struct Call<'c> {
    pub(super) input: &'c Value,
    pub(super) arguments: &'c [Cow<'c, Value>],
    pub(super) named: &'c [(&'c str, Cow<'c, Value>)],
    pub(super) context: &'c Context<'c>,
    pub(super) meter: &'c Meter,
}

impl<'c> Call<'c> {
    fn argument(&self, at: usize) -> Option<&Value> {
        self.arguments.get(at).map(|value| &**value)
    }

    fn argument_or_nil(&self, at: usize) -> &Value {
        self.argument(at).unwrap_or(&NIL)
    }

    fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    fn text(&self) -> Result<Cow<'c, str>, Limit> {
        self.shown(self.input)
    }

    fn shown<'v>(&self, value: &'v Value) -> Result<Cow<'v, str>, Limit> {
        self.meter.bytes(value.weight())?;
        Ok(value.to_text())
    }

    /// An argument that is to become part of the input. If that is already written for the output, so must
    /// the argument be.
    fn part(&self, at: usize) -> Result<Cow<'_, str>, Limit> {
        let argument = self.argument_or_nil(at);
        if self.is_safe() { self.escaped(argument) } else { self.shown(argument) }
    }

    fn escaped<'v>(&self, value: &'v Value) -> Result<Cow<'v, str>, Limit> {
        let shown = self.shown(value)?;
        if self.context.escape == Escape::Plain || matches!(value, Value::Safe(_)) {
            return Ok(shown);
        }
        let mut out = String::with_capacity(shown.len());
        self.context.escape.push(&mut out, &shown);
        Ok(Cow::Owned(out))
    }

    fn is_safe(&self) -> bool {
        matches!(self.input, Value::Safe(_))
    }

    /// A text made from the input, which is as safe as the input was.
    fn like_input(&self, text: impl Into<String>) -> Result<Value, Limit> {
        let text = text.into();
        self.meter.bytes(text.len())?;
        Ok(if self.is_safe() { Value::Safe(text.into()) } else { Value::text(text) })
    }

    fn plain(&self, text: String) -> Result<Value, Limit> {
        self.meter.bytes(text.len())?;
        Ok(Value::text(text))
    }

    /// Text that is HTML by now; only in HTML does that make a difference.
    fn html(&self, text: String) -> Result<Value, Limit> {
        self.meter.bytes(text.len())?;
        Ok(if self.context.escape == Escape::Html { Value::Safe(text.into()) } else { Value::text(text) })
    }
}
