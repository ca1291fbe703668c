//! Giving offers and redeeming them: who may, what it changes, and what is asked of the engine about them.
//!
//! The log's order decides who gets the last one. Whoever comes after is told why.

use super::{Engine, Refusal};
use crate::ProfileId;
use crate::at::At;
use crate::effect::{Effect, OfferShown};
use crate::governor::address_kind;
use crate::identity::Resolved;
use crate::limits::PROFILE_OFFERS_MAX;
use crate::offer::{Denial, Holding, Joined, OfferPhase, OfferPlan, code};
use crate::outbox::Reason;
use crate::profile::Profile;
use crate::programme::{Channel, Codes};
use crate::record::{CodesAdded, Event, EventFlags, Identifier, OfferNoted, OfferRedeemed};
use crate::segment::eval::{Moment, verdict};
use crate::turn::Turn;
use crate::value::{Map, Value};
use memchr::memmem::Finder;
use std::sync::{Arc, LazyLock};

/// The word in a link that says which offer it is about: `https://shop.example/?trama_offer=gift`.
pub const OFFER_IN_LINKS: &str = "trama_offer";

/// A redemption that counts.
struct Redemption {
    offer: String,
    person: ProfileId,
    /// The place among what the person holds; `None` where they redeem what they were never given.
    place: Option<usize>,
}

impl Engine {
    pub(super) fn offer_plan(&self, name: &str) -> Result<&OfferPlan, Denial> {
        self.index.offers.get(name).ok_or(Denial::NoSuchOffer)
    }

    /// Whether a person who stands may be given an offer and shown it, or goes on having it.
    pub(super) fn may_have(&self, id: ProfileId, name: &str, now: At) -> Result<(), Denial> {
        let plan = self.offer_plan(name)?;
        let profile = &self.state.profiles[id.0 as usize];
        let (stock, known) = (&plan.definition.stock, self.state.offers.of(plan.slot));
        match Joined::of(profile, plan.slot) {
            Some(joined) if joined.is_spent() => return Err(Denial::Redeemed),
            Some(joined) if joined.shown.until <= now => return Err(Denial::Expired),
            Some(_) => {}
            None => self.may_begin(profile, plan, now)?,
        }
        if stock.redeemed.is_some_and(|stock| known.redeemed >= stock) {
            return Err(Denial::OutOfStock);
        }
        let moment = Moment { now, ..Moment::of(&self.state, &self.programme, id) };
        match &plan.eligible {
            Some(rule) if !verdict(rule, &moment).holds => Err(Denial::Ineligible),
            _ => Ok(()),
        }
    }

    /// Whether there is one left for somebody who has none.
    fn may_begin(&self, profile: &Profile, plan: &OfferPlan, now: At) -> Result<(), Denial> {
        let known = self.state.offers.of(plan.slot);
        if now < plan.begins {
            Err(Denial::NotBegun)
        } else if now >= plan.ends {
            Err(Denial::Expired)
        } else if plan.definition.stock.given.is_some_and(|stock| known.given >= stock) {
            Err(Denial::OutOfStock)
        } else if plan.definition.codes == Codes::Listed && known.codes.left() == 0 {
            Err(Denial::OutOfCodes)
        } else if profile.offers.len() >= PROFILE_OFFERS_MAX {
            Err(Denial::Crowded)
        } else {
            Ok(())
        }
    }

    /// Why a message is not to show its offer to a person; `None` where it may, or shows none.
    pub(crate) fn barred(&self, id: ProfileId, message: &str) -> Option<Reason> {
        self.barred_at(id, message, self.state.at)
    }

    /// The same at an instant of its own: between two records an offer is over by its time alone.
    pub(super) fn barred_at(&self, id: ProfileId, message: &str, now: At) -> Option<Reason> {
        let offer = self.programme.offer_of(message)?;
        self.may_have(id, offer, now).err().map(Denial::of_send)
    }

    /// Gives an offer to a person who may have it; whether they had it not yet.
    pub(crate) fn give(&mut self, id: ProfileId, name: &str, origin: ProfileId) -> bool {
        let at = self.state.at;
        let Ok(slot) = self.offer_plan(name).map(|plan| plan.slot) else { return false };
        if Joined::of(&self.state.profiles[id.0 as usize], slot).is_some() {
            return false;
        }
        if let Err(denial) = self.may_have(id, name, at) {
            self.note_denied(name, denial);
            return false;
        }
        let holding = self.state.offers.give(&self.index.offers[name], origin, at);
        self.state.profiles[id.0 as usize].hold(holding);
        true
    }

    /// The same of the offer in a message that goes to an address: it is that part of the person whose address it is that
    /// is given it.
    pub(crate) fn give_shown(
        &mut self,
        id: ProfileId,
        message: &str,
        channel: Option<Channel>,
        address: &str,
    ) -> bool {
        let programme = Arc::clone(&self.programme);
        let Some(offer) = programme.offer_of(message) else { return false };
        let kind = channel.and_then(address_kind);
        let identifiers = &self.state.profiles[id.0 as usize].identifiers;
        let known = identifiers.iter().find(|one| Some(one.kind) == kind && *one.value == *address);
        let origin = known.map_or(id, |one| one.origin);
        self.give(id, offer, origin)
    }

    /// Notes how far an offer came with somebody who has it; whether that is new.
    pub(crate) fn mark_offer(&mut self, id: ProfileId, name: &str, phase: OfferPhase, at: At) -> bool {
        let Ok(slot) = self.offer_plan(name).map(|plan| plan.slot) else { return false };
        let profile = &self.state.profiles[id.0 as usize];
        let Some(shown) = Joined::of(profile, slot).map(|joined| joined.shown.origin) else { return false };
        let held = |one: &Holding| one.offer == slot && one.origin == shown;
        let Some(place) = profile.offers.iter().position(held) else { return false };
        let holding = &profile.offers[place];
        let is_new = match phase {
            OfferPhase::Seen => holding.seen_at.is_none(),
            OfferPhase::Clicked => holding.clicked_at.is_none(),
            OfferPhase::Given | OfferPhase::Redeemed | OfferPhase::Open => false,
        };
        if is_new {
            let holding = &mut self.state.profiles[id.0 as usize].offers[place];
            holding.seen_at.get_or_insert(at);
            if phase == OfferPhase::Clicked {
                holding.clicked_at.get_or_insert(at);
            }
        }
        is_new
    }

    /// What a message that is prepared for somebody says of its offer that is their own.
    pub(super) fn offer_shown(&self, profile: &Profile, message: &str) -> Option<OfferShown> {
        let plan = self.offer_plan(self.programme.offer_of(message)?).ok()?;
        let holding = Joined::of(profile, plan.slot)?.shown;
        Some(OfferShown {
            offer: self.state.offers.of(plan.slot).name.clone(),
            code: self.state.offers.code_of(&self.hash_key(), plan, holding),
            until: Some(holding.until).filter(|until| *until < At::MAX),
        })
    }

    /// What a message that is shown to somebody says of its offer; a code of their own only to whoever has proved who they
    /// are, and once they were given it.
    pub fn offer_on_page(&self, id: Option<ProfileId>, message: &str, is_proved: bool) -> Option<OfferShown> {
        let name = self.programme.offer_of(message)?;
        let plan = self.offer_plan(name).ok()?;
        let profile = id.and_then(|id| self.profile(id));
        if let Some(shown) =
            profile.filter(|_| is_proved).and_then(|profile| self.offer_shown(profile, message))
        {
            return Some(shown);
        }
        let code = match &plan.definition.codes {
            Codes::Shared(code) => code.clone(),
            Codes::None | Codes::Own | Codes::Listed => String::new(),
        };
        let until = Some(plan.ends).filter(|until| *until < At::MAX);
        Some(OfferShown { offer: name.to_owned(), code, until })
    }
}

impl Engine {
    /// Whose redemption it is, where it counts. Whether they were eligible was asked when it was given to them; and what a
    /// shop took, it took.
    fn redemption(
        &self,
        name: &str,
        person: Option<ProfileId>,
        code: Option<&str>,
        at: At,
    ) -> Result<Redemption, Denial> {
        let plan = self.offer_plan(name)?;
        let origin = match (&plan.definition.codes, code) {
            (_, None) => None,
            (Codes::Shared(own), Some(code)) if code::tidied(own) == code::tidied(code) => None,
            (Codes::Own | Codes::Listed, Some(code)) => {
                Some(self.code_owner(plan, code).ok_or(Denial::UnknownCode)?)
            }
            (Codes::None | Codes::Shared(_), Some(_)) => return Err(Denial::UnknownCode),
        };
        let person = match origin {
            Some(origin) => self.state.canonical(origin),
            None => person.ok_or(Denial::WhoIsIt)?,
        };
        let profile = &self.state.profiles[person.0 as usize];
        let joined = Joined::of(profile, plan.slot);
        let place = match &joined {
            Some(joined) => {
                let origin = origin.unwrap_or(joined.shown.origin);
                let held = |one: &Holding| one.offer == plan.slot && one.origin == origin;
                Some(profile.offers.iter().position(held).ok_or(Denial::UnknownCode)?)
            }
            None if matches!(plan.definition.codes, Codes::Shared(_)) => {
                self.may_begin(profile, plan, at)?;
                None
            }
            None => return Err(Denial::NotGiven),
        };
        if joined.is_some_and(|joined| joined.is_spent()) {
            return Err(Denial::Redeemed);
        }
        if place.is_some_and(|place| profile.offers[place].until <= at) {
            return Err(Denial::Expired);
        }
        let known = self.state.offers.of(plan.slot);
        if plan.definition.stock.redeemed.is_some_and(|stock| known.redeemed >= stock) {
            return Err(Denial::OutOfStock);
        }
        Ok(Redemption { offer: name.to_owned(), person, place })
    }

    /// Who was given a code, as far as they are still known.
    fn code_owner(&self, plan: &OfferPlan, code: &str) -> Option<ProfileId> {
        let owner = self.state.offers.owner(&self.hash_key(), plan, code)?;
        let is_known = (owner.0 as usize) < self.state.profiles.len();
        let person = is_known.then(|| self.state.standing(owner)).flatten()?;
        let mut held = self.state.profiles[person.0 as usize].offers.iter();
        held.any(|one| one.offer == plan.slot && one.origin == owner).then_some(owner)
    }

    fn redeem(&mut self, redemption: &Redemption, about: ProfileId, at: At) {
        let Redemption { offer, person, place } = redemption;
        let plan = &self.index.offers[offer];
        let now = self.state.at;
        let profile = &mut self.state.profiles[person.0 as usize];
        let place = place.unwrap_or_else(|| {
            profile.hold(self.state.offers.give(plan, about, now));
            let held = |one: &Holding| one.offer == plan.slot;
            profile.offers.iter().position(held).expect("invariant: it was just given")
        });
        let holding = &mut profile.offers[place];
        holding.redemptions += 1;
        holding.redeemed_at.get_or_insert(at);
        self.state.offers.of_mut(plan.slot).redeemed += 1;
        self.respond_to_offer(redemption.person, &redemption.offer, at);
    }

    /// The person whose code an event has that names nobody else: so a till need not know who its customers are.
    pub(super) fn owner_of_code(&self, event: &Event<'_>) -> Option<Resolved> {
        let about = self.owner_by_code(event.name, event.properties)?;
        let profile = self.state.canonical(about);
        Some(Resolved { profile, is_new: false, is_addressed: false, about })
    }

    /// Whose code is among the properties of an event of this name, where its name redeems an offer that leads to people.
    pub fn owner_by_code(&self, event: &str, properties: Map<'_>) -> Option<ProfileId> {
        let redeeming = self.index.redeemed_by.get(event)?;
        redeeming.iter().find_map(|one| {
            let plan = self.offer_plan(&one.offer).ok()?;
            let mut owner = None;
            properties.find(one.code.as_ref()?, &mut |value| {
                owner = owner.or_else(|| self.code_owner(plan, value.text()?));
            });
            owner
        })
    }

    /// Redeems what an event of a person redeems; everybody whose offers that changed.
    pub(super) fn redeem_by(
        &mut self,
        event: &Event<'_>,
        (person, about): (ProfileId, ProfileId),
    ) -> Vec<ProfileId> {
        let Some(redeeming) = self.index.redeemed_by.get(event.name).cloned() else { return Vec::new() };
        let at = event.occurred_at.min(self.state.at);
        let mut people = Vec::new();
        for one in redeeming {
            let mut codes = Vec::new();
            match &one.code {
                Some(path) => event.properties.find(path, &mut |value| {
                    codes.extend(value.text().map(|text| Some(text.to_owned())));
                }),
                None => codes.push(None),
            }
            for code in codes {
                match self.redemption(&one.offer, Some(person), code.as_deref(), at) {
                    Ok(redemption) => {
                        self.redeem(&redemption, about, at);
                        people.push(redemption.person);
                    }
                    // The event is about something else.
                    Err(Denial::NotGiven | Denial::UnknownCode) => {}
                    Err(_) if code.is_none() => {}
                    Err(denial) => self.note_denied(&one.offer, denial),
                }
            }
        }
        people.sort_unstable();
        people.dedup();
        people
    }

    fn note_denied(&mut self, offer: &str, denial: Denial) {
        if let Some(slot) = self.state.offers.place(offer) {
            self.state.offers.of_mut(slot).denied[denial as usize] += 1;
        }
    }

    /// Brings somebody up to offers of theirs that were redeemed by somebody else's event.
    pub(super) fn follow_offers(&mut self, person: ProfileId, is_past: bool, effects: &mut Vec<Effect>) {
        let mut turn = Turn::begin(self, person, effects);
        turn.touched.past = is_past;
        turn.touched.offers = true;
        // Messages that wait with the offer are decided again.
        turn.touched.places = true;
        turn.settle();
    }

    /// A link that led to an event was about an offer.
    pub(super) fn meet_by_link(
        &mut self,
        event: &Event<'_>,
        (person, about): (ProfileId, ProfileId),
        effects: &mut Vec<Effect>,
    ) {
        if self.programme.offers.is_empty()
            || event.flags.has(EventFlags::IMPORTED)
            || event.flags.has(EventFlags::LATE)
        {
            return;
        }
        let Some(offer) = offer_in_links(event) else { return };
        let mut turn = Turn::begin(self, person, effects);
        turn.meet_offer(offer, about, OfferPhase::Clicked);
        turn.settle();
    }
}

impl Engine {
    pub(super) fn check_redeemed(&self, redeemed: &OfferRedeemed<'_>) -> Result<(), Refusal> {
        self.redemption_of(redeemed).map(|_| ()).map_err(Refusal::Offer)
    }

    fn redemption_of(&self, redeemed: &OfferRedeemed<'_>) -> Result<Redemption, Denial> {
        let named = redeemed.identifier.map(|one| self.named(&one).ok_or(Denial::NotGiven)).transpose()?;
        let code = Some(redeemed.code).filter(|code| !code.is_empty());
        self.redemption(redeemed.offer, named, code, redeemed.redeemed_at.min(self.state.at))
    }

    pub(super) fn apply_redeemed(&mut self, redeemed: &OfferRedeemed<'_>, effects: &mut Vec<Effect>) {
        let redemption = self.redemption_of(redeemed).expect("invariant: checked");
        let named = redeemed.identifier.map(|one| one.hash);
        let about = self.origin(redemption.person, named.into_iter()).unwrap_or(redemption.person);
        self.redeem(&redemption, about, redeemed.redeemed_at.min(self.state.at));
        self.follow_offers(redemption.person, false, effects);
    }

    /// Somebody who is not known yet is met for the first time.
    pub(super) fn check_noted(&self, noted: &OfferNoted<'_>) -> Result<(), Refusal> {
        let plan = self.offer_plan(noted.offer).map_err(Refusal::Offer)?;
        let Some(person) = self.named(&noted.identifier) else {
            let is_blocked = self.is_blocked(noted.identifier.hash);
            return if is_blocked { Err(Refusal::Nobody) } else { Ok(()) };
        };
        match Joined::of(&self.state.profiles[person.0 as usize], plan.slot) {
            Some(_) => Ok(()),
            None => self.may_have(person, noted.offer, self.state.at).map_err(Refusal::Offer),
        }
    }

    pub(super) fn apply_noted(&mut self, noted: &OfferNoted<'_>, effects: &mut Vec<Effect>) {
        let seen_at = noted.noted_at.min(self.state.at);
        let one: Identifier<'_> = noted.identifier;
        let resolved = self.resolve(&[one], seen_at, effects).unwrap_or_else(|| {
            let profile = self.named(&one).expect("invariant: checked");
            let about = self.origin(profile, std::iter::once(one.hash)).unwrap_or(profile);
            Resolved { profile, is_new: false, is_addressed: false, about }
        });
        let mut turn = Turn::begin(self, resolved.profile, effects);
        turn.note_resolved(&resolved);
        turn.meet_offer(noted.offer, resolved.about, noted.phase);
        turn.settle();
    }

    pub(super) fn check_codes(&self, added: &CodesAdded<'_>) -> Result<(), Refusal> {
        match self.offer_plan(added.offer).map(|plan| &plan.definition.codes) {
            Ok(Codes::Listed) => Ok(()),
            Ok(_) => Err(Refusal::Offer(Denial::NoList)),
            Err(denial) => Err(Refusal::Offer(denial)),
        }
    }

    pub(super) fn apply_codes(&mut self, added: &CodesAdded<'_>) {
        let slot = self.state.offers.place(added.offer).expect("invariant: checked");
        let list = &mut self.state.offers.of_mut(slot).codes;
        Arc::make_mut(list).add(added.codes.iter().copied());
    }
}

static OFFER_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(OFFER_IN_LINKS));

/// The offer that the address of an event's page names.
fn offer_in_links<'a>(event: &Event<'a>) -> Option<&'a str> {
    // Hardly any event has one, and each is asked: most are told by their bytes, with nothing read.
    let may_name = |map: Map<'_>| OFFER_FINDER.find(map.bytes()).is_some();
    if !may_name(event.properties) && !may_name(event.context) {
        return None;
    }
    let page = event.context.get("page").and_then(|page| page.map()).unwrap_or_default();
    let text = |map: Map<'a>, name| map.get(name).and_then(|value: Value<'a>| value.text());
    let texts = [event.properties, page].into_iter().flat_map(|map| [text(map, "url"), text(map, "search")]);
    texts
        .flatten()
        .find_map(|address| {
            let query = address.split('#').next()?;
            let query = query.split_once('?').map_or(query, |(_, query)| query);
            query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == OFFER_IN_LINKS))
        })
        .map(|(_, offer)| offer)
}
