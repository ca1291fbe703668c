//! Records come back from their bytes as they went in, and damaged bytes are refused and never a panic.

use engine::at::{At, Span};
use engine::day::Day;
use engine::identifier::{HashKey, IdentifierKind, KeyedHash};
use engine::offer::OfferPhase;
use engine::programme::CostKind;
use engine::record::*;
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};
use engine::value::OwnedMap;
use engine::webhook::Delivery;
use engine::{MergeId, ProfileId, SendId, Seq};
use proptest::prelude::*;
use serde_json::json;

fn identifier(value: &str) -> Identifier<'_> {
    let kind = IdentifierKind::Email;
    Identifier { kind, hash: HashKey([1; 16]).identifier(kind, value), value }
}

/// What people say of how they are written to, and what registers say of them.
fn permissions() -> Vec<Record<'static>> {
    vec![
        Record::ConsentStated(ConsentStated {
            subject: Subject::Send(SendId(7)),
            purpose: "offers",
            channel: "email",
            granted: true,
            source: ConsentSource::PreferenceCentre,
            stated_at: At(1_700_000_000_000),
            wording: "2",
            language: "it",
            proof: "a page",
        }),
        Record::PreferenceStated(PreferenceStated {
            subject: Subject::Send(SendId(7)),
            preference: Preference::PausedUntil(At(1_700_000_000_001)),
            source: ConsentSource::PreferenceCentre,
            stated_at: At(1_700_000_000_000),
            proof: "a page",
        }),
        Record::PreferenceStated(PreferenceStated {
            subject: Subject::Send(SendId(7)),
            preference: Preference::Fewer(true),
            source: ConsentSource::PreferenceCentre,
            stated_at: At(1_700_000_000_000),
            proof: "",
        }),
        Record::RegisterListed(RegisterListed {
            register: "rpo",
            edition: 3,
            channels: vec!["call", "sms"],
            hashes: vec![KeyedHash(1), KeyedHash(u128::MAX)],
        }),
        Record::RegisterChecked(RegisterChecked {
            register: "rpo",
            edition: 3,
            channels: vec!["call"],
            checked_at: At(1_700_000_000_000),
            valid_for: Span::DAY.times(15),
            operator: "ops",
        }),
    ]
}

fn examples(properties: &OwnedMap) -> Vec<Record<'_>> {
    let at = At(1_767_600_000_123);
    vec![
        Record::Installed(Installed {
            installation: 7,
            hash_key: HashKey([3; 16]),
            seed: u64::MAX,
            link_key: [4; 32],
        }),
        Record::Event(Event {
            kind: EventKind::Track,
            flags: EventFlags::LATE.with(EventFlags::IMPORTED),
            occurred_at: At(at.0 - 5_000),
            received_at: at,
            source: "shop",
            name: "Order Completed",
            message_id: KeyedHash(77),
            identifiers: vec![identifier("ada@example.com"), identifier("eve@example.com")],
            message_id_text: "m-1",
            properties: properties.as_map(),
            traits: properties.as_map(),
            context: properties.as_map(),
        }),
        Record::Rejected(Rejected {
            received_at: at,
            source: "shop",
            code: "missing_identifier",
            field: "userId",
            message: "neither userId nor anonymousId",
            payload: "{}",
        }),
        Record::ConsentStated(ConsentStated {
            subject: Subject::Identifier(identifier("ada@example.com")),
            purpose: "offers",
            channel: "email",
            granted: true,
            source: ConsentSource::Merge,
            stated_at: at,
            wording: "v3",
            language: "",
            proof: "form /newsletter",
        }),
        Record::ConsentStated(ConsentStated {
            subject: Subject::Send(SendId(300)),
            purpose: "offers",
            channel: "",
            granted: false,
            source: ConsentSource::OneClick,
            stated_at: At(-1),
            wording: "",
            language: "",
            proof: "",
        }),
        Record::SuppressionStated(SuppressionStated {
            identifier: identifier("ada@example.com"),
            lifted: true,
            stated_at: at,
            reason: "asked by phone",
        }),
        Record::ProgrammeApplied(ProgrammeApplied { applied_at: at, operator: "admin", definition: "{}" }),
        Record::CutoffsStated(CutoffsStated {
            stated_at: at,
            cutoffs: vec![
                CutoffStated { share: "top 10% by count of \"A\"", value: Some(-1 << 100) },
                CutoffStated { share: "top 10% by count of \"B\"", value: None },
            ],
        }),
        Record::RunRequested(RunRequested {
            journey: "welcome",
            identifier: identifier("ada@example.com"),
            requested_at: at,
            operator: "shop",
            data: properties.as_map(),
        }),
        Record::Tick,
    ]
    .into_iter()
    .chain(examples_of_sends())
    .collect()
}

fn examples_of_sends() -> Vec<Record<'static>> {
    let at = At(1_767_600_000_123);
    vec![
        Record::Attempted(Attempted { send: SendId(9), attempt: 2, attempted_at: at }),
        Record::Settled(Settled {
            send: SendId(9),
            attempt: 2,
            outcome: DeliveryOutcome::Unknown,
            settled_at: at,
            reply: "250 2.0.0 queued as 4F",
        }),
        Record::Returned(Returned {
            send: SendId(9),
            verdict: Verdict::Complaint,
            returned_at: at,
            reply: "abuse",
        }),
        Record::Viewed(Viewed { message: "letter", occurred_at: at }),
        Record::Engaged(Engaged {
            send: SendId(9),
            engagement: Engagement::Clicked,
            machine: true,
            occurred_at: at,
            url: "https://shop.example/a",
        }),
    ]
}

fn examples_of_searches() -> Vec<Record<'static>> {
    let cluster = |name: &str, centre| Cluster { name: name.to_owned(), sampled: 300, centre };
    let clusters = Clusters {
        seed: u64::MAX,
        people: 700_000,
        sampled: 20_000,
        fidelity_permyriad: 9_750,
        silhouette_permyriad: 6_000,
        clusters: vec![
            cluster("high-spent", vec![Some(i64::MIN), None]),
            cluster("rest", vec![None, Some(-1)]),
        ],
        tree: Tree::Fork {
            feature: 1,
            at: -5,
            below: Box::new(Tree::Leaf(1)),
            reached: Box::new(Tree::Leaf(0)),
        },
    };
    let too_few = Lack::TooFew { people: 300, different: 2, asked: 3 };
    let findings =
        [Finding::Found(clusters), Finding::NotFound(too_few), Finding::NotFound(Lack::Inseparable)];
    let stated = findings.map(|finding| ClustersStated {
        set: "shoppers",
        stated_at: At(1_767_600_000_123),
        question: "age: trait.age; of: did \"A\"",
        at_least: 3,
        at_most: 6,
        finding,
    });
    stated.map(Record::ClustersStated).to_vec()
}

fn all(properties: &OwnedMap) -> Vec<Record<'_>> {
    let more = examples_of_operators().into_iter().chain(examples_of_searches());
    let more = more.chain(examples_of_webhooks(properties)).chain(permissions()).chain(examples_of_spend());
    examples(properties).into_iter().chain(more).collect()
}

fn examples_of_operators() -> Vec<Record<'static>> {
    let at = At(1_767_600_000_123);
    vec![
        Record::OperatorActed(OperatorActed {
            acted_at: at,
            operator: "bea@bottega.example",
            role: "marketer",
            act: "profile.merge",
            subject: "",
            people: vec![identifier("eve@example.com"), identifier("ada@example.com")],
            before: "",
            after: r#"{"why":"one household"}"#,
        }),
        Record::OperatorActed(OperatorActed {
            acted_at: at,
            operator: "start",
            role: "server",
            act: "journey.pause",
            subject: "thanks",
            people: vec![],
            before: r#"{"state":"open"}"#,
            after: "",
        }),
        Record::ProfilesMerged(ProfilesMerged {
            from: identifier("eve@example.com"),
            into: identifier("ada@example.com"),
            merged_at: at,
            operator: "admin",
        }),
        Record::MergeUndone(MergeUndone { merge: MergeId(300), undone_at: at, operator: "admin" }),
        Record::IdentifierLifted(IdentifierLifted {
            identifier: identifier("till@example.com"),
            lifted_at: at,
            operator: "admin",
        }),
        Record::ProfileErased(ProfileErased { profile: ProfileId(300), erased_at: at, operator: "admin" }),
        Record::LogRedacted(LogRedacted { to: Seq(1 << 40), redacted_at: at }),
        Record::Commanded(Commanded {
            what: Commandable::Broadcast,
            name: "spring",
            command: Command::Cancel,
            commanded_at: At(-1),
            operator: "admin",
        }),
        Record::CodesAdded(CodesAdded {
            offer: "gift",
            added_at: at,
            operator: "admin",
            codes: vec!["X-1", "X-2", ""],
        }),
        Record::OfferRedeemed(OfferRedeemed {
            offer: "gift",
            identifier: Some(identifier("ada@example.com")),
            redeemed_at: at,
            operator: "till",
            code: "",
        }),
        Record::OfferRedeemed(OfferRedeemed {
            offer: "gift",
            identifier: None,
            redeemed_at: at,
            operator: "till",
            code: "7K3M-0QPX-91ZD",
        }),
        Record::OfferNoted(OfferNoted {
            offer: "gift",
            identifier: identifier("ada@example.com"),
            phase: OfferPhase::Clicked,
            place: "home",
            noted_at: at,
            operator: "site",
        }),
    ]
}

fn examples_of_spend() -> Vec<Record<'static>> {
    let at = At(1_767_600_000_123);
    let counts = SpendCounts { impressions: Some(0), clicks: Some(17), reach: None, minutes: Some(90) };
    let spend = SpendRecorded {
        key: "google-ads/2026-01-05/autumn-oil",
        campaign: "autumn-oil",
        channel: "paid-search",
        kind: CostKind::People,
        from: Day(20_458),
        until: Day(20_460),
        millionths: 12_345_678,
        currency: "EUR",
        counts,
        source: "ads.csv",
        recorded_at: at,
        operator: "admin",
    };
    let refund = SpendRecorded {
        campaign: "",
        millionths: -1,
        from: Day(-1),
        until: Day(-1),
        counts: SpendCounts::default(),
        ..spend
    };
    let flight = FlightRecorded {
        key: "spot-7",
        campaign: "autumn-oil",
        medium: Medium::Call,
        place: "Radio Arno",
        from: at,
        until: At(at.0 + 30_000),
        millionths: 250_000_000,
        currency: "EUR",
        contacts: Some(41_000),
        pieces: None,
        codes: vec!["ARNO10", "OLIO"],
        source: "",
        recorded_at: at,
        operator: "admin",
    };
    let report = ReportSent {
        report: "weekly",
        due_at: at,
        progress: ReportProgress::Failed,
        told_at: At(at.0 + 900),
        taken: 2,
    };
    let others = [Record::FlightRecorded(flight), Record::ReportSent(report)];
    [spend, refund].map(Record::SpendRecorded).into_iter().chain(others).collect()
}

fn examples_of_webhooks(answer: &OwnedMap) -> Vec<Record<'_>> {
    let at = At(1_767_600_000_123);
    let delivery = Delivery { seq: Seq(1 << 40), place: 7 };
    let attempt = WebhookAttempt {
        attempt: 3,
        outcome: WebhookOutcome::Refused,
        status: 422,
        ended_at: at,
        took_ms: 1_200,
        not_before: At(0),
        reason: "Unprocessable",
    };
    vec![
        Record::WebhookDelivered(WebhookDelivered { webhook: "erp", delivery, attempt }),
        Record::WebhookAnswered(WebhookAnswered {
            profile: ProfileId(300),
            run: 9,
            asked: Seq(300),
            attempt,
            answer: answer.as_map(),
        }),
        Record::WebhookFollowed(WebhookFollowed { webhook: "erp", to: Seq(300), followed_at: at }),
        Record::DeliveryRequested(DeliveryRequested {
            webhook: "erp",
            delivery,
            requested_at: at,
            operator: "admin",
        }),
    ]
}

fn bytes(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

#[test]
fn every_kind_comes_back_as_it_went_in() {
    let properties = OwnedMap::from_json(&json!({"total": 19.9, "products": [{"sku": "A"}]})).unwrap();
    for record in all(&properties) {
        let encoded = bytes(&record);
        let decoded = Record::decode(&encoded).unwrap_or_else(|error| panic!("{record:?}: {error}"));
        assert_eq!(format!("{decoded:?}"), format!("{record:?}"));
        assert_eq!(bytes(&decoded), encoded);
    }
}

#[test]
fn torn_or_longer_bytes_are_refused() {
    let properties = OwnedMap::from_json(&json!({"total": 19.9})).unwrap();
    for record in all(&properties) {
        let encoded = bytes(&record);
        for cut in 0..encoded.len() {
            assert!(Record::decode(&encoded[..cut]).is_err(), "{record:?} cut at {cut}");
        }
        let mut longer = encoded.clone();
        longer.push(0);
        assert!(Record::decode(&longer).is_err(), "{record:?} with a byte too many");
    }
}

#[test]
fn a_newer_version_is_named_and_not_guessed() {
    let mut encoded = bytes(&Record::Tick);
    encoded[0] = VERSION + 1;
    assert_eq!(Record::decode(&encoded).unwrap_err(), Malformed::Version(VERSION + 1));
    let mut sealed = bytes(&Record::Tick);
    *sealed.last_mut().unwrap() = 1;
    assert_eq!(Record::decode(&sealed).unwrap_err(), Malformed::Sealed);
}

#[test]
fn what_stays_of_a_record_names_nobody() {
    let properties = OwnedMap::from_json(&json!({"total": 19.9, "name": "Ada"})).unwrap();
    for record in examples(&properties)
        .into_iter()
        .chain(examples_of_operators())
        .chain(examples_of_webhooks(&properties))
        .chain(permissions())
    {
        let mut erased = Vec::new();
        record.encode_erased(&mut erased);
        assert_eq!(Record::decode(&erased).unwrap_err(), Malformed::Sealed);
        let personal =
            ["ada@", "eve@", "Ada", "m-1", "asked by phone", "4F", "/newsletter", "shop.example", "neither"];
        let text = String::from_utf8_lossy(&erased);
        assert!(personal.iter().all(|word| !text.contains(word)), "{text}");
        let hashes = ["ada@example.com", "eve@example.com", "till@example.com"]
            .map(|one| identifier(one).hash.0.to_le_bytes());
        assert!(hashes.iter().all(|hash| !erased.windows(16).any(|window| window == hash)), "{record:?}");
        let event = matches!(record, Record::Event(_));
        assert!(!event || !erased.windows(16).any(|window| window == 77_u128.to_le_bytes()));
    }
}

#[test]
fn an_engine_refuses_a_log_that_does_not_begin_with_its_installation() {
    use engine::engine::{Engine, Outcome, Refusal};
    let mut engine = Engine::new();
    let outcome = engine.apply(Seq(1), At(0), &Record::Tick, &mut Vec::new());
    assert_eq!(outcome, Outcome::Refused(Refusal::NotInstalled));
    assert_eq!(engine.seq(), Seq(0), "a refused record takes no place");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(random in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..64) {
        let mut framed = vec![VERSION, kind];
        framed.extend(random);
        if let Ok(record) = Record::decode(&framed) {
            // Texts and maps inside must be walkable to their end.
            let _ = format!("{record:?}");
        }
    }

    #[test]
    fn any_text_comes_back(name in ".{0,40}", payload in ".{0,80}") {
        let record = Record::Rejected(Rejected {
            received_at: At(0), source: &name, code: "c", field: "f", message: &payload, payload: &payload,
        });
        let encoded = bytes(&record);
        prop_assert_eq!(format!("{:?}", Record::decode(&encoded).unwrap()), format!("{record:?}"));
    }
}
