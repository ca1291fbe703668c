//! What a recipient's mail program and browser reach from a message: ways out, confirmations, pixels and links.
//!
//! Every address holds a token that this installation signed; there is nothing else to guess, and nothing to log in
//! to. A GET changes nothing that matters to the person, since scanners and prefetching proxies follow every link
//! of a message: what changes a consent is a button, or the one-click POST of RFC 8058.

pub mod clicks;
mod confirm;
mod disclosure;
mod engagement;
pub mod hosted;
mod page;
mod preferences;
mod texts;
mod unsubscribe;

use crate::hub::Hub;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use engine::at::At;
use engine::engine::Engine;
use engine::outbox::Send;
use engine::programme::{Channel, Programme};
use engine::record::{ConsentSource, ConsentState, ConsentStated, Record, Subject};
use engine::{ProfileId, SendId};
use page::Page;
use std::sync::Arc;
use texts::Language;

/// Every public route.
pub fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::withdraw))
        .route("/confirm/{token}", get(confirm::ask).post(confirm::grant))
        .route("/preferences/{token}", get(preferences::show).post(preferences::change))
        .route("/preferences/{token}/everything", post(preferences::leave))
        .route("/preferences/{token}/pause", post(preferences::pause))
        .route("/preferences/{token}/fewer", post(preferences::fewer))
        .route("/preferences/{token}/data", get(disclosure::show))
        .route("/preferences/{token}/data.json", get(disclosure::download))
        .route("/preferences/{token}/erase", get(disclosure::ask_to_erase).post(disclosure::erase))
        .route("/.well-known/gpc.json", get(privacy_signal))
        .route("/o/{file}", get(engagement::opened))
        .route("/c/{token}", get(engagement::clicked))
        .merge(hosted::router(hub))
}

/// Says that this installation honours Global Privacy Control, since when.
async fn privacy_signal() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "gpc": true, "lastUpdate": "2026-11-26" }))
}

/// The message that a token came with, and its recipient.
struct Recipient {
    send: SendId,
    profile: ProfileId,
    channel: Channel,
    language: Language,
    address: String,
    /// When the message was decided.
    decided_at: At,
}

impl Recipient {
    fn of(engine: &Engine, send: &Send) -> Self {
        Self {
            send: send.id,
            profile: engine.canonical(send.profile),
            channel: send.channel.unwrap_or(Channel::Email),
            language: Language::of(&send.language),
            address: send.address.to_string(),
            decided_at: send.decided_at,
        }
    }

    /// Finds the recipient of a send that a token names; nobody where that person was erased.
    async fn find(hub: &Hub, send: SendId) -> Option<Self> {
        let known = move |engine: &Engine| {
            let send = engine.send(send)?;
            engine.profile(send.profile).map(|_| Self::of(engine, &send))
        };
        hub.runtime.read(known).await
    }

    /// What holds now for a purpose on the message's channel.
    async fn consent(&self, hub: &Hub, purpose: &str) -> Option<ConsentState> {
        let (profile, channel, purpose) = (self.profile, self.channel, purpose.to_owned());
        hub.runtime.read(move |engine| engine.profile(profile)?.consent(&purpose, channel)).await
    }

    /// The wording under which a consent was asked for that waits for its confirmation.
    async fn wording(&self, hub: &Hub, purpose: &str) -> (String, String) {
        let (profile, channel, purpose) = (self.profile, self.channel, purpose.to_owned());
        let read = move |engine: &Engine| {
            let mut consents = engine.profile(profile)?.consents().iter().rev();
            let asked = consents.find(|one| {
                one.state == ConsentState::Pending
                    && one.purpose == purpose
                    && one.channel.is_none_or(|own| own == channel)
            })?;
            Some((asked.wording.clone(), asked.language.clone()))
        };
        hub.runtime.read(read).await.unwrap_or_default()
    }

    /// States a consent of the recipient, unless it holds already; durable on return.
    async fn state(&self, hub: &Hub, statement: &Statement<'_>) -> Result<(), Page> {
        let holds = if statement.granted { ConsentState::Granted } else { ConsentState::Withdrawn };
        if self.consent(hub, statement.purpose).await == Some(holds) {
            return Ok(());
        }
        self.record(hub, statement).await
    }

    /// The same, whatever holds.
    async fn record(&self, hub: &Hub, statement: &Statement<'_>) -> Result<(), Page> {
        let record = Record::ConsentStated(ConsentStated {
            subject: Subject::Send(self.send),
            purpose: statement.purpose,
            channel: statement.channel.map_or("", Channel::name),
            granted: statement.granted,
            source: statement.source,
            stated_at: statement.at,
            wording: &statement.wording,
            language: statement.language,
            proof: &statement.proof,
        });
        hub.record(&record).await.map(drop).map_err(|problem| Page::come_back(self.language, &problem))
    }
}

/// A consent that a recipient states on a page.
struct Statement<'a> {
    purpose: &'a str,
    /// None for every channel.
    channel: Option<Channel>,
    granted: bool,
    source: ConsentSource,
    at: At,
    /// Version of the text that the recipient said yes to; of a withdrawal nothing.
    wording: String,
    language: &'a str,
    proof: String,
}

/// What shows afterwards where a statement came from: the page, and the program that sent it.
fn proof(page: &str, headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent: String = text(header::USER_AGENT.as_str()).chars().take(200).collect();
    format!("{page}, by a signed link in the message; {agent}")
}

/// The purpose as the recipient knows it.
fn title(programme: &Programme, purpose: &str, language: Language) -> String {
    let titles = programme.purposes.get(purpose).map(|purpose| &purpose.title);
    let own = titles.and_then(|titles| titles.get(language.code()).or_else(|| titles.values().next()));
    own.cloned().unwrap_or_else(|| purpose.to_owned())
}
