//! Every bound of the server, each with its reason.

/// Most API keys: each request looks at all of them.
pub const KEYS_MAX: usize = 256;
/// Longest name of a key: it becomes the name of a source, which every one of its events carries.
pub const KEY_NAME_BYTES_MAX: usize = 64;
