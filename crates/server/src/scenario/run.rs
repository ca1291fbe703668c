//! Plays a story and compares what happened with what it expects.

use super::check::{self, Failure};
use super::story::{Expects, Happens, Story};
use super::world::World;
use crate::programme::{Finding, load};
use engine::at::At;
use engine::programme::Programme;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Programmes by folder, each read once however many stories it has.
#[derive(Default)]
pub struct Programmes {
    loaded: BTreeMap<PathBuf, Result<Arc<Programme>, Vec<Finding>>>,
}

impl Programmes {
    fn load(&mut self, folder: &Path) -> Result<Arc<Programme>, Vec<Finding>> {
        let read = || load(folder).map(|(programme, _)| Arc::new(programme));
        self.loaded.entry(folder.to_owned()).or_insert_with(read).clone()
    }
}

/// How a story went.
#[derive(Debug)]
pub struct Played {
    pub failures: Vec<Failure>,
    /// Snapshots as they are now: the lines of the file to replace, and the text to put there.
    pub snapshots: Vec<(std::ops::Range<usize>, String)>,
}

/// One thing to do at its turn: lines in the order of time, and of the file where times are equal.
enum Turn<'s> {
    Happens(&'s Happens),
    Check(usize),
}

/// Plays a story from its first instant to its end.
pub fn run(story: &Story, programmes: &mut Programmes) -> Played {
    let mut played = Played { failures: Vec::new(), snapshots: Vec::new() };
    if let Err(failure) = play(story, programmes, &mut played) {
        played.failures.push(failure);
    }
    played.failures.sort_by_key(|failure| failure.line);
    played
}

fn play(story: &Story, programmes: &mut Programmes, played: &mut Played) -> Result<(), Failure> {
    let broken =
        |line: usize, why: String| Failure { line, text: story.line(line), why, instead: Vec::new() };
    let programme = programmes.load(&story.programme).map_err(|findings| broken(1, describe(&findings)))?;
    let mut world = World::new(story, &programme).map_err(|why| broken(1, why))?;
    for (at, line, turn) in turns(story) {
        let done = match turn {
            Turn::Happens(Happens::Apply(folder)) => {
                world.advance(at).map_err(|why| broken(line, why))?;
                let programme =
                    programmes.load(folder).map_err(|findings| broken(line, describe(&findings)))?;
                world.apply_programme(&programme).and_then(|()| world.advance(at))
            }
            Turn::Happens(what) => world.play(at, what),
            Turn::Check(index) => {
                world.advance(at).map_err(|why| broken(line, why))?;
                let expectation = &story.expectations[index];
                check::state(&world, expectation, played);
                Ok(())
            }
        };
        done.map_err(|why| broken(line, why))?;
    }
    world.advance(story.end).map_err(|why| broken(0, why))?;
    let expectations = story.expectations.iter();
    played.failures.extend(expectations.filter_map(|expectation| match &expectation.expects {
        Expects::Message(expected) => check::message(&world, expectation, expected),
        Expects::Change(expected) => check::change(&world, expectation, expected),
        Expects::Webhook(expected) => check::webhook(&world, expectation, expected),
        Expects::State { .. } => None,
    }));
    Ok(())
}

fn turns(story: &Story) -> Vec<(At, usize, Turn<'_>)> {
    let happenings = story.happenings.iter().map(|one| (one.at, one.line, Turn::Happens(&one.what)));
    let checks = story.expectations.iter().enumerate().filter_map(|(index, one)| match &one.expects {
        Expects::State { at, .. } => Some((*at, one.line, Turn::Check(index))),
        Expects::Message(_) | Expects::Change(_) | Expects::Webhook(_) => None,
    });
    let mut turns: Vec<_> = happenings.chain(checks).collect();
    turns.sort_by_key(|(at, line, _)| (*at, *line));
    turns
}

fn describe(findings: &[Finding]) -> String {
    let first = findings.first().map(ToString::to_string).unwrap_or_default();
    let more = findings.len().saturating_sub(1);
    let more = if more > 0 { format!("\nand {more} more; `trama check` shows all") } else { String::new() };
    format!("the programme has a mistake: {first}{more}")
}
