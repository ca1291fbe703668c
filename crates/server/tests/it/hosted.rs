//! Short links, pages and forms through the server's own port: who visits, who is counted, who is told what, and which
//! record it leaves.

mod forms;
mod links;
mod pages;

use crate::house::{Answer, House, answer, link as link_in};
use serde_json::{Value, json};
use server::mailbox::Mailbox;

pub(crate) const PERSON: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1";

const FILES: [(&str, &str); 13] = [
    (
        "programme.yaml",
        "programme: bottega
timezone: Europe/Rome
languages: [it, en]
purposes:
  offers: { title: { it: Offerte, en: Offers }, channels: [email, onsite] }
  newsletter:
    title: { it: Lettera, en: Letter }
    channels: [email]
    opt_in: double
    confirm: confirm
    wording:
      - { version: 1, it: Vecchie parole, en: Old words }
      - { version: 2, it: Voglio la lettera, en: Send me the letter }
  memory: { title: { it: Ricordami, en: Remember me }, channels: [onsite], remembers: true }
",
    ),
    ("segments.yaml", "segments:\n  buyers: 'did \"Order Completed\"'\n"),
    (
        "links.yaml",
        "links:
  flyer:
    url: /p/market
    campaign: { name: new-oil, source: flyer, medium: print, content: a5 }
    channel: flyer
    place: fair
    vanity: olio
  shop: { url: 'https://shop.example/oil?ref=1#top', campaign: new-oil }
  partner: { url: https://partner.example/, joins: false }
  over: { url: https://shop.example/, expires: 2026-01-01 }
",
    ),
    (
        "pages/market.yaml",
        "page: market
title: { it: Al mercato, en: At the market }
description: { it: Cose buone, en: Good things }
purpose: offers
blocks:
  - title: { it: Benvenuti alla fiera, en: Welcome to the fair }
    places: [fair]
  - else: true
    title: { it: Vieni in bottega, en: Come to the shop }
    button: { text: { it: La strada, en: The way }, url: /l/shop }
  - when: in segment \"buyers\"
    title: { it: 'Bentornata {{ profile.first_name | default: \"a te\" }}', en: 'Back again, {{ profile.first_name | default: \"you\" }}' }
  - title: Tutti
    image: { url: https://img.example/oil.jpg, alt: { it: Olio, en: Oil } }
  - form: guide
  - share: { text: { it: 'Guarda qui & <là>', en: Look here }, by: [whatsapp, copy] }
",
    ),
    (
        "pages/plain.yaml",
        "page: plain\ntitle: { it: Orari, en: Hours }\nblocks: [{ title: { it: 'Aperti <sempre>', en: Always open }, button: { text: Go, url: 'https://shop.example/' } }]\n",
    ),
    (
        "forms/guide.yaml",
        "form: guide
title: { it: La guida, en: The guide }
fields:
  - { field: email, required: true }
  - { field: first_name, ask: until known, required: true }
  - { field: taste, type: choice, options: { oil: { it: Olio, en: Oil }, bread: { it: Pane, en: Bread } } }
  - { field: question, type: long_text }
purposes: [newsletter.email, memory.onsite]
guide: { title: { it: Scarica, en: Download }, url: https://files.example/oil-8f2c.pdf, lasts: 2 days }
embed: [https://shop.example]
",
    ),
    (
        "forms/evening.yaml",
        "form: evening
title: { it: Una serata, en: An evening }
fields: [{ field: email, required: true }]
webinar: { starts: '2026-12-10T18:00:00+01:00', url: https://meet.example/oil }
thanks: { url: https://shop.example/thanks }
",
    ),
    (
        "forms/worked.yaml",
        "form: worked\ntitle: Work\nfields: [{ field: email, required: true }]\nproof of work: 8\n",
    ),
    (
        "messages/confirm/message.yaml",
        "message: confirm\nemail: { from: \"Bottega <ciao@bottega.example>\", subject: { it: Conferma, en: Confirm } }\n",
    ),
    ("messages/confirm/email.it.txt", "Conferma: {{ confirm_url }}\n"),
    (
        "messages/visit/message.yaml",
        "message: visit\nemail: { from: \"Bottega <ciao@bottega.example>\", subject: Vieni }\n",
    ),
    (
        "messages/visit/email.it.html",
        "<p><a href=\"BASE/l/flyer\">Vieni</a> <a href=\"{{ unsubscribe_url }}\">Basta</a></p>",
    ),
    (
        "journeys/visit.yaml",
        "journey: visit\npurpose: offers\nenter: did \"Order Completed\"\nsteps: [{ send: visit }]\n",
    ),
];

/// A house with links, pages and forms, and a mailbox.
pub(crate) struct Stand {
    pub(crate) house: House,
    pub(crate) mailbox: Mailbox,
}

impl Stand {
    pub(crate) async fn open() -> Self {
        let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        // The address that messages and QR codes name.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = format!("http://trama.example:{port}");
        for (file, text) in FILES {
            let path = dir.path().join("programme").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.replace("BASE", &base)).unwrap();
        }
        let settings = format!(
            "programme = {:?}\nsmtp_url = \"smtp://{}\"\npublic_url = \"{base}\"\n",
            dir.path().join("programme").to_str().unwrap(),
            mailbox.addr
        );
        Self { house: House::start_in(dir, &settings).await, mailbox }
    }

    /// A person's browser asks.
    pub(crate) fn browser(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.house.bare(method, path).header("user-agent", PERSON).header("accept-language", "it-IT,it;q=0.9")
    }

    pub(crate) async fn visit(&self, path: &str) -> Answer {
        answer(self.browser("GET", path)).await
    }

    /// The path of this server that an answer leads to from a path.
    pub(crate) fn led_to(&self, from: &str, answer: &Answer) -> String {
        let base = reqwest::Url::parse(&self.house.url(from)).unwrap();
        let target = base.join(answer.headers["location"].to_str().unwrap()).unwrap();
        match target.query() {
            Some(query) => format!("{}?{query}", target.path()),
            None => target.path().to_owned(),
        }
    }

    /// Waits until there are so many event records of these names, and gives them, the oldest first.
    pub(crate) async fn events(&self, names: &[&str], count: usize) -> Vec<Value> {
        for _ in 0..600 {
            let noted = self.house.get("/api/v1/activity?limit=1000").await;
            let found = noted["activity"].as_array().unwrap().iter().rev().filter(|one| {
                one["kind"] == "event" && names.contains(&one["name"].as_str().unwrap_or_default())
            });
            let found: Vec<Value> = found.cloned().collect();
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{count} of {names:?} do not come");
    }

    /// What is known of a person's events, the newest first.
    pub(crate) async fn timeline(&self, address: &str) -> Vec<(String, Value)> {
        let found = self.house.get(&format!("/api/v1/profiles/{address}/timeline")).await;
        let events = found["events"].as_array().unwrap().iter();
        events.map(|one| (one["name"].as_str().unwrap().to_owned(), one["properties"].clone())).collect()
    }

    /// Ada buys, takes offers, and gets a message with a link of ours; the link's path.
    pub(crate) async fn ada_is_written_to(&self) -> String {
        self.house
            .track(json!([
                {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "first_name": "Ada", "language": "it"},
                 "context": {"consent": {"categoryPreferences": {"offers": true}}}},
                {"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}}
            ]))
            .await;
        link_in(&self.mailbox.wait_for(1).await[0].view(), "c")
    }
}

/// A form as a browser sends it.
pub(crate) fn filled_in(
    request: reqwest::RequestBuilder,
    fields: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Whom an event record is about, as an address of the API.
pub(crate) fn who(event: &Value) -> String {
    let first = &event["identifiers"][0];
    format!("{}:{}", first["type"].as_str().unwrap(), first["value"].as_str().unwrap())
}

/// The value of a hidden field, or of an address behind a marker.
pub(crate) fn after<'t>(text: &'t str, marker: &str) -> &'t str {
    let start = text.find(marker).unwrap_or_else(|| panic!("no {marker} in {text}")) + marker.len();
    let rest = &text[start..];
    &rest[..rest.find(['"', '&', '<']).unwrap_or(rest.len())]
}
