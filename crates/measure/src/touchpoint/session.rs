//! Sessions: which of the things that somebody did belong to one visit.

use super::{Conversion, Occasion, Touchpoint};
use engine::at::{At, Span};
use engine::{ProfileId, Seq};

/// A session ends when somebody does nothing for so long.
pub const SILENCE: Span = Span::MINUTE.times(30);

/// A page that is opened so soon after a click is where the click led, whatever its tags say.
pub const LANDING: Span = Span::MINUTE;

/// Something that one person did, or that was done to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) owner: ProfileId,
    pub(super) at: At,
    pub(super) seq: Seq,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Part of a visit, and where that would come from.
    Hit {
        touch: u32,
        is_tagged: bool,
    },
    /// A click that leads to the site.
    Opens(u32),
    Send(u32),
    Told(u32),
    Converts(i64),
}

impl What {
    /// Of one record the visit comes before the conversion.
    pub(super) fn rank(self) -> u8 {
        u8::from(matches!(self, Self::Converts(_)))
    }
}

struct Session {
    touch: u32,
    newest: At,
    /// When it was opened by a click.
    clicked_at: Option<At>,
}

/// The touchpoints and conversions of one person, from marks in the order of time.
pub(super) fn points(marks: &[Mark]) -> (Vec<Touchpoint>, Vec<Conversion>) {
    let (mut points, mut conversions) = (Vec::new(), Vec::new());
    let mut session: Option<Session> = None;
    for Mark { at, seq, what, .. } in marks {
        let mut touched = |touch, occasion| points.push(Touchpoint { at: *at, seq: *seq, occasion, touch });
        let goes_on = |session: &Option<Session>, with: u32, is_tagged: bool| {
            let Some(session) = session else { return false };
            let is_landing = session.clicked_at.is_some_and(|clicked| at.since(clicked) <= LANDING);
            at.since(session.newest) < SILENCE && (!is_tagged || is_landing || session.touch == with)
        };
        let (touch, clicked_at, occasion) = match *what {
            What::Hit { touch, is_tagged } if goes_on(&session, touch, is_tagged) => {
                session.as_mut().expect("invariant: it goes on").newest = *at;
                continue;
            }
            What::Opens(touch) if goes_on(&session, touch, true) => {
                let session = session.as_mut().expect("invariant: it goes on");
                (session.newest, session.clicked_at) = (*at, Some(*at));
                continue;
            }
            What::Hit { touch, .. } => (touch, None, Occasion::Visit),
            What::Opens(touch) => (touch, Some(*at), Occasion::Click),
            What::Send(touch) => {
                touched(touch, Occasion::Send);
                continue;
            }
            What::Told(touch) => {
                touched(touch, Occasion::Told);
                continue;
            }
            What::Converts(value_millionths) => {
                conversions.push(Conversion { at: *at, value_millionths });
                continue;
            }
        };
        touched(touch, occasion);
        session = Some(Session { touch, newest: *at, clicked_at });
    }
    (points, conversions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u32 = 0;
    const B: u32 = 1;
    const DIRECT: u32 = 2;

    fn hit(touch: u32) -> What {
        What::Hit { touch, is_tagged: touch != DIRECT }
    }

    /// Minutes and what happened; then the minutes and touches of what counts.
    type Case<'a> = (&'a str, &'a [(f64, What)], &'a [(f64, u32, Occasion)]);

    #[test]
    fn sessions_begin_where_the_table_says() {
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
                &[(0.0, hit(A)), (5.0, What::Hit { touch: B, is_tagged: false })],
                &[(0.0, A, Visit)],
            ),
            ("midnight ends nothing", &[(1_435.0, hit(A)), (1_445.0, hit(DIRECT))], &[(1_435.0, A, Visit)]),
            (
                "a click opens a session, and its page is part of it",
                &[(0.0, What::Opens(A)), (0.9, hit(B)), (20.0, hit(DIRECT))],
                &[(0.0, A, Click)],
            ),
            (
                "later another campaign is another one again",
                &[(0.0, What::Opens(A)), (1.1, hit(B))],
                &[(0.0, A, Click), (1.1, B, Visit)],
            ),
            (
                "a second click in the same message is the same visit",
                &[(0.0, What::Opens(A)), (9.0, What::Opens(A))],
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
            let (points, _) = points(&marks);
            let found: Vec<_> = points.iter().map(|point| (point.at, point.touch, point.occasion)).collect();
            let expected: Vec<_> =
                expected.iter().map(|(at, touch, occasion)| (instant(*at), *touch, *occasion)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
