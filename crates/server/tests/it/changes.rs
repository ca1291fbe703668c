//! Who enters and leaves a segment, from a running server: page by page, as it happens, and after a restart.

use crate::house::{House, answer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Nothing that works takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

fn programme(recorded: &[&str]) -> Value {
    json!({
        "name": "listened", "languages": ["it"], "timezone": "Europe/Rome", "recorded": recorded,
        "segments": {"buyers": r#"did "Order Completed""#, "pro": r#"trait.plan = "pro""#},
    })
}

async fn applied(house: &House, recorded: &[&str]) {
    let answer = house.ask("PUT", "/api/v1/programme", Some(programme(recorded))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn order(user: &str) -> Value {
    json!({"type": "track", "userId": user, "event": "Order Completed", "properties": {"total": 20}})
}

fn plan(user: &str, plan: &str) -> Value {
    json!({"type": "identify", "userId": user, "traits": {"plan": plan}})
}

/// A house in which people bought, and came and went, in batches of their own.
async fn lived_in() -> House {
    let house = House::start().await;
    applied(&house, &["buyers", "pro"]).await;
    for number in 0..6 {
        let (one, two) = (format!("u{number}"), format!("v{number}"));
        house.track(json!([order(&one), order(&two), plan(&one, "pro")])).await;
        house.track(json!([plan(&two, "pro"), plan(&one, "free"), order(&one)])).await;
    }
    house
}

/// All changes of a segment, asked for in pages of some size.
async fn pages(house: &House, segment: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/segments/{segment}/changes?after={after}&limit={limit}");
        let page = house.get(&path).await;
        let changes = page["changes"].as_array().unwrap().clone();
        assert!(!changes.is_empty() || page["more"] == false || limit > changes.len());
        all.extend(changes);
        after = page["after"].as_u64().unwrap();
        if page["more"] == false {
            return all;
        }
    }
}

/// Who, what, and by which record, of each change.
fn told(changes: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes.iter().map(|one| (text(&one["person"]["address"]), text(&one["change"]))).collect()
}

#[tokio::test]
async fn pages_of_any_size_tell_the_same() {
    let house = lived_in().await;
    let buyers = pages(&house, "buyers", 1_000).await;
    let expected: Vec<(String, String)> = (0..6)
        .flat_map(|number| [format!("user_id:u{number}"), format!("user_id:v{number}")])
        .map(|who| (who, "entered".to_owned()))
        .collect();
    assert_eq!(told(&buyers), expected);
    let pro = pages(&house, "pro", 1_000).await;
    assert_eq!(pro.len(), 18, "each u comes and goes, and each v comes");
    assert!(pro.iter().all(|one| one["cause"].as_u64() < one["seq"].as_u64()), "{pro:?}");
    for limit in [1, 2, 5] {
        assert_eq!(pages(&house, "pro", limit).await, pro, "{limit} at a time");
        assert_eq!(pages(&house, "buyers", limit).await, buyers, "{limit} at a time");
    }
    let segment = house.get("/api/v1/segments/pro").await;
    assert_eq!((&segment["recorded"], &segment["count"]), (&json!(true), &json!(6)));

    // What somebody is called now, and not when it happened.
    let merged = json!({"from": "user_id:v0", "into": "user_id:u0"});
    assert_eq!(house.ask("POST", "/api/v1/merges", Some(merged)).await.status, 200);
    let changes = pages(&house, "buyers", 1_000).await;
    let (newest, people) = (changes.last().unwrap(), told(&changes));
    assert_eq!((&newest["profile"], &newest["change"]), (&json!(1), &json!("merged")));
    assert_eq!(people[1].0, "user_id:u0", "{changes:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn the_newest_come_first_where_that_is_asked_and_new_ones_move_no_page() {
    let house = lived_in().await;
    let mut expected = pages(&house, "pro", 1_000).await;
    expected.reverse();
    for limit in [1, 2, 5, 1_000] {
        let (mut all, mut before, mut first) = (Vec::new(), String::new(), None);
        loop {
            let path = format!("/api/v1/segments/pro/changes?order=newest&limit={limit}{before}");
            let page = house.get(&path).await;
            all.extend(page["changes"].as_array().unwrap().clone());
            first = first.or(page["after"].as_u64());
            house.track(json!([order("somebody")])).await;
            let Some(next) = page["next"].as_u64() else { break };
            before = format!("&before={next}");
        }
        assert_eq!(all, expected, "{limit} at a time");
        house.track(json!([plan(&format!("new{limit}"), "pro")])).await;
        // What came since is found from where the first page ended.
        let since = house.get(&format!("/api/v1/segments/pro/changes?after={}", first.unwrap())).await;
        assert_eq!(
            told(since["changes"].as_array().unwrap()),
            [(format!("user_id:new{limit}"), "entered".to_owned())]
        );
        expected.splice(0..0, since["changes"].as_array().unwrap().clone());
    }
    for wrong in ["before=9&after=3", "order=newest&after=3", "before=9&order=oldest", "order=latest"] {
        let answer = house.ask("GET", &format!("/api/v1/segments/pro/changes?{wrong}"), None).await;
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
    house.server.stop().await;
}

#[tokio::test]
async fn a_place_or_a_name_that_is_none_is_told() {
    let house = lived_in().await;
    applied(&house, &["pro"]).await;
    let unheard = house.get("/api/v1/segments/buyers/changes").await;
    let newest = told(unheard["changes"].as_array().unwrap()).pop().unwrap();
    assert_eq!((&unheard["recorded"], newest.1.as_str()), (&json!(false), "left"));
    let stream = "/api/v1/segments/changes/stream";
    for (path, last, status, field) in [
        ("/api/v1/segments/buyer/changes", None, 404, Value::Null),
        ("/api/v1/segments/pro/changes?after=100000", None, 400, json!("after")),
        ("/api/v1/segments/changes/stream?segment=buyer", None, 404, Value::Null),
        ("/api/v1/segments/changes/stream?after=100000", None, 400, json!("after")),
        (stream, Some("100000"), 400, json!("Last-Event-ID")),
        (stream, Some("yesterday"), 400, json!("Last-Event-ID")),
    ] {
        let mut request = house.bare("GET", path).bearer_auth(&house.admin_token);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = answer(request).await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &field), "{path} {last:?}");
    }
    assert_eq!(answer(house.bare("GET", stream)).await.status, 401);
    house.server.stop().await;
}

/// One event of a stream.
#[derive(Debug)]
struct Told {
    id: u64,
    segment: String,
    changes: Vec<Value>,
}

/// A stream, read by somebody who keeps the place.
struct Follower {
    response: reqwest::Response,
    text: String,
}

impl Follower {
    async fn begin(house: &House, query: &str, last: Option<u64>) -> Self {
        let path = format!("/api/v1/segments/changes/stream{query}");
        let mut request = house.bare("GET", &path).bearer_auth(&house.admin_token);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; nothing once the stream has ended.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                match read(&event) {
                    Some(told) => return Some(told),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("it goes on");
            self.text += std::str::from_utf8(&chunk.ok()??).unwrap();
        }
    }

    async fn take(&mut self, count: usize) -> Vec<Told> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.push(self.next().await.expect("the stream has no end"));
        }
        taken
    }
}

/// A comment is no event.
fn read(event: &str) -> Option<Told> {
    let fields: BTreeMap<&str, &str> = event.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(*fields.get("event")?, "changes");
    let told: Value = serde_json::from_str(fields["data"]).unwrap();
    Some(Told {
        id: fields["id"].parse().unwrap(),
        segment: told["segment"].as_str().unwrap().to_owned(),
        changes: told["changes"].as_array().unwrap().clone(),
    })
}

#[tokio::test]
async fn a_stream_that_is_resumed_anywhere_tells_every_change_once() {
    let house = lived_in().await;
    let buyers = pages(&house, "buyers", 1_000).await;
    let all = [buyers.clone(), pages(&house, "pro", 1_000).await].concat();
    let place = |change: &Value| change["seq"].as_u64().unwrap();
    let places: BTreeSet<u64> = all.iter().map(place).collect();
    let end = house.get("/api/v1/status").await["durable_seq"].as_u64().unwrap();

    for from in 0..end {
        // Somebody who takes in only a few events before the connection breaks, again and again.
        let left = places.range(from + 1..).count();
        let (mut last, mut got) = (from, Vec::new());
        while got.len() < left {
            let few = 1 + (from as usize + got.len()) % 5;
            let mut follower = Follower::begin(&house, "", Some(last)).await;
            got.extend(follower.take(few.min(left - got.len())).await);
            last = got.last().unwrap().id;
        }
        let got: Vec<Value> = got.into_iter().flat_map(|told| told.changes).collect();
        let of = |changes: &[Value]| -> BTreeMap<u64, Vec<Value>> {
            let mut by_place: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
            changes.iter().for_each(|one| by_place.entry(place(one)).or_default().push(one.clone()));
            by_place
        };
        let expected: Vec<Value> = all.iter().filter(|change| place(change) > from).cloned().collect();
        assert_eq!(of(&got), of(&expected), "from {from}");
    }

    let mut follower = Follower::begin(&house, "?segment=buyers&after=0", None).await;
    let count = buyers.iter().map(place).collect::<BTreeSet<u64>>().len();
    let told = follower.take(count).await;
    assert!(told.iter().all(|told| told.segment == "buyers"), "{told:?}");
    assert_eq!(told.into_iter().flat_map(|told| told.changes).collect::<Vec<_>>(), buyers);
    house.server.stop().await;
}

#[tokio::test]
async fn whoever_follows_hears_at_once_and_until_the_server_stops() {
    let house = lived_in().await;
    let mut follower = Follower::begin(&house, "", None).await;
    house.track(json!([order("late")])).await;
    let told = follower.next().await.unwrap();
    let status = house.get("/api/v1/status").await;
    assert_eq!((told.segment.as_str(), told.id), ("buyers", status["durable_seq"].as_u64().unwrap()));
    assert_eq!(told.changes[0]["person"]["address"], "user_id:late");

    let house = house.restart().await;
    assert!(follower.next().await.is_none(), "the stream ends with the server");
    let mut follower = Follower::begin(&house, "", Some(told.id)).await;
    house.track(json!([order("later")])).await;
    let next = follower.next().await.unwrap();
    assert_eq!(next.changes[0]["person"]["address"], "user_id:later");
    assert_eq!(pages(&house, "buyers", 1_000).await.len(), 14, "twelve, and the two");
    house.server.stop().await;
}

#[tokio::test]
async fn the_command_line_lists_and_follows() {
    let house = lived_in().await;
    let data = house.dir.path().to_owned();
    let trama = |arguments: &'static [&'static str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command.args(arguments).arg("--data").arg(&data).env_remove("TRAMA_TOKEN");
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let listed = trama(&["segments", "changes", "pro"]).await.unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.lines().count(), 18, "{listed}");
    assert!(listed.lines().next().unwrap().contains("  entered  user_id:u0  seq "), "{listed}");
    let segments = trama(&["segments", "list"]).await.unwrap();
    let expected = "       12  buyers  changes are recorded\n        6  pro  changes are recorded\n";
    assert_eq!(String::from_utf8(segments.stdout).unwrap(), expected);
    let tail = trama(&["log", "export"]).await.unwrap();
    let kinds = String::from_utf8(tail.stdout).unwrap().matches("\"kind\":\"membership_changed\"").count();
    assert!(kinds >= 12, "{kinds} records of changes in the log");

    let mut follower = Command::new(env!("CARGO_BIN_EXE_trama"));
    follower.args(["segments", "changes", "pro", "--follow", "--json", "--data"]).arg(&data);
    let mut follower = follower.env_remove("TRAMA_TOKEN").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let (to_test, mut followed) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| to_test.send(line)));
    for _ in 0..18 {
        followed.recv().await.unwrap();
    }
    house.track(json!([plan("new", "pro")])).await;
    let heard = tokio::time::timeout(PATIENCE, followed.recv()).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&heard).unwrap()["person"]["address"], "user_id:new");
    house.server.stop().await;
    assert!(follower.wait().unwrap().success(), "it ends with the server");
    assert!(followed.recv().await.is_none());
}
