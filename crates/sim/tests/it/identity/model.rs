//! The slow model: every profile ever made is a part, which keeps what was said of it; a person is a part that stands, with
//! all the parts that were merged into it. Undoing a merge cuts, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use engine::at::{At, Span};
use engine::identifier::IdentifierKind;
use engine::limits::IDENTIFIER_USERS_MAX;
use engine::record::ConsentState;
use sim::naive;

use super::deed::{Name, Prefer};

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) parts: Vec<Part>,
    pub(super) merges: Vec<Merged>,
    apart: BTreeSet<(usize, usize)>,
    /// Most of a kind, and in which time.
    pub(super) limits: BTreeMap<IdentifierKind, (usize, Option<Span>)>,
    /// By name: users that came with it where another's did.
    shared: BTreeMap<Name, BTreeSet<Name>>,
    pub(super) blocked: BTreeSet<Name>,
    /// Those of the blocked names whose owner was erased: they are not shown.
    pub(super) hidden: BTreeSet<Name>,
}

#[derive(Clone, Default)]
pub(super) struct Part {
    into: Option<usize>,
    pub(super) erased: bool,
    /// Each with the instant at which it came.
    pub(super) names: BTreeMap<Name, At>,
    pub(super) events: Vec<naive::Event>,
    pub(super) plans: Vec<(At, String)>,
    pub(super) seen: Vec<At>,
    /// What it said itself, and withdrawals while it was one with others.
    said: Vec<(At, u64, Prefer)>,
}

#[derive(Clone)]
pub(super) struct Merged {
    pub(super) from: usize,
    pub(super) into: usize,
    pub(super) by_operator: bool,
    pub(super) undone: bool,
}

impl Model {
    pub(super) fn root(&self, mut part: usize) -> usize {
        while let Some(into) = self.parts[part].into {
            part = into;
        }
        part
    }

    pub(super) fn roots(&self) -> Vec<usize> {
        (0..self.parts.len())
            .filter(|part| self.parts[*part].into.is_none() && !self.parts[*part].erased)
            .collect()
    }

    /// The parts of the person that a part is of.
    pub(super) fn whole(&self, part: usize) -> Vec<usize> {
        let root = self.root(part);
        (0..self.parts.len()).filter(|one| self.root(*one) == root).collect()
    }

    pub(super) fn names(&self, root: usize) -> BTreeSet<Name> {
        self.whole(root).into_iter().flat_map(|part| self.parts[part].names.keys().cloned()).collect()
    }

    fn holder(&self, name: &Name) -> Option<usize> {
        self.parts.iter().position(|part| part.names.contains_key(name))
    }

    pub(super) fn owner(&self, name: &Name) -> Option<usize> {
        self.holder(name).map(|part| self.root(part))
    }

    fn is_registered(&self, root: usize) -> bool {
        self.names(root).iter().any(|name| name.0 == IdentifierKind::UserId)
    }

    fn are_apart(&self, one: usize, two: usize) -> bool {
        let (ones, twos) = (self.whole(one), self.whole(two));
        self.apart
            .iter()
            .any(|(a, b)| (ones.contains(a) && twos.contains(b)) || (ones.contains(b) && twos.contains(a)))
    }

    /// The person that a record names; nobody where every name is blocked. Of names that would give somebody more than a
    /// limit allows, the last is left out until they fit, which is tried on a copy.
    pub(super) fn meet(&mut self, names: &[Name], at: At) -> Option<usize> {
        let mut names: Vec<Name> =
            names.iter().filter(|name| !self.blocked.contains(name)).cloned().collect();
        while names.len() > 1 && self.is_too_much(&names, at) {
            names.pop();
        }
        names.first()?;
        Some(self.join(&names, at, true))
    }

    fn is_too_much(&self, names: &[Name], at: At) -> bool {
        let mut copy = self.clone();
        let root = copy.join(names, at, false);
        self.limits.iter().any(|(kind, (most, within))| {
            let held = |model: &Self, root: usize| {
                let names = model.whole(root).into_iter().flat_map(|part| &model.parts[part].names);
                let counts = |since: &At| {
                    let (since, now) = (since.0.div_euclid(1_000), at.0.div_euclid(1_000));
                    within.is_none_or(|within| now - within.0 / 1_000 < since && since <= now)
                };
                names.filter(|(name, since)| name.0 == *kind && counts(since)).count()
            };
            let before = self.roots().into_iter().filter(|before| copy.root(*before) == root);
            let before = before.map(|before| held(self, before)).max().unwrap_or(0);
            let after = held(&copy, root);
            after > *most && after > before
        })
    }

    fn join(&mut self, names: &[Name], at: At, guarded: bool) -> usize {
        let is_user = |name: &Name| name.0 == IdentifierKind::UserId;
        let user = names.first().filter(|name| is_user(name));
        let new_user = user.is_some_and(|user| self.holder(user).is_none());
        let mut known = names.iter().filter_map(|name| self.owner(name));
        let mut target = match known.find(|root| !new_user || !self.is_registered(*root)) {
            Some(root) => root,
            None => {
                self.parts.push(Part::default());
                self.parts.len() - 1
            }
        };
        for name in names {
            match self.owner(name) {
                None => _ = self.parts[target].names.insert(name.clone(), at),
                Some(owner) if owner == target => {}
                Some(owner) if self.are_apart(owner, target) => {}
                Some(owner) if !(self.is_registered(owner) && self.is_registered(target)) => {
                    // The registered one stands, or else the older.
                    let first = self.is_registered(owner) || (!self.is_registered(target) && owner < target);
                    let (from, into) = if first { (target, owner) } else { (owner, target) };
                    self.merge(from, into, false);
                    target = into;
                }
                Some(owner) => {
                    let Some(user) = user else { continue };
                    if guarded && self.is_one_too_many(name, user, owner) {
                        self.blocked.insert(name.clone());
                    } else if name.0 == IdentifierKind::AnonymousId {
                        let holder = self.holder(name).expect("somebody has it");
                        self.parts[holder].names.remove(name);
                        self.parts[target].names.insert(name.clone(), at);
                    }
                }
            }
        }
        target
    }

    fn is_one_too_many(&mut self, name: &Name, user: &Name, owner: usize) -> bool {
        let users = self.names(owner).into_iter().filter(|one| one.0 == IdentifierKind::UserId);
        let known = self.shared.entry(name.clone()).or_default();
        known.extend(users.chain([user.clone()]));
        known.len() > IDENTIFIER_USERS_MAX
    }

    pub(super) fn merge(&mut self, from: usize, into: usize, by_operator: bool) {
        if by_operator {
            let (some, others) = (self.whole(from), self.whole(into));
            self.apart.retain(|(one, two)| {
                !(some.contains(one) && others.contains(two) || some.contains(two) && others.contains(one))
            });
        }
        self.parts[from].into = Some(into);
        self.merges.push(Merged { from, into, by_operator, undone: false });
    }

    pub(super) fn undo(&mut self, merge: usize) {
        let Merged { from, into, .. } = self.merges[merge];
        self.merges[merge].undone = true;
        self.parts[from].into = None;
        self.apart.insert((from, into));
    }

    /// Forgets a person, all of whose parts are nobody from then on.
    pub(super) fn erase(&mut self, root: usize) {
        let names = self.names(root);
        self.shared.retain(|name, _| !names.contains(name));
        self.shared.values_mut().for_each(|users| users.retain(|user| !names.contains(user)));
        self.hidden.extend(self.blocked.intersection(&names).cloned());
        let whole = self.whole(root);
        self.apart.retain(|(one, two)| !whole.contains(one) && !whole.contains(two));
        for part in whole {
            self.parts[part] = Part { erased: true, ..Part::default() };
        }
    }

    /// A consent: a withdrawal is said by everybody that the person is, a grant by the part whose name it came with.
    pub(super) fn state(&mut self, names: &[Name], otherwise: usize, at: At, seq: u64, prefer: Prefer) {
        let root = self.root(otherwise);
        let whole = self.whole(root);
        let holders = names.iter().filter_map(|name| self.holder(name));
        let about = holders.into_iter().find(|part| whole.contains(part)).unwrap_or(otherwise);
        let said_by = if prefer.granted { vec![about] } else { whole };
        for part in said_by {
            self.parts[part].said.push((at, seq, prefer));
        }
    }

    /// What a part says of offers by email.
    pub(super) fn by_email(&self, part: usize) -> Option<ConsentState> {
        let newest =
            self.parts[part].said.iter().max_by_key(|(at, seq, prefer)| (*at, *seq, prefer.by_email));
        newest.map(|(_, _, prefer)| match prefer.granted {
            true => ConsentState::Granted,
            false => ConsentState::Withdrawn,
        })
    }
}
