//! Who is on a visit, and how sure that is.
//!
//! The token of a visit says it from one address to the next. It holds either an id that was drawn for this visit (or that a
//! cookie has, where somebody agreed to one), or the message whose link was followed. What is known of a person is read only
//! for whoever came by a message of the last month, or where nobody has put a name to the visitor.

use super::caller::Caller;
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{CLICK_HOLD, PUBLIC_DATA_AGE_MAX, VISIT_AGE_MAX, VISIT_LINK_AGE_MAX, VISITOR_COOKIE_AGE};
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::profile::StoredIdentifier;
use engine::programme::Channel;
use engine::record::ConsentState;
use engine::{ProfileId, SendId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The parameter of an address that carries a visit's token.
pub(crate) const VISIT: &str = "trama_visit";
/// The cookie of those who agreed to be known again.
const COOKIE: &str = "trama_visitor";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    #[serde(rename = "w")]
    pub(super) who: Who,
    /// The link by which it began, by its own name.
    #[serde(rename = "l", default, skip_serializing_if = "String::is_empty")]
    pub(super) link: String,
    #[serde(rename = "t")]
    pub(super) at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Who {
    /// An `anonymous_id`.
    #[serde(rename = "a")]
    Visitor(String),
    /// Whoever follows the link with this place in a message, since that instant.
    #[serde(rename = "s")]
    Recipient { send: u64, link: u32, at_ms: i64 },
}

impl Visit {
    pub(super) fn read(hub: &Hub, token: &str) -> Option<Self> {
        let Some(Token::Visit { text }) = hub.links.key().verify(token) else { return None };
        let visit: Self = serde_json::from_str(&text).ok()?;
        (visit.age() < VISIT_LINK_AGE_MAX).then_some(visit)
    }

    pub(super) fn age(&self) -> engine::at::Span {
        clock::now().since(At(self.at_ms))
    }

    /// Signed, as of now.
    pub(super) fn token(who: &Who, link: &str, hub: &Hub) -> String {
        Self::token_of(who, link, clock::now(), hub)
    }

    fn token_of(who: &Who, link: &str, at: At, hub: &Hub) -> String {
        let visit = Self { who: who.clone(), link: link.to_owned(), at_ms: at.0 };
        hub.links
            .key()
            .sign(&Token::Visit { text: serde_json::to_string(&visit).expect("invariant: it is plain") })
    }
}

/// The token for whoever follows a link in a message.
pub(in crate::public) fn of_recipient(hub: &Hub, send: SendId, link: u32, at: At) -> String {
    Visit::token(&Who::Recipient { send: send.0, link, at_ms: at.0 }, "", hub)
}

/// Whoever is on a visit.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) who: Who,
    /// The link by which they came, where that was not long ago.
    pub(super) link: String,
    /// Fields of a call of the tracking API that say who it is.
    pub(super) names: Value,
    pub(super) profile: Option<ProfileId>,
    /// What is known of them may be told to them.
    pub(super) may_read: bool,
    /// When a message led them here, in milliseconds: however far they go on, their visit is as old as that.
    pub(super) began_ms: Option<i64>,
}

impl Visitor {
    /// Finds out by the token of the address and by the cookie; a new visitor where neither says. A form that lay open says
    /// for longer who it was shown to, since its token is in no address.
    pub(super) async fn find(hub: &Hub, caller: &Caller, token: Option<&str>, in_form: bool) -> Self {
        let visit = token.and_then(|token| Visit::read(hub, token));
        let link = visit.as_ref().map(|visit| visit.link.clone()).unwrap_or_default();
        let is_fresh = |visit: &Visit| in_form || visit.age() < VISIT_AGE_MAX;
        let visit = visit.filter(is_fresh);
        let began_ms = visit.as_ref().map(|visit| visit.at_ms);
        let told = visit.map(|visit| visit.who);
        let kept = Self::remembered(hub, caller).map(Who::Visitor);
        let now = clock::now();
        let read = move |engine: &Engine| {
            let remembered = kept.filter(|who| is_remembered(engine, who));
            let known = told.and_then(|who| known(engine, who, now));
            known.or_else(|| known_or_new(engine, remembered?))
        };
        let found = hub.runtime.read(read).await;
        let mut visitor = found.unwrap_or_else(Self::new);
        visitor.link = link;
        visitor.began_ms = began_ms.filter(|_| matches!(visitor.who, Who::Recipient { .. }));
        visitor
    }

    /// Whoever a token named a moment ago.
    pub(super) async fn known(hub: &Hub, who: Who) -> Self {
        let now = clock::now();
        hub.runtime.read(move |engine| known(engine, who, now)).await.unwrap_or_else(Self::new)
    }

    /// Somebody of whom nothing is known.
    pub(super) fn new() -> Self {
        let id = drawn();
        Self {
            names: json!({ "anonymousId": id }),
            who: Who::Visitor(id),
            link: String::new(),
            profile: None,
            may_read: false,
            began_ms: None,
        }
    }

    /// Somebody of whom nothing is known, who came by the same link.
    pub(super) fn another(&self) -> Self {
        Self { link: self.link.clone(), ..Self::new() }
    }

    fn remembered(hub: &Hub, caller: &Caller) -> Option<String> {
        match hub.links.key().verify(caller.cookie(COOKIE)?) {
            Some(Token::Visitor { text }) => Some(text),
            _ => None,
        }
    }

    /// The cookie that lets a browser be known again.
    pub(super) fn cookie(&self, hub: &Hub) -> Option<String> {
        let Who::Visitor(id) = &self.who else { return None };
        let value = hub.links.key().sign(&Token::Visitor { text: id.clone() });
        let seconds = VISITOR_COOKIE_AGE.0 / 1_000;
        let secure = if hub.public_url.starts_with("https://") { "; Secure" } else { "" };
        Some(format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"))
    }

    /// A token that takes the visit along. That of a message's recipient is never younger than the visit.
    pub(super) fn token(&self, hub: &Hub) -> String {
        Visit::token_of(&self.who, &self.link, At(self.began_ms.unwrap_or(clock::now().0)), hub)
    }

    /// Waits as long as a click in a message is held back, and says whether it turned out to be a scanner's.
    pub(super) async fn is_scanner(&self, hub: &Hub) -> bool {
        let Who::Recipient { send, link, at_ms } = self.who else { return false };
        let at = At(at_ms);
        tokio::time::sleep(clock::until(at.plus(CLICK_HOLD))).await;
        hub.clicks.is_burst(SendId(send), link, at)
    }
}

/// Whether the consent to be known again still holds.
fn is_remembered(engine: &Engine, who: &Who) -> bool {
    let Who::Visitor(id) = who else { return false };
    let purpose = engine.programme().remembering_purpose();
    let profile = engine.find(IdentifierKind::AnonymousId, id).and_then(|id| engine.profile(id));
    let state = purpose.and_then(|purpose| profile?.consent(purpose, Channel::Onsite));
    state == Some(ConsentState::Granted)
}

/// Whoever a token names; nobody where they were erased since.
fn known(engine: &Engine, who: Who, now: At) -> Option<Visitor> {
    match who {
        Who::Visitor(_) => known_or_new(engine, who),
        Who::Recipient { send, .. } => {
            let send = engine.send(SendId(send))?;
            let profile = engine.canonical(send.profile);
            let names = engine.profile(profile)?.identifiers();
            let may_read = now.since(send.decided_at) < PUBLIC_DATA_AGE_MAX;
            let (names, link, profile) = (best(names)?, String::new(), Some(profile));
            Some(Visitor { names, who, link, profile, may_read, began_ms: None })
        }
    }
}

fn known_or_new(engine: &Engine, who: Who) -> Option<Visitor> {
    let Who::Visitor(id) = &who else { return None };
    let profile = engine.find(IdentifierKind::AnonymousId, id);
    let identifiers = profile.and_then(|id| Some(engine.profile(id)?.identifiers()));
    let may_read =
        identifiers.is_some_and(|all| all.iter().all(|one| one.kind == IdentifierKind::AnonymousId));
    let (names, link) = (json!({ "anonymousId": id }), String::new());
    Some(Visitor { names, who, link, profile, may_read, began_ms: None })
}

/// The name of a person that is trusted most, as a call says it.
pub(super) fn best(identifiers: &[StoredIdentifier]) -> Option<Value> {
    let one = identifiers.iter().min_by_key(|one| one.kind)?;
    Some(match one.kind {
        IdentifierKind::UserId => json!({ "userId": one.value }),
        IdentifierKind::AnonymousId => json!({ "anonymousId": one.value }),
        kind => {
            let (kind, id) = match kind {
                IdentifierKind::External => one.value.split_once(':')?,
                kind => (kind.name(), &*one.value),
            };
            json!({ "context": { "externalIds": [{ "type": kind, "id": id, "collection": "users" }] } })
        }
    })
}

/// 122 random bits, as browsers draw them.
pub(super) fn drawn() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("invariant: the operating system gives random bytes");
    (bytes[6], bytes[8]) = (bytes[6] & 15 | 64, bytes[8] & 63 | 128);
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..]].map(|part| part.concat()).join("-")
}
