//! What is wrong, or doubtful, with the content of messages: subjects, templates, and the links that must be in them.
//!
//! Names and expressions are the engine's to check; it has neither templates nor languages.

use crate::deliver::render::Templates;
use crate::liquid::Template;
use engine::programme::{
    Channel, EmailMessage, EmailTemplate, Message, Mistake, OptIn, Place, Programme, Step, Variant,
};
use std::collections::{BTreeMap, BTreeSet};

/// Content that cannot be sent as it is.
pub(super) fn mistakes(programme: &Programme) -> Vec<Mistake> {
    // What a sender would trip over is what compiling for sending trips over.
    let mut mistakes = Templates::compile(programme).err().unwrap_or_default();
    mistakes.extend(crate::site::content::mistakes(programme));
    for (place, email) in emails(programme) {
        let templates = place.field("templates");
        if email.templates.is_empty() {
            let example = programme.languages.first().map_or("en", String::as_str);
            let suggestion = format!("add email.{example}.mjml, .html or .txt beside this file");
            mistakes.push(mistake(&templates, "the message has no template", Some(suggestion)));
        }
        for (language, template) in &email.templates {
            if !email.subject.contains_key(language) {
                let message = format!("there is a template in \"{language}\", and no subject");
                mistakes.push(mistake(&place.field("subject"), message, None));
            }
            if template.mjml.is_some() && template.html.is_some() {
                let message = format!("email.{language}.mjml makes the HTML already");
                let suggestion = format!("remove it or email.{language}.html");
                mistakes.push(mistake(&templates.field(language).field("html"), message, Some(suggestion)));
            }
        }
    }
    for (place, original, variant) in variants(programme) {
        for (language, template) in &variant.templates {
            let place = place.field("templates").field(language);
            if !original.subject.contains_key(language) && !variant.subject.contains_key(language) {
                mistakes.push(mistake(&place, format!("there is no subject in \"{language}\""), None));
            }
            if template.mjml.is_some() && template.html.is_some() {
                let suggestion = Some("remove one of the two".to_owned());
                mistakes.push(mistake(&place, "MJML makes the HTML already", suggestion));
            }
        }
    }
    mistakes.extend(programme.messages.iter().filter_map(|(name, message)| offerless(name, message)));
    mistakes
}

/// A message that reads what it does not name.
fn offerless(name: &str, message: &Message) -> Option<Mistake> {
    let (None, Some(email)) = (&message.offer, &message.email) else { return None };
    let place = message_place(name);
    let reads = |source: &str| {
        let template = Template::parse(source).ok();
        template.is_some_and(|template| {
            template
                .variables()
                .iter()
                .any(|variable| variable.path.split(['.', '[']).next() == Some("offer"))
        })
    };
    let subjects = email.subject.values().map(String::as_str);
    let bodies = sources(&place, &email.templates).into_iter().map(|(_, source)| source);
    let of_variants = message.variants.values().flat_map(|variant| {
        let bodies = sources(&place, &variant.templates).into_iter().map(|(_, source)| source);
        variant.subject.values().map(String::as_str).chain(bodies)
    });
    subjects.chain(bodies).chain(of_variants).any(reads).then(|| {
        let suggestion = Some("add a line such as `offer: welcome-gift`".to_owned());
        mistake(&place, "the message reads `offer`, and does not say which", suggestion)
    })
}

/// Content that can be sent, and perhaps should not.
pub(super) fn doubts(programme: &Programme) -> Vec<Mistake> {
    let mut doubts = Vec::new();
    let uses = Uses::of(programme);
    for (name, message) in &programme.messages {
        let place = message_place(name);
        // What is on a page is sent by nothing.
        if !uses.sent.contains(name.as_str()) && message.onsite.is_none() {
            doubts.push(mistake(&place, "no journey, no broadcast and no purpose sends this message", None));
        }
        let Some(email) = &message.email else { continue };
        doubts.extend(silent(&place, email, programme));
        let mut written = sources(&place.field("email"), &email.templates);
        for (name, variant) in &message.variants {
            written.extend(sources(&place.field("variants").field(name), &variant.templates));
        }
        for (place, source) in written {
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
    for (name, journey) in &programme.journeys {
        let place = Place("journeys".to_owned()).field(name).field("steps");
        doubt_steps(&place, &journey.steps, programme, &mut doubts);
    }
    doubts
}

/// The best of one channel is that one. A message may get others later, so it is no mistake.
fn doubt_steps(place: &Place, steps: &[Step], programme: &Programme, doubts: &mut Vec<Mistake>) {
    for (index, step) in steps.iter().enumerate() {
        let place = place.index(index);
        match step.named().0 {
            Step::Send { message, channels, choices } if choices.channel && channels.is_empty() => {
                let message = programme.messages.get(message);
                let count = message.map_or(0, |one| Channel::ALL.iter().filter(|by| one.has(**by)).count());
                if count == 1 {
                    let why = "the message has one channel, so there is none to choose";
                    doubts.push(mistake(&place.field("channels"), why, None));
                }
            }
            Step::Branch(arms) => arms.iter().enumerate().for_each(|(number, arm)| {
                let place = place.field("branch").index(number).field("then");
                doubt_steps(&place, &arm.then, programme, doubts);
            }),
            Step::Split { ways, .. } => ways.iter().enumerate().for_each(|(number, way)| {
                let place = place.field("split").index(number).field("then");
                doubt_steps(&place, &way.then, programme, doubts);
            }),
            _ => {}
        }
    }
}

/// Every variant with its place and what it is a variant of.
fn variants(programme: &Programme) -> impl Iterator<Item = (Place, &EmailMessage, &Variant)> {
    programme.messages.iter().flat_map(|(name, message)| {
        let place = message_place(name).field("variants");
        let variants = message.variants.iter();
        variants
            .filter_map(move |(name, variant)| Some((place.field(name), message.email.as_ref()?, variant)))
    })
}

fn message_place(name: &str) -> Place {
    Place("messages".to_owned()).field(name)
}

fn emails(programme: &Programme) -> impl Iterator<Item = (Place, &EmailMessage)> {
    let messages = programme.messages.iter();
    messages.filter_map(|(name, message)| Some((message_place(name).field("email"), message.email.as_ref()?)))
}

/// Every template source of an email with its place.
fn sources<'p>(place: &Place, templates: &'p BTreeMap<String, EmailTemplate>) -> Vec<(Place, &'p str)> {
    let mut sources = Vec::new();
    for (language, template) in templates {
        let EmailTemplate { mjml, html, text } = template;
        let place = place.field("templates").field(language);
        for (field, source) in [("mjml", mjml), ("html", html), ("text", text)] {
            sources.extend(source.as_deref().map(|source| (place.field(field), source)));
        }
    }
    sources
}

/// A language of the programme that a message does not speak: whoever reads it gets another one.
fn silent(place: &Place, email: &EmailMessage, programme: &Programme) -> Option<Mistake> {
    let missing = programme.languages.iter().find(|language| !email.templates.contains_key(*language))?;
    let spoken = programme.languages.iter().find(|language| email.templates.contains_key(*language))?;
    let message = format!("there is no template in \"{missing}\", so its readers get \"{spoken}\"");
    let suggestion = format!("add email.{missing}.mjml, .html or .txt beside this file");
    Some(mistake(&place.field("email"), message, Some(suggestion)))
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
        for broadcast in programme.broadcasts.values() {
            let purpose = programme.purposes.get(&broadcast.purpose);
            uses.send(&broadcast.message, purpose.is_some_and(|purpose| purpose.opt_in != OptIn::None));
        }
        uses
    }

    fn send(&mut self, message: &'p str, asks: bool) {
        self.sent.insert(message);
        if asks {
            self.needs_consent.insert(message);
        }
    }

    fn steps(&mut self, steps: &'p [Step], asks: bool) {
        for step in steps {
            match step.named().0 {
                Step::Send { message, .. } => self.send(message, asks),
                Step::Branch(arms) => arms.iter().for_each(|arm| self.steps(&arm.then, asks)),
                Step::Webhook(asked) => self.steps(&asked.otherwise, asks),
                Step::Split { ways, .. } => ways.iter().for_each(|way| self.steps(&way.then, asks)),
                Step::Wait(_)
                | Step::WaitUntil { .. }
                | Step::WaitDate(_)
                | Step::WaitLocal { .. }
                | Step::Update(_)
                | Step::Start(_)
                | Step::Offer(_)
                | Step::Named { .. }
                | Step::Exit => {}
            }
        }
    }
}
