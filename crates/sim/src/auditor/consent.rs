//! What a person said about a purpose, and what holds: the newest statement about it, and after two profiles became
//! one the stricter of the two.

use engine::Seq;
use engine::at::At;

/// The channels that the simulated shop reaches people on.
const CHANNELS: [&str; 2] = ["email", "onsite"];

/// Order of strictness: a later one is the stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stated {
    Granted,
    /// Granted, and to be confirmed from the address.
    Pending,
    Withdrawn,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) purpose: String,
    /// `None` for every channel.
    pub(crate) channel: Option<String>,
    pub(crate) stated: Stated,
    pub(crate) at: At,
    pub(crate) seq: Seq,
    /// Nobody said it: it is what remained of two different answers.
    pub(crate) by_merge: bool,
}

/// Every statement ever made; none is forgotten, none is thought a repetition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statements(Vec<Statement>);

impl Statements {
    /// What holds for a purpose on a channel: all that was said of it, in the order in which it was said, and in one
    /// breath the particular after the general. Asking for a confirmation once more takes nothing away from a
    /// consent that holds; only a merge does.
    pub(crate) fn on(&self, channel: &str, purpose: &str) -> Option<Stated> {
        let mut said: Vec<&Statement> = self.about(channel, purpose).collect();
        said.sort_by_key(|statement| (statement.at, statement.seq, statement.channel.is_some()));
        let mut held = None;
        for statement in said {
            let asks_again = statement.stated == Stated::Pending && !statement.by_merge;
            if !(asks_again && held == Some(Stated::Granted)) {
                held = Some(statement.stated);
            }
        }
        held
    }

    /// Whether somebody ever said no, whatever was said since.
    pub(crate) fn was_refused(&self, channel: &str, purpose: &str) -> bool {
        self.about(channel, purpose).any(|statement| statement.stated == Stated::Withdrawn)
    }

    fn about(&self, channel: &str, purpose: &str) -> impl Iterator<Item = &Statement> {
        self.0.iter().filter(move |statement| {
            let on_channel = statement.channel.as_deref().is_none_or(|own| own == channel);
            statement.purpose == purpose && on_channel
        })
    }

    pub(crate) fn add(&mut self, statement: Statement) {
        self.0.push(statement);
    }

    /// Two profiles are one person: of two different answers the stricter holds, until something newer is said.
    pub(crate) fn join(&mut self, other: Self, seq: Seq) {
        let mut purposes: Vec<String> =
            self.0.iter().chain(&other.0).map(|one| one.purpose.clone()).collect();
        purposes.sort();
        purposes.dedup();
        let mut strictest = Vec::new();
        for (purpose, channel) in
            purposes.iter().flat_map(|purpose| CHANNELS.map(|channel| (purpose, channel)))
        {
            let stated = self.on(channel, purpose).max(other.on(channel, purpose));
            let said = self.about(channel, purpose).chain(other.about(channel, purpose));
            // A question is said too, whether it took something away or not.
            let newest = said.map(|statement| statement.at).max();
            strictest.extend(stated.zip(newest).map(|(stated, at)| (purpose.clone(), channel, stated, at)));
        }
        self.0.extend(other.0);
        for (purpose, channel, stated, at) in strictest {
            if self.on(channel, &purpose) != Some(stated) {
                let channel = Some(channel.to_owned());
                self.0.push(Statement { purpose, channel, stated, at, seq, by_merge: true });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stated: Stated, at: i64) -> Statement {
        let (purpose, channel) = ("offers".to_owned(), None);
        Statement { purpose, channel, stated, at: At(at), seq: Seq(at.cast_unsigned()), by_merge: false }
    }

    #[test]
    fn the_newest_holds_and_a_merge_takes_the_stricter() {
        let mut one = Statements::default();
        one.add(said(Stated::Withdrawn, 10));
        one.add(said(Stated::Granted, 5));
        assert_eq!(one.on("email", "offers"), Some(Stated::Withdrawn), "what was said later holds");
        let mut two = Statements::default();
        assert_eq!(two.on("email", "offers"), None);
        two.add(said(Stated::Granted, 20));
        two.join(one, Seq(30));
        assert_eq!(two.on("email", "offers"), Some(Stated::Withdrawn));
        two.add(said(Stated::Granted, 40));
        two.add(said(Stated::Pending, 50));
        assert_eq!(two.on("email", "offers"), Some(Stated::Granted));
    }

    /// To ask somebody again who has agreed takes nothing away; and a merge that takes the yes takes the question too.
    #[test]
    fn a_question_that_takes_nothing_away_is_no_newer_answer() {
        let (mut one, mut two) = (Statements::default(), Statements::default());
        one.add(said(Stated::Granted, 20));
        one.add(said(Stated::Pending, 50));
        assert_eq!(one.on("email", "offers"), Some(Stated::Granted));
        two.add(said(Stated::Withdrawn, 10));
        two.join(one, Seq(60));
        assert_eq!(two.on("email", "offers"), Some(Stated::Withdrawn));
        two.add(said(Stated::Pending, 70));
        assert_eq!(two.on("email", "offers"), Some(Stated::Pending), "said since");
    }
}
