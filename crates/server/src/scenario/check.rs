//! Expectations against what happened.

use super::pages::INBOX;
use super::run::Played;
use super::snapshot;
use super::story::{
    ChangeExpectation, Expectation, Expects, Fate, MessageExpectation, PersonId, StateExpectation, Times,
    WebhookExpectation,
};
use super::world::{Observation, World};
use engine::SendId;
use engine::best::{Choice, How};
use engine::journey::RunState;
use engine::outbox::{Decisions, Reason};
use engine::programme::Channel;
use engine::value::Value;

/// An expectation that did not hold, or a line that could not be played.
#[derive(Clone, Debug)]
pub struct Failure {
    /// From 1.
    pub line: usize,
    pub text: String,
    pub why: String,
    /// What happened instead, line by line.
    pub instead: Vec<String>,
}

/// Whether a message met its fate, once the whole story is played.
pub(super) fn message(
    world: &World<'_>,
    expectation: &Expectation,
    expected: &MessageExpectation,
) -> Option<Failure> {
    let sends = sends_of(world, expected);
    let met = world.fates.iter().filter(|fate| sends.contains(&fate.send) && meets(fate, expected));
    let count = met.count();
    let name = &world.story.people[expected.person].name;
    let why = miscounted(expected.times, count, name)?;
    let nearly = expected.times == Times::AtLeastOnce;
    let why = near_miss(world, expected, &sends).filter(|_| nearly).unwrap_or(why);
    let instead = snapshot::timeline(world, expected.person);
    Some(Failure { line: expectation.line, text: expectation.text.clone(), why, instead })
}

/// Whether somebody entered or left a segment, once the whole story is played.
pub(super) fn change(
    world: &World<'_>,
    expectation: &Expectation,
    expected: &ChangeExpectation,
) -> Option<Failure> {
    let failure = |(why, instead)| {
        let text = expectation.text.clone();
        Some(Failure { line: expectation.line, text, why, instead })
    };
    let programme = world.engine.programme();
    let listened = programme.listened();
    if !listened.contains(&expected.segment) {
        let unknown = known(&expected.segment, "segment", programme.segments.keys().map(String::as_str));
        let unheard = || (UNHEARD.to_owned(), listened.into_iter().collect());
        return failure(unknown.err().unwrap_or_else(unheard));
    }
    let of_person = snapshot::changes(world, expected.person);
    let of_segment = of_person.filter(|(segment, _)| **segment == *expected.segment);
    let met = of_segment.filter(|(_, change)| {
        change.kind == expected.kind && expected.when.is_none_or(|when| when.holds(change.at))
    });
    let why = miscounted(expected.times, met.count(), &world.story.people[expected.person].name)?;
    failure((why, snapshot::timeline(world, expected.person)))
}

/// Whether a webhook was told of somebody, or asked about them, once the whole story is played.
pub(super) fn webhook(
    world: &World<'_>,
    expectation: &Expectation,
    expected: &WebhookExpectation,
) -> Option<Failure> {
    let failure = |(why, instead)| {
        let text = expectation.text.clone();
        Some(Failure { line: expectation.line, text, why, instead })
    };
    let webhooks = &world.engine.programme().webhooks;
    if let Err(unknown) = known(&expected.webhook, "webhook", webhooks.keys().map(String::as_str)) {
        return failure(unknown);
    }
    let profile = world.profile(expected.person);
    let met = world.told.iter().filter(|told| {
        told.webhook == expected.webhook
            && Some(world.engine.canonical(told.profile)) == profile
            && expected.when.is_none_or(|when| when.holds(told.at))
    });
    let why = miscounted(expected.times, met.count(), &world.story.people[expected.person].name)?;
    failure((why, snapshot::timeline(world, expected.person)))
}

const UNHEARD: &str = "nobody listens to the segment: write it as `{ is: '…', record: changes }`";

/// Why it was not so often as expected, if it was not.
fn miscounted(expected: Times, count: usize, name: &str) -> Option<String> {
    let times = |count: usize| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    match expected {
        Times::AtLeastOnce if count == 0 => Some(format!("this did not happen to {name}")),
        Times::Never if count > 0 => Some(format!("this happened to {name} {}", times(count))),
        Times::Exactly(wanted) if count != wanted => {
            Some(format!("this happened to {name} {}, and not {}", times(count), times(wanted)))
        }
        _ => None,
    }
}

fn sends_of(world: &World<'_>, expected: &MessageExpectation) -> Vec<SendId> {
    let profile = world.profile(expected.person);
    profile.map(|id| world.engine.sends_of(id).map(|send| send.id).collect()).unwrap_or_default()
}

fn meets(fate: &Observation, expected: &MessageExpectation) -> bool {
    fate.fate == expected.fate
        && expected.message.as_ref().is_none_or(|message| *message == fate.message)
        && expected.when.is_none_or(|when| when.holds(fate.at))
        && expected.channel.is_none_or(|channel| fate.channel == Some(channel))
        && expected.language.as_ref().is_none_or(|language| *language == fate.language)
        && expected.until.is_none_or(|until| fate.until.is_some_and(|at| until.holds(at)))
        && expected.variant.as_ref().is_none_or(|variant| *variant == fate.variant)
        && expected
            .chosen
            .as_deref()
            .is_none_or(|how| Choice::ALL.iter().any(|one| fate.chosen.of(*one).name() == how))
        && expected.reason.as_deref().is_none_or(|reason| fate.reason.is_some_and(|(code, _)| code == reason))
}

/// The most telling sentence about why the expected message did not do as expected.
fn near_miss(world: &World<'_>, expected: &MessageExpectation, sends: &[SendId]) -> Option<String> {
    let named =
        |fate: &&Observation| expected.message.as_ref().is_none_or(|message| *message == fate.message);
    let mut fates = world.fates.iter().filter(|fate| sends.contains(&fate.send)).filter(named);
    let same = fates.clone().find(|fate| fate.fate == expected.fate);
    let dropped = fates.find(|fate| fate.fate == Fate::Drop && expected.fate == Fate::Send);
    let at = |fate: &Observation| snapshot::instant(fate.at);
    match (same, dropped) {
        (Some(fate), _) => {
            let channel = fate.channel.map(|channel| format!(" by {}", channel.name())).unwrap_or_default();
            let reason = fate.reason.map(|(code, _)| format!(" reason={code}")).unwrap_or_default();
            let until =
                fate.until.map(|until| format!(" until {}", snapshot::instant(until))).unwrap_or_default();
            let variant = match fate.variant.as_str() {
                "" => String::new(),
                variant => format!(" variant={variant}"),
            };
            let made =
                Choice::ALL.map(|one| fate.chosen.of(one)).into_iter().filter(|how| *how != How::Stated);
            let made: String = made.map(|how| format!(" chosen={}", how.name())).collect();
            let reason = format!("{reason}{until}{variant}{made}");
            let when = expected.when.map(|when| format!(" and not at {}", snapshot::instant(when.at)));
            let when = when.unwrap_or_default();
            Some(format!("it was{channel} in {}{reason} at {}{when}", fate.language, at(fate)))
        }
        (None, Some(fate)) => {
            let (code, sentence) = fate.reason?;
            Some(format!("{} was dropped at {}: {sentence} ({code})", fate.message, at(fate)))
        }
        (None, None) => None,
    }
}

/// Whether a state holds at the instant that the world has come to.
pub(super) fn state(world: &World<'_>, expectation: &Expectation, played: &mut Played) {
    let Expects::State { state, .. } = &expectation.expects else { return };
    if let StateExpectation::Snapshot { person, expected, lines } = state {
        let found = snapshot::snapshot(world, *person);
        if found != *expected {
            let instead = found.lines().map(str::to_owned).collect();
            let why = "the state is another; with UPDATE_EXPECT=1 the file is rewritten".to_owned();
            played.failures.push(Failure {
                line: expectation.line,
                text: expectation.text.clone(),
                why,
                instead,
            });
        }
        played.snapshots.push((lines.clone(), found));
        return;
    }
    if let Err((why, instead)) = holds(world, state) {
        let text = expectation.text.clone();
        played.failures.push(Failure { line: expectation.line, text, why, instead });
    }
}

type Instead = (String, Vec<String>);

fn holds(world: &World<'_>, state: &StateExpectation) -> Result<(), Instead> {
    let people = &world.story.people;
    match state {
        StateExpectation::InSegment { person, segment, is_in } => {
            known(segment, "segment", world.engine.segments().iter().map(|view| view.name))?;
            let member =
                world.profile(*person).is_some_and(|id| world.engine.memberships(id).contains(&&**segment));
            differs(member == *is_in, || {
                let state = if member { "is in" } else { "is not in" };
                let why = format!(
                    "{} {state} the segment at {}",
                    people[*person].name,
                    snapshot::instant(world.now)
                );
                (why, snapshot::timeline(world, *person))
            })
        }
        StateExpectation::SegmentCount { segment, count } => {
            known(segment, "segment", world.engine.segments().iter().map(|view| view.name))?;
            let found =
                world.engine.segments().iter().find(|view| view.name == segment).map_or(0, |view| view.count);
            differs(found == *count, || (format!("the segment has {found} people"), members(world, segment)))
        }
        StateExpectation::MatchCount { expression, count } => {
            let preview = world.preview(expression).map_err(|mistake| (mistake.message, Vec::new()))?;
            differs(preview.count == *count, || (format!("{} people match", preview.count), Vec::new()))
        }
        StateExpectation::InJourney { person, journey, is_in } => {
            known(journey, "journey", world.engine.journeys().iter().map(|view| view.name))?;
            let runs = world.profile(*person).map(|id| world.engine.runs_of(id)).unwrap_or_default();
            let is_active = runs.iter().any(|run| run.journey == journey && run.state == RunState::Active);
            differs(is_active == *is_in, || {
                let state = if is_active { "is in" } else { "is not in" };
                let why = format!(
                    "{} {state} the journey at {}",
                    people[*person].name,
                    snapshot::instant(world.now)
                );
                (why, snapshot::timeline(world, *person))
            })
        }
        StateExpectation::Journey { journey, figures } => journey_figures(world, journey, figures),
        StateExpectation::Broadcast { broadcast, figures, state } => {
            broadcast_figures(world, broadcast, figures, state.as_deref())
        }
        StateExpectation::Same { person, other, is_same } => {
            let profiles = (world.profile(*person), world.profile(*other));
            let found = profiles.0.is_some() && profiles.0 == profiles.1;
            differs(found == *is_same, || {
                let names = (&people[*person].name, &people[*other].name);
                let what = if found { "one profile" } else { "two profiles" };
                (format!("{} and {} are {what}", names.0, names.1), snapshot::timeline(world, *person))
            })
        }
        StateExpectation::Sees { person, message, place } => sees(world, *person, message.as_deref(), place),
        StateExpectation::Traits { person, traits } => {
            let profile = world.profile(*person).and_then(|id| world.engine.profile(id));
            for (name, wanted) in traits {
                let found = profile.and_then(|profile| profile.traits().find(|(known, _)| known == name));
                let found =
                    found.map_or(serde_json::Value::Null, |(_, value): (_, Value<'_>)| value.to_json());
                differs(found == *wanted, || {
                    (format!("{name} is {found}"), snapshot::timeline(world, *person))
                })?;
            }
            Ok(())
        }
        StateExpectation::Consent { person, purpose, channel, state } => {
            let found = snapshot::consent(world, *person, purpose, Channel::parse(channel));
            differs(found == state.as_str(), || {
                (format!("it is {found}"), snapshot::timeline(world, *person))
            })
        }
        StateExpectation::Snapshot { .. } => Ok(()),
    }
}

/// Whether somebody would find a message in a slot or in the inbox; or nothing.
fn sees(world: &World<'_>, person: PersonId, message: Option<&str>, place: &str) -> Result<(), Instead> {
    let programme = world.engine.programme();
    if let Some(message) = message {
        known(message, "message", programme.messages.keys().map(String::as_str))?;
    }
    let slots = programme.messages.values().filter_map(|one| Some(one.onsite.as_ref()?.slot.as_str()));
    known(place, "slot", slots.chain([INBOX]))?;
    let found = world.sees(person, place);
    let holds = message.map_or(found.is_empty(), |message| found.iter().any(|one| one == message));
    differs(holds, || {
        let name = &world.story.people[person].name;
        let what = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
        let why = format!("{name} sees {what} in {place} at {}", snapshot::instant(world.now));
        (why, snapshot::timeline(world, person))
    })
}

fn differs(holds: bool, instead: impl FnOnce() -> Instead) -> Result<(), Instead> {
    if holds { Ok(()) } else { Err(instead()) }
}

/// A misspelt name would make every `not` true.
fn known<'a>(name: &str, what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Instead> {
    let names: Vec<&str> = names.collect();
    if names.contains(&name) {
        return Ok(());
    }
    let near = engine::programme::nearest(name, names).map(|near| format!(" (did you mean {near}?)"));
    Err((format!("the programme has no {what} {name}{}", near.unwrap_or_default()), Vec::new()))
}

fn members(world: &World<'_>, segment: &str) -> Vec<String> {
    let is_member = |person: &usize| {
        world.profile(*person).is_some_and(|id| world.engine.memberships(id).contains(&segment))
    };
    let names = (0..world.story.people.len()).filter(is_member);
    names.map(|person| format!("{} is in it", world.story.people[person].name)).collect()
}

fn journey_figures(world: &World<'_>, journey: &str, figures: &[(String, u64)]) -> Result<(), Instead> {
    known(journey, "journey", world.engine.journeys().iter().map(|view| view.name))?;
    let views = world.engine.journeys();
    let view = views.iter().find(|view| view.name == journey).expect("invariant: just known");
    for (name, wanted) in figures {
        let found = match name.as_str() {
            "active" => view.active,
            "finished" => view.finished,
            "entered" => view.entered,
            "held_out" => view.held_out,
            "converted" => view.converted,
            "wished" => view.decisions.wished,
            "send" => view.decisions.send,
            "defer" => view.decisions.defer,
            name => dropped(&view.decisions, name),
        };
        differs(found == *wanted, || (format!("{name} is {found}"), Vec::new()))?;
    }
    Ok(())
}

/// Sends of a journey that were dropped, for a reason or for whatever reason.
fn dropped(decisions: &Decisions, name: &str) -> u64 {
    let reasons = Reason::ALL.into_iter().filter(|reason| name == "drop" || reason.name() == name);
    reasons.map(|reason| decisions.dropped(reason)).sum()
}

fn broadcast_figures(
    world: &World<'_>,
    broadcast: &str,
    figures: &[(String, u64)],
    state: Option<&str>,
) -> Result<(), Instead> {
    known(broadcast, "broadcast", world.engine.broadcasts().iter().map(|view| view.name))?;
    let view = world.engine.broadcast(broadcast).expect("invariant: just known");
    if let Some(wanted) = state {
        differs(view.state() == wanted, || (format!("it is {}", view.state()), Vec::new()))?;
    }
    for (name, wanted) in figures {
        let found = match name.as_str() {
            "audience" => view.audience,
            "waiting" => view.waiting,
            "cancelled" => view.cancelled,
            "skipped" => view.skipped,
            "begun" => view.begun,
            _ => view.held_out,
        };
        differs(found == *wanted, || (format!("{name} is {found}"), Vec::new()))?;
    }
    Ok(())
}
