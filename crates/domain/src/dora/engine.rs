//! The rules that make facts of entities: pure, one service at a time.
//!
//! 1. [`contents`]: what each successful deployment ships, what it was beside its predecessor, and what it mends (rules
//!    L1 to L7, kind, I4, I7). Reckoned for a *stretch*: all deployments of a service that finished at or after a time;
//!    of everything before it only what [`Before`] tells.
//! 2. [`failures`]: which deployment each incident comes from (I1 to I3), which deployments failed and how they
//!    recovered (I5, I6).
//!
//! A stretch from the beginning of time is a rebuild: its facts are those of the stretches that came one by one.
//! Nothing here reads the clock, and no result depends on the order of what comes in.

pub mod contents;
pub mod failures;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::{Kind, Outside};
use crate::data::Tier;

/// A commit of a repository.
pub type RepoSha = (String, String);

/// What the catalog says about a service, resolved by whoever calls.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRules {
    /// Rule I3; zero is off.
    pub incident_window: TimeDelta,
    /// Globs of each repository that the service shares; a repository that is not named belongs to it whole.
    pub paths: BTreeMap<String, Vec<String>>,
    /// Severities of incidents that count; empty: all.
    pub severities: Vec<String>,
    /// Owners in the order of their time.
    pub owners: Vec<Ownership>,
    /// What marks a hotfix: labels, first words of titles, first parts of branch names, in lower case.
    pub hotfix_words: Vec<String>,
}

/// A team that owns a service for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    pub team: String,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// A service's deployments from a time on, with all that decides about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    pub service: String,
    pub rules: ServiceRules,
    /// Ended, at or after the stretch's beginning.
    pub deployments: Vec<Ended>,
    pub before: Before,
    /// The commits that can be reached from the deployments' heads, up to those that were live before.
    pub graph: Graph,
    /// Changes that may ship here: landed (or picked) on a commit of the graph or of `contains`, or on a branch that a
    /// deployment names without a commit that is known; and those that such changes take back.
    pub changes: Vec<Change>,
}

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub deployment: Outside,
    pub environment: String,
    pub tier: Tier,
    pub outcome: String,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: DateTime<Utc>,
    pub repo: Option<String>,
    pub sha: Option<String>,
    pub components: Vec<Component>,
    /// What the source says it ships.
    pub contains: BTreeSet<RepoSha>,
    pub explicit_kind: Option<String>,
    pub fixes: Vec<String>,
    pub unplanned: bool,
}

/// A thing that is deployed. An image is here as the commit it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub repo: String,
    /// None: only the branch is known, or the image's commit is not.
    pub sha: Option<String>,
    pub branch: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
    /// The commit is known through an image's digest.
    pub by_image: bool,
}

/// What was before the stretch, as far as it matters: facts that were reckoned earlier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// Successes: of each environment the last; of each environment and repository the last; of each set of heads that
    /// the stretch deploys the last with those heads, and the first that came after that one. By any `fixes`: those.
    pub deployments: Vec<Earlier>,
    /// Commits of the graph (and heads, and `contains`) that were live in an environment before: (environment, commit).
    pub live: BTreeSet<(String, RepoSha)>,
    /// Which deployment shipped a change in an environment: (environment, repo, number), for those among `changes`.
    pub shipped: BTreeMap<(String, String, String), Outside>,
    /// For consecutive deployments whose heads were both live: whether the first is an ancestor of the second. Pairs of
    /// the same repository, as [`contents::pairs`] asks for them.
    pub ancestors: BTreeMap<(String, String, String), bool>,
}

/// A success before the stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    pub deployment: Outside,
    pub environment: String,
    pub at: DateTime<Utc>,
    pub heads: String,
    /// What it deployed, `contains` too.
    pub shas: BTreeSet<RepoSha>,
    /// Whether the graph knows at least one of its commits of a repository: a commit that was pushed, or has parents.
    pub known: BTreeSet<String>,
    pub kind: Kind,
    pub target: Option<Outside>,
}

/// Commits and their parents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    pub parents: BTreeMap<RepoSha, BTreeSet<String>>,
    pub commits: BTreeMap<RepoSha, Commit>,
}

/// What is known of a commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    pub authored_at: Option<DateTime<Utc>>,
    pub committed_at: Option<DateTime<Utc>>,
    pub is_merge: bool,
    pub is_bot: bool,
    /// None: the source does not say.
    pub files: Option<Vec<String>>,
    pub picked_from: Option<String>,
    pub reverts: Option<String>,
    pub message_head: Option<String>,
    /// The push to the default branch that listed it: (when, where it moved the branch to).
    pub pushed_to_default: Option<(DateTime<Utc>, String)>,
    /// Seen on another branch: part of some change.
    pub on_other_branch: bool,
}

/// A pull or merge request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub repo: String,
    pub number: String,
    pub title: Option<String>,
    pub base: Option<String>,
    pub head: Option<String>,
    pub labels: Vec<String>,
    pub is_bot: bool,
    pub landed_sha: Option<String>,
    pub reverts: Option<String>,
    /// The earliest of its own word and of the commits that were pushed to its branch.
    pub first_commit_at: Option<DateTime<Utc>>,
    pub opened_at: Option<DateTime<Utc>>,
    pub first_review_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    pub merged_at: Option<DateTime<Utc>>,
}
