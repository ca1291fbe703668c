//! Messages on trial: handed over as they would leave, to an address that an operator names.
//!
//! A test is no send. The governor is not asked, the ledger and the figures do not have it, and what is done with it changes
//! nothing: our links in it are of no send, and the others lead straight to where they go. That it was made is in the audit,
//! and is told there before it leaves.

use super::address::Address;
use super::drafts::{FindingView, Laid, MistakenView};
use super::extract::Body;
use super::previews::{Reading, WrittenFor, findings, source, unwritten};
use crate::audit::{self, What};
use crate::clock;
use crate::deliver::email::Note;
use crate::deliver::preview::{Email, email};
use crate::hub::Hub;
use crate::keys::Holder;
use crate::limits::TEST_SENDS_PER_HOUR;
use crate::problem::Problem;
use crate::programme::Edited;
use crate::report::sending;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::at::At;
use engine::engine::Engine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What stands before the subject of a test.
const MARK: &str = "[Test]";

/// A message, to whom it goes, and as whom it is written.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestGiven {
    /// The email address that it goes to, whoever it is written for.
    to: String,
    #[serde(flatten)]
    written: WrittenFor,
}

/// How many tests there may be, of all messages and by all operators together.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TestRoom {
    /// Within any hour.
    per_hour: usize,
    /// From now on.
    left: usize,
    /// When the next one can be, where none can now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

/// How many tests may be sent now. It is the same for every message.
#[utoipa::path(
    get,
    path = "/api/v1/messages/{name}/test",
    params(("name" = String, Path, description = "The message's name")),
    responses((status = 200, body = TestRoom))
)]
pub(super) async fn room(State(hub): State<Arc<Hub>>) -> Json<TestRoom> {
    let (left, next) = hub.trials.room(clock::now());
    Json(TestRoom { per_hour: TEST_SENDS_PER_HOUR, left, next_at: next.map(|at| at.to_string()) })
}

/// What became of a test.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TestView {
    /// `accepted`, `transient`, `permanent`, `invalid_recipient`, or `unknown`: perhaps handed over.
    #[schema(value_type = String)]
    outcome: &'static str,
    /// The route that it went by.
    route: String,
    /// The relay's answer, in words.
    reply: String,
    to: String,
    subject: String,
    /// What `trama check` doubts about this message.
    findings: Vec<FindingView>,
}

/// Sends a message on trial: to an address of the operator's choosing, written for somebody who is known or made up, with
/// `[Test]` before its subject. It is no send, and counts nowhere.
#[utoipa::path(
    post,
    path = "/api/v1/messages/{name}/test",
    params(("name" = String, Path, description = "The message's name")),
    request_body = TestGiven,
    responses(
        (status = 200, body = TestView, description = "The relay's answer, whatever it is"),
        (status = 400, body = MistakenView),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "There is no route for it"),
        (status = 422, body = Problem, description = "It cannot be written for that person"),
        (status = 429, body = Problem, description = "There were too many within an hour")
    )
)]
pub(super) async fn send(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(given): Body<TestGiven>,
) -> Result<Response, Problem> {
    let to = Address::parse("to", &format!("email:{}", given.to))?;
    let (reading, draft) = Reading::of(given.written)?;
    let (reading, is_draft) = (Arc::new(reading), draft.is_some());
    let no_route = |why: String| Problem::new(StatusCode::CONFLICT, "no_route", why);
    let relays = sending::email(&hub).map_err(|error| no_route(format!("{error:#}")))?;
    let edited = match source(&hub, &name, draft).await? {
        Laid::Fit(edited) => edited,
        Laid::Mistaken(answer) => return Ok(answer),
    };
    let findings = findings(&edited, &name);
    let written = written(&hub, *edited, &name, &reading).await?;
    let subject = format!("{MARK} {}", written.rendered.subject);
    let (now, from) = (clock::now(), &written.rendered.from);
    relays.takes(&written.purpose, from).map_err(no_route)?;
    let number = match hub.trials.take(now) {
        Ok(number) => number,
        Err(next) => return Ok(later(next, now)),
    };
    let what = told(&hub, &name, [Some(&to), reading.profile()], is_draft).await;
    audit::noted(&hub.runtime, &holder, what).await?;
    let note = Note {
        id: &format!("test-{}-{number}", now.0),
        purpose: &written.purpose,
        date: now,
        from,
        reply_to: written.rendered.reply_to.as_deref(),
        to: &to.value,
        subject: &subject,
        text: &written.rendered.text,
        html: written.rendered.html.as_deref(),
    };
    let posted = relays.post(&note).await.map_err(unwritten)?;
    Ok(Json(TestView {
        outcome: posted.answer.outcome().name(),
        route: posted.route,
        reply: posted.answer.to_string(),
        to: to.value,
        subject,
        findings,
    })
    .into_response())
}

async fn written(
    hub: &Arc<Hub>,
    edited: Edited,
    name: &str,
    reading: &Arc<Reading>,
) -> Result<Email, Problem> {
    let (links, name, reading) = (hub.links.clone(), name.to_owned(), Arc::clone(reading));
    let read = move |engine: &Engine| {
        let (whom, now) = (reading.whom(engine)?, clock::now().max(engine.at()));
        let asked = reading.asked(&name, &whom);
        email(engine, &edited.checked.programme, &links, &asked, now).map_err(unwritten)
    };
    hub.runtime.read(read).await
}

/// What the audit says: whose addresses it was about, so that an erasure finds them.
async fn told(hub: &Hub, name: &str, about: [Option<&Address>; 2], is_draft: bool) -> What {
    let installed = |engine: &Engine| engine.installed().map(|installed| installed.hash_key);
    let key = hub.runtime.read(installed).await.expect("invariant: the first record installs");
    let person = |one: &Address| (one.kind, key.identifier(one.kind, &one.value).0, one.value.clone());
    let what = What::beside("message.test", name, Value::Null, json!({ "draft": is_draft }));
    What { people: about.into_iter().flatten().map(person).collect(), ..what }
}

fn later(next: At, now: At) -> Response {
    let seconds = next.since(now).0.div_euclid(1_000) + 1;
    let message = format!(
        "{TEST_SENDS_PER_HOUR} tests were sent within an hour; the next one can be from {next} on, in {seconds} seconds"
    );
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tests", message);
    ([(header::RETRY_AFTER, seconds.to_string())], problem).into_response()
}
