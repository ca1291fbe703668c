//! Who tried too many passwords: how long the next try has to wait, by the name that was tried and by the network address
//! that it came from. In memory alone, since a restart is rarer than any delay is long.

use super::roster::folded;
use crate::collect::access::network;
use crate::limits::{
    LOCKOUT_ADDRESS_DELAY_MAX, LOCKOUT_ADDRESS_TRIES, LOCKOUT_DELAY_FIRST, LOCKOUT_FORGOTTEN,
    LOCKOUT_KEPT_MAX, LOCKOUT_NAME_DELAY_MAX, LOCKOUT_NAME_TRIES, OPERATOR_NAME_BYTES_MAX,
};
use engine::at::{At, Span};
use std::collections::BTreeMap;
use std::net::IpAddr;

#[derive(Default)]
pub(super) struct Lockout {
    tries: BTreeMap<Whose, Tries>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Name(String),
    Address(IpAddr),
}

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    last: At,
    /// The next one counts from then on.
    until: At,
}

impl Whose {
    /// As many as may fail without a delay, and the longest delay.
    fn bounds(&self) -> (u32, Span) {
        match self {
            Self::Name(_) => (LOCKOUT_NAME_TRIES, LOCKOUT_NAME_DELAY_MAX),
            Self::Address(_) => (LOCKOUT_ADDRESS_TRIES, LOCKOUT_ADDRESS_DELAY_MAX),
        }
    }
}

impl Lockout {
    /// Counts a try before anybody knows what comes of it; or gives the instant from which on one counts.
    pub(super) fn begin(&mut self, name: &str, peer: Option<IpAddr>, now: At) -> Result<(), At> {
        let whose = whose(name, peer);
        let waits = whose.iter().filter_map(|one| self.tries.get(one)).map(|tries| tries.until);
        if let Some(until) = waits.max().filter(|until| *until > now) {
            return Err(until);
        }
        for one in whose {
            self.make_room(now);
            let (free, longest) = one.bounds();
            let known = self.tries.get(&one).filter(|known| now.since(known.last) < LOCKOUT_FORGOTTEN);
            let count = known.map_or(0, |known| known.count).saturating_add(1);
            let tries = Tries { count, last: now, until: now.plus(delay(count, free, longest)) };
            self.tries.insert(one, tries);
        }
        Ok(())
    }

    /// It was the right password. From the address others may still be guessing, so only this try is taken back there.
    pub(super) fn succeed(&mut self, name: &str, peer: Option<IpAddr>) {
        for one in whose(name, peer) {
            match (&one, self.tries.get_mut(&one)) {
                (Whose::Address(_), Some(tries)) if tries.count > 1 => {
                    (tries.count, tries.until) = (tries.count - 1, tries.last);
                }
                _ => _ = self.tries.remove(&one),
            }
        }
    }

    fn make_room(&mut self, now: At) {
        if self.tries.len() < LOCKOUT_KEPT_MAX {
            return;
        }
        self.tries.retain(|_, tries| now.since(tries.last) < LOCKOUT_FORGOTTEN);
        while self.tries.len() >= LOCKOUT_KEPT_MAX
            && let Some(oldest) =
                self.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(one, _)| one.clone())
        {
            self.tries.remove(&oldest);
        }
    }
}

fn whose(name: &str, peer: Option<IpAddr>) -> Vec<Whose> {
    let address = peer.map(network).map(Whose::Address);
    // No operator has a longer one, and what is kept is bounded.
    let name: String = folded(name).chars().take(OPERATOR_NAME_BYTES_MAX).collect();
    address.into_iter().chain([Whose::Name(name)]).collect()
}

/// Doubles with each try beyond those that are free.
fn delay(count: u32, free: u32, longest: Span) -> Span {
    match count.checked_sub(free) {
        None | Some(0) => Span(0),
        Some(beyond) => Span(LOCKOUT_DELAY_FIRST.0.saturating_mul(1 << (beyond - 1).min(30))).min(longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn the_delay_of_a_name_grows_to_its_bound_and_ends() {
        let mut lockout = Lockout::default();
        let mut now = At(0);
        let mut delays = Vec::new();
        for number in 0..14 {
            // From another address each time: the name alone is what counts.
            lockout.begin("Ada", peer(number), now).unwrap();
            let until = lockout.tries[&Whose::Name("ada".to_owned())].until;
            delays.push(until.since(now).0 / 1_000);
            if until > now {
                assert_eq!(lockout.begin(" ada ", None, until.minus(Span(1))), Err(until));
            }
            now = until;
        }
        assert_eq!(delays, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        lockout.begin("bob", peer(1), now).unwrap();
        now = now.plus(LOCKOUT_FORGOTTEN);
        lockout.begin("ada", peer(1), now).unwrap();
        lockout.begin("ada", peer(1), now).unwrap();
    }

    #[test]
    fn one_address_cannot_try_many_names_and_a_success_frees_the_name_alone() {
        let mut lockout = Lockout::default();
        for number in 0..=LOCKOUT_ADDRESS_TRIES {
            lockout.begin(&format!("name {number}"), peer(1), At(0)).unwrap();
        }
        assert!(lockout.begin("ada", peer(1), At(0)).is_err());
        assert!(lockout.begin("ada", peer(2), At(0)).is_ok(), "another address is not meant");
        let mine = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, last, 0, 0, last]));
        for number in 0..=LOCKOUT_ADDRESS_TRIES {
            lockout.begin(&format!("other {number}"), mine(number as u16), At(0)).unwrap();
        }
        assert!(lockout.begin("bea", mine(9_999), At(0)).is_err(), "one network");

        let mut lockout = Lockout::default();
        for _ in 0..LOCKOUT_NAME_TRIES {
            lockout.begin("ada", peer(3), At(0)).unwrap();
        }
        lockout.succeed("ada", peer(3));
        for _ in 0..LOCKOUT_NAME_TRIES {
            lockout.begin("ada", peer(3), At(0)).unwrap();
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut lockout = Lockout::default();
        for number in 0..LOCKOUT_KEPT_MAX + 10 {
            lockout.begin(&number.to_string(), None, At(number as i64)).unwrap();
        }
        assert_eq!(lockout.tries.len(), LOCKOUT_KEPT_MAX);
        assert!(!lockout.tries.contains_key(&Whose::Name("0".to_owned())), "the oldest goes");
        lockout.begin(&"x".repeat(1 << 20), None, At(i64::from(u32::MAX))).unwrap();
        assert!(lockout.tries.contains_key(&Whose::Name("x".repeat(OPERATOR_NAME_BYTES_MAX))));
    }
}
