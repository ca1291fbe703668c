//! Every key figure once: its name, what is divided by what, in which unit, how sure it is and where it comes from. Whatever
//! shows a figure, a command, the API, a screen, reads it from here, and `docs/reference/kpis.md` is made of it.

/// What is counted or added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// What was spent on places: ads, spots, stamps.
    MediaSpend,
    /// All that was spent, content and hours of people among it.
    Spend,
    /// What was spent on places for which somebody counted how often it was seen.
    SeenSpend,
    /// What was spent on places for which somebody counted clicks.
    ClickedSpend,
    /// How often it was seen, the same people counted each time.
    Impressions,
    /// Impressions of places for which somebody counted clicks too.
    CountedImpressions,
    Clicks,
    /// Clicks on what was seen so often.
    SeenClicks,
    /// Messages that a provider took, and that did not come back.
    Delivered,
    /// People to whom a message was delivered.
    Reached,
    /// Those of them who clicked in one.
    Responded,
    Visits,
    OrganicVisits,
    /// People who came by a visit of the period.
    Visitors,
    /// Those of them who ordered within thirty days of it.
    Converted,
    /// People who became known by an email, a phone number or a user id.
    Leads,
    /// Those of them who have ordered since.
    LeadsWon,
    /// What they have ordered since.
    LeadRevenue,
    Orders,
    Revenue,
    /// People who ordered.
    Customers,
    /// Those who never did before.
    NewCustomers,
    /// Those of them who have ordered again since.
    Repeaters,
    /// People who ordered in the time of the same length before.
    CustomersBefore,
    /// Those of them who ordered again.
    Retained,
}

impl Quantity {
    pub const ALL: [Self; 25] = [
        Self::MediaSpend,
        Self::Spend,
        Self::SeenSpend,
        Self::ClickedSpend,
        Self::Impressions,
        Self::CountedImpressions,
        Self::Clicks,
        Self::SeenClicks,
        Self::Delivered,
        Self::Reached,
        Self::Responded,
        Self::Visits,
        Self::OrganicVisits,
        Self::Visitors,
        Self::Converted,
        Self::Leads,
        Self::LeadsWon,
        Self::LeadRevenue,
        Self::Orders,
        Self::Revenue,
        Self::Customers,
        Self::NewCustomers,
        Self::Repeaters,
        Self::CustomersBefore,
        Self::Retained,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::MediaSpend => "media spend",
            Self::Spend => "spend",
            Self::SeenSpend => "media spend with impressions",
            Self::ClickedSpend => "media spend with clicks",
            Self::Impressions => "impressions",
            Self::CountedImpressions => "impressions with clicks",
            Self::Clicks => "clicks",
            Self::SeenClicks => "clicks with impressions",
            Self::Delivered => "messages delivered",
            Self::Reached => "people reached",
            Self::Responded => "people who clicked",
            Self::Visits => "visits",
            Self::OrganicVisits => "organic visits",
            Self::Visitors => "visitors",
            Self::Converted => "visitors who ordered",
            Self::Leads => "leads",
            Self::LeadsWon => "leads who ordered",
            Self::LeadRevenue => "revenue of leads",
            Self::Orders => "orders",
            Self::Revenue => "revenue",
            Self::Customers => "customers",
            Self::NewCustomers => "new customers",
            Self::Repeaters => "new customers who ordered again",
            Self::CustomersBefore => "customers of the time before",
            Self::Retained => "customers of the time before who ordered again",
        }
    }

    /// Whether it is told by what was spent, and so of nobody in particular.
    pub fn is_of_spend(self) -> bool {
        matches!(
            self,
            Self::MediaSpend
                | Self::Spend
                | Self::SeenSpend
                | Self::ClickedSpend
                | Self::Impressions
                | Self::CountedImpressions
                | Self::Clicks
                | Self::SeenClicks
        )
    }

    /// Whether it is money, and so has a currency.
    pub fn is_money(self) -> bool {
        matches!(
            self,
            Self::MediaSpend
                | Self::Spend
                | Self::SeenSpend
                | Self::ClickedSpend
                | Self::LeadRevenue
                | Self::Revenue
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of a currency.
    Money,
    /// Between nothing and one.
    Share,
    /// So many times.
    Ratio,
    Count,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Share => "share",
            Self::Ratio => "ratio",
            Self::Count => "count",
        }
    }
}

/// How its interval is found; see [`super::interval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It is a fact, and no draw.
    None,
    Wilson,
    /// The cost is known, the count is a draw.
    ByCount,
    /// A ratio of sums over people.
    Fieller,
    /// A sum over people, by what is known.
    Total,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none: it was counted, and not drawn",
            Self::Wilson => "Wilson",
            Self::ByCount => "Byar's of the count",
            Self::Fieller => "Fieller's over people",
            Self::Total => "of the sum over people",
        }
    }
}

/// One key figure.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// As commands and the API call it.
    pub name: &'static str,
    pub title: &'static str,
    pub numerator: Quantity,
    /// Without one, the figure is the numerator itself.
    pub denominator: Option<Quantity>,
    /// What the quotient is multiplied by.
    pub scale: u32,
    pub unit: Unit,
    pub interval: Method,
    pub source: &'static str,
    /// What it is not.
    pub note: &'static str,
}

impl Definition {
    pub fn formula(&self) -> String {
        let scale = if self.scale == 1 { String::new() } else { format!(" × {}", self.scale) };
        match self.denominator {
            Some(denominator) => format!("{} / {}{scale}", self.numerator.name(), denominator.name()),
            None => self.numerator.name().to_owned(),
        }
    }
}

const SPEND: &str = "spend lines, flights, costs of campaigns";
const LOG: &str = "events";
const BOTH: &str = "spend and events";
const LEDGER: &str = "receipts, returns and clicks of people";

use Quantity as Q;

/// All of them, in the order in which they are shown.
#[rustfmt::skip]
pub const DEFINITIONS: &[Definition] = &[
    ratio("cpm", "Cost per thousand contacts", (Q::SeenSpend, Q::Impressions), 1_000, (Unit::Money, Method::None), SPEND,
        "contacts of TV and radio are gross: the same people are counted each time"),
    ratio("cpc", "Cost per click", (Q::ClickedSpend, Q::Clicks), 1, (Unit::Money, Method::ByCount), SPEND,
        "clicks as the platform counts them; its spend where it counts none is left out"),
    ratio("ctr", "Click-through rate", (Q::SeenClicks, Q::CountedImpressions), 1, (Unit::Share, Method::Wilson), SPEND,
        "of ads; that of messages is the response rate"),
    ratio("response_rate", "Response rate", (Q::Responded, Q::Reached), 1, (Unit::Share, Method::Wilson), LEDGER,
        "people and not messages; of those who were reached, and not of those who were meant; clicks of machines do not count"),
    count("visits", "Visits", Q::Visits, LOG, "a visit ends after thirty minutes of silence, or where a campaign brings somebody anew; those that credit counts"),
    count("organic_visits", "Organic visits", Q::OrganicVisits, LOG, "visits that nobody was paid for and nothing was sent for: search, social networks, other sites"),
    ratio("landing_conversion", "Landing-page conversion", (Q::Converted, Q::Visitors), 1, (Unit::Share, Method::Wilson), LOG,
        "people and not visits; within thirty days of the visit, so that the visitors of yesterday still have time"),
    count("leads", "Leads", Q::Leads, LOG, "people who became known for the first time"),
    ratio("cpl", "Cost per lead", (Q::MediaSpend, Q::Leads), 1, (Unit::Money, Method::ByCount), BOTH,
        "by the day of the money and the day of the lead: a lead of tomorrow may be today's money"),
    ratio("lead_conversion", "Leads won", (Q::LeadsWon, Q::Leads), 1, (Unit::Share, Method::Wilson), LOG,
        "up to the instant of the figure: young leads still have time"),
    ratio("lead_value", "Lead value", (Q::LeadRevenue, Q::Leads), 1, (Unit::Money, Method::Fieller), LOG,
        "revenue and not margin, up to the instant of the figure: young leads still have time"),
    count("orders", "Orders", Q::Orders, LOG, "those that were given back whole left out, whenever that was: the same as lifetime value counts"),
    count("revenue", "Revenue", Q::Revenue, LOG, "as orders say, by currency, less what was given back of them; a refund counts on the day of its order"),
    ratio("order_value", "Value of an order", (Q::Revenue, Q::Orders), 1, (Unit::Money, Method::Fieller), LOG,
        "orders without an amount count as nothing"),
    ratio("cpa", "Cost per acquisition", (Q::MediaSpend, Q::Orders), 1, (Unit::Money, Method::ByCount), BOTH,
        "an acquisition is an order, of whoever it is; by the day of the money and the day of the order"),
    ratio("cac", "Customer acquisition cost", (Q::Spend, Q::NewCustomers), 1, (Unit::Money, Method::ByCount), BOTH,
        "all costs, content and hours among them, by people who never ordered before"),
    ratio("roas", "Return on ad spend", (Q::Revenue, Q::MediaSpend), 1, (Unit::Ratio, Method::Total), BOTH,
        "revenue beside spend, and not because of it: what would have been ordered anyway is in it"),
    count("new_customers", "New customers", Q::NewCustomers, LOG, "people whose first order this is"),
    ratio("repeat_purchase", "Repeat purchase", (Q::Repeaters, Q::NewCustomers), 1, (Unit::Share, Method::Wilson), LOG,
        "up to the instant of the figure: young customers still have time"),
    ratio("retention", "Retention", (Q::Retained, Q::CustomersBefore), 1, (Unit::Share, Method::Wilson), LOG,
        "of those who ordered in the time of the same length before; without a period there is none"),
    count("spend", "Spend", Q::Spend, SPEND, "content and hours of people among it"),
];

const fn ratio(
    name: &'static str,
    title: &'static str,
    (numerator, denominator): (Quantity, Quantity),
    scale: u32,
    (unit, interval): (Unit, Method),
    source: &'static str,
    note: &'static str,
) -> Definition {
    Definition { name, title, numerator, denominator: Some(denominator), scale, unit, interval, source, note }
}

const fn count(
    name: &'static str,
    title: &'static str,
    numerator: Quantity,
    source: &'static str,
    note: &'static str,
) -> Definition {
    let unit =
        if matches!(numerator, Quantity::Revenue | Quantity::Spend) { Unit::Money } else { Unit::Count };
    Definition {
        name,
        title,
        numerator,
        denominator: None,
        scale: 1,
        unit,
        interval: Method::None,
        source,
        note,
    }
}

/// The figure of a name.
pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

/// The table for people, as `docs/reference/kpis.md` keeps it.
pub fn reference() -> String {
    let mut text = String::from(INTRODUCTION);
    text.push_str("\n| name | what it is | formula | unit | interval | from | mind |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for one in DEFINITIONS {
        let (unit, interval) = (one.unit.name(), one.interval.name());
        let (name, title, formula) = (one.name, one.title, one.formula());
        text.push_str(&format!(
            "| `{name}` | {title} | {formula} | {unit} | {interval} | {} | {} |\n",
            one.source, one.note
        ));
    }
    text.push_str(SQL_INTRODUCTION);
    for one in DEFINITIONS {
        text.push_str(&format!("\n### `{}`\n\n```sql\n{}\n```\n", one.name, one.sql()));
    }
    text
}

const INTRODUCTION: &str = "# Key figures

Generated from the table that all of them come from; `trama measure kpi`, `GET /api/v1/measure/kpis` and every screen read the
same table, so a figure of one name is the same wherever it is shown.

- Each figure has its numerator, its denominator, how many it is about, an interval at 95 % where it is a draw, and the instant
  up to which the log was read. What is divided by nothing is *undefined*, and not zero.
- Money is never added across currencies. A programme that states its `currency` and `rates` has all of it in its own, at the
  rate of the day; what has no rate makes a figure undefined, and the figure says so.
- People are those that stand now: whoever visited under a cookie and signed up later is one person, from the first visit on.
- A visit by a click in a message is the message's: of its channel, and of the campaign that shows it.
- An order, a lead or a new customer belongs to the campaign and the channel by which the person last came within thirty days,
  direct visits left out; a promo code of a campaign or a flight counts more. That is one way of giving credit among several.
- A figure of everybody stands beside its [target](programme.md#targets), where the programme has one.
- Days are those of the programme's time zone. Erased people are in no figure that is about people.
";

const SQL_INTRODUCTION: &str = "
## The SQL behind each

Over the tables of the [lake](lake.md), of everybody; it gives what the figures above are. `$from` and `$until` are the first and the
last day, `$before_from` and `$before_until` those of the time of the same length before. `trama measure sql NAME --from DAY
--until DAY`, `GET /api/v1/measure/figures/NAME` and the figure's page under Results have them filled in, to be asked as the text
stands by `trama sql`, `POST /api/v1/sql` or DuckDB.

A row has the numerator, the denominator and the value, which is null where the figure is undefined. Money has a row for each
currency, and no value where there are several; there is no row where nothing is divided by nothing.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for (place, one) in DEFINITIONS.iter().enumerate() {
            assert!(
                DEFINITIONS[..place].iter().all(|other| other.name != one.name),
                "{} is there twice",
                one.name
            );
            let over = one.denominator.is_some_and(Quantity::is_money);
            let expected = match (one.numerator.is_money(), over, one.unit) {
                (true, true, unit) => unit == Unit::Ratio,
                (true, false, unit) => unit == Unit::Money,
                (false, false, unit) => unit != Unit::Money,
                (false, true, _) => false,
            };
            assert!(expected, "{} has the wrong unit", one.name);
            assert_eq!(one.unit == Unit::Share, one.interval == Method::Wilson, "{}", one.name);
        }
        let used = |quantity: &Quantity| {
            DEFINITIONS.iter().any(|one| one.numerator == *quantity || one.denominator == Some(*quantity))
        };
        let unused: Vec<_> = Quantity::ALL.into_iter().filter(|quantity| !used(quantity)).collect();
        assert_eq!(unused, [Quantity::Delivered, Quantity::Customers], "told beside the figures");
    }
}
