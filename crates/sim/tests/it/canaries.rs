//! Worlds that are broken on purpose: the auditor must notice each of them, and for the right reason.

use sim::canary::Canary;
use sim::world::World;

/// Enough for each kind of trouble to come up.
const SEEDS: u64 = 20;

#[test]
fn every_canary_is_noticed() {
    for canary in Canary::ALL {
        let noticed = (1..=SEEDS).find_map(|seed| World::new(seed, Some(canary)).run().err());
        let violation = noticed.unwrap_or_else(|| panic!("{canary:?} sang through {SEEDS} seeds"));
        assert!(canary.breaks().contains(&violation.invariant), "{canary:?} is noticed as {violation}");
    }
}
