//! A real server in this process, on a free port and in a directory of its own, and a client for it.

use serde_json::{Value, json};
use server::config::{Config, Flags};
use server::mailbox::Mailbox;
use server::mailbox::mail::View;
use server::server::Server;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// A running server and its directory.
pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
    pub(crate) write_key: String,
    pub(crate) admin_token: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl House {
    /// A server with no programme.
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), "").await
    }

    /// A server with more settings, as TOML.
    pub(crate) async fn start_in(dir: TempDir, settings: &str) -> Self {
        std::fs::write(dir.path().join("trama.toml"), settings).unwrap();
        let server = Server::start(&config(dir.path())).await.unwrap();
        let first = server.hub().keys.first();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (write_key, admin_token) = (first.write_key.unwrap(), first.admin_token.unwrap());
        Self { dir, server, write_key, admin_token, http }
    }

    /// Stops the server and starts it again on the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.server.stop().await;
        let settings = std::fs::read_to_string(self.dir.path().join("trama.toml")).unwrap();
        Self::start_in(self.dir, &settings).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// A request without any token.
    pub(crate) fn bare(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), self.url(path))
    }

    /// A request of the first admin.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.bare(method, path).bearer_auth(&self.admin_token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// What an admin reads at a path.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Waits until all that was applied is on the disk.
    pub(crate) async fn durable(&self) {
        let begun = std::time::Instant::now();
        while self.get("/api/v1/status").await["lag"] != 0 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "never durable");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends events through the tracking API; they are durable and applied on return.
    pub(crate) async fn track(&self, events: Value) {
        let body = serde_json::json!({"batch": events});
        let answer =
            answer(self.bare("POST", "/v1/batch").basic_auth(&self.write_key, Some("")).json(&body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// The settings of a directory, on any free port.
pub(crate) fn config(dir: &Path) -> Config {
    let flags = Flags { listen: Some(([127, 0, 0, 1], 0).into()), ..Flags::default() };
    Config::read(dir, &flags).unwrap()
}

/// A house with a small programme and a mailbox that its email goes to.
pub(crate) struct Shop {
    pub(crate) house: House,
    pub(crate) mailbox: Mailbox,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with("").await
    }

    /// Opens with these settings besides those for the programme and the mailbox.
    pub(crate) async fn open_with(more: &str) -> Self {
        Self::open_as(PROGRAMME[0].1, more).await
    }

    /// The same with another `programme.yaml`.
    pub(crate) async fn open_as(programme: &str, more: &str) -> Self {
        let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in PROGRAMME {
            let path = dir.path().join("programme").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, if file == PROGRAMME[0].0 { programme } else { text }).unwrap();
        }
        let programme = dir.path().join("programme");
        let settings = format!(
            "programme = {:?}\nsmtp_url = \"smtp://{}\"\n{more}",
            programme.to_str().unwrap(),
            mailbox.addr
        );
        Self { house: House::start_in(dir, &settings).await, mailbox }
    }

    /// Ada says yes to offers, and orders; her message is in the mailbox on return.
    pub(crate) async fn ada_orders(&self) -> View {
        self.ada_says_yes_and_orders().await;
        let mails = self.mailbox.wait_for(1).await;
        self.answered("user_id:ada").await;
        mails[0].view()
    }

    pub(crate) async fn ada_says_yes_and_orders(&self) {
        self.house
            .track(json!([
                {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "language": "it"},
                 "context": {"consent": {"categoryPreferences": {"offers": true, "pixels": true}}}},
                {"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}}
            ]))
            .await;
    }

    /// Waits until every send of a person has an answer, and gives the newest.
    pub(crate) async fn answered(&self, address: &str) -> Value {
        self.newest_send(address, |send| send["status"] == "dropped" || !send["settled_at"].is_null()).await
    }

    /// Waits until all sends of a person are so, and gives the newest.
    pub(crate) async fn newest_send(&self, address: &str, is_so: fn(&Value) -> bool) -> Value {
        for _ in 0..500 {
            let sends = self.house.get(&format!("/api/v1/sends?profile={address}")).await;
            let sends = sends["sends"].as_array().unwrap();
            if !sends.is_empty() && sends.iter().all(is_so) {
                return sends[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the sends of {address} do not come to that");
    }
}

/// The day that it is where the programmes of tests are, once midnight is not near: what a test
/// does from here on is of one day.
pub(crate) async fn today() -> jiff::civil::Date {
    const NEAR: Duration = Duration::from_secs(30);
    let now = jiff::Timestamp::now().in_tz("Europe/Rome").unwrap();
    let left =
        Duration::try_from(now.duration_until(&now.tomorrow().unwrap().start_of_day().unwrap())).unwrap();
    if left > NEAR {
        return now.date();
    }
    tokio::time::sleep(left).await;
    now.tomorrow().unwrap().date()
}

/// The first of our own addresses of a kind in a message.
pub(crate) fn link(view: &View, kind: &str) -> String {
    let body = view.html.as_deref().or(view.text.as_deref()).unwrap();
    let start = body.find(&format!("/{kind}/")).unwrap_or_else(|| panic!("no /{kind}/ in {body}"));
    let rest = &body[start..];
    rest[..rest.find(['"', ' ', '\n', '<']).unwrap_or(rest.len())].to_owned()
}

const PROGRAMME: [(&str, &str); 9] = [
    (
        "programme.yaml",
        "programme: bottega
timezone: Europe/Rome
languages: [it, en]
tracking: { opens: per_person, clicks: true }
purposes:
  offers: { title: { it: Offerte, en: Offers }, channels: [email], opt_in: single }
  pixels: { title: { it: Aperture, en: Opens }, channels: [email], opt_in: single, tracks_opens: true }
  newsletter: { title: { it: Lettera, en: Letter }, channels: [email], opt_in: double, confirm: confirm }
",
    ),
    ("segments.yaml", "segments:\n  buyers: 'did \"Order Completed\"'\n"),
    (
        "journeys/thanks.yaml",
        "journey: thanks
purpose: offers
enter: did \"Order Completed\"
reenter: always
steps:
  - send: thanks
",
    ),
    (
        "messages/thanks/message.yaml",
        "message: thanks
email: { from: \"Bottega <ciao@bottega.example>\", subject: { it: \"Grazie\", en: \"Thanks\" } }
",
    ),
    (
        "messages/thanks/email.it.html",
        "<html><body><p>Grazie {{ profile.email }} {{ profile.nickname }}</p>
<a href=\"https://bottega.example/olio\">olio</a> <a href=\"https://bottega.example/pane\">pane</a>
<a href=\"{{ unsubscribe_url }}\">via</a> <a href=\"{{ preferences_url }}\">scelte</a></body></html>
",
    ),
    (
        "messages/confirm/message.yaml",
        "message: confirm
email: { from: \"Bottega <ciao@bottega.example>\", subject: { it: \"Confermi?\", en: \"Confirm?\" } }
",
    ),
    ("messages/confirm/email.it.txt", "Conferma qui: {{ confirm_url }}\n"),
    ("messages/confirm/email.en.txt", "Confirm here: {{ confirm_url }}\n"),
    ("messages/thanks/email.en.txt", "Thank you. No more of this: {{ unsubscribe_url }}\n"),
];

/// Compares a generated reference with the one in `docs/reference`. With `UPDATE_EXPECT=1` it is written there instead.
pub(crate) fn assert_reference(name: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == generated,
        "docs/reference/{name} is not what the program says; run the tests with UPDATE_EXPECT=1"
    );
}
