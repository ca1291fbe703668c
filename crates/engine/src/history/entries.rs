//! What the log had at one property, by place in the log: what fills a column that was not kept from the first event on.

use super::dictionary::Dictionary;
use crate::Seq;
use crate::value::Map;

/// Places in the log that share an entry of the index: few enough to be found in two lines of the cache.
const SPAN_BITS: u32 = 5;
/// A code of ours whose code in the column is not known yet.
const UNKNOWN: u32 = u32::MAX;

/// Values of one property, as they were read.
pub(crate) struct Entries {
    dictionary: Dictionary,
    seqs: Vec<u64>,
    codes: Vec<u32>,
    /// By place divided by two to the [`SPAN_BITS`]: the first entry that is not before it. Made when reading is over.
    starts: Vec<u32>,
    /// By code here: the code in the column.
    translated: Vec<u32>,
}

impl Entries {
    pub(crate) fn new(path: &[String]) -> Self {
        Self {
            dictionary: Dictionary::new(path),
            seqs: Vec::new(),
            codes: Vec::new(),
            starts: Vec::new(),
            translated: Vec::new(),
        }
    }

    /// Notes what an event has. Places come in order.
    pub(crate) fn add(&mut self, seq: Seq, properties: Map<'_>) {
        let code = self.dictionary.code_of(properties);
        if code > 0 {
            self.seqs.push(seq.0);
            self.codes.push(code);
        }
    }

    /// Ends the reading.
    pub(crate) fn close(&mut self) {
        assert!(self.seqs.is_sorted_by(|one, two| one < two), "invariant: the log is read in order");
        let spans = self.seqs.last().map_or(0, |last| (last >> SPAN_BITS) as usize + 1);
        self.starts = vec![0; spans + 1];
        for seq in &self.seqs {
            self.starts[(seq >> SPAN_BITS) as usize + 1] += 1;
        }
        for span in 1..self.starts.len() {
            self.starts[span] += self.starts[span - 1];
        }
        self.translated = vec![UNKNOWN; self.dictionary.len()];
    }

    /// The code, in a column's dictionary, of what the event at a place has.
    pub(super) fn code(&mut self, seq: Seq, column: &mut std::sync::Arc<Dictionary>) -> u32 {
        let span = (seq.0 >> SPAN_BITS) as usize;
        let Some([from, to]) = self.starts.get(span..span + 2) else { return 0 };
        let range = *from as usize..*to as usize;
        let Some(found) = self.seqs[range.clone()].iter().position(|one| *one == seq.0) else { return 0 };
        let code = self.codes[range.start + found];
        let known = &mut self.translated[code as usize];
        // What an erasure took out of the column has no code there any more.
        if *known == UNKNOWN || column.is_gone(*known) {
            *known = std::sync::Arc::make_mut(column).code_of_entry(self.dictionary.entry(code));
        }
        *known
    }
}
