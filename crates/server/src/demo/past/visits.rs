//! Who came to the shop, when, and what they did there. Everything is drawn from the numbers of people and visits, so that
//! the same past is told on every machine; of each person only how far they came is remembered.

use super::super::dice::Dice;
use super::super::shop::{PRODUCTS, WAYS};
use super::{DAYS, SLICES_A_DAY};
use engine::at::{At, Span};

/// How many come in each hour of a day, beside each other. Nobody sleeps at the same time everywhere, and few at noon.
const HOURS: [u64; 24] = [2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 9, 9, 9, 10, 11, 12, 12, 10, 7, 4];
const SLICES_AN_HOUR: usize = SLICES_A_DAY as usize / HOURS.len();
/// The bargain that makes the best customers: the holiday hamper, two at a time.
const HAMPER: u8 = 15;

/// One call of somebody's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) person: u32,
    /// Place in [`WAYS`]: how they came this time.
    pub(super) way: u8,
    /// Whether the browser knows who they are.
    pub(super) known: bool,
    pub(super) what: What,
}

/// What it tells; products by their place in [`PRODUCTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Land,
    View(u8),
    Add(u8),
    SignUp { offers: Option<bool>, newsletter: bool },
    Order(u8),
}

pub(super) struct Visits {
    people: u32,
    /// Whether each of those who came so far has signed up.
    known: Vec<bool>,
    visits: u64,
    /// Visits of the day by each way.
    ways: [u64; WAYS.len()],
}

impl Visits {
    pub(super) fn new(people: u32) -> Self {
        Self { people, known: Vec::with_capacity(people as usize), visits: 0, ways: [0; WAYS.len()] }
    }

    /// Those who come in a slice of the past that begins at `from`. For each who is new, somebody comes back.
    pub(super) fn come(&mut self, slice: i64, from: At, call: &mut dyn FnMut(At, Call)) {
        let by_now = self.people_by(slice + 1);
        while (self.known.len() as u64) < by_now {
            self.known.push(false);
            self.visit(self.known.len() as u32 - 1, from, call);
            // The square brings back above all those who came of late.
            let mut dice = self.dice();
            let ago = (u64::from(dice.below(1 << 16)).pow(2) * self.known.len() as u64) >> 32;
            self.visit(self.known.len() as u32 - 1 - ago as u32, from, call);
        }
    }

    /// Clicks on advertisements since it was last asked, by channels as files write them.
    pub(super) fn take_clicks(&mut self) -> [(&'static str, u64); 2] {
        let ways = std::mem::take(&mut self.ways);
        let by = |medium| {
            WAYS.iter().zip(ways).filter(move |(way, _)| way.campaign[1] == medium).map(|(_, clicks)| clicks)
        };
        [("paid-search", by("cpc").sum()), ("paid-social", by("social").sum())]
    }

    /// How many had come by the beginning of a slice: twice as many come in a day at the end as at the beginning.
    fn people_by(&self, slice: i64) -> u64 {
        let (day, slice) = ((slice / SLICES_A_DAY) as u64, (slice % SLICES_A_DAY) as usize);
        let (hour, within) = (slice / SLICES_AN_HOUR, slice % SLICES_AN_HOUR);
        let whole = HOURS.iter().sum::<u64>() * SLICES_AN_HOUR as u64;
        let today = HOURS[..hour].iter().sum::<u64>() * SLICES_AN_HOUR as u64 + HOURS[hour] * within as u64;
        let (at, end) = (u128::from(day * whole + today), u128::from(DAYS as u64 * whole));
        (u128::from(self.people) * at * (2 * end + at) / (3 * end * end)) as u64
    }

    fn dice(&mut self) -> Dice {
        self.visits += 1;
        Dice::new(self.visits.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn visit(&mut self, person: u32, from: At, call: &mut dyn FnMut(At, Call)) {
        let mut dice = self.dice();
        let way = dice.below(WAYS.len() as u32) as u8;
        self.ways[way as usize] += 1;
        let mut at = from.plus(Span(i64::from(dice.below(super::SLICE.0 as u32))));
        let mut known = self.known[person as usize];
        let mut tell = |dice: &mut Dice, known: bool, what| {
            call(at, Call { person, way, known, what });
            at = at.plus(Span(Span::SECOND.0 * i64::from(15 + dice.below(120))));
        };
        tell(&mut dice, known, What::Land);
        let mut seen = 0;
        for _ in 0..1 + dice.below(5) {
            seen = product(&mut dice);
            tell(&mut dice, known, What::View(seen));
        }
        if !known && dice.below(100) < 45 {
            let offers = [Some(true), Some(true), Some(true), Some(false), None][dice.below(5) as usize];
            let newsletter = dice.below(100) < 35;
            known = true;
            tell(&mut dice, known, What::SignUp { offers, newsletter });
            self.known[person as usize] = true;
        }
        if dice.below(100) < 28 {
            tell(&mut dice, known, What::Add(seen));
            if known && dice.below(100) < 45 {
                tell(&mut dice, known, What::Order(seen));
            }
        }
    }
}

/// What somebody looks at. The hampers are for few.
fn product(dice: &mut Dice) -> u8 {
    let product = dice.below(PRODUCTS.len() as u32) as u8;
    if product == HAMPER && dice.below(3) > 0 { 0 } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(people: u32) -> (Visits, Vec<(At, Call)>) {
        let (mut visits, mut calls) = (Visits::new(people), Vec::new());
        for slice in 0..DAYS * SLICES_A_DAY {
            visits.come(slice, At(0).plus(super::super::SLICE.times(slice)), &mut |at, call| {
                calls.push((at, call));
            });
        }
        (visits, calls)
    }

    #[test]
    fn everybody_comes_and_the_same_past_is_told_twice() {
        let (visits, calls) = past(2_000);
        assert_eq!(visits.known.len(), 2_000);
        assert_eq!(calls, past(2_000).1);
        let share =
            |wanted: fn(&What) -> bool| calls.iter().filter(|(_, call)| wanted(&call.what)).count() / 20;
        // A hundred people look at something this often, sign up, and order.
        assert!((500..900).contains(&share(|what| matches!(what, What::View(_)))));
        assert!((50..80).contains(&share(|what| matches!(what, What::SignUp { .. }))));
        assert!((10..40).contains(&share(|what| matches!(what, What::Order(_)))));
        let half = At(0).plus(Span::DAY.times(DAYS / 2));
        let later = calls.iter().filter(|(at, _)| *at >= half).count() as f64 / calls.len() as f64;
        assert!((0.55..0.65).contains(&later), "the shop grows: {later}");
    }

    #[test]
    fn nobody_orders_before_the_browser_knows_them() {
        let (_, calls) = past(500);
        assert!(calls.iter().all(|(_, call)| call.known || !matches!(call.what, What::Order(_))));
    }
}
