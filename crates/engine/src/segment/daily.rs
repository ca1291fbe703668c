//! A condition about events that are compared with today: which of them pass changes at the beginning of a day, for each at
//! its own.
//!
//! Every event in the window may begin to pass, so all of them are looked at, unless as many pass already as decide it:
//! then it holds until the first of those leaves the window or passes no longer.

use super::eval::Verdict;
use super::rule::{DidRule, Measure};
use super::total::Total;
use crate::at::At;

/// Evaluates the condition on the events of a window, newest first: each with its second, whether it passes, and until
/// when. The total is that of the events that pass.
pub(super) fn daily(
    rule: &DidRule,
    events: impl Iterator<Item = (u32, Verdict)>,
    total: impl FnOnce() -> Total,
) -> Verdict {
    let (enough, holds_with_enough) = match rule.quantity {
        Measure::AtLeast(0) => return Verdict::always(true),
        Measure::AtLeast(count) => (u64::from(count), true),
        Measure::AtMost(count) | Measure::Exactly(count) => (u64::from(count) + 1, false),
        Measure::Aggregate { .. } => (u64::MAX, true),
    };
    let mut passing = 0;
    // The first change of what passes, and of any event.
    let (mut of_passing, mut of_all) = (At::MAX, At::MAX);
    for (second, event) in events {
        of_all = of_all.min(event.until);
        if event.holds {
            passing += 1;
            of_passing = of_passing.min(event.until).min(rule.bounds.expiry(second));
            if passing == enough {
                return Verdict { holds: holds_with_enough, until: of_passing };
            }
        }
    }
    let first = of_passing.min(of_all);
    match &rule.quantity {
        Measure::AtLeast(_) => Verdict { holds: false, until: of_all },
        Measure::AtMost(_) => Verdict { holds: true, until: of_all },
        Measure::Exactly(count) if passing == u64::from(*count) => Verdict { holds: true, until: first },
        Measure::Exactly(_) => Verdict { holds: false, until: of_all },
        Measure::Aggregate { aggregate, comparison, millionths, .. } => {
            let total = total();
            let compares = || comparison.holds(total.compare(*aggregate, *millionths));
            Verdict { holds: total.oldest().is_some() && compares(), until: first }
        }
    }
}
