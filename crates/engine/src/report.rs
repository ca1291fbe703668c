//! When reports are due, and which have left. Owned by the engine; the server asks when the next one is, and makes and sends it.
//!
//! A schedule counts from when the programme first had the report, so that none comes for a time before; what a stop of the
//! server missed comes once.

use crate::at::At;
use crate::engine::{Engine, Refusal};
use crate::record::{ReportProgress, ReportSent};
use borsh::{BorshDeserialize, BorshSerialize};

/// A report of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ReportState {
    /// The newest time of its schedule for which it left; at first, when it came into the programme.
    pub due_at: At,
    /// What became of that one.
    pub progress: Option<ReportProgress>,
    pub told_at: At,
    pub taken: u32,
}

impl Engine {
    pub(crate) fn keep_reports(&mut self) {
        let (now, programme) = (self.state.at, self.programme.clone());
        let reports = &mut self.state.reports;
        reports.retain(|name, _| programme.reports.contains_key(name));
        for name in programme.reports.keys() {
            let new = ReportState { due_at: now, progress: None, told_at: now, taken: 0 };
            reports.entry(name.clone()).or_insert(new);
        }
    }

    /// What became of a report last.
    pub fn report(&self, name: &str) -> Option<ReportState> {
        self.state.reports.get(name).copied()
    }

    /// The next time of a report's schedule after the one for which it left.
    pub fn report_due(&self, name: &str) -> Option<At> {
        let (state, report) = (self.report(name)?, self.programme.reports.get(name)?);
        Some(report.schedule()?.next(At(state.due_at.0 + 1), &self.programme.timezone()))
    }

    /// When the first report is due.
    pub fn reports_due(&self) -> Option<At> {
        self.programme.reports.keys().filter_map(|name| self.report_due(name)).min()
    }

    /// The newest time, up to an instant, at which a report was due and has not left.
    pub fn report_missed(&self, name: &str, until: At) -> Option<At> {
        let schedule = self.programme.reports.get(name)?.schedule()?;
        let zone = self.programme.timezone();
        let mut due = self.report_due(name).filter(|due| *due <= until)?;
        loop {
            let next = schedule.next(At(due.0 + 1), &zone);
            if next > until || next <= due {
                return Some(due);
            }
            due = next;
        }
    }

    pub(crate) fn check_report(&self, sent: &ReportSent<'_>) -> Result<(), Refusal> {
        let fits = self.report(sent.report).is_some_and(|state| match sent.progress {
            ReportProgress::Begun => state.due_at < sent.due_at,
            ReportProgress::Sent | ReportProgress::Failed => {
                state.due_at == sent.due_at && state.progress == Some(ReportProgress::Begun)
            }
        });
        if fits { Ok(()) } else { Err(Refusal::ReportNotDue) }
    }

    pub(crate) fn apply_report(&mut self, sent: &ReportSent<'_>) {
        let state = self.state.reports.get_mut(sent.report).expect("invariant: checked");
        let ReportSent { due_at, progress, told_at, taken, .. } = *sent;
        *state = ReportState { due_at, progress: Some(progress), told_at, taken };
    }
}
