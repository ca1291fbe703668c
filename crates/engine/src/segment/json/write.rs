//! The tree to its JSON. What is absent in the tree is absent in the JSON.

use super::super::number::decimal;
use super::super::print::Days;
use super::super::{
    DayTest, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Rank, Sequence, Test, Then, Window,
};
use crate::value::SCALE;
use serde_json::{Map, Value as Json, json};

pub(super) fn expression(expression: &Expression) -> Json {
    let all = |parts: &[Expression]| Json::Array(parts.iter().map(self::expression).collect());
    match expression {
        Expression::And(parts) => json!({ "and": all(parts) }),
        Expression::Or(parts) => json!({ "or": all(parts) }),
        Expression::Not(inner) => json!({ "not": self::expression(inner) }),
        Expression::Did(did) => json!({ "did": self::did(did) }),
        Expression::Sequence(sequence) => json!({ "sequence": self::sequence(sequence) }),
        Expression::Trait(filter) => json!({ "trait": self::filter(filter) }),
        Expression::Event(filter) => json!({ "event": self::filter(filter) }),
        Expression::InSegment(name) => json!({ "in_segment": name }),
        Expression::ConsentedTo { purpose, channel: None } => {
            json!({ "consented_to": { "purpose": purpose } })
        }
        Expression::ConsentedTo { purpose, channel: Some(channel) } => {
            json!({ "consented_to": { "purpose": purpose, "channel": channel.name() } })
        }
        Expression::ReachableBy(channel) => json!({ "reachable_by": channel.name() }),
        Expression::Offer { name, phase } => json!({ "offer": { "name": name, "is": phase.name() } }),
        Expression::FirstSeen(window) => json!({ "first_seen": self::window(window) }),
        Expression::LastSeen(window) => json!({ "last_seen": self::window(window) }),
        Expression::Score(score) => {
            let test = json!({ score.comparison.mark(): score.score });
            json!({ "score": { "of": score.of.word(), "test": test } })
        }
        Expression::Rank(rank) => self::rank(rank),
    }
}

fn did(did: &Did) -> Json {
    let mut fields = deed(&did.deed);
    if did.quantity != Quantity::AtLeast(1) {
        fields.insert("quantity".to_owned(), quantity(&did.quantity));
    }
    put_window(&mut fields, did.window.as_ref());
    Json::Object(fields)
}

fn sequence(sequence: &Sequence) -> Json {
    let mut fields = deed(&sequence.first);
    put_window(&mut fields, sequence.window.as_ref());
    if !sequence.then.is_empty() {
        fields.insert("then".to_owned(), sequence.then.iter().map(then).collect());
    }
    if let Some(then_not) = &sequence.then_not {
        fields.insert("then_not".to_owned(), then(then_not));
    }
    Json::Object(fields)
}

fn then(then: &Then) -> Json {
    let mut fields = deed(&then.deed);
    if let Some(span) = then.within {
        fields.insert("within".to_owned(), span.to_string().into());
    }
    Json::Object(fields)
}

fn deed(deed: &Deed) -> Map<String, Json> {
    let mut fields = Map::new();
    fields.insert("event".to_owned(), deed.event.as_str().into());
    if !deed.filters.is_empty() {
        fields.insert("where".to_owned(), deed.filters.iter().map(filter).collect());
    }
    fields
}

fn quantity(quantity: &Quantity) -> Json {
    match quantity {
        Quantity::AtLeast(count) => json!({ "at_least": count }),
        Quantity::AtMost(count) => json!({ "at_most": count }),
        Quantity::Exactly(count) => json!({ "exactly": count }),
        Quantity::Aggregate { aggregate, path, comparison, millionths } => {
            let test = json!({ comparison.mark(): number(*millionths) });
            json!({ aggregate.word(): { "path": path.join("."), "test": test } })
        }
    }
}

fn put_window(fields: &mut Map<String, Json>, window: Option<&Window>) {
    if let Some(window) = window {
        fields.insert("window".to_owned(), self::window(window));
    }
}

fn window(window: &Window) -> Json {
    match window {
        Window::Within(span) => json!({ "within": span.to_string() }),
        Window::Since(date) => json!({ "since": date.to_string() }),
        Window::Before(date) => json!({ "before": date.to_string() }),
        Window::Between(from, to) => json!({ "between": [from.to_string(), to.to_string()] }),
        Window::SinceEntry => json!({ "since_entry": true }),
    }
}

fn filter(filter: &Filter) -> Json {
    json!({ "path": filter.path.join("."), "test": test(&filter.test) })
}

fn test(test: &Test) -> Json {
    match test {
        Test::Compare(comparison, literal) => json!({ comparison.mark(): self::literal(literal) }),
        Test::In(literals) => json!({ "in": literals.iter().map(literal).collect::<Vec<_>>() }),
        Test::Contains(literal) => json!({ "contains": self::literal(literal) }),
        Test::StartsWith(part) => json!({ "starts_with": part }),
        Test::EndsWith(part) => json!({ "ends_with": part }),
        Test::Exists => json!({ "exists": true }),
        Test::Day(DayTest::Before(date)) => json!({ "before": date.to_string() }),
        Test::Day(DayTest::After(date)) => json!({ "after": date.to_string() }),
        Test::Day(DayTest::On(day)) => json!({ "on": day.to_string() }),
        Test::Day(DayTest::InTheNext { days }) => json!({ "in_the_next": Days(*days).to_string() }),
        Test::Day(DayTest::InTheLast { days }) => json!({ "in_the_last": Days(*days).to_string() }),
        Test::Day(DayTest::AnniversaryInTheNext { days }) => {
            json!({ "anniversary_in_the_next": Days(*days).to_string() })
        }
    }
}

fn literal(literal: &Literal) -> Json {
    match literal {
        Literal::Number(millionths) => number(*millionths),
        Literal::Text(text) => text.as_str().into(),
        Literal::Bool(bool) => (*bool).into(),
    }
}

/// A JSON number where a double holds it exactly, and otherwise its digits as a text.
fn number(millionths: i64) -> Json {
    if millionths % SCALE == 0 {
        return (millionths / SCALE).into();
    }
    let digits = decimal(millionths);
    match digits.parse::<f64>() {
        Ok(double) if double.to_string() == digits => double.into(),
        _ => json!({ "decimal": digits }),
    }
}

fn rank(rank: &Rank) -> Json {
    let percent = number(i64::from(rank.share_permyriad) * (SCALE / 100));
    json!({ rank.end.word(): { "percent": percent, "by": figure(&rank.by) } })
}

fn figure(figure: &Figure) -> Json {
    let mut fields = deed(&figure.deed);
    put_window(&mut fields, figure.window.as_ref());
    let Some((aggregate, path)) = &figure.aggregate else { return json!({ "count": fields }) };
    fields.insert("path".to_owned(), path.join(".").into());
    json!({ aggregate.word(): fields })
}
