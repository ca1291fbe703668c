//! Clicks of the last moments, by which a scanner that follows every link is told from a reader who follows one. Pure: the
//! time is told.

use crate::limits::{CLICK_HOLD, CLICKS_HELD_MAX};
use engine::SendId;
use engine::at::At;
use std::collections::VecDeque;
use std::sync::Mutex;

/// The clicks that may still turn out to be a scanner's.
#[derive(Debug, Default)]
pub struct Clicks(Mutex<VecDeque<Click>>);

#[derive(Clone, Copy, Debug)]
struct Click {
    send: SendId,
    link: u32,
    at: At,
}

impl Clicks {
    /// Notes a click; false where there are too many to be people's.
    pub(super) fn note(&self, send: SendId, link: u32, at: At) -> bool {
        let mut clicks = self.lock();
        // Whoever was held back until now has looked at clicks of twice that time.
        let old = at.minus(CLICK_HOLD.times(2));
        while clicks.front().is_some_and(|click| click.at < old) {
            clicks.pop_front();
        }
        let has_room = clicks.len() < CLICKS_HELD_MAX;
        if has_room {
            clicks.push_back(Click { send, link, at });
        }
        has_room
    }

    /// Whether another link of the message was followed at about the same time.
    pub(in crate::public) fn is_burst(&self, send: SendId, link: u32, at: At) -> bool {
        let near = |click: &Click| click.at.since(at).0.abs() <= CLICK_HOLD.0;
        self.lock().iter().any(|click| click.send == send && click.link != link && near(click))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Click>> {
        self.0.lock().expect("invariant: nobody panics with the clicks in hand")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_several_links_at_once_is_no_reader() {
        let clicks = Clicks::default();
        let (hold, one, two) = (CLICK_HOLD.0, SendId(1), SendId(2));
        for (send, link, at) in
            [(one, 0, 0), (one, 1, hold), (two, 0, 100), (two, 0, 200), (two, 5, 3 * hold + 100)]
        {
            assert!(clicks.note(send, link, At(at)));
        }
        let clicks_again = Clicks::default();
        for (send, link, at, expected) in [(one, 0, 0, true), (one, 1, hold, true), (two, 0, 100, false)] {
            for (send, link, at) in [(one, 0, 0), (one, 1, hold), (two, 0, 100), (two, 0, 200)] {
                assert!(clicks_again.note(send, link, At(at)));
            }
            assert_eq!(clicks_again.is_burst(send, link, At(at)), expected, "{send} {link}");
        }
        assert!(!clicks.is_burst(two, 5, At(3 * hold + 100)), "much later she follows another");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let clicks = Clicks::default();
        for _ in 0..CLICKS_HELD_MAX {
            assert!(clicks.note(SendId(1), 0, At(0)));
        }
        assert!(!clicks.note(SendId(2), 0, At(0)));
        assert!(clicks.note(SendId(2), 0, At(10 * CLICK_HOLD.0)));
    }
}
