//! A bounded map of what was read when.

use std::collections::{BTreeMap, HashMap};

use grantor::{ClientId, Timestamp};

/// At the bound the entry that came first goes: all have the same time to live, so it would be the first to end.
pub(super) struct Bounded<V> {
    entries: HashMap<ClientId, Entry<V>>,
    /// The same ids, in the order in which they came.
    by_arrival: BTreeMap<u64, ClientId>,
    arrivals: u64,
    most: usize,
}

struct Entry<V> {
    value: V,
    read_at: Timestamp,
    arrival: u64,
}

impl<V> Bounded<V> {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), by_arrival: BTreeMap::new(), arrivals: 0, most }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, id: &ClientId) -> Option<(&V, Timestamp)> {
        self.entries.get(id).map(|entry| (&entry.value, entry.read_at))
    }

    pub(super) fn put(&mut self, id: &ClientId, value: V, read_at: Timestamp) {
        self.remove(id);
        while self.len() >= self.most
            && let Some((_, first)) = self.by_arrival.pop_first()
        {
            self.entries.remove(&first);
        }
        self.arrivals += 1;
        self.by_arrival.insert(self.arrivals, id.clone());
        self.entries.insert(id.clone(), Entry { value, read_at, arrival: self.arrivals });
    }

    pub(super) fn remove(&mut self, id: &ClientId) {
        if let Some(entry) = self.entries.remove(id) {
            self.by_arrival.remove(&entry.arrival);
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.by_arrival.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the index would grow with each read of the same client, and put out the newer one under its old place.
    #[test]
    fn one_that_comes_again_takes_its_place_anew() {
        let id = |text: &str| ClientId::new(text).unwrap();
        let mut bounded = Bounded::new(2);
        for (number, text) in ["a", "b", "a", "a", "c"].into_iter().enumerate() {
            bounded.put(&id(text), number, Timestamp::EPOCH);
            assert_eq!(bounded.entries.len(), bounded.by_arrival.len());
        }
        assert_eq!(bounded.get(&id("a")), Some((&3, Timestamp::EPOCH)), "later than b");
        assert!(bounded.get(&id("b")).is_none() && bounded.get(&id("c")).is_some());
        bounded.remove(&id("a"));
        assert_eq!((bounded.entries.len(), bounded.by_arrival.len()), (1, 1));
    }
}
