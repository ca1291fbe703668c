//! What comes back of sends, from whichever side: the mail door and the API bring it, and it becomes a record. The rules
//! of what follows are the engine's.

pub mod door;
pub mod proof;

use crate::clock;
use crate::limits::{RETURN_PATIENCE, RETURN_REST};
use crate::runtime::Runtime;
use engine::SendId;
use engine::engine::{Engine, Refusal};
use engine::outbox::Status;
use engine::programme::{Channel, OptIn};
use engine::record::{ConsentSource, ConsentState, ConsentStated, Record, Returned, Subject, Verdict};
use eventlog::sequencer::Outcome;

/// What became of the news that a send came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// On record.
    Recorded,
    /// Nothing new: as much or more is on record.
    Known,
    NoSuchSend,
    /// The send has no receipt yet. Whoever brought the news should come again.
    TooEarly,
    /// There is no room, or the server stops. Whoever brought the news should come again.
    Busy,
}

/// Puts it on record that a send came back; durable on return.
pub async fn note(runtime: &Runtime, send: SendId, verdict: Verdict, words: &str) -> Noted {
    let begun = tokio::time::Instant::now();
    loop {
        let status = runtime.read(move |engine| engine.send(send).map(|send| send.status)).await;
        match status {
            None => return Noted::NoSuchSend,
            // A relay can be faster with its report than we are with its answer.
            Some(Status::Attempted) if begun.elapsed() < RETURN_PATIENCE => {
                tokio::time::sleep(RETURN_REST).await;
            }
            Some(Status::Attempted) => return Noted::TooEarly,
            Some(_) => break,
        }
    }
    let returned = Returned { send, verdict, returned_at: clock::now(), reply: words };
    let mut recorded = runtime.record(&Record::Returned(returned.clone())).await;
    if recorded == Ok(Outcome::Refused(Refusal::Erased)) {
        // The words often repeat the address.
        recorded = runtime.record(&Record::Returned(Returned { reply: "", ..returned })).await;
    }
    match recorded {
        Ok(Outcome::Applied(_)) => Noted::Recorded,
        Ok(Outcome::Refused(Refusal::UnknownSend)) => Noted::NoSuchSend,
        Ok(_) => Noted::Known,
        Err(_) => Noted::Busy,
    }
}

/// Withdraws the consent that a send was for, since its recipient wrote to the address for that; durable on return.
pub async fn unsubscribe(runtime: &Runtime, send: SendId) -> Noted {
    let read = move |engine: &Engine| {
        let send = engine.send(send)?;
        let profile = engine.profile(send.profile)?;
        let channel = send.channel.unwrap_or(Channel::Email);
        let consent = profile.consent(&send.purpose, channel);
        Some((send.purpose.to_string(), channel, consent))
    };
    let Some((purpose, channel, consent)) = runtime.read(read).await else { return Noted::NoSuchSend };
    let is_asked = runtime.programme().purposes.get(&purpose).is_none_or(|one| one.opt_in != OptIn::None);
    if consent == Some(ConsentState::Withdrawn) || !is_asked {
        return Noted::Known;
    }
    let record = Record::ConsentStated(ConsentStated {
        subject: Subject::Send(send),
        purpose: &purpose,
        channel: channel.name(),
        granted: false,
        source: ConsentSource::OneClick,
        stated_at: clock::now(),
        wording: "",
        language: "",
        proof: "a mail to the signed address in List-Unsubscribe",
    });
    match runtime.record(&record).await {
        Ok(Outcome::Applied(_)) => Noted::Recorded,
        Ok(_) => Noted::NoSuchSend,
        Err(_) => Noted::Busy,
    }
}
