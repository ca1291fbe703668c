//! Reading the audit: the engine knows where in the log acts are, and the log what they were.

use crate::limits::AUDIT_LOOKED_AT_MAX;
use anyhow::Context;
use engine::Seq;
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, KeyedHash};
use engine::record::{OperatorActed, Record};
use eventlog::sqlite::SqliteReader;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Acts whose batches are read together.
const READ_TOGETHER: usize = 100;

/// One change that an operator or a key made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ActView {
    /// Its place in the log.
    pub(crate) seq: u64,
    pub(crate) at: String,
    /// The name of an operator or of a key.
    pub(crate) operator: String,
    /// The operator's role, the key's scope, or `server`.
    pub(crate) role: String,
    /// A stable word, such as `journey.pause`.
    pub(crate) act: String,
    /// The name of what was changed; empty where that is people.
    pub(crate) subject: String,
    /// The people whom it is about; of a merge the one that was taken in, and then the one that stands.
    pub(crate) people: Vec<ActPerson>,
    /// What was so before; null where there was nothing. What was too long is told by its size.
    #[schema(value_type = Option<Object>)]
    pub(crate) before: Value,
    /// What is so since.
    #[schema(value_type = Option<Object>)]
    pub(crate) after: Value,
    /// It was about somebody who was erased: nothing is known of it but who did what, and when.
    pub(crate) erased: bool,
}

/// One name of a person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ActPerson {
    r#type: String,
    value: String,
}

/// A page of acts, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Page {
    pub(crate) acts: Vec<ActView>,
    /// Ask with it as `before` for the acts before these; null where there are none.
    pub(crate) next: Option<u64>,
}

/// Which acts are wanted.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    pub(crate) operator: Option<String>,
    /// The whole word, or its front up to a dot: `journey` for all that was done to journeys.
    pub(crate) act: Option<String>,
    pub(crate) person: Option<(IdentifierKind, String)>,
}

impl Filter {
    fn fits(&self, acted: &OperatorActed<'_>, names: &BTreeSet<KeyedHash>) -> bool {
        let is_word = |word: &str| {
            let rest = acted.act.strip_prefix(word);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.operator.as_deref().is_none_or(|operator| acted.operator == operator)
            && self.act.as_deref().is_none_or(is_word)
            && (self.person.is_none() || acted.people.iter().any(|one| names.contains(&one.hash)))
    }

    /// The names under which the person that is asked for is known.
    fn names(&self, engine: &Engine) -> BTreeSet<KeyedHash> {
        let Some((kind, value)) = &self.person else { return BTreeSet::new() };
        let key = engine.installed().expect("invariant: the first record installs").hash_key;
        let profile = engine.find(*kind, value).and_then(|id| engine.profile(id));
        let known = profile.into_iter().flat_map(|profile| profile.identifiers());
        let names = known.map(|one| key.identifier(one.kind, &one.value));
        names.chain([key.identifier(*kind, value)]).collect()
    }
}

/// Where the acts are among which a page is to be looked for, newest first; and by which names whoever is asked for is
/// known.
pub(crate) struct Places {
    places: Vec<Seq>,
    more: bool,
    names: BTreeSet<KeyedHash>,
}

impl Places {
    pub(crate) fn of(engine: &Engine, before: Seq, filter: &Filter) -> Self {
        let mut acts = engine.acts_before(before);
        let places = acts.by_ref().take(AUDIT_LOOKED_AT_MAX).collect();
        let more = acts.next().is_some();
        Self { places, more, names: filter.names(engine) }
    }

    /// The newest of them.
    pub(crate) fn newest(&self) -> Option<Seq> {
        self.places.first().copied()
    }
}

/// Reads from the log the page that begins with the newest of some places.
pub(crate) fn page(
    log: &SqliteReader,
    places: &Places,
    filter: &Filter,
    limit: usize,
) -> anyhow::Result<Page> {
    let mut acts = Vec::new();
    for some in places.places.chunks(READ_TOGETHER) {
        let batches =
            log.holding(some.iter().rev().copied()).context("the log could not be read for the audit")?;
        let some: BTreeSet<Seq> = some.iter().copied().collect();
        for batch in batches.iter().rev() {
            let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
            let records: Vec<_> = records.filter(|(seq, _)| some.contains(seq)).collect();
            for (seq, bytes) in records.into_iter().rev() {
                let Ok(Record::OperatorActed(acted)) = Record::decode(bytes) else { continue };
                if !filter.fits(&acted, &places.names) {
                    continue;
                }
                if acts.len() == limit {
                    let next = acts.last().map(|act: &ActView| act.seq);
                    return Ok(Page { acts, next });
                }
                acts.push(view(seq, &acted));
            }
        }
    }
    let next = places.places.last().filter(|_| places.more).map(|seq| seq.0);
    Ok(Page { acts, next })
}

fn view(seq: Seq, acted: &OperatorActed<'_>) -> ActView {
    let told = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let people = acted.people.iter().filter(|one| !one.is_blank());
    let people = people.map(|one| {
        // A type of the company's own is part of the value.
        let own = if one.kind == IdentifierKind::External { one.value.split_once(':') } else { None };
        let (r#type, value) = own.unwrap_or((one.kind.name(), one.value));
        ActPerson { r#type: r#type.to_owned(), value: value.to_owned() }
    });
    ActView {
        seq: seq.0,
        at: acted.acted_at.to_string(),
        operator: acted.operator.to_owned(),
        role: acted.role.to_owned(),
        act: acted.act.to_owned(),
        subject: acted.subject.to_owned(),
        people: people.collect(),
        before: told(acted.before),
        after: told(acted.after),
        erased: acted.is_blank(),
    }
}
