//! From touchpoints to paths: what lay before each conversion, within the lookback.

use super::{Conversion, Occasion, Touchpoint, Touchpoints};
use crate::attribution::{Came, Full, Paths};
use engine::at::{At, Span};
use std::collections::HashMap;

/// Which paths are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Conversions from here on, and those who did not convert among whom was touched from here on.
    pub from: At,
    /// Up to here, left out.
    pub to: At,
    /// A touch counts for a conversion if it was in the half-open interval (conversion − lookback, conversion].
    pub lookback: Span,
    /// Whether sends are touches as well.
    pub sends: bool,
}

/// Paths of people, with what else is worth to know of them.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Each conversion is the end of a path. Who never converted in the time has one that ended in nothing, with their last
    /// touch in it.
    pub paths: Paths,
    /// Conversions that nobody's touch came before: no model can give them to anybody.
    pub without_touch: u64,
    pub people: u64,
    /// Touches before a conversion.
    pub touches: Spread,
    /// Seconds from the first touch to the conversion.
    pub seconds: Spread,
    frequent: HashMap<Vec<u16>, Came>,
}

/// A path without repetitions, as people walk it.
#[derive(Clone, Debug, PartialEq)]
pub struct Frequent {
    pub channels: Vec<String>,
    pub came: Came,
}

/// Numbers of which the middle and the average are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(Vec<u32>);

impl Spread {
    /// `None` where there is none.
    pub fn mean(&self) -> Option<f64> {
        let sum: u64 = self.0.iter().map(|one| u64::from(*one)).sum();
        (!self.0.is_empty()).then(|| sum as f64 / self.0.len() as f64)
    }

    /// So many hundredths are not greater.
    pub fn percentile(&self, hundredths: usize) -> Option<u32> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * hundredths).div_ceil(100).max(1) - 1;
        sorted.get(place).copied()
    }
}

impl Walked {
    fn new() -> Self {
        Self {
            paths: Paths::new(true, true),
            without_touch: 0,
            people: 0,
            touches: Spread::default(),
            seconds: Spread::default(),
            frequent: HashMap::new(),
        }
    }

    /// The paths that most people walked, those that converted most first.
    pub fn frequent(&self, most: usize) -> Vec<Frequent> {
        let mut all: Vec<(&Vec<u16>, &Came)> = self.frequent.iter().collect();
        all.sort_by(|(path, one), (other_path, other)| {
            let by = |came: &Came| (came.conversions, came.nulls);
            by(other)
                .partial_cmp(&by(one))
                .expect("invariant: counts compare")
                .then_with(|| path.cmp(other_path))
        });
        let named =
            |path: &[u16]| path.iter().map(|one| self.paths.name(usize::from(*one)).to_owned()).collect();
        all.into_iter()
            .take(most)
            .map(|(path, came)| Frequent { channels: named(path), came: *came })
            .collect()
    }

    /// Only what is part of a path becomes a channel.
    fn add(&mut self, points: &[(&str, At)], end: At, came: Came) -> Result<(), Full> {
        let seconds_before = |at: At| u32::try_from(end.since(at).0 / 1_000).unwrap_or(u32::MAX);
        let mut path = Vec::with_capacity(points.len());
        for (name, at) in points {
            let channel = self.paths.channel(name.as_bytes())?;
            self.paths.touch_before(channel, seconds_before(*at));
            path.push(channel);
        }
        self.paths.end(came);
        path.dedup();
        let entry = self.frequent.entry(path).or_default();
        entry.conversions += came.conversions;
        entry.value += came.value;
        entry.nulls += came.nulls;
        if let (Some((_, first)), true) = (points.first(), came.conversions > 0.0) {
            self.touches.0.push(points.len() as u32);
            self.seconds.0.push(seconds_before(*first));
        }
        Ok(())
    }
}

/// Walks everybody's touchpoints. More channels than can be numbered are a mistake of the rules.
pub fn walk(touchpoints: &mut Touchpoints<'_>, asked: Asked) -> Result<Walked, Full> {
    let mut walked = Walked::new();
    let names: Vec<String> = touchpoints.touches.iter().map(|touch| touch.channel.clone()).collect();
    let mut done = Ok(());
    touchpoints.each(|_, points, conversions| {
        let credited = points.iter().filter(|point| asked.sends || point.occasion != Occasion::Send);
        let points: Vec<(&str, At)> =
            credited.map(|point: &Touchpoint| (names[point.touch as usize].as_str(), point.at)).collect();
        done = done.and_then(|()| person(&mut walked, &points, conversions, asked));
    });
    done.map(|()| walked)
}

fn person(
    walked: &mut Walked,
    points: &[(&str, At)],
    conversions: &[Conversion],
    asked: Asked,
) -> Result<(), Full> {
    let is_in = |at: At| asked.from <= at && at < asked.to;
    let before = |end: At| {
        let from = points.partition_point(|(_, at)| *at <= end.minus(asked.lookback));
        let to = points.partition_point(|(_, at)| *at <= end);
        &points[from..to.max(from)]
    };
    let converted: Vec<&Conversion> = conversions.iter().filter(|one| is_in(one.at)).collect();
    for Conversion { at, value_millionths } in &converted {
        let touches = before(*at);
        if touches.is_empty() {
            walked.without_touch += 1;
            continue;
        }
        let value = *value_millionths as f64 / 1e6;
        walked.add(touches, *at, Came { conversions: 1.0, value, nulls: 0.0 })?;
    }
    let last = points.iter().rev().find(|(_, at)| is_in(*at));
    walked.people += u64::from(last.is_some() || !converted.is_empty());
    match last {
        Some((_, last)) if converted.is_empty() => {
            walked.add(before(*last), *last, Came { nulls: 1.0, ..Came::default() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of touches and of a conversion, with what is in its path.
    #[test]
    fn the_lookback_is_open_where_it_begins_and_closed_where_it_ends() {
        let day = Span::DAY.0;
        let asked =
            Asked { from: At(100 * day), to: At(200 * day), lookback: Span::DAY.times(30), sends: false };
        for (touches, converts, expected) in [
            (&[119 * day + 1, 149 * day][..], &[149 * day][..], &[(2, 1.0, 0.0)][..]),
            (&[119 * day, 149 * day], &[149 * day], &[(1, 1.0, 0.0)]),
            (&[149 * day + 1], &[149 * day], &[]),
            (&[149 * day], &[149 * day], &[(1, 1.0, 0.0)]),
            (&[99 * day], &[100 * day], &[(1, 1.0, 0.0)]),
            (&[99 * day], &[100 * day - 1], &[]),
            (&[199 * day], &[200 * day], &[(1, 0.0, 1.0)]),
            (&[110 * day, 120 * day], &[], &[(2, 0.0, 1.0)]),
            (&[80 * day, 110 * day], &[], &[(1, 0.0, 1.0)]),
            (&[110 * day], &[120 * day, 130 * day], &[(1, 1.0, 0.0), (1, 1.0, 0.0)]),
            (&[110 * day], &[141 * day], &[]),
            (&[250 * day], &[], &[]),
        ] {
            let mut walked = Walked::new();
            let points: Vec<(&str, At)> = touches.iter().map(|at| ("a", At(*at))).collect();
            let conversions: Vec<Conversion> =
                converts.iter().map(|at| Conversion { at: At(*at), value_millionths: 0 }).collect();
            person(&mut walked, &points, &conversions, asked).unwrap();
            let told: Vec<_> =
                walked.paths.iter().map(|(path, came)| (path.len(), came.conversions, came.nulls)).collect();
            assert_eq!(told, expected, "{touches:?} {converts:?}");
            let inside = converts.iter().filter(|at| asked.from.0 <= **at && **at < asked.to.0).count();
            let given = expected.iter().filter(|(_, conversions, _)| *conversions > 0.0).count();
            assert_eq!(walked.without_touch as usize, inside - given, "{touches:?} {converts:?}");
        }
    }

    #[test]
    fn the_middle_is_one_that_was_there() {
        let spread = Spread(vec![9, 1, 5, 2]);
        assert_eq!(
            (spread.mean(), spread.percentile(50), spread.percentile(90)),
            (Some(4.25), Some(2), Some(9))
        );
        assert_eq!((Spread::default().mean(), Spread::default().percentile(50)), (None, None));
    }
}
