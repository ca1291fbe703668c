//! What is known of a person, for that person: to read, to take away, to have erased.
//!
//! Whoever forwards a message forwards its links, and mailboxes are kept for years. So these pages open only through a
//! message of the last month; an older link says so, and the next message has a fresh one. Nothing else is asked, since
//! whoever reads the address could have any link sent to it.

use super::page::{Page, Section};
use super::preferences::read;
use super::{Recipient, texts::Language};
use crate::api::evidence::{EvidenceView, evidence};
use crate::api::profiles::whole;
use crate::api::{sends, timeline};
use crate::clock;
use crate::hub::Hub;
use crate::limits::{LISTED_MAX, PUBLIC_DATA_AGE_MAX, PUBLIC_DATA_WAITING};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::Seq;
use engine::engine::Engine;
use engine::record::{ProfileErased, Record};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Asked {
    language: Option<String>,
}

/// Shows it, the newest events of it. Changes nothing.
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Page {
    let recipient = match fresh(&hub, &token, asked.language.as_deref()).await {
        Ok(recipient) => recipient,
        Err(page) => return page,
    };
    let (language, id) = (recipient.language, recipient.profile);
    let evidence = match evidence(&hub, id).await {
        Ok(evidence) => evidence,
        Err(problem) => return Page::come_back(language, &problem),
    };
    let read = move |engine: &Engine| {
        engine.profile(id)?;
        let events: Vec<_> = engine
            .timeline(id, LISTED_MAX)
            .into_iter()
            .map(|one| vec![engine::at::At::of_second(one.second).to_string(), one.name.to_owned()])
            .collect();
        let sent: Vec<_> = engine
            .sends_of(id)
            .rev()
            .take(LISTED_MAX)
            .map(|send| {
                vec![
                    send.wished_at.to_string(),
                    send.message.to_string(),
                    send.address.to_string(),
                    send.status.name().to_owned(),
                ]
            })
            .collect();
        Some((serde_json::to_value(whole(engine, id)).ok()?, events, sent))
    };
    let Some((profile, events, sent)) = hub.runtime.read(read).await else { return Page::erased() };
    let programme = hub.runtime.programme();
    let heading = language.say("Che cosa sappiamo di te", "What we know of you");
    let mut page = Page::new(language, &programme.name, heading);
    page.sections = sections(language, &profile, &evidence, events, sent);
    page
}

fn sections(
    language: Language,
    profile: &Value,
    evidence: &EvidenceView,
    events: Vec<Vec<String>>,
    sent: Vec<Vec<String>>,
) -> Vec<Section> {
    let table = |heading: &str, titles: &[&str], rows: Vec<Vec<String>>| {
        let titles = titles.iter().map(|title| (*title).to_owned()).collect();
        Section { heading: heading.to_owned(), rows: [vec![titles], rows].concat(), ..Section::default() }
    };
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let names = profile["identifiers"].as_array().into_iter().flatten();
    let names = names.map(|one| vec![plain(&one["type"]), plain(&one["value"])]).collect();
    let traits = profile["traits"].as_object().into_iter().flatten();
    let traits = traits.map(|(name, value)| vec![name.clone(), plain(value)]).collect();
    let segments =
        profile["segments"].as_array().into_iter().flatten().map(|name| vec![plain(name)]).collect();
    let said = evidence.history.iter().map(|one| {
        let channel = one.channel.unwrap_or_default().to_owned();
        let (state, source) = (one.state.to_owned(), one.source.to_owned());
        vec![one.stated_at.clone(), one.purpose.clone(), channel, state, source]
    });
    let (what, when) = (language.say("Che cosa", "What"), language.say("Quando", "When"));
    let value = language.say("Valore", "Value");
    let said_titles = [
        when,
        what,
        language.say("Canale", "Channel"),
        language.say("Stato", "State"),
        language.say("Da dove", "Where"),
    ];
    let sent_titles = [
        when,
        language.say("Messaggio", "Message"),
        language.say("Indirizzo", "Address"),
        language.say("Stato", "State"),
    ];
    vec![
        Section {
            heading: language.say("Da portare via", "To take away").to_owned(),
            words: vec![
                language
                    .say(
                        "Il file contiene tutto, anche gli eventi più vecchi che qui non sono elencati.",
                        "The file has everything, older events that are not listed here among it.",
                    )
                    .to_owned(),
            ],
            links: vec![(
                "data.json".to_owned(),
                language.say("Scarica (JSON)", "Download (JSON)").to_owned(),
            )],
            ..Section::default()
        },
        table(language.say("Nomi e indirizzi", "Names and addresses"), &[what, value], names),
        table(language.say("Caratteristiche", "Traits"), &[what, value], traits),
        table(language.say("Consensi", "Consents"), &said_titles, said.collect()),
        table(language.say("Gruppi", "Groups"), &[what], segments),
        table(language.say("Messaggi", "Messages"), &sent_titles, sent),
        table(language.say("Eventi", "Events"), &[when, what], events),
    ]
}

/// All of it as one file, written as it is read: `{ profile, consents, sends, events }`.
pub(super) async fn download(State(hub): State<Arc<Hub>>, Path(token): Path<String>) -> Response {
    let recipient = match fresh(&hub, &token, None).await {
        Ok(recipient) => recipient,
        Err(page) => return page.into_response(),
    };
    let id = recipient.profile;
    let evidence = match evidence(&hub, id).await {
        Ok(evidence) => evidence,
        Err(problem) => return Page::come_back(recipient.language, &problem).into_response(),
    };
    let read = move |engine: &Engine| {
        engine.profile(id)?;
        let sends: Vec<_> = engine.sends_of(id).map(|send| sends::view(engine, &send)).collect();
        let places: Vec<Seq> = engine.timeline(id, usize::MAX).into_iter().map(|entry| entry.seq).collect();
        let front = serde_json::json!({ "profile": whole(engine, id), "consents": evidence, "sends": sends });
        Some((front.to_string(), places))
    };
    let Some((mut front, places)) = hub.runtime.read(read).await else {
        return Page::erased().into_response();
    };
    if let Some(newest) = places.iter().max() {
        hub.runtime.durable_to(*newest).await;
    }
    let (to_client, chunks) = async_channel::bounded::<std::io::Result<Vec<u8>>>(PUBLIC_DATA_WAITING);
    front.pop();
    front.push_str(",\"events\":[");
    tokio::task::spawn_blocking(move || {
        if to_client.send_blocking(Ok(front.into_bytes())).is_err() {
            return;
        }
        let mut is_first = true;
        for page in places.chunks(LISTED_MAX) {
            let page: BTreeSet<Seq> = page.iter().copied().collect();
            let batches = match hub.log.holding(page.iter().copied()) {
                Ok(batches) => batches,
                // A file that breaks off is seen to be no whole one.
                Err(error) => {
                    _ = to_client.send_blocking(Err(std::io::Error::other(error.to_string())));
                    return;
                }
            };
            let events = hub.runtime.read_blocking(|engine| timeline::events(engine, &batches, &page));
            let mut text = String::new();
            for event in events {
                if !std::mem::take(&mut is_first) {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(&event).expect("invariant: an event is plain JSON"));
            }
            if to_client.send_blocking(Ok(text.into_bytes())).is_err() {
                return;
            }
        }
        _ = to_client.send_blocking(Ok(b"]}\n".to_vec()));
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// Says what an erasure does, and asks. Changes nothing.
pub(super) async fn ask_to_erase(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Page {
    let recipient = match fresh(&hub, &token, asked.language.as_deref()).await {
        Ok(recipient) => recipient,
        Err(page) => return page,
    };
    let language = recipient.language;
    let heading = language.say("Cancellare tutto di te?", "Erase everything about you?");
    Page::new(language, &hub.runtime.programme().name, heading)
        .words(language.say(
            "Non sapremo più chi sei, che cosa hai fatto e che cosa ti abbiamo scritto. Non si può annullare.",
            "We will no longer know who you are, what you did and what we wrote to you. It cannot be undone.",
        ))
        .words(language.say(
            "Resta soltanto questo: se un tuo indirizzo era bloccato, un’impronta da cui non si risale a te, perché nessuno gli scriva; e cifre che non portano a nessuno.",
            "What stays is this alone: where an address of yours was blocked, a fingerprint that does not lead back to you, so that nobody writes to it; and figures that lead to nobody.",
        ))
        .button(language.say("Cancella tutto", "Erase everything"))
}

/// Erases the person.
pub(super) async fn erase(State(hub): State<Arc<Hub>>, Path(token): Path<String>) -> Page {
    let recipient = match fresh(&hub, &token, None).await {
        Ok(recipient) => recipient,
        Err(page) => return page,
    };
    let erased = ProfileErased {
        profile: recipient.profile,
        erased_at: clock::now(),
        operator: "the person, by a signed link",
    };
    match hub.record(&Record::ProfileErased(erased)).await {
        Ok(_) => Page::erased(),
        Err(problem) => Page::come_back(recipient.language, &problem),
    }
}

/// The recipient that a token of a fresh message names.
async fn fresh(hub: &Hub, token: &str, language: Option<&str>) -> Result<Recipient, Page> {
    let recipient = read(hub, token, language).await?;
    if recipient.decided_at.plus(PUBLIC_DATA_AGE_MAX) >= clock::now() {
        return Ok(recipient);
    }
    let language = recipient.language;
    let heading = language.say("Questo collegamento è troppo vecchio", "This link is too old");
    let page = Page::new(language, &hub.runtime.programme().name, heading).words(language.say(
        "Per i tuoi dati serve un messaggio dell’ultimo mese: aprilo e segui lo stesso collegamento. Le altre scelte funzionano anche da qui.",
        "Your data needs a message of the last month: open one, and follow the same link in it. All other choices work from here.",
    ));
    Err(Page { status: axum::http::StatusCode::FORBIDDEN, ..page })
}
