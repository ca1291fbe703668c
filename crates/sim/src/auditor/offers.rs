//! The shop's one offer as it is written for people: a list of who was given it and what they redeemed, in the order of the
//! log. Whoever is one person counts together, and after an undo each part has its own again, since the list names parts.

use std::collections::BTreeMap;

use engine::ProfileId;
use engine::at::At;
use engine::effect::{Effect, Prepare};
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::programme::{CLICKED, Codes, Offer, Programme, SHOWN};
use engine::record::{CodesAdded, Event, EventFlags, EventKind, OfferRedeemed, Record};
use engine::segment::date::Date;

use super::people::{Name, People};
use crate::invariant::{Invariant, Violation};
use crate::programme::{GIFT, HOLDERS, MET_BY};

#[derive(Default)]
pub(crate) struct Gifts {
    held: Vec<Gift>,
    given: u64,
    redeemed: u64,
    /// Codes from lists, in the order in which they came and are given, and how many were.
    list: Vec<String>,
    handed_out: usize,
    /// Codes of people's own, as messages told them: to which part.
    own: BTreeMap<String, usize>,
}

/// A part of a person was given it.
#[derive(Clone, Debug)]
struct Gift {
    part: usize,
    given_at: At,
    until: At,
    redemptions: u32,
    most: u32,
    /// The place of its code in the list.
    code: Option<usize>,
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
        let has_code = offer.codes != Codes::Listed || self.handed_out < self.list.len();
        at < ends(offer) && offer.stock.given.is_none_or(|stock| self.given < stock) && has_code
    }

    fn may_redeem(&self, offer: &Offer) -> bool {
        offer.stock.redeemed.is_none_or(|stock| self.redeemed < stock)
    }

    fn give(&mut self, offer: &Offer, part: usize, given_at: At) {
        let until = offer.lasts.map_or(At::MAX, |lasts| given_at.plus(lasts)).min(ends(offer));
        let code = (offer.codes == Codes::Listed).then_some(self.handed_out);
        self.handed_out += usize::from(code.is_some());
        self.held.push(Gift { part, given_at, until, redemptions: 0, most: offer.per_person, code });
        self.given += 1;
    }

    /// Codes that are there already count for nothing.
    pub(super) fn add_codes(&mut self, added: &CodesAdded<'_>) {
        for code in &added.codes {
            if !self.list.iter().any(|known| known == code) {
                self.list.push((*code).to_owned());
            }
        }
    }

    /// The place among all that were given of the one that a code is of.
    fn by_code(&self, offer: &Offer, code: &str) -> Option<usize> {
        let is_of = |gift: &Gift| match offer.codes {
            Codes::Own => self.own.get(code) == Some(&gift.part),
            Codes::Listed => gift.code.is_some_and(|place| self.list[place] == code),
            Codes::None | Codes::Shared(_) => false,
        };
        self.held.iter().position(is_of)
    }

    /// The part of a person whose code an order has.
    pub(super) fn owner(&self, event: &Event<'_>, programme: &Programme) -> Option<usize> {
        let offer = programme.offers.get(GIFT).filter(|_| event.name == "Order Completed")?;
        let coupon = event.properties.get("coupon").and_then(|value| value.text())?;
        self.by_code(offer, coupon).map(|place| self.held[place].part)
    }

    /// Takes a code that leads to somebody, whoever shows it; whether it counts.
    fn redeem_by_code(&mut self, place: usize, offer: &Offer, people: &People, at: At) -> bool {
        let theirs = self.of(people, people.root(self.held[place].part));
        let shown = self.shown(&theirs).expect("they have one at least");
        let counts = self.redemptions(&theirs) < self.held[shown].most
            && at < self.held[place].until
            && self.may_redeem(offer);
        self.held[place].redemptions += u32::from(counts);
        self.redeemed += u64::from(counts);
        counts
    }

    /// A till says that it took a code: the engine put it on record, so it must count.
    pub(super) fn taken_at_a_till(
        &mut self,
        redeemed: &OfferRedeemed<'_>,
        programme: &Programme,
        people: &People,
        now: At,
    ) -> Result<(), Violation> {
        let offer = programme.offers.get(GIFT);
        let at = redeemed.redeemed_at.min(now);
        let code = redeemed.code;
        let counts = match (offer, offer.and_then(|offer| self.by_code(offer, code))) {
            (Some(offer), Some(place)) => self.redeem_by_code(place, offer, people, at),
            (Some(offer), None) if matches!(&offer.codes, Codes::Shared(shared) if shared == code) => {
                let name = redeemed.identifier.map(|one| (one.kind, one.value.to_owned()));
                let whom = name.and_then(|name| people.whom(&[name]));
                whom.is_some_and(|whom| self.redeem_shared(offer, people, whom, (at, now)))
            }
            _ => false,
        };
        Invariant::F1.check(counts, || format!("a till took the code {code} of {offer:?}"))
    }

    /// Whether somebody may see the offer, and would have it by that.
    pub(super) fn may_see(&self, programme: &Programme, people: &People, root: usize, now: At) -> bool {
        let Some(offer) = programme.offers.get(GIFT) else { return false };
        let theirs = self.of(people, root);
        let is_open = match self.shown(&theirs) {
            Some(shown) => self.redemptions(&theirs) < self.held[shown].most && now < self.held[shown].until,
            None => self.may_begin(offer, now),
        };
        is_open && self.may_redeem(offer)
    }

    /// Whoever sees it on a page, or clicks it there, has it from then on.
    pub(super) fn on_page(
        &mut self,
        event: &Event<'_>,
        programme: &Programme,
        people: &People,
        (root, about): (usize, usize),
        now: At,
    ) {
        let message = event.properties.get("message").and_then(|value| value.text()).unwrap_or_default();
        let Some(offer) = programme.offer_of(message).and_then(|name| programme.offers.get(name)) else {
            return;
        };
        let meets = [SHOWN, CLICKED].contains(&event.name);
        if meets && self.of(people, root).is_empty() && self.may_begin(offer, now) && self.may_redeem(offer) {
            self.give(offer, about, now);
        }
    }

    /// An order with a code that leads to somebody, or with that which is everybody's.
    pub(super) fn ordered(
        &mut self,
        event: &Event<'_>,
        programme: &Programme,
        people: &People,
        whom: (usize, usize),
        now: At,
    ) {
        let coupon = event.properties.get("coupon").and_then(|value| value.text());
        let Some(offer) = programme.offers.get(GIFT).filter(|_| event.name == "Order Completed") else {
            return;
        };
        let at = event.occurred_at.min(now);
        if let Some(place) = coupon.and_then(|coupon| self.by_code(offer, coupon)) {
            self.redeem_by_code(place, offer, people, at);
        } else if matches!(&offer.codes, Codes::Shared(shared) if coupon == Some(shared)) {
            self.redeem_shared(offer, people, whom, (at, now));
        }
    }

    /// Somebody shows the code that is everybody's; whether it counts.
    fn redeem_shared(
        &mut self,
        offer: &Offer,
        people: &People,
        (root, about): (usize, usize),
        (at, now): (At, At),
    ) -> bool {
        if !self.may_redeem(offer) {
            return false;
        }
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
            Some(_) | None => return false,
        }
        self.redeemed += 1;
        true
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
            if let Effect::Prepare(prepare) = effect {
                self.learn(prepare, offer, people, root)?;
            }
        }
        Ok(())
    }

    /// A message tells somebody a code: that of what they have, and nobody else's.
    fn learn(
        &mut self,
        prepare: &Prepare,
        offer: &Offer,
        people: &People,
        root: usize,
    ) -> Result<(), Violation> {
        let theirs = self.of(people, root);
        let shown = &self.held[self.shown(&theirs).expect("it was just given")];
        let told = prepare.offer.as_ref().map(|offer| offer.code.as_str()).unwrap_or_default();
        let is_right = match &offer.codes {
            Codes::None => told.is_empty(),
            Codes::Shared(code) => told == code,
            Codes::Listed => told == shown.code.map_or("", |place| &self.list[place]),
            Codes::Own => *self.own.entry(told.to_owned()).or_insert(shown.part) == shown.part,
        };
        Invariant::F3.check(is_right, || {
            format!("send {} tells part {} the code {told} of {:?}", prepare.send, shown.part, offer.codes)
        })
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
