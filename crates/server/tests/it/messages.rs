//! Messages from a programme's templates to what is handed to SMTP: parts, links, tokens, mistakes.

mod links;
mod parts;
mod tokens;

use engine::at::At;
use engine::effect::Prepare;
use engine::programme::{
    Channel, EmailMessage, EmailTemplate, Message, Mistake, OpenTracking, OptIn, Programme, Purpose, Tracking,
};
use engine::value::OwnedMap;
use engine::{ProfileId, SendId};
use serde_json::json;
use server::deliver::link::SignedLinks;
use server::deliver::render::{Rendered, Seen, Templates, Unrenderable};

const BASE: &str = "https://mail.bottega.example";

fn signed_links() -> SignedLinks {
    SignedLinks::new(&format!("{BASE}/"), &[7; 32])
}

fn email(templates: &[(&str, EmailTemplate)]) -> EmailMessage {
    EmailMessage {
        from: "Bottega <ciao@bottega.example>".into(),
        reply_to: None,
        subject: [
            ("it", "Ciao {{ profile.first_name | default: 'tu' }}"),
            ("en", "Hello {{ profile.first_name }}"),
        ]
        .map(|(language, subject)| (language.to_owned(), subject.to_owned()))
        .into(),
        templates: templates
            .iter()
            .map(|(language, template)| ((*language).to_owned(), template.clone()))
            .collect(),
        tracking: None,
    }
}

fn html(source: &str) -> EmailTemplate {
    EmailTemplate { html: Some(source.to_owned()), ..EmailTemplate::default() }
}

fn mjml(source: &str) -> EmailTemplate {
    EmailTemplate { mjml: Some(source.to_owned()), ..EmailTemplate::default() }
}

fn text(source: &str) -> EmailTemplate {
    EmailTemplate { text: Some(source.to_owned()), ..EmailTemplate::default() }
}

fn programme(email: EmailMessage, tracking: Tracking) -> Programme {
    let purpose = |opt_in| Purpose { channels: vec![Channel::Email], opt_in, ..Purpose::default() };
    Programme {
        name: "Bottega".into(),
        timezone: "Europe/Rome".into(),
        languages: vec!["it".into(), "en".into()],
        tracking,
        purposes: [
            ("offers".to_owned(), purpose(OptIn::Double)),
            ("orders".to_owned(), purpose(OptIn::None)),
        ]
        .into(),
        messages: [("welcome".to_owned(), Message { email: Some(email), ..Message::default() })].into(),
        ..Programme::default()
    }
}

fn compile(template: EmailTemplate) -> Result<Templates, Vec<Mistake>> {
    Templates::compile(&programme(
        email(&[("it", template)]),
        Tracking { opens: OpenTracking::Off, clicks: true },
    ))
}

fn map(json: &serde_json::Value) -> OwnedMap {
    OwnedMap::from_json(json).expect("an object")
}

fn prepare() -> Prepare {
    Prepare {
        send: SendId(41),
        attempt: 1,
        decided_at: engine::at::At(0),
        profile: ProfileId(3),
        channel: Channel::Email,
        address: "ada@example.org".into(),
        message: "welcome".into(),
        variant: String::new(),
        language: "it".into(),
        purpose: "offers".into(),
        journey: "welcome".into(),
        traits: map(&json!({"first_name": "Ada", "full": "Ada <b>", "site": "https://evil.example/x"})),
        event: map(&json!({
            "total": 19.9, "at": "2026-11-23T22:30:00Z",
            "items": [{"title": "Vaso & co", "url": "https://shop.example/vaso?a=1&b=2"}, {"title": "Lume", "url": "https://other.example/"}]
        })),
        offer: None,
    }
}

fn render(templates: &Templates, send: &Prepare) -> Result<Rendered, Unrenderable> {
    templates.render(send, &signed_links(), At(1_795_424_700_000), Seen::AsSend { opens: true })
}

fn rendered(template: EmailTemplate) -> Rendered {
    let templates = compile(template).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    render(&templates, &prepare()).expect("it renders")
}

/// The HTML of a template without links or pixel.
fn page(template: EmailTemplate) -> String {
    rendered(template).html.expect("an HTML part")
}
