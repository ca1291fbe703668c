//! The mail provider: outside, so it does not crash with us, and what it accepted stays accepted.

use engine::SendId;
use engine::at::At;
use engine::record::DeliveryOutcome;

use crate::options::Options;
use crate::random::Random;

/// One hand-over, as the provider saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandedOver {
    pub(crate) send: SendId,
    pub(crate) attempt: u8,
    pub(crate) address: String,
    pub(crate) at: At,
    /// It took the message, whether it could say so or not.
    pub(crate) accepted: bool,
}

pub(crate) struct Provider {
    random: Random,
    pub(crate) seen: Vec<HandedOver>,
    audited: usize,
}

impl Provider {
    pub(crate) fn new(random: Random) -> Self {
        Self { random, seen: Vec::new(), audited: 0 }
    }

    /// What came since the last time that somebody asked.
    pub(crate) fn unaudited(&mut self) -> Vec<HandedOver> {
        let new = self.seen[self.audited..].to_vec();
        self.audited = self.seen.len();
        new
    }

    /// Takes a message or not, and gives the answer that the caller will see.
    pub(crate) fn take(
        &mut self,
        options: &Options,
        (send, attempt): (SendId, u8),
        address: &str,
        at: At,
    ) -> DeliveryOutcome {
        let random = &mut self.random;
        let (accepted, answer) = if random.happens(options.time_out) {
            (random.happens(700), DeliveryOutcome::Unknown)
        } else if random.happens(options.transient) {
            (false, DeliveryOutcome::Transient)
        } else if random.happens(options.permanent) {
            (false, DeliveryOutcome::Permanent)
        } else if random.happens(options.invalid_recipient) {
            (false, DeliveryOutcome::InvalidRecipient)
        } else {
            (true, DeliveryOutcome::Accepted)
        };
        self.seen.push(HandedOver { send, attempt, address: address.to_owned(), at, accepted });
        answer
    }
}
