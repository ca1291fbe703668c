//! What is always true, by id. `docs/TESTING.md` lists them for people.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    L1,
    L2,
    L3,
    D1,
    D2,
    I1,
    I2,
    S1,
    S2,
    G1,
    G2,
    G3,
    G4,
    G5,
    G6,
    G7,
    H1,
    J1,
    J2,
    O1,
    O2,
    O3,
    O4,
    O5,
    E1,
    F1,
    F2,
    F3,
    B1,
    P1,
    P2,
}

impl Invariant {
    pub const ALL: [Self; 31] = [
        Self::L1,
        Self::L2,
        Self::L3,
        Self::D1,
        Self::D2,
        Self::I1,
        Self::I2,
        Self::S1,
        Self::S2,
        Self::G1,
        Self::G2,
        Self::G3,
        Self::G4,
        Self::G5,
        Self::G6,
        Self::G7,
        Self::H1,
        Self::J1,
        Self::J2,
        Self::O1,
        Self::O2,
        Self::O3,
        Self::O4,
        Self::O5,
        Self::E1,
        Self::F1,
        Self::F2,
        Self::F3,
        Self::B1,
        Self::P1,
        Self::P2,
    ];

    pub fn sentence(self) -> &'static str {
        match self {
            Self::L1 => "what was acknowledged is in the log, whatever crashed since",
            Self::L2 => "places in the log are dense and its time never runs backwards",
            Self::L3 => "once faults stop, every request is answered",
            Self::D1 => "the live state, a replay from zero, and snapshot plus tail have the same hash",
            Self::D2 => "a replay gives the effects that the live engine gave",
            Self::I1 => "a message id is counted once in its window",
            Self::I2 => {
                "profiles hold the identifiers that the rules of identity, operators' merges and their undoing give them"
            }
            Self::S1 => "segment membership equals a naive evaluation",
            Self::S2 => "the changes of a segment in the log, one after the other, give who is inside",
            Self::G1 => "nothing is handed over without a consent that is valid at that moment",
            Self::G2 => "nothing is handed over to a suppressed address",
            Self::G3 => "every message that was not sent has a reason, and the reasons add up",
            Self::G4 => "no hand-over exceeds a frequency cap, whoever was merged or parted before it",
            Self::G5 => "nothing is handed over while it is night on the person's clock",
            Self::G6 => "exclusions, fatigue and the global holdout of the contact policy are kept",
            Self::G7 => "nothing that asks for a consent is handed over while the person wants a pause",
            Self::H1 => "a person in the holdout is sent nothing",
            Self::J1 => {
                "the figures of journeys and broadcasts are those of their runs and sends, and add up"
            }
            Self::J2 => "nothing is decided in a journey or a broadcast that is paused",
            Self::O1 => "a hand-over follows a durable attempt, and each attempt is handed over once",
            Self::O2 => "the provider accepts no send twice",
            Self::O3 => {
                "what was in flight at a crash is unknown, and nothing else becomes unknown by a crash"
            }
            Self::O4 => "a step of a run decides one send",
            Self::F1 => "no more of an offer is given or redeemed than there is",
            Self::F2 => {
                "no message with an offer is handed over to whoever has redeemed it, or to whom it is over"
            }
            Self::F3 => {
                "everybody has the offers that they were given and redeemed them as often as they did, also after merges and their undoing"
            }
            Self::B1 => {
                "what is learned of channels, variants and hours is what the records say of arrivals and responses"
            }
            Self::P1 => "what was seen on pages is in the ledger once, as it was left, and nothing else is",
            Self::P2 => {
                "pages show nobody what they did not agree to, have seen often enough or closed, or may not have; and what is for everybody they show"
            }
            Self::E1 => "nothing names an erased person, in memory or on the disk",
            Self::O5 => "once faults stop, nothing is owed, and the ledger says what the provider knows",
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    /// What was seen and what was expected.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}\n    {}", self.invariant, self.invariant.sentence(), self.what)
    }
}

impl Invariant {
    /// A violation unless it holds.
    pub(crate) fn check(self, holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(self.broken(what())) }
    }

    pub(crate) fn broken(self, what: String) -> Violation {
        Violation { invariant: self, what }
    }
}
