//! What is wrong with what a programme leaves open, and with the variants of its messages.

use super::{Check, did_you_mean};
use crate::at::Span;
use crate::limits::{
    BEST_EXPLORE_MIN, BEST_HOURS_WITHIN_MAX, BEST_HOURS_WITHIN_MIN, BEST_WITHIN_MAX, VARIANTS_MAX,
};
use crate::programme::{Best, Channel, Choices, Message, ORIGINAL, Place, VariantChoice};
use std::collections::BTreeSet;

impl Check<'_> {
    pub(super) fn best(&mut self) {
        let place = Place("best".to_owned());
        let Best { responses, within, explore_permille, after } = self.programme.best.clone();
        if responses.is_empty() {
            let suggestion = Some("write `responses: [click]`".to_owned());
            self.add(&place.field("responses"), "without responses nothing is learned", suggestion);
        }
        if within <= Span::default() || within > BEST_WITHIN_MAX {
            let most = BEST_WITHIN_MAX.0 / Span::DAY.0;
            let message = format!("a response is waited for up to {most} days");
            self.add(&place.field("within"), message, Some("for example `3 days`".to_owned()));
        }
        if !(BEST_EXPLORE_MIN..=1_000).contains(&explore_permille) {
            let least = BEST_EXPLORE_MIN / 10;
            let message = format!("at least {least}% of the choices are for finding out");
            self.add(&place.field("explore"), message, Some("for example `10%`".to_owned()));
        }
        if after == 0 {
            let suggestion = Some("for example `50`".to_owned());
            self.add(&place.field("after"), "nothing is learned of no responses", suggestion);
        }
        let programme = self.programme;
        for (name, message) in &programme.messages {
            self.variants(&Place("messages".to_owned()).field(name), message);
        }
    }

    fn variants(&mut self, place: &Place, message: &Message) {
        let place = place.field("variants");
        let Some(email) = message.email.as_ref().filter(|_| message.variants.len() <= VARIANTS_MAX) else {
            if message.variants.len() > VARIANTS_MAX {
                let most = format!("a message has at most {VARIANTS_MAX} variants besides the original");
                self.add(&place, most, None);
            } else if !message.variants.is_empty() {
                self.add(&place, "a variant is another wording of an email, and there is none", None);
            }
            return;
        };
        let mut shares = 0_u32;
        for (name, variant) in &message.variants {
            let place = place.field(name);
            shares += u32::from(variant.share_permille.unwrap_or_default());
            if name == ORIGINAL || name == "best" || name == "split" {
                let suggestion = Some("for example `short`".to_owned());
                self.add(&place, format!("a variant cannot be called \"{name}\""), suggestion);
            }
            if variant.subject.is_empty() && variant.templates.is_empty() {
                let file = format!("email.{name}.en.mjml");
                let suggestion = Some(format!("give it a `subject`, or a template such as {file}"));
                self.add(&place, "the variant is not another one than the original", suggestion);
            }
            let speaks = |one: &mut dyn Iterator<Item = &String>| one.cloned().collect::<BTreeSet<_>>();
            let pairs = [
                ("subject", speaks(&mut email.subject.keys()), speaks(&mut variant.subject.keys())),
                ("templates", speaks(&mut email.templates.keys()), speaks(&mut variant.templates.keys())),
            ];
            for (field, original, own) in pairs.into_iter().filter(|(_, _, own)| !own.is_empty()) {
                for missing in original.difference(&own) {
                    let message = format!("the original speaks \"{missing}\", and this variant does not");
                    self.add(&place.field(field), message, Some(format!("add it in \"{missing}\"")));
                }
            }
        }
        if shares > 1_000 {
            self.add(&place, "the shares of the variants come to more than 100%", None);
        }
    }

    /// What a send step leaves open and cannot be chosen.
    pub(super) fn choices(&mut self, place: &Place, message: &str, channels: &[Channel], choices: &Choices) {
        if choices.channel && channels.len() == 1 {
            let suggestion = Some("name another, or leave `best` out".to_owned());
            self.add(&place.field("channels"), "of one channel there is no best", suggestion);
        }
        if let Some(within) = choices.hour_within
            && !(BEST_HOURS_WITHIN_MIN..=BEST_HOURS_WITHIN_MAX).contains(&within)
        {
            let [least, most] =
                [BEST_HOURS_WITHIN_MIN, BEST_HOURS_WITHIN_MAX].map(|one| one.0 / Span::HOUR.0);
            let message = format!("a best hour is found within {least} to {most} hours");
            self.add(&place.field("at"), message, Some("for example `{ best: 24 hours }`".to_owned()));
        }
        let Some(defined) = self.programme.messages.get(message) else { return };
        let place = place.field("variant");
        match &choices.variant {
            VariantChoice::Split => {}
            VariantChoice::Best if defined.variants.is_empty() => {
                let message = format!("the message \"{message}\" has no variants");
                let suggestion = Some("give it `variants:`, or leave `variant` out".to_owned());
                self.add(&place, message, suggestion);
            }
            VariantChoice::Best => {}
            VariantChoice::Named(name) => {
                let known: Vec<String> = defined.variant_names().map(str::to_owned).collect();
                if !known.contains(name) {
                    let unknown = format!("the message \"{message}\" has no variant \"{name}\"");
                    self.add(&place, unknown, did_you_mean(name, known.iter()));
                }
            }
        }
    }
}
