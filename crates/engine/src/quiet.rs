//! Quiet hours: when it is night on somebody's clock, and the first instant at which it is not.
//!
//! It is night while the clock on the wall says so. Where the clocks are put forward over the end of the night, the night
//! ends with that; where they are put back into it, it is night again.

use crate::at::{At, Span};
use crate::limits::{CLOCK_CHANGES_MAX, ZONES_MAX};
use crate::programme::{Channel, QuietHours};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Hours of every day, on whatever clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hours {
    from: Span,
    to: Span,
}

impl Hours {
    pub(crate) fn of(definition: &QuietHours) -> Self {
        let of_day = |minute: u16| Span::MINUTE.times(i64::from(minute));
        Self { from: of_day(definition.from), to: of_day(definition.to) }
    }

    /// Whether it is night when the clock shows this time of day.
    fn hold(&self, time: Span) -> bool {
        match self.from <= self.to {
            true => self.from <= time && time < self.to,
            false => time >= self.from || time < self.to,
        }
    }

    /// The first instant from this one on at which it is not night in a zone.
    pub(crate) fn opens(&self, from: At, zone: &TimeZone) -> At {
        let mut at = from;
        for _ in 0..CLOCK_CHANGES_MAX {
            // Nobody sends anything at the ends of time.
            let Ok(instant) = Timestamp::from_millisecond(at.0) else { return at };
            let offset = Span::SECOND.times(i64::from(zone.to_offset(instant).seconds()));
            let time = Span(at.plus(offset).0.rem_euclid(Span::DAY.0));
            if !self.hold(time) {
                return at;
            }
            let ends = at.plus(Span((self.to.0 - time.0).rem_euclid(Span::DAY.0)));
            let changes = zone.following(instant).next().map(|one| At(one.timestamp().as_millisecond()));
            match changes.filter(|change| *change <= ends) {
                Some(change) => at = change,
                None => return ends,
            }
        }
        at
    }

    /// The first instant at which it is night in none of several zones. Where there is no such instant, one far away.
    pub(crate) fn opens_in_all(&self, from: At, zones: &[TimeZone]) -> At {
        let mut at = from;
        for _ in 0..ZONES_MAX {
            let opens = zones.iter().fold(at, |at, zone| self.opens(at, zone));
            if opens == at {
                return at;
            }
            at = opens;
        }
        at
    }
}

impl QuietHours {
    /// Whether they are kept on a channel. What waits for the person inside an app or on a page wakes nobody.
    pub(crate) fn holds_on(&self, channel: Channel) -> bool {
        match self.channels.is_empty() {
            true => !matches!(channel, Channel::InApp | Channel::Webhook | Channel::Onsite | Channel::Call),
            false => self.channels.contains(&channel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programme::timezone;

    fn hours(from: u16, to: u16) -> Hours {
        Hours::of(&QuietHours { from, to, ..QuietHours::default() })
    }

    #[test]
    fn the_night_ends_by_the_clock_on_the_wall() {
        let evening = (21 * 60, 8 * 60);
        let noon = (12 * 60, 14 * 60);
        for (zone, (from, to), at, opens) in [
            // An ordinary night, from both sides of midnight, and its edges.
            ("Europe/Rome", evening, "2026-01-05T20:00Z", "2026-01-06T07:00Z"),
            ("Europe/Rome", evening, "2026-01-05T19:59:59.999Z", "2026-01-05T19:59:59.999Z"),
            ("Europe/Rome", evening, "2026-01-06T02:00Z", "2026-01-06T07:00Z"),
            ("Europe/Rome", evening, "2026-01-06T06:59:59.999Z", "2026-01-06T07:00Z"),
            ("Europe/Rome", evening, "2026-01-06T07:00Z", "2026-01-06T07:00Z"),
            ("Asia/Kolkata", evening, "2026-01-05T20:00Z", "2026-01-06T02:30Z"),
            ("America/New_York", noon, "2026-01-05T17:30Z", "2026-01-05T19:00Z"),
            // Clocks are put forward at 02:00 and back at 03:00: the night is an hour shorter, and longer.
            ("Europe/Rome", evening, "2026-03-28T22:00Z", "2026-03-29T06:00Z"),
            ("Europe/Rome", evening, "2026-10-24T22:00Z", "2026-10-25T07:00Z"),
            // The end of the night is skipped: it ends as 02:00 becomes 03:00.
            ("Europe/Rome", (60, 150), "2026-03-29T00:30Z", "2026-03-29T01:00Z"),
            // Its beginning is skipped, and its end too: there is no such night.
            ("Europe/Rome", (125, 150), "2026-03-29T00:59Z", "2026-03-29T00:59Z"),
            ("Europe/Rome", (125, 150), "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
            // 02:30 comes twice: the night ends, and comes again when 03:00 becomes 02:00.
            ("Europe/Rome", (60, 150), "2026-10-25T00:10Z", "2026-10-25T00:30Z"),
            ("Europe/Rome", (60, 150), "2026-10-25T00:59Z", "2026-10-25T00:59Z"),
            ("Europe/Rome", (60, 150), "2026-10-25T01:00Z", "2026-10-25T01:30Z"),
            // It would end at the very instant at which the clocks are put back into it.
            ("Europe/Rome", (120, 180), "2026-10-25T00:10Z", "2026-10-25T02:00Z"),
            // A zone that skipped a whole day.
            ("Pacific/Apia", evening, "2011-12-30T08:00Z", "2011-12-30T18:00Z"),
        ] {
            let zone = timezone(zone).unwrap();
            let [at, opens] = [at, opens].map(|text| At::parse(text).unwrap());
            assert_eq!(hours(from, to).opens(at, &zone), opens, "{zone:?} {from} to {to} at {at}");
        }
    }

    #[test]
    fn nobody_is_woken_whose_zone_may_be_one_of_several() {
        let zones = ["Europe/Rome", "America/New_York"].map(|name| timezone(name).unwrap());
        let opens =
            |at: &str| hours(21 * 60, 8 * 60).opens_in_all(At::parse(at).unwrap(), &zones).to_string();
        assert_eq!(opens("2026-01-05T08:00Z"), "2026-01-05T13:00:00.000Z", "day in Rome, night in New York");
        assert_eq!(opens("2026-01-05T19:00Z"), "2026-01-05T19:00:00.000Z");
        assert_eq!(
            opens("2026-01-05T20:00Z"),
            "2026-01-06T13:00:00.000Z",
            "first Rome's night, then New York's"
        );
    }
}
