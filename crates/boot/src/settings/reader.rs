//! Takes one setting after the other out of the environment and remembers what is wrong with them.
//!
//! Every name has a twin `NAME_FILE` that names a file to read the value from. Set and empty counts as not set. What
//! is bad is noted and the default is used, so that all of it can be told at once; the caller must not start with it.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use secrecy::SecretString;

use crate::environment::Variables;

/// One setting that a start cannot accept, as the one line that is printed for it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}: got {got}, takes {takes}")]
pub struct BadSetting {
    pub name: String,
    /// What it was set to; a placeholder for secrets.
    pub got: String,
    /// What it takes, in words.
    pub takes: String,
}

pub(super) const HIDDEN: &str = "a value that is not shown";
/// Of a value that was not taken, so many characters are.
const MOST_SHOWN: usize = 200;

pub(super) struct Reader<'a> {
    variables: &'a Variables,
    bad: Vec<BadSetting>,
    asked: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self { variables, bad: Vec::new(), asked: BTreeSet::new() }
    }

    pub(super) fn into_bad(self) -> Vec<BadSetting> {
        self.bad
    }

    pub(super) fn variables(&self) -> &'a Variables {
        self.variables
    }

    /// The names that were read so far: the test holds them against the table.
    #[cfg(test)]
    pub(super) fn asked(&self) -> &BTreeSet<String> {
        &self.asked
    }

    /// Notes that a setting is bad.
    pub(super) fn refuse(&mut self, name: &str, got: impl Into<String>, takes: impl Into<String>) {
        self.bad.push(BadSetting { name: name.to_owned(), got: got.into(), takes: takes.into() });
    }

    /// Whether the variable is there at all, also when it is empty.
    pub(super) fn is_present(&self, name: &str) -> bool {
        self.variables.contains_key(name) || self.variables.contains_key(&format!("{name}_FILE"))
    }

    /// The value, without white space around it; `None` when not set or empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.asked.insert(name.to_owned());
        let twin = format!("{name}_FILE");
        match (self.plain(name), self.plain(&twin)) {
            (Some(_), Some(_)) => {
                self.refuse(name, format!("both {name} and {twin}"), "only one of the two");
                None
            }
            (None, Some(path)) => self.file(&twin, &path),
            (value, None) => value,
        }
    }

    fn plain(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn file(&mut self, twin: &str, path: &str) -> Option<String> {
        match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => {
                self.refuse(twin, format!("'{path}', which is empty"), "the path of a text file that holds the value");
                None
            }
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                self.refuse(twin, format!("'{path}' ({error})"), "the path of a readable text file");
                None
            }
        }
    }

    pub(super) fn text_or(&mut self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// The value through `parse`; what `parse` rejects is noted with `takes`.
    pub(super) fn parsed<T>(&mut self, name: &str, takes: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(name, shown(&text), takes);
        }
        value
    }

    /// As [`Self::parsed`] for what must not be printed.
    pub(super) fn hidden(
        &mut self,
        name: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<String>,
    ) -> Option<SecretString> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(name, HIDDEN, takes);
        }
        value.map(SecretString::from)
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A proof that goes into a header as it is.
    pub(super) fn token(&mut self, name: &str) -> Option<SecretString> {
        self.hidden(name, "visible ASCII characters without spaces", super::values::token)
    }

    pub(super) fn number<T>(&mut self, name: &str, range: RangeInclusive<T>, default: T) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let takes = format!("a whole number from {} to {}", range.start(), range.end());
        let parse = |text: &str| text.parse().ok().filter(|value| range.contains(value));
        self.parsed(name, &takes, parse).unwrap_or(default)
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        self.parsed(name, "true or false", super::values::flag).unwrap_or(default)
    }

    /// A comma list or a JSON array of texts; `None` when not set.
    pub(super) fn words(&mut self, name: &str) -> Option<Vec<String>> {
        self.parsed(name, "a comma list or a JSON array of texts", super::values::words)
    }
}

/// A value that was not taken, as far as people need it. One that may hold a login is not shown.
fn shown(text: &str) -> String {
    let login = text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    match text.char_indices().nth(MOST_SHOWN) {
        _ if login => HIDDEN.to_owned(),
        Some((end, _)) => format!("'{}…'", text[..end].escape_debug()),
        None => format!("'{}'", text.escape_debug()),
    }
}
