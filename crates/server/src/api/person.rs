//! A person in a word: who is meant, where a list or a feed names somebody.

use super::address::identifiers;
use engine::ProfileId;
use engine::engine::Engine;
use engine::profile::Profile;
use serde::Serialize;

/// Whom something is about.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PersonView {
    id: u32,
    /// As the traits give it; absent for a visitor who never said.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `type:value` of the most trusted identifier.
    address: String,
}

impl PersonView {
    pub(super) fn of(engine: &Engine, id: ProfileId) -> Option<Self> {
        let profile = engine.profile(id)?;
        let first = identifiers(profile).into_iter().next()?;
        let address = format!("{}:{}", first.r#type, first.value);
        Some(Self { id: engine.canonical(id).0, name: name(profile), address })
    }
}

/// The name that the traits give: `name`, or `first_name` and `last_name`, in either of the spellings that SDKs use.
pub(super) fn name(profile: &Profile) -> Option<String> {
    let text = |names: [&str; 2]| {
        let found = profile.traits().find(|(name, _)| names.contains(name));
        found.and_then(|(_, value)| value.text().map(|text| text.trim().to_owned()))
    };
    let parts = [text(["first_name", "firstName"]), text(["last_name", "lastName"])];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    text(["name", "full_name"]).or(Some(joined)).filter(|name| !name.is_empty())
}
