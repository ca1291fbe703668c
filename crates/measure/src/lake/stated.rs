//! How things stand, told from the engine and from the rows of events: each table anew, and of its files those that changed.

use super::error::LakeError;
use super::facts::{Facts, Order};
use super::manifest::File;
use super::refresh::Refresh;
use super::rows::{Cell, Rows};
use super::schema::{CONSENTS, MEMBERSHIPS, ORDERS, PEOPLE, SENDS, SPEND, Table};
use super::{Lake, visits};
use crate::limits::{LAKE_STATED_PROFILES, LAKE_STATED_ROWS};
use crate::spend::{DayOfLine, day_by_day, worth};
use engine::ProfileId;
use engine::day::Day;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::outbox::Send;
use engine::profile::Profile;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

pub(super) async fn state(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let mut facts = Facts::read(refresh.lake, &refresh.manifest, refresh.engine).await?;
    orders(refresh, &mut facts).await?;
    visits::state(refresh).await?;
    people(refresh, &facts).await?;
    sends(refresh).await?;
    consents(refresh).await?;
    memberships(refresh).await?;
    spend(refresh).await
}

/// A table that is told anew, part by part.
pub(super) struct Telling<'r> {
    lake: &'r Lake,
    table: &'static Table,
    now: u64,
    /// The table as it was, by day and number of the part.
    before: BTreeMap<(String, u64), File>,
    /// How many parts a day has.
    parts: BTreeMap<String, u64>,
    /// What the open part is of: its day, and what else it is told apart by.
    of: Option<(String, u64)>,
    pub(super) rows: Rows,
    files: Vec<File>,
}

impl<'r> Telling<'r> {
    pub(super) fn of(refresh: &mut Refresh<'r>, table: &'static Table) -> Self {
        let before = mem::take(refresh.manifest.files_mut(table.name)).into_iter();
        Self {
            lake: refresh.lake,
            table,
            now: refresh.engine.seq().0,
            before: before.map(|file| ((file.day.clone(), file.first), file)).collect(),
            parts: BTreeMap::new(),
            of: None,
            rows: Rows::new(table),
            files: Vec::new(),
        }
    }

    /// The rows that follow are of a day, and of profiles with a number.
    pub(super) async fn turn_to(&mut self, day: Option<Day>, range: u64) -> Result<(), LakeError> {
        let of = (day.map(|day| day.date().to_string()).unwrap_or_default(), range);
        let is_full = self.rows.count >= LAKE_STATED_ROWS;
        if self.of.as_ref() != Some(&of) || is_full {
            self.close().await?;
            self.of = Some(of);
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<(), LakeError> {
        let Some((day, _)) = self.of.take() else { return Ok(()) };
        let rows = mem::replace(&mut self.rows, Rows::new(self.table));
        let part = self.parts.entry(day.clone()).or_default();
        let number = mem::replace(part, *part + 1);
        let digest = format!("{:016x}", rows.digest());
        let before = self.before.remove(&(day.clone(), number));
        if let Some(same) = before.filter(|file| file.digest == digest && file.rows == rows.count as u64) {
            self.files.push(same);
            return Ok(());
        }
        let folder = if day.is_empty() { String::new() } else { format!("day={day}/") };
        let path = format!("{}/{folder}{number:06}-{:012}.parquet", self.table.name, self.now);
        let written = self.lake.files.write(&path, self.table, [Ok(rows.finish())]).await?;
        let (rows, bytes) = (written.rows, written.bytes);
        self.files.push(File { path, rows, bytes, day, first: number, last: self.now, digest });
        Ok(())
    }

    pub(super) async fn end(mut self, refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
        if self.of.is_none() && !self.table.by_day {
            // A table without a row is a file without one, so that whoever names the folder finds its columns.
            self.turn_to(None, 0).await?;
        }
        self.close().await?;
        *refresh.manifest.files_mut(self.table.name) = self.files;
        Ok(())
    }
}

fn range(id: ProfileId) -> u64 {
    u64::from(id.0 >> LAKE_STATED_PROFILES)
}

async fn orders(refresh: &mut Refresh<'_>, facts: &mut Facts) -> Result<(), LakeError> {
    let mut telling = Telling::of(refresh, &ORDERS);
    for order in facts.orders() {
        let Order { owner, at, seq, amount, left, is_returned, currency } = order;
        let day = Day::of(at, &refresh.timezone);
        let programme = refresh.engine.programme();
        let (worth, worth_currency) = worth(programme, left.into(), facts.currency(currency), day);
        telling.turn_to(Some(day), 0).await?;
        telling.rows.push(&[
            Cell::count(seq),
            Cell::Day(day),
            Cell::Instant(at),
            owner.map_or(Cell::Null, |id| Cell::count(id.0)),
            Cell::amount(amount),
            Cell::Amount(amount.unwrap_or(0).saturating_sub(left)),
            Cell::Amount(left),
            Cell::Text(facts.currency(currency)),
            Cell::sum(worth),
            Cell::Text(worth_currency),
            Cell::Flag(is_returned),
        ]);
    }
    telling.end(refresh).await
}

async fn people(refresh: &mut Refresh<'_>, facts: &Facts) -> Result<(), LakeError> {
    let engine = refresh.engine;
    let standing = engine.profiles().map(|(id, _)| (id, id));
    let taken_in = engine.merges().filter(|(_, merge)| merge.undone.is_none()).map(|(_, merge)| merge.from);
    let taken_in = taken_in.filter(|id| engine.profile(*id).is_some()).map(|id| (id, engine.canonical(id)));
    let everybody: BTreeSet<(ProfileId, ProfileId)> = standing.chain(taken_in).collect();
    let mut telling = Telling::of(refresh, &PEOPLE);
    for (id, person) in everybody {
        let Some(profile) = engine.profile(person) else { continue };
        telling.turn_to(None, range(id)).await?;
        telling.rows.push(&[
            Cell::count(id.0),
            Cell::count(person.0),
            Cell::Flag(id == person),
            Cell::Instant(profile.first_seen()),
            Cell::Instant(profile.last_seen()),
            Cell::Flag(is_known(profile)),
            Cell::instant(facts.known_at.get(&person).copied()),
            facts.known_at.get(&person).map_or(Cell::Null, |at| Cell::Day(Day::of(*at, &refresh.timezone))),
            Cell::Text(profile.language()),
        ]);
    }
    telling.end(refresh).await
}

fn is_known(profile: &Profile) -> bool {
    let names = |kind| matches!(kind, IdentifierKind::UserId | IdentifierKind::Email | IdentifierKind::Phone);
    profile.identifiers().iter().any(|one| names(one.kind))
}

async fn sends(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let engine = refresh.engine;
    let mut telling = Telling::of(refresh, &SENDS);
    for send in engine.sends() {
        let day = Day::of(send.wished_at, &refresh.timezone);
        telling.turn_to(Some(day), 0).await?;
        let settled = send.settled_at.map(|at| Day::of(at, &refresh.timezone));
        send_row(&mut telling.rows, engine, (day, settled), &send);
    }
    telling.end(refresh).await
}

fn send_row(rows: &mut Rows, engine: &Engine, (day, settled): (Day, Option<Day>), send: &Send) {
    let profile = engine.profile(send.profile).map(|_| send.profile);
    rows.push(&[
        Cell::count(send.id.0),
        Cell::Day(day),
        profile.map_or(Cell::Null, |id| Cell::count(id.0)),
        Cell::Text(&send.message),
        Cell::Text(&send.purpose),
        Cell::Text(&send.journey),
        send.channel.map_or(Cell::Null, |channel| Cell::Text(channel.name())),
        Cell::Text(&send.variant),
        Cell::Text(send.decision.name()),
        send.decision.reason().map_or(Cell::Null, |reason| Cell::Text(reason.name())),
        Cell::Text(send.basis.name()),
        Cell::Text(send.status.name()),
        Cell::Instant(send.wished_at),
        Cell::Instant(send.decided_at),
        Cell::count(send.attempts),
        Cell::instant(send.settled_at),
        settled.map_or(Cell::Null, Cell::Day),
        Cell::instant(send.opened_at),
        Cell::instant(send.clicked_at),
        send.returned.map_or(Cell::Null, |(verdict, _)| Cell::Text(verdict.name())),
        Cell::instant(send.returned.map(|(_, at)| at)),
    ]);
}

async fn consents(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let mut telling = Telling::of(refresh, &CONSENTS);
    for (id, profile) in refresh.engine.profiles() {
        for consent in profile.consents() {
            telling.turn_to(None, range(id)).await?;
            telling.rows.push(&[
                Cell::count(id.0),
                Cell::Text(&consent.purpose),
                consent.channel.map_or(Cell::Null, |channel| Cell::Text(channel.name())),
                Cell::Text(consent.state.name()),
                Cell::Instant(consent.stated_at),
                Cell::Text(consent.source.name()),
                Cell::Text(&consent.wording),
                Cell::count(consent.seq.0),
            ]);
        }
    }
    telling.end(refresh).await
}

async fn memberships(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let mut telling = Telling::of(refresh, &MEMBERSHIPS);
    for (id, _) in refresh.engine.profiles() {
        for segment in refresh.engine.memberships(id) {
            telling.turn_to(None, range(id)).await?;
            telling.rows.push(&[Cell::count(id.0), Cell::Text(segment)]);
        }
    }
    telling.end(refresh).await
}

async fn spend(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let costs = refresh.engine.costs();
    let mut spent: Vec<_> =
        costs.iter().flat_map(|line| day_by_day(line).map(move |of_day| (line, of_day))).collect();
    spent.sort_by(|(line, one), (other_line, other)| (one.day, &line.key).cmp(&(other.day, &other_line.key)));
    let mut telling = Telling::of(refresh, &SPEND);
    let programme = refresh.engine.programme();
    for (line, DayOfLine { day, millionths, impressions, clicks }) in spent {
        let (worth, worth_currency) = worth(programme, millionths.into(), &line.money.currency, day);
        telling.turn_to(None, 0).await?;
        telling.rows.push(&[
            Cell::Day(day),
            Cell::Text(&line.key),
            Cell::Text(&line.campaign),
            Cell::Text(&line.channel),
            Cell::Text(line.kind.name()),
            Cell::Amount(millionths),
            Cell::Text(&line.money.currency),
            Cell::sum(worth),
            Cell::Text(worth_currency),
            impressions.map_or(Cell::Null, Cell::count),
            clicks.map_or(Cell::Null, Cell::count),
        ]);
    }
    telling.end(refresh).await
}
