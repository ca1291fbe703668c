//! Keys: made once, kept to their owner, hashed, and gone the moment they are revoked.

use crate::house::{House, answer};
use serde_json::{Value, json};
use server::keys::Keys;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn trama(arguments: &[&str], data: &Path) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn the_first_keys_are_made_once_and_only_their_owner_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let printed: Value = serde_json::from_str(&trama(&["keys", "--json"], dir.path()).unwrap()).unwrap();
    let again: Value = serde_json::from_str(&trama(&["keys", "--json"], dir.path()).unwrap()).unwrap();
    assert_eq!(printed, again);
    assert!(printed["write_key"].as_str().unwrap().starts_with("trama_write_"));
    assert!(printed["admin_token"].as_str().unwrap().starts_with("trama_admin_"));
    let file = dir.path().join("keys.json");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    for wrong in [0o640, 0o604, 0o666] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(wrong)).unwrap();
        let error = trama(&["keys"], dir.path()).unwrap_err();
        assert!(error.contains(&format!("mode {wrong:03o}")) && error.contains("chmod 600"), "{error}");
        assert!(Keys::open(dir.path()).is_err(), "no server starts with keys that may be known");
    }
}

#[tokio::test]
async fn a_later_key_is_hashed_scoped_and_gone_when_it_is_revoked() {
    let house = House::start().await;
    let made = house.ask("POST", "/api/v1/keys", Some(json!({"name": "shop", "scope": "write"}))).await;
    assert_eq!(made.status, 201);
    let (id, token) = (made.json()["id"].clone(), made.json()["token"].as_str().unwrap().to_owned());
    let file = std::fs::read_to_string(house.dir.path().join("keys.json")).unwrap();
    assert!(file.contains("\"shop\"") && !file.contains(&token), "only the hash is kept: {file}");
    let listed = house.get("/api/v1/keys").await;
    assert!(!listed.to_string().contains("trama_"), "nobody reads tokens from the list: {listed}");

    let send = || {
        let event = json!({"type": "track", "userId": "u1", "event": "Seen"});
        answer(house.bare("POST", "/v1/track").basic_auth(&token, Some("")).json(&event))
    };
    assert_eq!(send().await.status, 200);
    let tracked = house.get("/api/v1/activity").await;
    assert_eq!(tracked["activity"][0]["source"], "shop", "the key's name is the source's");
    let path = format!("/api/v1/keys/{}", id.as_str().unwrap());
    assert_eq!(house.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(send().await.status, 401, "at once, on the live server");
    assert_eq!(house.ask("DELETE", &path, None).await.status, 404);

    // Only a write key names a source: a token of another scope in a browser would give away more than events.
    for scope in ["read", "admin"] {
        let made = house.ask("POST", "/api/v1/keys", Some(json!({"name": scope, "scope": scope}))).await;
        let token = made.json()["token"].as_str().unwrap().to_owned();
        let event = json!({"type": "track", "userId": "u1", "event": "Seen"});
        let sent = house.bare("POST", "/v1/track").basic_auth(&token, Some("")).json(&event);
        assert_eq!(answer(sent).await.status, 401, "{scope}");
    }

    for (wanted, status, code) in [
        (json!({"name": "default", "scope": "read"}), 409, "name_taken"),
        (json!({"name": " ", "scope": "read"}), 400, "bad_name"),
        (json!({"name": "a\nb", "scope": "read"}), 400, "bad_name"),
        (json!({"name": "x", "scope": "root"}), 400, "bad_json"),
    ] {
        let answer = house.ask("POST", "/api/v1/keys", Some(wanted)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)));
    }
    house.server.stop().await;
}

#[tokio::test]
async fn the_command_line_makes_keys_on_a_running_and_on_a_stopped_server() {
    let house = House::start().await;
    let data = house.dir.path().to_owned();
    let run = async |arguments: &'static [&'static str]| {
        let data = data.clone();
        tokio::task::spawn_blocking(move || trama(arguments, &data)).await.unwrap()
    };
    let token = run(&["keys", "create", "--name", "reader", "--scope", "read"]).await.unwrap();
    let status = answer(house.bare("GET", "/api/v1/status").bearer_auth(token.trim())).await.status;
    assert_eq!(status, 200);
    run(&["keys", "revoke", "first admin"]).await.unwrap();
    assert_eq!(house.ask("GET", "/api/v1/status", None).await.status, 401);
    let shown: Value = serde_json::from_str(&run(&["keys", "--json"]).await.unwrap()).unwrap();
    assert_eq!(shown["admin_token"], Value::Null, "a revoked key is not shown as if it worked");
    let locked_out = run(&["keys", "list"]).await.unwrap_err();
    assert!(locked_out.contains("TRAMA_TOKEN"), "{locked_out}");

    house.server.stop().await;
    let listed = run(&["keys", "list"]).await.unwrap();
    assert!(listed.contains("reader") && !listed.contains("first admin"), "{listed}");
    run(&["keys", "create", "--name", "new admin", "--scope", "admin"]).await.unwrap();
    let unknown = run(&["keys", "revoke", "nobody"]).await.unwrap_err();
    assert!(unknown.contains("there is no key \"nobody\""), "{unknown}");
}

#[test]
fn keys_for_email_are_made_shown_with_their_records_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let made = trama(&["keys", "dkim", "create", "--domain", "bottega.example"], dir.path()).unwrap();
    assert_eq!(made, trama(&["keys", "dkim", "list"], dir.path()).unwrap());
    let lines: Vec<&str> = made.lines().collect();
    assert!(
        lines[0].starts_with("trama-rsa._domainkey.bottega.example. IN TXT ( \"v=DKIM1; k=rsa; p="),
        "{made}"
    );
    assert!(
        lines[1].starts_with("trama-ed25519._domainkey.bottega.example. IN TXT ( \"v=DKIM1; k=ed25519; p="),
        "{made}"
    );
    let listed: Value =
        serde_json::from_str(&trama(&["keys", "dkim", "list", "--json"], dir.path()).unwrap()).unwrap();
    assert_eq!(listed["keys"][0]["dns_name"], "trama-rsa._domainkey.bottega.example");
    assert!(!listed.to_string().contains("private"), "{listed}");
    let file = dir.path().join("dkim.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = trama(&["keys", "dkim", "create", "--domain", "bottega.example"], dir.path()).unwrap_err();
    assert!(again.contains("choose another --selector"), "{again}");
    trama(&["keys", "dkim", "remove", "trama-rsa._domainkey.bottega.example"], dir.path()).unwrap();
    assert_eq!(trama(&["keys", "dkim", "list"], dir.path()).unwrap().lines().count(), 1);
}
