//! Parquet files: one that is written here, and one that another program wrote.

use super::{import, import_into, said};
use crate::house::House;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::path::Path;
use std::sync::Arc;

const SCHEMA: &str = "message orders {
    required binary user_id (UTF8);
    required int64 time (TIMESTAMP_MILLIS);
    optional double total;
    required boolean paid;
    required fixed_len_byte_array(12) span (INTERVAL);
    required group shipping { optional binary city (UTF8); }
}";

/// Three orders; the third one has nothing that may be missing.
fn write(path: &Path, compression: Compression) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut file =
        SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    macro_rules! column {
        ($kind:ty, $values:expr, $levels:expr) => {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch($values, $levels, None).unwrap();
            column.close().unwrap();
        };
    }
    let noon = 1_767_614_400_000;
    column!(ByteArrayType, &[text("ada"), text("bob"), text("ada")], None);
    column!(Int64Type, &[noon, noon + 1_500, noon], None);
    column!(DoubleType, &[10.5, 7.0], Some(&[1, 1, 0]));
    column!(BoolType, &[true, false, true], None);
    let span = || FixedLenByteArray::from(ByteArray::from(vec![0; 12]));
    column!(FixedLenByteArrayType, &[span(), span(), span()], None);
    column!(ByteArrayType, &[text("Rome"), text("Caffè")], Some(&[1, 1, 0]));
    group.close().unwrap();
    file.close().unwrap();
}

#[tokio::test]
async fn a_parquet_file_is_imported_once() {
    let house = House::start().await;
    let data = house.dir.path().to_owned();
    house.server.stop().await;
    let arguments = ["--event", "Order Completed", "--map", "span=skip"];
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let gzip = Compression::GZIP(Default::default());
    for (number, compression) in
        [zstd, Compression::SNAPPY, gzip, Compression::UNCOMPRESSED].into_iter().enumerate()
    {
        let file = data.join(format!("orders{number}.parquet"));
        write(&file, compression);
        let refusal = import_into(&data, &arguments[..2], &file);
        let refusal = String::from_utf8(refusal.stderr).unwrap();
        assert!(refusal.contains("the column \"span\" holds intervals, which cannot be read"), "{refusal}");
        let (stdout, stderr) = said(&import_into(&data, &arguments, &file), 0);
        // Files that are packed otherwise say the same.
        let expected =
            if number == 0 { "3 events taken, 0 known" } else { "0 events taken, 3 known already" };
        assert!(stdout.starts_with(expected), "{stdout}");
        assert!(stderr.contains("  shipping.city: property shipping.city  # guessed\n"), "{stderr}");
    }
    let house = House::start_in(house.dir, "").await;
    let timeline = house.get("/api/v1/profiles/user_id:bob/timeline").await;
    let event = &timeline["events"][0];
    assert_eq!(event["occurred_at"], "2026-01-05T12:00:01.500Z", "{timeline}");
    let properties = serde_json::json!({"total": 7, "paid": false, "shipping": {"city": "Caffè"}});
    assert_eq!(event["properties"], properties, "{timeline}");
    let timeline = house.get("/api/v1/profiles/user_id:ada/timeline").await;
    assert_eq!(timeline["events"].as_array().unwrap().len(), 2, "{timeline}");
    house.server.stop().await;
}

/// Written by pyarrow: see the script beside it.
#[test]
fn a_file_of_another_program_reads_as_it_was_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/people.parquet");
    let arguments = ["--dry-run", "--type", "track", "--event", "Seen", "--time-zone", "Europe/Rome"];
    let directory = tempfile::tempdir().unwrap();
    let mut command = import(&arguments, &file);
    let (stdout, stderr) = said(&command.arg("--refused").arg(directory.path()).output().unwrap(), 0);
    let events: Vec<&str> = stdout.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(events.join("\n"), include_str!("../../fixtures/people.jsonl").trim_end(), "{stderr}");
}
