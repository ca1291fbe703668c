//! Filters on lists. A map counts as a list of itself, nil as an empty one, lists inside lists are laid flat.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Call, NIL};
use crate::liquid::error::Limit;
use crate::liquid::number::Number;
use crate::liquid::value::Value;

fn items(call: &Call<'_>) -> Result<Vec<Value>, Limit> {
    let mut all = Vec::new();
    flatten(call, call.input, &mut all)?;
    Ok(all)
}

fn flatten(call: &Call<'_>, value: &Value, all: &mut Vec<Value>) -> Result<(), Limit> {
    match value {
        Value::Nil => {}
        Value::List(items) => {
            call.meter.list(all.len().saturating_add(items.len()))?;
            for item in items.iter() {
                match item {
                    Value::List(_) => flatten(call, item, all)?,
                    _ => all.push(item.clone()),
                }
            }
        }
        Value::Range(from, to) => {
            call.meter
                .list(value.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX))?;
            all.extend((*from..=*to).map(Value::Int));
        }
        _ => all.push(value.clone()),
    }
    Ok(())
}

fn field<'v>(item: &'v Value, name: &str) -> &'v Value {
    match item {
        Value::Map(map) => map.get(name).unwrap_or(&NIL),
        _ => &NIL,
    }
}

/// The part of an item that a filter goes by: the property that its first argument names, or all of it.
fn subject<'v>(item: &'v Value, property: Option<&str>) -> &'v Value {
    property.map_or(item, |name| field(item, name))
}

fn property<'c>(call: &'c Call<'_>) -> Option<&'c str> {
    call.argument_or_nil(0).as_str()
}

pub(super) fn first(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(call.input.first())
}

pub(super) fn last(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(call.input.last())
}

pub(super) fn size(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Value::Int(call.input.size().unwrap_or(0)))
}

/// Joined texts are safe only if each was; then the separator is made safe too.
pub(super) fn join(call: &Call<'_>) -> Result<Value, Limit> {
    let items = items(call)?;
    let space = Value::text(" ");
    let separator = call.argument(0).unwrap_or(&space);
    let safe = !items.is_empty() && items.iter().all(|item| matches!(item, Value::Safe(_)));
    let separator = if safe { call.escaped(separator)? } else { call.shown(separator)? };
    let weight = items.iter().fold(0_usize, |sum, item| sum.saturating_add(item.weight() + separator.len()));
    call.meter.bytes(weight)?;
    let mut out = String::with_capacity(weight);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        item.push_text(&mut out);
    }
    Ok(if safe { Value::Safe(out.into()) } else { Value::text(out) })
}

pub(super) fn concat(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    flatten(call, call.argument_or_nil(0), &mut all)?;
    Ok(Value::list(all))
}

pub(super) fn reverse(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    all.reverse();
    Ok(Value::list(all))
}

pub(super) fn map(call: &Call<'_>) -> Result<Value, Limit> {
    let name = call.shown(call.argument_or_nil(0))?;
    Ok(Value::list(items(call)?.iter().map(|item| field(item, &name).clone()).collect::<Vec<_>>()))
}

pub(super) fn compact(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    all.retain(|item| !matches!(subject(item, property(call)), Value::Nil));
    Ok(Value::list(all))
}

pub(super) fn uniq(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    let weight = all.iter().fold(0_usize, |sum, item| sum.saturating_add(item.weight()));
    call.meter.bytes(weight)?;
    let mut seen = BTreeSet::new();
    all.retain(|item| {
        let mut written = String::new();
        subject(item, property(call)).push_json(&mut written);
        seen.insert(written)
    });
    Ok(Value::list(all))
}

pub(super) fn sum(call: &Call<'_>) -> Result<Value, Limit> {
    let all = items(call)?;
    let numbers = all.iter().map(|item| Number::of(subject(item, property(call))));
    Ok(numbers.fold(Number::Int(0), Number::plus).value())
}

pub(super) fn sort(call: &Call<'_>) -> Result<Value, Limit> {
    sorted(call, |a, b| {
        rank(a).cmp(&rank(b)).then_with(|| a.as_str().cmp(&b.as_str())).then_with(|| by_number(a, b))
    })
}

/// By letters without their case; numbers as they are written.
pub(super) fn sort_natural(call: &Call<'_>) -> Result<Value, Limit> {
    let last = |value: &Value| matches!(value, Value::Nil);
    sorted(call, |a, b| {
        last(a).cmp(&last(b)).then_with(|| a.to_text().to_lowercase().cmp(&b.to_text().to_lowercase()))
    })
}

fn sorted(call: &Call<'_>, order: impl Fn(&Value, &Value) -> Ordering) -> Result<Value, Limit> {
    let mut all = items(call)?;
    // Every item is compared about as often as the length of the list has bits.
    let rounds = all.len().checked_ilog2().unwrap_or(0) as usize;
    let weight = all.iter().fold(0_usize, |sum, item| sum.saturating_add(item.weight()));
    call.meter.bytes(weight)?;
    call.meter.steps(all.len().saturating_mul(rounds) / 8)?;
    all.sort_by(|a, b| order(subject(a, property(call)), subject(b, property(call))));
    Ok(Value::list(all))
}

/// Kinds in an order, so that a list of several kinds can be sorted at all. What is missing goes last.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Int(_) | Value::Float(_) => 0,
        Value::Text(_) | Value::Safe(_) => 1,
        Value::Nil => 3,
        _ => 2,
    }
}

/// A total order, which sorting relies on: large whole numbers that share a float are told apart after it.
fn by_number(a: &Value, b: &Value) -> Ordering {
    let key = |value: &Value| match value {
        Value::Int(number) => (*number as f64, *number),
        Value::Float(number) => (*number, *number as i64),
        _ => (0.0, 0),
    };
    let ((a, a_whole), (b, b_whole)) = (key(a), key(b));
    a.partial_cmp(&b).unwrap_or(Ordering::Equal).then(a_whole.cmp(&b_whole))
}

/// Whether an item has the property, with the value if one is given.
fn matches(call: &Call<'_>, item: &Value) -> bool {
    let found = field(item, property(call).unwrap_or(""));
    call.argument(1).map_or_else(|| found.is_truthy(), |wanted| found.same(wanted))
}

pub(super) fn where_(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    all.retain(|item| matches(call, item));
    Ok(Value::list(all))
}

pub(super) fn reject(call: &Call<'_>) -> Result<Value, Limit> {
    let mut all = items(call)?;
    all.retain(|item| !matches(call, item));
    Ok(Value::list(all))
}

pub(super) fn find(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(items(call)?.into_iter().find(|item| matches(call, item)).unwrap_or(Value::Nil))
}

pub(super) fn find_index(call: &Call<'_>) -> Result<Value, Limit> {
    let at = items(call)?.iter().position(|item| matches(call, item));
    Ok(at.map_or(Value::Nil, |at| Value::Int(at as i64)))
}

pub(super) fn has(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Value::Bool(items(call)?.iter().any(|item| matches(call, item))))
}
