//! What does not fit of what somebody sent, in the body or after the `?`: every part is looked at and every one that does
//! not fit is named, so that a caller hears of all at once.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use domain::documents::Fault;

use crate::problem::{FieldError, Problem};
use crate::query::time_of;

/// Collects what does not fit. What is read is handed back as far as it can be; [`none`](Self::none) comes before it is used.
#[derive(Debug)]
pub(crate) struct Faults {
    /// What the pointer of each part begins with.
    under: Cow<'static, str>,
    found: Vec<FieldError>,
}

impl Faults {
    /// Of the parameters.
    pub(crate) fn of_query() -> Self {
        Self::under("/query")
    }

    /// Of the body.
    pub(crate) fn of_body() -> Self {
        Self::under("")
    }

    /// Of a part of the body, `/docs/3`.
    pub(crate) fn under(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { under: pointer.into(), found: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &str, detail: impl Into<String>) {
        self.found.push(FieldError { pointer: format!("{}/{name}", self.under), detail: detail.into() });
    }

    /// A text of one line with 1 to `longest` characters, without spaces around it.
    pub(crate) fn line(&mut self, name: &str, value: Option<&str>, longest: usize) -> Option<String> {
        let text = value?.trim();
        if !(1..=longest).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            self.add(name, format!("`{name}` is a text of one line with 1 to {longest} characters"));
        }
        Some(text.to_owned())
    }

    /// The same, and it has to be there.
    pub(crate) fn required(&mut self, name: &str, value: Option<&str>, longest: usize) -> String {
        if value.is_none() {
            self.add(name, format!("`{name}` is required"));
        }
        self.line(name, value, longest).unwrap_or_default()
    }

    /// What somebody wrote for others to read; nothing written is nothing said.
    pub(crate) fn words(&mut self, name: &str, value: Option<&str>, longest: usize) -> Option<String> {
        let text = value.map(str::trim).filter(|text| !text.is_empty())?;
        if text.chars().count() > longest || text.contains('\0') {
            self.add(name, format!("`{name}` has at most {longest} characters, and no NUL among them"));
        }
        Some(text.to_owned())
    }

    /// One of a few words.
    pub(crate) fn word(&mut self, name: &str, value: Option<&str>, known: &[&'static str]) -> Option<&'static str> {
        let text = value?;
        let found = known.iter().copied().find(|word| *word == text);
        if found.is_none() {
            self.add(name, format!("`{name}` is one of {}", known.join(", ")));
        }
        found
    }

    /// `true` or `false`, as parameters say it.
    pub(crate) fn flag(&mut self, name: &str, value: Option<&str>, default: bool) -> bool {
        self.word(name, value, &["true", "false"]).map_or(default, |word| word == "true")
    }

    /// A number that is written out, as parameters are.
    pub(crate) fn number(&mut self, name: &str, value: Option<&str>, range: RangeInclusive<i64>, default: i64) -> i64 {
        let Some(text) = value else { return default };
        self.within(name, text.parse().ok(), range).unwrap_or(default)
    }

    /// A whole number of the range.
    pub(crate) fn within(&mut self, name: &str, value: Option<i64>, range: RangeInclusive<i64>) -> Option<i64> {
        let found = value.filter(|number| range.contains(number));
        if found.is_none() {
            self.add(name, format!("`{name}` is a whole number from {} to {}", range.start(), range.end()));
        }
        found
    }

    /// A time as RFC 3339, or a date, which is its first moment in UTC.
    pub(crate) fn time(&mut self, name: &str, value: Option<&str>) -> Option<DateTime<Utc>> {
        let text = value?;
        let time = time_of(text);
        if time.is_none() {
            self.add(name, format!("`{name}` is a time like 2026-11-20T18:44:07Z, or a date"));
        }
        time
    }

    pub(crate) fn none(self) -> Result<(), Problem> {
        if self.found.is_empty() { Ok(()) } else { Err(Problem::invalid(self.found)) }
    }
}

/// What is wrong with a document, for who sent it.
pub(crate) fn unfit(faults: Vec<Fault>) -> Problem {
    let field = |fault: Fault| FieldError { pointer: fault.pointer, detail: fault.detail };
    Problem::invalid(faults.into_iter().map(field).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_that_does_not_fit_is_named_once() {
        let mut faults = Faults::of_body();
        assert_eq!(faults.line("title", Some(" a plan "), 10).as_deref(), Some("a plan"));
        assert_eq!(faults.line("owner", None, 10), None);
        faults.required("key", None, 64);
        faults.required("name", Some("  "), 64);
        faults.line("period", Some("a\nb"), 64);
        faults.line("unit", Some("ääää"), 3);
        assert_eq!(faults.word("severity", Some("huge"), &["low", "high"]), None);
        let problem = faults.none().expect_err("refused");
        for name in ["key", "name", "period", "unit", "severity"] {
            assert_eq!(problem.detail().matches(&format!("`{name}`")).count(), 1, "{}", problem.detail());
        }
    }

    #[test]
    fn every_fault_is_named() {
        let mut faults = Faults::of_query();
        assert_eq!(faults.number("limit", Some("201"), 1..=200, 50), 50);
        assert_eq!(faults.number("limit", None, 1..=200, 50), 50);
        assert_eq!(faults.time("from", Some("yesterday")), None);
        assert_eq!(faults.word("format", Some("xml"), &["cdevents"]), None);
        let problem = faults.none().expect_err("faults");
        assert!(["limit", "from", "format"].iter().all(|name| problem.detail().contains(name)), "{}", problem.detail());
    }

    #[test]
    fn a_pointer_says_where_the_part_stands() {
        for (faults, pointer) in
            [(Faults::of_query(), "/query/id"), (Faults::of_body(), "/id"), (Faults::under("/docs/3"), "/docs/3/id")]
        {
            let mut faults = faults;
            faults.add("id", "`id` is required");
            assert_eq!(
                faults.found,
                [FieldError { pointer: pointer.to_owned(), detail: "`id` is required".to_owned() }]
            );
        }
    }
}
