//! How far a backfill is: for each resource the last thing that was worked on, and counts. What `GET /v1/jobs` shows,
//! and where the next run goes on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub resources: BTreeMap<String, Resource>,
    pub requests: u64,
    pub waited_seconds: u64,
}

/// One kind of thing, worked on from the oldest to the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resource {
    /// Time and id of the last thing that was worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<(DateTime<Utc>, u64)>,
    pub done: bool,
    /// Things that were looked at.
    pub seen: u64,
    /// Deliveries that are new.
    pub kept: u64,
    /// Deliveries that were there, and things of which nothing is new.
    pub known: u64,
    /// Deliveries that the database refuses: the log says why.
    pub refused: u64,
}

/// A thing to work on.
pub(super) struct Item {
    pub(super) at: DateTime<Utc>,
    pub(super) id: u64,
    pub(super) object: Value,
}

impl Progress {
    pub(super) fn of(kept: &Value) -> Self {
        serde_json::from_value(kept.clone()).unwrap_or_default()
    }

    pub(super) fn resource(&mut self, name: &str) -> &mut Resource {
        self.resources.entry(name.to_owned()).or_default()
    }

    /// What an earlier run did not come to, oldest first, each thing once.
    pub(super) fn left(&mut self, name: &str, mut items: Vec<Item>) -> Vec<Item> {
        let reached = self.resource(name).reached;
        items.retain(|item| reached.is_none_or(|reached| (item.at, item.id) > reached));
        items.sort_by_key(|item| (item.at, item.id));
        items.dedup_by_key(|item| (item.at, item.id));
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_worked_on_is_left_out_and_the_rest_is_in_order() {
        let at = |second| DateTime::from_timestamp(second, 0).expect("a time");
        let items = || {
            [(9, 1), (5, 2), (5, 1), (5, 2), (4, 7)]
                .map(|(second, id)| Item { at: at(second), id, object: Value::Null })
                .into()
        };
        let mut progress = Progress::default();
        let ids = |items: Vec<Item>| items.iter().map(|item| item.id).collect::<Vec<_>>();
        assert_eq!(ids(progress.left("x", items())), [7, 1, 2, 1]);
        progress.resource("x").reached = Some((at(5), 1));
        let mut read_back = Progress::of(&serde_json::to_value(&progress).expect("JSON"));
        assert_eq!(ids(read_back.left("x", items())), [2, 1]);
    }
}
