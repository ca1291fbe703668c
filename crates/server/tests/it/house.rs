//! A real server in this process, on a free port and in a directory of its own, and a client for it.

use serde_json::Value;
use server::config::{Config, Flags};
use server::server::Server;
use std::path::Path;
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
