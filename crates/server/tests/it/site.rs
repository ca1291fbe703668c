//! What pages and apps ask for, through the server's own port: the right message to the right person, nothing about anybody
//! to whoever only says a name, and an inbox for its owner alone.

use crate::house::{Answer, House, answer};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const PROGRAMME: [(&str, &str); 6] = [
    (
        "programme.yaml",
        "programme: bottega
timezone: Europe/Rome
languages: [it, en]
purposes:
  offers: { title: { it: Offerte, en: Offers }, channels: [onsite, in_app] }
",
    ),
    ("segments.yaml", "segments:\n  buyers: 'did \"Order Completed\"'\n"),
    (
        "messages/hello/message.yaml",
        "message: hello
onsite:
  format: inline
  slot: top
  height: 120
  title: { it: Benvenuti, en: Welcome }
  button: { text: { it: Scopri, en: Look }, url: /spring }
",
    ),
    (
        "messages/vip/message.yaml",
        "message: vip
priority: 5
onsite:
  format: inline
  slot: top
  purpose: offers
  for: in segment \"buyers\"
  at most: { times: 2, within: 1 day }
  silent: 7 days
  title: { it: 'Ciao {{ profile.first_name | default: \"a te\" }}', en: 'Hi {{ profile.first_name | default: \"you\" }}' }
",
    ),
    (
        "messages/news/message.yaml",
        "message: news
in_app:
  title: { it: 'Novità per {{ profile.first_name }}', en: 'News for {{ profile.first_name }}' }
  button: { text: { it: Leggi, en: Read }, url: 'https://bottega.example/news' }
  expires: 14 days
",
    ),
    (
        "journeys/news.yaml",
        "journey: news
purpose: offers
enter: did \"Order Completed\"
reenter: always
steps:
  - send: news
    channels: [in_app]
",
    ),
];

async fn open() -> House {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in PROGRAMME {
        let path = dir.path().join("programme").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let settings = format!("programme = {:?}\n", dir.path().join("programme").to_str().unwrap());
    House::start_in(dir, &settings).await
}

/// A question as the SDK asks it: no header of our own, the key in the body.
async fn ask(house: &House, path: &str, mut body: Value) -> Answer {
    body["writeKey"] = house.write_key.as_str().into();
    let request = house.bare("POST", path).header("content-type", "text/plain");
    answer(request.header("origin", "https://shop.example").body(body.to_string())).await
}

async fn decide(house: &House, person: &Value) -> Value {
    let mut body = person.clone();
    body["slots"] = json!(["top", "other"]);
    body["context"] = json!({"language": "en-GB"});
    let answer = ask(house, "/decide", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["access-control-allow-origin"], "https://shop.example");
    answer.json()["decisions"].clone()
}

fn hash(house: &House, user: &str) -> String {
    let secret = house.server.hub().keys.first().identity_secret.unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(user.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ada buys in a browser, signs in there, and says yes to offers.
async fn ada_buys(house: &House) {
    house
        .track(json!([
            {"type": "track", "anonymousId": "a-1", "event": "Order Completed"},
            {"type": "identify", "anonymousId": "a-1", "userId": "ada",
                "traits": {"first_name": "Ada", "language": "en"},
                "context": {"consent": {"categoryPreferences": {"offers": true}}}},
        ]))
        .await;
}

#[tokio::test]
async fn a_page_shows_the_right_message_and_tells_nobody_whose_it_is() {
    let house = open().await;
    let stranger = decide(&house, &json!({"anonymous_id": "a-9"})).await;
    assert_eq!(stranger.as_array().unwrap().len(), 1, "{stranger}");
    let hello = &stranger[0];
    assert_eq!((&hello["message"], &hello["content"]["title"]), (&json!("hello"), &json!("Welcome")));
    assert_eq!(
        (&hello["format"], &hello["height"], &hello["trigger"]),
        (&json!("inline"), &json!(120), &json!("at_once"))
    );
    assert_eq!(hello["content"]["button"], json!({"text": "Look", "url": "/spring"}));

    ada_buys(&house).await;
    let title = |decided: &Value| decided[0]["content"]["title"].clone();
    let of = async |person: Value| decide(&house, &person).await;
    // Her own browser, but anybody could have said that it was hers.
    let mut person = json!({"anonymous_id": "a-1"});
    assert_eq!(title(&of(person.clone()).await), "Hi you");
    // A name alone is nobody's.
    person = json!({"anonymous_id": "a-9", "user_id": "ada"});
    assert_eq!(title(&of(person.clone()).await), "Welcome");
    person["user_hash"] = hash(&house, "ada").into();
    assert_eq!(title(&of(person.clone()).await), "Hi Ada");
    person["user_id"] = "bob".into();
    person["slots"] = json!(["top"]);
    let forged = ask(&house, "/decide", person).await;
    assert_eq!((forged.status, &forged.json()["code"]), (403, &json!("bad_user_hash")), "{forged:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn what_was_seen_counts_once_and_its_cap_is_kept() {
    let house = open().await;
    ada_buys(&house).await;
    let ada = json!({"anonymous_id": "a-1"});
    for round in 0..2 {
        let decided = decide(&house, &ada).await;
        assert_eq!(decided[0]["message"], "vip", "round {round}");
        let report = json!({"decision": decided[0]["decision"], "what": "shown"});
        for again in 0..2 {
            let told = ask(&house, "/decide/report", json!({"reports": [report, report]})).await;
            assert_eq!(
                (told.status, &told.json()["accepted"]),
                (200, &json!(2)),
                "round {round}, {again}: {told:?}"
            );
        }
    }
    assert_eq!(decide(&house, &ada).await[0]["message"], "hello");
    let sends = house.get("/api/v1/sends?profile=user_id:ada").await;
    let seen: Vec<&Value> =
        sends["sends"].as_array().unwrap().iter().filter(|send| send["channel"] == "onsite").collect();
    assert_eq!(seen.len(), 2, "{sends}");
    assert!(seen.iter().all(|send| send["status"] == "accepted" && send["decision"] == "send"), "{sends}");

    // Whoever closes what is for everybody sees it no more either.
    let decided = decide(&house, &ada).await;
    let token = decided[0]["decision"].as_str().unwrap();
    let mut forged = token.to_owned();
    let at = forged.len() - 3;
    forged.replace_range(at..=at, if &forged[at..=at] == "A" { "B" } else { "A" });
    let told =
        ask(&house, "/decide/report", json!({"reports": [{"decision": forged, "what": "dismissed"}]})).await;
    assert_eq!(told.json()["accepted"], 0);
    assert_eq!(decide(&house, &ada).await[0]["message"], "hello");
    let told =
        ask(&house, "/decide/report", json!({"reports": [{"decision": token, "what": "dismissed"}]})).await;
    assert_eq!(told.json()["accepted"], 1);
    assert_eq!(decide(&house, &ada).await, json!([]));
    house.server.stop().await;
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_says_why() {
    let house = open().await;
    let slots = json!(["top"]);
    let many: Vec<String> = (0..50).map(|slot| slot.to_string()).collect();
    for (path, body, status, code) in [
        ("/decide", json!({"slots": slots}), 400, "missing_identifier"),
        ("/decide", json!({"anonymous_id": "null", "slots": slots}), 400, "bad_identifier"),
        ("/decide", json!({"anonymous_id": "a"}), 400, "bad_body"),
        ("/decide", json!({"anonymous_id": "a", "slots": many}), 400, "too_many_slots"),
        ("/v1/inbox/report", json!({"user_id": "ada", "reports": []}), 401, "missing_proof"),
        (
            "/v1/inbox/report",
            json!({"user_id": "ada", "user_hash": "00", "reports": []}),
            403,
            "bad_user_hash",
        ),
    ] {
        let answer = ask(&house, path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{path} {body}: {answer:?}"
        );
    }
    for (key, code) in [
        (None, "missing_write_key"),
        (Some("x"), "unknown_write_key"),
        (Some(&*house.admin_token), "unknown_write_key"),
    ] {
        let body = json!({"writeKey": key, "anonymous_id": "a", "slots": slots}).to_string();
        let answer = answer(house.bare("POST", "/decide").body(body)).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some(code)));
    }
    let script = answer(house.bare("GET", "/t.js")).await;
    assert!(script.status == 200 && script.text.contains("data-trama-slot"));
    house.server.stop().await;
}

#[tokio::test]
async fn an_inbox_is_its_owners() {
    let house = open().await;
    ada_buys(&house).await;
    // She buys again now that she wants offers.
    house.track(json!([{"type": "track", "userId": "ada", "event": "Order Completed"}])).await;
    let proof = hash(&house, "ada");
    let inbox = async |user: &str| {
        let request = house.bare("GET", "/v1/inbox").basic_auth(&house.write_key, Some(""));
        answer(request.header("trama-user-id", user).header("trama-user-hash", &proof)).await
    };
    let mut lies = inbox("ada").await;
    for _ in 0..500 {
        if lies.json()["unread"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        lies = inbox("ada").await;
    }
    let message = lies.json()["messages"][0].clone();
    assert_eq!(message["content"]["title"], "News for Ada", "{lies:?}");
    assert_eq!(inbox("bob").await.status, 403);
    let report = async |what: &str| {
        let reports = json!([{"id": message["id"], "what": what}, {"id": 999, "what": what}]);
        let told = ask(
            &house,
            "/v1/inbox/report",
            json!({"user_id": "ada", "user_hash": proof, "reports": reports}),
        )
        .await;
        assert_eq!((told.status, &told.json()["accepted"]), (200, &json!(1)), "{told:?}");
    };
    report("read").await;
    let read = inbox("ada").await.json();
    assert_eq!((&read["unread"], &read["messages"][0]["read"]), (&json!(0), &json!(true)));
    report("dismissed").await;
    assert_eq!(inbox("ada").await.json(), json!({"unread": 0, "messages": []}));
    house.server.stop().await;
}
