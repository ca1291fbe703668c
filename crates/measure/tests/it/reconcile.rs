//! Every key figure of the report beside its SQL, asked of the lake as it stands; and what a world's history lacks of money and
//! of campaigns, added to it at random.

use crate::kpis::kpi;
use crate::lake::ask;
use engine::at::{At, Span};
use engine::day::Day;
use engine::engine::Engine;
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{Campaign, CampaignChannel, CostKind, Direction, Programme};
use engine::record::{
    Event, EventFlags, EventKind, FlightRecorded, Identifier, Medium, ProgrammeApplied, Record, SpendCounts,
    SpendRecorded,
};
use engine::value::OwnedMap;
use eventlog::frame::push_record;
use eventlog::log::Batch;
use eventlog::sequencer::{Outcome, stage};
use measure::kpi::people::Gathered;
use measure::kpi::question::{Days, Question};
use measure::kpi::report::Report;
use measure::kpi::table::DEFINITIONS;
use measure::kpi::tally::{Amount, Kpi};
use measure::lake::{Answer, Lake};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How often each figure was something else than nothing or undefined: whoever compares nothing with nothing proves nothing.
pub(crate) type Told = BTreeMap<&'static str, u32>;

/// Millionths that SQL says.
fn millionths(cell: &Value) -> i128 {
    let text = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{rest:0<6}").parse::<i128>().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What SQL says a quantity comes to.
fn amount(answer: &Answer, column: &str, is_money: bool) -> Amount {
    let place = |name: &str| answer.columns.iter().position(|one| one.name == name).unwrap();
    if !is_money {
        return Amount::Count(answer.rows[0][place(column)].as_u64().unwrap());
    }
    let (currency, amount) = (place("currency"), place(column));
    let told = answer.rows.iter().map(|row| (row[currency].as_str().unwrap_or(""), millionths(&row[amount])));
    let sums: Vec<(&str, i128)> = told.collect();
    match &sums[..] {
        [] => Amount::Money(0),
        [(_, sum)] => Amount::Money(*sum),
        several => Amount::Several(several.iter().map(|(name, sum)| ((*name).to_owned(), *sum)).collect()),
    }
}

/// Whether an amount of the report is what SQL says: where another quantity has further currencies, SQL has a row of nothing for
/// each of those.
fn is_same(report: &Amount, sql: &Amount) -> bool {
    let without_nothing = |amount: &Amount| -> Vec<i128> {
        let sums = match amount {
            Amount::Count(count) => return vec![i128::from(*count)],
            Amount::Money(sum) => vec![*sum],
            Amount::Several(sums) => sums.values().copied().collect(),
        };
        sums.into_iter().filter(|sum| *sum != 0).collect()
    };
    without_nothing(report) == without_nothing(sql)
}

fn compare(kpi: &Kpi, answer: &Answer, about: &str) {
    let definition = DEFINITIONS.iter().find(|one| one.name == kpi.name).unwrap();
    let numerator = amount(answer, "numerator", definition.numerator.is_money());
    assert!(is_same(&kpi.numerator, &numerator), "{about}: {kpi:?} beside {answer:?}");
    if let (Some(told), Some(quantity)) = (&kpi.denominator, definition.denominator) {
        let denominator = amount(answer, "denominator", quantity.is_money());
        assert!(is_same(told, &denominator), "{about}: {kpi:?} beside {answer:?}");
    }
    let place = answer.columns.iter().position(|one| one.name == "value").unwrap();
    let currency = answer.columns.iter().position(|one| one.name == "currency");
    let valued = answer.rows.iter().filter_map(|row| Some((row[place].as_f64()?, row)));
    match (kpi.value, &valued.collect::<Vec<_>>()[..]) {
        (None, []) => {}
        (Some(one), [(other, row)]) => {
            let told = currency.and_then(|place| row[place].as_str());
            assert!(
                kpi.currency.is_none() || kpi.currency.as_deref() == told,
                "{about}: {kpi:?}, {answer:?}"
            );
            assert!((one - other).abs() <= 1e-12 * one.abs(), "{about}: {kpi:?} beside {answer:?}");
        }
        _ => panic!("{about}: {kpi:?} beside {answer:?}"),
    }
}

/// Every figure of some days, by the report and by SQL.
pub(crate) async fn equals_figures(
    lake: &Lake,
    gathered: &Gathered<'_>,
    days: Days,
    told: &mut Told,
    about: &str,
) {
    let report = Report::of(gathered, &Question { days, ..Question::default() });
    for definition in DEFINITIONS {
        let kpi = kpi(&report, "", definition.name);
        *told.entry(definition.name).or_default() += u32::from(kpi.value.is_some_and(|value| value != 0.0));
        let sql = definition.sql_of(days);
        compare(&kpi, &ask(lake, &sql).await, &format!("{about}, {days:?}\n{sql}"));
    }
}

/// Draws numbers, the same for the same seed.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn maybe(&mut self, below: u64) -> Option<u64> {
        (self.below(3) > 0).then(|| self.below(below))
    }

    /// Some days of those between two instants.
    pub(crate) fn days(&mut self, (begin, end): (At, At), engine: &Engine) -> Days {
        let timezone = engine.programme().timezone();
        let (first, last) = (Day::of(begin, &timezone), Day::of(end, &timezone));
        let from = first.plus(self.below((last.0 - first.0 + 1) as u64) as i32);
        Days { from, until: from.plus(self.below((last.0 - from.0 + 1) as u64) as i32) }
    }
}

/// A history with what worlds do not have: costs and flights in two currencies, a programme that may state its own, and people who
/// come by campaigns and by other pages, of which some are those of the world.
pub(crate) fn with_money(history: &[Batch], mut engine: Engine, seed: u64) -> Vec<Batch> {
    let time = (history[0].at, history.last().unwrap().at);
    let key = engine.installed().unwrap().hash_key;
    let programme = with_campaigns(engine.programme(), seed);
    let mut adding = Adding { draw: Draw(seed.wrapping_mul(977).wrapping_add(13)), body: Vec::new(), time };
    let definition = serde_json::to_string(&programme).unwrap();
    adding.push(&Record::ProgrammeApplied(ProgrammeApplied {
        applied_at: time.1,
        operator: "",
        definition: &definition,
    }));
    adding.costs(&programme);
    adding.flight();
    (0..60).for_each(|number| adding.event(number, key));
    let staged = stage(&mut engine, time.1, &[&adding.body]);
    let outcomes = staged.outcomes.iter().flatten();
    let refused: BTreeSet<String> =
        outcomes.filter(|one| !matches!(one, Outcome::Applied(_))).map(|one| format!("{one:?}")).collect();
    assert!(refused.is_empty(), "seed {seed}: {refused:?}");
    let mut all = history.to_vec();
    all.extend(staged.batches);
    all
}

fn with_campaigns(programme: &Programme, seed: u64) -> Programme {
    let mut programme = programme.clone();
    if seed % 4 != 1 {
        programme.currency = Some("EUR".to_owned());
        let rates = [("2026-01-01".to_owned(), 912_345_678)].into();
        programme.rates = [("USD".to_owned(), rates)].into();
    }
    let inbound = CampaignChannel { direction: Direction::Inbound, paid: true };
    let oil = Campaign {
        from: "2026-01-01".into(),
        until: "2026-12-31".into(),
        channels: [("paid-social".to_owned(), inbound)].into(),
        named: vec!["Olio".to_owned()],
        ..Campaign::default()
    };
    programme.campaigns.insert("oil".to_owned(), oil);
    programme
}

/// Records that are added at the end of a history, about the time of it.
struct Adding {
    draw: Draw,
    body: Vec<u8>,
    time: (At, At),
}

impl Adding {
    fn push(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        push_record(&mut self.body, &bytes);
    }

    fn instant(&mut self) -> At {
        let (begin, end) = self.time;
        begin.plus(Span(self.draw.below(end.since(begin).0 as u64) as i64))
    }

    fn costs(&mut self, programme: &Programme) {
        for number in 0..30 {
            let day = Day::of(self.instant(), &programme.timezone());
            let draw = &mut self.draw;
            let (impressions, clicks) = (draw.maybe(9_000), draw.maybe(90));
            let line = SpendRecorded {
                key: &format!("line {number}"),
                campaign: draw.pick(&["", "oil", "Olio"]),
                channel: draw.pick(&["paid-search", "paid-social"]),
                kind: draw.pick(&[CostKind::Media, CostKind::Media, CostKind::Content, CostKind::People]),
                from: day,
                until: day.plus(draw.below(5) as i32),
                millionths: draw.below(90_000_000) as i64 - 5_000_000,
                currency: draw.pick(&["EUR", "EUR", "USD"]),
                counts: SpendCounts { impressions, clicks, reach: None, minutes: None },
                source: "",
                recorded_at: self.time.1,
                operator: "",
            };
            self.push(&Record::SpendRecorded(line));
        }
    }

    fn flight(&mut self) {
        let from = self.instant();
        self.push(&Record::FlightRecorded(FlightRecorded {
            key: "spot",
            campaign: "oil",
            medium: Medium::Radio,
            place: "Radio Arno",
            from,
            until: from.plus(Span::MINUTE),
            millionths: 30_000_001,
            currency: "EUR",
            contacts: Some(40_003),
            pieces: None,
            codes: vec!["ARNO"],
            source: "",
            recorded_at: self.time.1,
            operator: "",
        }));
    }

    /// Of a stranger, or under a cookie that the world knows.
    fn event(&mut self, number: u64, key: HashKey) {
        let at = self.instant();
        let draw = &mut self.draw;
        let value = match draw.below(2) {
            0 => format!("stranger-{}", draw.below(9)),
            _ => format!("device-{}-0", draw.below(6)),
        };
        let (kind, name) = match draw.below(6) {
            0 => (EventKind::Track, "Order Completed"),
            1 => (EventKind::Track, "Order Refunded"),
            2 => (EventKind::Track, "Link Visited"),
            3 => (EventKind::Track, "QR Scanned"),
            _ => (EventKind::Page, "Page Viewed"),
        };
        let (properties, context) = (properties(draw), context(draw));
        let (id, nothing) = (format!("money-{number}"), OwnedMap::default());
        let hash = key.identifier(IdentifierKind::AnonymousId, &value);
        self.push(&Record::Event(Event {
            kind,
            flags: EventFlags::default(),
            occurred_at: at,
            received_at: self.time.1,
            source: "shop",
            name,
            message_id: key.message_id("shop", &id),
            identifiers: vec![Identifier { kind: IdentifierKind::AnonymousId, hash, value: &value }],
            message_id_text: &id,
            properties: properties.as_map(),
            traits: nothing.as_map(),
            context: context.as_map(),
        }));
    }
}

/// Of an order, of a refund, or of what leads to the site.
fn properties(draw: &mut Draw) -> OwnedMap {
    let channel = draw.pick(&["paid-social", "Fair", "nobody knows"]);
    let total = draw.below(9_000) as f64 / 100.0;
    let properties = match draw.below(4) {
        0 => json!({ "channel": channel }),
        1 => json!({ "channel": channel, "total": total }),
        _ => json!({ "channel": channel, "total": total, "currency": draw.pick(&["EUR", "USD"]) }),
    };
    OwnedMap::from_json(&properties).unwrap()
}

fn context(draw: &mut Draw) -> OwnedMap {
    let contexts = [
        json!({"campaign": {"source": "google", "medium": "cpc", "name": "olio"}}),
        json!({"campaign": {"source": "facebook", "medium": "cpc", "name": "Olio"}}),
        json!({"page": {"url": "https://shop.example/", "referrer": "https://www.google.com/"}}),
        json!({"page": {"url": "https://shop.example/?utm_source=letter&utm_medium=email"}}),
        json!({}),
    ];
    OwnedMap::from_json(&contexts[draw.below(5) as usize]).unwrap()
}
