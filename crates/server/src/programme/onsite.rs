//! `onsite:` and `in_app:` of a `message.yaml`: the blocks of a message on a page and in an inbox, and when a page shows it.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{
    Blocks, Button, Format, Image, InAppMessage, Localized, OnsiteMessage, Place, Trigger, nearest,
};

const BLOCKS: [&str; 6] = ["title", "text", "image", "button", "close", "html"];

impl Reading {
    pub(super) fn onsite(&mut self, file: FileId, node: &Node, place: &Place) -> Option<OnsiteMessage> {
        let own = ["format", "slot", "purpose", "for", "trigger", "at most", "silent", "height"];
        let fields = self.fields(file, node, place, &[&own[..], &BLOCKS[..]].concat())?;
        let usual = OnsiteMessage::of(self.format(&fields).unwrap_or_default());
        let (at_most, within) = self.exposures(&fields).unwrap_or((usual.at_most, usual.within));
        Some(OnsiteMessage {
            slot: self.required_text(&fields, "slot", "home-top").unwrap_or_default(),
            purpose: self.optional_text(&fields, "purpose"),
            audience: self.optional_text(&fields, "for"),
            trigger: self.trigger(&fields).unwrap_or_default(),
            at_most,
            within,
            silent: self.optional_span(&fields, "silent").unwrap_or(usual.silent),
            height: self.whole(&fields, "height", "240"),
            blocks: self.blocks(&fields),
            ..usual
        })
    }

    pub(super) fn in_app(&mut self, file: FileId, node: &Node, place: &Place) -> Option<InAppMessage> {
        let fields = self.fields(file, node, place, &[&["expires"][..], &BLOCKS[..4]].concat())?;
        Some(InAppMessage { blocks: self.blocks(&fields), expires: self.optional_span(&fields, "expires") })
    }

    fn format(&mut self, fields: &Fields<'_>) -> Option<Format> {
        let text = self.required_text(fields, "format", "banner")?;
        let found = Format::ALL.into_iter().find(|format| format.name() == text);
        if found.is_none() {
            let near = nearest(&text, Format::ALL.map(Format::name));
            let suggestion = format!("write {}", near.unwrap_or("banner, bar, popup or inline"));
            let place = fields.place.field("format");
            self.mistake_at(&place, format!("\"{text}\" is no format of a message on a page"), &suggestion);
        }
        found
    }

    /// `at once`, `exit`, `{ after: 5 seconds }` or `{ scroll: 50% }`.
    fn trigger(&mut self, fields: &Fields<'_>) -> Option<Trigger> {
        let node = fields.get("trigger")?;
        let place = fields.place.field("trigger");
        if let Content::Map(_) = node.content {
            let inside = self.fields(fields.file, node, &place, &["after", "scroll"])?;
            if let Some(after) = self.optional_span(&inside, "after") {
                return Some(Trigger::After(after));
            }
            let text = self.required_text(&inside, "scroll", "50%")?;
            let percent = text.trim_end_matches('%').parse().ok();
            if percent.is_none() {
                let message = format!("\"{text}\" is no part of a page");
                self.mistake_at(&place, message, "for example `{ scroll: 50% }`");
            }
            return percent.map(Trigger::Scroll);
        }
        match self.text(fields.file, node, &place)?.as_str() {
            "at once" => Some(Trigger::AtOnce),
            "exit" => Some(Trigger::ExitIntent),
            other => {
                let message = format!("\"{other}\" is no trigger");
                let ways = "write `at once`, `exit`, `{ after: 5 seconds }` or `{ scroll: 50% }`";
                self.mistake_at(&place, message, ways);
                None
            }
        }
    }

    /// `at most: { times: 3, within: 7 days }`.
    fn exposures(&mut self, fields: &Fields<'_>) -> Option<(u32, engine::at::Span)> {
        let node = fields.get("at most")?;
        let inside = self.fields(fields.file, node, &fields.place.field("at_most"), &["times", "within"])?;
        self.required(&inside, "times", "3")?;
        self.required(&inside, "within", "7 days")?;
        Some((self.whole(&inside, "times", "3")?, self.optional_span(&inside, "within")?))
    }

    fn whole<T: std::str::FromStr>(&mut self, fields: &Fields<'_>, name: &str, example: &str) -> Option<T> {
        let text = self.optional_text(fields, name)?;
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("expected a whole number, and this is \"{text}\"");
            self.mistake_at(&fields.place.field(name), message, &format!("for example `{name}: {example}`"));
        }
        number
    }

    fn blocks(&mut self, fields: &Fields<'_>) -> Blocks {
        self.required(fields, "title", "{ it: Ciao, en: Hello }");
        self.parts(fields)
    }

    /// The blocks that are written, whichever they are.
    pub(super) fn parts(&mut self, fields: &Fields<'_>) -> Blocks {
        let image = fields.get("image").and_then(|node| {
            let place = fields.place.field("image");
            let inside = self.fields(fields.file, node, &place, &["url", "alt"])?;
            let url = self.required_text(&inside, "url", "https://shop.example/spring.jpg")?;
            Some(Image { url, alt: self.texts(&inside, "alt") })
        });
        let button = fields.get("button").and_then(|node| {
            let place = fields.place.field("button");
            let inside = self.fields(fields.file, node, &place, &["text", "url"])?;
            let url = self.required_text(&inside, "url", "/spring")?;
            Some(Button { text: self.texts(&inside, "text"), url })
        });
        Blocks {
            title: self.texts(fields, "title"),
            text: self.texts(fields, "text"),
            image,
            button,
            close: self.texts(fields, "close"),
            html: self.texts(fields, "html"),
        }
    }

    pub(super) fn texts(&mut self, fields: &Fields<'_>, name: &str) -> Localized {
        let node = fields.get(name);
        node.map(|node| self.localized(fields.file, node, &fields.place.field(name))).unwrap_or_default()
    }
}
