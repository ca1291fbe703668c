//! The preference centre: every purpose that the recipient may have or leave, with a box to tick.

use super::page::{Choice, Form, Page};
use super::{Recipient, Statement, proof, title};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::PUBLIC_FORM_BYTES_MAX;
use axum::extract::{Path, Request, State};
use engine::programme::OptIn;
use engine::record::{ConsentSource, ConsentState};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Shows what holds now. Changes nothing.
pub(super) async fn show(State(hub): State<Arc<Hub>>, Path(token): Path<String>) -> Page {
    let Some(recipient) = read(&hub, &token).await else { return Page::unknown_link() };
    let language = recipient.language;
    let heading = language.say("Che cosa possiamo scriverti?", "What may we write to you about?");
    page(&hub, &recipient, heading).await
}

/// Makes hold what is ticked, and withdraws the rest.
pub(super) async fn change(State(hub): State<Arc<Hub>>, Path(token): Path<String>, request: Request) -> Page {
    let Some(recipient) = read(&hub, &token).await else { return Page::unknown_link() };
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, PUBLIC_FORM_BYTES_MAX).await else {
        return Page::unknown_link();
    };
    let pairs = url::form_urlencoded::parse(&body).filter(|(name, _)| name == "purpose");
    let ticked: BTreeSet<String> = pairs.map(|(_, purpose)| purpose.into_owned()).collect();
    for purpose in offered(&hub, &recipient) {
        let granted = ticked.contains(&purpose);
        if !granted && recipient.consent(&hub, &purpose).await.is_none() {
            continue;
        }
        // The link is known only to whoever reads this address, which is what a double opt-in asks for.
        let source = if granted { ConsentSource::DoubleOptIn } else { ConsentSource::UnsubscribePage };
        let proof = proof("/preferences", &head.headers);
        let at = clock::now();
        let statement = Statement { purpose: &purpose, granted, source, at, wording: String::new(), proof };
        if let Err(page) = recipient.state(&hub, &statement).await {
            return page;
        }
    }
    page(&hub, &recipient, recipient.language.say("Fatto", "Done")).await
}

async fn read(hub: &Hub, token: &str) -> Option<Recipient> {
    let Some(Token::Preferences { send }) = hub.links.key().verify(token) else { return None };
    Recipient::find(hub, send).await
}

/// Purposes that ask for a consent on the message's channel.
fn offered(hub: &Hub, recipient: &Recipient) -> Vec<String> {
    let programme = hub.runtime.programme();
    let asks = programme.purposes.iter().filter(|(_, purpose)| {
        purpose.opt_in != OptIn::None && purpose.channels.contains(&recipient.channel)
    });
    asks.map(|(name, _)| name.clone()).collect()
}

async fn page(hub: &Hub, recipient: &Recipient, heading: &str) -> Page {
    let (programme, language) = (hub.runtime.programme(), recipient.language);
    let mut choices = Vec::new();
    for name in offered(hub, recipient) {
        let ticked = recipient.consent(hub, &name).await == Some(ConsentState::Granted);
        choices.push(Choice { title: title(&programme, &name, language), name, ticked });
    }
    let button = language.say("Salva", "Save").to_owned();
    let words = language.say("Per ", "For ").to_owned() + &recipient.address;
    let page = Page::new(language, &programme.name, heading).words(words);
    Page { form: Some(Form { choices, button }), ..page }
}
