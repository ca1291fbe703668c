//! Offers that people were given: who has which, how far it came, and how many are left.
//!
//! A person has an offer once, whatever showed it: an email, a link, a place on the site. What a profile was given stays
//! with it through merges, as its identifiers do: together two profiles stand where the further of them stood, and after
//! an undo each has its own again. Nothing here asks for a timer: an offer that is over is over by its time alone.
//!
//! Owned by the state: [`Offers`] counts, and each profile has its [`Holding`]s. [`crate::engine`] gives and redeems.

pub(crate) mod code;

use crate::ProfileId;
use crate::at::At;
use crate::identifier::HashKey;
use crate::limits::OFFER_CODES_MAX;
use crate::outbox::Reason;
use crate::profile::Profile;
use crate::programme::{Codes, Offer, Programme};
use crate::segment::rule::Rule;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An offer that a profile was given.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Holding {
    /// Its place in [`Offers`].
    pub(crate) offer: u16,
    /// The profile that it was given to, whatever that has been merged into since. An own code leads to it.
    pub(crate) origin: ProfileId,
    pub(crate) given_at: At,
    /// When it is over.
    pub(crate) until: At,
    pub(crate) seen_at: Option<At>,
    pub(crate) clicked_at: Option<At>,
    /// The first time.
    pub(crate) redeemed_at: Option<At>,
    pub(crate) redemptions: u32,
    /// How often the person may redeem it: as it was promised, whatever is changed later.
    pub(crate) redemptions_most: u32,
    /// Place of its code in the list, where the offer has one.
    pub(crate) code: Option<u32>,
}

/// How far an offer came with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfferPhase {
    Given,
    Seen,
    Clicked,
    Redeemed,
    /// Given, and neither redeemed as often as may be nor over.
    Open,
}

impl OfferPhase {
    pub const ALL: [Self; 5] = [Self::Given, Self::Seen, Self::Clicked, Self::Redeemed, Self::Open];

    /// Its word in expressions and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Seen => "seen",
            Self::Clicked => "clicked",
            Self::Redeemed => "redeemed",
            Self::Open => "open",
        }
    }
}

/// Why somebody may not have an offer, or may not redeem it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Denial {
    /// The programme has no such offer.
    NoSuchOffer,
    NotBegun,
    Expired,
    Ineligible,
    OutOfStock,
    /// All codes of its list have been given.
    OutOfCodes,
    /// They have redeemed it as often as one person may.
    Redeemed,
    /// They have been given too many offers.
    Crowded,
    /// They were never given it, and have no code that is everybody's.
    NotGiven,
    /// The code is none of the offer's, or of somebody who is not known.
    UnknownCode,
    /// The code is everybody's, and the person is not named.
    WhoIsIt,
    /// Its codes come from no list.
    NoList,
}

impl Denial {
    pub const ALL: [Self; 12] = [
        Self::NoSuchOffer,
        Self::NotBegun,
        Self::Expired,
        Self::Ineligible,
        Self::OutOfStock,
        Self::OutOfCodes,
        Self::Redeemed,
        Self::Crowded,
        Self::NotGiven,
        Self::UnknownCode,
        Self::WhoIsIt,
        Self::NoList,
    ];

    /// Its code in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSuchOffer => "no_such_offer",
            Self::NotBegun => "not_begun",
            Self::Expired => "expired",
            Self::Ineligible => "ineligible",
            Self::OutOfStock => "out_of_stock",
            Self::OutOfCodes => "out_of_codes",
            Self::Redeemed => "redeemed",
            Self::Crowded => "crowded",
            Self::NotGiven => "not_given",
            Self::UnknownCode => "unknown_code",
            Self::WhoIsIt => "who_is_it",
            Self::NoList => "no_list",
        }
    }

    /// The same of a send that would show the offer.
    pub(crate) fn of_send(self) -> Reason {
        match self {
            Self::NotBegun => Reason::OfferNotBegun,
            Self::NoSuchOffer | Self::Expired => Reason::OfferExpired,
            Self::Redeemed => Reason::OfferRedeemed,
            Self::OutOfStock | Self::OutOfCodes => Reason::OfferOutOfStock,
            Self::Ineligible
            | Self::Crowded
            | Self::NotGiven
            | Self::UnknownCode
            | Self::WhoIsIt
            | Self::NoList => Reason::OfferIneligible,
        }
    }
}

impl std::fmt::Display for Denial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoSuchOffer => "the programme has no such offer",
            Self::NotBegun => "the offer has not begun yet",
            Self::Expired => "the offer is over",
            Self::Ineligible => "the offer is for others",
            Self::OutOfStock => "there is none left of the offer",
            Self::OutOfCodes => "all codes of the offer have been given: import more",
            Self::Redeemed => "the person has redeemed the offer as often as they may",
            Self::Crowded => "the person has been given as many offers as one may have",
            Self::NotGiven => "the person was never given the offer",
            Self::UnknownCode => "the code is none of the offer's, or nobody has it",
            Self::NoList => "the offer's codes come from no list: say `codes: listed` in its definition",
            Self::WhoIsIt => "the code is the same for everybody: say whose redemption it is, in `profile`",
        })
    }
}

/// An offer of the programme, ready to be given.
#[derive(Clone, Debug)]
pub(crate) struct OfferPlan {
    pub(crate) slot: u16,
    pub(crate) definition: Offer,
    pub(crate) eligible: Option<Rule>,
    pub(crate) begins: At,
    pub(crate) ends: At,
}

impl OfferPlan {
    /// When it is over for somebody who is given it at an instant.
    pub(crate) fn until(&self, given_at: At) -> At {
        self.definition.lasts.map_or(At::MAX, |lasts| given_at.plus(lasts)).min(self.ends)
    }
}

/// Every offer that a programme ever had: places are never given away, since holdings name them.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Offers {
    pub(crate) all: Vec<OfferState>,
    places: BTreeMap<String, u16>,
}

/// What is counted of an offer. The counts outlive those who were counted.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct OfferState {
    pub(crate) name: String,
    /// People who were given it.
    pub(crate) given: u64,
    /// Times that it was redeemed.
    pub(crate) redeemed: u64,
    /// Times that it was to be given, or that an event redeemed it, and that do not count, by the reason.
    pub(crate) denied: [u64; Denial::ALL.len()],
    pub(crate) codes: Arc<CodeList>,
}

/// Codes from lists, in the order in which they came and are given.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct CodeList {
    codes: Vec<(String, Option<ProfileId>)>,
    places: BTreeMap<String, u32>,
    /// The first that nobody has.
    next: u32,
}

impl CodeList {
    /// Adds codes; how many of them are new, and there is room for.
    pub(crate) fn add<'a>(&mut self, codes: impl IntoIterator<Item = &'a str>) -> usize {
        let before = self.codes.len();
        for code in codes {
            let tidied = code::tidied(code);
            if self.codes.len() < OFFER_CODES_MAX && !tidied.is_empty() && !self.places.contains_key(&tidied)
            {
                self.places.insert(tidied, self.codes.len() as u32);
                self.codes.push((code.trim().to_owned(), None));
            }
        }
        self.codes.len() - before
    }

    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(crate) fn left(&self) -> usize {
        self.codes.len() - self.next as usize
    }

    fn give(&mut self, person: ProfileId) -> Option<u32> {
        let place = self.next;
        self.codes.get_mut(place as usize)?.1 = Some(person);
        self.next += 1;
        Some(place)
    }

    fn owner(&self, code: &str) -> Option<ProfileId> {
        self.codes[*self.places.get(&code::tidied(code))? as usize].1
    }

    fn text(&self, place: u32) -> &str {
        &self.codes[place as usize].0
    }

    fn forget(&mut self, place: u32) {
        self.codes[place as usize].1 = None;
    }
}

impl Offers {
    pub(crate) fn place(&self, name: &str) -> Option<u16> {
        self.places.get(name).copied()
    }

    /// Gives each offer of a programme its place.
    pub(crate) fn take_in(&mut self, programme: &Programme) {
        for name in
            programme.offers.keys().filter(|name| !self.places.contains_key(*name)).collect::<Vec<_>>()
        {
            let place = u16::try_from(self.all.len()).expect("invariant: there is room for the offers");
            self.places.insert(name.clone(), place);
            self.all.push(OfferState { name: name.clone(), ..OfferState::default() });
        }
    }

    pub(crate) fn of(&self, place: u16) -> &OfferState {
        &self.all[usize::from(place)]
    }

    pub(crate) fn of_mut(&mut self, place: u16) -> &mut OfferState {
        &mut self.all[usize::from(place)]
    }

    /// Takes one out of the stock, and a code out of the list.
    pub(crate) fn give(&mut self, plan: &OfferPlan, origin: ProfileId, given_at: At) -> Holding {
        let state = self.of_mut(plan.slot);
        state.given += 1;
        let code = match plan.definition.codes {
            Codes::Listed => Arc::make_mut(&mut state.codes).give(origin),
            Codes::None | Codes::Shared(_) | Codes::Own => None,
        };
        Holding {
            offer: plan.slot,
            origin,
            given_at,
            until: plan.until(given_at),
            seen_at: None,
            clicked_at: None,
            redeemed_at: None,
            redemptions: 0,
            redemptions_most: plan.definition.per_person,
            code,
        }
    }

    /// The code by which somebody redeems what they hold.
    pub(crate) fn code_of(&self, key: &HashKey, plan: &OfferPlan, holding: &Holding) -> String {
        match &plan.definition.codes {
            Codes::None => String::new(),
            Codes::Shared(code) => code.clone(),
            Codes::Own => code::own(key, &self.of(plan.slot).name, holding.origin),
            Codes::Listed => {
                holding.code.map_or_else(String::new, |place| self.of(plan.slot).codes.text(place).to_owned())
            }
        }
    }

    /// Whose code it is, where each person has their own.
    pub(crate) fn owner(&self, key: &HashKey, plan: &OfferPlan, code: &str) -> Option<ProfileId> {
        match &plan.definition.codes {
            Codes::None | Codes::Shared(_) => None,
            Codes::Own => code::owner(key, &self.of(plan.slot).name, code),
            Codes::Listed => self.of(plan.slot).codes.owner(code),
        }
    }

    /// Forgets who had the codes of somebody who is erased. Nobody is given them again.
    pub(crate) fn forget(&mut self, holdings: &[Holding]) {
        for holding in holdings {
            if let Some(place) = holding.code {
                Arc::make_mut(&mut self.of_mut(holding.offer).codes).forget(place);
            }
        }
    }
}

/// What the holdings of one offer come to: those of a profile, and of the ones that it took in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joined<'a> {
    /// The one whose code is shown: that which lasts longest, and of those the first.
    pub(crate) shown: &'a Holding,
    pub(crate) given_at: At,
    pub(crate) seen_at: Option<At>,
    pub(crate) clicked_at: Option<At>,
    pub(crate) redeemed_at: Option<At>,
    pub(crate) redemptions: u32,
}

impl<'a> Joined<'a> {
    /// `None` where the profile was never given the offer.
    pub(crate) fn of(profile: &'a Profile, offer: u16) -> Option<Self> {
        let mut all = profile.offers.iter().filter(|one| one.offer == offer);
        let first = all.next()?;
        let mut joined = Self {
            shown: first,
            given_at: first.given_at,
            seen_at: first.seen_at,
            clicked_at: first.clicked_at,
            redeemed_at: first.redeemed_at,
            redemptions: first.redemptions,
        };
        let earlier = |one: Option<At>, two: Option<At>| one.into_iter().chain(two).min();
        for one in all {
            if one.until > joined.shown.until {
                joined.shown = one;
            }
            joined.given_at = joined.given_at.min(one.given_at);
            joined.seen_at = earlier(joined.seen_at, one.seen_at);
            joined.clicked_at = earlier(joined.clicked_at, one.clicked_at);
            joined.redeemed_at = earlier(joined.redeemed_at, one.redeemed_at);
            joined.redemptions = joined.redemptions.saturating_add(one.redemptions);
        }
        Some(joined)
    }

    /// How far it came, and when it came there.
    pub(crate) fn furthest(&self) -> (OfferPhase, At) {
        let phases = [
            (OfferPhase::Redeemed, self.redeemed_at),
            (OfferPhase::Clicked, self.clicked_at),
            (OfferPhase::Seen, self.seen_at),
        ];
        let reached = phases.into_iter().find_map(|(phase, at)| Some((phase, at?)));
        reached.unwrap_or((OfferPhase::Given, self.given_at))
    }

    /// Whether it was redeemed as often as may be.
    pub(crate) fn is_spent(&self) -> bool {
        self.redemptions >= self.shown.redemptions_most
    }

    /// Whether it came so far, and until when that holds by time alone.
    pub(crate) fn is_in(&self, phase: OfferPhase, now: At) -> (bool, At) {
        let ever = |is_so| (is_so, At::MAX);
        match phase {
            OfferPhase::Given => ever(true),
            OfferPhase::Seen => ever(self.seen_at.is_some()),
            OfferPhase::Clicked => ever(self.clicked_at.is_some()),
            OfferPhase::Redeemed => ever(self.redemptions > 0),
            OfferPhase::Open if !self.is_spent() && self.shown.until > now => (true, self.shown.until),
            OfferPhase::Open => ever(false),
        }
    }
}

impl Profile {
    /// Notes an offer, each in its place: the order is the same whichever profile was first.
    pub(crate) fn hold(&mut self, holding: Holding) {
        let key = |one: &Holding| (one.given_at, one.offer, one.origin);
        let place = self.offers.partition_point(|one| key(one) <= key(&holding));
        self.offers.insert(place, holding);
    }
}
