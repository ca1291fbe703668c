//! What sends leave open and the variants of messages in a folder: as they are written, and what is wrong with them.

use super::{Folder, PROGRAMME, whole};
use engine::at::Span;
use engine::programme::{Best, Channel, Choices, Programme, Response, Step, Variant, VariantChoice};
use server::programme::{Kind, items, load};

fn folder(test: &str, others: &[(&'static str, &str)]) -> Folder {
    let mut files: Vec<(&str, &str)> = whole();
    files.retain(|(path, _)| others.iter().all(|(other, _)| other != path));
    files.extend(others.iter().copied());
    Folder::new(&format!("best-{test}"), &files)
}

const MESSAGE: &str = "message: cart-reminder
email: { from: ciao@bottega.example, subject: { it: Ciao, en: Hello } }
variants:
  short: { share: 30%, subject: { it: 'Eh?', en: 'Hey?' } }
  warm:
";

const JOURNEY: &str = "journey: cart-reminder
purpose: offers
enter: did \"Product Added\"
steps:
  - send: cart-reminder
    channels: { best: [push, email] }
    variant: best
    at: { best: 12 hours }
  - send: cart-reminder
    channels: best
    variant: short
    at: best
  - send: cart-reminder
";

#[test]
fn what_is_left_open_comes_out_as_written_and_is_written_as_it_was() {
    let best = "best: { responses: [click, goal], within: 2 days, explore: 12.5%, after: 30 }\n";
    let programme = format!("{PROGRAMME}{best}");
    let folder = folder(
        "whole",
        &[
            ("programme.yaml", &programme),
            ("messages/cart-reminder/message.yaml", MESSAGE),
            ("messages/cart-reminder/email.it.warm.txt", "Caro!"),
            ("messages/cart-reminder/email.en.warm.txt", "Dear!"),
            ("journeys/cart.yaml", JOURNEY),
        ],
    );
    let findings = folder.findings();
    assert!(!findings.iter().any(|finding| finding.contains("error")), "{findings:?}");
    let (programme, _) = load(&folder.0).unwrap();
    let responses = [Response::Click, Response::Goal].into();
    let expected = Best { responses, within: Span::DAY.times(2), explore_permille: 125, after: 30 };
    assert_eq!(programme.best, expected);
    let variants = &programme.messages["cart-reminder"].variants;
    assert_eq!(variants["short"].share_permille, Some(300));
    assert_eq!(variants["short"].subject["en"], "Hey?");
    assert_eq!(variants["warm"].templates["it"].text.as_deref(), Some("Caro!"));
    let send = |channels: &[Channel], choices| Step::Send {
        message: "cart-reminder".into(),
        channels: channels.into(),
        choices,
    };
    let hours = |hours| Some(Span::HOUR.times(hours));
    let named = VariantChoice::Named("short".to_owned());
    let steps = [
        send(
            &[Channel::Push, Channel::Email],
            Choices { channel: true, variant: VariantChoice::Best, hour_within: hours(12) },
        ),
        send(&[], Choices { channel: true, variant: named, hour_within: hours(24) }),
        send(&[], Choices::default()),
    ];
    assert_eq!(programme.journeys["cart-reminder"].steps, steps);
    let whole = items(&programme);
    let text = &whole[&(Kind::Journey, "cart-reminder".to_owned())];
    assert!(
        text.contains("channels: { best: [push, email] }\n    variant: best\n    at: { best: 12 hours }"),
        "{text}"
    );
    assert!(text.contains("channels: best\n    variant: short\n    at: { best: "), "{text}");
    let text = &whole[&(Kind::Message, "cart-reminder".to_owned())];
    let written =
        "variants:\n  short:\n    share: 30%\n    subject:\n      en: Hey?\n      it: Eh?\n  warm:\n";
    assert!(text.contains(written), "{text}");
    assert!(whole.contains_key(&(Kind::Template, "cart-reminder/email.it.warm.txt".to_owned())));
    // What goes over the wire is the same programme.
    let json = serde_json::to_string(&programme).unwrap();
    assert_eq!(serde_json::from_str::<Programme>(&json).unwrap(), programme);
    assert!(!serde_json::to_string(&Variant::default()).unwrap().contains("share"));
}

#[test]
fn mistakes_about_what_is_left_open_are_shown_where_they_are() {
    let message = MESSAGE.replace("warm:", "warm: { subjekt: x }");
    let journey = JOURNEY.replace("variant: best", "variant: shrt").replace("at: best", "at: noon");
    let best = "best: { responses: [clicks], explore: 0%, after: 0 }\n";
    let programme = format!("{PROGRAMME}{best}");
    let folder = folder(
        "mistakes",
        &[
            ("programme.yaml", &programme),
            ("messages/cart-reminder/message.yaml", &message),
            ("messages/cart-reminder/email.it.brief.txt", "Breve"),
            ("journeys/cart.yaml", &journey),
        ],
    );
    let findings = folder.findings();
    for expected in [
        "\"clicks\" is no response (did you mean `click`?)",
        "at least 1% of the choices are for finding out",
        "unknown field \"subjekt\"",
        "the message has no variant \"brief\"",
        "the message \"cart-reminder\" has no variant \"shrt\" (did you mean \"short\"?)",
        "this does not say when the message is sent (write `best`, or `{ best: 12 hours }`)",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected}\n{findings:#?}");
    }
    let at = findings.iter().find(|one| one.contains("shrt")).unwrap();
    assert!(at.starts_with("journeys/cart.yaml:7"), "{at}");
}
