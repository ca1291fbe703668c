//! What was spent and done outside of the net: told once, told twice, told anew; and campaigns that cannot be meant.

use crate::story::{Story, programme};
use engine::at::At;
use engine::day::Day;
use engine::engine::{Engine, Outcome, Refusal};
use engine::programme::{
    Campaign, CampaignChannel, Codes, Cost, CostAmount, CostKind, Direction, Money, Offer, OfferContent,
    Programme,
};
use engine::record::{FlightRecorded, Medium, Record, SpendCounts, SpendRecorded};
use engine::spend::SpendRefusal;

const SPEND: SpendRecorded<'static> = SpendRecorded {
    key: "ads/1",
    campaign: "oil",
    channel: "search",
    kind: CostKind::Media,
    from: Day(20_458),
    until: Day(20_460),
    millionths: 10_000_000,
    currency: "EUR",
    counts: SpendCounts { impressions: Some(1_000), clicks: None, reach: None, minutes: None },
    source: "ads.csv",
    recorded_at: At(1_767_600_000_000),
    operator: "admin",
};

fn spot(key: &str) -> FlightRecorded<'_> {
    FlightRecorded {
        key,
        campaign: "oil",
        medium: Medium::Radio,
        place: "Radio Arno",
        from: At::parse("2026-01-05T22:59:00Z").unwrap(),
        until: At::parse("2026-01-05T23:00:00Z").unwrap(),
        millionths: 300_000_000,
        currency: "EUR",
        contacts: Some(40_000),
        pieces: None,
        codes: vec!["ARNO"],
        source: "spots.csv",
        recorded_at: At(1_767_600_000_000),
        operator: "admin",
    }
}

#[test]
fn what_is_told_twice_counts_once_and_what_is_told_anew_replaces() {
    let mut story = Story::new();
    let duplicate = SpendRecorded { recorded_at: At(1_767_600_000_001), source: "ads (1).csv", ..SPEND };
    let corrected = SpendRecorded { millionths: 9_000_000, ..SPEND };
    for (told, expected, millionths) in [
        (SPEND, Outcome::Applied, 10_000_000),
        (duplicate, Outcome::Duplicate, 10_000_000),
        (corrected, Outcome::Applied, 9_000_000),
        (SPEND, Outcome::Applied, 10_000_000),
    ] {
        assert_eq!(story.apply(&Record::SpendRecorded(told)), expected);
        let lines: Vec<i64> = story.engine.spend_lines().map(|line| line.money.millionths).collect();
        assert_eq!(lines, [millionths]);
    }
    let line = story.engine.spend_line("ads/1").unwrap();
    let by_day: Vec<(String, i64)> = line.by_day().map(|(day, one)| (day.to_string(), one)).collect();
    let expected = [("2026-01-05", 3_333_333), ("2026-01-06", 3_333_333), ("2026-01-07", 3_333_334)];
    assert_eq!(by_day, expected.map(|(day, one)| (day.to_owned(), one)));

    assert_eq!(story.apply(&Record::FlightRecorded(spot("spot"))), Outcome::Applied);
    let later = FlightRecorded { recorded_at: At(1_767_600_000_001), ..spot("spot") };
    assert_eq!(story.apply(&Record::FlightRecorded(later)), Outcome::Duplicate);
    let other = FlightRecorded { codes: vec![], ..spot("spot") };
    assert_eq!(story.apply(&Record::FlightRecorded(other)), Outcome::Applied);
    assert_eq!(story.engine.flights().count(), 1);
}

#[test]
fn it_is_in_a_snapshot_and_in_a_copy() {
    let mut story = Story::new();
    let keys: Vec<String> = (0..300).map(|number| format!("ads/{number}")).collect();
    for key in &keys {
        assert_eq!(story.apply(&Record::SpendRecorded(SpendRecorded { key, ..SPEND })), Outcome::Applied);
    }
    assert_eq!(story.apply(&Record::FlightRecorded(spot("spot"))), Outcome::Applied);
    let restored = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(restored.hash(), story.engine.hash());
    assert_eq!(restored.spend_lines().count(), 300);
    assert_eq!(restored.flight("spot"), story.engine.flight("spot"));
    let before = story.engine.hash();
    let copy = story.engine.clone();
    let changed = SpendRecorded { millionths: 1, ..SPEND };
    assert_eq!(story.apply(&Record::SpendRecorded(changed)), Outcome::Applied);
    assert_ne!(story.engine.hash(), before, "the hash tells it");
    assert_eq!(copy.spend_line("ads/1").unwrap().money.millionths, 10_000_000, "a copy stays as it was");
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let mut story = Story::new();
    let long = "x".repeat(257);
    let table: Vec<(Record<'_>, &str)> = vec![
        (Record::SpendRecorded(SpendRecorded { key: " ", ..SPEND }), "key"),
        (Record::SpendRecorded(SpendRecorded { channel: "", ..SPEND }), "channel"),
        (Record::SpendRecorded(SpendRecorded { campaign: &long, ..SPEND }), "campaign"),
        (Record::SpendRecorded(SpendRecorded { currency: "euro", ..SPEND }), "currency"),
        (Record::SpendRecorded(SpendRecorded { until: Day(20_457), ..SPEND }), "until"),
        (Record::SpendRecorded(SpendRecorded { until: Day(20_458 + 3_653), ..SPEND }), "until"),
        (
            Record::SpendRecorded(SpendRecorded { from: Day(i32::MIN), until: Day(i32::MAX), ..SPEND }),
            "until",
        ),
        (Record::FlightRecorded(FlightRecorded { until: At(0), ..spot("spot") }), "until"),
        (Record::FlightRecorded(FlightRecorded { codes: vec![&long], ..spot("spot") }), "codes"),
        (Record::FlightRecorded(FlightRecorded { currency: "", ..spot("spot") }), "currency"),
    ];
    for (record, expected) in table {
        match story.apply(&record) {
            Outcome::Refused(Refusal::Spend(SpendRefusal::Field(field, _))) => assert_eq!(field, expected),
            other => panic!("{record:?}: {other:?}"),
        }
    }
    assert_eq!((story.engine.spend_lines().count(), story.engine.flights().count()), (0, 0));
}

fn oil() -> Campaign {
    let channel = CampaignChannel { direction: Direction::Inbound, paid: true };
    Campaign {
        from: "2026-01-05".into(),
        until: "2026-01-06".into(),
        channels: [("search".into(), channel)].into(),
        codes: vec!["OIL-10".into()],
        named: vec!["New Oil".into()],
        costs: vec![Cost {
            channel: "search".into(),
            amount: CostAmount::Total(Money::new(50_000_001, "EUR")),
            ..Cost::default()
        }],
        ..Campaign::default()
    }
}

fn shop(campaigns: &[(&str, Campaign)]) -> Programme {
    let campaigns = campaigns.iter().map(|(name, one)| ((*name).to_owned(), one.clone())).collect();
    Programme { campaigns, currency: Some("EUR".into()), timezone: "Europe/Rome".into(), ..programme() }
}

#[test]
fn all_costs_are_told_together_and_a_spot_is_on_the_day_of_its_place() {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop(&[("oil", oil())])), Outcome::Applied);
    assert_eq!(story.apply(&Record::SpendRecorded(SPEND)), Outcome::Applied);
    assert_eq!(story.apply(&Record::FlightRecorded(spot("spot"))), Outcome::Applied);
    let told = story.engine.costs().into_iter();
    let told: Vec<String> = told
        .map(|line| format!("{} {} {} {} {}", line.from, line.until, line.campaign, line.channel, line.money))
        .collect();
    assert_eq!(
        told,
        [
            "2026-01-05 2026-01-07 oil search 10.00 EUR",
            "2026-01-05 2026-01-05 oil radio 300.00 EUR",
            "2026-01-05 2026-01-05 oil search 25.00 EUR",
            "2026-01-06 2026-01-06 oil search 25.000001 EUR",
        ],
        "it is over at midnight in Rome, and not on the next day"
    );
    let programme = story.engine.programme();
    for (name, expected) in
        [("oil", Some("oil")), (" NEW OIL", Some("oil")), ("OIL", Some("oil")), ("oi", None)]
    {
        assert_eq!(programme.campaign_called(name), expected, "{name}");
    }
    assert_eq!(
        (programme.campaign_of_code(" oil-10"), programme.campaign_of_code("oil")),
        (Some("oil"), None)
    );
}

#[test]
fn a_campaign_that_cannot_be_meant_is_a_mistake_with_its_place() {
    let content = OfferContent { title: "A gift".into(), ..OfferContent::default() };
    let gift = Offer {
        content: [("en".into(), content)].into(),
        codes: Codes::Shared("oil-10 ".into()),
        ..Offer::default()
    };
    let cost = |cost: Cost| Campaign { costs: vec![cost], ..oil() };
    let first = || oil().costs[0].clone();
    let table: Vec<(Campaign, &str, &str)> = vec![
        (Campaign { from: "5.1.2026".into(), ..oil() }, "from", "is no day"),
        (Campaign { until: "2026-01-04".into(), ..oil() }, "until", "before the first"),
        (Campaign { until: "2036-01-06".into(), ..oil() }, "until", "at most"),
        (Campaign { budget: Some(Money::new(1, "eur")), ..oil() }, "budget", "three letters"),
        (Campaign { channels: [].into(), costs: vec![], ..oil() }, "channels", "no channel"),
        (Campaign { messages: vec!["none".into()], ..oil() }, "messages[0]", "no message"),
        (Campaign { offers: vec!["gits".into()], codes: vec![], ..oil() }, "offers[0]", "no offer"),
        (oil(), "codes[0]", "the code of the offer \"gift\""),
        (Campaign { codes: vec!["A".into(), "a".into()], ..oil() }, "codes[1]", "named twice"),
        (Campaign { codes: vec!["tea".into()], ..oil() }, "codes[0]", "\"early\" has the same code"),
        (Campaign { codes: vec![" ".into()], ..oil() }, "codes[0]", "letters or digits"),
        (Campaign { named: vec!["Early".into()], codes: vec![], ..oil() }, "named[0]", "mean the campaign"),
        (
            Campaign { named: vec!["tea time".into()], codes: vec![], ..oil() },
            "named[0]",
            "mean the campaign",
        ),
        (cost(Cost { channel: "serach".into(), ..first() }), "costs[0].channel", "no channel"),
        (cost(Cost { from: Some("2026-01-04".into()), ..first() }), "costs[0].from", "lasts from"),
        (cost(Cost { until: Some("2026-01-07".into()), ..first() }), "costs[0].until", "lasts from"),
        (
            cost(Cost {
                amount: CostAmount::Hours { thousandths: 0, rate: Money::new(1, "EUR") },
                ..first()
            }),
            "costs[0].hours",
            "no time",
        ),
    ];
    for (mut campaign, place, message) in table {
        let early = Campaign { codes: vec!["TEA".into()], named: vec!["Tea Time".into()], ..oil() };
        if place != "codes[0]" || !message.contains("offer") {
            campaign.codes.retain(|code| code != "OIL-10");
        }
        let mut shop = shop(&[("early", early), ("oil", campaign)]);
        shop.offers.insert("gift".into(), gift.clone());
        let mistakes = shop.mistakes();
        let [mistake] = mistakes.as_slice() else { panic!("{place} {message}: {mistakes:?}") };
        assert_eq!(mistake.place.0, format!("campaigns.oil.{place}"), "{message}");
        assert!(mistake.message.contains(message), "{mistake}");
    }
    let mut money = shop(&[]);
    money.rates = [("USD".into(), [("soon".into(), 0)].into()), ("EUR".into(), [].into())].into();
    let places: Vec<String> = money.mistakes().into_iter().map(|mistake| mistake.place.0).collect();
    assert_eq!(places, ["rates.EUR", "rates.USD.soon", "rates.USD.soon"]);
    money.currency = None;
    assert_eq!(money.mistakes()[0].place.0, "rates");
}
