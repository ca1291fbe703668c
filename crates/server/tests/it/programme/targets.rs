//! Targets in a folder: as they are written, and each mistake at its line.

use super::Folder;
use engine::programme::{Target, TargetPeriod};
use server::programme::{Kind, items, load};

const SHOP: &str = "programme: bottega
languages: [it]
currency: EUR
targets:
  revenue: { value: 12000, per: month }
  orders: { value: 75, per: week }
  landing_conversion: { value: 2.5% }
  response_rate: { value: 0.04 }
  retention: { value: 30%, per: quarter }
  cac: { value: 24.50, currency: EUR }
  roas: { value: 3.5 }
";

#[test]
fn targets_come_out_as_written_and_are_written_as_they_were() {
    let folder = Folder::new("targets", &[("programme.yaml", SHOP)]);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let target = |millionths, currency: Option<&str>, per| Target {
        millionths,
        currency: currency.map(str::to_owned),
        per,
    };
    let expected = [
        ("cac", target(24_500_000, Some("EUR"), None), "value: 24.50\n  currency: EUR\n"),
        ("landing_conversion", target(25_000, None, None), "value: 2.50%\n"),
        ("orders", target(75_000_000, None, Some(TargetPeriod::Week)), "value: 75\n  per: week\n"),
        ("response_rate", target(40_000, None, None), "value: 4%\n"),
        ("retention", target(300_000, None, Some(TargetPeriod::Quarter)), "value: 30%\n  per: quarter\n"),
        (
            "revenue",
            target(12_000_000_000, Some("EUR"), Some(TargetPeriod::Month)),
            "value: 12000\n  currency: EUR\n  per: month\n",
        ),
        ("roas", target(3_500_000, None, None), "value: 3.50\n"),
    ];
    let all = items(&programme);
    let mut again = "programme: bottega\nlanguages: [it]\ncurrency: EUR\ntargets:\n".to_owned();
    for (name, target, text) in &expected {
        assert_eq!(programme.targets[*name], *target, "{name}");
        let written = &all[&(Kind::Target, (*name).to_owned())];
        assert_eq!(*written, format!("{name}:\n  {text}"));
        written.lines().for_each(|line| again.push_str(&format!("  {line}\n")));
    }
    assert_eq!(programme.targets.len(), expected.len());
    let again = Folder::new("targets-again", &[("programme.yaml", &again)]);
    assert_eq!(load(&again.0).unwrap().0.targets, programme.targets);
}

#[test]
fn mistakes_in_a_target_have_their_line() {
    let wrong = "programme: bottega
languages: [it]
currency: EUR
targets:
  revenu: { value: 12000, per: month }
  orders: { value: 75 }
  visits: { value: 10%, per: week }
  leads: { value: 0, per: month }
  new_customers: { value: 5, currency: EUR, per: month }
  landing_conversion: { value: 4 }
  response_rate: { value: 4%, per: month }
  retention: { value: 30% }
  cac: { value: 20, currency: USD }
  spend: { value: 900, per: year }
  roas: { per: week, vlaue: 3 }
  ctr: { value: much }
";
    let findings = Folder::new("targets-mistakes", &[("programme.yaml", wrong)]).findings();
    let expected = [
        "programme.yaml:5:3 error: there is no key figure \"revenu\" (did you mean `revenue`?)",
        "programme.yaml:6:3 error: nobody says in how long a time orders is to come to this (write `per: week`",
        "programme.yaml:7:20 error: \"10%\" is no number (for example `value: 1200`)",
        "programme.yaml:8:19 error: a target is more than nothing (for example `value: 1200`)",
        "programme.yaml:9:40 error: new_customers is no money, and has no currency (leave `currency` out)",
        "programme.yaml:10:32 error: landing_conversion is a share, between 0 and 1, or up to 100% (did you mean `value: 4%`?)",
        "programme.yaml:11:36 error: response_rate does not add up, and its target is the same for any time (leave `per` out)",
        "programme.yaml:12:3 error: retention is another figure for a week than for a month",
        "programme.yaml:13:31 error: figures of this programme are in EUR, and this is in USD (write the target in EUR)",
        "programme.yaml:14:29 error: \"year\" is not known as `per`",
        "programme.yaml:15:9 error: \"value\" is missing (for example `value: 3.5`)",
        "programme.yaml:15:22 error: unknown field \"vlaue\" (did you mean \"value\"?)",
        "programme.yaml:16:17 error: \"much\" is no share (for example `value: 4%`)",
    ];
    for one in expected {
        assert!(findings.iter().any(|finding| finding.starts_with(one)), "{one}\n{}", findings.join("\n"));
    }
    assert_eq!(findings.len(), expected.len(), "each is told once\n{}", findings.join("\n"));
    let poor =
        "programme: p\nlanguages: [it]\ntargets: { cac: { value: 20 }, cpl: { value: 2, currency: euro } }\n";
    let findings = Folder::new("targets-poor", &[("programme.yaml", poor)]).findings();
    for one in ["nobody says in which currency this is", "\"euro\" is no currency"] {
        assert!(findings.iter().any(|finding| finding.contains(one)), "{one}\n{}", findings.join("\n"));
    }
}
