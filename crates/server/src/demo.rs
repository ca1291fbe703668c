//! The demonstration: a small shop with visitors, on the real server. Everything a visitor does goes over real HTTP,
//! every letter over real SMTP into the built-in mailbox; only the people are invented, and time is divided by the
//! pace.
//!
//! It owns a server, a mailbox and the town; a stop ends the town first, so that nobody knocks at a closed door.

mod browser;
mod dice;
mod letters;
mod pace;
mod past;
mod people;
mod shop;
mod story;
mod town;
mod visitor;

pub use pace::Pace;

use crate::api::programme::make_live;
use crate::config::Config;
use crate::config::routes::RouteSettings;
use crate::keys::token::random_text;
use crate::keys::{Created, Holder, Keys, Scope};
use crate::lake::place::{self, LakePlace};
use crate::limits::STOP_PATIENCE;
use crate::mailbox::Mailbox;
use crate::mailbox::rule::Rule;
use crate::operators::{Changed, Operators, Role};
use crate::programme;
use crate::returns::proof;
use crate::server::Server;
use crate::webhooks::guard::Guard;
use anyhow::{Context, anyhow, bail};
use browser::Door;
use include_dir::{Dir, include_dir};
use past::Past;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;
use visitor::Surroundings;

/// The sample shop's programme, compiled in so that the binary is all that the demonstration needs.
static BOTTEGA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/bottega");

/// The demonstration's own operator.
pub(crate) const OPERATOR: &str = "demo";
/// The source that browsers call as.
const WEBSITE: &str = "website";
/// Who makes the keys and the operator of the demonstration.
const DEMO: &str = "trama demo";

/// What the demonstration adds to a server, for the page to show.
pub struct Stage {
    pub mailbox: Arc<Mailbox>,
    pub pace: Pace,
    /// A key that only reads.
    pub page_token: String,
}

/// How to play.
pub struct Settings {
    pub listen: SocketAddr,
    /// Where the installation lies.
    pub data: PathBuf,
    pub pace: Pace,
    /// How many people the shop has known for more than a year when it opens; 0 for a new shop. Their past was lived by the
    /// calendar, so the pace is [`Pace::LIFE`] with them.
    pub people: u32,
}

/// A demonstration that plays.
pub struct Demo {
    server: Server,
    mailbox: Arc<Mailbox>,
    page_token: String,
    town: JoinHandle<()>,
}

impl Demo {
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        Self::start_telling(settings, |_, _| {}).await
    }

    /// The same, and says how many days of its past are told, of how many.
    pub async fn start_telling(
        settings: Settings,
        mut told: impl FnMut(u64, u64) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let Settings { listen, data, pace, people } = settings;
        let past = Past { people };
        let folder = data.join("programme");
        fs::create_dir_all(&folder)
            .and_then(|()| BOTTEGA.extract(&folder))
            .with_context(|| format!("cannot write the programme to {}", folder.display()))?;
        let programme = load(&folder, pace)?;
        let mailbox =
            Mailbox::start((Ipv4Addr::LOCALHOST, 0).into()).await.context("cannot start the mailbox")?;
        mailbox.set_rules(manners());
        let mailbox = Arc::new(mailbox);
        let keys = Keys::open(&data)?;
        let page_token = fresh(&keys, "page of the demonstration", Scope::Read)?;
        let (website, till) = (fresh(&keys, WEBSITE, Scope::Write)?, fresh(&keys, "till", Scope::Write)?);
        drop(keys);
        sign_up(&data).await?;
        let (its_log, its_programme) = (data.clone(), programme.clone());
        let telling =
            move || past.tell(&its_log, &its_programme, WEBSITE, &mut |day| told(day, Past::days()));
        tokio::task::spawn_blocking(telling).await.context("the past met a bug")??;
        let lake = LakePlace::Folder(data.join(place::FOLDER));
        let config = Config {
            data,
            listen,
            public_url: None,
            programme: None,
            returns: None,
            proofs: proof::Asked::default(),
            routes: vec![RouteSettings::to(format!("smtp://{}", mailbox.addr))],
            webhook_allow: Guard::default(),
            lake,
            trace: String::new(),
        };
        let stage = Stage { mailbox: Arc::clone(&mailbox), pace, page_token: page_token.clone() };
        let server = Server::start_with(&config, Some(stage)).await?;
        make_live(&server.hub().runtime, &programme, &Holder::server("demo"))
            .await
            .map_err(|problem| anyhow!("the programme was refused: {}", problem.message))?;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let base = at_home(server.address());
        let around =
            Surroundings { door: Door { http, base, website, till }, mailbox: Arc::clone(&mailbox), pace };
        let town = tokio::spawn(town::live(around, past));
        Ok(Self { server, mailbox, page_token, town })
    }

    /// Where the page is, for a browser on this machine.
    pub fn url(&self) -> String {
        at_home(self.server.address())
    }

    /// A key that only reads, for a browser elsewhere.
    pub fn page_token(&self) -> &str {
        &self.page_token
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Sends the visitors home and stops the server; letters on their way still arrive.
    pub async fn stop(self) {
        self.town.abort();
        // The visits end with the town. Their connections would otherwise count as requests that are still open.
        let _ended = tokio::time::timeout(STOP_PATIENCE, self.town).await;
        self.server.stop().await;
    }
}

/// The address on loopback, also of a server that listens on every address.
fn at_home(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://127.0.0.1:{}", address.port()),
        false => format!("http://{address}"),
    }
}

/// The programme as it lies in the folder, with its spans divided.
fn load(folder: &Path, pace: Pace) -> anyhow::Result<engine::programme::Programme> {
    match programme::load(folder) {
        Ok((programme, _)) => {
            let mut programme = pace.programme(&programme);
            // Nobody is at their addresses.
            programme.webhooks.clear();
            Ok(programme)
        }
        Err(findings) => {
            let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
            bail!("the programme in {} has mistakes:\n{}", folder.display(), told.join("\n"))
        }
    }
}

/// How the mailbox treats some addresses, as mail servers do.
fn manners() -> Vec<Rule> {
    let refused = format!("*@{}", people::UNKNOWN_THERE);
    let later = format!("*@{}", people::HESITANT);
    vec![
        Rule::refuse(&refused, "550 5.1.1 There is nobody of this name here"),
        Rule::refuse(&later, "451 4.7.1 We do not know you yet, come back in a minute").times(1),
    ]
}

/// The operator as whom browsers on the demonstration's machine are signed in: all of the console can be tried, and nobody
/// else has the password.
async fn sign_up(data: &Path) -> anyhow::Result<()> {
    let operators = Operators::open(data)?;
    if operators.find(OPERATOR).is_some() {
        return Ok(());
    }
    match operators.add(OPERATOR, Role::Owner, &random_text::<32>(), &Holder::server(DEMO)).await? {
        Changed::Done(_) => Ok(()),
        other => bail!("the demonstration has no operator: {other:?}"),
    }
}

/// A new key of this name; an earlier demonstration in the same directory may have left one, whose token is lost.
fn fresh(keys: &Keys, name: &str, scope: Scope) -> anyhow::Result<String> {
    let by = Holder::server(DEMO);
    keys.revoke(name, &by)?;
    match keys.create(name, scope, &by)? {
        Created::Key { token, .. } => Ok(token),
        other => bail!("no key for the {name} could be made: {other:?}"),
    }
}
