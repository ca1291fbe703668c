//! Where the links of a message lead.

use engine::SendId;
use engine::programme::{EmailTemplate, OpenTracking, Tracking};
use server::deliver::render::Templates;
use server::deliver::token::Token;

use super::{BASE, email, html, page, prepare, programme, render, rendered, signed_links, text};

/// The targets in a page, with those that lead through us followed to where they go.
fn followed(page: &str) -> Vec<String> {
    let targets = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    targets
        .map(|target| match target.strip_prefix(&format!("{BASE}/c/")) {
            Some(token) => match signed_links().key().verify(token) {
                Some(Token::Click { send: SendId(41), link, url }) => format!("{link}: {url}"),
                other => panic!("{target} is {other:?}"),
            },
            None => target.to_owned(),
        })
        .collect()
}

#[test]
fn clicks_lead_through_us_to_where_the_author_said() {
    let rows: [(&str, &[&str]); 16] = [
        ("<a href=\"https://shop.example/a?b=1&amp;c=2\">", &["0: https://shop.example/a?b=1&c=2"]),
        (
            "<a href=\"http://shop.example\"><a href=\"https://b.example/\">",
            &["0: http://shop.example", "1: https://b.example/"],
        ),
        (
            "<a href=\"https://shop.example/{{ profile.first_name }}?q={{ profile.full | url_encode }}\">",
            &["0: https://shop.example/Ada?q=Ada+%3Cb%3E"],
        ),
        (
            "<a href=\"https://shop.example/?q={{ profile.full }}\">",
            &["0: https://shop.example/?q=Ada%20%3Cb%3E"],
        ),
        (
            "<a href=\"https://shop.example/?q={{ profile.first_name | default: \"x\" }}\">",
            &["0: https://shop.example/?q=Ada"],
        ),
        ("<a href=\"https://shop.example/perch\u{e9} no\">", &["0: https://shop.example/perch%C3%A9%20no"]),
        (
            "{% for item in event.items %}<a href=\"{{ item.url }}\">{% endfor %}<a href=\"https://shop.example/\">",
            &["0: https://shop.example/vaso?a=1&b=2", "https://other.example/", "1: https://shop.example/"],
        ),
        (
            "<a href=\"{% if event.total > 10 %}https://a.example/{% else %}https://b.example/{% endif %}\"><a href=\"https://a.example/x\">",
            &["0: https://a.example/", "1: https://a.example/x"],
        ),
        (
            "<a {% if profile.first_name %}href=\"https://a.example/\"{% else %}href=\"https://b.example/\"{% endif %}>",
            &["0: https://a.example/"],
        ),
        (
            "<a href=\"mailto:a@b.example\"><a href=\"tel:+39\"><a href=\"#top\"><a href=\"\">",
            &["mailto:a@b.example", "tel:+39", "#top", ""],
        ),
        // Hosts that only a value names are not led to: whoever sends values could else borrow our domain.
        ("<a href=\"{{ profile.site }}\">", &["https://evil.example/x"]),
        (
            "<a href=\"https://shop.example\"><a href=\"https://{{ 'evil.example' }}/\">",
            &["0: https://shop.example", "https://evil.example/"],
        ),
        (
            "<a href=\"https://shop.example\"><a href=\"{{ 'https://shop.example@evil.example/' }}\">",
            &["0: https://shop.example", "https://shop.example@evil.example/"],
        ),
        (
            "<a href=\"https://shop.example\"><a href=\"{{ 'https://evil.example\\@shop.example/' }}\">",
            &["0: https://shop.example", "1: https://evil.example%5C@shop.example/"],
        ),
        (
            "<a href=\"{{ 'JavaScript:alert(1)' }}\"><a href=\"{{ ' java script:x' }}\"><a href=\"{{ 'data:text/html,x' }}\">",
            &["#", "#", "#"],
        ),
        ("<a href=\"{{ profile.full }}\">", &["Ada%20%3Cb%3E"]),
    ];
    for (source, expected) in rows {
        assert_eq!(followed(&page(html(source))), expected, "of {source}");
    }
}

#[test]
fn our_own_links_are_not_led_through_us() {
    let sent = rendered(html(
        "<a href=\"{{ unsubscribe_url }}\"><a href=\"{{ preferences_url }}\"><a href=\"https://a.example/\">",
    ));
    let unsubscribe = sent.unsubscribe.expect("offers are optional");
    let targets = followed(sent.html.as_deref().expect("an HTML part"));
    assert_eq!(targets[0], unsubscribe);
    assert!(targets[1].starts_with(&format!("{BASE}/preferences/")), "{}", targets[1]);
    assert_eq!(targets[2], "2: https://a.example/");
    let token = unsubscribe.strip_prefix(&format!("{BASE}/unsubscribe/")).expect("our address");
    let expected = Token::Unsubscribe { send: SendId(41), purpose: "offers".into() };
    assert_eq!(signed_links().key().verify(token), Some(expected));
}

#[test]
fn only_what_is_optional_can_be_unsubscribed_from() {
    let templates = Templates::compile(&programme(
        email(&[("it", text("{{ unsubscribe_url }}|{{ confirm_url | size }}"))]),
        Tracking::default(),
    ))
    .expect("a programme");
    let mut order = prepare();
    order.purpose = "orders".into();
    let rendered = render(&templates, &order).expect("it renders");
    assert_eq!((rendered.text.as_str(), rendered.unsubscribe), ("|0\n", None));
}

#[test]
fn a_confirmation_carries_its_link_and_nothing_to_unsubscribe_from() {
    let templates =
        Templates::compile(&programme(email(&[("it", text("{{ confirm_url }}"))]), Tracking::default()))
            .expect("a programme");
    let mut confirmation = prepare();
    confirmation.journey = String::new();
    let rendered = render(&templates, &confirmation).expect("it renders");
    assert_eq!(rendered.unsubscribe, None);
    let token = rendered.text.trim().strip_prefix(&format!("{BASE}/confirm/")).expect("our address");
    let expected = Token::Confirm { send: SendId(41), purpose: "offers".into() };
    assert_eq!(signed_links().key().verify(token), Some(expected));
}

#[test]
fn tracking_is_as_the_programme_or_the_message_says() {
    let source = "<html><body><a href=\"https://a.example/?a=1&amp;b=2\">x</a></body></html>";
    let direct = "<a href=\"https://a.example/?a=1&amp;b=2\">x</a>";
    let of = |programme_says: Tracking, message_says: Option<Tracking>, source: &str| {
        let template: EmailTemplate = html(source);
        let mut message = email(&[("it", template)]);
        message.tracking = message_says;
        let templates = Templates::compile(&programme(message, programme_says)).expect("a programme");
        render(&templates, &prepare()).expect("it renders").html.expect("an HTML part")
    };
    let of_opens = |opens, clicks| Tracking { opens, clicks };
    let (off, on) = (of_opens(OpenTracking::Off, false), of_opens(OpenTracking::PerPerson, true));
    assert_eq!(of(off, None, source), source);
    assert_eq!(of(on, Some(off), source), source);
    let tracked = of(off, Some(on), source);
    assert!(!tracked.contains(direct) && tracked.contains(&format!("{BASE}/c/")), "{tracked}");
    let (before, pixel) = tracked.split_once(&format!("<img src=\"{BASE}/o/")).expect("a pixel");
    let (token, after) = pixel.split_once(".gif\" ").expect("a token");
    assert_eq!(signed_links().key().verify(token), Some(Token::Open { send: SendId(41) }));
    assert!(before.ends_with("x</a>") && after.ends_with("></body></html>"), "{tracked}");
    assert!(of(on, None, "x").starts_with("x<img src="), "without a body the pixel comes last");
}

#[test]
fn an_address_too_long_for_a_token_is_left_direct() {
    let url = format!("https://a.example/{}", "x".repeat(1500));
    assert_eq!(followed(&page(html(&format!("<a href=\"{url}\">")))), [url]);
}
