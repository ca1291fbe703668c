//! Passing a page on. Whoever presses a button gets an address of their own, made at that moment, which names their profile
//! by its number alone. Who comes by it is told with the visit; and the one who passed it on did something that segments and
//! journeys can ask for, `Share Visited`.

use super::super::page::{Page, escaped};
use super::super::texts::Language;
use super::caller::Caller;
use super::tell::{call, tell};
use super::visitor::{Visitor, Who, best};
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::SHARE_TEXT_BYTES_MAX;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::ProfileId;
use engine::engine::Engine;
use engine::programme::{Share, ShareWay};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

const SHARED: &str = "Page Shared";
const SHARE_VISITED: &str = "Share Visited";

/// What a button holds.
#[derive(Serialize, Deserialize)]
struct Pass {
    #[serde(rename = "p")]
    page: String,
    #[serde(rename = "b")]
    way: String,
    #[serde(rename = "w")]
    who: Who,
    #[serde(rename = "h")]
    title: String,
    #[serde(rename = "s")]
    said: String,
    #[serde(rename = "l")]
    language: String,
}

/// What an address that was passed on holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    #[serde(rename = "a")]
    advocate: u32,
    #[serde(rename = "b")]
    way: String,
}

/// Whoever passed on the address that somebody came by.
pub(super) struct Passed {
    pub(super) advocate: ProfileId,
    pub(super) way: String,
    names: Value,
}

/// Reads it of an address; nobody where it is the visitor's own.
pub(super) async fn advocate(hub: &Hub, by: Option<&String>, visitor: &Visitor) -> Option<Passed> {
    let Some(Token::Share { text }) = hub.links.key().verify(by?) else { return None };
    let given: Given = serde_json::from_str(&text).ok()?;
    let read = move |engine: &Engine| {
        let id = engine.canonical(ProfileId(given.advocate));
        Some((id, best(engine.profile(id)?.identifiers())?))
    };
    let (advocate, names) = hub.runtime.read(read).await?;
    (visitor.profile != Some(advocate)).then_some(Passed { advocate, way: given.way, names })
}

/// Tells what became of it to the one who passed it on, once for each visitor.
pub(super) fn note_visit(hub: &Arc<Hub>, page: &str, by: Option<Passed>, visitor: &Visitor) {
    let Some(by) = by else { return };
    let who = match &visitor.who {
        Who::Visitor(id) => id.clone(),
        Who::Recipient { send, .. } => send.to_string(),
    };
    let (hub, page) = (Arc::clone(hub), page.to_owned());
    // It is the advocate's event, and not told by their browser.
    tokio::spawn(async move {
        let installed = hub.runtime.read(|engine| engine.installed().cloned()).await;
        let key = installed.expect("invariant: the first record installs").hash_key;
        let advocate = Visitor { names: by.names, profile: Some(by.advocate), ..Visitor::new() };
        // Nothing of the visitor stays with the advocate: of who it was there is a hash, by which one counts once.
        let who = key.message_id("share", &who).0;
        let content = json!({
            "properties": { "page": page, "by": by.way },
            "messageId": format!("share-{}-{page}-{who:032x}", by.advocate.0),
        });
        drop(tell(&hub, &Caller::unseen(), vec![call("track", SHARE_VISITED, &advocate, &content)]).await);
    });
}

/// The buttons below a page.
pub(super) fn write_buttons(
    hub: &Hub,
    visitor: &Visitor,
    (page, title): (&str, &str),
    share: &Share,
    said: &str,
    language: &str,
    html: &mut String,
) {
    let spoken = Language::of(language);
    if !said.is_empty() {
        let _ = write!(html, "<p>{}</p>", escaped(said));
    }
    html.push_str("<ul class=\"by\">");
    for way in &share.by {
        let pass = Pass {
            page: page.to_owned(),
            way: way.name().to_owned(),
            who: visitor.who.clone(),
            title: title.chars().take(100).collect(),
            said: said[..said.floor_char_boundary(SHARE_TEXT_BYTES_MAX)].to_owned(),
            language: language.to_owned(),
        };
        let text = serde_json::to_string(&pass).expect("invariant: it is plain");
        let token = hub.links.key().sign(&Token::Pass { text });
        let (name, copy) = match way {
            ShareWay::Mail => ("Email", None),
            ShareWay::Whatsapp => ("WhatsApp", None),
            ShareWay::Telegram => ("Telegram", None),
            ShareWay::Copy => {
                (spoken.say("Copia l’indirizzo", "Copy the address"), Some(spoken.say("Copiato", "Copied")))
            }
        };
        let copy = copy.map(|done| format!(" data-copy=\"{done}\"")).unwrap_or_default();
        let _ = write!(html, "<li><a rel=\"nofollow\" href=\"../s/{token}\"{copy}>{name}</a></li>");
    }
    html.push_str("</ul>");
}

/// `GET /s/TOKEN`: leads to where something is written to others, with the address in it.
pub(super) async fn pass_on(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    caller: Caller,
) -> Response {
    let Some((pass, url)) = passed(&hub, &token, &caller).await else {
        return Page::unknown_link().into_response();
    };
    let words = format!("{} {url}", pass.said);
    let encoded = |text: &str| -> String {
        percent_encoding::utf8_percent_encode(text.trim(), percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let target = match pass.way.as_str() {
        "mail" => format!("mailto:?subject={}&body={}", encoded(&pass.title), encoded(&words)),
        "whatsapp" => format!("https://wa.me/?text={}", encoded(&words)),
        "telegram" => format!("https://t.me/share/url?url={}&text={}", encoded(&url), encoded(&pass.said)),
        _ => {
            let language = Language::of(&pass.language);
            let heading = language.say("L’indirizzo da passare", "The address to pass on");
            let sender = hub.runtime.programme().name.clone();
            return Page::new(language, &sender, heading).words(url).into_response();
        }
    };
    let headers = [(header::LOCATION, target), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::FOUND, headers, [("referrer-policy", "no-referrer")]).into_response()
}

/// `POST /s/TOKEN`: the address, for a browser that has its own way to pass something on.
pub(super) async fn address(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    caller: Caller,
) -> Response {
    match passed(&hub, &token, &caller).await {
        Some((pass, url)) => Json(json!({ "url": url, "text": pass.said })).into_response(),
        None => Page::unknown_link().into_response(),
    }
}

/// Puts it on record, and makes the address.
async fn passed(hub: &Arc<Hub>, token: &str, caller: &Caller) -> Option<(Pass, String)> {
    let Some(Token::Pass { text }) = hub.links.key().verify(token) else { return None };
    let pass: Pass = serde_json::from_str(&text).ok()?;
    let page = format!("{}/p/{}", hub.public_url, pass.page);
    if caller.is_machine() {
        return Some((pass, page));
    }
    let visitor = Visitor::known(hub, pass.who.clone()).await;
    let content = json!({ "properties": { "page": pass.page, "by": pass.way } });
    // Without room for the record the address is one that names nobody.
    if tell(hub, caller, vec![call("track", SHARED, &visitor, &content)]).await.is_err() {
        return Some((pass, page));
    }
    let Some(ProfileId(advocate)) = Visitor::known(hub, pass.who.clone()).await.profile else {
        return Some((pass, page));
    };
    let given = Given { advocate, way: pass.way.clone() };
    let text = serde_json::to_string(&given).expect("invariant: it is plain");
    let by = hub.links.key().sign(&Token::Share { text });
    Some((pass, format!("{page}?by={by}")))
}
