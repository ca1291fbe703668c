//! Two deeds: `A then B`, or `A then not B`, properties not asked, worked out for an instant. What a scan asks of everybody.
//!
//! Two sorted lists of seconds answer it, walked side by side from the end. Where an event of each lies in one second the
//! log decides, which is not looked at here: [`super::sequence`] does.

use super::rule::SequenceRule;
use crate::at::At;
use crate::name::NameId;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(super) first: NameId,
    pub(super) second: NameId,
    /// Whether the second is what must not follow.
    not: bool,
    /// First events count after this second.
    pub(super) start: u32,
    /// Up to this second: what happened later still has time.
    end: u32,
    /// Seconds after the first event in which the second counts; all of them where there is no limit.
    within: u32,
}

impl Pair {
    /// The kernel of a sequence that is simple enough.
    pub(super) fn new(rule: &SequenceRule, now: At) -> Option<Self> {
        let (then, not) = match (rule.then.as_slice(), &rule.then_not) {
            ([then], None) => (then, false),
            ([], Some(then)) => (then, true),
            _ => return None,
        };
        let is_plain = rule.first.checks.is_empty() && then.deed.checks.is_empty();
        let is_open = rule.bounds.before == u32::MAX && !rule.bounds.since_entry;
        if !is_plain || !is_open || rule.first.event == then.deed.event {
            return None;
        }
        let end = match then.within {
            Some(span) if not => Some(now.minus(span)).filter(|end| *end >= At(0))?.second(),
            _ => u32::MAX,
        };
        Some(Self {
            first: rule.first.event,
            second: then.deed.event,
            not,
            start: rule.bounds.start(now),
            end,
            within: then.within.map_or(u32::MAX, |span| u32::try_from(span.0 / 1_000).unwrap_or(u32::MAX)),
        })
    }

    /// Whether it holds for somebody who did the two at these times; `None` where the order within a second decides.
    pub(super) fn holds(&self, firsts: &[u32], seconds: &[u32]) -> Option<bool> {
        let mut later = seconds.len();
        for first in firsts.iter().rev().take_while(|first| **first > self.start) {
            while later > 0 && seconds[later - 1] > *first {
                later -= 1;
            }
            if later > 0 && seconds[later - 1] == *first {
                return None;
            }
            let follows = seconds.get(later).is_some_and(|next| next - first <= self.within);
            if follows != self.not && *first <= self.end {
                return Some(true);
            }
        }
        Some(false)
    }
}
