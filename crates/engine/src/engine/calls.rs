//! Call lists: who of a segment may be telephoned for a purpose, now. The governor says so, for each of them by themselves.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::basis::Basis;
use crate::outbox::Reason;
use crate::programme::Channel;
use crate::register::Register;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who may be telephoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    pub profile: ProfileId,
    pub phone: String,
    /// On what ground.
    pub basis: Basis,
}

/// Who may be telephoned, and how many may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallList {
    /// Oldest profiles first; a number that several have is there once.
    pub callees: Vec<Callee>,
    pub held_back: BTreeMap<&'static str, u64>,
    /// Numbers that were there before.
    pub repeated: u64,
}

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallListRefusal {
    NoSuchSegment,
    NoSuchPurpose,
    /// The purpose is not for calls, and so nobody consented to be telephoned for it.
    NotForCalls,
    /// Registers of people who want no calls that are to be looked at again.
    Stale(Vec<String>),
}

impl std::fmt::Display for CallListRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchSegment => write!(f, "the programme has no such segment"),
            Self::NoSuchPurpose => write!(f, "the programme has no such purpose"),
            Self::NotForCalls => {
                write!(f, "the purpose is not for the channel `call`; add it to its channels")
            }
            Self::Stale(registers) => {
                let registers = registers.join(", ");
                write!(f, "it is time to look again at who wants no calls: {registers}")
            }
        }
    }
}

impl Engine {
    /// Who of a segment may be telephoned for a purpose. Registers that speak of calls have to be as new as they say,
    /// unless it is said that old ones will do.
    pub fn call_list(
        &self,
        segment: &str,
        purpose: &str,
        old_registers: bool,
        now: At,
    ) -> Result<CallList, CallListRefusal> {
        let slot = self.state.segments.iter().position(|one| one.live && one.visible && one.name == segment);
        let slot = slot.ok_or(CallListRefusal::NoSuchSegment)?;
        let named = self.programme.purposes.get(purpose).ok_or(CallListRefusal::NoSuchPurpose)?;
        if !named.channels.contains(&Channel::Call) {
            return Err(CallListRefusal::NotForCalls);
        }
        let speaks = |one: &&Register| one.channels.contains(Channel::Call.name());
        let stale = self.registers().iter().filter(speaks).filter(|one| one.is_stale(now));
        let stale: Vec<String> = stale.map(|one| one.name.clone()).collect();
        if !stale.is_empty() && !old_registers {
            return Err(CallListRefusal::Stale(stale));
        }
        let mut list = CallList::default();
        let mut numbers = BTreeSet::new();
        let governor = self.governor();
        let members = self.profiles().filter(|(id, _)| self.state.truths.is_member(*id, slot as u16));
        for (profile, _) in members {
            match governor.may_call(&self.state, profile, purpose) {
                Ok((phone, _)) if numbers.contains(&phone) => list.repeated += 1,
                Ok((phone, basis)) => {
                    numbers.insert(phone.clone());
                    list.callees.push(Callee { profile, phone, basis });
                }
                Err(reason) => *list.held_back.entry(Reason::name(reason)).or_default() += 1,
            }
        }
        Ok(list)
    }
}
