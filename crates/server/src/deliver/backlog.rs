//! What the engine asked for and the dispatcher has not taken up: the one queue between them, and it is bounded.
//!
//! The writer thread puts in what it releases, the dispatcher takes out. A `Prepare` that finds no room is forgotten:
//! its send stays owed in the engine, and the backlog remembers from which place in the ledger on such sends have to
//! be looked for. The dispatcher looks when half of the room is free, a bounded number of sends at a time, so a start
//! with a million owed sends, a wave of them and a slow relay are one and the same case. A send whose turn is not near,
//! since its route goes at a pace, is given back in the same way, so that it does not fill the room of others, and looked
//! for when its turn comes. The last word on an attempt is never forgotten; there is one for each attempt in hand, so their number is bounded by that.
//!
//! Nobody can wait in a circle here. The writer never waits for the dispatcher: to put is to hold the lock for a
//! moment, with room or without. The dispatcher waits for the writer (an attempt on record) and, while it looks for
//! owed sends, for the engine's lock; whoever holds that computes and waits for neither of them.
//!
//! What is looked for is read from the engine's memory, which may be ahead of the disk. That is safe: only a rendering
//! begins with it, its attempt comes later in the log, and the hand-over waits until that is durable.

use crate::limits::SENDS_IN_HAND_MAX;
use crate::webhooks::calls::Calls;
use engine::SendId;
use engine::effect::{Effect, Prepare};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

/// One attempt of one send.
pub(crate) type Attempt = (SendId, u8);

/// The engine's last word before a hand-over.
#[derive(Debug)]
pub(crate) enum LastWord {
    HandOver,
    Release,
}

pub struct Backlog {
    /// Most sends that wait here.
    room: usize,
    waiting: Mutex<Waiting>,
    wake: Notify,
    calls: Arc<Calls>,
}

#[derive(Default)]
struct Waiting {
    /// The oldest send comes first. The same attempt may be put in twice, as asked for and as found, and is here once.
    prepares: BTreeMap<Attempt, Box<Prepare>>,
    last_words: Vec<(Attempt, LastWord)>,
    /// From this place on, sends may wait in the engine that are not here.
    missed: Option<SendId>,
    /// From this place on, sends wait in the engine that were given back until their turn.
    given_back: Option<SendId>,
    looking: bool,
}

/// What becomes of a send that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Take,
    /// It stays here: its turn is near.
    Leave,
    /// It waits in the engine.
    GiveBack,
}

impl Backlog {
    /// Empty, and with everything that is owed still to be looked for.
    pub fn new(room: usize) -> Self {
        let waiting = Waiting { missed: Some(SendId(0)), ..Waiting::default() };
        Self { room, waiting: Mutex::new(waiting), wake: Notify::new(), calls: Arc::default() }
    }

    /// The questions of runs, which others ask.
    pub fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Takes effects that may leave. Never waits.
    pub fn put(&self, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        for effect in effects {
            match effect {
                Effect::Prepare(prepare) => waiting.ask(prepare, self.room),
                Effect::HandOver { send, attempt } => waiting.say((send, attempt), LastWord::HandOver),
                Effect::Call { profile, run } => self.calls.put(profile, run),
                Effect::Release { send, attempt } => waiting.say((send, attempt), LastWord::Release),
            }
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Returns when something was put in or found since it returned last.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// The oldest sends that wait and are chosen, at most so many; asked in their order.
    pub(super) fn take(&self, most: usize, mut choose: impl FnMut(&Prepare) -> Choice) -> Vec<Prepare> {
        let mut waiting = self.lock();
        let (mut taken, mut gone) = (Vec::new(), Vec::new());
        for (attempt, prepare) in &waiting.prepares {
            if taken.len() == most {
                break;
            }
            match choose(prepare) {
                Choice::Take => taken.push(*attempt),
                Choice::Leave => {}
                Choice::GiveBack => gone.push(*attempt),
            }
        }
        for attempt in gone {
            waiting.prepares.remove(&attempt);
            waiting.given_back = [waiting.given_back, Some(attempt.0)].into_iter().flatten().min();
        }
        let taken = taken.into_iter();
        taken
            .map(|attempt| *waiting.prepares.remove(&attempt).expect("invariant: it was just there"))
            .collect()
    }

    /// Has what was given back looked for again.
    pub(super) fn look_again(&self) {
        let mut waiting = self.lock();
        let given_back = waiting.given_back.take();
        waiting.miss(given_back);
    }

    pub(crate) fn last_words(&self) -> Vec<(Attempt, LastWord)> {
        std::mem::take(&mut self.lock().last_words)
    }

    /// From where to look for owed sends, when that is to be begun now; [`Backlog::found`] ends it.
    pub(super) fn look(&self) -> Option<SendId> {
        let mut waiting = self.lock();
        if waiting.looking || waiting.prepares.len() > self.room / 2 {
            return None;
        }
        let from = waiting.missed.take();
        waiting.looking = from.is_some();
        from
    }

    /// How many owed sends to look at in one go: no more than there was room for.
    pub(super) fn looks(&self) -> usize {
        self.room.div_ceil(2)
    }

    /// What a look found, and where the next one has to go on.
    pub(super) fn found(&self, prepares: Vec<Prepare>, next: Option<SendId>) {
        let mut waiting = self.lock();
        waiting.looking = false;
        waiting.miss(next);
        for prepare in prepares {
            waiting.take(Box::new(prepare), self.room);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("invariant: nobody panics with the backlog in hand")
    }
}

impl Waiting {
    /// What will be looked for anyway is left to that, so that a wave of sends does not push aside older ones.
    fn ask(&mut self, prepare: Box<Prepare>, room: usize) {
        if self.missed.is_none_or(|from| prepare.send < from) {
            self.take(prepare, room);
        }
    }

    fn take(&mut self, prepare: Box<Prepare>, room: usize) {
        if self.prepares.len() < room {
            self.prepares.insert((prepare.send, prepare.attempt), prepare);
        } else {
            self.miss(Some(prepare.send));
        }
    }

    fn miss(&mut self, send: Option<SendId>) {
        self.missed = [self.missed, send].into_iter().flatten().min();
    }

    fn say(&mut self, attempt: Attempt, last_word: LastWord) {
        assert!(
            self.last_words.len() < SENDS_IN_HAND_MAX,
            "invariant: an attempt in hand gets one last word, and no other gets any"
        );
        self.last_words.push((attempt, last_word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::ProfileId;
    use engine::at::At;
    use engine::programme::Channel;
    use engine::value::OwnedMap;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const ROOM: usize = 4;

    fn prepare((send, attempt): Attempt) -> Prepare {
        Prepare {
            send,
            attempt,
            decided_at: At(0),
            profile: ProfileId(0),
            channel: Channel::Email,
            address: String::new(),
            message: String::new(),
            variant: String::new(),
            language: String::new(),
            purpose: String::new(),
            journey: String::new(),
            traits: OwnedMap::default(),
            event: OwnedMap::default(),
            offer: None,
        }
    }

    /// An engine, a writer and a dispatcher without anything but the sends that wait.
    #[derive(Default)]
    struct World {
        sends: u64,
        /// What the engine has waiting.
        owed: BTreeSet<Attempt>,
        /// Asked for and not released by the writer yet.
        staged: Vec<Attempt>,
        /// What a look read and has not brought yet.
        read: Option<(Vec<Prepare>, Option<SendId>)>,
        carried: Vec<Attempt>,
    }

    impl World {
        fn step(&mut self, step: Step, backlog: &Backlog) {
            match step {
                Step::Decide => {
                    self.sends += 1;
                    self.ask((SendId(self.sends), 1));
                }
                Step::Release => {
                    let released = self.staged.drain(..).map(|one| Effect::Prepare(Box::new(prepare(one))));
                    backlog.put(released.collect());
                }
                Step::GiveBack => {
                    assert!(backlog.take(1, |_| Choice::GiveBack).is_empty());
                }
                Step::LookAgain => backlog.look_again(),
                Step::Carry { again } => {
                    let Some(prepare) = backlog.take(1, |_| Choice::Take).pop() else { return };
                    let attempt = (prepare.send, prepare.attempt);
                    // What comes twice finds that the engine is past it.
                    if self.owed.remove(&attempt) {
                        self.carried.push(attempt);
                        if again {
                            self.ask((attempt.0, attempt.1 + 1));
                        }
                    }
                }
                Step::Look => {
                    if let Some(from) = backlog.look() {
                        assert!(self.read.is_none(), "one look at a time");
                        let mut owed = self.owed.range((from, 0)..);
                        let found = owed.by_ref().take(backlog.looks()).map(|one| prepare(*one)).collect();
                        self.read = Some((found, owed.next().map(|one| one.0)));
                    }
                }
                Step::Find => {
                    if let Some((found, next)) = self.read.take() {
                        backlog.found(found, next);
                    }
                }
            }
            assert!(backlog.lock().prepares.len() <= ROOM, "bounded");
        }

        fn ask(&mut self, attempt: Attempt) {
            self.owed.insert(attempt);
            self.staged.push(attempt);
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Decide,
        Release,
        Carry { again: bool },
        Look,
        Find,
        GiveBack,
        LookAgain,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Decide),
            2 => Just(Step::Release),
            2 => any::<bool>().prop_map(|again| Step::Carry { again }),
            1 => Just(Step::Look),
            1 => Just(Step::Find),
            1 => Just(Step::GiveBack),
            1 => Just(Step::LookAgain),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_forgotten_is_found_again_and_nothing_is_carried_twice(
            steps in prop::collection::vec(step(), 0..200),
            before in 0..20_u64,
        ) {
            let backlog = Backlog::new(ROOM);
            let mut world = World { sends: before, ..World::default() };
            // What an earlier process left.
            world.owed = (1..=before).map(|send| (SendId(send), 1)).collect();
            for step in steps {
                world.step(step, &backlog);
            }
            let mut rounds = world.owed.len() + 2;
            while !world.owed.is_empty() {
                prop_assert!(rounds > 0, "never found: {:?}", world.owed);
                rounds -= 1;
                for step in [Step::LookAgain, Step::Release, Step::Find, Step::Look, Step::Find] {
                    world.step(step, &backlog);
                }
                for _ in 0..ROOM {
                    world.step(Step::Carry { again: false }, &backlog);
                }
            }
            let once: BTreeSet<&Attempt> = world.carried.iter().collect();
            prop_assert_eq!(once.len(), world.carried.len());
        }
    }

    #[test]
    fn the_oldest_send_comes_first_and_a_wave_does_not_push_it_aside() {
        let backlog = Backlog::new(ROOM);
        assert_eq!(backlog.look(), Some(SendId(0)));
        backlog.found(Vec::new(), None);
        let ask = |sends: &[u64]| {
            backlog.put(
                sends.iter().map(|send| Effect::Prepare(Box::new(prepare((SendId(*send), 1))))).collect(),
            );
        };
        ask(&[1, 2, 3, 4, 5, 6]);
        let next = || backlog.take(1, |_| Choice::Take).first().map(|prepare| prepare.send.0);
        assert_eq!([next(), next(), next()], [Some(1), Some(2), Some(3)]);
        ask(&[7]);
        assert_eq!([next(), next()], [Some(4), None], "7 waits behind 5 and 6, which have to be looked for");
        assert_eq!(backlog.look(), Some(SendId(5)));
        assert_eq!(backlog.look(), None, "one look at a time");
    }

    #[test]
    fn a_send_whose_turn_is_far_makes_room_for_those_behind_it() {
        let backlog = Backlog::new(ROOM);
        assert_eq!(backlog.look(), Some(SendId(0)));
        backlog.found((1..=4).map(|send| prepare((SendId(send), 1))).collect(), None);
        let choose = |prepare: &Prepare| match prepare.send.0 {
            1 | 3 => Choice::GiveBack,
            2 => Choice::Leave,
            _ => Choice::Take,
        };
        let taken: Vec<u64> = backlog.take(9, choose).iter().map(|prepare| prepare.send.0).collect();
        assert_eq!(taken, [4]);
        backlog.put(vec![Effect::Prepare(Box::new(prepare((SendId(5), 1))))]);
        assert_eq!(backlog.take(9, choose).len(), 1, "there is room again, and 5 does not wait for 1 and 3");
        assert_eq!(backlog.look(), None);
        backlog.look_again();
        assert_eq!(backlog.look(), Some(SendId(1)));
    }
}
