//! The lake's files: Parquet in a folder or a bucket, written whole and never changed.

use super::error::LakeError;
use super::manifest::{MANIFEST, Manifest};
use super::schema::{Table, VERSION_KEY};
use datafusion::arrow::record_batch::RecordBatch;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the lake lies.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) store: Arc<dyn ObjectStore>,
}

/// A file that was written.
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Files {
    /// Writes batches of a table to one file, or nothing where there are none.
    pub(super) async fn write(
        &self,
        path: &str,
        table: &Table,
        batches: impl IntoIterator<Item = Result<RecordBatch, LakeError>>,
    ) -> Result<Written, LakeError> {
        let version = KeyValue::new(VERSION_KEY.to_owned(), table.version.to_string());
        let properties = WriterProperties::builder()
            .set_created_by(format!("trama {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(vec![version]))
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
        let mut rows = 0;
        for batch in batches {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            writer.write(&batch)?;
        }
        let file = writer.into_inner()?;
        let bytes = file.len() as u64;
        self.store.put(&Path::from(path), file.into()).await?;
        Ok(Written { rows, bytes })
    }

    /// The batches of a file; of some columns alone, where those are named, in the order of the table.
    pub(super) async fn read(
        &self,
        path: &str,
        table: &Table,
        columns: Option<&[&str]>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, LakeError>> + use<>, LakeError> {
        let bytes = self.store.get(&Path::from(path)).await?.bytes().await?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let mask = match columns {
            None => ProjectionMask::all(),
            Some(names) => {
                ProjectionMask::roots(builder.parquet_schema(), names.iter().map(|name| table.column(name)))
            }
        };
        Ok(builder.with_projection(mask).build()?.map(|batch| Ok(batch?)))
    }

    /// Every file of the lake's tables that there is, with its size.
    pub(super) async fn list(&self, tables: &[&Table]) -> Result<BTreeMap<String, u64>, LakeError> {
        let mut found = BTreeMap::new();
        for table in tables {
            let mut listed = self.store.list(Some(&Path::from(table.name)));
            while let Some(one) = listed.try_next().await? {
                if one.location.as_ref().ends_with(".parquet") {
                    found.insert(one.location.to_string(), one.size);
                }
            }
        }
        Ok(found)
    }

    /// Takes a file away; one that is gone already is no mistake.
    pub(super) async fn delete(&self, path: &str) -> Result<(), LakeError> {
        match self.store.delete(&Path::from(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The manifest, if there is one that this version can read; any other is as good as none.
    pub(super) async fn manifest(&self) -> Result<Option<Manifest>, LakeError> {
        let bytes = match self.store.get(&Path::from(MANIFEST)).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Puts a manifest in the place of the one before, whole.
    pub(super) async fn put_manifest(&self, manifest: &Manifest) -> Result<(), LakeError> {
        let text = serde_json::to_vec_pretty(manifest).expect("invariant: a manifest is JSON");
        self.store.put(&Path::from(MANIFEST), text.into()).await?;
        Ok(())
    }
}
