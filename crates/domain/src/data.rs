//! What an event's `data` holds: common fields, the noun's own fields, and what only the source knows.
//!
//! The nouns are in `nouns`. A field that is unknown is absent, never guessed. Times are the source's own. See `docs/events.md`.

mod nouns;
mod tiers;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

pub use nouns::{
    Alert, Artifact, Asking, Build, Cause, Change, Commit, Commits, Component, Condition, Coverage, Deployment,
    ErrorFact, Incident, Link, Message, QualityGate, RefFact, Release, Ticket, Unmapped, Workload,
};
pub use tiers::Tier;

use crate::canonical::Sorted;
use nouns::Field;

/// An event's data: `common` and `body` are flattened into one JSON object; `extra` stands under `data.<source>`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    #[serde(flatten)]
    pub common: Common,
    #[serde(flatten)]
    pub body: Body,
    /// Source-specific facts under the source's own name. Nothing of ours reads them.
    #[serde(flatten, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "in_order")]
    pub extra: BTreeMap<String, Value>,
}

fn in_order<S: Serializer>(extra: &BTreeMap<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(extra.iter().map(|(source, said)| (source, Sorted(said))))
}

impl Data {
    /// The JSON text that the store, the bus and the API carry.
    pub fn to_json(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

/// Fields that any noun may have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Common {
    /// `owner/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The source's own updated-at of the thing: decides which of two conflicting facts is newer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "Field::write")]
    pub revision: Option<DateTime<Utc>>,
}

/// Who did it, as the source names them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Actor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub bot: bool,
}

/// The noun's own fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Body {
    Change(Box<Change>),
    Commits(Commits),
    Ref(RefFact),
    Build(Build),
    Deployment(Deployment),
    Release(Release),
    Incident(Incident),
    Ticket(Ticket),
    Link(Link),
    Artifact(Artifact),
    Alert(Alert),
    Approval(Asking),
    Error(ErrorFact),
    Coverage(Coverage),
    QualityGate(QualityGate),
    Workload(Workload),
    Message(Message),
    Unmapped(Unmapped),
}
