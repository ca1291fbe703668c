//! From entries to the log: those that can be read become records together, the others are named.

use super::entry::{self, SpendEntry};
use super::flight::{self, FlightEntry};
use super::{Fault, framed};
use crate::audit::What;
use crate::clock;
use crate::keys::Holder;
use crate::runtime::{Entrance, NotTaken, Runtime};
use engine::engine::Refusal;
use engine::record::Record;
use engine::spend::{Flight, SpendLine, SpendRefusal};
use eventlog::sequencer::Outcome;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What became of lines.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinesTaken {
    /// New, or in place of one with the same key.
    pub taken: usize,
    /// Told before in the same way.
    pub repeated: usize,
    pub refused: Vec<RefusedLine>,
}

/// A line that is not taken. The others are.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RefusedLine {
    /// Its place among the lines, from 0.
    pub index: usize,
    pub field: String,
    pub reason: String,
}

/// Takes lines of what was spent.
pub async fn lines(runtime: &Runtime, entries: &[SpendEntry], by: &Holder) -> Result<LinesTaken, NotTaken> {
    let programme = runtime.programme();
    let own = programme.currency.as_deref();
    let read = entries.iter().map(|entry| entry.line(own)).collect();
    let (lines, refused) = apart(read, |line: &SpendLine| &line.key);
    let at = clock::now();
    let records = lines.iter().map(|(_, line)| Record::SpendRecorded(entry::record(line, at, &by.name)));
    let indexes = lines.iter().map(|(index, _)| *index).collect();
    submit(runtime, (by, "spend.take"), framed(records), indexes, refused).await
}

/// Takes what was done outside of the net.
pub async fn flights(
    runtime: &Runtime,
    entries: &[FlightEntry],
    by: &Holder,
) -> Result<LinesTaken, NotTaken> {
    let programme = runtime.programme();
    let (own, timezone) = (programme.currency.as_deref(), programme.timezone());
    let read = entries.iter().map(|entry| entry.flight(own, &timezone)).collect();
    let (flights, refused) = apart(read, |flight: &Flight| &flight.key);
    let at = clock::now();
    let records = flights.iter().map(|(_, one)| Record::FlightRecorded(flight::record(one, at, &by.name)));
    let indexes = flights.iter().map(|(index, _)| *index).collect();
    submit(runtime, (by, "flight.take"), framed(records), indexes, refused).await
}

/// Those that can be read, with their places; and those that cannot, among them every second one with the same key.
fn apart<T>(read: Vec<Result<T, Fault>>, key: impl Fn(&T) -> &String) -> (Vec<(usize, T)>, Vec<RefusedLine>) {
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for (index, one) in read.into_iter().enumerate() {
        match one {
            Ok(one) => match keys.get(key(&one)) {
                None => {
                    keys.insert(key(&one).clone(), index);
                    good.push((index, one));
                }
                Some(before) => {
                    let reason =
                        format!("the line {before} is about the same; add them up, or give them keys");
                    refused.push(RefusedLine { index, field: "key".to_owned(), reason });
                }
            },
            Err(Fault { field, reason }) => refused.push(RefusedLine { index, field, reason }),
        }
    }
    (good, refused)
}

async fn submit(
    runtime: &Runtime,
    (by, act): (&Holder, &str),
    (mut records, count): (Vec<u8>, u32),
    indexes: Vec<usize>,
    refused: Vec<RefusedLine>,
) -> Result<LinesTaken, NotTaken> {
    let mut taken = LinesTaken { taken: 0, repeated: 0, refused };
    if count == 0 {
        return Ok(taken);
    }
    // Behind the lines, so that nothing is told where none of them is new.
    What::beside(act, "", Value::Null, json!({"lines": count})).push(by, &mut records);
    let answers = runtime.submit(Entrance::Inside, records, count + 1)?;
    let outcomes = answers.await.map_err(|_| NotTaken::Stopping)?;
    for (outcome, index) in outcomes.into_iter().zip(indexes) {
        match outcome {
            Outcome::Applied(_) => taken.taken += 1,
            Outcome::Duplicate => taken.repeated += 1,
            Outcome::Refused(refusal) => taken.refused.push(refused_line(index, &refusal)),
            Outcome::Malformed(malformed) => panic!("invariant: our own record can be read: {malformed}"),
        }
    }
    taken.refused.sort_by_key(|line| line.index);
    Ok(taken)
}

fn refused_line(index: usize, refusal: &Refusal) -> RefusedLine {
    let field = match refusal {
        Refusal::Spend(SpendRefusal::Field(field, _)) => *field,
        _ => "key",
    };
    RefusedLine { index, field: field.to_owned(), reason: refusal.to_string() }
}
