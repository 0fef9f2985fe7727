//! Digests: what happened, in few words that can be checked.
//!
//! [`Material`] is all that a digest may be made of: things that happened with the events behind them, and numbers that
//! were reckoned. A [`Digest`] is what is said of it. Whoever words it, rules or a model, every item names events of the
//! material, and every number in its text stands there too.

mod answer;
mod cuts;
mod evidence;
mod faults;
mod grounding;
mod numbers;
mod patterns;
pub mod rules;
mod said;
mod schema;
#[cfg(test)]
mod tests;
mod validate;
mod words;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use faults::{Fault, Place, What};
pub use said::{markup, said};
pub use schema::schema;
pub use validate::check;

/// Characters of a headline, and of an item's text.
pub const HEADLINE: usize = 120;
pub const TEXT: usize = 240;

/// What is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The last day: what was shipped, what is stuck.
    Standup,
    /// The last sprint beside the one before.
    SprintHealth,
    /// How delivery went in a week.
    Weekly,
    /// What a deployment ships.
    Release,
    /// What an incident is and how it stands.
    Incident,
    /// What is to be learnt from an incident: a draft for people.
    Postmortem,
    /// What a change does and what happened to it.
    PullRequest,
}

/// What the items of a section have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Shipped,
    Incident,
    Risk,
    Review,
    PeopleBlocked,
    /// What happened one after the other, the oldest first.
    Timeline,
    /// What may have led to it.
    Cause,
    /// What is left to be done.
    FollowUp,
}

/// How much it asks for somebody's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warn,
    High,
}

/// One thing that happened, as it was found: what may be said of it, and what proves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    pub about: About,
    /// What it is of, as people name it: `acme/shop#12`, `pagerduty:Q1`.
    pub subject: String,
    /// What is said of it by rule: plain text, one sentence, complete.
    pub text: String,
    /// More of it by name, as the source had it: `title`, `body`, `author`. Whoever wrote it may mean harm.
    pub details: Vec<(String, String)>,
    pub severity: Severity,
    pub at: DateTime<Utc>,
    /// Where it can be looked at. A model never sees it.
    pub url: Option<String>,
    /// Never empty: what nothing proves is not said.
    pub event_ids: Vec<Uuid>,
}

/// Units that belong together: of one service, or of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub units: Vec<Unit>,
}

/// A number that was reckoned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// `deployment_frequency`, `changes_shipped`, …
    pub name: String,
    pub value: f64,
    /// The same over the time before, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<f64>,
    /// `per_day`, `seconds`, `ratio` (0 to 1), `count`, …
    pub unit: String,
    /// Where it comes from: `metric:deployment_frequency:2026-11-19`.
    pub source: String,
}

/// Everything that a digest may be made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Material {
    pub kind: Kind,
    /// What it is of, where it is of one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub groups: Vec<Group>,
    pub numbers: Vec<Number>,
}

/// What is said of one or several units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Plain text of at most 240 characters, without links; who shows it makes it harmless.
    pub text: String,
    pub event_ids: Vec<Uuid>,
    pub severity: Severity,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    #[serde(rename = "kind")]
    pub about: About,
    pub items: Vec<Item>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Plain text of at most 120 characters.
    pub headline: String,
    pub sections: Vec<Section>,
    /// The material's, never a model's.
    pub numbers: Vec<Number>,
}

impl Material {
    /// Every unit, group by group.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.groups.iter().flat_map(|group| &group.units)
    }
}
