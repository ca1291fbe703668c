//! Small files of a day become one: each refresh adds a file a day, and a reader opens every one.

use super::Lake;
use super::error::LakeError;
use super::manifest::{File, Manifest};
use super::schema::{ENGAGEMENTS, EVENTS, Table};
use crate::limits::{LAKE_FILE_BYTES, LAKE_SMALL_BYTES, LAKE_SMALL_FILES};
use datafusion::arrow::record_batch::RecordBatch;
use std::collections::BTreeMap;

pub(super) async fn compact(lake: &Lake, manifest: &mut Manifest) -> Result<(), LakeError> {
    for table in [&EVENTS, &ENGAGEMENTS] {
        let mut by_day: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in std::mem::take(manifest.files_mut(table.name)) {
            by_day.entry(file.day.clone()).or_default().push(file);
        }
        for (_, mut files) in by_day {
            while let Some((from, to)) = run_to_merge(&files) {
                let merged = merge(lake, table, &files[from..to]).await?;
                files.splice(from..to, [merged]);
            }
            manifest.files_mut(table.name).extend(files);
        }
    }
    Ok(())
}

/// The first run of neighbours that are to be one file, where there are enough small ones.
fn run_to_merge(files: &[File]) -> Option<(usize, usize)> {
    let is_small = |file: &File| file.bytes < LAKE_SMALL_BYTES;
    let mut from = 0;
    while from < files.len() {
        let mut bytes = 0;
        let fitting = files[from..].iter().take_while(|file| {
            bytes += file.bytes;
            is_small(file) && bytes <= LAKE_FILE_BYTES
        });
        let count = fitting.count();
        if count >= LAKE_SMALL_FILES {
            return Some((from, from + count));
        }
        from += count.max(1);
    }
    None
}

async fn merge(lake: &Lake, table: &'static Table, files: &[File]) -> Result<File, LakeError> {
    let mut batches: Vec<Result<RecordBatch, LakeError>> = Vec::new();
    for file in files {
        batches.extend(lake.files.read(&file.path, table, None).await?);
    }
    let (first, last) = (files[0].first, files[files.len() - 1].last);
    let day = files[0].day.clone();
    let path = format!("{}/day={day}/{first:012}-{last:012}.parquet", table.name);
    let written = lake.files.write(&path, table, batches).await?;
    Ok(File { path, rows: written.rows, bytes: written.bytes, day, first, last, digest: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sizes: &[u64]) -> Vec<File> {
        let file = |(place, bytes): (usize, &u64)| File {
            path: String::new(),
            rows: 1,
            bytes: *bytes,
            day: String::new(),
            first: place as u64,
            last: place as u64,
            digest: String::new(),
        };
        sizes.iter().enumerate().map(file).collect()
    }

    /// Sizes of files in their order, and which of them become one.
    type Case = (&'static str, Vec<u64>, Option<(usize, usize)>);

    #[test]
    fn neighbours_are_merged_where_the_table_says() {
        let (small, large) = (1 << 10, LAKE_SMALL_BYTES);
        let cases: &[Case] = &[
            ("few small ones stay", vec![small; LAKE_SMALL_FILES - 1], None),
            ("enough of them become one", vec![small; LAKE_SMALL_FILES], Some((0, LAKE_SMALL_FILES))),
            ("large ones stay", vec![large; 20], None),
            (
                "a large one stands between two runs",
                [vec![small; 3], vec![large], vec![small; 9]].concat(),
                Some((4, 13)),
            ),
            ("no file is larger than it may be", vec![LAKE_SMALL_BYTES - 1; 20], Some((0, 8))),
        ];
        for (name, sizes, expected) in cases {
            assert_eq!(run_to_merge(&files(sizes)), *expected, "{name}");
        }
    }
}
