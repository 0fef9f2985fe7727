//! Reads what a mapping made into the nouns of `domain::data`, strictly: an unknown field or one of another type is a
//! misfit that names the field, never its value.
//!
//! The nouns say themselves which fields they have and what each holds (serde tells a deserializer), so a noun or field
//! that is added there can be mapped at once. Texts are cleaned and capped on their way in, ids may be numbers, times
//! are any that the sources write, and what is `null` or empty is absent.

use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use domain::rules::Rules;
use domain::text::clean;
use domain::time;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Map, Value as Json};

use super::misfit::Misfit;
use crate::drafts::{MESSAGE, MOST_LABELS, NAME, TITLE, URL, sha};

pub(super) type Members = Map<String, Json>;

/// What `T` is made of: the names of its fields.
pub(super) fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // It fails as soon as it has told its fields.
    let _ = T::deserialize(Probe(&mut found));
    found
}

struct Probe<'p>(&'p mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::default())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Misfit> {
        *self.0 = fields;
        Err(Misfit::default())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Reads the fields of `T` among these members; others are another's.
pub(super) fn read<'de, T: Deserialize<'de>>(members: &Members, rules: &Rules) -> Result<T, Misfit> {
    let known = fields::<T>();
    let own: Vec<(&str, &Json)> = members
        .iter()
        .filter(|(name, _)| known.contains(&name.as_str()))
        .map(|(name, value)| (&**name, value))
        .collect();
    T::deserialize(Whole { members: own, rules })
}

/// An object whose fields are known to be right by name.
struct Whole<'v> {
    members: Vec<(&'v str, &'v Json)>,
    rules: &'v Rules,
}

impl<'de> Deserializer<'de> for Whole<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let rules = self.rules;
        visitor.visit_map(Fields { left: self.members.into_iter(), next: None, rules })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// One value in a field of that name.
struct Field<'v> {
    name: &'v str,
    value: &'v Json,
    rules: &'v Rules,
}

impl Field<'_> {
    fn is_absent(&self) -> bool {
        match self.value {
            Json::Null => true,
            Json::String(text) if is_sha(self.name) => sha(Some(text)).is_none(),
            // A year that sources write for "none" is none, whatever the field is.
            Json::String(text) => text.trim().is_empty() || matches!(time::strict(self.value), Ok(None)),
            _ => false,
        }
    }

    fn text(&self) -> Result<String, Misfit> {
        match self.value {
            Json::String(text) if is_sha(self.name) => Ok(sha(Some(text)).unwrap_or_default()),
            Json::String(text) => Ok(clean(text.trim(), cap(self.name))),
            Json::Number(number) => Ok(number.to_string()),
            _ => Err(Misfit::new("", "takes a text")),
        }
    }

    fn time(&self) -> Result<DateTime<Utc>, Misfit> {
        time_of(self.value)?.ok_or_else(|| Misfit::new("", NO_TIME))
    }

    fn list(&self) -> Result<&[Json], Misfit> {
        self.value.as_array().map(Vec::as_slice).ok_or_else(|| Misfit::new("", "takes a list"))
    }
}

const NO_TIME: &str = "takes a time: RFC 3339, or seconds";

/// `None` for what stands for none.
pub(super) fn time_of(value: &Json) -> Result<Option<DateTime<Utc>>, Misfit> {
    time::strict(value).map_err(|_| Misfit::new("", NO_TIME))
}

/// What is none of these is no commit, like the `HEAD` of a build that does not know its own yet.
fn is_sha(name: &str) -> bool {
    matches!(name, "commit_sha" | "sha" | "head_sha" | "landed_sha" | "base_sha" | "before" | "after" | "parents")
}

fn cap(name: &str) -> usize {
    match name {
        "url" => URL,
        "title" | "message_head" | "text_head" => TITLE,
        "message" | "reason" | "files" | "trailers" => MESSAGE,
        "labels" => 100,
        _ => NAME,
    }
}

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::new("", "is of a type that no field has"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.value.as_bool().ok_or_else(|| Misfit::new("", "takes true or false"))?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_i64(self.value.as_i64().ok_or_else(|| Misfit::new("", "takes a whole number"))?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_f64(self.value.as_f64().ok_or_else(|| Misfit::new("", "takes a number"))?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_string(self.text()?)
    }

    /// Only times ask for this: no noun borrows its texts.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(&rfc3339(self.time()?))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let word = self.value.as_str().ok_or_else(|| Misfit::unknown_variant("", words))?;
        visitor.visit_enum(StrDeserializer::new(word))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let most = if self.name == "labels" { MOST_LABELS } else { usize::MAX };
        let items = self.list()?.iter().enumerate().take(most);
        visitor.visit_seq(Items { name: self.name, left: items, rules: self.rules })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Misfit> {
        let items = self.list()?;
        if items.len() != length {
            return Err(Misfit::new("", format!("takes a list of {length}")));
        }
        visitor.visit_seq(Items { name: self.name, left: items.iter().enumerate().take(length), rules: self.rules })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        kind: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let made = (kind == "Actor").then(|| actor(self.value, self.rules)).flatten();
        let members = made.as_ref().or(self.value.as_object()).ok_or_else(|| Misfit::new("", "takes an object"))?;
        if let Some(unknown) = members.keys().find(|name| !fields.contains(&name.as_str())) {
            return Err(Misfit::new(&clean(unknown, 60), format!("is none of {}", fields.join(", "))));
        }
        let members = members.iter().map(|(name, value)| (name.as_str(), value));
        visitor.visit_map(Fields { left: members, next: None, rules: self.rules })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 char bytes byte_buf unit unit_struct newtype_struct tuple_struct map identifier
        ignored_any
    }
}

/// A person, who may be given by login alone; whether it is a bot is for the rules to say, beside the source.
fn actor(value: &Json, rules: &Rules) -> Option<Members> {
    let mut members = match value {
        Json::String(login) => Members::from_iter([("login".to_owned(), Json::from(login.as_str()))]),
        Json::Object(members) => members.clone(),
        _ => return None,
    };
    let marked = match members.get("bot") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(marked)) => *marked,
        // Told as a misfit when it is read.
        Some(_) => return Some(members),
    };
    let bot = rules.is_bot(members.get("login").and_then(Json::as_str).unwrap_or_default(), marked);
    members.insert("bot".to_owned(), bot.into());
    Some(members)
}

struct Fields<'v, I> {
    left: I,
    next: Option<(&'v str, &'v Json)>,
    rules: &'v Rules,
}

impl<'de, 'v, I: Iterator<Item = (&'v str, &'v Json)>> MapAccess<'de> for Fields<'v, I> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        // Lists have no way to be absent: `null` is left out for all.
        self.next = self.left.by_ref().find(|(_, value)| !value.is_null());
        let Some((name, _)) = self.next else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let (name, value) = self.next.take().ok_or_else(Misfit::default)?;
        seed.deserialize(Field { name, value, rules: self.rules }).map_err(|misfit| misfit.inside(name))
    }
}

struct Items<'v, I> {
    name: &'v str,
    left: I,
    rules: &'v Rules,
}

impl<'de, 'v, I: Iterator<Item = (usize, &'v Json)>> SeqAccess<'de> for Items<'v, I> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((at, value)) = self.left.next() else { return Ok(None) };
        let item = Field { name: self.name, value, rules: self.rules };
        seed.deserialize(item).map(Some).map_err(|misfit| misfit.inside(&format!("[{at}]")))
    }
}
