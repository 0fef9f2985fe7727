//! The fields in which two readings of an event differ, each old and new, cut to what a person reads.

use std::collections::BTreeSet;

use domain::event::{Event, rfc3339};
use serde::Serialize;
use serde_json::Value;
use store::events::EventRow;

use crate::reread::is_same_time;

/// Fields of one event that are shown.
const MOST_FIELDS: usize = 12;
/// Characters of a value that are shown.
const MOST_CHARS: usize = 120;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `subject`, `data.actor.login`, `data.commits[0].sha`.
    pub field: String,
    /// As JSON text, cut when it is long. `None`: it is not there.
    pub old: Option<String>,
    pub new: Option<String>,
}

/// The first fields that differ, and how many more there are.
pub(super) fn differences(old: &EventRow, new: &Event) -> (Vec<Difference>, usize) {
    let mut found = Found::default();
    found.word("integration", Some(&old.integration), Some(&new.integration));
    found.word("source", Some(&old.source), Some(&new.source));
    found.word("type", Some(&old.kind), Some(new.kind.as_str()));
    found.word("subject", Some(&old.subject), Some(&new.subject));
    if !is_same_time(old.time, new.time) {
        found.word("time", Some(&rfc3339(old.time)), Some(&rfc3339(new.time)));
    }
    let facets = &new.facets;
    found.word("repo", old.repo.as_deref(), facets.repo.as_deref());
    found.word("service", old.service.as_deref(), facets.service.as_deref());
    found.word("environment", old.environment.as_deref(), facets.environment.as_deref());
    found.word("actor", old.actor.as_deref(), facets.actor.as_deref());
    found.data(old.data.0.get(), new.data.get());
    (found.fields, found.more)
}

#[derive(Default)]
struct Found {
    fields: Vec<Difference>,
    more: usize,
}

impl Found {
    fn word(&mut self, field: &str, old: Option<&str>, new: Option<&str>) {
        if old != new {
            self.push(
                field,
                old.map(|word| Value::from(word).to_string()),
                new.map(|word| Value::from(word).to_string()),
            );
        }
    }

    fn data(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        let before = self.fields.len() + self.more;
        match (serde_json::from_str(old), serde_json::from_str(new)) {
            (Ok(was), Ok(is)) => self.value("data", Some(&was), Some(&is)),
            _ => self.push("data", Some(old.to_owned()), Some(new.to_owned())),
        }
        // The same values, written otherwise: another order, or a field given twice.
        if self.fields.len() + self.more == before {
            self.push("data", Some(old.to_owned()), Some(new.to_owned()));
        }
    }

    fn value(&mut self, field: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(Value::Object(was)), Some(Value::Object(is))) => {
                let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                names.into_iter().for_each(|name| self.value(&format!("{field}.{name}"), was.get(name), is.get(name)));
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) => {
                let longest = was.len().max(is.len());
                (0..longest).for_each(|place| self.value(&format!("{field}[{place}]"), was.get(place), is.get(place)));
            }
            _ if old != new => self.push(field, old.map(Value::to_string), new.map(Value::to_string)),
            _ => {}
        }
    }

    fn push(&mut self, field: &str, old: Option<String>, new: Option<String>) {
        if self.fields.len() == MOST_FIELDS {
            self.more += 1;
            return;
        }
        self.fields.push(Difference { field: field.to_owned(), old: old.map(cut), new: new.map(cut) });
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(old: &str, new: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let mut found = Found::default();
        found.data(old, new);
        found.fields.into_iter().map(|one| (one.field, one.old, one.new)).collect()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn fields_are_named_by_their_path_with_both_values() {
        let told = of(
            r#"{"a":{"b":1,"gone":true},"c":["x","y"],"same":[{}]}"#,
            r#"{"a":{"b":"1"},"c":["x","z",null],"same":[{}],"new":{"d":0}}"#,
        );
        assert_eq!(
            told,
            [
                ("data.a.b".to_owned(), some("1"), some("\"1\"")),
                ("data.a.gone".to_owned(), some("true"), None),
                ("data.c[1]".to_owned(), some("\"y\""), some("\"z\"")),
                ("data.c[2]".to_owned(), None, some("null")),
                ("data.new".to_owned(), None, some("{\"d\":0}")),
            ]
        );
    }

    #[test]
    fn the_same_values_in_another_writing_are_a_difference_too() {
        assert_eq!(of(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#).len(), 1);
        assert!(of("{}", "{}").is_empty());
    }

    #[test]
    fn long_values_and_many_fields_are_cut() {
        let many = |value: &str| {
            format!("{{{}}}", (0..40).map(|n| format!("\"f{n}\":\"{value}\"")).collect::<Vec<_>>().join(","))
        };
        let mut found = Found::default();
        found.data(&many("ä"), &many(&"ö".repeat(500)));
        assert_eq!((found.fields.len(), found.more), (MOST_FIELDS, 40 - MOST_FIELDS));
        assert!(
            found.fields.iter().all(|one| one.new.as_ref().is_some_and(|text| text.chars().count() == MOST_CHARS + 1))
        );
    }
}
