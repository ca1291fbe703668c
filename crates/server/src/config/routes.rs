//! The settings of the ways out for email: `[[routes]]` in `trama.toml`, or `smtp_url` for a single one.

use crate::deliver::pace::{PaceSettings, WarmUp};
use crate::deliver::smtp::url::SmtpSettings;
use crate::limits::SMTP_CONNECTIONS;
use anyhow::{Context, bail};
use engine::at::At;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// One way out.
#[derive(Clone)]
pub struct RouteSettings {
    /// For the trace and for errors.
    pub name: String,
    pub smtp: SmtpSettings,
    /// Empty for every purpose.
    pub purposes: Vec<String>,
    /// Domains of senders; empty for all.
    pub from: Vec<String>,
    pub connections: usize,
    pub pace: PaceSettings,
}

/// A route as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRoute {
    name: String,
    url: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_file: PathBuf,
    #[serde(default)]
    ca_file: PathBuf,
    #[serde(default)]
    greeting: String,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    from: Vec<String>,
    connections: Option<usize>,
    pace: Option<f64>,
    #[serde(default)]
    paces: HashMap<String, f64>,
    warm_up: Option<WrittenWarmUp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWarmUp {
    from: String,
    first_day: f64,
    growth: f64,
}

impl Default for RouteSettings {
    fn default() -> Self {
        Self {
            name: "smtp".to_owned(),
            smtp: SmtpSettings::default(),
            purposes: Vec::new(),
            from: Vec::new(),
            connections: SMTP_CONNECTIONS,
            pace: PaceSettings::default(),
        }
    }
}

impl RouteSettings {
    /// The only route, to a relay.
    pub fn to(url: String) -> Self {
        Self { smtp: SmtpSettings { url, ..SmtpSettings::default() }, ..Self::default() }
    }
}

/// Checks what can be checked without reading files.
pub(super) fn checked(written: Vec<WrittenRoute>) -> anyhow::Result<Vec<RouteSettings>> {
    let mut names = HashSet::new();
    let routes = written.into_iter().map(|route| {
        let name = route.name.clone();
        if !names.insert(name.clone()) {
            bail!("there are two routes named {name:?}");
        }
        route.checked().with_context(|| format!("the route {name:?} cannot be used"))
    });
    routes.collect()
}

impl WrittenRoute {
    fn checked(self) -> anyhow::Result<RouteSettings> {
        for (field, rate) in self
            .pace
            .iter()
            .map(|rate| ("pace", rate))
            .chain(self.paces.iter().map(|(host, rate)| (host.as_str(), rate)))
        {
            if !(*rate > 0.0 && rate.is_finite()) {
                bail!("{field} is a number of emails a second above 0, and is {rate}");
            }
        }
        if self.connections == Some(0) {
            bail!("connections must be at least 1");
        }
        let present = |text: String| (!text.is_empty()).then_some(text);
        let present_path = |path: PathBuf| (!path.as_os_str().is_empty()).then_some(path);
        let by_host = self.paces.into_iter().map(|(host, rate)| (host.to_ascii_lowercase(), rate)).collect();
        let warm_up = self.warm_up.map(WrittenWarmUp::checked).transpose()?;
        Ok(RouteSettings {
            name: self.name,
            smtp: SmtpSettings {
                url: self.url,
                password: present(self.password),
                password_file: present_path(self.password_file),
                ca_file: present_path(self.ca_file),
                name: present(self.greeting),
            },
            purposes: self.purposes,
            from: self.from.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
            connections: self.connections.unwrap_or(SMTP_CONNECTIONS),
            pace: PaceSettings { usual: self.pace, by_host, warm_up },
        })
    }
}

impl WrittenWarmUp {
    fn checked(self) -> anyhow::Result<WarmUp> {
        let day: jiff::civil::Date = self
            .from
            .parse()
            .with_context(|| format!("warm_up.from is a day such as 2026-11-02, and is {:?}", self.from))?;
        if !(self.first_day >= 1.0 && self.first_day.is_finite()) {
            bail!("warm_up.first_day is a number of emails, and is {}", self.first_day);
        }
        if !(self.growth >= 1.0 && self.growth.is_finite()) {
            bail!(
                "warm_up.growth says how many times as many go out each day, 1 or more, and is {}",
                self.growth
            );
        }
        let from = At(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond());
        Ok(WarmUp { from, first_day: self.first_day, growth: self.growth })
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the error of figment's own closures")]
mod tests {
    use super::super::{Config, FILE, Flags};
    use figment::Jail;
    use std::path::Path;

    #[test]
    fn routes_are_read_from_the_file_and_mistakes_in_them_named() {
        Jail::expect_with(|jail| {
            let read = |text: &str| -> Result<Config, String> {
                jail.create_file(FILE, text).map_err(|error| error.to_string())?;
                Config::read(Path::new("."), &Flags::default()).map_err(|error| format!("{error:#}"))
            };
            let bulk = "[[routes]]\nname = 'bulk'\nurl = 'smtp://127.0.0.1:2525'\n";
            let whole = format!(
                "{bulk}purposes = ['offers']\nfrom = ['News.shop.example']\npace = 20\npaces = {{ google = 0.5 }}\n\
                 warm_up = {{ from = '2026-11-02', first_day = 200, growth = 1.5 }}\n\
                 [[routes]]\nname = 'rest'\nurl = 'smtp://127.0.0.1:2526'\nconnections = 1\n"
            );
            let routes = read(&whole)?.routes;
            assert_eq!(routes.len(), 2);
            assert_eq!((routes[0].from[0].as_str(), routes[0].pace.usual), ("news.shop.example", Some(20.0)));
            assert_eq!(routes[0].pace.warm_up.unwrap().from.to_string(), "2026-11-02T00:00:00.000Z");
            assert_eq!((routes[1].name.as_str(), routes[1].connections), ("rest", 1));
            for (text, named) in [
                (format!("smtp_url = 'smtp://127.0.0.1'\n{bulk}"), "both set"),
                (format!("{bulk}{bulk}"), "two routes named \"bulk\""),
                (format!("{bulk}pace = 0"), "pace is a number"),
                (format!("{bulk}paces = {{ google = -1 }}"), "google is a number"),
                (format!("{bulk}connections = 0"), "connections"),
                (format!("{bulk}speed = 1"), "speed"),
                (format!("{bulk}warm_up = {{ from = 'soon', first_day = 1, growth = 2 }}"), "warm_up.from"),
                (format!("{bulk}warm_up = {{ from = '2026-11-02', first_day = 1, growth = 0.5 }}"), "growth"),
                ("[[routes]]\nname = 'bulk'\n".to_owned(), "url"),
            ] {
                let error = read(&text).err();
                assert!(error.as_ref().is_some_and(|error| error.contains(named)), "{named}: {error:?}");
            }
            Ok(())
        });
    }
}
