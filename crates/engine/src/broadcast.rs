//! What became of the broadcasts that the programme has, or had: one that has started is never started again.
//!
//! Owned by the state. The people are a [`crate::roll::Roll`], and each has a run of one step; a timer starts it.

use crate::at::At;
use borsh::{BorshDeserialize, BorshSerialize};

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct BroadcastState {
    /// JSON.
    pub(crate) definition: String,
    /// A number of all the versions of its journey.
    pub(crate) journey: u32,
    pub(crate) phase: Phase,
    pub(crate) started_at: Option<At>,
    /// When the last one was called, or it was cancelled.
    pub(crate) ended_at: Option<At>,
    /// How many people it was for when it started.
    pub(crate) audience: u64,
    /// How many of them were called, once it is over.
    pub(crate) called: u64,
    /// Of its people, while it is being sent.
    pub(crate) roll: Option<u32>,
    /// Sends decided before it started: its own come later in the ledger.
    pub(crate) sends_before: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Phase {
    /// Its time is still to come.
    Scheduled {
        at: At,
    },
    /// Its time was over when the programme was applied, so it is not sent.
    Missed,
    Sending,
    Done,
    Cancelled,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::Missed => "missed",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether people were found for it.
    pub(crate) fn has_started(self) -> bool {
        matches!(self, Self::Sending | Self::Done | Self::Cancelled)
    }
}
