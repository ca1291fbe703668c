//! What the rows of `events` say of orders and of names, by the rules of all figures. Read off the lake's own files, so that a
//! refresh reads of the log no more than is new.

use super::Lake;
use super::error::LakeError;
use super::manifest::Manifest;
use super::schema::EVENTS;
use crate::refund::{Kept, KeptOrder, is_payable};
use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, Decimal128Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type, TimestampMillisecondType};
use datafusion::arrow::record_batch::RecordBatch;
use engine::ProfileId;
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::record::Event;
use std::collections::BTreeMap;

/// What is read of each row.
const COLUMNS: [&str; 8] =
    ["seq", "occurred_at", "profile", "names_somebody", "counts_as", "amount", "currency", "order_key"];

/// Whether an event came with a name that is somebody's own.
pub(super) fn names_somebody(event: &Event<'_>) -> bool {
    let names = |kind| matches!(kind, IdentifierKind::UserId | IdentifierKind::Email | IdentifierKind::Phone);
    event.identifiers.iter().any(|one| names(one.kind) && !one.is_blank())
}

/// An order or a refund as its row tells it.
struct Entry {
    owner: Option<ProfileId>,
    at: At,
    seq: u64,
    millionths: Option<i64>,
    currency: u32,
    number: Option<u64>,
    is_refund: bool,
}

/// An order, with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) owner: Option<ProfileId>,
    pub(super) at: At,
    pub(super) seq: u64,
    /// As it says.
    pub(super) amount: Option<i64>,
    pub(super) left: i64,
    pub(super) is_returned: bool,
    /// A place in [`Facts::currencies`].
    pub(super) currency: u32,
}

/// What all rows say.
#[derive(Default)]
pub(super) struct Facts {
    entries: Vec<Entry>,
    pub(super) currencies: Vec<String>,
    /// When a name of each person was first told.
    pub(super) known_at: BTreeMap<ProfileId, At>,
}

impl Facts {
    pub(super) async fn read(lake: &Lake, manifest: &Manifest, engine: &Engine) -> Result<Self, LakeError> {
        let mut facts = Self::default();
        for file in manifest.files(EVENTS.name) {
            for batch in lake.files.read(&file.path, &EVENTS, Some(&COLUMNS)).await? {
                facts.take(&batch?, engine);
            }
        }
        Ok(facts)
    }

    fn take(&mut self, batch: &RecordBatch, engine: &Engine) {
        let column = |name| batch.column_by_name(name).expect("invariant: it was read");
        let seqs: &Int64Array = column("seq").as_primitive::<Int64Type>();
        let ats: &TimestampMillisecondArray =
            column("occurred_at").as_primitive::<TimestampMillisecondType>();
        let profiles: &Int64Array = column("profile").as_primitive::<Int64Type>();
        let names: &BooleanArray = column("names_somebody").as_boolean();
        let counts_as: &StringArray = column("counts_as").as_string();
        let amounts: &Decimal128Array = column("amount").as_primitive::<Decimal128Type>();
        let currencies: &StringArray = column("currency").as_string();
        let numbers: &Int64Array = column("order_key").as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let at = At(ats.value(row));
            let owner = profiles.is_valid(row).then(|| ProfileId(profiles.value(row) as u32));
            let owner = owner.filter(|id| engine.profile(*id).is_some()).map(|id| engine.canonical(id));
            if let (true, Some(owner)) = (names.value(row), owner) {
                let known = self.known_at.entry(owner).or_insert(at);
                *known = (*known).min(at);
            }
            if counts_as.is_null(row) {
                continue;
            }
            self.entries.push(Entry {
                owner,
                at,
                seq: seqs.value(row).cast_unsigned(),
                millionths: amounts.is_valid(row).then(|| amounts.value(row) as i64),
                currency: number_of(&mut self.currencies, currencies.value(row)),
                number: numbers.is_valid(row).then(|| numbers.value(row).cast_unsigned()),
                is_refund: counts_as.value(row) == "refund",
            });
        }
    }

    /// Every order, in the order of time.
    pub(super) fn orders(&mut self) -> Vec<Order> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by_key(|entry| (entry.owner, entry.at, entry.seq));
        let mut orders = Vec::new();
        for of_owner in entries.chunk_by(|one, other| one.owner == other.owner) {
            let mut kept: Kept<&Entry> = Kept::default();
            for entry in of_owner {
                match entry.is_refund {
                    false => kept.order(entry, entry.number, entry.millionths),
                    true => kept.refund(entry.number, entry.millionths, |of| {
                        is_payable(self.currency(entry.currency), self.currency(of.currency))
                    }),
                }
            }
            orders.extend(kept.orders.iter().map(Order::of));
        }
        orders.sort_unstable_by_key(|order| (order.at, order.seq));
        orders
    }

    pub(super) fn currency(&self, number: u32) -> &str {
        &self.currencies[number as usize]
    }
}

impl Order {
    fn of(kept: &KeptOrder<&Entry>) -> Self {
        let entry = kept.order;
        let left = if kept.is_returned { 0 } else { kept.millionths.unwrap_or(0) };
        Self {
            owner: entry.owner,
            at: entry.at,
            seq: entry.seq,
            amount: entry.millionths,
            left,
            is_returned: kept.is_returned,
            currency: entry.currency,
        }
    }
}

/// The number of a currency; there are few.
fn number_of(currencies: &mut Vec<String>, name: &str) -> u32 {
    let known = currencies.iter().position(|known| known == name);
    let number = known.unwrap_or_else(|| {
        currencies.push(name.to_owned());
        currencies.len() - 1
    });
    number as u32
}
