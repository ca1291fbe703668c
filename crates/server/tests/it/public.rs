//! What a recipient reaches from a message: ways out that work at once, and reading that changes nothing.

use crate::house::{Answer, Shop, answer, link};
use serde_json::{Value, json};

async fn get(shop: &Shop, path: &str) -> Answer {
    answer(shop.house.bare("GET", path)).await
}

async fn post(shop: &Shop, path: &str, kind: &str, body: &str) -> Answer {
    let request = shop.house.bare("POST", path).header("content-type", kind).body(body.to_owned());
    answer(request).await
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The newest consent of a person: its state and its source.
async fn consent(shop: &Shop, purpose: &str) -> (Value, Value) {
    let profile = shop.house.get("/api/v1/profiles/user_id:ada").await;
    let consents = profile["consents"].as_array().unwrap();
    let newest = consents.iter().rev().find(|consent| consent["purpose"] == purpose).unwrap();
    (newest["state"].clone(), newest["source"].clone())
}

/// Waits until this many opens and clicks are in the log: nobody who opens a message waits for that.
async fn engaged(shop: &Shop, count: usize) -> Vec<Value> {
    for _ in 0..500 {
        let noted = shop.house.get("/api/v1/activity").await;
        let activity = noted["activity"].as_array().unwrap().iter();
        let engaged: Vec<_> = activity.filter(|one| one["kind"] == "engaged").cloned().collect();
        if engaged.len() >= count {
            return engaged;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{count} opens and clicks do not come");
}

#[tokio::test]
async fn one_click_withdraws_at_once_and_reading_the_page_does_not() {
    for (kind, body, source) in [
        (FORM, "List-Unsubscribe=One-Click", "one_click"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
            "one_click",
        ),
        (FORM, "", "unsubscribe_page"),
    ] {
        let shop = Shop::open().await;
        let mail = shop.ada_orders().await;
        let header = |name: &str| {
            mail.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.trim().to_owned())
        };
        let path = link(&mail, "unsubscribe");
        let url = shop.house.url(&path);
        assert_eq!(header("List-Unsubscribe"), Some(format!("<{url}>")));
        assert_eq!(header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));

        let page = get(&shop, &path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Non vuoi più «Offerte»?") && page.text.contains("ada@example.com"));
        assert_eq!(consent(&shop, "offers").await.0, "granted", "a scanner reads every page");

        for again in ["first", "second"] {
            let done = post(&shop, &path, kind, body).await;
            assert_eq!(done.status, 200, "{again}: {done:?}");
            assert!(done.text.contains("Non riceverai più «Offerte»"), "{again}: {done:?}");
        }
        assert_eq!(consent(&shop, "offers").await, (json!("withdrawn"), json!(source)));
        let order = json!([{"type": "track", "userId": "ada", "event": "Order Completed"}]);
        shop.house.track(order).await;
        let send = shop.answered("user_id:ada").await;
        assert_eq!(
            (&send["decision"], &send["reason"]),
            (&json!("drop"), &json!("consent_withdrawn")),
            "{send}"
        );
        assert_eq!(shop.mailbox.received(), 1);
        shop.house.server.stop().await;
    }
}

#[tokio::test]
async fn a_double_opt_in_is_confirmed_by_the_button_and_not_by_the_link() {
    let shop = Shop::open().await;
    let asks = |granted: bool| {
        json!([{"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "language": "it"},
            "context": {"consent": {"categoryPreferences": {"newsletter": granted}, "wording": 7, "proof": "footer form"}}}])
    };
    shop.house.track(asks(true)).await;
    let mails = shop.mailbox.wait_for(1).await;
    let path = link(&mails[0].view(), "confirm");
    let page = get(&shop, &path).await;
    assert!(page.text.contains("Confermo"), "{page:?}");
    assert_eq!(consent(&shop, "newsletter").await.0, "pending");
    for again in ["first", "second"] {
        let done = post(&shop, &path, FORM, "").await;
        assert!(done.status == 200 && done.text.contains("Grazie"), "{again}: {done:?}");
    }
    assert_eq!(consent(&shop, "newsletter").await, (json!("granted"), json!("double_opt_in")));
    // What was shown when it was asked for is the wording of both halves; each half has its own proof.
    let profile = shop.house.get("/api/v1/profiles/user_id:ada").await;
    let evidence = profile["consents"].as_array().unwrap().iter().map(|one| (&one["wording"], &one["proof"]));
    let [(asked, form), (given, link)] = evidence.collect::<Vec<_>>()[..] else { panic!("{profile}") };
    assert_eq!((asked, given, form), (&json!("7"), &json!("7"), &json!("footer form")));
    assert!(link.as_str().unwrap().starts_with("/confirm, by a signed link"), "{link}");
    shop.house.track(asks(false)).await;
    let late = post(&shop, &path, FORM, "").await;
    assert!(late.text.contains("nulla da confermare"), "{late:?}");
    assert_eq!(consent(&shop, "newsletter").await.0, "withdrawn", "an old link does not undo a withdrawal");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn links_lead_where_they_were_signed_to_and_machines_do_not_count() {
    let shop = Shop::open().await;
    let mail = shop.ada_orders().await;
    let path = link(&mail, "c");
    let away = get(&shop, &path).await;
    assert_eq!(away.status, 302);
    assert_eq!(away.headers["location"], "https://bottega.example/olio");
    assert_eq!(away.headers["cache-control"], "no-store");
    let pixel = get(&shop, &link(&mail, "o")).await;
    assert_eq!((pixel.status, &pixel.headers["content-type"]), (200, &"image/gif".parse().unwrap()));

    // A client without a name, an instant after the delivery: noted, and no reaction of the person's.
    let engaged = engaged(&shop, 2).await;
    assert!(engaged.iter().all(|one| one["machine"] == true), "{engaged:?}");
    let send = shop.answered("user_id:ada").await;
    assert_eq!((&send["opened_at"], &send["clicked_at"]), (&Value::Null, &Value::Null));

    let mut forged = path.clone();
    forged.replace_range(4..5, if forged.as_bytes()[4] == b'A' { "B" } else { "A" });
    for wrong in [&forged, "/c/x", "/unsubscribe/x", "/confirm/x", "/preferences/x"] {
        let page = get(&shop, wrong).await;
        assert!(page.status == 404 && page.text.contains("non funziona"), "{wrong}: {page:?}");
    }
    // The token of a link opens no other door.
    let token = path.strip_prefix("/c/").unwrap();
    assert_eq!(post(&shop, &format!("/unsubscribe/{token}"), FORM, "").await.status, 404);
    assert_eq!(consent(&shop, "offers").await.0, "granted");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn what_a_person_opens_and_clicks_becomes_events_of_that_person() {
    const PERSON: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";
    let shop = Shop::open().await;
    let mail = shop.ada_orders().await;
    let visit = async |path: &str| answer(shop.house.bare("GET", path).header("user-agent", PERSON)).await;
    // For a moment after the delivery nobody is believed to be a person, so she looks until she is.
    let mut send = Value::Null;
    for _ in 0..500 {
        assert_eq!(visit(&link(&mail, "o")).await.status, 200);
        assert_eq!(visit(&link(&mail, "c")).await.status, 302);
        send = shop.answered("user_id:ada").await;
        if !send["opened_at"].is_null() && !send["clicked_at"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!send["opened_at"].is_null() && !send["clicked_at"].is_null(), "{send}");
    let timeline = shop.house.get("/api/v1/profiles/user_id:ada/timeline").await;
    let events = timeline["events"].as_array().unwrap();
    let of =
        |name: &str| events.iter().find(|event| event["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(of("Message Opened")["properties"]["message"], "thanks");
    assert_eq!(of("Message Clicked")["properties"]["url"], "https://bottega.example/olio");
    let opens = events.iter().filter(|event| event["name"] == "Message Opened").count();
    assert_eq!(opens, 1, "one open is as good as many");
    let met = shop.house.get("/api/v1/profiles/user_id:ada/touchpoints").await;
    let met: Vec<_> = met["touchpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["occasion"], &one["channel"], &one["campaign"], &one["direction"]))
        .filter(|(occasion, ..)| *occasion != "visit")
        .map(|(occasion, channel, campaign, direction)| {
            format!("{occasion} {channel} {campaign} {direction}")
        })
        .collect();
    let (send, click) =
        ("\"send\" \"Email\" \"thanks\" \"outbound\"", "\"click\" \"Email\" \"thanks\" \"outbound\"");
    assert_eq!(met, [send, click]);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn an_open_counts_while_the_person_consents_to_that_and_not_a_moment_longer() {
    let shop = Shop::open().await;
    let mail = shop.ada_orders().await;
    let pixel = link(&mail, "o");
    assert_eq!(get(&shop, &pixel).await.status, 200);
    assert_eq!(engaged(&shop, 1).await.len(), 1, "she consented, and so it is noted");
    let withdrawn = json!({"profile": "user_id:ada", "purpose": "pixels", "granted": false});
    assert_eq!(shop.house.ask("POST", "/api/v1/consents", Some(withdrawn)).await.status, 200);
    assert_eq!(get(&shop, &pixel).await.status, 200, "the picture is there all the same");
    assert_eq!(get(&shop, &link(&mail, "c")).await.status, 302);
    let noted = engaged(&shop, 2).await;
    let opens = noted.iter().filter(|one| one["engagement"] == "opened").count();
    assert_eq!(opens, 1, "the second look at the message she got before left no trace: {noted:?}");
    // And what is sent to her now has no picture of hers.
    shop.house.track(json!([{"type": "track", "userId": "ada", "event": "Order Completed"}])).await;
    let mails = shop.mailbox.wait_for(2).await;
    assert!(!mails[1].view().html.unwrap().contains("/o/"));
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_scanner_that_follows_every_link_is_no_reader() {
    const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36";
    let shop = Shop::open().await;
    let mail = shop.ada_orders().await;
    let link = link(&mail, "o");
    let body = mail.html.unwrap();
    let links: Vec<&str> =
        body.match_indices("/c/").map(|(at, _)| &body[at..at + body[at..].find('"').unwrap()]).collect();
    assert!(links.len() >= 2, "{body}");
    // She looks at it until she is believed to be a person; then the scanner would be one too, were it not for the second
    // link.
    let visit = async |path: &str| answer(shop.house.bare("GET", path).header("user-agent", AGENT)).await;
    for _ in 0..500 {
        assert_eq!(visit(&link).await.status, 200);
        if !shop.answered("user_id:ada").await["opened_at"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!shop.answered("user_id:ada").await["opened_at"].is_null());
    let before = engaged(&shop, 1).await.len();
    for path in &links[..2] {
        assert_eq!(visit(path).await.status, 302);
    }
    let noted = engaged(&shop, before + 2).await;
    let clicks: Vec<_> = noted.iter().filter(|one| one["engagement"] == "clicked").collect();
    assert!(clicks.len() == 2 && clicks.iter().all(|one| one["machine"] == true), "{noted:?}");
    assert_eq!(shop.answered("user_id:ada").await["clicked_at"], Value::Null);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn the_preference_centre_shows_what_holds_and_makes_hold_what_is_ticked() {
    let shop = Shop::open().await;
    let mail = shop.ada_orders().await;
    let path = link(&mail, "preferences");
    let page = get(&shop, &path).await;
    assert!(
        page.text.contains("value=\"offers.email\" checked")
            && page.text.contains("value=\"newsletter.email\">"),
        "{page:?}"
    );
    let saved = post(&shop, &path, FORM, "choice=newsletter.email&choice=pixels.email").await;
    assert!(
        saved.text.contains("value=\"offers.email\">")
            && saved.text.contains("value=\"newsletter.email\" checked"),
        "{saved:?}"
    );
    assert_eq!(consent(&shop, "offers").await, (json!("withdrawn"), json!("preference_centre")));
    assert_eq!(consent(&shop, "newsletter").await, (json!("granted"), json!("double_opt_in")));
    shop.house.server.stop().await;
}
