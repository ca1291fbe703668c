//! What is wrong with the broadcasts of a programme.

use super::Check;
use crate::programme::{Broadcast, BroadcastTime, Pace, Place};
use crate::segment::Owner;

impl Check<'_> {
    pub(super) fn broadcasts(&mut self) {
        for (name, broadcast) in &self.programme.broadcasts {
            let place = Place::default().field("broadcasts").field(name);
            if self.programme.journeys.contains_key(name) {
                let suggestion = Some("give one of them another name".to_owned());
                self.add(&place, format!("a journey is called \"{name}\" too"), suggestion);
            }
            self.broadcast(&place, broadcast);
        }
    }

    fn broadcast(&mut self, place: &Place, broadcast: &Broadcast) {
        self.purpose_of(place, &broadcast.purpose, "a broadcast names the purpose whose consent it needs");
        self.send(place, &broadcast.message, &broadcast.channels, &broadcast.purpose);
        self.choices(place, &broadcast.message, &broadcast.channels, &broadcast.choices);
        self.expression(&place.field("to"), &broadcast.to, Owner::Segment);
        if BroadcastTime::parse(&broadcast.at).is_none() {
            let suggestion = "write `2026-04-01 09:00` for that time where each person is, or an instant such as \
                              `2026-04-01T09:00:00+02:00`";
            let message = format!("\"{}\" does not say when the broadcast is sent", broadcast.at);
            self.add(&place.field("at"), message, Some(suggestion.to_owned()));
        }
        if let Some(pace) = broadcast.pace.as_deref().filter(|pace| Pace::parse(pace).is_none()) {
            let suggestion = Some("write, for example, `10000 an hour`".to_owned());
            self.add(&place.field("pace"), format!("\"{pace}\" is no pace"), suggestion);
        }
        if broadcast.holdout_permille > 1_000 {
            let suggestion = Some("write a share between 0% and 100%".to_owned());
            self.add(&place.field("holdout_permille"), "a holdout is at most everybody", suggestion);
        }
    }
}
