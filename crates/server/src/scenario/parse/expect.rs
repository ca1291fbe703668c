//! Lines that say what must, or must never, follow.

use super::super::story::{
    ChangeExpectation, Expectation, Expects, Fate, MessageExpectation, Moment, PersonId, StateExpectation,
    Times, WebhookExpectation,
};
use super::super::words::{Form, Wrong};
use super::Parser;
use super::cursor::{Cursor, channel, purpose};
use engine::at::At;
use engine::best::How;
use engine::change::ChangeKind;
use engine::outbox::Reason;
use engine::programme::nearest;
use engine::record::ConsentState;
use serde_json::Value;
use std::ops::Range;

impl Parser<'_> {
    /// `expect …`, with the cursor at that word.
    pub(super) fn expect(&mut self, cursor: &mut Cursor<'_>, line: usize, text: &str) -> Result<(), Wrong> {
        cursor.next("expect")?;
        let times = times(cursor)?;
        cursor.eat("at");
        let when = self.moment(cursor)?;
        if let Some(moment) = when {
            self.latest = self.latest.max(moment.at);
        }
        let column = cursor.peek().map_or(cursor.end, |word| word.column);
        let expects = self.expects(cursor, times, when)?;
        if matches!(expects, Expects::State { .. }) && times != Times::AtLeastOnce {
            let suggestion = "write when it holds, and `not in` where it does not";
            return Err(Wrong::new(
                column,
                "only what becomes of messages, and who enters and leaves, can be counted",
            )
            .with(suggestion));
        }
        cursor.done()?;
        self.story.expectations.push(Expectation { line, text: text.to_owned(), expects });
        Ok(())
    }

    /// `state ada`, and the indented lines below it.
    pub(super) fn snapshot(
        &mut self,
        cursor: &mut Cursor<'_>,
        lines: &[&str],
        index: usize,
        block: Range<usize>,
    ) -> Result<(), Wrong> {
        cursor.next("state")?;
        let when = self.moment(cursor)?;
        let person = self.somebody(cursor)?;
        cursor.done()?;
        let expected = lines[block.clone()].iter().map(|line| format!("{}\n", line.trim())).collect();
        let at = self.instant_of(when, cursor)?;
        let state = StateExpectation::Snapshot { person, expected, lines: block };
        let text = lines[index].trim().to_owned();
        self.story.expectations.push(Expectation {
            line: index + 1,
            text,
            expects: Expects::State { at, state },
        });
        Ok(())
    }

    fn expects(
        &mut self,
        cursor: &mut Cursor<'_>,
        times: Times,
        when: Option<Moment>,
    ) -> Result<Expects, Wrong> {
        let first = cursor.peek().ok_or_else(|| cursor.missing("what is expected"))?;
        let of_all = match first.bare() {
            Some("segment") => Some(self.segment_count(cursor)?),
            Some("match") => Some(self.match_count(cursor)?),
            Some("journey") => Some(self.journey_figures(cursor)?),
            Some("broadcast") => Some(self.broadcast_figures(cursor)?),
            _ => None,
        };
        if let Some(state) = of_all {
            return Ok(Expects::State { at: self.instant_of(when, cursor)?, state });
        }
        let person = self.somebody(cursor)?;
        let verb = cursor.next("what is expected of them")?;
        let fate = Fate::ALL.into_iter().find(|fate| verb.bare() == Some(fate.name()));
        if let Some(fate) = fate {
            return self.message(cursor, person, fate, times, when).map(Expects::Message);
        }
        if verb.bare() == Some("webhook") {
            let webhook = cursor.name("the name of a webhook")?.to_owned();
            return Ok(Expects::Webhook(WebhookExpectation { person, webhook, when, times }));
        }
        let kind = match verb.bare() {
            Some("enters") => Some(ChangeKind::Entered),
            Some("leaves") => Some(ChangeKind::Left),
            _ => None,
        };
        if let Some(kind) = kind {
            if !cursor.eat("segment") {
                return Err(cursor.missing("`segment` and its name"));
            }
            let segment = cursor.name("the name of a segment")?.to_owned();
            return Ok(Expects::Change(ChangeExpectation { person, segment, kind, when, times }));
        }
        let state = self.state(cursor, person, verb.bare().unwrap_or_default(), verb.column)?;
        Ok(Expects::State { at: self.instant_of(when, cursor)?, state })
    }

    /// When a state has to hold: at the instant written, or else right after the line above.
    fn instant_of(&self, when: Option<Moment>, cursor: &Cursor<'_>) -> Result<At, Wrong> {
        let at = when.map(|moment| moment.at).or(self.clock);
        at.ok_or_else(|| Wrong::new(cursor.end, "nothing has happened yet, so this needs a time"))
    }

    fn message(
        &self,
        cursor: &mut Cursor<'_>,
        person: PersonId,
        fate: Fate,
        times: Times,
        when: Option<Moment>,
    ) -> Result<MessageExpectation, Wrong> {
        let is_option = |word: &str| matches!(word, "by" | "in");
        let named = cursor.peek().and_then(|word| word.name()).filter(|word| !is_option(word));
        if named.is_some() {
            cursor.next("the name of a message")?;
        }
        let by = if cursor.eat("by") { Some(channel(cursor)?) } else { None };
        let language = if cursor.eat("in") { Some(cursor.name("a language")?.to_owned()) } else { None };
        let column = cursor.peek().map_or(cursor.end, |word| word.column);
        let mut pairs = cursor.pairs()?;
        let reason = pairs.remove("reason").and_then(|reason| reason.as_str().map(str::to_owned));
        let variant = pairs.remove("variant").and_then(|name| name.as_str().map(str::to_owned));
        let chosen = pairs.remove("chosen").and_then(|how| how.as_str().map(str::to_owned));
        let known = How::ALL.map(How::name);
        if let Some(how) = chosen.as_deref().filter(|how| !known.contains(how)) {
            let wrong = Wrong::new(column, format!("nothing is chosen by `{how}`"));
            return Err(wrong.with(format!("one of: {}", known.join(", "))));
        }
        let until = pairs.remove("until").and_then(|until| until.as_str().map(str::to_owned));
        let until = until.map(|text| self.instant(&text, column)).transpose()?;
        if let Some((name, _)) = pairs.iter().next() {
            return Err(Wrong::new(column, format!("unknown `{name}`"))
                .with("`reason=`, `until=`, `variant=` and `chosen=` are known"));
        }
        let message = named.map(str::to_owned);
        let channel = by;
        Ok(MessageExpectation {
            person,
            fate,
            message,
            when,
            channel,
            language,
            reason,
            variant,
            chosen,
            until,
            times,
        })
    }

    fn state(
        &self,
        cursor: &mut Cursor<'_>,
        person: PersonId,
        verb: &str,
        column: usize,
    ) -> Result<StateExpectation, Wrong> {
        let is_not = verb == "not" || (verb == "is" && cursor.eat("not"));
        match (verb, cursor.peek().and_then(|word| word.bare())) {
            ("is", _) => {
                Ok(StateExpectation::Same { person, other: self.somebody(cursor)?, is_same: !is_not })
            }
            ("sees", _) => {
                let word = cursor.next("the name of a message, or `nothing`")?;
                let wrong = || Wrong::new(word.column, "expected the name of a message, or `nothing`");
                let name = word.name().ok_or_else(wrong)?;
                if !cursor.eat("in") {
                    return Err(cursor.missing("`in` and the name of a slot, or `in inbox`"));
                }
                let place = cursor.name("the name of a slot, or `inbox`")?.to_owned();
                let message = (word.bare() != Some("nothing")).then(|| name.to_owned());
                Ok(StateExpectation::Sees { person, message, place })
            }
            ("has", _) => Ok(StateExpectation::Traits { person, traits: cursor.pairs()? }),
            ("consent", _) => {
                let (purpose, channel) = purpose(cursor)?;
                let states = [ConsentState::Granted, ConsentState::Withdrawn, ConsentState::Pending];
                let names = [states[0].name(), states[1].name(), states[2].name(), "unknown"];
                let word = cursor.next("a state of the consent")?;
                let state = word.bare().filter(|state| names.contains(state)).ok_or_else(|| {
                    Wrong::new(word.column, "no state of a consent")
                        .with(format!("one of: {}", names.join(", ")))
                })?;
                Ok(StateExpectation::Consent { person, purpose, channel, state: state.to_owned() })
            }
            ("in", _) | ("not", Some("in")) => {
                cursor.eat("in");
                let kind = cursor.next("`segment` or `journey`")?;
                let name = cursor.name("a name")?.to_owned();
                match kind.bare() {
                    Some("segment") => {
                        Ok(StateExpectation::InSegment { person, segment: name, is_in: !is_not })
                    }
                    Some("journey") => {
                        Ok(StateExpectation::InJourney { person, journey: name, is_in: !is_not })
                    }
                    _ => Err(Wrong::new(kind.column, "expected `segment` or `journey`")),
                }
            }
            _ => {
                let verbs = Fate::ALL
                    .map(Fate::name)
                    .into_iter()
                    .chain(["in", "not", "is", "has", "sees", "consent", "enters", "leaves", "webhook"]);
                let suggestion = match nearest(verb, verbs.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of: {}", verbs.collect::<Vec<_>>().join(", ")),
                };
                Err(Wrong::new(column, "this is nothing that can be expected").with(suggestion))
            }
        }
    }

    fn segment_count(&self, cursor: &mut Cursor<'_>) -> Result<StateExpectation, Wrong> {
        cursor.next("segment")?;
        let segment = cursor.name("the name of a segment")?.to_owned();
        Ok(StateExpectation::SegmentCount { segment, count: count(cursor)? })
    }

    fn match_count(&self, cursor: &mut Cursor<'_>) -> Result<StateExpectation, Wrong> {
        cursor.next("match")?;
        let expression = cursor.name("an expression in quotes")?.to_owned();
        Ok(StateExpectation::MatchCount { expression, count: count(cursor)? })
    }

    fn journey_figures(&self, cursor: &mut Cursor<'_>) -> Result<StateExpectation, Wrong> {
        const RUNS: [&str; 5] = ["active", "finished", "entered", "held_out", "converted"];
        const SENDS: [&str; 4] = ["wished", "send", "defer", "drop"];
        let known: Vec<&str> =
            RUNS.into_iter().chain(SENDS).chain(Reason::ALL.map(|one| one.name())).collect();
        cursor.next("journey")?;
        let journey = cursor.name("the name of a journey")?.to_owned();
        let column = cursor.peek().map_or(cursor.end, |word| word.column);
        let mut figures = Vec::new();
        for (name, value) in cursor.pairs()? {
            let number = value.as_u64().filter(|_| known.contains(&name.as_str())).ok_or_else(|| {
                let suggestion = format!("whole numbers for: {}", known.join(", "));
                Wrong::new(column, format!("`{name}` is no figure of a journey")).with(suggestion)
            })?;
            figures.push((name, number));
        }
        Ok(StateExpectation::Journey { journey, figures })
    }

    fn broadcast_figures(&self, cursor: &mut Cursor<'_>) -> Result<StateExpectation, Wrong> {
        const FIGURES: [&str; 6] = ["audience", "waiting", "cancelled", "skipped", "begun", "held_out"];
        cursor.next("broadcast")?;
        let broadcast = cursor.name("the name of a broadcast")?.to_owned();
        let column = cursor.peek().map_or(cursor.end, |word| word.column);
        let (mut figures, mut state) = (Vec::new(), None);
        for (name, value) in cursor.pairs()? {
            match (name.as_str(), value.as_str(), value.as_u64()) {
                ("state", Some(text), _) => state = Some(text.to_owned()),
                (figure, _, Some(number)) if FIGURES.contains(&figure) => figures.push((name, number)),
                _ => {
                    let suggestion = format!("`state=`, and whole numbers for: {}", FIGURES.join(", "));
                    let wrong = Wrong::new(column, format!("`{name}` is no figure of a broadcast"));
                    return Err(wrong.with(suggestion));
                }
            }
        }
        Ok(StateExpectation::Broadcast { broadcast, figures, state })
    }

    /// Somebody who is in the story already: an expectation about a misspelt name would hold forever.
    fn somebody(&self, cursor: &mut Cursor<'_>) -> Result<PersonId, Wrong> {
        let word = cursor.next("a name")?;
        let name = word.bare().unwrap_or_default();
        self.known(name).ok_or_else(|| {
            let names = self.story.people.iter().map(|person| person.name.as_str());
            let wrong = Wrong::new(word.column, "nobody of this name is in the story so far");
            match nearest(name, names) {
                Some(near) => wrong.with(format!("did you mean {near}?")),
                None => wrong,
            }
        })
    }
}

/// `never`, `once`, `2 times`, or nothing for at least once.
fn times(cursor: &mut Cursor<'_>) -> Result<Times, Wrong> {
    if cursor.eat("never") {
        return Ok(Times::Never);
    }
    if cursor.eat("once") {
        return Ok(Times::Exactly(1));
    }
    let number = cursor.peek().and_then(|word| word.bare()).and_then(|word| word.parse().ok());
    let Some(number) = number else { return Ok(Times::AtLeastOnce) };
    let word = cursor.next("a number")?;
    if cursor.eat("times") || cursor.eat("time") {
        Ok(Times::Exactly(number))
    } else {
        Err(Wrong::new(word.column, "expected a time, or `2 times`"))
    }
}

fn count(cursor: &mut Cursor<'_>) -> Result<u64, Wrong> {
    let word = cursor.next("`count=` and a number")?;
    match &word.form {
        Form::Pair(key, Value::Number(number)) if key == "count" && number.is_u64() => {
            Ok(number.as_u64().expect("invariant: just checked"))
        }
        _ => Err(Wrong::new(word.column, "expected `count=` and a whole number")),
    }
}
