//! `trama import`, as a program: each line once, however often and wherever it is run.

use crate::house::House;
use std::path::Path;
use std::process::{Command, Output};

const LINES: &str = r#"{"type":"identify","userId":"ada","traits":{"email":"ada@example.com"}}
{"type":"track","userId":"ada","event":"Order Completed","timestamp":"2026-01-05T10:00:00Z"}
{"type":"track","userId":"ada","event":"Order Completed","timestamp":"2026-01-05T10:00:00Z"}
{"type":"track","userId":"ada"}
this is no JSON

{"type":"track","userId":"bob","event":"Seen","messageId":"m1"}
"#;

fn import(file: &Path, data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trama"))
        .arg("import")
        .arg(file)
        .arg("--data")
        .arg(data)
        .env_remove("TRAMA_WRITE_KEY")
        .output()
        .unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_file_is_imported_once_into_a_stopped_and_into_a_running_server() {
    for running in [false, true] {
        let mut house = House::start().await;
        let file = house.dir.path().join("history.jsonl");
        std::fs::write(&file, LINES).unwrap();
        let data = house.dir.path().to_owned();
        let imported = async |house: House, file: &Path| {
            if running {
                let (file, data) = (file.to_owned(), data.clone());
                let output = tokio::task::spawn_blocking(move || import(&file, &data)).await.unwrap();
                return (house, said(&output));
            }
            house.server.stop().await;
            let output = said(&import(file, &data));
            (House::start_in(house.dir, "").await, output)
        };

        let output;
        (house, output) = imported(house, &file).await;
        assert!(output.0.starts_with("4 events taken, 0 known already, 2 refused"), "{output:?}");
        let name = file.display();
        assert!(output.1.contains(&format!("{name}:4: missing_event: ")), "{output:?}");
        assert!(output.1.contains(&format!("{name}:5: invalid_json: ")), "{output:?}");
        let status = house.get("/api/v1/status").await;
        assert_eq!((&status["counts"]["events"], &status["counts"]["rejects"]), (&4.into(), &2.into()));
        let timeline = house.get("/api/v1/profiles/user_id:ada/timeline").await;
        assert_eq!(timeline["events"].as_array().unwrap().len(), 2, "equal lines are two events: {timeline}");
        assert_eq!(timeline["events"][0]["occurred_at"], "2026-01-05T10:00:00.000Z");

        let again;
        (house, again) = imported(house, &file).await;
        assert!(again.0.starts_with("0 events taken"), "the note says that nothing is left: {again:?}");

        let grown = format!("{LINES}{{\"type\":\"track\",\"userId\":\"bob\",\"event\":\"Seen\"}}\n");
        std::fs::write(&file, grown).unwrap();
        std::fs::remove_file(data.join("imports.json")).unwrap();
        let without;
        (house, without) = imported(house, &file).await;
        let taken = if running { "5 events taken" } else { "1 events taken, 4 known already" };
        assert!(without.0.starts_with(taken), "without a note the ids tell: {without:?}");
        assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 5);
        house.server.stop().await;
    }
}

#[test]
fn what_cannot_be_imported_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("history.csv");
    std::fs::write(&file, "a,b\n").unwrap();
    for (file, said) in [
        (file, "history.csv is not a .jsonl file"),
        (dir.path().join("missing.jsonl"), "there is no installation in"),
    ] {
        let output = import(&file, &dir.path().join("data"));
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
    }
}
