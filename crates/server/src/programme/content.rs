//! What is wrong, or doubtful, with the content of messages: subjects, templates, and the links that must be in them.
//!
//! Names and expressions are the engine's to check; it has neither templates nor languages.

use crate::deliver::render::Templates;
use crate::liquid::Template;
use engine::programme::{EmailMessage, EmailTemplate, Mistake, OptIn, Place, Programme, Step};
use std::collections::BTreeSet;

/// Content that cannot be sent as it is.
pub(super) fn mistakes(programme: &Programme) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (place, email) in emails(programme) {
        for language in &programme.languages {
            renderings(&place, email, language, &mut mistakes);
        }
    }
    mistakes.extend(Templates::compile(programme).err().unwrap_or_default());
    mistakes
}

/// Content that can be sent, and perhaps should not.
pub(super) fn doubts(programme: &Programme) -> Vec<Mistake> {
    let mut doubts = Vec::new();
    let uses = Uses::of(programme);
    for (name, message) in &programme.messages {
        let place = message_place(name);
        if !uses.sent.contains(name.as_str()) {
            doubts.push(mistake(&place, "no journey and no purpose sends this message", None));
        }
        let Some(email) = &message.email else { continue };
        for (place, source) in sources(&place.field("email"), email) {
            for (needs, variables, why) in [
                (
                    &uses.confirming,
                    &["confirm_url"][..],
                    "a confirmation without its link cannot be confirmed",
                ),
                (
                    &uses.needs_consent,
                    &["unsubscribe_url", "preferences_url"],
                    "whoever consented should find the way out in the message",
                ),
            ] {
                if needs.contains(name.as_str()) && !reads(source, variables) {
                    let suggestion = format!("add a link to `{{{{ {} }}}}`", variables[0]);
                    doubts.push(mistake(&place, why, Some(suggestion)));
                }
            }
        }
    }
    doubts
}

fn message_place(name: &str) -> Place {
    Place("messages".to_owned()).field(name)
}

fn emails(programme: &Programme) -> impl Iterator<Item = (Place, &EmailMessage)> {
    let messages = programme.messages.iter();
    messages.filter_map(|(name, message)| Some((message_place(name).field("email"), message.email.as_ref()?)))
}

/// Every template source of an email with its place.
fn sources<'p>(place: &Place, email: &'p EmailMessage) -> Vec<(Place, &'p str)> {
    let mut sources = Vec::new();
    for (language, template) in &email.templates {
        let EmailTemplate { mjml, html, text } = template;
        let place = place.field("templates").field(language);
        for (field, source) in [("mjml", mjml), ("html", html), ("text", text)] {
            sources.extend(source.as_deref().map(|source| (place.field(field), source)));
        }
    }
    sources
}

/// Every language of the programme has a subject and a template: the engine picks the person's language, and then
/// there has to be something to send.
fn renderings(place: &Place, email: &EmailMessage, language: &str, mistakes: &mut Vec<Mistake>) {
    if !email.subject.contains_key(language) {
        let message = format!("there is no subject in \"{language}\"");
        mistakes.push(mistake(&place.field("subject"), message, None));
    }
    let templates = place.field("templates").field(language);
    match email.templates.get(language) {
        None => {
            let suggestion = format!("add email.{language}.mjml, .html or .txt beside this file");
            let message = format!("there is no template in \"{language}\"");
            mistakes.push(mistake(&templates, message, Some(suggestion)));
        }
        Some(EmailTemplate { mjml: Some(_), html: Some(_), .. }) => {
            let message = format!("email.{language}.mjml makes the HTML already");
            let suggestion = format!("remove it or email.{language}.html");
            mistakes.push(mistake(&templates.field("html"), message, Some(suggestion)));
        }
        Some(_) => {}
    }
}

/// Whether a template reads one of the variables. One that cannot be parsed has its mistake already.
fn reads(source: &str, variables: &[&str]) -> bool {
    Template::parse(source).map_or(true, |template| {
        template.variables().iter().any(|variable| variables.contains(&variable.path.as_str()))
    })
}

fn mistake(place: &Place, message: impl Into<String>, suggestion: Option<String>) -> Mistake {
    Mistake { place: place.clone(), offset: None, message: message.into(), suggestion }
}

/// Which messages are sent, and as what.
#[derive(Default)]
struct Uses<'p> {
    sent: BTreeSet<&'p str>,
    confirming: BTreeSet<&'p str>,
    /// Sent for a purpose that people consent to.
    needs_consent: BTreeSet<&'p str>,
}

impl<'p> Uses<'p> {
    fn of(programme: &'p Programme) -> Self {
        let mut uses = Self::default();
        for purpose in programme.purposes.values() {
            uses.confirming.extend(purpose.confirm.as_deref());
        }
        uses.sent = uses.confirming.clone();
        for journey in programme.journeys.values() {
            let purpose = programme.purposes.get(&journey.purpose);
            let asks = purpose.is_some_and(|purpose| purpose.opt_in != OptIn::None);
            uses.steps(&journey.steps, asks);
        }
        uses
    }

    fn steps(&mut self, steps: &'p [Step], asks: bool) {
        for step in steps {
            match step {
                Step::Send { message, .. } => {
                    self.sent.insert(message);
                    if asks {
                        self.needs_consent.insert(message);
                    }
                }
                Step::Branch(arms) => arms.iter().for_each(|arm| self.steps(&arm.then, asks)),
                Step::Wait(_) | Step::WaitUntil { .. } | Step::Exit => {}
            }
        }
    }
}
