//! What happens in a made-up shop in 400 days: the same events on every machine, in the order in which they happen.
//!
//! Activity is heavy-tailed (Pareto, 1.5), as people are: most come a few dozen times, one of them hundreds of thousands of
//! times. Half of the orders follow a cart of the last hour or so, so that asking what followed a cart has an answer.

use engine::at::{At, Span};

pub(crate) const PAGE_VIEWED: usize = 0;
pub(crate) const PRODUCT_ADDED: usize = 4;
pub(crate) const ORDER_COMPLETED: usize = 7;
/// Names, each with its share of a hundred events.
pub(crate) const NAMES: [(&str, u64); 8] = [
    ("Page Viewed", 34),
    ("Product Viewed", 22),
    ("Email Opened", 14),
    ("Search", 9),
    ("Product Added", 8),
    ("Login", 7),
    ("Share", 4),
    ("Order Completed", 2),
];
pub(crate) const SECTIONS: u64 = 20;
const BEGIN: At = At(1_750_000_000_000);
const DAYS: i64 = 400;
/// What the busiest person is held to.
const EVENTS_OF_ONE_MAX: f64 = 300_000.0;
const TOTAL_CENTS_MAX: u64 = 20_000;

/// One event.
#[derive(Clone, Copy)]
pub(crate) struct Happening {
    pub(crate) at: At,
    pub(crate) person: usize,
    /// Its place in [`NAMES`].
    pub(crate) name: usize,
    /// Cents, of an order; 0 otherwise.
    pub(crate) total: u64,
    /// Of a page; 0 otherwise.
    pub(crate) section: u64,
}

pub(crate) struct Shop {
    draw: Draw,
    people: usize,
    events: usize,
    next: usize,
    /// Where the curve of activity is cut off, so that nobody is busier than [`EVENTS_OF_ONE_MAX`].
    cut: f64,
    /// Who put something into a cart in the last 70 minutes, the oldest overwritten.
    carts: Vec<usize>,
    cart: usize,
}

impl Shop {
    pub(crate) fn new(people: usize, events: usize) -> Self {
        let carts_a_day = events as u64 * NAMES[PRODUCT_ADDED].1 / 100 / DAYS as u64;
        Self {
            draw: Draw(1),
            people,
            events,
            next: 0,
            // Square roots, products and quotients are exact everywhere; other functions are not.
            cut: (events as f64 / (3.0 * EVENTS_OF_ONE_MAX * people as f64)).sqrt(),
            carts: vec![0; (carts_a_day as usize * 70 / (24 * 60)).max(1)],
            cart: 0,
        }
    }

    /// Somebody; the lower the number, the busier. The cube is what gives the tail its weight.
    fn person(&mut self) -> usize {
        let uniform = self.draw.next() as f64 / (1_u64 << 31) as f64;
        let least = self.cut * self.cut * self.cut;
        let along = self.cut + uniform * (1.0 - self.cut);
        let place = (along * along * along - least) / (1.0 - least);
        ((place * self.people as f64) as usize).min(self.people - 1)
    }

    fn name(&mut self) -> usize {
        let mut left = self.draw.below(100);
        let mut name = 0;
        while left >= NAMES[name].1 {
            left -= NAMES[name].1;
            name += 1;
        }
        name
    }
}

impl Iterator for Shop {
    type Item = Happening;

    fn next(&mut self) -> Option<Happening> {
        if self.next == self.events {
            return None;
        }
        let since = Span::DAY.times(DAYS).0 as u64 * self.next as u64 / self.events as u64;
        self.next += 1;
        let (name, mut person) = (self.name(), self.person());
        if name == PRODUCT_ADDED {
            self.cart = (self.cart + 1) % self.carts.len();
            self.carts[self.cart] = person;
        }
        let mut total = 0;
        if name == ORDER_COMPLETED {
            total = 1 + self.draw.below(TOTAL_CENTS_MAX);
            if self.draw.below(2) == 0 {
                person = self.carts[self.draw.below(self.carts.len() as u64) as usize];
            }
        }
        let section = if name == PAGE_VIEWED { 1 + self.draw.below(SECTIONS) } else { 0 };
        Some(Happening { at: BEGIN.plus(Span(since as i64)), person, name, total, section })
    }
}

/// A small linear generator.
struct Draw(u64);

impl Draw {
    /// 31 bits.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
