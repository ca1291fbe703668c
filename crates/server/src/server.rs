//! One running server, from its start to its graceful stop. The order of both is here and nowhere else.

use crate::api::Told;
use crate::api::programme::make_live;
use crate::api::versions;
use crate::audit;
use crate::config::Config;
use crate::config::routes::RouteSettings;
use crate::deliver::backlog::Backlog;
use crate::deliver::dispatch::{Channels, Dispatcher};
use crate::deliver::dkim::Signers;
use crate::deliver::dkim::key::DkimKeys;
use crate::deliver::email::Email;
use crate::deliver::link::SignedLinks;
use crate::deliver::return_path::ReturnPaths;
use crate::deliver::route::Routes;
use crate::deliver::smtp::url::Route as Relay;
use crate::deliver::trials::Trials;
use crate::demo::Stage;
use crate::editorial::Readers;
use crate::figures::kept::Figures;
use crate::http;
use crate::hub::Hub;
use crate::keys::{Holder, Keys};
use crate::lake;
use crate::lake::Keeper;
use crate::limits::{FOLLOWERS_MAX, SENDS_WAITING_MAX, STOP_PATIENCE};
use crate::mailbox::Mailbox;
use crate::metrics::Metrics;
use crate::operators::Operators;
use crate::patience;
use crate::presence::Presence;
use crate::problem::READING_LOG;
use crate::programme;
use crate::public::clicks::Clicks;
use crate::public::hosted::Hosted;
use crate::report;
use crate::returns;
use crate::returns::proof::Proofs;
use crate::runtime::{self, Threads};
use crate::site::{InboxChannel, Site};
use crate::sizes::{self, Sizes};
use crate::steps::Steps;
use crate::webhooks;
use crate::webhooks::post::Post;
use crate::webhooks::secrets::Secrets;
use anyhow::{Context, bail};
use axum::serve::ListenerExt;
use engine::programme::Channel;
use eventlog::sqlite::SqliteReader;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;

/// A server that runs.
pub struct Server {
    hub: Arc<Hub>,
    address: SocketAddr,
    http: Task,
    dispatcher: Task,
    cutoffs: Task,
    redaction: Task,
    clusters: Task,
    tellers: Task,
    callers: Task,
    reports: Task,
    sizes: Task,
    lake: Task,
    email: Option<Arc<Email>>,
    returns: Option<Mailbox>,
    threads: Threads,
    presence: Presence,
}

/// A task with the word that makes it end.
struct Task {
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Server {
    /// Recovers, applies the programme of the settings, and begins to answer.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        Self::start_with(config, None).await
    }

    /// The same, with the demonstration around it.
    pub async fn start_with(config: &Config, stage: Option<Stage>) -> anyhow::Result<Self> {
        let relays = Routes::read(&config.routes)?;
        // Bound before the recovery: a port that is taken is told at once, and who comes early waits in the queue.
        let listener = listen(config.listen).await?;
        let address = listener.local_addr()?;
        let metrics = Arc::new(Metrics::default());
        let backlog = Arc::new(Backlog::new(SENDS_WAITING_MAX));
        let (runtime, threads, in_flight) =
            runtime::start(&config.data, Arc::clone(&metrics), Arc::clone(&backlog))?;
        let log = SqliteReader::open(&config.data).context("the log cannot be read")?;
        let keys = Keys::open(&config.data)?;
        let operators = Operators::open(&config.data)?;
        let signers = Signers::new(DkimKeys::open(&config.data)?)?;
        let presence = Presence::announce(&config.data, address)?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let installed = runtime.read_blocking(|engine| engine.installed().cloned());
        let installed = installed.expect("invariant: the first record installs");
        let links = SignedLinks::new(&public_url, &installed.link_key);
        let (stopping, followers) = (watch::Sender::new(false), Arc::new(Semaphore::new(FOLLOWERS_MAX)));
        let hub = Arc::new(Hub {
            runtime,
            log,
            keys,
            operators,
            stage,
            metrics,
            public_url,
            links,
            site: Site::default(),
            clicks: Clicks::default(),
            hosted: Hosted::default(),
            stopping,
            followers,
            patient: patience::readers().context("no threads for readers of the log")?,
            reading: Arc::default(),
            post: Post::new(config.webhook_allow.clone(), Secrets::open(&config.data))?,
            telling: tokio::sync::Mutex::default(),
            data: config.data.clone(),
            definitions: Arc::default(),
            dry_runs: Arc::new(Semaphore::new(1)),
            proofs: Proofs::new(config.proofs.clone()),
            email: OnceLock::new(),
            sizes: Sizes::default(),
            trials: Trials::default(),
            steps: Steps::default(),
            readers: Readers::default(),
            figures: Figures::default(),
            lake: Keeper::new(config.lake.clone()).context("no threads for the lake")?,
            told: Told::default(),
        });
        audit::tell_what_was_left(&hub).await.context("changes of keys and operators cannot be told")?;
        if let Some(folder) = &config.programme {
            apply(&hub, folder).await?;
        }
        let paths = config.returns.as_ref().map(|one| ReturnPaths::new(&one.domain, &installed.link_key));
        let returns = returns_door(&hub, config, paths.as_ref()).await?;
        let email = emailing(&hub, relays, signers, paths);
        let channels = channels(email.as_ref());
        let calls = backlog.calls();
        let dispatcher = Dispatcher::new(hub.runtime.clone(), channels, Arc::clone(&hub.metrics), backlog);
        let dispatcher = Task::spawn(|stop| dispatcher.run(in_flight, stop));
        let (ranked, surveyed) = (hub.runtime.clone(), hub.runtime.clone());
        let cutoffs = Task::spawn(|stop| runtime::cutoffs::run(ranked, stop));
        let redaction = redaction(&hub);
        let clusters = Task::spawn(|stop| runtime::clusters::run(surveyed, stop));
        let (telling, asking) = (Arc::clone(&hub), Arc::clone(&hub));
        let (lake, sizes) = keeping_up(&hub);
        let tellers = Task::spawn(|stop| webhooks::tell::run(telling, stop));
        let callers = Task::spawn(|stop| webhooks::calls::run(asking, calls, stop));
        let reports = reports(&hub, email.as_ref());
        let http = answering(&hub, listener);
        Ok(Self {
            hub,
            address,
            http,
            dispatcher,
            cutoffs,
            redaction,
            clusters,
            tellers,
            callers,
            reports,
            sizes,
            lake,
            email,
            returns,
            threads,
            presence,
        })
    }

    /// Where it listens; with port 0 in the settings, the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where mail that comes back is taken, if it is.
    pub fn returns_address(&self) -> Option<SocketAddr> {
        self.returns.as_ref().map(|door| door.addr)
    }

    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Stops in the order in which things flow: nothing new comes in, what came in is answered, what is being handed
    /// over gets its receipt, and the state is written down.
    pub async fn stop(self) {
        self.hub.stopping.send_replace(true);
        drop(self.returns);
        self.http.stop("requests").await;
        self.cutoffs.stop("a ranking").await;
        self.redaction.stop("an erasure").await;
        self.clusters.stop("a search for clusters").await;
        self.tellers.stop("deliveries to webhooks").await;
        self.callers.stop("questions to webhooks").await;
        self.reports.stop("a report").await;
        self.sizes.stop("sizes of segments").await;
        self.lake.stop("a refresh of the lake").await;
        self.dispatcher.stop("sends").await;
        if let Some(email) = &self.email
            && tokio::time::timeout(STOP_PATIENCE, email.stop()).await.is_err()
        {
            tracing::warn!("the relay is silent; its connections are dropped");
        }
        let threads = self.threads;
        let stopped = tokio::task::spawn_blocking(move || threads.stop()).await;
        stopped.expect("invariant: a panic of the runtime's threads ends the process");
        self.presence.withdraw();
    }
}

/// The door for mail that comes back, where the settings have one.
async fn returns_door(
    hub: &Hub,
    config: &Config,
    paths: Option<&ReturnPaths>,
) -> anyhow::Result<Option<Mailbox>> {
    let listen = config.returns.as_ref().and_then(|one| one.listen);
    let (Some(paths), Some(listen)) = (paths, listen) else { return Ok(None) };
    let opened = returns::door::open(listen, hub.runtime.clone(), paths.clone()).await;
    opened.with_context(|| format!("cannot listen on {listen} for mail that comes back")).map(Some)
}

/// Who sends reports, by the same way out as messages.
fn reports(hub: &Arc<Hub>, email: Option<&Arc<Email>>) -> Task {
    if let Some(email) = email {
        let is_first = hub.email.set(Arc::clone(email)).is_ok();
        assert!(is_first, "invariant: a server has one way out for email");
    }
    let reporting = Arc::clone(hub);
    Task::spawn(|stop| report::task::run(reporting, stop))
}

/// By which email leaves, if there is a route.
fn emailing(
    hub: &Hub,
    relays: Vec<(RouteSettings, Relay)>,
    signers: Signers,
    paths: Option<ReturnPaths>,
) -> Option<Arc<Email>> {
    let installed = hub.runtime.read_blocking(|engine| engine.installed().map(|one| one.installation));
    let installation = installed.expect("invariant: the first record installs");
    (!relays.is_empty()).then(|| {
        let (routes, links) = (Routes::start(relays), hub.links.clone());
        Arc::new(Email::new(hub.runtime.clone(), routes, links, signers, paths, installation))
    })
}

/// Who keeps the lake up to the log, and who measures segments at the end of each day.
fn keeping_up(hub: &Arc<Hub>) -> (Task, Task) {
    let (following, measured) = (Arc::clone(hub), Arc::clone(hub));
    let lake = Task::spawn(|stop| lake::task::run(following, stop));
    (lake, Task::spawn(|stop| sizes::follow(measured, stop)))
}

/// Who takes people who were erased out of what is on the disk, the lake among it.
fn redaction(hub: &Arc<Hub>) -> Task {
    let (erased, keeping) = (hub.runtime.clone(), Arc::clone(hub));
    let forget = move || {
        let hub = Arc::clone(&keeping);
        async move { hub.lake.forget(&hub.runtime, &hub.log).await }
    };
    Task::spawn(|stop| runtime::redaction::run(erased, forget, stop))
}

/// What messages leave by: email where there are routes for it, and the inbox of the app.
fn channels(email: Option<&Arc<Email>>) -> Channels {
    let mut channels = Channels::new();
    if let Some(email) = email {
        channels.insert(Channel::Email, Arc::clone(email) as Arc<_>);
    }
    channels.insert(Channel::InApp, Arc::new(InboxChannel) as Arc<_>);
    channels
}

impl Task {
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = task(stopped);
        let running = tokio::spawn(async move {
            // A server without its door or its dispatcher would look alive and do nothing.
            if tokio::spawn(task).await.is_err_and(|error| error.is_panic()) {
                eprintln!(
                    "trama: a part of the server met a bug (see above) and Trama stops; nothing acknowledged is lost"
                );
                std::process::abort();
            }
        });
        Self { stop, running }
    }

    /// Tells the task to end and waits, but not for ever: a client may never finish its request.
    async fn stop(mut self, what: &'static str) {
        let _has_ended_already = self.stop.send(());
        // A moment more than the task's own patience, so that its own account of what is left comes first.
        let patience = STOP_PATIENCE + STOP_PATIENCE / 10;
        if tokio::time::timeout(patience, &mut self.running).await.is_err() {
            tracing::warn!("stopped before all {what} were finished");
            self.running.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("{address} is taken by another program; choose another address with --listen")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// Answers who comes to the listener.
fn answering(hub: &Arc<Hub>, listener: TcpListener) -> Task {
    let router = http::router(hub).into_make_service_with_connect_info::<SocketAddr>();
    Task::spawn(|stop| async move {
        // Without it a small answer can wait for the acknowledgement of the one before.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let serving = axum::serve(listener, router).with_graceful_shutdown(async { drop(stop.await) });
        serving.await.expect("invariant: serving has no error of its own");
    })
}

/// Who applies the folder of the settings.
const START: &str = "start";

/// Makes the programme of a folder live, or says everything that is wrong with it.
async fn apply(hub: &Arc<Hub>, folder: &Path) -> anyhow::Result<()> {
    let programme = match programme::load(folder) {
        Ok((programme, _)) => programme,
        Err(findings) => {
            let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
            bail!("the programme in {} has mistakes:\n{}", folder.display(), told.join("\n"));
        }
    };
    let shown = folder.display();
    // What was changed in the console since stands, until somebody changes the folder.
    if versions::last_by(hub, START).await?.is_some_and(|last| last == programme) {
        tracing::info!(folder = %shown, "programme of the folder unchanged");
        return Ok(());
    }
    let live = loop {
        match make_live(&hub.runtime, &programme, &Holder::server("start")).await {
            Err(problem) if problem.code == READING_LOG => tracing::info!("{}", problem.message),
            live => break live,
        }
    };
    match live {
        Ok(Some(_)) => tracing::info!(folder = %folder.display(), "programme applied"),
        Ok(None) => tracing::info!(folder = %folder.display(), "programme unchanged"),
        Err(problem) => {
            let told: Vec<String> = problem
                .mistakes
                .iter()
                .map(|mistake| format!("{}: {}", mistake.place, mistake.message))
                .collect();
            bail!(
                "the programme in {} was refused: {}\n{}",
                folder.display(),
                problem.message,
                told.join("\n")
            );
        }
    }
    Ok(())
}
