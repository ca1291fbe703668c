//! An editorial plan as the text of its file.

use super::write::scalar;
use engine::programme::{Contributor, Expertise, Intent, Piece, PieceState, Space};
use std::fmt::Write;

pub(super) fn space(name: &str, space: &Space) -> String {
    let Space { url, every_days } = space;
    let mut text = format!("{name}:\n");
    if !url.is_empty() {
        let _ = writeln!(text, "  url: {}", scalar(url));
    }
    let _ = writeln!(text, "  every: {every_days} {}", if *every_days == 1 { "day" } else { "days" });
    text
}

pub(super) fn contributor(name: &str, contributor: &Contributor) -> String {
    let Contributor { minutes_a_week, expertise } = contributor;
    let mut text = format!("{name}:\n  hours a week: {}\n", hours(*minutes_a_week));
    if *expertise != Expertise::default() {
        let _ = writeln!(text, "  expertise: {}", expertise.name());
    }
    text
}

pub(super) fn piece(name: &str, piece: &Piece) -> String {
    let Piece { title, space, by, on, minutes, expertise, intent, state } = piece;
    let mut text = format!("{name}:\n  title: {}\n  space: {space}\n  by: {by}\n  on: {on}\n", scalar(title));
    if *minutes > 0 {
        let _ = writeln!(text, "  hours: {}", hours(*minutes));
    }
    if *expertise != Expertise::default() {
        let _ = writeln!(text, "  expertise: {}", expertise.name());
    }
    if *intent != Intent::default() {
        let _ = writeln!(text, "  intent: {}", intent.name());
    }
    if *state != PieceState::default() {
        let _ = writeln!(text, "  state: {}", state.name());
    }
    text
}

fn hours(minutes: u32) -> f64 {
    f64::from(minutes) / 60.0
}
