//! The settings of a relay, `TRAMA_SMTP_URL` and its companions, read into a `Route`.
//!
//! No error here shows the address as it was written, because it may hold the password.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use tokio_rustls::rustls::ClientConfig;
use url::Url;

use super::connection::Timeouts;
use super::tls;

/// The settings as they are written, each under the name of its environment variable.
#[derive(Clone, Default)]
pub struct SmtpSettings {
    /// `TRAMA_SMTP_URL`: `smtp://`, `smtp+starttls://` or `smtps://`, then `[user[:password]@]host[:port]`.
    /// Special characters in user and password are percent-encoded. Ports: 25, 587, 465 unless said.
    pub url: String,
    /// `TRAMA_SMTP_PASSWORD`: instead of the one in the URL.
    pub password: Option<String>,
    /// `TRAMA_SMTP_PASSWORD_FILE`: a file with nothing but the password; one end of line after it is ignored.
    pub password_file: Option<PathBuf>,
    /// `TRAMA_SMTP_CA_FILE`: PEM certificates of the authorities to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// `TRAMA_SMTP_NAME`: the name in EHLO; without it our own network address.
    pub name: Option<String>,
}

/// Where letters go and how.
#[derive(Clone, Debug)]
pub struct Route {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<Login>,
    pub name: Option<String>,
    pub timeouts: Timeouts,
}

/// When TLS begins. Nothing is ever sent in the clear because TLS failed.
#[derive(Clone)]
pub enum Security {
    /// Never.
    Plain,
    /// After EHLO, with STARTTLS (RFC 3207); a relay without it is refused.
    StartTls(Arc<ClientConfig>),
    /// With the first byte (RFC 8314).
    Tls(Arc<ClientConfig>),
}

/// Name and password for AUTH.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// A mistake in the settings, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    #[error(
        "TRAMA_SMTP_URL is not a URL ({0}); it looks like smtp://127.0.0.1:2525 or \
         smtps://user:password@mail.example.com, with special characters in user and password percent-encoded"
    )]
    NotAUrl(#[from] url::ParseError),
    #[error("TRAMA_SMTP_URL begins with {0}:, but it must be smtp:, smtp+starttls: or smtps:")]
    Scheme(String),
    #[error("TRAMA_SMTP_URL names no host")]
    NoHost,
    #[error(
        "TRAMA_SMTP_URL has a path, a query or a fragment behind the host; percent-encode /, ? and # in the password"
    )]
    BehindHost,
    #[error("the user or the password in TRAMA_SMTP_URL is not UTF-8 once percent-decoded, or holds a NUL")]
    Unspeakable,
    #[error(
        "the SMTP password is given more than once: keep one of TRAMA_SMTP_URL, TRAMA_SMTP_PASSWORD and TRAMA_SMTP_PASSWORD_FILE"
    )]
    PasswordTwice,
    #[error("TRAMA_SMTP_PASSWORD_FILE {path}: {why}", path = .path.display())]
    PasswordFile { path: PathBuf, why: std::io::Error },
    #[error("an SMTP password is given, but TRAMA_SMTP_URL names no user: write user@ in front of the host")]
    NoUser,
    #[error(
        "TRAMA_SMTP_URL names a user, but there is no password: set TRAMA_SMTP_PASSWORD_FILE or TRAMA_SMTP_PASSWORD"
    )]
    NoPassword,
    #[error("TRAMA_SMTP_URL would send the password in the clear to {0}: use smtp+starttls: or smtps:")]
    InTheClear(String),
    #[error("TRAMA_SMTP_CA_FILE {0}")]
    Authorities(String),
    #[error("TRAMA_SMTP_CA_FILE is set, but smtp: uses no TLS: use smtp+starttls: or smtps:")]
    AuthoritiesUnused,
    #[error("TRAMA_SMTP_NAME {0:?} is not a host name")]
    Name(String),
}

impl Route {
    /// Reads and checks the settings; reads the files that they name.
    pub fn new(settings: &SmtpSettings) -> Result<Self, RouteError> {
        let url = Url::parse(settings.url.trim())?;
        let port = match url.scheme() {
            "smtp" => 25,
            "smtp+starttls" => 587,
            "smtps" => 465,
            other => return Err(RouteError::Scheme(other.to_owned())),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(RouteError::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(RouteError::BehindHost);
        }
        let login = login(&url, settings)?;
        let plain = url.scheme() == "smtp";
        if plain && login.is_some() && !is_this_machine(&host) {
            return Err(RouteError::InTheClear(host));
        }
        if plain && settings.ca_file.is_some() {
            return Err(RouteError::AuthoritiesUnused);
        }
        let tls = || tls::client(settings.ca_file.as_deref()).map_err(RouteError::Authorities);
        let security = match url.scheme() {
            "smtp" => Security::Plain,
            "smtps" => Security::Tls(tls()?),
            _ => Security::StartTls(tls()?),
        };
        if let Some(name) = settings.name.as_ref().filter(|name| !is_host_name(name)) {
            return Err(RouteError::Name(name.clone()));
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            login,
            name: settings.name.clone(),
            timeouts: Timeouts::RFC_5321,
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{open}{}{close}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::StartTls(_) => "StartTls",
            Self::Tls(_) => "Tls",
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

fn login(url: &Url, settings: &SmtpSettings) -> Result<Option<Login>, RouteError> {
    let user = decoded(url.username())?;
    let mut passwords = Vec::new();
    if let Some(password) = url.password() {
        passwords.push(decoded(password)?);
    }
    passwords.extend(settings.password.clone());
    if let Some(path) = &settings.password_file {
        let text = std::fs::read_to_string(path)
            .map_err(|why| RouteError::PasswordFile { path: path.clone(), why })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        passwords.push(text.strip_suffix('\r').unwrap_or(text).to_owned());
    }
    let password = passwords.pop().filter(|password| !password.is_empty());
    match (user.is_empty(), password) {
        _ if !passwords.is_empty() => Err(RouteError::PasswordTwice),
        (true, None) => Ok(None),
        (true, Some(_)) => Err(RouteError::NoUser),
        (false, None) => Err(RouteError::NoPassword),
        (false, Some(password)) if user.contains('\0') || password.contains('\0') => {
            Err(RouteError::Unspeakable)
        }
        (false, Some(password)) => Ok(Some(Login { user, password })),
    }
}

fn decoded(part: &str) -> Result<String, RouteError> {
    let text = percent_decode_str(part).decode_utf8().map_err(|_| RouteError::Unspeakable)?;
    Ok(text.into_owned())
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A domain name, or an address in brackets (RFC 5321 4.1.3); above all, one word on the command line.
fn is_host_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(url: &str) -> Result<Route, RouteError> {
        Route::new(&SmtpSettings { url: url.into(), ..SmtpSettings::default() })
    }

    #[test]
    fn urls_that_pass() {
        let table = [
            ("smtp://127.0.0.1:2525", "127.0.0.1:2525", None),
            ("smtp://relay.example.com", "relay.example.com:25", None),
            ("smtp://[::1]:2525/", "[::1]:2525", None),
            ("smtp+starttls://ada:secret@mail.example.com", "mail.example.com:587", Some(("ada", "secret"))),
            ("smtps://mail.example.com", "mail.example.com:465", None),
            (
                "smtps://ada%40example.com:p%2Fw%3A%25@mail.example.com:1465",
                "mail.example.com:1465",
                Some(("ada@example.com", "p/w:%")),
            ),
            ("smtp://ada:secret@localhost:2525", "localhost:2525", Some(("ada", "secret"))),
        ];
        for (url, place, login) in table {
            let route = route(url).unwrap_or_else(|why| panic!("{url}: {why}"));
            assert_eq!(route.to_string(), place);
            let read = route.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str()));
            assert_eq!(read, login);
            let secure = url.split_once(':').unwrap().0;
            match route.security {
                Security::Plain => assert_eq!(secure, "smtp"),
                Security::StartTls(_) => assert_eq!(secure, "smtp+starttls"),
                Security::Tls(_) => assert_eq!(secure, "smtps"),
            }
        }
    }

    #[test]
    fn each_mistake_has_its_sentence_and_no_password_in_it() {
        let table = [
            ("", "is not a URL"),
            ("mail.example.com", "is not a URL"),
            ("http://ada:secret@mail.example.com", "begins with http:"),
            ("ada:secret@mail.example.com", "begins with ada:"),
            ("smtps:secret", "names no host"),
            ("smtps://", "names no host"),
            ("smtps://ada:secret/x@mail.example.com", "is not a URL"),
            ("smtps://ada:12/secret@mail.example.com", "path, a query"),
            ("smtps://mail.example.com?password=secret", "path, a query"),
            ("smtps://ada:secret%ff@mail.example.com", "not UTF-8"),
            ("smtps://ada:secret%00@mail.example.com", "a NUL"),
            ("smtps://:secret@mail.example.com", "names no user"),
            ("smtps://ada@mail.example.com", "no password"),
            ("smtp://ada:secret@mail.example.com", "in the clear to mail.example.com"),
            ("smtps://mail.example.com:secret", "is not a URL"),
        ];
        for (url, part) in table {
            let said = route(url).unwrap_err();
            assert!(said.to_string().contains(part), "{url}: {said}");
            assert!(!format!("{said} {said:?}").contains("secret"), "{url}: {said:?}");
        }
        let shown = format!("{:?}", route("smtps://ada:secret@mail.example.com").unwrap());
        assert!(shown.contains("ada") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn the_password_comes_from_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "from the file\r\n").unwrap();
        let read = |url: &str, password: Option<&str>, password_file: Option<&PathBuf>| {
            let password = password.map(str::to_owned);
            Route::new(&SmtpSettings {
                url: url.into(),
                password,
                password_file: password_file.cloned(),
                ..SmtpSettings::default()
            })
        };
        let (bare, full) = ("smtps://ada@mail.example.com", "smtps://ada:x@mail.example.com");
        let password = |route: Result<Route, RouteError>| route.unwrap().login.unwrap().password;
        assert_eq!(password(read(bare, Some("from settings"), None)), "from settings");
        assert_eq!(password(read(bare, None, Some(&file))), "from the file");
        for twice in
            [read(full, Some("y"), None), read(full, None, Some(&file)), read(bare, Some("y"), Some(&file))]
        {
            assert!(matches!(twice, Err(RouteError::PasswordTwice)));
        }
        assert!(matches!(read("smtps://mail.example.com", Some("y"), None), Err(RouteError::NoUser)));
        let missing = folder.path().join("missing");
        let said = read(bare, None, Some(&missing)).unwrap_err().to_string();
        assert!(said.contains("missing"), "{said}");
    }

    #[test]
    fn authorities_and_name_are_checked() {
        let with = |url: &str, ca_file: Option<&str>, name: Option<&str>| {
            Route::new(&SmtpSettings {
                url: url.into(),
                ca_file: ca_file.map(PathBuf::from),
                name: name.map(str::to_owned),
                ..SmtpSettings::default()
            })
        };
        let said = with("smtps://mail.example.com", Some("/no/such/file.pem"), None).unwrap_err();
        assert!(said.to_string().contains("/no/such/file.pem"), "{said}");
        let no_certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let said = with("smtps://mail.example.com", Some(no_certificate), None).unwrap_err();
        assert!(said.to_string().contains("no certificate"), "{said}");
        assert!(matches!(with("smtp://localhost", Some("x"), None), Err(RouteError::AuthoritiesUnused)));
        for name in ["", "a b", "mx\r\nMAIL", "mx>"] {
            assert!(
                matches!(with("smtp://localhost", None, Some(name)), Err(RouteError::Name(_))),
                "{name:?}"
            );
        }
        for name in ["mx.example.com", "[192.0.2.1]", "[IPv6:::1]"] {
            assert_eq!(with("smtp://localhost", None, Some(name)).unwrap().name.as_deref(), Some(name));
        }
    }
}
