//! The second half of a double opt-in: the person confirms, from the address itself, what was asked for on a page.

use super::page::Page;
use super::{Recipient, Statement, proof, title};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use engine::record::{ConsentSource, ConsentState};
use std::sync::Arc;

/// Shows the button. Changes nothing: a scanner that follows the link confirms nothing.
pub(super) async fn ask(State(hub): State<Arc<Hub>>, Path(token): Path<String>) -> Page {
    let Some((recipient, purpose)) = read(&hub, &token).await else { return Page::unknown_link() };
    match recipient.consent(&hub, &purpose).await {
        Some(ConsentState::Granted) => confirmed(&hub, &recipient, &purpose),
        Some(ConsentState::Pending) => {
            let programme = hub.runtime.programme();
            let (language, title) = (recipient.language, title(&programme, &purpose, recipient.language));
            let heading = language.say(format!("Vuoi ricevere «{title}»?"), format!("Receive “{title}”?"));
            let words = language.say(
                format!("Conferma che possiamo scrivere a {}.", recipient.address),
                format!("Please confirm that we may write to {}.", recipient.address),
            );
            Page::new(language, &programme.name, heading)
                .words(words)
                .button(language.say("Confermo", "I confirm"))
        }
        Some(ConsentState::Withdrawn) | None => nothing_to_confirm(&hub, &recipient),
    }
}

/// Grants the consent, if it still waits for that. Asked twice, it answers twice the same.
pub(super) async fn grant(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Page {
    let Some((recipient, purpose)) = read(&hub, &token).await else { return Page::unknown_link() };
    match recipient.consent(&hub, &purpose).await {
        Some(ConsentState::Granted) => {}
        Some(ConsentState::Pending) => {
            let (wording, language) = recipient.wording(&hub, &purpose).await;
            let statement = Statement {
                purpose: &purpose,
                channel: Some(recipient.channel),
                granted: true,
                source: ConsentSource::DoubleOptIn,
                at: clock::now(),
                wording,
                language: &language,
                proof: proof("/confirm", &headers),
            };
            if let Err(page) = recipient.state(&hub, &statement).await {
                return page;
            }
        }
        // Withdrawn since: an old link must not undo that.
        Some(ConsentState::Withdrawn) | None => return nothing_to_confirm(&hub, &recipient),
    }
    confirmed(&hub, &recipient, &purpose)
}

async fn read(hub: &Hub, token: &str) -> Option<(Recipient, String)> {
    let Some(Token::Confirm { send, purpose }) = hub.links.key().verify(token) else { return None };
    Some((Recipient::find(hub, send).await?, purpose))
}

fn confirmed(hub: &Hub, recipient: &Recipient, purpose: &str) -> Page {
    let programme = hub.runtime.programme();
    let (language, title) = (recipient.language, title(&programme, purpose, recipient.language));
    let words = language.say(
        format!("Da ora «{title}» arriva a {}.", recipient.address),
        format!("From now on “{title}” comes to {}.", recipient.address),
    );
    Page::new(language, &programme.name, language.say("Grazie", "Thank you")).words(words)
}

fn nothing_to_confirm(hub: &Hub, recipient: &Recipient) -> Page {
    let language = recipient.language;
    let heading = language.say("Non c’è più nulla da confermare", "There is nothing left to confirm");
    let words = language.say(
        "Nel frattempo la richiesta è stata ritirata. Per iscriverti di nuovo, torna sul sito.",
        "The request was withdrawn in the meantime. To subscribe again, please go back to the site.",
    );
    Page::new(language, &hub.runtime.programme().name, heading).words(words)
}
