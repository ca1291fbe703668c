//! The ways out for email: which relay takes a send, and at what pace. Owned by the email channel.

use super::breaker::Breaker;
use super::pace::Paces;
use super::smtp::answer::Answer;
use super::smtp::letter::Letter;
use super::smtp::pool::{Pool, PoolSize};
use super::smtp::url::Route as Relay;
use crate::clock;
use crate::config::routes::RouteSettings;
use anyhow::Context;
use engine::at::At;
use std::sync::{Arc, Mutex};

/// All routes, in the order in which they are asked.
pub struct Routes {
    routes: Vec<Arc<Route>>,
}

/// A relay with what goes to it and how fast.
pub struct Route {
    settings: RouteSettings,
    pool: Pool,
    turns: Mutex<Turns>,
}

#[derive(Default)]
struct Turns {
    breaker: Breaker,
    paces: Paces,
}

impl Routes {
    /// Reads and checks what the settings say of the relays, and the files that they name.
    pub fn read(settings: &[RouteSettings]) -> anyhow::Result<Vec<(RouteSettings, Relay)>> {
        let read = |one: &RouteSettings| {
            let relay =
                Relay::new(&one.smtp).with_context(|| format!("the route {:?} cannot be used", one.name))?;
            Ok((one.clone(), relay))
        };
        settings.iter().map(read).collect()
    }

    /// Starts the connections to the relays on the current tokio runtime.
    pub fn start(relays: Vec<(RouteSettings, Relay)>) -> Self {
        let start = |(settings, relay): (RouteSettings, Relay)| {
            let size = PoolSize { connections: settings.connections, ..PoolSize::USUAL };
            let turns = Turns { breaker: Breaker::default(), paces: Paces::new(settings.pace.clone()) };
            Arc::new(Route { settings, pool: Pool::start(relay, size), turns: Mutex::new(turns) })
        };
        Self { routes: relays.into_iter().map(start).collect() }
    }

    /// The first that takes a purpose from a sender's domain.
    pub fn of(&self, purpose: &str, from: &str) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.takes(purpose, from))
    }

    pub(super) fn begin_round(&self) {
        self.routes.iter().for_each(|route| route.turns().paces.begin_round());
    }

    /// Letters under way are finished and connections closed.
    pub async fn stop(&self) {
        for route in &self.routes {
            route.pool.stop().await;
        }
    }
}

impl Route {
    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    fn takes(&self, purpose: &str, from: &str) -> bool {
        let (purposes, senders) = (&self.settings.purposes, &self.settings.from);
        (purposes.is_empty() || purposes.iter().any(|one| one == purpose))
            && (senders.is_empty() || senders.iter().any(|one| one.eq_ignore_ascii_case(from)))
    }

    /// Whether it is the turn of an email for a host of mailboxes; if not, when it will be.
    pub(super) fn turn(&self, host: &str, now: At) -> Result<(), At> {
        let mut turns = self.turns();
        let Turns { breaker, paces } = &mut *turns;
        // Asked before the pace, so that a relay that is left alone costs no host its turn; told after it, so that its one
        // try is not used up by an email that waits.
        breaker.check(now)?;
        paces.turn(host, now)?;
        breaker.go(now);
        Ok(())
    }

    /// Hands a letter over.
    pub(super) async fn send(&self, letter: Letter) -> Answer {
        let answer = self.pool.send(letter).await;
        let is_failure = matches!(answer, Answer::Unreachable { .. } | Answer::Transient { code: 421, .. });
        let mut turns = self.turns();
        if is_failure {
            turns.breaker.failed(clock::now());
        } else {
            turns.breaker.worked();
        }
        answer
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().expect("invariant: nobody panics while counting")
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("name", &self.settings.name).finish_non_exhaustive()
    }
}
