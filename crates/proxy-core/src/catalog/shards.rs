//! A map whose copies share what has not changed.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::HashMap;
use foldhash::fast::RandomState;

/// In how many parts the entries are. A change copies one of them: with 100,000 entries that is some 400 of them.
const SHARDS: usize = 256;

/// A map that is cheap to copy and then to change a little.
#[derive(Clone, Debug)]
pub(super) struct Shards<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
    hasher: RandomState,
}

// === impl Shards ===

impl<K: Eq + Hash + Clone, V: Clone> Shards<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.shards.get(self.shard(key))?.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let shard = self.shard(&key);
        if let Some(shard) = self.shards.get_mut(shard) {
            Arc::make_mut(shard).insert(key, value);
        }
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let shard = self.shard(key);
        let shard = self.shards.get_mut(shard).filter(|shard| shard.contains_key(key))?;
        Arc::make_mut(shard).remove(key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.shards.iter().flat_map(|shard| shard.values())
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The high bits: the maps inside use the low ones of hashes of their own.
        (self.hasher.hash_one(key) >> 32) as usize % SHARDS
    }
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Arc::default()).collect();
        Self { shards, hasher: RandomState::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_copy_leaves_the_original_and_copies_one_shard() {
        let mut first: Shards<u32, u32> = Shards::default();
        (0..10_000).for_each(|number| first.insert(number, number));
        let mut second = first.clone();
        assert_eq!((second.remove(&7), second.remove(&7)), (Some(7), None));
        second.insert(8, 80);
        assert_eq!((first.get(&7), first.get(&8)), (Some(&7), Some(&8)));
        assert_eq!((second.get(&7), second.get(&8)), (None, Some(&80)));
        assert_eq!((first.values().count(), second.values().count()), (10_000, 9_999));
        let copied = first.shards.iter().zip(&second.shards).filter(|(one, other)| !Arc::ptr_eq(one, other)).count();
        assert!(copied <= 2, "{copied} shards were copied");
    }
}
