//! By what each person first came: the first of their touches, however long ago and under whatever cookie. A message that
//! somebody was sent brought nobody who was not there.

use crate::kpi::arrival::Arrival;
use crate::kpi::question::DIRECT;
use crate::touchpoint::{Occasion, Touchpoints};
use engine::ProfileId;
use engine::at::At;
use engine::programme::Programme;
use std::collections::BTreeMap;

/// A person's first touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    pub at: At,
    /// As spend and campaigns write it: `paid-search`, `flyer`, `direct`.
    pub channel: String,
    /// Its name in the programme, or else what the address calls it; empty for none.
    pub campaign: String,
}

/// Of everybody who was touched.
pub fn firsts(touchpoints: &mut Touchpoints<'_>, programme: &Programme) -> BTreeMap<ProfileId, First> {
    let touches = touchpoints.touches().iter();
    let arrivals: Vec<Option<Arrival>> = touches.map(|touch| Arrival::by_touch(programme, touch)).collect();
    let mut firsts = BTreeMap::new();
    touchpoints.each(|owner, points, _| {
        let Some(point) = points.iter().find(|point| point.occasion != Occasion::Send) else { return };
        let (channel, campaign) = match &arrivals[point.number()] {
            Some(arrival) => (arrival.channel.clone(), arrival.campaign.clone()),
            None => (DIRECT.to_owned(), String::new()),
        };
        firsts.insert(owner, First { at: point.at, channel, campaign });
    });
    firsts
}
