//! Journeys and broadcasts on a running server: requests, commands, and where people are, by API and command line.

use crate::house::House;
use serde_json::{Value, json};
use std::process::Command;

/// The programme with a journey that waits for an hour, and another wait behind it.
fn programme(on_change: &str, hours: i64) -> Value {
    json!({
        "name": "shop", "languages": ["en"], "timezone": "Europe/Rome",
        "purposes": {"orders": {"channels": ["email"], "opt_in": "none"}},
        "messages": {"hello": {"email": {
            "from": "a@shop.example", "subject": {"en": "Hello"}, "templates": {"en": {"text": "Hello"}},
        }}},
        "journeys": {"hello": {
            "purpose": "orders", "enter": "did \"Signed Up\"", "on_change": on_change,
            "for": "not trait.blocked = true",
            "steps": [{"wait": hours * 3_600_000}, {"send": {"message": "hello", "channels": []}}],
        }},
        "broadcasts": {"spring": {
            "message": "hello", "purpose": "orders", "to": "trait.member = true", "at": "2999-01-01T10:00:00Z",
        }},
    })
}

async fn apply(house: &House, programme: Value) {
    let answer = house.ask("PUT", "/api/v1/programme", Some(programme)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn refused(house: &House, path: &str, body: Option<Value>) -> (u16, String) {
    let answer = house.ask("POST", path, body).await;
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

const HELLO: &str = "/api/v1/journeys/hello";
const SPRING: &str = "/api/v1/broadcasts/spring";

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_requested_and_journeys_are_stopped() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    let known = |user: &str, traits: Value| json!({"type": "identify", "userId": user, "traits": traits});
    house
        .track(json!([
            known("ada", json!({})),
            known("bob", json!({"blocked": true})),
            known("cleo", json!({}))
        ]))
        .await;
    let runs = format!("{HELLO}/runs");
    let asked = |user: &str| Some(json!({"profile": format!("user_id:{user}"), "data": {"total": 3}}));
    assert_eq!(house.ask("POST", &runs, asked("ada")).await.status, 200);
    for (path, body, status, code) in [
        (runs.as_str(), asked("ada"), 409, "inside"),
        (&runs, asked("bob"), 409, "not_for_them"),
        (&runs, asked("dan"), 404, "not_found"),
        ("/api/v1/journeys/hallo/runs", asked("ada"), 404, "not_found"),
        ("/api/v1/journeys/hallo/pause", None, 404, "not_found"),
        ("/api/v1/journeys/hello/resume", None, 409, "already_so"),
        ("/api/v1/broadcasts/autumn/pause", None, 404, "not_found"),
    ] {
        assert_eq!(refused(&house, path, body.clone()).await, (status, code.to_owned()), "{path} {body:?}");
    }
    let shown = house.get(HELLO).await;
    let positions =
        json!([{"version": 1, "live": true, "active": 1, "positions": [{"step": "1", "people": 1}]}]);
    assert_eq!((&shown["standing"], &shown["versions"]), (&json!("open"), &positions), "{shown}");

    assert_eq!(house.ask("POST", &format!("{HELLO}/drain"), None).await.status, 200);
    assert_eq!(refused(&house, &runs, asked("cleo")).await, (409, "draining".to_owned()));
    assert_eq!(house.ask("POST", &format!("{HELLO}/pause"), None).await.status, 200);
    assert_eq!(refused(&house, &runs, asked("cleo")).await, (409, "paused".to_owned()));
    // It stands so after a restart, and whatever is applied.
    let house = house.restart().await;
    apply(&house, programme("finish", 2)).await;
    assert_eq!(house.get(HELLO).await["standing"], "paused");
    assert_eq!(house.ask("POST", &format!("{HELLO}/resume"), None).await.status, 200);
    assert_eq!(house.ask("POST", &runs, asked("cleo")).await.status, 200);
    let shown = house.get(HELLO).await;
    assert_eq!((&shown["active"], &shown["versions"][1]["active"]), (&json!(2), &json!(1)), "{shown}");
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_the_api_says() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    house.track(json!([{"type": "track", "userId": "ada", "event": "Signed Up"}])).await;
    let data = house.dir.path().to_owned();
    let told = tokio::task::spawn_blocking(move || {
        let run = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
            let output =
                command.args(words).arg("--data").arg(&data).env_remove("TRAMA_TOKEN").output().unwrap();
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        for (words, expected) in [
            (
                &["journeys", "list"][..],
                "hello  version 1  1 entered  1 active  0 finished  0 held out  0 converted\n",
            ),
            (&["journeys", "pause", "hello"], "hello is paused\n"),
            (&["journeys", "drain", "hello"], "hello is draining\n"),
            (&["journeys", "resume", "hello"], "hello goes on\n"),
            (&["broadcasts", "list"], "spring  scheduled  starts 2999-01-01T10:00:00.000Z\n"),
            (&["broadcasts", "pause", "spring"], "spring is paused\n"),
            (&["broadcasts", "resume", "spring"], "spring goes on\n"),
            (&["broadcasts", "cancel", "spring"], "spring is cancelled\n"),
            (&["broadcasts", "show", "spring"], "spring  cancelled  audience 0\n"),
        ] {
            assert_eq!(run(words), expected, "{words:?}");
        }
        let shown = run(&["journeys", "show", "hello"]);
        assert!(shown.ends_with("  version 1  live  1 active\n    1 at step 1\n"), "{shown}");
        let refused = run(&["broadcasts", "resume", "spring"]);
        assert!(refused.contains("the broadcast is over"), "{refused}");
    });
    told.await.unwrap();
    assert_eq!(refused(&house, &format!("{SPRING}/pause"), None).await, (409, "over".to_owned()));
    let shown = house.get(SPRING).await;
    assert_eq!((&shown["state"], &shown["sends"]), (&json!("cancelled"), &json!({})), "{shown}");
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_what_becomes_of_those_who_are_inside() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    house.track(json!([{"type": "track", "userId": "ada", "event": "Signed Up"}])).await;
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "programme.yaml",
        "programme: shop\nlanguages: [en]\npurposes: { orders: { channels: [email], opt_in: none } }\n",
    );
    write("messages/hello/message.yaml", "message: hello\nemail: { from: a@shop.example, subject: Hello }\n");
    write("messages/hello/email.en.txt", "Hello");
    for (rule, steps, expected) in [
        ("finish", "[{ wait: 2 hours }]", "1 at step 1: finish as they began"),
        ("exit", "[{ wait: 2 hours }]", "1 at step 1: end"),
        ("move", "[{ wait: 2 hours }]", "1 at step 1: move to step 1 of the new version"),
        (
            "move",
            "[{ wait: 2 hours, name: first }]",
            "1 at step 1: finish as they began, since the new version has no such step",
        ),
    ] {
        let journey = "journey: hello\npurpose: orders\nenter: did \"Signed Up\"\n";
        write("journeys/hello.yaml", &format!("{journey}on change: {rule}\nsteps: {steps}\n"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command
            .arg("plan")
            .arg(dir.path())
            .args(["--server", &house.url("")])
            .env("TRAMA_TOKEN", &house.admin_token);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines = format!("      1 person is on the way through it:\n        {expected}\n");
        assert!(told.contains(&lines), "{lines}\n{told}");
    }
    house.server.stop().await;
}
