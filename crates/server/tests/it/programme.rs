//! Reading a programme's folder: a whole one comes out as written, and each mistake has its file, line and column.

mod best;
mod campaigns;
mod channels;
mod contact;
mod editorial;
mod hosted;
mod offers;
mod targets;

use engine::at::Span;
use engine::programme::{
    Arm, Channel, Choices, ClusterSet, OpenTracking, OptIn, Purchase, Reenter, Refresh, Step,
};
use server::programme::{Severity, check, load};
use std::path::PathBuf;

const PROGRAMME: &str = "\
programme: bottega
timezone: Europe/Rome
languages: [it, en]
tracking: { opens: anonymous, clicks: false }
purchase: { event: Bought, amount: price.paid }
purposes:
  offers: { title: { it: Offerte, en: Offers }, channels: [email, push] }
  newsletter: { title: News, channels: email, opt_in: double, confirm: confirm-newsletter }
";
const SEGMENTS: &str = "\
segments:
  vip: 'did \"Order Completed\" with sum(total) > 500 within 365 days'
  loyal: { is: 'did \"Order Completed\" at least 3 times', record: changes }
";
const JOURNEY: &str = "\
journey: cart-reminder
purpose: offers
enter: did \"Product Added\"
reenter: after 7 days
exit: did \"Order Completed\"
goal: { did: 'did \"Order Completed\"', within: 3 days }
holdout: 10%
steps:
  - wait: 1 hour
  - send: cart-reminder
    channels: [push, email]
  - wait: { until: 'did \"Message Clicked\"', at most: 1 day }
  - branch:
      - if: in segment \"vip\"
        then: [{ send: cart-reminder }, exit]
      - else: []
";
const MESSAGE: &str = "\
message: cart-reminder
email:
  from: \"Bottega <ciao@bottega.example>\"
  subject: { it: \"Il carrello\", en: \"Your cart\" }
";

/// A folder of its own for one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("trama-programme-{}-{test}", std::process::id()));
        for (path, text) in files {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    /// What `trama check` finds, as `file:line:column severity: message (suggestion)`, files as seen from the folder.
    fn findings(&self) -> Vec<String> {
        let told = check(&self.0).findings.into_iter().map(|finding| {
            let file = finding.file.strip_prefix(&self.0).unwrap().display().to_string();
            let suggestion = finding.suggestion.map(|text| format!(" ({text})")).unwrap_or_default();
            let (line, column, severity) = (finding.line, finding.column, finding.severity.name());
            format!("{file}:{line}:{column} {severity}: {}{suggestion}", finding.message)
        });
        told.collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The files of a programme without a mistake.
fn whole() -> Vec<(&'static str, &'static str)> {
    let confirm = "message: confirm-newsletter\nemail: { from: ciao@bottega.example, subject: Confirm }\n";
    vec![
        ("programme.yaml", PROGRAMME),
        ("segments.yaml", SEGMENTS),
        ("journeys/cart.yaml", JOURNEY),
        ("messages/cart-reminder/message.yaml", MESSAGE),
        ("messages/cart-reminder/email.it.html", "<p>Ciao</p> <a href=\"{{ unsubscribe_url }}\">basta</a>"),
        ("messages/cart-reminder/email.en.txt", "Hello. Enough? {{ unsubscribe_url }}"),
        ("messages/confirm-newsletter/message.yaml", confirm),
        ("messages/confirm-newsletter/email.it.txt", "Conferma: {{ confirm_url }}"),
        ("messages/confirm-newsletter/email.en.txt", "Confirm: {{ confirm_url }}"),
    ]
}

/// A whole programme with one file replaced or added.
fn with(test: &str, path: &'static str, text: &'static str) -> Folder {
    let mut files = whole();
    files.retain(|(known, _)| *known != path);
    files.push((path, text));
    Folder::new(test, &files)
}

#[test]
fn a_whole_folder_comes_out_as_written() {
    let folder = Folder::new("whole", &whole());
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    assert_eq!((programme.name.as_str(), programme.timezone.as_str()), ("bottega", "Europe/Rome"));
    assert!(programme.tracking.opens == OpenTracking::Anonymous && !programme.tracking.clicks);
    assert_eq!(programme.purchase, Purchase { event: "Bought".to_owned(), amount: "price.paid".to_owned() });
    assert_eq!(programme.purposes["offers"].opt_in, OptIn::Single);
    assert_eq!(programme.purposes["newsletter"].title["en"], "News");
    assert_eq!(programme.purposes["newsletter"].channels, [Channel::Email]);
    assert!(programme.segments["vip"].starts_with("did \"Order Completed\" with"));
    assert_eq!(programme.segments["loyal"], "did \"Order Completed\" at least 3 times");
    assert_eq!(programme.recorded, ["loyal".to_owned()].into());
    let email = programme.messages["cart-reminder"].email.as_ref().unwrap();
    assert_eq!(email.subject["en"], "Your cart");
    assert!(email.templates["it"].html.as_ref().unwrap().starts_with("<p>Ciao"));
    assert!(email.templates["en"].text.is_some() && email.templates["en"].html.is_none());
    let journey = &programme.journeys["cart-reminder"];
    assert_eq!(journey.reenter, Reenter::After(Span::DAY.times(7)));
    assert_eq!(journey.holdout_permille, 100);
    assert_eq!(journey.goal.as_ref().unwrap().within, Span::DAY.times(3));
    let send = |channels: &[Channel]| Step::Send {
        message: "cart-reminder".into(),
        channels: channels.into(),
        choices: Choices::default(),
    };
    let until = "did \"Message Clicked\"".to_owned();
    let vip = Some("in segment \"vip\"".to_owned());
    let expected = [
        Step::Wait(Span::HOUR),
        send(&[Channel::Push, Channel::Email]),
        Step::WaitUntil { until, at_most: Span::DAY },
        Step::Branch(vec![
            Arm { when: vip, then: vec![send(&[]), Step::Exit] },
            Arm { when: None, then: Vec::new() },
        ]),
    ];
    assert_eq!(journey.steps, expected);
}

#[test]
fn each_mistake_has_its_place_and_a_way_out() {
    for (test, path, text, expected) in [
        (
            "unknown-field",
            "programme.yaml",
            "programme: x\nlangauges: [it]\n",
            vec![
                "programme.yaml:1:1 error: \"languages\" is missing (for example `languages: [it, en]`)",
                "programme.yaml:2:1 error: unknown field \"langauges\" (did you mean \"languages\"?)",
            ],
        ),
        (
            "zone",
            "programme.yaml",
            "programme: x\ntimezone: Europe/Roma\nlanguages: [it, english]\n",
            vec![
                "programme.yaml:2:11 error: unknown time zone \"Europe/Roma\" (did you mean Europe/Rome?)",
                "programme.yaml:3:17 error: \"english\" is no language code (for example `it`, `en` or `pt-BR`)",
            ],
        ),
        (
            "not-yaml",
            "segments.yaml",
            "segments:\n  vip: did: it\n",
            vec![
                "segments.yaml:2:11 error: this is not YAML: mapping values are not allowed in this context",
            ],
        ),
        (
            "twice",
            "segments.yaml",
            "segments:\n  vip: in segment \"x\"\n  vip: did \"X\"\n",
            vec!["segments.yaml:3:3 error: \"vip\" is written twice; the first is on line 2"],
        ),
        (
            "recorded",
            "segments.yaml",
            "segments:\n  vip: { is: 'did \"X\" adn did \"Y\"', record: chagnes }\n  old: { record: changes }\n\
             \x20 new: { is: did \"X\", recrod: changes }\n  list: [a]\n",
            vec![
                "segments.yaml:2:23 error: expected `and`, `or` or the end, found `adn` (did you mean `and`?)",
                "segments.yaml:2:45 error: \"chagnes\" is nothing that a segment records (write `changes`, or \
                 leave it out)",
                "segments.yaml:3:8 error: \"is\" is missing (for example `is: 'did \"Order Completed\"'`)",
                "segments.yaml:4:23 error: unknown field \"recrod\" (did you mean \"record\"?)",
                "segments.yaml:5:9 error: expected a text, and this is a list",
            ],
        ),
        (
            "language-of-a-template",
            "messages/cart-reminder/email.fr.html",
            "Bonjour",
            vec![
                "messages/cart-reminder/email.fr.html:1:1 error: the programme does not speak \"fr\" \
                 (the languages of the programme: it, en)",
            ],
        ),
        (
            "name-of-a-template",
            "messages/cart-reminder/cart.html",
            "Ciao",
            vec![
                "messages/cart-reminder/cart.html:1:1 error: this template belongs to no channel and language \
                 (call it email.<language>.html)",
            ],
        ),
        (
            "stray",
            "segment.yaml",
            "",
            vec!["segment.yaml:1:1 warning: this file is not read (did you mean segments.yaml?)"],
        ),
    ] {
        let mut found = with(test, path, text).findings();
        found.retain(|finding| finding.starts_with(&format!("{path}:")));
        assert_eq!(found, expected, "{test}");
    }
}

#[test]
fn sets_of_clusters_come_out_as_written() {
    let text = "\
clusters:
  shoppers:
    features: rfm
  readers:
    features:
      minutes: sum(minutes) of \"Article Read\" within 30 days
      age: trait.age
    of: in segment \"vip\"
    count: 3 to 5
    refresh: daily
  few: { features: { age: trait.age }, count: 4 }
";
    let folder = with("clusters", "clusters.yaml", text);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let features = |features: &[(&str, &str)]| {
        features.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let usual = ClusterSet::default();
    let rfm = [
        ("idle", "days since \"Bought\""),
        ("orders", "count of \"Bought\""),
        ("spent", "sum(price.paid) of \"Bought\""),
    ];
    let age = ("age", "trait.age");
    let minutes = ("minutes", "sum(minutes) of \"Article Read\" within 30 days");
    let expected = [
        ("few", ClusterSet { features: features(&[age]), at_least: 4, at_most: 4, ..usual.clone() }),
        (
            "readers",
            ClusterSet {
                features: features(&[age, minutes]),
                of: Some("in segment \"vip\"".to_owned()),
                at_least: 3,
                at_most: 5,
                refresh: Refresh::Daily,
            },
        ),
        ("shoppers", ClusterSet { features: features(&rfm), ..usual }),
    ];
    assert_eq!(programme.clusters, expected.map(|(name, set)| (name.to_owned(), set)).into());
}

#[test]
fn a_set_of_clusters_tells_all_its_mistakes_in_one_go() {
    let text = "\
clusters:
  Shoppers:
    features: rfn
    count: many
    refresh: hourly
    among: everybody
  readers:
    features: { age: trait.age > 3, minutes: [30] }
    of: in segment \"shopers/x\"
    count: 1 to 20
  empty: {}
";
    let expected = [
        "clusters.yaml:2:3 error: \"Shoppers\" is no name: use lower-case letters, digits, - and _ (for example `shoppers`)",
        "clusters.yaml:3:15 error: \"rfn\" is no group of features (write `rfm`, or a group such as `{ orders: count of \"Order Completed\" }`)",
        "clusters.yaml:4:12 error: \"many\" is no number of clusters (for example `count: 4` or `count: 3 to 6`)",
        "clusters.yaml:5:14 error: \"hourly\" is no time at which clusters are looked for (write daily or weekly)",
        "clusters.yaml:6:5 error: unknown field \"among\" (known here: features, of, count, refresh)",
        "clusters.yaml:8:32 error: expected the end, found `>`",
        "clusters.yaml:8:46 error: expected a text, and this is a list",
        "clusters.yaml:9:20 error: there is no set of clusters \"shopers\" (did you mean \"Shoppers\"?)",
        "clusters.yaml:10:12 error: people are told apart in 2 to 12 clusters (for example `count: 4` or `count: 3 to 6`)",
        "clusters.yaml:11:10 error: \"features\" is missing (for example `features: rfm`)",
    ];
    assert_eq!(with("clusters-wrong", "clusters.yaml", text).findings(), expected);
}

#[test]
fn a_journey_tells_all_its_mistakes_in_one_go() {
    let journey = "\
journey: Cart Reminder
purpose: offers
enter: [a list]
reenter: sometimes
goal: { did: 'did \"X\"' }
holdout: 10.25%
steps:
  - wait: a while
  - sned: cart-reminder
  - send: cart-reminder
    wait: 1 hour
  - wait: 1 day
    channels: [email]
  - send: cart-reminder
    channels: [emial, email, email]
  - branch:
      - else: [exit]
      - if: in segment \"vip\"
  - stop
";
    let folder = with("journey", "journeys/cart.yaml", journey);
    let expected = [
        "1:10 error: \"Cart Reminder\" is no name: use lower-case letters, digits, - and _ (for example \
         `cart-reminder`)",
        "3:8 error: expected a text, and this is a list",
        "4:10 error: \"sometimes\" does not say when somebody may enter again (write `always`, `never` or, for \
         example, `after 7 days`)",
        "5:7 error: \"within\" is missing (for example `within: 3 days`)",
        "6:10 error: \"10.25%\" is no share of people (write a percentage with at most one decimal, for example \
         `10%`)",
        "8:11 error: \"a while\" is not a length of time (for example `3 days` or `90 minutes`)",
        "9:5 error: unknown field \"sned\" (did you mean \"send\"?)",
        "10:5 error: expected exactly one thing to do in a step (a step is one of: wait, send, branch, split, update, \
         start, webhook, offer, exit)",
        "13:5 error: only a send has channels",
        "15:16 error: unknown channel \"emial\" (did you mean email?)",
        "15:30 error: email is named twice",
        "18:9 error: \"then\" is missing (for example `then: [{ send: vip-offer }]`)",
        "19:5 error: \"stop\" is no step",
    ];
    let expected: Vec<String> = expected.iter().map(|line| format!("journeys/cart.yaml:{line}")).collect();
    let mut found = folder.findings();
    found.retain(|finding| finding.starts_with("journeys/cart.yaml:"));
    assert_eq!(found, expected);
}

#[test]
fn a_folder_without_a_programme_says_so() {
    let folder = Folder::new("empty", &[("readme.txt", "")]);
    let findings = check(&folder.0).findings;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].severity, Severity::Error);
    assert!(
        findings[0].to_string().contains("programme.yaml:1:1: error: there is no such file"),
        "{}",
        findings[0]
    );
}

#[test]
fn mistakes_in_meaning_are_found_in_their_files() {
    let journey = "\
journey: cart-reminder
purpose: ofers
enter: did \"Product Added
exit: >-
  did \"Order Completed\"
  and in segment \"vpi\"
steps:
  - send: cart-remainder
  - exit
  - send: cart-reminder
";
    let folder = with("meaning", "journeys/cart.yaml", journey);
    let found = folder.findings();
    let starts = [
        "journeys/cart.yaml:2:10 error: there is no purpose \"ofers\" (did you mean \"offers\"?)",
        "journeys/cart.yaml:3:",
        "journeys/cart.yaml:6:18 error: there is no segment \"vpi\" (did you mean \"vip\"?)",
        "journeys/cart.yaml:8:11 error: there is no message \"cart-remainder\" (did you mean \"cart-reminder\"?)",
        "journeys/cart.yaml:9:5 error: no step after this one is ever reached",
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (finding, start) in found.iter().zip(starts) {
        assert!(finding.starts_with(start), "{finding}\n{start}");
    }
}

#[test]
fn mistakes_in_templates_are_found_in_their_files() {
    let message = "\
message: cart-reminder
email:
  from: ciao@bottega.example
  subject: { it: \"Ciao {{ profile.name | upcas }}\" }
";
    let mut files = whole();
    files.retain(|(path, _)| !path.starts_with("messages/cart-reminder/"));
    files.push(("messages/cart-reminder/message.yaml", message));
    files.push(("messages/cart-reminder/email.it.html", "<p>Ciao\n  {% iff x %}</p>"));
    files.push(("messages/cart-reminder/email.en.mjml", "<mjml><mj-body>{{ profil.name }}</mj-body></mjml>"));
    let message = "message: empty\nemail: { from: a@b.example, subject: x }\n";
    files.push(("messages/empty/message.yaml", message));
    let confirm = "message: confirm-newsletter\nemail: { from: ciao@bottega.example, subject: Confirm }\n";
    files.retain(|(path, _)| !path.starts_with("messages/confirm-newsletter/"));
    files.push(("messages/confirm-newsletter/message.yaml", confirm));
    files.push(("messages/confirm-newsletter/email.it.txt", "Conferma!"));
    let folder = Folder::new("templates", &files);
    let found = folder.findings();
    let starts = [
        "messages/cart-reminder/email.it.html:2:3 error: unknown tag `iff` (did you mean `if`?)",
        "messages/cart-reminder/email.en.mjml:1:19 error: there is no `profil`: templates read profile, event,",
        "messages/cart-reminder/email.en.mjml:1:1 warning: whoever consented should find the way out",
        "messages/cart-reminder/message.yaml:4:12 error: there is a template in \"en\", and no subject",
        "messages/cart-reminder/message.yaml:4:42 error: unknown filter `upcas` (did you mean `upcase`?)",
        "messages/confirm-newsletter/email.it.txt:1:1 warning: a confirmation without its link",
        "messages/confirm-newsletter/message.yaml:2:8 warning: there is no template in \"en\", so its readers get \"it\"",
        "messages/empty/message.yaml:1:10 warning: no journey, no broadcast and no purpose sends this message",
        "messages/empty/message.yaml:2:8 error: the message has no template (add email.it.mjml, .html or .txt",
    ];
    for start in starts {
        assert!(found.iter().any(|finding| finding.starts_with(start)), "{start}\n{found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn the_rules_of_identity_are_read_and_their_mistakes_placed() {
    let identity = "identity:\n  limits:\n    email: 3\n    anonymous_id: { at most: 20, within: 7 days }\n  \
                    blocked: [kiosk-1, \"email:info@bottega.example\"]\n";
    let folder = with("identity", "programme.yaml", format!("{PROGRAMME}{identity}").leak());
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let limit = programme.identity.limits["anonymous_id"];
    assert_eq!((limit.at_most, limit.within), (20, Some(Span::DAY.times(7))));
    assert_eq!(programme.identity.limits["email"].within, None);
    assert_eq!(programme.identity.blocked, ["kiosk-1", "email:info@bottega.example"]);
    let mut before = programme.clone();
    before.identity.limits.remove("email");
    let changed = server::programme::differences(&before, &programme);
    let server::programme::Change::Changed(lines) = &changed[0].change else { panic!("{changed:?}") };
    assert!(lines.contains(&"+     email: 3".to_owned()), "{lines:?}");

    let wrong = "identity:\n  limits:\n    emial: 3\n    user_id: 2\n    phone: many\n    external: { within: 3 days }\n  \
                 blocked: [a, a]\n  limit: 3\n";
    let folder = with("identity-wrong", "programme.yaml", format!("{PROGRAMME}{wrong}").leak());
    let expected = [
        "programme.yaml:11:5 error: there is no type of identifier \"emial\" (did you mean `email`?)",
        "programme.yaml:12:5 error: a profile has one `user_id`, ever",
        "programme.yaml:13:12 error: expected a whole number, and this is \"many\"",
        "programme.yaml:14:15 error: \"at most\" is missing",
        "programme.yaml:15:16 error: \"a\" is blocked twice (remove one of them)",
        "programme.yaml:16:3 error: unknown field \"limit\" (did you mean \"limits\"?)",
    ];
    let findings = folder.findings();
    assert_eq!(findings.len(), expected.len(), "{findings:#?}");
    for (finding, expected) in findings.iter().zip(expected) {
        assert!(finding.starts_with(expected), "{finding}, should be {expected}");
    }
}

#[test]
fn mistakes_in_waits_splits_entries_and_broadcasts_are_placed() {
    let journey = "\
journey: odd
purpose: offers
enter: every moonday at 09:00
for: event.total > 3
on change: forget
goal: { did: 'event.total > 3', within: 1 day }
steps:
  - wait: { until: \"25:00\" }
  - wait: { until: trait.renewal - a week }
  - wait: { until: 2026-02-30 }
  - wait: { until: trait.renewal, at most: 3 days }
  - wait: { weekday: mondey }
  - split:
      - { share: 50%, then: [] }
      - { share: 40%, then: [{ send: cart-reminde }] }
    draw: daily
  - update: { tags: [a] }
  - start: cart
  - exit
    name: 1st
";
    let journey = journey.replace("  - exit\n    name: 1st\n", "  - wait: 1 hour\n    name: 1st\n");
    let birthday = "\
journey: birthday
purpose: offers
enter: { on: birthday, yearly: perhaps, at: noon }
steps:
  - exit
";
    let broadcast = "\
broadcast: cart-reminder
message: cart-remind
purpose: ofers
to: in segment \"vpi\"
at: tomorrow
pace: fast
";
    let mut files = whole();
    files.push(("journeys/odd.yaml", journey.leak()));
    files.push(("journeys/birthday.yaml", birthday));
    files.push(("broadcasts/spring.yaml", broadcast));
    let folder = Folder::new("odd", &files);
    let starts = [
        "broadcasts/spring.yaml:1:12 error: a journey is called \"cart-reminder\" too (give one of them another name)",
        "broadcasts/spring.yaml:2:10 error: there is no message \"cart-remind\" (did you mean \"cart-reminder\"?)",
        "broadcasts/spring.yaml:3:10 error: there is no purpose \"ofers\" (did you mean \"offers\"?)",
        "broadcasts/spring.yaml:4:16 error: there is no segment \"vpi\"",
        "broadcasts/spring.yaml:5:5 error: \"tomorrow\" does not say when the broadcast is sent",
        "broadcasts/spring.yaml:6:7 error: \"fast\" is no pace (write, for example, `10000 an hour`)",
        "journeys/birthday.yaml:3:8 error: \"perhaps\" is neither true nor false",
        "journeys/odd.yaml:3:14 error: expected `day`, `weekday`, `month` or a day of the week, found `moonday` (did you \
         mean `monday`?)",
        "journeys/odd.yaml:4:6 error: `event.` is for the rules inside a journey",
        "journeys/odd.yaml:5:12 error: \"forget\" does not say what becomes of those on an older version (write `finish`, \
         `move` or `exit`)",
        "journeys/odd.yaml:6:14 error: a goal may be reached after the run, when its event is forgotten",
        "journeys/odd.yaml:8:20 error: \"25:00\" is no time of day (write it as `09:00`)",
        "journeys/odd.yaml:9:35 error: \"a week\" is not a length of time",
        "journeys/odd.yaml:10:20 error: \"2026-02-30\" is no date to wait for",
        "journeys/odd.yaml:11:35 error: a date and a time of day come by themselves (leave `at most` out)",
        "journeys/odd.yaml:12:22 error: \"mondey\" is no day of the week (did you mean `monday`?)",
        "journeys/odd.yaml:14:7 error: the shares of a split come to 100%, and these to 90%",
        "journeys/odd.yaml:15:38 error: there is no message \"cart-reminde\" (did you mean \"cart-reminder\"?)",
        "journeys/odd.yaml:16:11 error: \"daily\" does not say for whom a split draws (write `each person` or `each run`)",
        "journeys/odd.yaml:17:21 error: a trait is a text, a number, true or false, and this is a list",
        "journeys/odd.yaml:18:12 error: there is no journey \"cart\"",
        "journeys/odd.yaml:20:11 error: a step's name begins with a letter",
    ];
    let found = folder.findings();
    for start in starts {
        assert!(found.iter().any(|finding| finding.starts_with(start)), "{start}\n{found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}
