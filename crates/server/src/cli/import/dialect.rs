//! How a text file writes a table: what stands between its cells, and in which letters.

use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;

/// Delimiters that files use, the likelier first.
const DELIMITERS: &[u8] = b",;\t|";
/// Rows that are looked at.
const ROWS: usize = 50;

/// The delimiter that divides the first rows of a table most evenly.
pub(super) fn delimiter(start: &[u8], whole: bool) -> u8 {
    let evenness = |delimiter: &u8| {
        let widths = widths(start, *delimiter, whole);
        let Some(first) = widths.first().copied().filter(|width| *width > 1) else { return (0, 0) };
        let even = widths.iter().filter(|width| **width == first).count();
        // Rows that agree count before many cells: a comma in every price is no delimiter.
        (even * 100 / widths.len(), first)
    };
    let mut best = (DELIMITERS[0], (0, 0));
    for delimiter in DELIMITERS {
        let evenness = evenness(delimiter);
        if evenness > best.1 {
            best = (*delimiter, evenness);
        }
    }
    best.0
}

/// Cells of each of the first rows. The last row may be cut off, unless this is the `whole` file.
fn widths(start: &[u8], delimiter: u8, whole: bool) -> Vec<usize> {
    let rows =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(start);
    let mut widths: Vec<usize> =
        rows.into_byte_records().map_while(Result::ok).take(ROWS + 1).map(|row| row.len()).collect();
    if !whole || widths.len() > ROWS {
        widths.truncate(widths.len().saturating_sub(1).max(1));
    }
    widths
}

/// A cell as text: UTF-8, or else Windows-1252, in which every byte is a letter.
pub(super) fn text(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

/// The name of a delimiter for people.
pub(super) fn name(delimiter: u8) -> Cow<'static, str> {
    match delimiter {
        b',' => "commas".into(),
        b';' => "semicolons".into(),
        b'\t' => "tabs".into(),
        b'|' => "bars".into(),
        other => format!("\"{}\"", char::from(other)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_divides_evenly() {
        for (start, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\r\n1,5;2,5;3,5\r\n", b';'),
            ("a\tb\n1,2\t3\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("name;note\nAda;\"one, two; three\"\n", b';'),
            ("a,b\n\"x;y;z\",1\n\"p;q;r\",2\n", b','),
            ("email\nada@example.com\n", b','),
            ("a;b\n1;2\n1;2\n1;2;3\n", b';'),
            ("a,b,c\n1,2,3\n4,5", b','),
            ("", b','),
        ] {
            let found = delimiter(start.as_bytes(), false);
            assert_eq!(char::from(found), char::from(expected), "{start}");
        }
    }

    #[test]
    fn letters_are_utf_8_or_else_windows_1252() {
        assert_eq!(text("caffè €".as_bytes()), "caffè €");
        assert_eq!(text(b"caff\xe8 \x80"), "caffè €");
    }
}
