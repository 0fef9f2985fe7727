//! `+ - * / %` and the sign. What a result costs is burnt before it is made.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::Error;
use jaq_core::ops::Math;

use super::fuel;
use super::value::{Array, Fallible, Members, Object, Value, extent};

impl Add for Value {
    type Output = Fallible;

    fn add(self, other: Self) -> Fallible {
        Ok(match (self, other) {
            (Self::Null, one) | (one, Self::Null) => one,
            (Self::Whole(left), Self::Whole(right)) => Self::whole(left + right),
            (Self::Text(left), Self::Text(right)) => joined(&[&left, &right]),
            (Self::Array(left), Self::Array(right)) => appended(left, &right),
            (Self::Object(left), Self::Object(right)) => {
                let mut members = owned(left);
                fuel::burn(right.members.len());
                members.extend(right.members.iter().map(|(name, value)| (name.clone(), value.clone())));
                Self::object(members)
            }
            (left, right) => return floats(left, Math::Add, right, |left, right| left + right),
        })
    }
}

impl Sub for Value {
    type Output = Fallible;

    fn sub(self, other: Self) -> Fallible {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => Ok(Self::whole(left - right)),
            (Self::Array(left), Self::Array(right)) => {
                let kept = |item: &&Value| !right.items.contains(item);
                let kept = left.items.iter().take_while(|_| fuel::burn(1)).filter(kept);
                Ok(Self::array(kept.cloned().collect()))
            }
            (left, right) => floats(left, Math::Sub, right, |left, right| left - right),
        }
    }
}

impl Mul for Value {
    type Output = Fallible;

    fn mul(self, other: Self) -> Fallible {
        match (self, other) {
            // Neither has more than 64 bits: what does not fit is a float.
            (Self::Whole(left), Self::Whole(right)) => {
                Ok(left.checked_mul(right).map_or(Self::Float(left as f64 * right as f64), Self::whole))
            }
            (Self::Text(text), times) | (times, Self::Text(text)) if times.number().is_some() => {
                Ok(repeated(&text, times.number().unwrap_or_default()))
            }
            (Self::Object(left), Self::Object(right)) => Ok(merged(left, &right)),
            (left, right) => floats(left, Math::Mul, right, |left, right| left * right),
        }
    }
}

impl Div for Value {
    type Output = Fallible;

    fn div(self, other: Self) -> Fallible {
        match (self, other) {
            (Self::Text(text), Self::Text(separator)) => {
                fuel::burn_text(text.len());
                let part = |part: &str| Self::text(part);
                let parts: Vec<Self> = if text.is_empty() {
                    Vec::new()
                } else if separator.is_empty() {
                    let mut letter = [0; 4];
                    text.chars().take_while(|_| fuel::burn(1)).map(|c| part(c.encode_utf8(&mut letter))).collect()
                } else {
                    text.split(&*separator).take_while(|_| fuel::burn(1)).map(part).collect()
                };
                Ok(Self::array(parts))
            }
            (Self::Whole(left), Self::Whole(right)) if right != 0 && left % right == 0 => Ok(Self::whole(left / right)),
            (left, right) => floats(left, Math::Div, right, |left, right| left / right),
        }
    }
}

impl Rem for Value {
    type Output = Fallible;

    fn rem(self, other: Self) -> Fallible {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) if right != 0 => Ok(Self::whole(left % right)),
            (left, Self::Whole(0)) => Err(Error::math(left, Math::Rem, Self::Whole(0))),
            (left, right) => floats(left, Math::Rem, right, |left, right| left % right),
        }
    }
}

impl Neg for Value {
    type Output = Fallible;

    fn neg(self) -> Fallible {
        match self {
            Self::Whole(number) => Ok(Self::whole(-number)),
            Self::Float(number) => Ok(Self::Float(-number)),
            other => Err(Error::typ(other, "number")),
        }
    }
}

fn floats(left: Value, operator: Math, right: Value, calculate: fn(f64, f64) -> f64) -> Fallible {
    match (left.number(), right.number()) {
        (Some(one), Some(two)) => Ok(Value::Float(calculate(one, two))),
        _ => Err(Error::math(left, operator, right)),
    }
}

fn joined(parts: &[&str]) -> Value {
    let length = parts.iter().map(|part| part.len()).sum();
    if fuel::burn_text(length) { Value::Text(parts.concat().into()) } else { Value::Null }
}

/// As often as the number says, rounded up; nothing for none.
fn repeated(text: &str, times: f64) -> Value {
    // A cast saturates, and what is too much is not made.
    let times = times.ceil() as usize;
    match text.len().checked_mul(times) {
        Some(length) if times > 0 && fuel::burn_text(length) => Value::Text(text.repeat(times).into()),
        Some(_) => Value::Null,
        None => {
            fuel::stop(fuel::Spent::Steps);
            Value::Null
        }
    }
}

/// In its own place where nobody else holds the list: a mapping that collects does not copy at each step.
fn appended(left: Rc<Array>, right: &Array) -> Value {
    let (size, depth) = (Value::Array(left.clone()).size(), Value::Array(left.clone()).depth());
    let (more, deeper) = extent(right.items.iter());
    let mut items = Rc::try_unwrap(left).map(|array| array.items).unwrap_or_else(|shared| {
        fuel::burn(shared.items.len());
        shared.items.clone()
    });
    fuel::burn(1 + right.items.len());
    items.extend(right.items.iter().cloned());
    Value::array_of(items, size + more - 1, depth.max(deeper))
}

/// The members of an object to change: a copy, unless nobody else holds it.
pub(super) fn owned(object: Rc<Object>) -> Members {
    Rc::try_unwrap(object).map(|object| object.members).unwrap_or_else(|shared| {
        fuel::burn(shared.members.len());
        shared.members.clone()
    })
}

/// Objects in objects are merged as well.
fn merged(left: Rc<Object>, right: &Object) -> Value {
    let mut members = owned(left);
    for (name, value) in &right.members {
        if !fuel::burn(1) {
            break;
        }
        let value = match (members.remove(name), value) {
            (Some(Value::Object(inner)), Value::Object(other)) => merged(inner, other),
            (_, value) => value.clone(),
        };
        members.insert(name.clone(), value);
    }
    Value::object(members)
}
