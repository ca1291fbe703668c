//! `trama backup` and `trama restore`: everything that was acknowledged before comes back, and nothing that is damaged
//! does.

use crate::house::House;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn trama(arguments: &[&std::ffi::OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trama")).args(arguments).env_remove("TRAMA_DATA").output().unwrap()
}

fn backup(data: &Path, to: &Path) -> Output {
    trama(&["backup".as_ref(), "--data".as_ref(), data.as_os_str(), "--to".as_ref(), to.as_os_str()])
}

fn restore(file: &Path, data: &Path) -> Output {
    trama(&["restore".as_ref(), file.as_os_str(), "--data".as_ref(), data.as_os_str()])
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Message ids in the log of a directory.
fn events(data: &Path) -> BTreeSet<String> {
    let log = eventlog::sqlite::SqliteReader::open(data).unwrap();
    let mut ids = BTreeSet::new();
    for batch in log.read(engine::Seq(1)).unwrap() {
        for record in batch.unwrap().records() {
            if let engine::record::Record::Event(event) =
                engine::record::Record::decode(record.unwrap()).unwrap()
            {
                ids.insert(event.message_id_text.to_owned());
            }
        }
    }
    ids
}

/// Names below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_server_has_all_that_was_acknowledged_before() {
    let house = Arc::new(House::start().await);
    let folder = tempfile::tempdir().unwrap();
    let data = house.dir.path().to_owned();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let pouring = tokio::spawn({
        let (house, stop, acknowledged) = (Arc::clone(&house), Arc::clone(&stop), Arc::clone(&acknowledged));
        async move {
            let mut number = 0;
            while !stop.load(Ordering::Acquire) {
                let event = json!({"type": "track", "userId": "ada", "event": "Seen", "messageId": number.to_string()});
                house.track(json!([event])).await;
                number += 1;
                acknowledged.store(number, Ordering::Release);
            }
        }
    });
    let mut before = Vec::new();
    for number in 0..3 {
        while acknowledged.load(Ordering::Acquire) < (number + 1) * 5 {
            tokio::task::yield_now().await;
        }
        before.push(acknowledged.load(Ordering::Acquire));
        let (data, file) = (data.clone(), folder.path().join(format!("{number}.tar.zst")));
        let shown = tokio::task::spawn_blocking(move || said(&backup(&data, &file))).await.unwrap();
        assert!(shown.contains("records up to seq "), "{shown}");
    }
    stop.store(true, Ordering::Release);
    pouring.await.unwrap();
    let House { server, dir, .. } = Arc::into_inner(house).unwrap();
    server.stop().await;
    let all = events(dir.path());

    for (number, before) in before.into_iter().enumerate() {
        let file = folder.path().join(format!("{number}.tar.zst"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "it holds keys");
        let restored = tempfile::tempdir().unwrap();
        let shown = said(&restore(&file, restored.path()));
        assert!(shown.contains("the log is whole and the engine comes back from it"), "{shown}");
        let ids = events(restored.path());
        assert!(
            (0..before).all(|number| ids.contains(&number.to_string())),
            "{before} were acknowledged: {ids:?}"
        );
        assert!(ids.is_subset(&all));
        let keys = restored.path().join("keys.json");
        assert_eq!(fs::read(&keys).unwrap(), fs::read(dir.path().join("keys.json")).unwrap());
        assert_eq!(keys.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // It is an installation, with the same people in it.
        let house = House::start_in(restored, "").await;
        assert_eq!(house.get("/api/v1/status").await["counts"]["events"], ids.len());
        house.server.stop().await;
    }
    assert_eq!(names(folder.path()), ["0.tar.zst", "1.tar.zst", "2.tar.zst"], "nothing else is left");
}

/// A stopped installation with some history, and a backup of it.
async fn packed(folder: &Path) -> (House, PathBuf) {
    let mut house = House::start().await;
    for number in 0..3 {
        let text = format!("some text {number} ").repeat(50);
        house
            .track(json!([
                {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "note": text}},
                {"type": "track", "userId": format!("u{number}"), "event": "Seen"},
            ]))
            .await;
        house = house.restart().await;
    }
    fs::write(house.dir.path().join("trama.toml"), "# settings of ours\n").unwrap();
    fs::set_permissions(house.dir.path().join("trama.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    let file = folder.join("backup.tar.zst");
    let House { server, dir, write_key, admin_token, .. } = house;
    server.stop().await;
    let shown = said(&backup(dir.path(), &file));
    assert!(shown.contains("records up to seq 7, taken in at 20"), "{shown}");
    drop((write_key, admin_token));
    (House::start_in(dir, "").await, file)
}

#[tokio::test]
async fn a_backup_of_a_stopped_server_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (house, file) = packed(folder.path()).await;
    let restored = folder.path().join("restored");
    let shown = said(&restore(&file, &restored));
    assert!(shown.contains("records up to seq 7") && shown.contains("the state is what it was"), "{shown}");
    assert_eq!(names(&restored), ["keys.json", "log.db", "operators.json", "state", "trama.toml"]);
    let manifests =
        names(&restored.join("state")).iter().filter(|name| name.starts_with("snapshot-")).count();
    assert_eq!(manifests, 2, "the snapshots came along");
    let mode = |name: &str| restored.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys.json"), mode("trama.toml"), mode("")), (0o600, 0o640, 0o700));
    assert_eq!(fs::read_to_string(restored.join("trama.toml")).unwrap(), "# settings of ours\n");
    // Any machine can open it.
    let listed = Command::new("tar").arg("-tf").arg("-").stdin(unzstd(&file)).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.starts_with("manifest.json\nkeys.json\nlog.db\noperators.json\nstate/sections-"),
        "{listed}"
    );

    // Nothing is written over.
    let refusal = complaint(&restore(&file, &restored));
    assert!(refusal.contains("restored is not empty"), "{refusal}");
    let refusal = complaint(&backup(house.dir.path(), &file));
    assert!(refusal.contains("there is a file") && refusal.contains("already"), "{refusal}");
    let refusal = complaint(&backup(folder.path(), &folder.path().join("other")));
    assert!(refusal.contains("there is no installation in"), "{refusal}");
    house.server.stop().await;
}

/// The archive in a backup, for a program to read.
fn unzstd(file: &Path) -> std::process::Stdio {
    let plain = file.with_extension("plain");
    fs::write(&plain, zstd::decode_all(fs::File::open(file).unwrap()).unwrap()).unwrap();
    fs::File::open(plain).unwrap().into()
}

#[tokio::test]
async fn what_is_damaged_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (house, file) = packed(folder.path()).await;
    house.server.stop().await;
    let whole = fs::read(&file).unwrap();
    let bad = folder.path().join("bad.tar.zst");
    let restored = folder.path().join("restored");
    let refused = |bytes: &[u8], why: &str, what: &str| {
        fs::write(&bad, bytes).unwrap();
        let refusal = complaint(&restore(&bad, &restored));
        let expected = format!("bad.tar.zst cannot be restored: {why}");
        assert!(refusal.contains(&expected), "{what}: {refusal}");
        assert!(!restored.exists(), "{what}");
    };
    let archive = zstd::decode_all(&whole[..]).unwrap();
    let mut damaged = 0;
    for step in 0..24 {
        let place = (whole.len() - 1) * step / 23;
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        // A compressed frame has a few bits that nothing is read from: without them the archive is what it was.
        if zstd::decode_all(&flipped[..]).is_ok_and(|plain| plain == archive) {
            continue;
        }
        refused(&flipped, "", &format!("byte {place} is flipped"));
        damaged += 1;
    }
    assert!(damaged > 20, "a flipped bit is nearly always damage: {damaged} of 24");
    for step in 0..24 {
        let length = (whole.len() - 1) * step / 23;
        refused(&whole[..length], "it is damaged, or cut short", &format!("cut after {length} bytes"));
    }
    assert_eq!(names(folder.path()), ["backup.tar.zst", "bad.tar.zst"], "nothing is left");
}

#[tokio::test]
async fn what_does_not_agree_with_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (house, file) = packed(folder.path()).await;
    house.server.stop().await;
    type Mend = fn(&mut Vec<(String, Vec<u8>)>);
    fn manifest(entries: &mut [(String, Vec<u8>)], mend: fn(&mut Value)) {
        let mut manifest: Value = serde_json::from_slice(&entries[0].1).unwrap();
        mend(&mut manifest);
        entries[0].1 = serde_json::to_vec(&manifest).unwrap();
    }
    let cases: &[(Mend, &str)] = &[
        (|entries| entries.clear(), "it is empty"),
        (|entries| drop(entries.remove(0)), "it is no backup of Trama"),
        (|entries| drop(entries.pop()), " is missing in it"),
        (|entries| entries.push(entries[2].clone()), "it holds log.db twice"),
        (|entries| entries.push(("evil".into(), vec![1])), "\"evil\" in it is not what its manifest names"),
        (
            |entries| entries[2].1[5_000] ^= 1,
            "log.db in it is damaged: its checksum is not that of the manifest",
        ),
        (
            |entries| manifest(entries, |it| it["format"] = 9.into()),
            "it has format 9; this version reads up to",
        ),
        (
            |entries| manifest(entries, |it| it["state"]["hash"] = "00".into()),
            "the engine comes back with another state than it had",
        ),
        (
            |entries| manifest(entries, |it| it["log"]["last_seq"] = 99.into()),
            "its log reaches from seq 1 to 7",
        ),
    ];
    for (mend, expected) in cases {
        let mut entries = Vec::new();
        let mut archive = tar::Archive::new(zstd::Decoder::new(fs::File::open(&file).unwrap()).unwrap());
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            entries.push((name, content));
        }
        mend(&mut entries);
        let bad = folder.path().join("bad.tar.zst");
        let mut archive = tar::Builder::new(zstd::Encoder::new(fs::File::create(&bad).unwrap(), 1).unwrap());
        for (name, content) in &entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            archive.append_data(&mut header, name, content.as_slice()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap();
        let restored = folder.path().join("restored");
        let refusal = complaint(&restore(&bad, &restored));
        assert!(refusal.contains(expected), "{expected}: {refusal}");
        assert!(!restored.exists(), "{expected}");
    }
}
