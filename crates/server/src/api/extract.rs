//! Reading requests: bodies and parameters, with a [`Problem`] that names the field where they are wrong.

use crate::limits::{API_BODY_BYTES_MAX, LISTED_DEFAULT, LISTED_MAX};
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use engine::programme::nearest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A JSON body, whatever its content type says.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request).await?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "bad_json", error.to_string()))?;
        Ok(Self(value))
    }
}

/// The body as it came, up to the bound.
pub(super) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    let body = axum::body::to_bytes(request.into_body(), API_BODY_BYTES_MAX).await;
    body.map_err(|_| {
        let message = format!("the body is larger than {API_BODY_BYTES_MAX} bytes, or broke off");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    })
}

/// The parameters behind the `?`.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            Problem::new(StatusCode::BAD_REQUEST, "bad_parameter", rejection.body_text())
        })
    }
}

/// How many entries of a list are wanted.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

impl Limit {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { limit }
    }

    pub(super) fn count(self) -> usize {
        self.limit.unwrap_or(LISTED_DEFAULT).min(LISTED_MAX)
    }
}

/// The value of that name; a problem with what was meant where there is none.
pub(super) fn one_of<T>(
    field: &str,
    asked: Option<&str>,
    all: impl Iterator<Item = (&'static str, T)> + Clone,
) -> Result<Option<T>, Problem> {
    let Some(asked) = asked else { return Ok(None) };
    if let Some((_, found)) = all.clone().find(|(name, _)| *name == asked) {
        return Ok(Some(found));
    }
    let near = nearest(asked, all.clone().map(|(name, _)| name));
    let names: Vec<&str> = all.map(|(name, _)| name).collect();
    let message = format!("there is no {field} \"{asked}\": write one of {}", names.join(", "));
    Err(Problem {
        suggestion: near.map(|name| format!("did you mean \"{name}\"?").into()),
        ..Problem::bad_request("bad_parameter", field, message)
    })
}
