//! A chain solved by eliminating its states one by one, as Grassmann, Taksar and Heyman did it.
//!
//! What leaves a state is added up and never taken from one, so every step adds, multiplies or divides numbers that are not
//! negative: small answers come out as exactly as large ones. One factorisation serves all channels.

use super::Lost;
use super::chain::Chain;

pub(super) fn lost(chain: &Chain) -> Lost {
    let factors = Factors::of(chain);
    let count = chain.states();
    let (converts, brings) = (factors.expected(chain.converts()), factors.expected(chain.brings()));
    let visits = factors.visits(chain.starts());
    let mut of_channel: Vec<Vec<usize>> = vec![Vec::new(); chain.channels()];
    for state in 0..count {
        chain.members(state).iter().for_each(|channel| of_channel[usize::from(*channel)].push(state));
    }
    // How often whoever is in one state comes to another, by the other one.
    let mut columns = Vec::with_capacity(count);
    for state in 0..count {
        let mut unit = vec![0.0; count];
        unit[state] = 1.0;
        columns.push(factors.expected(&unit));
    }
    let mut lost = Lost { conversions: Vec::new(), value: Vec::new() };
    for states in &of_channel {
        let first = first_met(states, &visits, &columns);
        let through = |then: &[f64]| states.iter().zip(&first).map(|(state, met)| met * then[*state]).sum();
        lost.conversions.push(through(&converts));
        lost.value.push(through(&brings));
    }
    lost
}

/// The share of people whose first state of these is each of them: visits are those who came first, and came again.
fn first_met(states: &[usize], visits: &[f64], columns: &[Vec<f64>]) -> Vec<f64> {
    let count = states.len();
    if let [state] = states {
        return vec![visits[*state] / columns[*state][*state]];
    }
    // Σ over i of met[i] · again[i][j] = visits[j], by rows j.
    let mut rows: Vec<Vec<f64>> = states
        .iter()
        .map(|to| states.iter().map(|from| columns[*to][*from]).chain([visits[*to]]).collect())
        .collect();
    for place in 0..count {
        let largest = (place..count).max_by(|a, b| rows[*a][place].abs().total_cmp(&rows[*b][place].abs()));
        rows.swap(place, largest.expect("invariant: there is a row"));
        let (done, rest) = rows.split_at_mut(place + 1);
        let pivot = &done[place];
        for row in rest {
            let factor = row[place] / pivot[place];
            row[place..].iter_mut().zip(&pivot[place..]).for_each(|(one, pivot)| *one -= factor * pivot);
        }
    }
    let mut met = vec![0.0; count];
    for place in (0..count).rev() {
        let known: f64 = (place + 1..count).map(|later| rows[place][later] * met[later]).sum();
        met[place] = (rows[place][count] - known) / rows[place][place];
    }
    met
}

/// The chain in two triangles.
struct Factors {
    count: usize,
    /// By rows. Before the diagonal: how often a state leads to an eliminated one, for each who leaves that; behind it:
    /// shares that go on to later states.
    shares: Vec<f64>,
    /// The share that leaves a state to those that were not yet eliminated, and out.
    leaves: Vec<f64>,
}

impl Factors {
    fn of(chain: &Chain) -> Self {
        let count = chain.states();
        let (mut shares, mut leaves) = (vec![0.0; count * count], vec![0.0; count]);
        let mut out: Vec<f64> = chain
            .converts()
            .iter()
            .zip(chain.vanishes())
            .map(|(converts, vanishes)| converts + vanishes)
            .collect();
        for state in 0..count {
            chain.row(state).for_each(|(target, share)| shares[state * count + target] = share);
        }
        for state in 0..count {
            let (above, below) = shares.split_at_mut((state + 1) * count);
            let row = &above[state * count + state + 1..];
            leaves[state] = row.iter().sum::<f64>() + out[state];
            for (later, other) in below.chunks_exact_mut(count).enumerate() {
                if other[state] > 0.0 {
                    let factor = other[state] / leaves[state];
                    other[state] = factor;
                    other[state + 1..].iter_mut().zip(row).for_each(|(one, share)| *one += factor * share);
                    out[state + 1 + later] += factor * out[state];
                }
            }
        }
        Self { count, shares, leaves }
    }

    fn row(&self, state: usize) -> &[f64] {
        &self.shares[state * self.count..(state + 1) * self.count]
    }

    /// What somebody in each state is still to bring, if being there once brings so much.
    fn expected(&self, brings: &[f64]) -> Vec<f64> {
        let mut expected = brings.to_vec();
        for state in 0..self.count {
            expected[state] += dot(&self.row(state)[..state], &expected[..state]);
        }
        for state in (0..self.count).rev() {
            let onward = dot(&self.row(state)[state + 1..], &expected[state + 1..]);
            expected[state] = (expected[state] + onward) / self.leaves[state];
        }
        expected
    }

    /// How often somebody comes to each state, who sets out so.
    fn visits(&self, starts: &[f64]) -> Vec<f64> {
        let mut visits = starts.to_vec();
        for state in 0..self.count {
            visits[state] /= self.leaves[state];
            let (here, later) = visits.split_at_mut(state + 1);
            let row = &self.row(state)[state + 1..];
            later.iter_mut().zip(row).for_each(|(visits, share)| *visits += here[state] * share);
        }
        for state in (0..self.count).rev() {
            let (earlier, here) = visits.split_at_mut(state);
            let row = &self.row(state)[..state];
            earlier.iter_mut().zip(row).for_each(|(visits, factor)| *visits += here[0] * factor);
        }
        visits
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
