//! Changes that lie beside the log: those of keys and of operators. What is to be told of one is kept in the file that it
//! changes, by the same write, until it is in the log. So a change that a crash left untold, or that was made while no server
//! ran, is told by the next start.

use super::bounded;
use super::page::{Filter, Places, page};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::limits::AUDIT_LOOKED_AT_MAX;
use crate::runtime::{Entrance, NotTaken, Runtime};
use engine::Seq;
use engine::at::At;
use engine::record::{OperatorActed, Record};
use eventlog::frame::push_record;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An act that is not in the log yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Untold {
    /// Milliseconds since 1970.
    at: i64,
    operator: String,
    role: String,
    act: String,
    subject: String,
    /// JSON, or nothing.
    before: String,
    after: String,
}

impl Untold {
    /// What somebody does now.
    pub(crate) fn of(by: &Holder, act: &str, subject: &str, before: &Value, after: &Value) -> Self {
        Self {
            at: clock::now().0,
            operator: by.name.clone(),
            role: by.rights.name().to_owned(),
            act: act.to_owned(),
            subject: subject.to_owned(),
            before: bounded(before),
            after: bounded(after),
        }
    }

    fn push(&self, framed: &mut Vec<u8>) {
        let Self { at, operator, role, act, subject, before, after } = self;
        let acted_at = At(*at);
        let people = Vec::new();
        let acted = OperatorActed { acted_at, operator, role, act, subject, people, before, after };
        let mut bytes = Vec::new();
        Record::OperatorActed(acted).encode(&mut bytes);
        push_record(framed, &bytes);
    }
}

/// Tells of what the files of keys and operators keep as untold, and takes it off there. What the log does not take now is
/// told with the next change, or by the next start.
pub(crate) async fn tell(hub: &Hub) {
    let _turn = hub.telling.lock().await;
    let (of_keys, of_operators) = (hub.keys.untold(), hub.operators.untold());
    let told = tell_all(&hub.runtime, of_keys.iter().chain(&of_operators)).await;
    let taken_off = match told {
        Ok(()) => take_off(hub, &of_keys, &of_operators),
        Err(not_taken) => Err(anyhow::anyhow!("the log does not take it now: {not_taken:?}")),
    };
    if let Err(error) = taken_off {
        tracing::warn!(error = format!("{error:#}"), "a change of keys or operators is told later");
    }
}

async fn tell_all(runtime: &Runtime, untold: impl Iterator<Item = &Untold>) -> Result<(), NotTaken> {
    let (mut framed, mut count) = (Vec::new(), 0);
    for one in untold {
        one.push(&mut framed);
        count += 1;
    }
    if count == 0 {
        return Ok(());
    }
    let answers = runtime.submit(Entrance::Inside, framed, count)?;
    // Only a stop drops the question.
    answers.await.map_err(|_| NotTaken::Stopping).map(drop)
}

fn take_off(hub: &Hub, of_keys: &[Untold], of_operators: &[Untold]) -> anyhow::Result<()> {
    hub.keys.told(of_keys)?;
    hub.operators.told(of_operators)
}

/// At a start: what was told before a crash and not taken off is taken off, and the rest is told.
pub(crate) async fn tell_what_was_left(hub: &Hub) -> anyhow::Result<()> {
    let (of_keys, of_operators) = (hub.keys.untold(), hub.operators.untold());
    if of_keys.is_empty() && of_operators.is_empty() {
        return Ok(());
    }
    let filter = Filter::default();
    let places = hub.runtime.read_blocking(|engine| Places::of(engine, Seq(u64::MAX), &filter));
    let newest = page(&hub.log, &places, &filter, AUDIT_LOOKED_AT_MAX)?.acts;
    let is_told = |one: &&Untold| {
        let at = At(one.at).to_string();
        newest.iter().any(|act| {
            (&act.at, &act.operator, &act.act, &act.subject) == (&at, &one.operator, &one.act, &one.subject)
        })
    };
    let told = |all: &[Untold]| all.iter().filter(is_told).cloned().collect::<Vec<_>>();
    take_off(hub, &told(&of_keys), &told(&of_operators))?;
    tell(hub).await;
    Ok(())
}
