//! Campaigns in a folder: as they are written, and each mistake at its line.

use super::Folder;
use engine::programme::{Cost, CostAmount, CostKind, Direction, Money, Phase};
use server::programme::{Kind, items, load};

const SHOP: &str = "programme: bottega
languages: [it]
currency: EUR
rates:
  USD: { 2026-01-01: 0.92, 2026-07-01: 0.905123456 }
";

const OIL: &str = "campaign: oil
objective: \"first orders: of strangers\"
phase: boost
from: 2026-10-01
until: 2026-10-31
budget: { amount: 1200.50, currency: USD }
channels:
  search: { direction: inbound, paid: true }
  flyer: { direction: outbound }
codes: [OLIO26]
named: [\"new oil, autumn\", olio_nuovo]
costs:
  - { channel: flyer, for: content, total: 640 }
  - { channel: search, per day: 0.3, currency: USD, from: 2026-10-05, until: 2026-10-06 }
  - { channel: flyer, for: people, hours: 7.25, rate: 32 }
";

#[test]
fn a_campaign_comes_out_as_written_and_is_written_as_it_was() {
    let folder = Folder::new("campaigns", &[("programme.yaml", SHOP), ("campaigns/oil.yaml", OIL)]);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let oil = &programme.campaigns["oil"];
    assert_eq!((oil.phase, oil.budget.clone()), (Some(Phase::Boost), Some(Money::new(1_200_500_000, "USD"))));
    assert_eq!((oil.channels["search"].direction, oil.channels["search"].paid), (Direction::Inbound, true));
    assert_eq!((oil.channels["flyer"].direction, oil.channels["flyer"].paid), (Direction::Outbound, false));
    assert_eq!(programme.rates["USD"]["2026-07-01"], 905_123_456);
    let expected = [
        (CostKind::Content, CostAmount::Total(Money::new(640_000_000, "EUR"))),
        (CostKind::Media, CostAmount::PerDay(Money::new(300_000, "USD"))),
        (CostKind::People, CostAmount::Hours { thousandths: 7_250, rate: Money::new(32_000_000, "EUR") }),
    ];
    let told = |one: &Cost| (one.kind, one.amount.clone());
    assert_eq!(oil.costs.iter().map(told).collect::<Vec<_>>(), expected);
    let all = items(&programme);
    let written = &all[&(Kind::Campaign, "oil".to_owned())];
    let head = &all[&(Kind::Programme, "bottega".to_owned())];
    let again = Folder::new("campaigns-again", &[("programme.yaml", head), ("campaigns/oil.yaml", written)]);
    let (again, _) = load(&again.0).unwrap();
    assert_eq!((&again.campaigns, &again.rates), (&programme.campaigns, &programme.rates), "{head}{written}");
    assert_eq!(again.currency, programme.currency);
}

#[test]
fn mistakes_in_a_campaign_have_their_line() {
    let campaign = "campaign: oil
phase: boots
from: 2026-10-32
until: 2026-10-31
channels:
  search: { direction: inwards }
  Flyer: { direction: outbound, payed: true }
offers: [gift]
costs:
  - { channel: serach, total: 1, hours: 2, rate: 3 }
  - { channel: search, total: 1.2.3 }
  - { channel: search, total: 5, currency: euro }
";
    let files = [("programme.yaml", SHOP), ("campaigns/oil.yaml", campaign)];
    let findings = Folder::new("campaigns-mistakes", &files).findings();
    for expected in [
        "oil.yaml:2:8 error: \"boots\" is not known as `phase` (did you mean `boost`?)",
        "oil.yaml:3:7 error: \"2026-10-32\" is no day",
        "oil.yaml:6:24 error: \"inwards\" is not known as `direction`",
        "oil.yaml:7:3 error: \"Flyer\" is no name",
        "unknown field \"payed\" (did you mean \"paid\"?)",
        "oil.yaml:8:10 error: there is no offer \"gift\"",
        "oil.yaml:10:5 error: a cost is a total, so much a day, or hours",
        "oil.yaml:11:31 error: \"1.2.3\" is no number",
        "oil.yaml:12:5 error: an amount is more than nothing, in a currency of three letters",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected}\n{}", findings.join("\n"));
    }
    let poor = "programme: p\nlanguages: [it]\nrates: { USD: { 2026-01-01: much } }\n";
    let campaign = "campaign: oil\nfrom: 2026-10-01\nuntil: 2026-10-02\nbudget: { amount: 5 }\nchannels: { a: { direction: inbound } }\n";
    let again =
        "campaign: oil\nfrom: 2026-10-01\nuntil: 2026-10-02\nchannels: { a: { direction: inbound } }\n";
    let files = [("programme.yaml", poor), ("campaigns/oil.yaml", campaign), ("campaigns/tea.yaml", again)];
    let findings = Folder::new("campaigns-poor", &files).findings();
    for expected in [
        "programme.yaml:3:17 error: \"much\" is no number",
        "programme.yaml:3:8 error: there are rates, and no currency that they lead to",
        "oil.yaml:4:9 error: nobody says in which currency this is",
        "tea.yaml:1:11 error: a campaign \"oil\" is defined twice",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected}\n{}", findings.join("\n"));
    }
}
