//! What an event is to a visit, as the column `touch` of `events` keeps it: all that the rules of channels say, and nothing that
//! depends on who it is of, or on campaigns, which change.

use crate::channel::Touch;
use crate::touchpoint::{Met, Role};
use engine::programme::Direction;
use serde::{Deserialize, Serialize};

/// The column's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TouchText {
    #[serde(rename = "as")]
    role: String,
    channel: String,
    source: String,
    medium: String,
    campaign: String,
    direction: String,
    is_paid: bool,
    /// The address itself says where it comes from.
    is_tagged: bool,
    /// A rule of the programme's own says the channel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_own_rule: bool,
    /// The channel that the event names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    named: String,
}

impl TouchText {
    /// `None` for what has nothing to do with visits.
    pub(super) fn of(met: &Met) -> Option<Self> {
        let Touch { channel, source, medium, campaign, direction, paid, .. } = met.classified.clone();
        (met.role != Role::Told).then(|| Self {
            role: met.role.name().to_owned(),
            channel,
            source,
            medium,
            campaign,
            direction: direction.name().to_owned(),
            is_paid: paid,
            is_tagged: met.is_tagged,
            by_own_rule: met.by_own_rule,
            named: met.named.clone(),
        })
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("invariant: texts and flags are JSON")
    }

    /// `None` where it was not written by [`Self::to_json`].
    pub(super) fn read(text: &str) -> Option<Met> {
        let told: Self = serde_json::from_str(text).ok()?;
        let role = Role::ALL.into_iter().find(|role| role.name() == told.role)?;
        let direction = Direction::ALL.into_iter().find(|one| one.name() == told.direction)?;
        let touch = Touch {
            channel: told.channel,
            source: told.source,
            medium: told.medium,
            campaign: told.campaign,
            direction,
            paid: told.is_paid,
            // No visit is told apart by these two.
            online: true,
            click_id: None,
        };
        Some(Met::again(role, touch, told.is_tagged, told.by_own_rule, told.named))
    }
}
