//! Threads for what takes long: on a busy machine they have the cores that nobody else wants, so that whoever waits for a page
//! or hands in an event does not wait for a report. Owned by the hub and by the keeper of the lake.

use crate::limits::PATIENT_READERS_MAX;
use std::io;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Of 99 where half is what every thread has: in Linux a niceness of nine, with which a thread has an eighth of a core that
/// somebody else wants too. Less than that and a busy day would leave a report unfinished.
const PRIORITY: u8 = 24;

/// Threads that need not have ended for whoever stops.
pub(crate) struct PatientThreads(Option<Runtime>);

/// Threads that read: each reading has one for as long as it takes.
pub(crate) fn readers() -> io::Result<PatientThreads> {
    PatientThreads::begin(Builder::new_multi_thread().worker_threads(1).thread_name("reader"))
}

impl PatientThreads {
    pub(crate) fn begin(builder: &mut Builder) -> io::Result<Self> {
        let builder = builder.max_blocking_threads(PATIENT_READERS_MAX).on_thread_start(step_back);
        builder.enable_all().build().map(|threads| Self(Some(threads)))
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("invariant: they are here until they are dropped").handle()
    }

    /// Has something done that blocks.
    pub(crate) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle().spawn_blocking(work)
    }
}

impl Drop for PatientThreads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

/// Where the system does not know of priorities, all threads are equal.
fn step_back() {
    let priority = ThreadPriorityValue::try_from(PRIORITY).expect("invariant: below 100");
    if let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(priority)) {
        tracing::debug!(?error, "what takes long runs beside everything else");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::readers;

    /// Of this thread, as the system has it: proc_pid_stat(5), field 19, counted behind the name.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn whoever_reads_much_steps_back() {
        let own = niceness();
        let readers = readers().unwrap();
        assert_eq!(readers.spawn_blocking(niceness).await.unwrap(), 9.max(own));
        assert_eq!(niceness(), own, "nobody else does");
    }
}
