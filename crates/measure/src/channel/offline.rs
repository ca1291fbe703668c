//! Touches that are told as events: what people did, or what was done to them, away from the site.

use super::Touch;
use engine::programme::Direction;

/// What such an event means if it does not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    pub event: &'static str,
    pub channel: &'static str,
    pub direction: Direction,
    pub paid: bool,
    pub online: bool,
}

const fn row(
    event: &'static str,
    channel: &'static str,
    direction: Direction,
    paid: bool,
    online: bool,
) -> Deed {
    Deed { event, channel, direction, paid, online }
}

#[rustfmt::skip]
const DEEDS: [Deed; 15] = [
    row("Call Completed",     "Telemarketing",  Direction::Outbound, true,  false),
    row("Call Received",      "Phone",          Direction::Inbound,  false, false),
    row("Appointment Kept",   "Appointment",    Direction::Inbound,  false, false),
    row("Code Used",          "Code",           Direction::Outbound, true,  false),
    row("QR Scanned",         "QR",             Direction::Inbound,  false, false),
    row("Form Submitted",     "Form",           Direction::Inbound,  false, true),
    row("Guide Downloaded",   "Guide",          Direction::Inbound,  false, true),
    row("Webinar Attended",   "Webinar",        Direction::Inbound,  false, true),
    row("Fair Visited",       "Trade Fair",     Direction::Outbound, true,  false),
    row("Store Visited",      "Store",          Direction::Inbound,  false, false),
    row("Door Answered",      "Door-to-door",   Direction::Outbound, true,  false),
    row("Flyer Received",     "Flyer",          Direction::Outbound, true,  false),
    row("Letter Received",    "Direct Mail",    Direction::Outbound, true,  false),
    row("TV Spot Seen",       "TV",             Direction::Outbound, true,  false),
    row("Radio Spot Heard",   "Radio",          Direction::Outbound, true,  false),
];

/// What an event of this name means as a touch of its own; `None` for all others.
pub fn deed(event: &str) -> Option<&'static Deed> {
    DEEDS.iter().find(|deed| deed.event == event)
}

impl Deed {
    /// All of them, for whoever lists them.
    pub fn all() -> &'static [Self] {
        &DEEDS
    }

    /// The touch, with what the event and its tags say before what its name means.
    pub(crate) fn touch(&self, told: Touch, has_own_rule: bool, channel: Option<&str>) -> Touch {
        if has_own_rule {
            return told;
        }
        let channel = channel.filter(|channel| !channel.is_empty()).unwrap_or(self.channel).to_owned();
        let Self { direction, paid, online, .. } = *self;
        let is_direct = told.source == "(direct)";
        let blank = |text: String| if is_direct { String::new() } else { text };
        Touch {
            channel,
            source: blank(told.source),
            medium: blank(told.medium),
            direction,
            paid,
            online,
            ..told
        }
    }
}
