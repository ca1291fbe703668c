//! The ledger of sends: what was decided for whom, why, and what came of it.

use super::address::{Address, IdentifierView, identifiers};
use super::best::{ChoiceView, choices};
use super::extract::{Limit, Query, one_of};
use super::person::name;
use crate::hub::Hub;
use crate::limits::LEDGER_LOOKED_THROUGH_MAX;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::at::At;
use engine::engine::Engine;
use engine::outbox::{Decision, Fate, Reason, Send, Status};
use engine::programme::Channel;
use engine::{ProfileId, SendId};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// One decided message for one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SendView {
    id: u64,
    /// Absent once the person was erased.
    profile: Option<u32>,
    /// The person's names.
    identifiers: Vec<IdentifierView>,
    /// The person's, as the traits give it.
    name: Option<String>,
    message: String,
    purpose: String,
    /// Absent for a message that asks to confirm a consent.
    journey: Option<String>,
    /// Absent where no channel could reach the person.
    channel: Option<&'static str>,
    address: String,
    language: String,
    /// Which of the message's wordings; absent where it has only one.
    variant: Option<String>,
    /// What its step left open, what was chosen, and why.
    choices: Vec<ChoiceView>,
    /// Whether somebody answered it in time, so far as it counts for what is learned; absent while it does not.
    responded: Option<bool>,
    /// `send`, `defer` or `drop`.
    decision: &'static str,
    /// On what ground it was let go: `opt_in`, `double`, `soft_opt_in`, or `none` where nothing was asked.
    basis: &'static str,
    /// Code of the one reason, where the decision is not to send now.
    reason: Option<&'static str>,
    /// The reason as a sentence.
    explanation: Option<&'static str>,
    /// Until when it is deferred.
    until: Option<String>,
    /// `dropped`, `deferred`, `queued`, `attempted`, `accepted`, `bounced`, `failed`, `unknown` or `complained`.
    status: &'static str,
    /// Hand-overs begun.
    attempts: u8,
    /// When somebody wanted to send it.
    wished_at: String,
    /// When it was decided, or let go after a wait.
    decided_at: String,
    attempted_at: Option<String>,
    settled_at: Option<String>,
    retry_at: Option<String>,
    opened_at: Option<String>,
    clicked_at: Option<String>,
    /// What came back of it after its receipt: `refused`, `soft_bounce`, `hard_bounce` or `complaint`.
    returned: Option<&'static str>,
    returned_at: Option<String>,
    /// The provider's last words.
    reply: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SendList {
    sends: Vec<SendView>,
    /// Ask with it as `before` for what is older; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Which part of the ledger.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `type:value`: this person's sends only.
    profile: Option<String>,
    /// Only those of a journey.
    journey: Option<String>,
    /// Only those of a broadcast.
    broadcast: Option<String>,
    /// Only those of a message.
    message: Option<String>,
    /// Only those on a channel.
    channel: Option<String>,
    /// Only those decided so: `send`, `defer` or `drop`.
    decision: Option<String>,
    /// Only those of which that became, such as `accepted`.
    status: Option<String>,
    /// Only those withheld for a reason, such as `frequency_cap`.
    reason: Option<String>,
    /// Only those wished for at this instant or later: RFC 3339.
    from: Option<String>,
    /// Only those wished for before this instant: RFC 3339.
    to: Option<String>,
    /// Only sends with a smaller id: `next` of the page before.
    before: Option<u64>,
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

impl Filter {
    fn wanted(&self) -> Result<Wanted, Problem> {
        if self.journey.is_some() && self.broadcast.is_some() {
            let message = "a send is of a journey or of a broadcast, and not of both";
            return Err(Problem::bad_request("bad_parameter", "broadcast", message));
        }
        let statuses = Status::ALL.into_iter().map(|one| (one.name(), one));
        let reasons = Reason::ALL.into_iter().map(|one| (one.name(), one));
        let decisions = ["send", "defer", "drop"].into_iter().map(|name| (name, name));
        let channels = Channel::ALL.into_iter().map(|one| (one.name(), one));
        Ok(Wanted {
            journey: self.journey.clone().or_else(|| self.broadcast.clone()),
            message: self.message.clone(),
            channel: one_of("channel", self.channel.as_deref(), channels)?,
            decision: one_of("decision", self.decision.as_deref(), decisions)?,
            status: one_of("status", self.status.as_deref(), statuses)?,
            reason: one_of("reason", self.reason.as_deref(), reasons)?,
            from: instant("from", self.from.as_deref())?,
            to: instant("to", self.to.as_deref())?,
        })
    }
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<At>, Problem> {
    let wrong = || Problem::bad_request("bad_time", field, "write the time as 2026-01-31T12:00:00Z");
    text.map(|text| At::parse(text).ok_or_else(wrong)).transpose()
}

/// Which sends are wanted; what is absent does not matter.
struct Wanted {
    /// Or the broadcast: no two of them share a name.
    journey: Option<String>,
    message: Option<String>,
    channel: Option<Channel>,
    decision: Option<&'static str>,
    status: Option<Status>,
    reason: Option<Reason>,
    from: Option<At>,
    to: Option<At>,
}

impl Wanted {
    fn fits(&self, fate: &Fate<'_>) -> bool {
        self.journey.as_deref().is_none_or(|name| name == fate.journey)
            && self.message.as_deref().is_none_or(|name| name == fate.message)
            && self.channel.is_none_or(|channel| fate.channel == Some(channel))
            && self.decision.is_none_or(|name| name == fate.decision.name())
            && self.status.is_none_or(|status| status == fate.status)
            && self.reason.is_none_or(|reason| fate.decision.reason() == Some(reason))
    }

    /// The numbers of the sends that were wished for in the time that is wanted. Sends are numbered as they are wished for.
    fn span(&self, engine: &Engine) -> Range<u64> {
        let all = engine.sends().len() as u64;
        let first_at = |at: At| {
            let (mut low, mut high) = (0, all);
            while low < high {
                let middle = low.midpoint(high);
                match engine.send(SendId(middle)).is_some_and(|send| send.wished_at < at) {
                    true => low = middle + 1,
                    false => high = middle,
                }
            }
            low
        };
        self.from.map_or(0, first_at)..self.to.map_or(all, first_at)
    }

    /// The newest that fit before a number, among those that one answer looks through.
    fn page(&self, engine: &Engine, person: Option<ProfileId>, before: u64, limit: usize) -> SendList {
        let span = self.span(engine);
        let span = span.start..span.end.min(before);
        let mut page = Page { sends: Vec::new(), next: None, limit, looks: LEDGER_LOOKED_THROUGH_MAX };
        match person {
            Some(person) => {
                let older = engine.sends_of(person).rev().map(|send| send.id);
                page.fill(engine, self, older.filter(|id| span.contains(&id.0)));
            }
            None => page.fill(engine, self, span.rev().map(SendId)),
        }
        SendList { sends: page.sends, next: page.next }
    }
}

/// A page that is being filled.
struct Page {
    sends: Vec<SendView>,
    next: Option<u64>,
    limit: usize,
    looks: usize,
}

impl Page {
    fn fill(&mut self, engine: &Engine, wanted: &Wanted, older: impl Iterator<Item = SendId>) {
        let mut last = None;
        for fate in engine.fates_of(older) {
            if self.sends.len() >= self.limit || self.looks == 0 {
                self.next = last;
                return;
            }
            self.looks -= 1;
            last = Some(fate.send.0);
            if wanted.fits(&fate) {
                self.sends.extend(engine.send(fate.send).map(|send| view(engine, &send)));
            }
        }
    }
}

/// The ledger, newest first. With a filter that fits few, a page may be short and `next` still there.
#[utoipa::path(
    get,
    path = "/api/v1/sends",
    params(Filter),
    responses((status = 200, body = SendList), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(filter): Query<Filter>,
) -> Result<Json<SendList>, Problem> {
    let address = filter.profile.as_deref().map(|text| Address::parse("profile", text)).transpose()?;
    let limit = Limit::new(filter.limit).count();
    let (wanted, before) = (filter.wanted()?, filter.before.unwrap_or(u64::MAX));
    let read = move |engine: &Engine| {
        let person = address.map(|address| address.find(engine)).transpose()?;
        Ok(Json(wanted.page(engine, person, before, limit)))
    };
    // One person's sends are few, and the ledger leads from each to the next.
    if filter.profile.is_some() { hub.runtime.read(read).await } else { hub.runtime.walk(read).await }
}

pub(crate) fn view(engine: &Engine, send: &Send) -> SendView {
    let time = |at: Option<At>| at.map(|at| at.to_string());
    let reason = send.decision.reason();
    let until = match send.decision {
        Decision::Defer { until, .. } => Some(until),
        Decision::Send | Decision::Drop { .. } => None,
    };
    SendView {
        id: send.id.0,
        profile: engine.profile(send.profile).map(|_| engine.canonical(send.profile).0),
        identifiers: engine.profile(send.profile).map(identifiers).unwrap_or_default(),
        name: engine.profile(send.profile).and_then(name),
        message: send.message.to_string(),
        purpose: send.purpose.to_string(),
        journey: (!send.journey.is_empty()).then(|| send.journey.to_string()),
        channel: send.channel.map(Channel::name),
        address: send.address.to_string(),
        language: send.language.to_string(),
        variant: (!send.variant.is_empty()).then(|| send.variant.to_string()),
        choices: choices(engine, send),
        responded: send.hour.map(|_| send.responded),
        decision: send.decision.name(),
        basis: send.basis.name(),
        reason: reason.map(|reason| reason.name()),
        explanation: reason.map(|reason| reason.sentence()),
        until: time(until),
        status: send.status.name(),
        attempts: send.attempts,
        wished_at: send.wished_at.to_string(),
        decided_at: send.decided_at.to_string(),
        attempted_at: time(send.attempted_at),
        settled_at: time(send.settled_at),
        retry_at: time(send.retry_at),
        opened_at: time(send.opened_at),
        clicked_at: time(send.clicked_at),
        returned: send.returned.map(|(verdict, _)| verdict.name()),
        returned_at: time(send.returned.map(|(_, at)| at)),
        reply: send.reply.clone(),
    }
}
