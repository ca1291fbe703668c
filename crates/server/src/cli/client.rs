//! Asking a running server through its API.

use crate::problem::READING_LOG;
use anyhow::{Context, bail};
use reqwest::Method;
use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

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

    /// An answer that is read as it comes.
    pub(crate) fn open(&self, path: &str) -> anyhow::Result<Response> {
        self.answer(self.request(Method::GET, path))
    }

    /// Calls again while the server reads from its log what the call asks of the past, and says how far that is.
    pub(crate) fn call(&self, method: &Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        loop {
            let answer = self.json(self.request(method.clone(), path).json(body));
            match answer.as_ref().err().and_then(|error| error.downcast_ref::<Refusal>()) {
                Some(refusal) if refusal.code == READING_LOG => eprintln!("{}", refusal.message),
                _ => return answer,
            }
        }
    }

    /// What a call answers, word for word.
    pub(crate) fn text(&self, path: &str, body: &Value) -> anyhow::Result<String> {
        let answer = self.answer(self.request(Method::POST, path).json(body))?;
        answer.text().context("the answer broke off")
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
        let refusal: Option<Refusal> = response.json().ok();
        match refusal {
            Some(refusal) => Err(refusal.into()),
            None => bail!("{} answered {status}", self.server),
        }
    }
}

/// The server's own words for why it did not do what it was asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    code: String,
    pub(crate) message: String,
    /// The byte of what was sent at which it goes wrong.
    pub(crate) offset: Option<usize>,
    pub(crate) suggestion: Option<String>,
    #[serde(default)]
    mistakes: Vec<Mistake>,
    #[serde(default)]
    findings: Vec<Found>,
}

/// Something wrong with a definition that was sent.
#[derive(Debug, Deserialize)]
struct Found {
    file: String,
    line: usize,
    message: String,
}

#[derive(Debug, Deserialize)]
struct Mistake {
    place: String,
    message: String,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " (at byte {offset})")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; {suggestion}")?;
        }
        for Mistake { place, message } in &self.mistakes {
            write!(f, "\n{place}: {message}")?;
        }
        for Found { file, line, message } in &self.findings {
            write!(f, "\n{file}:{line}: {message}")?;
        }
        Ok(())
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
