//! A report as plain text, in columns; bars are drawn with one sign.

use super::told::{Cell, Part, Told};
use std::fmt::Write;

/// Signs of a whole bar.
const BAR_CHARS: f64 = 10.0;

pub(super) fn write(told: &Told) -> String {
    let mut text = format!("{}\n", told.title);
    for part in &told.parts {
        let _ = writeln!(text, "\n{}\n", part.title.to_uppercase());
        write_table(&mut text, part);
        if !part.note.is_empty() {
            let _ = writeln!(text, "{}", part.note);
        }
    }
    let _ = write!(text, "\n-- \n{}\n", told.foot);
    text
}

fn shown(cell: &Cell) -> String {
    let bar = cell.bar.filter(|share| *share > 0.0);
    match bar.map(|share| (share.min(1.0) * BAR_CHARS).ceil() as usize) {
        Some(length) => format!("{} {}", cell.text, "#".repeat(length)),
        None => cell.text.clone(),
    }
}

fn write_table(text: &mut String, part: &Part) {
    let shown: Vec<Vec<String>> = part.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let width = |place: usize| {
        let cells = shown.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count());
        cells.chain([part.columns[place].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..part.columns.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    if !part.rows.is_empty() {
        let _ = writeln!(text, "{}", line(&part.columns));
    }
    for (row, cells) in part.rows.iter().zip(&shown) {
        let _ = writeln!(text, "{}", line(cells));
        for small in row.iter().map(|cell| &cell.small).filter(|small| !small.is_empty()) {
            let _ = writeln!(text, "    {small}");
        }
    }
}
