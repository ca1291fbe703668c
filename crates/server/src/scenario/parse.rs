//! From the text of a scenario file to a [`Story`]. `docs/reference/scenarios.md` has the grammar for its writers.

mod cursor;
mod expect;
mod time;

use self::cursor::{Cursor, channel, hand_over, purpose, sees, webhook};
use super::story::{Happening, Happens, Person, PersonId, Story, StoryEvent, Wanted};
use super::words::{Form, Word, Wrong, split};
use crate::limits::STORY_REST;
use crate::programme::{Finding, Severity};
use engine::at::{At, Span};
use engine::programme::nearest;
use engine::record::{Command, Commandable, EventKind, Verdict};
use serde_json::{Map, Value};
use std::path::Path;

/// Verbs of a line about people, in the words of the reference.
const VERBS: [&str; 23] = [
    "webhook",
    "identify",
    "page",
    "screen",
    "consents",
    "withdraws",
    "confirms",
    "unsubscribes",
    "prefers",
    "opens",
    "clicks",
    "bounces",
    "complains",
    "hand-over",
    "suppress",
    "unsuppress",
    "merge",
    "unmerge",
    "erase",
    "begins",
    "redeems",
    "sees",
    "dismisses",
];

/// Reads a file's text. `folder` is the programme that is live unless the story names another.
pub fn parse(path: &Path, folder: &Path, text: &str) -> Result<Story, Vec<Finding>> {
    let mut parser = Parser::new(path, folder, text);
    let lines: Vec<&str> = text.lines().collect();
    let mut index = 0;
    while index < lines.len() {
        index = parser.line(&lines, index);
    }
    parser.finish()
}

struct Parser<'t> {
    story: Story,
    folder: &'t Path,
    findings: Vec<Finding>,
    /// The instant of the last line that happened, which times of day and `+` follow.
    clock: Option<At>,
    /// The latest instant written anywhere.
    latest: At,
    end: Option<At>,
}

impl<'t> Parser<'t> {
    fn new(path: &Path, folder: &'t Path, text: &str) -> Self {
        let comment = text.lines().next().and_then(|line| line.strip_prefix('#')).map(str::trim);
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let story = Story {
            title: comment.filter(|comment| !comment.is_empty()).map_or(name, str::to_owned),
            path: path.to_owned(),
            source: text.to_owned(),
            people: Vec::new(),
            seed: 1,
            programme: folder.to_owned(),
            happenings: Vec::new(),
            expectations: Vec::new(),
            end: At(0),
        };
        Self { story, folder, findings: Vec::new(), clock: None, latest: At::MIN, end: None }
    }

    /// Reads the line at `index` and gives the index of the next.
    fn line(&mut self, lines: &[&str], index: usize) -> usize {
        let text = lines[index];
        let block =
            index + 1..index + 1 + lines[index + 1..].iter().take_while(|line| is_block(line)).count();
        let understood = split(text).and_then(|words| {
            let mut cursor = Cursor { words: &words, end: text.trim_end().chars().count() + 1 };
            match cursor.peek().and_then(Word::bare) {
                None if words.is_empty() => Ok(index + 1),
                Some("state") => {
                    self.snapshot(&mut cursor, lines, index, block.clone())?;
                    Ok(block.end)
                }
                Some("expect") => self.expect(&mut cursor, index + 1, text.trim()).map(|()| index + 1),
                _ => self.statement(&mut cursor, index + 1).map(|()| index + 1),
            }
        });
        understood.unwrap_or_else(|wrong| {
            self.wrong(index + 1, text, wrong);
            block.end.max(index + 1)
        })
    }

    fn wrong(&mut self, line: usize, text: &str, wrong: Wrong) {
        self.findings.push(Finding {
            place: String::new(),
            file: self.story.path.clone(),
            line,
            column: wrong.column,
            severity: Severity::Error,
            message: wrong.message,
            suggestion: wrong.suggestion,
            source_line: text.to_owned(),
        });
    }

    fn statement(&mut self, cursor: &mut Cursor<'_>, line: usize) -> Result<(), Wrong> {
        let first = cursor.peek().expect("invariant: an empty line is no statement");
        match first.bare() {
            Some("programme") => {
                cursor.next("programme")?;
                let folder = cursor.name("a folder")?;
                self.story.programme = self.beside(folder);
                cursor.done()
            }
            Some("seed") => {
                cursor.next("seed")?;
                let word = cursor.next("a number")?;
                let seed = word.bare().and_then(|word| word.parse().ok());
                self.story.seed = seed.ok_or_else(|| Wrong::new(word.column, "a seed is a whole number"))?;
                cursor.done()
            }
            Some("end") => {
                cursor.next("end")?;
                let moment = self.moment(cursor)?.ok_or_else(|| cursor.missing("an instant"))?;
                self.end = Some(moment.at);
                cursor.done()
            }
            Some(word @ ("profile" | "visitor")) => {
                cursor.next(word)?;
                self.introduce(cursor, line, word == "visitor")
            }
            _ => self.happening(cursor, line),
        }
    }

    /// A folder, as seen from the file that names it.
    fn beside(&self, folder: &str) -> std::path::PathBuf {
        match folder {
            "." => self.folder.to_owned(),
            _ => self.story.path.parent().unwrap_or(Path::new("")).join(folder),
        }
    }

    /// `profile ada,bob email=… consent=offers.email` or `visitor eve`: people known before the story begins.
    fn introduce(&mut self, cursor: &mut Cursor<'_>, line: usize, is_visitor: bool) -> Result<(), Wrong> {
        let word = cursor.next("a name")?;
        let names =
            word.bare().ok_or_else(|| Wrong::new(word.column, "expected a name, or several with commas"))?;
        let fields = cursor.pairs()?;
        for name in names.split(',') {
            if self.known(name).is_some() {
                return Err(Wrong::new(word.column, format!("{name} was in the story before")));
            }
            self.story.people.push(Person { name: name.to_owned(), is_visitor });
            let person = self.story.people.len() - 1;
            if !is_visitor || !fields.is_empty() {
                let event = StoryEvent::new(EventKind::Identify, "Identified", fields.clone());
                self.story.happenings.push(Happening {
                    line,
                    at: self.clock.unwrap_or(At::MIN),
                    what: Happens::Event { person, event },
                });
            }
        }
        Ok(())
    }

    fn happening(&mut self, cursor: &mut Cursor<'_>, line: usize) -> Result<(), Wrong> {
        let start = cursor.peek().map_or(1, |word| word.column);
        if let Some(moment) = self.moment(cursor)? {
            if self.clock.is_some_and(|clock| moment.at < clock) {
                let suggestion = "for an event that arrives late, add `@occurred=` with its own time";
                return Err(Wrong::new(start, "this is before the line above it").with(suggestion));
            }
            self.clock = Some(moment.at);
            self.latest = self.latest.max(moment.at);
        }
        // What is told before the first instant is so when the story begins.
        let at = self.clock.unwrap_or(At::MIN);
        if cursor.eat("apply") {
            let folder = self.beside(cursor.name("a folder")?);
            self.story.happenings.push(Happening { line, at, what: Happens::Apply(folder) });
            return cursor.done();
        }
        if let Some(command) = self.command(cursor)? {
            self.story.happenings.push(Happening { line, at, what: command });
            return cursor.done();
        }
        let word = cursor.next("who it happens to")?;
        let names = word.bare().ok_or_else(|| Wrong::new(word.column, "expected who it happens to"))?;
        let people: Vec<PersonId> = names.split(',').map(|name| self.person(name)).collect();
        let rest = cursor.words;
        for person in people {
            cursor.words = rest;
            let what = self.happens(cursor, person)?;
            self.story.happenings.push(Happening { line, at, what });
        }
        Ok(())
    }

    /// `pause journey welcome`, and whatever else an operator says of journeys and broadcasts.
    fn command(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Happens>, Wrong> {
        let word = |place: usize| cursor.words.get(place).and_then(Word::bare);
        let command = Command::ALL.into_iter().find(|one| word(0) == Some(one.name()));
        let what = Commandable::ALL.into_iter().find(|one| word(1) == Some(one.name()));
        let (Some(command), Some(what)) = (command, what) else { return Ok(None) };
        cursor.words = &cursor.words[2..];
        let name = cursor.name("its name")?.to_owned();
        Ok(Some(Happens::Command { what, name, command }))
    }

    /// What one person does, or what happens to them.
    fn happens(&mut self, cursor: &mut Cursor<'_>, person: PersonId) -> Result<Happens, Wrong> {
        let word = cursor.next("what happens")?;
        if let Form::Quoted(name) = &word.form {
            let event = self.event(cursor, EventKind::Track, name)?;
            return Ok(Happens::Event { person, event });
        }
        let message = |cursor: &mut Cursor<'_>| cursor.name("the name of a message").map(str::to_owned);
        let happens = match word.bare().unwrap_or_default() {
            "identify" => {
                Happens::Event { person, event: self.event(cursor, EventKind::Identify, "Identified")? }
            }
            "page" => Happens::Event { person, event: self.event(cursor, EventKind::Page, "Page Viewed")? },
            "screen" => {
                Happens::Event { person, event: self.event(cursor, EventKind::Screen, "Screen Viewed")? }
            }
            verb @ ("consents" | "withdraws") => {
                let (purpose, channel) = purpose(cursor)?;
                Happens::Consent { person, purpose, channel, granted: verb == "consents" }
            }
            "confirms" => Happens::Confirms { person, message: message(cursor)? },
            "unsubscribes" => Happens::Unsubscribes { person, message: message(cursor)? },
            "prefers" => {
                let wrong = || Wrong::new(word.column, "expected one of `pause=30d` and `fewer=true`");
                let pairs = cursor.pairs()?;
                let mut pairs = pairs.iter();
                let preference = match (pairs.next(), pairs.next()) {
                    (Some((name, Value::Bool(fewer))), None) if name == "fewer" => Wanted::Fewer(*fewer),
                    (Some((name, Value::Bool(false))), None) if name == "pause" => Wanted::Pause(Span(0)),
                    (Some((name, Value::String(span))), None) if name == "pause" => {
                        Wanted::Pause(Span::parse(span).ok_or_else(wrong)?)
                    }
                    _ => return Err(wrong()),
                };
                Happens::Prefers { person, preference }
            }
            "bounces" => {
                let message = message(cursor)?;
                let verdict = if cursor.eat("softly") { Verdict::SoftBounce } else { Verdict::HardBounce };
                Happens::Returns { person, message, verdict }
            }
            "complains" => {
                Happens::Returns { person, message: message(cursor)?, verdict: Verdict::Complaint }
            }
            "opens" => Happens::Opens { person, message: message(cursor)? },
            "clicks" => Happens::Clicks { person, message: message(cursor)?, machine: cursor.eat("machine") },
            "hand-over" => Happens::HandOver { person, hand_over: hand_over(cursor)? },
            "webhook" => webhook(cursor, person)?,
            verb @ ("suppress" | "unsuppress") => {
                let channel = channel(cursor)?;
                let pairs = cursor.pairs()?;
                let reason = pairs.get("reason").and_then(Value::as_str).unwrap_or("manual").to_owned();
                Happens::Suppress { person, channel, lifted: verb == "unsuppress", reason }
            }
            "merge" => {
                let into = self.person(cursor.name("who they are one with")?);
                Happens::Merge { person, into }
            }
            "unmerge" => Happens::Unmerge { person },
            "erase" => Happens::Erase { person },
            "begins" => {
                let journey = cursor.name("the name of a journey")?.to_owned();
                Happens::Begins { person, journey, data: cursor.pairs()? }
            }
            "redeems" => {
                let offer = cursor.name("the name of an offer")?.to_owned();
                let code = cursor.pairs()?.get("code").and_then(Value::as_str).map(str::to_owned);
                Happens::Redeems { person, offer, code }
            }
            "sees" => sees(cursor, person)?,
            "dismisses" => Happens::Dismisses { person, message: message(cursor)? },
            other => {
                let near = nearest(other, VERBS);
                let suggestion = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "an event stands in quotes; otherwise one of: ".to_owned() + &VERBS.join(", "),
                };
                return Err(Wrong::new(word.column, "this is nothing that can happen").with(suggestion));
            }
        };
        cursor.done()?;
        Ok(happens)
    }

    /// The fields after an event; those with `@` speak of the event itself.
    fn event(&mut self, cursor: &mut Cursor<'_>, kind: EventKind, name: &str) -> Result<StoryEvent, Wrong> {
        let columns: Vec<usize> = cursor.words.iter().map(|word| word.column).collect();
        let mut event = StoryEvent::new(kind, name, Map::new());
        for ((key, value), column) in cursor.pairs()?.into_iter().zip(columns) {
            match (key.as_str(), &value) {
                ("@occurred", Value::String(text)) => event.occurred_at = Some(self.occurred(text, column)?),
                ("@id", Value::String(id)) => event.message_id = Some(id.clone()),
                ("@id", Value::Number(id)) => event.message_id = Some(id.to_string()),
                (other, _) if other.starts_with('@') => {
                    let suggestion = "`@occurred=` and `@id=` are known";
                    return Err(Wrong::new(column, format!("unknown `{other}`")).with(suggestion));
                }
                _ => {
                    event.fields.insert(key, value);
                }
            }
        }
        Ok(event)
    }

    fn known(&self, name: &str) -> Option<PersonId> {
        self.story.people.iter().position(|person| person.name == name)
    }

    /// Somebody who need not have been introduced.
    fn person(&mut self, name: &str) -> PersonId {
        self.known(name).unwrap_or_else(|| {
            self.story.people.push(Person { name: name.to_owned(), is_visitor: false });
            self.story.people.len() - 1
        })
    }

    fn finish(mut self) -> Result<Story, Vec<Finding>> {
        let Some(first) =
            self.story.happenings.iter().map(|happening| happening.at).find(|at| *at != At::MIN)
        else {
            if self.findings.is_empty() {
                let wrong = Wrong::new(1, "nothing in this story has a time");
                self.wrong(1, "", wrong.with("for example `2026-01-05T20:30Z ada \"Product Added\"`"));
            }
            return Err(self.findings);
        };
        for happening in self.story.happenings.iter_mut().take_while(|happening| happening.at == At::MIN) {
            happening.at = first;
        }
        self.story.end = self.end.unwrap_or_else(|| self.latest.plus(STORY_REST));
        if self.findings.is_empty() { Ok(self.story) } else { Err(self.findings) }
    }
}

impl StoryEvent {
    fn new(kind: EventKind, name: &str, fields: Map<String, Value>) -> Self {
        Self { kind, name: name.to_owned(), fields, occurred_at: None, message_id: None }
    }
}

/// An indented line, which belongs to the `state` above it.
fn is_block(line: &str) -> bool {
    line.starts_with("    ") && !line.trim().is_empty()
}
