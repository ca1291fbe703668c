//! The audit: every change that an operator or a key makes is told, with who it was and what was before, and nothing else is.

use crate::house::{House, Shop};
use crate::operators::{Browser, add, signed_in};
use serde_json::{Value, json};
use std::process::Command;

async fn acts(house: &House, query: &str) -> Vec<Value> {
    house.get(&format!("/api/v1/audit{query}")).await["acts"].as_array().unwrap().clone()
}

type Row =
    (&'static str, &'static str, Value, u16, Option<(&'static str, &'static str, Value, Value, Value)>);

/// Each change with what the audit tells of it: the word, what it was done to, the people, what was before, and after.
#[rustfmt::skip]
fn changes() -> Vec<Row> {
    let bob = json!([{"type": "email", "value": "bob@example.com"}]);
    let nobody = json!([]);
    let none = Value::Null;
    vec![
        ("POST", "/api/v1/suppressions", json!({"address": "email:Bob@example.com", "reason": "asked"}), 200, Some((
            "suppression.make", "", bob.clone(), none.clone(), json!({"lifted": false, "reason": "asked"})))),
        ("DELETE", "/api/v1/suppressions/email:bob@example.com", json!(null), 200, Some((
            "suppression.lift", "", bob.clone(), json!({"reason": "asked"}), json!({"lifted": true, "reason": ""})))),
        ("DELETE", "/api/v1/suppressions/email:bob@example.com", json!(null), 404, None),
        ("POST", "/api/v1/consents", json!({"profile": "email:bob@example.com", "purpose": "offers", "granted": true, "proof": "paper"}), 200, Some((
            "consent.state", "", bob.clone(), none.clone(), json!({"purpose": "offers", "granted": true, "proof": "paper"})))),
        ("POST", "/api/v1/consents", json!({"profile": "email:bob@example.com", "purpose": "offers", "granted": false}), 200, Some((
            "consent.state", "", bob.clone(), json!({"state": "granted", "source": "api"}), json!({"granted": false})))),
        ("POST", "/api/v1/consents", json!({"profile": "email:bob@example.com", "purpose": "ofers", "granted": true}), 400, None),
        ("POST", "/api/v1/journeys/thanks/pause", json!(null), 200, Some((
            "journey.pause", "thanks", nobody.clone(), json!({"state": "open"}), json!({"command": "pause"})))),
        ("POST", "/api/v1/journeys/thanks/pause", json!(null), 409, None),
        ("POST", "/api/v1/journeys/thanks/resume", json!(null), 200, Some((
            "journey.resume", "thanks", nobody.clone(), json!({"state": "paused"}), json!({"command": "resume"})))),
        ("POST", "/api/v1/journeys/none/pause", json!(null), 404, None),
        ("POST", "/api/v1/journeys/thanks/runs", json!({"profile": "email:bob@example.com", "data": {"total": 3}}), 200, Some((
            "run.request", "thanks", bob, none.clone(), json!({"data": {"total": 3}})))),
        ("POST", "/api/v1/merges", json!({"from": "email:bob@example.com", "into": "user_id:ada"}), 200, Some((
            "profile.merge", "", json!([{"type": "email", "value": "bob@example.com"}, {"type": "user_id", "value": "ada"}]), none.clone(), json!({})))),
        ("POST", "/api/v1/merges/0/undo", json!(null), 200, Some((
            "merge.undo", "0", nobody.clone(), none.clone(), json!({"merge": 0})))),
        ("POST", "/api/v1/merges/0/undo", json!(null), 409, None),
        ("POST", "/api/v1/registers/rpo", json!({"channels": ["call"], "values": ["+39021234567"]}), 200, Some((
            "register.list", "rpo", nobody.clone(), none.clone(), json!({"listed": 1, "edition": 1})))),
        ("POST", "/api/v1/registers/rpo/checked", json!({"edition": 1, "channels": ["call"], "valid_for": "15 days"}), 200, Some((
            "register.check", "rpo", nobody.clone(), none.clone(), json!({"edition": 1})))),
        ("POST", "/api/v1/spend", json!({"lines": [{"key": "a", "channel": "radio", "from": "2026-01-01", "until": "2026-01-02", "amount": "10", "currency": "EUR"}]}), 200, Some((
            "spend.take", "", nobody.clone(), none.clone(), json!({"lines": 1})))),
        ("POST", "/api/v1/spend", json!({"lines": [{"key": "a", "channel": "radio", "from": "2026-01-01", "until": "2026-01-02", "amount": "10", "currency": "EUR"}]}), 200, None),
        ("POST", "/api/v1/keys", json!({"name": "till", "scope": "write"}), 201, Some((
            "key.create", "till", nobody.clone(), none.clone(), json!({"scope": "write"})))),
        ("DELETE", "/api/v1/keys/till", json!(null), 204, Some((
            "key.revoke", "till", nobody.clone(), json!({"scope": "write"}), none.clone()))),
        ("DELETE", "/api/v1/keys/till", json!(null), 404, None),
        ("POST", "/api/v1/operators", json!({"name": "eve", "role": "viewer", "password": "a longer one than that"}), 201, Some((
            "operator.add", "eve", nobody.clone(), none.clone(), json!({"role": "viewer"})))),
        ("PUT", "/api/v1/operators/eve", json!({"role": "analyst"}), 200, Some((
            "operator.role", "eve", nobody.clone(), json!({"role": "viewer"}), json!({"role": "analyst"})))),
        ("PUT", "/api/v1/operators/eve", json!({"role": "analyst"}), 200, None),
        ("PUT", "/api/v1/operators/eve", json!({"password": "yet another one"}), 200, Some((
            "operator.password", "eve", nobody.clone(), none.clone(), none.clone()))),
        ("DELETE", "/api/v1/operators/eve", json!(null), 204, Some((
            "operator.remove", "eve", nobody.clone(), json!({"role": "analyst"}), none.clone()))),
        ("GET", "/api/v1/profiles", json!(null), 200, None),
        ("POST", "/api/v1/segments/preview", json!({"expression": "did \"X\""}), 200, None),
        ("POST", "/api/v1/returns", json!([]), 200, None),
        ("DELETE", "/api/v1/profiles/email:bob@example.com", json!(null), 200, Some((
            "profile.erase", "1", nobody, none, json!({"profile": 1})))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_told_with_who_it_was_and_what_was_before() {
    let shop = Shop::open().await;
    let house = &shop.house;
    shop.ada_orders().await;
    add(house, "bea", "owner").await;
    let bea = signed_in(house, "bea").await;
    let mut newest = acts(house, "?limit=1").await[0]["seq"].clone();
    for (method, path, body, status, told) in changes() {
        let answer = match path.starts_with("/api/v1/returns") {
            true => house.ask(method, path, Some(body)).await,
            false => bea.ask(house, method, path, body).await,
        };
        if !path.starts_with("/api/v1/returns") {
            assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        }
        let page = acts(house, "?limit=2").await;
        let Some((act, subject, people, before, after)) = told else {
            assert_eq!(
                page[0]["seq"], newest,
                "{method} {path}: nothing was changed, and {} is told",
                page[0]
            );
            continue;
        };
        let one = &page[0];
        assert_eq!(page[1]["seq"], newest, "{method} {path} is told once");
        newest = one["seq"].clone();
        assert_eq!((&one["operator"], &one["role"]), (&json!("bea"), &json!("owner")), "{one}");
        assert_eq!((&one["act"], &one["subject"]), (&json!(act), &json!(subject)), "{method} {path}: {one}");
        assert_eq!((&one["people"], &one["erased"]), (&people, &json!(false)), "{method} {path}: {one}");
        for (name, expected) in [("before", before), ("after", after)] {
            let told = &one[name];
            match expected.as_object() {
                None => assert_eq!(told, &expected, "{method} {path}: {name}"),
                Some(expected) => {
                    for (field, value) in expected {
                        assert_eq!(&told[field], value, "{method} {path}: {name}.{field} in {told}");
                    }
                }
            }
        }
    }
    let text = house.get("/api/v1/audit?limit=1000").await.to_string();
    assert!(!text.contains("yet another one") && !text.contains("a longer one"), "no password is told");
    programme_is_told(house, &bea).await;
    shop.house.server.stop().await;
}

/// What the start did with the folder of the programme, and the programme as it was.
async fn programme_is_told(house: &House, bea: &Browser) {
    let first = acts(house, "?operator=start").await;
    assert_eq!((&first[0]["act"], &first[0]["role"]), (&json!("programme.apply"), &json!("server")));
    assert_eq!(first[0]["after"]["segments.buyers"], "did \"Order Completed\"", "{}", first[0]);
    let mut programme = house.get("/api/v1/programme").await["programme"].take();
    programme["segments"]["buyers"] = json!("did \"Order Completed\" (total > 1)");
    for changed in [true, false] {
        let applied = bea.ask(house, "PUT", "/api/v1/programme", programme.clone()).await;
        assert_eq!((applied.status, &applied.json()["changed"]), (200, &json!(changed)), "{applied:?}");
    }
    let told = acts(house, "?act=programme").await;
    assert_eq!(told.len(), 2, "{told:?}");
    let segment = |of: &str| json!({"segments.buyers": of});
    assert_eq!(
        (&told[0]["before"], &told[0]["after"]),
        (&segment("did \"Order Completed\""), &segment("did \"Order Completed\" (total > 1)"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_page_by_page_and_by_whom_what_and_about_whom() {
    let house = House::start().await;
    house.track(json!([{"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}}])).await;
    for number in 0..7 {
        let address = if number % 3 == 0 { "ada".to_owned() } else { format!("x{number}") };
        let body = json!({"address": format!("email:{address}@example.com"), "reason": number.to_string()});
        assert_eq!(house.ask("POST", "/api/v1/suppressions", Some(body)).await.status, 200);
        house.track(json!([{"type": "track", "userId": "u1", "event": "Seen"}])).await;
    }
    house.ask("POST", "/api/v1/keys", Some(json!({"name": "till", "scope": "write"}))).await;
    let house = house.restart().await;
    let reason = |act: &Value| act["after"]["reason"].as_str().unwrap_or("key").to_owned();
    let mut all = Vec::new();
    let mut before = u64::MAX;
    let mut pages = 0;
    loop {
        let page = house.get(&format!("/api/v1/audit?limit=3&before={before}")).await;
        all.extend(page["acts"].as_array().unwrap().iter().map(reason));
        pages += 1;
        let Some(next) = page["next"].as_u64() else { break };
        before = next;
    }
    assert_eq!((all.join(" ").as_str(), pages), ("key 6 5 4 3 2 1 0", 3));
    for (query, expected) in [
        ("?act=suppression", "6 5 4 3 2 1 0"),
        ("?act=suppression.make&limit=2", "6 5"),
        ("?act=suppress", ""),
        ("?operator=first%20admin", "key 6 5 4 3 2 1 0"),
        ("?operator=nobody", ""),
        ("?profile=email:Ada@example.com", "6 3 0"),
        ("?profile=user_id:ada", "6 3 0"),
        ("?profile=email:x1@example.com", "1"),
    ] {
        let told: Vec<String> = acts(&house, query).await.iter().map(reason).collect();
        assert_eq!(told.join(" "), expected, "{query}");
    }
    assert_eq!(house.ask("GET", "/api/v1/audit?profile=ada", None).await.status, 400);
    let exported = house.get("/api/v1/activity?limit=1000").await.to_string();
    assert!(!exported.contains("operator_acted"), "what people do is told apart from what operators do");

    // The same from the command line, from a server and from its directory.
    let data = house.dir.path().to_owned();
    let trama = move |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        let output =
            command.args(arguments).arg("--data").arg(&data).env_remove("TRAMA_TOKEN").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let run = trama.clone();
    let asked = || ["audit", "--limit", "3", "--profile", "user_id:ada"];
    let live = tokio::task::spawn_blocking(move || run(&asked())).await.unwrap();
    house.server.stop().await;
    assert_eq!(trama(&asked()), live);
    let lines: Vec<&str> = live.lines().collect();
    assert_eq!(lines.len(), 3, "{live}");
    assert!(lines[0].contains("first admin (admin)  suppression.make  email:ada@example.com"), "{live}");
}

/// Between a change of keys or operators and its place in the log, the process may die.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_untold_of_keys_and_operators_is_told_once_by_the_next_start() {
    let house = House::start().await;
    let dir = house.dir.path().to_owned();
    house.server.stop().await;
    // The files as they are when the process dies after the change and before it is told.
    let trama = |arguments: &[&str], password: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command.args(arguments).arg("--data").arg(&dir).env_remove("TRAMA_TOKEN");
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), password.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    };
    trama(&["keys", "create", "--name", "till", "--scope", "write"], "");
    trama(&["operators", "add", "ada", "--role", "owner"], "the press opens at dawn\n");
    trama(&["operators", "password", "ada"], "the press closes at dusk\n");
    trama(&["keys", "revoke", "till"], "");
    let files = ["keys.json", "operators.json"].map(|name| dir.join(name));
    let untold = files.clone().map(|file| std::fs::read(file).unwrap());
    let told = async |house: &House| -> Vec<String> {
        let told = acts(house, "").await;
        let words = told.iter().map(|act| [&act["operator"], &act["act"], &act["subject"]]);
        words.map(|words| words.map(|word| word.as_str().unwrap()).join(" ")).collect()
    };
    let expected = [
        "trama operators operator.password ada",
        "trama operators operator.add ada",
        "trama keys key.revoke till",
        "trama keys key.create till",
    ];
    let house = House::start_in(house.dir, "").await;
    assert_eq!(told(&house).await, expected);
    let whole = acts(&house, "?act=operator.add").await;
    assert_eq!((&whole[0]["before"], &whole[0]["after"]), (&json!(null), &json!({"role": "owner"})));
    for file in &files {
        assert!(!std::fs::read_to_string(file).unwrap().contains("untold"), "{}", file.display());
    }
    // The same when it dies once they are told and before they are taken off: a further change finds the log as it was.
    house.server.stop().await;
    files.iter().zip(untold).for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
    trama(&["keys", "create", "--name", "fair", "--scope", "write"], "");
    let house = House::start_in(house.dir, "").await;
    assert_eq!(told(&house).await[0], "trama keys key.create fair");
    assert_eq!(told(&house).await[1..], expected);
    let house = house.restart().await;
    assert_eq!(told(&house).await.len(), 5);
    house.server.stop().await;
}
