//! The way out of a purpose: a page with a button, and the one click of RFC 8058, which works at once.

use super::page::Page;
use super::{Recipient, Statement, proof, title};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::PUBLIC_FORM_BYTES_MAX;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use engine::record::ConsentSource;
use std::sync::Arc;

/// Shows the button. Changes nothing.
pub(super) async fn ask(State(hub): State<Arc<Hub>>, Path(token): Path<String>) -> Page {
    let Some((recipient, purpose)) = read(&hub, &token).await else { return Page::unknown_link() };
    let programme = hub.runtime.programme();
    let (language, title) = (recipient.language, title(&programme, &purpose, recipient.language));
    let heading = language.say(format!("Non vuoi più «{title}»?"), format!("Unsubscribe from “{title}”?"));
    let words = language.say(
        format!("Basta un clic: non scriveremo più a {} per questo motivo.", recipient.address),
        format!("One click, and we will not write to {} about this again.", recipient.address),
    );
    Page::new(language, &programme.name, heading)
        .words(words)
        .button(language.say("Annulla l’iscrizione", "Unsubscribe"))
}

/// Withdraws the consent. Asked twice, it answers twice the same.
pub(super) async fn withdraw(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let Some((recipient, purpose)) = read(&hub, &token).await else {
        return Page::unknown_link().into_response();
    };
    let (head, body) = request.into_parts();
    // A body that is too long or breaks off is no reason to refuse: the address alone says what is wanted.
    let body = axum::body::to_bytes(body, PUBLIC_FORM_BYTES_MAX).await.unwrap_or_default();
    let source = if is_one_click(&body) { ConsentSource::OneClick } else { ConsentSource::UnsubscribePage };
    let proof = proof("/unsubscribe", &head.headers);
    let (at, wording, channel) = (clock::now(), String::new(), Some(recipient.channel));
    let (granted, language) = (false, "");
    let statement = Statement { purpose: &purpose, channel, granted, source, at, wording, language, proof };
    if let Err(page) = recipient.state(&hub, &statement).await {
        return page.into_response();
    }
    let programme = hub.runtime.programme();
    let (language, title) = (recipient.language, title(&programme, &purpose, recipient.language));
    let heading = language.say("Fatto", "Done");
    let words = language.say(
        format!("Non riceverai più «{title}» a {}.", recipient.address),
        format!("You will no longer receive “{title}” at {}.", recipient.address),
    );
    Page::new(language, &programme.name, heading).words(words).into_response()
}

async fn read(hub: &Hub, token: &str) -> Option<(Recipient, String)> {
    let Some(Token::Unsubscribe { send, purpose }) = hub.links.key().verify(token) else { return None };
    Some((Recipient::find(hub, send).await?, purpose))
}

/// Whether a mail program sent it for its own button: `List-Unsubscribe=One-Click`, as a form of either kind.
fn is_one_click(body: &Bytes) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("List-Unsubscribe") && text.contains("One-Click")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_known_in_both_kinds_of_form() {
        for (body, expected) in [
            ("List-Unsubscribe=One-Click", true),
            (
                "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--",
                true,
            ),
            ("", false),
            ("purpose=offers", false),
        ] {
            assert_eq!(is_one_click(&Bytes::from(body)), expected, "{body}");
        }
    }
}
