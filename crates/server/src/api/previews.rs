//! Messages as somebody would get them, before they are sent to anybody: those that are live, and drafts.

use super::address::Address;
use super::definitions::owned_by;
use super::drafts::{DefinitionGiven, FindingView, Laid, MistakenView, finding_view, laid};
use super::extract::{Body, Query};
use crate::clock;
use crate::deliver::preview::{Asked, PreviewView, Whom, preview, shown};
use crate::hub::Hub;
use crate::problem::Problem;
use crate::programme::{Edited, Kind};
use crate::site::content::Shown;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::engine::Engine;
use engine::programme::{Channel, Programme};
use engine::value::OwnedMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// For whom.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct For {
    /// `type:value`, such as `email:ada@example.com`.
    profile: String,
    /// Instead of the person's own.
    language: Option<String>,
}

/// A message as one person would get it now. Nothing is sent.
#[utoipa::path(
    get,
    path = "/api/v1/messages/{name}/preview",
    params(("name" = String, Path, description = "The message's name in the programme"), For),
    responses((status = 200, body = PreviewView), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<For>,
) -> Result<Json<PreviewView>, Problem> {
    let address = Address::parse("profile", &asked.profile)?;
    let programme = hub.runtime.programme();
    known(&programme, &name)?;
    let links = hub.links.clone();
    let read = move |engine: &Engine| {
        let whom = Whom::Known(address.find(engine)?);
        let (language, event) = (asked.language.as_deref(), &OwnedMap::default());
        let asked = Asked { message: &name, whom: &whom, language, event };
        let written = preview(engine, &programme, &links, &asked, clock::now().max(engine.at()));
        written.map(Json).map_err(unwritten)
    };
    hub.runtime.read(read).await
}

/// As whom a message is written, and as it is live or as it is to be.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct WrittenFor {
    /// `type:value` of a person who is known.
    profile: Option<String>,
    /// Instead: the traits of somebody who is made up.
    #[schema(value_type = Option<Object>)]
    traits: Option<Map<String, Value>>,
    /// Instead of the person's own.
    language: Option<String>,
    /// What a run would have begun with, which templates read as `event.`.
    #[serde(default)]
    #[schema(value_type = Object)]
    event: Map<String, Value>,
    /// The message as it is to be; as it is live when absent.
    draft: Option<DefinitionGiven>,
}

/// A message for somebody, on a channel.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookGiven {
    /// `email`, `onsite` or `in_app`; `email` when absent.
    channel: Option<String>,
    #[serde(flatten)]
    written: WrittenFor,
}

/// A message as it would look, and what is doubtful about it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = LookView)]
pub(super) struct View {
    #[schema(value_type = String)]
    channel: &'static str,
    /// Of an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<PreviewView>,
    /// Of what a page or an app shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Shown>,
    /// What `trama check` doubts about this message.
    findings: Vec<FindingView>,
}

/// A message as somebody would get it, as it is live or as a draft that is kept nowhere: for somebody who is known or made
/// up, in a language, on a channel. Nothing is sent.
#[utoipa::path(
    post,
    path = "/api/v1/messages/{name}/preview",
    params(("name" = String, Path, description = "The message's name")),
    request_body = LookGiven,
    responses(
        (status = 200, body = View),
        (status = 400, body = MistakenView),
        (status = 404, body = Problem),
        (status = 422, body = Problem)
    )
)]
pub(super) async fn draw(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Body(look): Body<LookGiven>,
) -> Result<Response, Problem> {
    let channel = channel(look.channel.as_deref())?;
    let (reading, draft) = Reading::of(look.written)?;
    let edited = match source(&hub, &name, draft).await? {
        Laid::Fit(edited) => edited,
        Laid::Mistaken(answer) => return Ok(answer),
    };
    let findings = findings(&edited, &name);
    let (programme, links) = (edited.checked.programme, hub.links.clone());
    let read = move |engine: &Engine| {
        let whom = reading.whom(engine)?;
        let (asked, now) = (reading.asked(&name, &whom), clock::now().max(engine.at()));
        let (email, content) = match channel {
            Channel::Email => (Some(preview(engine, &programme, &links, &asked, now)), None),
            channel => (None, Some(shown(engine, &programme, &asked, channel, now))),
        };
        let (email, content) =
            (email.transpose().map_err(unwritten)?, content.transpose().map_err(unwritten)?);
        Ok(Json(View { channel: channel.name(), email, content, findings }).into_response())
    };
    hub.runtime.read(read).await
}

/// For whom something is written, and how.
pub(super) struct Reading {
    profile: Option<Address>,
    traits: OwnedMap,
    language: Option<String>,
    event: OwnedMap,
}

impl Reading {
    /// With the draft that is to be written.
    pub(super) fn of(given: WrittenFor) -> Result<(Self, Option<DefinitionGiven>), Problem> {
        let WrittenFor { profile, traits, language, event, draft } = given;
        if profile.is_some() == traits.is_some() {
            let message = "say either for which `profile`, or with which `traits` somebody is to be made up";
            return Err(Problem::bad_request("bad_json", "profile", message));
        }
        let profile = profile.map(|text| Address::parse("profile", &text)).transpose()?;
        let map = |map| OwnedMap::from_json(&Value::Object(map)).expect("invariant: it is an object");
        let traits = map(traits.unwrap_or_default());
        Ok((Self { profile, traits, language, event: map(event) }, draft))
    }

    /// The person by whose name it is asked; nobody where they are made up.
    pub(super) fn profile(&self) -> Option<&Address> {
        self.profile.as_ref()
    }

    pub(super) fn whom(&self, engine: &Engine) -> Result<Whom, Problem> {
        match &self.profile {
            Some(address) => Ok(Whom::Known(address.find(engine)?)),
            None => Ok(Whom::MadeUp(self.traits.clone())),
        }
    }

    pub(super) fn asked<'a>(&'a self, message: &'a str, whom: &'a Whom) -> Asked<'a> {
        Asked { message, whom, language: self.language.as_deref(), event: &self.event }
    }
}

/// The programme that a message is of: the live one, or with a draft in it.
pub(super) async fn source(
    hub: &Arc<Hub>,
    name: &str,
    draft: Option<DefinitionGiven>,
) -> Result<Laid, Problem> {
    let defined = hub.definitions.live(&hub.runtime).await;
    if let Some(draft) = draft {
        return laid(&defined, vec![draft.edit(Kind::Message, name.to_owned())?]).await;
    }
    known(&defined.programme, name)?;
    let texts = defined.folder.texts.clone();
    let check = move || Edited::whole(texts);
    let edited = tokio::task::spawn_blocking(check).await.expect("invariant: a check does not panic");
    Ok(Laid::Fit(Box::new(edited)))
}

/// What is doubtful about a message.
pub(super) fn findings(edited: &Edited, name: &str) -> Vec<FindingView> {
    let own = edited.checked.findings.iter().filter(|one| owned_by(one, Kind::Message, name));
    own.map(|one| finding_view(edited, one)).collect()
}

pub(super) fn unwritten(why: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cannot_be_written", why)
}

fn known(programme: &Programme, name: &str) -> Result<(), Problem> {
    let unknown = || Problem::not_found(format!("the programme has no message \"{name}\""));
    programme.messages.get(name).map(drop).ok_or_else(unknown)
}

fn channel(name: Option<&str>) -> Result<Channel, Problem> {
    let drawn = [Channel::Email, Channel::Onsite, Channel::InApp];
    let Some(name) = name else { return Ok(Channel::Email) };
    drawn.into_iter().find(|channel| channel.name() == name).ok_or_else(|| {
        let message = format!("\"{name}\" cannot be looked at: write email, onsite or in_app");
        Problem::bad_request("bad_channel", "channel", message)
    })
}
