//! Reports: what happened in a time, what is stuck, what is urgent; made by rule, of facts that the caller has read.
//!
//! [`Facts`] are of one moment. [`standup`], [`sprint`] and [`triage`] choose and order what is said of them. Each [`Item`]
//! names what it is about, so that the events behind it can be put to it ([`Item::event_ids`]), and its text is plain: who
//! shows it makes it harmless. A number that is not known is null, never zero.

mod facts;
mod items;
pub mod sprint;
pub mod standup;
#[cfg(test)]
mod tests;
pub mod triage;
pub mod units;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::event::rfc3339;
use crate::metrics::Band;

pub use facts::{Deployed, Facts, Incident, Merged, Waiting};

/// Items that a section shows; how many there are is told beside.
pub const SHOWN: usize = 5;
/// Longer titles are cut.
const TITLE: usize = 160;

/// What an item is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Of {
    Change { repo: String, number: String },
    Deployment { integration: String, id: String },
    Incident { integration: String, id: String },
    Approval(String),
}

impl std::fmt::Display for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Change { repo, number } => write!(f, "{repo}#{number}"),
            Self::Deployment { integration, id } | Self::Incident { integration, id } => {
                write!(f, "{integration}:{id}")
            }
            Self::Approval(id) => f.write_str(id),
        }
    }
}

/// How much it asks for somebody's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// As people name it: `acme/shop#12`, `github:77`; of several, the latest.
    pub subject: String,
    /// Plain text.
    pub text: String,
    pub severity: Severity,
    #[serde(serialize_with = "time")]
    pub at: DateTime<Utc>,
    pub url: Option<String>,
    /// The events that it rests on, as far as they are known.
    pub event_ids: Vec<Uuid>,
    /// Everything that it is about.
    #[serde(skip)]
    pub of: Vec<Of>,
}

impl Item {
    fn new(of: Of, text: String, severity: Severity, at: DateTime<Utc>, url: Option<&String>) -> Self {
        let subject = of.to_string();
        Self { subject, text, severity, at, url: url.cloned(), event_ids: Vec::new(), of: vec![of] }
    }
}

/// Items of one sort.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// `deployments`, `failed_deployments`, `incidents`, `merged`, `stale`, `unreviewed` or `approvals`.
    pub kind: &'static str,
    pub title: &'static str,
    /// How many there are; `items` has the first of them.
    pub count: usize,
    pub items: Vec<Item>,
}

impl Section {
    fn new(kind: &'static str, title: &'static str, mut items: Vec<Item>) -> Self {
        let count = items.len();
        items.truncate(SHOWN);
        Self { kind, title, count, items }
    }
}

/// A measured number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    pub name: String,
    /// None: there is nothing to measure.
    pub value: Option<f64>,
    /// The same over the time before, which is as long.
    pub previous: Option<f64>,
    pub unit: String,
    /// What it is counted from.
    pub n: i64,
    /// `elite` to `low`, where the number has bands.
    pub band: Option<Band>,
}

fn time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// "3 deployments", "1 deployment".
pub fn several(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How long, in its largest unit.
pub fn lasted(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let gone = (now - since).max(TimeDelta::zero());
    match (gone.num_days(), gone.num_hours(), gone.num_minutes()) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}
