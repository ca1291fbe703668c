//! Visits: which of the things that somebody did belong to one. Key figures and credit both count these.

use super::{Occasion, Touchpoint};
use crate::refund::Kept;
use engine::at::{At, Span};
use engine::{ProfileId, Seq};

/// A visit ends when somebody does nothing for so long.
pub const SILENCE: Span = Span::MINUTE.times(30);

/// A page that is opened so soon after a click is where the click led, whatever its tags say.
pub const LANDING: Span = Span::MINUTE;

/// Something that one person did, or that was done to them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) owner: ProfileId,
    pub(crate) at: At,
    pub(crate) seq: Seq,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// Part of a visit, and where that would come from.
    Hit {
        touch: u32,
        /// Number of what its tags say: source, medium and campaign.
        tags: u32,
        is_tagged: bool,
    },
    /// A click, or a code that was scanned, that leads to the site. One on a link of ours may itself be where a click led.
    Opens {
        touch: u32,
        tags: u32,
        follows: bool,
    },
    Send(u32),
    Told(u32),
    Converts(Amount),
    /// Takes back what converted.
    Refunds(Amount),
}

/// What a conversion or a refund says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(super) millionths: Option<i64>,
    /// Number of its name.
    pub(super) currency: u16,
    /// A hash of the order's number.
    pub(super) number: Option<u64>,
}

/// A conversion with what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) at: At,
    pub(super) millionths: i64,
    pub(super) currency: u16,
}

impl What {
    /// Of one record the visit comes before the conversion.
    pub(super) fn rank(self) -> u8 {
        u8::from(matches!(self, Self::Converts(_)))
    }
}

/// The visit that somebody is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    tags: u32,
    newest: At,
    /// When it was opened by a click.
    clicked_at: Option<At>,
}

impl Visit {
    /// Takes in what one person did next. The touch by which it begins another visit, and how; `None` where it goes on with the
    /// one that they are in, or has nothing to do with visits.
    pub(crate) fn step(visit: &mut Option<Self>, at: At, what: What) -> Option<(u32, Occasion)> {
        let (touch, tags, is_tagged, follows, clicked_at) = match what {
            What::Hit { touch, tags, is_tagged } => (touch, tags, is_tagged, true, None),
            What::Opens { touch, tags, follows } => (touch, tags, true, follows, Some(at)),
            What::Send(_) | What::Told(_) | What::Converts(_) | What::Refunds(_) => return None,
        };
        if let Some(visit) = visit.as_mut().filter(|visit| visit.goes_on(at, tags, is_tagged, follows)) {
            visit.newest = at;
            visit.clicked_at = clicked_at.or(visit.clicked_at);
            return None;
        }
        *visit = Some(Self { tags, newest: at, clicked_at });
        Some((touch, if clicked_at.is_some() { Occasion::Click } else { Occasion::Visit }))
    }

    fn goes_on(&self, at: At, with: u32, is_tagged: bool, follows: bool) -> bool {
        let is_landing = self.clicked_at.is_some_and(|clicked| at.since(clicked) <= LANDING);
        !self.is_over(at) && (!is_tagged || is_landing && follows || self.tags == with)
    }

    /// Whether so much silence lies between it and an instant that it is over.
    pub(crate) fn is_over(&self, at: At) -> bool {
        at.since(self.newest) >= SILENCE
    }
}

/// The touchpoints and conversions of one person, from marks in the order of time. `fits` says whether a refund in one currency
/// can be of an order in another.
pub(super) fn points(marks: &[Mark], fits: impl Fn(u16, u16) -> bool) -> (Vec<Touchpoint>, Vec<Converted>) {
    let mut points = Vec::new();
    let mut kept: Kept<(At, u16)> = Kept::default();
    let mut visit: Option<Visit> = None;
    for Mark { at, seq, what, .. } in marks {
        let mut touched = |touch, occasion| points.push(Touchpoint { at: *at, seq: *seq, occasion, touch });
        match *what {
            What::Hit { .. } | What::Opens { .. } => {
                if let Some((touch, occasion)) = Visit::step(&mut visit, *at, *what) {
                    touched(touch, occasion);
                }
            }
            What::Send(touch) => touched(touch, Occasion::Send),
            What::Told(touch) => touched(touch, Occasion::Told),
            What::Converts(Amount { millionths, currency, number }) => {
                kept.order((*at, currency), number, millionths);
            }
            What::Refunds(Amount { millionths, currency, number }) => {
                kept.refund(number, millionths, |order| fits(currency, order.1));
            }
        }
    }
    let left = |one: crate::refund::KeptOrder<(At, u16)>| {
        let (at, currency) = one.order;
        Converted { at, millionths: one.millionths.unwrap_or(0).max(0), currency }
    };
    (points, kept.standing().map(left).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u32 = 0;
    const B: u32 = 1;
    const DIRECT: u32 = 2;

    fn hit(touch: u32) -> What {
        What::Hit { touch, tags: touch, is_tagged: touch != DIRECT }
    }

    fn click(touch: u32) -> What {
        What::Opens { touch, tags: touch, follows: false }
    }

    /// Minutes and what happened; then the minutes and touches of what counts.
    type Case<'a> = (&'a str, &'a [(f64, What)], &'a [(f64, u32, Occasion)]);

    #[test]
    fn visits_begin_where_the_table_says() {
        use Occasion::{Click, Send, Told, Visit};
        let cases: &[Case<'_>] = &[
            (
                "less than half an hour of silence goes on",
                &[(0.0, hit(A)), (29.9, hit(DIRECT)), (59.7, hit(DIRECT))],
                &[(0.0, A, Visit)],
            ),
            (
                "half an hour of silence ends it",
                &[(0.0, hit(A)), (30.0, hit(DIRECT))],
                &[(0.0, A, Visit), (30.0, DIRECT, Visit)],
            ),
            (
                "another campaign begins a new one",
                &[(0.0, hit(A)), (5.0, hit(B))],
                &[(0.0, A, Visit), (5.0, B, Visit)],
            ),
            ("the same campaign does not", &[(0.0, hit(A)), (5.0, hit(A))], &[(0.0, A, Visit)]),
            (
                "who comes back from a till comes from nowhere new",
                &[(0.0, hit(A)), (5.0, What::Hit { touch: B, tags: B, is_tagged: false })],
                &[(0.0, A, Visit)],
            ),
            ("midnight ends nothing", &[(1_435.0, hit(A)), (1_445.0, hit(DIRECT))], &[(1_435.0, A, Visit)]),
            (
                "a click opens a visit, and its page is part of it",
                &[(0.0, click(A)), (0.9, hit(B)), (20.0, hit(DIRECT))],
                &[(0.0, A, Click)],
            ),
            (
                "later another campaign is another one again",
                &[(0.0, click(A)), (1.1, hit(B))],
                &[(0.0, A, Click), (1.1, B, Visit)],
            ),
            (
                "a second click in the same message is the same visit",
                &[(0.0, click(A)), (9.0, click(A))],
                &[(0.0, A, Click)],
            ),
            (
                "a link of ours may be where a click led",
                &[(0.0, click(A)), (0.0, What::Opens { touch: B, tags: B, follows: true })],
                &[(0.0, A, Click)],
            ),
            (
                "who reads a mail a moment after a scan was reached by both",
                &[(0.0, click(A)), (0.5, click(B))],
                &[(0.0, A, Click), (0.5, B, Click)],
            ),
            (
                "a page with the tags of the scan that led to it is of that visit, however late",
                &[(0.0, click(A)), (7.0, What::Hit { touch: B, tags: A, is_tagged: true })],
                &[(0.0, A, Click)],
            ),
            (
                "a send and a call are no visits, and end none",
                &[(0.0, hit(A)), (1.0, What::Send(B)), (2.0, What::Told(B)), (29.0, hit(DIRECT))],
                &[(0.0, A, Visit), (1.0, B, Send), (2.0, B, Told)],
            ),
        ];
        for (name, did, expected) in cases {
            let instant = |minutes: f64| At((minutes * 60_000.0) as i64);
            let marks: Vec<Mark> = did
                .iter()
                .map(|(minutes, what)| Mark {
                    owner: ProfileId(0),
                    at: instant(*minutes),
                    seq: Seq(1),
                    what: *what,
                })
                .collect();
            let (points, _) = points(&marks, |_, _| true);
            let found: Vec<_> = points.iter().map(|point| (point.at, point.touch, point.occasion)).collect();
            let expected: Vec<_> =
                expected.iter().map(|(at, touch, occasion)| (instant(*at), *touch, *occasion)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
