//! Who is who, where a company knows better than the rules that always hold.

use super::{Mistake, Place, nearest};
use crate::at::Span;
use crate::identifier::IdentifierKind;
use crate::limits::{BLOCKED_VALUES_MAX, IDENTIFIER_BYTES_MAX, PROFILE_IDENTIFIERS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// By type. `external` is for each of the company's own types.
    pub limits: BTreeMap<String, IdentifierLimit>,
    /// Values that name nobody, as `value` or `type:value`, besides those that never do.
    pub blocked: Vec<String>,
}

/// How many identifiers of a type one profile may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierLimit {
    pub at_most: u32,
    /// Those that it got in this time count; absent for all that it ever got.
    #[serde(default, with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

impl Identity {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let place = Place("identity".to_owned());
        let limits = self.limits.iter().filter_map(|(name, limit)| {
            let (message, suggestion) = wrong_limit(name, *limit)?;
            let place = place.field("limits").field(name);
            Some(Mistake { place, offset: None, message, suggestion: Some(suggestion) })
        });
        let blocked = self.blocked.iter().enumerate().filter_map(|(index, value)| {
            let place = place.field("blocked").index(index);
            let (message, suggestion) = wrong_value(value, &self.blocked[..index])?;
            Some(Mistake { place, offset: None, message, suggestion: Some(suggestion) })
        });
        let many = (self.blocked.len() > BLOCKED_VALUES_MAX).then(|| Mistake {
            place: place.field("blocked"),
            offset: None,
            message: format!("a programme blocks at most {BLOCKED_VALUES_MAX} values"),
            suggestion: None,
        });
        limits.chain(many).chain(blocked).collect()
    }
}

fn wrong_limit(name: &str, limit: IdentifierLimit) -> Option<(String, String)> {
    let names = IdentifierKind::ALL.map(IdentifierKind::name);
    if !names.contains(&name) {
        let suggestion = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}; `external` is for each type of your own", names.join(", ")),
        };
        return Some((format!("there is no type of identifier \"{name}\""), suggestion));
    }
    let is_user = name == IdentifierKind::UserId.name();
    if is_user && (limit.at_most != 1 || limit.within.is_some()) {
        let suggestion = "leave `user_id` out; an operator may merge two registered profiles".to_owned();
        return Some(("a profile has one `user_id`, ever".to_owned(), suggestion));
    }
    if limit.at_most == 0 || limit.at_most as usize > PROFILE_IDENTIFIERS_MAX {
        let message = format!("a profile may have between 1 and {PROFILE_IDENTIFIERS_MAX} of a type");
        return Some((message, "for example `{ at most: 100, within: 30 days }`".to_owned()));
    }
    let is_never = limit.within.is_some_and(|within| within.0 <= 0);
    is_never.then(|| {
        ("a time without length holds nothing".to_owned(), "for example `within: 30 days`".to_owned())
    })
}

fn wrong_value(value: &str, before: &[String]) -> Option<(String, String)> {
    if value.trim().is_empty() {
        return Some(("an empty value names nobody anyway".to_owned(), "remove it".to_owned()));
    }
    if value.len() > IDENTIFIER_BYTES_MAX + 32 {
        let message = format!("an identifier has at most {IDENTIFIER_BYTES_MAX} bytes");
        return Some((message, "remove it".to_owned()));
    }
    before
        .iter()
        .any(|other| other == value)
        .then(|| (format!("\"{value}\" is blocked twice"), "remove one of them".to_owned()))
}

pub(super) mod within_ms {
    use crate::at::Span;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::programme) fn serialize<S: Serializer>(
        span: &Option<Span>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        span.map(|span| span.0).serialize(serializer)
    }

    pub(in crate::programme) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Span>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Span))
    }
}
