//! Commits and their edges. Edges are only ever added.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::commits::{CommitFacts, CommitKey, Edge};

use super::table::entity_table;
use super::{copied, list, text};
use crate::StoreError;

entity_table! {
    "commits": CommitKey => CommitFacts;
    keys |key| { "tenant_id" tenant = key.tenant, "repo" repo = key.repo, "sha" sha = key.sha }
    columns |facts| {
        "authored_at" authored_at: Timestamptz, DateTime<Utc> = copied(&facts.authored_at),
        "committed_at" committed_at: Timestamptz, DateTime<Utc> = copied(&facts.committed_at),
        "author" author: Text, &'a str = text(&facts.author),
        "is_bot" is_bot: Bool, bool = copied(&facts.is_bot),
        "message_head" message_head: Text, &'a str = text(&facts.message_head),
        "is_merge" is_merge: Bool, bool = copied(&facts.is_merge),
        "picked_from" picked_from: Text, &'a str = text(&facts.picked_from),
        "reverts" reverts: Text, &'a str = text(&facts.reverts),
        "files" files: Text as "text[]", String = list(&facts.files),
    }
}

crate::statement! {
    struct InsertEdges<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        sha: Array<Text> = Vec<&'a str>,
        parent_sha: Array<Text> = Vec<&'a str>,
        origin: Array<Text> = Vec<&'a str>,
    }
    returns ();
    "insert into commit_edges (tenant_id, repo, sha, parent_sha, origin)
     select * from unnest(?, ?, ?, ?, ?) as n (tenant_id, repo, sha, parent_sha, origin)
     order by tenant_id, repo, sha, parent_sha, origin on conflict do nothing"
}

pub(super) fn add_edges(conn: &mut PgConnection, edges: &BTreeSet<Edge>) -> Result<(), StoreError> {
    if edges.is_empty() {
        return Ok(());
    }
    InsertEdges {
        tenant: edges.iter().map(|edge| edge.commit.tenant.as_str()).collect(),
        repo: edges.iter().map(|edge| edge.commit.repo.as_str()).collect(),
        sha: edges.iter().map(|edge| edge.commit.sha.as_str()).collect(),
        parent_sha: edges.iter().map(|edge| edge.parent_sha.as_str()).collect(),
        origin: edges.iter().map(|edge| edge.origin.as_str()).collect(),
    }
    .execute(conn)?;
    Ok(())
}
