//! The door for mail that comes back: a small SMTP server behind the operator's own, which takes mail for our signed
//! addresses and for nobody else. Connections wake it.
//!
//! A mail is taken when what it says is on record, so a crash makes the other server bring it once more, and then it is
//! known. What means nothing is taken too: nobody should get a bounce of a bounce.

use super::{Noted, note, unsubscribe};
use crate::deliver::report::{self, Report};
use crate::deliver::return_path::{ReturnPath, ReturnPaths};
use crate::limits::RETURN_BYTES_MAX;
use crate::mailbox::{Mailbox, MailboxSettings, Taker};
use crate::runtime::Runtime;
use engine::record::Verdict;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

struct Door {
    runtime: Runtime,
    paths: ReturnPaths,
}

/// Opens the door on the current tokio runtime; dropping it closes it.
pub async fn open(listen: SocketAddr, runtime: Runtime, paths: ReturnPaths) -> std::io::Result<Mailbox> {
    let settings = MailboxSettings { size_max: RETURN_BYTES_MAX, ..MailboxSettings::open(listen) };
    Mailbox::start_taking(settings, Arc::new(Door { runtime, paths })).await
}

impl Taker for Door {
    fn refusal(&self, recipient: &str) -> Option<String> {
        let is_ours = self.paths.read(recipient).is_some();
        (!is_ours).then(|| "550 5.1.1 no such address here".to_owned())
    }

    fn take(&self, recipients: Vec<String>, raw: Vec<u8>) -> Pin<Box<dyn Future<Output = String> + Send>> {
        let (runtime, paths) = (self.runtime.clone(), self.paths.clone());
        Box::pin(async move {
            for recipient in recipients {
                let noted = match paths.read(&recipient) {
                    Some(path) => came(&runtime, &paths, path, &raw).await,
                    None => Noted::NoSuchSend,
                };
                tracing::debug!(%recipient, ?noted, "mail came back");
                if matches!(noted, Noted::TooEarly | Noted::Busy) {
                    return "451 4.3.0 come again later".to_owned();
                }
            }
            "250 2.0.0 taken".to_owned()
        })
    }
}

async fn came(runtime: &Runtime, paths: &ReturnPaths, path: ReturnPath, raw: &[u8]) -> Noted {
    match (path, report::read(raw, paths)) {
        (ReturnPath::Unsubscribe(send), _) => unsubscribe(runtime, send).await,
        (ReturnPath::Bounce(send), Report::Bounce { verdict, words }) => {
            note(runtime, send, verdict, &words).await
        }
        // The address that it came to is as good as one inside.
        (ReturnPath::Bounce(own), Report::Complaint { send, words }) => {
            note(runtime, send.unwrap_or(own), Verdict::Complaint, &words).await
        }
        (ReturnPath::Feedback, Report::Complaint { send: Some(send), words }) => {
            note(runtime, send, Verdict::Complaint, &words).await
        }
        (ReturnPath::Feedback, Report::Complaint { send: None, .. }) => Noted::NoSuchSend,
        // A bounce that came to the common address proves nothing.
        (ReturnPath::Feedback, Report::Bounce { .. }) | (_, Report::Nothing(_)) => Noted::Known,
    }
}
