//! What is explained of every segment and everybody: each part of it is as a naive reading has it, now and at every
//! instant up to the one that it names.

use engine::ProfileId;
use engine::at::At;
use engine::segment::Expression;
use engine::segment::explain::{Change, Part};
use sim::naive::{self, Moment, Person};

use super::story::Story;
use super::tree::{Said, built_on};

/// A person, and what they are looked at with.
#[derive(Clone, Copy)]
struct Look<'a> {
    story: &'a Story,
    id: ProfileId,
    person: &'a Person,
    moment: &'a Moment,
    /// The same at instants to come.
    to_come: &'a [Moment],
}

/// Compares every explanation of the segments and of some questions with a naive evaluation.
pub(super) fn check(story: &Story, questions: &[Said]) -> Result<(), String> {
    let (people, moment) = (story.people(), story.moment());
    let to_come = moments(story, &moment);
    for (id, person) in &people {
        let look = Look { story, id: *id, person, moment: &moment, to_come: &to_come };
        for (name, expression) in story.segments() {
            let explained = story.engine.explain_segment(*id, &name, story.now).ok_or("no such segment")?;
            if explained.whole.holds != story.engine.memberships(*id).contains(&name.as_str()) {
                return Err(look.report(&explained.whole, "is not what the membership is", expression));
            }
            look.at(&explained.whole, expression)?;
            for (base, part) in &explained.built_on {
                look.at(part, &moment.segments[base])?;
            }
        }
        for question in questions {
            let expression = built_on(question.0.clone(), story.segments().count());
            let explained = story.ask(|engine| {
                let asked = engine.question(&expression.to_string())?;
                let cutoffs = engine.ranking_of(&asked, story.now).all();
                Ok(engine.explain(*id, &engine.with_cutoffs(asked, cutoffs), story.now))
            })?;
            let moment = story.moment_of(&expression, &people);
            let to_come = moments(story, &moment);
            let look = Look { moment: &moment, to_come: &to_come, ..look };
            look.at(&explained.whole, &expression)?;
        }
    }
    Ok(())
}

/// A moment at each of the instants to come.
fn moments(story: &Story, moment: &Moment) -> Vec<Moment> {
    story.instants_to_come().into_iter().map(|now| Moment { now, ..moment.clone() }).collect()
}

impl Look<'_> {
    fn at(&self, part: &Part, expression: &Expression) -> Result<(), String> {
        if part.text != expression.to_string() {
            return Err(self.report(part, "has another text", expression));
        }
        if part.holds != naive::holds(expression, self.person, self.moment) {
            return Err(self.report(part, "does not hold so", expression));
        }
        let holds_at = |moment: &Moment| naive::holds(expression, self.person, moment);
        let until = match part.change {
            Change::Never => At::MAX,
            Change::At(until) | Change::NotBefore(until) => until,
        };
        if until <= self.story.now {
            return Err(self.report(part, "changes in the past", expression));
        }
        let mut before = self.to_come.iter().take_while(|moment| moment.now < until);
        if let Some(Moment { now, .. }) = before.find(|moment| holds_at(moment) != part.holds) {
            return Err(self.report(part, &format!("changes before, at {now}"), expression));
        }
        let then = Moment { now: until, ..self.moment.clone() };
        if matches!(part.change, Change::At(_)) && holds_at(&then) == part.holds {
            return Err(self.report(part, "does not change then", expression));
        }
        if matches!(part.change, Change::NotBefore(_)) && !self.has_days(expression) {
            return Err(self.report(part, "was not looked at to its end", expression));
        }
        let inside: Vec<&Expression> = match expression {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().collect(),
            Expression::Not(inner) => vec![inner],
            _ => Vec::new(),
        };
        if inside.len() != part.parts.len() {
            return Err(self.report(part, "has other parts", expression));
        }
        part.parts.iter().zip(inside).try_for_each(|(part, inside)| self.at(part, inside))
    }

    /// Whether something is asked that may change every year, or every second while the clocks go back over midnight.
    fn has_days(&self, asked: &Expression) -> bool {
        let all = self.story.segments().map(|(_, expression)| expression.to_string());
        all.chain([asked.to_string()])
            .any(|text| ["in the next", "in the last", "anniversary"].iter().any(|word| text.contains(word)))
    }

    fn report(&self, part: &Part, what: &str, expression: &Expression) -> String {
        let what = format!("{}: {what}: {part:#?}", part.text);
        self.story.report(&what, expression, &[(self.id, self.person)])
    }
}
