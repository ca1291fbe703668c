//! Clusters: the sets of the programme, and what was found for each.

use crate::audit::{What, noted};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use crate::runtime::clusters;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::engine::{ClusterSetView as Set, Engine};
use engine::segment::cluster::{Cluster, Clusters, segment_name};
use engine::segment::feature::FeatureKind;
use engine::value::SCALE;
use eventlog::sequencer::Outcome;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A set of clusters.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ClusterSetView {
    name: String,
    /// By name, what people are told apart by.
    features: BTreeMap<String, String>,
    /// The expression that is true of those who take part.
    of: String,
    /// Between how many clusters.
    at_least: u8,
    at_most: u8,
    /// `daily` or `weekly`.
    refresh: &'static str,
    /// When clusters were looked for last.
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_at: Option<String>,
    /// Why none were found then; those that were found before stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    lack: Option<String>,
    /// When they are looked for next; none while cut-offs have to be stated first.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Those that stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<FoundView>,
}

/// What was found.
#[derive(Serialize, utoipa::ToSchema)]
struct FoundView {
    at: String,
    /// Who took part then.
    people: u64,
    /// Those of them who were looked at.
    sampled: u64,
    /// Of those looked at, the share whom the clusters' expressions put where the search put them: 1 is all of them.
    fidelity: f64,
    /// How clearly people are told apart: 1 where each is at the middle of a cluster, 0 where each is between two.
    silhouette: f64,
    /// From which the search drew its lots.
    seed: String,
    clusters: Vec<ClusterView>,
}

/// A cluster: a segment with a few words about it.
#[derive(Serialize, utoipa::ToSchema)]
struct ClusterView {
    /// Inside its set.
    name: String,
    /// The segment that it is.
    segment: String,
    /// What leads to it, and how much of everything its people have.
    description: String,
    expression: String,
    /// How many are in it now.
    count: u64,
    /// The average of each feature when it was found; of a level or of days, among those who have one.
    centre: BTreeMap<String, Option<f64>>,
    /// Of each count and sum, the share of everybody's that was theirs.
    share: BTreeMap<String, f64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ClusterSetList {
    sets: Vec<ClusterSetView>,
}

/// Every set of clusters of the programme, by name.
#[utoipa::path(get, path = "/api/v1/clusters", responses((status = 200, body = ClusterSetList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<ClusterSetList> {
    let read = |engine: &Engine| engine.cluster_sets().iter().map(|set| view(engine, set)).collect();
    Json(ClusterSetList { sets: hub.runtime.read(read).await })
}

/// One set of clusters.
#[utoipa::path(
    get,
    path = "/api/v1/clusters/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = ClusterSetView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<ClusterSetView>, Problem> {
    let read = move |engine: &Engine| {
        let set = engine.cluster_set(&name).ok_or_else(|| unknown(&name))?;
        Ok(Json(view(engine, &set)))
    };
    hub.runtime.read(read).await
}

/// Looks for the clusters of a set now, and answers what stands then.
#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/refresh",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses(
        (status = 200, body = ClusterSetView),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn refresh(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
) -> Result<Json<ClusterSetView>, Problem> {
    match clusters::state(&hub.runtime, name.clone()).await? {
        None => return Err(unknown(&name)),
        Some(Outcome::Refused(refusal)) => return Err(refusal.into()),
        Some(_) => {}
    }
    let what = What::beside("clusters.refresh", &name, Value::Null, Value::Null);
    noted(&hub.runtime, &holder, what).await?;
    show(State(hub), Path(name)).await
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format!("the programme has no set of clusters \"{name}\""))
}

fn view(engine: &Engine, set: &Set<'_>) -> ClusterSetView {
    let clustering = &set.clustering;
    let features = clustering.features.iter().map(|(name, feature)| (name.clone(), feature.to_string()));
    let now = clock::now().max(engine.at());
    ClusterSetView {
        name: set.name.to_owned(),
        features: features.collect(),
        of: clustering.of.to_string(),
        at_least: set.set.at_least,
        at_most: set.set.at_most,
        refresh: set.set.refresh.name(),
        tried_at: set.tried_at.map(|at| at.to_string()),
        lack: set.lack.map(|lack| lack.to_string()),
        due: set.due.map(|due| due.max(now).to_string()),
        found: set.found.map(|(at, found)| FoundView {
            at: at.to_string(),
            people: found.people,
            sampled: found.sampled,
            fidelity: f64::from(found.fidelity_permyriad) / 10_000.0,
            silhouette: f64::from(found.silhouette_permyriad) / 10_000.0,
            seed: found.seed.to_string(),
            clusters: (0..found.clusters.len()).map(|number| cluster(engine, set, found, number)).collect(),
        }),
    }
}

fn cluster(engine: &Engine, set: &Set<'_>, found: &Clusters, number: usize) -> ClusterView {
    let cluster = &found.clusters[number];
    let segment = segment_name(set.name, &cluster.name);
    let live = engine.segment(&segment);
    let numbers = set.clustering.features.iter().zip(&cluster.centre);
    let centre = numbers.map(|((name, _), number)| {
        (name.clone(), number.map(|number| (number as f64 / SCALE as f64 * 100.0).round() / 100.0))
    });
    ClusterView {
        name: cluster.name.clone(),
        description: description(set, found, number),
        expression: live.as_ref().map(|live| live.expression.to_owned()).unwrap_or_default(),
        count: live.map_or(0, |live| live.count),
        segment,
        centre: centre.collect(),
        share: shares(set, found, cluster).into_iter().collect(),
    }
}

/// The description of a segment that is a cluster.
pub(super) fn description_of(engine: &Engine, segment: &str) -> Option<String> {
    let cluster = engine.cluster(segment)?;
    let set = engine.cluster_set(cluster.set)?;
    Some(description(&set, cluster.clusters, usize::from(cluster.number)))
}

/// What leads to a cluster, and how much its people had of everything: `orders 3 or more; 12% of people, 61% of spent`.
fn description(set: &Set<'_>, found: &Clusters, number: usize) -> String {
    let cluster = &found.clusters[number];
    let people = cluster.sampled as f64 / found.sampled.max(1) as f64;
    let mut text =
        format!("{}: {}% of people", set.clustering.describe(&found.tree, number as u8), percent(people));
    for (name, share) in shares(set, found, cluster) {
        text += &format!(", {}% of {name}", percent(share));
    }
    text
}

fn percent(share: f64) -> f64 {
    (share * 100.0).round()
}

/// Of each count and sum, a cluster's share of everybody's, where everybody has more than nothing.
fn shares(set: &Set<'_>, found: &Clusters, cluster: &Cluster) -> Vec<(String, f64)> {
    let of =
        |place: usize, cluster: &Cluster| cluster.centre[place].unwrap_or(0) as f64 * cluster.sampled as f64;
    let features = set.clustering.features.iter().enumerate();
    let share = |(place, (name, feature)): (usize, &(String, engine::segment::feature::Feature))| {
        let whole: f64 = found.clusters.iter().map(|one| of(place, one)).sum();
        let adds_up = matches!(feature.kind(), FeatureKind::Count | FeatureKind::Sum) && whole > 0.0;
        adds_up.then(|| (name.clone(), (of(place, cluster) / whole * 10_000.0).round() / 10_000.0))
    };
    features.filter_map(share).collect()
}
