//! What a mail that comes back says: a report of non-delivery (RFC 3464, and what qmail, Exim and others wrote before it
//! or instead of it), or a complaint (RFC 5965). Pure: bytes in, a meaning out, and in doubt the meaning is none.

use super::bounce::{Class, Stage, classify};
use super::return_path::ReturnPaths;
use super::smtp::reply::Enhanced;
use crate::limits::SMTP_REPLY_TEXT_BYTES;
use engine::SendId;
use engine::record::Verdict;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

/// What a mail means for the send that it came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Bounce {
        verdict: Verdict,
        words: String,
    },
    /// `send` is the one that its signed addresses name, if any does.
    Complaint {
        send: Option<SendId>,
        words: String,
    },
    /// Nothing that changes anything, for this reason.
    Nothing(&'static str),
}

/// Reads a mail.
pub fn read(raw: &[u8], paths: &ReturnPaths) -> Report {
    let Some(message) = MessageParser::default().parse(raw) else { return Report::Nothing("no mail at all") };
    if let Some(part) = part(&message, &["feedback-report"]) {
        return complaint(&text(part), raw, paths);
    }
    if let Some(part) = part(&message, &["delivery-status", "global-delivery-status"]) {
        return delivery_status(&text(part));
    }
    let said = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_ascii_lowercase();
    if said("Auto-Submitted").starts_with("auto-replied") || said("Precedence").contains("auto_reply") {
        return Report::Nothing("an automatic answer");
    }
    let sender = said("From");
    let from_a_server =
        ["mailer-daemon", "postmaster", "mail delivery"].iter().any(|name| sender.contains(name));
    if !from_a_server && message.header_raw("X-Failed-Recipients").is_none() {
        return Report::Nothing("a letter, and not a report");
    }
    let body = message.body_text(0).unwrap_or_default();
    in_words(&body)
}

/// The part of a kind of `message/…`.
fn part<'m, 'x>(message: &'m Message<'x>, kinds: &[&str]) -> Option<&'m MessagePart<'x>> {
    message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.c_type.eq_ignore_ascii_case("message")
                && kind
                    .c_subtype
                    .as_deref()
                    .is_some_and(|own| kinds.iter().any(|one| own.eq_ignore_ascii_case(one)))
        })
    })
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

/// Groups of fields with an empty line between them, unfolded.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let group = groups.last_mut().expect("invariant: there is one from the beginning");
        if line.trim().is_empty() {
            if !group.is_empty() {
                groups.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

fn field<'g>(group: &'g [(String, String)], name: &str) -> Option<&'g str> {
    group.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// RFC 3464: a group about the message, then one for each recipient. We write to one; a list behind it may have more.
fn delivery_status(text: &str) -> Report {
    let groups = groups(text);
    let of_recipients =
        groups.iter().filter_map(|group| Some((group, field(group, "action")?.to_ascii_lowercase())));
    let failed =
        of_recipients.filter(|(_, action)| action.starts_with("failed")).map(|(group, _)| group).next();
    let Some(group) = failed else { return Report::Nothing("a report of something else than a failure") };
    let status =
        field(group, "status").and_then(|status| Enhanced::split(status.trim())).map(|(status, _)| status);
    let diagnostic = field(group, "diagnostic-code").unwrap_or_default();
    // `smtp; 550 5.1.1 …`: the kind of code stands in front. Others than SMTP's are words.
    let said = diagnostic.split_once(';').map_or(diagnostic, |(_, said)| said).trim();
    let words = if said.is_empty() {
        format!("status {}", field(group, "status").unwrap_or("not told"))
    } else {
        said.to_owned()
    };
    Report::Bounce { verdict: verdict(status, said), words: kept(&words) }
}

/// What a code and words say together.
fn verdict(status: Option<Enhanced>, said: &str) -> Verdict {
    let code =
        said.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
    let rest = if code.is_some() { said[3..].trim_start_matches(['-', ' ', '#', '(']) } else { said };
    let own = Enhanced::split(rest).map(|(enhanced, _)| enhanced);
    // Given up after many tries: whatever it was, it may pass.
    let for_now = |enhanced: Option<Enhanced>| enhanced.is_some_and(|enhanced| enhanced.0 == 4);
    if code.is_some_and(|code| code < 500) || for_now(own) || (own.is_none() && for_now(status)) {
        return Verdict::SoftBounce;
    }
    match classify(Stage::Recipient, code.unwrap_or(550), own.or(status), rest) {
        Class::InvalidRecipient => Verdict::HardBounce,
        Class::MailboxFull | Class::Other => Verdict::SoftBounce,
        Class::TooLarge
        | Class::Content
        | Class::Reputation
        | Class::Authentication
        | Class::Sender
        | Class::Policy => Verdict::Refused,
    }
}

/// A bounce of before RFC 3464: somewhere it repeats the other server's reply, or names an enhanced code behind its own
/// words.
fn in_words(body: &str) -> Report {
    let told = body.lines().map(str::trim).find_map(|line| {
        let starts = line.char_indices().filter(|(at, letter)| {
            let before = line[..*at].chars().next_back();
            letter.is_ascii_digit() && !before.is_some_and(|one| one.is_ascii_alphanumeric() || one == '.')
        });
        starts.map(|(at, _)| &line[at..]).find_map(|rest| told(line, rest))
    });
    match told {
        None => Report::Nothing("a report without a reason"),
        Some((status, said)) => Report::Bounce { verdict: verdict(status, said), words: kept(said) },
    }
}

/// What a line says whose rest begins with a refusal: `550 …`, or `5.1.1` after the words.
fn told<'l>(line: &'l str, rest: &'l str) -> Option<(Option<Enhanced>, &'l str)> {
    let is_code = rest.get(..4).is_some_and(|code| {
        code.starts_with(['4', '5'])
            && code[..3].bytes().all(|byte| byte.is_ascii_digit())
            && code.ends_with([' ', '-'])
    });
    if is_code {
        return Some((None, rest));
    }
    let code =
        rest.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')).next().unwrap_or_default();
    let (enhanced, _) = Enhanced::split(code)?;
    matches!(enhanced.0, 4 | 5).then_some((Some(enhanced), line))
}

/// RFC 5965. The report's own part says of what kind it is; the message complained of follows, whole or its headers, and
/// it is found wherever one of our signed addresses stands.
fn complaint(about: &str, raw: &[u8], paths: &ReturnPaths) -> Report {
    let groups = groups(about);
    let kind = groups
        .first()
        .and_then(|group| field(group, "feedback-type"))
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !["abuse", "fraud", "opt-out", "opt-out-list"].contains(&kind.as_str()) {
        return Report::Nothing("feedback of another kind than a complaint");
    }
    // Folded headers would hide an address that stands at the fold.
    let unfolded = String::from_utf8_lossy(raw).replace("\r\n ", " ").replace("\r\n\t", " ");
    Report::Complaint { send: paths.find(&unfolded), words: kept(&format!("feedback of the kind {kind}")) }
}

/// What is kept of words: one line, not too long.
fn kept(words: &str) -> String {
    let line: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    line[..line.floor_char_boundary(SMTP_REPLY_TEXT_BYTES)].to_owned()
}

#[cfg(test)]
mod tests;
