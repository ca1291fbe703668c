//! Scripted behaviour of the mailbox: refusals that a demonstration can show, and faults that tests need.

use std::time::Duration;

/// One line of the script: at this moment, for whom it concerns, do this instead of what is usual.
#[derive(Clone, Debug)]
pub struct Rule {
    pub moment: Moment,
    /// Whom it concerns: at `Mail` the sender, from `Recipient` on the recipient. `*` stands for any text, also
    /// for none; letters of both cases are equal.
    pub who: String,
    pub act: Act,
    /// So many times, then never again; `None` is always.
    pub times: Option<u32>,
}

/// When a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the greeting.
    Connect,
    Mail,
    Recipient,
    /// The command DATA, before the message.
    Data,
    /// The final dot, the message read and not yet kept.
    Message,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Act {
    /// This line is the reply. 421 also ends the connection.
    Reply(String),
    /// The connection ends without a word.
    Drop,
    /// The message is kept, and then the connection ends without a word: the sender cannot know.
    KeepAndDrop,
    /// What is usual, but only after this time.
    Delay(Duration),
}

/// The rules in order; the first that fits counts.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

impl Rule {
    /// A rule that always holds.
    pub fn new(moment: Moment, who: &str, act: Act) -> Self {
        Self { moment, who: who.to_owned(), act, times: None }
    }

    /// Refuses a recipient with this reply line.
    pub fn refuse(who: &str, reply: &str) -> Self {
        Self::new(Moment::Recipient, who, Act::Reply(reply.to_owned()))
    }

    /// The same rule, but only so many times.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }
}

impl Rules {
    pub(super) fn replace(&mut self, rules: Vec<Rule>) {
        self.0 = rules;
    }

    /// What the script says for this moment; counts it.
    pub(super) fn act(&mut self, moment: Moment, who: &str) -> Option<Act> {
        let fits =
            |rule: &&mut Rule| rule.moment == moment && rule.times != Some(0) && matches(&rule.who, who);
        let rule = self.0.iter_mut().find(fits)?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.act.clone())
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let table = [
            ("*", "", true),
            ("*", "ada@example.com", true),
            ("ada@example.com", "Ada@Example.com", true),
            ("ada@example.com", "ada@example.com.it", false),
            ("bounce*@*", "bounce-17@example.com", true),
            ("bounce*@*", "no-bounce@example.com", false),
            ("*@example.com", "ada@example.com", true),
            ("*@example.com", "ada@example.org", false),
            ("a*b*b", "ab", false),
            ("a*b*b", "axbyb", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, fits) in table {
            assert_eq!(matches(pattern, text), fits, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts_until_it_is_used_up() {
        let mut rules = Rules::default();
        let twice = Rule::refuse("ada@*", "450 later").times(2);
        rules.replace(vec![twice, Rule::refuse("*", "550 no"), Rule::refuse("ada@*", "551 never reached")]);
        let said: Vec<String> = (0..3)
            .map(|_| match rules.act(Moment::Recipient, "ada@example.com") {
                Some(Act::Reply(line)) => line,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(said, ["450 later", "450 later", "550 no"]);
        assert!(rules.act(Moment::Data, "ada@example.com").is_none());
    }
}
