//! Which branches commits were seen on.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Text, Timestamptz};
use domain::dora::branches::{BranchCommitFacts, BranchCommitKey};

use super::copied;
use super::table::entity_table;

entity_table! {
    "branch_commits": BranchCommitKey => BranchCommitFacts;
    keys |key| {
        "tenant_id" tenant = key.tenant, "repo" repo = key.repo, "branch" branch = key.branch, "sha" sha = key.sha,
    }
    columns |facts| {
        "seen_at" seen_at: Timestamptz, DateTime<Utc> = facts.seen.as_ref().map(|(at, _)| *at),
        "push_after" push_after: Text, &'a str = facts.seen.as_ref().map(|(_, after)| after.as_str()),
        "is_default" is_default: Bool, bool = Some(copied(&facts.is_default).unwrap_or(false)),
    }
}
