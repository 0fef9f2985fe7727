//! A JSON value as a mapping sees it: each knows how large and how deep it is, so none can be built that takes long to
//! walk, print or free. Objects are sorted by name: what a mapping gives never depends on chance.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use jaq_core::Error;
use serde_json::Number as JsonNumber;

use super::fuel::{self, Spent};

/// The largest value, counted as if nothing in it were shared.
const LARGEST: usize = 2_000_000;
const DEEPEST: u32 = 256;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// At most 64 bits, signed or not: ids are not rounded.
    Whole(i128),
    Float(f64),
    Text(Rc<str>),
    Array(Rc<Array>),
    Object(Rc<Object>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    pub(super) items: Vec<Value>,
    size: usize,
    depth: u32,
}

pub(super) type Members = BTreeMap<Rc<str>, Value>;

#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub(super) members: Members,
    size: usize,
    depth: u32,
}

pub(super) type Fallible<T = Value> = Result<T, Error<Value>>;

impl Value {
    pub(super) fn text(text: &str) -> Self {
        fuel::burn_text(text.len());
        Self::Text(text.into())
    }

    pub(super) fn whole(number: i128) -> Self {
        let fits = i128::from(i64::MIN) <= number && number <= i128::from(u64::MAX);
        if fits { Self::Whole(number) } else { Self::Float(number as f64) }
    }

    pub(super) fn array(items: Vec<Self>) -> Self {
        fuel::burn(1 + items.len());
        let (size, depth) = extent(items.iter());
        Self::array_of(items, size, depth)
    }

    /// An array whose extent is known.
    pub(super) fn array_of(items: Vec<Self>, size: usize, depth: u32) -> Self {
        if fits(size, depth) { Self::Array(Rc::new(Array { items, size, depth })) } else { Self::Null }
    }

    pub(super) fn object(members: Members) -> Self {
        fuel::burn(1 + members.len());
        let (size, depth) = extent(members.values());
        Self::object_of(members, size, depth)
    }

    pub(super) fn object_of(members: Members, size: usize, depth: u32) -> Self {
        if fits(size, depth) { Self::Object(Rc::new(Object { members, size, depth })) } else { Self::Null }
    }

    /// How many values and pieces of text it has, as if nothing in it were shared.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => 1 + text.len() / fuel::TEXT_BYTES_PER_UNIT,
            Self::Array(array) => array.size,
            Self::Object(object) => object.size,
            _ => 1,
        }
    }

    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Array(array) => array.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Fallible<&Rc<str>> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Error::typ(self.clone(), "string")),
        }
    }

    /// The place of an index in a list of that length, from its end when it is negative.
    pub(super) fn place(&self, length: usize) -> Option<usize> {
        let at = match self {
            Self::Whole(at) => *at,
            Self::Float(at) => at.floor() as i128,
            _ => return None,
        };
        usize::try_from(if at < 0 { at + length as i128 } else { at }).ok()
    }

    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Whole(_) | Self::Float(_) => 3,
            Self::Text(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }
}

/// Size and depth of what holds these.
pub(super) fn extent<'v>(parts: impl Iterator<Item = &'v Value>) -> (usize, u32) {
    parts.fold((1, 1), |(size, depth), part| (size + part.size(), depth.max(1 + part.depth())))
}

fn fits(size: usize, depth: u32) -> bool {
    if size > LARGEST {
        fuel::stop(Spent::Steps);
    } else if depth > DEEPEST {
        fuel::stop(Spent::Nesting);
    }
    size <= LARGEST && depth <= DEEPEST
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => {
                let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                whole.map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Whole)
            }
            Json::String(text) => Self::Text(text.as_str().into()),
            Json::Array(items) => {
                let items: Vec<Self> = items.iter().map(Self::from).collect();
                let (size, depth) = extent(items.iter());
                Self::array_of(items, size, depth)
            }
            Json::Object(members) => {
                let members: Members =
                    members.iter().map(|(name, value)| (name.as_str().into(), Self::from(value))).collect();
                let (size, depth) = extent(members.values());
                Self::object_of(members, size, depth)
            }
        }
    }
}

impl Value {
    /// The value outside of a run. A number that JSON does not have is null.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Whole(number) => {
                let signed = i64::try_from(*number).map(JsonNumber::from).ok();
                signed.or_else(|| u64::try_from(*number).map(JsonNumber::from).ok()).map_or(Json::Null, Json::Number)
            }
            Self::Float(number) => match whole_of(*number) {
                Some(whole) => Json::from(whole),
                None => JsonNumber::from_f64(*number).map_or(Json::Null, Json::Number),
            },
            Self::Text(text) => Json::String(text.to_string()),
            Self::Array(array) => Json::Array(array.items.iter().map(Self::to_json).collect()),
            Self::Object(object) => {
                Json::Object(object.members.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
            }
        }
    }
}

/// A float that counts something is written without a fraction.
fn whole_of(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !fuel::burn(self.size()) {
            return Ok(());
        }
        match self {
            Self::Text(text) => f.write_str(&serde_json::Value::from(&**text).to_string()),
            other => f.write_str(&other.to_json().to_string()),
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Self {
        Self::Whole(number as i128)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Whole(number as i128)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::array(items.into_iter().take_while(|_| fuel::burn(1)).collect())
    }
}

impl From<jaq_core::val::Range<Value>> for Value {
    fn from(range: jaq_core::val::Range<Value>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        Self::object(ends.into_iter().filter_map(|(name, end)| Some((name.into(), end?))).collect())
    }
}
