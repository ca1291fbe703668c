//! Definitions of a running server, one at a time: read, saved, taken out, and undone.

use crate::house::{Answer, House, Shop, answer, today};
use serde_json::{Value, json};
use std::time::Duration;

/// Nothing that works takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

async fn put(house: &House, path: &str, seen: Option<&str>, body: Value) -> Answer {
    let mut request = house.bare("PUT", &format!("/api/v1/definitions/{path}"));
    if let Some(seen) = seen {
        request = request.header("if-match", format!("\"{seen}\""));
    }
    answer(request.bearer_auth(&house.admin_token).json(&body)).await
}

async fn version(house: &House, path: &str) -> String {
    let found = house.ask("GET", &format!("/api/v1/definitions/{path}"), None).await;
    let version = found.json()["version"].as_str().unwrap().to_owned();
    assert_eq!(found.headers["etag"].to_str().unwrap(), format!("\"{version}\""));
    version
}

#[tokio::test]
async fn a_definition_is_saved_by_whoever_has_seen_it_as_it_is() {
    let shop = Shop::open().await;
    let house = &shop.house;
    house
        .track(json!([
            {"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}},
            {"type": "track", "userId": "bo", "event": "Seen"},
            {"type": "track", "userId": "cy", "event": "Seen"}
        ]))
        .await;
    let found = house.get("/api/v1/definitions/segment/buyers").await;
    assert_eq!(found["yaml"], "buyers: 'did \"Order Completed\"'\n");
    assert_eq!((&found["definition"], &found["line"]), (&json!("did \"Order Completed\""), &json!(2)));
    let seen = found["version"].as_str().unwrap();

    let path = "segment/buyers?dry=true";
    let dry = put(house, path, Some(seen), json!({"yaml": "buyers: did \"Seen\"\n"})).await.json();
    let expected = json!([{"name": "buyers", "before": 1, "after": 2, "entered": 2, "left": 1}]);
    assert_eq!((&dry["plan"]["segments"], &dry["revision"]), (&expected, &json!(1)), "{dry}");
    let lines = json!(["- buyers: did \"Order Completed\"", "+ buyers: did \"Seen\""]);
    assert_eq!(dry["plan"]["changes"][0]["lines"], lines);
    assert_eq!(dry["definition"]["yaml"], "buyers: did \"Seen\"\n");
    assert_eq!((&dry["definition"]["version"], &dry["definition"]["line"]), (&dry["version"], &json!(2)));
    // What comes as JSON is told as it would be written.
    let json =
        put(house, path, Some(seen), json!({"definition": {"record": "changes", "is": "did  \"Seen\""}}))
            .await;
    let stored = "buyers:\n  is: did  \"Seen\"\n  record: changes\n";
    assert_eq!(json.json()["definition"]["yaml"], stored, "{json:?}");
    assert_eq!(house.get("/api/v1/segments/buyers").await["expression"], "did \"Order Completed\"");

    let saved = put(house, "segment/buyers", Some(seen), json!({"yaml": "buyers: did \"Seen\"\n"})).await;
    assert_eq!((saved.status, &saved.json()["changed"]), (200, &json!(true)), "{saved:?}");
    assert_eq!(house.get("/api/v1/segments/buyers").await["expression"], "did \"Seen\"");
    assert_eq!(saved.json()["version"], version(house, "segment/buyers").await);

    for seen in [Some(seen), None] {
        let late = put(house, "segment/buyers", seen, json!({"definition": "did \"Late\""})).await;
        let told = late.json();
        assert_eq!((late.status, &told["code"]), (412, &json!("changed_meanwhile")));
        assert_eq!(told["current"]["yaml"], "buyers: did \"Seen\"\n");
        assert_eq!(
            (&told["change"]["number"], &told["change"]["by"]),
            (&json!(2), &json!("first admin")),
            "{told}"
        );
    }
    let wrong =
        put(house, "segment/buyers", Some("*"), json!({"yaml": "buyers: did \"Seen\" with 3\n"})).await;
    let told = wrong.json();
    assert_eq!((wrong.status, &told["code"]), (400, &json!("programme_mistakes")), "{told}");
    assert_eq!(told["findings"][0]["place"], "segments.buyers");
    assert_eq!(told["findings"][0]["at"]["line"], 1);
    assert_eq!(house.get("/api/v1/programme").await["revision"], 2);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_target_is_a_definition_and_every_figure_of_everybody_stands_beside_it() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let today = today().await;
    let order =
        json!({"type": "track", "userId": "ada", "event": "Order Completed", "properties": {"total": 20}});
    house.track(json!([order])).await;
    let orders = async |query: &str| {
        let told = house.get(&format!("/api/v1/measure/kpis?{query}")).await;
        let kpis = told["rows"][0]["kpis"].as_array().unwrap().clone();
        kpis.into_iter().find(|kpi| kpi["name"] == "orders").unwrap()
    };
    let period = format!("from={today}");
    assert_eq!(orders(&period).await["target"], Value::Null);
    let said = json!({"definition": {"value": "7", "per": "week"}});
    let saved = put(house, "target/orders", None, said).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(saved.json()["definition"]["yaml"], "orders:\n  value: 7\n  per: week\n");
    assert_eq!(saved.json()["definition"]["file"], "programme.yaml");
    let target = orders(&period).await["target"].clone();
    assert_eq!(
        (&target["value"], &target["per"], &target["bound"], &target["whole"]),
        (&json!(7.0), &json!("week"), &json!("at_least"), &json!(1.0))
    );
    assert_eq!((&target["course"], &target["so_far"]), (&json!("met"), &json!(true)), "{target}");
    assert_eq!(orders(&format!("{period}&channel=email&by=nothing")).await["target"], Value::Null);
    // What a name or a number means is the table's to say, whichever way they come.
    let wrong = put(house, "target/order", None, json!({"yaml": "order: { value: 7, per: week }\n"})).await;
    let told = wrong.json();
    assert_eq!((wrong.status, &told["findings"][0]["place"]), (400, &json!("targets.order")), "{told}");
    assert_eq!(told["findings"][0]["suggestion"], "did you mean `orders`?");
    let mut whole = house.get("/api/v1/programme").await["programme"].clone();
    whole["targets"]["ctr"] = json!({"millionths": 4_000_000});
    let wrong = house.ask("PUT", "/api/v1/programme", Some(whole)).await;
    assert!(wrong.status == 400 && wrong.text.contains("ctr is a share"), "{wrong:?}");
    let table = house.get("/api/v1/measure/figures").await;
    let cac = table["figures"].as_array().unwrap().iter().find(|one| one["name"] == "cac").unwrap();
    assert_eq!(
        (&cac["unit"], &cac["bound"], &cac["growth"]),
        (&json!("money"), &json!("at_most"), &json!("steady"))
    );
    let seen = version(house, "target/orders").await;
    let request =
        house.bare("DELETE", "/api/v1/definitions/target/orders").header("if-match", format!("\"{seen}\""));
    assert_eq!(answer(request.bearer_auth(&house.admin_token)).await.status, 200);
    assert_eq!(orders(&period).await["target"], Value::Null);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn what_is_used_stays_and_what_is_not_goes() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let list = house.get("/api/v1/definitions").await;
    let of = |kind: &str, name: &str| {
        let all = list["definitions"].as_array().unwrap();
        all.iter().find(|one| one["kind"] == kind && one["name"] == name).unwrap().clone()
    };
    assert_eq!(of("message", "thanks")["used_by"], json!([{"kind": "journey", "name": "thanks"}]));
    assert_eq!(of("segment", "buyers")["used_by"], json!([]));
    let refused = house.ask("DELETE", "/api/v1/definitions/message/thanks", None).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("in_use")), "{refused:?}");
    assert_eq!(refused.json()["used_by"], json!([{"kind": "journey", "name": "thanks"}]));
    for path in ["journey/thanks", "message/thanks", "segment/buyers"] {
        let gone = house.ask("DELETE", &format!("/api/v1/definitions/{path}"), None).await;
        assert_eq!(gone.status, 200, "{path}: {gone:?}");
        assert_eq!(house.ask("GET", &format!("/api/v1/definitions/{path}"), None).await.status, 404);
    }
    let programme = house.get("/api/v1/programme").await;
    assert_eq!((&programme["revision"], &programme["programme"]["journeys"]), (&json!(4), &json!({})));
    assert_eq!(programme["programme"]["files"].get("segments.yaml"), None);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_message_is_saved_with_its_templates() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let seen = version(house, "message/thanks").await;
    let body = json!({"templates": {"email.en.txt": "So long. {{ unsubscribe_url }}\n"}});
    let saved = put(house, "message/thanks", Some(&seen), body).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    let now = house.get("/api/v1/definitions/message/thanks").await;
    assert_eq!(now["templates"]["email.en.txt"], "So long. {{ unsubscribe_url }}\n");
    assert!(now["templates"]["email.it.html"].is_string() && now["version"] != seen);
    let seen = now["version"].as_str().unwrap();
    let none = json!({"templates": {"email.it.html": null, "email.en.txt": null}});
    let refused = put(house, "message/thanks", Some(seen), none).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("the message has no template"), "{refused:?}");
    for file in ["../segments.yaml", "email.it.css", "message.yaml"] {
        let refused = put(house, "message/thanks", Some(seen), json!({"templates": {file: "x"}})).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_template")), "{file}");
    }
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_change_is_undone_by_another_one_and_the_past_stays_known() {
    let shop = Shop::open().await;
    let house = shop.house;
    let seen = version(&house, "segment/buyers").await;
    put(&house, "segment/buyers", Some(&seen), json!({"yaml": "# Now.\nbuyers: did \"Seen\"\n"})).await;
    put(&house, "segment/vip", None, json!({"definition": {"is": "did \"A\"", "record": "changes"}})).await;
    let house = house.restart().await;
    let versions = house.get("/api/v1/programme/versions").await;
    let told = |number: usize| versions["versions"][number].clone();
    // The folder of the settings is as it was when it was last applied, so what was changed since stands.
    assert_eq!(versions["versions"].as_array().unwrap().len(), 3, "{versions}");
    assert_eq!((&told(0)["number"], &told(2)["by"]), (&json!(3), &json!("start")), "{versions}");
    assert_eq!(told(0)["changes"], json!([{"kind": "segment", "name": "vip", "change": "added"}]));
    assert_eq!(told(1)["changes"], json!([{"kind": "segment", "name": "buyers", "change": "changed"}]));
    let page = house.get("/api/v1/programme/versions?limit=1").await;
    assert_eq!((&page["versions"][0]["number"], &page["before"]), (&json!(3), &json!(3)));
    let page = house.get("/api/v1/programme/versions?limit=9&before=3").await;
    assert_eq!((&page["versions"][0]["number"], &page["before"]), (&json!(2), &json!(null)));
    let of = house.get("/api/v1/programme/versions?kind=segment&name=buyers").await;
    assert_eq!(of["versions"].as_array().unwrap().len(), 2, "{of}");
    let then = house.get("/api/v1/programme/versions/1?kind=segment&name=buyers").await;
    assert_eq!(then["definition"]["yaml"], "buyers: 'did \"Order Completed\"'\n");
    assert_eq!(house.ask("GET", "/api/v1/programme/versions/9", None).await.status, 410);

    let restore = |number: u32, of: &str| format!("/api/v1/programme/versions/{number}/restore{of}");
    let dry = house.ask("POST", &restore(1, "?dry=true"), None).await.json();
    assert_eq!(dry["plan"]["changes"].as_array().unwrap().len(), 2, "{dry}");
    let one = house.ask("POST", &restore(1, "?kind=segment&name=buyers"), None).await;
    assert_eq!(one.json()["revision"], 4, "{one:?}");
    let live = house.get("/api/v1/programme").await;
    assert_eq!(
        live["programme"]["segments"],
        json!({"buyers": "did \"Order Completed\"", "vip": "did \"A\""})
    );
    let gone = house.ask("POST", &restore(1, "?kind=segment&name=vip"), None).await;
    assert_eq!((gone.status, &gone.json()["version"]), (200, &json!(null)), "{gone:?}");
    let first = house.get("/api/v1/programme").await["programme"].clone();
    house.ask("POST", &restore(3, ""), None).await;
    assert_ne!(house.get("/api/v1/programme").await["programme"], first);
    let back = house.ask("POST", &restore(1, ""), None).await;
    assert_eq!(back.json()["revision"], 7, "{back:?}");
    assert_eq!(house.get("/api/v1/programme").await["programme"], first);
    house.server.stop().await;
}

#[tokio::test]
async fn an_empty_server_is_given_a_programme_and_then_a_segment() {
    let house = House::start().await;
    let early = put(&house, "segment/vip", None, json!({"definition": "did \"A\""})).await;
    assert_eq!(early.status, 400, "{early:?}");
    assert!(early.text.contains("programme.yaml"), "{early:?}");
    let head = json!({"definition": {"programme": "shop", "languages": ["en"]}});
    assert_eq!(put(&house, "programme/shop", None, head).await.status, 200);
    assert_eq!(put(&house, "segment/vip", None, json!({"definition": "did \"A\""})).await.status, 200);
    assert_eq!(house.get("/api/v1/definitions/segment/vip").await["file"], "segments.yaml");
    house.server.stop().await;
}

#[tokio::test]
async fn the_folder_comes_out_in_one_file() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let request = house.bare("GET", "/api/v1/programme/export").bearer_auth(&house.admin_token);
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let dir = tempfile::tempdir().unwrap();
    archive.unpack(dir.path()).unwrap();
    let (programme, _) = server::programme::load(&dir.path().join("bottega")).unwrap();
    let live = house.get("/api/v1/programme").await;
    assert_eq!(serde_json::to_value(&programme).unwrap(), live["programme"]);
    shop.house.server.stop().await;
}

/// The events of a stream, as they come.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let found = event.lines().find_map(|line| line.strip_prefix(name));
                    found.map(|value| value.trim().to_owned())
                };
                let told = field("event:").zip(field("data:"));
                self.read = rest.to_owned();
                if let Some((name, data)) = told {
                    return (name, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("nothing came");
            self.read += std::str::from_utf8(&piece.unwrap().expect("the stream ended")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_window_is_told_how_things_stand_and_what_is_made_live() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let request = house.bare("GET", "/api/v1/stream").bearer_auth(&house.admin_token);
    let mut stream = Stream { response: request.send().await.unwrap(), read: String::new() };
    let (name, status) = stream.next().await;
    assert_eq!((name.as_str(), &status["counts"]["events"]), ("status", &json!(0)));
    house.track(json!([{"type": "track", "userId": "u1", "event": "Seen"}])).await;
    loop {
        let (name, status) = stream.next().await;
        assert_eq!(name, "status");
        if status["counts"]["events"] == 1 {
            break;
        }
    }
    put(house, "segment/vip", None, json!({"definition": "did \"A\""})).await;
    let told = loop {
        let (name, told) = stream.next().await;
        if name == "programme" {
            break told;
        }
    };
    assert_eq!((&told["number"], &told["by"]), (&json!(2), &json!("first admin")), "{told}");
    assert_eq!(told["changes"], json!([{"kind": "segment", "name": "vip", "change": "added"}]));
    shop.house.server.stop().await;
}

#[tokio::test]
async fn lists_of_people_are_counted_exactly_and_come_page_by_page() {
    let shop = Shop::open().await;
    let house = &shop.house;
    let buys = |number: u32| json!({"type": "track", "userId": format!("u{number}"), "event": "Order Completed", "properties": {"total": 20.5}});
    house.track(json!([{"type": "track", "userId": "x", "event": "Seen"}])).await;
    house.track((1..=5).map(buys).collect()).await;
    house.track(json!([buys(2), {"type": "identify", "userId": "u2", "traits": {"name": "Ada Neri", "email": "ada@example.com", "city": "Lecce"}}])).await;
    let ids = |page: &Value| -> Vec<u64> {
        page["profiles"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect()
    };
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("/api/v1/profiles?segment=buyers&limit=2{after}")).await;
        assert_eq!(page["count"], 5, "{page}");
        all.extend(ids(&page));
        let Some(last) = page["after"].as_u64() else { break };
        after = format!("&after={last}");
    }
    let by_expression = house.get("/api/v1/profiles?expression=did%20%22Order%20Completed%22").await;
    assert_eq!((ids(&by_expression), all.len()), (all.clone(), 5));
    assert!(all.is_sorted_by(|one, next| one > next), "newest first: {all:?}");
    let everybody = house.get("/api/v1/profiles?limit=4").await;
    assert_eq!((&everybody["count"], ids(&everybody).len()), (&json!(6), 4));
    let rest = house.get(&format!("/api/v1/profiles?after={}", everybody["after"])).await;
    assert_eq!((ids(&rest).len(), &rest["after"]), (2, &json!(null)));
    let ada = &house.get("/api/v1/profiles?expression=trait.city%20%3D%20%22Lecce%22").await["profiles"][0];
    assert_eq!(
        (&ada["email"], &ada["city"], &ada["purchases"]),
        (&json!("ada@example.com"), &json!("Lecce"), &json!(2))
    );
    assert_eq!(ada["purchased"], json!(null), "no rule asks for it yet");
    put(house, "segment/big", None, json!({"definition": "did \"Order Completed\" (total > 100)"})).await;
    let ada = &house.get("/api/v1/profiles?expression=trait.city%20%3D%20%22Lecce%22").await["profiles"][0];
    assert_eq!(ada["purchased"], json!(41.0));
    assert_eq!(house.ask("GET", "/api/v1/profiles?segment=none", None).await.status, 404);

    for (sought, people) in [("ada@example.com", 1), ("user_id:u3", 1), ("u4", 1), ("Ner", 1), ("nobody", 0)]
    {
        let found = house.get(&format!("/api/v1/search?q={sought}")).await;
        assert_eq!(found["people"].as_array().unwrap().len(), people, "{sought}: {found}");
    }
    let found = house.get("/api/v1/search?q=than").await;
    assert_eq!(
        found["definitions"],
        json!([{"kind": "journey", "name": "thanks"}, {"kind": "message", "name": "thanks"}])
    );

    let words = house.get("/api/v1/vocabulary").await;
    assert_eq!((&words["asked"], &words["people"]), (&json!(6), &json!(6)));
    let orders = &words["events"][0];
    assert_eq!(
        (&orders["name"], &orders["people"], &orders["times"]),
        (&json!("Order Completed"), &json!(5), &json!(6))
    );
    assert_eq!(orders["properties"][0], json!({"path": "total", "values": [{"value": "20.5", "times": 6}]}));
    let city = words["traits"].as_array().unwrap().iter().find(|word| word["name"] == "city").unwrap();
    assert_eq!(city, &json!({"name": "city", "people": 1, "values": []}), "of one person alone");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn the_governors_figures_add_up() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let house = &shop.house;
    house.track(json!([{"type": "track", "userId": "bo", "event": "Order Completed"}])).await;
    let figures = house.get("/api/v1/governor").await;
    let total = &figures["total"];
    assert_eq!(
        (&total["wanted"], &total["sent"], &total["deferred"]),
        (&json!(2), &json!(1), &json!(0)),
        "{figures}"
    );
    assert_eq!((&total["withheld"], &total["reasons"]), (&json!(1), &json!({"unreachable": 1})));
    assert_eq!(figures["pressure"], json!({"1": 1}));
    let days = figures["days"].as_object().unwrap();
    assert_eq!(days.values().map(|day| day["wanted"].as_u64().unwrap()).sum::<u64>(), 2);
    assert_eq!(house.ask("GET", "/api/v1/governor?days=0", None).await.status, 400);
    let journey = house.get("/api/v1/journeys/thanks").await;
    let sends = json!({"wished": 2, "send": 1, "defer": 0, "drop": 1, "reasons": {"unreachable": 1}});
    assert_eq!(journey["steps"], json!([{"step": "1", "message": "thanks", "sends": sends}]));
    assert_eq!(journey["sends"], sends, "what the engine counts");
    shop.house.server.stop().await;
}
