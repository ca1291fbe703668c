//! Some rows of a file as one body of the tracking API, and where each row lies in it.

use crate::limits::{IMPORT_BATCH_BYTES, IMPORT_BATCH_ROWS};
use std::ops::Range;

/// Rows that travel together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// `{"batch":[…]}` around the events, once it is closed.
    pub(super) body: Vec<u8>,
    pub(super) rows: Vec<Row>,
    /// Rows of which no event could be made.
    pub(super) refused: Vec<Refused>,
    /// Rows that were in Windows-1252.
    pub(super) foreign: u64,
    /// How far the file has been read with this batch.
    pub(super) end: Place,
}

/// A row that became an event.
#[derive(Debug)]
pub(super) struct Row {
    /// Line of a text file, or row of a table, from 1.
    pub(super) number: u64,
    /// Its event in the body.
    event: Range<usize>,
    /// Bytes of the message id that was put in front of the event's last brace.
    added: usize,
}

/// A place between two rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Rows before it.
    pub(super) rows: u64,
    /// Bytes of the file that were read by then, which may be more than those rows take.
    pub(super) bytes: u64,
    /// What the rows before it hold, folded into a number.
    pub(super) check: u64,
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) number: u64,
    /// The field or column at fault; empty where it is the row.
    pub(super) field: String,
    /// The reason, for programs.
    pub(super) code: String,
    /// The reason, for people.
    pub(super) message: String,
    pub(super) value: String,
}

const OPENING: &[u8] = b"{\"batch\":[";

impl Batch {
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() + self.refused.len() >= IMPORT_BATCH_ROWS || self.body.len() >= IMPORT_BATCH_BYTES
    }

    /// Whether nothing was read for it.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.refused.is_empty()
    }

    /// Where the next event is to be written.
    pub(super) fn open(&mut self) -> &mut Vec<u8> {
        let before: &[u8] = if self.rows.is_empty() { OPENING } else { b"," };
        if self.body.is_empty() {
            self.body.reserve(IMPORT_BATCH_BYTES / 4);
        }
        self.body.truncate(self.end_of_rows());
        self.body.extend_from_slice(before);
        &mut self.body
    }

    /// Takes what was written since [`Batch::open`] as the event of a row. One without a message id of its own gets
    /// `id`; what ends in no brace is no event, and stays as it is to be refused.
    pub(super) fn push(&mut self, number: u64, id: Option<&str>) {
        let start = self.end_of_rows() + if self.rows.is_empty() { OPENING.len() } else { 1 };
        let mut added = 0;
        let event = &self.body[start..];
        if let Some(id) = id
            && let Some(inside) = event.strip_suffix(b"}")
        {
            let first = inside.trim_ascii_end().ends_with(b"{");
            let (length, separator) = (self.body.len(), if first { "" } else { "," });
            self.body.pop();
            self.body.extend_from_slice(separator.as_bytes());
            self.body.extend_from_slice(b"\"messageId\":\"");
            self.body.extend_from_slice(id.as_bytes());
            self.body.extend_from_slice(b"\"}");
            added = self.body.len() - length;
        }
        self.rows.push(Row { number, event: start..self.body.len(), added });
    }

    /// The event of a row, with its message id.
    pub(super) fn event(&self, row: &Row) -> &[u8] {
        &self.body[row.event.clone()]
    }

    /// The event of a row as the file has it.
    pub(super) fn own(&self, row: &Row) -> Vec<u8> {
        let event = self.event(row);
        if row.added == 0 {
            return event.to_vec();
        }
        let mut own = event[..event.len() - row.added - 1].to_vec();
        own.push(b'}');
        own
    }

    /// Ends the body.
    pub(super) fn close(&mut self) {
        if !self.rows.is_empty() {
            self.body.truncate(self.end_of_rows());
            self.body.extend_from_slice(b"]}");
        }
    }

    fn end_of_rows(&self) -> usize {
        self.rows.last().map_or(0, |row| row.event.end)
    }
}

/// A body with one event.
pub(super) fn alone(event: &[u8]) -> Vec<u8> {
    [OPENING, event, b"]}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_make_a_body_and_come_out_of_it_as_they_were() {
        let mut batch = Batch::default();
        for (number, (event, id)) in [
            ("{\"a\":1}", Some("i1")),
            ("{ }", Some("i2")),
            ("no event", Some("i3")),
            ("{\"messageId\":\"m\"}", None),
        ]
        .into_iter()
        .enumerate()
        {
            batch.open().extend_from_slice(event.as_bytes());
            batch.push(number as u64, id);
            assert_eq!(batch.own(&batch.rows[number]), event.as_bytes());
        }
        // What was begun and not pushed leaves nothing.
        batch.open().extend_from_slice(b"{\"half");
        batch.close();
        let body = r#"{"batch":[{"a":1,"messageId":"i1"},{ "messageId":"i2"},no event,{"messageId":"m"}]}"#;
        assert_eq!(String::from_utf8_lossy(&batch.body), body);
        assert_eq!(batch.event(&batch.rows[1]), b"{ \"messageId\":\"i2\"}");
        assert_eq!(alone(b"{}"), b"{\"batch\":[{}]}");
    }
}
