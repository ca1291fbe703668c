//! The inbox of the company's app: what was handed over to somebody there, whether they read it, and what they did with it.
//! Only for users whose app proves who they are.

use super::content::Shown;
use super::decide::reader;
use super::person::{Named, Stated};
use super::{read, source};
use crate::clock;
use crate::hub::Hub;
use crate::limits::REPORTS_MAX;
use crate::problem::Problem;
use crate::runtime::Entrance;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use engine::SendId;
use engine::at::At;
use engine::programme::Channel;
use engine::record::{Engaged, Engagement, Record};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
pub(super) struct Inbox {
    unread: usize,
    /// The newest first.
    messages: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    id: u64,
    message: String,
    arrived_at: String,
    read: bool,
    clicked: bool,
    content: Shown,
}

/// `GET /v1/inbox`, with the write key as the tracking API takes it, and the headers `trama-user-id` and `trama-user-hash`.
pub(super) async fn list(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Result<Json<Inbox>, Problem> {
    source(&hub, &headers, None)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let stated =
        Stated { anonymous_id: None, user_id: text("trama-user-id"), user_hash: text("trama-user-hash") };
    let (named, now) = (proved(&hub, &stated)?, clock::now());
    let language = text("accept-language").unwrap_or_default();
    let language = language.split([',', ';']).next().unwrap_or_default().to_owned();
    let (sends, reader, programme) = hub
        .runtime
        .read(move |engine| {
            let sends = named.profile(engine).map(|id| engine.inbox(id, now)).unwrap_or_default();
            let person = named.profile(engine);
            let item = |send: &engine::outbox::Send| {
                let arrived_at = send.attempted_at.unwrap_or(At(0));
                (
                    send.id,
                    send.message.to_string(),
                    engine.offer_on_page(person, &send.message, true),
                    arrived_at,
                    send.opened_at.is_some(),
                    send.clicked_at.is_some(),
                )
            };
            let sends: Vec<_> = sends.iter().map(item).collect();
            (sends, reader(engine, &named, &language), Arc::clone(engine.programme()))
        })
        .await;
    let contents = hub.site.contents(&programme);
    let items = sends.into_iter().filter_map(|(id, message, offer, arrived_at, opened, clicked)| {
        let content = contents.in_app(&message, offer.as_ref(), &reader, now)?;
        let (arrived_at, read) = (arrived_at.to_string(), opened || clicked);
        Some(Item { id: id.0, message, arrived_at, read, clicked, content })
    });
    let messages: Vec<Item> = items.collect();
    Ok(Json(Inbox { unread: messages.iter().filter(|one| !one.read).count(), messages }))
}

#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    #[serde(flatten)]
    person: Stated,
    reports: Vec<Report>,
}

#[derive(Deserialize)]
struct Report {
    id: u64,
    what: What,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Read,
    Clicked,
    Dismissed,
}

#[derive(Serialize)]
pub(super) struct Taken {
    /// Those that lie in this person's inbox.
    accepted: usize,
}

/// `POST /v1/inbox/report`: durable when it is answered.
pub(super) async fn report(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Taken>, Problem> {
    let told: Told = read(&body)?;
    source(&hub, &headers, told.write_key.as_deref())?;
    if told.reports.len() > REPORTS_MAX {
        let message = format!("an app reports at most {REPORTS_MAX} things at once");
        return Err(Problem::bad_request("too_many_reports", "reports", message));
    }
    let named = proved(&hub, &told.person)?;
    let now = clock::now();
    let lie = move |engine: &engine::engine::Engine| {
        let sends = named.profile(engine).map(|id| engine.inbox(id, now)).unwrap_or_default();
        let state =
            |send: &engine::outbox::Send| (send.id, send.opened_at.is_some(), send.clicked_at.is_some());
        sends.iter().map(state).collect::<Vec<_>>()
    };
    let lie = hub.runtime.read(lie).await;
    let mut accepted = 0;
    for Report { id, what } in told.reports {
        let Some((send, opened, clicked)) = lie.iter().copied().find(|(send, ..)| *send == SendId(id)) else {
            continue;
        };
        accepted += 1;
        let engagement = match what {
            What::Read if opened => continue,
            What::Clicked if clicked => continue,
            What::Read => Engagement::Opened,
            What::Clicked => Engagement::Clicked,
            What::Dismissed => Engagement::Dismissed,
        };
        let engaged = Engaged { send, engagement, machine: false, occurred_at: now, url: "" };
        let answers = hub.runtime.submit_record(Entrance::Outside, &Record::Engaged(engaged))?;
        let _only_a_stop_drops_it = answers.await;
    }
    Ok(Json(Taken { accepted }))
}

fn proved(hub: &Hub, stated: &Stated) -> Result<Named, Problem> {
    let missing = |field: &str| {
        let message =
            "an inbox is shown only to whom the app proves to be its owner: `user_id` with its `user_hash`";
        Problem {
            field: Some(field.into()),
            ..Problem::new(StatusCode::UNAUTHORIZED, "missing_proof", message)
        }
    };
    if stated.user_id.is_none() || stated.user_hash.is_none() {
        return Err(missing("user_hash"));
    }
    let named = stated.named(hub)?;
    if named.is_proved { Ok(named) } else { Err(missing("user_hash")) }
}

/// Hands over to the inbox, which is the ledger itself: there is nobody to wait for.
pub(crate) struct InboxChannel;

impl crate::deliver::channel::Channel for InboxChannel {
    fn prepare(
        &self,
        prepare: &engine::effect::Prepare,
    ) -> Result<crate::deliver::channel::HandOver, String> {
        assert_eq!(prepare.channel, Channel::InApp, "invariant: the dispatcher knows its channels");
        let receipt = crate::deliver::channel::Receipt {
            outcome: engine::record::DeliveryOutcome::Accepted,
            reply: "in the inbox".to_owned(),
        };
        Ok(Box::pin(std::future::ready(receipt)))
    }
}
