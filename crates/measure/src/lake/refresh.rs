//! Bringing the lake to where the engine stands: rows of new records, and then how things stand.

use super::error::LakeError;
use super::manifest::{File, Manifest};
use super::repair::Repair;
use super::rows::{Cell, Rows, present};
use super::schema::{ENGAGEMENTS, EVENTS, Table};
use super::touch::TouchText;
use super::{Lake, compact, facts, stated};
use crate::limits::LAKE_BUFFER_BYTES;
use crate::refund::OrderRules;
use crate::touchpoint::Met;
use engine::at::At;
use engine::day::Day;
use engine::engine::Engine;
use engine::erasure::Redaction;
use engine::programme::ChannelRules;
use engine::record::{Engaged, Event, EventFlags, EventKind, Malformed, Record};
use engine::value::Map;
use engine::{ProfileId, Seq};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// A refresh that is under way.
pub struct Refresh<'a> {
    pub(super) lake: &'a Lake,
    pub(super) engine: &'a Engine,
    pub(super) manifest: Manifest,
    pub(super) timezone: TimeZone,
    rules: OrderRules,
    channels: ChannelRules,
    /// What people who were erased still have in the log.
    redaction: Option<Redaction>,
    from: Seq,
    /// From `from` on: the number of the profile plus one; zero for nobody's.
    owners: Vec<u32>,
    /// Where rows of before have to be looked at again.
    repair: Option<Repair>,
    gathered: BTreeMap<(&'static str, Day), Gathered>,
    bytes: usize,
    /// The newest record that was observed.
    seen: u64,
}

/// Rows of a day.
struct Gathered {
    rows: Rows,
    first: u64,
    last: u64,
}

impl<'a> Refresh<'a> {
    pub(super) fn new(
        lake: &'a Lake,
        engine: &'a Engine,
        installation: String,
        mut manifest: Manifest,
    ) -> Self {
        let programme = engine.programme();
        let rules = OrderRules::of(programme);
        let purchase = format!("{} {}", rules.event, rules.amount.join("."));
        let channels = digest(&programme.channels);
        let is_other = manifest.timezone != programme.timezone
            || manifest.purchase != purchase
            || manifest.channels != channels
            || manifest.seq > engine.seq().0;
        if is_other {
            manifest = Manifest::empty();
        }
        (manifest.installation, manifest.timezone) = (installation, programme.timezone.clone());
        (manifest.purchase, manifest.channels) = (purchase, channels);
        let counts = engine.counts();
        let is_outdated = (manifest.merges_undone, manifest.erased) != (counts.merges_undone, counts.erased);
        let repair = (manifest.seq > 0 && is_outdated).then(|| Repair::new(manifest.seq));
        (manifest.merges_undone, manifest.erased) = (counts.merges_undone, counts.erased);
        let from = if repair.is_some() { Seq(1) } else { Seq(manifest.seq + 1) };
        let mut owners = vec![0; (engine.seq().0 + 1).saturating_sub(from.0) as usize];
        let owned = (!owners.is_empty()).then(|| engine.owners_since(from));
        for (seq, id) in owned.into_iter().flatten() {
            owners[(seq.0 - from.0) as usize] = id.0 + 1;
        }
        Self {
            lake,
            engine,
            seen: manifest.seq,
            manifest,
            timezone: programme.timezone(),
            rules,
            channels: programme.channels.clone(),
            redaction: engine.redaction(),
            from,
            owners,
            repair,
            gathered: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// From where on the log is to be read, up to where the engine stands; `None` where that is nowhere.
    pub fn from(&self) -> Option<Seq> {
        (self.from <= self.engine.seq()).then_some(self.from)
    }

    /// Whether [`flush`](Self::flush) should come before more is observed.
    pub fn is_full(&self) -> bool {
        self.bytes >= LAKE_BUFFER_BYTES
    }

    /// Takes in the bytes of the record at a place, of a batch of an instant; every one, in order.
    pub fn observe(&mut self, seq: Seq, at: At, bytes: &[u8]) {
        let is_new = seq.0 > self.manifest.seq.max(self.seen);
        self.seen = self.seen.max(seq.0);
        let told = match Record::decode(bytes) {
            Ok(record) if self.is_erased(seq, &record) => None,
            Ok(record) => Some(record),
            Err(_) => None,
        };
        let owner = match &told {
            Some(Record::Event(event)) => self.owner(seq, event),
            _ => None,
        };
        if let (false, Some(repair)) = (is_new, &mut self.repair) {
            repair.note(seq, told.is_some(), owner);
        }
        match told {
            Some(Record::Event(event)) if is_new => self.event(seq, at, owner, &event),
            Some(Record::Engaged(engaged)) if is_new => self.engagement(seq, at, &engaged),
            _ => {}
        }
    }

    /// Whether a record is of somebody who was erased, and the log has yet to lose it.
    fn is_erased(&self, seq: Seq, record: &Record<'_>) -> bool {
        let redacted = self.redaction.as_ref().and_then(|redaction| redaction.redact(seq, record));
        redacted.is_some_and(|left| matches!(Record::decode(&left), Err(Malformed::Sealed)))
    }

    /// Whose an event is: the person that stands now.
    fn owner(&self, seq: Seq, event: &Event<'_>) -> Option<ProfileId> {
        if event.flags.has(EventFlags::BOT) {
            return None;
        }
        let known = self.owners.get((seq.0 - self.from.0) as usize).and_then(|owner| owner.checked_sub(1));
        // What only names people is in nobody's history.
        let named = || {
            let found = event.identifiers.iter().find_map(|one| self.engine.named(one));
            let is_naming = matches!(event.kind, EventKind::Identify | EventKind::Group | EventKind::Alias);
            found.filter(|id| is_naming && self.engine.profile(*id).is_some())
        };
        known.map(ProfileId).or_else(named)
    }

    fn event(&mut self, seq: Seq, at: At, owner: Option<ProfileId>, event: &Event<'_>) {
        let at = event.occurred_at.min(at);
        let day = Day::of(at, &self.timezone);
        let told = self.rules.read(event);
        let counts_as = told.map(|told| if told.is_refund { "refund" } else { "order" });
        let (page, campaign) = (within(event.context, "page"), within(event.context, "campaign"));
        let properties = event.properties.to_json().to_string();
        let touch =
            Met::of(event, &self.channels).and_then(|met| TouchText::of(&met)).map(|met| met.to_json());
        let row = [
            Cell::count(seq.0),
            Cell::Day(day),
            Cell::Instant(at),
            Cell::Instant(event.received_at),
            Cell::Text(event.kind.name()),
            Cell::Text(event.name),
            owner.map_or(Cell::Null, |id| Cell::count(id.0)),
            Cell::Text(event.source),
            Cell::Text(event.message_id_text),
            Cell::Flag(event.flags.has(EventFlags::BOT)),
            Cell::Flag(event.flags.has(EventFlags::IMPORTED)),
            Cell::Flag(facts::names_somebody(event)),
            text(page, "url").or(text(Some(event.properties), "url")).map_or(Cell::Null, present),
            text(page, "referrer").or(text(Some(event.properties), "referrer")).map_or(Cell::Null, present),
            text(campaign, "source").map_or(Cell::Null, present),
            text(campaign, "medium").map_or(Cell::Null, present),
            text(campaign, "name").map_or(Cell::Null, present),
            counts_as.map_or(Cell::Null, Cell::Text),
            told.map_or(Cell::Null, |told| Cell::amount(told.millionths)),
            told.map_or(Cell::Null, |told| Cell::Text(told.currency)),
            told.and_then(|told| told.number).map_or(Cell::Null, |number| Cell::Int(number.cast_signed())),
            touch.as_deref().map_or(Cell::Null, Cell::Text),
            Cell::Text(&properties),
        ];
        self.push(&EVENTS, day, seq, &row);
    }

    fn engagement(&mut self, seq: Seq, at: At, engaged: &Engaged<'_>) {
        let at = engaged.occurred_at.min(at);
        let day = Day::of(at, &self.timezone);
        let row = [
            Cell::count(seq.0),
            Cell::Day(day),
            Cell::Instant(at),
            Cell::count(engaged.send.0),
            Cell::Text(engaged.engagement.name()),
            Cell::Flag(engaged.machine),
            Cell::Text(engaged.url),
        ];
        self.push(&ENGAGEMENTS, day, seq, &row);
    }

    fn push(&mut self, table: &'static Table, day: Day, seq: Seq, row: &[Cell<'_>]) {
        let fresh = || Gathered { rows: Rows::new(table), first: seq.0, last: seq.0 };
        let gathered = self.gathered.entry((table.name, day)).or_insert_with(fresh);
        let before = gathered.rows.bytes;
        gathered.rows.push(row);
        gathered.last = seq.0;
        self.bytes += gathered.rows.bytes - before;
    }

    /// Writes what was gathered, and notes how far that is.
    pub async fn flush(&mut self) -> Result<(), LakeError> {
        self.write_gathered().await?;
        if self.repair.is_none() {
            self.manifest.seq = self.manifest.seq.max(self.seen);
            self.lake.publish(self.manifest.clone()).await?;
        }
        Ok(())
    }

    async fn write_gathered(&mut self) -> Result<(), LakeError> {
        self.bytes = 0;
        for ((table, day), Gathered { rows, first, last }) in std::mem::take(&mut self.gathered) {
            let day = day.date().to_string();
            let path = format!("{table}/day={day}/{first:012}-{last:012}.parquet");
            let written = self.lake.files.write(&path, rows.table, [Ok(rows.finish())]).await?;
            let file = File {
                path,
                rows: written.rows,
                bytes: written.bytes,
                day,
                first,
                last,
                digest: String::new(),
            };
            self.manifest.files_mut(table).push(file);
        }
        Ok(())
    }

    /// Everything up to where the engine stands was observed: puts the next state of the lake in place.
    pub async fn finish(mut self) -> Result<(), LakeError> {
        let seq = self.engine.seq().0;
        if self.manifest.seq == seq && self.manifest.stated_seq == seq && self.repair.is_none() {
            self.lake.ended();
            return Ok(());
        }
        self.write_gathered().await?;
        if let Some(repair) = self.repair.take() {
            repair.mend(self.lake, &mut self.manifest, seq).await?;
        }
        compact::compact(self.lake, &mut self.manifest).await?;
        stated::state(&mut self).await?;
        (self.manifest.seq, self.manifest.stated_seq) = (seq, seq);
        self.manifest.as_of = self.engine.at().to_string();
        self.lake.publish(self.manifest).await?;
        self.lake.ended();
        Ok(())
    }
}

/// Equal where the rules are.
fn digest(rules: &ChannelRules) -> String {
    let text = serde_json::to_string(rules).expect("invariant: rules are JSON");
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

fn within<'e>(map: Map<'e>, part: &str) -> Option<Map<'e>> {
    map.get(part).and_then(|part| part.map())
}

fn text<'e>(map: Option<Map<'e>>, field: &str) -> Option<&'e str> {
    map?.get(field)?.text()
}
