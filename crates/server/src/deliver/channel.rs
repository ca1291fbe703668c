//! What a channel is: something that gets one send ready, and can then hand it over once.

use engine::at::At;
use engine::effect::Prepare;
use engine::record::DeliveryOutcome;
use std::pin::Pin;

/// One medium. Called from many tasks at once.
pub trait Channel: Send + Sync {
    /// Renders and addresses one send. Nothing leaves before the hand-over is awaited, and it is awaited only when
    /// the attempt is on record. The error is a sentence that says why the send can never be handed over.
    fn prepare(&self, prepare: &Prepare) -> Result<HandOver, String>;

    /// A new round of questions begins: what was said about turns that are still to come counts no more.
    fn begin_round(&self) {}

    /// Whether it is the send's turn; if not, when that will be, as far as can be told. Asked in the order of the sends,
    /// and whoever hears yes begins.
    fn turn(&self, _prepare: &Prepare, _now: At) -> Result<(), At> {
        Ok(())
    }
}

/// A send that is ready to go: awaiting it hands it over.
pub type HandOver = Pin<Box<dyn Future<Output = Receipt> + Send>>;

/// What came of a hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub outcome: DeliveryOutcome,
    /// The provider's last words, or ours.
    pub reply: String,
}
