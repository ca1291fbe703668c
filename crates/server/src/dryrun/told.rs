//! A report as a table that people read.

use super::follow::{Followed, Moment};
use super::report::Report;
use super::tally::{ByReason, Passages, Sends, Tally};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Changes of how many messages people get that are shown; the JSON has all.
const CHANGES_SHOWN: usize = 12;

/// The report in lines.
pub fn told(report: &Report) -> String {
    let mut text = format!(
        "Dry run of {} from {} to {}: {} records, nothing was sent.\nEach figure is what would have been, and in brackets what was.\n",
        report.programme, report.from, report.to, report.records
    );
    let (was, would) = (&report.was, &report.would);
    passages(&mut text, "journeys", &was.journeys, &would.journeys);
    passages(&mut text, "broadcasts", &was.broadcasts, &would.broadcasts);
    messages(&mut text, was, would);
    by_day(&mut text, was, would);
    let (held, held_would) = (numbers(&was.held_back), numbers(&would.held_back));
    compared(&mut text, "people from whom something was held back", &held, &held_would);
    let weeks = |tally: &Tally| {
        let week = |(sends, people): (&u64, &u64)| (format!("{sends:>4} a week"), *people);
        tally.busiest_week.iter().map(week).collect()
    };
    compared(&mut text, "people by their busiest week", &weeks(was), &weeks(would));
    compared(&mut text, "segments at the end", &was.segments, &would.segments);
    changes(&mut text, report);
    for named in &report.people {
        let _ = writeln!(text, "\n{}", named.person);
        for (side, wishes) in [("was", &named.was), ("would", &named.would)] {
            for wish in wishes {
                let sent = wish.sent_at.as_deref().map_or("not sent".to_owned(), |at| format!("sent {at}"));
                let by = wish.channel.map_or(String::new(), |channel| format!(" by {channel}"));
                let reason = wish.reason.map_or(String::new(), |reason| format!(" ({reason})"));
                let _ = writeln!(text, "  {side:<6}{}{by}: {sent}{reason}; {}", wish.message, wish.since);
            }
        }
    }
    if let Some(followed) = &report.followed {
        self::followed(&mut text, followed);
    }
    text += "\nwhat this does not say\n";
    report.limits.iter().for_each(|limit| _ = writeln!(text, "  {limit}"));
    text
}

fn followed(text: &mut String, followed: &Followed) {
    let _ = writeln!(text, "\n{}, step by step", followed.person);
    if !followed.is_known {
        let _ = writeln!(text, "  nobody is known by that name");
    }
    for (side, moments) in [("was", &followed.was), ("would", &followed.would)] {
        for moment in moments {
            let of = |part: &Option<String>, before: &str| {
                part.as_ref().map_or(String::new(), |part| format!("{before}{part}"))
            };
            let (step, to) = (of(&moment.step, " at "), of(&moment.to, " to "));
            let why = moment.why.as_ref().map(ToString::to_string);
            let (message, why) = (of(&moment.message, " "), of(&why, "; "));
            let Moment { at, journey, what, .. } = moment;
            let what = what.replace('_', " ");
            let _ = writeln!(text, "  {side:<6}{at} {journey}: {what}{message}{step}{to}{why}");
        }
    }
}

/// `12 (was 9)`, or the figure alone where it is the same.
fn both(was: u64, would: u64) -> String {
    if was == would { would.to_string() } else { format!("{would} ({was})") }
}

fn names<'a, T>(was: &'a BTreeMap<String, T>, would: &'a BTreeMap<String, T>) -> BTreeSet<&'a String> {
    was.keys().chain(would.keys()).collect()
}

fn passages(
    text: &mut String,
    title: &str,
    was: &BTreeMap<String, Passages>,
    would: &BTreeMap<String, Passages>,
) {
    if was.is_empty() && would.is_empty() {
        return;
    }
    let columns = ["entered", "finished", "exited", "ended", "inside", "held out", "goal"];
    let _ = write!(text, "\n{title:<28}");
    columns.iter().for_each(|column| _ = write!(text, "{column:>14}"));
    text.push('\n');
    let none = Passages::default();
    let figures = |one: &Passages| {
        [one.entered, one.finished, one.exited, one.ended, one.inside, one.held_out, one.reached_goal]
    };
    for name in names(was, would) {
        let (was, would) = (was.get(name).unwrap_or(&none), would.get(name).unwrap_or(&none));
        let _ = write!(text, "  {name:<26}");
        for (was, would) in figures(was).into_iter().zip(figures(would)) {
            let _ = write!(text, "{:>14}", both(was, would));
        }
        text.push('\n');
    }
}

fn messages(text: &mut String, was: &Tally, would: &Tally) {
    let columns = ["wished", "carried", "sent", "dropped", "waiting", "had to wait"];
    let _ = write!(text, "\n{:<28}", "messages");
    columns.iter().for_each(|column| _ = write!(text, "{column:>14}"));
    text.push('\n');
    let none = Sends::default();
    let all = |reasons: &ByReason| reasons.values().sum::<u64>();
    let figures =
        |one: &Sends| [one.wished, one.carried, one.sent, all(&one.dropped), one.waiting, all(&one.deferred)];
    for name in names(&was.messages, &would.messages) {
        let (was, would) =
            (was.messages.get(name).unwrap_or(&none), would.messages.get(name).unwrap_or(&none));
        let _ = write!(text, "  {name:<26}");
        for (was, would) in figures(was).into_iter().zip(figures(would)) {
            let _ = write!(text, "{:>14}", both(was, would));
        }
        text.push('\n');
        let channels: BTreeSet<&str> =
            was.sent_by_day.keys().chain(would.sent_by_day.keys()).copied().collect();
        for channel in channels {
            let sent = both(was.sent_by(channel), would.sent_by(channel));
            let _ = writeln!(text, "    by {channel}: {sent}");
        }
        reasons(text, "dropped", &was.dropped, &would.dropped);
        reasons(text, "waited", &was.deferred, &would.deferred);
    }
}

fn reasons(text: &mut String, what: &str, was: &ByReason, would: &ByReason) {
    let all: BTreeSet<&str> = was.keys().chain(would.keys()).copied().collect();
    let of = |reasons: &ByReason, reason| reasons.get(reason).copied().unwrap_or_default();
    for reason in all {
        let _ = writeln!(text, "    {what}, {reason}: {}", both(of(was, reason), of(would, reason)));
    }
}

fn by_day(text: &mut String, was: &Tally, would: &Tally) {
    let days = |tally: &Tally| {
        let mut days: BTreeMap<String, u64> = BTreeMap::new();
        for (day, sent) in tally.messages.values().flat_map(|one| one.sent_by_day.values()).flatten() {
            *days.entry(day.to_string()).or_default() += sent;
        }
        days
    };
    compared(text, "sent by day", &days(was), &days(would));
}

fn numbers(reasons: &ByReason) -> BTreeMap<String, u64> {
    reasons.iter().map(|(reason, people)| ((*reason).to_owned(), *people)).collect()
}

fn compared(text: &mut String, title: &str, was: &BTreeMap<String, u64>, would: &BTreeMap<String, u64>) {
    if was.is_empty() && would.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    let of = |numbers: &BTreeMap<String, u64>, name| numbers.get(name).copied().unwrap_or_default();
    for name in names(was, would) {
        let _ = writeln!(text, "  {name:<26}{:>14}", both(of(was, name), of(would, name)));
    }
}

fn changes(text: &mut String, report: &Report) {
    let (was, would) = (report.was.sent(), report.would.sent());
    let _ = writeln!(text, "\nmessages in all: {would}, and {was} as it was");
    for change in report.changes.iter().take(CHANGES_SHOWN) {
        let people =
            if change.people == 1 { "1 person".to_owned() } else { format!("{} people", change.people) };
        let _ = writeln!(text, "  {people} who got {} would have got {}", change.was, change.would);
    }
    let more = report.changes.len().saturating_sub(CHANGES_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more kinds of change; --json has all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dryrun::report::{Change, Omitted};
    use engine::at::At;

    #[test]
    fn changes_beyond_those_that_are_shown_are_counted() {
        let change = |was| Change { was, would: 0, people: was };
        let report = |kinds: u64| Report {
            programme: "shop".to_owned(),
            from: At(0),
            to: At(1),
            records: 1,
            was: Tally::default(),
            would: Tally::default(),
            changes: (1..=kinds).map(change).collect(),
            left_out: Omitted { programmes: 0, reactions: 0, returns: 0, refused: 0 },
            limits: Vec::new(),
            people: Vec::new(),
            followed: None,
        };
        let shown = CHANGES_SHOWN as u64;
        let text = told(&report(shown + 2));
        assert!(
            text.contains("and 2 more kinds of change")
                && text.contains("  1 person who got 1 would have got 0\n"),
            "{text}"
        );
        assert!(
            text.contains(&format!("{shown} people who got {shown}")) && !text.contains("who got 13"),
            "{text}"
        );
        assert!(!told(&report(shown)).contains("more kinds"));
    }
}
