//! What a client is told when its request cannot be answered as asked: `{code, message, field?, …}`.

use crate::runtime::{NotAnswered, NotTaken};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::engine::{ClustersRefusal, CommandRefusal, MergeRefusal, Refusal};
use engine::journey::RunRefusal;
use engine::offer::Denial;
use engine::programme::Mistake;
use engine::spend::SpendRefusal;
use engine::webhook::WebhookRefusal;
use serde::Serialize;

/// The code of an answer that has to wait until something is read from the log.
pub const READING_LOG: &str = "reading_log";

/// An answer that is no success. The code is stable and for programs, the message is for people.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    #[serde(skip)]
    pub status: StatusCode,
    #[schema(value_type = String)]
    pub code: &'static str,
    pub message: String,
    /// The field or parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub field: Option<Box<str>>,
    /// Where in the field's text it goes wrong, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub suggestion: Option<Box<str>>,
    /// Everything wrong with a programme.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<MistakeView>,
}

/// One mistake in a programme.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MistakeView {
    /// Path into the programme, such as `journeys.cart-reminder.steps[1].until`.
    pub place: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, field: None, offset: None, suggestion: None, mistakes: Vec::new() }
    }

    pub fn bad_request(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::BAD_REQUEST, code, message) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// A failure of our own: told to the operator's trace here, and to the client without its inside.
    pub fn internal(error: &anyhow::Error) -> Self {
        // Whoever gave up waiting hears nothing any more, and nothing has failed.
        if !matches!(error.downcast_ref(), Some(eventlog::Error::Unwanted)) {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server could not do this; its operator can see why",
        )
    }

    /// A mistake in an expression that came in `field`.
    pub fn expression(field: &str, mistake: Mistake) -> Self {
        Self {
            offset: mistake.offset,
            suggestion: mistake.suggestion.map(Into::into),
            ..Self::bad_request("bad_expression", field, mistake.message)
        }
    }

    pub fn programme(mistakes: Vec<Mistake>) -> Self {
        let message = match mistakes.len() {
            1 => "the programme has a mistake".to_owned(),
            count => format!("the programme has {count} mistakes"),
        };
        Self {
            mistakes: mistakes.into_iter().map(MistakeView::from).collect(),
            ..Self::new(StatusCode::BAD_REQUEST, "programme_mistakes", message)
        }
    }
}

impl Problem {
    /// Why the expression of a field has no answer now. A byte of the text means nothing to whoever sent a tree.
    pub fn not_answered(field: &str, not_answered: NotAnswered) -> Self {
        match not_answered {
            NotAnswered::Mistake(mistake) => {
                let offset = mistake.offset.filter(|_| field == "expression");
                Self::expression(field, Mistake { offset, ..mistake })
            }
            NotAnswered::Reading(reading) => Self {
                field: Some(field.into()),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, READING_LOG, format!("{reading}; ask again"))
            },
            NotAnswered::Failed(why) => Self::internal(&anyhow::anyhow!(why)),
        }
    }
}

/// A statement that the engine does not take: about who is who, since nothing else can be refused that was read.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let conflict = |code, field: &str| Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::CONFLICT, code, message.clone())
        };
        match refusal {
            Refusal::Merge(MergeRefusal::Unknown(field)) => {
                Self { field: Some(field.into()), ..Self::not_found(message) }
            }
            Refusal::Merge(MergeRefusal::NoSuchMerge) => {
                Self { field: Some("number".into()), ..Self::not_found(message) }
            }
            Refusal::Merge(MergeRefusal::Same) => conflict("same_profile", "from"),
            Refusal::Merge(MergeRefusal::TooLarge) => conflict("too_large", "from"),
            Refusal::Merge(MergeRefusal::UndoneBefore) => conflict("undone_before", "number"),
            Refusal::Merge(MergeRefusal::MergedOn(_)) => conflict("merged_on", "number"),
            Refusal::Merge(MergeRefusal::Erased) => conflict("erased", "number"),
            Refusal::TooManyRegisters => conflict("no_room", "name"),
            Refusal::OutOfTurn => conflict("out_of_turn", "edition"),
            Refusal::Erased | Refusal::NotKnown => Self::not_found(message),
            Refusal::ReportNotDue => conflict("not_due", "report"),
            Refusal::NotBlocked => Self { field: Some("address".into()), ..Self::not_found(message) },
            Refusal::Nobody => Self::bad_request("blocked_identifier", "profile", message),
            Refusal::Clusters(ClustersRefusal::NoSuchSet) => {
                Self { field: Some("name".into()), ..Self::not_found(message) }
            }
            Refusal::Clusters(ClustersRefusal::AskedOtherwise) => conflict("asked_otherwise", "name"),
            Refusal::Clusters(ClustersRefusal::NoRoom) => conflict("no_room", "name"),
            Refusal::Run(RunRefusal::NoSuchJourney) => {
                Self { field: Some("name".into()), ..Self::not_found(message) }
            }
            Refusal::Run(RunRefusal::Unknown) => {
                Self { field: Some("profile".into()), ..Self::not_found(message) }
            }
            Refusal::Run(RunRefusal::Paused) => conflict("paused", "name"),
            Refusal::Run(RunRefusal::Draining) => conflict("draining", "name"),
            Refusal::Run(RunRefusal::Inside) => conflict("inside", "profile"),
            Refusal::Run(RunRefusal::NotAgain) => conflict("not_again", "profile"),
            Refusal::Run(RunRefusal::NotForThem) => conflict("not_for_them", "profile"),
            Refusal::Command(CommandRefusal::NoSuch(_)) => {
                Self { field: Some("name".into()), ..Self::not_found(message) }
            }
            Refusal::Command(CommandRefusal::AlreadySo) => conflict("already_so", "name"),
            Refusal::Command(CommandRefusal::Over) => conflict("over", "name"),
            Refusal::Command(CommandRefusal::NotFor(..)) => {
                Self::bad_request("not_for_this", "name", message)
            }
            Refusal::Webhook(WebhookRefusal::NoSuchWebhook) => {
                Self { field: Some("name".into()), ..Self::not_found(message) }
            }
            Refusal::Webhook(WebhookRefusal::OutOfTurn | WebhookRefusal::NotYet) => {
                conflict("not_yet", "delivery")
            }
            Refusal::Webhook(WebhookRefusal::Full) => conflict("full", "name"),
            Refusal::Offer(Denial::NoSuchOffer) => {
                Self { field: Some("name".into()), ..Self::not_found(message) }
            }
            Refusal::Offer(Denial::UnknownCode) => {
                Self { field: Some("code".into()), ..Self::not_found(message) }
            }
            Refusal::Offer(Denial::WhoIsIt) => Self::bad_request("who_is_it", "profile", message),
            Refusal::Offer(denial) => conflict(denial.name(), "name"),
            Refusal::Spend(SpendRefusal::Field(field, _)) => Self::bad_request("bad_field", field, message),
            Refusal::Spend(SpendRefusal::Full) => conflict("full", "key"),
            other => panic!("invariant: the record was checked before it was made, {other:?}"),
        }
    }
}

impl From<Mistake> for MistakeView {
    fn from(mistake: Mistake) -> Self {
        Self {
            place: mistake.place.0,
            message: mistake.message,
            offset: mistake.offset,
            suggestion: mistake.suggestion,
        }
    }
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Self {
        let (code, message) = match not_taken {
            NotTaken::Overloaded => {
                ("overloaded", "too much is waiting to be written; come back in a moment")
            }
            NotTaken::Stopping => ("stopping", "the server is stopping; come back in a moment"),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        if self.code == READING_LOG {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
