//! The values a template works with. They are cheap to clone, because a loop hands each item on by value,
//! and they may cross threads, because compiled templates hold literals and are shared by all workers.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    /// Always finite; see [`Value::float`].
    Float(f64),
    Text(Arc<str>),
    /// Text that is already written for the output (a `capture`, or by `raw` and `escape`): never escaped again.
    Safe(Arc<str>),
    List(Arc<[Self]>),
    Map(Arc<Map>),
    /// Both ends included.
    Range(i64, i64),
    /// The word `empty`: equal to any text, list or map without content.
    Empty,
    /// The word `blank`: equal to nil, false, whitespace and whatever is empty.
    Blank,
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn list(items: impl Into<Arc<[Self]>>) -> Self {
        Self::List(items.into())
    }

    pub fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    /// Liquid has no infinity and no NaN: both become nil.
    pub fn float(number: f64) -> Self {
        if number.is_finite() { Self::Float(number) } else { Self::Nil }
    }

    /// Exact up to nine thousand million units, since both sides are then exact in binary and the division
    /// rounds once to the nearest, which prints as the decimal it came from.
    pub fn from_millionths(millionths: i64) -> Self {
        Self::Float(millionths as f64 / 1e6)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Safe(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Safe(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Range(from, to) => from > to,
            Self::Empty | Self::Blank => true,
            Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Float(_) => false,
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Bool(truth) => !truth,
            Self::Text(text) | Self::Safe(text) => text.trim().is_empty(),
            _ => self.is_empty(),
        }
    }

    /// Characters of a text, items of a list or range, entries of a map; nothing else has a size.
    pub(super) fn size(&self) -> Option<i64> {
        match self {
            Self::Text(text) | Self::Safe(text) => Some(text.chars().count() as i64),
            Self::List(items) => Some(items.len() as i64),
            Self::Map(map) => Some(map.len() as i64),
            Self::Range(from, to) => Some(to.saturating_sub(*from).saturating_add(1).max(0)),
            _ => None,
        }
    }

    /// About how many bytes the value is when shown or compared. Lists may share one long text many times.
    pub(super) fn weight(&self) -> usize {
        const SCALAR: usize = 8;
        match self {
            Self::Text(text) | Self::Safe(text) => text.len(),
            Self::List(items) => items.iter().fold(0, |sum, item| sum.saturating_add(SCALAR + item.weight())),
            Self::Map(map) => map
                .iter()
                .fold(0, |sum, (name, value)| sum.saturating_add(SCALAR + name.len() + value.weight())),
            _ => SCALAR,
        }
    }

    pub(super) fn first(&self) -> Self {
        match self {
            Self::List(items) => items.first().cloned().unwrap_or(Self::Nil),
            Self::Map(map) => map.iter().next().map_or(Self::Nil, pair),
            Self::Range(from, to) if from <= to => Self::Int(*from),
            _ => Self::Nil,
        }
    }

    pub(super) fn last(&self) -> Self {
        match self {
            Self::List(items) => items.last().cloned().unwrap_or(Self::Nil),
            Self::Range(from, to) if from <= to => Self::Int(*to),
            _ => Self::Nil,
        }
    }

    /// The value as it is shown.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Safe(text) => Cow::Borrowed(text),
            _ => {
                let mut out = String::new();
                self.push_text(&mut out);
                Cow::Owned(out)
            }
        }
    }

    pub(super) fn push_text(&self, out: &mut String) {
        match self {
            Self::Nil | Self::Empty | Self::Blank => {}
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Int(number) => write!(out, "{number}").expect("writing to a string"),
            Self::Float(number) => push_float(out, *number),
            Self::Text(text) | Self::Safe(text) => out.push_str(text),
            Self::List(items) => items.iter().for_each(|item| item.push_text(out)),
            Self::Map(_) => self.push_json(out),
            Self::Range(from, to) => write!(out, "{from}..{to}").expect("writing to a string"),
        }
    }

    pub(super) fn push_json(&self, out: &mut String) {
        match self {
            Self::Nil | Self::Empty | Self::Blank => out.push_str("null"),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => self.push_text(out),
            Self::Text(text) | Self::Safe(text) => push_json_text(out, text),
            Self::Range(..) => push_json_text(out, &self.to_text()),
            Self::List(items) => push_json_all(out, "[]", items.iter(), |out, item| item.push_json(out)),
            Self::Map(map) => push_json_all(out, "{}", map.iter(), |out, (name, value)| {
                push_json_text(out, name);
                out.push(':');
                value.push_json(out);
            }),
        }
    }

    /// `==` of templates. A number never equals a text, as in Liquid.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, value) | (value, Self::Empty) => value.is_empty(),
            (Self::Blank, value) | (value, Self::Blank) => value.is_blank(),
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Range(a, b), Self::Range(c, d)) => (a, b) == (c, d),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| value.same(other)))
            }
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// Numbers compare with numbers and texts with texts; anything else has no order.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Float(b)) => (*a as f64).partial_cmp(b),
            (Self::Float(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            _ => Some(self.as_str()?.cmp(other.as_str()?)),
        }
    }
}

/// An entry of a map as templates see it in a loop: a list of name and value.
pub(super) fn pair((name, value): (&Arc<str>, &Value)) -> Value {
    Value::list([Value::Text(Arc::clone(name)), value.clone()])
}

/// Whole numbers keep one decimal, as everywhere in Liquid: `4.0`, not `4`.
fn push_float(out: &mut String, number: f64) {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        write!(out, "{number:.1}").expect("writing to a string");
    } else {
        write!(out, "{number}").expect("writing to a string");
    }
}

fn push_json_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // A `<` could otherwise close the script element that JSON is often put into.
            '<' | '>' | '&' | '\0'..='\x1f' => {
                write!(out, "\\u{:04x}", u32::from(letter)).expect("writing to a string");
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

fn push_json_all<T>(
    out: &mut String,
    fence: &str,
    all: impl Iterator<Item = T>,
    push: impl Fn(&mut String, T),
) {
    let (open, close) = fence.split_at(1);
    out.push_str(open);
    for (index, one) in all.enumerate() {
        if index > 0 {
            out.push(',');
        }
        push(out, one);
    }
    out.push_str(close);
}

/// Names with their values, in the order they were given. Look-up walks the entries: contexts and events hold
/// tens of names, where comparing lengths first beats a hash.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: Vec<(Arc<str>, Value)>,
}

impl Map {
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the value of a name that is already there.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: Value) {
        let name = name.into();
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name, value)),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The entry at a place in the order.
    pub fn entry(&self, at: usize) -> Option<(&Arc<str>, &Value)> {
        self.entries.get(at).map(|(name, value)| (name, value))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The quick way in, for sources that are maps already. Where a name comes twice, look-up finds the first.
impl<N: Into<Arc<str>>> FromIterator<(N, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().map(|(name, value)| (name.into(), value)).collect() }
    }
}
