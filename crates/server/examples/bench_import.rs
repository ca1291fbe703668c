//! `trama import` into the directory of a stopped server: rows a second, durable and applied by the engine with
//! `examples/bottega` live. Beside it the same run without engine and log, which is what reading, mapping and the door
//! take; and the disk: the same bytes appended to a file with an fdatasync after every 2 MB.
//!
//! `cargo run --release -p server --example bench_import -- [rows]`, with the release binary built.

mod live;

use live::{Server, binary};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PEOPLE: u64 = 200_000;
const NAMES: [&str; 4] = ["Page Viewed", "Product Viewed", "Product Added", "Order Completed"];
/// 2026-01-05T00:00:00Z; rows are a second apart.
const BEGIN_MS: i64 = 1_767_571_200_000;

fn main() {
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");
    for (name, write) in [
        ("lines of 200 bytes.jsonl", narrow as fn(&Path, u64)),
        ("lines of 600 bytes.jsonl", wide),
        ("table.csv", table),
        ("columns.parquet", columns),
    ] {
        let file = folder.path().join(name);
        write(&file, rows);
        let bytes = file.metadata().expect("just written").len();
        let disk = rate(rows, append(&file));
        let reading = rate(rows, timed(import(&file).arg("--dry-run")));
        let home = folder.path().join(format!("{name} home"));
        std::fs::create_dir(&home).expect("a folder");
        // It is killed, and leaves an installation.
        drop(Server::start(&home, Path::new("examples/bottega"), None));
        let whole = rate(rows, timed(import(&file).arg("--data").arg(home.join("data"))));
        println!(
            "{name:<25} {:>5.0} bytes a row: {whole:>9.0} rows/s, without engine and log {reading:>9.0}, append + fdatasync {disk:>9.0}",
            bytes as f64 / rows as f64,
        );
        std::fs::remove_dir_all(home).expect("ours");
        std::fs::remove_file(file).expect("ours");
    }
}

fn rate(rows: u64, took: Duration) -> f64 {
    rows as f64 / took.as_secs_f64()
}

fn import(file: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("import").arg(file).env("TRAMA_TRACE", "error");
    command
}

fn timed(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let output = command.output().expect("the binary runs");
    let took = begin.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}

/// Who, what and how much, of one row.
fn row(number: u64) -> (u64, &'static str, i64, f64) {
    let mixed = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    let at = BEGIN_MS + (number as i64 % 10_000_000) * 1_000;
    (1_000_000 + mixed % PEOPLE, NAMES[(number % 4) as usize], at, (mixed % 10_000) as f64 / 100.0)
}

fn instant(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).expect("in range").to_string()
}

fn written(file: &Path, rows: u64, head: &str, line: impl Fn(&mut dyn Write, u64)) {
    let mut out = BufWriter::new(File::create(file).expect("a file"));
    out.write_all(head.as_bytes()).expect("room");
    (0..rows).for_each(|number| line(&mut out, number));
    out.flush().expect("room");
}

fn narrow(file: &Path, rows: u64) {
    written(file, rows, "", |out, number| {
        let (who, what, at, total) = row(number);
        writeln!(
            out,
            "{{\"type\":\"track\",\"userId\":\"{who}\",\"event\":\"{what}\",\"timestamp\":\"{}\",\"properties\":{{\
             \"total\":{total},\"currency\":\"EUR\",\"sku\":\"SKU-{}\",\"quantity\":{}}}}}",
            instant(at),
            number % 1_000,
            number % 5 + 1,
        )
        .expect("room");
    });
}

fn wide(file: &Path, rows: u64) {
    written(file, rows, "", |out, number| {
        let (who, what, at, total) = row(number);
        let sku = number % 1_000;
        writeln!(
            out,
            "{{\"type\":\"track\",\"messageId\":\"m-{number:012}\",\"userId\":\"{who}\",\"event\":\"{what}\",\
             \"timestamp\":\"{}\",\"properties\":{{\"total\":{total},\"currency\":\"EUR\",\"sku\":\"SKU-{sku}\",\
             \"category\":\"ceramics\",\"url\":\"https://bottega.example/products/tazza-{sku}\",\"quantity\":{}}},\
             \"context\":{{\"ip\":\"203.0.113.7\",\"locale\":\"it-IT\",\"page\":{{\"path\":\"/products/tazza-{sku}\",\
             \"title\":\"Tazza fatta a mano\",\"referrer\":\"https://www.google.com/\"}},\"library\":{{\"name\":\
             \"bench\",\"version\":\"1\"}},\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
             Chrome/140.0 Safari/537.36\"}},\"integrations\":{{}}}}",
            instant(at),
            number % 5 + 1,
        )
        .expect("room");
    });
}

fn table(file: &Path, rows: u64) {
    written(file, rows, "user_id,event,time,total,currency,sku,quantity\n", |out, number| {
        let (who, what, at, total) = row(number);
        let (sku, quantity) = (number % 1_000, number % 5 + 1);
        writeln!(out, "{who},{what},{},{total},EUR,SKU-{sku},{quantity}", instant(at)).expect("room");
    });
}

fn columns(file: &Path, rows: u64) {
    const SCHEMA: &str = "message events {
        required binary user_id (UTF8);
        required binary event (UTF8);
        required int64 time (TIMESTAMP_MILLIS);
        required double total;
        required binary currency (UTF8);
        required binary sku (UTF8);
        required int64 quantity;
    }";
    /// Rows of a group: what other writers choose, too.
    const GROUP: u64 = 100_000;
    let schema = Arc::new(parquet::schema::parser::parse_message_type(SCHEMA).expect("ours"));
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY);
    let properties = Arc::new(properties.build());
    let mut writer =
        SerializedFileWriter::new(File::create(file).expect("a file"), schema, properties).expect("a writer");
    let text = |text: String| ByteArray::from(text.into_bytes());
    for first in (0..rows).step_by(GROUP as usize) {
        let numbers = first..rows.min(first + GROUP);
        let mut group = writer.next_row_group().expect("a group");
        macro_rules! column {
            ($kind:ty, $value:expr) => {
                let values: Vec<_> = numbers.clone().map($value).collect();
                let mut column = group.next_column().expect("a column").expect("there is one more");
                column.typed::<$kind>().write_batch(&values, None, None).expect("room");
                column.close().expect("room");
            };
        }
        column!(ByteArrayType, |number| text(row(number).0.to_string()));
        column!(ByteArrayType, |number| text(row(number).1.to_owned()));
        column!(Int64Type, |number| row(number).2);
        column!(DoubleType, |number| row(number).3);
        column!(ByteArrayType, |_| text("EUR".to_owned()));
        column!(ByteArrayType, |number| text(format!("SKU-{}", number % 1_000)));
        column!(Int64Type, |number| (number % 5 + 1) as i64);
        group.close().expect("room");
    }
    writer.close().expect("room");
}

/// The bytes of a file appended to another.
fn append(file: &Path) -> Duration {
    let bytes = std::fs::read(file).expect("just written");
    let copy: PathBuf = file.with_extension("copy");
    let mut out = File::create(&copy).expect("a file");
    let begin = Instant::now();
    for part in bytes.chunks(2 << 20) {
        out.write_all(part).expect("room");
        out.sync_data().expect("the disk syncs");
    }
    let took = begin.elapsed();
    std::fs::remove_file(copy).expect("ours");
    took
}
