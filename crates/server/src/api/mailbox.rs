//! The built-in mailbox of the demonstration: what arrived, and how a mail program shows it.

use super::extract::{Limit, Query};
use crate::hub::Hub;
use crate::mailbox::Mailbox;
use crate::mailbox::mail::Mail;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::at::At;
use serde::Serialize;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// A message on the shelf.
#[derive(Serialize, utoipa::ToSchema)]
struct MailSummary {
    /// Counted from 1 in the order of arrival.
    number: u64,
    received_at: String,
    from: String,
    to: String,
    subject: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MailList {
    /// How many have come in all, also those no longer kept.
    received: u64,
    /// Newest first.
    messages: Vec<MailSummary>,
}

/// A message as a mail program shows it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MailView {
    #[serde(flatten)]
    summary: MailSummary,
    /// The part for programs that show text only.
    text: Option<String>,
    html: Option<String>,
    /// Name and value, in order.
    headers: Vec<(String, String)>,
}

/// What arrived in the built-in mailbox, newest first. Only `trama demo` has one.
#[utoipa::path(
    get,
    path = "/api/v1/mailbox",
    params(Limit),
    responses((status = 200, body = MailList), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(limit): Query<Limit>,
) -> Result<Json<MailList>, Problem> {
    let mailbox = mailbox(&hub)?;
    let mails = mailbox.messages();
    let messages = mails.iter().rev().take(limit.count()).map(|mail| summary(mail, &mail.view()));
    Ok(Json(MailList { received: mailbox.received(), messages: messages.collect() }))
}

/// One message of the built-in mailbox.
#[utoipa::path(
    get,
    path = "/api/v1/mailbox/{number}",
    params(("number" = u64, Path, description = "Its number in the order of arrival")),
    responses((status = 200, body = MailView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Result<Json<MailView>, Problem> {
    let mails = mailbox(&hub)?.messages();
    let found = mails.iter().find(|mail| mail.number.to_string() == number);
    let mail = found.ok_or_else(|| Problem::not_found(format!("the mailbox keeps no message {number}")))?;
    let view = mail.view();
    let summary = summary(mail, &view);
    Ok(Json(MailView { summary, text: view.text, html: view.html, headers: view.headers }))
}

fn mailbox(hub: &Hub) -> Result<&Mailbox, Problem> {
    let none = || Problem::not_found("this server has no built-in mailbox; `trama demo` has one");
    hub.stage.as_ref().map(|stage| &*stage.mailbox).ok_or_else(none)
}

fn summary(mail: &Mail, view: &crate::mailbox::mail::View) -> MailSummary {
    let since = mail.received_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    MailSummary {
        number: mail.number,
        received_at: At(since.as_millis() as i64).to_string(),
        from: view.from.clone(),
        to: view.to.clone(),
        subject: view.subject.clone(),
    }
}
