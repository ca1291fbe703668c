//! `contact_policy:` of `programme.yaml`: frequency caps, quiet hours, fatigue, exclusions, the global holdout.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::programme::{Cap, ContactPolicy, Exclusion, Fatigue, Place, QuietHours};

/// What stands for the programme's own zone.
const PROGRAMME: &str = "programme";

impl Reading {
    pub(super) fn contact_policy(&mut self, fields: &Fields<'_>) -> ContactPolicy {
        let place = fields.place.field("contact_policy");
        let known = ["caps", "quiet_hours", "fatigue", "fewer", "exclusions", "holdout", "patience"];
        let inside = fields.get("contact_policy").map(|node| self.fields(fields.file, node, &place, &known));
        let Some(fields) = inside.flatten() else { return ContactPolicy::default() };
        let file = fields.file;
        let caps =
            fields.get("caps").map_or(&[][..], |node| self.list(file, node, &place.field("caps"), false));
        let caps = caps
            .iter()
            .enumerate()
            .map(|(index, node)| self.cap(file, node, &place.field("caps").index(index)).unwrap_or_default());
        let caps = caps.collect();
        let exclusions = fields.get("exclusions");
        let exclusions =
            exclusions.map_or(&[][..], |node| self.list(file, node, &place.field("exclusions"), false));
        let exclusions = exclusions.iter().enumerate().map(|(index, node)| {
            self.exclusion(file, node, &place.field("exclusions").index(index)).unwrap_or_default()
        });
        let exclusions = exclusions.collect();
        let quiet_hours = fields.get("quiet_hours");
        let fatigue = fields.get("fatigue");
        ContactPolicy {
            caps,
            quiet_hours: quiet_hours
                .and_then(|node| self.quiet_hours(file, node, &place.field("quiet_hours"))),
            fatigue: fatigue.and_then(|node| self.fatigue(file, node, &place.field("fatigue"))),
            fewer: fields
                .get("fewer")
                .map(|node| self.cap(file, node, &place.field("fewer")).unwrap_or_default()),
            exclusions,
            holdout_permille: self.holdout(&fields),
            patience: self.optional_span(&fields, "patience"),
        }
    }

    /// `{ at most: 3, within: 7 days }`, of some channels or purposes.
    fn cap(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Cap> {
        let fields = self.fields(file, node, place, &["at most", "within", "channels", "purposes"])?;
        let at_most = self.required_count(&fields, "at most", "at_most", "3");
        let within = self.required_span(&fields, "7 days");
        if at_most.is_none() || within.is_none() {
            self.spoil(place.clone());
        }
        let channels = fields.get("channels");
        let channels = channels.map(|node| self.channels(file, node, &place.field("channels")));
        let purposes = fields.get("purposes");
        let purposes = purposes.map(|node| self.names(file, node, &place.field("purposes")));
        Some(Cap {
            at_most: at_most.unwrap_or_default(),
            within: within.unwrap_or_default(),
            channels: channels.unwrap_or_default(),
            purposes: purposes.unwrap_or_default(),
        })
    }

    /// `{ from: "21:00", to: "08:00" }`, of some channels, and by which clock where nobody knows the person's.
    fn quiet_hours(&mut self, file: FileId, node: &Node, place: &Place) -> Option<QuietHours> {
        let fields = self.fields(file, node, place, &["from", "to", "channels", "unknown zone"])?;
        let [from, to] = [("from", "\"21:00\""), ("to", "\"08:00\"")].map(|(name, example)| {
            let text = self.required_text(&fields, name, example)?;
            let minute = minute_of_day(&text);
            if minute.is_none() {
                let message = format!("\"{text}\" is no time of day");
                self.mistake_at(&place.field(name), message, "for example `\"21:00\"`");
            }
            minute
        });
        let channels = fields.get("channels");
        let channels = channels.map(|node| self.channels(file, node, &place.field("channels")));
        let unknown_zone = match fields.get("unknown zone") {
            Some(node) if node.text() != Some(PROGRAMME) => {
                self.names(file, node, &place.field("unknown_zone"))
            }
            _ => Vec::new(),
        };
        let (from, to) = (from?, to?);
        Some(QuietHours { from, to, channels: channels.unwrap_or_default(), unknown_zone })
    }

    /// `{ after: 8, within: 60 days, then: { at most: 1, within: 30 days } }`.
    fn fatigue(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Fatigue> {
        let fields = self.fields(file, node, place, &["after", "within", "then"])?;
        let after = self.required_count(&fields, "after", "after", "8");
        let within = self.required_span(&fields, "60 days");
        let then = self.required(&fields, "then", "{ at most: 1, within: 30 days }");
        let then = then.and_then(|node| self.cap(file, node, &place.field("then")));
        if after.is_none() || within.is_none() || then.is_none() {
            self.spoil(place.clone());
        }
        Some(Fatigue {
            after: after.unwrap_or_default(),
            within: within.unwrap_or_default(),
            then: then.unwrap_or_default(),
        })
    }

    /// `{ only one of: [vip-offer, first-order], within: 14 days }`.
    fn exclusion(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Exclusion> {
        let fields = self.fields(file, node, place, &["only one of", "within"])?;
        let names = self.required(&fields, "only one of", "[vip-offer, first-order]");
        let names = names.map(|node| self.names(file, node, &place.field("only_one_of")));
        let within = self.required_span(&fields, "14 days");
        if names.is_none() || within.is_none() {
            self.spoil(place.clone());
        }
        Some(Exclusion { only_one_of: names.unwrap_or_default(), within: within.unwrap_or_default() })
    }

    /// `applies` or `none`: whether a purpose is under the contact policy.
    pub(super) fn is_under_policy(&mut self, fields: &Fields<'_>) -> Option<bool> {
        let text = self.optional_text(fields, "contact_policy")?;
        match text.as_str() {
            "applies" => Some(true),
            "none" => Some(false),
            _ => {
                let message = format!("\"{text}\" does not say whether the contact policy applies");
                self.mistake_at(&fields.place.field("contact_policy"), message, "write `applies` or `none`");
                None
            }
        }
    }

    pub(super) fn priority(&mut self, fields: &Fields<'_>) -> u8 {
        let Some(text) = self.optional_text(fields, "priority") else { return 0 };
        let number = text.parse();
        if number.is_err() {
            let message = format!("\"{text}\" is no priority");
            self.mistake_at(&fields.place.field("priority"), message, "write a number from 0 to 10");
        }
        number.unwrap_or_default()
    }

    pub(super) fn optional_span(&mut self, fields: &Fields<'_>, name: &str) -> Option<engine::at::Span> {
        self.span(fields.file, fields.get(name)?, &fields.place.field(name))
    }

    fn required_span(&mut self, fields: &Fields<'_>, example: &str) -> Option<engine::at::Span> {
        let node = self.required(fields, "within", example)?;
        self.span(fields.file, node, &fields.place.field("within"))
    }

    pub(super) fn required_count(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        field: &str,
        example: &str,
    ) -> Option<u32> {
        let node = self.required(fields, name, example)?;
        let place = fields.place.field(field);
        let text = self.text(fields.file, node, &place)?;
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("expected a whole number, and this is \"{text}\"");
            self.mistake_at(&place, message, &format!("for example `{name}: {example}`"));
        }
        number
    }

    /// A list of names, or one alone.
    pub(super) fn names(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<String> {
        let elements = self.list(file, node, place, true).iter().enumerate();
        elements.filter_map(|(index, element)| self.text(file, element, &place.index(index))).collect()
    }
}

/// `21:00` as the minute of the day.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let fits = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|_| minute.len() == 2)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read() {
        for (text, expected) in [
            ("21:00", Some(1_260)),
            ("8:05", Some(485)),
            ("00:00", Some(0)),
            ("23:59", Some(1_439)),
            ("24:00", None),
            ("12:60", None),
            ("12:5", None),
            ("+1:00", None),
            ("noon", None),
        ] {
            assert_eq!(minute_of_day(text), expected, "{text}");
        }
    }
}
