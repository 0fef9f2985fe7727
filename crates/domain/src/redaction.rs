//! Secrets and what names a person, taken out of a text before it is put into a prompt or a log.
//!
//! A [`Redactor`] gives the same name to the same thing for as long as it lives: `<EMAIL_1>` twice is one person, and who
//! reads on can still tell that. Of secrets only the kind is said: `<SECRET:github-pat>`. What was taken out is counted,
//! never kept where it could be read.
//!
//! The rules are a table ([`secrets`]): a few words that must stand somewhere, and a pattern. One search for all the words
//! decides which patterns are looked for at all. Every pattern is matched in time that grows with the text alone.

mod personal;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;

/// What stands for something already: it is left as it is, so redacting twice changes nothing.
static PSEUDONYM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<(?:[A-Z]+_\d+|SECRET:[a-z0-9-]+)>").ok());

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Label {
    Secret(&'static str),
    Personal(&'static str),
}

/// A piece of a text, in bytes.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    label: Label,
}

/// Takes out, and remembers what it named how.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets_only: bool,
    names: HashMap<(&'static str, String), usize>,
    last: HashMap<&'static str, usize>,
    counts: BTreeMap<String, usize>,
}

impl Redactor {
    /// Secrets, and what names a person: for prompts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Secrets only: for people who may see who did what.
    pub fn of_secrets() -> Self {
        Self { secrets_only: true, ..Self::default() }
    }

    /// The text without them. Text that has none comes back as it is.
    pub fn redact(&mut self, text: &str) -> String {
        let spans = self.spans(text);
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for span in &spans {
            out.push_str(&text[end..span.start]);
            out.push_str(&self.name(span.label, &text[span.start..span.end]));
            end = span.end;
        }
        out.push_str(&text[end..]);
        out
    }

    /// How often each kind was taken out: `EMAIL`, `SECRET:github-pat`.
    pub fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    /// What to take out, in order, none over another.
    fn spans(&self, text: &str) -> Vec<Span> {
        let mut found = secrets::find(text);
        if !self.secrets_only {
            found.extend(personal::find(text));
        }
        let named = pseudonyms(text);
        found.retain(|span| !named.iter().any(|(start, end)| span.start < *end && *start < span.end));
        // A stable sort: of those that begin together the rule that stands first gives the name.
        found.sort_by_key(|span| span.start);
        let mut apart: Vec<Span> = Vec::new();
        for span in found {
            match apart.last_mut() {
                Some(last) if span.start < last.end => last.end = last.end.max(span.end),
                _ => apart.push(span),
            }
        }
        apart
    }

    fn name(&mut self, label: Label, text: &str) -> String {
        let (kind, name) = match label {
            Label::Secret(rule) => (format!("SECRET:{rule}"), format!("<SECRET:{rule}>")),
            Label::Personal(kind) => (kind.to_owned(), format!("<{kind}_{}>", self.number(kind, text))),
        };
        *self.counts.entry(kind).or_default() += 1;
        name
    }

    fn number(&mut self, kind: &'static str, text: &str) -> usize {
        let last = self.last.entry(kind).or_default();
        *self.names.entry((kind, personal::usual(kind, text))).or_insert_with(|| {
            *last += 1;
            *last
        })
    }
}

fn pseudonyms(text: &str) -> Vec<(usize, usize)> {
    let found = PSEUDONYM.iter().flat_map(|pattern| pattern.find_iter(text));
    found.map(|one| (one.start(), one.end())).collect()
}
