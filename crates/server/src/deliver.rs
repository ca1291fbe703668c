//! Effects out to the world, one module a channel or a step on the way there.

pub mod backlog;
pub mod bounce;
pub mod channel;
pub mod dispatch;
pub mod email;
mod html;
pub mod link;
pub mod mime;
mod mjml;
mod plain;
pub mod render;
pub mod smtp;
pub mod token;
