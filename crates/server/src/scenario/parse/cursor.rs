//! The words of one line, taken from the front.

use super::super::story::{HandOver, Happens, PersonId, WebhookAnswer};
use super::super::words::{Form, Word, Wrong};
use engine::at::Span;
use engine::programme::Channel;
use engine::record::{DeliveryOutcome, WebhookOutcome};
use serde_json::{Map, Value};

/// A line on its way to its meaning.
pub(super) struct Cursor<'w> {
    pub(super) words: &'w [Word],
    /// Column just after the last word, where one is missing.
    pub(super) end: usize,
}

impl<'w> Cursor<'w> {
    pub(super) fn peek(&self) -> Option<&'w Word> {
        self.words.first()
    }

    pub(super) fn next(&mut self, what: &str) -> Result<&'w Word, Wrong> {
        let (first, rest) = self.words.split_first().ok_or_else(|| self.missing(what))?;
        self.words = rest;
        Ok(first)
    }

    pub(super) fn missing(&self, what: &str) -> Wrong {
        Wrong::new(self.end, format!("{what} is missing here"))
    }

    /// Takes the next word if it is this bare one.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let is_it = self.peek().is_some_and(|next| next.bare() == Some(word));
        if is_it {
            self.words = &self.words[1..];
        }
        is_it
    }

    pub(super) fn name(&mut self, what: &str) -> Result<&'w str, Wrong> {
        let word = self.next(what)?;
        word.name().ok_or_else(|| Wrong::new(word.column, format!("expected {what}")))
    }

    /// All that is left, as `key=value` pairs.
    pub(super) fn pairs(&mut self) -> Result<Map<String, Value>, Wrong> {
        let mut pairs = Map::new();
        while let Some(word) = self.peek() {
            let Form::Pair(key, value) = &word.form else {
                return Err(Wrong::new(word.column, "expected `name=value`"));
            };
            if pairs.insert(key.clone(), value.clone()).is_some() {
                return Err(Wrong::new(word.column, format!("`{key}` is given twice")));
            }
            self.words = &self.words[1..];
        }
        Ok(pairs)
    }

    pub(super) fn done(&self) -> Result<(), Wrong> {
        match self.peek() {
            Some(word) => Err(Wrong::new(word.column, "this line should have ended before")),
            None => Ok(()),
        }
    }
}

/// `offers` or `offers.email`; the channel is empty for all of the purpose's.
pub(super) fn purpose(cursor: &mut Cursor<'_>) -> Result<(String, String), Wrong> {
    let name = cursor.name("a purpose, such as `offers` or `offers.email`")?;
    let (purpose, channel) = name.split_once('.').unwrap_or((name, ""));
    Ok((purpose.to_owned(), channel.to_owned()))
}

pub(super) fn channel(cursor: &mut Cursor<'_>) -> Result<Channel, Wrong> {
    let word = cursor.next("a channel")?;
    let name = word.name().unwrap_or_default();
    Channel::parse(name).ok_or_else(|| {
        let names = Channel::ALL.map(Channel::name);
        Wrong::new(word.column, "unknown channel").with(format!("one of: {}", names.join(", ")))
    })
}

/// `hand-over transient`, `hand-over accepted after=10m`.
pub(super) fn hand_over(cursor: &mut Cursor<'_>) -> Result<HandOver, Wrong> {
    let word = cursor.next("how it ends")?;
    let name = word.bare().unwrap_or_default();
    let outcome =
        DeliveryOutcome::ALL.into_iter().find(|outcome| outcome.name() == name).ok_or_else(|| {
            let names = DeliveryOutcome::ALL.map(DeliveryOutcome::name);
            Wrong::new(word.column, "unknown outcome").with(format!("one of: {}", names.join(", ")))
        })?;
    let column = cursor.peek().map_or(cursor.end, |word| word.column);
    let pairs = cursor.pairs()?;
    let after = match pairs.get("after").and_then(Value::as_str) {
        Some(text) => Span::parse(text).ok_or_else(|| Wrong::new(column, "this is not a length of time"))?,
        None => Span(0),
    };
    Ok(HandOver { outcome, after })
}

/// `webhook loyalty answers points=120`, `refuses`, `fails`, or `is silent`, which is how it is where nothing is said.
pub(super) fn webhook(cursor: &mut Cursor<'_>, person: PersonId) -> Result<Happens, Wrong> {
    let webhook = cursor.name("the name of a webhook")?.to_owned();
    let word = cursor.next("how it answers")?;
    let outcome = match word.bare().unwrap_or_default() {
        "answers" => Some(WebhookOutcome::Accepted),
        "refuses" => Some(WebhookOutcome::Refused),
        "fails" => Some(WebhookOutcome::Failed),
        "silent" => None,
        _ => {
            let wrong = Wrong::new(word.column, "this is no answer of a webhook");
            return Err(wrong.with("one of: answers, refuses, fails, silent"));
        }
    };
    let content = if outcome == Some(WebhookOutcome::Accepted) { cursor.pairs()? } else { Map::new() };
    let answer = outcome.map(|outcome| WebhookAnswer { outcome, content });
    Ok(Happens::Webhook { person, webhook, answer })
}

/// `sees top`, and `from=search` where the page is the first one after a search.
pub(super) fn sees(cursor: &mut Cursor<'_>, person: PersonId) -> Result<Happens, Wrong> {
    let slot = cursor.name("the name of a slot")?.to_owned();
    let column = cursor.peek().map_or(cursor.end, |word| word.column);
    let from_search = match cursor.pairs()?.iter().next() {
        None => false,
        Some((name, Value::String(search))) if name == "from" && search == "search" => true,
        Some(_) => return Err(Wrong::new(column, "only `from=search` is known here")),
    };
    Ok(Happens::Sees { person, slot, from_search })
}
