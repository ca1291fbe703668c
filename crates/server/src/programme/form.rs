//! `forms/*.yaml`: one form a file.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{FieldKind, Form, FormField, FormOption, Guide, Place, Thanks, Webinar, nearest};

const FIELDS: [&str; 11] = [
    "form",
    "title",
    "text",
    "button",
    "fields",
    "purposes",
    "thanks",
    "guide",
    "webinar",
    "embed",
    "proof of work",
];

impl Reading {
    pub(super) fn form(&mut self, file: FileId, node: &Node) -> Option<(String, Form)> {
        let (name, fields) = self.named_file(file, node, "form", "forms", &FIELDS)?;
        self.required(&fields, "title", "{ en: Get the guide }");
        let asked = self.required(&fields, "fields", "[{ field: email, required: true }]");
        let place = fields.place.field("fields");
        let nodes = asked.map(|node| self.list(file, node, &place, false)).unwrap_or_default();
        let numbered = nodes.iter().enumerate();
        let asked = numbered.filter_map(|(number, node)| self.form_field(file, node, &place.index(number)));
        let asked: Vec<FormField> = asked.collect();
        let form = Form {
            title: self.texts(&fields, "title"),
            text: self.texts(&fields, "text"),
            button: self.texts(&fields, "button"),
            fields: asked,
            purposes: self.words(&fields, "purposes"),
            thanks: self.thanks(&fields).unwrap_or_default(),
            guide: self.guide(&fields),
            webinar: self.webinar(&fields),
            embed: self.words(&fields, "embed"),
            work_bits: self.work_bits(&fields),
        };
        Some((name, form))
    }

    /// `email`, or `{ field: first_name, type: text, label: …, required: true, ask: until known }`.
    fn form_field(&mut self, file: FileId, node: &Node, place: &Place) -> Option<FormField> {
        if node.text().is_some() {
            let name = self.text(file, node, place)?;
            return Some(FormField { kind: usual_kind(&name), name, ..FormField::default() });
        }
        let known = ["field", "type", "label", "required", "ask", "options"];
        let fields = self.fields(file, node, place, &known)?;
        let name = self.required_text(&fields, "field", "first_name")?;
        let kind = self.kind(&fields).unwrap_or_else(|| usual_kind(&name));
        let asked = self.optional_text(&fields, "ask");
        if let Some(other) = asked.as_deref().filter(|word| *word != "until known" && *word != "always") {
            let message = format!("\"{other}\" does not say when it is asked");
            self.mistake_at(&place.field("ask"), message, "write `until known` or `always`");
        }
        Some(FormField {
            kind,
            label: self.texts(&fields, "label"),
            required: self.truth(&fields, "required").unwrap_or(false),
            until_known: asked.as_deref() == Some("until known"),
            options: self.options(&fields),
            name,
        })
    }

    fn kind(&mut self, fields: &Fields<'_>) -> Option<FieldKind> {
        let text = self.optional_text(fields, "type")?;
        let found = FieldKind::ALL.into_iter().find(|kind| kind.name() == text);
        if found.is_none() {
            let names = FieldKind::ALL.map(FieldKind::name);
            let suggestion = match nearest(&text, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", names.join(", ")),
            };
            let message = format!("\"{text}\" is no type of a field");
            self.mistake_at(&fields.place.field("type"), message, &suggestion);
        }
        found
    }

    /// `[oil, bread]`, or `{ oil: { it: Olio, en: Oil } }`.
    fn options(&mut self, fields: &Fields<'_>) -> Vec<FormOption> {
        let Some(node) = fields.get("options") else { return Vec::new() };
        let place = fields.place.field("options");
        let Content::Map(written) = &node.content else {
            let words = self.words(fields, "options");
            return words.into_iter().map(|value| FormOption { value, ..FormOption::default() }).collect();
        };
        // In the order in which they are written.
        let labels = written.iter().map(|(key, node)| {
            let label = self.localized(fields.file, node, &place.field(&key.name));
            FormOption { value: key.name.clone(), label }
        });
        labels.collect()
    }

    fn thanks(&mut self, fields: &Fields<'_>) -> Option<Thanks> {
        let node = fields.get("thanks")?;
        let inside =
            self.fields(fields.file, node, &fields.place.field("thanks"), &["title", "text", "url"])?;
        let (title, text) = (self.texts(&inside, "title"), self.texts(&inside, "text"));
        Some(Thanks { title, text, url: self.optional_text(&inside, "url") })
    }

    fn guide(&mut self, fields: &Fields<'_>) -> Option<Guide> {
        let node = fields.get("guide")?;
        let place = fields.place.field("guide");
        let inside = self.fields(fields.file, node, &place, &["title", "url", "lasts", "by"])?;
        self.required(&inside, "title", "{ en: Good oil }");
        let by = self.optional_text(&inside, "by");
        if let Some(other) = by.as_deref().filter(|word| *word != "message" && *word != "page") {
            let message = format!("\"{other}\" is no way to a guide");
            self.mistake_at(&place.field("by"), message, "write `page` or `message`");
        }
        Some(Guide {
            title: self.texts(&inside, "title"),
            url: self
                .required_text(&inside, "url", "https://shop.example/guides/8f2c.pdf")
                .unwrap_or_default(),
            lasts: self.optional_span(&inside, "lasts"),
            by_message: by.as_deref() == Some("message"),
        })
    }

    fn webinar(&mut self, fields: &Fields<'_>) -> Option<Webinar> {
        let node = fields.get("webinar")?;
        let inside = self.fields(fields.file, node, &fields.place.field("webinar"), &["starts", "url"])?;
        let starts = self.required_text(&inside, "starts", "2026-12-10T18:00:00+01:00").unwrap_or_default();
        Some(Webinar { starts, url: self.optional_text(&inside, "url").unwrap_or_default() })
    }

    fn work_bits(&mut self, fields: &Fields<'_>) -> u8 {
        let Some(node) = fields.get("proof of work") else { return 0 };
        let place = fields.place.field("work_bits");
        let Some(text) = self.text(fields.file, node, &place) else { return 0 };
        let number = text.parse();
        if number.is_err() {
            let message = format!("expected a number of bits, and this is \"{text}\"");
            self.mistake_at(&place, message, "for example `proof of work: 16`");
        }
        number.unwrap_or_default()
    }
}

fn usual_kind(name: &str) -> FieldKind {
    match name {
        "email" => FieldKind::Email,
        "phone" => FieldKind::Phone,
        _ => FieldKind::Text,
    }
}
