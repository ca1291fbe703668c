//! `POST /f/NAME`: a form that was filled in. What is wrong is said at its field, in the visitor's language; what is right
//! becomes an `identify` call with the consents that were given and the event `Form Submitted`, durable before the answer.
//!
//! Against programs: a field that people do not see, the stamp with its time, limits by network address and by what a form
//! names, and a piece of work where the form asks for it. Who falls for the hidden field is thanked, and learns nothing.

use super::super::page::Page;
use super::super::texts::Language;
use super::caller::Caller;
use super::embed::Sender;
use super::form::{Asked, Shown, known, purpose_of, unknown};
use super::guide::Way;
use super::link::context;
use super::rates::retry_after;
use super::stamp::{Stamp, is_work_done};
use super::tell::{call, tell};
use super::visitor::Visitor;
use super::words::{Again, Wrong};
use crate::clock;
use crate::collect::access::network;
use crate::hub::Hub;
use crate::limits::{FORM_ADDRESS_MAX, FORM_LONG_TEXT_CHARS_MAX, FORM_PEER_MAX, FORM_TEXT_CHARS_MAX};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, normalise};
use engine::programme::{FieldKind, Form, FormField, OptIn, Programme};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SUBMITTED: &str = "Form Submitted";

/// What was sent, field by field.
#[derive(Default)]
struct Sent {
    one: BTreeMap<String, String>,
    consents: BTreeSet<String>,
    /// By purpose as the form names it, the version of the words that were shown.
    wordings: BTreeMap<String, String>,
    is_json: bool,
}

impl Sent {
    fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut sent = Self { is_json: kind.starts_with("application/json"), ..Self::default() };
        if sent.is_json {
            let fields: Map<String, Value> = serde_json::from_slice(body).ok()?;
            for (name, value) in fields {
                let list = match value {
                    Value::Array(list) => list,
                    one => vec![one],
                };
                list.into_iter().for_each(|value| match value {
                    Value::String(text) => sent.add(&name, text),
                    Value::Null => {}
                    other => sent.add(&name, other.to_string()),
                });
            }
        } else {
            url::form_urlencoded::parse(body).for_each(|(name, value)| sent.add(&name, value.into_owned()));
        }
        Some(sent)
    }

    fn add(&mut self, name: &str, value: String) {
        match name {
            "consent" => _ = self.consents.insert(value),
            "wording" => {
                self.wordings.extend(
                    value.split_once('=').map(|(purpose, version)| (purpose.to_owned(), version.to_owned())),
                );
            }
            _ => _ = self.one.entry(name.to_owned()).or_insert(value),
        }
    }

    fn get(&self, name: &str) -> &str {
        self.one.get(name).map(|text| text.trim()).unwrap_or_default()
    }
}

pub(super) async fn take(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    caller: Caller,
    body: Bytes,
) -> Response {
    let programme = hub.runtime.programme();
    let name = name.strip_suffix(".json").unwrap_or(&name).to_owned();
    let Some(form) = programme.forms.get(&name) else {
        return unknown(&caller.language(None, &programme.languages), &programme);
    };
    let sender = Sender::of(&headers, form, &hub.public_url);
    let Some(sent) = Sent::read(&headers, &body) else {
        return sender.allow((StatusCode::BAD_REQUEST, Json(json!({ "code": "bad_body" }))).into_response());
    };
    let language = caller.language(Some(sent.get("language")), &programme.languages);
    if sender == Sender::Stranger {
        let spoken = Language::of(&language);
        let heading =
            spoken.say("Questa pagina non può inviare il modulo", "This page may not send the form");
        let page = Page::new(spoken, &programme.name, heading);
        return Page { status: StatusCode::FORBIDDEN, ..page }.into_response();
    }
    let visitor = Visitor::find(&hub, &caller, Some(sent.get("visit")), true).await;
    let visitor = if is_another(&hub, &visitor, &sent).await { visitor.another() } else { visitor };
    let known = known(&hub, &visitor, form).await;
    let desk = Desk {
        hub: &hub,
        programme: &programme,
        name: &name,
        form,
        language: &language,
        sent: &sent,
        visitor: &visitor,
        known,
        is_embedded: asked.contains_key("embed"),
    };
    sender.allow(desk.answer(&caller).await)
}

/// Whether the form has an address that is none of the visitor's: whoever got a message passed it on, or somebody else sits
/// at the same browser. What they say is theirs.
async fn is_another(hub: &Hub, visitor: &Visitor, sent: &Sent) -> bool {
    let Some(id) = visitor.profile else { return false };
    let stated = [IdentifierKind::Email, IdentifierKind::Phone].map(|kind| {
        let text = sent.get(kind.name());
        (kind, normalise(kind, text).ok().filter(|_| !text.is_empty()))
    });
    let read = move |engine: &Engine| {
        let Some(profile) = engine.profile(id) else { return false };
        stated.iter().any(|(kind, stated)| {
            let own =
                profile.identifiers().iter().filter(|one| one.kind == *kind).map(|one| one.value.to_string());
            let said =
                profile.trait_value(kind.name()).and_then(|value| normalise(*kind, value.text()?).ok());
            let known: Vec<String> = own.chain(said).collect();
            stated.as_ref().is_some_and(|stated| !known.is_empty() && !known.contains(stated))
        })
    };
    hub.runtime.read(read).await
}

/// One form, on its way.
struct Desk<'a> {
    hub: &'a Arc<Hub>,
    programme: &'a Programme,
    name: &'a str,
    form: &'a Form,
    language: &'a str,
    sent: &'a Sent,
    visitor: &'a Visitor,
    known: BTreeSet<String>,
    is_embedded: bool,
}

/// What a form says, in its types.
#[derive(Default)]
struct Said {
    traits: Map<String, Value>,
    /// What is told with the event and no trait.
    properties: Map<String, Value>,
}

impl Desk<'_> {
    async fn answer(&self, caller: &Caller) -> Response {
        // Before anything else, so that who fills in everything cannot tell what gave them away.
        if !self.sent.get("nickname").is_empty() {
            tracing::debug!(form = self.name, "a program filled in the hidden field");
            return self.thanks(None);
        }
        let now = clock::now();
        let written = self.sent.get("stamp");
        let stamp = match Stamp::read(self.hub, written) {
            _ if written.is_empty() => return self.again(Again::Unstamped, BTreeMap::new()),
            Some(stamp) if stamp.is_good(self.name, now) => stamp,
            _ => return self.again(Again::Stamp, BTreeMap::new()),
        };
        let said = match self.said() {
            Ok(said) => said,
            Err(wrong) => return self.again(Again::Mistakes, wrong),
        };
        if !is_work_done(written, self.sent.get("work"), self.form.work_bits) {
            return self.again(Again::Work, BTreeMap::new());
        }
        if let Err(until) = self.hub.hosted.forms.take(&self.counted(&said, caller), now) {
            return ([retry_after(until, now)], self.again(Again::TooMany, BTreeMap::new())).into_response();
        }
        let guide = self.form.guide.as_ref();
        let way = guide.map(|guide| Way::signed(self.hub, self.name, guide, &self.visitor.who));
        let calls = self.calls(&stamp, said, way.as_deref(), caller);
        // Programs that browse do not send forms; whoever sends one by a program of theirs means it.
        let agent = if caller.is_machine() { String::new() } else { caller.agent.clone() };
        let caller = Caller { agent, prefetch: false, ..Caller::unseen_of(caller) };
        if let Err(problem) = tell(self.hub, &caller, calls).await {
            return match self.sent.is_json {
                true => problem.into_response(),
                false => Page::come_back(Language::of(self.language), &problem).into_response(),
            };
        }
        self.thanks(way.filter(|_| guide.is_some_and(|guide| !guide.by_message)))
    }

    /// Reads every field, or says what is wrong with which.
    fn said(&self) -> Result<Said, BTreeMap<String, Wrong>> {
        let (mut said, mut wrong) = (Said::default(), BTreeMap::new());
        for field in &self.form.fields {
            let text = self.sent.get(&field.name);
            if self.known.contains(&field.name) && text.is_empty() {
                continue;
            }
            match value(field, text) {
                Ok(None) => {}
                Ok(Some(value)) if field.kind == FieldKind::LongText => {
                    said.properties.insert(field.name.clone(), value);
                }
                Ok(Some(value)) => _ = said.traits.insert(field.name.clone(), value),
                Err(why) => _ = wrong.insert(field.name.clone(), why),
            }
        }
        if wrong.is_empty() { Ok(said) } else { Err(wrong) }
    }

    /// By what the form is counted, and how many there may be.
    fn counted(&self, said: &Said, caller: &Caller) -> Vec<(String, u32)> {
        let peer = caller.ip.map(|ip| format!("ip {}", network(ip)));
        let addresses = ["email", "phone"].into_iter().filter_map(|name| {
            Some((format!("{name} {}", said.traits.get(name)?.as_str()?), FORM_ADDRESS_MAX))
        });
        peer.map(|peer| (peer, FORM_PEER_MAX)).into_iter().chain(addresses).collect()
    }

    /// The consents that were given, by the version of the words that were shown.
    fn granted(&self) -> BTreeMap<String, Vec<&str>> {
        let mut granted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in self.form.purposes.iter().filter(|name| self.sent.consents.contains(*name)) {
            let known =
                self.programme.purposes.get(purpose_of(name)).map(|purpose| purpose.wording.as_slice());
            let shown = self.sent.wordings.get(name).filter(|version| {
                known.unwrap_or_default().iter().any(|wording| wording.version == **version)
            });
            granted.entry(shown.cloned().unwrap_or_default()).or_default().push(name);
        }
        granted
    }

    fn calls(&self, stamp: &Stamp, said: Said, way: Option<&str>, caller: &Caller) -> Vec<Value> {
        let number = stamp.number;
        let page = Some(self.sent.get("page")).filter(|page| self.programme.pages.contains_key(*page));
        let path = page.map_or_else(|| format!("f/{}", self.name), |page| format!("p/{page}"));
        let url = format!("{}/{path}", self.hub.public_url);
        let link = self.programme.link(&self.visitor.link);
        let campaign = link.map(|(_, link)| link.campaign.clone()).unwrap_or_default();
        let around = context(&campaign, &url, caller);
        let agent: String = caller.agent.chars().take(200).collect();
        let from = caller.ip.map(|ip| format!(", from {ip}")).unwrap_or_default();
        let proof = format!("form {} at {url}{from}; {agent}", self.name);
        let consent = |version: &str, names: &[&str]| {
            let preferences: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), Value::Bool(true))).collect();
            let mut consent =
                json!({ "categoryPreferences": preferences, "language": self.language, "proof": proof });
            if !version.is_empty() {
                consent["wording"] = version.into();
            }
            consent
        };
        let granted = self.granted();
        let mut groups = granted.iter();
        let mut identify = around.clone();
        if let Some((version, names)) = groups.next() {
            identify["consent"] = consent(version, names);
        }
        let content =
            json!({ "traits": said.traits, "context": identify, "messageId": format!("form-{number}-who") });
        let mut calls = vec![call("identify", "", self.visitor, &content)];
        for (version, names) in groups {
            let mut context = around.clone();
            context["consent"] = consent(version, names);
            let content = json!({ "context": context, "messageId": format!("form-{number}-{version}") });
            calls.push(call("track", "Consent Given", self.visitor, &content));
        }
        let mut properties = said.properties;
        let mut note = |name: &str, value: Value| _ = properties.insert(name.to_owned(), value);
        note("form", self.name.into());
        note("purposes", granted.values().flatten().copied().collect::<Vec<_>>().into());
        for (name, word) in [
            ("page", page),
            ("link", link.map(|(name, _)| name)),
            ("place", link.map(|(_, link)| link.place.as_str())),
        ] {
            if let Some(word) = word.filter(|word| !word.is_empty()) {
                note(name, word.into());
            }
        }
        if let Some(way) = way {
            note("guide_url", format!("{}/g/{way}", self.hub.public_url).into());
        }
        if let Some(webinar) = &self.form.webinar {
            note("webinar", self.name.into());
            note("starts_at", webinar.starts_at(self.programme).map(|at| at.to_string()).into());
            if !webinar.url.is_empty() {
                note("webinar_url", webinar.url.as_str().into());
            }
        }
        let content =
            json!({ "properties": properties, "context": around, "messageId": format!("form-{number}") });
        calls.push(call("track", SUBMITTED, self.visitor, &content));
        calls
    }

    /// The form once more, with what was written and what is wrong.
    fn again(&self, why: Again, wrong: BTreeMap<String, Wrong>) -> Response {
        let status = match why {
            Again::Unstamped => StatusCode::OK,
            Again::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Again::Stamp | Again::Work | Again::Mistakes => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let own = Language::of(self.language);
        if self.sent.is_json {
            let fields: Map<String, Value> = wrong
                .iter()
                .map(|(field, wrong)| {
                    (field.clone(), json!({ "code": wrong.code(), "message": wrong.text(own) }))
                })
                .collect();
            let told = json!({
                "code": why.code(), "message": why.text(own), "fields": fields,
                "stamp": Stamp::fresh(self.name, clock::now()).signed(self.hub),
            });
            let status = if status == StatusCode::OK { StatusCode::UNPROCESSABLE_ENTITY } else { status };
            return (status, Json(told)).into_response();
        }
        let shown = Shown {
            language: self.language,
            page: self.sent.get("page"),
            visit: &self.visitor.token(self.hub),
            known: self.known.clone(),
            written: self.sent.one.clone(),
            ticked: self.sent.consents.clone(),
            wrong,
            again: Some(why),
            is_embedded: self.is_embedded,
            ..Shown::of(self.programme, self.name, self.form)
        };
        shown.document(self.hub, status).into_response()
    }

    /// Leads on by a GET, so that loading the page again sends nothing twice.
    fn thanks(&self, way: Option<String>) -> Response {
        let purpose = |name: &String| self.programme.purposes.get(purpose_of(name));
        let granted = || self.form.purposes.iter().filter(|name| self.sent.consents.contains(*name));
        let confirms = granted().filter_map(purpose).any(|purpose| purpose.opt_in == OptIn::Double);
        let cookie = granted().filter_map(purpose).any(|purpose| purpose.remembers);
        let cookie = cookie.then(|| self.visitor.cookie(self.hub)).flatten();
        let mut response = if self.sent.is_json {
            let guide = way.map(|way| format!("{}/g/{way}", self.hub.public_url));
            Json(json!({ "ok": true, "confirm": confirms, "guide_url": guide })).into_response()
        } else {
            let place = match &self.form.thanks.url {
                Some(url) => url.strip_prefix('/').map_or_else(|| url.clone(), |path| format!("../{path}")),
                None => {
                    let mut query = url::form_urlencoded::Serializer::new(String::new());
                    query.append_pair("language", self.language);
                    way.iter().for_each(|way| _ = query.append_pair("guide", way));
                    confirms.then(|| query.append_pair("confirm", "true"));
                    self.is_embedded.then(|| query.append_pair("embed", "true"));
                    format!("../f/{}/thanks?{}", self.name, query.finish())
                }
            };
            (
                StatusCode::SEE_OTHER,
                [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())],
            )
                .into_response()
        };
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// A value in the type of its field; none where nothing was written and nothing has to be.
fn value(field: &FormField, text: &str) -> Result<Option<Value>, Wrong> {
    let most = if field.kind == FieldKind::LongText { FORM_LONG_TEXT_CHARS_MAX } else { FORM_TEXT_CHARS_MAX };
    if text.chars().count() > most {
        return Err(Wrong::TooLong(most));
    }
    let malformed = Wrong::Malformed(field.kind);
    if field.kind == FieldKind::Tick {
        let ticked = !matches!(text, "" | "false");
        return if field.required && !ticked { Err(Wrong::Missing) } else { Ok(Some(ticked.into())) };
    }
    if text.is_empty() {
        return if field.required { Err(Wrong::Missing) } else { Ok(None) };
    }
    let value = match field.kind {
        FieldKind::Email => normalise(IdentifierKind::Email, text).map_err(|_| malformed)?.into(),
        FieldKind::Phone => normalise(IdentifierKind::Phone, text).map_err(|_| malformed)?.into(),
        FieldKind::Number => number(text).ok_or(malformed)?,
        FieldKind::Date => text.parse::<jiff::civil::Date>().map_err(|_| malformed)?.to_string().into(),
        FieldKind::Choice if !field.options.iter().any(|option| option.value == text) => {
            return Err(malformed);
        }
        FieldKind::Choice | FieldKind::Text | FieldKind::LongText | FieldKind::Tick => text.into(),
    };
    Ok(Some(value))
}

/// With a point or a comma.
fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let number: f64 = text.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::programme::FormOption;

    #[test]
    fn values_are_read_in_the_type_of_their_field() {
        for (kind, text, expected) in [
            (FieldKind::Email, " Ada@Example.com ", Ok(Some(json!("ada@example.com")))),
            (FieldKind::Email, "ada", Err(Wrong::Malformed(FieldKind::Email))),
            (FieldKind::Phone, "+39 055 123-456", Ok(Some(json!("+39055123456")))),
            (FieldKind::Phone, "12", Err(Wrong::Malformed(FieldKind::Phone))),
            (FieldKind::Number, "2,5", Ok(Some(json!(2.5)))),
            (FieldKind::Number, "7", Ok(Some(json!(7)))),
            (FieldKind::Number, "inf", Err(Wrong::Malformed(FieldKind::Number))),
            (FieldKind::Date, "1990-02-30", Err(Wrong::Malformed(FieldKind::Date))),
            (FieldKind::Date, "1990-02-28", Ok(Some(json!("1990-02-28")))),
            (FieldKind::Choice, "oil", Ok(Some(json!("oil")))),
            (FieldKind::Choice, "wine", Err(Wrong::Malformed(FieldKind::Choice))),
            (FieldKind::Tick, "", Ok(Some(json!(false)))),
            (FieldKind::Tick, "true", Ok(Some(json!(true)))),
            (FieldKind::Text, "", Ok(None)),
        ] {
            let options = vec![FormOption { value: "oil".to_owned(), ..FormOption::default() }];
            let mut field = FormField { kind, options, ..FormField::default() };
            assert_eq!(value(&field, text.trim()), expected, "{kind:?} {text}");
            field.required = true;
            if text.is_empty() {
                assert_eq!(value(&field, text), Err(Wrong::Missing), "{kind:?}");
            }
        }
        let field = FormField::default();
        let (fits, long) = ("è".repeat(FORM_TEXT_CHARS_MAX), "è".repeat(FORM_TEXT_CHARS_MAX + 1));
        assert!(value(&field, &fits).is_ok());
        assert_eq!(value(&field, &long), Err(Wrong::TooLong(FORM_TEXT_CHARS_MAX)));
    }
}
