//! What a page shows somebody, and what lies in their inbox. Reading changes nothing: a decision is on record only when what
//! was decided was seen.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::governor::{Answer, Governor, Wish};
use crate::limits::{INBOX_MESSAGES_MAX, INBOX_SPAN_USUAL, SENDS_LOOKED_AT_MAX};
use crate::outbox::{Reason, Send, Status};
use crate::programme::{Channel, Format, OnsiteMessage};
use crate::segment::eval::{Moment, verdict};
use crate::segment::rule::Rule;
use std::cmp::Reverse;

/// What a page asks.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `None` for somebody of whom nothing is known.
    pub profile: Option<ProfileId>,
    pub slot: &'a str,
    /// Not before the engine's own instant.
    pub now: At,
    /// Whether a dialogue may be shown: not to who has just come from a search.
    pub popups: bool,
}

/// What is to be shown in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick<'a> {
    pub message: &'a str,
    pub onsite: &'a OnsiteMessage,
    /// It is shown to nobody, since the person is of the global holdout; that it would have been is put on record.
    pub withheld: bool,
}

impl Engine {
    /// The most important message that a slot may show somebody now: the higher priority, or else the first by name.
    pub fn pick(&self, asked: &Asked<'_>) -> Option<Pick<'_>> {
        let mut found: Option<(Reverse<u8>, Pick<'_>)> = None;
        for (name, rule) in &self.index.onsite {
            let Some(message) = self.programme.messages.get(&**name) else { continue };
            let Some(onsite) = message.onsite.as_ref().filter(|one| one.slot == asked.slot) else { continue };
            let rank = Reverse(message.priority);
            let is_taken = found.as_ref().is_some_and(|(best, _)| *best <= rank);
            if is_taken || (onsite.format == Format::Popup && !asked.popups) {
                continue;
            }
            if let Ok(withheld) = self.may_show(name, onsite, rule, asked) {
                found = Some((rank, Pick { message: name, onsite, withheld }));
            }
        }
        found.map(|(_, pick)| pick)
    }

    /// Whether it may be shown, and only for the books; or why not. `None` where it is for other people.
    fn may_show(
        &self,
        name: &str,
        onsite: &OnsiteMessage,
        rule: &Rule,
        asked: &Asked<'_>,
    ) -> Result<bool, Option<Reason>> {
        let Some(profile) = asked.profile.map(|id| self.canonical(id)) else {
            return if onsite.is_for_everybody() { Ok(false) } else { Err(None) };
        };
        let now = asked.now.max(self.state.at);
        let moment = Moment::of(&self.state, &self.programme, profile);
        if !verdict(rule, &Moment { now, ..moment }).holds {
            return Err(None);
        }
        let barred = self.barred_at(profile, name, now);
        if let Some(reason) = barred {
            return Err(Some(reason));
        }
        let Some(purpose) = &onsite.purpose else { return Ok(false) };
        let wish = Wish {
            message: name,
            purpose,
            channels: &[Channel::Onsite],
            held_out: false,
            confirms: false,
            waits: None,
            hands_over: false,
            barred,
        };
        let governor = Governor { now, ..self.governor() };
        match governor.decide(&self.state, &self.policy, profile, &wish) {
            Answer::Send { .. } => Ok(false),
            Answer::Drop { reason: Reason::GlobalHoldout } => {
                // What would not have been shown for another reason is not withheld by this one.
                let policy = self.policy.without_holdout();
                let otherwise = governor.decide(&self.state, &policy, profile, &wish);
                if matches!(otherwise, Answer::Send { .. }) {
                    Ok(true)
                } else {
                    Err(Some(Reason::GlobalHoldout))
                }
            }
            Answer::Drop { reason } | Answer::Defer { reason, .. } => Err(Some(reason)),
        }
    }

    /// Of each block of a page, whether it is for this person; one that says no `when` is for everybody.
    pub fn blocks_for(&self, page: &str, profile: ProfileId, now: At) -> Vec<bool> {
        let Some(definition) = self.programme.pages.get(page) else { return Vec::new() };
        let (id, now) = (self.canonical(profile), now.max(self.state.at));
        let moment = Moment { now, ..Moment::of(&self.state, &self.programme, id) };
        let holds = |number| {
            self.index.blocks.get(&(page.to_owned(), number)).is_none_or(|rule| verdict(rule, &moment).holds)
        };
        (0..definition.blocks.len()).map(holds).collect()
    }

    /// What lies in somebody's inbox, the newest first: what was handed over, was not put away, and has not expired.
    pub fn inbox(&self, id: ProfileId, now: At) -> Vec<Send> {
        let lies = |send: &Send| {
            let message = self.programme.messages.get(&*send.message);
            let Some(in_app) = message.and_then(|message| message.in_app.as_ref()) else { return false };
            let expires = in_app.expires.unwrap_or(INBOX_SPAN_USUAL);
            let arrived = matches!(send.status, Status::Accepted | Status::Unknown);
            send.channel == Some(Channel::InApp)
                && arrived
                && send.attempted_at.is_some_and(|at| at.plus(expires) > now)
        };
        let sends = self.sends_of(self.canonical(id)).rev().take(SENDS_LOOKED_AT_MAX);
        sends.filter(lies).take(INBOX_MESSAGES_MAX).collect()
    }
}
