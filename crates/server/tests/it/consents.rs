//! Consent as evidence, and the preference centre, through the server's own port.

use crate::house::{Answer, House, Shop, answer, link};
use engine::limits::REGISTER_SLICE_MAX;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

const WORDED: &str = "programme: bottega
timezone: Europe/Rome
languages: [it, en]
purposes:
  offers:
    title: { it: Offerte, en: Offers }
    channels: [email]
    soft_opt_in: { after: did \"Order Completed\", within: 24 months }
    wording:
      - { version: 1, it: \"Sì, scrivetemi offerte.\", en: \"Yes, send me offers.\" }
  newsletter: { title: { it: Lettera, en: Letter }, channels: [email], opt_in: double, confirm: confirm }
  sharing:
    title: { it: Condivisione, en: Sharing }
    third_party: true
    wording: { version: 1, it: \"Sì, passate i miei dati alle piattaforme.\", en: \"Yes, share my data with platforms.\" }
contact_policy:
  fewer: { at most: 1, within: 7 days }
";

async fn get(house: &House, path: &str) -> Answer {
    answer(house.bare("GET", path)).await
}

async fn post(house: &House, path: &str, body: &str) -> Answer {
    answer(house.bare("POST", path).header("content-type", FORM).body(body.to_owned())).await
}

/// A shop whose purposes have wordings.
async fn worded() -> Shop {
    Shop::open_as(WORDED, "").await
}

async fn evidence(shop: &Shop, address: &str) -> Value {
    shop.house.get(&format!("/api/v1/profiles/{address}/consents")).await
}

fn held<'v>(evidence: &'v Value, purpose: &str) -> &'v Value {
    let all = evidence["consents"].as_array().unwrap();
    all.iter().find(|held| held["purpose"] == purpose).unwrap_or_else(|| panic!("{purpose}: {evidence}"))
}

#[tokio::test]
async fn who_agreed_to_what_and_to_which_words_is_one_call() {
    let shop = worded().await;
    let says = |granted: bool, wording: Option<&str>, language: &str| {
        let mut consent =
            json!({"categoryPreferences": {"offers": granted}, "language": language, "proof": "checkout"});
        if let Some(version) = wording {
            consent["wording"] = version.into();
        }
        json!([{"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"},
            "context": {"consent": consent, "ip": "203.0.113.7", "userAgent": "Firefox",
                "page": {"url": "https://bottega.example/cassa"}}}])
    };
    shop.house.track(says(true, Some("1"), "it-IT")).await;
    shop.house.track(says(false, None, "")).await;
    shop.house.track(says(true, None, "en")).await;
    shop.house.track(says(true, Some("=9"), "en")).await;
    let seen = evidence(&shop, "user_id:ada").await;
    assert_eq!(
        (&held(&seen, "offers")["state"], &held(&seen, "offers")["basis"]),
        (&json!("granted"), &json!("opt_in"))
    );
    assert_eq!(held(&seen, "newsletter")["state"], "unknown");
    let history = seen["history"].as_array().unwrap();
    let states: Vec<&Value> = history.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["granted", "granted", "withdrawn", "granted"], "newest first: {seen}");
    let words = |place: usize| &history[place]["wording"];
    assert_eq!(
        (&words(0)["known"], &words(0)["version"]),
        (&json!(false), &json!("=9")),
        "kept, and flagged"
    );
    assert_eq!(words(1)["texts"], json!({"en": "Yes, send me offers."}));
    assert_eq!((&words(1)["assumed"], &words(3)["assumed"]), (&json!(true), &json!(false)));
    assert_eq!(words(2), &Value::Null, "who says no says so in no words of ours");
    assert_eq!(words(3)["texts"], json!({"it": "Sì, scrivetemi offerte."}));
    let first = &history[3];
    assert_eq!(first["address"], json!({"type": "user_id", "value": "ada"}));
    assert_eq!(
        (&first["ip"], &first["user_agent"], &first["proof"]),
        (&json!("203.0.113.7"), &json!("Firefox"), &json!("checkout"))
    );
    assert_eq!(first["page"], "https://bottega.example/cassa");

    // The words as they were then, whatever the programme says today.
    let mut live = shop.house.get("/api/v1/programme").await["programme"].take();
    let wording = live["purposes"]["offers"]["wording"].as_array_mut().unwrap();
    wording[0]["texts"]["en"] = "Yes, send me everything.".into();
    let refused = shop.house.ask("PUT", "/api/v1/programme", Some(live.clone())).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("was live with other words in en"), "{refused:?}");
    live["purposes"]["offers"]["wording"] =
        json!([{"version": "2", "texts": {"en": "Yes, send me everything."}}]);
    assert_eq!(shop.house.ask("PUT", "/api/v1/programme", Some(live)).await.status, 200);
    let later = evidence(&shop, "user_id:ada").await;
    assert_eq!(later["history"][1]["wording"]["texts"], json!({"en": "Yes, send me offers."}));
    let table = shop.house.ask("GET", "/api/v1/profiles/user_id:ada/consents?format=csv", None).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(table.text.lines().count(), 5, "{}", table.text);
    assert!(table.text.contains(",'=9,en,"), "no spreadsheet takes it for a formula: {}", table.text);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_customer_is_written_to_and_the_ledger_says_on_what_ground() {
    let shop = worded().await;
    let order = json!([
        {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "language": "it"}},
        {"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}}
    ]);
    shop.house.track(order.clone()).await;
    assert_eq!(shop.answered("user_id:ada").await["basis"], "soft_opt_in");
    let seen = evidence(&shop, "user_id:ada").await;
    assert_eq!(
        (&held(&seen, "offers")["state"], &held(&seen, "offers")["basis"]),
        (&json!("unknown"), &json!("soft_opt_in"))
    );
    assert!(held(&seen, "offers")["until"].is_string(), "{seen}");
    let mail = shop.mailbox.wait_for(1).await[0].view();
    // Her box is ticked since she is written to; saving it as it is makes no consent of it, and to untick it objects.
    let centre = link(&mail, "preferences");
    let same = post(&shop.house, &centre, "shown=offers.email&choice=offers.email").await;
    assert!(same.text.contains("value=\"offers.email\" checked"), "{same:?}");
    assert_eq!(held(&evidence(&shop, "user_id:ada").await, "offers")["state"], "unknown");
    post(&shop.house, &centre, "shown=offers.email").await;
    let seen = evidence(&shop, "user_id:ada").await;
    assert_eq!(
        (&held(&seen, "offers")["state"], &held(&seen, "offers")["basis"]),
        (&json!("withdrawn"), &json!("none"))
    );
    shop.house.track(order).await;
    let newest = shop.answered("user_id:ada").await;
    assert_eq!((&newest["reason"], &newest["basis"]), (&json!("consent_withdrawn"), &json!("none")));
    shop.house.server.stop().await;
}

#[tokio::test]
async fn the_privacy_signal_withdraws_sharing_once() {
    let shop = worded().await;
    let view = |shares: Option<bool>| {
        let consent =
            shares.map(|shares| json!({"categoryPreferences": {"sharing": shares, "offers": true}}));
        json!({"userId": "ada", "name": "Home", "context": {"consent": consent}})
    };
    let page = async |signal: Option<&str>, body: Value| {
        let mut request =
            shop.house.bare("POST", "/v1/page").basic_auth(&shop.house.write_key, Some("")).json(&body);
        if let Some(signal) = signal {
            request = request.header("sec-gpc", signal);
        }
        assert_eq!(answer(request).await.status, 200);
    };
    let sharing = async || held(&evidence(&shop, "user_id:ada").await, "sharing")["state"].clone();
    page(None, view(Some(true))).await;
    assert_eq!(sharing().await, "granted");
    page(Some("0"), view(None)).await;
    assert_eq!(sharing().await, "granted", "that is no signal");
    page(Some("1"), view(Some(true))).await;
    let seen = evidence(&shop, "user_id:ada").await;
    assert_eq!(held(&seen, "sharing")["state"], "withdrawn", "also where the same page claims a yes");
    assert_eq!(held(&seen, "offers")["state"], "granted", "and it speaks of nothing else");
    let newest = seen["history"].as_array().unwrap().iter().find(|one| one["purpose"] == "sharing").unwrap();
    assert_eq!((&newest["source"], &newest["proof"]), (&json!("privacy_signal"), &json!("Sec-GPC: 1")));
    // What she says to us after it counts more than that her browser goes on saying it to everybody.
    let body = json!({"profile": "user_id:ada", "purpose": "sharing", "granted": true, "language": "it"});
    assert_eq!(shop.house.ask("POST", "/api/v1/consents", Some(body)).await.status, 200);
    page(Some("1"), view(None)).await;
    assert_eq!(sharing().await, "granted");
    let told = get(&shop.house, "/.well-known/gpc.json").await.json();
    assert_eq!((&told["gpc"], told["lastUpdate"].as_str().unwrap().len()), (&json!(true), 10));
    shop.house.server.stop().await;
}

#[tokio::test]
async fn the_centre_works_without_a_script_and_no_link_in_it_changes_anything() {
    let shop = worded().await;
    shop.ada_says_yes_and_orders().await;
    let mail = shop.mailbox.wait_for(1).await[0].view();
    shop.answered("user_id:ada").await;
    let path = link(&mail, "preferences");
    let page = get(&shop.house, &path).await;
    assert!(page.text.starts_with("<!doctype html><html lang=\"it\">"), "{page:?}");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !page.text.contains("<script"), "{policy}");
    for part in [
        "<legend>Condivisione</legend>",
        "Sì, scrivetemi offerte.",
        "value=\"sharing\">",
        "Pausa per un mese",
        "Meno messaggi",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    let english = get(&shop.house, &format!("{path}?language=en")).await;
    assert!(
        english.text.contains("lang=\"en\"") && english.text.contains("Yes, send me offers."),
        "{english:?}"
    );

    // A scanner follows every link, and every link that those pages have.
    shop.house.durable().await;
    let before = shop.house.get("/api/v1/status").await["applied_seq"].clone();
    let mut seen = std::collections::BTreeSet::new();
    let mut next = vec![path.clone()];
    while let Some(address) = next.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        let found = get(&shop.house, &address).await;
        assert!(found.status == 200, "{address}: {found:?}");
        let base = url::Url::parse(&shop.house.url(&address)).unwrap();
        let links = found.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        next.extend(links.map(|href| {
            let to = base.join(&href.replace("&amp;", "&")).unwrap();
            format!("{}{}", to.path(), to.query().map(|query| format!("?{query}")).unwrap_or_default())
        }));
    }
    assert!(seen.len() >= 8, "{seen:?}");
    assert_eq!(shop.house.get("/api/v1/status").await["applied_seq"], before, "a reader changes nothing");

    // Saved in English: on record are the words that stood there, for one who had never said anything about it.
    post(&shop.house, &path, "language=en&wording=sharing%3D1&shown=sharing&choice=sharing").await;
    let evidence = evidence(&shop, "user_id:ada").await;
    let newest = &evidence["history"][0];
    assert_eq!(
        (&newest["purpose"], &newest["state"], &newest["channel"]),
        (&json!("sharing"), &json!("granted"), &Value::Null)
    );
    assert_eq!(newest["wording"]["texts"], json!({"en": "Yes, share my data with platforms."}));
    assert_eq!(newest["address"], json!({"type": "email", "value": "ada@example.com"}));
    assert_eq!(held(&evidence, "offers")["state"], "granted", "what was not shown is not touched");

    for (place, body) in [("pause", "on=true"), ("fewer", "on=true")] {
        let done = post(&shop.house, &format!("{path}/{place}"), body).await;
        assert_eq!(done.status, 303, "{done:?}");
        let token = path.rsplit('/').next().unwrap();
        assert_eq!(done.headers["location"].to_str().unwrap(), format!("../{token}?done=true&language=it"));
    }
    let profile = shop.house.get("/api/v1/profiles/user_id:ada").await;
    assert!(profile["paused_until"].is_string() && profile["fewer"] == true, "{profile}");
    let paused = get(&shop.house, &path).await;
    assert!(
        paused.text.contains("In pausa fino al") && paused.text.contains("Di nuovo come prima"),
        "{paused:?}"
    );
    shop.house.track(json!([{"type": "track", "userId": "ada", "event": "Order Completed"}])).await;
    assert_eq!(shop.answered("user_id:ada").await["reason"], "paused");
    post(&shop.house, &format!("{path}/pause"), "").await;
    assert!(shop.house.get("/api/v1/profiles/user_id:ada").await["paused_until"].is_null());

    assert_eq!(post(&shop.house, &format!("{path}/everything"), "").await.status, 303);
    let evidence = self::evidence(&shop, "user_id:ada").await;
    for held in evidence["consents"].as_array().unwrap() {
        assert_eq!(held["state"], "withdrawn", "{held}");
    }
    shop.house.server.stop().await;
}

#[tokio::test]
async fn whoever_asks_sees_takes_and_ends_what_is_known_of_them() {
    let shop = worded().await;
    shop.ada_says_yes_and_orders().await;
    let mail = shop.mailbox.wait_for(1).await[0].view();
    shop.answered("user_id:ada").await;
    let path = link(&mail, "preferences");
    let many: Vec<Value> = (0..1_200)
        .map(|n| json!({"type": "track", "userId": "ada", "event": "Looked", "properties": {"n": n}}))
        .collect();
    shop.house.track(json!(many)).await;
    let shown = get(&shop.house, &format!("{path}/data")).await;
    for part in ["ada@example.com", "<td>offers</td>", "Looked", "thanks", "data.json"] {
        assert!(shown.text.contains(part), "{part} in {}", shown.text);
    }
    let file = get(&shop.house, &format!("{path}/data.json")).await;
    let all = file.json();
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let looked = all["events"].as_array().unwrap().iter().filter(|event| event["name"] == "Looked");
    let numbers: std::collections::BTreeSet<u64> =
        looked.map(|event| event["properties"]["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 1_200, "older events than are listed are in the file");
    assert_eq!(all["profile"]["traits"]["email"], "ada@example.com");
    assert_eq!(
        (&all["sends"][0]["message"], &all["consents"]["history"][0]["state"]),
        (&json!("thanks"), &json!("granted"))
    );

    let asked = get(&shop.house, &format!("{path}/erase")).await;
    assert!(asked.text.contains("Cancellare tutto") && asked.text.contains("impronta"), "{asked:?}");
    assert_eq!(shop.house.ask("GET", "/api/v1/profiles/user_id:ada", None).await.status, 200);
    let gone = post(&shop.house, &format!("{path}/erase"), "").await;
    assert!(gone.status == 410 && gone.text.contains("Your data is gone"), "{gone:?}");
    assert_eq!(shop.house.ask("GET", "/api/v1/profiles/user_id:ada", None).await.status, 404);
    for place in ["", "/data", "/data.json", "/erase"] {
        let after = get(&shop.house, &format!("{path}{place}")).await;
        assert!(after.status == 410 && after.text.contains("non ci sono"), "{place}: {after:?}");
    }
    assert_eq!(post(&shop.house, &format!("{path}/everything"), "").await.status, 410);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_register_lists_until_it_does_not_any_more() {
    let shop = worded().await;
    let ask = async |path: &str, body: Value| shop.house.ask("POST", path, Some(body)).await;
    let look = async |values: Value, ends: bool| {
        let slice = json!({"channels": ["email"], "values": values});
        let taken = ask("/api/v1/registers/robinson", slice).await.json();
        let whole = json!({"edition": taken["edition"], "channels": ["email"], "valid_for": "15 days"});
        if ends {
            let checked = ask("/api/v1/registers/robinson/checked", whole).await;
            assert_eq!(checked.status, 200, "{checked:?}");
        }
        taken
    };
    let listed = async |address: &str| shop.house.get(&format!("/api/v1/registers/listing/{address}")).await;
    let taken = look(json!(["Ada@Example.com", "nobody", "bob@example.com"]), false).await;
    assert_eq!(
        (&taken["edition"], &taken["listed"], &taken["refused"][0]["index"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!(listed("email:ada@example.com").await["forbidden"], json!(["email"]), "at once");
    assert_eq!(
        listed("email:ada@example.com").await["stale"],
        json!(["robinson"]),
        "but not to be relied on"
    );
    assert_eq!(shop.house.get("/api/v1/status").await["stale_registers"], json!(["robinson"]));

    // Another look is another edition; it ends, and nothing is stale any more.
    assert_eq!(look(json!(["ada@example.com", "bob@example.com"]), true).await["edition"], 2);
    assert!(shop.house.get("/api/v1/status").await["stale_registers"].is_null());
    shop.ada_says_yes_and_orders().await;
    let send = shop.answered("user_id:ada").await;
    assert_eq!((&send["reason"], &send["decision"]), (&json!("suppressed"), &json!("drop")));

    // Who is no longer in it is free; a look that was never whole frees nobody.
    look(json!(["bob@example.com"]), false).await;
    assert_eq!(listed("email:ada@example.com").await["registers"], json!(["robinson"]));
    look(json!(["bob@example.com"]), true).await;
    assert_eq!(listed("email:ada@example.com").await["registers"], json!([]));
    assert_eq!(listed("email:bob@example.com").await["registers"], json!(["robinson"]));
    let registers = shop.house.get("/api/v1/registers").await;
    assert_eq!(
        (&registers["registers"][0]["listed"], &registers["registers"][0]["edition"]),
        (&json!(1), &json!(4))
    );
    shop.house.track(json!([{"type": "track", "userId": "ada", "event": "Order Completed"}])).await;
    assert_eq!(shop.answered("user_id:ada").await["status"], "accepted");

    // What is not in its turn changes nothing, and a slip says what was meant.
    let late = json!({"edition": 3, "channels": ["email"], "values": ["ada@example.com"]});
    assert_eq!(ask("/api/v1/registers/robinson", late).await.status, 409);
    let slip = ask("/api/v1/registers/rpo", json!({"channels": ["calls"], "values": []})).await;
    assert!(slip.status == 400 && slip.text.contains("did you mean \\\"call\\\"?"), "{slip:?}");

    // It is there again after a restart, from the snapshot or from the log.
    let house = shop.house.restart().await;
    let again = house.get("/api/v1/registers/listing/email:bob@example.com").await;
    assert_eq!(again["registers"], json!(["robinson"]));
    house.server.stop().await;
}

#[tokio::test]
async fn a_register_may_be_handed_out_hashed() {
    let shop = worded().await;
    let ask = async |path: &str, body: Value| shop.house.ask("POST", path, Some(body)).await;
    // printf ada@example.com | sha256sum, and of +390212345678 in capitals
    let ada = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72";
    let phone = "CD53DED8DC564B9D1743105E4533289635FE59304336F1ED1AAF04B484AB1A18";
    let values = json!([ada, phone, "ada@example.com", &ada[..63]]);
    let slice = json!({"channels": ["email", "call"], "values": values, "hashed": "sha256"});
    let taken = ask("/api/v1/registers/robinson", slice).await.json();
    assert_eq!((&taken["listed"], &taken["refused"][0]["index"]), (&json!(2), &json!(2)), "{taken}");
    assert!(taken["refused"][1]["reason"].as_str().unwrap().contains("64 hexadecimal digits"), "{taken}");
    let listed = async |address: &str| shop.house.get(&format!("/api/v1/registers/listing/{address}")).await;
    for (address, forbidden) in [
        ("email:Ada@example.com", json!(["call", "email"])),
        ("phone:+39 02 1234 5678", json!(["call", "email"])),
        ("email:bob@example.com", json!([])),
    ] {
        assert_eq!(listed(address).await["forbidden"], forbidden, "{address}");
    }
    shop.ada_says_yes_and_orders().await;
    let send = shop.answered("user_id:ada").await;
    assert_eq!((&send["reason"], &send["decision"]), (&json!("suppressed"), &json!("drop")));
    let other = json!({"channels": ["email"], "values": [], "hashed": "md5"});
    assert_eq!(ask("/api/v1/registers/robinson", other).await.status, 400);

    // The same from a file, by the command line.
    let file = shop.house.dir.path().join("robinson.csv");
    std::fs::write(&file, format!("hash\n{phone}\n")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args([
        "suppressions",
        "import",
        "--register",
        "robinson",
        "--hashed",
        "sha256",
        "--channels",
        "email",
    ]);
    command.arg(&file).arg("--data").arg(shop.house.dir.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success() && text.contains("robinson: 1 listed, 0 lines refused"), "{text}");
    assert_eq!(listed("email:ada@example.com").await["forbidden"], json!([]));
    assert_eq!(listed("phone:+390212345678").await["forbidden"], json!(["email"]));
    shop.house.server.stop().await;
}

#[tokio::test]
async fn what_is_said_of_a_register_is_kept_as_it_was_said_or_refused_with_a_reason() {
    let house = House::start().await;
    let ask = async |path: &str, body: Value| house.ask("POST", path, Some(body)).await;
    let many = vec!["ada@example.com"; REGISTER_SLICE_MAX + 1];
    let look = |more: Value| {
        let mut look = json!({"edition": 1, "channels": ["email"], "valid_for": "15 days"});
        look.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        look
    };
    let slice = json!({"channels": ["email"], "values": ["ada@example.com"]});
    assert_eq!(ask("/api/v1/registers/rpo", slice.clone()).await.status, 200);
    let register = house.get("/api/v1/registers").await["registers"][0].clone();
    assert_eq!((&register["checked_at"], &register["valid_until"]), (&Value::Null, &Value::Null));
    for (path, body, code, field) in [
        ("rpo", json!({"channels": ["email"], "values": many}), "too_many", "values"),
        ("rpo", json!({"channels": [], "values": []}), "bad_channels", "channels"),
        ("rpo/checked", look(json!({"valid_for": "400 days"})), "bad_span", "valid_for"),
        ("rpo/checked", look(json!({"valid_for": "a while"})), "bad_span", "valid_for"),
        ("rpo/checked", look(json!({"checked_at": "monday"})), "bad_time", "checked_at"),
    ] {
        let refused = ask(&format!("/api/v1/registers/{path}"), body).await;
        let told = refused.json();
        assert_eq!(
            (refused.status, &told["code"], &told["field"]),
            (400, &json!(code), &json!(field)),
            "{told}"
        );
    }
    let checked =
        ask("/api/v1/registers/rpo/checked", look(json!({"checked_at": "2026-01-05T08:00:00Z"}))).await;
    let checked = checked.json();
    assert_eq!(
        (&checked["checked_at"], &checked["valid_until"], &checked["stale"]),
        (&json!("2026-01-05T08:00:00.000Z"), &json!("2026-01-20T08:00:00.000Z"), &json!(true))
    );
    assert_eq!(ask("/api/v1/registers/robinson", slice).await.status, 200);
    let listing = house.get("/api/v1/registers/listing/email:ada@example.com").await;
    assert_eq!(
        (&listing["registers"], &listing["forbidden"]),
        (&json!(["rpo", "robinson"]), &json!(["email"]))
    );
    house.server.stop().await;
}

#[tokio::test]
async fn every_wording_says_since_when_it_was_shown_and_how_many_agreed() {
    let shop = worded().await;
    let agrees = |user: &str, consent: Value| json!([{"type": "identify", "userId": user, "context": {"consent": consent}}]);
    let yes = json!({"categoryPreferences": {"offers": true}});
    shop.house.track(agrees("ada", yes.clone())).await;
    shop.house.track(agrees("bob", json!({"categoryPreferences": {"offers": true}, "wording": "1"}))).await;
    shop.house.track(agrees("bob", json!({"categoryPreferences": {"offers": false}}))).await;
    let mut live = shop.house.get("/api/v1/programme").await["programme"].take();
    let second = json!({"version": "2", "texts": {"en": "Yes, send me everything."}});
    live["purposes"]["offers"]["wording"].as_array_mut().unwrap().push(second);
    assert_eq!(shop.house.ask("PUT", "/api/v1/programme", Some(live)).await.status, 200);
    shop.house.track(agrees("ada", json!({"categoryPreferences": {"offers": false}}))).await;
    shop.house.track(agrees("ada", yes)).await;
    let told = shop.house.get("/api/v1/wordings").await;
    let names: Vec<&Value> = told["purposes"].as_array().unwrap().iter().map(|one| &one["purpose"]).collect();
    assert_eq!(names, ["offers", "sharing"], "{told}");
    let offers = &told["purposes"][0];
    assert_eq!((&offers["shown"], &offers["live"]), (&json!("2"), &json!(true)));
    let [first, second] = offers["versions"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&first["version"], &first["people"], &second["people"]), (&json!("1"), &json!(2), &json!(1)));
    assert_eq!(first["texts"]["it"], "Sì, scrivetemi offerte.");
    assert_eq!(first["shown"][0]["until"], second["shown"][0]["since"]);
    assert_eq!(second["shown"][0].get("until"), None);
    let changed = shop.house.get("/api/v1/programme/versions").await;
    let at = &changed["versions"][0];
    assert_eq!(second["shown"][0]["seq"], at["seq"], "{at}");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn what_came_of_calls_to_a_person_is_asked_by_the_name_of_the_event() {
    let shop = Shop::open().await;
    let did = |event: &str, properties: Value| json!({"type": "track", "userId": "ada", "event": event, "properties": properties});
    let events = json!([
        did("Call Completed", json!({"outcome": "busy"})),
        did("Seen", json!({})),
        did("Call Completed", json!({"outcome": "sold"}))
    ]);
    shop.house.track(events).await;
    let path = "/api/v1/profiles/user_id:ada/timeline?event=Call%20Completed";
    let calls = shop.house.get(path).await;
    let outcomes: Vec<&Value> =
        calls["events"].as_array().unwrap().iter().map(|one| &one["properties"]["outcome"]).collect();
    assert_eq!(outcomes, ["sold", "busy"], "newest first: {calls}");
    let newest = shop.house.get(&format!("{path}&limit=1")).await;
    assert_eq!(newest["events"].as_array().unwrap().len(), 1);
    shop.house.server.stop().await;
}
