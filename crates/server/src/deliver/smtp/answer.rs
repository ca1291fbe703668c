//! What became of a letter: the one answer that each gets.

use std::fmt;

use engine::record::DeliveryOutcome;

use super::reply::{Enhanced, Reply};
use crate::deliver::bounce::{Class, Stage, classify};
use crate::limits::SMTP_REPLY_TEXT_BYTES;

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The relay took responsibility; its words (most often a queue id) help support to find the letter.
    Accepted { reply: String },
    /// Refused for now (4xx); the same letter may be sent again later.
    Transient { code: u16, enhanced: Option<Enhanced>, text: String },
    /// Refused for good (5xx), or refused by us because the relay has said that it cannot take such a letter.
    Permanent { code: u16, enhanced: Option<Enhanced>, text: String, class: Class },
    /// Nothing was handed over: no connection, no TLS, no sign-in, or it broke before the final dot was sent.
    /// Sending again cannot double the letter.
    Unreachable { why: String },
    /// The connection broke after the final dot was sent and before its reply came: the relay may have the
    /// letter. Sending again could double it.
    Unknown { why: String },
}

impl Answer {
    /// What it means for the send.
    pub fn outcome(&self) -> DeliveryOutcome {
        match self {
            Self::Accepted { .. } => DeliveryOutcome::Accepted,
            Self::Transient { .. } | Self::Unreachable { .. } => DeliveryOutcome::Transient,
            Self::Permanent { class, .. } if class.suppresses() => DeliveryOutcome::InvalidRecipient,
            Self::Permanent { .. } => DeliveryOutcome::Permanent,
            Self::Unknown { .. } => DeliveryOutcome::Unknown,
        }
    }

    /// The answer that a refusal at this stage stands for.
    pub(super) fn refused(stage: Stage, reply: &Reply) -> Self {
        let (code, enhanced, text) = (reply.code, reply.enhanced, kept(&reply.text));
        match code {
            400..500 => Self::Transient { code, enhanced, text },
            500..600 => {
                Self::Permanent { code, enhanced, class: classify(stage, code, enhanced, &text), text }
            }
            // 2xx and 3xx where they have no meaning: the letter is not with the relay, and we do not know why.
            _ => Self::Unreachable { why: format!("the relay answered out of turn: {reply}") },
        }
    }

    pub(super) fn stopping() -> Self {
        Self::Unreachable { why: "the program is stopping".to_owned() }
    }

    pub(super) fn accepted(reply: &Reply) -> Self {
        Self::Accepted { reply: kept(&reply.to_string()) }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { reply } => write!(f, "accepted: {reply}"),
            Self::Transient { code, enhanced: None, text } => write!(f, "refused for now: {code} {text}"),
            Self::Transient { code, enhanced: Some(enhanced), text } => {
                write!(f, "refused for now: {code} {enhanced} {text}")
            }
            Self::Permanent { code, enhanced: None, text, .. } => write!(f, "refused: {code} {text}"),
            Self::Permanent { code, enhanced: Some(enhanced), text, .. } => {
                write!(f, "refused: {code} {enhanced} {text}")
            }
            Self::Unreachable { why } => write!(f, "not handed over: {why}"),
            Self::Unknown { why } => write!(f, "perhaps handed over: {why}"),
        }
    }
}

/// Cuts a text to what is kept of it.
fn kept(text: &str) -> String {
    text[..text.floor_char_boundary(SMTP_REPLY_TEXT_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_without_a_reader_is_suppressed() {
        let permanent = |class| Answer::Permanent { code: 550, enhanced: None, text: String::new(), class };
        assert_eq!(permanent(Class::InvalidRecipient).outcome(), DeliveryOutcome::InvalidRecipient);
        for class in [Class::MailboxFull, Class::Reputation, Class::Sender, Class::Other] {
            assert_eq!(permanent(class).outcome(), DeliveryOutcome::Permanent);
        }
        let (why, text) = (String::new(), String::new());
        assert_eq!(Answer::Unreachable { why: why.clone() }.outcome(), DeliveryOutcome::Transient);
        assert_eq!(
            Answer::Transient { code: 450, enhanced: None, text }.outcome(),
            DeliveryOutcome::Transient
        );
        assert_eq!(Answer::Unknown { why }.outcome(), DeliveryOutcome::Unknown);
    }

    #[test]
    fn the_kept_text_ends_between_characters() {
        let text = "è".repeat(SMTP_REPLY_TEXT_BYTES);
        assert_eq!(kept(&text).len(), SMTP_REPLY_TEXT_BYTES);
        assert_eq!(kept(&format!("a{text}")).len(), SMTP_REPLY_TEXT_BYTES - 1);
        assert_eq!(kept("short"), "short");
    }
}
