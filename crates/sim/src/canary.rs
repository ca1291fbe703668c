//! Worlds with one part deliberately broken. A simulator that finds nothing wrong with them proves nothing with the
//! others.

use crate::invariant::Invariant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Canary {
    /// The disk says "synced" and does nothing.
    LyingDisk,
    /// Acknowledgements leave before their batch is durable.
    EarlyAcknowledgement,
    /// What is prepared is handed over without asking the engine once more.
    EagerDelivery,
    /// What was unknown after a crash is handed over again to be on the safe side.
    SecondTry,
    /// After a crash nobody asks what was in flight.
    ForgottenOutbox,
}

impl Canary {
    pub const ALL: [Self; 5] = [
        Self::LyingDisk,
        Self::EarlyAcknowledgement,
        Self::EagerDelivery,
        Self::SecondTry,
        Self::ForgottenOutbox,
    ];

    /// The invariants of which one must be found broken.
    pub fn breaks(self) -> &'static [Invariant] {
        match self {
            Self::LyingDisk | Self::EarlyAcknowledgement => &[Invariant::L1],
            Self::EagerDelivery => &[Invariant::O1],
            Self::SecondTry => &[Invariant::O1, Invariant::O2],
            Self::ForgottenOutbox => &[Invariant::O5],
        }
    }
}
