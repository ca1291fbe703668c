//! The tracking API of a running server.

use super::super::batch::{Batch, Row, alone};
use super::{Answer, Ready, refused, refused_line};
use crate::collect::endpoint::Endpoint;
use crate::collect::envelope::Envelope;
use anyhow::{Context, bail};
use engine::record::EventKind;
use serde::Deserialize;
use std::time::Duration;

pub(in super::super) struct ServerDestination {
    http: reqwest::blocking::Client,
    url: String,
    write_key: String,
    done: Vec<Answer>,
}

/// What the tracking API says.
#[derive(Deserialize)]
struct Taken {
    accepted: u64,
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    index: usize,
    code: String,
    #[serde(default)]
    field: String,
    message: String,
}

/// What became of one body.
enum Posted {
    Taken(Taken),
    /// It is no JSON.
    Unreadable,
}

impl ServerDestination {
    pub(super) fn new(url: &str, write_key: String) -> anyhow::Result<Self> {
        let http =
            reqwest::blocking::Client::builder().timeout(None).build().context("cannot set up HTTP")?;
        let url = format!("{}/v1/import", url.trim_end_matches('/'));
        Ok(Self { http, url, write_key, done: Vec::new() })
    }

    /// The key stands for the source that it belongs to.
    pub(super) fn source(&self) -> &str {
        &self.write_key
    }

    pub(super) fn answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.done)
    }

    pub(super) fn send(&mut self, ready: Ready) -> anyhow::Result<()> {
        let batch = ready.batch;
        let mut answer = Answer::default();
        if !batch.rows.is_empty() {
            // A line that holds more than one event, or less, would shift all others.
            let whole = Envelope::read(&batch.body, Endpoint::Import);
            let even = whole.is_ok_and(|envelope| envelope.count() == batch.rows.len());
            let posted = if even { self.post(&batch.body)? } else { Posted::Unreadable };
            match posted {
                Posted::Taken(taken) => note(&batch, &batch.rows, taken, &mut answer)?,
                Posted::Unreadable => {
                    for row in &batch.rows {
                        self.single(&batch, row, &mut answer)?;
                    }
                }
            }
        }
        self.done.push(Answer { batch, ..answer });
        Ok(())
    }

    /// Sends one row by itself; as it is where it cannot be read, so that the server notes it.
    fn single(&self, batch: &Batch, row: &Row, answer: &mut Answer) -> anyhow::Result<()> {
        let own = batch.own(row);
        let error = Envelope::read(&own, Endpoint::Single(EventKind::Track)).err();
        let body = if error.is_some() { own } else { alone(batch.event(row)) };
        match (self.post(&body)?, error) {
            (Posted::Taken(taken), None) => note(batch, std::slice::from_ref(row), taken, answer)?,
            (_, Some(error)) => answer.refused.push(refused_line(batch, row, &error)),
            (Posted::Unreadable, None) => {
                let message = "the server says that it cannot be read".to_owned();
                answer.refused.push(refused(batch, row, "unreadable", "", message));
            }
        }
        Ok(())
    }

    fn post(&self, body: &[u8]) -> anyhow::Result<Posted> {
        loop {
            let request = self.http.post(&self.url).basic_auth(&self.write_key, Some(""));
            let request = request.header("content-type", "application/json").body(body.to_vec());
            let response = request.send().with_context(|| format!("{} cannot be reached", self.url))?;
            match response.status().as_u16() {
                200 => return Ok(Posted::Taken(serde_json::from_str(&response.text()?)?)),
                429 | 503 => {
                    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                    let seconds: u64 = seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
                    std::thread::sleep(Duration::from_secs(seconds.min(RETRY_AFTER_MAX)));
                }
                400 => return Ok(Posted::Unreadable),
                status => bail!("the server answered {status}: {}", response.text().unwrap_or_default()),
            }
        }
    }
}

fn note(batch: &Batch, rows: &[Row], taken: Taken, answer: &mut Answer) -> anyhow::Result<()> {
    answer.accepted += taken.accepted;
    for rejected in taken.rejected {
        let row = rows.get(rejected.index).context("the server did not answer as Trama does")?;
        answer.refused.push(refused(batch, row, &rejected.code, &rejected.field, rejected.message));
    }
    Ok(())
}

/// Seconds that a server is waited for at most before it is asked again, whatever it says.
const RETRY_AFTER_MAX: u64 = 60;
