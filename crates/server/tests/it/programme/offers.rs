//! Offers in a folder: as they are written, and each mistake at its line.

use super::Folder;
use engine::at::Span;
use engine::programme::{Codes, OfferValue, RedeemedBy, Stock};
use server::programme::{Kind, items, load};

fn folder(test: &str, offer: &str, others: &[(&str, &str)]) -> Folder {
    let mut files = vec![("programme.yaml", SHOP), ("offers/gift.yaml", offer)];
    files.extend(others.iter().copied());
    Folder::new(&format!("offers-{test}"), &files)
}

const SHOP: &str = "programme: bottega
languages: [it, en]
purposes:
  offers: { channels: email }
";

const GIFT: &str = "offer: gift
content:
  it: { title: Un regalo, terms: Uno a testa }
  en:
    title: A gift
    url: https://shop.example/en
value: { amount: 4.9, currency: EUR }
eligible: not did \"Order Completed\"
from: 2026-12-01
until: 2026-12-24
lasts: 7 days
stock: { given: 500, redeemed: 100 }
codes: { shared: WELCOME10 }
redeemed by: { event: Order Completed, code: basket.coupon }
per person: 2
priority: 3
";

#[test]
fn an_offer_comes_out_as_written_and_is_written_as_it_was() {
    let folder = folder("whole", GIFT, &[]);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let gift = &programme.offers["gift"];
    assert_eq!(gift.content["it"].terms, "Uno a testa");
    assert_eq!(gift.value, Some(OfferValue::Amount { millionths: 4_900_000, currency: "EUR".into() }));
    assert_eq!(gift.value.as_ref().unwrap().text("it", &[]), "4,90 EUR");
    assert_eq!((gift.lasts, gift.per_person, gift.priority), (Some(Span::DAY.times(7)), 2, 3));
    assert_eq!(gift.stock, Stock { given: Some(500), redeemed: Some(100) });
    assert_eq!(gift.codes, Codes::Shared("WELCOME10".into()));
    let by = RedeemedBy { event: "Order Completed".into(), code: Some("basket.coupon".into()) };
    assert_eq!(gift.redeemed_by, Some(by));
    let written = &items(&programme)[&(Kind::Offer, "gift".to_owned())];
    let again = Folder::new("offers-again", &[("programme.yaml", SHOP), ("offers/gift.yaml", written)]);
    assert_eq!(load(&again.0).unwrap().0.offers, programme.offers, "{written}");
}

#[test]
fn mistakes_in_an_offer_have_their_line() {
    let offer = "offer: gift
content:
  it: { titel: Un regalo }
  de: { title: Ein Geschenk }
value: 10 percent
eligible: did \"Order Completed\" whithin 3 days
from: 2026-12-24
until: 2026-12-01
lasts: forever
stock: { given: 0, redeemed: many }
codes: some
redeemed by: { event: Order Completed, code: coupon }
per person: 0
";
    let message =
        "message: gift\noffer: gitf\nemail: { from: ciao@bottega.example, subject: { it: Ciao, en: Hi } }\n";
    let plain =
        "message: plain\nemail: { from: ciao@bottega.example, subject: { it: \"{{ offer.title }}\" } }\n";
    let journey = "journey: give\npurpose: offers\nenter: did \"X\"\nsteps:\n  - offer: gfit\n  - wait: { until: 'offer \"gift\" gone', at most: 1 day }\n";
    let others = [
        ("messages/gift/message.yaml", message),
        ("messages/gift/email.it.txt", "{{ offer.title }}"),
        ("messages/plain/message.yaml", plain),
        ("messages/plain/email.it.txt", "Ciao"),
        ("journeys/give.yaml", journey),
    ];
    let findings = folder("mistakes", offer, &others).findings();
    for expected in [
        "unknown field \"titel\" (did you mean \"title\"?)",
        "the offer has no title in the language `it`",
        "the programme does not speak the language `de`",
        "\"10 percent\" is no share of people",
        "did you mean `within`?",
        "the offer is over before it begins",
        "\"forever\" is not a length of time",
        "of nothing, nobody gets anything",
        "expected a whole number, and this is \"many\"",
        "\"some\" does not say which codes the offer has",
        "an offer that a person may redeem 0 times is none",
        "there is no offer \"gitf\" (did you mean \"gift\"?)",
        "the message reads `offer`, and does not say which",
        "there is no offer \"gfit\" (did you mean \"gift\"?)",
        "expected `given`, `seen`, `clicked`, `redeemed` or `open`, found `gone`",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected} is not in {findings:#?}");
    }
}
