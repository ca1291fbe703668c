//! Tables: what a file in some dialect, with some mapping, becomes.

use super::{REFUSED, beside, import, import_into, said};
use crate::house::House;
use std::io::Write;
use std::path::Path;

/// The events that a dry run prints, without what differs in no case here.
fn events(file: &Path, arguments: &[&str], code: i32) -> (Vec<String>, String) {
    let dry = [&["--dry-run"], arguments].concat();
    let (stdout, stderr) = said(&import(&dry, file).output().unwrap(), code);
    let events = stdout.lines().filter(|line| line.starts_with('{')).map(str::to_owned);
    (events.collect(), stderr)
}

#[test]
fn a_file_in_any_dialect_reads_as_what_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    let ada = r#"{"type":"identify","userId":"1","traits":{"first_name":"Ada","note":"a, \"b\""}}"#;
    let rows = |events: &[&str]| events.iter().map(|event| (*event).to_owned()).collect::<Vec<_>>();
    let gz = |text: &[u8]| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text).unwrap();
        gz.finish().unwrap()
    };
    let caffe = r#"{"type":"identify","userId":"1","traits":{"first_name":"Caffè €"}}"#;
    for (name, content, arguments, expected) in [
        ("commas.csv", &b"user_id,Nome,note\n1,Ada,\"a, \"\"b\"\"\"\n"[..], &[][..], ada),
        ("semicolons.csv", b"user_id;Nome;note\n1;Ada;\"a, \"\"b\"\"\"\n", &[], ada),
        ("tabs.tsv", b"user_id\tNome\tnote\n1\tAda\t\"a, \"\"b\"\"\"\n", &[], ada),
        ("told.csv", b"user_id#Nome#note\n1#Ada#\"a, \"\"b\"\"\"\n", &["--delimiter", "#"], ada),
        ("mark-and-crlf.csv", b"\xef\xbb\xbfuser_id,Nome,note\r\n1,Ada,\"a, \"\"b\"\"\"\r\n", &[], ada),
        ("no-end.csv", b"user_id,Nome,note\n1,Ada,\"a, \"\"b\"\"\"", &[], ada),
        ("empty-lines.csv", b"\nuser_id,Nome,note\n\n1,Ada,\"a, \"\"b\"\"\"\n\n", &[], ada),
        ("spaces.csv", b" user_id , Nome , note \n 1 , Ada ,\"a, \"\"b\"\"\"\n", &[], ada),
        ("utf-8.csv", "user_id,Nome\n1,Caffè €\n".as_bytes(), &[], caffe),
        ("windows.csv", b"user_id,Nome\n1,Caff\xe8 \x80\n", &[], caffe),
        ("packed.csv.gz", &gz(b"user_id,Nome,note\n1,Ada,\"a, \"\"b\"\"\"\n"), &[], ada),
        (
            "lines.csv",
            b"user_id,note\n1,\"two\nlines\"\n",
            &[],
            r#"{"type":"identify","userId":"1","traits":{"note":"two\nlines"}}"#,
        ),
    ] {
        let file = dir.path().join(name);
        std::fs::write(&file, content).unwrap();
        let (events, stderr) = events(&file, arguments, 0);
        assert_eq!(events, rows(&[expected]), "{name}: {stderr}");
        let told = stderr.contains("1 rows are not in UTF-8 and were read as Windows-1252");
        assert_eq!(told, name == "windows.csv", "{stderr}");
    }
}

#[test]
fn a_mapping_says_what_columns_mean() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ordini.csv");
    let table = "Kunde;Datum;Betrag;Artikel;Neu;Newsletter;Stadt\n\
                 7;05.01.2026 10:00;1.234,50;a|b;ja;yes;Wien\n";
    std::fs::write(&file, table.replace("ja", "yes")).unwrap();
    let mapping = dir.path().join("mapping.yaml");
    let yaml = "type: track\nevent: Order Completed\ntime_format: '%d.%m.%Y %H:%M'\ntime_zone: Europe/Vienna\n\
                decimal: comma\ncolumns:\n  Kunde: user_id\n  Datum: time\n  Betrag: property total as number\n  \
                Artikel: property items as list\n  Neu: property is.new as truth\n  Newsletter: consent news.email\n";
    std::fs::write(&mapping, yaml).unwrap();
    let expected = r#"{"type":"track","event":"Order Completed","userId":"7","timestamp":"2026-01-05T09:00:00.000Z","properties":{"total":1234.50,"items":["a","b"],"is":{"new":true},"Stadt":"Wien"},"context":{"consent":{"categoryPreferences":{"news.email":true}}}}"#;
    let mapping = mapping.to_str().unwrap();
    let (in_yaml, shown) = events(&file, &["--mapping", mapping], 0);
    assert_eq!(in_yaml, [expected]);

    // What is shown is a mapping file that says the same.
    let shown_file = dir.path().join("shown.yaml");
    let shown: String = shown.lines().map(|line| format!("{line}\n")).collect();
    std::fs::write(&shown_file, &shown).unwrap();
    assert!(shown.contains("  Stadt: property Stadt as text  # guessed\n"), "{shown}");
    assert_eq!(events(&file, &["--mapping", shown_file.to_str().unwrap()], 0).0, [expected], "{shown}");

    // Flags say it as well, and win over the file.
    let flags = [
        &["--mapping", mapping, "--event", "Sold", "--others", "skip", "--map", "Neu=skip"][..],
        &["--map", "Newsletter=skip", "--map", "Artikel=trait items", "--map", "Datum=skip"],
    ];
    let (in_flags, _) = events(&file, &flags.concat(), 0);
    let expected = r#"{"type":"track","event":"Sold","userId":"7","properties":{"total":1234.50},"context":{"traits":{"items":"a|b"}}}"#;
    assert_eq!(in_flags, [expected]);
}

#[test]
fn bad_rows_are_listed_with_their_reasons_and_stop_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("orders.csv");
    let table = "user_id,date,total,paid,extra\n\
                 1,2026-01-05,10.5,yes,{}\n\
                 2,2026-01-05,ten,yes,{}\n\
                 3,soon,10,yes,{}\n\
                 4,2999-01-01,10,yes,{}\n\
                 5,2026-01-05,10,maybe,{}\n\
                 6,2026-01-05,10,yes,{\n\
                 7,2026-01-05\n\
                 8,2026-01-05,10,yes,{},too,many\n\
                 ,2026-01-05,10,yes,{}\n\
                 \"x\ny\",2026-01-05,10,yes,{},,\n\
                 11,2026-01-05,n/a,,NULL\n\
                 12,1970-01-01,10,yes,{}\n";
    std::fs::write(&file, table).unwrap();
    let map =
        ["total=property total as number", "paid=property paid as truth", "extra=property extra as json"];
    let mut arguments = vec!["--event", "Order Completed", "--time-format", "iso"];
    map.iter().for_each(|said| arguments.extend(["--map", said]));
    let dry = [&["--dry-run"], arguments.as_slice()].concat();
    said(&import(&dry, &file).output().unwrap(), REFUSED);
    assert!(!dir.path().join("orders.csv.refused").exists(), "a dry run leaves nothing");
    let folder = dir.path().to_str().unwrap();
    let dry = [&["--dry-run", "--refused", folder], arguments.as_slice()].concat();
    let (stdout, stderr) = said(&import(&dry, &file).output().unwrap(), REFUSED);
    assert!(stdout.contains("3 events taken, 0 known already, 9 refused"), "{stdout}");
    assert!(
        stdout.contains("2  wrong_width, first on line 8: 2 cells, where the first line names 5"),
        "{stdout}"
    );
    assert!(stderr.contains("orders.csv:3: not_a_number: total: not a number such as 1234.50"), "{stderr}");
    let list = std::fs::read_to_string(dir.path().join("orders.csv.refused")).unwrap();
    let mut list = csv::Reader::from_reader(list.as_bytes());
    let list: Vec<[String; 4]> = list
        .records()
        .map(Result::unwrap)
        .map(|row| [0, 1, 2, 4].map(|field| row[field].to_owned()))
        .collect();
    let expected = [
        ["3", "total", "not_a_number", "ten"],
        ["4", "date", "not_a_time", "soon"],
        ["5", "date", "in_the_future", "2999-01-01"],
        ["6", "paid", "not_a_truth", "maybe"],
        ["7", "extra", "not_json", "{"],
        ["8", "", "wrong_width", "7,2026-01-05"],
        ["9", "", "wrong_width", "8,2026-01-05,10,yes,{},too,many"],
    ];
    assert_eq!(list[..7], expected.map(|row| row.map(str::to_owned)));
    assert_eq!(list[7][..3], ["10", "userId", "missing_identifier"].map(str::to_owned));
    assert_eq!(list[8], ["14", "date", "too_long_ago", "1970-01-01"].map(str::to_owned));
}

#[tokio::test]
async fn people_and_their_orders_come_in_once_however_they_are_written() {
    let house = House::start().await;
    let data = house.dir.path().to_owned();
    let customers = data.join("customers.csv");
    std::fs::write(&customers, "id,email,Nome,points\n1,ada@example.com,Ada,5\n2,bob@example.com,Bob,\n")
        .unwrap();
    let orders = data.join("orders.csv");
    let table = "customer_id,date,total\n1,2026-01-05 10:00,10.5\n1,2026-01-05 10:00,10.5\n2,2026-01-06,7\n";
    std::fs::write(&orders, table).unwrap();
    let into = async |arguments: &[&str], file: &Path| {
        let mut command = import(arguments, file);
        command.arg("--data").arg(&data);
        said(&beside(command).await, 0).0
    };
    let event = ["--event", "Order Completed"];
    assert!(into(&[], &customers).await.starts_with("2 events taken"));
    assert!(into(&event, &orders).await.starts_with("3 events taken"));
    assert!(into(&event, &orders).await.starts_with("0 events taken"), "the note says that nothing is left");
    let profile = house.get("/api/v1/profiles/user_id:1").await;
    assert_eq!(profile["traits"]["points"], 5, "{profile}");
    assert_eq!(profile["traits"]["first_name"], "Ada", "{profile}");
    let timeline = house.get("/api/v1/profiles/email:ada@example.com/timeline").await;
    let orders_of_ada = timeline["events"].as_array().unwrap().iter();
    let orders_of_ada = orders_of_ada.filter(|event| event["name"] == "Order Completed").count();
    assert_eq!(orders_of_ada, 2, "equal rows are two events: {timeline}");
    house.server.stop().await;

    // Another file with the same rows in other types, and one more: the rows are what they were.
    std::fs::remove_file(data.join("imports.json")).unwrap();
    std::fs::write(&orders, format!("{table}2,2026-01-07,8\n")).unwrap();
    let text = [&event[..], &["--map", "total=property total as text"]].concat();
    let (stdout, _) = said(&import_into(&data, &text, &orders), 0);
    assert!(stdout.starts_with("1 events taken, 3 known already"), "{stdout}");
    // With another meaning they are other events.
    let (stdout, _) = said(&import_into(&data, &["--event", "Seen"], &orders), 0);
    assert!(stdout.starts_with("4 events taken, 0 known already"), "{stdout}");
}

#[test]
fn who_came_to_a_webinar_is_a_table_and_a_mapping() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("attended.csv");
    std::fs::write(
        &file,
        "Email,Joined,Minutes,Webinar\nada@example.com,2026-11-10T18:40:00+01:00,55,tasting\n",
    )
    .unwrap();
    let mapping = dir.path().join("attended.yaml");
    let yaml = "type: track\nevent: Webinar Attended\ncolumns:\n  Email: email\n  Joined: time\n  \
                Minutes: property minutes as number\n  Webinar: property webinar\n";
    std::fs::write(&mapping, yaml).unwrap();
    let (events, _) = events(&file, &["--mapping", mapping.to_str().unwrap()], 0);
    let expected = r#"{"type":"track","event":"Webinar Attended","context":{"traits":{"email":"ada@example.com"}},"timestamp":"2026-11-10T17:40:00.000Z","properties":{"minutes":55,"webinar":"tasting"}}"#;
    assert_eq!(events, [expected]);
}
