//! Whether texts can leave a delivery's row: no control characters, NUL among them, which PostgreSQL does not store.

use serde_json::Value;

pub(crate) fn check(place: &str, text: &str) {
    assert!(!text.chars().any(char::is_control), "{place} holds a control character: {text:?}");
}

/// Every text of a value, and the names of its members.
pub(crate) fn check_all(place: &str, value: &Value) {
    match value {
        Value::String(text) => check(place, text),
        Value::Array(list) => list.iter().for_each(|one| check_all(place, one)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            check(place, name);
            check_all(&format!("{place} {name}"), member);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
