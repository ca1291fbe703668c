//! The channel of a visit: the company's own rules first, then those of Google Analytics 4.
//!
//! The rules are asked from top to bottom, and the first that matches counts. What a link says of itself (tags, click ids)
//! counts before the page that somebody came from. Upper and lower case are the same throughout.

mod event;
mod offline;
mod origin;
mod sources;

pub(crate) use event::of_event;
pub use offline::{Deed, deed};
pub use sources::Category;

use engine::programme::{ChannelRule, Direction, Programme};
use origin::Origin;
use std::collections::BTreeMap;

/// What is known of a visit. What is not known is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visit<'a> {
    /// Of the tags `utm_source`, `utm_medium` and `utm_campaign`; those in the address count where these are empty.
    pub source: &'a str,
    pub medium: &'a str,
    pub campaign: &'a str,
    /// The page that was opened, with its parameters.
    pub url: &'a str,
    /// The page before it.
    pub referrer: &'a str,
    /// The event that it is known by.
    pub event: &'a str,
    pub own_hosts: &'a [String],
}

/// Where a visit came from, and what kind of touch that is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Touch {
    pub channel: String,
    pub source: String,
    pub medium: String,
    pub campaign: String,
    pub direction: Direction,
    pub paid: bool,
    pub online: bool,
    /// The parameter with the id of the click, where there was one.
    pub click_id: Option<&'static str>,
}

/// The source of a visit that comes from nowhere else.
pub const DIRECT: &str = "(direct)";

/// The name of a channel as files write it: Paid Search is `paid-search`.
pub fn slug(channel: &str) -> String {
    channel.to_lowercase().replace([' ', '_'], "-")
}

/// Every channel that the usual rules, events and a programme know, by its [`slug`]: what an event says beyond these is
/// anybody's invention.
pub(crate) fn names(programme: &Programme) -> BTreeMap<String, String> {
    let of_campaigns = programme.campaigns.values().flat_map(|campaign| campaign.channels.keys());
    let of_links = programme.links.values().map(|link| &link.channel);
    let of_rules = programme.channels.rules.iter().map(|rule| &rule.channel);
    let own = of_campaigns.chain(of_links).chain(of_rules).filter(|name| !name.is_empty());
    let mut names: BTreeMap<String, String> = own.map(|name| (slug(name), name.clone())).collect();
    // Those that we know are written as we write them.
    let usual = STANDARD.into_iter().chain(offline::channels());
    names.extend(usual.map(|name| (slug(name), name.to_owned())));
    names
}

/// Direction of a channel by its [`slug`], and whether it is paid for; `None` for one that the usual rules do not know.
pub fn usual_of(slugged: &str) -> Option<(Direction, bool)> {
    STANDARD.iter().find(|channel| slug(channel) == slugged).map(|channel| kind(channel))
}

/// What comes of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    pub touch: Touch,
    /// The visit itself says where it comes from: whoever comes so in the middle of a session begins a new one.
    pub is_tagged: bool,
    /// A rule of the company's own said so.
    pub by_own_rule: bool,
}

/// The channel of a visit.
pub fn classify(visit: &Visit<'_>, rules: &[ChannelRule]) -> Classified {
    let origin = origin::of(visit);
    let standard = standard(&origin);
    let own = rules.iter().find(|rule| matches(rule, visit, &origin));
    let channel = own.map_or(standard, |rule| &rule.channel);
    let kind = kind(standard);
    let is_direct = origin.source.is_empty() && origin.medium.is_empty();
    let (is_tagged, by_own_rule) = (origin.is_tagged, own.is_some());
    let touch = Touch {
        channel: channel.to_owned(),
        source: if is_direct { DIRECT.to_owned() } else { origin.source },
        medium: if is_direct { "(none)".to_owned() } else { origin.medium },
        campaign: origin.campaign,
        direction: own.and_then(|rule| rule.direction).unwrap_or(kind.0),
        paid: own.and_then(|rule| rule.paid).unwrap_or(kind.1),
        online: own.and_then(|rule| rule.online).unwrap_or(true),
        click_id: origin.click_id,
    };
    Classified { touch, is_tagged, by_own_rule }
}

fn matches(rule: &ChannelRule, visit: &Visit<'_>, origin: &Origin) -> bool {
    let asked = [
        (&rule.source, origin.source.as_str()),
        (&rule.medium, &origin.medium),
        (&rule.campaign, &origin.campaign),
        (&rule.referrer, visit.referrer),
        (&rule.url, visit.url),
        (&rule.event, visit.event),
    ];
    // What has no condition is refused where programmes are checked, and matches nothing here.
    let mut asked =
        asked.into_iter().filter_map(|(pattern, text)| Some((pattern.as_ref()?, text))).peekable();
    asked.peek().is_some()
        && asked.all(|(pattern, text)| is_like(&pattern.to_lowercase(), &text.to_lowercase()))
}

/// Whether a text is as a pattern says, in which `*` is any text, or none.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(tail)
}

/// The default channel group, in the order of Google Analytics 4.
fn standard(origin: &Origin) -> &'static str {
    let Origin { source, medium, campaign, category, .. } = origin;
    let (source, medium) = (source.as_str(), medium.as_str());
    let is_of = |one: Category| *category == Some(one);
    let is_paid =
        medium.contains("cp") || ["ppc", "retargeting"].contains(&medium) || medium.starts_with("paid");
    let is_shop = is_of(Category::Shopping) || names_shop(campaign);
    let is_email = |word: &str| ["email", "e-mail", "e_mail", "e mail"].contains(&word);
    let is_direct = ["", "(direct)"].contains(&source) && ["", "(not set)", "(none)"].contains(&medium);
    match () {
        () if is_direct && campaign.is_empty() => "Direct",
        () if campaign.contains("cross-network") => "Cross-network",
        () if is_shop && is_paid => "Paid Shopping",
        () if is_of(Category::Search) && is_paid => "Paid Search",
        () if is_of(Category::Social) && is_paid => "Paid Social",
        () if is_of(Category::Video) && is_paid => "Paid Video",
        () if ["display", "banner", "expandable", "interstitial", "cpm"].contains(&medium) => "Display",
        () if is_paid => "Paid Other",
        () if is_shop => "Organic Shopping",
        () if is_of(Category::Social) || SOCIAL_MEDIA.contains(&medium) => "Organic Social",
        () if is_of(Category::Video) || medium.contains("video") => "Organic Video",
        () if is_of(Category::Assistant) || medium == "ai-assistant" => "AI Assistant",
        () if is_of(Category::Search) && !is_email(medium) || medium == "organic" => "Organic Search",
        () if ["referral", "app", "link"].contains(&medium) => "Referral",
        () if is_email(source) || is_email(medium) || is_of(Category::Email) => "Email",
        () if medium == "affiliate" => "Affiliates",
        () if medium == "audio" => "Audio",
        () if source == "sms" || medium == "sms" => "SMS",
        () if is_push(source, medium) => "Mobile Push Notifications",
        () => "Unassigned",
    }
}

const SOCIAL_MEDIA: [&str; 6] =
    ["social", "social-network", "social-media", "sm", "social network", "social media"];

fn is_push(source: &str, medium: &str) -> bool {
    medium.ends_with("push")
        || medium.contains("mobile")
        || medium.contains("notification")
        || source == "firebase"
}

/// `shopping`, or `shop` with nothing before it, an `e`, or what is no letter: an `eshop` and no `workshop`.
fn names_shop(campaign: &str) -> bool {
    let alone = |at: usize| {
        let before = campaign[..at].chars().next_back();
        before.is_none_or(|before| before == 'e' || !before.is_ascii_lowercase())
    };
    campaign.contains("shopping") || campaign.match_indices("shop").any(|(at, _)| alone(at))
}

/// Every channel that the usual rules know of and that something led to.
const STANDARD: [&str; 19] = [
    "Cross-network",
    "Paid Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Display",
    "Paid Other",
    "Organic Shopping",
    "Organic Social",
    "Organic Video",
    "AI Assistant",
    "Organic Search",
    "Referral",
    "Email",
    "Affiliates",
    "Audio",
    "SMS",
    "Mobile Push Notifications",
    "Unassigned",
];

/// Whether the company went to people or they came, and whether that was paid for.
fn kind(channel: &str) -> (Direction, bool) {
    match channel {
        // Whoever searches comes by themselves, also where the place in the list was paid for.
        "Paid Search" | "Paid Shopping" | "Affiliates" => (Direction::Inbound, true),
        "Cross-network" | "Paid Social" | "Paid Video" | "Display" | "Paid Other" | "Audio" => {
            (Direction::Outbound, true)
        }
        "Email" | "SMS" | "Mobile Push Notifications" => (Direction::Outbound, false),
        _ => (Direction::Inbound, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_any_text_where_it_has_a_star() {
        for (pattern, text, expected) in [
            ("partner", "partner", true),
            ("partner", "partners", false),
            ("partner*", "partners", true),
            ("*.example", "shop.example", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
