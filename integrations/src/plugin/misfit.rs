//! What is wrong with an event that a mapping made: the field, and what it takes. Never what stood there.

use std::fmt;

use serde::de::Error;

/// A field that cannot be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Misfit {
    /// `commits[2].author`.
    field: String,
    what: String,
}

impl Misfit {
    pub(super) fn new(field: &str, what: impl Into<String>) -> Self {
        Self { field: field.to_owned(), what: what.into() }
    }

    pub(super) fn inside(mut self, outer: &str) -> Self {
        let between = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("{outer}{between}{}", self.field);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.what)
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    /// The message may quote a value: it is left out.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("", "is not what it takes")
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("", format!("takes one of {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(field, "is missing")
    }
}
