//! The table `visits`: everybody's visits, told anew from the rows of events and of clicks, a day after the other.
//!
//! What is held meanwhile is a day of them, and the visits that are not over at its end.

use super::error::LakeError;
use super::manifest::File;
use super::refresh::Refresh;
use super::rows::Cell;
use super::schema::{ENGAGEMENTS, EVENTS, VISITS};
use super::stated::Telling;
use super::touch::TouchText;
use crate::kpi::arrival::Arrival;
use crate::kpi::question::DIRECT;
use crate::touchpoint::{Mark, Touchpoints, Visit, What};
use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, Int64Array, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Int64Type, TimestampMillisecondType};
use datafusion::arrow::record_batch::RecordBatch;
use engine::at::At;
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::Direction;
use engine::record::Engagement;
use engine::{ProfileId, SendId, Seq};
use std::collections::{BTreeMap, HashMap};

const OF_EVENTS: [&str; 4] = ["seq", "occurred_at", "profile", "touch"];
const OF_ENGAGEMENTS: [&str; 5] = ["seq", "occurred_at", "send", "kind", "is_machine"];

/// The files of a day.
#[derive(Default)]
struct OfDay {
    events: Vec<File>,
    engagements: Vec<File>,
}

/// A visit that begins.
struct Begun {
    at: At,
    seq: Seq,
    owner: ProfileId,
    touch: u32,
}

pub(super) async fn state(refresh: &mut Refresh<'_>) -> Result<(), LakeError> {
    let mut days: BTreeMap<String, OfDay> = BTreeMap::new();
    for file in refresh.manifest.files(EVENTS.name) {
        days.entry(file.day.clone()).or_default().events.push(file.clone());
    }
    for file in refresh.manifest.files(ENGAGEMENTS.name) {
        days.entry(file.day.clone()).or_default().engagements.push(file.clone());
    }
    let (engine, lake) = (refresh.engine, refresh.lake);
    let mut telling = Telling::of(refresh, &VISITS);
    let mut reading = Reading::new(engine);
    for (_, files) in days {
        for file in files.events {
            for batch in lake.files.read(&file.path, &EVENTS, Some(&OF_EVENTS)).await? {
                reading.events(&batch?);
            }
        }
        for file in files.engagements {
            for batch in lake.files.read(&file.path, &ENGAGEMENTS, Some(&OF_ENGAGEMENTS)).await? {
                reading.engagements(&batch?);
            }
        }
        for begun in reading.begun() {
            let day = Day::of(begun.at, &refresh.timezone);
            telling.turn_to(Some(day), 0).await?;
            let arrival = reading.arrival(begun.touch);
            let direction = arrival.and_then(|one| one.direction).map(Direction::name);
            telling.rows.push(&[
                Cell::count(begun.seq.0),
                Cell::Day(day),
                Cell::Instant(begun.at),
                Cell::count(begun.owner.0),
                Cell::Text(arrival.map_or(DIRECT, |one| &one.channel)),
                Cell::Text(arrival.map_or("", |one| &one.campaign)),
                direction.map_or(Cell::Null, Cell::Text),
                Cell::Flag(arrival.is_some_and(|one| one.paid)),
            ]);
        }
    }
    telling.end(refresh).await
}

struct Reading<'e> {
    engine: &'e Engine,
    touchpoints: Touchpoints<'e>,
    /// Of each text of the column `touch`, what it says.
    texts: HashMap<String, Option<What>>,
    marks: Vec<Mark>,
    /// The visits that are not over, by whose they are.
    open: HashMap<ProfileId, Option<Visit>>,
    /// By what somebody came, by the numbers of touches.
    arrivals: Vec<Option<Arrival>>,
}

impl<'e> Reading<'e> {
    fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            touchpoints: Touchpoints::new(engine, None),
            texts: HashMap::new(),
            marks: Vec::new(),
            open: HashMap::new(),
            arrivals: Vec::new(),
        }
    }

    /// The person whom a profile stands for; `None` for whoever was erased.
    fn person(&self, id: ProfileId) -> Option<ProfileId> {
        self.engine.profile(id).is_some().then(|| self.engine.canonical(id))
    }

    fn events(&mut self, batch: &RecordBatch) {
        let (seqs, ats) = (ints(batch, "seq"), instants(batch));
        let (profiles, touches) = (ints(batch, "profile"), texts(batch, "touch"));
        for row in 0..batch.num_rows() {
            if touches.is_null(row) || profiles.is_null(row) {
                continue;
            }
            let Some(owner) = self.person(ProfileId(profiles.value(row) as u32)) else { continue };
            let Some(what) = self.what(touches.value(row)) else { continue };
            let seq = Seq(seqs.value(row).cast_unsigned());
            self.marks.push(Mark { owner, at: At(ats.value(row)), seq, what });
        }
    }

    fn what(&mut self, text: &str) -> Option<What> {
        if let Some(what) = self.texts.get(text) {
            return *what;
        }
        let what = TouchText::read(text).map(|met| self.touchpoints.what(&met));
        self.texts.insert(text.to_owned(), what);
        what
    }

    fn engagements(&mut self, batch: &RecordBatch) {
        let (seqs, ats) = (ints(batch, "seq"), instants(batch));
        let (sends, kinds) = (ints(batch, "send"), texts(batch, "kind"));
        let machines: &BooleanArray = column(batch, "is_machine").as_boolean();
        for row in 0..batch.num_rows() {
            if kinds.value(row) != Engagement::Clicked.name() || machines.value(row) {
                continue;
            }
            let send = SendId(sends.value(row).cast_unsigned());
            let owner = self.engine.send(send).and_then(|send| self.person(send.profile));
            let (Some(owner), Some(what)) = (owner, self.touchpoints.click(send)) else { continue };
            let seq = Seq(seqs.value(row).cast_unsigned());
            self.marks.push(Mark { owner, at: At(ats.value(row)), seq, what });
        }
    }

    /// The visits that begin with what was read, in the order of time; those of the days before go on.
    fn begun(&mut self) -> Vec<Begun> {
        let mut marks = std::mem::take(&mut self.marks);
        marks.sort_unstable_by_key(|mark| (mark.owner, mark.at, mark.seq));
        let mut begun = Vec::new();
        for Mark { owner, at, seq, what } in &marks {
            let visit = self.open.entry(*owner).or_default();
            if let Some((touch, _)) = Visit::step(visit, *at, *what) {
                begun.push(Begun { at: *at, seq: *seq, owner: *owner, touch });
            }
        }
        if let Some(newest) = marks.iter().map(|mark| mark.at).max() {
            self.open.retain(|_, visit| visit.is_some_and(|visit| !visit.is_over(newest)));
        }
        let programme = self.engine.programme();
        let fresh = self.touchpoints.touches().iter().skip(self.arrivals.len());
        self.arrivals.extend(fresh.map(|touch| Arrival::by_touch(programme, touch)));
        begun.sort_unstable_by_key(|one| (one.at, one.seq));
        begun
    }

    fn arrival(&self, touch: u32) -> Option<&Arrival> {
        self.arrivals[touch as usize].as_ref()
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> &'b dyn Array {
    batch.column_by_name(name).expect("invariant: it was read").as_ref()
}

fn ints<'b>(batch: &'b RecordBatch, name: &str) -> &'b Int64Array {
    column(batch, name).as_primitive::<Int64Type>()
}

fn instants(batch: &RecordBatch) -> &TimestampMillisecondArray {
    column(batch, "occurred_at").as_primitive::<TimestampMillisecondType>()
}

fn texts<'b>(batch: &'b RecordBatch, name: &str) -> &'b StringArray {
    column(batch, name).as_string()
}
