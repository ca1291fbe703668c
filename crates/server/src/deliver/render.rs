//! Messages as they leave. A programme's emails are compiled once, when it becomes live: MJML to HTML, links to
//! slots, a text part where none is written; for each send what is left is to fill in the values.
//!
//! Owned by the delivery of a programme, shared by its workers; a new programme is a new [`Templates`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::at::At;
use engine::effect::{OfferShown, Prepare};
use engine::journey::CALL_ROOT;
use engine::programme::{
    EmailMessage, EmailTemplate, Mistake, ORIGINAL, Offer, OfferContent, OpenTracking, OptIn, Place,
    Programme, Tracking, nearest,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::link::{SendLinks, SignedLinks, slotted};
use super::mjml::NoMjml;
use super::{html, mjml, plain};
use crate::liquid::{Context, Error, Escape, Map, Template, Value};

/// What a message is once it is written for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub from: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub html: Option<String>,
    pub text: String,
    /// For the header `List-Unsubscribe`; none where nothing can be unsubscribed from.
    pub unsubscribe: Option<String>,
}

/// What is seen of a message once it is with its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is a send: clicks and opens are, as the programme says; those of each person if that one consented.
    AsSend { opens: bool },
    /// It is no send, and nothing of it counts: its links lead straight to where they go.
    Never,
}

/// Why a send cannot be written. None of these mends itself by trying again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unrenderable {
    #[error("the programme has no email \"{0}\"")]
    NoEmail(String),
    #[error("{part} of the message: {error}")]
    Template { part: &'static str, error: Error },
    /// A line break in a value would end the header and begin another one.
    #[error("{0} would hold a line break or a null")]
    UnsafeHeader(&'static str),
}

/// The compiled emails of one programme.
#[derive(Debug)]
pub struct Templates {
    programme: Arc<str>,
    time_zone: TimeZone,
    /// For people whose language a message does not speak, in this order.
    languages: Vec<String>,
    /// Purposes that a message can be unsubscribed from.
    optional: BTreeSet<String>,
    /// By name.
    offers: BTreeMap<String, Offer>,
    /// By message and variant, then by language.
    emails: BTreeMap<String, BTreeMap<String, CompiledEmail>>,
}

/// One email in one language.
#[derive(Debug)]
struct CompiledEmail {
    from: String,
    reply_to: Option<String>,
    subject: Arc<Template>,
    html: Option<Template>,
    text: Template,
    /// Where clicks may be led to; see [`super::link`].
    hosts: BTreeSet<String>,
    tracking: Tracking,
}

/// The names that templates can read.
const ROOTS: [&str; 10] = [
    "profile",
    "event",
    CALL_ROOT,
    "programme",
    "message",
    "language",
    "unsubscribe_url",
    "preferences_url",
    "confirm_url",
    "offer",
];

/// Where the open pixel goes; the author's templates cannot name it, since a name has no dot.
const PIXEL: &str = "{{ ['open.pixel'] }}";
const PIXEL_NAME: &str = "open.pixel";

impl Templates {
    /// Every mistake at once, at places such as `messages.welcome.email.templates.it.mjml`.
    pub fn compile(programme: &Programme) -> Result<Self, Vec<Mistake>> {
        Self::compile_those(programme, |_| true)
    }

    /// With the email of one message alone, for whoever writes no other.
    pub fn of_message(programme: &Programme, name: &str) -> Result<Self, Vec<Mistake>> {
        Self::compile_those(programme, |one| one == name)
    }

    fn compile_those(programme: &Programme, is_wanted: impl Fn(&str) -> bool) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut emails = BTreeMap::new();
        let messages = Place::default().field("messages");
        for (name, message) in programme.messages.iter().filter(|(name, _)| is_wanted(name)) {
            let Some(email) = &message.email else { continue };
            let tracking = email.tracking.unwrap_or(programme.tracking);
            let mut compiler =
                Compiler { place: messages.field(name).field("email"), mistakes: &mut mistakes };
            emails.insert(name.clone(), compiler.email(email, tracking));
            for variant in message.variants.keys() {
                // What is inherited is told of once.
                if !compiler.mistakes.is_empty() {
                    break;
                }
                let email = message.email_of(variant).expect("it has an email");
                compiler.place = messages.field(name).field("variants").field(variant);
                emails.insert(wording(name, variant), compiler.email(&email, tracking));
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let optional = programme.purposes.iter().filter(|(_, purpose)| purpose.opt_in != OptIn::None);
        Ok(Self {
            programme: programme.name.as_str().into(),
            time_zone: TimeZone::get(&programme.timezone).unwrap_or(TimeZone::UTC),
            languages: programme.languages.clone(),
            optional: optional.map(|(name, _)| name.clone()).collect(),
            offers: programme.offers.clone(),
            emails,
        })
    }

    /// Writes one send. The same arguments give the same bytes.
    pub fn render(
        &self,
        send: &Prepare,
        links: &SignedLinks,
        now: At,
        seen: Seen,
    ) -> Result<Rendered, Unrenderable> {
        let (language, compiled) = self
            .emails
            .get(&wording(&send.message, &send.variant))
            // One that the programme no longer has is the original.
            .or_else(|| self.emails.get(&send.message))
            .and_then(|languages| spoken(languages, &send.language, &self.languages))
            .ok_or_else(|| Unrenderable::NoEmail(send.message.clone()))?;
        let unsubscribe = (!send.journey.is_empty() && self.optional.contains(&send.purpose))
            .then(|| links.unsubscribe(send.send, &send.purpose));
        let pixel = match (seen, compiled.tracking.opens) {
            (Seen::AsSend { opens: true }, OpenTracking::PerPerson) => Some(links.open_pixel(send.send)),
            (Seen::AsSend { .. }, OpenTracking::Anonymous) => Some(links.view_pixel(&send.message)),
            (_, OpenTracking::PerPerson | OpenTracking::Off) | (Seen::Never, _) => None,
        };
        let mut values = self.values(send, links, unsubscribe.as_deref(), language);
        if let Some(pixel) = pixel {
            let image = format!("<img src=\"{pixel}\" width=\"1\" height=\"1\" alt=\"\" style=\"border:0\">");
            values.insert(PIXEL_NAME, Value::Safe(image.into()));
        }
        let own_zone = send.traits.as_map().get("timezone").and_then(|zone| zone.text());
        let time_zone = own_zone.and_then(|name| TimeZone::get(name).ok());
        let targets = SendLinks {
            signed: links,
            send: send.send,
            hosts: &compiled.hosts,
            track: compiled.tracking.clicks && seen != Seen::Never,
        };
        let mut context = Context {
            values: &values,
            escape: Escape::Plain,
            now: Timestamp::from_millisecond(now.0).unwrap_or_default(),
            time_zone: time_zone.as_ref().unwrap_or(&self.time_zone),
            language,
            links: Some(&targets),
        };
        let render = |template: &Template, part, context: &Context<'_>| {
            template.render(context).map_err(|error| Unrenderable::Template { part, error })
        };
        let subject = render(&compiled.subject, "the subject", &context)?.trim().to_owned();
        let text = tidy_lines(&render(&compiled.text, "the text part", &context)?);
        context.escape = Escape::Html;
        let html = compiled.html.as_ref().map(|html| render(html, "the HTML part", &context)).transpose()?;
        for (header, value) in
            [("the subject", &subject), ("the sender", &compiled.from), ("the address", &send.address)]
        {
            if value.contains(['\r', '\n', '\0']) {
                return Err(Unrenderable::UnsafeHeader(header));
            }
        }
        Ok(Rendered {
            from: compiled.from.clone(),
            reply_to: compiled.reply_to.clone(),
            subject,
            html,
            text,
            unsubscribe,
        })
    }

    /// The language that a message is written in for whoever wants one, and the traits that it reads then.
    pub fn reads(&self, message: &str, language: &str) -> Option<(String, BTreeSet<String>)> {
        let (language, email) = spoken(self.emails.get(message)?, language, &self.languages)?;
        let templates = [Some(&*email.subject), Some(&email.text), email.html.as_ref()];
        let variables = templates.into_iter().flatten().flat_map(Template::variables);
        let traits = variables.filter_map(|variable| {
            let name = variable.path.strip_prefix("profile.")?.split(['.', '[']).next()?.to_owned();
            (name != "email").then_some(name)
        });
        Some((language.to_owned(), traits.collect()))
    }

    fn values(&self, send: &Prepare, links: &SignedLinks, unsubscribe: Option<&str>, language: &str) -> Map {
        let mut profile = Map::from(send.traits.as_map());
        if profile.get("email").is_none() {
            profile.insert("email", Value::text(send.address.as_str()));
        }
        let programme = Map::from_iter([("name", Value::Text(Arc::clone(&self.programme)))]);
        let answers = send.event.as_map().get(CALL_ROOT).and_then(|value| value.map());
        let answers = answers.map(Map::from).unwrap_or_default();
        let mut values = Map::from_iter([
            ("profile", Value::map(profile)),
            ("event", Value::map(Map::from(send.event.as_map()))),
            (CALL_ROOT, Value::map(answers)),
            ("programme", Value::map(programme)),
            ("message", Value::text(send.message.as_str())),
            ("language", Value::text(language)),
            ("preferences_url", Value::text(links.preferences(send.send))),
        ]);
        if let Some(shown) = &send.offer {
            values.insert("offer", Value::map(offer_words(&self.offers, shown, language, &self.languages)));
        }
        if let Some(url) = unsubscribe {
            values.insert("unsubscribe_url", Value::text(url));
        }
        if send.journey.is_empty() {
            values.insert("confirm_url", Value::text(links.confirm(send.send, &send.purpose)));
        }
        values
    }
}

/// What a message's variant is known by: no name has a space.
fn wording(message: &str, variant: &str) -> String {
    match variant {
        "" | ORIGINAL => message.to_owned(),
        variant => format!("{message} {variant}"),
    }
}

/// What a message says of its offer: the words are the same wherever it is shown.
pub(crate) fn offer_words(
    offers: &BTreeMap<String, Offer>,
    shown: &OfferShown,
    language: &str,
    languages: &[String],
) -> Map {
    let mut map = Map::from_iter([
        ("name", Value::text(shown.offer.as_str())),
        ("code", Value::text(shown.code.as_str())),
    ]);
    if let Some(until) = shown.until {
        map.insert("until", Value::text(until.to_string()));
    }
    let Some(offer) = offers.get(&shown.offer) else { return map };
    if let Some(value) = &offer.value {
        map.insert("value", Value::text(value.text(language, languages)));
    }
    if let Some(content) = offer.content(language, languages) {
        let OfferContent { title, text, terms, image, url } = content;
        for (name, words) in
            [("title", title), ("text", text), ("terms", terms), ("image", image), ("url", url)]
        {
            map.insert(name, Value::text(words.as_str()));
        }
    }
    map
}

/// The rendering for a language, for the language without its region, or for the first that the programme speaks.
pub(crate) fn spoken<'a, T>(
    by_language: &'a BTreeMap<String, T>,
    wanted: &str,
    languages: &[String],
) -> Option<(&'a str, &'a T)> {
    let without_region = wanted.split(['-', '_']).next().unwrap_or_default();
    let known = [wanted, without_region].into_iter().chain(languages.iter().map(String::as_str));
    let found = known.filter_map(|language| by_language.get_key_value(language)).next();
    found.or_else(|| by_language.first_key_value()).map(|(language, one)| (language.as_str(), one))
}

/// No spaces at the ends of lines, no more than one empty line together: what Liquid leaves where a branch was empty.
fn tidy_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim_end) {
        if !line.is_empty() || !out.ends_with("\n\n") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

struct Compiler<'m> {
    place: Place,
    mistakes: &'m mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn email(&mut self, email: &EmailMessage, tracking: Tracking) -> BTreeMap<String, CompiledEmail> {
        for (field, header) in [("from", Some(&email.from)), ("reply_to", email.reply_to.as_ref())] {
            if header.is_some_and(|header| header.contains(['\r', '\n', '\0'])) {
                self.mistake(self.place.field(field), "a header is one line");
            }
        }
        let place = self.place.field("subject");
        if email.subject.is_empty() {
            self.mistake(place.clone(), "the email has no subject");
        }
        let subjects: Vec<_> = email
            .subject
            .iter()
            .map(|(language, source)| {
                (language.clone(), self.template(source, &place.field(language)).map(Arc::new))
            })
            .collect();
        let subjects: BTreeMap<_, _> =
            subjects.into_iter().filter_map(|(language, subject)| Some((language, subject?))).collect();
        let mut emails = BTreeMap::new();
        for (language, source) in &email.templates {
            let subject = spoken(&subjects, language, &[]).map(|(_, subject)| Arc::clone(subject));
            let bodies = self.bodies(language, source);
            if let (Some(subject), Some((html, text, hosts))) = (subject, bodies) {
                let (from, reply_to) = (email.from.clone(), email.reply_to.clone());
                emails.insert(
                    language.clone(),
                    CompiledEmail { from, reply_to, subject, html, text, hosts, tracking },
                );
            }
        }
        emails
    }

    /// HTML from MJML or as written, and the text as written or from the other.
    fn bodies(
        &mut self,
        language: &str,
        source: &EmailTemplate,
    ) -> Option<(Option<Template>, Template, BTreeSet<String>)> {
        let place = self.place.field("templates").field(language);
        let text = source.text.as_deref().map(|text| self.template(text, &place.field("text")));
        let html = match (&source.mjml, &source.html) {
            (Some(source), _) => Some(self.mjml(source, &place.field("mjml"))),
            (None, Some(source)) => Some(self.template(source, &place.field("html")).map(|_| source.clone())),
            (None, None) => None,
        };
        match (html, text) {
            (Some(html), text) => {
                let html = html?;
                let slotted = slotted(&html, &html::scan(&html), PIXEL);
                let page = self.derived(&slotted.source, &place)?;
                // MJML says what is a paragraph; the tables it becomes no longer do.
                let written = source.mjml.as_deref().unwrap_or(&html);
                let text =
                    text.unwrap_or_else(|| self.derived(&plain::text(&html::scan(written)), &place))?;
                Some((Some(page), text, slotted.hosts))
            }
            (None, Some(text)) => Some((None, text?, BTreeSet::new())),
            (None, None) => {
                self.mistake(place, format!("the email has no template in \"{language}\""));
                None
            }
        }
    }

    fn mistake(&mut self, place: Place, message: impl Into<String>) {
        self.mistakes.push(Mistake { place, offset: None, message: message.into(), suggestion: None });
    }

    fn mjml(&mut self, source: &str, place: &Place) -> Option<String> {
        self.template(source, place)?;
        mjml::html(source)
            .map_err(|no| {
                let place = place.clone();
                let NoMjml { message, suggestion, at: offset } = no;
                self.mistakes.push(Mistake { place, offset, message, suggestion });
            })
            .ok()
    }

    /// A source as its author wrote it.
    fn template(&mut self, source: &str, place: &Place) -> Option<Template> {
        let template = match Template::parse(source) {
            Ok(template) => template,
            Err(error) => {
                self.mistakes.push(Mistake {
                    place: place.clone(),
                    offset: Some(error.place.offset as usize),
                    message: error.problem.to_string(),
                    suggestion: error.problem.suggestion(),
                });
                return None;
            }
        };
        for variable in template.variables() {
            let root = variable.path.split(['.', '[']).next().unwrap_or_default();
            if !ROOTS.contains(&root) {
                self.mistakes.push(Mistake {
                    place: place.clone(),
                    offset: Some(variable.place.offset as usize),
                    message: format!("there is no `{root}`: templates read {}", ROOTS.join(", ")),
                    suggestion: Some(match nearest(root, ROOTS) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("for a trait write `profile.{}`", variable.path),
                    }),
                });
            }
        }
        Some(template)
    }

    /// A source made from one that is right. Liquid that the making tore apart is the author's to mend: a block that
    /// begins in one element and ends in another.
    fn derived(&mut self, source: &str, place: &Place) -> Option<Template> {
        Template::parse(source)
            .map_err(|error| {
                self.mistakes.push(Mistake {
                    place: place.clone(),
                    offset: None,
                    message: format!("Liquid and HTML overlap: {}", error.problem),
                    suggestion: Some("begin and end each block inside the same element".to_owned()),
                });
            })
            .ok()
    }
}
