//! Customers who are alike to a model, counted once: a million of them are some ten thousand rows.

use super::customer::Customer;
use super::fit::Refusal;
use super::limits::{PORTION, THREADS_MAX};
use super::newton::Sum;
use std::thread;

/// Customers with the same frequency, recency and age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) frequency: f64,
    pub(super) recency: f64,
    pub(super) age: f64,
    pub(super) count: f64,
}

/// The groups, in an order that does not depend on the customers'.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    /// Each frequency with its number of customers.
    pub(super) frequencies: Vec<(f64, f64)>,
    pub(super) customers: u64,
    pub(super) mean_age: f64,
}

impl Groups {
    pub(super) fn of(customers: &[Customer]) -> Result<Self, Refusal> {
        let number = customers.len() as u64;
        if customers.is_empty() {
            return Err(Refusal::NoCustomers);
        }
        if customers.iter().all(|customer| customer.frequency == 0) {
            return Err(Refusal::NoRepeaters { customers: number });
        }
        let mut keys: Vec<(u32, u64, u64)> =
            customers.iter().map(|one| (one.frequency, one.recency.to_bits(), one.age.to_bits())).collect();
        keys.sort_unstable();
        let mut groups: Vec<Group> = Vec::new();
        let mut frequencies: Vec<(f64, f64)> = Vec::new();
        for same in keys.chunk_by(|a, b| a == b) {
            let (frequency, recency, age) = same[0];
            let (frequency, count) = (f64::from(frequency), same.len() as f64);
            groups.push(Group {
                frequency,
                recency: f64::from_bits(recency),
                age: f64::from_bits(age),
                count,
            });
            match frequencies.last_mut() {
                Some((last, customers)) if *last == frequency => *customers += count,
                _ => frequencies.push((frequency, count)),
            }
        }
        let whole: f64 = groups.iter().map(|group| group.age * group.count).sum();
        if whole <= 0.0 {
            return Err(Refusal::NoTime);
        }
        Ok(Self { groups, frequencies, customers: number, mean_age: whole / number as f64 })
    }

    /// The sum over all groups, by all threads and in one order.
    pub(super) fn sum<const N: usize>(&self, of: impl Fn(&Group, &mut Sum<N>) + Sync) -> Sum<N> {
        portioned(&self.groups, of)
    }
}

/// The sum over rows in portions, which are added in their order whoever summed them.
pub(super) fn portioned<R: Sync, const N: usize>(rows: &[R], of: impl Fn(&R, &mut Sum<N>) + Sync) -> Sum<N> {
    let portions: Vec<&[R]> = rows.chunks(PORTION).collect();
    let summed = |portion: &&[R]| {
        let mut sum = Sum::ZERO;
        portion.iter().for_each(|row| of(row, &mut sum));
        sum
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(portions.len());
    let mut sums = vec![Sum::ZERO; portions.len()];
    if threads < 2 {
        sums.iter_mut().zip(&portions).for_each(|(sum, portion)| *sum = summed(portion));
    } else {
        let (share, summed) = (portions.len().div_ceil(threads), &summed);
        thread::scope(|scope| {
            for (sums, portions) in sums.chunks_mut(share).zip(portions.chunks(share)) {
                scope.spawn(move || {
                    sums.iter_mut().zip(portions).for_each(|(sum, portion)| *sum = summed(portion));
                });
            }
        });
    }
    sums.iter().fold(Sum::ZERO, |mut all, sum| {
        all.add(sum);
        all
    })
}
