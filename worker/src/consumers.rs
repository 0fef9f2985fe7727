//! Who consumes the bus: the whole list.

use domain::dora;
use store::marks::Handle;

use crate::{entities, protections};

/// One durable consumer.
#[derive(Debug)]
pub struct ConsumerRow {
    /// Its durable name, which its marks are kept under: renaming makes it a new consumer.
    pub name: &'static str,
    /// The types it takes.
    pub types: &'static [&'static str],
    /// Messages of one transaction at most.
    pub batch: usize,
    /// Tries before a message is a dead letter.
    pub max_attempts: i32,
    pub handle: Handle,
}

/// Every consumer.
pub const CONSUMERS: &[ConsumerRow] =
    &[ConsumerRow { name: "entities", types: &TYPES, batch: 256, max_attempts: 5, handle: entities::handle }];

/// What entities are made of, and what waits for an answer of ours: too rare for a consumer of its own.
const TYPES: [&str; dora::TYPES.len() + 1] = types();

const fn types() -> [&'static str; dora::TYPES.len() + 1] {
    let mut types = [protections::TYPE; dora::TYPES.len() + 1];
    let mut place = 0;
    while place < dora::TYPES.len() {
        types[place] = dora::TYPES[place];
        place += 1;
    }
    types
}

/// Their names, for those who ask what was processed.
pub const CONSUMER_NAMES: [&str; CONSUMERS.len()] = names();

const fn names() -> [&'static str; CONSUMERS.len()] {
    let mut names = [""; CONSUMERS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = CONSUMERS[place].name;
        place += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_consumer_has_a_name_of_its_own() {
        let mut names = CONSUMER_NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CONSUMERS.len());
        assert!(names.iter().all(|name| !name.is_empty()));
    }
}
