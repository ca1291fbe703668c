//! By what somebody came: channel and campaign of a visit.
//!
//! Channels have their names in small letters here, with hyphens, as campaigns and spend write them: `paid-search` is Paid
//! Search.

use crate::channel::{Touch, slug, usual_of};
use crate::touchpoint::OURS;
use engine::programme::{Direction, Programme};

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

    /// By a message of ours, of the campaign that shows it.
    pub fn by_message(programme: &Programme, channel: &str, message: &str) -> Self {
        let shows = |one: &&String| programme.campaigns[*one].messages.iter().any(|shown| shown == message);
        let campaign = programme.campaigns.keys().find(shows).map_or("", String::as_str);
        Self::by(programme, channel, campaign)
    }

    /// By what the rules say of a visit, unless a campaign uses the channel otherwise; `None` for one that nothing led to.
    pub fn by_touch(programme: &Programme, touch: &Touch) -> Option<Self> {
        if touch.channel == "Direct" {
            return None;
        }
        // A click in a message is told by the message that was sent.
        if touch.source == OURS {
            return Some(Self::by_message(programme, &touch.medium, &touch.campaign));
        }
        let channel = slug(&touch.channel);
        let own = programme.campaign_called(&touch.campaign).unwrap_or(&touch.campaign);
        let of_campaign = programme.campaigns.get(own).and_then(|one| one.channels.get(&channel)).copied();
        let used = of_campaign.or_else(|| programme.campaign_channel(&channel));
        let (direction, paid) =
            used.map_or((touch.direction, touch.paid), |used| (used.direction, used.paid));
        Some(Self { campaign: own.to_owned(), direction: Some(direction), paid, channel })
    }

    /// Whether somebody came by themselves, and nobody was paid for it.
    pub fn is_organic(&self) -> bool {
        self.direction == Some(Direction::Inbound) && !self.paid
    }
}

/// How channels of such names are used, where no campaign says otherwise.
fn usual(channel: &str) -> (Option<Direction>, bool) {
    use Direction::Outbound;
    match channel {
        "tv" | "radio" | "press" | "outdoor" | "flyer" | "door-to-door" | "fair" => (Some(Outbound), true),
        "push" | "web_push" | "in_app" | "onsite" | "call" => (Some(Outbound), false),
        _ => usual_of(channel).map_or((None, false), |(direction, paid)| (Some(direction), paid)),
    }
}
