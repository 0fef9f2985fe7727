//! Typed reading of JSON bodies: strings borrowed from the body where they can be, ids that may be number or text,
//! and reasons that never repeat what the body said.

use std::borrow::Cow;
use std::fmt;

use domain::text::clean;
use domain::time;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::integration::Unreadable;

/// Reads a whole body as JSON.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    if body.trim_ascii().is_empty() {
        return Err(Unreadable::new("the body is empty"));
    }
    // Checked once as a whole: a reader of bytes would check every text of its own.
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::new("the body is not UTF-8"))?;
    serde_json::from_str(text)
        .map_err(|error| Unreadable { repeats: repeats(&error), ..Unreadable::new(reason(&error)) })
}

/// What is wrong, and where.
fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax | Category::Io => "the body is no valid JSON".to_owned(),
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Data => field_reason(error),
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// What is wrong with a field. serde names one by our own word for it; its other messages may repeat what the body says.
pub(crate) fn field_reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let field = |start: &str| Some(said.strip_prefix(start)?.split('`').next()?.to_owned());
    if said.starts_with("unknown variant") {
        return "the kind is none of commit, change, deployment, incident, link, image".to_owned();
    }
    if said.starts_with(time::NO_TIME) {
        return "a time is neither RFC 3339 nor seconds since 1970".to_owned();
    }
    match (field("missing field `"), field(REPEATED)) {
        (Some(missing), _) => format!("the field {missing} is missing"),
        (_, Some(twice)) => format!("the field {twice} is sent twice"),
        _ => "a field is of another type than documented".to_owned(),
    }
}

/// Whether that is all that is wrong so far: a field stands there more than once.
pub(crate) fn repeats(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with(REPEATED)
}

const REPEATED: &str = "duplicate field `";

/// The body with only the last of fields that stand in it more than once, as most readers of JSON take it.
pub(crate) fn last_of_each(body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    Ok(read::<Value>(body)?.to_string().into_bytes())
}

/// What `of` makes of a body. One that gives a field more than once is taken with the last of each.
pub(crate) fn tolerating_repeats<T>(body: &[u8], of: impl Fn(&[u8]) -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    match of(body) {
        Err(why) if why.repeats => of(&last_of_each(body)?),
        other => other,
    }
}

/// The body without some members of its object, every other one as it was sent; `None` when there is nothing to take
/// out, or no object.
pub(crate) fn without(body: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let Members(members) = read(body).ok()?;
    let whole = members.len();
    let kept: Vec<String> = members
        .into_iter()
        .filter(|(name, _)| !names.contains(&&**name))
        .map(|(name, value)| format!("{}:{}", Value::from(&*name), value.get()))
        .collect();
    (kept.len() < whole).then(|| format!("{{{}}}", kept.join(",")).into_bytes())
}

/// The members of an object in order, also those that stand there twice.
struct Members<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// For `deserialize_with`: a list; `null` is an empty one, and `null` in it is nothing.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(list.unwrap_or_default().into_iter().flatten().collect())
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

/// An object of texts under free names, in order: labels, annotations. Numbers and truth values count as they are written,
/// `null` and what holds more than one value as if it were not there; so does what is no object at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, Scalar(value))) = map.next_entry()? {
                    pairs.extend(value.map(|value| (name, value)));
                }
                Ok(Pairs(pairs))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Pairs::default())
            }
        }

        deserializer.deserialize_any(PairsVisitor)
    }
}

/// A text, number or truth value as text; anything else is nothing.
struct Scalar<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self(match raw.get().as_bytes().first() {
            Some(b'"') => Some(serde_json::from_str(raw.get()).map_err(D::Error::custom)?),
            Some(b'{' | b'[' | b'n') | None => None,
            Some(_) => Some(Text(Cow::Borrowed(raw.get()))),
        }))
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
