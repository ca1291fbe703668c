//! Forms as a browser, a program and another page send them: what is taken, what is said of it, and which record it leaves.

use super::{Stand, after, filled_in};
use crate::house::{Answer, answer, link as link_in};
use serde_json::{Value, json};

const HASTE: std::time::Duration = std::time::Duration::from_millis(2_100);

/// Sends what somebody wrote into the form of a page, as a browser does.
async fn send(stand: &Stand, form: &str, page: &str, written: &[(&str, &str)]) -> Answer {
    let mut body = vec![
        ("stamp", after(page, "name=\"stamp\" value=\"")),
        ("visit", after(page, "name=\"visit\" value=\"")),
        ("language", "it"),
        ("nickname", ""),
    ];
    body.retain(|(name, _)| !written.iter().any(|(own, _)| own == name));
    body.extend(written);
    answer(filled_in(stand.browser("POST", &format!("/f/{form}")), &body)).await
}

async fn shown(stand: &Stand, path: &str) -> String {
    let page = stand.visit(path).await;
    assert_eq!(page.status, 200, "{page:?}");
    tokio::time::sleep(HASTE).await;
    page.text
}

#[tokio::test]
async fn a_scan_a_page_a_form_a_confirmation_and_a_guide_are_one_persons() {
    let stand = Stand::open().await;
    let led = stand.visit("/q/flyer").await;
    let page = shown(&stand, &stand.led_to("/q/flyer", &led)).await;
    assert!(
        page.contains("Voglio la lettera")
            && page.contains("newsletter.email=2")
            && !page.contains(" checked")
    );
    let written = [
        ("email", "Ada@Example.com"),
        ("first_name", "Ada"),
        ("taste", "oil"),
        ("question", "Quando?\nDove?"),
        ("page", "market"),
        ("consent", "newsletter.email"),
        ("wording", "newsletter.email=2"),
        ("wording", "memory.onsite="),
    ];
    let sent = send(&stand, "guide", &page, &written).await;
    assert_eq!(sent.status, 303, "{sent:?}");
    // Sent twice, it counts once.
    assert_eq!(send(&stand, "guide", &page, &written).await.status, 303);
    let profile = stand.house.get("/api/v1/profiles/email:ada@example.com").await;
    for (name, expected) in [("first_name", "Ada"), ("taste", "oil"), ("email", "ada@example.com")] {
        assert_eq!(profile["traits"][name], expected, "{profile}");
    }
    let timeline = stand.timeline("email:ada@example.com").await;
    let named =
        |name: &str| timeline.iter().filter(|one| one.0 == name).map(|one| one.1.clone()).collect::<Vec<_>>();
    assert_eq!((named("QR Scanned").len(), named("Page Viewed").len()), (1, 1), "{timeline:?}");
    let submitted = named("Form Submitted");
    assert_eq!(submitted.len(), 1);
    for (name, expected) in [
        ("form", "guide"),
        ("page", "market"),
        ("link", "flyer"),
        ("place", "fair"),
        ("question", "Quando?\nDove?"),
    ] {
        assert_eq!(submitted[0][name], expected, "{submitted:?}");
    }
    assert_eq!(submitted[0]["purposes"], json!(["newsletter.email"]));

    let consents = stand.house.get("/api/v1/profiles/email:ada@example.com/consents").await;
    let text = consents.to_string();
    assert!(
        text.contains("\"pending\"")
            && text.contains("form guide at http://trama.example")
            && text.contains("Voglio la lettera"),
        "{consents}"
    );
    let unticked =
        consents["consents"].as_array().unwrap().iter().find(|one| one["purpose"] == "memory").unwrap();
    assert_eq!(unticked["state"], "unknown", "a box that is not ticked says nothing: {consents}");
    let mail = stand.mailbox.wait_for(1).await[0].view();
    let confirm = link_in(&mail, "confirm");
    assert_eq!(answer(stand.browser("POST", &confirm)).await.status, 200);
    let profile = stand.house.get("/api/v1/profiles/email:ada@example.com").await;
    assert!(profile["consents"].to_string().contains("\"granted\""), "{profile}");

    let thanks = stand.visit(&stand.led_to("/f/guide", &sent)).await;
    assert!(
        thanks.text.contains("conferma che sei tu") && thanks.text.contains("Scarica"),
        "{}",
        thanks.text
    );
    let guide = format!("/g/{}", after(&thanks.text, "../../g/"));
    assert_eq!(submitted[0]["guide_url"].as_str().unwrap().split("/g/").nth(1), guide.strip_prefix("/g/"));
    let head = answer(stand.browser("HEAD", &guide)).await;
    let got = stand.visit(&guide).await;
    assert_eq!((head.status, got.status), (302, 302));
    assert_eq!(got.headers["location"], "https://files.example/oil-8f2c.pdf");
    stand.events(&["Guide Downloaded"], 1).await;
    let names: Vec<String> =
        stand.timeline("email:ada@example.com").await.into_iter().map(|one| one.0).collect();
    assert_eq!(names.iter().filter(|name| *name == "Guide Downloaded").count(), 1, "{names:?}");
    let broken = format!("{}x", &guide[..guide.len() - 1]);
    assert_eq!(stand.visit(&broken).await.status, 404);
    stand.house.server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_lost() {
    let stand = Stand::open().await;
    let page = shown(&stand, "/f/guide").await;
    let wrong = send(
        &stand,
        "guide",
        &page,
        &[("email", "ada\"<b>"), ("taste", "wine"), ("consent", "newsletter.email")],
    )
    .await;
    assert_eq!(wrong.status, 422);
    let text = &wrong.text;
    assert!(
        text.contains("value=\"ada&quot;&lt;b&gt;\"") && text.contains("Questo non è un indirizzo email"),
        "{text}"
    );
    assert!(
        text.contains("aria-describedby=\"guide-email-wrong\"")
            && text.contains("id=\"guide-first_name-wrong\"")
    );
    assert!(
        text.contains("Manca questo.")
            && text.contains("Scegli una delle risposte.")
            && text.contains(" checked")
    );
    let english = send(&stand, "guide", &page, &[("language", "en")]).await;
    assert!(english.text.contains("This is missing."), "{}", english.text);
    let profiles = stand.house.get("/api/v1/profiles").await;
    assert!(!profiles.to_string().contains("ada"), "{profiles}");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn programs_are_kept_out_without_a_third_party() {
    let stand = Stand::open().await;
    let good = [("email", "ada@example.com"), ("first_name", "Ada")];
    let hasty = stand.visit("/f/guide").await.text;
    let again = send(&stand, "guide", &hasty, &good).await;
    assert!(
        again.status == 422 && again.text.contains("invia di nuovo") && again.text.contains("value=\"Ada\""),
        "{again:?}"
    );
    let page = shown(&stand, "/f/guide").await;
    let other = shown(&stand, "/f/evening").await;
    let borrowed = send(&stand, "guide", &other, &good).await;
    assert_eq!(borrowed.status, 422, "a stamp is for its form");
    let forged = send(&stand, "guide", &page, &[good[0], good[1], ("stamp", "forged")]).await;
    assert_eq!(forged.status, 422);
    let trapped = send(&stand, "guide", &page, &[good[0], good[1], ("nickname", "spam")]).await;
    assert_eq!(trapped.status, 303, "it learns nothing");
    let stranger = stand.browser("POST", "/f/guide").header("origin", "https://evil.example");
    let stranger = filled_in(stranger, &good);
    assert_eq!(answer(stranger).await.status, 403);
    let profiles = stand.house.get("/api/v1/profiles").await;
    assert!(!profiles.to_string().contains("ada"), "{profiles}");

    // A mailbox is not flooded through us.
    for count in 0..6 {
        let page = if count == 0 { page.clone() } else { stand.visit("/f/guide").await.text };
        if count > 0 {
            tokio::time::sleep(HASTE).await;
        }
        let sent = send(&stand, "guide", &page, &good).await;
        assert_eq!(sent.status, if count < 5 { 303 } else { 429 }, "{count}");
    }

    let page = shown(&stand, "/f/worked").await;
    assert!(page.contains("data-work=\"8\""));
    assert_eq!(send(&stand, "worked", &page, &[("email", "bob@example.com")]).await.status, 422);
    let stamp = after(&page, "name=\"stamp\" value=\"");
    let done = |n: &u32| {
        use sha2::Digest;
        sha2::Sha256::digest(format!("{stamp}.{n}").as_bytes())[0] == 0
    };
    let found = (0..).find(done).unwrap().to_string();
    assert_eq!(
        send(&stand, "worked", &page, &[("email", "bob@example.com"), ("work", &found)]).await.status,
        303
    );
    stand.house.server.stop().await;
}

#[tokio::test]
async fn what_is_known_is_not_asked_of_whoever_proves_who_they_are() {
    let stand = Stand::open().await;
    let click = stand.ada_is_written_to().await;
    let clicked = stand.visit(&click).await;
    let path = stand.led_to(&click, &clicked);
    let visit = stand.visit(&path).await;
    let page = shown(&stand, &stand.led_to(&path, &visit)).await;
    assert!(!page.contains("name=\"first_name\"") && page.contains("name=\"email\""), "{page}");
    let sent = send(&stand, "guide", &page, &[("email", "ada@example.com")]).await;
    assert_eq!(sent.status, 303, "{sent:?}");
    let names: Vec<String> = stand.timeline("user_id:ada").await.into_iter().map(|one| one.0).collect();
    assert!(names.contains(&"Form Submitted".to_owned()), "{names:?}");
    // Whoever only says to be Ada is asked.
    assert!(stand.visit("/f/guide").await.text.contains("name=\"first_name\""));
    stand.house.server.stop().await;
}

#[tokio::test]
async fn what_is_said_in_a_form_that_was_passed_on_is_not_the_recipients() {
    let stand = Stand::open().await;
    let click = stand.ada_is_written_to().await;
    let clicked = stand.visit(&click).await;
    let path = stand.led_to(&click, &clicked);
    let visit = stand.visit(&path).await;
    let page = shown(&stand, &stand.led_to(&path, &visit)).await;
    let bob = [("email", "bob@example.com"), ("first_name", "Bob"), ("consent", "newsletter.email")];
    let sent = send(&stand, "guide", &page, &bob).await;
    assert_eq!(sent.status, 303, "{sent:?}");
    let has_form = |timeline: Vec<(String, Value)>| timeline.iter().any(|(name, _)| name == "Form Submitted");
    assert!(has_form(stand.timeline("email:bob@example.com").await));
    assert!(!has_form(stand.timeline("user_id:ada").await));
    let ada = stand.house.get("/api/v1/profiles/user_id:ada").await;
    let named = [&ada["traits"]["email"], &ada["traits"]["first_name"]];
    assert_eq!(named, [&json!("ada@example.com"), &json!("Ada")], "{ada}");
    assert!(!ada.to_string().contains("newsletter"), "{ada}");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn pages_elsewhere_show_a_form_or_send_to_it_if_they_are_named() {
    let stand = Stand::open().await;
    let shop = "https://shop.example";
    let framed = stand.visit("/f/guide?embed=true").await;
    let policy = framed.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors https://shop.example"), "{policy}");
    let alone = stand.visit("/f/evening").await;
    let policy = alone.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'")
            && policy.contains("form-action 'self' https://shop.example;"),
        "{policy}"
    );
    let script = stand.visit("/f/guide.js").await;
    assert!(script.headers["content-type"].to_str().unwrap().starts_with("text/javascript"));

    // Plain HTML has no stamp: the form comes back filled in, to be sent once more.
    let plain = stand.browser("POST", "/f/guide").header("origin", shop);
    let plain = filled_in(plain, &[("email", "ada@example.com"), ("first_name", "Ada")]);
    let plain = answer(plain).await;
    assert!(plain.status == 200 && plain.text.contains("value=\"ada@example.com\""), "{plain:?}");
    tokio::time::sleep(HASTE).await;
    let sent =
        send(&stand, "guide", &plain.text, &[("email", "ada@example.com"), ("first_name", "Ada")]).await;
    assert_eq!(sent.status, 303);

    let described = answer(stand.browser("GET", "/f/guide.json").header("origin", shop)).await;
    assert_eq!(described.headers["access-control-allow-origin"], shop);
    let described = described.json();
    assert_eq!(described["purposes"][0]["wording"], "2", "{described}");
    tokio::time::sleep(HASTE).await;
    let post = |body: Value, origin: &'static str| {
        answer(stand.browser("POST", "/f/guide.json").header("origin", origin).json(&body))
    };
    let wrong = post(json!({"stamp": described["stamp"], "email": "x"}), shop).await;
    assert_eq!((wrong.status, &wrong.json()["fields"]["email"]["code"]), (422, &json!("malformed")));
    let body = json!({"stamp": described["stamp"], "visit": described["visit"], "email": "bob@example.com",
        "first_name": "Bob", "consent": ["newsletter.email"], "wording": ["newsletter.email=2"]});
    let sent = post(body.clone(), shop).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert!(sent.json()["confirm"] == true && sent.json()["guide_url"].as_str().unwrap().contains("/g/"));
    assert_eq!(sent.headers["access-control-allow-origin"], shop);
    let stranger = post(body, "https://evil.example").await;
    assert!(stranger.status == 403 && !stranger.headers.contains_key("access-control-allow-origin"));
    let asked = stand.browser("OPTIONS", "/f/guide").header("origin", shop);
    assert_eq!(answer(asked).await.headers["access-control-allow-headers"], "content-type");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn a_webinar_says_when_it_starts() {
    let stand = Stand::open().await;
    let page = shown(&stand, "/f/evening").await;
    let sent = send(&stand, "evening", &page, &[("email", "ada@example.com")]).await;
    assert_eq!(sent.headers["location"], "https://shop.example/thanks");
    let (name, said) = &stand.timeline("email:ada@example.com").await[0];
    assert_eq!(name, "Form Submitted");
    let expected = json!({"form": "evening", "purposes": [], "webinar": "evening",
        "starts_at": "2026-12-10T17:00:00.000Z", "webinar_url": "https://meet.example/oil"});
    assert_eq!(*said, expected);
    stand.house.server.stop().await;
}
