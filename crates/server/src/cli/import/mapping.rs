//! What the columns of a table mean: which is which identifier, trait, property, name or time. Pure.
//!
//! What was said (in a mapping file and in flags) comes first, what the names and first cells of the columns suggest
//! fills the gaps, and the result is shown in the form of a mapping file before anything is imported.

mod file;
mod guess;
mod target;

pub(super) use file::{delimiter, kind, time_zone};
pub(super) use target::{Target, target};

use super::cell::{Form, Unreadable, put_time};
use super::event::path;
use super::times::Times;
use crate::limits::OCCURRED_MIN;
use engine::at::At;
use engine::programme::nearest;
use engine::record::EventKind;
use guess::Guess;
use jiff::tz::TimeZone;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// What was said about tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated {
    pub(super) kind: Option<EventKind>,
    pub(super) event: Option<String>,
    /// By name of the column; of two for one, the later counts.
    pub(super) columns: Vec<(String, Target, Option<String>)>,
    pub(super) others: Option<Others>,
    pub(super) time_format: Option<String>,
    pub(super) time_zone: Option<TimeZone>,
    pub(super) decimal_comma: bool,
    pub(super) delimiter: Option<u8>,
}

/// What becomes of columns that nothing was said about and whose names say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Others {
    Properties,
    Traits,
    Skip,
}

/// The meaning of every column of one file.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// What each row is, where no column says.
    pub(super) kind: EventKind,
    /// Name of the event that each row is, where no column says.
    pub(super) event: Option<String>,
    /// In the order of the file.
    pub(super) columns: Vec<Column>,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) form: Form,
    /// Nobody said so.
    pub(super) guessed: bool,
    /// What the reader of the mapping may want to know.
    pub(super) doubt: Option<&'static str>,
}

/// A column as a file has it.
pub(super) struct Sample<'s> {
    pub(super) name: &'s str,
    pub(super) cells: Vec<&'s str>,
    /// The file itself knows what type its cells have.
    pub(super) is_typed: bool,
}

impl Mapping {
    /// Gives every column of a file its meaning, or says what is wrong with what was said.
    pub(super) fn new(stated: &Stated, samples: &[Sample<'_>]) -> Result<Self, Vec<String>> {
        let mut mistakes = unknown_columns(stated, samples);
        let said = |name: &str| stated.columns.iter().rev().find(|(column, ..)| column == name);
        let guess = Guess::new(stated, samples);
        let mut columns = Vec::new();
        for sample in samples {
            let (target, form, guessed) = match said(sample.name) {
                Some((_, target, form)) => (target.clone(), form.as_deref(), false),
                None => (guess.target(sample.name), None, true),
            };
            match form_of(&target, form, stated, sample) {
                Ok(form) => {
                    let doubt = guess::doubt(&form, sample).filter(|_| guessed);
                    columns.push(Column { name: sample.name.to_owned(), target, form, guessed, doubt });
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let named = stated.event.is_some() || columns.iter().any(|column| column.target == Target::Event);
        let kind = stated.kind.unwrap_or(if named { EventKind::Track } else { EventKind::Identify });
        let mapping = Self { kind, event: stated.event.clone(), columns };
        mistakes.extend(mapping.mistakes());
        if mistakes.is_empty() { Ok(mapping) } else { Err(mistakes) }
    }

    /// What keeps every row from becoming an event.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let has = |target: &Target| self.columns.iter().any(|column| column.target == *target);
        let placed: Vec<(&str, Vec<String>)> = self
            .columns
            .iter()
            .filter_map(|column| Some((column.name.as_str(), path(&column.target, self.kind)?)))
            .collect();
        for (index, (two, within)) in placed.iter().enumerate() {
            // One value has no room for another, and none in it.
            let clash =
                placed[..index].iter().find(|(_, path)| within.starts_with(path) || path.starts_with(within));
            if let Some((one, path)) = clash {
                let (one_path, two_path) = (path.join("."), within.join("."));
                mistakes.push(match one_path == two_path {
                    true => format!("the columns \"{one}\" and \"{two}\" would both be {one_path}"),
                    false => {
                        format!("the columns \"{one}\" and \"{two}\" would be {one_path} and {two_path}")
                    }
                });
            }
        }
        if !self.columns.iter().any(|column| column.target.names_somebody()) {
            mistakes.push(
                "no column says whose a row is: name one with --map 'COLUMN=user_id', or email, phone, anonymous_id"
                    .to_owned(),
            );
        }
        if self.kind == EventKind::Track && self.event.is_none() && !has(&Target::Event) {
            mistakes
                .push("a track call needs the name of its event: say --event 'Order Completed'".to_owned());
        }
        mistakes
    }

    /// Writes the text of a cell as JSON; see [`happened`] for the time of an event.
    pub(super) fn write(
        &self,
        column: usize,
        cell: &str,
        latest: At,
        out: &mut Vec<u8>,
    ) -> Result<bool, Unreadable> {
        let Column { target, form, .. } = &self.columns[column];
        let (Target::Time, Form::Time(times)) = (target, form) else { return form.write(cell, out) };
        match times.read(cell) {
            Some(at) => {
                put_time(happened(at, latest)?, out);
                Ok(true)
            }
            // Nothing, in one of many words, or a mistake.
            None => form.write(cell, out),
        }
    }

    /// A number that differs where rows would become other events. How values are written does not count, so that a
    /// row that is imported again with a mended number stays the same event.
    pub(super) fn meaning(&self) -> u64 {
        let mut text = format!("{:?} {:?}", self.kind, self.event);
        for column in &self.columns {
            text.push_str(&format!("\n{} = {}", column.name, column.target));
        }
        xxh3_64(text.as_bytes())
    }

    /// A number that differs where anything about the rows would be read otherwise.
    pub(super) fn whole(&self) -> u64 {
        xxh3_64(format!("{self:?}").as_bytes())
    }
}

/// The time of an event, unless it cannot be one: the door would take the present for it.
pub(super) fn happened(at: At, latest: At) -> Result<At, Unreadable> {
    match at {
        at if at > latest => Err(Unreadable::InTheFuture),
        at if at < OCCURRED_MIN => Err(Unreadable::TooLongAgo),
        at => Ok(at),
    }
}

/// The mapping as a mapping file has it.
impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "type: {}", self.kind.name())?;
        if let Some(event) = &self.event {
            writeln!(f, "event: {}", quoted(event))?;
        }
        let times = self.columns.iter().filter_map(|column| match &column.form {
            Form::Time(times) if column.target == Target::Time => Some(times),
            _ => None,
        });
        for times in times {
            if let Some(format) = times.format() {
                writeln!(f, "time_format: {}", quoted(format))?;
            }
            if let Some(zone) = times.zone_name() {
                writeln!(f, "time_zone: {zone}")?;
            }
        }
        if self.columns.iter().any(|column| column.form == Form::Number { decimal_comma: true }) {
            writeln!(f, "decimal: comma")?;
        }
        writeln!(f, "columns:")?;
        for Column { name, target, form, guessed, doubt } in &self.columns {
            let is_told = target.is_typed() && *form != Form::AsItIs;
            let typed = if is_told { format!("{target} as {}", form.name()) } else { target.to_string() };
            write!(f, "  {}: {}", quoted(name), quoted(&typed))?;
            match doubt {
                Some(doubt) => writeln!(f, "  # guessed: {doubt}")?,
                None => writeln!(f, "{}", if *guessed { "  # guessed" } else { "" })?,
            }
        }
        Ok(())
    }
}

/// A word as YAML takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_.-/ ".contains(c);
    let is_plain = text.starts_with(char::is_alphabetic) && text.chars().all(plain) && !text.ends_with(' ');
    match is_plain && !["null", "true", "false"].contains(&text) {
        true => text.to_owned(),
        false => serde_json::to_string(text).expect("invariant: a text is JSON"),
    }
}

fn unknown_columns(stated: &Stated, samples: &[Sample<'_>]) -> Vec<String> {
    let names = || samples.iter().map(|sample| sample.name);
    let unknown = stated.columns.iter().filter(|(name, ..)| !names().any(|known| known == name));
    unknown
        .map(|(name, ..)| match nearest(name, names()) {
            Some(known) => format!("there is no column \"{name}\"; did you mean \"{known}\"?"),
            None => {
                format!("there is no column \"{name}\"; there are {}", names().collect::<Vec<_>>().join(", "))
            }
        })
        .collect()
}

/// How the cells of a column are to be read.
fn form_of(
    target: &Target,
    said: Option<&str>,
    stated: &Stated,
    sample: &Sample<'_>,
) -> Result<Form, String> {
    let zone = || stated.time_zone.clone().unwrap_or(TimeZone::UTC);
    let told = || stated.time_format.as_deref().map(Times::from_format);
    let name = sample.name;
    let guessed = || match Times::guess(&sample.cells.iter().copied()) {
        Ok(times) => Ok(times.unwrap_or(Times::iso())),
        Err(_) => Err(format!(
            "the column \"{name}\" could have the day or the month first: say --time-format 'day first' or 'month first'"
        )),
    };
    // What was told is of the time of events; other columns may be written in another way.
    let told_or_guessed = || match told() {
        Some(told) if sample.cells.iter().all(|cell| cell.trim().is_empty() || told.read(cell).is_some()) => {
            Ok(told)
        }
        Some(told) => Ok(guessed().unwrap_or(told)),
        None => guessed(),
    };
    match target {
        Target::Time => {
            return told().map_or_else(guessed, Ok).map(|times| Form::Time(times.in_zone(zone())));
        }
        Target::Consent(_) => return Ok(Form::Truth),
        target if !target.is_typed() => return Ok(Form::Text),
        _ => {}
    }
    if said.is_none() && sample.is_typed {
        return Ok(Form::AsItIs);
    }
    let Some(said) = said else { return Ok(guess::form(sample, stated.decimal_comma, told(), &zone())) };
    Ok(match said {
        "text" => Form::Text,
        "number" => Form::Number { decimal_comma: stated.decimal_comma },
        "truth" => Form::Truth,
        "time" => Form::Time(told_or_guessed()?.in_zone(zone())),
        "date" => Form::Date(told_or_guessed()?.in_zone(zone())),
        "list" => Form::List,
        "json" => Form::Json,
        _ => unreachable!("the types of targets are known"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a header, the first cells and what was said: the mapping as it is shown, or the mistakes.
    fn mapped(table: &[(&str, &[&str])], said: &[&str], stated: Stated) -> String {
        let mut stated = stated;
        for said in said {
            let (column, meaning) = said.split_once('=').unwrap();
            let (target, form) = target(meaning, column).unwrap();
            stated.columns.push((column.to_owned(), target, form));
        }
        let samples: Vec<Sample<'_>> = table
            .iter()
            .map(|(name, cells)| Sample { name, cells: cells.to_vec(), is_typed: false })
            .collect();
        match Mapping::new(&stated, &samples) {
            Ok(mapping) => mapping.to_string(),
            Err(mistakes) => mistakes.join("\n"),
        }
    }

    #[test]
    fn people_and_events_are_told_apart_by_their_columns() {
        let people = mapped(
            &[
                ("id", &["1"]),
                ("E-mail", &["ada@example.com"]),
                ("Nome", &["Ada"]),
                ("CAP", &["00123", "20100"]),
                ("created_at", &["2026-01-05 10:00"]),
                ("birthday", &["1980-01-05"]),
                ("points", &["1", "", "2.5"]),
                ("vip", &["true", "false"]),
            ],
            &[],
            Stated::default(),
        );
        let expected = "\
type: identify
columns:
  id: user_id  # guessed
  E-mail: email  # guessed
  Nome: trait first_name as text  # guessed
  CAP: trait CAP as text  # guessed
  created_at: trait created_at as time  # guessed
  birthday: trait birthday as date  # guessed
  points: trait points as number  # guessed
  vip: trait vip as truth  # guessed
";
        assert_eq!(people, expected);
        let orders = mapped(
            &[
                ("id", &["o1"]),
                ("customer_id", &["1"]),
                ("date", &["13/01/2026 10:00"]),
                ("total", &["1.234,50", "7"]),
                ("shipping.city", &["Rome"]),
            ],
            &["total=property total as number"],
            Stated {
                event: Some("Order Completed".into()),
                decimal_comma: true,
                time_zone: Some(TimeZone::get("Europe/Rome").unwrap()),
                ..Stated::default()
            },
        );
        let expected = "\
type: track
event: Order Completed
time_format: day first
time_zone: Europe/Rome
decimal: comma
columns:
  id: property id as text  # guessed
  customer_id: user_id  # guessed
  date: time  # guessed
  total: property total as number
  shipping.city: property shipping.city as text  # guessed
";
        assert_eq!(orders, expected);
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_said() {
        let event = || Stated { event: Some("Seen".into()), ..Stated::default() };
        let track = || Stated { kind: Some(EventKind::Track), ..Stated::default() };
        let table: &[(&str, &[&str])] = &[("email", &["a@b.example"]), ("date", &["05/01/2026"])];
        for (table, said, stated, expected) in [
            (
                table,
                &["emial=email"][..],
                Stated::default(),
                "there is no column \"emial\"; did you mean \"email\"?",
            ),
            (table, &["email=skip"], Stated::default(), "no column says whose a row is"),
            (
                table,
                &["email=email", "date=email"],
                Stated::default(),
                "the columns \"email\" and \"date\" would both be traits.email",
            ),
            (
                table,
                &["email=email", "date=trait email.day"],
                Stated::default(),
                "the columns \"email\" and \"date\" would be traits.email and traits.email.day",
            ),
            (table, &[], track(), "a track call needs the name of its event"),
            (table, &[], event(), "the column \"date\" could have the day or the month first"),
        ] {
            let shown = mapped(table, said, stated);
            assert!(shown.contains(expected), "{shown}");
        }
    }

    #[test]
    fn how_values_are_written_does_not_make_another_event() {
        let of = |said: &str| {
            let (target, form) = target(said, "total").unwrap();
            let stated = Stated { columns: vec![("total".to_owned(), target, form)], ..Stated::default() };
            let samples = ["email", "total"].map(|name| Sample { name, cells: vec![], is_typed: false });
            let mapping = Mapping::new(&stated, &samples).unwrap();
            (mapping.meaning(), mapping.whole())
        };
        let (number, text, other) = (of("trait total as number"), of("trait total as text"), of("trait sum"));
        assert!(number.0 == text.0 && number.0 != other.0 && number.1 != text.1);
    }
}
