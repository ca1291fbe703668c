//! When an event happened: what the client's clock says, mended where that clock is plainly wrong.
//!
//! SDKs disagree on the fields. Segment's send the event's time as `timestamp`, RudderStack's as `originalTimestamp`;
//! where both are there, `timestamp` is a time that the programmer gave. `sentAt` is the client's clock at the hand-over,
//! so its distance from our own clock is the error of that clock, as long as the batch did not wait somewhere between.

use crate::limits::{CLOCK_NOISE, CLOCK_SKEW_MAX, LATE_AFTER, OCCURRED_MIN};
use engine::at::{At, Span};
use engine::record::EventFlags;

/// The times on a call, as written.
pub(super) struct Stated<'a> {
    pub(super) timestamp: Option<&'a str>,
    pub(super) original_timestamp: Option<&'a str>,
    pub(super) sent_at: Option<&'a str>,
}

/// When it happened, never after `received_at`, and what is to be said about that.
pub(super) fn occurred_at(stated: &Stated<'_>, received_at: At) -> (At, EventFlags) {
    let timestamp = stated.timestamp.and_then(parse);
    let original = stated.original_timestamp.and_then(parse);
    let stated_at = match (timestamp, original) {
        (Some(timestamp), _) if stated.original_timestamp.is_some() => Some(timestamp),
        _ => timestamp.or(original).map(|at| at.plus(clock_error(stated.sent_at, received_at))),
    };
    let Some(at) = stated_at else {
        let silent = stated.timestamp.is_none() && stated.original_timestamp.is_none();
        let flags = if silent { EventFlags::default() } else { EventFlags::CLOCK_MENDED };
        return (received_at, flags);
    };
    if at > received_at.plus(CLOCK_NOISE) || at < OCCURRED_MIN {
        return (received_at, EventFlags::CLOCK_MENDED);
    }
    let late = received_at.since(at) > LATE_AFTER;
    (at.min(received_at), if late { EventFlags::LATE } else { EventFlags::default() })
}

/// What must be added to the client's times: nothing where its clock is right, or so wrong that it says nothing.
fn clock_error(sent_at: Option<&str>, received_at: At) -> Span {
    let error = sent_at.and_then(parse).map_or(0, |sent_at| received_at.since(sent_at).0);
    let credible = CLOCK_NOISE.0 < error.abs() && error.abs() < CLOCK_SKEW_MAX.0;
    Span(if credible { error } else { 0 })
}

/// Reads what [`At::parse`] reads, and seconds or milliseconds since 1970.
fn parse(text: &str) -> Option<At> {
    if let Ok(number) = text.parse::<f64>() {
        let seconds = number.abs() < 100_000_000_000.0;
        return Some(At((if seconds { number * 1_000.0 } else { number }) as i64));
    }
    At::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: &str = "2026-11-23T12:00:00Z";

    #[test]
    fn the_time_of_an_event_is_mended_only_where_the_clock_is_plainly_wrong() {
        const NONE: EventFlags = EventFlags(0);
        const MENDED: EventFlags = EventFlags::CLOCK_MENDED;
        const LATE: EventFlags = EventFlags::LATE;
        // timestamp, originalTimestamp, sentAt, what comes of it
        for (timestamp, original, sent_at, expected, flags) in [
            // The usual cases.
            ("2026-11-23T11:59:58.123Z", "", "2026-11-23T11:59:59Z", "2026-11-23T11:59:58.123Z", NONE),
            ("", "2026-11-23T11:59:58Z", "2026-11-23T11:59:59Z", "2026-11-23T11:59:58Z", NONE),
            ("", "", "", RECEIVED, NONE),
            ("", "", "2026-11-23T11:00:00Z", RECEIVED, NONE),
            ("2026-11-23T11:59:58Z", "", "", "2026-11-23T11:59:58Z", NONE),
            // Forms of time.
            ("2026-11-23T11:59:58.123456789Z", "", "", "2026-11-23T11:59:58.123Z", NONE),
            ("2026-11-23T11:59:58.112427+00:00", "", "", "2026-11-23T11:59:58.112Z", NONE),
            ("2026-11-23T13:59:58+02:00", "", "", "2026-11-23T11:59:58Z", NONE),
            ("2026-11-23 11:59:58", "", "", "2026-11-23T11:59:58Z", NONE),
            ("2026-11-23T11:59:58", "", "", "2026-11-23T11:59:58Z", NONE),
            ("2026-11-23", "", "", "2026-11-23T00:00:00Z", NONE),
            ("1795435198", "", "", "2026-11-23T11:59:58Z", NONE),
            ("1795435198123", "", "", "2026-11-23T11:59:58.123Z", NONE),
            // A clock an hour ahead, and one an hour behind.
            ("2026-11-23T12:59:50Z", "", "2026-11-23T13:00:00Z", "2026-11-23T11:59:50Z", NONE),
            ("2026-11-23T10:59:50Z", "", "2026-11-23T11:00:00Z", "2026-11-23T11:59:50Z", NONE),
            // A second of network is no error of a clock.
            ("2026-11-23T11:59:50Z", "", "2026-11-23T11:59:59Z", "2026-11-23T11:59:50Z", NONE),
            // RudderStack's SDK for Node kept `sentAt` over a minute of retries.
            ("", "2026-11-23T11:58:50Z", "2026-11-23T11:58:55Z", "2026-11-23T11:58:50Z", NONE),
            // A time that the programmer gave stands, whatever the clock says.
            (
                "2026-11-20T00:00:00Z",
                "2026-11-23T12:59:00Z",
                "2026-11-23T13:00:00Z",
                "2026-11-20T00:00:00Z",
                LATE,
            ),
            ("rubbish", "2026-11-23T12:59:00Z", "2026-11-23T13:00:00Z", "2026-11-23T11:59:00Z", NONE),
            // Back-dated on purpose.
            ("2024-01-02T03:04:05.678Z", "", "2026-11-23T12:00:00Z", "2024-01-02T03:04:05.678Z", LATE),
            // A clock two years ahead, one that was never set, and times that are none.
            ("2028-11-23T12:00:00Z", "", "2028-11-23T12:00:00Z", RECEIVED, MENDED),
            ("1970-01-01T00:01:00Z", "", "1970-01-01T00:01:01Z", RECEIVED, MENDED),
            ("yesterday", "", "", RECEIVED, MENDED),
            ("99999-99-99T00:00:00Z", "", "", RECEIVED, MENDED),
            ("1e300", "", "", RECEIVED, MENDED),
            // The future is not reached; a little of it is no fault.
            ("2026-11-23T12:30:00Z", "", "2026-11-23T12:00:00Z", RECEIVED, MENDED),
            ("2026-11-23T12:00:30Z", "", "2026-11-23T12:00:30Z", RECEIVED, NONE),
        ] {
            let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            let stated = Stated {
                timestamp: some(timestamp),
                original_timestamp: some(original),
                sent_at: some(sent_at),
            };
            let expected = At::parse(expected).unwrap();
            let occurred = occurred_at(&stated, At::parse(RECEIVED).unwrap());
            assert_eq!(occurred, (expected, flags), "{timestamp} {original} {sent_at}");
        }
    }
}
