//! The search for the best parameters: Newton's steps in their logarithms, damped until they lead uphill.

use super::limits::{CLOSE, DRIFT_MAX, STEP_MAX, STEPS_MAX};

/// A log-likelihood with its first and second derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sum<const N: usize> {
    pub(super) value: f64,
    pub(super) slope: [f64; N],
    pub(super) curve: [[f64; N]; N],
}

/// The highest point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak<const N: usize> {
    pub(super) parameters: [f64; N],
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) standard_errors: [f64; N],
    pub(super) steps: u32,
}

/// The parameter that ran away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drift {
    pub(super) parameter: usize,
    pub(super) is_up: bool,
}

impl<const N: usize> Sum<N> {
    pub(super) const ZERO: Self = Self { value: 0.0, slope: [0.0; N], curve: [[0.0; N]; N] };

    pub(super) fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..N {
            self.slope[i] += other.slope[i];
            for j in 0..N {
                self.curve[i][j] += other.curve[i][j];
            }
        }
    }

    /// A second derivative that is the same from both sides.
    pub(super) fn bend(&mut self, i: usize, j: usize, by: f64) {
        self.curve[i][j] += by;
        if i != j {
            self.curve[j][i] += by;
        }
    }

    /// The derivatives by the logarithms of the parameters.
    fn by_logarithms(mut self, parameters: &[f64; N]) -> Self {
        for i in 0..N {
            self.slope[i] *= parameters[i];
            for j in 0..N {
                self.curve[i][j] *= parameters[i] * parameters[j];
            }
            self.curve[i][i] += self.slope[i];
        }
        self
    }
}

/// Climbs from a beginning to the highest point.
pub(super) fn climb<const N: usize>(
    start: [f64; N],
    likelihood: impl Fn(&[f64; N]) -> Sum<N>,
) -> Result<Peak<N>, Drift> {
    let origin = start.map(f64::ln);
    let sum_at = |at: &[f64; N]| {
        let parameters = at.map(f64::exp);
        likelihood(&parameters).by_logarithms(&parameters)
    };
    let mut at = origin;
    let mut here = sum_at(&at);
    let mut damping = 0.0;
    let mut last_steps = 0;
    for steps in 0..STEPS_MAX {
        if let Some((step, promised)) = step(&here, damping) {
            let is_close = promised <= CLOSE;
            if is_close && damping > 0.0 {
                // So near the top no damping is needed, and one would keep the steps from their end.
                damping = 0.0;
                continue;
            }
            let next_at = added(&at, &step);
            let next = sum_at(&next_at);
            if is_close || next.value > here.value {
                at = next_at;
                here = next;
                damping = if damping <= 1e-3 { 0.0 } else { damping * 0.1 };
                if let Some(drift) = drift(&origin, &at) {
                    return Err(drift);
                }
                last_steps += u32::from(is_close);
                if last_steps == 2 {
                    return Ok(peak(&at, &here, steps + 1));
                }
                continue;
            }
        }
        damping = (damping * 10.0).max(1e-4);
    }
    // Whatever keeps it from an end is flat: the parameter that is furthest away is the one nobody can tell.
    let away = |i: usize| (at[i] - origin[i]).abs();
    let parameter = (0..N).max_by(|&i, &j| away(i).total_cmp(&away(j))).unwrap_or(0);
    Err(Drift { parameter, is_up: at[parameter] > origin[parameter] })
}

fn peak<const N: usize>(at: &[f64; N], here: &Sum<N>, steps: u32) -> Peak<N> {
    let parameters = at.map(f64::exp);
    let mut standard_errors = [f64::INFINITY; N];
    if let Some(factor) = factor(&information(here, 0.0)) {
        for i in 0..N {
            let mut unit = [0.0; N];
            unit[i] = 1.0;
            standard_errors[i] = parameters[i] * solve(&factor, unit)[i].sqrt();
        }
    }
    let slope = here.slope.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
    Peak { parameters, value: here.value, slope, standard_errors, steps }
}

fn drift<const N: usize>(origin: &[f64; N], at: &[f64; N]) -> Option<Drift> {
    let parameter = (0..N).find(|&i| (at[i] - origin[i]).abs() > DRIFT_MAX || !at[i].is_finite())?;
    Some(Drift { parameter, is_up: at[parameter] > origin[parameter] })
}

/// The next step, and what it promises; none where the surface is no hill so far.
fn step<const N: usize>(here: &Sum<N>, damping: f64) -> Option<([f64; N], f64)> {
    let factor = factor(&information(here, damping))?;
    let mut step = solve(&factor, here.slope);
    let longest = step.iter().fold(0.0, |most: f64, part| most.max(part.abs()));
    if longest > STEP_MAX {
        step = step.map(|part| part * STEP_MAX / longest);
    }
    let promised = step.iter().zip(&here.slope).map(|(step, slope)| step * slope).sum();
    Some((step, promised))
}

/// The observed information, raised on its diagonal.
fn information<const N: usize>(here: &Sum<N>, damping: f64) -> [[f64; N]; N] {
    let mut information = here.curve.map(|row| row.map(|curve| -curve));
    let scale = (0..N).map(|i| here.curve[i][i].abs() + here.slope[i].abs()).sum::<f64>() / N as f64;
    for (i, row) in information.iter_mut().enumerate() {
        row[i] += damping * scale;
    }
    information
}

/// Cholesky's factor, of a matrix that has one.
fn factor<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = matrix[i][j] - dot;
            if i == j {
                // What is left of the diagonal must be more than rounding.
                if rest.is_nan() || rest <= matrix[i][i].abs() * 1e-13 {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Some(factor)
}

fn solve<const N: usize>(factor: &[[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for i in 0..N {
        let dot: f64 = (0..i).map(|k| factor[i][k] * right[k]).sum();
        right[i] = (right[i] - dot) / factor[i][i];
    }
    for i in (0..N).rev() {
        let dot: f64 = (i + 1..N).map(|k| factor[k][i] * right[k]).sum();
        right[i] = (right[i] - dot) / factor[i][i];
    }
    right
}

fn added<const N: usize>(at: &[f64; N], step: &[f64; N]) -> [f64; N] {
    let mut sum = *at;
    for (sum, step) in sum.iter_mut().zip(step) {
        *sum += step;
    }
    sum
}
