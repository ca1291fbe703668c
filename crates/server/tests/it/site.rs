//! What pages and apps ask for, through the server's own port: the right message to the right person, nothing about anybody
//! to whoever only says a name, and an inbox for its owner alone.

use crate::house::{Answer, House, answer};
use engine::at::Span;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::clock;
use server::deliver::token::Token;
use server::limits::{DECISION_AGE_MAX, REPORTS_MAX};
use sha2::Sha256;

const PROGRAMME: [(&str, &str); 9] = [
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
        "messages/stop/message.yaml",
        "message: stop
onsite:
  format: popup
  slot: over
  purpose: offers
  title: { it: Aspetta, en: Wait }
",
    ),
    (
        "messages/gift/message.yaml",
        "message: gift
offer: gift
onsite:
  format: inline
  slot: foot
  purpose: offers
  title: { it: 'Per te {{ offer.code }}', en: 'For you {{ offer.code }}' }
",
    ),
    (
        "offers/gift.yaml",
        "offer: gift
content: { it: { title: Un regalo }, en: { title: A gift } }
codes: one a person
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
    open_with("").await
}

/// With more in its `programme.yaml`.
async fn open_with(more: &str) -> House {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in PROGRAMME {
        let path = dir.path().join("programme").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let more = if file == PROGRAMME[0].0 { more } else { "" };
        std::fs::write(path, format!("{text}{more}")).unwrap();
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
    let reports = vec![json!({"decision": "x", "what": "shown"}); REPORTS_MAX + 1];
    let marks = vec![json!({"id": 1, "what": "read"}); REPORTS_MAX + 1];
    for (path, body, status, code) in [
        ("/decide", json!({"slots": slots}), 400, "missing_identifier"),
        ("/decide", json!({"anonymous_id": "null", "slots": slots}), 400, "bad_identifier"),
        ("/decide", json!({"anonymous_id": "  ", "slots": slots}), 400, "missing_identifier"),
        ("/decide", json!({"anonymous_id": "a"}), 400, "bad_body"),
        ("/decide", json!({"anonymous_id": "a", "slots": many}), 400, "too_many_slots"),
        ("/decide/report", json!({"reports": reports}), 400, "too_many_reports"),
        (
            "/v1/inbox/report",
            json!({"user_id": "ada", "user_hash": "00", "reports": marks}),
            400,
            "too_many_reports",
        ),
        ("/v1/inbox/report", json!({"user_id": "ada", "reports": []}), 401, "missing_proof"),
        (
            "/v1/inbox/report",
            json!({"user_id": " ", "user_hash": "00", "anonymous_id": "a", "reports": []}),
            401,
            "missing_proof",
        ),
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

async fn told(house: &House, decision: &Value, what: &str) -> u64 {
    let body = json!({"reports": [{"decision": decision, "what": what}]});
    ask(house, "/decide/report", body).await.json()["accepted"].as_u64().unwrap()
}

/// What a page would show Ada's browser in a slot.
async fn shown(house: &House, slot: &str, more: &Value) -> Value {
    let mut body = json!({"anonymous_id": "a-1", "slots": [slot]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask(house, "/decide", body).await.json()["decisions"][0].clone()
}

#[tokio::test]
async fn what_a_machine_sees_counts_for_nobody_and_what_is_old_for_nothing() {
    let house = open().await;
    ada_buys(&house).await;
    let decision = shown(&house, "over", &json!({})).await["decision"].clone();
    let body = json!({"writeKey": house.write_key, "reports": [{"decision": decision, "what": "shown"}]});
    let by_machine = house.bare("POST", "/decide/report").header("user-agent", "Googlebot/2.1");
    assert_eq!(answer(by_machine.body(body.to_string())).await.json()["accepted"], 1);
    assert_eq!(house.get("/api/v1/status").await["counts"]["bot_events"], 1);
    assert_eq!(shown(&house, "over", &json!({})).await["message"], "stop", "nobody has seen it yet");
    assert_eq!(shown(&house, "over", &json!({"context": {"from_search": true}})).await, Value::Null);
    for (age, accepted) in [(Span(DECISION_AGE_MAX.0 - 60_000), 1), (Span(DECISION_AGE_MAX.0 + 60_000), 0)] {
        let at = clock::now().minus(age).0;
        let text = json!({"m": "stop", "p": "offers", "s": "over", "k": "anonymous_id", "v": "a-1", "n": age.0, "t": at});
        let token = house.server.hub().links.key().sign(&Token::Decision { text: text.to_string() });
        assert_eq!(told(&house, &json!(token), "shown").await, accepted, "{age}");
    }
    let decided = json!({"decision": decision});
    assert_eq!(told(&house, &decided["decision"], "clicked").await, 1);
    house.server.stop().await;
}

#[tokio::test]
async fn a_click_is_told_apart_from_what_it_clicked() {
    let house = open().await;
    ada_buys(&house).await;
    let decided = shown(&house, "over", &json!({})).await;
    for what in ["shown", "clicked"] {
        assert_eq!(told(&house, &decided["decision"], what).await, 1);
    }
    let sends = house.get("/api/v1/sends?profile=user_id:ada").await;
    let stop =
        sends["sends"].as_array().unwrap().iter().find(|send| send["message"] == "stop").unwrap().clone();
    assert!(stop["clicked_at"].is_string(), "{stop}");
    house.server.stop().await;
}

#[tokio::test]
async fn whoever_is_withheld_sees_nothing_clicks_nothing_and_is_counted() {
    let house = open_with("contact_policy: { holdout: 100% }\n").await;
    ada_buys(&house).await;
    let decided = shown(&house, "over", &json!({})).await;
    assert_eq!((&decided["message"], &decided["content"]), (&json!("stop"), &Value::Null), "{decided}");
    let accepted = [
        told(&house, &decided["decision"], "shown").await,
        told(&house, &decided["decision"], "clicked").await,
    ];
    assert_eq!(accepted, [1, 0]);
    let sends = house.get("/api/v1/sends?profile=user_id:ada").await;
    let stop =
        sends["sends"].as_array().unwrap().iter().find(|send| send["message"] == "stop").unwrap().clone();
    assert_eq!((&stop["status"], &stop["reason"]), (&json!("dropped"), &json!("global_holdout")));
    house.server.stop().await;
}

#[tokio::test]
async fn a_code_of_ones_own_is_shown_to_its_owner_alone() {
    let house = open().await;
    ada_buys(&house).await;
    let decided = shown(&house, "foot", &json!({})).await;
    assert_eq!(decided["content"]["title"], "For you", "before it was seen nobody has one");
    assert_eq!(told(&house, &decided["decision"], "shown").await, 1);
    let held = house.get("/api/v1/profiles/user_id:ada/offers").await;
    let code = held["offers"][0]["code"].as_str().unwrap().to_owned();
    assert_eq!(shown(&house, "foot", &json!({})).await["content"]["title"], "For you");
    let proof = json!({"user_id": "ada", "user_hash": hash(&house, "ada")});
    assert_eq!(shown(&house, "foot", &proof).await["content"]["title"], format!("For you {code}"));
    // A till knows nothing but the code.
    let till = async |coupon: &str| {
        let order = json!({"type": "track", "event": "Order Completed", "messageId": coupon, "properties": {"coupon": coupon}});
        let body =
            json!({"batch": [order, {"type": "track", "event": "Looked", "properties": {"coupon": coupon}}]});
        answer(house.bare("POST", "/v1/batch").basic_auth(&house.write_key, Some("")).json(&body))
            .await
            .json()
    };
    let refused = till("AAAA-AAAA-AAAA").await;
    assert_eq!(refused["accepted"], 0, "{refused}");
    assert_eq!(
        (&refused["rejected"][0]["code"], &refused["rejected"][0]["field"]),
        (&json!("missing_identifier"), &json!("userId"))
    );
    let taken = till(&code).await;
    assert_eq!((&taken["accepted"], &taken["rejected"][0]["index"]), (&json!(1), &json!(1)), "{taken}");
    let held = house.get("/api/v1/profiles/user_id:ada/offers").await;
    assert_eq!(held["offers"][0]["state"], "redeemed");
    let timeline = house.get("/api/v1/profiles/user_id:ada/timeline").await.to_string();
    assert!(timeline.contains(&code), "the order is hers: {timeline}");
    assert_eq!(house.get("/api/v1/status").await["counts"]["rejects"], 3);
    house.server.stop().await;
}

#[tokio::test]
async fn an_inbox_counts_once_and_speaks_the_language_of_whoever_reads() {
    let house = open().await;
    let offers = json!({"consent": {"categoryPreferences": {"offers": true}}});
    house
        .track(json!([
            {"type": "identify", "userId": "eve", "context": offers},
            {"type": "track", "userId": "eve", "event": "Order Completed"},
        ]))
        .await;
    let proof = hash(&house, "eve");
    let inbox = async |language: &str| {
        let request = house.bare("GET", "/v1/inbox").basic_auth(&house.write_key, Some(""));
        let request = request.header("trama-user-id", "eve").header("trama-user-hash", &proof);
        answer(request.header("accept-language", language)).await.json()
    };
    for _ in 0..500 {
        if inbox("en").await["unread"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let titles = [inbox("en-GB,it;q=0.8").await, inbox("it").await];
    let titles = titles.map(|one| one["messages"][0]["content"]["title"].as_str().unwrap().to_owned());
    assert_eq!(titles, ["News for", "Novità per"]);
    let id = inbox("en").await["messages"][0]["id"].clone();
    for what in ["clicked", "clicked", "read", "read"] {
        let reports = json!([{"id": id, "what": what}]);
        let body = json!({"user_id": "eve", "user_hash": proof, "reports": reports});
        assert_eq!(ask(&house, "/v1/inbox/report", body).await.json()["accepted"], 1);
        let now = inbox("en").await;
        assert_eq!((&now["unread"], &now["messages"][0]["read"]), (&json!(0), &json!(true)), "{what}");
    }
    let timeline = house.get("/api/v1/profiles/user_id:eve/timeline").await.to_string();
    let times = ["Message Clicked", "Message Opened"].map(|name| timeline.matches(name).count());
    assert_eq!(times, [1, 1], "{timeline}");
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
