//! Where a visit says that it comes from: tags in its address, click ids, the page before it.

use super::Visit;
use super::sources::{self, Category};

/// Click ids: the parameter, whose it is, the medium that it means, and whether it is only ever on what was paid for.
/// Facebook and Instagram tag every link, so their ids say where somebody comes from and not what it cost.
const CLICK_IDS: [(&str, &str, &str, bool); 19] = [
    ("gclid", "google", "cpc", true),
    ("gbraid", "google", "cpc", true),
    ("wbraid", "google", "cpc", true),
    ("gad_source", "google", "cpc", true),
    ("dclid", "google", "display", true),
    ("msclkid", "bing", "cpc", true),
    ("ttclid", "tiktok", "cpc", true),
    ("twclid", "twitter", "cpc", true),
    ("li_fat_id", "linkedin", "cpc", true),
    ("sccid", "snapchat", "cpc", true),
    ("rdt_cid", "reddit", "cpc", true),
    ("qclid", "quora", "cpc", true),
    ("irclid", "impact", "affiliate", true),
    ("epik", "pinterest", "social", false),
    ("fbclid", "facebook", "social", false),
    ("igshid", "instagram", "social", false),
    ("igsh", "instagram", "social", false),
    ("mc_cid", "mailchimp", "email", false),
    ("_kx", "klaviyo", "email", false),
];

/// What is known of where a visit comes from, in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: String,
    pub(super) medium: String,
    pub(super) campaign: String,
    /// Its parameter.
    pub(super) click_id: Option<&'static str>,
    pub(super) category: Option<Category>,
    /// It says so itself, by tags or a click id, and is not only guessed from the page before.
    pub(super) is_tagged: bool,
}

pub(super) fn of(visit: &Visit<'_>) -> Origin {
    let query =
        visit.url.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
    let tag = |stated: &str, names: &[&str]| match stated.trim() {
        "" => names.iter().find_map(|name| parameter(query, name)).unwrap_or_default(),
        stated => stated.to_lowercase(),
    };
    let mut source = tag(visit.source, &["utm_source"]);
    let mut medium = tag(visit.medium, &["utm_medium"]);
    let campaign = tag(visit.campaign, &["utm_campaign"]);
    let click = CLICK_IDS.iter().find(|(name, ..)| parameter(query, name).is_some());
    let is_tagged = !source.is_empty() || !medium.is_empty() || !campaign.is_empty() || click.is_some();
    let before = place(visit.referrer).filter(|place| !is_own(place, visit));
    if let Some((_, of, with, is_paid)) = click
        && (source.is_empty() || sources::find(&source).map(|(_, name)| name) == Some(of))
    {
        source = if source.is_empty() { (*of).to_owned() } else { source };
        // A paid click says more than a tag that only names where it came from; a free one does not.
        if medium.is_empty() && (*is_paid || campaign.is_empty()) {
            medium = (*with).to_owned();
        }
    }
    if source.is_empty() && medium.is_empty() {
        let (found, means) = before.as_deref().map(guessed).unwrap_or_default();
        (source, medium) = (found, means.to_owned());
    }
    let category = sources::find(&source).map(|(category, _)| category);
    let click_id = click.map(|(name, ..)| *name);
    Origin { source, medium, campaign, click_id, category, is_tagged }
}

/// Source and medium of an address that somebody came from.
fn guessed(place: &str) -> (String, &'static str) {
    match sources::find(place) {
        Some((Category::Search, name)) => (name.to_owned(), "organic"),
        Some((Category::Assistant, name)) => (name.to_owned(), "ai-assistant"),
        Some((Category::Email, name)) => (name.to_owned(), "email"),
        Some((_, name)) => (name.to_owned(), "referral"),
        None => (place.strip_prefix("www.").unwrap_or(place).to_owned(), "referral"),
    }
}

/// The host of an address, or the app that opened the page.
fn place(address: &str) -> Option<String> {
    let address = address.trim().to_lowercase();
    let (scheme, rest) = address.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    match scheme {
        "http" | "https" => {
            let host = host.split(':').next().unwrap_or_default();
            (!host.is_empty() && host != "localhost" && host != "127.0.0.1").then(|| host.to_owned())
        }
        "android-app" | "ios-app" => (!host.is_empty()).then(|| format!("app:{host}")),
        _ => None,
    }
}

/// Whether somebody only went from one page of the company's to another.
fn is_own(from: &str, visit: &Visit<'_>) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let lies_in =
        |host: &str, of: &str| host == of || host.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
    let from = bare(from);
    let here = place(visit.url).map(|here| bare(&here));
    here.is_some_and(|here| lies_in(&from, &here) || lies_in(&here, &from))
        || visit.own_hosts.iter().any(|own| lies_in(&from, &bare(&own.to_lowercase())))
}

/// A parameter of a query that says something, in small letters; its name may be in any.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut found =
        pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| unescaped(value));
    found.find(|value| !value.is_empty())
}

/// A value of a query without its escapes.
fn unescaped(value: &str) -> String {
    let (bytes, mut text, mut at) = (value.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let escaped = bytes[at] == b'%' && value.is_char_boundary(at + 1);
        let hex = escaped.then(|| value.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                text.push(byte);
                at += 3;
            }
            None => {
                text.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&text).trim().to_lowercase()
}
