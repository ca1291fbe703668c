//! Effects out to the world, one module a channel or a step on the way there.

pub mod bounce;
pub mod channel;
pub mod dispatch;
pub mod mime;
pub mod smtp;
