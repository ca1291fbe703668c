//! `trama preview`: a message as one person would get it, from a server or from a directory.

use super::client::Client;
use super::place::{self, Asked, Whom};
use crate::config::{Config, Flags};
use crate::deliver::dkim::key::DkimKeys;
use crate::deliver::link::SignedLinks;
use crate::deliver::preview::{self, preview};
use anyhow::{Context, bail};
use engine::identifier::parse_address;
use engine::value::OwnedMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::path::Path;

/// Show a message as a person would get it now, and send nothing
///
/// A server that runs on the directory is asked; without one the log is read.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Name of the message in the live programme
    message: String,
    /// The person, as email:ada@example.com or user_id:u1
    #[arg(long, value_name = "TYPE:VALUE")]
    profile: String,
    /// Language of the message, instead of the person's own
    #[arg(long)]
    language: Option<String>,
    #[command(flatten)]
    asked: Asked,
    /// Print the HTML part alone
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Print the preview as the API gives it
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let shown = match args.asked.whom()? {
        Whom::Server(client) => args.ask(&client)?,
        Whom::Directory(data) => args.read(data)?,
    };
    if args.json {
        println!("{shown}");
    } else if args.html {
        println!("{}", shown["html"].as_str().context("the message has no HTML part")?);
    } else {
        print!("{}", told(&shown));
    }
    Ok(())
}

impl Args {
    fn ask(&self, client: &Client) -> anyhow::Result<Value> {
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut path =
            format!("/api/v1/messages/{}/preview?profile={}", escaped(&self.message), escaped(&self.profile));
        if let Some(language) = &self.language {
            path += &format!("&language={}", escaped(language));
        }
        client.get(&path)
    }

    fn read(&self, data: &Path) -> anyhow::Result<Value> {
        let (kind, value) = parse_address(&self.profile)
            .context("name a person as type:value, such as email:ada@example.com")?;
        let config = Config::read(data, &Flags::default())?;
        let public_url = config.public_url.unwrap_or_else(|| format!("http://{}", config.listen));
        let shown = place::ask_as_of(data, self.asked.at, "", |engine, now| {
            Ok((|| {
                let installed = engine.installed().context("the log is empty")?;
                let links = SignedLinks::new(&public_url, &installed.link_key);
                let id = engine
                    .find(kind, value)
                    .with_context(|| format!("nobody is known as {}", self.profile))?;
                let programme = engine.programme();
                if !programme.messages.contains_key(&self.message) {
                    bail!("the programme has no message \"{}\"", self.message);
                }
                let (whom, language) = (preview::Whom::Known(id), self.language.as_deref());
                let (message, event) = (self.message.as_str(), &OwnedMap::default());
                let asked = preview::Asked { message, whom: &whom, language, event };
                let written = preview(engine, programme, &links, &asked, now);
                Ok(serde_json::to_value(written.map_err(anyhow::Error::msg)?)?)
            })())
        })?;
        let mut shown = shown?;
        let from = shown["from"].as_str().unwrap_or_default();
        let domain = from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_owned();
        let signs = |one: &str| domain == one || domain.ends_with(&format!(".{one}"));
        if !DkimKeys::open(data)?.keys.iter().any(|key| signs(&key.domain)) {
            let warning = format!(
                "no DKIM key signs for {domain}: make one with trama keys dkim create --domain {domain}"
            );
            shown["warnings"].as_array_mut().context("warnings are a list")?.push(warning.into());
        }
        Ok(shown)
    }
}

/// As a mail program would show it, with what is to be looked at in front.
fn told(shown: &Value) -> String {
    let text = |field: &str| shown[field].as_str().unwrap_or_default();
    let mut told = String::new();
    for warning in shown["warnings"].as_array().into_iter().flatten() {
        told += &format!("warning: {}\n", warning.as_str().unwrap_or_default());
    }
    let missing: Vec<&str> =
        shown["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !missing.is_empty() {
        told += &format!("the person has no {}\n", missing.join(", "));
    }
    for (name, field) in [("From", "from"), ("To", "to"), ("Reply-To", "reply_to"), ("Subject", "subject")] {
        if !text(field).is_empty() {
            told += &format!("{name}: {}\n", text(field));
        }
    }
    told + &format!("Language: {}\nHTML: {} bytes\n\n{}", text("language"), shown["html_bytes"], text("text"))
}
