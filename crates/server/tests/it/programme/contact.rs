//! The contact policy in a folder: as it is written, and what is wrong or doubtful about one.

use super::{Folder, PROGRAMME, whole};
use engine::at::Span;
use engine::programme::{Cap, Channel, ContactPolicy, Exclusion, Fatigue, Programme, QuietHours};
use server::programme::{Kind, items, load};

/// A whole programme with something under `contact_policy:`.
fn folder(test: &str, policy: &str, others: &[(&'static str, &str)]) -> Folder {
    let programme = format!("{PROGRAMME}contact_policy:\n{policy}");
    let mut files: Vec<(&str, &str)> = whole();
    files.retain(|(path, _)| *path != "programme.yaml" && others.iter().all(|(other, _)| other != path));
    files.push(("programme.yaml", programme.as_str()));
    files.extend(others.iter().copied());
    Folder::new(&format!("contact-{test}"), &files)
}

const POLICY: &str = "  caps:
    - { at most: 3, within: 7 days }
    - { at most: 1, within: 1 day, channels: [email, push], purposes: [offers] }
  quiet_hours: { from: \"21:00\", to: \"08:30\", channels: [sms, email], unknown zone: [Europe/Rome, Asia/Tokyo] }
  fatigue: { after: 8, within: 60 days, then: { at most: 1, within: 30 days } }
  exclusions:
    - { only one of: [cart-reminder, confirm-newsletter], within: 14 days }
  holdout: 2.5%
  patience: 36 hours
";

#[test]
fn a_policy_comes_out_as_written_and_is_written_as_it_was() {
    let message = "message: cart-reminder\npriority: 7\npatience: 6 hours\nemail:\n  from: ciao@bottega.example\n  subject: Ciao\n";
    let folder = folder("whole", POLICY, &[("messages/cart-reminder/message.yaml", message)]);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let cap = |at_most, within| Cap { at_most, within, ..Cap::default() };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = ContactPolicy {
        caps: vec![
            cap(3, Span::DAY.times(7)),
            Cap {
                channels: vec![Channel::Email, Channel::Push],
                purposes: names(&["offers"]),
                ..cap(1, Span::DAY)
            },
        ],
        quiet_hours: Some(QuietHours {
            from: 21 * 60,
            to: 8 * 60 + 30,
            channels: vec![Channel::Sms, Channel::Email],
            unknown_zone: names(&["Europe/Rome", "Asia/Tokyo"]),
        }),
        fatigue: Some(Fatigue { after: 8, within: Span::DAY.times(60), then: cap(1, Span::DAY.times(30)) }),
        fewer: None,
        exclusions: vec![Exclusion {
            only_one_of: names(&["cart-reminder", "confirm-newsletter"]),
            within: Span::DAY.times(14),
        }],
        holdout_permille: 25,
        patience: Some(Span::HOUR.times(36)),
    };
    assert_eq!(programme.contact_policy, expected);
    let reminder = &programme.messages["cart-reminder"];
    assert_eq!((reminder.priority, reminder.patience), (7, Some(Span::HOUR.times(6))));
    // Through the log, and as the text that a plan compares.
    let json = serde_json::to_string(&programme).unwrap();
    assert_eq!(serde_json::from_str::<Programme>(&json).unwrap(), programme);
    let written = &items(&programme)[&(Kind::ContactPolicy, "contact_policy".to_owned())];
    assert_eq!(*written, format!("contact_policy:\n{POLICY}"));
    let message = &items(&programme)[&(Kind::Message, "cart-reminder".to_owned())];
    assert!(message.starts_with("message: cart-reminder\npriority: 7\npatience: 6 hours\n"), "{message}");
}

#[test]
fn each_contradiction_has_its_place_and_a_way_out() {
    let mut wrong = Vec::new();
    for (test, policy, expected) in [
        (
            "never",
            "  caps: [{ at most: 0, within: 1 day }]\n",
            "10:21 error: a cap of 0 never lets a message through (leave the cap out, or take the channel from its purposes)",
        ),
        (
            "purpose",
            "  caps: [{ at most: 1, within: 1 day, purposes: [ofers] }]\n",
            "10:50 error: there is no purpose \"ofers\" (did you mean \"offers\"?)",
        ),
        (
            "channel",
            "  caps: [{ at most: 1, within: 1 day, channels: mail }]\n",
            "10:49 error: unknown channel \"mail\" (did you mean email?)",
        ),
        (
            "number",
            "  caps: [{ at most: few, within: 1 day }]\n",
            "10:21 error: expected a whole number, and this is \"few\" (for example `at most: 3`)",
        ),
        (
            "window",
            "  caps: [{ at most: 5, within: 9999 days }]\n",
            "10:32 error: a window is at most 366 days long (for example `7 days`)",
        ),
        (
            "day",
            "  quiet_hours: { from: \"08:00\", to: \"08:00\" }\n",
            "10:16 error: quiet hours from a time to itself are the whole day (for example `from: \"21:00\", to: \"08:00\"`)",
        ),
        (
            "time",
            "  quiet_hours: { from: \"25:00\", to: \"08:00\" }\n",
            "10:24 error: \"25:00\" is no time of day (for example `\"21:00\"`)",
        ),
        (
            "zone",
            "  quiet_hours: { from: \"21:00\", to: \"08:00\", unknown zone: Europe/Roma }\n",
            "10:60 error: unknown time zone \"Europe/Roma\" (did you mean Europe/Rome?)",
        ),
        (
            "night",
            "  quiet_hours: { from: \"20:00\", to: \"12:00\", unknown zone: [Europe/Rome, America/Los_Angeles] }\n",
            "10:60 error: in one of these zones it is always night (name fewer zones, or make the night shorter)",
        ),
        (
            "message",
            "  exclusions: [{ only one of: [cart-reminder, cart-remind], within: 1 day }]\n",
            "10:47 error: there is no message \"cart-remind\" (did you mean \"cart-reminder\"?)",
        ),
        (
            "alone",
            "  exclusions: [{ only one of: cart-reminder, within: 1 day }]\n",
            "10:31 error: an exclusion names at least two messages or offers",
        ),
        (
            "idle",
            "  caps: [{ at most: 2, within: 10 days }]\n  fatigue: { after: 9, within: 20 days, then: { at most: 1, within: 30 days } }\n",
            "11:21 error: nobody gets 9 sends within 20 days: cap 1 lets at most 2 through within 10 days (lower it, or look back for longer)",
        ),
        (
            "patience",
            "  patience: 90 days\n",
            "10:13 error: a message waits at most 30 days (for example `6 hours`)",
        ),
        (
            "field",
            "  quite_hours: { from: \"21:00\", to: \"08:00\" }\n",
            "10:3 error: unknown field \"quite_hours\" (did you mean \"quiet_hours\"?)",
        ),
    ] {
        let found = folder(test, policy, &[]).findings();
        if found != [format!("programme.yaml:{expected}")] {
            wrong.push(format!("{test}: {found:#?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sends_that_are_always_held_back_are_told() {
    let steps = "\
journey: cart
purpose: offers
enter: did \"Product Added\"
steps:
  - send: cart-reminder
  - wait: 1 hour
  - branch:
      - if: in segment \"vip\"
        then: [{ send: cart-reminder }, exit]
      - else: []
  - wait: { until: 'did \"Message Clicked\"', at most: 22 hours }
  - send: cart-reminder
  - wait: 1 day
  - send: cart-reminder
";
    let cap = |test, cap: &str| {
        let policy = format!("  caps: [{{ {cap} }}]\n");
        folder(test, &policy, &[("journeys/cart.yaml", steps)]).findings()
    };
    let told = |line: &str, why: &str| {
        format!(
            "journeys/cart.yaml:{line} warning: {why} (wait longer before it, or change the contact policy)"
        )
    };
    let a_day = "the cap of 1 within 1 day always holds this back, so it waits";
    assert_eq!(
        cap("crowded", "at most: 1, within: 1 day"),
        [told("9:24", &format!("{a_day} 23 hours more")), told("12:11", &format!("{a_day} 1 hour more"))],
        "what lies in an arm is no reason for what comes after it"
    );
    let a_week = "the cap of 1 within 7 days always holds this back, so it is dropped";
    assert_eq!(
        cap("dropped", "at most: 1, within: 7 days"),
        [told("9:24", a_week), told("12:11", a_week), told("14:11", a_week)]
    );
    assert_eq!(cap("others", "at most: 1, within: 7 days, channels: push"), [""; 0]);
    assert_eq!(cap("roomy", "at most: 2, within: 1 day"), [""; 0]);
}
