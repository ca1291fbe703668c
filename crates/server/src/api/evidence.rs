//! Who agreed to what, when, to which words, and on what proof: all that is on record about one person's consents.
//!
//! What holds is the engine's; the address, the browser and the page of each statement are read from the log, at the places
//! that the engine knows. What an erasure took out of the log, or what was trimmed, is left empty.

use super::address::{Address, IdentifierView, identifiers};
use super::extract::Query;
use crate::hub::Hub;
use crate::limits::LISTED_MAX;
use crate::problem::Problem;
use anyhow::Context;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::basis::Basis;
use engine::consent::Consent;
use engine::engine::Engine;
use engine::profile::Profile;
use engine::programme::{Channel, OptIn, Purpose};
use engine::record::{ConsentSource, ConsentState, Record, Subject};
use engine::value::Map;
use engine::{ProfileId, Seq};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What holds for a person, and everything that was ever said about it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceView {
    profile: u32,
    identifiers: Vec<IdentifierView>,
    /// The instant of which it is.
    at: String,
    /// Each purpose of the programme on each of its channels.
    pub(crate) consents: Vec<HeldView>,
    /// Until when the person asked for a pause.
    paused_until: Option<String>,
    /// The person asked for fewer messages.
    fewer: bool,
    /// Grants and withdrawals, newest first; 1,000 at most.
    pub(crate) history: Vec<StatementView>,
    /// How many older ones are left out.
    left_off: usize,
}

/// What holds for a purpose on a channel.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct HeldView {
    pub(crate) purpose: String,
    /// Absent for a purpose that is on no channel: to share what is known with others.
    pub(crate) channel: Option<&'static str>,
    /// `granted`, `withdrawn`, `pending`, or `unknown` where nobody ever said anything.
    pub(crate) state: &'static str,
    /// On what ground the person may be written to: `opt_in`, `double`, `soft_opt_in`, or `none`.
    pub(crate) basis: &'static str,
    /// When a soft opt-in ends.
    until: Option<String>,
    /// The statement in the history that decides.
    decided_by: Option<u64>,
}

/// One grant or withdrawal, with its evidence.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StatementView {
    /// Place in the log.
    seq: u64,
    pub(crate) purpose: String,
    /// Absent for every channel of the purpose.
    pub(crate) channel: Option<&'static str>,
    /// `granted`, `withdrawn` or `pending`.
    pub(crate) state: &'static str,
    pub(crate) source: &'static str,
    pub(crate) stated_at: String,
    /// The words that were shown; absent where no purpose had any then.
    wording: Option<WordingView>,
    /// The name or address that it was stated for.
    address: Option<IdentifierView>,
    /// What else proves it, as it came.
    proof: String,
    /// Of a confirmation: the statement that it confirms.
    confirms: Option<u64>,
    /// Network address, where it was kept.
    ip: Option<String>,
    user_agent: Option<String>,
    /// The page on which it was said.
    page: Option<String>,
}

/// The words that somebody said yes or no to.
#[derive(Serialize, utoipa::ToSchema)]
struct WordingView {
    version: String,
    language: String,
    /// Nobody said which words were shown: these are the ones that were live.
    assumed: bool,
    /// Whether a programme ever had this version.
    known: bool,
    /// In the language, or in all languages where it is not known which.
    texts: BTreeMap<String, String>,
}

/// How the answer is written.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Form {
    /// `csv` for a table of the history that can be printed and kept; JSON when absent.
    format: Option<String>,
}

/// Who agreed to what, when, to which words: what holds for one person, and each statement with its evidence.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/consents",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`"), Form),
    responses((status = 200, body = EvidenceView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
    Query(form): Query<Form>,
) -> Result<Response, Problem> {
    let address = Address::parse("address", &address)?;
    let id = hub.runtime.read(move |engine| address.find(engine)).await?;
    let evidence = evidence(&hub, id).await?;
    match form.format.as_deref() {
        None | Some("json") => Ok(Json(evidence).into_response()),
        Some("csv") => {
            let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
            Ok((headers, evidence.table()).into_response())
        }
        Some(other) => {
            let message = format!("\"{other}\" is no form of this answer: json or csv");
            Err(Problem::bad_request("bad_format", "format", message))
        }
    }
}

/// All of it for one person.
pub(crate) async fn evidence(hub: &Arc<Hub>, id: ProfileId) -> Result<EvidenceView, Problem> {
    let places = hub.runtime.read(move |engine| places(engine, id)).await;
    if let Some(newest) = places.last() {
        hub.runtime.durable_to(*newest).await;
    }
    let hub = Arc::clone(hub);
    let read = move || {
        let batches = hub.log.holding(places.iter().copied());
        let batches = batches.context("the log could not be read for consents")?;
        let mut found = BTreeMap::new();
        for batch in &batches {
            let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
            for (seq, bytes) in records.filter(|(seq, _)| places.contains(seq)) {
                // One that an erasure sealed tells nothing any more.
                if let Ok(record) = Record::decode(bytes) {
                    found.insert(seq, Trace::of(&record));
                }
            }
        }
        Ok(hub.runtime.read_blocking(|engine| view(engine, id, &found)))
    };
    let reading = tokio::task::spawn_blocking(read).await;
    let read = reading.expect("invariant: a reader of the log does not panic");
    let view = read.map_err(|error: anyhow::Error| Problem::internal(&error))?;
    view.ok_or_else(|| Problem::not_found("the person was erased just now"))
}

/// The newest statements, as many as are shown.
fn newest(profile: &Profile) -> impl Iterator<Item = &Consent> {
    profile.consents().iter().rev().take(LISTED_MAX)
}

fn places(engine: &Engine, id: ProfileId) -> BTreeSet<Seq> {
    let profile = engine.profile(id);
    profile.into_iter().flat_map(newest).map(|consent| consent.seq).collect()
}

/// What a record tells of a statement besides what the engine keeps.
#[derive(Default)]
struct Trace {
    address: Option<IdentifierView>,
    send: Option<engine::SendId>,
    ip: Option<String>,
    user_agent: Option<String>,
    page: Option<String>,
}

impl Trace {
    fn of(record: &Record<'_>) -> Self {
        match record {
            Record::ConsentStated(stated) => match stated.subject {
                Subject::Identifier(one) => {
                    Self { address: Some(IdentifierView::new(one.kind, one.value)), ..Self::default() }
                }
                Subject::Send(send) => Self { send: Some(send), ..Self::default() },
            },
            Record::Returned(returned) => Self { send: Some(returned.send), ..Self::default() },
            Record::Event(event) => Self {
                address: event.identifiers.first().map(|one| IdentifierView::new(one.kind, one.value)),
                send: None,
                ip: text(event.context, &["ip"]),
                user_agent: text(event.context, &["userAgent"]),
                page: text(event.context, &["page", "url"]),
            },
            _ => Self::default(),
        }
    }
}

fn text(map: Map<'_>, path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let value = map.get(first)?;
    if rest.is_empty() { value.text().map(str::to_owned) } else { text(value.map()?, rest) }
}

fn view(engine: &Engine, id: ProfileId, found: &BTreeMap<Seq, Trace>) -> Option<EvidenceView> {
    let profile = engine.profile(id)?;
    let all = profile.consents();
    Some(EvidenceView {
        profile: engine.canonical(id).0,
        identifiers: identifiers(profile),
        at: engine.at().to_string(),
        consents: held(engine, id, profile),
        paused_until: profile.preferences().paused_until(engine.at()).map(|until| until.to_string()),
        fewer: profile.preferences().fewer(),
        history: newest(profile).map(|consent| statement(engine, all, consent, found)).collect(),
        left_off: all.len().saturating_sub(LISTED_MAX),
    })
}

/// What holds for each purpose on each of its channels.
pub(crate) fn held(engine: &Engine, id: ProfileId, profile: &Profile) -> Vec<HeldView> {
    let mut held = Vec::new();
    for (name, purpose) in &engine.programme().purposes {
        for channel in channels(purpose) {
            // Sharing is on no channel, and any shows what was said of all.
            let asked = channel.unwrap_or(Channel::Email);
            let state = profile.consent(name, asked);
            let soft = channel.and_then(|channel| engine.soft_opt_in(id, name, channel));
            let soft =
                soft.filter(|_| !matches!(state, Some(ConsentState::Granted | ConsentState::Withdrawn)));
            let basis = match (profile.basis(name, asked), soft) {
                (Basis::None, Some(_)) => Basis::SoftOptIn,
                (basis, _) => basis,
            };
            held.push(HeldView {
                purpose: name.clone(),
                channel: channel.map(Channel::name),
                state: state.map_or("unknown", ConsentState::name),
                basis: basis.name(),
                until: soft.map(|until| until.to_string()),
                decided_by: profile.decisive(name, asked).map(|consent| consent.seq.0),
            });
        }
    }
    held
}

/// The channels of a purpose; none, once, for what is on no channel. Nothing is asked for what is part of a contract.
fn channels(purpose: &Purpose) -> Vec<Option<Channel>> {
    match purpose {
        Purpose { opt_in: OptIn::None, .. } => Vec::new(),
        Purpose { third_party: true, .. } => vec![None],
        _ => purpose.channels.iter().copied().map(Some).collect(),
    }
}

fn statement(
    engine: &Engine,
    all: &[Consent],
    consent: &Consent,
    found: &BTreeMap<Seq, Trace>,
) -> StatementView {
    let nothing = Trace::default();
    let trace = found.get(&consent.seq).unwrap_or(&nothing);
    let of_send = || {
        let send = engine.send(trace.send?)?;
        let kind = engine::governor::address_kind(send.channel?)?;
        Some(IdentifierView::new(kind, &send.address)).filter(|one| !one.value.is_empty())
    };
    let asked = all.iter().rev().find(|one| {
        one.state == ConsentState::Pending
            && one.seq < consent.seq
            && one.purpose == consent.purpose
            && (one.channel.is_none() || one.channel == consent.channel)
    });
    StatementView {
        seq: consent.seq.0,
        purpose: consent.purpose.clone(),
        channel: consent.channel.map(Channel::name),
        state: consent.state.name(),
        source: consent.source.name(),
        stated_at: consent.stated_at.to_string(),
        wording: wording(engine, consent),
        address: trace.address.clone().or_else(of_send),
        proof: consent.proof.clone(),
        confirms: asked.filter(|_| consent.source == ConsentSource::DoubleOptIn).map(|asked| asked.seq.0),
        ip: trace.ip.clone(),
        user_agent: trace.user_agent.clone(),
        page: trace.page.clone(),
    }
}

/// The words as they were then. A withdrawal is said in no words of the programme, unless it names them.
fn wording(engine: &Engine, consent: &Consent) -> Option<WordingView> {
    let wordings = engine.wordings();
    let version = wordings.of(consent)?;
    let texts = wordings.find(&consent.purpose, version);
    let spoken = consent.language.split(['-', '_']).next().unwrap_or_default();
    let own = texts.and_then(|texts| {
        let one =
            [consent.language.as_str(), spoken].into_iter().find_map(|code| texts.get_key_value(code))?;
        Some(BTreeMap::from([(one.0.clone(), one.1.clone())]))
    });
    Some(WordingView {
        version: version.to_owned(),
        language: consent.language.clone(),
        assumed: consent.wording.is_empty(),
        known: texts.is_some(),
        texts: own.or_else(|| texts.cloned()).unwrap_or_default(),
    })
}

impl EvidenceView {
    /// The history as a table, a statement a line.
    fn table(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = [
            "seq",
            "stated_at",
            "purpose",
            "channel",
            "state",
            "source",
            "wording",
            "language",
            "words",
            "address",
            "proof",
            "confirms",
            "ip",
            "user_agent",
            "page",
        ];
        let wrote = "invariant: memory takes every write";
        writer.write_record(names).expect(wrote);
        for one in &self.history {
            let wording = one.wording.as_ref();
            let words =
                wording.map(|wording| wording.texts.values().cloned().collect::<Vec<_>>().join(" / "));
            let address = one.address.as_ref().map(|address| format!("{}:{}", address.r#type, address.value));
            let row = [
                one.seq.to_string(),
                one.stated_at.clone(),
                one.purpose.clone(),
                one.channel.unwrap_or_default().to_owned(),
                one.state.to_owned(),
                one.source.to_owned(),
                wording.map(|wording| wording.version.clone()).unwrap_or_default(),
                wording.map(|wording| wording.language.clone()).unwrap_or_default(),
                words.unwrap_or_default(),
                address.unwrap_or_default(),
                one.proof.clone(),
                one.confirms.map(|seq| seq.to_string()).unwrap_or_default(),
                one.ip.clone().unwrap_or_default(),
                one.user_agent.clone().unwrap_or_default(),
                one.page.clone().unwrap_or_default(),
            ];
            writer.write_record(row.map(harmless)).expect(wrote);
        }
        String::from_utf8(writer.into_inner().expect(wrote)).expect("invariant: texts are UTF-8")
    }
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, expected) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("ada", "ada"), ("", ""), ("-1", "'-1")] {
            assert_eq!(harmless(cell.to_owned()), expected);
        }
    }
}
