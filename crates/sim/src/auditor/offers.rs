//! The shop's one offer as it is written for people: a list of who was given it and what they redeemed, in the order of the
//! log. Whoever is one person counts together, and after an undo each part has its own again, since the list names parts.

use engine::ProfileId;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::programme::{Offer, Programme};
use engine::record::{Event, EventFlags, EventKind, Record};
use engine::segment::date::Date;

use super::people::{Name, People};
use crate::invariant::{Invariant, Violation};
use crate::programme::{GIFT, GIFT_CODE, HOLDERS, MET_BY};

#[derive(Default)]
pub(crate) struct Gifts {
    held: Vec<Gift>,
    given: u64,
    redeemed: u64,
}

/// A part of a person was given it.
#[derive(Clone, Debug)]
struct Gift {
    part: usize,
    given_at: At,
    until: At,
    redemptions: u32,
    most: u32,
}

impl Gifts {
    /// Places in the list of what a person has, by when it was given.
    fn of(&self, people: &People, root: usize) -> Vec<usize> {
        let whole = people.whole_of(root);
        let mut theirs: Vec<usize> =
            (0..self.held.len()).filter(|place| whole.contains(&self.held[*place].part)).collect();
        theirs.sort_by_key(|place| (self.held[*place].given_at, self.held[*place].part));
        theirs
    }

    /// The one that lasts longest, and of those the first.
    fn shown(&self, theirs: &[usize]) -> Option<usize> {
        let last = theirs.iter().map(|place| self.held[*place].until).max()?;
        theirs.iter().copied().find(|place| self.held[*place].until == last)
    }

    fn redemptions(&self, theirs: &[usize]) -> u32 {
        theirs.iter().map(|place| self.held[*place].redemptions).sum()
    }

    /// Why one more is given: there is one left.
    fn may_begin(&self, offer: &Offer, at: At) -> bool {
        at < ends(offer) && offer.stock.given.is_none_or(|stock| self.given < stock)
    }

    fn may_redeem(&self, offer: &Offer) -> bool {
        offer.stock.redeemed.is_none_or(|stock| self.redeemed < stock)
    }

    fn give(&mut self, offer: &Offer, part: usize, given_at: At) {
        let until = offer.lasts.map_or(At::MAX, |lasts| given_at.plus(lasts)).min(ends(offer));
        self.held.push(Gift { part, given_at, until, redemptions: 0, most: offer.per_person });
        self.given += 1;
    }

    /// An order with the code that is everybody's.
    pub(super) fn ordered(
        &mut self,
        event: &Event<'_>,
        programme: &Programme,
        people: &People,
        (root, about): (usize, usize),
        now: At,
    ) {
        let coupon = event.properties.get("coupon").and_then(|value| value.text());
        let Some(offer) = programme.offers.get(GIFT) else { return };
        if event.name != "Order Completed" || coupon != Some(GIFT_CODE) || !self.may_redeem(offer) {
            return;
        }
        let at = event.occurred_at.min(now);
        let theirs = self.of(people, root);
        match self.shown(&theirs) {
            Some(shown)
                if self.redemptions(&theirs) < self.held[shown].most && at < self.held[shown].until =>
            {
                self.held[shown].redemptions += 1;
            }
            None if self.may_begin(offer, at) => {
                self.give(offer, about, now);
                self.held.last_mut().expect("it was just given").redemptions = 1;
            }
            Some(_) | None => return,
        }
        self.redeemed += 1;
    }

    /// Messages that show it are let go, and handed over: whoever they go to has it, and may redeem it still.
    pub(super) fn shown_by(
        &mut self,
        effects: &[Effect],
        programme: &Programme,
        people: &People,
        address: impl Fn(engine::SendId) -> (String, String),
        now: At,
    ) -> Result<(), Violation> {
        for effect in effects {
            let (send, message, address, leaves) = match effect {
                // Another attempt is nothing that is let go.
                Effect::Prepare(prepare) if prepare.decided_at < now => continue,
                Effect::Prepare(prepare) => {
                    (prepare.send, prepare.message.clone(), prepare.address.clone(), false)
                }
                Effect::HandOver { send, .. } => {
                    let (message, address) = address(*send);
                    (*send, message, address, true)
                }
                Effect::Release { .. } | Effect::Call { .. } => continue,
            };
            let Some(offer) = programme.offer_of(&message).and_then(|name| programme.offers.get(name)) else {
                continue;
            };
            let name: Name = (IdentifierKind::Email, address);
            let Some(root) = people.named(&name) else { continue };
            let theirs = self.of(people, root);
            if let Some(shown) = self.shown(&theirs) {
                let (redeemed, until) = (self.redemptions(&theirs), self.held[shown].until);
                let may = redeemed < self.held[shown].most && now < until && self.may_redeem(offer);
                Invariant::F2.check(!leaves || may, || {
                    format!(
                        "send {send} shows the offer to {name:?}: redeemed {redeemed} times, until {until}"
                    )
                })?;
            } else {
                let (given, redeemed) = (self.given, self.redeemed);
                let may = self.may_begin(offer, now) && self.may_redeem(offer);
                Invariant::F1.check(may, || {
                    format!("send {send} gives the offer after {given}, redeemed {redeemed} times: {offer:?}")
                })?;
                let part = people.holder(&name).expect("somebody is named so");
                self.give(offer, part, now);
            }
        }
        Ok(())
    }

    /// A page to which a link with the offer led.
    pub(super) fn met(&mut self, record: &Record<'_>, programme: &Programme, people: &People, now: At) {
        let (Record::Event(event), Some(offer)) = (record, programme.offers.get(GIFT)) else { return };
        let url = event.properties.get("url").and_then(|value| value.text());
        if event.kind != EventKind::Page || event.flags.has(EventFlags::BOT) || url != Some(MET_BY) {
            return;
        }
        let names: Vec<Name> = event.identifiers.iter().map(|one| (one.kind, one.value.to_owned())).collect();
        let Some((root, about)) = people.whom(&names) else { return };
        let has_it = !self.of(people, root).is_empty();
        if !has_it && self.may_begin(offer, now) && self.may_redeem(offer) {
            self.give(offer, about, now);
        }
    }

    pub(super) fn erase(&mut self, whole: &[usize]) {
        self.held.retain(|gift| !whole.contains(&gift.part));
    }

    /// What the engine says of everybody's offer is what this list says.
    pub(super) fn compare(
        &self,
        engine: &Engine,
        programme: &Programme,
        people: &People,
    ) -> Result<(), Violation> {
        if let Some(offer) = engine.offer(GIFT) {
            Invariant::F1.check((offer.given, offer.redeemed) == (self.given, self.redeemed), || {
                let (given, redeemed) = (self.given, self.redeemed);
                format!("{offer:?} should be given {given} times and redeemed {redeemed} times")
            })?;
        }
        for root in people.roots() {
            let id = ProfileId(root as u32);
            let theirs = self.of(people, root);
            let expected = self.shown(&theirs).map(|shown| {
                let given_at = theirs.iter().map(|place| self.held[*place].given_at).min();
                (given_at, self.held[shown].until, self.redemptions(&theirs))
            });
            let held = engine.offers_of(id, engine.at());
            let found = held.first();
            let found = found.map(|one| (Some(one.given_at), one.until.unwrap_or(At::MAX), one.redemptions));
            Invariant::F3.check(found == expected && held.len() <= 1, || {
                format!("profile {root} has {held:?} at seq {}, should be {expected:?}", engine.seq())
            })?;
            if !programme.offers.contains_key(GIFT) {
                continue;
            }
            let most = self.shown(&theirs).map_or(0, |shown| self.held[shown].most);
            let is_open = expected.is_some_and(|(_, until, redeemed)| redeemed < most && until > engine.at());
            let is_inside = engine.memberships(id).contains(&HOLDERS);
            Invariant::S1.check(is_open == is_inside, || {
                format!("profile {root} in \"{HOLDERS}\" {is_inside}, should be {is_open}: {expected:?}")
            })?;
        }
        Ok(())
    }
}

fn ends(offer: &Offer) -> At {
    match offer.until.as_deref().and_then(Date::parse) {
        Some(Date::Instant(at)) => at,
        _ => At::MAX,
    }
}
