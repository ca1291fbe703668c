//! Lists of people who are called slice by slice: made, woken, held, and let go.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::broadcast::Phase;
use crate::effect::Effect;
use crate::roll::{Call, Roll};
use crate::segment::rule::Rule;
use crate::segment::scan::Scan;
use crate::timer::TimerKey;
use crate::turn::Turn;

impl Engine {
    /// Begins to call the people on a list; its number.
    pub(super) fn begin_roll(&mut self, roll: Roll) -> u32 {
        self.state.rolls_made += 1;
        let number = self.state.rolls_made;
        let due = roll.wave().max(self.state.at);
        self.state.rolls.insert(number, roll);
        self.wake_roll(number, due);
        number
    }

    fn wake_roll(&mut self, number: u32, due: At) {
        if let Some(roll) = self.state.rolls.get_mut(&number) {
            roll.wait(Some(due));
            self.state.timers.set(due, TimerKey::Roll { number });
        }
    }

    /// Calls the next people on a list.
    pub(super) fn fire_roll(&mut self, due: At, number: u32, effects: &mut Vec<Effect>) {
        let now = self.state.at;
        let Some(roll) = self.state.rolls.get_mut(&number).filter(|roll| roll.is_due(due)) else { return };
        let (call, people) = (roll.call, roll.take(now));
        let (next_due, is_over) = (roll.next_due(now, people.len()), roll.is_over());
        for id in &people {
            self.call(call, *id, effects);
        }
        if let Some(name) = self.broadcast_of_roll(number).filter(|_| is_over) {
            self.end_broadcast(&name, Phase::Done);
        } else if is_over {
            self.end_roll(number);
        } else {
            self.wake_roll(number, next_due);
        }
    }

    fn call(&mut self, call: Call, id: ProfileId, effects: &mut Vec<Effect>) {
        let Some(id) = self.state.standing(id) else { return };
        match call {
            Call::Enter { journey } => {
                if let Some(version) = self.index.live_of(journey) {
                    Turn::begin(self, id, effects).begin_run(version, None);
                }
            }
            Call::Wake { journey } => Turn::begin(self, id, effects).go_on(journey),
        }
    }

    /// Everybody is called, or nobody is to be any more.
    pub(super) fn end_roll(&mut self, number: u32) {
        self.state.rolls.remove(&number);
    }

    /// The lists of a journey.
    pub(super) fn rolls_of(&self, journey: u32) -> Vec<(u32, Call)> {
        let of_journey = self.state.rolls.iter().filter(|(_, roll)| roll.call.journey() == journey);
        of_journey.map(|(number, roll)| (*number, roll.call)).collect()
    }

    pub(super) fn hold_roll(&mut self, number: u32) {
        if let Some(roll) = self.state.rolls.get_mut(&number) {
            roll.wait(None);
        }
    }

    pub(super) fn release_roll(&mut self, number: u32) {
        if let Some(roll) = self.state.rolls.get(&number) {
            let due = roll.wave().max(self.state.at);
            self.wake_roll(number, due);
        }
    }

    /// Everybody for whom a rule holds now, oldest first; everybody at all without one.
    pub(super) fn all_for_whom(&self, rule: Option<&Rule>) -> Vec<ProfileId> {
        match rule {
            Some(rule) => {
                let scan = Scan::new(self, rule, self.state.at);
                (0..scan.slices()).flat_map(|slice| scan.slice(slice).iter().collect::<Vec<_>>()).collect()
            }
            None => self.profiles().map(|(id, _)| id).collect(),
        }
    }
}
