//! Touches that are told as events: what people did, or what was done to them, away from the site.

use super::{DIRECT, Touch};
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
    row("Call Completed",     "Call",           Direction::Outbound, true,  false),
    row("Call Received",      "Phone",          Direction::Inbound,  false, false),
    row("Appointment Kept",   "Appointment",    Direction::Inbound,  false, false),
    row("Code Used",          "Code",           Direction::Outbound, true,  false),
    row("QR Scanned",         "QR",             Direction::Inbound,  false, false),
    row("Form Submitted",     "Form",           Direction::Inbound,  false, true),
    row("Guide Downloaded",   "Guide",          Direction::Inbound,  false, true),
    row("Webinar Attended",   "Webinar",        Direction::Inbound,  false, true),
    row("Fair Visited",       "Fair",           Direction::Outbound, true,  false),
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

/// The channels of all of them.
pub(super) fn channels() -> impl Iterator<Item = &'static str> {
    DEEDS.iter().map(|deed| deed.channel)
}

impl Deed {
    /// The touch, where no rule of the company's own says another one. `channel` is what the event names, if anything.
    pub(crate) fn touch(&self, told: Touch, channel: &str) -> Touch {
        let Self { direction, paid, online, .. } = *self;
        let channel = if channel.is_empty() { self.channel } else { channel }.to_owned();
        let is_direct = told.source == DIRECT;
        let said = |text: String| if is_direct { String::new() } else { text };
        Touch {
            channel,
            source: said(told.source),
            medium: said(told.medium),
            direction,
            paid,
            online,
            ..told
        }
    }
}
