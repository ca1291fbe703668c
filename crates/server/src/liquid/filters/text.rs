//! Filters on text. Positions and lengths count characters.

use super::Call;
use crate::liquid::error::Limit;
use crate::liquid::limits::LIST_MAX;
use crate::liquid::number::whole;
use crate::liquid::value::Value;

/// Joining plain text to safe text makes the plain part safe first; either side may be the safe one.
fn join(call: &Call<'_>, order: impl Fn(&str, &str) -> String) -> Result<Value, Limit> {
    let argument = call.argument_or_nil(0);
    if call.is_safe() || matches!(argument, Value::Safe(_)) {
        let joined = order(&call.escaped(call.input)?, &call.escaped(argument)?);
        call.meter.bytes(joined.len())?;
        return Ok(Value::Safe(joined.into()));
    }
    call.plain(order(&call.text()?, &call.shown(argument)?))
}

pub(super) fn append(call: &Call<'_>) -> Result<Value, Limit> {
    join(call, |input, argument| format!("{input}{argument}"))
}

pub(super) fn prepend(call: &Call<'_>) -> Result<Value, Limit> {
    join(call, |input, argument| format!("{argument}{input}"))
}

pub(super) fn capitalize(call: &Call<'_>) -> Result<Value, Limit> {
    let text = call.text()?;
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    call.like_input(first + &letters.as_str().to_lowercase())
}

pub(super) fn downcase(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.to_lowercase())
}

pub(super) fn upcase(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.to_uppercase())
}

pub(super) fn strip(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.trim())
}

pub(super) fn lstrip(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.trim_start())
}

pub(super) fn rstrip(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.trim_end())
}

pub(super) fn strip_newlines(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.replace(['\r', '\n'], ""))
}

/// One space wherever there was any whitespace.
pub(super) fn squish(call: &Call<'_>) -> Result<Value, Limit> {
    call.like_input(call.text()?.split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(super) fn default(call: &Call<'_>) -> Result<Value, Limit> {
    let keeps_false = call.named("allow_false").is_some_and(Value::is_truthy);
    let missing = match call.input {
        Value::Nil => true,
        Value::Bool(truth) => !truth && !keeps_false,
        input => input.is_empty(),
    };
    let fallback = call.argument(0).cloned().unwrap_or_else(|| Value::text(""));
    Ok(if missing { fallback } else { call.input.clone() })
}

/// Which of the occurrences to replace.
#[derive(Clone, Copy)]
enum Which {
    All,
    First,
    Last,
}

fn substitute(call: &Call<'_>, which: Which, with: &str) -> Result<Value, Limit> {
    let text = call.text()?;
    let old = call.part(0)?;
    let found = match which {
        Which::All => text.matches(&*old).count(),
        Which::First | Which::Last => 1,
    };
    // Weighed before it is made: a long replacement for each letter of a long text would not fit in memory.
    call.meter.bytes(text.len().saturating_add(found.saturating_mul(with.len())))?;
    call.like_input(match which {
        Which::All => text.replace(&*old, with),
        Which::First => text.replacen(&*old, with, 1),
        Which::Last => match text.rfind(&*old) {
            Some(at) => format!("{}{with}{}", &text[..at], &text[at + old.len()..]),
            None => text.into_owned(),
        },
    })
}

pub(super) fn replace(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::All, &call.part(1)?)
}

pub(super) fn replace_first(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::First, &call.part(1)?)
}

pub(super) fn replace_last(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::Last, &call.part(1)?)
}

pub(super) fn remove(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::All, "")
}

pub(super) fn remove_first(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::First, "")
}

pub(super) fn remove_last(call: &Call<'_>) -> Result<Value, Limit> {
    substitute(call, Which::Last, "")
}

/// A part of a text or list; a negative start counts from the end.
pub(super) fn slice(call: &Call<'_>) -> Result<Value, Limit> {
    let start = whole(call.argument_or_nil(0));
    let length = call.argument(1).map_or(1, whole);
    if let Value::List(items) = call.input {
        let part = part_of(items.len(), start, length);
        call.meter.list(part.len())?;
        return Ok(Value::list(&items[part]));
    }
    let text = call.text()?;
    let part = part_of(text.chars().count(), start, length);
    call.like_input(text.chars().skip(part.start).take(part.len()).collect::<String>())
}

fn part_of(size: usize, start: i64, length: i64) -> std::ops::Range<usize> {
    let size = size as i64;
    let start = if start < 0 { start.saturating_add(size) } else { start };
    if !(0..=size).contains(&start) {
        return 0..0;
    }
    let end = start.saturating_add(length.max(0)).min(size);
    start as usize..end as usize
}

/// Pieces without the empty ones at the end. A space splits at any whitespace, nothing splits into characters.
pub(super) fn split(call: &Call<'_>) -> Result<Value, Limit> {
    let text = call.text()?;
    let separator = call.part(0)?;
    let mut pieces: Vec<&str> = Vec::new();
    let all: Box<dyn Iterator<Item = &str>> = match &*separator {
        " " => Box::new(text.split_whitespace()),
        "" => Box::new(text.split("").filter(|piece| !piece.is_empty())),
        _ => Box::new(text.split(&*separator)),
    };
    for piece in all {
        pieces.push(piece);
        if pieces.len() > LIST_MAX {
            return Err(Limit::List(LIST_MAX));
        }
    }
    while pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    call.meter.steps(pieces.len())?;
    let pieces: Result<Vec<_>, _> = pieces.into_iter().map(|piece| call.like_input(piece)).collect();
    Ok(Value::list(pieces?))
}

/// Cuts to a number of characters, the ellipsis included.
pub(super) fn truncate(call: &Call<'_>) -> Result<Value, Limit> {
    const LENGTH_DEFAULT: i64 = 50;
    let text = call.text()?;
    let length = usize::try_from(call.argument(0).map_or(LENGTH_DEFAULT, whole)).unwrap_or(0);
    let ellipsis = if call.argument(1).is_some() { call.part(1)? } else { "...".into() };
    if text.chars().count() <= length {
        return Ok(call.input.clone());
    }
    let kept = length.saturating_sub(ellipsis.chars().count());
    let cut: String = text.chars().take(kept).collect();
    call.like_input(cut + &ellipsis)
}

pub(super) fn truncatewords(call: &Call<'_>) -> Result<Value, Limit> {
    const WORDS_DEFAULT: i64 = 15;
    let text = call.text()?;
    let words = usize::try_from(call.argument(0).map_or(WORDS_DEFAULT, whole)).unwrap_or(0).max(1);
    let ellipsis = if call.argument(1).is_some() { call.part(1)? } else { "...".into() };
    let mut all = text.split_whitespace();
    let kept: Vec<_> = all.by_ref().take(words).collect();
    if all.next().is_none() {
        return Ok(call.input.clone());
    }
    call.like_input(kept.join(" ") + &ellipsis)
}

/// For file names and anchors: letters and digits in lower case, a hyphen between.
pub(super) fn handleize(call: &Call<'_>) -> Result<Value, Limit> {
    let lower = call.text()?.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    call.plain(words.collect::<Vec<_>>().join("-"))
}

/// `{{ count | pluralize: 'item', 'items' }}` is the word without the number.
pub(super) fn pluralize(call: &Call<'_>) -> Result<Value, Limit> {
    let one = whole(call.input) == 1;
    Ok(call.argument_or_nil(if one { 0 } else { 1 }).clone())
}
