//! The fields of a payload: each is read once, and everything that is wrong is said with its place.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::Fault;

/// Reads the members of an object. What is wrong is gathered; the value read in its place is empty.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(members: &'a Map<String, Value>) -> Self {
        Self { members, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        let name = name.replace('~', "~0").replace('/', "~1");
        self.faults.push(Fault { pointer: format!("/{name}"), detail: detail.into() });
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn optional(&mut self, name: &str, cap_chars: usize) -> Option<String> {
        let value = self.member(name)?;
        let text = value.as_str().map(str::trim_end).filter(|text| !text.trim().is_empty());
        match text {
            Some(text) if text.chars().count() <= cap_chars => Some(text.to_owned()),
            _ => {
                self.fault(name, format!("takes a text of 1 to {cap_chars} characters"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, name: &str, cap_chars: usize) -> String {
        if self.member(name).is_none() {
            self.fault(name, format!("is missing: a text of 1 to {cap_chars} characters"));
        }
        self.optional(name, cap_chars).unwrap_or_default()
    }

    /// A text of a form of its own. `None` with or without a fault.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.optional(name, 2_048)?;
        text.parse().map_err(|error: T::Err| self.fault(name, error.to_string())).ok()
    }

    pub(super) fn number(&mut self, name: &str, (least, most): (u64, u64)) -> Option<u64> {
        let value = self.member(name)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let fits = number.filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            self.fault(name, format!("takes a whole number from {least} to {most}"));
        }
        fits
    }

    /// A list of texts, or one text.
    pub(super) fn list(&mut self, name: &str, (most, cap_chars): (usize, usize)) -> Vec<String> {
        let texts = match self.member(name) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
            Some(one) => one.as_str().map(|text| vec![text]),
        };
        let fits = |text: &&str| !text.trim().is_empty() && text.chars().count() <= cap_chars;
        match texts.filter(|texts| texts.len() <= most && texts.iter().all(fits)) {
            Some(texts) => texts.into_iter().map(|text| text.trim().to_owned()).collect(),
            None => {
                self.fault(name, format!("takes up to {most} texts of 1 to {cap_chars} characters"));
                Vec::new()
            }
        }
    }

    /// An object of at most so many bytes of JSON.
    pub(super) fn object(&mut self, name: &str, cap_bytes: usize) -> Map<String, Value> {
        match self.member(name) {
            None => Map::new(),
            Some(Value::Object(object)) if Value::Object(object.clone()).to_string().len() <= cap_bytes => {
                object.clone()
            }
            Some(_) => {
                self.fault(name, format!("takes an object of at most {cap_bytes} bytes"));
                Map::new()
            }
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.member(name)?;
        let found = words.iter().find(|(word, _)| value == word).map(|(_, means)| *means);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("takes {}", words.join(", ")));
        }
        found
    }

    /// What is wrong, members that nobody asked for among it.
    pub(super) fn finish(mut self, known: &[&str]) -> Vec<Fault> {
        let members = self.members;
        for name in members.keys().filter(|name| *name != "kind" && !known.contains(&name.as_str())) {
            self.fault(name, format!("is unknown: this action takes {}", known.join(", ")));
        }
        self.faults
    }
}
