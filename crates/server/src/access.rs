//! Who may do what: a key or the session of an operator, and the permission that a route asks for.
//!
//! A browser sends its cookie with whatever any page asks of us, so a change that comes with a session also has to show
//! that it comes from our own pages: by the word that only they can read, and by its origin.

use crate::clock;
use crate::hub::Hub;
use crate::keys::{Holder, Scope};
use crate::operators::{Role, Session};
use crate::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "trama_session";
/// The header that shows that a change comes from our own pages.
pub const CSRF_HEADER: &str = "x-trama-csrf";

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing.
    Public,
    /// Any key, or any operator.
    Known,
    /// A read or an admin key, or any operator.
    Read,
    /// An admin key, or an analyst.
    Analyse,
    /// An admin key, or a marketer.
    Change,
    /// An admin key, or an owner.
    Admin,
    /// A key of a provider's webhook, or an admin key; also as the password of basic authentication.
    Returns,
    /// A read or an admin key, or any operator, unless the caller sits on this machine.
    ReadOrLocal,
}

impl Permission {
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Known => "known",
            Self::Read | Self::ReadOrLocal => "read",
            Self::Analyse => "analyse",
            Self::Change => "change",
            Self::Admin => "admin",
            Self::Returns => "returns",
        }
    }

    fn is_given_by(self, rights: Rights) -> bool {
        match rights {
            Rights::Key(scope) => self.is_given_by_scope(scope),
            Rights::Operator(role) => self.is_given_by_role(role),
            Rights::Server => unreachable!("invariant: the server asks nothing of itself over HTTP"),
        }
    }

    fn is_given_by_scope(self, scope: Scope) -> bool {
        match self {
            Self::Public | Self::Known => true,
            Self::Read | Self::ReadOrLocal => matches!(scope, Scope::Read | Scope::Admin),
            Self::Analyse | Self::Change | Self::Admin => scope == Scope::Admin,
            Self::Returns => matches!(scope, Scope::Returns | Scope::Admin),
        }
    }

    fn is_given_by_role(self, role: Role) -> bool {
        match self {
            Self::Public | Self::Known => true,
            Self::Read | Self::ReadOrLocal => role >= Role::Viewer,
            Self::Analyse => role >= Role::Analyst,
            Self::Change => role >= Role::Marketer,
            Self::Admin => role >= Role::Owner,
            // No person tells what a provider found.
            Self::Returns => false,
        }
    }
}

/// Why somebody may do what they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    Key(Scope),
    Operator(Role),
    /// Ourselves, as at a start with a folder of a programme.
    Server,
}

impl Rights {
    /// As the audit has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key(scope) => scope.name(),
            Self::Operator(role) => role.name(),
            Self::Server => "server",
        }
    }
}

impl Holder {
    /// What the server does by itself, under a name for it.
    pub fn server(name: &str) -> Self {
        Self { name: name.to_owned(), rights: Rights::Server }
    }
}

/// Lets a request pass to its handler, with its [`Holder`] and [`Session`] where it has them, or answers 401 or 403.
pub async fn guard(
    State((hub, permission)): State<(Arc<Hub>, Permission)>,
    mut request: Request,
    next: Next,
) -> Response {
    let basic = || password(request.headers()).filter(|_| permission == Permission::Returns);
    let token = bearer(request.headers()).map(str::to_owned).or_else(basic);
    let session = match (&token, permission) {
        // What is for everybody is asked of nobody's session.
        (Some(_), _) | (None, Permission::Public) => None,
        (None, _) => session(&hub, request.headers()),
    };
    let holder = match &session {
        Some(session) => {
            let rights = Rights::Operator(session.operator.role);
            Some(Holder { name: session.operator.name.clone(), rights })
        }
        None => token.and_then(|token| hub.keys.holder(&token)),
    };
    let local = permission == Permission::ReadOrLocal && is_local(&request);
    match holder {
        Some(holder) if permission.is_given_by(holder.rights) => {
            if let Some(session) = session {
                let is_change = !matches!(*request.method(), Method::GET | Method::HEAD);
                if is_change && !is_from_us(&hub, request.headers(), &session.csrf) {
                    return forged().into_response();
                }
                request.extensions_mut().insert(session);
            }
            request.extensions_mut().insert(holder);
        }
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

/// The session that a request's cookie is of.
fn session(hub: &Hub, headers: &HeaderMap) -> Option<Session> {
    hub.operators.session(session_token(headers)?, clock::now())
}

/// What the cookie of a session holds.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| token)
}

fn is_from_us(hub: &Hub, headers: &HeaderMap, csrf: &str) -> bool {
    let shown = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    shown == Some(csrf) && is_own_origin(hub, headers)
}

/// Whether a browser says that a page of this server asks: of the address that it asks, or of the one that we are known by.
pub(crate) fn is_own_origin(hub: &Hub, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let Some(Ok(origin)) = text(header::ORIGIN).map(url::Url::parse) else { return false };
    let own = |address: &str| url::Url::parse(address).is_ok_and(|own| own.origin() == origin.origin());
    own(&hub.public_url)
        || text(header::HOST).is_some_and(|host| own(&format!("{}://{host}/", origin.scheme())))
}

/// Whether the request comes from this machine and not through a proxy on it, behind which anybody may sit.
pub(crate) fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    is_local_peer(peer.map(|peer| peer.ip()), request.headers())
}

/// The same, where the request has been taken apart.
pub(crate) fn is_local_peer(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    peer.is_some_and(|peer| peer.is_loopback()) && !forwarded.iter().any(|name| headers.contains_key(*name))
}

/// Whether the browser looks for us under a name of this machine. A site elsewhere whose name leads here could
/// otherwise read, in a browser on this machine, what is meant for that browser alone.
pub(crate) fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(url) = url::Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

fn unauthorized() -> Problem {
    let message = "sign in, or give a valid token in the header `Authorization: Bearer …`; `trama keys` shows or makes \
                   one";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

fn forged() -> Problem {
    let message = format!(
        "a change with a session comes from a page of this server, with `{CSRF_HEADER}` as `GET /api/v1/session` tells it; \
         load the page again, and behind a proxy set public_url"
    );
    Problem::new(StatusCode::FORBIDDEN, "csrf", message)
}

fn forbidden(holder: &Holder, permission: Permission) -> Problem {
    let (key, role) = match permission {
        Permission::Analyse => ("an admin key", "an analyst"),
        Permission::Change => ("an admin key", "a marketer"),
        Permission::Admin => ("an admin key", "an owner"),
        Permission::Returns => ("a returns or admin key", "a provider's key"),
        Permission::Public | Permission::Known | Permission::Read | Permission::ReadOrLocal => {
            ("a read or admin key", "a viewer")
        }
    };
    let (name, rights) = (&holder.name, holder.rights.name());
    let message = match holder.rights {
        Rights::Operator(_) => format!("{name} is {rights} here; this needs {role}"),
        _ => format!("the key \"{name}\" has the scope {rights}; this needs {key}"),
    };
    Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_at_home() {
        let rows = [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("[::1]:8080", true),
            ("127.0.0.1.evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:8080", false),
        ];
        for (host, at_home) in rows {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a header"))]);
            assert_eq!(names_this_machine(&headers), at_home, "{host}");
        }
        assert!(!names_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn the_cookie_of_a_session_is_found_among_others() {
        for (cookies, expected) in [
            ("trama_session=abc", Some("abc")),
            ("a=1; trama_session=abc; b=2", Some("abc")),
            ("xtrama_session=abc", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, cookies.parse().expect("a header"))]);
            assert_eq!(session_token(&headers), expected, "{cookies}");
        }
    }
}
