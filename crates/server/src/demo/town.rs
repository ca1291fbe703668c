//! The town around the shop: it sends visitors in, one after the other, for as long as the demonstration plays. Its
//! task is woken by its own pauses and by visits that end.

use super::dice::Dice;
use super::past::Past;
use super::people::{HESITANT, Person, UNKNOWN_THERE};
use super::story::{STORIES, Story, Who};
use super::visitor::{Surroundings, play};
use crate::limits::DEMO_VISITORS_MAX;
use std::time::Duration;
use tokio::task::JoinSet;

/// Minutes of the shop between two visitors of the opening: on the usual pace, every kind of story has begun after
/// twelve seconds.
const OPENING_MINUTES: u32 = 2;
/// At most so many minutes later comes the next one.
const GAP_MINUTES_MAX: u32 = 12;
/// Regulars that the town remembers; more would only take memory.
const REGULARS_MAX: usize = 400;

/// Sends visitors until it is dropped. Those whom the past knows are not invented again.
pub(super) async fn live(around: Surroundings, past: Past) {
    let mut dice = Dice::new(1861);
    let mut visits: JoinSet<Option<Person>> = JoinSet::new();
    let mut regulars: Vec<Person> = Vec::new();
    let mut people = past.people as usize;
    for number in 0.. {
        let story = choose(&mut dice, number);
        let person = match story.who {
            Who::Back if !regulars.is_empty() => {
                regulars.swap_remove(dice.below(regulars.len() as u32) as usize)
            }
            _ => {
                people += 1;
                let person = Person::number(people - 1);
                match story.who {
                    Who::Mistyped => person.at(UNKNOWN_THERE),
                    Who::Hesitant => person.at(HESITANT),
                    _ => person,
                }
            }
        };
        visits.spawn(play(around.clone(), number, person, story, dice.split()));
        tokio::time::sleep(pause(&around, past, &mut dice, number)).await;
        while visits.len() >= DEMO_VISITORS_MAX {
            remember(&mut regulars, visits.join_next().await);
        }
        while let Some(ended) = visits.try_join_next() {
            remember(&mut regulars, Some(ended));
        }
    }
}

/// The opening tells every story once; later ones come by their weight.
fn choose(dice: &mut Dice, number: usize) -> &'static Story {
    if let Some(story) = STORIES.get(number) {
        return story;
    }
    let all: u32 = STORIES.iter().map(|story| story.weight).sum();
    let mut thrown = dice.below(all);
    for story in &STORIES {
        if thrown < story.weight {
            return story;
        }
        thrown -= story.weight;
    }
    unreachable!("invariant: the weights add up")
}

fn pause(around: &Surroundings, past: Past, dice: &mut Dice, number: usize) -> Duration {
    let opening = number < STORIES.len();
    let quiet = around.pace.minutes(if opening { OPENING_MINUTES } else { 1 + dice.below(GAP_MINUTES_MAX) });
    let busy = past.gap().map(|gap| gap * dice.below(200) / 100);
    busy.map_or(quiet, |busy| busy.min(quiet))
}

fn remember(regulars: &mut Vec<Person>, ended: Option<Result<Option<Person>, tokio::task::JoinError>>) {
    match ended {
        Some(Ok(Some(person))) if regulars.len() < REGULARS_MAX => regulars.push(person),
        Some(Err(error)) => tracing::error!(%error, "a bug in a visit"),
        _ => {}
    }
}
