//! The SQL behind every figure, over the tables of the lake: of everybody, in some days.
//!
//! A [`Quantity`] is a SELECT of an `amount`, and of money one for each `currency`; a [`Definition`] puts two of them together. Its
//! parameters `$from` and `$until` are the first and the last day, and `$before_from` and `$before_until` those of the time of the
//! same length before; [`Definition::sql_of`] has them filled in, so that the text can be asked as it stands. It is that of
//! DataFusion and of DuckDB alike.

use super::question::Days;
use super::table::{Definition, Quantity};
use engine::day::Day;

/// Days that SQL can write: from 0001-01-01 to 9999-12-31.
const FIRST: Day = Day(-719_162);
const LAST: Day = Day(2_932_896);

impl Quantity {
    /// Its SELECT.
    pub fn sql(self) -> String {
        match self {
            Self::MediaSpend => spent("kind = 'media' AND "),
            Self::Spend => spent(""),
            Self::SeenSpend => spent("kind = 'media' AND impressions IS NOT NULL AND "),
            Self::ClickedSpend => spent("kind = 'media' AND clicks IS NOT NULL AND "),
            Self::Impressions => counted("impressions", ""),
            Self::CountedImpressions => counted("impressions", "clicks IS NOT NULL AND "),
            Self::Clicks => counted("clicks", ""),
            Self::SeenClicks => counted("clicks", "impressions IS NOT NULL AND "),
            Self::Delivered => delivered("count(*)", ""),
            Self::Reached => delivered("count(DISTINCT people.person)", ""),
            Self::Responded => delivered("count(DISTINCT people.person)", "\n  AND clicked_at IS NOT NULL"),
            Self::Visits => visits("count(*)", ""),
            Self::OrganicVisits => visits("count(*)", "direction = 'inbound' AND NOT is_paid AND "),
            Self::Visitors => visits("count(DISTINCT profile)", ""),
            Self::Converted => CONVERTED.to_owned(),
            Self::Leads => LEADS.to_owned(),
            Self::LeadsWon => LEADS_WON.to_owned(),
            Self::LeadRevenue => LEAD_REVENUE.to_owned(),
            Self::Orders => ordered("count(*)", "$from AND $until"),
            Self::Revenue => REVENUE.to_owned(),
            Self::Customers => ordered("count(DISTINCT profile)", "$from AND $until"),
            Self::NewCustomers => customers("", ""),
            Self::Repeaters => customers(", count(*) AS times", " AND times > 1"),
            Self::CustomersBefore => ordered("count(DISTINCT profile)", "$before_from AND $before_until"),
            Self::Retained => RETAINED.to_owned(),
        }
    }
}

fn spent(which: &str) -> String {
    format!(
        "SELECT worth_currency AS currency, sum(worth) AS amount
FROM spend
WHERE {which}day BETWEEN $from AND $until
GROUP BY worth_currency"
    )
}

fn counted(what: &str, which: &str) -> String {
    format!(
        "SELECT CAST(coalesce(sum({what}), 0) AS BIGINT) AS amount
FROM spend
WHERE {which}day BETWEEN $from AND $until"
    )
}

/// Of what a provider took and did not give back; whoever was erased is nobody who could be reached.
fn delivered(what: &str, more: &str) -> String {
    format!(
        "SELECT {what} AS amount
FROM sends JOIN people ON people.profile = sends.profile
WHERE status IN ('accepted', 'complained', 'dismissed') AND settled_day BETWEEN $from AND $until{more}"
    )
}

fn visits(what: &str, which: &str) -> String {
    format!(
        "SELECT {what} AS amount
FROM visits
WHERE {which}day BETWEEN $from AND $until"
    )
}

fn ordered(what: &str, days: &str) -> String {
    format!(
        "SELECT {what} AS amount
FROM orders
WHERE NOT is_returned AND day BETWEEN {days}"
    )
}

/// By the day of their first order.
fn customers(more: &str, which: &str) -> String {
    format!(
        "SELECT count(*) AS amount
FROM (
  SELECT profile, min(day) AS began_on{more}
  FROM orders
  WHERE NOT is_returned AND profile IS NOT NULL
  GROUP BY profile
) AS customers
WHERE began_on BETWEEN $from AND $until{which}"
    )
}

/// Thirty days are so many hours, whatever the clocks do.
const CONVERTED: &str = "SELECT count(DISTINCT came.profile) AS amount
FROM (
  SELECT profile, min(occurred_at) AS came_at
  FROM visits
  WHERE day BETWEEN $from AND $until
  GROUP BY profile
) AS came JOIN orders ON orders.profile = came.profile
WHERE NOT orders.is_returned
  AND orders.occurred_at >= came.came_at AND orders.occurred_at < came.came_at + INTERVAL '720 hours'";

const LEADS: &str = "SELECT count(*) AS amount
FROM people
WHERE stands AND known_day BETWEEN $from AND $until";

const LEADS_WON: &str = "SELECT count(DISTINCT people.profile) AS amount
FROM people JOIN orders ON orders.profile = people.profile
WHERE people.stands AND people.known_day BETWEEN $from AND $until
  AND NOT orders.is_returned AND orders.occurred_at >= people.known_at";

const LEAD_REVENUE: &str = "SELECT orders.worth_currency AS currency, sum(orders.worth) AS amount
FROM people JOIN orders ON orders.profile = people.profile
WHERE people.stands AND people.known_day BETWEEN $from AND $until
  AND NOT orders.is_returned AND orders.amount IS NOT NULL AND orders.occurred_at >= people.known_at
GROUP BY orders.worth_currency";

const REVENUE: &str = "SELECT worth_currency AS currency, sum(worth) AS amount
FROM orders
WHERE NOT is_returned AND orders.amount IS NOT NULL AND day BETWEEN $from AND $until
GROUP BY worth_currency";

const RETAINED: &str = "SELECT count(*) AS amount
FROM (
  SELECT profile FROM orders
  WHERE NOT is_returned AND profile IS NOT NULL AND day BETWEEN $before_from AND $before_until
  INTERSECT
  SELECT profile FROM orders
  WHERE NOT is_returned AND profile IS NOT NULL AND day BETWEEN $from AND $until
) AS customers";

impl Definition {
    /// Its SQL, with the days as parameters. A row has `numerator`, `denominator` where there is one, `value`, and of money
    /// `currency`: a row for each, in their order, and no value where there are several. There is none where money of none is divided by money
    /// of none. A value is null where the figure is undefined.
    pub fn sql(&self) -> String {
        let mut parts = vec![part("above", self.numerator)];
        parts.extend(self.denominator.map(|quantity| part("below", quantity)));
        let (title, formula, parts) = (self.title, self.formula(), parts.join(", "));
        let scale = if self.scale == 1 { String::new() } else { format!(" * {}", self.scale) };
        let is_money = self.numerator.is_money();
        let answer = match (is_money, self.denominator.map(Quantity::is_money)) {
            (false, None) => {
                "SELECT amount AS numerator, CAST(amount AS DOUBLE) AS value\nFROM above".to_owned()
            }
            (false, Some(_)) => format!(
                "SELECT above.amount AS numerator, below.amount AS denominator,
  CAST(above.amount AS DOUBLE) / nullif(below.amount, 0){scale} AS value
FROM above CROSS JOIN below"
            ),
            (true, None) => "SELECT currency, coalesce(amount, 0) AS numerator,
  CASE WHEN count(*) OVER () = 1 THEN CAST(coalesce(amount, 0) AS DOUBLE) END AS value
FROM (SELECT 1 AS one) AS always LEFT JOIN above ON true
ORDER BY 1"
                .to_owned(),
            (true, Some(false)) => format!(
                "SELECT above.currency, coalesce(above.amount, 0) AS numerator, below.amount AS denominator,
  CASE WHEN count(*) OVER () = 1
    THEN CAST(coalesce(above.amount, 0) AS DOUBLE) / nullif(below.amount, 0){scale} END AS value
FROM below LEFT JOIN above ON true
ORDER BY 1"
            ),
            (true, Some(true)) => format!(
                "SELECT coalesce(above.currency, below.currency) AS currency,
  coalesce(above.amount, 0) AS numerator, coalesce(below.amount, 0) AS denominator,
  CASE WHEN count(*) OVER () = 1
    THEN CAST(coalesce(above.amount, 0) AS DOUBLE) / nullif(CAST(below.amount AS DOUBLE), 0){scale} END AS value
FROM above FULL JOIN below ON above.currency = below.currency
ORDER BY 1"
            ),
        };
        // A text that began with `--` would be a flag to a command.
        format!("/* {title}: {formula} */\nWITH {parts}\n{answer}")
    }

    /// Its SQL of some days, to be asked as it stands.
    pub fn sql_of(&self, days: Days) -> String {
        let [before_from, before_until] = match days.before() {
            Some(before) => [before.from, before.until].map(date),
            // Days without an end have none before them.
            None => ["CAST(NULL AS DATE)", "CAST(NULL AS DATE)"].map(str::to_owned),
        };
        self.sql()
            .replace("$before_from", &before_from)
            .replace("$before_until", &before_until)
            .replace("$from", &date(days.from))
            .replace("$until", &date(days.until))
    }
}

/// A day as SQL writes it.
fn date(day: Day) -> String {
    format!("DATE '{}'", day.clamp(FIRST, LAST))
}

fn part(name: &str, quantity: Quantity) -> String {
    let lines: Vec<String> = quantity.sql().lines().map(|line| format!("  {line}")).collect();
    format!("{name} AS ( -- {}\n{}\n)", quantity.name(), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use crate::kpi::question::Days;
    use crate::kpi::table::{DEFINITIONS, definition};
    use engine::day::Day;

    #[test]
    fn every_parameter_is_filled_in() {
        let day = |text| Day::parse(text).unwrap();
        let days = Days { from: day("2026-01-05"), until: day("2026-01-11") };
        for one in DEFINITIONS {
            assert!(one.sql().contains("$from") && one.sql().contains("$until"), "{}", one.sql());
            for days in [days, Days::EVER] {
                assert!(!one.sql_of(days).contains('$'), "{}", one.sql_of(days));
            }
        }
        let sql = |name: &str, days| definition(name).unwrap().sql_of(days);
        assert!(sql("orders", days).contains("day BETWEEN DATE '2026-01-05' AND DATE '2026-01-11'"));
        assert!(sql("retention", days).contains("day BETWEEN DATE '2025-12-29' AND DATE '2026-01-04'"));
        assert!(sql("orders", Days::EVER).contains("day BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"));
        assert!(sql("retention", Days::EVER).contains("CAST(NULL AS DATE)"), "no time lies before all time");
        let whole = Days { from: day("0001-01-01"), until: day("9999-12-31") };
        assert!(sql("retention", whole).contains("DATE '0001-01-01' AND DATE '0001-01-01'"));
    }
}
