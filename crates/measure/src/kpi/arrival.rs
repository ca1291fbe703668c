//! By what somebody came: channel and campaign of a visit, as far as the event itself says.
//!
//! [`Arrivals`] is the joint for whoever knows more of channels than [`ByContext`], which reads the campaign of the address and
//! the host of the referrer.

use engine::programme::{Direction, Programme};
use engine::record::Event;
use engine::value::Map;

/// What brought somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    pub channel: String,
    /// Its name in the programme, or else what the address calls it; empty for none.
    pub campaign: String,
    /// `None` where nobody says.
    pub direction: Option<Direction>,
    pub paid: bool,
}

impl Arrival {
    /// By a channel, used as the campaign says, or else as the programme's others do, or else as channels of that name are.
    pub fn by(programme: &Programme, channel: &str, campaign: &str) -> Self {
        let own = programme.campaign_called(campaign).unwrap_or(campaign);
        let of_campaign = programme.campaigns.get(own).and_then(|one| one.channels.get(channel)).copied();
        let used = of_campaign.or_else(|| programme.campaign_channel(channel));
        let (direction, paid) = match used {
            Some(used) => (Some(used.direction), used.paid),
            None => usual(channel),
        };
        Self { channel: channel.to_owned(), campaign: own.to_owned(), direction, paid }
    }

    /// Whether somebody came by themselves, and nobody was paid for it.
    pub fn is_organic(&self) -> bool {
        self.direction == Some(Direction::Inbound) && !self.paid
    }
}

/// How channels of such names are used, where no campaign says otherwise.
fn usual(channel: &str) -> (Option<Direction>, bool) {
    use Direction::{Inbound, Outbound};
    match channel {
        "organic-search" | "organic-social" | "ai-assistant" | "referral" | "blog" => (Some(Inbound), false),
        "paid-search" => (Some(Inbound), true),
        "paid-social" | "display" | "tv" | "radio" | "press" | "outdoor" | "flyer" | "door-to-door"
        | "fair" => (Some(Outbound), true),
        "email" | "sms" | "push" | "web_push" | "in_app" | "onsite" | "call" => (Some(Outbound), false),
        _ => (None, false),
    }
}

/// Says by what somebody came.
pub trait Arrivals {
    /// `None` for a visit that nothing led to.
    fn of(&self, event: &Event<'_>, programme: &Programme) -> Option<Arrival>;
}

/// The campaign of the address, or else the host of the referrer.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByContext;

impl Arrivals for ByContext {
    fn of(&self, event: &Event<'_>, programme: &Programme) -> Option<Arrival> {
        let campaign = event.context.get("campaign").and_then(|value| value.map()).unwrap_or_default();
        let page = event.context.get("page").and_then(|value| value.map()).unwrap_or_default();
        let said =
            |map: Map<'_>, name: &str| map.get(name).and_then(|value| value.text()).map(str::to_lowercase);
        let (source, medium) = (said(campaign, "source"), said(campaign, "medium"));
        let name = campaign.get("name").and_then(|value| value.text()).unwrap_or_default();
        let host =
            |map: Map<'_>, field| said(map, field).as_deref().map(host).filter(|host| !host.is_empty());
        let referrer = host(page, "referrer").filter(|from| host(page, "url").as_ref() != Some(from));
        let channel = match (&source, &medium, referrer) {
            (None, None, None) if name.is_empty() => return None,
            (None, None, Some(from)) if name.is_empty() => of_host(&from).to_owned(),
            (source, medium, _) => {
                of_medium(source.as_deref().unwrap_or(""), medium.as_deref().unwrap_or("")).to_owned()
            }
        };
        Some(Arrival::by(programme, &channel, name.trim()))
    }
}

/// The host of an address, without `www.`.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

const SEARCH: &[&str] =
    &["google", "bing", "duckduckgo", "ecosia", "yahoo", "yandex", "baidu", "qwant", "startpage"];
const SOCIAL: &[&str] = &[
    "facebook",
    "fb",
    "instagram",
    "ig",
    "linkedin",
    "tiktok",
    "twitter",
    "pinterest",
    "reddit",
    "youtube",
    "threads",
];
const ASSISTANTS: &[&str] = &["chatgpt", "claude", "perplexity", "gemini", "copilot"];

fn is_one(text: &str, names: &[&str]) -> bool {
    text.split(['.', '-', '_', ' ', '/']).any(|part| names.contains(&part))
}

fn of_host(host: &str) -> &'static str {
    match host {
        "t.co" | "x.com" => "organic-social",
        _ if is_one(host, ASSISTANTS) => "ai-assistant",
        _ if is_one(host, SEARCH) => "organic-search",
        _ if is_one(host, SOCIAL) => "organic-social",
        _ => "referral",
    }
}

fn of_medium<'a>(source: &str, medium: &'a str) -> &'a str {
    let is_paid =
        medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid");
    let is_social = is_one(source, SOCIAL) || medium.starts_with("social");
    match medium {
        "display" | "banner" | "interstitial" => "display",
        _ if is_paid && is_one(source, SEARCH) => "paid-search",
        _ if is_paid && is_social => "paid-social",
        _ if is_paid => "paid-other",
        "email" | "e-mail" | "newsletter" => "email",
        "organic" => "organic-search",
        _ if is_social => "organic-social",
        "" if is_one(source, SEARCH) => "organic-search",
        "" if is_one(source, &["email", "newsletter"]) => "email",
        "" => "referral",
        medium => medium,
    }
}
