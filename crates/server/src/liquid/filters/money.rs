//! `money`: an amount in whole units of its currency, as the reader's language writes it.

use super::Call;
use crate::liquid::error::Limit;
use crate::liquid::number::Number;
use crate::liquid::value::Value;

pub(super) fn money(call: &Call<'_>) -> Result<Value, Limit> {
    if matches!(call.input, Value::Nil) {
        return Ok(Value::Nil);
    }
    let currency = call.argument_or_nil(0).to_text().trim().to_uppercase();
    let Some((negative, whole, part)) = Number::of(call.input).fixed(minor_digits(&currency)) else {
        return Ok(call.input.clone());
    };
    let italian = call.context.language == "it" || call.context.language.starts_with("it-");
    let (group, point) = if italian { ('.', ",") } else { (',', ".") };
    let mut amount = grouped(&whole, group);
    if !part.is_empty() {
        amount.push_str(point);
        amount.push_str(&part);
    }
    let sign = if negative { "-" } else { "" };
    call.plain(match (symbol(&currency), italian) {
        _ if currency.is_empty() => format!("{sign}{amount}"),
        // No-break spaces: an amount and its currency stay on one line.
        (symbol, true) => format!("{sign}{amount}\u{a0}{}", symbol.unwrap_or(&currency)),
        (Some(symbol), false) => format!("{sign}{symbol}{amount}"),
        (None, false) => format!("{sign}{currency}\u{a0}{amount}"),
    })
}

/// How many decimals the currency is written with (ISO 4217).
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "JPY" | "KRW" | "CLP" | "ISK" | "VND" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Only signs that are not shared by several currencies of our readers.
fn symbol(currency: &str) -> Option<&'static str> {
    match currency {
        "EUR" => Some("€"),
        "USD" => Some("$"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        _ => None,
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}
