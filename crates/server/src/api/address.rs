//! `type:value`, the way the API names a person, and identifiers as it shows them.

use crate::problem::Problem;
use engine::ProfileId;
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, Unusable, normalise, parse_address};
use engine::profile::Profile;
use serde::Serialize;

/// An identifier that a client wrote as `type:value`, in normalised form.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) kind: IdentifierKind,
    pub(super) value: String,
}

impl Address {
    /// Reads the address that came in `field`.
    pub(super) fn parse(field: &str, text: &str) -> Result<Self, Problem> {
        let (kind, raw) = parse_address(text).ok_or_else(|| {
            let message = "name a person as type:value, such as email:ada@example.com or user_id:u1";
            Problem::bad_request("bad_address", field, message)
        })?;
        let value = normalise(kind, raw).map_err(|unusable| {
            let why = match unusable {
                Unusable::Absent => "is empty",
                Unusable::Blocked => "is a placeholder that names nobody",
                Unusable::TooLong => "is longer than an identifier may be",
                Unusable::Malformed => "is not of the form that its type asks for",
            };
            Problem::bad_request("bad_address", field, format!("the value after the colon {why}"))
        })?;
        Ok(Self { kind, value })
    }

    pub(super) fn find(&self, engine: &Engine) -> Result<ProfileId, Problem> {
        let unknown = || Problem::not_found(format!("nobody is known as {}", self.shown()));
        engine.find(self.kind, &self.value).ok_or_else(unknown)
    }

    /// As it was written, in normalised form. A type of the company's own is part of the value.
    pub(super) fn shown(&self) -> String {
        match self.kind {
            IdentifierKind::External => self.value.clone(),
            kind => format!("{}:{}", kind.name(), self.value),
        }
    }
}

/// One name of a person.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(super) struct IdentifierView {
    /// `user_id`, `email`, `phone`, `device_token`, `anonymous_id`, or a type of the company's own.
    pub(super) r#type: String,
    pub(super) value: String,
}

impl IdentifierView {
    pub(super) fn new(kind: IdentifierKind, value: &str) -> Self {
        let own = if kind == IdentifierKind::External { value.split_once(':') } else { None };
        let (r#type, value) = own.unwrap_or((kind.name(), value));
        Self { r#type: r#type.to_owned(), value: value.to_owned() }
    }
}

/// A profile's names, most trusted first.
pub(super) fn identifiers(profile: &Profile) -> Vec<IdentifierView> {
    let mut sorted: Vec<_> = profile.identifiers().iter().collect();
    sorted.sort_by_key(|identifier| identifier.kind);
    sorted.into_iter().map(|one| IdentifierView::new(one.kind, &one.value)).collect()
}
