//! By what somebody came: channel and campaign of a visit, as far as the event itself says.
//!
//! Channels have their names in small letters here, with hyphens, as campaigns and spend write them: `paid-search` is Paid
//! Search.

use crate::channel::{Classified, DIRECT, Touch, of_event, slug, usual_of};
use engine::programme::{Direction, Programme};
use engine::record::Event;

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

    /// By what the rules say of a visit, unless a campaign uses the channel otherwise.
    fn by_touch(programme: &Programme, touch: &Touch) -> Self {
        let channel = slug(&touch.channel);
        let own = programme.campaign_called(&touch.campaign).unwrap_or(&touch.campaign);
        let of_campaign = programme.campaigns.get(own).and_then(|one| one.channels.get(&channel)).copied();
        let used = of_campaign.or_else(|| programme.campaign_channel(&channel));
        let (direction, paid) =
            used.map_or((touch.direction, touch.paid), |used| (used.direction, used.paid));
        Self { campaign: own.to_owned(), direction: Some(direction), paid, channel }
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

/// Says by what somebody came.
pub trait Arrivals {
    /// `None` for a visit that nothing led to.
    fn of(&self, event: &Event<'_>, programme: &Programme) -> Option<Arrival>;
}

/// By the rules for the channels of visits: the company's own, and then the usual ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByRules;

impl Arrivals for ByRules {
    fn of(&self, event: &Event<'_>, programme: &Programme) -> Option<Arrival> {
        let Classified { touch, by_own_rule, .. } = of_event(event, &programme.channels);
        let led = by_own_rule || touch.source != DIRECT || !touch.campaign.is_empty();
        led.then(|| Arrival::by_touch(programme, &touch))
    }
}
