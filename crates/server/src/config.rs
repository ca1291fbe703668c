//! The settings: few, with a default for each in `config.default.toml`, which is compiled in and is their reference.
//!
//! A flag wins over a `TRAMA_*` variable, that over `trama.toml` in the data directory, that over the default.

pub mod routes;

use crate::deliver::smtp::letter::Address;
use crate::deliver::smtp::url::SmtpSettings;
use crate::lake::place::LakePlace;
use crate::returns::proof;
use crate::webhooks::guard::Guard;
use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use routes::{RouteSettings, WrittenRoute};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Every setting, with a comment that says what it does.
pub const DEFAULTS: &str = include_str!("../config.default.toml");
/// Name of the file of settings in a data directory.
const FILE: &str = "trama.toml";

/// The settings of one server.
#[derive(Clone)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Without a slash at the end; `None` to use the address listened on.
    pub public_url: Option<String>,
    pub programme: Option<PathBuf>,
    /// In the order in which they are asked; none where no email leaves.
    pub routes: Vec<RouteSettings>,
    /// Where messages come back; none where they come back to their sender's address.
    pub returns: Option<ReturnSettings>,
    /// What providers have to prove of what they tell.
    pub proofs: proof::Asked,
    /// What webhooks may reach besides the public internet.
    pub webhook_allow: Guard,
    pub lake: LakePlace,
    pub trace: String,
}

/// Where messages come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnSettings {
    pub domain: String,
    /// `None` where what comes back is told by a provider's webhook only.
    pub listen: Option<SocketAddr>,
}

impl ReturnSettings {
    fn checked(domain: &str, listen: Option<&str>) -> anyhow::Result<Self> {
        let address = Address::parse(&format!("b@{domain}"))
            .with_context(|| format!("return_domain must be a domain, and is {domain:?}"))?;
        // As it stands in an envelope, when it is an international one.
        let domain = address.domain().to_owned();
        let listen = listen.map(|listen| {
            listen
                .parse()
                .with_context(|| format!("return_listen must be an address and a port, and is {listen:?}"))
        });
        Ok(Self { domain, listen: listen.transpose()? })
    }
}

/// What the command line may set. Absent ones leave the setting to the environment, the file and the default.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flags {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
}

/// The settings as they are written, where empty stands for absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: SocketAddr,
    public_url: String,
    programme: PathBuf,
    smtp_url: String,
    smtp_password: String,
    smtp_password_file: PathBuf,
    smtp_ca_file: PathBuf,
    smtp_name: String,
    #[serde(default)]
    routes: Vec<WrittenRoute>,
    return_domain: String,
    return_listen: String,
    return_sendgrid_key: String,
    return_ses_topics: String,
    webhook_allow: String,
    lake: String,
    trace: String,
}

impl Config {
    /// Reads the settings for a data directory, which need not exist yet.
    pub fn read(data: &Path, flags: &Flags) -> anyhow::Result<Self> {
        // An absolute path, since figment looks for a relative one in the directories above too.
        let file = std::path::absolute(data.join(FILE))?;
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let known: BTreeMap<String, figment::value::Value> = defaults.extract()?;
        let mut settings = defaults.merge(Toml::file(file));
        for name in known.keys() {
            // As text, whatever it looks like: figment's own reader makes a number of a password of digits.
            if let Ok(value) = std::env::var(format!("TRAMA_{}", name.to_uppercase())) {
                // As a default of figment's: a bare pair would count as global, and win over flags.
                settings = settings.merge(Serialized::default(name, value));
            }
        }
        let written: Written = settings
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| anyhow::anyhow!("{error}"))
            .with_context(|| format!("the settings of {} cannot be used", data.display()))?;
        Self::checked(data, written)
    }

    fn checked(data: &Path, written: Written) -> anyhow::Result<Self> {
        let present = |text: String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let public_url = present(written.public_url).map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url
            && !url.starts_with("https://")
            && !url.starts_with("http://")
        {
            bail!("public_url must begin with https:// or http://, and is {url:?}");
        }
        let present_path = |path: PathBuf| (!path.as_os_str().is_empty()).then_some(path);
        let smtp = present(written.smtp_url).map(|url| SmtpSettings {
            url,
            password: (!written.smtp_password.is_empty()).then_some(written.smtp_password),
            password_file: present_path(written.smtp_password_file),
            ca_file: present_path(written.smtp_ca_file),
            name: present(written.smtp_name),
        });
        let routes = match (smtp, written.routes) {
            (Some(_), routes) if !routes.is_empty() => {
                bail!(
                    "smtp_url and routes are both set: smtp_url is the short form of a single route, so keep one of them"
                )
            }
            (Some(smtp), _) => vec![RouteSettings { smtp, ..RouteSettings::default() }],
            (None, routes) => routes::checked(routes)?,
        };
        let returns = present(written.return_domain)
            .map(|domain| ReturnSettings::checked(&domain, present(written.return_listen).as_deref()))
            .transpose()?;
        Ok(Self {
            data: data.to_owned(),
            listen: written.listen,
            public_url,
            programme: present_path(written.programme),
            routes,
            returns,
            proofs: proof::Asked::parse(&written.return_sendgrid_key, &written.return_ses_topics)?,
            webhook_allow: Guard::parse(&written.webhook_allow)?,
            lake: LakePlace::parse(&written.lake, data)?,
            trace: written.trace,
        })
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the error of figment's own closures")]
mod tests {
    use super::*;
    use figment::Jail;

    #[test]
    fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
        Jail::expect_with(|jail| {
            let read =
                |flags: &Flags| Config::read(Path::new("."), flags).map_err(|error| format!("{error:#}"));
            let port = |flags: &Flags| read(flags).map(|config| config.listen.port());
            assert_eq!(port(&Flags::default())?, 8080);
            assert!(read(&Flags::default())?.listen.ip().is_loopback(), "nobody else until told otherwise");
            jail.create_file(FILE, "listen = '127.0.0.1:1001'\npublic_url = 'https://shop.example/'")?;
            assert_eq!(port(&Flags::default())?, 1001);
            assert_eq!(read(&Flags::default())?.public_url.as_deref(), Some("https://shop.example"));
            jail.set_env("TRAMA_LISTEN", "127.0.0.1:1002");
            jail.set_env("TRAMA_SMTP_URL", "smtps://user@relay.example");
            jail.set_env("TRAMA_SMTP_PASSWORD", "0123");
            assert_eq!(port(&Flags::default())?, 1002);
            let password = read(&Flags::default())?.routes.remove(0).smtp.password;
            assert_eq!(password.as_deref(), Some("0123"));
            let flags = Flags { listen: Some(([127, 0, 0, 1], 1003).into()), ..Flags::default() };
            assert_eq!(port(&flags)?, 1003);
            Ok(())
        });
    }

    #[test]
    fn a_setting_that_does_not_exist_or_cannot_be_read_is_named() {
        Jail::expect_with(|jail| {
            for (file, named) in [("listn = '127.0.0.1:1'", "listn"), ("listen = 'everywhere'", "listen")] {
                jail.create_file(FILE, file)?;
                let error =
                    Config::read(Path::new("."), &Flags::default()).err().map(|error| format!("{error:#}"));
                assert!(error.as_ref().is_some_and(|error| error.contains(named)), "{error:?}");
            }
            Ok(())
        });
    }
}
