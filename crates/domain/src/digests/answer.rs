//! A model's answer as text, read strictly: one JSON object of the asked shape, bare or in one fence.
//!
//! Two members of one name, members that nobody asked for, and anything beside the object are refused: what can be read
//! in two ways is read in none. `numbers` may stand there and is passed over: numbers are the material's.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use uuid::Uuid;

use super::About;

/// Longer answers are not read at all.
const LONGEST: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) headline: String,
    pub(super) sections: Vec<Section>,
    #[serde(default)]
    #[serde(rename = "numbers")]
    _numbers: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub(super) kind: About,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) event_ids: Vec<String>,
    /// Passed over: how severe it is, the events say.
    #[serde(default)]
    #[serde(rename = "severity")]
    _severity: Option<IgnoredAny>,
}

/// The answer, or why it is none, in words for a model.
pub(super) fn read(text: &str) -> Result<Answer, String> {
    if text.len() > LONGEST {
        return Err("it is far too long".to_owned());
    }
    let json = unfenced(text.trim())?;
    // Typed reading tells of members that stand twice, but not within what is passed over.
    let mut reader = serde_json::Deserializer::from_str(json);
    Once.deserialize(&mut reader).and_then(|()| reader.end()).map_err(said)?;
    serde_json::from_str(json).map_err(said)
}

/// An id as it is written; capitals and the form without dashes name the same event.
pub(super) fn event_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.trim()).ok()
}

fn said(error: serde_json::Error) -> String {
    crate::inert::inert(&error.to_string(), 160)
}

fn unfenced(text: &str) -> Result<&str, String> {
    let Some(fenced) = text.strip_prefix("```") else {
        return match text.split_once("```json") {
            Some((_, fenced)) => only_fence(fenced),
            None => Ok(text),
        };
    };
    only_fence(fenced.strip_prefix("json").unwrap_or(fenced))
}

fn only_fence(text: &str) -> Result<&str, String> {
    match text.split_once("\n```") {
        Some((inside, after)) if !after.contains("```") => Ok(inside.trim()),
        Some(_) => Err("it has more than one block".to_owned()),
        None => text.trim_end().strip_suffix("```").map(str::trim).ok_or_else(|| "its block does not end".to_owned()),
    }
}

/// Reads anything and keeps nothing: no object has a member twice.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member stands twice"));
            }
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_of_the_shape_is_read() {
        let good = r#"{"headline":"a","sections":[{"kind":"risk","items":[{"text":"t","event_ids":["x"],"severity":"low"}]}],"numbers":[]}"#;
        for text in
            [good.to_owned(), format!("```json\n{good}\n```"), format!("Here it is:\n```json\n{good}\n```\nDone.")]
        {
            assert_eq!(read(&text).expect("an answer").sections[0].items.len(), 1, "{text}");
        }
        for text in [
            "",
            "sorry",
            "{}",
            "[]",
            r#"{"headline":"a","headline":"b","sections":[]}"#,
            r#"{"headline":"a","sections":[],"numbers":[{"a":1,"a":2}]}"#,
            r#"{"headline":"a","sections":[],"approve":true}"#,
            r#"{"headline":"a","sections":[]} {"headline":"b","sections":[]}"#,
            r#"{"headline":"a","sections":[{"kind":"gossip","items":[]}]}"#,
            r#"{"headline":"a","sections":["#,
            "```json\n{\"headline\":\"a\",\"sections\":[]}\n```\n```json\n{}\n```",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
