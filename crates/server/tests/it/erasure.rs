//! Erasing a person, on a running server and on the directory of one that is stopped: nobody reads them anywhere any more.

mod killed;

use crate::house::{House, Shop, answer, link};
use engine::at::At;
use engine::identifier::IdentifierKind;
use engine::record::{ProfileErased, Record};
use eventlog::frame::push_record;
use eventlog::log::Log;
use eventlog::recovery::recover;
use eventlog::sequencer::stage;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::{SqliteLog, SqliteReader};
use serde_json::{Value, json};
use server::clock;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const EMAIL: &str = "ada@example.com";

fn trama(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN").output().unwrap()
}

/// The files of a directory that have an address, as their bytes are or inside of what is compressed.
fn found(data: &Path, address: &str) -> Vec<String> {
    let names = |bytes: &[u8]| bytes.windows(address.len()).any(|window| window == address.as_bytes());
    let mut found = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if names(&std::fs::read(&path).unwrap()) {
                found.push(path.display().to_string());
            }
        }
    }
    let batches = SqliteReader::open(data).unwrap().read(engine::Seq(1)).unwrap();
    found.extend(
        batches.map(Result::unwrap).filter(|batch| names(&batch.body)).map(|one| one.first.to_string()),
    );
    let snapshots = Snapshots::open(data).unwrap();
    // What no snapshot refers to any more as well.
    let files = snapshots.contents().unwrap().filter(|(_, content)| names(content.as_ref().unwrap()));
    found.extend(files.map(|(name, _)| name));
    found
}

async fn bob_orders(house: &House) {
    house
        .track(json!([
            {"type": "identify", "userId": "bob", "traits": {"email": "bob@example.com"}},
            {"type": "track", "userId": "bob", "event": "Order Completed", "properties": {"total": 7}}
        ]))
        .await;
}

async fn no_list_tells(house: &House) {
    for list in ["activity", "audit", "rejects", "merges", "suppressions", "sends", "profiles"] {
        let text = house.get(&format!("/api/v1/{list}")).await.to_string();
        assert!(!text.contains(EMAIL), "{list}: {text}");
    }
}

/// Who suppressed her address stays known, and whose address it was does not.
fn her_suppression_is_nobodys(data: &std::path::Path) {
    let acts: Value =
        serde_json::from_slice(&trama(&["audit", "--json", "--act", "suppression"], data).stdout).unwrap();
    let act = &acts["acts"][0];
    assert_eq!(
        (&act["act"], &act["operator"]),
        (&json!("suppression.make"), &json!("first admin")),
        "{acts}"
    );
    assert_eq!((&act["erased"], &act["people"], &act["after"]), (&json!(true), &json!([]), &Value::Null));
}

#[tokio::test]
async fn whoever_is_erased_is_nowhere_and_everybody_else_is_as_before() {
    let shop = Shop::open().await;
    let house = &shop.house;
    house
        .track(json!([{"type": "track", "anonymousId": "phone", "event": "Seen", "properties": {"with": EMAIL}}]))
        .await;
    let mail = shop.ada_orders().await;
    house
        .track(json!([
            {"type": "identify", "userId": "ada", "anonymousId": "phone", "traits": {"address": EMAIL}},
            {"type": "track", "userId": "ada", "traits": {"email": EMAIL}}
        ]))
        .await;
    bob_orders(house).await;
    let preview = r#"/api/v1/segments/preview?expression=did%20%22Order%20Completed%22%20(total%20%3E%205)"#;
    assert_eq!(house.get(preview).await["count"], 2);
    let suppression = json!({"address": format!("email:{EMAIL}"), "reason": "Ada asked"});
    assert_eq!(house.ask("POST", "/api/v1/suppressions", Some(suppression)).await.status, 200);
    let bob = house.get("/api/v1/profiles/user_id:bob").await;
    let timeline = house.get("/api/v1/profiles/user_id:bob/timeline").await;
    assert!(!found(house.dir.path(), EMAIL).is_empty(), "a look that finds nothing proves nothing");

    // A state that some start could not use.
    let aside = house.dir.path().join("state/snapshot-00000000000000000001.trama.aside");
    std::fs::write(aside, EMAIL).unwrap();
    let path = "/api/v1/profiles/anonymous_id:phone";
    let erased = house.ask("DELETE", path, None).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let erased = erased.json();
    assert_eq!(
        (&erased["merged"], &erased["identifiers"], &erased["sends"]),
        (&json!(1), &json!(3), &json!(1))
    );
    assert_eq!(erased["disk"], "done", "{erased}");
    assert_eq!(found(house.dir.path(), EMAIL), [""; 0]);

    for address in ["anonymous_id:phone", "user_id:ada", "email:ada@example.com"] {
        for path in ["", "/timeline"] {
            let path = format!("/api/v1/profiles/{address}{path}");
            assert_eq!(house.ask("GET", &path, None).await.status, 404, "{path}");
        }
        let path = format!("/api/v1/profiles/{address}");
        assert_eq!(house.ask("DELETE", &path, None).await.status, 404, "{path} once more");
    }
    assert_eq!(house.get("/api/v1/profiles/user_id:bob").await, bob);
    assert_eq!(house.get("/api/v1/profiles/user_id:bob/timeline").await, timeline);
    assert_eq!(house.get(preview).await["count"], 1);
    assert_eq!(house.get("/api/v1/segments/buyers").await["count"], 1);
    let status = house.get("/api/v1/status").await;
    assert_eq!((&status["counts"]["erased"], &status["counts"]["profiles"]), (&json!(1), &json!(1)));
    assert!(status["erasures"].is_null());
    let sends = house.get("/api/v1/sends").await;
    let send = sends["sends"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&send["message"], &send["status"]), (&json!("thanks"), &json!("accepted")));
    assert_eq!((&send["address"], &send["profile"], &send["reply"]), (&json!(""), &Value::Null, &json!("")));
    no_list_tells(house).await;
    // What she may still do with the message that she has.
    for (kind, status) in [("unsubscribe", 404), ("preferences", 410)] {
        let page = answer(house.bare("GET", &link(&mail, kind))).await;
        assert_eq!((page.status, page.text.contains(EMAIL)), (status, false), "{page:?}");
    }
    assert_eq!(answer(house.bare("GET", &link(&mail, "c"))).await.status, 302, "a link still leads on");

    let shop_house = shop.house.restart().await;
    assert_eq!(shop_house.ask("GET", path, None).await.status, 404);
    assert_eq!(shop_house.get("/api/v1/profiles/user_id:bob").await["traits"], bob["traits"]);
    // Somebody imports her again.
    let again = json!([
        {"type": "identify", "userId": "ada", "traits": {"email": EMAIL},
         "context": {"consent": {"categoryPreferences": {"offers": true}}}},
        {"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}}
    ]);
    shop_house.track(again).await;
    let sends = shop_house.get("/api/v1/sends?profile=user_id:ada").await;
    assert_eq!(sends["sends"].as_array().unwrap().len(), 1);
    assert_eq!(sends["sends"][0]["reason"], "suppressed");
    let data = shop_house.dir.path().to_owned();
    shop_house.server.stop().await;
    for command in [&["log", "verify"][..], &["log", "export"], &["log", "tail", "--no-follow"]] {
        let output = trama(command, &data);
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let exported = trama(&["log", "export"], &data).stdout;
    let exported = String::from_utf8(exported).unwrap();
    let erased = exported.matches("\"kind\":\"erased\"").count();
    assert!(erased >= 6, "{erased} records are erased");
    her_suppression_is_nobodys(&data);
}

#[tokio::test]
async fn a_stopped_directory_forgets_as_well_and_nobody_is_erased_unasked() {
    let house = House::start().await;
    house.track(json!([{"type": "identify", "userId": "ada", "traits": {"email": EMAIL}}])).await;
    bob_orders(&house).await;
    let (dir, data) = (house.dir, house.server);
    data.stop().await;
    let data = dir.path();
    let address = format!("email:{EMAIL}");
    let unasked = trama(&["erase", &address], data);
    assert!(!unasked.status.success());
    assert!(String::from_utf8_lossy(&unasked.stderr).contains("--yes"), "{unasked:?}");
    let nobody = trama(&["erase", "email:eve@example.com", "--yes"], data);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody is known as email:eve@example.com"));
    assert!(!found(data, EMAIL).is_empty());
    let erased = trama(&["erase", &address, "--yes", "--json"], data);
    assert!(erased.status.success(), "{}", String::from_utf8_lossy(&erased.stderr));
    let erased: Value = serde_json::from_slice(&erased.stdout).unwrap();
    assert_eq!((&erased["disk"], &erased["identifiers"]), (&json!("done"), &json!(2)));
    assert_eq!(found(data, EMAIL), [""; 0]);
    let house = House::start_in(dir, "").await;
    assert_eq!(house.ask("GET", "/api/v1/profiles/user_id:ada", None).await.status, 404);
    assert_eq!(house.ask("GET", "/api/v1/profiles/user_id:bob", None).await.status, 200);
    // Through the server that runs now.
    let data = house.dir.path().to_owned();
    let beside = tokio::task::spawn_blocking(move || trama(&["erase", "user_id:bob", "--yes"], &data));
    let told = beside.await.unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(text.starts_with("user_id:bob is erased: 2 identifiers, 1 events"), "{told:?}");
    assert_eq!(house.ask("GET", "/api/v1/profiles/user_id:bob", None).await.status, 404);
    house.server.stop().await;
}

#[tokio::test]
async fn what_a_process_left_undone_the_next_one_ends() {
    let house = House::start().await;
    house.track(json!([{"type": "identify", "userId": "ada", "traits": {"email": EMAIL}}])).await;
    let dir = house.dir;
    house.server.stop().await;
    {
        let mut log = SqliteLog::open(dir.path()).unwrap();
        let mut snapshots = Snapshots::open(dir.path()).unwrap();
        let installed = engine::record::Installed {
            installation: 0,
            hash_key: engine::identifier::HashKey::default(),
            seed: 0,
            link_key: [0; 32],
        };
        let mut engine = recover(&mut log, &mut snapshots, &installed, At(0)).unwrap().engine;
        let profile = engine.find(IdentifierKind::UserId, "ada").unwrap();
        let (mut bytes, mut body) = (Vec::new(), Vec::new());
        let erased = ProfileErased { profile, erased_at: clock::now(), operator: "eve" };
        Record::ProfileErased(erased).encode(&mut bytes);
        push_record(&mut body, &bytes);
        log.append(&stage(&mut engine, clock::now(), &[&body]).batches).unwrap();
    }
    assert!(!found(dir.path(), EMAIL).is_empty());
    let house = House::start_in(dir, "").await;
    let begun = std::time::Instant::now();
    while !house.get("/api/v1/status").await["erasures"].is_null() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never redacted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.durable().await;
    assert_eq!(found(house.dir.path(), EMAIL), [""; 0]);
    house.server.stop().await;
}
