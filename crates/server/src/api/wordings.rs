//! The words in which people were asked for their consent: every version that was ever live, since when it was shown, and how
//! many agreed to it.

use crate::hub::Hub;
use crate::problem::Problem;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use engine::Seq;
use engine::engine::Engine;
use engine::record::ConsentState;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WordingList {
    /// Those that ever had words, by name.
    purposes: Vec<PurposeWordings>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct PurposeWordings {
    purpose: String,
    /// Whether the programme still has it.
    live: bool,
    /// The version that is shown now; absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    /// By when each was first shown; those that never were come last.
    versions: Vec<WordingVersion>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct WordingVersion {
    version: String,
    /// By language.
    #[schema(value_type = Object)]
    texts: BTreeMap<String, String>,
    /// The times in which people were asked in these words.
    shown: Vec<ShownView>,
    /// Who ever agreed in these words, whether a statement names them or they were the ones that were shown; whatever was said
    /// since.
    people: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WordingShown)]
struct ShownView {
    /// Place in the log of the programme with which it began.
    seq: u64,
    since: String,
    /// Absent where it is shown now.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// The words of each purpose, in all versions and languages that were ever live.
#[utoipa::path(get, path = "/api/v1/wordings", responses((status = 200, body = WordingList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Result<Json<WordingList>, Problem> {
    let places = |engine: &Engine| -> BTreeSet<Seq> {
        engine.wordings().all().flat_map(|(.., shown)| shown).map(|(seq, _)| *seq).collect()
    };
    let places = hub.runtime.read(places).await;
    if let Some(newest) = places.last() {
        hub.runtime.durable_to(*newest).await;
    }
    let log = hub.log.clone();
    let read = move || -> anyhow::Result<BTreeMap<Seq, String>> {
        let held = log.holding(places.iter().copied()).context("the log could not be read for wordings")?;
        let at = |seq: &Seq| held.iter().find(|batch| (batch.first..=batch.last()).contains(seq));
        Ok(places.iter().filter_map(|seq| Some((*seq, at(seq)?.at.to_string()))).collect())
    };
    let instants =
        tokio::task::spawn_blocking(read).await.expect("invariant: a reader of the log does not panic");
    let instants = instants.map_err(|error| Problem::internal(&error))?;
    let purposes = hub.runtime.read(move |engine| purposes(engine, &instants)).await;
    Ok(Json(WordingList { purposes }))
}

fn purposes(engine: &Engine, instants: &BTreeMap<Seq, String>) -> Vec<PurposeWordings> {
    let mut agreed = agreed(engine);
    let purposes = engine.wordings().all().map(|(purpose, texts, shown)| {
        let ends = shown.iter().skip(1).map(|(seq, _)| Some(*seq)).chain([None]);
        let mut times: BTreeMap<&str, Vec<ShownView>> = BTreeMap::new();
        for ((seq, version), end) in shown.iter().zip(ends) {
            // Of a log that was trimmed the instant is not known any more.
            let instant = |seq: Seq| instants.get(&seq).cloned().unwrap_or_default();
            let view = ShownView { seq: seq.0, since: instant(*seq), until: end.map(instant) };
            times.entry(version).or_default().push(view);
        }
        let mut versions: Vec<WordingVersion> = texts
            .iter()
            .map(|(version, texts)| WordingVersion {
                shown: times.remove(version.as_str()).unwrap_or_default(),
                people: agreed.remove(&(purpose, version.as_str())).unwrap_or_default(),
                version: version.clone(),
                texts: texts.clone(),
            })
            .collect();
        versions.sort_by_key(|one| one.shown.first().map_or(u64::MAX, |shown| shown.seq));
        PurposeWordings {
            purpose: purpose.to_owned(),
            live: engine.programme().purposes.contains_key(purpose),
            shown: engine.programme().wording(purpose).map(|wording| wording.version.clone()),
            versions,
        }
    });
    purposes.collect()
}

/// How many people agreed in the words of a version, by purpose and version.
fn agreed(engine: &Engine) -> BTreeMap<(&str, &str), u64> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (_, profile) in engine.profiles() {
        let granted = profile.consents().iter().filter(|one| one.state == ConsentState::Granted);
        let words = granted.filter_map(|one| Some((one.purpose.as_str(), engine.wordings().of(one)?)));
        for of in words.collect::<BTreeSet<_>>() {
            *counts.entry(of).or_default() += 1;
        }
    }
    counts
}
