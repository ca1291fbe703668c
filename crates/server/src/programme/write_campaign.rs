//! A campaign as the text of its file, reports, and the currencies of a programme.

use super::write::scalar;
use engine::programme::{Campaign, Cost, CostAmount, Money, Programme, Report, decimal};
use std::fmt::Write;

pub(super) fn campaign(name: &str, campaign: &Campaign) -> String {
    let Campaign { objective, phase, from, until, budget, channels, messages, offers, codes, named, costs } =
        campaign;
    let mut text = format!("campaign: {}\n", scalar(name));
    if !objective.is_empty() {
        let _ = writeln!(text, "objective: {}", scalar(objective));
    }
    if let Some(phase) = phase {
        let _ = writeln!(text, "phase: {}", phase.name());
    }
    let _ = writeln!(text, "from: {}\nuntil: {}", scalar(from), scalar(until));
    if let Some(Money { millionths, currency }) = budget {
        let _ =
            writeln!(text, "budget: {{ amount: {}, currency: {currency} }}", decimal((*millionths).into()));
    }
    text.push_str("channels:\n");
    for (name, channel) in channels {
        let direction = channel.direction.name();
        let _ = writeln!(text, "  {name}: {{ direction: {direction}, paid: {} }}", channel.paid);
    }
    for (field, list) in [("messages", messages), ("offers", offers), ("codes", codes), ("named", named)] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(|one| inside(one)).collect();
            let _ = writeln!(text, "{field}: [{}]", list.join(", "));
        }
    }
    if !costs.is_empty() {
        text.push_str("costs:\n");
    }
    for one in costs {
        let _ = writeln!(text, "  - {}", cost(one));
    }
    text
}

fn cost(cost: &Cost) -> String {
    let Cost { channel, kind, amount, from, until } = cost;
    let mut text = format!("{{ channel: {channel}, for: {}", kind.name());
    let (said, currency) = match amount {
        CostAmount::Total(money) => (format!("total: {}", decimal(money.millionths.into())), &money.currency),
        CostAmount::PerDay(money) => {
            (format!("per day: {}", decimal(money.millionths.into())), &money.currency)
        }
        CostAmount::Hours { thousandths, rate } => {
            let hours = decimal(i128::from(*thousandths) * 1_000);
            (format!("hours: {hours}, rate: {}", decimal(rate.millionths.into())), &rate.currency)
        }
    };
    let _ = write!(text, ", {said}, currency: {currency}");
    for (field, day) in [("from", from), ("until", until)] {
        if let Some(day) = day {
            let _ = write!(text, ", {field}: {}", scalar(day));
        }
    }
    text + " }"
}

/// In a list, a comma or a bracket would end the text.
fn inside(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) {
        serde_json::Value::from(text).to_string()
    } else {
        scalar(text)
    }
}

pub(super) fn currencies(text: &mut String, programme: &Programme) {
    if let Some(currency) = &programme.currency {
        let _ = writeln!(text, "currency: {}", scalar(currency));
    }
    if !programme.rates.is_empty() {
        text.push_str("rates:\n");
    }
    for (currency, days) in &programme.rates {
        let rate = |(day, rate): (&String, &i64)| {
            let (whole, part) = (rate / 1_000_000_000, rate % 1_000_000_000);
            format!("{day}: {whole}.{part:09}")
        };
        let days: Vec<String> = days.iter().map(rate).collect();
        let _ = writeln!(text, "  {currency}: {{ {} }}", days.join(", "));
    }
}

pub(super) fn report(name: &str, report: &Report) -> String {
    let Report { from, to, when, days, language, sections } = report;
    let to: Vec<String> = to.iter().map(|one| scalar(one)).collect();
    let names: Vec<&str> = sections.iter().map(|one| one.name()).collect();
    let (from, to, names) = (scalar(from), to.join(", "), names.join(", "));
    format!(
        "{name}:\n  from: {from}\n  to: [{to}]\n  when: {when}\n  days: {days}\n  language: {language}\n  sections: [{names}]\n"
    )
}
