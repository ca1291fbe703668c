//! One message to another program: signed, to an address that was looked at, within bounds of time and size.

use super::guard::{Forbidden, Guard};
use super::secrets::Secrets;
use super::sign::signature;
use crate::clock;
use crate::limits::{WEBHOOK_ANSWER_BYTES_MAX, WEBHOOK_ANSWER_WAIT_MAX, WEBHOOK_CONNECT_MAX};
use engine::at::{At, Span};
use engine::record::WebhookOutcome;
use reqwest::{Response, StatusCode, header};
use std::error::Error;
use std::time::Instant;
use url::Url;

/// What speaks to webhooks, shared by all who do.
pub struct Post {
    client: reqwest::Client,
    guard: Guard,
    secrets: Secrets,
}

/// How a message ended.
#[derive(Clone, Debug)]
pub struct Posted {
    pub outcome: WebhookOutcome,
    /// 0 where there was no answer.
    pub status: u16,
    pub took_ms: u32,
    /// `At(0)` where the other side did not say.
    pub not_before: At,
    pub reason: String,
    /// The body of an answer that was taken.
    pub answer: Vec<u8>,
}

impl Posted {
    pub fn failed(outcome: WebhookOutcome, reason: impl Into<String>) -> Self {
        Self { outcome, status: 0, took_ms: 0, not_before: At(0), reason: reason.into(), answer: Vec::new() }
    }
}

impl Post {
    pub fn new(guard: Guard, secrets: Secrets) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .dns_resolver(guard.clone())
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve the name for itself.
            .no_proxy()
            .connect_timeout(WEBHOOK_CONNECT_MAX)
            .timeout(WEBHOOK_ANSWER_WAIT_MAX)
            .user_agent(concat!("Trama/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, guard, secrets })
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Sends a message. The same `id` says to the receiver that it is the same message.
    pub async fn post(&self, webhook: &str, url: &str, id: &str, body: Vec<u8>) -> Posted {
        let begun = Instant::now();
        let mut posted = match self.send(webhook, url, id, body).await {
            Ok(response) => read(response).await,
            Err(reason) => Posted::failed(WebhookOutcome::Failed, reason),
        };
        posted.took_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        posted
    }

    /// Asks an address once, under the same guard; for what is confirmed by being fetched.
    pub async fn visit(&self, url: Url) -> Result<(), String> {
        self.guard.check_url(&url).map_err(|forbidden| forbidden.0)?;
        let response = self.client.get(url).send().await.map_err(|error| why(&error))?;
        if response.status().is_success() { Ok(()) } else { Err(response.status().to_string()) }
    }

    /// Reads what lies at an address, under the same guard.
    pub async fn fetch(&self, url: Url, most: usize) -> Result<Vec<u8>, String> {
        self.guard.check_url(&url).map_err(|forbidden| forbidden.0)?;
        let response = self.client.get(url).send().await.map_err(|error| why(&error))?;
        if !response.status().is_success() {
            return Err(response.status().to_string());
        }
        read_body(response, most).await.map_err(str::to_owned)
    }

    async fn send(&self, webhook: &str, url: &str, id: &str, body: Vec<u8>) -> Result<Response, String> {
        let url = Url::parse(url).map_err(|error| format!("the address is none: {error}"))?;
        self.guard.check_url(&url).map_err(|forbidden| forbidden.0)?;
        let secrets = self.secrets.of(webhook).map_err(|error| format!("{error:#}"))?;
        let second = clock::now().0.div_euclid(1_000);
        let signed = signature(&secrets, id, second, &body);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", signed)
            .body(body);
        request.send().await.map_err(|error| why(&error))
    }
}

/// Why there was no answer. The innermost reason says most, and none of them repeats the address with what may be secret in
/// its path.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
        if let Some(Forbidden(sentence)) = innermost.downcast_ref() {
            return sentence.clone();
        }
    }
    let what = if error.is_connect() { "no connection" } else { "the connection broke" };
    format!("{what}: {innermost}")
}

async fn read(response: Response) -> Posted {
    let status = response.status();
    let not_before =
        response.headers().get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
    let posted = |outcome, reason: &str, answer| Posted {
        outcome,
        status: status.as_u16(),
        took_ms: 0,
        not_before: not_before.unwrap_or(At(0)),
        reason: reason.to_owned(),
        answer,
    };
    if !status.is_success() {
        return posted(outcome_of(status), status.canonical_reason().unwrap_or("no success"), Vec::new());
    }
    match read_body(response, WEBHOOK_ANSWER_BYTES_MAX).await {
        Ok(answer) => posted(WebhookOutcome::Accepted, "", answer),
        Err(reason) => posted(WebhookOutcome::Accepted, reason, Vec::new()),
    }
}

fn outcome_of(status: StatusCode) -> WebhookOutcome {
    match status {
        StatusCode::GONE => WebhookOutcome::Gone,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::CONFLICT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS => WebhookOutcome::Failed,
        status if status.is_client_error() => WebhookOutcome::Refused,
        _ => WebhookOutcome::Failed,
    }
}

/// The body up to the bound; a message whose status was good is taken, whatever becomes of its body.
async fn read_body(mut response: Response, most: usize) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                return Err("the answer is too long to be read");
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err("the answer broke off"),
        }
    }
}

/// When the header `Retry-After` wants us back: in so many seconds, or at a date; a week from now at the latest.
fn retry_after(text: &str) -> Option<At> {
    let now = clock::now();
    let at = match text.trim().parse::<u32>() {
        Ok(seconds) => now.plus(Span(i64::from(seconds) * 1_000)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
            At(date.timestamp().as_millisecond())
        }
    };
    Some(at.min(now.plus(Span::DAY.times(7))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_another_attempt_is_worth_it() {
        use WebhookOutcome::{Failed, Gone, Refused};
        for (status, outcome) in [
            (301, Failed),
            (400, Refused),
            (401, Refused),
            (404, Refused),
            (408, Failed),
            (409, Failed),
            (410, Gone),
            (422, Refused),
            (425, Failed),
            (429, Failed),
            (500, Failed),
            (503, Failed),
        ] {
            assert_eq!(outcome_of(StatusCode::from_u16(status).unwrap()), outcome, "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_its_forms_and_bounded() {
        let now = clock::now();
        let in_a_minute = retry_after("60").unwrap();
        assert!(in_a_minute >= now.plus(Span::MINUTE) && in_a_minute < now.plus(Span::HOUR));
        assert_eq!(retry_after("Thu, 01 Jan 2015 00:00:00 GMT"), At::parse("2015-01-01T00:00:00Z"));
        assert!(retry_after("4000000000").unwrap() <= clock::now().plus(Span::DAY.times(7)));
        assert_eq!(retry_after("soon"), None);
    }
}
