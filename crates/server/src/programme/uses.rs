//! Which definitions are built on which. A definition is used by those that have a mistake once it is gone: so what is told
//! here and what `trama check` says of a name that is missing cannot differ.

use super::home::place;
use super::write::{Kind, items};
use engine::programme::{Place, Programme};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a definition.
pub(crate) type Named = (Kind, String);

/// For each definition of the programme, those that are built on it.
pub(crate) fn uses(programme: &Programme) -> BTreeMap<Named, BTreeSet<Named>> {
    let names: BTreeSet<Named> = names(programme);
    let used = names.iter().map(|(kind, name)| {
        let left = without(programme, *kind, name);
        let users = left.iter().flat_map(Programme::mistakes);
        let users = users.filter_map(|mistake| owner(&mistake.place, &names));
        ((*kind, name.clone()), users.filter(|user| *user != (*kind, name.clone())).collect())
    });
    used.collect()
}

pub(crate) fn names(programme: &Programme) -> BTreeSet<Named> {
    items(programme).into_keys().filter(|(kind, _)| *kind != Kind::Template).collect()
}

/// Whose part of the programme a place is.
pub(crate) fn owner(found: &Place, names: &BTreeSet<Named>) -> Option<Named> {
    let is_inside = |(kind, name): &&Named| {
        let rest = found.0.strip_prefix(&place(*kind, name).0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    // A name with a dot may begin like another one.
    names.iter().filter(is_inside).max_by_key(|(_, name)| name.len()).cloned()
}

/// The programme without a definition, where it can be without it.
fn without(programme: &Programme, kind: Kind, name: &str) -> Option<Programme> {
    let mut left = programme.clone();
    match kind {
        Kind::Programme | Kind::ContactPolicy | Kind::Channels | Kind::Template => return None,
        Kind::Purpose => _ = left.purposes.remove(name),
        Kind::Segment => {
            left.segments.remove(name);
            left.recorded.remove(name);
        }
        Kind::Clusters => _ = left.clusters.remove(name),
        Kind::Journey => _ = left.journeys.remove(name),
        Kind::Broadcast => _ = left.broadcasts.remove(name),
        Kind::Webhook => _ = left.webhooks.remove(name),
        Kind::Offer => _ = left.offers.remove(name),
        Kind::Report => _ = left.reports.remove(name),
        Kind::Target => _ = left.targets.remove(name),
        Kind::Link => _ = left.links.remove(name),
        Kind::Page => _ = left.pages.remove(name),
        Kind::Form => _ = left.forms.remove(name),
        Kind::Campaign => _ = left.campaigns.remove(name),
        Kind::Message => _ = left.messages.remove(name),
        Kind::Space => _ = left.editorial.spaces.remove(name),
        Kind::Contributor => _ = left.editorial.contributors.remove(name),
        Kind::Piece => _ = left.editorial.pieces.remove(name),
    }
    Some(left)
}
