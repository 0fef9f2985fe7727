//! A plugin's deliveries to events: the mapping of the kind is run, and what it makes is checked.

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::Value as Json;

use super::events;
use super::jq::{Given, Program};
use crate::integration::Unreadable;
use crate::json;

/// The kind of a mapping for all kinds that have none of their own.
const REST: &str = "*";

/// What the kinds of one plugin mean.
#[derive(Debug)]
pub struct Mappings {
    pub(super) source: &'static str,
    pub(super) program: Program,
    /// Each kind with the number of its mapping.
    pub(super) kinds: Vec<(String, usize)>,
    /// The kind of a handshake, and its answer.
    pub(super) greeting: Option<(String, Json)>,
}

/// Why a delivery has no events, for the plugin's author too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What the delivery's event says.
    pub why: Unreadable,
    /// What may quote the body: for nobody but the author of the plugin, about bodies of their own.
    pub detail: Option<String>,
}

impl Mappings {
    /// The events, in the mapping's order. `kept` are the headers that are stored: a replay has no others.
    pub fn normalize(
        &self,
        kind: &str,
        kept: &[(String, String)],
        body: &[u8],
        rules: &Rules,
    ) -> Result<Vec<Draft>, Unreadable> {
        self.explain(kind, kept, body, rules).map_err(|explained| explained.why)
    }

    /// As [`Self::normalize`], and what the author of the plugin may see.
    pub fn explain(
        &self,
        kind: &str,
        kept: &[(String, String)],
        body: &[u8],
        rules: &Rules,
    ) -> Result<Vec<Draft>, Explained> {
        let told = |why: Unreadable| Explained { why, detail: None };
        let body: Json = json::read(body).map_err(told)?;
        let of = |wanted: &str| self.kinds.iter().find(|(kind, _)| kind == wanted).map(|(_, number)| *number);
        let number = of(kind).or_else(|| of(REST)).ok_or_else(|| told(Unreadable::new("no mapping for this kind")))?;
        let made = self.program.run(number, &body, &Given { kind, headers: kept });
        let made =
            made.map_err(|failure| Explained { why: Unreadable::new(failure.reason), detail: failure.detail })?;
        let draft = |made| {
            events::draft(self.source, made, rules)
                .map_err(|misfit| told(Unreadable::new(format!("its mapping: {misfit}"))))
        };
        made.into_iter().map(draft).collect()
    }

    /// The answer to a handshake, if the kind is that of one.
    pub fn greeting(&self, kind: &str) -> Option<&Json> {
        self.greeting.as_ref().filter(|(known, _)| known == kind).map(|(_, answer)| answer)
    }

    /// The kinds that have a mapping; `*` stands for the rest.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|(kind, _)| kind.as_str())
    }
}
