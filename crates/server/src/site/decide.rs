//! `POST /decide`: what a page is to show somebody, slot by slot.

use super::content::{Reader, Shown};
use super::person::{Named, Stated};
use super::{read, source};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{DECIDE_SLOTS_MAX, DECIDE_WAIT_MS};
use crate::problem::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use engine::at::At;
use engine::effect::OfferShown;
use engine::engine::{Asked, Engine};
use engine::identifier::IdentifierKind;
use engine::programme::Trigger;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Question {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    #[serde(flatten)]
    person: Stated,
    slots: Vec<String>,
    #[serde(default)]
    context: Around,
}

/// What the page knows of the visit.
#[derive(Default, Deserialize)]
struct Around {
    /// Of the browser; for people whose own is not known.
    #[serde(default)]
    language: String,
    /// It is the first page after a search, on which nothing may cover what was searched for.
    #[serde(default)]
    from_search: bool,
}

#[derive(Serialize)]
pub(super) struct Answer {
    decisions: Vec<Decided>,
    /// How long a page is to wait for an answer before it goes on with its own content.
    wait_ms: u64,
}

#[derive(Serialize)]
struct Decided {
    slot: String,
    /// To be given back when it was seen, clicked or closed.
    decision: String,
    message: String,
    format: &'static str,
    trigger: TriggerView,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u16>,
    /// Absent where nothing is to be shown, and only that it would have been is to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum TriggerView {
    AtOnce,
    AfterMs(i64),
    ScrollPercent(u8),
    Exit,
}

/// All that a record of an exposure needs; signed, so that nobody can tell of what was not decided.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    #[serde(rename = "m")]
    pub(crate) message: String,
    #[serde(rename = "p", default)]
    pub(crate) purpose: String,
    #[serde(rename = "s")]
    pub(crate) slot: String,
    #[serde(rename = "k")]
    pub(crate) kind: String,
    #[serde(rename = "v")]
    pub(crate) value: String,
    /// Drawn at random; what is told twice under it counts once.
    #[serde(rename = "n")]
    pub(crate) number: u64,
    #[serde(rename = "t")]
    pub(crate) decided_at_ms: i64,
    #[serde(rename = "w", default)]
    pub(crate) withheld: bool,
}

impl Decision {
    pub(super) fn kind(&self) -> Option<IdentifierKind> {
        IdentifierKind::ALL.into_iter().find(|kind| kind.name() == self.kind)
    }
}

/// What the engine said of a slot.
struct Picked {
    slot: String,
    message: String,
    purpose: String,
    format: &'static str,
    trigger: TriggerView,
    height: Option<u16>,
    withheld: bool,
    offer: Option<OfferShown>,
}

pub(super) async fn decide(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Answer>, Problem> {
    let question: Question = read(&body)?;
    source(&hub, &headers, question.write_key.as_deref())?;
    if question.slots.len() > DECIDE_SLOTS_MAX {
        let message = format!("a page asks for at most {DECIDE_SLOTS_MAX} slots at once");
        return Err(Problem::bad_request("too_many_slots", "slots", message));
    }
    let named = question.person.named(&hub)?;
    let (slots, around, of, now) = (question.slots, question.context, named.clone(), clock::now());
    let (picked, reader, programme) = hub
        .runtime
        .read(move |engine| {
            let profile = of.profile(engine);
            let is_proved = profile.is_some_and(|id| of.may_read(engine, id));
            let picked = slots.into_iter().filter_map(|slot| {
                let pick = engine.pick(&Asked { profile, slot: &slot, now, popups: !around.from_search })?;
                let trigger = match pick.onsite.trigger {
                    Trigger::AtOnce => TriggerView::AtOnce,
                    Trigger::After(span) => TriggerView::AfterMs(span.0),
                    Trigger::Scroll(percent) => TriggerView::ScrollPercent(percent),
                    Trigger::ExitIntent => TriggerView::Exit,
                };
                let (message, format) = (pick.message.to_owned(), pick.onsite.format.name());
                let (height, withheld) = (pick.onsite.height, pick.withheld);
                let purpose = pick.onsite.purpose.clone().unwrap_or_default();
                let offer = engine.offer_on_page(profile, &message, is_proved);
                Some(Picked { slot, message, purpose, format, trigger, height, withheld, offer })
            });
            let picked: Vec<Picked> = picked.collect();
            (picked, reader(engine, &of, &around.language), Arc::clone(engine.programme()))
        })
        .await;
    let contents = hub.site.contents(&programme);
    let decisions = picked.into_iter().filter_map(|picked| {
        let content = match picked.withheld {
            true => None,
            false => Some(contents.onsite(&picked.message, picked.offer.as_ref(), &reader, now)?),
        };
        let decision = signed(&hub, &picked, &named, now);
        let Picked { slot, message, format, trigger, height, .. } = picked;
        Some(Decided { slot, decision, message, format, trigger, height, content })
    });
    Ok(Json(Answer { decisions: decisions.collect(), wait_ms: DECIDE_WAIT_MS }))
}

fn signed(hub: &Hub, picked: &Picked, named: &Named, now: At) -> String {
    let mut number = [0; 8];
    getrandom::fill(&mut number).expect("invariant: the operating system gives random bytes");
    let decision = Decision {
        message: picked.message.clone(),
        purpose: picked.purpose.clone(),
        slot: picked.slot.clone(),
        kind: named.kind.name().to_owned(),
        value: named.value.clone(),
        number: u64::from_le_bytes(number),
        decided_at_ms: now.0,
        withheld: picked.withheld,
    };
    let text = serde_json::to_string(&decision).expect("invariant: it is plain");
    hub.links.key().sign(&Token::Decision { text })
}

/// What may be read of the person, and the language to be spoken.
pub(super) fn reader(engine: &Engine, named: &Named, browser: &str) -> Reader {
    let profile = named.profile(engine);
    let known = profile.and_then(|id| Some((id, engine.profile(id)?)));
    let language = known.map(|(_, profile)| profile.language()).filter(|language| !language.is_empty());
    let traits = known.filter(|(id, _)| named.may_read(engine, *id)).map(|(_, profile)| profile.traits_map());
    Reader { language: language.unwrap_or(browser).to_owned(), traits: traits.unwrap_or_default() }
}
