//! Choosing what a send leaves open. Part of a profile's turn.

use super::Turn;
use crate::at::At;
use crate::best::{Arm, Choice, Explained, How, Known, Occasion, Tally, choose, rates, responses};
use crate::governor::{Wish, ZONE};
use crate::journey::{Operation, SendStep};
use crate::ledger::Trial;
use crate::local::hours;
use crate::programme::{Channel, VariantChoice};
use std::sync::Arc;

/// A choice that was made.
pub(super) struct Made {
    choice: Choice,
    /// The message; of hours the channel.
    of: Arc<str>,
    known: Vec<Known>,
    place: usize,
    pub(super) how: How,
}

impl Made {
    pub(super) fn arm(&self) -> &Arm {
        &self.known[self.place].arm
    }

    pub(super) fn is_channel(&self, channel: Channel) -> bool {
        *self.arm() == Arm::Channel(channel)
    }
}

impl Turn<'_> {
    /// The best channel of those that may reach the person; `None` where the step leaves none open, or none does.
    pub(super) fn best_channel(&self, wish: &Wish<'_>, asked: &SendStep, run: u64) -> Option<Made> {
        if !asked.choices.channel {
            return None;
        }
        let reaching = self.engine.governor().reaching(&self.engine.state, self.id, wish);
        let arms = reaching.into_iter().map(Arm::Channel);
        self.choose((Choice::Channel, &asked.message), arms, run, asked.step)
    }

    /// The variant of an email; `None` where it has only one wording.
    pub(super) fn variant(&self, asked: &SendStep, run: u64) -> Option<Made> {
        let message = self.engine.programme.messages.get(&*asked.message)?;
        if message.variants.is_empty() {
            return None;
        }
        let arms = message.variant_names().map(|name| Arm::Variant(name.into()));
        let of = (Choice::Variant, &asked.message);
        let (place, how) = match &asked.choices.variant {
            VariantChoice::Best => return self.choose(of, arms, run, asked.step),
            VariantChoice::Named(name) => (message.variant_names().position(|one| one == name)?, How::Stated),
            VariantChoice::Split => {
                let key = [&self.id.0.to_le_bytes()[..], b"variant ", asked.message.as_bytes()].concat();
                let drawn = xxhash_rust::xxh3::xxh3_64_with_seed(&key, self.seed()) % 1_000;
                let bounds = message.variant_bounds();
                (bounds.iter().position(|below| drawn < u64::from(*below))?, How::Split)
            }
        };
        // What the person answered decides nothing here.
        Some(Made { choice: of.0, of: Arc::clone(of.1), known: self.known_of_all(of, arms), place, how })
    }

    /// When the best hour begins for a run that comes to a send which waits for it.
    pub(super) fn best_hour(&mut self, index: usize, now: At) -> Option<At> {
        let run = &self.profile().runs[index];
        let (id, held_out) = (run.passage.id, run.passage.held_out);
        let plan = &self.engine.index.plans[run.passage.version as usize];
        let Operation::Send(asked) = &plan.operations[usize::from(run.position)] else { return None };
        let within = asked.choices.hour_within?;
        let (asked, purpose) = (Arc::clone(asked), Arc::clone(&plan.purpose));
        let (made, begins) = self.choose_hour(&asked, &purpose, id, hours(now, within, &self.zone()));
        self.profile_mut().runs[index].hour = made.as_ref().map_or(How::Stated, |made| made.how);
        if let Some(made) = made.filter(|_| !held_out) {
            self.note_choice(&made, id, asked.step, true);
        }
        Some(begins)
    }

    /// Chooses among hours at which it is not night; while nothing is known, the first, which is now.
    fn choose_hour(
        &self,
        asked: &SendStep,
        purpose: &str,
        run: u64,
        hours: Vec<(u8, At)>,
    ) -> (Option<Made>, At) {
        let now = hours[0].1;
        let wish = Wish::plain(&asked.message, purpose, &asked.channels);
        let best = self.best_channel(&wish, asked, run).map(|made| made.arm().clone());
        let reaching =
            || self.engine.governor().reaching(&self.engine.state, self.id, &wish).first().copied();
        let channel = match best {
            Some(Arm::Channel(channel)) => Some(channel),
            _ => reaching(),
        };
        let Some(channel) = channel else { return (None, now) };
        let zone = self.profile().trait_value(ZONE).and_then(|value| value.text());
        let purpose = self.engine.programme.purposes.get(purpose);
        let is_held = purpose.is_some_and(|purpose| purpose.is_under_policy());
        let is_open = |at: At| !is_held || !self.engine.policy.is_quiet(channel, at, zone);
        let open: Vec<_> = hours.into_iter().filter(|(_, at)| is_open(*at)).collect();
        let of: Arc<str> = channel.name().into();
        let arms = open.iter().map(|(hour, _)| Arm::Hour(*hour));
        let made = self.choose((Choice::Hour, &of), arms, run, asked.step);
        let begins = match &made {
            Some(made) if made.how != How::Order => open[made.place].1,
            _ => now,
        };
        (made, begins)
    }

    fn choose(
        &self,
        of: (Choice, &Arc<str>),
        arms: impl Iterator<Item = Arm>,
        run: u64,
        step: u16,
    ) -> Option<Made> {
        let known = self.known(of, arms);
        if known.is_empty() {
            return None;
        }
        let occasion = Occasion { seed: self.seed(), profile: self.id.0, run, step, choice: of.0 };
        let (place, how) = choose(&known, &self.engine.programme.best, &occasion);
        Some(Made { choice: of.0, of: Arc::clone(of.1), known, place, how })
    }

    /// What is known of some arms by everybody's responses.
    fn known_of_all(&self, (choice, of): (Choice, &Arc<str>), arms: impl Iterator<Item = Arm>) -> Vec<Known> {
        let learned = &self.engine.state.learned;
        let known =
            arms.map(|arm| Known { all: learned.tally(choice, of, &arm), own: Tally::default(), arm });
        known.collect()
    }

    /// The same, and by the person's own to their newest sends.
    fn known(&self, (choice, of): (Choice, &Arc<str>), arms: impl Iterator<Item = Arm>) -> Vec<Known> {
        let mut known = self.known_of_all((choice, of), arms);
        for trial in self.engine.state.sends.trials(self.profile().newest_send) {
            if let Some(one) = known.iter_mut().find(|one| is_of(&trial, of, &one.arm)) {
                one.own.trials += 1;
                one.own.responses += u32::from(trial.responded);
            }
        }
        known
    }

    /// Remembers a choice for whoever asks why.
    pub(super) fn note_choice(&mut self, made: &Made, run: u64, step: u16, is_new: bool) {
        let rates = rates(&made.known);
        let arms = made.known.iter().map(|one| one.arm.clone()).zip(rates).collect();
        let explained = Explained {
            run,
            step,
            choice: made.choice,
            how: made.how,
            arm: made.arm().clone(),
            responses: responses(&made.known),
            after: self.engine.programme.best.after,
            arms,
        };
        self.engine.state.learned.note(&made.of, explained, is_new);
    }

    fn seed(&self) -> u64 {
        self.engine.state.installed.as_ref().map_or(0, |installed| installed.seed)
    }
}

/// Whether one of a person's sends says something of an arm. Of channels and hours every message does, since nobody gets
/// one message often.
fn is_of(trial: &Trial<'_>, of: &str, arm: &Arm) -> bool {
    match arm {
        Arm::Channel(channel) => trial.channel == *channel,
        Arm::Variant(name) => trial.message == of && trial.variant == &**name,
        Arm::Hour(hour) => trial.channel.name() == of && trial.hour == *hour,
    }
}
