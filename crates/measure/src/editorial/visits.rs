//! Visits of the pages of each space, by day.

use super::days_compared;
use engine::at::At;
use engine::programme::Editorial;
use engine::record::{Event, EventFlags, EventKind, Record};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Feed every record of the log to [`Visits::observe`]; those of the days that are asked for are enough.
#[derive(Clone, Debug)]
pub struct Visits {
    zone: TimeZone,
    /// Spaces with pages of ours, each with the beginning of their addresses.
    spaces: Vec<(String, String)>,
    days_asked: i32,
    counts: BTreeMap<(usize, Date), u64>,
}

impl Visits {
    /// `zone` says when a day begins.
    pub fn new(plan: &Editorial, zone: TimeZone) -> Self {
        let spaces = plan.spaces.iter().filter(|(_, space)| !space.url.is_empty());
        let days_asked = spaces.clone().map(|(_, space)| 2 * days_compared(space)).max().unwrap_or(0);
        let spaces = spaces.map(|(name, space)| (name.clone(), space.url.clone())).collect();
        Self { zone, spaces, days_asked, counts: BTreeMap::new() }
    }

    /// How many days back visits are asked for.
    pub fn days_asked(&self) -> i32 {
        self.days_asked
    }

    /// Whether no space has pages of ours, so that there is nothing to count.
    pub fn is_empty(&self) -> bool {
        self.spaces.is_empty()
    }

    /// Counts a page that a person saw.
    pub fn observe(&mut self, record: &Record<'_>) {
        let Record::Event(event) = record else { return };
        if event.kind != EventKind::Page || event.flags.has(EventFlags::BOT) {
            return;
        }
        let Some(url) = url_of(event) else { return };
        // A page that lies in two spaces is the narrower one's.
        let holds = |(_, (_, begin)): &(usize, &(String, String))| url.starts_with(begin.as_str());
        let spaces = self.spaces.iter().enumerate().filter(holds);
        if let Some((space, _)) = spaces.max_by_key(|(_, (_, begin))| begin.len()) {
            let day = self.day(event.occurred_at);
            *self.counts.entry((space, day)).or_default() += 1;
        }
    }

    fn day(&self, at: At) -> Date {
        let instant = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        instant.to_zoned(self.zone.clone()).date()
    }

    /// Of a space with pages of ours, what counts visits from a day on, up to another that is left out.
    pub(super) fn of(&self, space: &str) -> Option<impl Fn(Date, Date) -> u64> {
        let number = self.spaces.iter().position(|(name, _)| name == space)?;
        Some(move |from: Date, to: Date| {
            self.counts.range((number, from)..(number, to)).map(|(_, one)| one).sum()
        })
    }
}

/// The address of the page, as the tracking API's `page` call has it.
fn url_of<'a>(event: &Event<'a>) -> Option<&'a str> {
    let stated = event.properties.get("url").and_then(|url| url.text());
    let found = || event.context.get("page")?.map()?.get("url")?.text();
    stated.or_else(found)
}
