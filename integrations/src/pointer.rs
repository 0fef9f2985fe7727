//! Single members of a JSON body, by JSON pointer, without keeping the rest: for kinds, delivery keys and signed times.
//!
//! Texts, numbers and booleans are read as text. A member that stands there twice is unclear: two readers could
//! otherwise take different ones. A body is read through once, however many members are wanted of it.

use std::cell::OnceCell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A member stands there more than once, or the body is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

/// The members at these pointers; `None` unless all are there with a value.
pub(crate) fn read(body: &[u8], pointers: &[&'static str]) -> Result<Option<Vec<String>>, Unclear> {
    find(body, pointers, false)?.into_iter().map(Found::one).collect()
}

/// The whole number at this pointer, as its digits: what else stands there is none.
pub(crate) fn read_number(body: &[u8], pointer: &'static str) -> Result<Option<String>, Unclear> {
    find(body, &[pointer], true)?.pop().map_or(Ok(None), Found::one)
}

/// Members that may be asked for, of which none is unless the body is needed.
pub(crate) struct Sought<'b> {
    body: &'b [u8],
    pointers: Vec<&'static str>,
    found: OnceCell<Vec<Found>>,
}

impl<'b> Sought<'b> {
    pub(crate) fn new(body: &'b [u8], mut pointers: Vec<&'static str>) -> Self {
        pointers.sort_unstable();
        pointers.dedup();
        Self { body, pointers, found: OnceCell::new() }
    }

    /// The member at one of the pointers; `None` also where it is unclear, or the body is no JSON.
    pub(crate) fn get(&self, pointer: &str) -> Option<&str> {
        let found = self.found.get_or_init(|| find(self.body, &self.pointers, false).unwrap_or_default());
        let place = self.pointers.iter().position(|known| *known == pointer)?;
        match found.get(place)? {
            Found::One(value) => Some(value),
            Found::Nothing | Found::Twice => None,
        }
    }
}

/// What stands at a pointer.
#[derive(Clone)]
enum Found {
    Nothing,
    One(String),
    Twice,
}

impl Found {
    fn one(self) -> Result<Option<String>, Unclear> {
        match self {
            Self::Nothing => Ok(None),
            Self::One(value) => Ok(Some(value)),
            Self::Twice => Err(Unclear),
        }
    }
}

fn find(body: &[u8], pointers: &[&'static str], numbers: bool) -> Result<Vec<Found>, Unclear> {
    let mut found = vec![Found::Nothing; pointers.len()];
    let wanted: Vec<Wanted> =
        pointers.iter().enumerate().map(|(place, pointer)| Wanted { place, rest: pointer }).collect();
    // Checked once as a whole: a reader of bytes would check every text of its own.
    let text = std::str::from_utf8(body).map_err(|_| Unclear)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    Members { wanted, numbers, found: &mut found }.deserialize(&mut reader).map_err(|_| Unclear)?;
    reader.end().map_err(|_| Unclear)?;
    Ok(found)
}

/// A pointer that is still to be walked.
#[derive(Clone, Copy)]
struct Wanted {
    place: usize,
    /// `/a/b`; empty: this value is it.
    rest: &'static str,
}

impl Wanted {
    /// What is left of it inside the member of that name.
    fn inside(self, name: &str) -> Option<Self> {
        let rest = self.rest.strip_prefix('/')?.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(Self { rest, ..self })
    }
}

struct Members<'f> {
    wanted: Vec<Wanted>,
    /// Only whole numbers count.
    numbers: bool,
    found: &'f mut Vec<Found>,
}

impl Members<'_> {
    fn here(self, value: &str) {
        for wanted in self.wanted.iter().filter(|wanted| wanted.rest.is_empty()) {
            if let Found::Nothing = self.found[wanted.place] {
                self.found[wanted.place] = Found::One(value.to_owned());
            }
        }
    }

    fn within(&mut self, name: &str) -> Members<'_> {
        let wanted = self.wanted.iter().filter_map(|wanted| wanted.inside(name)).collect();
        Members { wanted, numbers: self.numbers, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.wanted.is_empty() {
            return IgnoredAny::deserialize(deserializer).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if !self.numbers {
            self.here(text);
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.here(&number.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.here(&number.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for place in 0usize.. {
            if list.next_element_seed(self.within(&place.to_string()))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut met = vec![false; self.wanted.len()];
        while let Some(name) = map.next_key::<crate::json::Text<'de>>()? {
            let inside = self.within(&name);
            let wanted = !inside.wanted.is_empty();
            map.next_value_seed(inside)?;
            if !wanted {
                continue;
            }
            for (met, pointer) in
                met.iter_mut().zip(&self.wanted).filter(|(_, pointer)| pointer.inside(&name).is_some())
            {
                if std::mem::replace(met, true) {
                    self.found[pointer.place] = Found::Twice;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &str, pointer: &'static str) -> Result<Option<String>, Unclear> {
        read(body.as_bytes(), &[pointer]).map(|found| found.map(|all| all.join(":")))
    }

    #[test]
    fn members_are_read_as_text_wherever_they_stand() {
        let body = r#"{"a":{"b":[{"c":1},{"c":"x"}],"d":true,"ab":2.5},"e":null,"a.b":3}"#;
        for (pointer, expected) in [
            ("/a/b/1/c", Some("x")),
            ("/a/b/0/c", Some("1")),
            ("/a/d", Some("true")),
            ("/a/ab", Some("2.5")),
            ("/e", None),
            ("/a", None),
            ("/a/b/2/c", None),
            ("/nothing", None),
        ] {
            assert_eq!(one(body, pointer), Ok(expected.map(str::to_owned)), "{pointer}");
        }
        let both = read(body.as_bytes(), &["/a/d", "/a/b/1/c"]);
        assert_eq!(both, Ok(Some(vec!["true".to_owned(), "x".to_owned()])));
        assert_eq!(read(body.as_bytes(), &["/a/d", "/e"]), Ok(None));
    }

    #[test]
    fn a_number_is_neither_a_text_nor_a_fraction() {
        for (body, expected) in [("12", Some("12")), ("\"12\"", None), ("12.0", None), ("1e3", None), ("true", None)] {
            let body = format!(r#"{{"a":{body}}}"#);
            assert_eq!(read_number(body.as_bytes(), "/a"), Ok(expected.map(str::to_owned)), "{body}");
        }
        assert_eq!(read_number(br#"{"a":1,"a":1}"#, "/a"), Err(Unclear));
    }

    #[test]
    fn what_stands_there_twice_is_unclear_only_where_it_is_looked_for() {
        assert_eq!(one(r#"{"a":1,"a":2}"#, "/a"), Err(Unclear));
        assert_eq!(one(r#"{"a":{"b":1},"a":{"b":1}}"#, "/a/b"), Err(Unclear));
        assert_eq!(one(r#"{"x":1,"x":2,"a":3}"#, "/a"), Ok(Some("3".into())));
        for body in ["", "{", "{\"a\":1}x", "[1,"] {
            assert_eq!(one(body, "/a"), Err(Unclear), "{body}");
        }
    }

    #[test]
    fn what_is_unclear_says_nothing_of_the_members_beside_it() {
        let sought = Sought::new(br#"{"a":1,"b":2,"a":{"c":3}}"#, vec!["/b", "/a", "/a/c", "/b", "/d"]);
        assert_eq!(
            ["/a", "/a/c", "/b", "/d", "/e"].map(|pointer| sought.get(pointer)),
            [None, None, Some("2"), None, None]
        );
        assert_eq!(Sought::new(b"{\"a\":1}x", vec!["/a"]).get("/a"), None);
        assert_eq!(Sought::new(b"{\"a\":\"\xff\"}", vec!["/a"]).get("/a"), None);
    }
}
