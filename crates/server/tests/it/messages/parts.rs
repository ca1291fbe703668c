//! Subject, text and HTML, from each kind of source.

use engine::effect::Prepare;
use engine::programme::{EmailTemplate, Message, Programme, Tracking, Variant};
use serde_json::json;
use server::deliver::render::{Templates, Unrenderable};

use super::{compile, email, html, map, mjml, page, prepare, programme, render, rendered, text};

#[test]
fn each_part_is_written_for_its_place() {
    let rendered = rendered(html(
        "<html><body><p>{{ profile.full }}, {{ event.total | money: 'EUR' }}</p></body></html>",
    ));
    assert_eq!(rendered.from, "Bottega <ciao@bottega.example>");
    assert_eq!(rendered.subject, "Ciao Ada");
    assert_eq!(
        rendered.html.as_deref(),
        Some("<html><body><p>Ada &lt;b&gt;, 19,90\u{a0}€</p></body></html>")
    );
    assert_eq!(rendered.text, "Ada <b>, 19,90\u{a0}€\n");
}

#[test]
fn what_a_template_can_read() {
    let source = "{{ profile.email }} {{ programme.name }} {{ message }} {{ language }} \
                  {{ 'now' | date: '%d/%m %H:%M' }} {{ event.at | date: '%d %B, %H:%M' }} {{ profile.nothing.deep }}.";
    assert_eq!(
        rendered(text(source)).text,
        "ada@example.org Bottega welcome it 23/11 10:05 23 novembre, 23:30 .\n"
    );
    let mut send = prepare();
    send.traits = map(&json!({"timezone": "America/New_York", "email": "other@example.org"}));
    let templates = compile(text(source)).expect("a programme");
    let text = render(&templates, &send).expect("it renders").text;
    assert_eq!(text, "other@example.org Bottega welcome it 23/11 04:05 23 novembre, 17:30 .\n");
}

#[test]
fn a_text_part_is_made_from_the_html_unless_there_is_one() {
    let page = "<head><title>x</title></head><body><h1>Ciao {{ profile.first_name }}</h1>\
                {% if event.total > 100 %}<p>Tanto!</p>{% endif %}\
                <ul>{% for item in event.items %}<li><a href=\"{{ item.url }}\">{{ item.title }}</a></li>{% endfor %}</ul></body>";
    let made = rendered(html(page));
    assert_eq!(
        made.text,
        "Ciao Ada\n\n- Vaso & co (https://shop.example/vaso?a=1&b=2)\n- Lume (https://other.example/)\n"
    );
    let written = EmailTemplate { text: Some("Solo {{ profile.full }}".into()), ..html(page) };
    assert_eq!(rendered(written).text, "Solo Ada <b>\n");
    let alone = rendered(text("{% if event.total > 100 %}a\n\n{% endif %}\n\n\nb  \n"));
    assert_eq!((alone.text.as_str(), alone.html), ("b\n", None));
}

const SHOP: &str = r#"{% assign greeting = "Ciao" %}
<mjml>
  <mj-head><mj-title>x</mj-title><mj-preview>{{ greeting }}</mj-preview></mj-head>
  <mj-body>
    {% if event.total < 100 and profile.first_name == "Ada" %}
    <mj-section><mj-column>
      <mj-text>{{ greeting | append: "!" }} {{ profile.full }}</mj-text>
      {% for item in event.items %}
      <mj-text>{{ forloop.index }}. {{ item.title }}</mj-text>
      {% endfor %}
      <mj-button href="https://shop.example/cart?n={{ profile.first_name | default: "x" }}">Al carrello</mj-button>
    </mj-column></mj-section>
    {% else %}
    <mj-section><mj-column><mj-text>Altro</mj-text></mj-column></mj-section>
    {% endif %}
  </mj-body>
</mjml>
"#;

#[test]
fn mjml_becomes_html_and_liquid_survives_anywhere() {
    let rendered = rendered(mjml(SHOP));
    let html = rendered.html.expect("an HTML part");
    assert!(html.starts_with("<!doctype html>"), "{}", &html[..80]);
    for expected in ["Ciao! Ada &lt;b&gt;", "1. Vaso &amp; co", "2. Lume", "Al carrello", "/c/"] {
        assert!(html.contains(expected), "{expected} is in {html}");
    }
    for unexpected in ["Altro", "{{", "{%", "liq0w", "fonts.googleapis"] {
        assert!(!html.contains(unexpected), "{unexpected} is not in {html}");
    }
    assert_eq!(
        rendered.text,
        "Ciao! Ada <b>\n\n1. Vaso & co\n\n2. Lume\n\nAl carrello (https://shop.example/cart?n=Ada)\n"
    );
}

#[test]
fn the_language_is_the_nearest_that_the_message_speaks() {
    let both = email(&[("it", text("italiano {{ language }}")), ("en", text("english {{ language }}"))]);
    let templates = Templates::compile(&programme(both, Tracking::default())).expect("a programme");
    let rows = [
        ("it", "Ciao Ada", "italiano it\n"),
        ("en", "Hello Ada", "english en\n"),
        ("en-GB", "Hello Ada", "english en\n"),
        ("fr", "Ciao Ada", "italiano it\n"),
        ("", "Ciao Ada", "italiano it\n"),
    ];
    for (language, subject, body) in rows {
        let mut send = prepare();
        send.language = language.into();
        let rendered = render(&templates, &send).expect("it renders");
        assert_eq!((rendered.subject.as_str(), rendered.text.as_str()), (subject, body), "in {language:?}");
    }
}

#[test]
fn a_line_break_cannot_enter_a_header() {
    for name in ["Ada\r\nBcc: x@evil.example", "Ada\nx", "Ada\rx", "Ada\0x"] {
        let mut send = prepare();
        send.traits = map(&json!({"first_name": name}));
        let templates = compile(text("x")).expect("a programme");
        assert_eq!(render(&templates, &send), Err(Unrenderable::UnsafeHeader("the subject")), "{name:?}");
    }
    let mut send = prepare();
    send.address = "a@b.example\r\nBcc: x@evil.example".into();
    assert_eq!(
        render(&compile(text("x")).expect("a programme"), &send),
        Err(Unrenderable::UnsafeHeader("the address"))
    );
    let mut bad = email(&[("it", text("x"))]);
    bad.from = "A <a@b.example>\r\nBcc: x@evil.example".into();
    let mistakes = Templates::compile(&programme(bad, Tracking::default())).expect_err("refused");
    assert_eq!(mistakes[0].to_string(), "messages.welcome.email.from: a header is one line");
    // White space around a subject, as YAML leaves it, is no attack.
    let mut padded = email(&[("it", text("x"))]);
    padded.subject = [("it".to_owned(), "Ciao\n".to_owned())].into();
    let templates = Templates::compile(&programme(padded, Tracking::default())).expect("a programme");
    assert_eq!(render(&templates, &prepare()).expect("it renders").subject, "Ciao");
}

#[test]
fn a_message_that_is_not_there_is_said_so() {
    let mut send = prepare();
    send.message = "goodbye".into();
    let refused = render(&compile(text("x")).expect("a programme"), &send).expect_err("no such message");
    assert_eq!(refused.to_string(), "the programme has no email \"goodbye\"");
}

#[test]
fn a_template_that_would_not_end_is_stopped() {
    let templates = compile(text("{% for i in (1..99999999) %}{% endfor %}")).expect("a programme");
    let refused = render(&templates, &prepare()).expect_err("it does not end").to_string();
    assert_eq!(refused, "the text part of the message: 1:1: the template takes more than 250000 steps");
}

#[test]
fn mistakes_say_where_and_what_else() {
    let templates = "messages.welcome.email.templates.it";
    let rows = [
        (
            text("a {{ x | upcse }}"),
            format!("{templates}.text: unknown filter `upcse` (did you mean `upcase`?)"),
            Some(9),
        ),
        (
            html("<p>{{ first_name }}</p>"),
            format!(
                "{templates}.html: there is no `first_name`: templates read profile, event, webhook, programme, message, language, \
                 unsubscribe_url, preferences_url, confirm_url, offer (for a trait write `profile.first_name`)"
            ),
            Some(6),
        ),
        (
            text("{{ profle.name }}"),
            format!(
                "{templates}.text: there is no `profle`: templates read profile, event, webhook, programme, message, language, \
                 unsubscribe_url, preferences_url, confirm_url, offer (did you mean `profile`?)"
            ),
            Some(3),
        ),
        (
            mjml("<mjml><mj-body>\n<mj-sektion></mj-sektion></mj-body></mjml>"),
            format!("{templates}.mjml: MJML has no element `mj-sektion` (did you mean `mj-section`?)"),
            Some(16),
        ),
        (html("{% if profile.a %}"), format!("{templates}.html: `if` is never closed by `endif`"), Some(0)),
        (mjml("{{ profile.x"), format!("{templates}.mjml: `{{{{` is never closed by `}}}}`"), Some(0)),
        (mjml("<p>x</p>"), format!("{templates}.mjml: there is no `mjml` element"), None),
        (EmailTemplate::default(), format!("{templates}: the email has no template in \"it\""), None),
        (
            html("<head>{% if profile.a %}</head>x{% endif %}"),
            format!(
                "{templates}: Liquid and HTML overlap: `endif` without a `if` before it (begin and end each block inside the same element)"
            ),
            None,
        ),
    ];
    for (template, expected, offset) in rows {
        let mistakes = compile(template).expect_err(&expected);
        assert_eq!((mistakes[0].to_string(), mistakes[0].offset), (expected, offset));
    }
}

#[test]
fn every_message_is_compiled_before_any_is_sent() {
    let mut all = programme(
        email(&[("it", text("{{ x | nope }}")), ("en", text("{{ y | nope }}"))]),
        Tracking::default(),
    );
    all.messages.insert(
        "other".into(),
        engine::programme::Message {
            email: Some(email(&[("it", html("{% fi %}"))])),
            ..engine::programme::Message::default()
        },
    );
    let places: Vec<_> =
        Templates::compile(&all).expect_err("three mistakes").into_iter().map(|one| one.place.0).collect();
    let expected = [
        "other.email.templates.it.html",
        "welcome.email.templates.en.text",
        "welcome.email.templates.it.text",
    ];
    assert_eq!(places, expected.map(|place| format!("messages.{place}")));
}

#[test]
fn the_same_send_renders_to_the_same_bytes() {
    assert_eq!(rendered(mjml(SHOP)), rendered(mjml(SHOP)));
    assert_eq!(
        page(html("{{ profile }}")),
        "{&quot;first_name&quot;:&quot;Ada&quot;,&quot;full&quot;:&quot;Ada \\u003cb\\u003e&quot;,&quot;site&quot;:&quot;https://evil.example/x&quot;,&quot;email&quot;:&quot;ada@example.org&quot;}"
    );
}

/// The shop of the demonstration, as a reader gets it.
#[test]
fn the_example_renders_in_every_language() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bottega");
    let (bottega, _) = server::programme::load(&folder).expect("the example has no mistakes");
    let templates = Templates::compile(&bottega).expect("its templates have none");
    // Those on pages and in the app are not written as emails.
    let emails = bottega.messages.iter().filter(|(_, message)| message.email.is_some());
    for (message, language) in
        emails.flat_map(|(message, _)| bottega.languages.iter().map(move |language| (message, language)))
    {
        let mut send = prepare();
        (send.message, send.language) = (message.clone(), language.clone());
        let rendered = render(&templates, &send).expect(message);
        let html = rendered.html.expect("all are written in MJML");
        for part in [&rendered.subject, &rendered.text, &html] {
            let raw = ["{{", "{%", "liq0w", "<mj-"].iter().find(|raw| part.contains(**raw));
            assert_eq!(raw, None, "{message} in {language}: {part}");
        }
        assert!(
            rendered.text.contains("Ada") && html.contains("Ada"),
            "{message} in {language} knows its reader"
        );
        assert!(
            rendered.text.lines().all(|line| !line.contains('<')),
            "{message} in {language}: {}",
            rendered.text
        );
    }
}

#[test]
fn a_variant_is_the_original_in_other_words() {
    let mut original =
        email(&[("en", EmailTemplate { text: Some("As ever.".into()), ..Default::default() })]);
    original.subject = [("en".to_owned(), "Hello".to_owned())].into();
    let warm = EmailTemplate { text: Some("Dear {{ profile.first_name }}!".into()), ..Default::default() };
    let variants = [
        ("short", Variant { subject: [("en".to_owned(), "Hey".to_owned())].into(), ..Default::default() }),
        ("warm", Variant { templates: [("en".to_owned(), warm)].into(), ..Default::default() }),
    ];
    let message = Message {
        email: Some(original),
        variants: variants.map(|(name, one)| (name.to_owned(), one)).into(),
        ..Default::default()
    };
    let programme = Programme {
        languages: vec!["en".into()],
        messages: [("welcome".to_owned(), message)].into(),
        ..Default::default()
    };
    let templates = Templates::compile(&programme).unwrap();
    for (variant, subject, text) in [
        ("", "Hello", "As ever."),
        ("original", "Hello", "As ever."),
        ("short", "Hey", "As ever."),
        ("warm", "Hello", "Dear Ada!"),
        // Since another programme was applied.
        ("gone", "Hello", "As ever."),
    ] {
        let found = render(&templates, &Prepare { variant: variant.to_owned(), ..prepare() }).unwrap();
        assert_eq!((found.subject.as_str(), found.text.trim()), (subject, text), "{variant}");
    }
}
