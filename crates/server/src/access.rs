//! Who may do what: a bearer token, its scope, and the permission that a route asks for.

use crate::hub::Hub;
use crate::keys::{Holder, Scope};
use crate::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing.
    Public,
    /// A read or an admin key.
    Read,
    /// An admin key.
    Admin,
    /// A key of a provider's webhook, or an admin key; also as the password of basic authentication.
    Returns,
    /// A read or an admin key, unless the caller sits on this machine.
    ReadOrLocal,
}

impl Permission {
    fn is_given_by(self, scope: Scope) -> bool {
        match self {
            Self::Public => true,
            Self::Read | Self::ReadOrLocal => matches!(scope, Scope::Read | Scope::Admin),
            Self::Admin => scope == Scope::Admin,
            Self::Returns => matches!(scope, Scope::Returns | Scope::Admin),
        }
    }
}

/// Lets a request pass to its handler, with its [`Holder`] where it has one, or answers 401 or 403.
pub async fn guard(
    State((hub, permission)): State<(Arc<Hub>, Permission)>,
    mut request: Request,
    next: Next,
) -> Response {
    let basic = || password(request.headers()).filter(|_| permission == Permission::Returns);
    let token = bearer(request.headers()).map(str::to_owned).or_else(basic);
    let holder = token.and_then(|token| hub.keys.holder(&token));
    let local = permission == Permission::ReadOrLocal && is_local(&request);
    match holder {
        Some(holder) if permission.is_given_by(holder.scope) => drop(request.extensions_mut().insert(holder)),
        _ if permission == Permission::Public || local => {}
        Some(holder) => return forbidden(&holder, permission).into_response(),
        None => return unauthorized().into_response(),
    }
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The password of basic authentication: the webhooks of most providers know no other way to say who they are.
fn password(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded =
        scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// Whether the request comes from this machine and not through a proxy on it, behind which anybody may sit.
pub(crate) fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    peer.is_some_and(|peer| peer.ip().is_loopback())
        && !forwarded.iter().any(|name| request.headers().contains_key(*name))
}

fn unauthorized() -> Problem {
    let message =
        "give a valid token in the header `Authorization: Bearer …`; `trama keys` shows or makes one";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

fn forbidden(holder: &Holder, permission: Permission) -> Problem {
    let needed = match permission {
        Permission::Admin => "an admin key",
        Permission::Returns => "a returns or admin key",
        Permission::Public | Permission::Read | Permission::ReadOrLocal => "a read or admin key",
    };
    let message =
        format!("the key \"{}\" has the scope {}; this needs {needed}", holder.name, holder.scope.name());
    Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
}
