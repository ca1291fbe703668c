//! Every bound of the server, each with its reason.

/// Most API keys: each request looks at all of them.
pub const KEYS_MAX: usize = 256;
/// Longest name of a key: it becomes the name of a source, which every one of its events carries.
pub const KEY_NAME_BYTES_MAX: usize = 64;

// ---- Programme, as files -----------------------------------------------------------------------------------

/// Deepest nesting of a definition: a branch takes four levels, and nobody follows a journey with ten in each other.
pub const YAML_DEPTH_MAX: usize = 64;
/// Largest file of a programme. Mail clients clip a message at a tenth of this, so larger ones are there by mistake.
pub const PROGRAMME_FILE_BYTES_MAX: u64 = 1024 * 1024;
