//! Everything that is wrong with a programme, so far as the programme itself shows it.
//!
//! Files, templates and languages of messages are the server's to check; here it is names and expressions.

mod best;
mod broadcasts;
mod steps;

use super::{
    Arm, Channel, ClusterSet, Enter, Journey, Mistake, OptIn, Place, Programme, Purpose, Step, nearest,
};
use crate::journey::ENTRY_PREFIX;
use crate::limits::{CONDITIONS_MAX, SEGMENTS_MAX};
use crate::segment::cluster::{segment_name, set_of};
use crate::segment::parse::parse;
use crate::segment::parse::parse_feature;
use crate::segment::parse::parse_for;
use crate::segment::{Expression, Owner};
use std::collections::{BTreeMap, BTreeSet};

impl Programme {
    /// Every mistake, in the order of the programme's parts. A programme without mistakes can be applied.
    ///
    /// Places are paths of field names: `segments.vip`, `journeys.cart.steps[1].until`,
    /// `journeys.cart.steps[2].branch[0].when`, `journeys.cart.steps[2].branch[0].then[0].send`.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut check = Check { programme: self, mistakes: Vec::new() };
        check.whole();
        check.purposes();
        check.segments();
        check.clusters();
        check.journeys();
        check.broadcasts();
        check.mistakes.extend(self.webhook_mistakes());
        check.mistakes.extend(self.channel_mistakes());
        check.mistakes.extend(self.identity.mistakes());
        check.mistakes.extend(self.contact_mistakes());
        check.mistakes.extend(self.wording_mistakes());
        check.mistakes.extend(self.soft_opt_in_mistakes());
        check.offers();
        check.onsite();
        check.best();
        check.mistakes.extend(self.onsite_mistakes());
        check.mistakes.extend(self.editorial_mistakes());
        check.blocks();
        check.mistakes.extend(self.link_mistakes());
        check.mistakes.extend(self.page_mistakes());
        check.mistakes.extend(self.form_mistakes());
        check.mistakes.extend(self.money_mistakes());
        check.mistakes.extend(self.campaign_mistakes());
        check.mistakes.extend(self.report_mistakes());
        check.mistakes
    }
}

/// Names that a journey step may follow: where it is, and what it may mention.
struct Check<'a> {
    programme: &'a Programme,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: Option<String>) {
        let mistake = Mistake { place: place.clone(), offset: None, message: message.into(), suggestion };
        self.mistakes.push(mistake);
    }

    fn whole(&mut self) {
        let root = Place::default();
        if self.programme.name.trim().is_empty() {
            let suggestion = Some("add a line such as `programme: my-shop`".to_owned());
            self.add(&root.field("name"), "the programme has no name", suggestion);
        }
        if self.programme.languages.is_empty() {
            let suggestion = Some("add a line such as `languages: [en]`".to_owned());
            self.add(&root.field("languages"), "a programme needs at least one language", suggestion);
        }
        let purchase = &self.programme.purchase;
        for (field, text) in [("event", &purchase.event), ("amount", &purchase.amount)] {
            if text.trim().is_empty() {
                let suggestion = Some("leave it out for `Order Completed` with its `total`".to_owned());
                self.add(
                    &root.field("purchase").field(field),
                    "a purchase is an event with an amount",
                    suggestion,
                );
            }
        }
        if self.programme.segments.len() + self.programme.journeys.len() > SEGMENTS_MAX {
            let message = format!("a programme has at most {SEGMENTS_MAX} segments and journeys");
            self.add(&root.field("segments"), message, None);
        }
        let rules = self.programme.journeys.values().flat_map(Journey::rules);
        let broadcasts = self.programme.broadcasts.values().map(|broadcast| broadcast.to.as_str());
        let texts = self.programme.segments.values().map(String::as_str).chain(rules).chain(broadcasts);
        let texts = texts.chain(self.programme.soft_rules()).chain(self.programme.eligibilities());
        let texts = texts.chain(self.programme.block_rules().map(|(.., text)| text));
        let onsite = self.programme.onsite_rules().filter_map(|(_, text)| parse(&text).ok());
        let asked: usize =
            texts.filter_map(|text| parse(text).ok()).chain(onsite).map(|rule| rule.asked()).sum();
        let asked = asked + self.programme.clusters.values().map(ClusterSet::asked).sum::<usize>();
        if asked > CONDITIONS_MAX {
            let message = format!(
                "a programme has at most {CONDITIONS_MAX} conditions and filters, and this has {asked}"
            );
            self.add(&root.field("segments"), message, None);
        }
    }

    fn purposes(&mut self) {
        for (name, purpose) in &self.programme.purposes {
            let place = Place::default().field("purposes").field(name);
            self.sharing(&place, name, purpose);
            if purpose.channels.is_empty() && !purpose.third_party {
                let suggestion = Some("add `channels: [email]`".to_owned());
                self.add(
                    &place.field("channels"),
                    format!("the purpose `{name}` has no channel"),
                    suggestion,
                );
            }
            match (&purpose.confirm, purpose.opt_in) {
                (None, OptIn::Double) => self.add(
                    &place.field("opt_in"),
                    format!("a double opt-in needs a message that carries the link, and `{name}` names none"),
                    Some("add `confirm:` with the name of that message".to_owned()),
                ),
                (Some(message), OptIn::Double) => self.message(&place.field("confirm"), message),
                (Some(_), _) => self.add(
                    &place.field("confirm"),
                    "only a double opt-in asks to confirm",
                    Some("write `opt_in: double`, or leave `confirm` out".to_owned()),
                ),
                (None, _) => {}
            }
        }
    }

    /// Sharing is on no channel, and asks for a consent of its own.
    fn sharing(&mut self, place: &Place, name: &str, purpose: &Purpose) {
        if purpose.third_party && !purpose.channels.is_empty() {
            let message = format!("nothing is sent for `{name}`, since it is for sharing with others");
            let suggestion = Some("leave `channels` out, or `third_party`".to_owned());
            self.add(&place.field("channels"), message, suggestion);
        }
        if purpose.third_party && purpose.opt_in != OptIn::Single {
            let message = format!("the purpose `{name}` asks for a consent of its own");
            self.add(&place.field("opt_in"), message, Some("write `opt_in: single`".to_owned()));
        }
    }

    /// Whom messages on pages are for.
    fn onsite(&mut self) {
        for (name, message) in &self.programme.messages {
            let audience = message.onsite.as_ref().and_then(|one| one.audience.as_ref());
            if let Some(audience) = audience {
                let place = Place::default().field("messages").field(name).field("onsite").field("for");
                self.expression(&place, audience, Owner::Segment);
            }
        }
    }

    /// Whom blocks of pages are for.
    fn blocks(&mut self) {
        for (page, number, when) in self.programme.block_rules() {
            let blocks = Place::default().field("pages").field(page).field("blocks");
            self.expression(&blocks.index(number).field("when"), when, Owner::Segment);
        }
    }

    fn segments(&mut self) {
        let mut built_on: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, text) in &self.programme.segments {
            let place = Place::default().field("segments").field(name);
            // The engine keeps the entry rules of journeys as segments of such names.
            if name.starts_with(ENTRY_PREFIX) {
                let message = format!("the name of a segment does not begin with `{ENTRY_PREFIX}`");
                self.add(&place, message, Some("give it another name".to_owned()));
            }
            if let Some(expression) = self.expression(&place, text, Owner::Segment) {
                built_on.insert(name.clone(), self.bases(&expression));
            }
        }
        let is_unknown = |name: &&String| !self.programme.segments.contains_key(*name);
        for name in self.programme.recorded.iter().filter(is_unknown) {
            self.unknown(&Place::default().field("recorded"), name, "segment", name);
        }
        // All clusters of a set are built on what says who takes part.
        for (name, set) in &self.programme.clusters {
            let of = set.of.as_deref().and_then(|text| parse(text).ok());
            let bases = of.map(|of| self.bases(&of)).unwrap_or_default();
            built_on.insert(segment_name(name, ""), bases);
        }
        for name in built_on.keys() {
            if let Some(path) = cycle(name, &built_on) {
                let (place, what) = match set_of(name) {
                    Some(set) if name.ends_with('/') => {
                        (Place::default().field("clusters").field(set).field("of"), "the set of clusters")
                    }
                    _ => (Place::default().field("segments").field(name), "the segment"),
                };
                let message = format!("{what} is built on itself: {}", path.join(" → "));
                self.add(&place, message, None);
            }
        }
    }

    fn clusters(&mut self) {
        for (name, set) in &self.programme.clusters {
            let place = Place::default().field("clusters").field(name);
            for (feature, text) in &set.features {
                if let Err(wrong) = parse_feature(text) {
                    self.mistakes.push(wrong.at(place.field("features").field(feature)));
                }
            }
            if let Some(of) = &set.of {
                self.expression(&place.field("of"), of, Owner::Segment);
            }
        }
        self.mistakes.extend(self.programme.cluster_mistakes());
    }

    /// What an expression is built on; in the place of a cluster, its whole set.
    fn bases(&self, expression: &Expression) -> Vec<String> {
        let base = |name: &str| match set_of(name) {
            Some(set) if !self.programme.segments.contains_key(name) => segment_name(set, ""),
            _ => name.to_owned(),
        };
        expression.segments().into_iter().map(base).collect()
    }

    /// Reads an expression and checks the names in it.
    fn expression(&mut self, place: &Place, text: &str, owner: Owner) -> Option<Expression> {
        let expression = match parse_for(text, owner) {
            Ok(expression) => expression,
            Err(wrong) => {
                self.mistakes.push(wrong.at(place.clone()));
                return None;
            }
        };
        let mut unknown = Vec::new();
        expression.walk(&mut |part| match part {
            Expression::InSegment(name)
                if !self.programme.segments.contains_key(name)
                    && self.programme.cluster_set(name).is_none() =>
            {
                unknown.push(("segment", name.clone()));
            }
            Expression::Offer { name, .. } if !self.programme.offers.contains_key(name) => {
                unknown.push(("offer", name.clone()));
            }
            Expression::ConsentedTo { purpose, .. } if !self.programme.purposes.contains_key(purpose) => {
                unknown.push(("purpose", purpose.clone()));
            }
            Expression::Event(filter) => unknown
                .extend(self.programme.unknown_answer(&filter.path).map(|name| ("answer", name.to_owned()))),
            _ => {}
        });
        for (what, name) in unknown {
            self.unknown(place, text, what, &name);
        }
        Some(expression)
    }

    /// A text names something that the programme does not have.
    fn unknown(&mut self, place: &Place, text: &str, what: &str, name: &str) {
        let offset = text
            .find(&format!("\"{name}\""))
            .or_else(|| text.find(&format!("webhook.{name}")))
            .or_else(|| text.find(&format!("'{name}'")));
        let (message, suggestion) = match what {
            "segment" => self.programme.unknown_segment(name),
            "answer" => {
                let names = self.programme.answer_names();
                let near = nearest(name, names.iter().copied());
                let suggestion = near.map(|near| format!("did you mean `webhook.{near}`?"));
                (format!("no step of the programme asks a webhook for \"{name}\""), suggestion)
            }
            "offer" => {
                let suggestion = did_you_mean(name, self.programme.offers.keys());
                (format!("there is no {what} \"{name}\""), suggestion)
            }
            _ => {
                let suggestion = did_you_mean(name, self.programme.purposes.keys());
                (format!("there is no {what} \"{name}\""), suggestion)
            }
        };
        self.mistakes.push(Mistake { place: place.clone(), offset, message, suggestion });
    }

    fn message(&mut self, place: &Place, name: &str) {
        if !self.programme.messages.contains_key(name) {
            let suggestion = did_you_mean(name, self.programme.messages.keys());
            self.add(place, format!("there is no message \"{name}\""), suggestion);
        }
    }

    fn offers(&mut self) {
        for (name, offer) in &self.programme.offers {
            if let Some(eligible) = &offer.eligible {
                let place = Place::default().field("offers").field(name).field("eligible");
                self.expression(&place, eligible, Owner::Segment);
            }
        }
        self.mistakes.extend(self.programme.offer_mistakes());
    }

    fn journeys(&mut self) {
        for (name, journey) in &self.programme.journeys {
            let place = Place::default().field("journeys").field(name);
            self.journey(&place, journey);
        }
    }

    fn journey(&mut self, place: &Place, journey: &Journey) {
        self.purpose_of(place, &journey.purpose, "a journey names the purpose whose consent its sends need");
        self.enter(&place.field("enter"), &journey.enter);
        if let Some(audience) = &journey.audience {
            self.expression(&place.field("for"), audience, Owner::Segment);
        }
        if let Some(exit) = &journey.exit {
            self.expression(&place.field("exit"), exit, Owner::Journey);
        }
        if let Some(goal) = &journey.goal {
            let place = place.field("goal").field("did");
            if let Some(expression) = self.expression(&place, &goal.did, Owner::Journey) {
                self.goal(&place, &expression);
            }
        }
        if journey.holdout_permille > 1_000 {
            let suggestion = Some("write a share between 0% and 100%".to_owned());
            self.add(&place.field("holdout_permille"), "a holdout is at most everybody", suggestion);
        }
        if journey.steps.is_empty() {
            let suggestion = Some("add at least one step, such as `- send: welcome`".to_owned());
            self.add(&place.field("steps"), "the journey has no step", suggestion);
        }
        self.length(&place.field("steps"), &journey.steps);
        self.steps(&place.field("steps"), &journey.steps, &journey.purpose);
    }

    fn purpose_of(&mut self, place: &Place, purpose: &str, without: &str) {
        if !self.programme.purposes.contains_key(purpose) {
            let message = match purpose.is_empty() {
                true => without.to_owned(),
                false => format!("there is no purpose \"{purpose}\""),
            };
            let suggestion = did_you_mean(purpose, self.programme.purposes.keys());
            self.add(&place.field("purpose"), message, suggestion);
        }
        if self.programme.purposes.get(purpose).is_some_and(|purpose| purpose.third_party) {
            let message = format!("nothing is sent for `{purpose}`, since it is for sharing with others");
            let suggestion = Some("name a purpose that people are written to for".to_owned());
            self.add(&place.field("purpose"), message, suggestion);
        }
    }

    fn enter(&mut self, place: &Place, text: &str) {
        match Enter::parse(text) {
            Err(wrong) => self.mistakes.push(wrong.at(place.clone())),
            Ok(Enter::Change { segment, .. }) if !self.programme.segments.contains_key(&segment) => {
                self.unknown(place, text, "segment", &segment);
            }
            Ok(Enter::Change { .. } | Enter::Schedule(_) | Enter::Date(_) | Enter::Request) => {}
            Ok(Enter::Event(_) | Enter::Truth(_)) => _ = self.expression(place, text, Owner::Segment),
        }
    }

    fn steps(&mut self, place: &Place, steps: &[Step], purpose: &str) {
        for (index, step) in steps.iter().enumerate() {
            let place = place.index(index);
            if *step.named().0 == Step::Exit && index + 1 < steps.len() {
                self.add(&place.field("exit"), "no step after this one is ever reached", None);
            }
            self.one_step(&place, step, purpose);
        }
    }

    fn one_step(&mut self, place: &Place, step: &Step, purpose: &str) {
        match step {
            Step::Wait(_) | Step::Exit => {}
            Step::WaitUntil { until, .. } => {
                self.expression(&place.field("until"), until, Owner::Journey);
            }
            Step::Send { message, channels, choices } => {
                self.send(place, message, channels, purpose);
                self.choices(place, message, channels, choices);
            }
            Step::Branch(arms) => self.branch(&place.field("branch"), arms, purpose),
            further => self.further_step(place, further, purpose),
        }
    }

    fn send(&mut self, place: &Place, message: &str, channels: &[Channel], purpose: &str) {
        self.message(&place.field("send"), message);
        if channels.contains(&Channel::Onsite) {
            let suggestion = Some("leave `onsite` out: a page asks for what there is to show".to_owned());
            self.add(&place.field("channels"), "nothing is sent to a page", suggestion);
        }
        if channels.contains(&Channel::Call) {
            let suggestion =
                Some("leave `call` out: people take a list with them, `trama calls export`".to_owned());
            self.add(&place.field("channels"), "nothing is sent to people who telephone", suggestion);
        }
        let Some(purpose_of) = self.programme.purposes.get(purpose) else { return };
        for channel in channels.iter().filter(|channel| !purpose_of.channels.contains(channel)) {
            let message = format!("the purpose `{purpose}` is not for the channel `{}`", channel.name());
            let suggestion = Some(format!("add `{}` to the purpose's channels", channel.name()));
            self.add(&place.field("channels"), message, suggestion);
        }
    }

    fn branch(&mut self, place: &Place, arms: &[Arm], purpose: &str) {
        if arms.is_empty() {
            self.add(place, "the branch has no arm", Some("add `- if: …` with its `then:`".to_owned()));
        }
        for (index, arm) in arms.iter().enumerate() {
            let place = place.index(index);
            match &arm.when {
                Some(when) => {
                    self.expression(&place.field("when"), when, Owner::Journey);
                }
                None if index + 1 < arms.len() => {
                    self.add(
                        &place,
                        "no arm after `else` is ever reached",
                        Some("put `else` last".to_owned()),
                    );
                }
                None => {}
            }
            self.steps(&place.field("then"), &arm.then, purpose);
        }
    }
}

pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let near = nearest(name, known.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
    let listed = || (known.len() <= 8 && !known.is_empty()).then(|| format!("known: {}", known.join(", ")));
    near.or_else(listed)
}

/// The way from a segment back to itself, if there is one.
fn cycle(start: &str, built_on: &BTreeMap<String, Vec<String>>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut paths = vec![vec![start.to_owned()]];
    while let Some(path) = paths.pop() {
        let last = path.last().expect("invariant: a path has a start");
        for next in built_on.get(last.as_str()).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}
