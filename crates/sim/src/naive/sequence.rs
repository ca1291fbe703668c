//! Deeds in order: every choice of events is tried.

use engine::segment::{Sequence, Then};

use super::{Event, Moment, Person, those_of};

pub(super) fn holds(sequence: &Sequence, person: &Person, moment: &Moment) -> bool {
    let firsts = those_of(&sequence.first, sequence.window.as_ref(), person, moment);
    firsts.into_iter().any(|first| goes_on(first, &sequence.then, sequence.then_not.as_ref(), person, moment))
}

/// Whether the rest of a sequence follows an event.
fn goes_on(before: &Event, then: &[Then], then_not: Option<&Then>, person: &Person, moment: &Moment) -> bool {
    if let [next, rest @ ..] = then {
        let followers = followers(before, next, person, moment);
        return followers.into_iter().any(|event| goes_on(event, rest, then_not, person, moment));
    }
    then_not.is_none_or(|next| {
        let is_over = next.within.is_none_or(|span| before.second * 1_000 + span.0 <= moment.now.0);
        is_over && followers(before, next, person, moment).is_empty()
    })
}

/// What follows an event in time: in a later second, or in the same one and later in the log.
fn followers<'a>(before: &Event, next: &Then, person: &'a Person, moment: &Moment) -> Vec<&'a Event> {
    let events = those_of(&next.deed, None, person, moment).into_iter();
    let later = events.filter(|event| (event.second, event.place) > (before.second, before.place));
    let in_time = |event: &&Event| {
        next.within.is_none_or(|span| event.second * 1_000 <= before.second * 1_000 + span.0)
    };
    later.filter(in_time).collect()
}
