//! A line of a story as words: bare ones, quoted ones, and `key=value` pairs.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// In characters, from 1.
    pub(super) column: usize,
    pub(super) form: Form,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Bare(String),
    /// Written between double or single quotes.
    Quoted(String),
    /// The value is a number, `true`, `false`, `null`, a quoted or bare text, or JSON in brackets.
    Pair(String, Value),
}

/// What is wrong with a line, and at which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Wrong {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), suggestion: None }
    }

    pub(super) fn with(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl Word {
    pub(super) fn bare(&self) -> Option<&str> {
        match &self.form {
            Form::Bare(word) => Some(word),
            Form::Quoted(_) | Form::Pair(..) => None,
        }
    }

    /// A bare or quoted word: a name may be written either way.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.form {
            Form::Bare(word) | Form::Quoted(word) => Some(word),
            Form::Pair(..) => None,
        }
    }
}

/// The words of a line. A `#` at the start of a word begins a comment.
pub(super) fn split(line: &str) -> Result<Vec<Word>, Wrong> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(words);
        }
        let column = column_of(line, rest);
        let (form, after) = word(line, rest)?;
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(Wrong::new(column_of(line, after), "a space is missing here"));
        }
        words.push(Word { column, form });
        rest = after;
    }
}

fn column_of(line: &str, rest: &str) -> usize {
    line[..line.len() - rest.len()].chars().count() + 1
}

fn word<'a>(line: &str, rest: &'a str) -> Result<(Form, &'a str), Wrong> {
    if rest.starts_with(['"', '\'']) {
        let (text, after) = quoted(line, rest)?;
        return Ok((Form::Quoted(text), after));
    }
    let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    match after.strip_prefix('=') {
        Some(after) if !word.is_empty() => {
            let (value, after) = value(line, after)?;
            Ok((Form::Pair(word.to_owned(), value), after))
        }
        Some(_) => Err(Wrong::new(column_of(line, rest), "a name is missing before `=`")),
        None => Ok((Form::Bare(word.to_owned()), after)),
    }
}

fn quoted<'a>(line: &str, rest: &'a str) -> Result<(String, &'a str), Wrong> {
    let mark = rest.chars().next().expect("invariant: called at a quote");
    let inside = &rest[1..];
    let unclosed = || Wrong::new(column_of(line, rest), format!("the quotation has no closing {mark}"));
    let end = inside.find(mark).ok_or_else(unclosed)?;
    Ok((inside[..end].to_owned(), &inside[end + 1..]))
}

fn value<'a>(line: &str, rest: &'a str) -> Result<(Value, &'a str), Wrong> {
    match rest.chars().next() {
        Some('"' | '\'') => {
            let (text, after) = quoted(line, rest)?;
            Ok((Value::String(text), after))
        }
        Some('[' | '{') => {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) => Ok((value, &rest[values.byte_offset()..])),
                _ => Err(Wrong::new(column_of(line, rest), "this is not JSON")),
            }
        }
        _ => {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            // Only what reads as a number, truth value or null is one; all else is text without quotes.
            let value = serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()));
            Ok((value, after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_falls_into_words() {
        let words =
            split("20:30Z ada \"Product Added\" sku=A1 price=19.90 gift=true tags=[1, \"b c\"] # late")
                .unwrap();
        let forms: Vec<Form> = words.iter().map(|word| word.form.clone()).collect();
        let pair = |key: &str, value| Form::Pair(key.into(), value);
        let expected = [
            Form::Bare("20:30Z".into()),
            Form::Bare("ada".into()),
            Form::Quoted("Product Added".into()),
            pair("sku", json!("A1")),
            pair("price", json!(19.9)),
            pair("gift", json!(true)),
            pair("tags", json!([1, "b c"])),
        ];
        assert_eq!(forms, expected);
        assert_eq!((words[1].column, words[3].column), (8, 28));
        assert_eq!(split("  # nothing"), Ok(vec![]));
    }

    #[test]
    fn a_slip_has_its_column() {
        for (line, column) in [("ada \"Product", 5), ("ada k=\"v\"x", 10), ("ada x={a}", 7), ("ada =1", 5)] {
            assert_eq!(split(line).unwrap_err().column, column, "{line}");
        }
    }
}
