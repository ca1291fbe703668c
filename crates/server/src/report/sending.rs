//! A report on its way to its recipients, by the routes that messages take.

use super::{Written, write};
use crate::clock;
use crate::deliver::email::{Email, Note, REPORTS};
use crate::hub::Hub;
use anyhow::{Context as _, bail};
use engine::Seq;
use engine::at::At;
use engine::programme::Report;
use engine::record::DeliveryOutcome;
use eventlog::log::Batches;
use std::sync::Arc;
use std::time::Duration;

/// How long after a relay could not take a report it is tried again, each time.
pub(super) const TRIES_AFTER: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900)];

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handed {
    pub(crate) taken: u32,
    /// Each recipient that it did not reach, with what the relay said.
    pub(crate) refused: Vec<(String, String)>,
}

/// Writes a report of the live programme as it is at an instant.
pub(crate) async fn written(hub: &Hub, name: &str, at: At) -> anyhow::Result<(Report, Written)> {
    let name = name.to_owned();
    hub.read_log(move |engine, log| {
        let report =
            engine.programme().reports.get(&name).context("the programme has no such report")?.clone();
        let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> { Ok(Box::new(log.read(from)?)) };
        let written = write(engine, &read, (&name, &report), at)?;
        Ok((report, written))
    })
    .await
}

/// The email of this server; without a route nothing leaves.
pub(crate) fn email(hub: &Hub) -> anyhow::Result<&Arc<Email>> {
    hub.email.get().context("there is no route for email: set smtp_url, or routes, in the settings")
}

/// Hands a report over to each recipient once. `id` tells this sending from every other.
pub(crate) async fn hand_over(
    hub: &Hub,
    report: &Report,
    written: &Written,
    (id, date): (&str, At),
    tries_after: &[Duration],
) -> Handed {
    let mut handed = Handed::default();
    for (number, to) in report.to.iter().enumerate() {
        let note = Note {
            id: &format!("{id}-{number}"),
            purpose: REPORTS,
            date,
            from: &report.from,
            reply_to: None,
            to,
            subject: &written.subject,
            text: &written.text,
            html: Some(&written.html),
        };
        match hand(hub, &note, tries_after).await {
            Ok(()) => handed.taken += 1,
            Err(why) => handed.refused.push((to.clone(), format!("{why:#}"))),
        }
    }
    handed
}

async fn hand(hub: &Hub, note: &Note<'_>, tries_after: &[Duration]) -> anyhow::Result<()> {
    let (email, mut stopping) = (email(hub)?, hub.stopping.subscribe());
    let mut rests = tries_after.iter();
    loop {
        let answer = email.post(note).await.map_err(anyhow::Error::msg)?.answer;
        match answer.outcome() {
            DeliveryOutcome::Accepted => return Ok(()),
            DeliveryOutcome::Transient => match rests.next() {
                Some(rest) => tokio::select! {
                    () = tokio::time::sleep(*rest) => {}
                    _ = stopping.wait_for(|stopping| *stopping) => bail!("the server stops: {answer}"),
                },
                None => bail!("{answer}"),
            },
            DeliveryOutcome::Permanent | DeliveryOutcome::InvalidRecipient | DeliveryOutcome::Unknown => {
                bail!("{answer}")
            }
        }
    }
}

/// Sends a report at once, beside its schedule.
pub(crate) async fn send_now(hub: &Hub, name: &str) -> anyhow::Result<Handed> {
    let now = clock::now();
    let (report, written) = written(hub, name, now).await?;
    let id = format!("report-{name}-{}-now", now.0);
    Ok(hand_over(hub, &report, &written, (&id, now), &[]).await)
}
