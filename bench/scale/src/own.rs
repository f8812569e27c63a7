//! The control of stores: a map and an order, of one thread alone and without a lock.

use std::collections::{HashMap, VecDeque};

pub struct Own {
    most: usize,
    map: HashMap<Vec<u8>, Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Own {
    /// For at most so many sessions.
    pub fn new(most: usize) -> Self {
        Self { most, map: HashMap::new(), order: VecDeque::new() }
    }

    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    pub fn take(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.map.remove(key)
    }
}
