//! The set of operators in memory. Pure but for the draw of stamps.

use super::password::PasswordHash;
use crate::audit::Untold;
use crate::keys::token::random_text;
use crate::limits::{OPERATOR_NAME_BYTES_MAX, OPERATORS_MAX};
use engine::at::At;
use serde::{Deserialize, Serialize};

/// What an operator may do; each may what the one before may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    Viewer,
    /// Ask anything of the data, and state what was found out of people.
    Analyst,
    /// Change what is said to whom: definitions, journeys, offers, consents, who is who.
    Marketer,
    /// Erase people, and say who has keys and roles.
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Analyst, Self::Marketer, Self::Owner];

    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Marketer => "marketer",
            Self::Owner => "owner",
        }
    }
}

/// An operator as they are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Operator {
    pub name: String,
    pub role: Role,
    /// Code of the language that the console speaks with them; absent where they never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The operator as they are since, or were until they were removed.
    Done(Operator),
    NoSuchOperator,
    NameTaken,
    /// Empty, longer than `OPERATOR_NAME_BYTES_MAX`, or with control characters.
    NameUnusable,
    PasswordUnusable(String),
    TooMany,
    /// Nobody would be left who may say who has which role.
    LastOwner,
    /// The link for the first owner was used, or is another.
    WrongToken,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Roster {
    /// Makes the first owner; gone as soon as there is one.
    pub(super) first_token: Option<String>,
    operators: Vec<Stored>,
    /// Changes that are not in the log yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) untold: Vec<Untold>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(flatten)]
    pub(super) operator: Operator,
    pub(super) password: PasswordHash,
    /// Sessions are of it.
    pub(super) stamp: String,
}

impl Roster {
    pub(super) fn needs_first(&self) -> bool {
        self.operators.is_empty() && self.first_token.is_none()
    }

    pub(super) fn draw_first(&mut self) {
        self.first_token = Some(random_text::<32>());
    }

    pub(super) fn list(&self) -> Vec<Operator> {
        self.operators.iter().map(|stored| stored.operator.clone()).collect()
    }

    /// By name, however it is written.
    pub(super) fn find(&self, name: &str) -> Option<&Stored> {
        let name = folded(name);
        self.operators.iter().find(|stored| folded(&stored.operator.name) == name)
    }

    pub(super) fn of_stamp(&self, stamp: &str) -> Option<&Stored> {
        self.operators.iter().find(|stored| stored.stamp == stamp)
    }

    pub(super) fn add(&mut self, name: &str, role: Role, password: PasswordHash, at: At) -> Changed {
        let name = name.trim();
        if name.is_empty() || name.len() > OPERATOR_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Changed::NameUnusable;
        }
        if self.find(name).is_some() {
            return Changed::NameTaken;
        }
        if self.operators.len() >= OPERATORS_MAX {
            return Changed::TooMany;
        }
        let operator = Operator { name: name.to_owned(), role, language: None, created_at: at.to_string() };
        let stored = Stored { operator: operator.clone(), password, stamp: random_text::<12>() };
        self.operators.push(stored);
        if role == Role::Owner {
            self.first_token = None;
        }
        Changed::Done(operator)
    }

    /// Sets a role, a password, or both.
    pub(super) fn set(&mut self, name: &str, role: Option<Role>, password: Option<PasswordHash>) -> Changed {
        if role.is_some_and(|role| role != Role::Owner) && self.is_last_owner(name) {
            return Changed::LastOwner;
        }
        let changed = self.change(name, |stored| {
            if let Some(role) = role {
                stored.operator.role = role;
            }
            if let Some(password) = password {
                (stored.password, stored.stamp) = (password, random_text::<12>());
            }
        });
        if role == Some(Role::Owner) && matches!(changed, Changed::Done(_)) {
            self.first_token = None;
        }
        changed
    }

    pub(super) fn set_language(&mut self, name: &str, language: Option<&str>) -> Changed {
        self.change(name, |stored| stored.operator.language = language.map(str::to_owned))
    }

    pub(super) fn remove(&mut self, name: &str) -> Changed {
        if self.is_last_owner(name) {
            return Changed::LastOwner;
        }
        let name = folded(name);
        match self.operators.iter().position(|stored| folded(&stored.operator.name) == name) {
            Some(place) => Changed::Done(self.operators.remove(place).operator),
            None => Changed::NoSuchOperator,
        }
    }

    fn is_last_owner(&self, name: &str) -> bool {
        let is_owner = |stored: &&Stored| stored.operator.role == Role::Owner;
        let mut owners = self.operators.iter().filter(is_owner);
        owners.next().is_some_and(|one| folded(&one.operator.name) == folded(name)) && owners.next().is_none()
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Stored)) -> Changed {
        let name = folded(name);
        match self.operators.iter_mut().find(|stored| folded(&stored.operator.name) == name) {
            Some(stored) => {
                change(stored);
                Changed::Done(stored.operator.clone())
            }
            None => Changed::NoSuchOperator,
        }
    }
}

/// A name as names are compared.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_always_left() {
        let mut roster = Roster::default();
        roster.draw_first();
        let add = |roster: &mut Roster, name: &str, role| {
            let added = roster.add(name, role, PasswordHash::quick("a"), At(0));
            assert!(matches!(added, Changed::Done(_)), "{added:?}");
        };
        add(&mut roster, "Ada", Role::Marketer);
        assert!(roster.first_token.is_some(), "nobody may say who has which role yet");
        add(&mut roster, "Bea", Role::Owner);
        assert!(roster.first_token.is_none() && !roster.needs_first());
        assert_eq!(roster.add(" aDA ", Role::Owner, PasswordHash::quick("a"), At(0)), Changed::NameTaken);
        for name in ["", " ", "a\nb", &"x".repeat(OPERATOR_NAME_BYTES_MAX + 1)] {
            let added = roster.add(name, Role::Owner, PasswordHash::quick("a"), At(0));
            assert_eq!(added, Changed::NameUnusable, "{name:?}");
        }
        assert_eq!(
            roster.set("bea", Some(Role::Marketer), Some(PasswordHash::quick("b"))),
            Changed::LastOwner
        );
        assert_eq!(roster.remove("BEA"), Changed::LastOwner);
        assert!(matches!(roster.set("ada", Some(Role::Owner), None), Changed::Done(_)));
        assert!(matches!(roster.remove("bea"), Changed::Done(_)));
        assert_eq!(roster.remove("bea"), Changed::NoSuchOperator);
        assert_eq!(roster.remove("ada"), Changed::LastOwner);
    }

    #[test]
    fn a_new_password_has_a_new_stamp_and_a_new_role_has_not() {
        let mut roster = Roster::default();
        roster.add("ada", Role::Owner, PasswordHash::quick("a"), At(0));
        let stamp = roster.find("ada").unwrap().stamp.clone();
        roster.set("ada", Some(Role::Owner), None);
        roster.set_language("ada", Some("it"));
        assert!(roster.of_stamp(&stamp).is_some());
        roster.set("ada", None, Some(PasswordHash::quick("b")));
        assert!(roster.of_stamp(&stamp).is_none());
    }
}
