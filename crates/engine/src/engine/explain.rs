//! Asking why a person is in a segment or not. Reading changes nothing.

use super::{Engine, Question};
use crate::ProfileId;
use crate::at::At;
use crate::name::Names;
use crate::segment::Expression;
use crate::segment::eval::Moment;
use crate::segment::explain::{Base, Compiled, Explanation, explain};
use crate::segment::parse::of_programme;
use std::collections::BTreeSet;

impl Engine {
    /// Why a person is in a segment of the programme or not, at an instant that is not before the engine's own. `None`
    /// where there is no such segment.
    pub fn explain_segment(&self, id: ProfileId, name: &str, now: At) -> Option<Explanation> {
        let slot = self.live_slot(name)?;
        let text = &self.state.segments[usize::from(slot)].expression;
        let asked = self.compiled(text, &mut self.state.names.clone());
        Some(self.explain_resolved(id, &asked, now))
    }

    /// The same of an expression.
    pub fn explain(&self, id: ProfileId, question: &Question, now: At) -> Explanation {
        self.explain_resolved(id, &question.0, now)
    }

    fn explain_resolved(&self, id: ProfileId, asked: &Compiled, now: At) -> Explanation {
        let moment = Moment::of(&self.state, &self.programme, self.canonical(id));
        explain(asked, &self.bases(&asked.expression), Moment { now, ..moment })
    }

    /// The segments that an expression is built on, each after those that it is built on itself.
    fn bases(&self, expression: &Expression) -> Vec<Base> {
        let mut found: BTreeSet<u16> = BTreeSet::new();
        let mut left: Vec<u16> =
            expression.segments().iter().filter_map(|name| self.live_slot(name)).collect();
        while let Some(slot) = left.pop() {
            if found.insert(slot) {
                let expression = of_programme(&self.state.segments[usize::from(slot)].expression);
                left.extend(expression.segments().iter().filter_map(|name| self.live_slot(name)));
            }
        }
        let names = &mut self.state.names.clone();
        let in_order = self.index.order.iter().copied().filter(|slot| found.contains(slot));
        in_order
            .map(|slot| {
                let segment = &self.state.segments[usize::from(slot)];
                Base { slot, name: segment.name.clone(), compiled: self.compiled(&segment.expression, names) }
            })
            .collect()
    }

    /// The expression of a live segment.
    fn compiled(&self, text: &str, names: &mut Names) -> Compiled {
        self.compile(of_programme(text), &self.state.cutoffs, names)
    }
}
