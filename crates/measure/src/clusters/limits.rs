//! The bounds of a search for clusters, each with its reason.

/// Most people who are looked at. Of so many a share of 1% is known to a seventh of itself, and a search takes seconds on
/// one core, however many people there are.
pub const SAMPLE_MAX: u64 = 20_000;
/// Searches from other beginnings, of which the best counts: one alone may end in a corner.
pub(super) const RUNS: usize = 8;
/// Steps of one search; it comes to rest long before, as a rule.
pub(super) const STEPS_MAX: u64 = 100;
/// A step that moves the middles by less than this, in standard deviations, is the last.
pub(super) const TOLERANCE: f64 = 1e-4;
/// A feature more lopsided than this goes by its logarithm: a few who bought very much would otherwise be a cluster each.
pub(super) const SKEWNESS_MAX: f64 = 1.0;
/// What a fork must gain, as a share of all that there is to gain.
pub(super) const GAIN_SHARE_MIN: f64 = 0.01;
/// What a round number may cost of a fork's gain.
pub(super) const ROUND_COST_SHARE_MAX: f64 = 0.02;
/// The smallest side of a fork, as a share of those who are looked at: what leads to fewer is not worth its words.
pub(super) const SIDE_SHARE_MIN: f64 = 0.005;
/// How far from everybody's middle, in standard deviations and in some feature, a cluster's middle must be for it not to be
/// the middle one.
pub(super) const TELLING_MIN: f64 = 0.4;
/// How telling it is to have little of a feature, beside having as much more than others.
pub(super) const LOW_WEIGHT: f64 = 0.8;
/// Features in one name: more would be a sentence, and a name of a segment has its bound.
pub(super) const NAME_FEATURES_MAX: usize = 3;
