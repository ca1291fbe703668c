//! Soft opt-in: the law lets a company write to its own customers about the like of what they bought, until they object.

use super::{Channel, Mistake, OptIn, Place, Programme, span_ms};
use crate::at::Span;
use crate::limits::SOFT_OPT_IN_MAX;
use crate::segment::parse::parse;
use crate::segment::{Did, Quantity, Window};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftOptIn {
    /// What makes somebody a customer: `did "Order Completed"`.
    pub after: String,
    pub channels: Vec<Channel>,
    /// For how long after that.
    #[serde(with = "span_ms")]
    pub within: Span,
}

impl SoftOptIn {
    /// What is asked of a person's events: the deed, within the time. `None` where `after` is anything else than a deed.
    pub(crate) fn did(&self) -> Option<Did> {
        let expression = parse(&self.after).ok()?;
        let did = expression.bare_did()?;
        let counts = matches!(did.quantity, Quantity::AtLeast(1..)) && did.window.is_none();
        counts.then(|| Did { window: Some(Window::Within(self.within)), ..did.clone() })
    }
}

impl Programme {
    /// Every soft opt-in, with its purpose.
    pub(crate) fn soft_opt_ins(&self) -> impl Iterator<Item = (&str, &SoftOptIn)> {
        self.purposes.iter().filter_map(|(name, one)| Some((name.as_str(), one.soft_opt_in.as_ref()?)))
    }

    /// The events that soft opt-ins ask for, as expressions.
    pub(crate) fn soft_rules(&self) -> impl Iterator<Item = &str> {
        self.soft_opt_ins().map(|(_, soft)| soft.after.as_str())
    }

    pub(super) fn soft_opt_in_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (name, soft) in self.soft_opt_ins() {
            let place = Place("purposes".to_owned()).field(name).field("soft_opt_in");
            let purpose = &self.purposes[name];
            let mut add = |place: Place, message: String, suggestion: &str| {
                let suggestion = Some(suggestion.to_owned());
                mistakes.push(Mistake { place, offset: None, message, suggestion });
            };
            match parse(&soft.after) {
                Err(wrong) => mistakes.push(wrong.at(place.field("after"))),
                Ok(_) if soft.did().is_none() => add(
                    place.field("after"),
                    "somebody becomes a customer by something that they do, and nothing else".to_owned(),
                    "for example `after: did \"Order Completed\"`; the time goes to `within`",
                ),
                Ok(_) => {}
            }
            let mut add = |place: Place, message: String, suggestion: &str| {
                let suggestion = Some(suggestion.to_owned());
                mistakes.push(Mistake { place, offset: None, message, suggestion });
            };
            if soft.within.0 <= 0 || soft.within > SOFT_OPT_IN_MAX {
                let message = format!("a soft opt-in ends after at most {SOFT_OPT_IN_MAX}");
                add(place.field("within"), message, "for example `within: 24 months`");
            }
            if purpose.opt_in == OptIn::None || purpose.third_party {
                let message = format!("the purpose `{name}` cannot have a soft opt-in");
                add(place.clone(), message, "it is for purposes that ask for a consent to write to people");
            }
            for channel in &soft.channels {
                if !matches!(channel, Channel::Email | Channel::Sms) {
                    let message = format!("no law knows a soft opt-in by {}", channel.name());
                    add(place.field("channels"), message, "write `channels: [email]`");
                } else if !purpose.channels.contains(channel) {
                    let message = format!("the purpose `{name}` is not for the channel `{}`", channel.name());
                    add(place.field("channels"), message, "add it to the purpose's channels, or take it out");
                }
            }
            if soft.channels.is_empty() {
                add(
                    place.field("channels"),
                    "a soft opt-in is for a channel".to_owned(),
                    "write `channels: [email]`",
                );
            }
        }
        mistakes
    }
}
