//! Webhooks: addresses of other programs, what they hear of, and what of a person they are told.

use super::{Enter, Mistake, Place, Programme, Step, nearest};
use crate::at::Span;
use crate::identifier::IdentifierKind;
use crate::journey::CALL_ROOT;
use crate::limits::{WEBHOOK_WAIT_MAX, WEBHOOKS_MAX};
use crate::segment::parse::Wrong;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Another program that is told of what happens, and that journeys may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Webhook {
    pub url: String,
    /// As [`Hears`] writes them; empty for one that only journeys ask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hears: Vec<String>,
    /// What of a person goes out with it, as [`Field`] writes it; without any, a number that means nothing elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// A step that asks another program and waits for its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookStep {
    /// Its name among the programme's webhooks.
    pub webhook: String,
    /// Liquid, by name of the field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub body: BTreeMap<String, String>,
    /// What the answer is called in later steps: `webhook.` and this name.
    pub name: String,
    #[serde(with = "super::span_ms")]
    pub at_most: Span,
    /// What comes before the next step where there is no answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<super::Step>,
}

/// What a webhook hears of.
#[derive(Clone, Debug, PartialEq)]
pub enum Hears {
    /// `did "Order Completed" (total > 50)`, `entered segment "vip"` or `left segment "vip"`.
    Happening(Enter),
    /// What became of messages: accepted, bounced, complained.
    Sends,
    /// Opens and clicks.
    Engagement,
    Consents,
    /// People whom we know no longer, so that whoever was told of them forgets them too.
    Erasures,
}

const WORDS: [(&str, Hears); 4] = [
    ("sends", Hears::Sends),
    ("engagement", Hears::Engagement),
    ("consents", Hears::Consents),
    ("erasures", Hears::Erasures),
];

impl Hears {
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some((_, hears)) = WORDS.into_iter().find(|(word, _)| *word == text.trim()) {
            return Ok(hears);
        }
        let wrong = |message: &str| {
            Wrong {
            offset: 0,
            message: message.to_owned(),
            suggestion: Some(
                "write `did \"Order Completed\"`, `entered segment \"vip\"`, `left segment \"vip\"`, `sends`, \
                 `engagement`, `consents` or `erasures`"
                    .to_owned(),
            ),
        }
        };
        if !text.contains(' ') {
            let near = nearest(text, WORDS.iter().map(|(word, _)| *word));
            let suggestion = near.map(|near| format!("did you mean `{near}`?"));
            let unknown = wrong("this is nothing that a webhook can hear of");
            return Err(Wrong { suggestion: suggestion.or(unknown.suggestion), ..unknown });
        }
        match Enter::parse(text)? {
            happening @ (Enter::Event(_) | Enter::Change { .. }) => Ok(Self::Happening(happening)),
            Enter::Truth(_) => Err(wrong(
                "a webhook hears of events and of changes; make a segment of what is more than one event",
            )),
            Enter::Schedule(_) | Enter::Date(_) | Enter::Request => {
                Err(wrong("this is nothing that a webhook can hear of"))
            }
        }
    }

    /// The segment whose changes are heard.
    fn segment(self) -> Option<String> {
        match self {
            Self::Happening(Enter::Change { segment, .. }) => Some(segment),
            _ => None,
        }
    }
}

/// What of a person a webhook is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// `user_id`, `email`, or another type of identifiers.
    Identifier(IdentifierKind),
    /// `trait.plan`.
    Trait(Vec<String>),
    /// `properties`: all of the event's.
    Properties,
    /// `property.order_id`.
    Property(Vec<String>),
}

impl Field {
    /// `None` where it is nothing of a person.
    pub fn parse(text: &str) -> Option<Self> {
        let path = |path: &str| -> Option<Vec<String>> {
            let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
            parts.iter().all(|part| !part.trim().is_empty()).then_some(parts)
        };
        if text == "properties" {
            return Some(Self::Properties);
        }
        if let Some(rest) = text.strip_prefix("trait.") {
            return path(rest).map(Self::Trait);
        }
        if let Some(rest) = text.strip_prefix("property.") {
            return path(rest).map(Self::Property);
        }
        IdentifierKind::ALL.into_iter().find(|kind| kind.name() == text).map(Self::Identifier)
    }
}

impl Webhook {
    /// The segments whose changes it hears of.
    pub(crate) fn segments(&self) -> impl Iterator<Item = String> {
        self.hears.iter().filter_map(|text| Hears::parse(text).ok()?.segment())
    }
}

impl Programme {
    /// What is wrong with its webhooks.
    pub(super) fn webhook_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let root = Place("webhooks".to_owned());
        let mut add = |place: Place, message: String, suggestion: Option<&str>| {
            let suggestion = suggestion.map(str::to_owned);
            mistakes.push(Mistake { place, offset: None, message, suggestion });
        };
        if self.webhooks.len() > WEBHOOKS_MAX {
            add(root.clone(), format!("a programme has at most {WEBHOOKS_MAX} webhooks"), None);
        }
        for (name, webhook) in &self.webhooks {
            let place = root.field(name);
            if let Some((message, suggestion)) = wrong_url(&webhook.url) {
                add(place.field("url"), message, Some(suggestion));
            }
            for (index, text) in webhook.fields.iter().enumerate() {
                if Field::parse(text).is_none() {
                    let suggestion = "write a type of identifiers such as `user_id`, `trait.` or `property.` and a \
                                      name, or `properties`";
                    let message = format!("\"{text}\" is nothing of a person");
                    add(place.field("fields").index(index), message, Some(suggestion));
                }
            }
        }
        for (name, webhook) in &self.webhooks {
            for (index, text) in webhook.hears.iter().enumerate() {
                let place = root.field(name).field("hears").index(index);
                match Hears::parse(text) {
                    Err(wrong) => mistakes.push(wrong.at(place)),
                    Ok(hears) => mistakes.extend(self.unknown_heard(&place, text, hears)),
                }
            }
        }
        mistakes
    }

    /// The names under which its steps keep what webhooks answered.
    pub(super) fn answer_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.journeys.values().for_each(|journey| add_names(&journey.steps, &mut names));
        names
    }

    /// The answer that a path asks for and that no step has. Where there are no webhooks, an event may have said it.
    pub(super) fn unknown_answer<'p>(&self, path: &'p [String]) -> Option<&'p str> {
        let [root, name, ..] = path else { return None };
        let is_answer = root == CALL_ROOT && !self.webhooks.is_empty();
        (is_answer && !self.answer_names().contains(name.as_str())).then_some(name)
    }

    fn unknown_heard(&self, place: &Place, text: &str, hears: Hears) -> Option<Mistake> {
        let segment = hears.segment().filter(|segment| !self.segments.contains_key(segment))?;
        let (message, suggestion) = self.unknown_segment(&segment);
        let offset = text.find(&format!("\"{segment}\"")).or_else(|| text.find(&format!("'{segment}'")));
        Some(Mistake { place: place.clone(), offset, message, suggestion })
    }
}

fn add_names<'p>(steps: &'p [Step], names: &mut BTreeSet<&'p str>) {
    for step in steps {
        match step.named().0 {
            Step::Webhook(asked) => {
                names.insert(&asked.name);
                add_names(&asked.otherwise, names);
            }
            Step::Branch(arms) => arms.iter().for_each(|arm| add_names(&arm.then, names)),
            Step::Split { ways, .. } => ways.iter().for_each(|way| add_names(&way.then, names)),
            _ => {}
        }
    }
}

/// What is wrong with an address. Whether it may be reached is for the settings to say, where the program runs.
fn wrong_url(url: &str) -> Option<(String, &'static str)> {
    let rest = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            let is_inside = ["localhost", "127.0.0.1", "[::1]"].contains(&host)
                || host.ends_with(".internal")
                || host.ends_with(".local")
                || !host.contains('.');
            if !is_inside {
                return Some((
                    "a webhook is told over an encrypted connection".to_owned(),
                    "write `https://`; `http://` is for programs on the same network, such as `http://erp.internal/`",
                ));
            }
            rest
        }
        _ => return Some((format!("\"{url}\" is no address of the web"), "write it from `https://` on")),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Some((format!("\"{url}\" names no host"), "for example `https://erp.shop.example/hooks`"));
    }
    if authority.contains('@') {
        return Some((
            "the address holds a password or a user, which everybody who reads the programme can see"
                .to_owned(),
            "leave it out: what we send is signed",
        ));
    }
    let is_strange = |c: char| c.is_control() || c.is_whitespace() || c == '{';
    url.contains(is_strange).then(|| {
        (
            format!("\"{url}\" holds what no address does"),
            "what differs from person to person goes into the body",
        )
    })
}

/// What is wrong with the wait of a webhook step.
pub(super) fn wrong_wait(at_most: Span) -> Option<String> {
    if at_most.0 <= 0 {
        return Some("the step waits for no time at all".to_owned());
    }
    (at_most > WEBHOOK_WAIT_MAX).then(|| "a run waits for an answer for 7 days at most".to_owned())
}
