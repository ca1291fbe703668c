//! What the API, the site and the tests may ask about offers. Reading changes nothing.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::offer::{Denial, Joined, OfferPhase};
use crate::programme::{Codes, Offer};
use std::cmp::Reverse;

/// An offer of the programme, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferView<'a> {
    pub name: &'a str,
    pub definition: &'a Offer,
    /// `None` for an offer without a beginning.
    pub begins: Option<At>,
    /// `None` for one without an end.
    pub ends: Option<At>,
    /// People who were ever given it.
    pub given: u64,
    /// Times that it was redeemed.
    pub redeemed: u64,
    /// Times that it was to be given or redeemed and was not, by the reason.
    pub denied: Vec<(Denial, u64)>,
    /// Codes that were imported, and those of them that nobody has; `None` where its codes are from no list.
    pub codes: Option<(usize, usize)>,
}

/// What an offer is to somebody who was given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldAs {
    /// They have it, and neither saw nor clicked it as far as is known.
    Given,
    Seen,
    Clicked,
    /// They redeemed it at least once.
    Redeemed,
    /// It was over before they redeemed it.
    Expired,
}

impl HeldAs {
    pub const ALL: [Self; 5] = [Self::Given, Self::Seen, Self::Clicked, Self::Redeemed, Self::Expired];

    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Seen => "seen",
            Self::Clicked => "clicked",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
        }
    }

    fn of(joined: &Joined<'_>, now: At) -> Self {
        match joined.furthest().0 {
            OfferPhase::Redeemed => Self::Redeemed,
            _ if joined.shown.until <= now => Self::Expired,
            OfferPhase::Clicked => Self::Clicked,
            OfferPhase::Seen => Self::Seen,
            OfferPhase::Given | OfferPhase::Open => Self::Given,
        }
    }
}

/// An offer that a person was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOffer<'a> {
    pub name: &'a str,
    /// `None` where the programme has it no more.
    pub definition: Option<&'a Offer>,
    pub given_at: At,
    pub seen_at: Option<At>,
    pub clicked_at: Option<At>,
    /// The first time.
    pub redeemed_at: Option<At>,
    pub redemptions: u32,
    /// `None` where it lasts for ever.
    pub until: Option<At>,
    /// Empty where it has none.
    pub code: String,
    /// Why it is not to be shown to them now; `None` where it is.
    pub denied: Option<Denial>,
}

impl HeldOffer<'_> {
    /// How far it came.
    pub fn phase(&self) -> OfferPhase {
        match self {
            Self { redeemed_at: Some(_), .. } => OfferPhase::Redeemed,
            Self { clicked_at: Some(_), .. } => OfferPhase::Clicked,
            Self { seen_at: Some(_), .. } => OfferPhase::Seen,
            _ => OfferPhase::Given,
        }
    }
}

fn finite(at: At) -> Option<At> {
    (at > At::MIN && at < At::MAX).then_some(at)
}

impl Engine {
    /// The offers of the programme, by name.
    pub fn offers(&self) -> impl Iterator<Item = OfferView<'_>> {
        self.index.offers.keys().filter_map(|name| self.offer(name))
    }

    pub fn offer(&self, name: &str) -> Option<OfferView<'_>> {
        let (name, plan) = self.index.offers.get_key_value(name)?;
        let known = self.state.offers.of(plan.slot);
        let denied = Denial::ALL.into_iter().map(|denial| (denial, known.denied[denial as usize]));
        Some(OfferView {
            name,
            definition: &plan.definition,
            begins: finite(plan.begins),
            ends: finite(plan.ends),
            given: known.given,
            redeemed: known.redeemed,
            denied: denied.filter(|(_, count)| *count > 0).collect(),
            codes: (plan.definition.codes == Codes::Listed).then(|| (known.codes.len(), known.codes.left())),
        })
    }

    /// Everybody who was given an offer and is known, with what it is to them at an instant; those who came last first. One
    /// look at all profiles.
    pub fn offer_holders(&self, name: &str, now: At) -> impl Iterator<Item = (ProfileId, HeldAs)> {
        let slot = self.state.offers.place(name);
        let standing = self.profiles().rev();
        standing.filter_map(move |(id, profile)| Some((id, HeldAs::of(&Joined::of(profile, slot?)?, now))))
    }

    /// What is known of an offer that a person was given.
    pub fn offer_of(&self, id: ProfileId, name: &str, now: At) -> Option<HeldOffer<'_>> {
        self.held_offer(id, self.state.offers.place(name)?, now)
    }

    /// Everything that a person was ever offered, in the order in which it was given.
    pub fn offers_of(&self, id: ProfileId, now: At) -> Vec<HeldOffer<'_>> {
        let id = self.canonical(id);
        let profile = &self.state.profiles[id.0 as usize];
        let mut slots: Vec<u16> = Vec::new();
        for holding in profile.offers.iter() {
            if !slots.contains(&holding.offer) {
                slots.push(holding.offer);
            }
        }
        slots.into_iter().filter_map(|slot| self.held_offer(id, slot, now)).collect()
    }

    fn held_offer(&self, id: ProfileId, slot: u16, now: At) -> Option<HeldOffer<'_>> {
        let joined = Joined::of(&self.state.profiles[id.0 as usize], slot)?;
        let name = &self.state.offers.of(slot).name;
        let plan = self.index.offers.get(name);
        let code = plan.map(|plan| self.state.offers.code_of(&self.hash_key(), plan, joined.shown));
        Some(HeldOffer {
            name,
            definition: plan.map(|plan| &plan.definition),
            given_at: joined.given_at,
            seen_at: joined.seen_at,
            clicked_at: joined.clicked_at,
            redeemed_at: joined.redeemed_at,
            redemptions: joined.redemptions,
            until: finite(joined.shown.until),
            code: code.unwrap_or_default(),
            denied: self.may_have(id, name, now).err(),
        })
    }

    /// The offers that are to be shown to a person at an instant: those that they have and may redeem. The highest
    /// priority comes first, then what is over first, then by name.
    pub fn live_offers(&self, id: ProfileId, now: At) -> Vec<HeldOffer<'_>> {
        let mut live = self.offers_of(id, now);
        live.retain(|one| one.denied.is_none());
        let priority = |one: &HeldOffer<'_>| one.definition.map_or(0, |offer| offer.priority);
        live.sort_by_key(|one| (Reverse(priority(one)), one.until.unwrap_or(At::MAX), one.name));
        live
    }

    /// Whether an offer may be shown to a person at an instant, who may have it already or not. The record `OfferNoted`
    /// then says that it was, and gives it to whoever had it not.
    pub fn may_show_offer(&self, id: ProfileId, name: &str, now: At) -> Result<(), Denial> {
        self.may_have(self.canonical(id), name, now)
    }
}
