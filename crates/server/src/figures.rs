//! Figures told from the whole log, in one way for the API and for the command line. The engine, as it stands at the end of
//! what is read, says whose an event is; of people who were erased there is nothing to read.

mod defined;
pub mod kept;

pub use defined::{KeyFigureInSql, KeyFigureList, OfDays, defined};

use engine::Seq;
use engine::at::{At, Span};
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::{Direction, Phase, TargetPeriod, decimal, nearest};
use engine::record::{Event, EventFlags, Record};
use engine::spend::Flight;
use eventlog::Error;
use eventlog::log::Batches;
use measure::kpi::cohort::{Cohort, Period, cohorts};
use measure::kpi::funnel::Funnel;
use measure::kpi::people::Gathered;
use measure::kpi::question::{By, Days, Question};
use measure::kpi::report::Report;
use measure::kpi::table::{Definition, definition};
use measure::kpi::tally::{Amount, Kpi};
use measure::kpi::target::{Against, Course};
use measure::uplift::{Watch, uplift};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The log from a place on.
pub type ReadLog<'r, 'l> = &'r dyn Fn(Seq) -> Result<Batches<'l>, Error>;

/// What is asked, as it is written: in the parameters of a request, or in the flags of a command.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// By what figures are divided: `nothing` when absent, `campaign`, `channel`, `direction`, `phase`, `day`, `week`, `month`.
    pub by: Option<String>,
    /// From this day on, where the programme is: `2026-01-31`.
    pub from: Option<String>,
    /// Up to this day, the day itself among them.
    pub until: Option<String>,
    /// Of this campaign alone.
    pub campaign: Option<String>,
    /// Of this channel alone.
    pub channel: Option<String>,
    /// `inbound` or `outbound` alone.
    pub direction: Option<String>,
    /// `startup`, `boost` or `consolidation` alone.
    pub phase: Option<String>,
    /// Of people who are in this segment now; what was spent is not told by segment.
    pub segment: Option<String>,
}

/// What is wrong with a question: the field, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub reason: String,
}

fn one_of<T: Copy>(
    field: &'static str,
    text: Option<&String>,
    known: &[(&str, T)],
) -> Result<Option<T>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    if let Some((_, value)) = known.iter().find(|(name, _)| name == text) {
        return Ok(Some(*value));
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let way_out = match nearest(text, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("write {}", names.join(", ")),
    };
    Err(Wrong { field, reason: format!("\"{text}\" is not known here: {way_out}") })
}

fn day(field: &'static str, text: Option<&String>) -> Result<Option<Day>, Wrong> {
    let wrong = |text| Wrong { field, reason: format!("\"{text}\" is no day: write it as 2026-01-31") };
    text.map(|text| Day::parse(text).ok_or_else(|| wrong(text))).transpose()
}

impl Asked {
    fn days(&self) -> Result<Days, Wrong> {
        let (from, until) = (day("from", self.from.as_ref())?, day("until", self.until.as_ref())?);
        let days = Days { from: from.unwrap_or(Days::EVER.from), until: until.unwrap_or(Days::EVER.until) };
        if days.until < days.from {
            return Err(Wrong { field: "until", reason: "the last day lies before the first".to_owned() });
        }
        Ok(days)
    }

    fn question(&self, engine: &Engine) -> Result<Question, Wrong> {
        let by = one_of("by", self.by.as_ref(), &By::ALL.map(|by| (by.name(), by)))?;
        let directions = Direction::ALL.map(|one| (one.name(), one));
        let phases = Phase::ALL.map(|one| (one.name(), one));
        if let Some(segment) = self.segment.as_ref().filter(|name| engine.segment(name).is_none()) {
            let reason = format!("the programme has no segment \"{segment}\"");
            return Err(Wrong { field: "segment", reason });
        }
        Ok(Question {
            days: self.days()?,
            by: by.unwrap_or_default(),
            campaign: self.campaign.clone(),
            channel: self.channel.clone(),
            direction: one_of("direction", self.direction.as_ref(), &directions)?,
            phase: one_of("phase", self.phase.as_ref(), &phases)?,
            segment: self.segment.clone(),
        })
    }
}

/// One key figure of one group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiView {
    name: &'static str,
    title: &'static str,
    formula: String,
    unit: &'static str,
    /// In units of the currency, where it is money; null is undefined, and not zero.
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Why it is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    undefined: Option<&'static str>,
    /// A number; of money a text with every decimal, or by currency where there are several.
    #[schema(value_type = Object)]
    numerator: Value,
    #[schema(value_type = Option<Object>)]
    denominator: Option<Value>,
    /// How many it is about.
    n: u64,
    /// At 95 %; an upper end that there is not is null.
    interval: Option<(f64, Option<f64>)>,
    /// What the figure is to come to, where the programme says so; of everybody's, divided by nothing but time.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<TargetView>,
}

/// A figure beside its target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TargetView {
    /// As the programme has it; money is in the currency.
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// `at_least`, or of money that goes out `at_most`.
    bound: &'static str,
    /// `week`, `month` or `quarter`: in how long a time; absent where the figure is the same for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    per: Option<&'static str>,
    /// The days that were asked for go on.
    so_far: bool,
    /// What all of the days are to come to; null where that is undefined.
    whole: Option<f64>,
    /// What they are to have come to by now.
    due: Option<f64>,
    /// The figure over what is due, less one: −0.12 is 12 % under.
    distance: Option<f64>,
    /// `met`, `on_course` (within 5 % of what is due, or better, and the days go on) or `behind`; null where that is undefined.
    course: Option<&'static str>,
    /// Why it is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    undefined: Option<&'static str>,
}

impl TargetView {
    fn of(against: &Against) -> Self {
        let Against { target, bound, so_far, whole, due, distance, course, undefined } = against;
        Self {
            value: target.value(),
            currency: target.currency.clone(),
            bound: bound.name(),
            per: target.per.map(TargetPeriod::name),
            so_far: *so_far,
            whole: *whole,
            due: *due,
            distance: *distance,
            course: course.map(Course::name),
            undefined: *undefined,
        }
    }
}

/// Key figures of a group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiRow {
    /// Empty where figures are divided by nothing.
    pub group: String,
    pub kpis: Vec<KpiView>,
}

/// Key figures.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiReport {
    /// Up to which instant, and which place, the log was read.
    pub as_of: String,
    pub seq: u64,
    pub by: &'static str,
    pub rows: Vec<KpiRow>,
}

fn amount(amount: &Amount) -> Value {
    match amount {
        Amount::Count(count) => json!(count),
        Amount::Money(millionths) => json!(decimal(*millionths)),
        Amount::Several(sums) => {
            sums.iter().map(|(currency, sum)| (currency.clone(), json!(decimal(*sum)))).collect()
        }
    }
}

impl KpiView {
    fn of(kpi: &Kpi) -> Self {
        let Definition { title, unit, .. } =
            definition(kpi.name).expect("invariant: figures come from the table");
        Self {
            name: kpi.name,
            title,
            formula: definition(kpi.name).map(Definition::formula).unwrap_or_default(),
            unit: unit.name(),
            value: kpi.value,
            currency: kpi.currency.clone(),
            undefined: kpi.undefined,
            numerator: amount(&kpi.numerator),
            denominator: kpi.denominator.as_ref().map(amount),
            n: kpi.n,
            interval: kpi.interval,
            target: kpi.against.as_ref().map(TargetView::of),
        }
    }
}

/// Every record up to the engine's place; those that cannot be read any more are passed over.
fn each(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    mut take: impl FnMut(Seq, At, &Record<'_>),
) -> Result<(), Error> {
    for batch in read(Seq(1))? {
        let batch = batch?;
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records {
            if seq > engine.seq() {
                return Ok(());
            }
            if let Ok(record) = Record::decode(bytes) {
                take(seq, batch.at, &record);
            }
        }
    }
    Ok(())
}

/// Why there is no answer.
pub enum Unanswered {
    Wrong(Wrong),
    Log(Error),
}

impl From<Wrong> for Unanswered {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self::Log(error)
    }
}

pub(crate) fn gathered<'e>(engine: &'e Engine, read: ReadLog<'_, '_>) -> Result<Gathered<'e>, Error> {
    let mut gathered = Gathered::new(engine);
    each(engine, read, |seq, at, record| gathered.observe(seq, at, record))?;
    gathered.finish();
    Ok(gathered)
}

/// Key figures, from the whole log.
pub fn kpis(engine: &Engine, read: ReadLog<'_, '_>, asked: &Asked) -> Result<KpiReport, Unanswered> {
    asked.question(engine)?;
    Ok(kpis_of(&gathered(engine, read)?, asked)?)
}

/// Key figures, from what was gathered.
pub(crate) fn kpis_of(gathered: &Gathered<'_>, asked: &Asked) -> Result<KpiReport, Wrong> {
    let question = asked.question(gathered.engine())?;
    let report = Report::of(gathered, &question);
    let row = |row: &measure::kpi::report::Row| KpiRow {
        group: row.group.clone(),
        kpis: row.kpis.iter().map(KpiView::of).collect(),
    };
    Ok(KpiReport {
        as_of: report.as_of.to_string(),
        seq: report.seq.0,
        by: question.by.name(),
        rows: report.rows.iter().map(row).collect(),
    })
}

/// A step of a funnel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FunnelStep)]
pub struct StepView {
    pub step: String,
    /// How many people came so far.
    pub people: u64,
    /// Of those who took the first step; null where nobody did.
    pub of_first: Option<f64>,
    pub of_previous: Option<f64>,
    /// Of the share of the previous step, at 95 %.
    pub interval: Option<(f64, f64)>,
}

/// How far people came.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FunnelReport {
    pub as_of: String,
    pub seq: u64,
    pub within: String,
    pub steps: Vec<StepView>,
}

/// Most steps of a funnel.
const STEPS_MAX: usize = 20;

/// How far people came through steps, each an event's name, with commas between them.
pub fn funnel(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    (steps, within): (&str, &str),
    asked: &Asked,
) -> Result<FunnelReport, Unanswered> {
    let steps: Vec<String> =
        steps.split(',').map(|step| step.trim().to_owned()).filter(|step| !step.is_empty()).collect();
    if steps.len() < 2 || steps.len() > STEPS_MAX {
        let reason = format!(
            "name from 2 to {STEPS_MAX} events with commas between them: Page Viewed,Order Completed"
        );
        return Err(Wrong { field: "steps", reason }.into());
    }
    let wrong =
        || Wrong { field: "within", reason: format!("\"{within}\" is no length of time: write 7 days") };
    let within = Span::parse(within).ok_or_else(wrong)?;
    let question = asked.question(engine)?;
    let timezone = engine.programme().timezone();
    let is_ever = question.days == Days::EVER;
    let during = match is_ever {
        true => (At::MIN, At::MAX),
        false => (question.days.from.begin(&timezone), question.days.until.plus(1).begin(&timezone)),
    };
    let during = if question.days.from == Days::EVER.from { (At::MIN, during.1) } else { during };
    let mut funnel = Funnel::new(engine, steps.clone(), within, during);
    each(engine, read, |_, _, record| funnel.observe(record))?;
    let segment = question.segment.as_deref();
    let counts = funnel.counts(|id| segment.is_none_or(|segment| engine.memberships(id).contains(&segment)));
    let share = |people: u64, of: u64| (of > 0).then(|| people as f64 / of as f64);
    let told = steps.into_iter().enumerate().map(|(place, step)| {
        let (people, previous) = (counts[place], counts[place.saturating_sub(1)]);
        StepView {
            step,
            people,
            of_first: share(people, counts[0]),
            of_previous: share(people, previous),
            interval: (place > 0).then(|| measure::kpi::interval::wilson(people, previous)).flatten(),
        }
    });
    let steps = told.collect();
    Ok(FunnelReport {
        as_of: engine.at().to_string(),
        seq: engine.seq().0,
        within: within.to_string(),
        steps,
    })
}

/// People by their first order, and how many ordered again in each period after.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CohortView {
    /// The channel by which they came to their first order; empty where cohorts are not told apart by it.
    pub channel: String,
    pub begin: String,
    pub people: u64,
    pub ordered: Vec<u64>,
}

/// Cohorts, oldest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RetentionReport {
    pub as_of: String,
    pub seq: u64,
    pub each: &'static str,
    pub cohorts: Vec<CohortView>,
}

/// Who ordered again, by the week or month of the first order, from the whole log.
pub fn retention(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    each: Option<&String>,
    asked: &Asked,
) -> Result<RetentionReport, Unanswered> {
    Asked { by: None, ..asked.clone() }.question(engine)?;
    Ok(retention_of(&gathered(engine, read)?, each, asked)?)
}

/// Who ordered again, from what was gathered.
pub(crate) fn retention_of(
    gathered: &Gathered<'_>,
    each: Option<&String>,
    asked: &Asked,
) -> Result<RetentionReport, Wrong> {
    let engine = gathered.engine();
    let periods = [("month", ("month", Period::Month)), ("week", ("week", Period::Week))];
    let (name, period) = one_of("each", each, &periods)?.unwrap_or(("month", Period::Month));
    let by = one_of("by", asked.by.as_ref(), &[("nothing", false), ("channel", true)])?.unwrap_or(false);
    let question = Asked { by: None, ..asked.clone() }.question(engine)?;
    let members = question.segment.as_deref().map(|segment| {
        gathered.people.keys().copied().filter(|id| engine.memberships(*id).contains(&segment)).collect()
    });
    let view = |one: Cohort| CohortView {
        channel: one.channel,
        begin: one.begin,
        people: one.people,
        ordered: one.ordered,
    };
    let cohorts = cohorts(gathered, period, by, &members).into_iter().map(view).collect();
    Ok(RetentionReport { as_of: engine.at().to_string(), seq: engine.seq().0, each: name, cohorts })
}

/// What something outside of the net brought.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UpliftView {
    pub key: String,
    pub medium: &'static str,
    pub place: String,
    pub from: String,
    pub observed: Option<u64>,
    pub expected: Option<f64>,
    pub uplift: Option<f64>,
    /// At 95 %.
    pub interval: Option<(f64, f64)>,
    /// Earlier weeks that say what is usual.
    pub weeks: Option<usize>,
    /// Why nothing can be said.
    pub undefined: Option<String>,
}

/// What flights brought: directional, and no proof.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UpliftReport {
    pub as_of: String,
    pub seq: u64,
    pub event: String,
    pub flights: Vec<UpliftView>,
}

/// Most flights of one answer: the newest.
const FLIGHTS_TOLD_MAX: usize = 1_000;

/// How much more of an event there was just after each flight than is usual; visits where no event is named.
pub fn uplifts(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    (event, key): (Option<&String>, Option<&String>),
) -> Result<UpliftReport, Unanswered> {
    let name = event.map_or("Page Viewed", String::as_str);
    let mut times = Vec::new();
    let counts = |event: &Event<'_>| event.name == name && !event.flags.has(EventFlags::BOT);
    let mut first = engine.at();
    each(engine, read, |_, _, record| {
        if let Record::Event(event) = record {
            first = first.min(event.occurred_at);
            counts(event).then(|| times.push(event.occurred_at));
        }
    })?;
    times.sort();
    let timezone = engine.programme().timezone();
    let mut flights: Vec<&Flight> = engine.flights().collect();
    flights.sort_by(|one, two| (two.from, &two.key).cmp(&(one.from, &one.key)));
    let asked: Vec<&&Flight> =
        flights.iter().filter(|one| key.is_none_or(|key| one.key == *key)).take(FLIGHTS_TOLD_MAX).collect();
    if let (Some(key), true) = (key, asked.is_empty()) {
        return Err(Wrong { field: "flight", reason: format!("there is no flight \"{key}\"") }.into());
    }
    let view = |flight: &&&Flight| {
        let watch = Watch::usual(flight.medium);
        let near: Vec<&Flight> =
            flights.iter().copied().filter(|other| other.medium == flight.medium).collect();
        let found = uplift(&times, (first, engine.at()), flight, &near, watch, &timezone);
        let known = found.as_ref().ok();
        UpliftView {
            key: flight.key.clone(),
            medium: flight.medium.name(),
            place: flight.place.clone(),
            from: flight.from.to_string(),
            observed: known.map(|found| found.observed),
            expected: known.map(|found| found.expected),
            uplift: known.map(|found| found.uplift),
            interval: known.map(|found| found.interval),
            weeks: known.map(|found| found.weeks),
            undefined: found.as_ref().err().map(ToString::to_string),
        }
    };
    let flights = asked.iter().map(view).collect();
    Ok(UpliftReport { as_of: engine.at().to_string(), seq: engine.seq().0, event: name.to_owned(), flights })
}
