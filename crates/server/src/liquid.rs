//! Liquid, the template language marketers know from shops and mailing services: parsed once, rendered for
//! every send.
//!
//! What differs from the original, on purpose: a missing value, at any depth, is nothing and never an error;
//! values are escaped for where they are written unless the author says `raw`; each rendering ends within a
//! number of steps and bytes; unknown tags and filters are found when the template is parsed; and nothing is
//! read but the context, the present time included.
//!
//! Read in the order below: `lex` cuts the source, `expression` and `parse` make the tree of `template`,
//! `scope` says what its names mean, `render` writes it out.

mod error;
mod escape;
mod expression;
mod filters;
mod from;
mod lex;
mod limits;
mod number;
mod parse;
mod render;
mod scope;
mod template;
mod value;
mod variables;

pub use error::{Error, Limit, Place, Problem};
pub use escape::{Escape, unescape_html};
pub use render::{Context, Links};
pub use template::Template;
pub use value::{Map, Value};
pub use variables::Variable;
