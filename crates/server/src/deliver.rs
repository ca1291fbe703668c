//! Effects out to the world, one module a channel or a step on the way there.

pub mod backlog;
pub mod bounce;
mod breaker;
pub mod channel;
pub mod dispatch;
pub mod dkim;
pub mod email;
mod html;
pub mod link;
pub mod mailbox_host;
pub mod mime;
mod mjml;
pub mod pace;
mod plain;
pub(crate) mod presend;
pub mod preview;
pub mod render;
pub mod report;
pub mod return_path;
pub mod route;
pub mod smtp;
pub mod token;
pub mod trials;
