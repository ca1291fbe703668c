//! What the door asks of whoever makes records durable. The runtime implements it; tests have one in memory.

use engine::value::Map;
use std::future::Future;
use std::sync::Arc;

/// The way from the door to the log.
pub trait Intake: Send + Sync + 'static {
    /// Whether a submission made now would be refused. Asked before a body is read, so that an overloaded server
    /// spends nothing on what it cannot take.
    fn is_overloaded(&self) -> bool;

    /// Whether an event of this name leads to somebody by a code among its properties. Asked of events that name nobody.
    fn leads_to_somebody(&self, _event: &str, _properties: Map<'_>) -> bool {
        false
    }

    /// Hands over `count` records, each as a varint of its length and its bytes, in the order in which they are to be
    /// logged. Resolves when all of them are durable, with one outcome a record in the same order.
    fn submit(
        &self,
        records: Vec<u8>,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Outcome>, Overloaded>> + Send;
}

impl<I: Intake> Intake for Arc<I> {
    fn is_overloaded(&self) -> bool {
        I::is_overloaded(self)
    }

    fn leads_to_somebody(&self, event: &str, properties: Map<'_>) -> bool {
        I::leads_to_somebody(self, event, properties)
    }

    fn submit(
        &self,
        records: Vec<u8>,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Outcome>, Overloaded>> + Send {
        I::submit(self, records, count)
    }
}

/// What became of one submitted record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log.
    Applied,
    /// Its message id was there already: the sender repeated itself, and nothing is lost.
    Duplicate,
    /// The engine will not have it, for the reason in this sentence. It is not in the log.
    Refused(String),
}

/// There is no room. Nothing of the submission was taken, so that the sender may repeat it as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overloaded;
