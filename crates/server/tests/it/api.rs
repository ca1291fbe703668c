//! The management API as a client sees it: a table of what is asked and what is answered, and the stories around it.

use crate::house::{House, Shop, answer};
use serde_json::{Value, json};
use server::access::Permission;
use server::api;

#[tokio::test]
async fn what_is_asked_is_answered_and_mistakes_are_named() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let house = &shop.house;
    house.durable().await;
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        ("GET", "/api/v1/status", json!(null), 200, vec![("/lag", json!(0)), ("/counts/profiles", json!(1)),
            ("/counts/sends/accepted", json!(1)), ("/programme/name", json!("bottega")), ("/programme/revision", json!(1))]),

        ("GET", "/api/v1/profiles/email:Ada@Example.com", json!(null), 200, vec![
            ("/identifiers/0", json!({"type": "user_id", "value": "ada"})), ("/traits/language", json!("it")),
            ("/consents/0/purpose", json!("offers")), ("/consents/0/state", json!("granted")),
            ("/segments/0", json!("buyers")), ("/runs/0/journey", json!("thanks"))]),
        ("GET", "/api/v1/profiles/user_id:nobody", json!(null), 404, vec![("/code", json!("not_found"))]),
        ("GET", "/api/v1/profiles/ada", json!(null), 400, vec![("/code", json!("bad_address")), ("/field", json!("address"))]),
        ("GET", "/api/v1/profiles/email:ada", json!(null), 400, vec![("/code", json!("bad_address"))]),
        ("GET", "/api/v1/profiles?limit=1", json!(null), 200, vec![("/profiles/0/identifiers/0/value", json!("ada"))]),
        ("GET", "/api/v1/profiles?limit=many", json!(null), 400, vec![("/code", json!("bad_parameter"))]),
        ("GET", "/api/v1/profiles/user_id:ada/timeline?limit=1", json!(null), 200, vec![
            ("/events/0/name", json!("Message Sent")), ("/events/1", json!(null))]),

        ("GET", "/api/v1/profiles/user_id:ada/segments/buyers", json!(null), 200, vec![
            ("/holds", json!(true)), ("/whole/text", json!("did \"Order Completed\"")), ("/whole/count", json!(1)),
            ("/whole/sentence", json!("1 of at least 1 \"Order Completed\"")), ("/built_on", json!([]))]),
        ("GET", "/api/v1/profiles/user_id:ada/segments/nobody", json!(null), 404, vec![("/code", json!("not_found"))]),
        ("GET", "/api/v1/profiles/user_id:nobody/segments/buyers", json!(null), 404, vec![("/code", json!("not_found"))]),
        ("POST", "/api/v1/profiles/email:Ada@Example.com/explain", json!({"expression":
            "in segment \"buyers\" and not did \"Order Completed\" with sum(total) >= 20.5 and trait.language = \"en\" and consented to \"offers\" by email and reachable by sms"}), 200, vec![
            ("/holds", json!(false)), ("/whole/sentence", json!("3 of 5 parts hold, all must")),
            ("/whole/parts/0/holds", json!(true)), ("/built_on/0/segment", json!("buyers")), ("/built_on/0/whole/count", json!(1)),
            ("/whole/parts/1/parts/0/figure", json!(20.0)),
            ("/whole/parts/1/parts/0/sentence", json!("sum(total) of 1 \"Order Completed\": is 20, and must be >= 20.5")),
            ("/whole/parts/2/values", json!(["it"])), ("/whole/parts/2/sentence", json!("trait.language is \"it\"")),
            ("/whole/parts/3/consent", json!("granted")), ("/whole/parts/4/address", json!("no_address")),
            ("/whole/changes_at", json!(null))]),
        ("POST", "/api/v1/profiles/user_id:ada/explain", json!({"expression": "in segment \"byers\""}), 400, vec![
            ("/field", json!("expression")), ("/suggestion", json!("did you mean \"buyers\"?"))]),
        ("POST", "/api/v1/profiles/user_id:ada/explain", json!({"tree": {"in_segment": "byers"}}), 400, vec![
            ("/field", json!("tree")), ("/offset", json!(null))]),

        ("GET", "/api/v1/segments", json!(null), 200, vec![("/segments/0/name", json!("buyers")), ("/segments/0/count", json!(1))]),
        ("GET", "/api/v1/segments/buyers", json!(null), 200, vec![("/count", json!(1))]),
        ("GET", "/api/v1/segments/nobody", json!(null), 404, vec![("/code", json!("not_found"))]),
        ("POST", "/api/v1/segments/preview", json!({"expression": "did \"Order Completed\" (total > 10)"}), 200, vec![
            ("/count", json!(1)), ("/sample/0/identifiers/0/value", json!("ada"))]),
        ("GET", "/api/v1/segments/preview?expression=did%20%22Nothing%22", json!(null), 200, vec![("/count", json!(0))]),
        ("POST", "/api/v1/segments/preview", json!({"expression": "did \"X\" whithin 3 days"}), 400, vec![
            ("/code", json!("bad_expression")), ("/field", json!("expression")), ("/offset", json!(8)),
            ("/suggestion", json!("did you mean `within`?"))]),
        ("POST", "/api/v1/segments/preview", json!({}), 400, vec![("/code", json!("bad_json"))]),

        ("GET", "/api/v1/journeys", json!(null), 200, vec![("/journeys/0/name", json!("thanks")), ("/journeys/0/entered", json!(1))]),
        ("GET", "/api/v1/journeys/thanks", json!(null), 200, vec![("/live", json!(true)), ("/sends/wished", json!(1)), ("/sends/send", json!(1))]),
        ("GET", "/api/v1/journeys/none", json!(null), 404, vec![("/code", json!("not_found"))]),

        ("GET", "/api/v1/sends?profile=user_id:ada", json!(null), 200, vec![("/sends/0/decision", json!("send")),
            ("/sends/0/status", json!("accepted")), ("/sends/0/reason", json!(null)), ("/sends/0/attempts", json!(1)),
            ("/sends/0/channel", json!("email")), ("/sends/0/language", json!("it")), ("/sends/1", json!(null)), ("/sends/0/variant", json!(null)), ("/sends/0/choices", json!([])), ("/sends/0/responded", json!(false))]),
        ("GET", "/api/v1/best", json!(null), 200, vec![("/best/0/choice", json!("channel")), ("/best/0/after", json!(50)), ("/best/0/arms/0", json!({"arm": "email", "trials": 1, "responses": 0, "rate": 0.0, "chosen_lately": 0})),
            ("/best/1/choice", json!("hour")), ("/best/1/of", json!("email")), ("/best/2", json!(null))]),
        ("GET", "/api/v1/sends?before=0", json!(null), 200, vec![("/sends", json!([]))]),
        ("GET", "/api/v1/sends?profile=user_id:nobody", json!(null), 404, vec![("/code", json!("not_found"))]),

        ("POST", "/api/v1/consents", json!({"profile": "user_id:ada", "purpose": "ofers", "granted": true}), 400, vec![
            ("/code", json!("unknown_purpose")), ("/field", json!("purpose")), ("/suggestion", json!("did you mean \"offers\"?"))]),
        ("POST", "/api/v1/consents", json!({"profile": "user_id:ada", "purpose": "offers", "channel": "mail", "granted": true}), 400, vec![("/code", json!("unknown_channel")), ("/field", json!("channel"))]),
        ("POST", "/api/v1/consents", json!({"profile": "user_id:ada", "purpose": "offers", "granted": true, "stated_at": "yesterday"}), 400, vec![("/code", json!("bad_time")), ("/field", json!("stated_at"))]),
        ("POST", "/api/v1/consents", json!({"profile": "email:bob@example.com", "purpose": "offers", "granted": true, "proof": "paper"}), 200, vec![]),
        ("GET", "/api/v1/profiles/email:bob@example.com", json!(null), 200, vec![("/consents/0/proof", json!("paper")), ("/consents/0/source", json!("api"))]),

        ("POST", "/api/v1/suppressions", json!({"address": "email:Bob@example.com", "reason": "asked by letter"}), 200, vec![]),
        ("GET", "/api/v1/suppressions", json!(null), 200, vec![("/suppressions/0/value", json!("bob@example.com")),
            ("/suppressions/0/reason", json!("asked by letter"))]),
        ("DELETE", "/api/v1/suppressions/email:bob@example.com", json!(null), 200, vec![]),
        ("DELETE", "/api/v1/suppressions/email:bob@example.com", json!(null), 404, vec![("/code", json!("not_found"))]),

        ("GET", "/api/v1/rejects", json!(null), 200, vec![("/rejects", json!([]))]),
        ("PUT", "/api/v1/programme", json!({"name": "x", "languages": ["it"], "timezone": "Europe/Rome",
            "segments": {"vip": "did \"X\" whithin 3 days"}}), 400, vec![("/code", json!("programme_mistakes")),
            ("/mistakes/0/place", json!("segments.vip"))]),
        ("PUT", "/api/v1/programme", json!([1]), 400, vec![("/code", json!("bad_programme"))]),
        ("GET", "/api/v1/programme", json!(null), 200, vec![("/revision", json!(1)), ("/programme/name", json!("bottega"))]),
        ("GET", "/api/v1/nothing", json!(null), 404, vec![("/code", json!("not_found"))]),
    ];
    for row in table {
        asks_and_is_answered(house, row).await;
    }
    shop.house.server.stop().await;
}

#[tokio::test]
async fn who_is_who_is_said_and_taken_back() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        ("POST", "/api/v1/consents", json!({"profile": "email:bob@example.com", "purpose": "offers", "granted": true}), 200, vec![]),
        ("GET", "/api/v1/merges", json!(null), 200, vec![("/merges", json!([]))]),
        ("POST", "/api/v1/merges", json!({"from": "email:bob@example.com", "into": "user_id:eve"}), 404, vec![
            ("/code", json!("not_found")), ("/field", json!("into"))]),
        ("POST", "/api/v1/merges", json!({"from": "bob", "into": "user_id:ada"}), 400, vec![
            ("/code", json!("bad_address")), ("/field", json!("from"))]),
        ("POST", "/api/v1/merges", json!({"from": "email:bob@example.com", "into": "user_id:ada"}), 200, vec![]),
        ("POST", "/api/v1/merges", json!({"from": "email:bob@example.com", "into": "user_id:ada"}), 409, vec![
            ("/code", json!("same_profile")), ("/field", json!("from"))]),
        ("GET", "/api/v1/merges?profile=user_id:ada", json!(null), 200, vec![("/merges/0/number", json!(0)),
            ("/merges/0/cause", json!("operator")), ("/merges/0/person/address", json!("user_id:ada")),
            ("/merges/0/identifiers", json!([{"type": "email", "value": "bob@example.com"}])),
            ("/merges/0/undone", json!(null))]),
        ("GET", "/api/v1/merges?before=0", json!(null), 200, vec![("/merges", json!([]))]),
        ("GET", "/api/v1/merges?profile=user_id:nobody", json!(null), 404, vec![("/code", json!("not_found"))]),
        ("GET", "/api/v1/profiles/email:bob@example.com", json!(null), 200, vec![("/identifiers/0/value", json!("ada")),
            ("/merges/0/number", json!(0))]),
        ("POST", "/api/v1/merges/0/undo", json!(null), 200, vec![]),
        ("POST", "/api/v1/merges/0/undo", json!(null), 409, vec![("/code", json!("undone_before")), ("/field", json!("number"))]),
        ("POST", "/api/v1/merges/7/undo", json!(null), 404, vec![("/code", json!("not_found")), ("/field", json!("number"))]),
        ("POST", "/api/v1/merges/all/undo", json!(null), 400, vec![("/code", json!("bad_number")), ("/field", json!("number"))]),
        ("GET", "/api/v1/profiles/email:bob@example.com", json!(null), 200, vec![
            ("/identifiers/0/value", json!("bob@example.com")), ("/merges/0/person/address", json!("email:bob@example.com"))]),
        ("GET", "/api/v1/merges", json!(null), 200, vec![("/merges/0/undone/operator", json!("first admin")), ("/merges/1", json!(null))]),
        ("GET", "/api/v1/status", json!(null), 200, vec![("/counts/merges", json!(1)), ("/counts/merges_undone", json!(1))]),
        ("GET", "/api/v1/identifiers/blocked", json!(null), 200, vec![("/identifiers", json!([]))]),
        ("DELETE", "/api/v1/identifiers/blocked/anonymous_id:a1", json!(null), 404, vec![
            ("/code", json!("not_found")), ("/field", json!("address"))]),
    ];
    for row in table {
        asks_and_is_answered(&shop.house, row).await;
    }
    shop.house.server.stop().await;
}

#[tokio::test]
async fn an_expression_is_taken_as_text_and_as_a_tree() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        ("POST", "/api/v1/segments/preview", json!({"expression": "did \"A\"", "tree": {}}), 400, vec![("/code", json!("bad_json"))]),
        ("POST", "/api/v1/segments/preview", json!({"tree": {"did": {"event": "Order Completed", "where": [{"path": "total", "test": {">": 10}}]}}}), 200, vec![
            ("/count", json!(1)), ("/sample/0/identifiers/0/value", json!("ada"))]),
        ("POST", "/api/v1/segments/preview", json!({"tree": {"and": [{"in_segment": "buyers"}, {"did": {"event": "A", "wher": []}}]}}), 400, vec![
            ("/code", json!("bad_expression")), ("/field", json!("tree.and[1].did.wher")), ("/offset", json!(null)),
            ("/suggestion", json!("did you mean \"where\"?"))]),
        ("POST", "/api/v1/segments/preview", json!({"tree": {"in_segment": "byers"}}), 400, vec![
            ("/field", json!("tree")), ("/offset", json!(null)), ("/suggestion", json!("did you mean \"buyers\"?"))]),
        ("POST", "/api/v1/segments/parse", json!({"expression": "did 'A' (n>1.50)  at least 1 times and not(in segment \"vip\")"}), 200, vec![
            ("/expression", json!("did \"A\" (n > 1.5) and not in segment \"vip\"")),
            ("/tree", json!({"and": [{"did": {"event": "A", "where": [{"path": "n", "test": {">": 1.5}}]}}, {"not": {"in_segment": "vip"}}]}))]),
        ("POST", "/api/v1/segments/parse", json!({"tree": {"sequence": {"event": "A", "then_not": {"event": "B", "within": "60 minutes"}}}}), 200, vec![
            ("/expression", json!("did \"A\" then not \"B\" within 1 hour")),
            ("/tree/sequence/then_not/within", json!("1 hour"))]),
        ("POST", "/api/v1/segments/parse", json!({"expression": "did \"A\" since entry", "of": "journey"}), 200, vec![
            ("/tree/did/window", json!({"since_entry": true}))]),
        ("POST", "/api/v1/segments/parse", json!({"expression": "did \"A\" since entry"}), 400, vec![
            ("/code", json!("bad_expression")), ("/field", json!("expression")), ("/offset", json!(8))]),
        ("POST", "/api/v1/segments/parse", json!({"expression": "did \"A\" at least 2 tims"}), 400, vec![
            ("/offset", json!(19)), ("/suggestion", json!("did you mean `times`?"))]),
        ("POST", "/api/v1/segments/parse", json!({"tree": {"top": {"percent": 0, "by": {"count": {"event": "A"}}}}}), 400, vec![
            ("/field", json!("tree.top.percent")), ("/message", json!("a share is more than 0% and less than 100%"))]),
        ("POST", "/api/v1/segments/parse", json!({"expression": "did \"A\"", "of": "message"}), 400, vec![("/code", json!("bad_json"))]),
    ];
    for row in table {
        asks_and_is_answered(&shop.house, row).await;
    }
    shop.house.server.stop().await;
}

/// Method, path, body, status, and pointers into the answer with what stands there.
type Row = (&'static str, &'static str, Value, u16, Vec<(&'static str, Value)>);

async fn asks_and_is_answered(house: &House, (method, path, body, status, expected): Row) {
    let body = (!body.is_null()).then_some(body);
    let answer = house.ask(method, path, body.clone()).await;
    assert_eq!(answer.status, status, "{method} {path} {body:?}: {answer:?}");
    let answer = answer.json();
    for (pointer, value) in expected {
        assert_eq!(
            answer.pointer(pointer).unwrap_or(&Value::Null),
            &value,
            "{method} {path} {pointer}: {answer}"
        );
    }
}

#[tokio::test]
async fn the_same_programme_is_applied_once_and_another_changes_the_segments() {
    let shop = Shop::open().await;
    let live = shop.house.get("/api/v1/programme").await;
    let mut programme = live["programme"].clone();
    let again = shop.house.ask("PUT", "/api/v1/programme", Some(programme.clone())).await.json();
    assert_eq!((&again["changed"], &again["revision"]), (&json!(false), &json!(1)));
    programme["segments"]["seen"] = json!("did \"Seen\"");
    let changed = shop.house.ask("PUT", "/api/v1/programme", Some(programme)).await.json();
    assert_eq!((&changed["changed"], &changed["revision"]), (&json!(true), &json!(2)));
    assert_eq!(shop.house.get("/api/v1/segments/seen").await["count"], 0);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_refused_event_is_listed_and_its_neighbours_live() {
    let house = House::start().await;
    house
        .track(json!([
            {"type": "track", "userId": "u1", "event": "Seen"},
            {"type": "track", "userId": "u1"},
            {"type": "track", "userId": "u2", "event": "Seen"}
        ]))
        .await;
    let rejects = house.get("/api/v1/rejects?limit=5").await;
    let reject = &rejects["rejects"][0];
    assert_eq!((&reject["code"], &reject["field"]), (&json!("missing_event"), &json!("event")), "{rejects}");
    assert_eq!(reject["source"], "default");
    let status = house.get("/api/v1/status").await;
    assert_eq!((&status["counts"]["events"], &status["counts"]["rejects"]), (&json!(2), &json!(1)));
    house.server.stop().await;
}

/// Who may do what, told without the table: whoever reads may read, except who else has keys; to change anything takes
/// an admin; and the description is for everybody.
fn expected_permission(route: &api::Route) -> Permission {
    let reads = route.method == "GET" || route.path == "/api/v1/segments/preview";
    match route.path {
        "/api/openapi.json" => Permission::Public,
        path if reads && !path.starts_with("/api/v1/keys") => Permission::Read,
        // It changes nothing: one form of an expression is turned into the other.
        "/api/v1/segments/parse" => Permission::Read,
        // It changes nothing either, and answers what anybody may read.
        "/api/v1/profiles/{address}/explain" => Permission::Read,
        path if path.starts_with("/api/v1/returns") => Permission::Returns,
        _ => Permission::Admin,
    }
}

#[tokio::test]
async fn every_route_asks_for_its_permission() {
    let house = House::start().await;
    let mut tokens = Vec::new();
    for scope in ["write", "read", "admin", "returns"] {
        let key = house.ask("POST", "/api/v1/keys", Some(json!({"name": scope, "scope": scope}))).await;
        tokens.push((scope, key.json()["token"].as_str().unwrap().to_owned()));
    }
    for route in api::routes() {
        assert_eq!(route.permission, expected_permission(&route), "{} {}", route.method, route.path);
        let path = route.path.replace("{address}", "user_id:u1").replace("{name}", "x").replace("{id}", "x");
        let bare = answer(house.bare(route.method.as_str(), &path)).await.status;
        assert_eq!(bare == 401, route.permission != Permission::Public, "{} {path}: {bare}", route.method);
        for (scope, token) in &tokens {
            let asked = house.bare(route.method.as_str(), &path).bearer_auth(token).body("{}");
            // The head alone: a stream has no end.
            let status = asked.send().await.unwrap().status().as_u16();
            let allowed = match route.permission {
                Permission::Public => true,
                Permission::Read | Permission::ReadOrLocal => ["read", "admin"].contains(scope),
                Permission::Admin => *scope == "admin",
                Permission::Returns => ["returns", "admin"].contains(scope),
            };
            assert_eq!(status != 403, allowed, "{} {path} with a key for {scope}: {status}", route.method);
        }
    }
    house.server.stop().await;
}

#[tokio::test]
async fn probes_are_open_and_figures_are_for_this_machine() {
    let house = House::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(answer(house.bare("GET", path)).await.status, 200, "{path}");
    }
    house.track(json!([{"type": "track", "userId": "u1", "event": "Seen"}])).await;
    let figures = answer(house.bare("GET", "/metrics")).await;
    assert_eq!(figures.status, 200);
    for line in [
        "trama_events 1\n",
        "trama_profiles 1\n",
        "trama_lag 0\n",
        "trama_records_total{outcome=\"applied\"} 1\n",
    ] {
        assert!(figures.text.contains(line), "{line} in {}", figures.text);
    }
    let behind_a_proxy = house.bare("GET", "/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(answer(behind_a_proxy).await.status, 401);
    let with_token = house.bare("GET", "/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(answer(with_token.bearer_auth(&house.admin_token)).await.status, 200);
    house.server.stop().await;
}

#[test]
fn the_description_has_every_route_and_is_the_one_in_the_docs() {
    let text = api::openapi();
    let description: Value = serde_json::from_str(&text).unwrap();
    let described = |method: &str, path: &str| description["paths"][path][method].is_object();
    let mut count = 0;
    for route in api::routes().iter().filter(|route| route.path != "/api/openapi.json") {
        let method = route.method.as_str().to_lowercase();
        assert!(described(&method, route.path), "{method} {} is not described", route.path);
        count += 1;
    }
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), count);
    crate::house::assert_reference("openapi.json", &text);
}

#[test]
fn the_command_line_is_the_one_in_the_docs() {
    crate::house::assert_reference("cli.md", &server::cli::reference());
}

/// The description keeps one of two types that share a name, and tells whoever reads it of the wrong one.
#[test]
fn every_type_of_the_description_has_a_name_of_its_own() {
    let mut names = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.extend(described_types(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    names.sort();
    let shared: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(names.len() > 100 && shared.is_empty(), "give one of each `#[schema(as = …)]`: {shared:?}");
}

/// The names under which the types of a file are described.
fn described_types(text: &str) -> Vec<String> {
    let name = |derived: &str| {
        let other = derived.lines().find_map(|line| line.strip_prefix("#[schema(as = "));
        let own =
            derived.lines().find_map(|line| line.split_once("struct ").or_else(|| line.split_once("enum ")));
        let name = other.or(own.map(|(_, name)| name)).unwrap();
        name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap().to_owned()
    };
    text.split("ToSchema)]\n").skip(1).map(|derived| name(derived.split("\n}").next().unwrap())).collect()
}
