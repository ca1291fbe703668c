//! Lifetime value and forecasts: tables on the command line, an installation's orders through the API and on a stopped
//! directory, and what is foretold as traits.

use crate::house::House;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The CDNOW sample that the crate of figures is tested with: frequency, days to the last purchase, days since the first,
/// cents of repeat purchases.
fn cdnow() -> Vec<[u32; 4]> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../measure/tests/it/cdnow/customers.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let fields: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        [fields[0], fields[1], fields[2], fields[3]]
    };
    text.lines().skip(1).map(row).collect()
}

fn trama(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).env_remove("TRAMA_TOKEN").env_remove("TRAMA_DATA").output().unwrap()
}

fn told(arguments: &[&str]) -> Value {
    let output = trama(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = trama(arguments);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[track_caller]
fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found / expected - 1.0).abs() < 1e-8, "{found} is not {expected}");
}

/// The last day of the sample: 30 September 1997.
const LAST: i64 = 10_134;

fn date(day: i64) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
    date.strftime("%Y%m%d").to_string()
}

/// The sample as a table of summaries and as one of transactions.
fn tables(dir: &Path) -> (PathBuf, PathBuf) {
    let (summary, transactions) = (dir.join("summary.csv"), dir.join("transactions.csv"));
    let mut summaries = String::from("customer_id,frequency,recency,T,monetary_value\n");
    let mut rows = String::from("\u{feff}Customer_ID,Date,Amount,channel\n");
    for (number, [frequency, recency, age, cents]) in cdnow().into_iter().enumerate() {
        let mean = f64::from(cents) / 100.0 / f64::from(frequency.max(1));
        let weeks = |days: u32| f64::from(days) / 7.0;
        writeln!(summaries, "c{number},{frequency},{},{},{mean}", weeks(recency), weeks(age)).unwrap();
        let first = LAST - i64::from(age);
        let channel = if number % 2 == 0 { "search" } else { "" };
        writeln!(rows, "c{number},{},10.00,{channel}", date(first)).unwrap();
        for repeat in 1..=frequency {
            // On days of their own between the first and the last.
            let day = if repeat == frequency { recency } else { repeat };
            writeln!(rows, "c{number},{},{mean:.10},{channel}", date(first + i64::from(day))).unwrap();
        }
    }
    std::fs::write(&summary, summaries).unwrap();
    std::fs::write(&transactions, rows).unwrap();
    (summary, transactions)
}

#[test]
fn tables_of_summaries_and_of_transactions_give_the_published_optimum() {
    let dir = tempfile::tempdir().unwrap();
    let (summary, transactions) = tables(dir.path());
    let (summary, transactions) = (summary.to_str().unwrap(), transactions.to_str().unwrap());

    let models = "bg-nbd,pareto-nbd,mbg-nbd";
    let found =
        told(&["measure", "ltv", "--summary", summary, "--period", "week", "--model", models, "--json"]);
    assert_eq!((&found["customers"], &found["repeaters"]), (&json!(2357), &json!(946)));
    for (parameter, expected) in [
        ("r", 0.24259452244715587),
        ("alpha", 4.4136020196239105),
        ("a", 0.7929220180700483),
        ("b", 2.425906780171101),
        ("log_likelihood", -9582.42920667393),
    ] {
        near(&found["bg_nbd"][parameter], expected);
    }
    for (parameter, expected) in [
        ("r", 0.5532770469662355),
        ("alpha", 10.577683464708102),
        ("s", 0.606239988224731),
        ("beta", 11.66873525950377),
        ("log_likelihood", -9594.976178939542),
    ] {
        near(&found["pareto_nbd"][parameter], expected);
    }
    for (parameter, expected) in
        [("p", 6.249572270964826), ("q", 3.744224667286331), ("v", 15.443520964277086)]
    {
        near(&found["gamma_gamma"][parameter], expected);
    }

    let out = dir.path().join("out.csv");
    let same = told(&[
        "measure",
        "ltv",
        "--transactions",
        transactions,
        "--as-of",
        "1997-09-30",
        "--cost",
        "search=2000",
        "--discount",
        "0.1",
        "--margin",
        "0.4",
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    near(&same["bg_nbd"]["r"], 0.24259452244715587);
    near(&same["bg_nbd"]["b"], 2.425906780171101);
    assert_eq!((&same["as_of"], &same["model"]), (&json!("1997-09-30"), &json!("bg_nbd")));
    // Forty percent of what it would be, and a little less for the money that comes later.
    let ratio = same["expected"]["value"].as_f64().unwrap() / found["expected"]["value"].as_f64().unwrap();
    assert!((0.37..0.4).contains(&ratio), "{ratio}");
    let search = &same["channels"][0];
    assert_eq!((&search["channel"], &search["customers"]), (&json!("search"), &json!(1179)));
    near(&search["acquisition_cost"], 2000.0 / 1179.0);
    assert_eq!(same["channels"][1]["channel"], "");
    assert!(search["payback"].as_f64().unwrap() >= 0.0, "{search}");
    let written = std::fs::read_to_string(out).unwrap();
    let mut lines = written.lines();
    let head = "customer_id,frequency,recency,T,monetary_value,alive,purchases,spend,value";
    assert_eq!((lines.next(), lines.clone().count()), (Some(head), 2357));
    let values: f64 = lines.map(|line| line.rsplit(',').next().unwrap().parse::<f64>().unwrap()).sum();
    near(&same["expected"]["value"], values);

    let shown = trama(&["measure", "ltv", "--summary", summary]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("BG/NBD       r 0.2426 ±0.0126"), "{shown}");
    // A forecast from before the last weeks is scored by them.
    let scored = told(&["measure", "ltv", "--transactions", transactions, "--holdout", "8", "--json"]);
    assert_eq!(scored["as_of"], "1997-08-05");
    let scores = &scored["holdout"];
    assert!(scores["actual"].as_f64().unwrap() > 100.0 && scores["rmse"].as_f64().unwrap() > 0.0, "{scores}");
}

#[test]
fn a_mistake_in_a_table_names_its_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("table.csv");
    let file = |text: &str| {
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let head = "customer_id,frequency,recency,T\n";
    for (rows, words) in [
        ("a,1,2,3\nb,x,0,1\n", "table.csv:3: frequency: \"x\" is no number"),
        ("a,1.5,2,3\n", "table.csv:2: frequency: 1.5 is no count"),
        ("a,1,4,3\n", "table.csv:2: recency is greater than T"),
        ("a,1,2,3\na,1,2,3\n", "table.csv:3: customer_id: this customer stands in the table twice"),
        ("a,0,0,3\nb,0,0,5\n", "none of the 2 customers bought a second time"),
        ("", "there are no customers"),
    ] {
        let said = refused(&["measure", "ltv", "--summary", &file(&format!("{head}{rows}"))]);
        assert!(said.contains(words), "{said}");
    }
    for (text, words) in [
        (
            "customer,date\na,1997-01-01\n",
            "table.csv:1: there is no column customer_id; there are customer, date",
        ),
        ("customer_id,date\na,1.1.97\n", "table.csv:2: date: \"1.1.97\" is no day"),
        ("customer_id,date,amount\na,1997-01-01,\n", "table.csv:2: amount: \"\" is no number"),
        ("customer_id,date\n,1997-01-01\n", "table.csv:2: customer_id: a customer needs an id"),
    ] {
        let said = refused(&["measure", "ltv", "--transactions", &file(text)]);
        assert!(said.contains(words), "{said}");
    }
    let said = refused(&["measure", "ltv", "--transactions", &file("x\n"), "--margin", "40"]);
    assert!(said.contains("--margin: 40 is no share"), "{said}");
}

#[test]
fn a_series_of_ones_own_is_foretold() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("series.csv");
    let mut rows = String::from("date,value\n");
    for day in 0..70 {
        let value = [10, 10, 10, 10, 20, 40, 30][day as usize % 7] + day % 3;
        writeln!(rows, "{},{value}", date(LAST + day)).unwrap();
    }
    std::fs::write(&file, rows).unwrap();
    let found =
        told(&["measure", "forecast", "--series", file.to_str().unwrap(), "--horizon", "7", "--json"]);
    assert_eq!((&found["periods"], &found["method"]), (&json!(70), &json!("seasonal")));
    assert_eq!(found["forecast"][0]["from"], "1997-12-09");
    assert!(found["forecast"][5]["value"].as_f64().unwrap() > 35.0, "{found}");
    assert!(found["backtest"]["mase"].as_f64().unwrap() < 1.5, "{found}");
}

/// Every fifteenth of the sample, as if its last day were today.
fn orders(now: jiff::Timestamp) -> Vec<Value> {
    let mut events = Vec::new();
    for (user, [frequency, recency, age, _]) in cdnow().into_iter().step_by(15).enumerate() {
        let id = format!("u{user}");
        let channel = if user % 3 == 0 { "search" } else { "newsletter" };
        events.push(json!({"type": "identify", "userId": id, "traits": {"came": {"by": channel}}}));
        for number in 0..=frequency {
            let day = if number == frequency { recency } else { number };
            let at = now.checked_sub(jiff::Span::new().hours(24 * i64::from(age - day))).unwrap();
            events.push(json!({
                "type": "track", "userId": id, "event": "Order Completed", "timestamp": at.to_string(),
                "properties": {"total": 20 + user as u32 % 11 + number, "currency": "EUR", "order_id": format!("{user}-{number}")}
            }));
        }
    }
    events
}

async fn beside(arguments: Vec<String>, data: &Path) -> Value {
    let data = data.to_str().unwrap().to_owned();
    let run = move || {
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all.extend(["--data", &data, "--json"]);
        told(&all)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// Ten of the customers came by an ad long ago, and of the others nobody knows.
async fn first_touches_stand_beside_what_was_spent(house: &House, now: jiff::Timestamp, today: &str) {
    let long_ago = now.checked_sub(jiff::Span::new().hours(24 * 300)).unwrap().to_string();
    let page = |user: usize| {
        let page = json!({"url": "https://shop.example/?gclid=x"});
        json!({"type": "page", "userId": format!("u{user}"), "timestamp": long_ago, "context": {"page": page}})
    };
    house.track((0..10).map(page).collect()).await;
    let spent = |channel: &str, amount: u32| json!({"date": today, "channel": channel, "amount": amount, "currency": "EUR"});
    let lines = json!({"lines": [spent("paid-search", 200), spent("radio", 50)]});
    assert_eq!(house.ask("POST", "/api/v1/spend", Some(lines)).await.status, 200);
    let by_channel = house.get(&format!("/api/v1/measure/ltv?as_of={today}&by=channel&horizon=26")).await;
    let channels = by_channel["channels"].as_array().unwrap();
    let told: Vec<_> = channels
        .iter()
        .map(|one| (one["channel"].as_str().unwrap(), one["customers"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("", 148), ("paid-search", 10), ("radio", 0)]);
    near(&channels[1]["acquisition_cost"], 20.0);
    let (value, cost) = (&channels[1]["lifetime_value"], &channels[1]["value_to_cost"]);
    near(cost, value.as_f64().unwrap() / 20.0);
    assert!(channels[1]["payback"].as_f64().unwrap() >= 0.0, "{by_channel}");
    assert_eq!((&channels[2]["spent"], &channels[2]["acquisition_cost"]), (&json!(50.0), &Value::Null));
    let both = house.ask("GET", "/api/v1/measure/ltv?by=channel&channel=came.by", None).await;
    assert_eq!((both.status, &both.json()["field"]), (400, &json!("by")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foretold_of_an_installation_becomes_traits_that_segments_ask_for() {
    let house = House::start().await;
    let now = jiff::Timestamp::now();
    let early = house.ask("GET", "/api/v1/measure/ltv", None).await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("not_enough_known")), "{early:?}");
    for events in orders(now).chunks(100) {
        house.track(json!(events)).await;
    }
    house.track(json!([
        // One of another currency, and one that was given back.
        {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"total": 9, "currency": "USD"}},
        {"type": "track", "userId": "u0", "event": "Order Completed", "properties": {"total": 25, "currency": "EUR", "order_id": "extra"}},
        {"type": "track", "userId": "u0", "event": "Order Refunded", "properties": {"total": 25, "currency": "EUR", "order_id": "extra"}},
    ])).await;
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let path = format!("/api/v1/measure/ltv?as_of={today}&channel=came.by&horizon=26&costs=search%3D100");
    let found = house.get(&path).await;
    assert_eq!(found["customers"], 158);
    assert_eq!(found["expected"]["currency"], "EUR");
    let notes = found["notes"].to_string();
    assert!(
        notes.contains("1 orders in other currencies") && notes.contains("1 orders were given back"),
        "{notes}"
    );
    let names: Vec<&str> =
        found["channels"].as_array().unwrap().iter().map(|one| one["channel"].as_str().unwrap()).collect();
    assert_eq!(names, ["newsletter", "search"]);
    near(&found["channels"][1]["acquisition_cost"], 100.0 / 53.0);
    let sum: f64 =
        found["channels"].as_array().unwrap().iter().map(|one| one["purchases"].as_f64().unwrap()).sum();
    near(&found["expected"]["purchases"], sum);

    // The same from the log, while the server runs and when it is stopped.
    let flags = [
        "measure",
        "ltv",
        "--as-of",
        &today,
        "--channel",
        "came.by",
        "--horizon",
        "26",
        "--cost",
        "search=100",
    ];
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    assert_eq!(beside(flags.clone(), house.dir.path()).await, found);

    first_touches_stand_beside_what_was_spent(&house, now, &today).await;
    let foretold = house.get("/api/v1/measure/forecast?what=orders&horizon=7").await;
    assert_eq!(foretold["forecast"].as_array().unwrap().len(), 7, "{foretold}");
    let leads = house.get("/api/v1/measure/forecast?what=leads&each=week").await;
    assert_eq!(leads["what"], "leads");

    let stated = house.ask("POST", &path.replace("ltv?", "ltv/traits?"), None).await;
    assert_eq!((stated.status, stated.json()["people"].as_u64()), (200, Some(158)), "{stated:?}");
    let ada = house.get("/api/v1/profiles/user_id:u7").await;
    let predicted = &ada["traits"]["predicted"];
    assert!(predicted["alive"].as_f64().unwrap() > 0.0, "{ada}");
    let segment = |expression: String| {
        let house = &house;
        async move {
            let asked = json!({"expression": expression});
            let answer = house.ask("POST", "/api/v1/segments/preview", Some(asked)).await;
            answer.json()["count"].as_u64().unwrap_or_else(|| panic!("{answer:?}"))
        }
    };
    assert_eq!(segment("trait.predicted.value >= 0".to_owned()).await, 158);
    let more = (found["expected"]["purchases"].as_f64().unwrap() / 1.58).round() / 100.0;
    let (above, below) = (
        segment(format!("trait.predicted.purchases >= {more}")).await,
        segment(format!("trait.predicted.purchases < {more}")).await,
    );
    assert_eq!(above + below, 158);
    assert!(above > 0 && below > 0, "{above} {below}");

    let (flags, dir) = (flags, house.dir.path().to_owned());
    house.durable().await;
    house.server.stop().await;
    assert_eq!(beside(flags, &dir).await, found);
}
