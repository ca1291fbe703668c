//! Why one event of a readable body is not taken. Each reason has a code that programs may rely on, the field at
//! fault, and a sentence for the person who must mend the sender.

use crate::limits::{
    BATCH_EVENTS_MAX, EVENT_BYTES_MAX, EVENT_NAME_BYTES_MAX, MESSAGE_ID_CHARS_MAX, VALUE_DEPTH_MAX,
};
use engine::limits::IDENTIFIER_BYTES_MAX;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the event is not a JSON object")]
    NotAnObject,
    #[error("the event has no type; say track, identify, page, screen, group or alias")]
    MissingType,
    #[error("the type `{0}` is unknown; say track, identify, page, screen, group or alias")]
    UnknownType(String),
    #[error("a track call needs the name of its event")]
    MissingEvent,
    #[error(
        "the event names nobody: userId, anonymousId and every other identifier are absent or placeholders, and it has no code of an offer that somebody was given"
    )]
    MissingIdentifier,
    #[error("a group call needs a groupId")]
    MissingGroupId,
    #[error("an alias call needs the previousId that userId takes the place of")]
    MissingPreviousId,
    #[error("{0} must be {1}")]
    WrongType(&'static str, &'static str),
    #[error("{0} is nested more than {VALUE_DEPTH_MAX} levels deep")]
    TooDeep(&'static str),
    #[error("{0} is longer than {IDENTIFIER_BYTES_MAX} bytes")]
    IdentifierTooLong(&'static str),
    #[error("messageId is longer than {MESSAGE_ID_CHARS_MAX} characters")]
    MessageIdTooLong,
    #[error("the event's name is longer than {EVENT_NAME_BYTES_MAX} bytes")]
    EventNameTooLong,
    #[error("the event takes {0} bytes, and {EVENT_BYTES_MAX} are allowed")]
    EventTooLarge(usize),
    #[error("a batch holds {BATCH_EVENTS_MAX} events at most, and this one had {0}; send the rest again")]
    BatchTooLong(usize),
}

impl Reason {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::MissingType => "missing_type",
            Self::UnknownType(_) => "unknown_type",
            Self::MissingEvent => "missing_event",
            Self::MissingIdentifier => "missing_identifier",
            Self::MissingGroupId => "missing_group_id",
            Self::MissingPreviousId => "missing_previous_id",
            Self::WrongType(..) => "wrong_type",
            Self::TooDeep(_) => "too_deep",
            Self::IdentifierTooLong(_) => "identifier_too_long",
            Self::MessageIdTooLong => "message_id_too_long",
            Self::EventNameTooLong => "event_name_too_long",
            Self::EventTooLarge(_) => "event_too_large",
            Self::BatchTooLong(_) => "batch_too_long",
        }
    }

    /// The field at fault, empty where it is the whole event.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NotAnObject | Self::EventTooLarge(_) => "",
            Self::MissingType | Self::UnknownType(_) => "type",
            Self::MissingEvent | Self::EventNameTooLong => "event",
            Self::MissingIdentifier => "userId",
            Self::MissingGroupId => "groupId",
            Self::MissingPreviousId => "previousId",
            Self::WrongType(field, _) | Self::TooDeep(field) | Self::IdentifierTooLong(field) => field,
            Self::MessageIdTooLong => "messageId",
            Self::BatchTooLong(_) => "batch",
        }
    }
}

/// One event that was not taken, as the sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its place in the body, from 0.
    pub index: usize,
    /// As sent; `None` where there was none.
    pub message_id: Option<String>,
    pub code: &'static str,
    pub field: &'static str,
    pub message: String,
}

impl Rejection {
    pub(super) fn new(index: usize, message_id: Option<&str>, reason: &Reason) -> Self {
        Self {
            index,
            message_id: message_id.map(str::to_owned),
            code: reason.code(),
            field: reason.field(),
            message: reason.to_string(),
        }
    }
}
