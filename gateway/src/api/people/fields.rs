//! What the members of a body have to be; everything that does not fit is told at once.

use domain::documents::Fault;

use crate::problem::{FieldError, Problem};

/// Collects what does not fit.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<FieldError>);

impl Fields {
    pub(super) fn add(&mut self, name: &str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: format!("/{name}"), detail: detail.into() });
    }

    /// A name in one line of 1 to `most` characters, without white space around it.
    pub(super) fn line(&mut self, name: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        if !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            self.add(name, format!("`{name}` is a text of 1 to {most} characters in one line"));
        }
        text.to_owned()
    }

    /// The same where it may be left out.
    pub(super) fn maybe_line(&mut self, name: &str, text: Option<&str>, most: usize) -> Option<String> {
        text.map(|text| self.line(name, text, most))
    }

    /// What somebody wrote for others to read; nothing written is nothing said.
    pub(super) fn words(&mut self, name: &str, text: Option<&str>, most: usize) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        if text.chars().count() > most || text.contains('\0') {
            self.add(name, format!("`{name}` has at most {most} characters, and no NUL among them"));
        }
        Some(text.to_owned())
    }

    pub(super) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }
}

/// What is wrong with a document, for who sent it.
pub(super) fn unfit(faults: Vec<Fault>) -> Problem {
    let field = |fault: Fault| FieldError { pointer: fault.pointer, detail: fault.detail };
    Problem::invalid(faults.into_iter().map(field).collect())
}
