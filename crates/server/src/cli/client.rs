//! Asking a running server through its API.

use anyhow::{Context, bail};
use reqwest::Method;
use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use serde_json::Value;

/// A server and the token to talk to it with.
pub(crate) struct Client {
    http: Http,
    server: String,
    token: String,
}

impl Client {
    pub(crate) fn new(server: &str, token: &str) -> anyhow::Result<Self> {
        // The server may work longer on one answer than any usual limit: a stop by the user is the limit.
        let http = Http::builder().timeout(None).build().context("cannot set up HTTP")?;
        Ok(Self { http, server: server.trim_end_matches('/').to_owned(), token: token.to_owned() })
    }

    /// The server's address, without a slash at the end.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.json(self.request(Method::GET, path))
    }

    pub(crate) fn call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.json(self.request(method, path).json(body))
    }

    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.answer(self.request(Method::DELETE, path)).map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server)).bearer_auth(&self.token)
    }

    fn json(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let text = self.answer(request)?.text().context("the answer broke off")?;
        serde_json::from_str(&text).with_context(|| format!("{} did not answer as Trama does", self.server))
    }

    /// The answer, or the server's own words for why there is none.
    fn answer(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().with_context(|| format!("{} cannot be reached", self.server))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Value = response.json().unwrap_or_default();
        match problem["message"].as_str() {
            Some(message) => bail!("{message}{}", hint(&problem)),
            None => bail!("{} answered {status}", self.server),
        }
    }
}

/// The token that was given for a server: in `TRAMA_TOKEN`, or in the file that `TRAMA_TOKEN_FILE` names. Never in a
/// flag, which every process on the machine can read.
pub(super) fn given_token() -> anyhow::Result<Option<String>> {
    if let Ok(token) = std::env::var("TRAMA_TOKEN") {
        return Ok(Some(token));
    }
    let Some(file) = std::env::var_os("TRAMA_TOKEN_FILE") else { return Ok(None) };
    let read = std::fs::read_to_string(&file);
    let token = read.with_context(|| format!("TRAMA_TOKEN_FILE: {} cannot be read", file.display()))?;
    Ok(Some(token.trim().to_owned()))
}

pub(super) fn token() -> anyhow::Result<String> {
    given_token()?.context("a token is needed: set TRAMA_TOKEN, or TRAMA_TOKEN_FILE to a file that holds it")
}

fn hint(problem: &Value) -> String {
    let mut hint = String::new();
    if let Some(offset) = problem["offset"].as_u64() {
        hint.push_str(&format!(" (at byte {offset})"));
    }
    if let Some(suggestion) = problem["suggestion"].as_str() {
        hint.push_str(&format!("; {suggestion}"));
    }
    for mistake in problem["mistakes"].as_array().into_iter().flatten() {
        let (place, message) = (mistake["place"].as_str(), mistake["message"].as_str());
        hint.push_str(&format!("\n{}: {}", place.unwrap_or_default(), message.unwrap_or_default()));
    }
    hint
}
