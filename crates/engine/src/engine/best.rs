//! What is learned of a send: that it arrived, and that it was answered. And what is told of both.
//!
//! A send is a trial from when the provider took it, so one that was only just sent counts as if nobody would answer it, for
//! as long as most people need. New sends of all arms do, and each is weighed against the others; no timer has to end.

use super::Engine;
use crate::at::At;
use crate::best::{Arm, Choice, Explained, How, Tally};
use crate::governor::ZONE;
use crate::limits::SENDS_LOOKED_AT_MAX;
use crate::local::{hour_of, zone_of};
use crate::outbox::Send;
use crate::programme::Response;
use crate::{ProfileId, SendId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The arms of one choice, and what is known of them.
#[derive(Clone, Debug)]
pub struct ArmsView {
    pub choice: Choice,
    /// The message; of hours the channel.
    pub of: Arc<str>,
    /// Of all arms together.
    pub responses: u64,
    /// How many have to be known before anything is learned.
    pub after: u32,
    /// How many of the newest choices are looked at.
    pub lately: usize,
    pub arms: Vec<ArmView>,
}

#[derive(Clone, Debug)]
pub struct ArmView {
    pub arm: Arm,
    pub tally: Tally,
    /// How many of the newest choices it was.
    pub lately: usize,
}

/// What was chosen for a send, and why.
#[derive(Clone, Debug)]
pub struct ChoiceView<'a> {
    pub choice: Choice,
    pub arm: Option<Arm>,
    pub how: How,
    /// What was known then, of one of the newest.
    pub known: Option<KnownView<'a>>,
}

/// What was known when something was chosen.
#[derive(Clone, Copy, Debug)]
pub struct KnownView<'a> {
    /// Of all arms together.
    pub responses: u64,
    /// How many had to be known.
    pub after: u32,
    /// Each arm with the rate that was expected, in ten-thousandths.
    pub arms: &'a [(Arm, u16)],
}

impl Engine {
    /// A send of a journey or a broadcast arrived, and so is a trial of what was chosen for it, or was stated.
    pub(super) fn count_trial(&mut self, id: SendId) {
        let send = self.state.send(id).expect("invariant: only known sends arrive");
        let (Some(person), Some(left_at)) = (self.state.standing(send.profile), send.attempted_at) else {
            return;
        };
        if send.journey.is_empty() || send.confirms {
            return;
        }
        let zone = self.state.profiles[person.0 as usize].trait_value(ZONE);
        let hour = hour_of(left_at, &zone_of(zone, &self.programme.timezone()));
        self.state.change_send(id, |send| send.hour = Some(hour));
        self.state.learned.count(arms_of(&send, hour), |tally| tally.trials += 1);
        // The answer may have come before the receipt.
        for (at, response) in [(send.opened_at, Response::Open), (send.clicked_at, Response::Click)] {
            if let Some(at) = at {
                self.respond_at(id, response, at);
            }
        }
    }

    /// Somebody did something about a send: where the programme says so, that answers it.
    pub(crate) fn respond(&mut self, id: SendId, response: Response) {
        self.respond_at(id, response, self.state.at);
    }

    fn respond_at(&mut self, id: SendId, response: Response, at: At) {
        let best = &self.programme.best;
        if !best.responses.contains(&response) {
            return;
        }
        let send = self.state.send(id).expect("invariant: only known sends are answered");
        let (Some(hour), Some(left_at)) = (send.hour, send.attempted_at) else { return };
        if !send.responded && left_at <= at && at < left_at.plus(best.within) {
            self.state.change_send(id, |send| send.responded = true);
            self.state.learned.count(arms_of(&send, hour), |tally| tally.responses += 1);
        }
    }

    /// A run came to the goal of its journey, which answers what it sent.
    pub(crate) fn respond_in_run(&mut self, person: ProfileId, run: u64) {
        self.respond_where(person, Response::Goal, self.state.at, |send| send.run == run);
    }

    /// A person redeemed an offer, which answers the messages that showed it.
    pub(super) fn respond_to_offer(&mut self, person: ProfileId, offer: &str, at: At) {
        let programme = Arc::clone(&self.programme);
        let shows = |send: &Send| programme.offer_of(&send.message) == Some(offer);
        self.respond_where(person, Response::Redeem, at, shows);
    }

    fn respond_where(&mut self, person: ProfileId, response: Response, at: At, fits: impl Fn(&Send) -> bool) {
        let best = &self.programme.best;
        if !best.responses.contains(&response) {
            return;
        }
        let oldest = at.minus(best.within);
        let sends = self.state.sends.back_from(self.state.profiles[person.0 as usize].newest_send);
        let sends = sends.take(SENDS_LOOKED_AT_MAX);
        let sends = sends.map(|id| self.state.send(id).expect("invariant: a profile's sends are known"));
        let left_lately = |send: &Send| send.attempted_at.is_some_and(|left_at| left_at > oldest);
        let found: Vec<_> =
            sends.filter(|send| left_lately(send) && fits(send)).map(|send| send.id).collect();
        found.into_iter().for_each(|id| self.respond_at(id, response, at));
    }

    /// Forgets why something was chosen for somebody who is erased.
    pub(super) fn forget_choices(&mut self, id: ProfileId, sends: &[SendId]) {
        let profile = &self.state.profiles[id.0 as usize];
        let passages = profile.past.iter().chain(profile.runs.iter().map(|run| &run.passage));
        let mut runs: BTreeSet<u64> = passages.map(|passage| passage.id).collect();
        // What was shown on a page has the number of a decision there.
        let sends = sends.iter().filter_map(|id| self.state.send(*id));
        runs.extend(sends.filter(|send| !send.journey.is_empty()).map(|send| send.run));
        self.state.learned.forget(&runs);
    }

    /// Everything that is known of arms, by what is chosen and for what.
    pub fn arms(&self) -> Vec<ArmsView> {
        let sets = self.state.learned.sets();
        let view = |(choice, of, arms): (Choice, &Arc<str>, &crate::best::Arms)| {
            let view = |(arm, tally): (&Arm, &Tally)| {
                let lately = arms.lately.iter().filter(|one| *one == arm).count();
                ArmView { arm: arm.clone(), tally: *tally, lately }
            };
            // One that was chosen and has not arrived yet is listed too.
            let mut tallies = arms.tallies.clone();
            arms.lately.iter().for_each(|arm| _ = tallies.entry(arm.clone()).or_default());
            ArmsView {
                choice,
                of: Arc::clone(of),
                responses: arms.tallies.values().map(|tally| u64::from(tally.responses)).sum(),
                after: self.programme.best.after,
                lately: arms.lately.len(),
                arms: tallies.iter().map(view).collect(),
            }
        };
        sets.map(view).collect()
    }

    /// What was chosen for a send that left something open.
    pub fn choices_of(&self, send: &Send) -> Vec<ChoiceView<'_>> {
        let chosen = Choice::ALL.into_iter().filter(|choice| send.chosen.of(*choice) != How::Stated);
        let view = |choice: Choice| {
            let known = self.state.learned.explained(send.run, send.step, choice);
            let arm = match choice {
                Choice::Channel => send.channel.map(Arm::Channel),
                Choice::Variant => Some(Arm::Variant(Arc::clone(&send.variant))),
                Choice::Hour => known.map(|one| one.arm.clone()).or(send.hour.map(Arm::Hour)),
            };
            ChoiceView { choice, arm, how: send.chosen.of(choice), known: known.map(KnownView::of) }
        };
        chosen.map(view).collect()
    }
}

impl<'a> KnownView<'a> {
    fn of(explained: &'a Explained) -> Self {
        let Explained { responses, after, arms, .. } = explained;
        Self { responses: *responses, after: *after, arms }
    }
}

/// Of what a send that left in an hour is a trial.
fn arms_of(send: &Send, hour: u8) -> impl Iterator<Item = (Choice, Arc<str>, Arm)> {
    let channel = send.channel.expect("invariant: what arrived went by a channel");
    let message = &send.message;
    let variant = Some(&send.variant).filter(|variant| !variant.is_empty());
    let variant = variant.map(|name| (Choice::Variant, Arc::clone(message), Arm::Variant(Arc::clone(name))));
    [
        (Choice::Channel, Arc::clone(message), Arm::Channel(channel)),
        (Choice::Hour, channel.name().into(), Arm::Hour(hour)),
    ]
    .into_iter()
    .chain(variant)
}
