//! Which sends are still owed to the world: a bit for each, in words that are shared with copies of the state until they are
//! written to, since after a broadcast there may be a million of them. Derived from the ledger; owned by the state.

use crate::SendId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Words that lie together.
const WORDS: usize = 64;
/// Sends whose bits lie together.
const SENDS: u64 = WORDS as u64 * u64::BITS as u64;

/// By the send's number divided by [`SENDS`]; nothing where none of them is owed.
#[derive(Clone, Default)]
pub(crate) struct Owed(BTreeMap<u64, Arc<[u64; WORDS]>>);

impl Owed {
    pub(crate) fn insert(&mut self, id: SendId) {
        let words = self.0.entry(id.0 / SENDS).or_insert_with(|| Arc::new([0; WORDS]));
        let (word, bit) = place(id);
        Arc::make_mut(words)[word] |= bit;
    }

    pub(crate) fn remove(&mut self, id: SendId) {
        let (word, bit) = place(id);
        let Some(words) = self.0.get_mut(&(id.0 / SENDS)).filter(|words| words[word] & bit > 0) else {
            return;
        };
        let words = Arc::make_mut(words);
        words[word] &= !bit;
        if words.iter().all(|word| *word == 0) {
            self.0.remove(&(id.0 / SENDS));
        }
    }

    /// Those from a send on, in order.
    pub(crate) fn from(&self, id: SendId) -> impl Iterator<Item = SendId> {
        let words = self.0.range(id.0 / SENDS..).flat_map(|(number, words)| {
            let begins = (number * SENDS..).step_by(u64::BITS as usize);
            begins.zip(words.iter().copied())
        });
        words
            .flat_map(|(begin, word)| bits(word).map(move |bit| SendId(begin + bit)))
            .filter(move |one| *one >= id)
    }
}

/// A send's word, and its bit there.
fn place(id: SendId) -> (usize, u64) {
    let bit = id.0 % SENDS;
    ((bit / 64) as usize, 1 << (bit % 64))
}

fn bits(mut word: u64) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < u64::BITS).then_some(u64::from(bit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_the_set_that_it_stands_for() {
        let (mut owed, mut plain) = (Owed::default(), BTreeSet::new());
        for number in 0..20_000_u64 {
            let draw = xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes());
            let id = SendId(draw % 9_000);
            if draw >> 40 & 1 == 0 {
                owed.insert(id);
                plain.insert(id);
            } else {
                owed.remove(id);
                plain.remove(&id);
            }
            if number % 1_000 == 0 {
                for from in [0, 63, 64, 4_095, 4_096, 8_999, draw % 9_000].map(SendId) {
                    assert!(owed.from(from).eq(plain.range(from..).copied()), "from {from}");
                }
            }
        }
        plain.iter().for_each(|id| owed.remove(*id));
        assert!(owed.0.is_empty(), "nothing is kept of what is settled");
    }
}
