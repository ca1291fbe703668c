//! Pages that Trama itself shows: blocks from top to bottom, each perhaps for some people, some hours or some places only.

use super::check::did_you_mean;
use super::{Blocks, Localized, Mistake, Place, Programme, timezone};
use crate::at::At;
use crate::limits::{PAGE_BLOCKS_MAX, PAGES_MAX};
use crate::local::{TimeOfDay, WEEKDAYS, Weekdays};
use crate::segment::date::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What `/p/NAME` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostedPage {
    pub title: Localized,
    /// What search engines and messengers say of it.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub description: Localized,
    /// The consent, on the channel `onsite`, that choosing or wording something for a person needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Whose clock the hours and dates are by, if not the programme's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    pub blocks: Vec<PageBlock>,
}

/// A part of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageBlock {
    /// Title, text, image and button.
    pub content: Blocks,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// An expression: only who matches sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    #[serde(skip_serializing_if = "Here::is_always")]
    pub here: Here,
    /// It is shown where none of the blocks before it is that it stands in for: those back to the first one without
    /// `otherwise`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub otherwise: bool,
}

/// Where and when a block is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Here {
    /// Places of links; the visitor came by one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// From one time of day to another, perhaps over midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Days of the week by name; of hours over midnight, the day on which they begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// A day or an instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, whole, or an instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// `08:00` to `13:00`: from the first and before the second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub from: String,
    pub to: String,
}

/// Ways to pass a page on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Share {
    /// What is said with the address. Liquid.
    pub text: Localized,
    pub by: Vec<ShareWay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareWay {
    Mail,
    Whatsapp,
    Telegram,
    /// The address, to be copied.
    Copy,
}

impl ShareWay {
    pub const ALL: [Self; 4] = [Self::Mail, Self::Whatsapp, Self::Telegram, Self::Copy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Copy => "copy",
        }
    }
}

impl Here {
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is the place and the time. `place` is empty for a visitor who came from nowhere that is known.
    pub fn is_now(&self, place: &str, now: At, zone: &TimeZone) -> bool {
        let bound = |text: &Option<String>| text.as_deref().and_then(Date::parse);
        let has_begun = bound(&self.from).is_none_or(|date| date.begin(zone) <= now);
        let is_over = bound(&self.until).is_some_and(|date| date.end(zone) <= now);
        let is_place = self.places.is_empty() || self.places.iter().any(|one| one == place);
        has_begun && !is_over && is_place && self.is_open(now, zone)
    }

    fn is_open(&self, now: At, zone: &TimeZone) -> bool {
        let Ok(instant) = jiff::Timestamp::from_millisecond(now.0) else { return false };
        let local = zone.to_datetime(instant);
        let days = self.days.iter().try_fold(Weekdays::default(), |days, name| days.with(name));
        let days = days.filter(|_| !self.days.is_empty()).unwrap_or(Weekdays::EVERY);
        let Some((from, to)) = self.hours.as_ref().and_then(Hours::read) else {
            return days.has(local.date());
        };
        let time = TimeOfDay::of(local.time());
        if from < to {
            return from <= time && time < to && days.has(local.date());
        }
        let yesterday = local.date().yesterday().unwrap_or(local.date());
        (time >= from && days.has(local.date())) || (time < to && days.has(yesterday))
    }
}

impl Hours {
    fn read(&self) -> Option<(TimeOfDay, TimeOfDay)> {
        Some((TimeOfDay::parse(&self.from)?, TimeOfDay::parse(&self.to)?))
    }
}

impl HostedPage {
    /// Whose clock it goes by.
    pub fn zone(&self, programme: &Programme) -> TimeZone {
        self.timezone.as_deref().and_then(timezone).unwrap_or_else(|| programme.timezone())
    }
}

impl Programme {
    /// Of each block that is for some people only, its page, its number and who they are.
    pub(crate) fn block_rules(&self) -> impl Iterator<Item = (&str, usize, &str)> {
        self.pages.iter().flat_map(|(page, definition)| {
            let blocks = definition.blocks.iter().enumerate();
            blocks.filter_map(|(number, block)| Some((page.as_str(), number, block.when.as_deref()?)))
        })
    }

    /// What is wrong with the pages.
    pub(super) fn page_mistakes(&self) -> Vec<Mistake> {
        let mut pages = Pages { programme: self, found: Vec::new() };
        let root = Place("pages".to_owned());
        if self.pages.len() > PAGES_MAX {
            pages.add(&root, format!("a programme has at most {PAGES_MAX} pages"), None);
        }
        for (name, page) in &self.pages {
            pages.page(&root.field(name), page);
        }
        pages.found
    }
}

struct Pages<'a> {
    programme: &'a Programme,
    found: Vec<Mistake>,
}

impl Pages<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.found.push(Mistake { place: place.clone(), offset: None, message: message.into(), suggestion });
    }

    fn page(&mut self, place: &Place, page: &HostedPage) {
        if page.title.is_empty() {
            let way = Some("for example `title: { en: At the market }`");
            self.add(&place.field("title"), "a page has a title", way);
        }
        if page.blocks.is_empty() || page.blocks.len() > PAGE_BLOCKS_MAX {
            let message = format!("a page has 1 to {PAGE_BLOCKS_MAX} blocks");
            self.add(&place.field("blocks"), message, Some("for example `blocks: [{ title: Hello }]`"));
        }
        if let Some(name) = page.purpose.as_ref().filter(|name| !self.programme.purposes.contains_key(*name))
        {
            let near = did_you_mean(name, self.programme.purposes.keys());
            self.add(&place.field("purpose"), format!("there is no purpose \"{name}\""), near.as_deref());
        }
        if page.timezone.as_deref().is_some_and(|name| timezone(name).is_none()) {
            let way = Some("for example `Europe/Rome`");
            self.add(&place.field("timezone"), "there is no such time zone", way);
        }
        for (number, block) in page.blocks.iter().enumerate() {
            let place = place.field("blocks").index(number);
            self.block(&place, block);
            if block.when.is_some() && page.purpose.is_none() {
                let why = "who is chosen by what is known of them has consented to it";
                self.add(&place.field("when"), why, Some("add `purpose:` to the page, or leave `when` out"));
            }
            if block.otherwise && number == 0 {
                let way = Some("leave `else` out");
                self.add(&place.field("otherwise"), "there is no block before it to stand in for", way);
            }
        }
    }

    fn block(&mut self, place: &Place, block: &PageBlock) {
        let content = &block.content;
        let is_empty = content.title.is_empty()
            && content.text.is_empty()
            && content.image.is_none()
            && content.button.is_none();
        if is_empty && block.form.is_none() && block.share.is_none() {
            self.add(
                place,
                "the block shows nothing",
                Some("add a title, a text, an image, a button, a form or `share`"),
            );
        }
        if let Some(form) = block.form.as_ref().filter(|name| !self.programme.forms.contains_key(*name)) {
            let near = did_you_mean(form, self.programme.forms.keys());
            self.add(&place.field("form"), format!("there is no form \"{form}\""), near.as_deref());
        }
        if let Some(button) = &content.button
            && Programme::hosted(&button.url).is_some()
            && let Some((message, near)) = self.programme.address_mistake(&button.url)
        {
            self.add(&place.field("button").field("url"), message, near.as_deref());
        }
        self.here(place, &block.here);
    }

    fn here(&mut self, place: &Place, here: &Here) {
        let links = self.programme.links.values();
        let known: Vec<&String> = links.map(|link| &link.place).filter(|place| !place.is_empty()).collect();
        for (index, name) in here.places.iter().enumerate().filter(|(_, name)| !known.contains(name)) {
            let near = did_you_mean(name, known.iter().copied());
            let near = near.as_deref().or(Some("give a link this `place`"));
            self.add(&place.field("places").index(index), format!("no link has the place \"{name}\""), near);
        }
        if here.hours.as_ref().is_some_and(|hours| hours.read().is_none_or(|(from, to)| from == to)) {
            let way = Some("for example `hours: { from: \"08:00\", to: \"13:00\" }`");
            self.add(&place.field("hours"), "these are no hours of a day", way);
        }
        for (index, day) in here.days.iter().enumerate().filter(|(_, day)| !WEEKDAYS.contains(&day.as_str()))
        {
            let near = super::nearest(day, WEEKDAYS).map(|near| format!("did you mean `{near}`?"));
            self.add(
                &place.field("days").index(index),
                format!("there is no day \"{day}\""),
                near.as_deref(),
            );
        }
        for (field, text) in [("from", &here.from), ("until", &here.until)] {
            if text.as_deref().is_some_and(|text| Date::parse(text).is_none()) {
                let way = Some("for example `2026-12-31`, or `2026-12-31T18:00:00+01:00`");
                self.add(&place.field(field), "this is no date", way);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_shown_at_their_hours_on_the_clock_of_the_page() {
        let rome = timezone("Europe/Rome").unwrap();
        let hours = |from: &str, to: &str| Some(Hours { from: from.to_owned(), to: to.to_owned() });
        let market =
            Here { hours: hours("08:00", "13:00"), days: vec!["saturday".to_owned()], ..Here::default() };
        let night =
            Here { hours: hours("22:00", "02:00"), days: vec!["friday".to_owned()], ..Here::default() };
        let dated = Here {
            from: Some("2026-12-01".to_owned()),
            until: Some("2026-12-24".to_owned()),
            ..Here::default()
        };
        let placed = Here { places: vec!["fair".to_owned()], ..Here::default() };
        for (here, place, instant, expected) in [
            // The 28th of November 2026 is a Saturday, and Rome is an hour ahead.
            (&market, "", "2026-11-28T07:00:00Z", true),
            (&market, "", "2026-11-28T06:59:59Z", false),
            (&market, "", "2026-11-28T12:00:00Z", false),
            (&market, "", "2026-11-27T08:00:00Z", false),
            (&night, "", "2026-11-27T21:00:00Z", true),
            (&night, "", "2026-11-28T00:59:00Z", true),
            (&night, "", "2026-11-28T01:00:00Z", false),
            (&night, "", "2026-11-28T21:30:00Z", false),
            (&dated, "", "2026-11-30T22:59:59Z", false),
            (&dated, "", "2026-11-30T23:00:00Z", true),
            (&dated, "", "2026-12-24T22:59:59Z", true),
            (&dated, "", "2026-12-24T23:00:00Z", false),
            (&placed, "fair", "2026-11-28T07:00:00Z", true),
            (&placed, "shop", "2026-11-28T07:00:00Z", false),
            (&placed, "", "2026-11-28T07:00:00Z", false),
        ] {
            let now = At(instant.parse::<jiff::Timestamp>().unwrap().as_millisecond());
            assert_eq!(here.is_now(place, now, &rome), expected, "{here:?} {place} {instant}");
        }
    }
}
