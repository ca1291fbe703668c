//! What was found, said in a sentence.

use super::{Change, Found, Part, Reach};
use crate::at::At;
use crate::programme::Channel;
use crate::record::ConsentState;
use crate::segment::date::Date;
use crate::segment::number::decimal;
use crate::segment::print::{Path, Quoted};
use crate::segment::{Deed, Did, Expression, Quantity, RankEnd, Window};

/// Values of a trait that a sentence names; a list of interests may be long.
const VALUES_NAMED: usize = 3;
/// Characters of one of them.
const VALUE_CHARS: usize = 60;

/// `2 of at least 2 "Order Completed" within 30 days; drops out 2026-11-28T10:00:00Z`.
pub(super) fn sentence(
    expression: &Expression,
    found: &Found,
    parts: &[Part],
    holds: bool,
    change: Change,
) -> String {
    let mut text = is(expression, found, parts, holds);
    let goes = if holds { "drops out" } else { "comes in" };
    match change {
        Change::Never => {}
        Change::At(at) => text += &format!("; {goes} {}", Date::Instant(at)),
        Change::NotBefore(at) => text += &format!("; {goes} by time not before {}", Date::Instant(at)),
    }
    text
}

fn is(expression: &Expression, found: &Found, parts: &[Part], holds: bool) -> String {
    match (expression, found) {
        (Expression::And(_) | Expression::Or(_), _) => {
            let true_ones = parts.iter().filter(|part| part.holds).count();
            let asked = if matches!(expression, Expression::And(_)) { "all" } else { "one" };
            format!("{true_ones} of {} parts hold, {asked} must", parts.len())
        }
        (Expression::Not(_), _) => {
            format!("the part {}, and must not", if holds { "does not hold" } else { "holds" })
        }
        (Expression::Did(did), Found::Events { count, figure, .. }) => self::did(did, *count, *figure),
        (Expression::Sequence(sequence), Found::Events { newest, .. }) => {
            let begins = Beginning(&sequence.first, sequence.window.as_ref());
            match (holds, newest) {
                (true, _) => format!("{begins} went on as the sequence says"),
                (false, None) => format!("there is no {begins}"),
                (false, Some(newest)) => {
                    format!("no {begins} went on as the sequence says; the newest was {}", moment(*newest))
                }
            }
        }
        (Expression::Trait(filter), Found::Values(values)) => {
            let path = Path(&filter.path, true);
            match values.as_slice() {
                [] => format!("trait.{path} is not there"),
                values => format!("trait.{path} is {}", named(values)),
            }
        }
        (Expression::InSegment(name), _) => {
            format!("{} {}", if holds { "in" } else { "not in" }, Quoted(name))
        }
        (Expression::ConsentedTo { purpose, channel }, Found::Consent(state)) => {
            let state = state.map_or("was never asked", ConsentState::name);
            let by = channel.map_or(String::new(), |channel| format!(" by {}", channel.name()));
            format!("the consent to {}{by}: {state}", Quoted(purpose))
        }
        (Expression::ReachableBy(channel), Found::Address(reach)) => reached(*channel, *reach),
        (Expression::Offer { name, .. }, Found::Offer(furthest)) => match furthest {
            Some((phase, at)) => format!("the offer {} was {} {}", Quoted(name), phase.name(), moment(*at)),
            None => format!("the offer {} was never given", Quoted(name)),
        },
        (Expression::FirstSeen(_), Found::Seen(at)) => format!("first seen {}", moment(*at)),
        (Expression::LastSeen(_), Found::Seen(at)) => format!("last seen {}", moment(*at)),
        (Expression::Rank(rank), Found::Rank { figure, cutoff }) => {
            let (by, word) = (&rank.by, rank.end.word());
            let percent = decimal(i64::from(rank.share_permyriad) * 10_000);
            let reaches = if rank.end == RankEnd::Top { "from" } else { "up to" };
            let share = format!("the {word} {percent}% is {reaches}");
            match (figure, cutoff) {
                (None, _) => format!("has no {by}"),
                (Some(figure), None) => {
                    format!("{by} is {}; nobody was ranked by it yet", decimal(*figure))
                }
                (Some(figure), Some(cutoff)) => {
                    format!("{by} is {}; {share} {}", decimal(*figure), decimal(*cutoff))
                }
            }
        }
        (Expression::Score(score), Found::Score { figure, score: reached }) => {
            let name = format!("rfm.{}", score.of.word());
            match (figure, reached) {
                (None, _) => format!("no {name}: there is no such figure"),
                (Some(_), None) => format!("no {name}: nobody was ranked by it yet"),
                (Some(_), Some(reached)) => format!("{name} is {reached}"),
            }
        }
        _ => format!("it {}", if holds { "holds" } else { "does not hold" }),
    }
}

fn did(did: &Did, count: u64, figure: Option<i128>) -> String {
    let deed = Beginning(&did.deed, did.window.as_ref());
    match &did.quantity {
        Quantity::AtLeast(asked) => format!("{count} of at least {asked} {deed}"),
        Quantity::AtMost(asked) => format!("{count} of at most {asked} {deed}"),
        Quantity::Exactly(asked) => format!("{count} of exactly {asked} {deed}"),
        Quantity::Aggregate { aggregate, path, comparison, millionths } => {
            let figure =
                figure.map_or("there is no number".to_owned(), |figure| format!("is {}", decimal(figure)));
            let (word, path) = (aggregate.word(), Path(path, false));
            let asked = format!("{} {}", comparison.mark(), decimal(*millionths));
            format!("{word}({path}) of {count} {deed}: {figure}, and must be {asked}")
        }
    }
}

fn reached(channel: Channel, reach: Reach) -> String {
    let name = channel.name();
    match reach {
        Reach::Reached => format!("reachable by {name}"),
        Reach::NoAddress => format!("no address for {name}"),
        Reach::Suppressed => format!("the address for {name} is suppressed"),
    }
}

fn named(values: &[serde_json::Value]) -> String {
    let mut named: Vec<String> = values.iter().take(VALUES_NAMED).map(short).collect();
    if values.len() > VALUES_NAMED {
        named.push(format!("{} more", values.len() - VALUES_NAMED));
    }
    named.join(", ")
}

fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Without milliseconds that are none.
fn moment(at: At) -> Date {
    Date::Instant(at)
}

/// A deed and its window, as they are written.
struct Beginning<'a>(&'a Deed, Option<&'a Window>);

impl std::fmt::Display for Beginning<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)?;
        crate::segment::print::after_a_space(f, self.1)
    }
}
