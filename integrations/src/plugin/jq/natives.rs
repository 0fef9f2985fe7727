//! The functions that are no definitions. None reads a clock, the environment, files or other inputs, and each burns
//! what it costs: `range` for every number, the others for the size of what they read and give.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use jaq_core::box_iter::box_once;
use jaq_core::data::JustLut;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Bind, Error, Exn, Native, RunPtr, ValX};

use super::fuel;
use super::patterns;
use super::value::{Fallible, Value};

pub(super) type Kind = JustLut<Value>;

/// What begins every step. No program can name it, or give the name another meaning.
pub(super) const STEP: &str = "!step";
/// What begins every call.
pub(super) const CALL: &str = "!call";

/// Of those that come with the engine, what would end the program.
const LEFT_OUT: &[&str] = &["halt"];

/// Ours first: of two with the same name the first counts.
pub(super) fn natives() -> Vec<Fun<Kind>> {
    let theirs = jaq_core::funs::<Kind>().chain(jaq_std::base_funs::<Kind>());
    let theirs = theirs.filter(|(name, ..)| !LEFT_OUT.contains(name));
    [(STEP, v(0), step()), (CALL, v(0), call())].into_iter().chain(values()).chain(texts()).chain(theirs).collect()
}

type Plain = (&'static str, Box<[Bind]>, RunPtr<Kind>);

fn step() -> Native<Kind> {
    Native::new(|cv| box_once(counted(1).map(|()| cv.1)))
        .with_paths(|cv| box_once(counted(1).map(|()| cv.1)))
        .with_update(|cv, change| match counted(1) {
            Ok(()) => change(cv.1),
            Err(error) => box_once(Err(error)),
        })
}

fn call() -> Native<Kind> {
    Native::new(|cv| box_once(counted(fuel::CALL).map(|()| cv.1)))
        .with_paths(|cv| box_once(counted(fuel::CALL).map(|()| cv.1)))
        .with_update(|cv, change| match counted(fuel::CALL) {
            Ok(()) => change(cv.1),
            Err(error) => box_once(Err(error)),
        })
}

fn counted<'a>(units: usize) -> Result<(), Exn<'a, Value>> {
    if fuel::step(units) { Ok(()) } else { Err(Error::new(Value::Null).into()) }
}

fn values() -> Vec<Fun<Kind>> {
    let natives: [Plain; 6] = [
        ("range", v(3), |mut cv| {
            let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            Box::new(range(from, to, by))
        }),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("has", v(1), |cv| unary(cv, |value, name| has(&value, &name))),
        ("contains", v(1), |cv| unary(cv, |value, other| Ok(contains(&value, &other).into()))),
        ("indices", v(1), |cv| unary(cv, |value, other| indices(&value, &other))),
        ("tojson", v(0), |cv| bome(Ok(Value::text(&cv.1.to_string())))),
    ];
    natives.into_iter().map(run::<Kind>).collect()
}

fn texts() -> Vec<Fun<Kind>> {
    let natives: [Plain; 8] = [
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("encode_base64", v(0), |cv| bome(cv.1.as_text().map(|text| Value::text(&STANDARD.encode(text.as_bytes()))))),
        ("decode_base64", v(0), |cv| bome(decoded(&cv.1))),
        ("fromdateiso8601", v(0), |cv| bome(from_date(&cv.1))),
        ("todateiso8601", v(0), |cv| bome(to_date(&cv.1))),
        ("matches", v(2), |cv| patterns::run(cv, patterns::Wanted::Matches)),
        ("split_matches", v(2), |cv| patterns::run(cv, patterns::Wanted::Both)),
        ("split_", v(2), |cv| patterns::run(cv, patterns::Wanted::Between)),
    ];
    natives.into_iter().map(run::<Kind>).collect()
}

fn range<'a>(from: Value, to: Value, by: Value) -> impl Iterator<Item = ValX<'a, Value>> {
    let up = by > Value::Whole(0);
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let at = next.take()?;
        let inside = if up { at < to } else { by != Value::Whole(0) && at > to };
        if !inside || !fuel::burn(1) {
            return None;
        }
        match at.clone() + by.clone() {
            Ok(following) => next = Some(following),
            Err(error) => return Some(Err(error.into())),
        }
        Some(Ok(at))
    })
}

fn length(value: &Value) -> Fallible {
    Ok(match value {
        Value::Null => Value::Whole(0),
        Value::Whole(number) => Value::whole(number.abs()),
        Value::Float(number) => Value::Float(number.abs()),
        Value::Text(text) => {
            fuel::burn_text(text.len());
            text.chars().count().into()
        }
        Value::Array(array) => array.items.len().into(),
        Value::Object(object) => object.members.len().into(),
        Value::Bool(_) => return Err(Error::typ(value.clone(), "what has a length")),
    })
}

fn has(value: &Value, name: &Value) -> Fallible {
    match (value, name) {
        (Value::Object(object), Value::Text(name)) => Ok(object.members.contains_key(name).into()),
        (Value::Array(array), Value::Whole(_)) => {
            Ok(name.place(array.items.len()).is_some_and(|at| at < array.items.len()).into())
        }
        _ => Err(Error::index(value.clone(), name.clone())),
    }
}

fn contains(value: &Value, other: &Value) -> bool {
    match (value, other) {
        _ if !fuel::burn(1) => false,
        (Value::Text(text), Value::Text(part)) => {
            fuel::burn_text(text.len());
            text.contains(&**part)
        }
        (Value::Array(left), Value::Array(right)) => {
            right.items.iter().all(|one| left.items.iter().any(|item| contains(item, one)))
        }
        (Value::Object(left), Value::Object(right)) => right
            .members
            .iter()
            .all(|(name, value)| left.members.get(name).is_some_and(|member| contains(member, value))),
        _ => value == other,
    }
}

/// Where in a list or text the other stands.
pub(super) fn indices(value: &Value, other: &Value) -> Fallible {
    let places: Vec<Value> = match (value, other) {
        (Value::Null, _) => return Ok(Value::Null),
        (Value::Text(text), Value::Text(part)) => {
            fuel::burn_text(text.len());
            let starts = text.char_indices().enumerate().take_while(|_| fuel::burn(1));
            starts
                .filter(|(_, (at, _))| !part.is_empty() && text[*at..].starts_with(&**part))
                .map(|(n, _)| n.into())
                .collect()
        }
        (Value::Array(array), Value::Array(part)) if part.items.is_empty() => {
            fuel::burn(array.items.len());
            Vec::new()
        }
        (Value::Array(array), Value::Array(part)) => {
            let windows = array.items.windows(part.items.len()).enumerate().take_while(|_| fuel::burn(1));
            windows.filter(|(_, window)| *window == part.items).map(|(at, _)| at.into()).collect()
        }
        (Value::Array(array), one) => {
            let items = array.items.iter().enumerate().take_while(|_| fuel::burn(1));
            items.filter(|(_, item)| *item == one).map(|(at, _)| at.into()).collect()
        }
        _ => return Err(Error::index(value.clone(), other.clone())),
    };
    Ok(Value::array(places))
}

fn from_json(value: &Value) -> Fallible {
    let text = value.as_text()?;
    if !fuel::burn(1 + text.len()) {
        return Ok(Value::Null);
    }
    let read: Result<serde_json::Value, _> = serde_json::from_str(text);
    read.map(|json| Value::from(&json)).map_err(|_| Error::str("the text is no JSON"))
}

fn decoded(value: &Value) -> Fallible {
    let bytes = STANDARD.decode(value.as_text()?.as_bytes()).map_err(|_| Error::str("the text is no base64"))?;
    Ok(Value::text(&String::from_utf8_lossy(&bytes)))
}

/// Any time that the sources write, in seconds.
fn from_date(value: &Value) -> Fallible {
    let time = domain::time::parse(value.as_text()?).ok_or_else(|| Error::str("the text is no time"))?;
    Ok(match time.timestamp_subsec_micros() {
        0 => Value::Whole(time.timestamp().into()),
        _ => Value::Float(time.timestamp_micros() as f64 / 1e6),
    })
}

fn to_date(value: &Value) -> Fallible {
    let seconds = value.number().ok_or_else(|| Error::typ(value.clone(), "number"))?;
    let time: Option<DateTime<Utc>> = DateTime::from_timestamp_micros((seconds * 1e6) as i64);
    time.map(|time| Value::text(&rfc3339(time))).ok_or_else(|| Error::str("the number is no time"))
}
