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

mod ancestry;
mod changes;
pub mod contents;
mod directs;
pub mod failures;
mod history;
mod kinds;
mod leads;
mod promotions;
mod remedies;
pub mod scope;
mod shipping;
mod streams;
mod walk;

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
    /// The commits that can be reached from the deployments' heads, `contains` and `rolled`, in each environment up to
    /// those that were live before; of heads and `contains` also what is known of those that were.
    pub graph: Graph,
    /// Changes that may ship here, more do no harm: landed (or picked) on a commit of the graph or of `contains`; landed
    /// where a push that listed such a commit moved the default branch to; merged in the 30 days before a deployment
    /// that names a branch without a commit that is known, into that branch, or into one that was merged into it; and
    /// those that all of these, or commits of the graph, take back.
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

impl Ended {
    /// What it deploys, as [`DeploymentFact::heads`](super::facts::DeploymentFact::heads) tells it.
    pub fn heads(&self) -> String {
        history::heads(self)
    }
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
    /// Successes, more do no harm: of each environment the last, with its `target`; of each environment and repository
    /// the last, and the last with a commit there; of each set of heads that the stretch deploys the last with those
    /// heads, and the first after that one that was no rollback and deployed a commit of one of the same repositories.
    /// By any `fixes`: those.
    pub deployments: Vec<Earlier>,
    /// What attempts since an environment's last success say they would have shipped (rule L7): (environment, commit).
    pub rolled: BTreeSet<(String, RepoSha)>,
    /// Commits of the graph (and heads, `contains` and `rolled`) that were live in an environment before.
    pub live: BTreeSet<(String, RepoSha)>,
    /// Changes among `changes` whose landed commit, or one that was picked from it, was live in an environment before,
    /// shipped or not: (environment, repo, number).
    pub contained: BTreeSet<(String, String, String)>,
    /// Which deployment shipped a change of `changes` in an environment, or a commit in scope that is named by the
    /// `reverts` of a change or of a commit of the graph: (environment, repo, number or SHA).
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
    /// Of all its components, also those without a commit.
    pub repos: BTreeSet<String>,
    /// What it deployed, its own `contains` too.
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
    /// Of the landed commits of `changes`, too.
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
    /// Other branches that it was seen on: part of some change.
    pub branches: BTreeSet<String>,
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
