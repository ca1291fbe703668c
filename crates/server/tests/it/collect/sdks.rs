//! Requests in the shape that the real SDKs give them, each with what must come of it.

use super::{BROWSER, KEY, Shop};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

const BASIC: (&str, &str) = ("authorization", "Basic d2tfdGVzdF8xMjM6");

/// A request of an SDK and the names of the events in it.
struct Sdk {
    name: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    gzip: bool,
    body: Value,
    events: &'static [&'static str],
}

const AT: &str = "2026-11-23T11:59:59.339Z";
const ON_BROWSER: (&str, &str) = ("user-agent", BROWSER);
const AS_TEXT: (&str, &str) = ("content-type", "text/plain");
const AS_FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const ZIPPED: (&str, &str) = ("content-encoding", "gzip");

const SDKS: [fn() -> Sdk; 11] = [
    segment_node,
    segment_python,
    rudderstack_node,
    rudderstack_python,
    segment_browser,
    segment_browser_without_header,
    rudderstack_browser,
    jitsu_browser,
    segment_rust,
    rudderstack_rust,
    segment_kotlin,
];

/// What Segment's browser SDK puts into every context.
fn browser_context() -> Value {
    json!({
        "page": {"path": "/p", "referrer": "", "search": "?utm_source=google&gclid=abc", "title": "T",
            "url": "https://shop.example/p?utm_source=google&gclid=abc"},
        "userAgent": BROWSER,
        "userAgentData": {"brands": [{"brand": "Chromium", "version": "156"}], "mobile": false, "platform": "Linux"},
        "locale": "en-US",
        "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
        "campaign": {"source": "google"},
        "timezone": "UTC",
    })
}

fn segment_node() -> Sdk {
    let node = json!({"library": {"name": "@segment/analytics-node", "version": "3.1.0"}});
    let meta = json!({"nodeVersion": "v20.20.2", "jsRuntime": "node"});
    Sdk {
        name: "@segment/analytics-node 3.1.0",
        path: "/v1/batch",
        headers: vec![
            BASIC,
            ("content-type", "application/json"),
            ("user-agent", "analytics-node-next/latest"),
        ],
        gzip: false,
        body: json!({"batch": [
            {"timestamp": AT, "integrations": {}, "type": "identify", "userId": "u1", "traits": {"email": "a@example.com"},
                "context": node, "anonymousId": "anon-1", "messageId": "node-next-1-a", "_metadata": meta},
            {"timestamp": AT, "integrations": {}, "type": "track", "event": "Order Completed", "userId": "u1",
                "properties": {"order_id": "o1", "revenue": 12.5}, "context": node, "messageId": "node-next-1-b", "_metadata": meta},
            {"timestamp": AT, "integrations": {}, "type": "page", "name": "Home", "category": "Docs", "anonymousId": "anon-1",
                "properties": {"url": "https://x.test/", "category": "Docs", "name": "Home"}, "context": node, "messageId": "node-next-1-c"},
            {"timestamp": AT, "integrations": {}, "type": "group", "groupId": "g1", "traits": {"name": "Initech"},
                "userId": "u1", "context": node, "messageId": "node-next-1-d"},
            {"timestamp": AT, "integrations": {}, "type": "alias", "userId": "u1", "previousId": "anon-1",
                "context": node, "messageId": "node-next-1-e"},
        ], "writeKey": KEY, "sentAt": AT}),
        events: &["Identified", "Order Completed", "Page Viewed", "Group Joined", "Aliased"],
    }
}

fn segment_python() -> Sdk {
    Sdk {
        name: "segment-analytics-python 2.4.0",
        path: "/v1/batch",
        headers: vec![
            BASIC,
            ZIPPED,
            ("content-type", "application/json"),
            ("user-agent", "analytics-python/2.4.0"),
        ],
        gzip: true,
        body: json!({"batch": [
            {"integrations": {"All": true}, "anonymousId": null, "properties": {"revenue": 12.5},
                "timestamp": "2026-11-23T11:59:59.112427+00:00", "userId": "u1", "type": "track", "event": "Order Completed",
                "context": {"library": {"name": "analytics-python", "version": "2.4.0"}}, "messageId": "fc45a6b6"},
            {"integrations": {"All": true}, "anonymousId": null, "properties": {}, "category": "Main", "name": null,
                "timestamp": "2026-11-23T11:59:59.112633+00:00", "userId": "u1", "type": "screen",
                "context": {"library": {"name": "analytics-python", "version": "2.4.0"}}, "messageId": "3739ebb1"},
        ], "writeKey": KEY, "sentAt": "2026-11-23T11:59:59.616621+00:00"}),
        events: &["Order Completed", "Screen Viewed"],
    }
}

fn rudderstack_node() -> Sdk {
    Sdk {
        name: "rudder-sdk-node 3.0.13",
        path: "/v1/batch",
        headers: vec![BASIC, ZIPPED, AS_FORM, ("user-agent", "analytics-node/3.0.13")],
        gzip: true,
        body: json!({"batch": [
            {"userId": "u1", "anonymousId": "anon-1", "traits": {"email": "a@example.com"}, "type": "identify", "channel": "server",
                "context": {"traits": {"email": "a@example.com"}, "library": {"name": "analytics-node", "version": "3.0.13"}},
                "originalTimestamp": AT, "messageId": "ae1b84c7", "sentAt": AT},
            {"userId": "u1", "event": "Order Completed", "properties": {}, "timestamp": "2026-11-20T03:04:05.678Z", "type": "track",
                "context": {}, "channel": "server", "originalTimestamp": AT, "messageId": "96014e98", "sentAt": AT},
        ], "timestamp": AT, "sentAt": AT}),
        events: &["Identified", "Order Completed"],
    }
}

fn rudderstack_python() -> Sdk {
    Sdk {
        name: "rudder-sdk-python 2.1.9",
        path: "/v1/batch",
        headers: vec![BASIC, ZIPPED, ("user-agent", "analytics-python/2.1.9")],
        gzip: true,
        body: json!({"batch": [
            {"integrations": {"All": true}, "anonymousId": "anon-1", "timestamp": "2026-11-23T11:59:59.112427+00:00",
                "context": {"ip": "203.0.113.9", "traits": {"email": "a@example.com"}}, "type": "identify", "userId": "u1",
                "messageId": "e8d4fce5", "channel": "server"},
        ], "sentAt": "2026-11-23T11:59:59.616621+00:00"}),
        events: &["Identified"],
    }
}

fn segment_browser() -> Sdk {
    Sdk {
        name: "@segment/analytics-next 1.84.3, one by one",
        path: "/v1/t",
        headers: vec![
            ("authorization", "Basic d2tfdGVzdF8xMjM6"),
            AS_TEXT,
            ON_BROWSER,
            ("origin", "https://shop.example"),
        ],
        gzip: false,
        body: json!({"timestamp": AT, "integrations": {"Segment.io": true}, "event": "Order Completed", "type": "track",
            "properties": {"total": 20}, "context": browser_context(), "messageId": "ajs-next-1-a", "anonymousId": "a5ec58bc",
            "writeKey": KEY, "userId": "u1", "sentAt": AT, "_metadata": {"bundled": ["Segment.io"], "unbundled": []}}),
        events: &["Order Completed"],
    }
}

fn segment_browser_without_header() -> Sdk {
    Sdk {
        name: "@segment/analytics-next 1.70.0, batching, with no header",
        path: "/v1/b",
        headers: vec![AS_TEXT, ON_BROWSER],
        gzip: false,
        body: json!({"writeKey": KEY, "batch": [
            {"timestamp": AT, "integrations": {}, "type": "page", "properties": {"name": "Home"}, "name": "Home",
                "context": browser_context(), "messageId": "ajs-next-1-b", "anonymousId": "a5ec58bc", "writeKey": KEY, "userId": "u1"},
            {"timestamp": AT, "integrations": {}, "type": "alias", "userId": "u1", "previousId": "u1",
                "context": browser_context(), "messageId": "ajs-next-1-c", "anonymousId": "a5ec58bc", "writeKey": KEY},
        ], "sentAt": AT}),
        events: &["Page Viewed", "Aliased"],
    }
}

fn rudderstack_browser() -> Sdk {
    Sdk {
        name: "@rudderstack/analytics-js 3.34.1",
        path: "/v1/identify",
        headers: vec![BASIC, ON_BROWSER, ("anonymousid", "N2UwM2UyNTc="), ("sentat", AT)],
        gzip: false,
        body: json!({"userId": "", "type": "identify", "context": {"traits": {"email": "a@example.com"}, "sessionId": 1_795_395_991_676i64,
                "userAgent": BROWSER, "page": {"referrer": "$direct", "initial_referrer": "$direct"}},
            "channel": "web", "originalTimestamp": AT, "messageId": "b54e3d51", "anonymousId": "7e03e257",
            "integrations": {"All": true}, "sentAt": AT}),
        events: &["Identified"],
    }
}

fn jitsu_browser() -> Sdk {
    Sdk {
        name: "@jitsu/js 1.11.0",
        path: "/api/s/page",
        headers: vec![("x-write-key", "wk_test_123:secret1"), ON_BROWSER],
        gzip: false,
        body: json!({"type": "page", "properties": {"path": "/jit.html"}, "userId": null, "anonymousId": "e65b63da",
            "timestamp": AT, "sentAt": AT, "messageId": "bsbjxu9w5qhelysun2m6", "writeKey": "wk_test_123:***",
            "context": {"library": {"name": "@jitsu/js"}, "traits": {"email": "a@example.com"}, "clientIds": {}}}),
        events: &["Page Viewed"],
    }
}

fn segment_rust() -> Sdk {
    Sdk {
        name: "Rust crate segment 0.2.6, one by one",
        path: "/v1/track",
        headers: vec![BASIC],
        gzip: false,
        body: json!({"userId": "u1", "event": "single", "properties": {}}),
        events: &["single"],
    }
}

fn rudderstack_rust() -> Sdk {
    Sdk {
        name: "Rust crate rudderanalytics 2.0.1",
        path: "/v1/track",
        headers: vec![BASIC],
        gzip: false,
        body: json!({"userId": "u1", "event": "Order Completed", "originalTimestamp": "2026-11-23T11:59:59.187405527Z",
            "sentAt": "2026-11-23T11:59:59.187405527Z", "type": "track", "channel": "server"}),
        events: &["Order Completed"],
    }
}

fn segment_kotlin() -> Sdk {
    Sdk {
        name: "Kotlin",
        path: "/v1/b",
        headers: vec![AS_TEXT, ZIPPED, ("user-agent", "Dalvik/2.1.0 (Linux; U; Android 15)")],
        gzip: true,
        body: json!({"batch": [{"type": "screen", "name": "Cart", "anonymousId": "k1", "messageId": "k-1", "timestamp": AT,
            "properties": {}, "context": {"device": {"id": "d1", "token": "push-1"}}, "integrations": {}}],
            "sentAt": AT, "writeKey": KEY}),
        events: &["Screen Viewed"],
    }
}

#[tokio::test]
async fn every_sdk_is_taken_as_it_is() {
    for sdk in SDKS.map(|sdk| sdk()) {
        let shop = Shop::open();
        let json = sdk.body.to_string().into_bytes();
        let body = if sdk.gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&json).unwrap();
            encoder.finish().unwrap()
        } else {
            json
        };
        let answer = shop.post(sdk.path, &sdk.headers, body).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", sdk.name);
        assert_eq!(answer.json["accepted"], sdk.events.len(), "{}: {answer:?}", sdk.name);
        let records = shop.take();
        let names: Vec<_> = records.iter().map(|record| record["name"].as_str().unwrap()).collect();
        assert_eq!(names, sdk.events, "{}", sdk.name);
        for record in &records {
            assert!(!record["identifiers"].as_array().unwrap().is_empty(), "{}: {record}", sdk.name);
            assert_eq!(record["context"]["traits"], Value::Null, "{}: {record}", sdk.name);
            let live = record["flags"] == json!([]);
            let dated =
                record["occurred_at"] == "2026-11-20T03:04:05.678Z" && record["flags"] == json!(["late"]);
            assert!(live || dated, "{}: {record}", sdk.name);
        }
    }
}
