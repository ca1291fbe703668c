//! Pages: what depends on the place and the person, what may be cached, and who passed a page on.

use super::{Stand, after, filled_in, who};
use crate::house::answer;
use serde_json::{Value, json};

#[tokio::test]
async fn blocks_depend_on_the_place_and_on_who_comes() {
    let stand = Stand::open().await;
    let plain = stand.visit("/p/market").await;
    assert_eq!(plain.status, 200);
    assert!(
        plain.text.contains("Vieni in bottega")
            && !plain.text.contains("fiera")
            && !plain.text.contains("Bentornata")
    );
    assert!(
        plain.text.contains("<html lang=\"it\">") && plain.text.len() < 50_000,
        "{} bytes",
        plain.text.len()
    );
    assert_eq!(plain.headers["cache-control"], "private, no-store");
    let policy = plain.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src https://img.example;") && !policy.contains("unsafe"), "{policy}");

    let led = stand.visit("/q/flyer").await;
    let fair = stand.visit(&stand.led_to("/q/flyer", &led)).await;
    assert!(
        fair.text.contains("Benvenuti alla fiera") && !fair.text.contains("Vieni in bottega"),
        "{}",
        fair.text
    );
    assert!(fair.text.contains("Guarda qui &amp; &lt;là&gt;"));
    let english = answer(stand.browser("GET", "/p/market?language=en")).await;
    assert!(english.text.contains("Come to the shop") && english.text.contains("<html lang=\"en\">"));

    let told = stand.events(&["QR Scanned", "Page Viewed"], 4).await;
    let scanned = told.iter().find(|one| one["name"] == "QR Scanned").unwrap();
    let timeline = stand.timeline(&who(scanned)).await;
    let names: Vec<&str> = timeline.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(names, ["Page Viewed", "QR Scanned"], "both are one visitor's");
    let properties = &timeline[0].1;
    for (name, expected) in [("page", "market"), ("link", "flyer"), ("place", "fair"), ("path", "/p/market")]
    {
        assert_eq!(properties[name], expected, "{properties}");
    }
    assert!(!properties["url"].as_str().unwrap().contains("trama_visit"), "{properties}");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn what_is_known_is_read_only_for_whom_it_is_known() {
    let stand = Stand::open().await;
    // A nameless visitor who agreed to be known again and to offers, and bought.
    let page = stand.visit("/p/market").await;
    let body = [
        ("email", "eve@example.com"),
        ("first_name", "Eve"),
        ("consent", "memory.onsite"),
        ("stamp", after(&page.text, "name=\"stamp\" value=\"")),
        ("visit", after(&page.text, "name=\"visit\" value=\"")),
    ];
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let sent = answer(filled_in(stand.browser("POST", "/f/guide"), &body)).await;
    assert_eq!(sent.status, 303, "{sent:?}");
    let cookie = sent.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Max-Age=31536000"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    stand
        .house
        .track(json!([
            {"type": "identify", "userId": "eve", "traits": {"email": "eve@example.com"},
             "context": {"consent": {"categoryPreferences": {"offers.onsite": true}}}},
            {"type": "track", "userId": "eve", "event": "Order Completed"},
        ]))
        .await;
    // The browser is known again. Whether it is Eve's nobody has proved: anybody can write her address into a form. So
    // nothing of hers is read, not even which blocks are for her.
    let again = answer(stand.browser("GET", "/p/market").header("cookie", &cookie)).await;
    assert!(again.text.contains("Tutti") && !again.text.contains("Bentornata"), "{}", again.text);
    // A visit is recorded beside the answer, so the next one waits for it.
    stand.events(&["Page Viewed"], 2).await;
    answer(stand.browser("GET", "/p/market").header("cookie", "trama_visitor=eve")).await;
    stand.events(&["Page Viewed"], 3).await;
    // She wants to be forgotten by the browser: the cookie is worth nothing from then on.
    let withdrawn = json!([{"type": "track", "userId": "eve", "event": "Consent Given",
        "context": {"consent": {"categoryPreferences": {"memory.onsite": false}}}}]);
    stand.house.track(withdrawn).await;
    answer(stand.browser("GET", "/p/market").header("cookie", &cookie)).await;
    let seen: Vec<String> = stand.events(&["Page Viewed"], 4).await.iter().map(who).collect();
    assert_eq!(seen[1], seen[0], "the cookie is the visit's: {seen:?}");
    assert!(seen[2] != seen[0], "a cookie that is not signed is nobody's: {seen:?}");
    assert!(seen[3] != seen[0], "and one that was withdrawn: {seen:?}");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn what_is_the_same_for_everybody_may_be_cached() {
    let stand = Stand::open().await;
    let page = stand.visit("/p/plain").await;
    assert_eq!(page.headers["cache-control"], "public, max-age=60");
    assert!(
        page.text.contains("Aperti &lt;sempre&gt;") && !page.text.contains("trama_visit="),
        "{}",
        page.text
    );
    let led = stand.visit("/p/plain?by=x").await;
    assert_eq!(led.headers["cache-control"], "private, no-store");
    assert_eq!(stand.visit("/p/nothing").await.status, 404);
    stand.house.server.stop().await;
}

#[tokio::test]
async fn who_comes_by_a_page_that_was_passed_on_is_known_to_its_advocate() {
    let stand = Stand::open().await;
    let page = stand.visit("/p/market").await;
    stand.events(&["Page Viewed"], 1).await;
    let links: Vec<&str> =
        page.text.match_indices("../s/").map(|(at, _)| after(&page.text[at..], "../s/")).collect();
    assert_eq!(links.len(), 2);
    let whatsapp = stand.visit(&format!("/s/{}", links[0])).await;
    let target = whatsapp.headers["location"].to_str().unwrap();
    assert!(target.starts_with("https://wa.me/?text=Guarda%20qui"), "{target}");
    let copied = answer(stand.browser("POST", &format!("/s/{}", links[1]))).await.json();
    assert_eq!(copied["text"], "Guarda qui & <là>");
    let url = copied["url"].as_str().unwrap();
    let by = &url[url.find("/p/market").unwrap()..];
    assert!(by.contains("?by="), "{url}");

    let friend = stand.visit(by).await;
    assert_eq!(friend.status, 200);
    let told = stand.events(&["Page Shared", "Share Visited"], 3).await;
    let shared: Vec<&Value> = told.iter().filter(|one| one["name"] == "Page Shared").collect();
    let visited = told.iter().find(|one| one["name"] == "Share Visited").unwrap();
    assert_eq!(shared.len(), 2);
    assert_eq!(visited["identifiers"], shared[0]["identifiers"], "it is the advocate's event");
    let advocate = stand.timeline(&who(shared[0])).await;
    assert_eq!(advocate[0], ("Share Visited".to_owned(), json!({"page": "market", "by": "copy"})));
    let views = stand.events(&["Page Viewed"], 2).await;
    let friend = stand.timeline(&who(&views[1])).await;
    let profiles = stand.house.get("/api/v1/profiles").await;
    assert_eq!(profiles["profiles"].as_array().unwrap().len(), 2, "{profiles}");
    assert_eq!(
        (&friend[0].1["shared_by"], friend[0].1["advocate"].is_string()),
        (&json!("copy"), true),
        "{friend:?}"
    );

    // A messenger that looks at the address for a preview is nobody's friend.
    let preview = stand.house.bare("GET", by).header("user-agent", "TelegramBot (like TwitterBot)");
    assert_eq!(answer(preview).await.status, 200);
    stand.events(&["Page Viewed"], 3).await;
    assert_eq!(stand.events(&["Share Visited"], 1).await.len(), 1);
    stand.house.server.stop().await;
}
