//! A tree as JSON, for programs that build expressions: the same tree as the text, without loss in either direction.
//!
//! Every part is an object, and one key of it says what it is: `{"not": {"in_segment": "vip"}}`. What a part can be,
//! key by key, is in `docs/reference/segments.md`. A mistake names the path of the field and the reason.

mod part;
mod read;
mod write;

use super::{Expression, Owner};
use crate::programme::{Mistake, Place};
use serde_json::Value as Json;

/// The tree as JSON.
pub fn to_json(expression: &Expression) -> Json {
    write::expression(expression)
}

/// The tree of a JSON, with everything that its owner may say. Places in it begin with `tree`.
pub fn from_json(json: &Json, owner: Owner) -> Result<Expression, Mistake> {
    read::whole(&part::Part { json, place: Place("tree".to_owned()), owner })
}
