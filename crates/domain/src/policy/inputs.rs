//! What is decided about.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::documents::{Fault, Place, Reader};
use crate::time;

/// The thing that is decided about. What is not known is absent, never empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    pub kind: String,
    pub subject: Option<String>,
    /// What somebody wants to do.
    pub action: Option<String>,
    pub team: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// The time that conditions may ask for.
    pub now: Option<DateTime<Utc>>,
    /// What the caller says, under `facts` in conditions.
    pub facts: Map<String, Value>,
}

impl Input {
    /// Of the object of a caller: `kind` and the other names of variables, the rest are facts. The members of a member
    /// `facts` are facts as well.
    pub fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::default();
        let input = reader.input(&Place::root(value));
        if reader.faults.is_empty() { Ok(input) } else { Err(reader.faults) }
    }
}

impl Reader {
    pub(super) fn input(&mut self, place: &Place<'_>) -> Input {
        let mut input = Input::default();
        for (name, member) in self.entries(place, "with `kind` and facts") {
            match name {
                "kind" => input.kind = self.text(&member).unwrap_or_default(),
                "subject" => input.subject = self.known_text(&member),
                "action" => input.action = self.known_text(&member),
                "team" => input.team = self.known_text(&member),
                "service" => input.service = self.known_text(&member),
                "environment" => input.environment = self.known_text(&member),
                "now" => input.now = self.time(&member),
                "facts" if member.value.is_object() => {}
                _ => {
                    input.facts.insert(name.to_owned(), member.value.clone());
                }
            }
        }
        // A fact may have the name of a variable.
        if let Some(Value::Object(facts)) = place.value.get("facts") {
            input.facts.extend(facts.clone());
        }
        if place.value.get("kind").is_none() {
            self.fault(place, "`kind` is missing: what is decided about, like deploy or stale_pr".to_owned());
        }
        input
    }

    fn known_text(&mut self, place: &Place<'_>) -> Option<String> {
        if place.value.is_null() { None } else { self.free_text(place) }
    }

    fn time(&mut self, place: &Place<'_>) -> Option<DateTime<Utc>> {
        let time = self.free_text(place).and_then(|text| time::parse(&text));
        if time.is_none() && place.value.is_string() {
            self.fault(place, "a time like 2026-11-20T16:30:00Z belongs here".to_owned());
        }
        time
    }
}
