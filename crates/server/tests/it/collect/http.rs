//! The HTTP around the door: paths, keys, encodings, refusals, CORS, settings.

use super::{KEY, Shop};
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::channel::{Channel, Sender};
use serde_json::{Value, json};
use server::collect::endpoint::Endpoint;
use server::limits::{BODY_BYTES_MAX, RETRY_AFTER_JITTER_SECONDS, RETRY_AFTER_SECONDS};
use std::io::Write;
use std::sync::atomic::Ordering;

/// `wk_test_123:` in base64.
const BASIC: (&str, &str) = ("authorization", "Basic d2tfdGVzdF8xMjM6");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A body that comes in pieces and without a length.
async fn chunked(bytes: &[u8]) -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(bytes.len());
    for piece in bytes.chunks(7) {
        sender.send_data(Bytes::copy_from_slice(piece)).await.expect("room for every piece");
    }
    Body::new(body)
}

/// A body that never comes, as long as its sender is held.
fn stalled() -> (Sender<Bytes>, Body) {
    let (sender, body) = Channel::new(1);
    (sender, Body::new(body))
}

fn track() -> Value {
    json!({"type": "track", "userId": "u1", "event": "Seen", "messageId": "m1"})
}

#[tokio::test]
async fn every_path_takes_its_events_and_answers_exactly_200() {
    let shop = Shop::open();
    let batch = json!({ "batch": [track(), track()] }).to_string();
    let single = json!({"userId": "u1", "event": "Seen", "groupId": "g1", "previousId": "a1"}).to_string();
    for (path, body, types) in [
        ("/v1/track", &single, vec!["track"]),
        ("/v1/identify", &single, vec!["identify"]),
        ("/v1/page", &single, vec!["page"]),
        ("/v1/screen", &single, vec!["screen"]),
        ("/v1/group", &single, vec!["group"]),
        ("/v1/alias", &single, vec!["alias"]),
        ("/v1/t", &single, vec!["track"]),
        ("/v1/i", &single, vec!["identify"]),
        ("/v1/p", &single, vec!["page"]),
        ("/v1/s", &single, vec!["screen"]),
        ("/v1/g", &single, vec!["group"]),
        ("/v1/a", &single, vec!["alias"]),
        ("/v1/batch", &batch, vec!["track", "track"]),
        ("/v1/b", &batch, vec!["track", "track"]),
        ("/v1/import", &batch, vec!["track", "track"]),
        ("/v1/batch/b", &batch, vec!["track", "track"]),
        ("/v1/v1/batch", &batch, vec!["track", "track"]),
        ("/batch", &batch, vec!["track", "track"]),
        ("/b", &batch, vec!["track", "track"]),
        ("/t", &single, vec!["track"]),
        ("/track", &single, vec!["track"]),
        ("/beacon/v1/batch?writeKey=wk_test_123", &batch, vec!["track", "track"]),
        ("/api/s/page", &single, vec!["page"]),
        ("/api/s/s2s/track", &single, vec!["track"]),
    ] {
        let answer = shop.post(path, &[BASIC], body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        assert_eq!(answer.json, json!({"success": true, "accepted": types.len(), "rejected": []}), "{path}");
        let taken: Vec<_> = shop.take().into_iter().map(|record| record["type"].clone()).collect();
        assert_eq!(taken, types, "{path}");
    }
}

#[tokio::test]
async fn every_mistaken_path_is_served_too() {
    let shop = Shop::open();
    let body =
        json!({"batch": [track()], "userId": "u1", "event": "Seen", "groupId": "g1", "previousId": "a1"});
    for (path, _) in Endpoint::paths() {
        let answer = shop.post(&path, &[BASIC], body.to_string()).await;
        assert_eq!((answer.status, shop.take().len()), (StatusCode::OK, 1), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn the_key_is_taken_from_wherever_an_sdk_puts_it() {
    let shop = Shop::open();
    let body = |key: Option<&str>| {
        let mut body = json!({ "batch": [track()] });
        if let Some(key) = key {
            body["writeKey"] = json!(key);
        }
        body.to_string()
    };
    let inner = json!({"batch": [{"type": "page", "userId": "u1", "writeKey": KEY}]}).to_string();
    let other = "Basic b3RoZXI6"; // other:
    for (headers, body, status, code) in [
        (vec![BASIC], body(None), 200, ""),
        (vec![("authorization", "Basic d2tfdGVzdF8xMjM=")], body(None), 200, ""),
        (vec![], body(Some(KEY)), 200, ""),
        (vec![], inner, 200, ""),
        (vec![("authorization", "Bearer token")], body(Some(KEY)), 200, ""),
        (vec![("authorization", "Basic !!!")], body(Some(KEY)), 200, ""),
        (vec![("x-write-key", "wk_test_123:secret")], body(Some("wk_test_123:***")), 200, ""),
        (vec![BASIC], body(Some("masked")), 200, ""),
        (vec![("authorization", other)], body(Some(KEY)), 401, "unknown_write_key"),
        (vec![], body(Some("other")), 401, "unknown_write_key"),
        (vec![], body(None), 401, "missing_write_key"),
        (vec![("authorization", "Bearer token")], body(None), 401, "missing_write_key"),
    ] {
        let answer = shop.post("/v1/batch", &headers, body.clone()).await;
        assert_eq!(answer.status, status, "{headers:?} {body}: {answer:?}");
        assert_eq!(shop.take().len(), usize::from(status == 200), "{headers:?} {body}");
        if status != 200 {
            assert_eq!(answer.json["code"], code);
            assert!(answer.json["message"].as_str().is_some_and(|message| message.len() > 20));
        }
    }
}

#[tokio::test]
async fn the_encoding_is_that_of_the_bytes_and_not_of_the_headers() {
    let shop = Shop::open();
    let json = json!({ "batch": [track()] }).to_string().into_bytes();
    let zipped = gzip(&json);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let plain = ("content-type", "text/plain");
    let encoded = ("content-encoding", "gzip");
    let mut marked = b"\xef\xbb\xbf ".to_vec();
    marked.extend_from_slice(&json);
    for (name, headers, body) in [
        ("RudderStack's SDK for Node", vec![form, encoded], Body::from(zipped.clone())),
        ("Kotlin", vec![plain, encoded], chunked(&zipped).await),
        ("a forgotten header", vec![], Body::from(zipped.clone())),
        ("a proxy that decompressed", vec![encoded], Body::from(json.clone())),
        ("a browser", vec![plain], chunked(&json).await),
        ("a byte order mark", vec![], Body::from(marked)),
        ("two gzip members", vec![encoded], Body::from([gzip(&json[..9]), gzip(&json[9..])].concat())),
    ] {
        let headers: Vec<_> = headers.into_iter().chain([BASIC]).collect();
        let answer = shop.post("/v1/batch", &headers, body).await;
        assert_eq!((answer.status, shop.take().len()), (StatusCode::OK, 1), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_nobody_can_read_is_refused_and_remembered() {
    let shop = Shop::open();
    let zipped = gzip(br#"{"batch":[]}"#);
    let large = format!("{{\"batch\":[],\"more\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    for (name, body, code) in [
        ("nothing", Vec::new(), "empty_body"),
        ("white space", b" \n".to_vec(), "empty_body"),
        ("broken off", br#"{"batch":[{"type":"tra"#.to_vec(), "invalid_json"),
        ("two values", br#"{"batch":[]} {}"#.to_vec(), "invalid_json"),
        ("a form", b"batch=1".to_vec(), "invalid_json"),
        ("a list", b"[]".to_vec(), "not_an_object"),
        ("no batch", br#"{"type":"page"}"#.to_vec(), "missing_batch"),
        ("a batch of another kind", br#"{"batch":{}}"#.to_vec(), "missing_batch"),
        ("torn gzip", zipped[..zipped.len() - 4].to_vec(), "invalid_encoding"),
        ("too much", large.clone().into_bytes(), "body_too_large"),
        ("too much, compressed", gzip(large.as_bytes()), "body_too_large"),
    ] {
        let answer = shop.post("/v1/batch", &[BASIC], body.clone()).await;
        assert_eq!((answer.status, &answer.json["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{name}");
        let records = shop.take();
        assert_eq!(records.len(), 1, "{name}");
        assert_eq!((&records[0]["kind"], &records[0]["code"]), (&json!("rejected"), &json!(code)), "{name}");
        assert_eq!(records[0]["message"], answer.json["message"], "{name}");
        if code == "invalid_json" {
            assert_eq!(records[0]["payload"], json!(String::from_utf8(body).unwrap()), "{name}");
        }
    }
    // Without a key in a header it is still known whose it is, as long as the key comes before the break.
    let answer = shop.post("/v1/b", &[], r#"{"writeKey":"wk_test_123","batch":[{"type":"#).await;
    assert_eq!((answer.status, shop.take().len()), (StatusCode::BAD_REQUEST, 1));
    let answer = shop.post("/v1/b", &[], r#"{"batch":[{"type":"#).await;
    assert_eq!((answer.status, shop.take().len()), (StatusCode::BAD_REQUEST, 0));
}

#[tokio::test]
async fn bad_events_are_named_and_good_ones_kept() {
    let shop = Shop::open();
    let body = json!({"batch": [track(), {"type": "track", "userId": "u1", "messageId": "m2"}, {"type": "page"}, track()]});
    let answer = shop.post("/v1/batch", &[BASIC], body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json["accepted"], 2);
    let rejected = answer.json["rejected"].as_array().unwrap();
    let brief = |one: &Value| json!([one["index"], one["messageId"], one["code"], one["field"]]);
    assert_eq!(
        rejected.iter().map(brief).collect::<Vec<_>>(),
        [json!([1, "m2", "missing_event", "event"]), json!([2, null, "missing_identifier", "userId"])]
    );
    let kinds: Vec<_> = shop.take().into_iter().map(|record| record["kind"].clone()).collect();
    assert_eq!(kinds, ["event", "rejected", "rejected", "event"]);
}

#[tokio::test]
async fn words_that_are_not_json_cost_no_batch() {
    let shop = Shop::open();
    let body = r#"{"batch":[{"type":"page","userId":"u1","properties":{"a":NaN,"b":[-Infinity]}},{"type":"page","userId":"u2"}]}"#;
    let answer = shop.post("/v1/batch", &[BASIC], body).await;
    assert_eq!((answer.status, &answer.json["accepted"]), (StatusCode::OK, &json!(2)));
    assert_eq!(shop.take()[0]["properties"], json!({"a": null, "b": [null]}));
}

#[tokio::test]
async fn what_the_engine_refuses_is_rejected_too() {
    let shop = Shop::open();
    *shop.memory.refused.lock().unwrap() = Some("Forbidden");
    let mut forbidden = track();
    forbidden["event"] = json!("Forbidden");
    let body = json!({"batch": [{}, forbidden, track()]}).to_string();
    let answer = shop.post("/v1/batch", &[BASIC], body).await;
    assert_eq!((answer.status, &answer.json["accepted"]), (StatusCode::OK, &json!(1)));
    let codes: Vec<_> =
        answer.json["rejected"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["missing_type", "refused"]);
}

#[tokio::test]
async fn an_empty_batch_is_taken_and_leaves_nothing() {
    let shop = Shop::open();
    let answer = shop.post("/v1/batch", &[BASIC], r#"{"batch":[]}"#).await;
    assert_eq!((answer.status, &answer.json["accepted"]), (StatusCode::OK, &json!(0)));
    assert_eq!(shop.take().len(), 0);
}

#[tokio::test]
async fn overload_is_told_before_the_body_is_read() {
    let shop = Shop::open();
    shop.memory.full.store(true, Ordering::Relaxed);
    let (_sender, unread) = stalled();
    let answer = shop.post("/v1/batch", &[BASIC, ("origin", "https://shop.example")], unread).await;
    assert_eq!((answer.status, &answer.json["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("overloaded")));
    let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((RETRY_AFTER_SECONDS..=RETRY_AFTER_SECONDS + RETRY_AFTER_JITTER_SECONDS).contains(&seconds));
    assert_eq!(answer.headers["access-control-expose-headers"], "retry-after");
    shop.memory.full.store(false, Ordering::Relaxed);
    assert_eq!(shop.post("/v1/batch", &[BASIC], r#"{"batch":[]}"#).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_not_waited_for() {
    let shop = Shop::open();
    let (_sender, unread) = stalled();
    let answer = shop.post("/v1/batch", &[BASIC], unread).await;
    assert_eq!((answer.status, &answer.json["code"]), (StatusCode::REQUEST_TIMEOUT, &json!("too_slow")));
}

#[tokio::test]
async fn browsers_are_let_in_on_every_path_and_with_every_answer() {
    let shop = Shop::open();
    for path in
        ["/v1/track", "/v1/t", "/v1/batch", "/v1/m", "/v1/projects/wk_test_123/settings", "/sourceConfig"]
    {
        for asked in
            ["authorization", "authorization,x-retry-count", "anonymousid,authorization,content-type,sentat"]
        {
            let request = Request::builder()
                .method(Method::OPTIONS)
                .uri(path)
                .header("origin", "https://shop.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", asked);
            let answer = shop.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            for (name, value) in [
                ("access-control-allow-origin", "https://shop.example"),
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-headers", asked),
                ("access-control-allow-methods", "GET,POST,OPTIONS"),
                ("access-control-max-age", "86400"),
            ] {
                assert_eq!(answer.headers[name], value, "{path} {name}");
            }
        }
    }
    let origin = ("origin", "https://shop.example");
    for (headers, body, status) in [
        (vec![origin, BASIC], r#"{"batch":[]}"#, 200),
        (vec![origin, BASIC], "{", 400),
        (vec![origin], r#"{"batch":[]}"#, 401),
    ] {
        let answer = shop.post("/v1/batch", &headers, body).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["access-control-allow-origin"], "https://shop.example");
        assert_eq!(answer.headers["access-control-allow-credentials"], "true");
        assert_eq!(answer.headers["access-control-expose-headers"], "retry-after");
    }
}

#[tokio::test]
async fn sdks_get_the_settings_without_which_they_never_start() {
    let shop = Shop::open();
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        shop.ask(request.body(Body::empty()).unwrap()).await
    };
    let near = [("host", "127.0.0.1:8080")];
    let proxied =
        [("host", "10.0.0.1"), ("x-forwarded-host", "t.shop.example"), ("x-forwarded-proto", "https")];
    for prefix in ["/v1/projects", "/projects", "/v1/projects/projects"] {
        let answer = get(&format!("{prefix}/{KEY}/settings"), &near).await;
        assert_eq!(answer.status, StatusCode::OK, "{prefix}");
        let ours = &answer.json["integrations"]["Segment.io"];
        assert_eq!((&ours["apiKey"], &ours["apiHost"]), (&json!(KEY), &json!("127.0.0.1:8080/v1")));
        assert_eq!((&ours["protocol"], &answer.json["metrics"]["sampleRate"]), (&json!("http"), &json!(0)));
        assert_eq!(answer.json["plan"]["track"]["__default"]["enabled"], true);
        assert!(answer.headers.contains_key("cache-control"));
    }
    let answer = get(&format!("/v1/projects/{KEY}/settings"), &proxied).await;
    let ours = &answer.json["integrations"]["Segment.io"];
    assert_eq!((&ours["apiHost"], &ours["protocol"]), (&json!("t.shop.example/v1"), &json!("https")));
    assert_eq!(get("/v1/projects/other/settings", &near).await.status, StatusCode::NOT_FOUND);

    for path in ["/sourceConfig/?p=npm&v=3.34.1&writeKey=wk_test_123", "/sourceConfig"] {
        let answer = get(path, &[BASIC]).await;
        let source = &answer.json["source"];
        assert_eq!(
            (answer.status, &source["writeKey"], &source["enabled"]),
            (StatusCode::OK, &json!(KEY), &json!(true))
        );
        assert!(
            source["id"].is_string() && source["config"].is_object() && source["destinations"] == json!([])
        );
    }
    assert_eq!(get("/sourceConfig?writeKey=other", &[]).await.status, StatusCode::UNAUTHORIZED);
    let metrics = shop.post("/v1/m", &[], r#"{"series":[]}"#).await;
    assert_eq!((metrics.status, shop.take().len()), (StatusCode::OK, 0));
}
