//! `trama simulate` as a shell runs it, over a week of a shop whose log lies in a real directory.

use engine::SendId;
use engine::at::{At, Span};
use engine::effect::Effect;
use engine::engine::Engine;
use engine::identifier::{HashKey, IdentifierKind};
use engine::record::{
    Attempted, ConsentSource, ConsentStated, DeliveryOutcome, Engaged, Engagement, Event, EventFlags,
    EventKind, Identifier, Installed, ProfilesMerged, ProgrammeApplied, Record, Settled, Subject,
};
use engine::value::Map;
use eventlog::frame::push_record;
use eventlog::log::Log;
use eventlog::recovery::recover;
use eventlog::sequencer::stage;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const KEY: HashKey = HashKey([9; 16]);

/// A shop's installation, with a clock and a mail provider that takes a while.
struct Shop {
    data: TempDir,
    log: SqliteLog,
    engine: Engine,
    now: At,
    messages: u64,
}

impl Shop {
    fn open(folder: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut log = SqliteLog::open(data.path()).unwrap();
        let mut snapshots = Snapshots::open(data.path()).unwrap();
        let installed = Installed { installation: 1, hash_key: KEY, seed: 3, link_key: [1; 32] };
        let now = at("2026-02-27T08:00:00Z");
        let engine = recover(&mut log, &mut snapshots, &installed, now).unwrap().engine;
        let mut shop = Self { data, log, engine, now, messages: 0 };
        shop.apply(folder);
        shop
    }

    fn apply(&mut self, folder: &Path) {
        let (programme, _) = server::programme::load(folder).unwrap();
        let definition = &serde_json::to_string(&programme).unwrap();
        let applied_at = self.now;
        self.take(&Record::ProgrammeApplied(ProgrammeApplied { applied_at, operator: "lina", definition }));
    }

    /// Appends what a record brings, and has the provider answer what follows, each some seconds later.
    fn take(&mut self, record: &Record<'_>) {
        let (mut bytes, mut body) = (Vec::new(), Vec::new());
        record.encode(&mut bytes);
        push_record(&mut body, &bytes);
        self.stage(&[&body]);
    }

    fn stage(&mut self, submissions: &[&[u8]]) {
        let staged = stage(&mut self.engine, self.now, submissions);
        let outcomes = staged.outcomes.iter().flatten();
        outcomes.for_each(|one| assert!(matches!(one, eventlog::sequencer::Outcome::Applied(_)), "{one:?}"));
        self.log.append(&staged.batches).unwrap();
        for effect in staged.effects {
            self.now = self.now.plus(Span::SECOND);
            match effect {
                Effect::Prepare(prepare) => self.take(&Record::Attempted(Attempted {
                    send: prepare.send,
                    attempt: prepare.attempt,
                    attempted_at: self.now,
                })),
                Effect::HandOver { send, attempt } => self.take(&Record::Settled(Settled {
                    send,
                    attempt,
                    outcome: DeliveryOutcome::Accepted,
                    settled_at: self.now,
                    reply: "250 taken",
                })),
                Effect::Release { .. } | Effect::Call { .. } => {}
            }
        }
    }

    /// Time passes as it does on a server: what is due happens a little late.
    fn until(&mut self, time: &str) {
        let until = at(time);
        while let Some(due) = self.engine.next_due().filter(|due| *due < until) {
            self.now = self.now.max(due.plus(Span(7)));
            self.stage(&[]);
        }
        self.now = until;
    }

    fn does(&mut self, time: &str, user: &str, name: &str) {
        self.until(time);
        self.messages += 1;
        let (message_id_text, email) = (&*self.messages.to_string(), &*format!("{user}@example.com"));
        let named = |kind, value| Identifier { kind, hash: KEY.identifier(kind, value), value };
        let identifiers = vec![named(IdentifierKind::UserId, user), named(IdentifierKind::Email, email)];
        self.take(&Record::Event(Event {
            kind: EventKind::Track,
            flags: EventFlags::default(),
            occurred_at: self.now,
            received_at: self.now,
            source: "shop",
            name,
            message_id: KEY.message_id("shop", message_id_text),
            identifiers,
            message_id_text,
            properties: Map::default(),
            traits: Map::default(),
            context: Map::default(),
        }));
    }

    fn consents(&mut self, subject: Subject<'_>, granted: bool) {
        let stated_at = self.now;
        let source = if granted { ConsentSource::Api } else { ConsentSource::UnsubscribePage };
        let (purpose, channel, wording, proof) = ("offers", "email", "v1", "");
        self.take(&Record::ConsentStated(ConsentStated {
            subject,
            purpose,
            channel,
            granted,
            source,
            stated_at,
            wording,
            language: "",
            proof,
        }));
    }

    /// An operator says that two are one person.
    fn merges(&mut self, from: &str, into: &str) {
        let named = |value| {
            let kind = IdentifierKind::UserId;
            Identifier { kind, hash: KEY.identifier(kind, value), value }
        };
        let (from, into, merged_at) = (named(from), named(into), self.now);
        self.take(&Record::ProfilesMerged(ProfilesMerged { from, into, merged_at, operator: "lina" }));
    }

    fn newest_send(&self) -> SendId {
        self.engine.sends().next_back().unwrap().id
    }

    /// Ada puts something into her cart three times and has enough, Bob three times and clicks once, Eve once and allowed
    /// nothing.
    fn week(folder: &Path) -> Self {
        let mut shop = Self::open(folder);
        for user in ["ada", "bob"] {
            shop.does("2026-02-28T09:00:00Z", user, "Seen");
            let (kind, value) = (IdentifierKind::UserId, user);
            let hash = KEY.identifier(kind, value);
            shop.consents(Subject::Identifier(Identifier { kind, hash, value }), true);
        }
        shop.does("2026-03-02T09:00:00Z", "ada", "Product Added");
        shop.does("2026-03-02T09:30:00Z", "eve", "Product Added");
        shop.does("2026-03-02T10:00:00Z", "bob", "Product Added");
        shop.until("2026-03-02T11:30:00Z");
        let (send, engagement, machine) = (shop.newest_send(), Engagement::Clicked, false);
        let (occurred_at, url) = (shop.now, "https://shop.example/cart");
        shop.take(&Record::Engaged(Engaged { send, engagement, machine, occurred_at, url }));
        shop.does("2026-03-03T09:30:00Z", "ada", "Product Added");
        shop.does("2026-03-03T13:00:00Z", "ada", "Product Added");
        shop.until("2026-03-03T14:30:00Z");
        shop.consents(Subject::Send(shop.newest_send()), false);
        shop.does("2026-03-04T10:00:00Z", "bob", "Product Added");
        shop.does("2026-03-04T12:30:00Z", "bob", "Product Added");
        shop.does("2026-03-06T12:00:00Z", "eve", "Seen");
        shop
    }

    fn simulate(&self, folder: &Path, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command.arg("simulate").arg(folder).arg("--data").arg(self.data.path()).args(more).env_clear();
        command.output().unwrap()
    }

    fn report(&self, folder: &Path, more: &[&str]) -> Value {
        let output = self.simulate(folder, &[more, &["--json"]].concat());
        assert!(output.status.success(), "{}", told(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        adds_up(&report["was"]);
        adds_up(&report["would"]);
        report
    }
}

fn at(time: &str) -> At {
    At::parse(time).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Who entered has finished, left or is inside; what was wished for was sent, dropped or waits; each has its day.
fn adds_up(side: &Value) {
    let sum = |values: &Value| -> u64 {
        values.as_object().unwrap().values().map(|one| one.as_u64().unwrap()).sum()
    };
    let number =
        |of: &Value, names: &[&str]| -> u64 { names.iter().map(|name| of[*name].as_u64().unwrap()).sum() };
    for journey in side["journeys"].as_object().unwrap().values() {
        let gone = number(journey, &["finished", "exited", "ended", "inside"]);
        assert_eq!(number(journey, &["entered"]), gone, "{journey}");
        assert_eq!(sum(&journey["entered_by_day"]), gone, "{journey}");
    }
    for message in side["messages"].as_object().unwrap().values() {
        let decided = number(message, &["sent", "waiting"]) + sum(&message["dropped"]);
        assert_eq!(number(message, &["wished", "carried"]), decided, "{message}");
        let by_day: u64 = message["sent_by_day"].as_object().unwrap().values().map(sum).sum();
        assert_eq!(number(message, &["sent"]), by_day, "{message}");
    }
}

/// A programme that asks after a while whether a cart was forgotten.
fn programme(wait: &str, policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let purpose = "purposes:\n  offers: { title: { en: Offers }, channels: [email], opt_in: single }\n";
    write(
        "programme.yaml",
        &format!("programme: shop\ntimezone: Europe/Rome\nlanguages: [en]\n{purpose}{policy}"),
    );
    write("segments.yaml", "segments:\n  fresh: did \"Product Added\" within 3 days\n");
    write(
        "journeys/cart.yaml",
        &format!(
            "journey: cart\npurpose: offers\nenter: did \"Product Added\"\nreenter: always\n\
             steps:\n  - wait: {wait}\n  - send: cart\n"
        ),
    );
    write(
        "messages/cart/message.yaml",
        "message: cart\npatience: 6 hours\nemail: { from: shop@shop.example, subject: Your cart }\n",
    );
    write("messages/cart/email.en.txt", "It waits for you.\n\n{{ unsubscribe_url }}\n");
    folder
}

const ONE_A_DAY: &str = "contact_policy:\n  caps: [{ at most: 1, within: 1 day }]\n";

#[test]
fn the_programme_that_was_live_gives_what_was() {
    let folder = programme("1 hour", "");
    let shop = Shop::week(folder.path());
    let report = shop.report(folder.path(), &["--from", "2026-03-01"]);
    assert_eq!(report["was"], report["would"]);
    assert_eq!(report["changes"], json!([]));
    assert_eq!(report["left_out"], json!({"programmes": 0, "reactions": 0, "returns": 0, "refused": 0}));
    let cart = &report["was"]["messages"]["cart"];
    assert_eq!((&cart["wished"], &cart["sent"]), (&json!(7), &json!(6)));
    assert_eq!(cart["dropped"], json!({"no_consent": 1}));
    let days = json!({"email": {"2026-03-02": 2, "2026-03-03": 2, "2026-03-04": 2}});
    assert_eq!(cart["sent_by_day"], days);
    assert_eq!(report["was"]["busiest_week"], json!({"3": 2}));
    assert_eq!(report["was"]["segments"], json!({"fresh": 2}));

    // In the middle of a wait: the run of before goes on, and is none of the window's.
    let half =
        shop.report(folder.path(), &["--from", "2026-03-03T13:30:00Z", "--to", "2026-03-04T12:45:00Z"]);
    assert_eq!(half["was"], half["would"]);
    assert_eq!(half["was"]["journeys"]["cart"]["entered"], 2);
    assert_eq!(half["was"]["messages"]["cart"]["wished"], 2);
}

#[test]
fn another_programme_sends_less_and_says_why() {
    let folder = programme("1 hour", "");
    let shop = Shop::week(folder.path());
    let other = programme("2 hours", ONE_A_DAY);
    let before = (shop.log.last(), std::fs::read_dir(shop.data.path()).unwrap().count());
    let report = shop.report(other.path(), &["--from", "2026-03-01", "--people"]);
    assert_eq!((shop.log.last(), std::fs::read_dir(shop.data.path()).unwrap().count()), before);
    let cart = &report["would"]["messages"]["cart"];
    // Ada withdrew by the link of a message that she would not have got: it is her word all the same.
    assert_eq!(cart["dropped"], json!({"no_consent": 1, "consent_withdrawn": 1, "frequency_cap": 1}));
    assert_eq!((&cart["wished"], &cart["sent"]), (&json!(7), &json!(4)));
    assert_eq!(report["changes"], json!([{"was": 3, "would": 2, "people": 2}]));
    assert_eq!(
        report["would"]["held_back"],
        json!({"no_consent": 1, "consent_withdrawn": 1, "frequency_cap": 1})
    );
    // Bob clicked half an hour before he would have got the message.
    assert_eq!(report["left_out"]["reactions"], 1);
    let people: Vec<&str> =
        report["people"].as_array().unwrap().iter().map(|one| one["person"].as_str().unwrap()).collect();
    assert_eq!(people, ["user_id:ada", "user_id:bob"]);
    let bob = &report["people"][1]["would"];
    assert_eq!(bob[0]["sent_at"], "2026-03-02T12:00:00.000Z", "at the very instant: {bob}");
    assert_eq!(bob[0]["since"], "came in at 2026-03-02T10:00:00.000Z by: did \"Product Added\"");
    let capped = "The person got as many messages as the contact policy allows.";
    assert_eq!((&bob[2]["sent_at"], &bob[2]["reason"]), (&Value::Null, &json!(capped)), "{bob}");

    let output = shop.simulate(other.path(), &["--from", "2026-03-01"]);
    let text = told(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("2 people who got 3 would have got 2\n"), "{text}");
    assert!(text.contains("dropped, frequency_cap: 1 (0)\n") && !text.contains("user_id:"), "{text}");
}

#[test]
fn a_click_counts_where_the_same_message_went_out_within_a_day() {
    let folder = programme("1 hour", "");
    let shop = Shop::week(folder.path());
    let sooner = programme("10 minutes", "");
    let report = shop.report(sooner.path(), &["--from", "2026-03-01"]);
    assert_eq!(report["left_out"]["reactions"], 0);
    assert_eq!(report["would"]["messages"]["cart"]["sent"], 6);
    assert_eq!(report["changes"], json!([]));
}

#[test]
fn what_cannot_be_told_is_refused_with_a_way_out() {
    let folder = programme("1 hour", "");
    let mut shop = Shop::week(folder.path());
    let refused = |shop: &Shop, folder: &Path, more: &[&str], what: &str| {
        let output = shop.simulate(folder, more);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains(what), "{}", told(&output));
    };
    refused(&shop, folder.path(), &["--from", "2026-04-01"], "is not before the end of the log");
    refused(
        &shop,
        folder.path(),
        &["--from", "2026-01-01"],
        "--from must lie after the first record of the log",
    );
    refused(
        &shop,
        folder.path(),
        &["--from", "2026-03-01", "--to", "2027-01-01"],
        "is after the end of the log",
    );
    refused(&shop, folder.path(), &["--from", "2026-03-02", "--to", "2026-03-01"], "is not after 2026-03-02");
    refused(&shop, folder.path(), &["--from", "monday"], "write a day as 2026-01-31");
    let wrong = programme("1 fortnight", "");
    refused(&shop, wrong.path(), &["--from", "2026-03-01"], "journeys/cart.yaml:6:");

    let end = shop.engine.seq();
    Snapshots::open(shop.data.path()).unwrap().write(shop.engine.sections()).unwrap();
    shop.does("2026-03-07T12:00:00Z", "eve", "Seen");
    shop.log.trim(end).unwrap();
    refused(&shop, folder.path(), &["--from", "2026-03-02"], "the log was trimmed; choose a later one");
}

/// With an exit, a goal, a holdout, a broadcast and hours in which messages wait.
fn rich(journey: &str, more: &str) -> TempDir {
    let folder = programme("1 hour", more);
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let cart = "journey: cart\npurpose: offers\nenter: did \"Product Added\"\nreenter: always\n\
                exit: did \"Order Completed\"\ngoal: { did: did \"Order Completed\", within: 3 days }\n";
    write("journeys/cart.yaml", &format!("{cart}{journey}steps:\n  - wait: 1 hour\n  - send: cart\n"));
    let held =
        "journey: held\npurpose: offers\nenter: did \"Product Added\"\nreenter: always\nholdout: 100%\n";
    write("journeys/held.yaml", &format!("{held}steps:\n  - send: cart\n"));
    let news = "broadcast: news\nmessage: news\npurpose: offers\nto: did \"Seen\"\nat: 2026-03-06 09:00\n";
    write("broadcasts/news.yaml", news);
    write("messages/news/message.yaml", "message: news\nemail: { from: shop@shop.example, subject: News }\n");
    write("messages/news/email.en.txt", "News.\n\n{{ unsubscribe_url }}\n");
    folder
}

const AROUND_NOON: &str = "contact_policy:\n  quiet_hours: { from: \"11:00\", to: \"15:00\" }\n";

/// Ada's first message waits over noon, and that is where the window begins; Bob buys what he put into his cart; Yan is two
/// people until an operator says otherwise.
fn fortnight(folder: &Path) -> Shop {
    let mut shop = Shop::open(folder);
    for user in ["ada", "bob", "zoe", "yan", "jan"] {
        if user != "jan" {
            shop.does("2026-02-28T09:00:00Z", user, "Seen");
        } else {
            shop.does("2026-02-28T09:00:00Z", user, "Came");
        }
        let (kind, value) = (IdentifierKind::UserId, user);
        let hash = KEY.identifier(kind, value);
        shop.consents(Subject::Identifier(Identifier { kind, hash, value }), true);
    }
    shop.does("2026-03-02T09:30:00Z", "ada", "Product Added");
    shop.does("2026-03-03T08:00:00Z", "bob", "Product Added");
    shop.does("2026-03-03T08:30:00Z", "bob", "Order Completed");
    // Where the shop is, it is the day after already.
    shop.does("2026-03-03T23:30:00Z", "ada", "Product Added");
    for (day, yan) in [(4, "yan"), (5, "yan"), (6, "jan"), (7, "jan"), (8, "jan")] {
        shop.does(&format!("2026-03-{day:02}T07:00:00Z"), "zoe", "Product Added");
        shop.does(&format!("2026-03-{day:02}T07:01:00Z"), yan, "Product Added");
        if day == 5 {
            shop.does("2026-03-05T10:30:00Z", "ada", "Product Added");
        }
    }
    shop.until("2026-03-09T08:00:00Z");
    shop.merges("jan", "yan");
    shop.does("2026-03-12T09:00:00Z", "ada", "Product Added");
    shop.does("2026-03-13T12:00:00Z", "eve", "Seen");
    shop
}

#[test]
fn every_figure_is_counted_where_it_belongs() {
    let folder = rich("", AROUND_NOON);
    let shop = fortnight(folder.path());
    let report = shop.report(folder.path(), &["--from", "2026-03-02T12:00:00Z"]);
    assert_eq!(report["was"], report["would"]);
    let was = &report["was"];
    let cart = &was["journeys"]["cart"];
    let figures = ["entered", "finished", "exited", "ended", "inside", "held_out", "reached_goal"];
    let of = |journey: &Value| figures.map(|name| journey[name].as_u64().unwrap());
    assert_eq!(of(cart), [14, 13, 1, 0, 0, 0, 1]);
    let held = of(&was["journeys"]["held"]);
    assert_eq!((held[0], held[5]), (14, 14), "{held:?}");
    let days = json!({"2026-03-03": 1, "2026-03-04": 3, "2026-03-05": 3, "2026-03-06": 2, "2026-03-07": 2,
                      "2026-03-08": 2, "2026-03-12": 1});
    assert_eq!(cart["entered_by_day"], days, "as days are where the programme is");
    assert_eq!(of(&was["broadcasts"]["news"])[0], 4);
    assert_eq!(was["journeys"].as_object().unwrap().len(), 2, "a broadcast is no journey");
    let sends = &was["messages"]["cart"];
    assert_eq!((&sends["wished"], &sends["carried"], &sends["sent"]), (&json!(27), &json!(1), &json!(14)));
    assert_eq!(
        (&sends["dropped"], &sends["deferred"]),
        (&json!({"holdout": 14}), &json!({"quiet_hours": 2}))
    );
    assert_eq!(was["held_back"], json!({"holdout": 4, "quiet_hours": 1}));
    // Ada got four in the first week and one in the second; Yan's are counted as one person's.
    assert_eq!(was["busiest_week"], json!({"1": 1, "4": 1, "6": 2}));

    // What happened at the very instant of the window's beginning was before it.
    let later = shop.report(folder.path(), &["--from", "2026-03-03T08:00:00Z"]);
    assert_eq!(later["was"]["journeys"]["cart"]["entered"], 13);
}

#[test]
fn those_are_named_for_whom_it_makes_most_difference() {
    let folder = rich("", AROUND_NOON);
    let shop = fortnight(folder.path());
    let nobody = rich("for: did \"Won\"\n", AROUND_NOON);
    let report = shop.report(nobody.path(), &["--from", "2026-03-02T12:00:00Z", "--people", "1"]);
    let two = json!({"was": 6, "would": 1, "people": 2});
    assert_eq!(report["changes"], json!([two, {"was": 5, "would": 2, "people": 1}]), "most people first");
    let people = report["people"].as_array().unwrap();
    assert_eq!((people.len(), &people[0]["person"]), (1, &json!("user_id:zoe")));
    let news = people[0]["would"].as_array().unwrap().iter().find(|one| one["message"] == "news").unwrap();
    let since = news["since"].as_str().unwrap();
    assert!(
        since.starts_with("came in at 2026-03-06T08:00:00") && since.ends_with("by: did \"Seen\""),
        "{since}"
    );

    let clusters = "clusters:\n  shoppers:\n    features: { orders: count of \"Product Added\", idle: days since \"Seen\" }\n    \
                    of: did \"Seen\"\n    count: 2 to 3\n    refresh: weekly\n";
    std::fs::write(nobody.path().join("clusters.yaml"), clusters).unwrap();
    let others =
        rich("for: did \"Won\"\n", &format!("{AROUND_NOON}identity: {{ limits: {{ email: 3 }} }}\n"));
    for (other, limit) in [
        (nobody.path(), "nobody looked for the clusters shoppers"),
        (others.path(), "tells people apart by other rules"),
    ] {
        let report = shop.report(other, &["--from", "2026-03-02T12:00:00Z"]);
        let limits = report["limits"].as_array().unwrap();
        assert!(limits.iter().any(|one| one.as_str().unwrap().contains(limit)), "{limits:?}");
        assert_eq!(report["changes"].as_array().unwrap().is_empty(), other == others.path());
    }
}
