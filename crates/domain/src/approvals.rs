//! Approvals: what people are asked to allow, who may answer, and how it is decided.
//!
//! An approval is proposed with [`Terms`], which stand still from then on. [`decide`] takes its [`State`] and a
//! [`Command`] and says what changes, or refuses in words for people; [`judge`] counts the votes. Every approval ends at
//! most once and then never changes. What follows from its end is a second machine ([`Effect`]): "approved, but GitHub
//! was down" is a state of its own. Nothing here keeps or sends anything.

mod decide;
mod effects;
mod judge;
mod matching;
mod people;
mod refusals;
mod terms;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use decide::{Command, End, Transition, decide};
pub use effects::{TRIES, Tried, next_try};
pub use judge::{Outcome, Progress, Standing, judge, may_vote};
pub use people::Person;
pub use refusals::Refusal;
pub use terms::{Escalation, Excluded, Of, Owed, PolicyRef, Reasons, Requirement, Terms};

/// A word for each value, the same in rows, JSON and metrics.
macro_rules! words {
    ($name:ident { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: &[$name] = &[$($name::$value),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }

            /// The value that the word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Where an approval stands. All but `Pending` are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pending,
    Approved,
    Rejected,
    Expired,
    Cancelled,
}

words!(Status {
    Pending = "pending",
    Approved = "approved",
    Rejected = "rejected",
    Expired = "expired",
    Cancelled = "cancelled",
});

impl Status {
    pub fn is_end(self) -> bool {
        self != Self::Pending
    }
}

/// Where stands what follows from the end: the action itself, or an answer to somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing is owed, or not yet.
    None,
    /// Owed and not tried.
    Pending,
    Delivered,
    /// Tried in vain; it is tried again.
    Failed,
    /// Tried in vain for the last time. People may have it tried anew.
    Dead,
}

words!(Effect {
    None = "none",
    Pending = "pending",
    Delivered = "delivered",
    Failed = "failed",
    Dead = "dead",
});

/// What a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Approve,
    Reject,
}

words!(Choice { Approve = "approve", Reject = "reject" });

impl Choice {
    /// The end that this asks for.
    pub fn status(self) -> Status {
        match self {
            Self::Approve => Status::Approved,
            Self::Reject => Status::Rejected,
        }
    }
}

/// Which way a vote came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    Slack,
    Api,
    Console,
    /// No person's: the policy allows it by itself.
    Policy,
}

words!(Via { Slack = "slack", Api = "api", Console = "console", Policy = "policy" });

/// One vote, with the voter as they were known then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub person: Person,
    pub choice: Choice,
    pub via: Via,
    /// What it was given for. Votes for other content count no more, unless the terms are sticky.
    pub content_hash: String,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
}

/// Everything that decides about an approval.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub status: Status,
    pub effect: Effect,
    pub content_hash: String,
    /// A person's id, or an identity as `github:alice`. Nobody, where access is open.
    pub requested_by: Option<String>,
    /// Who wrote what is to be allowed, in the same words.
    pub authors: Vec<String>,
    pub terms: Terms,
    /// In the order in which they came.
    pub votes: Vec<Vote>,
    /// Who decided it: a person's id, `policy:<name>@<version>`, or nobody when it expired.
    pub decided_by: Option<String>,
}

/// What exactly is allowed: SHA-256, in hex, of the canonical JSON of subject, action and payload.
pub fn content_hash(subject: &str, action: &str, payload: &Value) -> String {
    let content = json!({"subject": subject, "action": action, "payload": payload});
    let digest = Sha256::digest(crate::canonical::to_canonical(&content).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
