//! Rules for channels in a folder: as they are written, and each mistake at its line.

use super::Folder;
use engine::programme::{ChannelRule, ChannelRules, Direction};
use server::programme::{Kind, items, load};

const SHOP: &str = "programme: bottega\nlanguages: [it]\n";

const RULES: &str = "\
own hosts: [till.example, shop.example]
rules:
  - when:
      source: partner-*
      medium: cpa
    channel: Partners
    direction: inbound
    paid: true
  - when: { campaign: \"window-*\", referrer: \"*x*\", url: \"*/q\", event: QR Scanned }
    channel: Shop window
    online: false
";

fn folder(test: &str, rules: &str) -> Folder {
    Folder::new(&format!("channels-{test}"), &[("programme.yaml", SHOP), ("channels.yaml", rules)])
}

#[test]
fn rules_come_out_as_written_and_are_written_as_they_are() {
    let text = |text: &str| Some(text.to_owned());
    let expected = ChannelRules {
        own_hosts: vec!["till.example".into(), "shop.example".into()],
        rules: vec![
            ChannelRule {
                source: text("partner-*"),
                medium: text("cpa"),
                channel: "Partners".into(),
                direction: Some(Direction::Inbound),
                paid: Some(true),
                ..ChannelRule::default()
            },
            ChannelRule {
                campaign: text("window-*"),
                referrer: text("*x*"),
                url: text("*/q"),
                event: text("QR Scanned"),
                channel: "Shop window".into(),
                online: Some(false),
                ..ChannelRule::default()
            },
        ],
    };
    let written = folder("whole", RULES);
    let (programme, _) = load(&written.0).unwrap();
    assert_eq!(programme.channels, expected);
    let told = items(&programme).remove(&(Kind::Channels, "channels".to_owned())).unwrap();
    let again = folder("again", &told);
    assert_eq!(load(&again.0).unwrap().0.channels, expected, "{told}");
}

#[test]
fn each_mistake_has_its_line() {
    let rules = "\
own host: [a.example]
rules:
  - when: { sauce: x }
    channel: A
  - when: { source: \"*\" }
    channel: A > B
    direction: inbond
    paid: perhaps
  - channel: C
  - when: { source: one }
    channel: D
  - when: { source: one }
    channel: E
";
    let findings = folder("mistakes", rules).findings();
    for expected in [
        "channels.yaml:1:1 error: unknown field \"own host\" (did you mean \"own hosts\"?)",
        "channels.yaml:3:13 error: unknown field \"sauce\" (did you mean \"source\"?)",
        "a rule needs a condition, or every visit would be of this channel",
        "a channel is named, without a `>`",
        "\"inbond\" is no direction (did you mean inbound?)",
        "rule 4 has the same conditions and comes first",
        "\"when\"",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected} is not in {findings:#?}");
    }
}
