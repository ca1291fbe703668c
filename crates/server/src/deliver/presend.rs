//! What a message should be looked at for before it goes to anybody: links that lead nowhere, pictures without words, what
//! mailbox providers clip or take for spam. Pure: a programme in, doubts out, each with its place in a template.
//!
//! None of it stops a message. What cannot be sent at all is found by compiling it.

use super::html::{Element, HtmlAttribute, Kind, liquid_length, scan};
use super::link::is_web;
use super::mailbox_host::is_of_people;
use super::mjml;
use crate::limits::{EMAIL_CLIPPED_BYTES, SUBJECT_CHARACTERS_MAX};
use engine::programme::{EmailMessage, EmailTemplate, Journey, Mistake, OpenTracking, Place, Programme};

/// Everything doubtful in the messages of a programme.
pub(crate) fn doubts(programme: &Programme) -> Vec<Mistake> {
    let mut doubts = Doubts::default();
    let messages = Place("messages".to_owned());
    for (name, message) in &programme.messages {
        let Some(email) = &message.email else { continue };
        let place = messages.field(name).field("email");
        doubts.sender(&place, email);
        for (language, subject) in &email.subject {
            doubts.subject(&place.field("subject").field(language), subject);
        }
        for (language, template) in &email.templates {
            doubts.template(&place.field("templates").field(language), template);
        }
    }
    doubts.opens(programme);
    doubts.0
}

#[derive(Default)]
struct Doubts(Vec<Mistake>);

impl Doubts {
    fn add(&mut self, place: &Place, offset: Option<usize>, message: impl Into<String>, suggestion: &str) {
        let suggestion = (!suggestion.is_empty()).then(|| suggestion.to_owned());
        self.0.push(Mistake { place: place.clone(), offset, message: message.into(), suggestion });
    }

    fn sender(&mut self, place: &Place, email: &EmailMessage) {
        let domain = email.from.rsplit('@').next().unwrap_or_default().trim_end_matches(['>', ' ']);
        if is_of_people(domain) {
            let message = format!(
                "a message from {domain} that does not come from its own servers is refused or lands in spam"
            );
            self.add(&place.field("from"), None, message, "send from a domain of your own");
        }
    }

    fn subject(&mut self, place: &Place, subject: &str) {
        let words = without_liquid(subject);
        let letters = || words.chars().filter(|letter| letter.is_alphabetic());
        if subject.trim().is_empty() {
            self.add(place, None, "the subject is empty", "");
        }
        if letters().count() >= 8 && letters().all(char::is_uppercase) {
            self.add(place, None, "a subject in capitals looks like spam", "write it as a sentence");
        }
        if words.matches(['!', '?']).count() >= 3 || words.contains("!!") {
            self.add(place, None, "a subject with many exclamation marks looks like spam", "");
        }
        let start = words.trim_start().to_lowercase();
        if ["re:", "fw:", "fwd:", "r:", "i:"].iter().any(|answer| start.starts_with(answer)) {
            self.add(place, None, "the subject poses as an answer, which looks like spam", "");
        }
        if words.chars().count() > SUBJECT_CHARACTERS_MAX {
            let message = format!(
                "the subject has more than {SUBJECT_CHARACTERS_MAX} characters, and is cut in most mail programs"
            );
            self.add(place, None, message, "");
        }
    }

    fn template(&mut self, place: &Place, template: &EmailTemplate) {
        let (field, source) = match (&template.mjml, &template.html) {
            (Some(source), _) => ("mjml", source),
            (None, Some(source)) => ("html", source),
            (None, None) => return,
        };
        let place = place.field(field);
        // What stands in there are usual attributes, and no pictures and buttons.
        let mut in_attributes = false;
        for piece in scan(source) {
            let element = match &piece.kind {
                Kind::Open(element) => element,
                Kind::Close { name } => {
                    in_attributes &= !name.eq_ignore_ascii_case("mj-attributes");
                    continue;
                }
                _ => continue,
            };
            in_attributes |= element.is("mj-attributes") && !element.closed;
            if in_attributes {
                continue;
            }
            for attribute in element.attributes.iter().filter(|attribute| is_target(element, attribute)) {
                self.link(&place, attribute);
            }
            let is_button = ["a", "mj-button"].iter().any(|name| element.is(name));
            if element.is("mj-button") && element.value("href").is_none() {
                self.add(&place, Some(piece.at), "the button leads nowhere", "add href=\"https://…\"");
            }
            let is_picture = ["img", "mj-image"].iter().any(|name| element.is(name));
            if is_picture && !is_button {
                self.picture(&place, piece.at, element);
            }
        }
        let bytes =
            if field == "mjml" { mjml::html(source).map_or(0, |html| html.len()) } else { source.len() };
        if bytes > EMAIL_CLIPPED_BYTES {
            let message = format!(
                "the message has {bytes} bytes of HTML; Gmail shows {EMAIL_CLIPPED_BYTES} and clips the rest, the way out included"
            );
            self.add(&place, None, message, "make it shorter, or take styles and comments out");
        }
    }

    fn link(&mut self, place: &Place, attribute: &HtmlAttribute<'_>) {
        let (target, at) = (attribute.value.trim(), Some(attribute.at));
        if liquid_length(target).is_some() {
            return;
        }
        let lower = target.to_ascii_lowercase();
        let host = lower
            .split("://")
            .nth(1)
            .unwrap_or_default()
            .split(['/', '?', '#', ':'])
            .next()
            .unwrap_or_default();
        let is_here = ["localhost", "127.0.0.1", "[", "0.0.0.0"].iter().any(|name| host.starts_with(name))
            || [".local", ".localhost", ".internal", ".test"].iter().any(|end| host.ends_with(end));
        let is_known =
            is_web(target) || ["mailto:", "tel:", "sms:", "#"].iter().any(|start| lower.starts_with(start));
        if target.is_empty() || target == "#" {
            self.add(place, at, "the link leads nowhere", "");
        } else if !is_known {
            self.add(
                place,
                at,
                format!("\"{target}\" is no address that a mail program can follow"),
                "write the whole address, from https:// on",
            );
        } else if is_here {
            self.add(place, at, format!("{host} is a machine that readers do not reach"), "");
        } else if lower.starts_with("http://") {
            self.add(place, at, "the link is not encrypted, and mail programs warn of it", "write https://");
        }
    }

    fn picture(&mut self, place: &Place, at: usize, element: &Element<'_>) {
        if element.value("alt").is_none() {
            let message = "the picture has no words for those who do not see it";
            self.add(place, Some(at), message, "add alt=\"…\", or alt=\"\" where it only decorates");
        }
        let source = element.value("src").unwrap_or_default().trim().to_ascii_lowercase();
        if source.starts_with("data:") {
            self.add(
                place,
                Some(at),
                "most mail programs show no picture that is written into the message",
                "give it an address",
            );
        } else if source.starts_with("http://") {
            self.add(
                place,
                Some(at),
                "the picture's address is not encrypted, and many mail programs do not load it",
                "write https://",
            );
        }
    }

    /// Opens of each person take a purpose of their own, and rules about opens take such opens.
    fn opens(&mut self, programme: &Programme) {
        let tracks = |name: &String| programme.open_tracking(name) == OpenTracking::PerPerson;
        let per_person = programme.messages.keys().any(tracks);
        match programme.opens_purpose() {
            None if per_person => self.add(
                &Place("tracking".to_owned()).field("opens"),
                None,
                "no purpose asks for the consent that opens per person need, so nobody's are seen",
                "add a purpose with `tracks_opens: true`",
            ),
            Some(purpose) => {
                for (name, journey) in &programme.journeys {
                    if journey.purpose == purpose {
                        let place = Place("journeys".to_owned()).field(name).field("purpose");
                        let message =
                            format!("\"{purpose}\" is the consent to open tracking, and not to messages");
                        self.add(&place, None, message, "the two have to be asked for apart");
                    }
                }
            }
            None => {}
        }
        if per_person {
            return;
        }
        let doubt = "no message tells of opens for each person, so this is never true";
        for (name, rule) in programme.segments.iter().filter(|(_, rule)| is_about_opens(rule)) {
            self.add(
                &Place("segments".to_owned()).field(name),
                rule.find(OPENED),
                doubt,
                "ask for clicks instead",
            );
        }
        for (name, _) in programme.journeys.iter().filter(|(_, journey)| asks_opens(journey)) {
            self.add(&Place("journeys".to_owned()).field(name), None, doubt, "ask for clicks instead");
        }
    }
}

const OPENED: &str = "\"Message Opened\"";

fn is_about_opens(rule: &str) -> bool {
    rule.contains(OPENED)
}

fn asks_opens(journey: &Journey) -> bool {
    journey.rules().any(is_about_opens)
}

fn is_target(element: &Element<'_>, attribute: &HtmlAttribute<'_>) -> bool {
    attribute.name.eq_ignore_ascii_case("href") && !element.is("link") && !element.is("mj-font")
}

/// A text with a letter for each piece of Liquid.
fn without_liquid(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        out.push_str(&rest[..at]);
        let length = liquid_length(&rest[at..]).unwrap_or(2);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::programme::{Message, Purpose, Tracking};
    use std::collections::BTreeMap;

    fn programme(from: &str, subject: &str, html: &str) -> Programme {
        let template = EmailTemplate { html: Some(html.to_owned()), ..EmailTemplate::default() };
        let email = EmailMessage {
            from: from.to_owned(),
            subject: BTreeMap::from([("en".to_owned(), subject.to_owned())]),
            templates: BTreeMap::from([("en".to_owned(), template)]),
            ..EmailMessage::default()
        };
        let messages =
            BTreeMap::from([("m".to_owned(), Message { email: Some(email), ..Message::default() })]);
        Programme { messages, ..Programme::default() }
    }

    /// The place, the source from the offset on, and the message of each doubt.
    fn told(programme: &Programme) -> Vec<String> {
        let doubts = doubts(programme);
        doubts.iter().map(|one| format!("{} {:?} {}", one.place.0, one.offset, one.message)).collect()
    }

    #[test]
    fn each_doubt_has_its_place_and_what_is_well_has_none() {
        let (shop, hello) = ("Shop <s@shop.example>", "Hello, {{ profile.name }}");
        let html = |html: &str| programme(shop, hello, html);
        let well = "<a href=\"https://x.example/a\">a</a><a href='{{ unsubscribe_url }}'>b</a><a href='mailto:a@b.example'>c</a>\
                    <a href='#top'>d</a><img src='https://x.example/i.png' alt=''><link href='x.css'><a name='top'>e</a>";
        assert_eq!(told(&html(well)), Vec::<String>::new());
        let long = format!("<p>{}</p>", "x".repeat(EMAIL_CLIPPED_BYTES));
        let capitals = "BUY IT ALL NOW, {{ profile.name }}";
        for (programme, place, part) in [
            (
                html("<a href=\"http://x.example\">a</a>"),
                "messages.m.email.templates.en.html Some(9)",
                "not encrypted",
            ),
            (
                html("<a href=\"https://localhost:8080/\">a</a>"),
                "messages.m.email.templates.en.html Some(9)",
                "do not reach",
            ),
            (html("<a href=''>a</a>"), "messages.m.email.templates.en.html", "leads nowhere"),
            (html("<a href='#'>a</a>"), "messages.m.email.templates.en.html", "leads nowhere"),
            (html("<a href='www.shop.example'>a</a>"), "messages.m.email.templates.en.html", "no address"),
            (
                html("x<img src='https://x.example/i.png'>"),
                "messages.m.email.templates.en.html Some(1)",
                "no words",
            ),
            (
                html("<img alt='' src='data:image/png;base64,AAAA'>"),
                "messages.m.email.templates.en.html",
                "written into",
            ),
            (html(&long), "messages.m.email.templates.en.html None", "Gmail"),
            (programme(shop, capitals, well), "messages.m.email.subject.en", "capitals"),
            (programme(shop, "Win!!", well), "messages.m.email.subject.en", "exclamation"),
            (programme(shop, "Re: your order", well), "messages.m.email.subject.en", "answer"),
            (programme(shop, " ", well), "messages.m.email.subject.en", "empty"),
            (programme(shop, &"x".repeat(200), well), "messages.m.email.subject.en", "cut"),
            (
                programme("Shop <shop@gmail.com>", hello, well),
                "messages.m.email.from",
                "refused or lands in spam",
            ),
        ] {
            let told = told(&programme);
            assert!(
                told.len() == 1 && told[0].starts_with(place) && told[0].contains(part),
                "{part}: {told:?}"
            );
        }
        let mut buttons = html("");
        let email = buttons.messages.get_mut("m").unwrap().email.as_mut().unwrap();
        let mjml = "<mjml><mj-head><mj-attributes><mj-image /><mj-button /></mj-attributes></mj-head><mj-body><mj-section><mj-column><mj-button>Go</mj-button></mj-column></mj-section></mj-body></mjml>";
        email.templates.insert(
            "en".to_owned(),
            EmailTemplate { mjml: Some(mjml.to_owned()), ..EmailTemplate::default() },
        );
        let told = told(&buttons);
        assert!(told.len() == 1 && told[0].contains("the button leads nowhere"), "{told:?}");
    }

    #[test]
    fn opens_are_asked_for_apart_and_rules_about_them_need_them() {
        let mut one = programme("s@shop.example", "Hello", "<p>x</p>");
        one.segments.insert("readers".to_owned(), "did \"Message Opened\"".to_owned());
        assert!(
            told(&one)[0].starts_with("segments.readers Some(4) no message tells of opens"),
            "{:?}",
            told(&one)
        );
        one.tracking = Tracking { opens: OpenTracking::PerPerson, clicks: true };
        assert!(told(&one)[0].starts_with("tracking.opens None no purpose asks"), "{:?}", told(&one));
        one.purposes.insert("pixels".to_owned(), Purpose { tracks_opens: true, ..Purpose::default() });
        assert_eq!(told(&one), Vec::<String>::new());
        one.journeys.insert("j".to_owned(), Journey { purpose: "pixels".to_owned(), ..Journey::default() });
        assert!(told(&one)[0].starts_with("journeys.j.purpose"), "{:?}", told(&one));
    }
}
