//! An import that is killed in the middle, and run again.

use super::{REFUSED, import, said};
use crate::house::House;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Each row takes some 8 KB, so that a note is made every 2,000 rows.
const ROWS: usize = 6_000;
/// Every so many rows, one is refused.
const BAD_EVERY: usize = 100;

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_stopped() {
    let house = House::start().await;
    let data = house.dir.path().to_owned();
    house.server.stop().await;
    let file = data.join("orders.csv");
    let padding = "x".repeat(8_000);
    let mut table = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    writeln!(table, "user_id,total,note").unwrap();
    for row in 0..ROWS {
        let total = if row % BAD_EVERY == 7 { "none at all".to_owned() } else { (row % 3).to_string() };
        writeln!(table, "{},{total},{padding}", row % 50 + 1).unwrap();
    }
    drop(table);
    let arguments = ["--event", "Order Completed", "--map", "total=property total as number"];
    let start = || {
        let mut command = import(&arguments, &file);
        command.arg("--data").arg(&data).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    };

    let mut killed = start().spawn().unwrap();
    let noted = || -> u64 {
        let notes: Value =
            serde_json::from_slice(&std::fs::read(data.join("imports.json")).unwrap_or_default())
                .unwrap_or_default();
        let note = notes.as_object().and_then(|notes| notes.values().next().cloned()).unwrap_or_default();
        note["rows"].as_u64().unwrap_or(0)
    };
    let begun = Instant::now();
    while noted() == 0 {
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it could be killed");
        assert!(begun.elapsed() < Duration::from_secs(120), "no note is made");
        std::thread::sleep(Duration::from_millis(2));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let reached = noted();
    assert!(reached > 0 && reached < ROWS as u64, "{reached} rows are noted");

    let (stdout, _) = said(&start().output().unwrap(), REFUSED);
    let taken: u64 = stdout.split(' ').next().unwrap().parse().unwrap();
    assert!(taken < ROWS as u64 - reached, "it begins anew: {stdout}");
    let list = std::fs::read_to_string(data.join("orders.csv.refused")).unwrap();
    let lines: Vec<usize> =
        list.lines().skip(1).map(|row| row.split(',').next().unwrap().parse().unwrap()).collect();
    let expected: Vec<usize> = (0..ROWS).filter(|row| row % BAD_EVERY == 7).map(|row| row + 2).collect();
    assert_eq!(lines, expected, "each refused row is listed once");

    // Every good row is in the log, and none of them twice.
    let log = eventlog::sqlite::SqliteReader::open(&data).unwrap();
    let (mut ids, mut events) = (BTreeSet::new(), 0);
    for batch in log.read(engine::Seq(1)).unwrap() {
        for record in batch.unwrap().records() {
            if let engine::record::Record::Event(event) =
                engine::record::Record::decode(record.unwrap()).unwrap()
            {
                ids.insert(event.message_id_text.to_owned());
                events += 1;
            }
        }
    }
    assert_eq!((ids.len(), events), (ROWS - ROWS / BAD_EVERY, ROWS - ROWS / BAD_EVERY));
}
