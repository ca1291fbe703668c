//! The operators of an installation: people who sign in, with a password and a role. Owned by the server, kept beside the
//! log as keys are: who they are in `operators.json`, who is signed in in `sessions.json`, which only their owner can read.
//!
//! A session is 256 random bits in a cookie; its file holds SHA-256 only. Each operator has a *stamp* that is drawn anew with
//! every new password; a session is of a stamp, so that with one write of one file all sessions of before are over.

mod lockout;
mod password;
mod roster;
mod sessions;

pub use roster::{Changed, Operator, Role};

use crate::access::Rights;
use crate::audit::Untold;
use crate::clock;
use crate::keys::token::TokenHash;
use crate::keys::{Holder, file};
use crate::limits::{PASSWORD_HASHES_AT_ONCE, SESSION_WRITTEN_EVERY};
use anyhow::Context;
use engine::at::At;
use lockout::Lockout;
use password::PasswordHash;
use roster::Roster;
use serde_json::{Value, json};
use sessions::Sessions;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};
use tokio::sync::Semaphore;

/// The operators as they are now; a change counts from the next request on.
pub struct Operators {
    roster_file: PathBuf,
    sessions_file: PathBuf,
    roster: RwLock<Roster>,
    sessions: Mutex<Sessions>,
    lockout: Mutex<Lockout>,
    /// Room for those who try passwords: each try takes memory and a core.
    hashing: Semaphore,
    /// What a password is compared with where there is no such operator, so that this takes as long.
    nobody: PasswordHash,
}

/// A session that has begun, or goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub operator: Operator,
    /// What a change has to come with, so that it comes from our own pages.
    pub csrf: String,
    /// When it ends at the latest.
    pub ends_at: At,
}

/// What came of signing in.
pub enum SignedIn {
    /// The token goes into the cookie.
    Yes(Session, String),
    Wrong,
    /// Too many tries: the next one counts from then on.
    Later(At),
}

impl Operators {
    /// Reads the operators of a data directory; while there are none, with the token by which the first is made.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let (roster_file, sessions_file) = (data.join("operators.json"), data.join("sessions.json"));
        let mut roster = file::read::<Roster>(&roster_file)?.unwrap_or_default();
        if roster.needs_first() {
            roster.draw_first();
            file::write(&roster_file, &roster)?;
        }
        // Sessions are not waited for to be on the disk: after a loss of power whoever was signed in signs in once more.
        let sessions = file::read::<Sessions>(&sessions_file).unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "everybody has to sign in again");
            None
        });
        let sessions = sessions.unwrap_or_default();
        Ok(Self {
            roster_file,
            sessions_file,
            roster: RwLock::new(roster),
            sessions: Mutex::new(sessions),
            lockout: Mutex::default(),
            hashing: Semaphore::new(PASSWORD_HASHES_AT_ONCE),
            nobody: PasswordHash::of(""),
        })
    }

    /// The token by which the first owner is made; `None` as soon as there is an operator.
    pub fn first_token(&self) -> Option<String> {
        self.roster.read().expect(UNPOISONED).first_token.clone()
    }

    pub fn list(&self) -> Vec<Operator> {
        self.roster.read().expect(UNPOISONED).list()
    }

    pub fn find(&self, name: &str) -> Option<Operator> {
        self.roster.read().expect(UNPOISONED).find(name).map(|stored| stored.operator.clone())
    }

    /// Makes an operator. It counts once it is in the file, and so does what is to be told of it.
    pub async fn add(&self, name: &str, role: Role, password: &str, by: &Holder) -> anyhow::Result<Changed> {
        if let Some(wrong) = password::wrong(name, password) {
            return Ok(Changed::PasswordUnusable(wrong));
        }
        let hash = self.hash(password).await;
        self.change(|roster| added(roster, name, role, hash, by))
    }

    /// Makes the first operator, an owner, of whoever has the link.
    pub async fn add_first(&self, token: &str, name: &str, password: &str) -> anyhow::Result<Changed> {
        let is_right = |roster: &Roster| {
            let first = roster.first_token.as_deref().map(TokenHash::of);
            first.is_some_and(|first| first.is(&TokenHash::of(token)))
        };
        if !is_right(&self.roster.read().expect(UNPOISONED)) {
            return Ok(Changed::WrongToken);
        }
        if let Some(wrong) = password::wrong(name, password) {
            return Ok(Changed::PasswordUnusable(wrong));
        }
        let hash = self.hash(password).await;
        let by = Holder { name: name.trim().to_owned(), rights: Rights::Operator(Role::Owner) };
        self.change(|roster| match is_right(roster) {
            true => added(roster, name, Role::Owner, hash, &by),
            false => Changed::WrongToken,
        })
    }

    pub fn set_language(&self, name: &str, language: Option<&str>) -> anyhow::Result<Changed> {
        self.change(|roster| roster.set_language(name, language))
    }

    /// Sets a role, a password, or both; a new password ends all sessions.
    pub async fn set(
        &self,
        name: &str,
        role: Option<Role>,
        password: Option<&str>,
        by: &Holder,
    ) -> anyhow::Result<Changed> {
        if let Some(wrong) = password.and_then(|password| password::wrong(name, password)) {
            return Ok(Changed::PasswordUnusable(wrong));
        }
        let hash = match password {
            Some(password) => Some(self.hash(password).await),
            None => None,
        };
        self.change(|roster| {
            let was = roster.find(name).map(|stored| stored.operator.role);
            let changed = roster.set(name, role, hash);
            if let Changed::Done(operator) = &changed {
                if let Some(was) = was.filter(|was| *was != operator.role) {
                    let (was, is) = (said_of(was), said_of(operator.role));
                    roster.untold.push(Untold::of(by, "operator.role", &operator.name, &was, &is));
                }
                if password.is_some() {
                    let nothing = &Value::Null;
                    roster.untold.push(Untold::of(by, "operator.password", &operator.name, nothing, nothing));
                }
            }
            changed
        })
    }

    pub fn remove(&self, name: &str, by: &Holder) -> anyhow::Result<Changed> {
        self.change(|roster| {
            let removed = roster.remove(name);
            if let Changed::Done(operator) = &removed {
                let was = said_of(operator.role);
                roster.untold.push(Untold::of(by, "operator.remove", &operator.name, &was, &Value::Null));
            }
            removed
        })
    }

    /// Changes that are not in the log yet.
    pub(crate) fn untold(&self) -> Vec<Untold> {
        self.roster.read().expect(UNPOISONED).untold.clone()
    }

    /// They are in the log.
    pub(crate) fn told(&self, told: &[Untold]) -> anyhow::Result<()> {
        self.change(|roster| roster.untold.retain(|one| !told.contains(one)))
    }

    /// Compares a password, and begins a session. Unknown names and wrong passwords are told alike, in the same time.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        peer: Option<IpAddr>,
        now: At,
    ) -> anyhow::Result<SignedIn> {
        // A try counts before it is compared, or many at once would each be the first.
        if let Err(until) = self.lockout.lock().expect(UNPOISONED).begin(name, peer, now) {
            return Ok(SignedIn::Later(until));
        }
        let known = self.roster.read().expect(UNPOISONED).find(name).cloned();
        let hash = known.as_ref().map_or(&self.nobody, |known| &known.password).clone();
        let is_right = self.compare(hash, password).await;
        let Some(known) = known.filter(|_| is_right) else { return Ok(SignedIn::Wrong) };
        self.lockout.lock().expect(UNPOISONED).succeed(name, peer);
        let (session, token) = self.begin(&known.operator.name, now)?;
        Ok(SignedIn::Yes(session, token))
    }

    /// Whether it is the operator's password; a try like one of signing in.
    pub async fn is_password(
        &self,
        name: &str,
        password: &str,
        peer: Option<IpAddr>,
        now: At,
    ) -> Result<bool, At> {
        self.lockout.lock().expect(UNPOISONED).begin(name, peer, now)?;
        let known = self.roster.read().expect(UNPOISONED).find(name).cloned();
        let hash = known.map_or_else(|| self.nobody.clone(), |known| known.password);
        let is_right = self.compare(hash, password).await;
        if is_right {
            self.lockout.lock().expect(UNPOISONED).succeed(name, peer);
        }
        Ok(is_right)
    }

    /// Begins a session of an operator, who has shown who they are.
    pub fn begin(&self, name: &str, now: At) -> anyhow::Result<(Session, String)> {
        let roster = self.roster.read().expect(UNPOISONED);
        let known = roster.find(name).with_context(|| format!("the operator \"{name}\" was removed"))?;
        let mut sessions = self.sessions.lock().expect(UNPOISONED);
        sessions.drop_ended(now, |stamp| roster.of_stamp(stamp).is_some());
        let (token, ends_at) = sessions.begin(&known.stamp, now);
        file::write_unsynced(&self.sessions_file, &*sessions).context("the session was not kept")?;
        let session = Session { operator: known.operator.clone(), csrf: sessions::csrf(&token), ends_at };
        Ok((session, token))
    }

    /// Whose session it is, which this keeps from ending.
    pub fn session(&self, token: &str, now: At) -> Option<Session> {
        // Always the roster first, so that nobody waits for somebody who waits for them.
        let roster = self.roster.read().expect(UNPOISONED);
        let mut sessions = self.sessions.lock().expect(UNPOISONED);
        let found = sessions.find(token, now)?;
        let operator = roster.of_stamp(&found.stamp)?.operator.clone();
        let ends_at = found.ends_at();
        if now.since(found.seen_at) >= SESSION_WRITTEN_EVERY {
            found.seen_at = now;
            // Whoever cannot be remembered as seen has to sign in again a little sooner, and that is all.
            if let Err(error) = file::write_unsynced(&self.sessions_file, &*sessions) {
                tracing::warn!(error = format!("{error:#}"), "sessions could not be written");
            }
        }
        Some(Session { operator, csrf: sessions::csrf(token), ends_at })
    }

    /// Signs out.
    pub fn end(&self, token: &str) -> anyhow::Result<()> {
        let mut sessions = self.sessions.lock().expect(UNPOISONED);
        sessions.end(token);
        file::write(&self.sessions_file, &*sessions).context("the end of the session was not kept")
    }

    async fn hash(&self, password: &str) -> PasswordHash {
        let _room = self.hashing.acquire().await.expect(UNCLOSED);
        let password = password.to_owned();
        let hashing = tokio::task::spawn_blocking(move || PasswordHash::of(&password));
        hashing.await.expect("invariant: hashing does not panic")
    }

    async fn compare(&self, hash: PasswordHash, password: &str) -> bool {
        let _room = self.hashing.acquire().await.expect(UNCLOSED);
        let password = password.to_owned();
        let comparing = tokio::task::spawn_blocking(move || hash.is_of(&password));
        comparing.await.expect("invariant: hashing does not panic")
    }

    fn change<T>(&self, change: impl FnOnce(&mut Roster) -> T) -> anyhow::Result<T> {
        let mut roster = self.roster.write().expect(UNPOISONED);
        let mut changed = roster.clone();
        let answer = change(&mut changed);
        if changed != *roster {
            file::write(&self.roster_file, &changed).context("the change of operators was not kept")?;
            *roster = changed;
        }
        Ok(answer)
    }
}

/// Adds an operator, and what is to be told of it.
fn added(roster: &mut Roster, name: &str, role: Role, password: PasswordHash, by: &Holder) -> Changed {
    let added = roster.add(name, role, password, clock::now());
    if let Changed::Done(operator) = &added {
        let is = said_of(role);
        roster.untold.push(Untold::of(by, "operator.add", &operator.name, &Value::Null, &is));
    }
    added
}

/// What the audit tells of a role.
fn said_of(role: Role) -> Value {
    json!({ "role": role.name() })
}

const UNPOISONED: &str = "invariant: nobody panics with the operators in hand";
const UNCLOSED: &str = "invariant: the room for passwords is never closed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{LOCKOUT_NAME_TRIES, SESSION_IDLE_MAX};
    use engine::at::Span;

    const PASSWORD: &str = "the press opens at dawn";

    #[tokio::test]
    async fn a_session_that_is_used_goes_on_whatever_is_restarted() {
        let dir = tempfile::tempdir().unwrap();
        let operators = Operators::open(dir.path()).unwrap();
        assert!(matches!(
            operators.add("ada", Role::Owner, PASSWORD, &Holder::server("test")).await,
            Ok(Changed::Done(_))
        ));
        let begun = At(1_000_000_000);
        let (session, token) = operators.begin("ada", begun).unwrap();
        let used = begun.plus(SESSION_WRITTEN_EVERY);
        assert_eq!(operators.session(&token, used), Some(session));
        drop(operators);
        let operators = Operators::open(dir.path()).unwrap();
        let late = begun.plus(SESSION_IDLE_MAX).plus(Span::MINUTE);
        assert!(operators.session(&token, late).is_some(), "it was used since");
        drop(operators);
        let operators = Operators::open(dir.path()).unwrap();
        assert!(operators.session(&token, late.plus(SESSION_IDLE_MAX)).is_none(), "nobody used it");
    }

    #[tokio::test]
    async fn sessions_that_cannot_be_read_end_and_others_begin() {
        let dir = tempfile::tempdir().unwrap();
        let operators = Operators::open(dir.path()).unwrap();
        operators.add("ada", Role::Owner, PASSWORD, &Holder::server("test")).await.unwrap();
        let (_, token) = operators.begin("ada", At(0)).unwrap();
        drop(operators);
        std::fs::write(dir.path().join("sessions.json"), "{\"sess").unwrap();
        let operators = Operators::open(dir.path()).unwrap();
        assert!(operators.session(&token, At(0)).is_none());
        let (session, token) = operators.begin("ada", At(0)).unwrap();
        drop(operators);
        assert_eq!(Operators::open(dir.path()).unwrap().session(&token, At(0)), Some(session));
    }

    #[tokio::test]
    async fn whoever_guesses_waits_and_whoever_knows_it_then_comes_in() {
        let dir = tempfile::tempdir().unwrap();
        let operators = Operators::open(dir.path()).unwrap();
        operators.add("ada", Role::Viewer, PASSWORD, &Holder::server("test")).await.unwrap();
        let mut now = At(0);
        for _ in 0..=LOCKOUT_NAME_TRIES {
            let tried = operators.sign_in("ada", "guessed", None, now).await.unwrap();
            assert!(matches!(tried, SignedIn::Wrong));
        }
        let SignedIn::Later(until) = operators.sign_in("ada", PASSWORD, None, now).await.unwrap() else {
            panic!("one more try counts at once")
        };
        now = until;
        assert!(matches!(operators.sign_in("ada", PASSWORD, None, now).await.unwrap(), SignedIn::Yes(..)));
        for _ in 0..LOCKOUT_NAME_TRIES {
            let tried = operators.sign_in("ada", "guessed", None, now).await.unwrap();
            assert!(matches!(tried, SignedIn::Wrong), "what was before is forgotten");
        }
    }
}
