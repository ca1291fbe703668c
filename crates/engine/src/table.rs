//! A hash table that only looks up. Its order is never seen, so it cannot leak into what the engine decides.

use borsh::{BorshDeserialize, BorshSerialize};
#[expect(
    clippy::disallowed_types,
    reason = "the one place that wraps it: fixed hasher, sorted whenever walked"
)]
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::io::{Read, Result, Write};

/// Keys must be spread well already (keyed hashes, dense numbers) or come from operators and not from strangers.
#[derive(Clone)]
#[expect(clippy::disallowed_types, reason = "see above")]
pub(crate) struct Table<K, V>(HashMap<K, V, BuildHasherDefault<Fold>>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Default::default())
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    pub(crate) fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key)
    }

    pub(crate) fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.remove(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }
}

impl<K: BorshSerialize + Ord, V: BorshSerialize> BorshSerialize for Table<K, V> {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        let mut entries: Vec<(&K, &V)> = self.0.iter().collect();
        entries.sort_by(|one, two| one.0.cmp(two.0));
        entries.serialize(writer)
    }
}

impl<K: BorshDeserialize + Hash + Eq, V: BorshDeserialize> BorshDeserialize for Table<K, V> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let entries: Vec<(K, V)> = BorshDeserialize::deserialize_reader(reader)?;
        Ok(Self(entries.into_iter().collect()))
    }
}

/// Multiply and fold: the same on every machine, and enough for keys that are spread already.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93_u128;
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u128(&mut self, word: u128) {
        self.write_u64((word as u64) ^ ((word >> 64) as u64));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
