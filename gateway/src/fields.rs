//! What a body says, looked at member by member: every one that does not fit is named, so that a caller hears of all at once.

use domain::documents::Fault;

use crate::problem::{FieldError, Problem};

/// Collects what does not fit.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    pub(crate) fn add(&mut self, name: &str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: format!("/{name}"), detail: detail.into() });
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

    pub(crate) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
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
        let mut fields = Fields::default();
        assert_eq!(fields.line("title", Some(" a plan "), 10).as_deref(), Some("a plan"));
        assert_eq!(fields.line("owner", None, 10), None);
        fields.required("key", None, 64);
        fields.required("name", Some("  "), 64);
        fields.line("period", Some("a\nb"), 64);
        fields.line("unit", Some("ääää"), 3);
        assert_eq!(fields.word("severity", Some("huge"), &["low", "high"]), None);
        let problem = fields.none().expect_err("refused");
        for name in ["key", "name", "period", "unit", "severity"] {
            assert_eq!(problem.detail().matches(&format!("`{name}`")).count(), 1, "{}", problem.detail());
        }
    }
}
