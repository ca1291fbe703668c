//! A mapping file: what flags can say, in YAML, with the line of each mistake.

use super::{Others, Stated, target};
use crate::programme::yaml::{self, Content, Mark, Node};
use anyhow::{Context, bail};
use clap::ValueEnum;
use engine::programme::nearest;
use engine::record::EventKind;
use jiff::tz::TimeZone;
use std::path::Path;

const FIELDS: &[&str] =
    &["type", "event", "columns", "others", "time_format", "time_zone", "decimal", "delimiter"];

impl Stated {
    /// Reads a mapping file.
    pub(in super::super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut stated = Self::default();
        let mistakes = match yaml::parse(&text) {
            Ok(node) => fill(&mut stated, &node),
            Err(unreadable) => vec![(unreadable.at, unreadable.message)],
        };
        if mistakes.is_empty() {
            return Ok(stated);
        }
        let told: Vec<String> = mistakes
            .iter()
            .map(|(at, message)| format!("{}:{}:{}: {message}", path.display(), at.line, at.column))
            .collect();
        bail!("{}", told.join("\n"))
    }

    /// Takes over what was said later, or nearer.
    pub(in super::super) fn overridden_by(mut self, nearer: Self) -> Self {
        self.columns.extend(nearer.columns);
        Self {
            kind: nearer.kind.or(self.kind),
            event: nearer.event.or(self.event),
            columns: self.columns,
            others: nearer.others.or(self.others),
            time_format: nearer.time_format.or(self.time_format),
            time_zone: nearer.time_zone.or(self.time_zone),
            decimal_comma: nearer.decimal_comma || self.decimal_comma,
            delimiter: nearer.delimiter.or(self.delimiter),
        }
    }
}

type Mistakes = Vec<(Mark, String)>;

fn fill(stated: &mut Stated, node: &Node) -> Mistakes {
    let mut mistakes = Mistakes::new();
    let Content::Map(entries) = &node.content else {
        return vec![(node.at, format!("expected a group of fields, and this is {}", node.kind()))];
    };
    for (key, value) in entries {
        if key.name == "columns" {
            mistakes.extend(columns(stated, value));
            continue;
        }
        let Some(text) = value.text() else {
            mistakes.push((value.at, format!("expected a text, and this is {}", value.kind())));
            continue;
        };
        if let Err(message) = field(stated, &key.name, text) {
            let at = if FIELDS.contains(&key.name.as_str()) { value.at } else { key.at };
            mistakes.push((at, message));
        }
    }
    mistakes
}

fn field(stated: &mut Stated, name: &str, text: &str) -> Result<(), String> {
    match name {
        "type" => stated.kind = Some(kind(text)?),
        "event" => stated.event = Some(text.to_owned()),
        "others" => {
            let others = Others::from_str(text, false);
            stated.others = Some(others.map_err(|_| "others are properties, traits or skip".to_owned())?);
        }
        "time_format" => stated.time_format = Some(text.to_owned()),
        "time_zone" => stated.time_zone = Some(time_zone(text)?),
        "decimal" if ["comma", "point"].contains(&text) => stated.decimal_comma = text == "comma",
        "decimal" => return Err("the decimal is a comma or a point".to_owned()),
        "delimiter" => stated.delimiter = Some(delimiter(text)?),
        _ => {
            return Err(match nearest(name, FIELDS.iter().copied()) {
                Some(near) => format!("unknown field \"{name}\"; did you mean \"{near}\"?"),
                None => format!("unknown field \"{name}\"; known here: {}", FIELDS.join(", ")),
            });
        }
    }
    Ok(())
}

fn columns(stated: &mut Stated, node: &Node) -> Mistakes {
    let Content::Map(entries) = &node.content else {
        return vec![(node.at, format!("expected columns with their meanings, and this is {}", node.kind()))];
    };
    let mut mistakes = Mistakes::new();
    for (key, value) in entries {
        if stated.columns.iter().any(|(name, ..)| *name == key.name) {
            mistakes.push((key.at, format!("the column \"{}\" is written twice", key.name)));
        }
        // A column without a meaning is one to leave out.
        match target(value.text().unwrap_or("skip"), &key.name) {
            Ok((target, form)) => stated.columns.push((key.name.clone(), target, form)),
            Err(message) => mistakes.push((value.at, message)),
        }
    }
    mistakes
}

/// A kind of call by its name.
pub(in super::super) fn kind(text: &str) -> Result<EventKind, String> {
    let known = EventKind::ALL.into_iter().find(|kind| kind.name() == text);
    known.ok_or_else(|| "the type is track, identify, page, screen, group or alias".to_owned())
}

pub(in super::super) fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .map_err(|_| format!("there is no time zone \"{text}\"; they are named as Europe/Rome"))
}

/// A character between cells, or the word for it.
pub(in super::super) fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("tab" | "\\t", _) => Ok(b'\t'),
        (_, [byte]) if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
        _ => Err(format!("\"{text}\" is no delimiter: it is one character such as , ; | or `tab`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::mapping::Target;

    fn read(text: &str) -> Result<Stated, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let name = format!("{}:", file.path().display());
        Stated::read(file.path()).map_err(|error| error.to_string().replace(&name, ""))
    }

    #[test]
    fn a_file_says_what_flags_say_and_flags_win() {
        let stated = read(
            "type: track\nevent: Order Completed\ntime_zone: Europe/Rome\ntime_format: '%d/%m/%Y'\ndecimal: comma\n\
             delimiter: tab\nothers: skip\ncolumns:\n  customer: user_id\n  total: property total as number\n  x:\n",
        )
        .unwrap();
        assert_eq!((stated.kind, stated.event.as_deref()), (Some(EventKind::Track), Some("Order Completed")));
        assert_eq!((stated.delimiter, stated.others), (Some(b'\t'), Some(Others::Skip)));
        assert!(stated.decimal_comma && stated.time_zone.is_some());
        let number = Some("number".to_owned());
        assert_eq!(stated.columns[1], ("total".to_owned(), Target::Property("total".into()), number));
        assert_eq!(stated.columns[2].1, Target::Skip);
        let flags = Stated { event: Some("Seen".into()), ..Stated::default() };
        let both = stated.overridden_by(flags);
        assert_eq!((both.event.as_deref(), both.delimiter), (Some("Seen"), Some(b'\t')));
    }

    #[test]
    fn each_mistake_in_a_file_has_its_place() {
        let told = read(
            "tipe: track\ntype: buy\ntime_zone: Rome\ndelimiter: ab\ndecimal: x\nothers: all\nevent: [a]\ncolumns:\n  a: userid\n  a: skip\n",
        )
        .unwrap_err();
        let expected = "\
1:1: unknown field \"tipe\"; did you mean \"type\"?
2:7: the type is track, identify, page, screen, group or alias
3:12: there is no time zone \"Rome\"; they are named as Europe/Rome
4:12: \"ab\" is no delimiter: it is one character such as , ; | or `tab`
5:10: the decimal is a comma or a point
6:9: others are properties, traits or skip
7:8: expected a text, and this is a list
9:6: \"userid\" is no meaning of a column; did you mean `user_id`?";
        assert_eq!(told, expected);
        assert_eq!(read("- a\n").unwrap_err(), "1:1: expected a group of fields, and this is a list");
        assert!(read("a: b: c").unwrap_err().contains("this is not YAML"));
    }
}
