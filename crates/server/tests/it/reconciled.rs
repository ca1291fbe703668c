//! Histories at random: every key figure is the same in the API, by the command, by the SQL that the API tells of it, and in the
//! report that is mailed.

use crate::house::House;
use crate::reports::programme;
use engine::at::{At, Span};
use engine::day::Day;
use serde_json::{Value, json};
use server::mailbox::Mailbox;
use std::path::Path;
use std::process::Command;

const SEEDS: u64 = 3;

/// Draws numbers, the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

fn now() -> At {
    At(jiff::Timestamp::now().as_millisecond())
}

/// Events of a few people over twenty days, in the order in which they come in.
fn events(draw: &mut Draw) -> Value {
    let contexts = [
        json!({"campaign": {"source": "google", "medium": "cpc", "name": "oil"}}),
        json!({"page": {"url": "https://shop.example/", "referrer": "https://www.google.com/"}}),
        json!({"page": {"url": "https://shop.example/?utm_source=letter&utm_medium=email"}}),
        json!({}),
    ];
    let mut ages: Vec<i64> = (0..150).map(|_| draw.below(20 * 86_400) as i64).collect();
    ages.sort_by_key(|age| -age);
    let event = |age: i64| {
        let timestamp = At(now().0 - age * 1_000).to_string();
        let person = draw.below(12);
        let (cookie, user) = (format!("cookie-{person}"), format!("user-{person}"));
        let total = draw.below(9_000) as f64 / 100.0;
        let bought = json!({"total": total, "currency": draw.pick(&["EUR", "EUR", "USD"])});
        match draw.below(8) {
            0 => json!({"type": "identify", "userId": user, "anonymousId": cookie, "timestamp": timestamp}),
            1 | 2 => {
                json!({"type": "track", "userId": user, "event": "Order Completed", "properties": bought, "timestamp": timestamp})
            }
            3 => {
                json!({"type": "track", "userId": user, "event": "Order Refunded", "properties": bought, "timestamp": timestamp})
            }
            _ => {
                json!({"type": "page", "anonymousId": cookie, "context": draw.pick(&contexts), "timestamp": timestamp})
            }
        }
    };
    ages.into_iter().map(event).collect()
}

fn costs(draw: &mut Draw) -> Value {
    let line = |number: i64| {
        let date = At(now().0 - number % 20 * Span::DAY.0).to_string()[..10].to_owned();
        json!({
            "key": format!("line {number}"), "date": date, "channel": draw.pick(&["paid-search", "blog"]),
            "for": draw.pick(&["media", "media", "content"]), "amount": draw.below(5_000) as f64 / 100.0,
            "currency": draw.pick(&["EUR", "EUR", "USD"]), "impressions": 100 + draw.below(9_000), "clicks": draw.below(90),
        })
    };
    json!({"lines": (0..30).map(line).collect::<Vec<_>>()})
}

fn trama(arguments: &[&str], data: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    let output = command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn number(value: &Value) -> f64 {
    let number = value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok());
    number.unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

/// What the answer of the lake has in a column, without the rows of currencies of which there is nothing. A count is the same beside
/// each currency.
fn column(answer: &Value, name: &str, told: &Value) -> Vec<f64> {
    let place = answer["columns"].as_array().unwrap().iter().position(|one| one["name"] == name).unwrap();
    let most = if told.is_number() { 1 } else { usize::MAX };
    let rows = answer["rows"].as_array().unwrap().iter().take(most).map(|row| number(&row[place]));
    rows.filter(|number| *number != 0.0).collect()
}

fn told(amount: &Value) -> Vec<f64> {
    let all: Vec<f64> = match amount {
        Value::Object(several) => several.values().map(number).collect(),
        one => vec![number(one)],
    };
    all.into_iter().filter(|number| *number != 0.0).collect()
}

fn same(one: &[f64], other: &[f64]) -> bool {
    let sorted = |numbers: &[f64]| {
        let mut numbers = numbers.to_vec();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    one.len() == other.len() && sorted(one).iter().zip(sorted(other)).all(|(one, other)| near(*one, other))
}

/// A figure of the API beside the SQL that the API tells of it.
async fn equals_sql(house: &House, kpi: &Value, days: &str, seq: &Value) {
    let name = kpi["name"].as_str().unwrap();
    let defined = house.get(&format!("/api/v1/measure/figures/{name}?{days}")).await;
    assert_eq!((&defined["title"], &defined["formula"]), (&kpi["title"], &kpi["formula"]));
    let answer = house.ask("POST", "/api/v1/sql", Some(json!({"sql": defined["sql"]}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    assert_eq!(&answer["seq"], seq, "{name}: both of one record");
    let about = format!("{name} {days}: {kpi} beside {answer}");
    assert!(same(&told(&kpi["numerator"]), &column(&answer, "numerator", &kpi["numerator"])), "{about}");
    if !kpi["denominator"].is_null() {
        assert!(
            same(&told(&kpi["denominator"]), &column(&answer, "denominator", &kpi["denominator"])),
            "{about}"
        );
    }
    let place = answer["columns"].as_array().unwrap().iter().position(|one| one["name"] == "value").unwrap();
    let rows = answer["rows"].as_array().unwrap().iter();
    let values: Vec<f64> = rows.filter_map(|row| row[place].as_f64()).collect();
    match kpi["value"].as_f64() {
        Some(value) => assert!(values.len() == 1 && near(value, values[0]), "{about}"),
        None => assert!(values.is_empty(), "{about}"),
    }
}

/// A figure of the API beside the line that the mail has of it.
fn equals_mail(kpi: &Value, mail: &str) {
    let title = format!("{}  ", kpi["title"].as_str().unwrap());
    let line =
        mail.lines().find(|line| line.starts_with(&title)).unwrap_or_else(|| panic!("no {title}: {mail}"));
    let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let written = cells.nth(1).unwrap().replace(',', "").replace('−', "-");
    let expected = match (kpi["value"].as_f64(), kpi["unit"].as_str().unwrap()) {
        (None, _) => "–".to_owned(),
        (Some(value), "money") => format!("{value:.2}\u{a0}{}", kpi["currency"].as_str().unwrap_or_default()),
        (Some(value), "share") => format!("{:.1}\u{a0}%", value * 100.0),
        (Some(value), "ratio") => format!("{value:.2}"),
        (Some(value), _) => format!("{value:.0}"),
    };
    assert_eq!(written, expected, "{kpi}: {line}");
}

/// The figures that a report has, by its own list.
const MAILED: [&str; 14] = [
    "visits",
    "leads",
    "cpl",
    "lead_conversion",
    "orders",
    "revenue",
    "order_value",
    "new_customers",
    "repeat_purchase",
    "response_rate",
    "spend",
    "cpa",
    "cac",
    "roas",
];

async fn look(seed: u64) -> usize {
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let settings = format!("smtp_url = \"smtp://{}\"\n", mailbox.addr);
    let house = House::start_in(tempfile::tempdir().unwrap(), &settings).await;
    let mut programme = programme("en");
    match seed % 3 {
        // Amounts in two currencies that nobody adds up.
        1 => _ = programme.as_object_mut().unwrap().remove("currency"),
        _ => programme["rates"] = json!({"USD": {"2020-01-01": 912_345_678}}),
    }
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(programme)).await.status, 200);
    let mut draw = Draw(seed);
    house.track(events(&mut draw)).await;
    let taken = house.ask("POST", "/api/v1/spend", Some(costs(&mut draw))).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    house.durable().await;

    let today = || Day(now().0.div_euclid(Span::DAY.0) as i32);
    let began = today();
    let answer = house.ask("POST", "/api/v1/reports/daily/send", Some(json!({}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mail = mailbox.wait_for(1).await[0].view().text.unwrap();
    assert_eq!(began, today(), "a report that is mailed over midnight is of other days: run it again");
    house.durable().await;
    let week = format!("from={}&until={}", began.plus(-7), began.plus(-1));
    let mut defined = 0;
    for days in [week.as_str(), ""] {
        let told = house.get(&format!("/api/v1/measure/kpis?{days}")).await;
        let mut arguments = vec!["measure", "kpi", "--json"];
        let (from, until) = (began.plus(-7).to_string(), began.plus(-1).to_string());
        if !days.is_empty() {
            arguments.extend(["--from", &from, "--until", &until]);
        }
        let by_command: Value = serde_json::from_str(&trama(&arguments, house.dir.path())).unwrap();
        assert_eq!(by_command["rows"], told["rows"], "seed {seed}: the command says what the API says");
        for kpi in told["rows"][0]["kpis"].as_array().unwrap() {
            equals_sql(&house, kpi, days, &told["seq"]).await;
            let name = kpi["name"].as_str().unwrap();
            if !days.is_empty() && MAILED.contains(&name) {
                equals_mail(kpi, &mail);
            }
            defined += usize::from(kpi["value"].as_f64().is_some_and(|value| value != 0.0));
        }
    }
    defined
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_the_same_in_the_api_by_command_in_sql_and_in_the_mail() {
    let mut defined = 0;
    for seed in 0..SEEDS {
        defined += look(seed).await;
    }
    assert!(defined > 60, "the histories show too little: {defined} figures are something");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sql_of_a_figure_is_told_or_why_not() {
    let house = House::start().await;
    let orders = house.get("/api/v1/measure/figures/orders?from=2026-01-05&until=2026-01-11").await;
    assert!(
        orders["sql"].as_str().unwrap().contains("BETWEEN DATE '2026-01-05' AND DATE '2026-01-11'"),
        "{orders}"
    );
    let printed = Command::new(env!("CARGO_BIN_EXE_trama"))
        .args(["measure", "sql", "orders", "--from", "2026-01-05", "--until", "2026-01-11"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_end(), orders["sql"].as_str().unwrap());
    for (path, status, says) in [
        ("order", 404, "did you mean orders?"),
        ("orders?from=yesterday", 400, "write it as 2026-01-31"),
        ("orders?from=2026-01-05&until=2026-01-04", 400, "before the first"),
    ] {
        let refused = house.ask("GET", &format!("/api/v1/measure/figures/{path}"), None).await;
        assert!(refused.status == status && refused.text.contains(says), "{path}: {refused:?}");
    }
}
