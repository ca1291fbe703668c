//! What an erasure and a merge that is undone change in rows of before: files that hold one of them are written again.

use super::Lake;
use super::error::LakeError;
use super::manifest::{File, Manifest};
use super::schema::{ENGAGEMENTS, EVENTS, Table};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use engine::{ProfileId, Seq};
use std::sync::Arc;

/// What the log says now of the records that the lake has rows of.
pub(super) struct Repair {
    /// By place: zero for a record that tells nothing any more, one for nobody's, and two more than the number of the profile.
    told: Vec<u32>,
}

/// Of a record that was not looked at, since the log has been trimmed: its rows stay.
const UNREAD: u32 = u32::MAX;

impl Repair {
    pub(super) fn new(to: u64) -> Self {
        Self { told: vec![UNREAD; to as usize + 1] }
    }

    pub(super) fn note(&mut self, seq: Seq, is_told: bool, owner: Option<ProfileId>) {
        if let Some(told) = self.told.get_mut(seq.0 as usize) {
            *told = if is_told { owner.map_or(1, |id| id.0 + 2) } else { 0 };
        }
    }

    pub(super) async fn mend(&self, lake: &Lake, manifest: &mut Manifest, now: u64) -> Result<(), LakeError> {
        for table in [&EVENTS, &ENGAGEMENTS] {
            let mut mended = Vec::new();
            for file in manifest.files(table.name) {
                mended.extend(self.mend_file(lake, table, file, now).await?);
            }
            *manifest.files_mut(table.name) = mended;
        }
        Ok(())
    }

    /// The file as it may stay: itself, another one, or none where nothing is left of it.
    async fn mend_file(
        &self,
        lake: &Lake,
        table: &'static Table,
        file: &File,
        now: u64,
    ) -> Result<Option<File>, LakeError> {
        let is_old = file.first < self.told.len() as u64;
        let (mut batches, mut is_changed) = (Vec::new(), false);
        if is_old {
            for batch in lake.files.read(&file.path, table, None).await? {
                let (batch, changed) = self.mend_batch(table, &batch?)?;
                is_changed |= changed;
                batches.push(batch);
            }
        }
        if !is_changed {
            return Ok(Some(file.clone()));
        }
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Ok(None);
        }
        let stem = format!("{:012}-{:012}", file.first, file.last);
        let path = format!("{}/day={}/{stem}-{now:012}.parquet", table.name, file.day);
        let written = lake.files.write(&path, table, batches.into_iter().map(Ok)).await?;
        Ok(Some(File { path, rows: written.rows, bytes: written.bytes, ..file.clone() }))
    }

    fn mend_batch(&self, table: &Table, batch: &RecordBatch) -> Result<(RecordBatch, bool), LakeError> {
        let seqs: &Int64Array = batch.column(table.column("seq")).as_primitive::<Int64Type>();
        let told =
            |row: usize| self.told.get(seqs.value(row) as usize).copied().filter(|told| *told != UNREAD);
        // What is newer than the repair was written by the refresh itself.
        let stays: BooleanArray = (0..batch.num_rows()).map(|row| Some(told(row) != Some(0))).collect();
        let mut columns = batch.columns().to_vec();
        let mut is_changed = stays.true_count() < batch.num_rows();
        if table.name == EVENTS.name {
            let place = table.column("profile");
            let before: &Int64Array = batch.column(place).as_primitive::<Int64Type>();
            let owner = |row: usize| match told(row) {
                Some(told) => told.checked_sub(2).map(i64::from),
                None => before.is_valid(row).then(|| before.value(row)),
            };
            let owners: Int64Array = (0..batch.num_rows()).map(owner).collect();
            is_changed |= (0..batch.num_rows())
                .any(|row| stays.value(row) && owner(row) != before.is_valid(row).then(|| before.value(row)));
            columns[place] = Arc::new(owners);
        }
        if !is_changed {
            return Ok((batch.clone(), false));
        }
        let batch = RecordBatch::try_new(batch.schema(), columns)?;
        Ok((filter_record_batch(&batch, &stays)?, true))
    }
}
