//! The life of one connection after another: connect when there is a letter, send until the queue is empty, the
//! relay has had enough or the connection breaks, and carry over what was begun but not handed over.

use std::collections::VecDeque;
use std::sync::Arc;

use async_channel::{Receiver, TrySendError, WeakSender};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use super::answer::Answer;
use super::connection::Connection;
use super::pool::{Advice, Health, Job, PoolSize};
use super::session::{Offer, Over, Session};
use super::url::Route;

pub(super) struct Lane {
    pub route: Arc<Route>,
    pub size: PoolSize,
    pub jobs: Receiver<Job>,
    /// The other end of `jobs`, to give a letter to the lanes that are connected. Weak: the pool alone keeps it open.
    pub queue: WeakSender<Job>,
    pub stopping: watch::Receiver<bool>,
    pub health: Arc<Health>,
    /// Letters of which nothing was handed over when their connection ended, in order: one that was to follow,
    /// and perhaps the one before it.
    pub carried: VecDeque<Job>,
}

impl Lane {
    /// Runs until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        loop {
            if let Advice::Pause { until, others_connected: true, .. } = self.health.advice()
                && self.carried.is_empty()
            {
                tokio::select! {
                    () = sleep_until(until) => {}
                    _ = self.stopping.wait_for(|&stop| stop) => {}
                }
            }
            let job = match self.carried.pop_front() {
                Some(job) => job,
                None => match self.jobs.recv().await {
                    Ok(job) => job,
                    Err(_) => return,
                },
            };
            if *self.stopping.borrow() {
                job.settle(Answer::stopping());
                continue;
            }
            match self.health.advice() {
                Advice::Connect => self.connect_and_serve(job).await,
                Advice::Pause { others_connected, why, .. } => self.pass_on(job, others_connected, why),
            }
        }
    }

    async fn connect_and_serve(&mut self, job: Job) {
        match Connection::open(&self.route).await {
            Ok(connection) => {
                self.health.connected();
                let useless = self.serve(Session::new(connection), job).await;
                self.health.disconnected();
                // A relay that takes connections but no letters is as good as away.
                if let Some(why) = useless {
                    self.health.failed(&why);
                }
            }
            Err(why) => {
                let why = format!("{why:#}");
                tracing::warn!(relay = %self.route, %why, "no connection for letters");
                let others_connected = self.health.failed(&why);
                self.pass_on(job, others_connected, why);
            }
        }
    }

    /// Gives a letter to the lanes that are connected, or back to its sender.
    fn pass_on(&self, job: Job, others_connected: bool, why: String) {
        let refused = match self.queue.upgrade().filter(|_| others_connected) {
            Some(queue) => queue.try_send(job).map_err(TrySendError::into_inner).err(),
            None => Some(job),
        };
        if let Some(job) = refused {
            job.settle(Answer::Unreachable { why });
        }
    }

    /// Sends letters over this connection until it ends. Gives the reason if it ended with its first letter.
    ///
    /// A letter that was not handed over gets a second chance on a new connection only if this one had worked
    /// before: relays close old connections at any time, but one that fails at once would fail again.
    async fn serve(&mut self, mut session: Session, first: Job) -> Option<String> {
        let mut waiting = Some(first);
        let mut begun = None;
        let mut offered = 0;
        loop {
            let (job, offer) = if let Some(job) = begun.take() {
                (job, session.offered().await)
            } else {
                let job = match waiting.take() {
                    Some(job) => job,
                    None => match self.wait_for_job(offered).await {
                        Some(job) => job,
                        None => break,
                    },
                };
                let Some(job) = admitted(&session, job) else { continue };
                let offer = session.offer(&job.letter).await;
                (job, offer)
            };
            offered += 1;
            let answer = match offer {
                Ok(Offer::Ready) => {
                    begun = self.job_to_begin(&session, offered);
                    session.hand_over(&job.letter, begun.as_ref().map(|next| &next.letter)).await
                }
                Ok(Offer::Refused(answer)) => Ok(answer),
                Err(over) => Err(over),
            };
            match answer {
                Ok(answer) => job.settle(answer),
                Err(over) => return self.end(job, begun, over, offered == 1),
            }
            if offered == 1 {
                self.health.worked();
            }
        }
        session.quit().await;
        None
    }

    /// Settles or carries the letters of a connection that ended.
    fn end(
        &mut self,
        job: Job,
        begun: Option<Job>,
        Over { answer, handed_over }: Over,
        first: bool,
    ) -> Option<String> {
        let why = answer.to_string();
        tracing::debug!(relay = %self.route, %why, "the connection ended");
        if first || handed_over {
            job.settle(answer);
        } else {
            self.carried.push_back(job);
        }
        self.carried.extend(begun);
        first.then_some(why)
    }

    /// The next letter of the queue, or `None` when this connection should be closed.
    async fn wait_for_job(&self, offered: u32) -> Option<Job> {
        if offered >= self.size.per_connection || *self.stopping.borrow() {
            return None;
        }
        // Both ends, of patience and of the queue, close the connection; `run` tells them apart.
        timeout(self.size.idle, self.jobs.recv()).await.ok()?.ok()
    }

    /// A letter whose envelope can go out with the message before it.
    fn job_to_begin(&self, session: &Session, offered: u32) -> Option<Job> {
        if !session.pipelines() || offered >= self.size.per_connection || *self.stopping.borrow() {
            return None;
        }
        std::iter::from_fn(|| self.jobs.try_recv().ok()).find_map(|job| admitted(session, job))
    }
}

/// Settles a letter that this relay cannot take.
fn admitted(session: &Session, job: Job) -> Option<Job> {
    match session.objection(&job.letter) {
        None => Some(job),
        Some(answer) => {
            job.settle(answer);
            None
        }
    }
}
