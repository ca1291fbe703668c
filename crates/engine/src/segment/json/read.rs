//! JSON to the tree. It takes what [`write`](super::write) gives, and a list of one condition as that condition, since
//! that is what a group of conditions is while somebody is building it.

use super::super::date::Date;
use super::super::fault::{self, Fault};
use super::super::{
    Aggregate, Comparison, DayTest, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Rank, RankEnd,
    Score, ScoreOf, Sequence, Test, Then, Window,
};
use super::part::{Fields, Part, Read};
use crate::at::Span;
use crate::limits::EXPRESSION_DEPTH_MAX;
use crate::offer::OfferPhase;
use crate::programme::Channel;

const CONDITIONS: [&str; 16] = [
    "and",
    "or",
    "not",
    "did",
    "sequence",
    "trait",
    "event",
    "in_segment",
    "consented_to",
    "reachable_by",
    "offer",
    "first_seen",
    "last_seen",
    "score",
    "top",
    "bottom",
];
const COMPARISONS: [&str; 6] = ["=", "!=", "<=", ">=", "<", ">"];
const TESTS: [&str; 17] = [
    "=",
    "!=",
    "<=",
    ">=",
    "<",
    ">",
    "in",
    "contains",
    "starts_with",
    "ends_with",
    "exists",
    "before",
    "after",
    "on",
    "in_the_next",
    "in_the_last",
    "anniversary_in_the_next",
];
const QUANTITIES: [&str; 7] = ["at_least", "at_most", "exactly", "sum", "avg", "min", "max"];
const WINDOWS: [&str; 5] = ["within", "since", "before", "between", "since_entry"];
const FIGURES: [&str; 5] = ["count", "sum", "avg", "min", "max"];

/// The most levels that so many parentheses hold: an `or` of `and`s outside them and in each of them, and a condition.
const LEVELS_MAX: usize = 2 * (EXPRESSION_DEPTH_MAX + 1) + 1;

pub(super) fn whole(part: &Part<'_>) -> Read<Expression> {
    let expression = expression(part, 1)?;
    if expression.nesting() > EXPRESSION_DEPTH_MAX { Err(too_deep(part)) } else { Ok(expression) }
}

fn too_deep(part: &Part<'_>) -> crate::programme::Mistake {
    let fault = Fault::new("this expression is nested too deeply");
    part.mistake(fault.or_rather("make a segment of a part of it"))
}

fn expression(part: &Part<'_>, level: usize) -> Read<Expression> {
    if level > LEVELS_MAX {
        return Err(too_deep(part));
    }
    let (key, value) = part.tagged("a condition", &CONDITIONS)?;
    let value = &value;
    Ok(match key {
        "and" => joined(value, level, Expression::And)?,
        "or" => joined(value, level, Expression::Or)?,
        "not" => Expression::Not(Box::new(expression(value, level + 1)?)),
        "did" => Expression::Did(did(value)?),
        "sequence" => Expression::Sequence(sequence(value)?),
        "trait" => Expression::Trait(filter(value)?),
        "event" => {
            value.sound(fault::event(value.owner))?;
            Expression::Event(filter(value)?)
        }
        "in_segment" => Expression::InSegment(name(value, "the segment's name")?),
        "consented_to" => {
            let fields = value.fields("an object with a purpose", &["purpose", "channel"])?;
            let purpose = name(&fields.needed("purpose")?, "the purpose's name")?;
            let channel = fields.optional("channel").map(|part| channel(&part)).transpose()?;
            Expression::ConsentedTo { purpose, channel }
        }
        "reachable_by" => Expression::ReachableBy(channel(value)?),
        "offer" => {
            let fields = value.fields("an object with an offer's name", &["name", "is"])?;
            let phase = fields.needed("is")?;
            let name = name(&fields.needed("name")?, "the offer's name")?;
            Expression::Offer { name, phase: self::phase(&phase)? }
        }
        "first_seen" => Expression::FirstSeen(window(value)?),
        "last_seen" => Expression::LastSeen(window(value)?),
        "score" => Expression::Score(score(value)?),
        "top" => Expression::Rank(rank(value, RankEnd::Top)?),
        _ => Expression::Rank(rank(value, RankEnd::Bottom)?),
    })
}

fn joined(part: &Part<'_>, level: usize, join: fn(Vec<Expression>) -> Expression) -> Read<Expression> {
    let parts: Vec<Expression> =
        part.list()?.iter().map(|part| expression(part, level + 1)).collect::<Read<_>>()?;
    match <[Expression; 1]>::try_from(parts) {
        Ok([one]) => Ok(one),
        Err(parts) if parts.is_empty() => Err(part.mistake(Fault::new("there is no condition in this list"))),
        Err(parts) => Ok(join(parts)),
    }
}

fn did(part: &Part<'_>) -> Read<Did> {
    let fields = part.fields("an object with an event", &["event", "where", "quantity", "window"])?;
    let quantity = fields.optional("quantity").map(|part| quantity(&part)).transpose()?;
    Ok(Did {
        deed: deed(&fields)?,
        quantity: quantity.unwrap_or(Quantity::AtLeast(1)),
        window: optional_window(&fields)?,
    })
}

fn sequence(part: &Part<'_>) -> Read<Sequence> {
    let known = ["event", "where", "window", "then", "then_not"];
    let fields = part.fields("an object with an event", &known)?;
    let sequence = Sequence {
        first: deed(&fields)?,
        window: optional_window(&fields)?,
        then: match fields.optional("then") {
            Some(list) => list.list()?.iter().map(then).collect::<Read<_>>()?,
            None => Vec::new(),
        },
        then_not: fields.optional("then_not").map(|part| then(&part)).transpose()?,
    };
    if sequence.then.is_empty() && sequence.then_not.is_none() {
        let fault = Fault::new("nothing follows in this sequence");
        return Err(part.mistake(fault.or_rather("add \"then\" or \"then_not\", or make it a \"did\"")));
    }
    Ok(sequence)
}

fn then(part: &Part<'_>) -> Read<Then> {
    let fields = part.fields("an object with an event", &["event", "where", "within"])?;
    let within = fields.optional("within").map(|part| span(&part)).transpose()?;
    Ok(Then { deed: deed(&fields)?, within })
}

fn deed(fields: &Fields<'_>) -> Read<Deed> {
    let event = name(&fields.needed("event")?, "the event's name")?;
    let filters = match fields.optional("where") {
        Some(list) => list.list()?.iter().map(filter).collect::<Read<_>>()?,
        None => Vec::new(),
    };
    Ok(Deed { event, filters })
}

fn quantity(part: &Part<'_>) -> Read<Quantity> {
    let (key, value) = part.tagged("a quantity", &QUANTITIES)?;
    let count = || value.sound(fault::count(value.number("a whole number")?));
    Ok(match key {
        "at_least" => Quantity::AtLeast(count()?),
        "at_most" => Quantity::AtMost(count()?),
        "exactly" => Quantity::Exactly(count()?),
        word => {
            let fields = value.fields("an object with a path and a test", &["path", "test"])?;
            let path = path(&fields.needed("path")?)?;
            let test = fields.needed("test")?;
            let (mark, bound) = test.tagged("a comparison", &COMPARISONS)?;
            let (comparison, millionths) = (comparison(mark), bound.number("a number")?);
            Quantity::Aggregate { aggregate: aggregate(word), path, comparison, millionths }
        }
    })
}

fn optional_window(fields: &Fields<'_>) -> Read<Option<Window>> {
    fields.optional("window").map(|part| window(&part)).transpose()
}

fn window(part: &Part<'_>) -> Read<Window> {
    let (key, value) = part.tagged("a window", &WINDOWS)?;
    Ok(match key {
        "within" => Window::Within(span(&value)?),
        "since" => Window::Since(date(&value)?),
        "before" => Window::Before(date(&value)?),
        "between" => {
            let dates: Vec<Date> = value.list()?.iter().map(date).collect::<Read<_>>()?;
            let [from, to] = dates[..] else {
                return Err(value.mistake(Fault::new("a window is between two dates")));
            };
            value.sound(fault::between(from, to))?
        }
        _ => {
            value.yes()?;
            value.sound(fault::since_entry(part.owner))?
        }
    })
}

fn filter(part: &Part<'_>) -> Read<Filter> {
    let fields = part.fields("an object with a path and a test", &["path", "test"])?;
    Ok(Filter { path: path(&fields.needed("path")?)?, test: test(&fields.needed("test")?)? })
}

fn test(part: &Part<'_>) -> Read<Test> {
    let (key, value) = part.tagged("a test", &TESTS)?;
    let value = &value;
    let text = || value.text("a text").map(str::to_owned);
    Ok(match key {
        "in" => Test::In(value.list()?.iter().map(literal).collect::<Read<_>>()?),
        "contains" => Test::Contains(literal(value)?),
        "starts_with" => Test::StartsWith(text()?),
        "ends_with" => Test::EndsWith(text()?),
        "exists" => {
            value.yes()?;
            Test::Exists
        }
        "before" => Test::Day(DayTest::Before(date(value)?)),
        "after" => Test::Day(DayTest::After(date(value)?)),
        "on" => Test::Day(DayTest::On(value.sound(fault::day(value.text("a date")?))?)),
        "in_the_next" => Test::Day(DayTest::InTheNext { days: days(value)? }),
        "in_the_last" => Test::Day(DayTest::InTheLast { days: days(value)? }),
        "anniversary_in_the_next" => Test::Day(DayTest::AnniversaryInTheNext { days: days(value)? }),
        mark => Test::Compare(comparison(mark), literal(value)?),
    })
}

fn literal(part: &Part<'_>) -> Read<Literal> {
    match part.json {
        serde_json::Value::String(text) => Ok(Literal::Text(text.clone())),
        serde_json::Value::Bool(bool) => Ok(Literal::Bool(*bool)),
        _ => part.number("a number, a text, true or false").map(Literal::Number),
    }
}

fn score(part: &Part<'_>) -> Read<Score> {
    let fields = part.fields("an object with a score and a test", &["of", "test"])?;
    let of = fields.needed("of")?;
    let word = of.text("the name of a score")?;
    let known = ScoreOf::ALL.into_iter().find(|one| one.word() == word);
    let known = known.ok_or_else(|| {
        of.mistake(
            Fault::new(format!("there is no score \"{word}\"")).or_rather("recency, frequency or monetary"),
        )
    })?;
    let test = fields.needed("test")?;
    let (mark, bound) = test.tagged("a comparison", &COMPARISONS)?;
    let score = bound.sound(fault::score(bound.number("a score from 1 to 5")?))?;
    Ok(Score { of: known, comparison: comparison(mark), score })
}

fn rank(part: &Part<'_>, end: RankEnd) -> Read<Rank> {
    let fields = part.fields("an object with a share and a figure", &["percent", "by"])?;
    let percent = fields.needed("percent")?;
    let share_permyriad = percent.sound(fault::share_permyriad(percent.number("a share in percent")?))?;
    Ok(Rank { end, share_permyriad, by: figure(&fields.needed("by")?)? })
}

fn figure(part: &Part<'_>) -> Read<Figure> {
    let (key, value) = part.tagged("a figure", &FIGURES)?;
    let known: &[&str] =
        if key == "count" { &["event", "where", "window"] } else { &["path", "event", "where", "window"] };
    let fields = value.fields("an object with an event", known)?;
    let aggregate = match key {
        "count" => None,
        word => Some((aggregate(word), path(&fields.needed("path")?)?)),
    };
    let window = fields.optional("window").map(|part| part.sound(fault::of_a_rank(Some(window(&part)?))));
    Ok(Figure { aggregate, deed: deed(&fields)?, window: window.transpose()?.flatten() })
}

fn name(part: &Part<'_>, what: &str) -> Read<String> {
    part.sound(fault::name(part.text(what)?))
}

fn path(part: &Part<'_>) -> Read<Vec<String>> {
    part.sound(fault::path(part.text("words with dots, such as \"products.sku\"")?))
}

fn channel(part: &Part<'_>) -> Read<Channel> {
    let word = part.text("a channel's name")?;
    Channel::parse(word).ok_or_else(|| {
        let known = Channel::ALL.map(Channel::name).join(", ");
        part.mistake(
            Fault::new(format!("there is no channel \"{word}\"")).or_rather(format!("known: {known}")),
        )
    })
}

fn phase(part: &Part<'_>) -> Read<OfferPhase> {
    let word = part.text("how far the offer came")?;
    OfferPhase::ALL.into_iter().find(|phase| phase.name() == word).ok_or_else(|| {
        let known = OfferPhase::ALL.map(OfferPhase::name).join(", ");
        part.mistake(Fault::new(format!("an offer is never \"{word}\"")).or_rather(format!("known: {known}")))
    })
}

fn span(part: &Part<'_>) -> Read<Span> {
    part.sound(fault::length(part.text("a length of time such as \"30 days\"")?))
}

fn days(part: &Part<'_>) -> Read<u32> {
    part.sound(fault::days(span(part)?))
}

fn date(part: &Part<'_>) -> Read<Date> {
    part.sound(fault::date(part.text("a date such as \"2026-01-31\"")?))
}

fn comparison(mark: &str) -> Comparison {
    let found = Comparison::ALL.into_iter().find(|one| one.mark() == mark);
    found.expect("invariant: the key is one of the marks")
}

fn aggregate(word: &str) -> Aggregate {
    let found = Aggregate::ALL.into_iter().find(|one| one.word() == word);
    found.expect("invariant: the key is one of the aggregates")
}
