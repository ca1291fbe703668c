//! Consents given or withdrawn by other means than an event: on paper, on the phone, by import.

use super::address::Address;
use super::extract::Body;
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::extract::State;
use axum::{Extension, Json};
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::KeyedHash;
use engine::programme::{Channel, nearest};
use engine::record::{ConsentSource, ConsentStated, Identifier, Record, Subject};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A consent to be stated.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentStatement {
    /// `type:value`; a person not known yet becomes known.
    profile: String,
    /// One of the programme's purposes.
    purpose: String,
    /// Absent for every channel of the purpose.
    channel: Option<String>,
    granted: bool,
    /// RFC 3339; now, when absent.
    stated_at: Option<String>,
    /// Version of the wording that the person saw or heard.
    #[serde(default)]
    wording: String,
    /// The language that it was shown in, as `it`.
    #[serde(default)]
    language: String,
    /// What proves it: where, how, by whom it was taken.
    #[serde(default)]
    proof: String,
}

/// It is on record.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Recorded {
    /// Place in the log.
    seq: u64,
}

impl Recorded {
    pub(super) fn at(seq: engine::Seq) -> Json<Self> {
        Json(Self { seq: seq.0 })
    }
}

/// States a consent. Under a double opt-in a grant waits until the person confirms it.
#[utoipa::path(
    post,
    path = "/api/v1/consents",
    request_body = ConsentStatement,
    responses((status = 200, body = Recorded), (status = 400, body = Problem))
)]
pub(super) async fn state(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<crate::keys::Holder>,
    Body(statement): Body<ConsentStatement>,
) -> Result<Json<Recorded>, Problem> {
    let address = Address::parse("profile", &statement.profile)?;
    let channel = match statement.channel.as_deref() {
        None | Some("") => "",
        Some(name) => Channel::parse(name).ok_or_else(|| unknown_channel(name))?.name(),
    };
    let stated_at = match &statement.stated_at {
        None => clock::now(),
        Some(text) => At::parse(text).ok_or_else(|| {
            Problem::bad_request("bad_time", "stated_at", "write the time as 2026-01-31T12:00:00Z")
        })?,
    };
    check_purpose(&hub, &statement.purpose)?;
    let proof = match statement.proof.as_str() {
        "" => format!("stated through the API with the key \"{}\"", holder.name),
        proof => proof.to_owned(),
    };
    let hash = hash(&hub, &address).await;
    let record = Record::ConsentStated(ConsentStated {
        subject: Subject::Identifier(Identifier { kind: address.kind, hash, value: &address.value }),
        purpose: &statement.purpose,
        channel,
        granted: statement.granted,
        source: ConsentSource::Api,
        stated_at,
        wording: &statement.wording,
        language: &statement.language,
        proof: &proof,
    });
    Ok(Recorded::at(hub.act(&holder, &record).await?))
}

/// The keyed hash under which the engine knows an address.
pub(super) async fn hash(hub: &Hub, address: &Address) -> KeyedHash {
    let (kind, value) = (address.kind, address.value.clone());
    let read = move |engine: &Engine| {
        let installed = engine.installed().expect("invariant: the first record installs");
        installed.hash_key.identifier(kind, &value)
    };
    hub.runtime.read(read).await
}

/// A purpose that the programme does not have would be a consent to nothing.
fn check_purpose(hub: &Hub, purpose: &str) -> Result<(), Problem> {
    let programme = hub.runtime.programme();
    if programme.purposes.contains_key(purpose) {
        return Ok(());
    }
    let near = nearest(purpose, programme.purposes.keys().map(String::as_str));
    let message = format!("the programme has no purpose \"{purpose}\"");
    Err(Problem {
        suggestion: near.map(|name| format!("did you mean \"{name}\"?").into()),
        ..Problem::bad_request("unknown_purpose", "purpose", message)
    })
}

fn unknown_channel(name: &str) -> Problem {
    let near = nearest(name, Channel::ALL.into_iter().map(Channel::name));
    Problem {
        suggestion: near.map(|name| format!("did you mean \"{name}\"?").into()),
        ..Problem::bad_request("unknown_channel", "channel", format!("there is no channel \"{name}\""))
    }
}
