//! Messages on trial: by the real relay to an operator's address, and nothing of them counts.

use crate::house::{Answer, Shop, answer, link};
use serde_json::{Value, json};
use server::limits::TEST_SENDS_PER_HOUR;
use server::mailbox::rule::Rule;
use std::process::Command;

const PATH: &str = "/api/v1/messages/thanks/test";

async fn tried(shop: &Shop, body: Value) -> Answer {
    shop.house.ask("POST", PATH, Some(body)).await
}

/// All that tells of what was sent and done, in one value.
async fn counted(shop: &Shop) -> Value {
    let mut all = Vec::new();
    for (path, fields) in [
        ("sends", &["sends"][..]),
        ("journeys", &["journeys"]),
        ("best", &["best"]),
        ("governor", &["total", "pressure"]),
        ("activity", &["activity"]),
        ("suppressions", &["suppressions"]),
    ] {
        let told = shop.house.get(&format!("/api/v1/{path}")).await;
        all.extend(fields.iter().map(|field| told[field].clone()));
    }
    json!(all)
}

#[tokio::test]
async fn a_test_comes_as_the_message_would_and_counts_nowhere() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let before = counted(&shop).await;
    let body = json!({"to": "Lina@Bottega.example", "profile": "user_id:ada"});
    let sent = tried(&shop, body).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let told = sent.json();
    assert_eq!(
        (&told["outcome"], &told["to"], &told["subject"]),
        (&json!("accepted"), &json!("lina@bottega.example"), &json!("[Test] Grazie")),
        "{told}"
    );
    assert!(!told["route"].as_str().unwrap().is_empty(), "{told}");
    let mails = shop.mailbox.wait_for(2).await;
    let mail = mails[1].view();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("lina@bottega.example", "[Test] Grazie"));
    let html = mail.html.as_deref().unwrap();
    assert!(html.contains("Grazie ada@example.com"), "as Ada would read it: {html}");
    assert!(html.contains("\"https://bottega.example/olio\""), "it leads straight there: {html}");
    assert!(!html.contains("/c/") && !html.contains("/o/"), "nothing is seen of it: {html}");
    for kind in ["unsubscribe", "preferences"] {
        for method in ["GET", "POST"] {
            let page = answer(shop.house.bare(method, &link(&mail, kind))).await;
            assert_eq!(page.status, 404, "{method} {kind}: {page:?}");
        }
    }
    assert_eq!(counted(&shop).await, before);
    let act = shop.house.get("/api/v1/audit?act=message.test").await["acts"][0].clone();
    assert_eq!(
        (&act["operator"], &act["subject"], &act["after"]),
        (&json!("first admin"), &json!("thanks"), &json!({"draft": false})),
        "{act}"
    );
    let people =
        json!([{"type": "email", "value": "lina@bottega.example"}, {"type": "user_id", "value": "ada"}]);
    assert_eq!(act["people"], people);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_draft_is_tried_for_somebody_who_is_made_up_and_kept_nowhere() {
    let shop = Shop::open().await;
    let draft = json!({
        "yaml": "message: thanks\nemail: { from: \"Bottega <ciao@bottega.example>\", subject: { en: \"Hello {{ profile.name }}\" } }\n",
        "templates": {"email.en.txt": "You ordered for {{ event.total }}. {{ unsubscribe_url }}\n", "email.it.html": null},
    });
    let body = json!({
        "to": "lina@bottega.example", "traits": {"name": "Zoe", "email": "zoe@example.com"}, "language": "en",
        "event": {"total": 12}, "draft": draft,
    });
    let sent = tried(&shop, body.clone()).await;
    assert_eq!((sent.status, &sent.json()["subject"]), (200, &json!("[Test] Hello Zoe")), "{sent:?}");
    let mail = shop.mailbox.wait_for(1).await[0].view();
    assert!(mail.text.unwrap().starts_with("You ordered for 12."));
    assert_eq!(shop.house.get("/api/v1/programme").await["revision"], 1);
    let mut wrong = body.clone();
    wrong["draft"]["templates"]["email.en.txt"] = json!("{% if %}");
    let refused = tried(&shop, wrong).await;
    let told = refused.json();
    assert_eq!((refused.status, &told["code"]), (400, &json!("programme_mistakes")), "{told}");
    assert_eq!(told["findings"][0]["file"], "messages/thanks/email.en.txt");
    for (field, value, status, at_fault) in [
        ("to", json!("lina"), 400, json!("to")),
        ("profile", json!("user_id:ada"), 400, json!("profile")),
        ("traits", Value::Null, 400, json!("profile")),
    ] {
        let mut body = body.clone();
        body[field] = value;
        let refused = tried(&shop, body).await;
        assert_eq!((refused.status, &refused.json()["field"]), (status, &at_fault), "{field}: {refused:?}");
    }
    let unknown = tried(&shop, json!({"to": "lina@bottega.example", "profile": "user_id:nobody"})).await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    assert_eq!(shop.mailbox.received(), 1);
    shop.house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_in_the_words_of_the_relay_and_too_many_wait() {
    let shop = Shop::open().await;
    shop.mailbox.set_rules(vec![Rule::refuse("gone@*", "550 5.1.1 No such user here")]);
    let to = |address: &str| json!({"to": address, "traits": {}});
    let unknown = json!({"to": "lina@bottega.example", "traits": {}, "chanel": "email"});
    let unknown = tried(&shop, unknown).await;
    assert!(unknown.status == 400 && unknown.text.contains("unknown field `chanel`"), "{unknown:?}");
    let refused = tried(&shop, to("gone@bottega.example")).await;
    let told = refused.json();
    assert_eq!((refused.status, &told["outcome"]), (200, &json!("invalid_recipient")), "{told}");
    assert!(told["reply"].as_str().unwrap().contains("No such user here"), "{told}");
    let suppressed = shop.house.get("/api/v1/suppressions").await;
    assert_eq!(suppressed["suppressions"], json!([]), "it is nobody's send: {suppressed}");
    let mut by_hand = Command::new(env!("CARGO_BIN_EXE_trama"));
    by_hand.args(["send-test", "thanks", "--to", "gone@bottega.example", "--traits", "{}"]);
    by_hand.args(["--server", &shop.house.url("")]).env("TRAMA_TOKEN", &shop.house.admin_token);
    let failed = tokio::task::spawn_blocking(move || by_hand.output().unwrap()).await.unwrap();
    let words = String::from_utf8(failed.stderr).unwrap();
    assert!(!failed.status.success() && words.contains("No such user here"), "{words}");
    let room = shop.house.get(PATH).await;
    assert_eq!(room, json!({"per_hour": TEST_SENDS_PER_HOUR, "left": TEST_SENDS_PER_HOUR - 2}));
    for number in 2..TEST_SENDS_PER_HOUR {
        let sent = tried(&shop, to("lina@bottega.example")).await;
        assert_eq!(sent.status, 200, "{number}: {sent:?}");
    }
    let late = tried(&shop, to("lina@bottega.example")).await;
    assert_eq!((late.status, &late.json()["code"]), (429, &json!("too_many_tests")), "{late:?}");
    let seconds: u64 = late.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_000..=3_601).contains(&seconds), "{seconds}");
    let room = shop.house.get(PATH).await;
    assert!(room["left"] == 0 && room["next_at"].is_string(), "{room}");
    shop.house.server.stop().await;
}
