//! The columns by which files of money are known: those of ad platforms' exports, and those of our own simple forms.

/// A field, and what its column is called; the likelier name first. Names are in small letters, without a currency behind them.
pub(super) type Column = (&'static str, &'static [&'static str]);

/// What was spent. `day` is one day, `from` and `until` are more.
pub(super) const SPEND: &[Column] = &[
    ("key", &["key"]),
    ("day", &["date", "day", "by day"]),
    ("from", &["from", "reporting starts", "start date (in utc)", "start date"]),
    ("until", &["until", "reporting ends", "end date (in utc)", "end date"]),
    ("channel", &["channel"]),
    ("campaign", &["campaign", "campaign name"]),
    ("for", &["for"]),
    ("amount", &["amount", "cost", "spend", "amount spent", "total spent"]),
    ("currency", &["currency", "currency code"]),
    ("impressions", &["impressions", "impr."]),
    ("clicks", &["link clicks", "clicks (destination)", "clicks", "clicks (all)"]),
    ("reach", &["reach"]),
    ("hours", &["hours"]),
    ("rate", &["rate"]),
];

/// What was done outside of the net.
pub(super) const FLIGHTS: &[Column] = &[
    ("key", &["key"]),
    ("medium", &["medium"]),
    ("place", &["place", "station", "paper"]),
    ("campaign", &["campaign"]),
    ("from", &["from", "date", "time"]),
    ("until", &["until"]),
    ("amount", &["amount", "cost"]),
    ("currency", &["currency"]),
    ("contacts", &["contacts"]),
    ("grp", &["grp", "grps"]),
    ("universe", &["universe"]),
    ("pieces", &["pieces", "circulation", "dials"]),
    ("codes", &["codes", "code"]),
];

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Google,
    Meta,
    LinkedIn,
    TikTok,
    /// Ours.
    Simple,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "Google Ads",
            Self::Meta => "Meta Ads Manager",
            Self::LinkedIn => "LinkedIn Campaign Manager",
            Self::TikTok => "TikTok Ads Manager",
            Self::Simple => "the simple form",
        }
    }

    /// The channel of what it tells, where nobody says otherwise.
    pub(super) fn channel(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("paid-search"),
            Self::Meta | Self::LinkedIn | Self::TikTok => Some("paid-social"),
            Self::Simple => None,
        }
    }

    /// Whose file has such columns, in small letters.
    pub(super) fn of(columns: &[String]) -> Self {
        let has = |name: &str| columns.iter().any(|column| column == name);
        if has("channel") || has("amount") {
            Self::Simple
        } else if has("amount spent") {
            Self::Meta
        } else if has("total spent") {
            Self::LinkedIn
        } else if has("cost") && has("campaign name") {
            Self::TikTok
        } else if has("cost") && has("campaign") {
            Self::Google
        } else {
            Self::Simple
        }
    }
}

/// A column's name in small letters, and the currency that stands behind it: `Amount spent (EUR)`.
pub(super) fn title(cell: &str) -> (String, Option<String>) {
    let cell = cell.trim().trim_start_matches('\u{feff}').trim();
    let behind = cell.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let currency = behind.filter(|(_, inside)| engine::programme::is_currency(inside.trim()));
    let name = currency.map_or(cell, |(name, _)| name.trim());
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (name, currency.map(|(_, inside)| inside.trim().to_owned()))
}
