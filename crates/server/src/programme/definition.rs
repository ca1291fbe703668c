//! `programme.yaml`, `segments.yaml` and `message.yaml`: all definitions but journeys.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Mark, Node};
use engine::programme::{
    EmailMessage, Message, OpenTracking, OptIn, Place, Programme, Purchase, Purpose, Tracking, nearest,
};
use std::collections::BTreeMap;

impl Reading {
    /// `programme.yaml`: everything but what lies in files of its own.
    pub(super) fn programme(&mut self, file: FileId, node: &Node) -> Programme {
        let known = [
            "programme",
            "timezone",
            "languages",
            "tracking",
            "purchase",
            "purposes",
            "identity",
            "contact_policy",
            "best",
            "currency",
            "rates",
            "reports",
            "targets",
        ];
        let Some(fields) = self.fields(file, node, &Place::default(), &known) else {
            return Programme::default();
        };
        let name = self.required_text(&fields, "programme", "bottega").unwrap_or_default();
        if name.is_empty() {
            self.spoil(Place("name".into()));
        } else if let Some(node) = fields.get("programme") {
            self.sources.note(&Place("name".into()), file, node.at, Some(&name));
        }
        let timezone = self.timezone(&fields);
        self.languages = self.spoken(&fields);
        Programme {
            name,
            timezone,
            languages: self.languages.clone(),
            tracking: self.tracking(&fields).unwrap_or_default(),
            purchase: self.purchase(&fields).unwrap_or_default(),
            purposes: self.purposes(&fields),
            identity: self.identity(&fields),
            contact_policy: self.contact_policy(&fields),
            best: self.best(&fields),
            targets: self.targets(&fields),
            currency: self.optional_text(&fields, "currency"),
            rates: self.rates(&fields),
            reports: self.reports(&fields),
            ..Programme::default()
        }
    }

    fn timezone(&mut self, fields: &Fields<'_>) -> String {
        let Some(name) = self.optional_text(fields, "timezone") else { return "UTC".to_owned() };
        let zones = jiff::tz::db();
        if zones.get(&name).is_err() {
            let names: Vec<String> = zones.available().map(|zone| zone.as_str().to_owned()).collect();
            let near = nearest(&name, names.iter().map(String::as_str));
            let suggestion = format!("did you mean {}?", near.unwrap_or("Europe/Rome"));
            self.mistake_at(&Place("timezone".into()), format!("unknown time zone \"{name}\""), &suggestion);
        }
        name
    }

    /// The languages of the programme, the first for everybody whose own is not among them.
    fn spoken(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let place = Place("languages".into());
        let Some(node) = self.required(fields, "languages", "[it, en]") else { return Vec::new() };
        let mut languages: Vec<String> = Vec::new();
        for (index, element) in self.list(fields.file, node, &place, true).iter().enumerate() {
            let place = place.index(index);
            let Some(language) = self.text(fields.file, element, &place) else { continue };
            if !is_language(&language) {
                let message = format!("\"{language}\" is no language code");
                self.mistake_at(&place, message, "for example `it`, `en` or `pt-BR`");
            } else if languages.contains(&language) {
                self.mistake_at(&place, format!("{language} is named twice"), "remove one of them");
            } else {
                languages.push(language);
            }
        }
        languages
    }

    fn tracking(&mut self, fields: &Fields<'_>) -> Option<Tracking> {
        let node = fields.get("tracking")?;
        let fields = self.fields(fields.file, node, &fields.place.field("tracking"), &["opens", "clicks"])?;
        let usual = Tracking::default();
        Some(Tracking {
            opens: self.opens(&fields).unwrap_or(usual.opens),
            clicks: self.truth(&fields, "clicks").unwrap_or(usual.clicks),
        })
    }

    fn opens(&mut self, fields: &Fields<'_>) -> Option<OpenTracking> {
        let text = self.optional_text(fields, "opens")?;
        let found = OpenTracking::ALL.into_iter().find(|one| one.name() == text);
        // What the setting was before it had words.
        let found = found.or((text == "false").then_some(OpenTracking::Off));
        if found.is_none() {
            let message = format!("\"{text}\" is no way of tracking opens");
            let place = fields.place.field("opens");
            self.mistake_at(&place, message, "write off, anonymous or per_person");
        }
        found
    }

    fn purchase(&mut self, fields: &Fields<'_>) -> Option<Purchase> {
        let node = fields.get("purchase")?;
        let fields = self.fields(fields.file, node, &fields.place.field("purchase"), &["event", "amount"])?;
        let usual = Purchase::default();
        Some(Purchase {
            event: self.optional_text(&fields, "event").unwrap_or(usual.event),
            amount: self.optional_text(&fields, "amount").unwrap_or(usual.amount),
        })
    }

    fn purposes(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Purpose> {
        let mut purposes = BTreeMap::new();
        let Some(node) = fields.get("purposes") else { return purposes };
        let place = Place("purposes".into());
        let Some(entries) = self.entries(fields.file, node, &place) else { return purposes };
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.is_name(fields.file, at, &place, name);
            let purpose = self.purpose(fields.file, node, &place);
            purposes.insert(name.to_owned(), purpose.unwrap_or_default());
        }
        purposes
    }

    fn purpose(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Purpose> {
        const FIELDS: [&str; 10] = [
            "title",
            "channels",
            "opt_in",
            "confirm",
            "tracks_opens",
            "contact_policy",
            "wording",
            "soft_opt_in",
            "third_party",
            "remembers",
        ];
        let fields = self.fields(file, node, place, &FIELDS)?;
        let title = fields.get("title").map(|node| self.localized(file, node, &place.field("title")));
        let third_party = self.truth(&fields, "third_party").unwrap_or(false);
        let channels = match third_party {
            true => fields.get("channels"),
            false => self.required(&fields, "channels", "[email]"),
        };
        let channels = channels.map(|node| self.channels(file, node, &place.field("channels")));
        Some(Purpose {
            title: title.unwrap_or_default(),
            channels: channels.unwrap_or_default(),
            opt_in: self.opt_in(&fields),
            confirm: self.optional_text(&fields, "confirm"),
            tracks_opens: self.truth(&fields, "tracks_opens").unwrap_or(false),
            contact_policy: self.is_under_policy(&fields),
            wording: self.wordings(&fields),
            soft_opt_in: self.soft_opt_in(&fields),
            third_party,
            remembers: self.truth(&fields, "remembers").unwrap_or(false),
        })
    }

    fn opt_in(&mut self, fields: &Fields<'_>) -> OptIn {
        let Some(text) = self.optional_text(fields, "opt_in") else { return OptIn::default() };
        match text.as_str() {
            "none" => OptIn::None,
            "single" => OptIn::Single,
            "double" => OptIn::Double,
            _ => {
                let message = format!("\"{text}\" is no way of opting in");
                self.mistake_at(&fields.place.field("opt_in"), message, "write none, single or double");
                OptIn::default()
            }
        }
    }

    /// `segments:` with an expression for each name, or a group of fields with more; several files add up.
    pub(super) fn segments(&mut self, file: FileId, node: &Node, programme: &mut Programme) {
        let root = Place("segments".into());
        let Some(fields) = self.fields(file, node, &Place::default(), &["segments"]) else { return };
        let Some(node) = self.required(&fields, "segments", "{ vip: 'did \"Order Completed\"' }") else {
            return;
        };
        let Some(entries) = self.entries(file, node, &root) else { return };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.is_name(file, at, &place, name);
            if programme.segments.contains_key(name) {
                self.mistake(file, at, &place, format!("a segment \"{name}\" is defined twice"), None);
                continue;
            }
            let (expression, is_recorded) = match node.content {
                Content::Map(_) => self.segment(file, node, &place),
                _ => (self.text(file, node, &place), false),
            };
            programme.segments.insert(name.to_owned(), expression.unwrap_or_default());
            if is_recorded {
                programme.recorded.insert(name.to_owned());
            }
        }
    }

    /// `{ is: 'did "Order Completed"', record: changes }`: the expression, and whether its changes become records.
    fn segment(&mut self, file: FileId, node: &Node, place: &Place) -> (Option<String>, bool) {
        let inside = self.fields(file, node, &place.field("is"), &["is", "record"]);
        let Some(fields) = inside else { return (None, false) };
        let expression = self.required(&fields, "is", "'did \"Order Completed\"'");
        if expression.is_none() {
            self.spoil(place.clone());
        }
        let expression = expression.and_then(|node| self.text(file, node, place));
        let record = self.optional_text(&fields, "record");
        if let Some(other) = record.as_deref().filter(|word| *word != "changes") {
            let message = format!("\"{other}\" is nothing that a segment records");
            self.mistake_at(&fields.place.field("record"), message, "write `changes`, or leave it out");
        }
        (expression, record.is_some())
    }

    /// `message.yaml`, without the templates beside it.
    pub(super) fn message(&mut self, file: FileId, node: &Node) -> Option<(String, Message, Mark)> {
        let root = Place("messages".into());
        let mut fields = self.fields(
            file,
            node,
            &root,
            &["message", "email", "onsite", "in_app", "offer", "priority", "patience", "variants"],
        )?;
        let Some(name) = self.required_text(&fields, "message", "welcome") else {
            self.incomplete = true;
            return None;
        };
        let place = root.field(&name);
        let at = fields.get("message").map_or(node.at, |value| value.at);
        self.is_name(file, at, &place, &name);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("a message \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        let (onsite, in_app) = (fields.get("onsite"), fields.get("in_app"));
        let email = match onsite.or(in_app) {
            Some(_) => fields.get("email"),
            None => self.required(&fields, "email", "{ from: …, subject: … }"),
        };
        let email = email.and_then(|node| self.email(file, node, &place.field("email")));
        let onsite = onsite.and_then(|node| self.onsite(file, node, &place.field("onsite")));
        let in_app = in_app.and_then(|node| self.in_app(file, node, &place.field("in_app")));
        fields.place = place;
        let (priority, patience) = (self.priority(&fields), self.optional_span(&fields, "patience"));
        let offer = self.optional_text(&fields, "offer");
        let variants = self.variants(&fields);
        Some((name, Message { email, onsite, in_app, priority, patience, offer, variants }, at))
    }

    fn email(&mut self, file: FileId, node: &Node, place: &Place) -> Option<EmailMessage> {
        let fields = self.fields(file, node, place, &["from", "reply_to", "subject", "tracking"])?;
        let from = self.required_text(&fields, "from", "\"Bottega <ciao@bottega.example>\"");
        let reply_to = self.optional_text(&fields, "reply_to");
        for name in ["from", "reply_to"] {
            self.address(&fields, name);
        }
        let subject = self.required(&fields, "subject", "{ it: Ciao, en: Hello }");
        let subject = subject.map(|node| self.localized(file, node, &place.field("subject")));
        Some(EmailMessage {
            from: from.unwrap_or_default(),
            reply_to,
            subject: subject.unwrap_or_default(),
            templates: BTreeMap::new(),
            tracking: self.tracking(&fields),
        })
    }

    /// `Name <address>`, or the address alone.
    pub(super) fn address(&mut self, fields: &Fields<'_>, name: &str) {
        let Some(text) = fields.get(name).and_then(Node::text) else { return };
        let bare = match text.split_once('<') {
            Some((_, rest)) => rest.strip_suffix('>').unwrap_or(""),
            None => text,
        };
        let email = engine::identifier::IdentifierKind::Email;
        if engine::identifier::normalise(email, bare).is_err() {
            let message = format!("\"{text}\" is no email address");
            self.mistake_at(
                &fields.place.field(name),
                message,
                "for example `Bottega <ciao@bottega.example>`",
            );
        }
    }
}

/// Two or three letters, and perhaps a region or script: the forms of BCP 47 that people write.
fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let first = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && letters(part));
    first
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_codes_are_told_from_names() {
        for (code, expected) in
            [("it", true), ("pt-BR", true), ("zh-Hant-TW", true), ("italian", false), ("", false)]
        {
            assert_eq!(is_language(code), expected, "{code}");
        }
    }
}
