//! Targets: what key figures are to come to. Nothing that the engine does follows from them; they are part of the programme so
//! that every screen, command and report holds a figure against the same number.

use crate::day::Day;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a key figure is to come to. Whether that is the least or the most is the figure's nature, and not said here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Millionths: of a unit of the currency, of one in shares, of a piece in counts.
    pub millionths: i64,
    /// Of a figure that is money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Of a figure that adds up: in how long a time it is to come to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<TargetPeriod>,
}

impl Target {
    /// In units.
    pub fn value(&self) -> f64 {
        self.millionths as f64 / 1e6
    }
}

/// A length of the calendar in which a figure is to come to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetPeriod {
    /// From Monday to Sunday.
    Week,
    Month,
    /// From the first of January, April, July or October.
    Quarter,
}

impl TargetPeriod {
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    pub fn name(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
        }
    }

    /// The first and the last day of the one in which a day lies.
    pub fn around(self, day: Day) -> (Day, Day) {
        let date = day.date();
        match self {
            Self::Week => {
                let monday = day.plus(-i32::from(date.weekday().to_monday_zero_offset()));
                (monday, monday.plus(6))
            }
            Self::Month => months(date, date.month(), 1),
            Self::Quarter => months(date, (date.month() - 1) / 3 * 3 + 1, 3),
        }
    }
}

/// So many months of the year, from a month on.
fn months(date: Date, from: i8, many: i8) -> (Day, Day) {
    let begin =
        |month: i8| date.with().month(month).day(1).build().expect("invariant: a month has a first day");
    let last = begin(from + many - 1).last_of_month();
    (Day::of_date(begin(from)), Day::of_date(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lies_in_one_week_month_and_quarter() {
        let day = |text| Day::parse(text).unwrap();
        for (on, period, from, until) in [
            ("2026-11-25", TargetPeriod::Week, "2026-11-23", "2026-11-29"),
            ("2026-11-23", TargetPeriod::Week, "2026-11-23", "2026-11-29"),
            ("2026-11-29", TargetPeriod::Week, "2026-11-23", "2026-11-29"),
            ("1969-12-31", TargetPeriod::Week, "1969-12-29", "1970-01-04"),
            ("2028-02-10", TargetPeriod::Month, "2028-02-01", "2028-02-29"),
            ("2026-12-31", TargetPeriod::Month, "2026-12-01", "2026-12-31"),
            ("2026-12-31", TargetPeriod::Quarter, "2026-10-01", "2026-12-31"),
            ("2026-01-01", TargetPeriod::Quarter, "2026-01-01", "2026-03-31"),
            ("2026-05-30", TargetPeriod::Quarter, "2026-04-01", "2026-06-30"),
        ] {
            assert_eq!(period.around(day(on)), (day(from), day(until)), "{on} {}", period.name());
        }
    }
}
