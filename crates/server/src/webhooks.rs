//! Other programs: told of what happens, and asked by journeys.
//!
//! Each webhook has a task that reads the log from where the engine says that it was told, so that whatever is told is on
//! the disk, in order, and once more after a crash that came before the answer's record. One more task asks what runs ask.
//! Both speak through [`post::Post`], which signs, reaches no address that is not allowed, and bounds time and size.

pub mod calls;
pub mod guard;
pub mod post;
pub mod secrets;
pub mod sign;
pub mod tell;

mod ask;
pub(crate) mod body;
