//! What channels cost, from a table, beside the credit that they get.

use anyhow::{Context, bail, ensure};
use csv::{Reader, StringRecord};
use measure::attribution::Return;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Spend by channel, from a table with the columns `channel` and `amount`, and perhaps `currency`; rows of one channel add up.
pub(super) fn read(file: &Path) -> anyhow::Result<BTreeMap<String, f64>> {
    let name = file.display();
    let mut reader = Reader::from_path(file).with_context(|| format!("{name} cannot be read"))?;
    let header = reader.headers().with_context(|| format!("{name} is no table"))?.clone();
    let column = |column: &str| header.iter().position(|one| one.trim().eq_ignore_ascii_case(column));
    let needed =
        |wanted| column(wanted).with_context(|| format!("{name}: line 1: there is no column {wanted}"));
    let (channel, amount, currency) = (needed("channel")?, needed("amount")?, column("currency"));
    let (mut spend, mut first_currency) = (BTreeMap::new(), None);
    for row in reader.records() {
        let row = row.with_context(|| format!("{name} is no table"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let text = |place: usize| StringRecord::get(&row, place).unwrap_or_default().trim();
        ensure!(!text(channel).is_empty(), "{name}: line {line}, column channel: no channel is named");
        let written = text(amount);
        let spent: Option<f64> = written.parse().ok().filter(|spent| f64::is_finite(*spent) && *spent >= 0.0);
        let Some(spent) = spent else {
            bail!("{name}: line {line}, column amount: `{written}` is no amount, written as 12 or 12.50");
        };
        if let Some(place) = currency {
            let first = first_currency.get_or_insert_with(|| text(place).to_owned());
            let this = text(place);
            ensure!(
                first == this,
                "{name}: line {line}, column currency: {this} beside {first}; write one currency"
            );
        }
        *spend.entry(text(channel).to_owned()).or_insert(0.0) += spent;
    }
    Ok(spend)
}

/// Puts spend, cost of an acquisition and return on ad spend into an answer. What was paid for and has no touch is a channel too:
/// it brought nothing.
pub(super) fn beside(answer: &mut Value, spend: &BTreeMap<String, f64>) {
    let models: Vec<Value> = answer["models"].as_array().cloned().unwrap_or_default();
    let has_value = answer["value"].is_number();
    let Some(channels) = answer["channels"].as_array_mut() else { return };
    for name in spend.keys() {
        if !channels.iter().any(|channel| channel["channel"] == name.as_str()) {
            channels.push(nothing(name, &models, has_value));
        }
    }
    for channel in channels {
        let Some(spent) = channel["channel"].as_str().and_then(|name| spend.get(name)) else { continue };
        channel["spend"] = json!(spent);
        match channel["by_model"].as_object_mut() {
            Some(by_model) => by_model.values_mut().for_each(|got| returned(got, *spent)),
            None => returned(channel, *spent),
        }
    }
}

fn nothing(name: &str, models: &[Value], has_value: bool) -> Value {
    let value = if has_value { json!(0.0) } else { Value::Null };
    let got = json!({"conversions": 0.0, "value": value});
    if models.is_empty() {
        return json!({"channel": name, "conversions": 0.0, "value": value, "share": 0.0});
    }
    let by_model: Map<String, Value> =
        models.iter().filter_map(|model| Some((model.as_str()?.to_owned(), got.clone()))).collect();
    json!({"channel": name, "range": 0.0, "by_model": by_model})
}

fn returned(got: &mut Value, spent: f64) {
    let conversions = got["conversions"].as_f64().unwrap_or_default();
    let Return { cpa, roas, .. } = Return::of(spent, conversions, got["value"].as_f64());
    (got["cpa"], got["roas"]) = (json!(cpa), json!(roas));
}
