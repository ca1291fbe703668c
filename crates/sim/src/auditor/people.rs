//! Who is who, by the rules as they are written for people: every profile ever made is a part that keeps what was said of
//! it, and a person is a part that stands with all that were merged into it. Linear searches over everybody; nothing is
//! remembered that could be looked up, and undoing a merge only cuts.

use std::collections::{BTreeMap, BTreeSet};

use engine::Seq;
use engine::at::At;
use engine::identifier::IdentifierKind;
use engine::limits::IDENTIFIER_USERS_MAX;
use serde_json::Value as Json;

use super::consent::{Stated, Statement, Statements};
use crate::naive;

pub(crate) type Name = (IdentifierKind, String);

/// One person, as far as is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) names: BTreeSet<Name>,
    pub(crate) seen: Vec<At>,
    pub(crate) happenings: Vec<Happening>,
    /// By name: when it was stated, and as what.
    pub(crate) traits: Vec<(String, At, Json)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) seq: Seq,
    /// Millionths; `None` where there is no number.
    pub(crate) total: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) properties: Json,
}

#[derive(Default)]
pub(crate) struct People {
    parts: Vec<Person>,
    merges: Vec<Merged>,
    /// Every consent ever stated, in the order of the log.
    statements: Vec<Said>,
    apart: BTreeSet<(usize, usize)>,
    /// By name: users that came with it where another's did.
    shared: BTreeMap<Name, BTreeSet<Name>>,
    blocked: BTreeSet<Name>,
    erased: BTreeSet<usize>,
}

struct Merged {
    from: usize,
    into: usize,
    seq: Seq,
    undone: bool,
}

struct Said {
    statement: Statement,
    /// The part whose name the record had.
    about: usize,
    /// All that was one person then.
    among: Vec<usize>,
}

impl People {
    /// Numbers of the parts that stand for a person.
    pub(crate) fn roots(&self) -> Vec<usize> {
        let stands = |part: &usize| self.root(*part) == *part && !self.erased.contains(part);
        (0..self.parts.len()).filter(stands).collect()
    }

    pub(crate) fn is_erased(&self, part: usize) -> bool {
        self.erased.contains(&part)
    }

    pub(crate) fn root(&self, mut part: usize) -> usize {
        while let Some(merge) = self.merge_of(part) {
            part = merge.into;
        }
        part
    }

    fn merge_of(&self, part: usize) -> Option<&Merged> {
        self.merges.iter().find(|merge| merge.from == part && !merge.undone)
    }

    /// Whether a part is another, or was merged into it on whatever way.
    fn is_part(&self, mut part: usize, of: usize) -> bool {
        while part != of {
            match self.merge_of(part) {
                Some(merge) => part = merge.into,
                None => return false,
            }
        }
        true
    }

    pub(crate) fn whole_of(&self, root: usize) -> Vec<usize> {
        (0..self.parts.len()).filter(|part| self.is_part(*part, root)).collect()
    }

    /// The person that a part stands for.
    pub(crate) fn person(&self, root: usize) -> Person {
        let mut person = Person::default();
        for part in self.whole_of(root) {
            let part = self.parts[part].clone();
            person.names.extend(part.names);
            person.seen.extend(part.seen);
            person.happenings.extend(part.happenings);
            person.traits.extend(part.traits);
        }
        person.happenings.sort_by_key(|happening| happening.seq);
        person
    }

    pub(crate) fn named(&self, name: &Name) -> Option<usize> {
        self.holder(name).map(|part| self.root(part))
    }

    pub(crate) fn holder(&self, name: &Name) -> Option<usize> {
        self.parts.iter().position(|part| part.names.contains(name))
    }

    pub(crate) fn part_mut(&mut self, part: usize) -> &mut Person {
        &mut self.parts[part]
    }

    fn is_registered(&self, root: usize) -> bool {
        self.person(root).names.iter().any(|name| name.0 == IdentifierKind::UserId)
    }

    fn are_apart(&self, one: usize, two: usize) -> bool {
        let meet = |a: &usize, b: &usize| self.is_part(*a, one) && self.is_part(*b, two);
        self.apart.iter().any(|(a, b)| meet(a, b) || meet(b, a))
    }

    /// The person that a record names; made, or made of several, where it must be. Nobody where every name is blocked.
    ///
    /// The most trusted name that is known says who it is, but a user id that is new never takes somebody registered.
    /// Then each name: unknown ones are added, other people's join unless both are registered or an operator parted them,
    /// and an anonymous name that comes with a user id moves to that user, until too many have had it.
    pub(crate) fn meet(&mut self, names: &[Name], seen_at: At, seq: Seq) -> Option<usize> {
        let is_user = |name: &Name| name.0 == IdentifierKind::UserId;
        let names: Vec<&Name> = names.iter().filter(|name| !self.blocked.contains(name)).collect();
        let user = names.first().filter(|name| is_user(name)).copied();
        let new_user = user.is_some_and(|user| self.holder(user).is_none());
        let mut known = names.iter().filter_map(|name| self.named(name));
        let known = known.find(|root| !new_user || !self.is_registered(*root));
        names.first()?;
        let mut target = known.unwrap_or_else(|| {
            self.parts.push(Person { seen: vec![seen_at], ..Person::default() });
            self.parts.len() - 1
        });
        for name in names {
            match self.named(name) {
                None => _ = self.parts[target].names.insert(name.clone()),
                Some(owner) if owner == target || self.are_apart(owner, target) => {}
                Some(owner) if !(self.is_registered(owner) && self.is_registered(target)) => {
                    // The registered one stands, or else the older.
                    let stands = self.is_registered(owner) || (!self.is_registered(target) && owner < target);
                    let (from, into) = if stands { (target, owner) } else { (owner, target) };
                    self.merges.push(Merged { from, into, seq, undone: false });
                    target = into;
                }
                Some(owner) => {
                    if let Some(user) = user {
                        self.contest(name, user, (owner, target));
                    }
                }
            }
        }
        Some(target)
    }

    fn contest(&mut self, name: &Name, user: &Name, (owner, target): (usize, usize)) {
        if name.0 == IdentifierKind::UserId {
            return;
        }
        let users = self.person(owner).names.into_iter().filter(|name| name.0 == IdentifierKind::UserId);
        let known = self.shared.entry(name.clone()).or_default();
        known.extend(users.chain([user.clone()]));
        if known.len() > IDENTIFIER_USERS_MAX {
            self.blocked.insert(name.clone());
        } else if name.0 == IdentifierKind::AnonymousId {
            let holder = self.holder(name).expect("somebody has it");
            self.parts[holder].names.remove(name);
            self.parts[target].names.insert(name.clone());
        }
    }

    /// An operator says that two are one.
    pub(crate) fn merge(&mut self, from: &Name, into: &Name, seq: Seq) {
        let [from, into] = [from, into].map(|name| self.named(name).expect("the engine knew them"));
        let apart = std::mem::take(&mut self.apart);
        let met = |a: usize, b: usize| self.is_part(a, from) && self.is_part(b, into);
        self.apart = apart.into_iter().filter(|(a, b)| !met(*a, *b) && !met(*b, *a)).collect();
        self.merges.push(Merged { from, into, seq, undone: false });
    }

    /// An operator undoes a merge.
    pub(crate) fn undo(&mut self, merge: usize) {
        self.merges[merge].undone = true;
        self.apart.insert((self.merges[merge].from, self.merges[merge].into));
    }

    /// Forgets a person. Gives the names that they had.
    pub(crate) fn erase(&mut self, part: usize) -> BTreeSet<Name> {
        let whole = self.whole_of(self.root(part));
        let names: BTreeSet<Name> =
            whole.iter().flat_map(|part| std::mem::take(&mut self.parts[*part]).names).collect();
        self.shared.retain(|name, _| !names.contains(name));
        self.shared.values_mut().for_each(|users| users.retain(|user| !names.contains(user)));
        self.apart.retain(|(one, two)| !whole.contains(one) && !whole.contains(two));
        self.erased.extend(whole);
        names
    }

    /// The part of a person that an event with these names is about.
    pub(crate) fn about(&self, names: &[Name], root: usize) -> usize {
        let among = self.whole_of(root);
        let mut holders =
            names.iter().filter(|name| !self.blocked.contains(name)).filter_map(|name| self.holder(name));
        holders.find(|holder| among.contains(holder)).unwrap_or(root)
    }

    /// The person whom names lead to that were met before, and the part that they are about.
    pub(crate) fn whom(&self, names: &[Name]) -> Option<(usize, usize)> {
        let mut known = names.iter().filter(|name| !self.blocked.contains(name));
        let root = known.find_map(|name| self.named(name))?;
        Some((root, self.about(names, root)))
    }

    /// Notes a consent of the person that a part is of, by a record with these names.
    pub(crate) fn state(&mut self, part: usize, names: &[Name], statement: Statement) {
        let root = self.root(part);
        let among = self.whole_of(root);
        let mut holders = names.iter().filter_map(|name| self.holder(name));
        let about = holders.find(|holder| among.contains(holder)).unwrap_or(part);
        self.statements.push(Said { statement, about, among });
    }

    /// The most that a person allows.
    pub(crate) fn statements(&self, root: usize) -> Statements {
        self.statements_until(root, Seq(u64::MAX))
    }

    /// What was said until a place in the log, in its order, each merge at its place: of what was said before that by one
    /// and the other, the stricter. A grant counts for the part it was about, and a withdrawal for all who were one.
    fn statements_until(&self, root: usize, until: Seq) -> Statements {
        let mut statements = Statements::default();
        let mut merges =
            self.merges.iter().filter(|one| one.into == root && !one.undone && one.seq < until).peekable();
        for said in self.statements.iter().filter(|said| said.statement.seq < until) {
            let seq = said.statement.seq;
            // A record is about the person that it made.
            while let Some(merge) = merges.next_if(|merge| merge.seq <= seq) {
                statements.join(self.statements_until(merge.from, merge.seq), merge.seq);
            }
            let is_here =
                said.about == root || self.branch(said.about, root).is_some_and(|merge| merge.seq <= seq);
            let is_for_all = said.statement.stated == Stated::Withdrawn && said.among.contains(&root);
            if is_here || is_for_all {
                statements.add(said.statement.clone());
            }
        }
        merges.for_each(|merge| statements.join(self.statements_until(merge.from, merge.seq), merge.seq));
        statements
    }

    /// The merge by which a part came to a person.
    fn branch(&self, part: usize, root: usize) -> Option<&Merged> {
        let mut merge = self.merge_of(part)?;
        while merge.into != root {
            merge = self.merge_of(merge.into)?;
        }
        Some(merge)
    }
}

impl Person {
    pub(crate) fn is_identified(&self) -> bool {
        self.names.iter().any(|name| matches!(name.0, IdentifierKind::UserId | IdentifierKind::Email))
    }

    pub(crate) fn first_seen(&self) -> At {
        self.seen.iter().copied().min().expect("everybody was seen")
    }

    pub(crate) fn last_seen(&self) -> At {
        self.seen.iter().copied().max().expect("everybody was seen")
    }

    /// What was stated last. No two statements are of one instant.
    pub(crate) fn trait_value(&self, name: &str) -> Option<&Json> {
        let stated = self.traits.iter().filter(|(stated, ..)| stated == name);
        stated.max_by_key(|(_, at, _)| *at).map(|(.., value)| value)
    }

    /// What is known, for a naive evaluation. Of consents the auditor knows bounds alone, and no segment asks.
    pub(crate) fn told(&self) -> naive::Person {
        let second = |at: At| at.0.div_euclid(1_000);
        let event = |one: &Happening| naive::Event {
            name: one.name.clone(),
            second: second(one.at),
            place: one.seq.0,
            properties: one.properties.clone(),
        };
        let names: BTreeSet<&String> = self.traits.iter().map(|(name, ..)| name).collect();
        let stated = |name: &String| (name.clone(), self.trait_value(name).cloned().unwrap_or_default());
        naive::Person {
            events: self.happenings.iter().map(event).collect(),
            traits: Json::Object(names.into_iter().map(stated).collect()),
            first_seen: second(self.first_seen()),
            last_seen: second(self.last_seen()),
            ..naive::Person::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        let kind = if text.starts_with('u') { IdentifierKind::UserId } else { IdentifierKind::AnonymousId };
        (kind, text.to_owned())
    }

    fn meet(people: &mut People, names: &[&str]) -> String {
        let names: Vec<Name> = names.iter().map(|text| name(text)).collect();
        let Some(root) = people.meet(&names, At(1), Seq(1)) else { return "nobody".to_owned() };
        people.person(root).names.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_join_people_and_users_stay_apart() {
        let mut people = People::default();
        assert_eq!(meet(&mut people, &["a"]), "a");
        assert_eq!(meet(&mut people, &["b"]), "b");
        assert_eq!(meet(&mut people, &["u1", "a"]), "u1 a");
        assert_eq!(meet(&mut people, &["u1", "b"]), "u1 a b", "one person");
        assert_eq!(meet(&mut people, &["u2", "a"]), "u2 a", "a shared device moves to the second user");
        assert_eq!(meet(&mut people, &["u1"]), "u1 b");
        assert_eq!(people.roots().len(), 2);
        people.undo(0);
        assert_eq!(meet(&mut people, &["b"]), "b");
        assert_eq!(meet(&mut people, &["u1", "b"]), "u1", "whom an operator parted");
        people.merge(&name("b"), &name("u2"), Seq(9));
        assert_eq!(meet(&mut people, &["u2"]), "u2 a b");
        for user in 3..=IDENTIFIER_USERS_MAX {
            meet(&mut people, &[&format!("u{user}"), "a"]);
        }
        assert_eq!(meet(&mut people, &["u99", "a"]), "u99", "too many had it");
        assert_eq!(meet(&mut people, &["a"]), "nobody");
    }
}
