//! Questions to everybody: an expression that nobody asked before is read, ranked for where it needs that, and put to all
//! people at an instant.

use super::Engine;
use crate::ProfileId;
use crate::at::At;
use crate::backfill::Property;
use crate::name::Names;
use crate::programme::{Mistake, Place, nearest};
use crate::segment::cutoff::{Cutoff, Cutoffs, Share};
use crate::segment::explain::{Compiled, Standard};
use crate::segment::parse::parse_for;
use crate::segment::ranking::Ranking;
use crate::segment::rule::{Rule, Scope};
use crate::segment::scan::{Members, Scan};
use crate::segment::{Expression, Owner};
use std::collections::BTreeMap;

/// Profiles that a preview names.
const PREVIEW_SAMPLE: usize = 10;

/// Who would be in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub count: u64,
    /// The first few of them.
    pub sample: Vec<ProfileId>,
}

impl Preview {
    /// Adds up what the slices found, given in order.
    pub fn of(slices: impl Iterator<Item = Members>) -> Self {
        let mut preview = Self { count: 0, sample: Vec::new() };
        for members in slices {
            preview.count += members.count();
            let missing = PREVIEW_SAMPLE - preview.sample.len();
            preview.sample.extend(members.iter().take(missing));
        }
        preview
    }
}

/// An expression with its names resolved.
pub struct Question(pub(super) Compiled);

/// Why an expression is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    Mistake(Mistake),
    /// It asks for properties that are to be brought in from the log first: [`Engine::begin_backfill`].
    Unkept(Vec<Property>),
}

impl From<Mistake> for Unanswered {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

type SlotOf<'a> = &'a dyn Fn(&str) -> Option<u16>;

impl Engine {
    /// Who matches an expression at the engine's instant, by asking everybody.
    pub fn preview(&self, expression: &str) -> Result<Preview, Unanswered> {
        self.preview_at(expression, self.state.at)
    }

    /// The same at a later instant: what time alone has changed by then.
    pub fn preview_at(&self, expression: &str, now: At) -> Result<Preview, Unanswered> {
        let question = self.question(expression)?;
        let ranking = self.ranking_of(&question, now);
        let question = self.with_cutoffs(question, ranking.all());
        let scan = self.scan(&question, now);
        Ok(Preview::of((0..scan.slices()).map(|slice| scan.slice(slice))))
    }

    /// An expression made ready to be asked, any number of times. Where it ranks people, it is true of nobody until it
    /// has its cut-offs.
    pub fn question(&self, expression: &str) -> Result<Question, Unanswered> {
        let expression = self.read(expression)?;
        Ok(Question(self.compile(expression, &Cutoffs::default(), &mut self.state.names.clone())))
    }

    /// Everybody, to be ranked for the cut-offs of a question, at the instant at which it is asked.
    pub fn ranking_of(&self, question: &Question, now: At) -> Ranking<'_> {
        let wanted =
            question.0.standards.iter().map(|(text, standard)| (text.clone(), standard.share.clone()));
        Ranking::new(self, self.ranked_by(&wanted.collect()), now)
    }

    /// The question with the cut-offs that its ranking gave.
    pub fn with_cutoffs(&self, question: Question, cutoffs: Vec<Cutoff>) -> Question {
        if question.0.standards.is_empty() {
            return question;
        }
        let by_share = cutoffs.into_iter().map(|cutoff| (cutoff.share, cutoff.value)).collect();
        let cutoffs = Cutoffs { by_share, ..Cutoffs::default() };
        Question(self.compile(question.0.expression, &cutoffs, &mut self.state.names.clone()))
    }

    /// Puts a question at an instant that is not before the engine's own. Slices may be asked by several threads.
    pub fn scan<'a>(&'a self, question: &'a Question, now: At) -> Scan<'a> {
        Scan::new(self, &question.0.rule, now)
    }

    pub(super) fn read(&self, text: &str) -> Result<Expression, Unanswered> {
        let place = Place("expression".to_owned());
        let expression = parse_for(text, Owner::Segment).map_err(|wrong| wrong.at(place.clone()))?;
        if let Some(unknown) = expression.segments().into_iter().find(|name| self.live_slot(name).is_none()) {
            let known = self.segments();
            let near = nearest(unknown, known.iter().map(|view| view.name));
            return Err(Unanswered::Mistake(Mistake {
                place,
                offset: text.find(unknown),
                message: format!("there is no segment \"{unknown}\""),
                suggestion: near.map(|name| format!("did you mean \"{name}\"?")),
            }));
        }
        let unkept = self.unkept(&expression, &self.programme.purchase);
        if unkept.is_empty() { Ok(expression) } else { Err(Unanswered::Unkept(unkept)) }
    }

    /// The slot of a segment of the programme.
    pub(super) fn live_slot(&self, name: &str) -> Option<u16> {
        let found = self.state.segments.iter().position(|one| one.live && one.visible && one.name == name);
        found.map(|slot| slot as u16)
    }

    /// An expression to be asked now, by these cut-offs. A name that no event ever had gets a number in this copy of the
    /// names alone, and so matches nothing.
    pub(super) fn compile(&self, expression: Expression, cutoffs: &Cutoffs, names: &mut Names) -> Compiled {
        let mut wanted = BTreeMap::new();
        let rule = self.in_scope(names, cutoffs, &mut wanted, |scope| Rule::compile(&expression, scope));
        let mut standards = BTreeMap::new();
        for (text, share) in wanted {
            let figure = self.in_scope(names, cutoffs, &mut BTreeMap::new(), |scope| scope.figure(&share.by));
            let cutoff = cutoffs.by_share.get(&text).copied().flatten();
            standards.insert(text, Standard { share, figure, cutoff });
        }
        Compiled { expression, rule, standards }
    }

    /// Resolves something by what the engine knows now.
    pub(super) fn in_scope<T>(
        &self,
        names: &mut Names,
        cutoffs: &Cutoffs,
        wanted: &mut BTreeMap<String, Share>,
        resolve: impl FnOnce(&mut Scope<'_, SlotOf<'_>>) -> T,
    ) -> T {
        let (history, timezone, purchase) =
            (&self.state.history, &self.programme.timezone(), &self.programme.purchase);
        let slot_of: SlotOf<'_> = &|name: &str| self.live_slot(name);
        resolve(&mut Scope { names, history, timezone, cutoffs, purchase, wanted, slot_of })
    }
}
