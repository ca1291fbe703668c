//! A message as somebody would get it, from a running server and from a directory that none runs on.

use crate::house::Shop;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn trama(arguments: &[&str], data: &Path) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[tokio::test]
async fn a_preview_is_what_the_person_would_get_and_sends_nothing() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let path = "/api/v1/messages/thanks/preview?profile=user_id:ada";
    let shown = shop.house.get(path).await;
    assert_eq!(
        (shown["language"].as_str(), shown["subject"].as_str()),
        (Some("it"), Some("Grazie")),
        "{shown}"
    );
    assert_eq!(shown["to"], "ada@example.com");
    let html = shown["html"].as_str().unwrap();
    assert!(html.contains("Grazie ada@example.com") && html.contains("/unsubscribe/"), "{html}");
    assert_eq!(shown["html_bytes"].as_u64(), Some(html.len() as u64));
    let english = shop.house.get(&format!("{path}&language=en")).await;
    assert_eq!((english["subject"].as_str(), &english["html"]), (Some("Thanks"), &Value::Null), "{english}");
    // A trait that the template reads, and nobody has; then Bob has it, and Ada still has not.
    assert_eq!(
        (&shown["missing"], &shown["unknown"]),
        (&json!(["nickname"]), &json!(["nickname"])),
        "{shown}"
    );
    assert!(shown["warnings"][0].as_str().unwrap().contains("profile.nickname, which nobody has"), "{shown}");
    shop.house.track(json!([{"type": "identify", "userId": "bob", "traits": {"nickname": "Bobby"}}])).await;
    let again = shop.house.get(path).await;
    assert_eq!((&again["missing"], &again["unknown"]), (&json!(["nickname"]), &json!([])), "{again}");
    // Its links are of no send: following one changes nothing.
    let unsubscribe = shown["unsubscribe"].as_str().unwrap();
    let page = shop.house.bare("POST", &unsubscribe[unsubscribe.find("/unsubscribe/").unwrap()..]);
    assert_eq!(crate::house::answer(page).await.status, 404);
    for (path, status) in [
        ("/api/v1/messages/thanks/preview?profile=user_id:carl", 404),
        // He has no address.
        ("/api/v1/messages/thanks/preview?profile=user_id:bob", 422),
        ("/api/v1/messages/nothing/preview?profile=user_id:ada", 404),
        ("/api/v1/messages/thanks/preview?profile=ada", 400),
    ] {
        assert_eq!(shop.house.ask("GET", path, None).await.status, status, "{path}");
    }
    assert_eq!(shop.mailbox.received(), 1, "what she ordered, and nothing else");
    assert_eq!(shop.house.get("/api/v1/sends").await["sends"].as_array().unwrap().len(), 1);

    let dir = shop.house.dir.path().to_owned();
    let asked = ["preview", "thanks", "--profile", "user_id:ada"];
    let live = tokio::task::spawn_blocking({
        let dir = dir.clone();
        move || trama(&asked, &dir)
    });
    let live = live.await.unwrap().unwrap();
    assert!(live.contains("Subject: Grazie") && live.contains("Language: it"), "{live}");
    let Shop { house, .. } = shop;
    house.server.stop().await;
    let stopped = trama(&asked, &dir).unwrap();
    assert!(stopped.contains("warning: no DKIM key signs for bottega.example"), "{stopped}");
    assert!(stopped.contains("Subject: Grazie"), "{stopped}");
    trama(&["keys", "dkim", "create", "--domain", "bottega.example"], &dir).unwrap();
    assert!(!trama(&asked, &dir).unwrap().contains("DKIM"), "the key is there");
    let html = trama(&["preview", "thanks", "--profile", "user_id:ada", "--html"], &dir).unwrap();
    assert!(html.starts_with("<html>"), "{html}");
    let unknown = trama(&["preview", "nothing", "--profile", "user_id:ada"], &dir).unwrap_err();
    assert!(unknown.contains("no message \"nothing\""), "{unknown}");
}

#[tokio::test]
async fn a_draft_is_looked_at_for_anybody_and_its_mistakes_have_their_place() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let look = async |message: &str, body: Value| {
        shop.house.ask("POST", &format!("/api/v1/messages/{message}/preview"), Some(body)).await
    };
    // As it is live, and as a draft in which only one template is another.
    let live = look("thanks", json!({"profile": "user_id:ada"})).await.json();
    assert_eq!((&live["channel"], &live["email"]["subject"]), (&json!("email"), &json!("Grazie")), "{live}");
    let html = live["email"]["html"].as_str().unwrap();
    assert!(html.contains("\"https://bottega.example/olio\"") && !html.contains("/o/"), "{html}");
    let english = "Thanks for {{ event.total }} {% if profile.vip %}, dear{% endif %}\n";
    let draft = json!({"templates": {"email.en.txt": english}});
    let asked = json!({
        "traits": {"language": "en", "vip": true}, "event": {"total": 5}, "draft": draft,
    });
    let drawn = look("thanks", asked).await.json();
    assert_eq!(drawn["email"]["text"], "Thanks for 5 , dear\n", "{drawn}");
    assert_eq!(drawn["email"]["missing"], json!([]), "{drawn}");
    // Pre-send checks are of this message alone, and have their place in what was given.
    let doubtful = json!({"profile": "user_id:ada", "draft": {
        "yaml": "message: thanks\nemail:\n  from: Bottega <ciao@bottega.example>\n  subject: { it: GRAZIE DAVVERO TANTO, en: Thanks }\n",
    }});
    let drawn = look("thanks", doubtful).await.json();
    let finding = &drawn["findings"][0];
    assert_eq!((&finding["severity"], &finding["at"]["line"]), (&json!("warning"), &json!(4)), "{drawn}");
    assert!(finding["message"].as_str().unwrap().contains("capitals"), "{drawn}");
    let broken = json!({"profile": "user_id:ada", "draft": {"yaml": "message: thanks\nemale: {}\n"}});
    let refused = look("thanks", broken).await;
    let told = refused.json();
    let found = told["findings"].as_array().unwrap().iter().find(|one| one["at"]["line"] == 2);
    assert_eq!((refused.status, &found.unwrap()["severity"]), (400, &json!("error")), "{told}");
    // In the app, a message that is not live at all.
    let in_app = json!({
        "traits": {"first_name": "Zoe"}, "channel": "in_app", "language": "en",
        "draft": {"definition": {"message": "banner", "in_app": {
            "title": {"it": "Ciao", "en": "Hello {{ profile.first_name }}"},
        }}},
    });
    let drawn = look("banner", in_app.clone()).await;
    assert_eq!(drawn.status, 200, "{drawn:?}");
    let drawn = drawn.json();
    assert_eq!((&drawn["content"]["title"], drawn.get("email")), (&json!("Hello Zoe"), None), "{drawn}");
    let mut other = in_app;
    other["channel"] = json!("onsite");
    assert_eq!(look("banner", other).await.status, 422);
    for (message, body, status) in [
        ("thanks", json!({"profile": "user_id:carl"}), 404),
        ("nothing", json!({"profile": "user_id:ada"}), 404),
        ("thanks", json!({"profile": "user_id:ada", "channel": "fax"}), 400),
        ("thanks", json!({}), 400),
        ("thanks", json!({"profile": "user_id:ada", "draft": {"yaml": "message: other\n"}}), 400),
    ] {
        assert_eq!(look(message, body.clone()).await.status, status, "{message} {body}");
    }
    assert_eq!(shop.house.get("/api/v1/programme").await["revision"], 1);
    shop.house.server.stop().await;
}
