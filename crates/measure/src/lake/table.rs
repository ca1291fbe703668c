//! The tables of a lake as questions see them: the files that one manifest names, and no others.

use super::manifest::Manifest;
use super::schema::Table;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use std::sync::Arc;

/// How questions call the place where the lake is.
pub(super) const STORE: &str = "lake://files/";

/// A table of a manifest.
pub(super) fn provider(table: &Table, manifest: &Manifest) -> Result<Arc<dyn TableProvider>> {
    let schema = table.schema();
    let files = manifest.files(table.name);
    if files.is_empty() {
        return Ok(Arc::new(MemTable::try_new(schema, vec![vec![]])?));
    }
    let urls: Result<Vec<_>> =
        files.iter().map(|file| ListingTableUrl::parse(format!("{STORE}{}", file.path))).collect();
    let format = ParquetFormat::default().with_enable_pruning(true).with_force_view_types(false);
    let options = ListingOptions::new(Arc::new(format)).with_file_extension(".parquet");
    let config =
        ListingTableConfig::new_with_multi_paths(urls?).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config)?))
}
