//! The binary `trama`: everything that touches the world.

pub mod clock;
pub mod collect;
pub mod deliver;
pub mod keys;
pub mod limits;
pub mod liquid;
pub mod mailbox;
pub mod programme;
pub mod scenario;
