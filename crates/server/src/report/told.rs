//! A report as titles and tables, before it is written down: which days, which figures, and what stands in each cell.

use super::words::Language;
use crate::figures;
use crate::forecast;
use crate::ltv::log::ReadLog;
use anyhow::Context as _;
use engine::at::At;
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::{Report as Asked, ReportSection, decimal};
use measure::kpi::people::Gathered;
use measure::kpi::question::{By, Days, Question};
use measure::kpi::report::{Report, Row};
use measure::kpi::table::{Definition, Unit, definition};
use measure::kpi::tally::{Amount, Kpi};
use measure::kpi::target::{Against, Bound, Course};
use serde_json::Value;

/// The key figures of a report, in their order.
pub(super) const FIGURES: [&str; 14] = [
    "visits",
    "leads",
    "cpl",
    "lead_conversion",
    "orders",
    "revenue",
    "order_value",
    "new_customers",
    "repeat_purchase",
    "response_rate",
    "spend",
    "cpa",
    "cac",
    "roas",
];
/// Those of a channel or a campaign.
const OF_GROUPS: [&str; 7] = ["spend", "revenue", "leads", "orders", "cpl", "cpa", "roas"];
/// Those of a day.
const OF_DAYS: [&str; 4] = ["visits", "leads", "orders", "revenue"];
/// Days ahead that are shown: two weeks are still a table.
const AHEAD_MAX: u32 = 14;

pub(super) struct Told {
    pub(super) language: Language,
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
    pub(super) foot: String,
}

pub(super) struct Part {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What a reader should know of it, or why there is no row.
    pub(super) note: String,
}

/// A text, something smaller below it, and perhaps the length of a bar, between nothing and one.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) small: String,
    pub(super) bar: Option<f64>,
}

impl Cell {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

pub(super) fn tell(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    (name, asked): (&str, &Asked),
    at: At,
) -> anyhow::Result<Told> {
    let language = Language::of(&asked.language);
    let programme = engine.programme();
    let length = i32::try_from(asked.days).unwrap_or(7);
    let today = Day::of(at, &programme.timezone());
    let days = Days { from: today.plus(-length), until: today.plus(-1) };
    let gathered = figures::gathered(engine, read).context("the log cannot be read")?;
    let telling = Telling { engine, read, gathered: &gathered, language, days, at };
    let parts = asked.sections.iter().map(|section| telling.part(*section)).collect::<Result<_, _>>()?;
    let period = language.fill("from {} to {}", &[&language.date(days.from), &language.date(days.until)]);
    let title = format!("{} {name}: {period}", programme.name);
    let (as_of, seq) = (engine.at().to_string(), engine.seq().0.to_string());
    let foot = language.fill(
        "As of {}, record {}. This report goes to people of the company whom the programme names.",
        &[&as_of, &seq],
    );
    Ok(Told { language, title, parts, foot })
}

struct Telling<'a, 'r, 'l> {
    engine: &'a Engine,
    read: ReadLog<'r, 'l>,
    gathered: &'a Gathered<'a>,
    language: Language,
    days: Days,
    at: At,
}

impl Telling<'_, '_, '_> {
    fn part(&self, section: ReportSection) -> anyhow::Result<Part> {
        let part = match section {
            ReportSection::Figures => self.figures(),
            ReportSection::Days => self.by_day(),
            ReportSection::Channels => self.groups(By::Channel, "Channel"),
            ReportSection::Campaigns => self.groups(By::Campaign, "Campaign"),
            ReportSection::Forecast => self.forecast()?,
        };
        Ok(Part { title: self.language.section(section).to_owned(), ..part })
    }

    fn report(&self, days: Days, by: By) -> Report {
        Report::of(self.gathered, &Question { days, by, ..Question::default() })
    }

    fn figures(&self) -> Part {
        let language = self.language;
        let before = self.days.before().expect("invariant: the days of a report have a beginning");
        let (now, before) = (self.report(self.days, By::Nothing), self.report(before, By::Nothing));
        let has_targets = FIGURES.iter().any(|name| kpi(&now.rows[0], name).against.is_some());
        let row = |name: &&str| {
            let (kpi, past) = (kpi(&now.rows[0], name), kpi(&before.rows[0], name));
            let value = Cell { text: self.value(kpi), small: self.behind(kpi), bar: None };
            let mut cells =
                vec![Cell::of(language.say(defined(name).title)), value, Cell::of(self.value(past))];
            if has_targets {
                cells.push(kpi.against.as_ref().map(|against| self.target(kpi, against)).unwrap_or_default());
            }
            cells
        };
        let columns = ["Figure", "These days", "Before"].into_iter().chain(has_targets.then_some("Target"));
        Part {
            title: String::new(),
            columns: columns.map(|word| language.say(word).to_owned()).collect(),
            rows: FIGURES.iter().map(row).collect(),
            note: language
                .say("Intervals are at 95 %. What is divided by nothing is undefined, and not zero. Before: as many days earlier.")
                .to_owned(),
        }
    }

    fn by_day(&self) -> Part {
        let language = self.language;
        let report = self.report(self.days, By::Day);
        let empty = self.report(Days { from: Day(i32::MIN), until: Day(i32::MIN) }, By::Nothing);
        let days: Vec<Day> = (self.days.from.0..=self.days.until.0).map(Day).collect();
        // A day on which nothing happened has no row there, and has one here.
        let of_day = |day: &Day| {
            let name = day.to_string();
            report.rows.iter().find(|row| row.group == name).unwrap_or(&empty.rows[0])
        };
        let most =
            |name: &str| days.iter().filter_map(|day| kpi(of_day(day), name).value).fold(0.0_f64, f64::max);
        let most: Vec<f64> = OF_DAYS.iter().map(|name| most(name)).collect();
        let row = |day: &Day| {
            let cells = OF_DAYS.iter().zip(&most).map(|(name, most)| {
                let kpi = kpi(of_day(day), name);
                let bar = kpi.value.filter(|_| *most > 0.0).map(|value| value / most);
                Cell { text: self.value(kpi), small: String::new(), bar }
            });
            std::iter::once(Cell::of(language.day(*day))).chain(cells).collect()
        };
        let titles = OF_DAYS.iter().map(|name| language.say(defined(name).title).to_owned());
        Part {
            title: String::new(),
            columns: std::iter::once(language.say("Day").to_owned()).chain(titles).collect(),
            rows: days.iter().map(row).collect(),
            note: String::new(),
        }
    }

    fn groups(&self, by: By, head: &str) -> Part {
        let language = self.language;
        let mut rows = self.report(self.days, by).rows;
        let value = |row: &Row, name: &str| kpi(row, name).value.unwrap_or(0.0);
        let counts = ["spend", "revenue", "leads", "orders"];
        rows.retain(|row| counts.iter().any(|name| value(row, name) != 0.0));
        rows.sort_by(|one, other| {
            let by = |row: &Row| (value(row, "revenue"), value(row, "spend"));
            by(other)
                .partial_cmp(&by(one))
                .expect("invariant: sums compare")
                .then(one.group.cmp(&other.group))
        });
        let most = |name: &str| rows.iter().map(|row| value(row, name)).fold(0.0_f64, f64::max);
        // What was spent and what came of it have one scale.
        let most = most("spend").max(most("revenue"));
        let cell = |row: &Row, name: &str| {
            let is_barred = matches!(name, "spend" | "revenue") && most > 0.0;
            let bar = is_barred.then(|| value(row, name) / most);
            Cell { text: self.value(kpi(row, name)), small: String::new(), bar }
        };
        let told = |row: &Row| {
            let name =
                if row.group == measure::kpi::question::NONE { language.say("none") } else { &row.group };
            std::iter::once(Cell::of(name)).chain(OF_GROUPS.iter().map(|name| cell(row, name))).collect()
        };
        let note = match rows.is_empty() {
            true => "Nothing happened.",
            false => {
                "By what brought people last within thirty days: one way of sharing credit among several."
            }
        };
        let titles = OF_GROUPS.iter().map(|name| language.say(defined(name).title).to_owned());
        Part {
            title: String::new(),
            columns: std::iter::once(language.say(head).to_owned()).chain(titles).collect(),
            rows: rows.iter().map(told).collect(),
            note: language.say(note).to_owned(),
        }
    }

    /// Day by day, as many ahead as the report has, two weeks at most.
    fn forecast(&self) -> anyhow::Result<Part> {
        let language = self.language;
        let ahead = u32::try_from(self.days.until.0 - self.days.from.0 + 1).unwrap_or(7).min(AHEAD_MAX);
        let mut rows: Vec<Vec<Cell>> = (0..ahead as i32)
            .map(|day| vec![Cell::of(language.day(self.days.until.plus(1 + day)))])
            .collect();
        let mut columns = vec![language.say("Day").to_owned()];
        for (what, title) in [("leads", "Leads"), ("orders", "Orders"), ("revenue", "Revenue")] {
            let asked = forecast::Asked {
                what: Some(what.to_owned()),
                horizon: Some(ahead as usize),
                ..forecast::Asked::default()
            };
            let question = asked.question().map_err(|(_, message)| anyhow::anyhow!(message))?;
            // Too little to learn from is told, and no reason to send nothing.
            let Ok(outlook) = question.of_log(self.engine, self.read, self.at) else { continue };
            let outlook = serde_json::to_value(outlook)?;
            let currency = outlook["currency"].as_str().unwrap_or_default();
            let number = |value: f64| match what {
                "revenue" => language.money(value, currency),
                _ => language.number(value, 1),
            };
            let steps: Vec<&Value> = outlook["forecast"].as_array().into_iter().flatten().collect();
            let field = |step: &Value, name: &str| step[name].as_f64().unwrap_or_default();
            let most = steps.iter().map(|step| field(step, "value")).fold(0.0_f64, f64::max);
            columns.push(language.say(title).to_owned());
            for (row, step) in rows.iter_mut().zip(steps) {
                let (low, high) = (number(field(step, "low")), number(field(step, "high")));
                row.push(Cell {
                    text: number(field(step, "value")),
                    small: language.fill("between {} and {}", &[&low, &high]),
                    bar: (most > 0.0).then(|| (field(step, "value") / most).max(0.0)),
                });
            }
        }
        let is_known = columns.len() > 1;
        let note = if is_known { "Each day with an interval at 90 %." } else { "Too little is known yet." };
        rows.retain(|_| is_known);
        let columns = if is_known { columns } else { Vec::new() };
        Ok(Part { title: String::new(), columns, rows, note: language.say(note).to_owned() })
    }

    fn value(&self, kpi: &Kpi) -> String {
        match kpi.value {
            Some(value) => self.number(kpi, value),
            None => "–".to_owned(),
        }
    }

    fn number(&self, kpi: &Kpi, value: f64) -> String {
        let currency = kpi.currency.as_deref().unwrap_or_default();
        match defined(kpi.name).unit {
            Unit::Money => self.language.money(value, currency),
            Unit::Share => self.language.share(value),
            Unit::Ratio => self.language.number(value, 2),
            Unit::Count => self.language.number(value, 0),
        }
    }

    /// What a figure is to come to in these days, and how far it is from that.
    fn target(&self, kpi: &Kpi, against: &Against) -> Cell {
        let language = self.language;
        let bound = match against.bound {
            Bound::AtLeast => "at least {}",
            Bound::AtMost => "at most {}",
        };
        let value = |whole: f64| {
            let currency = against.target.currency.clone();
            language.fill(bound, &[&self.number(&Kpi { currency, ..kpi.clone() }, whole)])
        };
        let course = match against.course {
            None => "undefined",
            Some(Course::Met) => "met",
            Some(Course::OnCourse) => "on course",
            Some(Course::Behind) => "behind",
        };
        let distance = against.distance.map(|distance| {
            let far = language.number(distance.abs() * 100.0, 0);
            language.fill(if distance < 0.0 { "{} % under" } else { "{} % over" }, &[&far])
        });
        let small: Vec<String> = distance.into_iter().chain([language.say(course).to_owned()]).collect();
        Cell { text: against.whole.map(value).unwrap_or_default(), small: small.join(", "), bar: None }
    }

    /// What a figure is made of, and how sure it is.
    fn behind(&self, kpi: &Kpi) -> String {
        let language = self.language;
        let Definition { numerator, denominator, .. } = defined(kpi.name);
        let mut parts = Vec::new();
        if let (Some(denominator), Some(of)) = (denominator, &kpi.denominator) {
            let named =
                |amount: &Amount, name: &str| format!("{} {}", self.amount(amount), language.say(name));
            parts.push(format!(
                "{} / {}",
                named(&kpi.numerator, numerator.name()),
                named(of, denominator.name())
            ));
        }
        match kpi.interval {
            _ if kpi.value.is_none() => parts.push(language.say("undefined").to_owned()),
            Some((low, Some(high))) => {
                let (low, high) = (self.number(kpi, low), self.number(kpi, high));
                parts.push(language.fill("between {} and {}", &[&low, &high]));
            }
            Some((low, None)) => parts.push(language.fill("at least {}", &[&self.number(kpi, low)])),
            None => {}
        }
        parts.join("; ")
    }

    fn amount(&self, amount: &Amount) -> String {
        let money = |millionths: i128| self.language.number(millionths as f64 / 1e6, 2);
        match amount {
            Amount::Count(count) => self.language.count(*count),
            Amount::Money(millionths) => money(*millionths),
            Amount::Several(sums) => {
                let each = sums.iter().map(|(currency, sum)| format!("{} {currency}", decimal(*sum)));
                each.collect::<Vec<_>>().join(" + ")
            }
        }
    }
}

fn defined(name: &str) -> &'static Definition {
    definition(name).expect("invariant: a report shows what the table has")
}

fn kpi<'r>(row: &'r Row, name: &str) -> &'r Kpi {
    row.kpis.iter().find(|kpi| kpi.name == name).expect("invariant: every row has every figure")
}
