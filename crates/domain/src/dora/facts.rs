//! What the metrics are counted from: facts that follow from entities and the catalog, and from nothing else.
//!
//! One struct for each `dora_*` table. Durations are seconds, times UTC. Rule names (D1, L3, …) are those of the
//! specification of the metrics; docs/metrics.md explains each.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::data::Tier;

/// A thing as its source knows it: `github:1234`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outside {
    pub integration: String,
    pub id: String,
}

impl Outside {
    pub fn new(integration: impl Into<String>, id: impl Into<String>) -> Self {
        Self { integration: integration.into(), id: id.into() }
    }

    /// Whether a person's word means this one: `github:1234`, or `1234` alone.
    pub fn is_named(&self, word: &str) -> bool {
        word == self.id
            || word.strip_prefix(&self.integration).and_then(|rest| rest.strip_prefix(':')) == Some(&self.id)
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.integration, self.id)
    }
}

/// Makes an enum whose variants have a word in the database and in the API.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a successful deployment was, beside the one before it.
    Kind {
        Forward = "forward",
        /// The same commits again.
        Redeploy = "redeploy",
        /// Back to what was live before.
        Rollback = "rollback",
        /// Said to be one by the source.
        Hotfix = "hotfix",
    }
}

words! {
    /// How a change is known to have shipped with a deployment (rule L6).
    LinkMethod {
        Graph = "graph",
        Exact = "exact",
        CherryPick = "cherry_pick",
        /// The source lists what the deployment contains.
        Contains = "contains",
        Image = "image",
        Promotion = "promotion",
        Time = "time",
    }
}

words! {
    ChangeKind {
        Change = "change",
        /// A push to the default branch without a pull request.
        Direct = "direct",
    }
}

words! {
    /// Why an earlier deployment is known to have been broken (rule I4).
    Remedy { Fixes = "fixes", Hotfix = "hotfix", Revert = "revert", Rollback = "rollback" }
}

words! {
    /// How an incident is known to come from a deployment (rule I1).
    Attribution { CausedBy = "caused_by", Explicit = "explicit", Window = "window" }
}

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentFact {
    pub deployment: Outside,
    pub service: String,
    pub team: Option<String>,
    pub repo: Option<String>,
    pub environment: String,
    pub tier: Tier,
    pub outcome: String,
    pub started_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
    pub sha: Option<String>,
    /// `repo@sha` of each component, sorted, one a line; empty where nothing is known.
    pub heads: String,
    /// Only of a success.
    pub kind: Option<Kind>,
    pub target: Option<Outside>,
    pub predecessor: Option<Outside>,
    pub changes: i32,
    pub rework: bool,
    pub ancestry_gap: bool,
    pub provisional_until: DateTime<Utc>,
}

/// A commit that a deployment was the first to contain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommitFact {
    pub environment: String,
    pub repo: String,
    pub sha: String,
    pub deployment: Outside,
    pub at: DateTime<Utc>,
    pub deployed_at: DateTime<Utc>,
    pub tier: Tier,
    pub team: Option<String>,
    /// False: live before (rules L3, L4).
    pub shipped: bool,
    pub in_scope: bool,
    pub lead_s: Option<f64>,
    pub is_merge: bool,
    pub is_bot: bool,
}

/// A change that a deployment shipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeFact {
    pub environment: String,
    pub repo: String,
    pub number: String,
    pub deployment: Outside,
    pub tier: Tier,
    pub team: Option<String>,
    pub kind: ChangeKind,
    pub at: DateTime<Utc>,
    pub deployed_at: DateTime<Utc>,
    pub start_at: DateTime<Utc>,
    pub first_commit_at: Option<DateTime<Utc>>,
    pub opened_at: Option<DateTime<Utc>>,
    pub first_review_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    pub merged_at: Option<DateTime<Utc>>,
    pub lead_s: f64,
    pub phases: Phases,
    pub is_bot: bool,
    pub is_revert: bool,
    pub is_hotfix: bool,
    pub link_method: LinkMethod,
    pub files_known: bool,
}

/// Where the time went. What is not known is none; no phase is negative, and all of them are at most the lead time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    pub coding_s: Option<f64>,
    pub pickup_s: Option<f64>,
    pub review_s: Option<f64>,
    pub merge_s: Option<f64>,
    pub deploy_s: Option<f64>,
}

/// A deployment says that an earlier one was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remediation {
    pub deployment: Outside,
    pub culprit: Outside,
    pub method: Remedy,
    pub at: DateTime<Utc>,
}

/// An incident as it is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentFact {
    pub incident: Outside,
    pub service: Option<String>,
    pub team: Option<String>,
    pub environment: Option<String>,
    pub tier: Tier,
    pub severity: Option<String>,
    pub start_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub restore_s: Option<f64>,
    pub qualifies: bool,
    pub attributed: bool,
}

/// An incident comes from a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkFact {
    pub incident: Outside,
    pub deployment: Outside,
    pub method: Attribution,
}

/// A deployment that failed, and how it recovered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureFact {
    pub deployment: Outside,
    pub service: String,
    pub team: Option<String>,
    pub environment: String,
    pub tier: Tier,
    pub failed_at: DateTime<Utc>,
    pub impact_at: Option<DateTime<Utc>>,
    pub recovered_at: Option<DateTime<Utc>>,
    pub rt_s: Option<f64>,
    pub rt_impact_s: Option<f64>,
    /// Sorted words of [`Attribution`] and [`Remedy`].
    pub methods: Vec<String>,
}
