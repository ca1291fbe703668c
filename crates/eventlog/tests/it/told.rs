//! A state that is nothing but its sections, for what does not care what they mean.

use std::collections::VecDeque;

use engine::Seq;
use engine::at::At;
use engine::section::Section;
use eventlog::snapshots::Sectioned;

pub(crate) struct Told {
    seq: Seq,
    whole_from: Seq,
    sections: VecDeque<Section>,
}

impl Told {
    pub(crate) fn new(seq: u64, sections: &[Section]) -> Self {
        Self { seq: Seq(seq), whole_from: Seq(0), sections: sections.iter().cloned().collect() }
    }

    /// Somebody was erased there.
    pub(crate) fn whole_from(self, place: u64) -> Self {
        Self { whole_from: Seq(place), ..self }
    }
}

impl Sectioned for Told {
    fn seq(&self) -> Seq {
        self.seq
    }

    fn at(&self) -> At {
        At(self.seq.0.cast_signed() * 10)
    }

    fn whole_from(&self) -> Seq {
        self.whole_from
    }

    fn next(&mut self, is_kept: &dyn Fn(u64, u128) -> bool) -> Option<Section> {
        let section = self.sections.pop_front()?;
        let is_kept = is_kept(section.key, section.digest);
        Some(if is_kept { Section { bytes: None, ..section } } else { section })
    }
}
