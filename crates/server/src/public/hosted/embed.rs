//! A form in somebody else's page: a script that puts it there in a frame, or a description for who draws it alone. Only
//! pages that the form names may do either.

use super::form::purpose_of;
use super::html::origin;
use super::stamp::Stamp;
use super::visitor::Visitor;
use crate::clock;
use crate::hub::Hub;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::programme::{Form, Programme};
use serde_json::{Value, json};
use std::sync::Arc;

/// Puts a frame where the script stands, as high as the form in it.
const SCRIPT: &str = "(()=>{const s=document.currentScript,f=document.createElement('iframe');\
f.src=s.src.replace(/\\.js([?#].*)?$/,'')+'?embed=true'+(s.dataset.language?'&language='+encodeURIComponent(s.dataset.language):'');\
f.title=s.dataset.title||'NAME';f.loading='lazy';f.style.width='100%';f.style.border='0';f.style.height='30rem';\
addEventListener('message',e=>{if(e.source===f.contentWindow&&e.data&&e.data.tramaHeight>0)f.style.height=e.data.tramaHeight+'px'});\
s.after(f)})()";

pub(super) fn script(name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, SCRIPT.replace("NAME", name)).into_response()
}

/// Where a form is sent from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A page of ours, or something that does not say.
    Own,
    /// A page that the form names.
    Named(HeaderValue),
    Stranger,
}

impl Sender {
    pub(super) fn of(headers: &HeaderMap, form: &Form, public_url: &str) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(stated) = headers.get(header::ORIGIN) else { return Self::Own };
        let from = stated.to_str().unwrap_or_default();
        let host = from.split_once("://").map_or("", |(_, host)| host);
        let hosts = [text(header::HOST.as_str()), text("x-forwarded-host")];
        let is_own =
            origin(public_url).as_deref() == Some(from) || (!host.is_empty() && hosts.contains(&host));
        if form.embed.iter().any(|known| known == from) {
            Self::Named(stated.clone())
        } else if is_own || from == "null" {
            Self::Own
        } else {
            Self::Stranger
        }
    }

    /// Lets the page read the answer.
    pub(super) fn allow(&self, mut response: Response) -> Response {
        if let Self::Named(from) = self {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, from.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        response
    }
}

/// A browser asks before it sends JSON from elsewhere.
pub(super) async fn preflight(
    State(hub): State<Arc<Hub>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let programme = hub.runtime.programme();
    let name = file.split('.').next().unwrap_or_default();
    match programme.forms.get(name) {
        Some(form) => {
            Sender::of(&headers, form, &hub.public_url).allow(StatusCode::NO_CONTENT.into_response())
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /f/NAME.json`: what a page needs that draws the form itself, with a stamp to send it with.
pub(super) fn described(
    hub: &Hub,
    programme: &Programme,
    (name, form): (&str, &Form),
    visitor: &Visitor,
    language: &str,
    headers: &HeaderMap,
) -> Response {
    let fields: Vec<Value> = form
        .fields
        .iter()
        .map(|field| {
            let options: Vec<Value> =
                field.options.iter().map(|one| json!({ "value": one.value, "label": one.label })).collect();
            json!({
                "field": field.name, "type": field.kind.name(), "label": field.label, "required": field.required,
                "options": options,
            })
        })
        .collect();
    let purposes = form.purposes.iter().map(|name| {
        let wording = programme.wording(purpose_of(name));
        json!({
            "purpose": name,
            "wording": wording.map(|wording| wording.version.as_str()),
            "texts": wording.map(|wording| &wording.texts),
        })
    });
    let described = json!({
        "form": name, "title": form.title, "text": form.text, "button": form.button, "fields": fields,
        "purposes": purposes.collect::<Vec<_>>(), "language": language, "work_bits": form.work_bits,
        "stamp": Stamp::fresh(name, clock::now()).signed(hub), "visit": visitor.token(hub),
    });
    let response = ([(header::CACHE_CONTROL, "private, no-store")], Json(described)).into_response();
    Sender::of(headers, form, &hub.public_url).allow(response)
}
