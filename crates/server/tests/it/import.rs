//! `trama import`, as a program: each row once, however often and wherever it is run.

mod killed;
mod parquet;
mod tables;

use crate::house::House;
use std::path::Path;
use std::process::{Command, Output};

const LINES: &str = r#"{"type":"identify","userId":"ada","traits":{"email":"ada@example.com"}}
{"type":"track","userId":"ada","event":"Order Completed","timestamp":"2026-01-05T10:00:00Z"}
{"type":"track","userId":"ada","event":"Order Completed","timestamp":"2026-01-05T10:00:00Z"}
{"type":"track","userId":"ada"}
this is no JSON

{"type":"track","userId":"bob","event":"Seen","messageId":"m1"}
{"type":"track","userId":"bob","event":"Two"},{"type":"track","userId":"bob","event":"On one line"}
"#;

/// How the program ends when rows were refused.
const REFUSED: i32 = 3;

/// `trama import FILE…`.
fn import(arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.arg("import").arg(file).args(arguments).env_remove("TRAMA_WRITE_KEY").env_remove("TRAMA_DATA");
    command
}

fn import_into(data: &Path, arguments: &[&str], file: &Path) -> Output {
    import(arguments, file).arg("--data").arg(data).output().unwrap()
}

/// What a run printed and complained of, if it ended with `code`.
fn said(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Runs a command while the server of this test goes on.
async fn beside(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_file_is_imported_once_into_a_stopped_and_into_a_running_server() {
    for running in [false, true] {
        let mut house = House::start().await;
        let file = house.dir.path().join("history.jsonl");
        std::fs::write(&file, LINES).unwrap();
        let data = house.dir.path().to_owned();
        let imported = async |house: House, file: &Path, code: i32| {
            if running {
                let mut command = import(&[], file);
                command.arg("--data").arg(&data);
                return (house, said(&beside(command).await, code));
            }
            house.server.stop().await;
            let output = said(&import_into(&data, &[], file), code);
            (House::start_in(house.dir, "").await, output)
        };

        let output;
        (house, output) = imported(house, &file, REFUSED).await;
        assert!(output.0.starts_with("4 events taken, 0 known already, 3 refused"), "{output:?}");
        assert!(output.0.contains("2  invalid_json, first on line 5: "), "{output:?}");
        let name = file.display();
        assert!(output.1.contains(&format!("{name}:4: missing_event: event: ")), "{output:?}");
        assert!(output.1.contains(&format!("{name}:5: invalid_json: ")), "{output:?}");
        let list = std::fs::read_to_string(data.join("history.jsonl.refused")).unwrap();
        let list: Vec<&str> = list.lines().collect();
        assert_eq!(list[0], "line,field,reason,message,value");
        assert!(list[1].starts_with("4,event,missing_event,") && list[1].ends_with("}\""), "{list:?}");
        assert!(list[2].starts_with("5,,invalid_json,") && list[2].ends_with(",this is no JSON"), "{list:?}");
        assert!(list[3].starts_with("8,,invalid_json,"), "{list:?}");
        let status = house.get("/api/v1/status").await;
        assert_eq!((&status["counts"]["events"], &status["counts"]["rejects"]), (&4.into(), &3.into()));
        let timeline = house.get("/api/v1/profiles/user_id:ada/timeline").await;
        assert_eq!(timeline["events"].as_array().unwrap().len(), 2, "equal lines are two events: {timeline}");
        assert_eq!(timeline["events"][0]["occurred_at"], "2026-01-05T10:00:00.000Z");

        let again;
        (house, again) = imported(house, &file, REFUSED).await;
        assert!(
            again.0.starts_with("0 events taken, 0 known already, 0 refused"),
            "nothing is left: {again:?}"
        );
        assert!(again.0.contains("3 rows were refused by an earlier run"), "{again:?}");

        // A mended row counts, the rows around it do not count again, and no note is needed for that.
        for (number, without_notes) in [(1, false), (2, true)] {
            let mended = format!("{{\"type\":\"track\",\"userId\":\"bob\",\"event\":\"Mended {number}\"}}");
            std::fs::write(&file, LINES.replace("this is no JSON", &mended)).unwrap();
            if without_notes {
                std::fs::remove_file(data.join("imports.json")).unwrap();
            }
            let output;
            (house, output) = imported(house, &file, REFUSED).await;
            let taken = if running { "5 events taken" } else { "1 events taken, 4 known already" };
            assert!(output.0.starts_with(taken), "the ids tell: {output:?}");
            assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 4 + number);
        }
        house.server.stop().await;
    }
}

#[test]
fn what_cannot_be_imported_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        std::fs::write(dir.path().join(name), content).unwrap();
        dir.path().join(name)
    };
    for (file, arguments, code, expected) in [
        (
            write("history.xlsx", b"PK"),
            &["--dry-run"][..],
            1,
            "history.xlsx is no .jsonl, .csv, .tsv or .parquet file",
        ),
        (dir.path().join("missing.jsonl"), &["--dry-run"], 1, "cannot open"),
        (write("a.jsonl", b""), &["--data", "nowhere"], 1, "there is no installation in nowhere"),
        (write("a.parquet", b"PAR1"), &["--dry-run"], 1, "it is not a Parquet file that can be read"),
        (write("empty.csv", b""), &["--dry-run"], 1, "it is empty"),
        (write("wide.csv", &[0xff, 0xfe, b'a', 0]), &["--dry-run"], 1, "it is in UTF-16; save it as UTF-8"),
        (write("a.csv", b"a,b\n1,2\n"), &["--dry-run"], 1, "no column says whose a row is"),
        (
            write("b.csv", b"email\na@b.example\n"),
            &["--dry-run", "--map", "emial=email"],
            1,
            "did you mean \"email\"?",
        ),
        (
            write("c.csv", b"email\na@b.example\n"),
            &["--dry-run", "--map", "email=mail"],
            2,
            "did you mean `email`?",
        ),
        (
            write("d.csv", b"email\na@b.example\n"),
            &["--dry-run", "--time-zone", "Rome"],
            2,
            "named as Europe/Rome",
        ),
        (write("e.csv", b"email\na@b.example\n"), &[], 2, "--data <DIR>"),
    ] {
        let output = import(arguments, &file).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(expected), "{}: {stderr}", file.display());
        assert_eq!(output.status.code(), Some(code), "{stderr}");
    }
}
