//! A visitor's side of the tracking API: the calls that a browser's SDK or a till would make, over real HTTP.

use super::people::Person;
use super::shop::Way;
use reqwest::header::USER_AGENT;
use serde_json::{Value, json};

/// Where calls go, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) http: reqwest::Client,
    /// The server's address, without a slash at the end.
    pub(super) base: String,
    /// Of the source `website`.
    pub(super) website: String,
    /// Of the source `till`.
    pub(super) till: String,
}

/// One browser on one visit.
#[derive(Debug)]
pub(super) struct Browser {
    door: Door,
    anonymous_id: String,
    user_agent: &'static str,
    user_id: Option<String>,
    locale: String,
    way: &'static Way,
    language: &'static str,
    /// Calls made, which number the message ids.
    calls: u32,
    /// The last call, in case it is made again.
    last: Option<(&'static str, Value)>,
}

impl Browser {
    pub(super) fn new(
        door: Door,
        anonymous_id: String,
        user_agent: &'static str,
        person: &Person,
        way: &'static Way,
    ) -> Self {
        Self {
            door,
            anonymous_id,
            user_agent,
            user_id: None,
            locale: format!("{}-{}", person.language, person.country),
            way,
            language: person.reads(),
            calls: 0,
            last: None,
        }
    }

    /// Opens the page that the way in leads to.
    pub(super) async fn land(&mut self) {
        let Way { path, title, qr, .. } = self.way;
        if let Some(place) = qr {
            self.track("QR Scanned", json!({ "place": place })).await;
        }
        self.page(path, title).await;
    }

    pub(super) async fn page(&mut self, path: &str, title: &str) {
        let path = format!("/{}{path}", self.language);
        let url = format!("https://bottega.example{path}");
        self.call("page", json!({ "properties": { "title": title, "path": path, "url": url } })).await;
    }

    pub(super) async fn track(&mut self, event: &str, properties: Value) {
        self.call("track", json!({ "event": event, "properties": properties })).await;
    }

    /// Tells who this is, and what they answered about each purpose.
    pub(super) async fn identify(&mut self, person: &Person, answers: &[(&str, bool)]) {
        self.user_id = Some(person.user_id.clone());
        let traits = json!({
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "language": person.language,
            "country": person.country,
        });
        self.identify_with(traits, answers).await;
    }

    /// Tells that somebody known changed an answer.
    pub(super) async fn answer(&mut self, answers: &[(&str, bool)]) {
        self.identify_with(json!({}), answers).await;
    }

    async fn identify_with(&mut self, traits: Value, answers: &[(&str, bool)]) {
        let preferences: serde_json::Map<String, Value> =
            answers.iter().map(|(purpose, given)| ((*purpose).to_owned(), json!(given))).collect();
        let mut call = json!({ "traits": traits });
        if !preferences.is_empty() {
            call["context"] = json!({ "consent": { "categoryPreferences": preferences } });
        }
        self.call("identify", call).await;
    }

    /// Makes the last call once more, with the same message id, as an SDK does that heard no answer.
    pub(super) async fn again(&mut self) {
        if let Some((kind, call)) = self.last.clone() {
            self.door.post(kind, &self.door.website, self.user_agent, &call).await;
        }
    }

    /// A batch of three, the second of which names nobody.
    pub(super) async fn garbled(&mut self) {
        let id = &self.anonymous_id;
        let event = |who: &str, title: &str| json!({ "type": "page", "anonymousId": who, "properties": { "title": title, "app": "2.1" } });
        let batch = json!({ "batch": [event(id, "Opening hours"), event("", "Contacts"), event(id, "Where we are")] });
        self.door.post("batch", &self.door.website, self.user_agent, &batch).await;
    }

    async fn call(&mut self, kind: &'static str, mut call: Value) {
        self.calls += 1;
        call["messageId"] = json!(format!("{}-{}", self.anonymous_id, self.calls));
        call["anonymousId"] = json!(self.anonymous_id);
        if let Some(user_id) = &self.user_id {
            call["userId"] = json!(user_id);
        }
        let consent = call["context"]["consent"].take();
        call["context"] = self.context();
        if !consent.is_null() {
            call["context"]["consent"] = consent;
        }
        self.door.post(kind, &self.door.website, self.user_agent, &call).await;
        self.last = Some((kind, call));
    }

    fn context(&self) -> Value {
        let [source, medium, name] = self.way.campaign;
        let mut context = json!({
            "locale": self.locale,
            "userAgent": self.user_agent,
            "page": { "url": format!("https://bottega.example/{}{}", self.language, self.way.path) },
        });
        if !source.is_empty() {
            context["campaign"] = json!({ "source": source, "medium": medium, "name": name });
        }
        if !self.way.referrer.is_empty() {
            context["page"]["referrer"] = json!(self.way.referrer);
        }
        context
    }
}

impl Door {
    /// What the till sends after closing time or at once: a customer and their order in one batch.
    pub(super) async fn ring_up(&self, person: &Person, order: &Value) {
        let traits = json!({
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "language": person.language,
        });
        let user = &person.user_id;
        let batch = json!({ "batch": [
            { "type": "identify", "userId": user, "traits": traits },
            { "type": "track", "userId": user, "event": "Order Completed", "properties": order },
        ] });
        self.post("batch", &self.till, "till/4.2", &batch).await;
    }

    /// A visitor whose call is not taken goes on; the server is stopping, or says in its own trace what is wrong.
    async fn post(&self, kind: &str, key: &str, user_agent: &str, body: &Value) {
        let request = self.http.post(format!("{}/v1/{kind}", self.base)).basic_auth(key, Some(""));
        match request.header(USER_AGENT, user_agent).json(body).send().await {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => tracing::warn!(status = %answer.status(), kind, "a visitor's call was not taken"),
            Err(error) => tracing::debug!(%error, kind, "a visitor found the door closed"),
        }
    }
}
