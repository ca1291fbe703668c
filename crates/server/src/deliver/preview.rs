//! A message as one person would get it now, with nothing sent and nothing on record. Pure: an engine in, a view out.
//!
//! Its links are signed for a send that does not exist, so whoever follows one changes nothing.

use super::link::SignedLinks;
use super::render::Templates;
use engine::ProfileId;
use engine::at::At;
use engine::engine::Engine;
use engine::profile::Profile;
use engine::programme::{Channel, OpenTracking, Programme};
use engine::record::ConsentState;
use serde::Serialize;

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

/// Writes a message for a person; the reason if it cannot be written.
pub fn preview(
    engine: &Engine,
    programme: &Programme,
    links: &SignedLinks,
    message: &str,
    (profile, language): (ProfileId, Option<&str>),
    now: At,
) -> Result<PreviewView, String> {
    let templates = Templates::compile(programme).map_err(|mistakes| {
        mistakes.first().map(ToString::to_string).unwrap_or_else(|| "the templates have mistakes".to_owned())
    })?;
    let used = usage(programme, message);
    let known = engine.profile(profile).ok_or("nobody is known by that name")?;
    let wanted = language.unwrap_or_else(|| known.language());
    let prepare = engine.prepare_preview(profile, message, used, wanted);
    let prepare = prepare.ok_or("the person has no email address")?;
    let sees_opens = programme.opens_purpose().is_some_and(|purpose| {
        known.consent(purpose, Channel::Email) == Some(ConsentState::Granted)
            && programme.open_tracking(message) == OpenTracking::PerPerson
    });
    let rendered = templates.render(&prepare, links, now, sees_opens).map_err(|error| error.to_string())?;
    let (language, reads) = templates.reads(message, wanted).unwrap_or_default();
    let has = |person: &Profile, name: &str| person.traits().any(|(own, _)| own == name);
    let lacks = |name: &String| !has(known, name);
    let missing: Vec<String> = reads.into_iter().filter(lacks).collect();
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
        to: prepare.address,
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

/// The journey and the purpose for which a message is sent, or the purpose that it asks to confirm.
fn usage<'p>(programme: &'p Programme, message: &str) -> (&'p str, &'p str) {
    let confirms = programme.purposes.iter().find(|(_, one)| one.confirm.as_deref() == Some(message));
    if let Some((purpose, _)) = confirms {
        return ("", purpose);
    }
    let sends = programme.journeys.iter().find(|(_, journey)| journey.sends(message));
    let any =
        || programme.purposes.keys().next().map_or(("preview", ""), |purpose| ("preview", purpose.as_str()));
    sends.map_or_else(any, |(name, journey)| (name.as_str(), journey.purpose.as_str()))
}
