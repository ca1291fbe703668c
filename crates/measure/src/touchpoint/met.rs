//! What an event is to visits and touches, by the rules of channels alone: the same whoever it is of, and whatever else they did.

use crate::channel::{Classified, Deed, Touch, deed, of_event, slug};
use engine::programme::ChannelRules;
use engine::record::{Event, EventFlags, EventKind};
use engine::value::Map;
use std::collections::BTreeMap;

const LINK_VISITED: &str = "Link Visited";
const SCANNED: &str = "QR Scanned";

/// What part it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Part of a visit.
    Hit,
    /// A code that was scanned.
    Scan,
    /// A visit to a link of ours.
    Link,
    /// It tells of a touch elsewhere.
    Told,
}

impl Role {
    pub(crate) const ALL: [Self; 4] = [Self::Hit, Self::Scan, Self::Link, Self::Told];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Scan => "scan",
            Self::Link => "link",
            Self::Told => "told",
        }
    }
}

/// An event as a touch, or as a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) role: Role,
    /// By its address and its campaign.
    pub(crate) classified: Touch,
    pub(crate) is_tagged: bool,
    /// A rule of the company's own says the channel, and so nothing else does.
    pub(crate) by_own_rule: bool,
    /// The channel that the event itself names, by its [`slug`]; empty for none.
    pub(crate) named: String,
    deed: Option<&'static Deed>,
}

impl Met {
    /// `None` for what is neither: bots, names of people, and what happened where nobody was.
    pub(crate) fn of(event: &Event<'_>, rules: &ChannelRules) -> Option<Self> {
        let is_done = matches!(event.kind, EventKind::Track | EventKind::Page | EventKind::Screen);
        if !is_done || event.flags.has(EventFlags::BOT) {
            return None;
        }
        let is_link = event.name == LINK_VISITED;
        let (context, page) = (event.context, event.context.get("page").and_then(|page| page.map()));
        let is_visit = matches!(event.kind, EventKind::Page | EventKind::Screen)
            || page.is_some()
            || ["campaign", "app", "device"].into_iter().any(|part| context.get(part).is_some());
        // A form on a page is part of the visit; one from elsewhere is a touch. A scan is told with the page that it led to.
        let told = deed(event.name).filter(|deed| page.is_none() || deed.event == SCANNED);
        let role = match told {
            Some(deed) if deed.event == SCANNED => Role::Scan,
            Some(_) => Role::Told,
            None if is_link => Role::Link,
            None if is_visit => Role::Hit,
            None => return None,
        };
        let Classified { touch, is_tagged, by_own_rule } = of_event(event, rules);
        let named = match role {
            Role::Hit => String::new(),
            Role::Scan | Role::Link | Role::Told => slug(text(event.properties, "channel")),
        };
        Some(Self { role, classified: touch, is_tagged, by_own_rule, named, deed: told })
    }

    /// As it was told before; of scans, links and hits alone, which need no more than this.
    pub(crate) fn again(
        role: Role,
        classified: Touch,
        is_tagged: bool,
        by_own_rule: bool,
        named: String,
    ) -> Self {
        let deed = (role == Role::Scan).then(|| deed(SCANNED)).flatten();
        Self { role, classified, is_tagged, by_own_rule, named, deed }
    }

    /// The touch. A channel that the event names counts where anybody knows one of that name.
    pub(crate) fn touch(&self, channels: &BTreeMap<String, String>) -> Touch {
        let (touch, named) = (self.classified.clone(), channels.get(&self.named));
        match (self.deed, named) {
            _ if self.by_own_rule => touch,
            (Some(deed), named) => deed.touch(touch, named.map_or("", String::as_str)),
            (None, Some(channel)) if self.role == Role::Link => Touch { channel: channel.clone(), ..touch },
            (None, _) => touch,
        }
    }
}

fn text<'a>(map: Map<'a>, name: &str) -> &'a str {
    map.get(name).and_then(|value| value.text()).unwrap_or_default()
}
