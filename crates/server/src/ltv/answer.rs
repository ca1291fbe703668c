//! The answer: fitted models, what is to come of everybody, of each channel, and how good the forecast was.

use super::{Buyers, Model, Question, date_of};
use measure::value::bg_nbd::{BgNbd, Variant};
use measure::value::customer::Customer;
use measure::value::fit::Fit;
use measure::value::gamma_gamma::{GammaGamma, correlation};
use measure::value::holdout::{Scores, score};
use measure::value::pareto_nbd::ParetoNbd;
use measure::value::payback::{Payback, payback, value_to_cost};
use measure::value::purchases::{PurchaseModel, Purchases as _};
use measure::value::summary::Unit;
use measure::value::worth::{Foreteller, Horizon, Prospect};
use serde::Serialize;
use std::collections::BTreeMap;

/// What customers are worth.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Answer {
    /// `day`, `week` or `month`.
    period: &'static str,
    /// The last day that the models know of.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    customers: u64,
    /// Those who bought more than once.
    repeaters: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bg_nbd: Option<BgNbdView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mbg_nbd: Option<BgNbdView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pareto_nbd: Option<ParetoNbdView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gamma_gamma: Option<GammaGammaView>,
    /// The model that foretells.
    model: &'static str,
    /// What is to come of all of them, in the horizon.
    expected: Expected,
    /// How good a forecast from before the days left out was.
    #[serde(skip_serializing_if = "Option::is_none")]
    holdout: Option<ScoresView>,
    /// By the channel by which they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<ChannelView>,
    /// What a reader should know of the numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// Everybody, in the order of their table.
    #[serde(skip)]
    pub(crate) prospects: Vec<Prospect>,
}

/// BG/NBD or MBG/NBD.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BgNbdView {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    log_likelihood: f64,
    standard_errors: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ParetoNbdView {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
    log_likelihood: f64,
    standard_errors: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct GammaGammaView {
    p: f64,
    q: f64,
    v: f64,
    log_likelihood: f64,
    standard_errors: BTreeMap<&'static str, f64>,
    /// Repeat customers with an amount, of whom it was learned.
    customers: u64,
    /// How strongly frequency and amount go together; the model takes it to be 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<f64>,
}

/// What is to come of some customers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Expected {
    /// In periods.
    horizon: f64,
    /// A year.
    discount: f64,
    margin: f64,
    /// How many still buy.
    alive: f64,
    purchases: f64,
    /// Discounted margin; none without amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

/// The customers of one channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ChannelView {
    /// Empty for those of whom it is not known.
    channel: String,
    customers: u64,
    repeaters: u64,
    alive: f64,
    purchases: f64,
    /// Margin so far; none where only repeat purchases are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    earned: Option<f64>,
    /// Margin to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Earned and to come, a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime_value: Option<f64>,
    /// What winning all of them cost, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent: Option<f64>,
    /// What winning one of them cost, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    acquisition_cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_to_cost: Option<f64>,
    /// Periods after which somebody new of this channel has earned their cost; none where that is not within the horizon.
    #[serde(skip_serializing_if = "Option::is_none")]
    payback: Option<f64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ScoresView {
    /// In periods.
    length: f64,
    predicted: f64,
    actual: f64,
    mae: f64,
    rmse: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<f64>,
    /// By purchases before; the last row is of that many and more.
    by_frequency: Vec<ScoreRow>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ScoreRow {
    frequency: u32,
    customers: u64,
    predicted: f64,
    actual: f64,
}

/// Fits what is asked for and foretells with it. `costs` has what each channel's customers cost altogether.
pub(crate) fn answer(
    buyers: &Buyers,
    question: &Question,
    costs: &BTreeMap<String, f64>,
) -> anyhow::Result<Answer> {
    let customers: Vec<_> = buyers.buyers.iter().map(|buyer| buyer.customer).collect();
    let mut answer = Answer::unfitted(buyers, question);
    let model = answer.fit_purchases(&customers, &question.models)?;
    let spend = answer.fit_spend(&customers);
    let step = horizon_of(question);
    let mut foreteller = Foreteller::new(&model, step);
    let mut channels: BTreeMap<Option<u32>, ChannelView> = BTreeMap::new();
    let mut value = 0.0;
    for buyer in &buyers.buyers {
        let worth = spend.map_or(0.0, |spend| spend.spend(&buyer.customer));
        let prospect = foreteller.prospect(&buyer.customer, worth, question.margin);
        answer.expected.alive += prospect.alive;
        answer.expected.purchases += prospect.purchases;
        value += prospect.value;
        if !buyers.channels.is_empty() {
            let channel = channels.entry(buyer.channel).or_insert_with(|| {
                ChannelView::empty(buyer.channel.map_or("", |channel| &buyers.channels[channel as usize]))
            });
            channel.add(buyer, &prospect, question.margin);
        }
        answer.prospects.push(prospect);
    }
    answer.expected.value = spend.map(|_| value);
    if let Some(length) = buyers.holdout {
        let mut foreteller = Foreteller::new(&model, Horizon { length, step: length, discount: 0.0 });
        let outcome = |buyer: &super::Buyer| {
            let purchases = foreteller.prospect(&buyer.customer, 0.0, 0.0).purchases;
            (buyer.customer.frequency, purchases, f64::from(buyer.bought_later))
        };
        answer.holdout =
            Some(ScoresView::of(length, &score(&buyers.buyers.iter().map(outcome).collect::<Vec<_>>())));
    }
    // One purchase of somebody new, who is expected to spend what everybody does.
    let usual = spend.map(|spend| spend.p * spend.v / (spend.q - 1.0));
    for mut channel in channels.into_values() {
        let cost = costs.get(&channel.channel).or_else(|| buyers.costs.get(&channel.channel)).copied();
        channel.complete(cost, spend.is_some());
        if let (Some(cost), Some(usual)) = (channel.acquisition_cost, usual) {
            channel.payback = payback_of(&model, &step, usual * question.margin, cost);
        }
        answer.channels.push(channel);
    }
    // What was paid for and brought nobody is not kept quiet.
    for (channel, cost) in &buyers.costs {
        if answer.channels.iter().all(|one| one.channel != *channel) {
            answer.channels.push(ChannelView {
                value: None,
                spent: Some(*cost),
                ..ChannelView::empty(channel)
            });
        }
    }
    answer
        .channels
        .sort_by(|one, other| other.customers.cmp(&one.customers).then(one.channel.cmp(&other.channel)));
    Ok(answer)
}

impl Answer {
    /// What is known before anything is fitted.
    fn unfitted(buyers: &Buyers, question: &Question) -> Self {
        Self {
            period: question.unit.name(),
            as_of: buyers.as_of.map(date_of),
            customers: buyers.buyers.len() as u64,
            repeaters: buyers.buyers.iter().filter(|one| one.customer.frequency > 0).count() as u64,
            bg_nbd: None,
            mbg_nbd: None,
            pareto_nbd: None,
            gamma_gamma: None,
            model: "",
            expected: Expected {
                horizon: question.horizon,
                discount: question.discount,
                margin: question.margin,
                alive: 0.0,
                purchases: 0.0,
                value: None,
                currency: buyers.currency.clone(),
            },
            holdout: None,
            channels: Vec::new(),
            notes: buyers.notes.clone(),
            prospects: Vec::new(),
        }
    }

    /// Fits every model that is asked for; the first of them.
    fn fit_purchases(&mut self, customers: &[Customer], models: &[Model]) -> anyhow::Result<PurchaseModel> {
        let mut first = None;
        for model in models {
            let (name, fitted) = match *model {
                Model::BgNbd(variant) => {
                    let fit = BgNbd::fit(customers, variant)?;
                    let place = match variant {
                        Variant::Plain => &mut self.bg_nbd,
                        Variant::Modified => &mut self.mbg_nbd,
                    };
                    *place = Some(BgNbdView::of(&fit));
                    (
                        if variant == Variant::Plain { "bg_nbd" } else { "mbg_nbd" },
                        PurchaseModel::BgNbd(fit.model),
                    )
                }
                Model::ParetoNbd => {
                    let fit = ParetoNbd::fit(customers)?;
                    self.pareto_nbd = Some(ParetoNbdView::of(&fit));
                    ("pareto_nbd", PurchaseModel::ParetoNbd(fit.model))
                }
            };
            first.get_or_insert((name, fitted));
        }
        let (name, model) = first.expect("invariant: a question has a model");
        self.model = name;
        Ok(model)
    }

    /// Fits what people spend, or notes why that is not known.
    fn fit_spend(&mut self, customers: &[Customer]) -> Option<GammaGamma> {
        match GammaGamma::fit(customers) {
            Ok(fit) => {
                self.gamma_gamma = Some(GammaGammaView::of(&fit, correlation(customers)));
                if fit.model.q <= 1.0 {
                    self.notes.push(
                        "what people spend varies too much for its mean to be known: no values".to_owned(),
                    );
                }
                Some(fit.model).filter(|model| model.q > 1.0)
            }
            Err(refusal) => {
                self.notes.push(format!("no values: {refusal}"));
                None
            }
        }
    }
}

/// Steps of a month, as far as the discount goes.
fn horizon_of(question: &Question) -> Horizon {
    let step = Unit::Month.days() / question.unit.days();
    Horizon { length: question.horizon, step, discount: (1.0 + question.discount).powf(1.0 / 12.0) - 1.0 }
}

/// The first purchase comes at once, the others as the model has it.
fn payback_of(model: &PurchaseModel, horizon: &Horizon, margin: f64, cost: f64) -> Option<f64> {
    let mut sum = margin;
    let mut before = 0.0;
    let later = horizon.ends().map(|(end, worth)| {
        let purchases = model.expected(end);
        sum += (purchases - before) * worth * margin;
        before = purchases;
        (end, sum)
    });
    match payback(std::iter::once((0.0, margin)).chain(later), cost) {
        Payback::After(periods) => Some(periods),
        Payback::NotWithin(_) => None,
    }
}

fn named<const N: usize>(names: [&'static str; N], errors: [f64; N]) -> BTreeMap<&'static str, f64> {
    names.into_iter().zip(errors).collect()
}

impl BgNbdView {
    fn of(fit: &Fit<BgNbd, 4>) -> Self {
        let BgNbd { r, alpha, a, b, .. } = fit.model;
        let standard_errors = named(["r", "alpha", "a", "b"], fit.standard_errors);
        Self { r, alpha, a, b, log_likelihood: fit.log_likelihood, standard_errors }
    }
}

impl ParetoNbdView {
    fn of(fit: &Fit<ParetoNbd, 4>) -> Self {
        let ParetoNbd { r, alpha, s, beta } = fit.model;
        let standard_errors = named(["r", "alpha", "s", "beta"], fit.standard_errors);
        Self { r, alpha, s, beta, log_likelihood: fit.log_likelihood, standard_errors }
    }
}

impl GammaGammaView {
    fn of(fit: &Fit<GammaGamma, 3>, correlation: Option<f64>) -> Self {
        let GammaGamma { p, q, v } = fit.model;
        let standard_errors = named(["p", "q", "v"], fit.standard_errors);
        let (log_likelihood, customers) = (fit.log_likelihood, fit.customers);
        Self { p, q, v, log_likelihood, standard_errors, customers, correlation }
    }
}

impl ScoresView {
    fn of(length: f64, scores: &Scores) -> Self {
        let rows = scores.rows.iter().map(|row| ScoreRow {
            frequency: row.frequency,
            customers: row.customers,
            predicted: row.foretold,
            actual: row.came,
        });
        Self {
            length,
            predicted: scores.foretold,
            actual: scores.came,
            mae: scores.mae,
            rmse: scores.rmse,
            correlation: scores.correlation,
            by_frequency: rows.collect(),
        }
    }
}

impl ChannelView {
    fn empty(channel: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            customers: 0,
            repeaters: 0,
            alive: 0.0,
            purchases: 0.0,
            earned: None,
            value: Some(0.0),
            lifetime_value: None,
            spent: None,
            acquisition_cost: None,
            value_to_cost: None,
            payback: None,
        }
    }

    fn add(&mut self, buyer: &super::Buyer, prospect: &Prospect, margin: f64) {
        self.customers += 1;
        self.repeaters += u64::from(buyer.customer.frequency > 0);
        self.alive += prospect.alive;
        self.purchases += prospect.purchases;
        self.value = self.value.map(|value| value + prospect.value);
        if let Some(paid) = buyer.paid {
            self.earned = Some(self.earned.unwrap_or(0.0) + paid * margin);
        }
    }

    fn complete(&mut self, cost: Option<f64>, has_values: bool) {
        let customers = self.customers as f64;
        self.value = self.value.filter(|_| has_values);
        let both = self.earned.zip(self.value);
        self.lifetime_value = both.map(|(earned, value)| (earned + value) / customers);
        self.spent = cost;
        self.acquisition_cost = cost.map(|cost| cost / customers);
        self.value_to_cost = self
            .lifetime_value
            .zip(self.acquisition_cost)
            .and_then(|(value, cost)| value_to_cost(value, cost));
    }
}
