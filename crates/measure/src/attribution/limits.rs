//! The bounds of attribution.

/// A touch is the number of its channel in two bytes, and one number means that a path has not begun.
pub const CHANNELS_MAX: usize = 65_534;

/// The least of a table that is worth a thread of its own.
pub(super) const PART_BYTES_MIN: usize = 1 << 20;

/// How many touches a Markov chain may remember. With four, nearly every path is a state of its own and the chain only
/// repeats what is known.
pub const ORDER_MAX: u8 = 3;

/// The part of all paths that may still be on its way when a flow counts as over: less than the rounding of a sum.
pub(super) const REST_MAX: f64 = 1e-17;

/// Chains of so few channels are counted in a table of all pairs, of 8 MB at most.
pub(super) const PAIRED_CHANNELS_MAX: usize = 1_024;

/// How often a flow goes over all states before it gives up; ordinary paths need a hundred.
pub(super) const SWEEPS_MAX: usize = 5_000;

/// The sweeps that an ordinary chain is expected to need: which of the two solvers is the cheaper one depends on it.
pub(super) const SWEEPS_USUAL: usize = 60;

/// The largest chain that is solved by elimination where a flow gives up: 200 MB, and some seconds.
pub(super) const ELIMINATED_STATES_MAX: usize = 3_000;
