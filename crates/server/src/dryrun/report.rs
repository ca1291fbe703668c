//! Both sides of a dry run beside each other.

use super::follow::{Followed, Person, followed};
use super::listen::Heard;
use super::people::{Named, named};
use super::tally::{Tally, tally};
use crate::limits::FOLLOWED_MOVES_MAX;
use engine::at::At;
use engine::{ProfileId, programme::Programme};
use eventlog::dryrun::{LeftOut, Ran, Window};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Serialize)]
pub struct Report {
    pub programme: String,
    #[serde(serialize_with = "instant")]
    pub from: At,
    #[serde(serialize_with = "instant")]
    pub to: At,
    /// Records of history that were told to both.
    pub records: u64,
    /// As it was.
    pub was: Tally,
    /// As it would have been.
    pub would: Tally,
    /// People by how many messages they got and would have got, where the two differ; the most people first. Nothing where the
    /// two tell people apart by other rules.
    pub changes: Vec<Change>,
    pub left_out: Omitted,
    /// What the figures do not say.
    pub limits: Vec<String>,
    /// Some of those for whom it makes the most difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Named>,
    /// The person who was to be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// So many people who got `was` messages would have got `would`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub was: u64,
    pub would: u64,
    pub people: u64,
}

/// Records of history that are about what the programme would not have done.
#[derive(Debug, Serialize)]
pub struct Omitted {
    pub programmes: u64,
    pub reactions: u64,
    pub returns: u64,
    pub refused: u64,
}

impl Report {
    /// `sample` people are named at most. What was heard is of what was, and of what would have been.
    pub(super) fn of(
        ran: &Ran,
        window: Window,
        sample: usize,
        follow: Option<&Person>,
        heard: [&Heard; 2],
    ) -> Self {
        let was = tally(&ran.was, ran, window, &heard[0].counted);
        let would = tally(&ran.would, ran, window, &heard[1].counted);
        let LeftOut { programmes, reactions, returns, refused } = ran.left_out;
        let moved = if ran.same_people { moved(&was, &would) } else { Vec::new() };
        let mut people: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for (_, was, would) in &moved {
            *people.entry((*was, *would)).or_default() += 1;
        }
        let mut changes: Vec<Change> =
            people.into_iter().map(|((was, would), people)| Change { was, would, people }).collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.people));
        Self {
            programme: ran.would.engine.programme().name.clone(),
            from: window.from,
            to: window.to,
            records: ran.records,
            changes,
            left_out: Omitted { programmes, reactions, returns, refused },
            limits: limits(ran, heard.iter().any(|one| one.is_cut)),
            followed: follow.map(|person| followed(ran, person, heard)),
            people: named(ran, &moved, sample),
            was,
            would,
        }
    }
}

/// Everybody who would have got more messages or fewer, with how many they got and would have got.
fn moved(was: &Tally, would: &Tally) -> Vec<(ProfileId, u64, u64)> {
    let everybody: BTreeSet<ProfileId> =
        was.by_person.keys().chain(would.by_person.keys()).copied().collect();
    let of = |tally: &Tally, id: ProfileId| tally.by_person.get(&id).copied().unwrap_or_default();
    let both = everybody.into_iter().map(|id| (id, of(was, id), of(would, id)));
    both.filter(|(_, was, would)| was != would).collect()
}

fn limits(ran: &Ran, is_cut: bool) -> Vec<String> {
    let mut limits = vec![
        "what people did is what they did under the programme as it was".to_owned(),
        "a message that history did not send at that moment is taken to be handed over and accepted at once"
            .to_owned(),
    ];
    let LeftOut { programmes, reactions, returns, refused } = ran.left_out;
    let mut tell = |number: u64, what: &str| {
        if number > 0 {
            limits.push(format!("{number} {what}"));
        }
    };
    tell(programmes, "other programmes that were made live meanwhile are left out");
    tell(
        reactions,
        "opens and clicks are left out, since their messages would not have gone out within a day",
    );
    tell(
        returns,
        "bounces and complaints are left out, since their messages would not have gone out within a day",
    );
    tell(
        refused,
        "records are left out that this programme would have refused, such as requests for journeys it does not have",
    );
    if is_cut {
        let message = format!("who is followed is told up to the {FOLLOWED_MOVES_MAX}th move of all people");
        limits.push(message);
    }
    if !ran.same_people {
        limits.push(
            "the programme tells people apart by other rules, so nobody is compared one by one".to_owned(),
        );
    }
    let (was, would): (&Programme, &Programme) = (ran.was.engine.programme(), ran.would.engine.programme());
    for set in would.clusters.keys().filter(|set| !was.clusters.contains_key(*set)) {
        limits.push(format!("nobody looked for the clusters {set}, so their segments are empty"));
    }
    limits
}

fn instant<S: Serializer>(at: &At, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
