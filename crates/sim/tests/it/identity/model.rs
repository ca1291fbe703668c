//! The slow model: every profile ever made is a part, which keeps what was said of it; a person is a part that stands, with
//! all the parts that were merged into it. Undoing a merge cuts, and nothing else.

use std::collections::BTreeSet;

use engine::at::At;
use engine::identifier::IdentifierKind;
use engine::record::ConsentState;
use sim::naive;

use super::deed::{Name, Prefer};

#[derive(Default)]
pub(super) struct Model {
    pub(super) parts: Vec<Part>,
    pub(super) merges: Vec<Merged>,
    apart: BTreeSet<(usize, usize)>,
}

#[derive(Default)]
pub(super) struct Part {
    into: Option<usize>,
    pub(super) names: BTreeSet<Name>,
    pub(super) events: Vec<naive::Event>,
    pub(super) plans: Vec<(At, String)>,
    pub(super) seen: Vec<At>,
    /// What it said itself, and withdrawals while it was one with others.
    said: Vec<(At, u64, Prefer)>,
}

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
        (0..self.parts.len()).filter(|part| self.parts[*part].into.is_none()).collect()
    }

    /// The parts of the person that a part is of.
    pub(super) fn whole(&self, part: usize) -> Vec<usize> {
        let root = self.root(part);
        (0..self.parts.len()).filter(|one| self.root(*one) == root).collect()
    }

    pub(super) fn names(&self, root: usize) -> BTreeSet<Name> {
        self.whole(root).into_iter().flat_map(|part| self.parts[part].names.clone()).collect()
    }

    fn holder(&self, name: &Name) -> Option<usize> {
        self.parts.iter().position(|part| part.names.contains(name))
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

    /// The person that a record names.
    pub(super) fn meet(&mut self, names: &[Name]) -> usize {
        let is_user = |name: &Name| name.0 == IdentifierKind::UserId;
        let comes_with_user = names.iter().any(is_user);
        let new_user = is_user(&names[0]) && self.holder(&names[0]).is_none();
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
                None => _ = self.parts[target].names.insert(name.clone()),
                Some(owner) if owner == target => {}
                Some(owner) if self.are_apart(owner, target) => {}
                Some(owner) if !(self.is_registered(owner) && self.is_registered(target)) => {
                    // The registered one stands, or else the older.
                    let first = self.is_registered(owner) || (!self.is_registered(target) && owner < target);
                    let (from, into) = if first { (target, owner) } else { (owner, target) };
                    self.merge(from, into, false);
                    target = into;
                }
                Some(_) if name.0 == IdentifierKind::AnonymousId && comes_with_user => {
                    let holder = self.holder(name).expect("somebody has it");
                    self.parts[holder].names.remove(name);
                    self.parts[target].names.insert(name.clone());
                }
                Some(_) => {}
            }
        }
        target
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
