//! What operators say of journeys and broadcasts: pause, resume, drain, cancel.

use super::Engine;
use crate::ProfileId;
use crate::broadcast::Phase;
use crate::journey::Standing;
use crate::record::{Command, Commandable, Commanded};
use crate::roll::{Call, Roll};

/// Why a command is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandRefusal {
    NoSuch(Commandable),
    /// Journeys drain, and broadcasts are cancelled.
    NotFor(Commandable, Command),
    /// It stands so already.
    AlreadySo,
    /// The broadcast is over.
    Over,
}

impl std::fmt::Display for CommandRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuch(what) => write!(f, "there is no such {}", what.name()),
            Self::NotFor(what, command) => {
                write!(f, "a {} cannot {}: ", what.name(), command.name())?;
                match what {
                    Commandable::Journey => f.write_str("it is paused, resumed or drained"),
                    Commandable::Broadcast => f.write_str("it is paused, resumed or cancelled"),
                    Commandable::Webhook => f.write_str("it is paused or resumed"),
                }
            }
            Self::AlreadySo => f.write_str("it stands so already"),
            Self::Over => f.write_str("the broadcast is over"),
        }
    }
}

impl Engine {
    /// How a journey or a broadcast stands.
    pub fn standing_of(&self, name: &str) -> Standing {
        self.state.standings.get(name).copied().unwrap_or_default()
    }

    pub(super) fn check_commanded(&self, commanded: &Commanded<'_>) -> Result<(), CommandRefusal> {
        let Commanded { what, name, command, .. } = *commanded;
        match (what, command) {
            (Commandable::Journey, Command::Cancel)
            | (Commandable::Broadcast, Command::Drain)
            | (Commandable::Webhook, Command::Drain | Command::Cancel) => {
                return Err(CommandRefusal::NotFor(what, command));
            }
            (Commandable::Journey, _) => {
                let is_known = self.state.versions.iter().any(|one| !one.is_broadcast && one.name == name);
                is_known.then_some(()).ok_or(CommandRefusal::NoSuch(what))?;
            }
            (Commandable::Webhook, _) => {
                let known = self.state.webhooks.get(name).ok_or(CommandRefusal::NoSuch(what))?;
                let is_so = known.off.is_some() == (command == Command::Pause);
                return if is_so { Err(CommandRefusal::AlreadySo) } else { Ok(()) };
            }
            (Commandable::Broadcast, _) => {
                let known = self.state.broadcasts.get(name).ok_or(CommandRefusal::NoSuch(what))?;
                match known.phase {
                    Phase::Scheduled { .. } | Phase::Sending => {}
                    Phase::Missed | Phase::Done | Phase::Cancelled => return Err(CommandRefusal::Over),
                }
            }
        }
        let wanted = standing(command);
        let changes = command == Command::Cancel || self.standing_of(name) != wanted;
        if changes { Ok(()) } else { Err(CommandRefusal::AlreadySo) }
    }

    pub(super) fn apply_commanded(&mut self, commanded: &Commanded<'_>) {
        let Commanded { name, command, .. } = *commanded;
        if commanded.what == Commandable::Webhook {
            return self.command_webhook(name, command);
        }
        let before = self.standing_of(name);
        let journey = self.stand(name, standing(command));
        if command == Command::Cancel {
            return self.cancel(name);
        }
        for (number, call) in self.rolls_of(journey) {
            match (command, call) {
                // Who is to go on is found anew when it is resumed.
                (Command::Pause, Call::Wake { .. }) | (Command::Drain, Call::Enter { .. }) => {
                    self.end_roll(number);
                }
                (Command::Pause, Call::Enter { .. }) => self.hold_roll(number),
                _ if before == Standing::Paused => self.release_roll(number),
                _ => {}
            }
        }
        if before == Standing::Paused {
            self.wake_runs(self.inside(journey), journey);
            self.decide_held(name);
        }
    }

    /// Lets people go on in the runs of a journey, slice by slice and in this order.
    pub(super) fn wake_runs(&mut self, people: Vec<ProfileId>, journey: u32) {
        if !people.is_empty() {
            self.begin_roll(Roll::new(Call::Wake { journey }, people));
        }
    }

    /// Notes how a journey or a broadcast stands; the number of all its versions.
    pub(super) fn stand(&mut self, name: &str, standing: Standing) -> u32 {
        match standing {
            Standing::Open => _ = self.state.standings.remove(name),
            other => _ = self.state.standings.insert(name.to_owned(), other),
        }
        let plans = &mut self.index.plans;
        plans.iter_mut().filter(|plan| *plan.name == *name).for_each(|plan| plan.standing = standing);
        let known = plans.iter().rev().find(|plan| *plan.name == *name);
        known.expect("invariant: what is commanded has versions").journey
    }

    fn cancel(&mut self, name: &str) {
        let at = self.state.at;
        match self.state.broadcasts.get_mut(name) {
            Some(known) if known.roll.is_none() => {
                (known.phase, known.ended_at) = (Phase::Cancelled, Some(at));
            }
            _ => self.end_broadcast(name, Phase::Cancelled),
        }
    }
}

/// How a journey or a broadcast stands after a command.
fn standing(command: Command) -> Standing {
    match command {
        Command::Pause => Standing::Paused,
        Command::Drain => Standing::Draining,
        Command::Resume | Command::Cancel => Standing::Open,
    }
}
