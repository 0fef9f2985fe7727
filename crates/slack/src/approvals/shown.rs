//! What has to be known of an approval to show it. Plain values: whoever has the approval fills them in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text::{mention, outside};

/// What is shown of an approval. Texts are as they came: they are made harmless here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The whole id, which the buttons carry.
    pub id: String,
    /// Counts every change of the approval, so that an updated message has buttons with a new id.
    pub version: u32,
    /// What exactly is asked for; the buttons' block carries it, so that nobody decides about what they did not see.
    pub content_hash: Option<String>,
    pub subject: String,
    pub action: String,
    /// Why it is asked for.
    pub reason: Option<String>,
    pub requested_by: Option<Person>,
    pub requested_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// The policy and what it demands, in words: "prod-deploy v4: 2 of sre, not the author".
    pub policy: Option<String>,
    pub needs: Vec<Need>,
    /// What follows from the approval, in words: "checkout c3d4 goes to production".
    pub effect: Option<String>,
    /// What else to know: the change, its checks, open incidents.
    pub facts: Vec<Fact>,
    pub votes: Vec<Vote>,
    pub reasons: Reasons,
    /// What exactly is approved, as it will be carried out. Shown under "Details".
    pub payload: Option<serde_json::Value>,
    /// How it ended; nothing while it waits.
    pub outcome: Option<Outcome>,
    /// The approval's page in the console.
    pub page: Option<String>,
}

/// Somebody. With an id of Slack the name is a mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub slack_id: Option<String>,
    pub name: String,
}

impl Person {
    pub(super) fn shown(&self) -> String {
        self.slack_id.as_deref().map_or_else(|| outside(&self.name, 64), mention)
    }
}

/// How many of whom must approve, and how many have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// A group or role.
    pub who: String,
    pub votes: u32,
    pub given: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub who: Person,
    pub decision: Decision,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}

/// Where the policy demands a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    pub approve: bool,
    pub reject: bool,
}

/// How an approval ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub ending: Ending,
    /// Nobody where a deadline or a policy decided; then `how` says so.
    pub by: Option<Person>,
    /// "by policy docs-only v4", "overridden", "in the console".
    pub how: Option<String>,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
    /// What was done then: "Deployment resumed". It may come later than the decision.
    pub done: Option<Done>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Approved,
    Rejected,
    Expired,
    Cancelled,
}

impl Ending {
    /// In the middle of a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Approved => "✅ Approved",
            Self::Rejected => "⛔ Rejected",
            Self::Expired => "⌛ Expired",
            Self::Cancelled => "🚫 Cancelled",
        }
    }
}

/// What became of the effect. Decided and done are two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub worked: bool,
    pub what: String,
}
