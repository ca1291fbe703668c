//! What happens in a story about identity: few names, so that they meet.

use engine::at::Span;
use engine::identifier::IdentifierKind;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

pub(super) type Name = (IdentifierKind, String);

#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// An event, perhaps with a trait and with what the person allows.
    Event {
        names: Vec<Name>,
        name: &'static str,
        ago: Span,
        plan: Option<&'static str>,
        prefer: Option<Prefer>,
    },
    /// A consent by itself.
    Consent {
        name: Name,
        prefer: Prefer,
        ago: Span,
    },
    /// A consent by the link of a send, by its place among all.
    Link {
        send: usize,
        granted: bool,
    },
    /// An operator says that two are one.
    Merge {
        from: Name,
        into: Name,
    },
    /// An operator undoes a merge, by its place among all.
    Undo {
        merge: usize,
    },
    /// Whoever has the name is erased.
    Erase {
        name: Name,
    },
    Wait(Span),
    Restart,
}

/// `offers`, or `offers.email`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefer {
    pub(super) by_email: bool,
    pub(super) granted: bool,
}

/// So many users, and as few other names as make them meet.
fn name(users: u32) -> impl Strategy<Value = Name> {
    use IdentifierKind::{AnonymousId, Email, UserId};
    prop_oneof![
        3 => (1..users + 1).prop_map(|number| (UserId, format!("u{number}"))),
        2 => (1..4).prop_map(|number| (Email, format!("p{number}@example.com"))),
        4 => (1..if users > 10 { 3 } else { 6 }).prop_map(|number| (AnonymousId, format!("a{number}"))),
    ]
}

fn ago() -> impl Strategy<Value = Span> {
    prop_oneof![3 => Just(Span(0)), 1 => (0..100_i64).prop_map(|hours| Span::HOUR.times(hours))]
}

fn prefer() -> impl Strategy<Value = Prefer> {
    (any::<bool>(), any::<bool>()).prop_map(|(by_email, granted)| Prefer { by_email, granted })
}

pub(super) fn deed(users: u32) -> impl Strategy<Value = Deed> {
    let names = prop_oneof![
        2 => vec(name(users), 1..2),
        5 => btree_set(name(users), 1..4).prop_map(|names| {
            // As the door has them: one user id, the most trusted first.
            let mut users = 0;
            names.into_iter().filter(|name| name.0 != IdentifierKind::UserId || { users += 1; users == 1 }).collect()
        }),
    ];
    let plan = proptest::option::weighted(0.3, prop_oneof![Just("pro"), Just("free")]);
    let event =
        (names, prop_oneof![Just("A"), Just("B")], ago(), plan, proptest::option::weighted(0.3, prefer()));
    prop_oneof![
        12 => event.prop_map(|(names, name, ago, plan, prefer)| Deed::Event { names, name, ago, plan, prefer }),
        2 => (name(users), prefer(), ago()).prop_map(|(name, prefer, ago)| Deed::Consent { name, prefer, ago }),
        1 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(send, granted)| Deed::Link { send: send.index(1_000), granted }),
        2 => (name(users), name(users)).prop_map(|(from, into)| Deed::Merge { from, into }),
        5 => (0..1_000_usize).prop_map(|merge| Deed::Undo { merge }),
        1 => name(users).prop_map(|name| Deed::Erase { name }),
        3 => (1..60_i64).prop_map(|hours| Deed::Wait(Span::HOUR.times(hours))),
        1 => Just(Deed::Restart),
    ]
}
