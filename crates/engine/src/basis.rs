//! On what ground a message may go to somebody: their consent, or that they are a customer and never objected.
//!
//! The rules of soft opt-ins are compiled with the index and asked by the governor, at the decision and at the hand-over,
//! so that one that has run out ends by itself. Nothing is kept of their answers but what the ledger says.

use crate::at::At;
use crate::consent::Consents;
use crate::history::Since;
use crate::programme::{Channel, Programme};
use crate::record::{ConsentSource, ConsentState};
use crate::segment::eval::{Moment, did};
use crate::segment::rule::DidRule;
use crate::state::State;
use crate::{ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

/// Why somebody may be written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Basis {
    /// Nothing was asked: it is part of a contract, or asks to confirm a consent. Also of what was never let go.
    #[default]
    None,
    OptIn,
    /// A consent that was confirmed from the address itself.
    DoubleOptIn,
    /// They are a customer, and never objected.
    SoftOptIn,
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OptIn => "opt_in",
            Self::DoubleOptIn => "double",
            Self::SoftOptIn => "soft_opt_in",
        }
    }

    /// Of a consent that is granted.
    pub(crate) fn of_consent(consents: &Consents, purpose: &str, channel: Channel) -> Self {
        let current = consents.current(purpose, Some(channel));
        match current.filter(|consent| consent.state == ConsentState::Granted) {
            Some(consent) if consent.source == ConsentSource::DoubleOptIn => Self::DoubleOptIn,
            Some(_) => Self::OptIn,
            None => Self::None,
        }
    }
}

/// Soft opt-ins by purpose, ready to be asked.
#[derive(Clone, Default)]
pub(crate) struct SoftOptIns(pub(crate) BTreeMap<String, SoftRule>);

#[derive(Clone)]
pub(crate) struct SoftRule {
    pub(crate) did: DidRule,
    pub(crate) channels: Vec<Channel>,
}

/// Numbers of a country whose law knows no soft opt-in by SMS.
const NO_SMS: &str = "+39";

impl SoftOptIns {
    /// Until when somebody may be written to as a customer, unless they buy again; `None` where they may not.
    pub(crate) fn until(
        &self,
        state: &State,
        programme: &Programme,
        id: ProfileId,
        (purpose, channel, address): (&str, Channel, &str),
    ) -> Option<At> {
        let rule = self.0.get(purpose).filter(|rule| rule.channels.contains(&channel))?;
        let is_barred = channel == Channel::Sms && address.starts_with(NO_SMS);
        let profile = &state.profiles[id.0 as usize];
        if is_barred || profile.consents.was_refused(purpose, channel) {
            return None;
        }
        let moment = Moment { since: joined(state, id, channel), ..Moment::of(state, programme, id) };
        let verdict = did(&rule.did, state.history.of(rule.did.deed.event, id), &moment);
        verdict.holds.then_some(verdict.until)
    }
}

/// What was bought before two people with different addresses became one does not count, since nobody knows any more which
/// of the addresses it was given with.
fn joined(state: &State, id: ProfileId, channel: Channel) -> Since {
    if state.profiles[id.0 as usize].own.is_none() {
        return Since::EVER;
    }
    let own = state.parts(id).into_iter().filter_map(|part| state.profiles[part.0 as usize].own.as_ref());
    let merges = own.flat_map(|own| own.merges.iter()).map(|merge| state.merges.get(*merge));
    let apart = merges.filter(|merge| merge.foreign[channel as usize] == (true, true));
    let newest = apart.max_by_key(|merge| merge.seq);
    newest.map_or(Since::EVER, |merge| Since { second: merge.at.second(), seq: Seq(merge.seq.0 - 1) })
}
