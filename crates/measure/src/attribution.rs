//! Attribution: which channel gets how much of the conversions that came at the end of people's paths.
//!
//! Every model gives each path's conversions away whole, so its credit sums to what was converted. First, last, linear,
//! time-decay and position look at the place of a touch in its path; [`markov`] asks what would be lost without a
//! channel, and [`shapley`] what a channel adds to every set of others. None of them is causal: they share out what
//! happened, and what would have happened otherwise only a test can say.
//!
//! Pure functions over flat arrays. Sums are made in the order of the paths, so the same paths give the same bits.

mod agreement;
mod decay;
mod limits;
pub mod markov;
mod paths;
mod places;
mod shapley;
mod table;

pub use agreement::{Agreement, Return, agreement, returns};
pub use limits::{CHANNELS_MAX, ORDER_MAX};
pub use paths::{Came, Full, Paths};
pub use table::{Misread, read};

use markov::Unsettled;

/// How credit is shared out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// All of it to the touch that a path began with.
    First,
    /// All of it to the touch before the conversion.
    Last,
    /// To every touch the same.
    Linear,
    /// To a touch half of what another one gets that was one half-life nearer to the conversion.
    TimeDecay { half_life: HalfLife },
    /// A weight for the first touch, one that those in the middle share, and one for the last.
    Position { weights: [f64; 3] },
    /// By what would be lost without the channel, in a chain that remembers so many touches.
    Markov { order: u8 },
    /// By the average of what the channel adds to every set of the others.
    Shapley,
}

/// In what a touch's distance from the conversion is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfLife {
    Touches(f64),
    Seconds(f64),
}

impl Model {
    /// The usual weights of the position model.
    pub const POSITION_WEIGHTS: [f64; 3] = [0.4, 0.2, 0.4];
    /// The usual half-life, in touches or in days.
    pub const HALF_LIFE: f64 = 7.0;

    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Linear => "linear",
            Self::TimeDecay { .. } => "time-decay",
            Self::Position { .. } => "position",
            Self::Markov { .. } => "markov",
            Self::Shapley => "shapley",
        }
    }

    /// All models that a company would put beside each other, with Markov of one order.
    pub fn all(half_life: HalfLife, weights: [f64; 3], order: u8) -> [Self; 7] {
        [
            Self::First,
            Self::Last,
            Self::Linear,
            Self::TimeDecay { half_life },
            Self::Position { weights },
            Self::Markov { order },
            Self::Shapley,
        ]
    }
}

/// What each channel gets, by its number in the paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Credit {
    pub conversions: Vec<f64>,
    pub value: Vec<f64>,
    /// What would be lost without the channel; the Markov model alone knows it.
    pub removal: Option<Removal>,
}

/// The share of conversions, and of their value, that would be lost without each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    pub conversions: Vec<f64>,
    pub value: Vec<f64>,
}

impl Credit {
    fn none(channels: usize) -> Self {
        Self { conversions: vec![0.0; channels], value: vec![0.0; channels], removal: None }
    }

    fn give(&mut self, channel: u16, share: f64, came: &Came) {
        self.conversions[usize::from(channel)] += share * came.conversions;
        self.value[usize::from(channel)] += share * came.value;
    }
}

/// Shares out what the paths brought.
pub fn credit(paths: &Paths, model: Model) -> Result<Credit, Unsettled> {
    Ok(match model {
        Model::First => places::first(paths),
        Model::Last => places::last(paths),
        Model::Linear => places::linear(paths),
        Model::TimeDecay { half_life } => places::time_decay(paths, half_life),
        Model::Position { weights } => places::position(paths, weights),
        Model::Markov { order } => markov::credit(paths, order)?,
        Model::Shapley => shapley::credit(paths),
    })
}
