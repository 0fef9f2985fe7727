//! Typed reading of JSON bodies: strings borrowed from the body where they can be, ids that may be number or text,
//! and reasons that never repeat what the body said.

use std::borrow::Cow;
use std::fmt;

use domain::text::clean;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::integration::Unreadable;

/// Reads a whole body as JSON.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    if body.trim_ascii().is_empty() {
        return Err(Unreadable::new("the body is empty"));
    }
    serde_json::from_slice(body).map_err(|error| Unreadable::new(reason(&error)))
}

/// What is wrong, and where.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax | Category::Io => "the body is no valid JSON",
        Category::Eof => "the JSON ends too early",
        Category::Data => "a field is missing, sent twice or of another type than documented",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// What is wrong with one fact of a batch. The kind is checked first, so that its sender sees what to mend.
pub(crate) fn fact_reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if said.starts_with("unknown variant") {
        return "the kind is none of commit, change, deployment, incident, link, image".to_owned();
    }
    // serde names a missing field by our own word for it; other messages may repeat what the body says.
    match said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => format!("the field {field} is missing"),
        None => "a field is of another type than documented, or sent twice".to_owned(),
    }
}

/// Text that is borrowed from the body unless it holds escapes. (serde borrows a `Cow` only outside of `Option`.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// The text, fit to leave the delivery's row.
    pub(crate) fn clean(&self, cap: usize) -> String {
        clean(&self.0, cap)
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// An id that sources write as a number or as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: a text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                let id = clean(text.trim(), 200);
                if id.is_empty() { Err(E::custom("an id must not be empty")) } else { Ok(Id(id)) }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}
