//! Bounds of the template engine. A template is written by a colleague, but the values it meets are written
//! by strangers, so every loop, text and list has an end that is known beforehand.

/// Steps that one rendering may take. A long newsletter with a table of 200 rows takes about 5,000.
pub(super) const STEPS_MAX: u64 = 250_000;

/// Bytes of text made by a rendering cost one step each, so steps bound memory too (16 MB here).
pub(super) const BYTES_PER_STEP: usize = 64;

/// The longest output, and the longest text any filter may make. Gmail cuts a mail at about 102 kB.
pub(super) const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// The longest list that a filter may make.
pub(super) const LIST_MAX: usize = 10_000;

/// The deepest nesting of blocks, and of brackets inside an expression: parsing and rendering recurse.
pub(super) const NESTING_MAX: usize = 100;

/// The longest template source. MJML grows about tenfold when it becomes HTML.
pub(super) const SOURCE_BYTES_MAX: usize = 2 << 20;

const _: () = assert!(STEPS_MAX as usize * BYTES_PER_STEP >= OUTPUT_BYTES_MAX, "an output may be full");
const _: () = assert!(SOURCE_BYTES_MAX <= u32::MAX as usize, "places are 32 bits");
