//! Bounces and complaints that a provider tells by its webhooks: whatever translates them posts them here.

mod provider;

use super::extract::Body;
use crate::hub::Hub;
use crate::limits::RETURNS_MAX;
use crate::problem::Problem;
use crate::returns::proof::sns_address;
use crate::returns::{Noted, note, unsubscribe};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use engine::SendId;
use engine::programme::nearest;
use engine::record::Verdict;
use provider::{Provider, Told};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The word for a wish to get no more, beside the verdicts.
const UNSUBSCRIBE: &str = "unsubscribe";

/// News of sends.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnStatements {
    /// At most 1,000.
    returns: Vec<ReturnStatement>,
}

/// News of one send, which `send` or `message_id` names.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnStatement {
    /// Its number in the ledger.
    send: Option<u64>,
    /// The `Message-ID` of its email, with or without angle brackets.
    message_id: Option<String>,
    /// `hard_bounce` (the address does not exist), `soft_bounce` (such as a full mailbox), `refused` (for what the message
    /// says or who we are), `complaint`, or `unsubscribe`.
    verdict: String,
    /// The provider's words.
    #[serde(default)]
    reason: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ReturnsTaken {
    /// For each, in order: `recorded`, `known` (nothing new), `no_such_send`, or `too_early` (the send has no receipt yet:
    /// tell it again later).
    results: Vec<&'static str>,
}

/// Takes news of sends that came back. Telling the same twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/returns",
    request_body = ReturnStatements,
    responses((status = 200, body = ReturnsTaken), (status = 400, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn take(
    State(hub): State<Arc<Hub>>,
    Body(statements): Body<ReturnStatements>,
) -> Result<Json<ReturnsTaken>, Problem> {
    let statements = statements.returns;
    if statements.len() > RETURNS_MAX {
        let message = format!("{} returns in one call, at most {RETURNS_MAX}", statements.len());
        return Err(Problem::bad_request("too_many", "returns", message));
    }
    let installation = hub.runtime.read(|engine| engine.installed().map(|one| one.installation)).await;
    let installation = installation.map(|own| format!("{own:016x}")).unwrap_or_default();
    // All of it is read before any of it counts.
    let read = statements.iter().enumerate().map(|(place, one)| one.read(place, &installation));
    let read = read.collect::<Result<Vec<_>, Problem>>()?;
    let mut results = Vec::with_capacity(read.len());
    for (news, statement) in read.into_iter().zip(&statements) {
        let noted = match news {
            (None, _) => Noted::NoSuchSend,
            (Some(send), Some(verdict)) => note(&hub.runtime, send, verdict, &statement.reason).await,
            (Some(send), None) => unsubscribe(&hub.runtime, send).await,
        };
        results.push(match noted {
            Noted::Recorded => "recorded",
            Noted::Known => "known",
            Noted::NoSuchSend => "no_such_send",
            Noted::TooEarly => "too_early",
            Noted::Busy => {
                let message = "there is no room at the moment; tell all of it again in a second";
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
            }
        });
    }
    Ok(Json(ReturnsTaken { results }))
}

/// Takes what a provider's webhook tells: `ses` (through SNS), `sendgrid` or `postmark`, in the form that the provider
/// documents. The key may come as the password of basic authentication, with whatever user, since their webhooks know that.
/// Where the settings ask for a signature besides, what has none that fits is refused with 403 and `bad_signature`.
#[utoipa::path(
    post,
    path = "/api/v1/returns/{provider}",
    params(("provider" = String, Path, description = "`ses`, `sendgrid` or `postmark`")),
    request_body(content = String, description = "As the provider sends it", content_type = "application/json"),
    responses(
        (status = 200, body = ReturnsTaken),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn take_from(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ReturnsTaken>, Problem> {
    let provider = Provider::parse(&name).ok_or_else(|| {
        Problem::not_found(format!("\"{name}\" is none of the providers: ses, sendgrid, postmark"))
    })?;
    let proved = match provider {
        Provider::Ses => hub.proofs.check_sns(&hub.post, &body).await,
        Provider::SendGrid => hub.proofs.check_sendgrid(&headers, &body),
        Provider::Postmark => Ok(()),
    };
    proved.map_err(|reason| Problem::new(StatusCode::FORBIDDEN, "bad_signature", reason))?;
    let news = match provider.read(&body)? {
        Told::News(news) => news,
        Told::Confirm { url } => {
            confirm(&hub, &url).await?;
            Vec::new()
        }
    };
    let installation = hub.runtime.read(|engine| engine.installed().map(|one| one.installation)).await;
    let installation = installation.map(|own| format!("{own:016x}")).unwrap_or_default();
    let mut results = Vec::with_capacity(news.len());
    for one in news {
        let noted = match (of_message_id(&one.message_id, &installation), one.verdict) {
            (None, _) => Noted::NoSuchSend,
            (Some(send), Some(verdict)) => note(&hub.runtime, send, verdict, &one.reason).await,
            (Some(send), None) => unsubscribe(&hub.runtime, send).await,
        };
        results.push(match noted {
            Noted::Recorded => "recorded",
            Noted::Known => "known",
            Noted::NoSuchSend => "no_such_send",
            // Providers tell everything again then, and what is on record stays as it is.
            Noted::TooEarly | Noted::Busy => {
                let message = "not yet: tell all of it again in a moment";
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
            }
        });
    }
    Ok(Json(ReturnsTaken { results }))
}

/// Says yes to SNS. Only its own addresses are asked, and none that is not public.
async fn confirm(hub: &Hub, url: &str) -> Result<(), Problem> {
    let Some(url) = sns_address(url) else {
        let message = "the address to confirm at is none of SNS";
        return Err(Problem::bad_request("bad_subscription", "SubscribeURL", message));
    };
    hub.post.visit(url).await.map_err(|reason| {
        let message = format!("SNS could not be told that we listen: {reason}");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_confirmed", message)
    })
}

impl ReturnStatement {
    /// Which send, if it can be one of ours, and what of it; no verdict for an unsubscription.
    fn read(&self, place: usize, installation: &str) -> Result<(Option<SendId>, Option<Verdict>), Problem> {
        let field = |name: &str| format!("returns[{place}].{name}");
        let send = match (self.send, &self.message_id) {
            (Some(send), None) => Some(SendId(send)),
            (None, Some(id)) => of_message_id(id, installation),
            _ => {
                let message = "name the send by `send` or by `message_id`, and not by both";
                return Err(Problem::bad_request("no_send", &field("send"), message));
            }
        };
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == self.verdict);
        if verdict.is_none() && self.verdict != UNSUBSCRIBE {
            let words = Verdict::ALL.into_iter().map(Verdict::name).chain([UNSUBSCRIBE]);
            let suggestion =
                nearest(&self.verdict, words).map(|name| format!("did you mean \"{name}\"?").into());
            let message = format!("there is no verdict \"{}\"", self.verdict);
            return Err(Problem {
                suggestion,
                ..Problem::bad_request("unknown_verdict", &field("verdict"), message)
            });
        }
        Ok((send, verdict))
    }
}

/// The send in a `Message-ID` of this installation, or in what stands before the domain there.
fn of_message_id(id: &str, installation: &str) -> Option<SendId> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let (send, own) = id.split('@').next()?.split_once('.')?;
    (own == installation).then(|| send.parse().ok().map(SendId))?
}
