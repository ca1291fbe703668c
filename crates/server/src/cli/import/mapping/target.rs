//! What one column is of an event, and the words for it.

use engine::programme::nearest;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Target {
    UserId,
    AnonymousId,
    Email,
    Phone,
    DeviceToken,
    /// An identifier of a type of the company's own.
    External(String),
    GroupId,
    PreviousId,
    MessageId,
    /// The name of the event.
    Event,
    /// The kind of call.
    Kind,
    Time,
    Property(String),
    Trait(String),
    Context(String),
    /// The yes or no to a purpose, or to a purpose on a channel.
    Consent(String),
    Skip,
}

/// Targets that are one word.
const WORDS: &[(&str, Target)] = &[
    ("user_id", Target::UserId),
    ("anonymous_id", Target::AnonymousId),
    ("email", Target::Email),
    ("phone", Target::Phone),
    ("device_token", Target::DeviceToken),
    ("group_id", Target::GroupId),
    ("previous_id", Target::PreviousId),
    ("message_id", Target::MessageId),
    ("event", Target::Event),
    ("type", Target::Kind),
    ("time", Target::Time),
    ("skip", Target::Skip),
];

/// What a first word makes of the name behind it.
type Named = fn(String) -> Target;

/// First words of the other targets.
const NAMED: &[(&str, Named)] = &[
    ("id", Target::External),
    ("property", Target::Property),
    ("trait", Target::Trait),
    ("context", Target::Context),
    ("consent", Target::Consent),
];

/// Types that a value can be said to have.
pub(super) const FORMS: &[&str] = &["text", "number", "truth", "time", "date", "list", "json"];

/// Reads `user_id`, `property total as number` and the like; `column` names what is not named otherwise.
pub(in super::super) fn target(text: &str, column: &str) -> Result<(Target, Option<String>), String> {
    let text = text.trim();
    let (meaning, form) = match text.rsplit_once(" as ") {
        Some((meaning, form)) => (meaning.trim(), Some(form.trim())),
        None => (text, None),
    };
    if let Some((_, target)) = WORDS.iter().find(|(word, _)| *word == meaning) {
        return match form {
            None => Ok((target.clone(), None)),
            Some(_) => {
                Err(format!("\"{text}\": only a property, a trait or a part of the context has a type"))
            }
        };
    }
    let (word, name) = meaning.split_once(' ').unwrap_or((meaning, column));
    let Some((word, made)) = NAMED.iter().find(|(first, _)| *first == word) else {
        return Err(unknown(word, text));
    };
    let target = made(name.trim().to_owned());
    match form {
        Some(_) if !target.is_typed() => Err(format!("\"{text}\": the type of {word} is known")),
        Some(form) if !FORMS.contains(&form) => {
            Err(format!("\"{text}\": the type \"{form}\" is unknown; there are {}", FORMS.join(", ")))
        }
        form => Ok((target, form.map(str::to_owned))),
    }
}

fn unknown(word: &str, text: &str) -> String {
    let known = || WORDS.iter().map(|(word, _)| *word).chain(NAMED.iter().map(|(word, _)| *word));
    match nearest(word, known()) {
        Some(near) => format!("\"{text}\" is no meaning of a column; did you mean `{near}`?"),
        None => {
            let known = known().collect::<Vec<_>>().join(", ");
            format!("\"{text}\" is no meaning of a column; there are {known}")
        }
    }
}

impl Target {
    /// Whether its values can have several types.
    pub(in super::super) fn is_typed(&self) -> bool {
        matches!(self, Self::Property(_) | Self::Trait(_) | Self::Context(_))
    }

    /// Whether it is an identifier.
    pub(super) fn names_somebody(&self) -> bool {
        use Target::{AnonymousId, DeviceToken, Email, External, Phone, UserId};
        matches!(self, UserId | AnonymousId | Email | Phone | DeviceToken | External(_))
    }
}

/// As it is written in a mapping.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::External(name) => write!(f, "id {name}"),
            Self::Property(name) => write!(f, "property {name}"),
            Self::Trait(name) => write!(f, "trait {name}"),
            Self::Context(name) => write!(f, "context {name}"),
            Self::Consent(name) => write!(f, "consent {name}"),
            word => {
                let known = WORDS.iter().find(|(_, target)| target == word);
                f.write_str(known.expect("invariant: every other target is one word").0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in ["user_id", "skip", "id loyalty_card", "trait address.city", "consent newsletter.email"] {
            assert_eq!(target(text, "column").unwrap().0.to_string(), text);
        }
        let number = (Target::Property("Order Total".into()), Some("number".to_owned()));
        assert_eq!(target("property Order Total as number", "x"), Ok(number));
        assert_eq!(target(" trait ", "x"), Ok((Target::Trait("x".into()), None)));
        for (text, said) in [
            ("userid", "did you mean `user_id`?"),
            ("zzzzzzzzzz", "there are user_id, "),
            ("email as text", "only a property"),
            ("consent news as truth", "the type of consent is known"),
            ("trait x as int", "the type \"int\" is unknown; there are text, number"),
        ] {
            let mistake = target(text, "x").unwrap_err();
            assert!(mistake.contains(said), "{mistake}");
        }
    }
}
