//! What a dry run says: the figures of both programmes side by side, and what none of them can say.
//!
//! [`ask`] says over which stretch of a log it runs, [`tally`] counts one side, [`report`] puts two beside each other, [`told`] is the table for people, [`people`] names some
//! of those for whom it makes a difference, [`follow`] tells of one of them step by step, from what [`listen`] heard.

mod ask;
mod follow;
mod listen;
mod people;
mod report;
mod tally;
mod told;

pub use ask::{Asked, Unrun};
pub use follow::{Followed, Moment, Person};
pub use people::Named;
pub use report::Report;
pub use told::told;
