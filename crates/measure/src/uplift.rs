//! What a spot, a fair or a round of flyers brought: how much more happened just after it than was to be expected.
//!
//! The same window of earlier weeks says what is usual: the rate after the beginning over the rate before it. Expected is what
//! came before this flight, times that. So an hour of the day, a day of the week and a loud or quiet week are all allowed for,
//! and what is left is the flight's, or that of whatever else happened just then: it is *directional*, and no proof. Weeks in
//! which another flight was in the air are left out; of five or more, the two with the largest and the smallest rate do not
//! decide what is usual. The interval is that of a ratio of four counts on a scale of logarithms, widened by how much more the
//! weeks differ among themselves than counts do by chance, with Student's quantile for so few weeks.

use engine::at::{At, Span};
use engine::record::Medium;
use engine::spend::Flight;
use jiff::tz::TimeZone;

/// Weeks that are looked at, and the fewest that say anything.
pub const WEEKS: usize = 8;
pub const WEEKS_MIN: usize = 3;

/// Which stretches are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How long after the end of a flight something is still its.
    pub after: Span,
    /// How long before its beginning says how loud the time is.
    pub before: Span,
}

impl Watch {
    /// Minutes for a spot, days for what lies in a letter box.
    pub fn usual(medium: Medium) -> Self {
        match medium {
            Medium::Tv | Medium::Radio => Self { after: Span::MINUTE.times(10), before: Span::HOUR },
            Medium::Call => Self { after: Span::HOUR, before: Span::HOUR.times(6) },
            Medium::Press | Medium::Outdoor | Medium::Flyer | Medium::DoorToDoor | Medium::Fair => {
                Self { after: Span::DAY.times(2), before: Span::DAY.times(4) }
            }
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Uplift {
    /// What happened from its beginning to the end of its window.
    pub observed: u64,
    pub expected: f64,
    /// Observed less expected.
    pub uplift: f64,
    /// Of that, at 95 %.
    pub interval: (f64, f64),
    /// Weeks that say what is usual.
    pub weeks: usize,
    /// How much more they differ than counts do by chance; 1 at least.
    pub dispersion: f64,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmeasured {
    /// Fewer earlier weeks than are needed, or other flights in them.
    FewWeeks(usize),
    /// Nothing happened before it, or in the weeks before.
    Silent,
    /// Its window is not over yet.
    NotOver,
}

impl std::fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewWeeks(weeks) => write!(
                f,
                "{weeks} earlier weeks without another flight say what is usual, and {WEEKS_MIN} are needed"
            ),
            Self::Silent => write!(f, "nothing happened before it, so nothing is usual"),
            Self::NotOver => write!(f, "its window is not over yet"),
        }
    }
}

/// One week: counts in the window before and in the window after.
#[derive(Clone, Copy, Debug)]
struct Pair {
    before: f64,
    after: f64,
}

/// What a flight brought. `times` are in order, and begin at `known_from` and end at `known_to`.
pub fn uplift(
    times: &[At],
    (known_from, known_to): (At, At),
    flight: &Flight,
    others: &[&Flight],
    watch: Watch,
    timezone: &TimeZone,
) -> Result<Uplift, Unmeasured> {
    let (begin, end) = (flight.from, flight.until.plus(watch.after));
    if end > known_to {
        return Err(Unmeasured::NotOver);
    }
    let count = |from: At, to: At| {
        let before = |at: At| times.partition_point(|time| *time < at);
        (before(to) - before(from)) as f64
    };
    let pair = |begin: At, end: At| Pair {
        before: count(begin.minus(watch.before), begin),
        after: count(begin, end),
    };
    let length = end.since(begin).0 + watch.before.0;
    // Windows of earlier weeks lie apart from each other and from this one.
    let step = (length + 7 * Span::DAY.0 - 1) / (7 * Span::DAY.0);
    let is_clear = |from: At, to: At| {
        others
            .iter()
            .filter(|one| one.key != flight.key)
            .all(|one| one.until.plus(watch.after) <= from || to <= one.from)
    };
    let weeks: Vec<Pair> = (1..=WEEKS as i64)
        .filter_map(|number| {
            let shifted = |at| weeks_before(at, number * step, timezone);
            let (from, to) = (shifted(begin), shifted(end));
            let is_known = from.minus(watch.before) >= known_from;
            (is_known && is_clear(from.minus(watch.before), to)).then(|| pair(from, to))
        })
        .collect();
    if weeks.len() < WEEKS_MIN {
        return Err(Unmeasured::FewWeeks(weeks.len()));
    }
    compare(pair(begin, end), &weeks).ok_or(Unmeasured::Silent)
}

/// The same time of the day on the same day of an earlier week, where the clocks are.
fn weeks_before(at: At, weeks: i64, timezone: &TimeZone) -> At {
    let timestamp = jiff::Timestamp::from_millisecond(at.0).expect("invariant: a flight is checked");
    let earlier = timestamp.to_zoned(timezone.clone()).checked_sub(jiff::Span::new().weeks(weeks));
    earlier.map_or(At::MIN, |earlier| At(earlier.timestamp().as_millisecond()))
}

fn compare(now: Pair, weeks: &[Pair]) -> Option<Uplift> {
    // Half an event on each side, so that a quiet week says something too.
    let rate = |pair: &Pair| (pair.after + 0.5) / (pair.before + 0.5);
    let mut middle = weeks.to_vec();
    middle.sort_by(|one, two| rate(one).total_cmp(&rate(two)));
    if middle.len() >= 5 {
        middle.remove(0);
        middle.pop();
    }
    let sum = |of: fn(&Pair) -> f64| middle.iter().map(of).sum::<f64>();
    let (usual_before, usual_after) = (sum(|pair| pair.before), sum(|pair| pair.after));
    if now.before == 0.0 || usual_before == 0.0 {
        return None;
    }
    let usual = (usual_after + 0.5) / (usual_before + 0.5);
    let expected = now.before * usual;
    // Under a common rate, after less rate times before has the variance rate × mean × (1 + rate).
    let strange = weeks.iter().map(|pair| {
        let mean = (pair.before + pair.after + 0.5) / (1.0 + usual);
        (pair.after - usual * pair.before).powi(2) / (usual * mean * (1.0 + usual))
    });
    let dispersion = (strange.sum::<f64>() / (weeks.len() - 1) as f64).max(1.0);
    let variance = 1.0 / (now.after + 0.5)
        + 1.0 / (now.before + 0.5)
        + 1.0 / (usual_after + 0.5)
        + 1.0 / (usual_before + 0.5);
    let half = student(weeks.len() - 1) * (dispersion * variance).sqrt();
    let ratio = (now.after + 0.5) / (now.before + 0.5) / usual;
    // The ratio's ends as events: what would be expected, so many times over, less what was.
    let uplift = now.after - expected;
    let of_ratio = |ratio: f64| expected * (ratio - 1.0);
    let (low, high) = (of_ratio(ratio * (-half).exp()), of_ratio(ratio * half.exp()));
    Some(Uplift {
        observed: now.after as u64,
        expected,
        uplift,
        interval: (low.min(uplift), high.max(uplift)),
        weeks: weeks.len(),
        dispersion,
    })
}

/// Student's quantile that leaves 2.5 % above it, for 1 to 7 degrees of freedom.
fn student(freedom: usize) -> f64 {
    const QUANTILES: [f64; WEEKS - 1] = [12.706_2, 4.302_7, 3.182_4, 2.776_4, 2.570_6, 2.446_9, 2.364_6];
    QUANTILES[freedom.clamp(1, WEEKS - 1) - 1]
}
