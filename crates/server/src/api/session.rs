//! Signing in and out, and who is signed in.

use super::extract::Body;
use super::status::ProgrammeStatus;
use crate::access::{SESSION_COOKIE, is_local_peer, is_own_origin, names_this_machine, session_token};
use crate::audit::tell;
use crate::clock;
use crate::collect::access::client_ip;
use crate::demo::OPERATOR;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::limits::SESSION_AGE_MAX;
use crate::operators::{Changed, Session, SignedIn};
use crate::problem::Problem;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::at::At;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Who asks.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SessionView {
    name: String,
    /// An operator's role, `viewer`, `analyst`, `marketer` or `owner`; or a key's scope.
    role: &'static str,
    /// `operator` or `key`.
    kind: &'static str,
    /// Code of the language that the operator wants to read.
    language: Option<String>,
    /// What every change with this session has to come with, in the header `x-trama-csrf`.
    csrf: Option<String>,
    /// When the session ends at the latest.
    ends_at: Option<String>,
    /// For operators: a key that may only write learns nothing of it.
    programme: Option<ProgrammeStatus>,
}

/// A name and a password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// May be absent in the demonstration alone, for a browser on its own machine.
    name: Option<String>,
    password: Option<String>,
}

/// What an operator sets for themself.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Preferences {
    /// Code of a language, such as `it`; null for the one that the browser asks for.
    language: Option<String>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The one until now.
    password: String,
    new_password: String,
}

/// The other end of a request.
pub(super) struct Browser {
    headers: HeaderMap,
    connection: Option<IpAddr>,
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self { headers: parts.headers.clone(), connection })
    }
}

impl Browser {
    fn peer(&self) -> Option<IpAddr> {
        client_ip(self.connection, &self.headers)
    }

    /// Only a page of ours signs somebody in, or another site could sign its visitors in as somebody of its own. What is no
    /// browser names no origin, and nobody can be led to use it.
    fn check_origin(&self, hub: &Hub) -> Result<(), Problem> {
        if !self.headers.contains_key(header::ORIGIN) || is_own_origin(hub, &self.headers) {
            return Ok(());
        }
        let message = "only a page of this server signs in; behind a proxy set public_url";
        Err(Problem::new(StatusCode::FORBIDDEN, "csrf", message))
    }
}

impl SessionView {
    async fn of(hub: &Hub, session: &Session) -> Self {
        Self {
            programme: Some(hub.runtime.read(ProgrammeStatus::of).await),
            name: session.operator.name.clone(),
            role: session.operator.role.name(),
            kind: "operator",
            language: session.operator.language.clone(),
            csrf: Some(session.csrf.clone()),
            ends_at: Some(session.ends_at.to_string()),
        }
    }
}

/// Who asks, by a session or a key.
#[utoipa::path(get, path = "/api/v1/session", responses((status = 200, body = SessionView), (status = 401, body = Problem)))]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    session: Option<Extension<Session>>,
) -> Response {
    let view = match session {
        Some(Extension(session)) => SessionView::of(&hub, &session).await,
        None => SessionView {
            role: holder.rights.name(),
            name: holder.name,
            kind: "key",
            language: None,
            csrf: None,
            ends_at: None,
            programme: None,
        },
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(view)).into_response()
}

/// Signs in: the answer sets the cookie of the session.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    request_body = SignIn,
    responses((status = 200, body = SessionView), (status = 401, body = Problem), (status = 429, body = Problem))
)]
pub(super) async fn begin(
    State(hub): State<Arc<Hub>>,
    browser: Browser,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, Problem> {
    browser.check_origin(&hub)?;
    let now = clock::now();
    let (name, password) = match (sign_in.name, sign_in.password) {
        (Some(name), Some(password)) => (name, password),
        (None, None) if is_at_the_demonstration(&hub, &browser) => {
            let begun = hub.operators.begin(OPERATOR, now).map_err(|error| Problem::internal(&error))?;
            return Ok(begun_as(&hub, &begun.0, &begun.1).await);
        }
        (None, _) => return Err(Problem::bad_request("missing_name", "name", "say who signs in")),
        (_, None) => return Err(Problem::bad_request("missing_password", "password", "give the password")),
    };
    let signed_in = hub.operators.sign_in(&name, &password, browser.peer(), now).await;
    match signed_in.map_err(|error| Problem::internal(&error))? {
        SignedIn::Yes(session, token) => Ok(begun_as(&hub, &session, &token).await),
        SignedIn::Wrong => Err(wrong()),
        SignedIn::Later(until) => Ok(later(until, now)),
    }
}

/// Sets what the operator wants for themself.
#[utoipa::path(
    put,
    path = "/api/v1/session",
    request_body = Preferences,
    responses((status = 200, body = SessionView), (status = 400, body = Problem))
)]
pub(super) async fn prefer(
    State(hub): State<Arc<Hub>>,
    session: Option<Extension<Session>>,
    Body(wanted): Body<Preferences>,
) -> Result<Json<SessionView>, Problem> {
    let session = of_operator(session)?;
    let is_code = |code: &str| {
        (2..=16).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !wanted.language.as_deref().is_none_or(is_code) {
        let message = "write the code of a language, such as it or en-GB";
        return Err(Problem::bad_request("bad_language", "language", message));
    }
    let changed = hub.operators.set_language(&session.operator.name, wanted.language.as_deref());
    let operator = done(changed.map_err(|error| Problem::internal(&error))?, &session.operator.name)?;
    Ok(Json(SessionView::of(&hub, &Session { operator, ..session }).await))
}

/// Sets another password. All sessions of the operator end, and this one begins anew.
#[utoipa::path(
    post,
    path = "/api/v1/session/password",
    request_body = NewPassword,
    responses(
        (status = 200, body = SessionView),
        (status = 400, body = Problem),
        (status = 403, body = Problem),
        (status = 429, body = Problem)
    )
)]
pub(super) async fn set_password(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    session: Option<Extension<Session>>,
    browser: Browser,
    Body(wanted): Body<NewPassword>,
) -> Result<Response, Problem> {
    let (name, now) = (of_operator(session)?.operator.name, clock::now());
    match hub.operators.is_password(&name, &wanted.password, browser.peer(), now).await {
        Ok(true) => {}
        Ok(false) => {
            let problem =
                Problem::new(StatusCode::FORBIDDEN, "wrong_password", "this is not the password until now");
            return Err(Problem { field: Some("password".into()), ..problem });
        }
        Err(until) => return Ok(later(until, now)),
    }
    let changed = hub.operators.set(&name, None, Some(&wanted.new_password), &holder).await;
    let changed = changed.map_err(|error| Problem::internal(&error))?;
    if let Changed::PasswordUnusable(why) = changed {
        return Err(Problem::bad_request("bad_password", "new_password", why));
    }
    done(changed, &name)?;
    tell(&hub).await;
    let (session, token) = hub.operators.begin(&name, now).map_err(|error| Problem::internal(&error))?;
    Ok(begun_as(&hub, &session, &token).await)
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", responses((status = 204)))]
pub(super) async fn end(State(hub): State<Arc<Hub>>, browser: Browser) -> Result<Response, Problem> {
    if let Some(token) = session_token(&browser.headers) {
        hub.operators.end(token).map_err(|error| Problem::internal(&error))?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&hub, "", 0))]).into_response())
}

/// Whether it is the demonstration, where all people are invented, and a browser on its own machine.
fn is_at_the_demonstration(hub: &Hub, browser: &Browser) -> bool {
    hub.stage.is_some()
        && is_local_peer(browser.connection, &browser.headers)
        && names_this_machine(&browser.headers)
}

fn of_operator(session: Option<Extension<Session>>) -> Result<Session, Problem> {
    let message = "this is for operators who signed in: a key has no language and no password";
    let refused = || Problem::new(StatusCode::FORBIDDEN, "forbidden", message);
    session.map(|Extension(session)| session).ok_or_else(refused)
}

/// The answer to whoever signed in.
pub(super) async fn begun_as(hub: &Hub, session: &Session, token: &str) -> Response {
    let seconds = SESSION_AGE_MAX.0 / 1_000;
    let headers = [
        (header::SET_COOKIE, cookie(hub, token, seconds)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Json(SessionView::of(hub, session).await)).into_response()
}

/// Pages never see it, and no other site's change brings it along.
fn cookie(hub: &Hub, token: &str, seconds: i64) -> HeaderValue {
    let secure = if hub.public_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    text.parse().expect("invariant: tokens are of letters that headers may have")
}

fn wrong() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_sign_in", "the name or the password is not right")
}

fn later(until: At, now: At) -> Response {
    let seconds = until.since(now).0.div_euclid(1_000) + 1;
    let message = format!(
        "too many tries; the next one counts from {until} on, in {seconds} seconds. Who owns the installation can set \
         another password with `trama operators password`"
    );
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message);
    ([(header::RETRY_AFTER, seconds.to_string())], problem).into_response()
}

/// The operator as they are since, or why nothing changed.
pub(super) fn done(changed: Changed, name: &str) -> Result<crate::operators::Operator, Problem> {
    use crate::limits::{OPERATOR_NAME_BYTES_MAX, OPERATORS_MAX};
    let conflict = |code, message: String| Err(Problem::new(StatusCode::CONFLICT, code, message));
    match changed {
        Changed::Done(operator) => Ok(operator),
        Changed::NoSuchOperator => Err(Problem::not_found(format!("there is no operator \"{name}\""))),
        Changed::NameTaken => conflict("name_taken", format!("there is an operator \"{name}\" already")),
        Changed::NameUnusable => {
            let message =
                format!("a name has 1 to {OPERATOR_NAME_BYTES_MAX} bytes and no control characters");
            Err(Problem::bad_request("bad_name", "name", message))
        }
        Changed::PasswordUnusable(why) => Err(Problem::bad_request("bad_password", "password", why)),
        Changed::TooMany => {
            conflict("too_many_operators", format!("there are {OPERATORS_MAX} operators; remove one first"))
        }
        Changed::LastOwner => {
            conflict("last_owner", format!("{name} is the last owner; make somebody else an owner first"))
        }
        Changed::WrongToken => {
            let message = "the link was used, or is not the one that `trama serve` printed last";
            Err(Problem::new(StatusCode::FORBIDDEN, "wrong_token", message))
        }
    }
}
