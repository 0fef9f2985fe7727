//! Canonical JSON and the hash that breaks ties between facts of the same revision: content decides, never arrival.

use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::event::{Event, rfc3339};

/// Breaks a tie between two facts of the same time: the first 16 bytes of [`event_hash`].
pub type Tie = [u8; 16];

/// SHA-256 of the canonical event without `id`, `delivery`, `receivedat` and `traceparent`.
pub fn event_hash(event: &Event) -> [u8; 32] {
    let data: Value = serde_json::from_str(event.data.get()).unwrap_or(Value::Null);
    let value = serde_json::json!({
        "specversion": "1.0",
        "source": event.source,
        "type": event.kind.as_str(),
        "subject": event.subject,
        "time": rfc3339(event.time),
        "datacontenttype": "application/json",
        "tenant": event.tenant.as_str(),
        "data": data,
    });
    Sha256::digest(to_canonical(&value).as_bytes()).into()
}

/// The tie-break of an event.
pub fn tie(event: &Event) -> Tie {
    let mut tie = [0; 16];
    tie.copy_from_slice(&event_hash(event)[..16]);
    tie
}

/// Serializes with the keys of every object in byte order: what is written is a function of the content, whatever order
/// the library keeps members in.
pub struct Sorted<'a>(pub &'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().map(|(key, value)| (key, Sorted(value))).collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                serializer.collect_map(members)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            plain => plain.serialize(serializer),
        }
    }
}

/// JSON with the keys of every object in byte order and no white space.
pub fn to_canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_unstable();
            write_list(out, ('{', '}'), keys, |out, key| {
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            });
        }
        Value::Array(items) => write_list(out, ('[', ']'), items.iter().collect(), |out, item| write(item, out)),
        plain => out.push_str(&plain.to_string()),
    }
}

fn write_list<T>(out: &mut String, (open, close): (char, char), items: Vec<T>, mut one: impl FnMut(&mut String, T)) {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        one(out, item);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_show() {
        let one: Value = serde_json::from_str(r#"{"b":[1,{"d":null,"c":"x"}],"a":"\u00e4"}"#).expect("json");
        let expected = r#"{"a":"ä","b":[1,{"c":"x","d":null}]}"#;
        assert_eq!(to_canonical(&one), expected);
        assert_eq!(serde_json::to_string(&Sorted(&one)).expect("JSON"), expected);
    }
}
