//! How large segments were at the end of each day, where the programme is. Owned by the hub; a question wakes it, and the end
//! of each day once somebody has asked.
//!
//! It is told from the log: one engine lives it again on a thread of its own, and says at the end of each day how many
//! people were in every segment, as it was defined then. What was told is kept in `sizes.json`: a day that is over does not
//! change. The file is a cache, and can be deleted.

use crate::clock;
use crate::hub::Hub;
use crate::keys::file;
use crate::limits::{BACKFILL_WAIT, SIZES_DAYS_MAX, SIZES_REST, SIZES_SETTLED};
use anyhow::Context;
use engine::at::At;
use engine::engine::Engine;
use eventlog::Error;
use eventlog::recovery::{earliest, retell};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Mutex, oneshot};

/// The name of the file in the data directory.
const FILE: &str = "sizes.json";

/// What was told of days that are over.
#[derive(Default)]
pub struct Sizes {
    known: Arc<Mutex<Option<Known>>>,
}

/// By the last millisecond of a day, the sizes of all segments; nothing where the log tells them no longer.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Known {
    at: BTreeMap<i64, Option<BTreeMap<String, u64>>>,
}

/// A day, and how many people were in a segment when it ended.
pub(crate) struct Day {
    pub(crate) day: Date,
    /// `None` where there was no such segment, or where the log tells of that day no longer.
    pub(crate) size: Option<u64>,
}

/// The days until today, each with its last millisecond; the oldest first.
fn days(count: usize, zone: &TimeZone, now: At) -> Vec<(Date, At)> {
    let today =
        Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date();
    let back = (0..count).rev().filter_map(|days| today.checked_sub((days as i64).days()).ok());
    let ends = back.filter_map(|day| {
        let begins = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
        Some((day, At(begins.timestamp().as_millisecond() - 1)))
    });
    ends.collect()
}

/// How large a segment was on so many days, today among them as it is now. `None` while the log is read for it.
pub(crate) async fn of_segment(hub: &Arc<Hub>, name: &str, count: usize) -> anyhow::Result<Option<Vec<Day>>> {
    let mut days = days(count, &hub.runtime.programme().timezone(), clock::now());
    let Some((today, _)) = days.pop() else { return Ok(Some(Vec::new())) };
    let over: Vec<At> = days.iter().map(|(_, end)| *end).collect();
    let Ok(known) = tokio::time::timeout(BACKFILL_WAIT, bring_up(hub, over)).await else { return Ok(None) };
    let known = known?;
    let size = |end: At| known.at.get(&end.0)?.as_ref()?.get(name).copied();
    let mut told: Vec<Day> = days.into_iter().map(|(day, end)| Day { day, size: size(end) }).collect();
    let asked = name.to_owned();
    let size = hub.runtime.read(move |engine| engine.segment(&asked).map(|segment| segment.count)).await;
    told.push(Day { day: today, size });
    Ok(Some(told))
}

/// Has the ends of days told that are not known yet. Whoever stops waiting finds them told when they ask again.
async fn bring_up(hub: &Arc<Hub>, ends: Vec<At>) -> anyhow::Result<Known> {
    let mut held = Arc::clone(&hub.sizes.known).lock_owned().await;
    let applied = hub.runtime.read(Engine::seq).await;
    hub.runtime.durable_to(applied).await;
    let told = Arc::clone(hub);
    let telling = hub.patient.spawn_blocking(move || {
        let known = held.get_or_insert_with(|| Known::open(&told.data));
        let missing: Vec<At> = ends.into_iter().filter(|end| !known.at.contains_key(&end.0)).collect();
        if !missing.is_empty() {
            known
                .tell(&missing, &told.log, &told.data)
                .context("the log could not be told again for sizes")?;
            known.write(&told.data)?;
        }
        Ok(known.clone())
    });
    telling.await.expect("invariant: a reader of the log does not panic")
}

impl Known {
    fn open(data: &Path) -> Self {
        file::read(&data.join(FILE))
            .unwrap_or_else(|error| {
                tracing::warn!(error = format!("{error:#}"), "sizes of segments are told anew");
                None
            })
            .unwrap_or_default()
    }

    fn write(&mut self, data: &Path) -> anyhow::Result<()> {
        while self.at.len() > SIZES_DAYS_MAX {
            self.at.pop_first();
        }
        file::write(&data.join(FILE), self)
    }

    /// Tells what is missing. What lies before an erasure can be told from a snapshot on, and the rest not at all.
    fn tell(&mut self, missing: &[At], log: &SqliteReader, data: &Path) -> Result<(), Error> {
        let snapshots = Snapshots::open(data)?;
        let told = self.retell(missing, &snapshots, log);
        if !matches!(told, Err(Error::Redacted { .. } | Error::Trimmed { .. })) {
            return told;
        }
        let from = earliest(&snapshots)?.unwrap_or(At::MAX);
        let (untold, rest): (Vec<At>, Vec<At>) = missing.iter().partition(|end| **end < from);
        self.at.extend(untold.into_iter().map(|end| (end.0, None)));
        self.retell(&rest, &snapshots, log)
    }

    fn retell(&mut self, ends: &[At], snapshots: &Snapshots, log: &SqliteReader) -> Result<(), Error> {
        let read = |from| -> Result<eventlog::log::Batches<'_>, Error> { Ok(Box::new(log.read(from)?)) };
        retell(ends, snapshots, read, |end, engine| {
            let segments = engine.segments().into_iter();
            let sizes = segments.map(|segment| (segment.name.to_owned(), segment.count)).collect();
            self.at.insert(end.0, Some(sizes));
        })
    }
}

/// Tells of each day when it is over, while its snapshots are the newest, where somebody has asked for sizes before.
pub(crate) async fn follow(hub: Arc<Hub>, mut stop: oneshot::Receiver<()>) {
    loop {
        let zone = hub.runtime.programme().timezone();
        let next = days(1, &zone, clock::now()).last().map_or(At::MAX, |(_, end)| end.plus(SIZES_SETTLED));
        let rest = clock::until(next).min(SIZES_REST);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = &mut stop => return,
        }
        if clock::now() < next || !hub.data.join(FILE).exists() {
            continue;
        }
        let yesterday = days(2, &zone, clock::now()).first().map(|(_, end)| *end);
        if let Err(error) = bring_up(&hub, yesterday.into_iter().collect()).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the sizes of a day were not told; they are when somebody asks"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::at::Span;

    #[test]
    fn days_end_where_the_programme_is_whatever_the_clocks_there_do() {
        let zone = engine::programme::timezone("Europe/Rome").unwrap();
        let now = At::parse("2026-03-30T21:59:00Z").unwrap();
        let told: Vec<(String, String)> = days(3, &zone, now)
            .into_iter()
            .map(|(day, end)| (day.to_string(), end.plus(Span(1)).to_string()))
            .collect();
        let expected = [
            ("2026-03-28", "2026-03-28T23:00:00.000Z"),
            ("2026-03-29", "2026-03-29T22:00:00.000Z"),
            ("2026-03-30", "2026-03-30T22:00:00.000Z"),
        ];
        assert_eq!(told, expected.map(|(day, end)| (day.to_owned(), end.to_owned())));
    }
}
