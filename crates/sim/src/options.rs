//! What a seed's world is like. Each seed draws its own mix, with much of it switched off: a world in which
//! everything happens at once hides what only happens when something else does not.

use crate::random::Random;

/// Chances are in thousandths.
#[derive(Clone, Debug)]
pub struct Options {
    pub people: u64,
    pub rounds: u64,
    pub requests_per_round: u64,
    pub events_per_request: u64,

    /// Of an event: what it is.
    pub signs_up: u64,
    pub identifies: u64,
    pub aliases: u64,
    pub buys: u64,
    pub shared_device: u64,
    pub bot: u64,
    pub states_consent: u64,
    pub withdraws: u64,

    /// Of an event: how it comes.
    pub late: u64,
    pub repeated: u64,
    pub malformed: u64,
    pub impatient: u64,

    /// Of a round: what operators and recipients do.
    pub suppresses: u64,
    pub lifts: u64,
    pub applies_programme: u64,
    pub states_cutoffs: u64,
    pub reacts: u64,
    pub merges: u64,
    pub parts: u64,
    pub erases: u64,
    pub requests_runs: u64,
    pub commands: u64,
    pub corrects: u64,
    pub visits: u64,
    pub looks: u64,
    pub codes: u64,
    pub tills: u64,

    /// Of a round: how the time and the process go.
    pub long_pause: u64,
    pub clock_back: u64,
    pub writer_rests: u64,
    pub deliver_rests: u64,
    pub snapshots: u64,
    pub redacts: u64,
    pub trims: bool,

    /// Of a round: what goes wrong.
    pub kill: u64,
    pub power_cut: u64,
    /// Of a crash.
    pub snapshot_damaged: u64,

    /// Of a hand-over: what the provider does.
    pub transient: u64,
    pub permanent: u64,
    pub invalid_recipient: u64,
    pub time_out: u64,
    pub contradicts: u64,
}

impl Options {
    /// What operators say of who is who has chance of its own, so that the rest of a world is as it would be without; and so
    /// has what happens on pages and at tills.
    pub(crate) fn draw(random: &mut Random, operators: &mut Random, shop: &mut Random) -> Self {
        Self {
            visits: chance(shop, 700),
            looks: chance(shop, 100),
            codes: chance(shop, 100),
            tills: chance(shop, 200),
            merges: chance(operators, 100),
            parts: chance(operators, 200),
            erases: chance(operators, 100),
            redacts: operators.between(50, 500),
            requests_runs: chance(operators, 300),
            commands: chance(operators, 200),
            corrects: chance(operators, 200),
            people: random.between(2, 24),
            rounds: random.between(60, 160),
            requests_per_round: random.between(1, 4),
            events_per_request: random.between(1, 4),
            signs_up: random.between(50, 400),
            identifies: random.between(100, 400),
            aliases: chance(random, 80),
            buys: chance(random, 400),
            shared_device: chance(random, 120),
            bot: chance(random, 100),
            states_consent: random.between(100, 600),
            withdraws: chance(random, 300),
            late: chance(random, 300),
            repeated: chance(random, 200),
            malformed: chance(random, 100),
            impatient: chance(random, 300),
            suppresses: chance(random, 200),
            lifts: chance(random, 200),
            applies_programme: chance(random, 80),
            states_cutoffs: chance(random, 100),
            reacts: chance(random, 500),
            long_pause: random.between(20, 400),
            clock_back: chance(random, 200),
            writer_rests: chance(random, 500),
            deliver_rests: chance(random, 500),
            snapshots: chance(random, 150),
            trims: random.happens(500),
            kill: chance(random, 60),
            power_cut: chance(random, 120),
            snapshot_damaged: chance(random, 400),
            transient: chance(random, 400),
            permanent: chance(random, 100),
            invalid_recipient: chance(random, 100),
            time_out: chance(random, 200),
            contradicts: chance(random, 200),
        }
    }
}

/// Off in one world of three.
fn chance(random: &mut Random, most: u64) -> u64 {
    if random.below(3) == 0 { 0 } else { random.between(1, most) }
}
