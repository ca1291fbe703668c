//! People who sign in: passwords, sessions, roles, and what a browser must show to change anything.

mod permissions;

use crate::house::{Answer, House, answer};
use serde_json::{Value, json};
use server::demo::{Demo, Pace, Settings};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const PASSWORD: &str = "the press opens at dawn";

/// Somebody's browser: it keeps the cookie, and knows what the page was told.
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn of(signed_in: &Answer) -> Self {
        let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { cookie, csrf: signed_in.json()["csrf"].as_str().unwrap().to_owned() }
    }

    /// A request as the console makes it.
    pub(crate) fn request(&self, house: &House, method: &str, path: &str) -> reqwest::RequestBuilder {
        let own = house.url("");
        let asked = house.bare(method, path).header("cookie", &self.cookie).header("origin", own);
        asked.header("x-trama-csrf", &self.csrf)
    }

    pub(crate) async fn ask(&self, house: &House, method: &str, path: &str, body: Value) -> Answer {
        answer(self.request(house, method, path).json(&body)).await
    }
}

/// Makes an operator by the first admin's key.
pub(crate) async fn add(house: &House, name: &str, role: &str) {
    let wanted = json!({"name": name, "role": role, "password": PASSWORD});
    let added = house.ask("POST", "/api/v1/operators", Some(wanted)).await;
    assert_eq!(added.status, 201, "{added:?}");
}

async fn signs_in(house: &House, name: &str, password: &str) -> Answer {
    answer(house.bare("POST", "/api/v1/session").json(&json!({"name": name, "password": password}))).await
}

pub(crate) async fn signed_in(house: &House, name: &str) -> Browser {
    let signed_in = signs_in(house, name, PASSWORD).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    Browser::of(&signed_in)
}

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_operator_signs_in_is_known_by_the_cookie_and_signs_out() {
    let house = House::start().await;
    add(&house, "Ada", "marketer").await;
    let begun = signs_in(&house, " ada ", PASSWORD).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let set = begun.headers["set-cookie"].to_str().unwrap();
    for part in ["trama_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"), "there is no encryption here, and browsers would drop it: {set}");
    let view = begun.json();
    assert_eq!((&view["name"], &view["role"]), (&json!("Ada"), &json!("marketer")));
    assert!(!begun.text.contains(PASSWORD));
    let ada = Browser::of(&begun);
    let who = ada.ask(&house, "GET", "/api/v1/session", Value::Null).await;
    assert_eq!((who.status, &who.json()["csrf"]), (200, &json!(ada.csrf)));
    let live = |name: &str, zone: &str, revision: u32| json!({"name": name, "revision": revision, "timezone": zone, "currency": null});
    assert_eq!(who.json()["programme"], live("", "UTC", 0), "nobody said anything yet");
    let programme = json!({"name": "shop", "languages": ["en"], "timezone": "Asia/Kolkata"});
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(programme)).await.status, 200);
    let who = ada.ask(&house, "GET", "/api/v1/session", Value::Null).await;
    assert_eq!(who.json()["programme"], live("shop", "Asia/Kolkata", 1));
    assert_eq!(house.get("/api/v1/status").await["programme"], live("shop", "Asia/Kolkata", 1));
    let italian = ada.ask(&house, "PUT", "/api/v1/session", json!({"language": "it"})).await;
    assert_eq!((italian.status, &italian.json()["language"]), (200, &json!("it")));
    let wrong = ada.ask(&house, "PUT", "/api/v1/session", json!({"language": "<it>"})).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (400, &json!("language")));
    let by_key = house.get("/api/v1/session").await;
    assert_eq!(
        (&by_key["kind"], &by_key["role"], &by_key["csrf"], &by_key["programme"]),
        (&json!("key"), &json!("admin"), &Value::Null, &Value::Null)
    );

    let kept = std::fs::read_to_string(house.dir.path().join("operators.json")).unwrap();
    assert!(!kept.contains(PASSWORD) && kept.contains("memory_kib"), "{kept}");
    let token = ada.cookie.split_once('=').unwrap().1;
    let sessions = std::fs::read_to_string(house.dir.path().join("sessions.json")).unwrap();
    assert!(!sessions.contains(token), "only the hash is kept: {sessions}");
    for file in ["operators.json", "sessions.json"] {
        let mode = std::fs::metadata(house.dir.path().join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }

    // A restart keeps the session.
    let house = house.restart().await;
    let who = ada.ask(&house, "GET", "/api/v1/session", Value::Null).await;
    assert_eq!((who.status, &who.json()["language"]), (200, &json!("it")), "{who:?}");
    let other = signed_in(&house, "ada").await;
    assert_eq!(ada.ask(&house, "DELETE", "/api/v1/session", Value::Null).await.status, 204);
    assert_eq!(ada.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401);
    assert_eq!(
        other.ask(&house, "GET", "/api/v1/session", Value::Null).await.status,
        200,
        "the other browser"
    );
    let house = house.restart().await;
    assert_eq!(ada.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401, "still out");
    house.server.stop().await;
}

#[tokio::test]
async fn a_change_with_a_cookie_comes_from_our_own_pages_or_not_at_all() {
    let house = House::start_in(tempfile::tempdir().unwrap(), "public_url = 'https://trama.example'").await;
    add(&house, "ada", "owner").await;
    let signed_in = signs_in(&house, "ada", PASSWORD).await;
    assert!(signed_in.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"), "{signed_in:?}");
    let ada = Browser::of(&signed_in);
    let own = house.url("");
    let other_port = "http://127.0.0.1:1";
    let csrf = ada.csrf.as_str();
    #[rustfmt::skip]
    let table: Vec<(&str, Option<&str>, Option<&str>, bool)> = vec![
        ("from a page of ours", Some(&own), Some(csrf), true),
        ("from behind a proxy", Some("https://trama.example"), Some(csrf), true),
        ("from elsewhere", Some("https://evil.example"), Some(csrf), false),
        ("from another port", Some(other_port), Some(csrf), false),
        ("from our name without encryption", Some("http://trama.example"), Some(csrf), false),
        ("from a frame in a sandbox", Some("null"), Some(csrf), false),
        ("from nowhere", None, Some(csrf), false),
        ("without the word", Some(&own), None, false),
        ("with another word", Some(&own), Some("0123"), false),
    ];
    for (what, origin, word, passes) in table {
        let mut asked = house.bare("POST", "/api/v1/suppressions").header("cookie", &ada.cookie);
        asked = asked.json(&json!({"address": "email:x@example.com"}));
        if let Some(origin) = origin {
            asked = asked.header("origin", origin);
        }
        if let Some(word) = word {
            asked = asked.header("x-trama-csrf", word);
        }
        let answer = answer(asked).await;
        let expected = if passes { (200, String::new()) } else { (403, "csrf".to_owned()) };
        assert_eq!((answer.status, code(&answer)), expected, "{what}");
    }
    // What only reads needs neither, or no address could be sent to a colleague.
    let read = house.bare("GET", "/api/v1/status").header("cookie", &ada.cookie);
    assert_eq!(answer(read).await.status, 200);
    // A bearer token is sent by nobody who does not mean to.
    let keyed = house.bare("POST", "/api/v1/suppressions").bearer_auth(&house.admin_token);
    let keyed =
        keyed.header("origin", "https://evil.example").json(&json!({"address": "email:x@example.com"}));
    assert_eq!(answer(keyed).await.status, 200);
    // Nobody is signed in as somebody else by another site.
    let body = json!({"name": "ada", "password": PASSWORD});
    let led = house.bare("POST", "/api/v1/session").header("origin", "https://evil.example").json(&body);
    let led = answer(led).await;
    assert_eq!((led.status, code(&led).as_str()), (403, "csrf"));
    house.server.stop().await;
}

#[tokio::test]
async fn guesses_are_slowed_down_and_unknown_names_are_told_like_known_ones() {
    let house = House::start().await;
    add(&house, "ada", "viewer").await;
    for name in ["ada", "nobody"] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            answers.push(signs_in(&house, name, "not the password").await);
        }
        let (first, last) = (&answers[0], &answers[6]);
        assert_eq!((first.status, code(first).as_str()), (401, "wrong_sign_in"), "{name}");
        assert_eq!(first.json()["message"], "the name or the password is not right");
        assert_eq!((last.status, code(last).as_str()), (429, "too_many_attempts"), "{name}: {last:?}");
        assert_eq!(last.headers["retry-after"], "1", "{last:?}");
        assert!(last.json()["message"].as_str().unwrap().contains("the next one counts from "), "{last:?}");
        // At once: the lock of a name is short at first.
        assert_eq!(signs_in(&house, name, PASSWORD).await.status, 429, "the right one has to wait as well");
    }
    // Another name is not meant, and a restart forgets.
    add(&house, "bea", "viewer").await;
    assert_eq!(signs_in(&house, "bea", PASSWORD).await.status, 200);
    let house = house.restart().await;
    assert_eq!(signs_in(&house, "ada", PASSWORD).await.status, 200);

    for (body, status, expected) in [
        (json!({"name": "ada"}), 400, "missing_password"),
        (json!({}), 400, "missing_name"),
        (json!({"name": "ada", "password": PASSWORD, "role": "owner"}), 400, "bad_json"),
    ] {
        let answer = answer(house.bare("POST", "/api/v1/session").json(&body)).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{body}");
    }
    house.server.stop().await;
}

#[tokio::test]
async fn a_new_password_and_a_removal_end_every_session_and_a_role_counts_at_once() {
    let house = House::start().await;
    add(&house, "ada", "viewer").await;
    add(&house, "bea", "owner").await;
    let (ada, other, bea) =
        (signed_in(&house, "ada").await, signed_in(&house, "ada").await, signed_in(&house, "bea").await);
    let suppress = json!({"address": "email:x@example.com"});
    let refused = ada.ask(&house, "POST", "/api/v1/suppressions", suppress.clone()).await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "forbidden"));
    assert!(refused.json()["message"].as_str().unwrap().contains("ada is viewer here"), "{refused:?}");
    let raised = bea.ask(&house, "PUT", "/api/v1/operators/ada", json!({"role": "marketer"})).await;
    assert_eq!((raised.status, &raised.json()["role"]), (200, &json!("marketer")));
    assert_eq!(ada.ask(&house, "POST", "/api/v1/suppressions", suppress).await.status, 200);

    let change = |password: &str, new: &str| json!({"password": password, "new_password": new});
    let path = "/api/v1/session/password";
    let wrong = ada.ask(&house, "POST", path, change("not this one", "a longer one than that")).await;
    assert_eq!((wrong.status, code(&wrong).as_str()), (403, "wrong_password"));
    let short = ada.ask(&house, "POST", path, change(PASSWORD, "short")).await;
    assert_eq!((short.status, &short.json()["field"]), (400, &json!("new_password")));
    let changed = ada.ask(&house, "POST", path, change(PASSWORD, "a longer one than that")).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    for old in [&ada, &other] {
        assert_eq!(old.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401);
    }
    let new = Browser::of(&changed);
    assert_eq!(new.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 200);
    assert_eq!(signs_in(&house, "ada", PASSWORD).await.status, 401);
    assert_eq!(signs_in(&house, "ada", "a longer one than that").await.status, 200);

    // An owner sets it for somebody who forgot.
    let set = bea.ask(&house, "PUT", "/api/v1/operators/ADA", json!({"password": PASSWORD})).await;
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(new.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401);
    let ada = signed_in(&house, "ada").await;
    assert_eq!(bea.ask(&house, "DELETE", "/api/v1/operators/ada", Value::Null).await.status, 204);
    assert_eq!(ada.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401);

    #[rustfmt::skip]
    let table = [
        ("DELETE", "/api/v1/operators/ada", json!(null), 404, "not_found"),
        ("DELETE", "/api/v1/operators/bea", json!(null), 409, "last_owner"),
        ("PUT", "/api/v1/operators/bea", json!({"role": "viewer", "password": "a longer one than that"}), 409, "last_owner"),
        ("POST", "/api/v1/operators", json!({"name": "Bea", "role": "viewer", "password": PASSWORD}), 409, "name_taken"),
        ("POST", "/api/v1/operators", json!({"name": "", "role": "viewer", "password": PASSWORD}), 400, "bad_name"),
        ("POST", "/api/v1/operators", json!({"name": "eve", "role": "viewer", "password": "short"}), 400, "bad_password"),
        ("POST", "/api/v1/operators", json!({"name": "eve", "role": "root", "password": PASSWORD}), 400, "bad_json"),
    ];
    for (method, path, body, status, expected) in table {
        let answer = bea.ask(&house, method, path, body).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (status, expected),
            "{method} {path}: {answer:?}"
        );
    }
    assert_eq!(
        bea.ask(&house, "GET", "/api/v1/session", Value::Null).await.status,
        200,
        "refused as a whole"
    );
    house.server.stop().await;
}

#[tokio::test]
async fn the_first_owner_is_made_once_by_whoever_has_the_link() {
    let house = House::start().await;
    let token = house.server.hub().operators.first_token().unwrap();
    let house = house.restart().await;
    assert_eq!(house.server.hub().operators.first_token().as_deref(), Some(&*token), "until it is used");
    let first = |token: &str, password: &str| {
        let body = json!({"token": token, "name": "ada", "password": password});
        answer(house.bare("POST", "/api/v1/operators/first").json(&body))
    };
    for (token, password, status, expected) in
        [("not this one", PASSWORD, 403, "wrong_token"), (&*token, "short", 400, "bad_password")]
    {
        let refused = first(token, password).await;
        assert_eq!((refused.status, code(&refused).as_str()), (status, expected));
    }
    let made = first(&token, PASSWORD).await;
    assert_eq!((made.status, &made.json()["role"]), (201, &json!("owner")), "{made:?}");
    let ada = Browser::of(&made);
    assert_eq!(ada.ask(&house, "GET", "/api/v1/operators", Value::Null).await.status, 200, "signed in by it");
    assert_eq!(house.server.hub().operators.first_token(), None);
    let again = first(&token, PASSWORD).await;
    assert_eq!((again.status, code(&again).as_str()), (403, "wrong_token"));
    let kept = std::fs::read_to_string(house.dir.path().join("operators.json")).unwrap();
    assert!(!kept.contains(&token), "{kept}");
    house.server.stop().await;
}

/// Runs a command with a password on its standard input.
fn trama(arguments: &[&str], data: &Path, typed: &str) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    // A command that asks for nothing may be gone already.
    _ = running.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = running.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_does_the_same_with_a_server_and_without() {
    let house = House::start().await;
    let data = house.dir.path().to_owned();
    let run = async |arguments: &'static [&'static str], typed: &'static str| {
        let data = data.clone();
        tokio::task::spawn_blocking(move || trama(arguments, &data, typed)).await.unwrap()
    };
    let typed = "the press opens at dawn\n";
    run(&["operators", "add", "ada", "--role", "owner"], typed).await.unwrap();
    let refused = run(&["operators", "add", "ada", "--role", "owner"], typed).await.unwrap_err();
    assert!(refused.contains("there is an operator \"ada\" already"), "{refused}");
    let ada = signed_in(&house, "ada").await;
    house.server.stop().await;

    let refused = run(&["operators", "add", "Ada", "--role", "owner"], typed).await.unwrap_err();
    assert!(refused.contains("there is an operator \"Ada\" already"), "{refused}");
    run(&["operators", "add", "bea", "--role", "viewer"], typed).await.unwrap();
    run(&["operators", "role", "bea", "analyst"], "").await.unwrap();
    let refused = run(&["operators", "remove", "ada"], "").await.unwrap_err();
    assert!(refused.contains("ada is the last owner"), "{refused}");
    let refused = run(&["operators", "password", "ada"], "short\n").await.unwrap_err();
    assert!(refused.contains("at least 12 characters"), "{refused}");
    run(&["operators", "password", "ada"], "the press is closed now\n").await.unwrap();
    let listed = run(&["operators", "list"], "").await.unwrap();
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((lines[0][0], lines[0][2], lines[1][0], lines[1][2]), ("owner", "ada", "analyst", "bea"));

    let house = House::start_in(house.dir, "").await;
    assert_eq!(ada.ask(&house, "GET", "/api/v1/session", Value::Null).await.status, 401, "a new password");
    assert_eq!(signs_in(&house, "ada", "the press is closed now").await.status, 200);
    let listed = run(&["operators", "list", "--json"], "").await.unwrap();
    assert!(listed.contains("\"bea\"") && !listed.contains("hash"), "{listed}");
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_on_the_demonstrations_machine_are_signed_in_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        data: dir.path().to_owned(),
        pace: Pace::new(Pace::USUAL),
        people: 0,
    };
    let demo = Demo::start(settings).await.unwrap();
    let http = reqwest::Client::new();
    let begin = || http.post(format!("{}/api/v1/session", demo.url())).json(&json!({}));
    let signed_in = answer(begin()).await;
    assert_eq!((signed_in.status, &signed_in.json()["role"]), (200, &json!("owner")), "{signed_in:?}");
    assert!(signed_in.headers["set-cookie"].to_str().unwrap().starts_with("trama_session="));
    for (header, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("host", "shop.example:8080"),
        ("host", "localhost.evil.example"),
    ] {
        let answer = answer(begin().header(header, value)).await;
        assert_eq!((answer.status, code(&answer).as_str()), (400, "missing_name"), "{header}: {value}");
    }
    let led = answer(begin().header("origin", "https://evil.example")).await;
    assert_eq!((led.status, code(&led).as_str()), (403, "csrf"));
    demo.stop().await;
}
