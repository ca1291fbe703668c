//! `/g/TOKEN`: the way to something that is behind a form. Signed for whoever filled it in, and for a time.

use super::super::page::Page;
use super::super::texts::Language;
use super::caller::Caller;
use super::tell::{call, tell_later};
use super::visitor::{Visitor, Who};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::GUIDE_LASTS;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::programme::Guide;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const DOWNLOADED: &str = "Guide Downloaded";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Way {
    #[serde(rename = "f")]
    pub(super) form: String,
    #[serde(rename = "w")]
    who: Who,
    #[serde(rename = "e")]
    ends_ms: i64,
}

impl Way {
    pub(super) fn signed(hub: &Hub, form: &str, guide: &Guide, who: &Who) -> String {
        let ends = clock::now().plus(guide.lasts.unwrap_or(GUIDE_LASTS));
        let way = Self { form: form.to_owned(), who: who.clone(), ends_ms: ends.0 };
        let text = serde_json::to_string(&way).expect("invariant: it is plain");
        hub.links.key().sign(&Token::Guide { text })
    }

    pub(super) fn read(hub: &Hub, token: &str) -> Option<Self> {
        match hub.links.key().verify(token) {
            Some(Token::Guide { text }) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }
}

pub(super) async fn download(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    caller: Caller,
) -> Response {
    let programme = hub.runtime.programme();
    let Some(way) = Way::read(&hub, &token) else { return Page::unknown_link().into_response() };
    let guide = programme.forms.get(&way.form).and_then(|form| form.guide.as_ref());
    let Some(guide) = guide.filter(|_| clock::now().0 < way.ends_ms) else {
        let language = Language::of(&caller.language(None, &programme.languages));
        let heading = language.say("Questo collegamento è scaduto", "This link has expired");
        let words = language
            .say("Compila di nuovo il modulo per averne uno.", "Fill in the form again to get another.");
        let page = Page::new(language, &programme.name, heading).words(words);
        return Page { status: StatusCode::GONE, ..page }.into_response();
    };
    let visitor = Visitor::known(&hub, way.who).await;
    let content = json!({ "properties": { "form": way.form, "url": guide.url } });
    let told = call("track", DOWNLOADED, &visitor, &content);
    let target = match guide.url.strip_prefix('/') {
        Some(path) => format!("../{path}"),
        None => guide.url.clone(),
    };
    tell_later(&hub, caller, visitor, vec![told]);
    let headers = [
        (header::LOCATION, target),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::FOUND, headers, [("x-robots-tag", "noindex")]).into_response()
}
