//! A message as one person would get it now, with nothing sent and nothing on record. Pure: an engine in, a view out.
//!
//! It is no send: our links in it are signed for one that does not exist, the others lead straight to where they go, and no
//! picture tells that it was opened. So whoever follows one changes nothing.

use super::link::SignedLinks;
use super::render::{Rendered, Seen, Templates};
use crate::site::content::{Contents, Reader, Shown};
use engine::ProfileId;
use engine::at::At;
use engine::effect::Prepare;
use engine::engine::Engine;
use engine::profile::Profile;
use engine::programme::{Channel, Programme};
use engine::value::OwnedMap;
use serde::Serialize;
use std::collections::BTreeSet;

/// A message as one person would get it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = MessagePreview)]
pub struct PreviewView {
    /// The language that it is written in.
    language: String,
    from: String,
    to: String,
    reply_to: Option<String>,
    subject: String,
    html: Option<String>,
    text: String,
    /// For the header `List-Unsubscribe`.
    unsubscribe: Option<String>,
    /// Bytes of the HTML part.
    html_bytes: usize,
    /// Traits that the templates read and the person has not.
    missing: Vec<String>,
    /// Of these the ones that nobody has.
    unknown: Vec<String>,
    /// What should be looked at, as sentences.
    warnings: Vec<String>,
}

/// Whom a message is written for.
#[derive(Clone, Debug)]
pub enum Whom {
    Known(ProfileId),
    /// Somebody of whom nothing but these traits is known.
    MadeUp(OwnedMap),
}

/// A message that is to be written.
pub struct Asked<'a> {
    pub message: &'a str,
    pub whom: &'a Whom,
    /// Instead of the person's own.
    pub language: Option<&'a str>,
    /// What a run would have begun with.
    pub event: &'a OwnedMap,
}

/// Where people are written to who are made up and whose traits name no address.
const NOBODYS_ADDRESS: &str = "somebody@example.com";

/// An email as it was written for somebody.
pub struct Email {
    pub rendered: Rendered,
    pub address: String,
    /// For which it would be sent.
    pub purpose: String,
    language: String,
    reads: BTreeSet<String>,
}

/// Writes a message as an email; the reason if it cannot be written.
pub fn email(
    engine: &Engine,
    programme: &Programme,
    links: &SignedLinks,
    asked: &Asked<'_>,
    now: At,
) -> Result<Email, String> {
    let templates = Templates::of_message(programme, asked.message).map_err(|mistakes| {
        mistakes.first().map(ToString::to_string).unwrap_or_else(|| "the templates have mistakes".to_owned())
    })?;
    let prepare = prepare(engine, programme, asked)?;
    let rendered = templates.render(&prepare, links, now, Seen::Never).map_err(|error| error.to_string())?;
    let (language, reads) = templates.reads(asked.message, &prepare.language).unwrap_or_default();
    Ok(Email { rendered, address: prepare.address, purpose: prepare.purpose, language, reads })
}

/// Writes a message for a person; the reason if it cannot be written.
pub fn preview(
    engine: &Engine,
    programme: &Programme,
    links: &SignedLinks,
    asked: &Asked<'_>,
    now: At,
) -> Result<PreviewView, String> {
    let Email { rendered, address, language, reads, .. } = email(engine, programme, links, asked, now)?;
    let missing: Vec<String> = reads.into_iter().filter(|name| !asked.whom.has(engine, name)).collect();
    let nobody = |name: &&String| !engine.profiles().any(|(_, one)| has(one, name));
    let unknown: Vec<String> = missing.iter().filter(nobody).cloned().collect();
    let mut warnings: Vec<String> =
        unknown.iter().map(|name| format!("the templates read profile.{name}, which nobody has")).collect();
    if rendered.subject.is_empty() {
        warnings.push("the subject is empty for this person".to_owned());
    }
    let html_bytes = rendered.html.as_ref().map_or(0, String::len);
    if html_bytes > crate::limits::EMAIL_CLIPPED_BYTES {
        warnings.push(format!("{html_bytes} bytes of HTML: Gmail clips it"));
    }
    Ok(PreviewView {
        language,
        from: rendered.from,
        to: address,
        reply_to: rendered.reply_to,
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        unsubscribe: rendered.unsubscribe,
        html_bytes,
        missing,
        unknown,
        warnings,
    })
}

/// Fills in a message as a page or an app shows it; the reason if it cannot be filled in.
pub(crate) fn shown(
    engine: &Engine,
    programme: &Programme,
    asked: &Asked<'_>,
    channel: Channel,
    now: At,
) -> Result<Shown, String> {
    let (language, traits) = asked.whom.reads(engine, programme)?;
    let language = asked.language.map_or(language, str::to_owned);
    let id = match asked.whom {
        Whom::Known(id) => Some(*id),
        Whom::MadeUp(_) => None,
    };
    let offer = engine.offer_on_page(id, asked.message, true);
    let (contents, reader) = (Contents::of(programme), Reader { language, traits });
    let filled = match channel {
        Channel::InApp => contents.in_app(asked.message, offer.as_ref(), &reader, now),
        _ => contents.onsite(asked.message, offer.as_ref(), &reader, now),
    };
    filled.ok_or_else(|| format!("the message has nothing for {}", channel.name()))
}

impl Whom {
    /// Their language and their traits.
    fn reads(&self, engine: &Engine, programme: &Programme) -> Result<(String, OwnedMap), String> {
        match self {
            Self::Known(id) => {
                let known = engine.profile(*id).ok_or("nobody is known by that name")?;
                Ok((known.language().to_owned(), known.traits_map()))
            }
            Self::MadeUp(traits) => {
                let said = traits.as_map().get("language").and_then(|language| language.text());
                let usual = || programme.languages.first().cloned().unwrap_or_default();
                Ok((said.map_or_else(usual, str::to_owned), traits.clone()))
            }
        }
    }

    fn has(&self, engine: &Engine, name: &str) -> bool {
        match self {
            Self::Known(id) => engine.profile(*id).is_some_and(|known| has(known, name)),
            Self::MadeUp(traits) => traits.as_map().get(name).is_some(),
        }
    }
}

fn has(person: &Profile, name: &str) -> bool {
    person.traits().any(|(own, _)| own == name)
}

fn prepare(engine: &Engine, programme: &Programme, asked: &Asked<'_>) -> Result<Prepare, String> {
    let (own, traits) = asked.whom.reads(engine, programme)?;
    let (language, used) = (asked.language.unwrap_or(&own), usage(programme, asked.message));
    let event = asked.event.clone();
    if let Whom::Known(id) = asked.whom {
        let prepare = engine.prepare_preview(*id, asked.message, used, language);
        let prepare = prepare.ok_or("the person has no email address")?;
        return Ok(Prepare { event, ..prepare });
    }
    let address = traits.as_map().get("email").and_then(|address| address.text());
    let (journey, purpose) = used;
    Ok(Prepare {
        send: Prepare::UNSENT,
        attempt: 1,
        decided_at: engine.at(),
        profile: ProfileId(u32::MAX),
        channel: Channel::Email,
        address: address.unwrap_or(NOBODYS_ADDRESS).to_owned(),
        message: asked.message.to_owned(),
        variant: String::new(),
        language: language.to_owned(),
        purpose: purpose.to_owned(),
        journey: journey.to_owned(),
        offer: engine.offer_on_page(None, asked.message, false),
        event,
        traits,
    })
}

/// The journey or broadcast and the purpose for which a message is sent, or the purpose that it asks to confirm.
fn usage<'p>(programme: &'p Programme, message: &str) -> (&'p str, &'p str) {
    let confirms = programme.purposes.iter().find(|(_, one)| one.confirm.as_deref() == Some(message));
    if let Some((purpose, _)) = confirms {
        return ("", purpose);
    }
    let called = programme.broadcasts.iter().find(|(_, broadcast)| broadcast.message == message);
    if let Some((name, broadcast)) = called {
        return (name, &broadcast.purpose);
    }
    let sends = programme.journeys.iter().find(|(_, journey)| journey.sends(message));
    let any =
        || programme.purposes.keys().next().map_or(("preview", ""), |purpose| ("preview", purpose.as_str()));
    sends.map_or_else(any, |(name, journey)| (name.as_str(), journey.purpose.as_str()))
}
