//! What is known of somebody, and what happened to them, as stable text.

use super::story::{Fate, PersonId};
use super::world::World;
use engine::at::At;
use engine::change::{Change, ChangeKind};
use engine::consent::Consent;
use engine::programme::Channel;
use engine::record::ConsentState;
use std::collections::BTreeSet;
use std::fmt::Write;

/// All that is known of somebody, one kind of thing a line.
pub(super) fn snapshot(world: &World<'_>, person: PersonId) -> String {
    let Some(id) = world.profile(person) else { return "nobody yet\n".to_owned() };
    let engine = &world.engine;
    let profile = engine.profile(id).expect("invariant: it was just found");
    let mut text = String::new();
    let mut line = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            let _ = writeln!(text, "{name} {}", values.join(", "));
        }
    };
    let mut identifiers: Vec<_> = profile.identifiers().iter().collect();
    identifiers.sort_by_key(|one| (one.kind, one.value.clone()));
    line("identifiers", identifiers.iter().map(|one| format!("{}:{}", one.kind.name(), one.value)).collect());
    line("traits", profile.traits().map(|(name, value)| format!("{name}={}", value.to_json())).collect());
    line("consents", consents(world, person));
    let mut segments: Vec<_> = engine.memberships(id).into_iter().map(str::to_owned).collect();
    segments.sort();
    line("segments", segments);
    for run in engine.runs_of(id) {
        let mut state = format!("{} {}", run.journey, run.state.name());
        state += if run.held_out { ", held out" } else { "" };
        state += if run.reached_goal { ", goal reached" } else { "" };
        state += &run.due.map(|due| format!(", until {}", instant(due))).unwrap_or_default();
        line("journey", vec![state]);
    }
    for send in engine.sends_of(id) {
        let channel = send.channel.map(|channel| format!(" by {}", channel.name())).unwrap_or_default();
        let reason = send.decision.reason().map(|reason| format!(", {}", reason.name())).unwrap_or_default();
        line("message", vec![format!("{}{channel} {}{reason}", send.message, send.status.name())]);
    }
    text
}

/// What the person consents to now: each purpose and channel that evidence speaks of.
fn consents(world: &World<'_>, person: PersonId) -> Vec<String> {
    let evidence = evidence(world, person);
    let spoken: BTreeSet<(&str, Option<Channel>)> =
        evidence.iter().map(|consent| (consent.purpose.as_str(), consent.channel)).collect();
    let named = spoken.into_iter().map(|(purpose, channel)| {
        let channel_name = channel.map(|channel| format!(".{}", channel.name())).unwrap_or_default();
        format!("{purpose}{channel_name}={}", current(evidence, purpose, channel))
    });
    named.collect()
}

fn evidence<'w>(world: &'w World<'_>, person: PersonId) -> &'w [Consent] {
    let profile = world.profile(person).and_then(|id| world.engine.profile(id));
    profile.map(|profile| profile.consents()).unwrap_or_default()
}

/// The state of a consent, or `unknown`.
pub(super) fn consent(
    world: &World<'_>,
    person: PersonId,
    purpose: &str,
    channel: Option<Channel>,
) -> &'static str {
    current(evidence(world, person), purpose, channel)
}

fn current(evidence: &[Consent], purpose: &str, channel: Option<Channel>) -> &'static str {
    let speaks = |one: &&Consent| one.purpose == purpose && (one.channel.is_none() || one.channel == channel);
    let newest = evidence.iter().filter(speaks).max_by_key(|one| (one.stated_at, one.seq));
    newest.map_or("unknown", |one| ConsentState::name(one.state))
}

/// Which of the segments that somebody listens to the person entered and left.
pub(super) fn changes<'w>(world: &'w World<'_>, person: PersonId) -> impl Iterator<Item = (&'w str, Change)> {
    let profile = world.profile(person);
    let changes = world.changes.iter().map(|(segment, change)| (&**segment, *change));
    changes.filter(move |(_, change)| Some(world.engine.canonical(change.profile)) == profile)
}

/// What happened to somebody, in the order in which it did, for people who want to know why.
pub(super) fn timeline(world: &World<'_>, person: PersonId) -> Vec<String> {
    let mut entries: Vec<(At, u8, String)> = Vec::new();
    for happening in world.story.happenings.iter().filter(|happening| happening.at <= world.now) {
        if happening.what.person() == Some(person) {
            let text = world.story.line(happening.line);
            entries.push((happening.at, 0, format!("line {}: {text}", happening.line)));
        }
    }
    let Some(id) = world.profile(person) else {
        return vec![format!("{} is not known to the engine", world.story.people[person].name)];
    };
    for run in world.engine.runs_of(id) {
        let held_out = if run.held_out { ", held out" } else { "" };
        let state = run.state.name();
        entries.push((
            run.entered_at,
            1,
            format!("enters the journey {}{held_out} (now {state})", run.journey),
        ));
    }
    let sends: BTreeSet<_> = world.engine.sends_of(id).map(|send| send.id).collect();
    for fate in world.fates.iter().filter(|fate| sends.contains(&fate.send)) {
        let why = match (fate.fate, fate.reason) {
            (Fate::Drop | Fate::Defer, Some((code, sentence))) => format!(": {sentence} ({code})"),
            _ => String::new(),
        };
        let until = fate.until.map(|until| format!(", until {}", instant(until))).unwrap_or_default();
        let channel = fate.channel.map(|channel| format!(" by {}", channel.name())).unwrap_or_default();
        let journey = if fate.journey.is_empty() { String::new() } else { format!(" of {}", fate.journey) };
        let text = format!(
            "{} {}{journey}{channel} in {}{why}{until}",
            fate.fate.name(),
            fate.message,
            fate.language
        );
        entries.push((fate.at, 2, text));
    }
    for told in world.told.iter().filter(|told| world.engine.canonical(told.profile) == id) {
        let verb = if told.is_question { "asked" } else { "told" };
        entries.push((told.at, 3, format!("the webhook {} is {verb}", told.webhook)));
    }
    for (segment, change) in changes(world, person) {
        let verb = match change.kind {
            ChangeKind::Entered => "enters",
            ChangeKind::Left => "leaves",
            ChangeKind::Merged => "takes in somebody who was in",
            ChangeKind::Erased => "is erased, and was in",
        };
        entries.push((change.at, 3, format!("{verb} the segment {segment}")));
    }
    entries.sort_by_key(|(at, rank, _)| (*at, *rank));
    entries.into_iter().map(|(at, _, text)| format!("{}  {text}", instant(at))).collect()
}

/// `2026-01-05T20:30Z`, with seconds where there are any.
pub(super) fn instant(at: At) -> String {
    let text = at.to_string();
    match text.get(16..) {
        Some(":00.000Z") => format!("{}Z", &text[..16]),
        Some(rest) if rest.ends_with(".000Z") => format!("{}Z", &text[..19]),
        _ => text,
    }
}
