//! What the lake holds: its tables and their columns. `docs/reference/lake.md` is generated from here.
//!
//! A table whose columns change gets another version; files of the version before are made again from the log.

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
    Flag,
    /// Milliseconds, in UTC.
    Instant,
    /// A day of the calendar where the programme is.
    Day,
    /// Money, with six decimals.
    Amount,
}

/// Digits of an amount, and those of them after the point: every integer of 64 bits in millionths.
const AMOUNT_DIGITS: (u8, i8) = (19, 6);

impl Kind {
    pub fn data_type(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Instant => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::Day => DataType::Date32,
            Self::Amount => DataType::Decimal128(AMOUNT_DIGITS.0, AMOUNT_DIGITS.1),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Int => "BIGINT",
            Self::Text => "TEXT",
            Self::Flag => "BOOLEAN",
            Self::Instant => "TIMESTAMP (UTC)",
            Self::Day => "DATE",
            Self::Amount => "DECIMAL(19, 6)",
        }
    }
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub is_optional: bool,
    pub means: &'static str,
}

const fn always(name: &'static str, kind: Kind, means: &'static str) -> Column {
    Column { name, kind, is_optional: false, means }
}

const fn maybe(name: &'static str, kind: Kind, means: &'static str) -> Column {
    Column { name, kind, is_optional: true, means }
}

/// How a table comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// A row for each record of the log, which stays as it is.
    Logged,
    /// How things stand; what changed is written again.
    Stated,
}

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub version: u32,
    pub growth: Growth,
    /// Whether there is a folder for each day.
    pub by_day: bool,
    pub means: &'static str,
    pub columns: &'static [Column],
}

/// What somebody did.
pub static EVENTS: Table = Table {
    name: "events",
    version: 2,
    growth: Growth::Logged,
    by_day: true,
    means: "one row for each event that was taken, bots among them",
    columns: &[
        always("seq", Kind::Int, "place in the log"),
        always("day", Kind::Day, "the day of `occurred_at` where the programme is"),
        always("occurred_at", Kind::Instant, "when it happened, corrected for the client's clock"),
        always("received_at", Kind::Instant, "when it came in"),
        always("kind", Kind::Text, "`track`, `page`, `screen`, `identify`, `group` or `alias`"),
        always("name", Kind::Text, "the event's name; `Page Viewed` and the like for other kinds"),
        maybe(
            "profile",
            Kind::Int,
            "whose it is: join `people` on it; null for bots and for nobody who has a name",
        ),
        always("source", Kind::Text, "the write key by which it came"),
        always("message_id", Kind::Text, "as its sender named it"),
        always("is_bot", Kind::Flag, "a crawler or a monitor: in no figure"),
        always("is_imported", Kind::Flag, "it came by import and not from a live client"),
        always("names_somebody", Kind::Flag, "it came with a `user_id`, an email or a phone number"),
        maybe("url", Kind::Text, "the page"),
        maybe("referrer", Kind::Text, "the page before it"),
        maybe("utm_source", Kind::Text, "of the campaign that its context tells"),
        maybe("utm_medium", Kind::Text, "likewise"),
        maybe("utm_campaign", Kind::Text, "likewise"),
        maybe("counts_as", Kind::Text, "`order` or `refund`, by the rule of all figures"),
        maybe("amount", Kind::Amount, "of an order or a refund, as it says"),
        maybe("currency", Kind::Text, "likewise; empty where it names none"),
        maybe("order_key", Kind::Int, "a hash of the order's number; a refund has that of its order"),
        maybe(
            "touch",
            Kind::Text,
            "JSON of what it is to a visit, by the rules of channels: `as` (`hit`, `scan` or `link`), `channel`, `source`, `medium`, `campaign` and more; null where it is none; `visits` is made of it",
        ),
        always("properties", Kind::Text, "JSON, as sent"),
    ],
};

/// What recipients did with messages.
pub static ENGAGEMENTS: Table = Table {
    name: "engagements",
    version: 1,
    growth: Growth::Logged,
    by_day: true,
    means: "one row for each time a message was opened, clicked or put away",
    columns: &[
        always("seq", Kind::Int, "place in the log"),
        always("day", Kind::Day, "the day of `occurred_at` where the programme is"),
        always("occurred_at", Kind::Instant, "when it happened"),
        always("send", Kind::Int, "the send: join `sends` on it"),
        always("kind", Kind::Text, "`opened`, `clicked` or `dismissed`"),
        always("is_machine", Kind::Flag, "a scanner or a proxy and not a person: in no figure"),
        always("url", Kind::Text, "where the link led; empty where there is none"),
    ],
};

/// The ledger.
pub static SENDS: Table = Table {
    name: "sends",
    version: 2,
    growth: Growth::Stated,
    by_day: true,
    means: "one row for each send that was decided, with what became of it: the ledger",
    columns: &[
        always("send", Kind::Int, "its number"),
        always("day", Kind::Day, "the day of `wished_at` where the programme is"),
        maybe("profile", Kind::Int, "for whom: join `people` on it; null where the person was erased"),
        always("message", Kind::Text, "which message"),
        always("purpose", Kind::Text, "the purpose whose consent it needs"),
        always(
            "journey",
            Kind::Text,
            "the journey or broadcast that sent it; empty where it asks to confirm a consent",
        ),
        maybe("channel", Kind::Text, "null where none could reach the person"),
        always("variant", Kind::Text, "which wording; empty where there is one"),
        always("decision", Kind::Text, "of the governor: `send`, `defer` or `drop`"),
        maybe("reason", Kind::Text, "why it was not simply sent"),
        always("basis", Kind::Text, "on what ground it was let go"),
        always("status", Kind::Text, "what became of it, as in the API"),
        always("wished_at", Kind::Instant, "when somebody wanted to send it"),
        always("decided_at", Kind::Instant, "when it was decided, or let go after a wait"),
        always("attempts", Kind::Int, "hand-overs begun"),
        maybe("settled_at", Kind::Instant, "when the provider answered"),
        maybe("settled_day", Kind::Day, "the day of that where the programme is"),
        maybe("opened_at", Kind::Instant, "when a person first opened it"),
        maybe("clicked_at", Kind::Instant, "when a person first clicked in it"),
        maybe(
            "verdict",
            Kind::Text,
            "what came back later: `soft_bounce`, `hard_bounce`, `refused`, `complaint`",
        ),
        maybe("returned_at", Kind::Instant, "when that was"),
    ],
};

const WORTH: &str =
    "in the programme's currency at the rate of the day; as it is where there is no such rate";
const WORTH_CURRENCY: &str =
    "the currency of `worth`: the programme's own where that is stated, unless there is no rate";

/// What was ordered and not given back.
pub static ORDERS: Table = Table {
    name: "orders",
    version: 2,
    growth: Growth::Stated,
    by_day: true,
    means: "one row for each order, less what was given back of it: the rule of key figures, credit and lifetime value",
    columns: &[
        always("seq", Kind::Int, "place in the log: that of its row in `events`"),
        always("day", Kind::Day, "the day of `occurred_at` where the programme is"),
        always("occurred_at", Kind::Instant, "when it was made"),
        maybe("profile", Kind::Int, "whose it is, the person as known now; null for nobody who has a name"),
        maybe("amount", Kind::Amount, "as the order says; null where it says none"),
        always("refunded", Kind::Amount, "what was given back, at most the amount"),
        always(
            "net",
            Kind::Amount,
            "what is left: the sum of it is revenue; zero for an order without an amount",
        ),
        always("currency", Kind::Text, "empty where it names none"),
        always("worth", Kind::Amount, WORTH),
        always("worth_currency", Kind::Text, WORTH_CURRENCY),
        always("is_returned", Kind::Flag, "all of it was given back: it counts as no order any more"),
    ],
};

/// Who came, and by what.
pub static VISITS: Table = Table {
    name: "visits",
    version: 1,
    growth: Growth::Stated,
    by_day: true,
    means: "one row for each visit of a person, from where it began: those that key figures and credit count",
    columns: &[
        always(
            "seq",
            Kind::Int,
            "place in the log of what it began with: in `events`, or of a click in `engagements`",
        ),
        always("day", Kind::Day, "the day of `occurred_at` where the programme is"),
        always("occurred_at", Kind::Instant, "when it began"),
        always("profile", Kind::Int, "whose it is: the person as known now"),
        always(
            "channel",
            Kind::Text,
            "by which they came, as spend and campaigns write it: `paid-search`; `direct` where nothing led to it",
        ),
        always(
            "campaign",
            Kind::Text,
            "by its name in the programme, or else as the address says; empty for none",
        ),
        maybe(
            "direction",
            Kind::Text,
            "`inbound` where they came by themselves, `outbound` where we went to them; null where nobody says",
        ),
        always("is_paid", Kind::Flag, "somebody was paid for it"),
    ],
};

/// Who is who.
pub static PEOPLE: Table = Table {
    name: "people",
    version: 2,
    growth: Growth::Stated,
    by_day: false,
    means: "one row for each profile; profiles that proved to be one person have the same `person`",
    columns: &[
        always("profile", Kind::Int, "the profile's number, as in `events` and `sends`"),
        always(
            "person",
            Kind::Int,
            "the profile that stands for the person now; itself where nothing was merged",
        ),
        always("stands", Kind::Flag, "it stands for the person: one row of each person does"),
        always("first_seen_at", Kind::Instant, "of the person"),
        always("last_seen_at", Kind::Instant, "of the person"),
        always("is_known", Kind::Flag, "the person has a `user_id`, an email or a phone number"),
        maybe("known_at", Kind::Instant, "when a name was first told: when the person became a lead"),
        maybe("known_day", Kind::Day, "the day of that where the programme is"),
        always("language", Kind::Text, "of the person; empty where it is not known"),
    ],
};

/// What people allowed.
pub static CONSENTS: Table = Table {
    name: "consents",
    version: 1,
    growth: Growth::Stated,
    by_day: false,
    means: "one row for each entry of the evidence of people's consents; without its proof, which the API tells",
    columns: &[
        always("profile", Kind::Int, "the person: `people.person`"),
        always("purpose", Kind::Text, "for what"),
        maybe("channel", Kind::Text, "null for every channel of the purpose"),
        always("state", Kind::Text, "`granted`, `withdrawn` or `pending`"),
        always("stated_at", Kind::Instant, "when it was said"),
        always("source", Kind::Text, "where it was said"),
        always("wording", Kind::Text, "version of the words that were shown; empty where nobody said"),
        always("seq", Kind::Int, "the record that holds the evidence"),
    ],
};

/// Who is in what.
pub static MEMBERSHIPS: Table = Table {
    name: "memberships",
    version: 1,
    growth: Growth::Stated,
    by_day: false,
    means: "one row for each person in each segment, now",
    columns: &[
        always("profile", Kind::Int, "the person: `people.person`"),
        always("segment", Kind::Text, "its name"),
    ],
};

/// What was spent.
pub static SPEND: Table = Table {
    name: "spend",
    version: 2,
    growth: Growth::Stated,
    by_day: false,
    means: "one row for each cost and day: spend lines, flights and costs of campaigns, spread over their days",
    columns: &[
        always("day", Kind::Day, "the day that it is counted on"),
        always("key", Kind::Text, "names the line or the flight"),
        always("campaign", Kind::Text, "empty where it was for none"),
        always("channel", Kind::Text, "where it went"),
        always("kind", Kind::Text, "`media`, `content`, `people` or `other`"),
        always("amount", Kind::Amount, "negative where money came back"),
        always("currency", Kind::Text, "as it was spent"),
        always("worth", Kind::Amount, WORTH),
        always("worth_currency", Kind::Text, WORTH_CURRENCY),
        maybe("impressions", Kind::Int, "how often it was seen that day; null where nobody counted"),
        maybe("clicks", Kind::Int, "likewise"),
    ],
};

/// Every table.
pub static TABLES: [&Table; 9] =
    [&EVENTS, &ENGAGEMENTS, &VISITS, &ORDERS, &SENDS, &PEOPLE, &CONSENTS, &MEMBERSHIPS, &SPEND];

/// Key of a file's metadata: the version of its table.
pub const VERSION_KEY: &str = "trama.version";

impl Table {
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.into_iter().find(|table| table.name == name)
    }

    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column| Field::new(column.name, column.kind.data_type(), column.is_optional);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The number of a column.
    pub fn column(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column.name == name);
        found.expect("invariant: columns are asked for by names of the table")
    }
}

/// What the lake is and every table with its columns, as `docs/reference/lake.md` keeps it.
pub fn reference() -> String {
    let mut text = include_str!("preface.md").to_owned();
    for table in TABLES {
        let Table { name, version, growth, by_day, means, columns } = table;
        let growth = match growth {
            Growth::Logged => "logged",
            Growth::Stated => "stated",
        };
        let files =
            if *by_day { format!("`{name}/day=…/*.parquet`") } else { format!("`{name}/*.parquet`") };
        text.push_str(&format!("\n### `{name}`\n\nVersion {version}, {growth}, {files}: {means}.\n\n"));
        text.push_str("| column | type | |\n| --- | --- | --- |\n");
        for Column { name, kind, is_optional, means } in *columns {
            let null = if *is_optional { ", may be null" } else { "" };
            text.push_str(&format!("| `{name}` | {}{null} | {means} |\n", kind.name()));
        }
    }
    text
}
