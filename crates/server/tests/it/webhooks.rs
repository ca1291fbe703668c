//! Webhooks against real receivers: a server of this process that notes what it got and answers as it is told.

use crate::house::House;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use engine::at::{At, Span};
use serde_json::{Value, json};
use server::limits::WEBHOOK_ANSWER_BYTES_MAX;
use server::webhooks::guard::Guard;
use server::webhooks::post::Post;
use server::webhooks::secrets::Secrets;
use server::webhooks::sign::{Secret, signature};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What is said to whoever comes next; 200 and nothing where nothing is left to be said.
type Answer = (u16, &'static str, &'static str);

#[derive(Default)]
pub(crate) struct Heard {
    messages: Vec<(HeaderMap, Bytes)>,
    answers: VecDeque<Answer>,
}

pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    pub(crate) async fn start(answers: &[Answer]) -> Self {
        let heard =
            Arc::new(Mutex::new(Heard { answers: answers.iter().copied().collect(), ..Heard::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, heard }
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap().messages.len()
    }

    /// Every message so far: the header that names it, and its body.
    pub(crate) fn messages(&self) -> Vec<(String, Value)> {
        let heard = self.heard.lock().unwrap();
        let read = |(headers, body): &(HeaderMap, Bytes)| {
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            (id, serde_json::from_slice(body).unwrap())
        };
        heard.messages.iter().map(read).collect()
    }

    /// The messages, once there are so many.
    async fn wait_for(&self, count: usize) -> Vec<(HeaderMap, Value)> {
        until(&format!("{count} messages"), async || self.count() >= count).await;
        let heard = self.heard.lock().unwrap();
        heard
            .messages
            .iter()
            .map(|(headers, body)| (headers.clone(), serde_json::from_slice(body).unwrap()))
            .collect()
    }
}

async fn take(State(heard): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let mut heard = heard.lock().unwrap();
    heard.messages.push((headers, body));
    let (status, header, body) = heard.answers.pop_front().unwrap_or((200, "", ""));
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header.split_once(": ") {
        headers.insert(name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), headers, body)
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never comes to {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A house whose webhook `erp` is at an address.
async fn house(addr: SocketAddr, allow: &str) -> House {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        (
            "programme.yaml",
            "programme: bottega
timezone: Europe/Rome
languages: [en]
purposes:
  orders: { title: Orders, channels: [email], opt_in: none }
"
            .to_owned(),
        ),
        ("segments.yaml", "segments:\n  buyers: 'did \"Order Completed\"'\n".to_owned()),
        (
            "webhooks.yaml",
            format!(
                "webhooks:
  erp:
    url: http://{addr}/hooks
    hears:
      - did \"Order Completed\" (total > 10)
      - entered segment \"buyers\"
      - erasures
    fields: [user_id, property.total]
  loyalty:
    url: http://{addr}/points
"
            ),
        ),
        (
            "journeys/points.yaml",
            "journey: points
purpose: orders
enter: did \"Asked\"
steps:
  - webhook: loyalty
    body: { total: \"{{ event.total }}\", who: \"{{ profile.name | upcase }}\" }
    at most: 1 hour
    else:
      - update: { level: unknown }
      - exit
  - branch:
      - if: webhook.loyalty.points >= 100
        then:
          - update: { level: gold }
      - else:
          - update: { level: plain }
"
            .to_owned(),
        ),
    ];
    for (file, text) in files {
        let path = dir.path().join("programme").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let programme = dir.path().join("programme");
    let settings = format!("programme = {:?}\nwebhook_allow = \"{allow}\"\n", programme.to_str().unwrap());
    House::start_in(dir, &settings).await
}

const ALLOWED: &str = "127.0.0.1";

async fn order(house: &House, who: &str, total: u32) {
    let properties = json!({ "total": total, "note": "not for the ERP" });
    house
        .track(
            json!([{"type": "track", "userId": who, "event": "Order Completed", "properties": properties}]),
        )
        .await;
}

async fn webhook(house: &House) -> Value {
    house.get("/api/v1/webhooks").await["webhooks"][0].clone()
}

async fn deliveries(house: &House) -> Vec<Value> {
    house.get("/api/v1/webhooks/erp/deliveries").await["deliveries"].as_array().unwrap().clone()
}

fn kinds(messages: &[(HeaderMap, Value)]) -> Vec<&str> {
    messages.iter().map(|(_, body)| body["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_a_webhook_hears_of_is_told_signed_in_order_and_with_no_more_than_it_names() {
    let receiver = Receiver::start(&[]).await;
    let house = house(receiver.addr, ALLOWED).await;
    order(&house, "ada", 5).await;
    order(&house, "ada", 20).await;
    let erased = house.ask("DELETE", "/api/v1/profiles/user_id:ada", None).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    until("the erasure told", async || kinds(&receiver.wait_for(0).await).contains(&"profile.erased")).await;
    let count = receiver.count();
    order(&house, "bob", 30).await;
    let messages_after = receiver.wait_for(count + 2).await;
    let told: Vec<&str> = kinds(&messages_after);
    // Whether what Ada did is told before she is erased is a matter of moments; that it is not told after is not.
    let ends = told[told.len() - 3..].to_vec();
    assert_eq!(ends, ["profile.erased", "event", "segment.entered"], "{told:?}");
    let (headers, body) = &messages_after[messages_after.len() - 2];
    let person = house.get("/api/v1/profiles/user_id:bob").await["id"].clone();
    let expected =
        json!({ "profile": person, "event": "Order Completed", "user_id": "bob", "property.total": 30 });
    assert_eq!(body["data"], expected);
    let header = |name: &str| headers[name].to_str().unwrap();
    let secrets = Secrets::open(house.dir.path()).of("erp").unwrap();
    let raw = receiver.heard.lock().unwrap().messages[messages_after.len() - 2].1.clone();
    let second: i64 = header("webhook-timestamp").parse().unwrap();
    assert_eq!(header("webhook-signature"), signature(&secrets, header("webhook-id"), second, &raw));
    assert_eq!(header("content-type"), "application/json");
    until("everything told", async || webhook(&house).await["accepted"] == json!(messages_after.len())).await;
    let listed = deliveries(&house).await;
    let is_fine =
        |one: &Value| one["outcome"] == "dropped" || (one["outcome"] == "accepted" && one["status"] == 200);
    assert!(listed.iter().all(is_fine), "{listed:?}");
    let page = house.get("/api/v1/webhooks/erp/deliveries?limit=1&before=2").await;
    assert_eq!(page["deliveries"][0]["number"], 1);
    assert_eq!(house.ask("GET", "/api/v1/webhooks/none/deliveries", None).await.status, 404);
    house.server.stop().await;
}

#[tokio::test]
async fn what_was_not_taken_comes_again_under_the_same_id_and_what_was_taken_does_not() {
    let busy = (503, "retry-after: 0", "");
    let receiver = Receiver::start(&[busy]).await;
    let house = house(receiver.addr, ALLOWED).await;
    order(&house, "ada", 20).await;
    // The first failed; what is behind it does not wait for it.
    let messages = receiver.wait_for(2).await;
    assert_eq!(kinds(&messages), ["event", "segment.entered"]);
    until("a delivery that waits", async || webhook(&house).await["waiting"] == 1).await;
    let waiting = deliveries(&house).await.into_iter().find(|one| one["outcome"] == "failed").unwrap();
    assert_eq!((&waiting["status"], &waiting["attempt"]), (&json!(503), &json!(1)), "{waiting}");
    assert!(waiting["next_at"].is_string());
    // A stop and a start forget nothing of it, and tell nothing twice that was taken.
    let house = house.restart().await;
    let messages = receiver.wait_for(3).await;
    assert_eq!(kinds(&messages), ["event", "segment.entered", "event"]);
    assert_eq!(messages[2].0["webhook-id"], messages[0].0["webhook-id"]);
    assert_eq!(messages[2].1, messages[0].1);
    until("nothing that waits", async || webhook(&house).await["waiting"] == 0).await;
    order(&house, "ada", 21).await;
    receiver.wait_for(4).await;
    until("three taken", async || webhook(&house).await["accepted"] == 3).await;
    assert_eq!(receiver.count(), 4);
    // An operator may have it once more.
    let delivery = waiting["delivery"].as_str().unwrap();
    let retried = house.ask("POST", &format!("/api/v1/webhooks/erp/deliveries/{delivery}/retry"), None).await;
    assert_eq!(retried.status, 200, "{retried:?}");
    let messages = receiver.wait_for(5).await;
    assert_eq!(messages[4].0["webhook-id"], messages[0].0["webhook-id"]);
    let ahead = house.ask("POST", "/api/v1/webhooks/erp/deliveries/999999-0/retry", None).await;
    assert_eq!(ahead.status, 409, "{ahead:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn one_that_asks_for_more_time_gets_it() {
    let receiver = Receiver::start(&[(429, "retry-after: 7200", "")]).await;
    let house = house(receiver.addr, ALLOWED).await;
    order(&house, "ada", 20).await;
    until("a delivery that waits", async || webhook(&house).await["waiting"] == 1).await;
    let failed = deliveries(&house).await.into_iter().find(|one| one["outcome"] == "failed").unwrap();
    let [at, next] = ["at", "next_at"].map(|name| At::parse(failed[name].as_str().unwrap()).unwrap());
    assert!(next.since(at) > Span::MINUTE.times(119), "{failed}");
    house.server.stop().await;
}

#[tokio::test]
async fn one_that_is_described_anew_hears_by_its_new_words() {
    let receiver = Receiver::start(&[]).await;
    let house = house(receiver.addr, ALLOWED).await;
    order(&house, "ada", 20).await;
    receiver.wait_for(2).await;
    let folder = house.dir.path().join("programme");
    let text = std::fs::read_to_string(folder.join("webhooks.yaml")).unwrap();
    let (before, rest) = text.split_once("    hears:\n").unwrap();
    let after = &rest[rest.find("    fields:").unwrap()..];
    let changed = format!("{before}    hears: [consents]\n{after}");
    std::fs::write(folder.join("webhooks.yaml"), changed).unwrap();
    let (programme, _) = server::programme::load(&folder).unwrap();
    let definition = serde_json::to_value(&programme).unwrap();
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(definition)).await.status, 200);
    order(&house, "ada", 21).await;
    let consent = json!({"consent": {"categoryPreferences": {"orders": true, "orders.email": false}}});
    house.track(json!([{"type": "identify", "userId": "ada", "context": consent}])).await;
    let messages = receiver.wait_for(4).await;
    assert_eq!(kinds(&messages[2..]), ["consent.granted", "consent.withdrawn"], "and of no order any more");
    let told = messages[2..].iter().map(|(_, body)| (&body["data"]["purpose"], &body["data"]["channel"]));
    let (orders, email) = (json!("orders"), json!("email"));
    assert_eq!(told.collect::<Vec<_>>(), [(&orders, &Value::Null), (&orders, &email)]);
    house.server.stop().await;
}

#[tokio::test]
async fn one_that_is_gone_is_told_nothing_until_it_is_resumed_and_then_everything() {
    let receiver = Receiver::start(&[(410, "", "")]).await;
    let house = house(receiver.addr, ALLOWED).await;
    order(&house, "ada", 20).await;
    until("switched off", async || webhook(&house).await["off"]["reason"] == "gone").await;
    order(&house, "ada", 30).await;
    order(&house, "ada", 40).await;
    house.durable().await;
    let metrics =
        super::house::answer(house.bare("GET", "/metrics").bearer_auth(&house.admin_token)).await.text;
    assert!(metrics.contains("trama_webhook_off{webhook=\"erp\"} 1"), "{metrics}");
    assert_eq!(receiver.count(), 1);
    assert_eq!(house.ask("POST", "/api/v1/webhooks/erp/resume", None).await.status, 200);
    let messages = receiver.wait_for(5).await;
    let totals: Vec<&Value> = messages[1..].iter().map(|(_, body)| &body["data"]["property.total"]).collect();
    assert_eq!(totals, [&json!(20), &Value::Null, &json!(30), &json!(40)], "in the order of the log");
    assert_eq!(house.ask("POST", "/api/v1/webhooks/erp/resume", None).await.status, 409, "it is on");
    assert_eq!(house.ask("POST", "/api/v1/webhooks/erp/pause", None).await.status, 200);
    assert_eq!(webhook(&house).await["off"]["reason"], "paused");
    house.server.stop().await;
}

async fn level(house: &House, who: &str) -> Value {
    house.get(&format!("/api/v1/profiles/user_id:{who}")).await["traits"]["level"].clone()
}

async fn asks(house: &House, who: &str) {
    house
        .track(json!([
            {"type": "identify", "userId": who, "traits": {"name": "Ada"}},
            {"type": "track", "userId": who, "event": "Asked", "properties": {"total": 12.5}},
        ]))
        .await;
}

#[tokio::test]
async fn a_run_asks_and_goes_on_with_the_answer_or_without_one() {
    let json_body = "content-type: application/json";
    let long = format!("{{\"points\": 120, \"x\": \"{}\"}}", "x".repeat(WEBHOOK_ANSWER_BYTES_MAX));
    for (answer, expected) in [
        ((200, json_body, &*long.leak()), "unknown"),
        ((200, json_body, "{\"points\": 120}"), "gold"),
        ((200, json_body, "{\"points\": 20}"), "plain"),
        ((204, "", ""), "plain"),
        ((200, json_body, "[1, 2]"), "unknown"),
        ((200, json_body, "no json"), "unknown"),
        ((404, "", ""), "unknown"),
    ] {
        let receiver = Receiver::start(&[answer]).await;
        let house = house(receiver.addr, ALLOWED).await;
        asks(&house, "ada").await;
        until(&format!("{expected} after {answer:?}"), async || level(&house, "ada").await == expected).await;
        let messages = receiver.wait_for(1).await;
        assert_eq!(messages[0].1["type"], "journey.asks");
        let told = &messages[0].1["data"];
        assert_eq!(
            (&told["journey"], &told["body"]),
            (&json!("points"), &json!({ "total": 12.5, "who": "ADA" }))
        );
        house.server.stop().await;
    }
}

#[tokio::test]
async fn a_question_that_was_not_answered_is_asked_again_by_the_next_start() {
    // Whoever comes first hears nothing for a while.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let house = house(addr, ALLOWED).await;
    asks(&house, "ada").await;
    let (silent, _) = listener.accept().await.unwrap();
    let house = {
        let stopping = house.restart();
        drop(listener);
        stopping.await
    };
    drop(silent);
    let receiver = Receiver::start(&[(200, "", "{\"points\": 500}")]).await;
    // The address is another one now, and the programme says so.
    let programme = house.dir.path().join("programme/webhooks.yaml");
    let text = std::fs::read_to_string(&programme).unwrap();
    std::fs::write(&programme, text.replace(&addr.to_string(), &receiver.addr.to_string())).unwrap();
    let house = house.restart().await;
    until("the answer", async || level(&house, "ada").await == "gold").await;
    house.server.stop().await;
}

#[tokio::test]
async fn an_address_inside_is_reached_only_where_the_settings_allow_it() {
    let receiver = Receiver::start(&[]).await;
    let house = house(receiver.addr, "").await;
    order(&house, "ada", 20).await;
    until("a refusal", async || webhook(&house).await["failed"] != 0).await;
    let failed = deliveries(&house).await.pop().unwrap();
    assert_eq!((&failed["outcome"], &failed["status"]), (&json!("failed"), &Value::Null));
    assert!(failed["reason"].as_str().unwrap().contains("webhook_allow"), "{failed}");
    let test = house.ask("POST", "/api/v1/webhooks/erp/test", None).await.json();
    assert!(test["reason"].as_str().unwrap().contains("webhook_allow"), "{test}");
    assert_eq!(receiver.count(), 0);
    house.server.stop().await;
}

#[tokio::test]
async fn a_name_is_reached_only_where_the_address_that_it_stands_for_may_be() {
    let receiver = Receiver::start(&[(302, "location: http://127.0.0.1/", "")]).await;
    let port = receiver.addr.port();
    let dir = tempfile::tempdir().unwrap();
    let post = |allow: &str| Post::new(Guard::parse(allow).unwrap(), Secrets::open(dir.path())).unwrap();
    let send = async |post: &Post, url: String| post.post("erp", &url, "msg_1", b"{}".to_vec()).await;
    // A name whose address is inside: refused by what it resolves to, not by how it is written.
    let refused = send(&post(""), "https://localhost:8443/".to_owned()).await;
    assert!(refused.reason.contains("not of the public internet"), "{refused:?}");
    let other = send(&post("10.0.0.0/8"), "https://localhost:8443/".to_owned()).await;
    assert!(other.reason.contains("not of the public internet"), "{other:?}");
    assert_eq!(receiver.count(), 0);
    let allowed = send(&post("localhost"), format!("http://localhost:{port}/")).await;
    assert_eq!(
        (allowed.status, receiver.count()),
        (302, 1),
        "{allowed:?}, and nobody follows where it leads"
    );
    let none = send(&post(ALLOWED), "http://127.0.0.1:1/".to_owned()).await;
    assert!(none.reason.starts_with("no connection") && none.status == 0, "{none:?}");
}

#[tokio::test]
async fn a_change_of_secrets_counts_at_once() {
    let receiver = Receiver::start(&[]).await;
    let house = house(receiver.addr, ALLOWED).await;
    let test = async || house.ask("POST", "/api/v1/webhooks/erp/test", None).await.json()["outcome"].clone();
    assert_eq!(test().await, "accepted");
    let secrets = Secrets::open(house.dir.path());
    let second = secrets.add("erp").unwrap();
    assert_eq!(test().await, "accepted");
    let messages = receiver.wait_for(2).await;
    let signed =
        |message: usize| messages[message].0["webhook-signature"].to_str().unwrap().split(' ').count();
    assert_eq!((signed(0), signed(1)), (1, 2));
    assert!(secrets.of("erp").unwrap().iter().any(|one| Secret::shown(one) == second.shown()));
    assert_eq!(house.ask("POST", "/api/v1/webhooks/none/test", None).await.status, 404);
    house.server.stop().await;
}
