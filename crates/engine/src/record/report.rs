//! The record of a report: that it is about to leave, and what became of it.

use super::Record;
use crate::at::At;
use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use borsh::{BorshDeserialize, BorshSerialize};

/// A report begins to leave, or has left. It is begun on the disk before anything is handed over, so that no crash sends it
/// twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSent<'a> {
    pub report: &'a str,
    /// The time of its schedule.
    pub due_at: At,
    pub progress: ReportProgress,
    pub told_at: At,
    /// How many recipients it reached.
    pub taken: u32,
}

/// How far a report came. The order is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum ReportProgress {
    /// Whatever became of it if nothing else follows.
    Begun,
    /// The relay took it for everybody.
    Sent,
    /// The relay did not take it for everybody.
    Failed,
}

impl ReportProgress {
    pub const ALL: [Self; 3] = [Self::Begun, Self::Sent, Self::Failed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

pub(super) mod code {
    pub(in crate::record) const REPORT_SENT: u8 = 51;
}

/// Writes one, which has no personal part, and gives the kind's code.
pub(super) fn put(sent: &ReportSent<'_>, out: &mut Vec<u8>) -> u8 {
    put_bytes(out, sent.report.as_bytes());
    put_zigzag(out, sent.due_at.0);
    out.push(sent.progress as u8);
    put_zigzag(out, sent.told_at.0);
    put_varint(out, sent.taken.into());
    code::REPORT_SENT
}

pub(super) fn read<'a>(envelope: &mut Reader<'a>) -> Option<Record<'a>> {
    Some(Record::ReportSent(ReportSent {
        report: envelope.text()?,
        due_at: At(envelope.zigzag()?),
        progress: *ReportProgress::ALL.get(usize::from(envelope.byte()?))?,
        told_at: At(envelope.zigzag()?),
        taken: envelope.varint()?.try_into().ok()?,
    }))
}
