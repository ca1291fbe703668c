//! Key figures over a small shop whose answers are worked out by hand, and over random ones beside the figures of everybody.

use crate::shop::Shop;
use engine::Seq;
use engine::at::{At, Span};
use engine::day::Day;
use engine::programme::{
    Campaign, CampaignChannel, Cost, CostAmount, CostKind, Direction, Money, Phase, Programme,
};
use engine::record::{
    EventKind, FlightRecorded, Medium, MergeUndone, ProgrammeApplied, Record, SpendCounts, SpendRecorded,
};
use measure::kpi::cohort::{Period as Each, cohorts};
use measure::kpi::funnel::Funnel;
use measure::kpi::question::{By, Days, Question};
use measure::kpi::report::Report;
use measure::kpi::tally::{Amount, Kpi};
use measure::kpi::{Kpis, Period};
use serde_json::{Value, json};

pub(crate) fn kpi(report: &Report, group: &str, name: &str) -> Kpi {
    let row = report.rows.iter().find(|row| row.group == group);
    let row = row.unwrap_or_else(|| {
        panic!("no {group} in {:?}", report.rows.iter().map(|row| &row.group).collect::<Vec<_>>())
    });
    row.kpis.iter().find(|kpi| kpi.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

pub(crate) fn programme() -> Programme {
    let inbound = CampaignChannel { direction: Direction::Inbound, paid: true };
    let outbound = CampaignChannel { direction: Direction::Outbound, paid: true };
    let oil = Campaign {
        phase: Some(Phase::Boost),
        from: "2026-01-05".into(),
        until: "2026-01-06".into(),
        channels: [("paid-search".into(), inbound), ("radio".into(), outbound)].into(),
        named: vec!["Olio Nuovo".into()],
        costs: vec![Cost {
            channel: "paid-search".into(),
            kind: CostKind::People,
            amount: CostAmount::Total(Money::new(60_000_000, "EUR")),
            ..Cost::default()
        }],
        ..Campaign::default()
    };
    Programme {
        name: "shop".into(),
        timezone: "Europe/Rome".into(),
        languages: vec!["en".into()],
        currency: Some("EUR".into()),
        rates: [("USD".to_owned(), [("2026-01-01".to_owned(), 500_000_000)].into())].into(),
        campaigns: [("oil".into(), oil)].into(),
        ..Programme::default()
    }
}

/// Two weeks: Ada comes by an ad and buys twice, Bob hears the radio, Eve comes by search and only leaves her address.
fn shop() -> Shop {
    stocked(&programme())
}

/// The same under another programme.
pub(crate) fn stocked(programme: &Programme) -> Shop {
    let mut shop = Shop::new(programme);
    let ad = json!({"source": "google", "medium": "cpc", "name": "OLIO NUOVO"});
    shop.page("2026-01-05T09:00:00Z", &["anonymous_id:a"], &ad);
    shop.page("2026-01-05T09:10:00Z", &["anonymous_id:a"], &json!({}));
    shop.page("2026-01-05T10:00:00Z", &["anonymous_id:a"], &json!({}));
    shop.event(
        "2026-01-05T10:01:00Z",
        EventKind::Identify,
        "Identified",
        &["email:ada@example.com", "anonymous_id:a"],
        &json!({}),
        &json!({}),
    );
    shop.order("2026-01-05T10:05:00Z", &["email:ada@example.com"], &json!({"total": 40, "currency": "EUR"}));
    shop.page("2026-01-06T22:30:00Z", &["anonymous_id:b"], &json!({}));
    shop.order(
        "2026-01-06T23:30:00Z",
        &["user_id:bob", "anonymous_id:b"],
        &json!({"total": 20, "currency": "USD", "coupon": "arno"}),
    );
    let search = json!({"page": {"referrer": "https://www.google.com/", "url": "https://shop.example/"}});
    shop.event(
        "2026-01-06T12:00:00Z",
        EventKind::Page,
        "Page Viewed",
        &["anonymous_id:e"],
        &json!({}),
        &search,
    );
    shop.event(
        "2026-01-06T12:01:00Z",
        EventKind::Identify,
        "Identified",
        &["email:eve@example.com", "anonymous_id:e"],
        &json!({}),
        &json!({}),
    );
    shop.order("2026-01-13T10:05:00Z", &["email:ada@example.com"], &json!({"total": 10, "currency": "EUR"}));
    let spend = SpendRecorded {
        key: "1",
        campaign: "Olio nuovo",
        channel: "paid-search",
        kind: CostKind::Media,
        from: Day::parse("2026-01-05").unwrap(),
        until: Day::parse("2026-01-06").unwrap(),
        millionths: 100_000_000,
        currency: "USD",
        counts: SpendCounts { impressions: Some(5_000), clicks: Some(100), reach: None, minutes: None },
        source: "",
        recorded_at: At(0),
        operator: "",
    };
    shop.apply(&Record::SpendRecorded(spend));
    let spot = FlightRecorded {
        key: "spot",
        campaign: "oil",
        medium: Medium::Radio,
        place: "Radio Arno",
        from: At::parse("2026-01-06T08:00:00Z").unwrap(),
        until: At::parse("2026-01-06T08:00:30Z").unwrap(),
        millionths: 300_000_000,
        currency: "EUR",
        contacts: Some(40_000),
        pieces: None,
        codes: vec!["ARNO"],
        source: "",
        recorded_at: At(0),
        operator: "",
    };
    shop.apply(&Record::FlightRecorded(spot));
    shop
}

fn week() -> Days {
    Days { from: Day::parse("2026-01-05").unwrap(), until: Day::parse("2026-01-11").unwrap() }
}

#[test]
fn figures_of_a_week_are_those_worked_out_by_hand() {
    let report = shop().report(&Question { days: week(), ..Question::default() });
    let value = |name: &str| kpi(&report, "", name).value;
    // 100 USD are 50 EUR; the radio took 300, and people 60.
    assert_eq!((value("spend"), value("revenue"), value("orders")), (Some(410.0), Some(50.0), Some(2.0)));
    assert_eq!(value("cpm"), Some(350.0 / 45_000.0 * 1_000.0));
    assert_eq!(value("cpc"), Some(0.5), "the radio counts no clicks, so its spend is not in it");
    assert_eq!(value("ctr"), Some(0.02), "nor are its contacts");
    assert_eq!(
        (value("visits"), value("organic_visits")),
        (Some(4.0), Some(1.0)),
        "fifty minutes end a visit"
    );
    assert_eq!(value("landing_conversion"), Some(2.0 / 3.0));
    assert_eq!((value("leads"), value("cpl")), (Some(3.0), Some(350.0 / 3.0)));
    assert_eq!(
        (value("lead_conversion"), value("lead_value")),
        (Some(2.0 / 3.0), Some(20.0)),
        "with what Ada bought since"
    );
    assert_eq!((value("cpa"), value("cac")), (Some(175.0), Some(205.0)));
    assert_eq!((value("roas"), value("order_value")), (Some(50.0 / 350.0), Some(25.0)));
    assert_eq!((value("new_customers"), value("repeat_purchase")), (Some(2.0), Some(0.5)));
    let response = kpi(&report, "", "response_rate");
    assert_eq!((response.value, response.undefined), (None, Some("there is nothing to divide by")));
    assert_eq!(kpi(&report, "", "retention").value, None, "nobody ordered in the week before");
    let cac = kpi(&report, "", "cac");
    assert_eq!((cac.currency.as_deref(), cac.n), (Some("EUR"), 2));
    assert_eq!(cac.numerator, Amount::Money(410_000_000));
    let (low, high) = cac.interval.unwrap();
    assert!(low < 205.0 && high.unwrap() > 205.0);
    let share = kpi(&report, "", "landing_conversion");
    let expected = measure::kpi::interval::wilson(2, 3).unwrap();
    assert_eq!((share.interval, share.n), (Some((expected.0, Some(expected.1))), 3));
    assert_eq!(report.as_of, At::parse("2026-01-13T10:05:00Z").unwrap());
}

#[test]
fn a_group_has_its_own_and_together_they_are_the_whole() {
    let shop = shop();
    let by = |by| shop.report(&Question { days: week(), by, ..Question::default() });
    let groups = |report: &Report| report.rows.iter().map(|row| row.group.clone()).collect::<Vec<_>>();
    let channels = by(By::Channel);
    assert_eq!(groups(&channels), ["direct", "organic-search", "paid-search", "radio"]);
    let value = |report: &Report, group: &str, name: &str| kpi(report, group, name).value;
    assert_eq!(value(&channels, "paid-search", "roas"), Some(40.0 / 50.0));
    assert_eq!(
        value(&channels, "radio", "roas"),
        Some(10.0 / 300.0),
        "its code counts more than a direct visit"
    );
    assert_eq!(value(&channels, "paid-search", "visits"), Some(1.0));
    assert_eq!(value(&channels, "paid-search", "cac"), Some(110.0));
    assert_eq!(value(&channels, "organic-search", "leads"), Some(1.0));
    assert_eq!(value(&channels, "direct", "visits"), Some(2.0), "Ada's second visit, and Bob's");
    assert_eq!(groups(&by(By::Campaign)), ["(none)", "oil"], "whatever links and platforms call it");
    assert_eq!(value(&by(By::Campaign), "oil", "revenue"), Some(50.0));
    assert_eq!(value(&by(By::Direction), "outbound", "spend"), Some(300.0));
    assert_eq!(value(&by(By::Direction), "inbound", "spend"), Some(110.0));
    assert_eq!(value(&by(By::Phase), "boost", "spend"), Some(410.0));
    assert_eq!(
        groups(&by(By::Day)),
        ["2026-01-05", "2026-01-06", "2026-01-07"],
        "half past midnight is the next day in Rome"
    );
    assert_eq!(value(&by(By::Day), "2026-01-06", "spend"), Some(355.0));
    assert_eq!(groups(&by(By::Week)), ["2026-01-05"]);
    assert_eq!(groups(&by(By::Month)), ["2026-01"]);
    let whole = shop.report(&Question { days: week(), ..Question::default() });
    for name in ["visits", "organic_visits", "leads", "orders", "revenue", "spend", "new_customers"] {
        for by in [By::Campaign, By::Channel, By::Direction, By::Phase, By::Day, By::Week, By::Month] {
            let report = shop.report(&Question { days: week(), by, ..Question::default() });
            let sum: f64 = report.rows.iter().filter_map(|row| kpi(&report, &row.group, name).value).sum();
            assert_eq!(Some(sum), value(&whole, "", name), "{name} by {}", by.name());
        }
    }
    let radio = Question { days: week(), channel: Some("radio".into()), ..Question::default() };
    assert_eq!(value(&shop.report(&radio), "", "orders"), Some(1.0));
    let other = Question { days: week(), campaign: Some("tea".into()), ..Question::default() };
    assert_eq!(value(&shop.report(&other), "", "spend"), Some(0.0));
}

#[test]
fn what_channels_cost_is_what_the_figures_say() {
    let shop = shop();
    let told = |media_alone| -> Vec<(String, String, i128)> {
        let spent = measure::spend::by_channel(&shop.engine, week(), media_alone).into_iter();
        spent
            .flat_map(|(channel, sums)| {
                sums.into_iter().map(move |(currency, sum)| (channel.clone(), currency, sum))
            })
            .collect()
    };
    let line = |channel: &str, sum| (channel.to_owned(), "EUR".to_owned(), sum);
    assert_eq!(told(false), [line("paid-search", 110_000_000), line("radio", 300_000_000)]);
    assert_eq!(told(true), [line("paid-search", 50_000_000), line("radio", 300_000_000)]);
}

#[test]
fn of_a_segment_nobody_says_what_was_spent() {
    let segments = [("buyers".to_owned(), "did \"Order Completed\"".to_owned())].into();
    let mut shop = Shop::new(&Programme { segments, ..programme() });
    shop.page("2026-01-05T09:00:00Z", &["user_id:ada"], &json!({}));
    shop.page("2026-01-05T09:00:00Z", &["user_id:bob"], &json!({}));
    shop.order("2026-01-05T10:00:00Z", &["user_id:ada"], &json!({"total": 40, "currency": "EUR"}));
    let report = shop.report(&Question { segment: Some("buyers".into()), ..Question::default() });
    let value = |name: &str| kpi(&report, "", name).value;
    assert_eq!((value("visits"), value("orders"), value("revenue")), (Some(1.0), Some(1.0), Some(40.0)));
    for name in ["spend", "cac", "roas", "cpm", "cpc"] {
        let kpi = kpi(&report, "", name);
        assert!(kpi.value.is_none() && kpi.undefined.unwrap().contains("segment"), "{kpi:?}");
    }
}

#[test]
fn what_was_given_back_is_taken_off_on_the_day_of_its_order() {
    let mut shop = shop();
    let refund = |shop: &mut Shop, who: &str, refund: &Value| {
        let at = "2026-01-20T10:00:00Z";
        shop.event(at, EventKind::Track, "Order Refunded", &[who], refund, &json!({}));
    };
    shop.order("2026-01-07T10:00:00Z", &["user_id:kim"], &json!({"total": 30, "order_id": 7}));
    refund(&mut shop, "user_id:kim", &json!({"total": 12, "order_id": 7}));
    refund(&mut shop, "user_id:bob", &json!({}));
    let report = shop.report(&Question { days: week(), ..Question::default() });
    let value = |name: &str| kpi(&report, "", name).value;
    // Ada's 40 and 18 of Kim's 30; all of Bob's is back, so he is no customer.
    assert_eq!(
        (value("orders"), value("revenue"), value("new_customers")),
        (Some(2.0), Some(58.0), Some(2.0))
    );
    let later = Days { from: Day::parse("2026-01-20").unwrap(), until: Day::parse("2026-01-20").unwrap() };
    let report = shop.report(&Question { days: later, ..Question::default() });
    assert_eq!(kpi(&report, "", "revenue").value, Some(0.0), "the day of the refund is as it was");
}

#[test]
fn what_brought_somebody_counts_for_less_than_thirty_days_as_in_credit() {
    for (at, channel) in [("2026-02-04T08:59:59Z", "paid-search"), ("2026-02-04T09:00:00Z", "direct")] {
        let mut shop = Shop::new(&programme());
        let ad = json!({"source": "google", "medium": "cpc", "name": "oil"});
        shop.page("2026-01-05T09:00:00Z", &["user_id:ada"], &ad);
        shop.page("2026-01-05T09:29:59Z", &["user_id:ada"], &json!({}));
        shop.page("2026-01-05T09:59:59Z", &["user_id:ada"], &json!({}));
        shop.order(at, &["user_id:ada"], &json!({"total": 40, "currency": "EUR"}));
        let report = shop.report(&Question { by: By::Channel, ..Question::default() });
        assert_eq!(kpi(&report, channel, "orders").value, Some(1.0), "{at}");
        let visits = |channel| kpi(&report, channel, "visits").value;
        assert_eq!(
            (visits("paid-search"), visits("direct")),
            (Some(1.0), Some(1.0)),
            "half an hour ends one"
        );
    }
}

#[test]
fn money_without_a_rate_is_not_added_up() {
    let mut shop = shop();
    shop.order("2026-01-07T10:05:00Z", &["user_id:kim"], &json!({"total": 30, "currency": "GBP"}));
    let report = shop.report(&Question { days: week(), ..Question::default() });
    let roas = kpi(&report, "", "roas");
    assert_eq!(roas.value, None);
    assert!(roas.undefined.unwrap().contains("rates"));
    let Amount::Several(sums) = &roas.numerator else { panic!("{roas:?}") };
    assert_eq!(
        sums.iter().map(|(one, sum)| (one.as_str(), *sum)).collect::<Vec<_>>(),
        [("EUR", 50_000_000), ("GBP", 30_000_000)]
    );
    assert_eq!(kpi(&report, "", "orders").value, Some(3.0), "what is no money is as it was");
}

#[test]
fn retention_cohorts_and_funnels_are_told_from_the_same_log() {
    let shop = shop();
    let second = Days { from: Day::parse("2026-01-12").unwrap(), until: Day::parse("2026-01-18").unwrap() };
    let report = shop.report(&Question { days: second, ..Question::default() });
    let retention = kpi(&report, "", "retention");
    assert_eq!((retention.value, retention.n), (Some(0.5), 2));
    let told = cohorts(&shop.gathered(), Each::Week, true, &None);
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.channel.as_str(), one.begin.as_str(), one.people, one.ordered.clone()))
        .collect();
    assert_eq!(
        told,
        [("paid-search", "2026-01-05", 1, vec![]), ("radio", "2026-01-05", 1, vec![])],
        "the week is not over"
    );
    let mut later = shop;
    later.page("2026-02-02T10:00:00Z", &["anonymous_id:z"], &json!({}));
    let told = cohorts(&later.gathered(), Each::Week, false, &None);
    assert_eq!((told.len(), told[0].people, &told[0].ordered), (1, 2, &vec![1, 0, 0]));
    let steps = ["Page Viewed", "Order Completed", "Order Completed"].map(str::to_owned).to_vec();
    for (within, expected) in
        [(Span::DAY.times(30), [4, 2, 1]), (Span::MINUTE.times(59), [4, 1, 0]), (Span::HOUR, [4, 2, 0])]
    {
        let mut funnel = Funnel::new(&later.engine, steps.clone(), within, (At::MIN, At::MAX));
        later.log.iter().for_each(|(_, bytes)| funnel.observe(&Record::decode(bytes).unwrap()));
        assert_eq!(funnel.counts(|_| true), expected, "{within}");
    }
}

#[test]
fn random_shops_have_the_same_orders_however_they_are_asked_for() {
    let mut state = 3_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..30 {
        let mut shop = Shop::new(&programme());
        for _ in 0..60 {
            let (day, hour, minute) = (1 + draw(28), draw(24), draw(60));
            let at = format!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z");
            let (cookie, user) = (format!("anonymous_id:{}", draw(6)), format!("user_id:{}", draw(5)));
            let who: Vec<&str> = if draw(3) == 0 { vec![&user, &cookie] } else { vec![&cookie] };
            match draw(3) {
                0 => {
                    let source = ["google", "facebook"][draw(2) as usize];
                    let name = ["oil", "tea", ""][draw(3) as usize];
                    shop.page(&at, &who, &json!({"source": source, "medium": "cpc", "name": name}));
                }
                1 => shop.page(&at, &who, &json!({})),
                _ => shop.order(&at, &who, &json!({"total": draw(100) as f64 / 4.0, "currency": "EUR"})),
            }
        }
        let mut kpis = Kpis::new(Period::EVER);
        shop.log.iter().for_each(|(_, bytes)| kpis.observe(&Record::decode(bytes).unwrap()));
        let gathered = shop.gathered();
        for by in By::ALL {
            let report = Report::of(&gathered, &Question { by, ..Question::default() });
            let sum = |name: &str| -> f64 {
                report.rows.iter().filter_map(|row| kpi(&report, &row.group, name).value).sum()
            };
            assert_eq!(sum("orders"), kpis.orders as f64, "{by:?}");
            let revenue = kpis.revenue_millionths.get("EUR").map_or(0.0, |sum| *sum as f64 / 1e6);
            assert!((sum("revenue") - revenue).abs() < 1e-6, "{by:?}");
            let buyers = gathered.people.values().filter(|person| !person.orders.is_empty()).count();
            assert_eq!(sum("new_customers"), buyers as f64, "{by:?}");
        }
        assert_eq!(shop.engine.seq(), Seq(shop.log.len() as u64));
    }
}

#[test]
fn what_is_kept_and_brought_up_says_what_the_whole_log_says() {
    let mut state = 11_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let (mut merges, mut stood, mut fell) = (0, 0, 0);
    for _ in 0..40 {
        let mut shop = Shop::new(&programme());
        let mut kept = Some(shop.gathered().keep());
        for step in 0..90 {
            let (day, hour, minute) = (1 + draw(28), draw(24), draw(60));
            let at = format!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z");
            let (cookie, user) = (format!("anonymous_id:{}", draw(9)), format!("user_id:{}", draw(5)));
            let who: Vec<&str> = if draw(3) == 0 { vec![&user, &cookie] } else { vec![&cookie] };
            let order = format!("{}", draw(20));
            match draw(12) {
                0..=3 => {
                    let source = ["google", "facebook"][draw(2) as usize];
                    let name = ["oil", "tea", ""][draw(3) as usize];
                    shop.page(&at, &who, &json!({"source": source, "medium": "cpc", "name": name}));
                }
                4 => shop.page(&at, &who, &json!({})),
                5 | 6 => shop.event(&at, EventKind::Identify, "", &who, &json!({}), &json!({})),
                7 => shop.event(
                    &at,
                    EventKind::Track,
                    "Order Refunded",
                    &who,
                    &json!({"total": 1, "currency": "EUR", "order_id": order}),
                    &json!({}),
                ),
                8 if draw(4) == 0 => part(&mut shop),
                10 if draw(9) == 0 => rename(&mut shop),
                9 if draw(8) == 0 => {
                    shop.order(&at, &["anonymous_id:null"], &json!({"total": 3, "currency": "EUR"}));
                }
                _ => shop.order(
                    &at,
                    &who,
                    &json!({"total": draw(100) as f64 / 4.0, "currency": "EUR", "order_id": order}),
                ),
            }
            if step % 7 < draw(7) {
                continue;
            }
            let whole = shop.gathered();
            let brought_up = match shop.going_on(kept.take().unwrap()) {
                Some(gathered) => {
                    stood += 1;
                    gathered
                }
                None => {
                    fell += 1;
                    shop.gathered()
                }
            };
            for by in By::ALL {
                let days = Days {
                    from: Day::parse("2026-01-08").unwrap(),
                    until: Day::parse("2026-01-21").unwrap(),
                };
                for days in [days, Days::EVER] {
                    let question = Question { by, days, ..Question::default() };
                    assert_eq!(
                        Report::of(&brought_up, &question),
                        Report::of(&whole, &question),
                        "{question:?}"
                    );
                }
            }
            assert_eq!(
                cohorts(&brought_up, Each::Week, true, &None),
                cohorts(&whole, Each::Week, true, &None)
            );
            kept = Some(brought_up.keep());
        }
        merges += shop.engine.counts().merges;
    }
    assert!(merges > 40 && stood > 500 && fell > 10, "{merges} merges, stood {stood} times, fell {fell}");
}

/// What the campaign is called elsewhere is changed, and so what brought people all along.
fn rename(shop: &mut Shop) {
    let mut programme = shop.engine.programme().as_ref().clone();
    let named = &mut programme.campaigns.get_mut("oil").expect("the programme has it").named;
    match named.iter().position(|one| one == "tea") {
        Some(place) => _ = named.remove(place),
        None => named.push("tea".to_owned()),
    }
    let definition = serde_json::to_string(&programme).unwrap();
    let applied = ProgrammeApplied { applied_at: shop.now, operator: "", definition: &definition };
    shop.apply(&Record::ProgrammeApplied(applied));
}

/// Has the last merge undone, if there is one that stands.
fn part(shop: &mut Shop) {
    let last = shop
        .engine
        .merges()
        .rev()
        .find(|(_, merge)| merge.undone.is_none() && shop.engine.canonical(merge.into) == merge.into);
    if let Some(merge) = last.map(|(id, _)| id) {
        shop.apply(&Record::MergeUndone(MergeUndone { merge, operator: "test", undone_at: shop.now }));
    }
}
