//! Links, pages and forms in a folder: as they are written, and each mistake at its line.

use super::Folder;
use engine::at::Span;
use engine::programme::{FieldKind, ShareWay};
use server::programme::{Kind, items, load};

const SHOP: &str = "programme: bottega
timezone: Europe/Rome
languages: [it, en]
purposes:
  offers: { channels: [email, onsite] }
  memory: { channels: [onsite], remembers: true }
";

const LINKS: &str = "links:
  flyer:
    url: /p/market
    campaign: { name: new-oil, source: flyer, medium: print, content: a5, term: oil }
    channel: flyer
    place: fair
    expires: 2027-01-31
    vanity: olio
    joins: false
  oil: { url: https://shop.example/oil, campaign: new-oil }
";

const PAGE: &str = "page: market
title: { it: 'Al mercato, oggi', en: At the market }
description: Good things
purpose: offers
timezone: Europe/Vienna
blocks:
  - places: [fair]
    hours: { from: '22:00', to: '02:00' }
    days: saturday
    from: 2026-12-01
    until: 2026-12-24T18:00:00Z
    title: { it: 'Ciao, qui?', en: 'Hi: here' }
    text: \"two\\nlines\"
    image: { url: https://img.example/a.jpg, alt: { it: Olio } }
    button: { url: /f/guide, text: { it: Vai, en: Go } }
  - else: true
    when: 'did \"Order Completed\" (total > 5)'
    form: guide
  - share: { text: Look, by: [whatsapp, copy] }
";

const FORM: &str = "form: guide
title: { it: La guida, en: The guide }
text: 'Twelve pages, at most'
button: Send
fields:
  - email
  - { field: first_name, label: { it: Nome }, required: true, ask: until known }
  - { field: taste, type: choice, options: { oil: { it: Olio, en: 'Oil, good' }, bread: { it: Pane, en: Bread } } }
  - { field: size, type: choice, options: [s, m] }
purposes: [offers.email, memory]
thanks: { title: Thanks, text: { it: Grazie, en: 'Thank you, Ada' }, url: https://shop.example/thanks }
guide: { title: Guide, url: https://shop.example/g.pdf, lasts: 3 days, by: message }
webinar: { starts: 2026-12-10T18:00:00+01:00, url: https://meet.example/a }
embed: [https://shop.example]
proof of work: 12
";

fn folder(test: &str, files: &[(&str, &str)]) -> Folder {
    Folder::new(&format!("hosted-{test}"), files)
}

#[test]
fn links_pages_and_forms_come_out_as_written_and_are_written_as_they_were() {
    let files = [
        ("programme.yaml", SHOP),
        ("links.yaml", LINKS),
        ("pages/market.yaml", PAGE),
        ("forms/guide.yaml", FORM),
    ];
    let folder = folder("whole", &files);
    assert_eq!(folder.findings(), [""; 0]);
    let (programme, _) = load(&folder.0).unwrap();
    let (name, link) = programme.link("olio").unwrap();
    assert_eq!((name, link.url.as_str(), link.joins), ("flyer", "/p/market", false));
    assert_eq!(programme.links["oil"].campaign.name, "new-oil");
    let page = &programme.pages["market"];
    assert_eq!(page.blocks[2].share.as_ref().unwrap().by, [ShareWay::Whatsapp, ShareWay::Copy]);
    assert!(page.blocks[1].otherwise && page.blocks[0].content.text["en"] == "two\nlines");
    let form = &programme.forms["guide"];
    assert_eq!((form.fields[0].kind, form.fields[2].kind), (FieldKind::Email, FieldKind::Choice));
    assert!(form.fields[1].until_known && form.guide.as_ref().unwrap().by_message);
    assert_eq!((form.guide.as_ref().unwrap().lasts, form.work_bits), (Some(Span::DAY.times(3)), 12));

    let written = items(&programme);
    let of = |kind, name: &str| written[&(kind, name.to_owned())].clone();
    let indented: String = ["flyer", "oil"]
        .iter()
        .flat_map(|name| of(Kind::Link, name).lines().map(|line| format!("  {line}\n")).collect::<Vec<_>>())
        .collect();
    let (links, page, form) =
        (format!("links:\n{indented}"), of(Kind::Page, "market"), of(Kind::Form, "guide"));
    let again = [
        ("programme.yaml", SHOP),
        ("links.yaml", links.as_str()),
        ("pages/market.yaml", page.as_str()),
        ("forms/guide.yaml", form.as_str()),
    ];
    let again = Folder::new("hosted-again", &again);
    assert_eq!(again.findings(), [""; 0], "{links}{page}{form}");
    let (read, _) = load(&again.0).unwrap();
    assert_eq!(
        (&read.links, &read.pages, &read.forms),
        (&programme.links, &programme.pages, &programme.forms)
    );
    assert!(written[&(Kind::Purpose, "memory".to_owned())].contains("remembers: true"));
}

#[test]
fn mistakes_have_their_line() {
    let links = "links:
  a: { url: javascript:alert(1), vanity: b }
  b: { url: https://user@evil.example/, expires: soon }
  c: { url: /p/markt }
  Big: { url: https://x.example, campain: x }
";
    let page = "page: market
title: { it: A, en: B }
blocks:
  - { else: true, when: did \"X\" whithin 1 day, title: '{{ profile.name }}' }
  - { places: [far], hours: { from: '8', to: '9:00' }, days: [sunnday], from: tomorrow, title: Hi }
  - { form: guid }
  - {}
  - { share: { text: Hi, by: [pigeon] }, button: { text: x, url: 'javascript:x' } }
";
    let form = "form: guide
title: Hi
fields:
  - { field: mail, type: email, required: true }
  - { field: email, ask: never }
  - { field: stamp }
  - { field: size, type: choice }
  - { field: email }
purposes: [ofers, memory.email]
thanks: { url: ftp://x }
guide: { title: Guide, url: https://x.example/g.pdf, lasts: 1 second }
webinar: { starts: 2026-12-10 }
embed: [https://shop.example/path]
proof of work: 64
";
    let files = [
        ("programme.yaml", SHOP),
        ("links.yaml", links),
        ("pages/market.yaml", page),
        ("forms/guide.yaml", form),
    ];
    let findings = folder("mistakes", &files).findings();
    for expected in [
        "links.yaml:2:13 error: \"javascript:alert(1)\" is no address of a page",
        "\"b\" is the name of the link \"b\" already",
        "\"https://user@evil.example/\" is no address of a page",
        "this is no date",
        "there is no page \"markt\" (did you mean \"market\"?)",
        "\"Big\" is no name",
        "unknown field \"campain\" (did you mean \"campaign\"?)",
        "there is no block before it to stand in for",
        "did you mean `within`?",
        "who is chosen by what is known of them has consented to it",
        "what is for everybody says nothing of the person",
        "no link has the place \"far\"",
        "these are no hours of a day",
        "there is no day \"sunnday\" (did you mean `sunday`?)",
        "there is no form \"guid\" (did you mean \"guide\"?)",
        "the block shows nothing",
        "\"pigeon\" is no way to pass a page on",
        "this is no address of a page (begin with https:// and a host",
        "the field that is called `email` is of the type `email`, and no other is",
        "\"never\" does not say when it is asked",
        "\"stamp\" is no name of a field",
        "a choice is between 1 to",
        "\"email\" is asked twice",
        "there is no purpose \"ofers\" (did you mean \"offers\"?)",
        "the purpose `memory` is not for the channel `email`",
        "\"ftp://x\" is no address of a page",
        "the link to a guide works for a minute to",
        "this is no instant",
        "\"https://shop.example/path\" is no origin of a page",
        "keep a phone busy for too long",
    ] {
        assert!(findings.iter().any(|one| one.contains(expected)), "{expected} is not in {findings:#?}");
    }
}
