//! How sure a figure is: intervals at 95 % for shares, for costs by the count, and for ratios of sums over people.
//!
//! Each method is one that can be checked by hand; which figure has which is in [`super::table`]. A person is the unit that
//! chance acts on: someone's orders belong together, so ratios are over people and not over orders.

/// The normal quantile that leaves 2.5 % on each side.
pub const Z: f64 = 1.959_963_984_540_054;

/// Wilson's interval of a share: `count` of `of`. 14 of 28 gives 0.32633 to 0.67367.
pub fn wilson(count: u64, of: u64) -> Option<(f64, f64)> {
    if of == 0 || count > of {
        return None;
    }
    let (n, share) = (of as f64, count as f64 / of as f64);
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // Where nobody or everybody did, the end is exact.
    let low = if count == 0 { 0.0 } else { (middle - half) / scale };
    let high = if count == of { 1.0 } else { (middle + half) / scale };
    Some((low, high))
}

/// Byar's interval of the expectation of which a count is one draw: within a few per cent of the exact one from 1 on.
pub fn byar(count: u64) -> (f64, f64) {
    let bound = |count: f64, sign: f64| {
        let root = 1.0 - 1.0 / (9.0 * count) + sign * Z / (3.0 * count.sqrt());
        count * root.powi(3)
    };
    let low = if count == 0 { 0.0 } else { bound(count as f64, -1.0) };
    (low, bound(count as f64 + 1.0, 1.0))
}

/// What something costs by the piece, where the cost is known and the count could as well have been another. No upper end where
/// the count may be none at all.
pub fn by_count(cost: f64, count: u64) -> (f64, Option<f64>) {
    let (least, most) = byar(count);
    (cost / most, (least > 0.0).then(|| cost / least))
}

/// Sums over people of two amounts that each person has, and of their products.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    pub people: u64,
    pub x: f64,
    pub y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    /// Adds a person. The order of people decides the last digits: keep it the same.
    pub fn add(&mut self, x: f64, y: f64) {
        self.people += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    /// Variances of both sums and their covariance, people being drawn one by one.
    fn spread(&self) -> Option<(f64, f64, f64)> {
        if self.people < 2 {
            return None;
        }
        let n = self.people as f64;
        let scale = n / (n - 1.0);
        let about = |product: f64, one: f64, other: f64| scale * (product - one * other / n);
        Some((
            about(self.xx, self.x, self.x).max(0.0),
            about(self.yy, self.y, self.y).max(0.0),
            about(self.xy, self.x, self.y),
        ))
    }

    /// The interval of the ratio of the sums by the delta method.
    pub fn delta(&self) -> Option<(f64, f64)> {
        let (xx, yy, xy) = self.spread()?;
        if self.y == 0.0 {
            return None;
        }
        let ratio = self.x / self.y;
        let half = Z * ((xx - 2.0 * ratio * xy + ratio * ratio * yy).max(0.0)).sqrt() / self.y.abs();
        Some((ratio - half, ratio + half))
    }

    /// Fieller's interval of the same; `None` where the lower sum may as well be nothing, and the interval has no ends.
    pub fn fieller(&self) -> Option<(f64, f64)> {
        let (xx, yy, xy) = self.spread()?;
        let (z2, ratio) = (Z * Z, self.x / self.y);
        let g = z2 * yy / (self.y * self.y);
        if self.y == 0.0 || g >= 1.0 {
            return None;
        }
        let middle = ratio - g * if yy > 0.0 { xy / yy } else { 0.0 };
        let rest = if yy > 0.0 { xx - xy * xy / yy } else { xx };
        let inside = xx - 2.0 * ratio * xy + ratio * ratio * yy - g * rest;
        let half = Z / self.y.abs() * inside.max(0.0).sqrt();
        Some(((middle - half) / (1.0 - g), (middle + half) / (1.0 - g)))
    }

    /// The interval of the upper sum alone: who came, and how much each was worth, being drawn together.
    pub fn total(&self) -> (f64, f64) {
        let half = Z * self.xx.sqrt();
        (self.x - half, self.x + half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: (f64, f64), expected: (f64, f64), within: f64) {
        let is_near = (found.0 - expected.0).abs() <= within && (found.1 - expected.1).abs() <= within;
        assert!(is_near, "{found:?} is not {expected:?}");
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        near(wilson(14, 28).unwrap(), (0.32633, 0.67367), 5e-6);
        // Newcombe (1998), table I: 81/263, 15/148, 0/20, 1/29.
        near(wilson(81, 263).unwrap(), (0.2553, 0.3662), 5e-5);
        near(wilson(15, 148).unwrap(), (0.0624, 0.1605), 5e-5);
        near(wilson(0, 20).unwrap(), (0.0, 0.1611), 5e-5);
        near(wilson(1, 29).unwrap(), (0.0061, 0.1718), 5e-5);
        assert_eq!(wilson(28, 28).unwrap().1, 1.0);
        assert_eq!((wilson(0, 0), wilson(2, 1)), (None, None), "nothing of nothing is no share");
    }

    #[test]
    fn counts_have_nearly_the_exact_interval() {
        // Exact (Garwood): 0 → 3.689, 1 → 0.0253..5.5716, 10 → 4.7954..18.3904, 100 → 81.3635..121.6276.
        near(byar(0), (0.0, 3.689), 0.07);
        near(byar(1), (0.0253, 5.5716), 0.03);
        near(byar(10), (4.7954, 18.3904), 0.02);
        near(byar(100), (81.3635, 121.6276), 0.01);
        let (low, high) = by_count(1_000.0, 10);
        near((low, high.unwrap()), (1_000.0 / 18.3904, 1_000.0 / 4.7954), 1.0);
        assert_eq!(by_count(1_000.0, 0).1, None);
    }

    #[test]
    fn ratios_are_over_people() {
        let mut sums = Sums::default();
        for (x, y) in [(10.0, 1.0), (30.0, 2.0), (5.0, 1.0), (0.0, 1.0), (20.0, 1.0)] {
            sums.add(x, y);
        }
        // By hand: ratio 65/6; deviations x − ry are −0.8333, 8.3333, −5.8333, −10.8333, 9.1667, their squares 305.5556.
        let half = Z * (305.555_555_6_f64 * 5.0 / 4.0).sqrt() / 6.0;
        near(sums.delta().unwrap(), (65.0 / 6.0 - half, 65.0 / 6.0 + half), 1e-9);
        // Fieller's ends are where (x − ry)² = z² var(x − ry).
        let (xx, yy, xy) = sums.spread().unwrap();
        let (low, high) = sums.fieller().unwrap();
        for end in [low, high] {
            let distance = (65.0 - end * 6.0).powi(2) - Z * Z * (xx - 2.0 * end * xy + end * end * yy);
            assert!(distance.abs() < 1e-9, "{end} {distance}");
        }
        assert!(low < 65.0 / 6.0 && 65.0 / 6.0 < high);
        let mut one = Sums::default();
        one.add(3.0, 1.0);
        assert_eq!((one.delta(), one.fieller()), (None, None), "one person says nothing of others");
        let mut equal = Sums::default();
        (0..3).for_each(|_| equal.add(4.0, 2.0));
        near(equal.fieller().unwrap(), (2.0, 2.0), 1e-12);
    }
}
