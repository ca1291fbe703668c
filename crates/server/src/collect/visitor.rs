//! Who is at the other end: a person's device or a company's server, and a person or a program.

use super::bot::{is_bot, is_device};
use super::item::Item;
use std::net::IpAddr;

/// The other end of the connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer<'a> {
    pub ip: Option<IpAddr>,
    pub user_agent: &'a str,
    /// A browser loaded the page ahead, and nobody looks at it yet.
    pub prefetch: bool,
    /// Global Privacy Control: the person wants nothing shared or sold.
    pub privacy_signal: bool,
}

/// What one body's connection says of its events.
pub(super) struct Visitor<'a> {
    peer: Peer<'a>,
    device: bool,
    ip: Option<String>,
    /// The user agent judged last and the verdict: the events of one body mostly share theirs.
    judged: (String, bool),
}

impl<'a> Visitor<'a> {
    pub(super) fn new(peer: Peer<'a>) -> Self {
        let ip = peer.ip.map(|ip| ip.to_string());
        Self { peer, device: is_device(peer.user_agent), ip, judged: (String::new(), false) }
    }

    /// The connection's address, where it is the person's own and the sender named none.
    pub(super) fn ip(&self, item: &Item<'_>, around: &Item<'_>) -> Option<&str> {
        let named = item.seen.ip || around.seen.ip;
        let own = self.device || item.seen.direct || around.seen.direct;
        self.ip.as_deref().filter(|_| own && !named)
    }

    /// What the context of an event is to say of the privacy signal, where it does not say so itself.
    pub(super) fn privacy_signal(&self, context: engine::value::Map<'_>) -> Option<&'static str> {
        (self.peer.privacy_signal && context.get("gpc").is_none()).then_some("1")
    }

    pub(super) fn is_bot(&mut self, item: &Item<'_>, around: &Item<'_>) -> bool {
        let named = item.seen.user_agent.text().or(around.seen.user_agent.text());
        let Some(user_agent) = named.or(self.device.then_some(self.peer.user_agent)) else {
            return self.peer.prefetch;
        };
        if self.judged.0 != user_agent {
            self.judged = (user_agent.to_owned(), is_bot(user_agent));
        }
        self.peer.prefetch || self.judged.1
    }
}
