//! How good a forecast was: what was foretold beside what came.

use super::limits::FREQUENCY_ROWS;

/// Scores of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    pub foretold: f64,
    pub came: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// None where one of the two does not vary.
    pub correlation: Option<f64>,
    /// By frequency before; the last row is of that many and more.
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    pub frequency: u32,
    pub customers: u64,
    /// Means.
    pub foretold: f64,
    pub came: f64,
}

/// Scores a forecast: for each customer the frequency before, what was foretold and what came.
pub fn score(outcomes: &[(u32, f64, f64)]) -> Scores {
    let count = outcomes.len().max(1) as f64;
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        outcomes.iter().map(|&(_, foretold, came)| of(foretold, came)).sum::<f64>() / count
    };
    let mut rows = vec![Row::default(); FREQUENCY_ROWS];
    for &(frequency, foretold, came) in outcomes {
        let row = &mut rows[(frequency as usize).min(FREQUENCY_ROWS - 1)];
        row.customers += 1;
        row.foretold += foretold;
        row.came += came;
    }
    for (frequency, row) in rows.iter_mut().enumerate() {
        row.frequency = frequency as u32;
        row.foretold /= row.customers.max(1) as f64;
        row.came /= row.customers.max(1) as f64;
    }
    rows.retain(|row| row.customers > 0);
    Scores {
        foretold: outcomes.iter().map(|one| one.1).sum(),
        came: outcomes.iter().map(|one| one.2).sum(),
        mae: mean(&|foretold, came| (foretold - came).abs()),
        rmse: mean(&|foretold, came| (foretold - came).powi(2)).sqrt(),
        correlation: pearson(outcomes.iter().map(|&(_, foretold, came)| (foretold, came))),
        rows,
    }
}

/// Pearson's correlation; none where one side does not vary.
pub fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (count, x, y) =
        pairs.clone().fold((0.0, 0.0, 0.0), |(n, x, y), pair| (n + 1.0, x + pair.0, y + pair.1));
    let (mean_x, mean_y) = (x / count, y / count);
    let (xx, xy, yy) = pairs.fold((0.0, 0.0, 0.0), |(xx, xy, yy), (x, y)| {
        let (x, y) = (x - mean_x, y - mean_y);
        (xx + x * x, xy + x * y, yy + y * y)
    });
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}
