//! What a job does in the world: which action, what it would send, and doing it once.
//!
//! [`Action::read`] takes a job's payload and names every field that is wrong. [`Action::plan`] says what would be sent,
//! for a dry run. [`perform()`] does it; when the try before was lost on the way, it looks first whether it was done.

mod fields;
mod perform;
mod plan;
mod read;
mod reviewers;

pub use domain::catalog::Fault;
pub use perform::{Clients, Performed, Previous, Tell, Telling, perform};
pub use plan::Plan;

use std::fmt;

use chrono::{DateTime, Utc};
use domain::canonical::to_canonical;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::github::Verdict;
use crate::page::Severity;
use crate::target::{Numbered, Repository};

/// What is done. As JSON it is what [`Action::read`] takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    Nudge(Nudge),
    Label(Label),
    Comment(Comment),
    AssignReviewer(AssignReviewer),
    IssueCreate(IssueCreate),
    DispatchWorkflow(DispatchWorkflow),
    DeploymentProtection(DeploymentProtection),
    Page(Page),
    Webhook(Webhook),
}

/// Every action by its name, with what it takes.
pub const KINDS: [(&str, &[&str]); 9] = [
    ("nudge", &["channel", "user", "text"]),
    ("label", &["target", "repo", "number", "labels"]),
    ("comment", &["target", "repo", "number", "text"]),
    ("assign_reviewer", &["target", "repo", "number", "reviewers", "most"]),
    ("issue_create", &["repo", "title", "text", "labels", "assignees"]),
    ("dispatch_workflow", &["repo", "workflow", "ref", "inputs", "key_input"]),
    ("deployment_protection", &["repo", "run_id", "environment", "state", "comment", "callback_url"]),
    ("page", &["event", "summary", "source", "severity", "component", "details", "dedup_key"]),
    ("webhook", &["url", "type", "timestamp", "data"]),
];

/// A message to a channel or a person. Exactly one of both is set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nudge {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Label {
    #[serde(flatten)]
    pub at: Numbered,
    pub labels: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comment {
    #[serde(flatten)]
    pub at: Numbered,
    pub text: String,
}

/// Asks for reviews of a pull request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssignReviewer {
    #[serde(flatten)]
    pub at: Numbered,
    /// Logins, and teams as `org/team`. Empty: who owns most of what is changed, by CODEOWNERS.
    pub reviewers: Vec<String>,
    /// So many of the owners.
    pub most: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IssueCreate {
    pub repo: Repository,
    pub title: String,
    pub text: String,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DispatchWorkflow {
    pub repo: Repository,
    pub workflow: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub inputs: Map<String, Value>,
    /// The input that takes the effect's key; the workflow shows it in its `run-name`, so that a lost answer can be
    /// made up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_input: Option<String>,
}

impl DispatchWorkflow {
    /// The inputs, the key among them where one takes it.
    pub(crate) fn inputs_with(&self, key: &EffectKey) -> Map<String, Value> {
        let mut inputs = self.inputs.clone();
        if let Some(name) = &self.key_input {
            inputs.insert(name.clone(), Value::from(key.as_str()));
        }
        inputs
    }
}

/// Decides a deployment that waits for us, or says how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeploymentProtection {
    pub repo: Repository,
    pub run_id: u64,
    pub environment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Verdict>,
    pub comment: String,
    /// `deployment_callback_url` of the payload: has to be the address that we make ourselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PageEvent {
    #[default]
    Trigger,
    Resolve,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    pub event: PageEvent,
    /// Empty when it resolves.
    pub summary: String,
    pub source: String,
    pub severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    pub details: Map<String, Value>,
    /// Which alert. None: one of its own for this effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Webhook {
    pub url: String,
    #[serde(rename = "type")]
    pub message: String,
    /// When it happened. None: when it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
    pub data: Map<String, Value>,
}

impl Action {
    pub fn kind(&self) -> &'static str {
        let place = match self {
            Self::Nudge(_) => 0,
            Self::Label(_) => 1,
            Self::Comment(_) => 2,
            Self::AssignReviewer(_) => 3,
            Self::IssueCreate(_) => 4,
            Self::DispatchWorkflow(_) => 5,
            Self::DeploymentProtection(_) => 6,
            Self::Page(_) => 7,
            Self::Webhook(_) => 8,
        };
        KINDS[place].0
    }
}

/// What tells one effect from all others: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EffectKey(String);

impl EffectKey {
    /// A key as it was kept. The one that an effect was begun with stays its key, also when the action is read otherwise
    /// by now. `None`: it is none.
    pub fn kept(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of what a job does. The same job with the same action has the same one, however often it is tried.
pub fn effect_key(job_id: &str, action: &Action) -> EffectKey {
    let action = serde_json::to_value(action).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(format!("em-agent effect {}:{job_id}", job_id.len()));
    hash.update(to_canonical(&action));
    EffectKey(hex::encode(&hash.finalize()[..16]))
}

#[cfg(test)]
mod tests;
