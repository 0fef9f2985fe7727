//! Looking into values and changing them in place, as the language's paths do.

use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValT, ValX};

use super::arithmetic::owned;
use super::fuel;
use super::value::{Array, Fallible, Members, Value};

impl ValT for Value {
    fn from_num(number: &str) -> Fallible {
        Ok(match number.parse::<i128>() {
            Ok(whole) => Self::whole(whole),
            Err(_) => Self::Float(number.parse().unwrap_or(f64::NAN)),
        })
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> Fallible {
        let pair = |(name, value): (Self, Self)| Ok((name.as_text()?.clone(), value));
        Ok(Self::object(pairs.into_iter().map(pair).collect::<Fallible<Members>>()?))
    }

    fn key_values(self) -> BoxIter<'static, Fallible<(Self, Self)>> {
        match self {
            Self::Array(array) => Box::new(places(&array).map(move |at| Ok((Self::from(at), array.items[at].clone())))),
            Self::Object(object) => Box::new(
                object.members.clone().into_iter().take_while(|_| fuel::burn(1)).map(|(k, v)| Ok((Self::Text(k), v))),
            ),
            other => box_once(Err(no_parts(other))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = Fallible>> {
        match self {
            Self::Array(array) => Box::new(places(&array).map(move |at| Ok(array.items[at].clone()))),
            Self::Object(object) => {
                let values: Vec<Self> = object.members.values().cloned().collect();
                Box::new(values.into_iter().take_while(|_| fuel::burn(1)).map(Ok))
            }
            other => box_once(Err(no_parts(other))),
        }
    }

    fn index(self, index: &Self) -> Fallible {
        fuel::burn(1);
        match (&self, index) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Object(object), Self::Text(name)) => Ok(object.members.get(name).cloned().unwrap_or(Self::Null)),
            (Self::Array(array), Self::Whole(_) | Self::Float(_)) => {
                let item = index.place(array.items.len()).and_then(|at| array.items.get(at));
                Ok(item.cloned().unwrap_or(Self::Null))
            }
            (Self::Array(_), Self::Array(_)) => super::natives::indices(&self, index),
            (Self::Array(_) | Self::Text(_), Self::Object(ends)) => {
                self.clone().range(ends.members.get("start")..ends.members.get("end"))
            }
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> Fallible {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Text(text) => {
                fuel::burn_text(text.len());
                let (skip, take) = bounds(&range, text.chars().count())?;
                Ok(Self::text(&text.chars().skip(skip).take(take).collect::<String>()))
            }
            Self::Array(array) => {
                let (skip, take) = bounds(&range, array.items.len())?;
                fuel::burn(take);
                Ok(Self::array(array.items[skip..skip + take].to_vec()))
            }
            other => Err(Error::typ(other, "rangeable (array or string)")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Array(array) => {
                let items = array.items.iter().take_while(|_| fuel::burn(1)).cloned();
                Ok(Self::array(items.flat_map(change).collect::<Result<_, _>>()?))
            }
            Self::Object(object) => {
                let members = object.members.iter().take_while(|_| fuel::burn(1));
                let changed = members.filter_map(|(name, value)| {
                    change(value.clone()).next().map(|changed| Ok((name.clone(), changed?)))
                });
                Ok(Self::object(changed.collect::<Result<Members, Exn<'a, Self>>>()?))
            }
            other => opt.fail(other, |other| Exn::from(no_parts(other))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (self, index) {
            (Self::Null, Self::Text(name)) => put(Members::new(), name, change),
            (Self::Object(object), Self::Text(name)) => put(owned(object), name, change),
            (value @ (Self::Array(_) | Self::Text(_)), Self::Object(ends)) => {
                value.map_range(ends.members.get("start")..ends.members.get("end"), opt, change)
            }
            (Self::Array(array), index) => match index.place(array.items.len()) {
                Some(at) if at < array.items.len() => {
                    fuel::burn(array.items.len());
                    let mut items = array.items.clone();
                    match change(std::mem::replace(&mut items[at], Self::Null)).next().transpose()? {
                        Some(changed) => items[at] = changed,
                        None => {
                            items.remove(at);
                        }
                    }
                    Ok(Self::array(items))
                }
                _ => opt.fail(Self::Array(array), |_| Exn::from(Error::str("index out of bounds"))),
            },
            (other, index) => opt.fail(other, |other| Exn::from(Error::index(other, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let Self::Array(array) = self else {
            return opt.fail(self, |other| Exn::from(Error::typ(other, "array")));
        };
        let (skip, take) = bounds(&range, array.items.len())?;
        fuel::burn(array.items.len());
        let middle = Self::array(array.items[skip..skip + take].to_vec());
        let changed = match change(middle).next().transpose()? {
            Some(Self::Array(changed)) => changed.items.clone(),
            Some(other) => return Err(Error::typ(other, "array").into()),
            None => Vec::new(),
        };
        let (before, after) = (&array.items[..skip], &array.items[skip + take..]);
        Ok(Self::array([before, &changed, after].concat()))
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) => self,
            other => Self::text(&other.to_string()),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Array(array) => Ok(places(&array).map(|at| array.items[at].clone()).collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Whole(number) => isize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        self.number()
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        let Self::Text(text) = self else { return None };
        fuel::burn_text(text.len());
        Some(text.as_bytes())
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::text(&String::from_utf8_lossy(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(&String::from_utf8_lossy(bytes.as_ref()))
    }
}

fn places(array: &Rc<Array>) -> impl Iterator<Item = usize> + use<> {
    (0..array.items.len()).take_while(|_| fuel::burn(1))
}

fn no_parts(value: Value) -> Error<Value> {
    Error::typ(value, "iterable (array or object)")
}

/// How many parts are skipped and how many taken.
fn bounds(range: &Range<&Value>, length: usize) -> Fallible<(usize, usize)> {
    let place = |end: &Option<&Value>, otherwise: usize| match end {
        None | Some(Value::Null) => Ok(otherwise),
        Some(value) if value.number().is_some() => {
            // What counts from the end and goes beyond the start is the start.
            Ok(value.place(length).map_or(0, |at| at.min(length)))
        }
        Some(other) => Err(Error::typ((*other).clone(), "number")),
    };
    let (from, to) = (place(&range.start, 0)?, place(&range.end, length)?);
    Ok((from, to.saturating_sub(from)))
}

fn put<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut members: Members,
    name: &Rc<str>,
    change: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let old = members.remove(name).unwrap_or(Value::Null);
    if let Some(changed) = change(old).next().transpose()? {
        members.insert(name.clone(), changed);
    }
    Ok(Value::object(members))
}
