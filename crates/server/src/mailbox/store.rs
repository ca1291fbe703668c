//! What the mailbox has received: the newest messages in memory, and all of them in a folder if one is named.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::sync::watch;

use super::mail::Mail;
use crate::limits::MAILBOX_BYTES;

pub(super) struct Store {
    keep: usize,
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
    /// How many have come in all; changes wake whoever waits for one.
    pub(super) received: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    mails: VecDeque<Arc<Mail>>,
    bytes: usize,
    numbered: u64,
}

impl Store {
    pub(super) fn new(keep: usize, folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { keep, folder, kept: Mutex::default(), received: watch::Sender::new(0) })
    }

    /// Keeps a message; the oldest make room for it. With a folder it is on the disk when this returns.
    pub(super) async fn keep(
        &self,
        sender: String,
        recipients: Vec<String>,
        raw: Vec<u8>,
    ) -> io::Result<u64> {
        let number = {
            let mut kept = self.kept.lock().expect("no holder panics");
            kept.numbered += 1;
            kept.numbered
        };
        if let Some(folder) = &self.folder {
            tokio::fs::write(folder.join(format!("{number:06}.eml")), &raw).await?;
        }
        let mail = Mail { number, received_at: SystemTime::now(), sender, recipients, raw };
        {
            let mut kept = self.kept.lock().expect("no holder panics");
            kept.bytes += mail.raw.len();
            // Two connections may get here in the other order than they got their numbers.
            let place = kept.mails.partition_point(|other| other.number < number);
            kept.mails.insert(place, Arc::new(mail));
            while kept.mails.len() > self.keep || (kept.bytes > MAILBOX_BYTES && kept.mails.len() > 1) {
                let oldest = kept.mails.pop_front().expect("there is more than one");
                kept.bytes -= oldest.raw.len();
            }
        }
        self.received.send_modify(|received| *received += 1);
        Ok(number)
    }

    pub(super) fn mails(&self) -> Vec<Arc<Mail>> {
        self.kept.lock().expect("no holder panics").mails.iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        let mut kept = self.kept.lock().expect("no holder panics");
        kept.mails.clear();
        kept.bytes = 0;
    }
}
