//! What was learned of channels, variants and hours, and why one of them was chosen for a send.

use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::engine::{ArmView as Arm, ArmsView as Arms, Engine, KnownView};
use engine::outbox::Send;
use serde::Serialize;
use std::sync::Arc;

/// What was chosen for a send.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ChoiceView {
    /// `channel`, `variant` or `hour`.
    choice: &'static str,
    /// What was chosen: a channel, a variant, or an hour of the day such as `19:00`.
    arm: Option<String>,
    /// `only`, `order`, `explored`, `learned`, `split` or `instead`.
    how: &'static str,
    /// The same as a sentence.
    explanation: String,
    /// What was known then; absent where the choice is not one of the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Known {
    /// Responses of all arms together.
    responses: u64,
    /// How many had to be known before anything was learned.
    after: u32,
    arms: Vec<Expected>,
}

/// An arm, and how often it was expected to be answered by the person.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ExpectedArm)]
struct Expected {
    arm: String,
    /// Of sends that arrived; from 0 to 1.
    rate: f64,
}

/// What one choice chooses among.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ArmsView {
    /// `channel`, `variant` or `hour`.
    choice: &'static str,
    /// The message; of hours the channel.
    of: String,
    /// Responses of all arms together.
    responses: u64,
    /// How many have to be known before anything is learned.
    after: u32,
    /// How many of the newest choices `chosen_lately` looks at.
    lately: usize,
    arms: Vec<ArmView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ArmView {
    /// A channel, a variant, or an hour of the day such as `19:00`.
    arm: String,
    /// Sends that arrived.
    trials: u32,
    /// Those of them that were answered in time.
    responses: u32,
    /// The share of the one in the other; 0 without trials.
    rate: f64,
    /// How many of the newest choices it was.
    chosen_lately: usize,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BestList {
    best: Vec<ArmsView>,
}

/// What was learned: channels and variants by message, hours by channel.
#[utoipa::path(get, path = "/api/v1/best", responses((status = 200, body = BestList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Result<Json<BestList>, Problem> {
    let read = |engine: &Engine| Json(BestList { best: engine.arms().iter().map(arms).collect() });
    hub.runtime.read(move |engine| Ok(read(engine))).await
}

fn arms(one: &Arms) -> ArmsView {
    ArmsView {
        choice: one.choice.name(),
        of: one.of.to_string(),
        responses: one.responses,
        after: one.after,
        lately: one.lately,
        arms: one.arms.iter().map(arm).collect(),
    }
}

fn arm(one: &Arm) -> ArmView {
    let (trials, responses) = (one.tally.trials, one.tally.responses);
    let rate = f64::from(responses) / f64::from(trials.max(1));
    ArmView { arm: one.arm.to_string(), trials, responses, rate, chosen_lately: one.lately }
}

/// What was chosen for a send that left something open.
pub(super) fn choices(engine: &Engine, send: &Send) -> Vec<ChoiceView> {
    let choices = engine.choices_of(send).into_iter().map(|one| ChoiceView {
        choice: one.choice.name(),
        arm: one.arm.as_ref().map(ToString::to_string),
        how: one.how.name(),
        explanation: match one.known {
            Some(known) if known.responses < u64::from(known.after) && one.how.name() == "order" => {
                format!("{} {} of {} responses are known.", one.how.sentence(), known.responses, known.after)
            }
            _ => one.how.sentence().to_owned(),
        },
        known: one.known.map(known),
    });
    choices.collect()
}

fn known(known: KnownView<'_>) -> Known {
    let expected = known
        .arms
        .iter()
        .map(|(arm, rate)| Expected { arm: arm.to_string(), rate: f64::from(*rate) / 10_000.0 });
    Known { responses: known.responses, after: known.after, arms: expected.collect() }
}
