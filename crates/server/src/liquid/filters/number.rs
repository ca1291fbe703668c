//! Filters on numbers. A text counts as the number it begins with, nil as 0.

use super::Call;
use crate::liquid::error::Limit;
use crate::liquid::number::{Number, whole};
use crate::liquid::value::Value;

/// Rounding to more places than a float has digits changes nothing.
const PLACES_MAX: i64 = 20;

fn both(call: &Call<'_>) -> (Number, Number) {
    (Number::of(call.input), Number::of(call.argument_or_nil(0)))
}

pub(super) fn plus(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(a.plus(b).value())
}

pub(super) fn minus(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(a.minus(b).value())
}

pub(super) fn times(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(a.times(b).value())
}

pub(super) fn divided_by(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(a.divided_by(b).map_or(Value::Nil, Number::value))
}

pub(super) fn modulo(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(a.modulo(b).map_or(Value::Nil, Number::value))
}

pub(super) fn abs(call: &Call<'_>) -> Result<Value, Limit> {
    let number = Number::of(call.input);
    Ok(if number.float() < 0.0 { Number::Int(0).minus(number) } else { number }.value())
}

pub(super) fn at_least(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(if a.float() < b.float() { b } else { a }.value())
}

pub(super) fn at_most(call: &Call<'_>) -> Result<Value, Limit> {
    let (a, b) = both(call);
    Ok(if a.float() > b.float() { b } else { a }.value())
}

pub(super) fn ceil(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Number::of(call.input).toward(f64::ceil).value())
}

pub(super) fn floor(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Number::of(call.input).toward(f64::floor).value())
}

pub(super) fn round(call: &Call<'_>) -> Result<Value, Limit> {
    let places = whole(call.argument_or_nil(0)).clamp(0, PLACES_MAX);
    Ok(Number::of(call.input).round(places as u32).value())
}

pub(super) fn to_number(call: &Call<'_>) -> Result<Value, Limit> {
    Ok(Number::of(call.input).value())
}
