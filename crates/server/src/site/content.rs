//! The blocks of messages on pages and in inboxes: compiled once for a programme, and filled in for one person.
//!
//! Texts are filled in as they are, since whoever shows them sets them as text; an address takes values as one component of
//! it and has its host written out; only the author's own HTML is HTML, and its values are escaped.

use crate::deliver::render::{offer_words, spoken};
use crate::liquid::{Context, Escape, Map, Template, Value};
use engine::at::At;
use engine::effect::OfferShown;
use engine::programme::{Blocks, HostedPage, Localized, Mistake, Offer, Place, Programme, nearest};
use engine::value::OwnedMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// The names that the templates of blocks can read.
const ROOTS: [&str; 5] = ["profile", "programme", "message", "language", "offer"];

/// All contents of one programme.
pub(crate) struct Contents {
    programme: String,
    time_zone: TimeZone,
    languages: Vec<String>,
    offers: BTreeMap<String, Offer>,
    onsite: BTreeMap<String, Content>,
    in_app: BTreeMap<String, Content>,
    pages: BTreeMap<String, Page>,
}

/// A page that Trama shows itself.
struct Page {
    title: Texts,
    description: Texts,
    /// Each with what is said when it is passed on.
    blocks: Vec<(Content, Texts)>,
}

/// A page for one person: those blocks that they see.
#[derive(Debug, Default)]
pub(crate) struct ShownPage {
    pub(crate) language: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// By number.
    pub(crate) blocks: Vec<(usize, Shown, String)>,
}

#[derive(Default)]
struct Content {
    title: Texts,
    text: Texts,
    image: Option<(Template, Texts)>,
    button: Option<(Template, Texts)>,
    close: Texts,
    html: Texts,
}

type Texts = BTreeMap<String, Template>;

/// Blocks for one person, in one language.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ShownContent)]
pub(crate) struct Shown {
    pub language: String,
    pub title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ShownImage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<ShownButton>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub close: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub html: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ShownImage {
    pub url: String,
    pub alt: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ShownButton {
    pub url: String,
    pub text: String,
}

/// For whom blocks are filled in.
pub(crate) struct Reader {
    pub(crate) language: String,
    /// What may be read of the person; nothing where it is not sure who they are.
    pub(crate) traits: OwnedMap,
}

impl Contents {
    /// Of a programme without mistakes.
    pub(crate) fn of(programme: &Programme) -> Self {
        let compiled = |blocks: &Blocks| Content::compile(blocks, &Place::default(), true, &mut Vec::new());
        let messages = || programme.messages.iter();
        let onsite = messages()
            .filter_map(|(name, message)| Some((name.clone(), compiled(&message.onsite.as_ref()?.blocks))));
        let in_app = messages()
            .filter_map(|(name, message)| Some((name.clone(), compiled(&message.in_app.as_ref()?.blocks))));
        Self {
            programme: programme.name.clone(),
            time_zone: TimeZone::get(&programme.timezone).unwrap_or(TimeZone::UTC),
            languages: programme.languages.clone(),
            offers: programme.offers.clone(),
            onsite: onsite.collect(),
            in_app: in_app.collect(),
            pages: programme
                .pages
                .iter()
                .map(|(name, page)| (name.clone(), Page::compile(page, &Place::default(), &mut Vec::new())))
                .collect(),
        }
    }

    /// `None` where it cannot be filled in, as where a loop of its author's has no end.
    pub(crate) fn onsite(
        &self,
        message: &str,
        offer: Option<&OfferShown>,
        reader: &Reader,
        now: At,
    ) -> Option<Shown> {
        self.fill(self.onsite.get(message)?, (message, offer), reader, now)
    }

    pub(crate) fn in_app(
        &self,
        message: &str,
        offer: Option<&OfferShown>,
        reader: &Reader,
        now: At,
    ) -> Option<Shown> {
        self.fill(self.in_app.get(message)?, (message, offer), reader, now)
    }

    /// A page with those blocks that are to be seen.
    pub(crate) fn page(&self, name: &str, seen: &[bool], reader: &Reader, now: At) -> Option<ShownPage> {
        let page = self.pages.get(name)?;
        let (language, _) = spoken(&page.title, &reader.language, &self.languages)?;
        let filling = self.filling(language, (name, None), reader, now);
        let blocks = page.blocks.iter().enumerate().filter(|(number, _)| seen.get(*number) == Some(&true));
        let blocks = blocks.map(|(number, (content, said))| {
            Some((number, filling.content(content)?, filling.text(said, Escape::Plain)?))
        });
        Some(ShownPage {
            language: language.to_owned(),
            title: filling.text(&page.title, Escape::Plain)?,
            description: filling.text(&page.description, Escape::Plain)?,
            blocks: blocks.collect::<Option<_>>()?,
        })
    }

    fn fill(
        &self,
        content: &Content,
        (message, offer): (&str, Option<&OfferShown>),
        reader: &Reader,
        now: At,
    ) -> Option<Shown> {
        let (language, _) = spoken(&content.title, &reader.language, &self.languages)?;
        self.filling(language, (message, offer), reader, now).content(content)
    }

    fn filling<'f>(
        &'f self,
        language: &'f str,
        (message, offer): (&str, Option<&OfferShown>),
        reader: &Reader,
        now: At,
    ) -> Filling<'f> {
        let programme = Map::from_iter([("name", Value::text(self.programme.as_str()))]);
        let mut values = Map::from_iter([
            ("profile", Value::map(Map::from(reader.traits.as_map()))),
            ("programme", Value::map(programme)),
            ("message", Value::text(message)),
            ("language", Value::text(language)),
        ]);
        if let Some(shown) = offer {
            values.insert("offer", Value::map(offer_words(&self.offers, shown, language, &self.languages)));
        }
        let zone = reader.traits.as_map().get("timezone").and_then(|zone| zone.text());
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        let zone = zone.unwrap_or_else(|| self.time_zone.clone());
        Filling { contents: self, values, zone, language, now }
    }
}

/// Templates of one content, with the values for one person.
struct Filling<'f> {
    contents: &'f Contents,
    values: Map,
    zone: TimeZone,
    language: &'f str,
    now: At,
}

impl Filling<'_> {
    fn fill(&self, template: &Template, escape: Escape) -> Option<String> {
        let context = Context {
            values: &self.values,
            escape,
            now: Timestamp::from_millisecond(self.now.0).unwrap_or_default(),
            time_zone: &self.zone,
            language: self.language,
            links: None,
        };
        template.render(&context).ok().map(|text| text.trim().to_owned())
    }

    fn text(&self, texts: &Texts, escape: Escape) -> Option<String> {
        match spoken(texts, self.language, &self.contents.languages) {
            Some((_, template)) => self.fill(template, escape),
            None => Some(String::new()),
        }
    }

    fn content(&self, content: &Content) -> Option<Shown> {
        let text = |texts: &Texts, escape| self.text(texts, escape);
        let linked = |part: &Option<(Template, Texts)>| match part {
            Some((url, texts)) => Some(Some((self.fill(url, Escape::Url)?, text(texts, Escape::Plain)?))),
            None => Some(None),
        };
        Some(Shown {
            language: self.language.to_owned(),
            title: text(&content.title, Escape::Plain)?,
            text: text(&content.text, Escape::Plain)?,
            image: linked(&content.image)?.map(|(url, alt)| ShownImage { url, alt }),
            button: linked(&content.button)?.map(|(url, text)| ShownButton { url, text }),
            close: text(&content.close, Escape::Plain)?,
            html: text(&content.html, Escape::Html)?,
        })
    }
}

/// What is wrong with the blocks of a programme.
pub(crate) fn mistakes(programme: &Programme) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (name, message) in &programme.messages {
        let place = Place("messages".to_owned()).field(name);
        if let Some(one) = &message.onsite {
            let place = place.field("onsite");
            Content::compile(&one.blocks, &place, !one.is_for_everybody(), &mut mistakes);
        }
        if let Some(one) = &message.in_app {
            Content::compile(&one.blocks, &place.field("in_app"), true, &mut mistakes);
        }
    }
    for (name, page) in &programme.pages {
        Page::compile(page, &Place("pages".to_owned()).field(name), &mut mistakes);
    }
    mistakes
}

impl Page {
    fn compile(page: &HostedPage, place: &Place, mistakes: &mut Vec<Mistake>) -> Self {
        let is_personal = page.purpose.is_some();
        let blocks = page.blocks.iter().enumerate().map(|(number, block)| {
            let place = place.field("blocks").index(number);
            let content = Content::compile(&block.content, &place, is_personal, mistakes);
            let said = block.share.as_ref().map(|share| &share.text);
            let mut compiler = Compiler { is_personal, mistakes };
            let said = said.map(|said| compiler.texts(said, &place.field("share").field("text")));
            (content, said.unwrap_or_default())
        });
        let blocks = blocks.collect();
        let mut compiler = Compiler { is_personal, mistakes };
        let title = compiler.texts(&page.title, &place.field("title"));
        Self { title, description: compiler.texts(&page.description, &place.field("description")), blocks }
    }
}

impl Content {
    fn compile(blocks: &Blocks, place: &Place, is_personal: bool, mistakes: &mut Vec<Mistake>) -> Self {
        let mut compiler = Compiler { is_personal, mistakes };
        let mut texts = |name: &str, texts| compiler.texts(texts, &place.field(name));
        let (title, text) = (texts("title", &blocks.title), texts("text", &blocks.text));
        let (close, html) = (texts("close", &blocks.close), texts("html", &blocks.html));
        let image = blocks.image.as_ref().and_then(|image| {
            let place = place.field("image");
            Some((
                compiler.url(&image.url, &place.field("url"))?,
                compiler.texts(&image.alt, &place.field("alt")),
            ))
        });
        let button = blocks.button.as_ref().and_then(|button| {
            let place = place.field("button");
            let url = compiler.url(&button.url, &place.field("url"))?;
            Some((url, compiler.texts(&button.text, &place.field("text"))))
        });
        Self { title, text, image, button, close, html }
    }
}

struct Compiler<'m> {
    is_personal: bool,
    mistakes: &'m mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn texts(&mut self, texts: &Localized, place: &Place) -> Texts {
        let compiled = texts.iter().filter_map(|(language, source)| {
            Some((language.clone(), self.template(source, &place.field(language))?))
        });
        compiled.collect()
    }

    fn template(&mut self, source: &str, place: &Place) -> Option<Template> {
        let template = match Template::parse(source) {
            Ok(template) => template,
            Err(error) => {
                let (offset, suggestion) = (error.place.offset as usize, error.problem.suggestion());
                self.add(place, Some(offset), error.problem.to_string(), suggestion);
                return None;
            }
        };
        for variable in template.variables() {
            let root = variable.path.split(['.', '[']).next().unwrap_or_default();
            let offset = Some(variable.place.offset as usize);
            if !ROOTS.contains(&root) {
                let near = nearest(root, ROOTS).map(|near| format!("did you mean `{near}`?"));
                let message = format!("there is no `{root}`: blocks read {}", ROOTS.join(", "));
                self.add(place, offset, message, near);
            } else if root == "profile" && !self.is_personal {
                let message = "what is for everybody says nothing of the person".to_owned();
                self.add(
                    place,
                    offset,
                    message,
                    Some("add `purpose:`, the consent that it needs".to_owned()),
                );
            }
        }
        Some(template)
    }

    /// A web address whose host no value can decide.
    fn url(&mut self, source: &str, place: &Place) -> Option<Template> {
        let written = source.split("{{").next().unwrap_or_default().split("{%").next().unwrap_or_default();
        let host = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
        let is_whole = written.len() == source.len();
        let is_safe = match host {
            Some(host) => !host.is_empty() && (is_whole || host.contains(['/', '?', '#'])),
            None => written.starts_with('/') && !written.starts_with("//") && !written.starts_with("/\\"),
        };
        if !is_safe {
            let suggestion =
                Some("begin with https:// and a host, or with a path such as /spring".to_owned());
            self.add(place, None, "this is no address of a page".to_owned(), suggestion);
            return None;
        }
        self.template(source, place)
    }

    fn add(&mut self, place: &Place, offset: Option<usize>, message: String, suggestion: Option<String>) {
        self.mistakes.push(Mistake { place: place.clone(), offset, message, suggestion });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::programme::{Button, Message, OnsiteMessage};

    fn programme(title: &str, url: &str, purpose: Option<&str>) -> Programme {
        let blocks = Blocks {
            title: [("en".to_owned(), title.to_owned())].into(),
            html: [("en".to_owned(), "<b>{{ profile.name }}</b>".to_owned())]
                .into_iter()
                .filter(|_| purpose.is_some())
                .collect(),
            button: Some(Button { text: [("en".to_owned(), "Go".to_owned())].into(), url: url.to_owned() }),
            ..Blocks::default()
        };
        let purpose = purpose.map(str::to_owned);
        let onsite = Some(OnsiteMessage { purpose, blocks, ..OnsiteMessage::default() });
        let messages = [("m".to_owned(), Message { onsite, ..Message::default() })].into();
        Programme { languages: vec!["en".to_owned()], messages, ..Programme::default() }
    }

    #[test]
    fn texts_are_text_addresses_keep_their_host_and_html_is_escaped() {
        let one =
            programme("Hi {{ profile.name | default: \"you\" }}", "/go?n={{ profile.name }}", Some("offers"));
        assert_eq!(mistakes(&one), Vec::new());
        let traits = |json| OwnedMap::from_json(&json).unwrap();
        let reader = |traits| Reader { language: "fr".to_owned(), traits };
        let contents = Contents::of(&one);
        let known =
            contents.onsite("m", None, &reader(traits(serde_json::json!({"name": "<i>&/"}))), At(0)).unwrap();
        assert_eq!((known.title.as_str(), known.language.as_str()), ("Hi <i>&/", "en"));
        assert_eq!(known.button.unwrap().url, "/go?n=%3Ci%3E%26%2F");
        assert_eq!(known.html, "<b>&lt;i&gt;&amp;/</b>");
        let unknown = contents.onsite("m", None, &reader(OwnedMap::default()), At(0)).unwrap();
        assert_eq!(unknown.title, "Hi you");
    }

    #[test]
    fn an_address_names_its_host_and_content_for_everybody_nobody() {
        for (title, url, purpose, wrong) in [
            ("Hi", "https://shop.example/{{ profile.x }}", Some("offers"), None),
            ("Hi", "https://shop.example", None, None),
            ("Hi", "https://{{ profile.x }}/", Some("offers"), Some("button.url")),
            ("Hi", "https://shop{{ profile.x }}", Some("offers"), Some("button.url")),
            ("Hi", "javascript:alert(1)", None, Some("button.url")),
            ("Hi", "//evil.example", None, Some("button.url")),
            ("Hi", "{{ profile.url }}", Some("offers"), Some("button.url")),
            ("Hi {{ profile.name }}", "/", None, Some("title.en")),
            ("Hi {{ event.name }}", "/", Some("offers"), Some("title.en")),
            ("Hi {{ profile.name", "/", Some("offers"), Some("title.en")),
        ] {
            let found = mistakes(&programme(title, url, purpose));
            let found: Vec<&str> = found.iter().map(|one| one.place.0.as_str()).collect();
            let expected: Vec<String> =
                wrong.iter().map(|place| format!("messages.m.onsite.{place}")).collect();
            assert_eq!(found, expected, "{title} {url} {purpose:?}");
        }
    }
}
