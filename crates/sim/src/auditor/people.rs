//! Who is who, by the rules as they are written for people: linear searches over everybody, nothing remembered that
//! could be looked up.

use std::collections::{BTreeMap, BTreeSet};

use engine::Seq;
use engine::at::At;
use engine::identifier::IdentifierKind;
use serde_json::Value as Json;

use super::consent::Statements;
use crate::naive;

pub(crate) type Name = (IdentifierKind, String);

/// One person, as far as is known.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) names: BTreeSet<Name>,
    pub(crate) first_seen: At,
    pub(crate) last_seen: At,
    pub(crate) happenings: Vec<Happening>,
    pub(crate) statements: Statements,
    /// By name: when it was stated last, and as what.
    pub(crate) traits: BTreeMap<String, (At, Json)>,
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
pub(crate) struct People(Vec<Person>);

impl People {
    pub(crate) fn all(&self) -> &[Person] {
        &self.0
    }

    pub(crate) fn named(&self, name: &Name) -> Option<&Person> {
        self.0.iter().find(|person| person.names.contains(name))
    }

    /// The person that a record names; made, or made of several, where it must be.
    ///
    /// The most trusted name that is known says who it is, but a user id that is new never takes somebody registered.
    /// Then each name: unknown ones are added, other people's join unless both are registered, and an anonymous name
    /// that comes with a user id moves to that user.
    pub(crate) fn meet(&mut self, names: &[Name], seen_at: At, seq: Seq) -> &mut Person {
        let is_user = |name: &Name| name.0 == IdentifierKind::UserId;
        let comes_with_user = names.iter().any(is_user);
        let new_user = names.first().filter(|name| is_user(name) && self.index(name).is_none());
        let known = names.iter().filter_map(|name| self.index(name));
        let mut known = known.filter(|index| new_user.is_none() || !self.0[*index].is_registered());
        let mut target = known.next().unwrap_or_else(|| {
            self.0.push(Person::new(seen_at));
            self.0.len() - 1
        });
        for name in names {
            match self.index(name) {
                None => drop(self.0[target].names.insert(name.clone())),
                Some(owner) if owner == target => {}
                Some(owner) if !(self.0[owner].is_registered() && self.0[target].is_registered()) => {
                    let other = self.0.remove(owner);
                    target -= usize::from(owner < target);
                    self.0[target].join(other, seq);
                }
                Some(owner) if name.0 == IdentifierKind::AnonymousId && comes_with_user => {
                    self.0[owner].names.remove(name);
                    self.0[target].names.insert(name.clone());
                }
                Some(_) => {}
            }
        }
        &mut self.0[target]
    }

    pub(crate) fn named_mut(&mut self, name: &Name) -> Option<&mut Person> {
        let index = self.index(name)?;
        Some(&mut self.0[index])
    }

    fn index(&self, name: &Name) -> Option<usize> {
        self.0.iter().position(|person| person.names.contains(name))
    }
}

impl Person {
    fn new(seen_at: At) -> Self {
        Self {
            names: BTreeSet::new(),
            first_seen: seen_at,
            last_seen: seen_at,
            happenings: Vec::new(),
            statements: Statements::default(),
            traits: BTreeMap::new(),
        }
    }

    fn is_registered(&self) -> bool {
        self.names.iter().any(|name| name.0 == IdentifierKind::UserId)
    }

    fn join(&mut self, other: Self, seq: Seq) {
        self.names.extend(other.names);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.happenings.extend(other.happenings);
        self.statements.join(other.statements, seq);
        for (name, (at, value)) in other.traits {
            self.state_trait(&name, at, value);
        }
    }

    /// No two statements are of one instant.
    pub(crate) fn state_trait(&mut self, name: &str, at: At, value: Json) {
        if self.traits.get(name).is_none_or(|(before, _)| *before < at) {
            self.traits.insert(name.to_owned(), (at, value));
        }
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
        let traits = self.traits.iter().map(|(name, (_, value))| (name.clone(), value.clone()));
        naive::Person {
            events: self.happenings.iter().map(event).collect(),
            traits: Json::Object(traits.collect()),
            first_seen: second(self.first_seen),
            last_seen: second(self.last_seen),
            ..naive::Person::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_join_people_and_users_stay_apart() {
        let name = |text: &str| {
            let kind =
                if text.starts_with('u') { IdentifierKind::UserId } else { IdentifierKind::AnonymousId };
            (kind, text.to_owned())
        };
        let mut people = People::default();
        let mut meet = |names: &[&str]| {
            let names: Vec<Name> = names.iter().map(|text| name(text)).collect();
            let person = people.meet(&names, At(1), Seq(1));
            person.names.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(meet(&["a"]), "a");
        assert_eq!(meet(&["b"]), "b");
        assert_eq!(meet(&["u1", "a"]), "u1 a");
        assert_eq!(meet(&["u1", "b"]), "u1 a b", "one person");
        assert_eq!(meet(&["u2", "a"]), "u2 a", "a shared device moves to the second user");
        assert_eq!(meet(&["u1"]), "u1 b");
        assert_eq!(people.all().len(), 2);
    }
}
