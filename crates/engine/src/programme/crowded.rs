//! Journeys that want to send more than the contact policy lets through, whoever is in them.
//!
//! Only what is certain is told: waits last as long as they can, what lies in the arms of a branch is no reason for what
//! comes after it, and other journeys are not there.

use super::{Cap, Channel, Exclusion, Journey, Mistake, Place, Programme, Step};
use crate::at::Span;

impl Programme {
    /// Sends that the contact policy always holds back.
    pub fn crowded_sends(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        for (name, journey) in &self.journeys {
            let purpose = self.purposes.get(&journey.purpose);
            if purpose.is_some_and(|purpose| purpose.is_under_policy()) {
                let mut walk = Walk { programme: self, journey, found: Vec::new() };
                let place = Place("journeys".to_owned()).field(name).field("steps");
                walk.steps(&place, &journey.steps, &mut Way::default());
                found.append(&mut walk.found);
            }
        }
        found
    }
}

struct Walk<'a> {
    programme: &'a Programme,
    journey: &'a Journey,
    found: Vec<Mistake>,
}

/// What a run has behind it.
#[derive(Clone, Default)]
struct Way<'a> {
    /// Since it began, at most.
    time: Span,
    sends: Vec<(Span, &'a str, &'a [Channel])>,
}

impl<'a> Walk<'a> {
    /// Whether a run comes out at the end of these steps.
    fn steps(&mut self, place: &Place, steps: &'a [Step], way: &mut Way<'a>) -> bool {
        for (index, step) in steps.iter().enumerate() {
            let place = place.index(index);
            match step.named().0 {
                Step::Wait(span) | Step::WaitUntil { at_most: span, .. } => {
                    way.time = Span(way.time.0.saturating_add(span.0));
                }
                Step::Send { message, channels, choices } => {
                    way.time = Span(way.time.0.saturating_add(choices.hour_within.unwrap_or_default().0));
                    self.send(&place, message, channels, way);
                }
                Step::WaitLocal { weekdays, .. } => {
                    let span = if weekdays.is_empty() { Span::DAY } else { Span::DAY.times(7) };
                    way.time = Span(way.time.0.saturating_add(span.0));
                }
                // It may be years: nothing from before is certain to be in a window.
                Step::WaitDate(_) => way.sends.clear(),
                Step::Branch(arms) => {
                    let ways = arms.iter().map(|arm| arm.then.as_slice());
                    self.ways(&place.field("branch"), ways, way);
                }
                Step::Split { ways, .. } => {
                    let ways = ways.iter().map(|way| way.then.as_slice());
                    self.ways(&place.field("split"), ways, way);
                }
                Step::Webhook(asked) => {
                    way.time = Span(way.time.0.saturating_add(asked.at_most.0));
                    let mut inside = way.clone();
                    if self.steps(&place.field("else"), &asked.otherwise, &mut inside) {
                        way.time = way.time.max(inside.time);
                    }
                }
                Step::Update(_) | Step::Start(_) | Step::Offer(_) => {}
                Step::Named { .. } => unreachable!("invariant: a named step is told as what it is"),
                Step::Exit => return false,
            }
        }
        true
    }

    fn ways(&mut self, place: &Place, ways: impl Iterator<Item = &'a [Step]>, way: &mut Way<'a>) {
        let mut longest = way.time;
        for (index, steps) in ways.enumerate() {
            let mut inside = way.clone();
            if self.steps(&place.index(index).field("then"), steps, &mut inside) {
                longest = longest.max(inside.time);
            }
        }
        way.time = longest;
    }

    fn send(&mut self, place: &Place, message: &'a str, channels: &'a [Channel], way: &mut Way<'a>) {
        let policy = &self.programme.contact_policy;
        let caps = policy.caps.iter().filter_map(|cap| {
            let wait = self.held_by_cap(cap, channels, way)?;
            Some((wait, format!("the cap of {} within {}", cap.at_most, cap.within)))
        });
        let exclusions = policy.exclusions.iter().filter_map(|exclusion| {
            let (wait, other) = held_by_exclusion(exclusion, message, way)?;
            Some((wait, format!("the exclusion with `{other}`")))
        });
        let Some((wait, why)) = caps.chain(exclusions).max_by_key(|(wait, _)| *wait) else {
            return way.sends.push((way.time, message, channels));
        };
        let is_dropped = wait > self.programme.patience(message);
        let then = if is_dropped { "is dropped".to_owned() } else { format!("waits {wait} more") };
        self.found.push(Mistake {
            place: place.field("send"),
            offset: None,
            message: format!("{why} always holds this back, so it {then}"),
            suggestion: Some("wait longer before it, or change the contact policy".to_owned()),
        });
        if !is_dropped {
            way.time = Span(way.time.0.saturating_add(wait.0));
            way.sends.push((way.time, message, channels));
        }
    }

    /// How much longer a cap makes a send wait, at least.
    fn held_by_cap(&self, cap: &Cap, channels: &[Channel], way: &Way<'_>) -> Option<Span> {
        let counts = |channels: &[Channel]| {
            let is_named = |channel: &Channel| cap.channels.contains(channel);
            cap.channels.is_empty() || (!channels.is_empty() && channels.iter().all(is_named))
        };
        let of_purpose = cap.purposes.is_empty() || cap.purposes.contains(&self.journey.purpose);
        let before = way.sends.iter().filter(|(_, _, channels)| counts(channels));
        let recent: Vec<Span> =
            before.map(|(at, ..)| Span(way.time.0 - at.0)).filter(|ago| *ago < cap.within).collect();
        let over = recent.len().checked_sub(cap.at_most as usize)?;
        let leaves = recent.get(over).filter(|_| of_purpose && counts(channels))?;
        Some(Span(cap.within.0 - leaves.0))
    }
}

/// How much longer an exclusion makes a send wait, at least, and for which other message.
fn held_by_exclusion<'a>(exclusion: &Exclusion, message: &str, way: &Way<'a>) -> Option<(Span, &'a str)> {
    let names = |message: &str| exclusion.only_one_of.iter().any(|name| name == message);
    let mut others = way.sends.iter().filter(|(_, other, _)| names(other) && *other != message);
    let (at, other, _) = others.next_back().filter(|_| names(message))?;
    let left = exclusion.within.0 - (way.time.0 - at.0);
    (left > 0).then_some((Span(left), other))
}
