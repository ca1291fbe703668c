//! Exact figures over the numbers that a window has. The order in which they are met does not matter.

use super::Aggregate;
use std::cmp::Ordering;

#[derive(Default)]
pub(super) struct Total {
    sum: i128,
    count: i128,
    least: i64,
    greatest: i64,
    oldest: u32,
}

impl Total {
    pub(super) fn add(&mut self, millionths: i64, second: u32) {
        (self.least, self.greatest, self.oldest) = if self.count == 0 {
            (millionths, millionths, second)
        } else {
            (self.least.min(millionths), self.greatest.max(millionths), self.oldest.min(second))
        };
        self.sum += i128::from(millionths);
        self.count += 1;
    }

    /// The second of the oldest event with a number; `None` where no event has one.
    pub(super) fn oldest(&self) -> Option<u32> {
        (self.count > 0).then_some(self.oldest)
    }

    /// The figure in millionths, an average rounded down; `None` where no event has a number.
    pub(super) fn figure(&self, aggregate: Aggregate) -> Option<i128> {
        (self.count > 0).then(|| match aggregate {
            Aggregate::Sum => self.sum,
            Aggregate::Average => self.sum.div_euclid(self.count),
            Aggregate::Least => self.least.into(),
            Aggregate::Greatest => self.greatest.into(),
        })
    }

    /// How a figure stands to a bound in millionths. An average is compared without dividing, so that it stays exact.
    pub(super) fn compare(&self, aggregate: Aggregate, bound: i128) -> Ordering {
        match aggregate {
            Aggregate::Sum => self.sum.cmp(&bound),
            Aggregate::Average => self.sum.cmp(&bound.saturating_mul(self.count)),
            Aggregate::Least => i128::from(self.least).cmp(&bound),
            Aggregate::Greatest => i128::from(self.greatest).cmp(&bound),
        }
    }
}
