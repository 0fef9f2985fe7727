//! History in the words of webhooks: what a source's API tells of the past becomes the deliveries that would have told
//! it, so that one normalizer reads both.
//!
//! An API knows things that no webhook says (a commit's parents, when a change's first commit was made, when an
//! approval was given). They stand in a member of our own, `em_agent`, which the normalizers of these kinds read.
//! Objects are passed on as the API gives them; where they stand for an earlier moment, what was not yet known then is
//! taken out rather than guessed. A delivery's key follows from what it is about, so that fetching twice gives it once.

use chrono::{DateTime, Utc};
use domain::time;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::headers::Headers;
use crate::integration::{Incoming, Integration};

pub use crate::github::history as github;
pub use crate::gitlab::history as gitlab;

/// The scheme that marks a fetched delivery: nobody signed it, we asked for it.
pub const SCHEME: &str = "backfill";

/// What only history knows of a change or a push.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Known {
    #[serde(default, deserialize_with = "time::lenient")]
    pub(crate) first_commit_at: Option<DateTime<Utc>>,
    /// When it happened, where the payload has no time for it.
    #[serde(default, deserialize_with = "time::lenient")]
    pub(crate) happened_at: Option<DateTime<Utc>>,
}

/// A delivery that was never sent: as the source's webhook would have had it.
#[derive(Clone, Debug)]
pub struct Recalled {
    pub integration: &'static Integration,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Recalled {
    /// The kind and the key by which the ledger knows it.
    pub fn identity(&self) -> crate::Identity {
        let headers = self.headers();
        crate::identify(self.integration, &Incoming::new(&headers, &self.body))
    }

    pub fn headers(&self) -> Headers<'_> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }
}

/// A text member of an API's object.
pub(crate) fn text<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A time member of an API's object.
pub fn time_of(object: &Value, name: &str) -> Option<DateTime<Utc>> {
    text(object, name).and_then(time::parse)
}

/// A member that is a number or a text, as a key spells it.
pub(crate) fn id(object: &Value, name: &str) -> String {
    match object.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "unknown".to_owned(),
    }
}

/// The same object with other values for some members; `null` takes a member out.
pub(crate) fn with(object: &Value, changed: Value) -> Value {
    let mut members: Map<String, Value> = object.as_object().cloned().unwrap_or_default();
    if let Value::Object(changed) = changed {
        for (name, value) in changed {
            if value.is_null() {
                members.remove(&name);
            } else {
                members.insert(name, value);
            }
        }
    }
    Value::Object(members)
}

/// Objects by the day of a time of theirs, oldest first, with the last time of each day. Those without that time are
/// left out.
pub(crate) fn by_day(
    objects: &[Value],
    at: impl Fn(&Value) -> Option<DateTime<Utc>>,
) -> Vec<(DateTime<Utc>, Vec<&Value>)> {
    let mut dated: Vec<(DateTime<Utc>, &Value)> =
        objects.iter().filter_map(|object| Some((at(object)?, object))).collect();
    // APIs list the newest first: reversed, equal times keep the order of the history.
    dated.reverse();
    dated.sort_by_key(|(at, _)| *at);
    let mut days: Vec<(DateTime<Utc>, Vec<&Value>)> = Vec::new();
    for (at, object) in dated {
        match days.last_mut() {
            Some((last, day)) if last.date_naive() == at.date_naive() && day.len() < MOST_OF_A_PUSH => {
                *last = at;
                day.push(object);
            }
            _ => days.push((at, vec![object])),
        }
    }
    days
}

/// A day with more commits becomes several pushes.
const MOST_OF_A_PUSH: usize = 1000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commits_are_grouped_by_their_day_oldest_first() {
        let commits: Vec<Value> =
            ["2026-11-03T01:00:00Z", "2026-11-02T23:00:00Z", "2026-11-02T05:00:00Z", "2026-11-02T05:00:00Z"]
                .iter()
                .enumerate()
                .map(|(place, at)| json!({"n": place, "at": at}))
                .chain([json!({"n": 9})])
                .collect();
        let days = by_day(&commits, |commit| time_of(commit, "at"));
        let numbers: Vec<Vec<u64>> =
            days.iter().map(|(_, day)| day.iter().filter_map(|one| one["n"].as_u64()).collect()).collect();
        assert_eq!(numbers, [vec![3, 2, 1], vec![0]]);
        assert_eq!(Some(days[0].0), time_of(&commits[1], "at"), "a day is told at the time of its last commit");
    }

    #[test]
    fn what_is_not_known_is_taken_out() {
        let object = json!({"a": 1, "b": 2});
        assert_eq!(with(&object, json!({"a": null, "c": 3})), json!({"b": 2, "c": 3}));
    }
}
