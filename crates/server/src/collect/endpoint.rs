//! The paths of the tracking API, and the mistaken ones that SDKs end up with when their host or prefix is set a
//! little wrong. A wrong path answered with 404 is data lost without a word, so those are served too.

use engine::record::EventKind;

/// What a path says about the body that comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// One event of this kind, whatever its `type` field says.
    Single(EventKind),
    /// Many events, each with its `type`.
    Batch,
    /// The same, for history. Old mobile SDKs send their live events here as well.
    Import,
}

/// What may stand before the name: nothing, where the SDK's host was set without it; twice, where both host and path
/// have it; and the paths that RudderStack's beacon and Jitsu's SDK use.
const PREFIXES: [&str; 6] = ["/v1", "", "/v1/v1", "/beacon/v1", "/api/s", "/api/s/s2s"];

/// Full names, and the first letters that Segment's browser SDK uses.
const NAMES: [(&str, Endpoint); 16] = [
    ("track", Endpoint::Single(EventKind::Track)),
    ("identify", Endpoint::Single(EventKind::Identify)),
    ("page", Endpoint::Single(EventKind::Page)),
    ("screen", Endpoint::Single(EventKind::Screen)),
    ("group", Endpoint::Single(EventKind::Group)),
    ("alias", Endpoint::Single(EventKind::Alias)),
    ("t", Endpoint::Single(EventKind::Track)),
    ("i", Endpoint::Single(EventKind::Identify)),
    ("p", Endpoint::Single(EventKind::Page)),
    ("s", Endpoint::Single(EventKind::Screen)),
    ("g", Endpoint::Single(EventKind::Group)),
    ("a", Endpoint::Single(EventKind::Alias)),
    ("batch", Endpoint::Batch),
    ("b", Endpoint::Batch),
    ("batch/b", Endpoint::Batch),
    ("import", Endpoint::Import),
];

impl Endpoint {
    /// Every path that takes events.
    pub fn paths() -> impl Iterator<Item = (String, Self)> {
        PREFIXES.into_iter().flat_map(|prefix| {
            NAMES.into_iter().map(move |(name, endpoint)| (format!("{prefix}/{name}"), endpoint))
        })
    }
}
