//! Forms for visitors: what is asked, which consents may be given in them, and what somebody gets who fills one in.

use super::check::did_you_mean;
use super::identity::within_ms;
use super::{Channel, Localized, Mistake, OptIn, Place, Programme};
use crate::at::Span;
use crate::limits::{FORM_FIELDS_MAX, FORM_OPTIONS_MAX, FORM_WORK_BITS_MAX, FORMS_MAX, GUIDE_LASTS_MAX};
use crate::segment::date::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What `/f/NAME` asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    pub title: Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub text: Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub button: Localized,
    pub fields: Vec<FormField>,
    /// `newsletter`, or `newsletter.email`: each is a box of its own with the wording of its purpose, and none is ticked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    #[serde(skip_serializing_if = "Thanks::is_usual")]
    pub thanks: Thanks,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<Guide>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webinar: Option<Webinar>,
    /// Origins of pages that show it or send to it: `https://shop.example`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embed: Vec<String>,
    /// Zero bits that a browser has to find before it may send; none asks for no script.
    #[serde(skip_serializing_if = "super::is_usual")]
    pub work_bits: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormField {
    /// Of the trait that it becomes.
    pub name: String,
    pub kind: FieldKind,
    pub label: Localized,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// It is asked of those alone of whom it is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub until_known: bool,
    /// Of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<FormOption>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormOption {
    pub value: String,
    pub label: Localized,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    Email,
    Phone,
    Number,
    Date,
    Choice,
    /// Several lines; told with the event, and no trait.
    LongText,
    /// A box; yes or no.
    Tick,
}

impl FieldKind {
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Email,
        Self::Phone,
        Self::Number,
        Self::Date,
        Self::Choice,
        Self::LongText,
        Self::Tick,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Number => "number",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::LongText => "long_text",
            Self::Tick => "tick",
        }
    }
}

/// What is said to somebody who filled in a form; or where they are led.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thanks {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub title: Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub text: Localized,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Thanks {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Something to read, behind a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guide {
    pub title: Localized,
    /// Where it lies; nobody is told but by a signed link.
    pub url: String,
    /// How long the link works, if not for a week.
    #[serde(with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// The link is only in the event, for a message to bring, and not on the page that thanks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_message: bool,
}

/// Something that begins at an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Webinar {
    pub starts: String,
    /// Where it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

impl Webinar {
    /// When it starts, as an instant in UTC.
    pub fn starts_at(&self, programme: &Programme) -> Option<crate::at::At> {
        Date::parse(&self.starts).map(|date| date.begin(&programme.timezone()))
    }
}

impl Programme {
    /// The purpose whose consent allows to know a visitor again by a cookie.
    pub fn remembering_purpose(&self) -> Option<&str> {
        self.purposes.iter().find(|(_, purpose)| purpose.remembers).map(|(name, _)| name.as_str())
    }

    /// What is wrong with the forms.
    pub(super) fn form_mistakes(&self) -> Vec<Mistake> {
        let mut forms = Forms { programme: self, found: Vec::new() };
        let root = Place("forms".to_owned());
        if self.forms.len() > FORMS_MAX {
            forms.add(&root, format!("a programme has at most {FORMS_MAX} forms"), None);
        }
        for (name, form) in &self.forms {
            forms.form(&root.field(name), form);
        }
        forms.found
    }
}

struct Forms<'a> {
    programme: &'a Programme,
    found: Vec<Mistake>,
}

impl Forms<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.found.push(Mistake { place: place.clone(), offset: None, message: message.into(), suggestion });
    }

    fn form(&mut self, place: &Place, form: &Form) {
        if form.title.is_empty() {
            let way = Some("for example `title: { en: Get the guide }`");
            self.add(&place.field("title"), "a form has a title", way);
        }
        if form.fields.is_empty() || form.fields.len() > FORM_FIELDS_MAX {
            let message = format!("a form has 1 to {FORM_FIELDS_MAX} fields");
            self.add(
                &place.field("fields"),
                message,
                Some("for example `fields: [{ field: email, required: true }]`"),
            );
        }
        let mut names = BTreeSet::new();
        for (index, field) in form.fields.iter().enumerate() {
            let place = place.field("fields").index(index);
            if !names.insert(field.name.as_str()) {
                self.add(&place.field("name"), format!("\"{}\" is asked twice", field.name), None);
            }
            self.field(&place, field);
        }
        let names_somebody = |field: &FormField| matches!(field.kind, FieldKind::Email | FieldKind::Phone);
        let consents = form.purposes.iter().any(|name| !self.programme.is_remembering(name));
        if consents && !form.fields.iter().any(names_somebody) {
            let way = Some("add `- { field: email, required: true }`");
            self.add(&place.field("purposes"), "a consent without an address reaches nobody", way);
        }
        for (index, name) in form.purposes.iter().enumerate() {
            self.purpose(&place.field("purposes").index(index), name);
        }
        if let Some(url) = &form.thanks.url
            && let Some((message, way)) = self.programme.address_mistake(url)
        {
            self.add(&place.field("thanks").field("url"), message, way.as_deref());
        }
        if let Some(guide) = &form.guide {
            self.guide(&place.field("guide"), guide);
        }
        if let Some(webinar) = &form.webinar {
            let place = place.field("webinar");
            if !matches!(Date::parse(&webinar.starts), Some(Date::Instant(_))) {
                let way = Some("for example `2026-12-10T18:00:00+01:00`");
                self.add(&place.field("starts"), "this is no instant", way);
            }
            if !webinar.url.is_empty()
                && let Some((message, way)) = self.programme.address_mistake(&webinar.url)
            {
                self.add(&place.field("url"), message, way.as_deref());
            }
        }
        for (index, origin) in form.embed.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
            let message = format!("\"{origin}\" is no origin of a page");
            self.add(&place.field("embed").index(index), message, Some("for example `https://shop.example`"));
        }
        if form.work_bits > FORM_WORK_BITS_MAX {
            let message = format!("more than {FORM_WORK_BITS_MAX} bits keep a phone busy for too long");
            self.add(&place.field("work_bits"), message, Some("write 16, or leave it out"));
        }
    }

    fn field(&mut self, place: &Place, field: &FormField) {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let reserved = ["stamp", "visit", "page", "language", "nickname", "work", "consent", "wording"];
        if field.name.is_empty()
            || !field.name.chars().all(is_name)
            || reserved.contains(&field.name.as_str())
        {
            let message = format!("\"{}\" is no name of a field", field.name);
            self.add(
                &place.field("name"),
                message,
                Some("use lower-case letters, digits and _, such as `first_name`"),
            );
        }
        for (name, kind) in [("email", FieldKind::Email), ("phone", FieldKind::Phone)] {
            if (field.name == name) != (field.kind == kind) {
                let message =
                    format!("the field that is called `{name}` is of the type `{name}`, and no other is");
                self.add(&place.field("kind"), message, Some("one person has one of them"));
            }
        }
        let options: BTreeSet<&str> = field.options.iter().map(|one| one.value.as_str()).collect();
        let count = field.options.len();
        if (field.kind == FieldKind::Choice) != (count > 0)
            || count > FORM_OPTIONS_MAX
            || options.len() < count
        {
            let message = format!(
                "a choice is between 1 to {FORM_OPTIONS_MAX} different options, and nothing else has some"
            );
            self.add(&place.field("options"), message, Some("for example `options: [oil, bread]`"));
        }
        if field.until_known && field.kind == FieldKind::LongText {
            let way = Some("leave `ask` out");
            self.add(&place.field("until_known"), "what is no trait is never known", way);
        }
    }

    fn purpose(&mut self, place: &Place, name: &str) {
        let (purpose, channel) = crate::engine::split_preference(name);
        let Some(found) = self.programme.purposes.get(purpose) else {
            let near = did_you_mean(purpose, self.programme.purposes.keys());
            return self.add(place, format!("there is no purpose \"{purpose}\""), near.as_deref());
        };
        if found.opt_in == OptIn::None {
            self.add(place, format!("the purpose `{purpose}` asks for no consent"), Some("leave it out"));
        }
        if let Some(channel) = channel.filter(|channel| !found.channels.contains(channel)) {
            let message =
                format!("the purpose `{purpose}` is not for the channel `{}`", Channel::name(channel));
            self.add(place, message, None);
        }
    }

    fn guide(&mut self, place: &Place, guide: &Guide) {
        if let Some((message, way)) = self.programme.address_mistake(&guide.url) {
            self.add(&place.field("url"), message, way.as_deref());
        }
        if guide.title.is_empty() {
            self.add(
                &place.field("title"),
                "a guide has a title",
                Some("for example `title: { en: Good oil }`"),
            );
        }
        if guide.lasts.is_some_and(|span| span < Span::MINUTE || span > GUIDE_LASTS_MAX) {
            let message = format!("the link to a guide works for a minute to {GUIDE_LASTS_MAX}");
            self.add(&place.field("lasts"), message, Some("for example `lasts: 7 days`"));
        }
    }
}

impl Programme {
    fn is_remembering(&self, name: &str) -> bool {
        self.purposes.get(crate::engine::split_preference(name).0).is_some_and(|purpose| purpose.remembers)
    }
}

/// Scheme, host and perhaps a port, as a browser writes them.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    host.is_some_and(|host| !host.is_empty() && host.chars().all(fits))
}
