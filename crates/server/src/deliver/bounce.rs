//! What a refusal for good says about whose fault it is, and so whether the address may be suppressed.
//!
//! Codes are read first (RFC 3463 and the IANA registry of enhanced codes), words only where the code says
//! nothing. When in doubt the answer is a class that does not suppress: a lost address cannot be won back, and
//! an address that is really dead will say so again.

use super::smtp::reply::Enhanced;

/// Where in the exchange the refusal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// MAIL FROM: whatever it says, it says it about us.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, or the final dot.
    Message,
}

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody reads mail at this address: no such mailbox or domain, or switched off.
    InvalidRecipient,
    /// The person's mailbox is full.
    MailboxFull,
    /// The message is larger than the recipient or the relay takes.
    TooLarge,
    /// What the message says or carries was refused.
    Content,
    /// The sending address (of the network or of the domain) has a bad name.
    Reputation,
    /// SPF, DKIM, DMARC, TLS, reverse DNS or sign-in are missing.
    Authentication,
    /// The sender's address was refused.
    Sender,
    /// A rule of the receiver, not covered by the above.
    Policy,
    /// Anything else.
    Other,
}

impl Class {
    /// Whether the address is suppressed at once.
    pub fn suppresses(self) -> bool {
        self == Self::InvalidRecipient
    }
}

/// Reads a refusal for good.
pub fn classify(stage: Stage, code: u16, enhanced: Option<Enhanced>, text: &str) -> Class {
    let words = Words::of(text);
    if stage == Stage::Sender || words.say(ABOUT_SENDER) {
        return Class::Sender;
    }
    // A 5xx whose text begins with 4.x.x contradicts itself, and a contradiction proves nothing.
    let says_transient = Enhanced::split(text).is_some_and(|(said, _)| said.0 == 4);
    if code / 100 != 5 || says_transient {
        return Class::Other;
    }
    match (enhanced, words.blame()) {
        (Some(Enhanced(_, 7, detail)), blame) => blame.unwrap_or_else(|| of_policy(detail)),
        (_, Some(blame)) => blame,
        (Some(Enhanced(_, 1, 1 | 2 | 3 | 6 | 10) | Enhanced(_, 2, 1)), None) => Class::InvalidRecipient,
        (Some(Enhanced(_, 1, 7 | 8)), None) => Class::Sender,
        (Some(Enhanced(_, 2, 2)), None) => Class::MailboxFull,
        (Some(Enhanced(_, 2, 3) | Enhanced(_, 3, 4)), None) => Class::TooLarge,
        (Some(Enhanced(_, 6, _)), None) => Class::Content,
        (Some(Enhanced(_, _, 0)) | None, None) => of_words(code, &words),
        (Some(_), None) => Class::Other,
    }
}

/// 5.7.x: our fault in one way or another.
fn of_policy(detail: u16) -> Class {
    match detail {
        // 8, 9, 11: sign-in; 10: encryption; 20 to 29: DKIM, SPF, reverse DNS, DMARC, ARC; 30: TLS required;
        // 515: how Microsoft's consumer mail names missing authentication.
        8..=11 | 20..=30 | 515 => Class::Authentication,
        _ => Class::Policy,
    }
}

/// A code without detail: the words decide.
fn of_words(code: u16, words: &Words) -> Class {
    if words.say(MAILBOX_FULL) {
        Class::MailboxFull
    } else if words.say(TOO_LARGE) {
        Class::TooLarge
    } else if matches!(code, 550 | 551 | 553 | 554) && words.say(NOBODY_THERE) {
        Class::InvalidRecipient
    } else if code == 552 {
        // RFC 5321: storage exceeded. It does not say whose.
        Class::MailboxFull
    } else {
        Class::Other
    }
}

/// Phrases are whole words, in lower case, without punctuation.
const ABOUT_SENDER: &[&str] = &["sender", "return path", "mail from", "envelope from"];
const REPUTATION: &[&str] = &[
    "blacklist",
    "blacklisted",
    "black list",
    "blocklist",
    "blocklisted",
    "block list",
    "blocked",
    "banned",
    "dnsbl",
    "rbl",
    "spamhaus",
    "spamcop",
    "barracuda",
    "reputation",
    "rate limit",
    "too many",
];
const CONTENT: &[&str] = &["spam", "virus", "malware", "phishing", "content", "unsolicited", "bulk", "junk"];
const AUTHENTICATION: &[&str] =
    &["spf", "dkim", "dmarc", "authentication", "authenticate", "relay", "relaying"];
const POLICY: &[&str] = &["policy", "greylisted", "greylisting", "access denied"];
const MAILBOX_FULL: &[&str] =
    &["mailbox full", "mailbox is full", "inbox is full", "over quota", "quota exceeded", "exceeded storage"];
const TOO_LARGE: &[&str] = &["too large", "too big", "size limit", "maximum size", "message size"];
const NOBODY_THERE: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown mailbox",
    "address unknown",
    "unknown address",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such account",
    "no such address",
    "no such domain",
    "no mailbox here",
    "user not found",
    "recipient not found",
    "mailbox not found",
    "account not found",
    "address not found",
    "does not exist",
    "doesn't exist",
    "doesn't have a",
    "invalid recipient",
    "invalid mailbox",
    "recipient invalid",
    "not a valid mailbox",
    "not a valid recipient",
    "mailbox disabled",
    "mailbox is disabled",
    "account disabled",
    "account is disabled",
    "account has been disabled",
    "mailbox inactive",
    "mailbox is inactive",
    "account inactive",
    "account is inactive",
    "no longer valid",
    "no longer available",
    "no longer exists",
    "no longer employed",
];

/// A reply's text as lower-case words between blanks. Words with an `@` or a `/` are left out: they are the
/// echoed address or a link, and what stands in them (`spam@example.com`) says nothing about the refusal.
struct Words(String);

impl Words {
    fn of(text: &str) -> Self {
        let mut words = String::from(" ");
        for word in text.to_lowercase().split_whitespace().filter(|word| !word.contains(['@', '/'])) {
            for part in word.split(|c: char| !c.is_alphanumeric() && c != '\'') {
                if !part.is_empty() {
                    words.push_str(part);
                    words.push(' ');
                }
            }
        }
        Self(words)
    }

    fn say(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.0.match_indices(phrase).any(|(at, _)| self.stands_alone(at, phrase)))
    }

    fn stands_alone(&self, at: usize, phrase: &str) -> bool {
        let bytes = self.0.as_bytes();
        bytes[at - 1] == b' ' && bytes[at + phrase.len()] == b' '
    }

    /// Words that name our fault; they win over any code, because servers put them behind every code.
    fn blame(&self) -> Option<Class> {
        let table = [
            (REPUTATION, Class::Reputation),
            (AUTHENTICATION, Class::Authentication),
            (CONTENT, Class::Content),
            (POLICY, Class::Policy),
        ];
        table.into_iter().find(|(phrases, _)| self.say(phrases)).map(|(_, class)| class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::smtp::reply::Reply;

    fn class_of(stage: Stage, line: &str) -> Class {
        let (reply, _) = Reply::parse(format!("{line}\r\n").as_bytes()).unwrap().unwrap();
        classify(stage, reply.code, reply.enhanced, &reply.text)
    }

    #[test]
    fn addresses_where_nobody_reads() {
        for line in [
            "550 5.1.1 <ada@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
            "550 5.1.1 The email account that you tried to reach does not exist.",
            "550 5.1.2 host not found",
            "553 5.1.3 not an address",
            "551 5.1.6 moved away",
            "556 5.1.10 recipient domain has a null MX",
            "550 5.2.1 mailbox switched off",
            "550 5.1.1 <spam@example.com> no mailbox",
            "550 No such user here",
            "550 <ada@example.com>: User unknown",
            "554 delivery error: dd This user doesn't have a example.com account (ada@example.com)",
            "550 5.1.0 Unknown recipient",
            "550 5.5.0 Requested action not taken: mailbox disabled",
            "553 sorry, no mailbox here by that name (#5.1.1)",
        ] {
            assert_eq!(class_of(Stage::Recipient, line), Class::InvalidRecipient, "{line}");
            assert_eq!(class_of(Stage::Message, line), Class::InvalidRecipient, "{line}");
            assert_eq!(class_of(Stage::Sender, line), Class::Sender, "{line}");
        }
    }

    #[test]
    fn refusals_that_are_not_about_the_person() {
        let table = [
            ("550 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org", Class::Reputation),
            ("550 5.1.1 Rejected: your network is on our blocklist", Class::Reputation),
            ("550 5.1.1 mail from 192.0.2.1 blocked, unknown user policy", Class::Sender),
            ("554 5.7.1 unknown user, relay access denied", Class::Authentication),
            ("550 5.7.26 Unauthenticated email is not accepted", Class::Authentication),
            ("550 5.7.515 the sending domain does not meet the required level", Class::Authentication),
            ("550 5.7.1 no such user", Class::Policy),
            ("550 5.4.1 Recipient address rejected: Access denied", Class::Policy),
            ("554 5.6.0 broken MIME", Class::Content),
            ("554 Message looks like spam, see https://example.com/no-such-user", Class::Content),
            ("550 5.1.8 domain does not exist", Class::Sender),
            ("550 5.1.0 Sender rejected: user unknown", Class::Sender),
            ("552 5.2.2 over quota", Class::MailboxFull),
            ("552 storage exceeded", Class::MailboxFull),
            ("554 mailbox is full", Class::MailboxFull),
            ("552 5.3.4 larger than 10 MB", Class::TooLarge),
            ("552 message size exceeds the maximum", Class::TooLarge),
            ("550 4.1.1 user unknown", Class::Other),
            ("550 5.4.4 user unknown", Class::Other),
            ("550 Requested action not taken: mailbox unavailable", Class::Other),
            ("501 no such user", Class::Other),
            ("554 transaction failed", Class::Other),
        ];
        for (line, class) in table {
            assert_eq!(class_of(Stage::Recipient, line), class, "{line}");
            assert!(!class.suppresses());
        }
    }

    #[test]
    fn whatever_is_for_now_never_suppresses() {
        for text in ["user unknown", "4.1.1 user unknown"] {
            for code in [421, 450, 451, 452] {
                assert!(!classify(Stage::Recipient, code, None, text).suppresses());
                assert!(!classify(Stage::Recipient, code, Some(Enhanced(4, 1, 1)), text).suppresses());
            }
        }
    }

    #[test]
    fn phrases_are_whole_words() {
        // "marble" holds "rbl", and "nospammers" holds "spam".
        assert_eq!(
            class_of(Stage::Recipient, "550 5.1.1 marble nospammers: user unknown"),
            Class::InvalidRecipient
        );
    }
}
