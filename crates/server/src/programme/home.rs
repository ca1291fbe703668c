//! Where a definition has its place in the folder: a file of its own, or an entry of one that it shares.

use super::write::Kind;
use engine::programme::Place;

/// The place of one definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// It is all of a file, in which a field says its name.
    File { path: String, field: Option<&'static str> },
    /// It is an entry of a group of a file, or of the file itself.
    Entry { path: &'static str, group: Option<&'static str> },
    /// What `programme.yaml` says besides what is a definition of its own.
    Head,
}

pub(super) const HEAD: &str = "programme.yaml";
/// Entries of `programme.yaml` that are no part of its head.
pub(super) const OUTSIDE_HEAD: [&str; 4] = ["purposes", "contact_policy", "reports", "targets"];

impl Home {
    pub(super) fn of(kind: Kind, name: &str) -> Self {
        let file =
            |folder: &str, field| Self::File { path: format!("{folder}/{name}.yaml"), field: Some(field) };
        let entry = |path, group| Self::Entry { path, group: Some(group) };
        match kind {
            Kind::Programme => Self::Head,
            Kind::ContactPolicy => Self::Entry { path: HEAD, group: None },
            Kind::Purpose => entry(HEAD, "purposes"),
            Kind::Segment => entry("segments.yaml", "segments"),
            Kind::Clusters => entry("clusters.yaml", "clusters"),
            Kind::Webhook => entry("webhooks.yaml", "webhooks"),
            Kind::Report => entry(HEAD, "reports"),
            Kind::Target => entry(HEAD, "targets"),
            Kind::Link => entry("links.yaml", "links"),
            Kind::Space => entry("editorial.yaml", "spaces"),
            Kind::Contributor => entry("editorial.yaml", "contributors"),
            Kind::Piece => entry("editorial.yaml", "pieces"),
            Kind::Channels => Self::File { path: "channels.yaml".to_owned(), field: None },
            Kind::Journey => file("journeys", "journey"),
            Kind::Broadcast => file("broadcasts", "broadcast"),
            Kind::Offer => file("offers", "offer"),
            Kind::Page => file("pages", "page"),
            Kind::Form => file("forms", "form"),
            Kind::Campaign => file("campaigns", "campaign"),
            Kind::Message => {
                Self::File { path: format!("messages/{name}/message.yaml"), field: Some("message") }
            }
            Kind::Template => Self::File { path: format!("messages/{name}"), field: None },
        }
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::File { path, .. } => path,
            Self::Entry { path, .. } => path,
            Self::Head => HEAD,
        }
    }

    pub(super) fn group(&self) -> Option<&'static str> {
        match self {
            Self::Entry { group, .. } => *group,
            _ => None,
        }
    }
}

/// The path of a definition in the programme, by which its mistakes are told.
pub(super) fn place(kind: Kind, name: &str) -> Place {
    let root = match kind {
        Kind::Programme => return Place("name".to_owned()),
        Kind::ContactPolicy => return Place("contact_policy".to_owned()),
        Kind::Channels => return Place("channels".to_owned()),
        Kind::Purpose => "purposes",
        Kind::Segment => "segments",
        Kind::Clusters => "clusters",
        Kind::Journey => "journeys",
        Kind::Broadcast => "broadcasts",
        Kind::Webhook => "webhooks",
        Kind::Offer => "offers",
        Kind::Report => "reports",
        Kind::Target => "targets",
        Kind::Link => "links",
        Kind::Page => "pages",
        Kind::Form => "forms",
        Kind::Campaign => "campaigns",
        Kind::Message | Kind::Template => "messages",
        Kind::Space => "editorial.spaces",
        Kind::Contributor => "editorial.contributors",
        Kind::Piece => "editorial.pieces",
    };
    Place(root.to_owned()).field(name)
}
